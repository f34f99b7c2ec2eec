#include "adapters/runtime/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/runtime/socket_rules.h"
#include "adapters/runtime/transfer_trouble.h"
#include "gateway/base/clock.h"
#include "gateway/base/version.h"

enum { BODY_KEPT_BYTES = 64 << 10, BODY_FIRST_BYTES = 4 << 10, TURN_PASSES_MAX = 4 };
/* More than that is more than one TLS record, and the first may leave before the write of the whole fails. */
enum { ONE_RECORD_BYTES = 8 << 10 };
/* libcurl asks a server first whether it may send more than 1 MiB, unless it is told not to. */
enum { ASKED_FIRST_BYTES = 512 << 10 };
#define NEVER_MS INT64_MAX
#define USER_AGENT "lienthong-adapter/" LIENTHONG_VERSION

struct transfer {
    struct transfers *transfers;
    struct transfer *next, *previous;       /* in the list of the active, or next alone among the idle */
    CURL *easy;
    void (*on_done)(void *owner, const struct transfer_result *result);
    void *owner;
    struct request request;
    /* The request's lines as libcurl wants them, without an allocation each, and two of our own behind them. */
    struct curl_slist headers[REQUEST_HEADERS_MAX + 2];
    /* What libcurl was last told, so that it is not told again; spoiled: that is not certain any more. */
    bool  spoiled;
    long  idle_s_max, timeout_ms;
    bool  posts;
    char  url[REQUEST_URL_SIZE];
    CURLU *parts;                           /* of it; NULL: libcurl has to say what is wrong with it */
    unsigned sends;                         /* connections that came to the point of sending; a second is refused */
    bool  heard;                            /* the socket it waits for is watched */
    bool  lost;                             /* libcurl had no memory to have it watched, perhaps */
    bool  forbidden, opened;                /* addresses: one was refused by the rules, one was not */
    bool  cut, headers_too_long;
    bool  no_memory;                        /* for the answer's body: what it says is not known */
    size_t header_bytes;
    char  *body;
    size_t body_bytes, body_room;
};

/* ---------------------------------------------------------------- what libcurl calls */

static int on_before_request(void *context, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    struct transfer *transfer = context;

    (void)primary_ip, (void)local_ip, (void)primary_port, (void)local_port;
    return ++transfer->sends > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;

    (void)purpose;
    if (transfer->transfers->worn)          /* it has sent: this would be for a second time */
        return CURL_SOCKET_BAD;
    if (!address_is_allowed(&address->addr, address->addrlen, transfer->transfers->config->reach)) {
        transfer->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    transfer->opened = true;
    transfer->heard = false;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0)
        watch_opened(transfer->transfers->watch, fd);
    return fd;
}

/* Connections outlive the transfer that opened them: this belongs to the pool. */
static int on_close_socket(void *context, curl_socket_t fd)
{
    struct transfers *transfers = context;

    watch_closed(transfers->watch, fd);
    return close(fd);
}

static bool body_has_room(struct transfer *transfer, size_t more)
{
    size_t need = transfer->body_bytes + more, room = transfer->body_room ? transfer->body_room : BODY_FIRST_BYTES;

    if (need <= transfer->body_room)
        return true;
    while (room < need)
        room *= 2;
    char *body = realloc(transfer->body, room);
    if (!body)
        return false;
    transfer->body = body;
    transfer->body_room = room;
    return true;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t room = transfer->transfers->config->response_bytes_max - transfer->body_bytes;
    size_t take = count < room ? count : room;

    (void)one;
    if (take && !body_has_room(transfer, take)) {
        transfer->no_memory = true;
        return 0;                           /* and libcurl stops reading, as it does at the bound */
    }
    if (take)
        memcpy(transfer->body + transfer->body_bytes, bytes, take);
    transfer->body_bytes += take;
    if (take < count)
        transfer->cut = true;
    return take;
}

static size_t on_header(char *bytes, size_t one, size_t count, void *context)
{
    struct transfer *transfer = context;

    (void)bytes, (void)one;
    transfer->header_bytes += count;
    if (transfer->header_bytes <= RESPONSE_HEADER_BYTES_MAX)
        return count;
    transfer->headers_too_long = true;
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct transfers *transfers = context;
    unsigned want = what == CURL_POLL_IN ? WATCH_READ : what == CURL_POLL_OUT ? WATCH_WRITE
                    : what == CURL_POLL_INOUT ? WATCH_READ | WATCH_WRITE : 0u;
    struct transfer *transfer = NULL;

    (void)socket_context;
    /* None for the handle with which libcurl closes connections that nobody uses. */
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer) == CURLE_OK && transfer)
        transfer->heard = want;
    watch_set(transfers->watch, fd, WATCH_TRANSFER, transfers->slot, want);
    return 0;
}

/* ---------------------------------------------------------------- the pool */

static CURLM *multi_new(struct transfers *transfers, const struct agency_config *config)
{
    CURLM *multi = curl_multi_init();

    if (!multi)
        return NULL;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transfers);
    /* One each for a login and a poll beside the deliveries. */
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)config->requests_max + 2);
    return multi;
}

enum result transfers_init(struct transfers *transfers, const struct agency_config *config, struct watch *watch,
                           uint32_t slot)
{
    CURLM *multi = multi_new(transfers, config);

    if (!multi)
        return RESULT_FULL;
    *transfers = (struct transfers){ .config = config, .watch = watch, .slot = slot, .multi = multi,
                                     .due_ms = NEVER_MS };
    return RESULT_OK;
}

/* A new multi handle for one that is worn, once nobody uses that any more. */
static bool start_over(struct transfers *transfers)
{
    CURLM *multi = transfers->active ? NULL : multi_new(transfers, transfers->config);

    if (!multi)
        return false;
    curl_multi_cleanup(transfers->multi);
    transfers->multi = multi;
    transfers->worn = false;
    return true;
}

static void transfer_free(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->parts);
    request_wipe(&transfer->request);
    free(transfer->body);
    free(transfer);
}

void transfers_done(struct transfers *transfers)
{
    if (!transfers->multi)
        return;
    while (transfers->active)
        transfer_abort(transfers->active);
    while (transfers->idle) {
        struct transfer *transfer = transfers->idle;
        transfers->idle = transfer->next;
        transfer_free(transfer);
    }
    curl_multi_cleanup(transfers->multi);       /* closes the connections: the pool must still be there */
    *transfers = (struct transfers){ 0 };
}

/* What does not change from one request to the next. */
static bool set_options(struct transfer *transfer)
{
    const struct agency_config *config = transfer->transfers->config;
    CURL *easy = transfer->easy;
    CURLcode bad = 0;

    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, config->https_only ? "https" : "http,https");
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)(config->http_version == HTTP_2
                                                               ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    /* The environment's proxy and its exceptions are not ours. */
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, config->proxy);
    if (config->proxy[0])                       /* for its CONNECT; requests have the header: set_headers() */
        bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
    bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_timeout_ms);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (config->ca_file[0]) {
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_before_request);
    bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->transfers);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    return !bad;
}

static struct transfer *transfer_new(struct transfers *transfers)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);

    if (!transfer)
        return NULL;
    transfer->transfers = transfers;
    transfer->easy = curl_easy_init();
    if (transfer->easy && set_options(transfer))
        return transfer;
    transfer_free(transfer);
    return NULL;
}

static struct transfer *idle_or_new(struct transfers *transfers)
{
    struct transfer *transfer = transfers->idle;

    if (!transfer)
        return transfer_new(transfers);
    transfers->idle = transfer->next;
    return transfer;
}

static void make_active(struct transfer *transfer)
{
    struct transfers *transfers = transfer->transfers;

    transfer->previous = NULL;
    transfer->next = transfers->active;
    if (transfers->active)
        transfers->active->previous = transfer;
    transfers->active = transfer;
    transfers->active_count++;
}

/* Out of the list; its handle keeps its options, its buffer unless a long answer made it large. One that is spoiled is
 * freed: its next request would go without a time limit, or to another address, or nowhere. */
static void make_idle(struct transfer *transfer)
{
    struct transfers *transfers = transfer->transfers;

    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else
        transfers->active = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
    transfers->active_count--;
    if (transfer->spoiled) {
        transfer_free(transfer);
        return;
    }
    request_wipe(&transfer->request);
    if (transfer->body_bytes)                   /* a token, or what is told of people */
        explicit_bzero(transfer->body, transfer->body_bytes);
    transfer->body_bytes = 0;
    if (transfer->body_room > BODY_KEPT_BYTES) {
        free(transfer->body);
        transfer->body = NULL;
        transfer->body_room = 0;
    }
    transfer->next = transfers->idle;
    transfers->idle = transfer;
}

/* ---------------------------------------------------------------- one transfer */

static bool set_method(struct transfer *transfer)
{
    struct request *request = &transfer->request;
    CURL *easy = transfer->easy;
    bool posts = strcmp(request->method, "POST") == 0;
    CURLcode bad = 0;

    must(posts || strcmp(request->method, "GET") == 0);
    if (posts != transfer->posts)
        bad |= posts ? curl_easy_setopt(easy, CURLOPT_POST, 1L) : curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (posts) {
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
    }
    transfer->posts = posts;
    return !bad;
}

/* Taken apart once, with what set_options() asks of an address: libcurl would do it, and put it together again, for
 * every request. */
static bool set_url(struct transfer *transfer)
{
    size_t size = strlen(transfer->request.url) + 1;
    const unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER | CURLU_PATH_AS_IS;

    if (memcmp(transfer->url, transfer->request.url, size) == 0)
        return true;
    curl_url_cleanup(transfer->parts);
    transfer->parts = curl_url();
    if (transfer->parts && curl_url_set(transfer->parts, CURLUPART_URL, transfer->request.url, flags) != CURLUE_OK) {
        curl_url_cleanup(transfer->parts);
        transfer->parts = NULL;
    }
    memcpy(transfer->url, transfer->request.url, size);
    return curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url) == CURLE_OK
           && curl_easy_setopt(transfer->easy, CURLOPT_CURLU, transfer->parts) == CURLE_OK;
}

/* Who we are stands among them: as an option of its own libcurl writes it twice. */
static void set_headers(struct transfer *transfer)
{
    static const char *const own[] = { "User-Agent: " USER_AGENT, "Expect:" };
    const struct request *request = &transfer->request;
    struct curl_slist *at = transfer->headers;
    bool large = request->body_bytes >= ASKED_FIRST_BYTES;

    for (size_t i = 0; i < request->header_count; i++, at++)
        *at = (struct curl_slist){ request->headers[i], at + 1 };
    /* libcurl goes through all of them a dozen times: none more than it takes. */
    at[0] = (struct curl_slist){ (char *)own[0], large ? at + 1 : NULL };
    at[1] = (struct curl_slist){ (char *)own[1], NULL };
}

static bool set_request(struct transfer *transfer, int64_t timeout_ms, bool careful)
{
    long idle_s_max = careful ? IDLE_S_MAX_CAREFUL : IDLE_S_MAX;
    bool good = set_method(transfer) && set_url(transfer);

    set_headers(transfer);
    if (transfer->timeout_ms != timeout_ms)
        good = good && curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK;
    if (transfer->idle_s_max != idle_s_max)
        good = good && curl_easy_setopt(transfer->easy, CURLOPT_MAXAGE_CONN, idle_s_max) == CURLE_OK;
    transfer->timeout_ms = (long)timeout_ms;
    transfer->idle_s_max = idle_s_max;
    return good;
}

struct transfer *transfer_start(struct transfers *transfers, struct request *request, int64_t timeout_ms, bool careful,
                                void (*on_done)(void *owner, const struct transfer_result *result), void *owner)
{
    struct transfer *transfer = transfers->worn && !start_over(transfers) ? NULL : idle_or_new(transfers);

    must(timeout_ms > 0);
    if (!transfer) {
        request_wipe(request);
        return NULL;
    }
    request_move(&transfer->request, request);
    transfer->on_done = on_done;
    transfer->owner = owner;
    transfer->sends = 0;
    transfer->forbidden = transfer->opened = transfer->cut = transfer->headers_too_long = false;
    transfer->no_memory = transfer->heard = transfer->lost = false;
    transfer->header_bytes = transfer->body_bytes = 0;
    make_active(transfer);
    if (set_request(transfer, timeout_ms, careful)
        && curl_multi_add_handle(transfers->multi, transfer->easy) == CURLM_OK) {
        transfers->due_ms = 0;
        return transfer;
    }
    transfer->spoiled = true;
    make_idle(transfer);
    return NULL;
}

/* Before the handle is taken out of the multi handle or used again. */
static bool transfer_never_sent(struct transfer *transfer)
{
    const struct agency_config *config = transfer->transfers->config;
    long bytes = 0;

    if (!transfer->sends)
        return true;
    /* What HTTP/2 has queued it counts as written, so nothing is lost by asking there too. A TLS record that did not
     * leave as a whole cannot be read over there; several records can leave one by one. */
    if (curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes) != CURLE_OK || bytes)
        return false;
    return strncmp(config->base_url, "http://", 7) == 0 || transfer->request.body_bytes <= ONE_RECORD_BYTES;
}

bool transfer_abort(struct transfer *transfer)
{
    bool never_sent = transfer_never_sent(transfer);

    curl_multi_remove_handle(transfer->transfers->multi, transfer->easy);
    make_idle(transfer);
    return never_sent;
}

/* ---------------------------------------------------------------- what became of it */

static void take_answer(struct transfer *transfer, struct http_answer *answer)
{
    struct curl_header *header;
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    *answer = (struct http_answer){ .http_status = (int)status, .body_cut = transfer->cut, .retry_after_ms = -1,
                                    .body = span_of(transfer->body, transfer->body_bytes) };
    if (status >= 300 && curl_easy_header(transfer->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK
        && !retry_after_read(span_of_string(header->value), clock_wall_ms(), &answer->retry_after_ms))
        answer->retry_after_ms = -1;
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct transfer_result result = { .sent_body = span_of(transfer->request.body, transfer->request.body_bytes) };

    take_answer(transfer, &result.answer);
    bool cut = code == CURLE_WRITE_ERROR && transfer->cut && !transfer->headers_too_long && !transfer->no_memory;
    bool answered = code == CURLE_OK || cut;
    const struct transfer_end end = {
        .code = code, .sends = transfer->sends, .no_memory = transfer->no_memory,
        .proxy = transfer->transfers->config->proxy[0], .address_forbidden = transfer->forbidden && !transfer->opened,
    };
    if (!answered || !result.answer.http_status) {
        result.never_sent = transfer_never_sent(transfer);
        result.trouble = transfer_trouble(&end);
        result.answer = (struct http_answer){ .retry_after_ms = -1 };
    }
    /* Out of libcurl's hands before the owner hears of it: it may start the next on this connection. */
    curl_multi_remove_handle(transfer->transfers->multi, transfer->easy);
    transfer->on_done(transfer->owner, &result);
    make_idle(transfer);
}

/* ---------------------------------------------------------------- turning */

/* libcurl found no memory to note which socket a transfer waits for. It does not say which transfer; and it may have
 * left a note for that socket that divides by zero when a transfer is to be added to it, now or on a later socket of
 * the same number. So: what may be the one ends (it has sent nothing, or nobody watches for its answer; in HTTP/2 all
 * share one note). The others have their socket. None is opened under this multi handle any more. */
static void note_lost(struct transfers *transfers)
{
    bool shared = transfers->config->http_version == HTTP_2;

    for (struct transfer *transfer = transfers->active; transfer; transfer = transfer->next)
        transfer->lost = shared || !transfer->sends || !transfer->heard;
    transfers->lost = transfers->worn = true;
}

static void act(struct transfers *transfers, curl_socket_t fd, int bits)
{
    int running;

    transfers->moved = true;
    if (transfers->lost)
        return;                             /* they end first; what there is to read stays there */
    CURLMcode code = curl_multi_socket_action(transfers->multi, fd, bits, &running);
    must(code == CURLM_OK || code == CURLM_OUT_OF_MEMORY);
    if (code != CURLM_OK)
        note_lost(transfers);
}

void transfers_event(struct transfers *transfers, const struct watch_event *event)
{
    act(transfers, event->fd, (event->ready & WATCH_READ ? CURL_CSELECT_IN : 0)
                              | (event->ready & WATCH_WRITE ? CURL_CSELECT_OUT : 0)
                              | (event->ready & WATCH_ERROR ? CURL_CSELECT_ERR : 0));
}

/* What is finished, until nothing is. */
static void read_finished(struct transfers *transfers)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(transfers->multi, &left)))
        if (message->msg == CURLMSG_DONE) {
            struct transfer *transfer = NULL;
            CURLcode code = message->data.result;
            must(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK && transfer);
            finish(transfer, code);
        }
}

/* Those whose answer has come are not among them any more; on_done() starts no others meanwhile. */
static void end_lost(struct transfers *transfers)
{
    struct transfer *next;

    transfers->lost = false;
    for (struct transfer *transfer = transfers->active; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->lost)
            finish(transfer, CURLE_OUT_OF_MEMORY);
    }
}

/* libcurl would say so itself, with a call for nearly every transfer; to be asked once a turn is enough. */
static int64_t next_due_ms(const struct transfers *transfers)
{
    long left_ms = -1;

    must(curl_multi_timeout(transfers->multi, &left_ms) == CURLM_OK);
    return left_ms < 0 ? NEVER_MS : left_ms == 0 ? 0 : clock_monotonic_ms() + left_ms;
}

void transfers_turn(struct transfers *transfers, int64_t now_ms)
{
    bool acted = false;

    /* What on_done() starts is begun at once (due_ms is 0 then), on a connection that has just become free: without
     * waiting in between, the kernel never hears that it was not waited for. Bounded: an agency that answers within
     * the turn must not keep the others waiting. */
    for (int pass = 0; pass < TURN_PASSES_MAX && (transfers->moved || transfers->due_ms <= now_ms); pass++) {
        if (transfers->due_ms <= now_ms) {
            transfers->due_ms = NEVER_MS;
            act(transfers, CURL_SOCKET_TIMEOUT, 0);
        }
        transfers->moved = false;
        read_finished(transfers);
        if (transfers->lost)
            end_lost(transfers);
        acted = true;
    }
    if (acted && transfers->due_ms)
        transfers->due_ms = next_due_ms(transfers);
}
