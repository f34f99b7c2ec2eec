/* journal.h - the turns since the environment was last committed, whole, in one file that is written in a row.
 *
 * Why        A commit of the environment writes each table's pages in their own places and syncs twice. The same turn
 *            as a list of its rows is one write in a row and one sync, so that is what a turn waits for; many turns
 *            then share one commit of the environment ("settling", store.h).
 * What       A record per turn: what it put and deleted, in order, as bytes (sealed rows are sealed here too), under a
 *            sum that also covers the turn's number and the link of the turn before it.
 * Together   A sync covers everything that was written before it began. Turns that come while one is under way are
 *            written behind it, and the next one is for all of them: however slow the disk is, the turns go on.
 * Torn       Records begin at multiples of JOURNAL_BLOCK_BYTES: a write never touches a block that holds an earlier
 *            turn. The first record that is not whole, or not the next turn, ends the journal.
 * Restart    When the environment holds every turn, the next record is written at the beginning. What stands behind it
 *            then has lower numbers and is never taken for the next turn.
 * File       FOLDER/journal (0600), of one size, its blocks written once when it is made: no sync has to write more
 *            than the record.
 * Bounds     a turn that does not fit, or of more than JOURNAL_RECORD_BYTES_MAX, has no record: it is settled at once.
 */
#ifndef GATEWAY_STORE_JOURNAL_H
#define GATEWAY_STORE_JOURNAL_H

#include "gateway/base/hash.h"
#include "gateway/base/span.h"
#include "gateway/store/schema.h"
#include "gateway/store/syncer.h"

enum {
    JOURNAL_BLOCK_BYTES = 4096, JOURNAL_RECORD_BYTES_MAX = 8 << 20, JOURNAL_BYTES_MIN = 64 << 10,
    JOURNAL_ASIDE_BYTES = 32 << 10,     /* a record of so many may be synced aside: waking a thread costs as much as */
};                                      /* what follows from a shorter one */

struct journal {
    int      file;                      /* -1: there is none, every turn is settled at once */
    bool     no_sync;
    struct syncer syncer;
    uint64_t syncs_begun, syncs_over;   /* since it was opened; one may be under way, or have failed */
    bool     behind;                    /* something was written since it began: the next one is for that */
    uint64_t size_bytes;                /* of the file */
    uint64_t used_bytes;                /* the next record begins here */
    uint64_t rows;                      /* in the records before it */
    /* this turn's */
    uint8_t *record;                    /* its head is filled in at the end; grows and stays */
    size_t   record_bytes, record_room;
    uint32_t record_rows;
    bool     record_lost;               /* it cannot be kept: too long, or no memory */
    const uint8_t *open;                /* a value whose bytes the caller is still writing, and where they go */
    size_t   open_at, open_bytes;
};

struct journal_row {
    enum table  table;
    bool        deleted;
    struct span key, value;             /* lent until the next call */
};

/* Makes the file where there is none; size_bytes is a multiple of JOURNAL_BYTES_MIN. Without room for it there is no
 * journal (file -1), and that is RESULT_OK. Its name is not synced yet. */
MUST_USE enum result journal_open(struct journal *journal, const char *folder, uint64_t size_bytes, bool no_sync);
/* Another size: made anew when it holds no turn; else it stays as it is until the next start. So it does without room
 * for another file: the one there is goes on being used. */
MUST_USE enum result journal_resize(struct journal *journal, const char *folder, uint64_t size_bytes);
/* For reading only. NOT_FOUND: no file. */
MUST_USE enum result journal_open_read(struct journal *journal, const char *folder);
void journal_close(struct journal *journal);                            /* takes one without a file (-1) */

/* ---- writing */
void journal_turn_begin(struct journal *journal);
void journal_turn_put(struct journal *journal, enum table table, struct span key, struct span value);
/* The value's bytes are written by the caller before the next call, and read then. */
void journal_turn_reserve(struct journal *journal, enum table table, struct span key, const uint8_t *value,
                          size_t value_bytes);
void journal_turn_delete(struct journal *journal, enum table table, struct span key);
/* The value of the last journal_turn_reserve() is there: any other row is touched now. */
void journal_turn_filled(struct journal *journal);
/* The turn is on disk when it returns RESULT_OK; with `aside` it is written then, and on disk when so many syncs are
 * over as journal_sync_wanted() says now. FULL: it does not fit, nothing was written. BROKEN: perhaps it was. */
MUST_USE enum result journal_turn_end(struct journal *journal, uint64_t seq, const struct hash *before, bool aside);
/* The number of the sync that covers all that was written, and of those that are known to be over. */
uint64_t journal_sync_wanted(const struct journal *journal);
uint64_t journal_syncs_over(const struct journal *journal);
/* What was written and is not known to be on disk: nothing; something, and a sync that nobody has asked for the
 * outcome of is over, or under way. */
enum syncing { SYNCED, SYNC_OVER, SYNCING };
enum syncing journal_syncing(const struct journal *journal);
/* Takes note of a sync that is over, and begins the next one if something was written meanwhile. Waits for nothing.
 * BROKEN: it is not known what is on disk. */
MUST_USE enum result journal_sync_on(struct journal *journal);
/* Waits until all that was written is on disk. BROKEN: it is not known whether it is. */
MUST_USE enum result journal_synced(struct journal *journal);
/* The environment holds everything. */
void journal_restart(struct journal *journal);

/* ---- reading */
/* Where one stands in reading: all zero, then as the calls leave it. */
struct journal_reader {
    uint64_t at_bytes;                  /* of the record to come */
    size_t   row_at, row_end;           /* in the record that is being read */
    uint32_t rows_left;
};
/* The record of turn `seq`, whose turn before has that link. NOT_FOUND: the journal ends here. FULL: no memory. */
MUST_USE enum result journal_read_turn(struct journal *journal, struct journal_reader *reader, uint64_t seq,
                                       const struct hash *before);
/* False: no more rows in this turn. RESULT_BROKEN in *ret_result: its bytes, though whole, are not explained. */
MUST_USE bool journal_read_row(struct journal *journal, struct journal_reader *reader, struct journal_row *ret_row,
                               enum result *ret_result);
/* What was read is taken over: the next record is written behind it. */
void journal_go_on(struct journal *journal, const struct journal_reader *reader, uint64_t rows);

#endif
