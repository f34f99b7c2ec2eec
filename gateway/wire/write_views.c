/* write_views.c - views of handoffs, events, groups and agencies as messages. */
#include "gateway/core/advice.h"
#include "gateway/wire/write.h"

void **list_make(struct arena *arena, uint32_t count, size_t size)
{
    void **list = arena_take(arena, count * sizeof *list);
    uint8_t *messages = list ? arena_take(arena, count * size) : NULL;
    for (uint32_t i = 0; messages && i < count; i++)
        list[i] = messages + i * size;
    return messages ? list : NULL;
}

static bool views_of_events(const struct event_view *views, uint32_t count, struct arena *arena,
                            Lienthong__V1__EventView ***ret_list)
{
    Lienthong__V1__EventView **list = (Lienthong__V1__EventView **)list_make(arena, count, sizeof **list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct event *event = &views[i].event;
        lienthong__v1__event_view__init(list[i]);
        list[i]->event_seq = event->seq;
        list[i]->commit_seq = event->turn_seq;
        list[i]->at_ms = event->at_ms;
        list[i]->from_state = event->from;
        list[i]->to_state = event->to;
        list[i]->cause = event->cause;
        list[i]->verdict = event->verdict;
        list[i]->fail_class = event->fail_class;
        list[i]->attempt = event->attempt;
        list[i]->actor = text_or_empty(views[i].actor);
        list[i]->detail = text_or_empty(views[i].detail);
    }
    *ret_list = list;
    return true;
}

static void view_of_handoff(const struct handoff_view *view, Lienthong__V1__HandoffView *ret)
{
    const struct handoff *handoff = &view->handoff;
    lienthong__v1__handoff_view__init(ret);
    ret->handoff_id = handoff->id;
    ret->message_id = data_of_uuid(&handoff->message_id);
    ret->sender = text_or_empty(view->sender);
    ret->recipient = text_or_empty(view->recipient);
    ret->dossier_code = text_or_empty(view->dossier_code);
    ret->procedure_code = text_or_empty(handoff->procedure_code);
    ret->step = text_or_empty(handoff->step);
    ret->kind = handoff->kind;
    ret->state = handoff->state;
    ret->verdict = handoff->verdict;
    ret->fail_class = handoff->fail_class;
    ret->answer = handoff->answer;
    ret->attempt = handoff->attempt;
    ret->accepted_ms = handoff->accepted_ms;
    ret->changed_ms = handoff->changed_ms;
    ret->due_ms = handoff->due_ms;
    ret->wait_until_ms = handoff->state == STATE_WAITING ? handoff->timer_ms : 0;
    ret->commit_seq = handoff->accepted_seq;
    ret->content_hash = data_of_hash(&handoff->content_hash);
    ret->parent_id = handoff->parent;
    ret->child_id = handoff->child;
    ret->body_bytes = handoff->body_bytes;
    ret->reason = text_or_empty(view->reason);
    ret->agency_ref = text_or_empty(handoff->agency_ref);
    ret->fingerprint = text_or_empty(view->fingerprint);
    ret->replayed = handoff->flags & HANDOFF_REPLAYED;
    ret->receipt = handoff->flags & HANDOFF_RECEIVED ? 1 : handoff->flags & HANDOFF_UNRECEIVED ? 2 : 0;
}

bool views_of_handoffs(const struct handoff_view *views, uint32_t count, struct arena *arena,
                       Lienthong__V1__HandoffView ***ret_list)
{
    Lienthong__V1__HandoffView **list = (Lienthong__V1__HandoffView **)list_make(arena, count, sizeof **list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        view_of_handoff(&views[i], list[i]);
        if (!views_of_events(views[i].events, views[i].event_count, arena, &list[i]->events))
            return false;
        list[i]->n_events = views[i].event_count;
    }
    *ret_list = list;
    return true;
}

static bool views_of_groups(const struct group_view *views, uint32_t count, struct arena *arena,
                            Lienthong__V1__GroupView ***ret_list)
{
    Lienthong__V1__GroupView **list = (Lienthong__V1__GroupView **)list_make(arena, count, sizeof **list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct group_view *view = &views[i];
        lienthong__v1__group_view__init(list[i]);
        list[i]->recipient = text_or_empty(view->recipient);
        list[i]->fail_class = view->fail_class;
        list[i]->fingerprint = text_or_empty(view->group.fingerprint_text);
        list[i]->count = view->group.count;
        list[i]->first_ms = view->group.first_ms;
        list[i]->last_ms = view->group.last_ms;
        list[i]->sample_id = view->group.sample;
        list[i]->sample_reason = text_or_empty(view->sample_reason);
        list[i]->next_step_vi = text_or_empty(fail_class_next_step(view->fail_class, true));
        list[i]->next_step_en = text_or_empty(fail_class_next_step(view->fail_class, false));
    }
    *ret_list = list;
    return true;
}

static bool views_of_unknown(const struct unknown_code_view *views, uint32_t count, struct arena *arena,
                             Lienthong__V1__UnknownCodeView ***ret_list)
{
    Lienthong__V1__UnknownCodeView **list = (Lienthong__V1__UnknownCodeView **)list_make(arena, count, sizeof **list);

    *ret_list = list;
    for (uint32_t i = 0; list && i < count; i++) {
        lienthong__v1__unknown_code_view__init(list[i]);
        list[i]->code = text_or_empty(views[i].unknown.code);
        list[i]->count = views[i].unknown.count;
        list[i]->first_ms = views[i].unknown.first_ms;
        list[i]->last_ms = views[i].unknown.last_ms;
        list[i]->handoff_id = views[i].unknown.handoff;
        list[i]->known = views[i].known;
    }
    return list;
}

static bool views_of_agencies(struct agency_view *views, uint32_t count, struct arena *arena,
                              Lienthong__V1__AgencyView ***ret_list)
{
    Lienthong__V1__AgencyView **list = (Lienthong__V1__AgencyView **)list_make(arena, count, sizeof **list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct agency_view *view = &views[i];
        lienthong__v1__agency_view__init(list[i]);
        list[i]->code = text_or_empty(view->code);
        list[i]->name = text_or_empty(view->name);
        list[i]->agency_class = view->agency_class;
        list[i]->sessions = view->live.sessions;
        list[i]->credit = view->live.credit;
        list[i]->in_flight = view->live.in_flight;
        list[i]->breaker = text_or_empty(view->live.breaker);
        list[i]->breaker_until_ms = view->live.breaker_until_ms;
        list[i]->paused = view->state.paused;
        list[i]->held = view->state.on_hold;
        list[i]->reason = text_or_empty(view->state.reason);
        list[i]->counts = view->counts;
        list[i]->n_counts = STATE_END;
        list[i]->oldest_ready_ms = view->oldest_ready_ms;
        list[i]->unknown_count = view->unknown_count;
        list[i]->unknown_last = text_or_empty(view->unknown_last);
        list[i]->n_unknown = view->unknown_codes;
        if (!views_of_unknown(view->unknown, view->unknown_codes, arena, &list[i]->unknown))
            return false;
    }
    *ret_list = list;
    return true;
}

static bool views_of_advice(const struct advice *views, uint32_t count, struct arena *arena,
                            Lienthong__V1__Advice ***ret_list)
{
    Lienthong__V1__Advice **list = (Lienthong__V1__Advice **)list_make(arena, count, sizeof **list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        lienthong__v1__advice__init(list[i]);
        list[i]->vi = text_or_empty(views[i].vi);
        list[i]->en = text_or_empty(views[i].en);
        list[i]->action = views[i].action;
    }
    *ret_list = list;
    return true;
}

static bool views_of_facts(const struct fact *views, uint32_t count, struct arena *arena,
                           Lienthong__V1__AdminReply__FactsEntry ***ret_list)
{
    Lienthong__V1__AdminReply__FactsEntry **list =
        (Lienthong__V1__AdminReply__FactsEntry **)list_make(arena, count, sizeof **list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        lienthong__v1__admin_reply__facts_entry__init(list[i]);
        list[i]->key = text_or_empty(views[i].name);
        list[i]->value = text_or_empty(views[i].value);
    }
    *ret_list = list;
    return true;
}

static bool view_of_said(const struct said_view *view, struct arena *arena, Lienthong__V1__SaidView **ret_view)
{
    Lienthong__V1__SaidView *to = view ? arena_take(arena, sizeof *to) : NULL;
    *ret_view = to;
    if (!view || !to)
        return !view;
    lienthong__v1__said_view__init(to);
    to->handoff_id = view->handoff;
    to->source_time_ms = view->source_time_ms;
    to->content_type = text_or_empty(view->content_type);
    to->facts = data_of_span(view->facts);
    to->purged = view->purged;
    to->procedure_name = text_or_empty(view->procedure_name);
    to->payload = data_of_span(view->payload);
    to->opened = view->opened;
    to->n_components = view->component_count;
    to->components = (Lienthong__V1__ComponentName **)list_make(arena, view->component_count, sizeof **to->components);
    if (!to->components)
        return false;
    for (uint32_t i = 0; i < view->component_count; i++) {
        lienthong__v1__component_name__init(to->components[i]);
        to->components[i]->code = text_or_empty(view->components[i].code);
        to->components[i]->name = text_or_empty(view->components[i].name);
    }
    return true;
}

bool views_of_reply(const struct admin_reply *reply, struct arena *arena, Lienthong__V1__AdminReply *ret_reply)
{
    ret_reply->n_handoffs = reply->handoff_count;
    ret_reply->n_groups = reply->group_count;
    ret_reply->n_agencies = reply->agency_count;
    ret_reply->n_advice = reply->advice_count;
    ret_reply->n_facts = reply->fact_count;
    ret_reply->n_late = reply->late_count;
    ret_reply->affected = reply->affected;
    ret_reply->more = reply->more;
    ret_reply->n_asked = reply->asked_count;
    ret_reply->n_collisions = reply->collision_count;
    return view_of_dossier(reply->dossier, arena, &ret_reply->dossier)
        && view_of_said(reply->said, arena, &ret_reply->said)
        && views_of_asked(reply->asked, reply->asked_count, arena, &ret_reply->asked)
        && views_of_collisions(reply->collisions, reply->collision_count, arena, &ret_reply->collisions)
        && views_of_handoffs(reply->handoffs, reply->handoff_count, arena, &ret_reply->handoffs)
        && views_of_late(reply->late, reply->late_count, arena, &ret_reply->late)
        && views_of_groups(reply->groups, reply->group_count, arena, &ret_reply->groups)
        && views_of_agencies(reply->agencies, reply->agency_count, arena, &ret_reply->agencies)
        && views_of_advice(reply->advice, reply->advice_count, arena, &ret_reply->advice)
        && views_of_facts(reply->facts, reply->fact_count, arena, &ret_reply->facts);
}
