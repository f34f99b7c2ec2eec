/* correction.h - the citizen noticed a mistake first: what was handed off is put right.
 *
 * Not there yet   A FORWARD with parent = the one that is wrong, from the same sender to the same agency for the same
 *                 step, takes its place in the lane, and with those that wait for it: where that one has FAILED, or is
 *                 HELD behind others, READY or WAITING and certainly was not acted on. A CORRECTION_REQUEST is refused
 *                 then, and told what to do.
 * Perhaps there   OFFERED, UNSURE, an attempt that nobody answered for, or held by an operator: such a FORWARD is
 *                 refused. One that was delivered is with the agency, receipt or not: nothing takes its place there.
 * There           A CORRECTION_REQUEST (parent: the FORWARD) goes to whoever holds it now, redirects followed. It opens
 *                 status 5 with a SUPPLEMENT_REQUEST that names it as its parent, or declines with a REFUSAL that does,
 *                 with a reason_code; declining ends no step.
 * Everybody else  who got the dossier in one of its FORWARDs, so the old value, gets a copy behind that FORWARD:
 *                 all of them where the opener corrects, else those whom the sender handed it to. What cannot be sent
 *                 (a permit is missing) stands in the history, with the reason.
 */
#ifndef GATEWAY_CORE_CORRECTION_H
#define GATEWAY_CORE_CORRECTION_H

#include "gateway/core/submit.h"

/* Who stands in for it now: the last of its children, itself where it has none. */
struct handoff correction_last(struct step *step, const struct handoff *handoff);
/* Its parent gives its place to a handoff of this submit's kind and step. Says nothing of sender and recipient. A step
 * of a flow need not be named again: its header never said so. */
bool correction_replaces(struct step *step, const struct handoff *old, const struct submit *submit);
/* Whom a CORRECTION_REQUEST without a recipient is written to; NULL: as any other handoff. */
const struct agency *correction_addressed(struct step *step, const struct intake *intake);
/* With recipient and dossier known. False: refused. */
bool correction_ok(struct step *step, const struct intake *intake);
/* After it was accepted. Every copy of a handoff is stale afterwards. */
void correction_copy(struct step *step, const struct intake *intake, uint64_t id);

#endif
