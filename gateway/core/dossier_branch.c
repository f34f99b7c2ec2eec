/* dossier_branch.c - the branches of a dossier: which FORWARD is meant, who owns the stage, what several make. */
#include "gateway/core/dossier_inside.h"
#include "gateway/core/gate.h"

enum { PARENTS_MAX = 8 };

static struct branch *find_exactly(struct dossier *dossier, uint64_t handoff)
{
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        if (dossier->branches[i].handoff == handoff)
            return &dossier->branches[i];
    return NULL;
}

/* A RESULT that is recalled, a request that is answered: the FORWARD stands further up. One FORWARD never stands for
 * another: whoever passed a dossier on speaks of his own. */
struct branch *branch_find(struct step *step, struct dossier *dossier, uint64_t handoff)
{
    struct handoff above;

    for (int i = 0; handoff && i < PARENTS_MAX; i++, handoff = above.parent) {
        struct branch *branch = find_exactly(dossier, handoff);
        if (branch)
            return branch;
        if (!turn_handoff(step->turn, handoff, &above) || above.dossier != dossier->id || above.kind == KIND_FORWARD)
            break;
    }
    return NULL;
}

struct branch *branch_open(struct dossier *dossier, const struct handoff *forward)
{
    if (dossier->branch_count == BRANCHES_MAX) {
        dossier->branches_lost++;
        return NULL;
    }
    struct branch *branch = &dossier->branches[dossier->branch_count++];
    *branch = (struct branch){ .handoff = forward->id, .sender = forward->sender, .holder = forward->recipient };
    return branch;
}

struct branch *branch_behind(struct dossier *dossier, const struct handoff *forward, struct branch *held)
{
    struct branch *branch = branch_open(dossier, forward);

    if (held)
        held->flags |= BRANCH_PASSED_ON;
    if (branch && held)
        branch->flags |= BRANCH_BEHIND;
    return branch;
}

bool branch_is_live(const struct branch *branch)
{
    return !(branch->flags & (BRANCH_ENDED | BRANCH_PASSED_ON));
}

void branch_hand_back(struct step *step, struct dossier *dossier, const struct branch *ended)
{
    struct branch *front = NULL;

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        struct branch *other = &dossier->branches[i];
        bool passed_on = other->flags & BRANCH_PASSED_ON;
        if (other == ended || !(passed_on || branch_is_live(other)))
            continue;
        if (!passed_on && dossier_same_seat(step, other->sender, ended->sender))
            return;
        if (passed_on && dossier_same_seat(step, other->holder, ended->sender))
            front = other;
    }
    if (front)
        front->flags &= ~(uint32_t)BRANCH_PASSED_ON;
}

unsigned branch_index(const struct dossier *dossier, const struct branch *branch)
{
    return branch ? (unsigned)(branch - dossier->branches) : BRANCH_NONE;
}

/* Nothing was heard of it and nothing will be: it was closed before it was delivered, or is a step of a flow that
 * cannot begin because what it waits for has ended. */
static bool is_given_up(struct step *step, const struct branch *branch)
{
    struct handoff forward;

    if (branch->line.status || branch->delivered_ms || branch->flags & BRANCH_ENDED ||
        !turn_handoff(step->turn, branch->handoff, &forward))
        return false;
    return forward.state == STATE_CLOSED || (forward.flags & HANDOFF_STEP && gate_has_failed(&forward));
}

/* It has a say in where the whole stands. What lies behind another one has none once it has ended. */
static bool has_a_say(struct step *step, const struct branch *branch)
{
    bool behind_and_over = branch->flags & BRANCH_BEHIND && branch->flags & BRANCH_ENDED;
    return !(branch->flags & BRANCH_PASSED_ON) && !behind_and_over && !is_given_up(step, branch);
}

uint32_t branches_side_by_side(struct step *step, const struct dossier *dossier)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        count += has_a_say(step, &dossier->branches[i]);
    return count;
}

/* Somebody said after the dossier was withdrawn that he is at work. */
static bool works_on(struct step *step, const struct dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        if (has_a_say(step, branch) && branch->line.status && !(branch->flags & BRANCH_ENDED) &&
            !status_is_over(branch->line.status) && branch->line.source_ms > dossier->line.source_ms)
            return true;
    }
    return false;
}

enum status branches_join(struct step *step, const struct dossier *dossier, enum status last)
{
    struct branch_status statuses[BRANCHES_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        if (!has_a_say(step, branch))
            continue;
        enum status status = branch->line.status;
        if (branch->flags & BRANCH_HAS_RESULT && status != STATUS_RETURNED)
            status = STATUS_DONE;
        statuses[count++] = (struct branch_status){ status, branch->flags & BRANCH_ENDED };
    }
    enum status joined = status_join(statuses, count, last);
    bool stays = dossier->line.status == STATUS_WITHDRAWN && joined == STATUS_IN_PROCESS && !works_on(step, dossier);
    return stays ? STATUS_WITHDRAWN : joined;
}

bool dossier_same_seat(struct step *step, uint32_t a, uint32_t b)
{
    char code_a[AGENCY_CODE_SIZE], code_b[AGENCY_CODE_SIZE];
    const struct tables *tables = step->core->tables;

    if (a == b || !tables->successions)
        return a && a == b;
    return turn_agency_code(step->turn, a, code_a) && turn_agency_code(step->turn, b, code_b) &&
           tables_same_seat(tables, tables_agency(tables, code_a), tables_agency(tables, code_b), NULL, step->now_ms);
}

uint32_t dossier_owner(const struct dossier *dossier)
{
    const struct branch *live = NULL, *there = NULL, *last = NULL;

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        if (branch->flags & BRANCH_ENDED && !(branch->flags & BRANCH_BEHIND))
            last = branch;
        if (!branch_is_live(branch))
            continue;
        live = branch;
        if ((!branch->delivered_ms && !branch->receipt_ms) || branch->flags & BRANCH_SENT_BACK)
            continue;
        if (there)
            return 0;
        there = branch;
    }
    if (there || live)
        return there ? there->holder : live->sender;
    return last ? last->sender : dossier->opener;
}

bool dossier_is_principal(struct step *step, const struct dossier *dossier, uint32_t agency)
{
    if (dossier_same_seat(step, dossier->opener, agency))
        return true;
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        if (dossier_same_seat(step, dossier->branches[i].sender, agency))
            return true;
    return false;
}

bool dossier_owns(struct step *step, const struct dossier *dossier, const struct branch *branch, uint32_t agency,
                  enum status status)
{
    bool ends = status == STATUS_WITHDRAWN || status == STATUS_STOPPED || status == STATUS_RETURNED;

    if (branch && dossier_same_seat(step, branch->holder, agency) &&
        (branch_is_live(branch) || branch->line.recalled || dossier->line.recalled))
        return true;
    if (ends && dossier_is_principal(step, dossier, agency))
        return true;
    uint32_t owner = dossier_owner(dossier);
    return owner && dossier_same_seat(step, owner, agency);
}

uint32_t dossier_holders(struct step *step, const struct dossier *dossier, struct holder ret_holders[BRANCHES_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        if (!branch_is_live(branch) && !branch->line.recalled)
            continue;
        if (is_given_up(step, branch))
            continue;
        ret_holders[count++] = (struct holder){ .forward = branch->handoff, .agency = branch->holder,
                                                .there = branch->delivered_ms || branch->receipt_ms };
    }
    return count;
}

bool dossier_opened_by(struct step *step, const struct dossier *dossier, uint32_t agency)
{
    return dossier_same_seat(step, dossier->opener, agency);
}
