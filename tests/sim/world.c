/* world.c - the course of a world: a storm with everything that its options allow, then calm, in which all must end
 * within a bounded number of ticks. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/gateway.h"
#include "tests/sim/law.h"

enum {
    ARENA_BYTES = 768 << 20, SECOND = 1000, DAY_SECONDS = 86400, ROUNDS = 40, ROUND_TICKS = 60, STORY_LINES_MAX = 40000,
};

struct story {
    struct { uint64_t handoff; int64_t at_ms; char *text; } lines[STORY_LINES_MAX];
    uint32_t count;
};

/* ---- memory, story, failure */

void *world_take(struct world *world, size_t size)
{
    void *bytes = arena_take(&world->arena, size);
    must(bytes != NULL);
    return memset(bytes, 0, size);
}

struct span world_copy(struct world *world, struct span from)
{
    uint8_t *bytes = from.size ? world_take(world, from.size) : NULL;
    if (from.size)
        memcpy(bytes, from.bytes, from.size);
    return span_of(bytes, from.size);
}

const char *world_text(struct world *world, const char *from)
{
    size_t size = strlen(from) + 1;
    return memcpy(world_take(world, size), from, size);
}

void world_fail(struct world *world, uint64_t handoff, const char *format, ...)
{
    va_list arguments;

    if (world->failed)
        return;
    world->failed = true;
    world->failed_handoff = handoff;
    va_start(arguments, format);
    vsnprintf(world->failure, sizeof world->failure, format, arguments);
    va_end(arguments);
}

void story_line(struct world *world, uint64_t handoff, const char *format, ...)
{
    char text[500];
    va_list arguments;

    if (world->lines->count == STORY_LINES_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    world->lines->lines[world->lines->count].handoff = handoff;
    world->lines->lines[world->lines->count].at_ms = world->now_ms;
    world->lines->lines[world->lines->count++].text = strdup(text);
}

/* What concerns the handoff, and what concerns all. */
void story_print(const struct world *world)
{
    const char *all = getenv("STORY");
    uint64_t letter = 0;

    for (uint32_t i = 0; i < world->letter_count; i++)
        if (world->failed_handoff && world->letters[i].handoff == world->failed_handoff)
            letter = LETTER_STORY(i);
    for (uint32_t i = 0; i < world->lines->count; i++) {
        uint64_t handoff = world->lines->lines[i].handoff;
        if (handoff && handoff != world->failed_handoff && handoff != letter && !all)
            continue;
        printf("  %10.3f  ", (double)(world->lines->lines[i].at_ms - LAW_BEGINS_MS) / 1000);
        if (handoff && !(handoff >> 63))
            printf("#%llu ", NUMBER(handoff));
        printf("%s\n", world->lines->lines[i].text);
    }
}

/* ---- a tick */

static void connect(struct world *world, const struct happening *event)
{
    struct peer *peer = &world->peers[event->index];

    if (event->generation != peer->generation || peer->connected)
        return;
    if (!world->gateway_up) {
        plan(world, dice_wait(&world->dice, 1000), EVENT_CONNECT, event->index, event->generation, NULL);
        return;
    }
    peer->connected = true;
    if (peer->receiver)
        adapter_connected(world, peer);
    else
        client_connected(world, peer);
}

static void down(struct world *world, const struct happening *event)
{
    struct peer *peer = &world->peers[event->index];
    if (event->generation != peer->generation)
        return;
    if (peer->receiver)
        adapter_hears(world, peer, event->what);
    else
        client_hears(world, peer, event->what);
}

static void happen(struct world *world, const struct happening *event)
{
    switch (event->kind) {
    case EVENT_UP:
        if (world->gateway_up && event->generation == world->peers[event->index].generation)
            gateway_hears(world, event);
        return;
    case EVENT_DOWN:
        down(world, event);
        return;
    case EVENT_GONE:
        if (world->gateway_up)
            gateway_gone(world, event->index, event->generation);
        return;
    case EVENT_CONNECT:
        connect(world, event);
        return;
    case EVENT_LETTER:
        letter_due(world, event->index);
        return;
    case EVENT_CLIENT:
        client_wakes(world, &world->peers[event->index]);
        return;
    case EVENT_PING:
        adapter_pings(world, &world->peers[event->index]);
        return;
    case EVENT_JOB:
        job_wakes(world, event->index, event->generation);
        return;
    case EVENT_MOOD:
        office_mood(world, event->index);
        return;
    case EVENT_GATEWAY_UP:
        gateway_up(world);
        return;
    }
}

static bool tick(struct world *world, int64_t step_ms)
{
    struct happening event;
    uint64_t handoff;
    int64_t until_ms = world->now_ms + step_ms;

    while (next_event(world, until_ms, &event)) {
        if (event.at_ms > world->now_ms)
            world->now_ms = event.at_ms;
        happen(world, &event);
        const char *wrong = audit_failure(world->audit, &handoff);
        if (wrong)
            world_fail(world, handoff, "%s", wrong);
        if (world->failed)
            return false;
    }
    world->now_ms = until_ms;
    return true;
}

/* ---- the storm */

static void break_things(struct world *world)
{
    struct options *options = &world->options;

    for (uint32_t i = 0; i < world->peer_count; i++) {
        if (dice_permille(&world->dice, options->break_permille))
            connection_break(world, &world->peers[i]);
        if (world->peers[i].receiver && dice_permille(&world->dice, options->death_permille))
            adapter_dies(world, &world->peers[i]);
    }
    if (dice_permille(&world->dice, options->jump_permille)) {
        STORY(world, 0, "the machine sleeps");
        (void)tick(world, 0);
        world->now_ms += dice_between(&world->dice, 1000, 2 * 3600 * 1000);
    }
    if (dice_permille(&world->dice, options->wall_permille)) {
        world->wall_off_ms = dice_percent(&world->dice, 50) ? 0 : dice_between(&world->dice, -3600000, 3600000);
        STORY(world, 0, "the wall clock is off by %lld ms", (long long)world->wall_off_ms);
    }
    if (options->far_jump && dice_permille(&world->dice, 3)) {
        STORY(world, 0, "ninety-one days pass");
        world->now_ms += 91LL * DAY_SECONDS * SECOND;
    }
}

static void storm(struct world *world)
{
    while (world->turns < world->options.storm_turns && !world->failed) {
        if (!tick(world, dice_wait(&world->dice, world->options.step_ms)))
            return;
        people_act(world);
        gateway_turn(world);
        look_at_one(world);
        break_things(world);
    }
}

/* ---- afterwards */

static bool quiet_tick(struct world *world)
{
    uint64_t handoff;
    if (!tick(world, 500))
        return false;
    if (gateway_is_due(world))
        gateway_turn(world);
    const char *wrong = audit_failure(world->audit, &handoff);
    if (wrong)
        world_fail(world, handoff, "%s", wrong);
    return !world->failed;
}

static void calm_down(struct world *world)
{
    world->calm = true;
    world->calm_ms = world->now_ms;
    world->wall_off_ms = 0;
    STORY(world, 0, "the storm is over");
    for (uint32_t i = 0; i < world->agency_count; i++) {
        world->offices[i].mood = MOOD_GOOD;
        world->offices[i].mapping_fixed = true;
    }
    for (uint32_t i = 0; i < world->peer_count; i++)
        if (world->peers[i].stalled_until_ms > world->now_ms)
            world->peers[i].stalled_until_ms = world->now_ms;
    while (!world->gateway_up && !world->failed)
        (void)tick(world, 1000);
    gateway_confirm_time(world);
    gateway_backup(world, false);
    place_restore(world);
    people_calm(world);
}

static void settle(struct world *world)
{
    /* In gateway time: it may run at half speed until the wall clock has caught up. */
    int64_t until_ms = world->gateway->now_ms + world->options.antecedent_ms + 30 * 60 * SECOND;
    int64_t look_ms = world->now_ms + 60 * SECOND;

    while (world->gateway->now_ms < until_ms && quiet_tick(world)) {
        if (world->now_ms < look_ms)
            continue;
        look_ms += 10 * SECOND;
        people_calm(world);
        if (audit_is_settled(world->audit, false))
            return;
    }
    (void)audit_is_settled(world->audit, true);
}

static void see_to_the_rest(struct world *world)
{
    uint32_t quiet = 0;
    for (uint32_t round = 1; round <= ROUNDS && quiet < 2 && !world->failed; round++) {
        people_see_to_it(world, round);
        for (int i = 0; i < ROUND_TICKS; i++)
            if (!quiet_tick(world))
                return;
        quiet = audit_is_over(world->audit, false) ? quiet + 1 : 0;
    }
    if (!quiet)
        (void)audit_is_over(world->audit, true);
}

void world_run(struct world *world)
{
    uint64_t handoff;

    gateway_begin(world);
    storm(world);
    if (!world->failed)
        calm_down(world);
    if (!world->failed)
        settle(world);
    if (!world->failed)
        see_to_the_rest(world);
    if (!world->failed)
        look_at_all(world);
    const char *wrong = audit_failure(world->audit, &handoff);
    if (wrong)
        world_fail(world, handoff, "%s", wrong);
    if (world->failed && world->story)
        people_ask_why(world);
    gateway_end(world);
    wrong = audit_failure(world->audit, &handoff);
    if (wrong)
        world_fail(world, handoff, "%s", wrong);
}

/* ---- beginning and end */

static void make_gateway(struct world *world)
{
    struct gateway *gateway = world->gateway;

    snprintf(gateway->folder, sizeof gateway->folder, "%s/lienthong-sim-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(gateway->folder) != NULL);
    gateway->options = (struct store_options){ .folder = gateway->folder, .map_bytes = 1ULL << 30,
                                               .store_bytes_max = world->options.store_bytes_max,
                                               .ballast_bytes = 4096, .no_sync = true,
                                               .journal_bytes = world->options.journal_bytes };
}

static void make_cases(struct world *world)
{
    for (uint32_t i = 0; i < world->options.cases; i++) {
        world->cases[i].one_stop = dice_below(&world->dice, world->options.one_stops);
        for (int k = 0; k < 3; k++)
            world->cases[i].sectors[k] = world->options.one_stops + dice_below(&world->dice, world->options.sectors);
    }
    int64_t length_ms = (int64_t)world->options.storm_turns * world->options.step_ms;
    for (uint32_t i = 0; i < world->options.letters; i++) {
        int32_t letter = letter_new(world, 0);
        plan(world, dice_between(&world->dice, 0, length_ms), EVENT_LETTER, (uint32_t)letter, 0, NULL);
    }
}

/* What is large is made once a process and emptied for each world. */
struct world *world_new(uint64_t seed, bool story)
{
    static struct world world;
    static struct gateway gateway;
    static struct story lines;
    struct arena arena = world.arena;
    struct happening *events = world.events;
    struct audit *audit = world.audit;
    uint32_t events_size = world.events_size;
    struct told_turn *log = gateway.log;
    struct core core = gateway.core;
    struct effects effects = gateway.effects;

    if (!audit) {
        audit = audit_new();
        log = calloc(TURNS_MAX, sizeof *log);
        must(log && arena_init(&arena, ARENA_BYTES) == RESULT_OK && core_init(&core) == RESULT_OK &&
             effects_init(&effects) == RESULT_OK);
    }
    memset(&world, 0, sizeof world);
    memset(&gateway, 0, sizeof gateway);
    world.arena = arena;
    world.events = events;
    world.events_size = events_size;
    world.audit = audit;
    world.gateway = &gateway;
    world.lines = &lines;
    gateway.log = log;
    gateway.core = core;
    gateway.effects = effects;
    lines.count = 0;
    arena_reset(&world.arena);
    audit_reset(audit);
    world.seed = seed;
    world.story = story;
    world.now_ms = LAW_BEGINS_MS;
    world.job_births = 1000;
    world.dice.state = seed * 0x2545F4914F6CDD1DULL;
    options_draw(&world.options, &world.dice, seed);
    gateway.core.tables = NULL;
    make_gateway(&world);
    place_begin(&world);
    clients_begin(&world);
    adapters_begin(&world);
    make_cases(&world);
    for (uint32_t i = 0; i < world.agency_count; i++)
        plan(&world, dice_wait(&world.dice, 20 * world.options.step_ms), EVENT_MOOD, i, 0, NULL);
    return &world;
}

void world_free(struct world *world)
{
    char again[128];

    store_close(world->gateway->store);
    site_remove(world->gateway->folder);
    snprintf(again, sizeof again, "%s-again", world->gateway->folder);
    site_remove(again);
    for (uint32_t i = 0; i < world->lines->count; i++)
        free(world->lines->lines[i].text);
    world->lines->count = 0;
}
