/* write_dossier.c - what is known of a dossier as a message. */
#include "gateway/core/flow_words.h"
#include "gateway/core/status.h"
#include "gateway/wire/write.h"

static bool branches_of(const struct dossier_view *view, struct arena *arena, Lienthong__V1__DossierView *ret)
{
    uint32_t count = view->dossier.branch_count;
    Lienthong__V1__BranchView **list = (Lienthong__V1__BranchView **)list_make(arena, count, sizeof **list);

    for (uint32_t i = 0; list && i < count; i++) {
        const struct branch_view *from = &view->branches[i];
        lienthong__v1__branch_view__init(list[i]);
        list[i]->handoff_id = from->branch.handoff;
        list[i]->step = text_or_empty(from->step);
        list[i]->sender = text_or_empty(from->sender);
        list[i]->holder = text_or_empty(from->holder);
        list[i]->status = from->branch.line.status;
        list[i]->status_gap = from->branch.line.gap;
        list[i]->status_ms = from->branch.line.source_ms;
        list[i]->delivered_ms = from->branch.delivered_ms;
        list[i]->receipt_ms = from->branch.receipt_ms;
        list[i]->due_ms = from->branch.due_ms;
        list[i]->ended = from->branch.flags & BRANCH_ENDED;
        list[i]->has_result = from->branch.flags & BRANCH_HAS_RESULT;
        list[i]->passed_on = from->branch.flags & BRANCH_PASSED_ON;
        list[i]->step_title = text_or_empty(from->title);
    }
    ret->branches = list;
    ret->n_branches = count;
    return list;
}

static bool money_of(const struct dossier_view *view, struct arena *arena, Lienthong__V1__DossierView *ret)
{
    Lienthong__V1__MoneyView **list = (Lienthong__V1__MoneyView **)list_make(arena, view->money_count, sizeof **list);

    for (uint32_t i = 0; list && i < view->money_count; i++) {
        lienthong__v1__money_view__init(list[i]);
        list[i]->component = text_or_empty(view->money[i].component);
        list[i]->owed = view->money[i].money.owed;
        list[i]->paid = view->money[i].money.paid;
        list[i]->by = text_or_empty(view->money[i].by);
        list[i]->source_ms = view->money[i].money.source_ms;
    }
    ret->money = list;
    ret->n_money = view->money_count;
    return list;
}

static bool told_of(const struct dossier_view *view, struct arena *arena, Lienthong__V1__DossierView *ret)
{
    Lienthong__V1__ToldView **list = (Lienthong__V1__ToldView **)list_make(arena, view->told_count, sizeof **list);

    for (uint32_t i = 0; list && i < view->told_count; i++) {
        const struct event *event = &view->told[i].event;
        lienthong__v1__told_view__init(list[i]);
        list[i]->event_seq = event->seq;
        list[i]->handoff_id = event->handoff;
        list[i]->at_ms = event->at_ms;
        list[i]->source_ms = view->told[i].source_ms;
        list[i]->by = text_or_empty(view->told[i].by);
        list[i]->status = event->of_dossier.status;
        list[i]->partner_status = text_or_empty(event->of_dossier.partner_status);
        list[i]->judged = event->of_dossier.judged;
        list[i]->before = event->of_dossier.before;
        list[i]->after = event->of_dossier.after;
        list[i]->words_vi = text_or_empty(judged_vi(event->of_dossier.judged));
        list[i]->words_en = text_or_empty(judged_en(event->of_dossier.judged));
    }
    ret->told = list;
    ret->n_told = view->told_count;
    return list;
}

static bool waits_of(const struct flow_view *view, uint32_t index, struct arena *arena, Lienthong__V1__StepView *ret)
{
    uint32_t waits = view->steps[index].waits, after = view->flow.steps[index].after;

    ret->waits_for = arena_take(arena, FLOW_STEPS_MAX * sizeof *ret->waits_for);
    ret->after = arena_take(arena, FLOW_STEPS_MAX * sizeof *ret->after);
    if (!ret->waits_for || !ret->after)
        return false;
    for (uint32_t i = 0; i < index; i++) {
        if (waits & 1u << i)
            ret->waits_for[ret->n_waits_for++] = text_or_empty(view->flow.steps[i].name);
        if (after & 1u << i)
            ret->after[ret->n_after++] = i;
    }
    return true;
}

static bool steps_of(const struct flow_view *view, struct arena *arena, Lienthong__V1__FlowView *ret)
{
    uint32_t count = view->flow.step_count;
    Lienthong__V1__StepView **list = (Lienthong__V1__StepView **)list_make(arena, count, sizeof **list);

    for (uint32_t i = 0; list && i < count; i++) {
        const struct flow_step *step = &view->flow.steps[i];
        lienthong__v1__step_view__init(list[i]);
        list[i]->name = text_or_empty(step->name);
        list[i]->agency = text_or_empty(view->steps[i].agency);
        list[i]->handoff_id = step->handoff;
        list[i]->state = view->steps[i].state;
        list[i]->words_vi = text_or_empty(flow_state_vi(view->steps[i].state));
        list[i]->words_en = text_or_empty(flow_state_en(view->steps[i].state));
        list[i]->due_ms = view->steps[i].due_ms;
        list[i]->ended_by = step->ended_by;
        list[i]->citizen = (step->flags & FLOW_STEP_CITIZEN) != 0;
        list[i]->optional = (step->flags & FLOW_STEP_OPTIONAL) != 0;
        list[i]->any = (step->flags & FLOW_STEP_ANY) != 0;
        list[i]->recall_id = view->steps[i].recall;
        list[i]->title = text_or_empty(view->steps[i].title);
        if (!waits_of(view, i, arena, list[i]))
            return false;
    }
    ret->steps = list;
    ret->n_steps = count;
    return list;
}

static bool flow_of(const struct flow_view *view, struct arena *arena, Lienthong__V1__DossierView *ret)
{
    Lienthong__V1__FlowView *to = view ? arena_take(arena, sizeof *to) : NULL;

    if (!view || !to)
        return !view;
    lienthong__v1__flow_view__init(to);
    to->version = text_or_empty(view->flow.version);
    to->sender = text_or_empty(view->sender);
    to->stopped = view->flow.stopped;
    to->stopped_by = view->flow.stopped_by;
    ret->flow = to;
    return steps_of(view, arena, to);
}

static void pauses_of(const struct dossier *dossier, Lienthong__V1__DossierView *ret)
{
    ret->pauses = dossier->pause_count + dossier->pauses_lost;
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        const struct pause *pause = &dossier->pauses[i];
        if (pause->to_ms)
            ret->paused_ms += pause->to_ms - pause->from_ms;
        else if (!ret->standing_since_ms || pause->from_ms < ret->standing_since_ms)
            ret->standing_since_ms = pause->from_ms;
    }
}

static void fill(const struct dossier_view *view, Lienthong__V1__DossierView *ret)
{
    const struct dossier *dossier = &view->dossier;

    ret->code = text_or_empty(view->code);
    ret->opener = text_or_empty(view->opener);
    ret->owner = text_or_empty(view->owner);
    ret->procedure_code = text_or_empty(dossier->procedure_code);
    ret->procedure_version = text_or_empty(dossier->procedure_version);
    ret->channel = dossier->channel;
    ret->received_ms = dossier->received_ms;
    ret->status = dossier->line.status;
    ret->status_gap = dossier->line.gap;
    ret->status_by = text_or_empty(view->by);
    ret->status_ms = dossier->line.source_ms;
    ret->due_ms = dossier->due_ms;
    ret->due_source = dossier->due_source;
    ret->due_by = text_or_empty(view->due_by);
    ret->computed_ms = dossier->computed_ms;
    ret->committed_ms = dossier->committed_ms;
    ret->statutory_ms = dossier->statutory_ms;
    ret->unknown_year = dossier->unknown_year;
    ret->claimed_due_ms = dossier->claimed_due_ms;
    ret->claimed_due_by = text_or_empty(view->claimed_due_by);
    ret->kept = dossier->kept;
    ret->unknown_codes = dossier->unknown;
    pauses_of(dossier, ret);
}

static bool components_of(const struct asked *asked, struct arena *arena, Lienthong__V1__AskedView *ret)
{
    char **components = arena_take(arena, asked->component_count * sizeof *components);
    char **missing = arena_take(arena, asked->component_count * sizeof *missing);

    for (uint32_t i = 0; components && missing && i < asked->component_count; i++) {
        components[i] = text_or_empty(asked->components[i]);
        if (asked->missing & 1ULL << i)
            missing[ret->n_missing++] = components[i];
    }
    ret->components = components;
    ret->n_components = asked->component_count;
    ret->missing = missing;
    return components && missing;
}

bool views_of_asked(const struct asked_view *views, uint32_t count, struct arena *arena,
                    Lienthong__V1__AskedView ***ret_list)
{
    Lienthong__V1__AskedView **list = (Lienthong__V1__AskedView **)list_make(arena, count, sizeof **list);

    *ret_list = list;
    for (uint32_t i = 0; list && i < count; i++) {
        const struct asked *asked = &views[i].asked;
        lienthong__v1__asked_view__init(list[i]);
        list[i]->handoff_id = asked->request;
        list[i]->kind = asked->kind;
        list[i]->state = asked->state;
        list[i]->dossier_code = text_or_empty(views[i].dossier_code);
        list[i]->agency = text_or_empty(views[i].agency);
        list[i]->recipient = text_or_empty(views[i].recipient);
        list[i]->step = text_or_empty(views[i].step);
        list[i]->reason_code = text_or_empty(asked->reason_code);
        list[i]->nth = asked->nth;
        list[i]->answers = asked->answers;
        list[i]->asked_ms = asked->asked_ms;
        list[i]->answer_by_ms = asked->answer_by_ms;
        list[i]->reminded_ms = asked->reminded_ms;
        list[i]->overdue_ms = asked->overdue_ms;
        list[i]->proposes_stop = views[i].proposes_stop;
        list[i]->ended_ms = asked->ended_ms;
        list[i]->ended_by = asked->ended_by;
        list[i]->request_state = views[i].request_state;
        list[i]->unknown_year = asked->unknown_year;
        if (!components_of(asked, arena, list[i]))
            return false;
    }
    return list;
}

bool views_of_collisions(const struct collision_view *views, uint32_t count, struct arena *arena,
                         Lienthong__V1__CollisionView ***ret_list)
{
    Lienthong__V1__CollisionView **list = (Lienthong__V1__CollisionView **)list_make(arena, count, sizeof **list);

    *ret_list = list;
    for (uint32_t i = 0; list && i < count; i++) {
        lienthong__v1__collision_view__init(list[i]);
        list[i]->code = text_or_empty(views[i].code);
        list[i]->owner = text_or_empty(views[i].owner);
        list[i]->claimer = text_or_empty(views[i].claimer);
        list[i]->handoff_id = views[i].handoff;
        list[i]->sender = text_or_empty(views[i].sender);
        list[i]->at_ms = views[i].at_ms;
        list[i]->parked = views[i].parked;
    }
    return list;
}

static void ending_of(const struct ending *ending, const char *signed_by, Lienthong__V1__EndingView *ret)
{
    lienthong__v1__ending_view__init(ret);
    ret->ended = ending->ended;
    ret->ended_ms = ending->ended_ms;
    ret->apology = ending->apology;
    ret->unasked = ending->unasked;
    ret->draft_id = ending->draft;
    ret->letter_id = ending->letter;
    ret->due_ms = ending->due_ms;
    ret->asked_ms = ending->asked_ms;
    ret->signed_ms = ending->signed_ms;
    ret->promised_ms = ending->promised_ms;
    ret->signed_by = text_or_empty(signed_by);
    ret->signer = text_or_empty(ending->signer);
    ret->reason_code = text_or_empty(ending->reason_code);
    ret->apologies = ending->apologies;
    ret->escalations = ending->escalations;
}

bool views_of_late(const struct late_view *views, uint32_t count, struct arena *arena,
                   Lienthong__V1__LateView ***ret_list)
{
    Lienthong__V1__LateView **list = (Lienthong__V1__LateView **)list_make(arena, count, sizeof **list);
    Lienthong__V1__EndingView *endings = arena_take(arena, count * sizeof *endings);

    if (!list || !endings)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        lienthong__v1__late_view__init(list[i]);
        list[i]->dossier_code = text_or_empty(views[i].dossier_code);
        list[i]->agency = text_or_empty(views[i].agency);
        list[i]->status = views[i].status;
        list[i]->due_ms = views[i].due_ms;
        list[i]->days = views[i].days;
        ending_of(&views[i].ending, views[i].signed_by, &endings[i]);
        list[i]->ending = &endings[i];
    }
    *ret_list = list;
    return true;
}

static bool has_ending(const struct dossier_view *view)
{
    return view->ending.ended || view->ending.apology;
}

bool view_of_dossier(const struct dossier_view *view, struct arena *arena, Lienthong__V1__DossierView **ret_view)
{
    Lienthong__V1__DossierView *to = view ? arena_take(arena, sizeof *to) : NULL;

    *ret_view = to;
    if (!view || !to)
        return !view;
    lienthong__v1__dossier_view__init(to);
    fill(view, to);
    if (has_ending(view) && !(to->ending = arena_take(arena, sizeof *to->ending)))
        return false;
    if (has_ending(view))
        ending_of(&view->ending, view->signed_by, to->ending);
    to->n_asked = view->asked_count;
    return views_of_asked(view->asked, view->asked_count, arena, &to->asked) && branches_of(view, arena, to) &&
           money_of(view, arena, to) && told_of(view, arena, to) && flow_of(view->flow, arena, to);
}
