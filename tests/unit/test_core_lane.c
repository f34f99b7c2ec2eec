/* Lanes: the order within a dossier, and who comes next at a recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_world.h"

/* A FORWARD (or another kind) to SAFE in a dossier of its own. */
static uint64_t send_due(struct world *world, const char *dossier, enum kind kind, int64_t due_ms)
{
    struct command submit = world_submit(world, WARD, SAFE, kind);
    memcpy(submit.submit.dossier_code, dossier, strlen(dossier) + 1);
    submit.submit.due_ms = due_ms;
    return world_accept(world, &submit);
}

static uint64_t offered(const struct world *world, unsigned n)
{
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, n);
    return deliver ? deliver->deliver.handoff : 0;
}

static void one_at_a_time_and_in_order(void **state)
{
    struct world *world = *state;
    uint64_t first = send_due(world, "A-1", KIND_FORWARD, 0), second = send_due(world, "A-1", KIND_SUPPLEMENT, 0);
    uint64_t third = send_due(world, "A-1", KIND_PROGRESS, 0);

    assert_int_equal(world_offer(world, SAFE, 10), 1);
    assert_int_equal(offered(world, 0), first);
    assert_int_equal(world_offer(world, SAFE, 10), 0);
    struct command outcome = world_outcome(SAFE, first, 1, VERDICT_DELIVERED);
    assert_int_equal(world_say(world, &outcome), STATE_DELIVERED);
    assert_int_equal(world_count(world, EFFECT_READY), 1);
    assert_int_equal(world_try(world, second, VERDICT_LATER), STATE_WAITING);
    assert_int_equal(world_offer(world, SAFE, 10), 0);              /* a waiting head blocks */
    (void)world_pass(world, DAY_MS / 24);
    assert_int_equal(world_try(world, second, VERDICT_BAD_DATA), STATE_FAILED);
    assert_int_equal(world_offer(world, SAFE, 10), 0);              /* a failed one too */
    assert_int_equal(world_state(world, third), STATE_READY);
    assert_int_equal(world_handoff(world, third).ready_due_ms, 0);
}

static void a_stuck_lane_holds_back_nothing_else(void **state)
{
    struct world *world = *state;
    uint64_t stuck = send_due(world, "A-1", KIND_FORWARD, 0);
    (void)send_due(world, "A-1", KIND_SUPPLEMENT, 0);
    assert_int_equal(world_try(world, stuck, VERDICT_BAD_DATA), STATE_FAILED);

    uint64_t other = send_due(world, "B-1", KIND_FORWARD, 0);
    struct command elsewhere = world_submit(world, WARD, ASK, KIND_FORWARD);
    memcpy(elsewhere.submit.dossier_code, "A-1", 4);
    uint64_t same_dossier = world_accept(world, &elsewhere);
    assert_int_equal(world_try(world, other, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_try(world, same_dossier, VERDICT_DELIVERED), STATE_DELIVERED);
}

static void by_due_date_then_by_age(void **state)
{
    struct world *world = *state;
    int64_t now_ms = world->now_ms;
    uint64_t undated1 = send_due(world, "A-1", KIND_FORWARD, 0);
    uint64_t late_by_two = send_due(world, "A-2", KIND_FORWARD, now_ms - 2 * DAY_MS);
    uint64_t in_three = send_due(world, "A-3", KIND_FORWARD, now_ms + 3 * DAY_MS);
    uint64_t in_one = send_due(world, "A-4", KIND_FORWARD, now_ms + DAY_MS);
    uint64_t late_by_one = send_due(world, "A-5", KIND_FORWARD, now_ms - DAY_MS);
    uint64_t undated2 = send_due(world, "A-6", KIND_FORWARD, 0);
    uint64_t in_two = send_due(world, "A-7", KIND_FORWARD, now_ms + 2 * DAY_MS);
    uint64_t in_four = send_due(world, "A-8", KIND_FORWARD, now_ms + 4 * DAY_MS);
    uint64_t news = send_due(world, "A-9", KIND_PROGRESS, now_ms + 1);

    /* Every fourth goes to what is late; news comes after all work. */
    uint64_t order[] = { in_one, in_two, in_three, late_by_two, in_four, late_by_one, undated1, undated2, news };
    assert_int_equal(world_offer(world, SAFE, 20), 9);
    for (unsigned i = 0; i < 9; i++)
        if (offered(world, i) != order[i])
            fail_msg("pick %u", i);
    assert_int_equal(world_agency_state(world, SAFE).offers, 9);
}

/* The count of picks goes on from one OFFER to the next. */
static void the_share_of_the_late_spans_offers(void **state)
{
    struct world *world = *state;
    int64_t now_ms = world->now_ms;
    uint64_t late = send_due(world, "L-1", KIND_FORWARD, now_ms - DAY_MS);

    for (int i = 0; i < 6; i++) {
        char code[] = "A-0";
        code[2] = (char)('0' + i);
        (void)send_due(world, code, KIND_FORWARD, now_ms + DAY_MS + i);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(world_offer(world, SAFE, 1), 1);
        assert_int_equal(offered(world, 0) == late, i == 3);
    }
}

static void a_head_inherits_the_earliest_due_behind_it(void **state)
{
    struct world *world = *state;
    int64_t now_ms = world->now_ms;
    uint64_t head = send_due(world, "A-1", KIND_FORWARD, now_ms + 9 * DAY_MS);
    uint64_t other = send_due(world, "B-1", KIND_FORWARD, now_ms + 5 * DAY_MS);
    uint64_t urgent = send_due(world, "A-1", KIND_SUPPLEMENT, now_ms + DAY_MS);

    assert_int_equal(world_handoff(world, head).ready_due_ms, now_ms + DAY_MS);
    assert_int_equal(world_offer(world, SAFE, 2), 2);
    assert_int_equal(offered(world, 0), head);
    assert_int_equal(offered(world, 1), other);
    struct command outcome = world_outcome(SAFE, head, 1, VERDICT_DELIVERED);
    (void)world_say(world, &outcome);
    assert_int_equal(world_handoff(world, urgent).ready_due_ms, now_ms + DAY_MS);
}

/* An undated head takes the date of one behind it and gives it up when that one is withdrawn. */
static void inherited_dates_go_with_their_owner(void **state)
{
    struct world *world = *state;
    uint64_t head = send_due(world, "A-1", KIND_FORWARD, 0);
    assert_int_equal(world_try(world, head, VERDICT_UNKNOWN), STATE_WAITING);
    (void)world_pass(world, DAY_MS / 24);
    (void)send_due(world, "A-1", KIND_SUPPLEMENT, world->now_ms + DAY_MS);
    assert_int_equal(world_handoff(world, head).ready_due_ms, world->now_ms + DAY_MS);
    (void)send_due(world, "A-1", KIND_STOP, 0);
    assert_int_equal(world_state(world, head), STATE_READY);
    assert_int_equal(world_handoff(world, head).ready_due_ms, 0);
    assert_int_equal(world_try(world, head, VERDICT_DELIVERED), STATE_DELIVERED);
}

static void only_kinds_that_were_announced(void **state)
{
    struct world *world = *state;
    (void)send_due(world, "A-1", KIND_CONSULT, 0);
    uint64_t forward = send_due(world, "B-1", KIND_FORWARD, 0);
    struct command offer = { .kind = COMMAND_OFFER, .agency = world_agency(world, SAFE) };
    offer.offer = (struct offer){ .session = 5, .most = 10, .kinds = KIND_BIT(KIND_FORWARD) };

    world_run(world, &offer);
    assert_int_equal(world_count(world, EFFECT_DELIVER), 1);
    assert_int_equal(offered(world, 0), forward);
    assert_false(world_effect(world, EFFECT_OFFERED, 0)->offered.more);
    assert_int_equal(world_offer(world, SAFE, 10), 1);
}

static void a_probe_is_one(void **state)
{
    struct world *world = *state;
    (void)send_due(world, "A-1", KIND_FORWARD, 0);
    (void)send_due(world, "B-1", KIND_FORWARD, 0);
    struct command offer = { .kind = COMMAND_OFFER, .agency = world_agency(world, SAFE) };
    offer.offer = (struct offer){ .session = 5, .most = 10, .kinds = KINDS_ALL, .probe = true };
    world_run(world, &offer);
    assert_int_equal(world_count(world, EFFECT_DELIVER), 1);
    assert_int_equal(world_effect(world, EFFECT_OFFERED, 0)->offered.asked, 1);
}

/* Large bodies fill what a turn may say: the OFFER ends early, says so, and the next one goes on. */
static void an_offer_ends_where_the_room_ends(void **state)
{
    static uint8_t body[BODY_BYTES_MAX];
    struct world *world = *state;
    enum { SENT = 40 };

    for (int i = 0; i < SENT; i++) {
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        memcpy(submit.submit.dossier_code, "BIG-00", 7);
        submit.submit.dossier_code[4] = (char)('0' + i / 10);
        submit.submit.dossier_code[5] = (char)('0' + i % 10);
        submit.submit.payload = span_of(body, sizeof body);
        (void)world_accept(world, &submit);
    }
    unsigned given = 0, offers = 0;
    for (; offers < SENT; offers++) {
        unsigned now = world_offer(world, SAFE, OFFER_MAX);
        given += now;
        if (!world_effect(world, EFFECT_OFFERED, 0)->offered.more)
            break;
        assert_in_range(now, 10, 16);
    }
    assert_int_equal(given, SENT);
    assert_in_range(offers, 2, 4);
}

/* The one that reaches the bound goes, the next ones with the next OFFER: at least one each time. */
static void an_offer_ends_with_the_body_that_reaches_its_bound(void **state)
{
    struct world *world = *state;
    struct command offer = { .kind = COMMAND_OFFER, .agency = world_agency(world, SAFE) };
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    size_t each = submit.submit.header.size + submit.submit.payload.size;
    for (char name[] = "A-0"; name[2] < '5'; name[2]++)
        (void)send_due(world, name, KIND_FORWARD, 0);
    offer.offer = (struct offer){ .session = 5, .most = 10, .kinds = KINDS_ALL, .bytes_max = 2 * each - 1 };
    world_run(world, &offer);
    assert_int_equal(world_count(world, EFFECT_DELIVER), 2);
    assert_int_equal(world_effect(world, EFFECT_OFFERED, 0)->offered.bytes, 2 * each);
    assert_true(world_effect(world, EFFECT_OFFERED, 0)->offered.more);
    offer.offer.bytes_max = 1;
    world_run(world, &offer);
    assert_int_equal(world_count(world, EFFECT_DELIVER), 1);
    assert_true(world_effect(world, EFFECT_OFFERED, 0)->offered.more);
    offer.offer.bytes_max = 3 * each;
    world_run(world, &offer);
    assert_int_equal(world_count(world, EFFECT_DELIVER), 2);
    assert_false(world_effect(world, EFFECT_OFFERED, 0)->offered.more);
}

/* ---- what core.h says between steps */

struct due_asked { int64_t due_ms; bool ready, ready_elsewhere; };

static void load_due(struct turn *turn, void *context)
{
    struct due_asked *asked = context;
    asked->due_ms = core_due_ms(turn);
    asked->ready = core_has_ready(turn, turn_agency_number(turn, SAFE));
    asked->ready_elsewhere = core_has_ready(turn, turn_agency_number(turn, WARD));
}

static void the_loop_can_ask(void **state)
{
    struct world *world = *state;
    struct due_asked asked;

    world_read(world, load_due, &asked);
    assert_true(asked.due_ms == INT64_MAX && !asked.ready);
    (void)send_due(world, "A-1", KIND_RATING, 0);
    world_read(world, load_due, &asked);
    assert_true(asked.due_ms == INT64_MAX && asked.ready && !asked.ready_elsewhere);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    world_read(world, load_due, &asked);
    assert_true(asked.due_ms == world->now_ms + world->tables.lease_ms && !asked.ready);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(one_at_a_time_and_in_order), WORLD(a_stuck_lane_holds_back_nothing_else),
        WORLD(by_due_date_then_by_age), WORLD(the_share_of_the_late_spans_offers),
        WORLD(a_head_inherits_the_earliest_due_behind_it), WORLD(inherited_dates_go_with_their_owner),
        WORLD(only_kinds_that_were_announced), WORLD(a_probe_is_one), WORLD(an_offer_ends_where_the_room_ends),
        WORLD(an_offer_ends_with_the_body_that_reaches_its_bound),
        WORLD(the_loop_can_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
