/* store_slow.h - figures counted the slow way: for every line of a report all dossiers are looked at, by what the words
 * mean and not by how the rows are kept. */
#ifndef TESTS_UNIT_STORE_SLOW_H
#define TESTS_UNIT_STORE_SLOW_H

#include "gateway/store/report.h"
#include "tests/unit/store_site.h"

#define HOUR_MS (3600LL * 1000)
#ifndef DAY_MS
#define DAY_MS  (24 * HOUR_MS)
#endif

int64_t slow_day_ms(uint32_t day);          /* when 20260301 begins */
/* Asserts that each line of the report, and the sum of all, is what these `count` dossiers make. */
void slow_compare(struct site *site, const struct measure *all, size_t count, enum report_by by, uint32_t from_day,
                  uint32_t until_day, int64_t at_ms);

#endif
