/* identity.c - whose a session is in the directory in force, and how sessions end. */
#include <string.h>

#include "gateway/broker/broker.h"
#include "proto/batch.h"

enum { SWEEP_ENDS_MAX = 64 };           /* sessions one sweep ends: each is said and logged */

static bool key_holds(const struct agency_key *key, int64_t now_ms)
{
    return (!key->from_ms || now_ms >= key->from_ms) && (!key->to_ms || now_ms < key->to_ms);
}

/* The directory is asked once per session and directory; afterwards only the dates of that key, with every frame. */
static void look_up(struct broker *broker, struct session *session)
{
    uint32_t roles;
    session->read_in = broker->tables;
    session->holder_key = NULL;
    session->holder = tables_agency_of_key(broker->tables, session->key, broker->now_ms, &roles);
    for (uint32_t i = 0; session->holder && i < session->holder->key_count; i++) {
        const struct agency_key *key = &session->holder->keys[i];
        if (memcmp(key->bytes, session->key, CURVE_KEY_SIZE) == 0 && key_holds(key, broker->now_ms))
            session->holder_key = key;
    }
}

const struct agency *session_holder(struct broker *broker, struct session *session, uint32_t *ret_roles)
{
    if (session->read_in != broker->tables || !session->holder_key || !key_holds(session->holder_key, broker->now_ms))
        look_up(broker, session);
    if (!session->holder_key)
        return NULL;
    const struct agency *holder = session->holder;
    if (session->agency && broker->numbers[holder - broker->tables->agencies] != session->agency)
        return NULL;                                        /* the key has another owner now */
    *ret_roles = session->holder_key->roles;
    return holder;
}

const struct agency *key_holder(struct broker *broker, const uint8_t key[CURVE_KEY_SIZE], uint32_t *ret_roles)
{
    struct session known = { 0 };
    memcpy(known.key, key, sizeof known.key);
    return session_holder(broker, &known, ret_roles);
}

bool broker_may(void *context, struct session *session)
{
    struct broker *broker = context;
    uint32_t roles;

    if (session_holder(broker, session, &roles) && !(session->roles & ~roles))
        return true;
    for (uint32_t i = 0; i < broker->revoked_count; i++)
        if (broker->revoked[i] == session->number)
            return false;
    if (broker->revoked_count < REVOKED_MAX)
        broker->revoked[broker->revoked_count++] = session->number;
    return false;
}

/* The DELIVERs in a frame that never left. */
static void not_sent(struct broker *broker, const struct session *session, struct span frame)
{
    struct batch batch;
    uint64_t handoff;
    uint32_t attempt;
    bool many = batch_open(frame, &batch) == BATCH_GOOD;

    if (many && !batch_next(&batch, &frame))
        return;
    do {
        if (wire_deliver_of(frame, &handoff, &attempt))
            unsent_add(broker, session, handoff, attempt);
    } while (many && batch_next(&batch, &frame));
}

void session_drop(struct broker *broker, struct session *session, const char *why)
{
    struct recipient *recipient = recipient_of(&broker->offers, session->agency);
    const char *code = recipient ? recipient->code : "?";
    uint64_t handoff;
    uint32_t attempt;
    zmq_msg_t frame;

    if (loudness_may(broker, &broker->comings, COMINGS_PER_MINUTE))
        log_event(LOG_INFO, "session-ended", "agency=%s session=%llu count=%u why=%s", code,
                  (unsigned long long)session->number, session->open, log_quoted(why));
    if (recipient_leave(&broker->offers, session, broker->now_ms))
        log_event(LOG_WARN, "breaker", "agency=%s why=%s", code, log_quoted("open again: the probe was lost"));
    while (outbox_take(&broker->outbox, &broker->sessions, session, &frame)) {
        not_sent(broker, session, span_of(zmq_msg_data(&frame), zmq_msg_size(&frame)));
        zmq_msg_close(&frame);
    }
    while (speech_take(session, &handoff, &attempt))
        if (handoff)
            unsent_add(broker, session, handoff, attempt);
    session_end(&broker->sessions, session);
}

void session_dismiss(struct broker *broker, struct session *session, const char *why)
{
    struct frame_refusal refusal = { 0 };
    uint32_t routing = session->routing;

    session_drop(broker, session, why);
    problem_set(&refusal.problem, PROBLEM_NO_HELLO, "", "phiên đã kết thúc (%s): hãy gửi lại HELLO",
                "the session was ended (%s): say HELLO again", why);
    speak_refused(broker, BUS_AGENCIES, routing, &refusal);
}

/* A receiver pings several times a lease; a sender may have nothing to say for long. */
static bool is_silent(const struct broker *broker, const struct session *session)
{
    int64_t silent_ms = broker->steady_ms - session->heard_ms;
    int64_t most_ms = session->roles & ROLE_RECEIVER ? broker->options.silence_leases * broker->tables->lease_ms
                                                     : broker->options.idle_ms;
    return silent_ms > most_ms;
}

void sessions_excuse(struct broker *broker, int64_t ms)
{
    for (uint32_t i = 0; i < broker->sessions.slots_count; i++)
        broker->sessions.slots[i].heard_ms += ms;
}

void sessions_sweep(struct broker *broker)
{
    unsigned ended = 0;
    for (uint32_t i = 0; i < broker->sessions.slots_count && ended < SWEEP_ENDS_MAX; i++) {
        struct session *session = &broker->sessions.slots[i];
        uint32_t roles;
        if (!session->number)
            continue;
        bool holds = session_holder(broker, session, &roles) && !(session->roles & ~roles);
        if (holds && !is_silent(broker, session))
            continue;
        session_dismiss(broker, session, holds ? "silent" : "its key is not in force");
        ended++;
    }
}

void sessions_gone(struct broker *broker)
{
    int file;
    while (bus_gone(&broker->bus, &file)) {
        struct session *session = session_of_file(&broker->sessions, file);
        if (session)
            session_drop(broker, session, "the connection ended");
    }
}

void sessions_flush(struct broker *broker)
{
    int64_t wait_ms = broker->tables->lease_ms / 2;
    const char *why;
    uint64_t number;

    wait_ms = wait_ms < OUTBOX_WAIT_MS ? wait_ms : OUTBOX_WAIT_MS;
    while ((number = outbox_flush(&broker->outbox, &broker->bus, &broker->sessions, broker->steady_ms, wait_ms,
                                  &why)) != 0)
        session_drop(broker, session_of_number(&broker->sessions, number), why);
}
