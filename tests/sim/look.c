/* look.c - the auditor looks at a dossier: an operator's questions (track, show, unreceived), asked of the store as it
 * stands, and what is shown put into the auditor's own words. */
#include <stdlib.h>
#include <string.h>

#include "gateway/store/report.h"
#include "tests/sim/audit_dossier.h"
#include "tests/sim/gateway.h"
#include "tests/sim/law.h"

enum { EVENTS_MAX = 8192, UNRECEIVED_MAX = 1024 };

struct looking {
    struct world *world;
    struct turn  *turn;
    struct audit_look look;
    struct audit_handoff handoffs[HANDOFFS_OF_CASE_MAX];
    struct audit_event events[EVENTS_MAX];
    uint64_t told[DOSSIER_TOLD_MAX], unreceived[UNRECEIVED_MAX];
};

/* ---- questions */

static const struct admin_reply *ask(struct looking *looking, const char *verb, const char *code, uint64_t handoff)
{
    struct gateway *gateway = looking->world->gateway;
    struct command command = { .kind = COMMAND_ADMIN };

    memcpy(command.admin.verb, verb, strlen(verb) + 1);
    memcpy(command.admin.code, code, strlen(code) + 1);
    command.admin.handoff = handoff;
    effects_reset(&gateway->effects);
    core_step(&gateway->core, looking->turn, gateway->now_ms, &command, &gateway->effects);
    const struct effect *effect = &gateway->effects.list[0];
    must(gateway->effects.count == 1 && effect->kind == EFFECT_ADMIN_REPLY && !effect->admin_reply.more);
    return effect->admin_reply.refused ? NULL : &effect->admin_reply;
}

static int32_t agency(const struct looking *looking, const char *code)
{
    return place_agency(looking->world, code);
}

/* ---- the dossier */

static struct audit_line line_of(const struct looking *looking, const struct status_line *line, const char *by)
{
    return (struct audit_line){ line->status, line->gap, line->status ? agency(looking, by) : -1, line->source_ms,
                                line->sequence };
}

static void see_branches(struct looking *looking, const struct dossier_view *view)
{
    struct audit_dossier *shown = &looking->look.shown;

    shown->branch_count = view->dossier.branch_count;
    shown->branches_lost = view->dossier.branches_lost;
    for (uint32_t i = 0; i < shown->branch_count; i++) {
        const struct branch *branch = &view->branches[i].branch;
        shown->branches[i] = (struct audit_branch){
            .handoff = branch->handoff, .sender = agency(looking, view->branches[i].sender),
            .holder = agency(looking, view->branches[i].holder), .passed_on = branch->flags & BRANCH_PASSED_ON,
            .ended = branch->flags & BRANCH_ENDED, .result = branch->flags & BRANCH_HAS_RESULT,
            .behind = branch->flags & BRANCH_BEHIND, .sent_back = branch->flags & BRANCH_SENT_BACK,
            .delivered_ms = branch->delivered_ms,
            .receipt_ms = branch->receipt_ms, .line = line_of(looking, &branch->line, view->branches[i].by),
        };
    }
    shown->pause_count = view->dossier.pause_count;
    shown->pauses_lost = view->dossier.pauses_lost;
    for (uint32_t i = 0; i < shown->pause_count; i++) {
        const struct pause *pause = &view->dossier.pauses[i];
        shown->pauses[i] = (struct audit_pause){ pause->from_ms, pause->to_ms,
                                                 pause->branch == BRANCH_NONE ? -1 : (int32_t)pause->branch };
    }
}

static void see_dossier(struct looking *looking, const struct dossier_view *view)
{
    const struct dossier *dossier = &view->dossier;
    const char *version = strrchr(dossier->procedure_version, '/');
    struct audit_look *look = &looking->look;

    look->shown = (struct audit_dossier){
        .there = true, .opener = agency(looking, view->opener), .owner = agency(looking, view->owner),
        .due_by = agency(looking, view->due_by), .claimed_by = agency(looking, view->claimed_due_by),
        .line = line_of(looking, &dossier->line, view->by), .kept = dossier->kept, .unknown = dossier->unknown,
        .channel = dossier->channel, .unknown_year = dossier->unknown_year, .sum_count = view->money_count,
        .received_ms = dossier->received_ms, .due_ms = dossier->due_ms, .due_source = dossier->due_source,
        .committed_ms = dossier->committed_ms, .statutory_ms = dossier->statutory_ms,
        .claimed_ms = dossier->claimed_due_ms, .since = version && version[1] != '-',
        .ended = view->ending.ended, .ended_ms = view->ending.ended_ms, .apology = view->ending.apology,
        .unasked = view->ending.unasked, .apologies = view->ending.apologies,
        .signed_by = agency(looking, view->signed_by), .promised_ms = view->ending.promised_ms,
        .apology_due_ms = view->ending.due_ms,
    };
    see_branches(looking, view);
    for (uint32_t i = 0; i < view->money_count; i++) {
        const struct money_view *money = &view->money[i];
        struct audit_paid *paid = &look->shown.sums[i];
        *paid = (struct audit_paid){ .sum = { .owed = money->money.owed, .paid = money->money.paid },
                                     .source_ms = money->money.source_ms, .by = agency(looking, money->by) };
        memcpy(paid->sum.component, money->component, strlen(money->component) + 1);
    }
    look->shown.asked_count = view->asked_count;
    for (uint32_t i = 0; i < view->asked_count; i++) {
        const struct asked *asked = &view->asked[i].asked;
        look->shown.asked[i] = (struct audit_asked){
            .request = asked->request, .state = asked->state, .agency = agency(looking, view->asked[i].agency),
            .branch = asked->branch == ASKED_NO_BRANCH ? -1 : (int32_t)asked->branch, .nth = asked->nth,
            .answers = asked->answers, .asked_ms = asked->asked_ms,
            .answer_by_ms = asked->answer_by_ms, .ended_ms = asked->ended_ms,
        };
    }
    look->told_count = view->told_count;
    for (uint32_t i = 0; i < view->told_count; i++)
        looking->told[i] = view->told[i].event.seq;
}

/* ---- its handoffs and their history */

static void see_event(struct looking *looking, uint64_t handoff, const struct event_view *view)
{
    const struct event *event = &view->event;
    const char *to = event->cause == CAUSE_SUCCEEDED ? strstr(view->detail, " -> ") : NULL;

    must(looking->look.event_count < EVENTS_MAX);
    looking->events[looking->look.event_count++] = (struct audit_event){
        .seq = event->seq, .turn_seq = event->turn_seq, .handoff = handoff, .at_ms = event->at_ms,
        .cause = event->cause, .from = event->from, .to = event->to, .verdict = event->verdict,
        .taken_from = to ? agency(looking, view->actor) : -1,
        .taken_by = to ? agency(looking, to + 4) : -1, .of_dossier = event->of_dossier.dossier,
        .said = event->of_dossier.status, .before = event->of_dossier.before, .after = event->of_dossier.after,
        .judged = event->of_dossier.judged, .due_ms = event->of_dossier.due_ms,
        .due_source = event->of_dossier.due_source,
    };
}

static void see_history(struct looking *looking, uint64_t handoff)
{
    const struct admin_reply *reply = ask(looking, "show", "", handoff);

    must(reply && reply->handoff_count == 1);
    for (uint32_t i = 0; i < reply->handoffs[0].event_count; i++)
        see_event(looking, handoff, &reply->handoffs[0].events[i]);
}

static int in_order(const void *a, const void *b)
{
    uint64_t first = ((const struct audit_event *)a)->seq, second = ((const struct audit_event *)b)->seq;
    return first < second ? -1 : first > second;
}

static void see_handoffs(struct looking *looking, const struct admin_reply *reply)
{
    struct audit_look *look = &looking->look;

    must(reply->handoff_count <= HANDOFFS_OF_CASE_MAX);
    look->handoff_count = reply->handoff_count;
    for (uint32_t i = 0; i < reply->handoff_count; i++) {
        const struct handoff_view *view = &reply->handoffs[i];
        looking->handoffs[i] = (struct audit_handoff){
            .handoff = view->handoff.id, .parent = view->handoff.parent, .child = view->handoff.child,
            .letter = letter_of(looking->world, &view->handoff.message_id), .sender = agency(looking, view->sender),
            .recipient = agency(looking, view->recipient), .kind = view->handoff.kind,
            .step = view->handoff.flags & HANDOFF_STEP ? view->handoff.step[1] - '0' : NONE,
        };
    }
}

static uint32_t see_unreceived(struct looking *looking)
{
    const struct admin_reply *reply = ask(looking, "unreceived", "", 0);

    must(reply && reply->handoff_count <= UNRECEIVED_MAX);
    for (uint32_t i = 0; i < reply->handoff_count; i++)
        looking->unreceived[i] = reply->handoffs[i].handoff.id;
    return reply->handoff_count;
}

/* The life of the dossier that is not as it must be: what happened, where it must have stood since then. */
static void tell(struct looking *looking)
{
    const struct audit_look *look = &looking->look;
    int32_t owner;

    STORY(looking->world, 0, "the dossier of case %u, as its history has it:", look->case_number);
    for (uint32_t i = 0; i < look->event_count; i++) {
        const struct audit_event *event = &look->events[i];
        enum status stood = audit_stood(looking->world->audit, i, &owner);
        int32_t at = 0;
        while (looking->handoffs[at].handoff != event->handoff)
            at++;
        STORY(looking->world, 0, "  %llu: #%llu %s %s -> %s, %s%s%d %s, %d > %d; must stand at %d, with %s",
              (unsigned long long)event->seq, NUMBER(event->handoff), kind_name(looking->handoffs[at].kind),
              event->from ? state_name(event->from) : "", state_name(event->to), cause_name(event->cause),
              event->of_dossier ? ", says " : " ", event->said, event->judged ? judged_name(event->judged) : "",
              event->before, event->after, stood, owner >= 0 ? looking->world->codes[owner] : "several, or nobody");
    }
}

static void look_within(struct turn *turn, void *context)
{
    struct looking *looking = context;
    struct audit_look *look = &looking->look;
    char code[DOSSIER_CODE_SIZE];

    looking->turn = turn;
    letter_dossier(look->case_number, code);
    look->unreceived_count = see_unreceived(looking);
    const struct admin_reply *reply = ask(looking, "track", code, 0);
    if (!reply)
        return;
    see_handoffs(looking, reply);
    if (reply->dossier)
        see_dossier(looking, reply->dossier);
    for (uint32_t i = 0; i < look->handoff_count; i++)
        see_history(looking, looking->handoffs[i].handoff);
    qsort(looking->events, look->event_count, sizeof *looking->events, in_order);
    uint64_t handoff;
    bool failed = audit_failure(looking->world->audit, &handoff);
    audit_look(looking->world->audit, look);
    if (looking->world->story && !failed && audit_failure(looking->world->audit, &handoff))
        tell(looking);
}

static void look_at(struct world *world, uint32_t case_number, bool last)
{
    static struct looking looking;
    struct gateway *gateway = world->gateway;

    looking.world = world;
    looking.look = (struct audit_look){
        .case_number = case_number, .last = last, .turn_seq = store_last(gateway->store).seq,
        .now_ms = gateway->now_ms, .handoffs = looking.handoffs, .events = looking.events, .told = looking.told,
        .unreceived = looking.unreceived, .told_most = DOSSIER_TOLD_MAX,
    };
    enum result result = store_read(gateway->store, look_within, &looking);
    must(result == RESULT_OK);
    if (last && case_number + 1 == world->options.cases)
        audit_looked_at_all(world->audit, looking.look.unreceived_count);
}

/* All that was ever counted. */
static void look_at_report(struct world *world)
{
    struct report_question question = { .from_day = 20200101, .until_day = 20400101, .by = REPORT_CITY };
    struct report report = { 0 };
    enum result result = report_read(world->gateway->store, &question, &report);
    const uint64_t *of = report.all.in.of;

    must(result == RESULT_OK);
    struct audit_figures figures = {
        .received = { of[FIGURE_RECEIVED], of[FIGURE_RECEIVED_COUNTER], of[FIGURE_RECEIVED_ONLINE],
                      of[FIGURE_RECEIVED_POST], of[FIGURE_RECEIVED_BOUNDARY_FREE] },
        .before = of[FIGURE_BEFORE], .on = of[FIGURE_ON], .after = of[FIGURE_AFTER], .undated = of[FIGURE_UNDATED],
        .apologised = of[FIGURE_APOLOGISED], .not_apologised = of[FIGURE_NOT_APOLOGISED],
        .refused = of[FIGURE_REFUSED], .withdrawn = of[FIGURE_WITHDRAWN], .stopped = of[FIGURE_STOPPED],
    };
    report_free(&report);
    audit_report(world->audit, &figures);
}

void look_at_one(struct world *world)
{
    if (world->gateway_up && dice_permille(&world->dice, world->options.look_permille))
        look_at(world, dice_below(&world->dice, world->options.cases), false);
}

void look_at_all(struct world *world)
{
    for (uint32_t i = 0; i < world->options.cases && world->gateway_up; i++)
        look_at(world, i, true);
    if (world->gateway_up)
        look_at_report(world);
}

void look_directory(struct world *world, uint64_t turn_seq)
{
    const struct tables *tables = world->gateway->core.tables;
    struct audit_directory directory = { .calendar = tables->calendar != NULL };

    for (uint32_t i = 0; i < world->agency_count; i++) {
        const struct agency *agency = tables_agency(tables, world->codes[i]);
        directory.successor[i] = agency->successor_count ? place_agency(world, agency->successors[0].code) : NONE;
        for (uint32_t k = 0; k < AGENCY_KEYS_MAX; k++) {
            directory.keys[i][k].from_ms = agency->keys[k].from_ms;
            directory.keys[i][k].to_ms = agency->keys[k].to_ms;
        }
        directory.one_stop[i] = agency->kind == AGENCY_ONE_STOP;
        directory.asks = tables->late.ask.kind;
        directory.brake = tables->late.brake_per_hour;
        directory.may_move[i] = agency->kind == AGENCY_SECTOR && tables->due_mover_count;
    }
    audit_directory(world->audit, turn_seq, &directory);
}
