#include "gateway/broker/settle_time.h"

enum lull lull_of(int64_t silent_us, bool unread)
{
    if (silent_us < LULL_US)
        return LULL_NONE;
    if (silent_us < LULL_OLD_US)
        return LULL_NEW;                            /* what is unread is a flood's, more likely than not */
    return unread ? LULL_NONE : LULL_OLD;
}

bool settle_is_time(struct settle_time *time, enum settling settling, bool waiter, enum lull lull, int64_t now_ms)
{
    if (settling == SETTLED) {                      /* perhaps by a turn that found no room in the journal */
        *time = (struct settle_time){ 0 };
        return false;
    }
    if (!time->late_ms)
        time->late_ms = now_ms + SETTLE_MS;
    bool late = now_ms >= time->late_ms;
    if (time->full || settling == SETTLING_DUE)
        return late || !time->full;
    if (!waiter || (!late && settling < SETTLING_SOME)) {
        time->patient_ms = 0;
        return late;
    }
    if (!time->patient_ms)
        time->patient_ms = now_ms + SETTLE_PATIENCE_MS;
    if (settling == SETTLING_MOST || now_ms >= time->patient_ms)
        return true;
    return lull == LULL_NEW || (lull == LULL_OLD && settling == SETTLING_MUCH);
}

void settle_time_over(struct settle_time *time, bool full, int64_t now_ms)
{
    *time = (struct settle_time){ .full = full, .late_ms = full ? now_ms + SETTLE_FULL_MS : 0 };
}

int64_t settle_time_next_ms(const struct settle_time *time, int64_t now_ms)
{
    return !time->late_ms ? INT64_MAX : time->patient_ms ? now_ms + SETTLE_LOOK_MS : time->late_ms;
}
