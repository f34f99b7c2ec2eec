/* tables.c - looking things up in a loaded directory. Pure. */
#include "gateway/core/tables.h"

#include <stdlib.h>
#include <string.h>

enum { SUCCESSORS_MAX = 32 };       /* a directory is checked for circles; this is the second lock */

static int name_compare(const void *key, const void *entry)
{
    return strcmp(key, ((const struct agency_name *)entry)->name);
}

const struct agency *tables_agency(const struct tables *tables, const char *name)
{
    const struct agency_name *found = NULL;

    if (tables->name_count && name[0])
        found = bsearch(name, tables->names, tables->name_count, sizeof *tables->names, name_compare);
    if (!found)
        return NULL;
    must(found->agency < tables->agency_count);
    return &tables->agencies[found->agency];
}

static bool within(int64_t from_ms, int64_t to_ms, int64_t now_ms)
{
    return (!from_ms || now_ms >= from_ms) && (!to_ms || now_ms < to_ms);
}

bool tables_agency_exists(const struct agency *agency, int64_t now_ms)
{
    return within(agency->from_ms, agency->to_ms, now_ms);
}

static bool is_said(const char *word)
{
    return word && word[0];
}

/* That area, or one inside it. */
static bool area_holds(const char *area, const char *inner)
{
    size_t size = strlen(area);

    return strncmp(area, inner, size) == 0 && (!inner[size] || inner[size] == '.');
}

static const struct procedure *first_version(const struct tables *tables, const char *code);

/* Every version of a code has the same field: gateway/directory sees to it. */
static const char *field_of(const struct tables *tables, const char *procedure)
{
    const struct procedure *first = first_version(tables, procedure);

    return first ? first->field : "";
}

/* What is not said of a matter meets only those that do not ask for it. */
static bool takes_over(const struct tables *tables, const struct successor *successor, const struct matter *matter)
{
    static const struct matter nothing;

    matter = matter ? matter : &nothing;
    if (successor->area[0] && !(is_said(matter->area) && area_holds(successor->area, matter->area)))
        return false;
    if (successor->procedure[0]
        && !(is_said(matter->procedure) && strcmp(successor->procedure, matter->procedure) == 0))
        return false;
    if (successor->field[0]
        && !(is_said(matter->procedure) && strcmp(successor->field, field_of(tables, matter->procedure)) == 0))
        return false;
    return matter->kind ? (successor->kinds & KIND_BIT(matter->kind)) != 0 : successor->kinds == KINDS_ALL;
}

const struct agency *tables_next(const struct tables *tables, const struct agency *agency, const struct matter *matter,
                                 int64_t now_ms)
{
    for (uint32_t i = 0; i < agency->successor_count; i++) {
        const struct successor *successor = &agency->successors[i];
        if (now_ms >= successor->from_ms && takes_over(tables, successor, matter))
            return tables_agency(tables, successor->code);
    }
    return NULL;
}

int64_t tables_next_takeover_ms(const struct tables *tables, int64_t after_ms)
{
    int64_t next_ms = INT64_MAX;

    for (uint32_t i = 0; tables->successions && i < tables->agency_count; i++)
        for (uint32_t k = 0; k < tables->agencies[i].successor_count; k++) {
            int64_t from_ms = tables->agencies[i].successors[k].from_ms;
            if (from_ms > after_ms && from_ms < next_ms)
                next_ms = from_ms;
        }
    return next_ms;
}

const struct agency *tables_successor(const struct tables *tables, const struct agency *agency,
                                      const struct matter *matter, int64_t now_ms)
{
    for (int i = 0; agency && i < SUCCESSORS_MAX; i++) {
        const struct agency *next = tables_next(tables, agency, matter, now_ms);
        if (!next)
            return tables_agency_exists(agency, now_ms) ? agency : NULL;
        agency = next;
    }
    return NULL;
}

static bool is_in_line(const struct tables *tables, const struct agency *from, const struct agency *sought,
                       const struct matter *matter, int64_t now_ms)
{
    for (int i = 0; from && i < SUCCESSORS_MAX; i++) {
        if (from == sought)
            return true;
        from = tables_next(tables, from, matter, now_ms);
    }
    return false;
}

bool tables_same_seat(const struct tables *tables, const struct agency *a, const struct agency *b,
                      const struct matter *matter, int64_t now_ms)
{
    return a && b && (is_in_line(tables, a, b, matter, now_ms) || is_in_line(tables, b, a, matter, now_ms));
}

const struct agency *tables_agency_of_key(const struct tables *tables, const uint8_t key[CURVE_KEY_SIZE],
                                          int64_t now_ms, uint32_t *ret_roles)
{
    for (uint32_t i = 0; i < tables->agency_count; i++) {
        const struct agency *agency = &tables->agencies[i];
        for (uint32_t k = 0; k < agency->key_count; k++) {
            const struct agency_key *known = &agency->keys[k];
            if (memcmp(known->bytes, key, CURVE_KEY_SIZE) != 0 || !within(known->from_ms, known->to_ms, now_ms))
                continue;
            *ret_roles = known->roles;
            return agency;
        }
    }
    return NULL;
}

bool tables_permit(const struct tables *tables, const struct agency *from, const struct agency *to, enum kind kind,
                   const char *procedure)
{
    for (uint32_t i = 0; i < tables->permit_count; i++) {
        const struct permit *permit = &tables->permits[i];
        if (permit->kinds & KIND_BIT(kind) && (!permit->procedure[0] || !strcmp(permit->procedure, procedure)) &&
            selector_matches(&permit->from, from) && selector_matches(&permit->to, to))
            return true;
    }
    return false;
}

const struct agency *tables_route(const struct tables *tables, const char *procedure, const char *step,
                                  const struct agency *from)
{
    for (uint32_t i = 0; i < tables->route_count; i++) {
        const struct route *route = &tables->routes[i];
        if (!strcmp(route->procedure, procedure) && !strcmp(route->step, step) && selector_matches(&route->from, from))
            return tables_agency(tables, route->to);
    }
    return NULL;
}

/* The first version with this code; NULL: not listed. */
static const struct procedure *first_version(const struct tables *tables, const char *code)
{
    uint32_t low = 0, high = tables->procedure_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(tables->procedures[middle].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < tables->procedure_count && strcmp(tables->procedures[low].code, code) == 0 ? &tables->procedures[low]
                                                                                           : NULL;
}

/* The one behind it, of the same code; NULL: there is none. */
static const struct procedure *next_version(const struct tables *tables, const struct procedure *at)
{
    const struct procedure *last = &tables->procedures[tables->procedure_count - 1];
    return at < last && strcmp(at[1].code, at->code) == 0 ? at + 1 : NULL;
}

static bool is_better(const struct procedure *procedure, const struct procedure *best)
{
    int rank = selector_rank(&procedure->senders), best_rank = selector_rank(&best->senders);

    return rank != best_rank ? rank > best_rank : procedure->usual && !best->usual;
}

const struct procedure *tables_procedure(const struct tables *tables, const char *code, const char *variant,
                                         const struct agency *sender, int64_t at_ms)
{
    const struct procedure *best = NULL;

    for (const struct procedure *at = first_version(tables, code); at; at = next_version(tables, at))
        if (within(at->from_ms, at->to_ms, at_ms) && (!is_said(variant) || strcmp(at->variant, variant) == 0)
            && sender && selector_matches(&at->senders, sender) && (!best || is_better(at, best)))
            best = at;
    return best;
}

const struct procedure *tables_procedure_last(const struct tables *tables, const char *code)
{
    const struct procedure *end = tables->procedures + tables->procedure_count, *last = first_version(tables, code);

    for (const struct procedure *at = last; at && at < end && !strcmp(at->code, code); at++)
        if (!at->to_ms || (last->to_ms && at->to_ms > last->to_ms))
            last = at;
    return last;
}

const struct procedure *tables_procedure_version(const struct tables *tables, const char *version)
{
    char code[PROCEDURE_CODE_SIZE], text[PROCEDURE_VERSION_SIZE];
    size_t length = strcspn(version, "/");
    const struct procedure *at = NULL;

    if (length < sizeof code) {
        memcpy(code, version, length);
        code[length] = 0;
        at = first_version(tables, code);
    }
    for (; at; at = next_version(tables, at)) {
        procedure_version_text(at, text);
        if (strcmp(text, version) == 0)
            return at;
    }
    return NULL;
}

const struct field *tables_field(const struct tables *tables, const char *code)
{
    for (uint32_t i = 0; i < tables->field_count; i++)
        if (strcmp(tables->fields[i].code, code) == 0)
            return &tables->fields[i];
    return NULL;
}

/* Of those that exist, or with `ended` of those that did and have an heir in this line of work. False: none; NULL:
 * several with equal right. */
static bool narrowest(const struct tables *tables, const struct procedure *procedure, const struct selector *wanted,
                      const char *area, bool ended, int64_t now_ms, const struct agency **ret_agency)
{
    struct matter matter = { .procedure = procedure->code, .area = area, .kind = KIND_FORWARD };
    const struct agency *best = NULL;
    size_t best_size = 0, equal = 0;

    for (uint32_t i = 0; i < tables->agency_count; i++) {
        const struct agency *agency = &tables->agencies[i];
        size_t size = agency->area[0] && area_holds(agency->area, area) ? 1 + strlen(agency->area) : 0;
        bool may = ended ? agency->to_ms && agency->to_ms <= now_ms && tables_successor(tables, agency, &matter, now_ms)
                         : tables_agency_exists(agency, now_ms);
        if (!may || !selector_matches(wanted, agency) || size < best_size)
            continue;
        equal = best && size == best_size ? equal + 1 : 0;
        best = agency;
        best_size = size;
    }
    *ret_agency = equal ? NULL : best;
    return best != NULL;
}

const struct agency *tables_step_agency(const struct tables *tables, const struct procedure *procedure,
                                        const struct procedure_step *step, const struct agency *sender,
                                        const char *area, int64_t now_ms)
{
    const struct agency *best = tables_route(tables, procedure->code, step->name, sender);

    if (best || step->citizen)
        return best;
    area = is_said(area) ? area : sender->area;
    if (!narrowest(tables, procedure, &step->agency, area, false, now_ms, &best) && tables->successions)
        (void)narrowest(tables, procedure, &step->agency, area, true, now_ms, &best);
    return best;
}
