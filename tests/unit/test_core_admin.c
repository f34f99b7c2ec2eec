/* What operators ask: verbs, lists and their pages, groups, facts; and what they must say with an act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/advice.h"
#include "gateway/core/verb.h"
#include "tests/unit/core_operator.h"

enum { MANY = 300 };

static void every_verb_has_its_row(void **state)
{
    (void)state;
    for (unsigned verb = 1; verb < VERB_END; verb++) {
        const struct verb_info *info = &verb_infos[verb];
        assert_non_null(info->name);
        assert_int_equal(verb_read(info->name), verb);
        assert_true(info->help_vi[0] && info->help_en[0] && info->takes);
    }
    assert_int_equal(verb_read("explode"), 0);
    assert_int_equal(verb_read(""), 0);
    assert_true(verb_infos[VERB_REPLAY].acts && verb_infos[VERB_HOLD].acts && !verb_infos[VERB_EXPLAIN].acts);
}

static void every_word_has_two_languages(void **state)
{
    (void)state;
    for (enum fail_class fail_class = 1; fail_class < FAIL_CLASS_END; fail_class++) {
        assert_string_not_equal(fail_class_meaning(fail_class).vi, fail_class_meaning(fail_class).en);
        assert_string_not_equal(fail_class_next_step(fail_class, true), fail_class_next_step(fail_class, false));
        assert_string_equal(fail_class_next_step(fail_class, true), fail_class_next(fail_class).vi);
    }
    for (enum state s = 1; s < STATE_END; s++)
        assert_string_not_equal(state_words(s).vi, state_words(s).en);
    for (enum verdict verdict = 1; verdict < VERDICT_END; verdict++)
        assert_string_not_equal(verdict_words(verdict).vi, verdict_words(verdict).en);
    assert_string_equal(fail_class_next_step(0, true), "?");
    assert_string_equal(fail_class_next_step(FAIL_CLASS_END, false), "?");
    assert_string_equal(state_words(STATE_END).en, "?");
    assert_string_equal(verdict_words(0).vi, "?");
}

static void acts_need_a_reason(void **state)
{
    static const char *const acts[] = { "replay", "close", "redirect", "hold", "release" };
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct command command = operator_command(acts[i], id);
        memcpy(command.admin.reason, " \t ", 4);
        assert_int_equal(operator_refusal(world, &command), PROBLEM_REASON_MISSING);
        memcpy(command.admin.reason, "\xC3\x28", 3);
        assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);
    }
    struct command unknown = operator_command("explode", id);
    assert_int_equal(operator_refusal(world, &unknown), PROBLEM_INVALID_FIELD);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct command command = operator_command(acts[i], id + 1);
        assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_HANDOFF);
    }
}

static void reason_and_case_are_kept(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);
    struct command command = operator_command("hold", id);
    char detail[REASON_BYTES_MAX + 1];

    memcpy(command.admin.case_number, "SC-12", 6);
    assert_null(operator_ask(world, &command)->refused);
    world_detail(world, id, detail);
    assert_string_equal(detail, "SC-12: because");
    assert_int_equal(world_last_event(world, id).actor_uid, 1001);

    command = operator_command("release", id);
    memset(command.admin.reason, 'x', REASON_BYTES_MAX);
    memset(command.admin.case_number, '7', sizeof command.admin.case_number - 1);
    assert_null(operator_ask(world, &command)->refused);
    world_detail(world, id, detail);
    assert_int_equal(strlen(detail), REASON_BYTES_MAX);
    assert_int_equal(strncmp(detail, "7777", 4), 0);
}

/* All pages of `command`, ids rising; every page but the last is full of what it may hold and says where to go on. */
static unsigned read_pages(struct world *world, struct command command, uint64_t *ret_ids, unsigned *ret_pages)
{
    unsigned count = 0;

    for (*ret_pages = 1;; ++*ret_pages) {
        const struct admin_reply *reply = operator_ask(world, &command);
        assert_null(reply->refused);
        assert_false(world->end.wrote);
        for (uint32_t i = 0; i < reply->handoff_count; i++) {
            assert_true(!count || reply->handoffs[i].handoff.id > ret_ids[count - 1]);
            ret_ids[count++] = reply->handoffs[i].handoff.id;
        }
        if (!reply->more)
            return count;
        assert_true(reply->handoff_count > 0 && *ret_pages < 100);
        command.admin.after = operator_number(reply, "next_after");
    }
}

static void list_comes_in_pages(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("list", 0);
    uint64_t ids[MANY + 1];
    unsigned pages;

    for (unsigned i = 0; i < MANY; i++)
        operator_send(world, i % 3 ? SAFE : ASK, i);
    assert_int_equal(read_pages(world, command, ids, &pages), MANY);
    assert_int_equal(pages, 2);
    memcpy(command.admin.filter.agency, ASK, sizeof ASK);
    assert_int_equal(read_pages(world, command, ids, &pages), MANY / 3);
    assert_int_equal(pages, 1);
    command.admin.limit = 30;
    assert_int_equal(read_pages(world, command, ids, &pages), MANY / 3);
    assert_int_equal(pages, 4);
    command.admin.filter.state = STATE_UNSURE;
    assert_int_equal(read_pages(world, command, ids, &pages), 0);
    memcpy(command.admin.filter.dossier_code, "D-00003", 8);
    command.admin.filter.state = 0;
    assert_int_equal(read_pages(world, command, ids, &pages), 1);

    memcpy(command.admin.filter.dossier_code, "D-x", 4);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_DOSSIER);
    memcpy(command.admin.filter.agency, "nobody", 7);
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_AGENCY);
    command.admin.filter.state = STATE_END;
    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);
    command.admin.filter.state = STATE_READY;
    command.admin.filter.fail_class = FAIL_ADAPTER;
    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);
}

static void failures_in_groups_and_members(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("failed", 0);
    uint64_t ids[16];
    unsigned pages;

    /* Members of two groups of one agency by turns, and one of another agency. */
    for (unsigned i = 0; i < 9; i++)
        operator_send_failing(world, SAFE, i, i % 3 ? "http-503" : "http-429");
    operator_send_failing(world, ASK, 99, "http-503");
    const struct admin_reply *reply = operator_ask(world, &command);
    assert_int_equal(reply->group_count, 3);
    assert_int_equal(reply->handoff_count, 0);
    assert_int_equal(reply->groups[0].group.count + reply->groups[1].group.count, 9);
    assert_string_equal(reply->groups[0].sample_reason, "an answer");
    assert_string_equal(reply->groups[2].recipient, ASK);
    assert_int_equal(reply->groups[2].fail_class, FAIL_EXHAUSTED);
    assert_false(reply->more);

    command.admin.limit = 2;
    reply = operator_ask(world, &command);
    assert_int_equal(reply->group_count, 2);
    assert_true(reply->more);
    command.admin.after = operator_number(reply, "next_after");
    reply = operator_ask(world, &command);
    assert_int_equal(reply->group_count, 1);
    assert_false(reply->more);

    command.admin.after = 0;
    memcpy(command.admin.filter.agency, SAFE, sizeof SAFE);
    assert_int_equal(read_pages(world, command, ids, &pages), 9);
    assert_int_equal(pages, 5);
    memcpy(command.admin.filter.fingerprint, "http-429", 9);
    assert_int_equal(read_pages(world, command, ids, &pages), 3);
    command.admin.filter.agency[0] = 0;
    memcpy(command.admin.filter.fingerprint, "http-503", 9);
    assert_int_equal(read_pages(world, command, ids, &pages), 7);
    command.admin.filter.fail_class = FAIL_BAD_DATA;
    assert_int_equal(read_pages(world, command, ids, &pages), 0);
}

static void status_adds_up(void **state)
{
    struct world *world = *state;

    operator_send_failing(world, SAFE, 1, "http-503");
    world->now_ms += 1000;
    operator_send_failing(world, ASK, 2, "http-503");
    operator_send(world, SAFE, 3);
    operator_send(world, SAFE, 4);
    uint64_t last = world->end.seq;
    const struct admin_reply *reply = operator_do(world, "status", 0);
    assert_int_equal(operator_number(reply, "handoffs"), 4);
    assert_int_equal(operator_number(reply, "handoffs_ready"), 2);
    assert_int_equal(operator_number(reply, "handoffs_failed"), 2);
    assert_int_equal(operator_number(reply, "failed_groups"), 2);
    assert_int_equal(operator_number(reply, "commit_seq"), last);
    assert_int_equal(operator_number(reply, "epoch"), 1);
    assert_int_equal(operator_number(reply, "covered_seq"), 0);
    assert_string_equal(operator_fact(reply, "gateway"), "gw-test");
    assert_string_equal(operator_fact(reply, "room"), "yes");
    assert_string_not_equal(operator_fact(reply, "oldest_failed"), "");
    assert_true(reply->fact_count + 8 < FACTS_MAX);             /* the broker adds its own */
    assert_false(world->end.wrote);
}

static void agencies_with_counts(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("agencies", 0);
    unsigned seen = 0, ready = 0;

    operator_send(world, SAFE, 1);
    operator_send(world, ASK, 2);
    world->now_ms += 5000;
    operator_send(world, SAFE, 3);
    command.admin.limit = 2;
    for (;;) {
        const struct admin_reply *reply = operator_ask(world, &command);
        for (uint32_t i = 0; i < reply->agency_count; i++, seen++) {
            const struct agency_view *view = &reply->agencies[i];
            ready += (unsigned)view->counts[STATE_READY];
            if (strcmp(view->code, SAFE) == 0) {
                assert_int_equal(view->agency_class, CLASS_IDEMPOTENT);
                assert_int_equal(view->counts[STATE_READY], 2);
                assert_int_equal(view->oldest_ready_ms, world->now_ms - 5000);
            }
        }
        if (!reply->more)
            break;
        command.admin.after = operator_number(reply, "next_after");
    }
    assert_int_equal(seen, 3);                                  /* a ward and two sectors have been heard of */
    assert_int_equal(ready, 3);
}

static void show_ends_with_the_newest(void **state)
{
    struct world *world = *state;
    uint64_t id = operator_send(world, SAFE, 1);
    struct command command = operator_command("show", id);

    for (int i = 0; i < 6; i++) {
        operator_do(world, "hold", id);
        operator_do(world, "release", id);
    }
    const struct admin_reply *reply = operator_ask(world, &command);
    assert_int_equal(reply->handoff_count, 1);
    const struct handoff_view *view = reply->handoffs;
    assert_int_equal(view->event_count, 13);
    assert_false(reply->more);
    assert_int_equal(view->events[0].event.cause, CAUSE_ACCEPTED);
    assert_string_equal(view->events[0].actor, WARD);
    assert_string_equal(view->events[12].actor, "uid:1000");
    assert_string_equal(view->events[12].detail, "because");
    for (uint32_t i = 1; i < view->event_count; i++)
        assert_true(view->events[i].event.seq > view->events[i - 1].event.seq);
    uint64_t middle = view->events[9].event.seq;

    command.admin.limit = 3;
    reply = operator_ask(world, &command);
    assert_int_equal(reply->handoffs->event_count, 3);
    assert_true(reply->more);
    assert_int_equal(reply->handoffs->events[2].event.cause, CAUSE_RELEASE);
    command.admin.after = middle;
    reply = operator_ask(world, &command);
    assert_int_equal(reply->handoffs->event_count, 3);
    assert_false(reply->more);
    assert_false(world->end.wrote);
}

static void backup_never_covers_less(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("backup-end", 0);

    operator_send(world, SAFE, 1);
    uint64_t first = world->end.seq;
    operator_send(world, SAFE, 2);
    command.admin.reason[0] = 0;
    command.admin.covered_seq = first + 1;
    assert_int_equal(operator_number(operator_ask(world, &command), "covered_seq"), first + 1);
    command.admin.covered_seq = first;
    assert_int_equal(operator_number(operator_ask(world, &command), "covered_seq"), first + 1);
    command.admin.covered_seq = world->end.seq + 1;
    assert_int_equal(operator_refusal(world, &command), PROBLEM_INVALID_FIELD);
    assert_int_equal(operator_number(operator_do(world, "backup-begin", 0), "covered_seq"), first + 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_has_its_row), cmocka_unit_test(every_word_has_two_languages),
        WORLD(acts_need_a_reason), WORLD(reason_and_case_are_kept), WORLD(list_comes_in_pages),
        WORLD(failures_in_groups_and_members), WORLD(status_adds_up), WORLD(agencies_with_counts),
        WORLD(show_ends_with_the_newest), WORLD(backup_never_covers_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
