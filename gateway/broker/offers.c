#include "gateway/broker/offers.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory */

enum result offers_init(struct offers *offers, struct sessions *sessions)
{
    struct offers made = { .sessions = sessions, .first_free = 0, .oldest = OPEN_NONE, .youngest = OPEN_NONE };

    made.recipients = calloc(RECIPIENTS_MAX, sizeof *made.recipients);
    made.opens = calloc(OPENS_MAX, sizeof *made.opens);
    made.ready = calloc(RECIPIENTS_MAX, sizeof *made.ready);
    made.feeds = calloc(RECIPIENTS_MAX, sizeof *made.feeds);
    if (!made.recipients || !made.opens || !made.ready || !made.feeds ||
        map_init(&made.by_number, RECIPIENTS_MAX) != RESULT_OK || map_init(&made.by_handoff, OPENS_MAX) != RESULT_OK) {
        offers_done(&made);
        return RESULT_FULL;
    }
    for (uint32_t i = 0; i < OPENS_MAX; i++)
        made.opens[i].next = i + 1 < OPENS_MAX ? i + 1 : OPEN_NONE;
    *offers = made;
    return RESULT_OK;
}

void offers_done(struct offers *offers)
{
    free(offers->recipients);
    free(offers->opens);
    free(offers->ready);
    free(offers->feeds);
    map_done(&offers->by_number);
    map_done(&offers->by_handoff);
    *offers = (struct offers){ 0 };
}

/* ---- what is out */

static uint32_t open_add(struct offers *offers, uint64_t handoff)
{
    uint32_t index = offers->first_free;
    struct open *open = &offers->opens[index];

    must(index != OPEN_NONE);
    offers->first_free = open->next;
    *open = (struct open){ .handoff = handoff, .next = OPEN_NONE, .previous = OPEN_NONE, .older = offers->youngest,
                           .younger = OPEN_NONE };
    if (offers->youngest != OPEN_NONE)
        offers->opens[offers->youngest].younger = index;
    else
        offers->oldest = index;
    offers->youngest = index;
    offers->opens_count++;
    map_put(&offers->by_handoff, handoff, index);
    return index;
}

static void open_remove(struct offers *offers, uint32_t index)
{
    struct open *open = &offers->opens[index];
    struct session *session = &offers->sessions->slots[open->slot];

    must(map_delete(&offers->by_handoff, open->handoff));
    must(session->open && offers->recipients[open->recipient].in_flight);
    session->open--;
    offers->recipients[open->recipient].in_flight--;
    if (open->previous != OPEN_NONE)
        offers->opens[open->previous].next = open->next;
    else
        session->first_open = open->next;
    if (open->next != OPEN_NONE)
        offers->opens[open->next].previous = open->previous;
    if (open->older != OPEN_NONE)
        offers->opens[open->older].younger = open->younger;
    else
        offers->oldest = open->younger;
    if (open->younger != OPEN_NONE)
        offers->opens[open->younger].older = open->older;
    else
        offers->youngest = open->older;
    open->next = offers->first_free;
    offers->first_free = index;
    offers->opens_count--;
}

bool offers_over(struct offers *offers, uint64_t handoff)
{
    uint32_t index;
    if (!map_get(&offers->by_handoff, handoff, &index))
        return false;
    open_remove(offers, index);
    return true;
}

void offers_deliver(struct offers *offers, const struct effect *effect, int64_t now_ms)
{
    struct session *session = session_of_number(offers->sessions, effect->session);
    struct recipient *recipient = session ? recipient_of(offers, session->agency) : NULL;

    (void)offers_over(offers, effect->deliver.handoff);         /* an earlier attempt that was taken back */
    if (!recipient || offers->first_free == OPEN_NONE)
        return;
    uint32_t index = open_add(offers, effect->deliver.handoff);
    struct open *open = &offers->opens[index];
    open->attempt = effect->deliver.attempt;
    open->given_ms = now_ms;
    open->slot = session_slot(offers->sessions, session);
    open->recipient = (uint32_t)(recipient - offers->recipients);
    open->next = session->first_open;
    if (open->next != OPEN_NONE)
        offers->opens[open->next].previous = index;
    session->first_open = index;
    session->open++;
    session->was_offered = true;
    recipient->in_flight++;
    if (recipient->rate > 0)
        recipient->tokens -= 1;
    if (recipient->breaker.state == BREAKER_HALF_OPEN && !recipient->breaker.probe)
        breaker_probe_sent(&recipient->breaker, effect->deliver.handoff);
}

static bool end_lost(struct offers *offers, uint32_t index, int64_t now_ms)
{
    struct recipient *recipient = &offers->recipients[offers->opens[index].recipient];
    uint64_t handoff = offers->opens[index].handoff;
    open_remove(offers, index);
    return breaker_attempt_lost(&recipient->breaker, &recipient->rule, handoff, now_ms);
}

void offers_expire(struct offers *offers, int64_t now_ms, int64_t lease_ms)
{
    while (offers->oldest != OPEN_NONE && offers->opens[offers->oldest].given_ms + lease_ms < now_ms)
        (void)end_lost(offers, offers->oldest, now_ms);
}

/* ---- recipients */

struct recipient *recipient_of(struct offers *offers, uint32_t number)
{
    uint32_t index;
    return map_get(&offers->by_number, number, &index) ? &offers->recipients[index] : NULL;
}

struct recipient *recipient_make(struct offers *offers, uint32_t number, const struct agency *agency, int64_t now_ms)
{
    struct recipient *recipient = recipient_of(offers, number);

    must(number);
    if (!recipient) {
        uint32_t index = 0;
        while (index < offers->count && offers->recipients[index].number)
            index++;
        if (index == RECIPIENTS_MAX)
            return NULL;
        offers->count = index == offers->count ? index + 1 : offers->count;
        recipient = &offers->recipients[index];
        *recipient = (struct recipient){ .number = number, .first_session = SESSION_NONE, .tokens_ms = now_ms,
                                         .tokens = 1 };
        map_put(&offers->by_number, number, index);
    }
    memcpy(recipient->code, agency->code, sizeof recipient->code);
    recipient->rate = agency->rate_per_second;
    recipient->rule = (struct breaker_rule){ .after = agency->breaker_after, .probe_ms = agency->breaker_probe_ms,
                                             .in_flight_max = agency->in_flight_max ? agency->in_flight_max : 1 };
    return recipient;
}

void recipient_join(struct offers *offers, struct recipient *recipient, struct session *session)
{
    uint32_t slot = session_slot(offers->sessions, session);
    session->agency = recipient->number;
    session->first_open = OPEN_NONE;
    session->previous = SESSION_NONE;
    session->next = recipient->first_session;
    if (session->next != SESSION_NONE)
        offers->sessions->slots[session->next].previous = slot;
    recipient->first_session = slot;
    recipient->session_count++;
}

bool recipient_leave(struct offers *offers, struct session *session, int64_t now_ms)
{
    struct recipient *recipient = recipient_of(offers, session->agency);
    struct session *slots = offers->sessions->slots;
    bool reopened = false;

    must(recipient && recipient->session_count);
    while (session->first_open != OPEN_NONE)
        reopened |= end_lost(offers, session->first_open, now_ms);
    if (session->previous != SESSION_NONE)
        slots[session->previous].next = session->next;
    else
        recipient->first_session = session->next;
    if (session->next != SESSION_NONE)
        slots[session->next].previous = session->previous;
    recipient->session_count--;
    return reopened;
}

static struct session *session_at(const struct offers *offers, uint32_t slot)
{
    return slot == SESSION_NONE ? NULL : &offers->sessions->slots[slot];
}

static uint32_t credit_left(const struct session *session)
{
    uint32_t out = session->open - session->freed;
    return session->credit > out ? session->credit - out : 0;
}

uint32_t recipient_credit(const struct offers *offers, const struct recipient *recipient)
{
    uint32_t credit = 0;
    for (const struct session *s = session_at(offers, recipient->first_session); s; s = session_at(offers, s->next))
        credit += s->roles & ROLE_RECEIVER ? credit_left(s) : 0;
    return credit;
}

uint32_t recipient_receivers(const struct offers *offers, const struct recipient *recipient)
{
    uint32_t count = 0;
    for (const struct session *s = session_at(offers, recipient->first_session); s; s = session_at(offers, s->next))
        count += s->roles & ROLE_RECEIVER ? 1 : 0;
    return count;
}

/* ---- what may be there. A hint, not a fact: a needless OFFER gives nothing and costs nothing */

static void list_ready(struct offers *offers, struct recipient *recipient)
{
    if (recipient->listed)
        return;
    recipient->listed = true;
    offers->ready[offers->ready_count++] = (uint32_t)(recipient - offers->recipients);
}

void offers_session_ready(struct offers *offers, struct session *session)
{
    struct recipient *recipient = recipient_of(offers, session->agency);
    if (!recipient || !(session->roles & ROLE_RECEIVER))
        return;
    session->ready = true;
    list_ready(offers, recipient);
}

void offers_ready(struct offers *offers, uint32_t number)
{
    struct recipient *recipient = recipient_of(offers, number);
    if (!recipient)
        return;
    for (struct session *s = session_at(offers, recipient->first_session); s; s = session_at(offers, s->next))
        offers_session_ready(offers, s);
}

void offers_exhausted(struct session *session)
{
    session->ready = false;
}

static void list_feed(struct offers *offers, struct recipient *recipient)
{
    if (recipient->fed)
        return;
    recipient->fed = true;
    offers->feeds[offers->feeds_count++] = (uint32_t)(recipient - offers->recipients);
}

void offers_session_feed(struct offers *offers, struct session *session)
{
    struct recipient *recipient = recipient_of(offers, session->agency);
    if (!recipient || !session->follow.on)
        return;
    session->follow.woken = true;
    list_feed(offers, recipient);
}

void offers_feed(struct offers *offers, uint32_t number)
{
    struct recipient *recipient = recipient_of(offers, number);
    if (!recipient)
        return;
    for (struct session *s = session_at(offers, recipient->first_session); s; s = session_at(offers, s->next))
        offers_session_feed(offers, s);
}

bool offers_answered(struct offers *offers, const struct effect *effect, int64_t now_ms,
                     struct recipient **ret_recipient)
{
    struct recipient *recipient = recipient_of(offers, effect->agency);
    struct breaker_answer answer = {
        .verdict = effect->answered.verdict, .handoff = effect->answered.handoff, .dossier = effect->answered.dossier,
        .fingerprint = effect->answered.fingerprint, .never_sent = effect->answered.never_sent,
        .charged = effect->answered.charged,
    };
    *ret_recipient = recipient;
    (void)offers_over(offers, effect->answered.handoff);
    if (!recipient || strcmp(answer.fingerprint, UNSENT_FINGERPRINT) == 0)
        return false;
    bool waited = recipient->breaker.give_back_count > 0;
    bool changed = breaker_answer(&recipient->breaker, &recipient->rule, &answer, now_ms);
    if (!waited && recipient->breaker.give_back_count)
        offers->give_backs++;
    return changed;
}

void offers_given_back(struct offers *offers, uint32_t before)
{
    for (uint32_t i = 0; i < before && offers->give_backs; i++) {
        if (!offers->recipients[i].breaker.give_back_count)
            continue;
        breaker_given_back(&offers->recipients[i].breaker);
        offers->give_backs--;
    }
}
