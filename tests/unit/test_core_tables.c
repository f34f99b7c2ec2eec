/* Looking things up in a directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

static void by_code_or_alias(void **state)
{
    struct world *world = *state;
    const struct tables *tables = &world->tables;
    for (uint32_t i = 0; i < WORLD_AGENCIES; i++)
        assert_ptr_equal(tables_agency(tables, world->agencies[i].code), &world->agencies[i]);
    assert_ptr_equal(tables_agency(tables, "WARD-1"), world_agency(world, WARD));
    assert_null(tables_agency(tables, "WARD-2"));
    assert_null(tables_agency(tables, ""));
    struct tables empty = { 0 };
    assert_null(tables_agency(&empty, WARD));
}

static void dates_and_successors(void **state)
{
    struct world *world = *state;
    struct agency *gone = world_agency(world, GONE), *safe = world_agency(world, SAFE);
    const struct tables *tables = &world->tables;

    gone->from_ms = 1000;
    gone->to_ms = 2000;
    world->takes_over[0].from_ms = 2000;
    assert_false(tables_agency_exists(gone, 999));
    assert_true(tables_agency_exists(gone, 1000));
    assert_true(tables_agency_exists(gone, 1999));
    assert_false(tables_agency_exists(gone, 2000));
    assert_ptr_equal(tables_successor(tables, gone, NULL, 1500), gone);
    assert_ptr_equal(tables_successor(tables, gone, NULL, 2000), safe);
    safe->to_ms = 3000;                         /* nobody after it */
    assert_null(tables_successor(tables, gone, NULL, 3000));
    safe->successors = &world->takes_over[1];   /* a circle ends */
    safe->successor_count = 1;
    assert_null(tables_successor(tables, gone, NULL, 3000));
}

static void keys_have_dates_and_roles(void **state)
{
    struct world *world = *state;
    struct agency *safe = world_agency(world, SAFE);
    uint8_t key[CURVE_KEY_SIZE] = { 1, 2, 3 };
    uint32_t roles = 0;

    assert_null(tables_agency_of_key(&world->tables, key, 5, &roles));
    safe->key_count = 2;
    memcpy(safe->keys[1].bytes, key, sizeof key);
    safe->keys[1].roles = ROLE_RECEIVER;
    safe->keys[1].from_ms = 10;
    safe->keys[1].to_ms = 20;
    assert_null(tables_agency_of_key(&world->tables, key, 9, &roles));
    assert_ptr_equal(tables_agency_of_key(&world->tables, key, 10, &roles), safe);
    assert_int_equal(roles, ROLE_RECEIVER);
    assert_null(tables_agency_of_key(&world->tables, key, 20, &roles));
    key[31] = 1;
    assert_null(tables_agency_of_key(&world->tables, key, 10, &roles));
}

static void selectors(void **state)
{
    struct world *world = *state;
    struct selector below = { .kind = SELECT_BELOW, .code = "H29" };
    const struct agency *ward = world_agency(world, WARD), *safe = world_agency(world, SAFE);
    struct agency other = { .code = "H291.1" };

    assert_true(selector_matches(&below, ward));
    assert_false(selector_matches(&below, &other));     /* not "H29." */
    assert_false(selector_matches(&below, safe));
    memcpy(below.code, WARD, sizeof WARD);
    assert_true(selector_matches(&below, ward));        /* itself */
    struct selector one = { .kind = SELECT_AGENCY, .code = SAFE };
    assert_true(selector_matches(&one, safe) && !selector_matches(&one, ward));
    struct selector kind = { .kind = SELECT_KIND, .agency_kind = AGENCY_WARD };
    assert_true(selector_matches(&kind, ward) && !selector_matches(&kind, safe));
    struct selector any = { .kind = SELECT_ANY }, none = { 0 };
    assert_true(selector_matches(&any, ward) && !selector_matches(&none, ward));
}

static void permits_and_routes(void **state)
{
    struct world *world = *state;
    const struct agency *ward = world_agency(world, WARD), *safe = world_agency(world, SAFE);
    const struct tables *tables = &world->tables;

    assert_true(tables_permit(tables, ward, safe, KIND_FORWARD, "x"));
    assert_true(tables_permit(tables, safe, ward, KIND_RESULT, "x"));
    assert_false(tables_permit(tables, safe, world_agency(world, ASK), KIND_RESULT, "x"));
    memcpy(world->permits[0].procedure, "y", 2);
    assert_false(tables_permit(tables, ward, safe, KIND_FORWARD, "x"));
    assert_true(tables_permit(tables, ward, safe, KIND_FORWARD, "y"));
    assert_ptr_equal(tables_route(tables, "2.000986", "residence", ward), safe);
    assert_null(tables_route(tables, "2.000986", "birth", ward));
    world->route.from = (struct selector){ .kind = SELECT_AGENCY, .code = WARD2 };
    assert_null(tables_route(tables, "2.000986", "residence", ward));
}

static void keys_of_handoffs(void **state)
{
    struct world *world = *state;
    struct handoff handoff = { .id = 0x0001000000000010 };
    char key[IDEMPOTENCY_KEY_SIZE];

    handoff_key(&world->tables, &handoff, key);
    assert_string_equal(key, "gw-test-0001000000000010");
    handoff.key_generation = 2;
    handoff_key(&world->tables, &handoff, key);
    assert_string_equal(key, "gw-test-0001000000000010-2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(by_code_or_alias), WORLD(dates_and_successors), WORLD(keys_have_dates_and_roles), WORLD(selectors),
        WORLD(permits_and_routes), WORLD(keys_of_handoffs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
