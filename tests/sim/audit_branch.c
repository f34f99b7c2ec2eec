/* audit_branch.c - the branches of a dossier as the auditor has them: which one is meant, who owns the stage, what they
 * make together, when a clock stands. See audit_dossier.h. */
#include "tests/sim/audit_dossier.h"

enum { PARENTS_MAX = 8 };

int32_t life_handoff(const struct life *life, uint64_t handoff)
{
    for (uint32_t i = 0; i < life->look->handoff_count; i++)
        if (life->look->handoffs[i].handoff == handoff)
            return (int32_t)i;
    return -1;
}

bool life_same(const struct life *life, int32_t a, int32_t b)
{
    return rule_same_seat(life->directory, a, b);
}

/* ---- branches */

static bool is_live(const struct audit_branch *branch)
{
    return !branch->ended && !branch->passed_on;
}

/* The branch of this handoff, or of the FORWARD that it is about, whatever lies between. */
int32_t life_branch(const struct life *life, uint64_t handoff)
{
    for (int up = 0; handoff && up < PARENTS_MAX; up++) {
        for (uint32_t i = 0; i < life->dossier.branch_count; i++)
            if (life->dossier.branches[i].handoff == handoff)
                return (int32_t)i;
        int32_t index = life_handoff(life, handoff);
        bool forward = index >= 0 && life->look->handoffs[index].kind == KIND_FORWARD;
        handoff = index >= 0 && !forward ? life->look->handoffs[index].parent : 0;
    }
    return -1;
}

int32_t life_branch_meant(const struct life *life, int32_t sender, uint64_t parent)
{
    int32_t named = life_branch(life, parent), found = -1;

    if (named >= 0 && life_same(life, life->dossier.branches[named].holder, sender))
        return named;
    for (uint32_t i = 0; i < life->dossier.branch_count; i++) {
        if (!is_live(&life->dossier.branches[i]) || !life_same(life, life->dossier.branches[i].holder, sender))
            continue;
        if (found >= 0)
            return -1;
        found = (int32_t)i;
    }
    return found;
}

static bool has_a_say(const struct life *life, const struct audit_branch *branch)
{
    int32_t index = life_handoff(life, branch->handoff);
    bool given_up = !branch->line.status && !branch->delivered_ms && !branch->ended && index >= 0 &&
                    (life->handoffs[index].closed || life->handoffs[index].broken_off);
    return !branch->passed_on && !(branch->behind && branch->ended) && !given_up;
}

uint32_t life_side_by_side(const struct life *life)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < life->dossier.branch_count; i++)
        count += has_a_say(life, &life->dossier.branches[i]);
    return count;
}

static bool is_worked_on(const struct life *life)
{
    for (uint32_t i = 0; i < life->dossier.branch_count; i++) {
        const struct audit_branch *branch = &life->dossier.branches[i];
        if (has_a_say(life, branch) && branch->line.status && !branch->ended && !rule_is_over(branch->line.status) &&
            branch->line.source_ms > life->dossier.line.source_ms)
            return true;
    }
    return false;
}

enum status life_together(const struct life *life, enum status last)
{
    struct rule_branch branches[BRANCHES_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < life->dossier.branch_count; i++) {
        const struct audit_branch *branch = &life->dossier.branches[i];
        bool done = branch->result && branch->line.status != STATUS_RETURNED;
        if (has_a_say(life, branch))
            branches[count++] = (struct rule_branch){ done ? STATUS_DONE : branch->line.status, branch->ended };
    }
    enum status whole = rule_together(branches, count, last);
    /* Withdrawn it stays, as long as nobody says since then that he is at work. */
    return life->dossier.line.status == STATUS_WITHDRAWN && whole == STATUS_IN_PROCESS && !is_worked_on(life)
               ? STATUS_WITHDRAWN : whole;
}

/* One live branch that is there: its holder; several: nobody; none there: who sent the first that is on its way, else
 * the last that ended, else who opened the dossier. */
int32_t life_owner(const struct life *life)
{
    const struct audit_branch *there = NULL, *on_its_way = NULL, *over = NULL;

    for (uint32_t i = 0; i < life->dossier.branch_count; i++) {
        const struct audit_branch *branch = &life->dossier.branches[i];
        if (branch->ended && !branch->behind)
            over = branch;
        if (!is_live(branch))
            continue;
        on_its_way = branch;
        if ((!branch->delivered_ms && !branch->receipt_ms) || branch->sent_back)
            continue;
        if (there)
            return -1;
        there = branch;
    }
    return there ? there->holder : on_its_way ? on_its_way->sender : over ? over->sender : life->dossier.opener;
}

bool life_has_handed_on(const struct life *life, int32_t agency)
{
    if (life_same(life, life->dossier.opener, agency))
        return true;
    for (uint32_t i = 0; i < life->dossier.branch_count; i++)
        if (life_same(life, life->dossier.branches[i].sender, agency))
            return true;
    return false;
}

bool life_owns(const struct life *life, int32_t meant, int32_t agency, enum status status)
{
    const struct audit_branch *branch = meant >= 0 ? &life->dossier.branches[meant] : NULL;

    if (branch && life_same(life, branch->holder, agency) &&
        (is_live(branch) || life->branch_recalled[meant] || life->recalled))
        return true;
    if ((status == STATUS_WITHDRAWN || status == STATUS_STOPPED || status == STATUS_RETURNED) &&
        life_has_handed_on(life, agency))
        return true;
    return life_same(life, life_owner(life), agency);
}

static int32_t open_branch(struct life *life, const struct audit_handoff *forward, int32_t recipient)
{
    struct audit_dossier *dossier = &life->dossier;

    if (dossier->branch_count == BRANCHES_MAX) {
        dossier->branches_lost++;
        return -1;
    }
    dossier->branches[dossier->branch_count] =
        (struct audit_branch){ .handoff = forward->handoff, .sender = forward->sender, .holder = recipient,
                               .line = { .by = -1 } };
    life->branch_recalled[dossier->branch_count] = false;
    life->handoffs[life_handoff(life, forward->handoff)].branch = true;
    return (int32_t)dossier->branch_count++;
}

/* Whoever held it has passed it on. */
int32_t life_open_behind(struct life *life, const struct audit_handoff *forward, int32_t recipient, int32_t held)
{
    int32_t opened = open_branch(life, forward, recipient);

    if (held >= 0)
        life->dossier.branches[held].passed_on = true;
    if (held >= 0 && opened >= 0)
        life->dossier.branches[opened].behind = true;
    return opened;
}

/* The last one behind has ended: who is in front has the dossier back. */
void life_hand_back(struct life *life, const struct audit_branch *ended)
{
    struct audit_branch *front = NULL;

    for (uint32_t i = 0; i < life->dossier.branch_count; i++) {
        struct audit_branch *branch = &life->dossier.branches[i];
        if (branch != ended && is_live(branch) && life_same(life, branch->sender, ended->sender))
            return;
        if (branch->passed_on && life_same(life, branch->holder, ended->sender))
            front = branch;
    }
    if (front)
        front->passed_on = false;
}

/* ---- clocks */

static bool stands(const struct audit_dossier *dossier, int32_t branch)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms && (branch < 0 || dossier->pauses[i].branch == branch))
            return true;
    return false;
}

void life_clock_goes_on(struct audit_dossier *dossier, int32_t branch, int64_t at_ms)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        struct audit_pause *pause = &dossier->pauses[i];
        if (!pause->to_ms && (branch < 0 || pause->branch < 0 || pause->branch == branch))
            pause->to_ms = at_ms > pause->from_ms ? at_ms : pause->from_ms + 1;
    }
}

void life_clock_answered(struct audit_dossier *dossier, int32_t branch, int64_t at_ms)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        struct audit_pause *pause = &dossier->pauses[i];
        if (!pause->to_ms && pause->branch == branch)
            pause->to_ms = at_ms > pause->from_ms ? at_ms : pause->from_ms + 1;
    }
}

void life_clock_follows(struct audit_dossier *dossier, int32_t branch, enum status status, int64_t at_ms)
{
    if (!rule_is_pause(status))
        life_clock_goes_on(dossier, branch, at_ms);
    else if (!stands(dossier, branch) && dossier->pause_count < PAUSES_MAX)
        dossier->pauses[dossier->pause_count++] = (struct audit_pause){ at_ms, 0, branch };
    else if (!stands(dossier, branch))
        dossier->pauses_lost++;
}
