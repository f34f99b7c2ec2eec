/* fuzz_wire.c - any bytes at all as a frame: first byte odd, from the admin socket; even, from an agency.
 *
 * Must hold: wire_read() stays inside its bytes and its share of the arena; what it understood is within every bound of
 * command.h; what it refused has a type and both sentences, and that refusal can be packed and read again. What is read
 * in one pass is what inspect() lets pass and protobuf-c reads; what we pack are the bytes that protobuf-c packs. */
#include <stdlib.h>
#include <string.h>

#include "gateway/wire/inspect.h"
#include "gateway/wire/wire.h"
#include "proto/batch.h"
#include "proto/content.h"
#include "proto/pack.h"
#include "proto/plain.h"
#include "tests/fuzz/fuzz.h"

static struct arena arena;
static struct frame frame;
static struct frame_refusal refusal;

static void check_text(const char *text, size_t size)
{
    size_t used = strnlen(text, size);
    must(used < size && span_is_utf8(span_of(text, used)));
}

static void check_inside(struct span part, struct span whole)
{
    must(!part.size || (part.bytes >= whole.bytes && part.bytes + part.size <= whole.bytes + whole.size) ||
         (part.bytes >= arena.bytes && part.bytes + part.size <= arena.bytes + arena.used));
}

static void check_cursor(const struct cursor_set *cursor, struct span whole)
{
    must(cursor->name.size && cursor->name.size < CURSOR_NAME_SIZE && cursor->value.size <= CURSOR_VALUE_BYTES_MAX);
    check_inside(cursor->name, whole);
    check_inside(cursor->value, whole);
    check_inside(cursor->expected, whole);
}

/* The hash is that of the header as protobuf understands it, whatever way it was written down. */
static void check_hash(const struct submit *submit)
{
    Lienthong__V1__Header *header =
        lienthong__v1__header__unpack(NULL, submit->header.size, submit->header.bytes);
    must(header != NULL);
    struct hash hash = content_hash(header, submit->payload);
    must(hash_equal(&hash, &submit->content_hash));
    lienthong__v1__header__free_unpacked(header, NULL);
}

static void check_submit(const struct submit *submit, struct span whole)
{
    must(submit->after_count <= AFTER_MAX && submit->alias_count <= ALIASES_MAX);
    must(submit->attachment_count <= ATTACHMENTS_MAX);
    must(submit->header.size <= HEADER_BYTES_MAX && submit->payload.size <= BODY_BYTES_MAX);
    check_text(submit->sender, sizeof submit->sender);
    check_text(submit->recipient, sizeof submit->recipient);
    check_text(submit->dossier_code, sizeof submit->dossier_code);
    check_text(submit->procedure_code, sizeof submit->procedure_code);
    check_text(submit->step, sizeof submit->step);
    for (uint32_t i = 0; i < submit->alias_count; i++)
        check_text(submit->aliases[i], sizeof submit->aliases[i]);
    for (uint32_t i = 0; i < submit->after_count; i++)
        must(submit->after[i].until == UNTIL_RESULT || submit->after[i].until == UNTIL_DELIVERED);
    check_inside(submit->header, whole);
    check_inside(submit->payload, whole);
    if (submit->has_cursor)
        check_cursor(&submit->cursor, whole);
    check_hash(submit);
}

static void check_outcome(const struct outcome *outcome, struct span whole)
{
    must(outcome->verdict < VERDICT_END && outcome->scope < SCOPE_END && outcome->retry_after_ms >= 0);
    must(!outcome->uncharged);                                  /* the broker's to say */
    check_text(outcome->agency_ref, sizeof outcome->agency_ref);
    check_text(outcome->field, sizeof outcome->field);
    check_text(outcome->value, sizeof outcome->value);
    check_text(outcome->fingerprint, sizeof outcome->fingerprint);
    check_inside(outcome->detail, whole);
}

static void check_admin(const struct admin *admin)
{
    must(admin->behind < BEHIND_END && admin->filter.state < STATE_END && admin->filter.fail_class < FAIL_CLASS_END);
    check_text(admin->verb, sizeof admin->verb);
    check_text(admin->code, sizeof admin->code);
    check_text(admin->reason, sizeof admin->reason);
    check_text(admin->case_number, sizeof admin->case_number);
    check_text(admin->to, sizeof admin->to);
    check_text(admin->filter.agency, sizeof admin->filter.agency);
    check_text(admin->filter.fingerprint, sizeof admin->filter.fingerprint);
    check_text(admin->filter.dossier_code, sizeof admin->filter.dossier_code);
    must(admin->uid == 0);                                      /* the broker's to say */
}

static void check_command(const struct command *command, struct span whole)
{
    must(command->session == 0 && command->agency == NULL);
    switch (command->kind) {
    case COMMAND_SUBMIT:
        check_submit(&command->submit, whole);
        return;
    case COMMAND_OUTCOME:
        check_outcome(&command->outcome, whole);
        return;
    case COMMAND_CHECKPOINT:
        must(command->checkpoint.value.size <= CHECKPOINT_BYTES_MAX);
        check_inside(command->checkpoint.value, whole);
        return;
    case COMMAND_CURSOR:
        check_cursor(&command->cursor, whole);
        return;
    case COMMAND_TRACK:
        check_text(command->track.code, sizeof command->track.code);
        return;
    default:
        must(command->kind == COMMAND_NOTICE_ACK);
    }
}

static void check_batch(struct span whole)
{
    struct batch batch;
    struct span inner;
    unsigned count = 0;

    must(batch_open(whole, &batch) == BATCH_GOOD);
    while (batch_next(&batch, &inner)) {
        must(inner.size);
        check_inside(inner, whole);
        must(++count <= BATCH_FRAMES_MAX);
    }
    must(count > 0 && batch.left == 0);
}

static void check_frame(bool admin, struct span whole)
{
    must((frame.kind == FRAME_ADMIN) == admin);
    switch (frame.kind) {
    case FRAME_HELLO:
        check_text(frame.hello.agency, sizeof frame.hello.agency);
        check_text(frame.hello.software, sizeof frame.hello.software);
        must(frame.hello.credit <= CREDIT_MAX && !(frame.hello.kinds & ~(uint32_t)KINDS_ALL));
        return;
    case FRAME_CREDIT:
        must(frame.credit <= CREDIT_MAX);
        return;
    case FRAME_COMMAND:
        check_command(&frame.command, whole);
        return;
    case FRAME_ADMIN:
        check_admin(&frame.command.admin);
        return;
    case FRAME_BATCH:
        check_batch(whole);
        return;
    default:
        must(frame.kind == FRAME_PING || frame.kind == FRAME_FOLLOW);
    }
}

static void check_refusal(bool admin)
{
    struct wire_out out;

    must(refusal.problem.type > PROBLEM_NONE && refusal.problem.type < PROBLEM_END);
    must(refusal.problem.sentence_vi[0] && refusal.problem.sentence_en[0]);
    check_text(refusal.problem.field, sizeof refusal.problem.field);
    if (admin)
        wire_admin_refused(&refusal, &out);
    else
        wire_refused(&refusal, 0, &out);
    uint8_t *bytes = malloc(out.bytes);
    must(bytes != NULL);
    wire_pack(&out, bytes);
    Lienthong__V1__Envelope *envelope = lienthong__v1__envelope__unpack(NULL, out.bytes - 1, bytes + 1);
    must(envelope != NULL && envelope->correlation == refusal.correlation);
    lienthong__v1__envelope__free_unpacked(envelope, NULL);
    free(bytes);
}

/* ---- the same as protobuf-c */

static void *lend(void *data, size_t size)
{
    return arena_take(data, size);
}

static void keep(void *data, void *piece)
{
    (void)data, (void)piece;
}

static void check_same(const ProtobufCMessage *one, const ProtobufCMessage *other)
{
    size_t size = protobuf_c_message_get_packed_size(one);
    uint8_t *bytes = malloc(2 * size + 1);

    must(bytes && protobuf_c_message_get_packed_size(other) == size);
    must(protobuf_c_message_pack(one, bytes) == size && protobuf_c_message_pack(other, bytes + size) == size);
    must(memcmp(bytes, bytes + size, size) == 0);
    free(bytes);
}

static void check_pack(const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(2 * size + 1);

    must(bytes && pack_size(message) == size);
    must(protobuf_c_message_pack(message, bytes) == size && pack_message(message, bytes + size) == bytes + 2 * size);
    must(memcmp(bytes, bytes + size, size) == 0);
    free(bytes);
}

static void check_message(struct span bytes, const ProtobufCMessageDescriptor *descriptor)
{
    const ProtobufCAllocator in_arena = { .alloc = lend, .free = keep, .allocator_data = &arena };
    ProtobufCMessage *plain = plain_read(bytes, descriptor, &in_arena);
    ProtobufCMessage *full = protobuf_c_message_unpack(descriptor, NULL, bytes.size, bytes.bytes);
    struct problem problem;

    if (plain) {
        must(full && inspect(bytes, descriptor, "", &problem));
        check_same(plain, full);
    }
    if (full && descriptor != &lienthong__v1__envelope__descriptor)
        check_pack(full);
    if (full)
        protobuf_c_message_free_unpacked(full, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct taste taste = taste_of(bytes, size);
    bool admin = taste_u8(&taste) & 1;
    struct span whole = taste_rest(&taste);

    if (!arena.bytes)
        must(hash_start() == RESULT_OK && arena_init(&arena, 2 << 20) == RESULT_OK);
    arena_reset(&arena);
    bool good = wire_read(whole, admin, &arena, &frame, &refusal);
    must(arena.used <= whole.size + WIRE_EXTRA_BYTES);
    if (good)
        check_frame(admin, whole);
    else
        check_refusal(admin);
    if (good && frame.kind == FRAME_COMMAND && frame.command.kind == COMMAND_SUBMIT)
        check_message(frame.command.submit.header, &lienthong__v1__header__descriptor);
    const ProtobufCMessageDescriptor *envelope = &lienthong__v1__envelope__descriptor;
    if (whole.size)
        check_message(span_of(whole.bytes + 1, whole.size - 1), envelope);
    if (whole.size)                                             /* the same bytes as one of its bodies */
        check_message(span_of(whole.bytes + 1, whole.size - 1),
                      envelope->fields[1 + whole.bytes[0] % (envelope->n_fields - 1)].descriptor);
    return 0;
}
