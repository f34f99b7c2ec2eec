/* catalogue.c - law.h as the core's tables: maps of partners' codes, two versions of each procedure, the calendar. Made
 * once; the directories of all worlds point here. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/law.h"
#include "tests/sim/sim.h"

enum { PROCEDURES = AGENCIES * 2 };

static struct {
    bool made;
    struct status_map maps[2];
    struct procedure procedures[PROCEDURES];
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

    make_maps();
    for (int since = 0; since < 2; since++) {
        all.papers[since] = (struct component){ .code = LAW_PAPER, .name = "x", .rule = "x",
                                                .need = since ? NEED_WITHDRAWN : NEED_REQUIRED };
        for (uint32_t i = 0; i < AGENCIES; i++)
            make_procedure(i, since);
    }
    all.calendar = calendar_new();
    must(all.calendar && calendar_add_year(all.calendar, LAW_YEAR - 1) == RESULT_OK &&
         calendar_add_year(all.calendar, LAW_YEAR) == RESULT_OK &&
         calendar_add_day(all.calendar, &holiday) == RESULT_OK);
    all.made = true;
}

void catalogue_begin(struct world *world, struct tables *tables)
{
    if (!all.made)
        make();
    tables->receipt = rule(DEADLINE_WORKING_HOURS, LAW_RECEIPT_HOURS);
    tables->supplement.answer = rule(DEADLINE_WORKING_HOURS, LAW_ANSWER_HOURS);
    tables->supplement.remind = rule(DEADLINE_WORKING_HOURS, LAW_REMIND_HOURS);
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
