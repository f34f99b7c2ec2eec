/* gateway_time.h - the time that every promise of this gateway is counted in. Pure: both clocks come as arguments.
 *
 * It advances with the steady clock (clock_boot_ms: it goes on while the machine sleeps), follows the wall clock while
 * the two agree within CLOCK_APART_MS_MAX, and never goes backwards, also over restarts: it begins no earlier than the
 * last turn on disk.
 *   wall ahead, within the bound      it is taken at once
 *   wall behind, within the bound     gateway time runs at half speed until the wall clock has caught up
 *   further apart                     alarm APART: the steady clock alone, until the two agree again or an operator
 *                                     confirms the wall clock
 *   at start more than CLOCK_GAP_MS_MAX after the last turn: alarm GAP. It begins at the last turn and goes on by the
 *                                     steady clock alone; the wall clock is not taken until an operator confirms it.
 *                                     A wrong one that had been taken could never be given back.
 *   a new store has no last turn      a wall clock before CLOCK_EARLIEST_MS is APART from that moment, one more than
 *                                     CLOCK_LIFE_MS after it is a GAP; it begins at CLOCK_EARLIEST_MS
 * An alarm sets `brake`: what the law attaches to time (apologies, urging notes, expiry) stops until confirmed.
 */
#ifndef GATEWAY_BROKER_GATEWAY_TIME_H
#define GATEWAY_BROKER_GATEWAY_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* No machine ran this program before 2020, and none will in 2060: what a clock says that was never set. */
#define CLOCK_EARLIEST_MS 1577836800000LL
#define CLOCK_LIFE_MS     (40LL * 365 * 24 * 3600 * 1000)

enum time_alarm { TIME_AGREES = 0, TIME_APART, TIME_GAP };

struct gateway_time {
    int64_t now_ms;                     /* the last one given */
    int64_t steady_ms;                  /* the steady clock then */
    int64_t half_ms;                    /* 0 or 1: what running at half speed has not given yet */
    int64_t apart_ms;                   /* wall minus gateway time when last read */
    enum time_alarm alarm;
    bool    brake;                      /* stays on after the alarm until gateway_time_confirm() */
    bool    confirmed;                  /* a wall clock far behind is to be waited for: no alarm about it */
};

/* `last_ms`: now_ms of the last turn on disk; 0 for a new store. */
void    gateway_time_start(struct gateway_time *time, int64_t wall_ms, int64_t steady_ms, int64_t last_ms);
int64_t gateway_time_now(struct gateway_time *time, int64_t wall_ms, int64_t steady_ms);
/* An operator says that the wall clock is right. Takes it when it is ahead; one that is behind is waited for. */
void    gateway_time_confirm(struct gateway_time *time, int64_t wall_ms, int64_t steady_ms);
const char *time_alarm_name(enum time_alarm alarm);     /* "agrees", "apart", "gap"; static */

#endif
