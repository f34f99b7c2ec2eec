#include "adapters/kinds/source.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "adapters/kinds/pointer.h"
#include "gateway/base/uuid.h"

/* ---------------------------------------------------------------- small parts
 * A put that fails for lack of memory leaves its key out and is noticed in the end by `full`. */

struct writer {
    bool full;
};

static void put(struct writer *writer, json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value))
        writer->full = true;
}

static void put_text(struct writer *writer, json_t *object, const char *key, const char *text)
{
    if (text && text[0])
        put(writer, object, key, json_string(text));
}

static void put_number(struct writer *writer, json_t *object, const char *key, int64_t number)
{
    if (number)
        put(writer, object, key, json_integer(number));
}

static void put_hex(struct writer *writer, json_t *object, const char *key, const ProtobufCBinaryData *bytes)
{
    char hex[2 * 256 + 1];
    struct text text = text_of(hex, sizeof hex);

    text_add_hex(&text, bytes->data, bytes->len < 256 ? bytes->len : 256);
    put_text(writer, object, key, hex);
}

/* "urn:uuid" order without the urn; "" unless it is 16 bytes. */
static void put_uuid(struct writer *writer, json_t *object, const char *key, const ProtobufCBinaryData *bytes)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];

    if (bytes->len != sizeof uuid.bytes)
        return;
    memcpy(uuid.bytes, bytes->data, sizeof uuid.bytes);
    uuid_text(&uuid, text);
    put_text(writer, object, key, text);
}

bool content_type_is_json(const char *content_type)
{
    size_t length = strcspn(content_type, "; \t");

    if (length == 16 && strncasecmp(content_type, "application/json", length) == 0)
        return true;
    return length > 5 && strncasecmp(content_type + length - 5, "+json", 5) == 0 && memchr(content_type, '/', length);
}

/* ---------------------------------------------------------------- header */

static json_t *facts_of(struct writer *writer, const Lienthong__V1__Facts *facts)
{
    json_t *json = json_object(), *aliases = json_array(), *money = json_array(), *components = json_array();

    put_number(writer, json, "status", facts->status);
    put_text(writer, json, "partner_status", facts->partner_status);
    put_number(writer, json, "channel", facts->channel);
    put_text(writer, json, "area_code", facts->area_code);
    put_text(writer, json, "procedure_version", facts->procedure_version);
    put_number(writer, json, "received_ms", facts->received_ms);
    put_number(writer, json, "due_ms", facts->due_ms);
    put_text(writer, json, "due_source", facts->due_source);
    put_text(writer, json, "officer_from", facts->officer_from);
    put_text(writer, json, "officer_to", facts->officer_to);
    put_text(writer, json, "reason_code", facts->reason_code);
    put_number(writer, json, "answer_by_ms", facts->answer_by_ms);
    for (size_t i = 0; i < facts->n_aliases; i++)
        writer->full |= json_array_append_new(aliases, json_string(facts->aliases[i])) != 0;
    for (size_t i = 0; i < facts->n_money; i++) {
        json_t *row = json_object();
        put_text(writer, row, "component", facts->money[i]->component);
        put(writer, row, "owed", json_integer(facts->money[i]->owed));
        put(writer, row, "paid", json_integer(facts->money[i]->paid));
        writer->full |= json_array_append_new(money, row) != 0;
    }
    for (size_t i = 0; i < facts->n_components; i++) {
        const Lienthong__V1__Component *component = facts->components[i];
        json_t *row = json_object();
        put_text(writer, row, "code", component->code);
        put(writer, row, "copies", json_integer(component->copies));
        put(writer, row, "digitised", json_boolean(component->digitised));
        put(writer, row, "reused", json_boolean(component->reused));
        put(writer, row, "withdrawn", json_boolean(component->withdrawn));
        writer->full |= json_array_append_new(components, row) != 0;
    }
    if (facts->rating) {
        json_t *rating = json_object();
        put_number(writer, rating, "attitude", facts->rating->attitude);
        put_number(writer, rating, "cost", facts->rating->cost);
        put_number(writer, rating, "trips", facts->rating->trips);
        put(writer, json, "rating", rating);
    }
    put(writer, json, "aliases", aliases);
    put(writer, json, "money", money);
    put(writer, json, "components", components);
    return json;
}

static json_t *attachments_of(struct writer *writer, const Lienthong__V1__Header *header)
{
    json_t *list = json_array();

    for (size_t i = 0; i < header->n_attachments; i++) {
        const Lienthong__V1__Attachment *attachment = header->attachments[i];
        json_t *row = json_object();
        put_hex(writer, row, "sha256", &attachment->sha256);
        put(writer, row, "size", json_integer((json_int_t)attachment->size));
        put_text(writer, row, "name", attachment->name);
        put_text(writer, row, "media_type", attachment->media_type);
        put_text(writer, row, "component", attachment->component);
        writer->full |= json_array_append_new(list, row) != 0;
    }
    return list;
}

static json_t *header_of(struct writer *writer, const Lienthong__V1__Header *header)
{
    json_t *json = json_object();

    put_uuid(writer, json, "message_id", &header->message_id);
    put_text(writer, json, "sender", header->sender);
    put_text(writer, json, "recipient", header->recipient);
    put_text(writer, json, "dossier_code", header->dossier_code);
    put_text(writer, json, "procedure_code", header->procedure_code);
    put_text(writer, json, "step", header->step);
    if (header->kind > 0 && header->kind < KIND_END)
        put_text(writer, json, "kind", kind_name((enum kind)header->kind));
    put_number(writer, json, "source_time_ms", header->source_time_ms);
    put_number(writer, json, "sequence", (int64_t)header->sequence);
    put_number(writer, json, "parent", (int64_t)header->parent);
    put_text(writer, json, "content_type", header->content_type);
    put_hex(writer, json, "signature", &header->signature);
    put(writer, json, "attachments", attachments_of(writer, header));
    put(writer, json, "facts", header->facts ? facts_of(writer, header->facts) : json_object());
    return json;
}

/* ---------------------------------------------------------------- routing, payload, inputs */

static json_t *routing_of(struct writer *writer, const Lienthong__V1__Routing *routing)
{
    json_t *json = json_object();

    put_text(writer, json, "sender", routing->sender);
    put_text(writer, json, "recipient", routing->recipient);
    put_text(writer, json, "addressed", routing->addressed);
    put_number(writer, json, "accepted_ms", routing->accepted_ms);
    put_hex(writer, json, "content_hash", &routing->content_hash);
    put_number(writer, json, "parent_id", (int64_t)routing->parent_id);
    put_text(writer, json, "idempotency_key", routing->idempotency_key);
    put_number(writer, json, "due_ms", routing->due_ms);
    put_text(writer, json, "step", routing->step);
    put_text(writer, json, "procedure_version", routing->procedure_version);
    return json;
}

static bool no_json(struct judgement *why, const char *field)
{
    if (errno == ENOMEM) {
        judgement_set(why, VERDICT_LATER, "adapter-memory", "hết bộ nhớ khi đọc lượt / no memory to read the handoff");
        why->never_sent = true;
        return false;
    }
    judgement_set(why, VERDICT_BAD_DATA, "payload-json",
                  "nội dung không phải JSON như đã khai / the content is not the JSON that it is said to be");
    struct text text = text_of(why->field, sizeof why->field);
    text_add(&text, "%s", field);
    why->never_sent = true;
    return false;
}

static bool add_payload(struct writer *writer, json_t *source, const char *content_type, struct span payload,
                        struct judgement *why)
{
    if (content_type_is_json(content_type)) {
        json_t *json = json_of_bytes(payload);
        if (!json)
            return no_json(why, "payload");
        put(writer, source, "payload", json);
    } else if (payload.size && span_is_utf8(payload))
        put(writer, source, "payload_text", json_stringn((const char *)payload.bytes, payload.size));
    return true;
}

/* Two inputs of one step: the later result counts, the inputs come oldest first. */
static bool add_inputs(struct writer *writer, json_t *source, const Lienthong__V1__Routing *routing,
                       struct judgement *why)
{
    json_t *inputs = json_object();

    put(writer, source, "inputs", inputs);
    for (size_t i = 0; i < routing->n_inputs; i++) {
        const Lienthong__V1__Input *input = routing->inputs[i];
        if (!content_type_is_json(input->content_type) || !input->step[0])
            continue;
        json_t *json = json_of_bytes(span_of(input->payload.data, input->payload.len));
        if (!json) {
            char field[JUDGEMENT_FIELD_SIZE];
            struct text text = text_of(field, sizeof field);
            text_add(&text, "inputs/%s", input->step);
            return no_json(why, field);
        }
        put(writer, inputs, input->step, json);
    }
    return true;
}

bool source_build(const Lienthong__V1__Header *header, const Lienthong__V1__Routing *routing,
                  struct span payload, json_t **ret_source, struct judgement *reterr_why)
{
    struct writer writer = { 0 };
    struct judgement why = { 0 };
    json_t *source = json_object();

    put(&writer, source, "header", header_of(&writer, header));
    put(&writer, source, "routing", routing_of(&writer, routing));
    bool good = add_payload(&writer, source, header->content_type, payload, &why)
                && add_inputs(&writer, source, routing, &why);
    if (good && !writer.full) {
        *ret_source = source;
        return true;
    }
    if (good) {
        errno = ENOMEM;
        no_json(&why, "");
    }
    json_decref(source);
    *reterr_why = why;
    return false;
}
