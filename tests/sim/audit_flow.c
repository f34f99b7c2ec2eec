/* audit_flow.c - the steps of interlinked procedures as the auditor has them: each is there once, goes out when those
 * before it have given their results, and ends when they cannot. See audit_dossier.h. */
#include <string.h>

#include "tests/sim/audit_inside.h"

static bool is_wanted(const struct life *life, uint32_t step)
{
    return !life->audit->graph.steps[step].optional || life->submission->says.chosen & 1u << step;
}

/* Bits: those that it comes after. One that is not wanted is not waited for, but those before it are. */
static uint32_t comes_after(const struct life *life, uint32_t step)
{
    const struct audit_graph *graph = &life->audit->graph;
    uint32_t wanted = 0, through = 0;

    for (uint32_t i = 0; i < step; i++) {
        if (graph->steps[step].after & 1u << i && is_wanted(life, i))
            wanted |= 1u << i;
        else if (graph->steps[step].after & 1u << i)
            through |= comes_after(life, i);
    }
    return graph->steps[step].any && wanted ? wanted : wanted | through;
}

/* Bits: those that it waits for. What the citizen does too early opens nothing: so it waits for those before him, too,
 * except where one of several is enough. */
static uint32_t waits_for(const struct life *life, uint32_t step)
{
    const struct audit_graph *graph = &life->audit->graph;
    uint32_t after = comes_after(life, step), waits = after;

    for (uint32_t i = 0; i < step && !graph->steps[step].any; i++)
        if (after & 1u << i && graph->steps[i].citizen)
            waits |= waits_for(life, i);
    return waits;
}

static void check_made(const struct life *life)
{
    for (uint32_t i = 0; life->submission && i < life->audit->graph.step_count; i++)
        if ((is_wanted(life, i) && !life->audit->graph.steps[i].citizen) != (life->step_at[i] != 0))
            audit_wrong(life->audit, life->look->handoffs[life->step_at[0] - 1].handoff, "flow: step s%u %s", i,
                        life->step_at[i] ? "is the citizen's or not wanted, and was made"
                                         : "is wanted, and nobody made it");
}

void flow_submitted(struct life *life, const struct audit_letter *submission, int32_t index)
{
    check_made(life);
    life->submission = submission;
    memset(life->step_at, 0, sizeof life->step_at);
    life->with_result = life->citizen_done = 0;
    life->step_at[0] = index + 1;
    for (uint32_t i = 0; i < life->audit->graph.step_count; i++)
        if (life->audit->graph.steps[i].citizen && is_wanted(life, i) && !comes_after(life, i))
            life->citizen_done |= 1u << i;              /* with nothing before it, the submission is it */
}

/* Who started the flow may say it, and who holds a step that it comes after. */
static bool speaks_for_citizen(const struct life *life, int32_t sender, uint32_t step)
{
    uint32_t after = comes_after(life, step);

    if (life_same(life, sender, (int32_t)life->submission->sender))
        return true;
    for (uint32_t i = 0; i < step; i++)
        if (after & 1u << i && life->step_at[i] &&
            life_same(life, sender, life->handoffs[life->step_at[i] - 1].recipient))
            return true;
    return false;
}

/* It names the step; or it says that something was paid, and only one is open. */
void flow_citizen_did(struct life *life, const struct audit_letter *word)
{
    const struct audit_graph *graph = &life->audit->graph;
    uint32_t open = 0, count = 0;

    if ((word->kind != KIND_PAYMENT && word->kind != KIND_SUPPLEMENT) || !life->submission)
        return;
    for (uint32_t i = 0; i < graph->step_count; i++)
        if (graph->steps[i].citizen && is_wanted(life, i) && !(life->citizen_done & 1u << i) &&
            (word->says.done ? word->says.done == i + 1 : word->kind == KIND_PAYMENT)) {
            open = i;
            count++;
        }
    if (count == 1 && speaks_for_citizen(life, (int32_t)word->sender, open))
        life->citizen_done |= 1u << open;
}

void flow_made(struct life *life, int32_t index)
{
    const struct audit_handoff *handoff = &life->look->handoffs[index];
    int32_t parent = handoff->parent ? life_handoff(life, handoff->parent) : -1;

    if (!life->submission || handoff->step < 0 || handoff->kind != KIND_FORWARD)
        return;
    int32_t *at = &life->step_at[handoff->step];
    if (parent >= 0 && *at == parent + 1)
        *at = index + 1;                                /* it took the place of the one before */
    else if (parent < 0 && handoff->letter < 0 && *at)
        audit_wrong(life->audit, handoff->handoff, "flow: step s%d was made twice", handoff->step);
    else if (parent < 0 && handoff->letter < 0)
        *at = index + 1;
}

bool flow_is_step(const struct life *life, int32_t index)
{
    int32_t step = life->look->handoffs[index].step;
    return step >= 0 && life->step_at[step] == index + 1;
}

void flow_result(struct life *life, int32_t index, bool given)
{
    if (!flow_is_step(life, index))
        return;
    uint32_t bit = 1u << life->look->handoffs[index].step;
    life->with_result = given ? life->with_result | bit : life->with_result & ~bit;
}

/* A person let it go. */
static bool is_released(const struct life *life, uint64_t handoff)
{
    for (int i = 0; i < SOMEBODY_MAX && handoff; i++) {
        const struct fate *fate = fate_of(life->audit, handoff);
        if (fate->released || fate->replays || fate->ended_by_people)
            return true;
        int32_t index = life_handoff(life, handoff);
        handoff = index >= 0 ? life->look->handoffs[index].parent : 0;
    }
    return false;
}

static uint32_t with_results(const struct life *life, uint32_t steps)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < AUDIT_STEPS_MAX; i++)
        if (steps & 1u << i && life->step_at[i] && life->handoffs[life->step_at[i] - 1].answer == ANSWER_RESULT)
            found |= 1u << i;
    return found | (steps & (life->with_result | life->citizen_done));
}

void flow_sent(struct life *life, int32_t index)
{
    const struct audit_handoff *handoff = &life->look->handoffs[index];

    if (!life->submission || handoff->step < 0 || handoff->kind != KIND_FORWARD || life->handoffs[index].sent ||
        life->step_at[handoff->step] != index + 1)
        return;
    uint32_t waits = waits_for(life, (uint32_t)handoff->step), done = with_results(life, waits);
    life->handoffs[index].sent = true;
    if (is_released(life, handoff->handoff) || (life->audit->graph.steps[handoff->step].any && (done || !waits)))
        return;
    if (done != waits)
        audit_wrong(life->audit, handoff->handoff, "flow: step s%d went out, and what it waits for is not done",
                    handoff->step);
}

void flow_withdrawn(struct life *life, const struct audit_event *event)
{
    for (uint32_t i = 0; life->submission && i < AUDIT_STEPS_MAX; i++) {
        const struct life_handoff *now = life->step_at[i] ? &life->handoffs[life->step_at[i] - 1] : NULL;
        /* Who took over from a holder may be beyond what the one-stop may send, or be the one-stop itself. */
        if (now && now->delivered_ms && !now->answer && !now->closed && life->directory->successor[now->recipient] < 0)
            life->untold |= 1u << now->recipient;
    }
    life->untold_turn = event->turn_seq;
}

void flow_told(struct life *life, const struct audit_handoff *handoff)
{
    if (handoff->kind != KIND_WITHDRAWAL && handoff->kind != KIND_STOP)
        return;
    life->untold &= ~(1u << life->handoffs[life_handoff(life, handoff->handoff)].recipient);
    life->untold &= ~(1u << handoff->recipient);            /* whoever has taken over gets it */
}

void flow_turn(struct life *life, uint64_t turn_seq)
{
    if (life->untold && turn_seq != life->untold_turn)
        audit_wrong(life->audit, life->look->handoffs[life->step_at[0] - 1].handoff,
                    "flow: it was withdrawn, and not every holder of a step is told");
}

/* Bits: those that have ended without a result. */
static uint32_t without_result(const struct life *life, uint32_t steps)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < AUDIT_STEPS_MAX; i++) {
        const struct life_handoff *now = life->step_at[i] ? &life->handoffs[life->step_at[i] - 1] : NULL;
        if (steps & 1u << i && now && (now->answer == ANSWER_REFUSED || now->broken_off ||
                                       (now->closed && now->answer != ANSWER_RESULT)))
            found |= 1u << i;
    }
    return found;
}

void flow_last(const struct life *life)
{
    check_made(life);
    for (uint32_t i = 0; life->submission && i < life->audit->graph.step_count; i++) {
        uint32_t waits = waits_for(life, i), ended = without_result(life, waits);
        const struct life_handoff *now = life->step_at[i] ? &life->handoffs[life->step_at[i] - 1] : NULL;
        bool any = life->audit->graph.steps[i].any;
        bool never = any ? ended && ended == waits : ended != 0;
        uint64_t handoff = now ? life->look->handoffs[life->step_at[i] - 1].handoff : 0;
        bool can = any ? with_results(life, waits) || !waits
                                                   : with_results(life, waits) == waits;
        if (now && can && now->state == STATE_HELD && !life->recalls && !now->on_hold)
            audit_wrong(life->audit, handoff, "flow: step s%u waits, and all it waits for is done", i);
        if (now && never && now->state == STATE_HELD && !is_released(life, handoff) && !now->on_hold)
            audit_wrong(life->audit, handoff, "flow: step s%u waits for what has ended without a result", i);
    }
}
