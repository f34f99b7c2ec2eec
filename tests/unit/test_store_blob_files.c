/* The files of blobs: what stands in one opens only as what was put there, whole or not at all. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/blob_file.h"
#include "tests/unit/store_site.h"

enum { P = BLOB_PIECE_BYTES, SEALED_P = P + SEAL_EXTRA_BYTES, FIRST_FILE = 0x01234567 };

/* ---- files */

static void todays_key(struct turn *turn, void *context)
{
    uint32_t *day = context;
    *day = turn_sealing_day(turn);
}

static void folder_open(const char *store_folder, struct blob_folder *ret_folder)
{
    struct blob_folder_options options = { .store_folder = store_folder, .no_sync = true };
    assert_int_equal(blob_folder_open(ret_folder, &options), RESULT_OK);
}

static void open_with_key(struct site *site, struct blob_folder *ret_folder)
{
    uint32_t day = 0;
    site_turn(site, SITE_NOW_MS, todays_key, &day);
    assert_int_equal(day, SITE_DAY);
    folder_open(site->store_folder, ret_folder);
}

/* Bytes in which no piece is like another, and words that must not be found on disk. */
#define PLAIN_WORDS "GIẤY CHỨNG SINH"
static uint8_t *content_new(size_t size, unsigned seed)
{
    uint8_t *bytes = malloc(size);
    uint64_t dice = 88172645463325252ULL + seed;
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        bytes[i] = (uint8_t)dice;
    }
    if (size > sizeof PLAIN_WORDS)
        memcpy(bytes, PLAIN_WORDS, sizeof PLAIN_WORDS);
    return bytes;
}

static struct blob blob_of(const uint8_t *bytes, size_t size, uint64_t file)
{
    struct blob blob = { .size = size, .file = file, .day = SITE_DAY };
    crypto_hash_sha256(blob.sha256.bytes, bytes, size);
    return blob;
}

static void write_pieces(struct blob_folder *folder, struct blob_writing *writing, const uint8_t *bytes)
{
    uint64_t size = writing->blob.size;
    for (uint64_t piece = 0; piece < blob_pieces(size); piece++)
        assert_int_equal(blob_write_piece(folder, writing, span_of(bytes + piece * P, blob_piece_bytes(size, piece))),
                         RESULT_OK);
}

static void put_file(struct blob_folder *folder, const struct blob *blob, const uint8_t *bytes)
{
    struct blob_writing writing;
    assert_int_equal(blob_write_begin(folder, blob, &writing), RESULT_OK);
    write_pieces(folder, &writing, bytes);
    assert_int_equal(blob_write_end(folder, &writing), RESULT_OK);
    assert_int_equal(writing.file, -1);
}

static struct blob put_content(struct blob_folder *folder, size_t size, uint64_t file)
{
    uint8_t *bytes = content_new(size, (unsigned)size);
    struct blob blob = blob_of(bytes, size, file);
    put_file(folder, &blob, bytes);
    free(bytes);
    return blob;
}

static void path_of(const struct blob_folder *folder, const struct blob *blob, char ret_path[PATH_SIZE])
{
    char hex[2 * HASH_SIZE + 1];
    struct text text = text_of(hex, sizeof hex);
    text_add_hex(&text, blob->sha256.bytes, HASH_SIZE);
    assert_in_range(snprintf(ret_path, PATH_SIZE, "%s/%.2s/%s-%016" PRIx64, folder->path, hex, hex, blob->file), 1,
                    PATH_SIZE - 1);
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
    struct stat status;
    int file = open(path, O_RDONLY);
    assert_true(file >= 0 && fstat(file, &status) == 0);
    uint8_t *bytes = malloc((size_t)status.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(file, bytes, (size_t)status.st_size + 1), status.st_size);
    close(file);
    *ret_size = (size_t)status.st_size;
    return bytes;
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    close(file);
}

static unsigned files_in(const struct blob_folder *folder, const char *name)
{
    char path[PATH_SIZE];
    unsigned files = 0;
    assert_true(path_join(folder->path, name, path));
    DIR *open_folder = opendir(path);
    assert_non_null(open_folder);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;)
        files += entry->d_name[0] != '.';
    closedir(open_folder);
    return files;
}

static unsigned files_walked(const struct blob_folder *folder)
{
    struct blob_walk walk = { 0 };
    struct blob blob;
    unsigned files = 0;
    while (blob_walk_next(folder, &walk, &blob))
        files++;
    blob_walk_end(&walk);
    return files;
}

/* Arithmetic by hand. */
static void sizes(void **state)
{
    static const struct { uint64_t size, pieces, file; size_t last; } rows[] = {
        { 1, 1, 46, 1 }, { 65535, 1, 65580, 65535 }, { 65536, 1, 65581, 65536 }, { 65537, 2, 65627, 1 },
        { 131072, 2, 131162, 65536 }, { 200000, 4, 200180, 3392 }, { 1073741824, 16384, 1074479104, 65536 },
    };
    (void)state;
    assert_int_equal(SEAL_EXTRA_BYTES, 45);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t pieces = blob_pieces(rows[i].size);
        assert_int_equal(pieces, rows[i].pieces);
        assert_int_equal(blob_file_bytes(rows[i].size), rows[i].file);
        assert_int_equal(blob_piece_bytes(rows[i].size, pieces - 1), rows[i].last);
        assert_int_equal(blob_piece_bytes(rows[i].size, 0), pieces > 1 ? 65536 : rows[i].last);
        assert_int_equal(blob_piece_bytes(rows[i].size, pieces), 0);
        assert_int_equal(blob_piece_bytes(rows[i].size, UINT64_MAX), 0);
    }
    assert_int_equal(blob_pieces(0), 0);
    assert_int_equal(blob_file_bytes(0), 0);
    assert_int_equal(blob_piece_bytes(0, 0), 0);
}

static void what_was_written_is_read(void **state)
{
    static const size_t lengths[] = { 1, 65535, 65536, 65537, 131072, 300001 };
    struct site *site = *state;
    struct blob_folder folder;
    uint8_t plain[P];
    char path[PATH_SIZE];
    struct stat status;

    open_with_key(site, &folder);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t *bytes = content_new(lengths[i], (unsigned)i), *sealed;
        struct blob blob = blob_of(bytes, lengths[i], FIRST_FILE + i);
        struct blob_reading reading;
        size_t size;

        put_file(&folder, &blob, bytes);
        assert_int_equal(blob_read_begin(&folder, &blob, &reading), RESULT_OK);
        for (uint64_t piece = blob_pieces(lengths[i]); piece-- > 0;) {      /* in any order */
            assert_int_equal(blob_read_piece(&folder, &reading, piece, plain), RESULT_OK);
            assert_memory_equal(plain, bytes + piece * P, blob_piece_bytes(lengths[i], piece));
        }
        blob_read_end(&reading);
        blob_read_end(&reading);
        assert_int_equal(blob_verify(&folder, &blob), RESULT_OK);
        path_of(&folder, &blob, path);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        sealed = read_file(path, &size);
        assert_int_equal(size, blob_file_bytes(lengths[i]));
        if (lengths[i] > 1) {
            assert_null(memmem(sealed, size, PLAIN_WORDS, sizeof PLAIN_WORDS - 1));
            assert_null(memmem(sealed, size, bytes + lengths[i] - 16, 16));
        }
        free(sealed);
        free(bytes);
    }
    assert_int_equal(files_in(&folder, "new"), 0);
    assert_int_equal(files_walked(&folder), sizeof lengths / sizeof *lengths);
    blob_folder_close(&folder);
}

/* The same content twice, under two numbers, is two files; the bytes of one are not those of the other. */
static void one_content_in_two_files(void **state)
{
    struct site *site = *state;
    struct blob_folder folder;
    char path[PATH_SIZE];
    size_t size, other_size;

    open_with_key(site, &folder);
    struct blob first = put_content(&folder, 70000, 7), second = put_content(&folder, 70000, 8);
    assert_true(hash_equal(&first.sha256, &second.sha256));
    path_of(&folder, &first, path);
    uint8_t *bytes = read_file(path, &size);
    path_of(&folder, &second, path);
    uint8_t *other = read_file(path, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_not_equal(bytes, other, size);
    write_file(path, bytes, size);                          /* the first under the second's number */
    assert_int_equal(blob_verify(&folder, &second), RESULT_INVALID);
    free(bytes);
    free(other);
    assert_int_equal(blob_unlink(&folder, &second), RESULT_OK);
    assert_int_equal(blob_unlink(&folder, &second), RESULT_NOT_FOUND);
    assert_int_equal(blob_verify(&folder, &second), RESULT_NOT_FOUND);
    assert_int_equal(blob_verify(&folder, &first), RESULT_OK);
    blob_folder_close(&folder);
}

static void another_hash_leaves_nothing(void **state)
{
    struct site *site = *state;
    struct blob_folder folder;
    struct blob_writing writing;

    open_with_key(site, &folder);
    uint8_t *bytes = content_new(P + 5, 1);
    struct blob blob = blob_of(bytes, P + 5, 9);
    bytes[P + 4] ^= 1;
    assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_OK);
    write_pieces(&folder, &writing, bytes);
    assert_int_equal(files_in(&folder, "new"), 1);
    assert_int_equal(blob_write_end(&folder, &writing), RESULT_INVALID);
    assert_int_equal(files_in(&folder, "new"), 0);
    assert_int_equal(files_walked(&folder), 0);
    blob_write_give_up(&folder, &writing);                  /* over already */
    bytes[P + 4] ^= 1;
    put_file(&folder, &blob, bytes);                        /* and may come again, right */
    assert_int_equal(blob_verify(&folder, &blob), RESULT_OK);
    free(bytes);
    blob_folder_close(&folder);
}

static void given_up_leaves_nothing(void **state)
{
    struct site *site = *state;
    struct blob_folder folder;
    struct blob_writing writing = { .file = -1 };

    open_with_key(site, &folder);
    blob_write_give_up(&folder, &writing);                  /* never begun */
    uint8_t *bytes = content_new(3 * P, 2);
    struct blob blob = blob_of(bytes, 3 * P, 10);
    for (unsigned pieces = 0; pieces <= 3; pieces++) {
        assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_OK);
        for (unsigned piece = 0; piece < pieces; piece++)
            assert_int_equal(blob_write_piece(&folder, &writing, span_of(bytes + piece * P, P)), RESULT_OK);
        blob_write_give_up(&folder, &writing);
        assert_int_equal(files_in(&folder, "new") + files_walked(&folder), 0);
    }
    free(bytes);
    blob_folder_close(&folder);
}

/* One change of the file at a time; every other piece still opens. */
static void changed_files_do_not_open(void **state)
{
    struct site *site = *state;
    struct blob_folder folder;
    struct blob_reading reading;
    char path[PATH_SIZE];
    uint8_t plain[P], piece[SEALED_P];
    size_t size;

    open_with_key(site, &folder);
    struct blob blob = put_content(&folder, 2 * P + 100, 11);
    path_of(&folder, &blob, path);
    uint8_t *sealed = read_file(path, &size), *changed = malloc(size + 1);
    assert_non_null(changed);

    static const size_t flips[] = { 0, 1, 5, SEAL_HEAD_BYTES, SEALED_P - 1, SEALED_P, 2 * SEALED_P + 50 };
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
        memcpy(changed, sealed, size);
        changed[flips[i]] ^= 1;
        write_file(path, changed, size);
        assert_int_equal(blob_read_begin(&folder, &blob, &reading), RESULT_OK);
        for (uint64_t at = 0; at < 3; at++) {
            enum result result = blob_read_piece(&folder, &reading, at, plain);
            if (at != flips[i] / SEALED_P)
                assert_int_equal(result, RESULT_OK);
            else if (flips[i] % SEALED_P != 1)
                assert_int_equal(result, RESULT_INVALID);
            else
                assert_int_equal(result, RESULT_NOT_FOUND);     /* names a day whose key is not there */
        }
        blob_read_end(&reading);
        assert_int_not_equal(blob_verify(&folder, &blob), RESULT_OK);
    }

    memcpy(changed, sealed, size);                          /* two pieces in each other's place */
    memcpy(piece, changed, SEALED_P);
    memcpy(changed, changed + SEALED_P, SEALED_P);
    memcpy(changed + SEALED_P, piece, SEALED_P);
    write_file(path, changed, size);
    assert_int_equal(blob_read_begin(&folder, &blob, &reading), RESULT_OK);
    assert_int_equal(blob_read_piece(&folder, &reading, 0, plain), RESULT_INVALID);
    assert_int_equal(blob_read_piece(&folder, &reading, 1, plain), RESULT_INVALID);
    assert_int_equal(blob_read_piece(&folder, &reading, 2, plain), RESULT_OK);
    blob_read_end(&reading);
    memcpy(changed, sealed, size);                          /* one twice */
    memcpy(changed, changed + SEALED_P, SEALED_P);
    write_file(path, changed, size);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_INVALID);

    static const size_t cuts[] = { 0, 1, SEALED_P, 2 * SEALED_P };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        write_file(path, sealed, cuts[i]);
        assert_int_equal(blob_read_begin(&folder, &blob, &reading), RESULT_INVALID);
        assert_int_equal(reading.file, -1);
    }
    write_file(path, sealed, size - 1);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_INVALID);
    memcpy(changed, sealed, size);
    write_file(path, changed, size + 1);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_INVALID);

    write_file(path, sealed, size);                         /* shortened while it is being read */
    assert_int_equal(blob_read_begin(&folder, &blob, &reading), RESULT_OK);
    assert_int_equal(truncate(path, 2 * SEALED_P + 9), 0);
    assert_int_equal(blob_read_piece(&folder, &reading, 1, plain), RESULT_OK);
    assert_int_equal(blob_read_piece(&folder, &reading, 2, plain), RESULT_INVALID);
    blob_read_end(&reading);

    write_file(path, sealed, size);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_OK);
    blob.day++;                                             /* each piece says its own day */
    assert_int_equal(blob_verify(&folder, &blob), RESULT_OK);
    free(sealed);
    free(changed);
    blob_folder_close(&folder);
}

/* Pieces of the right content, sealed for it by whoever has the key, but not all of them: together they have another
 * hash. */
static void pieces_that_open_are_not_enough(void **state)
{
    struct site *site = *state;
    struct blob_folder folder;
    struct blob_writing writing;
    char from[PATH_SIZE], to[PATH_SIZE];

    open_with_key(site, &folder);
    uint8_t *bytes = content_new(P + 1, 3), *other = content_new(P + 1, 4);
    struct blob blob = blob_of(bytes, P + 1, 0xAB);
    assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_OK);
    write_pieces(&folder, &writing, other);
    path_of(&folder, &blob, to);
    assert_true(path_join(folder.path, "new/00000000000000ab", from));
    assert_int_equal(rename(from, to), 0);
    blob_write_give_up(&folder, &writing);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_INVALID);
    free(bytes);
    free(other);
    blob_folder_close(&folder);
}

static void without_its_key(void **state)
{
    struct site *site = *state;
    struct blob_folder folder;
    struct blob_reading reading;
    struct blob_writing writing;
    uint8_t plain[P];
    char key[SITE_PATH_SIZE], blobs[SITE_PATH_SIZE];

    open_with_key(site, &folder);
    struct blob blob = put_content(&folder, 10, 12);
    site_path(site, "store/keys/day-20231115.key", key);
    assert_int_equal(unlink(key), 0);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_OK);       /* still in memory */
    blob_folder_forget_keys(&folder);
    assert_int_equal(blob_verify(&folder, &blob), RESULT_NOT_FOUND);
    assert_int_equal(blob_read_begin(&folder, &blob, &reading), RESULT_OK);     /* the file is there */
    assert_int_equal(blob_read_piece(&folder, &reading, 0, plain), RESULT_NOT_FOUND);
    blob_read_end(&reading);
    blob.file = 13;
    assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_NOT_FOUND);
    assert_int_equal(writing.file, -1);
    blob_write_give_up(&folder, &writing);
    assert_int_equal(files_in(&folder, "new"), 0);
    assert_int_equal(access(key, F_OK), -1);                        /* none is made here */
    blob.file = 12;
    assert_int_equal(blob_unlink(&folder, &blob), RESULT_OK);       /* and can still be removed */
    blob_folder_close(&folder);
    site_path(site, "store/blobs", blobs);
    assert_int_equal(access(blobs, F_OK), 0);
}

/* ---- the folder */

static void the_walk_finds_files_and_nothing_else(void **state)
{
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const char *const strange[] = {
        "%s/00/readme", "%s/00/%s", "%s/00/%s-", "%s/00/%s-0000000000000000", "%s/00/%s-000000000000001",
        "%s/00/%s-00000000000000011", "%s/00/%s_0000000000000001", "%s/00/%s-000000000000000g",
        "%s/00/%s-00000000000000AA", "%s/00/.%s-0000000000000001", "%s/%s-0000000000000001",
        "%s/new/%s-0000000000000001", "%s/00/0011223344556677-8899aabbccddeeff00112233445566778899aabbccddeeff",
    };
    struct site *site = *state;
    struct blob_folder folder;
    struct blob_walk walk = { 0 };
    char path[PATH_SIZE];
    struct blob blobs[12], found;
    unsigned seen = 0, count = sizeof blobs / sizeof *blobs;

    open_with_key(site, &folder);
    assert_int_equal(files_walked(&folder), 0);
    for (unsigned i = 0; i < count; i++)
        blobs[i] = put_content(&folder, 1 + i, i ? 1ULL << (5 * i) : UINT64_MAX);
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        assert_in_range(snprintf(path, sizeof path, strange[i], folder.path, hash), 1, PATH_SIZE - 1);
        write_file(path, (const uint8_t *)"x", 1);
    }
    while (blob_walk_next(&folder, &walk, &found)) {
        unsigned which = 0;
        while (which < count && !(hash_equal(&found.sha256, &blobs[which].sha256) && found.file == blobs[which].file))
            which++;
        if (which == count)
            fail_msg("found a file that is none");
        assert_false(seen & 1U << which);
        seen |= 1U << which;
        assert_true(!found.size && !found.day && !found.uses && !found.due_ms);
        assert_int_equal(blob_unlink(&folder, &found), RESULT_OK);          /* deleted on the way */
    }
    assert_int_equal(seen, (1U << count) - 1);
    assert_false(blob_walk_next(&folder, &walk, &found));
    blob_walk_end(&walk);
    blob_walk_end(&walk);
    struct blob again = put_content(&folder, 5, 5);
    struct blob_walk half = { 0 };
    assert_true(blob_walk_next(&folder, &half, &found));
    assert_true(hash_equal(&found.sha256, &again.sha256));
    blob_walk_end(&half);                                   /* in the middle */
    blob_folder_close(&folder);
}

static void the_folder_is_made_and_what_was_half_written_goes(void **state)
{
    struct site *site = *state;
    struct blob_folder_options options = { .store_folder = site->store_folder, .read_only = true };
    struct blob_folder folder;
    struct blob_writing writing;
    struct stat status;
    char path[PATH_SIZE], long_path[PATH_SIZE];

    assert_int_equal(blob_folder_open(&folder, &options), RESULT_NOT_FOUND);
    blob_folder_close(&folder);
    open_with_key(site, &folder);
    static const char *const made[] = { "", "00", "7f", "ff", "new" };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        assert_true(path_join(folder.path, made[i], path));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0700);
    }
    uint8_t *bytes = content_new(2 * P, 5);
    struct blob blob = blob_of(bytes, 2 * P, 14);
    struct blob whole = put_content(&folder, 77, 15);
    assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_OK);
    assert_int_equal(blob_write_piece(&folder, &writing, span_of(bytes, P)), RESULT_OK);
    close(writing.file);                                    /* the process was killed */
    blob_folder_close(&folder);
    blob_folder_close(&folder);                             /* zeroed */

    assert_int_equal(blob_folder_open(&folder, &options), RESULT_OK);
    assert_int_equal(files_in(&folder, "new"), 1);          /* a reader changes nothing */
    assert_int_equal(blob_verify(&folder, &whole), RESULT_OK);
    blob_folder_close(&folder);
    folder_open(site->store_folder, &folder);
    assert_int_equal(files_in(&folder, "new"), 0);
    assert_int_equal(blob_verify(&folder, &whole), RESULT_OK);
    put_file(&folder, &blob, bytes);                        /* the same number may be used again */
    assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_OK);
    struct blob_writing twice;
    assert_int_equal(blob_write_begin(&folder, &blob, &twice), RESULT_BROKEN);  /* but not while it is written */
    blob_write_give_up(&folder, &writing);
    blob_folder_close(&folder);
    free(bytes);

    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = 0;
    options.store_folder = long_path;
    assert_int_equal(blob_folder_open(&folder, &options), RESULT_BROKEN);
}

static void copies(void **state)
{
    struct site *site = *state, other = *site;
    struct blob_folder from, to;
    char folder[SITE_PATH_SIZE], keys[SITE_PATH_SIZE], path[PATH_SIZE];
    size_t size, copied_size;

    open_with_key(site, &from);
    struct blob blob = put_content(&from, 2 * P + 1, 16), damaged = put_content(&from, 55, 17);
    site_path(site, "other", folder);
    site_path(site, "other/keys", keys);
    other.options.folder = folder;
    other.store = NULL;
    site_open(&other);
    site_close(&other);
    folder_open(folder, &to);
    assert_int_equal(blob_copy(&from, &to, &blob), RESULT_OK);
    assert_int_equal(files_in(&to, "new"), 0);
    path_of(&from, &blob, path);
    uint8_t *bytes = read_file(path, &size);
    path_of(&to, &blob, path);
    uint8_t *copied = read_file(path, &copied_size);
    assert_int_equal(size, copied_size);
    assert_memory_equal(bytes, copied, size);
    assert_int_equal(blob_verify(&to, &blob), RESULT_NOT_FOUND);    /* the key is not there yet */
    free(bytes);
    free(copied);

    char key[SITE_PATH_SIZE];
    site_path(site, "store/keys/day-20231115.key", key);
    bytes = read_file(key, &size);
    assert_true(path_join(keys, "day-20231115.key", path));
    write_file(path, bytes, size);
    free(bytes);
    assert_int_equal(blob_verify(&to, &blob), RESULT_OK);

    path_of(&from, &damaged, path);
    assert_int_equal(truncate(path, 99), 0);
    assert_int_equal(blob_copy(&from, &to, &damaged), RESULT_INVALID);
    assert_int_equal(blob_unlink(&from, &damaged), RESULT_OK);
    assert_int_equal(blob_copy(&from, &to, &damaged), RESULT_NOT_FOUND);
    assert_int_equal(files_in(&to, "new"), 0);
    assert_int_equal(files_walked(&to), 1);
    blob_folder_close(&to);
    blob_folder_close(&from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes), SITE_OPEN(what_was_written_is_read), SITE_OPEN(one_content_in_two_files),
        SITE_OPEN(another_hash_leaves_nothing), SITE_OPEN(given_up_leaves_nothing),
        SITE_OPEN(changed_files_do_not_open), SITE_OPEN(pieces_that_open_are_not_enough), SITE_OPEN(without_its_key),
        SITE_OPEN(the_walk_finds_files_and_nothing_else),
        SITE_OPEN(the_folder_is_made_and_what_was_half_written_goes), SITE_OPEN(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
