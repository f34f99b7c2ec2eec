/* flow_start.c - the steps of a flow become handoffs, all in the turn of the submission that starts it. */
#include <string.h>

#include "gateway/core/flow.h"
#include "gateway/core/issue.h"

enum { KEY_ID_BYTES = 16 };
_Static_assert(KEY_ID_BYTES + STEP_NAME_SIZE <= ISSUE_KEY_BYTES_MAX, "a step's key fits");

/* What makes it one of a kind: the submission, and its name. */
static struct span key_of(const struct flow *flow, uint32_t index, uint8_t bytes[ISSUE_KEY_BYTES_MAX])
{
    size_t length = strlen(flow->steps[index].name);

    memcpy(bytes, flow->message_id.bytes, KEY_ID_BYTES);
    memcpy(bytes + KEY_ID_BYTES, flow->steps[index].name, length);
    return span_of(bytes, KEY_ID_BYTES + length);
}

struct uuid flow_message_id(struct step *step, const struct flow *flow, uint32_t index)
{
    uint8_t bytes[ISSUE_KEY_BYTES_MAX];

    if ((int)index == flow_root(flow))
        return flow->message_id;
    return issue_message_id(step, flow->sender, uuid_time_ms(&flow->message_id), key_of(flow, index, bytes));
}

const char *flow_step_name(struct step *step, const struct intake *intake, char ret_name[STEP_NAME_SIZE])
{
    const char *name = intake->submit->step;
    struct flow flow;

    if (intake->flow.starts) {
        flow_lay_out(intake->flow.starts, intake->flow.chosen, &flow);
        name = flow.steps[flow_root(&flow)].name;
    } else if (intake->flow.citizen) {
        must(turn_flow(step->turn, intake->dossier, &flow));
        name = flow.steps[intake->flow.citizen - 1].name;
    }
    memcpy(ret_name, name, STEP_NAME_SIZE);
    return ret_name;
}

/* The one that it stands in for is a step with a name; a correction need not repeat it. */
static uint64_t make(struct step *step, const struct intake *intake, const struct flow *flow, uint32_t index,
                     const struct handoff *root, uint32_t made)
{
    const struct submit *submit = intake->submit;
    const struct procedure *procedure = intake->flow.starts;
    const struct flow_step *at = &flow->steps[index];
    const char *area = submit->area[0] ? submit->area : intake->sender->area;
    const struct agency *agency =
        tables_step_agency(step->core->tables, procedure, &procedure->steps[procedure_step_index(procedure, at->name)],
                           intake->sender, area, step->now_ms);
    uint32_t gates = flow_gates(flow, index);
    struct submit_after after[AFTER_MAX];
    uint8_t key[ISSUE_KEY_BYTES_MAX];
    struct problem problem;
    uint64_t id;

    must(agency && agency != intake->sender);
    struct issue issue = {
        .from = root->sender, .to = agency->code, .dossier = root->dossier, .kind = KIND_FORWARD,
        .procedure = submit->procedure_code, .step = at->name, .at_ms = uuid_time_ms(&flow->message_id),
        .key = key_of(flow, index, key), .after = after, .payload = submit->payload, .header = submit->header,
        .header_of = root->id,
        .content_hash = submit->content_hash, .area = submit->area, .source_ms = submit->source_time_ms,
        .due_ms = submit->due_ms, .accepted_as = intake->again == AGAIN_AS ? root->id + made : 0,
        .step_flags = HANDOFF_STEP | (at->flags & FLOW_STEP_ANY && gates & (gates - 1) ? HANDOFF_JOIN_ANY : 0u),
    };
    for (uint32_t i = 0; i < index; i++)
        if (gates & 1u << i)
            after[issue.after_count++] = (struct submit_after){ flow_message_id(step, flow, i), UNTIL_RESULT };
    /* flow_may() has asked all that it will be asked. */
    must(issue_handoff(step, &issue, &id, &problem));
    return id;
}

/* What could not begin in the flow before makes room: nobody will replay it by mistake. */
static void close_broken_off(struct step *step, const struct handoff *root)
{
    static const char why[] = "quy trình được mở lại / the procedure was started anew";
    struct change change = { .cause = CAUSE_CORRECTED, .actor_agency = root->sender, .detail = span_of_string(why) };
    struct handoff old;
    struct flow flow;

    if (!turn_flow(step->turn, root->dossier, &flow))
        return;
    for (uint32_t i = flow.step_count; i-- > 0;)
        if (turn_handoff(step->turn, flow.steps[i].handoff, &old) && old.state == STATE_FAILED)
            handoff_move(step, &old, STATE_CLOSED, &change);
}

void flow_begin(struct step *step, const struct intake *intake, const struct handoff *root)
{
    struct flow flow;
    uint32_t made = 0;

    close_broken_off(step, root);
    flow_lay_out(intake->flow.starts, intake->flow.chosen, &flow);
    flow.dossier = root->dossier;
    flow.sender = root->sender;
    flow.message_id = root->message_id;
    int first = flow_root(&flow);
    for (uint32_t i = 0; i < flow.step_count; i++) {
        struct flow_step *at = &flow.steps[i];
        if (!flow_step_is(at, FLOW_STEP_CHOSEN))
            continue;
        if ((int)i == first) {
            at->handoff = root->id;
        } else if (!(at->flags & FLOW_STEP_CITIZEN)) {
            at->handoff = make(step, intake, &flow, i, root, ++made);
        } else if (!at->after) {
            at->ended = KIND_FORWARD;                   /* the citizen has submitted it */
            at->ended_by = root->id;
        }
    }
    turn_flow_put(step->turn, &flow);
}
