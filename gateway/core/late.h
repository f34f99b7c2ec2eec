/* late.h - how a dossier comes out: when its work ended, by the time of the source, and what its citizen is told of its
 * being late (record_ending.h).
 *
 *   so long before it is due, the result not in     ASKED         a draft of the apology is with its holder
 *     its feed is stale: perhaps it is done         UNDETERMINED  nothing is sent; looked at again every hour
 *     too many requests to it in an hour            BRAKED        a person lets them go (late-release)
 *     nobody to ask, or not permitted               NOT_ASKED     with a reason; tried again every working day
 *   signed by the responsible head                  SIGNED        goes to the one-stop; promised_ms stands beside due
 *   ended in time after all, or due later by now    CANCELLED     drafts that never left are closed, others recalled
 *   ended late                                      with an apology if SIGNED, else without one: stays as it is; what
 *                                                   had not been asked for by then (UNDETERMINED, BRAKED) is NOT_ASKED
 *
 * Late        by the source time of what ended the work against the binding due date; a promised date never changes
 *             that one. From the due date on without a signature others are told, once every working day: the agency
 *             above the holder, or whom the field names. After a promised date that passes as well.
 * The clock   stands: nothing is asked and nobody told until it goes on.
 * Doubt       while gateway time is in doubt, and while the gateway is held after a restore, all of this waits.
 * By timer    what concerns other handoffs is done by TIMER_LATE in a step of its own, since their copies in the step
 *             that brought it about would be stale.
 */
#ifndef GATEWAY_CORE_LATE_H
#define GATEWAY_CORE_LATE_H

#include "gateway/core/handoff.h"

#define EXCHANGE_EVERY_MS (5 * 60LL * 1000)      /* agency_state.exchange_ms is as old as that at most */

/* Called by dossier_follow(): the record has just been written; `before` NULL: there was none. Keeps table ending and
 * its timer. */
void late_follow(struct step *step, const struct dossier *before, const struct dossier *after);
/* The only FORWARD of a dossier got its RESULT, whose source time this is. Told after the fact that ended the work, it
 * may lie before it: the work was done then. */
void late_done_by(struct step *step, uint64_t dossier, int64_t source_ms);
/* One of its FORWARDs has reached its holder: who could not be asked before is asked now. */
void late_delivered(struct step *step, const struct dossier *dossier);
/* TIMER_LATE. */
void late_due(struct step *step, int64_t due_ms, uint64_t dossier);
/* A BRAKED one that nothing but the brake holds back: its clock runs, and it is due when it was. Any other is looked at
 * anew when its clock goes on. */
bool late_is_held_back(const struct step *step, const struct dossier *dossier, const struct ending *ending);
/* It is asked for now, whatever the brake says. */
void late_release(struct step *step, uint64_t dossier);
/* A request for an apology was closed by a person, or could not be delivered: looked at soon. */
void late_draft_closed(struct step *step, const struct handoff *draft);
/* Something went through with this agency, in either direction. One look, seldom a write. */
void late_exchanged(struct step *step, uint32_t agency);

/* ---- shared by late.c, late_ask.c and apology.c */

struct look {
    struct step *step;
    struct dossier dossier;             /* as it was when the look began */
    struct ending ending;               /* written at the end of the look */
};
/* Its next look; 0: none by time. Writes the timer, not the record. */
void late_look_at(struct step *step, struct ending *ending, int64_t at_ms);
/* Its place among those that are late; `agency` 0: none. */
void late_list(struct step *step, struct ending *ending, uint32_t agency, int64_t due_ms);
/* The handoff in whose history a fact about its lateness stands; 0: it has none. */
uint64_t late_about(struct step *step, const struct dossier *dossier, const struct ending *ending);
/* late_ask.c: asks whoever holds it; sets state, drafts, place in the list. `let_go`: the brake does not hold. */
void late_ask(struct look *look, bool let_go);
/* All that could be asked are silent: whether it is late cannot be known. */
bool late_is_unknown(struct step *step, const struct dossier *dossier);
/* The first request that is not closed; 0: none. */
uint64_t late_draft(const struct look *look);
/* Drafts that never left are closed; of others, with `call_back`, their recipients are told that nothing is owed. */
void late_close_drafts(struct look *look, const char *why, bool call_back);
/* It is late and unsigned, or the new date has passed: tells others and the opener; sets the next look. */
void late_escalate(struct look *look);

#endif
