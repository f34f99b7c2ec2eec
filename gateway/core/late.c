/* late.c - the record of how a dossier comes out, its timer, and what is looked at when that is due. */
#include "gateway/core/late.h"

#include "gateway/core/correction.h"
#include "gateway/core/dossier.h"
#include "gateway/core/due_date.h"
#include "gateway/core/figures.h"
#include "gateway/core/restore.h"
#include "gateway/core/status.h"

#define PUT_OFF_MS        (60LL * 1000)
#define HOUR_MS           (3600LL * 1000)
#define DAY_MS            (24 * HOUR_MS)
#define SOON_MS           (14 * DAY_MS)           /* nobody is asked sooner, but for a rule of two weeks */

static const struct deadline_rule one_working_day = { DEADLINE_WORKING_DAYS, 1 };

static const struct agency *agency_of(struct step *step, uint32_t number)
{
    char code[AGENCY_CODE_SIZE];
    return turn_agency_code(step->turn, number, code) ? tables_agency(step->core->tables, code) : NULL;
}

static bool is_on(const struct step *step)
{
    enum deadline_kind kind = step->core->tables->late.ask.kind;
    return kind && kind != DEADLINE_NONE;
}

static bool work_is_over(const struct dossier *dossier)
{
    return dossier && status_is_over(dossier->line.status) && !dossier->line.recalled;
}

/* After a supplement has come the status is what it was until the holder says another, and the clock runs. */
static bool clock_stands(const struct dossier *dossier)
{
    if (!dossier)
        return false;
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms)
            return true;
    return dossier->pauses_lost && status_is_pause(dossier->line.status);
}

void late_look_at(struct step *step, struct ending *ending, int64_t at_ms)
{
    if (ending->timer_ms == at_ms)
        return;
    if (ending->timer_ms)
        turn_timer_delete(step->turn, ending->timer_ms, TIMER_LATE, ending->dossier);
    ending->timer_ms = at_ms;
    if (at_ms)
        turn_timer_put(step->turn, at_ms, TIMER_LATE, ending->dossier);
}

void late_list(struct step *step, struct ending *ending, uint32_t agency, int64_t due_ms)
{
    struct late row = { .agency = ending->asked_of, .due_ms = ending->due_ms, .dossier = ending->dossier };

    if (agency && agency == row.agency && due_ms == row.due_ms)
        return;
    if (row.agency)
        turn_late_delete(step->turn, &row);
    ending->asked_of = agency;
    if (!agency)
        return;
    ending->due_ms = due_ms;
    row.agency = agency;
    row.due_ms = due_ms;
    turn_late_put(step->turn, &row);
}

uint64_t late_about(struct step *step, const struct dossier *dossier, const struct ending *ending)
{
    struct holder holders[BRANCHES_MAX];

    if (ending->draft || ending->letter)
        return ending->draft ? ending->draft : ending->letter;
    if (dossier_holders(step, dossier, holders))
        return holders[0].forward;
    return turn_dossier_handoff_next(step->turn, dossier->id, 0);
}

/* ---- the record follows */

/* Where an apology was signed, also by the date that it speaks of. */
static bool ended_in_time(const struct ending *ending, const struct dossier *dossier)
{
    bool about_earlier = ending->apology == APOLOGY_SIGNED && ending->due_ms < dossier->due_ms;
    int64_t due_ms = about_earlier ? ending->due_ms : dossier->due_ms;
    return !due_ms || ending->ended_ms <= due_ms;
}

/* Of one that has ended: its state says what is so. */
static bool is_settled(const struct ending *ending, const struct dossier *dossier)
{
    bool owed = ending->apology && ending->apology != APOLOGY_CANCELLED;
    return !ending->asked_of && owed == !ended_in_time(ending, dossier) && ending->apology != APOLOGY_UNDETERMINED;
}

/* When it must be looked at because of what has just changed; 0: not by time. */
static int64_t next_look(struct step *step, const struct dossier *dossier, const struct ending *ending)
{
    bool owed = ending->apology && ending->apology != APOLOGY_CANCELLED;

    if (ending->ended)
        return is_on(step) && !is_settled(ending, dossier) ? step->now_ms : 0;
    if (clock_stands(dossier))
        return 0;
    if (owed)
        return step->now_ms;
    return is_on(step) ? due_ask(step->core->tables, agency_of(step, dossier->opener), dossier) : 0;
}

/* Its work goes on after all: what was settled when it ended is open again. */
static void open_again(struct ending *ending)
{
    ending->ended = 0;
    ending->ended_ms = 0;
    if (ending->apology != APOLOGY_CANCELLED && ending->unasked != UNASKED_OVER)
        return;
    ending->apology = 0;
    ending->unasked = 0;
    ending->draft = 0;
}

void late_follow(struct step *step, const struct dossier *before, const struct dossier *after)
{
    bool over = work_is_over(after), was_over = work_is_over(before);
    struct ending ending = { .dossier = after->id };

    if (over == was_over && clock_stands(after) == clock_stands(before) &&
        after->due_ms == (before ? before->due_ms : 0))
        return;
    bool there = turn_ending(step->turn, after->id, &ending);
    if (over && !was_over) {
        ending.ended = after->line.status;
        ending.ended_ms = after->line.source_ms;
    } else if (was_over && !over) {
        open_again(&ending);
    }
    late_look_at(step, &ending, next_look(step, after, &ending));
    if (there || ending.ended || ending.timer_ms)
        turn_ending_put(step->turn, &ending);
}

void late_done_by(struct step *step, uint64_t dossier, int64_t source_ms)
{
    struct ending ending;
    struct dossier record;

    if (!turn_ending(step->turn, dossier, &ending) || source_ms >= ending.ended_ms ||
        (ending.ended != STATUS_DONE && ending.ended != STATUS_RETURNED) ||
        !turn_dossier(step->turn, dossier, &record))
        return;
    ending.ended_ms = source_ms;
    late_look_at(step, &ending, next_look(step, &record, &ending));
    turn_ending_put(step->turn, &ending);
    figures_ending(step, dossier);
}

void late_delivered(struct step *step, const struct dossier *dossier)
{
    struct ending ending;

    if (!dossier->due_ms || dossier->due_ms - step->now_ms > SOON_MS ||
        !turn_ending(step->turn, dossier->id, &ending) || ending.unasked != UNASKED_UNDELIVERED)
        return;
    late_look_at(step, &ending, step->now_ms);
    turn_ending_put(step->turn, &ending);
}

/* ---- looking at it */

static void note(struct look *look, uint64_t about, enum cause cause, const char *words)
{
    struct change change = { .cause = cause, .detail = span_of_string(words) };
    if (about)
        dossier_note(look->step, about, &change);
}

/* Nothing is owed any more, or not for this date. */
static void call_off(struct look *look, const char *why, enum apology apology)
{
    struct ending *ending = &look->ending;

    late_close_drafts(look, why, true);
    note(look, late_about(look->step, &look->dossier, ending), CAUSE_APOLOGY_CANCELLED, why);
    late_list(look->step, ending, 0, 0);
    ending->apology = apology;
    ending->unasked = 0;
    ending->escalations = 0;
    if (!apology)
        ending->draft = 0;
}

/* The letter never left: the citizen does not get it. Else whoever signed it is told. */
static void letter_not_needed(struct look *look, const char *why)
{
    struct change change = { .cause = CAUSE_APOLOGY_CANCELLED, .detail = span_of_string(why) };
    struct handoff letter;

    must(turn_handoff(look->step->turn, look->ending.letter, &letter));
    letter = correction_last(look->step, &letter);              /* an operator may have sent it another way */
    if (!state_is_final(letter.state) && !handoff_perhaps_there(look->step, &letter))
        handoff_move(look->step, &letter, STATE_CLOSED, &change);
    else
        note(look, letter.id, CAUSE_APOLOGY_CANCELLED, why);
}

static void settle(struct look *look)
{
    static const char in_time[] = "kết quả có trong hạn, tính theo thời điểm của nguồn: không phải xin lỗi / "
                                  "the result was in time, by its source: no apology is owed";
    static const char over[] = "đã kết thúc trễ hạn trước khi kịp yêu cầu xin lỗi / "
                               "it had ended, late, before an apology could be asked for";
    struct ending *ending = &look->ending;
    enum apology apology = ending->apology;
    bool never_asked = !apology || apology == APOLOGY_CANCELLED || apology == APOLOGY_BRAKED ||
                       (apology == APOLOGY_UNDETERMINED && !ending->draft);

    late_list(look->step, ending, 0, 0);
    if (ended_in_time(ending, &look->dossier)) {
        if (apology == APOLOGY_SIGNED)
            letter_not_needed(look, in_time);
        if (apology && apology != APOLOGY_CANCELLED)
            call_off(look, in_time, APOLOGY_CANCELLED);
    } else if (never_asked) {
        ending->apology = APOLOGY_NOT_ASKED;
        ending->unasked = UNASKED_OVER;
        ending->due_ms = look->dossier.due_ms;
        note(look, late_about(look->step, &look->dossier, ending), CAUSE_APOLOGY_NOT_ASKED, over);
    } else {
        if (apology == APOLOGY_UNDETERMINED)
            ending->apology = APOLOGY_ASKED;            /* it is known now: late, asked for, and not signed */
        late_close_drafts(look, "hồ sơ đã kết thúc / the dossier has ended", false);
    }
}

/* Signed: the new date is the next that counts. */
static void look_signed(struct look *look)
{
    struct ending *ending = &look->ending;
    int64_t until_ms = ending->promised_ms > look->dossier.due_ms ? ending->promised_ms : look->dossier.due_ms;

    late_close_drafts(look, "đã có phiếu xin lỗi được ký / a signed apology is there", false);
    late_list(look->step, ending, ending->asked_of ? ending->asked_of : ending->signed_by, ending->due_ms);
    if (look->step->now_ms < until_ms)
        late_look_at(look->step, ending, until_ms);
    else
        late_escalate(look);
}

/* Asked, or not to be asked; not due yet. */
static int64_t look_before_due(const struct look *look)
{
    struct step *step = look->step;
    int64_t again_ms = step->now_ms + HOUR_MS, due_ms = look->dossier.due_ms;

    switch (look->ending.apology) {
    case APOLOGY_UNDETERMINED:
        return again_ms;
    case APOLOGY_NOT_ASKED:
        if (look->ending.unasked != UNASKED_UNDELIVERED)
            again_ms = due_after(step->core->tables, agency_of(step, look->dossier.opener), step->now_ms,
                                 one_working_day);
        return again_ms && again_ms < due_ms ? again_ms : due_ms;
    default:
        return due_ms;
    }
}

static void look_unsigned(struct look *look)
{
    struct step *step = look->step;
    struct ending *ending = &look->ending;
    int64_t due_ms = look->dossier.due_ms;
    bool asked = ending->apology == APOLOGY_ASKED || ending->apology == APOLOGY_BRAKED;

    if (asked && ending->draft && !late_draft(look)) {
        note(look, ending->draft, CAUSE_APOLOGY_NOT_ASKED,
             "yêu cầu xin lỗi không giao được / the request for an apology could not be delivered");
        ending->apology = APOLOGY_NOT_ASKED;
        ending->unasked = UNASKED_FAILED;
        ending->draft = 0;
    } else if (ending->draft && step->now_ms >= due_ms) {
        enum apology before = ending->apology;
        ending->apology = late_is_unknown(step, &look->dossier) ? APOLOGY_UNDETERMINED : APOLOGY_ASKED;
        if (ending->apology == APOLOGY_UNDETERMINED && before != APOLOGY_UNDETERMINED)
            note(look, ending->draft, CAUSE_APOLOGY_UNDETERMINED,
                 "chưa xác định: nơi giữ hồ sơ mất liên lạc / not determined: nothing is heard of its holder");
    } else if (!asked) {
        late_ask(look, false);
    }
    late_list(step, ending, ending->asked_of ? ending->asked_of : look->dossier.opener, due_ms);
    if (step->now_ms < due_ms || ending->apology == APOLOGY_UNDETERMINED)
        late_look_at(step, ending, look_before_due(look));
    else
        late_escalate(look);
}

static void look(struct look *look)
{
    struct step *step = look->step;
    struct ending *ending = &look->ending;
    enum apology apology = ending->apology;

    if (ending->ended) {
        settle(look);
        return;
    }
    if (clock_stands(&look->dossier) || !is_on(step))
        return;
    if (apology && apology != APOLOGY_SIGNED && ending->asked_of && ending->due_ms != look->dossier.due_ms)
        call_off(look, "ngày hẹn trả đã đổi / it is due at another date now", 0);
    if (ending->apology == APOLOGY_SIGNED) {
        look_signed(look);
        return;
    }
    int64_t ask_ms = due_ask(step->core->tables, agency_of(step, look->dossier.opener), &look->dossier);
    if (!ask_ms || step->now_ms < ask_ms)
        late_look_at(step, ending, ask_ms);
    else
        look_unsigned(look);
}

void late_due(struct step *step, int64_t due_ms, uint64_t dossier)
{
    struct look it = { .step = step };

    must(turn_ending(step->turn, dossier, &it.ending) && turn_dossier(step->turn, dossier, &it.dossier));
    must(it.ending.timer_ms == due_ms);
    late_look_at(step, &it.ending, 0);
    if (step->core->time_in_doubt || restore_is_held(step->turn))
        late_look_at(step, &it.ending, step->now_ms + PUT_OFF_MS);
    else
        look(&it);
    turn_ending_put(step->turn, &it.ending);
}

bool late_is_held_back(const struct step *step, const struct dossier *dossier, const struct ending *ending)
{
    return ending->apology == APOLOGY_BRAKED && !ending->ended && is_on(step) && !clock_stands(dossier) &&
           ending->due_ms == dossier->due_ms;
}

void late_release(struct step *step, uint64_t dossier)
{
    struct look it = { .step = step };

    must(turn_ending(step->turn, dossier, &it.ending) && turn_dossier(step->turn, dossier, &it.dossier));
    must(late_is_held_back(step, &it.dossier, &it.ending));
    late_ask(&it, true);
    late_list(step, &it.ending, it.ending.asked_of ? it.ending.asked_of : it.dossier.opener, it.dossier.due_ms);
    late_look_at(step, &it.ending, step->now_ms < it.dossier.due_ms ? look_before_due(&it) : step->now_ms);
    turn_ending_put(step->turn, &it.ending);
}

void late_draft_closed(struct step *step, const struct handoff *draft)
{
    struct ending ending;

    if (!turn_ending(step->turn, draft->dossier, &ending) || ending.apology != APOLOGY_ASKED || ending.ended ||
        !ending.draft || draft->id < ending.draft)
        return;
    late_look_at(step, &ending, step->now_ms);
    turn_ending_put(step->turn, &ending);
}

void late_exchanged(struct step *step, uint32_t agency)
{
    struct agency_state state;

    turn_agency_state(step->turn, agency, &state);
    if (step->now_ms - state.exchange_ms < EXCHANGE_EVERY_MS)
        return;
    state.exchange_ms = step->now_ms;
    turn_agency_state_put(step->turn, agency, &state);
}
