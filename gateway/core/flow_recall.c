/* flow_recall.c - an agency takes back the result of its step.
 *
 *   what used it and has not been sent    waits again for that step: its new result opens it
 *   what used it and was sent             its holder is told: a RECALL of the one-stop, parent its FORWARD. Whatever
 *                                         comes behind it and was not sent yet waits until that holder has answered:
 *                                         PROGRESS or REFUSAL naming the RECALL (nothing changes for us), a RESULT
 *                                         naming it or given after it arrived (the new one is used), or no result of
 *                                         its step at all: refused, sent back
 *   the new result                        goes to those who had been told, too: a SUPPLEMENT with it as input
 *
 * A refusal of the step itself, by a holder who had given a result before he was told, takes that result back as well:
 * it is a RECALL and a no in one. Where one of several is enough, a result that still stands takes the place of the one
 * that fell; else each of them may open the gate again.
 *
 * The new result alone does not let go on who waits for an answer: the holder in between worked with the old one, and
 * only he knows what of it stands. A holder whose own result falls takes it back in turn. An operator's release opens
 * any of these gates.
 */
#include "gateway/core/flow.h"
#include "gateway/core/issue.h"
#include "gateway/core/urge.h"

enum { PARENTS_MAX = 8 };

static const char TAKEN_BACK[] = "kết quả của bước trước bị thu hồi (RECALL), chờ cơ quan đó / "
                                 "the result of an earlier step was taken back (RECALL), its agency is waited for";

static bool is_sent(struct step *step, const struct handoff *handoff)
{
    return handoff->state != STATE_CLOSED && handoff_perhaps_there(step, handoff);
}

/* Whatever it was, it waits now. */
static void hold(struct step *step, struct handoff *handoff, uint32_t by)
{
    struct change change = { .cause = CAUSE_RECALLED, .actor_agency = by, .detail = span_of_string(TAKEN_BACK) };

    if (handoff->state == STATE_READY || handoff->state == STATE_WAITING)
        handoff_move(step, handoff, STATE_HELD, &change);
    else
        handoff_note(step, handoff, &change);
}

/* The RECALL that the holder of a step gets: as its agency sent it, or made here where that one refused. 0: it cannot
 * be sent to him. */
static uint64_t tell(struct step *step, const struct handoff *forward, const struct handoff *recall)
{
    char code[AGENCY_CODE_SIZE];
    struct arena *scratch = &step->core->scratch;
    size_t used = scratch->used;
    uint64_t key[2] = { recall->id, forward->id }, id = 0;
    struct span header = { 0 }, payload = { 0 };
    struct problem problem;

    must(turn_agency_code(step->turn, forward->recipient, code));
    if (recall->kind == KIND_RECALL)
        must(turn_body(step->turn, recall->id, scratch, &header, &payload) == RESULT_OK);
    struct issue issue = {
        .from = forward->sender, .to = code, .dossier = forward->dossier, .kind = KIND_RECALL, .parent = forward->id,
        .procedure = forward->procedure_code, .step = forward->step, .at_ms = step->now_ms,
        .source_ms = recall->source_time_ms, .key = span_of(key, sizeof key), .header = header, .payload = payload,
        .header_of = header.size ? recall->id : 0,
        .content_hash = recall->content_hash, .copy = true, .reason_code = "result-refused",
    };
    if (!issue_handoff(step, &issue, &id, &problem))
        id = 0;
    scratch->used = used;
    return id;
}

/* One result of several is enough for `handoff`, and another one stands: it takes the place of that of `fallen`. */
static bool another_will_do(struct step *step, const struct flow *flow, uint32_t index, const struct handoff *handoff,
                            const struct handoff *fallen)
{
    uint32_t gates = flow_gates(flow, index);
    struct handoff other;

    for (uint32_t i = 0; i < index && handoff->flags & HANDOFF_JOIN_ANY; i++) {
        const struct flow_step *at = &flow->steps[i];
        if (!(gates & 1u << i) || at->ended != KIND_RESULT || at->recall || at->told || at->handoff == fallen->id ||
            !turn_handoff(step->turn, at->handoff, &other))
            continue;
        turn_antecedent_delete(step->turn, handoff->id, &fallen->message_id);
        gate_put_input(step, handoff, &other, at->ended_by);
        return true;
    }
    return false;
}

/* ... none does: each of them may open it again. */
static void wait_for_others(struct step *step, const struct flow *flow, uint32_t index, struct handoff *handoff,
                            const struct handoff *fallen)
{
    uint32_t gates = flow_gates(flow, index);
    struct handoff other;

    for (uint32_t i = 0; i < index && handoff->flags & HANDOFF_JOIN_ANY; i++) {
        if (!(gates & 1u << i) || flow->steps[i].handoff == fallen->id)
            continue;
        if (!turn_handoff(step->turn, flow->steps[i].handoff, &other))
            other = (struct handoff){ .message_id = flow_message_id(step, flow, i) };   /* the citizen's */
        gate_add(step, handoff, &other);
    }
}

/* `told` was sent, so what comes behind it waits for the answer to the RECALL that its holder got. What can do without
 * its result does not. */
static void hold_behind(struct step *step, const struct flow *flow, uint32_t told, const struct handoff *forward,
                        const struct handoff *recall, uint32_t by)
{
    struct antecedent row;
    struct handoff behind;

    for (uint32_t i = told + 1; i < flow->step_count; i++) {
        if (!(flow_inputs(flow, i) & 1u << told) || !turn_handoff(step->turn, flow->steps[i].handoff, &behind) ||
            state_is_final(behind.state) || is_sent(step, &behind))
            continue;
        bool uses = turn_antecedent(step->turn, behind.id, &forward->message_id, &row);
        if (behind.flags & HANDOFF_JOIN_ANY &&
            (!uses || (row.done_by && another_will_do(step, flow, i, &behind, forward))))
            continue;
        gate_add(step, &behind, recall);
        hold(step, &behind, by);
    }
}

/* It has the old result as input, and nobody has seen it: the step is waited for again. */
static void wait_again(struct step *step, const struct flow *flow, uint32_t index, struct handoff *handoff,
                       const struct handoff *forward, uint32_t by)
{
    struct antecedent row;

    if (!turn_antecedent(step->turn, handoff->id, &forward->message_id, &row) || !row.done_by)
        return;                                         /* it waits anyway, or another one was enough */
    if (another_will_do(step, flow, index, handoff, forward))
        return;
    wait_for_others(step, flow, index, handoff, forward);
    gate_add(step, handoff, forward);
    hold(step, handoff, by);
}

/* Nobody needs to answer this one any more. */
static void open_behind(struct step *step, uint64_t recall)
{
    struct handoff told;

    if (!turn_handoff(step->turn, recall, &told))
        return;
    gate_named_done(step, told.sender, &told.message_id, &told, false);
    urge_recall_answered(step, recall);
}

/* Whoever had not answered an earlier one owes one answer, to the last. */
static void take_back(struct step *step, struct flow *flow, uint32_t index, const struct handoff *forward,
                      const struct handoff *recall)
{
    struct handoff other, told;

    for (uint32_t i = index + 1; i < flow->step_count; i++) {
        if (!(flow_inputs(flow, i) & 1u << index) || !turn_handoff(step->turn, flow->steps[i].handoff, &other) ||
            other.state == STATE_CLOSED)
            continue;
        if (!is_sent(step, &other)) {
            wait_again(step, flow, i, &other, forward, recall->sender);
            continue;
        }
        uint64_t id = tell(step, &other, recall), before = flow->steps[i].told;
        /* Nothing of who has said no is used, so there is nothing to wait for. */
        if (other.answer == ANSWER_REFUSED || other.answer == ANSWER_SENT_BACK ||
            !turn_handoff(step->turn, id, &told))
            continue;
        flow->steps[i].told = id;
        hold_behind(step, flow, i, &other, &told, recall->sender);
        open_behind(step, before);
    }
}

/* The FORWARD of the step whose result this is about: named itself, or by its RESULT, which may have answered a RECALL.
 */
static bool find_forward(struct step *step, const struct handoff *recall, struct handoff *ret_forward)
{
    uint64_t id = recall->parent;

    for (int i = 0; i < PARENTS_MAX; i++, id = ret_forward->parent) {
        if (!turn_handoff(step->turn, id, ret_forward))
            return false;
        if (ret_forward->kind != KIND_RESULT && ret_forward->kind != KIND_RECALL)
            break;
    }
    return ret_forward->kind == KIND_FORWARD && ret_forward->flags & HANDOFF_STEP &&
           seat_same(step, recall->sender, ret_forward->recipient, ret_forward);
}

bool flow_recall(struct step *step, const struct handoff *recall)
{
    struct change change = { .cause = CAUSE_RECALLED, .actor_agency = recall->sender };
    struct handoff forward;
    struct flow flow;

    if (recall->kind != KIND_RECALL || !find_forward(step, recall, &forward) ||
        !turn_flow(step->turn, recall->dossier, &flow))
        return false;
    int index = flow_step_of(&flow, forward.id);
    if (index < 0 || flow.steps[index].ended != KIND_RESULT)
        return false;
    flow.steps[index].recall = recall->id;
    flow.steps[index].ended = 0;
    flow.steps[index].ended_by = 0;
    forward.answer = 0;
    handoff_note(step, &forward, &change);
    take_back(step, &flow, (uint32_t)index, &forward, recall);
    turn_flow_put(step->turn, &flow);
    return true;
}

/* ---- answers */

/* What was not sent yet gets this result in place of the one before. */
static void renew(struct step *step, const struct flow *flow, uint32_t index, const struct handoff *forward,
                  uint64_t result)
{
    struct antecedent row;
    struct handoff other;

    for (uint32_t i = index + 1; i < flow->step_count; i++) {
        if (!(flow_inputs(flow, i) & 1u << index) || !turn_handoff(step->turn, flow->steps[i].handoff, &other) ||
            !turn_antecedent(step->turn, other.id, &forward->message_id, &row) || !row.done_by)
            continue;
        row.done_by = result;
        turn_antecedent_put(step->turn, other.id, &forward->message_id, &row);
    }
}

void flow_let_go_on(struct step *step, struct flow *flow, uint32_t index)
{
    open_behind(step, flow->steps[index].told);
    flow->steps[index].told = 0;
}

/* Whose holder was told by it. A redirected one is another one's child. */
static bool find_told(struct step *step, const struct handoff *recall, struct handoff *ret_forward)
{
    struct handoff at = *recall;

    for (int i = 0; i < PARENTS_MAX && at.kind == KIND_RECALL; i++)
        if (!turn_handoff(step->turn, at.parent, &at))
            return false;
    *ret_forward = at;
    return at.kind == KIND_FORWARD && at.flags & HANDOFF_STEP;
}

bool flow_recall_waits(struct step *step, const struct handoff *recall)
{
    struct flow flow;

    if (recall->kind != KIND_RECALL || !turn_flow(step->turn, recall->dossier, &flow) || flow.stopped)
        return false;
    for (uint32_t i = 0; i < flow.step_count; i++)
        if (flow.steps[i].told == recall->id)
            return true;
    return false;
}

void flow_recall_moved_on(struct step *step, const struct handoff *recall, const struct handoff *child)
{
    struct flow flow;

    if (recall->kind != KIND_RECALL || !turn_flow(step->turn, recall->dossier, &flow))
        return;
    for (uint32_t i = 0; i < flow.step_count; i++)
        if (flow.steps[i].told == recall->id)
            flow.steps[i].told = child->id;
    turn_flow_put(step->turn, &flow);
}

uint64_t flow_recall_answered(struct step *step, const struct handoff *recall, const struct handoff *answer)
{
    struct handoff forward;
    struct flow flow;

    if (!find_told(step, recall, &forward) || !turn_flow(step->turn, recall->dossier, &flow))
        return 0;
    int index = flow_step_of(&flow, forward.id);
    if (index < 0)
        return 0;
    if (answer->kind == KIND_RESULT)
        return forward.id;
    if (flow.steps[index].told == recall->id) {
        flow_let_go_on(step, &flow, (uint32_t)index);
        turn_flow_put(step->turn, &flow);
    }
    return 0;
}

static bool given_after(struct step *step, const struct handoff *answer, const struct handoff *recall)
{
    int64_t at_ms = answer->source_time_ms > 0 ? answer->source_time_ms : step->now_ms;
    return recall->state == STATE_DELIVERED && at_ms >= recall->changed_ms;
}

bool flow_result_falls(struct step *step, const struct handoff *forward, const struct handoff *answer)
{
    struct handoff recall;
    struct flow flow;

    if (!(forward->flags & HANDOFF_STEP) || !turn_flow(step->turn, forward->dossier, &flow))
        return false;
    int index = flow_step_of(&flow, forward->id);
    if (index < 0 || flow.steps[index].ended != KIND_RESULT ||
        !turn_handoff(step->turn, flow.steps[index].told, &recall) || !given_after(step, answer, &recall))
        return false;
    flow.steps[index].ended = 0;
    flow.steps[index].ended_by = 0;
    take_back(step, &flow, (uint32_t)index, forward, answer);
    turn_flow_put(step->turn, &flow);
    return true;
}

/* Those who work with the old one get the new one. */
static void pass_on(struct step *step, const struct flow *flow, uint32_t index, const struct handoff *forward,
                    const struct handoff *result)
{
    char code[AGENCY_CODE_SIZE];
    struct submit_after after = { .message_id = forward->message_id, .until = UNTIL_RESULT };
    struct problem problem;
    struct handoff other;
    uint64_t id;

    for (uint32_t i = index + 1; i < flow->step_count; i++) {
        if (!(flow_inputs(flow, i) & 1u << index) || !turn_handoff(step->turn, flow->steps[i].handoff, &other) ||
            !is_sent(step, &other) || !turn_agency_code(step->turn, other.recipient, code))
            continue;
        uint64_t key[2] = { result->id, other.id };
        struct issue issue = {
            .from = other.sender, .to = code, .dossier = other.dossier, .kind = KIND_SUPPLEMENT, .parent = other.id,
            .procedure = other.procedure_code, .step = other.step, .at_ms = step->now_ms,
            .key = span_of(key, sizeof key), .after = &after, .after_count = 1, .reason_code = "recalled-result",
            .copy = true,
        };
        /* Where that may not be, its holder still has the RECALL, and the one-stop the result. */
        (void)!issue_handoff(step, &issue, &id, &problem);
    }
}

void flow_new_result(struct step *step, struct flow *flow, uint32_t index, const struct handoff *forward,
                     const struct handoff *result)
{
    struct handoff recall;

    if (flow->steps[index].recall)
        pass_on(step, flow, index, forward, result);
    flow->steps[index].recall = 0;
    renew(step, flow, index, forward, result->id);
    if (!turn_handoff(step->turn, flow->steps[index].told, &recall))
        return;
    if (result->parent == recall.id || given_after(step, result, &recall))
        flow_let_go_on(step, flow, index);
}
