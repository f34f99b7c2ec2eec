/* flow_stop.c - a flow stops as a whole: the citizen withdraws, the one-stop stops it, it was the wrong procedure. */
#include "gateway/core/flow.h"
#include "gateway/core/flow_clock.h"
#include "gateway/core/gate.h"
#include "gateway/core/issue.h"

enum { DOSSIER_WALK_MAX = 4 * PAGE_MAX };

/* ---- withdrawn, stopped */

/* Nobody can have it, and it is for this dossier by the one who withdraws. */
static bool may_close(struct step *step, const struct intake *intake, const struct handoff *withdrawal,
                      const struct handoff *other)
{
    return other->id != withdrawal->id && !state_is_final(other->state) &&
           other->kind != KIND_WITHDRAWAL && other->kind != KIND_STOP &&
           seat_is(step, intake->sender, other->sender, other) && !handoff_perhaps_there(step, other);
}

/* Those that wait come first: closing what they wait for would fail them. */
static void close_undelivered(struct step *step, const struct intake *intake, const struct handoff *withdrawal)
{
    struct change change = { .cause = CAUSE_WITHDRAWN, .actor_agency = withdrawal->sender };
    uint64_t ids[PAGE_MAX], id = 0;
    uint32_t count = 0;
    struct handoff other;

    for (int i = 0; i < DOSSIER_WALK_MAX && count < PAGE_MAX; i++) {
        if ((id = turn_dossier_handoff_next(step->turn, withdrawal->dossier, id)) == 0)
            break;
        must(turn_handoff(step->turn, id, &other));
        if (may_close(step, intake, withdrawal, &other))
            ids[count++] = id;
    }
    for (int held = 1; held >= 0; held--)
        for (uint32_t i = count; i-- > 0;) {
            must(turn_handoff(step->turn, ids[i], &other));
            if (!state_is_final(other.state) && (!held || other.state == STATE_HELD))
                handoff_move(step, &other, STATE_CLOSED, &change);
        }
}

/* Who has this step now: what is written to a code goes to whoever took over from it. */
static uint32_t holder_of(struct step *step, const struct handoff *forward)
{
    const struct agency *taken = seat_taken_by(step, forward->recipient, forward);
    return taken ? turn_agency_number_make(step->turn, taken->code) : forward->recipient;
}

/* Each holder hears of it once, whatever number of steps he has, and under whichever codes. */
static bool was_told(const uint32_t *holders, uint32_t index, uint32_t holder)
{
    for (uint32_t i = 0; i < index; i++)
        if (holders[i] == holder)
            return true;
    return false;
}

static void tell(struct step *step, const struct intake *intake, const struct handoff *withdrawal,
                 const struct handoff *forward)
{
    char code[AGENCY_CODE_SIZE];
    uint64_t key[2] = { withdrawal->id, forward->id }, id;
    struct problem problem;

    must(turn_agency_code(step->turn, forward->recipient, code));
    struct issue issue = {
        .from = withdrawal->sender, .to = code, .dossier = withdrawal->dossier, .kind = withdrawal->kind,
        .parent = forward->id, .procedure = forward->procedure_code, .step = forward->step,
        .at_ms = uuid_time_ms(&withdrawal->message_id), .source_ms = withdrawal->source_time_ms,
        .key = span_of(key, sizeof key), .payload = intake->submit->payload, .header = intake->submit->header,
        .content_hash = intake->submit->content_hash, .area = intake->submit->area, .header_of = withdrawal->id,
        .copy = true,
    };
    /* flow_may() asked for the permit; a holder that a successor has replaced since may be beyond it, and then the
     * one-stop sees in the picture that this step was not told. */
    (void)!issue_handoff(step, &issue, &id, &problem);
}

void flow_withdraw(struct step *step, const struct intake *intake, const struct handoff *withdrawal)
{
    uint32_t holders[FLOW_STEPS_MAX] = { 0 };
    struct handoff forward;
    struct flow flow;
    bool any = false;

    must(turn_flow(step->turn, withdrawal->dossier, &flow));
    flow.stopped = withdrawal->kind;
    flow.stopped_by = withdrawal->id;
    turn_flow_put(step->turn, &flow);
    flow_clock_follow(step, flow.dossier, withdrawal->source_time_ms > 0 ? withdrawal->source_time_ms : step->now_ms);
    close_undelivered(step, intake, withdrawal);
    for (uint32_t i = 0; i < flow.step_count; i++) {
        if (!turn_handoff(step->turn, flow.steps[i].handoff, &forward) || forward.answer ||
            forward.state == STATE_CLOSED || !handoff_perhaps_there(step, &forward))
            continue;
        any = true;
        uint32_t holder = holder_of(step, &forward);
        if (!was_told(holders, i, holder) && holder != withdrawal->recipient)
            tell(step, intake, withdrawal, &forward);
        holders[i] = holder;
    }
    if (any)
        return;
    struct change change = { .cause = CAUSE_WITHDRAWN, .actor_agency = withdrawal->sender };
    struct handoff own;
    must(turn_handoff(step->turn, withdrawal->id, &own));
    if (!state_is_final(own.state))
        handoff_move(step, &own, STATE_CLOSED, &change);
}

/* ---- the wrong procedure */

void flow_wrong_procedure(struct step *step, struct flow *flow, const struct handoff *answer, struct span why)
{
    struct change change = { .cause = CAUSE_PREDECESSOR_ENDED, .fail_class = FAIL_PREDECESSOR,
                             .fingerprint = WRONG_PROCEDURE, .detail = why, .actor_agency = answer->sender };
    struct handoff other;

    for (uint32_t i = 0; i < flow->step_count; i++)
        if (turn_handoff(step->turn, flow->steps[i].handoff, &other) && other.state == STATE_HELD &&
            !(other.flags & HANDOFF_ON_HOLD))
            gate_fail(step, &other, &change);
}
