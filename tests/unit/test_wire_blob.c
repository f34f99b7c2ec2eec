/* The socket for blobs: what is understood there, what is refused and how, and that what we write is what protobuf
 * reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/wire/wire_blob.h"

enum { ROOM = 4 * BLOB_FRAME_BYTES_MAX };
static struct arena arena;
static struct blob_frame frame;
static struct frame_refusal refusal;
static uint8_t bytes[2 * BLOB_FRAME_BYTES_MAX], content[2 * BLOB_PIECE_BYTES], hash_bytes[HASH_SIZE + 1];

static int start(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31 + i / 251);
    for (unsigned i = 0; i < sizeof hash_bytes; i++)
        hash_bytes[i] = (uint8_t)(0xA0 + i);
    return arena_init(&arena, ROOM + WIRE_EXTRA_BYTES) != RESULT_OK;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct span pack(const Lienthong__V1__Envelope *envelope)
{
    assert_true(1 + lienthong__v1__envelope__get_packed_size(envelope) <= sizeof bytes);
    bytes[0] = WIRE_VERSION;
    return span_of(bytes, 1 + lienthong__v1__envelope__pack(envelope, bytes + 1));
}

static bool read(struct span span)
{
    arena_reset(&arena);
    memset(&frame, 0xEE, sizeof frame);
    memset(&refusal, 0xEE, sizeof refusal);
    return wire_blob_read(span, &arena, &frame, &refusal);
}

static void assert_refused(struct span span, enum problem_type type, const char *field, uint64_t correlation)
{
    assert_false(read(span));
    assert_int_equal(refusal.problem.type, type);
    assert_string_equal(refusal.problem.field, field);
    assert_true(refusal.problem.sentence_vi[0] && refusal.problem.sentence_en[0]);
    assert_int_equal(refusal.correlation, correlation);
    assert_false(refusal.has_message_id);
}

static ProtobufCBinaryData data(const void *from, size_t size)
{
    return (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)(uintptr_t)from };
}

#define ENVELOPE(name, number, which, type, TYPE) \
    Lienthong__V1__Envelope name = LIENTHONG__V1__ENVELOPE__INIT; \
    Lienthong__V1__##type which = LIENTHONG__V1__##TYPE##__INIT; \
    name.correlation = number; \
    name.body_case = LIENTHONG__V1__ENVELOPE__BODY_##TYPE; \
    name.which = &which

/* ---- in */

static void the_four_that_are_spoken(void **state)
{
    (void)state;
    {
        ENVELOPE(envelope, 7, blob_put, BlobPut, BLOB_PUT);
        blob_put.sha256 = data(hash_bytes, HASH_SIZE);
        blob_put.size = UINT64_MAX;                         /* whether that may be is the core's to judge */
        assert_true(read(pack(&envelope)));
        assert_int_equal(frame.kind, BLOB_FRAME_PUT);
        assert_int_equal(frame.correlation, 7);
        assert_int_equal(frame.size, UINT64_MAX);
        assert_memory_equal(frame.sha256.bytes, hash_bytes, HASH_SIZE);
        assert_true(!frame.number && !frame.until && !frame.bytes.size);
    }
    {
        ENVELOPE(envelope, UINT64_MAX, blob_get, BlobGet, BLOB_GET);
        blob_get.sha256 = data(hash_bytes, HASH_SIZE);
        blob_get.from = 3;
        blob_get.until = 19;
        assert_true(read(pack(&envelope)));
        assert_int_equal(frame.kind, BLOB_FRAME_GET);
        assert_int_equal(frame.correlation, UINT64_MAX);
        assert_int_equal(frame.number, 3);
        assert_int_equal(frame.until, 19);
        assert_memory_equal(frame.sha256.bytes, hash_bytes, HASH_SIZE);
    }
    {
        ENVELOPE(envelope, 1, blob_credit, BlobCredit, BLOB_CREDIT);
        assert_true(read(pack(&envelope)));                 /* 0: no more */
        assert_int_equal(frame.kind, BLOB_FRAME_CREDIT);
        assert_int_equal(frame.until, 0);
        blob_credit.until = 1ULL << 40;
        assert_true(read(pack(&envelope)));
        assert_int_equal(frame.until, 1ULL << 40);
    }
    {
        ENVELOPE(envelope, 2, chunk, Chunk, CHUNK);
        chunk.number = 16383;
        chunk.bytes = data(content, BLOB_PIECE_BYTES);
        struct span span = pack(&envelope);
        assert_in_range(span.size, BLOB_PIECE_BYTES, BLOB_FRAME_BYTES_MAX);     /* a whole one fits */
        assert_true(read(span));
        assert_int_equal(frame.kind, BLOB_FRAME_CHUNK);
        assert_int_equal(frame.number, 16383);
        assert_int_equal(frame.bytes.size, BLOB_PIECE_BYTES);
        assert_memory_equal(frame.bytes.bytes, content, BLOB_PIECE_BYTES);
        assert_true(frame.bytes.bytes >= span.bytes && frame.bytes.bytes < span.bytes + span.size);     /* lent */
        chunk.bytes = data(NULL, 0);
        assert_true(read(pack(&envelope)));
        assert_int_equal(frame.bytes.size, 0);
    }
}

static void hashes_have_one_length(void **state)
{
    static const size_t lengths[] = { 0, 1, HASH_SIZE - 1, HASH_SIZE + 1 };
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        ENVELOPE(put, 8, blob_put, BlobPut, BLOB_PUT);
        blob_put.sha256 = data(hash_bytes, lengths[i]);
        assert_refused(pack(&put), PROBLEM_INVALID_FIELD, "sha256", 8);
        ENVELOPE(get, 9, blob_get, BlobGet, BLOB_GET);
        blob_get.sha256 = data(hash_bytes, lengths[i]);
        assert_refused(pack(&get), PROBLEM_INVALID_FIELD, "sha256", 9);
    }
}

static void a_transfer_has_a_number(void **state)
{
    (void)state;
    ENVELOPE(envelope, 0, blob_put, BlobPut, BLOB_PUT);
    blob_put.sha256 = data(hash_bytes, HASH_SIZE);
    assert_refused(pack(&envelope), PROBLEM_INVALID_FIELD, "correlation", 0);
    ENVELOPE(credit, 0, blob_credit, BlobCredit, BLOB_CREDIT);
    assert_refused(pack(&credit), PROBLEM_INVALID_FIELD, "correlation", 0);
}

/* Of the other socket, of the gateway's own, or nothing at all. */
static void foreign_bodies(void **state)
{
    (void)state;
    Lienthong__V1__Envelope empty = LIENTHONG__V1__ENVELOPE__INIT;
    empty.correlation = 3;
    assert_refused(pack(&empty), PROBLEM_MALFORMED, "", 3);
    ENVELOPE(of_hello, 4, hello, Hello, HELLO);
    assert_refused(pack(&of_hello), PROBLEM_MALFORMED, "", 4);
    ENVELOPE(of_submit, 5, submit, Submit, SUBMIT);
    assert_refused(pack(&of_submit), PROBLEM_MALFORMED, "", 5);
    ENVELOPE(of_batch, 5, batch, Batch, BATCH);
    assert_refused(pack(&of_batch), PROBLEM_MALFORMED, "", 5);
    ENVELOPE(found, 6, blob_found, BlobFound, BLOB_FOUND);
    assert_refused(pack(&found), PROBLEM_MALFORMED, "", 6);
    ENVELOPE(stored, 6, blob_stored, BlobStored, BLOB_STORED);
    assert_refused(pack(&stored), PROBLEM_MALFORMED, "", 6);
    ENVELOPE(of_refused, 6, refused, Refused, REFUSED);
    assert_refused(pack(&of_refused), PROBLEM_MALFORMED, "", 6);
}

/* And ours are not spoken there. */
static void not_on_the_other_socket(void **state)
{
    struct frame other;
    (void)state;
    ENVELOPE(envelope, 7, blob_put, BlobPut, BLOB_PUT);
    blob_put.sha256 = data(hash_bytes, HASH_SIZE);
    for (int admin = 0; admin < 2; admin++) {
        arena_reset(&arena);
        assert_false(wire_read(pack(&envelope), admin, &arena, &other, &refusal));
        assert_int_equal(refusal.problem.type, PROBLEM_MALFORMED);
    }
}

static void versions_and_lengths(void **state)
{
    (void)state;
    ENVELOPE(envelope, 7, chunk, Chunk, CHUNK);
    chunk.bytes = data(content, BLOB_PIECE_BYTES);
    struct span span = pack(&envelope);
    for (unsigned version = 0; version < 256; version++) {
        bytes[0] = (uint8_t)version;
        assert_int_equal(read(span), version == WIRE_VERSION);
        if (version != WIRE_VERSION)
            assert_refused(span, PROBLEM_VERSION, "", 0);
    }
    bytes[0] = WIRE_VERSION;
    assert_false(read((struct span){ 0 }));
    assert_refused(span_of(bytes, 1), PROBLEM_INVALID_FIELD, "correlation", 0);     /* an envelope of nothing */
    assert_false(read(span_of(bytes, span.size - 1)));
    assert_int_equal(refusal.problem.type, PROBLEM_MALFORMED);

    size_t around = span.size - BLOB_PIECE_BYTES;           /* the largest frame, and one byte more */
    chunk.bytes.len = BLOB_FRAME_BYTES_MAX - around;
    span = pack(&envelope);
    assert_int_equal(span.size, BLOB_FRAME_BYTES_MAX);
    assert_true(read(span));
    assert_int_equal(frame.bytes.size, BLOB_FRAME_BYTES_MAX - around);     /* too long a chunk: not said here */
    chunk.bytes.len++;
    assert_refused(pack(&envelope), PROBLEM_TOO_LARGE, "", 0);
}

/* With a field that we do not know it is read by protobuf-c, which copies: what is lent then is the arena's. */
static void a_chunk_with_something_new(void **state)
{
    static const uint8_t unknown[] = { 0xF8, 0x07, 1 };
    (void)state;
    ENVELOPE(envelope, 6, chunk, Chunk, CHUNK);
    chunk.number = 2;
    chunk.bytes = data(content, BLOB_PIECE_BYTES);
    struct span span = pack(&envelope);
    memcpy(bytes + span.size, unknown, sizeof unknown);
    assert_true(read(span_of(bytes, span.size + sizeof unknown)));
    assert_int_equal(frame.number, 2);
    assert_true(span_equal(frame.bytes, span_of(content, BLOB_PIECE_BYTES)));
    assert_true(frame.bytes.bytes >= arena.bytes && frame.bytes.bytes < arena.bytes + arena.used);
}

/* Cut anywhere, a bit changed anywhere, anything else: it ends, and what is taken is sound. */
static void any_bytes(void **state)
{
    uint64_t dice = 88172645463325252ULL;
    unsigned taken = 0;
    (void)state;
    ENVELOPE(put, 77, blob_put, BlobPut, BLOB_PUT);
    blob_put.sha256 = data(hash_bytes, HASH_SIZE);
    blob_put.size = 70000;
    uint8_t sample[128], changed[128];
    struct span span = pack(&put);
    memcpy(sample, span.bytes, span.size);
    for (size_t cut = 0; cut < span.size; cut++)
        assert_false(read(span_of(sample, cut)));
    for (unsigned round = 0; round < 50000; round++) {
        memcpy(changed, sample, span.size);
        for (unsigned changes = 1 + round % 3; changes; changes--) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            changed[dice % span.size] = (uint8_t)(dice >> 56);
        }
        if (!read(span_of(changed, span.size))) {
            assert_int_not_equal(refusal.problem.type, 0);
            continue;
        }
        taken++;
        assert_int_not_equal(frame.correlation, 0);
        assert_in_range(frame.kind, BLOB_FRAME_PUT, BLOB_FRAME_CREDIT);
        assert_true(!frame.bytes.size || (frame.bytes.bytes > changed &&
                                          frame.bytes.bytes + frame.bytes.size <= changed + span.size));
    }
    assert_in_range(taken, 1000, 49999);
}

/* ---- out */

static Lienthong__V1__Envelope *said(const struct wire_out *out)
{
    assert_in_range(out->bytes, 2, BLOB_FRAME_BYTES_MAX);
    memset(bytes, 0xEE, sizeof bytes);
    wire_pack(out, bytes);
    assert_int_equal(bytes[0], WIRE_VERSION);
    assert_int_equal(bytes[out->bytes], 0xEE);
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, out->bytes - 1, bytes + 1);
    assert_non_null(envelope);
    return envelope;
}

static void what_is_written_is_read_by_protobuf(void **state)
{
    struct wire_out out;
    struct hash hash;
    (void)state;
    memcpy(hash.bytes, hash_bytes, HASH_SIZE);

    wire_blob_credit(16, 7, &out);
    Lienthong__V1__Envelope *envelope = said(&out);
    assert_int_equal(envelope->body_case, LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT);
    assert_int_equal(envelope->correlation, 7);
    assert_int_equal(envelope->blob_credit->until, 16);
    assert_int_equal(envelope->blob_credit->chunk_bytes, 65536);
    lienthong__v1__envelope__free_unpacked(envelope, NULL);

    wire_blob_found(BLOB_BYTES_MAX, UINT64_MAX, &out);
    envelope = said(&out);
    assert_int_equal(envelope->body_case, LIENTHONG__V1__ENVELOPE__BODY_BLOB_FOUND);
    assert_int_equal(envelope->correlation, UINT64_MAX);
    assert_int_equal(envelope->blob_found->size, 1073741824);
    assert_int_equal(envelope->blob_found->chunk_bytes, 65536);
    lienthong__v1__envelope__free_unpacked(envelope, NULL);

    static const size_t lengths[] = { 1, 127, 128, BLOB_PIECE_BYTES };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (uint64_t number = 0; number < 40000; number += 16383) {
            wire_chunk(number, span_of(content, lengths[i]), 8, &out);
            envelope = said(&out);
            assert_int_equal(envelope->body_case, LIENTHONG__V1__ENVELOPE__BODY_CHUNK);
            assert_int_equal(envelope->chunk->number, number);
            assert_int_equal(envelope->chunk->bytes.len, lengths[i]);
            assert_memory_equal(envelope->chunk->bytes.data, content, lengths[i]);
            lienthong__v1__envelope__free_unpacked(envelope, NULL);
        }

    for (unsigned duplicate = 0; duplicate < 2; duplicate++) {
        struct blob_stored stored = { .sha256 = &hash, .size = 5, .commit_seq = duplicate ? 0 : 900,
                                      .duplicate = duplicate };
        wire_blob_stored(&stored, 9, &out);
        envelope = said(&out);
        assert_int_equal(envelope->body_case, LIENTHONG__V1__ENVELOPE__BODY_BLOB_STORED);
        assert_int_equal(envelope->correlation, 9);
        assert_int_equal(envelope->blob_stored->size, 5);
        assert_int_equal(envelope->blob_stored->commit_seq, duplicate ? 0 : 900);
        assert_int_equal(envelope->blob_stored->duplicate, duplicate);
        assert_int_equal(envelope->blob_stored->sha256.len, HASH_SIZE);
        assert_memory_equal(envelope->blob_stored->sha256.data, hash_bytes, HASH_SIZE);
        lienthong__v1__envelope__free_unpacked(envelope, NULL);
    }
}

/* What the other end says, we would understand: chunks and credit go both ways. */
static void what_is_written_is_read_here(void **state)
{
    struct wire_out out;
    (void)state;
    wire_chunk(11, span_of(content, 5000), 12, &out);
    wire_pack(&out, bytes);
    assert_true(read(span_of(bytes, out.bytes)));
    assert_true(frame.kind == BLOB_FRAME_CHUNK && frame.number == 11 && frame.correlation == 12);
    assert_true(span_equal(frame.bytes, span_of(content, 5000)));
    wire_blob_credit(13, 14, &out);
    wire_pack(&out, bytes);
    assert_true(read(span_of(bytes, out.bytes)));
    assert_true(frame.kind == BLOB_FRAME_CREDIT && frame.until == 13 && frame.correlation == 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_four_that_are_spoken), cmocka_unit_test(hashes_have_one_length),
        cmocka_unit_test(a_transfer_has_a_number), cmocka_unit_test(foreign_bodies),
        cmocka_unit_test(not_on_the_other_socket), cmocka_unit_test(versions_and_lengths),
        cmocka_unit_test(a_chunk_with_something_new), cmocka_unit_test(any_bytes),
        cmocka_unit_test(what_is_written_is_read_by_protobuf),
        cmocka_unit_test(what_is_written_is_read_here),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
