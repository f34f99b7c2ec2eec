/* What comes from the gateway, read by the library: the same as protobuf-c reads, in whatever way it is written; and a
 * delivery that needs nothing of the frame it came in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/client/inside.h"
#include "tests/unit/proto_random.h"

enum { ROUNDS = 1500, DAMAGES = 12, FRAME_SIZE = 4 * RANDOM_BYTES_MAX };

static struct arena arena, made;
static uint8_t frame[FRAME_SIZE];

static int start(void **state)
{
    (void)state;
    return arena_init(&arena, READ_ARENA_BYTES) != RESULT_OK || arena_init(&made, 1 << 20) != RESULT_OK;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    arena_done(&made);
    return 0;
}

static void assert_same(const ProtobufCMessage *ours, const ProtobufCMessage *theirs)
{
    size_t size = protobuf_c_message_get_packed_size(theirs);
    uint8_t *bytes = malloc(2 * size + 1);

    assert_int_equal(protobuf_c_message_get_packed_size(ours), size);
    protobuf_c_message_pack(ours, bytes);
    protobuf_c_message_pack(theirs, bytes + size);
    assert_memory_equal(bytes, bytes + size, size);
    free(bytes);
}

static void assert_same_header(struct lienthong_delivery *delivery, const Lienthong__V1__Deliver *theirs)
{
    frame_delivery_header(delivery);
    Lienthong__V1__Header *header = theirs->header.len > HEADER_BYTES_MAX ? NULL
        : lienthong__v1__header__unpack(NULL, theirs->header.len, theirs->header.data);
    assert_true(!header == !delivery->header);
    if (!header)
        return;
    assert_same(&delivery->header->base, &header->base);
    lienthong__v1__header__free_unpacked(header, NULL);
}

/* As the library reads it from a frame of just these bytes, which is gone when a delivery is looked at; and as
 * protobuf-c does. */
static bool read_by_both(size_t size)
{
    uint8_t *exact = malloc(size);
    struct lienthong_delivery *delivery = NULL;
    Lienthong__V1__Envelope *theirs = lienthong__v1__envelope__unpack(NULL, size - 1, frame + 1);

    memcpy(exact, frame, size);
    Lienthong__V1__Envelope *ours = frame_read(&arena, span_of(exact, size), &delivery);
    if (!delivery && ours) {
        assert_non_null(theirs);
        assert_same(&ours->base, &theirs->base);
    }
    memset(exact, 0x5A, size);
    free(exact);
    if (delivery) {
        assert_non_null(theirs);
        assert_int_equal(theirs->body_case, LIENTHONG__V1__ENVELOPE__BODY_DELIVER);
        assert_true(ours->correlation == theirs->correlation && delivery->handoff_id == theirs->deliver->handoff_id);
        assert_int_equal(delivery->attempt, theirs->deliver->attempt);
        assert_same(&delivery->deliver->base, &theirs->deliver->base);
        assert_same_header(delivery, theirs->deliver);
        lienthong_delivery_free(delivery);
    }
    if (!ours && theirs)                                /* only one that has two bodies, a DELIVER among them */
        assert_non_null(memmem(frame, size, "\xBA\x01", 2));
    if (theirs)
        lienthong__v1__envelope__free_unpacked(theirs, NULL);
    return ours != NULL;
}

static size_t pack(Lienthong__V1__Envelope *envelope)
{
    frame[0] = FRAME_VERSION;
    return 1 + lienthong__v1__envelope__pack(envelope, frame + 1);
}

static size_t damage(size_t size, uint32_t *seed)
{
    uint8_t piece[32];
    size_t at = 1 + random_below(seed, (uint32_t)size - 1), most = size - at < sizeof piece ? size - at : sizeof piece;
    size_t length = 1 + random_below(seed, (uint32_t)most);

    switch (random_below(seed, 4)) {
    case 0:
        frame[at] = (uint8_t)random_below(seed, 256);
        return size;
    case 1:
        memmove(frame + at, frame + at + length, size - at - length);
        return size - length;
    case 2:
        memmove(frame + at + length, frame + at, size - at);
        return size + length;
    default:                                            /* to the front */
        memcpy(piece, frame + at, length);
        memmove(frame + 1 + length, frame + 1, at - 1);
        memcpy(frame + 1, piece, length);
        return size;
    }
}

/* A DELIVER with a header that is one, or may be anything else. */
static ProtobufCMessage *random_deliver(uint32_t *seed)
{
    static uint8_t header[RANDOM_BYTES_MAX];
    bool plain;
    ProtobufCMessage *from = random_message(&lienthong__v1__header__descriptor, seed, &made, &plain);
    ProtobufCMessage *message = random_message(&lienthong__v1__deliver__descriptor, seed, &made, &plain);

    if (random_below(seed, 8))
        ((Lienthong__V1__Deliver *)message)->header =
            (ProtobufCBinaryData){ protobuf_c_message_pack(from, header), header };
    return message;
}

static void whatever_comes_in_whatever_form(void **state)
{
    uint32_t seed = 4711;
    unsigned read = 0;
    const ProtobufCMessageDescriptor *whole = &lienthong__v1__envelope__descriptor;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
        const ProtobufCFieldDescriptor *field = &whole->fields[1 + random_below(&seed, whole->n_fields - 1)];
        bool plain, deliver = round % 2 || field->id == LIENTHONG__V1__ENVELOPE__BODY_DELIVER;
        arena_reset(&made);
        ProtobufCMessage *body = deliver ? random_deliver(&seed)
                                         : random_message(field->descriptor, &seed, &made, &plain);
        envelope.correlation = random_below(&seed, 3) ? OTHERS_FROM + (unsigned)round : 0;
        envelope.body_case = deliver ? (unsigned)LIENTHONG__V1__ENVELOPE__BODY_DELIVER : field->id;
        envelope.hello = (Lienthong__V1__Hello *)body;  /* whichever it is */
        size_t size = pack(&envelope);
        assert_true(read_by_both(size));
        for (int i = 0; i < DAMAGES && size > 1; i++) {
            size_t damaged = damage(pack(&envelope), &seed);
            if (damaged > 1)
                read += read_by_both(damaged);
        }
    }
    assert_true(read > ROUNDS);                         /* or nothing was compared */
}

/* The same DELIVER with its correlation behind it, and with its header in front: neither is read in one pass. */
static void the_order_does_not_matter(void **state)
{
    static const uint8_t forms[][32] = {
        { FRAME_VERSION, 0x08, 0x05, 0xBA, 0x01, 0x0D, 0x08, 0x07, 0x10, 0x02, 0x1A, 0x03, 0x12, 0x01, 'A', 0x2A, 0x02,
          'x', 'y' },
        { FRAME_VERSION, 0xBA, 0x01, 0x0D, 0x08, 0x07, 0x10, 0x02, 0x1A, 0x03, 0x12, 0x01, 'A', 0x2A, 0x02, 'x', 'y',
          0x08, 0x05 },
        { FRAME_VERSION, 0x08, 0x05, 0xBA, 0x01, 0x0D, 0x2A, 0x02, 'x', 'y', 0x1A, 0x03, 0x12, 0x01, 'A', 0x08, 0x07,
          0x10, 0x02 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct lienthong_delivery *delivery = NULL;
        memcpy(frame, forms[i], 19);
        Lienthong__V1__Envelope *shell = frame_read(&arena, span_of(frame, 19), &delivery);
        assert_true(shell && delivery && shell->correlation == 5);
        memset(frame, 0, 19);
        frame_delivery_header(delivery);
        assert_true(delivery->handoff_id == 7 && delivery->attempt == 2);
        assert_string_equal(delivery->header->sender, "A");
        assert_memory_equal(delivery->deliver->payload.data, "xy", 2);
        lienthong_delivery_free(delivery);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes_in_whatever_form),
        cmocka_unit_test(the_order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
