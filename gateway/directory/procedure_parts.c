/* What a version of a procedure says besides its steps: times by channel, papers, fees; and fields.yaml. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

static const char *const channel_names[CHANNEL_END] = { "all", "counter", "online", "post", "boundary-free" };

const char *channel_name(uint32_t channel)
{
    must(channel < CHANNEL_END);
    return channel_names[channel];
}

static void line_read(const struct yaml_node *node, const char *key, bool required, char *ret_line, size_t size)
{
    if (yaml_get_string(node, key, required, ret_line, size) && !line_is_valid(ret_line))
        yaml_fault(yaml_get(node, key), "'%s' must be one line of text", key);
}

/* ---------------------------------------------------------------- times */

void rule_read(const struct yaml_node *rule, const char *key, struct deadline_rule *ret_rule)
{
    if (rule && !(yaml_is_scalar(rule) && deadline_rule_read(yaml_scalar(rule), ret_rule)))
        yaml_fault(rule, "'%s' must be w3 (working days), h8 (working hours), d30 (days), c15:00 (the same day when "
                   "before then) or none, not '%s'", key, yaml_scalar(rule));
}

/* One rule, or one for each channel: { all: w3, online: w2 }. */
void rules_read(const struct yaml_node *node, const char *key, struct deadline_rule ret_rules[CHANNEL_END])
{
    const struct yaml_node *rules = yaml_get(node, key);

    if (!yaml_is_mapping(rules)) {
        rule_read(rules, key, &ret_rules[0]);
        return;
    }
    for (uint32_t channel = 0; channel < CHANNEL_END; channel++)
        rule_read(yaml_get(rules, channel_names[channel]), key, &ret_rules[channel]);
}

/* ---------------------------------------------------------------- papers */

/* ASCII without blanks: it is compared with what senders write. */
static bool code_word_read(const struct yaml_node *node, char ret_code[COMPONENT_CODE_SIZE])
{
    if (!yaml_get_string(node, "code", true, ret_code, COMPONENT_CODE_SIZE))
        return false;
    if (!procedure_word_is_valid(ret_code))
        yaml_fault(yaml_get(node, "code"), "'%s' is no code: ASCII without blanks, as in KQ.G15.000031", ret_code);
    return true;
}

static void component_read(const struct yaml_node *node, struct component *component)
{
    const struct yaml_node *withdrawn = yaml_get(node, "withdrawn"), *shared = yaml_get(node, "shared");
    bool optional = false;

    component->need = NEED_REQUIRED;
    code_word_read(node, component->code);
    line_read(node, "name", true, component->name, sizeof component->name);
    if (yaml_get_bool(node, "optional", false, &optional) && optional)
        component->need = NEED_OPTIONAL;
    if (shared) {
        component->need = NEED_SHARED;
        line_read(node, "shared", true, component->instead, sizeof component->instead);
    }
    if (withdrawn) {
        component->need = NEED_WITHDRAWN;
        yaml_get_time_ms(node, "withdrawn", true, &component->from_ms);
        line_read(node, "instead", false, component->instead, sizeof component->instead);
        if (!yaml_get(node, "rule"))
            yaml_fault(node, "'rule' is missing: by which text '%s' is withdrawn", component->code);
    }
    if (withdrawn || yaml_get(node, "rule"))
        line_read(node, "rule", false, component->rule, sizeof component->rule);
    if (!withdrawn && component->rule[0])
        yaml_fault(yaml_get(node, "rule"), "'rule' is for what is 'withdrawn' from a day on");
    if ((withdrawn != NULL) + (shared != NULL) + optional > 1)
        yaml_fault(node, "'%s' is one of optional, shared and withdrawn, not several", component->code);
}

static int compare_components(const void *a, const void *b)
{
    return strcmp(((const struct component *)a)->code, ((const struct component *)b)->code);
}

/* The list under `key`, for `most` entries. NULL: nothing to read, or a fault. */
static const struct yaml_node *list_of(const struct yaml_node *node, const char *key, size_t most)
{
    const struct yaml_node *list = yaml_get(node, key);

    if (!list || (yaml_is_sequence(list) && yaml_count(list) <= most))
        return list;
    yaml_fault(list, "'%s' must be a list of at most %zu", key, most);
    entries_skip(list);
    return NULL;
}

void components_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    const struct yaml_node *list = list_of(node, "components", PROCEDURE_COMPONENTS_MAX);

    procedure->components = yaml_count(list) ? calloc(yaml_count(list), sizeof *procedure->components) : NULL;
    if (yaml_count(list) && !procedure->components) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < yaml_count(list); i++)
        if (entry_is_mapping(yaml_item(list, i), "a component"))
            component_read(yaml_item(list, i), &procedure->components[procedure->component_count++]);
    if (procedure->component_count)
        qsort(procedure->components, procedure->component_count, sizeof *procedure->components, compare_components);
    for (uint32_t i = 1; i < procedure->component_count; i++)
        if (strcmp(procedure->components[i - 1].code, procedure->components[i].code) == 0)
            yaml_fault(list, "component '%s' a second time", procedure->components[i].code);
}

/* ---------------------------------------------------------------- fees */

static void channels_read(const struct yaml_node *node, uint32_t *ret_channels)
{
    const struct yaml_node *list = list_of(node, "channels", CHANNEL_END);

    *ret_channels = (1u << CHANNEL_END) - 2u;
    if (!list)
        return;
    *ret_channels = 0;
    for (size_t i = 0; i < yaml_count(list); i++) {
        uint32_t bit = 0;
        for (uint32_t channel = CHANNEL_COUNTER; channel < CHANNEL_END; channel++)
            if (strcmp(yaml_scalar(yaml_item(list, i)), channel_names[channel]) == 0)
                bit = 1u << channel;
        if (!bit)
            yaml_fault(yaml_item(list, i), "unknown channel '%s'; known: counter, online, post, boundary-free",
                       yaml_scalar(yaml_item(list, i)));
        *ret_channels |= bit;
    }
}

void fees_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    const struct yaml_node *list = list_of(node, "fees", PROCEDURE_FEES_MAX);

    procedure->fees = yaml_count(list) ? calloc(yaml_count(list), sizeof *procedure->fees) : NULL;
    if (yaml_count(list) && !procedure->fees) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *entry = yaml_item(list, i);
        struct fee *fee = &procedure->fees[procedure->fee_count];
        if (!entry_is_mapping(entry, "a fee"))
            continue;
        procedure->fee_count++;
        code_word_read(entry, fee->code);
        line_read(entry, "name", true, fee->name, sizeof fee->name);
        yaml_get_int(entry, "dong", true, 0, 1000000000000LL, &fee->dong);
        channels_read(entry, &fee->channels);
    }
}

/* ---------------------------------------------------------------- fields.yaml */

static void field_read(struct reader *reader, const struct yaml_node *node, struct field *field)
{
    const struct yaml_node *escalation = yaml_get(node, "escalation");

    if (yaml_get_string(node, "code", true, field->code, sizeof field->code) && !procedure_word_is_valid(field->code))
        yaml_fault(yaml_get(node, "code"), "'%s' is no code of a field: ASCII without blanks", field->code);
    line_read(node, "name", true, field->name, sizeof field->name);
    line_read(node, "contact", false, field->contact, sizeof field->contact);
    if (!yaml_get_string(node, "escalation", false, field->escalation, sizeof field->escalation))
        return;
    const struct agency *agency = tables_agency(&reader->directory->tables, field->escalation);
    if (agency)
        memcpy(field->escalation, agency->code, sizeof field->escalation);
    else if (reader->agencies_whole)
        yaml_fault(escalation, "escalation '%s' is no agency of this directory", field->escalation);
}

static int compare_fields(const void *a, const void *b)
{
    return strcmp(((const struct field *)a)->code, ((const struct field *)b)->code);
}

void fields_read(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    const struct yaml_node *root = reader_open(reader, "fields.yaml", false);

    if (!root)
        return;
    if (!yaml_is_sequence(root) || yaml_count(root) > FIELDS_MAX) {
        yaml_fault(root, "a list of at most %d fields is expected: '- code: ...'", FIELDS_MAX);
        entries_skip(root);
        return;
    }
    tables->fields = calloc(yaml_count(root) + 1, sizeof *tables->fields);
    if (!tables->fields) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < yaml_count(root); i++) {
        struct field *field = &tables->fields[tables->field_count];
        if (!entry_is_mapping(yaml_item(root, i), "a field"))
            continue;
        field_read(reader, yaml_item(root, i), field);
        if (tables_field(tables, field->code))
            yaml_fault(yaml_item(root, i), "field '%s' a second time", field->code);
        tables->field_count++;
    }
    qsort(tables->fields, tables->field_count, sizeof *tables->fields, compare_fields);
}
