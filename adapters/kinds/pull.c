#include "adapters/kinds/pull.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/dialect_parts.h"
#include "adapters/kinds/pointer.h"

#define SUPPLEMENT_TYPE "application/vnd.lienthong.supplement+json"

enum { PULL_WORDS_SIZE = 2048 };        /* of what is wrong, what is wanted, a note */

/* ---------------------------------------------------------------- configuration */

static void read_pointer(const struct yaml_node *node, const char *key, bool required,
                         char ret_pointer[PULL_POINTER_SIZE])
{
    if (yaml_get_string(node, key, required, ret_pointer, PULL_POINTER_SIZE)
        && (!pointer_is_valid(ret_pointer) || (required && !ret_pointer[0])))
        yaml_fault(yaml_get(node, key), "'%s' must be a JSON pointer such as /id, not '%s'", key, ret_pointer);
}

static void add_kind(struct pull_config *pull, const struct yaml_node *node, const char *word)
{
    struct pull_kind *kind = &pull->kinds[pull->kind_count];

    kind->kind = kind_read(yaml_scalar(node));
    if (!kind->kind)
        yaml_fault(node, "unknown kind '%s'", yaml_scalar(node));
    else if (pull->kind_count == PULL_KINDS_MAX - 1
             || !span_to_string(span_of_string(word), kind->word, PULL_WORD_SIZE))
        yaml_fault(node, "too many kinds, or a word that is too long");
    else
        pull->kind_count++;
}

/* "RESULT" for all, or { at: /type, words: { ketqua: RESULT, tiendo: PROGRESS } }. */
static void read_kinds(const struct yaml_node *item, struct pull_config *pull)
{
    const struct yaml_node *kind = yaml_get(item, "kind"), *words = yaml_get(kind, "words");

    if (yaml_is_scalar(kind))
        add_kind(pull, kind, "");
    else if (!yaml_is_mapping(kind) || !yaml_is_mapping(words) || !yaml_count(words))
        yaml_fault(kind ? kind : item, "'kind' must be a kind, or { at: /pointer, words: { theirs: RESULT, ... } }");
    else {
        read_pointer(kind, "at", true, pull->kind_pointer);
        for (size_t i = 0; i < yaml_count(words); i++)
            add_kind(pull, yaml_value(words, i), yaml_scalar(yaml_key(words, i)));
    }
}

/* "/at", which is ISO 8601, or { at: /at, format: "dd/MM/yyyy HH:mm:ss" }. */
static void read_time(const struct yaml_node *item, const char *key, bool required, struct pull_time *ret_time)
{
    const struct yaml_node *time = yaml_get(item, key);

    memcpy(ret_time->format, "iso", 4);
    if (!yaml_is_mapping(time)) {
        read_pointer(item, key, required, ret_time->at);
        return;
    }
    read_pointer(time, "at", true, ret_time->at);
    if (yaml_get_string(time, "format", true, ret_time->format, sizeof ret_time->format)
        && !date_format_is_valid(ret_time->format))
        yaml_fault(time, "not a date format: '%s'; like dd/MM/yyyy HH:mm:ss, or iso, or ms", ret_time->format);
}

static void read_asks(const struct yaml_node *item, struct pull_config *pull)
{
    const struct yaml_node *node = yaml_get(item, "asks");

    if (!node)
        return;
    if (!yaml_is_mapping(node)) {
        yaml_fault(node, "'asks' must be { items: /list, component: /code, wrong: /what, ... }");
        return;
    }
    read_pointer(node, "items", true, pull->asks.items);
    read_pointer(node, "component", false, pull->asks.component);
    read_pointer(node, "field", false, pull->asks.field);
    read_pointer(node, "wrong", true, pull->asks.wrong);
    read_pointer(node, "wanted", false, pull->asks.wanted);
    read_pointer(node, "note", false, pull->asks.note);
    if (!pull->asks.component[0] && !pull->asks.field[0])
        yaml_fault(node, "'asks' needs 'component' or 'field': else nobody knows what is wrong there");
}

static bool add_component(struct pull_components *components, const char *code)
{
    for (size_t i = 0; i < components->count; i++)
        if (strcmp(components->codes[i], code) == 0)
            return true;
    if (components->count == PULL_COMPONENTS_MAX || !code[0] ||
        !span_to_string(span_of_string(code), components->codes[components->count], PULL_COMPONENT_SIZE))
        return false;
    components->count++;
    return true;
}

/* "/outputs" in the item, or [health-card]: every RESULT holds that. */
static void read_components(const struct yaml_node *item, struct pull_config *pull)
{
    const struct yaml_node *node = yaml_get(item, "components");

    if (!yaml_is_sequence(node)) {
        read_pointer(item, "components", false, pull->components);
        return;
    }
    for (size_t i = 0; i < yaml_count(node); i++)
        if (!yaml_is_scalar(yaml_item(node, i)) || !add_component(&pull->always, yaml_scalar(yaml_item(node, i))))
            yaml_fault(yaml_item(node, i), "not a code of a component, or more than %d", PULL_COMPONENTS_MAX);
}

static void read_item(const struct yaml_node *item, struct pull_config *pull)
{
    read_kinds(item, pull);
    read_time(item, "source_time", true, &pull->source_time);
    read_time(item, "due", false, &pull->due);
    read_time(item, "answer_by", false, &pull->answer_by);
    read_pointer(item, "officer", false, pull->officer);
    read_asks(item, pull);
    read_pointer(item, "cursor", false, pull->item_cursor);
    read_pointer(item, "parent", false, pull->parent);
    read_pointer(item, "dossier_code", true, pull->dossier_code);
    read_pointer(item, "procedure_code", false, pull->procedure_code);
    read_pointer(item, "step", false, pull->step);
    read_pointer(item, "recipient", false, pull->recipient);
    read_pointer(item, "status", false, pull->status);
    read_pointer(item, "reason", false, pull->reason);
    read_components(item, pull);
    read_pointer(item, "source_key", true, pull->source_key);
    read_pointer(item, "payload", false, pull->payload);
    if (!pull->parent[0] && !pull->recipient[0])
        yaml_fault(item, "an item needs 'parent' or 'recipient': without them nobody knows whom it is for");
}

bool pull_config_read(const struct yaml_node *node, struct pull_config *ret_pull)
{
    struct pull_config pull = { .cursor_name = "pull", .cursor_query = "after", .interval_ms = 30 * 1000 };
    const struct yaml_node *item = yaml_get(node, "item");

    yaml_get_string(node, "path", true, pull.path, sizeof pull.path);
    if (pull.path[0] && (pull.path[0] != '/' || strchr(pull.path, '{') || !url_template_is_valid(pull.path)))
        yaml_fault(yaml_get(node, "path"), "'path' must begin with / and hold no placeholder or blank");
    yaml_get_string(node, "cursor_name", false, pull.cursor_name, sizeof pull.cursor_name);
    yaml_get_string(node, "cursor_query", false, pull.cursor_query, sizeof pull.cursor_query);
    yaml_get_duration_ms(node, "interval", false, 100, 24LL * 3600 * 1000, &pull.interval_ms);
    read_pointer(node, "items", false, pull.items);
    read_pointer(node, "next", false, pull.next);
    if (!yaml_is_mapping(item))
        yaml_fault(item ? item : node, "'item' is missing: how one item becomes a handoff");
    else
        read_item(item, &pull);
    if (!pull.next[0] && !pull.item_cursor[0])
        yaml_fault(node, "'next' or 'item: { cursor: ... }' is needed: else every poll begins anew");
    *ret_pull = pull;
    return true;
}

/* ---------------------------------------------------------------- asking */

bool pull_request(const struct agency_config *agency, struct span cursor, const struct credentials *credentials,
                  struct request *ret_request, struct judgement *reterr_why)
{
    const struct pull_config *pull = &agency->pull;
    struct request request = { .call = CALL_PULL, .method = "GET" };
    char path[REQUEST_URL_SIZE], value[CURSOR_VALUE_BYTES_MAX + 1];
    struct text text = text_of(path, sizeof path);

    bool good = span_to_string(cursor, value, sizeof value);
    text_add(&text, "%s", pull->path);
    if (good && cursor.size) {
        text_add(&text, "%c%s=", strchr(pull->path, '?') ? '&' : '?', pull->cursor_query);
        url_escape(&text, value);
    }
    good = good && !text.cut && url_fill(agency->base_url, path, NULL, request.url)
           && request_header(&request, "Accept", "application/json") && request_auth(&request, agency, credentials);
    if (good) {
        *ret_request = request;
        return true;
    }
    request_wipe(&request);
    judgement_set(reterr_why, VERDICT_MISCONFIGURED, "pull-request",
                  "yêu cầu hỏi kết quả quá dài / the poll does not fit its bounds");
    reterr_why->scope = SCOPE_AGENCY;
    reterr_why->never_sent = true;
    return false;
}

/* ---------------------------------------------------------------- items */

/* "<gateway>-<id in hex>", then nothing, "-<generation>", or a "/" and what a second call added. */
uint64_t idempotency_key_handoff(const char *gateway, const char *key)
{
    size_t length = strlen(gateway);

    if (strncmp(key, gateway, length) != 0 || key[length] != '-')
        return 0;
    const char *hex = key + length + 1;
    size_t digits = strspn(hex, "0123456789abcdef");
    const char *rest = hex + digits;
    if (rest[0] == '-' && rest[1])
        rest += 1 + strspn(rest + 1, "0123456789");
    if (!digits || digits > 16 || (*rest && *rest != '/'))
        return 0;
    return strtoull(hex, NULL, 16);
}

static bool stop(struct pull_page *page, const char *fingerprint, const char *pointer)
{
    page->stopped = true;
    judgement_set(&page->why, VERDICT_BAD_DATA, fingerprint,
                  "mục thứ %zu không đọc được / item %zu of the page cannot be read", page->count + 1, page->count + 1);
    struct text field = text_of(page->why.field, sizeof page->why.field);
    text_add(&field, "%s", pointer);
    return false;
}

/* "" where no pointer is configured, or nothing stands there; false when what stands there does not fit. */
static bool take_text(const json_t *json, const char *pointer, char *ret_text, size_t size)
{
    const json_t *value = pointer[0] ? pointer_get(json, pointer) : NULL;

    ret_text[0] = 0;
    return !value || json_is_null(value) || scalar_text(value, ret_text, size);
}

static enum kind kind_of(const struct pull_config *pull, const json_t *json)
{
    char word[PULL_WORD_SIZE];

    if (!pull->kind_pointer[0])
        return pull->kinds[0].kind;
    if (!take_text(json, pull->kind_pointer, word, sizeof word))
        return 0;
    for (size_t i = 0; i < pull->kind_count; i++)
        if (strcmp(pull->kinds[i].word, word) == 0)
            return pull->kinds[i].kind;
    return 0;
}

static bool take_parts(const struct agency_config *agency, const char *gateway, const json_t *json,
                       struct pull_page *page, struct pull_item *item)
{
    const struct pull_config *pull = &agency->pull;
    char text[256], status[8];

    item->kind = kind_of(pull, json);
    if (!item->kind)
        return stop(page, "pull-kind", pull->kind_pointer);
    if (!take_text(json, pull->dossier_code, item->dossier_code, sizeof item->dossier_code) || !item->dossier_code[0])
        return stop(page, "pull-dossier-code", pull->dossier_code);
    if (!take_text(json, pull->procedure_code, item->procedure_code, sizeof item->procedure_code))
        return stop(page, "pull-procedure-code", pull->procedure_code);
    if (!take_text(json, pull->step, item->step, sizeof item->step))
        return stop(page, "pull-step", pull->step);
    if (!take_text(json, pull->recipient, item->recipient, sizeof item->recipient))
        return stop(page, "pull-recipient", pull->recipient);
    if (!take_text(json, pull->status, status, sizeof status) || status[strspn(status, "0123456789")]
        || strtoul(status, NULL, 10) > 10)
        return stop(page, "pull-status", pull->status);
    item->status = (uint32_t)strtoul(status, NULL, 10);
    /* An echo that is not ours, and no addressee either: nobody could be told. */
    if (!take_text(json, pull->parent, text, sizeof text))
        return stop(page, "pull-parent", pull->parent);
    item->parent = idempotency_key_handoff(gateway, text);
    if (!item->parent && !item->recipient[0])
        return stop(page, "pull-parent", pull->parent);
    /* A message id has no room for a time before 1970: the item would be refused for ever, and the page with it. */
    if (!take_text(json, pull->source_time.at, text, sizeof text)
        || !date_read(pull->source_time.format, span_of_string(text), &item->source_time_ms)
        || item->source_time_ms <= 0)
        return stop(page, "pull-source-time", pull->source_time.at);
    if (!take_text(json, pull->source_key, text, sizeof text) || !text[0])
        return stop(page, "pull-source-key", pull->source_key);
    item->message_id = uuid_v8(item->source_time_ms, span_of_string(agency->code), span_of_string(text));
    return true;
}

/* One code, or a list of them; of what holds papers or wants them. */
static bool take_components(const struct pull_config *pull, const json_t *json, struct pull_item *item)
{
    const json_t *value = pull->components[0] ? pointer_get(json, pull->components) : NULL;
    char code[PULL_COMPONENT_SIZE];

    if (item->kind == KIND_RESULT)
        item->components = pull->always;
    else if (item->kind != KIND_SUPPLEMENT_REQUEST)
        return true;
    if (!value || json_is_null(value))
        return true;
    if (!json_is_array(value))
        return scalar_text(value, code, sizeof code) && add_component(&item->components, code);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!scalar_text(json_array_get(value, i), code, sizeof code) || !add_component(&item->components, code))
            return false;
    return true;
}

/* 0 where nothing stands there; false when what stands there is no such time. */
static bool take_time(const json_t *json, const struct pull_time *time, int64_t *ret_time_ms)
{
    char text[256];

    *ret_time_ms = 0;
    return take_text(json, time->at, text, sizeof text) &&
           (!text[0] || (date_read(time->format, span_of_string(text), ret_time_ms) && *ret_time_ms > 0));
}

static bool put_text(json_t *object, const char *key, const char *text)
{
    return !text[0] || json_object_set_new(object, key, json_string(text)) == 0;
}

/* One paper or field, in the citizen's words; its code among the components. */
static json_t *ask_of(const struct pull_asks *asks, const json_t *json, struct pull_item *item)
{
    char component[PULL_COMPONENT_SIZE], field[PULL_WORD_SIZE], wrong[PULL_WORDS_SIZE], wanted[PULL_WORDS_SIZE];

    if (!take_text(json, asks->component, component, sizeof component) ||
        !take_text(json, asks->field, field, sizeof field) || !take_text(json, asks->wrong, wrong, sizeof wrong) ||
        !take_text(json, asks->wanted, wanted, sizeof wanted) || !wrong[0] || (!component[0] && !field[0]) ||
        (component[0] && !add_component(&item->components, component)))
        return NULL;
    json_t *ask = json_object();
    if (put_text(ask, "component", component) && put_text(ask, "field", field) && put_text(ask, "wrong", wrong) &&
        put_text(ask, "wanted", wanted))
        return ask;
    json_decref(ask);
    return NULL;
}

/* The payload of a SUPPLEMENT_REQUEST, out of what the agency calls it. NULL: it does not say what is wrong. */
static json_t *request_of(const struct pull_asks *asks, const json_t *json, struct pull_item *item)
{
    const json_t *list = pointer_get(json, asks->items);
    json_t *request = json_object(), *items = json_array();
    char note[PULL_WORDS_SIZE];
    size_t count = json_array_size(list);
    bool good = count && take_text(json, asks->note, note, sizeof note) && put_text(request, "note", note);

    for (size_t i = 0; good && i < count; i++) {
        json_t *ask = ask_of(asks, json_array_get(list, i), item);
        good = ask && json_array_append_new(items, ask) == 0;
    }
    good = json_object_set_new(request, "items", items) == 0 && good;
    if (good)
        return request;
    json_decref(request);
    return NULL;
}

static bool take_payload(const struct pull_config *pull, const json_t *json, struct pull_page *page,
                         struct pull_item *item)
{
    bool asks = item->kind == KIND_SUPPLEMENT_REQUEST && pull->asks.items[0];
    json_t *request = asks ? request_of(&pull->asks, json, item) : NULL;

    if (asks && !request)
        return stop(page, "pull-asks", pull->asks.items);
    const json_t *payload = asks ? request : pointer_get(json, pull->payload);
    item->content_type = asks ? SUPPLEMENT_TYPE : "application/json";
    bool good = payload && json_to_body(payload, BODY_BYTES_MAX, &item->payload, &item->payload_bytes) == RESULT_OK;
    json_decref(request);
    return good || stop(page, "pull-payload", pull->payload);
}

static bool take_item(const struct agency_config *agency, const char *gateway, const json_t *json,
                      struct pull_page *page)
{
    const struct pull_config *pull = &agency->pull;
    struct pull_item item = { 0 };
    char cursor[CURSOR_VALUE_BYTES_MAX + 1];

    if (!take_parts(agency, gateway, json, page, &item))
        return false;
    if (!take_text(json, pull->reason, item.reason, sizeof item.reason))
        return stop(page, "pull-reason", pull->reason);
    if (!take_components(pull, json, &item))
        return stop(page, "pull-components", pull->components);
    if (!take_time(json, &pull->due, &item.due_ms))
        return stop(page, "pull-due", pull->due.at);
    if (!take_time(json, &pull->answer_by, &item.answer_by_ms))
        return stop(page, "pull-answer-by", pull->answer_by.at);
    if (!take_text(json, pull->officer, item.officer, sizeof item.officer))
        return stop(page, "pull-officer", pull->officer);
    if (!take_payload(pull, json, page, &item))
        return false;
    if (!take_text(json, pull->item_cursor, cursor, sizeof cursor)) {
        free(item.payload);
        return stop(page, "pull-cursor", pull->item_cursor);
    }
    item.cursor_bytes = strlen(cursor);
    memcpy(item.cursor, cursor, item.cursor_bytes);
    page->items[page->count++] = item;
    return true;
}

/* The page's own cursor goes with its last item, or alone when there is none. */
static bool take_page_cursor(const struct agency_config *agency, const json_t *json, struct pull_page *page)
{
    char cursor[CURSOR_VALUE_BYTES_MAX + 1];

    if (!take_text(json, agency->pull.next, cursor, sizeof cursor))
        return stop(page, "pull-cursor", agency->pull.next);
    struct pull_item *last = page->count ? &page->items[page->count - 1] : NULL;
    if (last && !last->cursor_bytes) {
        last->cursor_bytes = strlen(cursor);
        memcpy(last->cursor, cursor, last->cursor_bytes);
    } else if (!last) {
        page->cursor_bytes = strlen(cursor);
        memcpy(page->cursor, cursor, page->cursor_bytes);
    }
    return true;
}

static bool no_page(struct judgement *why, const char *fingerprint, const char *reason)
{
    judgement_set(why, VERDICT_UNKNOWN, fingerprint, "%s", reason);
    why->http_status = 200;
    return false;
}

bool pull_read(const struct agency_config *agency, const char *gateway, const struct http_answer *answer,
               struct pull_page *ret_page, struct judgement *reterr_why)
{
    struct pull_page page = { 0 };

    must(answer->http_status == 200 || answer->http_status == 204);
    if (answer->http_status == 204) {
        *ret_page = page;
        return true;
    }
    json_t *json = answer->body_cut ? NULL : json_of_bytes(answer->body);
    const json_t *list = json ? pointer_get(json, agency->pull.items) : NULL;
    size_t count = json_array_size(list);
    if (json_is_array(list))
        page.items = calloc(count && count <= PULL_ITEMS_MAX ? count : 1, sizeof *page.items);
    if (!page.items || count > PULL_ITEMS_MAX) {
        free(page.items);
        json_decref(json);
        return count > PULL_ITEMS_MAX
                   ? no_page(reterr_why, "pull-items", "trang có quá nhiều mục / the page holds too many items")
                   : no_page(reterr_why, "pull-page", "không có danh sách trong câu trả lời / there is no list in it");
    }
    bool good = true;
    for (size_t i = 0; good && i < count; i++)
        good = take_item(agency, gateway, json_array_get(list, i), &page);
    if (good)
        take_page_cursor(agency, json, &page);
    json_decref(json);
    *ret_page = page;
    return true;
}

void pull_page_done(struct pull_page *page)
{
    for (size_t i = 0; i < page->count; i++)
        free(page->items[i].payload);
    free(page->items);
    *page = (struct pull_page){ 0 };
}

enum result pull_item_header(const struct pull_item *item, const char *sender, uint8_t *ret_header, size_t size,
                             size_t *ret_header_bytes)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Component components[PULL_COMPONENTS_MAX], *list[PULL_COMPONENTS_MAX];
    struct uuid message_id = item->message_id;

    header.message_id = (ProtobufCBinaryData){ sizeof message_id.bytes, message_id.bytes };
    header.sender = (char *)sender;
    header.recipient = (char *)item->recipient;
    header.dossier_code = (char *)item->dossier_code;
    header.procedure_code = (char *)item->procedure_code;
    header.step = (char *)item->step;
    header.kind = (uint32_t)item->kind;
    header.source_time_ms = item->source_time_ms;
    header.parent = item->parent;
    header.content_type = (char *)item->content_type;
    facts.status = item->status;
    facts.reason_code = (char *)item->reason;
    for (size_t i = 0; i < item->components.count; i++) {
        lienthong__v1__component__init(&components[i]);
        components[i].code = (char *)item->components.codes[i];
        list[i] = &components[i];
    }
    facts.components = list;
    facts.n_components = item->components.count;
    facts.due_ms = item->due_ms;
    facts.answer_by_ms = item->answer_by_ms;
    facts.officer_from = (char *)item->officer;
    bool says = item->status || item->reason[0] || item->components.count || item->due_ms || item->answer_by_ms ||
                item->officer[0];
    header.facts = says ? &facts : NULL;
    size_t bytes = lienthong__v1__header__get_packed_size(&header);
    if (bytes > size)
        return RESULT_FULL;
    *ret_header_bytes = lienthong__v1__header__pack(&header, ret_header);
    return RESULT_OK;
}
