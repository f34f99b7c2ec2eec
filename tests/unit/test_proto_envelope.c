/* The envelope written by hand holds the very bytes that protobuf-c writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/envelope.h"

static void assert_same(const Lienthong__V1__Envelope *envelope)
{
    struct envelope_size size = envelope_measure(envelope);
    size_t packed = lienthong__v1__envelope__get_packed_size(envelope);
    uint8_t *ours = malloc(size.frame), *theirs = malloc(packed);

    assert_non_null(ours);
    assert_non_null(theirs);
    assert_int_equal(size.frame, packed + 1);
    envelope_pack(envelope, size, ours);
    assert_int_equal(ours[0], 1);
    lienthong__v1__envelope__pack(envelope, theirs);
    assert_memory_equal(ours + 1, theirs, packed);
    free(ours);
    free(theirs);
}

static void assert_same_with_correlations(Lienthong__V1__Envelope *envelope)
{
    const uint64_t correlations[] = { 0, 1, 127, 128, UINT32_MAX, UINT64_MAX };
    for (size_t i = 0; i < sizeof correlations / sizeof *correlations; i++) {
        envelope->correlation = correlations[i];
        assert_same(envelope);
    }
}

/* Where the length of a body takes one byte more, and on both sides of it. */
static void bodies_of_every_length(void **state)
{
    (void)state;
    static uint8_t payload[(1 << 14) + 8];
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;

    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    for (size_t size = 0; size < sizeof payload; size += size < 140 || size > 16370 ? 1 : 997) {
        submit.payload = (ProtobufCBinaryData){ .len = size, .data = size ? payload : NULL };
        assert_same_with_correlations(&envelope);
    }
}

static const ProtobufCMessageDescriptor *descriptor_of(unsigned body_case)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&lienthong__v1__envelope__descriptor, body_case);
    return field && field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

static void every_body_there_is(void **state)
{
    (void)state;
    unsigned count = 0;

    for (unsigned body_case = 1; body_case < 64; body_case++) {
        const ProtobufCMessageDescriptor *descriptor = descriptor_of(body_case);
        if (!descriptor)
            continue;
        Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
        ProtobufCMessage *body = malloc(descriptor->sizeof_message);
        assert_non_null(body);
        protobuf_c_message_init(descriptor, body);
        envelope.body_case = body_case;
        envelope.hello = (Lienthong__V1__Hello *)body;
        assert_same_with_correlations(&envelope);
        free(body);
        count++;
    }
    assert_int_equal(count, 29);                        /* of lienthong.proto; one more: look here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_of_every_length),
        cmocka_unit_test(every_body_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
