/* bytes.h - numbers to bytes and back: values little-endian, keys big-endian so that they sort.
 *
 * struct pen       writes into an array that the caller knows to be large enough.
 * struct scan      reads from a span. After the first read past its end `bad` stays true and every read gives zero, so
 *                  one look at scan_end() tells whether everything was there and nothing is left over.
 * struct key       a key being put together.
 */
#ifndef GATEWAY_STORE_BYTES_H
#define GATEWAY_STORE_BYTES_H

#include <endian.h>
#include <string.h>

#include "gateway/base/limits.h"
#include "gateway/base/span.h"

struct pen {
    uint8_t *at;
};

static inline void pen_bytes(struct pen *pen, const void *bytes, size_t size)
{
    if (size)
        memcpy(pen->at, bytes, size);
    pen->at += size;
}

static inline void pen_u8(struct pen *pen, unsigned value)
{
    *pen->at++ = (uint8_t)value;
}

static inline void pen_u32(struct pen *pen, uint32_t value)
{
    uint32_t little = htole32(value);
    pen_bytes(pen, &little, sizeof little);
}

static inline void pen_u64(struct pen *pen, uint64_t value)
{
    uint64_t little = htole64(value);
    pen_bytes(pen, &little, sizeof little);
}

static inline void pen_i64(struct pen *pen, int64_t value)
{
    pen_u64(pen, (uint64_t)value);
}

struct scan {
    const uint8_t *at;
    size_t         left;
    bool           bad;
};

static inline struct scan scan_of(struct span span)
{
    return (struct scan){ .at = span.bytes, .left = span.size };
}

static inline void scan_bytes(struct scan *scan, void *ret_bytes, size_t size)
{
    if (scan->bad || scan->left < size) {
        scan->bad = true;
        memset(ret_bytes, 0, size);
        return;
    }
    if (size)
        memcpy(ret_bytes, scan->at, size);
    scan->at += size;
    scan->left -= size;
}

static inline uint8_t scan_u8(struct scan *scan)
{
    uint8_t value;
    scan_bytes(scan, &value, sizeof value);
    return value;
}

static inline uint32_t scan_u32(struct scan *scan)
{
    uint32_t little;
    scan_bytes(scan, &little, sizeof little);
    return le32toh(little);
}

static inline uint64_t scan_u64(struct scan *scan)
{
    uint64_t little;
    scan_bytes(scan, &little, sizeof little);
    return le64toh(little);
}

static inline int64_t scan_i64(struct scan *scan)
{
    return (int64_t)scan_u64(scan);
}

static inline bool scan_end(const struct scan *scan)
{
    return !scan->bad && !scan->left;
}

/* ---- pieces of records */

/* A text of `size` bytes, the ending zero included; one that has lost its end is our bug. */
static inline void pen_text(struct pen *pen, const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    must(length < size);
    pen_u8(pen, (unsigned)length);
    pen_bytes(pen, text, length);
}

static inline void scan_text(struct scan *scan, char *ret_text, size_t size)
{
    size_t length = scan_u8(scan);
    memset(ret_text, 0, size);
    if (length >= size) {
        scan->bad = true;
        return;
    }
    scan_bytes(scan, ret_text, length);
    if (memchr(ret_text, 0, length))
        scan->bad = true;
}

/* A number of a closed vocabulary: `first` is 1 where the value must be set, 0 where it may be missing. */
static inline unsigned scan_word(struct scan *scan, unsigned first, unsigned end)
{
    unsigned word = scan_u8(scan);
    if (word < first || word >= end)
        scan->bad = true;
    return word;
}

static inline bool scan_bool(struct scan *scan)
{
    return scan_word(scan, 0, 2) == 1;
}

static inline void scan_version(struct scan *scan, unsigned version)
{
    if (scan_u8(scan) != version)
        scan->bad = true;
}

/* ---- keys */

enum { KEY_BYTES_MAX = 96 };
_Static_assert(KEY_BYTES_MAX >= 4 + (int)CURSOR_NAME_SIZE && KEY_BYTES_MAX >= (int)DOSSIER_CODE_SIZE, "longest keys");

struct key {
    size_t  size;
    uint8_t bytes[KEY_BYTES_MAX];
};

/* How every key begins. Its array is not zeroed: that cost ten times what the rest of a key does, some thirty times a
 * handoff, and nobody looks past `size`. */
static inline struct key key_empty(void)
{
    struct key key;
    key.size = 0;
    return key;
}

static inline void key_bytes(struct key *key, const void *bytes, size_t size)
{
    must(size <= KEY_BYTES_MAX - key->size);
    if (size)
        memcpy(key->bytes + key->size, bytes, size);
    key->size += size;
}

static inline void key_u8(struct key *key, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    key_bytes(key, &byte, 1);
}

static inline void key_u32(struct key *key, uint32_t value)
{
    uint32_t big = htobe32(value);
    key_bytes(key, &big, sizeof big);
}

static inline void key_u64(struct key *key, uint64_t value)
{
    uint64_t big = htobe64(value);
    key_bytes(key, &big, sizeof big);
}

/* The sign bit flipped: the order of the bytes is the order of the times, those before 1970 too. */
static inline void key_i64(struct key *key, int64_t value)
{
    key_u64(key, (uint64_t)value ^ (1ULL << 63));
}

static inline struct span key_span(const struct key *key)
{
    return (struct span){ .bytes = key->bytes, .size = key->size };
}

/* Back from a key: the numbers that stand at `offset`. The caller has looked at the key's size. */
static inline uint32_t key_read_u32(struct span key, size_t offset)
{
    uint32_t big;
    memcpy(&big, key.bytes + offset, sizeof big);
    return be32toh(big);
}

static inline uint64_t key_read_u64(struct span key, size_t offset)
{
    uint64_t big;
    memcpy(&big, key.bytes + offset, sizeof big);
    return be64toh(big);
}

static inline int64_t key_read_i64(struct span key, size_t offset)
{
    return (int64_t)(key_read_u64(key, offset) ^ (1ULL << 63));
}

#endif
