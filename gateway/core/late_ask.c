/* late_ask.c - who is asked for an apology, and who is told that there is none. */
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/core/apology.h"
#include "gateway/core/dossier.h"
#include "gateway/core/due_date.h"
#include "gateway/core/late.h"
#include "gateway/core/seat.h"
#include "gateway/core/urge.h"

enum { DRAFTS_WALK_MAX = 256 };
#define HOUR_MS (3600LL * 1000)
#define DAY_MS  (24 * HOUR_MS)

static const struct agency *agency_of(struct step *step, uint32_t number)
{
    char code[AGENCY_CODE_SIZE];
    return turn_agency_code(step->turn, number, code) ? tables_agency(step->core->tables, code) : NULL;
}

static void note(struct look *look, enum cause cause, const char *words)
{
    struct change change = { .cause = cause, .detail = span_of_string(words) };
    uint64_t about = late_about(look->step, &look->dossier, &look->ending);
    if (about)
        dossier_note(look->step, about, &change);
}

/* ---- is it heard of, and was it asked too often */

/* Nothing went through for so long, though something waits for it; or nothing is let through. One that is merely quiet
 * is not stale: the request itself will show. */
static bool feed_is_stale(struct step *step, uint32_t agency)
{
    const struct tables *tables = step->core->tables;
    struct agency_state state;
    uint64_t waiting = turn_count(step->turn, agency, STATE_READY) + turn_count(step->turn, agency, STATE_OFFERED) +
                       turn_count(step->turn, agency, STATE_WAITING) + turn_count(step->turn, agency, STATE_UNSURE);

    turn_agency_state(step->turn, agency, &state);
    if (state.paused || state.on_hold)
        return true;
    int64_t since_ms = due_before(tables, tables->late.quiet, agency_of(step, agency), step->now_ms);
    return waiting && since_ms && state.exchange_ms < since_ms;
}

bool late_is_unknown(struct step *step, const struct dossier *dossier)
{
    struct holder holders[BRANCHES_MAX];
    uint32_t count = dossier_holders(step, dossier, holders);

    for (uint32_t i = 0; i < count; i++)
        if (!feed_is_stale(step, holders[i].agency))
            return false;
    return count != 0;
}

static bool is_braked(struct step *step, uint32_t agency, bool let_go)
{
    uint32_t most = step->core->tables->late.brake_per_hour;
    struct agency_state state;

    turn_agency_state(step->turn, agency, &state);
    return most && !let_go && step->now_ms - state.drafts_from_ms < HOUR_MS && state.drafts >= most;
}

/* For the brake: a request that was made. */
static void count_draft(struct step *step, uint32_t agency)
{
    struct agency_state state;

    turn_agency_state(step->turn, agency, &state);
    if (step->now_ms - state.drafts_from_ms >= HOUR_MS) {
        state.drafts_from_ms = step->now_ms;
        state.drafts = 0;
    }
    state.drafts++;
    turn_agency_state_put(step->turn, agency, &state);
}

/* ---- asking */

/* Of several holders. What one of them makes of it is enough: asked before braked, before silent, before the rest. */
struct inquiry {
    uint32_t braked, stale;             /* the first agency; 0 none */
    uint32_t asked, first;              /* first: the first one of all that was looked at */
    uint64_t draft;
    enum unasked why;
    struct problem problem;             /* with why from NOT_PERMITTED on */
};

static enum unasked why_of(const struct problem *problem)
{
    return problem->type == PROBLEM_NOT_ALLOWED ? UNASKED_NOT_PERMITTED
         : problem->type == PROBLEM_UNKNOWN_AGENCY ? UNASKED_NO_AGENCY : UNASKED_REFUSED;
}

static void ask_one(struct look *look, const struct holder *holder, bool let_go, struct inquiry *inquiry)
{
    struct step *step = look->step;
    struct problem problem = { 0 };
    uint64_t draft;

    if (!inquiry->first)
        inquiry->first = holder->agency;
    if (!holder->there || dossier_opened_by(step, &look->dossier, holder->agency)) {
        if (!inquiry->why)
            inquiry->why = holder->there ? UNASKED_NO_HOLDER : UNASKED_UNDELIVERED;
    } else if (feed_is_stale(step, holder->agency)) {
        inquiry->stale = inquiry->stale ? inquiry->stale : holder->agency;
    } else if (!inquiry->draft && is_braked(step, holder->agency, let_go)) {
        inquiry->braked = inquiry->braked ? inquiry->braked : holder->agency;
    } else if (apology_ask(step, &look->dossier, holder, &draft, &problem)) {
        if (!inquiry->draft)
            count_draft(step, holder->agency);
        inquiry->asked = inquiry->asked ? inquiry->asked : holder->agency;
        inquiry->draft = inquiry->draft ? inquiry->draft : draft;
    } else {
        inquiry->why = why_of(&problem);
        inquiry->problem = problem;
    }
}

static void say_unasked(struct look *look, const struct inquiry *inquiry)
{
    static const char *const words[UNASKED_END] = {
        [UNASKED_NO_HOLDER] = "không yêu cầu xin lỗi được: không cơ quan nào khác đang giữ hồ sơ / "
                              "no apology can be asked for: no other agency holds it",
        [UNASKED_UNDELIVERED] = "không yêu cầu xin lỗi được: hồ sơ chưa tới nơi xử lý / "
                                "no apology can be asked for: it has not reached its holder",
    };
    char why[REASON_BYTES_MAX + 1];
    struct text text = text_of(why, sizeof why);

    if (words[inquiry->why])
        text_add(&text, "%s", words[inquiry->why]);
    else
        text_add(&text, "không yêu cầu xin lỗi được: %s / no apology can be asked for: %s",
                 inquiry->problem.sentence_vi, inquiry->problem.sentence_en);
    note(look, CAUSE_APOLOGY_NOT_ASKED, why);
}

static void say_asked(struct look *look)
{
    char why[REASON_BYTES_MAX + 1], due[CLOCK_TEXT_SIZE];
    struct text text = text_of(why, sizeof why);

    clock_text_local(look->dossier.due_ms, due);
    text_add(&text, "chưa có kết quả, hẹn trả %s: cần lý do, ngày hẹn mới và người ký / "
                    "no result yet, due %s: reason, new date and signer are needed", due, due);
    note(look, CAUSE_APOLOGY_ASKED, why);
}

void late_ask(struct look *look, bool let_go)
{
    struct step *step = look->step;
    struct ending *ending = &look->ending;
    enum apology before = ending->apology;
    enum unasked why_before = ending->unasked;
    struct holder holders[BRANCHES_MAX];
    struct inquiry inquiry = { 0 };
    uint32_t count = dossier_holders(step, &look->dossier, holders);

    for (uint32_t i = 0; i < count; i++)
        ask_one(look, &holders[i], let_go, &inquiry);
    uint32_t agency = inquiry.asked ? inquiry.asked : inquiry.braked ? inquiry.braked : inquiry.stale;
    ending->apology = inquiry.asked ? APOLOGY_ASKED : inquiry.braked ? APOLOGY_BRAKED
                    : inquiry.stale ? APOLOGY_UNDETERMINED : APOLOGY_NOT_ASKED;
    if (ending->apology == APOLOGY_NOT_ASKED && !inquiry.why)
        inquiry.why = UNASKED_NO_HOLDER;
    ending->unasked = ending->apology == APOLOGY_NOT_ASKED ? inquiry.why : 0;
    late_list(step, ending, agency ? agency : inquiry.first ? inquiry.first : look->dossier.opener,
              look->dossier.due_ms);
    if (inquiry.asked) {
        ending->draft = inquiry.draft;
        ending->asked_ms = step->now_ms;
    }
    if (ending->apology == before && ending->unasked == why_before)
        return;
    if (ending->apology == APOLOGY_ASKED)
        say_asked(look);
    else if (ending->apology == APOLOGY_NOT_ASKED)
        say_unasked(look, &inquiry);
    else if (ending->apology == APOLOGY_BRAKED)
        note(look, CAUSE_APOLOGY_BRAKED, "quá nhiều yêu cầu trong một giờ: chờ người vận hành cho đi / "
                                         "too many requests in an hour: waits for a person");
    else
        note(look, CAUSE_APOLOGY_UNDETERMINED, "chưa xác định: nơi giữ hồ sơ mất liên lạc, chưa gửi gì / "
                                               "not determined: nothing is heard of its holder, nothing was sent");
}

/* ---- calling back */

/* The request, not the signed letter, nor what a redirect made of the letter. */
static bool is_draft(struct step *step, const struct look *look, const struct handoff *handoff)
{
    struct handoff at = *handoff;

    for (int i = 0; i < DRAFTS_WALK_MAX && at.kind == KIND_APOLOGY; i++) {
        if (dossier_opened_by(step, &look->dossier, at.recipient))
            return false;
        if (!at.parent || !turn_handoff(step->turn, at.parent, &at))
            break;
    }
    return handoff->kind == KIND_APOLOGY;
}

uint64_t late_draft(const struct look *look)
{
    struct step *step = look->step;
    uint64_t id = look->ending.draft;
    struct handoff draft;

    for (int i = 0; id && i < DRAFTS_WALK_MAX; i++, id = turn_dossier_handoff_next(step->turn, look->dossier.id, id)) {
        must(turn_handoff(step->turn, id, &draft));
        if (is_draft(step, look, &draft) && draft.state != STATE_CLOSED)
            return id;
    }
    return 0;
}

void late_close_drafts(struct look *look, const char *why, bool call_back)
{
    struct change change = { .cause = CAUSE_APOLOGY_CANCELLED, .detail = span_of_string(why), .quiet = call_back };
    struct step *step = look->step;
    uint64_t id = look->ending.draft, drafts[BRANCHES_MAX];
    uint32_t count = 0;
    struct handoff draft;

    for (int i = 0; id && count < BRANCHES_MAX && i < DRAFTS_WALK_MAX; i++) {
        must(turn_handoff(step->turn, id, &draft));
        if (is_draft(step, look, &draft) && draft.state != STATE_CLOSED)
            drafts[count++] = id;
        id = turn_dossier_handoff_next(step->turn, look->dossier.id, id);
    }
    for (uint32_t i = 0; i < count; i++) {
        must(turn_handoff(step->turn, drafts[i], &draft));
        if (!state_is_final(draft.state) && !handoff_perhaps_there(step, &draft))
            handoff_move(step, &draft, STATE_CLOSED, &change);
        else if (call_back)
            apology_call_back(step, &look->dossier, &draft);
    }
}

/* ---- telling others */

/* Above the holder, else whom the field names. NULL: nobody. */
static const struct agency *above(struct step *step, const struct look *look, int which)
{
    const struct tables *tables = step->core->tables;
    const struct agency *holder = agency_of(step, look->ending.asked_of);

    if (which == 0)
        return holder && holder->parent[0] ? tables_agency(tables, holder->parent) : NULL;
    const struct procedure *procedure = tables_procedure_version(tables, look->dossier.procedure_version);
    const struct field *field = procedure ? tables_field(tables, procedure->field) : NULL;
    return field && field->escalation[0] ? tables_agency(tables, field->escalation) : NULL;
}

/* In plain words what came of it. */
static void tell_above(struct look *look, struct text *vi, struct text *en)
{
    struct step *step = look->step;
    struct problem problem = { 0 };
    uint64_t id;

    for (int which = 0; which < 2; which++) {
        const struct agency *to = above(step, look, which);
        if (!to)
            continue;
        uint32_t number = turn_agency_number(step->turn, to->code);
        if (number == look->ending.asked_of || dossier_opened_by(step, &look->dossier, number))
            continue;
        if (urge_above(step, &look->dossier, look->ending.escalations, to->code, &id, &problem)) {
            text_add(vi, "; đã báo %s", to->code);
            text_add(en, "; %s was told", to->code);
            return;
        }
    }
    text_add(vi, problem.type ? "; chưa báo được cấp trên: %s" : "; danh bạ không có nơi để báo%s",
             problem.sentence_vi);
    text_add(en, problem.type ? "; nobody above could be told: %s" : "; the directory names nobody to tell%s",
             problem.sentence_en);
}

/* Of a look that came for another reason (it has reached its holder meanwhile): others are told for the (n+1)-th time n
 * working days after the date. 0: now. */
static int64_t not_before(const struct look *look)
{
    const struct deadline_rule rule = { DEADLINE_WORKING_DAYS, (int)look->ending.escalations };
    int64_t due_ms = look->dossier.due_ms;

    if (look->ending.apology == APOLOGY_SIGNED || !rule.number || rule.number > DEADLINE_COUNT_MAX)
        return 0;
    return due_after(look->step->core->tables, agency_of(look->step, look->dossier.opener), due_ms, rule);
}

void late_escalate(struct look *look)
{
    static const struct deadline_rule one_working_day = { DEADLINE_WORKING_DAYS, 1 };
    struct step *step = look->step;
    struct ending *ending = &look->ending;
    char vi[240], en[240], why[REASON_BYTES_MAX + 1];
    struct text vi_text = text_of(vi, sizeof vi), en_text = text_of(en, sizeof en), text = text_of(why, sizeof why);
    bool again = ending->apology == APOLOGY_SIGNED;

    if (ending->escalations >= step->core->tables->late.escalations_max)
        return;                                         /* it stays in the list */
    int64_t wait_ms = not_before(look);
    if (wait_ms > step->now_ms) {
        late_look_at(step, ending, wait_ms);
        return;
    }
    ending->escalations++;
    text_add(&vi_text, "%s", again ? "đã quá ngày hẹn lại" : "quá hạn, chưa có phiếu xin lỗi được ký");
    text_add(&en_text, "%s", again ? "the new date has passed, too" : "late, without a signed apology");
    tell_above(look, &vi_text, &en_text);
    text_add(&text, "%s / %s", vi, en);
    note(look, CAUSE_LATE, why);
    int64_t next_ms = due_after(step->core->tables, agency_of(step, look->dossier.opener), step->now_ms,
                                one_working_day);
    late_look_at(step, ending, next_ms ? next_ms : step->now_ms + DAY_MS);
}
