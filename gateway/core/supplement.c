/* supplement.c - requests to the citizen and their answers: may they come in, and where do they go. */
#include "gateway/core/supplement_inside.h"

#include <string.h>

#include "gateway/core/header_text.h"
#include "gateway/core/issue.h"

enum { REQUEST_PARENTS_MAX = 4, HANDS_MAX = BRANCHES_MAX, HANDOFFS_MAX = 64 };

_Static_assert((int)ASKED_COMPONENT_SIZE == (int)COMPONENT_CODE_SIZE && (int)ASKED_NO_BRANCH == (int)BRANCH_NONE,
               "the record holds what the catalogue and the dossier name");

bool supplement_is_request(enum kind kind)
{
    return kind == KIND_SUPPLEMENT_REQUEST || kind == KIND_FINANCIAL_OBLIGATION;
}

bool supplement_is_answer(enum kind kind)
{
    return kind == KIND_SUPPLEMENT || kind == KIND_PAYMENT;
}

static enum kind request_of(enum kind answer)
{
    return answer == KIND_SUPPLEMENT ? KIND_SUPPLEMENT_REQUEST : KIND_FINANCIAL_OBLIGATION;
}

/* The seat of this number is `agency`'s, which may be one that the store has not seen yet. */
static bool is_seat(struct step *step, uint32_t number, const struct agency *agency)
{
    const struct tables *tables = step->core->tables;
    const struct agency *other = seat_of_number(step, number);
    return other && tables_same_seat(tables, agency, other, NULL, step->now_ms);
}

uint32_t supplement_count(struct step *step, uint64_t dossier, const struct agency *agency, enum kind kind,
                          uint32_t *ret_all)
{
    struct asked asked;
    uint64_t at = 0;
    uint32_t count = 0, all = 0;

    for (; all < ASKED_MAX && turn_asked_next(step->turn, dossier, at, &asked); at = asked.request, all++)
        count += asked.kind == kind && is_seat(step, asked.agency, agency);
    *ret_all = all;
    return count;
}

bool supplement_waits(struct step *step, uint64_t dossier, unsigned branch, uint64_t except)
{
    struct asked asked;
    uint64_t at = 0;

    for (int i = 0; i < ASKED_MAX && turn_asked_next(step->turn, dossier, at, &asked); i++, at = asked.request)
        if (asked.state == ASKING_OPEN && asked.branch == branch && asked.request != except)
            return true;
    return false;
}

/* ---- which request is answered */

static uint64_t dossier_meant(struct step *step, const struct intake *intake)
{
    return intake->has_parent ? intake->parent.dossier
                              : turn_dossier_find(step->turn, span_of_string(intake->submit->dossier_code));
}

/* The parent itself, or what it is a copy or, redirected, a child of. */
static bool request_above(struct step *step, const struct handoff *parent, enum kind kind, struct asked *ret_asked)
{
    struct handoff at = *parent;

    for (int i = 0; i < REQUEST_PARENTS_MAX && at.kind == kind; i++) {
        if (turn_asked(step->turn, at.dossier, at.id, ret_asked))
            return true;
        if (!at.parent || !turn_handoff(step->turn, at.parent, &at))
            break;
    }
    return false;
}

/* Who has the step that asked in hand now; the asker himself where it is no step, or is with him. */
static uint32_t holder_of(struct step *step, const struct asked *asked)
{
    struct dossier dossier;

    if (asked->branch == ASKED_NO_BRANCH || !turn_dossier(step->turn, asked->dossier, &dossier) ||
        asked->branch >= dossier.branch_count)
        return asked->agency;
    const struct branch *branch = &dossier.branches[asked->branch];
    return branch_is_live(branch) && branch->holder ? branch->holder : asked->agency;
}

/* The only open one that `recipient` (NULL: anybody) has the step of. */
static bool only_request(struct step *step, uint64_t dossier, enum kind kind, const struct agency *recipient,
                         struct asked *ret_asked)
{
    struct asked asked;
    uint64_t at = 0;
    bool found = false;

    for (int i = 0; i < ASKED_MAX && turn_asked_next(step->turn, dossier, at, &asked); i++, at = asked.request) {
        if (asked.kind != kind || asked.state != ASKING_OPEN)
            continue;
        if (recipient && !is_seat(step, asked.agency, recipient) &&
            !is_seat(step, holder_of(step, &asked), recipient))
            continue;
        if (found)
            return false;
        *ret_asked = asked;
        found = true;
    }
    return found;
}

void supplement_find(struct step *step, struct intake *intake)
{
    enum kind kind = intake->submit->kind;
    const char *to = intake->submit->recipient;
    struct asked asked;

    if (!supplement_is_answer(kind) || intake->copy)
        return;
    if (intake->has_parent && supplement_is_request(intake->parent.kind)) {
        if (!request_above(step, &intake->parent, request_of(kind), &asked))
            return;
    } else {
        uint64_t dossier = dossier_meant(step, intake);
        const struct agency *recipient = to[0] ? tables_agency(step->core->tables, to) : NULL;
        if (!dossier || (to[0] && !recipient) || !only_request(step, dossier, request_of(kind), recipient, &asked))
            return;
    }
    intake->request = asked.request;
    intake->request_dossier = asked.dossier;
    intake->request_branch = asked.branch;
    intake->answers_all = asked.state == ASKING_OPEN && supplement_mark(&asked, intake->submit->header);
}

bool supplement_mark(struct asked *asked, struct span header)
{
    struct component_walk walk = header_components(header);
    struct component_said said;
    char reason[REASON_CODE_SIZE];
    bool named = false;

    while (header_component_next(&walk, &said))
        for (uint32_t i = 0; i < asked->component_count; i++)
            if (span_equal(said.code, span_of_string(asked->components[i]))) {
                asked->missing &= ~(1ULL << i);
                named = true;
            }
    (void)header_reason_code(header, reason);
    if (!named && !reason[0])
        asked->missing = 0;
    return !named || reason[0] || !asked->missing;
}

/* ---- where to */

/* Its record; without one what its FORWARDs would make of it. Returns the opener; 0: nobody has handed it off yet. */
static uint32_t opener_of(struct step *step, uint64_t id, struct dossier *ret_dossier)
{
    struct dossier *dossier = ret_dossier;
    struct handoff handoff;
    uint64_t at = 0;

    *dossier = (struct dossier){ .id = id };
    if (turn_dossier(step->turn, id, dossier))
        return dossier->opener;
    for (int i = 0; i < HANDOFFS_MAX && (at = turn_dossier_handoff_next(step->turn, id, at)) != 0; i++) {
        must(turn_handoff(step->turn, at, &handoff));
        if (!i)
            dossier->opener = handoff.sender;
        if (handoff.kind == KIND_FORWARD && handoff.state != STATE_CLOSED)
            (void)branch_open(dossier, &handoff);
    }
    return dossier->opener;
}

/* The step that the sender of a request speaks of. */
static const struct branch *branch_asking(struct step *step, const struct intake *intake, struct dossier *dossier)
{
    struct handoff handoff = { .dossier = dossier->id, .sender = intake->sender_number,
                               .parent = intake->submit->parent };
    return intake->sender_number ? dossier_branch_meant(step, dossier, &handoff) : NULL;
}

/* From the asking step outwards, hand by hand: the last that is a one-stop. */
static uint32_t one_stop_of(struct step *step, const struct dossier *dossier, const struct branch *branch,
                            uint32_t opener)
{
    const struct agency *agency = seat_of_number(step, opener);
    uint32_t found = agency && agency->kind == AGENCY_ONE_STOP ? opener : 0;

    for (int i = 0; !found && branch && i < HANDS_MAX; i++) {
        const struct branch *inner = branch;
        agency = seat_of_number(step, branch->sender);
        if (agency && agency->kind == AGENCY_ONE_STOP)
            found = branch->sender;
        branch = NULL;
        for (uint32_t k = 0; k < dossier->branch_count; k++)
            if (&dossier->branches[k] < inner && dossier->branches[k].holder == inner->sender)
                branch = &dossier->branches[k];
    }
    return found ? found : opener;
}

static const struct agency *request_addressed(struct step *step, const struct intake *intake)
{
    struct dossier dossier;
    uint64_t id = dossier_meant(step, intake);
    uint32_t opener = id ? opener_of(step, id, &dossier) : 0;

    if (!opener)
        return NULL;
    uint32_t to = one_stop_of(step, &dossier, branch_asking(step, intake, &dossier), opener);
    /* Written as whoever handed it over wrote, where that is the same seat: its lane is that of his code. */
    if (intake->has_parent && intake->parent.sender != intake->sender_number &&
        dossier_same_seat(step, intake->parent.sender, to))
        to = intake->parent.sender;
    return dossier_same_seat(step, to, intake->sender_number) ? NULL : seat_of_number(step, to);
}

const struct agency *supplement_addressed(struct step *step, const struct intake *intake)
{
    struct asked asked;

    if (supplement_is_request(intake->submit->kind))
        return request_addressed(step, intake);
    if (!intake->request || !turn_asked(step->turn, intake->request_dossier, intake->request, &asked))
        return NULL;
    uint32_t holder = holder_of(step, &asked);
    return dossier_same_seat(step, holder, asked.agency) ? seat_of_number(step, asked.agency)
                                                         : seat_of_number(step, holder);
}

/* ---- may it come in */

static bool refuse(struct step *step, const char *field, const char *vi, const char *en)
{
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, field, "%s%.0s", "%.0s%s", vi, en);
    return false;
}

static bool is_code(struct span code, size_t size)
{
    for (size_t i = 0; i < code.size; i++)
        if (code.bytes[i] <= ' ' || code.bytes[i] > '~')
            return false;
    return code.size < size;
}

static bool names_are_codes(struct step *step, const struct intake *intake, uint32_t *ret_components, bool *ret_reason)
{
    struct component_walk walk = header_components(intake->submit->header);
    char reason[REASON_CODE_SIZE];
    struct component_said said;

    *ret_components = 0;
    for (; header_component_next(&walk, &said); (*ret_components)++)
        if (!said.code.size || !is_code(said.code, ASKED_COMPONENT_SIZE))
            return refuse(step, "header.facts.components",
                          "Mã giấy tờ trống, quá dài, hoặc có dấu cách hay chữ có dấu.",
                          "A component's code is empty, too long, or has blanks or letters that are not ASCII.");
    if (!header_reason_code(intake->submit->header, reason) || !is_code(span_of_string(reason), sizeof reason))
        return refuse(step, "header.facts.reason_code",
                      "Mã lý do quá dài, hoặc có dấu cách hay chữ có dấu.",
                      "The reason code is too long, or has blanks or letters that are not ASCII.");
    *ret_reason = reason[0] != 0;
    return true;
}

static bool says_what(struct step *step, const struct intake *intake, uint32_t components, bool reason)
{
    const struct submit *submit = intake->submit;

    if (submit->kind == KIND_SUPPLEMENT_REQUEST && !components && !reason)
        return refuse(step, "header.facts.components",
                      "Yêu cầu bổ sung phải nêu rõ giấy tờ nào (components), hoặc mã lý do (reason_code).",
                      "A request for a supplement must name the components, or a reason_code.");
    if (submit->kind == KIND_FINANCIAL_OBLIGATION && !reason && !(submit->facts && submit->facts->money_count))
        return refuse(step, "header.facts.money",
                      "Thông báo nghĩa vụ tài chính phải nêu khoản tiền (money), hoặc mã lý do (reason_code).",
                      "A financial obligation must name the money, or a reason_code.");
    return true;
}

static int64_t source_of(struct step *step, const struct submit *submit)
{
    return submit->source_time_ms > 0 ? submit->source_time_ms : step->now_ms;
}

static bool request_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;
    int64_t answer_by_ms = header_answer_by_ms(submit->header);
    uint32_t components, all = 0;
    bool reason;

    if (!names_are_codes(step, intake, &components, &reason) || !says_what(step, intake, components, reason))
        return false;
    uint32_t own = intake->dossier ? supplement_count(step, intake->dossier, intake->sender, submit->kind, &all) : 0;
    if (intake->dossier && all == ASKED_MAX && !intake->again) {
        effects_refuse(step->effects, step->command, PROBLEM_WRONG_STATE, "header.kind",
                       "Hồ sơ này đã có %d yêu cầu bổ sung hoặc nộp tiền, không thể thêm: hãy giải quyết với một cửa, "
                       "rồi trả kết quả hoặc từ chối.",
                       "This dossier has had %d requests to its citizen, and there can be no more: settle it with the "
                       "one-stop, then send the result or a refusal.", ASKED_MAX);
        return false;
    }
    if (answer_by_ms && answer_by_ms <= source_of(step, submit))
        return refuse(step, "header.facts.answer_by_ms", "Hạn trả lời phải ở sau thời điểm yêu cầu.",
                      "The answer must be expected by a time after the request.");
    bool wished = intake->has_parent && (intake->parent.kind == KIND_CORRECTION_REQUEST ||
                                         (intake->parent.kind == submit->kind && intake->parent.state == STATE_FAILED));
    if (submit->kind == KIND_SUPPLEMENT_REQUEST && !reason && !wished && own)
        return refuse(step, "header.facts.reason_code",
                      "Cơ quan này đã yêu cầu bổ sung hồ sơ này rồi: yêu cầu thêm lần nữa phải có mã lý do.",
                      "This agency has asked for a supplement of this dossier before: once more needs a reason_code.");
    return true;
}

static bool answer_ok(struct step *step, struct intake *intake)
{
    unsigned long long number = intake->request;
    struct handoff request;
    struct asked asked;

    must(turn_asked(step->turn, intake->request_dossier, intake->request, &asked) &&
         turn_handoff(step->turn, intake->request, &request));
    /* What was accepted before the store was lost is taken again, whatever has become of its request since. */
    if (asked.state != ASKING_OPEN && asked.kind == KIND_SUPPLEMENT_REQUEST && !intake->again) {
        bool answered = asked.state == ASKING_ANSWERED;
        effects_refuse(step->effects, step->command, PROBLEM_WRONG_STATE, "header.parent",
                       "Hồ sơ không ở trạng thái bổ sung: yêu cầu %llu %s%.0s.",
                       "The dossier does not wait for a supplement: request %llu %.0s%s.", number,
                       answered ? "đã được trả lời đủ" : "không còn chờ trả lời",
                       answered ? "has its answer" : "is not waited for any more");
        return false;
    }
    if (seat_is(step, intake->recipient, asked.agency, &request) ||
        seat_is(step, intake->recipient, holder_of(step, &asked), &request))
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.recipient",
                   "Yêu cầu %llu không do '%s' đưa ra: để trống nơi nhận thì cổng gửi đúng bước đã hỏi.",
                   "Request %llu is not one of '%s': leave the recipient empty, and it goes to the step that asked.",
                   number, intake->recipient->code);
    return false;
}

bool supplement_ok(struct step *step, struct intake *intake)
{
    if (supplement_is_request(intake->submit->kind))
        return intake->copy || request_ok(step, intake);
    return !intake->request || answer_ok(step, intake);
}

/* ---- a copy to who opened the dossier, where that is another one */

void supplement_copy(struct step *step, const struct intake *intake, uint64_t id)
{
    struct handoff request;
    struct dossier dossier;

    must(turn_handoff(step->turn, id, &request));
    uint32_t opener = opener_of(step, request.dossier, &dossier);
    if (!opener || dossier_same_seat(step, opener, request.recipient) ||
        dossier_same_seat(step, opener, request.sender))
        return;
    issue_copy(step, intake, id, opener, NULL);
}
