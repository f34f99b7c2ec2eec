#include "adapters/kinds/body.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/pointer.h"

enum { BEGINNING_BYTES = 1024, WORDS_BYTES_MAX = 64 << 10 };

static const char *const names[FORM_END] = {
    [FORM_EMPTY] = "empty", [FORM_JSON] = "json", [FORM_HTML] = "html", [FORM_XML] = "xml", [FORM_BROKEN] = "broken",
};

const char *form_name(enum form form)
{
    return form > 0 && form < FORM_END ? names[form] : "?";
}

enum form form_read(const char *name)
{
    for (enum form form = 1; form < FORM_END; form++)
        if (strcmp(names[form], name) == 0)
            return form;
    return 0;
}

/* strcasestr over bytes that may hold zeros. */
static bool has_tag(struct span text, const char *tag)
{
    size_t size = strlen(tag);

    for (size_t i = 0; i + size <= text.size; i++)
        if (strncasecmp((const char *)text.bytes + i, tag, size) == 0)
            return true;
    return false;
}

static struct span without_blanks_before(struct span bytes)
{
    if (bytes.size >= 3 && memcmp(bytes.bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes = span_of(bytes.bytes + 3, bytes.size - 3);
    while (bytes.size && isspace(bytes.bytes[0]))
        bytes = span_of(bytes.bytes + 1, bytes.size - 1);
    return bytes;
}

/* What begins with '<'. Fragments without <html> are what proxies and stack traces send: HTML unless it declares itself
 * as XML or its root has a namespace prefix (soap:Envelope). */
static enum form markup(struct span bytes)
{
    struct span beginning = span_of(bytes.bytes, bytes.size < BEGINNING_BYTES ? bytes.size : BEGINNING_BYTES);
    size_t name = 1;

    if (has_tag(beginning, "<html") || has_tag(beginning, "<!doctype html"))
        return FORM_HTML;
    if (has_tag(span_of(bytes.bytes, bytes.size < 5 ? bytes.size : 5), "<?xml"))
        return FORM_XML;
    while (name < beginning.size && (isalnum(beginning.bytes[name]) || memchr("_-.", beginning.bytes[name], 3)))
        name++;
    return name < beginning.size && beginning.bytes[name] == ':' ? FORM_XML : FORM_HTML;
}

void body_init(struct body *body, struct span bytes, bool cut)
{
    struct span begin = without_blanks_before(bytes);

    *body = (struct body){ .bytes = bytes };
    if (!begin.size)
        body->form = FORM_EMPTY;
    else if (begin.bytes[0] == '<')
        body->form = markup(begin);
    else {
        body->json = cut ? NULL : json_of_bytes(bytes);
        body->no_memory = !cut && !body->json && errno == ENOMEM;
        body->form = body->json ? FORM_JSON : FORM_BROKEN;
    }
}

void body_done(struct body *body)
{
    json_decref(body->json);
    folded_done(&body->words);
    *body = (struct body){ 0 };
}

static void add_strings(struct text *text, const json_t *json)
{
    const char *key;
    json_t *value;
    size_t index;

    if (json_is_string(json)) {
        text_add_span(text, span_of(json_string_value(json), json_string_length(json)));
        text_add(text, "\n");
    }
    json_array_foreach((json_t *)json, index, value)
        add_strings(text, value);
    json_object_foreach((json_t *)json, key, value)
        add_strings(text, value);
}

const struct folded *body_words(struct body *body)
{
    char *strings = body->has_words ? NULL : malloc(WORDS_BYTES_MAX);
    struct span from = body->bytes;

    if (body->has_words)
        return &body->words;
    body->has_words = true;
    body->no_memory |= !strings;
    if (!strings)
        return &body->words;
    if (body->form == FORM_JSON) {
        struct text text = text_of(strings, WORDS_BYTES_MAX);
        add_strings(&text, body->json);
        from = span_of(strings, text.used);
    }
    from.size = from.size < WORDS_BYTES_MAX ? from.size : WORDS_BYTES_MAX;
    body->words = fold(from);
    body->no_memory |= !body->words.string;
    free(strings);
    return &body->words;
}
