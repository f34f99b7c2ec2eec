/* turn_blob.c - blobs: their records, who may name them, which handoffs do. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "a record that no version explains";

static struct key hash_key(const struct hash *sha256)
{
    struct key key = key_empty();
    key_bytes(&key, sha256->bytes, HASH_SIZE);
    return key;
}

static struct key file_key(uint64_t file)
{
    struct key key = key_empty();
    must(file);
    key_u64(&key, file);
    return key;
}

bool turn_blob(struct turn *turn, const struct hash *sha256, struct blob *ret_blob)
{
    struct key key = hash_key(sha256);
    struct span value;
    if (!row_get(turn, TABLE_BLOB_RECORD, &key, &value))
        return false;
    if (!blob_parse(value, ret_blob))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_blob->sha256 = *sha256;
    return true;
}

bool turn_blob_of_file(struct turn *turn, uint64_t file, struct blob *ret_blob)
{
    struct key key = file_key(file);
    struct hash sha256;
    struct span value;
    if (!row_get(turn, TABLE_BLOB_FILE, &key, &value))
        return false;
    if (value.size != HASH_SIZE)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    memcpy(sha256.bytes, value.bytes, HASH_SIZE);
    if (!turn_blob(turn, &sha256, ret_blob))
        turn_fail(turn, RESULT_BROKEN, "a blob's file without its record");
    return true;
}

bool turn_blob_next(struct turn *turn, const struct hash *after, struct blob *ret_blob)
{
    static const struct hash none;
    struct key from = hash_key(after ? after : &none);
    struct span key, value;
    if (!row_next(turn, TABLE_BLOB_RECORD, &from, after ? ROW_AFTER : ROW_FROM, 0, &key, &value))
        return false;
    if (!blob_parse(value, ret_blob))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    memcpy(ret_blob->sha256.bytes, key.bytes, HASH_SIZE);
    return true;
}

uint64_t turn_blob_count(struct turn *turn)
{
    return table_rows(turn, TABLE_BLOB_RECORD);
}

void turn_blob_put(struct turn *turn, const struct blob *blob)
{
    struct key key = hash_key(&blob->sha256), file = file_key(blob->file);
    uint8_t record[RECORD_BYTES_MAX];
    struct blob before;

    if (turn_blob(turn, &blob->sha256, &before)) {
        must(before.file == blob->file && before.day == blob->day);
    } else {
        row_put(turn, TABLE_BLOB_FILE, &file, span_of(blob->sha256.bytes, HASH_SIZE));
        tally_add(turn, TABLE_SEALED, blob->day, 0, 1);
    }
    row_put(turn, TABLE_BLOB_RECORD, &key, span_of(record, blob_write(blob, record)));
}

void turn_blob_delete(struct turn *turn, const struct blob *blob)
{
    struct key key = hash_key(&blob->sha256), file = file_key(blob->file);
    must(!turn_blob_known_next(turn, &blob->sha256, 0));
    row_delete(turn, TABLE_BLOB_RECORD, &key);
    row_delete(turn, TABLE_BLOB_FILE, &file);
    tally_add(turn, TABLE_SEALED, blob->day, 0, -1);
}

/* ---- who may name it */

static struct key known_key(const struct hash *sha256, uint32_t agency)
{
    struct key key = hash_key(sha256);
    key_u32(&key, agency);
    return key;
}

bool turn_blob_known(struct turn *turn, uint32_t agency, const struct hash *sha256)
{
    struct key key = known_key(sha256, agency);
    struct span value;
    return agency && row_get(turn, TABLE_BLOB, &key, &value);
}

void turn_blob_known_put(struct turn *turn, uint32_t agency, const struct hash *sha256)
{
    struct key key = known_key(sha256, agency);
    must(agency);
    if (!turn_blob_known(turn, agency, sha256))
        row_put(turn, TABLE_BLOB, &key, (struct span){ 0 });
}

void turn_blob_known_delete(struct turn *turn, uint32_t agency, const struct hash *sha256)
{
    struct key key = known_key(sha256, agency);
    row_delete(turn, TABLE_BLOB, &key);
}

uint32_t turn_blob_known_next(struct turn *turn, const struct hash *sha256, uint32_t after)
{
    struct key from = known_key(sha256, after);
    struct span key, value;
    return row_next(turn, TABLE_BLOB, &from, ROW_AFTER, HASH_SIZE, &key, &value) ? key_read_u32(key, HASH_SIZE) : 0;
}

/* ---- which handoffs name it */

static struct key attached_key(uint64_t handoff, const struct hash *sha256)
{
    struct key key = key_empty();
    must(handoff);
    key_u64(&key, handoff);
    key_bytes(&key, sha256->bytes, HASH_SIZE);
    return key;
}

void turn_attached_put(struct turn *turn, uint64_t handoff, const struct hash *sha256)
{
    struct key key = attached_key(handoff, sha256);
    row_put(turn, TABLE_ATTACHED, &key, (struct span){ 0 });
}

void turn_attached_delete(struct turn *turn, uint64_t handoff, const struct hash *sha256)
{
    struct key key = attached_key(handoff, sha256);
    row_delete(turn, TABLE_ATTACHED, &key);
}

bool turn_attached_next(struct turn *turn, uint64_t handoff, const struct hash *after, struct hash *ret_sha256)
{
    static const struct hash none;
    struct key from = attached_key(handoff, after ? after : &none);
    struct span key, value;
    if (!row_next(turn, TABLE_ATTACHED, &from, after ? ROW_AFTER : ROW_FROM, 8, &key, &value))
        return false;
    memcpy(ret_sha256->bytes, key.bytes + 8, HASH_SIZE);
    return true;
}

/* ---- the keys that seal them */

uint32_t turn_sealing_day(struct turn *turn)
{
    enum result result = seal_key(turn->store->seal, turn->day);
    if (result != RESULT_OK)
        turn_fail(turn, result == RESULT_FULL ? RESULT_FULL : RESULT_BROKEN, "the key of the day cannot be had");
    return turn->day;
}

bool turn_sealed_any(struct turn *turn, uint32_t day)
{
    return day == turn->day || tally_value(turn, TABLE_SEALED, day, 0) > 0;
}
