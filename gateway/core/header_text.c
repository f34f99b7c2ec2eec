#include "gateway/core/header_text.h"

enum {
    HEADER_CONTENT_TYPE = 12, HEADER_FACTS = 16,    /* proto/lienthong.proto, message Header */
    FACTS_AREA_CODE = 4, FACTS_PROCEDURE_VERSION = 5, FACTS_RECEIVED_MS = 6, FACTS_OFFICER_FROM = 9,
    FACTS_COMPONENTS = 13, FACTS_REASON_CODE = 14, FACTS_ANSWER_BY_MS = 15,
    COMPONENT_CODE = 1, COMPONENT_WITHDRAWN = 5,
};

/* A protobuf varint; nearly all are of one byte. False: cut short, or longer than 64 bits. */
static inline bool varint_read(struct span *span, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (span->size && span->bytes[0] < 0x80) {
        *ret_value = *span->bytes++;
        span->size--;
        return true;
    }
    for (unsigned shift = 0; span->size && shift < 64; shift += 7) {
        uint8_t byte = *span->bytes++;
        span->size--;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* One field of a message: a number, or bytes. */
struct item { unsigned number; bool is_bytes; uint64_t value; struct span bytes; };

/* False: the end, or not well-formed from here on. */
static inline bool item_read(struct span *message, struct item *ret_item)
{
    static const size_t fixed_sizes[] = { [1] = 8, [5] = 4 };
    uint64_t tag, size;

    if (!varint_read(message, &tag))
        return false;
    unsigned wire_type = tag & 7;
    *ret_item = (struct item){ .number = (unsigned)(tag >> 3), .is_bytes = wire_type == 2 };
    if (wire_type == 0)
        return varint_read(message, &ret_item->value);
    if (wire_type == 2) {
        if (!varint_read(message, &size))
            return false;
    } else if (wire_type == 1 || wire_type == 5) {
        size = fixed_sizes[wire_type];
    } else {
        return false;
    }
    if (size > message->size)
        return false;
    ret_item->bytes = (struct span){ .bytes = message->bytes, .size = size };
    *message = (struct span){ .bytes = message->bytes + size, .size = message->size - size };
    return true;
}

struct span header_field(struct span message, unsigned number)
{
    struct span found = { 0 };
    struct item item;

    while (item_read(&message, &item))
        if (item.number == number && item.is_bytes)
            found = item.bytes;
    return found;
}

static uint64_t number_field(struct span message, unsigned number)
{
    uint64_t found = 0;
    struct item item;

    while (item_read(&message, &item))
        if (item.number == number && !item.is_bytes)
            found = item.value;
    return found;
}

struct span header_facts(struct span header)
{
    return header_field(header, HEADER_FACTS);
}

void header_content_type(struct span header, char ret_type[CONTENT_TYPE_SIZE])
{
    if (!span_to_string(header_field(header, HEADER_CONTENT_TYPE), ret_type, CONTENT_TYPE_SIZE))
        ret_type[0] = 0;
}

void header_area(struct span header, char ret_area[AREA_CODE_SIZE])
{
    if (!span_to_string(header_field(header_field(header, HEADER_FACTS), FACTS_AREA_CODE), ret_area, AREA_CODE_SIZE))
        ret_area[0] = 0;
}

void header_officer_from(struct span header, char ret_code[OFFICER_SIZE])
{
    if (!span_to_string(header_field(header_field(header, HEADER_FACTS), FACTS_OFFICER_FROM), ret_code, OFFICER_SIZE))
        ret_code[0] = 0;
}

void header_version(struct span header, char *ret_version, size_t size)
{
    if (!span_to_string(header_field(header_field(header, HEADER_FACTS), FACTS_PROCEDURE_VERSION), ret_version, size))
        ret_version[0] = 0;
}

int64_t header_received_ms(struct span header)
{
    return (int64_t)number_field(header_field(header, HEADER_FACTS), FACTS_RECEIVED_MS);
}

int64_t header_answer_by_ms(struct span header)
{
    return (int64_t)number_field(header_field(header, HEADER_FACTS), FACTS_ANSWER_BY_MS);
}

bool header_reason_code(struct span header, char ret_reason[REASON_CODE_SIZE])
{
    bool fits = span_to_string(header_field(header_field(header, HEADER_FACTS), FACTS_REASON_CODE), ret_reason,
                               REASON_CODE_SIZE);
    if (!fits)
        ret_reason[0] = 0;
    return fits;
}

struct component_walk header_components(struct span header)
{
    return (struct component_walk){ .facts = header_field(header, HEADER_FACTS) };
}

bool header_component_next(struct component_walk *walk, struct component_said *ret_component)
{
    struct item item;

    while (walk->index < COMPONENTS_MAX && item_read(&walk->facts, &item)) {
        if (item.number != FACTS_COMPONENTS || !item.is_bytes)
            continue;
        *ret_component = (struct component_said){ .code = header_field(item.bytes, COMPONENT_CODE),
                                                  .withdrawn = number_field(item.bytes, COMPONENT_WITHDRAWN) != 0,
                                                  .index = walk->index++ };
        return true;
    }
    return false;
}
