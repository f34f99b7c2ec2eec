/* Notices, look-ups, cursors; key files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/client_clock.h"
#include "tests/unit/client_play.h"

static int setup(void **state)
{
    static struct play play;
    play_init(&play);
    fake_open(&play);
    play_client_open(&play);
    fake_welcome(&play, (struct welcome){ 0 });
    *state = &play;
    return 0;
}

static int teardown(void **state)
{
    play_done(*state);
    return 0;
}

static void next_connection(struct play *play, uint32_t epoch)
{
    fake_close(play);
    fake_open(play);
    play_until(play, play->client->link == LINK_DOWN);
    clock_test_ms = play->client->link_due_ms;
    fake_welcome(play, (struct welcome){ .epoch = epoch });
}

static void fake_notice(struct play *play, uint64_t event_seq)
{
    Lienthong__V1__Notice notice = LIENTHONG__V1__NOTICE__INIT;

    notice.event_seq = event_seq;
    fake_say(play, 0, BODY(NOTICE), &notice);
}

static void following_goes_on_after_a_broken_line(void **state)
{
    struct play *play = *state;

    assert_int_equal(lienthong_follow(play->client, 0), RESULT_OK);
    assert_int_equal(fake_expect(play, BODY(FOLLOW))->follow->from_seq, 0);
    fake_notice(play, 31);
    fake_notice(play, 32);
    play_until(play, play->notices == 2);
    assert_int_equal(play->notice[1], 32);
    next_connection(play, 1);
    assert_int_equal(fake_expect(play, BODY(FOLLOW))->follow->from_seq, 0);     /* the gateway's cursor knows */
    assert_int_equal(lienthong_notice_ack(play->client, 32), RESULT_OK);
    assert_int_equal(lienthong_notice_ack(play->client, 31), RESULT_OK);        /* is known already */
    assert_int_equal(fake_expect(play, BODY(NOTICE_ACK))->notice_ack->event_seq, 32);
    /* Nobody answers an acknowledgement: it is said again first. */
    next_connection(play, 1);
    assert_int_equal(fake_expect(play, BODY(NOTICE_ACK))->notice_ack->event_seq, 32);
    fake_expect(play, BODY(FOLLOW));
    next_connection(play, 2);                                                   /* other numbers from here on */
    assert_int_equal(fake_expect(play, BODY(FOLLOW))->follow->from_seq, 0);
}

static void from_a_number_on(void **state)
{
    struct play *play = *state;

    assert_int_equal(lienthong_follow(play->client, 500), RESULT_OK);
    assert_int_equal(fake_expect(play, BODY(FOLLOW))->follow->from_seq, 500);
    assert_int_equal(lienthong_notice_ack(play->client, 700), RESULT_OK);
    fake_expect(play, BODY(NOTICE_ACK));
    next_connection(play, 1);
    fake_expect(play, BODY(NOTICE_ACK));
    assert_int_equal(fake_expect(play, BODY(FOLLOW))->follow->from_seq, 701);
}

static void acknowledge_twice(void *context, const Lienthong__V1__Notice *notice)
{
    struct play *play = context;
    assert_int_equal(lienthong_notice_ack(play->client, notice->event_seq - 1), RESULT_OK);
    assert_int_equal(lienthong_notice_ack(play->client, notice->event_seq), RESULT_OK);
    play->notices++;
}

/* Those of one turn become one frame with the last number. */
static void many_acknowledgements_are_few_frames(void **state)
{
    struct play *play = *state;
    uint64_t last = 0;

    play->client->options.callbacks.on_notice = acknowledge_twice;
    for (uint64_t i = 1; i <= 200; i++)
        fake_notice(play, i * 10);
    while (last < 2000) {
        uint64_t seq = fake_expect(play, BODY(NOTICE_ACK))->notice_ack->event_seq;
        assert_true(seq > last && seq % 10 == 0);
        last = seq;
    }
    assert_int_equal(play->notices, 200);
}

static void a_refused_follow_is_told_or_repeated(void **state)
{
    struct play *play = *state;

    assert_int_equal(lienthong_follow(play->client, 0), RESULT_OK);
    fake_refuse(play, fake_expect(play, BODY(FOLLOW))->correlation, PROBLEM_BUSY, 2000);
    play_until(play, play->client->follow_due);
    assert_int_equal(play->refusals, 0);
    clock_test_ms += 2000;
    fake_refuse(play, fake_expect(play, BODY(FOLLOW))->correlation, PROBLEM_NOT_ALLOWED, 0);
    play_until(play, play->refusals == 1);
    assert_int_equal(play->problem.type, PROBLEM_NOT_ALLOWED);
}

static void a_look_up_is_asked_until_answered(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Found found = LIENTHONG__V1__FOUND__INIT;
    uint64_t correlation;
    char long_code[DOSSIER_CODE_SIZE + 1] = { 0 };

    memset(long_code, 'x', DOSSIER_CODE_SIZE);
    assert_int_equal(lienthong_track(play->client, "", &correlation), RESULT_INVALID);
    assert_int_equal(lienthong_track(play->client, long_code, &correlation), RESULT_INVALID);
    assert_int_equal(lienthong_track(play->client, "D-1", &correlation), RESULT_OK);
    assert_string_equal(fake_expect(play, BODY(TRACK))->track->code, "D-1");
    next_connection(play, 1);
    const Lienthong__V1__Envelope *said = fake_expect(play, BODY(TRACK));
    assert_int_equal(said->correlation, correlation);
    fake_say(play, said->correlation, BODY(FOUND), &found);
    play_until(play, play->founds == 1);
    assert_false(play->found_refused);
    assert_int_equal(lienthong_track(play->client, "D-2", &correlation), RESULT_OK);
    fake_refuse(play, fake_expect(play, BODY(TRACK))->correlation, PROBLEM_UNKNOWN_DOSSIER, 0);
    play_until(play, play->founds == 2);
    assert_true(play->found_refused);
    assert_int_equal(play->client->requests.count, 0);
}

static void questions_have_a_bound(void **state)
{
    struct play *play = *state;
    uint64_t correlation;

    for (int i = 0; i < ASKED_MAX; i++)
        assert_int_equal(lienthong_track(play->client, "D-1", &correlation), RESULT_OK);
    assert_int_equal(lienthong_track(play->client, "D-1", &correlation), RESULT_BUSY);
}

static void fake_cursor(struct play *play, uint64_t correlation, const char *value)
{
    Lienthong__V1__CursorAck ack = LIENTHONG__V1__CURSOR_ACK__INIT;

    ack.name = "book";
    ack.value = (ProtobufCBinaryData){ strlen(value), (uint8_t *)value };
    fake_say(play, correlation, BODY(CURSOR_ACK), &ack);
}

static void cursors_are_read_and_written(void **state)
{
    struct play *play = *state;
    struct span book = span_of_string("book");

    assert_int_equal(lienthong_cursor_read(play->client, span_of(NULL, 0)), RESULT_INVALID);
    assert_int_equal(lienthong_cursor_read(play->client, span_of("a\0b", 3)), RESULT_INVALID);
    assert_int_equal(lienthong_cursor_read(play->client, book), RESULT_OK);
    const Lienthong__V1__Envelope *said = fake_expect(play, BODY(CURSOR));
    assert_false(said->cursor->set);
    fake_cursor(play, said->correlation, "page 3");
    play_until(play, play->cursors == 1);
    assert_string_equal(play->cursor, "page 3");
    assert_int_equal(lienthong_cursor_write(play->client, book, span_of_string("page 4"), span_of_string("page 3")),
                     RESULT_OK);
    said = fake_expect(play, BODY(CURSOR));
    assert_true(said->cursor->set);
    assert_true(span_equal(frame_span(said->cursor->value), span_of_string("page 4")));
    assert_true(span_equal(frame_span(said->cursor->expected), span_of_string("page 3")));
    fake_refuse(play, said->correlation, PROBLEM_CURSOR_MOVED, 0);
    play_until(play, play->cursors == 2);
    assert_true(play->cursor_refused);                      /* the first time it is asked, no is no */
}

/* Written, answer lost, written again, refused: looked at, and what stands there decides. */
static void a_cursor_that_was_perhaps_written(void **state)
{
    struct play *play = *state;
    static const char *const stored[] = { "page 4", "page 9" };

    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(lienthong_cursor_write(play->client, span_of_string("book"), span_of_string("page 4"),
                                                span_of_string("page 3")), RESULT_OK);
        fake_expect(play, BODY(CURSOR));
        next_connection(play, 1);
        fake_refuse(play, fake_expect(play, BODY(CURSOR))->correlation, PROBLEM_CURSOR_MOVED, 0);
        const Lienthong__V1__Envelope *said = fake_expect(play, BODY(CURSOR));
        assert_false(said->cursor->set);
        fake_cursor(play, said->correlation, stored[i]);
        play_until(play, play->cursors == i + 1);
        assert_string_equal(play->cursor, stored[i]);
        assert_int_equal(play->cursor_refused, i == 1);
    }
}

/* ---- key files. The pair is of RFC 26 (CurveZMQ) as ZeroMQ's manual prints it. */

#define PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static const char *write_key(const struct play *play, const char *name, const char *text, mode_t mode)
{
    static char paths[8][128];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", play->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void keys_are_read(void **state)
{
    struct play *play = *state;
    struct lienthong_keys keys;
    char buffer[300], z85[41], derived[41];
    struct text why = text_of(buffer, sizeof buffer);
    const char *public_file = write_key(play, "gateway.pub", PUBLIC "\nsecond line\n", 0644);

    const char *secret_file = write_key(play, "a", SECRET "\r\n", 0600);
    assert_int_equal(lienthong_keys_read(public_file, secret_file, &keys, &why), RESULT_OK);
    assert_string_equal(zmq_z85_encode(z85, keys.gateway_public, 32), PUBLIC);
    assert_string_equal(zmq_z85_encode(z85, keys.secret, 32), SECRET);
    assert_int_equal(zmq_curve_public(derived, SECRET), 0);
    assert_string_equal(derived, PUBLIC);
    assert_int_equal(lienthong_keys_read(public_file, write_key(play, "a", SECRET "\n", 0640), &keys, &why),
                     RESULT_INVALID);
    assert_non_null(strstr(buffer, "chmod 600"));
    assert_null(strstr(buffer, SECRET));
    assert_int_equal(lienthong_keys_read(public_file, write_key(play, "a", "", 0600), &keys, &why), RESULT_INVALID);
    assert_int_equal(lienthong_keys_read(public_file, write_key(play, "a", SECRET "x\n", 0600), &keys, &why),
                     RESULT_INVALID);
    assert_int_equal(lienthong_keys_read(public_file, write_key(play, "a", "too short\n", 0600), &keys, &why),
                     RESULT_INVALID);
    assert_int_equal(lienthong_keys_read(public_file, play->folder, &keys, &why), RESULT_INVALID);
    assert_int_equal(lienthong_keys_read("/nowhere/key", public_file, &keys, &why), RESULT_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(following_goes_on_after_a_broken_line),
        TEST(from_a_number_on),
        TEST(many_acknowledgements_are_few_frames),
        TEST(a_refused_follow_is_told_or_repeated),
        TEST(a_look_up_is_asked_until_answered),
        TEST(questions_have_a_bound),
        TEST(cursors_are_read_and_written),
        TEST(a_cursor_that_was_perhaps_written),
        TEST(keys_are_read),
    };
    return cmocka_run_group_tests_name("client_following", tests, NULL, NULL);
}
