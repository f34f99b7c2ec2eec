/* clock.h - the clocks, and times as people write them. Reading a clock is for the shells only (loop, main, client):
 * everything below them gets its time as an argument.
 *
 * Times are milliseconds since 1970 UTC in int64_t and end in _ms. Local time is UTC+7 always: Viet Nam has had no
 * daylight saving since 1975, and the deadline rules count in it.
 */
#ifndef GATEWAY_BASE_CLOCK_H
#define GATEWAY_BASE_CLOCK_H

#include <stdint.h>

#include "gateway/base/span.h"

enum { CLOCK_TEXT_SIZE = 32 };

int64_t clock_wall_ms(void);
int64_t clock_monotonic_ms(void);
int64_t clock_boot_ms(void);                /* CLOCK_BOOTTIME: goes on while the machine sleeps; for lease stamps */

/* "2026-03-02T16:30:00.000+07:00" (RFC 3339). */
void clock_text(int64_t time_ms, char ret_text[CLOCK_TEXT_SIZE]);
/* "2026-03-02 16:30:05", local time: for people. */
void clock_text_local(int64_t time_ms, char ret_text[CLOCK_TEXT_SIZE]);
/* RFC 3339 with zone or Z; also "YYYY-MM-DD", "YYYY-MM-DD HH:MM[:SS]" and with a T, both read as local time. A time
 * outside the local years 0000 to 9999 is refused: "9999-12-31T23:59:59Z" is one. */
MUST_USE bool clock_read(struct span text, int64_t *ret_time_ms);
/* "90s", "15m", "36h", "7d", "250ms" -> milliseconds; a bare number is refused. */
MUST_USE bool duration_read(struct span text, int64_t *ret_duration_ms);

#endif
