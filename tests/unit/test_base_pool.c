/* Kept memory: what is written into a piece stays there, whatever others are taken, grown and given back; the size that
 * its address tells; other threads; the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "gateway/base/pool.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

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
        taken->piece = dice(seed) % 16 ? pool_malloc(size) : malloc(size + 1);      /* pool_free() takes both */
        assert_non_null(taken->piece);
    } else if (size && dice(seed) % 2) {
        taken->piece = pool_realloc(taken->piece, size);
        assert_non_null(taken->piece);
        check(taken, common);
    } else {
        check(taken, taken->size);
        pool_free(taken->piece);
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
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal((uintptr_t)taken[i].piece % 16, 0);
        pool_free(taken[i].piece);
    }
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
    char *second = pool_malloc(16 * 1024);
    pool_free(second);
    pool_free(first);
    assert_ptr_equal(pool_malloc(16 * 1024), first);    /* the newest first */
    assert_ptr_equal(pool_malloc(16 * 1024), second);
    pool_free(first);
    pool_free(second);
    pool_free(NULL);
    pool_end();
}

/* How many bytes of the pool a piece of this size takes. */
static size_t room_for(size_t size)
{
    void *piece = pool_malloc(size);

    assert_non_null(piece);
    pool_free(piece);
    size_t kept = pool_kept_bytes();
    assert_ptr_equal(pool_malloc(size), piece);
    size_t room = kept - pool_kept_bytes();
    pool_free(piece);
    return room;
}

static void a_size_is_rounded_up_a_little(void **state)
{
    size_t smaller = 16;

    (void)state;
    pool_begin();
    for (size_t size = 0; size <= POOL_PIECE_BYTES_MAX; size++) {
        size_t room = room_for(size);
        assert_true(room >= size && room >= smaller && room % 16 == 0);
        assert_true(size <= 128 ? room < size + 16 || size == 0 : room < size * 3 / 2);
        smaller = room;
    }
    assert_int_equal(smaller, POOL_PIECE_BYTES_MAX);
    pool_end();
}

/* Pieces of all sizes are out together and are freed in another order; each is given out again for what it was. */
static void its_address_says_how_large_a_piece_is(void **state)
{
    static const size_t sizes[] = { 16, 17, 100, 128, 129, 320, 321, 1000, 4000, 16385 };
    enum { SIZES = sizeof sizes / sizeof *sizes, COUNT = SIZES * 101 };
    unsigned char *pieces[COUNT], *newest[SIZES];

    (void)state;
    pool_begin();
    for (size_t i = 0; i < COUNT; i++) {
        assert_non_null(pieces[i] = pool_malloc(sizes[i % SIZES]));
        memset(pieces[i], 0x5A, sizes[i % SIZES]);
    }
    assert_int_equal(pieces[SIZES] - pieces[0], 16);            /* side by side, nothing between them */
    assert_int_equal(pool_kept_bytes(), 0);
    for (size_t i = 0, at = 0; i < COUNT; i++, at = (at + 7) % COUNT) {
        pool_free(pieces[at]);
        newest[at % SIZES] = pieces[at];
    }
    for (size_t i = 0; i < COUNT; i++) {
        pieces[i] = pool_malloc(sizes[i % SIZES]);
        if (i < SIZES)
            assert_ptr_equal(pieces[i], newest[i]);
    }
    assert_int_equal(pool_kept_bytes(), 0);                     /* the same pieces, and no more of them */
    for (size_t i = 0; i < COUNT; i++)
        pool_free(pieces[i]);
    pool_end();
}

static void a_piece_grows_from_one_size_to_the_next(void **state)
{
    (void)state;
    pool_begin();
    char *text = pool_strdup("hồ sơ"), *same = pool_realloc(text, 16), *grown;
    assert_ptr_equal(same, text);                       /* there was room */
    for (size_t size = 17; size <= 4 * POOL_PIECE_BYTES_MAX; size += size) {
        assert_non_null(grown = pool_realloc(same, size));
        assert_string_equal(grown, "hồ sơ");
        same = grown;
    }
    pool_free(same);                                    /* malloc's by now */
    assert_ptr_equal(same = pool_malloc(16), text);     /* and what it grew out of was kept */
    pool_free(same);
    same = pool_realloc(NULL, 16);
    assert_ptr_equal(same, text);
    pool_free(same);

    char *heap = strdup("malloc's");                    /* stays malloc's when it grows, and goes back there */
    size_t kept = pool_kept_bytes();
    assert_non_null(grown = pool_realloc(heap, 5000));
    assert_string_equal(grown, "malloc's");
    pool_free(grown);
    assert_int_equal(pool_kept_bytes(), kept);
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
    void *small = pool_malloc(20);                      /* malloc's too: no room for a first piece of its size */
    assert_non_null(small);
    pool_free(small);
    assert_int_equal(pool_kept_bytes(), 0);
    for (size_t i = 0; i < count; i++)
        pool_free(pieces[i]);
    assert_in_range(pool_kept_bytes(), POOL_KEPT_BYTES_MAX / 10 * 9, POOL_KEPT_BYTES_MAX);
    size_t kept = pool_kept_bytes();
    void *large = pool_malloc(POOL_PIECE_BYTES_MAX + 1);        /* too large to be kept at all */
    assert_non_null(large);
    pool_free(large);
    assert_int_equal(pool_kept_bytes(), kept);
    assert_null(pool_calloc(SIZE_MAX / 2, 3));
    pool_end();
}

/* Of one size there are only so many, so that their notes have an end; nobody who asks for more is sent away. */
static void of_the_smallest_there_is_an_end(void **state)
{
    enum { COUNT = 100000 };
    static void *pieces[COUNT];

    (void)state;
    pool_begin();
    for (size_t i = 0; i < COUNT; i++) {
        assert_non_null(pieces[i] = pool_malloc(8));
        memcpy(pieces[i], &i, sizeof i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_memory_equal(pieces[i], &i, sizeof i);
        pool_free(pieces[i]);
    }
    assert_in_range(pool_kept_bytes(), 16, 16 * (COUNT - 1));
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
    void *answer, *piece;

    (void)state;
    pool_begin();
    assert_non_null(piece = pool_malloc(100));
    assert_int_equal(pthread_create(&thread, NULL, in_another_thread, piece), 0);
    assert_int_equal(pthread_join(thread, &answer), 0);
    assert_string_equal(answer, "another");
    assert_int_equal(pool_kept_bytes(), 0);             /* what was taken here and freed there is on its way */
    assert_ptr_equal(pool_malloc(100), piece);          /* and is found when none is kept */
    pool_free(piece);
    pool_free(answer);
    pool_end();
}

/* What the keeping thread takes and others free, all at the same time. Each hand holds a piece or nothing. */
enum { HANDS = 64, HANDED = 200000, FREEING = 2 };
struct handing {
    unsigned char *_Atomic hands[HANDS];
    atomic_bool over;
};

static void *free_what_is_handed(void *context)
{
    struct handing *handing = context;
    bool good = true;

    for (bool over = false; !over;) {
        over = handing->over;                           /* first: then what is in the hands is the last */
        for (size_t i = 0; i < HANDS; i++) {
            unsigned char *piece = atomic_exchange(&handing->hands[i], NULL);
            if (piece && piece[0] % 4 == 0)             /* grown here it is malloc's, and its old self goes home */
                piece = pool_realloc(piece, 300);
            good &= !piece || piece[0] == piece[39];
            pool_free(piece);
        }
    }
    return good ? handing : NULL;
}

static void what_is_wiped_is_found_by_nobody(void **state)
{
    (void)state;
    for (int keeping = 0; keeping <= 1; keeping++) {
        if (keeping)
            pool_begin();
        for (size_t size = 1; size <= 40000; size = size * 2 + 5) {
            unsigned char *piece = pool_malloc(size), *again;
            assert_non_null(piece);
            memset(piece, 0xA5, size);
            pool_wipe_and_free(piece);
            if (!keeping || size > POOL_PIECE_BYTES_MAX)
                continue;                               /* malloc's: it may write its own notes into it */
            again = pool_malloc(size);
            assert_ptr_equal(again, piece);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(again[i], 0);
            pool_free(again);
        }
        pool_wipe_and_free(NULL);
    }
    pool_end();
}

static void others_may_free_what_it_took(void **state)
{
    static struct handing handing;
    pthread_t threads[FREEING];

    (void)state;
    pool_begin();
    for (int i = 0; i < FREEING; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, free_what_is_handed, &handing), 0);
    for (size_t i = 0; i < HANDED; i++) {
        unsigned char *piece = pool_malloc(40 + i % 3 * 16);
        assert_non_null(piece);
        memset(piece, (int)(i % 251), 40);
        pool_free(atomic_exchange(&handing.hands[i % HANDS], piece));
    }
    handing.over = true;
    for (int i = 0; i < FREEING; i++) {
        void *answer;
        assert_int_equal(pthread_join(threads[i], &answer), 0);
        assert_ptr_equal(answer, &handing);
    }
    for (size_t i = 0; i < HANDS; i++)
        assert_null(handing.hands[i]);
    pool_end();
    pool_begin();                                       /* all had come home, so it begins with nothing */
    assert_int_equal(pool_kept_bytes(), 0);
    pool_end();
}

static void a_piece_may_outlive_the_end(void **state)
{
    pthread_t thread;
    void *answer;

    (void)state;
    pool_begin();
    char *first = pool_strdup("first"), *second = pool_strdup("second"), *third = pool_strdup("third");
    pool_free(third);
    pool_end();
    assert_int_equal(pool_kept_bytes(), 0);
    assert_string_equal(first, "first");
    assert_int_equal(pthread_create(&thread, NULL, in_another_thread, first), 0);
    assert_int_equal(pthread_join(thread, &answer), 0);
    assert_string_equal(answer, "another");
    pool_free(answer);
    char *moved = pool_realloc(second, 100);            /* to the heap: nobody keeps now */
    assert_string_equal(moved, "second");
    pool_free(moved);
    pool_begin();
    assert_ptr_equal(pool_malloc(16), third);           /* kept all the while */
    void *again = pool_malloc(16), *once_more = pool_malloc(16);
    assert_true((again == first && once_more == second) || (again == second && once_more == first));
    pool_free(again);
    pool_free(once_more);
    pool_free(third);
    pool_end();
}

static void what_is_kept_may_not_be_touched(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    pool_begin();
    char *piece = pool_malloc(100);
    assert_false(__asan_address_is_poisoned(piece + 99));
    pool_free(piece);
    assert_true(__asan_address_is_poisoned(piece));
    assert_true(__asan_address_is_poisoned(piece + 99));
    assert_ptr_equal(pool_malloc(100), piece);
    assert_false(__asan_address_is_poisoned(piece));
    pool_free(piece);
    pool_end();
#endif
}

static void without_a_beginning_it_is_the_heap(void **state)
{
    (void)state;
    char *piece = pool_malloc(10), *grown;
    assert_non_null(grown = realloc(piece, 20));        /* the C library's own */
    assert_non_null(grown = pool_realloc(grown, 30));
    free(grown);
    pool_free(malloc(10));
    pool_end();
    assert_int_equal(pool_kept_bytes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_beginning_it_is_the_heap),
        cmocka_unit_test(what_is_written_stays),
        cmocka_unit_test(a_piece_is_given_again),
        cmocka_unit_test(a_size_is_rounded_up_a_little),
        cmocka_unit_test(its_address_says_how_large_a_piece_is),
        cmocka_unit_test(a_piece_grows_from_one_size_to_the_next),
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(of_the_smallest_there_is_an_end),
        cmocka_unit_test(only_one_thread_keeps),
        cmocka_unit_test(what_is_wiped_is_found_by_nobody),
        cmocka_unit_test(others_may_free_what_it_took),
        cmocka_unit_test(a_piece_may_outlive_the_end),
        cmocka_unit_test(what_is_kept_may_not_be_touched),
        cmocka_unit_test(without_a_beginning_it_is_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
