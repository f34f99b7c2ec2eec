/* A message written by us holds the very bytes that protobuf-c writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/pack.h"
#include "tests/unit/proto_random.h"

enum { ROUNDS = 200 };

static uint8_t ours[RANDOM_BYTES_MAX + 64], theirs[RANDOM_BYTES_MAX + 64];

static size_t assert_same(const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_pack(message, theirs);
    assert_int_equal(pack_size(message), size);
    assert_ptr_equal(pack_message(message, ours), ours + size);
    assert_memory_equal(ours, theirs, size);
    return size;
}

static void numbers_of_every_length(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        for (uint64_t more = 0; more < 3; more++) {
            uint64_t number = (1ULL << bit) - 1 + more;
            uint8_t *end = pack_number(ours, number);
            Lienthong__V1__Ping ping = LIENTHONG__V1__PING__INIT;
            ping.stamp_ms = (int64_t)number;
            assert_int_equal(pack_number_size(number), end - ours);
            assert_same(&ping.base);
        }
}

static void every_message_there_is(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *list[RANDOM_DESCRIPTORS_MAX];
    unsigned count = random_descriptors(list);
    uint32_t seed = 1;
    struct arena arena;
    bool plain;

    assert_true(count > 40);
    assert_int_equal(arena_init(&arena, 1 << 20), RESULT_OK);
    for (unsigned i = 0; i < count; i++)
        for (int round = 0; round < ROUNDS; round++) {
            arena_reset(&arena);
            assert_same(random_message(list[i], &seed, &arena, &plain));
        }
    arena_done(&arena);
}

/* Texts that nobody set, and elements that are not there. */
static void what_is_null(void **state)
{
    (void)state;
    Lienthong__V1__Accepted accepted = LIENTHONG__V1__ACCEPTED__INIT;
    Lienthong__V1__Batch batch = LIENTHONG__V1__BATCH__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    ProtobufCBinaryData frames[2] = { { 0, NULL }, { 0, NULL } };
    Lienthong__V1__Money *none[2] = { NULL, NULL };
    char *texts[2] = { NULL, "" };

    accepted.durability = NULL;
    assert_int_equal(assert_same(&accepted.base), 0);
    batch.n_frames = 2;
    batch.frames = frames;
    assert_int_equal(assert_same(&batch.base), 4);
    facts.n_money = facts.n_aliases = 2;
    facts.money = none;
    facts.aliases = texts;
    assert_int_equal(assert_same(&facts.base), 8);
}

/* What a reader of today keeps of a writer of tomorrow goes out again. */
static void fields_of_tomorrow(void **state)
{
    (void)state;
    static const uint8_t routing[] = { 0x0A, 1, 'A', 0xFA, 0x7D, 3, 'n', 'e', 'w' };    /* field 2015 */
    Lienthong__V1__Deliver deliver = LIENTHONG__V1__DELIVER__INIT;

    deliver.handoff_id = 7;
    deliver.routing = lienthong__v1__routing__unpack(NULL, sizeof routing, routing);
    assert_non_null(deliver.routing);
    assert_int_equal(deliver.routing->base.n_unknown_fields, 1);
    assert_int_equal(assert_same(&deliver.base), 2 + 2 + sizeof routing);
    lienthong__v1__routing__free_unpacked(deliver.routing, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_length),
        cmocka_unit_test(every_message_there_is),
        cmocka_unit_test(what_is_null),
        cmocka_unit_test(fields_of_tomorrow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
