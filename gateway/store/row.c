/* row.c - one row of one table in the turn's transaction: found, put, deleted, walked, sealed. Keeps the byte count. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "bytes in the store that this version cannot explain";

static MDB_cursor *opened(struct turn *turn, enum table table, MDB_cursor **cursor)
{
    int code = *cursor ? MDB_SUCCESS : mdb_cursor_open(turn->txn, turn->store->tables[table], cursor);
    if (code)
        turn_fail_lmdb(turn, code);
    return *cursor;
}

MDB_cursor *row_cursor(struct turn *turn, enum table table)
{
    return opened(turn, table, &turn->cursors[table]);
}

MDB_cursor *row_cursor_put(struct turn *turn, enum table table)
{
    return opened(turn, table, &turn->cursors[table == TABLE_TIMER ? TABLES : table]);
}

static MDB_val val_of(struct span span)
{
    return (MDB_val){ .mv_size = span.size, .mv_data = (void *)(uintptr_t)span.bytes };
}

static struct span span_of_val(const MDB_val *val)
{
    return (struct span){ .bytes = val->mv_data, .size = val->mv_size };
}

bool row_get(struct turn *turn, enum table table, const struct key *key, struct span *ret_value)
{
    MDB_val name = val_of(key_span(key)), value;

    if (unsettled_find(&turn->store->unsettled, table, key, ret_value))
        return true;
    int code = mdb_cursor_get(row_cursor(turn, table), &name, &value, MDB_SET);
    if (code == MDB_NOTFOUND)
        return false;
    if (code)
        turn_fail_lmdb(turn, code);
    *ret_value = span_of_val(&value);
    return true;
}

/* ---- writing */

/* A row goes, or its value is replaced: what it counted for counts no more. Its bytes are still there to be read. */
static void row_forget(struct turn *turn, enum table table, size_t key_size, struct span value)
{
    uint32_t day;
    turn->counters.bytes -= key_size + value.size;
    if (!table_infos[table].sealed)
        return;
    if (!seal_row_day(value, &day))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    tally_add(turn, TABLE_SEALED, day, 0, -1);
}

/* One try that refuses with MDB_KEYEXIST where the row stands, or (appending) a later one. */
static int row_try(MDB_cursor *cursor, const struct key *key, MDB_val *value, unsigned flags)
{
    MDB_val name = val_of(key_span(key)), tried = *value;       /* LMDB writes to both, also when it refuses */
    int code = mdb_cursor_put(cursor, &name, &tried, flags);
    if (!code)
        value->mv_data = tried.mv_data;
    return code;
}

/* Puts, whether it is there or not. With `flags` MDB_RESERVE value->mv_data becomes the place to write to. */
static void row_write(struct turn *turn, enum table table, enum table_habit habit, const struct key *key,
                      MDB_val *value, unsigned flags)
{
    MDB_cursor *cursor = row_cursor_put(turn, table);
    struct journal *journal = &turn->store->journal;
    unsigned first = habit == HABIT_INSERT ? MDB_NOOVERWRITE : MDB_APPEND;
    int code = MDB_KEYEXIST;

    must(turn->writable && key->size && value->mv_size <= UINT32_MAX);
    journal_turn_filled(journal);
    if (!(flags & MDB_RESERVE))
        journal_turn_put(journal, table, key_span(key), span_of_val(value));       /* a lent value dies in the put */
    turn->wrote = true;
    turn->counters.bytes += key->size + value->mv_size;
    if (habit != HABIT_UPDATE)
        code = row_try(cursor, key, value, flags | first);
    if (code == MDB_KEYEXIST) {
        MDB_val name = val_of(key_span(key)), old;
        code = mdb_cursor_get(cursor, &name, &old, MDB_SET);
        if (code == MDB_SUCCESS) {
            row_forget(turn, table, key->size, span_of_val(&old));
            code = row_try(cursor, key, value, flags | MDB_CURRENT);
        } else if (code == MDB_NOTFOUND) {
            code = row_try(cursor, key, value, flags | first);
            if (code == MDB_KEYEXIST)
                code = row_try(cursor, key, value, flags);
        }
    }
    if (code)
        turn_fail_lmdb(turn, code);
    if (flags & MDB_RESERVE)
        journal_turn_reserve(journal, table, key_span(key), value->mv_data, value->mv_size);
}

/* In the journal, and in the transaction only if it is still there when that is committed. */
static void row_keep(struct turn *turn, enum table table, const struct key *key, struct span value)
{
    struct journal *journal = &turn->store->journal;

    must(turn->writable);
    journal_turn_filled(journal);
    journal_turn_put(journal, table, key_span(key), value);
    turn->wrote = true;
    if (!unsettled_put(&turn->store->unsettled, table, key, value))
        turn->counters.bytes += key->size + value.size;
}

void row_put(struct turn *turn, enum table table, const struct key *key, struct span value)
{
    MDB_val bytes = val_of(value);

    if (unsettled_takes(&turn->store->unsettled, table, key))
        row_keep(turn, table, key, value);
    else
        row_write(turn, table, table_infos[table].habit, key, &bytes, 0);
}

void row_put_new(struct turn *turn, enum table table, const struct key *key, struct span value)
{
    MDB_val bytes = val_of(value);
    row_write(turn, table, HABIT_APPEND, key, &bytes, 0);
}

uint8_t *row_reserve(struct turn *turn, enum table table, const struct key *key, size_t size)
{
    MDB_val bytes = { .mv_size = size };
    row_write(turn, table, table_infos[table].habit, key, &bytes, MDB_RESERVE);
    return bytes.mv_data;
}

static void journal_delete(struct turn *turn, enum table table, const struct key *key)
{
    journal_turn_filled(&turn->store->journal);
    journal_turn_delete(&turn->store->journal, table, key_span(key));
    turn->wrote = true;
}

bool row_delete_any(struct turn *turn, enum table table, const struct key *key)
{
    size_t value_bytes;

    must(turn->writable);
    if (unsettled_drop(&turn->store->unsettled, table, key, &value_bytes)) {
        journal_delete(turn, table, key);
        turn->counters.bytes -= key->size + value_bytes;
        return true;
    }
    MDB_cursor *cursor = row_cursor(turn, table);
    MDB_val name = val_of(key_span(key)), old;
    int code = mdb_cursor_get(cursor, &name, &old, MDB_SET);
    if (code == MDB_NOTFOUND)
        return false;
    if (!code) {
        journal_delete(turn, table, key);
        row_forget(turn, table, key->size, span_of_val(&old));
        code = mdb_cursor_del(cursor, 0);
    }
    if (code)
        turn_fail_lmdb(turn, code);
    return true;
}

void row_delete(struct turn *turn, enum table table, const struct key *key)
{
    must(row_delete_any(turn, table, key));
}

/* ---- walking */

/* row_next() in the transaction. */
static bool row_next_stored(struct turn *turn, enum table table, const struct key *from, enum row_start start,
                            size_t prefix, struct span *ret_key, struct span *ret_value)
{
    MDB_cursor *cursor = row_cursor(turn, table);
    MDB_val name = val_of(key_span(from)), value;
    int code = mdb_cursor_get(cursor, &name, &value, MDB_SET_RANGE);

    if (!code && start == ROW_AFTER && span_equal(span_of_val(&name), key_span(from)))
        code = mdb_cursor_get(cursor, &name, &value, MDB_NEXT);
    if (code == MDB_NOTFOUND)
        return false;
    if (code)
        turn_fail_lmdb(turn, code);
    if (name.mv_size != from->size)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    if (memcmp(name.mv_data, from->bytes, prefix))
        return false;
    *ret_key = span_of_val(&name);
    *ret_value = span_of_val(&value);
    return true;
}

bool row_next(struct turn *turn, enum table table, const struct key *from, enum row_start start, size_t prefix,
              struct span *ret_key, struct span *ret_value)
{
    struct span key, value;
    bool stored = row_next_stored(turn, table, from, start, prefix, ret_key, ret_value);

    if (!unsettled_next(&turn->store->unsettled, table, from, start == ROW_AFTER, prefix, &key, &value)
        || (stored && memcmp(ret_key->bytes, key.bytes, key.size) < 0))
        return stored;
    *ret_key = key;
    *ret_value = value;
    return true;
}

bool row_next_any(struct turn *turn, enum table table, const struct key *from, size_t prefix, struct span *ret_key,
                  struct span *ret_value)
{
    MDB_val name = val_of(key_span(from)), value;
    int code = mdb_cursor_get(row_cursor(turn, table), &name, &value, MDB_SET_RANGE);

    if (code == MDB_NOTFOUND)
        return false;
    if (code)
        turn_fail_lmdb(turn, code);
    if (name.mv_size <= prefix || memcmp(name.mv_data, from->bytes, prefix))
        return false;
    *ret_key = span_of_val(&name);
    *ret_value = span_of_val(&value);
    return true;
}

bool row_last(struct turn *turn, enum table table, struct span *ret_key, struct span *ret_value)
{
    MDB_val name, value;
    int code = mdb_cursor_get(row_cursor(turn, table), &name, &value, MDB_LAST);
    if (code == MDB_NOTFOUND)
        return false;
    if (code)
        turn_fail_lmdb(turn, code);
    *ret_key = span_of_val(&name);
    *ret_value = span_of_val(&value);
    return true;
}

bool row_get_u64(struct turn *turn, enum table table, const struct key *key, uint64_t *ret_value)
{
    struct span value;
    if (!row_get(turn, table, key, &value))
        return false;
    struct scan scan = scan_of(value);
    uint64_t number = scan_u64(&scan);
    if (!scan_end(&scan))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    *ret_value = number;
    return true;
}

void row_put_u64(struct turn *turn, enum table table, const struct key *key, uint64_t value)
{
    uint64_t little = htole64(value);
    row_put(turn, table, key, span_of(&little, sizeof little));
}

/* ---- sealed rows */

struct label {
    size_t  size;
    uint8_t bytes[SEAL_LABEL_BYTES_MAX];
};

/* The table's name, a zero byte, the key. */
static struct label label_of(enum table table, struct span key)
{
    struct label label;
    size_t name_size = strlen(table_infos[table].name) + 1;
    label.size = name_size + key.size;
    must(label.size <= sizeof label.bytes);
    memcpy(label.bytes, table_infos[table].name, name_size);
    memcpy(label.bytes + name_size, key.bytes, key.size);
    return label;
}

void row_seal(struct turn *turn, enum table table, const struct key *key, const struct span *parts, size_t count)
{
    struct store *store = turn->store;
    size_t size = 0;

    enum result result = seal_key(store->seal, turn->day);
    if (result != RESULT_OK)
        turn_fail(turn, result == RESULT_FULL ? RESULT_FULL : RESULT_BROKEN, "the key of the day cannot be had");
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;

    /* Put together and sealed in the page itself: nothing happens in between, so plain bytes never reach the disk. */
    uint8_t *sealed = row_reserve(turn, table, key, SEAL_EXTRA_BYTES + size);
    struct pen pen = { .at = sealed + SEAL_HEAD_BYTES };
    for (size_t i = 0; i < count; i++)
        pen_bytes(&pen, parts[i].bytes, parts[i].size);
    struct label label = label_of(table, key_span(key));
    seal_write(store->seal, turn->day, span_of(label.bytes, label.size), sealed, size);
    tally_add(turn, TABLE_SEALED, turn->day, 0, 1);
}

enum result row_unseal_value(struct turn *turn, enum table table, struct span key, struct span sealed,
                             uint8_t *ret_plain)
{
    struct label label = label_of(table, key);
    enum result result = seal_read(turn->store->seal, span_of(label.bytes, label.size), sealed, ret_plain);
    if (result == RESULT_FULL)
        turn_fail(turn, RESULT_FULL, "no memory to open a sealed row");
    return result;
}

enum result row_unseal(struct turn *turn, enum table table, const struct key *key, struct arena *arena,
                       struct span *ret_plain)
{
    struct span sealed;
    size_t used = arena->used;

    if (!row_get(turn, table, key, &sealed))
        return RESULT_NOT_FOUND;
    if (sealed.size < SEAL_EXTRA_BYTES)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    size_t size = sealed.size - SEAL_EXTRA_BYTES;
    uint8_t *plain = arena_take(arena, size);
    if (!plain)
        return RESULT_FULL;
    enum result result = row_unseal_value(turn, table, key_span(key), sealed, plain);
    if (result == RESULT_OK) {
        *ret_plain = span_of(plain, size);
        return RESULT_OK;
    }
    arena->used = used;
    if (result != RESULT_NOT_FOUND)
        turn_fail(turn, RESULT_BROKEN, "a sealed row does not open with the key of its day");
    return RESULT_NOT_FOUND;
}

uint64_t table_rows(struct turn *turn, enum table table)
{
    MDB_stat stat;
    int code = mdb_stat(turn->txn, turn->store->tables[table], &stat);
    if (code)
        turn_fail_lmdb(turn, code);
    return stat.ms_entries + unsettled_count(&turn->store->unsettled, table);
}
