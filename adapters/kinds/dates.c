#include "adapters/kinds/dates.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parts of a pattern, and where each stands in RFC 3339 text "YYYY-MM-DDTHH:MM:SS". */
static const struct part {
    const char *letters;
    size_t size, place;
} parts[] = { { "yyyy", 4, 0 }, { "MM", 2, 5 }, { "dd", 2, 8 }, { "HH", 2, 11 }, { "mm", 2, 14 }, { "ss", 2, 17 } };
#define TIME_MS_MAX 253402300799999LL            /* the end of the year 9999 */
enum { PART_COUNT = 6, DATE_PARTS = 7 };        /* DATE_PARTS: bits of yyyy, MM and dd */

static int part_at(const char *pattern)
{
    for (int i = 0; i < PART_COUNT; i++)
        if (strncmp(pattern, parts[i].letters, parts[i].size) == 0)
            return i;
    return -1;
}

static bool is_named(const char *format)
{
    return strcmp(format, "iso") == 0 || strcmp(format, "ms") == 0;
}

bool date_format_is_valid(const char *format)
{
    unsigned seen = 0;

    if (is_named(format))
        return true;
    if (strlen(format) >= DATE_FORMAT_SIZE)
        return false;
    for (const char *at = format; *at;) {
        int part = part_at(at);
        if (part < 0 && isalnum((unsigned char)*at++))
            return false;
        if (part < 0)
            continue;
        if (seen & 1u << part)
            return false;
        seen |= 1u << part;
        at += parts[part].size;
    }
    return (seen & DATE_PARTS) == DATE_PARTS;
}

static bool read_ms(struct span text, int64_t *ret_time_ms)
{
    char digits[20];

    if (!span_to_string(text, digits, sizeof digits) || !digits[0] || digits[strspn(digits, "0123456789")])
        return false;
    *ret_time_ms = strtoll(digits, NULL, 10);
    return *ret_time_ms <= TIME_MS_MAX;
}

bool date_read(const char *format, struct span text, int64_t *ret_time_ms)
{
    char rfc3339[] = "0000-00-00T00:00:00+07:00";
    size_t used = 0;

    if (strcmp(format, "iso") == 0)
        return clock_read(text, ret_time_ms);
    if (strcmp(format, "ms") == 0)
        return read_ms(text, ret_time_ms);
    for (const char *at = format; *at;) {
        int part = part_at(at);
        size_t size = part < 0 ? 1 : parts[part].size;
        if (text.size - used < size)
            return false;
        if (part < 0 && (char)text.bytes[used] != *at)
            return false;
        for (size_t i = 0; part >= 0 && i < size; i++)
            if (text.bytes[used + i] < '0' || text.bytes[used + i] > '9')
                return false;
        if (part >= 0)
            memcpy(rfc3339 + parts[part].place, text.bytes + used, size);
        used += size;
        at += size;
    }
    return used == text.size && clock_read(span_of_string(rfc3339), ret_time_ms);
}

void date_write(const char *format, int64_t time_ms, char ret_text[DATE_TEXT_SIZE])
{
    char rfc3339[CLOCK_TEXT_SIZE];
    struct text text = text_of(ret_text, DATE_TEXT_SIZE);

    clock_text(time_ms, rfc3339);
    if (strcmp(format, "iso") == 0)
        text_add(&text, "%s", rfc3339);
    else if (strcmp(format, "ms") == 0)
        text_add(&text, "%" PRId64, time_ms);
    else
        for (const char *at = format; *at;) {
            int part = part_at(at);
            if (part < 0)
                text_add(&text, "%c", *at++);
            else {
                text_add_span(&text, span_of(rfc3339 + parts[part].place, parts[part].size));
                at += parts[part].size;
            }
        }
}
