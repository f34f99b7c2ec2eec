/* How much of an attachment is unsynced at any time, while it is written and while it is copied: who syncs on that disk
 * meanwhile waits for no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/blob_file.h"
#include "tests/unit/store_site.h"

enum { P = BLOB_PIECE_BYTES, SEALED_P = P + SEAL_EXTRA_BYTES, SIZE = 21 * P + 1 };

static struct { unsigned syncs; off_t synced, most; } seen;     /* most: what one of them had to write */

int __real_fdatasync(int file);
int __wrap_fdatasync(int file);

int __wrap_fdatasync(int file)
{
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    off_t unsynced = status.st_size - seen.synced;
    seen.most = unsynced > seen.most ? unsynced : seen.most;
    seen.synced = status.st_size;
    seen.syncs++;
    return __real_fdatasync(file);
}

/* Of four pieces each, which is 256 KiB of content; the last of them is an fsync. */
static void seen_are(unsigned syncs)
{
    assert_int_equal(seen.syncs, syncs);
    assert_int_equal(seen.most, syncs ? 4 * SEALED_P : 0);
    memset(&seen, 0, sizeof seen);
}

static void todays_key(struct turn *turn, void *context)
{
    uint32_t *day = context;
    *day = turn_sealing_day(turn);
}

static struct blob put_zeros(struct blob_folder *folder, uint64_t file)
{
    uint8_t *zeros = calloc(1, SIZE);
    struct blob blob = { .size = SIZE, .file = file, .day = SITE_DAY };
    struct blob_writing writing;

    assert_non_null(zeros);
    crypto_hash_sha256(blob.sha256.bytes, zeros, SIZE);
    assert_int_equal(blob_write_begin(folder, &blob, &writing), RESULT_OK);
    for (uint64_t piece = 0; piece < blob_pieces(SIZE); piece++)
        assert_int_equal(blob_write_piece(folder, &writing, span_of(zeros, blob_piece_bytes(SIZE, piece))), RESULT_OK);
    assert_int_equal(blob_write_end(folder, &writing), RESULT_OK);
    free(zeros);
    return blob;
}

static void written_and_copied(struct site *site, const char *copy, bool no_sync, unsigned syncs)
{
    struct blob_folder_options options = { .store_folder = site->store_folder, .no_sync = no_sync };
    struct blob_folder from, to;

    memset(&seen, 0, sizeof seen);
    assert_int_equal(blob_folder_open(&from, &options), RESULT_OK);
    options.store_folder = copy;
    assert_int_equal(blob_folder_open(&to, &options), RESULT_OK);
    struct blob blob = put_zeros(&from, 16 + no_sync);
    seen_are(syncs);
    assert_int_equal(blob_copy(&from, &to, &blob), RESULT_OK);
    seen_are(syncs);
    blob_folder_close(&to);
    blob_folder_close(&from);
}

static void little_at_any_time(void **state)
{
    struct site *site = *state;
    char copy[SITE_PATH_SIZE], keys[SITE_PATH_SIZE];
    uint32_t day = 0;

    site_turn(site, SITE_NOW_MS, todays_key, &day);
    site_path(site, "copy", copy);
    site_path(site, "copy/keys", keys);
    assert_true(mkdir(copy, 0700) == 0 && mkdir(keys, 0700) == 0);
    written_and_copied(site, copy, false, 5);
    written_and_copied(site, copy, true, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { SITE_OPEN(little_at_any_time) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
