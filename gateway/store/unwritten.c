#include "gateway/store/unwritten.h"

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

void unwritten_reset(struct unwritten *unwritten)
{
    for (unsigned i = 0; i < UNWRITTEN_SLOTS && unwritten->used; i++)
        unwritten->slots[i].id = 0;
    unwritten->used = unwritten->ready_count = 0;
    unwritten->first_new = 0;
}

/* ---- handoffs */

static unsigned slot_of(uint64_t id)
{
    return (unsigned)(id & (UNWRITTEN_SLOTS - 1));
}

static void write_one(struct turn *turn, struct handoff *handoff)
{
    struct key key = key_empty();
    uint8_t record[RECORD_BYTES_MAX];

    key_u64(&key, handoff->id);
    struct span value = span_of(record, handoff_write(handoff, record));
    if (turn->unwritten.first_new && handoff->id >= turn->unwritten.first_new)
        row_put_new(turn, TABLE_HANDOFF, &key, value);
    else
        row_put(turn, TABLE_HANDOFF, &key, value);
    handoff->id = 0;
    turn->unwritten.used--;
}

const struct handoff *unwritten_find(const struct turn *turn, uint64_t id)
{
    const struct handoff *kept = &turn->unwritten.slots[slot_of(id)];
    return kept->id == id ? kept : NULL;
}

void unwritten_keep(struct turn *turn, const struct handoff *handoff)
{
    struct handoff *kept = &turn->unwritten.slots[slot_of(handoff->id)];

    must(turn->writable && handoff->id);
    turn->wrote = true;
    if (kept->id && kept->id != handoff->id)
        write_one(turn, kept);
    turn->unwritten.used += !kept->id;
    *kept = *handoff;
}

/* Beginning behind the newest: so they come in the order of their ids, which is that of their rows. */
void unwritten_flush_handoffs(struct turn *turn)
{
    unsigned first = slot_of(turn->counters.handoffs + 1);

    for (unsigned i = 0; i < UNWRITTEN_SLOTS && turn->unwritten.used; i++) {
        struct handoff *kept = &turn->unwritten.slots[(first + i) & (UNWRITTEN_SLOTS - 1)];
        if (kept->id)
            write_one(turn, kept);
    }
}

/* ---- ready rows */

/* Where this one stands, or would: mostly behind all others, or, sought, before them. */
static unsigned place_of(const struct unwritten *unwritten, const struct key *key)
{
    unsigned low = 0, high = unwritten->ready_count;

    must(key->size == READY_KEY_BYTES);
    if (!high || memcmp(unwritten->ready[0], key->bytes, READY_KEY_BYTES) >= 0)
        return 0;
    if (memcmp(unwritten->ready[high - 1], key->bytes, READY_KEY_BYTES) < 0)
        return high;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (memcmp(unwritten->ready[middle], key->bytes, READY_KEY_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void unwritten_keep_ready(struct turn *turn, const struct key *key)
{
    struct unwritten *unwritten = &turn->unwritten;
    unsigned place = place_of(unwritten, key);

    must(turn->writable);
    if (unwritten->ready_count == UNWRITTEN_READY_MAX) {
        row_put(turn, TABLE_READY, key, (struct span){ 0 });
        return;
    }
    turn->wrote = true;
    memmove(unwritten->ready[place + 1], unwritten->ready[place],
            (unwritten->ready_count - place) * sizeof *unwritten->ready);
    memcpy(unwritten->ready[place], key->bytes, READY_KEY_BYTES);
    unwritten->ready_count++;
}

bool unwritten_drop_ready(struct turn *turn, const struct key *key)
{
    struct unwritten *unwritten = &turn->unwritten;
    unsigned place = place_of(unwritten, key);

    if (place == unwritten->ready_count || memcmp(unwritten->ready[place], key->bytes, READY_KEY_BYTES) != 0)
        return false;
    unwritten->ready_count--;
    memmove(unwritten->ready[place], unwritten->ready[place + 1],
            (unwritten->ready_count - place) * sizeof *unwritten->ready);
    return true;
}

bool unwritten_ready_from(const struct turn *turn, const struct key *from, struct span *ret_key)
{
    const struct unwritten *unwritten = &turn->unwritten;
    unsigned place = place_of(unwritten, from);

    if (place == unwritten->ready_count || memcmp(unwritten->ready[place], from->bytes, READY_QUEUE_BYTES) != 0)
        return false;
    *ret_key = span_of(unwritten->ready[place], READY_KEY_BYTES);
    return true;
}

void unwritten_flush(struct turn *turn)
{
    struct unwritten *unwritten = &turn->unwritten;

    unwritten_flush_handoffs(turn);
    for (unsigned i = 0; i < unwritten->ready_count; i++) {
        struct key key = key_empty();
        key_bytes(&key, unwritten->ready[i], READY_KEY_BYTES);
        row_put(turn, TABLE_READY, &key, (struct span){ 0 });
    }
    unwritten->ready_count = 0;
}
