/* Backup: the same content, readable, checked; and half a one is none. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/blob_file.h"
#include "tests/unit/store_raw.h"
#include "tests/unit/store_sample.h"

static const struct left_out NONE;

static void fail_on_any(void *context, const char *fault)
{
    (void)context;
    fail_msg("%s", fault);
}

static struct hash content_of(const char *folder)
{
    struct raw raw;
    raw_open(&raw, folder, false);
    struct hash hash = raw_content(&raw);
    raw_done(&raw);
    return hash;
}

static uint64_t backup_to(struct site *site, const char *folder)
{
    char array[400];
    struct text why = text_of(array, sizeof array);
    uint64_t seq = 0;
    if (store_backup(site->store, folder, NONE, &seq, &why) != RESULT_OK)
        fail_msg("%s", array);
    return seq;
}

/* No faults, the same rows, and every body that was open here is open there. */
static void check_copy(struct site *site, const char *folder)
{
    struct site copy = *site;
    struct store_check result;
    struct hash here = content_of(site->store_folder), there = content_of(folder);

    assert_true(hash_equal(&here, &there));
    copy.store = NULL;
    copy.options.folder = folder;
    copy.options.read_only = true;
    site_open(&copy);
    assert_int_equal(store_last(copy.store).seq, SAMPLE_TURNS);
    assert_int_equal(store_check(copy.store, fail_on_any, NULL, &result), RESULT_OK);
    assert_int_equal(result.handoffs, SAMPLE_END - 1);
    assert_int_equal(result.events, SAMPLE_EVENTS);
    assert_int_equal(result.blobs, 2);
    site_close(&copy);
}

static void read_a_body(struct turn *turn, void *context)
{
    struct arena arena;
    struct span header, payload;
    (void)context;
    assert_int_equal(arena_init(&arena, 1024), RESULT_OK);
    assert_int_equal(turn_body(turn, SAMPLE_ID(SAMPLE_DUE), &arena, &header, &payload), RESULT_OK);
    assert_true(span_equal(payload, span_of_string("{\"example\": 4}")));
    arena_done(&arena);
}

static void go_on(struct turn *turn, void *context)
{
    (void)context;
    turn_follow_put(turn, WARD, 3);
}

static void taken_while_it_lives(void **state)
{
    struct site *site = *state;
    char first[SITE_PATH_SIZE], second[SITE_PATH_SIZE], path[SITE_PATH_SIZE];
    struct stat file;

    site_path(site, "first", first);
    site_path(site, "second", second);
    umask(0);                                               /* ours alone whatever it says */
    sample_build(site);
    assert_int_equal(backup_to(site, first), SAMPLE_TURNS);
    umask(022);
    site_close(site);
    check_copy(site, first);
    assert_int_equal(stat(first, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0700);
    static const struct { const char *name; mode_t mode; } files[] = {
        { "first/data.mdb", 0600 }, { "first/keys", 0700 }, { "first/keys/day-20231115.key", 0600 },
        { "first/keys/day-20231116.key", 0600 },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        site_path(site, files[i].name, path);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 07777, files[i].mode);
    }
    struct blob_folder_options options = { .store_folder = first, .read_only = true };
    struct blob_folder blobs;
    assert_int_equal(blob_folder_open(&blobs, &options), RESULT_OK);
    for (unsigned which = SAMPLE_NAMED; which <= SAMPLE_UNNAMED; which++) {
        struct blob blob = sample_blob(which);
        assert_int_equal(blob_verify(&blobs, &blob), RESULT_OK);
    }
    blob_folder_close(&blobs);
    site_path(site, "first/ballast", path);
    assert_int_equal(access(path, F_OK), -1);

    /* By a reader, as another process would. */
    site->options.read_only = true;
    site_open(site);
    assert_int_equal(backup_to(site, second), SAMPLE_TURNS);
    site_close(site);
    check_copy(site, second);

    /* The writer goes on; the copy stays as it was; and it can be opened and written like any store. */
    site->options.read_only = false;
    site_open(site);
    assert_int_equal(site_turn(site, SAMPLE_LATER_MS, go_on, NULL).seq, SAMPLE_TURNS + 1);
    site_close(site);
    site->options.folder = first;
    site_open(site);
    site_read(site, read_a_body, NULL);
    assert_int_equal(site_turn(site, SAMPLE_LATER_MS, go_on, NULL).seq, SAMPLE_TURNS + 1);
}

static unsigned entries_of(const char *path)
{
    unsigned entries = 0;
    DIR *folder = opendir(path);
    while (folder && readdir(folder))
        entries++;
    if (folder)
        closedir(folder);
    return entries;
}

static void half_a_backup_is_none(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE], key[SITE_PATH_SIZE], array[400];
    struct text why = text_of(array, sizeof array);
    uint64_t seq = 7;

    sample_build(site);
    /* A key that cannot be read, after one that can. */
    site_path(site, "store/keys/day-20240101.key", key);
    site_path(site, "copy", folder);
    assert_int_equal(mkdir(key, 0700), 0);
    assert_int_equal(store_backup(site->store, folder, NONE, &seq, &why), RESULT_BROKEN);
    assert_int_equal(seq, 7);
    assert_non_null(strstr(array, "cannot read a key"));
    assert_int_equal(access(folder, F_OK), -1);
    /* The store is none the worse for it. */
    assert_int_equal(rmdir(key), 0);
    site_turn(site, SAMPLE_LATER_MS, go_on, NULL);
    assert_int_equal(backup_to(site, folder), SAMPLE_TURNS + 1);
}

/* The folder of keys is not opened, or read only in part: the next call of each kind fails with this errno. */
static int open_error, read_error;

DIR *__real_fdopendir(int file);
DIR *__wrap_fdopendir(int file);
struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder);

DIR *__wrap_fdopendir(int file)
{
    if (!open_error)
        return __real_fdopendir(file);
    errno = open_error;
    open_error = 0;
    return NULL;
}

struct dirent *__wrap_readdir(DIR *folder)
{
    if (!read_error)
        return __real_readdir(folder);
    errno = read_error;
    read_error = 0;
    return NULL;
}

/* Keys that could not be listed are not keys that are not there. */
static void without_the_keys_it_is_none(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE];

    sample_build(site);
    site_path(site, "copy", folder);
    for (unsigned i = 0; i < 2; i++) {
        char array[400];
        struct text why = text_of(array, sizeof array);
        uint64_t seq = 7;
        *(i ? &read_error : &open_error) = EIO;
        assert_int_equal(store_backup(site->store, folder, NONE, &seq, &why), RESULT_BROKEN);
        assert_int_equal(open_error + read_error, 0);
        assert_int_equal(seq, 7);
        if (!strstr(array, "cannot read the folder of keys (Input/output error)"))
            fail_msg("%s", array);
        assert_int_equal(access(folder, F_OK), -1);
    }
    assert_int_equal(backup_to(site, folder), SAMPLE_TURNS);
}

/* The key that goes when the environment has been copied; NULL: none. */
static const char *dropped_meanwhile;

int __real_mdb_env_copyfd2(MDB_env *env, mdb_filehandle_t file, unsigned flags);
int __wrap_mdb_env_copyfd2(MDB_env *env, mdb_filehandle_t file, unsigned flags);

int __wrap_mdb_env_copyfd2(MDB_env *env, mdb_filehandle_t file, unsigned flags)
{
    int code = __real_mdb_env_copyfd2(env, file, flags);
    if (dropped_meanwhile)
        assert_int_equal(unlink(dropped_meanwhile), 0);
    dropped_meanwhile = NULL;
    return code;
}

/* The copy holds the rows of that day, as the store did: so it needs the key. */
static void a_day_that_is_dropped_meanwhile(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE], key[SITE_PATH_SIZE];

    sample_build(site);
    site_path(site, "store/keys/day-20231115.key", key);
    site_path(site, "copy", folder);
    dropped_meanwhile = key;
    assert_int_equal(backup_to(site, folder), SAMPLE_TURNS);
    assert_int_equal(access(key, F_OK), -1);
    site_close(site);
    check_copy(site, folder);
}

static void blob_path(const struct site *site, unsigned file, char ret_path[2 * SITE_PATH_SIZE])
{
    char name[SITE_PATH_SIZE];
    sample_blob_name(file, name);
    assert_in_range(snprintf(ret_path, 2 * SITE_PATH_SIZE, "%s/%s", site->store_folder, name), 1,
                    2 * SITE_PATH_SIZE - 1);
}

static void refused_with(struct site *site, const char *words)
{
    char folder[SITE_PATH_SIZE], array[400];
    struct text why = text_of(array, sizeof array);
    uint64_t seq = 7;
    site_path(site, "copy", folder);
    assert_int_equal(store_backup(site->store, folder, NONE, &seq, &why), RESULT_INVALID);
    assert_int_equal(seq, 7);
    if (!strstr(array, words))
        fail_msg("%s", array);
    assert_int_equal(access(folder, F_OK), -1);
}

/* The first of the two has been copied then; also it goes. */
static void without_an_attachment_it_is_none(void **state)
{
    struct site *site = *state;
    char path[2 * SITE_PATH_SIZE], aside[SITE_PATH_SIZE], blobs[SITE_PATH_SIZE], folder[SITE_PATH_SIZE];

    sample_build(site);
    site_path(site, "aside", aside);
    blob_path(site, SAMPLE_UNNAMED, path);
    assert_int_equal(rename(path, aside), 0);
    refused_with(site, "an attachment's file is not there");
    assert_int_equal(rename(aside, path), 0);
    blob_path(site, SAMPLE_NAMED, path);
    assert_int_equal(truncate(path, 70000), 0);
    refused_with(site, "an attachment's file is damaged");
    site_path(site, "store/blobs", blobs);
    assert_int_equal(rename(blobs, aside), 0);
    refused_with(site, "the folder of attachments is not there");
    assert_int_equal(access(blobs, F_OK), -1);              /* and none is made by looking */
    site_path(site, "copy", folder);
    assert_int_equal(access(folder, F_OK), -1);
}

static void flip_byte(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

/* As large as it was: only who reads it finds out. */
static void one_flipped_byte_is_noticed(void **state)
{
    struct site *site = *state;
    char path[2 * SITE_PATH_SIZE];

    sample_build(site);
    blob_path(site, SAMPLE_NAMED, path);
    flip_byte(path, 40);
    refused_with(site, "an attachment's file is damaged");
}

static struct store_check check_of(const struct site *site, const char *folder)
{
    struct site other = *site;
    struct store_check check;

    other.store = NULL;
    other.options.folder = folder;
    other.options.read_only = true;
    site_open(&other);
    assert_int_equal(store_check(other.store, NULL, NULL, &check), RESULT_OK);
    site_close(&other);
    return check;
}

struct told { unsigned count; char text[200]; };

static void tell(void *context, const struct left_out_blob *blob)
{
    struct told *told = context;
    told->count++;
    assert_in_range(snprintf(told->text, sizeof told->text, "%s", blob->sha256), 64, 64);
    assert_true(blob->agency_count >= 1 && blob->agencies[0][0]);
}

/* A copy of all the rest: its records are whole, and check-store goes on naming what is not there. */
static void goes_without_what_is_damaged_where_that_is_said(void **state)
{
    struct site *site = *state;
    char path[2 * SITE_PATH_SIZE], folder[SITE_PATH_SIZE], restored[SITE_PATH_SIZE], hex[HASH_TEXT_SIZE];
    struct told told = { 0 };
    struct left_out left_out = { .each = tell, .context = &told };
    struct store_check check;
    uint64_t seq = 0;
    uint32_t epoch = 0;

    sample_build(site);
    blob_path(site, SAMPLE_NAMED, path);
    flip_byte(path, 40);
    site_path(site, "copy", folder);
    assert_int_equal(store_backup(site->store, folder, left_out, &seq, NULL), RESULT_OK);
    assert_int_equal(seq, SAMPLE_TURNS);
    struct blob named = sample_blob(SAMPLE_NAMED);
    hash_text(&named.sha256, hex);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.text, hex);
    check = check_of(site, folder);
    assert_int_equal(check.faults, 1);
    assert_int_equal(check.unreadable, 1);
    assert_int_equal(check.blobs, 2);

    /* Of such a copy a restore is asked the same. */
    site_path(site, "restored", restored);
    struct store_restore wanted = { .backup = folder, .folder = restored, .now_ms = SAMPLE_LATER_MS };
    assert_int_equal(store_restore(&wanted, &epoch, &seq, NULL), RESULT_INVALID);
    assert_int_equal(told.count, 1);
    wanted.left_out = left_out;
    assert_int_equal(store_restore(&wanted, &epoch, &seq, NULL), RESULT_OK);
    assert_int_equal(told.count, 2);
    assert_string_equal(told.text, hex);
    check = check_of(site, restored);
    assert_int_equal(check.faults, 1);
    assert_int_equal(check.unreadable, 1);
}

/* The folder of them is gone, or a store is damaged in another way. */
static void goes_without_all_of_them_but_with_no_other_fault(void **state)
{
    struct site *site = *state;
    char blobs[SITE_PATH_SIZE], aside[SITE_PATH_SIZE], folder[SITE_PATH_SIZE], restored[SITE_PATH_SIZE];
    struct told told = { 0 };
    struct store_check check;
    struct raw raw;
    uint64_t seq = 0;
    uint32_t epoch = 0;

    sample_build(site);
    site_path(site, "store/blobs", blobs);
    site_path(site, "aside", aside);
    assert_int_equal(rename(blobs, aside), 0);
    site_path(site, "copy", folder);
    struct left_out left_out = { .each = tell, .context = &told };
    assert_int_equal(store_backup(site->store, folder, left_out, &seq, NULL), RESULT_OK);
    assert_int_equal(told.count, 2);
    check = check_of(site, folder);
    assert_int_equal(check.faults, 2);
    assert_int_equal(check.unreadable, 2);
    raw_open(&raw, folder, true);
    raw_change(&raw, TABLE_CHAIN, KEY("8", 2), 20, 1);
    raw_done(&raw);
    site_path(site, "restored", restored);
    struct store_restore wanted = { .backup = folder, .folder = restored, .now_ms = SAMPLE_LATER_MS,
                                    .left_out = left_out };
    assert_int_equal(store_restore(&wanted, &epoch, &seq, NULL), RESULT_INVALID);
    assert_int_equal(told.count, 2);
}

/* Rubbish stays where it is, and a store that names none has no folder of them. */
static void only_what_is_named_is_copied(void **state)
{
    struct site *site = *state;
    struct blob_folder_options options = { .store_folder = site->store_folder, .no_sync = true };
    struct blob_folder blobs;
    struct blob_walk walk = { 0 };
    struct blob blob = sample_blob(SAMPLE_NAMED);
    char folder[SITE_PATH_SIZE], path[SITE_PATH_SIZE], from[2 * SITE_PATH_SIZE], to[2 * SITE_PATH_SIZE];
    unsigned files = 0;

    site_path(site, "empty", folder);
    (void)backup_to(site, folder);
    site_path(site, "empty/blobs", path);
    assert_int_equal(access(path, F_OK), -1);
    sample_build(site);
    blob_path(site, SAMPLE_NAMED, from);
    blob_path(site, SAMPLE_NAMED, to);
    to[strlen(to) - 1] = '9';                               /* another file of that hash */
    assert_int_equal(link(from, to), 0);
    assert_int_equal(blob_folder_open(&blobs, &options), RESULT_OK);
    while (blob_walk_next(&blobs, &walk, &blob))
        files++;
    assert_int_equal(files, 3);
    blob_folder_close(&blobs);
    site_path(site, "copy", folder);
    (void)backup_to(site, folder);
    options.store_folder = folder;
    walk = (struct blob_walk){ 0 };
    files = 0;
    assert_int_equal(blob_folder_open(&blobs, &options), RESULT_OK);
    while (blob_walk_next(&blobs, &walk, &blob))
        files++;
    assert_int_equal(files, 2);
    blob_folder_close(&blobs);
}

static void a_folder_that_is_there_is_left_alone(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE], array[400], long_path[1200];
    struct text why = text_of(array, sizeof array);
    uint64_t seq = 7;

    sample_build(site);
    assert_int_equal(store_backup(site->store, site->store_folder, NONE, &seq, &why), RESULT_INVALID);
    assert_non_null(strstr(array, "choose a new folder"));
    assert_true(entries_of(site->store_folder) >= 5);
    site_path(site, "empty", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(store_backup(site->store, folder, NONE, &seq, NULL), RESULT_INVALID);
    assert_int_equal(entries_of(folder), 2);
    site_path(site, "no/such/parent", folder);
    assert_int_not_equal(store_backup(site->store, folder, NONE, &seq, NULL), RESULT_OK);
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = 0;
    assert_int_equal(store_backup(site->store, long_path, NONE, &seq, NULL), RESULT_INVALID);
    assert_int_equal(store_backup(site->store, "", NONE, &seq, NULL), RESULT_INVALID);
    assert_int_equal(seq, 7);
    site_read(site, read_a_body, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_OPEN(taken_while_it_lives), SITE_OPEN(half_a_backup_is_none), SITE_OPEN(without_the_keys_it_is_none),
        SITE_OPEN(a_day_that_is_dropped_meanwhile),
        SITE_OPEN(without_an_attachment_it_is_none), SITE_OPEN(one_flipped_byte_is_noticed),
        SITE_OPEN(goes_without_what_is_damaged_where_that_is_said),
        SITE_OPEN(goes_without_all_of_them_but_with_no_other_fault), SITE_OPEN(only_what_is_named_is_copied),
        SITE_OPEN(a_folder_that_is_there_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
