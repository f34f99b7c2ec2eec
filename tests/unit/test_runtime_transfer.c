#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/kinds/dialect_parts.h"
#include "adapters/runtime/transfer.h"
#include "gateway/base/clock.h"
#include "tests/unit/runtime_server.h"

/* What came of one transfer, copied. */
struct seen {
    int  calls;
    enum trouble trouble;
    bool never_sent, cut;
    int  status;
    int64_t retry_after_ms;
    size_t body_bytes;
    char body[64];
};

struct world {
    struct server server;
    struct watch watch;
    struct agency_config config;
    struct transfers transfers;
};

/* Memory for the bodies of answers: it is transfer.c's realloc(), libcurl has its own. */
static bool no_memory;
void *__real_realloc(void *piece, size_t size);
void *__wrap_realloc(void *piece, size_t size);

void *__wrap_realloc(void *piece, size_t size)
{
    return no_memory ? NULL : __real_realloc(piece, size);
}

/* libcurl's memory, in this thread: the call number `fails_at` finds none, 0 is none of them. */
static _Thread_local unsigned calls, fails_at;

static bool fails(void)
{
    return ++calls == fails_at;
}

static void *curl_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static void *curl_calloc(size_t count, size_t size)
{
    return fails() ? NULL : calloc(count, size);
}

static void *curl_realloc(void *piece, size_t size)
{
    return fails() ? NULL : __real_realloc(piece, size);
}

static char *curl_strdup(const char *string)
{
    return fails() ? NULL : strdup(string);
}

static void fail_at(unsigned call)
{
    calls = 0;
    fails_at = call;
}

static void on_done(void *owner, const struct transfer_result *result)
{
    struct seen *seen = owner;
    size_t size = result->answer.body.size < sizeof seen->body - 1 ? result->answer.body.size : sizeof seen->body - 1;

    seen->calls++;
    seen->trouble = result->trouble;
    seen->never_sent = result->never_sent;
    seen->status = result->answer.http_status;
    seen->cut = result->answer.body_cut;
    seen->retry_after_ms = result->answer.retry_after_ms;
    seen->body_bytes = result->answer.body.size;
    if (size)
        memcpy(seen->body, result->answer.body.bytes, size);
    seen->body[size] = 0;
}

static void set_base(struct world *world, const char *format, int port)
{
    struct text url = text_of(world->config.base_url, sizeof world->config.base_url);

    world->config.base_url[0] = 0;
    if (strstr(format, "localhost"))
        text_add(&url, "http://localhost:%d", port);
    else
        text_add(&url, "http://127.0.0.1:%d", port);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    server_open(&world->server);
    world->config = (struct agency_config){ .requests_max = 4, .connect_timeout_ms = 5000, .total_timeout_ms = 20000,
                                            .response_bytes_max = 1000, .http_version = HTTP_1_1,
                                            .reach = REACH_LOOPBACK };
    set_base(world, "address", world->server.port);
    assert_int_equal(watch_init(&world->watch), RESULT_OK);
    assert_int_equal(transfers_init(&world->transfers, &world->config, &world->watch, 5), RESULT_OK);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    transfers_done(&world->transfers);
    watch_done(&world->watch);
    server_close(&world->server);
    free(world);
    return 0;
}

static struct transfer *try_start(struct world *world, const char *path, const char *body, int64_t timeout_ms,
                                  struct seen *seen)
{
    struct request request = { .call = CALL_CREATE, .method = body ? "POST" : "GET" };
    struct text url = text_of(request.url, sizeof request.url);

    memset(seen, 0, sizeof *seen);
    text_add(&url, "%s%s", world->config.base_url, path);
    assert_true(request_header(&request, "Idempotency-Key", "\"hcm-1\""));
    assert_true(request_header(&request, "Content-Type", "application/json"));
    request.body = body ? strdup(body) : NULL;
    request.body_bytes = body ? strlen(body) : 0;
    struct transfer *transfer = transfer_start(&world->transfers, &request, timeout_ms, false, on_done, seen);
    assert_null(request.body);
    return transfer;
}

static struct transfer *start(struct world *world, const char *path, const char *body, int64_t timeout_ms,
                              struct seen *seen)
{
    struct transfer *transfer = try_start(world, path, body, timeout_ms, seen);

    assert_non_null(transfer);
    return transfer;
}

static void turn_within(struct world *world, int64_t wait_ms)
{
    struct watch_event events[WATCH_EVENTS_MAX];
    int64_t due_ms = world->transfers.due_ms, now_ms = clock_monotonic_ms();

    if (due_ms != INT64_MAX && (wait_ms < 0 || due_ms - now_ms < wait_ms))
        wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    size_t count = watch_wait(&world->watch, (int)wait_ms, events);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(events[i].kind, WATCH_TRANSFER);
        assert_int_equal(events[i].slot, 5);
        transfers_event(&world->transfers, &events[i]);
    }
    transfers_turn(&world->transfers, clock_monotonic_ms());
}

static void turn(struct world *world)
{
    turn_within(world, -1);
}

static void finish(struct world *world, const struct seen *seen)
{
    while (!seen->calls)
        turn(world);
    assert_int_equal(seen->calls, 1);
}

static void run(struct world *world, const char *path, const char *body, struct seen *seen)
{
    start(world, path, body, 20000, seen);
    finish(world, seen);
}

/* ---------------------------------------------------------------- answers */

static void answered_and_kept_alive(void **state)
{
    struct world *world = *state;
    struct seen seen;

    for (int i = 0; i < 5; i++) {
        run(world, "/ok", "{\"a\":1}", &seen);
        assert_int_equal(seen.trouble, 0);
        assert_int_equal(seen.status, 201);
        assert_string_equal(seen.body, "{\"id\":\"7\"}");
        assert_false(seen.cut);
        assert_int_equal(seen.retry_after_ms, -1);
    }
    assert_int_equal(atomic_load(&world->server.connections), 1);
    assert_int_equal(atomic_load(&world->server.acted), 5);
    assert_non_null(strstr(world->server.last, "\r\nIdempotency-Key: \"hcm-1\"\r\n"));
    assert_non_null(strstr(world->server.last, "\r\nUser-Agent: lienthong-adapter/"));
    assert_non_null(strstr(world->server.last, "\r\n\r\n{\"a\":1}"));
    assert_null(strcasestr(world->server.last, "Expect:"));
    assert_null(strcasestr(world->server.last, "Accept-Encoding:"));
}

/* libcurl would ask first, and wait a second for an answer that this server does not give. */
static void large_bodies_are_not_asked_about_first(void **state)
{
    static char body[(3 << 19) + 1];
    struct world *world = *state;
    struct seen seen;

    memset(body, 'x', sizeof body - 1);
    run(world, "/ok", body, &seen);
    assert_int_equal(seen.status, 201);
    assert_null(strcasestr(world->server.last, "Expect"));
    assert_string_equal(strstr(world->server.last, "\r\n\r\n") + 4, body);
    run(world, "/ok", "{}", &seen);
    assert_string_equal(strstr(world->server.last, "\r\n\r\n") + 4, "{}");
}

static void post_then_get_on_one_handle(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/ok", "{\"a\":1}", &seen);
    run(world, "/ok", NULL, &seen);
    assert_int_equal(seen.status, 201);
    assert_memory_equal(world->server.last, "GET /ok HTTP/1.1\r\n", 18);
    assert_null(strcasestr(world->server.last, "Content-Length"));
    run(world, "/ok", "", &seen);
    assert_memory_equal(world->server.last, "POST /ok HTTP/1.1\r\n", 19);
    assert_non_null(strstr(world->server.last, "\r\nContent-Length: 0\r\n"));
}

static void several_at_once(void **state)
{
    struct world *world = *state;
    struct seen seen[12];

    for (int i = 0; i < 12; i++)
        start(world, "/ok", "{}", 20000, &seen[i]);
    assert_int_equal(world->transfers.active_count, 12);
    for (int i = 0; i < 12; i++) {
        finish(world, &seen[i]);
        assert_int_equal(seen[i].status, 201);
    }
    assert_int_equal(world->transfers.active_count, 0);
}

static void redirects_are_not_followed(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/redirect", "{}", &seen);
    assert_int_equal(seen.trouble, 0);
    assert_int_equal(seen.status, 302);
    assert_int_equal(atomic_load(&world->server.requests), 1);
}

static void retry_after_is_read(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/later", "{}", &seen);
    assert_int_equal(seen.status, 503);
    assert_int_equal(seen.retry_after_ms, 7000);
}

static void long_answers_are_cut(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/huge", "{}", &seen);
    assert_int_equal(seen.trouble, 0);
    assert_int_equal(seen.status, 200);
    assert_true(seen.cut);
    assert_int_equal(seen.body_bytes, 1000);
    run(world, "/headers", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_ANSWER_TOO_LARGE);
    assert_false(seen.never_sent);
}

/* ---------------------------------------------------------------- no answer, and what is known then */

static void no_whole_answer(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/half", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_CLOSED);
    assert_false(seen.never_sent);
    run(world, "/garbage", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_ANSWER_BROKEN);
    assert_false(seen.never_sent);
    run(world, "/gone", "{}", &seen);                   /* on a connection of its own: libcurl does not try again */
    assert_int_equal(seen.trouble, TROUBLE_CLOSED);
    assert_false(seen.never_sent);
    assert_int_equal(atomic_load(&world->server.acted), 3);
}

/* It has acted, and what it said of it could not be kept: neither a beginning to judge by nor "not sent". */
static void no_memory_for_the_answer(void **state)
{
    struct world *world = *state;
    struct seen seen;

    no_memory = true;
    run(world, "/ok", "{}", &seen);
    no_memory = false;
    assert_int_equal(seen.trouble, TROUBLE_LOCAL);
    assert_false(seen.never_sent);
    assert_int_equal(seen.status, 0);
    assert_int_equal(atomic_load(&world->server.acted), 1);
    run(world, "/ok", "{}", &seen);
    assert_string_equal(seen.body, "{\"id\":\"7\"}");
    no_memory = true;                                   /* there is room for the first 4 KiB of it */
    world->config.response_bytes_max = 1 << 20;
    run(world, "/huge", "{}", &seen);
    no_memory = false;
    assert_int_equal(seen.trouble, TROUBLE_LOCAL);
    assert_false(seen.never_sent);
}

/* The reason for all this: libcurl sends a POST again, silently, when a re-used connection dies without an answer. */
static void acts_and_closes_a_kept_connection(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/ok", "{}", &seen);
    assert_int_equal(atomic_load(&world->server.acted), 1);
    run(world, "/gone", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_SECOND_SEND);
    assert_false(seen.never_sent);
    assert_int_equal(atomic_load(&world->server.acted), 2);         /* not 3 */
    assert_int_equal(atomic_load(&world->server.requests), 2);
}

/* The second connection is refused: that must not look as if nothing had been sent. */
static void acts_and_shuts_its_port(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, "/ok", "{}", &seen);
    run(world, "/gone-all", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_SECOND_SEND);
    assert_false(seen.never_sent);
    assert_int_equal(atomic_load(&world->server.acted), 2);
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_CONNECT);
    assert_true(seen.never_sent);
}

static void closed_at_once(void **state)
{
    struct world *world = *state;
    struct seen seen;

    atomic_store(&world->server.close_at_once, true);
    run(world, "/ok", "{}", &seen);
    assert_true(seen.trouble == TROUBLE_CLOSED || seen.trouble == TROUBLE_CONNECT);
    assert_int_equal(atomic_load(&world->server.acted), 0);
}

static void silent_agency(void **state)
{
    struct world *world = *state;
    struct seen seen;
    int64_t begun_ms = clock_monotonic_ms();

    start(world, "/silent", "{}", 150, &seen);
    finish(world, &seen);
    assert_int_equal(seen.trouble, TROUBLE_TIMEOUT);
    assert_false(seen.never_sent);
    assert_in_range(clock_monotonic_ms() - begun_ms, 140, 10000);
    assert_int_equal(atomic_load(&world->server.acted), 1);
}

/* A port whose queue of connections is full: connecting does not end. */
static void connecting_takes_too_long(void **state)
{
    struct world *world = *state;
    struct seen seen;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fillers[8];

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    set_base(world, "address", ntohs(address.sin_port));
    start(world, "/ok", "{}", 150, &seen);
    finish(world, &seen);
    assert_int_equal(seen.trouble, TROUBLE_CONNECT_TIMEOUT);
    assert_true(seen.never_sent);
    for (int i = 0; i < 8; i++)
        close(fillers[i]);
    close(listener);
}

static void refused_port(void **state)
{
    struct world *world = *state;
    struct seen seen;

    shutdown(world->server.listener, SHUT_RDWR);
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_CONNECT);
    assert_true(seen.never_sent);
}

static void forbidden_address(void **state)
{
    struct world *world = *state;
    struct seen seen;

    world->config.reach = REACH_PUBLIC;
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_ADDRESS_FORBIDDEN);
    assert_true(seen.never_sent);
    set_base(world, "localhost", world->server.port);       /* a name is looked at after it was resolved */
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_ADDRESS_FORBIDDEN);
    assert_int_equal(atomic_load(&world->server.connections), 0);
    world->config.reach = REACH_LOOPBACK;
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.status, 201);
}

static void not_a_url(void **state)
{
    struct world *world = *state;
    struct seen seen;

    run(world, ":x/ok", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_URL);
    assert_true(seen.never_sent);
    set_base(world, "address", world->server.port);
    memcpy(world->config.base_url, "file://", 7);
    run(world, "/etc/hostname", NULL, &seen);
    assert_int_equal(seen.trouble, TROUBLE_URL);
}

/* One handle keeps an address taken apart until it gets another, a bad one too. */
static void addresses_on_one_handle(void **state)
{
    struct world *world = *state;
    struct seen seen;
    char good[sizeof world->config.base_url];

    memcpy(good, world->config.base_url, sizeof good);
    run(world, "/ok", "{}", &seen);
    run(world, "/ok?a=1%20&b=%2E", "{}", &seen);
    assert_ptr_equal(strstr(world->server.last, "POST /ok?a=1%20&b=%2E HTTP/1.1\r\n"), world->server.last);
    run(world, "/x/../ok", "{}", &seen);                        /* as it is: what is asked is what was configured */
    assert_ptr_equal(strstr(world->server.last, "POST /x/../ok HTTP/1.1\r\n"), world->server.last);
    struct text base = text_of(world->config.base_url, sizeof world->config.base_url);
    text_add(&base, "http://someone@%s", good + strlen("http://"));
    int acted = atomic_load(&world->server.acted);
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.trouble, TROUBLE_URL);
    assert_true(seen.never_sent);
    assert_int_equal(atomic_load(&world->server.acted), acted);
    memcpy(world->config.base_url, good, sizeof good);
    run(world, "/ok", "{}", &seen);
    assert_int_equal(seen.status, 201);
    assert_ptr_equal(strstr(world->server.last, "POST /ok HTTP/1.1\r\n"), world->server.last);
}

/* Each of the calls for memory in a start that changes address, method and time. Whatever could not be told to libcurl
 * is told with the next request: it goes where it should, in the way and within the time it should. */
static void no_memory_to_start(void **state)
{
    struct world *world = *state;
    struct seen seen;
    unsigned failed = 0;

    for (unsigned call = 1; call == 1 || failed == call - 1; call++) {
        run(world, "/ok", NULL, &seen);
        fail_at(call);
        struct transfer *transfer = try_start(world, "/silent", "{}", 150, &seen);
        failed += calls >= call;
        fail_at(0);
        if (transfer)
            assert_true(transfer_abort(transfer));
        int64_t begun_ms = clock_monotonic_ms();
        start(world, "/silent", "{}", 150, &seen);
        finish(world, &seen);
        assert_int_equal(seen.trouble, TROUBLE_TIMEOUT);
        assert_in_range(clock_monotonic_ms() - begun_ms, 140, 10000);
        assert_memory_equal(world->server.last, "POST /silent HTTP/1.1\r\n", 23);
    }
    assert_in_range(failed, 5, 1000);
}

/* One of libcurl's calls for memory fails in a transfer under way. It ends, and what is said of it is so; the one
 * beside it does not notice, and the next are well. Returns whether there was such a call. */
static bool call_fails(struct world *world, unsigned call, bool kept, const char *path, unsigned *lost_sent)
{
    struct seen silent, seen;
    struct transfer *beside = start(world, "/silent", "{}", 20000, &silent);

    while (!atomic_load(&world->server.acted))
        turn_within(world, 1);
    if (kept)
        run(world, "/ok", "{}", &seen);
    int acted = atomic_load(&world->server.acted);
    int64_t begun_ms = clock_monotonic_ms();
    start(world, path, "{}", 200, &seen);
    fail_at(call);
    finish(world, &seen);
    bool failed = calls >= call;
    fail_at(0);
    assert_in_range(clock_monotonic_ms() - begun_ms, 0, 10000);
    if (seen.trouble)
        assert_int_equal(seen.trouble, failed ? TROUBLE_LOCAL : TROUBLE_TIMEOUT);
    else
        assert_true(seen.status == 201 && !seen.cut);
    assert_false(seen.never_sent && atomic_load(&world->server.acted) > acted);
    *lost_sent += world->transfers.worn && !seen.never_sent;
    assert_int_equal(silent.calls, 0);
    if (world->transfers.worn)
        assert_null(try_start(world, "/ok", "{}", 20000, &seen));
    assert_false(transfer_abort(beside));
    for (int i = 0; i < 2; i++) {
        run(world, "/ok", "{}", &seen);
        assert_int_equal(seen.status, 201);
    }
    return failed;
}

/* On a new connection, and on one that was kept: then the request has left before its socket is noted. */
static void no_memory_under_way(void **state)
{
    static const char *const paths[] = { "/ok", "/silent" };
    unsigned lost_sent = 0;

    for (int i = 0; i < 4; i++) {
        bool failed = true;
        for (unsigned call = 1; failed; call++) {
            setup(state);
            failed = call_fails(*state, call, i & 1, paths[i / 2], &lost_sent);
            teardown(state);
            assert_in_range(call, 1, 1000);
        }
    }
    assert_true(lost_sent);
}

static void https_spoken_to_a_plain_port(void **state)
{
    struct world *world = *state;
    struct seen seen;
    struct text url = text_of(world->config.base_url, sizeof world->config.base_url);

    text_add(&url, "https://127.0.0.1:%d", world->server.port);
    start(world, "/ok", "{}", 2000, &seen);
    atomic_store(&world->server.close_at_once, true);
    finish(world, &seen);
    assert_true(seen.trouble == TROUBLE_TLS || seen.trouble == TROUBLE_CONNECT_TIMEOUT);
    assert_true(seen.never_sent);
    assert_int_equal(atomic_load(&world->server.acted), 0);
}

static void given_up(void **state)
{
    struct world *world = *state;
    struct seen silent, other;

    struct transfer *transfer = start(world, "/silent", "{}", 20000, &silent);
    while (!atomic_load(&world->server.acted))
        turn(world);
    assert_false(transfer_abort(transfer));
    transfer = start(world, "/ok", "{}", 20000, &other);
    assert_true(transfer_abort(transfer));              /* not a turn has passed: nothing can have left */
    run(world, "/ok", "{}", &other);
    assert_int_equal(other.status, 201);
    assert_int_equal(silent.calls, 0);
    assert_int_equal(atomic_load(&world->server.acted), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answered_and_kept_alive, setup, teardown),
        cmocka_unit_test_setup_teardown(large_bodies_are_not_asked_about_first, setup, teardown),
        cmocka_unit_test_setup_teardown(post_then_get_on_one_handle, setup, teardown),
        cmocka_unit_test_setup_teardown(several_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(long_answers_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(no_whole_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(no_memory_for_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(acts_and_closes_a_kept_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(acts_and_shuts_its_port, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(silent_agency, setup, teardown),
        cmocka_unit_test_setup_teardown(connecting_takes_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_port, setup, teardown),
        cmocka_unit_test_setup_teardown(forbidden_address, setup, teardown),
        cmocka_unit_test_setup_teardown(not_a_url, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses_on_one_handle, setup, teardown),
        cmocka_unit_test_setup_teardown(no_memory_to_start, setup, teardown),
        cmocka_unit_test(no_memory_under_way),
        cmocka_unit_test_setup_teardown(https_spoken_to_a_plain_port, setup, teardown),
        cmocka_unit_test_setup_teardown(given_up, setup, teardown),
    };
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, free, curl_realloc, curl_strdup, curl_calloc);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
