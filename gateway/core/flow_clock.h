/* flow_clock.h - the dossier's clock stands while all that is at work lies outside the procedure's time: the tax office
 * determines what is owed, the citizen pays.
 *
 * Stands      while at least one step is at work, and each that is at work is `outside` in the catalogue. An agency's
 *             step is at work from its delivery on, so that what hangs on the way counts; one of the citizen from
 *             when those before it have ended.
 * What it is  a pause of the record with branch BRANCH_OUTSIDE. Steps have clocks of their own, which go on.
 */
#ifndef GATEWAY_CORE_FLOW_CLOCK_H
#define GATEWAY_CORE_FLOW_CLOCK_H

#include "gateway/core/step.h"

/* The record is about to be written, with what happened at at_ms. `forward` NULL, or one that `ended` ends (0: not yet)
 * and the flow does not know yet. True: the clock stands, or goes on, from then. */
bool flow_clock(struct step *step, struct dossier *dossier, const struct handoff *forward, enum kind ended,
                int64_t at_ms);
/* The flow has just been written: the same, with the record. */
void flow_clock_follow(struct step *step, uint64_t dossier, int64_t at_ms);

#endif
