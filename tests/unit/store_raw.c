#include "tests/unit/store_raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void ok(int code)
{
    if (code)
        fail_msg("lmdb: %s", mdb_strerror(code));
}

static MDB_val val_of(struct span span)
{
    return (MDB_val){ .mv_size = span.size, .mv_data = (void *)(uintptr_t)span.bytes };
}

void raw_open(struct raw *raw, const char *folder, bool writable)
{
    raw->folder = folder;
    ok(mdb_env_create(&raw->env));
    ok(mdb_env_set_maxdbs(raw->env, TABLES));
    ok(mdb_env_set_mapsize(raw->env, 64 << 20));
    ok(mdb_env_open(raw->env, folder, MDB_NOLOCK | MDB_NOSYNC | (writable ? 0 : MDB_RDONLY), 0600));
    ok(mdb_txn_begin(raw->env, NULL, writable ? 0 : MDB_RDONLY, &raw->txn));
    for (enum table table = 0; table < TABLES; table++)
        ok(mdb_dbi_open(raw->txn, table_infos[table].name, 0, &raw->tables[table]));
}

void raw_done(struct raw *raw)
{
    ok(mdb_txn_commit(raw->txn));
    mdb_env_close(raw->env);
}

bool raw_get(struct raw *raw, enum table table, struct key key, struct span *ret_value)
{
    MDB_val name = val_of(key_span(&key)), value;
    int code = mdb_get(raw->txn, raw->tables[table], &name, &value);
    if (code == MDB_NOTFOUND)
        return false;
    ok(code);
    *ret_value = span_of(value.mv_data, value.mv_size);
    return true;
}

static struct key counters_key(void)
{
    return raw_key_of(META_COUNTERS_KEY, strlen(META_COUNTERS_KEY));
}

struct counters raw_counters(struct raw *raw)
{
    struct counters counters;
    struct span value;
    assert_true(raw_get(raw, TABLE_META, counters_key(), &value));
    assert_true(counters_parse(value, &counters));
    return counters;
}

void raw_counters_put(struct raw *raw, const struct counters *counters)
{
    uint8_t bytes[COUNTERS_BYTES];
    struct key key = counters_key();
    MDB_val name = val_of(key_span(&key)), value = { .mv_size = sizeof bytes, .mv_data = bytes };
    counters_write(counters, bytes);
    ok(mdb_put(raw->txn, raw->tables[TABLE_META], &name, &value, 0));
}

static void count(struct raw *raw, size_t gone, size_t come)
{
    struct counters counters = raw_counters(raw);
    counters.bytes += come - gone;
    raw_counters_put(raw, &counters);
}

void raw_put(struct raw *raw, enum table table, struct key key, struct span value)
{
    struct span before;
    MDB_val name = val_of(key_span(&key)), bytes = val_of(value);
    bool there = raw_get(raw, table, key, &before);
    size_t gone = there ? key.size + before.size : 0;
    ok(mdb_put(raw->txn, raw->tables[table], &name, &bytes, 0));
    count(raw, gone, key.size + value.size);
}

void raw_delete(struct raw *raw, enum table table, struct key key)
{
    struct span before;
    MDB_val name = val_of(key_span(&key));
    assert_true(raw_get(raw, table, key, &before));
    size_t gone = key.size + before.size;
    ok(mdb_del(raw->txn, raw->tables[table], &name, NULL));
    count(raw, gone, 0);
}

void raw_change(struct raw *raw, enum table table, struct key key, size_t offset, int difference)
{
    uint8_t bytes[4096];
    struct span value;
    assert_true(raw_get(raw, table, key, &value));
    assert_true(value.size <= sizeof bytes && offset < value.size);
    memcpy(bytes, value.bytes, value.size);
    bytes[offset] = (uint8_t)(bytes[offset] + difference);
    raw_put(raw, table, key, span_of(bytes, value.size));
}

size_t raw_rows(struct raw *raw, enum table table)
{
    MDB_stat stat;
    ok(mdb_stat(raw->txn, raw->tables[table], &stat));
    return stat.ms_entries;
}

struct hash raw_content(struct raw *raw)
{
    struct hash_fields fields;
    hash_fields_begin(&fields, "content");
    for (enum table table = 0; table < TABLES; table++) {
        MDB_cursor *cursor;
        MDB_val key, value;
        int code;
        ok(mdb_cursor_open(raw->txn, raw->tables[table], &cursor));
        while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
            hash_fields_add(&fields, table, span_of(key.mv_data, key.mv_size));
            hash_fields_add(&fields, table, span_of(value.mv_data, value.mv_size));
        }
        assert_int_equal(code, MDB_NOTFOUND);
        mdb_cursor_close(cursor);
    }
    return hash_fields_end(&fields);
}

struct key raw_key(const char *sizes, const uint64_t *numbers)
{
    struct key key = key_empty();
    for (; *sizes; sizes++, numbers++) {
        if (*sizes == '1')
            key_u8(&key, (unsigned)*numbers);
        else if (*sizes == '4')
            key_u32(&key, (uint32_t)*numbers);
        else
            key_u64(&key, *numbers);
    }
    return key;
}

struct key raw_key_of(const void *bytes, size_t size)
{
    struct key key = key_empty();
    key_bytes(&key, bytes, size);
    return key;
}
