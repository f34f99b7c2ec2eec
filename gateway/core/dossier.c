#include "gateway/core/dossier.h"

#include <string.h>

#include "gateway/core/dossier_inside.h"
#include "gateway/core/due_date.h"
#include "gateway/core/supplement.h"

enum { ADOPTED_MAX = 64 };

/* ---- due dates */

static bool may_move_due(struct step *step, const struct intake *intake)
{
    const struct tables *tables = step->core->tables;
    for (uint32_t i = 0; i < tables->due_mover_count; i++)
        if (selector_matches(&tables->due_movers[i], intake->sender))
            return true;
    return false;
}

/* The due_ms of an apology is a promise, that of a reminder what it is about: neither states when it is due. */
static int64_t due_said(const struct submit *submit)
{
    return submit->kind == KIND_APOLOGY || submit->kind == KIND_URGE ? 0 : submit->due_ms;
}

static void state_due(struct step *step, const struct intake *intake, struct telling *telling, uint32_t sender)
{
    struct dossier *dossier = &telling->dossier;
    int64_t due_ms = due_said(intake->submit);
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

/* When it was valid and complete: as stated by whose it is; else when it was accepted (2), else when it was first
 * handed on by who had received it. One that is only registered has not been received yet. */
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
        struct branch *held = dossier_branch_meant(step, dossier, &handoff);
        struct branch *branch = branch_behind(dossier, &handoff, held);
        if (!branch)
            return;
        branch->delivered_ms = handoff.state == STATE_DELIVERED ? handoff.changed_ms : 0;
        branch->flags |= (handoff.answer ? BRANCH_ENDED : 0u) |
                         (handoff.answer == ANSWER_RESULT ? BRANCH_HAS_RESULT : 0u);
        if (handoff.answer && held)
            branch_hand_back(step, dossier, branch);
        handoff.flags |= HANDOFF_BRANCH;
        turn_handoff_put(step->turn, &handoff);
    }
}

/* What is said would be kept; or something is asked of the citizen, or by him; or it is a FORWARD of a procedure whose
 * times are known. */
static bool is_worth_a_record(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    const struct facts *facts = intake->submit->facts;

    if (due_said(intake->submit) > 0 ||
        (facts && (facts->status || facts->partner_status[0] || facts->received_ms > 0 || facts->money_count)))
        return true;
    if (supplement_is_request(handoff->kind) || handoff->kind == KIND_CORRECTION_REQUEST || intake->flow.starts)
        return true;
    return handoff->kind == KIND_FORWARD && handoff->procedure_code[0] &&
           tables_procedure(step->core->tables, handoff->procedure_code, NULL, intake->sender,
                            handoff->source_time_ms > 0 ? handoff->source_time_ms : step->now_ms);
}

/* Without a word about the dossier: it may still move something, if there is a record. An answer to a FORWARD that is
 * no branch shows that there is none. */
static bool tells_by_kind(const struct intake *intake)
{
    bool plain = intake->has_parent && intake->parent.kind == KIND_FORWARD && !(intake->parent.flags & HANDOFF_BRANCH);

    switch (intake->submit->kind) {
    case KIND_FORWARD:
        return true;
    case KIND_SUPPLEMENT_REQUEST: case KIND_FINANCIAL_OBLIGATION: case KIND_CORRECTION_REQUEST:
        return true;
    case KIND_SUPPLEMENT: case KIND_PAYMENT:
        return intake->request || !plain;
    case KIND_RECALL:
        return !plain;
    default:
        return !plain && told_by_kind(intake->submit->kind);
    }
}

/* False: there is none, and none is made. */
static bool open_record(struct step *step, const struct intake *intake, const struct handoff *handoff,
                        struct dossier *ret_dossier)
{
    bool old = !intake->dossier_is_new;

    if (!intake->submit->facts && intake->submit->due_ms <= 0 && !tells_by_kind(intake))
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

/* A FORWARD opens its branch, or takes the place of the one that it corrects; whoever held the dossier has passed it
 * on. */
static void forwarded(struct step *step, struct dossier *dossier, struct handoff *handoff, struct branch *held)
{
    struct branch *branch = NULL;
    struct handoff before;

    if (handoff->parent && turn_handoff(step->turn, handoff->parent, &before) && before.child == handoff->id)
        branch = branch_find(step, dossier, handoff->parent);
    if (branch) {
        branch->handoff = handoff->id;
        branch->holder = handoff->recipient;
        branch->flags &= ~(uint32_t)BRANCH_SENT_BACK;
    } else {
        branch = branch_behind(dossier, handoff, held);
    }
    if (branch)
        handoff->flags |= HANDOFF_BRANCH;
}

/* Of a flow: its result counts for others only as long as it stands. */
static bool is_step(struct step *step, const struct branch *branch)
{
    struct handoff forward;
    return turn_handoff(step->turn, branch->handoff, &forward) && forward.flags & HANDOFF_STEP;
}

static void recalled(struct dossier *dossier, struct branch *meant)
{
    dossier->line.recalled = true;
    if (meant)
        meant->line.recalled = true;
}

void dossier_tell(struct step *step, const struct intake *intake, struct handoff *handoff, struct telling *ret_telling)
{
    const struct facts *facts = intake->submit->facts;
    struct telling *telling = ret_telling;
    struct dossier *dossier = &telling->dossier;

    telling->any = telling->receipt = false;
    telling->taker = handoff->sender;
    telling->source_ms = handoff->source_time_ms > 0 ? handoff->source_time_ms : step->now_ms;
    struct told fact = told_of(step, intake, telling->source_ms);
    if (intake->has_parent && intake->parent.kind == KIND_FORWARD) {
        telling->receipt = told_is_receipt(handoff->kind, &fact) &&
                           dossier_same_seat(step, intake->parent.recipient, handoff->sender);
        telling->forward = intake->parent.id;
    }
    if (intake->copy || !open_record(step, intake, handoff, dossier))
        return;                                         /* a copy tells nothing anew */
    telling->any = true;
    telling->year_before = dossier->unknown_year;
    telling->said = (struct event_dossier){ .dossier = dossier->id, .previous = dossier->last_event,
                                            .before = dossier->line.status };
    struct question before = question_of(dossier);
    int64_t due_before_ms = dossier->due_ms;
    enum due_source source_before = dossier->due_source;
    struct branch *meant = dossier_branch_meant(step, dossier, handoff);
    telling->branch = branch_index(dossier, meant);
    bool recall = handoff->kind == KIND_RECALL && (meant || dossier_is_principal(step, dossier, handoff->sender));
    bool step_recall = recall && meant && is_step(step, meant);
    if (recall)
        recalled(dossier, meant);
    if (step_recall) {
        if (meant->flags & BRANCH_HAS_RESULT && !fact.status && !fact.judged)
            fact = (struct told){ .status = STATUS_IN_PROCESS, .implied = true };       /* it is at work on it again */
        meant->flags &= ~(uint32_t)(BRANCH_ENDED | BRANCH_HAS_RESULT);
    }
    if (supplement_is_answer(handoff->kind))
        supplement_tell(step, intake, handoff, dossier, telling->source_ms);
    if (facts)
        memcpy(telling->said.partner_status, facts->partner_status, sizeof telling->said.partner_status);
    if (fact.status || fact.judged)
        dossier_judge(step, telling, &fact, meant, handoff);
    if (step_recall)
        recalled(dossier, meant);                       /* what comes now may be the new result, also of who used it */
    if (!telling->receipt && meant && told_is_receipt(handoff->kind, &fact)) {
        telling->receipt = true;
        telling->forward = meant->handoff;
    }
    if (handoff->kind == KIND_FORWARD)
        forwarded(step, dossier, handoff, meant);
    if (intake->flow.starts && !dossier->procedure_version[0])
        procedure_version_text(intake->flow.starts, dossier->procedure_version);
    note_received(step, intake, telling, handoff);
    state_due(step, intake, telling, handoff->sender);
    if (!same_question(&before, question_of(dossier)))
        (void)dossier_compute(step, dossier, facts ? facts->procedure_version : "");
    if (dossier->due_ms != due_before_ms || dossier->due_source != source_before) {
        telling->said.due_ms = dossier->due_ms;
        telling->said.due_source = dossier->due_source;
    }
    telling->said.after = dossier->line.status;
}
