/* step_admin_act.c - what an operator changes: replay, hold, release, and the two ends of a backup. close and redirect
 * are in step_admin_move.c.
 *
 * replay    FAILED, UNSURE, WAITING -> READY with its counts at zero: a new attempt of the same handoff, with the same
 *           idempotency key unless a fresh one is asked for. Where an agency is neither idempotent nor can be asked, a
 *           person may still decide so: that is what UNSURE waits for.
 * hold      READY, WAITING -> HELD, in its place in the lane. Of an agency: nothing is offered to it.
 * release   HELD -> READY, also one that waits for antecedents. Of an agency: ends a hold and a pause. Of the gateway:
 *           ends that it is held after a restore.
 */
#include <inttypes.h>
#include <string.h>

#include "gateway/core/admin.h"
#include "gateway/core/gate.h"
#include "gateway/core/restore.h"

struct change admin_change(const struct step *step, enum cause cause)
{
    const struct admin *admin = &step->command->admin;
    char words[REASON_BYTES_MAX + 1];
    struct text text = text_of(words, sizeof words);

    /* The number first: where both are too long, the words are cut. */
    if (admin->case_number[0])
        text_add(&text, "%s: ", admin->case_number);
    text_add(&text, "%s", admin->reason);
    return (struct change){
        .cause = cause, .actor_uid = admin->uid + 1,
        .detail = span_of_string(effects_text(step->effects, words)),
    };
}

/* ---- replay */

static bool may_replay(const struct handoff *handoff)
{
    return handoff->state == STATE_FAILED || handoff->state == STATE_UNSURE || handoff->state == STATE_WAITING;
}

static void replay(struct step *step, struct handoff *handoff)
{
    struct change change = admin_change(step, CAUSE_REPLAYED);

    bool perhaps = handoff->state == STATE_UNSURE || handoff->flags & HANDOFF_PERHAPS;
    if (perhaps && handoff_recipient(step, handoff)->agency_class == CLASS_PROBE)
        handoff->flags |= HANDOFF_ASK_FIRST;
    if (handoff->gates_left)
        gate_forget(step, handoff);
    handoff->charged = 0;
    handoff->lapses = 0;
    handoff->tried_ms = 0;
    handoff->flags |= HANDOFF_REPLAYED;
    if (step->command->admin.fresh_key)
        handoff->key_generation++;
    handoff_move(step, handoff, STATE_READY, &change);
}

static void replay_one(struct step *step, struct admin_reply *reply)
{
    struct handoff handoff;

    if (!admin_handoff(step, reply, &handoff))
        return;
    if (handoff.flags & HANDOFF_BODY_PURGED) {
        admin_refuse_state(step, reply, &handoff,
                           (struct words){ "nội dung đã bị xóa theo thời hạn lưu.", "its body has been purged." });
        return;
    }
    if (!may_replay(&handoff)) {
        static const struct words ended = { "đã kết thúc, không gửi lại được.",
                                            "it has ended and cannot be sent again." };
        static const struct words held = { "hãy thả nó (release).", "release it instead." };
        static const struct words moving = { "không có gì để gửi lại lúc này.",
                                             "there is nothing to replay just now." };
        admin_refuse_state(step, reply, &handoff,
                           state_is_final(handoff.state) ? ended : handoff.state == STATE_HELD ? held : moving);
        return;
    }
    reply->affected = 1;
    if (!step->command->admin.dry_run)
        replay(step, &handoff);
}

/* What would be replayed, as far as one step can count. */
static void count(struct step *step, struct admin_reply *reply, struct selection *selection)
{
    struct fail_group group;
    struct handoff handoff;

    if (!selection->at && select_count(step, selection, &reply->affected))
        return;
    if (selection->by_groups && !selection->at) {
        for (uint32_t i = 0; i < selection->group_count; i++)
            if (turn_fail_group(step->turn, &selection->groups[i].key, &group))
                reply->affected += group.count;
        return;
    }
    while (select_next(step, selection, &handoff))
        reply->affected++;
}

static void replay_selected(struct step *step, struct admin_reply *reply, struct selection *selection)
{
    uint32_t limit = admin_limit(step);
    struct handoff handoff;

    while (!reply->more && select_next(step, selection, &handoff)) {
        replay(step, &handoff);
        reply->affected++;
        reply->more = reply->affected == limit || !admin_has_room(step);
    }
}

void admin_replay(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    const struct admin_filter *filter = &admin->filter;
    struct selection selection;

    if (admin->handoff) {
        replay_one(step, reply);
        return;
    }
    if (!filter->agency[0] && !filter->fail_class && !filter->fingerprint[0] && !filter->dossier_code[0] &&
        !filter->state) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "filter",
                     "Hãy cho biết gửi lại lượt nào: một số, hoặc một bộ lọc.",
                     "Say what to replay: a handoff, or a filter.");
        return;
    }
    if (!select_begin(step, reply, STATE_FAILED, &selection))
        return;
    if (selection.state != STATE_FAILED && selection.state != STATE_UNSURE) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "filter.state",
                     "Bộ lọc để gửi lại chỉ nhận FAILED hoặc UNSURE.", "A replay's filter is for FAILED or UNSURE.");
        return;
    }
    if (admin->dry_run)
        count(step, reply, &selection);
    else
        replay_selected(step, reply, &selection);
    reply->more |= selection.stopped;
    if (reply->more)
        admin_fact(step, reply, "next_after", "%" PRIu64, selection.at);
}

/* ---- hold and release */

/* An event about an agency, and what the broker must hear of it. */
static void put_agency(struct step *step, uint32_t agency, struct agency_state *state, enum cause cause)
{
    struct change change = admin_change(step, cause);
    struct event event = { .at_ms = step->now_ms, .cause = cause, .agency = agency, .actor_uid = change.actor_uid };

    state->since_ms = step->now_ms;
    turn_agency_state_put(step->turn, agency, state);
    (void)turn_event_append(step->turn, &event, change.detail);
    struct effect *effect = effects_add(step->effects, EFFECT_AGENCY, step->command);
    effect->agency = agency;
    effect->agency_state.paused = state->paused;
    effect->agency_state.on_hold = state->on_hold;
}

static void hold_agency(struct step *step, struct admin_reply *reply, const char *code)
{
    uint32_t agency = admin_agency(step, reply, "code", code, !step->command->admin.dry_run);
    struct agency_state state;

    if (!agency)
        return;
    turn_agency_state(step->turn, agency, &state);
    if (state.on_hold) {
        admin_refuse(step, reply, PROBLEM_WRONG_STATE, "code", "Cơ quan %s đang được tạm giữ rồi.",
                     "Agency %s is on hold already.", code);
        return;
    }
    reply->affected = 1;
    if (step->command->admin.dry_run)
        return;
    struct text text = text_of(state.reason, sizeof state.reason);
    text_add(&text, "%s", step->command->admin.reason);
    state.on_hold = true;
    put_agency(step, agency, &state, CAUSE_HOLD);
}

static void release_agency(struct step *step, struct admin_reply *reply, const char *code)
{
    uint32_t agency = admin_agency(step, reply, "code", code, false);
    struct agency_state state;

    if (!agency)
        return;
    turn_agency_state(step->turn, agency, &state);
    if (!state.on_hold && !state.paused) {
        admin_refuse(step, reply, PROBLEM_WRONG_STATE, "code", "Cơ quan %s không bị tạm dừng hay tạm giữ.",
                     "Agency %s is neither paused nor on hold.", code);
        return;
    }
    reply->affected = 1;
    if (step->command->admin.dry_run)
        return;
    enum cause cause = state.paused ? CAUSE_AGENCY_RELEASED : CAUSE_RELEASE;
    state = (struct agency_state){ .offers = state.offers, .exchange_ms = state.exchange_ms,
                                   .drafts_from_ms = state.drafts_from_ms, .drafts = state.drafts };
    put_agency(step, agency, &state, cause);
    effects_wake(step->effects, EFFECT_READY, step->command, agency);
}

/* After a restore: intake and delivery begin. */
static void release_gateway(struct step *step, struct admin_reply *reply)
{
    struct change change = admin_change(step, CAUSE_RELEASE);
    struct event event = { .at_ms = step->now_ms, .cause = change.cause, .actor_uid = change.actor_uid };
    struct restored restored;
    char code[AGENCY_CODE_SIZE];

    if (!turn_restored(step->turn, &restored) || !restored.held || !restored.walked) {
        admin_refuse(step, reply, PROBLEM_WRONG_STATE, "code", "Cổng không bị giữ, hoặc việc phục hồi chưa xong.",
                     "The gateway is not held, or the restore is not done.");
        return;
    }
    reply->affected = 1;
    if (step->command->admin.dry_run)
        return;
    restored.held = false;
    restored.released_ms = step->now_ms;
    turn_restored_put(step->turn, &restored);
    (void)turn_event_append(step->turn, &event, change.detail);
    for (uint32_t agency = 1; turn_agency_code(step->turn, agency, code) && admin_has_room(step); agency++)
        if (turn_count(step->turn, agency, STATE_READY))
            effects_wake(step->effects, EFFECT_READY, step->command, agency);
}

/* False: neither a handoff nor an agency was named, and that was refused. */
static bool names_something(struct step *step, struct admin_reply *reply)
{
    if (step->command->admin.handoff || step->command->admin.code[0])
        return true;
    admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "handoff_id", "Hãy cho biết số của lượt, hoặc mã của cơ quan.",
                 "Say which handoff, or which agency.");
    return false;
}

void admin_hold(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    struct handoff handoff;

    if (!names_something(step, reply))
        return;
    if (!admin->handoff) {
        hold_agency(step, reply, admin->code);
        return;
    }
    if (!admin_handoff(step, reply, &handoff))
        return;
    if (handoff.state != STATE_READY && handoff.state != STATE_WAITING) {
        admin_refuse_state(step, reply, &handoff, (struct words){ "chỉ giữ được lượt sẵn sàng hoặc chờ gửi lại.",
                                                                  "only one that is ready or waiting can be held." });
        return;
    }
    reply->affected = 1;
    if (admin->dry_run)
        return;
    struct change change = admin_change(step, CAUSE_HOLD);
    handoff_move(step, &handoff, STATE_HELD, &change);
}

void admin_release(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    struct handoff handoff;

    if (!names_something(step, reply))
        return;
    if (!admin->handoff && strcmp(admin->code, RELEASE_GATEWAY) == 0) {
        release_gateway(step, reply);
        return;
    }
    if (!admin->handoff) {
        release_agency(step, reply, admin->code);
        return;
    }
    if (!admin_handoff(step, reply, &handoff))
        return;
    if (handoff.state != STATE_HELD) {
        admin_refuse_state(step, reply, &handoff, (struct words){ "chỉ thả được lượt đang bị giữ.",
                                                                  "only one that is held can be released." });
        return;
    }
    reply->affected = 1;
    if (admin->dry_run)
        return;
    struct change change = admin_change(step, CAUSE_RELEASE);
    if (handoff.gates_left)
        gate_forget(step, &handoff);
    handoff_move(step, &handoff, STATE_READY, &change);
}

/* ---- backup */

void admin_backup_begin(struct step *step, struct admin_reply *reply)
{
    admin_fact(step, reply, "commit_seq", "%" PRIu64, turn_seq(step->turn) - 1);
    admin_fact(step, reply, "covered_seq", "%" PRIu64, turn_covered_seq(step->turn));
}

/* 0: the backup came to nothing, only the sweep goes on. */
void admin_backup_end(struct step *step, struct admin_reply *reply)
{
    uint64_t covered_seq = step->command->admin.covered_seq;

    if (covered_seq >= turn_seq(step->turn)) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "covered_seq",
                     "Chưa có lần ghi số %" PRIu64 ": bản sao lưu không thể có nó.",
                     "There is no turn %" PRIu64 " yet: no backup can cover it.", covered_seq);
        return;
    }
    if (covered_seq > turn_covered_seq(step->turn)) {
        turn_covered_seq_put(step->turn, covered_seq);
        reply->affected = 1;
    }
    admin_fact(step, reply, "covered_seq", "%" PRIu64, turn_covered_seq(step->turn));
}

/* In the history with name and reason; the broker, who has the clocks, does it once that is on disk. */
void admin_confirm_clock(struct step *step, struct admin_reply *reply)
{
    struct change change = admin_change(step, CAUSE_CLOCK_CONFIRMED);
    struct event event = { .at_ms = step->now_ms, .cause = change.cause, .actor_uid = change.actor_uid };

    if (step->command->admin.dry_run)
        return;
    (void)turn_event_append(step->turn, &event, change.detail);
    reply->affected = 1;
}
