#include "gateway/core/figures.h"

#include <string.h>

#include "gateway/core/dossier_inside.h"
#include "gateway/core/due_date.h"

#define MINUTE_MS (60LL * 1000)

enum { EVENTS_WALKED_MAX = 64 };

/* ---- what counts, from what is known */

static int64_t paused_ms(const struct dossier *dossier)
{
    int64_t sum_ms = 0, until_ms = 0;

    for (uint32_t i = 0; i < dossier->pause_count; i++) {               /* as they began; two may overlap */
        const struct pause *pause = &dossier->pauses[i];
        int64_t from_ms = pause->from_ms > until_ms ? pause->from_ms : until_ms;
        if (pause->to_ms > from_ms)
            sum_ms += pause->to_ms - from_ms;
        until_ms = pause->to_ms > until_ms ? pause->to_ms : until_ms;
    }
    return sum_ms;
}

/* Who waits for its citizen, or for what lies outside its time, is not overdue: what is due then is not known yet. */
static bool clock_stands(const struct dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms)
            return true;
    return false;
}

static enum late_cause cause_of(const struct dossier *dossier, const struct measure *measure)
{
    bool stated = dossier->due_source == DUE_ONE_STOP || dossier->due_source == DUE_AGENCY;
    bool result = measure->ended == STATUS_DONE || measure->ended == STATUS_RETURNED;
    int64_t late_ms = measure->ended_ms - measure->due_ms;

    if (!result || !measure->due_ms || late_ms <= 0)
        return 0;
    if (measure->gateway_ms >= late_ms)
        return LATE_BY_GATEWAY;
    return stated && paused_ms(dossier) >= late_ms ? LATE_BY_WAITING : LATE_BY_AGENCY;
}

static uint32_t worked_minutes(struct step *step, const struct dossier *dossier, const struct measure *measure)
{
    if (!measure->ended || !dossier->received_ms || dossier->received_ms >= measure->ended_ms)
        return 0;
    int64_t worked_ms = due_worked_ms(step->core->tables, seat_of_number(step, dossier->opener), dossier,
                                      dossier->received_ms, measure->ended_ms);
    return (uint32_t)(worked_ms / MINUTE_MS);
}

static void bring_up(struct step *step, const struct dossier *dossier, struct measure *measure)
{
    struct ending ending = { 0 };

    (void)turn_ending(step->turn, dossier->id, &ending);
    measure->dossier = dossier->id;
    measure->agency = dossier->opener;
    memcpy(measure->procedure, dossier->procedure_code, sizeof measure->procedure);
    measure->channel = dossier->channel;
    measure->received_ms = dossier->received_ms;
    measure->due_ms = dossier->due_ms;
    measure->ended = ending.ended;
    measure->ended_ms = ending.ended_ms;
    measure->flags = (ending.apologies ? MEASURE_APOLOGISED : 0u) | (clock_stands(dossier) ? MEASURE_STANDS : 0u);
    if (ending.ended && dossier->committed_ms && ending.ended_ms > dossier->committed_ms)
        measure->flags |= MEASURE_LATE_COMMITTED;
    if (ending.ended && dossier->statutory_ms && ending.ended_ms > dossier->statutory_ms)
        measure->flags |= MEASURE_LATE_STATUTORY;
    measure->cause = cause_of(dossier, measure);
    measure->worked_minutes = worked_minutes(step, dossier, measure);
}

static bool same(const struct measure *a, const struct measure *b)
{
    uint8_t of_a[RECORD_BYTES_MAX], of_b[RECORD_BYTES_MAX];
    size_t size = measure_write(a, of_a);
    return size == measure_write(b, of_b) && memcmp(of_a, of_b, size) == 0;
}

/* `measure`: as it stands, with what has just been noted; `before` NULL: none stands. */
static void write_up(struct step *step, const struct dossier *dossier, const struct measure *before,
                     struct measure *measure)
{
    bring_up(step, dossier, measure);
    if (!before || !same(before, measure))
        turn_measure_put(step->turn, before, measure);
}

static void write_anew(struct step *step, const struct dossier *dossier)
{
    struct measure before, measure = { 0 };
    bool had = turn_measure(step->turn, dossier->id, &before);

    if (had)
        measure = before;
    write_up(step, dossier, had ? &before : NULL, &measure);
}

/* Nothing of what bring_up() reads has changed. */
static bool counts_the_same(const struct dossier *a, const struct dossier *b)
{
    return a->opener == b->opener && a->channel == b->channel && a->received_ms == b->received_ms &&
           a->due_ms == b->due_ms && a->due_source == b->due_source && a->committed_ms == b->committed_ms &&
           a->statutory_ms == b->statutory_ms && a->line.status == b->line.status &&
           a->line.recalled == b->line.recalled &&
           a->pause_count == b->pause_count && paused_ms(a) == paused_ms(b) &&
           strcmp(a->procedure_code, b->procedure_code) == 0;
}

void figures_follow(struct step *step, const struct dossier *before, const struct dossier *after)
{
    struct measure measure = { 0 };

    if (!before)
        write_up(step, after, NULL, &measure);
    else if (!counts_the_same(before, after))
        write_anew(step, after);
}

void figures_ending(struct step *step, uint64_t id)
{
    struct dossier dossier;
    must(turn_dossier(step->turn, id, &dossier));
    write_anew(step, &dossier);
}

/* ---- what handoffs tell beside */

static bool is_code(const char *text)
{
    for (const char *at = text; *at; at++) {
        bool plain = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z');
        if (!plain && (at == text || !strchr("._-/:@", *at)))
            return false;
    }
    return text[0] != 0;
}

static uint32_t holder_of(const struct dossier *dossier, const struct handoff *forward)
{
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        if (dossier->branches[i].handoff == forward->id)
            return dossier->branches[i].holder;
    return forward->recipient;
}

static void note_officer(const struct telling *telling, const struct facts *facts, const struct handoff *handoff,
                         struct measure *measure)
{
    const char *officer = facts->officer_from;
    uint32_t agency = handoff->sender;

    switch (handoff->kind) {
    case KIND_FORWARD:
        if (facts->officer_to[0]) {
            officer = facts->officer_to;
            agency = holder_of(&telling->dossier, handoff);
        }
        break;
    case KIND_PROGRESS: case KIND_SUPPLEMENT_REQUEST: case KIND_FINANCIAL_OBLIGATION: case KIND_REFUSAL:
    case KIND_STOP: case KIND_RESULT:
        break;
    default:
        return;
    }
    if (!is_code(officer) || (measure->officer_agency && telling->source_ms < measure->officer_ms))
        return;
    measure->officer_agency = agency;
    measure->officer_ms = telling->source_ms;
    memset(measure->officer, 0, sizeof measure->officer);
    memcpy(measure->officer, officer, strlen(officer));
}

static void note_papers(const struct telling *telling, const struct facts *facts, const struct handoff *handoff,
                        struct measure *measure)
{
    const struct facts_papers *papers = &facts->papers;

    _Static_assert((int)COMPONENTS_MAX <= (int)MEASURE_COUNT_MAX && (int)TRIPS_MAX <= (int)MEASURE_COUNT_MAX,
                   "one byte is enough");
    if (handoff->kind != KIND_FORWARD || handoff->sender != telling->dossier.opener ||
        papers->count < measure->papers)
        return;
    measure->papers = papers->count;
    measure->papers_digitised = papers->digitised;
    measure->papers_reused = papers->reused;
}

static void note_rating(const struct telling *telling, const struct facts *facts, struct measure *measure)
{
    if (!facts->has_rating || (measure->rated_ms && telling->source_ms < measure->rated_ms))
        return;
    measure->rated_ms = telling->source_ms;
    measure->attitude = facts->rating.attitude;
    measure->cost = facts->rating.cost;
    measure->trips = facts->rating.trips;
}

static void note_result(const struct submit *submit, struct measure *measure)
{
    bool digitised = submit->attachment_count || (submit->facts && submit->facts->papers.digitised);

    if (measure->results == MEASURE_COUNT_MAX)
        return;
    measure->results++;
    measure->results_digitised += digitised;
}

/* Most handoffs tell nothing of this, and cost no look. */
static bool tells_anything(const struct submit *submit, const struct handoff *handoff)
{
    const struct facts *facts = submit->facts;
    return handoff->kind == KIND_RESULT ||
           (facts && (facts->officer_from[0] || facts->officer_to[0] || facts->papers.count || facts->has_rating));
}

void figures_told(struct step *step, const struct telling *telling, const struct submit *submit,
                  const struct handoff *handoff)
{
    struct measure before, measure = { 0 };

    if (!tells_anything(submit, handoff))
        return;
    bool had = turn_measure(step->turn, telling->dossier.id, &before);
    if (had)
        measure = before;
    if (submit->facts) {
        note_officer(telling, submit->facts, handoff, &measure);
        note_papers(telling, submit->facts, handoff, &measure);
        if (handoff->kind == KIND_RATING)
            note_rating(telling, submit->facts, &measure);
    }
    if (handoff->kind == KIND_RESULT)
        note_result(submit, &measure);
    write_up(step, &telling->dossier, had ? &before : NULL, &measure);
}

/* ---- how long it waited in the gateway */

/* That it stood in this state was not the gateway's doing. */
static bool is_others_time(const struct event *event)
{
    return (event->to == STATE_HELD && event->cause != CAUSE_HOLD) ||
           (event->to == STATE_FAILED && (event->fail_class == FAIL_BAD_DATA || event->fail_class == FAIL_ORPHAN ||
                                          event->fail_class == FAIL_PREDECESSOR));
}

static int64_t waited_ms(struct step *step, const struct handoff *forward)
{
    int64_t sum_ms = 0, until_ms = step->now_ms;
    uint64_t seq = forward->last_event;
    struct event event;

    for (int i = 0; i < EVENTS_WALKED_MAX && seq && turn_event(step->turn, seq, &event); i++, seq = event.previous) {
        if (event.from == event.to)
            continue;
        if (!state_is_final(event.to) && !is_others_time(&event))
            sum_ms += until_ms - event.at_ms;
        until_ms = event.at_ms;
    }
    return sum_ms - forward->tried_ms;
}

void figures_delivered(struct step *step, const struct dossier *dossier, const struct handoff *forward)
{
    struct measure before, measure = { 0 };

    if (step->now_ms - forward->accepted_ms - forward->tried_ms < MINUTE_MS)
        return;
    int64_t waited = waited_ms(step, forward);
    bool had = turn_measure(step->turn, dossier->id, &before);
    if (had)
        measure = before;
    int64_t alone = step->now_ms - measure.gateway_until_ms;            /* since one beside it was there */
    if (alone < waited)
        waited = alone;
    if (waited < MINUTE_MS)
        return;
    measure.gateway_ms += waited;
    measure.gateway_until_ms = step->now_ms;
    write_up(step, dossier, had ? &before : NULL, &measure);
}
