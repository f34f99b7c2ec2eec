#include "adapters/kinds/call.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"

static const char *const names[CALL_END] = {
    [CALL_CREATE] = "create", [CALL_UPDATE] = "update", [CALL_PROBE] = "probe", [CALL_PULL] = "pull",
    [CALL_TOKEN] = "token",
};

const char *call_name(enum call call)
{
    return call > 0 && call < CALL_END ? names[call] : "?";
}

enum call call_read(const char *name)
{
    for (enum call call = 1; call < CALL_END; call++)
        if (strcmp(names[call], name) == 0)
            return call;
    return 0;
}

bool call_acts(enum call call)
{
    return call == CALL_CREATE || call == CALL_UPDATE;
}

void judgement_set(struct judgement *ret_judgement, enum verdict verdict, const char *fingerprint,
                   const char *reason, ...)
{
    va_list arguments;

    *ret_judgement = (struct judgement){ .verdict = verdict, .retry_after_ms = -1 };
    struct text mark = text_of(ret_judgement->fingerprint, sizeof ret_judgement->fingerprint);
    text_add(&mark, "%s", fingerprint);
    struct text text = text_of(ret_judgement->reason, sizeof ret_judgement->reason);
    va_start(arguments, reason);
    text_add_v(&text, reason, arguments);
    va_end(arguments);
}

/* ---------------------------------------------------------------- Retry-After */

static int month_of(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++)
        if (strncmp(months + 3 * i, text, 3) == 0)
            return i + 1;
    return 0;
}

static bool all_digits(const char *text, size_t size)
{
    return strspn(text, "0123456789") >= size;
}

static int number(const char *text, size_t size)
{
    int value = 0;
    for (size_t i = 0; i < size; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* "10:00:00" at `time`; all values are digits already checked; the calendar is clock_read()'s to check. */
static bool date_of(int year, int month, int day, const char *time, int64_t *ret_ms)
{
    char text[40];
    struct text rfc3339 = text_of(text, sizeof text);

    if (!month || strlen(time) < 8 || time[2] != ':' || time[5] != ':')
        return false;
    text_add(&rfc3339, "%04d-%02d-%02dT%.8sZ", year, month, day, time);
    return clock_read(span_of_string(text), ret_ms);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool imf_date(const char *text, int64_t *ret_ms)
{
    if (strlen(text) != 29 || text[3] != ',' || strcmp(text + 25, " GMT") != 0 || !all_digits(text + 5, 2)
        || !all_digits(text + 12, 4))
        return false;
    return date_of(number(text + 12, 4), month_of(text + 8), number(text + 5, 2), text + 17, ret_ms);
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; a year more than 50 years ahead is of the last century (RFC 9110 5.6.7). */
static bool rfc850_date(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    const char *comma = strchr(text, ',');
    const int64_t fifty_years_ms = 50 * 365LL * 24 * 3600 * 1000;

    if (!comma || strlen(comma) != 24 || strcmp(comma + 20, " GMT") != 0 || !all_digits(comma + 2, 2)
        || !all_digits(comma + 9, 2))
        return false;
    int year = 2000 + number(comma + 9, 2), month = month_of(comma + 5), day = number(comma + 2, 2);
    if (!date_of(year, month, day, comma + 12, ret_ms))
        return false;
    return *ret_ms <= now_ms + fifty_years_ms || date_of(year - 100, month, day, comma + 12, ret_ms);
}

/* "Sun Nov  6 08:49:37 1994" */
static bool asctime_date(const char *text, int64_t *ret_ms)
{
    if (strlen(text) != 24 || text[3] != ' ' || !all_digits(text + 9, 1) || !all_digits(text + 20, 4)
        || (text[8] != ' ' && !all_digits(text + 8, 2)))
        return false;
    int day = text[8] == ' ' ? number(text + 9, 1) : number(text + 8, 2);
    return date_of(number(text + 20, 4), month_of(text + 4), day, text + 11, ret_ms);
}

bool retry_after_read(struct span value, int64_t now_ms, int64_t *ret_retry_after_ms)
{
    char text[64];
    int64_t at_ms, wait_ms;

    while (value.size && value.bytes[0] == ' ')
        value = span_of(value.bytes + 1, value.size - 1);
    while (value.size && value.bytes[value.size - 1] == ' ')
        value.size--;
    if (!span_to_string(value, text, sizeof text) || !text[0])
        return false;
    if (all_digits(text, value.size))
        wait_ms = value.size > 9 ? RETRY_AFTER_MS_MAX : strtoll(text, NULL, 10) * 1000;
    else if (imf_date(text, &at_ms) || rfc850_date(text, now_ms, &at_ms) || asctime_date(text, &at_ms))
        wait_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    else
        return false;
    *ret_retry_after_ms = wait_ms < RETRY_AFTER_MS_MAX ? wait_ms : RETRY_AFTER_MS_MAX;
    return true;
}
