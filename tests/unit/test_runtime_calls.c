#include "tests/unit/runtime_gateway.h"

/* ---------------------------------------------------------------- logins, checkpoints */

static void open_with_login(struct world *world)
{
    open_agency(world, "", "    paths: { create: /secure, token: /token }\n"
                           "    auth: { kind: client_credentials, id: one-stop, secret_file: keys/secret }\n");
}

static void one_login_for_all_who_wait(void **state)
{
    struct world *world = *state;

    open_with_login(world);
    for (uint64_t id = 1; id <= 6; id++)
        deliver(world, offer_of(id, 1, CLASS_NEITHER));
    turn_until_said(world, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(world->gateway->said[i].verdict, VERDICT_DELIVERED);
    assert_int_equal(atomic_load(&world->server.tokens), 1);
    assert_int_equal(atomic_load(&world->server.requests), 7);
}

static void a_refused_token_is_fetched_once_more(void **state)
{
    struct world *world = *state;

    open_with_login(world);
    deliver(world, offer_of(1, 1, CLASS_NEITHER));
    turn_until_said(world, 1);
    atomic_store(&world->server.good_token, 99);    /* over there it was taken back */
    deliver(world, offer_of(2, 1, CLASS_NEITHER));
    deliver(world, offer_of(3, 1, CLASS_NEITHER));
    turn_until_said(world, 3);
    assert_int_equal(world->gateway->said[1].verdict, VERDICT_DELIVERED);
    assert_int_equal(world->gateway->said[2].verdict, VERDICT_DELIVERED);
    assert_int_equal(atomic_load(&world->server.tokens), 2);
}

static void a_login_that_is_down(void **state)
{
    struct world *world = *state;

    open_agency(world, "", "    paths: { create: /secure, token: /later }\n"
                           "    auth: { kind: client_credentials, id: one-stop, secret_file: keys/secret }\n");
    deliver(world, offer_of(1, 1, CLASS_NEITHER));
    deliver(world, offer_of(2, 1, CLASS_NEITHER));
    turn_until_said(world, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(world->gateway->said[i].verdict, VERDICT_LATER);
        assert_true(world->gateway->said[i].never_sent);
    }
    assert_int_equal(atomic_load(&world->server.requests), 1);
}

static const char exists_then_update[] = "    paths: { create: /exists, update: /ok }\n"
                                         "    rules: [ { call: create, http: 409, next: update, why: \"đã có\" } ]\n";

static void a_checkpoint_comes_before_the_next_call(void **state)
{
    struct world *world = *state;

    open_agency(world, "", exists_then_update);
    world->gateway->kept = true;
    deliver(world, offer_of(7, 1, CLASS_NEITHER));
    turn_until_said(world, 1);
    assert_int_equal(world->gateway->checkpoints, 1);
    check_said(world, 0, 7, 1, VERDICT_DELIVERED, "http-201", false);
    assert_int_equal(atomic_load(&world->server.requests), 2);
}

static void a_checkpoint_not_kept_ends_the_attempt(void **state)
{
    struct world *world = *state;

    open_agency(world, "", exists_then_update);
    deliver(world, offer_of(7, 1, CLASS_NEITHER));
    turn_until_said(world, 1);
    assert_string_equal(world->gateway->said[0].fingerprint, "attempt-over");
    assert_int_equal(atomic_load(&world->server.requests), 1);
}

/* ---------------------------------------------------------------- pulls */

static const char with_pull[] =
    "    paths: { create: /ok }\n"
    "    pull:\n      path: /outbox\n      interval: 1h\n      items: /items\n"
    "      item: { kind: RESULT, source_key: /id, source_time: /at, dossier_code: /code, recipient: /to,\n"
    "              payload: /data, cursor: /seq }\n";

static void pulled_in_order(void **state)
{
    struct world *world = *state;

    open_agency(world, "", with_pull);
    while (world->agency->pull.taken < 3 || world->agency->pull.state != PULL_RESTING
           || world->agency->pull.due_ms < clock_monotonic_ms() + 1000)
        turn(world);
    assert_int_equal(world->gateway->submits, 3);
    assert_string_equal(world->gateway->codes[0], "H29.07-260201-0001");
    assert_string_equal(world->gateway->codes[1], "H29.07-260201-0002");
    assert_string_equal(world->gateway->codes[2], "H29.07-260201-0003");
    assert_int_equal(world->gateway->cursor_bytes, 1);
    assert_int_equal(world->gateway->cursor[0], '3');
    assert_int_equal(atomic_load(&world->server.requests), 3);      /* the empty page ended it */
    assert_int_equal(world->gateway->options.roles, ROLE_RECEIVER | ROLE_SENDER);
}

static void a_refused_item_stops_its_page(void **state)
{
    struct world *world = *state;

    open_agency(world, "", with_pull);
    world->gateway->refuse = PROBLEM_NOT_ALLOWED;
    while (world->gateway->tickets_told < 1)
        turn(world);
    assert_int_equal(world->agency->pull.state, PULL_RESTING);
    assert_int_equal(world->gateway->submits, 1);
    assert_int_equal(world->gateway->cursor_bytes, 0);
    world->gateway->refuse = 0;
    world->agency->pull.due_ms = 0;                                 /* an hour later */
    while (world->agency->pull.taken < 3)
        turn(world);
    assert_string_equal(world->gateway->codes[1], "H29.07-260201-0001");
    assert_int_equal(world->gateway->submits, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_login_for_all_who_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_token_is_fetched_once_more, setup, teardown),
        cmocka_unit_test_setup_teardown(a_login_that_is_down, setup, teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_comes_before_the_next_call, setup, teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_not_kept_ends_the_attempt, setup, teardown),
        cmocka_unit_test_setup_teardown(pulled_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_item_stops_its_page, setup, teardown),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    assert_int_equal(hash_start(), RESULT_OK);
    log_level_set(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
