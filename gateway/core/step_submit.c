/* step_submit.c - SUBMIT: somebody wants to hand something off.
 *
 * Comes     from a sender's session.
 * Changes   nothing when it is refused. Accepted: the handoff with its body, dossier and aliases, gates, message id,
 *           cursor; a corrected one is closed, an answered one gets its answer, a withdrawal closes what never left;
 *           what it tells of its dossier is judged and kept (dossier.h).
 * Effects   ACCEPTED or REFUSED; READY, FEED.
 * Repeated  the same ACCEPTED, marked duplicate: found by (sender, message id) before anything is looked at that
 *           changes with time. With other content: CONFLICT. */
#include <string.h>

#include "gateway/core/dossier.h"
#include "gateway/core/restore.h"
#include "gateway/core/step.h"
#include "gateway/core/submit.h"

enum { HELD_ASK_AGAIN_MS = 5000 };

/* ---- who says it, and is it new */

static bool identity_ok(struct step *step, const struct submit *submit)
{
    int version = submit->has_message_id ? uuid_version(&submit->message_id) : 0;

    if (version != 7 && version != 8) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_MESSAGE_ID, "header.message_id",
                       "Mã thông điệp phải là UUID phiên bản 7 hoặc 8 (16 byte).",
                       "The message id must be a UUID of version 7 or 8 (16 bytes).");
        return false;
    }
    int64_t id_ms = uuid_time_ms(&submit->message_id);
    if (id_ms < step->now_ms - ID_AGE_MS_MAX) {
        effects_refuse(step->effects, step->command, PROBLEM_TOO_OLD, "header.message_id",
                       "Mã thông điệp cũ hơn 90 ngày: không phân biệt được với lần gửi lại. Hãy gửi với mã mới.",
                       "The message id is older than 90 days and cannot be told from a repetition. Use a new one.");
        return false;
    }
    const struct agency *own = step->command->agency;
    bool is_own = own && strcmp(submit->sender, own->code) == 0;
    if (own && !is_own) {                               /* by another of its names? */
        const struct agency *sender = tables_agency(step->core->tables, submit->sender);
        is_own = sender && strcmp(sender->code, own->code) == 0;
    }
    if (!is_own) {
        effects_refuse(step->effects, step->command, PROBLEM_FOREIGN_SENDER, "header.sender",
                       "Người gửi '%s' không phải là cơ quan của khóa này.",
                       "The sender '%s' is not the agency of this key.", submit->sender);
        return false;
    }
    return true;
}

static const char *held_reason(struct step *step, const struct handoff *handoff)
{
    char list[AFTER_MAX * (UUID_TEXT_SIZE + 2)], reason[2 * sizeof list + 160], id[UUID_TEXT_SIZE];
    struct text text = text_of(list, sizeof list), whole = text_of(reason, sizeof reason);
    struct antecedent row;
    struct uuid at;

    if (handoff->state != STATE_HELD)
        return "";
    if (handoff->flags & HANDOFF_ON_HOLD) {
        char detail[REASON_BYTES_MAX + 1];
        turn_detail(step->turn, handoff->last_event, detail);
        return effects_text(step->effects, detail);
    }
    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, handoff->id, after, &at, &row);
         after = &at) {
        if (row.done_by)
            continue;
        uuid_text(&at, id);
        text_add(&text, "%s%s", text.used ? ", " : "", id);
    }
    text_add(&whole, "chờ %u lượt trước: %s / waits for %u earlier: %s", handoff->gates_left, list,
             handoff->gates_left, list);
    return effects_text(step->effects, reason);
}

static void say_accepted(struct step *step, const struct handoff *handoff, bool duplicate)
{
    const char *reason = held_reason(step, handoff);
    struct effect *effect = effects_add(step->effects, EFFECT_ACCEPTED, step->command);
    struct chain_link link;

    effect->accepted.handoff = handoff->id;
    effect->accepted.commit_seq = handoff->accepted_seq;
    effect->accepted.content_hash = handoff->content_hash;
    effect->accepted.message_id = handoff->message_id;
    effect->accepted.duplicate = duplicate;
    effect->accepted.state = handoff->state;
    effect->accepted.held_reason = reason;
    if (duplicate && turn_link(step->turn, handoff->accepted_seq, &link))
        effect->accepted.link = link.link;
}

/* True: it was answered as a repetition or a conflict. */
static bool is_known(struct step *step, const struct intake *intake)
{
    struct handoff before;
    uint64_t id;

    if (!intake->sender_number ||
        !turn_dedupe(step->turn, intake->sender_number, &intake->submit->message_id, &id))
        return false;
    must(turn_handoff(step->turn, id, &before));
    if (hash_equal(&before.content_hash, &intake->submit->content_hash))
        say_accepted(step, &before, true);
    else
        effects_refuse(step->effects, step->command, PROBLEM_CONFLICT, "header.message_id",
                       "Mã thông điệp này đã được tiếp nhận với nội dung khác. Nội dung mới cần mã mới.",
                       "This message id was accepted with other content. New content needs a new id.");
    return true;
}

bool submit_intake_open(struct step *step)
{
    if (restore_is_held(step->turn)) {
        effects_refuse(step->effects, step->command, PROBLEM_STOPPING, "",
                       "Cổng đang được giữ sau khi phục hồi từ bản sao lưu; người vận hành phải cho chạy lại. "
                       "Hãy gửi lại sau.",
                       "The gateway is held after a restore from a backup; a person must release it. "
                       "Send again later.")->refused.retry_after_ms = HELD_ASK_AGAIN_MS;
        return false;
    }
    if (step->core->stopping) {
        effects_refuse(step->effects, step->command, PROBLEM_STOPPING, "", "Cổng đang dừng: hãy gửi lại sau.",
                       "The gateway is being stopped: send again later.");
        return false;
    }
    if (step->core->intake_closed || !turn_has_room(step->turn)) {
        const char *why = step->core->intake_closed ? step->core->intake_closed
                                                    : "kho gần đầy / the store is nearly full";
        effects_refuse(step->effects, step->command, PROBLEM_FULL, "",
                       "Tạm ngừng tiếp nhận (%s). Việc chuyển giao vẫn tiếp tục; hãy gửi lại sau.",
                       "Intake is closed (%s). Deliveries go on; send again later.", why);
        return false;
    }
    return true;
}

void step_submit(struct step *step)
{
    const struct submit *submit = &step->command->submit;
    struct intake intake = { .submit = submit, .sender = step->command->agency };
    struct handoff handoff;

    if (!identity_ok(step, submit))
        return;
    intake.sender_number = turn_agency_number(step->turn, intake.sender->code);
    if (is_known(step, &intake) || !submit_intake_open(step))
        return;
    intake.again = restore_again(step, submit);
    if (!submit_ok(step, &intake) || !submit_accept(step, &intake, &handoff))
        return;
    effects_body_put(step->effects, handoff.id, submit->header, submit->payload);
    say_accepted(step, &handoff, false);
}
