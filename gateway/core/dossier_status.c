/* dossier_status.c - a fact about a dossier's status: what was said, is it believed, and the clock that stands. */
#include <string.h>

#include "gateway/core/dossier_inside.h"
#include "gateway/core/due_date.h"
#include "gateway/core/unknown_code.h"

/* ---- what the directory says */

/* False: what is due stays as it was. */
bool dossier_compute(struct step *step, struct dossier *dossier, const char *stated_version)
{
    const struct agency *opener = seat_of_number(step, dossier->opener);
    const struct procedure *procedure = due_version(step->core->tables, opener, stated_version, dossier);
    return due_compute(step->core->tables, procedure, opener, dossier);
}

void dossier_compute_step(struct step *step, struct dossier *dossier, struct branch *branch,
                         const struct handoff *forward)
{
    const struct agency *opener = seat_of_number(step, dossier->opener);
    const struct procedure *procedure = due_version(step->core->tables, opener, "", dossier);
    branch->due_ms = due_of_step(step->core->tables, procedure, forward->step, seat_of_number(step, branch->holder),
                                 dossier, branch_index(dossier, branch));
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
bool dossier_pauses_end(struct dossier *dossier, unsigned branch, int64_t to_ms)
{
    bool any = false;
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        struct pause *pause = &dossier->pauses[i];
        if (pause->to_ms || pause->branch == BRANCH_OUTSIDE ||
            (branch != BRANCH_NONE && pause->branch != branch && pause->branch != BRANCH_NONE))
            continue;
        pause->to_ms = to_ms > pause->from_ms ? to_ms : pause->from_ms + 1;
        any = true;
    }
    return any;
}

static bool is_standing(const struct dossier *dossier, unsigned branch)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms && dossier->pauses[i].branch != BRANCH_OUTSIDE &&
            (branch == BRANCH_NONE || dossier->pauses[i].branch == branch))
            return true;
    return false;
}

static struct pause *outside_of(struct dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms && dossier->pauses[i].branch == BRANCH_OUTSIDE)
            return &dossier->pauses[i];
    return NULL;
}

bool dossier_outside(struct step *step, struct dossier *dossier, bool stands, int64_t at_ms)
{
    struct pause *pause = outside_of(dossier);

    if (stands == (pause != NULL))
        return false;
    if (stands) {
        pause_begin(dossier, BRANCH_OUTSIDE, at_ms);
        return true;
    }
    pause->to_ms = at_ms > pause->from_ms ? at_ms : pause->from_ms + 1;
    (void)dossier_compute(step, dossier, "");
    return true;
}

/* What a step, or with BRANCH_NONE each, has left is counted from the end of its pause. */
static void steps_count_on(struct step *step, struct dossier *dossier, unsigned branch)
{
    struct handoff forward;

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        if ((branch == BRANCH_NONE || branch == i) && other->due_ms &&
            turn_handoff(step->turn, other->handoff, &forward))
            dossier_compute_step(step, dossier, other, &forward);
    }
}

void dossier_clock_goes_on(struct step *step, struct dossier *dossier, unsigned branch, int64_t from_ms)
{
    if (dossier_pauses_end(dossier, branch, from_ms))
        steps_count_on(step, dossier, branch);
}

void dossier_clock_answered(struct step *step, struct dossier *dossier, unsigned branch, int64_t from_ms)
{
    bool any = false;

    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        struct pause *pause = &dossier->pauses[i];
        if (pause->to_ms || pause->branch != branch)
            continue;
        pause->to_ms = from_ms > pause->from_ms ? from_ms : pause->from_ms + 1;
        any = true;
    }
    if (any)
        steps_count_on(step, dossier, branch);
}

/* `branch` or the whole stands at `status` from source_ms on. */
static void pauses_follow(struct step *step, struct dossier *dossier, struct branch *branch, enum status status,
                          int64_t source_ms)
{
    unsigned index = branch_index(dossier, branch);

    if (status_is_over(status) && !branch)
        (void)dossier_outside(step, dossier, false, source_ms);
    if (!status_is_pause(status))
        dossier_clock_goes_on(step, dossier, index, source_ms);
    else if (!is_standing(dossier, index))
        pause_begin(dossier, index, source_ms);
}

/* ---- status */


/* A request for a supplement stops the clock whether its sender adds the number or not. */
enum status told_by_kind(enum kind kind)
{
    switch (kind) {
    case KIND_SUPPLEMENT_REQUEST:       return STATUS_SUPPLEMENT;
    case KIND_FINANCIAL_OBLIGATION:     return STATUS_PAYMENT;
    case KIND_WITHDRAWAL:               return STATUS_WITHDRAWN;
    case KIND_STOP:                     return STATUS_STOPPED;
    case KIND_RESULT:                   return STATUS_DONE;
    default:                            return 0;
    }
}

struct told told_of(struct step *step, const struct intake *intake, int64_t source_ms)
{
    const struct facts *facts = intake->submit->facts;
    const struct tables *tables = step->core->tables;
    struct told fact = { 0 };

    if (!facts || (!facts->status && !facts->partner_status[0])) {
        fact.status = told_by_kind(intake->submit->kind);
        fact.implied = fact.status != 0;
        return fact;
    }
    const struct status_code *code = !facts->partner_status[0] ? NULL :
        status_code_find(tables->status_maps, tables->status_map_count, intake->sender, source_ms,
                         facts->partner_status);
    fact.receipt = code && code->receipt;
    fact.status = facts->status ? facts->status : code ? code->status : 0;
    if (!fact.status)
        fact.judged = code ? JUDGED_NO_STATUS : JUDGED_UNKNOWN_CODE;
    return fact;
}

void dossier_line_move(struct dossier *dossier, const struct status_line *next, enum status status, bool gap)
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
    enum status whole = dossier->line.status;
    struct status_line first = { .status = whole && whole != STATUS_REGISTERED ? STATUS_ACCEPTED : whole,
                                 .source_ms = next->source_ms };
    /* Of which nobody has told anything yet: it begins where the whole was when it was handed on. */
    enum judged judged = status_judge(branch->line.status ? &branch->line : &first, next, owns,
                                      branch->line.recalled || dossier->line.recalled);

    if (judged_applied(judged) && status_is_final(dossier->line.status) && !dossier->line.recalled)
        judged = JUDGED_FINAL;
    if (!judged_applied(judged))
        return judged;
    branch->line = *next;
    branch->line.gap = judged == JUDGED_GAP;
    pauses_follow(step, dossier, branch, next->status, next->source_ms);
    dossier_line_move(dossier, next, branches_join(step, dossier, next->status), branch->line.gap);
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
struct branch *dossier_branch_meant(struct step *step, struct dossier *dossier, const struct handoff *handoff)
{
    struct branch *branch = handoff->parent ? branch_find(step, dossier, handoff->parent) : NULL;

    if (branch && dossier_same_seat(step, branch->holder, handoff->sender))
        return branch;
    branch = NULL;
    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        if (!branch_is_live(other) || !dossier_same_seat(step, other->holder, handoff->sender))
            continue;
        if (branch)
            return NULL;                                /* several: not guessed */
        branch = other;
    }
    return branch;
}

void dossier_judge(struct step *step, struct telling *telling, const struct told *fact, struct branch *meant,
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
    if (fact->implied && !judged_applied(telling->said.judged)) {
        telling->said.status = 0;
        telling->said.judged = 0;
    }
    if (telling->said.judged && !judged_applied(telling->said.judged) && telling->said.judged != JUDGED_NO_STATUS)
        dossier->kept++;
    if (telling->said.judged == JUDGED_UNKNOWN_CODE) {
        dossier->unknown++;
        unknown_code_keep(step, handoff, telling->said.partner_status);
    }
    /* Recalled: what it had sent as the result is none, and it is at work again. */
    if (fact->status && judged_applied(telling->said.judged) && meant && !status_is_over(fact->status))
        meant->flags &= ~(uint32_t)(BRANCH_ENDED | BRANCH_HAS_RESULT);
}

/* It says that somebody at the other side has taken the dossier in hand. */
bool told_is_receipt(enum kind kind, const struct told *fact)
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
