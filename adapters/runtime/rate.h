/* rate.h - how many requests a second may begin: a bucket that fills at `per_second`, holding at most one second's
 * worth (never less than one request). Pure: time is an argument. */
#ifndef ADAPTERS_RUNTIME_RATE_H
#define ADAPTERS_RUNTIME_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    double  per_second;                 /* 0: no bound */
    double  held;
    int64_t filled_ms;
};

void rate_init(struct rate *rate, double per_second, int64_t now_ms);
bool rate_take(struct rate *rate, int64_t now_ms);              /* false: not now */
int64_t rate_due_ms(const struct rate *rate);                   /* when the next one may begin, after a false */

#endif
