/* seats.c - a session for each agency, as its adapter or system keeps it: what it is offered, what it answers, what it
 * follows. A model of gateway/broker/{offers_plan,speak}.c with one session per agency. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tests/city/city.h"

/* Of a thousand deliveries; with more than FEW dossiers of every second, third ... dossier only. */
enum { DEATHS_1000 = 1, FEW = 20000, UNHEARD_MAX = 4096 };

struct place *place_of_number(struct city *city, uint32_t number)
{
    for (uint32_t i = 0; i < city->place_count; i++)
        if (city->places[i].number == number)
            return &city->places[i];
    must(false);
    return NULL;
}

static struct breaker_rule rule_of(const struct place *place)
{
    return (struct breaker_rule){ .after = place->agency->breaker_after, .probe_ms = place->agency->breaker_probe_ms,
                                  .in_flight_max = place->agency->in_flight_max };
}

static void seat_begin(struct city *city, struct place *place)
{
    place->seat = (struct seat){ .session = (store_last(city->store).seq + 1) << 20 | city->sessions_begun++,
                                 .ready = true, .woken = true, .from_cursor = true };
}

void seats_begin(struct city *city)
{
    city->sessions_begun = 0;
    must(!queue_next(&city->answers));
    for (uint32_t i = 0; i < city->place_count; i++)
        seat_begin(city, &city->places[i]);
}

/* ---- within a turn */

static void take_hints(struct city *city)
{
    for (uint32_t i = 0; i < city->effects.count; i++)
        if (city->effects.list[i].kind == EFFECT_READY || city->effects.list[i].kind == EFFECT_FEED)
            seats_hear(city, &city->effects.list[i]);
}

static uint32_t room_of(struct place *place, int64_t now_ms)
{
    struct breaker_rule rule = rule_of(place);
    (void)breaker_tick(&place->seat.breaker, now_ms);
    uint32_t limit = breaker_limit(&place->seat.breaker, &rule);
    uint32_t open = place->seat.breaker.state == BREAKER_HALF_OPEN ? 0 : place->seat.open;
    return limit > open ? limit - open : 0;
}

void seats_breakers(struct city *city, struct turn *turn)
{
    for (uint32_t i = 0; i < city->place_count; i++) {
        struct agency_breaker *breaker = &city->places[i].seat.breaker;
        struct command command = { .kind = COMMAND_BREAKER };
        if (!breaker->give_back_count)
            continue;
        command.breaker = (struct breaker){ .handoffs = breaker->give_back, .count = breaker->give_back_count };
        gateway_step(city, turn, &command);
        city->places[i].seat.given_back = true;
    }
}

void seats_offer(struct city *city, struct turn *turn)
{
    take_hints(city);
    for (uint32_t i = 0; i < city->place_count; i++) {
        struct place *place = &city->places[i];
        uint32_t room = place->seat.ready ? room_of(place, city->now_ms) : 0;
        if (!room || !effects_has_room(&city->effects))
            continue;
        struct command command = { .kind = COMMAND_OFFER, .session = place->seat.session, .agency = place->agency };
        command.offer = (struct offer){ .session = place->seat.session, .most = room, .kinds = KINDS_ALL,
                                        .stamp_ms = city->now_ms,
                                        .probe = place->seat.breaker.state == BREAKER_HALF_OPEN };
        gateway_step(city, turn, &command);
    }
}

void seats_notify(struct city *city, struct turn *turn)
{
    take_hints(city);
    for (uint32_t i = 0; i < city->place_count; i++) {
        struct place *place = &city->places[i];
        if (!place->seat.woken || place->seat.told || !effects_has_room(&city->effects))
            continue;
        struct command command = { .kind = COMMAND_NOTIFY, .session = place->seat.session, .agency = place->agency };
        command.notify = (struct notify){ .after = place->seat.follow_after, .most = NOTIFY_MAX,
                                          .from_cursor = place->seat.from_cursor };
        gateway_step(city, turn, &command);
    }
}

/* ---- after it */

static void answered(struct city *city, const struct effect *effect)
{
    struct place *place = place_of_number(city, effect->agency);
    struct breaker_rule rule = rule_of(place);
    struct breaker_answer answer = {
        .verdict = effect->answered.verdict, .handoff = effect->answered.handoff, .dossier = effect->answered.dossier,
        .fingerprint = effect->answered.fingerprint, .never_sent = effect->answered.never_sent,
        .charged = effect->answered.charged,
    };
    (void)breaker_answer(&place->seat.breaker, &rule, &answer, city->now_ms);
}

void seats_hear(struct city *city, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_READY:
        place_of_number(city, effect->agency)->seat.ready = true;
        return;
    case EFFECT_FEED:
        place_of_number(city, effect->agency)->seat.woken = true;
        return;
    case EFFECT_ANSWERED:
        answered(city, effect);
        return;
    case EFFECT_OFFERED:
        if (effect->offered.count < effect->offered.asked && !effect->offered.more)
            place_of_number(city, effect->agency)->seat.ready = false;
        return;
    case EFFECT_NOTIFIED: {
        struct seat *seat = &place_of_number(city, effect->agency)->seat;
        seat->follow_after = effect->notified.last;
        seat->from_cursor = false;
        if (effect->notified.count < effect->notified.asked)
            seat->woken = false;
        return;
    }
    default:
        return;
    }
}

/* An agency that could take more if it had answered what it has. */
bool seats_wait(struct city *city)
{
    for (uint32_t i = 0; i < city->place_count; i++) {
        struct seat *seat = &city->places[i].seat;
        if (seat->ready && seat->breaker.state == BREAKER_CLOSED && seat->open)
            return true;
    }
    return false;
}

uint32_t seats_next(const struct city *city)
{
    uint32_t next = NEVER;

    for (uint32_t i = 0; i < city->place_count; i++) {
        const struct seat *seat = &city->places[i].seat;
        if ((seat->ready && seat->breaker.state != BREAKER_OPEN) || seat->told || seat->breaker.give_back_count)
            return city->minute + 1;
        if (!seat->ready)
            continue;
        uint32_t until = (uint32_t)((seat->breaker.until_ms - BEGIN_MS + MINUTE_MS - 1) / MINUTE_MS);
        if (until < next)
            next = until;
    }
    return next;
}

/* ---- the adapter of an agency */

static bool heard_before(struct city *city, uint64_t key)
{
    for (uint32_t i = 0; i < city->unheard_count; i++)
        if (city->unheard[i] == key) {
            city->unheard[i] = city->unheard[--city->unheard_count];
            return true;
        }
    return false;
}

static void write_down(struct city *city, const struct received *received)
{
    if (city->books.received_count == city->books.sent_max) {
        printf("FAILED: offices get the same again and again: their books are full\n0 passed, 1 failed\n");
        exit(1);
    }
    city->books.received[city->books.received_count++] = *received;
}

/* What a gateway that loses, doubles, swaps or changes would bring about. True: it is not to be written down as it
 * came. */
static bool plant(struct city *city, struct received *received, const struct form *form)
{
    /* A PROGRESS that a RESULT will follow, somewhere in the middle. */
    bool here = city->effort.delivered >= 2ULL * city->options.dossiers && form->kind == KIND_PROGRESS &&
                form->value == STATUS_IN_PROCESS;

    if (city->options.fault == FAULT_SWAP && city->planted && city->held.dossier == received->dossier &&
        city->held.at == received->at && city->held.key) {
        write_down(city, received);
        write_down(city, &city->held);
        city->held.key = 0;
        return true;
    }
    if (city->planted || !here)
        return false;
    city->planted = city->options.fault != FAULT_NONE && city->options.fault != FAULT_MUTE;
    switch (city->options.fault) {
    case FAULT_DROP:
        return true;
    case FAULT_DOUBLE: {
        struct received other = *received;
        other.key++;
        write_down(city, &other);
        return false;
    }
    case FAULT_SWAP:
        city->held = *received;
        return true;
    case FAULT_CHANGE:
        received->content ^= 1;
        return false;
    default:
        return false;
    }
}

/* A letter that the gateway wrote. */
static bool is_told(struct city *city, uint8_t place, const struct effect *effect, uint64_t key)
{
    uint32_t dossier;
    enum note note;
    enum kind kind;

    if (!letter_read_note(effect->deliver.header, &dossier, &note, &kind) || dossier >= city->books.dossier_count)
        return false;
    struct received received = { .key = key, .dossier = dossier, .minute = city->minute, .number = BY_GATEWAY,
                                 .at = place, .step = (uint8_t)kind };
    write_down(city, &received);
    city->effort.delivered++;
    office_is_told(city, place, dossier, note);
    return true;
}

static void acts(struct city *city, struct place *place, const struct effect *effect, uint64_t key)
{
    uint8_t index = (uint8_t)(place - city->places);
    struct form form;

    if (!letter_read(effect->deliver.payload, &form) && is_told(city, index, effect, key))
        return;
    if (!form.kind || form.dossier >= city->books.dossier_count) {
        printf("FAILED: %s got a form that nobody wrote\n", place->agency->code);
        city->failures++;
        return;
    }
    form.inputs = (uint8_t)effect->deliver.input_count;
    int step = form.kind == KIND_FORWARD ? plan_step(city, form.dossier, effect->deliver.step) : form.step;
    form.step = (uint8_t)step;
    if (step < 0) {
        printf("FAILED: %s got a step that is none: '%s'\n", place->agency->code, effect->deliver.step);
        city->failures++;
        return;
    }
    struct received received = {
        .key = key, .dossier = form.dossier, .minute = city->minute, .number = form.number, .at = index,
        .inputs = form.inputs, .step = form.step,
        .content = (uint32_t)XXH3_64bits(effect->deliver.payload.bytes, effect->deliver.payload.size),
    };
    if (!plant(city, &received, &form))
        write_down(city, &received);
    city->effort.delivered++;
    office_hears(city, index, &form, (uint32_t)effect->deliver.handoff);
}

/* It acted, and stopped before it said so: the session ends, and with it all that it had not answered. */
static void dies(struct city *city, struct place *place, uint64_t key)
{
    must(city->unheard_count < UNHEARD_MAX && !city->lost_session);
    city->unheard[city->unheard_count++] = key;
    city->lost_session = place->seat.session;
    city->effort.lost_sessions++;
    struct agency_breaker breaker = place->seat.breaker;
    seat_begin(city, place);
    place->seat.breaker = breaker;
}

static bool may_die(const struct city *city, const struct place *place, const struct form *form)
{
    return place->agency->agency_class != CLASS_NEITHER && !city->lost_session && !place->seat.open &&
           city->unheard_count < UNHEARD_MAX &&
           form->dossier % (1 + city->options.dossiers / FEW) == 0 &&
           draw(city, form->dossier, FOR_DEATH, form->number) < DEATHS_1000;
}

/* NEVER: it is no FORWARD to a tax office, whose time does not count. */
static uint32_t outside_of(const struct city *city, const struct effect *effect)
{
    struct form form;

    if (!letter_read(effect->deliver.payload, &form) || form.kind != KIND_FORWARD)
        return NEVER;
    int step = plan_step(city, form.dossier, effect->deliver.step);
    struct cast cast = cast_of(city, form.dossier);
    return step >= 0 && plan_infos[cast.plan].steps[step].who == WHO_TAX ? form.dossier : NEVER;
}

void adapter_hears(struct city *city, const struct effect *effect)
{
    struct place *place = place_of_number(city, effect->agency);
    uint64_t key = XXH3_64bits(effect->deliver.idempotency_key, strlen(effect->deliver.idempotency_key));
    struct reply answer = { .handoff = effect->deliver.handoff, .session = effect->session,
                             .attempt = effect->deliver.attempt, .place = (uint8_t)(place - city->places),
                             .verdict = VERDICT_DELIVERED, .fingerprint = "", .content = effect->deliver.content_hash,
                             .dossier = outside_of(city, effect) };
    /* By the key, or because it was told to ask first; an agency that only can be asked does not look by itself. */
    bool looks = place->agency->agency_class == CLASS_IDEMPOTENT || effect->deliver.ask_first;
    struct form form;

    if (place->seat.session != effect->session)
        return;                                 /* its session ended a moment ago */
    if (place->seat.breaker.state == BREAKER_HALF_OPEN && !place->seat.breaker.probe)
        breaker_probe_sent(&place->seat.breaker, effect->deliver.handoff);
    if (city->minute >= place->down_from && city->minute < place->down_to) {
        answer.verdict = VERDICT_LATER;
        answer.never_sent = true;
        answer.fingerprint = "connect-refused";
    } else if (looks && heard_before(city, key)) {
        answer.verdict = VERDICT_ALREADY_THERE;
    } else {
        acts(city, place, effect, key);
        if (city->minute >= place->hangs_from && city->minute < place->down_from) {
            must(city->unheard_count < UNHEARD_MAX);
            city->unheard[city->unheard_count++] = key;
            answer.verdict = VERDICT_UNSURE;
            answer.fingerprint = "timeout";
        } else if (letter_read(effect->deliver.payload, &form) && may_die(city, place, &form)) {
            dies(city, place, key);
            return;
        }
    }
    place->seat.open++;
    queue_add(&city->answers, &answer);
}
