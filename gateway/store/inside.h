/* inside.h - what the store's own files share. Nobody outside gateway/store includes it. */
#ifndef GATEWAY_STORE_INSIDE_H
#define GATEWAY_STORE_INSIDE_H

#include <lmdb.h>
#include <setjmp.h>

#include "gateway/store/counters.h"
#include "gateway/store/figure_tally.h"
#include "gateway/store/files.h"
#include "gateway/store/journal.h"
#include "gateway/store/restored.h"
#include "gateway/store/schema.h"
#include "gateway/store/seal.h"
#include "gateway/store/store.h"
#include "gateway/store/tally.h"
#include "gateway/store/turn.h"
#include "gateway/store/unsettled.h"
#include "gateway/store/unwritten.h"

/* States of agencies that this turn has looked at: many handoffs of a turn have one recipient. */
enum { KNOWN_STATES = 4 };              /* a power of two; another one takes the place */
struct known_state {
    uint32_t agency;                    /* 0: free */
    struct agency_state state;
};

/* One turn, or one reading. Lives in its store; `txn` is NULL between turns. */
struct turn {
    struct store   *store;
    MDB_txn        *txn;                /* the store's open one, or one that only reads */
    MDB_cursor     *cursors[TABLES + 1];        /* of txn, one per table, opened at first use: a warm one is near the
                                                   next place. The last one: row_cursor_put() */
    bool            writable;
    bool            wrote;              /* a row or a counter: the turn must be committed */
    enum result     failure;            /* why it was left by longjmp */
    jmp_buf         out;
    int64_t         now_ms;
    uint32_t        day;                /* of now_ms, for sealing */
    struct counters counters;           /* those of the last turn at first, then as they will be after this one */
    struct restored restored;           /* read at first need */
    bool            restored_read, was_restored;
    uint64_t        first_event;        /* of this turn, if there will be one */
    struct hash    *leaves;             /* of this turn's events */
    size_t          leaves_size;        /* room for so many; grows and stays */
    struct tally    tally;
    struct figure_tally figures;
    struct unwritten unwritten;
    struct known_state states[KNOWN_STATES];
};

/* Agencies' codes and numbers, as read: a number once given keeps its code for ever. What an aborted turn gave was not
 * given, so everything is forgotten then. */
enum { KNOWN_AGENCIES = 64 };           /* a power of two; another one takes the place */
struct known_agency {
    uint32_t number;                    /* 0: free */
    char     code[AGENCY_CODE_SIZE];
};

/* Message ids of a sender: none is older. Purging looks at its oldest row only where there may be one to purge; each
 * look took the cursor from the end of the table, where ids come, to the sender's beginning and back. */
struct known_oldest {
    uint32_t sender;                    /* 0: free */
    int64_t  oldest_ms;
};

struct store {
    char            folder[PATH_SIZE];
    MDB_env        *env;
    MDB_dbi         tables[TABLES];
    struct seal    *seal;
    int             lock;               /* writer.lock; -1 when read_only */
    bool            read_only, no_sync;
    uint64_t        map_bytes;
    bool            broken;             /* sticky */
    const char     *trouble;            /* see store_trouble() */
    uint64_t        bytes_max, ballast_bytes;
    bool            ballast_there;
    uint64_t        inside_bytes;       /* room in the file itself, when last counted */
    unsigned        inside_asked;
    char            why[256];           /* of store_intake_open() */
    struct counters counters;           /* of the last committed turn that this store has seen */
    struct turn     turn;
    struct journal  journal;
    MDB_txn        *open;               /* holds the turns that are in the journal and not yet in the environment */
    struct unsettled unsettled;         /* ... but for these rows of theirs */
    struct known_agency by_number[KNOWN_AGENCIES], by_code[KNOWN_AGENCIES];
    struct known_oldest oldest_ids[KNOWN_AGENCIES];
};

/* 90 % of store_bytes_max: intake stops there. */
uint64_t store_intake_bytes(const struct store *store);

/* What an LMDB (or errno) code means for whoever called us. */
enum result lmdb_result(int code);

/* Leaves the turn: store_turn() or store_read() returns `result`. `trouble` is static. */
_Noreturn void turn_fail(struct turn *turn, enum result result, const char *trouble);
/* The same for an LMDB code. */
_Noreturn void turn_fail_lmdb(struct turn *turn, int code);

/* The turn's own cursor on a table; closed with the transaction. */
MDB_cursor *row_cursor(struct turn *turn, enum table table);
/* The one that puts. The same, but for timers: with every handoff one goes in some seconds and one comes in some weeks,
 * and a single cursor would search both places anew each time. */
MDB_cursor *row_cursor_put(struct turn *turn, enum table table);

/* ---- settle.c: turns from the journal to the environment */

/* The number that the next turn will have. */
uint64_t counters_next_seq(const struct counters *counters);
/* Begins store->open, empty. */
MUST_USE enum result settle_begin(struct store *store);
/* Gives store->open up, with everything in it, and takes the turns of the journal into a new one where there are any.
 * Not RESULT_OK: they cannot be had again, the store is broken. */
MUST_USE enum result settle_again(struct store *store);
/* Commits store->open. FULL: there was no room for that; what was not in the journal is lost. The turns of the journal
 * are settled all the same where it was the map that was full, and stand in a new store->open where it was the disk. */
MUST_USE enum result settle_commit(struct store *store);
/* At the start: takes over what a writer before left in the journal. */
MUST_USE enum result settle_left(struct store *store);
/* For who only reads: whether a writer that is gone left turns in the journal of this folder. */
bool settle_is_wanted(const char *folder);

/* ---- rows. A value that is lent points into the map and dies at the next put or delete in the turn. */
struct key;

bool     row_get(struct turn *turn, enum table table, const struct key *key, struct span *ret_value);
void     row_put(struct turn *turn, enum table table, const struct key *key, struct span value);
/* The same, for one that is new in a table whose rows are not mostly: it is not looked for first. */
void     row_put_new(struct turn *turn, enum table table, const struct key *key, struct span value);
/* The same, the value to be filled in by the caller before any other row is touched. */
uint8_t *row_reserve(struct turn *turn, enum table table, const struct key *key, size_t size);
void     row_delete(struct turn *turn, enum table table, const struct key *key);        /* must be there */
bool     row_delete_any(struct turn *turn, enum table table, const struct key *key);    /* false: was not there */

/* The first row whose key is at least `from` (or, with `after`, greater) and shares its first `prefix` bytes. Keys of
 * another size than that of `from` are bytes that no version explains. */
uint64_t table_rows(struct turn *turn, enum table table);           /* how many there are; costs nothing */
enum row_start { ROW_FROM, ROW_AFTER };
bool     row_next(struct turn *turn, enum table table, const struct key *from, enum row_start start, size_t prefix,
                  struct span *ret_key, struct span *ret_value);
/* The first row at or after `from` that shares its first `prefix` bytes, where keys of a table differ in size. */
bool     row_next_any(struct turn *turn, enum table table, const struct key *from, size_t prefix, struct span *ret_key,
                      struct span *ret_value);
bool     row_last(struct turn *turn, enum table table, struct span *ret_key, struct span *ret_value);

/* Rows whose value is one number. */
bool     row_get_u64(struct turn *turn, enum table table, const struct key *key, uint64_t *ret_value);
void     row_put_u64(struct turn *turn, enum table table, const struct key *key, uint64_t value);

/* ---- sealed rows, with the key of the turn's day */
void     row_seal(struct turn *turn, enum table table, const struct key *key, const struct span *parts, size_t count);
/* NOT_FOUND: no such row, or the key of its day is gone. FULL: no room in the arena. */
MUST_USE enum result row_unseal(struct turn *turn, enum table table, const struct key *key, struct arena *arena,
                                struct span *ret_plain);
/* The same for a value that is at hand. INVALID: it is not what was sealed for this key. */
MUST_USE enum result row_unseal_value(struct turn *turn, enum table table, struct span key, struct span sealed,
                                      uint8_t *ret_plain);

/* ---- store_open.c, for backup.c and restore.c */

/* A restore that is not done; see restore.c. */
#define RESTORING_FILE "restoring.mdb"

/* An LMDB code. map_bytes 0: as it was. */
MUST_USE int store_env_open(const char *folder, uint64_t map_bytes, unsigned flags, MDB_env **ret_env);

/* The counters of an environment that nobody else has open; NOT_FOUND: it is no store. */
MUST_USE enum result store_peek(const char *folder, struct counters *ret_counters);

#endif
