/* flow.h - an interlinked procedure: one submission of the one-stop starts all its steps.
 *
 *   FORWARD without recipient and step, of a procedure that the catalogue knows
 *      -> the submission itself is the first step; every other one becomes a handoff of the same sender in the same
 *         turn, HELD behind the steps before it (gate.h), with the header and payload that were submitted
 *   RESULT of a step               opens those behind it, and is their input
 *   REFUSAL, RETURNED, STOP ...    fails those behind it with the reason; steps beside it go on
 *   SEND_BACK wrong-agency         the step has not ended: handed on by its sender (a FORWARD with it as parent), or
 *                                  redirected; those behind it and the clocks do not notice
 *   SEND_BACK wrong-procedure      the flow stops: whatever has not begun fails with the reason
 *   WITHDRAWAL, STOP of the one-stop without recipient   what has not arrived is closed, every holder is told
 *   RECALL of a result             who used it gets the RECALL; what has not been sent waits until they have answered,
 *                                  or for the new result (flow_recall.c)
 *   PAYMENT, SUPPLEMENT            the citizen's steps have no handoff: this says that one is done
 *
 * Corrected        a correction of a step that names no step corrects its content, wherever nobody has seen that yet:
 *                  what was submitted, in every step that still has it; what was sent on to another agency or put right
 *                  by name is that step's own. One that names its step is for that one alone.
 * All or nothing   a submission is accepted with all its steps or refused, by flow_may(); so is a withdrawal.
 * The record       struct flow; what it says of the catalogue stays. Whether a step is through is said by its handoff's
 *                  answer. Only handoffs with HANDOFF_STEP and kinds that may concern a flow look for a record.
 * Held             no step of a flow fails for having waited long: those before it have clocks of their own.
 */
#ifndef GATEWAY_CORE_FLOW_H
#define GATEWAY_CORE_FLOW_H

#include "gateway/core/flow_graph.h"
#include "gateway/core/submit.h"

#define REASON_WRONG_AGENCY     "wrong-agency"
#define REASON_WRONG_PROCEDURE  "wrong-procedure"

/* ---- flow_check.c: a SUBMIT that comes in */

/* Does it start a flow, stop one, or speak for the citizen: fills in intake->flow. False: refused. */
bool flow_find(struct step *step, struct intake *intake);
/* Whom it is written to when it names nobody; NULL: it is none of those. After flow_find(). */
const struct agency *flow_addressed(struct step *step, const struct intake *intake);
/* It starts a flow whose first step goes to nobody, or would if its procedure were in force: true, refused with that
 * step, or with the code that the procedure goes on under. */
bool flow_refuse_root(struct step *step, const struct intake *intake);
/* The last question: all of it or nothing, and does a RESULT hold what its step must give. False: refused. */
bool flow_may(struct step *step, const struct intake *intake);

/* ---- flow_start.c */

/* The name of the step that it becomes, or that it says the citizen has done; else as it was submitted. */
const char *flow_step_name(struct step *step, const struct intake *intake, char ret_name[STEP_NAME_SIZE]);
/* `root` was begun: the others are, and the record. Every copy of a handoff of its dossier is stale then. */
void flow_begin(struct step *step, const struct intake *intake, const struct handoff *root);
/* The message id that names a step, or the citizen's word, in gates. */
struct uuid flow_message_id(struct step *step, const struct flow *flow, uint32_t index);

/* ---- flow_answer.c: the way of its steps */

/* `child`, not begun yet, will take the place of `sent_back`. What it would take along may have been taken back since
 * then: true, it waits for that again; *ret_ended: one of those that has ended without a result, else unchanged. */
bool flow_sends_on(struct step *step, const struct handoff *sent_back, struct handoff *child, uint64_t *ret_ended);
/* `child` takes the place of `handoff`: a correction, a redirect, another agency. `child` was not begun yet. */
void flow_moved_on(struct step *step, const struct handoff *handoff, struct handoff *child);
/* `child` corrects a step: what it held is this now, for all that hold the same and that nobody has seen yet. */
void flow_corrected(struct step *step, const struct intake *intake, const struct handoff *child);
/* A step's FORWARD got this answer, which stands in its record already. `header`: of the answer. */
void flow_answered(struct step *step, const struct handoff *forward, const struct handoff *answer, struct span header);
/* The answer says that it went to the wrong agency, so that nothing has ended. Of any FORWARD. */
bool flow_is_sent_back(const struct handoff *forward, enum kind kind, struct span header);
/* The citizen's step is done: `handoff` says so. Every other copy of a handoff of its dossier is stale then. */
void flow_citizen(struct step *step, const struct intake *intake, const struct handoff *handoff);
/* "bước X (H29.07) được trả lời ... / step X ...": why those behind it fail. */
void flow_why(struct step *step, const struct handoff *forward, enum kind kind, struct span header, struct text *text);
/* `handoff` has ended, and its body is still needed: by a step that was sent back and goes to another agency. */
bool flow_needs(struct step *step, const struct handoff *handoff);

/* ---- flow_stop.c */

/* A withdrawal of the whole was accepted: what has not arrived is closed, who has something is told. */
void flow_withdraw(struct step *step, const struct intake *intake, const struct handoff *withdrawal);
/* Sent back as the wrong procedure: what has not begun fails. */
void flow_wrong_procedure(struct step *step, struct flow *flow, const struct handoff *answer, struct span why);

/* ---- flow_recall.c */

/* `recall` takes back the result of its step. False: it is none of a step's. */
bool flow_recall(struct step *step, const struct handoff *recall);
/* A step gave a result: was one taken back, do others wait for it. Changes `flow`, does not write it. */
void flow_new_result(struct step *step, struct flow *flow, uint32_t index, const struct handoff *forward,
                     const struct handoff *result);
/* `answer` is a no to a step that had given a result, after its agency was told that what it used was taken back. Then
 * that result has fallen: who used it is told, what has not been sent waits for the step again. False: it stands. */
bool flow_result_falls(struct step *step, const struct handoff *forward, const struct handoff *answer);
/* The agency of a step was told of a RECALL, and there is an answer, or will be none: what comes behind goes on.
 * Changes `flow`, does not write it. */
void flow_let_go_on(struct step *step, struct flow *flow, uint32_t index);
/* It is a RECALL that a step's holder was told, has not answered, and may still answer. */
bool flow_recall_waits(struct step *step, const struct handoff *recall);
/* `child` takes the place of a RECALL: redirected, or put right. */
void flow_recall_moved_on(struct step *step, const struct handoff *recall, const struct handoff *child);
/* An answer to a RECALL that a step's holder got. Gives the FORWARD that it answers as well; 0: none. */
uint64_t flow_recall_answered(struct step *step, const struct handoff *recall, const struct handoff *answer);

/* ---- flow_view.c, flow_words.c; the whole of it is view_flow() in view.h */

enum flow_state flow_state_of(struct step *step, const struct flow *flow, uint32_t index);
/* Why `handoff` waits for this antecedent, where a flow knows better than the gate: both sentences, and what to do.
 * False: it does not. */
struct flow_words { char vi[448], en[320], do_vi[320], do_en[320]; };
bool flow_explain(struct step *step, const struct handoff *handoff, const struct uuid *message_id,
                  const struct antecedent *antecedent, struct flow_words *ret_words);

#endif
