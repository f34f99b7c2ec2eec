/* submit_kind.c - what a handoff does to others by being accepted: corrections, answers, withdrawals. */
#include "gateway/core/correction.h"
#include "gateway/core/flow.h"
#include "gateway/core/flow_clock.h"
#include "gateway/core/supplement.h"

enum { DOSSIER_WALK_MAX = 4 * PAGE_MAX, CANCEL_MAX = PAGE_MAX };

/* ---- corrections */

static bool corrects(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    const struct handoff *old = &intake->parent;

    if (!intake->has_parent || old->dossier != handoff->dossier || old->kind != handoff->kind || intake->copy ||
        !correction_replaces(step, old, intake->submit))
        return false;
    if (!seat_is(step, intake->sender, old->sender, old))
        return false;
    return old->addressed == handoff->addressed || seat_is(step, intake->addressed, old->addressed, old);
}

/* It went to the wrong agency, and goes on to another one: not ended, its dependants and clocks do not notice. */
static bool sends_on(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    const struct handoff *old = &intake->parent;

    return intake->has_parent && handoff->kind == KIND_FORWARD && old->answer == ANSWER_SENT_BACK && !old->child &&
           old->dossier == handoff->dossier && old->state == STATE_DELIVERED &&
           seat_is(step, intake->sender, old->sender, old);
}

static void send_on(struct step *step, const struct intake *intake, struct handoff *handoff, uint64_t *ret_ended)
{
    struct change change = { .cause = CAUSE_SENT_ON, .actor_agency = handoff->sender };
    struct handoff old;

    (void)flow_sends_on(step, &intake->parent, handoff, ret_ended);
    flow_moved_on(step, &intake->parent, handoff);
    gate_hand_over(step, &intake->parent, handoff);
    must(turn_handoff(step->turn, intake->parent.id, &old));
    old.child = handoff->id;
    handoff_note(step, &old, &change);
}

uint64_t submit_correct(struct step *step, const struct intake *intake, struct handoff *handoff, uint64_t *ret_ended)
{
    struct change change = { .cause = CAUSE_CORRECTED, .actor_agency = handoff->sender };
    struct handoff old;

    if (sends_on(step, intake, handoff))
        send_on(step, intake, handoff, ret_ended);
    if (!corrects(step, intake, handoff))
        return 0;
    if (intake->parent.flags & HANDOFF_STEP) {
        gate_copy(step, &intake->parent, handoff);
        flow_moved_on(step, &intake->parent, handoff);
        flow_corrected(step, intake, handoff);
    }
    flow_recall_moved_on(step, &intake->parent, handoff);
    gate_hand_over(step, &intake->parent, handoff);
    must(turn_handoff(step->turn, intake->parent.id, &old));
    uint64_t place = old.lane_place;
    handoff->addressed = old.addressed;             /* its place is in that lane, under whichever code of the seat */
    handoff->flags |= old.flags & HANDOFF_JOINED;
    old.child = handoff->id;
    handoff_move(step, &old, STATE_CLOSED, &change);
    return place;
}

/* ---- answers */

static enum answer answer_of(const struct intake *intake, const struct handoff *parent)
{
    enum kind kind = intake->submit->kind;

    switch (kind) {
    case KIND_RESULT:
        return ANSWER_RESULT;
    case KIND_REFUSAL: case KIND_RETURNED: case KIND_SEND_BACK: case KIND_STOP:
        return flow_is_sent_back(parent, kind, intake->submit->header) ? ANSWER_SENT_BACK : ANSWER_REFUSED;
    default:
        return 0;
    }
}

/* Those that wait for it. */
static void answer_gates(struct step *step, const struct intake *intake, const struct handoff *parent,
                         const struct handoff *handoff)
{
    char why[REASON_BYTES_MAX];
    struct text text = text_of(why, sizeof why);

    if (parent->answer == ANSWER_RESULT) {
        gate_antecedent_result(step, parent, handoff);
        return;
    }
    if (parent->flags & HANDOFF_STEP)
        flow_why(step, parent, handoff->kind, intake->submit->header, &text);
    else
        text_add(&text, "lượt trước được trả lời %s / the earlier handoff was answered %s", kind_name(handoff->kind),
                 kind_name(handoff->kind));
    gate_antecedent_ended(step, parent, span_of_string(why));
}

static void answer(struct step *step, const struct intake *intake, const struct handoff *handoff,
                   struct handoff *parent)
{
    struct change change = { .cause = CAUSE_RESULT_CAME, .actor_agency = handoff->sender };
    enum answer given = answer_of(intake, parent);
    struct telling telling;

    if (!given || !seat_is(step, intake->sender, parent->recipient, parent) ||
        !seat_is(step, intake->addressed, parent->sender, parent))
        return;
    if (given == ANSWER_SENT_BACK && parent->child)
        return;                                         /* nobody sends back what went on */
    /* A refusal that crosses a result does not take the result back. */
    if (parent->answer == ANSWER_RESULT && given != ANSWER_RESULT) {
        if (given != ANSWER_REFUSED || !flow_result_falls(step, parent, handoff))
            return;
        must(turn_handoff(step->turn, parent->id, parent));
    }
    parent->answer = given;
    dossier_answered(step, parent, handoff, &telling);
    if (telling.any && parent->flags & HANDOFF_STEP)
        (void)flow_clock(step, &telling.dossier, parent, given == ANSWER_SENT_BACK ? 0 : handoff->kind,
                         telling.source_ms);
    if (telling.any)
        change.of_dossier = &telling.said;
    handoff_note(step, parent, &change);
    dossier_told(step, &telling, NULL, parent->last_event);
    flow_answered(step, parent, handoff, intake->submit->header);
    if (given != ANSWER_SENT_BACK)
        answer_gates(step, intake, parent, handoff);
}

static void answer_parent(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    struct handoff parent;

    must(turn_handoff(step->turn, intake->parent.id, &parent));
    if (handoff->kind == KIND_RECALL && flow_recall(step, handoff))
        return;
    bool to_recall = parent.kind == KIND_RECALL && seat_is(step, intake->sender, parent.recipient, &parent) &&
                     (handoff->kind == KIND_PROGRESS || answer_of(intake, &parent));
    /* A result in answer to it is one of the step that it spoke of. */
    uint64_t forward = to_recall ? flow_recall_answered(step, &parent, handoff) : 0;
    if (to_recall)
        must(turn_handoff(step->turn, forward ? forward : parent.id, &parent));
    answer(step, intake, handoff, &parent);
}

/* ---- withdrawals */

/* A redirected one has a child that stands in the same lane, so it is found like any other. */
static void withdraw(struct step *step, const struct intake *intake, const struct handoff *withdrawal)
{
    struct change change = { .cause = CAUSE_WITHDRAWN, .actor_agency = withdrawal->sender };
    bool forward_known = false, forward_there = false;
    uint64_t id = 0;
    int looked_at = 0, cancelled = 0;
    struct handoff other;

    for (; (id = turn_dossier_handoff_next(step->turn, withdrawal->dossier, id)) != 0; looked_at++) {
        if (looked_at == DOSSIER_WALK_MAX || cancelled == CANCEL_MAX) {
            forward_there = true;           /* not all were looked at: then it is sent rather than dropped */
            break;
        }
        must(turn_handoff(step->turn, id, &other));
        if (id == withdrawal->id || !seat_is(step, intake->sender, other.sender, &other) ||
            !seat_is(step, intake->addressed, other.addressed, &other))
            continue;
        bool perhaps = handoff_perhaps_there(step, &other);
        if (other.kind == KIND_FORWARD) {
            forward_known = true;
            forward_there |= perhaps;
        }
        if (!perhaps && !state_is_final(other.state)) {
            handoff_move(step, &other, STATE_CLOSED, &change);
            cancelled++;
        }
    }
    if (withdrawal->kind != KIND_WITHDRAWAL || !forward_known || forward_there)
        return;
    must(turn_handoff(step->turn, withdrawal->id, &other));
    if (!state_is_final(other.state))
        handoff_move(step, &other, STATE_CLOSED, &change);
}

bool submit_take_effect(struct step *step, const struct intake *intake, uint64_t id)
{
    uint32_t kind = intake->submit->kind;
    struct handoff handoff;

    bool asks = supplement_is_request(kind) || kind == KIND_CORRECTION_REQUEST;
    if (intake->copy || (!intake->has_parent && kind != KIND_WITHDRAWAL && kind != KIND_STOP && !asks))
        return false;
    must(turn_handoff(step->turn, id, &handoff));
    if (intake->has_parent)
        answer_parent(step, intake, &handoff);
    if (intake->flow.ends)
        flow_withdraw(step, intake, &handoff);
    else if (kind == KIND_WITHDRAWAL || kind == KIND_STOP)
        withdraw(step, intake, &handoff);
    if (supplement_is_request(kind))
        supplement_copy(step, intake, id);
    else if (kind == KIND_CORRECTION_REQUEST)
        correction_copy(step, intake, id);
    return true;
}
