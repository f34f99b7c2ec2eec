/* seats.c - sessions as the broker has them: who can take how much, what is out, who follows; and what is said after a
 * commit. A model of gateway/broker/{offers_plan,speak,session}.c. */
#include <string.h>

#include "tests/sim/gateway.h"

struct seat *seat_of(struct gateway *gateway, uint64_t number)
{
    for (int i = 0; number && i < SEATS_MAX; i++)
        if (gateway->seats[i].number == number)
            return &gateway->seats[i];
    return NULL;
}

static struct seat *seat_of_peer(struct gateway *gateway, uint32_t peer, uint32_t generation)
{
    for (int i = 0; i < SEATS_MAX; i++)
        if (gateway->seats[i].number && gateway->seats[i].peer == peer && gateway->seats[i].generation == generation)
            return &gateway->seats[i];
    return NULL;
}

/* NULL: the directory does not have it now. */
const struct agency *seat_agency(struct world *world, uint32_t agency)
{
    return tables_agency(world->gateway->core.tables, world->codes[agency]);
}

static struct breaker_rule rule_of(struct world *world, uint32_t agency)
{
    const struct agency *found = seat_agency(world, agency);
    return (struct breaker_rule){ .after = found->breaker_after, .probe_ms = found->breaker_probe_ms,
                                  .in_flight_max = found->in_flight_max };
}

/* ---- what is out */

static bool out_remove(struct gateway *gateway, struct recipient *recipient, uint64_t handoff)
{
    for (uint32_t i = 0; i < recipient->out_count; i++) {
        if (recipient->out[i].handoff != handoff)
            continue;
        struct seat *seat = seat_of(gateway, recipient->out[i].seat);
        if (seat)
            seat->open--;
        recipient->out[i] = recipient->out[--recipient->out_count];
        return true;
    }
    return false;
}

static void out_lost(struct world *world, uint32_t agency, uint64_t handoff)
{
    struct recipient *recipient = &world->gateway->recipients[agency];
    struct breaker_rule rule = rule_of(world, agency);
    if (out_remove(world->gateway, recipient, handoff))
        (void)breaker_attempt_lost(&recipient->breaker, &rule, handoff, world->gateway->now_ms);
}

void seats_expire(struct world *world)
{
    struct gateway *gateway = world->gateway;
    for (uint32_t agency = 0; agency < world->agency_count; agency++) {
        struct recipient *recipient = &gateway->recipients[agency];
        for (uint32_t i = 0; i < recipient->out_count;)
            if (recipient->out[i].given_ms + gateway->core.tables->lease_ms < gateway->now_ms)
                out_lost(world, agency, recipient->out[i].handoff);
            else
                i++;
    }
}

/* ---- sessions begin and end */

static void seat_end(struct world *world, struct seat *seat)
{
    struct gateway *gateway = world->gateway;
    struct recipient *recipient = &gateway->recipients[seat->agency];

    for (uint32_t i = 0; i < recipient->out_count;)
        if (recipient->out[i].seat == seat->number)
            out_lost(world, seat->agency, recipient->out[i].handoff);
        else
            i++;
    must(gateway->lost_count < LOST_MAX);
    if (seat->was_offered)
        gateway->lost[gateway->lost_count++] = seat->number;
    seat->number = 0;
}

bool seats_key_holds(struct world *world, uint32_t peer)
{
    struct gateway *gateway = world->gateway;
    uint8_t key[CURVE_KEY_SIZE];
    uint32_t roles;

    (void)place_key(&world->peers[peer], key);
    const struct agency *holder = tables_agency_of_key(gateway->core.tables, key, gateway->now_ms, &roles);
    return holder && strcmp(holder->code, world->codes[world->peers[peer].agency]) == 0;
}

void seats_sweep(struct world *world)
{
    for (int i = 0; i < SEATS_MAX; i++) {
        struct seat *seat = &world->gateway->seats[i];
        if (!seat->number || seats_key_holds(world, seat->peer))
            continue;
        uint32_t peer = seat->peer, generation = seat->generation;
        seat_end(world, seat);
        if (world->peers[peer].generation == generation)
            connection_break(world, &world->peers[peer]);
    }
}

void seats_forget(struct world *world)
{
    memset(world->gateway->seats, 0, sizeof world->gateway->seats);
    memset(world->gateway->recipients, 0, sizeof world->gateway->recipients);
    world->gateway->lost_count = world->gateway->inbox_count = 0;
}

void gateway_gone(struct world *world, uint32_t peer, uint32_t generation)
{
    struct seat *seat = seat_of_peer(world->gateway, peer, generation);
    if (seat)
        seat_end(world, seat);
}

static void take_hello(struct world *world, const struct happening *event, const struct up *up)
{
    struct gateway *gateway = world->gateway;
    struct seat *seat = seat_of_peer(gateway, event->index, event->generation);

    if (seat)
        seat_end(world, seat);
    for (int i = 0; i < SEATS_MAX && !seat; i++)
        seat = gateway->seats[i].number ? NULL : &gateway->seats[i];
    must(seat != NULL);
    *seat = (struct seat){ .number = gateway->session_base + gateway->sessions_begun++, .peer = event->index,
                           .generation = event->generation, .agency = world->peers[event->index].agency,
                           .receiver = world->peers[event->index].receiver, .credit = up->credit, .kinds = up->kinds };
    seat->ready = seat->receiver;
    struct down welcome = { .kind = DOWN_WELCOME };
    send_down(world, seat, &welcome);
}

void gateway_hears(struct world *world, const struct happening *event)
{
    struct gateway *gateway = world->gateway;
    struct up *up = event->what;
    struct seat *seat = seat_of_peer(gateway, event->index, event->generation);

    if (!seats_key_holds(world, event->index)) {            /* as the handshake refuses it */
        connection_break(world, &world->peers[event->index]);
        return;
    }
    if (up->kind == UP_HELLO) {
        take_hello(world, event, up);
        return;
    }
    if (!seat) {
        struct seat nobody = { .peer = event->index, .generation = event->generation };
        struct down no_hello = { .kind = DOWN_NO_HELLO };
        send_down(world, &nobody, &no_hello);
        return;
    }
    switch (up->kind) {
    case UP_PING:
        seat->stamp_ms = up->stamp_ms;
        return;
    case UP_CREDIT:
        seat->credit = up->credit;
        seat->kinds = up->kinds;
        seat->ready = true;
        return;
    case UP_FOLLOW:
        seat->follows = seat->from_cursor = seat->woken = true;
        seat->given_count = 0;
        return;
    default:
        break;
    }
    if (gateway->inbox_count == 1024)
        return;
    struct command *command = &up->command;
    if (command->kind == COMMAND_NOTICE_ACK) {
        uint32_t gone = 0;
        while (gone < seat->given_count && seat->given[gone] <= command->acknowledged)
            gone++;
        seat->given_count -= gone;
        memmove(seat->given, seat->given + gone, seat->given_count * sizeof *seat->given);
        seat->woken |= seat->follows;
    }
    gateway->inbox[gateway->inbox_count].command = command;
    gateway->inbox[gateway->inbox_count].peer = event->index;
    gateway->inbox[gateway->inbox_count++].generation = event->generation;
}

/* ---- planning, within the turn */

static uint32_t agency_of_number(const struct world *world, uint32_t number)
{
    for (uint32_t i = 0; i < world->agency_count; i++)
        if (world->gateway->recipients[i].number == number)
            return i;
    return AGENCIES;
}

int32_t gateway_agency(const struct world *world, uint32_t number)
{
    uint32_t agency = agency_of_number(world, number);
    return agency == AGENCIES ? NONE : (int32_t)agency;
}

static void wake(struct world *world, uint32_t number, bool feed)
{
    uint32_t agency = agency_of_number(world, number);
    for (int i = 0; i < SEATS_MAX; i++) {
        struct seat *seat = &world->gateway->seats[i];
        if (!seat->number || seat->agency != agency)
            continue;
        if (feed)
            seat->woken |= seat->follows;
        else
            seat->ready |= seat->receiver;
    }
}

static void take_hints(struct world *world)
{
    const struct effects *effects = &world->gateway->effects;
    for (uint32_t i = 0; i < effects->count; i++)
        if (effects->list[i].kind == EFFECT_READY || effects->list[i].kind == EFFECT_FEED)
            wake(world, effects->list[i].agency, effects->list[i].kind == EFFECT_FEED);
}

static uint32_t room_of(struct world *world, uint32_t agency)
{
    struct gateway *gateway = world->gateway;
    struct recipient *recipient = &gateway->recipients[agency];
    struct breaker_rule rule = rule_of(world, agency);
    bool out = false;

    (void)breaker_tick(&recipient->breaker, gateway->now_ms);
    for (uint32_t i = 0; i < recipient->out_count; i++)
        out |= recipient->out[i].handoff == recipient->breaker.probe;
    if (recipient->breaker.probe && !out)
        (void)breaker_attempt_lost(&recipient->breaker, &rule, recipient->breaker.probe, gateway->now_ms);
    uint32_t limit = breaker_limit(&recipient->breaker, &rule);
    uint32_t count = recipient->breaker.state == BREAKER_HALF_OPEN ? 0 : recipient->out_count;
    return limit > count ? limit - count : 0;
}

void seats_offer(struct world *world, struct turn *turn)
{
    struct gateway *gateway = world->gateway;

    take_hints(world);
    for (int i = 0; i < SEATS_MAX; i++) {
        struct seat *seat = &gateway->seats[i];
        const struct agency *agency = seat->number ? seat_agency(world, seat->agency) : NULL;
        if (!agency || !seat->ready || seat->credit <= seat->open)
            continue;
        uint32_t room = room_of(world, seat->agency), own = seat->credit - seat->open;
        if (room > own)
            room = own;
        if (room > OPENS_PER_AGENCY - gateway->recipients[seat->agency].out_count)
            room = OPENS_PER_AGENCY - gateway->recipients[seat->agency].out_count;
        if (!room || !effects_has_room(&gateway->effects))
            continue;
        struct command command = { .kind = COMMAND_OFFER, .session = seat->number, .agency = agency };
        command.offer = (struct offer){
            .session = seat->number, .most = room, .kinds = seat->kinds, .stamp_ms = seat->stamp_ms,
            .probe = gateway->recipients[seat->agency].breaker.state == BREAKER_HALF_OPEN,
            .bytes_max = dice_percent(&world->dice, world->options.waiter_percent) ? world->options.body_bytes : 0,
        };
        uint32_t before = gateway->effects.count;
        gateway_step(world, turn, &command);
        /* Two seats of one agency share its room within a turn. */
        if (gateway->effects.count > before + 1)
            for (int k = i + 1; k < SEATS_MAX; k++)
                if (gateway->seats[k].number && gateway->seats[k].agency == seat->agency)
                    return;
    }
}

void seats_notify(struct world *world, struct turn *turn)
{
    struct gateway *gateway = world->gateway;

    take_hints(world);
    for (int i = 0; i < SEATS_MAX; i++) {
        struct seat *seat = &gateway->seats[i];
        const struct agency *agency = seat->number ? seat_agency(world, seat->agency) : NULL;
        if (!agency || !seat->follows || !seat->woken || seat->given_count == NOTIFY_MAX ||
            !effects_has_room(&gateway->effects))
            continue;
        struct command command = { .kind = COMMAND_NOTIFY, .session = seat->number, .agency = agency };
        command.notify = (struct notify){ .after = seat->follow_after, .most = NOTIFY_MAX - seat->given_count,
                                          .from_cursor = seat->from_cursor };
        gateway_step(world, turn, &command);
    }
}

/* ---- after the commit */

static void say(struct world *world, const struct effect *effect, enum down_kind kind)
{
    struct gateway *gateway = world->gateway;
    struct seat *seat = seat_of(gateway, effect->session);
    struct down down = { .kind = kind, .correlation = effect->correlation, .seq = gateway->end.seq,
                         .link = gateway->end.link, .effect = *effect };

    if (!seat)
        return;
    uint8_t key[CURVE_KEY_SIZE];
    uint64_t handoff = kind == DOWN_DELIVER ? effect->deliver.handoff
                       : kind == DOWN_ACCEPTED ? effect->accepted.handoff : 0;
    audit_spoken_to(world->audit, handoff, seat->agency, place_key(&world->peers[seat->peer], key), gateway->now_ms);
    if (kind == DOWN_ACCEPTED && !hash_is_zero(&effect->accepted.link))
        down.link = effect->accepted.link;
    if (kind == DOWN_NOTICE) {
        must(seat->given_count < NOTIFY_MAX);
        seat->given[seat->given_count++] = effect->notice.event_seq;
    }
    send_down(world, seat, &down);
}

static void say_deliver(struct world *world, const struct effect *effect)
{
    struct gateway *gateway = world->gateway;
    struct seat *seat = seat_of(gateway, effect->session);

    if (!seat)
        return;
    struct recipient *recipient = &gateway->recipients[seat->agency];
    (void)out_remove(gateway, recipient, effect->deliver.handoff);
    must(recipient->out_count < OPENS_PER_AGENCY);
    recipient->out[recipient->out_count++] = (struct out){ effect->deliver.handoff, seat->number, gateway->now_ms };
    seat->open++;
    seat->was_offered = true;
    if (recipient->breaker.state == BREAKER_HALF_OPEN && !recipient->breaker.probe)
        breaker_probe_sent(&recipient->breaker, effect->deliver.handoff);
    say(world, effect, DOWN_DELIVER);
}

static void answered(struct world *world, const struct effect *effect)
{
    struct gateway *gateway = world->gateway;
    uint32_t agency = agency_of_number(world, effect->agency);
    struct breaker_answer answer = {
        .verdict = effect->answered.verdict, .handoff = effect->answered.handoff, .dossier = effect->answered.dossier,
        .fingerprint = effect->answered.fingerprint, .never_sent = effect->answered.never_sent,
        .charged = effect->answered.charged,
    };
    if (agency == AGENCIES)
        return;
    struct recipient *recipient = &gateway->recipients[agency];
    struct breaker_rule rule = rule_of(world, agency);
    (void)out_remove(gateway, recipient, effect->answered.handoff);
    if (breaker_answer(&recipient->breaker, &rule, &answer, gateway->now_ms))
        STORY(world, effect->answered.handoff, "the breaker of %s is %s", world->codes[agency],
              breaker_state_name(recipient->breaker.state));
}

static void over(struct world *world, uint64_t handoff)
{
    for (uint32_t i = 0; i < world->agency_count; i++)
        (void)out_remove(world->gateway, &world->gateway->recipients[i], handoff);
}

static void limits_heard(struct world *world, const struct effect *effect)
{
    struct seat *seat = seat_of(world->gateway, effect->session);
    if (!seat)
        return;
    if (effect->kind == EFFECT_OFFERED) {
        if (effect->offered.count < effect->offered.asked && !effect->offered.more)
            seat->ready = false;
        return;
    }
    seat->follow_after = effect->notified.last;
    seat->from_cursor = false;
    if (effect->notified.count < effect->notified.asked)
        seat->woken = false;
}

static void speak_one(struct world *world, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_READY: case EFFECT_FEED:
        wake(world, effect->agency, effect->kind == EFFECT_FEED);
        return;
    case EFFECT_ANSWERED:
        answered(world, effect);
        return;
    case EFFECT_OFFERED: case EFFECT_NOTIFIED:
        limits_heard(world, effect);
        return;
    case EFFECT_AGENCY:
        if (!effect->agency_state.paused && !effect->agency_state.on_hold)
            wake(world, effect->agency, false);
        return;
    case EFFECT_DELIVER:
        if (tables_agency(world->gateway->core.tables, effect->deliver.recipient)->to_ms)
            world_fail(world, effect->deliver.handoff, "it was given to an agency that is abolished");
        say_deliver(world, effect);
        return;
    case EFFECT_OUTCOME_ACK:
        if (effect->outcome_ack.state != STATE_OFFERED)
            over(world, effect->outcome_ack.handoff);
        say(world, effect, DOWN_OUTCOME_ACK);
        return;
    case EFFECT_ACCEPTED:
        say(world, effect, DOWN_ACCEPTED);
        return;
    case EFFECT_REFUSED:
        say(world, effect, DOWN_REFUSED);
        return;
    case EFFECT_NOTICE:
        say(world, effect, DOWN_NOTICE);
        return;
    case EFFECT_CHECKPOINT_ACK:
        say(world, effect, DOWN_CHECKPOINT_ACK);
        return;
    case EFFECT_CURSOR_ACK:
        say(world, effect, DOWN_CURSOR_ACK);
        return;
    default:
        return;
    }
}

void seats_speak(struct world *world)
{
    for (uint32_t i = 0; i < world->gateway->effects.count; i++)
        speak_one(world, &world->gateway->effects.list[i]);
}
