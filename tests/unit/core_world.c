#include "tests/unit/core_world.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the directory */

static const struct { const char *code, *alias; enum agency_kind kind; enum agency_class agency_class; } known[] = {
    { WARD, "WARD-1", AGENCY_WARD, CLASS_NEITHER }, { WARD2, "", AGENCY_WARD, CLASS_IDEMPOTENT },
    { ONCE, "", AGENCY_SECTOR, CLASS_NEITHER },     { GONE, "", AGENCY_SECTOR, CLASS_NEITHER },
    { SAFE, "", AGENCY_SECTOR, CLASS_IDEMPOTENT },  { ASK, "", AGENCY_SECTOR, CLASS_PROBE },
};
_Static_assert(sizeof known / sizeof *known == WORLD_AGENCIES, "a row for each agency");

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct agency_name *)a)->name, ((const struct agency_name *)b)->name);
}

static void add_name(struct world *world, const char *name, uint32_t agency)
{
    struct agency_name *entry = &world->names[world->tables.name_count++];
    assert_in_range(world->tables.name_count, 1, WORLD_NAMES);
    assert_true(span_to_string(span_of_string(name), entry->name, sizeof entry->name));
    entry->agency = agency;
}

static void make_tables(struct world *world)
{
    for (uint32_t i = 0; i < WORLD_AGENCIES; i++) {
        struct agency *agency = &world->agencies[i];
        *agency = (struct agency){
            .kind = known[i].kind, .agency_class = known[i].agency_class, .attempts_max = 5, .lapses_max = 3,
            .age_ms_max = 2 * DAY_MS, .backoff_ms_min = MINUTE_MS, .backoff_ms_max = 30 * MINUTE_MS,
            .in_flight_max = 8, .breaker_after = 5, .breaker_probe_ms = MINUTE_MS,
        };
        assert_true(span_to_string(span_of_string(known[i].code), agency->code, sizeof agency->code));
        add_name(world, known[i].code, i);
        if (known[i].alias[0])
            add_name(world, known[i].alias, i);
    }
    world_agency(world, GONE)->to_ms = SITE_NOW_MS - 100 * DAY_MS;
    world->takes_over[0] = (struct successor){ .code = SAFE, .kinds = KINDS_ALL };
    world->takes_over[1] = (struct successor){ .code = GONE, .kinds = KINDS_ALL };
    world_agency(world, GONE)->successors = world->takes_over;
    world_agency(world, GONE)->successor_count = 1;
    world_agency(world, SAFE)->succeeds = true;
    qsort(world->names, world->tables.name_count, sizeof *world->names, by_name);
    world->permits[0] = (struct permit){ .from = { .kind = SELECT_BELOW, .code = "H29" }, .to = { .kind = SELECT_ANY },
                                         .kinds = KINDS_ALL };
    world->permits[1] = (struct permit){ .from = { .kind = SELECT_KIND, .agency_kind = AGENCY_SECTOR },
                                         .to = { .kind = SELECT_KIND, .agency_kind = AGENCY_WARD },
                                         .kinds = KINDS_ALL };
    world->route = (struct route){ .procedure = "2.000986", .step = "residence", .from = { .kind = SELECT_ANY },
                                   .to = SAFE };
    struct tables *tables = &world->tables;
    memcpy(tables->gateway, "gw-test", 8);
    tables->version = 1;
    tables->successions = true;
    tables->lease_ms = 2 * MINUTE_MS;
    tables->antecedent_ms_max = 30 * DAY_MS;
    tables->purge_after_ms = 60 * DAY_MS;
    tables->agencies = world->agencies;
    tables->agency_count = WORLD_AGENCIES;
    tables->permits = world->permits;
    tables->permit_count = 2;
    tables->routes = &world->route;
    tables->route_count = 1;
    tables->names = world->names;
}

/* ---- life */

int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    void *site = NULL;

    if (!world || site_setup_open(&site))
        return -1;
    world->site = site;
    world->now_ms = SITE_NOW_MS;
    if (core_init(&world->core) != RESULT_OK || effects_init(&world->effects) != RESULT_OK)
        return -1;
    make_tables(world);
    world->core.tables = &world->tables;
    *state = world;
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    void *site = world->site;
    if (!world->site->in_turn)
        world_check(world);
    core_done(&world->core);
    effects_done(&world->effects);
    free(world);
    return site_teardown(&site);
}

static void print_fault(void *context, const char *fault)
{
    (void)context;
    print_error("%s\n", fault);
}

void world_check(struct world *world)
{
    struct store_check check = { 0 };

    site_close(world->site);
    world->site->options.read_only = true;
    site_open(world->site);
    enum result result = store_check(world->site->store, print_fault, NULL, &check);
    site_close(world->site);
    world->site->options.read_only = false;
    site_open(world->site);
    if (result != RESULT_OK || check.faults)
        fail_msg("check-store: %s, %llu faults", result_name(result), (unsigned long long)check.faults);
}

struct agency *world_agency(struct world *world, const char *code)
{
    for (uint32_t i = 0; i < WORLD_AGENCIES; i++)
        if (strcmp(world->agencies[i].code, code) == 0)
            return &world->agencies[i];
    fail_msg("no agency %s", code);
    return NULL;
}

/* ---- commands */

struct run { struct world *world; const struct command *command; };

static void one_step(struct turn *turn, void *context)
{
    struct run *run = context;
    core_step(&run->world->core, turn, run->world->now_ms, run->command, &run->world->effects);
}

void world_run(struct world *world, const struct command *command)
{
    struct run run = { world, command };
    effects_reset(&world->effects);
    world->end = site_turn(world->site, world->now_ms, one_step, &run);
    assert_in_range(world->effects.count, 0, STEP_EFFECTS_MAX);
}

const struct effect *world_effect(const struct world *world, enum effect_kind kind, unsigned n)
{
    for (uint32_t i = 0; i < world->effects.count; i++)
        if (world->effects.list[i].kind == kind && n-- == 0)
            return &world->effects.list[i];
    return NULL;
}

unsigned world_count(const struct world *world, enum effect_kind kind)
{
    unsigned count = 0;
    while (world_effect(world, kind, count))
        count++;
    return count;
}

struct command world_submit(struct world *world, const char *from, const char *to, enum kind kind)
{
    struct command command = { .kind = COMMAND_SUBMIT, .session = world_session(from), .correlation = 7,
                               .agency = world_agency(world, from) };
    struct submit *submit = &command.submit;
    uint8_t unique[10] = { 0 };

    world->made++;
    memcpy(unique + 4, &world->made, 6);        /* the first bytes lose bits to version and variant */
    submit->has_message_id = true;
    submit->message_id = uuid_v7(world->now_ms, unique);
    assert_true(span_to_string(span_of_string(from), submit->sender, sizeof submit->sender));
    assert_true(span_to_string(span_of_string(to), submit->recipient, sizeof submit->recipient));
    memcpy(submit->dossier_code, DOSSIER, sizeof DOSSIER);
    memcpy(submit->procedure_code, "2.000986", 9);
    submit->kind = kind;
    submit->source_time_ms = world->now_ms;
    submit->content_hash = hash_of(span_of(&world->made, sizeof world->made));
    submit->header = span_of_string("\x62\x10" "application/json");        /* field 12: content_type */
    /* field 16: facts, field 14 of them: reason_code. A request must say what is asked, or why. */
    if (kind == KIND_SUPPLEMENT_REQUEST || kind == KIND_FINANCIAL_OBLIGATION)
        submit->header = span_of_string("\x62\x10" "application/json" "\x82\x01\x06" "\x72\x04" "khac");
    submit->payload = span_of_string("{\"example\":true}");
    return command;
}

void world_after(struct command *submit, const struct uuid *antecedent, enum until until)
{
    submit->submit.after[submit->submit.after_count++] = (struct submit_after){ *antecedent, until };
}

static void show_refusal(const struct world *world)
{
    const struct effect *refused = world_effect(world, EFFECT_REFUSED, 0);
    if (refused)
        print_error("refused %s, %s: %s\n", problem_word(refused->refused.problem->type),
                    refused->refused.problem->field, refused->refused.problem->sentence_en);
}

uint64_t world_accept(struct world *world, const struct command *submit)
{
    world_run(world, submit);
    show_refusal(world);
    const struct effect *accepted = world_effect(world, EFFECT_ACCEPTED, 0);
    assert_non_null(accepted);
    assert_int_equal(accepted->session, submit->session);
    assert_int_equal(accepted->correlation, submit->correlation);
    return accepted->accepted.handoff;
}

enum problem_type world_refusal(struct world *world, const struct command *submit)
{
    world_run(world, submit);
    const struct effect *refused = world_effect(world, EFFECT_REFUSED, 0);
    assert_non_null(refused);
    assert_int_equal(world->effects.count, 1);
    assert_int_equal(refused->session, submit->session);
    assert_true(refused->refused.problem->sentence_vi[0] && refused->refused.problem->sentence_en[0]);
    assert_false(world->end.wrote);
    return refused->refused.problem->type;
}

uint64_t world_send(struct world *world, const char *from, const char *to, enum kind kind)
{
    struct command command = world_submit(world, from, to, kind);
    return world_accept(world, &command);
}

uint64_t world_session(const char *agency)
{
    return 1000 + (uint64_t)agency[0] * 256 + (uint64_t)agency[strlen(agency) - 1];
}

unsigned world_offer(struct world *world, const char *to, uint32_t most)
{
    struct command command = { .kind = COMMAND_OFFER, .agency = world_agency(world, to) };
    command.offer = (struct offer){ .session = world_session(to), .most = most, .kinds = KINDS_ALL, .stamp_ms = 42 };
    world_run(world, &command);
    assert_true(world->effects.count > 0);
    const struct effect *last = &world->effects.list[world->effects.count - 1];
    assert_int_equal(last->kind, EFFECT_OFFERED);
    assert_int_equal(last->offered.count, world_count(world, EFFECT_DELIVER));
    return last->offered.count;
}

struct command world_outcome(const char *agency, uint64_t handoff, uint32_t attempt, enum verdict verdict)
{
    struct command command = { .kind = COMMAND_OUTCOME, .session = world_session(agency), .correlation = 9 };
    command.outcome = (struct outcome){ .handoff = handoff, .attempt = attempt, .verdict = verdict,
                                        .detail = span_of_string("an answer") };
    return command;
}

static void code_of_recipient(struct turn *turn, void *context)
{
    struct { uint64_t id; char code[AGENCY_CODE_SIZE]; } *asked = context;
    struct handoff handoff;
    assert_true(turn_handoff(turn, asked->id, &handoff));
    assert_true(turn_agency_code(turn, handoff.recipient, asked->code));
}

enum state world_say(struct world *world, struct command *outcome)
{
    struct { uint64_t id; char code[AGENCY_CODE_SIZE]; } asked = { .id = outcome->outcome.handoff };
    world_read(world, code_of_recipient, &asked);
    outcome->agency = world_agency(world, asked.code);
    world_run(world, outcome);
    show_refusal(world);
    const struct effect *ack = world_effect(world, EFFECT_OUTCOME_ACK, 0);
    assert_non_null(ack);
    assert_int_equal(ack->outcome_ack.handoff, outcome->outcome.handoff);
    assert_int_equal(ack->outcome_ack.attempt, outcome->outcome.attempt);
    assert_int_equal(ack->outcome_ack.state, world_state(world, outcome->outcome.handoff));
    return ack->outcome_ack.state;
}

enum state world_try(struct world *world, uint64_t handoff, enum verdict verdict)
{
    struct { uint64_t id; char code[AGENCY_CODE_SIZE]; } asked = { .id = handoff };
    world_read(world, code_of_recipient, &asked);
    assert_int_equal(world_offer(world, asked.code, 1), 1);
    const struct effect *deliver = world_effect(world, EFFECT_DELIVER, 0);
    assert_int_equal(deliver->deliver.handoff, handoff);
    struct command outcome = world_outcome(asked.code, handoff, deliver->deliver.attempt, verdict);
    return world_say(world, &outcome);
}

/* ---- looking */

void world_read(struct world *world, turn_work *work, void *context)
{
    site_read(world->site, work, context);
}

static void load_handoff(struct turn *turn, void *context)
{
    struct handoff *handoff = context;
    uint64_t id = handoff->id;
    assert_true(turn_handoff(turn, id, handoff));
}

struct handoff world_handoff(struct world *world, uint64_t id)
{
    struct handoff handoff = { .id = id };
    world_read(world, load_handoff, &handoff);
    return handoff;
}

enum state world_state(struct world *world, uint64_t id)
{
    return world_handoff(world, id).state;
}

static void load_event(struct turn *turn, void *context)
{
    struct event *event = context;
    uint64_t seq = event->seq;
    assert_true(turn_event(turn, seq, event));
}

struct event world_last_event(struct world *world, uint64_t id)
{
    struct event event = { .seq = world_handoff(world, id).last_event };
    world_read(world, load_event, &event);
    return event;
}

unsigned world_events(struct world *world, uint64_t id)
{
    struct event event = { .previous = world_handoff(world, id).last_event };
    unsigned count = 0;
    for (; event.previous; count++) {
        event.seq = event.previous;
        world_read(world, load_event, &event);
    }
    return count;
}

struct words_asked { uint64_t seq; char *detail; };

static void load_detail(struct turn *turn, void *context)
{
    struct words_asked *asked = context;
    turn_detail(turn, asked->seq, asked->detail);
}

void world_detail(struct world *world, uint64_t id, char ret_detail[REASON_BYTES_MAX + 1])
{
    struct words_asked asked = { world_handoff(world, id).last_event, ret_detail };
    world_read(world, load_detail, &asked);
}

struct state_asked { const char *code; struct agency_state state; };

static void load_agency_state(struct turn *turn, void *context)
{
    struct state_asked *asked = context;
    turn_agency_state(turn, turn_agency_number(turn, asked->code), &asked->state);
}

struct agency_state world_agency_state(struct world *world, const char *code)
{
    struct state_asked asked = { .code = code };
    world_read(world, load_agency_state, &asked);
    return asked.state;
}

static void load_due(struct turn *turn, void *context)
{
    *(int64_t *)context = core_due_ms(turn);
}

unsigned world_pass(struct world *world, int64_t ms)
{
    struct command tick = { .kind = COMMAND_TICK };
    int64_t until_ms = world->now_ms + ms, due_ms;
    unsigned ticks = 0;

    for (;; ticks++) {
        world_read(world, load_due, &due_ms);
        if (due_ms > until_ms)
            break;
        if (due_ms > world->now_ms)
            world->now_ms = due_ms;
        world_run(world, &tick);
        assert_true(world->end.wrote);
    }
    world->now_ms = until_ms;
    return ticks;
}
