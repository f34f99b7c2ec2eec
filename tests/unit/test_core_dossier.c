/* What handoffs tell of their dossier, where the stories (tests/trace/dossier_*.trace) would be long: records that come
 * late, chains, bounds, what stops and starts the clock, what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/due_date.h"
#include "tests/unit/core_operator.h"

/* ---- looking */

struct look { const char *code; struct dossier dossier; bool there; };

static void look_at(struct turn *turn, void *context)
{
    struct look *look = context;
    uint64_t id = turn_dossier_find(turn, span_of_string(look->code));
    look->there = id && turn_dossier(turn, id, &look->dossier);
}

static bool is_known(struct world *world, const char *code)
{
    struct look look = { .code = code };
    world_read(world, look_at, &look);
    return look.there;
}

static struct dossier dossier_of(struct world *world, const char *code)
{
    struct look look = { .code = code };
    world_read(world, look_at, &look);
    assert_true(look.there);
    return look.dossier;
}

struct money_look { const char *component; struct money money; bool there; };

static void look_at_money(struct turn *turn, void *context)
{
    struct money_look *look = context;
    look->there = turn_money(turn, turn_dossier_find(turn, span_of_string(DOSSIER)), look->component, &look->money);
}

static struct money money_of(struct world *world, const char *component)
{
    struct money_look look = { .component = component };
    world_read(world, look_at_money, &look);
    assert_true(look.there);
    return look.money;
}

/* ---- telling */

static struct facts told;

static struct command say(struct world *world, const char *from, const char *to, enum kind kind, uint64_t parent,
                          enum status status)
{
    struct command command = world_submit(world, from, to, kind);
    told = (struct facts){ .status = status };
    command.submit.parent = parent;
    command.submit.facts = status ? &told : NULL;
    return command;
}

static uint64_t tell(struct world *world, const char *from, const char *to, enum kind kind, uint64_t parent,
                     enum status status)
{
    struct command command = say(world, from, to, kind, parent, status);
    return world_accept(world, &command);
}

static uint64_t forward(struct world *world, const char *from, const char *to, enum status status)
{
    uint64_t id = tell(world, from, to, KIND_FORWARD, 0, status);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    return id;
}

/* ---- the tests */

static void what_says_nothing_leaves_nothing(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, WARD, SAFE, 0);

    assert_false(is_known(world, DOSSIER));
    (void)tell(world, SAFE, WARD, KIND_RESULT, id, 0);
    (void)tell(world, WARD, SAFE, KIND_WITHDRAWAL, 0, 0);
    (void)tell(world, WARD, SAFE, KIND_RECALL, 0, 0);
    assert_false(is_known(world, DOSSIER));
    assert_int_equal(world_handoff(world, id).flags & (HANDOFF_BRANCH | HANDOFF_RECEIVED), HANDOFF_RECEIVED);
}

/* The first word comes when it has been on its way for long: what was handed off before belongs to it. */
static void a_record_that_comes_late(void **state)
{
    struct world *world = *state;
    uint64_t first = forward(world, WARD, SAFE, 0), second = forward(world, WARD, ASK, 0);

    (void)tell(world, ASK, WARD, KIND_RESULT, second, 0);
    (void)tell(world, SAFE, WARD, KIND_PROGRESS, first, STATUS_IN_PROCESS);
    struct dossier dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.branch_count, 2);
    assert_int_equal(dossier.branches[0].handoff, first);
    assert_int_equal(dossier.branches[0].line.status, STATUS_IN_PROCESS);
    assert_int_equal(dossier.branches[1].flags, BRANCH_ENDED | BRANCH_HAS_RESULT);
    assert_int_equal(dossier.line.status, STATUS_IN_PROCESS);
    assert_true(world_handoff(world, first).flags & HANDOFF_BRANCH);
}

/* A portal to a one-stop, which forwards it: who stands in the middle has it again once the other has answered. */
static void passed_on_and_back(void **state)
{
    struct world *world = *state;
    uint64_t first = forward(world, WARD, SAFE, STATUS_REGISTERED);
    uint64_t second = forward(world, SAFE, WARD2, STATUS_ACCEPTED);
    struct dossier dossier = dossier_of(world, DOSSIER);

    assert_int_equal(dossier.branches[0].flags, BRANCH_PASSED_ON);
    assert_int_equal(dossier.owner, world_handoff(world, second).recipient);
    (void)tell(world, WARD2, SAFE, KIND_PROGRESS, second, STATUS_IN_PROCESS);
    assert_int_equal(dossier_of(world, DOSSIER).line.status, STATUS_IN_PROCESS);
    (void)tell(world, WARD2, SAFE, KIND_RESULT, second, 0);
    dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.line.status, STATUS_DONE);                 /* a RESULT says so by its kind */
    assert_int_equal(dossier.branches[0].flags, 0);
    assert_int_equal(dossier.owner, world_handoff(world, first).recipient);
    (void)tell(world, SAFE, WARD, KIND_RESULT, first, STATUS_RETURNED);
    dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.line.status, STATUS_RETURNED);
    assert_int_equal(dossier.owner, dossier.opener);
}

static void a_correction_takes_its_branch(void **state)
{
    struct world *world = *state;
    uint64_t wrong = tell(world, WARD, SAFE, KIND_FORWARD, 0, STATUS_ACCEPTED);

    assert_int_equal(world_try(world, wrong, VERDICT_BAD_DATA), STATE_FAILED);
    uint64_t right = tell(world, WARD, SAFE, KIND_FORWARD, wrong, 0);
    struct dossier dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.branch_count, 1);
    assert_int_equal(dossier.branches[0].handoff, right);
}

static void withdrawn_by_its_kind(void **state)
{
    struct world *world = *state;
    (void)forward(world, WARD, SAFE, STATUS_ACCEPTED);
    (void)tell(world, WARD, SAFE, KIND_WITHDRAWAL, 0, 0);
    assert_int_equal(dossier_of(world, DOSSIER).line.status, STATUS_WITHDRAWN);
    /* By its kind alone: what does not apply is not even counted. */
    (void)tell(world, ASK, WARD, KIND_FINANCIAL_OBLIGATION, 0, 0);
    assert_int_equal(dossier_of(world, DOSSIER).kept, 0);
    (void)tell(world, ASK, WARD, KIND_FINANCIAL_OBLIGATION, 0, STATUS_PAYMENT);
    assert_int_equal(dossier_of(world, DOSSIER).kept, 1);
}

/* The clock stands from the request until the one-stop has the answer, not until somebody looks at it. */
static void the_answer_starts_the_clock(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, WARD, SAFE, STATUS_ACCEPTED);
    struct command command;

    uint64_t request = tell(world, SAFE, WARD, KIND_SUPPLEMENT_REQUEST, id, 0);
    struct dossier dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.pause_count, 1);
    assert_int_equal(dossier.pauses[0].to_ms, 0);
    (void)world_pass(world, DAY_MS);
    command = say(world, WARD, SAFE, KIND_SUPPLEMENT, request, 0);
    command.submit.source_time_ms = world->now_ms - MINUTE_MS;
    (void)world_accept(world, &command);
    dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.pauses[0].to_ms, world->now_ms - MINUTE_MS);
    assert_int_equal(dossier.line.status, STATUS_SUPPLEMENT);
    (void)world_pass(world, DAY_MS);
    (void)tell(world, SAFE, WARD, KIND_SUPPLEMENT_REQUEST, id, 0);
    assert_int_equal(dossier_of(world, DOSSIER).pause_count, 2);
}

static void everything_is_bounded(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, WARD, SAFE, STATUS_ACCEPTED);

    for (int i = 0; i < PAUSES_MAX + 3; i++) {
        (void)world_pass(world, MINUTE_MS);
        (void)tell(world, SAFE, WARD, KIND_PROGRESS, id, STATUS_SUPPLEMENT);
        (void)world_pass(world, MINUTE_MS);
        (void)tell(world, SAFE, WARD, KIND_PROGRESS, id, STATUS_IN_PROCESS);
    }
    struct dossier dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.pause_count, PAUSES_MAX);
    assert_int_equal(dossier.pauses_lost, 3);
    for (int i = 0; i < BRANCHES_MAX + 1; i++)
        (void)tell(world, WARD, ONCE, KIND_FORWARD, 0, 0);
    dossier = dossier_of(world, DOSSIER);
    assert_int_equal(dossier.branch_count, BRANCHES_MAX);
    assert_int_equal(dossier.branches_lost, 2);
    assert_int_equal(dossier.line.status, STATUS_IN_PROCESS);
}

static struct command owe(struct world *world, struct facts_money *money, uint32_t count)
{
    struct command command = say(world, ASK, WARD, KIND_FINANCIAL_OBLIGATION, 0, STATUS_PAYMENT);
    told.money = money;
    told.money_count = count;
    return command;
}

static void money_beside_it(void **state)
{
    struct world *world = *state;
    struct facts_money money[MONEY_MAX] = { { "LP", 8000, 0 }, { "LPTB", 5, 5 } };
    char component[MONEY_CODE_SIZE];
    struct command command = owe(world, money, 2);

    (void)world_accept(world, &command);
    assert_int_equal(dossier_of(world, DOSSIER).money_count, 2);
    money[0].paid = 8000;
    command = owe(world, money, 1);
    command.submit.source_time_ms = world->now_ms - DAY_MS;             /* older than what is known */
    (void)world_accept(world, &command);
    assert_int_equal(money_of(world, "LP").paid, 0);
    command = owe(world, money, 1);
    (void)world_accept(world, &command);
    assert_int_equal(money_of(world, "LP").paid, 8000);

    static const char *const wrong[] = { "", "a b", "lệ-phí" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(money[0].component, sizeof money[0].component, "%s", wrong[i]);
        command = owe(world, money, 1);
        assert_int_equal(world_refusal(world, &command), PROBLEM_INVALID_FIELD);
    }
    for (uint32_t at = 2, count; at < DOSSIER_MONEY_MAX; at += count) {
        for (count = 0; count < MONEY_MAX && at + count < DOSSIER_MONEY_MAX; count++) {
            snprintf(component, sizeof component, "C-%u", at + count);
            money[count] = (struct facts_money){ .owed = 1 };
            memcpy(money[count].component, component, sizeof component);
        }
        command = owe(world, money, count);
        (void)world_accept(world, &command);
    }
    memcpy(money[0].component, "TOO-MANY", sizeof "TOO-MANY");
    command = owe(world, money, 1);
    assert_int_equal(world_refusal(world, &command), PROBLEM_INVALID_FIELD);
    memcpy(money[0].component, "LPTB", sizeof "LPTB");
    command = owe(world, money, 1);                                     /* one that is there is still taken */
    (void)world_accept(world, &command);
}

/* ---- records of an older version */

struct older { uint64_t forward; int64_t due_ms; bool behind; struct ending ending; bool ended, measured; };

/* Written as a version did that kept neither how a dossier comes out nor what it counts for. */
static void write_older(struct turn *turn, void *context)
{
    const struct older *older = context;
    struct handoff handoff;

    must(turn_handoff(turn, older->forward, &handoff));
    struct dossier dossier = {
        .id = handoff.dossier, .opener = handoff.sender, .owner = handoff.recipient, .due_ms = older->due_ms,
        .due_source = DUE_ONE_STOP, .due_by = handoff.sender, .branch_count = 1,
        .branches = { { .handoff = handoff.id, .sender = handoff.sender, .holder = handoff.recipient,
                        .delivered_ms = handoff.changed_ms } },
    };
    struct event event = { .at_ms = turn_now_ms(turn), .cause = CAUSE_DUE_RECOMPUTED,
                           .of_dossier = { .dossier = dossier.id, .due_ms = dossier.due_ms,
                                           .due_source = DUE_ONE_STOP } };
    handoff.flags |= HANDOFF_BRANCH;
    turn_handoff_put(turn, &handoff);
    dossier.last_event = turn_event_append(turn, &event, (struct span){ 0 });
    turn_dossier_put(turn, &dossier);
}

static void look_at_older(struct turn *turn, void *context)
{
    struct older *older = context;
    struct handoff handoff;
    struct measure measure;

    must(turn_handoff(turn, older->forward, &handoff));
    older->behind = turn_dossier_behind(turn);
    older->ended = turn_ending(turn, handoff.dossier, &older->ending);
    older->measured = turn_measure(turn, handoff.dossier, &measure);
}

/* A start looks at each once: it counts, and whoever is late with it is asked. */
static void records_of_an_older_version(void **state)
{
    struct world *world = *state;
    struct command start = { .kind = COMMAND_START };
    struct older older = { .due_ms = world->now_ms + 2 * DAY_MS };

    world->tables.late = (struct late_rules){ .ask = { DEADLINE_WORKING_HOURS, 4 }, .brake_per_hour = 60 };
    (void)forward(world, WARD, ASK, STATUS_ACCEPTED);   /* of this version, and another dossier */
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    snprintf(submit.submit.dossier_code, sizeof submit.submit.dossier_code, "H29.1-260302-0009");
    older.forward = world_accept(world, &submit);
    assert_int_equal(world_try(world, older.forward, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)site_turn(world->site, world->now_ms, write_older, &older);
    world_read(world, look_at_older, &older);
    assert_true(older.behind && !older.ended && !older.measured);
    (void)world_pass(world, 60 * MINUTE_MS);
    world_read(world, look_at_older, &older);
    assert_false(older.ended);                          /* nothing has told of it since */

    world_run(world, &start);
    (void)world_pass(world, MINUTE_MS);
    world_read(world, look_at_older, &older);
    assert_true(!older.behind && older.measured && older.ended);
    assert_true(older.ending.timer_ms > world->now_ms && older.ending.timer_ms < older.due_ms);
    world_run(world, &start);                           /* once is enough */
    assert_int_equal(world_pass(world, MINUTE_MS), 0);
    (void)world_pass(world, 2 * DAY_MS);
    world_read(world, look_at_older, &older);
    assert_true(older.ending.apology);
}

/* ---- codes of its own that nobody knows */

static void say_code(struct world *world, uint64_t parent, const char *code)
{
    struct command command = say(world, SAFE, WARD, KIND_PROGRESS, parent, 0);
    told = (struct facts){ 0 };
    snprintf(told.partner_status, sizeof told.partner_status, "%s", code);
    command.submit.facts = &told;
    (void)world_accept(world, &command);
}

static const struct agency_view *agency_of(struct world *world, const char *code)
{
    struct command command = operator_command("agencies", 0);
    snprintf(command.admin.code, sizeof command.admin.code, "%s", code);
    const struct admin_reply *reply = operator_ask(world, &command);
    assert_int_equal(reply->agency_count, 1);
    return &reply->agencies[0];
}

/* Each of so many by itself, the others together; one that a map has by now is none of those to be added. */
static void codes_that_no_map_knows(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, WARD, SAFE, STATUS_ACCEPTED);
    char code[16];

    assert_string_equal(operator_fact(operator_do(world, "status", 0), "unknown_codes"), "");
    for (unsigned i = 0; i < UNKNOWN_CODES_MAX + 3; i++) {
        snprintf(code, sizeof code, "X-%u", i);
        say_code(world, id, code);
        say_code(world, id, code);
    }
    assert_int_equal(agency_of(world, SAFE)->unknown_count, 2 * (UNKNOWN_CODES_MAX + 3));
    assert_string_equal(agency_of(world, SAFE)->unknown_last, UNKNOWN_CODE_OTHERS);
    assert_int_equal(agency_of(world, SAFE)->unknown_codes, UNKNOWN_CODES_MAX + 1);
    assert_int_equal(agency_of(world, SAFE)->unknown[0].unknown.count, 6);      /* "*" comes first */
    say_code(world, id, "X-7");
    assert_string_equal(agency_of(world, SAFE)->unknown_last, "X-7");
    assert_string_equal(operator_fact(operator_do(world, "status", 0), "unknown_codes"),
                        "33, agencies 1: lienthong agencies CODE");
    assert_int_equal(agency_of(world, WARD)->unknown_count, 0);

    static struct status_map map = { .name = "own", .from = { .kind = SELECT_ANY }, .code_count = 1,
                                     .codes = { { "X-7", STATUS_IN_PROCESS, false } } };
    world->tables.status_maps = &map;
    world->tables.status_map_count = 1;
    assert_int_equal(agency_of(world, SAFE)->unknown_count, 2 * (UNKNOWN_CODES_MAX + 2));
    uint32_t known = 0;
    for (uint32_t i = 0; i < agency_of(world, SAFE)->unknown_codes; i++)
        known += agency_of(world, SAFE)->unknown[i].known;
    assert_int_equal(known, 1);
}

/* ---- receipts */

static void receipt_waits_while_time_is_in_doubt(void **state)
{
    struct world *world = *state;
    uint64_t id;

    world->tables.receipt = (struct deadline_rule){ DEADLINE_WORKING_HOURS, 4 };
    id = forward(world, WARD, SAFE, 0);
    world->core.time_in_doubt = true;
    (void)world_pass(world, 10 * DAY_MS);
    assert_false(world_handoff(world, id).flags & HANDOFF_UNRECEIVED);
    world->core.time_in_doubt = false;
    (void)world_pass(world, 2 * MINUTE_MS);
    assert_true(world_handoff(world, id).flags & HANDOFF_UNRECEIVED);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_UNRECEIVED);
    /* A request shows that somebody has it. */
    (void)tell(world, SAFE, WARD, KIND_SUPPLEMENT_REQUEST, id, 0);
    assert_int_equal(world_handoff(world, id).flags & (HANDOFF_UNRECEIVED | HANDOFF_RECEIVED), HANDOFF_RECEIVED);
    (void)world_pass(world, world->tables.purge_after_ms);
    assert_true(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
}

static void unreceived_in_pages(void **state)
{
    struct world *world = *state;
    struct command command = operator_command("unreceived", 0);

    world->tables.receipt = (struct deadline_rule){ DEADLINE_WORKING_HOURS, 1 };
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(world_try(world, operator_send(world, i < 3 ? SAFE : ASK, i), VERDICT_DELIVERED),
                         STATE_DELIVERED);
    (void)world_pass(world, 5 * DAY_MS);
    command.admin.limit = 2;
    unsigned seen = 0;
    for (bool more = true; more;) {
        const struct admin_reply *reply = operator_ask(world, &command);
        seen += reply->handoff_count;
        more = reply->more;
        command.admin.after = more ? operator_number(reply, "next_after") : 0;
    }
    assert_int_equal(seen, 5);
    command.admin.limit = 0;
    memcpy(command.admin.filter.agency, ASK, sizeof ASK);
    assert_int_equal(operator_ask(world, &command)->handoff_count, 2);
    memcpy(command.admin.filter.agency, "NOBODY", sizeof "NOBODY");
    assert_int_equal(operator_refusal(world, &command), PROBLEM_UNKNOWN_AGENCY);
}

/* ---- due dates */

enum { MANY = 40 };

struct waiting_count { unsigned count; };

static void count_provisional(struct turn *turn, void *context)
{
    struct waiting_count *found = context;
    uint64_t id = 0;
    for (found->count = 0; (id = turn_provisional_next(turn, PROVISIONAL_DUE, 2024, id)) != 0;)
        found->count++;
}

/* Many that wait for one calendar: some at a time. */
static void a_calendar_is_loaded(void **state)
{
    struct world *world = *state;
    struct procedure procedure = { .code = "2.000986", .usual = true, .senders = { .kind = SELECT_ANY },
                                   .committed = { { DEADLINE_WORKING_DAYS, 60 } } };
    struct calendar *calendar = calendar_new();
    struct command command, tick = { .kind = COMMAND_TICK };
    struct waiting_count found;
    struct tables next;

    assert_int_equal(calendar_add_year(calendar, 2023), RESULT_OK);
    world->tables.calendar = calendar;
    world->tables.procedures = &procedure;
    world->tables.procedure_count = 1;
    for (unsigned i = 0; i < MANY; i++) {
        command = say(world, WARD, SAFE, KIND_FORWARD, 0, STATUS_ACCEPTED);
        snprintf(command.submit.dossier_code, sizeof command.submit.dossier_code, "D-%u", i);
        memcpy(command.submit.procedure_code, "2.000986", sizeof "2.000986");
        (void)world_accept(world, &command);
    }
    assert_int_equal(dossier_of(world, "D-7").due_source, DUE_PROVISIONAL);
    world_read(world, count_provisional, &found);
    assert_int_equal(found.count, MANY);

    assert_int_equal(calendar_add_year(calendar, 2024), RESULT_OK);
    next = world->tables;
    next.hash = hash_of(span_of_string("with 2024"));
    command = (struct command){ .kind = COMMAND_DIRECTORY,
                                .directory = { .tables = &next, .bytes = span_of_string("with 2024") } };
    world_run(world, &command);
    world_run(world, &tick);
    world_read(world, count_provisional, &found);
    assert_in_range(found.count, 1, MANY - 1);
    (void)world_pass(world, MINUTE_MS);
    world_read(world, count_provisional, &found);
    assert_int_equal(found.count, 0);
    assert_int_equal(dossier_of(world, "D-7").due_source, DUE_COMPUTED);
    world_check(world);
    calendar_free(calendar);
}

static int64_t local_ms(int year, int month, int day, int hour)
{
    return (day_of_date(year, month, day) * 24 + hour - 7) * 3600 * 1000;
}

static void the_year_that_is_missing(void **state)
{
    struct tables tables = { 0 };
    struct calendar *calendar = calendar_new();
    (void)state;

    assert_int_equal(due_calendar_missing(&tables, local_ms(2026, 12, 1, 8)), 0);       /* nobody counts by one */
    tables.calendar = calendar;
    assert_int_equal(due_calendar_missing(&tables, local_ms(2026, 5, 1, 8)), 2026);
    assert_int_equal(calendar_add_year(calendar, 2026), RESULT_OK);
    assert_int_equal(due_calendar_missing(&tables, local_ms(2026, 9, 30, 23)), 0);
    assert_int_equal(due_calendar_missing(&tables, local_ms(2026, 10, 1, 0)), 2027);
    assert_int_equal(calendar_add_year(calendar, 2027), RESULT_OK);
    assert_int_equal(due_calendar_missing(&tables, local_ms(2026, 10, 1, 0)), 0);
    calendar_free(calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(what_says_nothing_leaves_nothing), WORLD(a_record_that_comes_late), WORLD(passed_on_and_back),
        WORLD(a_correction_takes_its_branch), WORLD(withdrawn_by_its_kind), WORLD(the_answer_starts_the_clock),
        WORLD(everything_is_bounded), WORLD(money_beside_it), WORLD(codes_that_no_map_knows),
        WORLD(records_of_an_older_version),
        WORLD(receipt_waits_while_time_is_in_doubt),
        WORLD(unreceived_in_pages), WORLD(a_calendar_is_loaded), cmocka_unit_test(the_year_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
