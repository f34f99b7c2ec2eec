/* step_outcome.c - OUTCOME: an adapter says what became of one attempt.
 *
 * Comes     from a receiver's session of the handoff's recipient; nobody else may speak of it.
 * Changes   DELIVERED and ALREADY_THERE end it from every state that is not final, whichever attempt they speak of. Any
 *           other verdict counts only for the present attempt, while it is OFFERED or UNSURE; else it is kept as an
 *           event (LATE_OUTCOME) and changes nothing. MISCONFIGURED may pause the agency.
 * Effects   OUTCOME_ACK with the state it has now, or REFUSED; ANSWERED when it counted; READY, FEED, AGENCY.
 * Repeated  the same ACK; no second event. */
#include <string.h>

#include "gateway/core/dossier.h"
#include "gateway/core/gate.h"
#include "gateway/core/late.h"
#include "gateway/core/retry.h"
#include "gateway/core/step.h"

struct judge {
    struct step *step;
    const struct outcome *outcome;
    const struct agency *agency;        /* its recipient, as the directory has it */
    uint32_t number;                    /* the same in the store */
    enum verdict verdict;
    struct handoff *handoff;
    struct change change;               /* what every event about it says */
    char fingerprint[96];
    bool charged;                       /* out: it cost an attempt */
};

static void move(struct judge *judge, enum state to)
{
    handoff_move(judge->step, judge->handoff, to, &judge->change);
}

static void fail(struct judge *judge, enum fail_class fail_class)
{
    judge->change.fail_class = fail_class;
    move(judge, STATE_FAILED);
}

/* ---- trying again */

static int64_t patience_ms(const struct judge *judge)
{
    const struct handoff *handoff = judge->handoff;
    int64_t delay_ms = retry_delay_ms(handoff->charged, judge->agency->backoff_ms_min, judge->agency->backoff_ms_max,
                                      retry_dice(handoff->id, handoff->attempt));
    int64_t asked_ms = judge->outcome->retry_after_ms;
    if (asked_ms > RETRY_AFTER_MS_MAX)
        asked_ms = RETRY_AFTER_MS_MAX;
    return asked_ms > delay_ms ? asked_ms : delay_ms;
}

/* WAITING; at the limit FAILED(limit_class). Time with the breaker open costs neither attempt nor age. */
static void wait_or_fail(struct judge *judge, enum fail_class limit_class)
{
    struct step *step = judge->step;
    struct handoff *handoff = judge->handoff;
    int64_t spent_ms = step->now_ms - handoff->offered_ms, lease_ms = step->core->tables->lease_ms;

    judge->charged = !judge->outcome->uncharged;
    if (judge->charged) {
        handoff->charged++;
        handoff->tried_ms += spent_ms < lease_ms ? spent_ms : lease_ms;
        if (retry_is_over(judge->agency, handoff->charged, handoff->tried_ms)) {
            judge->change.cause = CAUSE_LIMIT_REACHED;
            fail(judge, limit_class);
            return;
        }
    }
    int64_t wait_ms = patience_ms(judge);
    if (judge->charged)
        handoff->tried_ms += wait_ms;
    judge->change.timer_ms = step->now_ms + wait_ms;
    move(judge, STATE_WAITING);
}

/* Perhaps it acted, and nobody knows (promise 5). */
static void perhaps(struct judge *judge, enum fail_class limit_class)
{
    if (judge->agency->agency_class == CLASS_PROBE)
        judge->handoff->flags |= HANDOFF_ASK_FIRST;
    if (judge->agency->agency_class != CLASS_NEITHER) {
        judge->handoff->flags |= HANDOFF_PERHAPS;
        wait_or_fail(judge, limit_class);
    } else if (judge->handoff->state != STATE_UNSURE) {
        move(judge, STATE_UNSURE);
    } else {
        judge->handoff->verdict = judge->verdict;
        handoff_note(judge->step, judge->handoff, &judge->change);
    }
}

/* ---- it is there, or will never be */

static void delivered(struct judge *judge)
{
    struct agency_state state;

    judge->handoff->flags &= ~(uint32_t)HANDOFF_ASK_FIRST;
    move(judge, STATE_DELIVERED);
    /* Whatever was wrong with the whole agency is not any more. */
    turn_agency_state(judge->step->turn, judge->number, &state);
    if (state.suspect_dossier || judge->step->now_ms - state.exchange_ms >= EXCHANGE_EVERY_MS) {
        state.suspect_dossier = state.suspect_fingerprint = 0;
        state.exchange_ms = judge->step->now_ms;
        turn_agency_state_put(judge->step->turn, judge->number, &state);
    }
}

static void refused(struct judge *judge)
{
    judge->handoff->flags &= ~(uint32_t)HANDOFF_ASK_FIRST;
    if (judge->handoff->answer != ANSWER_RESULT)
        judge->handoff->answer = ANSWER_REFUSED;
    move(judge, STATE_DELIVERED);
    if (judge->handoff->answer == ANSWER_REFUSED)
        dossier_refused(judge->step, judge->handoff);
    if (judge->handoff->answer == ANSWER_REFUSED)
        gate_antecedent_ended(judge->step, judge->handoff, judge->change.detail);
}

static void overtaken(struct judge *judge)
{
    enum kind kind = judge->handoff->kind;

    if (kind != KIND_PROGRESS && kind != KIND_URGE && kind != KIND_RATING) {
        refused(judge);
        return;
    }
    judge->handoff->answer = ANSWER_OVERTAKEN;
    move(judge, STATE_CLOSED);
}

/* ---- ours is wrong */

/* Words of ours only: what an agency answers may name a person, and this row is not sealed. */
static void pause_agency(struct judge *judge, const char *why)
{
    struct step *step = judge->step;
    struct agency_state state;

    turn_agency_state(step->turn, judge->number, &state);
    state.suspect_dossier = state.suspect_fingerprint = 0;
    if (!state.paused) {
        struct text text = text_of(state.reason, sizeof state.reason);
        text_add(&text, "%s (%s)", why, judge->fingerprint);
        state.paused = true;
        state.since_ms = step->now_ms;
        struct event event = { .agency = judge->number, .at_ms = step->now_ms, .cause = CAUSE_AGENCY_PAUSED,
                               .verdict = judge->verdict, .actor_agency = judge->number };
        (void)turn_event_append(step->turn, &event, span_of_string(state.reason));
        struct effect *effect = effects_add(step->effects, EFFECT_AGENCY, step->command);
        effect->session = effect->correlation = 0;
        effect->agency = judge->number;
        effect->agency_state.paused = true;
        effect->agency_state.on_hold = state.on_hold;
    }
    turn_agency_state_put(step->turn, judge->number, &state);
    move(judge, STATE_READY);
}

static void agency_suspected(struct judge *judge)
{
    struct step *step = judge->step;
    uint64_t fingerprint = fail_fingerprint(judge->fingerprint), dossier = judge->handoff->dossier;
    struct agency_state state;

    turn_agency_state(step->turn, judge->number, &state);
    if (state.suspect_dossier && state.suspect_dossier != dossier && state.suspect_fingerprint == fingerprint) {
        pause_agency(judge, "hai hồ sơ nhận cùng một lỗi cấu hình / two dossiers got the same configuration fault");
        return;
    }
    state.suspect_fingerprint = fingerprint;
    state.suspect_dossier = dossier;
    turn_agency_state_put(step->turn, judge->number, &state);
    wait_or_fail(judge, FAIL_MAPPING);
}

static void misconfigured(struct judge *judge)
{
    struct text text = text_of(judge->fingerprint, sizeof judge->fingerprint);

    switch (judge->outcome->scope) {
    case SCOPE_MAPPING:
        text_add(&text, "mapping:%s", judge->outcome->value);
        fail(judge, FAIL_MAPPING);
        return;
    case SCOPE_LOGIN:
        text_add(&text, "%s", judge->outcome->fingerprint[0] ? judge->outcome->fingerprint : "login");
        pause_agency(judge, "đăng nhập bị từ chối / the login was refused");
        return;
    default:
        text_add(&text, "%s", judge->outcome->fingerprint[0] ? judge->outcome->fingerprint : "agency");
        agency_suspected(judge);
        return;
    }
}

static void bad_data(struct judge *judge)
{
    char detail[REASON_BYTES_MAX + 1];
    struct text words = text_of(detail, sizeof detail);
    struct text fingerprint = text_of(judge->fingerprint, sizeof judge->fingerprint);

    if (judge->outcome->field[0])
        text_add(&fingerprint, "field:%s", judge->outcome->field);
    else
        text_add(&fingerprint, "%s", judge->outcome->fingerprint[0] ? judge->outcome->fingerprint : "bad-data");
    detail_with_field(&words, judge->outcome->field, judge->change.detail);
    judge->change.detail = span_of_string(detail);
    judge->handoff->flags &= ~(uint32_t)HANDOFF_ASK_FIRST;
    fail(judge, FAIL_BAD_DATA);
}

static void judge_it(struct judge *judge)
{
    switch (judge->verdict) {
    case VERDICT_DELIVERED: case VERDICT_ALREADY_THERE:
        delivered(judge);
        return;
    case VERDICT_OVERTAKEN:
        overtaken(judge);
        return;
    case VERDICT_REFUSED:
        refused(judge);
        return;
    case VERDICT_LATER:             /* ASK_FIRST stays: "not now" may have been the answer to the question itself */
        wait_or_fail(judge, FAIL_EXHAUSTED);
        return;
    case VERDICT_PREDECESSOR_MISSING:
        judge->handoff->flags &= ~(uint32_t)HANDOFF_ASK_FIRST;
        wait_or_fail(judge, FAIL_PREDECESSOR);
        return;
    case VERDICT_ORPHAN:
        judge->handoff->flags &= ~(uint32_t)HANDOFF_ASK_FIRST;
        fail(judge, FAIL_ORPHAN);
        return;
    case VERDICT_BAD_DATA:
        bad_data(judge);
        return;
    case VERDICT_MISCONFIGURED:
        misconfigured(judge);
        return;
    case VERDICT_UNSURE:
        perhaps(judge, FAIL_EXHAUSTED);
        return;
    case VERDICT_UNKNOWN: case VERDICT_END:
        perhaps(judge, FAIL_UNKNOWN_ANSWER);
        return;
    }
}

/* ---- may it be said, and does it count */

static bool is_delivery(enum verdict verdict)
{
    return verdict == VERDICT_DELIVERED || verdict == VERDICT_ALREADY_THERE;
}

/* It had this attempt before another agency took over: what it says of it is late, not foreign. */
static bool had_attempt(struct step *step, const struct handoff *handoff, uint32_t attempt, uint32_t number)
{
    struct event event;

    if (!step->core->tables->successions)
        return false;
    uint64_t seq = handoff->last_event;
    for (int i = 0; seq && i < PAGE_MAX; seq = event.previous, i++) {
        must(turn_event(step->turn, seq, &event));
        if (event.cause == CAUSE_SUCCEEDED && event.actor_agency == number && event.attempt >= attempt)
            return handoff->state != STATE_OFFERED || handoff->attempt > event.attempt;
    }
    return false;
}

static bool outcome_ok(struct step *step, const struct outcome *outcome, enum verdict verdict, uint32_t number,
                       struct handoff *ret_handoff)
{
    if (!number || !turn_handoff(step->turn, outcome->handoff, ret_handoff) ||
        (ret_handoff->recipient != number && !had_attempt(step, ret_handoff, outcome->attempt, number))) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_HANDOFF, "handoff_id",
                       "Không có lượt giao–nhận %llu nào giao cho cơ quan này.",
                       "There is no handoff %llu that is delivered to this agency.",
                       (unsigned long long)outcome->handoff);
        return false;
    }
    if (!outcome->attempt || outcome->attempt > ret_handoff->attempt) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "attempt",
                       "Lần giao số %u chưa từng có: lần cuối là %u.", "There was no attempt %u: the last one is %u.",
                       outcome->attempt, ret_handoff->attempt);
        return false;
    }
    if (is_delivery(verdict) && outcome->has_content_hash &&
        !hash_equal(&outcome->content_hash, &ret_handoff->content_hash)) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "content_hash",
                       "Nội dung đã giao không phải nội dung của lượt này.",
                       "What was delivered is not the content of this handoff.");
        return false;
    }
    return true;
}

/* It was said before, and taken down. */
static bool is_repetition(struct step *step, const struct handoff *handoff, uint32_t attempt, enum verdict verdict)
{
    struct event event;

    if (attempt == handoff->attempt && handoff->state == STATE_OFFERED)
        return false;                   /* of the open attempt nothing was said yet */
    if (attempt == handoff->attempt && handoff->verdict == verdict)
        return true;
    must(turn_event(step->turn, handoff->last_event, &event));
    return event.attempt == attempt && event.verdict == verdict;
}

static void say_answered(const struct judge *judge)
{
    struct effect *effect = effects_add(judge->step->effects, EFFECT_ANSWERED, judge->step->command);
    struct text text = text_of(effect->answered.fingerprint, sizeof effect->answered.fingerprint);

    text_add_span(&text, span_of_string(judge->fingerprint));
    effect->agency = judge->number;
    effect->answered.verdict = judge->verdict;
    effect->answered.handoff = judge->handoff->id;
    effect->answered.dossier = judge->handoff->dossier;
    effect->answered.charged = judge->charged;
    effect->answered.never_sent = judge->outcome->never_sent;
    effect->answered.probe = judge->outcome->uncharged;
}

static void count_it(struct step *step, const struct outcome *outcome, struct handoff *handoff,
                     const struct change *change)
{
    struct judge judge = { .step = step, .outcome = outcome, .agency = step->command->agency,
                           .number = handoff->recipient, .verdict = change->verdict, .handoff = handoff,
                           .change = *change };
    struct text text = text_of(judge.fingerprint, sizeof judge.fingerprint);

    text_add_span(&text, span_of_string(outcome->fingerprint[0] ? outcome->fingerprint
                                                                : verdict_name(change->verdict)));
    /* Of a delivery nothing is wrong, so it leaves no fingerprint. */
    judge.change.fingerprint = is_delivery(judge.verdict) ? NULL : judge.fingerprint;
    if (outcome->agency_ref[0])
        memcpy(handoff->agency_ref, outcome->agency_ref, sizeof handoff->agency_ref);
    handoff->lapses = 0;
    judge_it(&judge);
    say_answered(&judge);
}

void step_outcome(struct step *step)
{
    const struct outcome *outcome = &step->command->outcome;
    enum verdict verdict = outcome->verdict && outcome->verdict < VERDICT_END ? outcome->verdict : VERDICT_UNKNOWN;
    uint32_t number = turn_agency_number(step->turn, step->command->agency->code);
    struct handoff handoff;

    if (!outcome_ok(step, outcome, verdict, number, &handoff))
        return;
    if (!is_repetition(step, &handoff, outcome->attempt, verdict)) {
        bool open = handoff.state == STATE_OFFERED || handoff.state == STATE_UNSURE;
        bool counts = is_delivery(verdict) ? !state_is_final(handoff.state)
                                           : open && outcome->attempt == handoff.attempt;
        struct change change = { .cause = counts ? CAUSE_OUTCOME : CAUSE_LATE_OUTCOME, .verdict = verdict,
                                 .attempt = outcome->attempt, .actor_agency = number, .detail = outcome->detail };
        if (counts)
            count_it(step, outcome, &handoff, &change);
        else
            handoff_note(step, &handoff, &change);
    }
    struct effect *effect = effects_add(step->effects, EFFECT_OUTCOME_ACK, step->command);
    effect->outcome_ack.handoff = handoff.id;
    effect->outcome_ack.attempt = outcome->attempt;
    effect->outcome_ack.state = handoff.state;
}
