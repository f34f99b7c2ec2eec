/* flood.c - a long outage, in short: n handoffs come in evenly while the agency is down, then it is up and drains.
 *
 * The model of the broker's loop, stated:
 *   - every `step` while down, every second while up: what was submitted since, the timers that are due, one
 *     OFFER, and the answers to what was offered, each a turn of the shipped core and store;
 *   - the breaker is the broker's own; what it says of offers and charges is followed as the broker follows it;
 *   - one session with the agency's in_flight_max as its credit; nothing is lost on the way;
 *   - down: every attempt ends LATER "connect-refused", not a byte sent. Up: DELIVERED, a second later.
 * What is counted is what the agency's own book would say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/broker/breaker.h"
#include "tests/trace/commands.h"

enum { BATCH_MAX = 64, DRAIN_SECONDS_MAX = 6 * 3600 };

struct flood {
    struct world *world;
    struct line  *line;
    const struct agency *from, *to;
    uint32_t n, dossiers, submitted, accepted, refused;
    bool     down;
    struct breaker_rule   rule;
    struct agency_breaker breaker;
    uint32_t opened;
    uint64_t out[BREAKER_ROW_MAX];              /* with the session now */
    uint32_t out_attempt[BREAKER_ROW_MAX], out_count;
    uint64_t attempts, uncharged, given_back;
    uint32_t delivered, doubled, out_of_order;
    uint8_t  *taken;                            /* by handoff: how often the agency took it */
    uint32_t *last;                             /* by dossier: the last handoff that it took */
    uint64_t counts[STATE_END];
};

static void submit_until(struct flood *flood, uint32_t wanted)
{
    static struct submit_frame frames[BATCH_MAX];
    static struct command commands[BATCH_MAX];

    while (flood->submitted < wanted) {
        uint32_t count = 0;
        for (; count < BATCH_MAX && flood->submitted < wanted; count++, flood->submitted++) {
            char dossier[32], name[32];
            snprintf(dossier, sizeof dossier, "D%05u", flood->submitted % flood->dossiers);
            snprintf(name, sizeof name, "%u", flood->submitted);
            struct submit_wish wish = {
                .agency = flood->from, .from = flood->from->code, .to = flood->to->code, .dossier = dossier,
                .procedure = "", .step = "", .payload = "body", .after = "", .alias = "", .cursor = "",
                .kind = KIND_FORWARD, .source_ms = flood->world->now_ms,
                .message_id = uuid_v8(flood->world->now_ms, span_of_string(flood->from->code), span_of_string(name)),
            };
            commands[count] = submit_command(flood->world, flood->line, &wish, &frames[count]);
        }
        world_turn_quiet(flood->world, commands, count);
        for (uint32_t i = 0; i < flood->world->effects.count; i++) {
            flood->accepted += flood->world->effects.list[i].kind == EFFECT_ACCEPTED;
            flood->refused += flood->world->effects.list[i].kind == EFFECT_REFUSED;
        }
    }
}

struct next_due { int64_t ms; };

static void ask_due(struct turn *turn, void *context)
{
    struct next_due *due = context;
    due->ms = core_due_ms(turn);
}

static void tick(struct flood *flood)
{
    static struct command commands[BATCH_MAX];
    struct next_due due;

    for (int i = 0; i < BATCH_MAX; i++)
        commands[i] = (struct command){ .kind = COMMAND_TICK };
    for (world_read(flood->world, ask_due, &due); due.ms <= flood->world->now_ms;
         world_read(flood->world, ask_due, &due))
        world_turn_quiet(flood->world, commands, BATCH_MAX);
}

static void offer(struct flood *flood)
{
    uint32_t limit = breaker_limit(&flood->breaker, &flood->rule);
    struct command command = { .kind = COMMAND_OFFER, .session = 1, .agency = flood->to };

    if (limit <= flood->out_count)
        return;
    command.offer = (struct offer){ .session = 1, .most = limit - flood->out_count, .kinds = KINDS_ALL, .stamp_ms = 1,
                                    .probe = flood->breaker.state == BREAKER_HALF_OPEN };
    world_turn_quiet(flood->world, &command, 1);
    for (uint32_t i = 0; i < flood->world->effects.count; i++) {
        const struct effect *effect = &flood->world->effects.list[i];
        if (effect->kind != EFFECT_DELIVER)
            continue;
        must(flood->out_count < BREAKER_ROW_MAX);
        flood->out[flood->out_count] = effect->deliver.handoff;
        flood->out_attempt[flood->out_count++] = effect->deliver.attempt;
        flood->attempts++;
        if (flood->breaker.state == BREAKER_HALF_OPEN)
            breaker_probe_sent(&flood->breaker, effect->deliver.handoff);
    }
}

static void agency_takes(struct flood *flood, uint64_t handoff)
{
    uint32_t number = (uint32_t)HANDOFF_NUMBER(handoff), dossier = (number - 1) % flood->dossiers;

    must(number <= flood->n);
    flood->doubled += flood->taken[number]++ > 0;
    flood->out_of_order += flood->last[dossier] > number;
    flood->last[dossier] = number;
}

/* The turn in which the breaker opens also gives the attempts back that opened it. */
static void breaker_hears(struct flood *flood)
{
    bool opened = false;

    for (uint32_t i = 0; i < flood->world->effects.count; i++) {
        const struct effect *effect = &flood->world->effects.list[i];
        if (effect->kind != EFFECT_ANSWERED)
            continue;
        flood->uncharged += !effect->answered.charged && effect->answered.verdict == VERDICT_LATER;
        struct breaker_answer answer = {
            .verdict = effect->answered.verdict, .handoff = effect->answered.handoff,
            .dossier = effect->answered.dossier, .fingerprint = effect->answered.fingerprint,
            .never_sent = effect->answered.never_sent, .charged = effect->answered.charged,
        };
        opened |= breaker_answer(&flood->breaker, &flood->rule, &answer, flood->world->now_ms) &&
                  flood->breaker.state == BREAKER_OPEN;
    }
    flood->opened += opened;
    if (!flood->breaker.give_back_count)
        return;
    struct command command = { .kind = COMMAND_BREAKER,
                               .breaker = { flood->breaker.give_back, flood->breaker.give_back_count } };
    world_turn_quiet(flood->world, &command, 1);
    flood->given_back += flood->breaker.give_back_count;
    breaker_given_back(&flood->breaker);
}

static void answer(struct flood *flood)
{
    struct command commands[BREAKER_ROW_MAX];
    uint32_t count = flood->out_count;

    if (!count)
        return;
    for (uint32_t i = 0; i < count; i++) {
        commands[i] = (struct command){ .kind = COMMAND_OUTCOME, .session = 1, .agency = flood->to };
        struct outcome *outcome = &commands[i].outcome;
        outcome->handoff = flood->out[i];
        outcome->attempt = flood->out_attempt[i];
        outcome->verdict = flood->down ? VERDICT_LATER : VERDICT_DELIVERED;
        outcome->uncharged = breaker_uncharged(&flood->breaker);
        outcome->never_sent = flood->down;
        if (flood->down) {
            memcpy(outcome->fingerprint, "connect-refused", sizeof "connect-refused");
            continue;
        }
        agency_takes(flood, outcome->handoff);
        flood->delivered++;
    }
    flood->out_count = 0;
    world_turn_quiet(flood->world, commands, count);
    breaker_hears(flood);
}

static void ask_counts(struct turn *turn, void *context)
{
    struct flood *flood = context;
    uint32_t agency = turn_agency_number(turn, flood->to->code);
    for (enum state state = 1; state < STATE_END; state++)
        flood->counts[state] = turn_count(turn, agency, state);
}

static void print_counts(struct flood *flood, const char *when)
{
    world_read(flood->world, ask_counts, flood);
    output_add(flood->world->output, " %s:", when);
    for (enum state state = 1; state < STATE_END; state++)
        if (flood->counts[state] || state == STATE_FAILED || state == STATE_UNSURE)
            output_add(flood->world->output, " %s=%llu", state_name(state), (unsigned long long)flood->counts[state]);
    output_add(flood->world->output, "\n");
}

static void outage(struct flood *flood, int64_t for_ms, int64_t step_ms)
{
    int64_t began_ms = flood->world->now_ms;

    flood->down = true;
    for (int64_t passed_ms = 0; passed_ms <= for_ms; passed_ms += step_ms) {
        flood->world->now_ms = began_ms + passed_ms;
        submit_until(flood, (uint32_t)((__int128)flood->n * passed_ms / for_ms));
        tick(flood);
        (void)breaker_tick(&flood->breaker, flood->world->now_ms);
        offer(flood);
        answer(flood);
    }
}

/* Returns after how many seconds nothing was left. */
static int drain(struct flood *flood)
{
    flood->down = false;
    for (int seconds = 1; seconds <= DRAIN_SECONDS_MAX; seconds++) {
        flood->world->now_ms += 1000;
        answer(flood);
        tick(flood);
        (void)breaker_tick(&flood->breaker, flood->world->now_ms);
        offer(flood);
        if (flood->delivered == flood->n)
            return seconds;
    }
    return DRAIN_SECONDS_MAX;
}

static void skip_events(struct turn *turn, void *context)
{
    struct world *world = context;
    struct event event;
    while (turn_event(turn, world->last_event + 1, &event))
        world->last_event++;
}

void flood_run(struct world *world, struct line *line)
{
    struct output *output = world->output;
    struct flood flood = {
        .world = world, .line = line, .from = world_agency(world, line, line_get(line, "from")),
        .to = world_agency(world, line, line_get(line, "to")), .n = (uint32_t)line_number(line, "n", 1000),
        .dossiers = (uint32_t)line_number(line, "dossiers", 1000),
    };
    int64_t for_ms = line_ms(line, "outage", 3600 * 1000), step_ms = line_ms(line, "step", 30 * 1000);

    line_end(line);
    flood.rule = (struct breaker_rule){ flood.to->breaker_after, flood.to->breaker_probe_ms, flood.to->in_flight_max };
    flood.taken = calloc(flood.n + 1, sizeof *flood.taken);
    flood.last = calloc(flood.dossiers, sizeof *flood.last);
    must(flood.taken && flood.last && flood.rule.in_flight_max <= BREAKER_ROW_MAX);
    outage(&flood, for_ms, step_ms);
    output_add(output, " accepted=%u refused=%u\n", flood.accepted, flood.refused);
    print_counts(&flood, "the agency returns");
    output_add(output, " attempts while down=%llu, of them uncharged=%llu given back=%llu; breaker opened %u times\n",
               (unsigned long long)flood.attempts, (unsigned long long)flood.uncharged,
               (unsigned long long)flood.given_back, flood.opened);
    int seconds = drain(&flood);
    print_counts(&flood, "drained");
    output_add(output, " after %d seconds; taken by the agency=%u doubled=%u out of order=%u\n", seconds,
               flood.delivered, flood.doubled, flood.out_of_order);
    free(flood.taken);
    free(flood.last);
    world_read(world, skip_events, world);
}
