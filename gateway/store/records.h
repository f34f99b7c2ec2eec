/* records.h - what stands in the store, as C sees it, and its bytes on disk.
 *
 * Agencies are numbers here: the store gives each canonical agency code a u32 once and for ever (schema.h, agency),
 * so a renamed or abolished agency keeps its history. 0 is nobody. Dossiers have a u64 of the same kind.
 *
 * Bytes: one version byte, then fixed little-endian fields, then short texts with a length byte. Changing a record:
 * raise its version, keep the old reader beside the new one, add a sample to tests/unit/test_store_records.c.
 * Encoding never fails (the size bound is static); decoding returns false for bytes that no version explains: the
 * store then is RESULT_BROKEN.
 */
#ifndef GATEWAY_STORE_RECORDS_H
#define GATEWAY_STORE_RECORDS_H

#include "gateway/base/hash.h"
#include "gateway/base/limits.h"
#include "gateway/base/span.h"
#include "gateway/base/uuid.h"
#include "gateway/base/words.h"

enum { RECORD_BYTES_MAX = 1024 };

enum handoff_flag {
    HANDOFF_REPLAYED = 1,           /* an operator replayed it at least once */
    HANDOFF_ASK_FIRST = 2,          /* perhaps it is already there: the next attempt probes before it sends */
    HANDOFF_ON_HOLD = 4,            /* HELD by an operator; keeps its place in its lane, unlike one behind a gate */
    HANDOFF_IN_LANE = 8,            /* has a place in its lane */
    HANDOFF_BODY_PURGED = 16,
    HANDOFF_PERHAPS = 32,           /* an attempt may have been acted on, and the class of its agency covered that */
    HANDOFF_RESTORED = 64,          /* ... by what the store lost that this one replaces */
    HANDOFF_KEY_UNKNOWN = 128,      /* ... under another id than it has now, or by the agency before, so that no class
                                       covers it */
    HANDOFF_BRANCH = 256,           /* its dossier's record has a branch for it (record_dossier.h) */
    HANDOFF_RECEIVED = 512,         /* business receipt was given */
    HANDOFF_UNRECEIVED = 1024,      /* stands in the list of those that are there and nobody has taken */
    HANDOFF_STEP = 2048,            /* a step of its dossier's flow (record_flow.h) */
    HANDOFF_JOIN_ANY = 4096,        /* one of those that it waits for is enough */
    HANDOFF_URGED = 1 << 20,        /* an URGE about it stands unanswered */
    HANDOFF_UNANSWERED = 1 << 21,   /* an URGE or a RECALL: stands in the list of those not answered in time */
    HANDOFF_REMINDER = 1 << 22,     /* made by the gateway itself, and nobody's work: it goes behind all others in its
                                       lane, and where it fails it is closed */
    HANDOFF_ATTACHED = 1 << 23,     /* blobs belong to it (table attached) */
    HANDOFF_JOINED = 1 << 16,       /* `addressed` is the lane of another code of the same seat (core/seat.h) */
};

struct handoff {
    uint64_t id;                    /* epoch in the top 16 bits, then a counter: never reused, also after a restore */
    uint64_t dossier;
    uint32_t sender, recipient;     /* recipient: who gets it now */
    uint32_t addressed;             /* whom the sender wrote to; with the dossier this is its lane. HANDOFF_JOINED */
    enum kind kind;
    enum state state;
    enum verdict verdict;           /* the last one given; 0 none yet */
    enum fail_class fail_class;     /* while FAILED */
    enum answer answer;
    uint32_t flags;                 /* enum handoff_flag */
    struct uuid message_id;
    struct hash content_hash;
    int64_t accepted_ms, source_time_ms, changed_ms;
    int64_t due_ms;                 /* as stated by the sender, else of the dossier as it stood then; 0 none */
    int64_t timer_ms;               /* WAITING: until; OFFERED: end of the lease; HELD behind gates: when its
                                       antecedents must have come; 0 none. Each such time has a row among the timers */
    int64_t ready_due_ms;           /* READY and head of its lane: the due_ms in its READY key; else 0 */
    int64_t offered_ms;             /* when the open attempt began */
    int64_t tried_ms;               /* time used up by counted attempts: the age that the age limit speaks of */
    uint64_t sequence;              /* the source's own */
    uint64_t accepted_seq;          /* the turn that holds it: commit_seq of its ACCEPTED */
    uint64_t parent, child;         /* handoff ids; 0 none */
    uint64_t lane_place;            /* while HANDOFF_IN_LANE */
    uint64_t session;               /* while OFFERED */
    uint64_t last_event;            /* head of its event list */
    uint64_t fingerprint;           /* of the last trouble */
    uint32_t attempt;               /* the last number given out; never reused */
    uint32_t charged;               /* attempts that count towards the limit */
    uint32_t lapses;                /* attempts whose adapter went silent or was lost */
    uint32_t body_bytes;            /* payload, in bytes */
    uint32_t key_generation;        /* 0; a replay with a fresh idempotency key adds one */
    uint32_t gates_left;            /* antecedents not yet done */
    char procedure_code[PROCEDURE_CODE_SIZE];
    char step[STEP_NAME_SIZE];
    char agency_ref[AGENCY_REF_SIZE];
};

/* What an event says of its dossier, apart from the way of the handoff. Such events of one dossier hang in a list of
 * their own, newest first, from its record on. */
struct event_dossier {
    uint64_t dossier;               /* 0: the event says nothing of it, and nothing below is in its bytes */
    uint64_t previous;              /* the dossier's event before this one; 0 first */
    enum status status;             /* what was said; 0 nothing, or a code that no map knows */
    enum status before, after;      /* where the dossier stood, and stands since then; 0: nobody had said */
    enum judged judged;       /* what became of it; 0: nothing was said of a status */
    enum due_source due_source;
    int64_t  due_ms;                /* what is due since then; 0: this event did not change it */
    char     partner_status[PARTNER_STATUS_SIZE];       /* the partner's own word, where one was given */
};

/* One fact in the history of a handoff. Never changed, never deleted. */
struct event {
    uint64_t seq;                   /* its key; not in the bytes */
    uint64_t turn_seq;
    uint64_t handoff;               /* 0: about an agency or the gateway itself */
    uint64_t previous;              /* the handoff's event before this one; 0 first */
    int64_t  at_ms;
    enum state from, to;            /* equal (or 0) when no state changed */
    enum cause cause;
    enum verdict verdict;
    enum fail_class fail_class;
    enum answer answer;
    uint32_t attempt;
    uint32_t agency;                /* the agency concerned when handoff is 0; SUCCEEDED: who took over;
                                       RECEIVED: whom it was written to, where another one has it */
    uint32_t actor_agency;          /* who caused it: an agency (SUCCEEDED: the one before) ... */
    uint32_t actor_uid;             /* ... or an operator's uid + 1; both 0: the gateway itself */
    struct hash detail_digest;      /* salted; zero when there is no detail. The words themselves are sealed apart */
    struct event_dossier of_dossier;
};

struct agency_state {
    uint64_t offers;                /* handoffs ever offered; every fourth pick goes to what is late */
    bool     paused;                /* MISCONFIGURED(agency): until an operator releases it */
    bool     on_hold;               /* by an operator */
    int64_t  since_ms;
    uint64_t suspect_fingerprint;   /* the first MISCONFIGURED(agency) answer, waiting for a second dossier */
    uint64_t suspect_dossier;
    int64_t  exchange_ms;           /* when something last went through with it, in either direction, give or take
                                       minutes; 0 never */
    int64_t  drafts_from_ms;        /* the hour in which requests for apologies are counted began then; 0 never */
    uint32_t drafts;                /* ... and how many it had in it */
    char     reason[200];
};

/* The failed list in groups: 4,000 failures may be three problems. Key: recipient, class, fingerprint. */
struct fail_group {
    uint64_t count;                 /* members now; 0: the row goes */
    int64_t  first_ms, last_ms;
    uint64_t sample;                /* a member when it was made */
    char     fingerprint_text[96];
};

/* An antecedent of a handoff; key: dependant, message id. */
struct antecedent {
    enum until until;
    uint64_t done_by;               /* the handoff that opened this gate: RESULT or antecedent itself; 0 not yet */
    uint64_t handoff;               /* the antecedent once it is known; 0 not yet submitted */
};

struct chain_link {
    uint64_t seq;                   /* its key */
    int64_t  now_ms;
    uint64_t first_event, events;   /* events [first_event, first_event + events) */
    struct hash root, link;
};

/* Each returns the number of bytes written, at most RECORD_BYTES_MAX. */
size_t handoff_write(const struct handoff *handoff, uint8_t bytes[RECORD_BYTES_MAX]);
size_t event_write(const struct event *event, uint8_t bytes[RECORD_BYTES_MAX]);
size_t agency_state_write(const struct agency_state *state, uint8_t bytes[RECORD_BYTES_MAX]);
size_t fail_group_write(const struct fail_group *group, uint8_t bytes[RECORD_BYTES_MAX]);
size_t antecedent_write(const struct antecedent *antecedent, uint8_t bytes[RECORD_BYTES_MAX]);
size_t chain_link_write(const struct chain_link *link, uint8_t bytes[RECORD_BYTES_MAX]);

/* The id or seq that is the key is not in the bytes; the caller sets it. */
MUST_USE bool handoff_parse(struct span bytes, struct handoff *ret_handoff);
MUST_USE bool event_parse(struct span bytes, struct event *ret_event);
MUST_USE bool agency_state_parse(struct span bytes, struct agency_state *ret_state);
MUST_USE bool fail_group_parse(struct span bytes, struct fail_group *ret_group);
MUST_USE bool antecedent_parse(struct span bytes, struct antecedent *ret_antecedent);
MUST_USE bool chain_link_parse(struct span bytes, struct chain_link *ret_link);

#endif
