/* OUTCOME: each verdict at each class of agency, limits, pauses, late and repeated answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

#define SET(array, text) memcpy(array, text, sizeof text)

/* ---- one answer to a first attempt */

enum { SAFE_BIT = 1, ASK_BIT = 2, ONCE_BIT = 4, ALL = 7 };

static const struct row {
    enum verdict    verdict;
    enum scope      scope;
    enum kind       kind;
    unsigned        agencies;
    enum state      state;
    enum fail_class fail_class;
    enum answer     answer;
    uint32_t        charged;
    bool            ask_first;
} rows[] = {
    { VERDICT_DELIVERED, 0, KIND_FORWARD, ALL, STATE_DELIVERED, 0, 0, 0, false },
    { VERDICT_ALREADY_THERE, 0, KIND_FORWARD, ALL, STATE_DELIVERED, 0, 0, 0, false },
    { VERDICT_OVERTAKEN, 0, KIND_PROGRESS, ALL, STATE_CLOSED, 0, ANSWER_OVERTAKEN, 0, false },
    { VERDICT_OVERTAKEN, 0, KIND_URGE, ALL, STATE_CLOSED, 0, ANSWER_OVERTAKEN, 0, false },
    { VERDICT_OVERTAKEN, 0, KIND_RATING, ALL, STATE_CLOSED, 0, ANSWER_OVERTAKEN, 0, false },
    { VERDICT_OVERTAKEN, 0, KIND_FORWARD, ALL, STATE_DELIVERED, 0, ANSWER_REFUSED, 0, false },
    { VERDICT_LATER, 0, KIND_FORWARD, ALL, STATE_WAITING, 0, 0, 1, false },
    { VERDICT_PREDECESSOR_MISSING, 0, KIND_FORWARD, ALL, STATE_WAITING, 0, 0, 1, false },
    { VERDICT_ORPHAN, 0, KIND_PROGRESS, ALL, STATE_FAILED, FAIL_ORPHAN, 0, 0, false },
    { VERDICT_BAD_DATA, 0, KIND_FORWARD, ALL, STATE_FAILED, FAIL_BAD_DATA, 0, 0, false },
    { VERDICT_MISCONFIGURED, SCOPE_MAPPING, KIND_FORWARD, ALL, STATE_FAILED, FAIL_MAPPING, 0, 0, false },
    { VERDICT_MISCONFIGURED, SCOPE_AGENCY, KIND_FORWARD, ALL, STATE_WAITING, 0, 0, 1, false },
    { VERDICT_MISCONFIGURED, 0, KIND_FORWARD, ALL, STATE_WAITING, 0, 0, 1, false },
    { VERDICT_MISCONFIGURED, SCOPE_LOGIN, KIND_FORWARD, ALL, STATE_READY, 0, 0, 0, false },
    { VERDICT_REFUSED, 0, KIND_FORWARD, ALL, STATE_DELIVERED, 0, ANSWER_REFUSED, 0, false },
    { VERDICT_UNSURE, 0, KIND_FORWARD, SAFE_BIT, STATE_WAITING, 0, 0, 1, false },
    { VERDICT_UNSURE, 0, KIND_FORWARD, ASK_BIT, STATE_WAITING, 0, 0, 1, true },
    { VERDICT_UNSURE, 0, KIND_FORWARD, ONCE_BIT, STATE_UNSURE, 0, 0, 0, false },
    { VERDICT_UNKNOWN, 0, KIND_FORWARD, SAFE_BIT, STATE_WAITING, 0, 0, 1, false },
    { VERDICT_UNKNOWN, 0, KIND_FORWARD, ASK_BIT, STATE_WAITING, 0, 0, 1, true },
    { VERDICT_UNKNOWN, 0, KIND_FORWARD, ONCE_BIT, STATE_UNSURE, 0, 0, 0, false },
    { 0, 0, KIND_FORWARD, ONCE_BIT, STATE_UNSURE, 0, 0, 0, false },                 /* a word of tomorrow */
    { 77, 0, KIND_FORWARD, SAFE_BIT, STATE_WAITING, 0, 0, 1, false },
};

static void try_row(struct world *world, const struct row *row, const char *to)
{
    uint64_t id = world_send(world, WARD, to, row->kind);
    assert_int_equal(world_offer(world, to, 1), 1);
    assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.handoff, id);
    struct command outcome = world_outcome(to, id, 1, row->verdict);
    outcome.outcome.scope = row->scope;
    SET(outcome.outcome.value, "X1");
    SET(outcome.outcome.fingerprint, "http-500");
    SET(outcome.outcome.agency_ref, "REF-9");
    enum state state = world_say(world, &outcome);
    struct handoff handoff = world_handoff(world, id);
    const struct effect *answered = world_effect(world, EFFECT_ANSWERED, 0);
    enum verdict verdict = row->verdict && row->verdict < VERDICT_END ? row->verdict : VERDICT_UNKNOWN;

    if (state != row->state || handoff.fail_class != row->fail_class || handoff.answer != row->answer ||
        handoff.charged != row->charged || !!(handoff.flags & HANDOFF_ASK_FIRST) != row->ask_first)
        fail_msg("%s of %s at %s: %s, %s, answer %d, charged %u", verdict_name(verdict), kind_name(row->kind), to,
                 state_name(state), handoff.fail_class ? fail_class_name(handoff.fail_class) : "-", handoff.answer,
                 handoff.charged);
    assert_int_equal(handoff.verdict, verdict);
    assert_string_equal(handoff.agency_ref, "REF-9");
    assert_non_null(answered);
    assert_int_equal(answered->answered.verdict, verdict);
    assert_int_equal(answered->answered.charged, row->charged);
    assert_int_equal(answered->answered.dossier, handoff.dossier);
    bool tells = state_is_final(state) || state == STATE_FAILED || state == STATE_UNSURE;
    assert_int_equal(world_count(world, EFFECT_FEED), tells);

    /* Said again: the same answer, nothing written. */
    (void)world_say(world, &outcome);
    assert_false(world->end.wrote);
    assert_null(world_effect(world, EFFECT_ANSWERED, 0));
}

static void each_verdict_at_each_class(void **state)
{
    static const char *const agencies[] = { SAFE, ASK, ONCE };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 3; k++) {
            if (!(rows[i].agencies & 1u << k))
                continue;
            /* Every row a world of its own. */
            void *own = NULL;
            assert_int_equal(world_setup(&own), 0);
            try_row(own, &rows[i], agencies[k]);
            assert_int_equal(world_teardown(&own), 0);
        }
    assert_int_equal(world->end.seq, 0);
}

/* ---- who may say what */

static void only_the_recipient_may_speak(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);
    (void)world_send(world, WARD, ASK, KIND_FORWARD);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    struct command outcome = world_outcome(ASK, id, 1, VERDICT_DELIVERED);

    outcome.agency = world_agency(world, ASK);
    assert_int_equal(world_refusal(world, &outcome), PROBLEM_UNKNOWN_HANDOFF);
    outcome.agency = world_agency(world, ONCE);                         /* has never been seen by the store */
    assert_int_equal(world_refusal(world, &outcome), PROBLEM_UNKNOWN_HANDOFF);
    outcome.agency = world_agency(world, SAFE);
    outcome.outcome.handoff = 12345;
    assert_int_equal(world_refusal(world, &outcome), PROBLEM_UNKNOWN_HANDOFF);
    outcome.outcome.handoff = id;
    outcome.outcome.attempt = 2;
    assert_int_equal(world_refusal(world, &outcome), PROBLEM_INVALID_FIELD);
    outcome.outcome.attempt = 0;
    assert_int_equal(world_refusal(world, &outcome), PROBLEM_INVALID_FIELD);
    outcome.outcome.attempt = 1;
    outcome.outcome.has_content_hash = true;                            /* something else was delivered */
    assert_int_equal(world_refusal(world, &outcome), PROBLEM_INVALID_FIELD);
    assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, "content_hash");
    outcome.outcome.content_hash = world_handoff(world, id).content_hash;
    assert_int_equal(world_say(world, &outcome), STATE_DELIVERED);
}

/* ---- limits */

static void attempts_are_counted(void **state)
{
    static const struct { enum verdict verdict; enum scope scope; enum fail_class fail_class; } limits[] = {
        { VERDICT_LATER, 0, FAIL_EXHAUSTED }, { VERDICT_UNSURE, 0, FAIL_EXHAUSTED },
        { VERDICT_UNKNOWN, 0, FAIL_UNKNOWN_ANSWER }, { VERDICT_PREDECESSOR_MISSING, 0, FAIL_PREDECESSOR },
        { VERDICT_MISCONFIGURED, SCOPE_AGENCY, FAIL_MAPPING },
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct command submit = world_submit(world, WARD, ASK, KIND_FORWARD);
        submit.submit.dossier_code[0] = (char)('A' + i);
        uint64_t id = world_accept(world, &submit);
        for (uint32_t attempt = 1; attempt <= 5; attempt++) {
            assert_int_equal(world_offer(world, ASK, 1), 1);
            assert_int_equal(world_effect(world, EFFECT_DELIVER, 0)->deliver.attempt, attempt);
            struct command outcome = world_outcome(ASK, id, attempt, limits[i].verdict);
            outcome.outcome.scope = limits[i].scope;
            assert_int_equal(world_say(world, &outcome), attempt < 5 ? STATE_WAITING : STATE_FAILED);
            if (attempt < 5)
                assert_int_equal(world_pass(world, 40 * MINUTE_MS), 1);
        }
        assert_int_equal(world_handoff(world, id).fail_class, limits[i].fail_class);
        assert_int_equal(world_last_event(world, id).cause, CAUSE_LIMIT_REACHED);
        assert_int_equal(world_offer(world, ASK, 1), 0);
    }
}

static void time_is_counted_too(void **state)
{
    struct world *world = *state;
    struct agency *agency = world_agency(world, SAFE);
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    agency->attempts_max = 1000;
    agency->age_ms_max = 4 * MINUTE_MS;
    agency->backoff_ms_max = MINUTE_MS;
    unsigned attempts = 0;
    for (; world_state(world, id) != STATE_FAILED; attempts++) {
        assert_in_range(attempts, 0, 10);
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        world->now_ms += 30000;
        struct command outcome = world_outcome(SAFE, id, attempts + 1, VERDICT_LATER);
        (void)world_say(world, &outcome);
        (void)world_pass(world, 2 * MINUTE_MS);
    }
    assert_in_range(attempts, 3, 5);            /* each takes half a minute, and its wait about one */
    assert_true(world_handoff(world, id).tried_ms > agency->age_ms_max);
}

static void an_open_breaker_costs_nothing(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    for (uint32_t attempt = 1; attempt <= 50; attempt++) {
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        struct command outcome = world_outcome(SAFE, id, attempt, VERDICT_LATER);
        outcome.outcome.uncharged = true;
        assert_int_equal(world_say(world, &outcome), STATE_WAITING);
        assert_false(world_effect(world, EFFECT_ANSWERED, 0)->answered.charged);
        assert_true(world_effect(world, EFFECT_ANSWERED, 0)->answered.probe);
        (void)world_pass(world, DAY_MS);
    }
    assert_int_equal(world_handoff(world, id).charged, 0);
    assert_int_equal(world_handoff(world, id).tried_ms, 0);
}

static void retry_after_is_kept_within_a_day(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_offer(world, SAFE, 1), 1);
    struct command outcome = world_outcome(SAFE, id, 1, VERDICT_LATER);
    outcome.outcome.retry_after_ms = 17 * MINUTE_MS;
    (void)world_say(world, &outcome);
    assert_int_equal(world_handoff(world, id).timer_ms, world->now_ms + 17 * MINUTE_MS);
    (void)world_pass(world, 17 * MINUTE_MS);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    outcome.outcome.attempt = 2;
    outcome.outcome.retry_after_ms = 10000 * DAY_MS;
    (void)world_say(world, &outcome);
    assert_int_equal(world_handoff(world, id).timer_ms, world->now_ms + DAY_MS);
    (void)world_pass(world, DAY_MS);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    outcome.outcome.attempt = 3;
    outcome.outcome.retry_after_ms = 1;                     /* our own patience is the least */
    (void)world_say(world, &outcome);
    assert_in_range(world_handoff(world, id).timer_ms - world->now_ms, 3 * MINUTE_MS, 5 * MINUTE_MS);
}

/* ---- what is our own fault */

static uint64_t say_misconfigured(struct world *world, const char *dossier, const char *fingerprint, enum scope scope)
{
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    memcpy(submit.submit.dossier_code, dossier, strlen(dossier) + 1);
    uint64_t id = world_accept(world, &submit);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    struct command outcome = world_outcome(SAFE, id, 1, VERDICT_MISCONFIGURED);
    outcome.outcome.scope = scope;
    memcpy(outcome.outcome.fingerprint, fingerprint, strlen(fingerprint) + 1);
    (void)world_say(world, &outcome);
    return id;
}

static void two_dossiers_pause_an_agency(void **state)
{
    struct world *world = *state;
    uint64_t first = say_misconfigured(world, "A-1", "http-404", SCOPE_AGENCY);
    assert_int_equal(world_state(world, first), STATE_WAITING);
    uint64_t other = say_misconfigured(world, "B-1", "http-405", SCOPE_AGENCY);     /* another trouble */
    assert_int_equal(world_state(world, other), STATE_WAITING);
    assert_false(world_agency_state(world, SAFE).paused);

    uint64_t second = say_misconfigured(world, "C-1", "http-405", SCOPE_AGENCY);
    const struct effect *said = world_effect(world, EFFECT_AGENCY, 0);
    assert_non_null(said);
    assert_true(said->agency_state.paused);
    struct handoff handoff = world_handoff(world, second);
    assert_int_equal(handoff.state, STATE_READY);
    assert_int_equal(handoff.charged, 0);
    struct agency_state paused = world_agency_state(world, SAFE);
    assert_true(paused.paused);
    assert_int_equal(paused.since_ms, world->now_ms);
    assert_non_null(strstr(paused.reason, "http-405"));
    assert_int_equal(world_offer(world, SAFE, 5), 0);
    (void)world_pass(world, DAY_MS);
    assert_int_equal(world_offer(world, SAFE, 5), 0);
}

static void a_delivery_lifts_the_suspicion(void **state)
{
    struct world *world = *state;
    (void)say_misconfigured(world, "A-1", "http-404", SCOPE_AGENCY);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    uint64_t good = world_accept(world, &submit);
    assert_int_equal(world_try(world, good, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)say_misconfigured(world, "B-1", "http-404", SCOPE_AGENCY);
    assert_false(world_agency_state(world, SAFE).paused);
}

static void a_failed_login_pauses_at_once(void **state)
{
    struct world *world = *state;
    uint64_t id = say_misconfigured(world, "A-1", "login-401", SCOPE_LOGIN);
    assert_true(world_agency_state(world, SAFE).paused);
    assert_int_equal(world_state(world, id), STATE_READY);
    assert_int_equal(world_count(world, EFFECT_AGENCY), 1);
}

/* ---- the failed list */

struct group_asked {
    const char *words;
    enum fail_class fail_class;
    struct fail_group group;
    bool found;
    uint64_t only;
};

static void load_group(struct turn *turn, void *context)
{
    struct group_asked *asked = context;
    struct fail_key key = { turn_agency_number(turn, SAFE), asked->fail_class, fail_fingerprint(asked->words) };
    asked->found = turn_fail_group(turn, &key, &asked->group);
    asked->only = turn_failed_next(turn, &key, 0);
}

static void failures_stand_in_groups(void **state)
{
    struct world *world = *state;
    uint64_t ids[3];
    char detail[REASON_BYTES_MAX + 1], field[FIELD_SIZE];

    for (int i = 0; i < 3; i++) {
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        submit.submit.dossier_code[0] = (char)('A' + i);
        ids[i] = world_accept(world, &submit);
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        struct command outcome = world_outcome(SAFE, ids[i], 1, VERDICT_BAD_DATA);
        memcpy(outcome.outcome.field, "ngay_sinh", 10);
        assert_int_equal(world_say(world, &outcome), STATE_FAILED);
        world->now_ms += 1000;
    }
    struct group_asked asked = { .words = "field:ngay_sinh", .fail_class = FAIL_BAD_DATA };
    world_read(world, load_group, &asked);
    assert_true(asked.found);
    assert_int_equal(asked.group.count, 3);
    assert_int_equal(asked.group.sample, ids[0]);
    assert_int_equal(asked.group.last_ms - asked.group.first_ms, 2000);
    assert_string_equal(asked.group.fingerprint_text, "field:ngay_sinh");
    world_detail(world, ids[0], detail);
    assert_string_equal(detail, "[ngay_sinh] an answer");
    assert_string_equal(detail_field(detail, field), "an answer");
    assert_string_equal(field, "ngay_sinh");

    for (int i = 0; i < 2; i++) {               /* delivered after all, by the attempt that failed */
        struct command late = world_outcome(SAFE, ids[i], 1, VERDICT_DELIVERED);
        assert_int_equal(world_say(world, &late), STATE_DELIVERED);
    }
    world_read(world, load_group, &asked);
    assert_int_equal(asked.group.count, 1);
    assert_int_equal(asked.group.sample, ids[2]);
    assert_int_equal(asked.only, ids[2]);
}

static void words_with_and_without_a_field(void **state)
{
    static const struct { const char *field, *words, *whole; } pairs[] = {
        { "ho_ten", "too long", "[ho_ten] too long" }, { "", "too long", "too long" },
        { "", "[1] bad", "[] [1] bad" }, { "a", "", "[a] " }, { "", "", "" },
    };
    char whole[200], field[FIELD_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct text text = text_of(whole, sizeof whole);
        detail_with_field(&text, pairs[i].field, span_of_string(pairs[i].words));
        assert_string_equal(whole, pairs[i].whole);
        assert_string_equal(detail_field(whole, field), pairs[i].words);
        assert_string_equal(field, pairs[i].field);
    }
}

/* ---- late, and again */

static void only_the_present_attempt_counts(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    assert_int_equal(world_state(world, id), STATE_READY);
    struct command late = world_outcome(SAFE, id, 1, VERDICT_BAD_DATA);
    assert_int_equal(world_say(world, &late), STATE_READY);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_LATE_OUTCOME);
    assert_null(world_effect(world, EFFECT_ANSWERED, 0));
    (void)world_say(world, &late);
    assert_false(world->end.wrote);

    assert_int_equal(world_offer(world, SAFE, 1), 1);
    late.outcome.verdict = VERDICT_LATER;
    assert_int_equal(world_say(world, &late), STATE_OFFERED);
    late.outcome.verdict = VERDICT_DELIVERED;           /* final, whichever attempt it was */
    assert_int_equal(world_say(world, &late), STATE_DELIVERED);
    assert_int_equal(world_last_event(world, id).attempt, 1);
    struct command second = world_outcome(SAFE, id, 2, VERDICT_ALREADY_THERE);
    assert_int_equal(world_say(world, &second), STATE_DELIVERED);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_LATE_OUTCOME);
    unsigned events = world_events(world, id);
    (void)world_say(world, &second);
    assert_int_equal(world_events(world, id), events);
}

static void delivered_is_final_from_every_state(void **state)
{
    static const enum verdict before[] = { VERDICT_LATER, VERDICT_BAD_DATA, VERDICT_UNKNOWN };
    static const enum state was[] = { STATE_WAITING, STATE_FAILED, STATE_UNSURE };
    struct world *world = *state;

    for (int i = 0; i < 3; i++) {
        uint64_t id = world_send(world, WARD, ONCE, KIND_FORWARD);
        assert_int_equal(world_try(world, id, before[i]), was[i]);
        struct command late = world_outcome(ONCE, id, 1, VERDICT_DELIVERED);
        assert_int_equal(world_say(world, &late), STATE_DELIVERED);
        assert_int_equal(world_count(world, EFFECT_FEED), 1);
    }
}

static void a_delivery_of_a_closed_one_is_told(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, SAFE, KIND_FORWARD);

    assert_int_equal(world_try(world, id, VERDICT_BAD_DATA), STATE_FAILED);
    struct command right = world_submit(world, WARD, SAFE, KIND_FORWARD);
    right.submit.parent = id;
    (void)world_accept(world, &right);
    assert_int_equal(world_state(world, id), STATE_CLOSED);
    struct command late = world_outcome(SAFE, id, 1, VERDICT_DELIVERED);
    assert_int_equal(world_say(world, &late), STATE_CLOSED);
    assert_int_equal(world_last_event(world, id).cause, CAUSE_LATE_OUTCOME);
    assert_int_equal(world_count(world, EFFECT_FEED), 1);
    (void)world_say(world, &late);
    assert_false(world->end.wrote);
}

static void more_may_be_known_of_an_unsure_one(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, ONCE, KIND_FORWARD);

    assert_int_equal(world_offer(world, ONCE, 1), 1);
    assert_int_equal(world_pass(world, world->tables.lease_ms), 1);
    assert_int_equal(world_state(world, id), STATE_UNSURE);
    struct command outcome = world_outcome(ONCE, id, 1, VERDICT_UNSURE);
    assert_int_equal(world_say(world, &outcome), STATE_UNSURE);
    outcome.outcome.verdict = VERDICT_LATER;            /* it never left */
    assert_int_equal(world_say(world, &outcome), STATE_WAITING);
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
}

static void ask_first_stays_until_it_is_answered(void **state)
{
    struct world *world = *state;
    uint64_t id = world_send(world, WARD, ASK, KIND_FORWARD);

    assert_int_equal(world_try(world, id, VERDICT_UNSURE), STATE_WAITING);
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_offer(world, ASK, 1), 1);
    assert_true(world_effect(world, EFFECT_DELIVER, 0)->deliver.ask_first);
    struct command outcome = world_outcome(ASK, id, 2, VERDICT_LATER);
    (void)world_say(world, &outcome);
    assert_true(world_handoff(world, id).flags & HANDOFF_ASK_FIRST);
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_try(world, id, VERDICT_PREDECESSOR_MISSING), STATE_WAITING);
    assert_false(world_handoff(world, id).flags & HANDOFF_ASK_FIRST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(each_verdict_at_each_class), WORLD(only_the_recipient_may_speak), WORLD(attempts_are_counted),
        WORLD(time_is_counted_too), WORLD(an_open_breaker_costs_nothing), WORLD(retry_after_is_kept_within_a_day),
        WORLD(two_dossiers_pause_an_agency), WORLD(a_delivery_lifts_the_suspicion),
        WORLD(a_failed_login_pauses_at_once), WORLD(failures_stand_in_groups),
        cmocka_unit_test(words_with_and_without_a_field), WORLD(only_the_present_attempt_counts),
        WORLD(delivered_is_final_from_every_state), WORLD(a_delivery_of_a_closed_one_is_told),
        WORLD(more_may_be_known_of_an_unsure_one), WORLD(ask_first_stays_until_it_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
