/* Nothing is said before it is on disk, also where a large turn is synced while the broker goes on. The disk does what
 * the test lets it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/broker_seat.h"
#include "tests/unit/disk_gate.h"

#define ACCEPTED LIENTHONG__V1__ENVELOPE__BODY_ACCEPTED
#define DELIVER  LIENTHONG__V1__ENVELOPE__BODY_DELIVER
#define PONG     LIENTHONG__V1__ENVELOPE__BODY_PONG

enum { MANY = 40, PAYLOAD = 1024 };

static int setup(void **state)
{
    disk_open();
    if (seat_setup(state))
        return -1;
    struct seat *seat = *state;
    struct site *site = seat->world->site;
    site_close(site);
    site->options.no_sync = false;
    site_open(site);
    seat->broker.store = site->store;
    return 0;
}

static int teardown(void **state)
{
    disk_open();
    return seat_teardown(state);
}

static void large_turn(struct seat *seat, const char *from)
{
    for (uint32_t i = 0; i < MANY; i++)
        seat_submit(seat, from, ONCE, PAYLOAD);
    assert_true(seat_turn(seat));
}

static void words_wait_for_the_disk(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, ONCE, MANY);
    disk_hold();
    large_turn(seat, WARD);
    assert_true(store_is_syncing(seat->broker.store));
    assert_int_equal(seat->said_count, 0);
    disk_let(1);
    speak_out(&seat->broker);
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), MANY);
    assert_int_equal(seat_count(seat, ONCE, DELIVER), world_agency(seat->world, ONCE)->in_flight_max);
}

static void let_one(struct seat *seat)
{
    disk_let(1);
    while (store_is_syncing(seat->broker.store))
        continue;
}

static void the_next_turn_says_what_the_last_one_did(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    disk_hold();
    large_turn(seat, WARD);
    let_one(seat);
    large_turn(seat, WARD2);
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), MANY);
    assert_int_equal(seat_count(seat, WARD2, ACCEPTED), 0);
    disk_let(1);
    speak_out(&seat->broker);
    assert_int_equal(seat_count(seat, WARD2, ACCEPTED), MANY);
}

/* The disk stands still, turns go on. What each of them says leaves with the sync that covers it, and no earlier. */
static void turns_go_on_while_the_disk_stands_still(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    disk_hold();
    for (int i = 0; i < 3; i++)
        large_turn(seat, WARD);
    assert_int_equal(seat->said_count, 0);
    let_one(seat);                                          /* for the first turn; the others came behind it */
    assert_false(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), MANY);
    let_one(seat);
    assert_false(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), 3 * MANY);
    assert_true(store_is_synced(seat->broker.store));
}

/* Words of two syncs, when there is no room for more: all are waited for, and leave in their order. */
static void a_full_saying_waits_for_the_disk(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    disk_hold();
    large_turn(seat, WARD);
    large_turn(seat, WARD);
    struct arena *arena = &seat->broker.speech.sayings[seat->broker.end.sync % SAYINGS].arena;
    size_t used = arena->used;
    arena->used = arena->size;
    seat_ping(seat, WARD);
    disk_let(2);
    assert_false(seat_turn(seat));
    assert_true(arena->used < used);
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), 2 * MANY);
    assert_int_equal(seat_place(seat, WARD, PONG, 0), 2 * MANY);
}

/* Whatever is said in between comes after it: one order for each session. */
static void who_asks_meanwhile_is_answered_after_it(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    disk_hold();
    large_turn(seat, WARD);
    seat_ping(seat, WARD);
    disk_let(1);
    assert_false(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), MANY);
    assert_int_equal(seat_place(seat, WARD, PONG, 0), MANY);
}

static void a_small_turn_speaks_at_once(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_submit(seat, WARD, ONCE, 64);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), 1);
}

static void a_failing_disk_says_nothing(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    disk_fail(EIO);
    large_turn(seat, WARD);
    speak_out(&seat->broker);
    speak_out(&seat->broker);
    assert_int_equal(seat->said_count, 0);
    assert_int_equal(store_synced(seat->broker.store), RESULT_BROKEN);
}

/* A session that ends before its words leave: what it was to be given is taken back. */
static void an_offer_that_never_left_is_taken_back(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    struct session *receiver = seat_session(seat, ONCE, MANY);
    disk_hold();
    large_turn(seat, WARD);
    session_drop(&seat->broker, receiver, "for this test");
    disk_let(1);
    speak_out(&seat->broker);
    assert_int_equal(seat_count(seat, ONCE, DELIVER), 0);
    assert_int_equal(seat->broker.unsent_count, world_agency(seat->world, ONCE)->in_flight_max);
}

#define SYNC(test) { #test, test, setup, teardown, NULL }

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYNC(words_wait_for_the_disk), SYNC(the_next_turn_says_what_the_last_one_did),
        SYNC(turns_go_on_while_the_disk_stands_still), SYNC(a_full_saying_waits_for_the_disk),
        SYNC(who_asks_meanwhile_is_answered_after_it), SYNC(a_small_turn_speaks_at_once),
        SYNC(a_failing_disk_says_nothing), SYNC(an_offer_that_never_left_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
