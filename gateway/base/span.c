#include "gateway/base/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_ALIGN = 16 };

bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (!a.size || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* Size of the well-formed sequence at the start of [bytes, bytes + size), 0 when there is none (RFC 3629 section 4:
 * the second byte's range is what keeps out overlong forms, surrogates and everything past U+10FFFF). */
static size_t utf8_sequence(const uint8_t *bytes, size_t size)
{
    uint8_t first = bytes[0], low = 0x80, high = 0xBF;
    size_t length;

    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        length = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        length = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4;
    else
        return 0;
    if (first == 0xE0)
        low = 0xA0;
    else if (first == 0xED)
        high = 0x9F;
    else if (first == 0xF0)
        low = 0x90;
    else if (first == 0xF4)
        high = 0x8F;
    if (size < length || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

/* Eight bytes, none of them 0 and none above 0x7F? (a byte less 1 borrows into its top bit when it is 0) */
static bool is_plain(const uint8_t bytes[8])
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return !((word | (word - 0x0101010101010101u)) & 0x8080808080808080u);
}

bool span_is_utf8(struct span span)
{
    for (size_t i = 0; i < span.size;) {
        if (span.size - i >= 8 && is_plain(span.bytes + i)) {
            i += 8;
            continue;
        }
        if (span.size - i < 8 && span.size >= 8 && is_plain(span.bytes + span.size - 8))
            return true;                                        /* so is the rest, looked at with some of before */
        size_t length = utf8_sequence(span.bytes + i, span.size - i);
        if (!length || !span.bytes[i])
            return false;
        i += length;
    }
    return true;
}

bool span_to_string(struct span span, char *ret_string, size_t size)
{
    must(size);
    ret_string[0] = 0;
    if (span.size >= size || (span.size && memchr(span.bytes, 0, span.size)))
        return false;
    if (span.size)
        memcpy(ret_string, span.bytes, span.size);
    ret_string[span.size] = 0;
    return true;
}

enum result arena_init(struct arena *arena, size_t size)
{
    /* Rounded up, so that what malloc's alignment promises holds for the last piece too. */
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes)
        return RESULT_FULL;
    *arena = (struct arena){ .bytes = bytes, .size = size };
    return RESULT_OK;
}

void arena_done(struct arena *arena)
{
    free(arena->bytes);
    *arena = (struct arena){ 0 };
}

void *arena_take(struct arena *arena, size_t size)
{
    size_t room = arena_room(arena);
    if (size > room)
        return NULL;
    void *piece = arena->bytes + arena->used;
    size_t rounded = size + (ARENA_ALIGN - size % ARENA_ALIGN) % ARENA_ALIGN;
    arena->used += rounded < room ? rounded : room;
    return piece;
}

bool arena_copy(struct arena *arena, struct span from, struct span *ret_copy)
{
    if (!from.size) {
        *ret_copy = (struct span){ 0 };
        return true;
    }
    uint8_t *copy = arena_take(arena, from.size);
    if (!copy)
        return false;
    memcpy(copy, from.bytes, from.size);
    *ret_copy = span_of(copy, from.size);
    return true;
}

/* Takes off a sequence that was begun but not finished at the end of string[0 .. used). Bytes that were never UTF-8
 * stay: it is not for a buffer to mend what it was given. */
static size_t utf8_whole(const char *string, size_t used)
{
    for (size_t back = 1; back <= 3 && back <= used; back++) {
        uint8_t byte = (uint8_t)string[used - back];
        if ((byte & 0xC0) == 0x80)
            continue;
        size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return length > back ? used - back : used;
    }
    return used;
}

static void add_number(struct text *text, bool negative, uint64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    if (negative)
        *--at = '-';
    text_add_span(text, span_of(at, (size_t)(digits + sizeof digits - at)));
}

static void add_signed(struct text *text, int64_t number)
{
    add_number(text, number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* The conversions that nearly all formats are made of, without what printf takes to find out. False: there is another
 * one in it, and what was added is to be taken off again. */
static bool add_simple(struct text *text, const char *format, va_list arguments)
{
    for (;;) {
        size_t plain = (size_t)(strchrnul(format, '%') - format);
        text_add_span(text, span_of(format, plain));
        format += plain;
        if (!*format)
            return true;
        if (format[1] == 's')
            text_add_span(text, span_of_string(va_arg(arguments, const char *)));
        else if (format[1] == 'd')
            add_signed(text, va_arg(arguments, int));
        else if (format[1] == 'u')
            add_number(text, false, va_arg(arguments, unsigned));
        else if (strncmp(format + 1, "llu", 3) == 0)
            add_number(text, false, va_arg(arguments, unsigned long long));
        else if (strncmp(format + 1, "lld", 3) == 0)
            add_signed(text, va_arg(arguments, long long));
        else
            return false;
        format += format[1] == 'l' ? 4 : 2;
    }
}

void text_add_v(struct text *text, const char *format, va_list arguments)
{
    struct text before = *text;
    va_list copy;

    va_copy(copy, arguments);
    bool done = add_simple(text, format, copy);
    va_end(copy);
    if (done)
        return;
    *text = before;
    text->string[text->used] = 0;
    size_t room = text->size - text->used;
    int wanted = text->cut ? 0 : vsnprintf(text->string + text->used, room, format, arguments);
    must(wanted >= 0);
    if ((size_t)wanted < room) {
        text->used += (size_t)wanted;
        return;
    }
    text->used = utf8_whole(text->string, text->size - 1);
    text->string[text->used] = 0;
    text->cut = true;
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_add_v(text, format, arguments);
    va_end(arguments);
}

void text_add_span(struct text *text, struct span span)
{
    size_t room = text->size - text->used - 1;
    size_t size = span.size < room ? span.size : room;

    if (text->cut || !span.size)
        return;
    memcpy(text->string + text->used, span.bytes, size);
    text->used += size;
    if (size < span.size) {
        text->used = utf8_whole(text->string, text->used);
        text->cut = true;
    }
    text->string[text->used] = 0;
}

void text_add_hex(struct text *text, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    char pairs[64];
    for (size_t done = 0; done < size && !text->cut;) {
        size_t used = 0;
        for (; done < size && used < sizeof pairs; done++) {
            pairs[used++] = digits[from[done] >> 4];
            pairs[used++] = digits[from[done] & 15];
        }
        text_add_span(text, span_of(pairs, used));
    }
}

static int hex_digit(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool hex_read(struct span hex, void *ret_bytes, size_t size)
{
    uint8_t *to = ret_bytes;

    if (hex.size % 2 || hex.size / 2 != size)
        return false;
    for (size_t i = 0; i < hex.size; i++)           /* looked at whole before anything is written */
        if (hex_digit(hex.bytes[i]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(hex_digit(hex.bytes[2 * i]) << 4 | hex_digit(hex.bytes[2 * i + 1]));
    return true;
}
