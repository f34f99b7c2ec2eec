/* chain.h - how the history is bound together: what an auditor computes again. Pure.
 *
 * A leaf is an event's seq (8 bytes, big-endian) and the bytes of its record; the root of a turn is the RFC 9162 Merkle
 * root over its events in order of seq; a link hashes the link before it (zero for the first turn), the turn's seq,
 * its now_ms and the root. A turn without events has the root of nothing.
 */
#ifndef GATEWAY_STORE_CHAIN_H
#define GATEWAY_STORE_CHAIN_H

#include "gateway/base/hash.h"

struct hash chain_leaf(uint64_t event_seq, struct span record);
/* Domain "lienthong link v1"; fields 1 previous, 2 seq, 3 now_ms, 4 root. */
struct hash chain_next(const struct hash *previous, uint64_t seq, int64_t now_ms, const struct hash *root);

#endif
