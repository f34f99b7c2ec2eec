#include "gateway/broker/speech.h"

#include <stdlib.h>
#include <string.h>

#include "proto/batch.h"

enum result speech_init(struct speech *speech)
{
    struct speech made = { 0 };
    for (unsigned i = 0; i < SAYINGS; i++) {
        struct saying *saying = &made.sayings[i];
        saying->slots = calloc(SESSIONS_MAX, sizeof *saying->slots);
        if (!saying->slots || arena_init(&saying->arena, SPEECH_BYTES) != RESULT_OK) {
            speech_done(&made);
            return RESULT_FULL;
        }
    }
    *speech = made;
    return RESULT_OK;
}

void speech_done(struct speech *speech)
{
    for (unsigned i = 0; i < SAYINGS; i++) {
        free(speech->sayings[i].slots);
        arena_done(&speech->sayings[i].arena);
    }
    *speech = (struct speech){ 0 };
}

enum result speech_add(struct speech *speech, const struct sessions *sessions, struct session *session,
                       const struct wire_out *out, struct about about, uint64_t sync)
{
    struct saying *saying = &speech->sayings[sync % SAYINGS];
    struct pieces *pieces = &session->pieces[sync % SAYINGS];

    must(out->bytes && out->bytes <= FRAME_BYTES_MAX && (!saying->count || saying->sync == sync));
    struct piece *piece = saying->count == SESSIONS_MAX ? NULL : arena_take(&saying->arena, sizeof *piece + out->bytes);
    if (!piece)
        return RESULT_FULL;
    saying->sync = sync;
    *piece = (struct piece){ .about = about, .bytes = (uint32_t)out->bytes };
    wire_pack(out, piece->frame);
    if (pieces->first) {
        pieces->last->next = piece;
    } else {
        pieces->first = piece;
        saying->slots[saying->count++] = session_slot(sessions, session);
    }
    pieces->last = piece;
    return RESULT_OK;
}

bool speech_take(struct session *session, uint64_t *ret_handoff, uint32_t *ret_attempt)
{
    for (unsigned i = 0; i < SAYINGS; i++) {
        const struct piece *piece = session->pieces[i].first;
        if (!piece)
            continue;
        *ret_handoff = piece->about.handoff;
        *ret_attempt = piece->about.attempt;
        session->pieces[i].first = piece->next;
        return true;
    }
    return false;
}

/* The first pieces as one frame; *ret_behind: the first that is not in it. */
static enum result frame_of(const struct session *session, const struct pieces *pieces, zmq_msg_t *ret_frame,
                            struct piece **ret_behind, int64_t *ret_pace_us)
{
    struct piece *behind = pieces->first;
    uint32_t count = 0;
    size_t bytes = 0;
    int64_t pace_us = 0;

    while (behind && count < session->batch && pace_us < PACE_LUMP_US &&
           batch_size(bytes + batch_share(behind->bytes)) <= BATCH_BYTES_MAX) {
        bytes += batch_share(behind->bytes);
        pace_us += behind->about.pace_us;
        behind = behind->next;
        count++;
    }
    const struct piece *piece = pieces->first;
    *ret_behind = count > 1 ? behind : piece->next;
    *ret_pace_us = count > 1 ? pace_us : piece->about.pace_us;
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
                       struct session *session, struct pieces *pieces, int64_t steady_ms)
{
    enum result result = RESULT_OK;
    while (pieces->first && result == RESULT_OK) {
        struct piece *behind;
        zmq_msg_t frame;
        int64_t pace_us;
        result = frame_of(session, pieces, &frame, &behind, &pace_us);
        if (result == RESULT_OK)
            result = outbox_send(outbox, bus, sessions, session, &frame, pace_us, steady_ms);
        if (result == RESULT_OK)
            pieces->first = behind;
    }
    return result;
}

/* The earliest of those that may leave; NULL: none may. */
static struct saying *next_saying(struct speech *speech, uint64_t syncs_over)
{
    struct saying *next = NULL;
    for (unsigned i = 0; i < SAYINGS; i++) {
        struct saying *saying = &speech->sayings[i];
        if (saying->count && saying->sync <= syncs_over && (!next || saying->sync < next->sync))
            next = saying;
    }
    return next;
}

uint64_t speech_send(struct speech *speech, uint64_t syncs_over, struct outbox *outbox, struct bus *bus,
                     struct sessions *sessions, int64_t steady_ms, const char **ret_why)
{
    for (struct saying *saying; (saying = next_saying(speech, syncs_over)) != NULL;) {
        /* In the order of the first word: answers come before what is offered because of them, and are waited for. */
        while (saying->said < saying->count) {
            struct session *session = &sessions->slots[saying->slots[saying->said++]];
            struct pieces *pieces = &session->pieces[saying->sync % SAYINGS];
            enum result result = session->number ? say(outbox, bus, sessions, session, pieces, steady_ms) : RESULT_OK;
            if (result != RESULT_OK) {
                *ret_why = result == RESULT_NOT_FOUND ? "the connection is gone" : "it does not read";
                return session->number;
            }
        }
        saying->count = saying->said = 0;
        arena_reset(&saying->arena);
    }
    return 0;
}
