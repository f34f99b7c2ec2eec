/* settle.c - turns on their way from the journal to the environment. One write transaction stays open over many turns;
 * each of them is on disk as a record of the journal. Settling commits it, and the journal begins anew. Who finds
 * turns in the journal that the environment does not hold (after a kill, after a transaction that had to be given up)
 * makes the same rows again. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

enum {
    /* A commit on a full disk writes what still fits and reports an I/O error. Less free than this: it was the disk's
     * size, not its health. */
    FULL_DISK_BYTES = 32 << 20,
    SETTLE_ROWS = 48 << 10,             /* so many rows in the open transaction: its pages are memory */
    SETTLE_ROWS_SOME = 1 << 9,          /* so many are committed in the time of a few turns */
    SETTLE_BYTES = 4 << 20,             /* so many in the journal */
    SPARE_TIMES = 16,                   /* spare room in the map: a row of the journal may need a page of its own */
};

uint64_t counters_next_seq(const struct counters *counters)
{
    uint64_t before = NUMBERS_BEFORE(counters->epoch);
    return (counters->seq < before ? before : counters->seq) + 1;
}

enum result settle_begin(struct store *store)
{
    int code = mdb_txn_begin(store->env, NULL, 0, &store->open);
    if (!code) {
        memset(store->turn.cursors, 0, sizeof store->turn.cursors);
        return RESULT_OK;
    }
    store->open = NULL;
    store->trouble = mdb_strerror(code);
    return lmdb_result(code);
}

/* ---- the rows of the journal */

static int put_row(struct store *store, const struct journal_row *row, struct counters *counters)
{
    MDB_val key = { .mv_size = row->key.size, .mv_data = (void *)(uintptr_t)row->key.bytes };
    MDB_val value = { .mv_size = row->value.size, .mv_data = (void *)(uintptr_t)row->value.bytes };

    if (row->deleted)
        return mdb_del(store->open, store->tables[row->table], &key, NULL);
    if (row->table == TABLE_META && span_equal(row->key, span_of_string(META_COUNTERS_KEY)) &&
        !counters_parse(row->value, counters))
        return MDB_CORRUPTED;
    return mdb_put(store->open, store->tables[row->table], &key, &value, 0);
}

static enum result put_turn(struct store *store, struct journal_reader *reader, struct counters *counters,
                            uint64_t *rows)
{
    struct journal_row row;
    enum result result;

    while (journal_read_row(&store->journal, reader, &row, &result)) {
        int code = put_row(store, &row, counters);
        if (code) {
            store->trouble = mdb_strerror(code);
            return code == MDB_NOTFOUND ? RESULT_BROKEN : lmdb_result(code);
        }
        ++*rows;
    }
    if (result != RESULT_OK)
        store->trouble = "the journal has rows that this version cannot explain";
    return result;
}

/* Takes every turn that follows `counters` out of the journal into store->open; *counters are then those of the last.
 * It ends at until_bytes: what stands behind was not said to be done. */
static enum result put_turns(struct store *store, uint64_t until_bytes, struct counters *counters)
{
    struct journal_reader reader = { 0 };
    uint64_t rows = 0;

    while (reader.at_bytes < until_bytes) {
        uint64_t seq = counters_next_seq(counters);
        enum result result = journal_read_turn(&store->journal, &reader, seq, &counters->link);
        if (result == RESULT_NOT_FOUND)
            break;
        if (result == RESULT_OK)
            result = put_turn(store, &reader, counters, &rows);
        if (result == RESULT_OK && counters->seq != seq)
            result = RESULT_BROKEN;
        if (result != RESULT_OK)
            return result;
    }
    journal_go_on(&store->journal, &reader, rows);
    return RESULT_OK;
}

/* What the environment itself holds. */
static enum result committed_counters(struct store *store, struct counters *ret_counters)
{
    MDB_val key = { .mv_size = strlen(META_COUNTERS_KEY), .mv_data = (void *)(uintptr_t)META_COUNTERS_KEY }, value;
    int code = mdb_get(store->open, store->tables[TABLE_META], &key, &value);
    if (code)
        return RESULT_BROKEN;
    return counters_parse(span_of(value.mv_data, value.mv_size), ret_counters) ? RESULT_OK : RESULT_BROKEN;
}

static void give_up(struct store *store)
{
    if (store->open)
        mdb_txn_abort(store->open);
    store->open = NULL;
    unsettled_reset(&store->unsettled);
}

/* store->open anew, with the turns of the journal in it. */
static enum result make_again(struct store *store, uint64_t until_bytes, struct counters *ret_counters)
{
    struct counters counters;

    give_up(store);
    enum result result = settle_begin(store);
    if (result == RESULT_OK)
        result = committed_counters(store, &counters);
    if (result == RESULT_OK)
        result = put_turns(store, until_bytes, &counters);
    if (result == RESULT_OK)
        *ret_counters = counters;
    else
        give_up(store);
    return result;
}

/* LMDB gives an environment up for good when its meta page could not be written, whatever the reason. */
static bool env_is_lost(MDB_env *env)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (!code)
        mdb_txn_abort(txn);
    return code == MDB_PANIC;
}

static enum result commit(struct store *store)
{
    int code = unsettled_flush(store);

    if (code)
        mdb_txn_abort(store->open);
    else
        code = mdb_txn_commit(store->open);                     /* synced when it returns; ends it anyway */
    store->open = NULL;
    if (!code) {
        journal_restart(&store->journal);
        return RESULT_OK;
    }
    store->trouble = mdb_strerror(code);
    bool full = lmdb_result(code) == RESULT_FULL || (code == EIO && disk_free_bytes(store->folder) < FULL_DISK_BYTES);
    return full && !env_is_lost(store->env) ? RESULT_FULL : RESULT_BROKEN;
}

/* In a map that is full to the last page, turns that are on disk may need a page more when they are made again, or to
 * be committed. For them, and for nothing else, the map is larger for a moment; what they replaced is room then. */
static enum result make_with_spare(struct store *store, uint64_t until_bytes, struct counters *ret_counters)
{
    give_up(store);
    if (mdb_env_set_mapsize(store->env, store->map_bytes + SPARE_TIMES * store->journal.size_bytes))
        return RESULT_BROKEN;
    enum result result = make_again(store, until_bytes, ret_counters);
    if (result == RESULT_OK)
        result = commit(store);
    if (mdb_env_set_mapsize(store->env, store->map_bytes))
        return RESULT_BROKEN;
    return result;
}

enum result settle_again(struct store *store)
{
    uint64_t until_bytes = store->journal.used_bytes;
    struct counters counters;

    give_up(store);
    if (!until_bytes)
        return RESULT_OK;
    enum result result = make_again(store, until_bytes, &counters);
    if (result == RESULT_FULL)
        result = make_with_spare(store, until_bytes, &counters);
    if (result == RESULT_OK && counters.seq == store->counters.seq)
        return RESULT_OK;
    give_up(store);
    return RESULT_BROKEN;
}

enum result settle_commit(struct store *store)
{
    struct counters counters;
    enum result result = commit(store);

    if (result != RESULT_FULL)
        return result;
    if (store->journal.used_bytes && make_with_spare(store, store->journal.used_bytes, &counters) == RESULT_OK)
        return RESULT_FULL;
    return settle_again(store) == RESULT_OK ? RESULT_FULL : RESULT_BROKEN;
}

enum result store_settle(struct store *store)
{
    must(!store->read_only && !store->turn.txn);
    if (store_synced(store) != RESULT_OK)
        return RESULT_BROKEN;
    if (!store->open)
        return RESULT_OK;
    enum result result = settle_commit(store);
    store->broken = result == RESULT_BROKEN;
    return result == RESULT_FULL && !store->journal.used_bytes ? RESULT_OK : result;        /* with spare room */
}

enum settling store_settling(const struct store *store)
{
    if (!store->open)
        return SETTLED;
    uint64_t rows = store->journal.rows;
    if (store->journal.used_bytes >= SETTLE_BYTES || rows >= SETTLE_ROWS)
        return SETTLING_DUE;
    return rows >= 4 * SETTLE_ROWS_SOME ? SETTLING_MOST : rows >= 2 * SETTLE_ROWS_SOME ? SETTLING_MUCH
           : rows >= SETTLE_ROWS_SOME ? SETTLING_SOME : SETTLING_OPEN;
}

/* ---- what a writer before left */

enum result settle_left(struct store *store)
{
    struct counters counters;
    enum result result = make_again(store, UINT64_MAX, &counters);

    if (result == RESULT_FULL)
        result = make_with_spare(store, UINT64_MAX, &counters);
    if (result != RESULT_OK)
        return result;
    store->counters = counters;
    if (!store->journal.used_bytes) {
        give_up(store);
        return RESULT_OK;
    }
    result = settle_commit(store);
    return result == RESULT_FULL ? RESULT_OK : result;          /* they stay in the journal: it goes on as before */
}

/* Nobody else writes: true, until the answer is used. */
static bool writer_is_gone(const char *folder)
{
    char path[PATH_SIZE];
    if (!path_join(folder, "writer.lock", path))
        return false;
    int lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0)
        return false;
    bool gone = flock(lock, LOCK_EX | LOCK_NB) == 0;
    close(lock);
    return gone;
}

bool settle_is_wanted(const char *folder)
{
    struct journal journal;
    struct journal_reader reader = { 0 };
    struct counters counters;
    bool wanted = false;

    if (journal_open_read(&journal, folder) == RESULT_OK && writer_is_gone(folder) &&
        store_peek(folder, &counters) == RESULT_OK)
        wanted = journal_read_turn(&journal, &reader, counters_next_seq(&counters), &counters.link) == RESULT_OK;
    journal_close(&journal);
    return wanted;
}
