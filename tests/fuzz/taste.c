#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { PIECES = 8 };

struct taste taste_of(const uint8_t *bytes, size_t size)
{
    return (struct taste){ .at = bytes, .left = size };
}

static void take(struct taste *taste, void *ret_bytes, size_t size)
{
    size_t there = size < taste->left ? size : taste->left;

    memset(ret_bytes, 0, size);
    if (!there)
        return;
    memcpy(ret_bytes, taste->at, there);
    taste->at += there;
    taste->left -= there;
}

uint8_t taste_u8(struct taste *taste)
{
    uint8_t value;
    take(taste, &value, sizeof value);
    return value;
}

uint32_t taste_u32(struct taste *taste)
{
    uint8_t bytes[4];
    take(taste, bytes, sizeof bytes);
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint64_t taste_u64(struct taste *taste)
{
    uint64_t low = taste_u32(taste);
    return low | (uint64_t)taste_u32(taste) << 32;
}

uint32_t taste_below(struct taste *taste, uint32_t bound)
{
    must(bound > 0 && bound <= 256);
    return taste_u8(taste) % bound;
}

/* An own block for each, so that address sanitizers know where it ends. */
static struct span piece(struct taste *taste, size_t size)
{
    static uint8_t *pieces[PIECES];
    static unsigned next;
    unsigned at = next++ % PIECES;

    free(pieces[at]);
    pieces[at] = malloc(size ? size : 1);
    must(pieces[at] != NULL);
    take(taste, pieces[at], size);
    return span_of(size ? pieces[at] : NULL, size);
}

struct span taste_span(struct taste *taste, size_t most)
{
    size_t size = taste_u8(taste);

    size |= (size_t)taste_u8(taste) << 8;
    if (size > most)
        size = most;
    return piece(taste, size < taste->left ? size : taste->left);
}

struct span taste_rest(struct taste *taste)
{
    return piece(taste, taste->left);
}

void taste_text(struct taste *taste, char *ret_text, size_t size)
{
    size_t used = 0;

    for (uint8_t byte; (byte = taste_u8(taste)) != 0;)
        if (used < size - 1)
            ret_text[used++] = (char)byte;
    while (!span_is_utf8(span_of(ret_text, used)))
        used--;
    ret_text[used] = 0;
}
