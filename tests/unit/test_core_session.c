/* Leases, lost sessions, a broker that starts again, refunds, and the purge of bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

static uint64_t offer_new(struct world *world, const char *to)
{
    uint64_t id = world_send(world, WARD, to, KIND_FORWARD);
    assert_int_equal(world_offer(world, to, 1), 1);
    return id;
}

/* ---- nobody knows whether the agency acted */

static void after_silence_each_class_goes_its_own_way(void **state)
{
    struct world *world = *state;
    uint64_t safe = offer_new(world, SAFE), ask = offer_new(world, ASK), once = offer_new(world, ONCE);

    assert_int_equal(world_pass(world, world->tables.lease_ms - 1), 0);
    assert_int_equal(world_pass(world, 1), 3);
    struct handoff handoff = world_handoff(world, safe);
    assert_int_equal(handoff.state, STATE_READY);
    assert_int_equal(handoff.lapses, 1);
    assert_int_equal(handoff.charged, 0);
    assert_int_equal(handoff.verdict, 0);
    handoff = world_handoff(world, ask);
    assert_int_equal(handoff.state, STATE_READY);
    assert_true(handoff.flags & HANDOFF_ASK_FIRST);
    assert_int_equal(world_state(world, once), STATE_UNSURE);
    assert_int_equal(world_last_event(world, once).cause, CAUSE_LEASE_LAPSED);

    assert_int_equal(world_offer(world, ONCE, 5), 0);               /* never a second time by itself */
    assert_int_equal(world_offer(world, SAFE, 5), 1);
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
    assert_int_equal(deliver->deliver.attempt, 2);
    assert_false(deliver->deliver.ask_first);
    assert_int_equal(world_offer(world, ASK, 5), 1);
    assert_true(world_effect(world, EFFECT_DELIVER, 0)->deliver.ask_first);
}

static void an_adapter_that_is_always_silent_fails(void **state)
{
    struct world *world = *state;
    uint64_t safe = world_send(world, WARD, SAFE, KIND_FORWARD), ask = world_send(world, WARD, ASK, KIND_FORWARD);

    for (int lapse = 1; lapse <= 3; lapse++) {
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        assert_int_equal(world_offer(world, ASK, 1), 1);
        assert_int_equal(world_pass(world, world->tables.lease_ms), 2);
    }
    assert_int_equal(world_state(world, safe), STATE_FAILED);
    assert_int_equal(world_handoff(world, safe).fail_class, FAIL_ADAPTER);
    struct handoff handoff = world_handoff(world, ask);
    assert_int_equal(handoff.fail_class, FAIL_ADAPTER);
    assert_true(handoff.flags & HANDOFF_ASK_FIRST);
}

static void an_answer_ends_the_count_of_silences(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    for (int lapse = 1; lapse <= 2; lapse++) {
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    }
    assert_int_equal(world_handoff(world, id).lapses, 2);
    assert_int_equal(world_try(world, id, VERDICT_LATER), STATE_WAITING);
    assert_int_equal(world_handoff(world, id).lapses, 0);
}

static void a_lost_session_gives_back_what_it_had(void **state)
{
    struct world *world = *state;
    uint64_t safe = offer_new(world, SAFE), ask = offer_new(world, ASK);
    struct command lost = { .kind = COMMAND_SESSION_LOST, .lost = world_session(SAFE) };

    world_run(world, &lost);
    assert_int_equal(world_state(world, safe), STATE_READY);
    assert_int_equal(world_last_event(world, safe).cause, CAUSE_SESSION_LOST);
    assert_int_equal(world_state(world, ask), STATE_OFFERED);
    assert_null(world_effect(world, EFFECT_AGAIN, 0));
    world_run(world, &lost);
    assert_false(world->end.wrote);
    lost.lost = 999;
    world_run(world, &lost);
    assert_false(world->end.wrote);
}

static void a_start_takes_back_everything_in_portions(void **state)
{
    enum { MANY = 150 };
    struct world *world = *state;
    uint64_t ids[MANY];

    for (int i = 0; i < MANY; i++) {
        struct command submit = world_submit(world, WARD, i % 2 ? SAFE : ONCE, KIND_FORWARD);
        submit.submit.dossier_code[0] = (char)('A' + i / 26);
        submit.submit.dossier_code[1] = (char)('A' + i % 26);
        ids[i] = world_accept(world, &submit);
    }
    assert_int_equal(world_offer(world, SAFE, 64) + world_offer(world, SAFE, 64), MANY / 2);
    assert_int_equal(world_offer(world, ONCE, 64) + world_offer(world, ONCE, 64), MANY / 2);
    struct command start = { .kind = COMMAND_START };
    world_run(world, &start);
    assert_non_null(world_effect(world, EFFECT_AGAIN, 0));
    world_run(world, &start);
    assert_null(world_effect(world, EFFECT_AGAIN, 0));
    for (int i = 0; i < MANY; i++) {
        struct handoff handoff = world_handoff(world, ids[i]);
        assert_int_equal(handoff.state, i % 2 ? STATE_READY : STATE_UNSURE);
        assert_int_equal(handoff.lapses, 0);
    }
    assert_int_equal(world_last_event(world, ids[1]).cause, CAUSE_BROKER_STARTED);
    world_run(world, &start);
    assert_false(world->end.wrote);
}

/* An agency that has left the directory is treated with the greatest care. */
static void nobody_knows_the_agency_any_more(void **state)
{
    struct world *world = *state;
    uint64_t id = offer_new(world, SAFE);

    world->tables.name_count = 0;
    assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    assert_int_equal(world_state(world, id), STATE_UNSURE);
}

/* ---- refunds */

static void answers_that_open_a_breaker_cost_nothing(void **state)
{
    struct world *world = *state;
    struct agency *agency = world_agency(world, SAFE);
    uint64_t waiting = world_send(world, WARD, SAFE, KIND_FORWARD);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);

    memcpy(submit.submit.dossier_code, "B-1", 4);
    uint64_t failed = world_accept(world, &submit);
    agency->attempts_max = 1;
    assert_int_equal(world_offer(world, SAFE, 2), 2);
    world->now_ms += 7000;
    struct command outcome = world_outcome(SAFE, failed, 1, VERDICT_UNKNOWN);
    assert_int_equal(world_say(world, &outcome), STATE_FAILED);
    agency->attempts_max = 5;
    outcome = world_outcome(SAFE, waiting, 1, VERDICT_LATER);
    assert_int_equal(world_say(world, &outcome), STATE_WAITING);
    struct handoff before = world_handoff(world, waiting);
    assert_int_equal(before.charged, 1);
    assert_int_equal(before.tried_ms, before.timer_ms - world->now_ms + 7000);

    uint64_t both[] = { waiting, failed, 424242 };
    struct command breaker = { .kind = COMMAND_BREAKER, .breaker = { both, 3 } };
    world_run(world, &breaker);
    struct handoff handoff = world_handoff(world, waiting);
    assert_int_equal(handoff.state, STATE_WAITING);
    assert_int_equal(handoff.timer_ms, before.timer_ms);
    assert_int_equal(handoff.charged, 0);
    assert_int_equal(handoff.tried_ms, 0);
    handoff = world_handoff(world, failed);
    assert_int_equal(handoff.state, STATE_WAITING);
    assert_int_equal(handoff.charged, 0);
    assert_int_equal(handoff.tried_ms, 0);
    assert_int_equal(world_last_event(world, failed).cause, CAUSE_REFUNDED);
    world_run(world, &breaker);                 /* nothing was charged: nothing to give back */
    assert_false(world->end.wrote);
}

static void other_failures_are_not_refunded(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, id, VERDICT_LATER), STATE_WAITING);
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_try(world, id, VERDICT_BAD_DATA), STATE_FAILED);
    struct command breaker = { .kind = COMMAND_BREAKER, .breaker = { &id, 1 } };
    world_run(world, &breaker);
    assert_false(world->end.wrote);
    assert_int_equal(world_handoff(world, id).charged, 1);
}

/* 200 dossiers, an agency down over a weekend: the breaker opens and nobody is failed. */
static void a_weekend_down_fails_nobody(void **state)
{
    enum { MANY = 200 };
    struct world *world = *state;
    uint64_t ids[MANY], asked[8];
    struct command breaker = { .kind = COMMAND_BREAKER, .breaker = { asked, 0 } };

    for (int i = 0; i < MANY; i++) {
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        submit.submit.dossier_code[0] = (char)('A' + i / 26);
        submit.submit.dossier_code[1] = (char)('A' + i % 26);
        ids[i] = world_accept(world, &submit);
    }
    assert_int_equal(world_offer(world, SAFE, 5), 5);
    for (unsigned i = 0; i < 5; i++)
        asked[i] = world_effect(world, EFFECT_DELIVER, i)->deliver.handoff;
    for (unsigned i = 0; i < 5; i++) {
        struct command outcome = world_outcome(SAFE, asked[i], 1, VERDICT_LATER);
        (void)world_say(world, &outcome);
    }
    breaker.breaker.count = 5;
    world_run(world, &breaker);
    for (int hour = 0; hour < 62; hour++) {             /* a probe an hour */
        (void)world_pass(world, 60 * MINUTE_MS);
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
        struct command outcome = world_outcome(SAFE, deliver->deliver.handoff, deliver->deliver.attempt, VERDICT_LATER);
        outcome.outcome.uncharged = true;
        (void)world_say(world, &outcome);
    }
    (void)world_pass(world, 60 * MINUTE_MS);
    for (int left = MANY; left > 0;) {
        unsigned given = world_offer(world, SAFE, 64);
        uint64_t handoffs[64];
        uint32_t attempts[64];
        assert_true(given > 0);
        for (unsigned i = 0; i < given; i++) {
            handoffs[i] = world_effect(world, EFFECT_DELIVER, i)->deliver.handoff;
            attempts[i] = world_effect(world, EFFECT_DELIVER, i)->deliver.attempt;
        }
        for (unsigned i = 0; i < given; i++) {
            struct command outcome = world_outcome(SAFE, handoffs[i], attempts[i], VERDICT_DELIVERED);
            assert_int_equal(world_say(world, &outcome), STATE_DELIVERED);
        }
        left -= (int)given;
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(world_state(world, ids[i]), STATE_DELIVERED);
        assert_int_equal(world_handoff(world, ids[i]).charged, 0);
    }
}

/* ---- bodies go, history stays */

static void bodies_are_purged_after_their_time(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    unsigned events = world_events(world, id);
    world->core.purge_paused = true;
    assert_int_equal(world_pass(world, world->tables.purge_after_ms), 1);
    assert_false(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
    world->core.purge_paused = false;
    assert_int_equal(world_pass(world, MINUTE_MS), 1);
    assert_true(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_PURGED);
    assert_int_equal(world_events(world, id), events + 1);
    assert_int_equal(world_count(world, EFFECT_FEED), 0);
}

/* A result that somebody still needs as input stays; without it its dependant could never be offered. */
static void inputs_wait_for_their_dependants(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);
    struct command waits = world_submit(world, WARD, ASK, KIND_FORWARD);
    world_after(&waits, &first.submit.message_id, UNTIL_RESULT);
    uint64_t dependant = world_accept(world, &waits);
    struct command reply = world_submit(world, SAFE, "", KIND_RESULT);
    reply.submit.parent = antecedent;
    uint64_t result = world_accept(world, &reply);

    assert_int_equal(world_try(world, result, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_pass(world, world->tables.purge_after_ms + 3 * DAY_MS), 4);
    assert_false(world_handoff(world, result).flags & HANDOFF_BODY_PURGED);
    assert_int_equal(world_try(world, dependant, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)world_pass(world, DAY_MS);
    assert_true(world_handoff(world, result).flags & HANDOFF_BODY_PURGED);
}

static void lose_body(struct turn *turn, void *context)
{
    struct handoff handoff;
    must(turn_handoff(turn, *(uint64_t *)context, &handoff));
    turn_body_delete(turn, handoff.id);
    handoff.flags |= HANDOFF_BODY_PURGED;
    turn_handoff_put(turn, &handoff);
}

static void what_has_no_body_any_more_is_not_offered(void **state)
{
    struct world *world = *state;
    uint64_t gone = world_send(world, WARD, SAFE, KIND_FORWARD);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    memcpy(submit.submit.dossier_code, "B-1", 4);
    uint64_t good = world_accept(world, &submit);

    (void)site_turn(world->site, world->now_ms, lose_body, &gone);
    assert_int_equal(world_offer(world, SAFE, 5), 1);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.handoff, good);
    assert_int_equal(world_state(world, gone), STATE_FAILED);
    assert_int_equal(world_handoff(world, gone).fail_class, FAIL_BAD_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(after_silence_each_class_goes_its_own_way), WORLD(an_adapter_that_is_always_silent_fails),
        WORLD(an_answer_ends_the_count_of_silences), WORLD(a_lost_session_gives_back_what_it_had),
        WORLD(a_start_takes_back_everything_in_portions), WORLD(nobody_knows_the_agency_any_more),
        WORLD(answers_that_open_a_breaker_cost_nothing), WORLD(other_failures_are_not_refunded),
        WORLD(a_weekend_down_fails_nobody), WORLD(bodies_are_purged_after_their_time),
        WORLD(inputs_wait_for_their_dependants), WORLD(what_has_no_body_any_more_is_not_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
