/* session.h - who is connected: one table of a fixed size, found by routing id and by session number.
 *
 * A session is a key, a routing id and the epoch it said HELLO in. It is memory, not a promise: after a lost connection
 * the agency says HELLO again. Nothing is kept about a peer before its HELLO.
 * Numbers are never used twice, also over restarts: the store's commit_seq at start in the upper bits, then a count.
 * Ended sessions that were ever offered something are remembered until the core has been told (session_lost_*).
 * Clock: steady_ms is the one of gateway_time.h.
 */
#ifndef GATEWAY_BROKER_SESSION_H
#define GATEWAY_BROKER_SESSION_H

#include "gateway/broker/map.h"
#include "gateway/core/tables.h"

struct piece;

enum { KEY_TEXT_SIZE = 41, NOTICE_WINDOW = NOTIFY_MAX, SESSION_NONE = UINT32_MAX, PACE_MS = 50, BULK = 32,
       SAYINGS = 2 };

struct follow {
    bool     on;
    bool     from_cursor;           /* the next NOTIFY goes on from the durable cursor */
    bool     woken;                 /* there may be more in the feed */
    uint64_t after;                 /* the last notice given */
    uint64_t open[NOTICE_WINDOW];   /* given and not acknowledged, oldest first */
    uint32_t open_count;
};

struct session {
    uint64_t number;                /* 0: this slot is free */
    uint32_t routing;               /* ZeroMQ's own routing id: 0 and these four bytes */
    uint32_t agency;                /* the store's number */
    uint32_t next, previous;        /* slots of the same agency; SESSION_NONE ends */
    char     key_text[KEY_TEXT_SIZE];
    uint8_t  key[CURVE_KEY_SIZE];
    /* whose key it is in the directory `read_in`, and since and until when (identity.h) */
    const struct tables *read_in;
    const struct agency *holder;
    const struct agency_key *holder_key;
    uint32_t roles, kinds, credit;
    uint32_t batch;                 /* frames it reads in one BATCH; 0: it reads none */
    int      file;                  /* of its connection, to recognise its end (bus.h); -1 unknown */
    bool     ready;                 /* there may be something to offer to it */
    int64_t  stamp_ms;              /* of its last PING */
    int64_t  heard_ms;              /* steady: when anything last came from it */
    uint32_t open;                  /* DELIVERs that are with it */
    uint32_t first_open;            /* of the list in offers.c; OPEN_NONE ends */
    uint32_t freed;                 /* planning only: ended in the turn that is being made */
    uint32_t submits;               /* unanswered ones */
    int64_t  waste_begin_ms;        /* steady: of the minute in which ... */
    size_t   waste_bytes;           /* ... so much of what it submitted in large frames was refused for good */
    uint32_t outcomes;              /* read and not yet in a turn */
    int64_t  pace_ms;               /* steady: when the present PACE_MS began */
    uint32_t pace, pace_before;     /* commands that came in it, and in the one before */
    uint32_t first_out, last_out;   /* frames that wait for its connection (outbox.h); SESSION_NONE: none do */
    uint32_t outs;
    size_t   out_bytes;
    int64_t  quiet_until_us;        /* bus_now_us(): nothing is said to it before; how a flood is slowed (speech.h) */
    struct pieces { struct piece *first, *last; } pieces[SAYINGS];      /* said and not yet sent (speech.h) */
    bool     was_offered;           /* the core may know it */
    struct follow follow;
};

struct sessions {
    struct session *slots;
    uint32_t slots_count, count;
    uint32_t *free_slots;
    uint32_t free_count;
    struct map by_routing, by_number, by_file;
    uint32_t last;                  /* slot that was found last by number: whoever is spoken of is spoken of again */
    uint64_t base, begun;           /* of the next number */
    /* numbers of ended ones, to be given to the core as SESSION_LOST, oldest first */
    uint64_t *lost;
    uint32_t lost_count, lost_max;
};

MUST_USE enum result sessions_init(struct sessions *sessions, uint32_t sessions_max, uint64_t store_seq);
void sessions_done(struct sessions *sessions);                      /* takes a zeroed one */

/* NULL: no such session. */
struct session *session_of_routing(struct sessions *sessions, uint32_t routing);
struct session *session_of_number(struct sessions *sessions, uint64_t number);
struct session *session_of_file(struct sessions *sessions, int file);
uint32_t session_slot(const struct sessions *sessions, const struct session *session);

/* A new one with its number; the rest is the caller's to fill in. NULL: no room, or too many still to be told. */
struct session *session_begin(struct sessions *sessions, uint32_t routing, int file, int64_t steady_ms);
/* Frees the slot; the caller has taken it out of its agency's list and its open offers. */
void session_end(struct sessions *sessions, struct session *session);
/* The first `count` of lost[] have been told. */
void sessions_lost_told(struct sessions *sessions, uint32_t count);

/* ---- following: pure, about one session */
/* A command has come. */
void     session_pace(struct session *session, int64_t steady_ms);
/* It sends so much that it does not wait for the answer to any one of its commands. */
bool     session_in_bulk(const struct session *session, int64_t steady_ms);

void     follow_begin(struct follow *follow, uint64_t from_seq);    /* 0: the durable cursor */
uint32_t follow_room(const struct follow *follow);                  /* notices it can take now; 0 when not woken */
void     follow_given(struct follow *follow, uint64_t event_seq);   /* must(): there was room */
void     follow_acknowledged(struct follow *follow, uint64_t event_seq);

#endif
