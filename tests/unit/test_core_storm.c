/* A storm: thousands of random commands, sensible and silly, through the shipped core on a real store. The same seed is
 * the same storm. What must hold is asserted on the way and, by checking the whole store, at the end:
 *   an agency that is neither idempotent nor can be asked gets no second DELIVER unless the first was answered "not
 *   acted" or a person replayed it; a lane has one open offer; once the weather clears, everything that waits for
 *   nobody and is not behind such a one ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_operator.h"

enum { COMMANDS = 2500, IDS_MAX = COMMANDS, DOSSIERS = 6 };

static const char *const senders[] = { WARD, WARD2, SAFE, ASK, ONCE };
static const char *const recipients[] = { SAFE, ASK, ONCE, GONE, WARD, "" };
static const char *const receivers[] = { SAFE, ASK, ONCE, WARD, WARD2 };

struct storm {
    struct world *world;
    uint64_t dice;
    struct command sent[IDS_MAX];       /* accepted SUBMITs */
    uint64_t ids[IDS_MAX];
    enum verdict said[IDS_MAX];         /* of the last attempt, while it counted */
    unsigned count, delivers, refusals;
};

static uint32_t roll(struct storm *storm, uint32_t sides)
{
    storm->dice = storm->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(storm->dice >> 33) % sides;
}

static unsigned index_of(const struct storm *storm, uint64_t id)
{
    unsigned i = 0;
    while (i < storm->count && storm->ids[i] != id)
        i++;
    return i;
}

static uint64_t any_id(struct storm *storm)
{
    return storm->count ? storm->ids[roll(storm, storm->count)] : 0;
}

static void submit(struct storm *storm)
{
    struct world *world = storm->world;
    const char *from = senders[roll(storm, roll(storm, 2) ? 5 : 2)];
    struct command command = world_submit(world, from, recipients[roll(storm, 6)], 1 + roll(storm, KIND_END - 1));
    struct submit *said = &command.submit;

    if (!roll(storm, 2))
        said->kind = KIND_FORWARD;
    said->dossier_code[0] = (char)('A' + roll(storm, DOSSIERS));
    if (!roll(storm, 3))
        said->due_ms = world->now_ms - DAY_MS + roll(storm, 4) * DAY_MS;
    if (!roll(storm, 3))
        said->parent = any_id(storm);
    for (unsigned i = roll(storm, 6); i >= 4 && storm->count; i--)
        world_after(&command, &storm->sent[roll(storm, storm->count)].submit.message_id, 1 + roll(storm, 2));
    if (!roll(storm, 12) && storm->count) {
        struct command again = storm->sent[roll(storm, storm->count)];
        command = again;
        said = &command.submit;
        if (!roll(storm, 3))
            said->content_hash.bytes[3] ^= 1;
    }
    if (said->kind == KIND_RESULT && !said->recipient[0] && !said->parent)
        said->parent = any_id(storm);
    world_run(world, &command);
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    if (!accepted)
        storm->refusals++;
    if (!accepted || accepted->accepted.duplicate)
        return;
    storm->sent[storm->count] = command;
    storm->said[storm->count] = 0;
    storm->ids[storm->count++] = accepted->accepted.handoff;
}

static bool not_acted(enum verdict verdict)
{
    return verdict == VERDICT_LATER || verdict == VERDICT_PREDECESSOR_MISSING || verdict == VERDICT_MISCONFIGURED;
}

static void offer(struct storm *storm, const char *to, uint32_t most)
{
    struct world *world = storm->world;

    (void)world_offer(world, to, most);
    for (unsigned i = 0; i < world_count(world, EFFECT_DELIVER); i++) {
        const struct effect *deliver = world_effect(world, EFFECT_DELIVER, i);
        unsigned index = index_of(storm, deliver->deliver.handoff);
        storm->delivers++;
        if (index == storm->count) {            /* an operator's child */
            assert_in_range(storm->count, 0, IDS_MAX - 1);
            storm->sent[index] = storm->sent[0];
            storm->ids[storm->count++] = deliver->deliver.handoff;
        } else if (deliver->deliver.attempt > 1 && deliver->deliver.agency_class == CLASS_NEITHER &&
                   !not_acted(storm->said[index])) {
            assert_true(world_handoff(world, deliver->deliver.handoff).flags & HANDOFF_REPLAYED);
        }
        storm->said[index] = 0;
    }
}

static const char *recipient_of(struct storm *storm, const struct handoff *handoff);

/* An answer for a random handoff, mostly for its present attempt. */
static void outcome(struct storm *storm, uint64_t id, enum verdict verdict)
{
    struct world *world = storm->world;
    struct handoff handoff = world_handoff(world, id);
    const char *agency = recipient_of(storm, &handoff);

    if (!handoff.attempt)
        return;
    uint32_t attempt = roll(storm, 5) ? handoff.attempt : 1 + roll(storm, handoff.attempt);
    struct command command = world_outcome(agency, id, attempt, verdict);
    command.outcome.scope = roll(storm, 4) ? SCOPE_MAPPING : 1 + roll(storm, 3);
    command.outcome.uncharged = !roll(storm, 6);
    command.outcome.fingerprint[0] = (char)('a' + roll(storm, 3));
    if (!roll(storm, 3))
        command.outcome.field[0] = 'f';
    enum state state = world_say(world, &command);
    if (attempt == handoff.attempt && (handoff.state == STATE_OFFERED || handoff.state == STATE_UNSURE))
        storm->said[index_of(storm, id)] = verdict;
    if (verdict == VERDICT_DELIVERED)
        assert_true(state_is_final(state));
}

struct code_asked { uint32_t agency; char code[AGENCY_CODE_SIZE]; };

static void load_code(struct turn *turn, void *context)
{
    struct code_asked *asked = context;
    assert_true(turn_agency_code(turn, asked->agency, asked->code));
}

static const char *recipient_of(struct storm *storm, const struct handoff *handoff)
{
    struct code_asked asked = { .agency = handoff->recipient };
    world_read(storm->world, load_code, &asked);
    return world_agency(storm->world, asked.code)->code;
}

static void operate(struct storm *storm)
{
    static const char *const verbs[] = { "replay", "close", "redirect", "hold", "release", "release" };
    const char *verb = verbs[roll(storm, 6)];
    struct command command = operator_command(verb, any_id(storm));

    command.admin.behind = roll(storm, BEHIND_END);
    memcpy(command.admin.to, SAFE, sizeof SAFE);
    command.admin.fresh_key = !roll(storm, 4);
    if (!roll(storm, 3) && command.admin.verb[0] == 'r' && command.admin.verb[2] == 'l') {
        command.admin.handoff = 0;                      /* release an agency */
        memcpy(command.admin.code, SAFE, sizeof SAFE);
    }
    (void)operator_ask(storm->world, &command);
}

static void lose_or_start(struct storm *storm)
{
    struct command command = { .kind = COMMAND_START };
    if (roll(storm, 2)) {
        command.kind = COMMAND_SESSION_LOST;
        command.lost = world_session(receivers[roll(storm, 5)]);
    }
    do
        world_run(storm->world, &command);
    while (world_effect(storm->world, EFFECT_AGAIN, 0));
}

static void refund(struct storm *storm)
{
    uint64_t some[3] = { any_id(storm), any_id(storm), any_id(storm) };
    struct command command = { .kind = COMMAND_BREAKER, .breaker = { some, 3 } };
    world_run(storm->world, &command);
}

static void one_of_many(struct storm *storm)
{
    uint32_t what = roll(storm, 100);
    if (what < 30)
        submit(storm);
    else if (what < 50)
        offer(storm, receivers[roll(storm, 5)], 1 + roll(storm, 4));
    else if (what < 78)
        for (int i = 0; i < 3 && storm->count; i++)
            outcome(storm, any_id(storm), 1 + roll(storm, VERDICT_END - 1));
    else if (what < 86)
        (void)world_pass(storm->world, roll(storm, 20) ? roll(storm, 5) * MINUTE_MS : 7 * DAY_MS);
    else if (what < 93)
        operate(storm);
    else if (what < 96)
        lose_or_start(storm);
    else
        refund(storm);
}

/* ---- fair weather */

static void answer_all(struct storm *storm, const char *agency)
{
    struct world *world = storm->world;
    for (int rounds = 0; rounds < IDS_MAX; rounds++) {
        uint64_t ids[OFFER_MAX];
        unsigned given;
        offer(storm, agency, OFFER_MAX);
        if ((given = world_count(world, EFFECT_DELIVER)) == 0)
            return;
        for (unsigned i = 0; i < given; i++)
            ids[i] = world_effect(world, EFFECT_DELIVER, i)->deliver.handoff;
        for (unsigned i = 0; i < given; i++) {
            uint32_t attempt = world_handoff(world, ids[i]).attempt;
            struct command said = world_outcome(agency, ids[i], attempt, VERDICT_DELIVERED);
            assert_int_equal(world_say(world, &said), STATE_DELIVERED);
        }
    }
    fail_msg("no end at %s", agency);
}

struct head_asked { struct handoff member; enum state state; };

static void load_head(struct turn *turn, void *context)
{
    struct head_asked *asked = context;
    struct handoff head;
    uint64_t place, id;
    assert_true(turn_lane_next(turn, asked->member.dossier, asked->member.addressed, 0, &place, &id));
    assert_true(turn_handoff(turn, id, &head));
    asked->state = head.state;
}

static void clear_up(struct storm *storm)
{
    struct world *world = storm->world;
    unsigned states[STATE_END] = { 0 };

    for (int i = 0; i < 5; i++) {
        struct command release = operator_command("release", 0);
        memcpy(release.admin.code, receivers[i], strlen(receivers[i]) + 1);
        (void)operator_ask(world, &release);
    }
    for (int rounds = 0; rounds < 4; rounds++) {
        (void)world_pass(world, 2 * DAY_MS);
        for (int i = 0; i < 5; i++)
            answer_all(storm, receivers[i]);
    }
    for (unsigned i = 0; i < storm->count; i++) {
        struct head_asked asked = { .member = world_handoff(world, storm->ids[i]) };
        states[asked.member.state]++;
        assert_int_not_equal(asked.member.state, STATE_OFFERED);
        assert_int_not_equal(asked.member.state, STATE_WAITING);
        if (asked.member.state != STATE_READY)
            continue;
        world_read(world, load_head, &asked);
        if (asked.state != STATE_FAILED && asked.state != STATE_UNSURE && asked.state != STATE_HELD)
            fail_msg("handoff %llu waits behind one that is %s", (unsigned long long)asked.member.id,
                     state_name(asked.state));
    }
    print_message("%u accepted, %u refused, %u DELIVERs; in the end %u delivered, %u closed, %u failed, %u unsure, "
                  "%u held, %u behind those\n", storm->count, storm->refusals, storm->delivers, states[STATE_DELIVERED],
                  states[STATE_CLOSED], states[STATE_FAILED], states[STATE_UNSURE], states[STATE_HELD],
                  states[STATE_READY]);
    assert_true(states[STATE_DELIVERED] && states[STATE_CLOSED] && states[STATE_FAILED]);
}

static void weather(void **state)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        void *own = NULL;
        struct storm *storm = calloc(1, sizeof *storm);
        assert_non_null(storm);
        assert_int_equal(world_setup(&own), 0);
        storm->world = own;
        storm->dice = seed * 1000003;
        print_message("seed %llu: ", (unsigned long long)seed);
        for (int i = 0; i < COMMANDS; i++) {
            one_of_many(storm);
            if (i % 500 == 499)
                world_check(storm->world);
        }
        clear_up(storm);
        free(storm);
        assert_int_equal(world_teardown(&own), 0);      /* checks the store */
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(weather) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
