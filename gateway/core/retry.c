/* retry.c - exponential back-off with deterministic jitter. */
#include "gateway/core/retry.h"

uint64_t retry_dice(uint64_t handoff, uint32_t attempt)
{
    /* The finalizer of splitmix64: neighbouring numbers give unrelated ones. */
    uint64_t dice = handoff * 0x9E3779B97F4A7C15u + attempt;
    dice = (dice ^ dice >> 30) * 0xBF58476D1CE4E5B9u;
    dice = (dice ^ dice >> 27) * 0x94D049BB133111EBu;
    return dice ^ dice >> 31;
}

int64_t retry_delay_ms(uint32_t tries, int64_t min_ms, int64_t max_ms, uint64_t dice)
{
    int64_t delay_ms = min_ms;

    must(min_ms > 0 && min_ms <= max_ms);
    for (uint32_t i = 1; i < tries && delay_ms < max_ms; i++)
        delay_ms = delay_ms > max_ms / 2 ? max_ms : delay_ms * 2;
    /* From three quarters to five quarters, in steps of 1/1024 of the half between. */
    int64_t spread_ms = delay_ms / 2;
    delay_ms += spread_ms / 1024 * (int64_t)(dice % 1025) + spread_ms % 1024 * (int64_t)(dice % 1025) / 1024;
    delay_ms -= spread_ms / 2;
    if (delay_ms < min_ms / 2)
        delay_ms = min_ms / 2;
    return delay_ms > max_ms ? max_ms : delay_ms;
}

bool retry_is_over(const struct agency *agency, uint32_t charged, int64_t tried_ms)
{
    return charged >= agency->attempts_max || tried_ms > agency->age_ms_max;
}
