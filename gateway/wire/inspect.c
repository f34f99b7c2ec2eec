#include "gateway/wire/inspect.h"

#include <string.h>

#include "gateway/base/limits.h"
#include "gateway/base/words.h"
#include "proto/lienthong.pb-c.h"

enum { FIELDS_MAX = 64, WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* How often a field may be repeated. One that is not here has PAGE_MAX: it is ours to send, not to be sent to us. */
static const struct bound {
    const ProtobufCMessageDescriptor *message;
    uint32_t number, most;
} bounds[] = {
    { &lienthong__v1__batch__descriptor, 1, BATCH_FRAMES_MAX },
    { &lienthong__v1__hello__descriptor, 3, KIND_END },
    { &lienthong__v1__header__descriptor, 10, AFTER_MAX },
    { &lienthong__v1__header__descriptor, 13, ATTACHMENTS_MAX },
    { &lienthong__v1__facts__descriptor, 11, ALIASES_MAX },
    { &lienthong__v1__facts__descriptor, 12, MONEY_MAX },
    { &lienthong__v1__facts__descriptor, 13, COMPONENTS_MAX },
    { &lienthong__v1__facts__descriptor, 20, CHOSEN_STEPS_MAX },
};

static uint32_t bound_of(const ProtobufCMessageDescriptor *message, uint32_t number)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (bounds[i].message == message && bounds[i].number == number)
            return bounds[i].most;
    return PAGE_MAX;
}

/* Where something stands: its name, and what it stands in. Written out only when something is wrong there. */
struct place {
    const struct place *outer;
    const char *name;
};

static void add_names(struct text *text, const struct place *place)
{
    if (place->outer)
        add_names(text, place->outer);
    text_add(text, "%s%s", text->used && place->name[0] ? "." : "", place->name);
}

static const char *path_of(const struct place *place, char (*ret_path)[sizeof ((struct problem *)0)->field])
{
    struct text text = text_of(*ret_path, sizeof *ret_path);
    add_names(&text, place);
    return *ret_path;
}

static bool fault(enum problem_type type, const struct place *place, const char *vi, const char *en,
                  struct problem *ret_problem)
{
    char path[sizeof ret_problem->field];
    problem_set(ret_problem, type, path_of(place, &path), "%s%.0s", "%.0s%s", vi, en);
    return false;
}

static bool malformed(const struct place *place, struct problem *ret_problem)
{
    return fault(PROBLEM_MALFORMED, place, "không phải là một thông điệp hợp lệ: bị cắt hoặc sai cấu trúc",
                 "not a well-formed message: cut short, or not protobuf", ret_problem);
}

static inline bool read_varint(struct span *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (rest->size && rest->bytes[0] < 0x80) {
        *ret_value = *rest->bytes++;
        rest->size--;
        return true;
    }
    for (unsigned shift = 0; shift < 64 && rest->size; shift += 7) {
        uint8_t byte = *rest->bytes++;
        rest->size--;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static inline bool skip(struct span *rest, size_t size)
{
    if (rest->size < size)
        return false;
    rest->bytes += size;
    rest->size -= size;
    return true;
}

/* The value behind a tag: its bytes for WIRE_BYTES, empty for the others. */
static inline bool read_value(struct span *rest, unsigned type, struct span *ret_bytes)
{
    uint64_t number;
    *ret_bytes = (struct span){ 0 };
    switch (type) {
    case WIRE_VARINT:
        return read_varint(rest, &number);
    case WIRE_64:
        return skip(rest, 8);
    case WIRE_32:
        return skip(rest, 4);
    case WIRE_BYTES:
        if (!read_varint(rest, &number) || number > rest->size)
            return false;
        *ret_bytes = (struct span){ .bytes = rest->bytes, .size = (size_t)number };
        return skip(rest, (size_t)number);
    default:
        return false;                                           /* groups: never used by this schema */
    }
}

/* A packed list of numbers holds as many as it has bytes without the continuation bit. */
static uint32_t packed_count(struct span bytes)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bytes.size; i++)
        count += !(bytes.bytes[i] & 0x80);
    return count;
}

static bool check_count(const ProtobufCMessageDescriptor *message, const struct place *place, uint32_t number,
                        uint32_t count, struct problem *ret_problem)
{
    char path[sizeof ret_problem->field];
    uint32_t most = bound_of(message, number);
    if (count <= most)
        return true;
    problem_set(ret_problem, PROBLEM_TOO_LARGE, path_of(place, &path),
                "nhiều phần tử hơn mức cho phép (%u, tối đa %u)", "more elements than allowed (%u, at most %u)", count,
                most);
    return false;
}

/* protobuf says that a message given twice is merged, its lists put behind each other: that would step over the bounds
 * of every list in it. Nobody who packs a message writes one twice. */
static bool check_once(bool *seen, const struct place *place, struct problem *ret_problem)
{
    if (*seen)
        return fault(PROBLEM_MALFORMED, place, "phần này xuất hiện hai lần", "this part is there twice", ret_problem);
    *seen = true;
    return true;
}

static bool check_text(struct span bytes, const struct place *place, struct problem *ret_problem)
{
    return span_is_utf8(bytes) || fault(PROBLEM_INVALID_FIELD, place,
                                        "văn bản không phải UTF-8 hợp lệ hoặc chứa byte 0",
                                        "the text is not valid UTF-8, or holds a zero byte", ret_problem);
}

/* Numbers mostly run from 1 on without a gap: then the place follows from the number. */
static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *descriptor, unsigned number)
{
    if (number <= descriptor->n_fields && descriptor->fields[number - 1].id == number)
        return &descriptor->fields[number - 1];
    return protobuf_c_message_descriptor_get_field(descriptor, number);
}

static bool inspect_in(struct span rest, const ProtobufCMessageDescriptor *descriptor, const struct place *outer,
                       struct problem *ret_problem)
{
    uint32_t counts[FIELDS_MAX] = { 0 };
    bool seen[FIELDS_MAX] = { false };
    must(descriptor->n_fields <= FIELDS_MAX);

    while (rest.size) {
        uint64_t tag;
        struct span bytes;
        if (!read_varint(&rest, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF
            || !read_value(&rest, (unsigned)tag & 7, &bytes))
            return malformed(outer, ret_problem);
        const ProtobufCFieldDescriptor *field = field_of(descriptor, (unsigned)(tag >> 3));
        if (!field)
            continue;
        struct place place = { .outer = outer, .name = field->name };
        bool is_bytes = (tag & 7) == WIRE_BYTES;
        bool sized = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE
                     || field->type == PROTOBUF_C_TYPE_BYTES;
        if (sized && !is_bytes)
            return malformed(&place, ret_problem);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            uint32_t *count = &counts[field - descriptor->fields];
            *count += is_bytes && !sized ? packed_count(bytes) : 1;
            if (!check_count(descriptor, &place, field->id, *count, ret_problem))
                return false;
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE
                 && !check_once(&seen[field - descriptor->fields], &place, ret_problem))
            return false;
        if (field->type == PROTOBUF_C_TYPE_STRING && !check_text(bytes, &place, ret_problem))
            return false;
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && !inspect_in(bytes, field->descriptor, &place, ret_problem))
            return false;
    }
    return true;
}

bool inspect(struct span bytes, const ProtobufCMessageDescriptor *descriptor, const char *name,
             struct problem *ret_problem)
{
    struct place place = { .name = name };
    return inspect_in(bytes, descriptor, &place, ret_problem);
}
