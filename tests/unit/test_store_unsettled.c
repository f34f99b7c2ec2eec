/* Rows that wait for the next settling are rows like any other, whatever happens meanwhile; and what goes before it was
 * never in a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/inside.h"
#include "tests/unit/store_site.h"

enum { GROUPS = 4, MEMBERS = 90, TURNS = 300, STEPS = 25 };

/* What there should be: of each kind, in some groups (lanes, sessions, kinds of timers), each member or not. */
struct model {
    uint32_t seed;
    uint64_t lanes[GROUPS][MEMBERS];            /* its handoff; 0: none */
    bool     offered[GROUPS][MEMBERS], timers[GROUPS][MEMBERS];
};

static const enum timer_what whats[GROUPS] = { TIMER_WAIT, TIMER_LEASE, TIMER_PURGE, TIMER_LATE };

static uint32_t below(struct model *model, uint32_t end)
{
    model->seed = model->seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(model->seed >> 8) * end) >> 24);
}

/* ---- what is to be seen */

static void see_lane(struct turn *turn, const struct model *model, unsigned group, uint64_t after)
{
    uint64_t place = 0, handoff = 0, next = after + 1;

    while (next <= MEMBERS && !model->lanes[group][next - 1])
        next++;
    bool found = turn_lane_next(turn, 1 + group / 2, 1 + group % 2, after, &place, &handoff);
    assert_int_equal(found, next <= MEMBERS);
    if (found) {
        assert_int_equal(place, next);
        assert_int_equal(handoff, model->lanes[group][next - 1]);
    }
}

static void see_offered(struct turn *turn, const struct model *model, unsigned group, uint64_t after)
{
    uint64_t next = after + 1;

    while (next <= MEMBERS && !model->offered[group][next - 1])
        next++;
    assert_int_equal(turn_offered_next(turn, 1 + group, after), next <= MEMBERS ? next : 0);
}

static void see_first_timer(struct turn *turn, const struct model *model)
{
    int64_t due_ms = -1;
    enum timer_what what = 0;
    uint64_t id = 0;

    bool found = turn_timer_first(turn, &due_ms, &what, &id);
    for (unsigned member = 0; member < MEMBERS; member++)
        for (unsigned group = 0; group < GROUPS; group++)
            if (model->timers[group][member]) {
                assert_true(found);
                assert_int_equal(due_ms, member);
                assert_int_equal(what, whats[group]);
                assert_int_equal(id, member + 1);
                return;
            }
    assert_false(found);
}

static void see_all(struct turn *turn, void *context)
{
    const struct model *model = context;
    unsigned lanes = 0, offered = 0, timers = 0;

    for (unsigned group = 0; group < GROUPS; group++)
        for (unsigned member = 0; member < MEMBERS; member++) {
            see_lane(turn, model, group, member);
            see_offered(turn, model, group, member);
            lanes += model->lanes[group][member] != 0;
            offered += model->offered[group][member];
            timers += model->timers[group][member];
        }
    see_first_timer(turn, model);
    assert_int_equal(table_rows(turn, TABLE_LANE), lanes);
    assert_int_equal(table_rows(turn, TABLE_OFFERED), offered);
    assert_int_equal(table_rows(turn, TABLE_TIMER), timers);
}

/* ---- what happens */

static void change_lane(struct turn *turn, struct model *model, unsigned group, unsigned member)
{
    uint64_t *handoff = &model->lanes[group][member];

    if (*handoff)
        turn_lane_delete(turn, 1 + group / 2, 1 + group % 2, member + 1);
    *handoff = *handoff ? 0 : 1 + below(model, 1000);
    if (*handoff)
        turn_lane_put(turn, 1 + group / 2, 1 + group % 2, member + 1, *handoff);
    see_lane(turn, model, group, below(model, MEMBERS));
}

static void change_offered(struct turn *turn, struct model *model, unsigned group, unsigned member)
{
    bool *there = &model->offered[group][member];

    if (*there)
        turn_offered_delete(turn, 1 + group, member + 1);
    else
        turn_offered_put(turn, 1 + group, member + 1);
    *there = !*there;
    see_offered(turn, model, group, below(model, MEMBERS));
}

static void change_timer(struct turn *turn, struct model *model, unsigned group, unsigned member)
{
    bool *there = &model->timers[group][member];

    if (*there)
        turn_timer_delete(turn, member, whats[group], member + 1);
    else
        turn_timer_put(turn, member, whats[group], member + 1);
    *there = !*there;
    see_first_timer(turn, model);
}

/* Many more come and go at one end than elsewhere, as in life. */
static void some_steps(struct turn *turn, void *context)
{
    struct model *model = context;

    for (int i = 0; i < STEPS; i++) {
        unsigned group = below(model, GROUPS), member = below(model, below(model, 3) ? MEMBERS / 9 : MEMBERS);
        switch (below(model, 3)) {
        case 0:
            change_lane(turn, model, group, member);
            break;
        case 1:
            change_offered(turn, model, group, member);
            break;
        default:
            change_timer(turn, model, group, member);
        }
    }
}

static void steps_for_nothing(struct turn *turn, void *context)
{
    some_steps(turn, context);
    turn_fail(turn, RESULT_FULL, "as if there were no room");
}

static void they_are_rows_like_any_other(void **state)
{
    struct site *site = *state;
    static struct model model = { .seed = 1 }, forgotten;
    struct turn_end end;

    for (int i = 0; i < TURNS; i++) {
        site_turn(site, SITE_NOW_MS + i, some_steps, &model);
        switch (below(&model, 12)) {
        case 0:
            assert_int_equal(store_settle(site->store), RESULT_OK);
            break;
        case 1:
            forgotten = model;
            assert_int_equal(store_turn(site->store, SITE_NOW_MS, steps_for_nothing, &forgotten, &end), RESULT_FULL);
            break;
        case 2:                                             /* killed */
            store_leave(site->store);
            site_open(site);
            break;
        default:
            break;
        }
        site_read(site, see_all, &model);
    }
}

/* ---- what it is for */

static size_t in_the_table(struct turn *turn, enum table table)
{
    return table_rows(turn, table) - unsettled_count(&turn->store->unsettled, table);
}

static void comes(struct turn *turn, void *context)
{
    (void)context;
    turn_lane_put(turn, 1, 2, 3, 4);
    turn_ready_put(turn, 2, 0, 9, 4);
    turn_timer_put(turn, 9, TIMER_LEASE, 4);
    turn_offered_put(turn, 7, 4);
}

static void goes(struct turn *turn, void *context)
{
    static const enum table tables[] = { TABLE_LANE, TABLE_READY, TABLE_TIMER, TABLE_OFFERED };
    bool settled = *(bool *)context;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        assert_int_equal(table_rows(turn, tables[i]), 1);
        assert_int_equal(in_the_table(turn, tables[i]), settled);
    }
    turn_lane_delete(turn, 1, 2, 3);
    turn_ready_delete(turn, 2, 0, 9, 4);
    turn_timer_delete(turn, 9, TIMER_LEASE, 4);
    turn_offered_delete(turn, 7, 4);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        assert_int_equal(table_rows(turn, tables[i]), 0);
}

/* How many bytes two turns add, in which they come and go: those of the turns' links. */
static uint64_t come_and_go(struct site *site, bool settled)
{
    uint64_t before = store_bytes(site->store);

    site_turn(site, SITE_NOW_MS, comes, NULL);
    if (settled)
        assert_int_equal(store_settle(site->store), RESULT_OK);
    site_turn(site, SITE_NOW_MS, goes, &settled);
    return store_bytes(site->store) - before;
}

static void what_goes_soon_was_never_in_a_table(void **state)
{
    uint64_t bytes = come_and_go(*state, false);

    assert_int_equal(come_and_go(*state, true), bytes);
    assert_int_equal(come_and_go(*state, false), bytes);
}

/* ---- bounds and mistakes */

enum { TOO_MANY = UNSETTLED_ROWS + 60 };

static void put_too_many(struct turn *turn, void *context)
{
    uint64_t place = 0, handoff;
    (void)context;

    for (uint64_t i = TOO_MANY; i > 0; i--)
        turn_lane_put(turn, 1, 1, i, 1000 + i);
    assert_int_equal(in_the_table(turn, TABLE_LANE), TOO_MANY - UNSETTLED_ROWS);
    turn_lane_put(turn, 1, 1, TOO_MANY, 5);                  /* one that is here, while nothing more is kept */
    turn_lane_put(turn, 1, 1, 1, 6);                         /* one that is in the table */
    for (uint64_t i = 1; i <= TOO_MANY; i++) {
        assert_true(turn_lane_next(turn, 1, 1, place, &place, &handoff));
        assert_int_equal(place, i);
        assert_int_equal(handoff, i == 1 ? 6 : i == TOO_MANY ? 5 : 1000 + i);
    }
    assert_false(turn_lane_next(turn, 1, 1, place, &place, &handoff));
}

static void delete_them(struct turn *turn, void *context)
{
    (void)context;
    assert_int_equal(table_rows(turn, TABLE_LANE), TOO_MANY);
    for (uint64_t i = 1; i <= TOO_MANY; i++)
        turn_lane_delete(turn, 1, 1, i);
    assert_int_equal(table_rows(turn, TABLE_LANE), 0);
}

static void more_than_are_kept_are_in_the_table(void **state)
{
    site_turn(*state, SITE_NOW_MS, put_too_many, NULL);
    site_turn(*state, SITE_NOW_MS, delete_them, NULL);
}

/* A row that stands in the table already is put as if it were new. */
static void a_row_that_was_there_stops_the_program(void **state)
{
    struct site *site = *state;
    int status = 0;

    site_turn(site, SITE_NOW_MS, comes, NULL);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct turn_end end;
        close(STDERR_FILENO);
        (void)!store_turn(site->store, SITE_NOW_MS, comes, NULL, &end);
        (void)!store_settle(site->store);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_OPEN(they_are_rows_like_any_other), SITE_OPEN(what_goes_soon_was_never_in_a_table),
        SITE_OPEN(more_than_are_kept_are_in_the_table), SITE_OPEN(a_row_that_was_there_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
