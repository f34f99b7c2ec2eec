#include "gateway/store/figure_tally.h"

#include <xxhash.h>

#include "gateway/store/inside.h"

void figure_tally_reset(struct figure_tally *tally)
{
    if (!tally->used)
        return;
    memset(tally->places, 0, sizeof tally->places);
    tally->used = 0;
}

int64_t *figure_tally_of(struct turn *turn, const struct key *key)
{
    struct figure_tally *tally = &turn->figures;
    unsigned at = (unsigned)XXH3_64bits(key->bytes, key->size) % FIGURE_PLACES;

    must(turn->writable);
    for (; tally->places[at]; at = (at + 1) % FIGURE_PLACES) {
        struct figure_slot *slot = &tally->slots[tally->places[at] - 1];
        if (span_equal(key_span(&slot->key), key_span(key)))
            return slot->differences;
    }
    if (tally->used == FIGURE_SLOTS) {
        figure_tally_flush(turn);
        return figure_tally_of(turn, key);
    }
    struct figure_slot *slot = &tally->slots[tally->used++];
    tally->places[at] = (uint16_t)tally->used;
    slot->key = *key;
    memset(slot->differences, 0, sizeof slot->differences);
    return slot->differences;
}

static void write_row(struct turn *turn, const struct figure_slot *slot)
{
    struct figures figures = { 0 };
    uint8_t record[RECORD_BYTES_MAX];
    struct span value;
    bool changed = false, any = false;

    for (unsigned i = 0; i < FIGURES; i++)
        changed = changed || slot->differences[i];
    if (!changed)
        return;
    bool there = row_get(turn, TABLE_FIGURE, &slot->key, &value);
    if (there && !figures_parse(value, &figures))
        turn_fail(turn, RESULT_BROKEN, "figures that no version explains");
    for (unsigned i = 0; i < FIGURES; i++) {
        int64_t difference = slot->differences[i];
        must(difference >= 0 || figures.of[i] >= (uint64_t)-difference);
        figures.of[i] += (uint64_t)difference;
        any = any || figures.of[i];
    }
    if (any)
        row_put(turn, TABLE_FIGURE, &slot->key, span_of(record, figures_write(&figures, record)));
    else
        row_delete(turn, TABLE_FIGURE, &slot->key);
}

void figure_tally_flush(struct turn *turn)
{
    for (unsigned i = 0; i < turn->figures.used; i++)
        write_row(turn, &turn->figures.slots[i]);
    figure_tally_reset(&turn->figures);
}
