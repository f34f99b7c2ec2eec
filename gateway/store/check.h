/* check.h - what the files of store_check() share: check.c (every row by itself, small tables, sums), check_handoff.c
 * (everything that must agree with a handoff), check_dossier.c (what is known of a dossier), check_figure.c (what it
 * counts for), check_blob.c (attachments, and their files), check_history.c (events, their words, the chain).
 *
 * The checks trust nothing. The first pass looks at every row by itself and reports what cannot be explained; all later
 * ones see such a row as if it were not there, so that one bad row is one fault and not the end.
 * One damage should be one fault: going from a handoff to its index rows a check asks only whether the row is there;
 * going from an index row to its handoff it asks whether the two agree.
 */
#ifndef GATEWAY_STORE_CHECK_H
#define GATEWAY_STORE_CHECK_H

#include <inttypes.h>

#include "gateway/store/blob_file.h"
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

struct check_day {
    uint32_t day;
    uint64_t rows;
};

struct check {
    struct turn *turn;
    void       (*each)(void *context, const char *fault);
    void        *context;
    struct store_check result;
    MDB_cursor  *walker;                /* of the walk that is going on; closed by store_check() when it is left */
    enum table   table;                 /* ... and its table */
    uint64_t     bytes;
    uint64_t   (*counts)[STATE_END];    /* handoffs found, [agency], agency <= agencies; [0] is nobody */
    uint32_t     agencies;              /* rows there are */
    struct check_day *days;             /* sealed rows found, by day */
    size_t       days_used, days_size;
    struct arena arena;                 /* for one opened row */
    struct blob_folder blobs;           /* the files; path "": there are none */
    uint64_t     uses, used;            /* of blobs: rows that name one; what their records say in all */
    uint64_t     uses_print, used_print;    /* the same, each counted as the first bytes of its hash */

    /* While walking: the lane, the failed group, the turn of the row before. */
    struct key   group;
    uint64_t     members;
    struct chain_link link;
    uint64_t     last;                  /* the number before this one */
    uint64_t     handoff_events;        /* events that speak of a handoff */
    uint64_t     listed_events;         /* ... and hang in its list */
    bool         lists_broken;          /* reported, so that the two numbers cannot agree */
    uint64_t     dossier_events;        /* events that speak of a dossier */
    uint64_t     listed_dossier_events; /* ... and hang in its list */
    bool         dossier_lists_broken;
    uint64_t     figures[FIGURES], overdue;     /* weighed: what rows say less what dossiers count for */
};

/* One fault: what in both languages, then where (printf's). The line reads "where: vi / en". */
void check_fault(struct check *check, const char *vi, const char *en, const char *where, ...)
    __attribute__((format(printf, 4, 5)));

/* Rows as they should be by themselves, in order of key. */
typedef void check_row(struct check *check, struct span key, struct span value);
void check_walk(struct check *check, enum table table, check_row *row);

/* False: it is not there, or cannot be explained. */
bool check_get(struct check *check, enum table table, const struct key *key, struct span *ret_value);
bool check_is_there(struct check *check, enum table table, const struct key *key);
bool check_get_u64(struct check *check, enum table table, const struct key *key, uint64_t *ret_value);
bool check_agency(struct check *check, uint32_t agency);
bool check_handoff(struct check *check, uint64_t id, struct handoff *ret_handoff);
bool check_handoff_parse(struct span key, struct span value, struct handoff *ret_handoff);
bool check_event(struct check *check, uint64_t seq, struct event *ret_event, struct span *ret_record);
/* The first row at or after `from` that shares its first `prefix` bytes. */
bool check_next(struct check *check, enum table table, const struct key *from, size_t prefix, struct span *ret_key,
                struct span *ret_value);
/* Opens a sealed row into the arena. NOT_FOUND: the key of its day is gone, which is a fault of that day (check.c). */
MUST_USE enum result check_unseal(struct check *check, enum table table, struct span key, struct span value,
                                  struct span *ret_plain);

/* check_row.c: whether key and value are what schema.h says, nothing else looked at. */
bool check_explains(enum table table, struct span key, struct span value);

void check_handoffs(struct check *check);           /* check_handoff.c */
void check_queues(struct check *check);             /* check_queue.c */
void check_dossiers(struct check *check);           /* check_dossier.c */
void check_asked(struct check *check);              /* check_supplement.c */
void check_figures(struct check *check);            /* check_figure.c */
void check_endings(struct check *check);            /* check_late.c */
void check_late_timer(struct check *check, uint64_t dossier, int64_t due_ms);
void check_handoff_of_urge(struct check *check, const struct handoff *handoff);
void check_history(struct check *check);            /* check_history.c */
void check_blobs(struct check *check);              /* check_blob.c */
void check_blobs_end(struct check *check);          /* closes what it has opened, also when it was left */
void check_blob_timer(struct check *check, uint64_t file, int64_t due_ms);
void check_handoff_of_blobs(struct check *check, const struct handoff *handoff);
/* A FORWARD that says that it is in its dossier's record, or in the list of those that nobody has taken. */
void check_handoff_of_dossier(struct check *check, const struct handoff *handoff);

#endif
