#include "gateway/core/header_text.h"

enum {
    HEADER_CONTENT_TYPE = 12, HEADER_FACTS = 16,    /* proto/lienthong.proto, message Header */
    FACTS_AREA_CODE = 4,                            /* message Facts */
};

/* A protobuf varint. False: cut short, or longer than 64 bits. */
static bool varint_read(struct span *span, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; span->size && shift < 64; shift += 7) {
        uint8_t byte = *span->bytes;
        *span = span_of(span->bytes + 1, span->size - 1);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

struct span header_field(struct span message, unsigned number)
{
    static const size_t fixed_sizes[] = { [1] = 8, [5] = 4 };
    struct span found = { 0 };
    uint64_t tag, size;

    while (varint_read(&message, &tag)) {
        unsigned wire_type = tag & 7;
        if (wire_type == 0) {
            if (!varint_read(&message, &size))
                break;
            continue;
        }
        if (wire_type == 2) {
            if (!varint_read(&message, &size))
                break;
        } else if (wire_type == 1 || wire_type == 5) {
            size = fixed_sizes[wire_type];
        } else {
            break;
        }
        if (size > message.size)
            break;
        if (tag >> 3 == number && wire_type == 2)
            found = span_of(message.bytes, size);
        message = span_of(message.bytes + size, message.size - size);
    }
    return found;
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
