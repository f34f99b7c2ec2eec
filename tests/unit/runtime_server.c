#include "tests/unit/runtime_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection { struct server *server; int fd; size_t used; char bytes[SERVER_REQUEST_BYTES]; };

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* One request, whole, at the beginning of the buffer: its size, 0 when the other side is gone. */
static size_t read_request(struct connection *connection)
{
    for (;;) {
        char *end = memmem(connection->bytes, connection->used, "\r\n\r\n", 4);
        if (end) {
            size_t size = (size_t)(end - connection->bytes) + 4, body = 0;
            char *length = strcasestr(connection->bytes, "\r\nContent-Length:");
            if (length && length < end)
                body = strtoul(length + 17, NULL, 10);
            must(size + body < sizeof connection->bytes);
            if (connection->used >= size + body)
                return size + body;
        }
        ssize_t got = recv(connection->fd, connection->bytes + connection->used,
                           sizeof connection->bytes - 1 - connection->used, 0);
        if (got <= 0)
            return 0;
        connection->used += (size_t)got;
        connection->bytes[connection->used] = 0;
    }
}

static bool is_path(const struct connection *connection, const char *path)
{
    const char *at = strchr(connection->bytes, ' ');
    size_t size = strlen(path);

    return at && strncmp(at + 1, path, size) == 0 && (at[1 + size] == ' ' || at[1 + size] == '?');
}

static bool for_ever(int fd, const char *first, const char *again)
{
    for (bool good = say(fd, first); good;)
        good = say(fd, again);
    return false;
}

static bool say_json(int fd, const char *status, const char *json)
{
    char array[1024];
    struct text text = text_of(array, sizeof array);

    text_add(&text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(json), json);
    return say(fd, array);
}

#define ITEM(n) "{\"id\":\"" n "\",\"at\":\"2026-02-0" n "T08:00:00+07:00\",\"code\":\"H29.07-260201-000" n "\"," \
                "\"to\":\"H29.07\",\"seq\":\"" n "\",\"data\":{\"n\":" n "}}"

/* The paths of a system that logs in, answers 409, or is polled. NULL: none of these. */
static const char *answer_of(struct connection *connection, const char **ret_status)
{
    struct server *server = connection->server;
    static _Thread_local char array[64];
    struct text text = text_of(array, sizeof array);

    *ret_status = "200 OK";
    if (is_path(connection, "/token")) {
        int token = atomic_fetch_add(&server->tokens, 1) + 1;
        atomic_store(&server->good_token, token);
        text_add(&text, "{\"access_token\":\"t%d\"}", token);
        return array;
    }
    if (is_path(connection, "/secure")) {
        text_add(&text, "Bearer t%d\r\n", atomic_load(&server->good_token));
        *ret_status = strstr(connection->bytes, array) ? "201 Created" : "401 Unauthorized";
        return "{}";
    }
    if (is_path(connection, "/exists")) {
        *ret_status = "409 Conflict";
        return "{}";
    }
    if (is_path(connection, "/outbox")) {
        const char *after = strstr(connection->bytes, "?after=");
        return !after ? "{\"items\":[" ITEM("1") "," ITEM("2") "]}" : after[7] == '2' ? "{\"items\":[" ITEM("3") "]}"
               : "{\"items\":[]}";
    }
    return NULL;
}

/* False: the connection ends. */
static bool answer(struct connection *connection)
{
    struct server *server = connection->server;
    int fd = connection->fd;
    char byte;

    const char *status, *json = answer_of(connection, &status);
    if (json)
        return say_json(fd, status, json);
    if (is_path(connection, "/ok"))
        return say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"id\":\"7\"}");
    if (is_path(connection, "/later"))
        return say(fd, "HTTP/1.1 503 Wait\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    if (is_path(connection, "/redirect"))
        return say(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
    if (is_path(connection, "/huge"))
        return for_ever(fd, "HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    if (is_path(connection, "/headers"))
        return for_ever(fd, "HTTP/1.1 200 OK\r\n", "X-Line: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    if (is_path(connection, "/half"))
        return say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\":") && false;
    if (is_path(connection, "/garbage"))
        return say(fd, "220 mail.example.vn ESMTP ready\r\n") && false;
    if (is_path(connection, "/silent"))
        return recv(fd, &byte, 1, 0) > 0;           /* until the other side has had enough */
    if (is_path(connection, "/gone-all"))
        shutdown(server->listener, SHUT_RDWR);
    return false;
}

static void *serve(void *argument)
{
    struct connection *connection = argument;
    struct server *server = connection->server;
    size_t size;
    bool more = !atomic_load(&server->close_at_once);

    while (more && (size = read_request(connection))) {
        pthread_mutex_lock(&server->lock);
        memcpy(server->last, connection->bytes, size);
        server->last[size] = 0;
        pthread_mutex_unlock(&server->lock);
        atomic_fetch_add(&server->requests, 1);
        if (strncmp(connection->bytes, "POST", 4) == 0)
            atomic_fetch_add(&server->acted, 1);
        more = answer(connection);
        connection->used -= size;
        memmove(connection->bytes, connection->bytes + size, connection->used + 1);
    }
    shutdown(connection->fd, SHUT_RDWR);            /* closed by server_close(), so that its number stays ours */
    free(connection);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct server *server = argument;
    int fd;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        must(connection && server->count < SERVER_CONNECTIONS_MAX);
        *connection = (struct connection){ .server = server, .fd = fd };
        atomic_fetch_add(&server->connections, 1);
        server->fds[server->count] = fd;
        must(pthread_create(&server->threads[server->count++], NULL, serve, connection) == 0);
    }
    return NULL;
}

void server_open(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;

    memset(server, 0, sizeof *server);
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(server->listener >= 0 && bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0);
    must(listen(server->listener, 64) == 0);
    must(getsockname(server->listener, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    must(pthread_create(&server->acceptor, NULL, accept_all, server) == 0);
}

void server_close(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < server->count; i++) {
        shutdown(server->fds[i], SHUT_RDWR);
        pthread_join(server->threads[i], NULL);
        close(server->fds[i]);
    }
    close(server->listener);
    pthread_mutex_destroy(&server->lock);
}
