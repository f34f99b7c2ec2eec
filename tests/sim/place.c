/* place.c - the directories of a world: the first one, changes of it, and the last one, in which everybody may again.
 * A version never changes: the log of turns points into it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { PERMITS = 8 };

/* Beside the one-stop: who may state due dates. All sectors, or nobody. */
static struct selector movers[] = { { .kind = SELECT_KIND, .agency_kind = AGENCY_SECTOR } };

const struct tables *place_tables(struct world *world)
{
    return world->versions[world->version_count - 1];
}

int32_t place_agency(const struct world *world, const char *code)
{
    for (uint32_t i = 0; i < world->agency_count; i++)
        if (strcmp(world->codes[i], code) == 0)
            return (int32_t)i;
    return NONE;
}

enum agency_class place_class(const struct world *world, uint32_t agency)
{
    const struct agency *found = tables_agency(world->versions[world->version_count - 1], world->codes[agency]);
    return found ? found->agency_class : CLASS_NEITHER;
}

static int compare_codes(const void *a, const void *b)
{
    return strcmp(((const struct agency *)a)->code, ((const struct agency *)b)->code);
}

static void index_names(struct tables *tables)
{
    qsort(tables->agencies, tables->agency_count, sizeof *tables->agencies, compare_codes);
    tables->name_count = 0;
    for (uint32_t i = 0; i < tables->agency_count; i++, tables->name_count++) {
        memcpy(tables->names[i].name, tables->agencies[i].code, sizeof tables->names[i].name);
        tables->names[i].agency = i;
    }
}

static struct tables *new_tables(struct world *world, const struct tables *from)
{
    struct tables *tables = world_take(world, sizeof *tables);

    if (from)
        *tables = *from;
    tables->agencies = world_take(world, AGENCIES * sizeof *tables->agencies);
    tables->names = world_take(world, AGENCIES * sizeof *tables->names);
    tables->permits = world_take(world, PERMITS * sizeof *tables->permits);
    tables->routes = world_take(world, AGENCIES * sizeof *tables->routes);
    if (from) {
        memcpy(tables->agencies, from->agencies, from->agency_count * sizeof *from->agencies);
        memcpy(tables->permits, from->permits, from->permit_count * sizeof *from->permits);
        memcpy(tables->routes, from->routes, from->route_count * sizeof *from->routes);
    }
    return tables;
}

static void take_force(struct world *world, struct tables *tables)
{
    char words[64];

    index_names(tables);
    tables->version = world->version_count + 1;
    snprintf(words, sizeof words, "directory %u", tables->version);
    tables->hash = hash_of(span_of_string(words));
    must(world->version_count < TABLES_MAX_VERSIONS);
    world->versions[world->version_count++] = tables;
    for (uint32_t i = 0; i < world->agency_count; i++) {
        const struct agency *agency = tables_agency(tables, world->codes[i]);
        if (agency)
            world->offices[i].agency_class = agency->agency_class;
    }
}

static void fill_agency(struct world *world, struct agency *agency, const char *code, enum agency_class agency_class,
                        bool one_stop)
{
    const struct options *options = &world->options;

    *agency = (struct agency){
        .kind = one_stop ? AGENCY_ONE_STOP : AGENCY_SECTOR, .agency_class = agency_class,
        .attempts_max = options->attempts_max,
        .lapses_max = options->lapses_max, .age_ms_max = 3600 * 1000, .backoff_ms_min = options->backoff_ms,
        .backoff_ms_max = 60 * 1000, .in_flight_max = 1 + dice_below(&world->dice, 12),
        .breaker_after = options->breaker_after, .breaker_probe_ms = options->backoff_ms,
    };
    snprintf(agency->code, sizeof agency->code, "%s", code);
    snprintf(agency->name, sizeof agency->name, "%s", code);
}

/* ---- keys: each agency has two, and its peers the one or the other */

static void write_key(uint32_t agency, uint32_t number, uint8_t ret_key[CURVE_KEY_SIZE])
{
    memset(ret_key, (int)(1 + agency * AGENCY_KEYS_MAX + number), CURVE_KEY_SIZE);
}

uint32_t place_key(const struct peer *peer, uint8_t ret_key[CURVE_KEY_SIZE])
{
    uint32_t number = peer->number % AGENCY_KEYS_MAX;
    write_key(peer->agency, number, ret_key);
    return number;
}

static void give_keys(struct agency *agency, uint32_t number)
{
    agency->key_count = AGENCY_KEYS_MAX;
    for (uint32_t i = 0; i < AGENCY_KEYS_MAX; i++) {
        agency->keys[i].roles = ROLE_SENDER | ROLE_RECEIVER;
        write_key(number, i, agency->keys[i].bytes);
    }
}

/* Stolen, and taken out at once; or it ends soon, or begins soon; or it is in force again. */
static void change_key(struct world *world, struct agency *agency)
{
    uint32_t number = dice_below(&world->dice, AGENCY_KEYS_MAX);
    struct agency_key *key = &agency->keys[number];
    int64_t soon_ms = gateway_now_ms(world) + dice_between(&world->dice, 1, 2 * 60 * 1000);
    bool whole = !key->from_ms && !key->to_ms;
    uint32_t how = dice_below(&world->dice, 3);

    key->from_ms = whole && how == 0 ? soon_ms : 0;
    key->to_ms = whole && how == 1 ? soon_ms : whole && how == 2 ? 1 : 0;
    STORY(world, 0, "directory: key %u of %s %s", number, agency->code,
          !whole ? "is in force again" : how == 0 ? "is in force later" : how == 1 ? "ends soon" : "is revoked");
}

/* ---- versions */

void place_begin(struct world *world)
{
    struct tables *tables = new_tables(world, NULL);
    const struct options *options = &world->options;

    world->agency_count = options->one_stops + options->sectors;
    for (uint32_t i = 0; i < world->agency_count; i++) {
        bool one_stop = i < options->one_stops;
        enum agency_class agency_class = one_stop ? 1 + dice_below(&world->dice, 3) : 1 + (i - options->one_stops) % 3;
        snprintf(world->codes[i], AGENCY_CODE_SIZE, "%s-%u", one_stop ? "one-stop" : agency_class_name(agency_class),
                 i);
        fill_agency(world, &tables->agencies[i], world->codes[i], agency_class, one_stop);
        give_keys(&tables->agencies[i], i);
    }
    tables->agency_count = world->agency_count;
    snprintf(tables->gateway, sizeof tables->gateway, "sim");
    tables->lease_ms = options->lease_ms;
    tables->antecedent_ms_max = options->antecedent_ms;
    tables->purge_after_ms = options->purge_ms;
    catalogue_begin(world, tables);
    tables->due_movers = movers;
    tables->due_mover_count = options->all_move_due ? sizeof movers / sizeof *movers : 0;
    tables->submit_window = 64;
    tables->permits[tables->permit_count++] =
        (struct permit){ .from.kind = SELECT_ANY, .to.kind = SELECT_ANY, .kinds = KINDS_ALL };
    for (uint32_t i = options->one_stops; i < world->agency_count; i++) {
        struct route *route = &tables->routes[tables->route_count++];
        *route = (struct route){ .from.kind = SELECT_ANY };
        snprintf(route->procedure, sizeof route->procedure, "2.%06u", i);
        snprintf(route->step, sizeof route->step, "take");
        snprintf(route->to, sizeof route->to, "%s", world->codes[i]);
    }
    take_force(world, tables);
}

/* Nobody may send to this one until the next change. */
static void forbid(struct world *world, struct tables *tables)
{
    uint32_t agency = dice_below(&world->dice, tables->agency_count), count = 0;

    for (uint32_t i = 0; i < tables->agency_count && count < PERMITS; i++)
        if (i != agency && i / 2 != agency / 2) {
            tables->permits[count] = (struct permit){ .from.kind = SELECT_ANY, .to.kind = SELECT_AGENCY,
                                                      .kinds = KINDS_ALL };
            memcpy(tables->permits[count++].to.code, tables->agencies[i].code, AGENCY_CODE_SIZE);
        }
    tables->permit_count = count;
}

static uint32_t index_of(const struct world *world, const char *code)
{
    uint32_t agency = 0;

    while (agency < world->agency_count && strcmp(world->codes[agency], code) != 0)
        agency++;
    must(agency < world->agency_count);
    return agency;
}

static void succeed(struct world *world, struct tables *tables, struct agency *agency, struct agency *other)
{
    struct successor *successor = &world->successors[world->version_count];

    *successor = (struct successor){ .from_ms = agency->to_ms, .kinds = KINDS_ALL };
    memcpy(successor->code, other->code, sizeof successor->code);
    agency->successors = successor;
    agency->successor_count = 1;
    other->succeeds = true;
    tables->successions = true;
}

void place_change(struct world *world)
{
    if (world->version_count + 4 >= TABLES_MAX_VERSIONS)
        return;
    struct tables *tables = new_tables(world, place_tables(world));
    struct agency *agency = &tables->agencies[dice_below(&world->dice, tables->agency_count)];
    struct agency *other = &tables->agencies[dice_below(&world->dice, tables->agency_count)];

    if (world->options.calendar_comes && !tables->calendar && dice_percent(&world->dice, 30)) {
        STORY(world, 0, "directory: the calendar is there now");
        catalogue_calendar(tables);
    }
    if (world->options.keys && dice_percent(&world->dice, 50)) {
        change_key(world, agency);
        take_force(world, tables);
        gateway_directory(world, tables);
        return;
    }
    switch (world->options.class_changes && dice_percent(&world->dice, 50) ? 2 : dice_below(&world->dice, 5)) {
    case 0:
        forbid(world, tables);
        break;
    case 1:
        tables->permits[0] = (struct permit){ .from.kind = SELECT_ANY, .to.kind = SELECT_ANY, .kinds = KINDS_ALL };
        tables->permit_count = 1;
        break;
    case 2:
        if (!world->options.class_changes)
            return;
        /* Mostly the sad discovery that it does not do what was believed of it. */
        agency->agency_class = dice_percent(&world->dice, 50) ? CLASS_NEITHER : 1 + dice_below(&world->dice, 3);
        STORY(world, 0, "directory: %s is %s now", agency->code, agency_class_name(agency->agency_class));
        break;
    case 3:
        if (!world->options.abolish || agency == other || agency->to_ms || other->to_ms)
            return;
        agency->to_ms = 1;
        succeed(world, tables, agency, other);
        audit_succeeded(world->audit, index_of(world, agency->code), index_of(world, other->code));
        STORY(world, 0, "directory: %s is abolished, %s takes over", agency->code, other->code);
        break;
    default:
        agency->in_flight_max = 1 + dice_below(&world->dice, 12);
        agency->attempts_max = 1 + dice_below(&world->dice, 6);
        agency->lapses_max = 1 + dice_below(&world->dice, 4);
        break;
    }
    take_force(world, tables);
    gateway_directory(world, tables);
}

void place_restore(struct world *world)
{
    struct tables *tables = new_tables(world, place_tables(world));

    tables->permits[0] = (struct permit){ .from.kind = SELECT_ANY, .to.kind = SELECT_ANY, .kinds = KINDS_ALL };
    tables->permit_count = 1;
    for (uint32_t i = 0; i < tables->agency_count; i++) {
        tables->agencies[i].to_ms = 0;
        tables->agencies[i].successor_count = 0;
        for (uint32_t k = 0; k < AGENCY_KEYS_MAX; k++)
            tables->agencies[i].keys[k].from_ms = tables->agencies[i].keys[k].to_ms = 0;
        tables->agencies[i].attempts_max = 6;
        tables->agencies[i].lapses_max = 6;
    }
    if (world->options.calendar_comes)
        catalogue_calendar(tables);
    take_force(world, tables);
    gateway_directory(world, tables);
}
