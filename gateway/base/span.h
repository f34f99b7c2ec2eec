/* span.h - bytes that somebody else owns, and the two bounded buffers everything is written into.
 *
 * struct span    a pointer and a size; never owns. Dies with whatever it points into: each call says when.
 * struct arena   one block taken at start, cut into pieces, emptied at once. A piece lives until arena_reset().
 * struct text    a growing zero-terminated string in a caller's array; cut at the end, never past it, never inside
 *                a UTF-8 sequence; `cut` says that it happened.
 */
#ifndef GATEWAY_BASE_SPAN_H
#define GATEWAY_BASE_SPAN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "gateway/base/result.h"

struct span {
    const uint8_t *bytes;       /* NULL only when size is 0 */
    size_t         size;
};

/* Some of what follows is done dozens of times for one handoff and is smaller than a call. */
static inline struct span span_of(const void *bytes, size_t size)
{
    must(bytes || !size);
    return (struct span){ .bytes = (const uint8_t *)bytes, .size = size };
}

/* Without the zero byte; NULL gives an empty span. */
static inline struct span span_of_string(const char *string)
{
    return (struct span){ .bytes = (const uint8_t *)string, .size = string ? strlen(string) : 0 };
}

bool        span_equal(struct span a, struct span b);
bool        span_is_utf8(struct span span);              /* well-formed (RFC 3629) and without NUL */

/* Copies into a fixed array of `size` bytes and ends it with a zero byte. False, and nothing written but an empty
 * string, when it does not fit or holds a zero byte. */
MUST_USE bool span_to_string(struct span span, char *ret_string, size_t size);

struct arena {
    uint8_t *bytes;
    size_t   size, used;
};

MUST_USE enum result arena_init(struct arena *arena, size_t size);      /* RESULT_FULL: no memory */
void        arena_done(struct arena *arena);                            /* takes a zeroed or half-built one too */

static inline void arena_reset(struct arena *arena)                     /* every piece dies here */
{
    arena->used = 0;
}

static inline size_t arena_room(const struct arena *arena)
{
    return arena->size - arena->used;
}

void       *arena_take(struct arena *arena, size_t size);               /* aligned to 16; NULL when there is no room */
/* A copy of `from` in the arena. An empty span gives an empty one. False when there is no room. */
MUST_USE bool arena_copy(struct arena *arena, struct span from, struct span *ret_copy);

struct text {
    char  *string;              /* always zero-terminated */
    size_t size, used;          /* used: without the zero byte */
    bool   cut;
};

static inline struct text text_of(char *array, size_t size)             /* size at least 1 */
{
    must(size);
    array[0] = 0;
    return (struct text){ .string = array, .size = size };
}

void        text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void        text_add_v(struct text *text, const char *format, va_list arguments);
void        text_add_span(struct text *text, struct span span);
void        text_add_hex(struct text *text, const void *bytes, size_t size);

/* Hex digits to bytes: exactly 2 * size digits of either case, nothing else. */
MUST_USE bool hex_read(struct span hex, void *ret_bytes, size_t size);

#endif
