#include "gateway/core/dossier.h"

#include <string.h>

#include "gateway/core/due_date.h"
#include "gateway/core/status.h"

enum { ADOPTED_MAX = 64, RECOMPUTED_MAX = 16 };
#define PUT_OFF_MS (60LL * 1000)

/* ---- what the directory says */

static const struct agency *agency_of(struct step *step, uint32_t number)
{
    char code[AGENCY_CODE_SIZE];
    return turn_agency_code(step->turn, number, code) ? tables_agency(step->core->tables, code) : NULL;
}

/* False: what is due stays as it was. */
static bool compute(struct step *step, struct dossier *dossier, const char *stated_version)
{
    const struct agency *opener = agency_of(step, dossier->opener);
    const struct procedure *procedure = due_version(step->core->tables, opener, stated_version, dossier);
    return due_compute(step->core->tables, procedure, opener, dossier);
}

static void compute_step(struct step *step, struct dossier *dossier, struct branch *branch,
                         const struct handoff *forward)
{
    const struct agency *opener = agency_of(step, dossier->opener);
    const struct procedure *procedure = due_version(step->core->tables, opener, "", dossier);
    branch->due_ms = due_of_step(step->core->tables, procedure, forward->step, agency_of(step, branch->holder), dossier,
                                 branch_index(dossier, branch));
}

/* ---- the clock stands, and goes on */

static void pause_begin(struct dossier *dossier, unsigned branch, int64_t from_ms)
{
    if (dossier->pause_count == PAUSES_MAX) {
        dossier->pauses_lost++;
        return;
    }
    dossier->pauses[dossier->pause_count++] = (struct pause){ .from_ms = from_ms, .branch = branch };
}

/* `branch` BRANCH_NONE: all of them. True: one has ended. */
static bool pauses_end(struct dossier *dossier, unsigned branch, int64_t to_ms)
{
    bool any = false;
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        struct pause *pause = &dossier->pauses[i];
        if (pause->to_ms || (branch != BRANCH_NONE && pause->branch != branch && pause->branch != BRANCH_NONE))
            continue;
        pause->to_ms = to_ms > pause->from_ms ? to_ms : pause->from_ms + 1;
        any = true;
    }
    return any;
}

static bool is_standing(const struct dossier *dossier, unsigned branch)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms && (branch == BRANCH_NONE || dossier->pauses[i].branch == branch))
            return true;
    return false;
}

/* `branch` or the whole stands at `status` from source_ms on. */
static void pauses_follow(struct step *step, struct dossier *dossier, struct branch *branch, enum status status,
                          int64_t source_ms)
{
    unsigned index = branch_index(dossier, branch);
    struct handoff forward;

    if (status_is_pause(status)) {
        if (!is_standing(dossier, index))
            pause_begin(dossier, index, source_ms);
        return;
    }
    if (!pauses_end(dossier, index, source_ms))
        return;
    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        if ((index == BRANCH_NONE || index == i) && other->due_ms && turn_handoff(step->turn, other->handoff, &forward))
            compute_step(step, dossier, other, &forward);
    }
}

/* ---- status */

struct told {
    enum status status;                 /* 0: none was said, or `judged` says why none can be used */
    enum judged judged;
    bool receipt;                       /* the partner's code says that it was taken in hand */
};

static struct told fact_of(struct step *step, const struct intake *intake, int64_t source_ms)
{
    const struct facts *facts = intake->submit->facts;
    const struct tables *tables = step->core->tables;
    struct told fact = { 0 };

    if (!facts || (!facts->status && !facts->partner_status[0]))
        return fact;
    const struct status_code *code = !facts->partner_status[0] ? NULL :
        status_code_find(tables->status_maps, tables->status_map_count, intake->sender, source_ms,
                         facts->partner_status);
    fact.receipt = code && code->receipt;
    fact.status = facts->status ? facts->status : code ? code->status : 0;
    if (!fact.status)
        fact.judged = code ? JUDGED_NO_STATUS : JUDGED_UNKNOWN_CODE;
    return fact;
}

static void line_move(struct dossier *dossier, const struct status_line *next, enum status status, bool gap)
{
    int64_t latest_ms = dossier->line.source_ms;
    dossier->line = *next;
    dossier->line.status = status;
    dossier->line.gap = gap;
    if (latest_ms > next->source_ms)
        dossier->line.source_ms = latest_ms;            /* of a branch that is behind another one */
}

/* Several side by side: each its own; the whole is what they make together. */
static enum judged apply_to_branch(struct step *step, struct dossier *dossier, struct branch *branch,
                                   const struct status_line *next, bool owns)
{
    enum judged judged = status_judge(&branch->line, next, owns, branch->line.recalled || dossier->line.recalled);

    if (judged_applied(judged) && status_is_final(dossier->line.status) && !dossier->line.recalled)
        judged = JUDGED_FINAL;
    if (!judged_applied(judged))
        return judged;
    branch->line = *next;
    branch->line.gap = judged == JUDGED_GAP;
    pauses_follow(step, dossier, branch, next->status, next->source_ms);
    line_move(dossier, next, branches_join(step, dossier, next->status), branch->line.gap);
    return judged;
}

/* `branch`: whose holder says it; NULL: who hands the dossier on says it. */
static enum judged apply_to_whole(struct step *step, struct dossier *dossier, struct branch *branch,
                                  const struct status_line *next, bool owns)
{
    enum judged judged = status_judge(&dossier->line, next, owns, dossier->line.recalled);

    if (!judged_applied(judged))
        return judged;
    dossier->line = *next;
    dossier->line.gap = judged == JUDGED_GAP;
    if (branch)
        branch->line = dossier->line;
    pauses_follow(step, dossier, branch, next->status, next->source_ms);
    return judged;
}

/* The one that its sender speaks of: named as the parent, or the only live one that it holds. */
static struct branch *branch_meant(struct step *step, struct dossier *dossier, const struct handoff *handoff)
{
    struct branch *branch = handoff->parent ? branch_find(step, dossier, handoff->parent) : NULL;

    if (branch && dossier_same_seat(step, branch->holder, handoff->sender))
        return branch;
    branch = NULL;
    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        if (other->holder != handoff->sender || !branch_is_live(other))
            continue;
        if (branch)
            return NULL;                                /* several: not guessed */
        branch = other;
    }
    return branch;
}

static void judge(struct step *step, struct telling *telling, const struct told *fact, struct branch *meant,
                  const struct handoff *handoff)
{
    struct dossier *dossier = &telling->dossier;
    struct status_line next = { .status = fact->status, .by = handoff->sender, .source_ms = telling->source_ms,
                                .sequence = handoff->sequence };
    bool alone = branches_side_by_side(step, dossier) < 2;

    telling->said.status = fact->status;
    telling->said.judged = fact->judged;
    if (fact->status) {
        bool owns = dossier_owns(step, dossier, meant, handoff->sender, fact->status);
        telling->said.judged = !alone && meant
            ? apply_to_branch(step, dossier, meant, &next, owns)
            : apply_to_whole(step, dossier, meant, &next, owns);
    }
    if (telling->said.judged && !judged_applied(telling->said.judged) && telling->said.judged != JUDGED_NO_STATUS)
        dossier->kept++;
    dossier->unknown += telling->said.judged == JUDGED_UNKNOWN_CODE;
}

/* It says that somebody at the other side has taken the dossier in hand. */
static bool is_receipt(enum kind kind, const struct told *fact)
{
    switch (kind) {
    case KIND_SUPPLEMENT_REQUEST: case KIND_FINANCIAL_OBLIGATION: case KIND_CONSULT: case KIND_FORWARD:
        return true;
    case KIND_PROGRESS:
        return fact->receipt || (fact->status && fact->status != STATUS_REGISTERED);
    default:
        return fact->receipt;
    }
}

/* ---- due dates */

static bool may_move_due(struct step *step, const struct intake *intake)
{
    const struct tables *tables = step->core->tables;
    for (uint32_t i = 0; i < tables->due_mover_count; i++)
        if (selector_matches(&tables->due_movers[i], intake->sender))
            return true;
    return false;
}

static void state_due(struct step *step, const struct intake *intake, struct telling *telling, uint32_t sender)
{
    struct dossier *dossier = &telling->dossier;
    int64_t due_ms = intake->submit->due_ms;
    bool one_stop = dossier_same_seat(step, dossier->opener, sender) || intake->sender->kind == AGENCY_ONE_STOP;
    bool stated = dossier->due_source == DUE_ONE_STOP || dossier->due_source == DUE_AGENCY;

    if (due_ms <= 0 || (stated && due_ms == dossier->due_ms))
        return;
    if (!one_stop && !may_move_due(step, intake)) {
        if (due_ms != dossier->due_ms) {
            dossier->claimed_due_ms = due_ms;
            dossier->claimed_due_by = sender;
        }
        return;
    }
    if (stated && telling->source_ms < dossier->due_said_ms)
        return;
    dossier->due_ms = due_ms;
    dossier->due_source = one_stop ? DUE_ONE_STOP : DUE_AGENCY;
    dossier->due_by = sender;
    dossier->due_said_ms = telling->source_ms;
}

/* When it was valid and complete: as stated by whose it is; else when it was accepted (2), else when it was first handed
 * on by who had received it. One that is only registered has not been received yet. */
static void note_received(struct step *step, const struct intake *intake, struct telling *telling,
                          const struct handoff *handoff)
{
    const struct facts *facts = intake->submit->facts;
    struct dossier *dossier = &telling->dossier;
    bool opener = dossier_same_seat(step, dossier->opener, handoff->sender);

    if (facts && facts->channel && (opener || !dossier->channel))
        dossier->channel = facts->channel;
    if (!dossier->procedure_code[0] && (opener || handoff->kind == KIND_FORWARD))
        memcpy(dossier->procedure_code, handoff->procedure_code, sizeof dossier->procedure_code);
    if (dossier->received_ms)
        return;
    if (facts && facts->received_ms > 0 && dossier_is_principal(step, dossier, handoff->sender))
        dossier->received_ms = facts->received_ms;
    else if (dossier->line.status == STATUS_ACCEPTED)
        dossier->received_ms = dossier->line.source_ms;
    else if (dossier->line.status != STATUS_REGISTERED && opener && handoff->kind == KIND_FORWARD)
        dossier->received_ms = telling->source_ms;
}

/* What the engine would be asked: as long as it is the same, so is the answer. */
struct question { int64_t received_ms, paused_ms; uint32_t channel; bool has_procedure; };

static struct question question_of(const struct dossier *dossier)
{
    struct question question = { .received_ms = dossier->received_ms, .channel = dossier->channel,
                                 .has_procedure = dossier->procedure_code[0] != 0 };
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        question.paused_ms += dossier->pauses[i].to_ms;
    return question;
}

static bool same_question(const struct question *a, struct question b)
{
    return a->received_ms == b.received_ms && a->paused_ms == b.paused_ms && a->channel == b.channel &&
           a->has_procedure == b.has_procedure;
}

/* ---- the record */

/* Of a dossier that was handed off before anybody told anything of it: its FORWARDs are branches. */
static void adopt(struct step *step, struct dossier *dossier)
{
    struct handoff handoff;
    uint64_t id = 0;
    bool first = true;

    for (int i = 0; i < ADOPTED_MAX && (id = turn_dossier_handoff_next(step->turn, dossier->id, id)) != 0; i++) {
        must(turn_handoff(step->turn, id, &handoff));
        if (first)
            dossier->opener = handoff.sender;
        first = false;
        if (handoff.kind != KIND_FORWARD || handoff.state == STATE_CLOSED)
            continue;
        struct branch *branch = branch_open(dossier, &handoff);
        if (!branch)
            return;
        branch->delivered_ms = handoff.state == STATE_DELIVERED ? handoff.changed_ms : 0;
        branch->flags = (handoff.answer ? BRANCH_ENDED : 0u) | (handoff.answer == ANSWER_RESULT ? BRANCH_HAS_RESULT : 0u);
        handoff.flags |= HANDOFF_BRANCH;
        turn_handoff_put(step->turn, &handoff);
    }
}

/* What is said would be kept; or it is a FORWARD of a procedure whose times are known. */
static bool is_worth_a_record(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    const struct facts *facts = intake->submit->facts;

    if (intake->submit->due_ms > 0 ||
        (facts && (facts->status || facts->partner_status[0] || facts->received_ms > 0 || facts->money_count)))
        return true;
    return handoff->kind == KIND_FORWARD && handoff->procedure_code[0] &&
           tables_procedure(step->core->tables, handoff->procedure_code, NULL, intake->sender,
                            handoff->source_time_ms > 0 ? handoff->source_time_ms : step->now_ms);
}

/* False: there is none, and none is made. */
static bool open_record(struct step *step, const struct intake *intake, const struct handoff *handoff,
                        struct dossier *ret_dossier)
{
    bool asks = intake->submit->facts || intake->submit->due_ms > 0 || handoff->kind == KIND_FORWARD ||
                handoff->kind == KIND_RECALL;
    bool old = !intake->dossier_is_new;

    if (!asks)
        return false;
    if (old && turn_dossier(step->turn, handoff->dossier, ret_dossier))
        return true;
    if (!is_worth_a_record(step, intake, handoff))
        return false;
    *ret_dossier = (struct dossier){ .id = handoff->dossier, .opener = handoff->sender };
    if (old)
        adopt(step, ret_dossier);
    return true;
}

/* A FORWARD opens its branch, or takes the place of the one that it corrects; whoever held the dossier has passed it on. */
static void forwarded(struct step *step, struct dossier *dossier, struct handoff *handoff, struct branch *held)
{
    struct branch *branch = NULL;
    struct handoff before;

    if (handoff->parent && turn_handoff(step->turn, handoff->parent, &before) && before.child == handoff->id)
        branch = branch_find(step, dossier, handoff->parent);
    if (branch) {
        branch->handoff = handoff->id;
        branch->holder = handoff->recipient;
    } else {
        if (held)
            held->flags |= BRANCH_PASSED_ON;
        branch = branch_open(dossier, handoff);
    }
    if (branch)
        handoff->flags |= HANDOFF_BRANCH;
}

void dossier_tell(struct step *step, const struct intake *intake, struct handoff *handoff, struct telling *ret_telling)
{
    const struct facts *facts = intake->submit->facts;
    struct telling *telling = ret_telling;
    struct dossier *dossier = &telling->dossier;

    telling->any = telling->receipt = false;
    telling->source_ms = handoff->source_time_ms > 0 ? handoff->source_time_ms : step->now_ms;
    struct told fact = fact_of(step, intake, telling->source_ms);
    if (intake->has_parent && intake->parent.kind == KIND_FORWARD) {
        telling->receipt = is_receipt(handoff->kind, &fact) && intake->parent.recipient == handoff->sender;
        telling->forward = intake->parent.id;
    }
    if (!open_record(step, intake, handoff, dossier))
        return;
    telling->any = true;
    telling->year_before = dossier->unknown_year;
    telling->said = (struct event_dossier){ .dossier = dossier->id, .previous = dossier->last_event,
                                            .before = dossier->line.status };
    struct question before = question_of(dossier);
    int64_t due_before_ms = dossier->due_ms;
    enum due_source source_before = dossier->due_source;
    struct branch *meant = branch_meant(step, dossier, handoff);
    if (handoff->kind == KIND_RECALL && (meant || dossier_is_principal(step, dossier, handoff->sender))) {
        dossier->line.recalled = true;
        if (meant)
            meant->line.recalled = true;
    }
    if (facts)
        memcpy(telling->said.partner_status, facts->partner_status, sizeof telling->said.partner_status);
    if (fact.status || fact.judged)
        judge(step, telling, &fact, meant, handoff);
    if (!telling->receipt && meant && is_receipt(handoff->kind, &fact)) {
        telling->receipt = true;
        telling->forward = meant->handoff;
    }
    if (handoff->kind == KIND_FORWARD)
        forwarded(step, dossier, handoff, meant);
    note_received(step, intake, telling, handoff);
    state_due(step, intake, telling, handoff->sender);
    if (!same_question(&before, question_of(dossier)))
        (void)compute(step, dossier, facts ? facts->procedure_version : "");
    if (dossier->due_ms != due_before_ms || dossier->due_source != source_before) {
        telling->said.due_ms = dossier->due_ms;
        telling->said.due_source = dossier->due_source;
    }
    telling->said.after = dossier->line.status;
}

/* ---- money */

static bool money_ok(struct step *step, const char *component)
{
    for (const char *at = component; *at; at++)
        if (*at <= ' ' || *at > '~')
            component = "";
    if (component[0])
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.money.component",
                   "Mã khoản tiền trống, hoặc có dấu cách hay chữ có dấu.",
                   "The code of a sum of money is empty, or has blanks or letters that are not ASCII.");
    return false;
}

bool dossier_facts_ok(struct step *step, const struct intake *intake)
{
    const struct facts *facts = intake->submit->facts;
    struct dossier dossier;
    struct money money;
    uint32_t more = 0;

    if (!facts || !facts->money_count)
        return true;
    for (uint32_t i = 0; i < facts->money_count; i++) {
        if (!money_ok(step, facts->money[i].component))
            return false;
        more += !intake->dossier || !turn_money(step->turn, intake->dossier, facts->money[i].component, &money);
    }
    if (!intake->dossier || !turn_dossier(step->turn, intake->dossier, &dossier) ||
        dossier.money_count + more <= DOSSIER_MONEY_MAX)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.money",
                   "Hồ sơ này đã có quá nhiều khoản tiền: tối đa %d.",
                   "This dossier has too many sums of money already: at most %d.", DOSSIER_MONEY_MAX);
    return false;
}

static void keep_money(struct step *step, struct telling *telling, const struct submit *submit, uint32_t by)
{
    struct dossier *dossier = &telling->dossier;

    for (uint32_t i = 0; submit && submit->facts && i < submit->facts->money_count; i++) {
        const struct facts_money *said = &submit->facts->money[i];
        struct money money;
        bool there = turn_money(step->turn, dossier->id, said->component, &money);
        if (there && money.source_ms > telling->source_ms)
            continue;
        money = (struct money){ said->owed, said->paid, telling->source_ms, by };
        turn_money_put(step->turn, dossier->id, said->component, &money);
        dossier->money_count += !there;
    }
}

/* ---- written */

static void write_record(struct step *step, struct telling *telling, uint64_t event)
{
    struct dossier *dossier = &telling->dossier;

    if (event)
        dossier->last_event = event;
    dossier->owner = dossier_owner(dossier);
    if (telling->year_before != dossier->unknown_year) {
        if (telling->year_before)
            turn_provisional_delete(step->turn, telling->year_before, dossier->id);
        if (dossier->unknown_year)
            turn_provisional_put(step->turn, dossier->unknown_year, dossier->id);
    }
    turn_dossier_put(step->turn, dossier);
}

/* It was taken in hand: once is enough. True: it had not been. */
static bool take_receipt(struct step *step, struct handoff *forward)
{
    if (forward->flags & HANDOFF_RECEIVED)
        return false;
    if (forward->flags & HANDOFF_UNRECEIVED)
        turn_unreceived_delete(step->turn, forward->recipient, forward->changed_ms, forward->id);
    forward->flags = (forward->flags & ~(uint32_t)HANDOFF_UNRECEIVED) | HANDOFF_RECEIVED;
    return true;
}

void dossier_told(struct step *step, struct telling *telling, const struct submit *submit, uint64_t event)
{
    struct change change = { .cause = CAUSE_RECEIVED };
    struct handoff forward;

    if (telling->receipt) {
        must(turn_handoff(step->turn, telling->forward, &forward));
        change.actor_agency = forward.recipient;
        if (take_receipt(step, &forward))
            handoff_note(step, &forward, &change);
        struct branch *branch = telling->any ? branch_find(step, &telling->dossier, telling->forward) : NULL;
        if (branch && !branch->receipt_ms)
            branch->receipt_ms = telling->source_ms;
    }
    if (!telling->any)
        return;
    keep_money(step, telling, submit, turn_agency_number(step->turn, step->command->agency->code));
    write_record(step, telling, event);
}

/* ---- the way of a FORWARD */

/* The branch in front, if this one was behind it and nothing else is any more. */
static void hand_back(struct dossier *dossier, const struct branch *ended)
{
    struct branch *front = NULL;
    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        if (other != ended && other->sender == ended->sender && branch_is_live(other))
            return;
        if (other->flags & BRANCH_PASSED_ON && other->holder == ended->sender)
            front = other;
    }
    if (front)
        front->flags &= ~(uint32_t)BRANCH_PASSED_ON;
}

void dossier_answered(struct step *step, struct handoff *forward, const struct handoff *answer,
                      struct telling *ret_telling)
{
    struct telling *telling = ret_telling;
    struct dossier *dossier = &telling->dossier;
    bool result = answer->kind == KIND_RESULT;

    telling->any = telling->receipt = false;
    if (forward->kind != KIND_FORWARD)
        return;
    (void)take_receipt(step, forward);
    if (!(forward->flags & HANDOFF_BRANCH) || !turn_dossier(step->turn, forward->dossier, dossier))
        return;
    struct branch *branch = branch_find(step, dossier, forward->id);
    if (!branch)
        return;
    telling->any = true;
    telling->source_ms = answer->source_time_ms > 0 ? answer->source_time_ms : step->now_ms;
    telling->year_before = dossier->unknown_year;
    telling->said = (struct event_dossier){ .dossier = dossier->id, .previous = dossier->last_event,
                                            .before = dossier->line.status };
    bool alone = branches_side_by_side(step, dossier) < 2;
    branch->flags |= BRANCH_ENDED | (result ? BRANCH_HAS_RESULT : 0u);
    if (!branch->receipt_ms)
        branch->receipt_ms = telling->source_ms;
    if (pauses_end(dossier, branch_index(dossier, branch), telling->source_ms))
        (void)compute(step, dossier, "");
    hand_back(dossier, branch);
    enum status joined = branches_join(step, dossier, dossier->line.status);
    if (!alone && joined != dossier->line.status && !status_is_final(dossier->line.status)) {
        struct status_line next = { .by = answer->sender, .source_ms = telling->source_ms,
                                    .sequence = answer->sequence };
        line_move(dossier, &next, joined, false);
    }
    telling->said.after = dossier->line.status;
}

static bool open_branch(struct step *step, const struct handoff *forward, struct telling *ret_telling,
                        struct branch **ret_branch)
{
    struct dossier *dossier = &ret_telling->dossier;

    if (!(forward->flags & HANDOFF_BRANCH) || !turn_dossier(step->turn, forward->dossier, dossier))
        return false;
    ret_telling->year_before = dossier->unknown_year;
    *ret_branch = branch_find(step, dossier, forward->id);
    return *ret_branch != NULL;
}

void dossier_delivered(struct step *step, const struct handoff *forward)
{
    struct telling telling;
    struct branch *branch;

    if (forward->kind != KIND_FORWARD || !open_branch(step, forward, &telling, &branch))
        return;
    if (!branch->delivered_ms) {                        /* a re-route keeps the clock that runs */
        branch->delivered_ms = step->now_ms;
        compute_step(step, &telling.dossier, branch, forward);
    }
    write_record(step, &telling, 0);
}

void dossier_moved_on(struct step *step, const struct handoff *forward, const struct handoff *child)
{
    struct telling telling;
    struct branch *branch;

    if (!open_branch(step, forward, &telling, &branch))
        return;
    branch->handoff = child->id;
    branch->holder = child->recipient;
    write_record(step, &telling, 0);
}

/* ---- timers */

int64_t dossier_receipt_timer(struct step *step, const struct handoff *forward)
{
    if (forward->kind != KIND_FORWARD || forward->state != STATE_DELIVERED || forward->flags & HANDOFF_RECEIVED ||
        !step->core->tables->receipt.kind)
        return 0;
    return due_of_receipt(step->core->tables, agency_of(step, forward->recipient), step->now_ms);
}

void dossier_receipt_due(struct step *step, int64_t due_ms, struct handoff *forward)
{
    static const char why[] = "đã đến, chưa ai nhận: nơi nhận chưa báo tiếp nhận trong thời hạn / "
                              "it is there, and nobody has taken it in time";
    struct change change = { .cause = CAUSE_UNRECEIVED, .detail = span_of_string(why) };
    int64_t purge_ms = forward->changed_ms + step->core->tables->purge_after_ms;

    turn_timer_delete(step->turn, due_ms, TIMER_RECEIPT, forward->id);
    if (step->core->time_in_doubt) {
        turn_timer_put(step->turn, step->now_ms + PUT_OFF_MS, TIMER_RECEIPT, forward->id);
        return;
    }
    turn_timer_put(step->turn, purge_ms > step->now_ms ? purge_ms : step->now_ms, TIMER_PURGE, forward->id);
    if (forward->flags & HANDOFF_RECEIVED || forward->answer)
        return;
    forward->flags |= HANDOFF_UNRECEIVED;
    turn_unreceived_put(step->turn, forward->recipient, forward->changed_ms, forward->id);
    handoff_note(step, forward, &change);
}

void dossier_calendar_loaded(struct step *step, const struct tables *tables)
{
    for (uint32_t year = 0; (year = turn_provisional_year(step->turn, year)) != 0;)
        if (tables->calendar && calendar_has_year(tables->calendar, (int)year))
            turn_timer_put(step->turn, step->now_ms, TIMER_CALENDAR, year);
}

static void recompute(struct step *step, uint32_t year, uint64_t id)
{
    struct telling telling = { .year_before = year };
    struct dossier *dossier = &telling.dossier;
    struct event event = { .at_ms = step->now_ms, .cause = CAUSE_DUE_RECOMPUTED };

    must(turn_dossier(step->turn, id, dossier));
    bool changed = compute(step, dossier, "");
    if (dossier->unknown_year == year)
        dossier->unknown_year = 0;                      /* its procedure is not listed any more: it stays as it is */
    if (dossier->due_source == DUE_PROVISIONAL && !dossier->unknown_year)
        dossier->due_source = DUE_COMPUTED;
    event.of_dossier = (struct event_dossier){
        .dossier = id, .previous = dossier->last_event, .before = dossier->line.status,
        .after = dossier->line.status, .due_ms = changed ? dossier->due_ms : 0,
        .due_source = changed ? dossier->due_source : 0,
    };
    write_record(step, &telling, turn_event_append(step->turn, &event, (struct span){ 0 }));
}

void dossier_calendar_due(struct step *step, int64_t due_ms, uint64_t year)
{
    const struct tables *tables = step->core->tables;
    uint64_t id;

    turn_timer_delete(step->turn, due_ms, TIMER_CALENDAR, year);
    if (!tables->calendar || !calendar_has_year(tables->calendar, (int)year))
        return;
    for (int i = 0; i < RECOMPUTED_MAX; i++) {
        if (!(id = turn_provisional_next(step->turn, (uint32_t)year, 0)))
            return;
        recompute(step, (uint32_t)year, id);
    }
    turn_timer_put(step->turn, step->now_ms + 1, TIMER_CALENDAR, year);
}
