/* start.c - everything that has to be there before the first frame, and its end. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/broker/broker.h"
#include "gateway/core/restore.h"

enum { FILES_WANTED = 65536 };

/* Both clocks of one moment. A process that was stopped between two readings would find them an hour apart. */
static void read_both(int64_t *ret_wall_ms, int64_t *ret_steady_ms)
{
    enum { TRIES_MAX = 10, MOMENT_MS = 100 };
    for (int i = 0; i < TRIES_MAX; i++) {
        *ret_steady_ms = clock_boot_ms();
        *ret_wall_ms = clock_wall_ms();
        if (clock_boot_ms() - *ret_steady_ms <= MOMENT_MS)
            return;
    }
}

void broker_read_clocks(struct broker *broker)
{
    int64_t wall_ms;
    read_both(&wall_ms, &broker->steady_ms);
    broker->now_ms = gateway_time_now(&broker->time, wall_ms, broker->steady_ms);
    broker->core.time_in_doubt = broker->time.brake;
    if (broker->time.alarm == broker->alarm_said)
        return;
    broker->alarm_said = broker->time.alarm;
    log_event(broker->alarm_said == TIME_AGREES ? LOG_INFO : LOG_ERROR, "clock", "ms=%lld why=%s",
              (long long)broker->time.apart_ms, time_alarm_name(broker->alarm_said));
}

/* One file per connection. Not reaching it is no fault of the configuration: said, and gone on. */
static void raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_WANTED)
        return;
    struct rlimit wanted = { .rlim_cur = FILES_WANTED, .rlim_max = limit.rlim_max > FILES_WANTED ? limit.rlim_max
                                                                                              : FILES_WANTED };
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
        return;
    wanted.rlim_cur = wanted.rlim_max = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &wanted);
    log_event(LOG_WARN, "limits", "count=%llu why=%s", (unsigned long long)limit.rlim_max,
              log_quoted("fewer open files than 65536 are allowed"));
}

/* No work in a handler: signals are read like frames. Before any thread, so that all of them block these. */
static bool take_signals(struct broker *broker)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return false;
    signal(SIGPIPE, SIG_IGN);
    broker->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return broker->signals >= 0;
}

static enum result open_store(struct broker *broker, struct text *why)
{
    struct store_options options = {
        .folder = broker->options.store_folder, .map_bytes = (uint64_t)broker->options.store_map_bytes,
        .store_bytes_max = (uint64_t)broker->options.store_bytes_max,
        .ballast_bytes = (uint64_t)broker->options.store_ballast_bytes,
        .journal_bytes = (uint64_t)broker->options.store_journal_bytes,
    };
    enum result result = store_open(&broker->store, &options, why);
    if (result != RESULT_OK)
        return result;
    int64_t wall_ms, steady_ms;
    read_both(&wall_ms, &steady_ms);
    gateway_time_start(&broker->time, wall_ms, steady_ms, store_last_ms(broker->store));
    broker_read_clocks(broker);
    broker->started_ms = broker->now_ms;
    return RESULT_OK;
}

static enum result take_memory(struct broker *broker, struct text *why)
{
    uint64_t seq = store_last(broker->store).seq;
    if (core_init(&broker->core) == RESULT_OK && effects_init(&broker->effects) == RESULT_OK &&
        order_init(&broker->order) == RESULT_OK && arena_init(&broker->frames_arena, FRAMES_ARENA_BYTES) == RESULT_OK &&
        arena_init(&broker->words, WORDS_ARENA_BYTES) == RESULT_OK &&
        sessions_init(&broker->sessions, (uint32_t)broker->options.sessions_max, seq) == RESULT_OK &&
        offers_init(&broker->offers, &broker->sessions) == RESULT_OK && outbox_init(&broker->outbox) == RESULT_OK &&
        speech_init(&broker->speech) == RESULT_OK)
        return RESULT_OK;
    text_add(why, "no memory to start with");
    return RESULT_FULL;
}

/* START: no session of before lives, what was offered is with nobody. RESTORE: goes on where `lienthong restore` was
 * cut off, if it was. */
static enum result tell(struct broker *broker, enum command_kind kind, struct text *why)
{
    struct command command = { .kind = kind };
    bool again = true;

    while (again) {
        enum result result = turn_alone(broker, &command, &again);
        if (result == RESULT_FULL && give_up_ballast(broker))
            continue;
        if (result != RESULT_OK) {
            text_add(why, "the store does not take the first turn: %s", store_trouble(broker->store));
            return result;
        }
    }
    return RESULT_OK;
}

static void ask_held(struct turn *turn, void *context)
{
    bool *held = context;
    *held = restore_is_held(turn);
}

static enum result look_held(struct broker *broker)
{
    bool held = false;
    enum result result = store_read(broker->store, ask_held, &held);
    if (held)
        log_event(LOG_WARN, "held", "seq=%llu why=%s", (unsigned long long)store_last(broker->store).seq,
                  log_quoted("restored from a backup: nothing is taken in or given out until a person runs "
                             "lienthong release gateway --reason ..."));
    return result;
}

enum result broker_open(struct broker *broker, struct text *why)
{
    umask(0077);
    raise_limits();
    if (!take_signals(broker)) {
        text_add(why, "signals cannot be taken: %s", strerror(errno));
        return RESULT_BROKEN;
    }
    enum result result = open_store(broker, why);
    if (result == RESULT_OK)
        result = take_memory(broker, why);
    if (result == RESULT_OK)
        result = bus_open(&broker->bus, &broker->options, why);
    if (result == RESULT_OK)
        result = selftest(&broker->bus, why);
    if (result != RESULT_OK)
        return result;
    struct directory *directory = directory_load(broker);
    if (!directory) {
        text_add(why, "the directory has faults: %s", broker->options.directory);
        return RESULT_INVALID;
    }
    result = directory_apply(broker, directory, (uint32_t)getuid());
    if (result != RESULT_OK)
        text_add(why, "the directory cannot be stored: %s", store_trouble(broker->store));
    if (result == RESULT_OK)
        result = tell(broker, COMMAND_START, why);
    if (result == RESULT_OK)
        result = tell(broker, COMMAND_RESTORE, why);
    if (result == RESULT_OK)
        result = look_held(broker);
    if (result == RESULT_OK)
        result = bus_bind(&broker->bus, &broker->options, why);
    return result == RESULT_OK ? blobs_open(broker, why) : result;
}

static void close_outbox(struct broker *broker)
{
    zmq_msg_t frame;
    for (uint32_t i = 0; i < broker->sessions.slots_count; i++)
        while (broker->sessions.slots[i].number &&
               outbox_take(&broker->outbox, &broker->sessions, &broker->sessions.slots[i], &frame))
            zmq_msg_close(&frame);
    outbox_done(&broker->outbox);
    speech_done(&broker->speech);
}

void broker_close(struct broker *broker)
{
    if (broker->sessions.slots)
        intake_forget(broker);
    if (broker->has_kept)
        zmq_msg_close(&broker->kept);
    close_outbox(broker);
    blobs_close(broker);
    bus_close(&broker->bus);
    offers_done(&broker->offers);
    sessions_done(&broker->sessions);
    order_free(&broker->order);
    arena_done(&broker->frames_arena);
    arena_done(&broker->words);
    effects_done(&broker->effects);
    core_done(&broker->core);
    directory_free(broker->directory);
    free(broker->numbers);
    store_close(broker->store);
    if (broker->signals > 0)
        close(broker->signals);
}
