#include <stdlib.h>
#include <string.h>

#include "gateway/base/pool.h"
#include "gateway/client/inside.h"
#include "proto/envelope.h"
#include "proto/plain.h"

enum result frame_pack(Lienthong__V1__Envelope *envelope, zmq_msg_t *ret_frame)
{
    struct envelope_size size = envelope_measure(envelope);

    if (zmq_msg_init_size(ret_frame, size.frame) != 0)
        return RESULT_FULL;
    envelope_pack(envelope, size, zmq_msg_data(ret_frame));
    return RESULT_OK;
}

enum result frame_say_accepted(zmq_msg_t *frame, uint64_t handoff_id)
{
    const uint8_t *bytes = zmq_msg_data(frame);
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, zmq_msg_size(frame) - 1, bytes + 1);
    zmq_msg_t changed;

    if (!envelope)
        return RESULT_FULL;                             /* it is ours, so only memory can be missing */
    must(envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_SUBMIT);
    envelope->submit->accepted_as = handoff_id;
    enum result result = frame_pack(envelope, &changed);
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
    if (result != RESULT_OK)
        return result;
    zmq_msg_move(frame, &changed);
    zmq_msg_close(&changed);
    return RESULT_OK;
}

/* ---- bounded memory for decoding: a frame of 1 MiB can ask for hundreds of times that in empty messages */

static void *arena_allocate(void *arena, size_t size)
{
    return arena_take(arena, size);
}

static void arena_forget(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

/* What outlives the frame: a delivery with all that it points at, in few pieces of memory that go together. */
struct slab {
    struct slab *next;
    size_t size, used;
    _Alignas(16) uint8_t bytes[];
};

struct whole {
    struct lienthong_delivery delivery;             /* first: what the caller has */
    struct slab *slabs;                             /* the whole itself lies in the last of them */
    size_t left;                                    /* it may still take so much */
};

enum { SLAB_MORE_BYTES = 4096 };

static void *slab_take(struct slab *slab, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;
    if (size > slab->size - slab->used || rounded > slab->size - slab->used)
        return NULL;
    void *piece = slab->bytes + slab->used;
    slab->used += rounded;
    return piece;
}

static struct slab *slab_new(size_t size)
{
    struct slab *slab = pool_malloc(sizeof *slab + size);
    if (slab)
        *slab = (struct slab){ .size = size };
    return slab;
}

static void *whole_allocate(void *context, size_t size)
{
    struct whole *whole = context;
    void *piece = size > whole->left ? NULL : slab_take(whole->slabs, size);

    if (!piece && size <= whole->left) {
        struct slab *slab = slab_new(size < SLAB_MORE_BYTES - 16 ? SLAB_MORE_BYTES : size + 16);
        if (slab) {
            slab->next = whole->slabs;
            whole->slabs = slab;
            piece = slab_take(slab, size);
        }
    }
    whole->left -= piece ? size : 0;
    return piece;
}

/* Room at once for what a small frame becomes: its texts and bytes twice (the header is there packed and decoded). */
static struct whole *whole_new(size_t frame_bytes)
{
    struct slab *slab = slab_new(sizeof(struct whole) + 2 * frame_bytes + 2048);
    struct whole *whole = slab ? slab_take(slab, sizeof *whole) : NULL;
    if (whole)
        *whole = (struct whole){ .slabs = slab, .left = READ_ARENA_BYTES };
    return whole;
}

void frame_delivery_free(struct lienthong_delivery *delivery)
{
    for (struct slab *slab = ((struct whole *)delivery)->slabs, *next; slab; slab = next) {
        next = slab->next;
        pool_free(slab);
    }
}

/* Back to where it was: what has been taken since is forgotten. */
static void whole_rewind(struct whole *whole, struct slab *slab, size_t used, size_t left)
{
    while (whole->slabs != slab) {
        struct slab *newer = whole->slabs;
        whole->slabs = newer->next;
        pool_free(newer);
    }
    slab->used = used;
    whole->left = left;
}

/* Of bytes that live as long as the whole: in one pass, or in whatever way they are written. */
static ProtobufCMessage *whole_read(struct whole *whole, const ProtobufCMessageDescriptor *descriptor,
                                    struct span bytes)
{
    ProtobufCAllocator inside = { whole_allocate, arena_forget, whole };
    struct slab *slab = whole->slabs;
    size_t used = slab->used, left = whole->left;
    ProtobufCMessage *message = plain_read(bytes, descriptor, &inside);

    if (message)
        return message;
    whole_rewind(whole, slab, used, left);
    return protobuf_c_message_unpack(descriptor, &inside, bytes.size, bytes.bytes);
}

void frame_delivery_header(struct lienthong_delivery *delivery)
{
    struct span header = frame_span(delivery->deliver->header);

    if (header.size <= HEADER_BYTES_MAX)
        delivery->header = (Lienthong__V1__Header *)whole_read((struct whole *)delivery,
                                                               &lienthong__v1__header__descriptor, header);
}

/* Is the first thing in this envelope, after the correlation, a DELIVER? */
static bool begins_with_deliver(struct span body)
{
    size_t at = 0;

    if (body.size && body.bytes[0] == (1 << 3 | 0)) {               /* correlation, a varint */
        do
            at++;
        while (at < body.size && body.bytes[at] & 0x80);
        at++;
    }
    /* Field 23, length-delimited: the tag 23 << 3 | 2 = 186 as a varint. */
    return at + 1 < body.size && body.bytes[at] == 0xBA && body.bytes[at + 1] == 0x01;
}

static Lienthong__V1__Envelope *read_delivery(struct arena *arena, struct span body,
                                              struct lienthong_delivery **ret_delivery)
{
    struct whole *whole = whole_new(body.size);
    Lienthong__V1__Envelope *envelope = NULL, *shell = arena_take(arena, sizeof *shell);
    uint8_t *copy = whole ? whole_allocate(whole, body.size) : NULL;

    if (copy)                                           /* the frame dies before the delivery */
        envelope = (Lienthong__V1__Envelope *)whole_read(whole, &lienthong__v1__envelope__descriptor,
                                                         span_of(memcpy(copy, body.bytes, body.size), body.size));
    if (!envelope || envelope->body_case != LIENTHONG__V1__ENVELOPE__BODY_DELIVER) {    /* or two bodies in one */
        if (whole)
            frame_delivery_free(&whole->delivery);
        return NULL;
    }
    must(shell);
    lienthong__v1__envelope__init(shell);
    shell->correlation = envelope->correlation;
    whole->delivery = (struct lienthong_delivery){ .handoff_id = envelope->deliver->handoff_id,
                                                   .attempt = envelope->deliver->attempt,
                                                   .deliver = envelope->deliver };
    *ret_delivery = &whole->delivery;
    return shell;
}

Lienthong__V1__Envelope *frame_read(struct arena *arena, struct span frame, struct lienthong_delivery **ret_delivery)
{
    ProtobufCAllocator in_arena = { arena_allocate, arena_forget, arena };

    arena_reset(arena);
    if (frame.size < 2 || frame.size > FRAME_BYTES_MAX || frame.bytes[0] != FRAME_VERSION)
        return NULL;
    struct span body = span_of(frame.bytes + 1, frame.size - 1);
    if (begins_with_deliver(body))
        return read_delivery(arena, body, ret_delivery);
    Lienthong__V1__Envelope *envelope =
        (Lienthong__V1__Envelope *)plain_read(body, &lienthong__v1__envelope__descriptor, &in_arena);
    if (!envelope) {
        arena_reset(arena);
        envelope = lienthong__v1__envelope__unpack(&in_arena, body.size, body.bytes);
    }
    if (envelope && envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_DELIVER)       /* two bodies in one envelope */
        return NULL;
    *ret_delivery = NULL;
    return envelope;
}

/* From the heap, so that anyone frees it with the default allocator; counted down. */
static void *budget_allocate(void *budget, size_t size)
{
    size_t *left = budget;

    if (size > *left)
        return NULL;
    *left -= size;
    return malloc(size ? size : 1);
}

static void budget_free(void *budget, void *piece)
{
    (void)budget;
    free(piece);
}

Lienthong__V1__Header *frame_read_header(struct span bytes)
{
    size_t budget = READ_ARENA_BYTES;
    ProtobufCAllocator on_heap = { budget_allocate, budget_free, &budget };

    return bytes.size > HEADER_BYTES_MAX ? NULL : lienthong__v1__header__unpack(&on_heap, bytes.size, bytes.bytes);
}

/* ---- fields */

struct span frame_span(ProtobufCBinaryData data)
{
    return span_of(data.len ? data.data : NULL, data.len);
}

bool frame_uuid(ProtobufCBinaryData data, struct uuid *ret_uuid)
{
    if (data.len != sizeof ret_uuid->bytes)
        return false;
    memcpy(ret_uuid->bytes, data.data, data.len);
    return true;
}

bool frame_hash(ProtobufCBinaryData data, struct hash *ret_hash)
{
    if (data.len != sizeof ret_hash->bytes)
        return false;
    memcpy(ret_hash->bytes, data.data, data.len);
    return true;
}

static void copy_string(char *array, size_t size, const char *string)
{
    struct text text = text_of(array, size);
    text_add(&text, "%s", string);
}

void frame_problem(const Lienthong__V1__Refused *refused, struct problem *ret_problem)
{
    ret_problem->type = (enum problem_type)refused->type;           /* perhaps a number of tomorrow */
    copy_string(ret_problem->field, sizeof ret_problem->field, refused->field);
    copy_string(ret_problem->sentence_vi, sizeof ret_problem->sentence_vi, refused->sentence_vi);
    copy_string(ret_problem->sentence_en, sizeof ret_problem->sentence_en, refused->sentence_en);
}
