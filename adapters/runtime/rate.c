#include "adapters/runtime/rate.h"

static double most(const struct rate *rate)
{
    return rate->per_second > 1 ? rate->per_second : 1;
}

void rate_init(struct rate *rate, double per_second, int64_t now_ms)
{
    *rate = (struct rate){ .per_second = per_second, .filled_ms = now_ms };
    rate->held = most(rate);
}

bool rate_take(struct rate *rate, int64_t now_ms)
{
    if (!(rate->per_second > 0))
        return true;
    if (now_ms > rate->filled_ms) {
        rate->held += (double)(now_ms - rate->filled_ms) / 1000 * rate->per_second;
        rate->filled_ms = now_ms;
    }
    if (rate->held > most(rate))
        rate->held = most(rate);
    if (rate->held < 1)
        return false;
    rate->held -= 1;
    return true;
}

int64_t rate_due_ms(const struct rate *rate)
{
    return rate->filled_ms + (int64_t)((1 - rate->held) / rate->per_second * 1000) + 1;
}
