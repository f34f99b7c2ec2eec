/* fuzz_blob.c - any bytes at all as a frame on the socket for blobs.
 *
 * Must hold: wire_blob_read() stays inside its bytes and its share of the arena; what it understood is what protobuf-c
 * reads in the same bytes, and is read again from what we would write; what it refused has a type, both sentences and
 * the number of its transfer, and that refusal can be packed. */
#include <stdlib.h>
#include <string.h>

#include "gateway/wire/wire_blob.h"
#include "tests/fuzz/fuzz.h"

static struct arena arena;

static bool is_inside(struct span part, struct span whole)
{
    return part.bytes >= whole.bytes && part.bytes + part.size <= whole.bytes + whole.size;
}

static void check_as_protobuf(const struct blob_frame *frame, struct span whole)
{
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, whole.size - 1, whole.bytes + 1);
    must(envelope != NULL && envelope->correlation == frame->correlation && frame->correlation);
    switch (frame->kind) {
    case BLOB_FRAME_PUT:
        must(envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_BLOB_PUT && envelope->blob_put->size == frame->size);
        must(envelope->blob_put->sha256.len == HASH_SIZE &&
             memcmp(envelope->blob_put->sha256.data, frame->sha256.bytes, HASH_SIZE) == 0);
        break;
    case BLOB_FRAME_GET:
        must(envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_BLOB_GET &&
             envelope->blob_get->from == frame->number && envelope->blob_get->until == frame->until);
        must(envelope->blob_get->sha256.len == HASH_SIZE &&
             memcmp(envelope->blob_get->sha256.data, frame->sha256.bytes, HASH_SIZE) == 0);
        break;
    case BLOB_FRAME_CHUNK:
        must(envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_CHUNK && envelope->chunk->number == frame->number);
        must(span_equal(frame->bytes, span_of(envelope->chunk->bytes.data, envelope->chunk->bytes.len)));
        must(!frame->bytes.size || is_inside(frame->bytes, whole) ||
             is_inside(frame->bytes, span_of(arena.bytes, arena.used)));
        break;
    default:
        must(frame->kind == BLOB_FRAME_CREDIT);
        must(envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT &&
             envelope->blob_credit->until == frame->until);
    }
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
}

/* Chunks and credit go both ways. */
static void check_written(const struct blob_frame *frame)
{
    struct blob_frame again;
    struct frame_refusal refusal;
    struct wire_out out;

    if (frame->kind == BLOB_FRAME_CHUNK)
        wire_chunk(frame->number, frame->bytes, frame->correlation, &out);
    else if (frame->kind == BLOB_FRAME_CREDIT)
        wire_blob_credit(frame->until, frame->correlation, &out);
    else
        return;
    uint8_t *bytes = malloc(out.bytes);
    must(bytes != NULL);
    wire_pack(&out, bytes);
    if (out.bytes <= BLOB_FRAME_BYTES_MAX) {
        must(wire_blob_read(span_of(bytes, out.bytes), &arena, &again, &refusal));
        must(again.kind == frame->kind && again.number == frame->number && again.until == frame->until);
        must(again.correlation == frame->correlation && span_equal(again.bytes, frame->bytes));
    }
    free(bytes);
}

static void check_refusal(const struct frame_refusal *refusal)
{
    struct wire_out out;

    must(refusal->problem.type > PROBLEM_NONE && refusal->problem.type < PROBLEM_END && !refusal->has_message_id);
    must(refusal->problem.sentence_vi[0] && refusal->problem.sentence_en[0]);
    wire_refused(refusal, 0, &out);
    uint8_t *bytes = malloc(out.bytes);
    must(bytes != NULL && out.bytes <= BLOB_FRAME_BYTES_MAX);
    wire_pack(&out, bytes);
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, out.bytes - 1, bytes + 1);
    must(envelope != NULL && envelope->correlation == refusal->correlation);
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct taste taste = taste_of(bytes, size);
    struct span whole = taste_rest(&taste);
    struct blob_frame frame;
    struct frame_refusal refusal;

    if (!arena.bytes)
        must(hash_start() == RESULT_OK && arena_init(&arena, 2 << 20) == RESULT_OK);
    arena_reset(&arena);
    if (wire_blob_read(whole, &arena, &frame, &refusal)) {
        must(arena.used <= whole.size + WIRE_EXTRA_BYTES);
        check_as_protobuf(&frame, whole);
        check_written(&frame);
    } else {
        check_refusal(&refusal);
    }
    return 0;
}
