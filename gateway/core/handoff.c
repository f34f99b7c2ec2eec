/* handoff.c - the one mover, and the rows that follow from a state. */
#include "gateway/core/handoff.h"

#include <endian.h>
#include <string.h>

#include "gateway/core/gate.h"
#include "gateway/core/lane.h"
#include "gateway/core/late.h"
#include "gateway/core/seat.h"
#include "gateway/core/supplement.h"
#include "gateway/core/urge.h"

enum { HISTORY_WALK_MAX = 256 };

/* The arrows of the picture in handoff.h. */
#define TO(state) (1u << (state))
static const unsigned moves[STATE_END] = {
    [STATE_HELD]    = TO(STATE_READY) | TO(STATE_FAILED) | TO(STATE_DELIVERED) | TO(STATE_CLOSED),
    /* UNSURE: its agency became one that can neither be asked nor takes a key; or a restore. */
    [STATE_READY]   = TO(STATE_OFFERED) | TO(STATE_HELD) | TO(STATE_UNSURE) | TO(STATE_FAILED) | TO(STATE_DELIVERED) |
                      TO(STATE_CLOSED),
    [STATE_OFFERED] = TO(STATE_READY) | TO(STATE_WAITING) | TO(STATE_UNSURE) | TO(STATE_FAILED) | TO(STATE_DELIVERED) |
                      TO(STATE_CLOSED),
    /* UNSURE: the store came back from a backup. */
    [STATE_WAITING] = TO(STATE_READY) | TO(STATE_HELD) | TO(STATE_UNSURE) | TO(STATE_FAILED) | TO(STATE_DELIVERED) |
                      TO(STATE_CLOSED),
    [STATE_UNSURE]  = TO(STATE_READY) | TO(STATE_WAITING) | TO(STATE_FAILED) | TO(STATE_DELIVERED) | TO(STATE_CLOSED),
    /* WAITING: only the refund of an attempt; DELIVERED: a late outcome. */
    [STATE_FAILED]  = TO(STATE_READY) | TO(STATE_WAITING) | TO(STATE_DELIVERED) | TO(STATE_CLOSED),
};

static enum timer_what timer_of(enum state state)
{
    return state == STATE_WAITING ? TIMER_WAIT : state == STATE_OFFERED ? TIMER_LEASE
         : state == STATE_HELD ? TIMER_ANTECEDENT : 0;
}

/* ---- the failed list */

uint64_t fail_fingerprint(const char *words)
{
    struct hash hash = hash_of(span_of_string(words));
    return hash_short(&hash);
}

static struct fail_key fail_key_of(const struct handoff *handoff)
{
    return (struct fail_key){ .recipient = handoff->recipient, .fail_class = handoff->fail_class,
                              .fingerprint = handoff->fingerprint };
}

static void failed_add(struct step *step, const struct handoff *handoff, const char *words)
{
    struct fail_key key = fail_key_of(handoff);
    struct fail_group group;

    if (!turn_fail_group(step->turn, &key, &group)) {
        group = (struct fail_group){ .first_ms = step->now_ms, .sample = handoff->id };
        struct text text = text_of(group.fingerprint_text, sizeof group.fingerprint_text);
        text_add(&text, "%s", words);
    }
    group.count++;
    group.last_ms = step->now_ms;
    turn_fail_group_put(step->turn, &key, &group);
    turn_failed_put(step->turn, &key, handoff->id);
}

static void failed_remove(struct step *step, const struct handoff *handoff)
{
    struct fail_key key = fail_key_of(handoff);
    struct fail_group group;

    turn_failed_delete(step->turn, &key, handoff->id);
    must(turn_fail_group(step->turn, &key, &group) && group.count > 0);
    group.count--;
    if (group.sample == handoff->id && group.count)
        group.sample = turn_failed_next(step->turn, &key, 0);
    turn_fail_group_put(step->turn, &key, &group);
}

/* ---- states and their rows */

static void leave(struct step *step, struct handoff *handoff, enum state to, const struct change *change)
{
    if (handoff->timer_ms)
        turn_timer_delete(step->turn, handoff->timer_ms, timer_of(handoff->state), handoff->id);
    handoff->timer_ms = 0;
    switch (handoff->state) {
    case STATE_READY:
        lane_unready(step, handoff);
        break;
    case STATE_OFFERED:
        turn_offered_delete(step->turn, handoff->session, handoff->id);
        handoff->session = 0;
        break;
    case STATE_FAILED:
        failed_remove(step, handoff);
        handoff->fail_class = 0;
        break;
    case STATE_HELD:
        handoff->flags &= ~(uint32_t)HANDOFF_ON_HOLD;
        break;
    default:
        break;
    }
    /* One that waits for others again has no place; one on hold keeps it. */
    if (state_is_final(to) || (to == STATE_HELD && change->cause != CAUSE_HOLD))
        lane_leave(step, handoff);
}

static void timer_set(struct step *step, struct handoff *handoff, int64_t timer_ms)
{
    handoff->timer_ms = timer_ms;
    if (timer_ms)
        turn_timer_put(step->turn, timer_ms, timer_of(handoff->state), handoff->id);
}

/* Whatever stands in its lane blocks it, so it must be in it, whether it came from behind a gate or from a failure. */
static void stand_in_lane(struct step *step, struct handoff *handoff, uint64_t place)
{
    if (!(handoff->flags & HANDOFF_IN_LANE))
        lane_enter(step, handoff, place);
}

/* Of one that has ended: somebody must take it in hand, and its body goes. One timer at a time, the first one. */
static void end_timer(struct step *step, const struct handoff *handoff)
{
    int64_t receipt_ms = dossier_receipt_timer(step, handoff);
    int64_t purge_ms = step->now_ms + step->core->tables->purge_after_ms;
    if (receipt_ms && receipt_ms <= purge_ms)
        turn_timer_put(step->turn, receipt_ms, TIMER_RECEIPT, handoff->id);
    else
        turn_timer_put(step->turn, purge_ms, TIMER_PURGE, handoff->id);
}

static void enter(struct step *step, struct handoff *handoff, const struct change *change)
{
    switch (handoff->state) {
    case STATE_HELD:
        if (change->cause == CAUSE_HOLD)
            handoff->flags |= HANDOFF_ON_HOLD;
        timer_set(step, handoff, change->timer_ms);
        break;
    case STATE_OFFERED:
        must(change->timer_ms && change->session && handoff->flags & HANDOFF_IN_LANE);
        handoff->attempt++;
        handoff->verdict = 0;
        handoff->offered_ms = step->now_ms;
        handoff->session = change->session;
        timer_set(step, handoff, change->timer_ms);
        turn_offered_put(step->turn, handoff->session, handoff->id);
        break;
    case STATE_WAITING:
        must(change->timer_ms);
        timer_set(step, handoff, change->timer_ms);
        stand_in_lane(step, handoff, 0);
        break;
    case STATE_READY: case STATE_UNSURE:
        stand_in_lane(step, handoff, 0);
        break;
    case STATE_FAILED:
        must(change->fail_class);
        handoff->fail_class = change->fail_class;
        failed_add(step, handoff, change->fingerprint ? change->fingerprint : fail_class_name(change->fail_class));
        break;
    default:
        turn_checkpoint_put(step->turn, handoff->id, (struct span){ 0 });
        end_timer(step, handoff);
        gate_forget(step, handoff);
        break;
    }
}

static void trouble_set(struct handoff *handoff, enum state to, const struct change *change)
{
    if (change->fingerprint)
        handoff->fingerprint = fail_fingerprint(change->fingerprint);
    else if (to == STATE_FAILED)
        handoff->fingerprint = fail_fingerprint(fail_class_name(change->fail_class));
}

/* ---- history */

static void event_add(struct step *step, struct handoff *handoff, enum state from, const struct change *change)
{
    struct event event = {
        .handoff = handoff->id, .previous = handoff->last_event, .at_ms = step->now_ms, .from = from,
        .to = handoff->state, .cause = change->cause, .verdict = change->verdict, .fail_class = handoff->fail_class,
        .answer = handoff->answer, .attempt = change->attempt ? change->attempt : handoff->attempt,
        .actor_agency = change->actor_agency, .actor_uid = change->actor_uid, .agency = change->agency,
    };
    if (change->of_dossier)
        event.of_dossier = *change->of_dossier;
    handoff->last_event = turn_event_append(step->turn, &event, change->detail);
}

/* Both the code that sent it and whoever has taken over from it: either may be the one that listens. */
static void tell_sender(struct step *step, const struct handoff *handoff)
{
    const struct agency *holder = seat_taken_by(step, handoff->sender, handoff);

    turn_feed_put(step->turn, handoff->sender, handoff->last_event);
    effects_wake(step->effects, EFFECT_FEED, step->command, handoff->sender);
    if (!holder)
        return;
    uint32_t number = turn_agency_number_make(step->turn, holder->code);
    turn_feed_put(step->turn, number, handoff->last_event);
    effects_wake(step->effects, EFFECT_FEED, step->command, number);
}

/* ---- what steps call */

static void give_up(struct step *step, struct handoff *handoff)
{
    static const char why[] = "lời nhắc không chắc đã giao được: khép lại để không chặn các lượt sau / "
                              "the reminder was perhaps not delivered: closed, so that nothing waits behind it";
    struct change change = { .cause = CAUSE_GIVEN_UP, .detail = span_of_string(why) };
    handoff_move(step, handoff, STATE_CLOSED, &change);
}

void handoff_move(struct step *step, struct handoff *handoff, enum state to, const struct change *change)
{
    enum state from = handoff->state;
    bool in_lane = handoff->flags & HANDOFF_IN_LANE;
    uint32_t before = handoff->recipient;

    must(moves[from] & TO(to));
    leave(step, handoff, to, change);
    bool succeeded = to == STATE_READY && seat_move(step, handoff, 0, &before);
    handoff->state = to;
    handoff->changed_ms = step->now_ms;
    if (change->verdict)
        handoff->verdict = change->verdict;
    trouble_set(handoff, to, change);
    /* Where no class covers a second time, a person has decided it. */
    if (change->cause == CAUSE_REPLAYED)
        handoff->flags &= ~(uint32_t)HANDOFF_KEY_UNKNOWN;
    if (change->cause == CAUSE_REPLAYED && handoff_recipient(step, handoff)->agency_class == CLASS_NEITHER)
        handoff->flags &= ~(uint32_t)HANDOFF_PERHAPS;
    enter(step, handoff, change);
    /* What is offered was the head, and stays it: its lane is in line as soon as its ready row is gone. */
    if (to != STATE_OFFERED && (in_lane || handoff->flags & HANDOFF_IN_LANE))
        lane_refresh(step, handoff->dossier, handoff->addressed, handoff);
    turn_count_add(step->turn, before, from, -1);
    turn_count_add(step->turn, handoff->recipient, to, 1);
    event_add(step, handoff, from, change);
    turn_handoff_put(step->turn, handoff);

    bool concerns = state_is_final(to) || to == STATE_FAILED || to == STATE_UNSURE || from == STATE_FAILED ||
                    change->actor_uid;
    if (concerns && !change->quiet)
        tell_sender(step, handoff);
    if (succeeded)
        seat_tell(step, handoff, before);
    if (to == STATE_DELIVERED) {
        dossier_delivered(step, handoff);
        urge_delivered(step, handoff);
        gate_antecedent_delivered(step, handoff);
    } else if (to == STATE_CLOSED) {
        gate_antecedent_ended(step, handoff, change->detail);
        if (handoff->kind == KIND_APOLOGY && change->cause != CAUSE_APOLOGY_CANCELLED)
            late_draft_closed(step, handoff);
    } else if ((to == STATE_FAILED || to == STATE_UNSURE) && handoff->flags & HANDOFF_REMINDER) {
        give_up(step, handoff);
    }
    if (to == STATE_CLOSED && !handoff->child && supplement_is_request(handoff->kind))
        supplement_taken_back(step, handoff);
}

/* Facts that change no state and concern whoever sent it. */
static bool concerns_sender(enum cause cause)
{
    return cause == CAUSE_UNRECEIVED || (cause >= CAUSE_APOLOGY_ASKED && cause <= CAUSE_UNANSWERED);
}

void handoff_note(struct step *step, struct handoff *handoff, const struct change *change)
{
    event_add(step, handoff, handoff->state, change);
    turn_handoff_put(step->turn, handoff);
    bool contradicts = change->cause == CAUSE_LATE_OUTCOME && handoff->state == STATE_CLOSED &&
                       (change->verdict == VERDICT_DELIVERED || change->verdict == VERDICT_ALREADY_THERE);
    if ((change->actor_uid || contradicts || concerns_sender(change->cause)) && !change->quiet)
        tell_sender(step, handoff);
}

void handoff_begin(struct step *step, struct handoff *handoff, enum state state, uint64_t place, struct span header,
                   struct span payload, const struct change *change)
{
    must(state == STATE_READY || state == STATE_HELD);
    handoff->state = state;
    handoff->changed_ms = step->now_ms;
    handoff->accepted_seq = turn_seq(step->turn);
    handoff->body_bytes = (uint32_t)payload.size;
    turn_body_put(step->turn, handoff->id, header, payload);
    turn_dossier_handoff_put(step->turn, handoff->dossier, handoff->id);
    if (place)
        stand_in_lane(step, handoff, place);
    enter(step, handoff, change);
    if (handoff->flags & HANDOFF_IN_LANE)
        lane_refresh(step, handoff->dossier, handoff->addressed, handoff);
    turn_count_add(step->turn, handoff->recipient, state, 1);
    event_add(step, handoff, 0, change);
    turn_handoff_put(step->turn, handoff);
}

void handoff_take_back(struct step *step, struct handoff *handoff, enum cause cause, bool counts_as_lapse)
{
    const struct agency *agency = handoff_recipient(step, handoff);
    struct change change = { .cause = cause };

    must(handoff->state == STATE_OFFERED);
    if (counts_as_lapse)
        handoff->lapses++;
    if (agency->agency_class == CLASS_NEITHER) {
        handoff_move(step, handoff, STATE_UNSURE, &change);
        return;
    }
    handoff->flags |= HANDOFF_PERHAPS | (agency->agency_class == CLASS_PROBE ? HANDOFF_ASK_FIRST : 0);
    if (counts_as_lapse && handoff->lapses >= agency->lapses_max) {
        change.fail_class = FAIL_ADAPTER;
        change.fingerprint = cause_name(cause);
        handoff_move(step, handoff, STATE_FAILED, &change);
    } else if (agency->agency_class == CLASS_PROBE && handoff->timer_ms > step->now_ms) {
        /* Its adapter may still be at it, until its lease is over: asked sooner, the agency would say that it is not
         * there, and then get it twice. */
        change.timer_ms = handoff->timer_ms;
        handoff_move(step, handoff, STATE_WAITING, &change);
    } else {
        handoff_move(step, handoff, STATE_READY, &change);
    }
}

/* ---- what can be said of one */

void handoff_key(const struct tables *tables, const struct handoff *handoff, char ret_key[IDEMPOTENCY_KEY_SIZE])
{
    struct text text = text_of(ret_key, IDEMPOTENCY_KEY_SIZE);
    uint64_t big = htobe64(handoff->id);
    text_add_span(&text, span_of_string(tables->gateway));
    text_add_span(&text, span_of("-", 1));
    text_add_hex(&text, &big, sizeof big);
    if (handoff->key_generation)
        text_add(&text, "-%u", handoff->key_generation);
    must(!text.cut);
}

const struct agency *handoff_recipient(struct step *step, const struct handoff *handoff)
{
    /* Nobody knows it any more: as careful as can be, and few attempts. */
    static const struct agency gone = {
        .agency_class = CLASS_NEITHER, .attempts_max = 5, .lapses_max = 3, .age_ms_max = 24LL * 3600 * 1000,
        .backoff_ms_min = 30 * 1000, .backoff_ms_max = 3600 * 1000, .in_flight_max = 1, .breaker_after = 5,
        .breaker_probe_ms = 60 * 1000,
    };
    char code[AGENCY_CODE_SIZE];
    must(turn_agency_code(step->turn, handoff->recipient, code));
    const struct agency *agency = tables_agency(step->core->tables, code);
    return agency ? agency : &gone;
}

static bool says_perhaps(const struct event *event)
{
    if (!event->verdict)
        return event->cause == CAUSE_LEASE_LAPSED || event->cause == CAUSE_SESSION_LOST ||
               event->cause == CAUSE_BROKER_STARTED || event->cause == CAUSE_RESTORED;
    switch (event->verdict) {
    case VERDICT_LATER: case VERDICT_PREDECESSOR_MISSING: case VERDICT_ORPHAN: case VERDICT_BAD_DATA:
    case VERDICT_MISCONFIGURED:
        return false;
    default:
        return true;
    }
}

bool handoff_perhaps_there(struct step *step, const struct handoff *handoff)
{
    uint64_t seq = handoff->last_event;
    struct event event;

    if (handoff->state == STATE_DELIVERED || handoff->state == STATE_OFFERED || handoff->state == STATE_UNSURE)
        return true;
    if (!handoff->attempt)
        return false;
    for (int i = 0; seq; seq = event.previous, i++) {
        if (i == HISTORY_WALK_MAX)
            return true;
        must(turn_event(step->turn, seq, &event));
        if (says_perhaps(&event))
            return true;
    }
    return false;
}

void detail_with_field(struct text *text, const char *field, struct span words)
{
    if (field[0] || (words.size && words.bytes[0] == '['))
        text_add(text, "[%s] ", field);
    text_add_span(text, words);
}

const char *detail_field(const char *detail, char ret_field[FIELD_SIZE])
{
    const char *end = detail[0] == '[' ? strchr(detail, ']') : NULL;
    ret_field[0] = 0;
    if (!end || end[1] != ' ' || end - detail - 1 >= FIELD_SIZE)
        return detail;
    memcpy(ret_field, detail + 1, (size_t)(end - detail - 1));
    ret_field[end - detail - 1] = 0;
    return end + 2;
}
