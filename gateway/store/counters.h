/* counters.h - the numbers that change in nearly every turn: one row, written once at the end of a turn. Pure. */
#ifndef GATEWAY_STORE_COUNTERS_H
#define GATEWAY_STORE_COUNTERS_H

#include "gateway/base/hash.h"

enum { COUNTERS_BYTES = 1 + 2 * 4 + 8 * 8 + HASH_SIZE };

struct counters {
    uint32_t    epoch;              /* 1; one more after each restore */
    uint32_t    agencies;           /* the last number given to an agency */
    uint64_t    dossiers;           /* ... to a dossier */
    uint64_t    handoffs;           /* ... to a handoff of this epoch */
    uint64_t    places;             /* ... to a place in a lane */
    uint64_t    events;             /* ... to an event; restored.h says from where an epoch counts */
    uint64_t    bytes;              /* key + value of every row, this one too */
    uint64_t    covered_seq;        /* a backup holds every turn up to this one */
    uint64_t    seq;                /* the last turn; 0 none yet */
    int64_t     last_ms;            /* its now_ms */
    struct hash link;               /* its link */
};

void counters_write(const struct counters *counters, uint8_t bytes[COUNTERS_BYTES]);
MUST_USE bool counters_parse(struct span bytes, struct counters *ret_counters);

#endif
