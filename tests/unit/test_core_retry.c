/* Back-off: how long, and when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/core/retry.h"

/* Without jitter (dice in the middle of its 1025 values) the delays double up to the bound. */
static void delays_double_up_to_the_bound(void **state)
{
    static const struct { uint32_t tries; int64_t delay_ms; } rows[] = {
        { 0, 60000 }, { 1, 60000 }, { 2, 120000 }, { 3, 240000 }, { 4, 480000 }, { 5, 960000 }, { 6, 1800000 },
        { 7, 1800000 }, { 4000000000u, 1800000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(retry_delay_ms(rows[i].tries, 60000, 1800000, 512), rows[i].delay_ms);
}

static void jitter_is_a_quarter_and_within_bounds(void **state)
{
    bool low = false, high = false;
    (void)state;
    for (uint64_t dice = 0; dice < 4000; dice++) {
        int64_t delay_ms = retry_delay_ms(2, 1000, 60000, dice);
        assert_in_range(delay_ms, 1500, 2500);
        low |= delay_ms < 1550;
        high |= delay_ms > 2450;
        assert_in_range(retry_delay_ms(1, 1000, 60000, dice), 500, 1250);
        assert_in_range(retry_delay_ms(50, 1000, 60000, dice), 45000, 60000);
        assert_in_range(retry_delay_ms(3, 1, 1, dice), 0, 1);
        int64_t huge_ms = retry_delay_ms(UINT32_MAX, INT64_MAX / 4, INT64_MAX / 2, dice);
        assert_true(huge_ms > 0 && huge_ms <= INT64_MAX / 2);
    }
    assert_true(low && high);
}

static void dice_are_the_same_each_time_and_spread(void **state)
{
    unsigned seen[8] = { 0 };
    (void)state;
    assert_true(retry_dice(7, 1) == retry_dice(7, 1));
    assert_true(retry_dice(7, 1) != retry_dice(7, 2));
    assert_true(retry_dice(7, 1) != retry_dice(8, 1));
    for (uint64_t id = 1; id <= 8000; id++)
        seen[retry_dice(id, 1) % 1025 * 8 / 1025]++;
    for (int i = 0; i < 8; i++)
        assert_in_range(seen[i], 800, 1200);
}

static void over_by_count_or_by_time(void **state)
{
    struct agency agency = { .attempts_max = 3, .age_ms_max = 1000 };
    (void)state;
    assert_false(retry_is_over(&agency, 2, 1000));
    assert_true(retry_is_over(&agency, 3, 0));
    assert_true(retry_is_over(&agency, 1, 1001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_double_up_to_the_bound), cmocka_unit_test(jitter_is_a_quarter_and_within_bounds),
        cmocka_unit_test(dice_are_the_same_each_time_and_spread), cmocka_unit_test(over_by_count_or_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
