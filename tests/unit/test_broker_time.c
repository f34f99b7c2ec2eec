/* Gateway time: follows the wall clock while it can be believed, never goes backwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/base/limits.h"
#include "gateway/broker/gateway_time.h"

enum { MINUTE = 60 * 1000, DAY = 24 * 60 * MINUTE };
#define T0 1700000000000LL              /* some wall clock */
#define S0 5000LL                       /* and the steady clock then */

static void follows_the_wall(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, T0 - DAY);
    assert_true(gateway_time_now(&time, T0 + 10, S0 + 10) == T0 + 10);
    assert_true(gateway_time_now(&time, T0 + 4 * MINUTE, S0 + 20) == T0 + 4 * MINUTE);      /* set ahead a little */
    assert_int_equal(time.alarm, TIME_AGREES);
    assert_false(time.brake);
}

static void waits_for_a_wall_behind(void **state)
{
    struct gateway_time time;
    int64_t before_ms, now_ms = T0;
    (void)state;
    gateway_time_start(&time, T0, S0, 0);
    /* The wall clock is set back a minute: half speed, so it takes two minutes to meet. */
    for (int64_t passed_ms = 1; passed_ms <= 3 * MINUTE; passed_ms++) {
        before_ms = now_ms;
        now_ms = gateway_time_now(&time, T0 - MINUTE + passed_ms, S0 + passed_ms);
        assert_true(now_ms >= before_ms && now_ms <= before_ms + 1);
        if (passed_ms == MINUTE)
            assert_true(now_ms == T0 + MINUTE / 2);
    }
    assert_true(now_ms == T0 + 2 * MINUTE);
    assert_int_equal(time.alarm, TIME_AGREES);
}

static void goes_on_alone_when_too_far_apart(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, 0);
    assert_true(gateway_time_now(&time, T0 + CLOCK_APART_MS_MAX + 2, S0 + 1) == T0 + 1);
    assert_int_equal(time.alarm, TIME_APART);
    assert_true(time.brake);
    assert_true(gateway_time_now(&time, T0 - DAY, S0 + 100) == T0 + 100);
    assert_true(time.apart_ms == -DAY - 100);
    /* Mended: the alarm ends, the brake stays until somebody has looked. */
    assert_true(gateway_time_now(&time, T0 + 250, S0 + 200) == T0 + 250);
    assert_int_equal(time.alarm, TIME_AGREES);
    assert_true(time.brake);
    gateway_time_confirm(&time, T0 + 260, S0 + 210);
    assert_false(time.brake);
}

static void confirmed_wall_ahead_is_taken(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, 0);
    assert_true(gateway_time_now(&time, T0 + DAY, S0 + 10) == T0 + 10);
    gateway_time_confirm(&time, T0 + DAY + 10, S0 + 20);
    assert_true(gateway_time_now(&time, T0 + DAY + 20, S0 + 30) == T0 + DAY + 20);
    assert_int_equal(time.alarm, TIME_AGREES);
}

static void confirmed_wall_behind_is_waited_for(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, 0);
    (void)gateway_time_now(&time, T0 - DAY, S0 + 10);
    gateway_time_confirm(&time, T0 - DAY + 10, S0 + 20);
    int64_t before_ms = time.now_ms;
    assert_true(gateway_time_now(&time, T0 - DAY + 1010, S0 + 1020) == before_ms + 500);
    assert_int_equal(time.alarm, TIME_AGREES);
    assert_false(time.brake);
    /* Two days of half speed later they have nearly met; from then on it is as if nothing had been. */
    assert_true(gateway_time_now(&time, T0 + DAY + 10, S0 + 2 * DAY + 20) == T0 + DAY + 20);
    assert_true(gateway_time_now(&time, T0 + DAY + 30, S0 + 2 * DAY + 40) == T0 + DAY + 30);
    assert_false(time.confirmed);
}

static void never_before_the_last_turn(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, T0 + MINUTE);
    assert_true(gateway_time_now(&time, T0 + 2, S0 + 2) == T0 + MINUTE + 1);
    assert_int_equal(time.alarm, TIME_AGREES);
    gateway_time_start(&time, T0, S0, T0 + DAY);
    assert_int_equal(time.alarm, TIME_APART);
    assert_true(gateway_time_now(&time, T0 + 7, S0 + 7) == T0 + DAY + 7);
    assert_true(time.brake);
}

static void long_gap_at_start_alarms(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, T0 - 7LL * DAY);
    assert_int_equal(time.alarm, TIME_AGREES);
    gateway_time_start(&time, T0, S0, T0 - 7LL * DAY - 1);
    assert_int_equal(time.alarm, TIME_GAP);
    assert_true(time.brake);
    assert_true(gateway_time_now(&time, T0 + 5, S0 + 5) == T0 - 7LL * DAY + 4);     /* not taken */
    assert_int_equal(time.alarm, TIME_GAP);
    assert_true(time.apart_ms == 7LL * DAY + 1);
    gateway_time_confirm(&time, T0 + 6, S0 + 6);
    assert_int_equal(time.alarm, TIME_AGREES);
    assert_false(time.brake);
    assert_true(gateway_time_now(&time, T0 + 7, S0 + 7) == T0 + 7);
}

/* The clock of 2070 is set right while nobody has confirmed it: as if it had never been. */
static void a_gap_that_was_mended_leaves_nothing(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0 + 16000LL * DAY, S0, T0);
    assert_true(gateway_time_now(&time, T0 + 16000LL * DAY + MINUTE, S0 + MINUTE) == T0 + MINUTE);
    assert_true(gateway_time_now(&time, T0 + 2 * MINUTE, S0 + 2 * MINUTE) == T0 + 2 * MINUTE);
    assert_int_equal(time.alarm, TIME_AGREES);
    assert_true(time.brake);
}

static void a_new_store_doubts_the_impossible(void **state)
{
    struct gateway_time time;
    (void)state;
    gateway_time_start(&time, T0, S0, 0);
    assert_int_equal(time.alarm, TIME_AGREES);
    gateway_time_start(&time, 3600 * 1000, S0, 0);                                  /* 1970 */
    assert_int_equal(time.alarm, TIME_APART);
    assert_true(time.now_ms == CLOCK_EARLIEST_MS && time.brake);
    gateway_time_start(&time, 3156000000000LL, S0, 0);                              /* 2070 */
    assert_int_equal(time.alarm, TIME_GAP);
    assert_true(time.now_ms == CLOCK_EARLIEST_MS && time.brake);
    gateway_time_confirm(&time, T0, S0 + 5);
    assert_true(gateway_time_now(&time, T0 + 5, S0 + 10) == T0 + 5);
    assert_int_equal(time.alarm, TIME_AGREES);
}

/* Stopped for an hour while the wall clock was a millisecond behind: the hour itself is not halved. */
static void an_hour_at_once_is_an_hour(void **state)
{
    (void)state;
    const int64_t begin_ms = 1700000000000, hour_ms = 3600 * 1000;
    struct gateway_time time = { 0 };

    gateway_time_start(&time, begin_ms, 1000, begin_ms);
    int64_t now_ms = gateway_time_now(&time, begin_ms + hour_ms - 1, 1000 + hour_ms);
    assert_int_equal(now_ms, begin_ms + hour_ms - 1);
    now_ms = gateway_time_now(&time, begin_ms + hour_ms, 1000 + hour_ms + 1);
    assert_int_equal(now_ms, begin_ms + hour_ms);
    assert_int_equal(time.alarm, TIME_AGREES);
    assert_false(time.brake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_at_once_is_an_hour),
        cmocka_unit_test(follows_the_wall), cmocka_unit_test(waits_for_a_wall_behind),
        cmocka_unit_test(goes_on_alone_when_too_far_apart), cmocka_unit_test(confirmed_wall_ahead_is_taken),
        cmocka_unit_test(confirmed_wall_behind_is_waited_for), cmocka_unit_test(never_before_the_last_turn),
        cmocka_unit_test(long_gap_at_start_alarms), cmocka_unit_test(a_gap_that_was_mended_leaves_nothing),
        cmocka_unit_test(a_new_store_doubts_the_impossible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
