/* What operators change: replay, close, redirect, hold and release, alone and in numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_operator.h"

enum { MANY = 300 };

/* ---- replay */

static void replay_one_begins_anew(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send_failing(world, SAFE, 1, "http-503");
    struct command command = operator_command("replay", id);

    command.admin.dry_run = true;
    command.admin.reason[0] = 0;
    assert_int_equal(operator_ask(world, &command)->affected, 1);
    assert_false(world->end.wrote);
    assert_int_equal(world_state(world, id), STATE_FAILED);

    assert_int_equal(operator_do(world, "replay", id)->affected, 1);
    struct handoff handoff = world_handoff(world, id);
    assert_int_equal(handoff.state, STATE_READY);
    assert_int_equal(handoff.charged + handoff.lapses + handoff.tried_ms, 0);
    assert_true(handoff.flags & HANDOFF_REPLAYED);
    assert_int_equal(handoff.attempt, 1);
    assert_int_equal(handoff.key_generation, 0);
    assert_int_equal(world_count(world, EFFECT_READY), 1);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_handoff(world, id).attempt, 2);
}

static void replay_by_filter_goes_on(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("replay", 0);
    uint64_t affected = 0;

    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);     /* not everything by mistake */
    for (unsigned i = 0; i < MANY; i++)
        operator_send_failing(world, SAFE, i, i % 2 ? "http-503" : "http-429");
    uint64_t other = operator_send_failing(world, ASK, MANY, "http-503");
    memcpy(command.admin.filter.agency, SAFE, sizeof SAFE);
    command.admin.dry_run = true;
    assert_int_equal(operator_ask(world, &command)->affected, MANY);
    assert_false(world->end.wrote);
    memcpy(command.admin.filter.fingerprint, "http-429", 9);
    assert_int_equal(operator_ask(world, &command)->affected, MANY / 2);
    command.admin.filter.fingerprint[0] = 0;
    command.admin.dry_run = false;
    for (int part = 0;; part++) {
        const struct admin_reply *reply = operator_ask(world, &command);
        assert_null(reply->refused);
        affected += reply->affected;
        command.admin.after = operator_number(reply, "next_after");
        if (!reply->more) {
            assert_int_equal(part, 1);
            break;
        }
    }
    assert_int_equal(affected, MANY);
    assert_int_equal(world_state(world, other), STATE_FAILED);
    assert_int_equal(operator_number(operator_do(world, "status", 0), "handoffs_failed"), 1);

    command.admin.filter.agency[0] = 0;
    command.admin.after = 0;
    command.admin.filter.state = STATE_DELIVERED;
    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);
}

static void replay_of_unsure_asks_first_where_it_can(void **state)
{
    struct world *world = *state;
    uint64_t blind = operator_send(world, ONCE, 1), asked = operator_send(world, ASK, 2);
    struct command command = operator_command("replay", 0);

    assert_int_equal(world_try(world, blind, VERDICT_UNSURE), STATE_UNSURE);
    (void)world_try(world, asked, VERDICT_UNSURE);
    command.admin.filter.state = STATE_UNSURE;
    memcpy(command.admin.filter.agency, ONCE, sizeof ONCE);
    assert_int_equal(operator_ask(world, &command)->affected, 1);
    assert_int_equal(world_state(world, blind), STATE_READY);
    assert_false(world_handoff(world, blind).flags & HANDOFF_ASK_FIRST);
    if (world_state(world, asked) == STATE_UNSURE)
        operator_do(world, "replay", asked);
    assert_true(world_handoff(world, asked).flags & HANDOFF_ASK_FIRST);
}

static void replay_refuses_what_runs_or_ended(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);
    struct command command = operator_command("replay", id);

    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);       /* READY */
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);       /* OFFERED */
    struct command outcome = world_outcome(SAFE, id, 1, VERDICT_LATER);
    assert_int_equal(world_say(world, &outcome), STATE_WAITING);
    assert_int_equal(operator_do(world, "replay", id)->affected, 1);                /* WAITING */
    operator_do(world, "hold", id);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);       /* HELD */
    operator_do(world, "close", id);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);       /* CLOSED */
}

/* ---- close */

static void close_with_more_behind_than_one_turn_holds(void **state)
{
    struct world *world = *state;
    uint64_t head = world_send(world, WARD, SAFE, KIND_FORWARD);
    struct command command = operator_command("close", head);

    for (unsigned i = 1; i < MANY; i++)
        world_send(world, WARD, SAFE, KIND_SUPPLEMENT);
    command.admin.behind = BEHIND_CLOSE;
    const struct admin_reply *reply = operator_ask(world, &command);
    assert_true(reply->more);
    uint64_t affected = reply->affected;
    assert_true(affected > 0 && affected < MANY);
    assert_int_equal(world_state(world, head), STATE_READY);        /* the last to go, so that none is offered */
    for (int i = 0; world_state(world, head) != STATE_CLOSED; i++) {
        reply = operator_ask(world, &command);
        assert_null(reply->refused);
        affected += reply->affected;
        assert_in_range(i, 0, 10);
    }
    assert_int_equal(affected, MANY);
    assert_int_equal(operator_number(operator_do(world, "status", 0), "handoffs_closed"), MANY);
}

static void close_releases_those_behind(void **state)
{
    struct world *world = *state;
    uint64_t head = world_send(world, WARD, SAFE, KIND_FORWARD), next = world_send(world, WARD, SAFE, KIND_SUPPLEMENT);

    assert_int_equal(operator_do(world, "close", head)->affected, 1);
    assert_int_equal(world_last_event(world, head).cause, CAUSE_CLOSED_BY_OPERATOR);
    assert_int_equal(world_count(world, EFFECT_READY), 1);
    assert_int_equal(world_count(world, EFFECT_FEED), 1);
    assert_int_equal(world_try(world, next, VERDICT_DELIVERED), STATE_DELIVERED);
}

/* ---- redirect */

static struct command redirect_to(uint64_t handoff, const char *to)
{
    struct command command = operator_command("redirect", handoff);
    assert_true(span_to_string(span_of_string(to), command.admin.to, sizeof command.admin.to));
    return command;
}

static void redirect_keeps_the_clock(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    char parent_key[IDEMPOTENCY_KEY_SIZE], child_key[IDEMPOTENCY_KEY_SIZE];

    submit.submit.due_ms = world->now_ms + DAY_MS;
    uint64_t id = world_accept(world, &submit);
    world->now_ms += DAY_MS / 2;
    struct command command = redirect_to(id, ASK);
    command.admin.dry_run = true;
    assert_int_equal(operator_ask(world, &command)->affected, 1);
    assert_false(world->end.wrote);
    command.admin.dry_run = false;
    uint64_t child_id = operator_number(operator_ask(world, &command), "child");

    struct handoff parent = world_handoff(world, id), child = world_handoff(world, child_id);
    assert_int_equal(parent.state, STATE_CLOSED);
    assert_int_equal(parent.child, child_id);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_REDIRECTED);
    assert_int_equal(child.parent, id);
    assert_int_equal(child.state, STATE_READY);
    assert_int_equal(child.due_ms, parent.due_ms);
    assert_int_equal(child.accepted_ms, parent.accepted_ms);
    assert_int_equal(child.accepted_seq, world->end.seq);
    assert_int_equal(child.addressed, parent.addressed);
    assert_int_not_equal(child.recipient, parent.recipient);
    assert_true(hash_equal(&child.content_hash, &parent.content_hash));
    assert_int_equal(uuid_version(&child.message_id), 8);
    assert_int_equal(uuid_time_ms(&child.message_id), parent.accepted_ms);
    handoff_key(&world->tables, &parent, parent_key);
    handoff_key(&world->tables, &child, child_key);
    assert_string_not_equal(parent_key, child_key);

    assert_int_equal(world_offer(world, ASK, 1), 1);
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
    assert_int_equal(deliver->deliver.handoff, child_id);
    assert_int_equal(deliver->deliver.parent, id);
    assert_true(span_equal(deliver->deliver.header, submit.submit.header));
    assert_true(span_equal(deliver->deliver.payload, submit.submit.payload));
}

static void redirect_refusals(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);
    struct command command = redirect_to(id, SAFE);

    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);     /* it goes there already */
    command = redirect_to(id, GONE);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_AGENCY);    /* abolished */
    command = redirect_to(id, "");
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_AGENCY);
    world->permits[0].to = (struct selector){ .kind = SELECT_AGENCY, .code = SAFE };
    command = redirect_to(id, ASK);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_NOT_ALLOWED);
    world->permits[0].to = (struct selector){ .kind = SELECT_ANY };
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);       /* OFFERED */
    struct command outcome = world_outcome(SAFE, id, 1, VERDICT_DELIVERED);
    assert_int_equal(world_say(world, &outcome), STATE_DELIVERED);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
}

static void redirect_closes_or_takes_those_behind(void **state)
{
    struct world *world = *state;
    uint64_t ids[4];

    for (int i = 0; i < 4; i++)
        ids[i] = world_send(world, WARD, SAFE, i ? KIND_SUPPLEMENT : KIND_FORWARD);
    struct command command = redirect_to(ids[2], ASK);
    command.admin.behind = BEHIND_CLOSE;
    const struct admin_reply *reply = operator_ask(world, &command);
    assert_int_equal(reply->affected, 2);
    assert_int_equal(world_state(world, ids[3]), STATE_CLOSED);
    assert_int_equal(world_handoff(world, ids[3]).child, 0);

    /* The child of the third waits behind the first two, which go along to where it goes. */
    command = redirect_to(ids[0], ASK);
    command.admin.behind = BEHIND_TAKE_ALONG;
    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);     /* one goes there already */
    command = redirect_to(ids[0], ONCE);
    command.admin.behind = BEHIND_TAKE_ALONG;
    assert_int_equal(operator_ask(world, &command)->affected, 3);
    uint64_t order[] = { world_handoff(world, ids[0]).child, world_handoff(world, ids[1]).child,
                         world_handoff(world, world_handoff(world, ids[2]).child).child };
    for (int i = 0; i < 3; i++)
        assert_int_equal(world_try(world, order[i], VERDICT_DELIVERED), STATE_DELIVERED);
}

/* ---- hold, release */

static void hold_stops_an_agency(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);
    struct command command = operator_command("hold", 0);

    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);     /* neither one nor the other */
    memcpy(command.admin.code, SAFE, sizeof SAFE);
    assert_int_equal(operator_ask(world, &command)->affected, 1);
    assert_int_equal(world_count(world, EFFECT_AGENCY), 1);
    assert_true(world_agency_state(world, SAFE).on_hold);
    assert_string_equal(world_agency_state(world, SAFE).reason, "because");
    assert_int_equal(world_offer(world, SAFE, 1), 0);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
    memcpy(command.admin.verb, "release", 8);
    assert_int_equal(operator_ask(world, &command)->affected, 1);
    assert_int_equal(world_count(world, EFFECT_READY), 1);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    memcpy(command.admin.code, "nobody", 7);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_AGENCY);
}

static void held_keeps_its_place(void **state)
{
    struct world *world = *state;
    uint64_t first = world_send(world, WARD, SAFE, KIND_FORWARD);
    uint64_t second = world_send(world, WARD, SAFE, KIND_SUPPLEMENT);
    uint64_t place = world_handoff(world, first).lane_place;

    operator_do(world, "hold", first);
    assert_true(world_handoff(world, first).flags & HANDOFF_ON_HOLD);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
    operator_do(world, "release", first);
    assert_int_equal(world_handoff(world, first).lane_place, place);
    assert_int_equal(world_try(world, first, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_try(world, second, VERDICT_DELIVERED), STATE_DELIVERED);
    struct command command = operator_command("hold", first);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
    memcpy(command.admin.verb, "release", 8);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_WRONG_STATE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD(replay_one_begins_anew), WORLD(replay_by_filter_goes_on), WORLD(replay_of_unsure_asks_first_where_it_can),
        WORLD(replay_refuses_what_runs_or_ended), WORLD(close_with_more_behind_than_one_turn_holds),
        WORLD(close_releases_those_behind), WORLD(redirect_keeps_the_clock), WORLD(redirect_refusals),
        WORLD(redirect_closes_or_takes_those_behind), WORLD(hold_stops_an_agency), WORLD(held_keeps_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
