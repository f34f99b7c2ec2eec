#include "proto/envelope.h"

#include "gateway/base/result.h"
#include "proto/pack.h"

enum { VERSION = 1, TAG_CORRELATION = 1 << 3, BYTES_FOLLOW = 2 };

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
    size_t body = pack_size(body_of(envelope));
    size_t correlation = envelope->correlation ? 1 + pack_number_size(envelope->correlation) : 0;
    size_t head = 1 + correlation + pack_number_size(body_tag(envelope)) + pack_number_size(body);
    return (struct envelope_size){ .frame = head + body, .body = body };
}

void envelope_pack(const Lienthong__V1__Envelope *envelope, struct envelope_size size, uint8_t *ret_frame)
{
    uint8_t *at = ret_frame;

    *at++ = VERSION;
    if (envelope->correlation) {
        *at++ = TAG_CORRELATION;
        at = pack_number(at, envelope->correlation);
    }
    at = pack_number(at, body_tag(envelope));
    at = pack_number(at, size.body);
    must(at + size.body == ret_frame + size.frame);
    must(pack_message(body_of(envelope), at) == ret_frame + size.frame);
}
