/* dates.h - times as the agencies write them. All local times are UTC+7; pure arithmetic, no time zone database.
 *
 * A format is "iso" (RFC 3339 and its shorter forms, clock_read), "ms" (milliseconds since 1970, a number), or a
 * pattern of
 *     yyyy MM dd HH mm ss     four or two digits each, and any other character standing for itself
 * which covers yyyyMMddHHmmss, dd/MM/yyyy HH:mm:ss, dd/MM/yyyy, yyyy-MM-dd HH:mm:ss, dd.MM.yyyy, yyyyMMdd, yyyy/MM/dd.
 */
#ifndef ADAPTERS_KINDS_DATES_H
#define ADAPTERS_KINDS_DATES_H

#include "gateway/base/clock.h"

enum { DATE_FORMAT_SIZE = 32, DATE_TEXT_SIZE = 64 };

/* Holds at least yyyy, MM and dd, each part once, no other letters. */
bool date_format_is_valid(const char *format);
/* The whole text and a day that exists; parts that the pattern has not are 0. */
MUST_USE bool date_read(const char *format, struct span text, int64_t *ret_time_ms);
void date_write(const char *format, int64_t time_ms, char ret_text[DATE_TEXT_SIZE]);

#endif
