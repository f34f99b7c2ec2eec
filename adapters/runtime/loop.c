#include "adapters/runtime/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <zmq.h>

#include "adapters/runtime/agency.h"
#include "gateway/base/clock.h"
#include "gateway/base/log.h"

enum { OPEN_AGAIN_MS = 5000, SLOTS = ADAPTER_AGENCIES_MAX };

/* One place in the events' numbering: an agency, and what comes after it. */
struct slot {
    struct agency *agency;              /* NULL: free, or to be opened */
    const struct agency_config *next;   /* opens when `agency` is closed; NULL: nothing follows */
    int64_t next_due_ms;                /* not before: opening failed */
    struct recent recent;               /* of the agency before, for the one that follows if it has the same code */
    char    recent_code[AGENCY_CODE_SIZE];
    int64_t give_up_ms, close_ms;       /* draining: abandon what is in flight; close without acknowledgements */
    bool    held;                       /* stays for its outcomes: see hold() */
    bool    given_up;                   /* only outcomes are left, said or, for want of room, not yet */
};

struct loop {
    const struct loop_options *options;
    struct watch watch;
    void *zmq_context;
    int signal_fd;
    struct adapter_config *config;
    struct adapter_config *old[SLOTS];  /* an agency of each of them, at least, is still draining */
    struct slot slots[SLOTS];
    int64_t now_ms;
    uint64_t watchdog_us;
    int64_t watchdog_due_ms;
    bool stopping, reload, reloading;
};

/* ---------------------------------------------------------------- configuration */

static struct adapter_config *read_config(const struct loop_options *options)
{
    struct faults faults;
    struct adapter_config *config = NULL;

    if (faults_init(&faults) != RESULT_OK)
        return NULL;
    config = adapter_config_read(options->config_path, options->rules_folder, &faults);
    for (size_t i = 0; i < faults.kept; i++)
        log_event(LOG_ERROR, "config", "why=%s", log_quoted(faults.lines[i]));
    faults_done(&faults);
    return config;
}

/* ---------------------------------------------------------------- slots */

static void drain(struct loop *loop, struct slot *slot)
{
    if (!slot->agency || slot->agency->draining)
        return;
    slot->give_up_ms = loop->now_ms + slot->agency->config->total_timeout_ms;
    slot->close_ms = slot->give_up_ms + ACK_WAIT_MS;
    agency_drain(slot->agency);
}

static struct slot *slot_of(struct loop *loop, const char *code)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (loop->slots[i].agency && strcmp(loop->slots[i].agency->config->code, code) == 0)
            return &loop->slots[i];
    return NULL;
}

/* Nothing follows in it yet; a free one rather than one that is still draining. */
static struct slot *slot_without_next(struct loop *loop)
{
    struct slot *found = NULL;

    for (size_t i = 0; i < SLOTS; i++)
        if (!loop->slots[i].next && (!found || (found->agency && !loop->slots[i].agency)))
            found = &loop->slots[i];
    return found;
}

/* Everything that runs is drained. An agency of the new configuration follows itself in its slot, so that it is never
 * connected twice; one that is new takes a free slot. */
static void assign_slots(struct loop *loop)
{
    const struct adapter_config *config = loop->config;

    for (size_t i = 0; i < SLOTS; i++) {
        loop->slots[i].next = NULL;
        loop->slots[i].next_due_ms = 0;
        drain(loop, &loop->slots[i]);
    }
    for (size_t i = 0; i < config->agency_count; i++) {
        struct slot *slot = slot_of(loop, config->agencies[i].code);
        if (slot)
            slot->next = &config->agencies[i];
    }
    for (size_t i = 0; i < config->agency_count; i++)
        if (!slot_of(loop, config->agencies[i].code)) {
            struct slot *slot = slot_without_next(loop);
            must(slot);                         /* as many slots as a configuration may have agencies */
            slot->next = &config->agencies[i];
        }
}

static void open_next(struct loop *loop, struct slot *slot)
{
    char array[512];
    struct text why = text_of(array, sizeof array);

    slot->agency = agency_open(loop->config, slot->next, loop->zmq_context, &loop->watch,
                               (uint32_t)(slot - loop->slots), &why);
    if (slot->agency) {
        if (strcmp(slot->recent_code, slot->next->code) == 0)
            recent_move(&slot->agency->recent, &slot->recent);
        recent_done(&slot->recent);
        slot->next = NULL;
        return;
    }
    log_event(LOG_ERROR, "agency-not-opened", "agency=%s why=%s", slot->next->code, log_quoted(array));
    slot->next_due_ms = loop->now_ms + OPEN_AGAIN_MS;
}

static void close_slot(struct slot *slot)
{
    log_event(LOG_INFO, "agency-closed", "agency=%s count=%llu", slot->agency->config->code,
              (unsigned long long)slot->agency->delivered);
    struct text code = text_of(slot->recent_code, sizeof slot->recent_code);
    text_add(&code, "%s", slot->agency->config->code);
    recent_move(&slot->recent, &slot->agency->recent);
    agency_close(slot->agency);
    slot->agency = NULL;
    slot->give_up_ms = slot->close_ms = 0;
    slot->given_up = slot->held = false;
}

/* Nothing is left in it that would end by itself. */
static bool waits_for_acks(const struct slot *slot)
{
    return slot->given_up || agency_is_idle(slot->agency);
}

/* At a reload the line to the gateway may be down, and outcomes not acknowledged: closed now, the gateway would never
 * hear of them, and at an agency that must not hear a thing twice each would wait for a person. So the connection stays
 * until they are, with ACK_WAIT_MS from when the line is back; unless we stop, or what follows has another gateway:
 * then this line may be down for good. */
static void hold(const struct loop *loop, struct slot *slot)
{
    const struct agency *agency = slot->agency;
    bool held = !loop->stopping && waits_for_acks(slot) && agency_waits_for_line(agency)
                && (!slot->next || strcmp(agency->whole->endpoint, loop->config->endpoint) == 0);

    if (held && !slot->held)
        log_event(LOG_WARN, "reload-waits", "agency=%s why=\"the gateway has not heard of all outcomes yet\"",
                  agency->config->code);
    if (held || slot->held)
        slot->close_ms = loop->now_ms + ACK_WAIT_MS;
    slot->held = held;
}

/* A connection that cannot be used any more is given up and made anew. */
static void turn_agency(struct loop *loop, struct slot *slot, int64_t boot_ms)
{
    struct agency *agency = slot->agency;

    if (agency_turn(agency, loop->now_ms, boot_ms) != RESULT_OK) {
        const struct agency_config *config = agency->config;
        log_event(LOG_ERROR, "connection-broken", "agency=%s", config->code);
        bool again = !agency->draining;
        close_slot(slot);
        if (again) {
            slot->next = config;
            slot->next_due_ms = loop->now_ms + OPEN_AGAIN_MS;
        }
        return;
    }
    if (!agency->draining)
        return;
    if (agency_is_idle(agency) && slot->close_ms > loop->now_ms + ACK_WAIT_MS)
        slot->close_ms = loop->now_ms + ACK_WAIT_MS;
    hold(loop, slot);
    if (!agency_is_idle(agency) && !slot->given_up && loop->now_ms >= slot->give_up_ms) {
        log_event(LOG_WARN, "given-up", "agency=%s count=%zu", agency->config->code, agency->open);
        agency_abandon(agency);
        slot->given_up = true;
        slot->close_ms = loop->now_ms + ACK_WAIT_MS;
    } else if (agency_is_drained(agency) || (waits_for_acks(slot) && loop->now_ms >= slot->close_ms))
        close_slot(slot);
}

static bool is_empty(const struct loop *loop)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (loop->slots[i].agency)
            return false;
    return true;
}

static bool is_used(const struct loop *loop, const struct adapter_config *config)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (loop->slots[i].agency && loop->slots[i].agency->whole == config)
            return true;
    return false;
}

static void turn_slots(struct loop *loop, int64_t boot_ms)
{
    bool moving = false;

    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &loop->slots[i];
        if (!slot->agency && slot->next && !loop->stopping && slot->next_due_ms <= loop->now_ms)
            open_next(loop, slot);
        if (slot->agency)
            turn_agency(loop, slot, boot_ms);
        moving |= slot->agency && slot->agency->draining && !slot->held;
    }
    for (size_t i = 0; i < SLOTS; i++)
        if (loop->old[i] && !is_used(loop, loop->old[i])) {
            adapter_config_free(loop->old[i]);
            loop->old[i] = NULL;
        }
    if (loop->reloading && !moving) {
        loop->reloading = false;
        log_event(LOG_INFO, "reloaded", "count=%zu", loop->config->agency_count);
        sd_notify(0, "READY=1");
    }
}

/* ---------------------------------------------------------------- signals */

static size_t count_open(const struct loop *loop)
{
    size_t count = 0;

    for (size_t i = 0; i < SLOTS; i++)
        count += loop->slots[i].agency ? loop->slots[i].agency->open : 0;
    return count;
}

static void stop(struct loop *loop)
{
    bool at_once = loop->stopping;

    if (!at_once) {
        log_event(LOG_INFO, "stopping", "count=%zu", count_open(loop));
        sd_notify(0, "STOPPING=1");
    }
    loop->stopping = true;
    for (size_t i = 0; i < SLOTS; i++) {
        drain(loop, &loop->slots[i]);
        if (at_once)
            loop->slots[i].give_up_ms = loop->slots[i].close_ms = loop->now_ms;
    }
}

/* Where each of the old ones is used, by as many agencies as there may be, the present one is not. */
static void set_aside(struct loop *loop)
{
    size_t i = 0;

    while (i < SLOTS && loop->old[i])
        i++;
    if (i < SLOTS)
        loop->old[i] = loop->config;
    else
        adapter_config_free(loop->config);
}

/* One at a time: a second SIGHUP waits until the agencies of the first have moved over, but for those that are held. */
static void reload(struct loop *loop)
{
    if (!loop->reload || loop->reloading || loop->stopping)
        return;
    loop->reload = false;
    struct adapter_config *config = read_config(loop->options);
    if (!config) {
        log_event(LOG_ERROR, "reload-refused", "why=\"the configuration has faults: the one before stays\"");
        return;
    }
    char notice[64];
    struct text text = text_of(notice, sizeof notice);
    text_add(&text, "RELOADING=1\nMONOTONIC_USEC=%lld000", (long long)loop->now_ms);
    sd_notify(0, notice);
    loop->reloading = true;
    set_aside(loop);
    loop->config = config;
    assign_slots(loop);
}

static void read_signals(struct loop *loop)
{
    struct signalfd_siginfo info;

    while (read(loop->signal_fd, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGHUP)
            loop->reload = true;
        else
            stop(loop);
}

static bool take_signals(struct loop *loop)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (loop->signal_fd >= 0)
        watch_set(&loop->watch, loop->signal_fd, WATCH_SIGNAL, 0, WATCH_READ);
    return loop->signal_fd >= 0;
}

/* ---------------------------------------------------------------- turning */

static int wait_ms(const struct loop *loop)
{
    int64_t due_ms = loop->now_ms + 60000;

    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *slot = &loop->slots[i];
        int64_t slot_ms = slot->agency ? agency_due_ms(slot->agency) : slot->next ? slot->next_due_ms : INT64_MAX;
        if (slot->agency && slot->agency->draining) {
            int64_t end_ms = waits_for_acks(slot) ? slot->close_ms : slot->give_up_ms;
            slot_ms = end_ms < slot_ms ? end_ms : slot_ms;
        }
        due_ms = slot_ms < due_ms ? slot_ms : due_ms;
    }
    if (loop->watchdog_us && loop->watchdog_due_ms < due_ms)
        due_ms = loop->watchdog_due_ms;
    return due_ms > loop->now_ms ? (int)(due_ms - loop->now_ms) : 0;
}

static void feed_watchdog(struct loop *loop)
{
    if (!loop->watchdog_us || loop->now_ms < loop->watchdog_due_ms)
        return;
    sd_notify(0, "WATCHDOG=1");
    loop->watchdog_due_ms = loop->now_ms + (int64_t)(loop->watchdog_us / 1000 / 3);
}

static void turn(struct loop *loop)
{
    struct watch_event events[WATCH_EVENTS_MAX];
    size_t count = watch_wait(&loop->watch, wait_ms(loop), events);

    loop->now_ms = clock_monotonic_ms();
    int64_t boot_ms = clock_boot_ms();
    for (size_t i = 0; i < count; i++) {
        struct agency *agency = loop->slots[events[i].slot % SLOTS].agency;
        if (events[i].kind == WATCH_SIGNAL)
            read_signals(loop);
        else if (agency && events[i].kind == WATCH_GATEWAY)
            agency_readable(agency);
        else if (agency)
            transfers_event(&agency->transfers, &events[i]);
    }
    reload(loop);
    turn_slots(loop, boot_ms);
    feed_watchdog(loop);
}

static void loop_close(struct loop *loop)
{
    for (size_t i = 0; i < SLOTS; i++) {
        agency_close(loop->slots[i].agency);
        recent_done(&loop->slots[i].recent);
    }
    if (loop->signal_fd >= 0)
        close(loop->signal_fd);
    watch_done(&loop->watch);
    if (loop->zmq_context)
        zmq_ctx_term(loop->zmq_context);
    for (size_t i = 0; i < SLOTS; i++)
        adapter_config_free(loop->old[i]);
    adapter_config_free(loop->config);
    free(loop);
}

enum result loop_run(const struct loop_options *options)
{
    struct loop *loop = calloc(1, sizeof *loop);
    enum result result = RESULT_FULL;

    if (!loop)
        return RESULT_FULL;
    loop->options = options;
    loop->signal_fd = -1;
    loop->config = read_config(options);
    if (!loop->config)
        result = RESULT_INVALID;
    else if ((result = watch_init(&loop->watch)) == RESULT_OK) {
        loop->zmq_context = zmq_ctx_new();
        result = loop->zmq_context && take_signals(loop) ? RESULT_OK : RESULT_BROKEN;
    }
    if (result == RESULT_OK) {
        loop->now_ms = clock_monotonic_ms();
        assign_slots(loop);
        sd_watchdog_enabled(0, &loop->watchdog_us);
        log_event(LOG_INFO, "started", "count=%zu", loop->config->agency_count);
        sd_notify(0, "READY=1");
        while (!loop->stopping || !is_empty(loop))
            turn(loop);
        log_event(LOG_INFO, "stopped", "count=%zu", loop->config->agency_count);
    }
    loop_close(loop);
    return result;
}
