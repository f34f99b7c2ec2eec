/* handoff.h - the life of a handoff: the only place where its state changes.
 *
 *   SUBMIT -> HELD ---> READY <-------- WAITING      HELD     an antecedent is missing, or on hold: says which
 *              gate     | offer          ^           READY    may be offered           WAITING  until timer_ms
 *              opens    v                |           OFFERED  attempt n is with session s (stored before DELIVER left)
 *                     OFFERED --LATER----+           UNSURE   perhaps done: wait for a person; never resent blindly
 *                    /   |   \                       FAILED   a person is needed: class and fingerprint
 *           DELIVERED  UNSURE  FAILED --operator--> READY (replay) | CLOSED (reason) | CLOSED + child (redirect)
 *
 * Every index row that follows from a state (lane, ready, timer, offered, failed, count) is kept here and in lane.c, so
 * that a step says what happens and never how it is stored. A step loads a handoff once, moves it, and must not touch
 * another copy of the same one meanwhile. Whatever moves one handoff may write others: the new head of its lane, those
 * that waited for it. So a copy that is not final is stale after moving another one: load it again.
 *
 * Fields with a meaning of their own here
 *   verdict      of the present attempt: an offer sets it to 0, so what stands in OFFERED, or READY after a lapse, has
 *                none.
 *   offered_ms   stays after the attempt; with timer_ms it says what a charged attempt added to tried_ms.
 *   answer       of the other side: set by a REFUSED or OVERTAKEN outcome, and by a RESULT or a refusing handoff that
 *                names this one as its parent (an event RESULT_CAME with that answer).
 *   fingerprint  hash_short() of the SHA-256 of the words of the last trouble: fail_fingerprint().
 */
#ifndef GATEWAY_CORE_HANDOFF_H
#define GATEWAY_CORE_HANDOFF_H

#include "gateway/core/core.h"

/* What may not be purged or expire just now is looked at again after so long. */
#define PAUSED_MS (60LL * 1000)

/* One step at work: what every function below needs. */
struct step {
    struct core *core;
    struct turn *turn;
    int64_t now_ms;
    const struct command *command;
    struct effects *effects;
    uint32_t walked;                    /* heads looked at in vain by lane_pick(), over the whole step */
    uint64_t picked;                    /* whose ready row lane_pick() has just seen; 0: nobody's */
    uint64_t last_place;                /* the last place in a lane that this step gave out: nobody stands behind it */
    uint64_t first_of_dossier;          /* the handoff with which this step began a dossier: nobody stands before it in
                                           its lane; 0: none */
};

/* Why, by whom, with which words: becomes the event. */
struct change {
    enum cause      cause;
    enum verdict    verdict;            /* 0 none */
    enum fail_class fail_class;         /* with STATE_FAILED */
    const char     *fingerprint;        /* words of the trouble; NULL: none, with FAILED its class's name */
    uint32_t        attempt;            /* 0: the handoff's present one */
    uint32_t        actor_agency;
    uint32_t        agency;             /* SUCCEEDED: who took over from actor_agency; RECEIVED: whom it was written to,
                                           where another one has it */
    uint32_t        actor_uid;          /* uid + 1, as in struct event; 0 nobody */
    int64_t         timer_ms;           /* WAITING: until; OFFERED: end of lease; HELD: for its antecedents; 0 none */
    uint64_t        session;            /* OFFERED */
    struct span     detail;             /* sealed words; may be empty */
    const struct event_dossier *of_dossier;     /* what it says of the dossier; NULL nothing */
    bool            quiet;              /* no notice to the sender */
};

/* Notices (the feed) go to the sender for a move to DELIVERED, FAILED, UNSURE or CLOSED, for one out of FAILED, for
 * what an operator did, for a late DELIVERED of a closed one, for one that nobody has taken or answered in time, and
 * for what becomes of the apology that its dossier is owed; never for the churn of offers and waits.
 *
 * Words of BAD_DATA begin with the field where one was named: "[ngay_sinh] ...". detail_field() takes them apart. */

/* The one mover. must(): the move is in the table. Writes the record, the event, every index row, the counts; tells the
 * sender (feed) where it concerns him; lets the lane go on; an end also leaves the lane, drops the checkpoint, sets the
 * time for purging its body, and tells those that wait for it (gate.h).
 *   to OFFERED   gives the next attempt number and sets offered_ms; change says session and timer_ms.
 *   to HELD      with CAUSE_HOLD: sets HANDOFF_ON_HOLD and keeps the place in the lane. Leaving HELD clears the flag.
 *   to READY     from HELD: takes a new place in the lane unless it has one. Whose agency has been succeeded meanwhile
 *                goes to the successor (seat.h): an event SUCCEEDED after that of the move.
 *   to FAILED, UNSURE  of a reminder: it is closed at once.
 *   to a final state: DELIVERED at once tells its dependants; for CLOSED hand them over first (gate_hand_over). */
void handoff_move(struct step *step, struct handoff *handoff, enum state to, const struct change *change);
/* An event that changes no state (LATE_OUTCOME, HOLD of one behind a gate ...). Writes the record too. */
void handoff_note(struct step *step, struct handoff *handoff, const struct change *change);
/* A new one. Given by the caller: id, dossier, sender, recipient, addressed, kind, message_id, content_hash, procedure,
 * step, times, parent, gates_left, accepted_ms. Written here: record, body, its row in the dossier, accepted_seq, first
 * event, lane place (not when HELD behind gates). `place` 0: behind all others, else one that just became free. */
void handoff_begin(struct step *step, struct handoff *handoff, enum state state, uint64_t place, struct span header,
                   struct span payload, const struct change *change);

/* What happens to an OFFERED one when nobody knows whether the agency acted: READY at an idempotent agency, ask first
 * at a probe agency, but not before the lease is over, UNSURE at any other (promise 5). A lapse too many:
 * FAILED(ADAPTER) instead of READY. */
void handoff_take_back(struct step *step, struct handoff *handoff, enum cause cause, bool counts_as_lapse);

/* "<gateway>-<handoff id in hex>[-<generation>]": the same over all attempts and replays. */
void handoff_key(const struct tables *tables, const struct handoff *handoff, char ret_key[IDEMPOTENCY_KEY_SIZE]);

/* The recipient as the directory has it now; a static default (CLASS_NEITHER, careful bounds) when it is gone. */
const struct agency *handoff_recipient(struct step *step, const struct handoff *handoff);

/* True unless its history shows that the agency cannot have acted on it: no attempt, or only attempts that were
 * answered "not acted". DELIVERED, OFFERED and UNSURE ones are true. A very long history counts as true. */
bool handoff_perhaps_there(struct step *step, const struct handoff *handoff);

/* The number by which troubles with these words are grouped. */
uint64_t fail_fingerprint(const char *words);

enum { FIELD_SIZE = 128 };
/* Words of BAD_DATA with their field in front, and back again: returns the words, lent by `detail`. */
void detail_with_field(struct text *text, const char *field, struct span words);
const char *detail_field(const char *detail, char ret_field[FIELD_SIZE]);

#endif
