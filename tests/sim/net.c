/* net.c - what happens when, and frames on their way. Nothing overtakes anything on one connection; between connections
 * everything may. A frame to the gateway may be lost, or come twice; what the gateway says is lost only with its
 * connection, as with TCP: a follower acknowledges all notices up to the last one it got. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

/* ---- events: a heap, earliest first, equal times in order of being planned */

static bool earlier(const struct happening *a, const struct happening *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void plan_at(struct world *world, int64_t at_ms, enum event_kind kind, uint32_t index, uint32_t generation,
                    void *what)
{
    if (world->event_count == world->events_size) {
        world->events_size = world->events_size ? world->events_size * 2 : 1024;
        world->events = realloc(world->events, world->events_size * sizeof *world->events);
        must(world->events != NULL);
    }
    uint32_t at = world->event_count++;
    struct happening event = { .at_ms = at_ms, .order = ++world->event_order, .kind = kind, .index = index,
                           .generation = generation, .what = what };
    for (; at && earlier(&event, &world->events[(at - 1) / 2]); at = (at - 1) / 2)
        world->events[at] = world->events[(at - 1) / 2];
    world->events[at] = event;
}

void plan(struct world *world, int64_t in_ms, enum event_kind kind, uint32_t index, uint32_t generation, void *what)
{
    plan_at(world, world->now_ms + (in_ms > 0 ? in_ms : 0), kind, index, generation, what);
}

int64_t next_event_ms(const struct world *world)
{
    return world->event_count ? world->events[0].at_ms : INT64_MAX;
}

bool next_event(struct world *world, int64_t until_ms, struct happening *ret_event)
{
    if (!world->event_count || world->events[0].at_ms > until_ms)
        return false;
    *ret_event = world->events[0];
    struct happening last = world->events[--world->event_count];
    uint32_t at = 0;
    for (uint32_t below = 1; below < world->event_count; below = 2 * at + 1) {
        if (below + 1 < world->event_count && earlier(&world->events[below + 1], &world->events[below]))
            below++;
        if (!earlier(&world->events[below], &last))
            break;
        world->events[at] = world->events[below];
        at = below;
    }
    world->events[at] = last;
    return true;
}

/* ---- frames */

static int64_t delay(struct world *world)
{
    return world->calm ? dice_between(&world->dice, 1, 20) : dice_wait(&world->dice, world->options.delay_ms);
}

static void carry_up(struct world *world, struct peer *peer, struct up *up)
{
    int64_t at_ms = world->now_ms + delay(world);
    if (at_ms < peer->last_up_ms)
        at_ms = peer->last_up_ms;
    peer->last_up_ms = at_ms;
    plan_at(world, at_ms, EVENT_UP, peer->number, peer->generation, up);
}

void send_up(struct world *world, struct peer *peer, struct up *up)
{
    if (!peer->connected)
        return;
    bool repeatable = up->kind == UP_COMMAND && !world->calm;
    if (repeatable && dice_percent(&world->dice, world->options.loss_percent))
        return;
    carry_up(world, peer, up);
    if (repeatable && dice_percent(&world->dice, world->options.again_percent))
        carry_up(world, peer, up);
}

static struct down *copy_down(struct world *world, const struct down *from)
{
    struct down *down = world_take(world, sizeof *down);
    struct effect *effect = &down->effect;

    *down = *from;
    down->clock_steps = world->clock_steps;
    if (down->kind == DOWN_REFUSED) {
        effect->refused.problem = world_take(world, sizeof *effect->refused.problem);
        *effect->refused.problem = *from->effect.refused.problem;
    } else if (down->kind == DOWN_DELIVER) {
        effect->deliver.header = world_copy(world, effect->deliver.header);
        effect->deliver.payload = world_copy(world, effect->deliver.payload);
        effect->deliver.checkpoint = world_copy(world, effect->deliver.checkpoint);
        effect->deliver.sender = world_text(world, effect->deliver.sender);
        effect->deliver.step = world_text(world, effect->deliver.step);
        effect->deliver.procedure_version = world_text(world, effect->deliver.procedure_version);
        effect->deliver.idempotency_key = world_text(world, effect->deliver.idempotency_key);
        struct input *inputs = world_take(world, sizeof *inputs * (effect->deliver.input_count + 1));
        for (uint32_t i = 0; i < effect->deliver.input_count; i++) {
            inputs[i] = effect->deliver.inputs[i];
            inputs[i].payload = world_copy(world, inputs[i].payload);
        }
        effect->deliver.inputs = inputs;
    } else if (down->kind == DOWN_NOTICE) {
        effect->notice.dossier_code = world_text(world, effect->notice.dossier_code);
    } else if (down->kind == DOWN_CURSOR_ACK) {
        effect->cursor_ack.name = world_copy(world, effect->cursor_ack.name);
        effect->cursor_ack.value = world_copy(world, effect->cursor_ack.value);
    }
    return down;
}

void send_down(struct world *world, const struct seat *seat, struct down *down)
{
    struct peer *peer = &world->peers[seat->peer];

    if (seat->generation != peer->generation || !peer->connected)
        return;                                             /* into a connection that broke */
    int64_t at_ms = world->now_ms + delay(world);
    if (at_ms < peer->last_down_ms)
        at_ms = peer->last_down_ms;
    peer->last_down_ms = at_ms;
    plan_at(world, at_ms, EVENT_DOWN, seat->peer, seat->generation, copy_down(world, down));
}

void connection_break(struct world *world, struct peer *peer)
{
    if (!peer->connected)
        return;
    peer->connected = peer->welcome = false;
    peer->last_up_ms = peer->last_down_ms = 0;
    /* The gateway notices later, perhaps after the peer is back. */
    plan(world, dice_wait(&world->dice, 2000), EVENT_GONE, peer->number, peer->generation, NULL);
    peer->generation++;
    plan(world, dice_wait(&world->dice, world->calm ? 500 : 5000), EVENT_CONNECT, peer->number, peer->generation, NULL);
}

/* Only as much of it as its kind needs. */
struct up *up_frame(struct world *world, enum up_kind kind)
{
    struct up *up = world_take(world, offsetof(struct up, command));
    up->kind = kind;
    return up;
}

struct up *up_command(struct world *world, enum command_kind kind, uint64_t correlation)
{
    size_t size = kind == COMMAND_SUBMIT ? sizeof(struct up)
                  : offsetof(struct up, command) + offsetof(struct command, outcome) + sizeof(struct outcome);
    struct up *up = world_take(world, size);
    up->kind = UP_COMMAND;
    up->command.kind = kind;
    up->command.correlation = correlation;
    return up;
}
