#include "gateway/core/due_date.h"

#include <string.h>

#define LOCAL_MS (7LL * 3600 * 1000)
#define DAY_MS   (24LL * 3600 * 1000)

#define MINUTE_MS (60LL * 1000)

enum { OCTOBER = 10, BEFORE_MINUTES_MAX = 366 * 24 * 60 };

_Static_assert((int)VERSION_TEXT_SIZE >= (int)PROCEDURE_VERSION_SIZE, "a version fits into the record");
_Static_assert((int)PAUSES_MAX <= (int)DEADLINE_PAUSES_MAX, "the engine takes all pauses of a dossier");

/* Of an agency that the directory gives no hours. */
#define OFFICE_DAY { .shifts = { { 7 * 60 + 30, 11 * 60 + 30 }, { 13 * 60, 17 * 60 } }, .count = 2 }
static const struct hours office = {
    .name = "std",
    .counted = { OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY },
    .open = { OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY },
};

/* Pauses that are over; `branch` BRANCH_NONE: all, else only its own and those of the dossier as a whole. */
static size_t pauses_over(const struct dossier *dossier, unsigned branch, struct deadline_pause ret_pauses[PAUSES_MAX])
{
    size_t count = 0;
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        const struct pause *pause = &dossier->pauses[i];
        if (pause->to_ms && (branch == BRANCH_NONE || pause->branch == branch || pause->branch == BRANCH_NONE))
            ret_pauses[count++] = (struct deadline_pause){ pause->from_ms, pause->to_ms };
    }
    return count;
}

static struct deadline question_of(const struct tables *tables, const struct agency *agency, int64_t arrival_ms)
{
    return (struct deadline){
        .arrival_ms = arrival_ms, .hours = agency && agency->hours ? agency->hours : &office,
        .calendar = tables->calendar, .exceptions = agency ? agency->exceptions : NULL,
        .exception_count = agency ? agency->exception_count : 0,
    };
}

/* 0: there is no such rule, or a time outside all calendars. */
static int64_t ask(struct deadline *question, struct deadline_rule rule, uint32_t *year)
{
    struct due due;

    question->rule = rule;
    if (!rule.kind || deadline_compute(question, &due, NULL) != RESULT_OK || due.none)
        return 0;
    if (due.unknown_year && (!*year || (uint32_t)due.unknown_year < *year))
        *year = (uint32_t)due.unknown_year;
    return due.due_ms;
}

const struct procedure *due_version(const struct tables *tables, const struct agency *opener, const char *stated,
                                    struct dossier *dossier)
{
    const struct procedure *procedure = NULL;

    if (dossier->procedure_version[0])
        return tables_procedure_version(tables, dossier->procedure_version);
    if (!dossier->procedure_code[0] || !dossier->received_ms || !opener)
        return NULL;
    if (stated[0])
        procedure = tables_procedure_version(tables, stated);
    if (!procedure || strcmp(procedure->code, dossier->procedure_code) != 0)
        procedure = tables_procedure(tables, dossier->procedure_code, NULL, opener, dossier->received_ms);
    if (procedure)
        procedure_version_text(procedure, dossier->procedure_version);
    return procedure;
}

bool due_compute(const struct tables *tables, const struct procedure *procedure, const struct agency *opener,
                 struct dossier *dossier)
{
    struct deadline question = question_of(tables, opener, dossier->received_ms);
    struct deadline_pause pauses[PAUSES_MAX];
    int64_t due_ms = dossier->due_ms;
    enum due_source source = dossier->due_source;

    if (!procedure || !opener || !dossier->received_ms)
        return false;
    question.pauses = pauses;
    question.pause_count = pauses_over(dossier, BRANCH_NONE, pauses);
    dossier->unknown_year = 0;
    dossier->committed_ms = ask(&question, procedure_committed(procedure, dossier->channel), &dossier->unknown_year);
    dossier->statutory_ms = ask(&question, procedure_statutory(procedure, dossier->channel), &dossier->unknown_year);
    dossier->computed_ms = dossier->committed_ms ? dossier->committed_ms : dossier->statutory_ms;
    if (source == DUE_ONE_STOP || source == DUE_AGENCY)
        return false;
    dossier->due_ms = dossier->computed_ms;
    dossier->due_source = !dossier->computed_ms ? 0 : dossier->unknown_year ? DUE_PROVISIONAL : DUE_COMPUTED;
    return dossier->due_ms != due_ms || dossier->due_source != source;
}

int64_t due_of_step(const struct tables *tables, const struct procedure *procedure, const char *step,
                    const struct agency *holder, const struct dossier *dossier, unsigned branch)
{
    int index = procedure && step[0] ? procedure_step_index(procedure, step) : -1;
    struct deadline question = question_of(tables, holder, dossier->branches[branch].delivered_ms);
    struct deadline_pause pauses[PAUSES_MAX];
    uint32_t year = 0;

    if (index < 0)
        return 0;
    question.pauses = pauses;
    question.pause_count = pauses_over(dossier, branch, pauses);
    return ask(&question, procedure->steps[index].limit, &year);
}

int64_t due_of_receipt(const struct tables *tables, const struct agency *holder, int64_t delivered_ms)
{
    return due_after(tables, holder, delivered_ms, tables->receipt);
}

int64_t due_after(const struct tables *tables, const struct agency *agency, int64_t from_ms, struct deadline_rule rule)
{
    struct deadline question = question_of(tables, agency, from_ms);
    uint32_t year = 0;
    return ask(&question, rule, &year);
}

int64_t due_of_answer(const struct tables *tables, struct deadline_rule rule, const struct agency *one_stop,
                      int64_t asked_ms, uint32_t *year)
{
    struct deadline question = question_of(tables, one_stop, asked_ms);
    return ask(&question, rule, year);
}

/* What is due never comes earlier for what arrives later, so it is found by halves. */
int64_t due_before(const struct tables *tables, struct deadline_rule rule, const struct agency *agency, int64_t due_ms)
{
    int64_t first = due_ms / MINUTE_MS - BEFORE_MINUTES_MAX, last = due_ms / MINUTE_MS;

    if (!due_ms || !due_after(tables, agency, first * MINUTE_MS, rule) ||
        due_after(tables, agency, first * MINUTE_MS, rule) > due_ms)
        return 0;
    while (first < last) {                                          /* `first` is early enough */
        int64_t middle = first + (last - first + 1) / 2;
        if (due_after(tables, agency, middle * MINUTE_MS, rule) <= due_ms)
            first = middle;
        else
            last = middle - 1;
    }
    return first * MINUTE_MS;
}

int64_t due_worked_ms(const struct tables *tables, const struct agency *opener, const struct dossier *dossier,
                      int64_t from_ms, int64_t until_ms)
{
    struct deadline question = question_of(tables, opener, from_ms);
    struct deadline_pause pauses[PAUSES_MAX];
    int64_t worked_ms = 0;

    question.pauses = pauses;
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        const struct pause *pause = &dossier->pauses[i];
        int64_t to_ms = pause->to_ms && pause->to_ms < until_ms ? pause->to_ms : until_ms;
        if (pause->from_ms < to_ms)
            pauses[question.pause_count++] = (struct deadline_pause){ pause->from_ms, to_ms };
    }
    return deadline_worked(&question, until_ms, &worked_ms) == RESULT_OK ? worked_ms : 0;
}

int64_t due_next_worked(const struct tables *tables, const struct agency *agency, int64_t at_ms, uint32_t *year)
{
    struct deadline question = question_of(tables, agency, at_ms);
    struct due due;

    question.rule = (struct deadline_rule){ DEADLINE_WORKING_HOURS, 1 };
    if (deadline_compute(&question, &due, NULL) != RESULT_OK)
        return at_ms;                                               /* outside all calendars */
    if (due.unknown_year && (!*year || (uint32_t)due.unknown_year < *year))
        *year = (uint32_t)due.unknown_year;
    return due.counted_from_ms;
}

bool due_is_worked(const struct tables *tables, const struct agency *agency, int64_t at_ms, int64_t *ret_next_ms)
{
    uint32_t unknown = 0;
    int64_t next_ms = due_next_worked(tables, agency, at_ms, &unknown);
    int year, month, day;

    if (next_ms == at_ms || due_next_worked(tables, agency, at_ms - 1, &unknown) == at_ms - 1)     /* or a closing */
        return true;
    date_of_day((at_ms + LOCAL_MS) / DAY_MS, &year, &month, &day);
    if (!calendar_has_year(tables->calendar, year))
        return true;
    *ret_next_ms = next_ms;
    return false;
}

int64_t due_ask(const struct tables *tables, const struct agency *opener, const struct dossier *dossier)
{
    if (!dossier->due_ms)
        return 0;
    int64_t ask_ms = due_before(tables, tables->late.ask, opener, dossier->due_ms);
    struct deadline question = question_of(tables, opener, dossier->received_ms);
    struct due counted;
    question.rule = tables->late.ask;
    bool is_short = ask_ms && dossier->received_ms && deadline_compute(&question, &counted, NULL) == RESULT_OK &&
                    ask_ms <= counted.counted_from_ms;
    if (!is_short)
        return ask_ms;
    int64_t short_ms = due_before(tables, tables->late.ask_short, opener, dossier->due_ms);
    return short_ms > ask_ms ? short_ms : ask_ms;
}

int due_calendar_missing(const struct tables *tables, int64_t now_ms)
{
    int year, month, day;

    if (!tables->calendar)
        return 0;
    date_of_day((now_ms + LOCAL_MS) / DAY_MS, &year, &month, &day);
    if (!calendar_has_year(tables->calendar, year))
        return year;
    return month >= OCTOBER && !calendar_has_year(tables->calendar, year + 1) ? year + 1 : 0;
}
