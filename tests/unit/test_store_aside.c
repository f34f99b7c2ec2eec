/* A large turn is synced while its owner does something else: what is known to be on disk, and what waits for it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/store/inside.h"
#include "tests/unit/disk_gate.h"
#include "tests/unit/store_site.h"

enum { LARGE = JOURNAL_ASIDE_BYTES, SMALL = 64 };

struct wish { uint64_t id; size_t bytes; bool fail; };

static const uint8_t body[LARGE];

static void put(struct turn *turn, void *context)
{
    const struct wish *wish = context;
    struct key key = key_empty();

    key_u64(&key, wish->id);
    if (wish->bytes)
        row_put(turn, TABLE_BODY, &key, span_of(body, wish->bytes));
    if (wish->fail)
        turn_fail(turn, RESULT_FULL, "for this test");
}

static uint64_t wanted;                 /* the sync that the last turn waits for */

static enum result aside(struct site *site, struct wish wish)
{
    struct turn_end end;
    enum result result = store_turn_aside(site->store, SITE_NOW_MS, put, &wish, &end);
    if (result == RESULT_OK)
        wanted = end.sync;
    return result;
}

/* Until the disk has done what it was let: the syncs that are over then. */
static uint64_t over_when_done(struct site *site)
{
    while (store_is_syncing(site->store))
        continue;
    assert_int_equal(store_sync_on(site->store), RESULT_OK);
    return store_syncs_over(site->store);
}

static void look(struct turn *turn, void *context)
{
    struct wish *wish = context;
    struct key key = key_empty();
    struct span value;

    key_u64(&key, wish->id);
    wish->bytes = row_get(turn, TABLE_BODY, &key, &value) ? value.size : 0;
}

static size_t held_bytes(struct site *site, uint64_t id)
{
    struct wish wish = { .id = id };
    site_read(site, look, &wish);
    return wish.bytes;
}

static int setup(void **state)
{
    disk_open();
    if (site_setup(state))
        return -1;
    struct site *site = *state;
    site->options.no_sync = false;
    site_open(site);
    return 0;
}

static int teardown(void **state)
{
    disk_open();
    return site_teardown(state);
}

static void a_large_turn_is_not_waited_for(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    assert_true(store_is_syncing(site->store));
    assert_false(store_is_synced(site->store));
    disk_let(1);
    assert_int_equal(store_synced(site->store), RESULT_OK);
    assert_true(store_is_synced(site->store));
    assert_false(store_is_syncing(site->store));
}

/* It is over when somebody looks, and still nobody has asked how it went. */
static void over_is_not_yet_known(void **state)
{
    struct site *site = *state;
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    while (store_is_syncing(site->store))
        continue;
    assert_false(store_is_synced(site->store));
    assert_int_equal(store_synced(site->store), RESULT_OK);
    assert_true(store_is_synced(site->store));
}

static void a_small_turn_is_synced_at_once(void **state)
{
    struct site *site = *state;
    assert_int_equal(aside(site, (struct wish){ 1, SMALL, false }), RESULT_OK);
    assert_true(store_is_synced(site->store));
}

static void a_turn_of_the_plain_kind_too(void **state)
{
    struct site *site = *state;
    struct wish wish = { 1, LARGE, false };
    site_turn(site, SITE_NOW_MS, put, &wish);
    assert_true(store_is_synced(site->store));
}

/* The disk stands still; turns go on. The second sync is for all that came meanwhile, whatever their size. */
static void turns_meanwhile_share_the_next_sync(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    uint64_t first = wanted;
    for (uint64_t id = 2; id < 5; id++) {
        assert_int_equal(aside(site, (struct wish){ id, id % 2 ? LARGE : SMALL, false }), RESULT_OK);
        assert_int_equal(wanted, first + 1);
    }
    assert_true(store_syncs_over(site->store) < first);
    disk_let(1);
    assert_int_equal(over_when_done(site), first);
    assert_true(store_is_syncing(site->store));                         /* the next one has begun by itself */
    disk_let(1);
    assert_int_equal(over_when_done(site), first + 1);
    assert_true(store_is_synced(site->store));
}

static void a_turn_that_finds_the_sync_over_begins_its_own(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    uint64_t first = wanted;
    disk_let(1);
    while (store_is_syncing(site->store))
        continue;
    assert_int_equal(aside(site, (struct wish){ 2, LARGE, false }), RESULT_OK);
    assert_int_equal(store_syncs_over(site->store), first);
    assert_int_equal(wanted, first + 1);
    assert_true(store_is_syncing(site->store));
    disk_let(1);
    assert_int_equal(over_when_done(site), first + 1);
}

/* What is said of a turn that wrote nothing may rest on the one before it. */
static void a_turn_of_nothing_waits_for_those_before_it(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    uint64_t first = wanted;
    assert_int_equal(aside(site, (struct wish){ 0 }), RESULT_OK);
    assert_int_equal(wanted, first);
    assert_int_equal(aside(site, (struct wish){ 2, LARGE, false }), RESULT_OK);
    assert_int_equal(aside(site, (struct wish){ 0 }), RESULT_OK);
    assert_int_equal(wanted, first + 1);
    disk_let(2);
    assert_int_equal(store_synced(site->store), RESULT_OK);
    assert_int_equal(store_syncs_over(site->store), first + 1);
}

static void a_plain_turn_waits_for_all_of_them(void **state)
{
    struct site *site = *state;
    struct wish wish = { 3, SMALL, false };
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    assert_int_equal(aside(site, (struct wish){ 2, LARGE, false }), RESULT_OK);
    disk_let(2);                                                        /* the second is for two and three */
    site_turn(site, SITE_NOW_MS, put, &wish);
    assert_true(store_is_synced(site->store));
    assert_int_equal(store_syncs_over(site->store), wanted);
}

static void settling_waits_for_it(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    disk_let(1);
    assert_int_equal(store_settle(site->store), RESULT_OK);
    assert_true(store_is_synced(site->store));
    assert_int_equal(store_settling(site->store), SETTLED);
}

static void a_kill_meanwhile_loses_nothing_written(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    disk_let(1);
    store_leave(site->store);
    disk_open();
    site_open(site);
    assert_int_equal(held_bytes(site, 1), LARGE);
}

static void a_turn_given_up_meanwhile_leaves_it(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    disk_let(1);
    assert_int_equal(aside(site, (struct wish){ 2, SMALL, true }), RESULT_FULL);
    assert_true(store_is_synced(site->store));
    assert_int_equal(held_bytes(site, 1), LARGE);
    assert_int_equal(held_bytes(site, 2), 0);
}

static void a_sync_that_fails_is_heard_of(void **state)
{
    struct site *site = *state;
    disk_fail(EIO);
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    assert_int_equal(store_synced(site->store), RESULT_BROKEN);
    assert_string_equal(store_trouble(site->store), "the journal cannot be written");
    disk_open();
    assert_int_equal(store_synced(site->store), RESULT_BROKEN);         /* sticky */
    assert_false(store_is_synced(site->store));
    assert_int_equal(aside(site, (struct wish){ 2, SMALL, false }), RESULT_BROKEN);
}

/* And nobody has asked how it went. */
static void let_a_sync_fail(struct site *site)
{
    disk_fail(EIO);
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    while (store_is_syncing(site->store))
        continue;
}

static void by_the_next_turn_too(void **state)
{
    struct site *site = *state;
    let_a_sync_fail(site);
    assert_int_equal(aside(site, (struct wish){ 2, LARGE, false }), RESULT_BROKEN);
}

static void by_who_only_looks(void **state)
{
    struct site *site = *state;
    let_a_sync_fail(site);
    assert_int_equal(store_sync_on(site->store), RESULT_BROKEN);
    assert_int_equal(store_sync_on(site->store), RESULT_BROKEN);        /* sticky */
}

/* Nothing is known of what was written behind it either. */
static void and_for_those_behind_it(void **state)
{
    struct site *site = *state;
    disk_hold();
    assert_int_equal(aside(site, (struct wish){ 1, LARGE, false }), RESULT_OK);
    assert_int_equal(aside(site, (struct wish){ 2, LARGE, false }), RESULT_OK);
    disk_fail(EIO);
    assert_int_equal(store_synced(site->store), RESULT_BROKEN);
    assert_true(store_syncs_over(site->store) < wanted);
}

static void and_by_settling(void **state)
{
    struct site *site = *state;
    let_a_sync_fail(site);
    assert_int_equal(store_settle(site->store), RESULT_BROKEN);
}

#define ASIDE(test) { #test, test, setup, teardown, NULL }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASIDE(a_large_turn_is_not_waited_for), ASIDE(over_is_not_yet_known), ASIDE(a_small_turn_is_synced_at_once),
        ASIDE(a_turn_of_the_plain_kind_too), ASIDE(turns_meanwhile_share_the_next_sync),
        ASIDE(a_turn_that_finds_the_sync_over_begins_its_own), ASIDE(a_turn_of_nothing_waits_for_those_before_it),
        ASIDE(a_plain_turn_waits_for_all_of_them), ASIDE(settling_waits_for_it),
        ASIDE(a_kill_meanwhile_loses_nothing_written), ASIDE(a_turn_given_up_meanwhile_leaves_it),
        ASIDE(a_sync_that_fails_is_heard_of), ASIDE(by_the_next_turn_too), ASIDE(by_who_only_looks),
        ASIDE(and_for_those_behind_it), ASIDE(and_by_settling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
