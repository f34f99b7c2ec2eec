/* table.h - what is known under a 16-byte key: message ids, correlations, (handoff, attempt). Open addressing; looking
 * up, adding and removing do not depend on how many there are.
 *
 * Owns its slots, never the items. RESULT_FULL: no memory, nothing changed. */
#ifndef GATEWAY_CLIENT_TABLE_H
#define GATEWAY_CLIENT_TABLE_H

#include <stdint.h>

#include "gateway/base/result.h"
#include "gateway/base/uuid.h"

struct key { uint64_t high, low; };
struct slot { struct key key; void *item; size_t hash; };       /* item NULL: free; hash: of the key */

struct table {
    struct slot *slots;
    size_t       size, count;                       /* size: 0 or a power of two */
};

struct key key_of_uuid(const struct uuid *uuid);
void  table_done(struct table *table);
void *table_find(const struct table *table, struct key key);                        /* NULL: not there */
MUST_USE enum result table_add(struct table *table, struct key key, void *item);    /* the key must not be there */
void  table_remove(struct table *table, struct key key);                            /* nothing when it is not there */

#endif
