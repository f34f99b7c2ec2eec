/* week.c - working time: counted minutes forwards and backwards, days off and make-up days included. */
#include "tests/city/city.h"

int64_t minute_ms(uint32_t minute)
{
    return BEGIN_MS + minute * MINUTE_MS;
}

void week_build(struct week *week, const struct hours *hours, const struct calendar *calendar)
{
    int64_t first = day_of_date(2023, 1, 1);
    uint32_t counted = 0;

    week->hours = hours;
    for (uint32_t day = 0; day < WEEK_DAYS; day++) {
        const struct hours_day *worked =
            hours_of_day(hours, weekday_of(first + day), calendar_kind(calendar, first + day));
        week->before[day] = counted;
        if (worked)
            week->days[day] = *worked;
        for (int i = 0; i < week->days[day].count; i++)
            counted += (uint32_t)(week->days[day].shifts[i].to_minute - week->days[day].shifts[i].from_minute);
    }
    week->before[WEEK_DAYS] = counted;
}

uint32_t week_index(const struct week *week, uint32_t minute)
{
    uint32_t day = minute / DAY;
    int of_day = (int)(minute % DAY);

    if (day >= WEEK_DAYS)
        return week->before[WEEK_DAYS];
    uint32_t counted = week->before[day];
    for (int i = 0; i < week->days[day].count && week->days[day].shifts[i].from_minute < of_day; i++) {
        const struct shift *shift = &week->days[day].shifts[i];
        counted += (uint32_t)((of_day < shift->to_minute ? of_day : shift->to_minute) - shift->from_minute);
    }
    return counted;
}

uint32_t week_minute(const struct week *week, uint32_t index)
{
    uint32_t low = 0, high = WEEK_DAYS;

    must(index < week->before[WEEK_DAYS]);
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (week->before[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    uint32_t left = index - week->before[low];
    for (int i = 0; i < week->days[low].count; i++) {
        const struct shift *shift = &week->days[low].shifts[i];
        uint32_t length = (uint32_t)(shift->to_minute - shift->from_minute);
        if (left < length)
            return low * DAY + (uint32_t)shift->from_minute + left;
        left -= length;
    }
    must(false);
    return 0;
}

uint32_t week_after(const struct week *week, uint32_t minute, uint32_t work)
{
    return week_minute(week, week_index(week, minute) + work);
}
