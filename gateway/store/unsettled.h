/* unsettled.h - rows that stand in the journal and will mostly never reach the open transaction: a handoff's place in
 * its lane and among the ready, that a session has it, and the lease of that come and go within some milliseconds;
 * settling comes every hundred. What is still there then is put by unsettled_flush().
 *
 * Seen      through row.c they are rows like any other; check.c, which walks the tables themselves, settles first.
 * New       what is put here does not stand in the transaction: who owns a row knows (README.md). Else
 *           unsettled_flush() stops the program.
 * Lifetime  that of store->open: committed with it, or given up with it, when the journal has them.
 * Bound     UNSETTLED_ROWS of a table; what comes above is put into the transaction at once.
 */
#ifndef GATEWAY_STORE_UNSETTLED_H
#define GATEWAY_STORE_UNSETTLED_H

#include "gateway/store/bytes.h"
#include "gateway/store/schema.h"

struct store;

enum { UNSETTLED_ROWS = 1024, UNSETTLED_KEY_BYTES = 24, UNSETTLED_VALUE_BYTES = 8 };

struct unsettled_row {
    uint8_t key[UNSETTLED_KEY_BYTES];           /* zeros behind it: keys of one table are of one size */
    uint8_t value[UNSETTLED_VALUE_BYTES];
};

/* Rising. Most come at the end and go from the front. */
struct unsettled_list {
    unsigned begin, end;                        /* in rows[] */
    uint8_t  key_bytes, value_bytes;            /* of every row in it */
    struct unsettled_row rows[UNSETTLED_ROWS];
};

struct unsettled {
    struct unsettled_list lanes, ready, leases, offered;
};

void unsettled_reset(struct unsettled *unsettled);

/* Whether this row is kept here when it is put now. */
bool unsettled_takes(struct unsettled *unsettled, enum table table, const struct key *key);
/* True: in the place of one that was here, whose value was of the same size. */
bool unsettled_put(struct unsettled *unsettled, enum table table, const struct key *key, struct span value);
/* False: it is not here. What is found is lent until the next put or drop. */
bool unsettled_find(struct unsettled *unsettled, enum table table, const struct key *key, struct span *ret_value);
/* False: it is not here. */
bool unsettled_drop(struct unsettled *unsettled, enum table table, const struct key *key, size_t *ret_value_bytes);
/* The first row at or, `after`, behind `from` that shares its first `prefix` bytes. False: none. Lent as above. */
bool unsettled_next(struct unsettled *unsettled, enum table table, const struct key *from, bool after, size_t prefix,
                    struct span *ret_key, struct span *ret_value);
unsigned unsettled_count(struct unsettled *unsettled, enum table table);

/* Puts all of them into store->open and keeps none. An LMDB code; not 0: the transaction has to be given up. */
MUST_USE int unsettled_flush(struct store *store);

#endif
