/* Blobs on record: the bytes of a record, who may name one, which handoffs do, and whose key is needed for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/record_blob.h"
#include "tests/unit/store_site.h"

#define FIRST_FILE 0x0123456789ABCDEF
#define NEXT_DAY_MS (SITE_NOW_MS + 24LL * 3600 * 1000)

/* ---- the record */

static size_t written(struct blob blob, uint8_t bytes[RECORD_BYTES_MAX])
{
    return blob_write(&blob, bytes);
}

static bool is_read(const uint8_t *bytes, size_t size, struct blob *ret_blob)
{
    memset(ret_blob, 0xEE, sizeof *ret_blob);
    return blob_parse(span_of(bytes, size), ret_blob);
}

static void a_record_comes_back(void **state)
{
    static const struct blob blobs[] = {
        { .size = 1, .file = 1, .day = SITE_DAY, .uses = 1, .stored_ms = -5 },
        { .size = BLOB_BYTES_MAX, .file = UINT64_MAX, .day = UINT32_MAX, .due_ms = INT64_MAX, .stored_ms = INT64_MIN },
        { .size = 65537, .file = FIRST_FILE, .day = SITE_DAY, .uses = UINT32_MAX },
    };
    (void)state;
    for (size_t i = 0; i < sizeof blobs / sizeof *blobs; i++) {
        uint8_t bytes[RECORD_BYTES_MAX];
        struct blob read;
        size_t size = written(blobs[i], bytes);
        assert_int_equal(size, 41);
        assert_true(is_read(bytes, size, &read));
        assert_int_equal(read.size, blobs[i].size);
        assert_int_equal(read.file, blobs[i].file);
        assert_int_equal(read.day, blobs[i].day);
        assert_int_equal(read.uses, blobs[i].uses);
        assert_int_equal(read.stored_ms, blobs[i].stored_ms);
        assert_int_equal(read.due_ms, blobs[i].due_ms);
    }
}

/* Where each number begins: size 1, file 9, day 17, uses 21, stored 25, due 33. */
static void strange_records_are_refused(void **state)
{
    static const struct { size_t at, count; uint8_t value; } rows[] = {
        { 1, 8, 0 },                                /* of no size */
        { 4, 1, 0x41 },                             /* of more than a gigabyte */
        { 8, 1, 0x80 },                             /* of very much more */
        { 9, 8, 0 },                                /* no file */
        { 17, 4, 0 },                               /* no day */
        { 21, 4, 0 },                               /* neither used nor due */
        { 33, 1, 1 },                               /* both */
        { 40, 1, 0x80 },                            /* both, due before 1970 */
        { 0, 1, 2 }, { 0, 1, 0 },
    };
    struct blob blob = { .size = 70000, .file = FIRST_FILE, .day = SITE_DAY, .uses = 3, .stored_ms = 4 }, read;
    uint8_t bytes[RECORD_BYTES_MAX + 1], changed[RECORD_BYTES_MAX];
    (void)state;
    size_t size = written(blob, bytes);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memcpy(changed, bytes, size);
        memset(changed + rows[i].at, rows[i].value, rows[i].count);
        if (is_read(changed, size, &read))
            fail_msg("row %zu is taken", i);
        for (size_t byte = 0; byte < sizeof read; byte++)           /* and nothing was written */
            assert_int_equal(((const uint8_t *)&read)[byte], 0xEE);
    }
    for (size_t cut = 0; cut < size; cut++)
        assert_false(is_read(bytes, cut, &read));
    bytes[size] = 0;
    assert_false(is_read(bytes, size + 1, &read));
    assert_true(is_read(bytes, size, &read));
}

/* ---- what is on record */

static struct hash hash_named(const char *name)
{
    return hash_of(span_of_string(name));
}

static struct blob blob_named(const char *name, uint64_t file, uint32_t day)
{
    return (struct blob){ .sha256 = hash_named(name), .size = 5, .file = file, .day = day, .stored_ms = 1,
                          .due_ms = 2 };
}

static void found_by_hash_and_by_file(struct turn *turn, void *context)
{
    struct blob blob = blob_named("a", 3, SITE_DAY), read;
    (void)context;

    assert_false(turn_blob(turn, &blob.sha256, &read) || turn_blob_of_file(turn, 3, &read) ||
                 turn_blob_next(turn, NULL, &read));
    turn_blob_put(turn, &blob);
    assert_true(turn_blob(turn, &blob.sha256, &read));
    assert_true(hash_equal(&read.sha256, &blob.sha256) && read.file == 3 && read.day == SITE_DAY && read.due_ms == 2);
    assert_true(turn_blob_of_file(turn, 3, &read));
    assert_true(hash_equal(&read.sha256, &blob.sha256) && read.size == 5);
    assert_false(turn_blob_of_file(turn, 4, &read));
    blob.uses = 9;
    blob.due_ms = 0;
    turn_blob_put(turn, &blob);
    assert_true(turn_blob_of_file(turn, 3, &read) && read.uses == 9 && !read.due_ms);
    turn_blob_delete(turn, &blob);
    assert_false(turn_blob(turn, &blob.sha256, &read) || turn_blob_of_file(turn, 3, &read) ||
                 turn_blob_next(turn, NULL, &read));
}

static void walked_in_order(struct turn *turn, void *context)
{
    static const struct hash edges[] = { { { 0 } }, { { 0, 1 } }, { { 0x7F } }, { { 0xFF } } };
    struct blob read = { 0 }, blob = blob_named("", 0, SITE_DAY);
    const struct hash *after = NULL;
    unsigned count = 0;
    (void)context;

    for (unsigned i = 4; i-- > 0;) {
        blob.sha256 = edges[i];
        blob.file = i + 1;
        turn_blob_put(turn, &blob);
    }
    for (; turn_blob_next(turn, after, &read); after = &read.sha256, count++) {
        assert_in_range(count, 0, 3);
        assert_memory_equal(read.sha256.bytes, edges[count].bytes, HASH_SIZE);
        assert_int_equal(read.file, count + 1);
    }
    assert_int_equal(count, 4);
}

static void who_may_name_it(struct turn *turn, void *context)
{
    struct hash a = hash_named("a"), b = hash_named("b");
    (void)context;

    assert_false(turn_blob_known(turn, 1, &a) || turn_blob_known(turn, 0, &a));
    assert_int_equal(turn_blob_known_next(turn, &a, 0), 0);
    static const uint32_t agencies[] = { 258, 1, UINT32_MAX, 2 };
    for (unsigned i = 0; i < 4; i++)
        turn_blob_known_put(turn, agencies[i], &a);
    turn_blob_known_put(turn, 2, &a);                       /* again: nothing new */
    turn_blob_known_put(turn, 7, &b);
    assert_true(turn_blob_known(turn, 258, &a) && turn_blob_known(turn, UINT32_MAX, &a));
    assert_false(turn_blob_known(turn, 7, &a) || turn_blob_known(turn, 1, &b) || turn_blob_known(turn, 0, &a));
    static const uint32_t order[] = { 1, 2, 258, UINT32_MAX, 0 };
    uint32_t at = 0;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(at = turn_blob_known_next(turn, &a, at), order[i]);
    turn_blob_known_delete(turn, 2, &a);
    assert_false(turn_blob_known(turn, 2, &a));
    assert_int_equal(turn_blob_known_next(turn, &a, 1), 258);
    assert_int_equal(turn_blob_known_next(turn, &b, 0), 7);
    assert_int_equal(turn_blob_known_next(turn, &b, 7), 0);
}

static void which_handoffs_do(struct turn *turn, void *context)
{
    static const struct hash hashes[] = { { { 0 } }, { { 0, 1 } }, { { 0xFF } } };
    struct hash at;
    (void)context;

    assert_false(turn_attached_next(turn, 5, NULL, &at));
    for (unsigned i = 3; i-- > 0;)
        turn_attached_put(turn, 5, &hashes[i]);
    turn_attached_put(turn, 6, &hashes[1]);
    unsigned count = 0;
    for (const struct hash *after = NULL; turn_attached_next(turn, 5, after, &at); after = &at)     /* `after` itself */
        assert_memory_equal(at.bytes, hashes[count++].bytes, HASH_SIZE);
    assert_int_equal(count, 3);
    assert_false(turn_attached_next(turn, 4, NULL, &at) || turn_attached_next(turn, 7, NULL, &at));
    turn_attached_delete(turn, 5, &hashes[0]);
    assert_true(turn_attached_next(turn, 5, NULL, &at));
    assert_memory_equal(at.bytes, hashes[1].bytes, HASH_SIZE);
    turn_attached_delete(turn, 5, &hashes[1]);
    turn_attached_delete(turn, 5, &hashes[2]);
    assert_false(turn_attached_next(turn, 5, NULL, &at));
    assert_true(turn_attached_next(turn, 6, NULL, &at));
}

/* ---- the day's key stays as long as something of that day is on record */

static void put_two(struct turn *turn, void *context)
{
    struct blob a = blob_named("a", 3, SITE_DAY), b = blob_named("b", 4, SITE_DAY);
    (void)context;
    assert_int_equal(turn_sealing_day(turn), SITE_DAY);
    turn_blob_put(turn, &a);
    turn_blob_put(turn, &b);
    a.due_ms = 99;                                          /* written again: not sealed twice */
    turn_blob_put(turn, &a);
}

static void the_day_after(struct turn *turn, void *context)
{
    (void)context;
    assert_true(turn_sealed_any(turn, SITE_DAY) && turn_sealed_any(turn, SITE_DAY + 1));
    assert_false(turn_sealed_any(turn, SITE_DAY + 2) || turn_sealed_any(turn, SITE_DAY - 1));
    /* An upload over midnight: sealed with yesterday's key, put on record today. */
    struct blob late = blob_named("late", 5, SITE_DAY);
    turn_blob_put(turn, &late);
}

static void delete_named(struct turn *turn, void *context)
{
    struct blob blob;
    struct hash hash = hash_named(context);
    assert_true(turn_blob(turn, &hash, &blob));
    turn_blob_delete(turn, &blob);
}

static void nothing_of_that_day(struct turn *turn, void *context)
{
    (void)context;
    assert_false(turn_sealed_any(turn, SITE_DAY));
    assert_true(turn_sealed_any(turn, SITE_DAY + 1));       /* today */
    struct blob blob = blob_named("c", 6, SITE_DAY + 1);
    turn_blob_put(turn, &blob);
    turn_blob_delete(turn, &blob);                          /* both in one turn */
}

static void a_day_key_stays_with_its_blobs(void **state)
{
    struct site *site = *state;
    static const char *const names[] = { "a", "late", "b" };
    char key[SITE_PATH_SIZE];

    site_path(site, "store/keys/day-20231115.key", key);
    site_turn(site, SITE_NOW_MS, put_two, NULL);
    assert_int_equal(access(key, F_OK), 0);
    site_turn(site, NEXT_DAY_MS, the_day_after, NULL);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(store_drop_day_keys(site->store, NEXT_DAY_MS), 0);
        site_turn(site, NEXT_DAY_MS, delete_named, (void *)(uintptr_t)names[i]);
        site_close(site);                                   /* the count is on disk */
        site_open(site);
    }
    site_turn(site, NEXT_DAY_MS, nothing_of_that_day, NULL);
    assert_int_equal(store_drop_day_keys(site->store, NEXT_DAY_MS), 1);
    assert_int_equal(access(key, F_OK), -1);
    struct store_check check;
    assert_int_equal(store_check(site->store, NULL, NULL, &check), RESULT_OK);
    assert_int_equal(check.faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back), cmocka_unit_test(strange_records_are_refused),
        IN_TURN(found_by_hash_and_by_file), IN_TURN(walked_in_order), IN_TURN(who_may_name_it),
        IN_TURN(which_handoffs_do), SITE_OPEN(a_day_key_stays_with_its_blobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
