/* store_raw.h - rows of a closed store as bytes, past all typed calls: to damage one thing at a time, and to compare.
 * The store's own byte count is kept right, so that a damage is one fault. */
#ifndef TESTS_UNIT_STORE_RAW_H
#define TESTS_UNIT_STORE_RAW_H

#include <lmdb.h>

#include "gateway/store/bytes.h"
#include "gateway/store/counters.h"
#include "gateway/store/schema.h"
#include "tests/unit/store_site.h"

struct raw {
    const char *folder;                                     /* lent */
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi  tables[TABLES];
};

void raw_open(struct raw *raw, const char *folder, bool writable);
void raw_done(struct raw *raw);                             /* commits when writable */

/* Lent until the next put or delete. */
bool        raw_get(struct raw *raw, enum table table, struct key key, struct span *ret_value);
void        raw_put(struct raw *raw, enum table table, struct key key, struct span value);
void        raw_delete(struct raw *raw, enum table table, struct key key);
/* Adds to one byte of a value: of a record, of ciphertext, of a number. */
void        raw_change(struct raw *raw, enum table table, struct key key, size_t offset, int difference);
size_t      raw_rows(struct raw *raw, enum table table);
/* Every row of every table but the counters' bytes, in order, as one hash. */
struct hash raw_content(struct raw *raw);

struct counters raw_counters(struct raw *raw);
void            raw_counters_put(struct raw *raw, const struct counters *counters);

/* KEY("418", 1, 2, 3): numbers of 4, 1 and 8 bytes, big-endian. A time is KEY_TIME(ms) in 8 bytes. */
#define KEY(sizes, ...) raw_key(sizes, (const uint64_t[]){ __VA_ARGS__ })
#define KEY_TIME(ms) ((uint64_t)(ms) ^ 1ULL << 63)
struct key raw_key(const char *sizes, const uint64_t *numbers);
struct key raw_key_of(const void *bytes, size_t size);

#endif
