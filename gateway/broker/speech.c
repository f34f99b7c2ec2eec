#include "gateway/broker/speech.h"

#include <stdlib.h>
#include <string.h>

#include "proto/batch.h"

enum result speech_init(struct speech *speech)
{
    struct speech made = { .slots = calloc(SESSIONS_MAX, sizeof *made.slots) };
    if (!made.slots || arena_init(&made.arena, SPEECH_BYTES) != RESULT_OK) {
        speech_done(&made);
        return RESULT_FULL;
    }
    *speech = made;
    return RESULT_OK;
}

void speech_done(struct speech *speech)
{
    free(speech->slots);
    arena_done(&speech->arena);
    *speech = (struct speech){ 0 };
}

enum result speech_add(struct speech *speech, const struct sessions *sessions, struct session *session,
                       const struct wire_out *out, uint64_t handoff, uint32_t attempt)
{
    must(out->bytes && out->bytes <= FRAME_BYTES_MAX);
    struct piece *piece = speech->count == SESSIONS_MAX ? NULL : arena_take(&speech->arena, sizeof *piece + out->bytes);
    if (!piece)
        return RESULT_FULL;
    *piece = (struct piece){ .handoff = handoff, .attempt = attempt, .bytes = (uint32_t)out->bytes };
    wire_pack(out, piece->frame);
    if (session->first_piece) {
        session->last_piece->next = piece;
    } else {
        session->first_piece = piece;
        speech->slots[speech->count++] = session_slot(sessions, session);
    }
    session->last_piece = piece;
    return RESULT_OK;
}

bool speech_take(struct session *session, uint64_t *ret_handoff, uint32_t *ret_attempt)
{
    const struct piece *piece = session->first_piece;
    if (!piece)
        return false;
    *ret_handoff = piece->handoff;
    *ret_attempt = piece->attempt;
    session->first_piece = piece->next;
    return true;
}

/* The first pieces as one frame; *ret_behind: the first that is not in it. */
static enum result frame_of(const struct session *session, zmq_msg_t *ret_frame, struct piece **ret_behind)
{
    struct piece *behind = session->first_piece;
    uint32_t count = 0;
    size_t bytes = 0;

    while (behind && count < session->batch && batch_size(bytes + batch_share(behind->bytes)) <= BATCH_BYTES_MAX) {
        bytes += batch_share(behind->bytes);
        behind = behind->next;
        count++;
    }
    const struct piece *piece = session->first_piece;
    *ret_behind = count > 1 ? behind : piece->next;
    if (zmq_msg_init_size(ret_frame, count > 1 ? batch_size(bytes) : piece->bytes))
        return RESULT_FULL;
    if (count <= 1) {
        memcpy(zmq_msg_data(ret_frame), piece->frame, piece->bytes);
        return RESULT_OK;
    }
    uint8_t *at = batch_begin(zmq_msg_data(ret_frame), bytes);
    for (; piece != behind; piece = piece->next)
        at = batch_add(at, span_of(piece->frame, piece->bytes));
    return RESULT_OK;
}

static enum result say(struct outbox *outbox, struct bus *bus, const struct sessions *sessions,
                       struct session *session, int64_t steady_ms)
{
    enum result result = RESULT_OK;
    while (session->first_piece && result == RESULT_OK) {
        struct piece *behind;
        zmq_msg_t frame;
        result = frame_of(session, &frame, &behind);
        if (result == RESULT_OK)
            result = outbox_send(outbox, bus, sessions, session, &frame, steady_ms);
        if (result == RESULT_OK)
            session->first_piece = behind;
    }
    return result;
}

uint64_t speech_send(struct speech *speech, struct outbox *outbox, struct bus *bus, struct sessions *sessions,
                     int64_t steady_ms, const char **ret_why)
{
    /* In the order of the first word: answers come before what is offered because of them, and are waited for. */
    while (speech->said < speech->count) {
        struct session *session = &sessions->slots[speech->slots[speech->said++]];
        enum result result = session->number ? say(outbox, bus, sessions, session, steady_ms) : RESULT_OK;
        if (result != RESULT_OK) {
            *ret_why = result == RESULT_NOT_FOUND ? "the connection is gone" : "it does not read";
            return session->number;
        }
    }
    speech->count = speech->said = 0;
    arena_reset(&speech->arena);
    return 0;
}
