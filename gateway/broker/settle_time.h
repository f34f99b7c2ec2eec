/* settle_time.h - when the turns of the journal are committed to the environment (store_settle()). It takes some
 * milliseconds in which nobody is answered. So:
 *
 *   nobody asks one by one     SETTLE_MS after the first of these turns, or when they are many: SETTLING_DUE
 *   somebody does              as soon as it is worth it (SETTLING_SOME), or SETTLE_MS after the first, and then in a
 *                              moment in which nothing comes: what follows on an answer, a delivery and its outcome,
 *                              mostly comes sooner than that. Without such a moment after SETTLE_PATIENCE_MS, or
 *                              when it has become much (SETTLING_MUCH)
 *
 * Clocks are the steady one. */
#ifndef GATEWAY_BROKER_SETTLE_TIME_H
#define GATEWAY_BROKER_SETTLE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/store/store.h"

enum { SETTLE_MS = 100, SETTLE_LULL_MS = 1, SETTLE_PATIENCE_MS = 25, SETTLE_FULL_MS = 1000 };

struct settle_time {
    int64_t late_ms;                    /* 0: nothing to settle */
    int64_t patient_ms;                 /* a lull is waited for until then; 0: none is */
    bool    full;                       /* there was no room for it: not before late_ms */
};

/* To be asked after each turn. lull: nothing has come for SETTLE_LULL_MS. True: settle now, and tell settle_time_over()
 * how that ended. */
bool settle_is_time(struct settle_time *time, enum settling settling, bool waiter, bool lull, int64_t now_ms);
void settle_time_over(struct settle_time *time, bool full, int64_t now_ms);
/* When to ask again, if nothing happens before. INT64_MAX: only after a turn. */
int64_t settle_time_next_ms(const struct settle_time *time, int64_t now_ms);

#endif
