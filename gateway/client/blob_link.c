#include "gateway/client/blob_link.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/client/inside.h"

enum {
    CURVE_OVERHEAD_BYTES = 64, POLL_MS_MAX = 500,
    CORRELATION = 1,                    /* the one transfer of this connection */
    ARENA_BYTES = 2 * FRAME_BYTES_MAX,  /* only touched when a frame is written in an unusual way */
};

/* ---- what went wrong */

enum result blob_refuse(struct lienthong_blob_refusal *refusal, enum result result, const char *vi, const char *en, ...)
{
    va_list arguments, again;
    struct text text_vi = text_of(refusal->problem.sentence_vi, sizeof refusal->problem.sentence_vi);
    struct text text_en = text_of(refusal->problem.sentence_en, sizeof refusal->problem.sentence_en);

    va_start(arguments, en);
    va_copy(again, arguments);
    text_add_v(&text_vi, vi, arguments);
    text_add_v(&text_en, en, again);
    va_end(again);
    va_end(arguments);
    refusal->problem.type = PROBLEM_NONE;
    refusal->problem.field[0] = 0;
    refusal->retry_after_ms = 0;
    return result;
}

enum result blob_nonsense(struct lienthong_blob_refusal *refusal, const char *what_vi, const char *what_en)
{
    return blob_refuse(refusal, RESULT_BROKEN, "Cổng trả lời không đúng giao thức: %s%.0s.",
                       "What the gateway said is against the protocol: %.0s%s.", what_vi, what_en);
}

static enum result refused(struct blob_link *link, const Lienthong__V1__Refused *said)
{
    frame_problem(said, &link->refusal->problem);
    link->refusal->retry_after_ms = said->retry_after_ms;
    return RESULT_INVALID;
}

/* ---- opening and closing */

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(struct blob_link *link)
{
    const struct lienthong_keys *keys = &link->options->keys;
    uint8_t public_key[LIENTHONG_KEY_BYTES];
    int64_t frame_max = FRAME_BYTES_MAX + CURVE_OVERHEAD_BYTES;

    return crypto_scalarmult_base(public_key, keys->secret) == 0 && set_int(link->socket, ZMQ_LINGER, 0) &&
           set_int(link->socket, ZMQ_SNDHWM, BLOB_SEND_FRAMES) && set_int(link->socket, ZMQ_RCVHWM, 2 * BLOB_WINDOW) &&
           zmq_setsockopt(link->socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, keys->gateway_public, LIENTHONG_KEY_BYTES) == 0 &&
           zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, public_key, LIENTHONG_KEY_BYTES) == 0 &&
           zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, keys->secret, LIENTHONG_KEY_BYTES) == 0;
}

static bool open_monitor(struct blob_link *link)
{
    char name[64];
    struct text text = text_of(name, sizeof name);
    int events = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

    text_add(&text, "inproc://lienthong-blob-%p", (void *)link);
    if (zmq_socket_monitor(link->socket, name, events) != 0)
        return false;
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    return link->monitor && set_int(link->monitor, ZMQ_LINGER, 0) && zmq_connect(link->monitor, name) == 0;
}

enum result blob_link_open(struct blob_link *link, const struct lienthong_blob_options *options,
                           struct lienthong_blob_refusal *refusal)
{
    *link = (struct blob_link){ .options = options, .refusal = refusal, .context = options->zmq_context };
    zmq_msg_init(&link->frame);
    if (hash_start() != RESULT_OK || arena_init(&link->arena, ARENA_BYTES) != RESULT_OK)
        return blob_refuse(refusal, RESULT_FULL, "Hết bộ nhớ.", "No memory.");
    if (!link->context) {
        link->context = zmq_ctx_new();
        link->own_context = true;
    }
    link->socket = link->context && zmq_has("curve") ? zmq_socket(link->context, ZMQ_DEALER) : NULL;
    if (!link->socket || !set_options(link) || !open_monitor(link))
        return blob_refuse(refusal, RESULT_BROKEN, "Không tạo được kết nối: %s.", "The socket cannot be made: %s.",
                           zmq_strerror(errno));
    if (!options->endpoint || zmq_connect(link->socket, options->endpoint) != 0) {
        problem_set(&refusal->problem, PROBLEM_INVALID_FIELD, "endpoint", "Không phải là địa chỉ kết nối: '%s'.",
                    "Not an endpoint: '%s'.", options->endpoint ? options->endpoint : "");
        return RESULT_INVALID;
    }
    link->moved_ms = clock_monotonic_ms();
    return RESULT_OK;
}

void blob_link_close(struct blob_link *link, int linger_ms)
{
    if (link->socket) {
        (void)set_int(link->socket, ZMQ_LINGER, linger_ms);
        zmq_socket_monitor(link->socket, NULL, 0);
        zmq_close(link->socket);
    }
    if (link->monitor)
        zmq_close(link->monitor);
    zmq_msg_close(&link->frame);
    if (link->own_context && link->context)
        while (zmq_ctx_term(link->context) != 0 && errno == EINTR)
            continue;
    arena_done(&link->arena);
    link->socket = link->monitor = link->context = NULL;
}

/* ---- saying */

enum result blob_link_say(struct blob_link *link, Lienthong__V1__Envelope__BodyCase body, void *message)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    zmq_msg_t frame;

    envelope.correlation = CORRELATION;
    envelope.body_case = body;
    envelope.chunk = message;           /* of the union: whichever it is */
    if (frame_pack(&envelope, &frame) != RESULT_OK)
        return blob_refuse(link->refusal, RESULT_FULL, "Hết bộ nhớ.", "No memory.");
    if (zmq_msg_send(&frame, link->socket, ZMQ_DONTWAIT) >= 0) {
        link->moved_ms = clock_monotonic_ms();
        return RESULT_OK;
    }
    int error = errno;
    zmq_msg_close(&frame);
    if (error == EAGAIN || error == EINTR)
        return RESULT_BUSY;
    return blob_refuse(link->refusal, RESULT_BROKEN, "Không gửi được: %s.", "Nothing can be sent: %s.",
                       zmq_strerror(error));
}

/* ---- hearing */

/* One event is two parts: number and value, then the address. */
static void look_at_events(struct blob_link *link)
{
    zmq_msg_t part;
    bool first = true;

    zmq_msg_init(&part);
    while (zmq_msg_recv(&part, link->monitor, ZMQ_DONTWAIT) >= 0) {
        uint16_t event = 0;
        if (first && zmq_msg_size(&part) >= sizeof event)
            memcpy(&event, zmq_msg_data(&part), sizeof event);
        first = !zmq_msg_more(&part);
        link->up |= event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        link->key_refused |= event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
        link->lost |= event == ZMQ_EVENT_DISCONNECTED && link->up;
    }
    zmq_msg_close(&part);
}

/* RESULT_OK with *ret_envelope NULL: not one of this transfer. */
static enum result take_frame(struct blob_link *link, const Lienthong__V1__Envelope **ret_envelope)
{
    struct lienthong_delivery *delivery = NULL;
    bool more = zmq_msg_more(&link->frame);
    Lienthong__V1__Envelope *envelope = more ? NULL
        : frame_read(&link->arena, span_of(zmq_msg_data(&link->frame), zmq_msg_size(&link->frame)), &delivery);

    link->moved_ms = clock_monotonic_ms();
    if (envelope && delivery)
        frame_delivery_free(delivery);
    if (!envelope || delivery)
        return blob_nonsense(link->refusal, "không đọc được thông điệp", "a frame cannot be read");
    /* 0: a frame of ours was no envelope to it. */
    if (envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_REFUSED &&
        (envelope->correlation == CORRELATION || !envelope->correlation))
        return refused(link, envelope->refused);
    if (envelope->correlation == CORRELATION)
        *ret_envelope = envelope;
    return RESULT_OK;
}

static enum result given_up(struct blob_link *link)
{
    if (link->key_refused) {
        problem_set(&link->refusal->problem, PROBLEM_NOT_ALLOWED, "",
                    "Cổng không nhận khóa của đơn vị này: kiểm tra tệp khóa, hoặc nhờ quản trị cổng thêm khóa "
                    "công khai.",
                    "The gateway does not take this agency's key: check the key file, or have its public key added.");
        return RESULT_INVALID;
    }
    if (link->lost)
        return blob_refuse(link->refusal, RESULT_BUSY, "Kết nối với cổng bị ngắt; gửi lại được.",
                           "The line to the gateway broke; it may be tried again.");
    return blob_refuse(link->refusal, RESULT_BUSY, "Cổng không trả lời tại %s; gửi lại được.",
                       "No answer from the gateway at %s; it may be tried again.", link->options->endpoint);
}

enum result blob_link_progress(struct blob_link *link, uint64_t done, uint64_t size)
{
    const struct lienthong_blob_options *options = link->options;

    link->done = done;
    link->size = size;
    if (!options->on_progress || options->on_progress(options->context, done, size))
        return RESULT_OK;
    link->stopped = true;
    return blob_refuse(link->refusal, RESULT_BUSY, "Đã dừng theo yêu cầu.", "Stopped, as asked.");
}

int64_t blob_link_silent_ms(const struct blob_link *link)
{
    return link->options->silent_ms ? link->options->silent_ms : BLOB_SILENT_MS;
}

enum result blob_link_wait(struct blob_link *link, int64_t for_ms)
{
    int64_t until_ms = clock_monotonic_ms() + for_ms, left_ms = for_ms;
    enum result result = RESULT_OK;

    for (; result == RESULT_OK && left_ms > 0; left_ms = until_ms - clock_monotonic_ms()) {
        (void)poll(NULL, 0, (int)(left_ms < POLL_MS_MAX ? left_ms : POLL_MS_MAX));
        result = blob_link_progress(link, link->done, link->size);
    }
    return result;
}

enum result blob_link_hear(struct blob_link *link, bool room, const Lienthong__V1__Envelope **ret_envelope)
{
    int64_t silent_ms = blob_link_silent_ms(link);
    enum result result = RESULT_OK;

    *ret_envelope = NULL;
    while (result == RESULT_OK) {
        zmq_pollitem_t items[] = {
            { .socket = link->socket, .events = room ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN },
            { .socket = link->monitor, .events = ZMQ_POLLIN },
        };
        look_at_events(link);           /* first: what had come before the line broke is read all the same */
        if (zmq_msg_recv(&link->frame, link->socket, ZMQ_DONTWAIT) >= 0) {
            result = take_frame(link, ret_envelope);
            if (result != RESULT_OK || *ret_envelope)
                return result;
            continue;
        }
        int64_t left_ms = link->moved_ms + silent_ms - clock_monotonic_ms();
        if (link->lost || link->key_refused || left_ms <= 0)
            return given_up(link);
        int count = zmq_poll(items, 2, left_ms < POLL_MS_MAX ? (long)left_ms : POLL_MS_MAX);
        if (count > 0 && items[0].revents & ZMQ_POLLOUT)
            return RESULT_OK;
        if (count <= 0)                 /* a signal, or half a second without anything */
            result = blob_link_progress(link, link->done, link->size);
    }
    return result;
}
