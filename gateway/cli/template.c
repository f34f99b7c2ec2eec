#include "gateway/cli/template.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

/* ---- escaping */

size_t utf8_next(struct span text, uint32_t *ret_character)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint8_t first = text.size ? text.bytes[0] : 0x80;
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    uint32_t character = length == 1 ? first : first & (0x7Fu >> length);

    if (!length || length > text.size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text.bytes[i] & 0xC0) != 0x80)
            return 0;
        character = character << 6 | (text.bytes[i] & 0x3F);
    }
    if (character < least[length] || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000))
        return 0;
    *ret_character = character;
    return length;
}

bool character_is_plain(uint32_t character)
{
    if (character < 0x20)
        return character == '\n' || character == '\t';
    return !(character >= 0x7F && character < 0xA0)                             /* DEL, C1 */
        && character != 0x061C && character != 0x200E && character != 0x200F    /* marks of direction */
        && !(character >= 0x2028 && character < 0x202F)                         /* line ends, embeddings, overrides */
        && !(character >= 0x2066 && character < 0x206A)                         /* isolates */
        && character != 0xFEFF && (character & 0xFFFE) != 0xFFFE;
}

static void escape_one(FILE *out, struct span bytes, uint32_t character)
{
    switch (character) {
    case '&':
        fputs("&amp;", out);
        break;
    case '<':
        fputs("&lt;", out);
        break;
    case '>':
        fputs("&gt;", out);
        break;
    case '"':
        fputs("&quot;", out);
        break;
    case '\'':
        fputs("&#39;", out);
        break;
    default:
        if (character_is_plain(character))
            fwrite(bytes.bytes, 1, bytes.size, out);
        else
            fputs("\xEF\xBF\xBD", out);
    }
}

void template_escape(FILE *out, struct span text)
{
    while (text.size) {
        uint32_t character = UINT32_MAX;
        size_t length = utf8_next(text, &character);
        if (!length)                                            /* not UTF-8: one byte of it */
            character = 0xFFFE;
        length += !length;
        escape_one(out, span_of(text.bytes, length), character);
        text = span_of(text.bytes + length, text.size - length);
    }
}

/* ---- looking up */

/* The objects around the place, the outermost first. */
struct scope {
    FILE *out;
    const struct template *templates;
    const json_t *at[DEPTH_MAX];
    unsigned depth, included;
};

static const json_t *member(const json_t *object, struct span name)
{
    char key[64];
    if (!json_is_object(object) || !span_to_string(name, key, sizeof key))
        return NULL;
    return json_object_get(object, key);
}

/* NULL: not there. */
static const json_t *look_up(const struct scope *scope, struct span name)
{
    const json_t *found = NULL;
    const uint8_t *dot = memchr(name.bytes, '.', name.size);
    struct span first = dot ? span_of(name.bytes, (size_t)(dot - name.bytes)) : name;

    if (name.size == 1 && dot)
        return scope->at[scope->depth - 1];
    for (unsigned i = scope->depth; !found && i > 0; i--)
        found = member(scope->at[i - 1], first);
    while (found && dot) {
        struct span rest = span_of(dot + 1, name.size - first.size - 1);
        dot = memchr(rest.bytes, '.', rest.size);
        first = dot ? span_of(rest.bytes, (size_t)(dot - rest.bytes)) : rest;
        found = member(found, first);
        name = rest;
    }
    return found;
}

static bool is_something(const json_t *value)
{
    return json_is_object(value) || json_is_true(value) || (json_is_array(value) && json_array_size(value))
        || (json_is_string(value) && json_string_length(value))
        || (json_is_integer(value) && json_integer_value(value));
}

static void write_value(const struct scope *scope, const json_t *value)
{
    if (json_is_string(value))
        template_escape(scope->out, span_of(json_string_value(value), json_string_length(value)));
    else if (json_is_integer(value))
        fprintf(scope->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

/* ---- reading a template */

/* {{#name}}: mark '#', name "name"; {{name}}: mark 0. */
struct tag { char mark; struct span name; const char *begin, *after; };

/* The next tag at or after `at`, before `end`. False: none. */
static bool next_tag(const char *at, const char *end, struct tag *ret_tag)
{
    const char *open = memmem(at, (size_t)(end - at), "{{", 2);
    if (!open)
        return false;
    const char *close = memmem(open, (size_t)(end - open), "}}", 2);
    must(close != NULL);
    struct tag tag = { .begin = open, .after = close + 2 };
    open += 2;
    if (memchr("#^/>", *open, 4))
        tag.mark = *open++;
    tag.name = span_of(open, (size_t)(close - open));
    must(tag.name.size > 0);
    *ret_tag = tag;
    return true;
}

/* The end of a section that has just begun. */
static struct tag section_end(const struct tag *section, const char *end)
{
    struct tag tag = { 0 };
    const char *at = section->after;
    unsigned nested = 1;

    while (nested) {
        must(next_tag(at, end, &tag));                          /* every section ends */
        if ((tag.mark == '#' || tag.mark == '^') && span_equal(tag.name, section->name))
            nested++;
        else if (tag.mark == '/' && span_equal(tag.name, section->name))
            nested--;
        at = tag.after;
    }
    return tag;
}

static void render(struct scope *scope, const char *at, const char *end);

static void render_inside(struct scope *scope, const json_t *value, const char *at, const char *end)
{
    must(scope->depth < DEPTH_MAX);
    scope->at[scope->depth++] = value;
    render(scope, at, end);
    scope->depth--;
}

static void render_section(struct scope *scope, const struct tag *begin, const char *end)
{
    const json_t *value = look_up(scope, begin->name);

    if (begin->mark == '^') {
        if (!is_something(value))
            render(scope, begin->after, end);
    } else if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            render_inside(scope, json_array_get(value, i), begin->after, end);
    } else if (is_something(value)) {
        render_inside(scope, value, begin->after, end);
    }
}

static const char *template_text(const struct scope *scope, struct span name)
{
    const struct template *template = scope->templates;
    while (template->name && !span_equal(span_of_string(template->name), name))
        template++;
    must(template->name != NULL);
    return template->text;
}

static void include(struct scope *scope, struct span name)
{
    const char *text = template_text(scope, name);
    must(scope->included < DEPTH_MAX);
    scope->included++;
    render(scope, text, text + strlen(text));
    scope->included--;
}

static void render(struct scope *scope, const char *at, const char *end)
{
    struct tag tag;

    while (next_tag(at, end, &tag)) {
        fwrite(at, 1, (size_t)(tag.begin - at), scope->out);
        at = tag.after;
        if (tag.mark == '#' || tag.mark == '^') {
            struct tag close = section_end(&tag, end);
            render_section(scope, &tag, close.begin);
            at = close.after;
        } else if (tag.mark == '>') {
            include(scope, tag.name);
        } else {
            must(tag.mark == 0);                                /* the end of a section that never began */
            write_value(scope, look_up(scope, tag.name));
        }
    }
    fwrite(at, 1, (size_t)(end - at), scope->out);
}

void template_write(FILE *out, const struct template *templates, const char *name, const json_t *values)
{
    struct scope scope = { .out = out, .templates = templates, .at = { values }, .depth = 1 };
    include(&scope, span_of_string(name));
}
