/* When the breaker of an agency opens, probes, closes, and how the agency gets its work back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/broker/breaker.h"

static const struct breaker_rule RULE = { .after = 3, .probe_ms = 1000, .in_flight_max = 8 };

static bool say(struct agency_breaker *breaker, enum verdict verdict, uint64_t dossier, const char *fingerprint,
                int64_t now_ms)
{
    struct breaker_answer answer = { .verdict = verdict, .handoff = 100 + dossier, .dossier = dossier,
                                     .fingerprint = fingerprint, .charged = true };
    return breaker_answer(breaker, &RULE, &answer, now_ms);
}

static bool never_sent(struct agency_breaker *breaker, uint64_t dossier, const char *fingerprint)
{
    struct breaker_answer answer = { .verdict = VERDICT_LATER, .handoff = 100 + dossier, .dossier = dossier,
                                     .fingerprint = fingerprint, .never_sent = true };
    return breaker_answer(breaker, &RULE, &answer, 0);
}

static void opened(struct agency_breaker *breaker, int64_t now_ms)
{
    *breaker = (struct agency_breaker){ 0 };
    assert_false(say(breaker, VERDICT_LATER, 1, "http-503", now_ms));
    assert_false(say(breaker, VERDICT_UNKNOWN, 2, "http-503", now_ms));
    assert_true(say(breaker, VERDICT_LATER, 3, "http-503", now_ms));
    assert_int_equal(breaker->state, BREAKER_OPEN);
}

static void opens_after_k_dossiers(void **state)
{
    struct agency_breaker breaker;
    (void)state;
    opened(&breaker, 5000);
    assert_int_equal(breaker.until_ms, 6000);
    assert_int_equal(breaker_limit(&breaker, &RULE), 0);
    assert_true(breaker_uncharged(&breaker));
    assert_int_equal(breaker.give_back_count, 3);
    assert_int_equal(breaker.give_back[0], 101);
    assert_int_equal(breaker.give_back[2], 103);
    breaker_given_back(&breaker);
    assert_int_equal(breaker.give_back_count, 0);
}

static void one_dossier_never_opens_it(void **state)
{
    struct agency_breaker breaker = { 0 };
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_false(say(&breaker, VERDICT_LATER, 7, "http-503", i));
    assert_int_equal(breaker_limit(&breaker, &RULE), 8);
    assert_false(breaker_uncharged(&breaker));
}

static void other_fingerprint_begins_anew(void **state)
{
    struct agency_breaker breaker = { 0 };
    (void)state;
    assert_false(say(&breaker, VERDICT_LATER, 1, "http-503", 0));
    assert_false(say(&breaker, VERDICT_LATER, 2, "http-503", 0));
    assert_false(say(&breaker, VERDICT_LATER, 3, "http-429", 0));
    assert_false(say(&breaker, VERDICT_LATER, 4, "http-429", 0));
    assert_true(say(&breaker, VERDICT_LATER, 5, "http-429", 0));
}

static void any_other_verdict_ends_the_row(void **state)
{
    static const enum verdict others[] = { VERDICT_DELIVERED, VERDICT_BAD_DATA, VERDICT_REFUSED, VERDICT_ORPHAN,
                                           VERDICT_MISCONFIGURED, VERDICT_PREDECESSOR_MISSING };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct agency_breaker breaker = { 0 };
        assert_false(say(&breaker, VERDICT_LATER, 1, "x", 0));
        assert_false(say(&breaker, VERDICT_LATER, 2, "x", 0));
        assert_false(say(&breaker, others[i], 3, "", 0));
        assert_false(say(&breaker, VERDICT_LATER, 4, "x", 0));
        assert_false(say(&breaker, VERDICT_LATER, 5, "x", 0));
        assert_true(say(&breaker, VERDICT_LATER, 6, "x", 0));
        assert_int_equal(breaker.give_back_count, 3);           /* not those before the row */
    }
}

static void never_sent_opens_whatever_the_dossier(void **state)
{
    struct agency_breaker breaker = { 0 };
    (void)state;
    assert_false(never_sent(&breaker, 1, "connect-refused"));
    assert_false(never_sent(&breaker, 1, "connect-timeout"));
    assert_true(never_sent(&breaker, 1, "resolve"));
    assert_int_equal(breaker.give_back_count, 0);               /* none was charged */
    breaker = (struct agency_breaker){ 0 };
    assert_false(never_sent(&breaker, 1, "a"));
    assert_false(never_sent(&breaker, 1, "a"));
    assert_false(say(&breaker, VERDICT_LATER, 1, "a", 0));      /* this one was sent: not a row any more */
    assert_false(never_sent(&breaker, 1, "a"));
    assert_false(never_sent(&breaker, 1, "a"));
}

static void hanging_agency_opens_it_too(void **state)
{
    struct agency_breaker breaker = { 0 };
    (void)state;
    assert_false(say(&breaker, VERDICT_UNSURE, 1, "time-out", 0));
    assert_false(say(&breaker, VERDICT_UNSURE, 2, "time-out", 0));
    assert_true(say(&breaker, VERDICT_UNSURE, 3, "time-out", 0));
}

static void probe_that_fails_waits_longer(void **state)
{
    static const int64_t waits_ms[] = { 2000, 4000, 8000, 10000, 10000 };
    struct agency_breaker breaker;
    int64_t now_ms = 0;
    (void)state;
    opened(&breaker, now_ms);
    for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
        now_ms = breaker.until_ms;
        assert_false(breaker_tick(&breaker, now_ms - 1));
        assert_true(breaker_tick(&breaker, now_ms));
        assert_int_equal(breaker_limit(&breaker, &RULE), 1);
        breaker_probe_sent(&breaker, 900 + i);
        assert_int_equal(breaker_limit(&breaker, &RULE), 0);
        assert_false(say(&breaker, VERDICT_LATER, 50, "http-503", now_ms));     /* a late one is not the probe */
        assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
        if (i % 2)
            assert_true(breaker_attempt_lost(&breaker, &RULE, 900 + i, now_ms));
        else
            assert_true(say(&breaker, VERDICT_UNSURE, 800 + i, "time-out", now_ms));
        assert_int_equal(breaker.state, BREAKER_OPEN);
        assert_int_equal(breaker.until_ms - now_ms, waits_ms[i]);
    }
    assert_int_equal(breaker.give_back_count, 3);               /* only the row that opened it */
}

static void success_closes_and_starts_slowly(void **state)
{
    static const uint32_t limits[] = { 2, 3, 4, 5, 6, 7, 8, 8, 8 };
    struct agency_breaker breaker;
    (void)state;
    opened(&breaker, 0);
    assert_true(breaker_tick(&breaker, 1000));
    breaker_probe_sent(&breaker, 109);
    assert_true(say(&breaker, VERDICT_BAD_DATA, 9, "", 1000));  /* it answers: that is all that is asked of it */
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_int_equal(breaker_limit(&breaker, &RULE), 1);
    assert_false(breaker_uncharged(&breaker));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        assert_false(say(&breaker, VERDICT_DELIVERED, 20 + i, "", 2000));
        assert_int_equal(breaker_limit(&breaker, &RULE), limits[i]);
    }
}

static void limit_halves_while_recovering(void **state)
{
    struct agency_breaker breaker = { .limit = 6 };
    (void)state;
    assert_false(say(&breaker, VERDICT_LATER, 1, "x", 0));
    assert_int_equal(breaker_limit(&breaker, &RULE), 3);
    assert_false(say(&breaker, VERDICT_LATER, 1, "x", 0));
    assert_int_equal(breaker_limit(&breaker, &RULE), 2);
    assert_false(say(&breaker, VERDICT_LATER, 1, "x", 0));
    assert_false(say(&breaker, VERDICT_LATER, 1, "x", 0));
    assert_int_equal(breaker_limit(&breaker, &RULE), 1);        /* never nothing */
}

static void success_of_a_late_one_closes_it(void **state)
{
    struct agency_breaker breaker;
    (void)state;
    opened(&breaker, 0);
    assert_true(say(&breaker, VERDICT_DELIVERED, 5, "", 10));
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    assert_int_equal(breaker.give_back_count, 3);               /* they are still owed their attempt */
}

static void zero_never_opens_and_large_k_is_bounded(void **state)
{
    struct breaker_rule never = RULE, large = RULE;
    struct agency_breaker breaker = { 0 };
    (void)state;
    never.after = 0;
    large.after = 100000;
    for (uint64_t i = 0; i < 500; i++) {
        struct breaker_answer answer = { .verdict = VERDICT_LATER, .handoff = i + 1, .dossier = i + 1,
                                         .fingerprint = "x", .charged = true };
        assert_false(breaker_answer(&breaker, &never, &answer, 0));
    }
    struct breaker_answer answer = { .verdict = VERDICT_LATER, .handoff = 999, .dossier = 999, .fingerprint = "x" };
    assert_true(breaker_answer(&breaker, &large, &answer, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_k_dossiers), cmocka_unit_test(one_dossier_never_opens_it),
        cmocka_unit_test(other_fingerprint_begins_anew), cmocka_unit_test(any_other_verdict_ends_the_row),
        cmocka_unit_test(never_sent_opens_whatever_the_dossier), cmocka_unit_test(hanging_agency_opens_it_too),
        cmocka_unit_test(probe_that_fails_waits_longer), cmocka_unit_test(success_closes_and_starts_slowly),
        cmocka_unit_test(limit_halves_while_recovering), cmocka_unit_test(success_of_a_late_one_closes_it),
        cmocka_unit_test(zero_never_opens_and_large_k_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
