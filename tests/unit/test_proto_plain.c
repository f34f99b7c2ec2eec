/* What is read in one pass is what protobuf-c reads; everything else is left to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/plain.h"
#include "tests/unit/proto_random.h"

enum { ROUNDS = 200, DAMAGES = 20 };

static struct arena arena;
static uint8_t bytes[RANDOM_BYTES_MAX + 64], again[2 * RANDOM_BYTES_MAX], full_again[2 * RANDOM_BYTES_MAX];

static void *lend(void *data, size_t size)
{
    return arena_take(data, size);
}

static void keep(void *data, void *piece)
{
    (void)data, (void)piece;
}

static const ProtobufCAllocator in_arena = { .alloc = lend, .free = keep, .allocator_data = &arena };

static int start(void **state)
{
    (void)state;
    return arena_init(&arena, 4 << 20) != RESULT_OK;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* Whether it was read; if so, protobuf-c has read the same. */
static bool is_plain(const ProtobufCMessageDescriptor *descriptor, size_t size)
{
    ProtobufCMessage *plain = plain_read(span_of(bytes, size), descriptor, &in_arena);
    if (!plain)
        return false;
    ProtobufCMessage *full = protobuf_c_message_unpack(descriptor, NULL, size, bytes);
    assert_non_null(full);
    size_t packed = protobuf_c_message_pack(plain, again);
    assert_int_equal(protobuf_c_message_pack(full, full_again), packed);
    assert_memory_equal(again, full_again, packed);
    protobuf_c_message_free_unpacked(full, NULL);
    return true;
}

static void damage(size_t *size, uint32_t *seed)
{
    size_t at = random_below(seed, (uint32_t)*size);
    switch (random_below(seed, 4)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << random_below(seed, 8));
        return;
    case 1:
        bytes[at] = (uint8_t)random_below(seed, 256);
        return;
    case 2:
        *size = at;
        return;
    default:                                                    /* its beginning once more behind it */
        at = at < sizeof bytes - *size ? at : 0;
        memmove(bytes + *size, bytes, at);
        *size += at;
    }
}

static void every_message_there_is(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *list[RANDOM_DESCRIPTORS_MAX];
    unsigned count = random_descriptors(list), read = 0, read_damaged = 0;
    uint32_t seed = 1;

    for (unsigned i = 0; i < count; i++)
        for (int round = 0; round < ROUNDS; round++) {
            bool plain;
            arena_reset(&arena);
            ProtobufCMessage *message = random_message(list[i], &seed, &arena, &plain);
            size_t size = protobuf_c_message_pack(message, bytes);
            assert_int_equal(is_plain(list[i], size), plain);
            read += plain;
            for (int times = 0; times < DAMAGES && size; times++) {
                damage(&size, &seed);
                read_damaged += is_plain(list[i], size);
            }
        }
    assert_true(count > 40 && read > 1000 && read_damaged > 1000);
}

static bool reads(const ProtobufCMessageDescriptor *descriptor, const char *content, size_t size)
{
    arena_reset(&arena);
    memcpy(bytes, content, size);
    return is_plain(descriptor, size);
}

#define READS(message, content) reads(&lienthong__v1__##message##__descriptor, content, sizeof content - 1)

/* Each says the same as the first, or something; none is as it is written by whoever packs it. */
static void what_is_left_to_others(void **state)
{
    (void)state;
    assert_true(READS(checkpoint, "\x08\x01\x10\x02\x1A\x01x"));
    assert_true(READS(checkpoint, ""));
    assert_true(READS(checkpoint, "\x08\x00\x1A\x00"));                         /* zero, and said so */
    assert_false(READS(checkpoint, "\x10\x02\x08\x01\x1A\x01x"));               /* another order */
    assert_false(READS(checkpoint, "\x08\x01\x08\x01\x10\x02"));                /* twice */
    assert_false(READS(checkpoint, "\x08\x01\x20\x01"));                        /* field 4 is of tomorrow */
    assert_false(READS(checkpoint, "\x88\x80\x00\x01"));                        /* a tag longer than need be */
    assert_false(READS(checkpoint, "\x1A\x81\x80\x80\x80\x80\x00x"));           /* ... a length, which no one takes */
    assert_false(READS(checkpoint, "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"));
    assert_false(READS(checkpoint, "\x10\xFF\xFF\xFF\xFF\x7F"));                /* more than a uint32 */
    assert_false(READS(checkpoint, "\x08\x01\x1A\x02x"));                       /* cut */
    assert_false(READS(checkpoint, "\x08"));
    assert_false(READS(checkpoint, "\x0D\x01\x00\x00\x00"));                    /* four bytes */
    assert_false(READS(checkpoint, "\x0A\x01x"));                               /* bytes for a number */
    assert_false(READS(checkpoint, "\x18\x01"));                                /* a number for bytes */
    assert_true(READS(outcome, "\x22\x02\xC4\x91\x68\x01"));
    assert_false(READS(outcome, "\x68\x02"));                                   /* a bool of two */
    assert_false(READS(outcome, "\x22\x01\xC4"));                               /* no UTF-8 */
    assert_false(READS(outcome, "\x22\x03" "a\0b"));
    assert_false(READS(hello, "\x1A\x01\x01"));                                 /* a list */
    assert_true(READS(deliver, "\x22\x03\x0A\x01" "A"));                        /* a message inside */
    assert_false(READS(deliver, "\x22\x03\x0A\x01\xFF"));
    assert_true(READS(envelope, "\x08\x07\x5A\x02\x0A\x00"));
    assert_false(READS(envelope, "\x52\x00\x5A\x00"));                          /* two bodies */
}

/* Bytes stay where they are, texts do not: they get an end. */
static void where_it_lies(void **state)
{
    (void)state;
    arena_reset(&arena);
    memcpy(bytes, "\x0A\x02" "AB" "\x12\x01" "C", 7);
    Lienthong__V1__CursorAck *ack =
        (Lienthong__V1__CursorAck *)plain_read(span_of(bytes, 7), &lienthong__v1__cursor_ack__descriptor, &in_arena);
    assert_non_null(ack);
    assert_string_equal(ack->name, "AB");
    assert_true((uint8_t *)ack->name >= arena.bytes && (uint8_t *)ack->name < arena.bytes + arena.used);
    assert_ptr_equal(ack->value.data, bytes + 6);
    assert_int_equal(ack->value.len, 1);
}

static void no_memory_is_no_message(void **state)
{
    (void)state;
    struct arena whole = arena;
    size_t needed = 0;

    memcpy(bytes, "\x08\x07\xE2\x01\x05\x0A\x03" "abc", 10);        /* a CURSOR in an envelope */
    for (arena.size = 0; arena.size < whole.size && !needed; arena.size += 16) {
        arena_reset(&arena);
        if (plain_read(span_of(bytes, 10), &lienthong__v1__envelope__descriptor, &in_arena))
            needed = arena.size;
    }
    arena.size = whole.size;
    assert_true(needed >= sizeof(Lienthong__V1__Envelope) + sizeof(Lienthong__V1__Cursor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_there_is),
        cmocka_unit_test(what_is_left_to_others),
        cmocka_unit_test(where_it_lies),
        cmocka_unit_test(no_memory_is_no_message),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
