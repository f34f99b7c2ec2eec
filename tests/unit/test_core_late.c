/* When a holder is asked for an apology, counted backwards; the form of the day; what a letter says. The rest is told
 * by tests/trace/late_*, apology_* and urge_*. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/core/advice.h"
#include "gateway/core/apology.h"
#include "gateway/core/due_date.h"
#include "gateway/core/header_text.h"
#include "proto/lienthong.pb-c.h"

#define MINUTE_MS (60LL * 1000)
#define DAY_MS    (24 * 60 * MINUTE_MS)

static int64_t at(const char *text)
{
    int64_t time_ms;
    assert_true(clock_read(span_of_string(text), &time_ms));
    return time_ms;
}

static struct deadline_rule rule(const char *text)
{
    struct deadline_rule read;
    assert_true(deadline_rule_read(text, &read));
    return read;
}

/* 2026 with Tết off and Saturday 22 August worked. */
static struct calendar *calendar_of_2026(void)
{
    struct calendar *calendar = calendar_new();
    assert_non_null(calendar);
    assert_int_equal(calendar_add_year(calendar, 2026), RESULT_OK);
    for (int day = 16; day <= 20; day++) {
        struct listed_day off = { .day = day_of_date(2026, 2, day), .kind = DAY_OFF, .source = SOURCE_PUBLISHED };
        assert_int_equal(calendar_add_day(calendar, &off), RESULT_OK);
    }
    struct listed_day worked = { .day = day_of_date(2026, 8, 22), .kind = DAY_MAKE_UP, .source = SOURCE_PUBLISHED };
    assert_int_equal(calendar_add_day(calendar, &worked), RESULT_OK);
    return calendar;
}

static void counted_backwards(void **state)
{
    (void)state;
    struct calendar *calendar = calendar_of_2026();
    struct tables tables = { .calendar = calendar };
    static const struct { const char *due, *rule, *asked; } cases[] = {
        { "2026-03-05 08:00", "w1", "2026-03-04 08:00" },           /* Thursday: Wednesday */
        { "2026-03-09 08:00", "w1", "2026-03-06 08:00" },           /* Monday: Friday */
        { "2026-02-23 08:00", "w1", "2026-02-13 08:00" },           /* after Tết: before it */
        { "2026-08-24 08:00", "w1", "2026-08-22 08:00" },           /* Monday after a Saturday that is worked */
        { "2026-03-05 17:00", "w1", "2026-03-04 16:59" },           /* a closing: the last minute that is worked */
        { "2026-03-05 08:30", "h2", "2026-03-04 16:00" },
        { "2026-03-05 08:00", "w3", "2026-03-02 08:00" },
    };
    char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        clock_text_local(due_before(&tables, rule(cases[i].rule), NULL, at(cases[i].due)), text);
        clock_text_local(at(cases[i].asked), expected);
        assert_string_equal(text, expected);
    }
    assert_int_equal(due_before(&tables, rule("none"), NULL, at("2026-03-05 08:00")), 0);
    assert_int_equal(due_before(&tables, (struct deadline_rule){ 0 }, NULL, at("2026-03-05 08:00")), 0);
    calendar_free(calendar);
}

/* From that minute the rule is over in time; from the next one it is not. */
static void the_other_way_of_the_engine(void **state)
{
    (void)state;
    struct calendar *calendar = calendar_of_2026();
    struct tables tables = { .calendar = calendar };
    static const char *const rules[] = { "w1", "w2", "w7", "h1", "h4", "h12", "d5" };
    uint64_t dice = 88172645463325252ULL;
    for (int i = 0; i < 3000; i++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        int64_t due_ms = at("2026-01-20 00:00") + (int64_t)(dice % (300ULL * DAY_MS));
        struct deadline_rule counted = rule(rules[i % 7]);
        int64_t before_ms = due_before(&tables, counted, NULL, due_ms);
        assert_true(before_ms > 0 && before_ms < due_ms && before_ms % MINUTE_MS == 0);
        assert_true(due_after(&tables, NULL, before_ms, counted) <= due_ms);
        int64_t later_ms = before_ms + MINUTE_MS;
        assert_true(later_ms > due_ms || due_after(&tables, NULL, later_ms, counted) > due_ms);
    }
    calendar_free(calendar);
}

/* The week of the agency, its exceptions, the calendar; a closing counts; what no calendar tells is let pass. */
static void somebody_is_there(void **state)
{
    (void)state;
    struct calendar *calendar = calendar_of_2026();
    struct tables tables = { .calendar = calendar };
    struct hours mornings = { .name = "mornings" };
    struct hours_exception moved = { .from_day = day_of_date(2026, 3, 10), .to_day = day_of_date(2026, 3, 11) };
    const char *why;
    assert_true(hours_read_week("Mon-Sat 07:30-11:30", mornings.counted, &why));
    struct agency ward = { .code = "WARD", .hours = &mornings, .exceptions = &moved, .exception_count = 1 };
    const struct { const struct agency *agency; const char *at, *next; } cases[] = {
        { NULL, "2026-03-05 07:30", NULL }, { NULL, "2026-03-05 16:59", NULL }, { NULL, "2026-03-05 17:00", NULL },
        { NULL, "2026-03-05 11:30", NULL }, { NULL, "2026-03-05 11:31", "2026-03-05 13:00" },
        { NULL, "2026-03-05 17:01", "2026-03-06 07:30" }, { NULL, "2026-03-05 00:00", "2026-03-05 07:30" },
        { NULL, "2026-03-07 17:00", "2026-03-09 07:30" },           /* a Saturday */
        { NULL, "2026-08-22 17:00", NULL },                         /* one that is worked */
        { NULL, "2026-02-16 09:00", "2026-02-23 07:30" },           /* Tết */
        { NULL, "2027-01-02 17:00", NULL }, { NULL, "2199-01-01 00:00", NULL },     /* nobody knows */
        { &ward, "2026-03-07 09:00", NULL }, { &ward, "2026-03-07 14:00", "2026-03-09 07:30" },
        { &ward, "2026-03-10 09:00", "2026-03-11 07:30" },          /* closed that day */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t next_ms = 0;
        bool worked = due_is_worked(&tables, cases[i].agency, at(cases[i].at), &next_ms);
        assert_int_equal(worked, !cases[i].next);
        assert_int_equal(next_ms, cases[i].next ? at(cases[i].next) : 0);
    }
    int64_t next_ms;
    assert_true(due_is_worked(&tables, NULL, INT64_MAX, &next_ms));
    tables.calendar = NULL;
    assert_true(due_is_worked(&tables, NULL, at("2026-03-07 17:00"), &next_ms));
    calendar_free(calendar);
}

static void asked_in_time(void **state)
{
    (void)state;
    struct calendar *calendar = calendar_of_2026();
    struct tables tables = { .calendar = calendar, .late = { .ask = rule("w1"), .ask_short = rule("h2") } };
    struct dossier dossier = { .received_ms = at("2026-03-02 08:00"), .due_ms = at("2026-03-05 08:00") };
    assert_int_equal(due_ask(&tables, NULL, &dossier), at("2026-03-04 08:00"));
    dossier.due_ms = at("2026-03-03 08:00");            /* one working day in all */
    assert_int_equal(due_ask(&tables, NULL, &dossier), at("2026-03-02 15:30"));
    dossier.received_ms = at("2026-03-01 10:00");       /* a Sunday: counted from Monday morning */
    dossier.due_ms = at("2026-03-03 07:30");
    assert_int_equal(due_ask(&tables, NULL, &dossier), at("2026-03-02 15:00"));
    dossier.received_ms = 0;                            /* nobody said: as long as any other */
    assert_int_equal(due_ask(&tables, NULL, &dossier), at("2026-03-02 07:30"));
    dossier.due_ms = 0;
    assert_int_equal(due_ask(&tables, NULL, &dossier), 0);
    dossier.due_ms = at("2026-03-05 08:00");
    tables.late.ask = rule("none");
    assert_int_equal(due_ask(&tables, NULL, &dossier), 0);
    calendar_free(calendar);
}

static void the_form_of_the_day(void **state)
{
    (void)state;
    assert_string_equal(apology_form(at("2025-06-30 23:59"))->circular, "TT 01/2018/TT-VPCP");
    assert_string_equal(apology_form(at("2025-07-01 00:00"))->circular, "TT 03/2025/TT-VPCP");
    assert_string_equal(apology_form(at("2023-04-25 08:00"))->title_vi, "Phiếu xin lỗi và hẹn lại ngày trả kết quả");
    assert_string_equal(apology_form(at("2026-04-25 08:00"))->title_vi,
                        "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết");
}

static void what_a_letter_says(void **state)
{
    (void)state;
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    char reason[REASON_CODE_SIZE], signer[OFFICER_SIZE], longer[REASON_CODE_SIZE + 1];
    uint8_t bytes[1024];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    facts.reason_code = (char *)(uintptr_t)"qua-tai";
    facts.officer_from = (char *)(uintptr_t)"CB-07";
    header.facts = &facts;
    struct span whole = span_of(bytes, lienthong__v1__header__pack(&header, bytes));
    header_reason_code(whole, reason);
    header_officer_from(whole, signer);
    assert_string_equal(reason, "qua-tai");
    assert_string_equal(signer, "CB-07");
    facts.reason_code = longer;                         /* not cut: none */
    facts.officer_from = (char *)(uintptr_t)"";
    whole = span_of(bytes, lienthong__v1__header__pack(&header, bytes));
    header_reason_code(whole, reason);
    header_officer_from(whole, signer);
    assert_string_equal(reason, "");
    assert_string_equal(signer, "");
    header_reason_code(span_of(bytes, 1), reason);
    assert_string_equal(reason, "");
}

static void every_state_has_words(void **state)
{
    (void)state;
    for (enum apology apology = 1; apology < APOLOGY_END; apology++)
        assert_true(strlen(apology_words(apology).vi) > 3 && strlen(apology_words(apology).en) > 3);
    for (enum unasked unasked = 1; unasked < UNASKED_END; unasked++)
        assert_true(strlen(unasked_words(unasked).vi) > 3 && strlen(unasked_words(unasked).en) > 3);
    assert_string_equal(unasked_words(0).vi, "");
    assert_string_equal(apology_words(APOLOGY_END).en, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_backwards), cmocka_unit_test(the_other_way_of_the_engine),
        cmocka_unit_test(somebody_is_there), cmocka_unit_test(asked_in_time), cmocka_unit_test(the_form_of_the_day),
        cmocka_unit_test(what_a_letter_says), cmocka_unit_test(every_state_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
