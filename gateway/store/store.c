/* store.c - turns and reads: where a transaction begins, is left, and becomes true. */
#include "gateway/store/store.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/store/bytes.h"
#include "gateway/store/chain.h"
#include "gateway/store/inside.h"

enum result lmdb_result(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return RESULT_OK;
    case MDB_NOTFOUND:
        return RESULT_NOT_FOUND;
    case MDB_MAP_FULL: case MDB_TXN_FULL:
        return RESULT_FULL;
    case MDB_READERS_FULL:
        return RESULT_BUSY;
    default:
        return code > 0 ? file_result(code) : RESULT_BROKEN;
    }
}

void turn_fail(struct turn *turn, enum result result, const char *trouble)
{
    turn->failure = result;
    turn->store->trouble = trouble;
    longjmp(turn->out, 1);
}

void turn_fail_lmdb(struct turn *turn, int code)
{
    enum result result = lmdb_result(code);
    turn_fail(turn, result == RESULT_NOT_FOUND ? RESULT_BROKEN : result, mdb_strerror(code));
}

/* ---- begin */

static void read_counters(struct turn *turn)
{
    struct key key = key_empty();
    struct span value;
    key_bytes(&key, META_COUNTERS_KEY, strlen(META_COUNTERS_KEY));
    if (!row_get(turn, TABLE_META, &key, &value) || !counters_parse(value, &turn->counters))
        turn_fail(turn, RESULT_BROKEN, "the store's counters cannot be read");
    if (turn->writable && turn->counters.seq < NUMBERS_BEFORE(turn->counters.epoch)) {
        turn->counters.seq = counters_next_seq(&turn->counters) - 1;        /* its first turn */
        turn->counters.events = turn->counters.seq;
    }
}

/* Who reads while turns are open reads these too. */
static enum result turn_begin(struct store *store, bool writable, int64_t now_ms)
{
    struct turn *turn = &store->turn;

    turn->store = store;
    turn->writable = writable;
    turn->wrote = turn->restored_read = false;
    turn->now_ms = now_ms;
    turn->day = seal_day(now_ms);
    tally_reset(&turn->tally);
    figure_tally_reset(&turn->figures);
    unwritten_reset(&turn->unwritten);
    for (unsigned i = 0; i < KNOWN_STATES; i++)
        turn->states[i].agency = 0;
    if (writable && !store->open) {
        enum result result = settle_begin(store);
        if (result != RESULT_OK)
            return result;
    }
    if (writable)
        journal_turn_begin(&store->journal);
    if (store->open) {
        turn->txn = store->open;
        return RESULT_OK;
    }
    memset(turn->cursors, 0, sizeof turn->cursors);
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &turn->txn);
    if (!code)
        return RESULT_OK;
    turn->txn = NULL;
    store->trouble = mdb_strerror(code);
    return lmdb_result(code);
}

static void forget_known(struct store *store)
{
    memset(store->by_number, 0, sizeof store->by_number);
    memset(store->by_code, 0, sizeof store->by_code);
    memset(store->oldest_ids, 0, sizeof store->oldest_ids);
}

/* Nothing of it is left, whatever it put. Where room was short, the turns before it are settled: what they replaced is
 * room again for whoever tries next. */
static enum result turn_undo(struct turn *turn)
{
    struct store *store = turn->store;

    turn->txn = NULL;
    forget_known(store);
    enum result result = store_synced(store);
    if (result == RESULT_OK)
        result = settle_again(store);
    if (result == RESULT_OK && turn->failure == RESULT_FULL && store->open)
        result = settle_commit(store);
    return result == RESULT_FULL ? RESULT_OK : result;
}

/* It put nothing. Cursors of a write transaction end with it, those of a read transaction do not. */
static void turn_leave(struct turn *turn)
{
    struct store *store = turn->store;
    if (turn->txn != store->open) {
        for (unsigned i = 0; i < TABLES; i++)
            if (turn->cursors[i])
                mdb_cursor_close(turn->cursors[i]);
        mdb_txn_abort(turn->txn);
    } else if (!store->journal.used_bytes) {
        mdb_txn_abort(store->open);
        store->open = NULL;
    }
    turn->txn = NULL;
}

/* ---- end */

static void put_link(struct turn *turn)
{
    struct counters *counters = &turn->counters;
    uint8_t record[RECORD_BYTES_MAX];
    struct chain_link link = {
        .seq = turn_seq(turn), .now_ms = turn->now_ms, .first_event = turn->first_event,
        .events = counters->events + 1 - turn->first_event,
    };
    struct key key = key_empty();

    link.root = merkle_root(turn->leaves, link.events);
    link.link = chain_next(&counters->link, link.seq, link.now_ms, &link.root);
    key_u64(&key, link.seq);
    row_put(turn, TABLE_CHAIN, &key, span_of(record, chain_link_write(&link, record)));
    counters->seq = link.seq;
    counters->last_ms = link.now_ms;
    counters->link = link.link;
}

static void put_counters(struct turn *turn)
{
    uint8_t bytes[COUNTERS_BYTES];
    struct key key = key_empty();
    key_bytes(&key, META_COUNTERS_KEY, strlen(META_COUNTERS_KEY));
    /* As large as before, so that writing it does not change the byte count that stands in it. */
    counters_write(&turn->counters, bytes);
    row_put(turn, TABLE_META, &key, span_of(bytes, sizeof bytes));
}

/* In the journal, synced; without room there, in the environment with all that is in the journal. */
static enum result turn_commit(struct turn *turn, bool aside)
{
    struct store *store = turn->store;
    enum result result = journal_turn_end(&store->journal, turn->counters.seq, &store->counters.link, aside);

    turn->txn = NULL;
    if (result == RESULT_FULL && (result = store_synced(store)) == RESULT_OK)
        result = settle_commit(store);
    else if (result != RESULT_OK)
        store->trouble = "the journal cannot be written";
    if (result == RESULT_OK)
        store->counters = turn->counters;
    else
        forget_known(store);
    return result;
}

/* ---- turns */

/* The part that longjmp leaves. Nothing that it changes lives in this frame. */
static bool turn_run(struct turn *turn, turn_work *work, void *context)
{
    if (setjmp(turn->out))
        return false;
    read_counters(turn);
    turn->first_event = turn->counters.events + 1;
    work(turn, context);
    if (turn->writable) {
        unwritten_flush(turn);
        figure_tally_flush(turn);
        tally_flush(turn);
        if (turn->wrote) {
            put_link(turn);
            put_counters(turn);
        }
    }
    return true;
}

bool store_is_syncing(const struct store *store)
{
    return journal_syncing(&store->journal) == SYNCING;
}

bool store_is_synced(const struct store *store)
{
    return !store->broken && journal_syncing(&store->journal) == SYNCED;
}

int store_sync_file(const struct store *store)
{
    return syncer_file(&store->journal.syncer);
}

uint64_t store_syncs_over(const struct store *store)
{
    return journal_syncs_over(&store->journal);
}

static enum result sticky(struct store *store, enum result result)
{
    if (result != RESULT_OK) {
        store->trouble = "the journal cannot be written";
        store->broken = true;
    }
    return result;
}

enum result store_sync_on(struct store *store)
{
    return store->broken ? RESULT_BROKEN : sticky(store, journal_sync_on(&store->journal));
}

enum result store_synced(struct store *store)
{
    return store->broken ? RESULT_BROKEN : sticky(store, journal_synced(&store->journal));
}

static enum result make_turn(struct store *store, int64_t now_ms, turn_work *work, void *context, bool aside,
                             struct turn_end *ret_end)
{
    struct turn *turn = &store->turn;
    must(!store->read_only && !turn->txn);
    if (store->broken)
        return RESULT_BROKEN;
    enum result result = turn_begin(store, true, now_ms);
    if (result == RESULT_OK && !turn_run(turn, work, context)) {
        result = turn_undo(turn) == RESULT_OK ? turn->failure : RESULT_BROKEN;
    } else if (result == RESULT_OK && turn->wrote) {
        result = turn_commit(turn, aside);
    } else if (result == RESULT_OK) {
        turn_leave(turn);
        result = aside ? RESULT_OK : store_synced(store);
    }
    store->broken = result == RESULT_BROKEN;
    if (result != RESULT_OK)
        return result;
    *ret_end = (struct turn_end){ .seq = store->counters.seq, .link = store->counters.link, .wrote = turn->wrote,
                                    .sync = journal_sync_wanted(&store->journal) };
    return RESULT_OK;
}

enum result store_turn(struct store *store, int64_t now_ms, turn_work *work, void *context, struct turn_end *ret_end)
{
    return make_turn(store, now_ms, work, context, false, ret_end);
}

enum result store_turn_aside(struct store *store, int64_t now_ms, turn_work *work, void *context,
                             struct turn_end *ret_end)
{
    return make_turn(store, now_ms, work, context, true, ret_end);
}

enum result store_read(struct store *store, turn_work *work, void *context)
{
    struct turn *turn = &store->turn;
    must(!turn->txn);
    if (store->broken)
        return RESULT_BROKEN;
    enum result result = turn_begin(store, false, 0);
    if (result != RESULT_OK) {
        store->broken = result == RESULT_BROKEN;
        return result;
    }
    if (turn_run(turn, work, context))
        store->counters = turn->counters;                   /* a reader of a live store sees it go on */
    else
        result = turn->failure;
    turn_leave(turn);
    store->broken = result == RESULT_BROKEN;
    return result;
}

/* ---- outside turns */

uint64_t store_bytes(const struct store *store)
{
    return store->counters.bytes;
}

int64_t store_last_ms(const struct store *store)
{
    return store->counters.last_ms;
}

struct turn_end store_last(const struct store *store)
{
    return (struct turn_end){ .seq = store->counters.seq, .link = store->counters.link,
                              .wrote = store->counters.seq > 0 };
}

const char *store_trouble(const struct store *store)
{
    return store->trouble ? store->trouble : "";
}

static int count_reader(const char *line, void *context)
{
    unsigned *readers = context;
    /* LMDB prints a headline and a line per slot in use, its pid first, or one line saying that there is none. */
    line += strspn(line, " ");
    if (*line >= '0' && *line <= '9')
        ++*readers;
    return 0;
}

unsigned store_readers_check(struct store *store)
{
    unsigned readers = 0;
    int dead;
    if (mdb_reader_check(store->env, &dead) || mdb_reader_list(store->env, count_reader, &readers) < 0)
        return 0;
    return readers;
}

struct drop {
    uint32_t day;
    bool     needed;
};

static void ask_day(struct turn *turn, void *context)
{
    struct drop *drop = context;
    drop->needed = tally_value(turn, TABLE_SEALED, drop->day, 0) > 0;
}

unsigned store_drop_day_keys(struct store *store, int64_t now_ms)
{
    uint32_t today = seal_day(now_ms);
    unsigned dropped = 0;

    must(!store->read_only && !store->turn.txn);
    /* Days that cannot be listed now keep their keys until the next call. */
    for (uint32_t day = 0; seal_day_next(store->seal, day, &day) == RESULT_OK && day && day < today;) {
        struct drop drop = { .day = day, .needed = true };
        if (store_read(store, ask_day, &drop) != RESULT_OK || drop.needed)
            continue;
        if (store_settle(store) != RESULT_OK)
            break;
        dropped += seal_drop(store->seal, day) == RESULT_OK;
    }
    return dropped;
}
