/* A cursor is compared and set. A write whose answer was lost may have been done, and then its repetition no longer
 * finds the value it expects: so after such a refusal the stored value is read, and ours there means done. */
#include <string.h>

#include "gateway/base/pool.h"
#include "gateway/client/inside.h"

static enum result pack_cursor(struct cursor *cursor, bool set, struct span expected, zmq_msg_t *ret_frame)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Cursor wire = LIENTHONG__V1__CURSOR__INIT;

    wire.name = cursor->name;
    wire.set = set;
    if (set) {
        wire.value = (ProtobufCBinaryData){ cursor->value_size, cursor->value };
        wire.expected = (ProtobufCBinaryData){ expected.size, (uint8_t *)expected.bytes };
    }
    envelope.correlation = cursor->request.correlation;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_CURSOR;
    envelope.cursor = &wire;
    return frame_pack(&envelope, ret_frame);
}

static enum result ask(struct lienthong *lienthong, struct span name, bool write, struct span value,
                       struct span expected)
{
    if (!name.size || name.size >= CURSOR_NAME_SIZE || value.size > CURSOR_VALUE_BYTES_MAX ||
        expected.size > CURSOR_VALUE_BYTES_MAX || memchr(name.bytes, 0, name.size))
        return RESULT_INVALID;
    if (!request_room(lienthong))
        return RESULT_BUSY;
    struct cursor *cursor = pool_calloc(1, sizeof *cursor);
    if (!cursor || request_begin(lienthong, &cursor->request, REQUEST_CURSOR) != RESULT_OK) {
        pool_free(cursor);
        return RESULT_FULL;
    }
    memcpy(cursor->name, name.bytes, name.size);
    cursor->name_size = name.size;
    if (value.size)
        memcpy(cursor->value, value.bytes, value.size);
    cursor->value_size = value.size;
    cursor->write = write;
    if (pack_cursor(cursor, write, expected, &cursor->request.frame) != RESULT_OK) {
        zmq_msg_init(&cursor->request.frame);
        request_free(lienthong, &cursor->request);
        return RESULT_FULL;
    }
    list_append(&lienthong->ready, &cursor->request.node);
    connection_settle(lienthong);
    return RESULT_OK;
}

enum result lienthong_cursor_read(struct lienthong *lienthong, struct span name)
{
    return ask(lienthong, name, false, span_of(NULL, 0), span_of(NULL, 0));
}

enum result lienthong_cursor_write(struct lienthong *lienthong, struct span name, struct span value,
                                   struct span expected)
{
    return ask(lienthong, name, true, value, expected);
}

/* Frees the request first: the callback may ask the next thing. */
static void say(struct lienthong *lienthong, struct cursor *cursor, struct span value, const struct problem *problem)
{
    struct cursor asked = *cursor;

    request_free(lienthong, &cursor->request);
    if (lienthong->options.callbacks.on_cursor)
        lienthong->options.callbacks.on_cursor(lienthong->options.context, span_of(asked.name, asked.name_size), value,
                                               problem);
}

void cursor_ack(struct lienthong *lienthong, struct request *request, const Lienthong__V1__CursorAck *ack)
{
    struct cursor *cursor = (struct cursor *)request;
    struct span value = frame_span(ack->value);
    struct problem problem = cursor->problem;

    if (cursor->looking && !span_equal(value, span_of(cursor->value, cursor->value_size)))
        say(lienthong, cursor, value, &problem);
    else
        say(lienthong, cursor, value, NULL);
}

void cursor_refused(struct lienthong *lienthong, struct cursor *cursor, const struct problem *problem)
{
    zmq_msg_t frame;

    if (problem->type == PROBLEM_CURSOR_MOVED && cursor->write && cursor->perhaps && !cursor->looking &&
        pack_cursor(cursor, false, span_of(NULL, 0), &frame) == RESULT_OK) {
        zmq_msg_move(&cursor->request.frame, &frame);
        zmq_msg_close(&frame);
        cursor->looking = true;
        cursor->problem = *problem;
        list_remove(&cursor->request.node);
        list_append(&lienthong->ready, &cursor->request.node);
        return;
    }
    say(lienthong, cursor, span_of(NULL, 0), problem);
}
