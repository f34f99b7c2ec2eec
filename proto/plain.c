#include "proto/plain.h"

#include <string.h>

/* What a tag and a length may take (protobuf-c takes no more either, or does not need more), and a number: of none that
 * is so short a bit is cut off. */
enum { TYPE_NUMBER = 0, TYPE_SIZED = 2, TAG_BYTES_MAX = 2, SIZE_BYTES_MAX = 5, NUMBER_BYTES_MAX = 9 };

static inline bool read_number(struct span *rest, unsigned bytes_max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (rest->size && rest->bytes[0] < 0x80) {                  /* most are one byte */
        *ret_number = *rest->bytes++;
        rest->size--;
        return true;
    }
    for (size_t i = 0; i < rest->size && i < bytes_max; i++) {
        number |= (uint64_t)(rest->bytes[i] & 0x7F) << 7 * i;
        if (rest->bytes[i] & 0x80)
            continue;
        rest->bytes += i + 1;
        rest->size -= i + 1;
        *ret_number = number;
        return true;
    }
    return false;
}

static inline bool read_sized(struct span *rest, struct span *ret_bytes)
{
    uint64_t size;
    if (!read_number(rest, SIZE_BYTES_MAX, &size) || size > rest->size)
        return false;
    *ret_bytes = span_of(size ? rest->bytes : NULL, (size_t)size);
    rest->bytes += size;
    rest->size -= (size_t)size;
    return true;
}

static bool set_number(uint64_t number, ProtobufCType type, void *ret_value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)ret_value = (uint32_t)number;
        return number <= UINT32_MAX;
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)ret_value = number;
        return true;
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)ret_value = (int64_t)number;
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)ret_value = number != 0;
        return number <= 1;
    default:
        return false;
    }
}

static bool set_text(struct span bytes, const ProtobufCAllocator *allocator, char **ret_text)
{
    if (!bytes.size)
        return true;                                            /* as it was begun: "" */
    char *text = span_is_utf8(bytes) ? allocator->alloc(allocator->allocator_data, bytes.size + 1) : NULL;
    if (!text)
        return false;
    memcpy(text, bytes.bytes, bytes.size);
    text[bytes.size] = 0;
    *ret_text = text;
    return true;
}

static bool set_sized(struct span bytes, const ProtobufCFieldDescriptor *field, const ProtobufCAllocator *allocator,
                      void *ret_value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return set_text(bytes, allocator, ret_value);
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)ret_value = (ProtobufCBinaryData){ .len = bytes.size,
                                                                   .data = (uint8_t *)(uintptr_t)bytes.bytes };
        return true;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)ret_value = plain_read(bytes, field->descriptor, allocator);
        return *(ProtobufCMessage **)ret_value != NULL;
    default:
        return false;
    }
}

/* An arm of a oneof says that it is the one. False: another arm was there before. */
static bool choose(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    uint32_t *chosen = (uint32_t *)(void *)((uint8_t *)message + field->quantifier_offset);
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return true;
    if (*chosen)
        return false;
    *chosen = field->id;
    return true;
}

ProtobufCMessage *plain_read(struct span bytes, const ProtobufCMessageDescriptor *descriptor,
                             const ProtobufCAllocator *allocator)
{
    const ProtobufCFieldDescriptor *field = descriptor->fields, *end = field + descriptor->n_fields;
    ProtobufCMessage *message = allocator->alloc(allocator->allocator_data, descriptor->sizeof_message);

    if (!message)
        return NULL;
    descriptor->message_init(message);
    for (; bytes.size; field++) {
        uint64_t tag, number;
        struct span part;

        if (!read_number(&bytes, TAG_BYTES_MAX, &tag))
            return NULL;
        while (field < end && field->id < tag >> 3)
            field++;
        if (field == end || field->id != tag >> 3 || field->label != PROTOBUF_C_LABEL_NONE || !choose(message, field))
            return NULL;
        void *value = (uint8_t *)message + field->offset;
        bool good = (tag & 7) == TYPE_NUMBER
                  ? read_number(&bytes, NUMBER_BYTES_MAX, &number) && set_number(number, field->type, value)
                  : (tag & 7) == TYPE_SIZED && read_sized(&bytes, &part) && set_sized(part, field, allocator, value);
        if (!good)
            return NULL;
    }
    return message;
}
