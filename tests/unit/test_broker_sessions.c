/* The tables of who is connected: map, sessions, windows of followers, the order of a turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/broker/order.h"
#include "gateway/broker/session.h"

/* Against a plain array: what it says must always be what the array says. */
static void map_agrees_with_an_array(void **state)
{
    enum { KEYS = 64, STEPS = 20000 };
    uint32_t values[KEYS] = { 0 }, value, seed = 1, count = 0;
    struct map map;
    (void)state;
    assert_int_equal(map_init(&map, KEYS), RESULT_OK);
    for (int i = 0; i < STEPS; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t key = (seed >> 8) % KEYS;
        if (seed >> 31) {
            count += !values[key];
            values[key] = seed | 1;
            map_put(&map, key * 0x100000000u, values[key]);
        } else {
            assert_int_equal(map_delete(&map, key * 0x100000000u), values[key] != 0);
            count -= values[key] != 0;
            values[key] = 0;
        }
        assert_int_equal(map.count, count);
        for (uint32_t k = i % 97 ? key : 0; k <= (i % 97 ? key : KEYS - 1); k++) {
            bool there = map_get(&map, k * 0x100000000u, &value);
            assert_int_equal(there, values[k] != 0);
            assert_true(!there || value == values[k]);
        }
    }
    map_done(&map);
}

static void numbers_are_never_used_twice(void **state)
{
    struct sessions sessions;
    uint64_t last = 0;
    (void)state;
    for (uint64_t seq = 0; seq < 3; seq++) {
        assert_int_equal(sessions_init(&sessions, 4, seq), RESULT_OK);
        for (uint32_t i = 0; i < 1000; i++) {
            struct session *session = session_begin(&sessions, i, -1, 0);
            assert_non_null(session);
            assert_true(session->number > last);
            last = session->number;
            session_end(&sessions, session);
        }
        sessions_done(&sessions);
    }
}

/* A store in a late epoch has large numbers; the top bit of a session's is not its own. */
static void numbers_stay_below_the_operators_bit(void **state)
{
    static const uint64_t seqs[] = { 7, 1ULL << 40, 9ULL << 40, 65534ULL << 40, UINT64_MAX - 1 };
    (void)state;
    for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++) {
        struct sessions sessions;
        assert_int_equal(sessions_init(&sessions, 2, seqs[i]), RESULT_OK);
        struct session *session = session_begin(&sessions, 1, -1, 0);
        assert_non_null(session);
        assert_in_range(session->number, 1, UINT64_MAX >> 1);
        sessions_done(&sessions);
    }
}

static void found_by_everything(void **state)
{
    struct sessions sessions;
    (void)state;
    assert_int_equal(sessions_init(&sessions, 2, 0), RESULT_OK);
    struct session *one = session_begin(&sessions, 11, 5, 0), *two = session_begin(&sessions, 12, 6, 0);
    assert_null(session_begin(&sessions, 13, 7, 0));                    /* full */
    assert_ptr_equal(session_of_routing(&sessions, 11), one);
    assert_ptr_equal(session_of_number(&sessions, two->number), two);
    assert_ptr_equal(session_of_file(&sessions, 6), two);
    assert_null(session_of_file(&sessions, -1));
    assert_null(session_of_routing(&sessions, 13));
    uint64_t number = one->number;
    session_end(&sessions, one);
    assert_null(session_of_routing(&sessions, 11));
    assert_null(session_of_number(&sessions, number));
    assert_null(session_of_file(&sessions, 5));
    /* The descriptor of an ended connection belongs to a new one: its end does not touch the earlier holder. */
    struct session *three = session_begin(&sessions, 14, 6, 0);
    session_end(&sessions, two);
    assert_ptr_equal(session_of_file(&sessions, 6), three);
    sessions_done(&sessions);
}

static void only_who_was_offered_something_is_told_of(void **state)
{
    struct sessions sessions;
    (void)state;
    assert_int_equal(sessions_init(&sessions, 3, 0), RESULT_OK);
    struct session *quiet = session_begin(&sessions, 1, -1, 0), *busy = session_begin(&sessions, 2, -1, 0);
    struct session *other = session_begin(&sessions, 3, -1, 0);
    busy->was_offered = other->was_offered = true;
    uint64_t numbers[] = { busy->number, other->number };
    session_end(&sessions, quiet);
    session_end(&sessions, busy);
    session_end(&sessions, other);
    assert_int_equal(sessions.lost_count, 2);
    assert_true(sessions.lost[0] == numbers[0] && sessions.lost[1] == numbers[1]);
    sessions_lost_told(&sessions, 1);
    assert_int_equal(sessions.lost_count, 1);
    assert_true(sessions.lost[0] == numbers[1]);
    sessions_done(&sessions);
}

/* Whoever comes and goes faster than the core can be told is not let in again. */
static void lost_ones_are_bounded(void **state)
{
    struct sessions sessions;
    uint32_t begun = 0;
    struct session *session;
    (void)state;
    assert_int_equal(sessions_init(&sessions, 2, 0), RESULT_OK);
    for (; begun < 100000 && (session = session_begin(&sessions, begun, -1, 0)); begun++) {
        session->was_offered = true;
        session_end(&sessions, session);
    }
    assert_int_equal(begun, sessions.lost_max);
    sessions_lost_told(&sessions, sessions.lost_count);
    assert_non_null(session_begin(&sessions, 1, -1, 0));
    sessions_done(&sessions);
}

static void notices_have_a_window(void **state)
{
    struct follow follow = { 0 };
    (void)state;
    assert_int_equal(follow_room(&follow), 0);
    follow_begin(&follow, 0);
    assert_true(follow.from_cursor);
    assert_int_equal(follow_room(&follow), NOTICE_WINDOW);
    for (uint64_t seq = 1; seq <= NOTICE_WINDOW; seq++)
        follow_given(&follow, seq * 10);
    assert_int_equal(follow_room(&follow), 0);
    follow_acknowledged(&follow, 25);                   /* up to here: two of them */
    assert_int_equal(follow_room(&follow), 2);
    follow_acknowledged(&follow, 20);                   /* again: nothing new */
    assert_int_equal(follow_room(&follow), 2);
    follow_acknowledged(&follow, UINT64_MAX);
    assert_int_equal(follow_room(&follow), NOTICE_WINDOW);
    follow.woken = false;
    assert_int_equal(follow_room(&follow), 0);
    follow_begin(&follow, 50);                          /* from this one on, itself included */
    assert_false(follow.from_cursor);
    assert_int_equal(follow.after, 49);
}

static void order_as_they_came(void **state)
{
    struct order order;
    (void)state;
    assert_int_equal(order_init(&order), RESULT_OK);
    assert_true(order_has_room(&order, TURN_COMMAND_BYTES_MAX + 1));    /* an empty one takes any */
    order_put(&order, TURN_COMMAND_BYTES_MAX - 10)->kind = COMMAND_SUBMIT;
    assert_true(order_has_room(&order, 10));
    assert_false(order_has_room(&order, 11));
    order_put(&order, 10)->kind = COMMAND_TRACK;
    assert_int_equal(order_agree(&order), RESULT_OK);
    assert_int_equal(order.list[0].kind, COMMAND_SUBMIT);
    order_done(&order, 1);
    assert_false(order_is_empty(&order));
    assert_int_equal(order.list[order.done].kind, COMMAND_TRACK);
    order_done(&order, 1);
    assert_true(order_is_empty(&order));
    order_reset(&order);
    for (int i = 0; i < TURN_COMMANDS_MAX; i++)
        (void)order_put(&order, 0);
    assert_false(order_has_room(&order, 0));
    order_free(&order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_agrees_with_an_array), cmocka_unit_test(numbers_are_never_used_twice),
        cmocka_unit_test(numbers_stay_below_the_operators_bit),
        cmocka_unit_test(found_by_everything), cmocka_unit_test(only_who_was_offered_something_is_told_of),
        cmocka_unit_test(lost_ones_are_bounded), cmocka_unit_test(notices_have_a_window),
        cmocka_unit_test(order_as_they_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
