/* How the broker shares its turns: who asks one by one and who sends in bulk, what waits for company and what does not,
 * the order of what is said, large bodies, and receivers that do not read. Every clock here is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/broker_seat.h"

#define ACCEPTED LIENTHONG__V1__ENVELOPE__BODY_ACCEPTED
#define DELIVER  LIENTHONG__V1__ENVELOPE__BODY_DELIVER
#define PONG     LIENTHONG__V1__ENVELOPE__BODY_PONG

enum { MS = 1000, MANY = 40, LARGE = BODY_BYTES_MAX, BODIES = 6 };

static void submit_many(struct seat *seat, const char *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        seat_submit(seat, from, ONCE, 64);
}

/* A session that has sent MANY in each of the last 50 ms for so long that nobody else's question is remembered. */
static void flood(struct seat *seat, const char *from)
{
    for (int i = 0; i < 8; i++) {
        submit_many(seat, from, MANY);
        if (!seat_turn(seat)) {
            seat_pass(seat, GATHER_US);
            assert_true(seat_turn(seat));
        }
        seat_pass(seat, 50 * MS);
    }
    seat->said_count = 0;
}

/* WARD floods, and WARD2 has just been answered to a single question. */
static void asked_beside_a_flood(struct seat *seat)
{
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    flood(seat, WARD);
    seat_submit(seat, WARD2, ONCE, 64);
    assert_true(seat_turn(seat));
}

/* ---- what waits for company */

static void bulk_waits_for_company(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    flood(seat, WARD);
    submit_many(seat, WARD, MANY);
    assert_false(seat_turn(seat));
    seat_pass(seat, GATHER_US - 1);
    assert_false(seat_turn(seat));
    seat_pass(seat, 1);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), MANY);
}

static void half_a_window_does_not_wait(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    flood(seat, WARD);
    submit_many(seat, WARD, seat->world->tables.submit_window / 2 + 1);
    assert_true(seat_turn(seat));
}

static void who_asks_alone_ends_the_waiting(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    flood(seat, WARD);
    submit_many(seat, WARD, MANY);
    assert_false(seat_turn(seat));
    seat_submit(seat, WARD2, ONCE, 64);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD2, ACCEPTED), 1);
}

/* For a quarter of a second: his next question must not meet a turn that has just been put off and is long. */
static void after_who_asks_alone_nothing_waits(void **state)
{
    struct seat *seat = *state;
    asked_beside_a_flood(seat);
    assert_true(turn_has_waiter(&seat->broker));
    for (int i = 0; i < 4; i++) {
        seat_pass(seat, (i ? 50 : 40) * MS);
        submit_many(seat, WARD, MANY);
        assert_true(seat_turn(seat));
    }
    seat_pass(seat, 60 * MS);
    assert_false(turn_has_waiter(&seat->broker));
    submit_many(seat, WARD, MANY);
    assert_false(seat_turn(seat));
}

/* A commit waits for him to fall silent (settle_time.h), and for no flood. */
static void it_is_known_since_when_nobody_asks_alone(void **state)
{
    struct seat *seat = *state;
    asked_beside_a_flood(seat);
    int64_t asked_us = bus_now_us();
    assert_int_equal(seat->broker.waiter_us, asked_us);
    seat_pass(seat, 2 * MS);
    submit_many(seat, WARD, MANY);
    assert_true(seat_turn(seat));
    assert_int_equal(seat->broker.waiter_us, asked_us);
}

/* A quarter of what else goes into one turn. */
static void turns_are_short_while_somebody_asks(void **state)
{
    struct seat *seat = *state;
    asked_beside_a_flood(seat);
    submit_many(seat, WARD, WAITED_COMMANDS + 1);
    assert_true(seat_turn(seat));
    assert_int_equal(seat->broker.order.done, WAITED_COMMANDS);
    assert_true(seat_turn(seat));
    assert_int_equal(seat->broker.order.done, 1);
}

static void and_long_while_nobody_does(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    flood(seat, WARD);
    submit_many(seat, WARD, WAITED_COMMANDS + 1);
    assert_false(seat_turn(seat));
    seat_pass(seat, GATHER_US);
    assert_true(seat_turn(seat));
    assert_int_equal(seat->broker.order.done, WAITED_COMMANDS + 1);
}

/* ---- the pace of a flood */

static void a_flood_is_answered_at_once_while_nobody_asks(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    flood(seat, WARD);
    submit_many(seat, WARD, MANY);
    seat_turn(seat);
    seat_pass(seat, GATHER_US);
    assert_true(seat_turn(seat));
    submit_many(seat, WARD, MANY);
    seat_turn(seat);
    seat_pass(seat, GATHER_US);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), 2 * MANY);
}

/* In lumps that a short turn has room for, each in its time: the next questions of the flood come as evenly. */
static void a_flood_is_answered_at_a_pace_while_another_asks(void **state)
{
    struct seat *seat = *state;
    int64_t each_us = 1000000 / seat->broker.options.bulk_submits_per_second;
    uint32_t lump = (uint32_t)((PACE_LUMP_US + each_us - 1) / each_us);
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    flood(seat, WARD);
    submit_many(seat, WARD, MANY);
    seat_submit(seat, WARD2, ONCE, 64);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD2, ACCEPTED), 1);
    assert_in_range(lump, 1, MANY / 3);
    for (uint32_t said = lump; said < MANY; said += lump) {
        assert_int_equal(seat_count(seat, WARD, ACCEPTED), said);
        seat_pass(seat, lump * each_us - 1);
        seat_flush(seat);
        assert_int_equal(seat_count(seat, WARD, ACCEPTED), said);
        seat_pass(seat, 1);
        seat_flush(seat);
    }
    assert_int_equal(seat_count(seat, WARD, ACCEPTED), MANY);
}

static void who_asks_alone_is_not_slowed(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    flood(seat, WARD);
    for (uint32_t i = 0; i < 10; i++) {
        submit_many(seat, WARD, 10);
        seat_submit(seat, WARD2, ONCE, 64);
        assert_true(seat_turn(seat));
        assert_int_equal(seat_count(seat, WARD2, ACCEPTED), i + 1);
        seat_pass(seat, 5 * MS);
    }
}

/* ---- the order of what is said */

static void an_answer_comes_before_what_is_offered(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, SAFE, 8);
    seat_session(seat, WARD, 0);
    uint64_t asked = seat_submit(seat, WARD, SAFE, 64);
    assert_true(seat_turn(seat));
    uint32_t accepted = seat_place(seat, WARD, ACCEPTED, 0), delivered = seat_place(seat, SAFE, DELIVER, 0);
    assert_int_equal(seat->said[accepted].correlation, asked);
    assert_int_equal(seat->said[accepted].handoff, seat->said[delivered].handoff);      /* in the very same turn */
    assert_true(accepted < delivered);
}

/* Also where a backlog is offered and has nothing to do with it. */
static void a_backlog_is_said_behind_the_answers(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    for (uint32_t i = 0; i < 4; i++)
        seat_submit(seat, WARD, SAFE, 64);
    assert_true(seat_turn(seat));
    seat_session(seat, SAFE, 8);
    seat->said_count = 0;
    seat_submit(seat, WARD2, ONCE, 64);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, SAFE, DELIVER), 4);
    assert_int_equal(seat_place(seat, WARD2, ACCEPTED, 0), 0);
}

/* ---- large bodies */

static void backlog(struct seat *seat, const char *to)
{
    for (uint32_t i = 0; i < BODIES; i++) {
        seat_submit(seat, WARD, to, LARGE);
        assert_true(seat_turn(seat));
    }
    seat_pass(seat, 1000 * MS);
    seat->said_count = 0;
}

static void large_bodies_go_out_together_while_nobody_asks(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    backlog(seat, SAFE);
    seat_session(seat, SAFE, 8);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, SAFE, DELIVER), BODIES);
}

static void large_bodies_go_out_one_a_turn_while_another_asks(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    backlog(seat, SAFE);
    seat_session(seat, SAFE, 8);
    seat_submit(seat, WARD2, ONCE, 64);
    for (uint32_t i = 0; i < BODIES; i++) {
        assert_true(seat_turn(seat));               /* there is more to give out: the next turn is due at once */
        assert_int_equal(seat_count(seat, SAFE, DELIVER), i + 1);
    }
    assert_int_equal(seat_count(seat, WARD2, ACCEPTED), 1);
    seat_turn(seat);
    assert_int_equal(seat_count(seat, SAFE, DELIVER), BODIES);
}

static void agencies_with_large_bodies_take_turns(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    backlog(seat, SAFE);
    backlog(seat, ASK);
    seat_session(seat, SAFE, 8);
    seat_session(seat, ASK, 8);
    seat_submit(seat, WARD2, ONCE, 64);
    for (uint32_t i = 1; i <= 2 * BODIES; i++) {
        assert_true(seat_turn(seat));
        assert_int_equal(seat_count(seat, NULL, DELIVER), i);
        assert_in_range(seat_count(seat, SAFE, DELIVER), i / 2, (i + 1) / 2);
    }
}

static void small_ones_are_not_held_up_by_it(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_session(seat, WARD2, 0);
    for (uint32_t i = 0; i < 8; i++)
        seat_submit(seat, WARD, SAFE, 1024);
    assert_true(seat_turn(seat));
    seat_session(seat, SAFE, 8);
    seat_submit(seat, WARD2, ONCE, 64);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, SAFE, DELIVER), 8);
}

/* ---- who does not read */

static struct handoff handoff_of(struct seat *seat, uint64_t id)
{
    return world_handoff(seat->world, id);
}

static void who_does_not_read_is_offered_nothing_more(void **state)
{
    struct seat *seat = *state;
    uint32_t safe = (uint32_t)(world_agency(seat->world, SAFE) - seat->world->agencies) + 1;
    seat_session(seat, WARD, 0);
    struct session *receiver = seat_session(seat, SAFE, 8);
    seat->full[safe] = true;
    seat_submit(seat, WARD, SAFE, 64);
    assert_true(seat_turn(seat));
    assert_int_equal(receiver->open, 1);
    uint64_t first = seat->said[seat_place(seat, WARD, ACCEPTED, 0)].handoff;
    seat_submit(seat, WARD, SAFE, 64);
    assert_true(seat_turn(seat));
    uint64_t second = seat->said[seat_place(seat, WARD, ACCEPTED, 1)].handoff;
    assert_int_equal(receiver->open, 1);
    assert_int_equal(handoff_of(seat, first).state, STATE_OFFERED);
    assert_int_equal(handoff_of(seat, second).state, STATE_READY);
    assert_false(turn_is_due(&seat->broker));       /* and nobody runs in circles meanwhile */

    seat->full[safe] = false;
    seat_flush(seat);
    assert_int_equal(seat_count(seat, SAFE, DELIVER), 1);
    assert_true(seat_turn(seat));
    assert_int_equal(seat_count(seat, SAFE, DELIVER), 2);
}

/* What never left for him was acted on by nobody: it goes back without an attempt, also where nobody could be asked. */
static void who_never_reads_is_ended_and_what_never_left_goes_back(void **state)
{
    struct seat *seat = *state;
    uint32_t once = (uint32_t)(world_agency(seat->world, ONCE) - seat->world->agencies) + 1;
    seat_session(seat, WARD, 0);
    uint64_t number = seat_session(seat, ONCE, 8)->number;
    seat->full[once] = true;
    seat_submit(seat, WARD, ONCE, 64);
    assert_true(seat_turn(seat));
    uint64_t handoff = seat->said[seat_place(seat, WARD, ACCEPTED, 0)].handoff;
    seat_pass(seat, 4999 * MS);
    seat_flush(seat);
    assert_non_null(session_of_number(&seat->broker.sessions, number));
    seat_pass(seat, 1 * MS);
    seat_flush(seat);
    assert_null(session_of_number(&seat->broker.sessions, number));
    assert_true(seat_turn(seat));
    assert_int_not_equal(handoff_of(seat, handoff).state, STATE_OFFERED);
    assert_int_not_equal(handoff_of(seat, handoff).state, STATE_UNSURE);
    assert_int_equal(handoff_of(seat, handoff).charged, 0);
}

/* A PING needs no turn, and what it says leaves at once. */
static void a_ping_makes_no_turn(void **state)
{
    struct seat *seat = *state;
    seat_session(seat, WARD, 0);
    seat_ping(seat, WARD);
    assert_false(seat_turn(seat));
    assert_int_equal(seat_count(seat, WARD, PONG), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEAT(bulk_waits_for_company),
        SEAT(half_a_window_does_not_wait),
        SEAT(who_asks_alone_ends_the_waiting),
        SEAT(after_who_asks_alone_nothing_waits),
        SEAT(it_is_known_since_when_nobody_asks_alone),
        SEAT(turns_are_short_while_somebody_asks),
        SEAT(and_long_while_nobody_does),
        SEAT(a_flood_is_answered_at_once_while_nobody_asks),
        SEAT(a_flood_is_answered_at_a_pace_while_another_asks),
        SEAT(who_asks_alone_is_not_slowed),
        SEAT(an_answer_comes_before_what_is_offered),
        SEAT(a_backlog_is_said_behind_the_answers),
        SEAT(large_bodies_go_out_together_while_nobody_asks),
        SEAT(large_bodies_go_out_one_a_turn_while_another_asks),
        SEAT(agencies_with_large_bodies_take_turns),
        SEAT(small_ones_are_not_held_up_by_it),
        SEAT(who_does_not_read_is_offered_nothing_more),
        SEAT(who_never_reads_is_ended_and_what_never_left_goes_back),
        SEAT(a_ping_makes_no_turn),
    };
    return cmocka_run_group_tests_name("broker_turn", tests, NULL, NULL);
}
