/* step_session.c - START, SESSION_LOST, BREAKER: what the broker knows of connections and must not forget.
 *
 * START         when the broker came up: whatever is OFFERED is with nobody any more. Takes back up to TAKE_BACK_MAX
 *               and emits AGAIN while there are more. A repetition finds nothing. Records of an older version are
 *               caught up with from then on (dossier_catch_up).
 * SESSION_LOST  a connection ended: the same for what was with it, counted as a lapse of its adapter.
 * BREAKER       the breaker of an agency opened because of the answers of these handoffs: they get back the attempt
 *               that was charged for them; one that failed by that very answer waits again. Anything else is left
 *               alone, so naming one that has moved on since does no harm. A repetition would refund again: the
 *               broker says it once, in the turn in which the breaker opens.
 * Effects: FEED, READY, AGAIN. */
#include "gateway/core/dossier.h"
#include "gateway/core/retry.h"
#include "gateway/core/step.h"

enum { TAKE_BACK_MAX = 128 };

void step_start(struct step *step)
{
    struct handoff handoff;
    uint64_t session, id;
    int i = 0;

    for (; i < TAKE_BACK_MAX && turn_offered_first(step->turn, &session, &id); i++) {
        must(turn_handoff(step->turn, id, &handoff));
        handoff_take_back(step, &handoff, CAUSE_BROKER_STARTED, false);
    }
    if (turn_offered_first(step->turn, &session, &id))
        effects_add(step->effects, EFFECT_AGAIN, step->command);
    else
        dossier_catch_up(step);
}

void step_session_lost(struct step *step)
{
    uint64_t session = step->command->lost, id = 0;
    struct handoff handoff;

    for (int i = 0; i < TAKE_BACK_MAX && (id = turn_offered_next(step->turn, session, 0)) != 0; i++) {
        must(turn_handoff(step->turn, id, &handoff));
        handoff_take_back(step, &handoff, CAUSE_SESSION_LOST, true);
    }
    if (turn_offered_next(step->turn, session, 0))
        effects_add(step->effects, EFFECT_AGAIN, step->command);
}

/* The attempt before added (until - offered_ms) to tried_ms, `until` being the end of its wait, or the moment it
 * failed. Once another attempt has begun that is no longer known and the time stays. */
static void refund(struct step *step, struct handoff *handoff)
{
    int64_t until_ms = handoff->state == STATE_WAITING ? handoff->timer_ms
                     : handoff->state == STATE_OFFERED ? handoff->offered_ms : handoff->changed_ms;
    int64_t spent_ms = until_ms - handoff->offered_ms;

    if (spent_ms < 0)
        spent_ms = 0;
    handoff->charged--;
    handoff->tried_ms = handoff->tried_ms > spent_ms ? handoff->tried_ms - spent_ms : 0;
    struct change change = { .cause = CAUSE_REFUNDED, .quiet = true };
    if (handoff->state != STATE_FAILED) {
        handoff_note(step, handoff, &change);
        return;
    }
    const struct agency *agency = handoff_recipient(step, handoff);
    change.timer_ms = step->now_ms + retry_delay_ms(handoff->charged, agency->backoff_ms_min, agency->backoff_ms_max,
                                                    retry_dice(handoff->id, handoff->attempt));
    change.quiet = false;
    handoff_move(step, handoff, STATE_WAITING, &change);
}

void step_breaker(struct step *step)
{
    const struct breaker *breaker = &step->command->breaker;
    struct handoff handoff;

    for (uint32_t i = 0; i < breaker->count; i++) {
        if (!turn_handoff(step->turn, breaker->handoffs[i], &handoff) || !handoff.charged)
            continue;
        bool failed_by_it = handoff.state == STATE_FAILED && (handoff.fail_class == FAIL_EXHAUSTED ||
                                                              handoff.fail_class == FAIL_UNKNOWN_ANSWER);
        if (failed_by_it || handoff.state == STATE_WAITING || handoff.state == STATE_READY ||
            handoff.state == STATE_OFFERED)
            refund(step, &handoff);
    }
}
