/* Figures against the records: random stories of some dossiers, everything that can be told of them in any order, and
 * after each stretch the reports are what a slow count over records and endings makes. At the end of each story the
 * store is checked whole, so every row of figures is the sum over the dossiers. Then what stories in tests/trace would
 * be long for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/figures.h"
#include "tests/unit/core_world.h"
#include "tests/unit/store_slow.h"

enum { DOSSIERS = 40, TELLINGS = 600, STRETCH = 150 };

struct story {
    struct world *world;
    uint64_t dice;
    uint64_t forwards[DOSSIERS], answers[DOSSIERS];
    struct procedure procedure;
};

static uint32_t roll(struct story *story, uint32_t sides)
{
    story->dice = story->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(story->dice >> 33) % sides;
}

/* ---- telling by chance */

static struct facts told;

static void any_facts(struct story *story, struct command *command)
{
    told = (struct facts){ .status = roll(story, 3) ? 0 : 1 + roll(story, STATUS_END - 1),
                           .channel = roll(story, 5) ? 0 : roll(story, 6) };
    if (!roll(story, 3))
        snprintf(told.officer_from, OFFICER_SIZE, "CB-%u", roll(story, 3));
    if (!roll(story, 3))
        snprintf(told.officer_to, OFFICER_SIZE, roll(story, 4) ? "CA.%u" : "Ông %u", roll(story, 3));
    if (!roll(story, 2))
        told.papers = (struct facts_papers){ 1 + roll(story, 5), roll(story, 2), roll(story, 2) };
    if (!roll(story, 6))
        told.received_ms = story->world->now_ms - (int64_t)roll(story, 20) * 60 * MINUTE_MS;
    told.has_rating = command->submit.kind == KIND_RATING;
    told.rating = (struct facts_rating){ roll(story, 6), roll(story, 6), roll(story, 4) };
    command->submit.facts = &told;
    if (!roll(story, 4))
        command->submit.due_ms = story->world->now_ms + (int64_t)(roll(story, 60) - 20) * 60 * MINUTE_MS;
    if (!roll(story, 5))
        command->submit.source_time_ms = story->world->now_ms - (int64_t)roll(story, 30) * 60 * MINUTE_MS;
}

static void tell_any(struct story *story)
{
    static const enum kind kinds[] = { KIND_PROGRESS, KIND_PROGRESS, KIND_PROGRESS, KIND_SUPPLEMENT_REQUEST,
                                       KIND_RESULT, KIND_RESULT, KIND_REFUSAL, KIND_STOP, KIND_RECALL,
                                       KIND_FINANCIAL_OBLIGATION };
    static const enum kind wards[] = { KIND_PROGRESS, KIND_SUPPLEMENT, KIND_WITHDRAWAL, KIND_RATING, KIND_FORWARD,
                                       KIND_RETURNED };
    struct world *world = story->world;
    uint32_t number = roll(story, DOSSIERS);
    bool fresh = !story->forwards[number], ward = fresh || !roll(story, 3);
    enum kind kind = fresh ? KIND_FORWARD : ward ? wards[roll(story, 6)] : kinds[roll(story, 10)];
    const char *one_stop = number % 2 ? WARD : WARD2;
    struct command command = world_submit(world, ward ? one_stop : SAFE, ward ? SAFE : one_stop, kind);

    snprintf(command.submit.dossier_code, DOSSIER_CODE_SIZE, "H29.1-260302-%04u", number);
    command.submit.procedure_code[0] = 0;
    if (number % 3)
        snprintf(command.submit.procedure_code, PROCEDURE_CODE_SIZE, "2.%06u", number % 3);
    if (!ward)
        command.submit.parent = kind == KIND_RECALL ? story->answers[number] : story->forwards[number];
    any_facts(story, &command);
    if (fresh && !roll(story, 2))
        told.status = STATUS_REGISTERED;                        /* received later */
    world_run(world, &command);
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    if (!accepted)
        return;
    if (kind == KIND_FORWARD)
        story->forwards[number] = accepted->accepted.handoff;
    if (kind == KIND_RESULT)
        story->answers[number] = accepted->accepted.handoff;
}

static void deliver_some(struct story *story)
{
    struct world *world = story->world;
    uint64_t ids[OFFER_MAX];
    unsigned given = world_offer(world, SAFE, 1 + roll(story, 8));

    for (unsigned i = 0; i < given; i++)
        ids[i] = world_effect(world, EFFECT_DELIVER, i)->deliver.handoff;
    for (unsigned i = 0; i < given; i++) {
        struct command said = world_outcome(SAFE, ids[i], world_handoff(world, ids[i]).attempt,
                                            roll(story, 5) ? VERDICT_DELIVERED : VERDICT_LATER);
        (void)world_say(world, &said);
    }
}

/* A signed apology, as whoever keeps the endings would note it. */
struct signing { struct world *world; uint64_t dossier; };

static void sign(struct turn *turn, void *context)
{
    struct signing *signing = context;
    struct command command = { .kind = COMMAND_TICK };
    struct step step = { .core = &signing->world->core, .turn = turn, .now_ms = signing->world->now_ms,
                         .command = &command };
    struct ending ending = { .dossier = signing->dossier };
    struct dossier dossier;

    if (!turn_dossier(turn, signing->dossier, &dossier))
        return;
    (void)turn_ending(turn, signing->dossier, &ending);
    ending.apologies++;
    turn_ending_put(turn, &ending);
    figures_ending(&step, signing->dossier);
}

static void one_of_many(struct story *story)
{
    uint32_t what = roll(story, 100);

    if (what < 60)
        tell_any(story);
    else if (what < 80)
        deliver_some(story);
    else if (what < 95)
        (void)world_pass(story->world, (int64_t)roll(story, 8 * 60) * MINUTE_MS);
    else {
        struct signing signing = { story->world, 1 + roll(story, DOSSIERS) };
        site_turn(story->world->site, story->world->now_ms, sign, &signing);
    }
}

/* ---- the slow count */

struct records { struct measure all[DOSSIERS]; size_t count; };

static void collect(struct turn *turn, void *context)
{
    struct records *records = context;

    records->count = 0;
    for (uint64_t id = 1; id <= DOSSIERS; id++) {
        struct measure *measure = &records->all[records->count];
        struct ending ending = { 0 };
        struct dossier dossier;
        if (!turn_dossier(turn, id, &dossier))
            continue;
        (void)turn_ending(turn, id, &ending);
        assert_true(turn_measure(turn, id, measure));           /* what is not in the records; the rest from there */
        measure->agency = dossier.opener;
        memcpy(measure->procedure, dossier.procedure_code, sizeof measure->procedure);
        measure->channel = dossier.channel;
        measure->received_ms = dossier.received_ms;
        measure->due_ms = dossier.due_ms;
        measure->ended = ending.ended;
        measure->ended_ms = ending.ended_ms;
        measure->flags = ending.apologies ? MEASURE_APOLOGISED : 0;
        for (uint32_t i = 0; i < dossier.pause_count; i++)
            if (!dossier.pauses[i].to_ms)
                measure->flags |= MEASURE_STANDS;
        if (ending.ended && dossier.committed_ms && ending.ended_ms > dossier.committed_ms)
            measure->flags |= MEASURE_LATE_COMMITTED;
        if (ending.ended && dossier.statutory_ms && ending.ended_ms > dossier.statutory_ms)
            measure->flags |= MEASURE_LATE_STATUTORY;
        records->count++;
    }
}

static void compare_now(struct story *story)
{
    static struct records records;
    uint32_t month = figure_day(story->world->now_ms) / 100, next = month % 100 == 12 ? month + 89 : month + 1;

    world_read(story->world, collect, &records);
    for (enum report_by by = 1; by < REPORT_BY_END; by++) {
        slow_compare(story->world->site, records.all, records.count, by, month * 100 + 1, next * 100 + 1,
                     story->world->now_ms + 1);
        slow_compare(story->world->site, records.all, records.count, by, 20231117, 20231120, slow_day_ms(20231120));
    }
}

static void any_story(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        void *own = NULL;
        struct story story = { .dice = seed * 7919 };
        assert_int_equal(world_setup(&own), 0);
        story.world = own;
        story.procedure = (struct procedure){ .code = "2.000001", .usual = true, .senders = { .kind = SELECT_ANY } };
        assert_true(deadline_rule_read("h4", &story.procedure.committed[0]) &&
                    deadline_rule_read("w1", &story.procedure.statutory[0]));
        story.world->tables.procedures = &story.procedure;
        story.world->tables.procedure_count = 1;
        for (int i = 1; i <= TELLINGS; i++) {
            one_of_many(&story);
            if (i % STRETCH == 0)
                compare_now(&story);
        }
        assert_int_equal(world_teardown(&own), 0);              /* checks the store */
    }
}

/* ---- one by one */

static struct measure measured;

static void look_at_first(struct turn *turn, void *context)
{
    (void)context;
    assert_true(turn_measure(turn, 1, &measured));
}

static struct measure measure_of(struct world *world)
{
    world_read(world, look_at_first, NULL);
    return measured;
}

static uint64_t tell(struct world *world, const char *from, const char *to, enum kind kind, uint64_t parent,
                     struct facts facts)
{
    struct command command = world_submit(world, from, to, kind);
    told = facts;
    command.submit.facts = &told;
    command.submit.parent = parent;
    return world_accept(world, &command);
}

static void officers(void **state)
{
    struct world *world = *state;
    uint64_t forward = tell(world, WARD, SAFE, KIND_FORWARD, 0,
                            (struct facts){ .status = STATUS_ACCEPTED, .officer_from = "MC-1", .officer_to = "CA-7" });

    assert_string_equal(measure_of(world).officer, "CA-7");
    uint32_t police = measure_of(world).officer_agency;
    (void)tell(world, SAFE, WARD, KIND_PROGRESS, forward, (struct facts){ .officer_from = "CA/8:b@x" });
    assert_string_equal(measure_of(world).officer, "CA/8:b@x");
    assert_int_equal(measure_of(world).officer_agency, police);
    /* Names, signs that a spreadsheet would run, nothing: not kept. */
    (void)tell(world, SAFE, WARD, KIND_PROGRESS, forward, (struct facts){ .officer_from = "Ông B" });
    (void)tell(world, SAFE, WARD, KIND_PROGRESS, forward, (struct facts){ .officer_from = "Tran B" });
    (void)tell(world, SAFE, WARD, KIND_PROGRESS, forward, (struct facts){ .officer_from = "=1" });
    (void)tell(world, SAFE, WARD, KIND_PROGRESS, forward, (struct facts){ .officer_from = "" });
    /* Who is told to take something else from it is no officer of it. */
    (void)tell(world, WARD, SAFE, KIND_CONSULT, 0, (struct facts){ .officer_from = "MC-2" });
    assert_string_equal(measure_of(world).officer, "CA/8:b@x");
}

/* A FORWARD that waited: as long as it could go and nobody took it, not while its agency answered badly. */
static void waits(void **state)
{
    struct world *world = *state;
    uint64_t id = tell(world, WARD, SAFE, KIND_FORWARD, 0, (struct facts){ .status = STATUS_ACCEPTED });

    (void)world_pass(world, 50 * MINUTE_MS);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    struct command later = world_outcome(SAFE, id, 1, VERDICT_LATER);
    later.outcome.retry_after_ms = 20 * MINUTE_MS;
    assert_int_equal(world_say(world, &later), STATE_WAITING);
    (void)world_pass(world, 20 * MINUTE_MS);
    int64_t used_ms = world_handoff(world, id).tried_ms;
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_true(used_ms > 0);
    assert_int_equal(measure_of(world).gateway_ms, world->now_ms - world_handoff(world, id).accepted_ms - used_ms);
}

static void held_is_not_waiting(void **state)
{
    struct world *world = *state;
    struct command first = world_submit(world, WARD, ASK, KIND_FORWARD);
    (void)world_accept(world, &first);
    struct command command = world_submit(world, WARD, SAFE, KIND_FORWARD);
    told = (struct facts){ .status = STATUS_ACCEPTED };
    command.submit.facts = &told;
    world_after(&command, &first.submit.message_id, UNTIL_DELIVERED);
    uint64_t id = world_accept(world, &command);

    (void)world_pass(world, 3 * 60 * MINUTE_MS);
    assert_int_equal(world_offer(world, ASK, 1), 1);
    uint64_t opener = world_effect(world, EFFECT_DELIVER, 0)->deliver.handoff;
    struct command there = world_outcome(ASK, opener, 1, VERDICT_DELIVERED);
    assert_int_equal(world_say(world, &there), STATE_DELIVERED);
    int64_t before_ms = measure_of(world).gateway_ms;
    (void)world_pass(world, 10 * MINUTE_MS);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(measure_of(world).gateway_ms - before_ms, 10 * MINUTE_MS);
}

static void results(void **state)
{
    struct world *world = *state;
    uint64_t id = tell(world, WARD, SAFE, KIND_FORWARD, 0,
                       (struct facts){ .status = STATUS_ACCEPTED, .papers = { 4, 2, 1 } });

    (void)tell(world, WARD, SAFE, KIND_FORWARD, 0, (struct facts){ .papers = { 2, 2, 2 } });
    assert_int_equal(measure_of(world).papers, 4);              /* the longer list stands */
    (void)tell(world, SAFE, WARD, KIND_RESULT, id, (struct facts){ .papers = { 1, 1, 0 } });
    (void)tell(world, SAFE, WARD, KIND_RESULT, id, (struct facts){ .papers = { 3, 0, 0 } });
    assert_int_equal(measure_of(world).results, 2);
    assert_int_equal(measure_of(world).results_digitised, 1);
    assert_int_equal(measure_of(world).papers, 4);
}

/* Told returned first; the RESULT that comes afterwards says when the work was done. */
static void done_before_it_was_told(void **state)
{
    struct world *world = *state;
    uint64_t id = tell(world, WARD, SAFE, KIND_FORWARD, 0, (struct facts){ .status = STATUS_ACCEPTED });

    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
    (void)world_pass(world, 60 * MINUTE_MS);
    (void)tell(world, WARD, SAFE, KIND_PROGRESS, 0, (struct facts){ .status = STATUS_RETURNED });
    int64_t returned_ms = world->now_ms;
    assert_int_equal(measure_of(world).ended_ms, returned_ms);
    struct command command = world_submit(world, SAFE, WARD, KIND_RESULT);
    command.submit.parent = id;
    command.submit.source_time_ms = returned_ms - 20 * MINUTE_MS;
    (void)world_accept(world, &command);
    assert_int_equal(measure_of(world).ended_ms, returned_ms - 20 * MINUTE_MS);
}

/* Registered is not received; when it was, may be all that a later word says. */
static void received_later(void **state)
{
    struct world *world = *state;
    int64_t received_ms = world->now_ms + MINUTE_MS;

    (void)tell(world, WARD, SAFE, KIND_FORWARD, 0, (struct facts){ .status = STATUS_REGISTERED });
    assert_int_equal(measure_of(world).received_ms, 0);
    (void)world_pass(world, 2 * MINUTE_MS);
    (void)tell(world, WARD, SAFE, KIND_PROGRESS, 0, (struct facts){ .received_ms = received_ms });
    assert_int_equal(measure_of(world).received_ms, received_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_story), WORLD(officers), WORLD(waits), WORLD(held_is_not_waiting), WORLD(results),
        WORLD(done_before_it_was_told), WORLD(received_later),
    };
    return cmocka_run_group_tests_name("core_figures", tests, NULL, NULL);
}
