/* hash.h - SHA-256 (OpenSSL) as this project uses it: plain, over tagged fields, and as an RFC 9162 Merkle tree. */
#ifndef GATEWAY_BASE_HASH_H
#define GATEWAY_BASE_HASH_H

#include <stdint.h>

#include "gateway/base/span.h"

enum { HASH_SIZE = 32, HASH_TEXT_SIZE = 65 };

struct hash {
    uint8_t bytes[HASH_SIZE];
};

/* Once per process, before anything of libsodium (keys, sealing, ids). RESULT_BROKEN: no good randomness. */
MUST_USE enum result hash_start(void);

struct hash hash_of(struct span bytes);
bool        hash_equal(const struct hash *a, const struct hash *b);
bool        hash_is_zero(const struct hash *hash);
uint64_t    hash_short(const struct hash *hash);                    /* the first 8 bytes, big-endian */
void        hash_text(const struct hash *hash, char ret_text[HASH_TEXT_SIZE]);

/* Tagged fields: for each, u32 number and u32 size, both big-endian, then the bytes. So two different lists of fields
 * never give the same input. Begin with a domain that names what is hashed and its version. */
enum { HASH_GATHER_BYTES = 256 };
struct hash_fields {
    uint64_t state[16];
    size_t   gathered;                      /* small fields, to be hashed in one go */
    uint8_t  gather[HASH_GATHER_BYTES];
};
void        hash_fields_begin(struct hash_fields *fields, const char *domain);
void        hash_fields_add(struct hash_fields *fields, uint32_t number, struct span bytes);
void        hash_fields_add_u64(struct hash_fields *fields, uint32_t number, uint64_t value);   /* big-endian */
struct hash hash_fields_end(struct hash_fields *fields);

/* RFC 9162 section 2.1.1. A leaf is SHA-256(0x00 || bytes), a node SHA-256(0x01 || left || right), the root of nothing
 * is SHA-256(""). `leaves` is used as working space and destroyed. */
struct hash merkle_leaf(struct span bytes);
struct hash merkle_root(struct hash *leaves, size_t count);

#endif
