/* dossier.h - what handoffs tell of their dossier: status, receipt, money, due dates; kept apart from the delivery.
 *
 *   FORWARD one-stop > police      opens a branch: once it is delivered, the police owns the stage
 *   PROGRESS police > one-stop     a fact about the branch of its parent, or of the one live branch of its sender
 *   RESULT, REFUSAL ...            end the branch: the stage is its sender's again
 *
 * Who owns the stage, and so may say where it stands:
 *   one live branch      its holder; until it is delivered its sender
 *   several side by side each holder for its own; the dossier shows what they make together (status_join). Nobody says
 *                        4, 5, 6 or 9 of the whole
 *   none                 who handed the last one off, at first the opener
 * Withdrawn, stopped and handed over (7, 8, 10) are also said by whoever handed the dossier off: the citizen is there.
 * An agency that took over another's seat owns what that one owned.
 *
 * A fact that is not applied changes nothing but counts; it stands in the event of its handoff like one that is. The
 * record is written once by each handoff that tells something, with the event that says so; a handoff that tells
 * nothing, of a dossier of which nothing is known, costs one look at most.
 */
#ifndef GATEWAY_CORE_DOSSIER_H
#define GATEWAY_CORE_DOSSIER_H

#include "gateway/core/submit.h"

/* What is being told, between the look at the record and its being written with the number of its event. */
struct telling {
    bool any;                           /* nothing below holds, and nothing is written, unless this is true */
    struct dossier dossier;             /* as it will be */
    struct event_dossier said;          /* for the event */
    unsigned branch;                    /* that its sender speaks of; BRANCH_NONE */
    uint32_t year_before;               /* its unknown_year as it stands among the provisional ones */
    bool     receipt;                   /* the handoff says that `forward` was taken in hand */
    uint64_t forward;
    uint32_t taker;                     /* ... by its sender: the successor of whom it went to, perhaps */
    int64_t  source_ms;
};

/* False: refused; what it says of its dossier cannot be kept. */
bool dossier_facts_ok(struct step *step, const struct intake *intake);
/* Before `handoff` (ids given) begins: judges and works out. Sets HANDOFF_BRANCH where it opens one. */
void dossier_tell(struct step *step, const struct intake *intake, struct handoff *handoff, struct telling *ret_telling);
/* After the event with `said` was written: the record, money (`submit` NULL: none), receipt. Other copies of the
 * forward are stale then. */
void dossier_told(struct step *step, struct telling *telling, const struct submit *submit, uint64_t event);

/* `forward` gets its answer: before that is noted. It was taken in hand, too: its flags are set, its row goes. */
void dossier_answered(struct step *step, struct handoff *forward, const struct handoff *answer,
                      struct telling *ret_telling);
/* A step of a flow cannot begin, because what it waits for has ended: before it is moved to FAILED. dossier_told() with
 * the event of that. */
void dossier_broken_off(struct step *step, const struct handoff *forward, struct telling *ret_telling);
/* `forward` reached its holder, whose system said no at once: the same, with an event of its own where it is a branch.
 * `forward` is as stored, and stored again. */
void dossier_refused(struct step *step, struct handoff *forward);
/* A FORWARD reached its holder: the step's clock starts. */
void dossier_delivered(struct step *step, const struct handoff *forward);
/* `child` stands for `forward` now (redirected, or itself with another recipient): both clocks go on. */
void dossier_moved_on(struct step *step, const struct handoff *forward, const struct handoff *child);

/* Who is at work on it: the live branches, and those whose result was recalled. */
struct holder { uint64_t forward; uint32_t agency; bool there; };       /* there: the FORWARD has reached it */
uint32_t dossier_holders(struct step *step, const struct dossier *dossier, struct holder ret_holders[BRANCHES_MAX]);
/* `agency`, a number of the store, has the seat of the one that opened it. */
bool dossier_opened_by(struct step *step, const struct dossier *dossier, uint32_t agency);
/* An event about the dossier as a whole, in the history of its handoff `about`, whose other copies are stale then.
 * Tells the sender of that one, unless the change is quiet. */
void dossier_note(struct step *step, uint64_t about, struct change *change);

/* START: where records are there of a version that kept neither how a dossier comes out nor what it counts for, all are
 * looked at once, some at a time: who is at work on them is asked when they will be late, and the reports have them. */
void dossier_catch_up(struct step *step);
void dossier_catch_up_due(struct step *step, int64_t due_ms, uint64_t next);

/* Timers. RECEIPT: nobody has taken it in time, so it is listed and its sender told. It and PURGE stand one after the
 * other, whichever is first. 0: it needs no receipt, or not any more. */
int64_t dossier_receipt_timer(struct step *step, const struct handoff *forward);
void dossier_receipt_due(struct step *step, int64_t due_ms, struct handoff *forward);
/* A directory takes force: years that dossiers wait for and that it has are computed from then on. */
void dossier_calendar_loaded(struct step *step, const struct tables *tables);
void dossier_calendar_due(struct step *step, int64_t due_ms, uint64_t year);

#endif
