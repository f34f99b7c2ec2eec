#include "proto/content.h"

/* Field numbers are those of the schema. `payload` is no field of Header: it has a number no field will get. */
enum { PAYLOAD_NUMBER = 0xFFFFFFFF };

static void add_string(struct hash_fields *fields, uint32_t number, const char *string)
{
    hash_fields_add(fields, number, span_of_string(string));
}

static void add_bytes(struct hash_fields *fields, uint32_t number, ProtobufCBinaryData bytes)
{
    hash_fields_add(fields, number, span_of(bytes.len ? bytes.data : NULL, bytes.len));
}

static void add_hash(struct hash_fields *fields, uint32_t number, struct hash hash)
{
    hash_fields_add(fields, number, span_of(hash.bytes, sizeof hash.bytes));
}

/* Signed numbers as their two's complement. */
static void add_i64(struct hash_fields *fields, uint32_t number, int64_t value)
{
    hash_fields_add_u64(fields, number, (uint64_t)value);
}

/* A repeated field is its count, then each element's own hash: no list can be read as another. */
static void add_after(struct hash_fields *fields, uint32_t number, const Lienthong__V1__Header *header)
{
    hash_fields_add_u64(fields, number, header->n_after);
    for (size_t i = 0; i < header->n_after; i++) {
        struct hash_fields element;
        hash_fields_begin(&element, "lienthong after v1");
        add_bytes(&element, 1, header->after[i]->message_id);
        hash_fields_add_u64(&element, 2, header->after[i]->until);
        add_hash(fields, number, hash_fields_end(&element));
    }
}

static void add_attachments(struct hash_fields *fields, uint32_t number, const Lienthong__V1__Header *header)
{
    hash_fields_add_u64(fields, number, header->n_attachments);
    for (size_t i = 0; i < header->n_attachments; i++) {
        const Lienthong__V1__Attachment *attachment = header->attachments[i];
        struct hash_fields element;
        hash_fields_begin(&element, "lienthong attachment v1");
        add_bytes(&element, 1, attachment->sha256);
        hash_fields_add_u64(&element, 2, attachment->size);
        add_string(&element, 3, attachment->name);
        add_string(&element, 4, attachment->media_type);
        add_string(&element, 5, attachment->component);
        add_hash(fields, number, hash_fields_end(&element));
    }
}

static void add_money(struct hash_fields *fields, uint32_t number, const Lienthong__V1__Facts *facts)
{
    hash_fields_add_u64(fields, number, facts->n_money);
    for (size_t i = 0; i < facts->n_money; i++) {
        struct hash_fields element;
        hash_fields_begin(&element, "lienthong money v1");
        add_string(&element, 1, facts->money[i]->component);
        add_i64(&element, 2, facts->money[i]->owed);
        add_i64(&element, 3, facts->money[i]->paid);
        add_hash(fields, number, hash_fields_end(&element));
    }
}

static struct hash rating_hash(const Lienthong__V1__Rating *rating)
{
    struct hash_fields fields;
    hash_fields_begin(&fields, "lienthong rating v1");
    hash_fields_add_u64(&fields, 1, rating->attitude);
    hash_fields_add_u64(&fields, 2, rating->cost);
    hash_fields_add_u64(&fields, 3, rating->trips);
    return hash_fields_end(&fields);
}

static void add_components(struct hash_fields *fields, uint32_t number, const Lienthong__V1__Facts *facts)
{
    hash_fields_add_u64(fields, number, facts->n_components);
    for (size_t i = 0; i < facts->n_components; i++) {
        const Lienthong__V1__Component *component = facts->components[i];
        struct hash_fields element;
        hash_fields_begin(&element, "lienthong component v1");
        add_string(&element, 1, component->code);
        hash_fields_add_u64(&element, 2, component->copies);
        hash_fields_add_u64(&element, 3, component->digitised != 0);
        hash_fields_add_u64(&element, 4, component->reused != 0);
        hash_fields_add_u64(&element, 5, component->withdrawn != 0);
        add_hash(fields, number, hash_fields_end(&element));
    }
}

/* Of facts with nothing set, or none at all: most messages have none. */
static const struct hash no_facts = { {
    0x96, 0xaa, 0xb4, 0xd7, 0x8a, 0x71, 0xe7, 0xea, 0x98, 0xff, 0x17, 0x36, 0x8d, 0xa9, 0x6e, 0xe1,
    0x29, 0x51, 0xc5, 0x80, 0x10, 0xb4, 0xcb, 0xcf, 0xa0, 0x0f, 0xbb, 0x16, 0x0a, 0x5a, 0xa3, 0xcd,
} };

static struct hash facts_hash(const Lienthong__V1__Facts *facts)
{
    struct hash_fields fields;

    hash_fields_begin(&fields, "lienthong facts v1");
    hash_fields_add_u64(&fields, 1, facts->status);
    add_string(&fields, 2, facts->partner_status);
    hash_fields_add_u64(&fields, 3, facts->channel);
    add_string(&fields, 4, facts->area_code);
    add_string(&fields, 5, facts->procedure_version);
    add_i64(&fields, 6, facts->received_ms);
    add_i64(&fields, 7, facts->due_ms);
    add_string(&fields, 8, facts->due_source);
    add_string(&fields, 9, facts->officer_from);
    add_string(&fields, 10, facts->officer_to);
    hash_fields_add_u64(&fields, 11, facts->n_aliases);
    for (size_t i = 0; i < facts->n_aliases; i++)
        add_string(&fields, 11, facts->aliases[i]);
    add_money(&fields, 12, facts);
    add_components(&fields, 13, facts);
    add_string(&fields, 14, facts->reason_code);
    add_i64(&fields, 15, facts->answer_by_ms);
    /* Younger than the list of version 1: without it a message has the hash that it always had. */
    if (facts->n_chosen_steps)
        hash_fields_add_u64(&fields, 20, facts->n_chosen_steps);
    for (size_t i = 0; i < facts->n_chosen_steps; i++)
        add_string(&fields, 20, facts->chosen_steps[i]);
    if (facts->rating)
        add_hash(&fields, 21, rating_hash(facts->rating));
    return hash_fields_end(&fields);
}

struct hash content_hash(const Lienthong__V1__Header *header, struct span payload)
{
    struct hash_fields fields;

    hash_fields_begin(&fields, "lienthong content v1");
    add_bytes(&fields, 1, header->message_id);
    add_string(&fields, 2, header->sender);
    add_string(&fields, 3, header->recipient);
    add_string(&fields, 4, header->dossier_code);
    add_string(&fields, 5, header->procedure_code);
    add_string(&fields, 6, header->step);
    hash_fields_add_u64(&fields, 7, header->kind);
    hash_fields_add_u64(&fields, 9, header->sequence);
    add_after(&fields, 10, header);
    hash_fields_add_u64(&fields, 11, header->parent);
    add_string(&fields, 12, header->content_type);
    add_attachments(&fields, 13, header);
    add_hash(&fields, 16, header->facts ? facts_hash(header->facts) : no_facts);
    hash_fields_add(&fields, PAYLOAD_NUMBER, payload);
    return hash_fields_end(&fields);
}
