/* Restore: a backup is the store again, in an epoch of its own, held; or nothing is left. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store_raw.h"
#include "tests/unit/store_sample.h"

enum { WORDS_SIZE = 600 };

struct try {
    enum result result;
    uint32_t epoch;
    uint64_t seq;
    unsigned faults;
    char words[WORDS_SIZE];
};

static void count_fault(void *context, const char *fault)
{
    (void)fault;
    ++*(unsigned *)context;
}

static int64_t clock_ms;            /* 0: SAMPLE_LATER_MS */

static struct try try_restore(struct site *site, const char *from, const char *to, uint32_t epoch_after)
{
    char backup[SITE_PATH_SIZE], folder[SITE_PATH_SIZE];
    struct try tried = { 0 };
    int64_t now_ms = clock_ms ? clock_ms : SAMPLE_LATER_MS;
    struct text why = text_of(tried.words, sizeof tried.words);
    struct store_restore wanted = { .backup = backup, .folder = folder, .epoch_after = epoch_after,
                                    .now_ms = now_ms, .each_fault = count_fault, .context = &tried.faults };
    site_path(site, from, backup);
    site_path(site, to, folder);
    tried.result = store_restore(&wanted, &tried.epoch, &tried.seq, &why);
    return tried;
}

static void backup_sample(struct site *site)
{
    char folder[SITE_PATH_SIZE];
    uint64_t seq;
    sample_build(site);
    site_path(site, "backup", folder);
    assert_int_equal(store_backup(site->store, folder, (struct left_out){ 0 }, &seq, NULL), RESULT_OK);
    assert_int_equal(seq, SAMPLE_TURNS);
    site_close(site);
}

static void fail_on_any(void *context, const char *fault)
{
    (void)context;
    fail_msg("%s", fault);
}

static struct store_check check_whole(struct site *site, const char *name)
{
    char folder[SITE_PATH_SIZE];
    struct site other = *site;
    struct store_check check;
    site_path(site, name, folder);
    other.store = NULL;
    other.options.folder = folder;
    other.options.read_only = true;
    site_open(&other);
    assert_int_equal(store_check(other.store, fail_on_any, NULL, &check), RESULT_OK);
    site_close(&other);
    return check;
}

/* ---- it is the store again */

static void look_at_it(struct turn *turn, void *context)
{
    struct restored restored;
    struct arena arena;
    struct span header, payload;
    uint32_t *epoch = context;
    assert_true(turn_restored(turn, &restored));
    assert_true(restored.held && !restored.walked);
    assert_int_equal(restored.seq, SAMPLE_TURNS);
    assert_int_equal(restored.last_event, SAMPLE_EVENTS);
    assert_int_equal(restored.restored_ms, SAMPLE_LATER_MS);
    assert_int_equal(turn_epoch(turn), *epoch);
    assert_int_equal(turn_covered_seq(turn), SAMPLE_TURNS);
    assert_int_equal(arena_init(&arena, 1024), RESULT_OK);
    assert_int_equal(turn_body(turn, SAMPLE_ID(SAMPLE_DUE), &arena, &header, &payload), RESULT_OK);
    arena_done(&arena);
}

static void no_event(struct turn *turn, void *context)
{
    (void)context;
    turn_follow_put(turn, WARD, 3);
}

static void an_event(struct turn *turn, void *context)
{
    struct event event = { .cause = CAUSE_RESTORED, .at_ms = turn_now_ms(turn) };
    uint32_t epoch = *(uint32_t *)context;
    assert_int_equal(turn_event_append(turn, &event, (struct span){ 0 }), NUMBERS_BEFORE(epoch) + 1);
    assert_int_equal(turn_last_event(turn), NUMBERS_BEFORE(epoch) + 1);
    assert_int_equal(turn_handoff_new_id(turn) >> 48, epoch);
    struct restored restored;
    assert_true(turn_restored(turn, &restored));
    restored.held = false;
    turn_restored_put(turn, &restored);
    assert_true(turn_restored(turn, &restored) && !restored.held);
}

static void it_is_the_store_again(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE], path[SITE_PATH_SIZE];
    struct stat file;

    backup_sample(site);
    struct try tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_OK);
    assert_int_equal(tried.epoch, 2);
    assert_int_equal(tried.seq, SAMPLE_TURNS);
    static const struct { const char *name; mode_t mode; } files[] = {
        { "new", 0700 }, { "new/data.mdb", 0600 }, { "new/keys", 0700 }, { "new/keys/day-20231115.key", 0600 },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        site_path(site, files[i].name, path);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 07777, files[i].mode);
    }
    assert_false(site_has(site, "new/restoring.mdb"));
    struct store_check check = check_whole(site, "new");
    assert_int_equal(check.events, SAMPLE_EVENTS);
    assert_int_equal(check.turns, SAMPLE_TURNS);

    site_path(site, "new", folder);
    site->options.folder = folder;
    site_open(site);
    site_read(site, look_at_it, &tried.epoch);
    /* Its own numbers, with nothing missing in between, whether its first turn has an event or not. */
    assert_int_equal(site_turn(site, SAMPLE_LATER_MS, no_event, NULL).seq, NUMBERS_BEFORE(2) + 1);
    site_close(site);
    check_whole(site, "new");
    site_open(site);
    assert_int_equal(site_turn(site, SAMPLE_LATER_MS, an_event, &tried.epoch).seq, NUMBERS_BEFORE(2) + 2);
    assert_int_equal(site_turn(site, SAMPLE_LATER_MS, no_event, NULL).seq, NUMBERS_BEFORE(2) + 3);
    site_close(site);
    check = check_whole(site, "new");
    assert_int_equal(check.events, SAMPLE_EVENTS + 1);
    assert_int_equal(check.turns, SAMPLE_TURNS + 3);
    check_whole(site, "backup");
}

/* The counters' epoch is only one of those that know. */
static void no_epoch_twice(void **state)
{
    struct site *site = *state;
    char from[SITE_PATH_SIZE], to[SITE_PATH_SIZE];

    backup_sample(site);
    assert_int_equal(try_restore(site, "backup", "a", 0).epoch, 2);
    assert_int_equal(try_restore(site, "backup", "b/", 0).epoch, 3);        /* the backup remembers */
    site_path(site, "a", from);
    site_path(site, "a-lost", to);
    assert_int_equal(rename(from, to), 0);
    site_write(site, "backup/restored-as", "not a number");
    assert_int_equal(try_restore(site, "backup", "a", 0).epoch, 3);         /* the place remembers */
    assert_int_equal(try_restore(site, "backup", "c", 41).epoch, 42);       /* a person remembers */
    assert_int_equal(try_restore(site, "c", "d", 0).epoch, 43);             /* the store itself does */
    check_whole(site, "d");
    struct try tried = try_restore(site, "backup", "e", EPOCH_MAX);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_non_null(strstr(tried.words, "no more epochs"));
    assert_int_equal(try_restore(site, "backup", "e", EPOCH_MAX - 1).epoch, EPOCH_MAX);
    check_whole(site, "e");
}

/* ---- or nothing is left */

static void a_folder_with_something_in_it_is_left_alone(void **state)
{
    struct site *site = *state;
    char path[SITE_PATH_SIZE];

    backup_sample(site);
    struct try tried = try_restore(site, "backup", "store", 0);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_non_null(strstr(tried.words, "move the old store away"));
    check_whole(site, "store");
    site_path(site, "other", path);
    assert_int_equal(mkdir(path, 0755), 0);
    site_write(site, "other/letter.txt", "mine");
    assert_int_equal(try_restore(site, "backup", "other", 0).result, RESULT_INVALID);
    assert_true(site_has(site, "other/letter.txt") && !site_has(site, "other/data.mdb"));
    /* Keys alone are somebody's. */
    site_path(site, "keys-only", path);
    assert_int_equal(mkdir(path, 0700), 0);
    site_path(site, "keys-only/keys", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(try_restore(site, "backup", "keys-only", 0).result, RESULT_INVALID);
    assert_true(site_has(site, "keys-only/keys"));
    /* A disk of its own. */
    site_path(site, "disk", path);
    assert_int_equal(mkdir(path, 0700), 0);
    site_path(site, "disk/lost+found", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(try_restore(site, "backup", "disk", 0).result, RESULT_OK);
}

static void one_that_was_cut_off_begins_anew(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE], path[SITE_PATH_SIZE], words[WORDS_SIZE] = "";
    struct text why = text_of(words, sizeof words);
    struct store *store;

    backup_sample(site);
    site_path(site, "new", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    site_path(site, "new/keys", path);
    assert_int_equal(mkdir(path, 0700), 0);
    site_write(site, "new/keys/day-20990101.key", "half");
    site_write(site, "new/restoring.mdb", "half");
    struct store_options options = { .folder = folder, .no_sync = true };
    assert_int_equal(store_open(&store, &options, &why), RESULT_INVALID);
    assert_non_null(strstr(words, "a restore was cut off here"));
    assert_false(site_has(site, "new/data.mdb"));
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
    assert_false(site_has(site, "new/keys/day-20990101.key"));
    check_whole(site, "new");
}

static void a_faulty_backup_is_not_restored_from(void **state)
{
    struct site *site = *state;
    char folder[SITE_PATH_SIZE];
    struct raw raw;

    backup_sample(site);
    site_path(site, "backup", folder);
    raw_open(&raw, folder, true);
    raw_change(&raw, TABLE_CHAIN, KEY("8", 2), 20, 1);
    raw_done(&raw);
    struct try tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_true(tried.faults > 0);
    assert_non_null(strstr(tried.words, "the backup has faults"));
    assert_false(site_has(site, "new"));
    assert_int_equal(try_restore(site, "nowhere", "new", 0).result, RESULT_NOT_FOUND);
}

/* ---- attachments */

static void blob_path(const struct site *site, const char *store, unsigned file, char ret_path[2 * SITE_PATH_SIZE])
{
    char folder[SITE_PATH_SIZE], name[SITE_PATH_SIZE];
    site_path(site, store, folder);
    sample_blob_name(file, name);
    assert_in_range(snprintf(ret_path, 2 * SITE_PATH_SIZE, "%s/%s", folder, name), 1, 2 * SITE_PATH_SIZE - 1);
}

static void attachments_come_back(void **state)
{
    struct site *site = *state;
    char path[2 * SITE_PATH_SIZE];
    struct stat file;

    backup_sample(site);
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
    for (unsigned which = SAMPLE_NAMED; which <= SAMPLE_UNNAMED; which++) {
        blob_path(site, "new", which, path);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 07777, 0600);
        blob_path(site, "store", which, path);          /* of the lost store nothing is needed */
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(check_whole(site, "new").blobs, 2);
    assert_int_equal(check_whole(site, "backup").blobs, 2);
}

static void a_backup_with_a_bad_attachment_is_not_restored_from(void **state)
{
    struct site *site = *state;
    char path[2 * SITE_PATH_SIZE], aside[SITE_PATH_SIZE];
    uint8_t byte;

    backup_sample(site);
    blob_path(site, "backup", SAMPLE_UNNAMED, path);
    int file = open(path, O_RDWR);
    assert_true(pread(file, &byte, 1, 40) == 1);
    byte ^= 0x80;
    assert_true(pwrite(file, &byte, 1, 40) == 1);
    struct try tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_int_equal(tried.faults, 1);
    assert_non_null(strstr(tried.words, "attachments that are damaged or missing"));
    assert_false(site_has(site, "new"));
    byte ^= 0x80;
    assert_true(pwrite(file, &byte, 1, 40) == 1);
    close(file);

    blob_path(site, "backup", SAMPLE_NAMED, path);
    site_path(site, "aside", aside);
    assert_int_equal(rename(path, aside), 0);
    tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_int_equal(tried.faults, 1);
    assert_false(site_has(site, "new"));
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
}

/* Those of a restore that was cut off are not taken for anything. */
static void half_copied_attachments_begin_anew(void **state)
{
    static const char *const folders[] = { "new", "new/blobs", "new/blobs/00", "new/blobs/new" };
    static const char *const files[] = {
        "new/restoring.mdb", "new/blobs/new/0000000000000001",
        "new/blobs/00/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff-0000000000000001",
    };
    struct site *site = *state;
    char path[SITE_PATH_SIZE + 32], twice[2 * SITE_PATH_SIZE];

    backup_sample(site);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        site_path(site, folders[i], path);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        site_write(site, files[i], "half");
    sample_blob_name(SAMPLE_NAMED, path);               /* the very file, half, under its name */
    path[8] = 0;
    assert_in_range(snprintf(twice, sizeof twice, "%s/new/%s", site->folder, path), 1, sizeof twice - 1);
    assert_int_equal(mkdir(twice, 0700), 0);
    sample_blob_name(SAMPLE_NAMED, path);
    assert_in_range(snprintf(twice, sizeof twice, "new/%s", path), 1, sizeof twice - 1);
    site_write(site, twice, "half");
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_false(site_has(site, files[i]));
    assert_int_equal(check_whole(site, "new").blobs, 2);
}

static void attachments_alone_are_somebodys(void **state)
{
    struct site *site = *state;
    char path[SITE_PATH_SIZE];

    backup_sample(site);
    site_path(site, "new", path);
    assert_int_equal(mkdir(path, 0700), 0);
    site_path(site, "new/blobs", path);
    assert_int_equal(mkdir(path, 0700), 0);
    site_write(site, "new/blobs/letter", "mine");
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_INVALID);
    assert_true(site_has(site, "new/blobs/letter"));
}

static void a_clock_that_is_behind_the_backup(void **state)
{
    struct site *site = *state;
    backup_sample(site);
    clock_ms = 1000;
    struct try tried = try_restore(site, "backup", "new", 0);
    clock_ms = 0;
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_non_null(strstr(tried.words, "set it right first"));
    assert_false(site_has(site, "new"));
}

static void a_key_that_cannot_be_read(void **state)
{
    struct site *site = *state;
    char key[SITE_PATH_SIZE];

    backup_sample(site);
    site_path(site, "backup/keys/day-20240101.key", key);
    assert_int_equal(mkdir(key, 0700), 0);
    struct try tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_BROKEN);
    assert_non_null(strstr(tried.words, "cannot read a key"));
    assert_false(site_has(site, "new/restoring.mdb") || site_has(site, "new/data.mdb") || site_has(site, "new/keys"));
    assert_int_equal(rmdir(key), 0);
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
}

static void a_key_that_is_not_there(void **state)
{
    struct site *site = *state;
    char key[SITE_PATH_SIZE], aside[SITE_PATH_SIZE];

    backup_sample(site);
    site_path(site, "backup/keys/day-20231115.key", key);
    site_path(site, "aside", aside);
    assert_int_equal(rename(key, aside), 0);
    struct try tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_int_equal(tried.faults, 1);
    assert_non_null(strstr(tried.words, "the backup has faults"));
    assert_false(site_has(site, "new"));
    assert_int_equal(rename(aside, key), 0);
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
}

static void a_store_that_is_being_written(void **state)
{
    struct site *site = *state;
    char path[SITE_PATH_SIZE];

    backup_sample(site);
    site_path(site, "new", path);
    assert_int_equal(mkdir(path, 0700), 0);
    site_write(site, "new/writer.lock", "");
    site_path(site, "new/writer.lock", path);
    int lock = open(path, O_RDWR);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_BUSY);
    close(lock);
    assert_int_equal(try_restore(site, "backup", "new", 0).result, RESULT_OK);
}

/* ---- schema */

static void one_agency(struct turn *turn, void *context)
{
    (void)context;
    (void)turn_agency_number_make(turn, "H29.7");
}

static void set_schema(const struct site *site, const char *name, uint32_t schema)
{
    char folder[SITE_PATH_SIZE];
    uint32_t little = htole32(schema);
    struct raw raw;
    site_path(site, name, folder);
    raw_open(&raw, folder, true);
    raw_put(&raw, TABLE_META, raw_key_of(META_SCHEMA_KEY, strlen(META_SCHEMA_KEY)), span_of(&little, sizeof little));
    raw_done(&raw);
}

static void another_schema_is_refused_with_what_to_do(void **state)
{
    struct site *site = *state;
    char words[WORDS_SIZE];
    struct store *store;

    backup_sample(site);
    for (int read_only = 0; read_only < 2; read_only++) {
        struct store_options options = site->options;
        struct text why = text_of(words, sizeof words);
        options.read_only = read_only;
        set_schema(site, "store", STORE_SCHEMA + 1);
        assert_int_equal(store_open(&store, &options, &why), RESULT_INVALID);
        assert_non_null(strstr(words, "the store has schema 5, this program needs 4; install the newer version"));
        assert_non_null(strstr(words, "hãy cài bản mới hơn"));
        set_schema(site, "store", STORE_SCHEMA);
        assert_int_equal(store_open(&store, &options, NULL), RESULT_OK);
        store_close(store);
    }
    set_schema(site, "backup", STORE_SCHEMA + 1);
    struct try tried = try_restore(site, "backup", "new", 0);
    assert_int_equal(tried.result, RESULT_INVALID);
    assert_non_null(strstr(tried.words, "schema 5"));
    assert_false(site_has(site, "new"));
}

/* As a store of schema 1 was: without the newer tables. */
static void make_older(const struct site *site)
{
    static const enum table newer[] = { TABLE_DOSSIER_STATE, TABLE_MONEY, TABLE_PROVISIONAL, TABLE_UNRECEIVED,
                                        TABLE_ENDING, TABLE_BLOB_RECORD, TABLE_BLOB_FILE, TABLE_ATTACHED };
    char folder[SITE_PATH_SIZE];
    struct raw raw;

    set_schema(site, "store", 1);
    site_path(site, "store", folder);
    raw_open(&raw, folder, true);
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        assert_int_equal(mdb_drop(raw.txn, raw.tables[newer[i]], 1), 0);
    raw_done(&raw);
}

/* A writer brings it up; who only reads says what to do, and changes nothing. */
static void an_older_schema_is_brought_up(void **state)
{
    struct site *site = *state;
    struct store_options options = site->options;
    char words[WORDS_SIZE];
    struct text why = text_of(words, sizeof words);
    struct store_check check;
    struct store *store;

    site_open(site);
    site_turn(site, SITE_NOW_MS, one_agency, NULL);
    site_close(site);
    make_older(site);
    options.read_only = true;
    assert_int_equal(store_open(&store, &options, &why), RESULT_INVALID);
    assert_non_null(strstr(words, "schema 1, this program needs 4; let this version's lienthongd open it once"));

    options.read_only = false;
    assert_int_equal(store_open(&store, &options, NULL), RESULT_OK);
    assert_int_equal(store_check(store, NULL, NULL, &check), RESULT_OK);
    assert_int_equal(check.faults, 0);
    assert_int_equal(check.turns, 1);
    store_close(store);
    options.read_only = true;
    assert_int_equal(store_open(&store, &options, NULL), RESULT_OK);
    store_close(store);
}

/* ---- numbers */

static void which_number_may_follow(void **state)
{
    static const struct { uint32_t epoch; uint64_t before, number; bool may; } rows[] = {
        { 1, 0, 1, true }, { 1, 5, 6, true }, { 1, 5, 7, false }, { 1, 5, 5, false }, { 1, 5, 4, false },
        { 1, 5, NUMBERS_BEFORE(2) + 1, false },             /* an epoch that never was */
        { 2, 5, NUMBERS_BEFORE(2) + 1, true }, { 2, 5, NUMBERS_BEFORE(2) + 2, false }, { 2, 5, 7, false },
        { 9, 5, NUMBERS_BEFORE(7) + 1, true },              /* epochs between them were lost whole */
        { 9, NUMBERS_BEFORE(7) + 4, NUMBERS_BEFORE(7) + 1, false },
        { 9, NUMBERS_BEFORE(7) + 4, NUMBERS_BEFORE(3) + 1, false },
        { 9, NUMBERS_BEFORE(7), NUMBERS_BEFORE(7) + 1, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (number_follows(rows[i].epoch, rows[i].before, rows[i].number) != rows[i].may)
            fail_msg("row %zu", i);
}

static void the_row_of_a_restore(void **state)
{
    struct restored restored = { .held = true, .restored_ms = 1, .backup_ms = -2, .released_ms = 3, .seq = 4,
                                 .last_event = 5, .walked_to = 6 }, again;
    uint8_t bytes[RESTORED_BYTES + 1] = { 0 };
    (void)state;
    restored_write(&restored, bytes);
    static const uint8_t pinned[RESTORED_BYTES] = {
        1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0,
        4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6,
    };
    assert_memory_equal(bytes, pinned, sizeof pinned);
    assert_true(restored_parse(span_of(bytes, RESTORED_BYTES), &again));
    assert_true(again.held && !again.walked && again.backup_ms == -2 && again.walked_to == 6);
    for (size_t size = 0; size < RESTORED_BYTES; size++)
        assert_false(restored_parse(span_of(bytes, size), &again));
    assert_false(restored_parse(span_of(bytes, RESTORED_BYTES + 1), &again));
    bytes[1] = 4;
    assert_false(restored_parse(span_of(bytes, RESTORED_BYTES), &again));
    bytes[0] = 2;
    assert_false(restored_parse(span_of(bytes, RESTORED_BYTES), &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_OPEN(it_is_the_store_again), SITE_OPEN(no_epoch_twice),
        SITE_OPEN(a_folder_with_something_in_it_is_left_alone), SITE_OPEN(one_that_was_cut_off_begins_anew),
        SITE_OPEN(a_faulty_backup_is_not_restored_from), SITE_OPEN(a_key_that_cannot_be_read),
        SITE_OPEN(attachments_come_back), SITE_OPEN(a_backup_with_a_bad_attachment_is_not_restored_from),
        SITE_OPEN(half_copied_attachments_begin_anew), SITE_OPEN(attachments_alone_are_somebodys),
        SITE_OPEN(a_clock_that_is_behind_the_backup), SITE_OPEN(a_key_that_is_not_there),
        SITE_OPEN(a_store_that_is_being_written), SITE_OPEN(another_schema_is_refused_with_what_to_do),
        SITE(an_older_schema_is_brought_up),
        cmocka_unit_test(which_number_may_follow), cmocka_unit_test(the_row_of_a_restore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
