#include "adapters/kinds/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unigbrk.h>
#include <uninorm.h>
#include <unistr.h>

#include "adapters/kinds/field.h"
#include "adapters/kinds/pointer.h"
#include "adapters/kinds/scrub.h"

enum { PLACE_SIZE = JUDGEMENT_FIELD_SIZE, SCALAR_SIZE = 512 };

/* Where we are: the item of the innermost `each`, and its places in source and target for messages. */
struct place {
    const json_t *item;
    char source[PLACE_SIZE], target[PLACE_SIZE];
};

struct work {
    const struct mapping *mapping;
    const json_t *source;
    struct warnings *warnings;
    struct judgement *why;
};

/* ---------------------------------------------------------------- saying what is wrong */

static void warn(struct work *work, const struct place *place, const struct field *field, const char *what)
{
    struct warnings *warnings = work->warnings;

    warnings->count++;
    if (warnings->kept == WARNINGS_MAX)
        return;
    struct warning *warning = &warnings->list[warnings->kept++];
    struct text text = text_of(warning->field, sizeof warning->field);
    text_add(&text, "%s%s", place->target, field->to);
    warning->what = what;
}

/* The same pointer without its indexes: what the same trouble in another row or dossier has in common. */
static void add_pointer_mark(struct text *text, const char *pointer)
{
    char bare[PLACE_SIZE];
    struct text marked = text_of(bare, sizeof bare);

    for (const char *at = pointer; *at; at++)
        if (*at < '0' || *at > '9')
            text_add(&marked, "%c", *at);
    slug_add(text, span_of_string(bare), 48);
}

static void source_place(const struct place *place, const char *pointer, char ret_place[PLACE_SIZE])
{
    struct text text = text_of(ret_place, PLACE_SIZE);

    if (pointer[0] == '.')
        text_add(&text, "%s%s", place->source, pointer + 1);
    else
        text_add(&text, "%s", pointer);
}

static bool bad_data(struct work *work, const struct place *place, const char *pointer, const char *mark,
                     const char *reason)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct text text = text_of(fingerprint, sizeof fingerprint);

    text_add(&text, "%s-", mark);
    add_pointer_mark(&text, pointer);
    judgement_set(work->why, VERDICT_BAD_DATA, fingerprint, "%s", reason);
    source_place(place, pointer, work->why->field);
    work->why->never_sent = true;
    return false;
}

/* The list is ours, so the trouble is too; every other handoff with this value would meet it. */
static bool unknown_code(struct work *work, const struct field *field, const char *value)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct text text = text_of(fingerprint, sizeof fingerprint);

    text_add(&text, "code-");
    add_pointer_mark(&text, field->to);
    text_add(&text, "-");
    slug_add(&text, span_of_string(value), 24);
    judgement_set(work->why, VERDICT_MISCONFIGURED, fingerprint,
                  "bảng mã của %s (%s:%d) thiếu giá trị này / the code list does not know this value", field->to,
                  work->mapping->name, field->line);
    work->why->scope = SCOPE_MAPPING;
    struct text wrong = text_of(work->why->value, sizeof work->why->value);
    scrub_add(&wrong, span_of_string(value));
    work->why->never_sent = true;
    return false;
}

/* ---------------------------------------------------------------- one value */

static const json_t *look_up(const struct work *work, const struct place *place, const char *pointer)
{
    if (pointer[0] == '.')
        return pointer_get(place->item, pointer + 1);
    return pointer_get(work->source, pointer);
}

/* null, "" and blanks are nothing. */
static bool holds_something(const json_t *json)
{
    if (!json || json_is_null(json))
        return false;
    if (!json_is_string(json))
        return true;
    const char *text = json_string_value(json);
    size_t size = json_string_length(json);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] > ' ')
            return true;
    return false;
}

static json_t *convert_date(struct work *work, const struct place *place, const struct field *field, const char *from,
                            const json_t *value)
{
    char text[SCALAR_SIZE], written[DATE_TEXT_SIZE];
    int64_t time_ms;

    for (size_t i = 0; scalar_text(value, text, sizeof text) && i < field->date_count; i++)
        if (date_read(field->date_from[i], span_of_string(text), &time_ms)) {
            date_write(field->date_to, time_ms, written);
            return strcmp(field->date_to, "ms") == 0 ? json_integer(time_ms) : json_string(written);
        }
    bad_data(work, place, from, "date", "ngày giờ không đúng định dạng / the date cannot be read");
    return NULL;
}

static json_t *convert_code(struct work *work, const struct place *place, const struct field *field, const char *from,
                            const json_t *value)
{
    char text[SCALAR_SIZE];

    if (!scalar_text(value, text, sizeof text)) {
        bad_data(work, place, from, "type", "cần một giá trị đơn / a plain value is expected");
        return NULL;
    }
    json_t *code = json_object_get(field->codes, text);
    if (!code)
        unknown_code(work, field, text);
    return json_incref(code);
}

/* The first `limit` characters in NFC, whole ones as a reader sees them: no letter loses its mark. NULL: no memory. */
static json_t *cut_text(const json_t *value, size_t limit, bool *ret_cut)
{
    size_t size, characters = 0;
    uint8_t *text = u8_normalize(UNINORM_NFC, (const uint8_t *)json_string_value(value), json_string_length(value),
                                 NULL, &size);
    const uint8_t *at = text, *end = text ? text + size : NULL;

    while (at && at < end) {
        const uint8_t *next = u8_grapheme_next(at, end);
        size_t more = next ? u8_mbsnlen(at, (size_t)(next - at)) : limit + 1;
        if (characters + more > limit)
            break;
        characters += more;
        at = next;
    }
    *ret_cut = at != end;
    json_t *cut = text ? json_stringn((const char *)text, (size_t)(at - text)) : NULL;
    free(text);
    return cut;
}

static json_t *convert_as(struct work *work, const struct place *place, const struct field *field, const char *from,
                          const json_t *value)
{
    char text[SCALAR_SIZE], *end;

    switch (field->as) {
    case AS_TREE:
        return json_deep_copy(value);
    case AS_JSON: {
        if (json_is_string(value))
            return json_incref((json_t *)value);
        char *dump;
        size_t size;
        enum result result = json_to_body(value, BODY_BYTES_MAX, &dump, &size);
        if (result == RESULT_INVALID)
            bad_data(work, place, from, "length", "phần này quá dài / this part is too long");
        if (result != RESULT_OK)
            return NULL;
        json_t *string = json_stringn(dump, size);
        free(dump);
        return string;
    }
    case AS_TEXT:
        if (json_is_string(value))
            return json_incref((json_t *)value);
        return scalar_text(value, text, sizeof text) ? json_string(text) : NULL;
    case AS_NUMBER:
        if (json_is_number(value))
            return json_incref((json_t *)value);
        errno = 0;
        if (scalar_text(value, text, sizeof text) && text[0] && !text[strspn(text, "-0123456789")]) {
            long long number = strtoll(text, &end, 10);
            if (!*end && !errno)
                return json_integer(number);
        }
        bad_data(work, place, from, "number", "cần một số / a number is expected");
        return NULL;
    default:
        return json_incref((json_t *)value);
    }
}

static json_t *convert(struct work *work, const struct place *place, const struct field *field, const char *from,
                       const json_t *value)
{
    bool was_cut = false;
    json_t *now;

    if (field->as < AS_TREE && (json_is_object(value) || json_is_array(value))) {
        bad_data(work, place, from, "type", "cần một giá trị đơn / a plain value is expected");
        return NULL;
    }
    if (field->date_count)
        now = convert_date(work, place, field, from, value);
    else if (field->codes)
        now = convert_code(work, place, field, from, value);
    else
        now = json_incref((json_t *)value);
    if (now && field->as != AS_IS) {
        json_t *other = convert_as(work, place, field, from, now);
        json_decref(now);
        now = other;
    }
    if (now && field->cut && json_is_string(now)) {
        json_t *cut = cut_text(now, field->cut, &was_cut);
        json_decref(now);
        now = cut;
    }
    if (was_cut)
        warn(work, place, field, "cut");
    return now;
}

/* ---------------------------------------------------------------- fields */

static bool apply_fields(struct work *work, const struct place *place, const struct field *fields, size_t count,
                         json_t *target);

/* What fails after everything else was checked is memory. */
static bool put(struct work *work, json_t *target, const struct field *field, json_t *value)
{
    if (value && field_put(target, field->to, value))
        return true;
    judgement_set(work->why, VERDICT_LATER, "adapter-memory",
                  "hết bộ nhớ khi viết yêu cầu / no memory to write the request");
    work->why->never_sent = true;
    return false;
}

static bool apply_each(struct work *work, const struct place *place, const struct field *field, json_t *target)
{
    const json_t *list = look_up(work, place, field->each);
    size_t count = json_array_size(list);

    if (holds_something(list) && !json_is_array(list))
        return bad_data(work, place, field->each, "type", "cần một danh sách / a list is expected");
    if (field->required && !count)
        return bad_data(work, place, field->each, "missing", "thiếu giá trị bắt buộc / a required value is missing");
    if (count > MAPPING_ITEMS_MAX)
        return bad_data(work, place, field->each, "items", "danh sách quá dài / the list is too long");
    if (!list || json_is_null(list))
        return true;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++) {
        struct place inner = { .item = json_array_get(list, i) };
        source_place(place, field->each, inner.source);
        struct text text = text_of(inner.source + strlen(inner.source), PLACE_SIZE - strlen(inner.source));
        text_add(&text, "/%zu", i);
        text = text_of(inner.target, PLACE_SIZE);
        text_add(&text, "%s%s/%zu", place->target, field->to, i);
        json_t *item = json_object();
        if (json_array_append_new(items, item)) {
            json_decref(items);
            return put(work, target, field, NULL);
        }
        if (!apply_fields(work, &inner, field->fields, field->count, item)) {
            json_decref(items);
            return false;
        }
    }
    return put(work, target, field, items);
}

static bool apply_field(struct work *work, const struct place *place, const struct field *field, json_t *target)
{
    if (field->each)
        return apply_each(work, place, field, target);
    if (field->constant)
        return put(work, target, field, json_incref(field->constant));
    for (size_t i = 0; i < field->from_count; i++) {
        const json_t *value = look_up(work, place, field->from[i]);
        if (!holds_something(value))
            continue;
        work->why->verdict = 0;
        json_t *converted = convert(work, place, field, field->from[i], value);
        return !converted && work->why->verdict ? false : put(work, target, field, converted);
    }
    if (field->required)
        return bad_data(work, place, field->from[0], "missing", "thiếu giá trị bắt buộc / a required value is missing");
    if (!field->fallback)
        return true;
    warn(work, place, field, "default");
    return put(work, target, field, json_incref(field->fallback));
}

static bool apply_fields(struct work *work, const struct place *place, const struct field *fields, size_t count,
                         json_t *target)
{
    for (size_t i = 0; i < count; i++)
        if (!apply_field(work, place, &fields[i], target))
            return false;
    return true;
}

bool mapping_apply(const struct mapping *mapping, const json_t *source, struct warnings *ret_warnings,
                   json_t **ret_target, struct judgement *reterr_why)
{
    struct judgement why = { 0 };
    struct work work = { .mapping = mapping, .source = source, .warnings = ret_warnings, .why = &why };
    const struct place root = { .item = source };
    json_t *target = json_object();

    *ret_warnings = (struct warnings){ 0 };
    if (target && apply_fields(&work, &root, mapping->fields, mapping->count, target)) {
        *ret_target = target;
        return true;
    }
    if (!target)
        judgement_set(&why, VERDICT_LATER, "adapter-memory",
                  "hết bộ nhớ khi viết yêu cầu / no memory to write the request");
    json_decref(target);
    *reterr_why = why;
    return false;
}

enum result json_to_body(const json_t *json, size_t bytes_max, char **ret_body, size_t *ret_body_bytes)
{
    /* Measured, then written into memory that is there. json_dumps() grows its own, and where it cannot it may leave a
     * piece out and go on. 0: there was no memory even for that. */
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
    size_t size = json_dumpb(json, NULL, 0, flags);
    if (size > bytes_max)
        return RESULT_INVALID;
    char *body = size ? malloc(size + 1) : NULL;

    if (!body || json_dumpb(json, body, size, flags) != size) {
        free(body);
        return RESULT_FULL;
    }
    body[size] = 0;
    *ret_body = body;
    *ret_body_bytes = size;
    return RESULT_OK;
}
