#include "gateway/core/apology.h"

#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/core/due_date.h"
#include "gateway/core/figures.h"
#include "gateway/core/header_text.h"
#include "gateway/core/issue.h"
#include "gateway/core/late.h"

enum { PAYLOAD_SIZE = 1024 + 2 * REASON_BYTES_MAX, KEY_SIZE = 48 };
#define CIRCULAR_2025_MS 1751302800000LL                /* 2025-07-01 00:00 local time */

const struct apology_form *apology_form(int64_t at_ms)
{
    static const struct apology_form of_2018 = { "TT 01/2018/TT-VPCP", "04",
                                                 "Phiếu xin lỗi và hẹn lại ngày trả kết quả" };
    static const struct apology_form of_2025 = { "TT 03/2025/TT-VPCP", "04",
                                                 "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết" };
    return at_ms < CIRCULAR_2025_MS ? &of_2018 : &of_2025;
}

/* ---- what they say */

/* A code or words, as a JSON string; a control character in words is a blank. */
static void add_string(struct text *text, const char *name, const char *string)
{
    text_add(text, "\"%s\":\"", name);
    for (const char *at = string; *at;) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= ' ' && at[plain] != '"' && at[plain] != '\\')
            plain++;
        text_add(text, "%.*s", (int)plain, at);
        at += plain;
        if (*at)
            text_add(text, (unsigned char)*at < ' ' ? " " : "\\%c", *at);
        at += *at != 0;
    }
    text_add(text, "\"");
}

static void add_time(struct text *text, const char *name, int64_t time_ms)
{
    char clock[CLOCK_TEXT_SIZE];
    clock_text(time_ms, clock);
    text_add(text, ",\"%s\":\"%s\"", name, clock);
}

static void begin_payload(struct step *step, struct text *text, const struct dossier *dossier)
{
    char code[DOSSIER_CODE_SIZE];
    const struct apology_form *form = apology_form(step->now_ms);

    must(turn_dossier_code(step->turn, dossier->id, code));
    text_add(text, "{");
    add_string(text, "dossier", code);
    add_time(text, "due", dossier->due_ms);
    text_add(text, ",\"form\":{\"kind\":\"APOLOGY\",\"circular\":\"%s\",\"number\":\"%s\"}", form->circular,
             form->number);
}

/* One per kind of letter, date and thing it is about. */
static struct span key_of(char key[KEY_SIZE], const char *what, uint64_t about, uint64_t number)
{
    struct text text = text_of(key, KEY_SIZE);
    text_add(&text, "%s %llx %llx", what, (unsigned long long)about, (unsigned long long)number);
    must(!text.cut);
    return span_of_string(key);
}

/* Who stands for the opener now. */
static uint32_t opener_now(struct step *step, const struct dossier *dossier, const struct handoff *about)
{
    const struct agency *taken = seat_taken_by(step, dossier->opener, about);
    return taken ? turn_agency_number_make(step->turn, taken->code) : dossier->opener;
}

bool apology_ask(struct step *step, const struct dossier *dossier, const struct holder *holder, uint64_t *ret_draft,
                 struct problem *ret_problem)
{
    char payload[PAYLOAD_SIZE], key[KEY_SIZE], to[AGENCY_CODE_SIZE];
    struct text text = text_of(payload, sizeof payload);
    struct handoff forward;

    must(turn_handoff(step->turn, holder->forward, &forward) && turn_agency_code(step->turn, holder->agency, to));
    begin_payload(step, &text, dossier);
    text_add(&text, ",\"needs\":[\"facts.reason_code\",\"facts.due_ms\",\"facts.officer_from\"]}");
    must(!text.cut);
    uint32_t from = opener_now(step, dossier, &forward);
    struct issue issue = {
        .from = from, .to = to, .dossier = dossier->id, .kind = KIND_APOLOGY,
        .parent = seat_same(step, from, forward.sender, &forward) ? forward.id : 0,
        .procedure = dossier->procedure_code, .step = forward.step, .at_ms = step->now_ms,
        .key = key_of(key, "draft", forward.id, (uint64_t)dossier->due_ms), .content_type = APOLOGY_DRAFT,
        .payload = span_of_string(payload), .due_ms = dossier->due_ms, .reminder = true,
    };
    return issue_handoff(step, &issue, ret_draft, ret_problem);
}

void apology_call_back(struct step *step, const struct dossier *dossier, const struct handoff *draft)
{
    char payload[PAYLOAD_SIZE], key[KEY_SIZE], to[AGENCY_CODE_SIZE];
    struct text text = text_of(payload, sizeof payload);
    struct problem problem;
    uint64_t id;

    must(turn_agency_code(step->turn, draft->recipient, to));
    begin_payload(step, &text, dossier);
    text_add(&text, ",\"cancelled\":\"%llu\"}", (unsigned long long)draft->id);
    must(!text.cut);
    struct issue issue = {
        .from = draft->sender, .to = to, .dossier = dossier->id, .kind = KIND_APOLOGY, .parent = draft->id,
        .procedure = dossier->procedure_code, .step = draft->step, .at_ms = step->now_ms,
        .key = key_of(key, "call-back", draft->id, 0), .content_type = APOLOGY_CANCELLED_TYPE,
        .payload = span_of_string(payload), .reminder = true,
    };
    bool made = issue_handoff(step, &issue, &id, &problem);
    (void)made;                                         /* the history of the draft says it in any case */
}

bool apology_sign(struct step *step, const struct dossier *dossier, const struct apology_signing *signing,
                  uint64_t *ret_letter, struct problem *ret_problem)
{
    char payload[PAYLOAD_SIZE], key[KEY_SIZE];
    struct text text = text_of(payload, sizeof payload);
    struct ending ending = { 0 };
    struct handoff draft;

    (void)turn_ending(step->turn, dossier->id, &ending);
    begin_payload(step, &text, dossier);
    add_time(&text, "promised", signing->due_ms);
    text_add(&text, ",");
    add_string(&text, "reason_code", signing->reason_code);
    text_add(&text, ",");
    add_string(&text, "signer", signing->signer);
    text_add(&text, ",");
    add_string(&text, "reason", signing->words);
    text_add(&text, "}");
    must(!text.cut);
    bool asked = ending.draft && turn_handoff(step->turn, ending.draft, &draft) &&
                 seat_same(step, draft.recipient, signing->holder, &draft);
    struct issue issue = {
        .from = signing->holder, .to = "", .dossier = dossier->id, .kind = KIND_APOLOGY,
        .parent = asked ? ending.draft : 0, .procedure = dossier->procedure_code, .at_ms = step->now_ms,
        .key = key_of(key, "letter", dossier->id, ending.apologies), .content_type = APOLOGY_SIGNED_TYPE,
        .payload = span_of_string(payload), .due_ms = signing->due_ms, .reason_code = signing->reason_code,
        .officer_from = signing->signer,
    };
    return issue_handoff(step, &issue, ret_letter, ret_problem);
}

/* ---- a SUBMIT */

/* A letter, of a dossier that something is known of. */
static bool is_letter(struct step *step, const struct intake *intake, struct dossier *ret_dossier)
{
    uint32_t sender = turn_agency_number(step->turn, intake->sender->code);
    return intake->submit->kind == KIND_APOLOGY && intake->dossier &&
           turn_dossier(step->turn, intake->dossier, ret_dossier) && !dossier_opened_by(step, ret_dossier, sender);
}

const struct agency *apology_addressed(struct step *step, const struct intake *intake)
{
    struct intake found = *intake;
    struct dossier dossier;
    char code[AGENCY_CODE_SIZE];

    if (intake->submit->kind != KIND_APOLOGY)
        return NULL;
    found.dossier = turn_dossier_find(step->turn, span_of_string(intake->submit->dossier_code));
    if (!is_letter(step, &found, &dossier) || !turn_agency_code(step->turn, dossier.opener, code))
        return NULL;
    return tables_agency(step->core->tables, code);
}

static bool refuse(struct step *step, enum problem_type type, const char *field, const char *vi, const char *en)
{
    effects_refuse(step->effects, step->command, type, field, "%s%.0s", "%.0s%s", vi, en);
    return false;
}

static bool is_complete(struct step *step, const struct submit *submit)
{
    char reason[REASON_CODE_SIZE], signer[OFFICER_SIZE];

    header_reason_code(submit->header, reason);
    header_officer_from(submit->header, signer);
    if (submit->due_ms <= 0)
        return refuse(step, PROBLEM_INVALID_FIELD, "header.facts.due_ms", "Phiếu xin lỗi thiếu ngày hẹn trả mới.",
                      "An apology needs the new date.");
    if (!reason[0])
        return refuse(step, PROBLEM_INVALID_FIELD, "header.facts.reason_code",
                      "Phiếu xin lỗi thiếu mã lý do, hoặc mã quá dài.",
                      "An apology needs a reason code that is not too long.");
    if (!signer[0])
        return refuse(step, PROBLEM_INVALID_FIELD, "header.facts.officer_from",
                      "Phiếu xin lỗi thiếu mã của người đứng đầu đã ký, hoặc mã quá dài.",
                      "An apology needs the code of the head who signed it, and not too long a one.");
    return true;
}

/* The citizen comes on that day: somebody must be there. */
static bool is_promise_worked(struct step *step, const struct intake *intake)
{
    char said[CLOCK_TEXT_SIZE], next[CLOCK_TEXT_SIZE];
    int64_t next_ms;

    if (due_is_worked(step->core->tables, intake->sender, intake->submit->due_ms, &next_ms))
        return true;
    clock_text_local(intake->submit->due_ms, said);
    clock_text_local(next_ms, next);
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.due_ms",
                   "Ngày hẹn mới %s là ngày nghỉ hoặc ngoài giờ làm việc của %s; làm việc trở lại từ %s.",
                   "The new date %s is on a day off or outside the working hours of %s; the next working time is %s.",
                   said, intake->sender->code, next);
    return false;
}

static bool may_sign(struct step *step, const struct dossier *dossier, uint32_t sender)
{
    struct holder holders[BRANCHES_MAX];
    uint32_t count = dossier_holders(step, dossier, holders);
    struct handoff forward;

    for (uint32_t i = 0; i < count; i++)
        if (turn_handoff(step->turn, holders[i].forward, &forward) &&
            seat_same(step, holders[i].agency, sender, &forward))
            return true;
    return false;
}

static bool is_owed(struct step *step, const struct intake *intake, const struct dossier *dossier)
{
    const struct submit *submit = intake->submit;
    int64_t signed_ms = submit->source_time_ms > 0 ? submit->source_time_ms : step->now_ms;
    struct ending ending = { 0 };

    (void)turn_ending(step->turn, dossier->id, &ending);
    if (ending.ended && (ending.ended_ms <= dossier->due_ms || ending.ended_ms <= signed_ms))
        return refuse(step, PROBLEM_WRONG_STATE, "header.dossier_code",
                      "Hồ sơ đã kết thúc trước đó: không còn gì để hẹn lại.",
                      "The dossier had ended before: there is nothing left to put off.");
    if (!ending.ended && !may_sign(step, dossier, turn_agency_number(step->turn, intake->sender->code)))
        return refuse(step, PROBLEM_NOT_ALLOWED, "header.sender", "Cơ quan này không đang giữ hồ sơ.",
                      "This agency does not hold the dossier.");
    if (submit->due_ms <= dossier->due_ms || submit->due_ms <= signed_ms || submit->due_ms <= ending.promised_ms)
        return refuse(step, PROBLEM_INVALID_FIELD, "header.facts.due_ms",
                      "Ngày hẹn mới phải sau ngày hẹn trước và sau lúc ký.",
                      "The new date must be after the one before, and after the signature.");
    if (ending.apologies && !submit->payload.size)
        return refuse(step, PROBLEM_INVALID_FIELD, "payload",
                      "Hồ sơ đã được hẹn lại một lần: lần nữa phải có văn bản nêu lý do.",
                      "It was put off once already: a second time needs the reasons in words.");
    return true;
}

bool apology_ok(struct step *step, const struct intake *intake)
{
    struct dossier dossier;

    if (intake->submit->kind != KIND_APOLOGY)
        return true;
    if (!intake->dossier || !turn_dossier(step->turn, intake->dossier, &dossier))   /* a one-stop needs all of it */
        return intake->recipient->kind != AGENCY_ONE_STOP || is_complete(step, intake->submit);
    if (!is_letter(step, intake, &dossier))
        return true;                                    /* a request */
    return is_complete(step, intake->submit) && (!dossier.due_ms || is_owed(step, intake, &dossier)) &&
           is_promise_worked(step, intake);
}

void apology_taken(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    const struct submit *submit = intake->submit;
    struct ending ending = { .dossier = handoff->dossier };
    struct dossier dossier;

    if (!is_letter(step, intake, &dossier) || !dossier.due_ms ||
        !dossier_opened_by(step, &dossier, handoff->recipient))
        return;
    (void)turn_ending(step->turn, handoff->dossier, &ending);
    ending.apology = APOLOGY_SIGNED;
    ending.unasked = 0;
    ending.letter = handoff->id;
    ending.signed_by = handoff->sender;
    ending.apologies++;
    ending.escalations = 0;
    ending.signed_ms = handoff->source_time_ms > 0 ? handoff->source_time_ms : step->now_ms;
    ending.promised_ms = submit->due_ms;
    header_reason_code(submit->header, ending.reason_code);
    header_officer_from(submit->header, ending.signer);
    if (ending.ended) {
        late_list(step, &ending, 0, 0);
        ending.due_ms = dossier.due_ms;
    } else {
        late_list(step, &ending, ending.asked_of ? ending.asked_of : handoff->sender, dossier.due_ms);
    }
    late_look_at(step, &ending, step->now_ms);          /* the letter itself may have said that it ended in time */
    turn_ending_put(step->turn, &ending);
    figures_ending(step, handoff->dossier);
}
