/* supplement_keep.c - requests to the citizen: their records, the clock that waits for them, their timers. */
#include "gateway/base/clock.h"
#include "gateway/core/correction.h"
#include "gateway/core/due_date.h"
#include "gateway/core/header_text.h"
#include "gateway/core/supplement_inside.h"

#define PUT_OFF_MS (60LL * 1000)
#define NOT_THERE_MS (24LL * 3600 * 1000)

static const struct asking_rules *rules_of(struct step *step, enum kind kind)
{
    return kind == KIND_SUPPLEMENT_REQUEST ? &step->core->tables->supplement : &step->core->tables->payment;
}

/* ---- the record with its rows */

static void timer_set(struct step *step, struct asked *asked, int64_t timer_ms)
{
    if (asked->timer_ms)
        turn_timer_delete(step->turn, asked->timer_ms, TIMER_ASKED, asked->request);
    asked->timer_ms = timer_ms;
    if (timer_ms)
        turn_timer_put(step->turn, timer_ms, TIMER_ASKED, asked->request);
}

/* Where it stands among the open ones: who has no time to answer by comes last. */
static int64_t place_of(const struct asked *asked)
{
    return asked->answer_by_ms ? asked->answer_by_ms : INT64_MAX;
}

static void end(struct step *step, struct asked *asked, enum asking state, int64_t ended_ms, uint64_t ended_by)
{
    must(asked->state == ASKING_OPEN && ended_ms);
    asked->state = state;
    asked->ended_ms = ended_ms;
    asked->ended_by = ended_by;
    timer_set(step, asked, 0);
    turn_asked_open_delete(step->turn, place_of(asked), asked->request);
    if (asked->unknown_year)
        turn_provisional_delete(step->turn, PROVISIONAL_ANSWER_BY, asked->unknown_year, asked->request);
    turn_asked_put(step->turn, asked);
}

static void note(struct step *step, uint64_t request, enum cause cause, uint32_t by)
{
    struct change change = { .cause = cause, .actor_agency = by };
    struct handoff handoff;

    must(turn_handoff(step->turn, request, &handoff));
    handoff_note(step, &handoff, &change);
}

bool supplement_proposes_stop(const struct asked *asked)
{
    return asked->state == ASKING_OPEN && asked->overdue_ms;
}

/* ---- a request begins */

static void read_components(struct span header, struct asked *asked)
{
    struct component_walk walk = header_components(header);
    struct component_said said;

    while (header_component_next(&walk, &said)) {
        must(asked->component_count < COMPONENTS_MAX &&
             span_to_string(said.code, asked->components[asked->component_count], ASKED_COMPONENT_SIZE));
        asked->missing |= 1ULL << asked->component_count++;
    }
}

/* By when the answer is expected, unless that was stated, and by the hours of `one_stop`; the timer for the reminder,
 * the end, or neither, where both were said. An end that lies ahead again is not over: it was said too soon. */
static void give_times(struct step *step, struct asked *asked, const struct agency *one_stop)
{
    const struct asking_rules *rules = rules_of(step, asked->kind);
    const struct tables *tables = step->core->tables;

    asked->unknown_year = 0;
    if (!asked->answer_by_stated)
        asked->answer_by_ms = due_of_answer(tables, rules->answer, one_stop, asked->asked_ms, &asked->unknown_year);
    int64_t remind_ms = due_before(tables, rules->remind, one_stop, asked->answer_by_ms);
    if (remind_ms)
        (void)due_of_answer(tables, rules->remind, one_stop, remind_ms, &asked->unknown_year);
    if (!asked->answer_by_ms || asked->answer_by_ms > step->now_ms)
        asked->overdue_ms = 0;
    if (remind_ms > step->now_ms)
        asked->reminded_ms = 0;
    timer_set(step, asked, remind_ms > step->now_ms ? remind_ms
                           : asked->answer_by_ms > step->now_ms ? asked->answer_by_ms
                           : asked->answer_by_ms && !asked->overdue_ms ? step->now_ms : 0);
}

/* An open one: its record, and its rows in both lists. */
static void put_open(struct step *step, const struct asked *asked)
{
    turn_asked_open_put(step->turn, place_of(asked), asked->request);
    if (asked->unknown_year)
        turn_provisional_put(step->turn, PROVISIONAL_ANSWER_BY, asked->unknown_year, asked->request);
    turn_asked_put(step->turn, asked);
}

/* The one that it corrects has failed and is closed: this one stands for it. */
static void replace_failed(struct step *step, const struct handoff *handoff, int64_t source_ms)
{
    struct handoff old;
    struct asked asked;

    if (handoff->parent && turn_handoff(step->turn, handoff->parent, &old) && old.child == handoff->id &&
        turn_asked(step->turn, old.dossier, old.id, &asked) && asked.state == ASKING_OPEN)
        end(step, &asked, ASKING_LEFT, source_ms, handoff->id);
}

static void begin(struct step *step, const struct intake *intake, const struct handoff *handoff,
                  const struct telling *telling)
{
    struct asked asked = { .dossier = handoff->dossier, .request = handoff->id, .state = ASKING_OPEN,
                           .kind = handoff->kind, .branch = telling->branch, .agency = handoff->sender,
                           .asked_ms = telling->source_ms };
    const struct status_line *line = &telling->dossier.line;
    uint32_t all;

    replace_failed(step, handoff, telling->source_ms);
    asked.nth = 1 + supplement_count(step, handoff->dossier, intake->sender, handoff->kind, &all);
    if (all == ASKED_MAX)                               /* taken again after a restore: as it was, a handoff only */
        return;
    (void)header_reason_code(intake->submit->header, asked.reason_code);
    read_components(intake->submit->header, &asked);
    asked.answer_by_ms = header_answer_by_ms(intake->submit->header);
    asked.answer_by_stated = asked.answer_by_ms != 0;
    give_times(step, &asked, seat_of_number(step, handoff->recipient));
    put_open(step, &asked);
    /* Of a dossier that is over nothing is waited for, whoever asks. */
    if (status_is_final(line->status) || line->status == STATUS_WITHDRAWN)
        end(step, &asked, ASKING_LEFT, telling->source_ms, handoff->id);
}

/* ---- an answer comes */

/* `agency` and whoever has taken over from it. */
static void tell(struct step *step, uint32_t agency, const struct handoff *request)
{
    const struct agency *successor = seat_taken_by(step, agency, request);

    turn_feed_put(step->turn, agency, request->last_event);
    effects_wake(step->effects, EFFECT_FEED, step->command, agency);
    if (!successor)
        return;
    agency = turn_agency_number_make(step->turn, successor->code);
    turn_feed_put(step->turn, agency, request->last_event);
    effects_wake(step->effects, EFFECT_FEED, step->command, agency);
}

static void answer(struct step *step, const struct intake *intake, const struct handoff *handoff, int64_t source_ms)
{
    struct asked asked;

    must(turn_asked(step->turn, intake->request_dossier, intake->request, &asked));
    asked.answers++;
    if (asked.state == ASKING_OPEN && supplement_mark(&asked, intake->submit->header))
        end(step, &asked, ASKING_ANSWERED, source_ms, handoff->id);
    else
        turn_asked_put(step->turn, &asked);
    struct handoff request;
    struct change change = { .cause = CAUSE_ANSWER_CAME, .actor_agency = handoff->sender };
    must(turn_handoff(step->turn, asked.request, &request));
    handoff_note(step, &request, &change);
    if (!seat_same(step, handoff->sender, request.recipient, &request))
        tell(step, request.recipient, &request);        /* another one, a portal, has brought it */
}

void supplement_begun(struct step *step, const struct intake *intake, const struct handoff *handoff,
                      const struct telling *telling)
{
    if (intake->copy || !telling->any)
        return;
    if (supplement_is_request(handoff->kind))
        begin(step, intake, handoff, telling);
    else if (intake->request)
        answer(step, intake, handoff, telling->source_ms);
}

/* Of an answer to a status 5 or 6 that came without a request. */
static struct branch *branch_answered(struct step *step, struct dossier *dossier, const struct handoff *answer)
{
    struct branch *branch = answer->parent ? branch_find(step, dossier, answer->parent) : NULL, *only = NULL;

    for (uint32_t i = 0; !branch && i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        if (!branch_is_live(other) || !dossier_same_seat(step, other->holder, answer->recipient))
            continue;
        if (only)
            return NULL;                                /* several: not guessed */
        only = other;
    }
    return branch ? branch : only;
}

void supplement_tell(struct step *step, const struct intake *intake, const struct handoff *handoff,
                     struct dossier *dossier, int64_t source_ms)
{
    if (intake->request) {
        if (intake->answers_all && !supplement_waits(step, dossier->id, intake->request_branch, intake->request))
            dossier_clock_answered(step, dossier, intake->request_branch, source_ms);
        return;
    }
    struct branch *branch = branch_answered(step, dossier, handoff);
    unsigned index = branch_index(dossier, branch);
    if (branch && !supplement_waits(step, dossier->id, index, 0))
        dossier_clock_answered(step, dossier, index, source_ms);
}

/* ---- nobody waits any more */

/* When a pause of this step that stood before has ended; 0: none has. */
static int64_t pause_ended(const struct dossier *before, const struct dossier *after, unsigned branch)
{
    int64_t ended_ms = 0;

    for (uint32_t i = 0; i < after->pause_count; i++) {
        if (after->pauses[i].branch != branch)
            continue;
        if (!after->pauses[i].to_ms)
            return 0;
        if (i < before->pause_count && !before->pauses[i].to_ms)
            ended_ms = after->pauses[i].to_ms;
    }
    return ended_ms;
}

static bool is_over(enum status status)
{
    return status_is_final(status) || status == STATUS_WITHDRAWN;
}

static int64_t left_ms(struct step *step, const struct dossier *before, const struct dossier *after, unsigned branch)
{
    if (is_over(after->line.status) && !is_over(before->line.status))
        return after->line.source_ms;
    int64_t ended_ms = pause_ended(before, after, branch);
    if (!ended_ms && branch < after->branch_count && after->branches[branch].flags & BRANCH_ENDED &&
        !(branch < before->branch_count && before->branches[branch].flags & BRANCH_ENDED))
        ended_ms = step->now_ms;
    return ended_ms;
}

/* Cheap: most changes of a record are none of these. */
static bool may_leave(const struct dossier *before, const struct dossier *after)
{
    if (is_over(after->line.status) && !is_over(before->line.status))
        return true;
    for (uint32_t i = 0; i < before->pause_count; i++)
        if (!before->pauses[i].to_ms && after->pauses[i].to_ms)
            return true;
    for (uint32_t i = 0; i < after->branch_count && i < before->branch_count; i++)
        if ((after->branches[i].flags & ~before->branches[i].flags) & BRANCH_ENDED)
            return true;
    return false;
}

void supplement_follow(struct step *step, const struct dossier *before, const struct dossier *after, uint64_t event)
{
    struct event why = { 0 };
    struct asked asked;
    uint64_t at = 0;

    if (!before || !may_leave(before, after))
        return;
    (void)(event && turn_event(step->turn, event, &why));
    for (int i = 0; i < ASKED_MAX && turn_asked_next(step->turn, after->id, at, &asked); i++) {
        at = asked.request;
        int64_t ended_ms = asked.state == ASKING_OPEN ? left_ms(step, before, after, asked.branch) : 0;
        if (!ended_ms)
            continue;
        end(step, &asked, ASKING_LEFT, ended_ms, why.handoff);
        if (asked.request != why.handoff)               /* of that one the caller has a copy */
            note(step, asked.request, CAUSE_ANSWER_LEFT, why.actor_agency);
    }
}

void supplement_taken_back(struct step *step, const struct handoff *request)
{
    struct telling telling = { .any = true };
    struct asked asked;

    if (!turn_asked(step->turn, request->dossier, request->id, &asked) || asked.state != ASKING_OPEN)
        return;
    end(step, &asked, ASKING_LEFT, step->now_ms, 0);
    must(turn_dossier(step->turn, request->dossier, &telling.dossier));
    telling.year_before = telling.dossier.unknown_year;
    if (supplement_waits(step, request->dossier, asked.branch, 0))
        return;
    dossier_clock_answered(step, &telling.dossier, asked.branch, step->now_ms);
    (void)dossier_compute(step, &telling.dossier, "");
    dossier_write_record(step, &telling, 0);
}

/* ---- timers */

static void say(struct step *step, struct handoff *request, enum cause cause, const char *words)
{
    struct change change = { .cause = cause, .quiet = true };

    if (!(request->flags & HANDOFF_BODY_PURGED))        /* sealed words would outlive the purge */
        change.detail = span_of_string(words);
    handoff_note(step, request, &change);
}

/* `to`: whom it was written to, or given to since. */
static void remind(struct step *step, struct asked *asked, struct handoff *request, uint32_t to)
{
    asked->reminded_ms = step->now_ms;
    timer_set(step, asked, asked->answer_by_ms);
    say(step, request, CAUSE_ANSWER_REMINDED,
        "sắp hết hạn bổ sung: hãy nhắc người dân / the time for the answer is nearly over: remind the citizen");
    tell(step, to, request);
}

static void propose_stop(struct step *step, struct asked *asked, struct handoff *request, uint32_t to)
{
    asked->overdue_ms = step->now_ms;
    timer_set(step, asked, 0);
    say(step, request, CAUSE_ANSWER_OVERDUE,
        "quá hạn mà chưa có trả lời: đề nghị dừng giải quyết, cần người quyết định / "
        "no answer in time: it is proposed to stop, a person decides");
    tell(step, to, request);
    tell(step, request->sender, request);
}

void supplement_due(struct step *step, int64_t due_ms, struct handoff *request)
{
    struct asked asked;

    must(turn_asked(step->turn, request->dossier, request->id, &asked) && asked.timer_ms == due_ms);
    struct handoff last = correction_last(step, request);
    if (step->core->time_in_doubt)
        timer_set(step, &asked, step->now_ms + PUT_OFF_MS);
    else if (step->now_ms < asked.answer_by_ms)
        remind(step, &asked, request, last.recipient);
    else if (last.state != STATE_DELIVERED)             /* the citizen cannot have heard of it */
        timer_set(step, &asked, step->now_ms + NOT_THERE_MS);
    else
        propose_stop(step, &asked, request, last.recipient);
    turn_asked_put(step->turn, &asked);
}

/* ---- a calendar that was missing is there */

/* In plain words where it moved. */
static void moved(struct step *step, const struct asked *asked, struct handoff *request, uint32_t to)
{
    char by[CLOCK_TEXT_SIZE], words[REASON_BYTES_MAX + 1];
    struct text text = text_of(words, sizeof words);

    clock_text_local(asked->answer_by_ms, by);
    text_add(&text, "đã có lịch của năm: hạn trả lời tính lại là %s / the calendar of the year is there: the answer is "
             "expected by %s", by, by);
    say(step, request, CAUSE_ANSWER_BY_RECOMPUTED, words);
    tell(step, to, request);
    tell(step, request->sender, request);
}

void supplement_calendar_loaded(struct step *step, uint32_t year, uint64_t request_id)
{
    struct handoff request;
    struct asked asked;

    must(turn_handoff(step->turn, request_id, &request) &&
         turn_asked(step->turn, request.dossier, request_id, &asked) && asked.unknown_year == year);
    struct handoff last = correction_last(step, &request);
    int64_t before_ms = asked.answer_by_ms, overdue_ms = asked.overdue_ms;
    turn_asked_open_delete(step->turn, place_of(&asked), request_id);
    turn_provisional_delete(step->turn, PROVISIONAL_ANSWER_BY, year, request_id);
    give_times(step, &asked, seat_of_number(step, last.recipient));
    must(asked.unknown_year != year);
    put_open(step, &asked);
    if (asked.answer_by_ms && (asked.answer_by_ms != before_ms || asked.overdue_ms != overdue_ms))
        moved(step, &asked, &request, last.recipient);
    else
        say(step, &request, CAUSE_ANSWER_BY_RECOMPUTED, "");
}
