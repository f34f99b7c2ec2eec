/* figure_tally.h - figures that many dossiers of one turn change: the differences are kept in memory and reach their
 * rows once, at the end of the turn, as those of tally.h do. An aborted turn forgets them. */
#ifndef GATEWAY_STORE_FIGURE_TALLY_H
#define GATEWAY_STORE_FIGURE_TALLY_H

#include "gateway/store/bytes.h"
#include "gateway/store/record_figure.h"

struct turn;

enum { FIGURE_SLOTS = 192, FIGURE_PLACES = 512 };       /* places: a power of two */

struct figure_tally {
    unsigned used;
    uint16_t places[FIGURE_PLACES];         /* by hash: a slot's number + 1; 0 free */
    struct figure_slot {
        struct key key;                     /* of its row in TABLE_FIGURE */
        int64_t    differences[FIGURES];
    } slots[FIGURE_SLOTS];
};

void figure_tally_reset(struct figure_tally *tally);
/* Where the differences of a row are collected; good until the next call. No figure may fall below 0 in the end. When
 * all slots are used, all reach their rows early. */
int64_t *figure_tally_of(struct turn *turn, const struct key *key);
void figure_tally_flush(struct turn *turn);

#endif
