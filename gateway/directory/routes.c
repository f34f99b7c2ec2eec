/* routes.yaml: who gets a handoff that names no recipient. The first that matches wins, so order has a meaning within
 * one step of one procedure, and nowhere else. */
#include <stdlib.h>
#include <string.h>

#include "gateway/directory/inside.h"

/* Some sender that this route serves may send FORWARD, or something else, to its target. */
static bool route_is_permitted(const struct tables *tables, const struct route *route, const struct agency *target)
{
    for (uint32_t i = 0; i < tables->permit_count; i++) {
        const struct permit *permit = &tables->permits[i];
        if ((!permit->procedure[0] || strcmp(permit->procedure, route->procedure) == 0)
            && selector_matches(&permit->to, target) && selectors_meet(tables, &permit->from, &route->from))
            return true;
    }
    return false;
}

static void target_check(struct reader *reader, const struct yaml_node *node, const struct route *route)
{
    const struct tables *tables = &reader->directory->tables;
    const struct agency *target = tables_agency(tables, route->to);

    /* With successors by area it is the dossier that decides. */
    if (target->to_ms && target->to_ms <= reader->now_ms && !target->successor_count)
        yaml_fault(yaml_get(node, "to"), "'%s' has ended and nobody succeeds it", route->to);
    if (!route_is_permitted(tables, route, target))
        yaml_fault(node, "no permit lets 'from' send anything of procedure '%s' to '%s'", route->procedure, route->to);
}

static bool same_step(const struct route *a, const struct route *b)
{
    return strcmp(a->procedure, b->procedure) == 0 && strcmp(a->step, b->step) == 0;
}

/* An earlier route for the same, or for everybody, leaves nothing to this one. */
static void reach_check(struct reader *reader, const struct yaml_node *node, const struct route *route)
{
    const struct tables *tables = &reader->directory->tables;

    for (uint32_t i = 0; i < tables->route_count; i++) {
        const struct route *earlier = &tables->routes[i];
        if (same_step(earlier, route)
            && (earlier->from.kind == SELECT_ANY || selector_compare(&earlier->from, &route->from) == 0)) {
            yaml_fault(node, "this route is never reached: %s:%d comes first and means the same senders or all",
                       yaml_name(reader->route_nodes[i]), yaml_line(reader->route_nodes[i]));
            return;
        }
    }
}

static void route_read(struct reader *reader, const struct yaml_node *node)
{
    struct tables *tables = &reader->directory->tables;
    struct route route = { 0 };
    struct selector to;

    if (!entry_is_mapping(node, "a route"))
        return;
    bool good = procedure_code_read(reader, node, true, route.procedure);
    if (!yaml_get_string(node, "step", true, route.step, sizeof route.step))
        good = false;
    else if (!word_is_valid(route.step)) {
        yaml_fault(yaml_get(node, "step"), "a step is named with a-z, 0-9 and '-', not '%s'", route.step);
        good = false;
    } else if (good && !procedure_has_step(reader, route.procedure, route.step))
        yaml_fault(yaml_get(node, "step"), "procedure '%s' has no step '%s'", route.procedure, route.step);
    const struct yaml_node *from = yaml_get(node, "from"), *target = yaml_get(node, "to");
    route.from.kind = SELECT_ANY;
    if (from && !selector_of_node(reader, from, &route.from))
        good = false;
    if (!target)
        yaml_fault(node, "'to' is missing: the code of one agency");
    if (!target || !selector_of_node(reader, target, &to))
        return;
    if (to.kind != SELECT_AGENCY) {
        yaml_fault(target, "'to' must be one agency, not '%s'", yaml_scalar(target));
        return;
    }
    if (!good)
        return;
    memcpy(route.to, to.code, AGENCY_CODE_SIZE);
    target_check(reader, node, &route);
    reach_check(reader, node, &route);
    reader->route_nodes[tables->route_count] = node;
    tables->routes[tables->route_count++] = route;
}

void routes_read(struct reader *reader)
{
    struct tables *tables = &reader->directory->tables;
    const struct yaml_node *root = reader_open(reader, "routes.yaml", false);

    if (!root)
        return;
    if (!yaml_is_sequence(root) || yaml_count(root) > ROUTES_MAX) {
        yaml_fault(root, "a list of at most %d routes is expected: '- procedure: ...'", ROUTES_MAX);
        entries_skip(root);
        return;
    }
    size_t count = yaml_count(root);
    tables->routes = calloc(count + 1, sizeof *tables->routes);
    reader->route_nodes = calloc(count + 1, sizeof *reader->route_nodes);
    if (!tables->routes || !reader->route_nodes) {
        reader_no_memory(reader);
        return;
    }
    for (size_t i = 0; i < count; i++)
        route_read(reader, yaml_item(root, i));
}
