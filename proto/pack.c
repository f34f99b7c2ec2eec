#include "proto/pack.h"

#include <stdbool.h>
#include <string.h>

#include "gateway/base/result.h"

enum { TYPE_NUMBER = 0, TYPE_SIZED = 2 };

/* Seven bits to a byte, and one byte for zero: most of them. */
static inline size_t number_size(uint64_t number)
{
    return number <= 0x7F ? 1 : (63 - (size_t)__builtin_clzll(number)) / 7 + 1;
}

size_t pack_number_size(uint64_t number)
{
    return number_size(number);
}

uint8_t *pack_number(uint8_t *to, uint64_t number)
{
    for (; number > 0x7F; number >>= 7)
        *to++ = (uint8_t)(number | 0x80);
    *to++ = (uint8_t)number;
    return to;
}

/* ---- one value */

struct value {
    bool sized;                                         /* so many bytes follow; else it is a number */
    uint64_t number;                                    /* it, or how many */
    const void *bytes;                                  /* these, unless it is ... */
    const ProtobufCMessage *message;
};

/* What stands at `at` in its message, or in a list. */
static inline struct value value_of(const void *at, ProtobufCType type)
{
    const ProtobufCBinaryData *data = at;
    const ProtobufCMessage *message;
    const char *text;
    int32_t number;

    switch (type) {
    case PROTOBUF_C_TYPE_UINT32:
        return (struct value){ .number = *(const uint32_t *)at };
    case PROTOBUF_C_TYPE_UINT64: case PROTOBUF_C_TYPE_INT64:
        return (struct value){ .number = *(const uint64_t *)at };
    case PROTOBUF_C_TYPE_BOOL:
        return (struct value){ .number = *(const protobuf_c_boolean *)at != 0 };
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *)at;
        return (struct value){ .sized = true, .number = text && *text ? strlen(text) : 0, .bytes = text };
    case PROTOBUF_C_TYPE_BYTES:
        return (struct value){ .sized = true, .number = data->len, .bytes = data->data };
    case PROTOBUF_C_TYPE_MESSAGE:
        message = *(ProtobufCMessage *const *)at;
        return (struct value){ .sized = true, .number = message ? pack_size(message) : 0, .message = message };
    default:
        must(type == PROTOBUF_C_TYPE_SINT32);
        number = *(const int32_t *)at;
        return (struct value){ .number = (uint32_t)number << 1 ^ (number < 0 ? UINT32_MAX : 0) };
    }
}

static inline size_t value_size(const struct value *value)
{
    return number_size(value->number) + (value->sized ? value->number : 0);
}

static inline uint8_t *write_value(const struct value *value, uint8_t *to)
{
    to = pack_number(to, value->number);
    if (value->message)
        return pack_message(value->message, to);
    if (!value->sized || !value->number)
        return to;
    memcpy(to, value->bytes, value->number);
    return to + value->number;
}

/* ---- a list: elements each with the tag, or, of numbers, packed in a row */

struct list {
    const uint8_t *at;
    size_t count, step;
    bool packed;
};

static struct list list_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)message;
    struct list list = {
        .at = *(const uint8_t *const *)(const void *)(base + field->offset),
        .count = *(const size_t *)(const void *)(base + field->quantifier_offset),
        .packed = field->flags & PROTOBUF_C_FIELD_FLAG_PACKED,
    };
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        list.step = sizeof(uint32_t);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        list.step = sizeof(uint64_t);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        list.step = sizeof(ProtobufCBinaryData);
        break;
    default:
        must(field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE);
        list.step = sizeof(void *);
    }
    return list;
}

static size_t values_size(struct list list, ProtobufCType type)
{
    size_t size = 0;
    for (size_t i = 0; i < list.count; i++) {
        struct value value = value_of(list.at + i * list.step, type);
        size += value_size(&value);
    }
    return size;
}

static bool is_empty(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return !*(const size_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);
}

static size_t list_size(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (is_empty(message, field))                               /* most are */
        return 0;
    struct list list = list_of(message, field);
    size_t tag = number_size((uint64_t)field->id << 3), size = values_size(list, field->type);
    return list.packed ? tag + number_size(size) + size : list.count * tag + size;
}

static uint8_t *write_list(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, uint8_t *to)
{
    if (is_empty(message, field))
        return to;
    struct list list = list_of(message, field);
    uint64_t tag = (uint64_t)field->id << 3 | TYPE_SIZED;

    if (list.packed) {
        to = pack_number(to, tag);
        to = pack_number(to, values_size(list, field->type));
    }
    for (size_t i = 0; i < list.count; i++) {
        struct value value = value_of(list.at + i * list.step, field->type);
        if (!list.packed)
            to = pack_number(to, tag);
        to = write_value(&value, to);
    }
    return to;
}

/* ---- the whole */

/* A field that is no list. False: nothing is written of it, as nothing was put into it. */
static inline bool is_there(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                            struct value *ret_value)
{
    must(!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF));        /* of an envelope, and that is for envelope.c */
    *ret_value = value_of((const uint8_t *)message + field->offset, field->type);
    return ret_value->number || ret_value->message;
}

size_t pack_size(const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = message->descriptor->fields, *end = field + message->descriptor->n_fields;
    size_t size = 0;

    if (message->n_unknown_fields)
        return protobuf_c_message_get_packed_size(message);
    for (; field < end; field++) {
        struct value value;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            size += list_size(message, field);
        else if (is_there(message, field, &value))
            size += number_size((uint64_t)field->id << 3) + value_size(&value);
    }
    return size;
}

uint8_t *pack_message(const ProtobufCMessage *message, uint8_t *to)
{
    const ProtobufCFieldDescriptor *field = message->descriptor->fields, *end = field + message->descriptor->n_fields;

    if (message->n_unknown_fields)
        return to + protobuf_c_message_pack(message, to);
    for (; field < end; field++) {
        struct value value;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            to = write_list(message, field, to);
        } else if (is_there(message, field, &value)) {
            to = pack_number(to, (uint64_t)field->id << 3 | (value.sized ? TYPE_SIZED : TYPE_NUMBER));
            to = write_value(&value, to);
        }
    }
    return to;
}
