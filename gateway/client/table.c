#include "gateway/client/table.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_SIZE_FIRST = 64, SIDE_BY_SIDE = 8 };

struct key key_of_uuid(const struct uuid *uuid)
{
    struct key key;
    _Static_assert(sizeof key == sizeof uuid->bytes, "a message id is a key");
    memcpy(&key, uuid->bytes, sizeof key);
    return key;
}

/* Where a key would like to be, in its low bits: every bit of it counts (the finalizer of MurmurHash3). Numbers that
 * follow each other are used in about that order: eight of them stand side by side, and come into the processor's cache
 * together. */
static size_t hash_of_key(struct key key)
{
    uint64_t hash = key.high * 0x9E3779B97F4A7C15u ^ key.low / SIDE_BY_SIDE;
    hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDu;
    hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53u;
    return (size_t)((hash ^ hash >> 33) * SIDE_BY_SIDE + key.low % SIDE_BY_SIDE);
}

/* The slot of the key, or the free one where it belongs. The table is never full, so this ends. */
static struct slot *slot_of(const struct table *table, struct key key, size_t hash)
{
    size_t at = hash & (table->size - 1);

    while (table->slots[at].item && (table->slots[at].key.high != key.high || table->slots[at].key.low != key.low))
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

void *table_find(const struct table *table, struct key key)
{
    return table->size ? slot_of(table, key, hash_of_key(key))->item : NULL;
}

static enum result table_grow(struct table *table)
{
    struct table larger = { .size = table->size ? table->size * 2 : TABLE_SIZE_FIRST, .count = table->count };

    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (!larger.slots)
        return RESULT_FULL;
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].item)
            *slot_of(&larger, table->slots[i].key, table->slots[i].hash) = table->slots[i];
    free(table->slots);
    *table = larger;
    return RESULT_OK;
}

enum result table_add(struct table *table, struct key key, void *item)
{
    must(item);
    if (table->count >= table->size / 2) {
        enum result result = table_grow(table);
        if (result != RESULT_OK)
            return result;
    }
    size_t hash = hash_of_key(key);
    struct slot *slot = slot_of(table, key, hash);
    must(!slot->item);
    *slot = (struct slot){ .key = key, .item = item, .hash = hash };
    table->count++;
    return RESULT_OK;
}

/* Those behind in the same run move up where that brings them nearer to their home, so that no look-up meets a hole. */
void table_remove(struct table *table, struct key key)
{
    size_t mask = table->size - 1;
    struct slot *slot;

    if (!table->size || !(slot = slot_of(table, key, hash_of_key(key)))->item)
        return;
    size_t hole = (size_t)(slot - table->slots);
    for (size_t at = (hole + 1) & mask; table->slots[at].item; at = (at + 1) & mask) {
        if (((at - table->slots[at].hash) & mask) < ((at - hole) & mask))
            continue;
        table->slots[hole] = table->slots[at];
        hole = at;
    }
    table->slots[hole].item = NULL;
    table->count--;
}

void table_done(struct table *table)
{
    free(table->slots);
    *table = (struct table){ 0 };
}
