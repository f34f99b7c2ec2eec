/* Deliveries, outcomes, checkpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/client_clock.h"
#include "tests/unit/client_play.h"

enum { LEASE_MS = 40000 };

static int setup(void **state)
{
    static struct play play;
    play_init(&play);
    fake_open(&play);
    play_client_open(&play);
    fake_welcome(&play, (struct welcome){ .lease_ms = LEASE_MS });
    *state = &play;
    return 0;
}

static int teardown(void **state)
{
    play_done(*state);
    return 0;
}

static void next_connection(struct play *play)
{
    play_until(play, play->client->link == LINK_DOWN);
    clock_test_ms = play->client->link_due_ms;
    fake_welcome(play, (struct welcome){ .lease_ms = LEASE_MS });
}

static void fake_deliver(struct play *play, uint64_t handoff_id, uint32_t attempt, int64_t stamp_ms)
{
    Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;
    Lienthong__V1__Routing routing = LIENTHONG__V1__ROUTING__INIT;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    uint8_t packed[200];

    header.dossier_code = "000.00.07.H29-230101-0001";
    header.kind = KIND_FORWARD;
    routing.idempotency_key = "test-gateway-1042";
    deliver.handoff_id = handoff_id;
    deliver.attempt = attempt;
    deliver.routing = &routing;
    deliver.stamp_ms = stamp_ms;
    deliver.header = (ProtobufCBinaryData){ lienthong__v1__header__pack(&header, packed), packed };
    deliver.payload = (ProtobufCBinaryData){ 4, (uint8_t *)"body" };
    fake_say(play, 0, BODY(DELIVER), &deliver);
}

static enum result answer(struct play *play, uint64_t handoff_id, uint32_t attempt, enum verdict verdict)
{
    struct lienthong_outcome outcome = { .handoff_id = handoff_id, .attempt = attempt, .verdict = verdict };
    return lienthong_outcome(play->client, &outcome);
}

static void fake_ack(struct play *play, const Lienthong__V1__Envelope *said)
{
    Lienthong__V1__OutcomeAck ack = LIENTHONG__V1__OUTCOME_ACK__INIT;

    ack.handoff_id = said->outcome->handoff_id;
    ack.attempt = said->outcome->attempt;
    ack.state = STATE_DELIVERED;
    fake_say(play, said->correlation, BODY(OUTCOME_ACK), &ack);
}

static void a_delivery_is_answered(void **state)
{
    struct play *play = *state;
    struct hash hash = hash_of(span_of_string("x"));
    char detail[2 * REASON_BYTES_MAX + 1];

    fake_deliver(play, 1042, 3, clock_boot_ms());
    play_until(play, play->deliveries == 1);
    struct lienthong_delivery *delivery = play->delivery[0];
    assert_int_equal(delivery->handoff_id, 1042);
    assert_int_equal(delivery->attempt, 3);
    assert_string_equal(delivery->header->dossier_code, "000.00.07.H29-230101-0001");
    assert_string_equal(delivery->deliver->routing->idempotency_key, "test-gateway-1042");
    assert_true(span_equal(frame_span(delivery->deliver->payload), span_of_string("body")));
    assert_false(lienthong_offer_is_stale(play->client, delivery));
    assert_int_equal(play_status(play).deliveries_open, 1);
    memset(detail, 'x', sizeof detail);
    detail[sizeof detail - 1] = 0;
    struct lienthong_outcome outcome = { .handoff_id = 1042, .attempt = 3, .verdict = VERDICT_MISCONFIGURED,
                                         .scope = SCOPE_MAPPING, .value = "KT1", .detail = detail, .agency_ref = "CA-7",
                                         .content_hash = &hash, .retry_after_ms = 9000, .http_status = 422,
                                         .fingerprint = "http-422", .field = "status" };
    assert_int_equal(lienthong_outcome(play->client, &outcome), RESULT_OK);
    assert_int_equal(lienthong_outcome(play->client, &outcome), RESULT_INVALID);        /* exactly one */
    assert_int_equal(play_status(play).deliveries_open, 0);
    assert_int_equal(play_status(play).outcomes_open, 1);
    const Lienthong__V1__Envelope *said = fake_expect(play, BODY(OUTCOME));
    assert_int_equal(said->outcome->verdict, VERDICT_MISCONFIGURED);
    assert_int_equal(said->outcome->scope, SCOPE_MAPPING);
    assert_string_equal(said->outcome->value, "KT1");
    assert_int_equal(strlen(said->outcome->detail), REASON_BYTES_MAX);
    assert_string_equal(said->outcome->agency_ref, "CA-7");
    assert_string_equal(said->outcome->fingerprint, "http-422");
    assert_string_equal(said->outcome->field, "status");
    assert_int_equal(said->outcome->retry_after_ms, 9000);
    assert_int_equal(said->outcome->http_status, 422);
    assert_true(span_equal(frame_span(said->outcome->content_hash), span_of(hash.bytes, HASH_SIZE)));
    fake_ack(play, said);
    play_until(play, play->acks == 1);
    assert_int_equal(play_status(play).outcomes_open, 0);
    fake_ack(play, said);                                   /* twice: nothing left to hear it */
    assert_int_equal(play->client->requests.count, 0);
    assert_int_equal(play->client->attempts.count, 0);
}

static void an_outcome_is_said_until_it_is_acknowledged(void **state)
{
    struct play *play = *state;

    fake_deliver(play, 1, 1, clock_boot_ms());
    play_until(play, play->deliveries == 1);
    assert_int_equal(answer(play, 1, 1, VERDICT_DELIVERED), RESULT_OK);
    fake_expect(play, BODY(OUTCOME));
    for (int i = 0; i < 3; i++) {
        fake_close(play);
        fake_open(play);
        next_connection(play);
        assert_int_equal(fake_expect(play, BODY(OUTCOME))->outcome->handoff_id, 1);
    }
    /* Refused for now: a little later again. */
    fake_refuse(play, play->said->correlation, PROBLEM_BUSY, 100);
    play_until(play, play->client->ready.count == 1);
    clock_test_ms += RETRY_MS_MIN;
    fake_expect(play, BODY(OUTCOME));
    assert_int_equal(play->refusals, 0);
    fake_ack(play, play->said);
    play_until(play, play->acks == 1);
}

static void a_refusal_ends_an_outcome(void **state)
{
    struct play *play = *state;

    assert_int_equal(answer(play, 77, 2, VERDICT_DELIVERED), RESULT_OK);        /* of an earlier process */
    fake_refuse(play, fake_expect(play, BODY(OUTCOME))->correlation, PROBLEM_UNKNOWN_HANDOFF, 0);
    play_until(play, play->refusals == 1);
    assert_int_equal(play->problem.type, PROBLEM_UNKNOWN_HANDOFF);
    assert_int_equal(play_status(play).outcomes_open, 0);
    assert_int_equal(play->acks, 0);
}

static void a_stale_offer_is_given_back(void **state)
{
    struct play *play = *state;
    int64_t stamp_ms = clock_boot_ms();
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;

    fake_expect_any(play, BODY(PING));
    fake_say(play, 0, BODY(PONG), &pong);                   /* alive, so that the line stays over the pause */
    play_until(play, !play->client->ping_unheard_ms);
    clock_test_ms += LEASE_MS + 1;
    fake_deliver(play, 5, 1, stamp_ms);
    const Lienthong__V1__Envelope *said = fake_expect(play, BODY(OUTCOME));
    assert_int_equal(said->outcome->verdict, VERDICT_LATER);
    assert_true(said->outcome->never_sent);
    assert_string_equal(said->outcome->fingerprint, "stale-offer");
    fake_ack(play, said);
    fake_deliver(play, 6, 1, clock_boot_ms() + 1);          /* of no PING of this machine */
    assert_int_equal(fake_expect(play, BODY(OUTCOME))->outcome->handoff_id, 6);
    assert_int_equal(play->deliveries, 0);
    assert_int_equal(play_status(play).deliveries_open, 0);
    /* One that came in time may grow old in our hands. */
    fake_deliver(play, 7, 1, clock_boot_ms() - LEASE_MS);
    play_until(play, play->deliveries == 1);
    assert_false(lienthong_offer_is_stale(play->client, play->delivery[0]));
    clock_test_ms += 1;
    assert_true(lienthong_offer_is_stale(play->client, play->delivery[0]));
}

/* The gateway had not read a PING yet: the offer is as old as the connection at most. */
static void the_first_offers_are_not_stale(void **state)
{
    struct play *play = *state;

    fake_deliver(play, 8, 1, 0);
    play_until(play, play->deliveries == 1);
    clock_test_ms += LEASE_MS + 1;
    assert_true(lienthong_offer_is_stale(play->client, play->delivery[0]));
}

static void what_cannot_be_read_is_given_back(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;

    deliver.handoff_id = 9;
    deliver.attempt = 1;
    deliver.stamp_ms = clock_boot_ms();
    deliver.header = (ProtobufCBinaryData){ 2, (uint8_t *)"\xFF\xFF" };
    fake_say(play, 0, BODY(DELIVER), &deliver);
    const Lienthong__V1__Envelope *said = fake_expect(play, BODY(OUTCOME));
    assert_int_equal(said->outcome->verdict, VERDICT_LATER);
    assert_string_equal(said->outcome->fingerprint, "unreadable-header");
    assert_true(said->outcome->never_sent);
}

static void the_same_attempt_comes_once(void **state)
{
    struct play *play = *state;

    fake_deliver(play, 1, 1, clock_boot_ms());
    fake_deliver(play, 1, 1, clock_boot_ms());
    fake_deliver(play, 1, 2, clock_boot_ms());              /* another attempt is another delivery */
    play_until(play, play->deliveries == 2);
    assert_int_equal(play->delivery[1]->attempt, 2);
    assert_int_equal(play_status(play).malformed, 1);
    assert_int_equal(answer(play, 1, 1, VERDICT_DELIVERED), RESULT_OK);
    assert_int_equal(answer(play, 1, 2, VERDICT_ALREADY_THERE), RESULT_OK);
    assert_int_equal(fake_expect(play, BODY(OUTCOME))->outcome->attempt, 1);
    assert_int_equal(fake_expect(play, BODY(OUTCOME))->outcome->attempt, 2);
}

static void credit_is_said_and_remembered(void **state)
{
    struct play *play = *state;

    assert_int_equal(lienthong_credit(play->client, CREDIT_MAX + 1), RESULT_INVALID);
    assert_int_equal(lienthong_credit(play->client, 0), RESULT_OK);
    assert_int_equal(fake_expect(play, BODY(CREDIT))->credit->credit, 0);
    /* It has been heard when the PING behind it is answered, not when another one is. */
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;
    struct lienthong_status status;
    uint64_t behind = fake_expect_any(play, BODY(PING))->correlation;
    assert_int_not_equal(behind, 0);
    fake_say(play, 0, BODY(PONG), &pong);
    play_until(play, !play->client->ping_unheard_ms);
    lienthong_status(play->client, &status);
    assert_false(status.credit_heard);
    fake_say(play, behind, BODY(PONG), &pong);
    play_until(play, !play->client->credit_ping);
    lienthong_status(play->client, &status);
    assert_true(status.credit_heard);
    fake_close(play);
    fake_open(play);
    play_until(play, play->client->link == LINK_DOWN);
    clock_test_ms = play->client->link_due_ms;
    assert_int_equal(fake_expect(play, BODY(HELLO))->hello->credit, 0);
}

static void checkpoints_are_kept_or_not(void **state)
{
    struct play *play = *state;
    Lienthong__V1__CheckpointAck ack = LIENTHONG__V1__CHECKPOINT_ACK__INIT;
    struct span step = span_of_string("step-2");
    static uint8_t large[CHECKPOINT_BYTES_MAX + 1];

    fake_deliver(play, 1, 1, clock_boot_ms());
    play_until(play, play->deliveries == 1);
    assert_int_equal(lienthong_checkpoint(play->client, 1, 1, span_of(large, sizeof large)), RESULT_INVALID);
    assert_int_equal(lienthong_checkpoint(play->client, 1, 1, step), RESULT_OK);
    const Lienthong__V1__Envelope *said = fake_expect(play, BODY(CHECKPOINT));
    assert_true(span_equal(frame_span(said->checkpoint->value), step));
    ack.handoff_id = ack.attempt = 1;
    ack.kept = 1;
    fake_say(play, said->correlation, BODY(CHECKPOINT_ACK), &ack);
    play_until(play, play->checkpoints == 1);
    assert_true(play->kept[0]);
    /* One that was on its way when the line broke, and one of after: that attempt is over. */
    assert_int_equal(lienthong_checkpoint(play->client, 1, 1, step), RESULT_OK);
    fake_expect(play, BODY(CHECKPOINT));
    fake_close(play);
    play_until(play, play->checkpoints == 2);
    assert_false(play->kept[1]);
    fake_open(play);
    next_connection(play);
    assert_int_equal(lienthong_checkpoint(play->client, 1, 1, step), RESULT_OK);
    assert_int_equal(play->checkpoints, 2);                 /* never from inside the call */
    play_until(play, play->checkpoints == 3);
    assert_false(play->kept[2]);
    /* A refusal says the same. */
    fake_deliver(play, 2, 1, clock_boot_ms());
    play_until(play, play->deliveries == 2);
    assert_int_equal(lienthong_checkpoint(play->client, 2, 1, step), RESULT_OK);
    fake_refuse(play, fake_expect(play, BODY(CHECKPOINT))->correlation, PROBLEM_WRONG_STATE, 0);
    play_until(play, play->checkpoints == 4);
    assert_false(play->kept[3]);
    /* What is done is still told: DELIVERED is final whenever it comes. */
    assert_int_equal(answer(play, 1, 1, VERDICT_DELIVERED), RESULT_OK);
    fake_expect(play, BODY(OUTCOME));
}

static void verdicts_are_checked(void **state)
{
    struct play *play = *state;
    struct lienthong_outcome outcome = { .handoff_id = 1, .attempt = 1, .verdict = VERDICT_DELIVERED,
                                         .scope = SCOPE_END };

    assert_int_equal(answer(play, 1, 1, 0), RESULT_INVALID);
    assert_int_equal(answer(play, 1, 1, VERDICT_END), RESULT_INVALID);
    assert_int_equal(lienthong_outcome(play->client, &outcome), RESULT_INVALID);
    assert_int_equal(play_status(play).outcomes_open, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_delivery_is_answered),
        TEST(an_outcome_is_said_until_it_is_acknowledged),
        TEST(a_refusal_ends_an_outcome),
        TEST(a_stale_offer_is_given_back),
        TEST(the_first_offers_are_not_stale),
        TEST(what_cannot_be_read_is_given_back),
        TEST(the_same_attempt_comes_once),
        TEST(credit_is_said_and_remembered),
        TEST(checkpoints_are_kept_or_not),
        TEST(verdicts_are_checked),
    };
    return cmocka_run_group_tests_name("client_receiving", tests, NULL, NULL);
}
