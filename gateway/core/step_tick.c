/* step_tick.c - TICK: the first timer that is due.
 *
 * Comes     from the loop, as long as core_due_ms() is not in the future. One timer a command, so that a flood of them
 *           shares the turn with everything else.
 * Changes   WAIT: its handoff is READY. LEASE: an OFFERED one is taken back. ANTECEDENT: a HELD one has waited too long
 *           for others and is FAILED. PURGE: the body of an ended one goes, and the words of its history.
 *           RECEIPT: one that was delivered and that nobody has taken is listed, its sender told. CALENDAR: due dates
 *           and times to answer by that waited for a year of the calendar, some at a time. ASKED: the one-stop is
 *           reminded of a request; its time is over, and it is proposed to stop. LATE: a dossier that will not be in
 *           time, or was not (late.h). URGE: one that was not answered is listed, a RECALL
 *           likewise. CATCH_UP: records of an older version, some at a time. BLOB: one that no handoff names goes.
 * Effects   READY, FEED; BLOB_DROP.
 * Repeated  takes the next timer; nothing when none is due. */
#include "gateway/core/blob.h"
#include "gateway/core/dossier.h"
#include "gateway/core/flow.h"
#include "gateway/core/gate.h"
#include "gateway/core/late.h"
#include "gateway/core/step.h"
#include "gateway/core/supplement.h"
#include "gateway/core/urge.h"

enum { DOSSIER_WALK_MAX = 4 * PAGE_MAX };
#define PURGE_NEEDED_MS (24LL * 3600 * 1000)

static bool takes_it_as_input(struct step *step, uint64_t dependant, uint64_t result)
{
    struct antecedent row;
    struct uuid at;
    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, dependant, after, &at, &row); after = &at)
        if (row.done_by == result)
            return true;
    return false;
}

/* A live handoff of the same dossier still needs it as input. One of another dossier is not found: if it really comes
 * so late, it fails with the reason. */
static bool is_needed(struct step *step, const struct handoff *result)
{
    uint64_t id = 0;
    struct handoff other;

    if (flow_needs(step, result))
        return true;
    bool may_be_input = (result->kind == KIND_RESULT && result->parent) || result->kind == KIND_PAYMENT ||
                        result->kind == KIND_SUPPLEMENT;
    if (!may_be_input)
        return false;
    for (int i = 0; i < DOSSIER_WALK_MAX &&
                    (id = turn_dossier_handoff_next(step->turn, result->dossier, id)) != 0; i++) {
        must(turn_handoff(step->turn, id, &other));
        /* Only live ones have antecedent rows. */
        if (!state_is_final(other.state) && takes_it_as_input(step, id, result->id))
            return true;
    }
    return false;
}

/* The words of its history go with the body: they may name a person, and one sealed row left keeps its day's key. */
static void purge_words(struct step *step, const struct handoff *handoff)
{
    struct event event;
    for (uint64_t seq = handoff->last_event; seq; seq = event.previous) {
        must(turn_event(step->turn, seq, &event));
        turn_detail_delete(step->turn, seq);
    }
}

static void purge(struct step *step, int64_t due_ms, struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_PURGED, .quiet = true };

    turn_timer_delete(step->turn, due_ms, TIMER_PURGE, handoff->id);
    bool paused = step->core->purge_paused || step->core->time_in_doubt;
    if (paused || is_needed(step, handoff)) {
        int64_t put_off_ms = paused ? PAUSED_MS : PURGE_NEEDED_MS;
        turn_timer_put(step->turn, step->now_ms + put_off_ms, TIMER_PURGE, handoff->id);
        return;
    }
    blob_detach(step, handoff);
    turn_body_delete(step->turn, handoff->id);
    purge_words(step, handoff);
    handoff->flags |= HANDOFF_BODY_PURGED;
    handoff_note(step, handoff, &change);
    int64_t receipt_ms = dossier_receipt_timer(step, handoff);
    if (receipt_ms)
        turn_timer_put(step->turn, receipt_ms > step->now_ms ? receipt_ms : step->now_ms, TIMER_RECEIPT, handoff->id);
}

static void wait_over(struct step *step, struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_WAIT_OVER, .quiet = true };
    handoff_move(step, handoff, STATE_READY, &change);
}

static void antecedents_absent(struct step *step, int64_t due_ms, struct handoff *handoff)
{
    if (step->core->time_in_doubt) {
        turn_timer_delete(step->turn, due_ms, TIMER_ANTECEDENT, handoff->id);
        handoff->timer_ms = step->now_ms + PAUSED_MS;
        turn_timer_put(step->turn, handoff->timer_ms, TIMER_ANTECEDENT, handoff->id);
        turn_handoff_put(step->turn, handoff);
        return;
    }
    static const char why[] = "lượt trước không đến hoặc không có kết quả trong thời hạn / "
                              "what it waits for did not come, or had no result, in time";
    struct change change = { .cause = CAUSE_PREDECESSOR_ABSENT, .fail_class = FAIL_PREDECESSOR,
                             .fingerprint = PREDECESSOR_ABSENT, .detail = span_of_string(why) };
    handoff_move(step, handoff, STATE_FAILED, &change);
}

void step_tick(struct step *step)
{
    struct handoff handoff;
    enum timer_what what;
    int64_t due_ms;
    uint64_t id;

    if (!turn_timer_first(step->turn, &due_ms, &what, &id) || due_ms > step->now_ms)
        return;
    if (what == TIMER_CALENDAR) {
        dossier_calendar_due(step, due_ms, id);
        return;
    }
    if (what == TIMER_LATE) {
        late_due(step, due_ms, id);
        return;
    }
    if (what == TIMER_BLOB) {
        blob_due(step, due_ms, id);
        return;
    }
    if (what == TIMER_CATCH_UP) {
        dossier_catch_up_due(step, due_ms, id);
        return;
    }
    must(turn_handoff(step->turn, id, &handoff));
    switch (what) {
    case TIMER_WAIT:
        wait_over(step, &handoff);
        return;
    case TIMER_LEASE:
        handoff_take_back(step, &handoff, CAUSE_LEASE_LAPSED, true);
        return;
    case TIMER_ANTECEDENT:
        antecedents_absent(step, due_ms, &handoff);
        return;
    case TIMER_PURGE:
        purge(step, due_ms, &handoff);
        return;
    case TIMER_RECEIPT:
        dossier_receipt_due(step, due_ms, &handoff);
        return;
    case TIMER_ASKED:
        supplement_due(step, due_ms, &handoff);
        return;
    case TIMER_URGE:
        urge_due(step, due_ms, &handoff);
        return;
    case TIMER_CALENDAR: case TIMER_LATE: case TIMER_CATCH_UP: case TIMER_BLOB: case TIMER_END:
        break;
    }
    must(!"a timer of nothing");
}
