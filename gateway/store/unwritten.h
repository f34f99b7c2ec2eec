/* unwritten.h - what a turn changes more than once, kept in memory until its end, as counts are (tally.h). An aborted
 * turn forgets it.
 *
 * Handoffs    most are accepted and offered, or moved and noted, in one turn: the record reaches its row once.
 * Ready rows  what is accepted while its receiver waits is picked in the same turn: its row is never written at all.
 *             Rows that are in the table already are none of these. */
#ifndef GATEWAY_STORE_UNWRITTEN_H
#define GATEWAY_STORE_UNWRITTEN_H

#include "gateway/store/bytes.h"
#include "gateway/store/records.h"

struct turn;

enum {
    UNWRITTEN_SLOTS = 256,              /* a power of two. Ids rise by one: who has a slot already is from long ago */
    UNWRITTEN_READY_MAX = 256,          /* those above are written at once */
    READY_KEY_BYTES = 21,               /* recipient, class, due date, handoff: turn_queue.c */
    READY_QUEUE_BYTES = 5,              /* ... of which these two */
};

struct unwritten {
    unsigned used;
    uint64_t first_new;                         /* the first id that this turn gave out; 0: none */
    struct handoff slots[UNWRITTEN_SLOTS];      /* by id; id 0: free */
    unsigned ready_count;
    uint8_t ready[UNWRITTEN_READY_MAX][READY_KEY_BYTES];        /* rising, as in the table */
};

void unwritten_reset(struct unwritten *unwritten);
/* NULL: its row is as new as there is. Good until the next call. */
const struct handoff *unwritten_find(const struct turn *turn, uint64_t id);
/* Another one in its slot reaches its row early. */
void unwritten_keep(struct turn *turn, const struct handoff *handoff);
void unwritten_flush_handoffs(struct turn *turn);

void unwritten_keep_ready(struct turn *turn, const struct key *key);
/* False: it is not here, so it stands in the table. */
MUST_USE bool unwritten_drop_ready(struct turn *turn, const struct key *key);
/* The first from this one on with the same recipient and class. False: none. */
MUST_USE bool unwritten_ready_from(const struct turn *turn, const struct key *from, struct span *ret_key);

void unwritten_flush(struct turn *turn);        /* all of it */

#endif
