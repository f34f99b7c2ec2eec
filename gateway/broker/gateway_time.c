#include "gateway/broker/gateway_time.h"

#include "gateway/base/limits.h"

const char *time_alarm_name(enum time_alarm alarm)
{
    switch (alarm) {
    case TIME_AGREES:
        return "agrees";
    case TIME_APART:
        return "apart";
    case TIME_GAP:
        return "gap";
    }
    return "?";
}

void gateway_time_start(struct gateway_time *time, int64_t wall_ms, int64_t steady_ms, int64_t last_ms)
{
    int64_t from_ms = last_ms ? last_ms : CLOCK_EARLIEST_MS;
    bool gap = wall_ms - from_ms > (last_ms ? CLOCK_GAP_MS_MAX : CLOCK_LIFE_MS);

    *time = (struct gateway_time){ .now_ms = wall_ms > from_ms && !gap ? wall_ms : from_ms, .steady_ms = steady_ms };
    time->apart_ms = wall_ms - time->now_ms;
    if (gap)
        time->alarm = TIME_GAP;
    else if (time->apart_ms < -CLOCK_APART_MS_MAX)
        time->alarm = TIME_APART;
    time->brake = time->alarm != TIME_AGREES;
}

/* Half of what has passed; the odd millisecond is kept for the next time. */
static int64_t slow(struct gateway_time *time, int64_t passed_ms)
{
    int64_t twice = passed_ms + time->half_ms;
    time->half_ms = twice & 1;
    return twice / 2;
}

/* Half speed, but only until the wall clock has caught up: a whole hour that passed at once (a process that was
 * stopped, a machine that slept) must not be halved because the two were a millisecond apart. */
static int64_t wait_for_wall(struct gateway_time *time, int64_t passed_ms, int64_t wall_ms)
{
    int64_t slow_ms = time->now_ms + slow(time, passed_ms);
    return slow_ms > wall_ms ? slow_ms : wall_ms;
}

int64_t gateway_time_now(struct gateway_time *time, int64_t wall_ms, int64_t steady_ms)
{
    int64_t passed_ms = steady_ms > time->steady_ms ? steady_ms - time->steady_ms : 0;
    int64_t apart_ms = wall_ms - (time->now_ms + passed_ms);

    time->steady_ms = steady_ms;
    time->apart_ms = apart_ms;
    if (apart_ms >= -CLOCK_APART_MS_MAX && apart_ms <= CLOCK_APART_MS_MAX) {
        time->confirmed = false;
        time->alarm = TIME_AGREES;
        time->now_ms = apart_ms >= 0 ? wall_ms : wait_for_wall(time, passed_ms, wall_ms);
        return time->now_ms;
    }
    if (time->confirmed && apart_ms < 0) {
        time->now_ms = wait_for_wall(time, passed_ms, wall_ms);
        return time->now_ms;
    }
    time->confirmed = false;
    if (time->alarm != TIME_GAP)
        time->alarm = TIME_APART;
    time->brake = true;
    time->now_ms += passed_ms;
    return time->now_ms;
}

void gateway_time_confirm(struct gateway_time *time, int64_t wall_ms, int64_t steady_ms)
{
    (void)gateway_time_now(time, wall_ms, steady_ms);
    if (wall_ms > time->now_ms)
        time->now_ms = wall_ms;
    time->apart_ms = wall_ms - time->now_ms;
    time->confirmed = time->apart_ms < 0;
    time->alarm = TIME_AGREES;
    time->brake = false;
}
