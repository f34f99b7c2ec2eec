/* HELLO, refusals, broken and silent connections, frames that make no sense. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/client_clock.h"
#include "tests/unit/client_play.h"

static int setup(void **state)
{
    static struct play play;
    play_init(&play);
    *state = &play;
    return 0;
}

static int teardown(void **state)
{
    play_done(*state);
    return 0;
}

/* Waits until the connection is over, and moves the clock to where the next begins. */
static void next_connection(struct play *play)
{
    play_until(play, play->client->link == LINK_DOWN);
    clock_test_ms = play->client->link_due_ms;
}

static void hello_says_who_and_what(void **state)
{
    struct play *play = *state;

    play->options.kinds = KIND_BIT(KIND_FORWARD) | KIND_BIT(KIND_RATING);
    play->options.credit = 7;
    play->options.software = "one-stop 3.1";
    play->options.agency = "H29.TEST";
    fake_open(play);
    play_client_open(play);
    const Lienthong__V1__Hello *hello = fake_expect_any(play, BODY(HELLO))->hello;
    assert_int_equal(hello->protocol, 1);
    assert_int_equal(hello->roles, ROLE_SENDER | ROLE_RECEIVER);
    assert_int_equal(hello->n_kinds, 2);
    assert_int_equal(hello->kinds[0], KIND_FORWARD);
    assert_int_equal(hello->kinds[1], KIND_RATING);
    assert_int_equal(hello->credit, 7);
    assert_string_equal(hello->agency, "H29.TEST");
    assert_string_equal(hello->software, "one-stop 3.1");
    assert_false(play_status(play).connected);
}

static void welcome_is_told_and_a_stamp_follows(void **state)
{
    struct play *play = *state;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ .epoch = 3, .lease_ms = 8000, .window = 5, .covered_seq = 40 });
    struct lienthong_status status = play_status(play);
    assert_true(status.connected);
    assert_string_equal(status.agency, "H29.TEST");
    assert_string_equal(status.gateway, "test-gateway");
    assert_int_equal(status.epoch, 3);
    assert_int_equal(status.lease_ms, 8000);
    assert_int_equal(status.submit_window, 5);
    assert_int_equal(status.covered_seq, 40);
    assert_int_equal(fake_expect_any(play, BODY(PING))->ping->stamp_ms, clock_boot_ms());
    /* The next one is due after a quarter of the lease. */
    assert_int_equal(lienthong_due_ms(play->client), clock_test_ms + 2000);
    clock_test_ms += 2000;
    assert_int_equal(fake_expect_any(play, BODY(PING))->ping->stamp_ms, clock_boot_ms());
}

static void a_refused_hello_is_tried_again(void **state)
{
    struct play *play = *state;

    fake_open(play);
    play_client_open(play);
    fake_refuse(play, fake_expect(play, BODY(HELLO))->correlation, PROBLEM_NOT_ALLOWED, 0);
    play_until(play, play->refusals == 1);
    assert_int_equal(play->problem.type, PROBLEM_NOT_ALLOWED);
    assert_string_equal(play->problem.sentence_vi, "Không.");
    int64_t before_ms = clock_test_ms;
    next_connection(play);
    assert_true(clock_test_ms >= before_ms + 1000);         /* not in a blink */
    fake_welcome(play, (struct welcome){ 0 });
    assert_true(play_status(play).connected);
}

/* Refuses every handshake, as a gateway that does not know the key. */
static void an_unknown_key_is_told(void **state)
{
    struct play *play = *state;

    play->context = zmq_ctx_new();
    play->zap = zmq_socket(play->context, ZMQ_REP);
    assert_int_equal(zmq_bind(play->zap, "inproc://zeromq.zap.01"), 0);
    int on = 1;
    play->router = zmq_socket(play->context, ZMQ_ROUTER);
    zmq_setsockopt(play->router, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(play->router, ZMQ_CURVE_SECRETKEY, play->gateway_secret, 32);
    zmq_setsockopt(play->router, ZMQ_ZAP_DOMAIN, "test", 4);
    assert_int_equal(zmq_bind(play->router, play->endpoint), 0);
    play_client_open(play);
    play_until(play, play->refusals == 1);
    assert_int_equal(play->problem.type, PROBLEM_NOT_ALLOWED);
    assert_non_null(strstr(play->problem.sentence_en, "key"));
}

static void a_wrong_gateway_key_is_told_the_second_time(void **state)
{
    struct play *play = *state;

    play->options.keys.gateway_public[0] ^= 1;
    fake_open(play);
    play_client_open(play);
    next_connection(play);
    assert_int_equal(play->refusals, 0);
    play_until(play, play->refusals == 1);
    assert_int_equal(play_status(play).connections, 2);
}

static void no_gateway_is_tried_with_longer_pauses(void **state)
{
    struct play *play = *state;
    int64_t longest = 0;

    play_client_open(play);
    for (uint64_t connection = 1; connection < 30; connection++) {
        play_until(play, play_status(play).connections == connection && play->client->link == LINK_DOWN);
        assert_int_equal(play_status(play).connections, connection);
        int64_t pause = lienthong_due_ms(play->client) - clock_test_ms;
        assert_true(pause >= 0 && pause <= BACKOFF_MS_MAX * 5 / 4);
        if (connection <= BACKOFF_SOON)                     /* one that is only started anew is found soon */
            assert_true(pause <= 400 * 5 / 4);
        longest = pause > longest ? pause : longest;
        clock_test_ms += pause;
    }
    assert_true(longest >= BACKOFF_MS_MAX);
    fake_open(play);
    fake_welcome(play, (struct welcome){ 0 });
}

static void a_killed_gateway_is_found_again(void **state)
{
    struct play *play = *state;

    fake_open(play);
    play_client_open(play);
    int fd = lienthong_fd(play->client);
    fake_welcome(play, (struct welcome){ 0 });
    fake_close(play);
    play_until(play, !play_status(play).connected);
    fake_open(play);
    next_connection(play);
    fake_welcome(play, (struct welcome){ 0 });
    assert_int_equal(play->welcomes, 2);
    assert_int_equal(lienthong_fd(play->client), fd);
    assert_int_equal(play_status(play).connections, 2);
}

/* For want of descriptors just then: what is held for the gateway is not given up, and a later try succeeds. */
static void a_socket_that_cannot_be_made_is_tried_again(void **state)
{
    struct play *play = *state;
    struct rlimit before, none;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    fake_close(play);
    play_until(play, !play_status(play).connected);
    fake_open(play);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
    for (int i = 0; i < 3; i++) {
        next_connection(play);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        enum result result = lienthong_process(play->client);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(result, RESULT_OK);
        assert_int_equal(play->client->link, LINK_DOWN);
        assert_true(play->client->link_due_ms > clock_test_ms);
    }
    next_connection(play);
    fake_welcome(play, (struct welcome){ 0 });
    assert_int_equal(play->welcomes, 2);
}

/* The connection looks fine and nobody answers: after a lease (20 s at most) without a word there is a new one. */
static void silence_is_noticed(void **state)
{
    struct play *play = *state;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ .lease_ms = 4000 });
    for (int i = 0; i < SILENT_PINGS; i++) {
        assert_true(play_status(play).connected);
        fake_expect_any(play, BODY(PING));
        clock_test_ms += 1000;
    }
    next_connection(play);
    fake_welcome(play, (struct welcome){ 0 });
}

static void a_pong_is_life(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ .lease_ms = 4000 });
    for (uint64_t i = 1; i < 10; i++) {
        pong.stamp_ms = fake_expect_any(play, BODY(PING))->ping->stamp_ms;
        pong.covered_seq = i;
        fake_say(play, 0, BODY(PONG), &pong);
        play_until(play, play_status(play).covered_seq == i);
        clock_test_ms += 1000;
    }
    assert_int_equal(play_status(play).connections, 1);
}

static void an_ended_session_begins_anew(void **state)
{
    struct play *play = *state;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    fake_refuse(play, 0, PROBLEM_NO_HELLO, 100);
    next_connection(play);
    assert_int_equal(play->refusals, 0);
    fake_welcome(play, (struct welcome){ 0 });
}

static void garbage_is_dropped_and_counted(void **state)
{
    struct play *play = *state;
    static uint8_t bytes[FRAME_BYTES_MAX];
    Lienthong__V1__Found found = LIENTHONG__V1__FOUND__INIT;
    Lienthong__V1__Hello hello = LIENTHONG__V1__HELLO__INIT;
    uint64_t before;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    before = play_status(play).malformed;
    fake_say_bytes(play, "", 0);
    fake_say_bytes(play, "\x01", 1);
    fake_say_bytes(play, "\x02\x08\x01", 3);                                     /* another version */
    fake_say_bytes(play, "\x01\x9A\x01\x7F", 4);                                 /* cut short */
    fake_say_bytes(play, "\x01\xBA\x01\x7F\x00", 5);                             /* a DELIVER cut short */
    fake_say_bytes(play, "\x01\xBA\x01\x00\xA2\x01\x00", 7);                     /* DELIVER, then CREDIT */
    /* Half a million empty handoffs in one FOUND: a hundred times their size in memory. */
    bytes[0] = 1;
    size_t list = sizeof bytes - 8, at = 1;
    bytes[at++] = 0x9A;                                                          /* field 19 */
    bytes[at++] = 0x01;
    for (size_t left = list; left || at < 4; left >>= 7)
        bytes[at++] = (uint8_t)((left & 0x7F) | (left >> 7 ? 0x80 : 0));
    for (size_t end = at + list; at < end; at += 2) {
        bytes[at] = 0x12;
        bytes[at + 1] = 0x00;
    }
    fake_say_bytes(play, bytes, at);
    fake_say(play, 0, BODY(HELLO), &hello);                                      /* no word of a gateway */
    fake_say(play, 77, BODY(FOUND), &found);                                     /* an answer to nothing */
    play_until(play, play_status(play).malformed == before + 8);
    assert_true(play_status(play).connected);
    assert_int_equal(play->founds, 0);
}

/* A sign that everything before it has been read. False: the connection broke. */
static bool read_up_to_here(struct play *play, uint64_t sign)
{
    Lienthong__V1__Notice notice = LIENTHONG__V1__NOTICE__INIT;

    notice.event_seq = sign;
    fake_say(play, 0, BODY(NOTICE), &notice);
    play_until(play, !play_status(play).connected ||
                     (play->notices && play->notice[(play->notices - 1) % PLAY_HEARD_MAX] == sign));
    return play_status(play).connected;
}

/* Random bytes behind a right first byte, and frames cut or changed: never a crash, and the connection works after. */
static void no_frame_is_a_crash(void **state)
{
    struct play *play = *state;
    uint8_t bytes[200];
    uint64_t dice = 20240101;
    Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;
    Lienthong__V1__Routing routing = LIENTHONG__V1__ROUTING__INIT;
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    zmq_msg_t frame;

    fake_open(play);
    play->options.callbacks.on_deliver = NULL;
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    deliver.routing = &routing;
    deliver.handoff_id = 9;
    deliver.attempt = 1;
    envelope.body_case = BODY(DELIVER);
    envelope.deliver = &deliver;
    assert_int_equal(frame_pack(&envelope, &frame), RESULT_OK);
    size_t size = zmq_msg_size(&frame);
    for (int i = 0; i < 3000; i++) {
        memcpy(bytes, zmq_msg_data(&frame), size);
        for (size_t j = i % 2 ? 1 : size; j < size + 20; j++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            bytes[j] = (uint8_t)(dice >> 40);
        }
        if (i % 2 == 0)
            bytes[dice % size] ^= (uint8_t)(1 << i % 8);
        fake_say_bytes(play, bytes, 1 + (dice >> 20) % (size + 20));
        if (i % 50 == 0 && !read_up_to_here(play, 1000000000000 + (uint64_t)i)) {
            next_connection(play);                          /* one of them was a "no-hello" */
            fake_welcome(play, (struct welcome){ 0 });
        }
    }
    zmq_msg_close(&frame);
    assert_true(play_status(play).malformed > 1000);
}

/* The fd stays readable until everything has been read, even if one process() reads a part only. */
static void the_fd_stays_readable_while_there_is_work(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Notice notice = LIENTHONG__V1__NOTICE__INIT;

    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    for (uint32_t i = 1; i <= 3 * PROCESS_FRAMES_MAX; i++) {
        notice.event_seq = i;
        fake_say(play, 0, BODY(NOTICE), &notice);
        if (i % 100 == 0)
            play_submit(play, "000.00.07.H29-230101-0001", NULL);               /* sending swallows the edge */
    }
    while (play->notices < 3 * PROCESS_FRAMES_MAX) {
        struct pollfd poll_fd = { .fd = lienthong_fd(play->client), .events = POLLIN };
        assert_int_equal(poll(&poll_fd, 1, PLAY_LIMIT_MS), 1);
        uint32_t before = play->notices;
        assert_int_equal(lienthong_process(play->client), RESULT_OK);
        assert_true(play->notices - before <= PROCESS_FRAMES_MAX);
    }
}

/* Several connections of one process, one context: closing one leaves it to the others. */
static void a_context_can_be_shared(void **state)
{
    struct play *play = *state;
    struct lienthong *second = NULL;
    char buffer[200];
    struct text why = text_of(buffer, sizeof buffer);

    fake_open(play);
    play->options.zmq_context = zmq_ctx_new();
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    assert_int_equal(lienthong_open(&second, &play->options, &why), RESULT_OK);
    lienthong_close(second);
    assert_true(play_submit(play, "D-1", NULL));
    fake_expect(play, BODY(SUBMIT));
    play_client_close(play);
    assert_int_equal(zmq_ctx_term(play->options.zmq_context), 0);       /* nothing of ours is left in it */
}

static void options_are_checked(void **state)
{
    struct play *play = *state;
    struct lienthong_options options = play->options;
    char buffer[200];
    struct text why = text_of(buffer, sizeof buffer);

    options.endpoint = "nowhere";
    assert_int_equal(lienthong_open(&play->client, &options, &why), RESULT_INVALID);
    assert_non_null(strstr(buffer, "nowhere"));
    options = play->options;
    options.roles = 0;
    assert_int_equal(lienthong_open(&play->client, &options, &why), RESULT_INVALID);
    options = play->options;
    options.credit = CREDIT_MAX + 1;
    assert_int_equal(lienthong_open(&play->client, &options, &why), RESULT_INVALID);
    options = play->options;
    options.endpoint = NULL;
    assert_int_equal(lienthong_open(&play->client, &options, &why), RESULT_INVALID);
    assert_null(play->client);
    lienthong_close(NULL);
}

static void callbacks_may_not_process(void *context, const Lienthong__V1__Welcome *welcome)
{
    struct play *play = context;
    struct lienthong_answer answer;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;

    (void)welcome;
    assert_int_equal(lienthong_process(play->client), RESULT_INVALID);
    assert_int_equal(lienthong_wait(play->client, 0), RESULT_INVALID);
    assert_int_equal(lienthong_submit_wait(play->client, &header, span_of(NULL, 0), 0, &answer), RESULT_INVALID);
    play->welcomes++;
}

static void no_way_back_in_from_a_callback(void **state)
{
    struct play *play = *state;

    play->options.callbacks.on_welcome = callbacks_may_not_process;
    fake_open(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_says_who_and_what),
        TEST(welcome_is_told_and_a_stamp_follows),
        TEST(a_refused_hello_is_tried_again),
        TEST(an_unknown_key_is_told),
        TEST(a_wrong_gateway_key_is_told_the_second_time),
        TEST(no_gateway_is_tried_with_longer_pauses),
        TEST(a_killed_gateway_is_found_again),
        TEST(a_socket_that_cannot_be_made_is_tried_again),
        TEST(silence_is_noticed),
        TEST(a_pong_is_life),
        TEST(an_ended_session_begins_anew),
        TEST(garbage_is_dropped_and_counted),
        TEST(no_frame_is_a_crash),
        TEST(the_fd_stays_readable_while_there_is_work),
        TEST(a_context_can_be_shared),
        TEST(options_are_checked),
        TEST(no_way_back_in_from_a_callback),
    };
    return cmocka_run_group_tests_name("client_connection", tests, NULL, NULL);
}
