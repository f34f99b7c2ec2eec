#include "gateway/core/calendar.h"

#include <stdlib.h>
#include <string.h>

enum { DAYS = 36525 };       /* 2000-01-01 .. 2099-12-31; pinned by a must() below */

struct calendar {
    uint8_t kinds[DAYS];                /* by day since the first of CALENDAR_YEAR_MIN */
    struct listed_day *listed;          /* rising */
    size_t count, room;
};

/* ---------------------------------------------------------------- dates */

/* Years are counted from March, so that the leap day is the last of its year; 400 years have 146097 days. */
int64_t day_of_date(int year, int month, int day)
{
    int64_t from_march = year - (month <= 2);
    int64_t era = (from_march >= 0 ? from_march : from_march - 399) / 400, year_of_era = from_march - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void date_of_day(int64_t day, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = day + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);         /* 0 is March */

    *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = month < 10 ? month + 3 : month - 9;
    *ret_year = (int)(year_of_era + era * 400) + (*ret_month <= 2);
}

/* 1970-01-01 was a Thursday. */
int weekday_of(int64_t day)
{
    int weekday = (int)((day + 3) % WEEKDAYS);

    return weekday < 0 ? weekday + WEEKDAYS : weekday;
}

static const char *const source_names[SOURCE_END] = {
    [SOURCE_PUBLISHED] = "published", [SOURCE_SECONDARY] = "secondary", [SOURCE_REMEMBERED] = "remembered",
};

const char *day_source_name(enum day_source source)
{
    must(source > 0 && source < SOURCE_END);
    return source_names[source];
}

enum day_source day_source_read(const char *word)
{
    for (enum day_source source = 1; source < SOURCE_END; source++)
        if (strcmp(word, source_names[source]) == 0)
            return source;
    return 0;
}

/* ---------------------------------------------------------------- days */

static int64_t first_day(void)
{
    return 10957;                       /* 2000-01-01 */
}

struct calendar *calendar_new(void)
{
    must(first_day() == day_of_date(CALENDAR_YEAR_MIN, 1, 1));
    must(first_day() + DAYS == day_of_date(CALENDAR_YEAR_MAX + 1, 1, 1));
    return calloc(1, sizeof(struct calendar));
}

void calendar_free(struct calendar *calendar)
{
    if (calendar)
        free(calendar->listed);
    free(calendar);
}

enum day_kind calendar_kind(const struct calendar *calendar, int64_t day)
{
    int64_t at = day - first_day();

    return calendar && at >= 0 && at < DAYS ? (enum day_kind)calendar->kinds[at] : DAY_UNKNOWN;
}

bool calendar_has_year(const struct calendar *calendar, int year)
{
    return year >= CALENDAR_YEAR_MIN && year <= CALENDAR_YEAR_MAX
           && calendar_kind(calendar, day_of_date(year, 1, 1)) != DAY_UNKNOWN;
}

enum result calendar_add_year(struct calendar *calendar, int year)
{
    if (year < CALENDAR_YEAR_MIN || year > CALENDAR_YEAR_MAX || calendar_has_year(calendar, year))
        return RESULT_INVALID;
    int64_t from = day_of_date(year, 1, 1) - first_day(), to = day_of_date(year + 1, 1, 1) - first_day();
    memset(calendar->kinds + from, DAY_PLAIN, (size_t)(to - from));
    return RESULT_OK;
}

/* Where `day` stands, or would. */
static size_t place_of(const struct calendar *calendar, int64_t day)
{
    size_t low = 0, high = calendar->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (calendar->listed[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum result calendar_add_day(struct calendar *calendar, const struct listed_day *listed)
{
    must(listed->kind == DAY_OFF || listed->kind == DAY_MAKE_UP);
    if (calendar_kind(calendar, listed->day) != DAY_PLAIN
        || (listed->kind == DAY_MAKE_UP && weekday_of(listed->day) < SATURDAY))
        return RESULT_INVALID;
    if (calendar->count == CALENDAR_LISTED_MAX)
        return RESULT_FULL;
    if (calendar->count == calendar->room) {
        size_t room = calendar->room ? calendar->room * 2 : 64;
        struct listed_day *more = realloc(calendar->listed, room * sizeof *more);
        if (!more)
            return RESULT_FULL;
        calendar->listed = more;
        calendar->room = room;
    }
    size_t place = place_of(calendar, listed->day);
    memmove(calendar->listed + place + 1, calendar->listed + place,
            (calendar->count - place) * sizeof *calendar->listed);
    calendar->listed[place] = *listed;
    calendar->count++;
    calendar->kinds[listed->day - first_day()] = (uint8_t)listed->kind;
    return RESULT_OK;
}

const struct listed_day *calendar_listed(const struct calendar *calendar, int64_t day)
{
    enum day_kind kind = calendar_kind(calendar, day);

    return kind == DAY_OFF || kind == DAY_MAKE_UP ? &calendar->listed[place_of(calendar, day)] : NULL;
}

const struct listed_day *calendar_at(const struct calendar *calendar, size_t index)
{
    return calendar && index < calendar->count ? &calendar->listed[index] : NULL;
}

/* ---------------------------------------------------------------- hours */

static const char weekday_names[WEEKDAYS][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

const char *weekday_name(int weekday)
{
    must(weekday >= 0 && weekday < WEEKDAYS);
    return weekday_names[weekday];
}

static bool take(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool take_digits(const char **at, int max, int *ret_number)
{
    const char *digits = *at;

    if (digits[0] < '0' || digits[0] > '9' || digits[1] < '0' || digits[1] > '9')
        return false;
    *ret_number = (digits[0] - '0') * 10 + digits[1] - '0';
    *at += 2;
    return *ret_number <= max;
}

/* 00:00 .. 24:00 */
static bool take_clock(const char **at, int *ret_minute)
{
    int hour, minute;

    if (!take_digits(at, 24, &hour) || !take(at, ':') || !take_digits(at, 59, &minute))
        return false;
    *ret_minute = hour * 60 + minute;
    return *ret_minute <= DAY_MINUTES;
}

/* Up to the end, or a semicolon. */
static bool take_shifts(const char **at, struct hours_day *ret_day, const char **ret_why)
{
    struct hours_day day = { 0 };

    for (*at += strspn(*at, " "); **at && **at != ';'; *at += strspn(*at, " ")) {
        struct shift *shift = &day.shifts[day.count];
        if (day.count == SHIFTS_MAX) {
            *ret_why = "too many working periods in one day";
            return false;
        }
        if (!take_clock(at, &shift->from_minute) || !take(at, '-') || !take_clock(at, &shift->to_minute)
            || (**at && **at != ' ' && **at != ';')) {
            *ret_why = "working periods are written 07:30-11:30, a blank between two of them";
            return false;
        }
        if (shift->from_minute >= shift->to_minute
            || (day.count && shift->from_minute <= day.shifts[day.count - 1].to_minute)) {
            *ret_why = "a working period must end after it begins, and the next one begin later than that";
            return false;
        }
        day.count++;
    }
    if (!day.count) {
        *ret_why = "a day without working periods";
        return false;
    }
    *ret_day = day;
    return true;
}

static bool take_weekday(const char **at, int *ret_weekday)
{
    for (int i = 0; i < WEEKDAYS; i++)
        if (strncmp(*at, weekday_names[i], 3) == 0) {
            *at += 3;
            *ret_weekday = i;
            return true;
        }
    return false;
}

bool hours_read_day(const char *text, struct hours_day *ret_day, const char **ret_why)
{
    struct hours_day day;

    if (!take_shifts(&text, &day, ret_why))
        return false;
    if (*text) {
        *ret_why = "one day only: no semicolon";
        return false;
    }
    *ret_day = day;
    return true;
}

bool hours_read_week(const char *text, struct hours_day ret_week[WEEKDAYS], const char **ret_why)
{
    struct hours_day week[WEEKDAYS] = { 0 };
    const char *at = text;

    do {
        struct hours_day day;
        int first, last;
        at += strspn(at, " ");
        bool good = take_weekday(&at, &first);
        last = first;
        if (!good || (take(&at, '-') && !take_weekday(&at, &last)) || last < first || *at != ' ') {
            *ret_why = "days are written Mon or Mon-Fri (Mon Tue Wed Thu Fri Sat Sun), their hours behind them";
            return false;
        }
        if (!take_shifts(&at, &day, ret_why))
            return false;
        for (int i = first; i <= last; i++) {
            if (week[i].count) {
                *ret_why = "a day of the week stands there twice";
                return false;
            }
            week[i] = day;
        }
    } while (take(&at, ';'));
    memcpy(ret_week, week, sizeof week);
    return true;
}

const char *hours_fault(const struct hours *hours)
{
    bool some = false;

    for (int i = 0; i < WEEKDAYS; i++)
        some = some || hours->counted[i].count;
    if (!some)
        return "no day of the week has counted hours";
    for (int i = SATURDAY; i < WEEKDAYS; i++)
        if (!hours_of_day(hours, i, DAY_MAKE_UP)->count)
            return "neither Monday nor 'make_up' has hours: a make-up day could not be worked";
    return NULL;
}

const struct hours_exception *hours_exception_of(const struct hours_exception *exceptions, size_t count, int64_t day)
{
    for (size_t i = 0; i < count; i++)
        if (day >= exceptions[i].from_day && day < exceptions[i].to_day)
            return &exceptions[i];
    return NULL;
}

const struct hours_day *hours_of_day(const struct hours *hours, int weekday, enum day_kind kind)
{
    static const struct hours_day closed;

    if (kind == DAY_OFF)
        return &closed;
    if (kind != DAY_MAKE_UP)
        return &hours->counted[weekday];
    if (hours->make_up.count)
        return &hours->make_up;
    return hours->counted[weekday].count ? &hours->counted[weekday] : &hours->counted[0];
}

void hours_day_text(const struct hours_day *day, struct text *text)
{
    for (int i = 0; i < day->count; i++) {
        const struct shift *shift = &day->shifts[i];
        text_add(text, "%s%02d:%02d-%02d:%02d", i ? " " : "", shift->from_minute / 60, shift->from_minute % 60,
                 shift->to_minute / 60, shift->to_minute % 60);
    }
}

static bool same_day(const struct hours_day *a, const struct hours_day *b)
{
    bool same = a->count == b->count;

    for (int i = 0; same && i < a->count; i++)
        same = a->shifts[i].from_minute == b->shifts[i].from_minute
               && a->shifts[i].to_minute == b->shifts[i].to_minute;
    return same;
}

void hours_week_text(const struct hours_day week[WEEKDAYS], struct text *text)
{
    const char *between = "";

    for (int first = 0, last; first < WEEKDAYS; first = last + 1) {
        last = first;
        if (!week[first].count)
            continue;
        while (last + 1 < WEEKDAYS && same_day(&week[first], &week[last + 1]))
            last++;
        text_add(text, "%s%s", between, weekday_names[first]);
        if (last > first)
            text_add(text, "-%s", weekday_names[last]);
        text_add(text, " ");
        hours_day_text(&week[first], text);
        between = "; ";
    }
}
