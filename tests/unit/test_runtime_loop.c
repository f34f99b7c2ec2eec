#include "tests/unit/runtime_gateway.h"

#include <signal.h>
#include <time.h>

#include "adapters/runtime/loop.h"

static int64_t later_ms;

int64_t __real_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void);

int64_t __wrap_clock_monotonic_ms(void)
{
    return __real_clock_monotonic_ms() + later_ms;
}

static void write_config(struct world *world, const char *more)
{
    char lines[1024];
    struct text text = text_of(lines, sizeof lines);

    text_add(&text, "    dialect: rest\n    base_url: http://127.0.0.1:%d\n    https_only: false\n    reach: loopback\n"
                    "    paths: { create: /ok }\n    total_timeout: 20s\n%s", world->server.port, more);
    adapter_config_free(agency_of(&world->scratch, lines));     /* it writes the file */
}

/* The loop itself, from its start until it has stopped; what happens meanwhile, the gateway plays. */
static enum result run(struct world *world, void (*gateway)(struct lienthong *))
{
    struct loop_options options = { .rules_folder = "" };
    sigset_t set = { 0 };

    write_config(world, "");
    options.config_path = scratch_path(&world->scratch, "adapter.yaml");
    gateway_play = gateway;
    gateway_dropped = 0;
    later_ms = 0;
    alarm(20);
    enum result result = loop_run(&options);
    alarm(0);
    gateway_play = NULL;
    sigaddset(&set, SIGTERM);               /* one that this loop has not read is not for the next */
    while (sigtimedwait(&set, NULL, &(struct timespec){ 0 }) > 0)
        ;
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

    assert_int_equal(run(*state, has_no_room), RESULT_OK);
    assert_int_equal(tries, 3);
    assert_in_range(clock() - begun, 0, CLOCKS_PER_SEC);
}

/* ---------------------------------------------------------------- reloading */

static struct {
    struct world *world;
    int turns, stop_at;
    uint32_t credit;                    /* of the connection made last */
} play_down;

/* One outcome is given when the line goes down; SIGHUP. Ten seconds later SIGHUP again, with another configuration;
 * after as many the line is back, and after three more the outcome is acknowledged. */
static void goes_down(struct lienthong *gateway)
{
    play_down.credit = gateway->options.credit;
    if (play_down.turns >= 23 && !gateway->count) {
        raise(SIGTERM);
        return;
    }
    if (!gateway->greeted)
        greet(gateway, 7);
    if (!gateway->count)
        return;
    later_ms += play_down.turns ? 1000 : 0;
    gateway->due_ms = 1;                /* turns on and on */
    if (play_down.turns++ == 0) {
        gateway->connected = false;
        gateway->open = 1;
        raise(SIGHUP);
    }
    if (play_down.turns == 10) {
        write_config(play_down.world, "    credit: 9\n");
        raise(SIGHUP);
    }
    if (play_down.turns == play_down.stop_at)
        raise(SIGTERM);
    if (play_down.turns == 20)
        greet(gateway, 8);              /* to a connection that takes nothing new */
    if (play_down.turns == 23)
        gateway->open = 0;
}

static void a_reload_waits_for_the_line(void **state)
{
    play_down = (typeof(play_down)){ .world = *state };
    assert_int_equal(run(*state, goes_down), RESULT_OK);
    assert_int_equal(gateway_dropped, 0);
    assert_int_equal(play_down.turns, 23);
    assert_int_equal(play_down.credit, 9);
    assert_int_equal(atomic_load(&play_down.world->server.acted), 1);
}

static void a_stop_does_not_wait_for_the_line(void **state)
{
    play_down = (typeof(play_down)){ .world = *state, .stop_at = 12 };
    assert_int_equal(run(*state, goes_down), RESULT_OK);
    assert_int_equal(gateway_dropped, 1);
    assert_in_range(play_down.turns, 12, 19);
}

static bool created, remembered;

/* One dossier is created; SIGHUP; the one that follows is asked whether it knows it. */
static void forgets_nothing(struct lienthong *gateway)
{
    struct agency *agency = gateway->options.context;

    if (gateway->tries && !created) {
        created = true;
        raise(SIGHUP);
    } else if (!gateway->greeted && !created)
        greet(gateway, 7);
    else if (!gateway->tries && created) {
        remembered = recent_has(&agency->recent, recent_digest(&agency->recent, HANDED_CODE), clock_monotonic_ms());
        raise(SIGTERM);
    }
}

static void a_reload_remembers_what_was_created(void **state)
{
    assert_int_equal(run(*state, forgets_nothing), RESULT_OK);
    assert_true(remembered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_outcome_that_cannot_be_handed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reload_waits_for_the_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_does_not_wait_for_the_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reload_remembers_what_was_created, setup, teardown),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    assert_int_equal(hash_start(), RESULT_OK);
    log_level_set(LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
