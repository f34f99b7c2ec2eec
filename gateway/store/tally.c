#include "gateway/store/tally.h"

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

void tally_reset(struct tally *tally)
{
    for (unsigned i = 0; i < tally->used; i++)          /* a few of them, and the table is large */
        tally->slots[tally->taken[i]] = (struct tally_slot){ 0 };
    tally->used = 0;
}

static struct tally_slot *slot_of(struct tally *tally, enum table table, uint32_t number, unsigned state)
{
    unsigned at = (number * 2654435761u + state * 40503u + table) % TALLY_SLOTS;
    must(number);
    for (;; at = (at + 1) % TALLY_SLOTS) {
        struct tally_slot *slot = &tally->slots[at];
        if (!slot->number || (slot->number == number && slot->table == table && slot->state == state))
            return slot;
    }
}

static struct key row_key(enum table table, uint32_t number, unsigned state)
{
    struct key key = key_empty();
    key_u32(&key, number);
    if (table == TABLE_COUNT)
        key_u8(&key, state);
    return key;
}

void tally_add(struct turn *turn, enum table table, uint32_t number, unsigned state, int64_t difference)
{
    struct tally *tally = &turn->tally;
    must(turn->writable);
    if (tally->used > TALLY_SLOTS / 4 * 3)
        tally_flush(turn);
    struct tally_slot *slot = slot_of(tally, table, number, state);
    if (!slot->number) {
        slot->number = number;
        slot->table = (uint8_t)table;
        slot->state = (uint8_t)state;
        tally->taken[tally->used++] = (uint16_t)(slot - tally->slots);
    }
    slot->difference += difference;
}

static uint64_t value_with(struct turn *turn, const struct key *key, enum table table, int64_t difference)
{
    uint64_t value = 0;
    (void)row_get_u64(turn, table, key, &value);
    must(difference >= 0 || value >= (uint64_t)-difference);
    return value + (uint64_t)difference;
}

uint64_t tally_value(struct turn *turn, enum table table, uint32_t number, unsigned state)
{
    struct key key = row_key(table, number, state);
    return value_with(turn, &key, table, slot_of(&turn->tally, table, number, state)->difference);
}

void tally_flush(struct turn *turn)
{
    for (unsigned i = 0; i < turn->tally.used; i++) {
        struct tally_slot *slot = &turn->tally.slots[turn->tally.taken[i]];
        if (!slot->difference)
            continue;
        struct key key = row_key(slot->table, slot->number, slot->state);
        uint64_t value = value_with(turn, &key, slot->table, slot->difference);
        if (value)
            row_put_u64(turn, slot->table, &key, value);
        else
            row_delete(turn, slot->table, &key);
    }
    tally_reset(&turn->tally);
}
