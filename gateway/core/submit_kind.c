/* submit_kind.c - what a handoff does to others by being accepted: corrections, answers, withdrawals. */
#include "gateway/core/correction.h"
#include "gateway/core/supplement.h"

enum { DOSSIER_WALK_MAX = 4 * PAGE_MAX, CANCEL_MAX = PAGE_MAX };

/* ---- corrections */

/* What waits for the old one waits for its sender's message id: a successor's correction takes over only where nothing
 * does. */
static bool corrects(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    const struct handoff *old = &intake->parent;

    if (!intake->has_parent || old->dossier != handoff->dossier || old->kind != handoff->kind || intake->copy ||
        !correction_replaces(step, old, intake->submit))
        return false;
    if (old->sender != handoff->sender && (!seat_is(step, intake->sender, old->sender, old) ||
                                           turn_gate_next(step->turn, old->sender, &old->message_id, 0)))
        return false;
    return old->addressed == handoff->addressed || seat_is(step, intake->addressed, old->addressed, old);
}

uint64_t submit_correct(struct step *step, const struct intake *intake, struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_CORRECTED, .actor_agency = handoff->sender };
    struct handoff old;

    if (!corrects(step, intake, handoff))
        return 0;
    if (intake->parent.sender == handoff->sender)
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

static enum answer answer_of(enum kind kind)
{
    switch (kind) {
    case KIND_RESULT:
        return ANSWER_RESULT;
    case KIND_REFUSAL: case KIND_RETURNED: case KIND_SEND_BACK: case KIND_STOP:
        return ANSWER_REFUSED;
    default:
        return 0;
    }
}

static void answer_parent(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_RESULT_CAME, .actor_agency = handoff->sender };
    enum answer answer = answer_of(handoff->kind);
    struct telling telling;
    struct handoff parent;
    char why[160];
    struct text text = text_of(why, sizeof why);

    must(turn_handoff(step->turn, intake->parent.id, &parent));
    if (!answer || !seat_is(step, intake->sender, parent.recipient, &parent) ||
        !seat_is(step, intake->addressed, parent.sender, &parent))
        return;
    /* A refusal that crosses a result does not take the result back. */
    if (parent.answer == ANSWER_RESULT && answer != ANSWER_RESULT)
        return;
    parent.answer = answer;
    dossier_answered(step, &parent, handoff, &telling);
    if (telling.any)
        change.of_dossier = &telling.said;
    handoff_note(step, &parent, &change);
    dossier_told(step, &telling, NULL, parent.last_event);
    if (answer == ANSWER_RESULT) {
        gate_antecedent_result(step, &parent, handoff);
        return;
    }
    text_add(&text, "lượt trước được trả lời %s / the earlier handoff was answered %s", kind_name(handoff->kind),
             kind_name(handoff->kind));
    gate_antecedent_ended(step, &parent, span_of_string(why));
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
    if (kind == KIND_WITHDRAWAL || kind == KIND_STOP)
        withdraw(step, intake, &handoff);
    if (supplement_is_request(kind))
        supplement_copy(step, intake, id);
    else if (kind == KIND_CORRECTION_REQUEST)
        correction_copy(step, intake, id);
    return true;
}
