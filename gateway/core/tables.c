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

const struct agency *tables_successor(const struct tables *tables, const struct agency *agency, int64_t now_ms)
{
    for (int i = 0; agency && i < SUCCESSORS_MAX; i++) {
        if (tables_agency_exists(agency, now_ms))
            return agency;
        agency = tables_agency(tables, agency->successor);
    }
    return NULL;
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

bool selector_matches(const struct selector *selector, const struct agency *agency)
{
    size_t size;

    switch (selector->kind) {
    case SELECT_ANY:
        return true;
    case SELECT_AGENCY:
        return strcmp(selector->code, agency->code) == 0;
    case SELECT_BELOW:
        size = strlen(selector->code);
        return strncmp(selector->code, agency->code, size) == 0 && (!agency->code[size] || agency->code[size] == '.');
    case SELECT_KIND:
        return selector->agency_kind == agency->kind;
    }
    return false;
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
