#include "tests/unit/runtime_gateway.h"

#include <signal.h>
#include <time.h>

#include "adapters/runtime/loop.h"

/* The loop itself, from its start until it has stopped; what happens meanwhile, the gateway plays. */
static enum result run(struct world *world, const char *more, void (*gateway)(struct lienthong *))
{
    char lines[1024];
    struct text text = text_of(lines, sizeof lines);
    struct loop_options options = { .rules_folder = "" };

    text_add(&text, "    dialect: rest\n    base_url: http://127.0.0.1:%d\n    https_only: false\n    reach: loopback\n"
                    "    paths: { create: /ok, update: /ok }\n    total_timeout: 20s\n%s", world->server.port, more);
    adapter_config_free(agency_of(&world->scratch, lines));     /* it writes the file */
    options.config_path = scratch_path(&world->scratch, "adapter.yaml");
    gateway_play = gateway;
    enum result result = loop_run(&options);
    gateway_play = NULL;
    return result;
}

/* It has said WELCOME and, at the same time, offered one handoff. */
static void greet(struct lienthong *gateway, uint64_t handoff_id)
{
    Lienthong__V1__Welcome welcome = LIENTHONG__V1__WELCOME__INIT;
    const struct lienthong_callbacks *call = &gateway->options.callbacks;

    welcome.gateway = (char *)"hcm";
    welcome.lease_ms = 60000;
    gateway->greeted = gateway->connected = true;
    call->on_welcome(gateway->options.context, &welcome);
    call->on_deliver(gateway->options.context, &offer_of(handoff_id, 1, CLASS_NEITHER)->delivery);
}

/* ---------------------------------------------------------------- stopping */

static size_t tries;

static void has_no_room(struct lienthong *gateway)
{
    gateway->full = true;
    if (!gateway->greeted)
        greet(gateway, 7);
    if (gateway->tries > tries)
        raise(SIGTERM);
    tries = gateway->tries;
}

/* The first signal waits for what is in flight, the second gives it up, the third does not wait for the gateway. */
static void an_outcome_that_cannot_be_handed_over(void **state)
{
    clock_t begun = clock();

    alarm(20);
    assert_int_equal(run(*state, "", has_no_room), RESULT_OK);
    alarm(0);
    assert_int_equal(tries, 3);
    assert_in_range(clock() - begun, 0, CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outcome_that_cannot_be_handed_over, setup, teardown),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    assert_int_equal(hash_start(), RESULT_OK);
    log_level_set(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
