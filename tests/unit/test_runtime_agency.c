#include "tests/unit/runtime_gateway.h"

/* ---------------------------------------------------------------- deliveries */

static void delivered(void **state)
{
    struct world *world = *state;

    open_agency(world, "/ok", "");
    assert_int_equal(world->gateway->credit, 8);
    deliver(world, offer_of(7, 1, CLASS_IDEMPOTENT));
    turn_until_said(world, 1);
    check_said(world, 0, 7, 1, VERDICT_DELIVERED, "http-201", false);
    assert_string_equal(world->gateway->said[0].agency_ref, "7");
    assert_true(world->gateway->said[0].has_hash);
    assert_non_null(strstr(world->server.last, "\r\nIdempotency-Key: \"" HANDED_KEY "\"\r\n"));
    assert_non_null(strstr(world->server.last, "\r\n\r\n{\"summary\":\"Đăng ký khai sinh\""));
    struct recent *recent = &world->agency->recent;
    assert_true(recent_has(recent, recent_digest(recent, HANDED_CODE), clock_monotonic_ms()));
    assert_true(agency_is_drained(world->agency));
}

static void other_content_is_not_sent(void **state)
{
    struct world *world = *state;
    struct offer *offer = offer_of(7, 1, CLASS_IDEMPOTENT), *asked = offer_of(8, 2, CLASS_PROBE);

    open_agency(world, "/ok", "");
    offer->hash.bytes[31] ^= 1;
    deliver(world, offer);
    asked->handed.routing.content_hash.len = 0;
    asked->handed.routing.ask_first = true;         /* an earlier attempt may have acted: that stays so */
    deliver(world, asked);
    turn_until_said(world, 2);
    check_said(world, 0, 7, 1, VERDICT_LATER, "content-differs", true);
    assert_false(world->gateway->said[0].has_hash);
    check_said(world, 1, 8, 2, VERDICT_UNSURE, "content-differs", false);
    assert_int_equal(atomic_load(&world->server.requests), 0);
}

static void stale_offers_are_not_sent(void **state)
{
    struct world *world = *state;
    struct offer *offer = offer_of(8, 1, CLASS_NEITHER);

    open_agency(world, "/ok", "");
    world->gateway->stale = true;
    deliver(world, offer_of(7, 1, CLASS_NEITHER));
    turn_until_said(world, 1);
    check_said(world, 0, 7, 1, VERDICT_LATER, "stale-offer", true);
    world->gateway->stale = false;
    offer->handed.deliver.stamp_ms -= 55000;        /* of 60 s: less than half a request's time is left */
    deliver(world, offer);
    turn_until_said(world, 2);
    check_said(world, 1, 8, 1, VERDICT_LATER, "stale-offer", true);
    assert_int_equal(atomic_load(&world->server.requests), 0);
}

static void a_lease_that_is_too_short(void **state)
{
    struct world *world = *state;

    open_agency(world, "/ok", "");
    welcome(world, 29000);                          /* two thirds of it are less than 20 s */
    assert_int_equal(world->gateway->credit, 0);
    deliver(world, offer_of(7, 1, CLASS_NEITHER));
    turn_until_said(world, 1);
    check_said(world, 0, 7, 1, VERDICT_LATER, "lease-too-short", true);
    welcome(world, 30000);
    assert_int_equal(world->gateway->credit, 8);
}

static void never_more_than_requests_max(void **state)
{
    struct world *world = *state;

    open_agency(world, "/silent", "");
    for (uint64_t id = 1; id <= 5; id++)
        deliver(world, offer_of(id, 1, id == 1 ? CLASS_NEITHER : CLASS_IDEMPOTENT));
    turn_until_requests(world, 2);
    assert_int_equal(world->agency->begun, 2);
    assert_int_equal(world->agency->open, 5);
    assert_int_equal(world->gateway->count, 0);

    world->gateway->deaf = true;
    agency_drain(world->agency);                    /* those that were not begun */
    assert_int_equal(world->gateway->credit, 0);
    assert_int_equal(world->gateway->count, 3);
    for (size_t i = 0; i < 3; i++)
        check_said(world, i, 3 + i, 1, VERDICT_LATER, "adapter-stopping", true);
    deliver(world, offer_of(6, 1, CLASS_NEITHER));  /* it was on its way */
    check_said(world, 3, 6, 1, VERDICT_LATER, "adapter-stopping", true);
    assert_false(agency_is_idle(world->agency));

    agency_abandon(world->agency);                  /* those in flight: perhaps done */
    assert_int_equal(world->gateway->count, 6);
    check_said(world, 4, 1, 1, VERDICT_UNSURE, "adapter-stopping", false);
    check_said(world, 5, 2, 1, VERDICT_LATER, "adapter-stopping", false);
    assert_false(agency_is_drained(world->agency)); /* there may be more on its way, which nobody would answer */
    world->gateway->deaf = false;
    assert_true(agency_is_drained(world->agency));
    assert_int_equal(atomic_load(&world->server.requests), 2);
}

/* What was offered on a connection that is gone is the gateway's again: it may be with somebody else by now. */
static void a_new_connection_voids_what_waits(void **state)
{
    struct world *world = *state;

    open_agency(world, "/silent", "");
    for (uint64_t id = 1; id <= 4; id++)
        deliver(world, offer_of(id, 1, CLASS_PROBE));
    turn_until_requests(world, 2);
    welcome(world, 60000);
    assert_int_equal(world->gateway->count, 2);
    check_said(world, 0, 3, 1, VERDICT_LATER, "attempt-over", true);
    check_said(world, 1, 4, 1, VERDICT_LATER, "attempt-over", true);
    world->gateway->connected = false;              /* and nothing is begun without a connection */
    deliver(world, offer_of(5, 1, CLASS_PROBE));
    agency_abandon(world->agency);
    assert_int_equal(atomic_load(&world->server.requests), 2);
}

static void a_newer_attempt_waits_for_the_older(void **state)
{
    struct world *world = *state;

    open_agency(world, "/ok", "");
    deliver(world, offer_of(7, 1, CLASS_IDEMPOTENT));
    assert_int_equal(agency_turn(world->agency, clock_monotonic_ms(), clock_boot_ms()), RESULT_OK);
    assert_int_equal(world->agency->begun, 1);
    deliver(world, offer_of(7, 2, CLASS_IDEMPOTENT));
    turn_until_said(world, 2);
    check_said(world, 0, 7, 1, VERDICT_DELIVERED, "http-201", false);
    check_said(world, 1, 7, 2, VERDICT_DELIVERED, "http-201", false);
    assert_int_equal(atomic_load(&world->server.requests), 1);
    assert_true(agency_is_idle(world->agency));
}

static void a_newer_attempt_replaces_one_not_begun(void **state)
{
    struct world *world = *state;

    open_agency(world, "/silent", "");
    for (uint64_t id = 1; id <= 3; id++)
        deliver(world, offer_of(id, 1, CLASS_IDEMPOTENT));
    turn_until_requests(world, 2);
    deliver(world, offer_of(3, 2, CLASS_IDEMPOTENT));
    assert_int_equal(world->gateway->count, 1);
    check_said(world, 0, 3, 1, VERDICT_LATER, "attempt-over", true);
    agency_abandon(world->agency);
    assert_int_equal(world->gateway->count, 4);
    check_said(world, 3, 3, 2, VERDICT_LATER, "adapter-stopping", true);
}

static void an_outcome_waits_for_room(void **state)
{
    struct world *world = *state;

    open_agency(world, "/ok", "");
    world->gateway->full = true;
    deliver(world, offer_of(7, 1, CLASS_IDEMPOTENT));
    while (TAILQ_EMPTY(&world->agency->unsaid))
        turn(world);
    assert_false(agency_is_idle(world->agency));
    world->gateway->full = false;
    turn_until_said(world, 1);
    check_said(world, 0, 7, 1, VERDICT_DELIVERED, "http-201", false);
    assert_true(agency_is_idle(world->agency));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(delivered, setup, teardown),
        cmocka_unit_test_setup_teardown(other_content_is_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(stale_offers_are_not_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lease_that_is_too_short, setup, teardown),
        cmocka_unit_test_setup_teardown(never_more_than_requests_max, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_connection_voids_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_attempt_waits_for_the_older, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_attempt_replaces_one_not_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(an_outcome_waits_for_room, setup, teardown),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    assert_int_equal(hash_start(), RESULT_OK);
    log_level_set(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
