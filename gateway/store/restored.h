/* restored.h - what a store knows of its last restore: one row of meta ("restored"), there once it has come back from
 * a backup. Pure.
 *
 * Numbers. A restored store does not know how far the one that was lost had come. So that no number is ever given a
 * second meaning, every epoch has its own: ids of handoffs carry the epoch in their top 16 bits, turns and events of
 * epoch n begin after NUMBERS_BEFORE(n). Within an epoch they have no gaps. */
#ifndef GATEWAY_STORE_RESTORED_H
#define GATEWAY_STORE_RESTORED_H

#include "gateway/base/span.h"

enum { EPOCH_MAX = UINT16_MAX, NUMBER_BITS = 40, RESTORED_BYTES = 1 + 1 + 3 * 8 + 3 * 8 };
#define NUMBERS_BEFORE(epoch) ((uint64_t)((epoch) - 1) << NUMBER_BITS)

struct restored {
    bool     held;              /* nothing is taken in, nothing given out, until a person releases the gateway */
    bool     walked;            /* every handoff of the backup has been judged (COMMAND_RESTORE) */
    int64_t  restored_ms;       /* when; message ids made before may have been accepted by what was lost */
    int64_t  backup_ms;         /* the last turn that the backup holds, its time */
    int64_t  released_ms;       /* 0 not yet */
    uint64_t seq;               /* ... and its number */
    uint64_t last_event;
    uint64_t walked_to;         /* handoffs up to this id have been judged */
};

void restored_write(const struct restored *restored, uint8_t bytes[RESTORED_BYTES]);
MUST_USE bool restored_parse(struct span bytes, struct restored *ret_restored);

/* Whether `number` (of a turn, of an event) may come right after `before` in a store of this epoch. */
bool number_follows(uint32_t epoch, uint64_t before, uint64_t number);

#endif
