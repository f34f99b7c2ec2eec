/* Flows at random: procedures of any shape, and everything that agencies, the one-stop and operators can do to them, in
 * any order. Nothing may stop the program, the store must be whole after each walk, and no step may wait for what can
 * never come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/flow.h"
#include "proto/content.h"
#include "tests/unit/core_operator.h"
#include "tests/unit/core_upload.h"

enum { WALKS = 120, ACTS = 150, STEPS = 7, SEEN_MAX = 4096 };

static struct procedure procedure;
static struct procedure_step steps[STEPS];
static uint64_t state_of_dice;
static const char *const agencies[] = { SAFE, ASK, ONCE, WARD2 };

static uint32_t dice(uint32_t sides)
{
    state_of_dice = state_of_dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_dice >> 33) % sides;
}

static void copy(char *to, size_t size, const char *from)
{
    assert_true(span_to_string(span_of_string(from), to, size));
}

static void make_procedure(struct world *world)
{
    memset(steps, 0, sizeof steps);
    procedure = (struct procedure){ .code = "P", .usual = true, .senders = { .kind = SELECT_ANY }, .steps = steps,
                                    .step_count = 1 + dice(STEPS) };
    for (uint32_t i = 0; i < procedure.step_count; i++) {
        struct procedure_step *step = &steps[i];
        step->name[0] = (char)('a' + i);
        step->after = i ? dice(1u << i) : 0;
        step->join = dice(4) ? JOIN_ALL : JOIN_ANY;
        step->optional = i && !dice(4);
        step->citizen = i && !dice(6);
        step->agency.kind = SELECT_AGENCY;
        copy(step->agency.code, sizeof step->agency.code, agencies[dice(4)]);
        if (!dice(3))
            memcpy(step->outputs[step->output_count++], "paper", 6);
    }
    world->tables.procedures = &procedure;
    world->tables.procedure_count = 1;
}

/* ---- what there is */

struct seen { struct handoff list[SEEN_MAX]; uint32_t count; };
static struct seen seen;

static void look(struct turn *turn, void *context)
{
    (void)context;
    seen.count = 0;
    for (uint64_t id = 0; seen.count < SEEN_MAX && (id = turn_handoff_next(turn, id)) != 0;)
        assert_true(turn_handoff(turn, id, &seen.list[seen.count++]));
}

struct name { uint32_t number; char code[AGENCY_CODE_SIZE]; };

static void look_up(struct turn *turn, void *context)
{
    struct name *name = context;
    assert_true(turn_agency_code(turn, name->number, name->code));
}

static struct name name_of(struct world *world, uint32_t number)
{
    struct name name = { .number = number };
    world_read(world, look_up, &name);
    return name;
}

static const struct handoff *any(void)
{
    return seen.count ? &seen.list[dice(seen.count)] : NULL;
}

/* ---- what is said */

static uint8_t header_bytes[512];

/* Often none; what uses them is counted by the check at the end of each walk. */
static void attach(struct world *world, struct command *command)
{
    static const char *const contents[] = { "photo", "plan", "letter", "form" };
    for (uint32_t left = dice(3); left; left--) {
        const char *content = contents[dice(4)];
        (void)upload(world, command->agency->code, content);
        upload_name(command, content);
    }
}

static void say(struct world *world, struct command *command, const char *reason, bool with_paper)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Component component = LIENTHONG__V1__COMPONENT__INIT, *list = &component;

    facts.reason_code = (char *)reason;
    component.code = (char *)"paper";
    facts.components = &list;
    facts.n_components = with_paper;
    header.facts = &facts;
    command->submit.header = span_of(header_bytes, lienthong__v1__header__pack(&header, header_bytes));
    memcpy(command->submit.procedure_code, "P", 2);
    attach(world, command);
    world_run(world, command);
    assert_true(world_effect(world, EFFECT_ACCEPTED, 0) || world_effect(world, EFFECT_REFUSED, 0));
}

static void start(struct world *world)
{
    struct command command = world_submit(world, WARD, "", KIND_FORWARD);
    char chosen[CHOSEN_STEPS_MAX][STEP_NAME_SIZE] = { "" };
    struct facts facts = { .chosen = (const char (*)[STEP_NAME_SIZE])chosen };

    for (uint32_t i = 0; i < procedure.step_count; i++)
        if (steps[i].optional && dice(2))
            chosen[facts.chosen_count++][0] = steps[i].name[0];
    command.submit.facts = &facts;
    say(world, &command, "", false);
}

static void work(struct world *world)
{
    static const enum verdict verdicts[] = { VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_BAD_DATA,
                                             VERDICT_REFUSED, VERDICT_LATER, VERDICT_UNSURE };
    const char *code = agencies[dice(4)];
    struct { uint64_t id; uint32_t attempt; } taken[4];

    uint32_t count = world_offer(world, code, 1 + dice(4));
    for (uint32_t i = 0; i < count; i++) {
        const struct effect *deliver = world_effect(world, EFFECT_DELIVER, i);
        taken[i].id = deliver->deliver.handoff;
        taken[i].attempt = deliver->deliver.attempt;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct command outcome = world_outcome(code, taken[i].id, taken[i].attempt, verdicts[dice(7)]);
        outcome.agency = world_agency(world, code);
        if (dice(8))
            world_run(world, &outcome);
    }
}

static void answer(struct world *world)
{
    static const struct { enum kind kind; const char *reason; } answers[] = {
        { KIND_RESULT, "" }, { KIND_RESULT, "" }, { KIND_RESULT, "" }, { KIND_RESULT, "" }, { KIND_PROGRESS, "" },
        { KIND_REFUSAL, "no" }, { KIND_SEND_BACK, REASON_WRONG_AGENCY }, { KIND_SEND_BACK, REASON_WRONG_AGENCY },
        { KIND_SEND_BACK, REASON_WRONG_PROCEDURE }, { KIND_SEND_BACK, "" }, { KIND_STOP, "" }, { KIND_RECALL, "" },
        { KIND_RECALL, "" }, { KIND_FINANCIAL_OBLIGATION, "" }, { KIND_SUPPLEMENT_REQUEST, "" },
    };
    const struct handoff *to = any();
    uint32_t which = dice(sizeof answers / sizeof *answers);

    if (!to || to->state != STATE_DELIVERED || (to->kind != KIND_FORWARD && to->kind != KIND_RECALL &&
                                                to->kind != KIND_RESULT))
        return;
    uint32_t by = to->kind == KIND_RESULT ? to->sender : to->recipient;
    struct name name = name_of(world, by);
    struct command command = world_submit(world, name.code, "", to->kind == KIND_RESULT ? KIND_RECALL
                                                                                        : answers[which].kind);
    command.submit.parent = to->id;
    if (!dice(5))
        command.submit.source_time_ms -= (int64_t)dice(3600) * 1000;
    say(world, &command, answers[which].reason, dice(4));
}

/* A step's agency takes its result back; who was told answers that, or speaks of his step and not of the RECALL. */
static void recall(struct world *world)
{
    static const enum kind kinds[] = { KIND_PROGRESS, KIND_RESULT, KIND_REFUSAL, KIND_REFUSAL, KIND_SEND_BACK };
    const struct handoff *about = NULL;

    for (uint32_t i = 0, at = dice(SEEN_MAX); i < seen.count && !about; i++) {
        const struct handoff *one = &seen.list[(at + i) % seen.count];
        bool told = one->kind == KIND_RECALL && one->state == STATE_DELIVERED && one->parent && !one->answer;
        if (told || (one->flags & HANDOFF_STEP && one->answer == ANSWER_RESULT))
            about = one;
    }
    if (!about)
        return;
    struct name name = name_of(world, about->recipient);
    enum kind kind = about->kind == KIND_RECALL ? kinds[dice(5)] : KIND_RECALL;
    struct command command = world_submit(world, name.code, "", kind);
    command.submit.parent = about->kind == KIND_RECALL && dice(2) ? about->parent : about->id;
    say(world, &command, kind == KIND_SEND_BACK ? REASON_WRONG_AGENCY : "", dice(4));
}

static void one_stop(struct world *world)
{
    static const enum kind kinds[] = { KIND_PAYMENT, KIND_PAYMENT, KIND_SUPPLEMENT, KIND_FORWARD, KIND_FORWARD,
                                       KIND_FORWARD, KIND_WITHDRAWAL, KIND_STOP, KIND_RECALL };
    enum kind kind = kinds[dice(dice(6) ? 6 : 9)];
    const struct handoff *parent = any();
    struct command command = world_submit(world, WARD, dice(2) ? agencies[dice(4)] : "", kind);

    if (parent && (kind == KIND_FORWARD || dice(3) == 0) && kind != KIND_WITHDRAWAL && kind != KIND_STOP)
        command.submit.parent = parent->id;
    if (kind != KIND_FORWARD && dice(2))
        command.submit.step[0] = (char)('a' + dice(STEPS));
    say(world, &command, "", false);
}

static void operate(struct world *world)
{
    static const char *const verbs[] = { "release", "redirect", "close", "replay", "hold", "release" };
    const struct handoff *on = any();
    struct command command;

    if (!on)
        return;
    command = operator_command(verbs[dice(6)], on->id);
    copy(command.admin.to, sizeof command.admin.to, agencies[dice(4)]);
    command.admin.behind = (enum behind)dice(BEHIND_END);
    world_run(world, &command);
    command = operator_command(dice(2) ? "explain" : "show", on->id);
    world_run(world, &command);
    const struct effect *reply = world_effect(world, EFFECT_ADMIN_REPLY, 0);
    assert_non_null(reply);
    assert_null(reply->admin_reply.refused);
}

/* ---- what must hold */

/* Somebody was told of it, and has not said of his step that there is no result. */
static bool is_told(struct turn *turn, const struct handoff *recall)
{
    struct handoff forward;
    struct flow flow;

    assert_true(turn_flow(turn, recall->dossier, &flow));
    for (uint32_t i = 0; i < flow.step_count; i++)
        if (flow.steps[i].told == recall->id)
            return turn_handoff(turn, flow.steps[i].handoff, &forward) && forward.answer != ANSWER_REFUSED &&
                   forward.answer != ANSWER_SENT_BACK;
    return false;
}

static bool can_come(struct turn *turn, uint64_t id, uint32_t sender, const struct uuid *message_id)
{
    struct handoff other;

    if (!id && !turn_dedupe(turn, sender, message_id, &id))
        return true;                                    /* the citizen's word */
    assert_true(turn_handoff(turn, id, &other));
    if (other.kind == KIND_RECALL && !is_told(turn, &other))
        fail_msg("handoff %llu, a RECALL, is waited for, and nobody owes an answer", (unsigned long long)other.id);
    if (other.kind == KIND_RECALL)
        return other.state != STATE_CLOSED;
    return other.state != STATE_CLOSED && other.answer != ANSWER_REFUSED &&
           !(other.state == STATE_FAILED && other.fail_class == FAIL_PREDECESSOR);
}

static void waits_rightly(struct turn *turn, const struct handoff *handoff)
{
    struct antecedent row;
    struct uuid at;
    unsigned open = 0, dead = 0;

    for (const struct uuid *after = NULL; turn_antecedent_next(turn, handoff->id, after, &at, &row); after = &at) {
        if (row.done_by)
            continue;
        open++;
        dead += !can_come(turn, row.handoff, handoff->sender, &at);
    }
    bool hopeless = handoff->flags & HANDOFF_JOIN_ANY ? open && dead == open : dead;
    if (hopeless)
        fail_msg("step '%s' (handoff %llu) waits for what cannot come: %u of %u", handoff->step,
                 (unsigned long long)handoff->id, dead, open);
}

static void check_waits(struct turn *turn, void *context)
{
    (void)context;
    for (uint32_t i = 0; i < seen.count; i++)
        if (seen.list[i].flags & HANDOFF_STEP && seen.list[i].state == STATE_HELD)
            waits_rightly(turn, &seen.list[i]);
}

static void walk(struct world *world)
{
    world->tables.purge_after_ms = dice(2) ? DAY_MS : 60 * DAY_MS;
    for (unsigned i = 0; i < ACTS; i++) {
        world->now_ms += dice(100) ? dice(600000) : 3600000;
        world_read(world, look, NULL);
        uint32_t what = i ? dice(20) : 0;
        if (what == 0)
            start(world);
        else if (what < 9)
            work(world);
        else if (what < 14)
            answer(world);
        else if (what < 15)
            recall(world);
        else if (what < 17)
            one_stop(world);
        else if (what < 19)
            operate(world);
        else
            world_pass(world, (int64_t)dice(86400) * 1000);
    }
    world_read(world, look, NULL);
    world_read(world, check_waits, NULL);
    world_check(world);
}

static void at_random(void **state)
{
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        struct world *world = *state;
        state_of_dice = seed * 0x9E3779B97F4A7C15u;
        make_procedure(world);
        walk(world);
        assert_int_equal(world_teardown(state), 0);
        assert_int_equal(world_setup(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { WORLD(at_random) };
    return cmocka_run_group_tests_name("core: flows at random", tests, NULL, NULL);
}
