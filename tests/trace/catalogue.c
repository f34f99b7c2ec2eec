/* catalogue.c - what a story's directory says of days, procedures and partners' codes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trace/world.h"

static void set_text(struct line *line, char *to, size_t size, const char *from)
{
    if (!span_to_string(span_of_string(from), to, size))
        line_wrong(line, "'%s' is too long", from);
}

static struct deadline_rule rule_of(struct line *line, const char *text)
{
    struct deadline_rule rule = { 0 };
    if (text && !deadline_rule_read(text, &rule))
        line_wrong(line, "'%s' is no rule: w3, h8, d30, c15:00, none", text);
    return rule;
}

void world_calendar(struct world *world, struct line *line, const char *days)
{
    char item[64];
    int year, month, date;

    if (!world->calendar)
        must((world->calendar = calendar_new()) != NULL);
    world->tables.calendar = world->calendar;
    while (line_item(&days, item, sizeof item)) {
        struct listed_day listed = { .kind = DAY_OFF, .source = SOURCE_PUBLISHED, .why_vi = "x", .why_en = "x" };
        int read = sscanf(item, "%d-%d-%d", &year, &month, &date);
        if (read == 3)
            listed.day = day_of_date(year, month, date);
        if ((read == 3 && calendar_add_day(world->calendar, &listed) != RESULT_OK) ||
            (read == 1 && calendar_add_year(world->calendar, year) != RESULT_OK) || (read != 1 && read != 3))
            line_wrong(line, "calendar 2026,2026-04-30: '%s' is not taken", item);
    }
}

/* "residence:w1,card:w2" */
static void add_steps(struct line *line, struct procedure *procedure, struct procedure_step *steps, const char *text)
{
    char item[64];

    procedure->steps = steps;
    while (line_item(&text, item, sizeof item)) {
        struct procedure_step *step = &steps[procedure->step_count++];
        char *colon = strchr(item, ':');
        if (!colon || procedure->step_count > PROCEDURE_STEPS_MAX)
            line_wrong(line, "steps=NAME:RULE,...");
        *colon = 0;
        *step = (struct procedure_step){ .limit = rule_of(line, colon + 1), .join = JOIN_ALL };
        set_text(line, step->name, sizeof step->name, item);
    }
}

static void add_procedure(struct world *world, struct line *line)
{
    uint32_t index = world->tables.procedure_count++;
    struct procedure *procedure = &world->procedures[index];

    must(index < WORLD_PROCEDURES_MAX);
    *procedure = (struct procedure){ .usual = true, .senders = { .kind = SELECT_ANY } };
    set_text(line, procedure->code, sizeof procedure->code, line_word(line, 1));
    procedure->committed[0] = rule_of(line, line_get(line, "committed"));
    procedure->statutory[0] = rule_of(line, line_get(line, "statutory"));
    procedure->committed[CHANNEL_ONLINE] = rule_of(line, line_get(line, "online"));
    set_text(line, procedure->successor, sizeof procedure->successor, line_text(line, "successor", ""));
    procedure->from_ms = line_get(line, "from") ? STORY_BEGINS_MS + line_ms(line, "from", 0) : 0;
    procedure->to_ms = line_get(line, "until") ? STORY_BEGINS_MS + line_ms(line, "until", 0) : 0;
    add_steps(line, procedure, world->steps[index], line_text(line, "steps", ""));
}

static struct selector selector_of(struct line *line, const char *code)
{
    struct selector selector = { .kind = strcmp(code, "*") == 0 ? SELECT_ANY : SELECT_AGENCY };
    set_text(line, selector.code, sizeof selector.code, code);
    return selector;
}

static void read_graph(struct line *line, const struct procedure *procedure, struct procedure_step *step)
{
    const char *after = line_text(line, "after", ""), *outputs = line_text(line, "outputs", "");
    char item[64];

    while (line_item(&after, item, sizeof item)) {
        int index = procedure_step_index(procedure, item);
        if (index < 0)
            line_wrong(line, "no step '%s' before this one", item);
        step->after |= 1u << index;
    }
    while (line_item(&outputs, item, sizeof item)) {
        must(step->output_count < STEP_OUTPUTS_MAX);
        set_text(line, step->outputs[step->output_count++], OUTPUT_NAME_SIZE, item);
    }
}

/* "step 2.000986 residence agency=police after=civil-status": of the procedure that was named last. */
static void add_step(struct world *world, struct line *line)
{
    uint32_t index = world->tables.procedure_count - 1;
    struct procedure *procedure = &world->procedures[index];

    must(world->tables.procedure_count && strcmp(procedure->code, line_word(line, 1)) == 0 &&
         procedure->step_count < PROCEDURE_STEPS_MAX);
    struct procedure_step *step = &world->steps[index][procedure->step_count];
    *step = (struct procedure_step){ .limit = rule_of(line, line_get(line, "limit")), .join = JOIN_ALL };
    set_text(line, step->name, sizeof step->name, line_word(line, 2));
    set_text(line, step->title, sizeof step->title, line_text(line, "title", ""));
    step->citizen = line_has(line, "citizen");
    step->optional = line_has(line, "optional");
    step->outside = line_has(line, "outside");
    if (line_has(line, "any"))
        step->join = JOIN_ANY;
    if (!step->citizen)
        step->agency = selector_of(line, line_text(line, "agency", "?"));
    read_graph(line, procedure, step);
    procedure->step_count++;
}

/* "3:4,03:2:receipt,01:0" */
static void add_codes(struct line *line, struct status_map *map, const char *text)
{
    char item[64], *end;

    while (line_item(&text, item, sizeof item)) {
        struct status_code *code = &map->codes[map->code_count++];
        char *colon = strchr(item, ':');
        if (!colon || map->code_count > STATUS_MAP_CODES_MAX)
            line_wrong(line, "codes=CODE:STATUS[:receipt],...");
        *colon = 0;
        set_text(line, code->code, sizeof code->code, item);
        code->status = (enum status)strtol(colon + 1, &end, 10);
        code->receipt = strcmp(end, ":receipt") == 0;
    }
}

static void add_map(struct world *world, struct line *line)
{
    struct status_map *map = &world->maps[world->tables.status_map_count++];

    must(world->tables.status_map_count <= WORLD_MAPS_MAX);
    *map = (struct status_map){ .name = "story", .from = selector_of(line, line_word(line, 1)) };
    add_codes(line, map, line_text(line, "codes", ""));
}

bool world_catalogue_line(struct world *world, struct line *line)
{
    const char *what = line_word(line, 0);

    if (strcmp(what, "calendar") == 0) {
        world_calendar(world, line, line_word(line, 1));
    } else if (strcmp(what, "procedure") == 0) {
        add_procedure(world, line);
    } else if (strcmp(what, "step") == 0) {
        add_step(world, line);
    } else if (strcmp(what, "map") == 0) {
        add_map(world, line);
    } else if (strcmp(what, "may_state_due") == 0) {
        must(world->tables.due_mover_count < WORLD_MAPS_MAX);
        world->due_movers[world->tables.due_mover_count++] = selector_of(line, line_word(line, 1));
    } else {
        return false;
    }
    return true;
}
