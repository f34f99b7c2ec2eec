#include "gateway/base/pool.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A size is rounded up to one of these classes: 24 bytes more than a power of two, so that each is what the C library
 * hands out anyway, and libcurl's buffer of 16 KiB and one byte goes into the last. */
enum { CLASSES = 11, CLASS_BYTES_FIRST = 16, BYTES_MORE = 24 };
_Static_assert((CLASS_BYTES_FIRST << (CLASSES - 1)) + BYTES_MORE == POOL_PIECE_BYTES_MAX, "the last class");

struct piece {
    struct piece *next;
};

struct pool {
    bool keeps;
    size_t bytes;
    struct piece *kept[CLASSES];
};

static _Thread_local struct pool own;

static inline size_t class_bytes(unsigned class)
{
    return ((size_t)CLASS_BYTES_FIRST << class) + BYTES_MORE;
}

/* Of a number that is not 0: where its highest bit is, the lowest being 0. */
static inline unsigned highest_bit(size_t number)
{
    return 63 - (unsigned)__builtin_clzl(number);
}

/* The smallest class that holds so much; CLASSES or more: none. */
static inline unsigned class_for(size_t size)
{
    return size <= class_bytes(0) ? 0 : highest_bit((size - BYTES_MORE - 1) / CLASS_BYTES_FIRST) + 1;
}

/* The largest class for which a piece with so much room is good; at least class_bytes(0). */
static inline unsigned class_of(size_t room)
{
    return highest_bit((room - BYTES_MORE) / CLASS_BYTES_FIRST);
}

void pool_begin(void)
{
    own.keeps = true;
}

void pool_end(void)
{
    for (unsigned class = 0; class < CLASSES; class++)
        for (struct piece *piece = own.kept[class], *next; piece; piece = next) {
            next = piece->next;
            free(piece);
        }
    own = (struct pool){ 0 };
}

size_t pool_kept_bytes(void)
{
    return own.bytes;
}

void *pool_malloc(size_t size)
{
    unsigned class = class_for(size);
    struct piece *piece = class < CLASSES ? own.kept[class] : NULL;

    if (!piece)                                         /* always, in a thread that keeps nothing */
        return malloc(own.keeps && class < CLASSES ? class_bytes(class) : size);
    own.kept[class] = piece->next;
    own.bytes -= class_bytes(class);
    return piece;
}

void *pool_calloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    if (!own.keeps || bytes > POOL_PIECE_BYTES_MAX)
        return calloc(count, size);             /* which may have zeros without writing them */
    void *piece = pool_malloc(bytes);
    return piece ? memset(piece, 0, bytes) : NULL;
}

static void keep(struct piece *piece, size_t room)
{
    unsigned class = class_of(room);

    if (own.bytes + class_bytes(class) > POOL_KEPT_BYTES_MAX) {
        free(piece);
        return;
    }
    piece->next = own.kept[class];
    own.kept[class] = piece;
    own.bytes += class_bytes(class);
}

void pool_free(void *piece)
{
    if (!piece)                                         /* as often as not */
        return;
    size_t room = own.keeps ? malloc_usable_size(piece) : 0;
    if (room >= class_bytes(0) && room < class_bytes(CLASSES))
        keep(piece, room);
    else
        free(piece);
}

void *pool_realloc(void *piece, size_t size)
{
    size_t room = piece ? malloc_usable_size(piece) : 0;

    if (!own.keeps || size > POOL_PIECE_BYTES_MAX)
        return realloc(piece, size);
    if (piece && size <= room)
        return piece;
    void *larger = pool_malloc(size);
    if (larger && piece) {
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
