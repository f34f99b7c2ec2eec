/* Whom the next offers go to: credit, bounds of the agency, rate, breaker, turns of many; and who may connect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/broker/bus.h"
#include "gateway/broker/offers.h"

enum { LEASE_MS = 60000 };

struct world {
    struct sessions sessions;
    struct offers offers;
    struct effects effects;
    struct plan plans[PLAN_MAX];
    uint32_t routing;
    uint64_t handoff;
    struct session *not_allowed;
};

static bool may(void *context, struct session *session)
{
    return session != ((struct world *)context)->not_allowed;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    return !world || sessions_init(&world->sessions, 64, 0) != RESULT_OK ||
           offers_init(&world->offers, &world->sessions) != RESULT_OK || effects_init(&world->effects) != RESULT_OK;
}

static int teardown(void **state)
{
    struct world *world = *state;
    effects_done(&world->effects);
    offers_done(&world->offers);
    sessions_done(&world->sessions);
    free(world);
    return 0;
}

static struct recipient *agency(struct world *world, uint32_t number, uint32_t in_flight, double rate)
{
    struct agency agency = { .code = "G01", .in_flight_max = in_flight, .rate_per_second = rate, .breaker_after = 2,
                             .breaker_probe_ms = 1000 };
    return recipient_make(&world->offers, number, &agency, 0);
}

static struct session *receiver(struct world *world, struct recipient *recipient, uint32_t credit)
{
    struct session *session = session_begin(&world->sessions, ++world->routing, -1, 0);
    assert_non_null(session);
    session->roles = ROLE_RECEIVER;
    session->credit = credit;
    recipient_join(&world->offers, recipient, session);
    offers_session_ready(&world->offers, session);
    return session;
}

static uint32_t plan(struct world *world, int64_t now_ms)
{
    return offers_plan(&world->offers, &world->effects, now_ms, may, world, world->plans);
}

static uint64_t deliver(struct world *world, struct session *session, int64_t now_ms)
{
    struct effect effect = { .kind = EFFECT_DELIVER, .session = session->number };
    effect.deliver.handoff = ++world->handoff;
    effect.deliver.attempt = 1;
    offers_deliver(&world->offers, &effect, now_ms);
    return world->handoff;
}

static struct effect answer(uint32_t number, uint64_t handoff, enum verdict verdict, uint64_t dossier)
{
    struct effect effect = { .kind = EFFECT_ANSWERED, .agency = number };
    effect.answered.verdict = verdict;
    effect.answered.handoff = handoff;
    effect.answered.dossier = dossier;
    effect.answered.charged = true;
    memcpy(effect.answered.fingerprint, "http-503", sizeof "http-503");
    return effect;
}

static void credit_and_bound(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 5, 0);
    struct session *session = receiver(world, recipient, 3);

    assert_int_equal(plan(world, 0), 1);
    assert_ptr_equal(world->plans[0].session, session);
    assert_int_equal(world->plans[0].most, 3);
    assert_false(world->plans[0].probe);
    for (int i = 0; i < 3; i++)
        deliver(world, session, 0);
    assert_int_equal(plan(world, 0), 0);                        /* no credit left */
    assert_true(offers_due_ms(&world->offers, 0) == INT64_MAX); /* and no reason to spin */
    session->credit = 100;
    assert_true(offers_due_ms(&world->offers, 0) == 0);
    assert_int_equal(plan(world, 0), 1);
    assert_int_equal(world->plans[0].most, 2);                  /* the agency's own bound */
    offers_exhausted(session);
    assert_int_equal(plan(world, 0), 0);
    offers_ready(&world->offers, 1);
    assert_int_equal(plan(world, 0), 1);
    offers_ready(&world->offers, 77);                           /* nobody speaks for that one here */
    world->not_allowed = session;
    assert_int_equal(plan(world, 0), 0);
}

static void shared_by_free_credit(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 8, 0);
    struct session *small = receiver(world, recipient, 2), *large = receiver(world, recipient, 6);
    struct session *none = receiver(world, recipient, 0);
    uint32_t shares[3] = { 0 };

    assert_int_equal(plan(world, 0), 2);
    for (uint32_t i = 0; i < 2; i++)
        shares[world->plans[i].session == small ? 0 : world->plans[i].session == large ? 1 : 2] = world->plans[i].most;
    assert_int_equal(shares[0], 2);
    assert_int_equal(shares[1], 6);
    assert_int_equal(shares[2], 0);
    assert_int_equal(recipient_credit(&world->offers, recipient), 8);
    assert_int_equal(recipient_receivers(&world->offers, recipient), 3);
    (void)none;
    recipient->rule.in_flight_max = 3;
    uint32_t count = plan(world, 0), sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += world->plans[i].most;
    assert_int_equal(sum, 3);                                   /* never more than the agency may have */
}

static void this_turn_counts(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 2, 0);
    struct session *session = receiver(world, recipient, 2);
    struct command command = { .kind = COMMAND_OUTCOME };
    uint64_t first = deliver(world, session, 0);

    deliver(world, session, 0);
    assert_int_equal(plan(world, 0), 0);
    /* An answer and its acknowledgement stand in the turn that is being made: one place is free, not two. */
    *effects_add(&world->effects, EFFECT_OUTCOME_ACK, &command) =
        (struct effect){ .kind = EFFECT_OUTCOME_ACK, .outcome_ack = { first, 1, STATE_DELIVERED } };
    *effects_add(&world->effects, EFFECT_ANSWERED, &command) = answer(1, first, VERDICT_DELIVERED, 1);
    assert_int_equal(plan(world, 0), 1);
    assert_int_equal(world->plans[0].most, 1);
    effects_reset(&world->effects);                             /* the turn was thrown away: as if never planned */
    assert_int_equal(plan(world, 0), 0);
    assert_int_equal(session->open, 2);
    assert_int_equal(recipient->in_flight, 2);
    assert_true(offers_over(&world->offers, first));
    assert_false(offers_over(&world->offers, first));
    assert_int_equal(recipient->in_flight, 1);
    /* READY in this very turn wakes as well. */
    offers_exhausted(session);
    effects_wake(&world->effects, EFFECT_READY, &command, 1);
    assert_int_equal(plan(world, 0), 1);
}

static void rate_is_kept(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 100, 2);         /* two a second */
    struct session *session = receiver(world, recipient, 100);
    uint32_t sent = 0;

    for (int64_t now_ms = 0; now_ms <= 10000; now_ms += 10) {
        uint32_t count = plan(world, now_ms);
        for (uint32_t i = 0; count && i < world->plans[0].most; i++, sent++)
            assert_true(offers_over(&world->offers, deliver(world, session, now_ms)));
        assert_true(sent <= 2 + 2 * now_ms / 1000);
    }
    assert_in_range(sent, 20, 22);
    int64_t due_ms = offers_due_ms(&world->offers, 10000);
    assert_true(due_ms > 10000 && due_ms <= 10501);
}

static void breaker_stops_and_probes(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 8, 0), *whose;
    struct session *session = receiver(world, recipient, 8);
    uint64_t one = deliver(world, session, 0), two = deliver(world, session, 0), late = deliver(world, session, 0);
    struct effect effect = answer(1, one, VERDICT_LATER, 1);

    assert_false(offers_answered(&world->offers, &effect, 0, &whose));
    effect = answer(1, two, VERDICT_LATER, 2);
    assert_true(offers_answered(&world->offers, &effect, 0, &whose));
    assert_ptr_equal(whose, recipient);
    assert_int_equal(world->offers.give_backs, 1);
    offers_given_back(&world->offers, 1);
    assert_int_equal(world->offers.give_backs, 0);
    assert_int_equal(plan(world, 999), 0);
    assert_true(offers_due_ms(&world->offers, 999) == 1000);
    assert_int_equal(plan(world, 1000), 1);                     /* although one of before is still out */
    assert_true(world->plans[0].probe);
    assert_int_equal(world->plans[0].most, 1);
    uint64_t probe = deliver(world, session, 1000);
    assert_int_equal(recipient->breaker.probe, probe);
    assert_int_equal(plan(world, 1001), 0);
    assert_true(offers_over(&world->offers, probe));            /* an operator closed it: no answer will come */
    assert_int_equal(plan(world, 1002), 0);
    assert_int_equal(recipient->breaker.state, BREAKER_OPEN);
    assert_true(recipient->breaker.until_ms == 1002 + 2000);
    (void)late;
}

static void own_failure_to_hand_over_is_no_answer(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 8, 0), *whose;
    (void)receiver(world, recipient, 8);
    for (uint64_t i = 1; i < 20; i++) {
        struct effect effect = answer(1, i, VERDICT_LATER, i);
        memcpy(effect.answered.fingerprint, UNSENT_FINGERPRINT, sizeof UNSENT_FINGERPRINT);
        effect.answered.never_sent = true;
        assert_false(offers_answered(&world->offers, &effect, 0, &whose));
    }
    assert_int_equal(recipient->breaker.state, BREAKER_CLOSED);
}

static void session_takes_its_own_along(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 8, 0);
    struct session *gone = receiver(world, recipient, 4), *stays = receiver(world, recipient, 4);

    deliver(world, gone, 0);
    uint64_t other = deliver(world, stays, 0);
    deliver(world, gone, 0);
    assert_int_equal(recipient->in_flight, 3);
    assert_false(recipient_leave(&world->offers, gone, 0));
    session_end(&world->sessions, gone);
    assert_int_equal(recipient->in_flight, 1);
    assert_int_equal(recipient->session_count, 1);
    assert_int_equal(world->offers.opens_count, 1);
    assert_true(offers_over(&world->offers, other));
    assert_int_equal(stays->open, 0);
}

static void leases_end(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 8, 0);
    struct session *session = receiver(world, recipient, 4);

    deliver(world, session, 0);
    deliver(world, session, 1000);
    offers_expire(&world->offers, LEASE_MS, LEASE_MS);
    assert_int_equal(session->open, 2);
    offers_expire(&world->offers, LEASE_MS + 1, LEASE_MS);
    assert_int_equal(session->open, 1);
    offers_expire(&world->offers, LEASE_MS + 1001, LEASE_MS);
    assert_int_equal(session->open, 0);
    assert_int_equal(recipient->in_flight, 0);
}

/* More agencies are ready than one turn has offers: all of them come, in turn. */
static void nobody_waits_for_another(void **state)
{
    enum { AGENCIES = PLAN_MAX * 3 / 4 };
    struct world *world = *state;
    uint32_t seen[AGENCIES + 1] = { 0 };

    world->plans[0] = (struct plan){ 0 };
    for (uint32_t i = 1; i <= AGENCIES; i++) {
        (void)receiver(world, agency(world, i, 4, 0), 2);
        if (i <= 16)
            (void)receiver(world, recipient_of(&world->offers, i), 2);
    }
    for (int turn = 0; turn < 4; turn++) {
        uint32_t count = plan(world, 0);
        for (uint32_t i = 0; i < count; i++)
            seen[world->plans[i].session->agency]++;
    }
    for (uint32_t i = 1; i <= AGENCIES; i++)
        assert_true(seen[i] >= 3);
}

static void followers_are_woken(void **state)
{
    struct world *world = *state;
    struct recipient *recipient = agency(world, 1, 4, 0);
    struct session *session = receiver(world, recipient, 0);
    struct command command = { 0 };

    session->roles |= ROLE_SENDER;
    effects_wake(&world->effects, EFFECT_FEED, &command, 1);
    assert_int_equal(offers_plan_notices(&world->offers, &world->effects, may, world, world->plans), 0);
    follow_begin(&session->follow, 0);
    offers_session_feed(&world->offers, session);
    assert_true(offers_due_ms(&world->offers, 0) == 0);
    assert_int_equal(offers_plan_notices(&world->offers, &world->effects, may, world, world->plans), 1);
    assert_int_equal(world->plans[0].most, NOTICE_WINDOW);
    effects_reset(&world->effects);
    session->follow.woken = false;
    assert_int_equal(offers_plan_notices(&world->offers, &world->effects, may, world, world->plans), 0);
    effects_wake(&world->effects, EFFECT_FEED, &command, 1);
    assert_int_equal(offers_plan_notices(&world->offers, &world->effects, may, world, world->plans), 1);
}

/* ---- who may connect */

static void keys_are_admitted_by_date_and_rate(void **state)
{
    struct agency agencies[] = {
        { .code = "A", .key_count = 1, .keys = { { .bytes = { 1 }, .roles = ROLE_SENDER } } },
        { .code = "B", .key_count = 2, .keys = { { .bytes = { 2 }, .roles = ROLE_SENDER, .to_ms = 1000 },
                                                 { .bytes = { 3 }, .roles = ROLE_SENDER, .from_ms = 500 } } },
    };
    struct tables tables = { .agencies = agencies, .agency_count = 2 };
    struct zap zap = { .handshakes_per_minute = 2 };
    uint8_t keys[5][CURVE_KEY_SIZE] = { { 0 }, { 1 }, { 2 }, { 3 }, { 4 } };
    (void)state;
    zap.windows = calloc((size_t)AGENCIES_MAX * AGENCY_KEYS_MAX, sizeof *zap.windows);
    assert_non_null(zap.windows);
    assert_string_equal(zap_decide(&zap, span_of(keys[1], CURVE_KEY_SIZE), 0), "400");      /* no directory yet */
    zap_tables(&zap, &tables);
    assert_string_equal(zap_decide(&zap, span_of(keys[1], CURVE_KEY_SIZE), 0), "200");
    assert_string_equal(zap_decide(&zap, span_of(keys[1], CURVE_KEY_SIZE - 1), 0), "400");
    assert_string_equal(zap_decide(&zap, span_of(keys[4], CURVE_KEY_SIZE), 0), "400");
    assert_string_equal(zap_decide(&zap, span_of(keys[0], CURVE_KEY_SIZE), 0), "400");
    assert_string_equal(zap_decide(&zap, span_of(keys[2], CURVE_KEY_SIZE), 999), "200");
    assert_string_equal(zap_decide(&zap, span_of(keys[2], CURVE_KEY_SIZE), 1000), "400");   /* [from, to) */
    assert_string_equal(zap_decide(&zap, span_of(keys[3], CURVE_KEY_SIZE), 499), "400");
    assert_string_equal(zap_decide(&zap, span_of(keys[3], CURVE_KEY_SIZE), 500), "200");
    assert_string_equal(zap_decide(&zap, span_of(keys[1], CURVE_KEY_SIZE), 1), "200");
    assert_string_equal(zap_decide(&zap, span_of(keys[1], CURVE_KEY_SIZE), 2), "300");      /* the third in a minute */
    assert_string_equal(zap_decide(&zap, span_of(keys[3], CURVE_KEY_SIZE), 501), "200");    /* others are not touched */
    assert_string_equal(zap_decide(&zap, span_of(keys[1], CURVE_KEY_SIZE), 60000), "200");
    free(zap.windows);
}

static void uid_of_an_operator(void **state)
{
    uint32_t uid = 7;
    (void)state;
    assert_true(peer_uid_read("localhost:1000:1001:4711", &uid));
    assert_int_equal(uid, 1000);
    assert_true(peer_uid_read(":0:0:1", &uid));
    assert_int_equal(uid, 0);
    uid = 7;
    static const char *const bad[] = { "", "127.0.0.1", "localhost", "a:b", "1:2", "x:-1:0:1", "x::0:1", "x:1a:0:1",
                                       "x:4294967295:0:1", "x:99999999999999999999999:0:1" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (peer_uid_read(bad[i], &uid))
            fail_msg("taken: '%s'", bad[i]);
    assert_false(peer_uid_read(NULL, &uid));
    assert_int_equal(uid, 7);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(credit_and_bound), WITH_WORLD(shared_by_free_credit), WITH_WORLD(this_turn_counts),
        WITH_WORLD(rate_is_kept), WITH_WORLD(breaker_stops_and_probes),
        WITH_WORLD(own_failure_to_hand_over_is_no_answer), WITH_WORLD(session_takes_its_own_along),
        WITH_WORLD(leases_end), WITH_WORLD(nobody_waits_for_another), WITH_WORLD(followers_are_woken),
        cmocka_unit_test(keys_are_admitted_by_date_and_rate), cmocka_unit_test(uid_of_an_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
