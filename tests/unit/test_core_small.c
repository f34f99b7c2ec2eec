/* Notices and their cursor, tracking, checkpoints, cursors, directories, and the chain that explain tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/core.h"
#include "tests/unit/core_operator.h"

/* ---- notices */

static struct command notify(struct world *world, const char *agency, uint32_t most)
{
    struct command command = { .kind = COMMAND_NOTIFY, .session = 5, .agency = world_agency(world, agency) };
    command.notify = (struct notify){ .from_cursor = true, .most = most };
    return command;
}

static void acknowledge(struct world *world, const char *agency, uint64_t event)
{
    struct command command = { .kind = COMMAND_NOTICE_ACK, .agency = world_agency(world, agency),
                               .acknowledged = event };
    world_run(world, &command);
}

static void notices_until_acknowledged(void **state)
{
    struct world *world = *state;
    struct command command = notify(world, WARD, NOTIFY_MAX + 1);
    uint64_t last = 0;

    for (unsigned i = 0; i < NOTIFY_MAX + 6; i++)
        assert_int_equal(world_try(world, operator_send(world, SAFE, i), VERDICT_DELIVERED), STATE_DELIVERED);
    for (int twice = 0; twice < 2; twice++) {
        world_run(world, &command);
        assert_false(world->end.wrote);
        assert_int_equal(world_count(world, EFFECT_NOTICE), NOTIFY_MAX);        /* the bound, not what was asked */
        const struct effect *end = &world->effects.list[world->effects.count - 1];
        assert_int_equal(end->kind, EFFECT_NOTIFIED);
        assert_int_equal(end->notified.count, NOTIFY_MAX);
        assert_int_equal(end->notified.asked, NOTIFY_MAX);
        last = end->notified.last;
        assert_int_equal(world_effect(world, EFFECT_NOTICE, NOTIFY_MAX - 1)->notice.event_seq, last);
    }
    acknowledge(world, WARD, last);
    assert_true(world->end.wrote);
    acknowledge(world, WARD, last);
    assert_false(world->end.wrote);
    acknowledge(world, WARD, last - 1);
    assert_false(world->end.wrote);
    world_run(world, &command);
    assert_int_equal(world_count(world, EFFECT_NOTICE), 6);
    const struct notice_view *notice = &world_effect(world, EFFECT_NOTICE, 0)->notice;
    assert_true(notice->event_seq > last);
    assert_string_equal(notice->recipient, SAFE);
    assert_int_equal(notice->event.to, STATE_DELIVERED);

    command.notify.from_cursor = false;
    command.notify.after = world_effect(world, EFFECT_NOTICE, 4)->notice.event_seq;
    world_run(world, &command);
    assert_int_equal(world_count(world, EFFECT_NOTICE), 1);
    acknowledge(world, WARD, 1u << 30);
    assert_int_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->type, PROBLEM_INVALID_FIELD);
}

static void a_notice_says_what_was_said_then(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);

    assert_int_equal(world_offer(world, SAFE, 1), 1);
    struct command outcome = world_outcome(SAFE, id, 1, VERDICT_BAD_DATA);
    memcpy(outcome.outcome.field, "ngay_sinh", 10);
    assert_int_equal(world_say(world, &outcome), STATE_FAILED);
    operator_do(world, "replay", id);
    struct command command = notify(world, WARD, 9);
    world_run(world, &command);
    const struct notice_view *notice = &world_effect(world, EFFECT_NOTICE, 0)->notice;
    assert_int_equal(notice->event.to, STATE_FAILED);
    assert_int_equal(notice->handoff.state, STATE_READY);
    assert_string_equal(notice->field, "ngay_sinh");
    assert_string_equal(notice->reason, "an answer");
    assert_int_equal(world_effect(world, EFFECT_NOTICE, 1)->notice.event.cause, CAUSE_REPLAYED);
}

/* ---- tracking */

static struct command track(struct world *world, const char *agency, const char *code)
{
    struct command command = { .kind = COMMAND_TRACK, .agency = world_agency(world, agency) };
    assert_true(span_to_string(span_of_string(code), command.track.code, sizeof command.track.code));
    return command;
}

static void tracked_by_whom_it_concerns(void **state)
{
    struct world *world = *state;
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD), command;

    memcpy(submit.submit.aliases[0], "SECOND-NAME", 12);
    submit.submit.alias_count = 1;
    uint64_t first = world_accept(world, &submit);
    uint64_t second = world_send(world, WARD, ASK, KIND_FORWARD);
    command = track(world, WARD, "SECOND-NAME");
    world_run(world, &command);
    const struct effect *found = world_effect(world, EFFECT_FOUND, 0);
    assert_non_null(found);
    assert_string_equal(found->found.dossier_code, DOSSIER);
    assert_int_equal(found->found.count, 2);
    assert_int_equal(found->found.handoffs[0].handoff.id, first);
    assert_int_equal(found->found.handoffs[1].handoff.id, second);
    assert_int_equal(found->found.handoffs[0].event_count, 0);
    assert_false(found->found.more);

    command = track(world, ASK, DOSSIER);                   /* only what it receives itself */
    world_run(world, &command);
    assert_int_equal(world_effect(world, EFFECT_FOUND, 0)->found.count, 1);

    command = track(world, ONCE, DOSSIER);
    world_run(world, &command);
    char foreign[320], unknown[320];
    memcpy(foreign, world_effect(world, EFFECT_REFUSED, 0)->refused.problem->sentence_en, sizeof foreign);
    command = track(world, ONCE, "H29.1-260302-9999");
    world_run(world, &command);
    memcpy(unknown, world_effect(world, EFFECT_REFUSED, 0)->refused.problem->sentence_en, sizeof unknown);
    assert_int_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->type, PROBLEM_UNKNOWN_DOSSIER);
    memcpy(strstr(unknown, "9999"), "0001", 4);
    assert_string_equal(foreign, unknown);                  /* the answer does not tell which of the two it is */
}

static void a_long_dossier_is_cut(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < PAGE_MAX + 2; i++)
        world_send(world, WARD, SAFE, KIND_SUPPLEMENT);
    struct command command = track(world, WARD, DOSSIER);
    world_run(world, &command);
    const struct effect *found = world_effect(world, EFFECT_FOUND, 0);
    assert_int_equal(found->found.count, PAGE_MAX);
    assert_true(found->found.more);
}

/* ---- checkpoints, cursors */

static const struct effect *checkpoint(struct world *world, const char *agency, uint64_t id, uint32_t attempt,
                                       size_t size)
{
    static uint8_t bytes[CHECKPOINT_BYTES_MAX + 1];
    struct command command = { .kind = COMMAND_CHECKPOINT, .agency = world_agency(world, agency) };
    command.checkpoint = (struct checkpoint){ id, attempt, { bytes, size } };
    world_run(world, &command);
    assert_int_equal(world->effects.count, 1);
    return world->effects.list;
}

static void checkpoint_of_the_open_attempt(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);

    assert_false(checkpoint(world, SAFE, id, 1, 8)->checkpoint_ack.kept);       /* not offered yet */
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(checkpoint(world, ASK, id, 1, 8)->refused.problem->type, PROBLEM_UNKNOWN_HANDOFF);
    assert_int_equal(checkpoint(world, SAFE, id + 1, 1, 8)->refused.problem->type, PROBLEM_UNKNOWN_HANDOFF);
    assert_int_equal(checkpoint(world, SAFE, id, 1, CHECKPOINT_BYTES_MAX + 1)->refused.problem->type,
                     PROBLEM_TOO_LARGE);
    assert_false(checkpoint(world, SAFE, id, 2, 8)->checkpoint_ack.kept);
    assert_false(world->end.wrote);
    assert_true(checkpoint(world, SAFE, id, 1, CHECKPOINT_BYTES_MAX)->checkpoint_ack.kept);
    assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.checkpoint.size, CHECKPOINT_BYTES_MAX);
    assert_true(checkpoint(world, SAFE, id, 2, 0)->checkpoint_ack.kept);        /* forgets it */
    assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.checkpoint.size, 0);
}

static const struct effect *cursor(struct world *world, struct cursor_set set)
{
    struct command command = { .kind = COMMAND_CURSOR, .agency = world_agency(world, WARD), .cursor = set };
    world_run(world, &command);
    assert_int_equal(world->effects.count, 1);
    return world->effects.list;
}

static void cursor_bounds_and_compare(void **state)
{
    static const uint8_t large[CURSOR_VALUE_BYTES_MAX + 1];
    static const char name[] = "registerregisterregisterregisterregisterregisterregisterregister";
    struct world *world = *state;
    struct span good = span_of_string("register"), one = span_of_string("1"), two = span_of_string("2"), none = { 0 };
    struct span long_name = span_of_string(name), odd = span_of_string("\xFF");

    _Static_assert(sizeof name == CURSOR_NAME_SIZE + 1, "one too many");
    assert_int_equal(cursor(world, (struct cursor_set){ none, one, none, true })->refused.problem->type,
                     PROBLEM_INVALID_FIELD);
    assert_int_equal(cursor(world, (struct cursor_set){ long_name, one, none, true })->refused.problem->type,
                     PROBLEM_INVALID_FIELD);
    assert_int_equal(cursor(world, (struct cursor_set){ odd, one, none, true })->refused.problem->type,
                     PROBLEM_INVALID_FIELD);
    assert_int_equal(cursor(world, (struct cursor_set){ good, span_of(large, sizeof large), none, true })
                         ->refused.problem->type, PROBLEM_TOO_LARGE);
    assert_int_equal(cursor(world, (struct cursor_set){ good, none, none, false })->cursor_ack.value.size, 0);
    assert_int_equal(cursor(world, (struct cursor_set){ good, two, one, true })->refused.problem->type,
                     PROBLEM_CURSOR_MOVED);
    assert_false(world->end.wrote);
    assert_true(span_equal(cursor(world, (struct cursor_set){ good, one, none, true })->cursor_ack.value, one));
    assert_int_equal(cursor(world, (struct cursor_set){ good, two, none, true })->refused.problem->type,
                     PROBLEM_CURSOR_MOVED);
    assert_true(span_equal(cursor(world, (struct cursor_set){ good, two, one, true })->cursor_ack.value, two));
    assert_true(span_equal(cursor(world, (struct cursor_set){ good, none, none, false })->cursor_ack.value, two));
    assert_true(span_equal(world->effects.list->cursor_ack.name, good));
}

/* ---- directories */

static void count_agencies(struct turn *turn, void *context)
{
    char code[AGENCY_CODE_SIZE];
    unsigned *count = context;
    while (turn_agency_code(turn, *count + 1, code))
        ++*count;
}

static void directory_once(void **state)
{
    struct world *world = *state;
    struct tables next = world->tables;
    struct command command = { .kind = COMMAND_DIRECTORY,
                               .directory = { .tables = &next, .bytes = span_of_string("bytes"), .uid = 0 } };
    unsigned agencies = 0;

    next.hash = hash_of(span_of_string("bytes"));
    world_run(world, &command);
    assert_true(world->end.wrote);
    assert_int_equal(world->effects.count, 0);
    world_read(world, count_agencies, &agencies);
    assert_int_equal(agencies, WORLD_AGENCIES);
    world_run(world, &command);
    assert_false(world->end.wrote);
    assert_int_equal(operator_number(operator_do(world, "status", 0), "directory_version"), 1);
    next.hash = hash_of(span_of_string("other"));
    command.directory.bytes = span_of_string("other");
    world_run(world, &command);
    assert_int_equal(operator_number(operator_do(world, "status", 0), "directory_version"), 2);
}

/* ---- explain */

/* One action, the last line; each line in both languages. */
static const struct advice *explained(struct world *world, uint64_t id, const struct admin_reply **ret_reply)
{
    const struct admin_reply *reply = operator_do(world, "explain", id);
    unsigned actions = 0;

    assert_false(world->end.wrote);
    assert_in_range(reply->advice_count, 2, ADVICE_MAX - 8);        /* the broker adds its own */
    for (uint32_t i = 0; i < reply->advice_count; i++) {
        assert_true(reply->advice[i].vi[0] && reply->advice[i].en[0]);
        actions += reply->advice[i].action;
    }
    assert_int_equal(actions, 1);
    *ret_reply = reply;
    return &reply->advice[reply->advice_count - 1];
}

static void explain_ends_with_one_action(void **state)
{
    struct world *world = *state;
    const struct admin_reply *reply;
    uint64_t first = operator_send(world, SAFE, 1), second = operator_send(world, SAFE, 1);

    assert_non_null(strstr(explained(world, first, &reply)->en, "Nothing to do"));
    assert_true(reply->explained_waits);
    assert_int_equal(reply->explained_agency, world_handoff(world, first).recipient);
    world_offer(world, SAFE, 1);
    assert_non_null(strstr(explained(world, second, &reply)->en, "takes it back"));
    assert_false(reply->explained_waits);
    struct command outcome = world_outcome(SAFE, first, 1, VERDICT_LATER);
    world_say(world, &outcome);
    assert_non_null(strstr(explained(world, second, &reply)->en, "sent again by itself"));
    operator_do(world, "hold", first);
    assert_non_null(strstr(explained(world, second, &reply)->en, "lienthong release"));
    assert_int_equal(reply->advice_count, 5);
    operator_do(world, "close", first);
    assert_non_null(strstr(explained(world, first, &reply)->en, "it has ended"));
    assert_non_null(strstr(explained(world, second, &reply)->vi, "Không cần làm gì"));
}

/* Each waits for the one before; what is really stuck is far away. */
static void explain_goes_only_so_far(void **state)
{
    struct world *world = *state;
    const struct admin_reply *reply;
    struct uuid before = { 0 };
    uint64_t id = 0;

    for (int i = 0; i < 8; i++) {
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        if (i)
            world_after(&submit, &before, UNTIL_RESULT);
        before = submit.submit.message_id;
        id = world_accept(world, &submit);
    }
    assert_non_null(strstr(explained(world, id, &reply)->en, "Go on from there: lienthong explain"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WORLD(notices_until_acknowledged), WORLD(a_notice_says_what_was_said_then), WORLD(tracked_by_whom_it_concerns),
        WORLD(a_long_dossier_is_cut), WORLD(checkpoint_of_the_open_attempt), WORLD(cursor_bounds_and_compare),
        WORLD(directory_once), WORLD(explain_ends_with_one_action), WORLD(explain_goes_only_so_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
