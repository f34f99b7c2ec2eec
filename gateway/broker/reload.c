/* reload.c - the directory: read, checked whole, stored as a turn of its own, then in force. All or nothing. */
#include <stdlib.h>
#include <string.h>

#include "gateway/broker/broker.h"

struct directory *directory_load(struct broker *broker)
{
    struct faults faults;

    if (faults_init(&faults) != RESULT_OK) {
        log_event(LOG_ERROR, "directory", "why=%s", log_quoted("no memory to read it"));
        return NULL;
    }
    struct directory *directory = directory_read(broker->options.directory, broker->now_ms, &faults);
    for (size_t i = 0; i < faults.kept; i++)
        log_event(LOG_ERROR, "directory-fault", "why=%s", log_quoted(faults.lines[i]));
    if (faults.count > faults.kept)
        log_event(LOG_ERROR, "directory-fault", "count=%zu why=%s", faults.count - faults.kept,
                  log_quoted("more faults"));
    faults_done(&faults);
    return directory;
}

struct stored {
    const struct tables *tables;
    uint32_t *numbers;
    uint32_t version;
    bool     same;
};

static void ask_stored(struct turn *turn, void *context)
{
    struct stored *stored = context;
    struct hash hash;

    stored->version = turn_directory_version(turn);
    stored->same = stored->version && turn_directory_hash(turn, stored->version, &hash) &&
                   hash_equal(&hash, &stored->tables->hash);
    for (uint32_t i = 0; i < stored->tables->agency_count; i++)
        stored->numbers[i] = turn_agency_number(turn, stored->tables->agencies[i].code);
}

static enum result store_it(struct broker *broker, struct directory *directory, uint32_t uid)
{
    const struct tables *tables = directory_tables(directory);
    struct command command = { .kind = COMMAND_DIRECTORY };
    bool again;

    command.directory.tables = tables;
    command.directory.bytes = directory_bytes(directory);
    command.directory.uid = uid;
    broker->core.tables = broker->tables ? broker->tables : tables;
    return turn_alone(broker, &command, &again);
}

/* Everything that points into the old tables looks again. */
static void swap(struct broker *broker, struct directory *directory)
{
    struct directory *before = broker->directory;

    broker->directory = directory;
    broker->tables = directory_tables(directory);
    broker->core.tables = broker->tables;
    broker->takeover_ms = broker->tables->successions ? 0 : INT64_MAX;
    broker->takeover_place = (struct takeover){ 0 };
    zap_tables(&broker->bus.zap, broker->tables);
    for (uint32_t i = 0; i < broker->sessions.slots_count; i++)
        broker->sessions.slots[i].read_in = NULL;
    for (uint32_t i = 0; i < broker->offers.count; i++) {
        const struct recipient *recipient = &broker->offers.recipients[i];
        const struct agency *agency = tables_agency(broker->tables, recipient->code);
        if (agency)
            (void)recipient_make(&broker->offers, recipient->number, agency, broker->now_ms);
    }
    directory_free(before);
}

enum result directory_apply(struct broker *broker, struct directory *directory, uint32_t uid)
{
    uint32_t *numbers = calloc(AGENCIES_MAX, sizeof *numbers);
    struct stored stored = { .tables = directory_tables(directory), .numbers = numbers };
    enum result result = numbers ? RESULT_OK : RESULT_FULL;

    must(order_is_empty(&broker->order) && stored.tables->agency_count <= AGENCIES_MAX);
    if (result == RESULT_OK)
        result = store_read(broker->store, ask_stored, &stored);
    bool new = !stored.same;
    if (result == RESULT_OK && new) {
        result = store_it(broker, directory, uid);
        if (result == RESULT_OK)
            result = store_read(broker->store, ask_stored, &stored);
    }
    if (result != RESULT_OK) {
        free(numbers);
        directory_free(directory);
        broker->core.tables = broker->tables;
        return result;
    }
    free(broker->numbers);
    broker->numbers = numbers;
    directory_version_set(directory, stored.version);
    swap(broker, directory);
    log_event(LOG_INFO, "directory", "seq=%u count=%u why=%s", stored.version, broker->tables->agency_count,
              log_quoted(new ? "new, stored" : "as stored"));
    return RESULT_OK;
}

void directory_reload(struct broker *broker, enum result *ret_result)
{
    uint32_t uid = broker->reload_uid < 0 ? 0 : (uint32_t)broker->reload_uid;
    struct directory *directory = directory_load(broker);

    *ret_result = RESULT_OK;
    if (!directory) {
        log_event(LOG_ERROR, "directory", "why=%s", log_quoted("not applied: the one before stays in force"));
        return;
    }
    enum result result = directory_apply(broker, directory, uid);
    if (result == RESULT_FULL || result == RESULT_BUSY)
        log_event(LOG_ERROR, "directory", "why=%s", log_quoted("not applied: there is no room to store it"));
    else
        *ret_result = result;
    sessions_sweep(broker);
}
