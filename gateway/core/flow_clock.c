#include "gateway/core/flow_clock.h"

#include "gateway/core/dossier_inside.h"
#include "gateway/core/flow.h"

/* All that it waits for, or one of those, is there: also what the citizen's step before it comes after, so that a
 * payment that is early lets nothing begin. */
static bool may_begin(const struct flow *flow, uint32_t index)
{
    uint32_t gates = flow_gates(flow, index), done = 0;

    for (uint32_t i = 0; i < flow->step_count; i++) {
        const struct flow_step *before = &flow->steps[i];
        if (before->ended == KIND_RESULT || (before->ended && flow_step_is(before, FLOW_STEP_CITIZEN)))
            done |= 1u << i;
    }
    return flow_step_is(&flow->steps[index], FLOW_STEP_ANY) && gates ? (gates & done) != 0 : !(gates & ~done);
}

static bool is_delivered(const struct dossier *dossier, uint64_t handoff)
{
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        if (dossier->branches[i].handoff == handoff)
            return dossier->branches[i].delivered_ms != 0;
    return false;
}

/* Nobody works on it any more, though nothing has ended it: refused when it was delivered, closed by a person. */
static bool is_given_up(struct step *step, uint64_t id)
{
    struct handoff handoff;

    return !turn_handoff(step->turn, id, &handoff) || handoff.answer || handoff.state == STATE_CLOSED;
}

static bool stands(struct step *step, const struct dossier *dossier, const struct flow *flow,
                   const struct procedure *procedure)
{
    bool any = false;

    if (flow->stopped || status_is_over(dossier->line.status))
        return false;
    for (uint32_t i = 0; i < flow->step_count; i++) {
        const struct flow_step *at = &flow->steps[i];
        bool citizen = flow_step_is(at, FLOW_STEP_CITIZEN);
        int index = procedure_step_index(procedure, at->name);
        if (!flow_step_is(at, FLOW_STEP_CHOSEN) || at->ended || index < 0 || !may_begin(flow, i) ||
            (!citizen && is_given_up(step, at->handoff)))
            continue;
        if (!procedure->steps[index].outside || !(citizen || is_delivered(dossier, at->handoff)))
            return false;
        any = true;
    }
    return any;
}

bool flow_clock(struct step *step, struct dossier *dossier, const struct handoff *forward, enum kind ended,
                int64_t at_ms)
{
    const struct procedure *procedure;
    struct flow flow;

    if (!turn_flow(step->turn, dossier->id, &flow) ||
        !(procedure = tables_procedure_version(step->core->tables, flow.version)))
        return false;
    int index = forward ? flow_step_of(&flow, forward->id) : -1;
    if (index >= 0 && ended)
        flow.steps[index].ended = ended;
    return dossier_outside(step, dossier, stands(step, dossier, &flow, procedure), at_ms);
}

void flow_clock_follow(struct step *step, uint64_t dossier, int64_t at_ms)
{
    struct telling telling = { 0 };

    if (!turn_dossier(step->turn, dossier, &telling.dossier))
        return;
    telling.year_before = telling.dossier.unknown_year;
    if (flow_clock(step, &telling.dossier, NULL, 0, at_ms))
        dossier_write_record(step, &telling, 0);
}
