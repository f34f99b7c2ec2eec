/* step_notify.c - NOTIFY and NOTICE_ACK: senders hear what became of their handoffs.
 *
 * When      NOTIFY: the broker knows that a follower can take more. NOTICE_ACK: a follower has stored what it got.
 * Changes   NOTIFY nothing. NOTICE_ACK the agency's cursor and the rows of its feed up to there.
 * Effects   NOTIFY: EFFECT_NOTICE each, oldest first, then EFFECT_NOTIFIED. NOTICE_ACK: none, or REFUSED.
 * Repeated  the same again: a notice stays in the feed until it is acknowledged.
 */
#include "gateway/core/step.h"

enum { ACK_DELETES_MAX = 1024 };        /* rows one NOTICE_ACK clears away; the next one goes on */

static bool has_room(const struct step *step)
{
    return step->effects->count + 1 < EFFECTS_MAX && arena_room(&step->effects->arena) >= VIEW_BYTES_MAX;
}

void step_notify(struct step *step)
{
    const struct notify *notify = &step->command->notify;
    uint32_t agency = turn_agency_number_make(step->turn, step->command->agency->code);
    uint32_t asked = notify->most < NOTIFY_MAX ? notify->most : NOTIFY_MAX, count = 0;
    uint64_t last = notify->from_cursor ? turn_follow(step->turn, agency) : notify->after, seq;

    while (count < asked && has_room(step) && (seq = turn_feed_next(step->turn, agency, last)) != 0) {
        struct effect *effect = effects_add(step->effects, EFFECT_NOTICE, step->command);
        must(view_notice(step, seq, &effect->notice));      /* there was room */
        effect->agency = agency;
        last = seq;
        count++;
    }
    struct effect *end = effects_add(step->effects, EFFECT_NOTIFIED, step->command);
    end->agency = agency;
    end->notified.last = last;
    end->notified.count = count;
    end->notified.asked = asked;
}

void step_notice_ack(struct step *step)
{
    uint32_t agency = turn_agency_number_make(step->turn, step->command->agency->code);
    uint64_t acknowledged = step->command->acknowledged, known = turn_follow(step->turn, agency);

    /* Between the numbers of two epochs: an event that a restore has lost. What came before it was read. */
    if (acknowledged > known && acknowledged > turn_last_event(step->turn)) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "notice_ack.event_seq",
                       "Chưa có sự kiện số %llu: chỉ xác nhận thông báo đã nhận.",
                       "There is no event %llu yet: acknowledge only notices that came.",
                       (unsigned long long)acknowledged);
        return;
    }
    if (acknowledged > known)
        turn_follow_put(step->turn, agency, acknowledged);
    turn_feed_delete_until(step->turn, agency, acknowledged > known ? acknowledged : known, ACK_DELETES_MAX);
}
