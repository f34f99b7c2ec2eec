/* Kept memory: what is written into a piece stays there, whatever others are taken, grown and given back; the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "gateway/base/pool.h"

enum { PIECES = 300, STEPS = 100000 };

/* The next of a fixed row of numbers (Knuth's linear congruence), so that every run is the same. */
static uint32_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Most are small, some around the largest that is kept and beyond it. */
static size_t size_of_piece(uint64_t *state)
{
    uint32_t number = dice(state);
    return number % 8 ? number / 8 % 700 : number / 8 % (2 * POOL_PIECE_BYTES_MAX + 100);
}

struct taken {
    unsigned char *piece;
    size_t size;
};

static void check(const struct taken *taken, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(taken->piece[i], taken->size % 251);
}

static void step(struct taken *taken, uint64_t *seed)
{
    size_t size = size_of_piece(seed), common = size < taken->size ? size : taken->size;

    if (!taken->piece && dice(seed) % 2) {
        taken->piece = pool_calloc(1, size);
        assert_non_null(taken->piece);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(taken->piece[i], 0);
    } else if (!taken->piece) {
        taken->piece = dice(seed) % 16 ? pool_malloc(size) : malloc(size + 1);
        assert_non_null(taken->piece);
    } else if (size && dice(seed) % 2) {
        taken->piece = pool_realloc(taken->piece, size);
        assert_non_null(taken->piece);
        check(taken, common);
    } else {
        check(taken, taken->size);
        dice(seed) % 16 ? pool_free(taken->piece) : free(taken->piece);
        taken->piece = NULL;
        size = 0;
    }
    taken->size = size;
    if (taken->piece)
        memset(taken->piece, (int)(size % 251), size);
}

static void what_is_written_stays(void **state)
{
    struct taken taken[PIECES] = { 0 };
    uint64_t seed = 4711;

    (void)state;
    pool_begin();
    for (int i = 0; i < STEPS; i++)
        step(&taken[dice(&seed) % PIECES], &seed);
    assert_true(pool_kept_bytes() > 0);
    for (int i = 0; i < PIECES; i++)
        pool_free(taken[i].piece);
    pool_end();
    assert_int_equal(pool_kept_bytes(), 0);
}

static void a_piece_is_given_again(void **state)
{
    (void)state;
    pool_begin();
    char *first = pool_malloc(16 * 1024 + 1);           /* libcurl's receive buffer */
    pool_free(first);
    assert_int_equal(pool_kept_bytes(), POOL_PIECE_BYTES_MAX);
    assert_ptr_equal(pool_malloc(16 * 1024), first);
    assert_int_equal(pool_kept_bytes(), 0);
    pool_free(first);
    char *text = pool_strdup("hồ sơ"), *grown = pool_realloc(text, 30);
    assert_string_equal(grown, "hồ sơ");
    pool_free(grown);
    pool_free(NULL);
    pool_end();
}

static void what_is_kept_is_bounded(void **state)
{
    static void *pieces[2 * POOL_KEPT_BYTES_MAX / POOL_PIECE_BYTES_MAX];
    size_t count = sizeof pieces / sizeof *pieces;

    (void)state;
    pool_begin();
    for (size_t i = 0; i < count; i++)
        assert_non_null(pieces[i] = pool_malloc(POOL_PIECE_BYTES_MAX));
    for (size_t i = 0; i < count; i++)
        pool_free(pieces[i]);
    assert_in_range(pool_kept_bytes(), POOL_KEPT_BYTES_MAX - POOL_PIECE_BYTES_MAX, POOL_KEPT_BYTES_MAX);
    size_t kept = pool_kept_bytes();
    void *large = pool_malloc(2 * POOL_PIECE_BYTES_MAX);        /* too large to be kept at all */
    assert_non_null(large);
    pool_free(large);
    assert_int_equal(pool_kept_bytes(), kept);
    assert_null(pool_calloc(SIZE_MAX / 2, 3));
    pool_end();
}

static void *in_another_thread(void *piece)
{
    pool_free(piece);
    pool_free(pool_malloc(100));
    return pool_kept_bytes() ? NULL : pool_strdup("another");
}

static void only_one_thread_keeps(void **state)
{
    pthread_t thread;
    void *answer;

    (void)state;
    pool_begin();
    assert_int_equal(pthread_create(&thread, NULL, in_another_thread, pool_malloc(100)), 0);
    assert_int_equal(pthread_join(thread, &answer), 0);
    assert_string_equal(answer, "another");
    assert_int_equal(pool_kept_bytes(), 0);             /* what was taken here and freed there was not kept */
    pool_free(answer);
    pool_end();
}

static void without_a_beginning_it_is_the_heap(void **state)
{
    (void)state;
    char *piece = pool_malloc(10);
    assert_non_null(piece = pool_realloc(piece, 20));
    pool_free(piece);
    assert_int_equal(pool_kept_bytes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_stays),
        cmocka_unit_test(a_piece_is_given_again),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(only_one_thread_keeps),
        cmocka_unit_test(without_a_beginning_it_is_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
