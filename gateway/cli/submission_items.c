#include "gateway/cli/submission_items.h"

#include <string.h>

#include "gateway/base/limits.h"
#include "gateway/base/words.h"

static bool fault(struct problem *problem, size_t item, const char *field, const char *vi, const char *en)
{
    char path[64];
    struct text text = text_of(path, sizeof path);
    text_add(&text, "items[%zu]%s%s", item, field[0] ? "." : "", field);
    problem_set(problem, PROBLEM_INVALID_FIELD, path, "%s%.0s", "%.0s%s", vi, en);
    return false;
}

static bool is_told(const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text && text[strspn(text, " \t")];
}

static bool item_ok(const json_t *item, size_t index, struct problem *ret_problem)
{
    static const char *const keys[] = { "component", "field", "wrong", "wanted" };
    size_t known = 0;

    if (!json_is_object(item))
        return fault(ret_problem, index, "", "phải là một đối tượng { }", "must be an object { }");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const json_t *value = json_object_get(item, keys[i]);
        known += value != NULL;
        if (value && !json_is_string(value))
            return fault(ret_problem, index, keys[i], "phải là một chuỗi", "must be a string");
    }
    if (known != json_object_size(item))
        return fault(ret_problem, index, "", "chỉ có component, field, wrong, wanted",
                     "has only component, field, wrong, wanted");
    if (!is_told(item, "component") && !is_told(item, "field"))
        return fault(ret_problem, index, "component", "nói rõ giấy tờ nào (component) hoặc mục nào (field)",
                     "say which paper (component) or which field");
    if (!is_told(item, "wrong"))
        return fault(ret_problem, index, "wrong", "nói rõ sai hoặc thiếu điều gì, bằng lời dân hiểu được",
                     "say what is wrong or missing, in plain words");
    return true;
}

/* Each once, in the order of the items. */
static json_t *components_of(const json_t *items)
{
    json_t *components = json_array();

    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *code = json_string_value(json_object_get(json_array_get(items, i), "component"));
        bool known = !code || !code[0];
        for (size_t k = 0; k < json_array_size(components) && !known; k++)
            known = strcmp(json_string_value(json_object_get(json_array_get(components, k), "code")), code) == 0;
        if (!known)
            json_array_append_new(components, json_pack("{s:s}", "code", code));
    }
    return components;
}

static void components_set(json_t *root, const json_t *items)
{
    json_t *components = components_of(items), *facts = json_object_get(root, "facts");

    if (!facts && json_array_size(components))
        json_object_set_new(root, "facts", facts = json_object());
    if (json_is_object(facts) && !json_object_get(facts, "components") && json_array_size(components))
        json_object_set(facts, "components", components);
    json_decref(components);
}

static bool may_have_items(const json_t *root, struct problem *ret_problem)
{
    static const char *const payloads[] = { "payload", "payload_text", "payload_file" };
    const char *word = json_string_value(json_object_get(root, "kind"));
    enum kind kind = word ? kind_read(word) : 0;

    if (kind != KIND_SUPPLEMENT_REQUEST && kind != KIND_CORRECTION_REQUEST) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "items",
                    "chỉ dùng cho SUPPLEMENT_REQUEST và CORRECTION_REQUEST",
                    "is only for SUPPLEMENT_REQUEST and CORRECTION_REQUEST");
        return false;
    }
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
        if (json_object_get(root, payloads[i])) {
            problem_set(ret_problem, PROBLEM_INVALID_FIELD, payloads[i],
                        "đã có items thì không có %s nữa", "cannot stand beside items (%s)", payloads[i]);
            return false;
        }
    return true;
}

bool submission_items(json_t *root, struct problem *ret_problem)
{
    json_t *items = json_object_get(root, "items"), *note = json_object_get(root, "note"), *payload;

    if (!items && !note)
        return true;
    if (!may_have_items(root, ret_problem))
        return false;
    if (items && (!json_is_array(items) || json_array_size(items) > COMPONENTS_MAX)) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "items", "phải là một danh sách, nhiều nhất %d mục",
                    "must be a list of at most %d", COMPONENTS_MAX);
        return false;
    }
    if (note && !json_is_string(note)) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "note", "phải là một chuỗi", "must be a string");
        return false;
    }
    for (size_t i = 0; i < json_array_size(items); i++)
        if (!item_ok(json_array_get(items, i), i, ret_problem))
            return false;
    payload = json_object();
    json_object_set_new(payload, "items", items ? json_incref(items) : json_array());
    if (note)
        json_object_set(payload, "note", note);
    components_set(root, items);
    json_object_set_new(root, "payload", payload);
    if (!json_object_get(root, "content_type"))
        json_object_set_new(root, "content_type", json_string(SUPPLEMENT_CONTENT_TYPE));
    json_object_del(root, "items");
    json_object_del(root, "note");
    return true;
}
