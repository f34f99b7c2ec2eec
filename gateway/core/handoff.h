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
 * another copy of the same one meanwhile.
 */
#ifndef GATEWAY_CORE_HANDOFF_H
#define GATEWAY_CORE_HANDOFF_H

#include "gateway/core/core.h"

/* One step at work: what every function below needs. */
struct step {
    struct core *core;
    struct turn *turn;
    int64_t now_ms;
    const struct command *command;
    struct effects *effects;
};

/* Why, by whom, with which words: becomes the event. */
struct change {
    enum cause      cause;
    enum verdict    verdict;            /* 0 none */
    enum fail_class fail_class;         /* with STATE_FAILED */
    const char     *fingerprint;        /* with STATE_FAILED: its group's words; NULL none */
    uint32_t        attempt;            /* 0: the handoff's present one */
    uint32_t        actor_agency, actor_uid;
    int64_t         timer_ms;           /* WAITING: until; OFFERED: end of the lease; HELD: for its antecedents; 0 none */
    uint64_t        session;            /* OFFERED */
    struct span     detail;             /* sealed words; may be empty */
    bool            quiet;              /* no notice to the sender */
};

/* The one mover. must(): the move is in the table. Writes the record, the event, every index row, the counts; tells the
 * sender (feed) where it concerns him; lets the lane go on. */
void handoff_move(struct step *step, struct handoff *handoff, enum state to, const struct change *change);
/* An event that changes no state (LATE_OUTCOME, HOLD of an agency ...). Writes the record too. */
void handoff_note(struct step *step, struct handoff *handoff, const struct change *change);
/* A new one: ids given, record, body, lane place (unless gated), first event. `place` 0: behind all others. */
void handoff_begin(struct step *step, struct handoff *handoff, enum state state, uint64_t place, struct span header,
                   struct span payload, const struct change *change);

/* What happens to an OFFERED one when nobody knows whether the agency acted: READY at an idempotent agency, READY and
 * ask first at a probe agency, UNSURE at any other (promise 5). `certain_not`: it is known that it did not act. */
void handoff_take_back(struct step *step, struct handoff *handoff, enum cause cause, bool counts_as_lapse);

/* "<gateway>-<handoff id in hex>[-<generation>]": the same over all attempts and replays. */
void handoff_key(const struct tables *tables, const struct handoff *handoff, char ret_key[IDEMPOTENCY_KEY_SIZE]);

/* The recipient as the directory has it now; a static default (CLASS_NEITHER, careful bounds) when it is gone. */
const struct agency *handoff_recipient(struct step *step, const struct handoff *handoff);

#endif
