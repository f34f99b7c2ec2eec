/* fuzz_client.c - the client library with a gateway that says anything. The socket is not there: this file stands in
 * for the two libzmq calls through which frames come and go, and for the clock.
 *
 * An input is a row of acts: a frame of any bytes, a frame that answers the last question, or something that the
 * library's user does. Must hold: nothing that comes can make it read or write where it should not, or lose memory;
 * what it gives its user is whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/client/inside.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/client_clock.h"

enum { ACTS_MAX = 48, OPEN_MAX = 16, FRAMES_MAX = 64 };

static struct lienthong *lienthong;
static struct taste input;
static uint64_t correlations[FRAMES_MAX];               /* of what was sent */
static unsigned sent;
static struct lienthong_delivery *deliveries[OPEN_MAX];
static unsigned delivery_count;

/* ---- instead of libzmq */

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags)
{
    size_t size = zmq_msg_size(message);
    (void)flags;
    if (!lienthong || socket != lienthong->socket) {    /* libzmq's own monitor */
        zmq_msg_close(message);
        return (int)size;
    }
    must(size > 0);
    Lienthong__V1__Envelope *envelope =
        lienthong__v1__envelope__unpack(NULL, size - 1, (const uint8_t *)zmq_msg_data(message) + 1);
    must(envelope != NULL);                             /* whatever is heard, what is said makes sense */
    correlations[sent++ % FRAMES_MAX] = envelope->correlation;
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
    zmq_msg_close(message);
    return (int)size;
}

static int give(zmq_msg_t *message, struct span bytes)
{
    must(zmq_msg_init_size(message, bytes.size) == 0);
    if (bytes.size)
        memcpy(zmq_msg_data(message), bytes.bytes, bytes.size);
    return (int)bytes.size;
}

static bool frame_due;

int zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    static uint8_t frame[4096 + 16];
    (void)flags;

    if (!lienthong || socket != lienthong->socket || !frame_due) {
        errno = EAGAIN;
        return -1;
    }
    frame_due = false;
    struct span body = taste_span(&input, 4096);
    size_t size = 0;
    uint8_t how = taste_u8(&input);
    frame[size++] = how == 255 ? 2 : 1;
    if (how & 1 && sent) {                              /* an answer to what was asked lately, or the last thing */
        uint64_t correlation = correlations[(sent - 1 - (how >> 1) % 4 % sent) % FRAMES_MAX];
        frame[size++] = 0x08;
        for (; correlation > 0x7F; correlation >>= 7)
            frame[size++] = (uint8_t)(correlation | 0x80);
        frame[size++] = (uint8_t)correlation;
    }
    if (body.size)
        memcpy(frame + size, body.bytes, body.size);
    return give(message, span_of(frame, size + body.size));
}

/* ---- the user */

static void on_answer(void *context, const struct lienthong_answer *answer)
{
    (void)context;
    must(answer->held_reason && answer->ticket);
    must(answer->accepted == (answer->problem.type == PROBLEM_NONE));
}

static void on_notice(void *context, const Lienthong__V1__Notice *notice)
{
    (void)context;
    must(notice && notice->reason && notice->dossier_code);
}

static void on_found(void *context, uint64_t correlation, const Lienthong__V1__Found *found,
                     const struct problem *problem)
{
    (void)context;
    must(correlation && !found != !problem);
}

static void on_deliver(void *context, struct lienthong_delivery *delivery)
{
    (void)context;
    must(delivery->deliver && delivery->deliver->routing && delivery->header && delivery->attempt);
    if (delivery_count == OPEN_MAX) {
        lienthong_delivery_free(delivery);
        return;
    }
    deliveries[delivery_count++] = delivery;
}

static void on_cursor(void *context, struct span name, struct span value, const struct problem *problem)
{
    (void)context;
    must(name.size && (problem || value.size <= CURSOR_VALUE_BYTES_MAX));
}

static void open_one(void)
{
    static void *zmq_context;
    char why[256];
    struct text text = text_of(why, sizeof why);

    if (!zmq_context)
        zmq_context = zmq_ctx_new();
    struct lienthong_options options = {
        .endpoint = "ipc:///nowhere/nobody", .roles = ROLE_SENDER | ROLE_RECEIVER, .agency = "H29.07",
        .zmq_context = zmq_context,
        .callbacks = { .on_answer = on_answer, .on_notice = on_notice, .on_found = on_found,
                       .on_deliver = on_deliver, .on_cursor = on_cursor } };
    memset(options.keys.gateway_public, 7, LIENTHONG_KEY_BYTES);
    memset(options.keys.secret, 9, LIENTHONG_KEY_BYTES);
    must(lienthong_open(&lienthong, &options, &text) == RESULT_OK);
}

static void submit(void)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    struct problem problem;
    uint64_t ticket;
    uint8_t id[16] = { 0x01, 0x95, 0x5f, 0x3a, 0x10, 0x00, 0x70, 0x01, 0x80 };

    id[15] = taste_u8(&input);
    header.message_id = (ProtobufCBinaryData){ sizeof id, id };
    header.kind = KIND_FORWARD;
    header.dossier_code = (char *)"H29.07-260304-0001";
    enum result result = lienthong_submit(lienthong, &header, taste_span(&input, 32), NULL, &ticket, &problem);
    must(result != RESULT_OK || ticket);
}

static void answer_delivery(void)
{
    if (!delivery_count)
        return;
    struct lienthong_delivery *delivery = deliveries[--delivery_count];
    struct lienthong_outcome outcome = { .handoff_id = delivery->handoff_id, .attempt = delivery->attempt,
                                         .verdict = 1 + taste_below(&input, VERDICT_END - 1), .detail = "words" };
    enum result result = RESULT_OK;
    if (taste_below(&input, 3) == 2)
        result = lienthong_checkpoint(lienthong, delivery->handoff_id, delivery->attempt, taste_span(&input, 16));
    if (result == RESULT_OK)
        result = lienthong_outcome(lienthong, &outcome);
    (void)lienthong_offer_is_stale(lienthong, delivery);
    lienthong_delivery_free(delivery);
}

static void user(uint8_t act)
{
    uint64_t correlation;
    enum result result = RESULT_OK;

    switch (act % 8) {
    case 0: submit(); return;
    case 1: answer_delivery(); return;
    case 2: result = lienthong_follow(lienthong, taste_u8(&input)); break;
    case 3: result = lienthong_track(lienthong, "H29.07-260304-0001", &correlation); break;
    case 4: result = lienthong_notice_ack(lienthong, taste_u8(&input)); break;
    case 5: result = lienthong_cursor_read(lienthong, span_of_string("outbox")); break;
    case 6:
        result = lienthong_cursor_write(lienthong, span_of_string("outbox"), taste_span(&input, 16),
                                        taste_span(&input, 16));
        break;
    default: result = lienthong_credit(lienthong, taste_u8(&input));
    }
    (void)result;
}

/* As if the handshake had just been done. */
static void shake_hands(void)
{
    if (lienthong->link == LINK_CONNECTING) {
        lienthong->link = LINK_GREETING;
        lienthong->hello_due = true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum result result = RESULT_OK;

    must(hash_start() == RESULT_OK);
    input = taste_of(bytes, size);
    sent = delivery_count = 0;
    clock_test_ms = 5000000;
    frame_due = false;
    open_one();
    for (unsigned i = 0; i < ACTS_MAX && input.left && result == RESULT_OK; i++) {
        uint8_t act = taste_u8(&input);
        if (act & 0x80)
            frame_due = true;
        else if (act & 0x40)
            clock_test_ms += 1 + (int64_t)(act & 0x3F) * (act & 0x3F) * 10;
        else
            user(act);
        result = lienthong_process(lienthong);
        shake_hands();
    }
    lienthong_close(lienthong);
    lienthong = NULL;
    while (delivery_count)
        lienthong_delivery_free(deliveries[--delivery_count]);
    return 0;
}
