/* store_damage_blob.c - damages of attachments: records, readers, who names them, and the files themselves. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/files.h"
#include "gateway/store/seal.h"
#include "tests/unit/store_damage_inside.h"

static struct key of_hash(const struct hash *hash)
{
    return raw_key_of(hash->bytes, HASH_SIZE);
}
static struct key of_named(void)
{
    struct blob blob = sample_blob(SAMPLE_NAMED);
    return of_hash(&blob.sha256);
}
static struct key of_reader(const struct hash *hash, uint32_t agency)
{
    struct key key = of_hash(hash);
    key_u32(&key, agency);
    return key;
}
static struct key of_attached(uint64_t handoff, const struct hash *hash)
{
    struct key key = KEY("8", handoff);
    key_bytes(&key, hash->bytes, HASH_SIZE);
    return key;
}
static struct key of_timer(int64_t due_ms, uint64_t file)
{
    return KEY("818", KEY_TIME(due_ms), TIMER_BLOB, file);
}
/* The record of one of the two, changed. */
#define BLOB(name, which, change) \
    static void name(struct raw *raw) \
    { \
        struct blob blob = sample_blob(which); \
        uint8_t record[RECORD_BYTES_MAX]; \
        change; \
        raw_put(raw, TABLE_BLOB_RECORD, of_hash(&blob.sha256), span_of(record, blob_write(&blob, record))); \
    }
/* Rows about NAMED. */
#define ROW(name, call) \
    static void name(struct raw *raw) \
    { \
        struct hash hash = sample_blob(SAMPLE_NAMED).sha256; \
        call; \
    }

static const struct hash stray = { .bytes = { 0xAB, 1 } };

/* Records. */
static void blob_odd(struct raw *raw) { raw_change(raw, TABLE_BLOB_RECORD, of_named(), 21, -2); }   /* no uses */
static void blob_lost(struct raw *raw) { raw_delete(raw, TABLE_BLOB_RECORD, of_named()); }
BLOB(uses_above, SAMPLE_NAMED, blob.uses++)
BLOB(uses_below, SAMPLE_NAMED, blob.uses--)
static void uses_of_the_other(struct raw *raw)      /* as many in all */
{
    struct blob named = sample_blob(SAMPLE_NAMED), unnamed = sample_blob(SAMPLE_UNNAMED);
    uint8_t record[RECORD_BYTES_MAX];
    named.uses--;
    raw_put(raw, TABLE_BLOB_RECORD, of_hash(&named.sha256), span_of(record, blob_write(&named, record)));
    raw_delete(raw, TABLE_TIMER, of_timer(unnamed.due_ms, unnamed.file));
    unnamed.due_ms = 0;
    unnamed.uses = 1;
    raw_put(raw, TABLE_BLOB_RECORD, of_hash(&unnamed.sha256), span_of(record, blob_write(&unnamed, record)));
}
BLOB(day_of_another, SAMPLE_UNNAMED, blob.day--)

/* Timers. */
static void blob_timer_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_TIMER, of_timer(SAMPLE_BLOB_DUE_MS, SAMPLE_UNNAMED));
}
static void blob_timer_twice(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, of_timer(SAMPLE_BLOB_DUE_MS + 1, SAMPLE_UNNAMED), NOTHING);
}
static void blob_timer_of_named(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, of_timer(SAMPLE_BLOB_DUE_MS, SAMPLE_NAMED), NOTHING);
}
static void blob_timer_stray(struct raw *raw) { raw_put(raw, TABLE_TIMER, of_timer(5, 0xFFFF), NOTHING); }
BLOB(blob_other_due, SAMPLE_UNNAMED, blob.due_ms++)

/* File numbers. */
static void file_lost(struct raw *raw) { raw_delete(raw, TABLE_BLOB_FILE, KEY("8", SAMPLE_NAMED)); }
static void file_stray(struct raw *raw)
{
    raw_put(raw, TABLE_BLOB_FILE, KEY("8", 9), span_of(stray.bytes, HASH_SIZE));
}
ROW(file_twice, raw_put(raw, TABLE_BLOB_FILE, KEY("8", 9), span_of(hash.bytes, HASH_SIZE)))
static void file_short(struct raw *raw) { raw_put(raw, TABLE_BLOB_FILE, KEY("8", 9), span_of(stray.bytes, 31)); }

/* Readers. */
static void reader_without_record(struct raw *raw) { raw_put(raw, TABLE_BLOB, of_reader(&stray, WARD), NOTHING); }
ROW(reader_unknown, raw_put(raw, TABLE_BLOB, of_reader(&hash, 9), NOTHING))
ROW(reader_nobody, raw_put(raw, TABLE_BLOB, of_reader(&hash, 0), NOTHING))
ROW(reader_with_words, raw_put(raw, TABLE_BLOB, of_reader(&hash, TAX), span_of_string("x")))

/* Who names them. */
ROW(attached_lost, raw_delete(raw, TABLE_ATTACHED, of_attached(ID(CHILD), &hash)))
ROW(attached_to_none, raw_put(raw, TABLE_ATTACHED, of_attached(999, &hash), NOTHING))
ROW(attached_to_another, raw_put(raw, TABLE_ATTACHED, of_attached(ID(DUE), &hash), NOTHING))
static void attached_without_record(struct raw *raw)
{
    raw_put(raw, TABLE_ATTACHED, of_attached(ID(CHILD), &stray), NOTHING);
}
static void flag_alone(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(DUE));
    handoff.flags |= HANDOFF_ATTACHED;
    damage_handoff_put(raw, &handoff);
}
static void flag_lost(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(CHILD));
    handoff.flags &= ~(uint32_t)HANDOFF_ATTACHED;
    damage_handoff_put(raw, &handoff);
}
static void attached_to_purged(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(CLOSED));
    struct blob blob = sample_blob(SAMPLE_NAMED);
    uint8_t record[RECORD_BYTES_MAX];
    handoff.flags |= HANDOFF_ATTACHED;
    damage_handoff_put(raw, &handoff);
    raw_put(raw, TABLE_ATTACHED, of_attached(ID(CLOSED), &blob.sha256), NOTHING);
    blob.uses++;
    raw_put(raw, TABLE_BLOB_RECORD, of_named(), span_of(record, blob_write(&blob, record)));
}

/* Files. */
static int file_of(struct raw *raw, unsigned which, char ret_path[PATH_SIZE])
{
    char name[SITE_PATH_SIZE];
    sample_blob_name(which, name);
    assert_true(path_join(raw->folder, name, ret_path));
    int file = open(ret_path, O_RDWR);
    assert_true(file >= 0);
    return file;
}
static void content_gone(struct raw *raw)
{
    char path[PATH_SIZE];
    close(file_of(raw, SAMPLE_NAMED, path));
    assert_int_equal(unlink(path), 0);
}
static void content_cut(struct raw *raw)
{
    char path[PATH_SIZE];
    int file = file_of(raw, SAMPLE_UNNAMED, path);
    assert_int_equal(ftruncate(file, SAMPLE_UNNAMED_BYTES), 0);
    close(file);
}
static void content_changed(struct raw *raw)        /* the last piece */
{
    char path[PATH_SIZE];
    uint8_t byte;
    int file = file_of(raw, SAMPLE_NAMED, path);
    off_t at = BLOB_PIECE_BYTES + 2 * SEAL_EXTRA_BYTES - SEAL_TAG_BYTES;
    assert_true(pread(file, &byte, 1, at) == 1);
    byte ^= 1;
    assert_true(pwrite(file, &byte, 1, at) == 1);
    close(file);
}
static void all_content_gone(struct raw *raw)
{
    char path[PATH_SIZE], moved[PATH_SIZE];
    assert_true(path_join(raw->folder, "blobs", path) && path_join(raw->folder, "moved", moved));
    assert_int_equal(rename(path, moved), 0);
}
static void content_without_key(struct raw *raw)
{
    char path[PATH_SIZE];
    assert_true(path_join(raw->folder, "keys/day-20231116.key", path));
    assert_int_equal(unlink(path), 0);
}
static void content_of_nobody(struct raw *raw)      /* no fault: it is swept */
{
    static const char name[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff-0000000000000005";
    char path[PATH_SIZE];
    assert_in_range(snprintf(path, sizeof path, "%s/blobs/00/%s", raw->folder, name), 1, PATH_SIZE - 1);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0 && write(file, name, sizeof name) == sizeof name);
    close(file);
}

/* sha256sum of what the sample puts there. */
#define NAMED_HEX "159d601533c89cfa4eb9d0d78138adb356901f618a0cbf5b0ae92686020c5390"
#define NAMED "blob " NAMED_HEX
#define UNNAMED "blob f59f6b84765cfd55cb6a6af43b2a12cb7bb5bda368ce0dc4f4c0f5072eb9986a"
#define STRAY "blob ab01000000000000000000000000000000000000000000000000000000000000"
#define USES "|is not the number of handoffs that name them"
/* What says so of everything that leads to NAMED. */
#define NO_RECORD NAMED "|has a reader and no record", NAMED "|has a reader and no record", \
                  "blob-file 0000000000000001|leads to no record", NAMED "|is named and has no record", \
                  NAMED "|is named and has no record"

const struct damage store_blob_damages[] = {
    CASE(blob_odd, "blob-record " NAMED_HEX "|a row that no version explains", NO_RECORD,
         "sealed day 20231116, 5 for 4|is not the number of sealed rows found"),
    CASE(blob_lost, NO_RECORD, "sealed day 20231116, 5 for 4|is not the number of sealed rows found"),
    CASE(uses_above, "blob uses, 3 for 2" USES),
    CASE(uses_below, "blob uses, 1 for 2" USES),
    CASE(uses_of_the_other, "blob uses, 2 in all|add up, but not for each of them"),
    CASE(day_of_another, "sealed day 20231115, 15 for 16|is not the number of sealed rows found",
         "sealed day 20231116, 5 for 4|is not the number of sealed rows found"),

    CASE(blob_timer_lost, UNNAMED "|has no timer row"),
    CASE(blob_timer_twice, "timer of blob-file 0000000000000002|its record says otherwise"),
    CASE(blob_timer_of_named, "timer of blob-file 0000000000000001|its record says otherwise"),
    CASE(blob_timer_stray, "timer of blob-file 000000000000ffff|its record says otherwise"),
    CASE(blob_other_due, "timer of blob-file 0000000000000002|its record says otherwise", UNNAMED "|has no timer row"),

    CASE(file_lost, NAMED "|its file number does not lead to it"),
    CASE(file_stray, "blob-file 0000000000000009|leads to no record"),
    CASE(file_twice, "blob-file 0000000000000009|leads to no record"),
    CASE(file_short, "blob-file 0000000000000009|a row that no version explains"),

    CASE(reader_without_record, STRAY "|has a reader and no record"),
    CASE(reader_unknown, "blob of agency 9|of an agency that is not there"),
    CASE(reader_nobody, "blob " NAMED_HEX "00000000|a row that no version explains"),
    CASE(reader_with_words, "blob " NAMED_HEX "00000004|a row that no version explains"),

    CASE(attached_lost, H "69|has no attachments left", "blob uses, 2 for 1" USES),
    CASE(attached_to_none, "attached to handoff 999|its handoff is not there or says otherwise",
         "blob uses, 2 for 3" USES),
    CASE(attached_to_another, "attached to " H "60|its handoff is not there or says otherwise",
         "blob uses, 2 for 3" USES),
    CASE(attached_without_record, STRAY "|is named and has no record"),
    CASE(flag_alone, H "60|has no attachments left"),
    CASE(flag_lost, "attached to " H "69|its handoff is not there or says otherwise"),
    CASE(attached_to_purged, H "68|its body is purged and it keeps attachments"),

    CASE(content_gone, NAMED "|its file is not there"),
    CASE(content_cut, UNNAMED "|its file is damaged: size, seal or hash is not what it should be"),
    CASE(content_changed, NAMED "|its file is damaged: size, seal or hash is not what it should be"),
    CASE(all_content_gone, NAMED "|its file is not there", UNNAMED "|its file is not there"),
    CASE(content_without_key, NAMED "|the key that seals it is not there",
         UNNAMED "|the key that seals it is not there",
         "sealed day 20231116, 5 rows|the key that seals them is not there"),
    { "content_of_nobody", content_of_nobody, { 0 } },
};
const size_t store_blob_damages_count = sizeof store_blob_damages / sizeof *store_blob_damages;
