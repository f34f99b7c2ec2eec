/* settle_time.h - when the turns of the journal are committed to the environment (store_settle()). It takes some
 * milliseconds in which nobody is answered. So:
 *
 *   nobody asks one by one     SETTLE_MS after the first of these turns, or when they are many: SETTLING_DUE
 *   somebody does              as soon as it is worth it (SETTLING_SOME), or SETTLE_MS after the first, and then in a
 *                              lull: when it has just begun (LULL_NEW), or, when it has become more, while it lasts
 *                              (SETTLING_MUCH). Without one after SETTLE_PATIENCE_MS, or when a later one would take
 *                              much longer (SETTLING_MOST): now
 *
 * Clocks are the steady one. */
#ifndef GATEWAY_BROKER_SETTLE_TIME_H
#define GATEWAY_BROKER_SETTLE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/store/store.h"

enum { SETTLE_MS = 100, SETTLE_LOOK_MS = 1, SETTLE_PATIENCE_MS = 25, SETTLE_FULL_MS = 1000 };

/* Of those who ask one by one; a flood is not waited for. NEW: what was going on for them is over, a question, its
 * delivery and its outcome follow each other faster than this; and who asks again at once has mostly done so. OLD: it
 * has lasted a while, the next question may come at any moment; none is there that nobody has read. */
enum lull { LULL_NONE, LULL_OLD, LULL_NEW };
enum { LULL_US = 1000, LULL_OLD_US = 2500 };

/* silent_us: since one of them last asked for something. unread: there may be something of theirs to be read. */
enum lull lull_of(int64_t silent_us, bool unread);

struct settle_time {
    int64_t late_ms;                    /* 0: nothing to settle */
    int64_t patient_ms;                 /* a lull is waited for until then; 0: none is */
    bool    full;                       /* there was no room for it: not before late_ms */
};

/* To be asked after each turn. True: settle now, and tell settle_time_over() how that ended. */
bool settle_is_time(struct settle_time *time, enum settling settling, bool waiter, enum lull lull, int64_t now_ms);
void settle_time_over(struct settle_time *time, bool full, int64_t now_ms);
/* When to ask again, if nothing happens before. INT64_MAX: only after a turn. */
int64_t settle_time_next_ms(const struct settle_time *time, int64_t now_ms);

#endif
