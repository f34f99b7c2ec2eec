/* gate.h - after[]: a handoff waits until the ones it names are done, and gets their results as inputs.
 *
 * An antecedent is named by (sender, message id), so it may come after its dependant; what an agency has not sent under
 * its own code is looked for under those that it has taken over from (seat.h). It is done when its RESULT has
 * been accepted (UNTIL_RESULT) or it is delivered (UNTIL_DELIVERED). One that ends without that fails its dependants
 * with the reason; one that needs a person does not: it may still be done. A corrected or redirected antecedent hands
 * its dependants to its child.
 *
 * Steps of a flow (flow.h) differ in three things. HANDOFF_JOIN_ANY: the first of its antecedents that is done opens
 * it, and it fails when all have ended. One that fails because of its antecedents fails those behind it in turn: nobody
 * else would. And it may wait for a message id that nobody will ever use: the name of what the citizen has to do.
 */
#ifndef GATEWAY_CORE_GATE_H
#define GATEWAY_CORE_GATE_H

#include "gateway/core/handoff.h"

/* False: GATE_WALK_MAX others already wait for this one. */
bool gate_has_room(struct step *step, uint32_t sender, const struct uuid *antecedent);
/* True: after[] of this submit closes a circle, or more than GATE_WALK_MAX handoffs would have to be looked at.
 * `stands_for`: the message id of the one it takes the place of (a correction), NULL none. */
bool gate_is_circle(struct step *step, uint32_t sender, const struct submit *submit, const struct uuid *stands_for);
/* Stores the gates of a new handoff (id given, not begun yet). Returns how many are still closed. *ret_ended: an
 * antecedent has already ended without a result (its id), else 0. */
uint32_t gate_store(struct step *step, const struct handoff *handoff, const struct submit *submit,
                    uint64_t *ret_ended);
/* Called after a handoff came into being, was delivered, or ended: opens or fails those that wait for it. One that
 * ended CLOSED fails all of them, one that was answered with a no those that wait for its RESULT. */
void gate_antecedent_known(struct step *step, const struct handoff *antecedent);
void gate_antecedent_delivered(struct step *step, const struct handoff *antecedent);
void gate_antecedent_result(struct step *step, const struct handoff *antecedent, const struct handoff *result);
void gate_antecedent_ended(struct step *step, const struct handoff *antecedent, struct span why);
/* One that is HELD fails because of those that it waits for. `change` says why. */
void gate_fail(struct step *step, struct handoff *dependant, const struct change *change);
/* It has FAILED for that reason, in one of these words, and not because its agency misses something. */
#define PREDECESSOR_ENDED  "predecessor-ended"
#define PREDECESSOR_ABSENT "predecessor-absent"
#define WRONG_PROCEDURE    "wrong-procedure"
bool gate_has_failed(const struct handoff *handoff);
/* What is waited for under this name was done by `by`; with_input: its payload goes along. */
void gate_named_done(struct step *step, uint32_t sender, const struct uuid *name, const struct handoff *by,
                     bool with_input);
/* One that waits for nothing, or not for this, waits for the answer to `antecedent` from now on. Does not write the
 * record; its state is the caller's. */
void gate_add(struct step *step, struct handoff *handoff, const struct handoff *antecedent);
/* What `from` waits for, and the results that came, are those of `to` too, which was not begun yet. Of one that is not
 * HELD only the results: sending it on is a person's decision not to wait. */
void gate_copy(struct step *step, const struct handoff *from, struct handoff *to);
/* ... one that its sender never named, or whose row has gone: the RESULT of another step. */
void gate_put_input(struct step *step, const struct handoff *handoff, const struct handoff *antecedent,
                    uint64_t result);
/* The dependants of `from` now wait for `to`, a child of the same sender or of who has his seat, not begun yet. Before
 * `from` is closed. */
void gate_hand_over(struct step *step, const struct handoff *from, const struct handoff *to);
/* An operator releases or replays it, or it ends: it waits for nothing any more. The results that came stay its inputs,
 * until it is final. Does not write the record. */
void gate_forget(struct step *step, struct handoff *handoff);
/* The inputs for its DELIVER, in the effects' arena. FULL: no room now. NOT_FOUND: one was purged. */
MUST_USE enum result gate_inputs(struct step *step, const struct handoff *handoff, const struct input **ret_inputs,
                                 uint32_t *ret_count);

#endif
