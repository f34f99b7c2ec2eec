/* loop.c - the one loop of the broker: wait, hear, make a turn, speak. Everything happens here, in this order.
 *
 *   wait             for frames, signals, handshakes, ended connections, or the next due time
 *   clocks           read once
 *   signals          SIGTERM, SIGINT: stop; SIGHUP: a new directory
 *   handshakes       answered
 *   once a second    silent sessions, leases of memory, the watchdog
 *   frames           become commands (intake.c)
 *   earlier turns    on disk by now? Then what they have to say leaves (speak_on())
 *   one turn         commands, ticks, offers, notices; commit; then speak (turn.c, speak.c)
 *   settling         from time to time the turns of the journal reach the environment (settle_time.h); after speaking
 *
 * A large turn is synced aside: meanwhile its answers are packed, frames are read, and the next turns are made; one
 * more sync is for all of these. While a turn is being committed new frames queue up: they are the next group, and
 * nobody waits for a fuller one who has not much else under way (turn_may_wait()). */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "gateway/broker/broker.h"
#include "gateway/broker/settle_time.h"
#include "gateway/core/due_date.h"

#define LOCAL_MS (7LL * 3600 * 1000)
#define DAY_MS   (24LL * 3600 * 1000)

enum {
    SECOND_MS = 1000, MINUTE_MS = 60 * 1000, HOUR_MS = 60 * 60 * 1000,
    FULL_WAIT_MS = 1000,                /* nothing can be written: again after so long */
    STOOD_STILL_MS = 2 * SECOND_MS,     /* a loop that waits at most a second was not running */
    TURN_PATIENCE_US = 5000,            /* a turn waits so long in all for queues that are full */
    FLUSH_MS = 1,                       /* and frames that wait for such a queue are tried again after so long */
};

struct loop {
    struct broker *broker;
    int64_t second_ms, minute_ms, hour_ms;      /* steady: when each comes next */
    int64_t full_until_ms;                      /* steady; 0: not full */
    struct settle_time settle_time;
    bool    more_handshakes;                    /* left over by the last look: nothing else will tell of them */
    int64_t watchdog_ms, watchdog_next_ms;      /* 0: nobody watches */
    int64_t alarm_day;                          /* the day on which a missing calendar was last told of; 0 never */
    struct store_reader reader;                 /* who read the oldest state a minute ago; pid 0: nobody */
};

/* ---- waiting */

static int64_t wait_ms(const struct loop *loop)
{
    struct broker *broker = loop->broker;
    int64_t steady_ms = loop->second_ms, settle_ms = settle_time_next_ms(&loop->settle_time, broker->steady_ms);
    int64_t due_ms = broker->due_ms;

    if (loop->watchdog_ms && loop->watchdog_next_ms < steady_ms)
        steady_ms = loop->watchdog_next_ms;
    if (settle_ms < steady_ms)
        steady_ms = settle_ms;
    int64_t ms = steady_ms > broker->steady_ms ? steady_ms - broker->steady_ms : 0;
    if (loop->more_handshakes)
        return 0;
    if (loop->full_until_ms)
        return ms;
    if (turn_may_wait(broker)) {
        int64_t left_ms = (broker->gather_until_us - bus_now_us() + 999) / 1000;
        return left_ms < 0 ? 0 : left_ms < ms ? left_ms : ms;
    }
    if (turn_is_due(broker) || broker->has_kept)
        return 0;
    if (!broker->stopping) {
        int64_t offers_ms = offers_due_ms(&broker->offers, broker->now_ms);
        due_ms = due_ms < offers_ms ? due_ms : offers_ms;
    }
    if (due_ms - broker->now_ms < ms)
        ms = due_ms - broker->now_ms;
    if (broker->outbox.count && ms > FLUSH_MS)
        ms = FLUSH_MS;
    return ms > 0 ? ms : 0;
}

static void wait_for_something(const struct loop *loop)
{
    struct broker *broker = loop->broker;
    /* With commands still to be written nothing new is read: then only what needs no disk. */
    bool reads = (!broker->order.agreed || order_is_empty(&broker->order)) && !loop->full_until_ms;

    bus_wait(&broker->bus, broker->signals, store_sync_file(broker->store), blobs_file(broker), reads,
             wait_ms(loop), &broker->heard);
    broker->heard.handshakes |= loop->more_handshakes;
}

/* ---- signals */

static void stop(struct broker *broker)
{
    if (broker->stopping) {
        broker->stop_now = true;
        return;
    }
    broker->stopping = true;
    broker->stop_steady_ms = broker->steady_ms + broker->options.stop_wait_ms;
    (void)sd_notify(0, "STOPPING=1");
    log_event(LOG_INFO, "stopping", "count=%u ms=%lld", broker->offers.opens_count,
              (long long)broker->options.stop_wait_ms);
}

static void take_signals(struct broker *broker)
{
    struct signalfd_siginfo info;
    while (read(broker->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            broker->reload = true;
            broker->reload_uid = (int)info.ssi_uid;
        } else {
            stop(broker);
        }
    }
}

/* ---- from time to time */

static void once_a_second(struct loop *loop)
{
    struct broker *broker = loop->broker;

    sessions_sweep(broker);
    offers_expire(&broker->offers, broker->now_ms, broker->tables->lease_ms);
    if (broker->backup_until_ms && broker->steady_ms >= broker->backup_until_ms) {
        broker->backup_until_ms = 0;
        log_event(LOG_WARN, "backup-ended", "why=%s", log_quoted("no backup-end within six hours: the sweep goes on"));
    }
}

/* Once a day: due dates would be provisional. */
static void calendar_alarm(struct loop *loop)
{
    struct broker *broker = loop->broker;
    int64_t day = (broker->now_ms + LOCAL_MS) / DAY_MS;
    int year = due_calendar_missing(broker->tables, broker->now_ms);

    if (!year || day == loop->alarm_day)
        return;
    loop->alarm_day = day;
    log_event(LOG_WARN, "calendar-missing", "count=%d why=%s", year,
              log_quoted("the calendar of this year is not loaded: what is due in it is provisional"));
}

static void once_a_minute(struct loop *loop)
{
    struct store *store = loop->broker->store;
    struct store_reader reader;
    unsigned readers = store_readers_check(store);
    bool reads = store_oldest_reader(store, &reader);

    calendar_alarm(loop);
    log_event(LOG_DEBUG, "readers", "count=%u", readers);
    /* The same one with the same state as a minute ago, and turns went on. */
    if (reads && reader.behind && reader.pid == loop->reader.pid && reader.transaction == loop->reader.transaction)
        log_event(LOG_WARN, "reader", "pid=%ld count=%" PRIu64 " why=%s", reader.pid, reader.behind,
                  log_quoted("it reads for more than a minute and pins the pages of so many commits"));
    loop->reader = reads ? reader : (struct store_reader){ 0 };
}

static void once_an_hour(struct loop *loop)
{
    unsigned dropped = store_drop_day_keys(loop->broker->store, loop->broker->now_ms);
    if (dropped)
        log_event(LOG_INFO, "day-keys", "count=%u why=%s", dropped, log_quoted("nothing sealed with them is left"));
}

static bool is_time(int64_t *next_ms, int64_t steady_ms, int64_t every_ms)
{
    if (steady_ms < *next_ms)
        return false;
    *next_ms = steady_ms + every_ms;
    return true;
}

static void from_time_to_time(struct loop *loop)
{
    int64_t steady_ms = loop->broker->steady_ms;

    if (is_time(&loop->second_ms, steady_ms, SECOND_MS))
        once_a_second(loop);
    if (is_time(&loop->minute_ms, steady_ms, MINUTE_MS))
        once_a_minute(loop);
    if (is_time(&loop->hour_ms, steady_ms, HOUR_MS))
        once_an_hour(loop);
    if (loop->watchdog_ms && is_time(&loop->watchdog_next_ms, steady_ms, loop->watchdog_ms))
        (void)sd_notify(0, "WATCHDOG=1");
}

/* ---- turns */

static enum result make_turn(struct loop *loop)
{
    struct broker *broker = loop->broker;

    if (loop->full_until_ms && broker->steady_ms < loop->full_until_ms) {
        speak_out(broker);
        return RESULT_OK;
    }
    loop->full_until_ms = 0;
    enum result result = turn_go_on(broker);
    if (result == RESULT_FULL || result == RESULT_BUSY) {
        log_event(LOG_ERROR, "full", "why=%s", log_quoted("not even draining finds room; again in a second"));
        loop->full_until_ms = broker->steady_ms + FULL_WAIT_MS;
        return RESULT_OK;
    }
    return result;
}

static enum lull lull_now(struct broker *broker)
{
    bool unread = !order_is_empty(&broker->order) || bus_may_hold(&broker->bus);
    return lull_of(bus_now_us() - broker->waiter_us, unread);
}

static enum result settle(struct loop *loop)
{
    struct broker *broker = loop->broker;
    bool waiter = turn_has_waiter(broker);
    enum lull lull = waiter ? lull_now(broker) : LULL_NONE;

    if (!settle_is_time(&loop->settle_time, store_settling(broker->store), waiter, lull, broker->steady_ms))
        return RESULT_OK;
    speak_out(broker);
    enum result result = store_settle(broker->store);
    if (result == RESULT_FULL && give_up_ballast(broker))
        result = store_settle(broker->store);
    settle_time_over(&loop->settle_time, result == RESULT_FULL, broker->steady_ms);
    if (result != RESULT_FULL)
        return result;
    log_event(LOG_ERROR, "full", "why=%s", log_quoted("no room to settle; turns go on in the journal"));
    return RESULT_OK;
}

static enum result reload(struct broker *broker)
{
    enum result result;
    if (!broker->reload || !order_is_empty(&broker->order) || broker->stopping)
        return RESULT_OK;
    broker->reload = false;
    (void)sd_notify(0, "RELOADING=1");
    directory_reload(broker, &result);
    (void)sd_notify(0, "READY=1");
    return result;
}

static bool is_over(const struct broker *broker)
{
    bool quiet = !broker->offers.opens_count && !broker->unsent_count && order_is_empty(&broker->order);
    return broker->stop_now || (broker->stopping && (quiet || broker->steady_ms >= broker->stop_steady_ms));
}

/* A stopped process, a machine that slept, a disk that hung: what was said meanwhile still waits in the sockets, and
 * must be read before anybody is called silent. */
static void read_clocks(struct broker *broker)
{
    int64_t before_ms = broker->steady_ms;
    broker_read_clocks(broker);
    if (broker->steady_ms - before_ms > STOOD_STILL_MS)
        sessions_excuse(broker, broker->steady_ms - before_ms);
}

int loop_run(struct broker *broker)
{
    struct loop loop = { .broker = broker, .more_handshakes = true };
    uint64_t watchdog_us = 0;
    enum result result = RESULT_OK;

    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        loop.watchdog_ms = (int64_t)(watchdog_us / 1000 / 3);
    loop.minute_ms = broker->steady_ms + MINUTE_MS;
    (void)sd_notify(0, "READY=1");
    log_event(LOG_INFO, "ready", "seq=%" PRIu64 " count=%u", store_last(broker->store).seq,
              broker->tables->agency_count);
    sessions_gone(broker);
    while (result == RESULT_OK && !is_over(broker)) {
        wait_for_something(&loop);
        read_clocks(broker);
        if (broker->heard.signals)
            take_signals(broker);
        if (broker->heard.handshakes)
            loop.more_handshakes = zap_serve(&broker->bus.zap, broker->now_ms);
        if (broker->heard.ends)
            sessions_gone(broker);
        bus_patience(&broker->bus, TURN_PATIENCE_US);
        sessions_flush(broker);
        from_time_to_time(&loop);
        result = make_turn(&loop);
        if (result == RESULT_OK && blobs_trouble(broker))
            result = RESULT_BROKEN;
        if (result == RESULT_OK)
            result = settle(&loop);
        if (result == RESULT_OK)
            result = reload(broker);
        if (result == RESULT_OK)
            result = turn_takeover(broker);
    }
    if (result == RESULT_OK)
        result = store_synced(broker->store);
    if (result == RESULT_OK)
        speak_out(broker);
    if (result != RESULT_OK) {
        const char *why = blobs_trouble(broker);
        log_event(LOG_ERROR, "broken", "why=%s", log_quoted(why ? why : store_trouble(broker->store)));
        return 1;
    }
    log_event(LOG_INFO, "stopped", "seq=%" PRIu64 " count=%u", store_last(broker->store).seq,
              broker->offers.opens_count);
    return 0;
}
