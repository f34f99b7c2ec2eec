/* after[]: waiting for others, their results as inputs, circles, and what happens when they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

/* What answers a handoff, from its recipient. */
static uint64_t answer(struct world *world, const char *from, uint64_t parent, enum kind kind)
{
    struct command submit = world_submit(world, from, "", kind);
    submit.submit.parent = parent;
    submit.submit.payload = span_of_string("{\"so\":\"123\"}");
    return world_accept(world, &submit);
}

static uint64_t send_after(struct world *world, const char *to, const struct command *antecedent, enum until until)
{
    struct command submit = world_submit(world, WARD, to, KIND_FORWARD);
    world_after(&submit, &antecedent->submit.message_id, until);
    return world_accept(world, &submit);
}

static void results_open_gates_and_become_inputs(void **state)
{
    struct world *world = *state;
    struct command birth = world_submit(world, WARD, SAFE, KIND_FORWARD);
    memcpy(birth.submit.step, "birth", 6);
    uint64_t first = world_accept(world, &birth);
    uint64_t second = send_after(world, ASK, &birth, 0);            /* 0 means: its RESULT */
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    char id[UUID_TEXT_SIZE];

    uuid_text(&birth.submit.message_id, id);
    assert_int_equal(accepted->accepted.state, STATE_HELD);
    assert_non_null(strstr(accepted->accepted.held_reason, id));
    assert_int_equal(world_offer(world, ASK, 5), 0);
    assert_int_equal(world_try(world, first, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_state(world, second), STATE_HELD);

    uint64_t result = answer(world, SAFE, first, KIND_RESULT);
    assert_int_equal(world_handoff(world, first).answer, ANSWER_RESULT);
    assert_int_equal(world_last_event(world, first).cause, CAUSE_RESULT_CAME);
    assert_int_equal(world_state(world, second), STATE_READY);
    assert_int_equal(world_last_event(world, second).cause, CAUSE_GATE_OPENED);
    assert_int_equal(world_offer(world, ASK, 5), 1);
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
    assert_int_equal(deliver->deliver.input_count, 1);
    assert_int_equal(deliver->deliver.inputs[0].handoff, result);
    assert_string_equal(deliver->deliver.inputs[0].step, "birth");
    assert_string_equal(deliver->deliver.inputs[0].content_type, "application/json");
    assert_true(span_equal(deliver->deliver.inputs[0].payload, span_of_string("{\"so\":\"123\"}")));

    /* A later one finds the result there already. */
    struct command third = world_submit(world, WARD, ONCE, KIND_FORWARD);
    world_after(&third, &birth.submit.message_id, UNTIL_RESULT);
    uint64_t late = world_accept(world, &third);
    assert_int_equal(world_state(world, late), STATE_READY);
    assert_int_equal(world_offer(world, ONCE, 1), 1);
    deliver = world_effect(world, EFFECT_DELIVER, 0);
    assert_int_equal(deliver->deliver.input_count, 1);
    assert_int_equal(deliver->deliver.inputs[0].handoff, result);
    assert_string_equal(deliver->deliver.inputs[0].step, "birth");
}

static void delivered_is_enough_where_it_says_so(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);
    uint64_t dependant = send_after(world, ASK, &first, UNTIL_DELIVERED);

    assert_int_equal(world_try(world, antecedent, VERDICT_ALREADY_THERE), STATE_DELIVERED);
    assert_int_equal(world_offer(world, ASK, 1), 1);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.handoff, dependant);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.input_count, 0);
    assert_int_equal(world_state(world, send_after(world, ONCE, &first, UNTIL_DELIVERED)), STATE_READY);
}

static void the_antecedent_may_come_later(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct command other = world_submit(world, WARD, SAFE, KIND_CONSULT);
    struct command waits = world_submit(world, WARD, ASK, KIND_FORWARD);

    world_after(&waits, &first.submit.message_id, UNTIL_DELIVERED);
    world_after(&waits, &other.submit.message_id, UNTIL_DELIVERED);
    uint64_t dependant = world_accept(world, &waits);
    assert_int_equal(world_handoff(world, dependant).gates_left, 2);
    uint64_t antecedent = world_accept(world, &first);
    assert_int_equal(world_try(world, antecedent, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_handoff(world, dependant).gates_left, 1);
    assert_int_equal(world_state(world, dependant), STATE_HELD);
    uint64_t second = world_accept(world, &other);
    assert_int_equal(world_try(world, second, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_state(world, dependant), STATE_READY);
}

/* It takes its place in its lane when the gate opens, so it blocks nobody before. */
static void a_held_one_has_no_place_yet(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);
    uint64_t held = send_after(world, ASK, &first, UNTIL_DELIVERED);
    uint64_t free = world_send(world, WARD, ASK, KIND_SUPPLEMENT);

    assert_int_equal(world_try(world, free, VERDICT_LATER), STATE_WAITING);
    assert_int_equal(world_try(world, antecedent, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_offer(world, ASK, 1), 0);            /* behind the one that waits */
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_try(world, free, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_try(world, held, VERDICT_DELIVERED), STATE_DELIVERED);
}

static void circles_are_refused(void **state)
{
    struct world *world = *state;
    struct command a = world_submit(world, WARD, SAFE, KIND_FORWARD), b = world_submit(world, WARD, ASK, KIND_FORWARD);
    struct command c = world_submit(world, WARD, ONCE, KIND_FORWARD);

    world_after(&a, &b.submit.message_id, UNTIL_RESULT);
    world_after(&b, &c.submit.message_id, UNTIL_DELIVERED);
    world_after(&c, &a.submit.message_id, UNTIL_RESULT);
    (void)world_accept(world, &a);
    (void)world_accept(world, &b);
    assert_int_equal(world_refusal(world, &c), PROBLEM_CYCLE);
    c.submit.after_count = 0;
    uint64_t last = world_accept(world, &c);
    assert_int_equal(world_try(world, last, VERDICT_DELIVERED), STATE_DELIVERED);
}

/* A long chain is walked, one longer than GATE_WALK_MAX refused. */
static void chains_have_a_bound(void **state)
{
    struct world *world = *state;
    struct command before = world_submit(world, WARD, SAFE, KIND_FORWARD);
    (void)world_accept(world, &before);
    for (int i = 0; i < GATE_WALK_MAX; i++) {
        struct command next = world_submit(world, WARD, SAFE, KIND_FORWARD);
        world_after(&next, &before.submit.message_id, UNTIL_DELIVERED);
        (void)world_accept(world, &next);
        before = next;
    }
    struct command last = world_submit(world, WARD, SAFE, KIND_FORWARD);
    world_after(&last, &before.submit.message_id, UNTIL_DELIVERED);
    assert_int_equal(world_refusal(world, &last), PROBLEM_CYCLE);
}

static void many_may_wait_for_one_but_not_more(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first), last = 0;

    for (int i = 0; i < GATE_WALK_MAX; i++)
        last = send_after(world, ASK, &first, UNTIL_DELIVERED);
    struct command more = world_submit(world, WARD, ASK, KIND_FORWARD);
    world_after(&more, &first.submit.message_id, UNTIL_DELIVERED);
    assert_int_equal(world_refusal(world, &more), PROBLEM_INVALID_FIELD);
    assert_int_equal(world_try(world, antecedent, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_state(world, last), STATE_READY);
}

/* ---- endings */

static const enum kind noes[] = { KIND_REFUSAL, KIND_RETURNED, KIND_SEND_BACK, KIND_STOP };

static void a_no_fails_those_that_wait_for_the_result(void **state)
{
    struct world *world = *state;
    char detail[REASON_BYTES_MAX + 1];

    for (size_t i = 0; i < sizeof noes / sizeof *noes; i++) {
        struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
        uint64_t antecedent = world_accept(world, &first);
        uint64_t dependant = send_after(world, ONCE, &first, UNTIL_RESULT);
        uint64_t easy = send_after(world, ASK, &first, UNTIL_DELIVERED);

        (void)answer(world, SAFE, antecedent, noes[i]);
        assert_int_equal(world_handoff(world, antecedent).answer, ANSWER_REFUSED);
        struct handoff failed = world_handoff(world, dependant);
        assert_int_equal(failed.state, STATE_FAILED);
        assert_int_equal(failed.fail_class, FAIL_PREDECESSOR);
        world_detail(world, dependant, detail);
        assert_non_null(strstr(detail, kind_name(noes[i])));
        assert_int_equal(world_state(world, easy), STATE_HELD);
        assert_int_equal(world_state(world, send_after(world, ONCE, &first, UNTIL_RESULT)), STATE_FAILED);
        assert_int_equal(world_try(world, antecedent, VERDICT_DELIVERED), STATE_DELIVERED);
        assert_int_equal(world_try(world, easy, VERDICT_DELIVERED), STATE_DELIVERED);
    }
}

static void a_refused_outcome_does_so_too(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);
    uint64_t dependant = send_after(world, ONCE, &first, UNTIL_RESULT);
    uint64_t easy = send_after(world, ASK, &first, UNTIL_DELIVERED);
    char detail[REASON_BYTES_MAX + 1];

    assert_int_equal(world_try(world, antecedent, VERDICT_REFUSED), STATE_DELIVERED);
    assert_int_equal(world_state(world, dependant), STATE_FAILED);
    world_detail(world, dependant, detail);
    assert_string_equal(detail, "an answer");
    assert_int_equal(world_state(world, easy), STATE_READY);
}

static void a_withdrawn_antecedent_fails_all_its_dependants(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    (void)world_accept(world, &first);
    uint64_t one = send_after(world, ONCE, &first, UNTIL_RESULT), two = send_after(world, ASK, &first, UNTIL_DELIVERED);

    (void)world_send(world, WARD, SAFE, KIND_WITHDRAWAL);
    assert_int_equal(world_state(world, one), STATE_FAILED);
    assert_int_equal(world_state(world, two), STATE_FAILED);
    uint64_t late = send_after(world, ASK, &first, UNTIL_DELIVERED);
    assert_int_equal(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.state, STATE_FAILED);
    assert_int_equal(world_last_event(world, late).cause, CAUSE_PREDECESSOR_ENDED);
}

/* One that needs a person may still be done: nobody is failed for it. */
static void a_failed_antecedent_is_waited_for(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);
    uint64_t dependant = send_after(world, ASK, &first, UNTIL_DELIVERED);
    assert_int_equal(world_try(world, antecedent, VERDICT_ORPHAN), STATE_FAILED);
    assert_int_equal(world_state(world, dependant), STATE_HELD);
}

static void what_never_comes_is_not_waited_for_for_ever(void **state)
{
    struct world *world = *state;
    struct command never = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t dependant = send_after(world, ASK, &never, UNTIL_RESULT);

    assert_int_equal(world_pass(world, world->tables.antecedent_ms_max - 1), 0);
    assert_int_equal(world_pass(world, 1), 1);
    struct handoff failed = world_handoff(world, dependant);
    assert_int_equal(failed.state, STATE_FAILED);
    assert_int_equal(failed.fail_class, FAIL_PREDECESSOR);
    assert_int_equal(world_last_event(world, dependant).cause, CAUSE_PREDECESSOR_ABSENT);

    /* What comes afterwards is still noted. */
    uint64_t antecedent = world_accept(world, &never);
    assert_int_equal(world_try(world, antecedent, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)answer(world, SAFE, antecedent, KIND_RESULT);
    failed = world_handoff(world, dependant);
    assert_int_equal(failed.state, STATE_FAILED);
    assert_int_equal(failed.gates_left, 0);
}

/* ---- answers that are none */

static void only_the_recipient_answers(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);
    uint64_t dependant = send_after(world, ASK, &first, UNTIL_RESULT);

    struct command own = world_submit(world, WARD, "", KIND_RESULT);        /* its own sender */
    own.submit.parent = antecedent;
    (void)world_accept(world, &own);
    struct command astray = world_submit(world, SAFE, WARD2, KIND_RESULT);  /* to somebody else */
    astray.submit.parent = antecedent;
    (void)world_accept(world, &astray);
    (void)answer(world, SAFE, antecedent, KIND_PROGRESS);                   /* no answer yet */
    assert_int_equal(world_handoff(world, antecedent).answer, 0);
    assert_int_equal(world_state(world, dependant), STATE_HELD);
}

static void a_result_is_not_taken_back(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t antecedent = world_accept(world, &first);

    (void)answer(world, SAFE, antecedent, KIND_RESULT);
    (void)answer(world, SAFE, antecedent, KIND_REFUSAL);
    assert_int_equal(world_handoff(world, antecedent).answer, ANSWER_RESULT);
    assert_int_equal(world_state(world, send_after(world, ASK, &first, UNTIL_RESULT)), STATE_READY);
}

static void replies_go_to_the_other_side(void **state)
{
    struct world *world = *state;
    uint64_t first = world_send(world, WARD, SAFE, KIND_FORWARD);
    uint64_t request = answer(world, SAFE, first, KIND_SUPPLEMENT_REQUEST);
    struct handoff forward = world_handoff(world, first), back = world_handoff(world, request);

    assert_int_equal(back.recipient, forward.sender);
    struct command supplement = world_submit(world, WARD, "", KIND_SUPPLEMENT);
    supplement.submit.parent = request;
    assert_int_equal(world_handoff(world, world_accept(world, &supplement)).recipient, forward.recipient);
    supplement = world_submit(world, WARD, "", KIND_SUPPLEMENT);
    supplement.submit.parent = first;
    assert_int_equal(world_handoff(world, world_accept(world, &supplement)).recipient, forward.recipient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(results_open_gates_and_become_inputs), WORLD(delivered_is_enough_where_it_says_so),
        WORLD(the_antecedent_may_come_later), WORLD(a_held_one_has_no_place_yet), WORLD(circles_are_refused),
        WORLD(chains_have_a_bound), WORLD(many_may_wait_for_one_but_not_more),
        WORLD(a_no_fails_those_that_wait_for_the_result), WORLD(a_refused_outcome_does_so_too),
        WORLD(a_withdrawn_antecedent_fails_all_its_dependants), WORLD(a_failed_antecedent_is_waited_for),
        WORLD(what_never_comes_is_not_waited_for_for_ever), WORLD(only_the_recipient_answers),
        WORLD(a_result_is_not_taken_back), WORLD(replies_go_to_the_other_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
