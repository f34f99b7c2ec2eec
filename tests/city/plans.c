/* plans.c - which dossiers there are, in which shares, and what a certain one is like. */
#include <stdio.h>
#include <string.h>

#include "tests/city/city.h"

const struct plan_info plan_infos[PLANS] = {
    [PLAN_EXTRACT] = { "2.000635", 400, .steps = { { "extract", WHO_WARD } }, .step_count = 1 },
    [PLAN_BIRTH] = { "1.001193", 130, .steps = { { "civil-status", WHO_WARD } }, .step_count = 1 },
    [PLAN_DEATH] = { "1.000656", 50, .steps = { { "civil-status", WHO_WARD } }, .step_count = 1 },
    [PLAN_MARRIAGE] = { "1.000894", 80, .steps = { { "civil-status", WHO_WARD } }, .step_count = 1 },
    [PLAN_LINKED_BIRTH] = { "2.000986", 140, .flow = true, .step_count = 3, .steps = {
        { "civil-status", WHO_WARD, WORK_DAY },
        { "residence", WHO_POLICE, WORK_DAY, .after = 1 },
        { "health-card", WHO_INSURANCE, WORK_DAY, .after = 3 } } },
    [PLAN_LINKED_DEATH] = { "2.002622", 50, .flow = true, .step_count = 4, .steps = {
        { "civil-status", WHO_WARD, WORK_DAY },
        { "residence-deletion", WHO_POLICE, 2 * WORK_DAY, .after = 1, .optional = true },
        { "allowance", WHO_INSURANCE, 5 * WORK_DAY, .after = 1, .optional = true },
        { "social-aid", WHO_SOCIAL, 5 * WORK_DAY, .after = 1, .optional = true } } },
    [PLAN_LAND] = { "land-change", 150, .flow = true, .step_count = 3, .steps = {
        { "check", WHO_LAND, 3 * WORK_DAY },
        { "tax-notice", WHO_TAX, 5 * WORK_DAY, .after = 1 },
        { "certificate", WHO_LAND, 3 * WORK_DAY, .after = 2, .paid = true } } },
};

/* In a thousand, in ten thousand. */
enum { REFUSED = 12, WITHDRAWN = 5, SUPPLEMENT = 30, LATE_10000 = 20, DIGITISED = 380 };

static struct dice dice_of(const struct city *city, uint32_t dossier, uint32_t purpose, uint32_t more)
{
    struct dice dice = { city->options.seed * 0x9E3779B97F4A7C15ULL ^
                         ((uint64_t)dossier << 24 | (uint64_t)more << 8 | purpose) };
    (void)dice_throw(&dice);
    return dice;
}

uint32_t draw(const struct city *city, uint32_t dossier, enum purpose purpose, uint32_t more)
{
    struct dice dice = dice_of(city, dossier, purpose, more);
    return dice_below(&dice, 1000);
}

static enum plan draw_plan(struct dice *dice)
{
    uint32_t at = dice_below(dice, 1000), plan = 0;
    while (at >= plan_infos[plan].share)
        at -= plan_infos[plan++].share;
    return plan;
}

/* Of the optional ones at least one. */
static uint8_t draw_steps(const struct plan_info *info, struct dice *dice)
{
    uint8_t steps = 0, optional = 0;

    for (uint32_t i = 0; i < info->step_count; i++)
        *(info->steps[i].optional ? &optional : &steps) |= (uint8_t)(1u << i);
    if (optional)
        optional = (uint8_t)(optional & (dice_below(dice, 7) + 1) << 1);
    return steps | optional;
}

struct cast cast_of(const struct city *city, uint32_t dossier)
{
    struct dice dice = dice_of(city, dossier, 0, 0);
    struct cast cast = { .plan = draw_plan(&dice), .asks = BOOK_STEPS };
    const struct plan_info *info = &plan_infos[cast.plan];

    cast.district = (uint8_t)dice_below(&dice, DISTRICTS);
    cast.ward = city->wards[cast.district][dice_below(&dice, city->ward_counts[cast.district])];
    cast.opener = city->one_stops[cast.district];
    bool online = dice_permille(&dice, 550), at_counter = dice_permille(&dice, 950);
    cast.channel = online ? CHANNEL_ONLINE : at_counter ? CHANNEL_COUNTER : CHANNEL_POST;
    cast.steps = draw_steps(info, &dice);
    while (cast.steps >> (cast.last + 1))
        cast.last++;
    cast.refused = dice_permille(&dice, REFUSED);
    cast.withdrawn = !cast.refused && info->steps[0].limit && dice_permille(&dice, 4 * WITHDRAWN);
    uint32_t late_10000 = city->options.fault == FAULT_MUTE ? LATE_10000 * 20 : LATE_10000;
    bool asks = dice_permille(&dice, SUPPLEMENT), late = dice_below(&dice, 10000) < late_10000;
    uint32_t step = dice_below(&dice, info->step_count);
    if (asks && !cast.refused && !cast.withdrawn && cast.steps >> step & 1 && info->steps[step].who != WHO_TAX)
        cast.asks = (uint8_t)step;
    cast.late = late && !cast.refused && !cast.withdrawn;
    cast.digitised = dice_permille(&dice, DIGITISED);
    return cast;
}

int plan_step(const struct city *city, uint32_t dossier, const char *name)
{
    const struct plan_info *info = &plan_infos[cast_of(city, dossier).plan];
    for (uint32_t i = 0; i < info->step_count; i++)
        if (strcmp(info->steps[i].name, name) == 0)
            return (int)i;
    return -1;
}

uint8_t plan_place(const struct city *city, const struct cast *cast, uint32_t step)
{
    static const char *const districts[DISTRICTS] = { "07", "16", "23" };
    static const char *const codes[] = { [WHO_POLICE] = "G01.29.%s", [WHO_INSURANCE] = "G24.29.%s",
                                         [WHO_SOCIAL] = "H29.%s.32", [WHO_LAND] = "H29.30.01.%s",
                                         [WHO_TAX] = "G12.29.%s" };
    enum who who = plan_infos[cast->plan].steps[step].who;
    char code[AGENCY_CODE_SIZE] = "";
    struct text text = text_of(code, sizeof code);

    if (who == WHO_WARD)
        return cast->ward;
    for (const char *at = codes[who]; *at; at++)
        if (*at == '%')
            text_add(&text, "%s", districts[cast->district]);
        else if (*at != 's')
            text_add(&text, "%c", *at);
    const struct agency *agency = tables_agency(city->tables, code);
    must(agency != NULL);
    return (uint8_t)(agency - city->tables->agencies);
}

uint32_t plan_due(const struct city *city, uint32_t dossier, const struct cast *cast)
{
    const struct dossier_book *book = &city->books.dossiers[dossier];
    const struct agency *opener = city->places[cast->opener].agency;
    int64_t received_ms = minute_ms(book->received);
    const struct procedure *procedure =
        tables_procedure(city->tables, plan_infos[cast->plan].procedure, NULL, opener, received_ms);
    struct deadline_pause pauses[BOOK_PAUSES];
    struct due due;
    size_t count = 0;

    must(procedure != NULL);
    for (size_t i = 0; i < BOOK_PAUSES; i++)
        if (book->pause_to[i])
            pauses[count++] = (struct deadline_pause){ minute_ms(book->pause_from[i]), minute_ms(book->pause_to[i]) };
    struct deadline question = {
        .arrival_ms = received_ms, .rule = procedure_committed(procedure, cast->channel),
        .hours = city->places[cast->opener].week->hours, .calendar = city->tables->calendar,
        .exceptions = opener->exceptions, .exception_count = opener->exception_count,
        .pauses = pauses, .pause_count = count,
    };
    must(deadline_compute(&question, &due, NULL) == RESULT_OK);
    return due.none ? 0 : (uint32_t)((due.due_ms - BEGIN_MS) / MINUTE_MS);
}
