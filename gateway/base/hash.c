#include "gateway/base/hash.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

/* OpenSSL's SHA-256 uses the processor's own instructions where it has them, libsodium's does not: a sixth of the time.
 * Init, Update and Final need no memory of their own and cannot fail, so the deprecated interface is the right one
 * here. Not SHA256() in one call: since OpenSSL 3 that one takes memory, and without any it leaves the hash
 * unwritten. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

_Static_assert(HASH_SIZE == SHA256_DIGEST_LENGTH, "SHA-256");
_Static_assert(sizeof(SHA256_CTX) <= sizeof((struct hash_fields *)0)->state, "its state fits");

static SHA256_CTX *context_of(struct hash_fields *fields)
{
    return (SHA256_CTX *)(void *)fields->state;
}

enum result hash_start(void)
{
    return sodium_init() < 0 ? RESULT_BROKEN : RESULT_OK;
}

struct hash hash_of(struct span bytes)
{
    SHA256_CTX state;
    struct hash hash;
    (void)SHA256_Init(&state);
    (void)SHA256_Update(&state, bytes.bytes, bytes.size);
    (void)SHA256_Final(hash.bytes, &state);
    return hash;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

bool hash_is_zero(const struct hash *hash)
{
    static const struct hash zero;
    return hash_equal(hash, &zero);
}

uint64_t hash_short(const struct hash *hash)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | hash->bytes[i];
    return value;
}

void hash_text(const struct hash *hash, char ret_text[HASH_TEXT_SIZE])
{
    struct text text = text_of(ret_text, HASH_TEXT_SIZE);
    text_add_hex(&text, hash->bytes, HASH_SIZE);
}

static void hash_gathered(struct hash_fields *fields)
{
    (void)SHA256_Update(context_of(fields), fields->gather, fields->gathered);
    fields->gathered = 0;
}

void hash_fields_begin(struct hash_fields *fields, const char *domain)
{
    (void)SHA256_Init(context_of(fields));
    fields->gathered = 0;
    hash_fields_add(fields, 0, span_of_string(domain));         /* the domain is field 0 */
}

void hash_fields_add(struct hash_fields *fields, uint32_t number, struct span bytes)
{
    const uint32_t head[] = { htobe32(number), htobe32((uint32_t)bytes.size) };

    must(bytes.size <= UINT32_MAX);
    if (sizeof head > sizeof fields->gather - fields->gathered)
        hash_gathered(fields);
    memcpy(fields->gather + fields->gathered, head, sizeof head);
    fields->gathered += sizeof head;
    if (bytes.size > sizeof fields->gather - fields->gathered)
        hash_gathered(fields);
    if (bytes.size > sizeof fields->gather) {
        (void)SHA256_Update(context_of(fields), bytes.bytes, bytes.size);
    } else if (bytes.size) {
        memcpy(fields->gather + fields->gathered, bytes.bytes, bytes.size);
        fields->gathered += bytes.size;
    }
}

void hash_fields_add_u64(struct hash_fields *fields, uint32_t number, uint64_t value)
{
    uint64_t big = htobe64(value);
    hash_fields_add(fields, number, span_of(&big, sizeof big));
}

struct hash hash_fields_end(struct hash_fields *fields)
{
    struct hash hash;
    hash_gathered(fields);
    (void)SHA256_Final(hash.bytes, context_of(fields));
    return hash;
}

struct hash merkle_leaf(struct span bytes)
{
    static const uint8_t prefix = 0x00;
    SHA256_CTX state;
    struct hash hash;
    (void)SHA256_Init(&state);
    (void)SHA256_Update(&state, &prefix, 1);
    (void)SHA256_Update(&state, bytes.bytes, bytes.size);
    (void)SHA256_Final(hash.bytes, &state);
    return hash;
}

static struct hash merkle_node(const struct hash *left, const struct hash *right)
{
    uint8_t bytes[1 + 2 * HASH_SIZE] = { 0x01 };
    memcpy(bytes + 1, left->bytes, HASH_SIZE);
    memcpy(bytes + 1 + HASH_SIZE, right->bytes, HASH_SIZE);
    return hash_of(span_of(bytes, sizeof bytes));
}

/* The RFC splits at the largest power of two below the count, from the top. Pairing neighbours from the bottom and
 * lifting an odd last one unhashed builds the same tree, in place and without recursion. */
struct hash merkle_root(struct hash *leaves, size_t count)
{
    if (!count)
        return hash_of((struct span){ 0 });
    for (; count > 1; count = (count + 1) / 2) {
        for (size_t i = 0; i + 1 < count; i += 2)
            leaves[i / 2] = merkle_node(&leaves[i], &leaves[i + 1]);
        if (count % 2)
            leaves[count / 2] = leaves[count - 1];
    }
    return leaves[0];
}
