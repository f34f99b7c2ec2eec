/* restore.h - a store that came back from a backup does not know what happened since: what that means for those it
 * holds (step_restore.c), for those that are handed off again, and for the gateway while it is held.
 *
 * Perhaps   one that was not final in the backup may have been delivered since. It is READY at an idempotent agency
 *           (its key is the same), asked about first at a probe agency, UNSURE at any other. One that was HELD or
 *           FAILED stays so and is judged by the same rule when it is to be offered (step_offer.c).
 * Again     what was accepted after the backup is handed off again by its sender, with the id it had then
 *           (accepted_as): it gets that id back, and with it the idempotency key under which it may have been
 *           delivered. The same three ways.
 * Unknown   a message id from before the restore without accepted_as: perhaps it was accepted and the answer was lost.
 *           Its key of then is not known, and no question that names the key would find it: UNSURE everywhere.
 */
#ifndef GATEWAY_CORE_RESTORE_H
#define GATEWAY_CORE_RESTORE_H

#include "gateway/core/handoff.h"

/* Attempts that the lost store may have given out: numbers go on above them, so that their outcomes are known as those
 * of earlier attempts. */
enum { RESTORE_ATTEMPTS = 1000 };

#define RELEASE_GATEWAY "gateway"       /* what `release` names to let the whole gateway go on */

bool restore_is_held(struct turn *turn);

enum again { AGAIN_NOT = 0, AGAIN_AS, AGAIN_UNKNOWN };
/* What a SUBMIT that the store does not know is after a restore. AS: accepted_as is free and becomes its id. */
enum again restore_again(struct step *step, const struct submit *submit);
/* Such a one, begun: judged, with an event that says so. */
void restore_judge_again(struct step *step, struct handoff *handoff, enum again again);

/* A handoff that the lost store may have had, and whose sender may not have come back yet. */
bool restore_may_come(struct step *step, uint64_t handoff);

/* READY or UNSURE for one that perhaps was delivered since the backup; sets what its next attempt has to know. */
enum state restore_state(struct step *step, struct handoff *handoff);
/* Why one that is offered now goes to a person instead. Static, Vietnamese / English. */
const char *restore_unsure_words(const struct handoff *handoff);

#endif
