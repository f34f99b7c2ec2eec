/* retry.h - how long to wait before the next attempt, and when to stop trying. Pure: chance comes as an argument. */
#ifndef GATEWAY_CORE_RETRY_H
#define GATEWAY_CORE_RETRY_H

#include "gateway/core/tables.h"

/* An agency may ask for more patience than our own back-off has, but not for more than a day at a time. */
#define RETRY_AFTER_MS_MAX (24LL * 3600 * 1000)

/* A number that looks like chance and is the same for the same attempt of the same handoff. */
uint64_t retry_dice(uint64_t handoff, uint32_t attempt);

/* min * 2^(tries - 1), at most max, give or take a quarter; never above max, never below min / 2. `tries` counts from
 * 1; 0 is taken as 1. min must be positive and at most max. */
int64_t retry_delay_ms(uint32_t tries, int64_t min_ms, int64_t max_ms, uint64_t dice);

/* No further attempt: as many as allowed were charged, or they used up the time allowed. */
bool retry_is_over(const struct agency *agency, uint32_t charged, int64_t tried_ms);

#endif
