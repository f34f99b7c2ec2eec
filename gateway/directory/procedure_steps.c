/* The steps of one version of a procedure: who does them, in which order, within which time. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

static void join_read(const struct yaml_node *node, struct procedure_step *step)
{
    const char *word = yaml_scalar(yaml_get(node, "join"));

    step->join = JOIN_ALL;
    if (!yaml_get(node, "join") || strcmp(word, "all") == 0)
        return;
    step->join = JOIN_ANY;
    if (strcmp(word, "any") != 0)
        yaml_fault(yaml_get(node, "join"), "'join' is all (the default: every step of 'after' that was chosen) or any, "
                   "not '%s'", word);
}

static void outputs_read(const struct yaml_node *node, struct procedure_step *step)
{
    const struct yaml_node *outputs = yaml_get(node, "outputs");

    if (outputs && (!yaml_is_sequence(outputs) || yaml_count(outputs) > STEP_OUTPUTS_MAX)) {
        yaml_fault(outputs, "'outputs' must be a list of at most %d words", STEP_OUTPUTS_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(outputs); i++) {
        const char *word = yaml_scalar(yaml_item(outputs, i));
        if (!word_is_valid(word)
            || !span_to_string(span_of_string(word), step->outputs[step->output_count], OUTPUT_NAME_SIZE))
            yaml_fault(yaml_item(outputs, i), "an output is named with a-z, 0-9 and '-', not '%s'", word);
        else
            step->output_count++;
    }
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
    else if (named && procedure_step_index(procedure, step->name) >= 0)
        yaml_fault(yaml_get(node, "name"), "step '%s' a second time", step->name);
    if (yaml_get_string(node, "title", false, step->title, sizeof step->title) && !line_is_valid(step->title))
        yaml_fault(yaml_get(node, "title"), "'title' must be one line of text");
    step->citizen = strcmp(yaml_scalar(agency), "citizen") == 0;
    if (!agency)
        yaml_fault(node, "'agency' is missing: who does this step, or citizen");
    else if (!step->citizen)
        selector_of_node(reader, agency, &step->agency);
    rule_read(yaml_get(node, "limit"), "limit", &step->limit);
    yaml_get_bool(node, "outside", false, &step->outside);
    yaml_get_bool(node, "optional", false, &step->optional);
    join_read(node, step);
    outputs_read(node, step);
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
        int index = procedure_step_index(procedure, yaml_scalar(yaml_item(after, i)));
        if (index < 0)
            yaml_fault(yaml_item(after, i), "procedure '%s' has no step '%s'", procedure->code,
                       yaml_scalar(yaml_item(after, i)));
        else
            step->after |= 1u << index;
    }
}

void steps_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure)
{
    const struct yaml_node *steps = yaml_get(node, "steps");

    if (!yaml_is_sequence(steps) || !yaml_count(steps) || yaml_count(steps) > PROCEDURE_STEPS_MAX) {
        yaml_fault(steps ? steps : node, "'steps' must be a list of 1 to %d steps", PROCEDURE_STEPS_MAX);
        entries_skip(steps);
        return;
    }
    procedure->steps = calloc(yaml_count(steps), sizeof *procedure->steps);
    if (!procedure->steps) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < yaml_count(steps); i++)
        step_read(reader, yaml_item(steps, i), procedure);
    if (procedure->step_count != yaml_count(steps))
        return;
    for (uint32_t i = 0; i < procedure->step_count; i++)
        after_read(yaml_item(steps, i), procedure, &procedure->steps[i]);
    for (uint32_t i = 0; i < procedure->step_count; i++)
        step_agency_check(reader, yaml_item(steps, i), procedure, &procedure->steps[i]);
    if (steps_check(steps, procedure))
        path_check(node, procedure);
}
