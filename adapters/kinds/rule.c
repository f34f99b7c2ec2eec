#include "adapters/kinds/rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/pointer.h"

/* ---------------------------------------------------------------- small readers */

/* A scalar is a list of one. */
static size_t list_count(const struct yaml_node *node)
{
    return yaml_is_sequence(node) ? yaml_count(node) : node ? 1 : 0;
}

static const struct yaml_node *list_item(const struct yaml_node *node, size_t index)
{
    return yaml_is_sequence(node) ? yaml_item(node, index) : node;
}

static size_t bounded_count(const struct yaml_node *node, size_t most, const char *what)
{
    size_t count = list_count(node);

    if (count <= most)
        return count;
    yaml_fault(node, "too many %s: %zu, at most %zu", what, count, most);
    return most;
}

/* Words to bits. "*" is `all`. Absent gives `all` too. */
static uint32_t read_words(const struct yaml_node *rule, const char *key, uint32_t all, int (*read)(const char *),
                           const char *known)
{
    const struct yaml_node *node = yaml_get(rule, key);
    uint32_t bits = node ? 0 : all;

    for (size_t i = 0; i < list_count(node); i++) {
        const struct yaml_node *item = list_item(node, i);
        int word = read(yaml_scalar(item));
        if (strcmp(yaml_scalar(item), "*") == 0)
            bits |= all;
        else if (word)
            bits |= 1u << word;
        else
            yaml_fault(item, "unknown %s '%s'; known: %s", key, yaml_scalar(item), known);
    }
    return bits;
}

static int read_call_word(const char *word) { return (int)call_read(word); }
static int read_kind_word(const char *word) { return (int)kind_read(word); }
static int read_class_word(const char *word) { return (int)agency_class_read(word); }
static int read_form_word(const char *word) { return (int)form_read(word); }

static void read_pointers(const struct yaml_node *rule, const char *key, struct pointers *ret_pointers)
{
    const struct yaml_node *node = yaml_get(rule, key);
    size_t count = bounded_count(node, RULE_LIST_MAX, "pointers");

    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = list_item(node, i);
        char *copy = strdup(yaml_scalar(item));
        if (!yaml_is_scalar(item) || !pointer_is_valid(yaml_scalar(item)) || !copy) {
            yaml_fault(item, "'%s' must be JSON pointers such as /error/code, not '%s'", key, yaml_scalar(item));
            free(copy);
        } else
            ret_pointers->list[ret_pointers->count++] = copy;
    }
}

static void pointers_done(struct pointers *pointers)
{
    for (size_t i = 0; i < pointers->count; i++)
        free(pointers->list[i]);
}

/* 200, "200-299", or a list of them. */
static void read_http(const struct yaml_node *node, struct rule *rule)
{
    size_t count = bounded_count(node, RULE_HTTP_MAX, "statuses");

    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *item = list_item(node, i);
        char *end;
        long first = strtol(yaml_scalar(item), &end, 10), last = first;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        if (*end || first < 100 || last > 999 || first > last)
            yaml_fault(item, "'http' must be a status such as 404 or a range such as 500-599, not '%s'",
                       yaml_scalar(item));
        else
            rule->http[rule->http_count++] = (struct http_range){ (int)first, (int)last };
    }
}

/* ---------------------------------------------------------------- tests on the body */

static struct scalar read_scalar(const struct yaml_node *node)
{
    const char *text = yaml_scalar(node);
    char *end;

    if (!yaml_is_quoted(node)) {
        if (strcmp(text, "true") == 0)
            return (struct scalar){ .type = SCALAR_TRUE };
        if (strcmp(text, "false") == 0)
            return (struct scalar){ .type = SCALAR_FALSE };
        if (strcmp(text, "null") == 0)
            return (struct scalar){ .type = SCALAR_NULL };
        double number = strtod(text, &end);
        if (*text && !*end)
            return (struct scalar){ .type = SCALAR_NUMBER, .number = number };
    }
    return (struct scalar){ .type = SCALAR_STRING, .string = fold(span_of_string(text)) };
}

/* The key of an `at` or `text` entry as a copy; NULL with a fault when it is no pointer. */
static char *read_key(const struct yaml_node *key)
{
    char *copy = pointer_is_valid(yaml_scalar(key)) ? strdup(yaml_scalar(key)) : NULL;

    if (!copy)
        yaml_fault(key, "a JSON pointer such as /error/code is expected, not '%s'", yaml_scalar(key));
    return copy;
}

static void read_values(const struct yaml_node *at, struct rule *rule)
{
    size_t tests = yaml_count(at);

    if (at && (!yaml_is_mapping(at) || !tests || tests > RULE_TESTS_MAX)) {
        yaml_fault(at, "'at' must be '{/pointer: value, ...}', 1 to %d of them", RULE_TESTS_MAX);
        return;
    }
    for (size_t i = 0; i < tests; i++) {
        const struct yaml_node *node = yaml_value(at, i);
        struct value_test *test = &rule->values[rule->value_count];
        test->pointer = read_key(yaml_key(at, i));
        if (!test->pointer)
            continue;
        rule->value_count++;
        size_t count = bounded_count(node, RULE_LIST_MAX, "values");
        if (!count)
            yaml_fault(node, "no value to compare with");
        for (size_t v = 0; v < count; v++) {
            struct scalar *scalar = &test->values[test->count++];
            *scalar = read_scalar(list_item(node, v));
            if (scalar->type == SCALAR_STRING && !scalar->string.string)
                yaml_fault(list_item(node, v), "no memory");
        }
    }
}

static void read_fragments(const struct yaml_node *node, struct text_test *test)
{
    size_t count = bounded_count(node, RULE_LIST_MAX, "fragments");

    for (size_t i = 0; i < count; i++) {
        struct folded fragment = fold(span_of_string(yaml_scalar(list_item(node, i))));
        if (fragment.size)
            test->fragments[test->count++] = fragment;
        else {
            yaml_fault(list_item(node, i), "an empty fragment matches nothing");
            folded_done(&fragment);
        }
    }
    if (!count)
        yaml_fault(node, "no fragment to look for");
}

static void read_texts(const struct yaml_node *text, const struct yaml_node *anywhere, struct rule *rule)
{
    size_t tests = yaml_count(text);

    if (text && (!yaml_is_mapping(text) || !tests || tests > RULE_TESTS_MAX - 1)) {
        yaml_fault(text, "'text' must be '{/pointer: fragment, ...}', 1 to %d of them", RULE_TESTS_MAX - 1);
        return;
    }
    for (size_t i = 0; i < tests; i++) {
        struct text_test *test = &rule->texts[rule->text_count];
        test->pointer = read_key(yaml_key(text, i));
        if (!test->pointer)
            continue;
        rule->text_count++;
        read_fragments(yaml_value(text, i), test);
    }
    if (anywhere)
        read_fragments(anywhere, &rule->texts[rule->text_count++]);
}

/* ---------------------------------------------------------------- what follows */

static enum verdict read_verdict(const struct yaml_node *node)
{
    enum verdict verdict = verdict_read(yaml_scalar(node));

    if (!verdict)
        yaml_fault(node, "unknown verdict '%s'", yaml_scalar(node));
    return verdict;
}

/* "LATER", or { idempotent: LATER, other: UNSURE }. */
static void read_verdicts(const struct yaml_node *node, struct rule *rule)
{
    enum verdict idempotent, other;

    if (yaml_is_mapping(node)) {
        const struct yaml_node *first = yaml_get(node, "idempotent"), *second = yaml_get(node, "other");
        if (!first || !second) {
            yaml_fault(node, "'verdict' by agency class needs both: { idempotent: LATER, other: UNSURE }");
            return;
        }
        idempotent = read_verdict(first);
        other = read_verdict(second);
    } else
        idempotent = other = read_verdict(node);
    rule->verdicts[CLASS_IDEMPOTENT] = idempotent;
    rule->verdicts[CLASS_PROBE] = rule->verdicts[CLASS_NEITHER] = other;
}

static bool gives(const struct rule *rule, enum verdict verdict)
{
    return rule->verdicts[CLASS_IDEMPOTENT] == verdict || rule->verdicts[CLASS_NEITHER] == verdict;
}

static void read_outcome(const struct yaml_node *node, struct rule *rule)
{
    const struct yaml_node *verdict = yaml_get(node, "verdict"), *next = yaml_get(node, "next"),
                           *scope = yaml_get(node, "scope");

    if (!verdict == !next)
        yaml_fault(node, "a rule needs either 'verdict' or 'next'");
    else if (verdict)
        read_verdicts(verdict, rule);
    else {
        rule->next = call_read(yaml_scalar(next));
        if (!rule->next || rule->next == CALL_PULL)
            yaml_fault(next, "unknown call '%s'; known: create, update, probe, token", yaml_scalar(next));
    }
    if (scope) {
        rule->scope = scope_read(yaml_scalar(scope));
        if (!rule->scope)
            yaml_fault(scope, "unknown scope '%s'; known: MAPPING, AGENCY, LOGIN", yaml_scalar(scope));
    }
    if (verdict && gives(rule, VERDICT_MISCONFIGURED) != (scope != NULL))
        yaml_fault(node, "'scope' belongs to MISCONFIGURED, and MISCONFIGURED needs one");
    read_pointers(node, "value", &rule->value);
    read_pointers(node, "value_sent", &rule->value_sent);
    read_pointers(node, "field", &rule->field);
    read_pointers(node, "ref", &rule->ref);
    read_pointers(node, "message", &rule->message);
    if ((rule->value.count || rule->value_sent.count) && rule->scope != SCOPE_MAPPING)
        yaml_fault(node, "'value' belongs to scope MAPPING");
    if (rule->field.count && verdict && !gives(rule, VERDICT_BAD_DATA))
        yaml_fault(node, "'field' belongs to BAD_DATA");
}

static char *read_text(const struct yaml_node *node, const char *key, bool required)
{
    char text[REASON_BYTES_MAX / 2];

    if (!yaml_get_string(node, key, required, text, sizeof text))
        return NULL;
    char *copy = strdup(text);
    if (!copy)
        yaml_fault(node, "no memory");
    return copy;
}

/* Whatever the calls are, a token call is meant only where it is named: it carries no dossier. */
#define CALLS_ALL (1u << CALL_CREATE | 1u << CALL_UPDATE | 1u << CALL_PROBE | 1u << CALL_PULL)

static void read_rule(const struct yaml_node *node, struct rule *rule)
{
    rule->line = yaml_line(node);
    if (!yaml_is_mapping(node)) {
        yaml_fault(node, "a rule is expected here: '- { http: 404, verdict: ORPHAN, why: ... }'");
        return;
    }
    rule->calls = read_words(node, "call", CALLS_ALL, read_call_word, "create, update, probe, pull, token, *");
    rule->kinds = read_words(node, "kind", KINDS_ALL, read_kind_word, "FORWARD, PROGRESS, ... as in the protocol, *");
    rule->classes = read_words(node, "class", 0, read_class_word, "IDEMPOTENT, PROBE, NEITHER");
    rule->forms = read_words(node, "form", 0, read_form_word, "empty, json, html, xml, broken");
    const struct yaml_node *attempt = yaml_get(node, "attempt");
    int64_t number = 0;
    if (attempt && strcmp(yaml_scalar(attempt), "*") != 0)
        yaml_get_int(node, "attempt", true, 1, 2, &number);
    rule->attempt = (uint32_t)number;
    read_http(yaml_get(node, "http"), rule);
    read_values(yaml_get(node, "at"), rule);
    read_texts(yaml_get(node, "text"), yaml_get(node, "anywhere"), rule);
    read_pointers(node, "present", &rule->present);
    read_pointers(node, "absent", &rule->absent);
    read_pointers(node, "names", &rule->names);
    rule->phase = rule->value_count ? PHASE_CODE : rule->text_count ? PHASE_PROSE : PHASE_PLAIN;
    /* Words on a login page or in half a JSON say nothing unless a rule asks for exactly that. */
    if (!rule->forms && rule->text_count)
        rule->forms = 1u << FORM_JSON;
    read_outcome(node, rule);
    rule->why = read_text(node, "why", true);
    rule->name = read_text(node, "name", rule->phase == PHASE_PROSE);
}

/* ---------------------------------------------------------------- sets */

static void rule_done(struct rule *rule)
{
    for (size_t i = 0; i < rule->value_count; i++) {
        free(rule->values[i].pointer);
        for (size_t v = 0; v < rule->values[i].count; v++)
            folded_done(&rule->values[i].values[v].string);
    }
    for (size_t i = 0; i < rule->text_count; i++) {
        free(rule->texts[i].pointer);
        for (size_t f = 0; f < rule->texts[i].count; f++)
            folded_done(&rule->texts[i].fragments[f]);
    }
    struct pointers *lists[] = { &rule->present, &rule->absent, &rule->names, &rule->value, &rule->value_sent,
                                 &rule->field, &rule->ref, &rule->message };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        pointers_done(lists[i]);
    free(rule->why);
    free(rule->name);
}

struct rule_set *rule_set_keep(struct rule_set *set)
{
    set->references++;
    return set;
}

void rule_set_release(struct rule_set *set)
{
    if (!set || --set->references > 0)
        return;
    for (size_t i = 0; i < set->count; i++)
        rule_done(&set->rules[i]);
    free(set->rules);
    free(set);
}

/* What every judgement by this rule says of it, written once. */
static void set_names(const struct rule_set *set, struct rule *rule)
{
    struct text where = text_of(rule->where, sizeof rule->where);
    text_add(&where, "%s:%d", set->file, rule->line);
    struct text mark = text_of(rule->mark, sizeof rule->mark);
    if (rule->name)
        text_add(&mark, "%s-%s", set->name, rule->name);
}

struct rule_set *rule_set_of_list(const struct yaml_node *list, const char *name)
{
    size_t count = yaml_count(list);
    struct rule_set *set = calloc(1, sizeof *set);

    if (!set)
        return NULL;
    set->references = 1;
    struct text text = text_of(set->name, sizeof set->name);
    text_add(&text, "%s", name);
    text = text_of(set->file, sizeof set->file);
    text_add(&text, "%s", yaml_name(list));
    if (!yaml_is_sequence(list) || count > RULES_MAX) {
        yaml_fault(list, "a list of at most %d rules is expected", RULES_MAX);
        return set;
    }
    set->rules = calloc(count ? count : 1, sizeof *set->rules);
    if (!set->rules) {
        rule_set_release(set);
        return NULL;
    }
    for (set->count = 0; set->count < count; set->count++) {
        read_rule(yaml_item(list, set->count), &set->rules[set->count]);
        set_names(set, &set->rules[set->count]);
    }
    return set;
}

struct rule_set *rule_set_read(const char *path, const char *name, struct faults *faults)
{
    char dialect[RULE_SET_NAME_SIZE] = "", about[REASON_BYTES_MAX];
    struct yaml_file *file = yaml_open(path, name, faults);

    if (!file)
        return NULL;
    const struct yaml_node *root = yaml_root(file), *rules = yaml_get(root, "rules");
    yaml_get_string(root, "dialect", true, dialect, sizeof dialect);
    yaml_get_string(root, "about", false, about, sizeof about);
    if (strlen(name) != strlen(dialect) + 5 || strncmp(name, dialect, strlen(dialect)) != 0)
        yaml_fault(root, "the dialect is '%s', so this file must be called %s.yaml", dialect, dialect);
    struct rule_set *set = rules ? rule_set_of_list(rules, dialect) : NULL;
    if (!rules)
        yaml_fault(root, "'rules' is missing");
    else if (!set)
        yaml_fault(root, "no memory");
    else {
        const struct yaml_node *before = yaml_get(root, "before");
        size_t count = bounded_count(before, CHAIN_MAX, "sets");
        if (strcmp(dialect, "any") != 0)
            memcpy(set->parent, "any", 4);
        yaml_get_string(root, "parent", false, set->parent, sizeof set->parent);
        for (size_t i = 0; i < count; i++)
            if (span_to_string(span_of_string(yaml_scalar(list_item(before, i))), set->before[set->before_count],
                               RULE_SET_NAME_SIZE))
                set->before_count++;
    }
    yaml_check_unused(root);
    yaml_close(file);
    return set;
}
