/* statuses.yaml: what partners' codes for a dossier's status mean, who may state when a dossier is due, and how long a
 * business receipt is waited for. Read, checked, and its part of the canonical bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

static const struct deadline_rule receipt_default = { DEADLINE_WORKING_HOURS, 4 };

static bool code_is_printable(const char *code)
{
    return code[0] && strlen(code) < PARTNER_STATUS_SIZE && line_is_valid(code) && span_is_utf8(span_of_string(code));
}

/* A number 1 to 10, or none. */
static void status_of_scalar(const struct yaml_node *node, enum status *ret_status)
{
    const char *text = yaml_scalar(node);
    char *end = NULL;
    long number = strtol(text, &end, 10);

    if (strcmp(text, "none") == 0)
        *ret_status = 0;
    else if (yaml_is_scalar(node) && text[0] && !*end && number >= STATUS_REGISTERED && number < STATUS_END)
        *ret_status = (enum status)number;
    else
        yaml_fault(node, "a dossier status is 1 to %d, or none where the code says nothing of it, not '%s'",
                   STATUS_END - 1, text);
}

static void code_read(const struct yaml_node *key, const struct yaml_node *value, struct status_map *map)
{
    struct status_code code = { 0 };

    if (!code_is_printable(yaml_scalar(key))) {
        yaml_fault(key, "a partner's code is text on one line, 1 to %d bytes", PARTNER_STATUS_SIZE - 1);
        return;
    }
    memcpy(code.code, yaml_scalar(key), strlen(yaml_scalar(key)));
    if (yaml_is_mapping(value)) {
        const struct yaml_node *status = yaml_get(value, "status");
        if (status)
            status_of_scalar(status, &code.status);
        yaml_get_bool(value, "receipt", false, &code.receipt);
    } else {
        status_of_scalar(value, &code.status);
    }
    map->codes[map->code_count++] = code;
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(((const struct status_code *)a)->code, ((const struct status_code *)b)->code);
}

static void codes_read(const struct yaml_node *node, struct status_map *map)
{
    const struct yaml_node *codes = yaml_get(node, "codes");

    if (!yaml_is_mapping(codes) || !yaml_count(codes) || yaml_count(codes) > STATUS_MAP_CODES_MAX) {
        yaml_fault(codes ? codes : node, "'codes' must hold 1 to %d of the partner's codes, as in { \"4\": 9 }",
                   STATUS_MAP_CODES_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(codes); i++)
        code_read(yaml_key(codes, i), yaml_value(codes, i), map);
    qsort(map->codes, map->code_count, sizeof *map->codes, compare_codes);
}

/* A map for several is a row for each of them. */
static void map_read(struct reader *reader, const struct yaml_node *node)
{
    struct tables *tables = &reader->directory->tables;
    struct selector from[SELECTORS_MAX];
    struct status_map map = { 0 };

    if (!entry_is_mapping(node, "a map of statuses"))
        return;
    if (yaml_get_string(node, "name", true, map.name, sizeof map.name) && !word_is_valid(map.name))
        yaml_fault(yaml_get(node, "name"), "the name of a map is of a-z, 0-9 and '-', not '%s'", map.name);
    size_t count = selectors_read(reader, node, "from", from);
    period_read(node, "valid_from", "valid_to", &map.from_ms, &map.to_ms);
    codes_read(node, &map);
    for (size_t i = 0; i < count; i++) {
        if (tables->status_map_count == STATUS_MAPS_MAX) {
            yaml_fault(node, "more than %d maps of statuses; each of 'from' is one", STATUS_MAPS_MAX);
            return;
        }
        map.from = from[i];
        tables->status_maps[tables->status_map_count++] = map;
    }
}

static void receipt_read(const struct yaml_node *root, struct tables *tables)
{
    const struct yaml_node *node = yaml_get(root, "receipt");
    struct deadline_rule rule;

    if (!node)
        return;
    if (deadline_rule_read(yaml_scalar(node), &rule) &&
        (rule.kind == DEADLINE_WORKING_HOURS || rule.kind == DEADLINE_WORKING_DAYS || rule.kind == DEADLINE_NONE))
        tables->receipt = rule;
    else
        yaml_fault(node, "'receipt' is working hours or days, as in h4 or w1, or none, not '%s'", yaml_scalar(node));
}

static int compare_movers(const void *a, const void *b)
{
    return selector_compare(a, b);
}

void statuses_read(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    struct selector movers[SELECTORS_MAX];

    tables->receipt = receipt_default;
    const struct yaml_node *root = reader_open(reader, "statuses.yaml", false);
    if (!root || !entry_is_mapping(root, "statuses.yaml"))
        return;
    tables->status_maps = calloc(STATUS_MAPS_MAX, sizeof *tables->status_maps);
    tables->due_movers = calloc(SELECTORS_MAX, sizeof *tables->due_movers);
    if (!tables->status_maps || !tables->due_movers) {
        reader_no_memory(reader);
        return;
    }
    receipt_read(root, tables);
    if (yaml_get(root, "may_state_due")) {
        tables->due_mover_count = (uint32_t)selectors_read(reader, root, "may_state_due", movers);
        memcpy(tables->due_movers, movers, tables->due_mover_count * sizeof *movers);
        qsort(tables->due_movers, tables->due_mover_count, sizeof *movers, compare_movers);
    }
    const struct yaml_node *maps = yaml_get(root, "maps");
    if (maps && !yaml_is_sequence(maps))
        yaml_fault(maps, "'maps' must be a list");
    for (size_t i = 0; yaml_is_sequence(maps) && i < yaml_count(maps); i++)
        map_read(reader, yaml_item(maps, i));
}

/* Maps keep their order: the first that knows a code wins. */
void statuses_write(FILE *out, const struct tables *tables)
{
    char words[AGENCY_CODE_SIZE + 16], rule[DEADLINE_RULE_SIZE];

    deadline_rule_text(&tables->receipt, rule);
    fprintf(out, "receipt %s\n", rule);
    for (uint32_t i = 0; i < tables->due_mover_count; i++) {
        struct text text = text_of(words, sizeof words);
        selector_text(&tables->due_movers[i], &text);
        fprintf(out, "due_mover %s\n", words);
    }
    for (uint32_t i = 0; i < tables->status_map_count; i++) {
        const struct status_map *map = &tables->status_maps[i];
        struct text text = text_of(words, sizeof words);
        selector_text(&map->from, &text);
        fprintf(out, "status_map %s %s %lld %lld\n", map->name, words, (long long)map->from_ms, (long long)map->to_ms);
        for (uint32_t k = 0; k < map->code_count; k++)
            fprintf(out, " code %d%s %s\n", (int)map->codes[k].status, map->codes[k].receipt ? " receipt" : "",
                    map->codes[k].code);
    }
}
