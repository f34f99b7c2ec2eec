#include "gateway/broker/outbox.h"

#include <stdlib.h>

enum { NOW_PATIENCE_US = 200 };         /* libzmq's own thread is often just about to make room */

enum result outbox_init(struct outbox *outbox)
{
    struct outbox made = { .outs = calloc(OUTBOX_FRAMES_MAX, sizeof *made.outs),
                           .waiting = calloc(SESSIONS_MAX, sizeof *made.waiting) };
    if (!made.outs || !made.waiting) {
        outbox_done(&made);
        return RESULT_FULL;
    }
    for (uint32_t i = 0; i < OUTBOX_FRAMES_MAX; i++)
        made.outs[i].next = i + 1 < OUTBOX_FRAMES_MAX ? i + 1 : OUT_NONE;
    *outbox = made;
    return RESULT_OK;
}

void outbox_done(struct outbox *outbox)
{
    free(outbox->outs);
    free(outbox->waiting);
    *outbox = (struct outbox){ 0 };
}

static enum result keep(struct outbox *outbox, const struct sessions *sessions, struct session *session,
                        zmq_msg_t *frame, int64_t pace_us, int64_t steady_ms)
{
    uint32_t index = outbox->first_free;
    size_t bytes = zmq_msg_size(frame);

    if (index == OUT_NONE || session->outs == OUTBOX_SESSION_FRAMES_MAX || outbox->bytes + bytes > OUTBOX_BYTES_MAX ||
        session->out_bytes + bytes > PEER_QUEUE_BYTES_MAX) {
        zmq_msg_close(frame);
        return RESULT_BUSY;
    }
    struct out *out = &outbox->outs[index];
    outbox->first_free = out->next;
    *out = (struct out){ .next = OUT_NONE, .since_ms = steady_ms, .pace_us = pace_us };
    must(zmq_msg_init(&out->frame) == 0 && zmq_msg_move(&out->frame, frame) == 0);
    zmq_msg_close(frame);
    if (session->first_out == OUT_NONE) {
        session->first_out = index;
        outbox->waiting[outbox->waiting_count++] = session_slot(sessions, session);
    } else {
        outbox->outs[session->last_out].next = index;
    }
    session->last_out = index;
    session->out_bytes += bytes;
    session->outs++;
    outbox->bytes += bytes;
    outbox->count++;
    return RESULT_OK;
}

/* Its place is free again; the frame itself has gone already. */
static void remove_first(struct outbox *outbox, const struct sessions *sessions, struct session *session, size_t bytes)
{
    uint32_t index = session->first_out, slot = session_slot(sessions, session);
    struct out *out = &outbox->outs[index];

    session->first_out = out->next;
    session->out_bytes -= bytes;
    session->outs--;
    outbox->bytes -= bytes;
    outbox->count--;
    out->next = outbox->first_free;
    outbox->first_free = index;
    for (uint32_t i = 0; session->first_out == OUT_NONE && i < outbox->waiting_count; i++)
        if (outbox->waiting[i] == slot) {
            outbox->waiting[i] = outbox->waiting[--outbox->waiting_count];
            return;
        }
}

static bool is_quiet(const struct session *session)
{
    return session->quiet_until_us && bus_now_us() < session->quiet_until_us;
}

/* Something has left. */
static void quieten(struct session *session, int64_t pace_us)
{
    session->quiet_until_us = pace_us ? bus_now_us() + pace_us : 0;
}

enum result outbox_send(struct outbox *outbox, struct bus *bus, const struct sessions *sessions,
                        struct session *session, zmq_msg_t *frame, int64_t pace_us, int64_t steady_ms)
{
    enum result result = RESULT_BUSY;
    if (session->first_out == OUT_NONE && !is_quiet(session))
        result = bus_send(bus, BUS_AGENCIES, session->routing, frame, NOW_PATIENCE_US);
    if (result == RESULT_OK)
        quieten(session, pace_us);
    if (result == RESULT_NOT_FOUND)
        zmq_msg_close(frame);
    if (result != RESULT_BUSY)
        return result;
    return keep(outbox, sessions, session, frame, pace_us, steady_ms);
}

/* False: it is to be ended. */
static bool flush_session(struct outbox *outbox, struct bus *bus, const struct sessions *sessions,
                          struct session *session, int64_t steady_ms, int64_t wait_ms_max, const char **ret_why)
{
    while (session->first_out != OUT_NONE && !is_quiet(session)) {
        struct out *out = &outbox->outs[session->first_out];
        size_t bytes = zmq_msg_size(&out->frame);
        enum result result = bus_send(bus, BUS_AGENCIES, session->routing, &out->frame, 0);
        if (result == RESULT_BUSY && steady_ms - out->since_ms < wait_ms_max)
            return true;
        if (result != RESULT_OK) {
            *ret_why = result == RESULT_BUSY ? "it does not read" : "the connection is gone";
            return false;
        }
        quieten(session, out->pace_us);
        remove_first(outbox, sessions, session, bytes);
        if (session->first_out != OUT_NONE)                     /* the next one has been first only from now on */
            outbox->outs[session->first_out].since_ms = steady_ms;
    }
    return true;
}

uint64_t outbox_flush(struct outbox *outbox, struct bus *bus, struct sessions *sessions, int64_t steady_ms,
                      int64_t wait_ms_max, const char **ret_why)
{
    for (uint32_t i = 0; i < outbox->waiting_count;) {
        uint32_t slot = outbox->waiting[i];
        struct session *session = &sessions->slots[slot];
        if (!flush_session(outbox, bus, sessions, session, steady_ms, wait_ms_max, ret_why))
            return session->number;
        i += i < outbox->waiting_count && outbox->waiting[i] == slot;   /* else another one has moved here */
    }
    return 0;
}

bool outbox_take(struct outbox *outbox, const struct sessions *sessions, struct session *session,
                 zmq_msg_t *ret_frame)
{
    if (session->first_out == OUT_NONE)
        return false;
    struct out *out = &outbox->outs[session->first_out];
    size_t bytes = zmq_msg_size(&out->frame);
    must(zmq_msg_init(ret_frame) == 0 && zmq_msg_move(ret_frame, &out->frame) == 0);
    zmq_msg_close(&out->frame);
    remove_first(outbox, sessions, session, bytes);
    return true;
}
