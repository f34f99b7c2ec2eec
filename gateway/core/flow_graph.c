#include "gateway/core/flow_graph.h"

#include <string.h>

_Static_assert((int)FLOW_STEPS_MAX >= (int)PROCEDURE_STEPS_MAX, "every step has a place in the record");
_Static_assert((int)VERSION_TEXT_SIZE >= (int)PROCEDURE_VERSION_SIZE, "a version fits into the record");

static bool is_wanted(const struct procedure *procedure, uint32_t chosen, uint32_t index)
{
    return !procedure->steps[index].optional || chosen & 1u << index;
}

/* Bits of the catalogue's steps: those that it really comes after. `reached`: those looked at, each once. */
static uint32_t after_of(const struct procedure *procedure, uint32_t chosen, uint32_t index, uint32_t *reached)
{
    uint32_t wanted = 0, through = 0;

    for (uint32_t i = 0; i < procedure->step_count; i++) {
        if (!(procedure->steps[index].after & 1u << i) || *reached & 1u << i)
            continue;
        *reached |= 1u << i;
        if (is_wanted(procedure, chosen, i))
            wanted |= 1u << i;
        else
            through |= after_of(procedure, chosen, i, reached);
    }
    return procedure->steps[index].join == JOIN_ANY && wanted ? wanted : wanted | through;
}

/* Each after those before it, else in the order of the catalogue. */
static void order_of(const struct procedure *procedure, uint32_t ret_order[PROCEDURE_STEPS_MAX])
{
    uint32_t placed = 0, count = 0;

    for (uint32_t round = 0; round < procedure->step_count; round++)
        for (uint32_t i = 0; i < procedure->step_count; i++)
            if (!(placed & 1u << i) && !(procedure->steps[i].after & ~placed)) {
                placed |= 1u << i;
                ret_order[count++] = i;
                break;
            }
    must(count == procedure->step_count);               /* gateway/directory lets no circle through */
}

void flow_lay_out(const struct procedure *procedure, uint32_t chosen, struct flow *ret_flow)
{
    uint32_t order[PROCEDURE_STEPS_MAX], place[PROCEDURE_STEPS_MAX];

    *ret_flow = (struct flow){ .step_count = procedure->step_count };
    procedure_version_text(procedure, ret_flow->version);
    order_of(procedure, order);
    for (uint32_t i = 0; i < procedure->step_count; i++)
        place[order[i]] = i;
    for (uint32_t i = 0; i < procedure->step_count; i++) {
        const struct procedure_step *from = &procedure->steps[order[i]];
        struct flow_step *to = &ret_flow->steps[i];
        uint32_t reached = 0, after = after_of(procedure, chosen, order[i], &reached);

        memcpy(to->name, from->name, sizeof to->name);
        to->flags = (is_wanted(procedure, chosen, order[i]) ? FLOW_STEP_CHOSEN : 0u) |
                    (from->optional ? FLOW_STEP_OPTIONAL : 0u) | (from->citizen ? FLOW_STEP_CITIZEN : 0u) |
                    (from->join == JOIN_ANY ? FLOW_STEP_ANY : 0u);
        for (uint32_t k = 0; k < procedure->step_count; k++)
            if (after & 1u << k)
                to->after |= 1u << place[k];
    }
}

uint32_t flow_gates(const struct flow *flow, uint32_t index)
{
    const struct flow_step *step = &flow->steps[index];
    uint32_t gates = 0;

    for (uint32_t i = 0; i < index; i++) {
        const struct flow_step *before = &flow->steps[i];
        bool done_by_submitting = before->flags & FLOW_STEP_CITIZEN && !before->after;
        if (!(step->after & 1u << i))
            continue;
        if (done_by_submitting && step->flags & FLOW_STEP_ANY)
            return 0;
        if (done_by_submitting)
            continue;
        gates |= 1u << i;
        if (before->flags & FLOW_STEP_CITIZEN && !(step->flags & FLOW_STEP_ANY))
            gates |= flow_gates(flow, i);
    }
    return gates;
}

uint32_t flow_inputs(const struct flow *flow, uint32_t index)
{
    uint32_t inputs = 0;

    for (uint32_t i = 0; i < index; i++)
        if (flow->steps[index].after & 1u << i)
            inputs |= flow->steps[i].flags & FLOW_STEP_CITIZEN ? flow_inputs(flow, i) : 1u << i;
    return inputs;
}

int flow_root(const struct flow *flow)
{
    for (uint32_t i = 0; i < flow->step_count; i++)
        if (flow_step_is(&flow->steps[i], FLOW_STEP_CHOSEN) && !(flow->steps[i].flags & FLOW_STEP_CITIZEN) &&
            !flow_gates(flow, i))
            return (int)i;
    return -1;
}

int flow_step_index(const struct flow *flow, const char *name)
{
    for (uint32_t i = 0; i < flow->step_count; i++)
        if (strcmp(flow->steps[i].name, name) == 0)
            return (int)i;
    return -1;
}

int flow_step_of(const struct flow *flow, uint64_t handoff)
{
    for (uint32_t i = 0; handoff && i < flow->step_count; i++)
        if (flow->steps[i].handoff == handoff)
            return (int)i;
    return -1;
}
