/* Requests to the citizen and corrections, where the stories (tests/trace/supplement_*.trace, correction_*.trace) would
 * be long: what a request may say, answers that name no request, bounds, one that failed, a missing permit, how
 * long before something is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/due_date.h"
#include "gateway/core/supplement.h"
#include "proto/lienthong.pb-c.h"
#include "tests/unit/core_operator.h"

/* ---- looking */

struct look { uint64_t request; struct asked asked; bool there; uint32_t count; };

static void look_at(struct turn *turn, void *context)
{
    struct look *look = context;
    struct handoff handoff;
    struct asked asked;
    uint64_t at = 0;

    must(turn_handoff(turn, look->request, &handoff));
    look->there = turn_asked(turn, handoff.dossier, look->request, &look->asked);
    for (look->count = 0; turn_asked_next(turn, handoff.dossier, at, &asked); look->count++)
        at = asked.request;
}

static struct asked asked_of(struct world *world, uint64_t request)
{
    struct look look = { .request = request };
    world_read(world, look_at, &look);
    assert_true(look.there);
    return look.asked;
}

static uint32_t requests_of(struct world *world, uint64_t handoff)
{
    struct look look = { .request = handoff };
    world_read(world, look_at, &look);
    return look.count;
}

/* ---- saying */

enum { COMPONENTS = 3 };
struct words { const char *components[COMPONENTS]; const char *reason; int64_t answer_by_ms; };

static uint8_t header_bytes[1024];

static struct span header_of(const struct words *words)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Component components[COMPONENTS], *list[COMPONENTS];

    for (size_t i = 0; i < COMPONENTS && words->components[i]; i++) {
        lienthong__v1__component__init(&components[i]);
        components[i].code = (char *)(uintptr_t)words->components[i];
        list[facts.n_components++] = &components[i];
    }
    facts.components = list;
    facts.reason_code = (char *)(uintptr_t)(words->reason ? words->reason : "");
    facts.answer_by_ms = words->answer_by_ms;
    header.facts = &facts;
    assert_in_range(lienthong__v1__header__get_packed_size(&header), 0, sizeof header_bytes);
    return span_of(header_bytes, lienthong__v1__header__pack(&header, header_bytes));
}

static struct command say(struct world *world, const char *from, const char *to, enum kind kind, uint64_t parent,
                          struct words words)
{
    struct command command = world_submit(world, from, to, kind);
    command.submit.parent = parent;
    command.submit.header = header_of(&words);
    return command;
}

static uint64_t tell(struct world *world, const char *from, const char *to, enum kind kind, uint64_t parent,
                     struct words words)
{
    struct command command = say(world, from, to, kind, parent, words);
    return world_accept(world, &command);
}

static void is_refused(struct world *world, const char *from, const char *to, enum kind kind, uint64_t parent,
                       struct words words, enum problem_type type, const char *field)
{
    struct command command = say(world, from, to, kind, parent, words);
    assert_int_equal(world_refusal(world, &command), type);
    assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, field);
}

static uint64_t forward(struct world *world, const char *to)
{
    uint64_t id = world_send(world, WARD, to, KIND_FORWARD);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    return id;
}

static const struct words PAPERS = { .components = { "GKS", "CCCD" } }, NOTHING;

/* ---- the tests */

static void what_a_request_says(void **state)
{
    static const char long_code[] = "123456789012345678901234567890123456789012345678";
    static const char *const wrong[] = { "", "giấy", "a b", long_code };
    struct world *world = *state;
    uint64_t id = forward(world, SAFE);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_refused(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, (struct words){ .components = { "GKS", wrong[i] } },
                   PROBLEM_INVALID_FIELD, "header.facts.components");
    for (size_t i = 1; i < sizeof wrong / sizeof *wrong - 1; i++)
        is_refused(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, (struct words){ .reason = wrong[i] },
                   PROBLEM_INVALID_FIELD, "header.facts.reason_code");
    is_refused(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, NOTHING, PROBLEM_INVALID_FIELD,
               "header.facts.components");
    is_refused(world, SAFE, "", KIND_FINANCIAL_OBLIGATION, id, PAPERS, PROBLEM_INVALID_FIELD, "header.facts.money");
    uint64_t request = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, PAPERS);
    struct asked asked = asked_of(world, request);
    assert_int_equal(asked.component_count, 2);
    assert_int_equal(asked.missing, 3);
    assert_int_equal(asked.answer_by_ms, 0);            /* this directory has no rule */
    assert_int_equal(asked.timer_ms, 0);
    struct command open = operator_command("supplements", 0);
    const struct admin_reply *reply = operator_ask(world, &open);
    assert_int_equal(reply->asked_count, 1);
    assert_string_equal(reply->asked[0].recipient, WARD);
    assert_int_equal(reply->asked[0].request_state, STATE_READY);
}

/* A system that only knows the dossier's code may answer too, as long as it is clear which request is meant. */
static void an_answer_that_names_no_request(void **state)
{
    struct world *world = *state;
    uint64_t first = forward(world, SAFE), second = forward(world, ASK);
    uint64_t one = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, first, PAPERS);
    uint64_t two = tell(world, ASK, "", KIND_SUPPLEMENT_REQUEST, second, PAPERS);

    (void)tell(world, WARD, SAFE, KIND_SUPPLEMENT, 0, NOTHING);
    assert_int_equal(asked_of(world, one).state, ASKING_ANSWERED);
    assert_int_equal(asked_of(world, two).state, ASKING_OPEN);
    /* Nobody else waits: it goes where the only open request is from. */
    uint64_t id = tell(world, WARD, "", KIND_SUPPLEMENT, 0, NOTHING);
    assert_int_equal(asked_of(world, two).ended_by, id);
    assert_int_equal(world_handoff(world, id).recipient, world_handoff(world, second).recipient);
    /* Nobody waits: a paper that the citizen brings of his own accord. */
    (void)tell(world, WARD, SAFE, KIND_SUPPLEMENT, 0, NOTHING);
    assert_int_equal(asked_of(world, one).answers, 1);
}

static void money_is_asked_for_twice(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, ASK);

    (void)tell(world, ASK, "", KIND_FINANCIAL_OBLIGATION, id, (struct words){ .reason = "LPTB" });
    uint64_t second = tell(world, ASK, "", KIND_FINANCIAL_OBLIGATION, id, (struct words){ .reason = "TNCN" });
    assert_int_equal(asked_of(world, second).nth, 2);
    /* Papers are not money: an answer of the other kind answers nothing. */
    (void)tell(world, WARD, "", KIND_SUPPLEMENT, second, NOTHING);
    assert_int_equal(asked_of(world, second).answers, 0);
    (void)tell(world, WARD, "", KIND_PAYMENT, second, NOTHING);
    assert_int_equal(asked_of(world, second).state, ASKING_ANSWERED);
    (void)tell(world, WARD, "", KIND_PAYMENT, second, NOTHING);     /* paid twice: it is told, nothing else */
    assert_int_equal(asked_of(world, second).answers, 2);
}

/* The request could not be read at the one-stop; the corrected one is no second request. */
static void one_that_failed_is_corrected(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, SAFE);
    uint64_t wrong = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, PAPERS);

    assert_int_equal(world_try(world, wrong, VERDICT_BAD_DATA), STATE_FAILED);
    uint64_t right = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, wrong, PAPERS);
    assert_int_equal(asked_of(world, wrong).state, ASKING_LEFT);
    assert_int_equal(asked_of(world, wrong).ended_by, right);
    assert_int_equal(asked_of(world, right).state, ASKING_OPEN);
    (void)tell(world, WARD, "", KIND_SUPPLEMENT, right, NOTHING);
    assert_int_equal(asked_of(world, right).state, ASKING_ANSWERED);
}

/* One more is refused, also where all before it have their answers, and whatever it asks for: nothing of it would be
 * remembered. Answers are taken as ever. */
static void so_many_and_no_more(void **state)
{
    struct world *world = *state;
    const struct words once_more = { .components = { "GKS" }, .reason = "again" };
    uint64_t id = forward(world, SAFE), last = 0;

    for (int i = 0; i < ASKED_MAX; i++)
        last = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, once_more);
    assert_int_equal(requests_of(world, last), ASKED_MAX);
    is_refused(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, once_more, PROBLEM_WRONG_STATE, "header.kind");
    is_refused(world, SAFE, "", KIND_FINANCIAL_OBLIGATION, id, once_more, PROBLEM_WRONG_STATE, "header.kind");
    assert_int_equal(requests_of(world, last), ASKED_MAX);
    struct command open = operator_command("supplements", 0);
    open.admin.limit = 20;
    const struct admin_reply *reply = operator_ask(world, &open);
    assert_int_equal(reply->asked_count, 20);
    assert_true(reply->more);
    open.admin.after = operator_number(reply, "next_after");
    reply = operator_ask(world, &open);
    assert_int_equal(reply->asked_count, ASKED_MAX - 20);
    assert_false(reply->more);
    memcpy(open.admin.filter.agency, ASK, sizeof ASK);
    open.admin.after = 0;
    assert_int_equal(operator_ask(world, &open)->asked_count, 0);
    struct command track = operator_command("track", 0);
    memcpy(track.admin.code, DOSSIER, sizeof DOSSIER);
    assert_int_equal(operator_ask(world, &track)->dossier->asked_count, ASKED_SHOWN_MAX);
    (void)tell(world, WARD, "", KIND_SUPPLEMENT, last, NOTHING);
    assert_int_equal(asked_of(world, last).state, ASKING_ANSWERED);
    is_refused(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, once_more, PROBLEM_WRONG_STATE, "header.kind");
}

/* The portal may not be written to: the request itself is not refused for that. */
static void a_copy_that_may_not_go(void **state)
{
    struct world *world = *state;
    char detail[REASON_BYTES_MAX + 1];
    uint64_t first = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, first, VERDICT_DELIVERED), STATE_DELIVERED);
    uint64_t second = world_send(world, SAFE, WARD2, KIND_FORWARD);
    assert_int_equal(world_try(world, second, VERDICT_DELIVERED), STATE_DELIVERED);
    uint64_t third = world_send(world, WARD2, ASK, KIND_FORWARD);
    assert_int_equal(world_try(world, third, VERDICT_DELIVERED), STATE_DELIVERED);
    world_agency(world, WARD2)->kind = AGENCY_ONE_STOP;
    world->tables.permits[1].to = (struct selector){ .kind = SELECT_AGENCY, .code = WARD2 };
    uint64_t request = tell(world, ASK, "", KIND_SUPPLEMENT_REQUEST, third, PAPERS);
    assert_int_equal(world_handoff(world, request).recipient, world_handoff(world, third).sender);
    assert_int_equal(world_last_event(world, request).cause, CAUSE_COPIED);
    world_detail(world, request, detail);
    assert_non_null(strstr(detail, "Danh bạ không cho phép"));
    world_agency(world, WARD2)->kind = AGENCY_WARD;
}

static void an_answer_that_comes_too_late(void **state)
{
    struct world *world = *state;
    uint64_t id = forward(world, SAFE);
    uint64_t request = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, PAPERS);

    (void)tell(world, SAFE, WARD, KIND_RESULT, id, NOTHING);
    assert_int_equal(asked_of(world, request).state, ASKING_LEFT);
    struct command late = say(world, WARD, "", KIND_SUPPLEMENT, request, NOTHING);
    assert_int_equal(world_refusal(world, &late), PROBLEM_WRONG_STATE);
}

/* ---- times */

static void times_of_a_request(void **state)
{
    struct world *world = *state;
    world->tables.supplement = (struct asking_rules){ { DEADLINE_WORKING_DAYS, 7 }, { DEADLINE_WORKING_DAYS, 1 } };
    uint64_t id = forward(world, SAFE);
    uint64_t request = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, PAPERS);
    struct asked asked = asked_of(world, request);

    assert_int_equal(asked.answer_by_ms, due_after(&world->tables, NULL, asked.asked_ms,
                                                   world->tables.supplement.answer));
    assert_false(asked.answer_by_stated);
    assert_true(asked.timer_ms > world->now_ms && asked.timer_ms < asked.answer_by_ms);
    assert_int_equal(world_try(world, request, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)world_pass(world, asked.timer_ms - world->now_ms);
    assert_int_equal(world_last_event(world, request).cause, CAUSE_ANSWER_REMINDED);
    (void)world_pass(world, asked.answer_by_ms - world->now_ms);
    assert_int_equal(world_last_event(world, request).cause, CAUSE_ANSWER_OVERDUE);
    assert_true(supplement_proposes_stop(&(struct asked){ .state = ASKING_OPEN, .overdue_ms = 1 }));
    (void)world_pass(world, 30 * DAY_MS);               /* never by itself */
    asked = asked_of(world, request);
    assert_int_equal(asked.state, ASKING_OPEN);
    assert_int_equal(asked.timer_ms, 0);

    /* Told of after its time: no reminder, the proposal at once. */
    uint64_t other = forward(world, ASK);
    struct command late = say(world, ASK, "", KIND_SUPPLEMENT_REQUEST, other, PAPERS);
    struct words words = { .components = { "GKS" }, .answer_by_ms = world->now_ms - DAY_MS };
    late.submit.source_time_ms = world->now_ms - 2 * DAY_MS;
    late.submit.header = header_of(&words);
    uint64_t overdue = world_accept(world, &late);
    assert_int_equal(world_try(world, overdue, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)world_pass(world, MINUTE_MS);
    assert_int_equal(asked_of(world, overdue).reminded_ms, 0);
    assert_true(asked_of(world, overdue).overdue_ms != 0);
}

/* The latest minute that is early enough. */
static void so_long_before(void **state)
{
    static const char *const rules[] = { "w1", "w3", "h1", "h4", "h20", "d2" };
    struct world *world = *state;
    uint64_t chance = 1;

    for (unsigned i = 0; i < 600; i++) {
        struct deadline_rule rule;
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        int64_t due_ms = world->now_ms + (int64_t)(chance >> 33) % (60 * DAY_MS / MINUTE_MS) * MINUTE_MS;
        assert_true(deadline_rule_read(rules[i % 6], &rule));
        int64_t before_ms = due_before(&world->tables, rule, NULL, due_ms);
        assert_true(before_ms && before_ms < due_ms);
        assert_true(due_after(&world->tables, NULL, before_ms, rule) <= due_ms);
        assert_true(due_after(&world->tables, NULL, before_ms + MINUTE_MS, rule) > due_ms);
    }
    static const struct deadline_rule none = { .kind = DEADLINE_NONE }, day = { DEADLINE_WORKING_DAYS, 1 },
                                      years = { DEADLINE_DAYS, 999 };
    assert_int_equal(due_before(&world->tables, none, NULL, world->now_ms), 0);
    assert_int_equal(due_before(&world->tables, day, NULL, 0), 0);
    assert_int_equal(due_before(&world->tables, years, NULL, world->now_ms), 0);
}

/* ---- corrections */

/* An attempt that nobody answered for: perhaps it is there, so nothing takes its place. */
static void what_is_perhaps_there_stays(void **state)
{
    struct world *world = *state;
    uint64_t old = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, old, VERDICT_UNSURE), STATE_WAITING);
    is_refused(world, WARD, SAFE, KIND_FORWARD, old, NOTHING, PROBLEM_WRONG_STATE, "header.parent");
    (void)tell(world, WARD, "", KIND_CORRECTION_REQUEST, old, PAPERS);

    uint64_t certain = world_send(world, WARD, ASK, KIND_FORWARD);
    assert_int_equal(world_try(world, certain, VERDICT_LATER), STATE_WAITING);
    (void)tell(world, WARD, ASK, KIND_FORWARD, certain, NOTHING);
    assert_int_equal(world_state(world, certain), STATE_CLOSED);

    uint64_t held = world_send(world, WARD, ONCE, KIND_FORWARD);
    (void)operator_do(world, "hold", held);
    is_refused(world, WARD, ONCE, KIND_FORWARD, held, NOTHING, PROBLEM_WRONG_STATE, "header.parent");
    (void)operator_do(world, "close", held);
    is_refused(world, WARD, "", KIND_CORRECTION_REQUEST, held, PAPERS, PROBLEM_WRONG_STATE, "header.parent");
}

/* Given to another agency meanwhile: the correction follows, and so does the answer to what was asked before. */
static void a_correction_follows_a_redirect(void **state)
{
    struct world *world = *state;
    uint64_t old = world_send(world, WARD, ONCE, KIND_FORWARD);
    struct command redirect = operator_command("redirect", old);

    assert_int_equal(world_try(world, old, VERDICT_UNSURE), STATE_UNSURE);
    uint64_t request = tell(world, ONCE, "", KIND_SUPPLEMENT_REQUEST, old, PAPERS);
    memcpy(redirect.admin.to, ASK, sizeof ASK);
    (void)operator_ask(world, &redirect);
    uint64_t child = world_handoff(world, old).child;
    assert_true(child != 0);
    uint64_t answer = tell(world, WARD, "", KIND_SUPPLEMENT, request, NOTHING);
    assert_int_equal(world_handoff(world, answer).recipient, world_handoff(world, child).recipient);
    assert_int_equal(world_try(world, child, VERDICT_DELIVERED), STATE_DELIVERED);
    uint64_t correction = tell(world, WARD, "", KIND_CORRECTION_REQUEST, old, PAPERS);
    assert_int_equal(world_handoff(world, correction).recipient, world_handoff(world, child).recipient);
}

/* The one-stop of another ward takes the request over: it is reminded, and answers what it got. */
static void a_request_that_was_redirected(void **state)
{
    struct world *world = *state;
    world->tables.supplement = (struct asking_rules){ { DEADLINE_WORKING_DAYS, 7 }, { DEADLINE_WORKING_DAYS, 1 } };
    uint64_t id = forward(world, SAFE), request = tell(world, SAFE, "", KIND_SUPPLEMENT_REQUEST, id, PAPERS);
    struct command redirect = operator_command("redirect", request), open = operator_command("supplements", 0);

    memcpy(redirect.admin.to, WARD2, sizeof WARD2);
    (void)operator_ask(world, &redirect);
    uint64_t child = world_handoff(world, request).child;
    assert_int_equal(asked_of(world, request).state, ASKING_OPEN);
    assert_int_equal(world_try(world, child, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_string_equal(operator_ask(world, &open)->asked[0].recipient, WARD2);
    (void)world_pass(world, 20 * DAY_MS);
    assert_true(asked_of(world, request).overdue_ms != 0);
    (void)tell(world, WARD2, "", KIND_SUPPLEMENT, child, NOTHING);
    assert_int_equal(asked_of(world, request).state, ASKING_ANSWERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(what_a_request_says), WORLD(an_answer_that_names_no_request), WORLD(money_is_asked_for_twice),
        WORLD(one_that_failed_is_corrected), WORLD(so_many_and_no_more), WORLD(a_copy_that_may_not_go),
        WORLD(an_answer_that_comes_too_late), WORLD(times_of_a_request), WORLD(so_long_before),
        WORLD(what_is_perhaps_there_stays), WORLD(a_correction_follows_a_redirect),
        WORLD(a_request_that_was_redirected),
    };
    return cmocka_run_group_tests_name("core_supplement", tests, NULL, NULL);
}
