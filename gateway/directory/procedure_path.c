/* What a graph of steps must keep: every step can begin, and the longest way through it fits into what is promised.
 * Only what is sure is a fault: a path is measured at its shortest, a limit at its longest. */
#include <string.h>

#include "gateway/directory/inside.h"

enum { HOUR = 60, WORKING_DAY = 8 * HOUR, WEEK_DAYS = 7, WEEK_WORKED = 5, ENDLESS = 1 << 30 };

/* ---------------------------------------------------------------- can it begin */

/* ret_before[i]: every step that i waits for, directly or through others. */
static void befores(const struct procedure *procedure, uint32_t ret_before[PROCEDURE_STEPS_MAX])
{
    for (uint32_t i = 0; i < procedure->step_count; i++)
        ret_before[i] = procedure->steps[i].after;
    for (uint32_t round = 0; round < procedure->step_count; round++)
        for (uint32_t i = 0; i < procedure->step_count; i++)
            for (uint32_t k = 0; k < procedure->step_count; k++)
                if (ret_before[i] & 1u << k)
                    ret_before[i] |= ret_before[k];
}

bool steps_check(const struct yaml_node *steps, const struct procedure *procedure)
{
    uint32_t before[PROCEDURE_STEPS_MAX], circles = 0, told = 0;

    befores(procedure, before);
    for (uint32_t i = 0; i < procedure->step_count; i++)
        if (before[i] & 1u << i)
            circles |= 1u << i;
    for (uint32_t i = 0; i < procedure->step_count; i++) {
        const char *name = procedure->steps[i].name;
        if (circles & 1u << i && !(told & 1u << i)) {
            yaml_fault(yaml_item(steps, i), "the steps of '%s' wait for each other in a circle: step '%s' can never "
                       "begin", procedure->code, name);
            for (uint32_t k = 0; k < procedure->step_count; k++)
                if (before[i] & 1u << k && before[k] & 1u << i)
                    told |= 1u << k;
        } else if (!(circles & 1u << i) && before[i] & circles) {
            yaml_fault(yaml_item(steps, i), "step '%s' of '%s' is never reached: it waits for steps that can never "
                       "begin",
                       name, procedure->code);
        }
    }
    return !circles;
}

/* ---------------------------------------------------------------- does it fit */

/* In working minutes, or in calendar days where the limit is in those. */
static int step_length(const struct deadline_rule *rule, bool in_days)
{
    switch (rule->kind) {
    case DEADLINE_WORKING_DAYS:
        return in_days ? rule->number : rule->number * WORKING_DAY;
    case DEADLINE_WORKING_HOURS:
        return in_days ? 0 : rule->number * HOUR;
    case DEADLINE_DAYS:
        return in_days ? rule->number : rule->number / WEEK_DAYS * WEEK_WORKED * WORKING_DAY;
    case DEADLINE_CUTOFF:
        return in_days ? 0 : WORKING_DAY;       /* came after it: the next working day */
    case DEADLINE_NONE:
        break;
    }
    return 0;
}

static int limit_length(const struct deadline_rule *rule)
{
    if (rule->kind == DEADLINE_DAYS)
        return rule->number;
    return rule->kind && rule->kind != DEADLINE_NONE ? step_length(rule, false) : ENDLESS;
}

struct way { int length[PROCEDURE_STEPS_MAX], from[PROCEDURE_STEPS_MAX]; };

/* The longest way to the end of each step; of a step that begins with the first of several, by the shortest. */
static void ways(const struct procedure *procedure, bool in_days, struct way *ret_way)
{
    uint32_t done = 0;

    for (uint32_t round = 0; round < procedure->step_count; round++)
        for (uint32_t i = 0; i < procedure->step_count; i++) {
            const struct procedure_step *step = &procedure->steps[i];
            if (done & 1u << i || step->after & ~done)
                continue;
            int begin = 0, from = -1;
            for (uint32_t k = 0; k < procedure->step_count; k++) {
                if (!(step->after & 1u << k))
                    continue;
                int length = ret_way->length[k];
                if (from < 0 || (step->join == JOIN_ANY ? length < begin : length > begin)) {
                    begin = length;
                    from = (int)k;
                }
            }
            ret_way->length[i] = begin + (step->outside ? 0 : step_length(&step->limit, in_days));
            ret_way->from[i] = from;
            done |= 1u << i;
        }
}

static void way_text(const struct procedure *procedure, const struct way *way, int end, struct text *text)
{
    int steps[PROCEDURE_STEPS_MAX], count = 0;

    for (int at = end; at >= 0 && count < PROCEDURE_STEPS_MAX; at = way->from[at])
        steps[count++] = at;
    while (count--) {
        const struct procedure_step *step = &procedure->steps[steps[count]];
        char limit[DEADLINE_RULE_SIZE] = "-";
        if (step->limit.kind)
            deadline_rule_text(&step->limit, limit);
        text_add(text, "%s %s%s", step->name, step->outside ? "outside" : limit, count ? ", " : "");
    }
}

static void limit_check(const struct yaml_node *node, const char *key, uint32_t channel,
                        const struct procedure *procedure, const struct deadline_rule *rule)
{
    bool in_days = rule->kind == DEADLINE_DAYS;
    struct way way = { 0 };
    char words[320], limit[DEADLINE_RULE_SIZE];
    struct text text = text_of(words, sizeof words);
    int longest = 0;

    if (limit_length(rule) == ENDLESS)
        return;
    ways(procedure, in_days, &way);
    for (uint32_t i = 1; i < procedure->step_count; i++)
        if (way.length[i] > way.length[longest])
            longest = (int)i;
    if (way.length[longest] <= limit_length(rule))
        return;
    way_text(procedure, &way, longest, &text);
    deadline_rule_text(rule, limit);
    yaml_fault(yaml_get(node, key), "the critical path of '%s' (%s) is longer than '%s'%s%s %s", procedure->code, words,
               key, channel ? " of " : "", channel ? channel_name(channel) : "", limit);
}

void path_check(const struct yaml_node *node, const struct procedure *procedure)
{
    for (uint32_t channel = 0; channel < CHANNEL_END; channel++) {
        const struct deadline_rule *statutory = &procedure->statutory[channel],
                                   *committed = &procedure->committed[channel];
        limit_check(node, "statutory", channel, procedure, statutory);
        limit_check(node, "committed", channel, procedure, committed);
        if (statutory->kind == committed->kind && committed->number > statutory->number
            && committed->kind != DEADLINE_CUTOFF)
            yaml_fault(yaml_get(node, "committed"), "'%s' is promised later than the law's time ('statutory')",
                       procedure->code);
    }
}

/* ---------------------------------------------------------------- is there anybody to do it */

static bool lives_within(const struct agency *agency, const struct procedure *procedure)
{
    return periods_meet(agency->from_ms, agency->to_ms, procedure->from_ms, procedure->to_ms)
        || (agency->successor_count && !procedure->to_ms);
}

void step_agency_check(const struct reader *reader, const struct yaml_node *step_node,
                       const struct procedure *procedure, const struct procedure_step *step)
{
    const struct tables *tables = &reader->directory->tables;

    if (!reader->agencies_whole || step->citizen || !step->agency.kind)
        return;
    for (uint32_t i = 0; i < tables->agency_count; i++)
        if (selector_matches(&step->agency, &tables->agencies[i]) && lives_within(&tables->agencies[i], procedure))
            return;
    yaml_fault(yaml_get(step_node, "agency"), "nobody who does step '%s' ('%s') exists while this version of '%s' is "
               "in "
               "force", step->name, yaml_scalar(yaml_get(step_node, "agency")), procedure->code);
}

static bool may_be_sent(const struct tables *tables, const char *procedure, const struct selector *to)
{
    for (uint32_t i = 0; i < tables->permit_count; i++) {
        const struct permit *permit = &tables->permits[i];
        if (permit->kinds & KIND_BIT(KIND_FORWARD) && (!permit->procedure[0] || !strcmp(permit->procedure, procedure))
            && selectors_meet(tables, &permit->to, to))
            return true;
    }
    return false;
}

/* A first step may be the sender's own; a later one is handed off. Without any permit nobody sends anything yet, which
 * is no fault of the procedures. */
void steps_permits_check(const struct reader *reader)
{
    const struct tables *tables = &reader->directory->tables;

    for (uint32_t i = 0; tables->permit_count && i < tables->procedure_count; i++) {
        const struct procedure *procedure = &tables->procedures[i];
        const struct yaml_node *steps = yaml_get(reader->procedure_nodes[i], "steps");
        for (uint32_t k = 0; k < procedure->step_count && procedure->step_count == yaml_count(steps); k++) {
            const struct procedure_step *step = &procedure->steps[k];
            if (step->after && !step->citizen && step->agency.kind
                && !may_be_sent(tables, procedure->code, &step->agency))
                yaml_fault(yaml_item(steps, k), "step '%s' of '%s' is never reached: no permit lets anybody send "
                           "FORWARD "
                           "to those who do it", step->name, procedure->code);
        }
    }
}
