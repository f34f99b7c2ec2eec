/* The deadline engine beside a slow and obvious one that walks minute by minute, in random worlds: hours, calendars
 * with missing years, arrivals, rules, pauses. The dice are seeded: a failure comes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/deadline.h"

#define MINUTE_MS (60LL * 1000)
#define LOCAL_MS  (7 * 60 * MINUTE_MS)

/* A world whose every minute is written down: from 2022 to 2031. */
enum { FIRST_DAY = 18993, WORLD_DAYS = 3652, WORLDS = 50, QUESTIONS = 400, PAUSES = 5, EXCEPTIONS = 60 };
struct world {
    struct hours hours;
    struct calendar *calendar;
    bool loaded[10];                                    /* 2022 .. */
    bool worked[(size_t)WORLD_DAYS * DAY_MINUTES];
    bool excepted[WORLD_DAYS];                          /* worked otherwise: no calendar is asked */
    struct hours_exception exceptions[EXCEPTIONS];
    size_t exception_count;
    int  missing;                                       /* the earliest year that was asked for and is not loaded */
    bool left;                                          /* somebody went beyond the last minute */
};
static struct world world;

static uint64_t dice_state;

static int dice(int sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (int)(dice_state >> 33) % sides;
}

/* Up to three shifts; sometimes from midnight, sometimes to midnight. */
static struct hours_day random_day(void)
{
    struct hours_day day = { .count = 1 + dice(3) };
    int at = dice(4) ? dice(540) : 0;

    for (int i = 0; i < day.count; i++) {
        day.shifts[i].from_minute = at;
        at += 20 + dice(240);
        day.shifts[i].to_minute = at;
        at += 1 + dice(120);
    }
    if (!dice(8))
        day.shifts[day.count - 1].to_minute = DAY_MINUTES;
    must(day.shifts[day.count - 1].to_minute <= DAY_MINUTES);
    return day;
}

static int year_of(int64_t day)
{
    int year, month, date;

    date_of_day(day, &year, &month, &date);
    return year;
}

static void world_days(enum day_kind kinds_of_days[WORLD_DAYS])
{
    for (int i = 0; i < WORLD_DAYS; i++) {
        struct listed_day listed = { .day = FIRST_DAY + i, .source = SOURCE_REMEMBERED };
        bool weekend = (FIRST_DAY + i + 3) % 7 >= 5, run = i && kinds_of_days[i - 1] == DAY_OFF && dice(3);
        kinds_of_days[i] = DAY_PLAIN;
        if (!world.loaded[year_of(FIRST_DAY + i) - 2022])
            continue;
        listed.kind = run || !dice(25) ? DAY_OFF : weekend && !dice(8) ? DAY_MAKE_UP : DAY_PLAIN;
        if (listed.kind == DAY_PLAIN)
            continue;
        kinds_of_days[i] = listed.kind;
        assert_int_equal(calendar_add_day(world.calendar, &listed), RESULT_OK);
    }
}

static void world_make(void)
{
    static enum day_kind days[WORLD_DAYS];
    struct hours *hours = &world.hours;

    memset(&world, 0, sizeof world);
    for (int i = 0; i < WEEKDAYS; i++)
        if (i == 0 || dice(i < 5 ? 8 : 2))
            hours->counted[i] = random_day();
    if (!dice(3))
        hours->make_up = random_day();
    assert_null(hours_fault(hours));
    world.calendar = calendar_new();
    assert_non_null(world.calendar);
    for (int i = 0; i < 10; i++)
        if ((world.loaded[i] = dice(10) > 1))
            assert_int_equal(calendar_add_year(world.calendar, 2022 + i), RESULT_OK);
    world_days(days);
    for (int i = 0; i < WORLD_DAYS; i++) {
        int weekday = (FIRST_DAY + i + 3) % 7;
        const struct hours_day *day = &hours->counted[weekday];
        if (days[i] == DAY_MAKE_UP && hours->make_up.count)
            day = &hours->make_up;
        else if (days[i] == DAY_MAKE_UP && !day->count)
            day = &hours->counted[0];
        for (int k = 0; days[i] != DAY_OFF && k < day->count; k++)
            for (int minute = day->shifts[k].from_minute; minute < day->shifts[k].to_minute; minute++)
                world.worked[i * DAY_MINUTES + minute] = true;
    }
}

/* Every third world has none; else one in every other month or so, closed or with hours of its own. */
static void world_exceptions(void)
{
    int day = dice(3) ? dice(40) : WORLD_DAYS;

    for (; world.exception_count < EXCEPTIONS && day + 5 < WORLD_DAYS; day += 6 + dice(80)) {
        struct hours_exception *exception = &world.exceptions[world.exception_count++];
        exception->from_day = FIRST_DAY + day;
        exception->to_day = FIRST_DAY + day + 1 + dice(4);
        if (!dice(3))
            exception->hours = random_day();
        for (int64_t at = exception->from_day - FIRST_DAY; at < exception->to_day - FIRST_DAY; at++) {
            world.excepted[at] = true;
            memset(&world.worked[at * DAY_MINUTES], 0, DAY_MINUTES);
            for (int k = 0; k < exception->hours.count; k++)
                for (int m = exception->hours.shifts[k].from_minute; m < exception->hours.shifts[k].to_minute; m++)
                    world.worked[at * DAY_MINUTES + m] = true;
        }
    }
}

/* Minutes since 2022 began. */
static bool worked(int64_t minute)
{
    int day = (int)(minute / DAY_MINUTES);
    static int year_start_day = -1, year_end_day = -1, year;

    if (day >= WORLD_DAYS) {
        world.left = true;
        return true;
    }
    if (day < year_start_day || day >= year_end_day || year_end_day < 0) {
        year = year_of(FIRST_DAY + day);
        year_start_day = (int)day_of_date(year, 1, 1) - FIRST_DAY;
        year_end_day = (int)day_of_date(year + 1, 1, 1) - FIRST_DAY;
    }
    if (!world.excepted[day] && !world.loaded[year - 2022] && (!world.missing || year < world.missing))
        world.missing = year;
    return world.worked[minute];
}

static bool day_is_worked(int64_t day)
{
    for (int64_t minute = day * DAY_MINUTES; minute < (day + 1) * DAY_MINUTES; minute++)
        if (worked(minute))
            return true;
    return false;
}

static int64_t slow_closing(int64_t day)
{
    int64_t minute = (day + 1) * DAY_MINUTES;

    while (!worked(minute - 1))
        minute--;
    return minute;
}

static int64_t slow_next_working_day(int64_t day)
{
    for (day++; !day_is_worked(day);)
        day++;
    return day;
}

static int64_t slow_work(int64_t minute, int64_t left)
{
    for (; left; minute++)
        if (worked(minute))
            left--;
    return minute;
}

static int64_t slow_rule(const struct deadline_rule *rule, int64_t start)
{
    int64_t day = start / DAY_MINUTES, wanted;

    switch (rule->kind) {
    case DEADLINE_WORKING_HOURS:
        return slow_work(start, rule->number * 60);
    case DEADLINE_WORKING_DAYS:
        for (int i = 0; i < rule->number; i++)
            day = slow_next_working_day(day);
        for (wanted = day * DAY_MINUTES + start % DAY_MINUTES; wanted < (day + 1) * DAY_MINUTES; wanted++)
            if (worked(wanted))
                return wanted;
        return slow_closing(day);
    case DEADLINE_DAYS:
        day += rule->number;
        return slow_closing(day_is_worked(day) ? day : slow_next_working_day(day));
    default:
        return slow_closing(start % DAY_MINUTES < rule->number ? day : slow_next_working_day(day));
    }
}

static bool paused(const struct deadline_pause *pauses, size_t count, int64_t minute)
{
    int64_t at_ms = (FIRST_DAY * (int64_t)DAY_MINUTES + minute) * MINUTE_MS - LOCAL_MS;

    for (size_t i = 0; i < count; i++)
        if (at_ms >= pauses[i].from_ms && at_ms < pauses[i].to_ms)
            return true;
    return false;
}

/* Minute by minute: rule first, then every stretch of paused minutes between arrival and due. */
static int64_t slow_due(const struct deadline_rule *rule, int64_t arrival, const struct deadline_pause *pauses,
                        size_t count)
{
    int64_t start = arrival;

    while (!worked(start))
        start++;
    int64_t due = slow_rule(rule, start);
    for (int64_t minute = arrival; minute < due && !world.left; minute++) {
        int64_t end = minute, left = 0;
        if (!paused(pauses, count, minute))
            continue;
        while (paused(pauses, count, end))
            end++;
        for (int64_t at = minute; at < due; at++)
            left += worked(at);
        int64_t moved = end;
        while (!left && !worked(moved))
            moved++;
        moved = slow_work(moved, left);
        due = moved > due ? moved : due;
        minute = end - 1;
    }
    return due;
}

static struct deadline_rule random_rule(void)
{
    static const enum deadline_kind all[] = { DEADLINE_WORKING_DAYS, DEADLINE_WORKING_HOURS, DEADLINE_DAYS,
                                              DEADLINE_CUTOFF };
    struct deadline_rule rule = { .kind = all[dice(4)] };

    rule.number = rule.kind == DEADLINE_CUTOFF ? dice(DAY_MINUTES) : 1 + dice(dice(4) ? 6 : 40);
    return rule;
}

static int64_t ms_of(int64_t minute)
{
    return (FIRST_DAY * (int64_t)DAY_MINUTES + minute) * MINUTE_MS - LOCAL_MS;
}

static size_t random_pauses(int64_t arrival, struct deadline_pause pauses[PAUSES])
{
    size_t count = dice(3) ? (size_t)dice(PAUSES) : 0;

    for (size_t i = 0; i < count; i++) {
        int64_t from = arrival + dice(12 * DAY_MINUTES) - 2 * DAY_MINUTES;
        if (i && !dice(4))              /* touching the last one */
            from = (pauses[i - 1].to_ms - ms_of(0)) / MINUTE_MS;
        int64_t to = (from = from < 0 ? 0 : from) + dice(dice(2) ? 600 : 8 * DAY_MINUTES);
        pauses[i] = (struct deadline_pause){ ms_of(from), ms_of(to) };
    }
    return count;
}

struct counts { size_t compared, provisional, with_pauses; };

static void compare(int64_t arrival, struct counts *counts)
{
    struct deadline_pause pauses[PAUSES];
    struct deadline question = {
        .arrival_ms = ms_of(arrival), .rule = random_rule(), .hours = &world.hours, .calendar = world.calendar,
        .pauses = pauses, .pause_count = random_pauses(arrival, pauses),
        .exceptions = world.exceptions, .exception_count = world.exception_count,
    };
    struct deadline_trace trace;
    struct due due, told;

    world.missing = 0;
    world.left = false;
    int64_t expected = slow_due(&question.rule, arrival, pauses, question.pause_count);
    if (world.left)
        return;
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_OK);
    assert_int_equal(deadline_compute(&question, &told, &trace), RESULT_OK);
    assert_true(due.due_ms == told.due_ms && due.unknown_year == told.unknown_year);
    assert_false(due.none);
    if (due.due_ms != ms_of(expected) || due.unknown_year != world.missing) {
        char rule[DEADLINE_RULE_SIZE];
        deadline_rule_text(&question.rule, rule);
        fail_msg("question %zu, %s from minute %lld: expected %lld (missing %d), not %lld (missing %d)",
                 counts->compared, rule, (long long)arrival, (long long)expected, world.missing,
                 (long long)((due.due_ms - ms_of(0)) / MINUTE_MS), due.unknown_year);
    }
    counts->compared++;
    counts->provisional += due.unknown_year != 0;
    counts->with_pauses += question.pause_count != 0;
}

/* How long was worked: every minute that was, and that no pause covers. */
static void compare_worked(int64_t arrival)
{
    struct deadline_pause pauses[PAUSES];
    struct deadline question = { .arrival_ms = ms_of(arrival), .hours = &world.hours, .calendar = world.calendar,
                                 .exceptions = world.exceptions, .exception_count = world.exception_count,
                                 .pauses = pauses };
    int64_t until = arrival + dice(30 * DAY_MINUTES) - dice(100), slow = 0, worked_ms = -1;

    question.pause_count = random_pauses(arrival, pauses);
    for (int64_t minute = arrival; minute < until; minute++)
        slow += worked(minute) && !paused(pauses, question.pause_count, minute);
    assert_int_equal(deadline_worked(&question, ms_of(until), &worked_ms), RESULT_OK);
    assert_int_equal(worked_ms, slow * MINUTE_MS);
}

static void worked_time_agrees(void **state)
{
    struct deadline question = { .arrival_ms = ms_of(0), .hours = &world.hours };
    int64_t worked_ms;

    (void)state;
    dice_state = 20260303;
    for (int w = 0; w < WORLDS; w++) {
        world_make();
        world_exceptions();
        for (int q = 0; q < QUESTIONS / 8; q++)
            compare_worked(dice(5 * 365) * (int64_t)DAY_MINUTES + dice(DAY_MINUTES));
        calendar_free(world.calendar);
    }
    assert_int_equal(deadline_worked(&question, INT64_MAX, &worked_ms), RESULT_INVALID);
    assert_int_equal(deadline_worked(&question, ms_of(-5), &worked_ms), RESULT_OK);
    assert_int_equal(worked_ms, 0);
}

static void agrees_with_the_slow_one(void **state)
{
    struct counts counts = { 0 };

    (void)state;
    dice_state = 20260302;
    for (int w = 0; w < WORLDS; w++) {
        world_make();
        world_exceptions();
        for (int q = 0; q < QUESTIONS; q++)
            compare(dice(5 * 365) * (int64_t)DAY_MINUTES + dice(DAY_MINUTES), &counts);
        calendar_free(world.calendar);
    }
    assert_true(counts.compared > WORLDS * QUESTIONS * 95 / 100);
    assert_true(counts.provisional > 1000 && counts.with_pauses > 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(agrees_with_the_slow_one),
                                        cmocka_unit_test(worked_time_agrees) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
