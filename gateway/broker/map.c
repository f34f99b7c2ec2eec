#include "gateway/broker/map.h"

#include <stdlib.h>

/* The finaliser of splitmix64: keys that have something in common must not crowd together. */
static uint64_t mix(uint64_t key)
{
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    return key ^ (key >> 31);
}

/* Handoff ids are given one after the other, and looked up in about that order: eight neighbours stand side by side, so
 * that a table too large for the processor's caches is not missed for each of them. */
enum { SIDE_BY_SIDE = 8 };

static uint32_t home(const struct map *map, uint64_t key)
{
    uint64_t group = mix(key / SIDE_BY_SIDE) * SIDE_BY_SIDE + key % SIDE_BY_SIDE;
    return (uint32_t)(group & (map->rows_count - 1));
}

/* The row of this key, or the free one where it would go. */
static uint32_t find(const struct map *map, uint64_t key)
{
    uint32_t row = home(map, key);
    while (map->rows[row].taken && map->rows[row].key != key)
        row = (row + 1) & (map->rows_count - 1);
    return row;
}

enum result map_init(struct map *map, uint32_t count_max)
{
    uint32_t rows = 16;
    while (rows < count_max * 2)
        rows *= 2;
    struct map_row *memory = calloc(rows, sizeof *memory);
    if (!memory)
        return RESULT_FULL;
    *map = (struct map){ .rows = memory, .rows_count = rows, .count_max = count_max };
    return RESULT_OK;
}

void map_done(struct map *map)
{
    free(map->rows);
    *map = (struct map){ 0 };
}

bool map_get(const struct map *map, uint64_t key, uint32_t *ret_value)
{
    uint32_t row = find(map, key);
    if (!map->rows[row].taken)
        return false;
    *ret_value = map->rows[row].value;
    return true;
}

void map_put(struct map *map, uint64_t key, uint32_t value)
{
    uint32_t row = find(map, key);
    if (!map->rows[row].taken) {
        must(map->count < map->count_max);
        map->count++;
    }
    map->rows[row] = (struct map_row){ .key = key, .value = value, .taken = true };
}

bool map_delete(struct map *map, uint64_t key)
{
    uint32_t mask = map->rows_count - 1, gap = find(map, key);
    if (!map->rows[gap].taken)
        return false;
    /* Whoever behind the gap could not be found any more across it moves into it; then his row is the gap. */
    for (uint32_t row = (gap + 1) & mask; map->rows[row].taken; row = (row + 1) & mask) {
        uint32_t wanted = home(map, map->rows[row].key);
        if (((row - wanted) & mask) >= ((row - gap) & mask)) {
            map->rows[gap] = map->rows[row];
            gap = row;
        }
    }
    map->rows[gap].taken = false;
    map->count--;
    return true;
}
