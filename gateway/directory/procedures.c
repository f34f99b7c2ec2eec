/* procedures.yaml: versions of procedures, and what they say of each other. Their parts are procedure_parts.c's, their
 * steps procedure_steps.c's; permits and routes are held against it. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

#define DAY_MS   (24LL * 3600 * 1000)
#define LOCAL_MS (7LL * 3600 * 1000)

/* ---------------------------------------------------------------- what permits and routes ask */

static bool is_listed(const struct tables *tables, const char *code)
{
    for (uint32_t i = 0; i < tables->procedure_count; i++)
        if (strcmp(tables->procedures[i].code, code) == 0)
            return true;
    return false;
}

bool procedure_code_read(struct reader *reader, const struct yaml_node *node, bool required,
                         char ret_code[PROCEDURE_CODE_SIZE])
{
    if (!yaml_get_string(node, "procedure", required, ret_code, PROCEDURE_CODE_SIZE))
        return false;
    bool valid = procedure_word_is_valid(ret_code);
    if (!valid)
        yaml_fault(yaml_get(node, "procedure"), "'%s' is not a procedure code: ASCII without blanks, as in 2.000986",
                   ret_code);
    else if (reader->has_procedures && !is_listed(&reader->directory->tables, ret_code)) {
        yaml_fault(yaml_get(node, "procedure"), "procedure '%s' is not in procedures.yaml", ret_code);
        return false;
    }
    return valid;
}

bool procedure_has_step(const struct reader *reader, const char *code, const char *step)
{
    const struct tables *tables = &reader->directory->tables;

    for (uint32_t i = 0; i < tables->procedure_count; i++)
        if (strcmp(tables->procedures[i].code, code) == 0 && procedure_step_index(&tables->procedures[i], step) >= 0)
            return true;
    return !reader->has_procedures;
}

/* ---------------------------------------------------------------- entries */

struct procedure_draft { struct procedure procedure; const struct yaml_node *node; };

static void identity_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    const struct yaml_node *senders = yaml_get(node, "senders");

    if (yaml_get_string(node, "code", true, procedure->code, sizeof procedure->code)
        && !procedure_word_is_valid(procedure->code))
        yaml_fault(yaml_get(node, "code"), "'%s' is not a procedure code: ASCII without blanks, as in 2.000986",
                   procedure->code);
    if (yaml_get_string(node, "name", true, procedure->name, sizeof procedure->name) && !line_is_valid(procedure->name))
        yaml_fault(yaml_get(node, "name"), "'name' must be one line of text");
    if (yaml_get_string(node, "variant", false, procedure->variant, sizeof procedure->variant)
        && !word_is_valid(procedure->variant))
        yaml_fault(yaml_get(node, "variant"), "a variant is named with a-z, 0-9 and '-', not '%s'", procedure->variant);
    yaml_get_bool(node, "usual", false, &procedure->usual);
    procedure->senders.kind = SELECT_ANY;
    if (senders)
        selector_of_node(reader, senders, &procedure->senders);
    if (yaml_get_string(node, "field", false, procedure->field, sizeof procedure->field)
        && !tables_field(&reader->directory->tables, procedure->field))
        yaml_fault(yaml_get(node, "field"), "field '%s' is not in fields.yaml", procedure->field);
    yaml_get_string(node, "successor", false, procedure->successor, sizeof procedure->successor);
    period_read(node, "valid_from", "valid_to", &procedure->from_ms, &procedure->to_ms);
    if (procedure->from_ms && (procedure->from_ms + LOCAL_MS) % DAY_MS)
        yaml_fault(yaml_get(node, "valid_from"), "'valid_from' must be a day: a dossier keeps its version by that day");
}

static void procedure_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    identity_read(reader, node, procedure);
    rules_read(node, "statutory", procedure->statutory);
    rules_read(node, "committed", procedure->committed);
    components_read(reader, node, procedure);
    fees_read(reader, node, procedure);
    steps_read(reader, node, procedure);
}

static int compare_procedures(const void *a, const void *b)
{
    const struct procedure_draft *one = a, *other = b;
    const struct procedure *left = &one->procedure, *right = &other->procedure;
    int order = strcmp(left->code, right->code);

    if (!order)
        order = strcmp(left->variant, right->variant);
    if (!order)
        order = (left->from_ms > right->from_ms) - (left->from_ms < right->from_ms);
    return order ? order : (yaml_line(one->node) > yaml_line(other->node)) - (yaml_line(one->node)
                                                                              < yaml_line(other->node));
}

/* ---------------------------------------------------------------- what versions say of each other */

static bool meet(const struct procedure *a, const struct procedure *b)
{
    return strcmp(a->code, b->code) == 0 && periods_meet(a->from_ms, a->to_ms, b->from_ms, b->to_ms);
}

/* Both may be meant by the same dossier that names no variant. */
static bool are_alternatives(const struct procedure *a, const struct procedure *b)
{
    return strcmp(a->variant, b->variant) != 0 && meet(a, b) && selector_compare(&a->senders, &b->senders) == 0;
}

/* Neighbours after sorting. */
static void overlap_check(struct reader *reader, uint32_t index)
{
    const struct procedure *a = &reader->directory->tables.procedures[index - 1], *b = a + 1;
    const struct yaml_node *node = reader->procedure_nodes[index], *before = reader->procedure_nodes[index - 1];

    if (a->code[0] && meet(a, b) && strcmp(a->variant, b->variant) == 0)
        yaml_fault(node, "procedure '%s'%s%s is in force twice at the same time; the other: %s:%d", b->code,
                   b->variant[0] ? " variant " : "", b->variant, yaml_name(before), yaml_line(before));
    if (strcmp(a->code, b->code) == 0 && strcmp(a->field, b->field) != 0)
        yaml_fault(node, "procedure '%s' has another field than in %s:%d", b->code, yaml_name(before),
                   yaml_line(before));
}

/* Of several variants for the same senders at the same time one is `usual`. */
static void usual_check(struct reader *reader, uint32_t index)
{
    const struct tables *tables = &reader->directory->tables;
    const struct procedure *own = &tables->procedures[index];
    bool alternatives = false, usual = own->usual;

    for (uint32_t i = 0; i < tables->procedure_count; i++) {
        const struct procedure *other = &tables->procedures[i];
        if (!are_alternatives(own, other))
            continue;
        alternatives = true;
        usual |= other->usual;
        if (own->usual && other->usual && i < index)
            yaml_fault(yaml_get(reader->procedure_nodes[index], "usual"), "two variants of '%s' are usual for the same "
                       "senders; the other: %s:%d", own->code, yaml_name(reader->procedure_nodes[i]),
                       yaml_line(reader->procedure_nodes[i]));
    }
    if (alternatives && !usual)
        yaml_fault(reader->procedure_nodes[index], "none of the variants of '%s' that meet this one is 'usual: true': "
                   "which is meant when a dossier does not say?", own->code);
}

static const struct procedure *next_procedure(const struct tables *tables, const struct procedure *procedure)
{
    for (uint32_t i = 0; procedure->successor[0] && i < tables->procedure_count; i++)
        if (strcmp(tables->procedures[i].code, procedure->successor) == 0)
            return &tables->procedures[i];
    return NULL;
}

static bool in_force(const struct tables *tables, const char *code, int64_t at_ms)
{
    for (uint32_t i = 0; i < tables->procedure_count; i++) {
        const struct procedure *procedure = &tables->procedures[i];
        if (strcmp(procedure->code, code) == 0 && at_ms >= procedure->from_ms
            && (!procedure->to_ms || at_ms < procedure->to_ms))
            return true;
    }
    return false;
}

static void successor_check(struct reader *reader, uint32_t index)
{
    const struct tables *tables = &reader->directory->tables;
    const struct procedure *start = &tables->procedures[index], *at = next_procedure(tables, start);
    const struct yaml_node *node = yaml_get(reader->procedure_nodes[index], "successor");
    uint32_t steps = 0;

    if (!start->successor[0])
        return;
    while (at && strcmp(at->code, start->code) != 0 && steps++ < tables->procedure_count)
        at = next_procedure(tables, at);
    if (at && strcmp(at->code, start->code) == 0)
        yaml_fault(node, "the successors of '%s' lead back to itself", start->code);
    else if (!next_procedure(tables, start))
        yaml_fault(node, "successor '%s' is no procedure of this directory", start->successor);
    else if (!start->to_ms)
        yaml_fault(node, "a successor goes on from 'valid_to' on, and there is none");
    else if (!in_force(tables, start->successor, start->to_ms))
        yaml_fault(node, "successor '%s' is not in force when '%s' ends", start->successor, start->code);
}

/* ---------------------------------------------------------------- the file */

static void drafts_read(struct reader *reader, const struct yaml_node *root, struct procedure_draft *drafts)
{
    struct tables *tables = &reader->directory->tables;
    uint32_t count = 0;

    for (size_t i = 0; i < yaml_count(root); i++) {
        if (!entry_is_mapping(yaml_item(root, i), "a procedure"))
            continue;
        drafts[count].node = yaml_item(root, i);
        procedure_read(reader, drafts[count].node, &drafts[count].procedure);
        count++;
    }
    qsort(drafts, count, sizeof *drafts, compare_procedures);
    for (uint32_t i = 0; i < count; i++) {
        tables->procedures[i] = drafts[i].procedure;
        reader->procedure_nodes[i] = drafts[i].node;
    }
    tables->procedure_count = count;
}

void procedures_read(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    const struct yaml_node *root = reader_open(reader, "procedures.yaml", false);

    if (!root)
        return;
    if (!yaml_is_sequence(root) || yaml_count(root) > PROCEDURES_MAX) {
        yaml_fault(root, "a list of at most %d procedures is expected: '- code: ...'", PROCEDURES_MAX);
        entries_skip(root);
        return;
    }
    size_t count = yaml_count(root) + 1;
    struct procedure_draft *drafts = calloc(count, sizeof *drafts);
    tables->procedures = calloc(count, sizeof *tables->procedures);
    reader->procedure_nodes = calloc(count, sizeof *reader->procedure_nodes);
    if (!drafts || !tables->procedures || !reader->procedure_nodes) {
        reader_no_memory(reader);
        free(drafts);
        return;
    }
    reader->has_procedures = true;
    drafts_read(reader, root, drafts);
    free(drafts);
    for (uint32_t i = 0; i < tables->procedure_count; i++) {
        if (i)
            overlap_check(reader, i);
        usual_check(reader, i);
        successor_check(reader, i);
    }
}
