/* step_restore.c - RESTORE: the store has just come back from a backup (restore.h has the rule).
 *
 * Comes     from whoever restored, before anything else; from the broker at its start where that was cut off. Again and
 *           again while it answers AGAIN.
 * Changes   every handoff that was not final in the backup, a few in each step: READY, WAITING, OFFERED -> READY or
 *           UNSURE; HELD and FAILED are marked, and a HELD one waits anew for its antecedents, which may have to come
 *           again. Attempt numbers go on above those that may have been given out. Each gets an event.
 * Effects   RESTORED for each; READY, FEED; AGAIN.
 * Repeated  goes on where it stopped; nothing once all have been judged. */
#include "gateway/core/restore.h"

#include "gateway/core/step.h"

enum { JUDGED_MAX = 64, LOOKED_AT_MAX = 1024, ID_NUMBER_BITS = 48 };
#define COMING_MS (10LL * 60 * 1000)    /* senders have come back so long after the release */

static const char SINCE_BACKUP[] = "có thể đã được giao sau bản sao lưu / perhaps it was delivered after the backup";
static const char KEY_UNKNOWN[] =
    "có thể đã được tiếp nhận và giao trước khi phục hồi, mã lượt khi đó không rõ / "
    "perhaps it was accepted and delivered before the restore; the id it had then is not known";

bool restore_is_held(struct turn *turn)
{
    struct restored restored;
    return turn_restored(turn, &restored) && restored.held;
}

const char *restore_unsure_words(const struct handoff *handoff)
{
    return handoff->flags & HANDOFF_KEY_UNKNOWN ? KEY_UNKNOWN : SINCE_BACKUP;
}

enum state restore_state(struct step *step, struct handoff *handoff)
{
    enum agency_class agency_class = handoff_recipient(step, handoff)->agency_class;

    if (handoff->flags & HANDOFF_KEY_UNKNOWN)
        return STATE_UNSURE;
    if (agency_class == CLASS_PROBE)
        handoff->flags |= HANDOFF_ASK_FIRST;
    return agency_class == CLASS_IDEMPOTENT || agency_class == CLASS_PROBE ? STATE_READY : STATE_UNSURE;
}

/* ---- those of the backup */

static void wait_anew(struct step *step, struct handoff *handoff)
{
    if (!handoff->timer_ms)
        return;
    turn_timer_delete(step->turn, handoff->timer_ms, TIMER_ANTECEDENT, handoff->id);
    handoff->timer_ms = step->now_ms + step->core->tables->antecedent_ms_max;
    turn_timer_put(step->turn, handoff->timer_ms, TIMER_ANTECEDENT, handoff->id);
}

static void judge(struct step *step, struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_RESTORED };
    enum state from = handoff->state, to = from;

    handoff->attempt += RESTORE_ATTEMPTS;
    handoff->flags |= HANDOFF_PERHAPS | HANDOFF_RESTORED;
    if (from == STATE_READY || from == STATE_WAITING || from == STATE_OFFERED)
        to = restore_state(step, handoff);
    else if (from == STATE_HELD)
        wait_anew(step, handoff);
    if (to == STATE_UNSURE && from != STATE_UNSURE)
        change.detail = span_of_string(SINCE_BACKUP);
    if (to == from)
        handoff_note(step, handoff, &change);
    else
        handoff_move(step, handoff, to, &change);
    struct effect *effect = effects_add(step->effects, EFFECT_RESTORED, step->command);
    effect->agency = handoff->recipient;
    effect->restored.handoff = handoff->id;
    effect->restored.agency_class = handoff_recipient(step, handoff)->agency_class;
    effect->restored.from = from;
    effect->restored.to = to;
    effect->restored.ask_first = handoff->flags & HANDOFF_ASK_FIRST;
}

void step_restore(struct step *step)
{
    struct restored restored;
    struct handoff handoff;
    uint64_t id = 0;
    int judged = 0, looked_at = 0;

    if (!turn_restored(step->turn, &restored) || restored.walked)
        return;
    if (!restored.walked_to) {
        struct event event = { .at_ms = step->now_ms, .cause = CAUSE_RESTORED };
        (void)turn_event_append(step->turn, &event, (struct span){ 0 });
    }
    while (judged < JUDGED_MAX && looked_at++ < LOOKED_AT_MAX &&
           (id = turn_handoff_next(step->turn, restored.walked_to)) != 0) {
        restored.walked_to = id;
        must(turn_handoff(step->turn, id, &handoff));
        if (state_is_final(handoff.state))
            continue;
        judge(step, &handoff);
        judged++;
    }
    restored.walked = !turn_handoff_next(step->turn, restored.walked_to);
    turn_restored_put(step->turn, &restored);
    if (!restored.walked)
        effects_add(step->effects, EFFECT_AGAIN, step->command);
}

/* ---- those that come again */

static uint64_t epoch_of(uint64_t id)
{
    return id >> ID_NUMBER_BITS;
}

enum again restore_again(struct step *step, const struct submit *submit)
{
    uint64_t id = submit->accepted_as;
    struct restored restored;
    struct handoff other;

    if (id) {
        bool may_have_been = epoch_of(id) && epoch_of(id) < turn_epoch(step->turn) && id << (64 - ID_NUMBER_BITS);
        return may_have_been && !turn_handoff(step->turn, id, &other) ? AGAIN_AS : AGAIN_UNKNOWN;
    }
    bool before = turn_restored(step->turn, &restored) && uuid_time_ms(&submit->message_id) <= restored.restored_ms;
    return before ? AGAIN_UNKNOWN : AGAIN_NOT;
}

void restore_judge_again(struct step *step, struct handoff *handoff, enum again again)
{
    struct change change = { .cause = CAUSE_RESTORED };
    enum state to = handoff->state;

    handoff->attempt = RESTORE_ATTEMPTS;
    handoff->flags |= HANDOFF_PERHAPS | HANDOFF_RESTORED | (again == AGAIN_UNKNOWN ? HANDOFF_KEY_UNKNOWN : 0);
    if (handoff->state == STATE_READY)
        to = restore_state(step, handoff);
    if (to == STATE_UNSURE || again == AGAIN_UNKNOWN)
        change.detail = span_of_string(restore_unsure_words(handoff));
    if (to == handoff->state)
        handoff_note(step, handoff, &change);
    else
        handoff_move(step, handoff, to, &change);
}

bool restore_may_come(struct step *step, uint64_t handoff)
{
    struct restored restored;
    return epoch_of(handoff) && epoch_of(handoff) < turn_epoch(step->turn) && turn_restored(step->turn, &restored) &&
           (restored.held || step->now_ms < restored.released_ms + COMING_MS);
}
