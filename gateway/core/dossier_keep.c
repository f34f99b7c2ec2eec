/* dossier_keep.c - the record, money and receipts as they are written; what the way of a FORWARD does to them; timers.
 */
#include "gateway/core/dossier_inside.h"
#include "gateway/core/due_date.h"
#include "gateway/core/figures.h"
#include "gateway/core/flow_clock.h"
#include "gateway/core/late.h"
#include "gateway/core/supplement.h"
#include "gateway/core/urge.h"

enum { RECOMPUTED_MAX = 16 };
#define PUT_OFF_MS (60LL * 1000)

/* ---- money */

static bool money_ok(struct step *step, const char *component)
{
    for (const char *at = component; *at; at++)
        if (*at <= ' ' || *at > '~')
            component = "";
    if (component[0])
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.money.component",
                   "Mã khoản tiền trống, hoặc có dấu cách hay chữ có dấu.",
                   "The code of a sum of money is empty, or has blanks or letters that are not ASCII.");
    return false;
}

bool dossier_facts_ok(struct step *step, const struct intake *intake)
{
    const struct facts *facts = intake->submit->facts;
    struct dossier dossier;
    struct money money;
    uint32_t more = 0;

    if (!facts || !facts->money_count)
        return true;
    for (uint32_t i = 0; i < facts->money_count; i++) {
        if (!money_ok(step, facts->money[i].component))
            return false;
        more += !intake->dossier || !turn_money(step->turn, intake->dossier, facts->money[i].component, &money);
    }
    if (!intake->dossier || !turn_dossier(step->turn, intake->dossier, &dossier) ||
        dossier.money_count + more <= DOSSIER_MONEY_MAX)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.money",
                   "Hồ sơ này đã có quá nhiều khoản tiền: tối đa %d.",
                   "This dossier has too many sums of money already: at most %d.", DOSSIER_MONEY_MAX);
    return false;
}

static void keep_money(struct step *step, struct telling *telling, const struct submit *submit, uint32_t by)
{
    struct dossier *dossier = &telling->dossier;

    for (uint32_t i = 0; submit->facts && i < submit->facts->money_count; i++) {
        const struct facts_money *said = &submit->facts->money[i];
        struct money money;
        bool there = turn_money(step->turn, dossier->id, said->component, &money);
        if (there && money.source_ms > telling->source_ms)
            continue;
        money = (struct money){ said->owed, said->paid, telling->source_ms, by };
        turn_money_put(step->turn, dossier->id, said->component, &money);
        dossier->money_count += !there;
    }
}

/* ---- written */

/* Where agencies are succeeded, one of its FORWARDs may have got another recipient while this was being told. */
static void follow_seats(struct step *step, struct dossier *dossier)
{
    struct handoff forward;

    for (uint32_t i = 0; step->core->tables->successions && i < dossier->branch_count; i++)
        if (turn_handoff(step->turn, dossier->branches[i].handoff, &forward))
            dossier->branches[i].holder = forward.recipient;
}

void dossier_write_record(struct step *step, struct telling *telling, uint64_t event)
{
    struct dossier *dossier = &telling->dossier;

    if (event)
        dossier->last_event = event;
    dossier->owner = dossier_owner(dossier);
    if (telling->year_before != dossier->unknown_year) {
        if (telling->year_before)
            turn_provisional_delete(step->turn, PROVISIONAL_DUE, telling->year_before, dossier->id);
        if (dossier->unknown_year)
            turn_provisional_put(step->turn, PROVISIONAL_DUE, dossier->unknown_year, dossier->id);
    }
    struct dossier before;
    bool had = turn_dossier(step->turn, dossier->id, &before);
    turn_dossier_put(step->turn, dossier);
    dossier_follow(step, had ? &before : NULL, dossier, event);
}

/* It was taken in hand: once is enough. True: it had not been. */
bool dossier_take_receipt(struct step *step, struct handoff *forward)
{
    if (forward->flags & HANDOFF_RECEIVED)
        return false;
    if (forward->flags & HANDOFF_UNRECEIVED)
        turn_unreceived_delete(step->turn, forward->recipient, forward->changed_ms, forward->id);
    forward->flags = (forward->flags & ~(uint32_t)HANDOFF_UNRECEIVED) | HANDOFF_RECEIVED;
    return true;
}

/* Whom it was written to, where somebody else has it; 0: nobody else. In the lane of another code its record does not
 * say. */
static uint32_t addressed_elsewhere(const struct handoff *forward, uint32_t taker)
{
    uint32_t addressed = forward->flags & HANDOFF_JOINED ? forward->recipient : forward->addressed;
    return addressed == taker ? 0 : addressed;
}

void dossier_told(struct step *step, struct telling *telling, const struct submit *submit, uint64_t event)
{
    struct change change = { .cause = CAUSE_RECEIVED, .actor_agency = telling->taker };
    struct handoff forward;

    if (telling->receipt) {
        must(turn_handoff(step->turn, telling->forward, &forward));
        change.agency = addressed_elsewhere(&forward, telling->taker);
        if (dossier_take_receipt(step, &forward))
            handoff_note(step, &forward, &change);
        struct branch *branch = telling->any ? branch_find(step, &telling->dossier, telling->forward) : NULL;
        if (branch && !branch->receipt_ms)
            branch->receipt_ms = telling->source_ms;
    }
    if (!telling->any)
        return;
    follow_seats(step, &telling->dossier);
    if (submit)                                         /* what an operator or a timer does tells of no money */
        keep_money(step, telling, submit, turn_agency_number(step->turn, step->command->agency->code));
    dossier_write_record(step, telling, event);
    if (!submit || !step->command->session)             /* without a session: made here (issue.h) */
        return;
    uint32_t sender = turn_agency_number(step->turn, step->command->agency->code);
    if (telling->dossier.opener != sender)
        late_exchanged(step, sender);
}

void dossier_note(struct step *step, uint64_t about, struct change *change)
{
    struct telling telling = { 0 };
    struct dossier *dossier = &telling.dossier;
    struct handoff handoff;

    must(turn_handoff(step->turn, about, &handoff) && turn_dossier(step->turn, handoff.dossier, dossier));
    telling.year_before = dossier->unknown_year;
    telling.said = (struct event_dossier){ .dossier = dossier->id, .previous = dossier->last_event,
                                           .before = dossier->line.status, .after = dossier->line.status };
    change->of_dossier = &telling.said;
    if (handoff.flags & HANDOFF_BODY_PURGED)
        change->detail = (struct span){ 0 };            /* sealed words would outlive the purge */
    handoff_note(step, &handoff, change);
    dossier_write_record(step, &telling, handoff.last_event);
    change->of_dossier = NULL;
}

/* ---- the way of a FORWARD */

/* It had a result, and ends without one: a status that only that result gave it is not so any more. */
static void result_fell(struct branch *branch, int64_t source_ms)
{
    bool done = branch->line.status == STATUS_DONE || branch->line.status == STATUS_RETURNED;

    if (done && (branch->flags & BRANCH_HAS_RESULT || branch->line.recalled) && branch->line.source_ms < source_ms) {
        branch->line.status = STATUS_IN_PROCESS;
        branch->line.gap = false;
    }
    branch->flags &= ~(uint32_t)BRANCH_HAS_RESULT;
}

void dossier_answered(struct step *step, struct handoff *forward, const struct handoff *answer,
                      struct telling *ret_telling)
{
    struct telling *telling = ret_telling;
    struct dossier *dossier = &telling->dossier;
    bool result = answer->kind == KIND_RESULT;

    telling->any = telling->receipt = false;
    if (forward->kind != KIND_FORWARD)
        return;
    (void)dossier_take_receipt(step, forward);
    if (!(forward->flags & HANDOFF_BRANCH) || !turn_dossier(step->turn, forward->dossier, dossier))
        return;
    struct branch *branch = branch_find(step, dossier, forward->id);
    if (!branch)
        return;
    telling->any = true;
    telling->source_ms = answer->source_time_ms > 0 ? answer->source_time_ms : step->now_ms;
    telling->year_before = dossier->unknown_year;
    telling->said = (struct event_dossier){ .dossier = dossier->id, .previous = dossier->last_event,
                                            .before = dossier->line.status };
    bool alone = branches_side_by_side(step, dossier) < 2, back = forward->answer == ANSWER_SENT_BACK;
    branch->flags &= ~(uint32_t)BRANCH_SENT_BACK;
    if (!result && !back)
        result_fell(branch, telling->source_ms);
    branch->flags |= back ? BRANCH_SENT_BACK : BRANCH_ENDED | (result ? BRANCH_HAS_RESULT : 0u);
    if (!branch->receipt_ms)
        branch->receipt_ms = telling->source_ms;
    if (dossier_pauses_end(dossier, branch_index(dossier, branch), telling->source_ms))
        (void)dossier_compute(step, dossier, "");
    if (!back)
        branch_hand_back(step, dossier, branch);
    enum status joined = branches_join(step, dossier, dossier->line.status);
    if (!alone && dossier->line.status && joined != dossier->line.status && !status_is_final(dossier->line.status)) {
        struct status_line next = { .by = answer->sender, .source_ms = telling->source_ms,
                                    .sequence = answer->sequence };
        dossier_line_move(dossier, &next, joined, false);
    }
    telling->said.after = dossier->line.status;
    if (result && alone)
        late_done_by(step, dossier->id, telling->source_ms);
}

void dossier_refused(struct step *step, struct handoff *forward)
{
    struct handoff no = { .kind = KIND_REFUSAL, .sender = forward->recipient, .source_time_ms = step->now_ms };
    struct change change = { .cause = CAUSE_RESULT_CAME, .actor_agency = forward->recipient };
    struct telling telling;

    if (!(forward->flags & HANDOFF_BRANCH))
        return;
    dossier_answered(step, forward, &no, &telling);
    if (telling.any)
        change.of_dossier = &telling.said;
    handoff_note(step, forward, &change);
    dossier_told(step, &telling, NULL, forward->last_event);
    if (forward->flags & HANDOFF_STEP)
        flow_clock_follow(step, forward->dossier, step->now_ms);
}

static bool open_branch(struct step *step, const struct handoff *forward, struct telling *ret_telling,
                        struct branch **ret_branch)
{
    struct dossier *dossier = &ret_telling->dossier;

    if (!(forward->flags & HANDOFF_BRANCH) || !turn_dossier(step->turn, forward->dossier, dossier))
        return false;
    ret_telling->year_before = dossier->unknown_year;
    *ret_branch = branch_find(step, dossier, forward->id);
    return *ret_branch != NULL;
}

/* Where the dossier stands when one branch has nothing to say any more, and all that are left may have ended. */
static enum status joined_without(struct step *step, struct dossier *dossier, struct branch *branch,
                                  struct status_line *ret_last)
{
    *ret_last = dossier->line;
    ret_last->source_ms = 0;
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        if (dossier->branches[i].line.status && dossier->branches[i].line.source_ms > ret_last->source_ms)
            *ret_last = dossier->branches[i].line;
    branch->flags |= BRANCH_PASSED_ON;
    enum status joined = branches_join(step, dossier, ret_last->status);
    branch->flags &= ~(uint32_t)BRANCH_PASSED_ON;
    return joined;
}

void dossier_broken_off(struct step *step, const struct handoff *forward, struct telling *ret_telling)
{
    struct dossier *dossier = &ret_telling->dossier;
    struct branch *branch;
    struct status_line last;

    ret_telling->any = ret_telling->receipt = false;
    if (!open_branch(step, forward, ret_telling, &branch) || !dossier->line.status ||
        status_is_final(dossier->line.status))
        return;
    enum status joined = joined_without(step, dossier, branch, &last);
    if (joined == dossier->line.status)
        return;
    ret_telling->any = true;
    ret_telling->source_ms = last.source_ms;
    ret_telling->said = (struct event_dossier){ .dossier = dossier->id, .previous = dossier->last_event,
                                                .before = dossier->line.status, .after = joined };
    dossier_line_move(dossier, &last, joined, last.gap);
}

void dossier_delivered(struct step *step, const struct handoff *forward)
{
    struct telling telling;
    struct branch *branch;

    if (forward->kind != KIND_FORWARD || !open_branch(step, forward, &telling, &branch))
        return;
    if (!branch->delivered_ms) {                        /* a re-route keeps the clock that runs */
        branch->delivered_ms = step->now_ms;
        dossier_compute_step(step, &telling.dossier, branch, forward);
        if (forward->flags & HANDOFF_STEP)
            (void)flow_clock(step, &telling.dossier, NULL, 0, branch->delivered_ms);
    }
    dossier_write_record(step, &telling, 0);
    figures_delivered(step, &telling.dossier, forward);
    late_delivered(step, &telling.dossier);
}

void dossier_moved_on(struct step *step, const struct handoff *forward, const struct handoff *child)
{
    struct telling telling;
    struct branch *branch;

    if (!open_branch(step, forward, &telling, &branch))
        return;
    branch->handoff = child->id;
    branch->holder = child->recipient;
    branch->flags &= ~(uint32_t)BRANCH_SENT_BACK;
    dossier_write_record(step, &telling, 0);
}

/* ---- timers */

int64_t dossier_receipt_timer(struct step *step, const struct handoff *forward)
{
    if (forward->kind != KIND_FORWARD || forward->state != STATE_DELIVERED || forward->answer ||
        forward->flags & (HANDOFF_RECEIVED | HANDOFF_UNRECEIVED) || !step->core->tables->receipt.kind)
        return 0;
    return due_of_receipt(step->core->tables, seat_of_number(step, forward->recipient), forward->changed_ms);
}

void dossier_receipt_due(struct step *step, int64_t due_ms, struct handoff *forward)
{
    static const char why[] = "đã đến, chưa ai nhận: nơi nhận chưa báo tiếp nhận trong thời hạn / "
                              "it is there, and nobody has taken it in time";
    struct change change = { .cause = CAUSE_UNRECEIVED, .detail = span_of_string(why) };
    int64_t purge_ms = forward->changed_ms + step->core->tables->purge_after_ms;

    turn_timer_delete(step->turn, due_ms, TIMER_RECEIPT, forward->id);
    if (step->core->time_in_doubt) {
        turn_timer_put(step->turn, step->now_ms + PUT_OFF_MS, TIMER_RECEIPT, forward->id);
        return;
    }
    if (forward->flags & HANDOFF_BODY_PURGED)
        change.detail = (struct span){ 0 };             /* sealed words would outlive the purge */
    else
        turn_timer_put(step->turn, purge_ms > step->now_ms ? purge_ms : step->now_ms, TIMER_PURGE, forward->id);
    if (forward->flags & HANDOFF_RECEIVED || forward->answer)
        return;
    forward->flags |= HANDOFF_UNRECEIVED;
    turn_unreceived_put(step->turn, forward->recipient, forward->changed_ms, forward->id);
    handoff_note(step, forward, &change);
    urge_unreceived(step, forward->id);
}

static void calendar_timer(struct step *step, const struct tables *tables, uint32_t year)
{
    if (tables->calendar && calendar_has_year(tables->calendar, (int)year))
        turn_timer_put(step->turn, step->now_ms, TIMER_CALENDAR, year);
}

void dossier_calendar_loaded(struct step *step, const struct tables *tables)
{
    for (uint32_t year = 0; (year = turn_provisional_year(step->turn, PROVISIONAL_DUE, year)) != 0;)
        calendar_timer(step, tables, year);
    for (uint32_t year = 0; (year = turn_provisional_year(step->turn, PROVISIONAL_ANSWER_BY, year)) != 0;)
        calendar_timer(step, tables, year);
}

static void recompute(struct step *step, uint32_t year, uint64_t id)
{
    struct telling telling = { .year_before = year };
    struct dossier *dossier = &telling.dossier;
    struct event event = { .at_ms = step->now_ms, .cause = CAUSE_DUE_RECOMPUTED };

    must(turn_dossier(step->turn, id, dossier));
    bool changed = dossier_compute(step, dossier, "");
    if (dossier->unknown_year == year)
        dossier->unknown_year = 0;                      /* its procedure is not listed any more: it stays as it is */
    if (dossier->due_source == DUE_PROVISIONAL && !dossier->unknown_year)
        dossier->due_source = DUE_COMPUTED;
    event.of_dossier = (struct event_dossier){
        .dossier = id, .previous = dossier->last_event, .before = dossier->line.status,
        .after = dossier->line.status, .due_ms = changed ? dossier->due_ms : 0,
        .due_source = changed ? dossier->due_source : 0,
    };
    dossier_write_record(step, &telling, turn_event_append(step->turn, &event, (struct span){ 0 }));
}

void dossier_calendar_due(struct step *step, int64_t due_ms, uint64_t year)
{
    const struct tables *tables = step->core->tables;
    uint64_t id;

    turn_timer_delete(step->turn, due_ms, TIMER_CALENDAR, year);
    if (!tables->calendar || !calendar_has_year(tables->calendar, (int)year))
        return;
    for (int i = 0; i < RECOMPUTED_MAX; i++) {
        if ((id = turn_provisional_next(step->turn, PROVISIONAL_DUE, (uint32_t)year, 0)) != 0)
            recompute(step, (uint32_t)year, id);
        else if ((id = turn_provisional_next(step->turn, PROVISIONAL_ANSWER_BY, (uint32_t)year, 0)) != 0)
            supplement_calendar_loaded(step, (uint32_t)year, id);
        else
            return;
    }
    turn_timer_put(step->turn, step->now_ms + 1, TIMER_CALENDAR, year);
}
