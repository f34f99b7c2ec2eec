/* flow_view.c - where the steps of a flow stand, to be shown. Nothing here changes anything. */
#include "gateway/core/flow.h"
#include "gateway/core/gate.h"

enum { STEP_BYTES = sizeof(struct step_view) + AGENCY_CODE_SIZE + STEP_TITLE_SIZE + 32 };
_Static_assert(sizeof(struct flow_view) + FLOW_STEPS_MAX * STEP_BYTES + 64 <= FLOW_VIEW_BYTES,
               "the largest view of a flow");

/* A RECALL that its holder was told, and that is still to be answered. */
static bool is_asked(struct step *step, const struct flow_step *at)
{
    struct handoff told;
    return at->told && turn_handoff(step->turn, at->told, &told) && !told.answer && told.state != STATE_CLOSED;
}

static bool is_done(struct step *step, const struct flow_step *at)
{
    struct handoff handoff;

    if (at->flags & FLOW_STEP_CITIZEN)
        return at->ended != 0;
    return turn_handoff(step->turn, at->handoff, &handoff) && handoff.answer == ANSWER_RESULT;
}

static bool is_over(struct step *step, const struct flow_step *at)
{
    struct handoff handoff;

    if (!turn_handoff(step->turn, at->handoff, &handoff))
        return false;
    return handoff.state == STATE_CLOSED || handoff.answer == ANSWER_REFUSED ||
           gate_has_failed(&handoff);
}

/* Bits: steps that must be done, or must answer, before this one can begin. */
static uint32_t waits_for(struct step *step, const struct flow *flow, uint32_t index)
{
    uint32_t gates = flow_gates(flow, index), open = 0, asked = 0;
    bool any = flow->steps[index].flags & FLOW_STEP_ANY;

    for (uint32_t i = 0; i < index; i++) {
        const struct flow_step *before = &flow->steps[i];
        if (gates & 1u << i && !is_done(step, before))
            open |= 1u << i;
        if (gates & 1u << i && is_asked(step, before))
            asked |= 1u << i;
    }
    return any && open != gates ? asked : open | asked;
}

static enum flow_state citizen_state(struct step *step, const struct flow *flow, uint32_t index)
{
    uint32_t waits = waits_for(step, flow, index);

    if (flow->steps[index].ended)
        return FLOW_DONE;
    if (flow->stopped)
        return FLOW_CLOSED;
    for (uint32_t i = 0; i < index; i++)
        if (waits & 1u << i && is_over(step, &flow->steps[i]))
            return FLOW_BROKEN_OFF;
    return waits ? FLOW_WAITS : FLOW_CITIZEN;
}

static enum flow_state state_of_forward(const struct handoff *forward)
{
    switch (forward->state) {
    case STATE_HELD:
        return forward->flags & HANDOFF_ON_HOLD ? FLOW_STUCK : FLOW_WAITS;
    case STATE_READY: case STATE_OFFERED: case STATE_WAITING:
        return FLOW_COMING;
    case STATE_UNSURE:
        return FLOW_STUCK;
    case STATE_FAILED:
        return gate_has_failed(forward) ? FLOW_BROKEN_OFF : FLOW_STUCK;
    case STATE_DELIVERED:
        return FLOW_AT_WORK;
    case STATE_CLOSED:
        return FLOW_CLOSED;
    case STATE_END:
        break;
    }
    must(!"a handoff in no state");
}

enum flow_state flow_state_of(struct step *step, const struct flow *flow, uint32_t index)
{
    const struct flow_step *at = &flow->steps[index];
    struct handoff forward;

    if (!(at->flags & FLOW_STEP_CHOSEN))
        return FLOW_NOT_CHOSEN;
    if (at->flags & FLOW_STEP_CITIZEN)
        return citizen_state(step, flow, index);
    must(turn_handoff(step->turn, at->handoff, &forward));
    bool asked = is_asked(step, at);
    if (forward.answer == ANSWER_REFUSED)
        return FLOW_REFUSED;
    if (forward.answer == ANSWER_SENT_BACK && !forward.child)
        return FLOW_SENT_BACK;
    if (at->recall)                                     /* it took its answer away: what stands above came later */
        return FLOW_RECALLED;
    if (forward.answer == ANSWER_RESULT)
        return asked ? FLOW_ASKED : FLOW_DONE;
    enum flow_state state = state_of_forward(&forward);
    return state == FLOW_AT_WORK && asked ? FLOW_ASKED : state;
}

const struct flow_view *view_flow(struct step *step, const struct dossier *dossier)
{
    const struct procedure *procedure;
    struct flow_view *view;
    struct step_view *steps;
    struct handoff forward;
    struct flow flow;

    if (arena_room(&step->effects->arena) < FLOW_VIEW_BYTES || !turn_flow(step->turn, dossier->id, &flow))
        return NULL;
    view = arena_take(&step->effects->arena, sizeof *view);
    steps = arena_take(&step->effects->arena, flow.step_count * sizeof *steps);
    must(view && steps);
    *view = (struct flow_view){ .flow = flow, .sender = view_code(step, flow.sender), .steps = steps };
    must(view->sender);
    procedure = tables_procedure_version(step->core->tables, flow.version);
    for (uint32_t i = 0; i < flow.step_count; i++) {
        const struct flow_step *at = &flow.steps[i];
        const char *title = procedure_step_title(procedure, at->name);
        bool there = turn_handoff(step->turn, at->handoff, &forward);
        steps[i] = (struct step_view){ .state = flow_state_of(step, &flow, i),
                                       .agency = there ? view_code(step, forward.recipient) : "",
                                       .title = effects_text(step->effects, title) };
        must(steps[i].agency);
        bool waits = steps[i].state == FLOW_WAITS || steps[i].state == FLOW_BROKEN_OFF;
        steps[i].waits = waits ? waits_for(step, &flow, i) : 0;
        steps[i].recall = at->recall ? at->recall : is_asked(step, at) ? at->told : 0;
        for (uint32_t k = 0; k < dossier->branch_count; k++)
            if (at->handoff && dossier->branches[k].handoff == at->handoff)
                steps[i].due_ms = dossier->branches[k].due_ms;
    }
    return view;
}
