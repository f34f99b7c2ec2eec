/* wire_read.c - a frame of an agency, or of the admin socket, to what it asks for. */
#include <string.h>

#include "gateway/wire/inspect.h"
#include "gateway/wire/read.h"
#include "proto/batch.h"
#include "proto/plain.h"

/* ---- memory */

static void *lend(void *data, size_t size)
{
    struct lender *lender = data;
    size_t room = lender->until > lender->arena->used ? lender->until - lender->arena->used : 0;
    return size + 16 <= room ? arena_take(lender->arena, size) : NULL;
}

void *lender_take(struct lender *lender, size_t size)
{
    return lend(lender, size);
}

static void keep(void *data, void *piece)
{
    (void)data, (void)piece;
}

void lender_init(struct lender *lender, struct arena *arena, size_t frame_bytes)
{
    size_t room = arena_room(arena), most = frame_bytes + WIRE_EXTRA_BYTES;
    lender->allocator = (ProtobufCAllocator){ .alloc = lend, .free = keep, .allocator_data = lender };
    lender->arena = arena;
    lender->until = arena->used + (room < most ? room : most);
}

ProtobufCMessage *read_message(struct lender *lender, struct span bytes, const ProtobufCMessageDescriptor *descriptor,
                               const char *name, struct problem *ret_problem)
{
    size_t used = lender->arena->used;
    ProtobufCMessage *message = plain_read(bytes, descriptor, &lender->allocator);

    if (message)
        return message;
    lender->arena->used = used;
    if (!inspect(bytes, descriptor, name, ret_problem))
        return NULL;
    message = protobuf_c_message_unpack(descriptor, &lender->allocator, bytes.size, bytes.bytes);
    if (message)
        return message;
    lender->arena->used = used;
    problem_set(ret_problem, PROBLEM_MALFORMED, name, "thông điệp sai cấu trúc hoặc quá nhiều phần tử",
                "not a well-formed message, or too many elements in it");
    return NULL;
}

/* ---- pieces */

bool read_text(const char *text, const char *field, char *ret_text, size_t size, struct problem *ret_problem)
{
    size_t length = strlen(text);
    if (length < size) {
        memcpy(ret_text, text, length + 1);
        return true;
    }
    ret_text[0] = 0;
    problem_set(ret_problem, PROBLEM_INVALID_FIELD, field, "dài quá: tối đa %zu byte", "too long: at most %zu bytes",
                size - 1);
    return false;
}

static struct span span_of_data(ProtobufCBinaryData data)
{
    return span_of(data.len ? data.data : NULL, data.len);
}

bool read_too_large(const char *field, size_t most, struct problem *ret_problem)
{
    problem_set(ret_problem, PROBLEM_TOO_LARGE, field, "quá lớn: tối đa %zu byte", "too large: at most %zu bytes",
                most);
    return false;
}

bool read_cursor(const Lienthong__V1__Cursor *cursor, struct cursor_set *ret_cursor, struct problem *ret_problem)
{
    size_t name_bytes = strlen(cursor->name);
    if (!name_bytes || name_bytes >= CURSOR_NAME_SIZE) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "cursor.name", "tên con trỏ phải có từ 1 đến %d byte",
                    "the name of a cursor has 1 to %d bytes", CURSOR_NAME_SIZE - 1);
        return false;
    }
    if (cursor->value.len > CURSOR_VALUE_BYTES_MAX)
        return read_too_large("cursor.value", CURSOR_VALUE_BYTES_MAX, ret_problem);
    *ret_cursor = (struct cursor_set){ .name = span_of(cursor->name, name_bytes), .value = span_of_data(cursor->value),
                                       .expected = span_of_data(cursor->expected), .set = cursor->set };
    return true;
}

static void read_hello(const Lienthong__V1__Hello *from, struct hello *ret_hello)
{
    struct text software = text_of(ret_hello->software, sizeof ret_hello->software);
    ret_hello->protocol = from->protocol;
    ret_hello->roles = from->roles;
    ret_hello->batch = from->batch < BATCH_FRAMES_MAX ? from->batch : BATCH_FRAMES_MAX;
    ret_hello->credit = from->credit < CREDIT_MAX ? from->credit : CREDIT_MAX;
    for (size_t i = 0; i < from->n_kinds; i++)                  /* a kind of tomorrow: nothing of it is here to offer */
        if (from->kinds[i] > 0 && from->kinds[i] < KIND_END)
            ret_hello->kinds |= KIND_BIT(from->kinds[i]);
    if (!from->n_kinds)
        ret_hello->kinds = KINDS_ALL;
    for (const char *at = from->software; *at; at++)
        text_add(&software, "%c", *at >= ' ' && *at <= '~' ? *at : '?');
}

static bool read_bodies(struct span header, struct span payload, struct lender *lender, struct command *command,
                        struct frame_refusal *refusal)
{
    struct submit *submit = &command->submit;
    command_begin(command, COMMAND_SUBMIT);
    submit->header = header;
    submit->payload = payload;
    bool good = read_header(lender, submit, &refusal->problem);
    refusal->has_message_id = submit->has_message_id;
    refusal->message_id = submit->message_id;
    return good;
}

static bool read_submit(const Lienthong__V1__Submit *from, struct lender *lender, struct command *command,
                        struct frame_refusal *refusal)
{
    struct submit *submit = &command->submit;
    bool good = read_bodies(span_of_data(from->header), span_of_data(from->payload), lender, command, refusal);
    submit->accepted_as = from->accepted_as;
    submit->has_cursor = from->cursor != NULL;
    return good && (!from->cursor || read_cursor(from->cursor, &submit->cursor, &refusal->problem));
}

static bool read_outcome(const Lienthong__V1__Outcome *from, struct command *command, struct problem *ret_problem)
{
    struct outcome *outcome = &command->outcome;
    command_begin(command, COMMAND_OUTCOME);
    outcome->handoff = from->handoff_id;
    outcome->attempt = from->attempt;
    outcome->verdict = from->verdict < VERDICT_END ? from->verdict : 0;
    outcome->scope = from->scope < SCOPE_END ? from->scope : 0;
    outcome->detail = span_of_string(from->detail);
    outcome->retry_after_ms = from->retry_after_ms;
    outcome->never_sent = from->never_sent;
    outcome->has_content_hash = from->content_hash.len == HASH_SIZE;
    if (outcome->has_content_hash)
        memcpy(outcome->content_hash.bytes, from->content_hash.data, HASH_SIZE);
    else if (from->content_hash.len) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "outcome.content_hash", "phải có đúng 32 byte hoặc để trống",
                    "exactly 32 bytes, or nothing");
        return false;
    }
    return read_text(from->agency_ref, "outcome.agency_ref", outcome->agency_ref, sizeof outcome->agency_ref,
                     ret_problem)
        && read_text(from->field, "outcome.field", outcome->field, sizeof outcome->field, ret_problem)
        && read_text(from->value, "outcome.value", outcome->value, sizeof outcome->value, ret_problem)
        && read_text(from->fingerprint, "outcome.fingerprint", outcome->fingerprint, sizeof outcome->fingerprint,
                     ret_problem);
}

static bool read_checkpoint(const Lienthong__V1__Checkpoint *from, struct command *command, struct problem *ret_problem)
{
    command_begin(command, COMMAND_CHECKPOINT);
    command->checkpoint = (struct checkpoint){ .handoff = from->handoff_id, .attempt = from->attempt,
                                               .value = span_of_data(from->value) };
    return from->value.len <= CHECKPOINT_BYTES_MAX
        || read_too_large("checkpoint.value", CHECKPOINT_BYTES_MAX, ret_problem);
}

bool read_admin(const Lienthong__V1__Admin *from, struct admin *ret_admin, struct problem *ret_problem)
{
    static const Lienthong__V1__Filter none = LIENTHONG__V1__FILTER__INIT;
    const Lienthong__V1__Filter *filter = from->filter ? from->filter : &none;
    struct admin_filter *ret_filter = &ret_admin->filter;

    ret_admin->handoff = from->handoff_id;
    ret_admin->behind = from->behind < BEHIND_END ? from->behind : 0;
    ret_admin->dry_run = from->dry_run;
    ret_admin->fresh_key = from->fresh_key;
    ret_admin->after = from->after_id;
    ret_admin->limit = from->limit;
    ret_admin->covered_seq = from->covered_seq;
    ret_admin->due_ms = from->due_ms;
    ret_filter->fail_class = filter->fail_class < FAIL_CLASS_END ? filter->fail_class : 0;
    ret_filter->state = filter->state < STATE_END ? filter->state : 0;
    return read_text(from->verb, "verb", ret_admin->verb, sizeof ret_admin->verb, ret_problem)
        && read_text(from->code, "code", ret_admin->code, sizeof ret_admin->code, ret_problem)
        && read_text(from->reason, "reason", ret_admin->reason, sizeof ret_admin->reason, ret_problem)
        && read_text(from->case_number, "case_number", ret_admin->case_number, sizeof ret_admin->case_number,
                     ret_problem)
        && read_text(from->reason_code, "reason_code", ret_admin->reason_code, sizeof ret_admin->reason_code,
                     ret_problem)
        && read_text(from->officer, "officer", ret_admin->officer, sizeof ret_admin->officer, ret_problem)
        && read_text(from->to, "to", ret_admin->to, sizeof ret_admin->to, ret_problem)
        && read_text(filter->agency, "filter.agency", ret_filter->agency, sizeof ret_filter->agency, ret_problem)
        && read_text(filter->fingerprint, "filter.fingerprint", ret_filter->fingerprint,
                     sizeof ret_filter->fingerprint, ret_problem)
        && read_text(filter->dossier_code, "filter.dossier_code", ret_filter->dossier_code,
                     sizeof ret_filter->dossier_code, ret_problem);
}

/* ---- the whole */

static bool read_body(const Lienthong__V1__Envelope *envelope, struct lender *lender, struct frame *frame,
                      struct frame_refusal *refusal)
{
    struct problem *problem = &refusal->problem;
    struct command *command = &frame->command;

    frame->kind = FRAME_COMMAND;
    switch (envelope->body_case) {
    case LIENTHONG__V1__ENVELOPE__BODY_HELLO:
        frame->kind = FRAME_HELLO;
        frame->hello = (struct hello){ 0 };
        read_hello(envelope->hello, &frame->hello);
        return read_text(envelope->hello->agency, "hello.agency", frame->hello.agency, AGENCY_CODE_SIZE, problem);
    case LIENTHONG__V1__ENVELOPE__BODY_CREDIT:
        frame->kind = FRAME_CREDIT;
        frame->credit = envelope->credit->credit < CREDIT_MAX ? envelope->credit->credit : CREDIT_MAX;
        return true;
    case LIENTHONG__V1__ENVELOPE__BODY_PING:
        frame->kind = FRAME_PING;
        frame->stamp_ms = envelope->ping->stamp_ms;
        return true;
    case LIENTHONG__V1__ENVELOPE__BODY_FOLLOW:
        frame->kind = FRAME_FOLLOW;
        frame->follow_from = envelope->follow->from_seq;
        return true;
    case LIENTHONG__V1__ENVELOPE__BODY_SUBMIT:
        return read_submit(envelope->submit, lender, command, refusal);
    case LIENTHONG__V1__ENVELOPE__BODY_NOTICE_ACK:
        command_begin(command, COMMAND_NOTICE_ACK);
        command->acknowledged = envelope->notice_ack->event_seq;
        return true;
    case LIENTHONG__V1__ENVELOPE__BODY_TRACK:
        command_begin(command, COMMAND_TRACK);
        return read_text(envelope->track->code, "track.code", command->track.code, DOSSIER_CODE_SIZE, problem);
    case LIENTHONG__V1__ENVELOPE__BODY_OUTCOME:
        return read_outcome(envelope->outcome, command, problem);
    case LIENTHONG__V1__ENVELOPE__BODY_CHECKPOINT:
        return read_checkpoint(envelope->checkpoint, command, problem);
    case LIENTHONG__V1__ENVELOPE__BODY_CURSOR:
        command_begin(command, COMMAND_CURSOR);
        return read_cursor(envelope->cursor, &command->cursor, problem);
    default:
        frame->kind = 0;
        problem_set(problem, PROBLEM_MALFORMED, "", "thông điệp không có nội dung mà cổng nhận được",
                    "an envelope without a body that is spoken to the gateway");
        return false;
    }
}

bool read_version(struct span bytes, size_t bytes_max, struct problem *ret_problem)
{
    if (!bytes.size) {
        problem_set(ret_problem, PROBLEM_MALFORMED, "", "khung rỗng", "an empty frame");
        return false;
    }
    if (bytes.bytes[0] != WIRE_VERSION) {
        problem_set(ret_problem, PROBLEM_VERSION, "", "phiên bản giao thức %d không được hỗ trợ, hãy dùng %d",
                    "protocol version %d is not spoken here, use %d", bytes.bytes[0], WIRE_VERSION);
        return false;
    }
    return bytes.size <= bytes_max || read_too_large("", bytes_max, ret_problem);
}

const Lienthong__V1__Envelope *read_envelope(struct lender *lender, struct arena *arena, struct span frame,
                                             struct frame_refusal *ret_refusal)
{
    struct span bytes = span_of(frame.bytes + 1, frame.size - 1);

    lender_init(lender, arena, bytes.size);
    const Lienthong__V1__Envelope *envelope = (const Lienthong__V1__Envelope *)read_message(
        lender, bytes, &lienthong__v1__envelope__descriptor, "", &ret_refusal->problem);
    if (envelope)
        ret_refusal->correlation = envelope->correlation;
    return envelope;
}

bool wire_read(struct span bytes, bool admin, struct arena *arena, struct frame *ret_frame,
               struct frame_refusal *ret_refusal)
{
    struct lender lender;

    /* Cleared as far as it is looked at: both are large, and there are many frames. */
    ret_refusal->correlation = ret_frame->correlation = 0;
    ret_refusal->has_message_id = false;
    ret_refusal->problem.type = PROBLEM_NONE;
    ret_frame->kind = 0;
    struct batch batch;
    if (!read_version(bytes, FRAME_BYTES_MAX, &ret_refusal->problem))
        return false;
    if (!admin && batch_open(bytes, &batch) == BATCH_GOOD) {
        ret_frame->kind = FRAME_BATCH;
        return true;
    }
    const Lienthong__V1__Envelope *envelope = read_envelope(&lender, arena, bytes, ret_refusal);
    if (!envelope)
        return false;
    ret_frame->correlation = envelope->correlation;
    if (!admin) {
        bool good = read_body(envelope, &lender, ret_frame, ret_refusal);
        if (ret_frame->kind == FRAME_COMMAND)
            ret_frame->command.correlation = envelope->correlation;
        return good;
    }
    if (envelope->body_case != LIENTHONG__V1__ENVELOPE__BODY_ADMIN) {
        problem_set(&ret_refusal->problem, PROBLEM_MALFORMED, "", "cổng quản trị chỉ nhận lệnh quản trị",
                    "only ADMIN is spoken on the admin socket");
        return false;
    }
    ret_frame->kind = FRAME_ADMIN;
    command_begin(&ret_frame->command, COMMAND_ADMIN);
    ret_frame->command.correlation = envelope->correlation;
    return read_admin(envelope->admin, &ret_frame->command.admin, &ret_refusal->problem);
}
