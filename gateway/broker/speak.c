/* speak.c - after the commit: what the effects of a turn change in memory, and what is said to whom.
 *
 * While a turn is still being synced its words are packed already; they leave when it is on disk.
 * A session that cannot be spoken to is ended: its agency says HELLO again and asks again for what it did not hear. */
#include <string.h>

#include "gateway/broker/broker.h"

enum {
    SECOND_US = 1000000,
    PATIENCE_US = 1000,                 /* for those who have no session */
    NOTICE_ROOM_BYTES = 256 << 10,      /* a NOTIFY that ended with less room than this may have ended for lack of it */
};

/* ---- frames */

static enum result pack(const struct wire_out *out, zmq_msg_t *ret_frame)
{
    if (zmq_msg_init_size(ret_frame, out->bytes))
        return RESULT_FULL;
    wire_pack(out, zmq_msg_data(ret_frame));
    return RESULT_OK;
}

/* Who does not hear it asks again, or has gone. */
static void send_once(struct broker *broker, enum bus_side side, uint32_t routing, const struct wire_out *out)
{
    zmq_msg_t frame;
    if (store_synced(broker->store) != RESULT_OK)
        return;                                     /* the loop ends */
    if (pack(out, &frame) == RESULT_OK && bus_send(&broker->bus, side, routing, &frame, PATIENCE_US) != RESULT_OK)
        zmq_msg_close(&frame);
}

/* A DELIVER that does not leave is told to the core: session_drop(). */
enum result speak_on(struct broker *broker)
{
    const char *why;
    uint64_t number;
    enum result result = store_sync_on(broker->store);
    if (result != RESULT_OK)
        return result;
    blobs_on_disk(broker);
    while ((number = speech_send(&broker->speech, store_syncs_over(broker->store), &broker->outbox, &broker->bus,
                                 &broker->sessions, broker->steady_ms, &why)) != 0)
        session_drop(broker, session_of_number(&broker->sessions, number), why);
    return RESULT_OK;
}

void speak_out(struct broker *broker)
{
    if (store_synced(broker->store) == RESULT_OK)   /* else the loop ends */
        (void)speak_on(broker);
}

/* Whoever sends in bulk while others ask one by one is answered at a pace that leaves room for them: each answer is a
 * SUBMIT of his that may come next. */
static uint32_t pace_us(const struct broker *broker, const struct session *session)
{
    bool slow = session_in_bulk(session, broker->steady_ms) && turn_has_asker(broker, session);
    return slow ? (uint32_t)(SECOND_US / broker->options.bulk_submits_per_second) : 0;
}

/* False: the session is no more. `effect` NULL: it is nothing that a turn brought about. */
static bool send_to(struct broker *broker, struct session *session, const struct wire_out *out,
                    const struct effect *effect)
{
    uint64_t number = session->number;
    uint64_t sync = broker->end.sync;
    struct about about = { 0 };

    if (effect && effect->kind == EFFECT_DELIVER)
        about = (struct about){ .handoff = effect->deliver.handoff, .attempt = effect->deliver.attempt };
    else if (effect && effect->kind == EFFECT_ACCEPTED)
        about.pace_us = pace_us(broker, session);
    enum result result = speech_add(&broker->speech, &broker->sessions, session, out, about, sync);

    if (result == RESULT_FULL) {
        speak_out(broker);
        session = store_is_synced(broker->store) ? session_of_number(&broker->sessions, number) : NULL;
        if (!session)
            return false;
        must(speech_add(&broker->speech, &broker->sessions, session, out, about, sync) == RESULT_OK);
    }
    if (!broker->speaking)
        speak_out(broker);
    return session_of_number(&broker->sessions, number) != NULL;
}

void speak_to(struct broker *broker, struct session *session, const struct wire_out *out)
{
    (void)send_to(broker, session, out, NULL);
}

void speak_refused(struct broker *broker, enum bus_side side, uint32_t routing, const struct frame_refusal *refusal)
{
    enum { ASK_AGAIN_MS = 5000 };
    struct wire_out out;
    int64_t retry_after_ms = problem_is_transient(refusal->problem.type) ? ASK_AGAIN_MS : 0;

    if (side == BUS_ADMIN)
        wire_admin_refused(refusal, &out);
    else
        wire_refused(refusal, retry_after_ms, &out);
    struct session *session = side == BUS_AGENCIES ? session_of_routing(&broker->sessions, routing) : NULL;
    if (session)
        speak_to(broker, session, &out);
    else
        send_once(broker, side, routing, &out);
}

/* A frame that is ready, and the turn that it points into until it is packed. */
struct prepared { struct wire_turn turn; struct wire_out out; };

/* False: there is no room for it; then *refusal is what to say instead. */
static bool prepare(struct broker *broker, const struct effect *effect, struct frame_refusal *refusal,
                    struct prepared *ret_prepared)
{
    struct wire_out *out = &ret_prepared->out;

    ret_prepared->turn = (struct wire_turn){ .seq = broker->end.seq, .link = broker->end.link,
                                             .covered_seq = broker->covered_seq };
    if (wire_effect(effect, &ret_prepared->turn, &broker->words, out) && out->bytes <= FRAME_BYTES_MAX)
        return true;
    log_event(LOG_ERROR, "answer-too-large", "count=%zu", out->bytes);
    *refusal = (struct frame_refusal){ .correlation = effect->correlation };
    problem_set(&refusal->problem, PROBLEM_TOO_LARGE, "", "câu trả lời quá lớn cho một khung: hãy hỏi ít hơn",
                "the answer is too large for one frame: ask for less");
    return false;
}

/* False: the session is no more. */
static bool say_to_session(struct broker *broker, struct session *session, const struct effect *effect)
{
    struct frame_refusal refusal;
    struct prepared prepared;

    if (prepare(broker, effect, &refusal, &prepared))
        return send_to(broker, session, &prepared.out, effect);
    uint64_t number = session->number;
    speak_refused(broker, BUS_AGENCIES, session->routing, &refusal);
    return session_of_number(&broker->sessions, number) != NULL;
}

/* ---- deliveries */

static void add_unsent(struct broker *broker, struct unsent unsent)
{
    /* Without room it counts as lost with its session, which is true too. */
    if (broker->unsent_count < UNSENT_MAX)
        broker->unsent[broker->unsent_count++] = unsent;
}

void unsent_add(struct broker *broker, const struct session *session, uint64_t handoff, uint32_t attempt)
{
    add_unsent(broker, (struct unsent){ .session = session->number, .agency = session->agency, .handoff = handoff,
                                        .attempt = attempt });
}

static void not_handed_over(struct broker *broker, const struct effect *effect)
{
    add_unsent(broker, (struct unsent){ .session = effect->session, .agency = effect->agency,
                                        .handoff = effect->deliver.handoff, .attempt = effect->deliver.attempt });
}

static void say_deliver(struct broker *broker, const struct effect *effect)
{
    struct session *session = session_of_number(&broker->sessions, effect->session);

    if (session)
        session->was_offered = true;    /* the core believes that it is there, whatever happens now */
    if (!session || !say_to_session(broker, session, effect)) {
        not_handed_over(broker, effect);
        return;
    }
    offers_deliver(&broker->offers, effect, broker->now_ms);
}

/* ---- memory */

static void answered(struct broker *broker, const struct effect *effect)
{
    struct recipient *recipient;
    if (!offers_answered(&broker->offers, effect, broker->now_ms, &recipient))
        return;
    const struct agency_breaker *breaker = &recipient->breaker;
    bool open = breaker->state == BREAKER_OPEN;
    char fingerprint[BREAKER_FINGERPRINT_SIZE + 32];
    struct text why = text_of(fingerprint, sizeof fingerprint);
    text_add(&why, "%s after %s", breaker_state_name(breaker->state),
             open ? effect->answered.fingerprint : verdict_name(effect->answered.verdict));
    log_event(open ? LOG_WARN : LOG_INFO, "breaker", "agency=%s ms=%lld why=%s", recipient->code,
              (long long)(open ? breaker->until_ms - broker->now_ms : 0), log_quoted(why.string));
}

static void offered(struct broker *broker, const struct effect *effect)
{
    struct session *session = session_of_number(&broker->sessions, effect->session);
    if (session && effect->offered.count < effect->offered.asked && !effect->offered.more)
        offers_exhausted(session);
}

static void notified(struct broker *broker, const struct effect *effect)
{
    struct session *session = session_of_number(&broker->sessions, effect->session);
    if (!session)
        return;
    session->follow.after = effect->notified.last;
    session->follow.from_cursor = false;
    if (effect->notified.count < effect->notified.asked && arena_room(&broker->effects.arena) >= NOTICE_ROOM_BYTES)
        session->follow.woken = false;
}

static void agency_changed(struct broker *broker, const struct effect *effect)
{
    const struct recipient *recipient = recipient_of(&broker->offers, effect->agency);
    bool stopped = effect->agency_state.paused || effect->agency_state.on_hold;
    const char *code = recipient ? recipient->code : "?";

    for (uint32_t i = 0; !recipient && i < broker->tables->agency_count; i++)
        if (broker->numbers[i] == effect->agency)
            code = broker->tables->agencies[i].code;
    log_event(stopped ? LOG_WARN : LOG_INFO, stopped ? "paused" : "released", "agency=%s why=%s", code,
              log_quoted(effect->agency_state.on_hold ? "on hold by an operator"
                         : stopped ? "misconfigured: see lienthong agencies" : "may be offered to"));
    if (!stopped)
        offers_ready(&broker->offers, effect->agency);
}

/* ---- answers */

static const struct mark *mark_of(const struct broker *broker, uint32_t effect)
{
    for (uint32_t i = 0; i < broker->notes.admin_count; i++)
        if (broker->notes.admin[i].effect == effect)
            return &broker->notes.admin[i];
    return NULL;
}

static void say_to_operator(struct broker *broker, struct effect *effect, uint32_t index)
{
    uint32_t routing = (uint32_t)effect->session;
    const struct mark *mark = mark_of(broker, index);

    if (effect->kind == EFFECT_REFUSED) {
        struct frame_refusal refusal = { .correlation = effect->correlation, .problem = *effect->refused.problem };
        speak_refused(broker, BUS_ADMIN, routing, &refusal);
        return;
    }
    struct frame_refusal refusal;
    struct prepared prepared;
    if (mark)
        admin_add(broker, effect, mark);
    if (prepare(broker, effect, &refusal, &prepared))
        send_once(broker, BUS_ADMIN, routing, &prepared.out);
    else
        speak_refused(broker, BUS_ADMIN, routing, &refusal);
}

static void say_answer(struct broker *broker, struct effect *effect, uint32_t index)
{
    if (effect->session & ADMIN_SESSION) {
        say_to_operator(broker, effect, index);
        return;
    }
    if (effect->session & BLOB_SESSION) {
        blobs_answer(broker, effect);
        return;
    }
    struct session *session = session_of_number(&broker->sessions, effect->session);
    if (!session)
        return;
    if (effect->kind == EFFECT_REFUSED) {
        const struct recipient *recipient = recipient_of(&broker->offers, session->agency);
        complain(broker, "refused", recipient ? recipient->code : "?", problem_word(effect->refused.problem->type));
    }
    if (say_to_session(broker, session, effect) && effect->kind == EFFECT_NOTICE)
        follow_given(&session->follow, effect->notice.event_seq);
}

void speak(struct broker *broker)
{
    (void)speak_on(broker);             /* of the turns before; a failure ends the loop by its next turn_go_on() */
    broker->speaking = true;
    for (uint32_t i = 0; i < broker->effects.count; i++) {
        struct effect *effect = &broker->effects.list[i];
        arena_reset(&broker->words);
        switch (effect->kind) {
        case EFFECT_READY:
            offers_ready(&broker->offers, effect->agency);
            break;
        case EFFECT_FEED:
            offers_feed(&broker->offers, effect->agency);
            break;
        case EFFECT_ANSWERED:
            answered(broker, effect);
            break;
        case EFFECT_OFFERED:
            offered(broker, effect);
            break;
        case EFFECT_NOTIFIED:
            notified(broker, effect);
            break;
        case EFFECT_AGENCY:
            agency_changed(broker, effect);
            break;
        case EFFECT_DELIVER:
            say_deliver(broker, effect);
            break;
        case EFFECT_BLOB: case EFFECT_BLOB_DROP:
            blobs_answer(broker, effect);
            break;
        case EFFECT_AGAIN: case EFFECT_RESTORED: case EFFECT_END:
            break;
        case EFFECT_OUTCOME_ACK:
            if (effect->outcome_ack.state != STATE_OFFERED)
                (void)offers_over(&broker->offers, effect->outcome_ack.handoff);
            say_answer(broker, effect, i);
            break;
        default:
            say_answer(broker, effect, i);
        }
    }
    broker->speaking = false;
    (void)speak_on(broker);
}
