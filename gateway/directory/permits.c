/* permits.yaml: who may send what to whom. One entry may name several senders and recipients; each pair is one row. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

uint32_t kinds_read(const struct yaml_node *node, bool required)
{
    const struct yaml_node *kinds = yaml_get(node, "kinds");
    uint32_t bits = 0;

    if (!kinds && !required)
        return KINDS_ALL;
    if (kinds && strcmp(yaml_scalar(kinds), "*") == 0)
        return KINDS_ALL;
    if (!yaml_is_sequence(kinds) || !yaml_count(kinds)) {
        yaml_fault(kinds ? kinds : node, "'kinds' must be a list such as [FORWARD, SUPPLEMENT], or \"*\"");
        return 0;
    }
    for (size_t i = 0; i < yaml_count(kinds); i++) {
        enum kind kind = kind_read(yaml_scalar(yaml_item(kinds, i)));
        if (kind)
            bits |= KIND_BIT(kind);
        else
            yaml_fault(yaml_item(kinds, i), "unknown kind '%s'", yaml_scalar(yaml_item(kinds, i)));
    }
    return bits;
}

static void permit_read(struct reader *reader, const struct yaml_node *node)
{
    struct tables *tables = &reader->directory->tables;
    struct selector from[SELECTORS_MAX], to[SELECTORS_MAX];
    struct permit permit = { 0 };

    if (!entry_is_mapping(node, "a permit"))
        return;
    size_t from_count = selectors_read(reader, node, "from", from), to_count = selectors_read(reader, node, "to", to);
    permit.kinds = kinds_read(node, true);
    procedure_code_read(reader, node, false, permit.procedure);
    if (tables->permit_count + from_count * to_count > PERMITS_MAX) {
        yaml_fault(node, "more than %d permits: each pair of 'from' and 'to' is one; kinds and \"code.*\" save many",
                   PERMITS_MAX);
        return;
    }
    for (size_t f = 0; f < from_count; f++)
        for (size_t t = 0; t < to_count; t++) {
            permit.from = from[f];
            permit.to = to[t];
            tables->permits[tables->permit_count++] = permit;
        }
}

static int compare_permits(const void *a, const void *b)
{
    const struct permit *left = a, *right = b;
    int order = selector_compare(&left->from, &right->from);

    if (!order)
        order = selector_compare(&left->to, &right->to);
    return order ? order : strcmp(left->procedure, right->procedure);
}

/* Any permit that matches is enough, so their order means nothing, and kinds of equal rows add up. */
static void permits_merge(struct tables *tables)
{
    uint32_t kept = 0;

    qsort(tables->permits, tables->permit_count, sizeof *tables->permits, compare_permits);
    for (uint32_t i = 0; i < tables->permit_count; i++)
        if (kept && compare_permits(&tables->permits[kept - 1], &tables->permits[i]) == 0)
            tables->permits[kept - 1].kinds |= tables->permits[i].kinds;
        else
            tables->permits[kept++] = tables->permits[i];
    tables->permit_count = kept;
}

void permits_read(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    const struct yaml_node *root = reader_open(reader, "permits.yaml", true);

    if (!root || !yaml_is_sequence(root)) {
        yaml_fault(root, "a list of permits is expected: '- from: ...'; [] permits nothing");
        entries_skip(root);
        return;
    }
    tables->permits = calloc(PERMITS_MAX, sizeof *tables->permits);
    if (!tables->permits) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < yaml_count(root); i++)
        permit_read(reader, yaml_item(root, i));
    permits_merge(tables);
}
