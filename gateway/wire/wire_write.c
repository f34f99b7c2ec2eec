/* wire_write.c - what is said to agencies and operators, once the turn is on disk. */
#include <string.h>

#include "gateway/wire/write.h"

static const char DURABILITY[] = "fsync";

ProtobufCBinaryData data_of_span(struct span span)
{
    return (ProtobufCBinaryData){ .len = span.size, .data = (uint8_t *)(uintptr_t)span.bytes };
}

ProtobufCBinaryData data_of_hash(const struct hash *hash)
{
    return hash_is_zero(hash) ? (ProtobufCBinaryData){ 0 } : data_of_span(span_of(hash->bytes, HASH_SIZE));
}

ProtobufCBinaryData data_of_uuid(const struct uuid *uuid)
{
    return data_of_span(span_of(uuid->bytes, sizeof uuid->bytes));
}

char *text_or_empty(const char *text)
{
    return (char *)(uintptr_t)(text ? text : "");
}

static uint32_t u32_ms(int64_t ms)
{
    return ms <= 0 ? 0 : ms >= UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void wire_finish(struct wire_out *out, Lienthong__V1__Envelope__BodyCase body, void *message)
{
    out->envelope.body_case = body;
    out->envelope.hello = message;                              /* every arm of the oneof is a pointer */
    out->size = envelope_measure(&out->envelope);
    out->bytes = out->size.frame;
}

void wire_begin(struct wire_out *out, uint64_t correlation)
{
    out->bytes = 0;
    lienthong__v1__envelope__init(&out->envelope);
    out->envelope.correlation = correlation;
}

void wire_pack(const struct wire_out *out, uint8_t *ret_bytes)
{
    envelope_pack(&out->envelope, out->size, ret_bytes);
}

bool wire_deliver_of(struct span frame, uint64_t *ret_handoff, uint32_t *ret_attempt)
{
    Lienthong__V1__Envelope *envelope =
        frame.size > 1 ? lienthong__v1__envelope__unpack(NULL, frame.size - 1, frame.bytes + 1) : NULL;
    bool deliver = envelope && envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_DELIVER;

    if (deliver) {
        *ret_handoff = envelope->deliver->handoff_id;
        *ret_attempt = envelope->deliver->attempt;
    }
    if (envelope)
        lienthong__v1__envelope__free_unpacked(envelope, NULL);
    return deliver;
}

/* ---- without an effect */

void refused_of_problem(const struct problem *problem, int64_t retry_after_ms, Lienthong__V1__Refused *ret_refused)
{
    lienthong__v1__refused__init(ret_refused);
    ret_refused->type = problem->type;
    ret_refused->uri = text_or_empty(problem_uri(problem->type));
    ret_refused->field = text_or_empty(problem->field);
    ret_refused->sentence_vi = text_or_empty(problem->sentence_vi);
    ret_refused->sentence_en = text_or_empty(problem->sentence_en);
    ret_refused->retry_after_ms = u32_ms(retry_after_ms);
}

void wire_refused(const struct frame_refusal *refusal, int64_t retry_after_ms, struct wire_out *ret_out)
{
    wire_begin(ret_out, refusal->correlation);
    refused_of_problem(&refusal->problem, retry_after_ms, &ret_out->refused);
    if (refusal->has_message_id)
        ret_out->refused.message_id = data_of_uuid(&refusal->message_id);
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_REFUSED, &ret_out->refused);
}

void wire_admin_refused(const struct frame_refusal *refusal, struct wire_out *ret_out)
{
    wire_begin(ret_out, refusal->correlation);
    lienthong__v1__admin_reply__init(&ret_out->admin.reply);
    refused_of_problem(&refusal->problem, 0, &ret_out->admin.refused);
    ret_out->admin.reply.refused = &ret_out->admin.refused;
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_ADMIN_REPLY, &ret_out->admin.reply);
}

void wire_welcome(const struct welcome *welcome, uint64_t correlation, struct wire_out *ret_out)
{
    Lienthong__V1__Welcome *to = &ret_out->welcome;
    wire_begin(ret_out, correlation);
    lienthong__v1__welcome__init(to);
    to->agency = text_or_empty(welcome->agency);
    to->gateway = text_or_empty(welcome->gateway);
    to->epoch = welcome->epoch;
    to->frame_bytes_max = FRAME_BYTES_MAX;
    to->body_bytes_max = BODY_BYTES_MAX;
    to->submit_window = welcome->submit_window;
    to->lease_ms = u32_ms(welcome->lease_ms);
    to->covered_seq = welcome->covered_seq;
    to->gateway_time_ms = welcome->now_ms;
    to->batch = BATCH_TAKEN_MAX;
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_WELCOME, to);
}

void wire_pong(int64_t stamp_ms, uint64_t covered_seq, uint64_t correlation, struct wire_out *ret_out)
{
    wire_begin(ret_out, correlation);
    lienthong__v1__pong__init(&ret_out->pong);
    ret_out->pong.stamp_ms = stamp_ms;
    ret_out->pong.covered_seq = covered_seq;
    wire_finish(ret_out, LIENTHONG__V1__ENVELOPE__BODY_PONG, &ret_out->pong);
}

/* ---- effects */

static void say_refused(const struct effect *effect, struct wire_out *out)
{
    refused_of_problem(effect->refused.problem, effect->refused.retry_after_ms, &out->refused);
    if (effect->refused.has_message_id)
        out->refused.message_id = data_of_uuid(&effect->refused.message_id);
    wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_REFUSED, &out->refused);
}

static void say_accepted(const struct effect *effect, const struct wire_turn *turn, struct wire_out *out)
{
    Lienthong__V1__Accepted *to = &out->accepted;
    lienthong__v1__accepted__init(to);
    to->handoff_id = effect->accepted.handoff;
    to->commit_seq = effect->accepted.commit_seq;
    to->durability = text_or_empty(DURABILITY);
    to->content_hash = data_of_hash(&effect->accepted.content_hash);
    to->link = data_of_hash(hash_is_zero(&effect->accepted.link) ? &turn->link : &effect->accepted.link);
    to->duplicate = effect->accepted.duplicate;
    to->message_id = data_of_uuid(&effect->accepted.message_id);
    to->state = effect->accepted.state;
    to->held_reason = text_or_empty(effect->accepted.held_reason);
    wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_ACCEPTED, to);
}

static bool say_inputs(const struct effect *effect, struct arena *arena, Lienthong__V1__Routing *routing)
{
    uint32_t count = effect->deliver.input_count;
    Lienthong__V1__Input *inputs = arena_take(arena, count * sizeof *inputs);
    routing->inputs = arena_take(arena, count * sizeof *routing->inputs);
    if (!inputs || !routing->inputs)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct input *input = &effect->deliver.inputs[i];
        lienthong__v1__input__init(&inputs[i]);
        inputs[i].handoff_id = input->handoff;
        inputs[i].step = text_or_empty(input->step);
        inputs[i].content_type = text_or_empty(input->content_type);
        inputs[i].payload = data_of_span(input->payload);
        routing->inputs[i] = &inputs[i];
    }
    routing->n_inputs = count;
    return true;
}

static bool say_deliver(const struct effect *effect, struct arena *arena, struct wire_out *out)
{
    Lienthong__V1__Deliver *to = &out->deliver.deliver;
    Lienthong__V1__Routing *routing = &out->deliver.routing;
    lienthong__v1__deliver__init(to);
    lienthong__v1__routing__init(routing);
    to->handoff_id = effect->deliver.handoff;
    to->attempt = effect->deliver.attempt;
    to->header = data_of_span(effect->deliver.header);
    to->payload = data_of_span(effect->deliver.payload);
    to->stamp_ms = effect->deliver.stamp_ms;
    to->routing = routing;
    routing->sender = text_or_empty(effect->deliver.sender);
    routing->recipient = text_or_empty(effect->deliver.recipient);
    routing->addressed = text_or_empty(effect->deliver.addressed);
    routing->accepted_ms = effect->deliver.accepted_ms;
    routing->content_hash = data_of_hash(&effect->deliver.content_hash);
    routing->parent_id = effect->deliver.parent;
    routing->idempotency_key = text_or_empty(effect->deliver.idempotency_key);
    routing->ask_first = effect->deliver.ask_first;
    routing->checkpoint = data_of_span(effect->deliver.checkpoint);
    routing->due_ms = effect->deliver.due_ms;
    routing->agency_class = effect->deliver.agency_class;
    routing->step = text_or_empty(effect->deliver.step);
    routing->procedure_version = text_or_empty(effect->deliver.procedure_version);
    if (effect->deliver.input_count && !say_inputs(effect, arena, routing))
        return false;
    wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_DELIVER, to);
    return true;
}

static void say_notice(const struct effect *effect, const struct wire_turn *turn, struct wire_out *out)
{
    const struct notice_view *from = &effect->notice;
    Lienthong__V1__Notice *to = &out->notice;
    lienthong__v1__notice__init(to);
    to->event_seq = from->event_seq;
    to->handoff_id = from->handoff.id;
    to->message_id = data_of_uuid(&from->handoff.message_id);
    to->dossier_code = text_or_empty(from->dossier_code);
    to->recipient = text_or_empty(from->recipient);
    to->state = from->event.to;
    to->verdict = from->event.verdict;
    to->fail_class = from->event.fail_class;
    to->answer = from->event.answer;
    to->cause = from->event.cause;
    to->field = text_or_empty(from->field);
    to->reason = text_or_empty(from->reason);
    to->agency_ref = text_or_empty(from->handoff.agency_ref);
    to->at_ms = from->event.at_ms;
    to->covered_seq = turn->covered_seq;
    wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_NOTICE, to);
}

static bool say_found(const struct effect *effect, struct arena *arena, struct wire_out *out)
{
    Lienthong__V1__Found *to = &out->found;
    lienthong__v1__found__init(to);
    to->dossier_code = text_or_empty(effect->found.dossier_code);
    to->more = effect->found.more;
    if (effect->found.count && !views_of_handoffs(effect->found.handoffs, effect->found.count, arena, &to->handoffs))
        return false;
    to->n_handoffs = effect->found.count;
    to->n_collisions = effect->found.collision_count;
    if (!view_of_dossier(effect->found.dossier, arena, &to->dossier) ||
        !views_of_collisions(effect->found.collisions, effect->found.collision_count, arena, &to->collisions))
        return false;
    wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_FOUND, to);
    return true;
}

static bool say_acks(const struct effect *effect, const struct wire_turn *turn, struct arena *arena,
                     struct wire_out *out)
{
    if (effect->kind == EFFECT_OUTCOME_ACK) {
        Lienthong__V1__OutcomeAck *to = &out->outcome_ack;
        lienthong__v1__outcome_ack__init(to);
        to->handoff_id = effect->outcome_ack.handoff;
        to->attempt = effect->outcome_ack.attempt;
        to->commit_seq = turn->seq;
        to->link = data_of_hash(&turn->link);
        to->state = effect->outcome_ack.state;
        wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_OUTCOME_ACK, to);
    } else if (effect->kind == EFFECT_CHECKPOINT_ACK) {
        lienthong__v1__checkpoint_ack__init(&out->checkpoint_ack);
        out->checkpoint_ack.handoff_id = effect->checkpoint_ack.handoff;
        out->checkpoint_ack.attempt = effect->checkpoint_ack.attempt;
        out->checkpoint_ack.kept = effect->checkpoint_ack.kept;
        wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_CHECKPOINT_ACK, &out->checkpoint_ack);
    } else {
        char *name = arena_take(arena, CURSOR_NAME_SIZE);
        if (!name || !span_to_string(effect->cursor_ack.name, name, CURSOR_NAME_SIZE))
            return false;
        lienthong__v1__cursor_ack__init(&out->cursor_ack);
        out->cursor_ack.name = name;
        out->cursor_ack.value = data_of_span(effect->cursor_ack.value);
        wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_CURSOR_ACK, &out->cursor_ack);
    }
    return true;
}

static bool say_reply(const struct effect *effect, const struct wire_turn *turn, struct arena *arena,
                      struct wire_out *out)
{
    const struct admin_reply *from = &effect->admin_reply;
    Lienthong__V1__AdminReply *to = &out->admin.reply;
    lienthong__v1__admin_reply__init(to);
    if (from->refused) {
        refused_of_problem(from->refused, 0, &out->admin.refused);
        to->refused = &out->admin.refused;
    }
    if (!views_of_reply(from, arena, to))
        return false;
    to->commit_seq = turn->seq;
    to->link = data_of_hash(&turn->link);
    wire_finish(out, LIENTHONG__V1__ENVELOPE__BODY_ADMIN_REPLY, to);
    return true;
}

bool wire_effect(const struct effect *effect, const struct wire_turn *turn, struct arena *arena,
                 struct wire_out *ret_out)
{
    bool room = true;
    wire_begin(ret_out, effect->correlation);
    switch (effect->kind) {
    case EFFECT_REFUSED:
        say_refused(effect, ret_out);
        return true;
    case EFFECT_ACCEPTED:
        say_accepted(effect, turn, ret_out);
        return true;
    case EFFECT_DELIVER:
        room = say_deliver(effect, arena, ret_out);
        break;
    case EFFECT_OUTCOME_ACK: case EFFECT_CHECKPOINT_ACK: case EFFECT_CURSOR_ACK:
        room = say_acks(effect, turn, arena, ret_out);
        break;
    case EFFECT_NOTICE:
        say_notice(effect, turn, ret_out);
        return true;
    case EFFECT_FOUND:
        room = say_found(effect, arena, ret_out);
        break;
    case EFFECT_ADMIN_REPLY:
        room = say_reply(effect, turn, arena, ret_out);
        break;
    default:
        return false;
    }
    if (!room)
        ret_out->bytes = 1;                                     /* it would be spoken, if there were room */
    return room;
}
