/* print.c - what a turn changed and said, in lines that a person can approve. */
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "tests/trace/world.h"

static const char *code_of(struct turn *turn, uint32_t agency, char code[AGENCY_CODE_SIZE])
{
    if (!turn_agency_code(turn, agency, code))
        memcpy(code, "?", 2);
    return code;
}

/* ---- events */

/* A handoff's number as operators see it has the epoch in it; stories say #1. */
static void print_sentence(struct output *output, const char *sentence)
{
    static const char epoch[] = "2814749767";           /* 1 << 48 and small numbers */
    for (const char *at = sentence; *at; at++) {
        if (strncmp(at, epoch, sizeof epoch - 1) != 0) {
            output_add(output, "%c", *at);
            continue;
        }
        unsigned long long id = 0;
        for (; *at >= '0' && *at <= '9'; at++)
            id = id * 10 + (unsigned)(*at - '0');
        output_add(output, "#%llu", HANDOFF_NUMBER(id));
        at--;
    }
}

static void print_actor(struct output *output, struct turn *turn, const struct event *event)
{
    char code[AGENCY_CODE_SIZE];
    if (event->actor_uid)
        output_add(output, " by=uid:%u", event->actor_uid - 1);
    else if (event->actor_agency)
        output_add(output, " by=%s", code_of(turn, event->actor_agency, code));
}

/* What the record says now, when this is the last that happened to it. */
static void print_record(struct world *world, struct turn *turn, const struct event *event)
{
    struct handoff handoff;
    char text[32];

    if (!turn_handoff(turn, event->handoff, &handoff) || handoff.last_event != event->seq)
        return;
    if (handoff.state == STATE_HELD && handoff.gates_left)
        output_add(world->output, " gates=%u", handoff.gates_left);
    if (handoff.charged)
        output_add(world->output, " charged=%u", handoff.charged);
    if (handoff.lapses)
        output_add(world->output, " lapses=%u", handoff.lapses);
    if (handoff.timer_ms)
        output_add(world->output, " until=%s", world_time(handoff.timer_ms, text));
    if (handoff.flags & HANDOFF_ASK_FIRST && handoff.state == STATE_READY)
        output_add(world->output, " ask_first");
    if (handoff.child)
        output_add(world->output, " child=#%llu", HANDOFF_NUMBER(handoff.child));
    if (event->cause == CAUSE_REDIRECT_CHILD || event->cause == CAUSE_ACCEPTED)
        output_add(world->output, "%s%.0llu", handoff.parent ? " parent=#" : "", HANDOFF_NUMBER(handoff.parent));
}

/* What the event says of the dossier, where it says more than that it speaks of it. */
static void print_of_dossier(struct output *output, const struct event_dossier *said)
{
    char text[CLOCK_TEXT_SIZE];

    if (said->judged) {
        output_add(output, " status %d", (int)said->status);
        output_add(output, said->partner_status[0] ? " \"%s\"%s" : "%s%s", said->partner_status, "");
        output_add(output, " %s", judged_name(said->judged));
    }
    if (said->judged || said->before != said->after)
        output_add(output, " dossier %d > %d", (int)said->before, (int)said->after);
    if (said->due_ms) {
        clock_text_local(said->due_ms, text);
        output_add(output, " due %s %s", text, due_source_name(said->due_source));
    }
}

static void print_event(struct world *world, struct turn *turn, const struct event *event)
{
    struct output *output = world->output;
    char detail[REASON_BYTES_MAX + 1], code[AGENCY_CODE_SIZE];

    if (event->handoff)
        output_add(output, " #%llu", HANDOFF_NUMBER(event->handoff));
    else if (event->of_dossier.dossier)
        output_add(output, " dossier %llu", (unsigned long long)event->of_dossier.dossier);
    else
        output_add(output, " %s", event->agency ? code_of(turn, event->agency, code) : "gateway");
    if (event->from != event->to)
        output_add(output, "%s%s -> %s", event->from ? " " : "", event->from ? state_name(event->from) : "",
                   state_name(event->to));
    output_add(output, " %s", cause_name(event->cause));
    if (event->verdict)
        output_add(output, " %s", verdict_name(event->verdict));
    if (event->attempt)
        output_add(output, " attempt=%u", event->attempt);
    if (event->fail_class && event->to == STATE_FAILED)
        output_add(output, " class=%s", fail_class_name(event->fail_class));
    if (event->answer)
        output_add(output, " answer=%s", answer_name(event->answer));
    print_actor(output, turn, event);
    if (event->handoff && event->agency)
        output_add(output, " %s=%s", event->cause == CAUSE_RECEIVED ? "addressed" : "to",
                   code_of(turn, event->agency, code));
    print_record(world, turn, event);
    print_of_dossier(output, &event->of_dossier);
    turn_detail(turn, event->seq, detail);
    if (detail[0]) {
        output_add(output, " \"");
        print_sentence(output, detail);
        output_add(output, "\"");
    }
    output_add(output, "\n");
}

static void walk_events(struct turn *turn, void *context)
{
    struct world *world = context;
    struct event event;

    if (turn_epoch(turn) > 1 && world->last_event < NUMBERS_BEFORE(turn_epoch(turn)))
        world->last_event = NUMBERS_BEFORE(turn_epoch(turn));
    for (; turn_event(turn, world->last_event + 1, &event); world->last_event++)
        print_event(world, turn, &event);
}

void print_events(struct world *world)
{
    world_read(world, walk_events, world);
}

/* ---- answers to operators */

static void print_views(struct output *output, const struct handoff_view *views, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct handoff_view *view = &views[i];
        output_add(output, "  #%llu %s %s > %s %s %s", HANDOFF_NUMBER(view->handoff.id), kind_name(view->handoff.kind),
                   view->sender, view->recipient, view->dossier_code, state_name(view->handoff.state));
        if (view->handoff.state == STATE_FAILED)
            output_add(output, " %s \"%s\"", fail_class_name(view->handoff.fail_class), view->fingerprint);
        output_add(output, view->reason[0] ? " \"%s\"\n" : "\n", view->reason);
        for (uint32_t e = 0; e < view->event_count; e++) {
            const struct event_view *event = &view->events[e];
            output_add(output, "   e%llu %s", (unsigned long long)event->event.seq, cause_name(event->event.cause));
            output_add(output, event->actor[0] ? " by=%s" : "%s", event->actor);
            output_add(output, event->detail[0] ? " \"%s\"\n" : "\n", event->detail);
        }
    }
}

static void print_groups(struct output *output, const struct admin_reply *reply)
{
    for (uint32_t i = 0; i < reply->group_count; i++) {
        const struct group_view *group = &reply->groups[i];
        output_add(output, "  %s %s \"%s\" count=%llu sample=#%llu \"%s\"\n", group->recipient,
                   fail_class_name(group->fail_class), group->group.fingerprint_text,
                   (unsigned long long)group->group.count, HANDOFF_NUMBER(group->group.sample), group->sample_reason);
    }
}

static void print_late(struct output *output, const struct admin_reply *reply)
{
    char text[CLOCK_TEXT_SIZE];

    for (uint32_t i = 0; i < reply->late_count; i++) {
        const struct late_view *late = &reply->late[i];
        clock_text_local(late->due_ms, text);
        output_add(output, "  %s %s %s %s due=\"%s\" days=%d", late->dossier_code, late->agency,
                   apology_name(late->ending.apology), unasked_name(late->ending.unasked), text, late->days);
        output_add(output, late->ending.escalations ? " escalated=%u\n" : "\n", late->ending.escalations);
    }
}

static void print_agencies(struct output *output, const struct admin_reply *reply)
{
    char text[32];
    for (uint32_t i = 0; i < reply->agency_count; i++) {
        const struct agency_view *agency = &reply->agencies[i];
        output_add(output, "  %s %s%s%s", agency->code, agency_class_name(agency->agency_class),
                   agency->state.paused ? " paused" : "", agency->state.on_hold ? " on_hold" : "");
        for (enum state state = 1; state < STATE_END; state++)
            if (agency->counts[state])
                output_add(output, " %s=%llu", state_name(state), (unsigned long long)agency->counts[state]);
        if (agency->oldest_ready_ms)
            output_add(output, " oldest=%s", world_time(agency->oldest_ready_ms, text));
        if (agency->unknown_count)
            output_add(output, " unknown=%llu last=\"%s\"", (unsigned long long)agency->unknown_count,
                       agency->unknown_last);
        output_add(output, "\n");
        for (uint32_t k = 0; k < agency->unknown_codes; k++)
            output_add(output, "   code \"%s\" count=%llu by=#%llu%s\n", agency->unknown[k].unknown.code,
                       (unsigned long long)agency->unknown[k].unknown.count,
                       HANDOFF_NUMBER(agency->unknown[k].unknown.handoff), agency->unknown[k].known ? " known" : "");
    }
}

/* ---- what is known of a dossier */

static void print_line_of(struct output *output, const struct status_line *line, const char *by)
{
    char text[CLOCK_TEXT_SIZE];

    output_add(output, " status=%d%s", (int)line->status, line->gap ? " gap" : "");
    if (!line->status)
        return;
    clock_text_local(line->source_ms, text);
    output_add(output, " by=%s at=\"%s\"", by, text);
}

static void print_local(struct output *output, const char *name, int64_t time_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (!time_ms)
        return;
    clock_text_local(time_ms, text);
    output_add(output, " %s=\"%s\"", name, text);
}

static void print_due(struct output *output, const struct dossier_view *view)
{
    const struct dossier *dossier = &view->dossier;

    if (!dossier->due_ms && !dossier->received_ms)
        return;
    output_add(output, "   due");
    print_local(output, "received", dossier->received_ms);
    print_local(output, "due", dossier->due_ms);
    if (dossier->due_source)
        output_add(output, " %s", due_source_name(dossier->due_source));
    output_add(output, view->due_by[0] ? " by=%s" : "%s", view->due_by);
    print_local(output, "committed", dossier->committed_ms);
    print_local(output, "statutory", dossier->statutory_ms);
    if (dossier->unknown_year)
        output_add(output, " missing=%u", dossier->unknown_year);
    if (dossier->claimed_due_ms)
        output_add(output, " claimed_by=%s", view->claimed_due_by);
    print_local(output, "claimed", dossier->claimed_due_ms);
    output_add(output, "\n");
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        output_add(output, "   pause");
        print_local(output, "from", dossier->pauses[i].from_ms);
        print_local(output, "to", dossier->pauses[i].to_ms);
        output_add(output, "\n");
    }
}

static void print_ending(struct output *output, const struct ending *ending, const char *signed_by)
{
    if (!ending->ended && !ending->apology)
        return;
    output_add(output, "   ending");
    output_add(output, ending->ended ? " ended=%d" : "", (int)ending->ended);
    print_local(output, "at", ending->ended_ms);
    output_add(output, ending->apology ? " %s" : "%s", apology_name(ending->apology));
    output_add(output, ending->unasked ? " %s" : "%s", unasked_name(ending->unasked));
    output_add(output, ending->draft ? " draft=#%llu" : "", HANDOFF_NUMBER(ending->draft));
    print_local(output, "about", ending->due_ms);
    print_local(output, "asked", ending->asked_ms);
    if (ending->apologies)
        output_add(output, " apologies=%u by=%s signer=%s reason=%s", ending->apologies, signed_by, ending->signer,
                   ending->reason_code);
    print_local(output, "signed", ending->signed_ms);
    print_local(output, "promised", ending->promised_ms);
    output_add(output, ending->escalations ? " escalated=%u\n" : "\n", ending->escalations);
}

static void print_asked(struct output *output, const struct asked_view *views, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct asked *asked = &views[i].asked;
        output_add(output, "   asked #%llu %s %s %s > %s", HANDOFF_NUMBER(asked->request), kind_name(asked->kind),
                   asking_name(asked->state), views[i].agency, views[i].recipient);
        output_add(output, "%s%s nth=%u answers=%u", views[i].step[0] ? " step=" : "", views[i].step, asked->nth,
                   asked->answers);
        for (uint32_t k = 0; k < asked->component_count; k++)
            output_add(output, " %s%s", asked->components[k], asked->missing & 1ULL << k ? "" : ":came");
        output_add(output, asked->reason_code[0] ? " reason=%s" : "%s", asked->reason_code);
        print_local(output, "at", asked->asked_ms);
        print_local(output, "answer_by", asked->answer_by_ms);
        if (asked->unknown_year && asked->state == ASKING_OPEN)
            output_add(output, " missing=%u", asked->unknown_year);
        print_local(output, "reminded", asked->reminded_ms);
        print_local(output, "overdue", asked->overdue_ms);
        print_local(output, "ended", asked->ended_ms);
        if (asked->ended_by)
            output_add(output, " by=#%llu", HANDOFF_NUMBER(asked->ended_by));
        output_add(output, "%s\n", views[i].proposes_stop ? " proposal=stop" : "");
    }
}

static void print_step(struct output *output, const struct flow *flow, uint32_t index, const struct step_view *view)
{
    const struct flow_step *step = &flow->steps[index];

    output_add(output, "    %s", step->name);
    if (view->title[0])
        output_add(output, " \"%s\"", view->title);
    output_add(output, view->agency[0] ? " %s" : "%s", view->agency);
    if (step->handoff)
        output_add(output, " #%llu", HANDOFF_NUMBER(step->handoff));
    output_add(output, " %s", flow_state_name(view->state));
    for (uint32_t i = 0, first = 1; i < index; i++)
        if (view->waits & 1u << i) {
            output_add(output, "%s%s", first ? " for=" : ",", flow->steps[i].name);
            first = 0;
        }
    print_local(output, "due", view->due_ms);
    if (step->ended_by)
        output_add(output, " by=#%llu", HANDOFF_NUMBER(step->ended_by));
    if (view->recall)
        output_add(output, " recall=#%llu", HANDOFF_NUMBER(view->recall));
    output_add(output, "\n");
}

static void print_flow(struct output *output, const struct flow_view *view)
{
    if (!view)
        return;
    output_add(output, "   flow %s by=%s", view->flow.version, view->sender);
    if (view->flow.stopped)
        output_add(output, " stopped=%s by=#%llu", kind_name(view->flow.stopped),
                   HANDOFF_NUMBER(view->flow.stopped_by));
    output_add(output, "\n");
    for (uint32_t i = 0; i < view->flow.step_count; i++)
        print_step(output, &view->flow, i, &view->steps[i]);
}

static void print_dossier(struct output *output, const struct dossier_view *view)
{
    if (!view)
        return;
    output_add(output, "  dossier %s opener=%s owner=%s", view->code, view->opener,
               view->owner[0] ? view->owner : "several");
    print_line_of(output, &view->dossier.line, view->by);
    if (view->dossier.kept)
        output_add(output, " kept=%u", view->dossier.kept);
    if (view->dossier.unknown)
        output_add(output, " unknown_codes=%u", view->dossier.unknown);
    output_add(output, "%s%s\n", view->dossier.procedure_version[0] ? " version=" : "",
               view->dossier.procedure_version);
    print_due(output, view);
    print_ending(output, &view->ending, view->signed_by);
    for (uint32_t i = 0; i < view->dossier.branch_count; i++) {
        const struct branch_view *branch = &view->branches[i];
        output_add(output, "   branch #%llu %s > %s%s%s%s%s", HANDOFF_NUMBER(branch->branch.handoff), branch->sender,
                   branch->holder, branch->step[0] ? " step=" : "", branch->step,
                   branch->branch.flags & BRANCH_ENDED ? " ended" : "",
                   branch->branch.flags & BRANCH_PASSED_ON ? " passed_on" : "");
        print_line_of(output, &branch->branch.line, branch->by);
        print_local(output, "there", branch->branch.delivered_ms);
        print_local(output, "taken", branch->branch.receipt_ms);
        print_local(output, "due", branch->branch.due_ms);
        output_add(output, "\n");
    }
    print_flow(output, view->flow);
    for (uint32_t i = 0; i < view->money_count; i++)
        output_add(output, "   money %s owed=%lld paid=%lld by=%s\n", view->money[i].component,
                   (long long)view->money[i].money.owed, (long long)view->money[i].money.paid, view->money[i].by);
    print_asked(output, view->asked, view->asked_count);
    for (uint32_t i = 0; i < view->told_count; i++) {
        const struct event_dossier *said = &view->told[i].event.of_dossier;
        output_add(output, "   told %d", (int)said->status);
        output_add(output, said->partner_status[0] ? " \"%s\"%s" : "%s%s", said->partner_status, "");
        output_add(output, " by=%s %s", view->told[i].by, judged_name(said->judged));
        print_local(output, "at", view->told[i].source_ms);
        output_add(output, "\n");
    }
}

static void print_collisions(struct output *output, const struct collision_view *views, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        output_add(output, "   collision %s of %s, claimed by #%llu of %s (%s)%s\n", views[i].code, views[i].owner,
                   HANDOFF_NUMBER(views[i].handoff), views[i].claimer, views[i].sender,
                   views[i].parked ? " parked" : "");
}

static void print_reply(struct output *output, const struct admin_reply *reply)
{
    if (reply->refused) {
        output_add(output, " admin refused %s %s \"", problem_word(reply->refused->type), reply->refused->field);
        print_sentence(output, reply->refused->sentence_en);
        output_add(output, "\"\n");
        return;
    }
    output_add(output, " admin affected=%llu%s\n", (unsigned long long)reply->affected, reply->more ? " more" : "");
    for (uint32_t i = 0; i < reply->fact_count; i++) {
        output_add(output, "  %s=", reply->facts[i].name);
        print_sentence(output, reply->facts[i].value);
        output_add(output, "\n");
    }
    print_dossier(output, reply->dossier);
    print_collisions(output, reply->collisions, reply->collision_count);
    print_asked(output, reply->asked, reply->asked_count);
    print_late(output, reply);
    print_views(output, reply->handoffs, reply->handoff_count);
    print_groups(output, reply);
    print_agencies(output, reply);
    for (uint32_t i = 0; i < reply->advice_count; i++) {
        output_add(output, "  %s vi: ", reply->advice[i].action ? "do" : "--");
        print_sentence(output, reply->advice[i].vi);
        output_add(output, "\n     en: ");
        print_sentence(output, reply->advice[i].en);
        output_add(output, "\n");
    }
}

/* ---- effects */

static void print_deliver(struct output *output, const struct effect *effect)
{
    const char *dash = strchr(effect->deliver.idempotency_key, '-');
    const char *generation = dash ? strchr(dash + 1, '-') : NULL;

    output_add(output, " deliver #%llu attempt=%u session=%llu %s > %s", HANDOFF_NUMBER(effect->deliver.handoff),
               effect->deliver.attempt, (unsigned long long)effect->session, effect->deliver.sender,
               effect->deliver.recipient);
    if (strcmp(effect->deliver.recipient, effect->deliver.addressed) != 0)
        output_add(output, " addressed=%s", effect->deliver.addressed);
    output_add(output, " key=%s \"%.*s\"", generation ? generation : "same", (int)effect->deliver.payload.size,
               (const char *)effect->deliver.payload.bytes);
    if (effect->deliver.procedure_version[0])
        output_add(output, " step=%s of %s", effect->deliver.step, effect->deliver.procedure_version);
    if (effect->deliver.ask_first)
        output_add(output, " ask_first");
    if (effect->deliver.checkpoint.size)
        output_add(output, " checkpoint=\"%.*s\"", (int)effect->deliver.checkpoint.size,
                   (const char *)effect->deliver.checkpoint.bytes);
    for (uint32_t i = 0; i < effect->deliver.input_count; i++) {
        const struct input *input = &effect->deliver.inputs[i];
        output_add(output, " input=#%llu,%s,%s,\"%.*s\"", HANDOFF_NUMBER(input->handoff), input->step,
                   input->content_type, (int)input->payload.size, (const char *)input->payload.bytes);
    }
    output_add(output, "\n");
}

static void print_found(struct output *output, const struct effect *effect)
{
    output_add(output, " found %s%s\n", effect->found.dossier_code, effect->found.more ? " more" : "");
    print_dossier(output, effect->found.dossier);
    print_collisions(output, effect->found.collisions, effect->found.collision_count);
    print_views(output, effect->found.handoffs, effect->found.count);
}

static void print_notice(struct output *output, const struct effect *effect)
{
    const struct notice_view *notice = &effect->notice;
    output_add(output, " notice e%llu #%llu %s %s", (unsigned long long)notice->event_seq,
               HANDOFF_NUMBER(notice->handoff.id), state_name(notice->event.to), cause_name(notice->event.cause));
    if (notice->field[0])
        output_add(output, " field=%s", notice->field);
    output_add(output, notice->reason[0] ? " \"%s\"\n" : "\n", notice->reason);
}

static void print_blob(struct world *world, const struct effect *effect)
{
    static const char *const words[] = { "", "WANTED", "KNOWN", "KEPT", "THERE", "GONE" };
    const char *name = world_upload_name(world, &effect->blob.sha256);
    if (effect->kind == EFFECT_BLOB_DROP)
        output_add(world->output, " drop %s\n", name);
    else
        output_add(world->output, " blob %s %s\n", name, words[effect->blob.word]);
}

/* What travels to whoever asked. False: it is for the broker. */
static bool print_answer(struct world *world, const struct effect *effect)
{
    struct output *output = world->output;

    switch (effect->kind) {
    case EFFECT_REFUSED:
        output_add(output, " refused %s %s \"", problem_word(effect->refused.problem->type),
                   effect->refused.problem->field);
        print_sentence(output, effect->refused.problem->sentence_en);
        output_add(output, "\"\n");
        return true;
    case EFFECT_ACCEPTED:
        output_add(output, " accepted %s #%llu %s%s", world_message_name(world, &effect->accepted.message_id),
                   HANDOFF_NUMBER(effect->accepted.handoff), state_name(effect->accepted.state),
                   effect->accepted.duplicate ? " duplicate" : "");
        if (effect->accepted.held_reason[0]) {
            output_add(output, " \"");
            print_sentence(output, effect->accepted.held_reason);
            output_add(output, "\"");
        }
        output_add(output, "\n");
        return true;
    case EFFECT_DELIVER:
        print_deliver(output, effect);
        return true;
    case EFFECT_OUTCOME_ACK:
        output_add(output, " outcome_ack #%llu attempt=%u %s\n", HANDOFF_NUMBER(effect->outcome_ack.handoff),
                   effect->outcome_ack.attempt, state_name(effect->outcome_ack.state));
        return true;
    case EFFECT_CHECKPOINT_ACK:
        output_add(output, " checkpoint_ack #%llu attempt=%u %s\n", HANDOFF_NUMBER(effect->checkpoint_ack.handoff),
                   effect->checkpoint_ack.attempt, effect->checkpoint_ack.kept ? "kept" : "not kept");
        return true;
    case EFFECT_CURSOR_ACK:
        output_add(output, " cursor_ack %.*s=\"%.*s\"\n", (int)effect->cursor_ack.name.size,
                   (const char *)effect->cursor_ack.name.bytes, (int)effect->cursor_ack.value.size,
                   (const char *)effect->cursor_ack.value.bytes);
        return true;
    case EFFECT_NOTICE:
        print_notice(output, effect);
        return true;
    case EFFECT_FOUND:
        print_found(output, effect);
        return true;
    case EFFECT_ADMIN_REPLY:
        print_reply(output, &effect->admin_reply);
        return true;
    case EFFECT_BLOB: case EFFECT_BLOB_DROP:
        print_blob(world, effect);
        return true;
    default:
        return false;
    }
}

static void print_for_broker(struct output *output, struct turn *turn, const struct effect *effect)
{
    char code[AGENCY_CODE_SIZE];

    switch (effect->kind) {
    case EFFECT_READY:
        output_add(output, " wake %s\n", code_of(turn, effect->agency, code));
        break;
    case EFFECT_FEED:
        output_add(output, " feed %s\n", code_of(turn, effect->agency, code));
        break;
    case EFFECT_ANSWERED:
        output_add(output, " answered %s #%llu %s \"%s\"%s%s%s\n", code_of(turn, effect->agency, code),
                   HANDOFF_NUMBER(effect->answered.handoff), verdict_name(effect->answered.verdict),
                   effect->answered.fingerprint, effect->answered.charged ? " charged" : "",
                   effect->answered.never_sent ? " never_sent" : "", effect->answered.probe ? " probe" : "");
        break;
    case EFFECT_OFFERED:
        output_add(output, " offered %u of %u\n", effect->offered.count, effect->offered.asked);
        break;
    case EFFECT_NOTIFIED:
        output_add(output, " notified %u of %u last=e%llu\n", effect->notified.count, effect->notified.asked,
                   (unsigned long long)effect->notified.last);
        break;
    case EFFECT_AGENCY:
        output_add(output, " agency %s%s%s\n", code_of(turn, effect->agency, code),
                   effect->agency_state.paused ? " paused" : "", effect->agency_state.on_hold ? " on_hold" : "");
        break;
    case EFFECT_RESTORED:
        output_add(output, " restored #%llu %s %s%s\n", HANDOFF_NUMBER(effect->restored.handoff),
                   agency_class_name(effect->restored.agency_class), state_name(effect->restored.to),
                   effect->restored.ask_first ? " ask_first" : "");
        break;
    case EFFECT_AGAIN:
        output_add(output, " again\n");
        break;
    default:
        output_add(output, " effect %d\n", effect->kind);
        break;
    }
}

static void walk_effects(struct turn *turn, void *context)
{
    struct world *world = context;
    for (uint32_t i = 0; i < world->effects.count; i++)
        if (!print_answer(world, &world->effects.list[i]))
            print_for_broker(world->output, turn, &world->effects.list[i]);
}

void print_effects(struct world *world)
{
    world_read(world, walk_effects, world);
}
