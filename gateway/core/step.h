/* step.h - one function per thing that can arrive; core.c switches between them. Each has a file of its own that begins
 * with when it comes, what it may change, which effects it emits, and what a repetition of it does.
 *
 * Store numbers: turn_agency_number() of the session's agency is 0 as long as it has never sent or been sent anything;
 * a step that accepts something makes the number, one that refuses leaves no trace.
 */
#ifndef GATEWAY_CORE_STEP_H
#define GATEWAY_CORE_STEP_H

#include "gateway/core/handoff.h"

void step_start(struct step *step);             /* step_session.c */
void step_session_lost(struct step *step);
void step_breaker(struct step *step);
void step_tick(struct step *step);              /* step_tick.c */
void step_submit(struct step *step);            /* step_submit.c */
void step_offer(struct step *step);             /* step_offer.c */
void step_outcome(struct step *step);           /* step_outcome.c */
void step_checkpoint(struct step *step);        /* step_small.c */
void step_cursor(struct step *step);
void step_notify(struct step *step);            /* step_notify.c */
void step_notice_ack(struct step *step);
void step_track(struct step *step);             /* step_track.c */
void step_admin(struct step *step);             /* step_admin.c */
void step_directory(struct step *step);         /* step_directory.c */
void step_takeover(struct step *step);          /* step_takeover.c */
void step_restore(struct step *step);           /* step_restore.c */
void step_blob(struct step *step);              /* step_blob.c */

/* step_small.c: compares `expected` with the stored value (empty: none yet) of this agency, and stores `value` when
 * they are equal. False: they differ (CURSOR_MOVED), nothing changed. Says nothing by itself. `agency`: the store's
 * number. Uses core->scratch. */
MUST_USE bool cursor_set(struct step *step, uint32_t agency, const struct cursor_set *cursor);

#endif
