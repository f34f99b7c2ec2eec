#include "gateway/core/correction.h"

#include <string.h>

#include "gateway/core/dossier_inside.h"
#include "gateway/core/header_text.h"
#include "gateway/core/issue.h"

enum { CHILDREN_WALK_MAX = 64 };

static bool is_same_step(const struct handoff *old, const struct submit *submit)
{
    return strcmp(old->step, submit->step) == 0 || (old->flags & HANDOFF_STEP && !submit->step[0]);
}

bool correction_replaces(struct step *step, const struct handoff *old, const struct submit *submit)
{
    if (old->state == STATE_FAILED)
        return true;
    return old->kind == KIND_FORWARD && is_same_step(old, submit) && !(old->flags & HANDOFF_ON_HOLD) &&
           (old->state == STATE_READY || old->state == STATE_WAITING || old->state == STATE_HELD) &&
           !handoff_perhaps_there(step, old);
}

struct handoff correction_last(struct step *step, const struct handoff *handoff)
{
    struct handoff last = *handoff;
    for (int i = 0; i < CHILDREN_WALK_MAX && last.state == STATE_CLOSED && last.child; i++)
        must(turn_handoff(step->turn, last.child, &last));
    return last;
}

/* The FORWARD that its own sender speaks of. */
static bool of_own_forward(struct step *step, const struct intake *intake)
{
    return intake->has_parent && intake->parent.kind == KIND_FORWARD &&
           seat_is(step, intake->sender, intake->parent.sender, &intake->parent);
}

const struct agency *correction_addressed(struct step *step, const struct intake *intake)
{
    if (intake->submit->kind != KIND_CORRECTION_REQUEST || !of_own_forward(step, intake))
        return NULL;
    /* One that was redirected stands in the lane it was written to, and is with somebody else. */
    struct handoff last = correction_last(step, &intake->parent);
    bool redirected = last.recipient != last.addressed && !seat_same(step, last.recipient, last.addressed, &last);
    return seat_of_number(step, redirected ? last.recipient : last.addressed);
}

/* ---- may it come in */

static bool refuse_state(struct step *step, const struct handoff *handoff, const char *vi, const char *en)
{
    unsigned long long id = handoff->id;
    effects_refuse(step->effects, step->command, PROBLEM_WRONG_STATE, "header.parent",
                   "Lượt %llu %s%.0s", "Handoff %llu %.0s%s", id, vi, en);
    return false;
}

static bool forward_ok(struct step *step, const struct intake *intake)
{
    const struct handoff *old = &intake->parent;

    if (!of_own_forward(step, intake) || old->dossier != intake->dossier || state_is_final(old->state) ||
        !is_same_step(old, intake->submit) || !seat_is(step, intake->addressed, old->addressed, old) ||
        correction_replaces(step, old, intake->submit))
        return true;
    if (old->flags & HANDOFF_ON_HOLD)
        return refuse_state(step, old, "đang bị người vận hành giữ: hãy nhờ họ thả hoặc đóng trước.",
                            "is on hold by an operator: have it released or closed first.");
    return refuse_state(step, old, "đang được giao hoặc có thể đã tới: đợi kết quả; nếu đã tới thì gửi "
                        "CORRECTION_REQUEST.", "is being delivered, or perhaps there: wait for the outcome; if it is "
                        "there, send a CORRECTION_REQUEST.");
}

static bool request_ok(struct step *step, const struct intake *intake)
{
    if (intake->copy || !of_own_forward(step, intake))
        return true;
    struct handoff last = correction_last(step, &intake->parent);
    if (last.state == STATE_CLOSED)
        return refuse_state(step, &last, "đã đóng mà không tới nơi: không có gì để sửa.",
                            "was closed and never got there: there is nothing to correct.");
    if (last.state != STATE_FAILED && (state_is_final(last.state) || handoff_perhaps_there(step, &last)))
        return true;
    return refuse_state(step, &last, "chưa tới nơi nhận: gửi lại FORWARD đã sửa với parent là lượt này, nó sẽ thế chỗ.",
                        "has not got there: send the corrected FORWARD with this one as parent, it takes its place.");
}

bool correction_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;
    char reason[REASON_CODE_SIZE];

    if (submit->kind == KIND_FORWARD)
        return !intake->has_parent || forward_ok(step, intake);
    if (submit->kind == KIND_CORRECTION_REQUEST)
        return request_ok(step, intake);
    if (submit->kind != KIND_REFUSAL || !intake->has_parent || intake->parent.kind != KIND_CORRECTION_REQUEST)
        return true;
    if (header_reason_code(submit->header, reason) && reason[0])
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.reason_code",
                   "Từ chối sửa hồ sơ phải có mã lý do (reason_code).",
                   "Declining a correction needs a reason_code.");
    return false;
}

/* ---- to everybody who has the old value */

/* Nobody has it, and nobody will. */
static bool is_given_up(const struct handoff *forward)
{
    return forward->state == STATE_CLOSED && !forward->child;
}

static bool gets_a_copy(struct step *step, const struct dossier *dossier, uint32_t index,
                        const struct handoff *correction, struct handoff *ret_forward)
{
    const struct branch *branch = &dossier->branches[index];
    bool opens = dossier_same_seat(step, dossier->opener, correction->sender);

    if ((!opens && !dossier_same_seat(step, branch->sender, correction->sender)) ||
        dossier_same_seat(step, branch->holder, correction->recipient) ||
        dossier_same_seat(step, branch->holder, correction->sender) ||
        !turn_handoff(step->turn, branch->handoff, ret_forward) || is_given_up(ret_forward))
        return false;
    for (uint32_t i = 0; i < index; i++)
        if (dossier_same_seat(step, dossier->branches[i].holder, branch->holder))
            return false;
    return true;
}

void correction_copy(struct step *step, const struct intake *intake, uint64_t id)
{
    struct handoff correction, forward;
    struct dossier dossier;

    must(turn_handoff(step->turn, id, &correction));
    if (!turn_dossier(step->turn, correction.dossier, &dossier))
        return;
    for (uint32_t i = 0; i < dossier.branch_count; i++) {
        if (!gets_a_copy(step, &dossier, i, &correction, &forward))
            continue;
        /* One behind a gate has no place in its lane yet. */
        bool waits = forward.state == STATE_HELD && forward.gates_left && forward.sender == correction.sender;
        struct submit_after after = { .message_id = forward.message_id, .until = UNTIL_DELIVERED };
        issue_copy(step, intake, id, dossier.branches[i].holder, waits ? &after : NULL);
    }
}
