/* report_period.c - the periods that reports are made for. */
#include <string.h>

#include "gateway/cli/report.h"

#define DAY_MS   (24LL * 3600 * 1000)
#define LOCAL_MS (7LL * 3600 * 1000)

static const struct { const char *vi, *en; int months; } presets[PRESET_END] = {
    [PRESET_WEEK] = { "tuan", "week", 0 },       [PRESET_MONTH] = { "thang", "month", 1 },
    [PRESET_QUARTER] = { "quy", "quarter", 3 },  [PRESET_HALF] = { "6-thang", "6-months", 6 },
    [PRESET_NINE] = { "9-thang", "9-months", 9 }, [PRESET_YEAR] = { "nam", "year", 12 },
};

enum preset preset_read(const char *word)
{
    for (enum preset preset = 1; preset < PRESET_END; preset++)
        if (strcmp(word, presets[preset].vi) == 0 || strcmp(word, presets[preset].en) == 0)
            return preset;
    return PRESET_NONE;
}

const char *preset_name(enum preset preset)
{
    return presets[preset].vi;
}

/* The first day of a month, counted since year 0; with a closing day, the day after it in the month before. */
static int64_t month_begin(int month, int close)
{
    month -= close > 0;
    return day_of_date(month / 12, month % 12 + 1, close + 1);
}

struct period period_of(enum preset preset, int close, int64_t day)
{
    struct period period = { .preset = preset, .close = close };
    int year, month, date, length = presets[preset].months;

    if (preset == PRESET_WEEK) {
        period.from_day = day - weekday_of(day);
        period.until_day = period.from_day + WEEKDAYS;
        return period;
    }
    date_of_day(day, &year, &month, &date);
    int at = year * 12 + month - 1 + (close && date > close), in_year = at % 12;
    int first = at - (preset == PRESET_NINE ? in_year : in_year % length);
    period.from_day = month_begin(first, close);
    period.until_day = month_begin(first + length, close);
    return period;
}

struct period period_before(const struct period *period)
{
    struct period before = *period;

    if (period->preset)
        return period_of(period->preset, period->close, period->from_day - 1);
    before.until_day = period->from_day;
    before.from_day = period->from_day - (period->until_day - period->from_day);
    return before;
}

uint32_t period_day(int64_t day)
{
    int year, month, date;
    date_of_day(day, &year, &month, &date);
    return (uint32_t)(year * 10000 + month * 100 + date);
}

int64_t period_day_ms(int64_t day)
{
    return day * DAY_MS - LOCAL_MS;
}

int64_t period_day_of(int64_t time_ms)
{
    int64_t local_ms = time_ms + LOCAL_MS;
    return local_ms / DAY_MS - (local_ms % DAY_MS < 0);
}
