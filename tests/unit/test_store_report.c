/* Reports against a slow count over all dossiers, written without a look at how the rows are kept: any period, any
 * moment, after changes of every kind. DOSSIERS=1000000 makes a city of them and prints how long a report takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/store/report.h"
#include "tests/unit/store_slow.h"

#define BEGIN_MS 1767200400000LL            /* 2026-01-01 00:00 in UTC+7 */

enum { AGENCIES = 60, PROCEDURES = 20, OFFICERS = 5, SMALL = 4000, DAYS = 181, BATCH = 200 };

struct city {
    struct site *site;
    uint64_t dice;
    struct measure *all;
    bool *there;
    size_t count, from, until;              /* those that this turn puts */
    bool named;                             /* with codes of their own */
};

static uint64_t roll(struct city *city, uint64_t sides)
{
    city->dice = city->dice * 6364136223846793005u + 1442695040888963407u;
    return (city->dice >> 33) % sides;
}

/* ---- a dossier by chance: everything that can be true of one */

static struct measure any_measure(struct city *city, uint64_t dossier)
{
    static const enum status ends[] = { STATUS_DONE, STATUS_RETURNED, STATUS_DONE, STATUS_DONE, STATUS_NOT_ACCEPTED,
                                        STATUS_WITHDRAWN, STATUS_STOPPED };
    struct measure measure = { .dossier = dossier, .agency = 1 + (uint32_t)roll(city, AGENCIES),
                               .channel = (uint32_t)roll(city, 6) };
    bool ended = roll(city, 100) < 98;

    snprintf(measure.procedure, sizeof measure.procedure, "2.%06u", (unsigned)roll(city, PROCEDURES));
    if (!roll(city, 50))
        measure.procedure[0] = 0;
    if (roll(city, 2)) {
        measure.officer_agency = measure.agency;
        snprintf(measure.officer, sizeof measure.officer, "CB-%u", (unsigned)roll(city, OFFICERS));
    }
    measure.received_ms = roll(city, 200) ? BEGIN_MS + (int64_t)roll(city, DAYS) * DAY_MS +
                                            (int64_t)roll(city, 600) * 60000 + 7 * HOUR_MS : 0;
    if (roll(city, 30))
        measure.due_ms = (measure.received_ms ? measure.received_ms : BEGIN_MS) + (int64_t)roll(city, 20) * DAY_MS;
    if (ended) {
        measure.ended = ends[roll(city, 7)];
        measure.ended_ms = measure.due_ms && roll(city, 500)
            ? measure.due_ms - (int64_t)roll(city, 5 * 24) * HOUR_MS
            : (measure.due_ms ? measure.due_ms : BEGIN_MS) + (int64_t)roll(city, 30) * DAY_MS + 1;
        measure.worked_minutes = (uint32_t)roll(city, roll(city, 9) ? 9000 : 90000);
    }
    bool late = measure.due_ms && measure.ended_ms > measure.due_ms;
    if (late && (measure.ended == STATUS_DONE || measure.ended == STATUS_RETURNED))
        measure.cause = 1 + (enum late_cause)roll(city, LATE_CAUSE_END - 1);
    measure.flags = (uint32_t)roll(city, 8);
    measure.papers = (uint32_t)roll(city, 9);
    measure.papers_digitised = (uint32_t)roll(city, measure.papers + 1);
    measure.results = (uint32_t)roll(city, 3);
    measure.results_digitised = (uint32_t)roll(city, measure.results + 1);
    if (!roll(city, 3)) {
        measure.rated_ms = BEGIN_MS + (int64_t)roll(city, DAYS) * DAY_MS;
        measure.attitude = (uint32_t)roll(city, 6);
        measure.cost = (uint32_t)roll(city, 6);
        measure.trips = (uint32_t)roll(city, 4);
    }
    return measure;
}

static void put_some(struct turn *turn, void *context)
{
    struct city *city = context;
    char code[DOSSIER_CODE_SIZE];

    for (size_t i = city->from; i < city->until; i++) {
        uint64_t id = i + 1;
        if (city->named && !city->there[i]) {
            snprintf(code, sizeof code, "H29.7-260101-%05zu", i);
            assert_int_equal(turn_dossier_make(turn, span_of_string(code)), id);
        }
        struct measure next = any_measure(city, id);
        turn_measure_put(turn, city->there[i] ? &city->all[i] : NULL, &next);
        city->all[i] = next;
        city->there[i] = true;
    }
}

static void name_agencies(struct turn *turn, void *context)
{
    char code[AGENCY_CODE_SIZE];
    (void)context;
    for (unsigned i = 1; i <= AGENCIES; i++) {
        snprintf(code, sizeof code, "H29.%02u", i);
        assert_int_equal(turn_agency_number_make(turn, code), i);
    }
}

static void put_range(struct city *city, size_t from, size_t until)
{
    for (city->from = from; city->from < until; city->from = city->until) {
        city->until = city->from + BATCH < until ? city->from + BATCH : until;
        site_turn(city->site, SITE_NOW_MS, put_some, city);
    }
}

static struct city build(struct site *site, size_t count, bool named)
{
    struct city city = { .site = site, .dice = 20260302, .count = count, .named = named,
                         .all = calloc(count, sizeof *city.all), .there = calloc(count, sizeof *city.there) };
    assert_non_null(city.all);
    assert_non_null(city.there);
    site_turn(site, SITE_NOW_MS, name_agencies, NULL);
    put_range(&city, 0, count);
    return city;
}

static void city_done(struct city *city)
{
    free(city->all);
    free(city->there);
}

/* ---- against the slow count */

static const struct { uint32_t from, until; int64_t later_ms; } periods[] = {
    { 20260101, 20260701, 0 }, { 20260201, 20260301, 0 }, { 20260215, 20260610, 0 }, { 20260301, 20260302, 0 },
    { 20251201, 20260115, 0 }, { 20260630, 20270101, 0 }, { 20260302, 20260331, 0 }, { 20260131, 20260301, 0 },
    { 20260401, 20260501, -9 * HOUR_MS - 1 },
};

static void agrees_with_a_slow_count(void **state)
{
    struct city city = build(*state, SMALL, false);

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
            for (enum report_by by = REPORT_CITY; by < REPORT_BY_END; by++)
                slow_compare(city.site, city.all, city.count, by, periods[i].from, periods[i].until,
                             slow_day_ms(periods[i].until) + periods[i].later_ms);
        put_range(&city, SMALL / 4, SMALL / 2);             /* everything about these is otherwise now */
    }
    city_done(&city);
}

/* ---- the rest */

static struct measure plain(int64_t received_ms, int64_t due_ms, int64_t ended_ms)
{
    return (struct measure){ .dossier = 1, .agency = 1, .received_ms = received_ms, .due_ms = due_ms,
                             .ended = ended_ms ? STATUS_DONE : 0, .ended_ms = ended_ms };
}

static bool counts(const struct measure *measure, enum figure figure)
{
    struct figure_amount amounts[MEASURE_AMOUNTS_MAX];
    size_t count = measure_amounts(measure, amounts);
    for (size_t i = 0; i < count; i++)
        if (amounts[i].figure == figure)
            return true;
    return false;
}

static void before_on_after(void **state)
{
    int64_t noon = BEGIN_MS + 12 * HOUR_MS;
    struct measure measure = plain(BEGIN_MS, noon, noon);
    (void)state;

    assert_true(counts(&measure, FIGURE_ON));
    measure.ended_ms = BEGIN_MS;                            /* the same day, to its first millisecond */
    assert_true(counts(&measure, FIGURE_ON));
    measure.ended_ms = BEGIN_MS - 1;
    assert_true(counts(&measure, FIGURE_BEFORE));
    measure.ended_ms = noon + 1;                            /* the same day, and late */
    measure.cause = LATE_BY_AGENCY;
    assert_true(counts(&measure, FIGURE_AFTER) && counts(&measure, FIGURE_CAUSE_AGENCY));
    assert_true(counts(&measure, FIGURE_NOT_APOLOGISED) && !counts(&measure, FIGURE_ON));
    measure.flags = MEASURE_APOLOGISED;
    assert_true(counts(&measure, FIGURE_APOLOGISED) && !counts(&measure, FIGURE_NOT_APOLOGISED));
    measure.due_ms = 0;
    assert_true(counts(&measure, FIGURE_UNDATED));
    measure.ended = STATUS_STOPPED;
    measure.due_ms = noon;
    measure.cause = 0;
    assert_true(counts(&measure, FIGURE_STOPPED) && counts(&measure, FIGURE_OTHERS_LATE));
    assert_false(counts(&measure, FIGURE_AFTER) || counts(&measure, FIGURE_UNDATED));
}

static void days_and_buckets(void **state)
{
    (void)state;
    assert_int_equal(figure_day(BEGIN_MS), 20260101);
    assert_int_equal(figure_day(BEGIN_MS - 1), 20251231);
    assert_int_equal(figure_day(INT64_MIN), 20000101);
    assert_int_equal(figure_day(INT64_MAX), 20991231);
    assert_int_equal(worked_bucket(0), 0);
    assert_int_equal(worked_bucket(60), 0);
    assert_int_equal(worked_bucket(61), 1);
    assert_int_equal(worked_bucket(UINT32_MAX), WORKED_BUCKETS - 1);
    for (unsigned i = 1; i < WORKED_BUCKETS; i++)
        assert_true(worked_bounds[i - 1] < worked_bounds[i]);
}

static void medians(void **state)
{
    struct figures figures = { 0 };
    uint32_t low, high;
    (void)state;

    assert_false(figures_quantile(&figures, 1, 2, &low, &high));
    figures.of[FIGURE_WORKED + worked_bucket(100)] = 5;
    figures.of[FIGURE_WORKED + worked_bucket(1000)] = 4;
    figures.of[FIGURE_WORKED + worked_bucket(5000)] = 1;
    assert_true(figures_quantile(&figures, 1, 2, &low, &high) && low == 60 && high == 120);
    assert_true(figures_quantile(&figures, 9, 10, &low, &high) && low == 960 && high == 1440);
    assert_true(figures_quantile(&figures, 1, 1, &low, &high) && low == 4800 && high == 5760);
}

static void ranks(void **state)
{
    struct report_line lines[5] = { { .name = "none" }, { .name = "half" }, { .name = "all" }, { .name = "same" },
                                    { .name = "more" } };
    struct report report = { .lines = lines, .count = 5 };
    uint32_t rank[5];
    (void)state;

    lines[1].in.of[FIGURE_ON] = lines[1].in.of[FIGURE_AFTER] = 1;
    lines[2].in.of[FIGURE_BEFORE] = lines[3].in.of[FIGURE_ON] = 3;
    lines[4].in.of[FIGURE_ON] = 9;
    report_rank(&report, rank);
    assert_string_equal(lines[0].name, "more");
    assert_string_equal(lines[1].name, "all");
    assert_string_equal(lines[2].name, "same");
    assert_string_equal(lines[3].name, "half");
    assert_string_equal(lines[4].name, "none");
    assert_true(rank[0] == 1 && rank[1] == 2 && rank[2] == 2 && rank[3] == 4 && rank[4] == 0);
}

static void samples(void **state)
{
    enum { DRAWN = 100 };
    struct city city = build(*state, SMALL, true);
    struct sampled *first = calloc(SMALL, sizeof *first), *again = calloc(SMALL, sizeof *again);
    size_t count = 0, all = 0;
    uint64_t of = 0, finished = 0;

    for (size_t i = 0; i < city.count; i++)
        finished += city.all[i].ended && figure_day(city.all[i].ended_ms) / 100 == 202603;
    assert_int_equal(report_sample(city.site->store, 20260301, 20260401, "S", DRAWN, first, &count, &of), RESULT_OK);
    assert_int_equal(count, DRAWN);
    assert_int_equal(of, finished);
    /* The first hundred of all of them, in the same order; more draws do not change what came before. */
    assert_int_equal(report_sample(city.site->store, 20260301, 20260401, "S", SMALL, again, &all, &of), RESULT_OK);
    assert_int_equal(all, finished);
    for (size_t i = 0; i < all; i++) {
        assert_int_equal(figure_day(again[i].ended_ms) / 100, 202603);
        assert_true(!i || again[i - 1].hash <= again[i].hash);
        if (i < DRAWN)
            assert_string_equal(first[i].code, again[i].code);
    }
    assert_int_equal(report_sample(city.site->store, 20260301, 20260401, "T", DRAWN, again, &all, &of), RESULT_OK);
    unsigned both = 0;
    for (size_t i = 0; i < DRAWN * DRAWN; i++)
        both += strcmp(first[i / DRAWN].code, again[i % DRAWN].code) == 0;
    assert_in_range(both, 0, DRAWN / 2);
    assert_int_equal(report_sample(city.site->store, 20260301, 20260401, "T", 0, again, &all, &of), RESULT_OK);
    assert_true(!all && of == finished);
    free(first);
    free(again);
    city_done(&city);
}

static void a_city_of_them(void **state)
{
    const char *wanted = getenv("DOSSIERS");
    size_t count = wanted ? (size_t)strtoul(wanted, NULL, 10) : SMALL;
    struct site *site = *state;
    int64_t began_ms = clock_monotonic_ms();
    site->options.map_bytes = (size_t)4 << 30;
    site_open(site);
    struct city city = build(site, count, false);
    struct report_question question = { .from_day = 20260101, .until_day = 20260701, .at_ms = slow_day_ms(20260701) };

    print_message("%zu dossiers counted in %lld ms\n", count, (long long)(clock_monotonic_ms() - began_ms));
    for (int round = 0; round < 3; round++) {
        question.from_day = round == 2 ? 20260102 : 20260101;
        question.until_day = round == 2 ? 20260131 : 20260701;
        for (question.by = REPORT_CITY; question.by < REPORT_BY_END; question.by++) {
            struct report report;
            began_ms = clock_monotonic_ms();
            assert_int_equal(report_read(city.site->store, &question, &report), RESULT_OK);
            if (round)
                print_message("%u to %u by %d: %zu lines in %lld ms\n", question.from_day, question.until_day,
                              question.by, report.count, (long long)(clock_monotonic_ms() - began_ms));
            report_free(&report);
        }
    }
    city_done(&city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_on_after), cmocka_unit_test(days_and_buckets), cmocka_unit_test(medians),
        cmocka_unit_test(ranks), SITE_OPEN(agrees_with_a_slow_count), SITE_OPEN(samples), SITE(a_city_of_them),
    };
    return cmocka_run_group_tests_name("store_report", tests, NULL, NULL);
}
