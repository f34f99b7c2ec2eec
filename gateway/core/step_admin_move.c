/* step_admin_move.c - an operator ends a handoff: close, and redirect to another agency.
 *
 * close     any that is not final and not with a session right now -> CLOSED. Those that wait for it fail with the
 *           reason.
 * redirect  the same, with a child to the other agency: own id, own idempotency key, the same header and payload, the
 *           same due date and time of acceptance (a re-route never restarts the clock), the results that its
 *           antecedents gave. It stands in the lane where its parent stood, so the order of the dossier holds; those
 *           that wait for the parent wait for the child. One behind a gate stays behind it. One that was sent back by
 *           the wrong agency has ended and goes on all the same, in the lane of its new one.
 * behind    RELEASE: those behind in the lane go on. CLOSE: they are closed too, the last one first, so that none is
 *           offered meanwhile. TAKE_ALONG (redirect): they go to the other agency too, in their order.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "gateway/core/admin.h"
#include "gateway/core/blob.h"
#include "gateway/core/dossier.h"
#include "gateway/core/flow.h"
#include "gateway/core/gate.h"

enum { TAKE_ALONG_MAX = 64 };

/* False: refused, because it has ended or somebody may be acting on it at this moment. */
static bool may_end(struct step *step, struct admin_reply *reply, const struct handoff *handoff)
{
    if (state_is_final(handoff->state)) {
        admin_refuse_state(step, reply, handoff, (struct words){ "đã kết thúc rồi.", "it has ended already." });
        return false;
    }
    if (handoff->state == STATE_OFFERED) {
        admin_refuse_state(step, reply, handoff,
                           (struct words){ "cơ quan nhận có thể đang xử lý; đợi kết quả hoặc hết hạn giao.",
                                           "the agency may be acting on it; wait for the outcome or the lease." });
        return false;
    }
    return true;
}

static bool is_sent_back(const struct handoff *handoff)
{
    return handoff->state == STATE_DELIVERED && handoff->answer == ANSWER_SENT_BACK && !handoff->child;
}

/* The members behind it in its lane, at most `most`. */
static uint32_t behind_of(struct step *step, const struct handoff *handoff, uint64_t *ret_ids, uint32_t most)
{
    uint64_t place = handoff->lane_place, id;
    uint32_t count = 0;

    if (!(handoff->flags & HANDOFF_IN_LANE))
        return 0;
    while (count < most && turn_lane_next(step->turn, handoff->dossier, handoff->addressed, place, &place, &id))
        ret_ids[count++] = id;
    return count;
}

static void close_one(struct step *step, struct admin_reply *reply, struct handoff *handoff)
{
    struct change change = admin_change(step, CAUSE_CLOSED_BY_OPERATOR);
    handoff_move(step, handoff, STATE_CLOSED, &change);
    reply->affected++;
}

/* Ensures: when true, nothing is behind it. False: a part is done, the same command again goes on. */
static bool close_behind(struct step *step, struct admin_reply *reply, struct handoff *handoff)
{
    uint64_t ids[PAGE_MAX];
    uint32_t count = behind_of(step, handoff, ids, PAGE_MAX);
    bool all = count < PAGE_MAX;
    struct handoff member;

    while (count) {
        if (!admin_has_room(step)) {
            all = false;
            break;
        }
        must(turn_handoff(step->turn, ids[--count], &member));
        /* Closing another one of them may have ended it already. */
        if (!state_is_final(member.state))
            close_one(step, reply, &member);
    }
    must(turn_handoff(step->turn, handoff->id, handoff));
    reply->more = !all;
    return all;
}

static uint64_t count_behind(struct step *step, const struct handoff *handoff)
{
    uint64_t ids[PAGE_MAX];
    return step->command->admin.behind == BEHIND_CLOSE || step->command->admin.behind == BEHIND_TAKE_ALONG
               ? behind_of(step, handoff, ids, PAGE_MAX) : 0;
}

void admin_close_it(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    struct handoff handoff;

    if (!admin_handoff(step, reply, &handoff) || !may_end(step, reply, &handoff))
        return;
    if ((unsigned)admin->behind >= BEHIND_END || admin->behind == BEHIND_TAKE_ALONG) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "behind",
                     "Khi đóng, các lượt đứng sau chỉ có RELEASE hoặc CLOSE.",
                     "On close, those behind are for RELEASE or CLOSE only.");
        return;
    }
    if (admin->dry_run) {
        reply->affected = 1 + count_behind(step, &handoff);
        return;
    }
    if (admin->behind == BEHIND_CLOSE && !close_behind(step, reply, &handoff))
        return;
    if (!state_is_final(handoff.state))
        close_one(step, reply, &handoff);
}

/* ---- redirect */

struct target {
    const struct agency *agency;
    uint32_t             number;        /* 0: nobody has heard of it yet */
};

static bool find_target(struct step *step, struct admin_reply *reply, struct target *ret_target)
{
    const char *to = step->command->admin.to;
    const struct agency *agency = tables_agency(step->core->tables, to);

    if (!agency || !tables_agency_exists(agency, step->now_ms)) {
        admin_refuse(step, reply, PROBLEM_UNKNOWN_AGENCY, "to", "Không có cơ quan %s trong danh bạ vào lúc này.",
                     "There is no agency %s in the directory at this time.", to);
        return false;
    }
    *ret_target = (struct target){ agency, turn_agency_number(step->turn, agency->code) };
    return true;
}

/* False: refused. */
static bool may_go(struct step *step, struct admin_reply *reply, const struct handoff *handoff,
                   const struct target *target)
{
    const struct agency *sender = tables_agency(step->core->tables, view_code(step, handoff->sender));

    if (handoff->recipient == target->number) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "to", "Lượt %" PRIu64 " đang gửi cho chính cơ quan %s.",
                     "Handoff %" PRIu64 " goes to %s already.", handoff->id, target->agency->code);
        return false;
    }
    if (handoff->flags & HANDOFF_BODY_PURGED) {
        admin_refuse_state(step, reply, handoff,
                           (struct words){ "nội dung đã bị xóa theo thời hạn lưu.", "its body has been purged." });
        return false;
    }
    if (!sender || !tables_permit(step->core->tables, sender, target->agency, handoff->kind, handoff->procedure_code)) {
        admin_refuse(step, reply, PROBLEM_NOT_ALLOWED, "to",
                     "Danh bạ không cho phép bên gửi của lượt %" PRIu64 " gửi %s tới %s.",
                     "The directory does not let the sender of handoff %" PRIu64 " send %s to %s.", handoff->id,
                     kind_name(handoff->kind), target->agency->code);
        return false;
    }
    return true;
}

static struct handoff child_of(struct step *step, const struct handoff *parent, uint32_t recipient)
{
    struct handoff child = {
        .id = turn_handoff_new_id(step->turn), .dossier = parent->dossier, .sender = parent->sender,
        .recipient = recipient, .addressed = parent->addressed, .kind = parent->kind,
        .content_hash = parent->content_hash, .accepted_ms = parent->accepted_ms,
        .source_time_ms = parent->source_time_ms, .due_ms = parent->due_ms, .sequence = parent->sequence,
        .parent = parent->id, .flags = parent->flags & HANDOFF_BRANCH,
    };
    uint64_t key = htobe64(parent->id);
    char sender[AGENCY_CODE_SIZE];

    if (is_sent_back(parent))
        child.addressed = recipient;
    must(turn_agency_code(step->turn, parent->sender, sender));
    child.message_id = uuid_v8(parent->accepted_ms, span_of_string(sender), span_of(&key, sizeof key));
    memcpy(child.procedure_code, parent->procedure_code, sizeof child.procedure_code);
    memcpy(child.step, parent->step, sizeof child.step);
    return child;
}

static void redirect_one(struct step *step, struct admin_reply *reply, struct handoff *handoff,
                         const struct target *target, uint64_t *ret_child)
{
    struct change change = admin_change(step, CAUSE_REDIRECTED);
    struct handoff child = child_of(step, handoff, turn_agency_number_make(step->turn, target->agency->code));
    struct arena *scratch = &step->core->scratch;
    size_t mark = scratch->used;
    uint64_t place = handoff->lane_place;
    int64_t timer_ms = handoff->timer_ms;
    struct span header, payload;

    must(turn_body(step->turn, handoff->id, scratch, &header, &payload) == RESULT_OK);
    gate_copy(step, handoff, &child);
    flow_moved_on(step, handoff, &child);
    flow_recall_moved_on(step, handoff, &child);
    gate_hand_over(step, handoff, &child);
    must(turn_handoff(step->turn, handoff->id, handoff));
    turn_dedupe_put(step->turn, child.sender, &child.message_id, child.id);
    handoff->child = child.id;
    if (state_is_final(handoff->state))
        handoff_note(step, handoff, &change);
    else
        handoff_move(step, handoff, STATE_CLOSED, &change);
    change.cause = CAUSE_REDIRECT_CHILD;
    change.timer_ms = child.gates_left ? timer_ms : 0;
    handoff_begin(step, &child, child.gates_left ? STATE_HELD : STATE_READY, child.gates_left ? 0 : place, header,
                  payload, &change);
    if (blob_share(step, handoff, &child))
        turn_handoff_put(step->turn, &child);
    dossier_moved_on(step, handoff, &child);
    scratch->used = mark;
    reply->affected++;
    *ret_child = child.id;
}

/* Refuses before anything is changed: one that may not go keeps all back. */
static bool may_all_go(struct step *step, struct admin_reply *reply, const uint64_t *ids, uint32_t count,
                       const struct target *target)
{
    struct handoff member;

    for (uint32_t i = 0; i < count; i++) {
        must(turn_handoff(step->turn, ids[i], &member));
        if (!may_go(step, reply, &member, target))
            return false;
    }
    return true;
}

static void take_along(struct step *step, struct admin_reply *reply, const uint64_t *ids, uint32_t count,
                       const struct target *target)
{
    struct handoff member;
    uint64_t child;

    for (uint32_t i = 0; i < count; i++) {
        must(turn_handoff(step->turn, ids[i], &member));
        if (i == TAKE_ALONG_MAX || !admin_has_room(step)) {
            reply->more = true;
            admin_fact(step, reply, "left_behind", "%" PRIu64, member.id);
            return;
        }
        if (!state_is_final(member.state))
            redirect_one(step, reply, &member, target, &child);
    }
}

void admin_redirect(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    struct target target;
    struct handoff handoff;
    uint64_t ids[TAKE_ALONG_MAX + 1], child;
    uint32_t count = 0;

    if (!admin_handoff(step, reply, &handoff) || !(is_sent_back(&handoff) || may_end(step, reply, &handoff)) ||
        !find_target(step, reply, &target) || !may_go(step, reply, &handoff, &target))
        return;
    if ((unsigned)admin->behind >= BEHIND_END) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "behind", "behind phải là RELEASE, CLOSE hoặc TAKE_ALONG.",
                     "behind is RELEASE, CLOSE or TAKE_ALONG.");
        return;
    }
    if (admin->behind == BEHIND_TAKE_ALONG)
        count = behind_of(step, &handoff, ids, TAKE_ALONG_MAX + 1);
    if (!may_all_go(step, reply, ids, count, &target))
        return;
    if (admin->dry_run) {
        reply->affected = 1 + count_behind(step, &handoff);
        return;
    }
    if (admin->behind == BEHIND_CLOSE && !close_behind(step, reply, &handoff))
        return;
    if (state_is_final(handoff.state) && !is_sent_back(&handoff))
        return;
    redirect_one(step, reply, &handoff, &target, &child);
    admin_fact(step, reply, "child", "%" PRIu64, child);
    take_along(step, reply, ids, count, &target);
}
