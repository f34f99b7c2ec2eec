/* Times and durations as people and machines write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"

struct sample {
    const char *text;
    int64_t time_ms;
};

static void written(void **state)
{
    (void)state;
    static const struct sample samples[] = {            /* computed with Python's datetime */
        { "1970-01-01T07:00:00.000+07:00", 0 },
        { "1970-01-01T06:59:59.999+07:00", -1 },
        { "2026-03-02T16:30:00.000+07:00", 1772443800000 },
        { "2024-02-29T23:59:59.999+07:00", 1709225999999 },
        { "2000-03-01T00:00:00.000+07:00", 951843600000 },
        { "1900-03-01T00:00:00.000+07:00", -2203916400000 },
        { "9999-12-31T23:59:59.999+07:00", 253402275599999 },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t back_ms = 0;
        clock_text(samples[i].time_ms, text);
        assert_string_equal(text, samples[i].text);
        assert_true(clock_read(span_of_string(text), &back_ms));
        assert_true(back_ms == samples[i].time_ms);
    }
    /* The ends of the range are cut, not overflowed. */
    char text[CLOCK_TEXT_SIZE];
    clock_text(INT64_MAX, text);
    clock_text(INT64_MIN, text);
    assert_true(strlen(text) < CLOCK_TEXT_SIZE);
}

/* Every day of eight centuries, both ways, next to a count that knows only month lengths. */
static void every_day(void **state)
{
    (void)state;
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t expected_ms = -11676096000000 - 7 * 3600000LL;              /* 1600-01-01 00:00 +07:00 */
    for (int year = 1600; year < 2400; year++)
        for (int month = 1; month <= 12; month++) {
            int leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (int day = 1; day <= lengths[month - 1] + leap; day++, expected_ms += 86400000) {
                char array[CLOCK_TEXT_SIZE], back[CLOCK_TEXT_SIZE];
                struct text text = text_of(array, sizeof array);
                int64_t time_ms;
                text_add(&text, "%04d-%02d-%02d", year, month, day);
                assert_true(clock_read(span_of_string(array), &time_ms));
                assert_true(time_ms == expected_ms);
                clock_text(time_ms, back);
                assert_memory_equal(back, array, 10);
            }
        }
}

static void read(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "2026-03-02T16:30:00+07:00", 1772443800000 },
        { "2026-03-02T09:30:00Z", 1772443800000 },
        { "2026-03-02t09:30:00z", 1772443800000 },
        { "2026-03-02T04:00:00-05:30", 1772443800000 },
        { "2026-03-02 16:30:00", 1772443800000 },
        { "2026-03-02 16:30", 1772443800000 },
        { "2026-03-02T16:30", 1772443800000 },
        { "2026-03-02T16:30:00.5", 1772443800500 },
        { "2026-03-02T16:30:00.5+07:00", 1772443800500 },
        { "2026-03-02T16:30:00.123999999Z", 1772469000123 },
        { "2026-03-02", 1772384400000 },
        { "9999-12-31T16:59:59.999Z", 253402275599999 },
        { "0000-01-01T00:00:00+07:00", -62167244400000 },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        int64_t time_ms = 0;
        if (!clock_read(span_of_string(samples[i].text), &time_ms) || time_ms != samples[i].time_ms)
            fail_msg("%s: %lld", samples[i].text, (long long)time_ms);
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "2026", "2026-03", "2026-3-2", "02/03/2026", "2026-02-29", "2026-13-01", "2026-00-01", "1900-02-29",
        "2026-04-31",
        "2026-03-00", "2026-03-02T", "2026-03-02T16", "2026-03-02T24:00", "2026-03-02T16:60", "2026-03-02T16:30:60",
        "2026-03-02T16:30:00.", "2026-03-02T16:30:00.Z", "2026-03-02T16:30:00+7:00", "2026-03-02T16:30:00+0700",
        "2026-03-02T16:30:00+24:00", "2026-03-02T16:30:00+07:60", "2026-03-02T16:30+07:00", "2026-03-02T16:30:00 ",
        " 2026-03-02", "2026-03-02  16:30", "2026-03-02Z", "2026-03-02T16:30:00ZZ", "+2026-03-02", "2026-03-02T-1:00",
        "9999-12-31T17:00:00Z", "0000-01-01T06:59:59+14:00",       /* another year of ours: 10000, -1 */
    };
    int64_t time_ms = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (clock_read(span_of_string(bad[i]), &time_ms))
            fail_msg("taken: '%s'", bad[i]);
    assert_false(clock_read(span_of("2026-03-02\0", 11), &time_ms));
    assert_true(time_ms == 42);
}

static void durations(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "250ms", 250 }, { "90s", 90000 }, { "15m", 900000 }, { "36h", 129600000 }, { "7d", 604800000 }, { "0s", 0 },
        { "9223372036854775807ms", INT64_MAX },
    };
    static const char *const bad[] = { "", "s", "10", "-1s", "+1s", "1.5h", "1 s", "1S", "1w", "1h30m", " 1s", "1s ",
                                       "9223372036854775808ms", "106751991168d", "99999999999999999999s" };
    int64_t duration_ms = 42;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_true(duration_read(span_of_string(samples[i].text), &duration_ms));
        assert_true(duration_ms == samples[i].time_ms);
    }
    duration_ms = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (duration_read(span_of_string(bad[i]), &duration_ms))
            fail_msg("taken: '%s'", bad[i]);
    assert_true(duration_ms == 42);
}

static void clocks_run(void **state)
{
    (void)state;
    assert_true(clock_wall_ms() > 1700000000000);
    int64_t monotonic_ms = clock_monotonic_ms();
    assert_true(monotonic_ms > 0 && clock_monotonic_ms() >= monotonic_ms);
    assert_true(clock_boot_ms() >= monotonic_ms);           /* boot time counts sleep too */
}

static void people_read_local_time_to_the_second(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    clock_text_local(1772443805999, text);                      /* 2026-03-02T09:30:05.999Z */
    assert_string_equal(text, "2026-03-02 16:30:05");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_local_time_to_the_second),
        cmocka_unit_test(written),   cmocka_unit_test(every_day), cmocka_unit_test(read),
        cmocka_unit_test(refused),   cmocka_unit_test(durations), cmocka_unit_test(clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
