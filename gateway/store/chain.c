#include "gateway/store/chain.h"

#include "gateway/store/bytes.h"
#include "gateway/store/records.h"

struct hash chain_leaf(uint64_t event_seq, struct span record)
{
    uint8_t bytes[8 + RECORD_BYTES_MAX];
    uint64_t big = htobe64(event_seq);
    must(record.size <= RECORD_BYTES_MAX);
    memcpy(bytes, &big, sizeof big);
    memcpy(bytes + sizeof big, record.bytes, record.size);
    return merkle_leaf(span_of(bytes, sizeof big + record.size));
}

struct hash chain_next(const struct hash *previous, uint64_t seq, int64_t now_ms, const struct hash *root)
{
    struct hash_fields fields;
    hash_fields_begin(&fields, "lienthong link v1");
    hash_fields_add(&fields, 1, span_of(previous->bytes, HASH_SIZE));
    hash_fields_add_u64(&fields, 2, seq);
    hash_fields_add_u64(&fields, 3, (uint64_t)now_ms);
    hash_fields_add(&fields, 4, span_of(root->bytes, HASH_SIZE));
    return hash_fields_end(&fields);
}
