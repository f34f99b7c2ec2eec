/* The periods of `lienthong report`, and how a unit has moved in the ranking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/cli/report.h"

static const enum preset presets[] = { PRESET_WEEK, PRESET_MONTH, PRESET_QUARTER, PRESET_HALF, PRESET_YEAR };

/* Every day lies in one period of a kind, and one follows the other without a gap, wherever the books are closed. */
static void periods_join(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        for (int close = 0; close <= 27; close += 9)
            for (int64_t day = day_of_date(2023, 11, 1); day < day_of_date(2026, 3, 1); day++) {
                struct period period = period_of(presets[i], close, day), before = period_before(&period);
                assert_true(period.from_day <= day && day < period.until_day);
                assert_int_equal(before.until_day, period.from_day);
                assert_int_equal(period_of(presets[i], close, period.until_day - 1).from_day, period.from_day);
            }
}

static void is_period(enum preset preset, int close, int64_t day, uint32_t from, uint32_t to)
{
    struct period period = period_of(preset, close, day);
    assert_int_equal(period_day(period.from_day), from);
    assert_int_equal(period_day(period.until_day - 1), to);
}

static void periods_of_a_day(void **state)
{
    int64_t day = day_of_date(2026, 12, 14);
    (void)state;

    is_period(PRESET_WEEK, 14, day, 20261214, 20261220);
    is_period(PRESET_MONTH, 0, day, 20261201, 20261231);
    is_period(PRESET_MONTH, 14, day, 20261115, 20261214);
    is_period(PRESET_QUARTER, 14, day, 20260915, 20261214);
    is_period(PRESET_HALF, 14, day, 20260615, 20261214);
    is_period(PRESET_NINE, 14, day, 20251215, 20260914);
    is_period(PRESET_YEAR, 14, day, 20251215, 20261214);
    is_period(PRESET_YEAR, 14, day + 1, 20261215, 20271214);
    is_period(PRESET_QUARTER, 14, day + 1, 20261215, 20270314);
    is_period(PRESET_NINE, 0, day, 20260101, 20260930);
    struct period nine = period_of(PRESET_NINE, 0, day);
    assert_int_equal(period_day(period_before(&nine).from_day), 20250101);
    struct period own = { .from_day = day, .until_day = day + 10 };
    assert_int_equal(period_before(&own).from_day, day - 10);
    assert_int_equal(period_before(&own).until_day, day);
}

static void days(void **state)
{
    int64_t day = day_of_date(2026, 3, 2);
    (void)state;

    assert_int_equal(period_day_of(period_day_ms(day)), day);
    assert_int_equal(period_day_of(period_day_ms(day) - 1), day - 1);
    assert_int_equal(period_day_of(-1), 0);                 /* 06:59:59 of the first day, local time */
    assert_int_equal(period_day_of(-8 * 3600000LL), -1);
    for (enum preset preset = 1; preset < PRESET_END; preset++)
        assert_int_equal(preset_read(preset_name(preset)), preset);
    assert_int_equal(preset_read("9-months"), PRESET_NINE);
    assert_int_equal(preset_read(""), PRESET_NONE);
}

static void ranks_before(void **state)
{
    struct report_line before[2] = { { .agency = 1, .name = "A" }, { .agency = 2, .name = "A" } };
    struct report_line same = { .agency = 2, .name = "A" }, other = { .agency = 2, .name = "B" };
    struct view view = { .report_before = { .lines = before, .count = 2 }, .ranks_before = (uint32_t[]){ 1, 2 } };
    (void)state;

    assert_int_equal(report_rank_before(&view, &same), 2);
    assert_int_equal(report_rank_before(&view, &other), 0);
}

/* Each column has one key, and reads a line of zeros without dividing by any. */
static void columns(void **state)
{
    struct report_line line = { 0 };
    (void)state;

    for (size_t i = 0; i < report_column_count; i++) {
        struct cell cell = report_columns[i].cell(&line);
        assert_true(cell.kind == CELL_ABSENT || (cell.kind == CELL_COUNT && cell.count == 0));
        assert_int_equal(!report_columns[i].short_vi, !report_columns[i].short_en);
        assert_int_equal(report_columns[i].vi[0] == '-', report_columns[i].en[0] == '-');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(report_columns[i].key, report_columns[k].key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_join), cmocka_unit_test(periods_of_a_day), cmocka_unit_test(days),
        cmocka_unit_test(ranks_before), cmocka_unit_test(columns),
    };
    return cmocka_run_group_tests_name("cli_report", tests, NULL, NULL);
}
