/* effects.h - what is to be said and woken once a turn is on disk. Appended by core_step(), spoken by the broker after
 * the commit, thrown away when the turn is aborted.
 *
 * Ownership  everything an effect points at lies in the arena of its struct effects, or is static; it lives until
 *            effects_reset().
 * Room       a step may append at most STEP_EFFECT_BYTES of small effects (SUBMIT, OUTCOME, TICK ...); the turn's owner
 *            asks effects_has_room() before each step and ends the turn when it is false. OFFER, NOTIFY, TRACK and
 *            ADMIN fill what is there and stop early instead.
 */
#ifndef GATEWAY_CORE_EFFECTS_H
#define GATEWAY_CORE_EFFECTS_H

#include "gateway/base/problem.h"
#include "gateway/core/command.h"
#include "gateway/core/view.h"

enum effect_kind {
    EFFECT_REFUSED = 1, EFFECT_ACCEPTED, EFFECT_DELIVER, EFFECT_OUTCOME_ACK, EFFECT_CHECKPOINT_ACK,
    EFFECT_CURSOR_ACK, EFFECT_NOTICE, EFFECT_FOUND, EFFECT_ADMIN_REPLY,
    /* for the broker itself: */
    EFFECT_READY,           /* `agency` has something that may be offered */
    EFFECT_FEED,            /* `agency` has a new notice */
    EFFECT_ANSWERED,        /* an attempt of `agency` ended: what its breaker counts */
    EFFECT_OFFERED,         /* the end of an OFFER, always its last: how many DELIVERs it gave. Fewer than asked and not
                               `more`: nothing more for this receiver now */
    EFFECT_NOTIFIED,        /* the end of a NOTIFY: the same */
    EFFECT_AGENCY,          /* its pause or hold changed */
    EFFECT_AGAIN,           /* the command has more to do: give it again in the next turn */
    EFFECT_RESTORED,        /* `agency` is the recipient of one that a restore made uncertain */
    EFFECT_BLOB,            /* answers a BLOB */
    EFFECT_BLOB_DROP,       /* nothing is known of this blob any more: its file can go */
    EFFECT_END
};

struct input { uint64_t handoff; char step[STEP_NAME_SIZE], content_type[CONTENT_TYPE_SIZE]; struct span payload; };

/* WANTED: may be uploaded, sealed with the key of `day`. KNOWN: this agency has it already. KEPT: on record; `file` is
 * the one that is kept. THERE: this file is it. GONE: nothing is known of this file. */
enum blob_word { BLOB_WANTED = 1, BLOB_KNOWN, BLOB_KEPT, BLOB_THERE, BLOB_GONE };
struct blob_effect {
    enum blob_word word;                        /* BLOB_DROP: 0 */
    struct hash sha256;
    uint64_t size, file;
    uint32_t day;
};

struct effect {
    enum effect_kind kind;
    uint64_t session, correlation;          /* whom it answers */
    uint32_t agency;                        /* READY, FEED, ANSWERED, AGENCY: the store's number */
    union {
        struct {
            struct problem *problem;
            struct uuid message_id;
            bool has_message_id;
            int64_t retry_after_ms;             /* 0: the same again makes no sense */
        } refused;
        struct {
            uint64_t handoff, commit_seq;
            struct hash content_hash, link;         /* link: of the turn that holds it; zero: of this very turn */
            struct uuid message_id;
            bool duplicate;
            enum state state;
            const char *held_reason;                /* "" unless HELD */
        } accepted;
        struct {
            uint64_t handoff;
            uint32_t attempt;
            struct span header, payload, checkpoint;
            const char *sender, *recipient, *addressed, *idempotency_key;
            const char *step, *procedure_version;   /* "" none; the version only of a flow's step */
            const struct input *inputs;
            uint32_t input_count;
            int64_t accepted_ms, due_ms, stamp_ms;
            struct hash content_hash;
            uint64_t parent;
            bool ask_first;
            enum agency_class agency_class;
        } deliver;
        struct { uint64_t handoff; uint32_t attempt; enum state state; } outcome_ack;   /* link: of this turn */
        struct { uint64_t handoff; uint32_t attempt; bool kept; } checkpoint_ack;
        struct { struct span name, value; } cursor_ack;
        struct notice_view notice;
        struct {
            const char *dossier_code;
            const struct handoff_view *handoffs;
            const struct dossier_view *dossier;     /* NULL: nothing is known of it but its handoffs */
            const struct collision_view *collisions;
            uint32_t collision_count;
            uint32_t count;
            bool more;
        } found;
        struct admin_reply admin_reply;
        struct {
            enum verdict verdict;
            uint64_t handoff, dossier;
            char fingerprint[96];
            bool charged, never_sent;               /* charged: it cost an attempt, so a breaker may give it back */
            bool probe;                             /* the broker said `uncharged`: its breaker is open or half open */
        } answered;
        /* bytes: of the bodies; more: it stopped for want of room in this turn, or at bytes_max */
        struct offered { uint32_t count, asked; size_t bytes; bool more; } offered;
        struct { uint64_t last; uint32_t count, asked; } notified;      /* last: event_seq of the last notice given */
        struct { bool paused, on_hold; } agency_state;
        struct { uint64_t handoff; enum agency_class agency_class; enum state from, to; bool ask_first; } restored;
        struct blob_effect blob;
        struct takeover takeover;               /* AGAIN of a TAKEOVER: where to go on */
    };
};

enum { EFFECTS_MAX = 8192, STEP_EFFECTS_MAX = 640, STEP_EFFECT_BYTES = 128 << 10 };

/* A body that a SUBMIT of this turn has stored, lent by its command. Mostly it is delivered in the same turn, and need
 * not be found and opened again for that. */
struct fresh_body { uint64_t turn, handoff; struct span header, payload; };
enum { FRESH_BODIES = TURN_COMMANDS_MAX };      /* a power of two: the last bits of an id are its place */

struct effects {
    struct effect *list;
    uint32_t count;
    struct arena arena;
    uint32_t woke[2];                           /* where the last READY and FEED stand, if they still do */
    uint64_t turn;                              /* counts effects_reset() */
    struct fresh_body fresh[FRESH_BODIES];
};
MUST_USE enum result effects_init(struct effects *effects);         /* takes its memory now, once */
void effects_done(struct effects *effects);                         /* takes a zeroed one */
void effects_reset(struct effects *effects);                         /* before each turn, and each try of one */
bool effects_has_room(const struct effects *effects);
/* The next effect, zeroed as far as its kind goes, answering `command`. must(): there is room. */
struct effect *effects_add(struct effects *effects, enum effect_kind kind, const struct command *command);
/* One of READY or FEED for `agency`, unless this command has just said so. Does not answer anybody. */
void effects_wake(struct effects *effects, enum effect_kind kind, const struct command *command, uint32_t agency);
/* A REFUSED answering `command`, with the message id of a SUBMIT and a time to ask again where that makes sense;
 * formats as in problem_set(). */
struct effect *effects_refuse(struct effects *effects, const struct command *command, enum problem_type type,
                              const char *field, const char *vi, const char *en, ...)
    __attribute__((format(printf, 5, 7), format(printf, 6, 7)));
/* It has just been stored. */
void effects_body_put(struct effects *effects, uint64_t handoff, struct span header, struct span payload);
/* NOT_FOUND: not stored in this turn, or another one has its place. Else like turn_body(), into effects->arena. */
MUST_USE enum result effects_body(struct effects *effects, uint64_t handoff, struct span *ret_header,
                                  struct span *ret_payload);
/* A zero-terminated copy in the arena. must(): there is room. */
const char *effects_text(struct effects *effects, const char *text);

#endif
