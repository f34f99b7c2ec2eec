/* procedures.yaml: the steps of procedures, who does them, in which order. Checked here and kept in the canonical
 * bytes; permits and routes are held against it. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

/* ---------------------------------------------------------------- what permits and routes ask */

static bool is_listed(const struct directory *directory, const char *code)
{
    for (size_t i = 0; i < directory->procedure_count; i++)
        if (strcmp(directory->procedures[i].code, code) == 0)
            return true;
    return false;
}

static bool procedure_code_is_valid(const char *code)
{
    for (const char *at = code; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("*,\"'", *at))
            return false;
    return code[0] != 0;
}

bool procedure_code_read(struct reader *reader, const struct yaml_node *node, bool required,
                         char ret_code[PROCEDURE_CODE_SIZE])
{
    if (!yaml_get_string(node, "procedure", required, ret_code, PROCEDURE_CODE_SIZE))
        return false;
    bool valid = procedure_code_is_valid(ret_code);
    if (!valid)
        yaml_fault(yaml_get(node, "procedure"), "'%s' is not a procedure code: ASCII without blanks, as in 2.000986",
                   ret_code);
    else if (reader->has_procedures && !is_listed(reader->directory, ret_code)) {
        yaml_fault(yaml_get(node, "procedure"), "procedure '%s' is not in procedures.yaml", ret_code);
        return false;
    }
    return valid;
}

static int step_index(const struct procedure *procedure, const char *name)
{
    for (uint32_t i = 0; i < procedure->step_count; i++)
        if (strcmp(procedure->steps[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool procedure_has_step(const struct reader *reader, const char *code, const char *step)
{
    const struct directory *directory = reader->directory;

    for (size_t i = 0; i < directory->procedure_count; i++)
        if (strcmp(directory->procedures[i].code, code) == 0 && step_index(&directory->procedures[i], step) >= 0)
            return true;
    return !reader->has_procedures;
}

/* ---------------------------------------------------------------- steps */

static void limit_read(const struct yaml_node *node, const char *key, char ret_limit[LIMIT_SIZE])
{
    const struct yaml_node *limit = yaml_get(node, key);

    if (!limit)
        return;
    if (limit_is_valid(yaml_scalar(limit)) && span_to_string(span_of_string(yaml_scalar(limit)), ret_limit, LIMIT_SIZE))
        return;
    yaml_fault(limit, "'%s' must be w3 (working days), h8 (working hours), d30 (days), c15:00 (the same day when "
               "before then) or none, not '%s'", key, yaml_scalar(limit));
}

static void step_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    struct procedure_step *step = &procedure->steps[procedure->step_count];
    const struct yaml_node *agency = yaml_get(node, "agency");

    if (!entry_is_mapping(node, "a step"))
        return;
    bool named = yaml_get_string(node, "name", true, step->name, sizeof step->name);
    if (named && !word_is_valid(step->name))
        yaml_fault(yaml_get(node, "name"), "a step is named with a-z, 0-9 and '-', not '%s'", step->name);
    else if (named && step_index(procedure, step->name) >= 0)
        yaml_fault(yaml_get(node, "name"), "step '%s' a second time", step->name);
    step->citizen = strcmp(yaml_scalar(agency), "citizen") == 0;
    if (!agency)
        yaml_fault(node, "'agency' is missing: who does this step, or citizen");
    else if (!step->citizen)
        selector_of_node(reader, agency, &step->agency);
    limit_read(node, "limit", step->limit);
    yaml_get_bool(node, "outside", false, &step->outside);
    procedure->step_count++;
}

/* `after` of one step: names of steps of the same procedure, as bits. */
static void after_read(const struct yaml_node *node, struct procedure *procedure, struct procedure_step *step)
{
    const struct yaml_node *after = yaml_get(node, "after");

    if (after && (!yaml_is_sequence(after) || yaml_count(after) > AFTER_MAX)) {
        yaml_fault(after, "'after' must be a list of at most %d steps", AFTER_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(after); i++) {
        int index = step_index(procedure, yaml_scalar(yaml_item(after, i)));
        if (index < 0)
            yaml_fault(yaml_item(after, i), "procedure '%s' has no step '%s'", procedure->code,
                       yaml_scalar(yaml_item(after, i)));
        else
            step->after |= 1u << index;
    }
}

/* Takes out, again and again, what waits for nothing that is left; what then remains is a circle, or behind one. */
static void circle_check(const struct yaml_node *node, const struct procedure *procedure)
{
    uint32_t left = (1u << procedure->step_count) - 1u, before = 0;

    while (left != before) {
        before = left;
        for (uint32_t i = 0; i < procedure->step_count; i++)
            if (!(procedure->steps[i].after & left))
                left &= ~(1u << i);
    }
    for (uint32_t i = 0; i < procedure->step_count; i++)
        if (left & 1u << i) {
            yaml_fault(node, "the steps of '%s' wait for each other in a circle: step '%s' can never begin",
                       procedure->code, procedure->steps[i].name);
            return;
        }
}

static void steps_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    const struct yaml_node *steps = yaml_get(node, "steps");

    if (!yaml_is_sequence(steps) || !yaml_count(steps) || yaml_count(steps) > PROCEDURE_STEPS_MAX) {
        yaml_fault(steps ? steps : node, "'steps' must be a list of 1 to %d steps", PROCEDURE_STEPS_MAX);
        entries_skip(steps);
        return;
    }
    for (size_t i = 0; i < yaml_count(steps); i++)
        step_read(reader, yaml_item(steps, i), procedure);
    if (procedure->step_count != yaml_count(steps))
        return;
    for (uint32_t i = 0; i < procedure->step_count; i++)
        after_read(yaml_item(steps, i), procedure, &procedure->steps[i]);
    circle_check(steps, procedure);
}

/* ---------------------------------------------------------------- procedures */

static void procedure_read(struct reader *reader, const struct yaml_node *node)
{
    struct procedure *procedure = &reader->directory->procedures[reader->directory->procedure_count];

    if (!entry_is_mapping(node, "a procedure"))
        return;
    reader->directory->procedure_count++;
    procedure->node = node;
    if (yaml_get_string(node, "code", true, procedure->code, sizeof procedure->code)
        && !procedure_code_is_valid(procedure->code))
        yaml_fault(yaml_get(node, "code"), "'%s' is not a procedure code: ASCII without blanks, as in 2.000986",
                   procedure->code);
    if (yaml_get_string(node, "name", true, procedure->name, sizeof procedure->name) && !line_is_valid(procedure->name))
        yaml_fault(yaml_get(node, "name"), "'name' must be one line of text");
    if (yaml_get_string(node, "variant", false, procedure->variant, sizeof procedure->variant)
        && !word_is_valid(procedure->variant))
        yaml_fault(yaml_get(node, "variant"), "a variant is named with a-z, 0-9 and '-', not '%s'", procedure->variant);
    yaml_get_string(node, "successor", false, procedure->successor, sizeof procedure->successor);
    period_read(node, "valid_from", "valid_to", &procedure->from_ms, &procedure->to_ms);
    limit_read(node, "statutory", procedure->statutory);
    limit_read(node, "committed", procedure->committed);
    steps_read(reader, node, procedure);
}

static int compare_procedures(const void *a, const void *b)
{
    const struct procedure *left = a, *right = b;
    int order = strcmp(left->code, right->code);

    if (!order)
        order = strcmp(left->variant, right->variant);
    if (!order)
        order = (left->from_ms > right->from_ms) - (left->from_ms < right->from_ms);
    return order ? order : (yaml_line(left->node) > yaml_line(right->node)) - (yaml_line(left->node)
                                                                               < yaml_line(right->node));
}

/* Neighbours after sorting. */
static void overlap_check(const struct procedure *a, const struct procedure *b)
{
    if (a->code[0] && strcmp(a->code, b->code) == 0 && strcmp(a->variant, b->variant) == 0
        && periods_meet(a->from_ms, a->to_ms, b->from_ms, b->to_ms))
        yaml_fault(b->node, "procedure '%s'%s%s is in force twice at the same time; the other: %s:%d", b->code,
                   b->variant[0] ? " variant " : "", b->variant, yaml_name(a->node), yaml_line(a->node));
}

static const struct procedure *next_procedure(const struct directory *directory, const struct procedure *procedure)
{
    for (size_t i = 0; procedure->successor[0] && i < directory->procedure_count; i++)
        if (strcmp(directory->procedures[i].code, procedure->successor) == 0)
            return &directory->procedures[i];
    return NULL;
}

static void successors_check(const struct directory *directory)
{
    for (size_t i = 0; i < directory->procedure_count; i++) {
        const struct procedure *start = &directory->procedures[i], *at = next_procedure(directory, start);
        size_t steps = 0;
        if (start->successor[0] && !at)
            yaml_fault(yaml_get(start->node, "successor"), "successor '%s' is no procedure of this directory",
                       start->successor);
        while (at && strcmp(at->code, start->code) != 0 && steps++ < directory->procedure_count)
            at = next_procedure(directory, at);
        if (at && strcmp(at->code, start->code) == 0)
            yaml_fault(yaml_get(start->node, "successor"), "the successors of '%s' lead back to itself", start->code);
    }
}

void procedures_read(struct reader *reader)
{
    struct directory *directory = reader->directory;
    const struct yaml_node *root = reader_open(reader, "procedures.yaml", false);

    if (!root)
        return;
    if (!yaml_is_sequence(root) || yaml_count(root) > PROCEDURES_MAX) {
        yaml_fault(root, "a list of at most %d procedures is expected: '- code: ...'", PROCEDURES_MAX);
        entries_skip(root);
        return;
    }
    directory->procedures = calloc(yaml_count(root) + 1, sizeof *directory->procedures);
    if (!directory->procedures) {
        reader_no_memory(reader);
        return;
    }
    reader->has_procedures = true;
    for (size_t i = 0; i < yaml_count(root); i++)
        procedure_read(reader, yaml_item(root, i));
    qsort(directory->procedures, directory->procedure_count, sizeof *directory->procedures, compare_procedures);
    for (size_t i = 1; i < directory->procedure_count; i++)
        overlap_check(&directory->procedures[i - 1], &directory->procedures[i]);
    successors_check(directory);
}
