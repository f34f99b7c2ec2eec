/* store.h - what the gateway has promised, on disk (one LMDB environment and a folder of day keys).
 *
 * Promise    store_turn() returns RESULT_OK only after the turn is on disk and synced: as a record of the journal
 *            (journal.h), or in the environment. Nothing may be said to anyone before that. A turn that wrote nothing
 *            is not committed and uses no sequence number.
 * Aside      store_turn_aside() may return before the turn is on disk: it is when as many syncs are over as its
 *            turn_end says. Before that nothing may be said of it. The next turns may be made meanwhile; one sync is
 *            for all of them that were written before it began.
 * Settling   turns of the journal reach the environment many at a time, by store_settle(). Until then other processes
 *            do not see them; a killed writer's are taken over by whoever opens the store next.
 * One        writer per store: store_open() takes an flock; a second one gets RESULT_BUSY.
 * Failure    inside a turn the typed calls of turn.h cannot fail towards their caller: when LMDB cannot go on, the turn
 *            is left by longjmp, aborted, and store_turn() returns the reason. So `work` must own nothing but memory
 *            that outlives it (arenas, arrays taken at start).
 * Errors     RESULT_FULL: no room (map, disk, memory): the turn did not happen, reads still work, try again with less.
 *            RESULT_BROKEN: I/O error or bytes that no version explains. Sticky: stop, restart, reread.
 * Room       bytes are counted by ourselves, key + value of every row. store_intake_open() is false from 90 % of
 *            store_bytes_max on, or when the disk or the map has less than the ballast's size left; deliveries and
 *            operators go on.
 * Threads    the loop's only, and one that does nothing but sync the journal. LMDB must not be opened twice in one
 *            process.
 * Files      FOLDER/data.mdb, lock.mdb, journal, writer.lock, ballast, keys/day-YYYYMMDD.key, blobs/ (blob_file.h);
 *            folders 0700, files 0600.
 */
#ifndef GATEWAY_STORE_STORE_H
#define GATEWAY_STORE_STORE_H

#include "gateway/base/hash.h"
#include "gateway/base/limits.h"
#include "gateway/base/span.h"

struct store;
struct turn;

enum { STORE_SCHEMA = 4 };              /* 2: what is known of dossiers. 3: how they come out. 4: attachments */

struct store_options {
    const char *folder;             /* made (0700) when missing */
    uint64_t map_bytes;             /* 0 = 1 TiB of address space; never grows */
    uint64_t store_bytes_max;       /* 0 = 64 GiB; our own count */
    uint64_t ballast_bytes;         /* 0 = 64 MiB; given up for draining when the disk is full */
    uint64_t journal_bytes;         /* 0 = 16 MiB; at least 64 KiB, rounded down to a multiple of them */
    bool     read_only;             /* for a backup, check-store and the console: no writer lock, no key is made. What a
                                       killed writer left in the journal is settled first */
    bool     no_sync;               /* tests and simulation on tmpfs only: promise 1 does not hold */
};

MUST_USE enum result store_open(struct store **ret_store, const struct store_options *options, struct text *why);
void store_close(struct store *store);                                          /* settles; takes NULL and half-built */
/* Closes as a kill would: what is in the journal stays there. */
void store_leave(struct store *store);

struct turn_end {
    uint64_t    seq;                /* commit_seq of this turn; of the last one when nothing was written */
    struct hash link;               /* of that turn */
    bool        wrote;
    uint64_t    sync;               /* it and all before it are on disk when store_syncs_over() has reached this */
};

/* Everything inside one write transaction. `work` is called exactly once. */
typedef void turn_work(struct turn *turn, void *context);
MUST_USE enum result store_turn(struct store *store, int64_t now_ms, turn_work *work, void *context,
                                struct turn_end *ret_end);
/* The same for who has something to do while turns are being synced. */
MUST_USE enum result store_turn_aside(struct store *store, int64_t now_ms, turn_work *work, void *context,
                                      struct turn_end *ret_end);
/* Takes note of a sync that is over and begins the next; waits for nothing. BROKEN: the last turns perhaps are not on
 * disk. */
MUST_USE enum result store_sync_on(struct store *store);
uint64_t store_syncs_over(const struct store *store);       /* those that store_sync_on() or a wait took note of */
/* Waits until every turn is on disk. BROKEN as above. */
MUST_USE enum result store_synced(struct store *store);
bool store_is_syncing(const struct store *store);           /* a sync is under way: store_synced() would wait */
bool store_is_synced(const struct store *store);            /* every turn is known to be on disk */
int  store_sync_file(const struct store *store);            /* can be read when it is over: for poll(); -1: none is */
/* The same as store_turn() in a read-only transaction (no put may be called: must). Short: at most 200 ms, it pins
 * pages. */
MUST_USE enum result store_read(struct store *store, turn_work *work, void *context);

/* ---- outside turns */

/* How far the environment is behind the journal. OPEN: settle when there is time for it, and before another process is
 * to see everything. SOME: enough to be worth it; settled now it takes the time of a few turns. MUCH, MOST: two and
 * four times as much; later it takes longer, and more room for new pages. DUE: now; a turn that finds no room in the
 * journal settles by itself, and who waits for it waits for that. */
enum settling { SETTLED, SETTLING_OPEN, SETTLING_SOME, SETTLING_MUCH, SETTLING_MOST, SETTLING_DUE };
enum settling store_settling(const struct store *store);
/* Commits and syncs the environment. FULL: no room for that; every turn is still in the journal, try again. */
MUST_USE enum result store_settle(struct store *store);

/* Asks statvfs; call once a turn at most. Puts the ballast back when there is room for it four times over. While the
 * disk is short, pages inside the file that no reader pins count as room too: LMDB never gives them back to the disk.
 * ret_why (may be NULL) is good until the next call, Vietnamese and English, written when the answer is false; where
 * a reader pins pages it names its process. */
bool     store_intake_open(struct store *store, const char **ret_why);
/* Removes the ballast, so that deliveries and operators can go on. True: room was made. Until store_intake_open() has
 * put it back, intake stays closed. */
bool     store_give_up_ballast(struct store *store);
uint64_t store_bytes(const struct store *store);
int64_t  store_last_ms(const struct store *store);          /* now_ms of the last turn; 0 for a new store */
struct turn_end store_last(const struct store *store);      /* wrote: whether there was one */
/* What went wrong last, for the log: static, "" when nothing has. */
const char *store_trouble(const struct store *store);
unsigned store_readers_check(struct store *store);          /* clears dead readers; how many live ones there are */
/* The reader that sees the oldest state: no page freed since can be written again. False: nobody reads. */
struct store_reader { long pid; uint64_t transaction, behind; };        /* behind: commits of the environment since */
bool     store_oldest_reader(const struct store *store, struct store_reader *ret_reader);
/* Deletes the keys of days that hold no sealed row any more and lie before `now_ms`'s day. Returns how many. Settles
 * first, when there is any: neither after a power cut nor for another process there is a row whose key has gone. */
unsigned store_drop_day_keys(struct store *store, int64_t now_ms);

/* A blob that a copy goes without, because its file is missing or cannot be read. Its record stays, so that check-store
 * goes on naming it and whoever has the content can upload it again: one of `agencies`, who uploaded it or were
 * delivered it (codes; the first of them). */
enum { LEFT_OUT_AGENCIES_MAX = 8 };
struct left_out_blob {
    char   sha256[HASH_TEXT_SIZE];
    char   agencies[LEFT_OUT_AGENCIES_MAX][AGENCY_CODE_SIZE];
    size_t agency_count;
};
/* Who is told of each, good until it returns. `each` NULL: the copy goes without none. */
struct left_out {
    void (*each)(void *context, const struct left_out_blob *blob);
    void  *context;
};

/* Copies the environment, the day keys and the blobs into a new folder (0700), compacted, synced, from one read
 * transaction while the writer goes on. ret_seq: the commit_seq it covers. May run in another process than the writer
 * (read_only). Every blob is read to its end before it is copied, and set aside where it is damaged, so that an upload
 * of its content takes its place; INVALID: one is damaged or not there and may not be
 * left out, also because it was deleted before it was copied, when the sweep was not paused. */
MUST_USE enum result store_backup(struct store *store, const char *to_folder, struct left_out left_out,
                                  uint64_t *ret_seq, struct text *why);

/* A backup becomes the store of `folder`, which must be missing or empty; a writer lock is held meanwhile. The backup
 * is checked first (RESULT_INVALID: it has faults, each a line in each_fault; those of blobs that may be left out do
 * not count). The store then has a new epoch and is held: it takes nothing in and gives nothing out until a person
 * releases it; COMMAND_RESTORE has to judge its handoffs. When it fails, nothing is left of it. Ids must not be given
 * twice, so the epoch is above that of the backup, above epoch_after, and above those noted by restores before: in
 * FOLDER.epoch, beside the folder, and in the backup. A note in FOLDER.epoch that cannot be read is a reason not to
 * restore; one in the backup is as if it were not there. now_ms is what tells message ids of before from those of
 * after: a clock behind the backup is refused. */
struct store_restore {
    const char *backup, *folder;
    uint32_t epoch_after;           /* the highest that clients have seen, where it is known; 0 */
    int64_t  now_ms;
    void   (*each_fault)(void *context, const char *fault);
    void    *context;
    struct left_out left_out;
};
/* ret_seq: the last turn that the backup holds. */
MUST_USE enum result store_restore(const struct store_restore *wanted, uint32_t *ret_epoch, uint64_t *ret_seq,
                                   struct text *why);

/* Walks every table and checks every invariant and the chain, and reads every blob to its end. A fault is one line in
 * `each`; returns how many. Only on a stopped store or a backup (read_only). */
struct store_check {
    uint64_t rows, handoffs, events, turns, blobs, faults;
    uint64_t unreadable;            /* of the faults: blobs whose file is missing or damaged */
    uint64_t states[16];            /* handoffs by enum state */
};
MUST_USE enum result store_check(struct store *store, void (*each)(void *context, const char *fault), void *context,
                                 struct store_check *ret_check);

#endif
