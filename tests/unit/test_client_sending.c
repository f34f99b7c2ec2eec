/* SUBMIT: one answer for each message, whatever happens to the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/content.h"
#include "tests/unit/client_clock.h"
#include "tests/unit/client_play.h"

#define CODE "000.00.07.H29-230101-0001"

static int setup(void **state)
{
    static struct play play;
    play_init(&play);
    fake_open(&play);
    play_client_open(&play);
    fake_welcome(&play, (struct welcome){ .window = 4 });
    *state = &play;
    return 0;
}

static int teardown(void **state)
{
    fake_header(NULL);
    play_done(*state);
    return 0;
}

static void next_connection(struct play *play, struct welcome welcome)
{
    play_until(play, play->client->link == LINK_DOWN);
    clock_test_ms = play->client->link_due_ms;
    fake_welcome(play, welcome);
}

/* The dossier code in the next SUBMIT. */
static const char *next_code(struct play *play)
{
    return fake_header(fake_expect(play, BODY(SUBMIT)))->dossier_code;
}

static void accepted_is_told_once(void **state)
{
    struct play *play = *state;
    struct uuid id;
    uint64_t ticket = play_submit(play, CODE, &id);

    assert_true(ticket);
    assert_int_equal(play_status(play).unanswered, 1);
    const Lienthong__V1__Envelope *submit = fake_expect(play, BODY(SUBMIT));
    const Lienthong__V1__Header *header = fake_header(submit);
    assert_string_equal(header->dossier_code, CODE);
    assert_int_equal(header->source_time_ms, clock_wall_ms());
    assert_int_equal(strlen(header->traceparent), TRACEPARENT_SIZE - 1);
    struct hash hash = content_hash(header, frame_span(submit->submit->payload));
    fake_accept(play, submit, 1042, 17, false);
    fake_accept(play, submit, 1042, 17, false);             /* a gateway that says it twice */
    play_until(play, play->answers == 1);
    const struct lienthong_answer *answer = &play->answer[0];
    assert_true(answer->accepted && uuid_equal(&answer->message_id, &id) && answer->ticket == ticket);
    assert_int_equal(answer->handoff_id, 1042);
    assert_int_equal(answer->commit_seq, 17);
    assert_int_equal(answer->state, STATE_READY);
    assert_true(hash_equal(&answer->content_hash, &hash));
    assert_false(answer->duplicate);
    assert_int_equal(play_status(play).unanswered, 0);
    assert_int_equal(play_status(play).kept, 1);
    assert_int_equal(play->answers, 1);
}

/* Everything is filled in but what the message is about. */
static void an_empty_header_is_filled_in(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    uint64_t ticket;

    header.kind = KIND_FORWARD;
    header.dossier_code = CODE;
    assert_int_equal(lienthong_submit(play->client, &header, span_of(NULL, 0), NULL, &ticket, NULL), RESULT_OK);
    const Lienthong__V1__Header *sent = fake_header(fake_expect(play, BODY(SUBMIT)));
    struct uuid id;
    assert_string_equal(sent->sender, "H29.TEST");          /* as WELCOME said */
    assert_true(frame_uuid(sent->message_id, &id));
    assert_int_equal(uuid_version(&id), 7);
}

static void a_lost_answer_is_asked_for_with_the_same_id(void **state)
{
    struct play *play = *state;
    struct uuid id, again;

    play_submit(play, CODE, &id);
    fake_expect(play, BODY(SUBMIT));
    fake_close(play);                                       /* accepted perhaps, nobody knows */
    fake_open(play);
    next_connection(play, (struct welcome){ .window = 4 });
    const Lienthong__V1__Envelope *submit = fake_expect(play, BODY(SUBMIT));
    assert_true(frame_uuid(fake_header(submit)->message_id, &again) && uuid_equal(&id, &again));
    fake_accept(play, submit, 1042, 17, true);
    play_until(play, play->answers == 1);
    assert_true(play->answer[0].duplicate);
}

static void the_order_survives_a_broken_line(void **state)
{
    struct play *play = *state;
    char code[32];

    for (int i = 1; i <= 7; i++) {
        snprintf(code, sizeof code, "D-%d", i);
        assert_true(play_submit(play, code, NULL));
    }
    assert_string_equal(next_code(play), "D-1");
    assert_string_equal(next_code(play), "D-2");
    fake_accept(play, play->said, 2, 2, false);             /* the second only */
    play_until(play, play->answers == 1);
    fake_close(play);
    fake_open(play);
    next_connection(play, (struct welcome){ .window = 64 });
    static const char *const expected[] = { "D-1", "D-3", "D-4", "D-5", "D-6", "D-7" };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_string_equal(next_code(play), expected[i]);
}

static void the_window_is_kept(void **state)
{
    struct play *play = *state;
    char code[32];
    uint64_t marker = 0;

    for (int i = 1; i <= 6; i++) {
        snprintf(code, sizeof code, "D-%d", i);
        assert_true(play_submit(play, code, NULL));
    }
    for (int i = 1; i <= 4; i++) {
        snprintf(code, sizeof code, "D-%d", i);
        assert_string_equal(next_code(play), code);
    }
    const Lienthong__V1__Envelope *last = play->said;
    assert_int_equal(lienthong_track(play->client, "D-9", &marker), RESULT_OK);
    fake_accept(play, last, 4, 4, false);
    fake_expect(play, BODY(TRACK));                         /* the fifth had not been sent before it */
    assert_string_equal(next_code(play), "D-5");            /* one answer, one more */
    assert_int_equal(play->client->sent.count, 4);
}

static void beyond_window_and_queue_is_busy(void **state)
{
    struct play *play = *state;

    for (int i = 0; i < 4 + QUEUE_MAX; i++)
        assert_true(play_submit(play, CODE, NULL));
    assert_int_equal(play_status(play).unanswered, 4 + QUEUE_MAX);
    assert_int_equal(play_submit(play, CODE, NULL), 0);
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 1, 1, false);
    play_until(play, play->answers == 1);
    assert_true(play_submit(play, CODE, NULL));
}

static void a_refusal_for_now_is_no_answer(void **state)
{
    struct play *play = *state;

    play_submit(play, "D-1", NULL);
    play_submit(play, "D-2", NULL);
    uint64_t first = fake_expect(play, BODY(SUBMIT))->correlation;
    uint64_t second = fake_expect(play, BODY(SUBMIT))->correlation;
    fake_refuse(play, first, PROBLEM_FULL, 3000);
    fake_refuse(play, second, PROBLEM_FULL, 3000);
    play_until(play, play->client->again.count == 2);
    assert_int_equal(play->answers, 0);
    assert_int_equal(play_status(play).unanswered, 2);
    assert_int_equal(play_status(play).holding.type, PROBLEM_FULL);
    clock_test_ms += 2999;
    play_submit(play, "D-3", NULL);                         /* waits behind them */
    assert_int_equal(play->client->sent.count, 0);
    assert_int_equal(lienthong_due_ms(play->client) ? lienthong_due_ms(play->client) : clock_test_ms + 1,
                     clock_test_ms + 1);
    clock_test_ms += 1;
    assert_string_equal(next_code(play), "D-1");            /* one to try */
    assert_int_equal(play->client->sent.count, 1);
    fake_accept(play, play->said, 1, 1, false);
    assert_string_equal(next_code(play), "D-2");
    assert_string_equal(next_code(play), "D-3");
    assert_int_equal(play_status(play).holding.type, PROBLEM_NONE);
    assert_int_equal(play->answers, 1);
}

static void a_final_refusal_is_the_answer(void **state)
{
    struct play *play = *state;
    struct uuid id;
    uint64_t ticket = play_submit(play, CODE, &id);

    fake_refuse(play, fake_expect(play, BODY(SUBMIT))->correlation, PROBLEM_UNKNOWN_AGENCY, 0);
    play_until(play, play->answers == 1);
    assert_false(play->answer[0].accepted);
    assert_int_equal(play->answer[0].ticket, ticket);
    assert_true(uuid_equal(&play->answer[0].message_id, &id));
    assert_int_equal(play->answer[0].problem.type, PROBLEM_UNKNOWN_AGENCY);
    assert_string_equal(play->answer[0].problem.field, "header");
    assert_int_equal(play->answer[0].retry_after_ms, 0);
    assert_int_equal(play_status(play).unanswered, 0);
    assert_int_equal(play_status(play).kept, 0);
    assert_int_equal(play->client->bytes, 0);
}

/* An ACCEPTED that names another message or lacks its hash promises nothing: a new connection asks again. */
static void a_promise_that_cannot_be_read_is_none(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Accepted accepted = LIENTHONG__V1__ACCEPTED__INIT;
    struct uuid id;

    play_submit(play, CODE, &id);
    accepted.handoff_id = 1;
    accepted.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    fake_say(play, fake_expect(play, BODY(SUBMIT))->correlation, BODY(ACCEPTED), &accepted);
    next_connection(play, (struct welcome){ 0 });
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 1, 1, false);
    play_until(play, play->answers == 1);
    assert_true(play->answer[0].accepted);
}

/* A REFUSED without a type looked like neither yes nor no, and the message was forgotten. */
static void a_refusal_that_says_nothing_is_none(void **state)
{
    struct play *play = *state;

    play_submit(play, CODE, NULL);
    fake_refuse(play, fake_expect(play, BODY(SUBMIT))->correlation, PROBLEM_NONE, 0);
    next_connection(play, (struct welcome){ 0 });
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 1, 1, false);
    play_until(play, play->answers == 1);
    assert_true(play->answer[0].accepted);
    assert_int_equal(play_status(play).malformed, 1);
}

static void a_talking_gateway_that_never_answers_is_left(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;
    int64_t start_ms = clock_test_ms;

    play_submit(play, CODE, NULL);
    fake_expect_any(play, BODY(PING));
    fake_expect_any(play, BODY(SUBMIT));
    for (uint64_t i = 1; clock_test_ms - start_ms < ANSWER_MS; i++) {
        pong.covered_seq = i;
        fake_say(play, 0, BODY(PONG), &pong);
        play_until(play, play_status(play).covered_seq == i);
        assert_int_equal(play_status(play).connections, 1);
        clock_test_ms += PING_MS_MAX;
        if (clock_test_ms - start_ms < ANSWER_MS)
            fake_expect_any(play, BODY(PING));
    }
    next_connection(play, (struct welcome){ 0 });
    fake_expect(play, BODY(SUBMIT));
}

static void forgotten_is_not_sent_again(void **state)
{
    struct play *play = *state;
    uint64_t ticket = play_submit(play, "D-1", NULL);

    play_submit(play, "D-2", NULL);
    fake_expect(play, BODY(SUBMIT));
    const Lienthong__V1__Envelope *second = fake_expect(play, BODY(SUBMIT));
    (void)second;
    lienthong_forget(play->client, ticket);
    lienthong_forget(play->client, 999);                    /* nobody's */
    assert_int_equal(play_status(play).unanswered, 1);
    fake_close(play);
    fake_open(play);
    next_connection(play, (struct welcome){ 0 });
    assert_string_equal(next_code(play), "D-2");
    fake_accept(play, play->said, 2, 2, false);
    play_until(play, play->answers == 1);
    assert_int_equal(play_status(play).unanswered, 0);
}

/* It must be refused here, and the problem says what and where. */
static struct problem wrong(struct play *play, const Lienthong__V1__Header *header, size_t payload_size)
{
    static uint8_t payload[BODY_BYTES_MAX + 1];
    struct problem problem = { 0 };
    uint64_t ticket;

    assert_int_equal(lienthong_submit(play->client, header, span_of(payload, payload_size), NULL, &ticket, &problem),
                     RESULT_INVALID);
    return problem;
}

static void what_is_wrong_is_said_at_once(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct problem problem;
    uint64_t ticket;
    uint8_t id[16] = { 0 };

    header.dossier_code = CODE;
    assert_string_equal(wrong(play, &header, 0).field, "header.kind");
    header.kind = KIND_FORWARD;
    header.dossier_code = "";
    assert_string_equal(wrong(play, &header, 0).field, "header.dossier_code");
    header.dossier_code = NULL;
    assert_string_equal(wrong(play, &header, 0).field, "header.dossier_code");
    header.dossier_code = CODE;
    header.message_id = (ProtobufCBinaryData){ sizeof id, id };
    assert_string_equal(wrong(play, &header, 0).field, "header.message_id");
    header.message_id.len = 0;
    assert_int_equal(wrong(play, &header, BODY_BYTES_MAX + 1).type, PROBLEM_TOO_LARGE);
    header.n_after = AFTER_MAX + 1;
    assert_string_equal(wrong(play, &header, 0).field, "header.after");
    assert_int_equal(lienthong_submit_packed(play->client, span_of("\xFF\xFF", 2), span_of(NULL, 0), NULL, &ticket,
                                             &problem), RESULT_INVALID);
    assert_int_equal(problem.type, PROBLEM_MALFORMED);
    assert_int_equal(play_status(play).unanswered, 0);
}

static void packed_bytes_travel_unchanged(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct uuid id = lienthong_new_id();
    uint8_t packed[300];
    uint64_t ticket;
    Lienthong__V1__Cursor cursor = LIENTHONG__V1__CURSOR__INIT;

    header.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    header.kind = KIND_RESULT;
    header.sender = "H29.TEST";
    header.dossier_code = CODE;
    size_t size = lienthong__v1__header__pack(&header, packed);
    memcpy(packed + size, "\xFA\x3F\x02hi", 5);             /* field 1023, of tomorrow */
    cursor.name = "book";
    cursor.set = 1;
    assert_int_equal(lienthong_submit_packed(play->client, span_of(packed, size + 5), span_of("x", 1), &cursor, &ticket,
                                             NULL), RESULT_OK);
    const Lienthong__V1__Submit *submit = fake_expect(play, BODY(SUBMIT))->submit;
    assert_true(span_equal(frame_span(submit->header), span_of(packed, size + 5)));
    assert_string_equal(submit->cursor->name, "book");
}

static enum result submit_again(struct play *play, const struct uuid *id, const char *payload, uint64_t *ret_ticket,
                                struct problem *ret_problem)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;

    header.kind = KIND_FORWARD;
    header.dossier_code = CODE;
    header.sender = "H29.TEST";
    header.recipient = "H29.POLICE";
    header.message_id = (ProtobufCBinaryData){ sizeof id->bytes, (uint8_t *)id->bytes };
    return lienthong_submit(play->client, &header, span_of_string(payload), NULL, ret_ticket, ret_problem);
}

static void the_same_id_is_the_same_message(void **state)
{
    struct play *play = *state;
    struct uuid id;
    struct problem problem;
    uint64_t ticket = play_submit(play, CODE, &id), again;

    clock_test_ms += 5;                                     /* source time and traceparent may differ */
    assert_int_equal(submit_again(play, &id, "{\"copies\":1}", &again, &problem), RESULT_OK);
    assert_int_equal(again, ticket);
    assert_int_equal(submit_again(play, &id, "{\"copies\":2}", &again, &problem), RESULT_INVALID);
    assert_int_equal(problem.type, PROBLEM_CONFLICT);
    assert_int_equal(play_status(play).unanswered, 1);
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 7, 7, false);
    play_until(play, play->answers == 1);
    /* Kept, and asked about again. */
    assert_int_equal(submit_again(play, &id, "{\"copies\":1}", &again, &problem), RESULT_OK);
    assert_int_equal(again, ticket);
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 7, 7, true);
    play_until(play, play->answers == 2);
    assert_true(play->answer[1].duplicate);
    assert_int_equal(play_status(play).kept, 1);
}

/* submit_wait() blocks, so here it first gives up, then finds the answer that has come meanwhile. */
/* The id that the library gives to a message. */
static struct uuid given_id(struct play *play)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    uint64_t ticket;

    header.kind = KIND_FORWARD;
    header.dossier_code = CODE;
    assert_int_equal(lienthong_submit(play->client, &header, span_of_string("{}"), NULL, &ticket, NULL), RESULT_OK);
    const struct list *list = play->client->queue.last ? &play->client->queue : &play->client->sent;
    const struct message *message = (const struct message *)list->last;
    assert_int_equal(message->request.correlation, ticket);
    return message->id;
}

/* Randomness is taken for several at once; the clock stands still here. */
static void given_ids_differ(void **state)
{
    enum { IDS = 64 };
    struct play *play = *state;
    struct uuid ids[IDS], childs;
    int pipes[2];

    for (int i = 0; i < IDS; i++) {
        ids[i] = given_id(play);
        assert_int_equal(uuid_version(&ids[i]), 7);
        for (int k = 0; k < i; k++)
            assert_false(uuid_equal(&ids[i], &ids[k]));
    }
    assert_true(play->client->random_left > 0);                 /* so a fork would have the same to give */
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct uuid id = given_id(play);
        _exit(write(pipes[1], &id, sizeof id) == sizeof id ? 0 : 1);
    }
    ids[0] = given_id(play);
    assert_int_equal(read(pipes[0], &childs, sizeof childs), sizeof childs);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(uuid_equal(&ids[0], &childs));
    close(pipes[0]);
    close(pipes[1]);
}

static void waiting_for_one_answer(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct uuid id = lienthong_new_id();
    struct lienthong_answer answer;
    struct span payload = span_of_string("x");

    header.kind = KIND_FORWARD;
    header.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    assert_int_equal(lienthong_submit_wait(play->client, &header, payload, 0, &answer), RESULT_INVALID);
    assert_string_equal(answer.problem.field, "header.dossier_code");
    header.dossier_code = CODE;
    assert_int_equal(lienthong_submit_wait(play->client, &header, payload, 0, &answer), RESULT_BUSY);
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 5, 5, false);
    /* The clock stands still, so this waits as long as it takes. */
    assert_int_equal(lienthong_submit_wait(play->client, &header, payload, 60000, &answer), RESULT_OK);
    assert_true(answer.accepted && answer.handoff_id == 5);
    assert_string_equal(answer.held_reason, "");
    assert_int_equal(play->answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepted_is_told_once),
        TEST(an_empty_header_is_filled_in),
        TEST(a_lost_answer_is_asked_for_with_the_same_id),
        TEST(the_order_survives_a_broken_line),
        TEST(the_window_is_kept),
        TEST(beyond_window_and_queue_is_busy),
        TEST(a_refusal_for_now_is_no_answer),
        TEST(a_final_refusal_is_the_answer),
        TEST(a_promise_that_cannot_be_read_is_none),
        TEST(a_talking_gateway_that_never_answers_is_left),
        TEST(a_refusal_that_says_nothing_is_none), TEST(forgotten_is_not_sent_again),
        TEST(what_is_wrong_is_said_at_once),
        TEST(packed_bytes_travel_unchanged),
        TEST(the_same_id_is_the_same_message),
        TEST(given_ids_differ),
        TEST(waiting_for_one_answer),
    };
    return cmocka_run_group_tests_name("client_sending", tests, NULL, NULL);
}
