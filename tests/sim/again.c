/* again.c - the unit of determinism is the turn: (seq, now_ms, directory, intake, commands). Told to a second, empty
 * store, the same turns give the same links and the same content; sealed rows are compared opened. */
#include <stdio.h>
#include <string.h>

#include "gateway/store/inside.h"
#include "tests/sim/gateway.h"

struct again {
    struct world *world;
    struct core core;
    struct effects *effects;
    const struct told_turn *told;
};

static void work(struct turn *turn, void *context)
{
    struct again *again = context;

    effects_reset(again->effects);
    for (uint32_t i = 0; i < again->told->count; i++)
        core_step(&again->core, turn, again->told->now_ms, again->told->commands[i], again->effects);
}

static void tell_turns(struct world *world, struct store *store, const char *folder)
{
    struct gateway *gateway = world->gateway;
    struct again again = { .world = world, .core = gateway->core, .effects = &gateway->effects };

    for (uint32_t i = 0; i < gateway->log_count && !world->failed; i++) {
        const struct told_turn *told = again.told = &gateway->log[i];
        struct turn_end end = { 0 };
        again.core.tables = told->tables;
        again.core.intake_closed = told->intake_closed;
        again.core.purge_paused = told->purge_paused;
        again.core.time_in_doubt = told->time_in_doubt;
        site_day_key(world, folder, told->now_ms);
        enum result result = store_turn(store, told->now_ms, work, &again, &end);
        if (result != RESULT_OK)
            world_fail(world, 0, "told again, turn %llu: %s", (unsigned long long)told->seq, result_name(result));
        else if (end.seq != told->seq || !hash_equal(&end.link, &told->link) || end.wrote != told->wrote)
            world_fail(world, 0, "told again, turn %llu is another one (a command of kind %u among %u)",
                       (unsigned long long)told->seq, told->count ? told->commands[0]->kind : 0, told->count);
    }
}

/* ---- the content */

struct pair { struct world *world; struct store *other; struct turn *first; };

static struct span span_of_value(MDB_val value)
{
    return span_of(value.mv_data, value.mv_size);
}

/* Sealed with other nonces: opened, they must say the same. */
static bool same_sealed(struct turn *first, struct turn *second, enum table table, MDB_val key, MDB_val a, MDB_val b)
{
    static uint8_t plain[2][1 << 20];
    if (a.mv_size != b.mv_size || a.mv_size > sizeof plain[0] || a.mv_size < SEAL_HEAD_BYTES + SEAL_TAG_BYTES)
        return false;
    size_t size = a.mv_size - SEAL_HEAD_BYTES - SEAL_TAG_BYTES;
    enum result one = row_unseal_value(first, table, span_of_value(key), span_of_value(a), plain[0]);
    enum result two = row_unseal_value(second, table, span_of_value(key), span_of_value(b), plain[1]);
    return one == two && (one != RESULT_OK || memcmp(plain[0], plain[1], size) == 0);
}

static bool same_table(struct turn *first, struct turn *second, enum table table)
{
    MDB_cursor *a = row_cursor(first, table), *b = row_cursor(second, table);
    MDB_val key_a, key_b, value_a, value_b;
    MDB_cursor_op op = MDB_FIRST;

    for (;; op = MDB_NEXT) {
        int left = mdb_cursor_get(a, &key_a, &value_a, op), right = mdb_cursor_get(b, &key_b, &value_b, op);
        if (left || right)
            return left == MDB_NOTFOUND && right == MDB_NOTFOUND;
        if (!span_equal(span_of_value(key_a), span_of_value(key_b)))
            return false;
        if (table_infos[table].sealed ? !same_sealed(first, second, table, key_a, value_a, value_b)
                                      : !span_equal(span_of_value(value_a), span_of_value(value_b)))
            return false;
    }
}

static void compare(struct turn *second, void *context)
{
    struct pair *pair = context;
    for (enum table table = 0; table < TABLES; table++)
        if (!same_table(pair->first, second, table))
            world_fail(pair->world, 0, "told again, the table %s is another one", table_infos[table].name);
}

static void open_other(struct turn *first, void *context)
{
    struct pair *pair = context;
    pair->first = first;
    enum result result = store_read(pair->other, compare, pair);
    must(result == RESULT_OK);
}

void tell_again(struct world *world)
{
    struct gateway *gateway = world->gateway;
    struct store_options options = gateway->options;
    struct store *first = NULL, *second = NULL;
    char folder[128];

    snprintf(folder, sizeof folder, "%s-again", gateway->folder);
    options.folder = folder;
    enum result result = store_open(&second, &options, NULL);
    must(result == RESULT_OK);
    tell_turns(world, second, folder);
    options.folder = gateway->folder;
    options.read_only = true;
    result = store_open(&first, &options, NULL);
    must(result == RESULT_OK);
    struct pair pair = { .world = world, .other = second };
    must(store_settle(second) == RESULT_OK);        /* the first one was, when it was closed */
    if (!world->failed)
        result = store_read(first, open_other, &pair);
    must(result == RESULT_OK);
    store_close(first);
    store_close(second);
    site_remove(folder);
}
