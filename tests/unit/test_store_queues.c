/* The typed calls for what stands in line: lanes, ready heads, timers, offers, gates, the failed list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store_site.h"

static struct uuid id_of(uint8_t number)
{
    return uuid_v7(SITE_NOW_MS, (uint8_t[10]){ number });
}

static void lanes(struct turn *turn, void *context)
{
    uint64_t place = 7, handoff = 7;
    (void)context;

    assert_false(turn_lane_next(turn, 1, 2, 0, &place, &handoff));
    assert_int_equal(place, 7);                             /* not written */
    turn_lane_put(turn, 1, 2, 30, 103);
    turn_lane_put(turn, 1, 2, 10, 101);
    turn_lane_put(turn, 1, 2, 20, 102);
    turn_lane_put(turn, 1, 3, 5, 104);                      /* the same dossier to another agency */
    turn_lane_put(turn, 2, 2, 1, 105);
    assert_true(turn_lane_next(turn, 1, 2, 0, &place, &handoff));
    assert_int_equal(place, 10);
    assert_int_equal(handoff, 101);
    assert_true(turn_lane_next(turn, 1, 2, place, &place, &handoff));
    assert_int_equal(handoff, 102);
    turn_lane_delete(turn, 1, 2, 20);                       /* on the way */
    assert_true(turn_lane_next(turn, 1, 2, place, &place, &handoff));
    assert_int_equal(handoff, 103);
    assert_false(turn_lane_next(turn, 1, 2, place, &place, &handoff));
    assert_false(turn_lane_next(turn, 1, 2, UINT64_MAX, &place, &handoff));
    turn_lane_put(turn, 1, 2, 30, 999);                     /* replaced */
    assert_true(turn_lane_next(turn, 1, 2, 10, &place, &handoff));
    assert_int_equal(handoff, 999);
}

static void ready_heads(struct turn *turn, void *context)
{
    int64_t due_ms = 0;
    uint64_t handoff = 0;
    (void)context;

    assert_false(turn_ready_from(turn, 1, 0, INT64_MIN, 0, &due_ms, &handoff));
    turn_ready_put(turn, 1, 0, INT64_MAX, 50);              /* no due date */
    turn_ready_put(turn, 1, 0, 2000, 51);
    turn_ready_put(turn, 1, 0, -5, 52);                     /* before 1970 sorts before all */
    turn_ready_put(turn, 1, 0, 2000, 40);
    turn_ready_put(turn, 1, 1, 1, 60);
    turn_ready_put(turn, 2, 0, 1, 61);
    static const struct { int64_t due_ms; uint64_t handoff; } order[] = {
        { -5, 52 }, { 2000, 40 }, { 2000, 51 }, { INT64_MAX, 50 },
    };
    due_ms = INT64_MIN;
    for (size_t i = 0; i < 4; i++) {
        assert_true(turn_ready_from(turn, 1, 0, due_ms, handoff, &due_ms, &handoff));
        assert_true(due_ms == order[i].due_ms && handoff == order[i].handoff);
        handoff++;
    }
    assert_false(turn_ready_from(turn, 1, 0, due_ms, handoff, &due_ms, &handoff));
    assert_true(turn_ready_from(turn, 1, 1, INT64_MIN, 0, &due_ms, &handoff));
    assert_int_equal(handoff, 60);
    assert_true(turn_ready_from(turn, 1, 0, 2000, 41, &due_ms, &handoff));      /* at or after both */
    assert_int_equal(handoff, 51);
    turn_ready_delete(turn, 1, 0, 2000, 51);
    assert_true(turn_ready_from(turn, 1, 0, 2000, 41, &due_ms, &handoff));
    assert_int_equal(handoff, 50);
    assert_false(turn_ready_from(turn, 1, 15, INT64_MIN, 0, &due_ms, &handoff));
}

static void timers(struct turn *turn, void *context)
{
    static const struct { int64_t due_ms; enum timer_what what; uint64_t id; } order[] = {
        { -1, TIMER_PURGE, 1 }, { 5, TIMER_WAIT, 9 }, { 5, TIMER_LEASE, 3 }, { 5, TIMER_LEASE, 4 },
        { SITE_NOW_MS, TIMER_ANTECEDENT, 2 },
    };
    int64_t due_ms;
    enum timer_what what;
    uint64_t id;
    (void)context;

    assert_false(turn_timer_first(turn, &due_ms, &what, &id));
    for (int i = 4; i >= 0; i--)
        turn_timer_put(turn, order[i].due_ms, order[i].what, order[i].id);
    for (int i = 0; i < 5; i++) {
        assert_true(turn_timer_first(turn, &due_ms, &what, &id));
        assert_true(due_ms == order[i].due_ms && what == order[i].what && id == order[i].id);
        turn_timer_delete(turn, due_ms, what, id);
    }
    assert_false(turn_timer_first(turn, &due_ms, &what, &id));
}

static void offers(struct turn *turn, void *context)
{
    uint64_t session = 0, handoff = 0;
    (void)context;

    assert_false(turn_offered_first(turn, &session, &handoff));
    turn_offered_put(turn, 9, 100);
    turn_offered_put(turn, 9, 90);
    turn_offered_put(turn, 8, 200);
    assert_true(turn_offered_first(turn, &session, &handoff));
    assert_true(session == 8 && handoff == 200);
    assert_int_equal(turn_offered_next(turn, 9, 0), 90);
    assert_int_equal(turn_offered_next(turn, 9, 90), 100);
    assert_int_equal(turn_offered_next(turn, 9, 100), 0);
    assert_int_equal(turn_offered_next(turn, 7, 0), 0);
    turn_offered_delete(turn, 8, 200);
    turn_offered_delete(turn, 9, 90);
    assert_true(turn_offered_first(turn, &session, &handoff));
    assert_true(session == 9 && handoff == 100);
}

static void gates(struct turn *turn, void *context)
{
    struct uuid a = id_of(1), b = id_of(2), got;
    struct antecedent put = { .until = UNTIL_RESULT }, antecedent;
    (void)context;

    assert_int_equal(turn_gate_next(turn, 1, &a, 0), 0);
    turn_gate_put(turn, 1, &a, 12);
    turn_gate_put(turn, 1, &a, 11);
    turn_gate_put(turn, 1, &b, 13);
    turn_gate_put(turn, 2, &a, 14);
    assert_int_equal(turn_gate_next(turn, 1, &a, 0), 11);
    assert_int_equal(turn_gate_next(turn, 1, &a, 11), 12);
    assert_int_equal(turn_gate_next(turn, 1, &a, 12), 0);
    turn_gate_delete(turn, 1, &a, 11);
    assert_int_equal(turn_gate_next(turn, 1, &a, 0), 12);

    assert_false(turn_antecedent_next(turn, 11, NULL, &got, &antecedent));
    turn_antecedent_put(turn, 11, &b, &put);
    put = (struct antecedent){ .until = UNTIL_DELIVERED, .handoff = 5 };
    turn_antecedent_put(turn, 11, &a, &put);
    turn_antecedent_put(turn, 12, &a, &put);
    assert_true(turn_antecedent_next(turn, 11, NULL, &got, &antecedent));
    assert_true(uuid_equal(&got, &a));
    assert_int_equal(antecedent.until, UNTIL_DELIVERED);
    assert_int_equal(antecedent.handoff, 5);
    assert_true(turn_antecedent_next(turn, 11, &got, &got, &antecedent));
    assert_true(uuid_equal(&got, &b));
    assert_int_equal(antecedent.until, UNTIL_RESULT);
    assert_false(turn_antecedent_next(turn, 11, &b, &got, &antecedent));
    put.done_by = 6;
    turn_antecedent_put(turn, 11, &a, &put);
    assert_true(turn_antecedent(turn, 11, &a, &antecedent));
    assert_int_equal(antecedent.done_by, 6);
    turn_antecedent_delete(turn, 11, &a);
    assert_false(turn_antecedent(turn, 11, &a, &antecedent));
    assert_true(turn_antecedent(turn, 12, &a, &antecedent));
}

static void failed_list(struct turn *turn, void *context)
{
    struct fail_key first = { 1, FAIL_BAD_DATA, 0xAA }, second = { 1, FAIL_BAD_DATA, 0xBB };
    struct fail_key third = { 2, FAIL_ORPHAN, 1 }, at;
    struct fail_group put = { .count = 2, .first_ms = 1, .last_ms = 2, .sample = 20, .fingerprint_text = "409" }, group;
    (void)context;

    assert_int_equal(turn_failed_next(turn, &first, 0), 0);
    turn_failed_put(turn, &first, 21);
    turn_failed_put(turn, &first, 20);
    turn_failed_put(turn, &second, 22);
    assert_int_equal(turn_failed_next(turn, &first, 0), 20);
    assert_int_equal(turn_failed_next(turn, &first, 20), 21);
    assert_int_equal(turn_failed_next(turn, &first, 21), 0);
    turn_failed_delete(turn, &first, 20);
    assert_int_equal(turn_failed_next(turn, &first, 0), 21);

    assert_false(turn_fail_group(turn, &first, &group));
    assert_false(turn_fail_group_next(turn, NULL, &at, &group));
    turn_fail_group_put(turn, &third, &put);
    turn_fail_group_put(turn, &first, &put);
    put.count = 1;
    memcpy(put.fingerprint_text, "a longer text", sizeof "a longer text");
    turn_fail_group_put(turn, &second, &put);
    assert_true(turn_fail_group(turn, &first, &group));
    assert_int_equal(group.count, 2);
    assert_string_equal(group.fingerprint_text, "409");
    assert_true(turn_fail_group_next(turn, NULL, &at, &group));
    assert_true(at.recipient == 1 && at.fail_class == FAIL_BAD_DATA && at.fingerprint == 0xAA);
    assert_true(turn_fail_group_next(turn, &at, &at, &group));
    assert_true(at.fingerprint == 0xBB);
    assert_string_equal(group.fingerprint_text, "a longer text");
    assert_true(turn_fail_group_next(turn, &at, &at, &group));
    assert_true(at.recipient == 2 && at.fail_class == FAIL_ORPHAN);
    assert_false(turn_fail_group_next(turn, &at, &at, &group));
    put.count = 0;
    turn_fail_group_put(turn, &second, &put);               /* count 0 deletes */
    assert_false(turn_fail_group(turn, &second, &group));
}

/* Inserted in any order and walked while rows come and go, a long queue keeps its order over many pages. */
static void a_long_queue(struct turn *turn, void *context)
{
    int64_t due_ms = INT64_MIN, before_ms = INT64_MIN;
    uint64_t handoff = 0, before = 0;
    unsigned seen = 0;
    (void)context;

    for (uint64_t i = 0; i < 5000; i++)
        turn_ready_put(turn, 1, 0, (int64_t)(i * 7919 % 5000), 1000 + i);
    while (turn_ready_from(turn, 1, 0, due_ms, handoff, &due_ms, &handoff)) {
        assert_true(due_ms > before_ms || (due_ms == before_ms && handoff > before));
        before_ms = due_ms, before = handoff;
        turn_ready_delete(turn, 1, 0, due_ms, handoff);
        if (++seen % 5 == 0)                                /* some are put back behind */
            turn_ready_put(turn, 1, 0, due_ms + 10000, handoff);
        handoff++;
    }
    assert_int_equal(seen, 5000 + 1000 + 200 + 40 + 8 + 1);
}

/* ---- our own mistakes stop the program */

static void delete_nothing(struct turn *turn, void *context)
{
    (void)context;
    turn_lane_delete(turn, 1, 2, 3);
}

static void put_in_a_read(struct turn *turn, void *context)
{
    (void)context;
    turn_lane_put(turn, 1, 2, 3, 4);
}

static void below_nothing(struct turn *turn, void *context)
{
    (void)context;
    turn_count_add(turn, 1, STATE_READY, -1);
}

static bool stops(struct site *site, turn_work *work, bool reading)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct turn_end end;
        close(STDERR_FILENO);
        if (reading)
            (void)!store_read(site->store, work, NULL);
        else
            (void)!store_turn(site->store, SITE_NOW_MS, work, NULL, &end);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) || WEXITSTATUS(status);
}

static void mistakes_stop(void **state)
{
    assert_true(stops(*state, delete_nothing, false));
    assert_true(stops(*state, put_in_a_read, true));
    assert_true(stops(*state, below_nothing, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TURN(lanes), IN_TURN(ready_heads), IN_TURN(timers), IN_TURN(offers), IN_TURN(gates), IN_TURN(failed_list),
        IN_TURN(a_long_queue), SITE_OPEN(mistakes_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
