#include "proto/envelope.h"

#include "gateway/base/result.h"

enum { VERSION = 1, TAG_CORRELATION = 1 << 3, BYTES_FOLLOW = 2 };

static size_t number_size(uint64_t number)
{
    size_t bytes = 1;
    while (number >>= 7)
        bytes++;
    return bytes;
}

static uint8_t *number_write(uint8_t *at, uint64_t number)
{
    for (; number > 0x7F; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

/* The case of a oneof is the number of its field, and every arm of it is a pointer to a message. */
static const ProtobufCMessage *body_of(const Lienthong__V1__Envelope *envelope)
{
    must(envelope->body_case != LIENTHONG__V1__ENVELOPE__BODY__NOT_SET && envelope->hello);
    return &envelope->hello->base;
}

static uint64_t body_tag(const Lienthong__V1__Envelope *envelope)
{
    return (uint64_t)envelope->body_case << 3 | BYTES_FOLLOW;
}

struct envelope_size envelope_measure(const Lienthong__V1__Envelope *envelope)
{
    size_t body = protobuf_c_message_get_packed_size(body_of(envelope));
    size_t correlation = envelope->correlation ? 1 + number_size(envelope->correlation) : 0;
    size_t head = 1 + correlation + number_size(body_tag(envelope)) + number_size(body);
    return (struct envelope_size){ .frame = head + body, .body = body };
}

void envelope_pack(const Lienthong__V1__Envelope *envelope, struct envelope_size size, uint8_t *ret_frame)
{
    uint8_t *at = ret_frame;

    *at++ = VERSION;
    if (envelope->correlation) {
        *at++ = TAG_CORRELATION;
        at = number_write(at, envelope->correlation);
    }
    at = number_write(at, body_tag(envelope));
    at = number_write(at, size.body);
    must(at + size.body == ret_frame + size.frame);
    must(protobuf_c_message_pack(body_of(envelope), at) == size.body);
}
