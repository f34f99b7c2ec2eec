/* paper_words.c - words out of a payload: what a paper may show of it, and what it may not take for a reason. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "gateway/cli/paper.h"

enum { ITEMS_MAX = 100, REASON_WORDS_MIN = 3, WORD_BYTES_MAX = 64 };

/* ---- a reason, or a machine's message */

/* Letters only, punctuation at the end apart: bytes of letters outside ASCII count as such. */
static bool is_word(const char *text, size_t size)
{
    while (size && strchr(".,;:!?)\"'", text[size - 1]))
        size--;
    for (size_t i = 0; i < size; i++)
        if (!isalpha((unsigned char)text[i]) && !((unsigned char)text[i] & 0x80))
            return false;
    return size > 0;
}

static bool betrays_a_machine(const char *text, size_t size)
{
    static const char *const words[] = { "exception", "error", "http", "https", "null", "nullpointer", "timeout",
                                         "soap", "fault", "sql", "stack", "undefined" };
    while (size && strchr(".,;:!?)\"'", text[size - 1]))
        size--;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == size && strncasecmp(words[i], text, size) == 0)
            return true;
    return false;
}

bool words_are_code(const char *text)
{
    unsigned words = 0;

    for (const char *at = text + strspn(text, " \t\n"); *at; at += strspn(at, " \t\n")) {
        size_t size = strcspn(at, " \t\n");
        if (betrays_a_machine(at, size))
            return true;
        words += is_word(at, size);
        at += size;
    }
    return words < REASON_WORDS_MIN;
}

/* ---- payloads */

static bool has_type(const char *type, const char *wanted)
{
    size_t size = strcspn(type, "; ");
    return size == strlen(wanted) && strncasecmp(type, wanted, size) == 0;
}

static bool is_json(const char *type)
{
    size_t size = strcspn(type, "; ");
    return has_type(type, "application/json") || (size > 5 && strncasecmp(type + size - 5, "+json", 5) == 0);
}

/* The first of the keys by which agencies call it. NULL: none is there. */
static json_t *known_text(const json_t *body)
{
    static const char *const keys[] = { "reason_vi", "reason", "ly_do", "lyDo", "lyDoTuChoi", "lyDoBoSung",
                                        "lyDoDung", "noi_dung", "noiDung", "text" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(body, keys[i]);
        if (json_is_string(value) && json_string_length(value))
            return part_text(span_of(json_string_value(value), json_string_length(value)));
    }
    return NULL;
}

static json_t *member_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? part_text(span_of(json_string_value(value), json_string_length(value)))
                                 : json_string("");
}

static json_t *items_of(const Lienthong__V1__SaidView *said, const json_t *list)
{
    static const char *const keys[] = { "component", "field", "wrong", "wanted" };
    json_t *items = json_array();

    for (size_t i = 0; i < json_array_size(list) && i < ITEMS_MAX; i++) {
        const json_t *from = json_array_get(list, i);
        json_t *item = json_pack("{s:i}", "no", (int)i + 1);
        for (size_t key = 0; key < sizeof keys / sizeof *keys; key++)
            json_object_set_new(item, keys[key], member_text(from, keys[key]));
        const char *code = json_string_value(json_object_get(item, "component"));
        json_object_set_new(item, "label", part_component_label(said, code ? code : ""));
        json_array_append_new(items, item);
    }
    return items;
}

/* Nothing that could be shown: where it is. */
static json_t *missing(const Lienthong__V1__SaidView *said, const char *sender)
{
    if (said->purged)
        return json_string("Nội dung đã được xóa khỏi trục theo thời hạn lưu; bản gốc ở cơ quan gửi.");
    if (!said->payload.len)
        return json_string("Cơ quan gửi không kèm nội dung qua trục.");
    json_t *type = part_string(said->content_type[0] ? said->content_type : "không rõ loại");
    json_t *text = json_sprintf("Nội dung do %s gửi (%s, %zu byte) không in được ở đây; xem trong hệ thống của cơ "
                                "quan, lượt giao–nhận số %llu.", sender, json_string_value(type), said->payload.len,
                                (unsigned long long)said->handoff_id);
    json_decref(type);
    return text;
}

static void words_of_json(const Lienthong__V1__SaidView *said, json_t *words)
{
    json_t *body = json_loadb((const char *)said->payload.data, said->payload.len, 0, NULL);
    const json_t *note = json_object_get(body, "note");

    if (json_array_size(json_object_get(body, "items"))) {
        json_object_set_new(words, "items", items_of(said, json_object_get(body, "items")));
        json_object_set_new(words, "has_items", json_true());
    }
    if (json_is_string(note) && json_string_length(note))
        json_object_set_new(words, "note", member_text(body, "note"));
    json_t *text = known_text(body);
    if (text)
        json_object_set_new(words, "text", text);
    json_decref(body);
}

json_t *paper_words(const Lienthong__V1__SaidView *said, const char *sender)
{
    json_t *words = json_object();

    if (said->payload.len && is_json(said->content_type))
        words_of_json(said, words);
    else if (said->payload.len && has_type(said->content_type, "text/plain"))
        json_object_set_new(words, "text", part_text(span_of(said->payload.data, said->payload.len)));
    if (!json_object_size(words))
        json_object_set_new(words, "missing", missing(said, sender));
    return words;
}
