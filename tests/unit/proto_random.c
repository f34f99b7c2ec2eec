#include "tests/unit/proto_random.h"

enum { ELEMENTS_MAX = 3, TEXT_BYTES_MAX = 200, DEPTH_MAX = 3 };

uint32_t random_below(uint32_t *seed, uint32_t end)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(*seed >> 8) * end) >> 24);
}

/* ---- which there are */

static void add(const ProtobufCMessageDescriptor *descriptor, const ProtobufCMessageDescriptor **list, unsigned *count)
{
    for (unsigned i = 0; i < *count; i++)
        if (list[i] == descriptor)
            return;
    must(*count < RANDOM_DESCRIPTORS_MAX);
    list[(*count)++] = descriptor;
}

unsigned random_descriptors(const ProtobufCMessageDescriptor *ret_list[RANDOM_DESCRIPTORS_MAX])
{
    const ProtobufCMessageDescriptor *envelope = &lienthong__v1__envelope__descriptor;
    unsigned count = 0;

    for (unsigned i = 0; i < envelope->n_fields; i++)
        if (envelope->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            add(envelope->fields[i].descriptor, ret_list, &count);
    add(&lienthong__v1__header__descriptor, ret_list, &count);  /* travels as bytes */
    for (unsigned at = 0; at < count; at++)
        for (unsigned i = 0; i < ret_list[at]->n_fields; i++)
            if (ret_list[at]->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
                add(ret_list[at]->fields[i].descriptor, ret_list, &count);
    return count;
}

/* ---- one of them */

struct making {
    uint32_t *seed;
    struct arena *arena;
    bool plain;
    int depth;
};

static void *take(struct making *making, size_t size)
{
    void *piece = arena_take(making->arena, size);
    must(piece != NULL);
    memset(piece, 0, size);
    return piece;
}

static uint64_t number(struct making *making)
{
    static const uint64_t edges[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX,
                                      1ULL << 56, UINT64_MAX };
    uint32_t which = random_below(making->seed, 2 * sizeof edges / sizeof *edges);
    return which < sizeof edges / sizeof *edges ? edges[which] : random_below(making->seed, 1 << 20);
}

static char *text(struct making *making)
{
    static const char *const words[] = { "a", "H29.07", "hồ sơ", "đã nhận", "x", "2.000986" };
    size_t wanted = random_below(making->seed, 4) ? random_below(making->seed, 12)
                                                  : random_below(making->seed, TEXT_BYTES_MAX);
    struct text text = text_of(take(making, TEXT_BYTES_MAX + 1), TEXT_BYTES_MAX + 1);
    while (text.used < wanted && !text.cut)
        text_add(&text, "%s", words[random_below(making->seed, sizeof words / sizeof *words)]);
    return text.string;
}

static ProtobufCBinaryData some_bytes(struct making *making)
{
    size_t size = random_below(making->seed, 3) ? random_below(making->seed, 33) : 0;
    uint8_t *bytes = take(making, size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_below(making->seed, 256);
    return (ProtobufCBinaryData){ .len = size, .data = size ? bytes : NULL };
}

static ProtobufCMessage *make(struct making *making, const ProtobufCMessageDescriptor *descriptor);

static void set(struct making *making, const ProtobufCFieldDescriptor *field, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)at = (uint32_t)number(making);
        return;
    case PROTOBUF_C_TYPE_UINT64: case PROTOBUF_C_TYPE_INT64:
        *(uint64_t *)at = number(making);
        making->plain = making->plain && *(uint64_t *)at <= INT64_MAX;
        return;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = (protobuf_c_boolean)random_below(making->seed, 2);
        return;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = text(making);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)at = some_bytes(making);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = make(making, field->descriptor);
        return;
    default:
        must(field->type == PROTOBUF_C_TYPE_SINT32);
        *(int32_t *)at = (int32_t)(uint32_t)number(making);
        making->plain = making->plain && !*(int32_t *)at;
    }
}

static void set_list(struct making *making, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    size_t count = random_below(making->seed, ELEMENTS_MAX + 1);
    size_t step = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
                : field->type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t) : sizeof(uint64_t);     /* or a pointer */
    uint8_t *list = take(making, count * step + 1);
    for (size_t i = 0; i < count; i++)
        set(making, field, list + i * step);
    *(size_t *)(void *)((uint8_t *)message + field->quantifier_offset) = count;
    *(void **)(void *)((uint8_t *)message + field->offset) = count ? list : NULL;
    making->plain = making->plain && !count;
}

static ProtobufCMessage *make(struct making *making, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = take(making, descriptor->sizeof_message);
    bool lists = random_below(making->seed, 2), deeper = making->depth < DEPTH_MAX;

    protobuf_c_message_init(descriptor, message);
    making->depth++;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (!random_below(making->seed, 3) || (field->type == PROTOBUF_C_TYPE_MESSAGE && !deeper))
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED)
            set(making, field, (uint8_t *)message + field->offset);
        else if (lists)
            set_list(making, field, message);
    }
    making->depth--;
    return message;
}

ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *descriptor, uint32_t *seed, struct arena *arena,
                                 bool *ret_plain)
{
    struct making making = { .seed = seed, .arena = arena, .plain = true };
    ProtobufCMessage *message = make(&making, descriptor);
    must(protobuf_c_message_get_packed_size(message) <= RANDOM_BYTES_MAX);
    *ret_plain = making.plain;
    return message;
}
