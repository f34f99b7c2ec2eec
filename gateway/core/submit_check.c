/* submit_check.c - may a SUBMIT come in: its own fields, to whom it goes, what it refers to. */
#include <string.h>

#include "gateway/core/apology.h"
#include "gateway/core/correction.h"
#include "gateway/core/due_date.h"
#include "gateway/core/flow.h"
#include "gateway/core/supplement.h"

enum { PARENT_ASK_AGAIN_MS = 2000 };

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

/* What comes after hours counts from the next working time, and its source may say so. */
static bool received_ok(struct step *step, const struct intake *intake)
{
    const struct facts *facts = intake->submit->facts;
    uint32_t year = 0;

    if (!facts || facts->received_ms <= step->now_ms + RECEIVED_FUTURE_MS_MAX || step->core->time_in_doubt)
        return true;
    int64_t next_ms = due_next_worked(step->core->tables, intake->sender, step->now_ms, &year);
    if (facts->received_ms <= next_ms + RECEIVED_FUTURE_MS_MAX + (year ? HOLIDAY_MS_MAX : 0))
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_IN_FUTURE, "header.facts.received_ms",
                   "Ngày tiếp nhận ở tương lai, sau giờ làm việc kế tiếp quá một ngày: hãy sửa lại.",
                   "The time of receipt lies ahead, more than a day beyond the next working time: set it right.");
    return false;
}

static bool fields_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;

    if (!submit->kind || submit->kind >= KIND_END) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_KIND, "header.kind",
                       "Không có loại giao–nhận số %u.", "There is no kind number %u.", submit->kind);
        return false;
    }
    if (!codes_ok(step, submit))
        return false;
    return times_ok(step, submit) && received_ok(step, intake) && sizes_ok(step, submit);
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
    const struct agency *meant = correction_addressed(step, intake);
    if (!meant && (supplement_is_request(submit->kind) || intake->request))
        meant = supplement_addressed(step, intake);
    if (!meant)
        meant = flow_addressed(step, intake);
    if (meant || intake->flow.starts)
        return meant;
    const struct agency *opener = apology_addressed(step, intake);
    if (opener)
        return opener;
    if (!intake->has_parent)
        return find_routed(step, intake);
    /* A redirected one stands in the lane of an agency that does not have it. */
    const struct handoff *parent = &intake->parent;
    uint32_t theirs = seat_same(step, parent->addressed, parent->recipient, parent) ? parent->addressed
                                                                                    : parent->recipient;
    uint32_t other = seat_is(step, intake->sender, parent->recipient, parent) ? parent->sender : theirs;
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
    if (!intake->recipient && flow_refuse_root(step, intake))
        return false;
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

/* What its receivers are told of it must be true. */
static bool size_ok(struct step *step, const struct submit *submit, uint32_t index)
{
    char field[40];
    struct text text = text_of(field, sizeof field);
    struct blob blob;

    must(turn_blob(step->turn, &submit->attachments[index], &blob));
    if (!submit->attachment_sizes[index] || submit->attachment_sizes[index] == blob.size)
        return true;
    text_add(&text, "header.attachments[%u].size", index);
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, field,
                   "Tệp đính kèm đã tải lên dài %llu byte.", "The attachment that was uploaded has %llu bytes.",
                   (unsigned long long)blob.size);
    return false;
}

static bool attachments_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;
    char field[32];
    struct text text = text_of(field, sizeof field);

    for (uint32_t i = 0; i < submit->attachment_count; i++) {
        if (intake->sender_number && turn_blob_known(step->turn, intake->sender_number, &submit->attachments[i])) {
            if (size_ok(step, submit, i))
                continue;
            return false;
        }
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
    /* Whoever waits for one that is replaced will wait for its correction. */
    const struct handoff *parent = &intake->parent;
    bool may_correct = submit->after_count && intake->has_parent &&
                       seat_is(step, intake->sender, parent->sender, parent) &&
                       correction_replaces(step, parent, submit);
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
        if (!submit->after_count && !intake->flow.starts)
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

bool submit_ok(struct step *step, struct intake *intake)
{
    if (!fields_ok(step, intake) || !parent_ok(step, intake) || !flow_find(step, intake))
        return false;
    supplement_find(step, intake);
    return recipient_ok(step, intake) && submit_papers_ok(step, intake) && after_ok(step, intake) &&
           attachments_ok(step, intake) && dossier_ok(step, intake) && dossier_facts_ok(step, intake) &&
           supplement_ok(step, intake) && correction_ok(step, intake) && apology_ok(step, intake) &&
           flow_may(step, intake);
}
