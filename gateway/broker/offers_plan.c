/* offers_plan.c - whom the next OFFERs and NOTIFYs of a turn go to. See offers.h. */
#include "gateway/broker/offers.h"

enum { BURST_SECONDS = 1 };             /* a rate may be saved up for so long */

/* The attempt that this effect says is over; 0 none. */
static uint64_t ended_by(const struct effect *effect)
{
    if (effect->kind == EFFECT_ANSWERED)
        return effect->answered.handoff;
    if (effect->kind == EFFECT_OUTCOME_ACK && effect->outcome_ack.state != STATE_OFFERED)
        return effect->outcome_ack.handoff;
    return 0;
}

/* Counts what this turn frees (sign 1), or takes it out again (sign -1): the same effects, each handoff once. */
static void count_freed(struct offers *offers, const struct effects *effects, bool take_out)
{
    uint64_t planning = ++offers->planning;
    for (uint32_t i = 0; i < effects->count; i++) {
        uint64_t handoff = ended_by(&effects->list[i]);
        uint32_t index;
        if (!handoff || !map_get(&offers->by_handoff, handoff, &index) || offers->opens[index].planned == planning)
            continue;
        struct open *open = &offers->opens[index];
        open->planned = planning;
        offers->sessions->slots[open->slot].freed += take_out ? -1u : 1u;
        offers->recipients[open->recipient].freed += take_out ? -1u : 1u;
    }
}

static void take_hints(struct offers *offers, const struct effects *effects)
{
    for (uint32_t i = 0; i < effects->count; i++) {
        if (effects->list[i].kind == EFFECT_READY)
            offers_ready(offers, effects->list[i].agency);
        else if (effects->list[i].kind == EFFECT_FEED)
            offers_feed(offers, effects->list[i].agency);
    }
}

/* Those that nobody waits for any more leave the list. */
static void tidy(struct offers *offers, uint32_t *list, uint32_t *count, bool feeds)
{
    for (uint32_t i = 0; i < *count;) {
        struct recipient *recipient = &offers->recipients[list[i]];
        bool wanted = false;
        for (uint32_t slot = recipient->first_session; slot != SESSION_NONE && !wanted;) {
            const struct session *session = &offers->sessions->slots[slot];
            wanted = feeds ? session->follow.on && session->follow.woken : session->ready;
            slot = session->next;
        }
        if (wanted) {
            i++;
            continue;
        }
        *(feeds ? &recipient->fed : &recipient->listed) = false;
        list[i] = list[--*count];
    }
}

static void refill(struct recipient *recipient, int64_t now_ms)
{
    double most = recipient->rate * BURST_SECONDS > 1 ? recipient->rate * BURST_SECONDS : 1;
    if (now_ms > recipient->tokens_ms)
        recipient->tokens += recipient->rate * (double)(now_ms - recipient->tokens_ms) / 1000;
    recipient->tokens_ms = now_ms;
    if (recipient->tokens > most)
        recipient->tokens = most;
}

/* How many more this agency may get now, whatever its sessions can take. */
static uint32_t room_of(const struct offers *offers, struct recipient *recipient, int64_t now_ms)
{
    uint32_t index;
    (void)breaker_tick(&recipient->breaker, now_ms);
    /* A probe that ended without an answer of its own (an operator closed it): the wait begins anew. */
    if (recipient->breaker.probe && !map_get(&offers->by_handoff, recipient->breaker.probe, &index))
        (void)breaker_attempt_lost(&recipient->breaker, &recipient->rule, recipient->breaker.probe, now_ms);
    uint32_t limit = breaker_limit(&recipient->breaker, &recipient->rule);
    bool half_open = recipient->breaker.state == BREAKER_HALF_OPEN;
    uint32_t out = half_open ? 0 : recipient->in_flight - recipient->freed;     /* late ones do not count here */
    uint32_t room = limit > out ? limit - out : 0;

    if (recipient->rate > 0) {
        refill(recipient, now_ms);
        uint32_t tokens = recipient->tokens >= 1 ? (uint32_t)recipient->tokens : 0;
        room = room < tokens ? room : tokens;
    }
    uint32_t places = OPENS_MAX - offers->opens_count;
    return room < places ? room : places;
}

static bool can_take(struct session *session, offers_may *may, void *context)
{
    uint32_t out = session->open - session->freed;
    return session->ready && session->first_out == SESSION_NONE && session->credit > out && may(context, session);
}

/* Shares the room out by free credit, every session that can take something at least one while it lasts. */
static uint32_t plan_recipient(struct offers *offers, struct recipient *recipient, uint32_t room, offers_may *may,
                               void *context, struct plan *plans, uint32_t plans_max)
{
    struct session *slots = offers->sessions->slots;
    uint64_t credit = 0;
    uint32_t count = 0, left = room;

    for (uint32_t slot = recipient->first_session; slot != SESSION_NONE; slot = slots[slot].next)
        if (can_take(&slots[slot], may, context))
            credit += slots[slot].credit - (slots[slot].open - slots[slot].freed);
    for (uint32_t slot = recipient->first_session; slot != SESSION_NONE && left && count < plans_max;
         slot = slots[slot].next) {
        struct session *session = &slots[slot];
        if (!can_take(session, may, context))
            continue;
        uint64_t own = session->credit - (session->open - session->freed);
        uint64_t share = (room * own + credit - 1) / credit;
        share = share < own ? share : own;
        share = share < left ? share : left;
        share = share < PLAN_MOST_MAX ? share : PLAN_MOST_MAX;
        plans[count++] = (struct plan){ .session = session, .most = (uint32_t)share,
                                        .probe = recipient->breaker.state == BREAKER_HALF_OPEN };
        left -= (uint32_t)share;
    }
    return count;
}

uint32_t offers_plan(struct offers *offers, const struct effects *effects, int64_t now_ms, offers_may *may,
                     void *context, struct plan plans[PLAN_MAX])
{
    uint32_t count = 0, looked = 0;

    take_hints(offers, effects);
    tidy(offers, offers->ready, &offers->ready_count, false);
    count_freed(offers, effects, false);
    for (; looked < offers->ready_count && count < PLAN_MAX; looked++) {
        uint32_t at = (offers->ready_at + looked) % offers->ready_count;
        struct recipient *recipient = &offers->recipients[offers->ready[at]];
        uint32_t room = room_of(offers, recipient, now_ms);
        if (room)
            count += plan_recipient(offers, recipient, room, may, context, plans + count, PLAN_MAX - count);
    }
    offers->ready_at = offers->ready_count ? (offers->ready_at + looked) % offers->ready_count : 0;
    count_freed(offers, effects, true);
    return count;
}

void offers_stopped(struct offers *offers, const struct session *session)
{
    for (uint32_t i = 0; i < offers->ready_count; i++)
        if (offers->recipients[offers->ready[i]].number == session->agency)
            offers->ready_at = (i + 1) % offers->ready_count;
}

uint32_t offers_plan_notices(struct offers *offers, const struct effects *effects, offers_may *may, void *context,
                             struct plan plans[PLAN_MAX])
{
    uint32_t count = 0, looked = 0;

    take_hints(offers, effects);
    tidy(offers, offers->feeds, &offers->feeds_count, true);
    for (; looked < offers->feeds_count && count < PLAN_MAX; looked++) {
        uint32_t at = (offers->feeds_at + looked) % offers->feeds_count;
        uint32_t slot = offers->recipients[offers->feeds[at]].first_session;
        for (; slot != SESSION_NONE && count < PLAN_MAX; slot = offers->sessions->slots[slot].next) {
            struct session *session = &offers->sessions->slots[slot];
            uint32_t room = session->first_out == SESSION_NONE ? follow_room(&session->follow) : 0;
            if (room && may(context, session))
                plans[count++] = (struct plan){ .session = session, .most = room };
        }
    }
    offers->feeds_at = offers->feeds_count ? (offers->feeds_at + looked) % offers->feeds_count : 0;
    return count;
}

static bool session_waits(const struct offers *offers, const struct recipient *recipient)
{
    const struct session *slots = offers->sessions->slots;
    for (uint32_t slot = recipient->first_session; slot != SESSION_NONE; slot = slots[slot].next)
        if (slots[slot].ready && slots[slot].first_out == SESSION_NONE && slots[slot].credit > slots[slot].open)
            return true;
    return false;
}

static int64_t recipient_due_ms(const struct offers *offers, struct recipient *recipient, int64_t now_ms)
{
    if (!session_waits(offers, recipient))
        return INT64_MAX;
    if (recipient->breaker.state == BREAKER_OPEN && recipient->breaker.until_ms > now_ms)
        return recipient->breaker.until_ms;
    if (room_of(offers, recipient, now_ms))
        return now_ms;
    if (recipient->rate <= 0 || recipient->tokens >= 1)
        return INT64_MAX;
    return now_ms + 1 + (int64_t)((1 - recipient->tokens) * 1000 / recipient->rate);
}

int64_t offers_due_ms(struct offers *offers, int64_t now_ms)
{
    int64_t due_ms = INT64_MAX;
    for (uint32_t i = 0; i < offers->ready_count && due_ms > now_ms; i++) {
        int64_t own_ms = recipient_due_ms(offers, &offers->recipients[offers->ready[i]], now_ms);
        due_ms = own_ms < due_ms ? own_ms : due_ms;
    }
    for (uint32_t i = 0; i < offers->feeds_count && due_ms > now_ms; i++) {
        uint32_t slot = offers->recipients[offers->feeds[i]].first_session;
        for (; slot != SESSION_NONE; slot = offers->sessions->slots[slot].next)
            if (offers->sessions->slots[slot].first_out == SESSION_NONE &&
                follow_room(&offers->sessions->slots[slot].follow))
                due_ms = now_ms;
    }
    return due_ms;
}
