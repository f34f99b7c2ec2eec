/* The table against a plain array, and lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/client/list.h"
#include "gateway/client/table.h"

enum { ITEMS = 500, STEPS = 200000 };

/* The next of a fixed row of numbers (Knuth's linear congruence), so that every run is the same. */
static uint32_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void finds_what_a_plain_array_has(void **state)
{
    static char things[ITEMS];
    struct table table = { 0 };
    bool there[ITEMS] = { 0 };
    size_t count = 0;
    uint64_t seed = 8812;

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = dice(&seed) % ITEMS;
        struct key key = { .high = i % 7, .low = (uint64_t)i << 32 };      /* few bits that differ */
        assert_ptr_equal(table_find(&table, key), there[i] ? &things[i] : NULL);
        if (there[i]) {
            table_remove(&table, key);
            count--;
        } else {
            assert_int_equal(table_add(&table, key, &things[i]), RESULT_OK);
            count++;
        }
        there[i] = !there[i];
        assert_int_equal(table.count, count);
    }
    for (uint32_t i = 0; i < ITEMS; i++)
        assert_ptr_equal(table_find(&table, (struct key){ .high = i % 7, .low = (uint64_t)i << 32 }),
                         there[i] ? &things[i] : NULL);
    table_done(&table);
}

static void an_empty_table_has_nothing(void **state)
{
    struct table table = { 0 };

    (void)state;
    assert_null(table_find(&table, (struct key){ 0 }));
    table_remove(&table, (struct key){ 1, 2 });
    table_done(&table);
}

static void a_list_keeps_order_and_count(void **state)
{
    struct list list = { 0 }, other = { 0 };
    struct node a = { 0 }, b = { 0 }, c = { 0 };

    (void)state;
    list_append(&list, &b);
    list_prepend(&list, &a);
    list_insert(&list, &b, &c);
    assert_int_equal(list.count, 3);
    assert_ptr_equal(list.first, &a);
    assert_ptr_equal(a.next, &b);
    assert_ptr_equal(b.next, &c);
    assert_ptr_equal(list.last, &c);
    list_remove(&b);
    assert_ptr_equal(a.next, &c);
    assert_ptr_equal(c.previous, &a);
    assert_null(b.in);
    list_remove(&b);                                    /* in none: nothing happens */
    assert_int_equal(list.count, 2);
    list_append(&other, &b);
    assert_ptr_equal(b.in, &other);
    list_remove(&a);
    list_remove(&c);
    assert_null(list.first);
    assert_null(list.last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_plain_array_has),
        cmocka_unit_test(an_empty_table_has_nothing),
        cmocka_unit_test(a_list_keeps_order_and_count),
    };
    return cmocka_run_group_tests_name("client_table", tests, NULL, NULL);
}
