/* calendar.h - which days are worked, and at which hours: what deadlines are counted in. Pure.
 *
 * Days       are counted since 1970-01-01, local time (UTC+7, no daylight saving). Weekday 0 is Monday.
 * A year     is loaded or not. In a loaded year every day is plain (the weekly hours alone decide), off, or a make-up
 *            day. In a year that is not loaded nobody knows: the plain week is an estimate, and the answer says so.
 * Hours      of a kind of agency. `counted`: a clock runs. `open`: dossiers are received; only the register cares.
 * Make-up    a Saturday or Sunday that is worked instead of another day: at `make_up` where an agency has such hours,
 *            else at its own hours of that weekday, else at Monday's. So an agency that is there on Saturday mornings
 *            anyway is there then, and no longer, unless `make_up` says more.
 * Ownership  a calendar is built once, then only read.
 */
#ifndef GATEWAY_CORE_CALENDAR_H
#define GATEWAY_CORE_CALENDAR_H

#include "gateway/base/span.h"

enum {
    CALENDAR_YEAR_MIN = 2000, CALENDAR_YEAR_MAX = 2099,
    CALENDAR_LISTED_MAX = 4096,         /* days off and make-up days over all years */
    CALENDAR_WHY_SIZE = 96,
    HOURS_NAME_SIZE = 32,
    SHIFTS_MAX = 6,                     /* of one day */
    WEEKDAYS = 7, SATURDAY = 5,
    DAY_MINUTES = 24 * 60,
};

/* ---- days */

enum day_kind { DAY_UNKNOWN = 0, DAY_PLAIN, DAY_OFF, DAY_MAKE_UP };
/* How far a day of a calendar can be trusted. */
enum day_source { SOURCE_PUBLISHED = 1, SOURCE_SECONDARY, SOURCE_REMEMBERED, SOURCE_END };

struct listed_day {
    int64_t         day;
    enum day_kind   kind;               /* DAY_OFF or DAY_MAKE_UP */
    enum day_source source;
    char            why_vi[CALENDAR_WHY_SIZE], why_en[CALENDAR_WHY_SIZE];
};

struct calendar;
MUST_USE struct calendar *calendar_new(void);                           /* no year loaded; NULL: no memory */
void calendar_free(struct calendar *calendar);                          /* takes NULL */
/* All days of the year become plain. RESULT_INVALID: out of bounds, or loaded already. */
MUST_USE enum result calendar_add_year(struct calendar *calendar, int year);
/* Copies. RESULT_INVALID: its year is not loaded, the day is listed already, or a make-up day that is no Saturday or
 * Sunday. RESULT_FULL: too many. */
MUST_USE enum result calendar_add_day(struct calendar *calendar, const struct listed_day *listed);

bool          calendar_has_year(const struct calendar *calendar, int year);
enum day_kind calendar_kind(const struct calendar *calendar, int64_t day);     /* NULL: nothing is loaded */
/* What is known of a day off or a make-up day; NULL for any other. */
const struct listed_day *calendar_listed(const struct calendar *calendar, int64_t day);
/* In the order of days; NULL at the end. */
const struct listed_day *calendar_at(const struct calendar *calendar, size_t index);

int64_t     day_of_date(int year, int month, int day);
void        date_of_day(int64_t day, int *ret_year, int *ret_month, int *ret_day);
int         weekday_of(int64_t day);                                    /* 0 Monday .. 6 Sunday */
const char *day_source_name(enum day_source source);                    /* "published", ... */
enum day_source day_source_read(const char *word);                      /* 0: none of them */

/* ---- hours */

struct shift { int from_minute, to_minute; };                           /* worked in [from, to) */
struct hours_day { struct shift shifts[SHIFTS_MAX]; int count; };       /* rising; two never meet */
struct hours {
    char name[HOURS_NAME_SIZE];
    struct hours_day counted[WEEKDAYS], open[WEEKDAYS];
    struct hours_day make_up;           /* count 0: not its own */
};

/* Days [from_day, to_day) that one agency works otherwise than its week and the calendar say: flooded, moved. */
struct hours_exception {
    int64_t from_day, to_day;
    struct hours_day hours;             /* count 0: closed */
    char why_vi[CALENDAR_WHY_SIZE], why_en[CALENDAR_WHY_SIZE];
};
/* NULL: that day is as always. */
const struct hours_exception *hours_exception_of(const struct hours_exception *exceptions, size_t count, int64_t day);

/* "Mon-Fri 07:30-11:30 13:00-17:00; Sat 07:30-11:30": what is not named is not worked. False: *ret_why, static. */
MUST_USE bool hours_read_week(const char *text, struct hours_day ret_week[WEEKDAYS], const char **ret_why);
/* "07:30-11:30 13:00-17:00" */
MUST_USE bool hours_read_day(const char *text, struct hours_day *ret_day, const char **ret_why);
/* Some day is counted, and a make-up day would be. NULL, or what is wrong; static. */
const char *hours_fault(const struct hours *hours);
/* The counted hours of a day of this kind; DAY_UNKNOWN is taken as plain. */
const struct hours_day *hours_of_day(const struct hours *hours, int weekday, enum day_kind kind);
/* As hours_read_week() takes it, one way of writing for one meaning. */
void hours_week_text(const struct hours_day week[WEEKDAYS], struct text *text);
void hours_day_text(const struct hours_day *day, struct text *text);
const char *weekday_name(int weekday);                                  /* "Mon" */

#endif
