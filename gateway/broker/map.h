/* map.h - from a u64 to a u32, of a fixed size: which session has this routing id, which one holds this handoff.
 *
 * Open addressing with linear probing; deleting moves those behind back, so there are no tombstones to sweep. All
 * memory is taken at map_init(); a put into a full map is a bug of the caller, who has counted (must).
 */
#ifndef GATEWAY_BROKER_MAP_H
#define GATEWAY_BROKER_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/result.h"

struct map_row {
    uint64_t key;
    uint32_t value;
    bool     taken;
};

struct map {
    struct map_row *rows;
    uint32_t rows_count;                    /* a power of two, at least twice count_max */
    uint32_t count, count_max;
};

MUST_USE enum result map_init(struct map *map, uint32_t count_max);     /* RESULT_FULL: no memory */
void map_done(struct map *map);                                         /* takes a zeroed one */
bool map_get(const struct map *map, uint64_t key, uint32_t *ret_value);
void map_put(struct map *map, uint64_t key, uint32_t value);            /* replaces what was there */
bool map_delete(struct map *map, uint64_t key);                         /* false: was not there */

#endif
