#include "gateway/base/pool.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gateway/base/result.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(bytes, size)   ((void)(bytes), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#define __lsan_register_root_region(bytes, size) ((void)(bytes), (void)(size))
#endif

/* A size is rounded up to one of these classes: 16, 32, 48 ... 128, since most pieces are small and share cache lines;
 * then two for each doubling, with 64 bytes more: 160, 192, 256, 320, 448, 576 ... 16448. So libcurl's buffer of 16 KiB
 * and one byte goes into the last, and the heads of large pieces, which are used most, do not all compete for the same
 * few places of the cache. */
enum { SMALL_STEP = 16, SMALL_CLASSES = 8, SMALL_BYTES_MAX = SMALL_STEP * SMALL_CLASSES, BYTES_MORE = 64,
       CLASSES = SMALL_CLASSES + 16 };
_Static_assert((4 << 12) + BYTES_MORE == POOL_PIECE_BYTES_MAX, "class_bytes() of the last");

/* A slab holds pieces of one class, side by side, and stays with it until pool_end(). */
enum { SLAB_BYTES = 256 << 10, SLABS = POOL_KEPT_BYTES_MAX / SLAB_BYTES, CLASS_PIECES_MAX = 32 << 10 };
_Static_assert(SLABS <= UINT8_MAX && (int)CLASSES <= (int)SLABS, "each fits in a byte, and each class can have a slab");
_Static_assert(SLAB_BYTES / (int)SMALL_STEP <= (int)CLASS_PIECES_MAX, "the stack has place for a slab of any class");

/* Addresses from the kernel; memory only where it has been written. */
struct memory {
    uint8_t slabs[SLABS][SLAB_BYTES];
    uint32_t kept[CLASSES][CLASS_PIECES_MAX];   /* stacks: where in the slabs a kept piece begins, the newest last */
};

/* The keeping thread's, save that everyone may read `memory`: it is written once. */
static struct {
    struct memory *memory;
    bool begun;
    uint8_t slabs;                              /* given to a class */
    uint8_t class_of[SLABS];
    uint8_t cut_in[CLASSES];                    /* the slab where the next piece is cut */
    uint32_t cut[CLASSES];                      /* how many pieces have been, in all */
    uint32_t kept[CLASSES];                     /* how many of them are on the stack */
} pool;

/* Asked in every call; "initial-exec": without a call to find out where it is. */
static _Thread_local bool keeps __attribute__((tls_model("initial-exec")));

/* What other threads freed, waiting for the keeping one. Others only add and the keeping one takes all at once, so that
 * nobody is misled by a piece that was taken off and has come again. */
struct returned {
    struct returned *next;
};
static struct returned *_Atomic returned;

/* The smallest class that holds so much. */
static inline unsigned class_for(size_t size)
{
    if (size <= SMALL_BYTES_MAX)
        return (unsigned)((size - !!size) / SMALL_STEP);
    size_t last = size - BYTES_MORE - 1;                                        /* 64 or more */
    unsigned bit = 63 ^ (unsigned)__builtin_clzl(last), upper = (unsigned)(last >> (bit - 1));  /* 6 or more; 2 or 3 */
    return SMALL_CLASSES + 2 * (bit - 6) + upper - 2;
}

static inline size_t class_bytes(unsigned class)
{
    if (class < SMALL_CLASSES)
        return SMALL_STEP * (class + 1);
    unsigned above = class - SMALL_CLASSES;
    return ((size_t)(3 + above % 2) << (5 + above / 2)) + BYTES_MORE;
}

/* Where it lies in the slabs. Not of the pool: sizeof pool.memory->slabs or more, there being a memory. */
static inline size_t place_of(const void *piece)
{
    return (uintptr_t)piece - (uintptr_t)pool.memory;
}

static inline bool is_ours(const void *piece)
{
    return pool.memory && place_of(piece) < sizeof pool.memory->slabs;
}

static inline unsigned class_at(size_t place)
{
    return pool.class_of[place / SLAB_BYTES];
}

static inline void keep(size_t place)
{
    unsigned class = class_at(place);

    ASAN_POISON_MEMORY_REGION(pool.memory->slabs[0] + place, class_bytes(class));
    pool.memory->kept[class][pool.kept[class]++] = (uint32_t)place;
}

/* One must be kept. */
static inline void *newest_kept(unsigned class)
{
    uint8_t *piece = (uint8_t *)pool.memory + pool.memory->kept[class][--pool.kept[class]];

    ASAN_UNPOISON_MEMORY_REGION(piece, class_bytes(class));
    return piece;
}

static void keep_returned(void)
{
    struct returned *piece = atomic_exchange(&returned, NULL);

    for (struct returned *next; piece; piece = next) {
        next = piece->next;
        keep(place_of(piece));
    }
}

/* By a thread that does not keep. That is seldom, so the piece itself may hold the link. */
static void return_piece(void *piece)
{
    struct returned *first = piece;

    first->next = atomic_load(&returned);
    while (!atomic_compare_exchange_weak(&returned, &first->next, first))
        ;
}

/* NULL: there is no room for more of this class. */
static void *cut_piece(unsigned class)
{
    uint32_t slab_pieces = (uint32_t)(SLAB_BYTES / class_bytes(class)), at = pool.cut[class] % slab_pieces;

    if (at == 0) {
        if (pool.slabs == SLABS || pool.cut[class] + slab_pieces > CLASS_PIECES_MAX)
            return NULL;
        pool.class_of[pool.slabs] = (uint8_t)class;
        pool.cut_in[class] = pool.slabs++;
    }
    pool.cut[class]++;
    uint8_t *piece = pool.memory->slabs[pool.cut_in[class]] + at * class_bytes(class);
    ASAN_UNPOISON_MEMORY_REGION(piece, class_bytes(class));
    return piece;
}

/* When none is kept. Not inlined: pool_malloc() would save registers for it each time. */
__attribute__((noinline)) static void *take_another(unsigned class, size_t size)
{
    keep_returned();
    void *piece = pool.kept[class] ? newest_kept(class) : cut_piece(class);
    return piece ? piece : malloc(size);
}

void pool_begin(void)
{
    must(!pool.begun);
    if (!pool.memory) {
        void *memory = mmap(NULL, sizeof *pool.memory, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return;
        pool.memory = memory;
        ASAN_POISON_MEMORY_REGION(pool.memory->slabs, sizeof pool.memory->slabs);
        __lsan_register_root_region(pool.memory->slabs, sizeof pool.memory->slabs);
    }
    pool.begun = keeps = true;
}

/* The addresses stay: where a piece may lie does not change while other threads ask. */
void pool_end(void)
{
    if (!keeps)
        return;
    keep_returned();
    pool.begun = keeps = false;
    if (memcmp(pool.kept, pool.cut, sizeof pool.cut) != 0)
        return;                                         /* a piece is out */
    madvise(pool.memory, sizeof *pool.memory, MADV_DONTNEED);
    pool.slabs = 0;
    memset(pool.cut, 0, sizeof pool.cut);
    memset(pool.kept, 0, sizeof pool.kept);
}

size_t pool_kept_bytes(void)
{
    size_t bytes = 0;

    for (unsigned class = 0; keeps && class < CLASSES; class++)
        bytes += pool.kept[class] * class_bytes(class);
    return bytes;
}

void *pool_malloc(size_t size)
{
    if (!keeps || size > POOL_PIECE_BYTES_MAX)
        return malloc(size);
    unsigned class = class_for(size);
    return pool.kept[class] ? newest_kept(class) : take_another(class, size);
}

void *pool_calloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    if (!keeps || bytes > POOL_PIECE_BYTES_MAX)
        return calloc(count, size);                     /* which may have zeros without writing them */
    void *piece = pool_malloc(bytes);
    return piece ? memset(piece, 0, bytes) : NULL;
}

/* Where this thread does not keep. */
__attribute__((noinline)) static void free_elsewhere(void *piece)
{
    if (is_ours(piece))
        return_piece(piece);
    else
        free(piece);
}

void pool_free(void *piece)
{
    if (!piece)                                         /* as often as not */
        return;
    if (!keeps) {
        free_elsewhere(piece);
        return;
    }
    size_t place = place_of(piece);
    if (place < sizeof pool.memory->slabs)
        keep(place);
    else
        free(piece);
}

void pool_wipe_and_free(void *piece)
{
    if (!piece)
        return;
    explicit_bzero(piece, is_ours(piece) ? class_bytes(class_at(place_of(piece))) : malloc_usable_size(piece));
    pool_free(piece);
}

void *pool_realloc(void *piece, size_t size)
{
    if (!piece)
        return pool_malloc(size);
    if (!is_ours(piece))
        return realloc(piece, size);
    size_t room = class_bytes(class_at(place_of(piece)));
    if (size <= room)
        return piece;
    void *larger = pool_malloc(size);
    if (larger) {
        memcpy(larger, piece, room);
        pool_free(piece);
    }
    return larger;
}

char *pool_strdup(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = pool_malloc(size);
    return copy ? memcpy(copy, string, size) : NULL;
}
