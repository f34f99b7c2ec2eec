/* flow_answer.c - what becomes of a flow's steps: answered, handed on to another agency, done by the citizen. */
#include <string.h>

#include "gateway/core/blob.h"
#include "gateway/core/flow.h"
#include "gateway/core/flow_clock.h"
#include "gateway/core/header_text.h"

/* The flow that this FORWARD is a step of, and which. False: none, or another one has taken its place. */
static bool find_step(struct step *step, const struct handoff *forward, struct flow *ret_flow, uint32_t *ret_index)
{
    if (!(forward->flags & HANDOFF_STEP) || !turn_flow(step->turn, forward->dossier, ret_flow))
        return false;
    int index = flow_step_of(ret_flow, forward->id);
    *ret_index = (uint32_t)index;
    return index >= 0;
}

/* ---- another handoff takes its place */

/* Of one that was delivered the inputs are gone: they are those results again. */
static void give_inputs(struct step *step, const struct flow *flow, uint32_t index, const struct handoff *child)
{
    uint32_t inputs = flow_inputs(flow, index), given = 0;
    struct handoff before;

    for (uint32_t i = 0; i < index && given < INPUTS_MAX; i++) {
        const struct flow_step *at = &flow->steps[i];
        if (!(inputs & 1u << i) || at->ended != KIND_RESULT || at->recall ||
            !turn_handoff(step->turn, at->handoff, &before))
            continue;
        gate_put_input(step, child, &before, at->ended_by);
        given++;
    }
}

void flow_moved_on(struct step *step, const struct handoff *handoff, struct handoff *child)
{
    struct flow flow;
    uint32_t index;

    if (!find_step(step, handoff, &flow, &index))
        return;
    if (handoff->answer == ANSWER_SENT_BACK)
        give_inputs(step, &flow, index, child);
    flow_let_go_on(step, &flow, index);                 /* who was told has it no more */
    child->flags |= handoff->flags & (HANDOFF_STEP | HANDOFF_JOIN_ANY);
    memcpy(child->step, handoff->step, sizeof child->step);
    flow.steps[index].handoff = child->id;
    flow.steps[index].ended = 0;
    flow.steps[index].ended_by = 0;
    turn_flow_put(step->turn, &flow);
    flow_clock_follow(step, flow.dossier, step->now_ms);
}

bool flow_sends_on(struct step *step, const struct handoff *sent_back, struct handoff *child, uint64_t *ret_ended)
{
    struct handoff before;
    struct flow flow;
    uint32_t index;

    if (!find_step(step, sent_back, &flow, &index))
        return false;
    uint32_t open = 0, inputs = flow_inputs(&flow, index);
    for (uint32_t i = 0; i < index; i++)
        if (inputs & 1u << i && turn_handoff(step->turn, flow.steps[i].handoff, &before) &&
            (before.answer != ANSWER_RESULT || flow.steps[i].recall))
            open |= 1u << i;
    if (flow.steps[index].flags & FLOW_STEP_ANY && open != inputs)
        open = 0;
    for (uint32_t i = 0; i < index; i++) {
        if (!(open & 1u << i))
            continue;
        must(turn_handoff(step->turn, flow.steps[i].handoff, &before));
        gate_add(step, child, &before);
        if (before.answer == ANSWER_REFUSED || before.state == STATE_CLOSED || gate_has_failed(&before))
            *ret_ended = before.id;
    }
    return open != 0;
}

/* The same handoff with other content: nobody has seen it. */
static void replace_body(struct step *step, const struct intake *intake, struct handoff *handoff, uint32_t by)
{
    struct change change = { .cause = CAUSE_CORRECTED, .actor_agency = by };

    blob_detach(step, handoff);
    turn_body_delete(step->turn, handoff->id);
    turn_body_put(step->turn, handoff->id, intake->submit->header, intake->submit->payload);
    handoff->flags |= intake->submit->attachment_count ? HANDOFF_ATTACHED : 0u;
    blob_attach(step, handoff, intake->submit);
    handoff->body_bytes = (uint32_t)intake->submit->payload.size;
    handoff->content_hash = intake->submit->content_hash;
    handoff_note(step, handoff, &change);
}

/* Who has been sent on, or put right by name, has a content of his own: it stays. */
void flow_corrected(struct step *step, const struct intake *intake, const struct handoff *child)
{
    const struct hash *wrong = &intake->parent.content_hash;
    struct handoff other;
    struct flow flow;

    if (intake->submit->step[0] || !turn_flow(step->turn, child->dossier, &flow))
        return;
    for (uint32_t i = 0; i < flow.step_count; i++)
        if (flow.steps[i].handoff != child->id && turn_handoff(step->turn, flow.steps[i].handoff, &other) &&
            hash_equal(&other.content_hash, wrong) && !state_is_final(other.state) &&
            !handoff_perhaps_there(step, &other) && !(other.flags & HANDOFF_BODY_PURGED))
            replace_body(step, intake, &other, child->sender);
}

/* ---- answers */

void flow_why(struct step *step, const struct handoff *forward, enum kind kind, struct span header, struct text *text)
{
    char code[AGENCY_CODE_SIZE] = "?", reason[REASON_CODE_SIZE] = "";

    (void)header_reason_code(header, reason);
    (void)turn_agency_code(step->turn, forward->recipient, code);
    text_add(text, "bước '%s' (%s) được trả lời %s%s%s / step '%s' (%s) was answered %s%s%s", forward->step, code,
             kind_name(kind), reason[0] ? ": " : "", reason, forward->step, code, kind_name(kind),
             reason[0] ? ": " : "", reason);
}

bool flow_is_sent_back(const struct handoff *forward, enum kind kind, struct span header)
{
    char reason[REASON_CODE_SIZE];

    if (kind != KIND_SEND_BACK || forward->kind != KIND_FORWARD)
        return false;
    (void)header_reason_code(header, reason);
    return strcmp(reason, REASON_WRONG_AGENCY) == 0;
}

static bool is_wrong_procedure(enum kind kind, struct span header)
{
    char reason[REASON_CODE_SIZE];

    (void)header_reason_code(header, reason);
    return kind == KIND_SEND_BACK && strcmp(reason, REASON_WRONG_PROCEDURE) == 0;
}

void flow_answered(struct step *step, const struct handoff *forward, const struct handoff *answer, struct span header)
{
    struct flow flow;
    uint32_t index;
    char why[REASON_BYTES_MAX];
    struct text text = text_of(why, sizeof why);

    if (!find_step(step, forward, &flow, &index))
        return;
    if (answer->kind != KIND_RESULT)
        flow_let_go_on(step, &flow, index);             /* no answer to the RECALL is needed any more: it has none */
    if (forward->answer == ANSWER_SENT_BACK) {
        turn_flow_put(step->turn, &flow);
        return;
    }
    flow.steps[index].ended = answer->kind;
    flow.steps[index].ended_by = answer->id;
    if (answer->kind == KIND_RESULT)
        flow_new_result(step, &flow, index, forward, answer);
    bool wrong = !flow.stopped && is_wrong_procedure(answer->kind, header);
    if (wrong) {
        flow.stopped = KIND_SEND_BACK;
        flow.stopped_by = answer->id;
    }
    turn_flow_put(step->turn, &flow);
    if (!wrong)
        return;
    flow_clock_follow(step, flow.dossier, step->now_ms);
    flow_why(step, forward, answer->kind, header, &text);
    flow_wrong_procedure(step, &flow, answer, span_of_string(why));
}

/* ---- the citizen */

void flow_citizen(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    uint32_t index = intake->flow.citizen - 1;
    struct flow flow;

    must(turn_flow(step->turn, handoff->dossier, &flow) && index < flow.step_count);
    flow.steps[index].ended = handoff->kind;
    flow.steps[index].ended_by = handoff->id;
    turn_flow_put(step->turn, &flow);
    struct uuid name = flow_message_id(step, &flow, index);
    bool with_input = handoff->body_bytes <= RESULT_BYTES_MAX;
    gate_named_done(step, flow.sender, &name, handoff, with_input);
    /* A step that a successor of who submitted it has put right or sent on waits under that one's code. */
    for (uint32_t i = 0; i < flow.step_count; i++) {
        struct handoff forward;
        if (turn_handoff(step->turn, flow.steps[i].handoff, &forward) && forward.sender != flow.sender)
            gate_named_done(step, forward.sender, &name, handoff, with_input);
    }
}

/* ---- bodies */

bool flow_needs(struct step *step, const struct handoff *handoff)
{
    struct handoff other;
    struct flow flow;

    if (handoff->flags & HANDOFF_STEP && handoff->answer == ANSWER_SENT_BACK && !handoff->child)
        return true;
    if (handoff->kind != KIND_RESULT || !turn_handoff(step->turn, handoff->parent, &other) ||
        !(other.flags & HANDOFF_STEP) || !turn_flow(step->turn, handoff->dossier, &flow))
        return false;
    for (uint32_t i = 0; i < flow.step_count; i++)
        if (flow.steps[i].handoff && turn_handoff(step->turn, flow.steps[i].handoff, &other) &&
            other.answer == ANSWER_SENT_BACK)
            return true;
    return false;
}
