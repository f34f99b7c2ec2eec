/* Gateway time in doubt: nothing expires, is purged or forgotten, and nothing is refused for coming from the future. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

static void nobody_is_failed_for_waiting(void **state)
{
    struct world *world = *state;
    struct command never = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct command waits = world_submit(world, WARD, ASK, KIND_FORWARD);

    world_after(&waits, &never.submit.message_id, UNTIL_RESULT);
    uint64_t dependant = world_accept(world, &waits);
    world->core.time_in_doubt = true;
    (void)world_pass(world, world->tables.antecedent_ms_max);
    assert_int_equal(world_state(world, dependant), STATE_HELD);
    world_check(world);
    world->core.time_in_doubt = false;
    (void)world_pass(world, MINUTE_MS);
    assert_int_equal(world_state(world, dependant), STATE_FAILED);
    assert_int_equal(world_last_event(world, dependant).cause, CAUSE_PREDECESSOR_ABSENT);
}

static void bodies_and_words_stay(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    world->core.time_in_doubt = true;
    (void)world_pass(world, world->tables.purge_after_ms);
    assert_false(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
    world->core.time_in_doubt = false;
    (void)world_pass(world, MINUTE_MS);
    assert_true(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
}

/* The id is from a sender whose clock is right; ours may stand years behind it. */
static void the_future_is_taken(void **state)
{
    struct world *world = *state;
    struct command ahead = world_submit(world, WARD, SAFE, KIND_FORWARD);
    static const uint8_t random[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

    ahead.submit.message_id = uuid_v7(world->now_ms + 400 * DAY_MS, random);
    ahead.submit.source_time_ms = world->now_ms + 400 * DAY_MS;
    assert_int_equal(world_refusal(world, &ahead), PROBLEM_IN_FUTURE);
    world->core.time_in_doubt = true;
    (void)world_accept(world, &ahead);
}

/* 100 days that were perhaps none: what came before them is still told from something new. */
static void repetitions_are_still_known(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t id = world_accept(world, &first);
    int64_t began_ms = world->now_ms;

    world->core.time_in_doubt = true;
    world->now_ms += ID_AGE_MS_MAX + DAY_MS;
    for (int i = 0; i < 5; i++)
        (void)world_send(world, WARD, SAFE, KIND_FORWARD);
    world->now_ms = began_ms;
    world_run(world, &first);
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    assert_non_null(accepted);
    assert_true(accepted->accepted.duplicate && accepted->accepted.handoff == id);
}

static void an_operator_confirms_with_a_reason(void **state)
{
    struct world *world = *state;
    struct command command = { .kind = COMMAND_ADMIN, .admin = { .verb = "confirm-clock", .uid = 1000 } };
    uint64_t seq = world->end.seq;

    world_run(world, &command);
    assert_int_equal(world_effect(world, EFFECT_ADMIN_REPLY, 0)->admin_reply.refused->type, PROBLEM_REASON_MISSING);
    must(span_to_string(span_of_string("the time server was down"), command.admin.reason, sizeof command.admin.reason));
    world_run(world, &command);
    assert_null(world_effect(world, EFFECT_ADMIN_REPLY, 0)->admin_reply.refused);
    assert_int_equal(world_effect(world, EFFECT_ADMIN_REPLY, 0)->admin_reply.affected, 1);
    assert_true(world->end.seq > seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(nobody_is_failed_for_waiting), WORLD(bodies_and_words_stay), WORLD(the_future_is_taken),
        WORLD(repetitions_are_still_known), WORLD(an_operator_confirms_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
