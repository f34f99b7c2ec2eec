/* Whom a permit, a route or a step speaks of, as text: "*", a code or alias, "H29.07.*", WARD. */
#include <string.h>

#include "gateway/directory/inside.h"

static bool below_of_text(struct reader *reader, const struct yaml_node *node, const char *text, size_t length,
                          struct selector *selector)
{
    const struct tables *tables = &reader->directory->tables;

    selector->kind = SELECT_BELOW;
    if (!span_to_string(span_of(text, length), selector->code, sizeof selector->code)
        || !code_is_valid(selector->code)) {
        yaml_fault(node, "'%s': before '.*' the code of an agency is expected", text);
        return false;
    }
    for (uint32_t i = 0; i < tables->agency_count; i++)
        if (selector_matches(selector, &tables->agencies[i]))
            return true;
    if (reader->agencies_whole)
        yaml_fault(node, "'%s' means no agency of this directory", text);
    return false;
}

static bool agency_of_text(struct reader *reader, const struct yaml_node *node, const char *text,
                           struct selector *selector)
{
    const struct agency *agency = tables_agency(&reader->directory->tables, text);

    selector->kind = SELECT_AGENCY;
    if (agency) {
        memcpy(selector->code, agency->code, AGENCY_CODE_SIZE);
        return true;
    }
    if (reader->agencies_whole)
        yaml_fault(node, "'%s' is no agency of this directory, nor one of the kinds %s", text, agency_kind_words());
    return false;
}

bool selector_of_node(struct reader *reader, const struct yaml_node *node, struct selector *ret_selector)
{
    struct selector selector = { 0 };
    const char *text = yaml_scalar(node);
    size_t length = strlen(text);
    bool good = true;

    if (!yaml_is_scalar(node) || !text[0]) {
        yaml_fault(node, "whom is expected here: \"*\", an agency's code, \"code.*\" or one of the kinds %s",
                   agency_kind_words());
        return false;
    }
    if (strcmp(text, "*") == 0)
        selector.kind = SELECT_ANY;
    else if ((selector.agency_kind = agency_kind_read(text)))
        selector.kind = SELECT_KIND;
    else if (length > 2 && strcmp(text + length - 2, ".*") == 0)
        good = below_of_text(reader, node, text, length - 2, &selector);
    else
        good = agency_of_text(reader, node, text, &selector);
    if (good)
        *ret_selector = selector;
    return good;
}

size_t selectors_read(struct reader *reader, const struct yaml_node *node, const char *key,
                      struct selector ret_selectors[SELECTORS_MAX])
{
    const struct yaml_node *value = yaml_get(node, key);
    size_t count = 0;

    if (!value) {
        yaml_fault(node, "'%s' is missing: whom it speaks of", key);
        return 0;
    }
    if (!yaml_is_sequence(value))
        return selector_of_node(reader, value, ret_selectors);
    if (!yaml_count(value) || yaml_count(value) > SELECTORS_MAX) {
        yaml_fault(value, "'%s' must hold 1 to %d names", key, SELECTORS_MAX);
        return 0;
    }
    for (size_t i = 0; i < yaml_count(value); i++)
        count += selector_of_node(reader, yaml_item(value, i), &ret_selectors[count]);
    return count;
}

void selector_text(const struct selector *selector, struct text *text)
{
    switch (selector->kind) {
    case SELECT_ANY:
        text_add(text, "*");
        break;
    case SELECT_AGENCY:
        text_add(text, "%s", selector->code);
        break;
    case SELECT_BELOW:
        text_add(text, "%s.*", selector->code);
        break;
    case SELECT_KIND:
        text_add(text, "%s", agency_kind_name(selector->agency_kind));
        break;
    }
}

int selector_compare(const struct selector *a, const struct selector *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->agency_kind != b->agency_kind)
        return a->agency_kind < b->agency_kind ? -1 : 1;
    return strcmp(a->code, b->code);
}

bool selectors_meet(const struct tables *tables, const struct selector *a, const struct selector *b)
{
    for (uint32_t i = 0; i < tables->agency_count; i++)
        if (selector_matches(a, &tables->agencies[i]) && selector_matches(b, &tables->agencies[i]))
            return true;
    return false;
}
