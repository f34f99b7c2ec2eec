#include "adapters/kinds/rules.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/pointer.h"
#include "adapters/kinds/rule.h"
#include "adapters/kinds/scrub.h"

struct rulebook {
    struct rule_set *sets[RULE_SETS_MAX];
    size_t count;
};

struct rules {
    struct rule_set *chain[CHAIN_MAX];
    size_t count;
    char   dialect[RULE_SET_NAME_SIZE];
};

/* ---------------------------------------------------------------- the book */

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int is_yaml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static struct rule_set *find_set(const struct rulebook *book, const char *name)
{
    for (size_t i = 0; i < book->count; i++)
        if (strcmp(book->sets[i]->name, name) == 0)
            return book->sets[i];
    return NULL;
}

static void read_set(struct rulebook *book, const char *folder, const char *name, struct faults *faults)
{
    char path[1024];
    struct text text = text_of(path, sizeof path);

    text_add(&text, "%s/%s", folder, name);
    if (text.cut || book->count == RULE_SETS_MAX) {
        faults_add(faults, name, 0, "not read: at most %d rule sets, in a folder with a shorter name", RULE_SETS_MAX);
        return;
    }
    struct rule_set *set = rule_set_read(path, name, faults);
    if (set)
        book->sets[book->count++] = set;
}

static void check_names(const struct rulebook *book, struct faults *faults)
{
    for (size_t i = 0; i < book->count; i++) {
        const struct rule_set *set = book->sets[i];
        if (set->parent[0] && !find_set(book, set->parent))
            faults_add(faults, set->file, 0, "parent '%s' is not in this folder", set->parent);
        for (size_t b = 0; b < set->before_count; b++)
            if (!find_set(book, set->before[b]))
                faults_add(faults, set->file, 0, "'%s' in before is not in this folder", set->before[b]);
    }
}

struct rulebook *rulebook_open(const char *folder, struct faults *faults)
{
    struct dirent **entries = NULL;
    struct rulebook *book = calloc(1, sizeof *book);
    int count = book ? scandir(folder, &entries, is_yaml, by_name) : -1;

    if (count < 0) {
        faults_add(faults, folder, 0, "the folder of rule sets cannot be read: %s", strerror(errno));
        free(book);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        read_set(book, folder, entries[i]->d_name, faults);
        free(entries[i]);
    }
    free(entries);
    check_names(book, faults);
    return book;
}

void rulebook_close(struct rulebook *book)
{
    for (size_t i = 0; book && i < book->count; i++)
        rule_set_release(book->sets[i]);
    free(book);
}

bool rulebook_has(const struct rulebook *book, const char *dialect)
{
    return find_set(book, dialect) != NULL;
}

/* ---------------------------------------------------------------- a chain */

static bool add_set(struct rules *rules, struct rule_set *set, const char *name, struct faults *faults)
{
    if (set && rules->count < CHAIN_MAX) {
        rules->chain[rules->count++] = rule_set_keep(set);
        return true;
    }
    if (!set)
        faults_add(faults, name, 0, "there is no rule set of this name");
    else
        faults_add(faults, name, 0, "more than %d rule sets in one chain; does a parent lead back?", CHAIN_MAX);
    return false;
}

static bool build(struct rules *rules, const struct rulebook *book, const char *dialect, const char *const *before,
                  size_t before_count, struct faults *faults)
{
    bool good = true;

    for (size_t i = 0; good && i < before_count; i++)
        good = add_set(rules, find_set(book, before[i]), before[i], faults);
    const struct rule_set *own = find_set(book, dialect);
    for (size_t i = 0; good && own && i < own->before_count; i++)
        good = add_set(rules, find_set(book, own->before[i]), own->before[i], faults);
    for (const char *name = dialect; good && *name;) {
        struct rule_set *set = find_set(book, name);
        good = add_set(rules, set, name, faults);
        name = set ? set->parent : "";
    }
    return good;
}

struct rules *rules_build(const struct rulebook *book, const char *dialect,
                          const char *const *before, size_t before_count,
                          const struct yaml_node *own_rules, struct faults *faults)
{
    struct rules *rules = calloc(1, sizeof *rules);
    struct rule_set *own = rules && own_rules ? rule_set_of_list(own_rules, dialect) : NULL;

    if (!rules || (own_rules && !own)) {
        faults_add(faults, dialect, 0, "no memory");
        free(rules);
        return NULL;
    }
    struct text text = text_of(rules->dialect, sizeof rules->dialect);
    text_add(&text, "%s", dialect);
    if (own)
        rules->chain[rules->count++] = own;
    if (build(rules, book, dialect, before, before_count, faults))
        return rules;
    rules_free(rules);
    return NULL;
}

void rules_free(struct rules *rules)
{
    for (size_t i = 0; rules && i < rules->count; i++)
        rule_set_release(rules->chain[i]);
    free(rules);
}

/* ---------------------------------------------------------------- does a rule match */

static struct span string_of(const json_t *json)
{
    return span_of(json_string_value(json), json_string_length(json));
}

static bool scalar_equals(const struct scalar *scalar, const json_t *json, struct body *body)
{
    switch (scalar->type) {
    case SCALAR_NUMBER:
        return json_is_number(json) && json_number_value(json) == scalar->number;
    case SCALAR_TRUE:
        return json_is_true(json);
    case SCALAR_FALSE:
        return json_is_false(json);
    case SCALAR_NULL:
        return json_is_null(json);
    default:
        break;
    }
    if (!json_is_string(json))
        return false;
    struct folded string = fold(string_of(json));
    bool equal = folded_equal(&string, &scalar->string);
    body->no_memory |= !string.string;
    folded_done(&string);
    return equal;
}

static bool value_holds(const struct value_test *test, struct body *body)
{
    const json_t *json = body->json ? pointer_get(body->json, test->pointer) : NULL;

    for (size_t i = 0; json && i < test->count; i++)
        if (scalar_equals(&test->values[i], json, body))
            return true;
    return false;
}

static bool text_holds(const struct text_test *test, struct body *body)
{
    struct folded own = { 0 };
    const struct folded *words = &own;
    bool found = false;

    if (!test->pointer)
        words = body_words(body);
    else {
        const json_t *json = body->json ? pointer_get(body->json, test->pointer) : NULL;
        if (!json_is_string(json))
            return false;
        own = fold(string_of(json));
        body->no_memory |= !own.string;
    }
    for (size_t i = 0; !found && i < test->count; i++)
        found = folded_has(words, &test->fragments[i]);
    folded_done(&own);
    return found;
}

/* Upper-case groups, a dash, six or eight digits, a dash, a number: how codes look where we do not know which to
 * expect. */
static bool looks_like_dossier(const char *text)
{
    size_t head = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."), date, tail;

    if (!head || text[head] != '-')
        return false;
    text += head + 1;
    date = strspn(text, "0123456789");
    if ((date != 6 && date != 8) || text[date] != '-')
        return false;
    tail = strspn(text + date + 1, "0123456789");
    return tail >= 4 && tail <= 7 && !text[date + 1 + tail];
}

static bool is_named(const struct pointers *names, const struct question *question, const struct body *body)
{
    for (size_t i = 0; body->json && i < names->count; i++) {
        char text[IDEMPOTENCY_KEY_SIZE];
        if (!scalar_text(pointer_get(body->json, names->list[i]), text, sizeof text) || !text[0])
            continue;
        bool known = question->dossier_code[0] || question->idempotency_key[0];
        if (known ? strcmp(text, question->dossier_code) == 0 || strcmp(text, question->idempotency_key) == 0
                  : looks_like_dossier(text))
            return true;
    }
    return false;
}

static bool is_present(const struct body *body, const char *pointer)
{
    const json_t *json = body->json ? pointer_get(body->json, pointer) : NULL;
    return json && !json_is_null(json);
}

/* A kind of tomorrow, or none at all (a pull), is met only by rules that speak of every kind. */
static bool is_of_kind(const struct rule *rule, enum kind kind)
{
    return kind > 0 && kind < KIND_END ? rule->kinds & KIND_BIT(kind) : rule->kinds == KINDS_ALL;
}

static bool narrows_to(const struct rule *rule, const struct question *question, const struct body *body)
{
    bool http = !rule->http_count;

    for (size_t i = 0; i < rule->http_count; i++)
        http |= question->answer.http_status >= rule->http[i].first
                && question->answer.http_status <= rule->http[i].last;
    return http && rule->calls & 1u << question->call && is_of_kind(rule, question->kind)
           && (!rule->classes || rule->classes & 1u << question->agency_class)
           && (!rule->forms || rule->forms & 1u << body->form)
           && (!rule->attempt || rule->attempt == (question->attempt > 1 ? 2 : 1));
}

static bool matches(const struct rule *rule, const struct question *question, struct body *body)
{
    if (!narrows_to(rule, question, body))
        return false;
    for (size_t i = 0; i < rule->value_count; i++)
        if (!value_holds(&rule->values[i], body))
            return false;
    for (size_t i = 0; i < rule->present.count; i++)
        if (!is_present(body, rule->present.list[i]))
            return false;
    for (size_t i = 0; i < rule->absent.count; i++)
        if (is_present(body, rule->absent.list[i]))
            return false;
    if (rule->names.count && !is_named(&rule->names, question, body))
        return false;
    for (size_t i = 0; i < rule->text_count; i++)
        if (!text_holds(&rule->texts[i], body))
            return false;
    return true;
}

static const struct rule *find_rule(const struct rules *rules, const struct question *question, struct body *body,
                                    const struct rule_set **ret_set)
{
    for (size_t s = 0; s < rules->count; s++)
        for (enum phase phase = 1; phase < PHASE_END; phase++)
            for (size_t i = 0; i < rules->chain[s]->count; i++)
                if (rules->chain[s]->rules[i].phase == phase
                    && matches(&rules->chain[s]->rules[i], question, body)) {
                    *ret_set = rules->chain[s];
                    return &rules->chain[s]->rules[i];
                }
    return NULL;
}

/* ---------------------------------------------------------------- what to say about it */

/* The first of these pointers that holds a scalar, scrubbed, at the end of `text`. */
static bool add_value(struct text *text, const struct pointers *pointers, const json_t *json, const char *between)
{
    char value[REASON_BYTES_MAX];

    for (size_t i = 0; json && i < pointers->count; i++)
        if (scalar_text(pointer_get(json, pointers->list[i]), value, sizeof value) && value[0]) {
            text_add(text, "%s", between);
            scrub_add(text, span_of_string(value));
            return true;
        }
    return false;
}

/* Where agencies put their words, the most telling first. */
static const struct pointers messages = {
    { "/message", "/errorDesc", "/ErrorDesc", "/error_description", "/MSG", "/detail", "/title", "/fault/message",
      "/error/message", "/error", "/ErrorMessage", "/moTa", "/thongBao" }, 13,
};

/* Most answers that say yes have one member or two, and no words. False: none of the messages can be there. */
static bool may_have_message(const json_t *json)
{
    json_t *from = (json_t *)json;

    if (!json_is_object(json) || json_object_size(json) > 2)
        return json != NULL;
    for (void *at = json_object_iter(from); at; at = json_object_iter_next(from, at)) {
        const char *key = json_object_iter_key(at);
        for (size_t i = 0; i < messages.count; i++)
            if (messages.list[i][1] == key[0])
                return true;
    }
    return false;
}

static void set_reason(struct judgement *judgement, const char *why, const struct pointers *own, const json_t *json)
{
    struct text text = text_of(judgement->reason, sizeof judgement->reason);
    const char *between = why[0] ? ": " : "";

    text_add_span(&text, span_of_string(why));
    bool said = own->count && add_value(&text, own, json, between);
    if (!said && may_have_message(json))
        add_value(&text, &messages, json, between);
}

/* An agency's own number is kept whole, digits and all: it is what one has to name when calling them. */
static void set_ref(struct judgement *judgement, const struct rule *rule, const json_t *json)
{
    for (size_t i = 0; json && i < rule->ref.count; i++)
        if (scalar_text(pointer_get(json, rule->ref.list[i]), judgement->agency_ref, AGENCY_REF_SIZE)
            && judgement->agency_ref[0])
            break;
    for (char *at = judgement->agency_ref; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            *at = ' ';
}

static void set_mapping_value(struct judgement *judgement, const struct rule *rule, const json_t *answered,
                              struct span request_body)
{
    struct text text = text_of(judgement->value, sizeof judgement->value);

    if (rule->scope != SCOPE_MAPPING || add_value(&text, &rule->value, answered, "") || !rule->value_sent.count)
        return;
    json_t *sent = json_of_bytes(request_body);
    add_value(&text, &rule->value_sent, sent, "");
    json_decref(sent);
}

/* The first code in the answer that any rule of the chain looks at. */
static bool add_code(struct text *text, const struct rules *rules, const json_t *json)
{
    char code[64];

    for (size_t s = 0; json && s < rules->count; s++)
        for (size_t i = 0; i < rules->chain[s]->count; i++)
            for (size_t v = 0; v < rules->chain[s]->rules[i].value_count; v++) {
                const char *pointer = rules->chain[s]->rules[i].values[v].pointer;
                if (scalar_text(pointer_get(json, pointer), code, sizeof code) && code[0]) {
                    text_add(text, "-");
                    slug_add(text, span_of_string(code), 24);
                    return true;
                }
            }
    return false;
}

static void set_fingerprint(struct judgement *judgement, const struct rule *rule, const struct rule_set *set,
                            const struct body *body)
{
    struct text text = text_of(judgement->fingerprint, sizeof judgement->fingerprint);
    char code[64];

    if (rule->mark[0])
        text_add_span(&text, span_of_string(rule->mark));
    else if (rule->value_count && scalar_text(pointer_get(body->json, rule->values[rule->value_count - 1].pointer),
                                              code, sizeof code)) {
        text_add(&text, "%s-", set->name);
        slug_add(&text, span_of_string(code), 24);
    } else
        text_add(&text, "http-%d", judgement->http_status);
}

/* An answer that no rule knows. What it is called has to be the same for the same trouble with other dossiers. */
static void set_unknown(struct judgement *judgement, const struct rules *rules, const struct body *body)
{
    char prose[REASON_BYTES_MAX] = "", mark[PROSE_MARK_SIZE];
    struct text text = text_of(judgement->fingerprint, sizeof judgement->fingerprint);

    judgement->verdict = VERDICT_UNKNOWN;
    set_reason(judgement, "câu trả lời chưa có quy tắc / no rule knows this answer", &(struct pointers){ 0 },
               body->json);
    text_add(&text, "%s-%d-%s", rules->dialect, judgement->http_status, form_name(body->form));
    if (add_code(&text, rules, body->json) || !body->json)
        return;
    struct text words = text_of(prose, sizeof prose);
    if (add_value(&words, &messages, body->json, "")) {
        prose_mark(span_of_string(prose), mark);
        text_add(&text, "-%s", mark);
    }
}

static bool can_be_overtaken(enum kind kind)
{
    return kind == KIND_PROGRESS || kind == KIND_URGE || kind == KIND_RATING;
}

static void apply(const struct rule *rule, const struct rule_set *set, const struct question *question,
                  const struct body *body, struct judgement *judgement)
{
    struct text where = text_of(judgement->where, sizeof judgement->where);

    text_add_span(&where, span_of_string(rule->where));
    judgement->next = rule->next;
    judgement->verdict = rule->next ? 0 : rule->verdicts[question->agency_class];
    if (judgement->verdict == VERDICT_OVERTAKEN && !can_be_overtaken(question->kind))
        judgement->verdict = VERDICT_REFUSED;
    if (judgement->verdict == VERDICT_ORPHAN && question->recently_created)
        judgement->verdict = VERDICT_PREDECESSOR_MISSING;
    if (judgement->verdict == VERDICT_MISCONFIGURED) {
        judgement->scope = rule->scope;
        set_mapping_value(judgement, rule, body->json, question->request_body);
    }
    if (judgement->verdict == VERDICT_BAD_DATA) {
        struct text field = text_of(judgement->field, sizeof judgement->field);
        add_value(&field, &rule->field, body->json, "");
    }
    set_reason(judgement, rule->why ? rule->why : "", &rule->message, body->json);
    set_ref(judgement, rule, body->json);
    set_fingerprint(judgement, rule, set, body);
}

void rules_judge(const struct rules *rules, const struct question *question, struct judgement *ret_judgement)
{
    const struct rule_set *set = NULL;
    struct body body;

    must(question->call > 0 && question->call < CALL_END && question->dossier_code && question->idempotency_key);
    must(question->agency_class > 0 && question->agency_class < CLASS_END);
    *ret_judgement = (struct judgement){ .http_status = question->answer.http_status,
                                         .retry_after_ms = question->answer.retry_after_ms };
    body_init(&body, question->answer.body, question->answer.body_cut);
    const struct rule *rule = find_rule(rules, question, &body, &set);
    if (body.no_memory)
        judgement_set(ret_judgement, VERDICT_UNKNOWN, "adapter-memory",
                      "hết bộ nhớ khi đọc trả lời / no memory to read the answer");
    else if (rule)
        apply(rule, set, question, &body, ret_judgement);
    else
        set_unknown(ret_judgement, rules, &body);
    body_done(&body);
}
