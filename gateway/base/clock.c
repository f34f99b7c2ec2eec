#include "gateway/base/clock.h"

#include <inttypes.h>
#include <time.h>

enum { MS_PER_SECOND = 1000, SECONDS_PER_DAY = 86400, LOCAL_OFFSET_MINUTES = 7 * 60 };
/* The years of four digits, in local time: [0000-01-01, 10000-01-01). */
#define LOCAL_YEAR_0_MS     (-62167244400000LL)
#define LOCAL_YEAR_10000_MS 253402275600000LL

static int64_t read_clock_ms(clockid_t clock)
{
    struct timespec now;
    must(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t clock_boot_ms(void)
{
    return read_clock_ms(CLOCK_BOOTTIME);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. Years are counted from March, so that the leap
 * day is the last of its year; 400 years have 146097 days. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    *ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

void clock_text(int64_t time_ms, char ret_text[CLOCK_TEXT_SIZE])
{
    int64_t year;
    int month, day;
    int64_t seconds = floor_divide(time_ms, MS_PER_SECOND);
    int ms = (int)((time_ms % MS_PER_SECOND + MS_PER_SECOND) % MS_PER_SECOND);
    seconds += LOCAL_OFFSET_MINUTES * 60;
    int64_t days = floor_divide(seconds, SECONDS_PER_DAY);
    int second = (int)(seconds - days * SECONDS_PER_DAY);

    date_of_days(days, &year, &month, &day);
    struct text text = text_of(ret_text, CLOCK_TEXT_SIZE);
    text_add(&text, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03d+07:00", year, month, day,
             second / 3600, second / 60 % 60, second % 60, ms);
}

void clock_text_local(int64_t time_ms, char ret_text[CLOCK_TEXT_SIZE])
{
    clock_text(time_ms, ret_text);
    ret_text[10] = ' ';
    ret_text[19] = 0;
}

/* ---- reading: a small cursor over the text; every step fails for good once one has failed ---- */

struct reader {
    struct span text;
    size_t at;
    bool bad;
};

static bool reader_at(const struct reader *reader, char c)
{
    return !reader->bad && reader->at < reader->text.size && reader->text.bytes[reader->at] == (uint8_t)c;
}

static bool reader_take(struct reader *reader, char c)
{
    if (!reader_at(reader, c))
        return false;
    reader->at++;
    return true;
}

static void reader_expect(struct reader *reader, char c)
{
    if (!reader_take(reader, c))
        reader->bad = true;
}

/* Exactly `digits` digits, between min and max. */
static int reader_number(struct reader *reader, int digits, int min, int max)
{
    int value = 0;
    for (int i = 0; i < digits && !reader->bad; i++, reader->at++) {
        uint8_t c = reader->at < reader->text.size ? reader->text.bytes[reader->at] : 0;
        if (c < '0' || c > '9')
            reader->bad = true;
        else
            value = value * 10 + (c - '0');
    }
    if (value < min || value > max)
        reader->bad = true;
    return value;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* ".123456": any number of digits, cut (not rounded) to milliseconds. */
static int reader_fraction_ms(struct reader *reader)
{
    int ms = 0, weight = 100, digits = 0;
    if (!reader_take(reader, '.'))
        return 0;
    for (; reader->at < reader->text.size; reader->at++, digits++) {
        uint8_t c = reader->text.bytes[reader->at];
        if (c < '0' || c > '9')
            break;
        ms += (c - '0') * weight;
        weight /= 10;
    }
    if (!digits)
        reader->bad = true;
    return ms;
}

static int reader_zone_minutes(struct reader *reader)
{
    int sign;
    if (reader_take(reader, 'Z') || reader_take(reader, 'z'))
        return 0;
    if (reader_take(reader, '-'))
        sign = -1;
    else {
        reader_expect(reader, '+');
        sign = 1;
    }
    int hours = reader_number(reader, 2, 0, 23);
    reader_expect(reader, ':');
    return sign * (hours * 60 + reader_number(reader, 2, 0, 59));
}

bool clock_read(struct span text, int64_t *ret_time_ms)
{
    struct reader reader = { .text = text };
    int hour = 0, minute = 0, second = 0, ms = 0, zone_minutes = LOCAL_OFFSET_MINUTES;

    int year = reader_number(&reader, 4, 0, 9999);
    reader_expect(&reader, '-');
    int month = reader_number(&reader, 2, 1, 12);
    reader_expect(&reader, '-');
    int day = reader_number(&reader, 2, 1, 31);
    if (reader.bad || day > days_in_month(year, month))
        return false;
    if (reader.at < text.size) {
        if (!reader_take(&reader, ' ') && !reader_take(&reader, 't'))
            reader_expect(&reader, 'T');
        hour = reader_number(&reader, 2, 0, 23);
        reader_expect(&reader, ':');
        minute = reader_number(&reader, 2, 0, 59);
        if (reader_take(&reader, ':')) {
            second = reader_number(&reader, 2, 0, 59);
            ms = reader_fraction_ms(&reader);
            if (!reader.bad && reader.at < text.size)
                zone_minutes = reader_zone_minutes(&reader);
        }
    }
    if (reader.bad || reader.at != text.size)
        return false;
    int64_t seconds = days_of_date(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
    int64_t time_ms = (seconds - (int64_t)zone_minutes * 60) * MS_PER_SECOND + ms;
    if (time_ms < LOCAL_YEAR_0_MS || time_ms >= LOCAL_YEAR_10000_MS)
        return false;                   /* another year here than there: one that clock_text() could not write */
    *ret_time_ms = time_ms;
    return true;
}

bool duration_read(struct span text, int64_t *ret_duration_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    int64_t value = 0;
    size_t at = 0;

    for (; at < text.size && text.bytes[at] >= '0' && text.bytes[at] <= '9'; at++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text.bytes[at] - '0', &value))
            return false;
    if (!at)
        return false;
    struct span unit = span_of(text.bytes + at, text.size - at);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (span_equal(unit, span_of_string(units[i].unit))) {
            if (__builtin_mul_overflow(value, units[i].ms, &value))
                return false;
            *ret_duration_ms = value;
            return true;
        }
    return false;
}
