/* Sealing: what is sealed opens only where it was put, unchanged, and while the key of its day is there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/gcm.h"
#include "gateway/store/seal.h"
#include "tests/unit/store_raw.h"

static struct seal *seal_with(const struct site *site, bool read_only, unsigned scheme)
{
    struct seal *seal;
    struct seal_options options = { .folder = site->store_folder, .read_only = read_only, .no_sync = true,
                                    .scheme = scheme };
    assert_int_equal(seal_open(&seal, &options), RESULT_OK);
    return seal;
}

static struct seal *seal_in(const struct site *site, bool read_only)
{
    return seal_with(site, read_only, 0);
}

/* Dates that another calendar (Python's datetime, UTC+7) gave. */
static void days(void **state)
{
    (void)state;
    assert_int_equal(seal_day(0), 19700101);
    assert_int_equal(seal_day(SITE_NOW_MS), SITE_DAY);
    assert_int_equal(seal_day(1709139599999), 20240228);            /* 23:59:59.999 before the leap day */
    assert_int_equal(seal_day(1709139600000), 20240229);
    assert_int_equal(seal_day(1709226000000), 20240301);
    assert_int_equal(seal_day(4107517199999), 21000228);            /* 2100 is no leap year */
    assert_int_equal(seal_day(4107517200000), 21000301);
    assert_int_equal(seal_day(951757199999), 20000228);
    assert_int_equal(seal_day(951757200000), 20000229);             /* 2000 is one */
    assert_int_equal(seal_day(1735664399999), 20241231);
    assert_int_equal(seal_day(1735664400000), 20250101);
    assert_int_equal(seal_day(-25200000), 19700101);
    assert_int_equal(seal_day(-25200001), 19691231);
}

enum { WORDS = 5, SEALED = WORDS + SEAL_EXTRA_BYTES };

static void seal_words(struct seal *seal, const char *label, uint8_t sealed[SEALED])
{
    assert_int_equal(seal_key(seal, SITE_DAY), RESULT_OK);
    memcpy(sealed + SEAL_HEAD_BYTES, "words", WORDS);
    seal_write(seal, SITE_DAY, span_of_string(label), sealed, WORDS);
}

static void round_trip(void **state)
{
    struct seal *seal = seal_in(*state, false);
    uint8_t sealed[SEALED], again[SEALED], plain[WORDS];
    uint32_t day;

    seal_words(seal, "body 1", sealed);
    seal_words(seal, "body 1", again);
    assert_memory_not_equal(sealed, again, SEALED);                 /* a nonce of its own each time */
    assert_null(memmem(sealed, SEALED, "words", WORDS));
    assert_true(seal_row_day(span_of(sealed, SEALED), &day));
    assert_int_equal(day, SITE_DAY);
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(sealed, SEALED), plain), RESULT_OK);
    assert_memory_equal(plain, "words", WORDS);
    seal_close(seal);
    seal = seal_in(*state, true);                                   /* another process */
    memset(plain, 0, WORDS);
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(again, SEALED), plain), RESULT_OK);
    assert_memory_equal(plain, "words", WORDS);
    seal_close(seal);
}

static void moved_or_changed(const struct site *site, unsigned scheme)
{
    struct seal *seal = seal_with(site, false, scheme);
    uint8_t sealed[SEALED], plain[SEALED];
    uint32_t day;

    seal_words(seal, "body 1", sealed);
    if (scheme)
        assert_int_equal(sealed[0], scheme);
    assert_int_equal(seal_read(seal, span_of_string("body 2"), span_of(sealed, SEALED), plain), RESULT_INVALID);
    assert_int_equal(seal_read(seal, span_of_string("body "), span_of(sealed, SEALED), plain), RESULT_INVALID);
    for (unsigned bit = 0; bit < 8 * SEALED; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        memset(plain, 'p', sizeof plain);
        enum result result = seal_read(seal, span_of_string("body 1"), span_of(sealed, SEALED), plain);
        /* A changed day has no key; everything else does not open. */
        assert_int_equal(result, bit / 8 >= 1 && bit / 8 <= 4 ? RESULT_NOT_FOUND : RESULT_INVALID);
        assert_memory_not_equal(plain, "words", WORDS);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    sealed[0] = sealed[0] == 1 ? 2 : 1;                             /* the other scheme is not tried on it */
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(sealed, SEALED), plain), RESULT_INVALID);
    sealed[0] = sealed[0] == 1 ? 2 : 1;
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(sealed, SEALED), plain), RESULT_OK);
    for (size_t size = 0; size < SEALED; size++)
        assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(sealed, size), plain), RESULT_INVALID);
    assert_false(seal_row_day(span_of(sealed, SEAL_EXTRA_BYTES - 1), &day));
    memset(sealed + 1, 0, 4);
    assert_false(seal_row_day(span_of(sealed, SEALED), &day));      /* day 0 is none */
    seal_close(seal);
}

static void moved_or_changed_does_not_open(void **state)
{
    moved_or_changed(*state, 1);
    moved_or_changed(*state, gcm_is_fast() ? 2 : 0);
}

/* What a processor sealed that has no instructions for scheme 2, and every store from before there was one. */
static void both_schemes_are_read(void **state)
{
    uint8_t old[SEALED], new[SEALED], plain[WORDS];
    struct seal *seal = seal_with(*state, false, 1);
    seal_words(seal, "body 1", old);
    seal_close(seal);
    seal = seal_in(*state, false);
    seal_words(seal, "body 1", new);
    assert_int_equal(old[0], 1);
    assert_int_equal(new[0], gcm_is_fast() ? 2 : 1);
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(old, SEALED), plain), RESULT_OK);
    assert_memory_equal(plain, "words", WORDS);
    seal_close(seal);
    seal = seal_with(*state, true, 1);
    memset(plain, 0, WORDS);
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(new, SEALED), plain), RESULT_OK);
    assert_memory_equal(plain, "words", WORDS);
    seal_close(seal);
}

static uint32_t day_after(const struct seal *seal, uint32_t after)
{
    uint32_t day = 99;
    assert_int_equal(seal_day_next(seal, after, &day), RESULT_OK);
    return day;
}

static void keys_in_their_folder(void **state)
{
    struct seal *seal = seal_in(*state, false);
    char path[SITE_PATH_SIZE];
    struct stat file;

    assert_int_equal(day_after(seal, 0), 0);
    assert_int_equal(seal_key(seal, 20231115), RESULT_OK);
    assert_int_equal(seal_key(seal, 20231114), RESULT_OK);
    assert_int_equal(seal_key(seal, 20240101), RESULT_OK);
    assert_int_equal(day_after(seal, 0), 20231114);
    assert_int_equal(day_after(seal, 20231114), 20231115);
    assert_int_equal(day_after(seal, 20231115), 20240101);
    assert_int_equal(day_after(seal, 20240101), 0);
    site_path(*state, "store/day-20231115.key", path);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, 32);
    assert_int_equal(file.st_mode & 07777, 0600);
    site_path(*state, "store/new.key", path);
    assert_int_equal(stat(path, &file), -1);

    /* A file that is no key is no key, and is not overwritten. */
    site_path(*state, "store/day-20231116.key", path);
    FILE *short_key = fopen(path, "w");
    fputs("short", short_key);
    fclose(short_key);
    assert_int_equal(seal_key(seal, 20231116), RESULT_BROKEN);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, 5);
    seal_close(seal);
}

/* A folder that cannot be read is not one without keys. */
static void keys_that_cannot_be_listed(void **state)
{
    struct seal *seal = seal_in(*state, false);
    struct rlimit before, limit;
    uint32_t day = 99;

    assert_int_equal(seal_key(seal, SITE_DAY), RESULT_OK);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    enum result result = seal_day_next(seal, 0, &day);
    int error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, RESULT_BROKEN);
    assert_int_equal(error, EMFILE);
    assert_int_equal(day, 0);
    assert_int_equal(day_after(seal, 0), SITE_DAY);
    seal_close(seal);
}

static void a_dropped_key_is_gone(void **state)
{
    struct seal *seal = seal_in(*state, false);
    uint8_t sealed[SEALED], plain[WORDS];
    char path[SITE_PATH_SIZE];

    seal_words(seal, "body 1", sealed);
    assert_int_equal(seal_drop(seal, SITE_DAY), RESULT_OK);
    site_path(*state, "store/day-20231115.key", path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(sealed, SEALED), plain), RESULT_NOT_FOUND);
    assert_int_equal(seal_drop(seal, SITE_DAY), RESULT_NOT_FOUND);
    /* A new key for the same day does not open what the old one sealed. */
    assert_int_equal(seal_key(seal, SITE_DAY), RESULT_OK);
    assert_int_equal(seal_read(seal, span_of_string("body 1"), span_of(sealed, SEALED), plain), RESULT_INVALID);
    seal_close(seal);

    seal = seal_in(*state, true);                                   /* reading makes no key */
    assert_int_equal(seal_key(seal, 20990101), RESULT_NOT_FOUND);
    assert_int_equal(day_after(seal, SITE_DAY), 0);
    seal_close(seal);
}

/* More days than keys are kept in memory, read in turn, while today's goes on sealing. */
static void many_days(void **state)
{
    struct seal *seal = seal_in(*state, false);
    uint8_t sealed[20][SEALED], plain[WORDS], today[SEALED];
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t day = 20230101 + i;
        assert_int_equal(seal_key(seal, day), RESULT_OK);
        memcpy(sealed[i] + SEAL_HEAD_BYTES, "words", WORDS);
        seal_write(seal, day, span_of_string("x"), sealed[i], WORDS);
    }
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t i = 0; i < 20; i++) {
            seal_words(seal, "today", today);
            assert_int_equal(seal_read(seal, span_of_string("x"), span_of(sealed[i], SEALED), plain), RESULT_OK);
            assert_int_equal(seal_read(seal, span_of_string("today"), span_of(today, SEALED), plain), RESULT_OK);
        }
    seal_close(seal);
    seal_close(NULL);
}

static void digests(void **state)
{
    struct seal *seal = seal_in(*state, false);
    struct span words = span_of_string("409 trùng mã hồ sơ");
    struct hash one, two;

    assert_int_equal(seal_key(seal, SITE_DAY), RESULT_OK);
    one = seal_digest(seal, SITE_DAY, 7, words);
    two = seal_digest(seal, SITE_DAY, 7, words);
    assert_true(hash_equal(&one, &two));
    two = seal_digest(seal, SITE_DAY, 8, words);                    /* the same words of another event */
    assert_false(hash_equal(&one, &two));
    two = seal_digest(seal, SITE_DAY, 7, span_of_string("409 trùng mã hồ s"));
    assert_false(hash_equal(&one, &two));
    assert_int_equal(seal_key(seal, SITE_DAY + 1), RESULT_OK);
    two = seal_digest(seal, SITE_DAY + 1, 7, words);
    assert_false(hash_equal(&one, &two));
    two = hash_of(words);
    assert_false(hash_equal(&one, &two));
    seal_close(seal);
}

/* ---- in the store */

struct sealed_pair { uint64_t first, second; };

static void two_bodies(struct turn *turn, void *context)
{
    struct sealed_pair *pair = context;
    pair->first = turn_handoff_new_id(turn);
    pair->second = turn_handoff_new_id(turn);
    turn_body_put(turn, pair->first, span_of_string("header one"), span_of_string("payload one"));
    turn_body_put(turn, pair->second, span_of_string("header two"), (struct span){ 0 });
}

static void only_the_second_goes(struct turn *turn, void *context)
{
    turn_body_delete(turn, ((struct sealed_pair *)context)->second);
    turn_body_delete(turn, ((struct sealed_pair *)context)->second);        /* takes one that is gone */
}

static void the_first_goes(struct turn *turn, void *context)
{
    turn_body_delete(turn, ((struct sealed_pair *)context)->first);
}

static void first_is_there(struct turn *turn, void *context)
{
    struct sealed_pair *pair = context;
    struct arena arena;
    struct span header, payload;
    assert_int_equal(arena_init(&arena, 1024), RESULT_OK);
    assert_int_equal(turn_body(turn, pair->first, &arena, &header, &payload), RESULT_OK);
    assert_true(span_equal(header, span_of_string("header one")));
    assert_true(span_equal(payload, span_of_string("payload one")));
    assert_int_equal(turn_body(turn, pair->second, &arena, &header, &payload), RESULT_NOT_FOUND);
    arena_done(&arena);
}

static void first_is_gone(struct turn *turn, void *context)
{
    struct arena arena;
    struct span header, payload;
    assert_int_equal(arena_init(&arena, 1024), RESULT_OK);
    assert_int_equal(turn_body(turn, ((struct sealed_pair *)context)->first, &arena, &header, &payload),
                     RESULT_NOT_FOUND);
    assert_int_equal(arena_room(&arena), 1024);
    arena_done(&arena);
}

/* A day's key goes when its last sealed row has gone, and not before; never today's. */
static void days_of_the_store(void **state)
{
    struct site *site = *state;
    struct sealed_pair pair;
    int64_t tomorrow_ms = SITE_NOW_MS + 24 * 3600 * 1000;
    char path[SITE_PATH_SIZE];

    site_path(site, "store/keys/day-20231115.key", path);
    assert_int_equal(access(path, F_OK), -1);                       /* made by the first seal */
    site_turn(site, SITE_NOW_MS, two_bodies, &pair);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(store_drop_day_keys(site->store, tomorrow_ms), 0);
    site_turn(site, tomorrow_ms, only_the_second_goes, &pair);
    assert_int_equal(store_drop_day_keys(site->store, tomorrow_ms), 0);
    site_read(site, first_is_there, &pair);
    site_turn(site, tomorrow_ms, the_first_goes, &pair);
    assert_int_equal(store_drop_day_keys(site->store, SITE_NOW_MS), 0);     /* still that day */
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(store_drop_day_keys(site->store, tomorrow_ms), 1);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(store_drop_day_keys(site->store, tomorrow_ms), 0);
}

/* What a kill leaves besides the journal, and what another process sees, has no row of a day whose key is gone. */
static void a_key_goes_after_its_rows(void **state)
{
    struct site *site = *state;
    struct sealed_pair pair;
    struct raw raw;
    struct span value;
    int64_t tomorrow_ms = SITE_NOW_MS + 24 * 3600 * 1000;

    site_turn(site, SITE_NOW_MS, two_bodies, &pair);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    site_turn(site, tomorrow_ms, only_the_second_goes, &pair);
    site_turn(site, tomorrow_ms, the_first_goes, &pair);
    assert_int_equal(store_settling(site->store), SETTLING_OPEN);
    assert_int_equal(store_drop_day_keys(site->store, tomorrow_ms), 1);
    store_leave(site->store);
    site->store = NULL;
    raw_open(&raw, site->store_folder, false);
    assert_false(raw_get(&raw, TABLE_SEALED, KEY("4", SITE_DAY), &value));
    assert_int_equal(raw_rows(&raw, TABLE_BODY), 0);
    raw_done(&raw);
}

/* The key was deleted by hand: everything of that day reads as purged. */
static void without_its_key_a_body_is_purged(void **state)
{
    struct site *site = *state;
    struct sealed_pair pair;
    char path[SITE_PATH_SIZE];

    site_turn(site, SITE_NOW_MS, two_bodies, &pair);
    site_turn(site, SITE_NOW_MS, only_the_second_goes, &pair);
    site_read(site, first_is_there, &pair);
    site_close(site);
    site_path(site, "store/keys/day-20231115.key", path);
    assert_int_equal(unlink(path), 0);
    site_open(site);
    site_read(site, first_is_gone, &pair);
    pair.second = pair.first;
    site_turn(site, SITE_NOW_MS, only_the_second_goes, &pair);      /* and can still be deleted */
    assert_int_equal(store_drop_day_keys(site->store, SITE_NOW_MS + 48 * 3600 * 1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days), SITE(round_trip), SITE(moved_or_changed_does_not_open), SITE(both_schemes_are_read),
        SITE(keys_in_their_folder), SITE(keys_that_cannot_be_listed), SITE(a_dropped_key_is_gone), SITE(many_days),
        SITE(digests),
        SITE_OPEN(days_of_the_store), SITE_OPEN(a_key_goes_after_its_rows), SITE_OPEN(without_its_key_a_body_is_purged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
