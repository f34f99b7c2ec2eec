/* gateway.c - turns of the shipped core and store, and how they go wrong: no room in the middle of one, death before a
 * commit, death right after it, before anybody has heard. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/verb.h"
#include "gateway/store/inside.h"
#include "tests/sim/gateway.h"

#define ADMIN_SESSION (1ULL << 63)

/* ---- one step, one turn */

static size_t command_size(enum command_kind kind)
{
    switch (kind) {
    case COMMAND_SUBMIT:
        return sizeof(struct command);
    case COMMAND_ADMIN:
        return offsetof(struct command, admin) + sizeof(struct admin);
    case COMMAND_OUTCOME:
        return offsetof(struct command, outcome) + sizeof(struct outcome);
    default:
        return offsetof(struct command, cursor) + sizeof(struct cursor_set);
    }
}

/* Copied, so that it can be told again when its frame is gone. */
static struct command *keep(struct world *world, const struct command *command)
{
    struct command *kept = world_take(world, command_size(command->kind));
    memcpy(kept, command, command_size(command->kind));
    if (kept->kind == COMMAND_BREAKER)
        kept->breaker.handoffs = (const uint64_t *)(const void *)world_copy(
            world, span_of(command->breaker.handoffs, command->breaker.count * sizeof(uint64_t))).bytes;
    return kept;
}

void gateway_step(struct world *world, struct turn *turn, const struct command *command)
{
    struct gateway *gateway = world->gateway;

    if (++gateway->steps == gateway->fail_at)
        turn_fail(turn, RESULT_FULL, "no room, says the simulator");
    must(gateway->made_count < 1024);
    struct command *kept = gateway->made[gateway->made_count++] = keep(world, command);
    core_step(&gateway->core, turn, gateway->now_ms, kept, &gateway->effects);
}

static bool said_again(const struct gateway *gateway, uint32_t from)
{
    for (uint32_t i = from; i < gateway->effects.count; i++)
        if (gateway->effects.list[i].kind == EFFECT_AGAIN)
            return true;
    return false;
}

static void tell_lost(struct world *world, struct turn *turn)
{
    struct gateway *gateway = world->gateway;
    while (gateway->lost_told < gateway->lost_count && !gateway->lost_again && effects_has_room(&gateway->effects)) {
        struct command command = { .kind = COMMAND_SESSION_LOST, .lost = gateway->lost[gateway->lost_told] };
        uint32_t from = gateway->effects.count;
        gateway_step(world, turn, &command);
        gateway->lost_again = said_again(gateway, from);
        gateway->lost_told += !gateway->lost_again;
    }
}

static void tell_breakers(struct world *world, struct turn *turn)
{
    struct gateway *gateway = world->gateway;
    for (uint32_t i = 0; i < world->agency_count; i++) {
        const struct agency_breaker *breaker = &gateway->recipients[i].breaker;
        struct command command = { .kind = COMMAND_BREAKER };
        if (!breaker->give_back_count)
            continue;
        command.breaker.handoffs = breaker->give_back;
        command.breaker.count = breaker->give_back_count;
        gateway_step(world, turn, &command);
        gateway->given_back[i] = true;
    }
}

static void frames(struct world *world, struct turn *turn)
{
    struct gateway *gateway = world->gateway;

    for (; gateway->inbox_told < gateway->inbox_count && gateway->inbox_told < FRAMES_PER_TURN &&
           effects_has_room(&gateway->effects); gateway->inbox_told++) {
        struct command *command = gateway->inbox[gateway->inbox_told].command;
        uint32_t peer = gateway->inbox[gateway->inbox_told].peer;
        if (command->kind != COMMAND_ADMIN && !seats_key_holds(world, peer))
            continue;
        if (command->kind != COMMAND_ADMIN) {
            uint32_t agency = world->peers[peer].agency;
            command->agency = seat_agency(world, agency);
            command->session = 0;
            for (int i = 0; i < SEATS_MAX; i++)
                if (gateway->seats[i].number && gateway->seats[i].peer == peer &&
                    gateway->seats[i].generation == gateway->inbox[gateway->inbox_told].generation)
                    command->session = gateway->seats[i].number;
            if (command->kind == COMMAND_OUTCOME)
                command->outcome.uncharged = breaker_uncharged(&gateway->recipients[agency].breaker);
        }
        gateway_step(world, turn, command);
    }
}

static void work(struct turn *turn, void *context)
{
    struct world *world = context;
    struct gateway *gateway = world->gateway;
    struct command tick = { .kind = COMMAND_TICK };

    effects_reset(&gateway->effects);
    gateway->made_count = gateway->lost_told = gateway->inbox_told = gateway->steps = 0;
    memset(gateway->given_back, 0, sizeof gateway->given_back);
    gateway->lost_again = false;
    tell_lost(world, turn);
    tell_breakers(world, turn);
    for (int i = 0; i < TICKS_MAX && core_due_ms(turn) <= gateway->now_ms && effects_has_room(&gateway->effects); i++)
        gateway_step(world, turn, &tick);
    frames(world, turn);
    seats_offer(world, turn);
    seats_notify(world, turn);
    gateway->due_ms = core_due_ms(turn);
}

/* ---- what follows from it */

static void write_log(struct world *world)
{
    struct gateway *gateway = world->gateway;
    struct told_turn *told = &gateway->log[gateway->log_count++];

    must(gateway->log_count < TURNS_MAX);
    *told = (struct told_turn){ .now_ms = gateway->now_ms, .tables = gateway->core.tables,
                                .intake_closed = gateway->core.intake_closed,
                                .purge_paused = gateway->core.purge_paused,
                                .time_in_doubt = gateway->core.time_in_doubt, .wrote = gateway->end.wrote,
                                .count = gateway->made_count, .seq = gateway->end.seq, .link = gateway->end.link };
    told->commands = world_take(world, (gateway->made_count + 1) * sizeof *told->commands);
    memcpy(told->commands, gateway->made, gateway->made_count * sizeof *told->commands);
}

static const struct command *made_by(const struct gateway *gateway, uint64_t session)
{
    for (uint32_t i = 0; i < gateway->made_count; i++)
        if (gateway->made[i]->kind == COMMAND_ADMIN && gateway->made[i]->session == session)
            return gateway->made[i];
    return NULL;
}

/* Promise 10, as seen from outside: what was said in a turn that began without room. */
static void judge_room(struct world *world, bool closed)
{
    struct gateway *gateway = world->gateway;
    for (uint32_t i = 0; i < gateway->effects.count && closed; i++) {
        const struct effect *effect = &gateway->effects.list[i];
        if (effect->kind == EFFECT_ACCEPTED && !effect->accepted.duplicate)
            audit_accepted_when_closed(world->audit, effect->accepted.handoff);
        if (effect->kind == EFFECT_REFUSED && effect->refused.problem->type == PROBLEM_FULL &&
            !effect->refused.has_message_id)
            audit_refused_when_full(world->audit, "something that is no SUBMIT");
        if (effect->kind == EFFECT_ADMIN_REPLY && effect->admin_reply.refused &&
            effect->admin_reply.refused->type == PROBLEM_FULL)
            audit_refused_when_full(world->audit, "an operator");
    }
}

static void remember(struct world *world)
{
    struct gateway *gateway = world->gateway;

    gateway->lost_count -= gateway->lost_told;
    memmove(gateway->lost, gateway->lost + gateway->lost_told, gateway->lost_count * sizeof *gateway->lost);
    for (uint32_t i = 0; i < world->agency_count; i++)
        if (gateway->given_back[i])
            breaker_given_back(&gateway->recipients[i].breaker);
    gateway->inbox_count -= gateway->inbox_told;
    memmove(gateway->inbox, gateway->inbox + gateway->inbox_told, gateway->inbox_count * sizeof *gateway->inbox);
}

static void speak(struct world *world)
{
    struct gateway *gateway = world->gateway;

    seats_speak(world);
    for (uint32_t i = 0; i < gateway->effects.count; i++) {
        const struct effect *effect = &gateway->effects.list[i];
        const struct command *command = effect->kind == EFFECT_ADMIN_REPLY ? made_by(gateway, effect->session) : NULL;
        if (command)
            people_hear(world, command, effect);
    }
}

void gateway_dies(struct world *world, const char *when)
{
    struct gateway *gateway = world->gateway;

    STORY(world, 0, "THE GATEWAY DIES %s; the store ends with turn %llu", when,
          (unsigned long long)store_last(gateway->store).seq);
    store_leave(gateway->store);
    gateway->store = NULL;
    world->gateway_up = false;
    world->crashes++;
    seats_forget(world);
    for (uint32_t i = 0; i < world->peer_count; i++)
        connection_break(world, &world->peers[i]);
    if (dice_percent(&world->dice, 30))
        site_check(world);
    plan(world, dice_wait(&world->dice, 3000), EVENT_GATEWAY_UP, 0, 0, NULL);
}

static bool dies_now(struct world *world)
{
    for (int i = 0; i < 8; i++)
        if (world->gateway->crash_turns[i] == world->turns && world->turns)
            return !world->calm;
    return false;
}

static void read_time(struct world *world)
{
    struct gateway *gateway = world->gateway;
    gateway->now_ms = gateway_time_now(&gateway->time, world->now_ms + world->wall_off_ms, world->now_ms);
    gateway->core.time_in_doubt = gateway->time.brake;
    /* It went ahead of the truth: leases, which are counted in it, end early. */
    world->clock_steps += gateway->now_ms - world->now_ms > gateway->ahead_ms + 100;
    gateway->ahead_ms = gateway->now_ms - world->now_ms;
}

void gateway_turn(struct world *world)
{
    struct gateway *gateway = world->gateway;
    const char *why = NULL;

    if (!world->gateway_up)
        return;
    read_time(world);
    site_day_key(world, gateway->folder, gateway->now_ms);
    seats_expire(world);
    seats_sweep(world);
    gateway->core.intake_closed = store_intake_open(gateway->store, &why) ? NULL : why;
    gateway->core.purge_paused = gateway->backup;
    world->turns++;
    bool dies = dies_now(world), closed = gateway->core.intake_closed;
    bool before = dies && !dice_percent(&world->dice, world->options.commit_crash_percent);
    bool no_room = !world->calm && dice_permille(&world->dice, world->options.abort_permille);
    gateway->fail_at = before || no_room ? 1 + dice_below(&world->dice, 10) : 0;
    enum result result = store_turn(gateway->store, gateway->now_ms, work, world, &gateway->end);
    if (result == RESULT_FULL && before) {
        gateway_dies(world, "before its commit");
        return;
    }
    if (result == RESULT_FULL) {
        STORY(world, 0, "no room in this turn: again, with intake closed");
        gateway->fail_at = 0;
        closed = true;
        gateway->core.intake_closed = "không còn chỗ / no room";
        result = store_turn(gateway->store, gateway->now_ms, work, world, &gateway->end);
    }
    must(result == RESULT_OK);
    write_log(world);
    if (dies) {
        gateway_dies(world, "after its commit, before a word");
        return;
    }
    judge_room(world, closed);
    remember(world);
    speak(world);
    if (!world->calm && dice_percent(&world->dice, 1))
        (void)store_drop_day_keys(gateway->store, gateway->now_ms);
    if (dice_percent(&world->dice, world->options.settle_percent))
        must(store_settle(gateway->store) == RESULT_OK);
}

/* ---- one command alone */

struct alone { struct world *world; const struct command *command; };

static void work_alone(struct turn *turn, void *context)
{
    struct alone *alone = context;
    struct gateway *gateway = alone->world->gateway;

    effects_reset(&gateway->effects);
    gateway->made_count = gateway->steps = 0;
    gateway_step(alone->world, turn, alone->command);
    gateway->due_ms = core_due_ms(turn);
}

void gateway_alone(struct world *world, const struct command *command)
{
    struct gateway *gateway = world->gateway;
    struct command own = *command;
    struct alone alone = { world, &own };
    bool again = true;

    while (again) {
        read_time(world);
        site_day_key(world, gateway->folder, gateway->now_ms);
        gateway->fail_at = 0;
        enum result result = store_turn(gateway->store, gateway->now_ms, work_alone, &alone, &gateway->end);
        must(result == RESULT_OK);
        write_log(world);
        again = said_again(gateway, 0);
        for (uint32_t i = 0; own.kind == COMMAND_TAKEOVER && again && i < gateway->effects.count; i++)
            if (gateway->effects.list[i].kind == EFFECT_AGAIN)
                own.takeover = gateway->effects.list[i].takeover;
        speak(world);
        /* It may die again while it gets up. */
        if (again && !world->calm && world->options.crashes && dice_percent(&world->dice, 20)) {
            gateway_dies(world, "while it gets up");
            return;
        }
    }
}

void gateway_operator(struct world *world, const struct admin *admin)
{
    struct gateway *gateway = world->gateway;
    enum verb verb = verb_read(admin->verb);
    struct command *command = world_take(world, sizeof *command);

    if (!world->gateway_up || gateway->inbox_count == 1024)
        return;
    command->kind = COMMAND_ADMIN;
    command->session = ADMIN_SESSION | (uint64_t)world->event_order << 8 | gateway->inbox_count;
    command->admin = *admin;
    if (verb_infos[verb].acts && !admin->dry_run) {
        gateway->inbox[gateway->inbox_count].command = command;
        gateway->inbox[gateway->inbox_count++].peer = 0;
        return;
    }
    gateway_alone(world, command);
    if (gateway->end.wrote)
        world_fail(world, admin->handoff, "the operator's question '%s' wrote to the store", admin->verb);
}

/* ---- directories, beginning, end */

/* After a directory and at the start, as the broker does. It may die on the way. */
static void gateway_takeover(struct world *world)
{
    struct command command = { .kind = COMMAND_TAKEOVER };

    if (world->gateway_up && world->gateway->core.tables->successions)
        gateway_alone(world, &command);
}

static void ask_numbers(struct turn *turn, void *context)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->agency_count; i++)
        world->gateway->recipients[i].number = turn_agency_number(turn, world->codes[i]);
}

void gateway_directory(struct world *world, const struct tables *tables)
{
    char bytes[64];
    struct command command = { .kind = COMMAND_DIRECTORY };

    if (!world->gateway_up)
        return;
    snprintf(bytes, sizeof bytes, "directory %u", tables->version);
    command.directory = (struct directory_change){ .tables = tables, .uid = 7, .bytes = span_of_string(
                                                       world_text(world, bytes)) };
    if (!world->gateway->core.tables)
        world->gateway->core.tables = tables;
    gateway_alone(world, &command);
    world->gateway->core.tables = tables;
    if (world->gateway_up)
        look_directory(world, world->gateway->end.seq + 1);
    enum result result = store_read(world->gateway->store, ask_numbers, world);
    must(result == RESULT_OK);
    gateway_takeover(world);
}

static void show_chain(struct turn *turn, void *context)
{
    struct world *world = context;
    struct chain_link link;
    for (uint64_t seq = 1; turn_link(turn, seq, &link); seq++)
        audit_chain(world->audit, seq, &link.link);
}

static void chain(struct world *world)
{
    enum result result = store_read(world->gateway->store, show_chain, world);
    must(result == RESULT_OK);
    audit_chain_end(world->audit, store_last(world->gateway->store).seq);
}

void gateway_up(struct world *world)
{
    struct gateway *gateway = world->gateway;
    struct command start = { .kind = COMMAND_START };

    site_open(world);
    world->gateway_up = true;
    gateway_time_start(&gateway->time, world->now_ms + world->wall_off_ms, world->now_ms,
                       store_last_ms(gateway->store));
    gateway->core.time_in_doubt = gateway->time.brake;
    gateway->session_base = (store_last(gateway->store).seq + 1) << 20;
    gateway->sessions_begun = 0;
    gateway->backup = false;
    gateway->core.intake_closed = NULL;
    gateway->core.purge_paused = false;
    gateway->core.tables = place_tables(world);
    look_directory(world, store_last(gateway->store).seq + 1);
    STORY(world, 0, "the gateway is up");
    chain(world);
    gateway_alone(world, &start);
    gateway_directory(world, place_tables(world));
}

void gateway_begin(struct world *world)
{
    struct gateway *gateway = world->gateway;

    for (uint32_t i = 0; i < world->options.crashes; i++)
        gateway->crash_turns[i] = 5 + dice_below(&world->dice, world->options.storm_turns - 5);
    gateway_up(world);
}

void gateway_end(struct world *world)
{
    struct gateway *gateway = world->gateway;

    if (world->gateway_up)
        chain(world);
    store_close(gateway->store);
    gateway->store = NULL;
    if (world->failed)
        return;
    site_check(world);
    if (world->options.told_twice && !world->failed)
        tell_again(world);
}

bool gateway_is_due(struct world *world)
{
    struct gateway *gateway = world->gateway;

    if (!world->gateway_up)
        return false;
    read_time(world);
    if (gateway->inbox_count || gateway->lost_count || gateway->due_ms <= gateway->now_ms)
        return true;
    for (int i = 0; i < SEATS_MAX; i++) {
        const struct seat *seat = &gateway->seats[i];
        if (seat->number && ((seat->ready && seat->credit > seat->open) || (seat->follows && seat->woken)))
            return true;
    }
    return false;
}

void gateway_backup(struct world *world, bool taken)
{
    world->gateway->backup = taken;
}

bool gateway_time_is_in_doubt(const struct world *world)
{
    return world->gateway->time.brake;
}

int64_t gateway_now_ms(const struct world *world)
{
    return world->gateway->now_ms;
}

void gateway_confirm_time(struct world *world)
{
    gateway_time_confirm(&world->gateway->time, world->now_ms + world->wall_off_ms, world->now_ms);
}
