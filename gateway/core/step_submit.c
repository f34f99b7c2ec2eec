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

enum { DEDUPE_PURGED = 2 };             /* old message ids forgotten by each one accepted: never more than come */
enum { HELD_ASK_AGAIN_MS = 5000, PARENT_ASK_AGAIN_MS = 2000 };

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

static bool intake_open(struct step *step)
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

/* ---- its own fields */

/* Codes are opaque: what one system writes is kept as it is, if it can be typed and printed. */
static bool code_ok(const char *code)
{
    for (; *code; code++)
        if (*code <= ' ' || *code > '~')
            return false;
    return true;
}

static bool refuse_code(struct step *step, const char *field)
{
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, field,
                   "%s trống, hoặc có dấu cách, ký tự điều khiển hay chữ có dấu.",
                   "%s is empty, or has blanks, control characters or letters that are not ASCII.", field);
    return false;
}

static bool codes_ok(struct step *step, const struct submit *submit)
{
    if (!submit->dossier_code[0] || !code_ok(submit->dossier_code))
        return refuse_code(step, "header.dossier_code");
    if (!code_ok(submit->procedure_code))
        return refuse_code(step, "header.procedure_code");
    if (!code_ok(submit->step))
        return refuse_code(step, "header.step");
    for (uint32_t i = 0; i < submit->alias_count; i++)
        if (!submit->aliases[i][0] || !code_ok(submit->aliases[i]))
            return refuse_code(step, "header.facts.aliases");
    return true;
}

static bool sizes_ok(struct step *step, const struct submit *submit)
{
    size_t most = submit->kind == KIND_RESULT ? RESULT_BYTES_MAX : BODY_BYTES_MAX;
    bool header = submit->header.size > HEADER_BYTES_MAX;

    if (!header && submit->payload.size <= most)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_TOO_LARGE, header ? "header" : "payload",
                   "Quá lớn: tối đa %zu byte. Tệp lớn hãy gửi dưới dạng đính kèm.",
                   "Too large: at most %zu bytes. Send larger files as attachments.",
                   header ? (size_t)HEADER_BYTES_MAX : most);
    return false;
}

/* Not asked of a repetition: what was taken in while time was in doubt may lie ahead of it afterwards. */
static bool times_ok(struct step *step, const struct submit *submit)
{
    if (uuid_time_ms(&submit->message_id) > step->now_ms + ID_FUTURE_MS_MAX && !step->core->time_in_doubt) {
        effects_refuse(step->effects, step->command, PROBLEM_IN_FUTURE, "header.message_id",
                       "Thời điểm trong mã thông điệp ở tương lai quá 5 phút: hãy chỉnh đồng hồ.",
                       "The time in the message id is more than 5 minutes ahead: set the clock right.");
        return false;
    }
    if (submit->source_time_ms > step->now_ms + SOURCE_FUTURE_MS_MAX && !step->core->time_in_doubt) {
        effects_refuse(step->effects, step->command, PROBLEM_IN_FUTURE, "header.source_time_ms",
                       "Thời điểm phát sinh ở tương lai quá 5 phút: hãy chỉnh đồng hồ của nguồn.",
                       "The source time is more than 5 minutes ahead: set the source's clock right.");
        return false;
    }
    return true;
}

static bool fields_ok(struct step *step, const struct submit *submit)
{
    if (!submit->kind || submit->kind >= KIND_END) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_KIND, "header.kind",
                       "Không có loại giao–nhận số %u.", "There is no kind number %u.", submit->kind);
        return false;
    }
    if (!codes_ok(step, submit))
        return false;
    return times_ok(step, submit) && sizes_ok(step, submit);
}

/* ---- to whom, and may he */

static bool parent_ok(struct step *step, struct intake *intake)
{
    uint64_t id = intake->submit->parent;

    if (!id)
        return true;
    intake->has_parent = turn_handoff(step->turn, id, &intake->parent) &&
                         (seat_is(step, intake->sender, intake->parent.sender, &intake->parent) ||
                          seat_is(step, intake->sender, intake->parent.recipient, &intake->parent));
    if (intake->has_parent)
        return true;
    struct effect *effect = effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_HANDOFF, "header.parent",
                       "Không có lượt giao–nhận %llu nào do cơ quan này gửi hoặc nhận.",
                       "There is no handoff %llu that this agency sent or received.", (unsigned long long)id);
    if (!turn_handoff(step->turn, id, &intake->parent) && restore_may_come(step, id))
        effect->refused.retry_after_ms = PARENT_ASK_AGAIN_MS;
    return false;
}

/* Who does this step of its procedure. The catalogue says what a route does not. */
static const struct agency *find_routed(struct step *step, const struct intake *intake)
{
    const struct tables *tables = step->core->tables;
    const struct submit *submit = intake->submit;
    const struct agency *routed = tables_route(tables, submit->procedure_code, submit->step, intake->sender);
    const struct procedure *procedure =
        routed ? NULL : tables_procedure(tables, submit->procedure_code, NULL, intake->sender, step->now_ms);
    int index = procedure ? procedure_step_index(procedure, submit->step) : -1;

    return index < 0 ? routed : tables_step_agency(tables, procedure, &procedure->steps[index], intake->sender,
                                                   submit->area, step->now_ms);
}

/* Whom it is written to. NULL: nobody. */
static const struct agency *find_addressed(struct step *step, const struct intake *intake)
{
    const struct tables *tables = step->core->tables;
    const struct submit *submit = intake->submit;
    char code[AGENCY_CODE_SIZE];

    if (submit->recipient[0])
        return tables_agency(tables, submit->recipient);
    if (!intake->has_parent)
        return find_routed(step, intake);
    uint32_t other = seat_is(step, intake->sender, intake->parent.recipient, &intake->parent)
                         ? intake->parent.sender : intake->parent.addressed;
    return turn_agency_code(step->turn, other, code) ? tables_agency(tables, code) : NULL;
}

static bool recipient_ok(struct step *step, struct intake *intake)
{
    const struct submit *submit = intake->submit;
    struct matter matter = { .procedure = submit->procedure_code, .kind = submit->kind,
                             .area = submit->area[0] ? submit->area : intake->sender->area };

    intake->addressed = find_addressed(step, intake);
    if (intake->addressed)
        intake->recipient = tables_successor(step->core->tables, intake->addressed, &matter, step->now_ms);
    if (!intake->recipient) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_AGENCY, "header.recipient",
                       "Không tìm thấy cơ quan nhận '%s' (thủ tục '%s', bước '%s') trong danh bạ hiện hành.",
                       "No recipient '%s' (procedure '%s', step '%s') in the present directory.", submit->recipient,
                       submit->procedure_code, submit->step);
        return false;
    }
    if (strcmp(intake->recipient->code, intake->sender->code) == 0) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.recipient",
                       "Cơ quan nhận '%s' chính là cơ quan gửi.", "The recipient '%s' is the sender itself.",
                       intake->recipient->code);
        return false;
    }
    if (!tables_permit(step->core->tables, intake->sender, intake->recipient, submit->kind, submit->procedure_code)) {
        effects_refuse(step->effects, step->command, PROBLEM_NOT_ALLOWED, "header.recipient",
                       "Danh bạ không cho phép '%s' gửi %s tới '%s'.",
                       "The directory does not let '%s' send %s to '%s'.",
                       intake->sender->code, kind_name(submit->kind), intake->recipient->code);
        return false;
    }
    return true;
}

/* ---- what it refers to */

static bool attachments_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;
    char field[32];
    struct text text = text_of(field, sizeof field);

    for (uint32_t i = 0; i < submit->attachment_count; i++) {
        if (intake->sender_number && turn_blob_known(step->turn, intake->sender_number, &submit->attachments[i]))
            continue;
        text_add(&text, "header.attachments[%u]", i);
        effects_refuse(step->effects, step->command, PROBLEM_ATTACHMENT_MISSING, field,
                       "Tệp đính kèm chưa được tải lên: tải lên trước rồi gửi lại.",
                       "The attachment has not been uploaded: upload it first, then send again.");
        return false;
    }
    return true;
}

static bool refuse_after(struct step *step, uint32_t index, enum problem_type type, const char *vi, const char *en)
{
    char field[32];
    struct text text = text_of(field, sizeof field);
    text_add(&text, "header.after[%u]", index);
    effects_refuse(step->effects, step->command, type, field, "%s%.0s", "%.0s%s", vi, en);
    return false;
}

static bool after_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;

    for (uint32_t i = 0; i < submit->after_count; i++) {
        const struct submit_after *after = &submit->after[i];
        if (after->until >= UNTIL_END)
            return refuse_after(step, i, PROBLEM_INVALID_FIELD, "Giá trị until không có.", "There is no such until.");
        if (uuid_equal(&after->message_id, &submit->message_id))
            return refuse_after(step, i, PROBLEM_CYCLE, "Lượt này chờ chính nó.", "It waits for itself.");
        for (uint32_t k = 0; k < i; k++)
            if (uuid_equal(&after->message_id, &submit->after[k].message_id))
                return refuse_after(step, i, PROBLEM_INVALID_FIELD, "Lượt trước được nêu hai lần.",
                                    "This one is named twice.");
        if (intake->sender_number && !gate_has_room(step, intake->sender_number, &after->message_id))
            return refuse_after(step, i, PROBLEM_INVALID_FIELD, "Quá nhiều lượt đang chờ lượt này.",
                                "Too many others wait for this one.");
    }
    /* Whoever waits for a failed one will wait for its correction. */
    const struct handoff *parent = &intake->parent;
    bool may_correct = intake->has_parent && parent->state == STATE_FAILED && parent->sender == intake->sender_number;
    if (submit->after_count && intake->sender_number &&
        gate_is_circle(step, intake->sender_number, submit, may_correct ? &parent->message_id : NULL)) {
        effects_refuse(step->effects, step->command, PROBLEM_CYCLE, "header.after",
                       "Các lượt chờ nhau thành vòng, hoặc chuỗi chờ dài hơn %d lượt.",
                       "These handoffs wait for each other in a circle, or the chain is longer than %d.",
                       GATE_WALK_MAX);
        return false;
    }
    return true;
}

/* All codes should lead to one dossier. A code of another one is a collision: this one is parked until a person has
 * looked, unless it waits for others anyway, then it is refused. A new code that answers a handoff names the dossier of
 * that handoff. */
static bool dossier_ok(struct step *step, struct intake *intake)
{
    const struct submit *submit = intake->submit;

    intake->dossier = turn_dossier_find(step->turn, span_of_string(submit->dossier_code));
    intake->code_known = intake->dossier != 0;
    for (uint32_t i = 0; i < submit->alias_count; i++) {
        uint64_t dossier = turn_dossier_find(step->turn, span_of_string(submit->aliases[i]));
        if (!intake->dossier)
            intake->dossier = dossier;
        if (!dossier || dossier == intake->dossier)
            continue;
        intake->claimed |= 1u << i;
        if (!submit->after_count)
            continue;
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.aliases",
                       "Mã '%s' đã là của một hồ sơ khác.", "The code '%s' already belongs to another dossier.",
                       submit->aliases[i]);
        return false;
    }
    if (!intake->dossier && intake->has_parent)
        intake->dossier = intake->parent.dossier;
    return true;
}

/* ---- taking it in */

static void name_dossier(struct step *step, struct intake *intake)
{
    const struct submit *submit = intake->submit;
    struct span code = span_of_string(submit->dossier_code);

    intake->dossier_is_new = !intake->dossier;
    if (!intake->dossier)
        intake->dossier = turn_dossier_make(step->turn, code);
    else if (!intake->code_known)
        must(turn_dossier_alias(step->turn, intake->dossier, code));
    for (uint32_t i = 0; i < submit->alias_count; i++)
        if (!(intake->claimed & 1u << i))
            must(turn_dossier_alias(step->turn, intake->dossier, span_of_string(submit->aliases[i])));
}

/* Two dossiers claim one code: nothing of it is guessed and nothing is lost. It keeps its place and waits for a person:
 * release lets it go without that code, close ends it. */
static void park(struct step *step, const struct intake *intake, struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_HOLD };
    char other[DOSSIER_CODE_SIZE] = "", words[2 * REASON_BYTES_MAX];
    struct text text = text_of(words, sizeof words);
    int i = 0;

    while (!(intake->claimed & 1u << i))
        i++;
    const char *code = intake->submit->aliases[i];
    (void)turn_dossier_code(step->turn, turn_dossier_find(step->turn, span_of_string(code)), other);
    text_add(&text, "trùng mã: %s đã là của hồ sơ %s, lượt này nói là của hồ sơ %s / "
                    "collision: %s belongs to dossier %s, this one says it belongs to %s",
             code, other, intake->submit->dossier_code, code, other, intake->submit->dossier_code);
    change.detail = span_of_string(words);
    handoff_move(step, handoff, STATE_HELD, &change);
}

static void fill(struct step *step, const struct intake *intake, struct handoff *ret_handoff)
{
    const struct submit *submit = intake->submit;

    *ret_handoff = (struct handoff){
        .id = intake->again == AGAIN_AS ? submit->accepted_as : turn_handoff_new_id(step->turn),
        .dossier = intake->dossier, .sender = intake->sender_number,
        .recipient = turn_agency_number_make(step->turn, intake->recipient->code),
        .addressed = intake->lane ? intake->lane : turn_agency_number_make(step->turn, intake->addressed->code),
        .kind = submit->kind,
        .message_id = submit->message_id, .content_hash = submit->content_hash, .accepted_ms = step->now_ms,
        .source_time_ms = submit->source_time_ms, .due_ms = submit->due_ms > 0 ? submit->due_ms : 0,
        .sequence = submit->sequence, .parent = submit->parent, .flags = intake->lane ? HANDOFF_JOINED : 0,
    };
    memcpy(ret_handoff->procedure_code, submit->procedure_code, sizeof ret_handoff->procedure_code);
    memcpy(ret_handoff->step, submit->step, sizeof ret_handoff->step);
}

static void fail_at_once(struct step *step, struct handoff *handoff, uint64_t ended)
{
    char why[160];
    struct text text = text_of(why, sizeof why);
    unsigned long long id = ended;
    text_add(&text, "lượt trước %llu đã kết thúc mà không có kết quả / "
                    "the earlier handoff %llu has ended without a result", id, id);
    struct change change = { .cause = CAUSE_PREDECESSOR_ENDED, .fail_class = FAIL_PREDECESSOR,
                             .fingerprint = "predecessor-ended", .detail = span_of_string(why) };
    handoff_move(step, handoff, STATE_FAILED, &change);
}

static void accept(struct step *step, struct intake *intake)
{
    const struct submit *submit = intake->submit;
    struct telling telling;
    struct handoff handoff;
    uint64_t ended;

    intake->sender_number = turn_agency_number_make(step->turn, intake->sender->code);
    if (submit->has_cursor && !cursor_set(step, intake->sender_number, &submit->cursor)) {
        effects_refuse(step->effects, step->command, PROBLEM_CURSOR_MOVED, "cursor",
                       "Con trỏ đã được dời: hãy đọc lại rồi tiếp tục từ đó.",
                       "The cursor has moved: read it again and go on from there.");
        return;
    }
    intake->lane = seat_lane(step, intake->dossier, intake->addressed, intake->recipient);
    name_dossier(step, intake);
    fill(step, intake, &handoff);
    handoff.gates_left = gate_store(step, &handoff, submit, &ended);
    uint64_t place = submit_correct(step, intake, &handoff);
    struct change change = { .cause = CAUSE_ACCEPTED, .actor_agency = handoff.sender };
    dossier_tell(step, intake, &handoff, &telling);
    if (telling.any)
        change.of_dossier = &telling.said;
    if (handoff.gates_left) {
        change.timer_ms = step->now_ms + step->core->tables->antecedent_ms_max;
        handoff_begin(step, &handoff, STATE_HELD, 0, submit->header, submit->payload, &change);
    } else {
        handoff_begin(step, &handoff, STATE_READY, place, submit->header, submit->payload, &change);
    }
    effects_body_put(step->effects, handoff.id, submit->header, submit->payload);
    dossier_told(step, &telling, submit, handoff.last_event);
    /* Whom it was written to stands in its record; the mapping stands in its history. */
    if (intake->addressed != intake->recipient)
        seat_tell(step, &handoff, turn_agency_number_make(step->turn, intake->addressed->code));
    if (intake->again)
        restore_judge_again(step, &handoff, intake->again);
    turn_dedupe_put(step->turn, handoff.sender, &handoff.message_id, handoff.id);
    if (!step->core->time_in_doubt)
        (void)turn_dedupe_purge(step->turn, handoff.sender, step->now_ms - ID_AGE_MS_MAX, DEDUPE_PURGED);
    gate_antecedent_known(step, &handoff);
    if (ended)
        fail_at_once(step, &handoff, ended);
    if (submit_take_effect(step, intake, handoff.id))
        must(turn_handoff(step->turn, handoff.id, &handoff));
    if (intake->claimed && handoff.state == STATE_READY)
        park(step, intake, &handoff);
    say_accepted(step, &handoff, false);
}

void step_submit(struct step *step)
{
    const struct submit *submit = &step->command->submit;
    struct intake intake = { .submit = submit, .sender = step->command->agency };

    if (!identity_ok(step, submit))
        return;
    intake.sender_number = turn_agency_number(step->turn, intake.sender->code);
    if (is_known(step, &intake) || !intake_open(step))
        return;
    intake.again = restore_again(step, submit);
    if (fields_ok(step, submit) && parent_ok(step, &intake) && recipient_ok(step, &intake) &&
        submit_papers_ok(step, &intake) && after_ok(step, &intake) && attachments_ok(step, &intake) &&
        dossier_ok(step, &intake) && dossier_facts_ok(step, &intake))
        accept(step, &intake);
}
