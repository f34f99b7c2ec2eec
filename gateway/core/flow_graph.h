/* flow_graph.h - the steps of a procedure as one dossier walks them: which are wanted, in which order, who waits for
 * whom. Pure.
 *
 * Not wanted   an optional step that was not chosen is not waited for: who comes after it comes after those before it.
 * The citizen  a step of his is done when the one-stop says so. Who comes after it waits for that, and for what the
 *              citizen's step itself comes after; so a payment that is early opens nothing too soon. A step of his with
 *              nothing before it is done by submitting.
 * Any          one of those before it is enough; those not wanted do not count, unless there are no others.
 */
#ifndef GATEWAY_CORE_FLOW_GRAPH_H
#define GATEWAY_CORE_FLOW_GRAPH_H

#include "gateway/core/procedure.h"
#include "gateway/store/record_flow.h"

/* `chosen`: bits of procedure->steps. Fills in version and steps, nothing else; after bits are those of ret_flow. */
void flow_lay_out(const struct procedure *procedure, uint32_t chosen, struct flow *ret_flow);
/* Bits: the steps whose handoffs, or whose citizen's word, step `index` is held behind. */
uint32_t flow_gates(const struct flow *flow, uint32_t index);
/* Bits: the steps of agencies whose results it takes along: through those of the citizen. */
uint32_t flow_inputs(const struct flow *flow, uint32_t index);
/* The first one that can begin at once: the submission itself. -1: none. */
int flow_root(const struct flow *flow);
/* -1: none of that name. */
int flow_step_index(const struct flow *flow, const char *name);
/* Whose FORWARD this is. -1: no step's. */
int flow_step_of(const struct flow *flow, uint64_t handoff);

static inline bool flow_step_is(const struct flow_step *step, uint32_t flags)
{
    return (step->flags & flags) == flags;
}

#endif
