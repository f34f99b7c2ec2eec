/* When the journal is settled: nobody who asks one by one should meet a commit, and none is put off for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/broker/settle_time.h"

enum { WAITER = true, NOBODY = false };
#define BUSY LULL_NONE
#define OLD  LULL_OLD
#define NEW  LULL_NEW
#define S0 5000LL                       /* the steady clock at the first turn */

static void without_anybody_waiting_the_tenth_of_a_second_counts(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_true(settle_time_next_ms(&time, S0) == INT64_MAX);
    assert_false(settle_is_time(&time, SETTLING_OPEN, NOBODY, BUSY, S0));
    assert_true(settle_time_next_ms(&time, S0) == S0 + SETTLE_MS);
    assert_false(settle_is_time(&time, SETTLING_SOME, NOBODY, NEW, S0 + SETTLE_MS - 1));
    assert_true(settle_is_time(&time, SETTLING_SOME, NOBODY, BUSY, S0 + SETTLE_MS));
    settle_time_over(&time, false, S0 + SETTLE_MS);
    assert_true(settle_time_next_ms(&time, S0 + SETTLE_MS) == INT64_MAX);
}

static void many_turns_are_settled_at_once(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_true(settle_is_time(&time, SETTLING_DUE, NOBODY, BUSY, S0));
    assert_true(settle_is_time(&time, SETTLING_DUE, WAITER, BUSY, S0));
}

static void who_asks_one_by_one_does_not_meet_it(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_OPEN, WAITER, NEW, S0));       /* not worth it yet */
    assert_true(settle_time_next_ms(&time, S0) == S0 + SETTLE_MS);
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0 + 10));
    assert_true(settle_time_next_ms(&time, S0 + 10) == S0 + 10 + SETTLE_LOOK_MS);
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0 + 12));
    assert_true(settle_is_time(&time, SETTLING_SOME, WAITER, NEW, S0 + 13));
}

static void what_is_late_waits_for_a_lull_too(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_OPEN, WAITER, BUSY, S0));
    assert_false(settle_is_time(&time, SETTLING_OPEN, WAITER, BUSY, S0 + SETTLE_MS));
    assert_true(settle_is_time(&time, SETTLING_OPEN, WAITER, NEW, S0 + SETTLE_MS + 1));
}

static void patience_has_an_end(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    for (int64_t ms = 0; ms < SETTLE_PATIENCE_MS; ms++)
        assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0 + ms));
    assert_true(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0 + SETTLE_PATIENCE_MS));
}

/* In a lull that has lasted for a while the next question may come at any moment: the next lull is awaited. */
static void an_old_lull_is_not_taken(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, OLD, S0));
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0 + 3));
    assert_true(settle_is_time(&time, SETTLING_SOME, WAITER, NEW, S0 + 4));
}

static void what_is_much_takes_any_lull(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_MUCH, WAITER, BUSY, S0));
    assert_true(settle_is_time(&time, SETTLING_MUCH, WAITER, OLD, S0 + 1));
}

/* A commit that is put off grows, and on a full disk there is no room for a large one (torture/test_full.py). */
static void more_than_that_waits_for_no_lull(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0));
    assert_true(settle_is_time(&time, SETTLING_MOST, WAITER, BUSY, S0 + 1));
    settle_time_over(&time, false, S0 + 1);
    assert_false(settle_is_time(&time, SETTLING_MOST, NOBODY, NEW, S0 + 2));
}

/* The one who waited has gone: the wait for a lull is over with him, and the next one's begins anew. */
static void patience_ends_with_who_was_waited_for(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0));
    assert_false(settle_is_time(&time, SETTLING_SOME, NOBODY, BUSY, S0 + 20));
    assert_true(settle_time_next_ms(&time, S0 + 20) == S0 + SETTLE_MS);
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0 + SETTLE_PATIENCE_MS + 1));
}

static void without_room_it_is_tried_again_in_a_second(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_true(settle_is_time(&time, SETTLING_DUE, NOBODY, BUSY, S0));
    settle_time_over(&time, true, S0);
    assert_true(settle_time_next_ms(&time, S0) == S0 + SETTLE_FULL_MS);
    assert_false(settle_is_time(&time, SETTLING_DUE, WAITER, NEW, S0 + SETTLE_FULL_MS - 1));
    assert_true(settle_is_time(&time, SETTLING_DUE, WAITER, BUSY, S0 + SETTLE_FULL_MS));
    settle_time_over(&time, false, S0 + SETTLE_FULL_MS);
    assert_true(settle_is_time(&time, SETTLING_DUE, WAITER, BUSY, S0 + SETTLE_FULL_MS + 1));
}

static void a_turn_that_settled_by_itself_ends_the_wait(void **state)
{
    struct settle_time time = { 0 };
    (void)state;
    assert_false(settle_is_time(&time, SETTLING_SOME, WAITER, BUSY, S0));
    assert_false(settle_is_time(&time, SETTLED, WAITER, NEW, S0 + 1));
    assert_true(settle_time_next_ms(&time, S0 + 1) == INT64_MAX);
    assert_false(settle_is_time(&time, SETTLING_OPEN, NOBODY, BUSY, S0 + SETTLE_MS));   /* counted from here */
}

/* ---- what a lull is */

static void a_lull_begins_when_nobody_has_asked_for_a_while(void **state)
{
    (void)state;
    assert_int_equal(lull_of(0, false), LULL_NONE);
    assert_int_equal(lull_of(LULL_US - 1, false), LULL_NONE);
    assert_int_equal(lull_of(LULL_US, false), LULL_NEW);
    assert_int_equal(lull_of(LULL_OLD_US - 1, false), LULL_NEW);
    assert_int_equal(lull_of(LULL_OLD_US, false), LULL_OLD);
}

/* Somebody's question may be among it, unless everybody has been silent for a moment only. */
static void what_is_unread_ends_an_old_lull(void **state)
{
    (void)state;
    assert_int_equal(lull_of(LULL_US, true), LULL_NEW);
    assert_int_equal(lull_of(LULL_OLD_US, true), LULL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_anybody_waiting_the_tenth_of_a_second_counts),
        cmocka_unit_test(many_turns_are_settled_at_once),
        cmocka_unit_test(who_asks_one_by_one_does_not_meet_it),
        cmocka_unit_test(what_is_late_waits_for_a_lull_too),
        cmocka_unit_test(patience_has_an_end),
        cmocka_unit_test(an_old_lull_is_not_taken),
        cmocka_unit_test(what_is_much_takes_any_lull),
        cmocka_unit_test(more_than_that_waits_for_no_lull),
        cmocka_unit_test(patience_ends_with_who_was_waited_for),
        cmocka_unit_test(without_room_it_is_tried_again_in_a_second),
        cmocka_unit_test(a_turn_that_settled_by_itself_ends_the_wait),
        cmocka_unit_test(a_lull_begins_when_nobody_has_asked_for_a_while),
        cmocka_unit_test(what_is_unread_ends_an_old_lull),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
