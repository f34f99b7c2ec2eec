#include "gateway/wire/wire_blob.h"

#include <string.h>

#include "gateway/wire/read.h"
#include "gateway/wire/write.h"

/* ---- in */

static bool read_hash(ProtobufCBinaryData data, struct hash *ret_hash, struct problem *ret_problem)
{
    if (data.len == HASH_SIZE) {
        memcpy(ret_hash->bytes, data.data, HASH_SIZE);
        return true;
    }
    problem_set(ret_problem, PROBLEM_INVALID_FIELD, "sha256", "phải có đúng %d byte", "exactly %d bytes", HASH_SIZE);
    return false;
}

static bool read_body(const Lienthong__V1__Envelope *envelope, struct blob_frame *frame, struct problem *ret_problem)
{
    switch (envelope->body_case) {
    case LIENTHONG__V1__ENVELOPE__BODY_BLOB_PUT:
        frame->kind = BLOB_FRAME_PUT;
        frame->size = envelope->blob_put->size;
        return read_hash(envelope->blob_put->sha256, &frame->sha256, ret_problem);
    case LIENTHONG__V1__ENVELOPE__BODY_BLOB_GET:
        frame->kind = BLOB_FRAME_GET;
        frame->number = envelope->blob_get->from;
        frame->until = envelope->blob_get->until;
        return read_hash(envelope->blob_get->sha256, &frame->sha256, ret_problem);
    case LIENTHONG__V1__ENVELOPE__BODY_CHUNK:
        frame->kind = BLOB_FRAME_CHUNK;
        frame->number = envelope->chunk->number;
        frame->bytes = span_of(envelope->chunk->bytes.len ? envelope->chunk->bytes.data : NULL,
                               envelope->chunk->bytes.len);
        return true;
    case LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT:
        frame->kind = BLOB_FRAME_CREDIT;
        frame->until = envelope->blob_credit->until;
        return true;
    default:
        problem_set(ret_problem, PROBLEM_MALFORMED, "", "ở đây chỉ nhận BLOB_PUT, BLOB_GET, CHUNK và BLOB_CREDIT",
                    "only BLOB_PUT, BLOB_GET, CHUNK and BLOB_CREDIT are spoken here");
        return false;
    }
}

bool wire_blob_read(struct span bytes, struct arena *arena, struct blob_frame *ret_frame,
                    struct frame_refusal *ret_refusal)
{
    struct lender lender;

    *ret_frame = (struct blob_frame){ 0 };
    *ret_refusal = (struct frame_refusal){ 0 };
    if (!read_version(bytes, BLOB_FRAME_BYTES_MAX, &ret_refusal->problem))
        return false;
    const Lienthong__V1__Envelope *envelope = read_envelope(&lender, arena, bytes, ret_refusal);
    if (!envelope)
        return false;
    ret_frame->correlation = envelope->correlation;
    if (envelope->correlation)
        return read_body(envelope, ret_frame, &ret_refusal->problem);
    problem_set(&ret_refusal->problem, PROBLEM_INVALID_FIELD, "correlation", "mỗi lượt truyền cần một số khác 0",
                "a transfer needs a number that is not 0");
    return false;
}

/* ---- out */

void wire_blob_credit(uint64_t until, uint64_t correlation, struct wire_out *ret_out)
{
    wire_begin(ret_out, correlation);
    lienthong__v1__blob_credit__init(&ret_out->blob_credit);
    ret_out->blob_credit.until = until;
    ret_out->blob_credit.chunk_bytes = BLOB_PIECE_BYTES;
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT, &ret_out->blob_credit);
}

void wire_blob_found(uint64_t size, uint64_t correlation, struct wire_out *ret_out)
{
    wire_begin(ret_out, correlation);
    lienthong__v1__blob_found__init(&ret_out->blob_found);
    ret_out->blob_found.size = size;
    ret_out->blob_found.chunk_bytes = BLOB_PIECE_BYTES;
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_BLOB_FOUND, &ret_out->blob_found);
}

void wire_chunk(uint64_t number, struct span bytes, uint64_t correlation, struct wire_out *ret_out)
{
    wire_begin(ret_out, correlation);
    lienthong__v1__chunk__init(&ret_out->chunk);
    ret_out->chunk.number = number;
    ret_out->chunk.bytes = data_of_span(bytes);
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_CHUNK, &ret_out->chunk);
}

void wire_blob_stored(const struct blob_stored *stored, uint64_t correlation, struct wire_out *ret_out)
{
    wire_begin(ret_out, correlation);
    lienthong__v1__blob_stored__init(&ret_out->blob_stored);
    ret_out->blob_stored.sha256 = data_of_hash(stored->sha256);
    ret_out->blob_stored.size = stored->size;
    ret_out->blob_stored.commit_seq = stored->commit_seq;
    ret_out->blob_stored.duplicate = stored->duplicate;
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_BLOB_STORED, &ret_out->blob_stored);
}
