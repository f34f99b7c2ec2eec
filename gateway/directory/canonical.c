/* The canonical bytes: what a directory means, as UTF-8 text, one fact per line, everything in a fixed order.
 *
 * They are stored, hashed, and compared by auditors: a change here changes the hash of every directory, so it comes
 * with another number in the first line. Values that could hold a blank (names) end their line; the rest is words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "gateway/directory/inside.h"

static const char first_line[] = "lienthong directory 3\n";

static void write_selector(FILE *out, const struct selector *selector)
{
    char words[AGENCY_CODE_SIZE + 4];
    struct text text = text_of(words, sizeof words);

    selector_text(selector, &text);
    fprintf(out, " %s", words);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int compare_keys(const void *a, const void *b)
{
    const struct listed_key *left = a, *right = b;
    return memcmp(left->key.bytes, right->key.bytes, CURVE_KEY_SIZE);
}

static void write_keys(FILE *out, const struct draft *draft)
{
    struct listed_key keys[KEYS_LISTED_MAX];

    memcpy(keys, draft->keys, sizeof keys);
    qsort(keys, draft->key_count, sizeof *keys, compare_keys);
    for (uint32_t i = 0; i < draft->key_count; i++) {
        char z85[CURVE_KEY_SIZE * 5 / 4 + 1];
        const struct agency_key *key = &keys[i].key;
        must(zmq_z85_encode(z85, key->bytes, CURVE_KEY_SIZE) != NULL);
        fprintf(out, " key %s %u %lld %lld\n", z85, key->roles, (long long)key->from_ms, (long long)key->to_ms);
    }
}

static const char *or_dash(const char *word)
{
    return word[0] ? word : "-";
}

static void write_kinds(FILE *out, uint32_t kinds)
{
    for (enum kind kind = 1; kind < KIND_END; kind++)
        if (kinds & KIND_BIT(kind))
            fprintf(out, " %s", kind_name(kind));
    fprintf(out, "\n");
}

static void write_successor(FILE *out, const struct successor *successor)
{
    fprintf(out, " successor %s %lld %s %s %s", successor->code, (long long)successor->from_ms,
            or_dash(successor->area), or_dash(successor->procedure), or_dash(successor->field));
    if (successor->kinds == KINDS_ALL)
        fprintf(out, " *\n");
    else
        write_kinds(out, successor->kinds);
}

static void write_exception(FILE *out, const struct hours_exception *exception)
{
    char bytes[SHIFTS_MAX * 12 + 8] = "closed";
    struct text text = text_of(bytes, sizeof bytes);

    if (exception->hours.count)
        hours_day_text(&exception->hours, &text);
    fprintf(out, " exception %lld %lld %s\n  why %s\n  why_en %s\n", (long long)exception->from_day,
            (long long)exception->to_day, bytes, exception->why_vi, exception->why_en);
}

static void write_agency(FILE *out, const struct draft *draft, const struct agency *agency)
{
    char aliases[AGENCY_ALIASES_MAX][AGENCY_CODE_SIZE];

    fprintf(out, "agency %s %s %s %lld %lld %s\n", agency->code, agency_kind_name(agency->kind),
            agency_class_name(agency->agency_class), (long long)agency->from_ms, (long long)agency->to_ms,
            agency->name);
    memcpy(aliases, agency->aliases, sizeof aliases);
    qsort(aliases, agency->alias_count, sizeof *aliases, compare_words);
    for (uint32_t i = 0; i < agency->alias_count; i++)
        fprintf(out, " alias %s\n", aliases[i]);
    if (agency->parent[0])
        fprintf(out, " parent %s\n", agency->parent);
    if (agency->by_adapter)
        fprintf(out, " via adapter\n");
    if (agency->area[0])
        fprintf(out, " area %s\n", agency->area);
    if (agency->hours)
        fprintf(out, " hours %s\n", agency->hours->name);
    for (uint32_t i = 0; i < agency->exception_count; i++)
        write_exception(out, &agency->exceptions[i]);
    /* The first that matches wins: they keep their order. */
    for (uint32_t i = 0; i < agency->successor_count; i++)
        write_successor(out, &agency->successors[i]);
    write_keys(out, draft);
    /* Thousandths: no decimal point, whatever the locale. */
    fprintf(out, " delivery %u %u %lld %lld %lld %u %lld %u %lld\n", agency->attempts_max, agency->lapses_max,
            (long long)agency->age_ms_max, (long long)agency->backoff_ms_min, (long long)agency->backoff_ms_max,
            agency->in_flight_max, (long long)(agency->rate_per_second * 1000 + 0.5), agency->breaker_after,
            (long long)agency->breaker_probe_ms);
}

static void write_permit(FILE *out, const struct permit *permit)
{
    fprintf(out, "permit");
    write_selector(out, &permit->from);
    write_selector(out, &permit->to);
    fprintf(out, " %s", permit->procedure[0] ? permit->procedure : "*");
    write_kinds(out, permit->kinds);
}

/* Routes of one step keep the order they are written in, because the first one that matches wins. */
static void write_routes(FILE *out, const struct tables *tables, const struct route **sorted)
{
    for (uint32_t i = 0; i < tables->route_count; i++) {
        fprintf(out, "route %s %s", sorted[i]->procedure, sorted[i]->step);
        write_selector(out, &sorted[i]->from);
        fprintf(out, " %s\n", sorted[i]->to);
    }
}

static int compare_routes(const void *a, const void *b)
{
    const struct route *left = *(const struct route *const *)a, *right = *(const struct route *const *)b;
    int order = strcmp(left->procedure, right->procedure);

    if (!order)
        order = strcmp(left->step, right->step);
    return order ? order : (left > right) - (left < right);
}

static int compare_steps(const void *a, const void *b)
{
    return strcmp((*(const struct procedure_step *const *)a)->name, (*(const struct procedure_step *const *)b)->name);
}

static void write_field(FILE *out, const struct field *field)
{
    fprintf(out, "field %s %s %s\n", field->code, or_dash(field->escalation), field->name);
    if (field->contact[0])
        fprintf(out, " contact %s\n", field->contact);
}

static void write_rules(FILE *out, const char *what, const struct deadline_rule rules[CHANNEL_END])
{
    char text[DEADLINE_RULE_SIZE];

    for (uint32_t channel = 0; channel < CHANNEL_END; channel++) {
        if (!rules[channel].kind)
            continue;
        deadline_rule_text(&rules[channel], text);
        fprintf(out, " %s %s %s\n", what, channel_name(channel), text);
    }
}

static void write_papers(FILE *out, const struct procedure *procedure)
{
    static const char *const needs[NEED_END] = { [NEED_REQUIRED] = "required", [NEED_OPTIONAL] = "optional",
                                                 [NEED_SHARED] = "shared", [NEED_WITHDRAWN] = "withdrawn" };

    for (uint32_t i = 0; i < procedure->component_count; i++) {
        const struct component *component = &procedure->components[i];
        fprintf(out, " component %s %s %lld %s\n", component->code, needs[component->need],
                (long long)component->from_ms, component->name);
        if (component->rule[0])
            fprintf(out, "  rule %s\n", component->rule);
        if (component->instead[0])
            fprintf(out, "  instead %s\n", component->instead);
    }
    for (uint32_t i = 0; i < procedure->fee_count; i++)
        fprintf(out, " fee %s %lld %u %s\n", procedure->fees[i].code, (long long)procedure->fees[i].dong,
                procedure->fees[i].channels, procedure->fees[i].name);
}

static void write_step(FILE *out, const struct procedure_step *step)
{
    char limit[DEADLINE_RULE_SIZE] = "-";

    if (step->limit.kind)
        deadline_rule_text(&step->limit, limit);
    fprintf(out, " step %s", step->name);
    if (step->citizen)
        fprintf(out, " citizen");
    else
        write_selector(out, &step->agency);
    fprintf(out, " %s %s%s%s", limit, step->outside ? "outside" : "inside", step->optional ? " optional" : "",
            step->join == JOIN_ANY ? " any" : "");
}

static void write_procedure(FILE *out, const struct procedure *procedure)
{
    const struct procedure_step *steps[PROCEDURE_STEPS_MAX];

    fprintf(out, "procedure %s %s %lld %lld %s %s %s", procedure->code, or_dash(procedure->variant),
            (long long)procedure->from_ms, (long long)procedure->to_ms, or_dash(procedure->successor),
            or_dash(procedure->field), procedure->usual ? "usual" : "-");
    write_selector(out, &procedure->senders);
    fprintf(out, " %s\n", procedure->name);
    write_rules(out, "statutory", procedure->statutory);
    write_rules(out, "committed", procedure->committed);
    write_papers(out, procedure);
    for (uint32_t i = 0; i < procedure->step_count; i++)
        steps[i] = &procedure->steps[i];
    qsort(steps, procedure->step_count, sizeof *steps, compare_steps);
    for (uint32_t i = 0; i < procedure->step_count; i++) {
        write_step(out, steps[i]);
        for (uint32_t k = 0; k < procedure->step_count; k++)
            if (steps[i]->after & 1u << (steps[k] - procedure->steps))
                fprintf(out, " %s", steps[k]->name);
        fprintf(out, "\n");
        if (steps[i]->title[0])
            fprintf(out, "  title %s\n", steps[i]->title);
        for (uint32_t k = 0; k < steps[i]->output_count; k++)
            fprintf(out, "  output %s\n", steps[i]->outputs[k]);
    }
}

static void write_calendar(FILE *out, const struct directory *directory)
{
    const struct listed_day *listed;
    int year, month, date;

    for (year = CALENDAR_YEAR_MIN; year <= CALENDAR_YEAR_MAX; year++)
        if (calendar_has_year(directory->calendar, year))
            fprintf(out, "year %d\n", year);
    for (size_t i = 0; (listed = calendar_at(directory->calendar, i)); i++) {
        date_of_day(listed->day, &year, &month, &date);
        fprintf(out, "day %04d-%02d-%02d %s %s %s\n why_en %s\n", year, month, date,
                listed->kind == DAY_OFF ? "off" : "worked", day_source_name(listed->source), listed->why_vi,
                listed->why_en);
    }
}

static void write_hours(FILE *out, const struct hours *hours)
{
    char bytes[WEEKDAYS * (SHIFTS_MAX * 12 + 8)];
    struct text text = text_of(bytes, sizeof bytes);

    hours_week_text(hours->counted, &text);
    fprintf(out, "hours %s\n counted %s\n", hours->name, bytes);
    text = text_of(bytes, sizeof bytes);
    hours_week_text(hours->open, &text);
    fprintf(out, " open %s\n", bytes);
    if (hours->make_up.count) {
        text = text_of(bytes, sizeof bytes);
        hours_day_text(&hours->make_up, &text);
        fprintf(out, " make_up %s\n", bytes);
    }
}

static void write_directory(FILE *out, const struct reader *reader, const struct route **routes)
{
    const struct tables *tables = &reader->directory->tables;

    fprintf(out, "%sgateway %s\nlease %lld\nantecedent_wait %lld\npurge_after %lld\nsubmit_window %u\n", first_line,
            tables->gateway, (long long)tables->lease_ms, (long long)tables->antecedent_ms_max,
            (long long)tables->purge_after_ms, tables->submit_window);
    asking_write(out, tables);
    for (uint32_t i = 0; i < tables->agency_count; i++)
        write_agency(out, &reader->drafts[i], &tables->agencies[i]);
    for (uint32_t i = 0; i < tables->permit_count; i++)
        write_permit(out, &tables->permits[i]);
    for (uint32_t i = 0; i < tables->route_count; i++)
        routes[i] = &tables->routes[i];
    qsort(routes, tables->route_count, sizeof *routes, compare_routes);
    write_routes(out, tables, routes);
    for (uint32_t i = 0; i < tables->field_count; i++)
        write_field(out, &tables->fields[i]);
    for (uint32_t i = 0; i < tables->procedure_count; i++)
        write_procedure(out, &tables->procedures[i]);
    late_rules_write(out, tables);
    statuses_write(out, tables);
    write_calendar(out, reader->directory);
    for (size_t i = 0; i < reader->directory->hours.count; i++)
        write_hours(out, &reader->directory->hours.hours[i]);
}

/* What is written so far. Not open_memstream(): where that cannot grow it leaves a piece out, unknown to ferror(). */
struct growing { uint8_t *bytes; size_t size, room; };

static ssize_t grow(void *context, const char *bytes, size_t size)
{
    struct growing *growing = context;

    if (growing->room - growing->size < size) {
        size_t room = 2 * growing->room + size;
        uint8_t *larger = realloc(growing->bytes, room);
        if (!larger)
            return 0;                                       /* an error of the stream */
        growing->bytes = larger;
        growing->room = room;
    }
    memcpy(growing->bytes + growing->size, bytes, size);
    growing->size += size;
    return (ssize_t)size;
}

bool canonical_build(struct reader *reader)
{
    struct directory *directory = reader->directory;
    const struct route **routes = calloc(directory->tables.route_count + 1u, sizeof *routes);
    struct growing growing = { 0 };
    FILE *out = routes ? fopencookie(&growing, "w", (cookie_io_functions_t){ .write = grow }) : NULL;
    bool good = out != NULL;

    if (out) {
        write_directory(out, reader, routes);
        good = fflush(out) == 0 && !ferror(out);
        good = fclose(out) == 0 && good;
    }
    free(routes);
    if (!good) {
        free(growing.bytes);
        return false;
    }
    directory->bytes = growing.bytes;
    directory->size = growing.size;
    directory->tables.hash = hash_of(directory_bytes(directory));
    return true;
}
