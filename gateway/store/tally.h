/* tally.h - counts that many steps of one turn change: the differences are kept in memory and reach their rows once, at
 * the end of the turn. An aborted turn forgets them. Used for TABLE_COUNT and TABLE_SEALED. */
#ifndef GATEWAY_STORE_TALLY_H
#define GATEWAY_STORE_TALLY_H

#include "gateway/store/schema.h"

#include <stdint.h>

struct turn;

enum { TALLY_SLOTS = 1024 };            /* a power of two; when three quarters are used, all reach their rows early */

struct tally {
    unsigned used;
    uint16_t taken[TALLY_SLOTS];        /* the used ones, in the order in which they were taken */
    struct tally_slot {
        uint32_t number;                /* agency or day; 0: free */
        uint8_t  table, state;          /* state: 0 in TABLE_SEALED */
        int64_t  difference;
    } slots[TALLY_SLOTS];
};

void     tally_reset(struct tally *tally);
/* `number` is not 0. The count it belongs to must not fall below 0. */
void     tally_add(struct turn *turn, enum table table, uint32_t number, unsigned state, int64_t difference);
/* What the row will be at the end of this turn. */
uint64_t tally_value(struct turn *turn, enum table table, uint32_t number, unsigned state);
void     tally_flush(struct turn *turn);

#endif
