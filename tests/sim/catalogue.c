/* catalogue.c - law.h as the core's tables: maps of partners' codes, two versions of each procedure, the calendar. Made
 * once; the directories of all worlds point here. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/law.h"
#include "tests/sim/sim.h"

enum { SINGLE = AGENCIES * 2, PROCEDURES = SINGLE + 1 };        /* the last one is interlinked, and of this world */

static struct {
    bool made;
    struct status_map maps[2];
    struct procedure procedures[PROCEDURES];
    struct procedure_step steps[AUDIT_STEPS_MAX];
    struct component papers[2];
    struct calendar *calendar;
} all;

static struct deadline_rule rule(enum deadline_kind kind, int number)
{
    return (struct deadline_rule){ kind, number };
}

static void make_maps(void)
{
    for (int since = 0; since < 2; since++) {
        struct status_map *map = &all.maps[since];
        *map = (struct status_map){ .from = { .kind = SELECT_ANY }, .code_count = LAW_CODES,
                                    .to_ms = since ? 0 : LAW_CHANGES_MS, .from_ms = since ? LAW_CHANGES_MS : 0 };
        snprintf(map->name, sizeof map->name, "sim-%d", since);
        for (int i = 0; i < LAW_CODES; i++) {
            struct status_code *code = &map->codes[i];
            snprintf(code->code, sizeof code->code, "%d", i);
            code->status = (enum status)(since ? law_codes[i].since : law_codes[i].before);
            code->receipt = law_codes[i].receipt;
        }
    }
}

static void make_procedure(uint32_t agency, bool since)
{
    struct procedure *procedure = &all.procedures[2 * agency + since];

    *procedure = (struct procedure){ .usual = true, .senders = { .kind = SELECT_ANY }, .components = &all.papers[since],
                                     .component_count = 1, .to_ms = since ? 0 : LAW_CHANGES_MS,
                                     .from_ms = since ? LAW_CHANGES_MS : 0 };
    snprintf(procedure->code, sizeof procedure->code, "2.%06u", agency);
    procedure->committed[0] = rule(DEADLINE_WORKING_DAYS, since ? LAW_DAYS_SINCE : LAW_DAYS_BEFORE);
    procedure->committed[LAW_ONLINE] = rule(DEADLINE_WORKING_HOURS, LAW_ONLINE_HOURS);
    procedure->statutory[0] = rule(DEADLINE_DAYS, LAW_STATUTORY_DAYS);
}

static void make(void)
{
    struct listed_day holiday = { .day = day_of_date(LAW_YEAR, LAW_OFF_MONTH, LAW_OFF_DAY), .kind = DAY_OFF,
                                  .source = SOURCE_PUBLISHED, .why_vi = "nghỉ", .why_en = "off" };
    struct listed_day make_up = { .day = day_of_date(LAW_YEAR, LAW_OFF_MONTH, LAW_MAKE_UP_DAY), .kind = DAY_MAKE_UP,
                                  .source = SOURCE_PUBLISHED, .why_vi = "làm bù", .why_en = "worked instead" };

    make_maps();
    for (int since = 0; since < 2; since++) {
        all.papers[since] = (struct component){ .code = LAW_PAPER, .name = "x", .rule = "x",
                                                .need = since ? NEED_WITHDRAWN : NEED_REQUIRED };
        for (uint32_t i = 0; i < AGENCIES; i++)
            make_procedure(i, since);
    }
    all.calendar = calendar_new();
    /* A machine that sleeps for ninety-one days now and then comes a long way. */
    for (int year = LAW_YEAR - 1; year < LAW_YEAR + 3; year++)
        must(all.calendar && calendar_add_year(all.calendar, year) == RESULT_OK);
    must(calendar_add_day(all.calendar, &holiday) == RESULT_OK);
    must(calendar_add_day(all.calendar, &make_up) == RESULT_OK);
    all.made = true;
}

/* Each step but the first comes after some of those before it, or after none and beside them. */
static void draw_graph(struct world *world, struct audit_graph *graph)
{
    graph->step_count = 2 + dice_below(&world->dice, AUDIT_STEPS_MAX - 1);
    for (uint32_t i = 0; i < graph->step_count; i++) {
        graph->steps[i].agency = world->options.one_stops + dice_below(&world->dice, world->options.sectors);
        graph->steps[i].after = i && dice_percent(&world->dice, 85) ? 1 + dice_below(&world->dice, (1u << i) - 1) : 0;
        graph->steps[i].any = dice_percent(&world->dice, 25);
        graph->steps[i].optional = i && dice_percent(&world->dice, 30);
        graph->steps[i].citizen = graph->steps[i].after && dice_percent(&world->dice, world->options.citizen_percent);
    }
}

static void make_flow(struct world *world)
{
    struct procedure *procedure = &all.procedures[SINGLE];

    draw_graph(world, &world->graph);
    audit_graph(world->audit, &world->graph);
    *procedure = all.procedures[0];
    procedure->components = NULL;
    procedure->component_count = 0;
    procedure->to_ms = 0;
    snprintf(procedure->code, sizeof procedure->code, "%s", LAW_FLOW);
    procedure->steps = all.steps;
    procedure->step_count = world->graph.step_count;
    for (uint32_t i = 0; i < procedure->step_count; i++) {
        all.steps[i] = (struct procedure_step){
            .agency = { .kind = SELECT_AGENCY }, .after = world->graph.steps[i].after,
            .optional = world->graph.steps[i].optional, .citizen = world->graph.steps[i].citizen,
            .join = world->graph.steps[i].any ? JOIN_ANY : JOIN_ALL,
        };
        snprintf(all.steps[i].name, sizeof all.steps[i].name, "s%u", i);
        if (world->graph.steps[i].citizen)
            all.steps[i].agency = (struct selector){ 0 };
        else
            memcpy(all.steps[i].agency.code, world->codes[world->graph.steps[i].agency], AGENCY_CODE_SIZE);
    }
}

void catalogue_begin(struct world *world, struct tables *tables)
{
    if (!all.made)
        make();
    make_flow(world);
    tables->receipt = rule(DEADLINE_WORKING_HOURS, LAW_RECEIPT_HOURS);
    tables->supplement.answer = rule(DEADLINE_WORKING_HOURS, LAW_ANSWER_HOURS);
    tables->supplement.remind = rule(DEADLINE_WORKING_HOURS, LAW_REMIND_HOURS);
    if (world->options.late)
        tables->late = (struct late_rules){
            .ask = rule(DEADLINE_WORKING_HOURS, LAW_ASK_HOURS),
            .ask_short = rule(DEADLINE_WORKING_HOURS, LAW_ASK_HOURS),
            .quiet = rule(DEADLINE_WORKING_HOURS, LAW_ASK_HOURS), .escalations_max = 2,
            .brake_per_hour = world->options.brake,
            .urge_answer_ms = LAW_URGE_MINUTES * 60 * 1000,
        };
    tables->status_maps = all.maps;
    tables->status_map_count = 2;
    if (world->options.catalogue) {
        tables->procedures = all.procedures;
        tables->procedure_count = PROCEDURES;
    }
    if (world->options.calendar)
        catalogue_calendar(tables);
}

void catalogue_calendar(struct tables *tables)
{
    tables->calendar = all.calendar;
}
