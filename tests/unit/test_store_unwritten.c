/* What a turn keeps in memory until its end is to be seen in it as if it stood in its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/store/inside.h"
#include "tests/unit/store_site.h"

enum { MANY = 3 * UNWRITTEN_SLOTS + 7, QUEUES = 3, PLACES = 200, TURNS = 40, STEPS = 60 };

/* ---- handoffs */

static struct handoff handoff_of(uint64_t id, uint32_t attempt)
{
    return (struct handoff){ .id = id, .dossier = 1, .sender = 1, .recipient = 2, .addressed = 2,
                             .kind = KIND_FORWARD, .state = STATE_READY, .attempt = attempt };
}

static void assert_all(struct turn *turn, const uint64_t *ids, uint32_t attempt)
{
    struct handoff handoff;
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(turn_handoff(turn, ids[i], &handoff));
        assert_int_equal(handoff.id, ids[i]);
        assert_int_equal(handoff.attempt, attempt + i);
    }
}

static void put_many(struct turn *turn, void *context)
{
    uint64_t *ids = context, at = 0;

    for (unsigned i = 0; i < MANY; i++) {
        struct handoff handoff = handoff_of(turn_handoff_new_id(turn), i);
        ids[i] = handoff.id;
        assert_false(turn_handoff(turn, ids[i], &handoff));
        turn_handoff_put(turn, &handoff);
        assert_true(turn_handoff(turn, ids[i], &handoff));
    }
    assert_all(turn, ids, 0);
    for (unsigned i = MANY; i-- > 0;) {
        struct handoff handoff = handoff_of(ids[i], 1000 + i);
        turn_handoff_put(turn, &handoff);
    }
    assert_all(turn, ids, 1000);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(at = turn_handoff_next(turn, at), ids[i]);
    assert_int_equal(turn_handoff_next(turn, at), 0);
    assert_int_equal(table_rows(turn, TABLE_HANDOFF), MANY);
}

static void read_many(struct turn *turn, void *context)
{
    assert_all(turn, context, 1000);
    assert_int_equal(table_rows(turn, TABLE_HANDOFF), MANY);
}

static void handoffs_are_seen_as_they_are(void **state)
{
    struct site *site = *state;
    static uint64_t ids[MANY];

    site_turn(site, SITE_NOW_MS, put_many, ids);
    site_read(site, read_many, ids);
    site_close(site);
    site_open(site);
    site_read(site, read_many, ids);
}

/* One put is one row, and one row in the journal, however often it changed. */
static void put_often(struct turn *turn, void *context)
{
    struct handoff handoff = handoff_of(turn_handoff_new_id(turn), 0);

    *(uint64_t *)context = turn->store->journal.record_rows;
    for (handoff.attempt = 1; handoff.attempt < 9; handoff.attempt++)
        turn_handoff_put(turn, &handoff);
    assert_int_equal(turn->store->journal.record_rows, *(uint64_t *)context);
}

static void it_is_written_once(void **state)
{
    struct site *site = *state;
    uint64_t rows;

    struct turn_end end = site_turn(site, SITE_NOW_MS, put_often, &rows);
    assert_true(end.wrote);
    assert_int_equal(site->store->journal.rows, 3);             /* it, the link, the counters */
}

static void put_and_fail(struct turn *turn, void *context)
{
    struct handoff handoff = handoff_of(turn_handoff_new_id(turn), 7);

    *(uint64_t *)context = handoff.id;
    turn_handoff_put(turn, &handoff);
    turn_ready_put(turn, 2, 0, 5, handoff.id);
    turn_fail(turn, RESULT_FULL, "as if there were no room");
}

static void find_nothing(struct turn *turn, void *context)
{
    struct handoff handoff;
    uint64_t id;
    int64_t due_ms;

    assert_false(turn_handoff(turn, *(uint64_t *)context, &handoff));
    assert_false(turn_ready_from(turn, 2, 0, INT64_MIN, 0, &due_ms, &id));
}

static void an_aborted_turn_forgets(void **state)
{
    struct site *site = *state;
    struct turn_end end;
    uint64_t id;

    assert_int_equal(store_turn(site->store, SITE_NOW_MS, put_and_fail, &id, &end), RESULT_FULL);
    site_read(site, find_nothing, &id);
    site_turn(site, SITE_NOW_MS, find_nothing, &id);
}

/* ---- ready rows, against a list that says which there should be */

struct model {
    uint32_t seed;
    bool     there[QUEUES][PLACES];             /* its place is the due date, in twos, and the handoff */
};

static uint32_t below(struct model *model, uint32_t end)
{
    model->seed = model->seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(model->seed >> 8) * end) >> 24);
}

static void check_from(struct turn *turn, struct model *model, unsigned queue, unsigned place)
{
    int64_t due_ms;
    uint64_t id;
    unsigned next = place;

    while (next < PLACES && !model->there[queue][next])
        next++;
    bool found = turn_ready_from(turn, 1 + queue / 2, queue % 2, place / 2, place + 1, &due_ms, &id);
    assert_int_equal(found, next < PLACES);
    if (found) {
        assert_int_equal(due_ms, next / 2);
        assert_int_equal(id, next + 1);
    }
}

static void some_steps(struct turn *turn, void *context)
{
    struct model *model = context;

    for (int i = 0; i < STEPS; i++) {
        unsigned queue = below(model, QUEUES), place = below(model, PLACES);
        bool *there = &model->there[queue][place];
        check_from(turn, model, queue, place);
        if (*there)
            turn_ready_delete(turn, 1 + queue / 2, queue % 2, place / 2, place + 1);
        else
            turn_ready_put(turn, 1 + queue / 2, queue % 2, place / 2, place + 1);
        *there = !*there;
        check_from(turn, model, queue, below(model, 2) ? place : 0);
    }
}

static void all_of_them(struct turn *turn, void *context)
{
    struct model *model = context;
    unsigned count = 0;

    for (unsigned queue = 0; queue < QUEUES; queue++)
        for (unsigned place = 0; place < PLACES; place++) {
            check_from(turn, model, queue, place);
            count += model->there[queue][place];
        }
    assert_int_equal(table_rows(turn, TABLE_READY), count);
}

static void ready_rows_come_in_their_order(void **state)
{
    struct site *site = *state;
    static struct model model = { .seed = 1 };

    for (int i = 0; i < TURNS; i++) {
        site_turn(site, SITE_NOW_MS + i, some_steps, &model);
        site_read(site, all_of_them, &model);
    }
}

/* More than are kept: the rest is in the table at once, and nobody sees a difference. */
static void put_all(struct turn *turn, void *context)
{
    struct model *model = context;

    for (unsigned place = PLACES; place-- > 0;)
        for (unsigned queue = 0; queue < QUEUES; queue++) {
            turn_ready_put(turn, 1 + queue / 2, queue % 2, place / 2, place + 1);
            model->there[queue][place] = true;
            check_from(turn, model, queue, 0);
        }
    for (unsigned place = 0; place < PLACES; place += 3) {
        turn_ready_delete(turn, 1, 1, place / 2, place + 1);
        model->there[1][place] = false;
        check_from(turn, model, 1, place);
    }
}

static void more_than_are_kept(void **state)
{
    struct site *site = *state;
    static struct model model;

    _Static_assert(QUEUES * PLACES > UNWRITTEN_READY_MAX, "more than are kept");
    site_turn(site, SITE_NOW_MS, put_all, &model);
    site_read(site, all_of_them, &model);
}

static void put_and_take(struct turn *turn, void *context)
{
    uint32_t rows = turn->store->journal.record_rows;

    turn_ready_put(turn, 1, 0, 9, *(uint64_t *)context);
    turn_ready_delete(turn, 1, 0, 9, *(uint64_t *)context);
    assert_int_equal(turn->store->journal.record_rows, rows);
    assert_int_equal(table_rows(turn, TABLE_READY), 0);
}

static void what_is_picked_at_once_has_no_row(void **state)
{
    uint64_t id = 7;
    site_turn(*state, SITE_NOW_MS, put_and_take, &id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_OPEN(handoffs_are_seen_as_they_are), SITE_OPEN(it_is_written_once), SITE_OPEN(an_aborted_turn_forgets),
        SITE_OPEN(ready_rows_come_in_their_order), SITE_OPEN(more_than_are_kept),
        SITE_OPEN(what_is_picked_at_once_has_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
