/* audit_asked.c - what citizens are asked for, and their answers, as the auditor has them. See audit_dossier.h. */
#include "tests/sim/audit_inside.h"
#include "tests/sim/law.h"

enum { PARENTS_MAX = 4 };
#define LATE_MS (2LL * 60 * 1000)       /* a timer of a gateway in doubt about the time is put off a minute */

bool asked_is_request(enum kind kind)
{
    return kind == KIND_SUPPLEMENT_REQUEST || kind == KIND_FINANCIAL_OBLIGATION;
}

bool asked_is_answer(enum kind kind)
{
    return kind == KIND_SUPPLEMENT || kind == KIND_PAYMENT;
}

static enum kind request_of(enum kind answer)
{
    return answer == KIND_SUPPLEMENT ? KIND_SUPPLEMENT_REQUEST : KIND_FINANCIAL_OBLIGATION;
}

static enum kind kind_of(const struct life *life, uint64_t handoff)
{
    int32_t index = life_handoff(life, handoff);
    return index >= 0 ? life->look->handoffs[index].kind : 0;
}

static int32_t asked_of(const struct life *life, uint64_t request)
{
    for (uint32_t i = 0; i < life->dossier.asked_count; i++)
        if (life->dossier.asked[i].request == request)
            return (int32_t)i;
    return -1;
}

/* Who has the step that asked in hand now. */
static int32_t holder_of(const struct life *life, const struct audit_asked *asked)
{
    const struct audit_branch *branch = asked->branch >= 0 ? &life->dossier.branches[asked->branch] : NULL;
    return branch && !branch->ended && !branch->passed_on ? branch->holder : asked->agency;
}

static bool waits(const struct life *life, int32_t branch, int32_t except)
{
    for (uint32_t i = 0; i < life->dossier.asked_count; i++)
        if (life->dossier.asked[i].state == ASKING_OPEN && life->dossier.asked[i].branch == branch &&
            (int32_t)i != except)
            return true;
    return false;
}

int32_t asked_find(const struct life *life, const struct asked_word *word)
{
    uint64_t parent = word->parent;
    int32_t found = -1;

    if (!asked_is_answer(word->kind))
        return -1;
    if (asked_is_request(kind_of(life, parent))) {
        for (int i = 0; i < PARENTS_MAX && kind_of(life, parent) == request_of(word->kind); i++) {
            if (asked_of(life, parent) >= 0)
                return asked_of(life, parent);
            parent = life->look->handoffs[life_handoff(life, parent)].parent;
        }
        return -1;
    }
    for (uint32_t i = 0; i < life->dossier.asked_count; i++) {
        const struct audit_asked *asked = &life->dossier.asked[i];
        int32_t index = life_handoff(life, asked->request);
        if (asked->state != ASKING_OPEN || life->look->handoffs[index].kind != request_of(word->kind) ||
            (word->addressed >= 0 && !life_same(life, asked->agency, word->addressed) &&
             !life_same(life, holder_of(life, asked), word->addressed)))
            continue;
        if (found >= 0)
            return -1;
        found = (int32_t)i;
    }
    return found;
}

/* True: all that was asked for has come. */
static bool is_all(const struct life *life, const struct asked_word *word, int32_t asked)
{
    uint32_t named = word->says->components & life->asked_for[asked];
    return !named || word->says->reason || !(life->missing[asked] & ~named);
}

void asked_clock(struct life *life, const struct asked_word *word, int32_t asked)
{
    struct audit_dossier *dossier = &life->dossier;
    int32_t branch = asked >= 0 ? dossier->asked[asked].branch : life_branch(life, word->parent), found = -1;

    if (asked >= 0) {
        if (dossier->asked[asked].state == ASKING_OPEN && is_all(life, word, asked) && !waits(life, branch, asked))
            life_clock_answered(dossier, branch, word->says->source_ms);
        return;
    }
    for (uint32_t i = 0; branch < 0 && i < dossier->branch_count; i++) {
        if (dossier->branches[i].ended || dossier->branches[i].passed_on ||
            !life_same(life, dossier->branches[i].holder, word->recipient))
            continue;
        if (found >= 0)
            return;
        found = (int32_t)i;
    }
    branch = branch >= 0 ? branch : found;
    if (branch >= 0 && !waits(life, branch, -1))
        life_clock_answered(dossier, branch, word->says->source_ms);
}

static void end(struct audit_asked *asked, enum asking state, int64_t at_ms)
{
    asked->state = state;
    asked->ended_ms = at_ms;
}

static bool is_over(const struct audit_dossier *dossier)
{
    return rule_is_final(dossier->line.status) || dossier->line.status == STATUS_WITHDRAWN;
}

/* The one that it puts right had failed: this one stands for it. */
static void begin(struct life *life, const struct asked_word *word)
{
    struct audit_dossier *dossier = &life->dossier;
    int32_t parent = life_handoff(life, word->parent), old = asked_of(life, word->parent);
    bool replaces = parent >= 0 && life->look->handoffs[parent].child == word->handoff;
    bool wished = replaces || kind_of(life, word->parent) == KIND_CORRECTION_REQUEST ||
                  (kind_of(life, word->parent) == word->kind && life->handoffs[parent].failed);
    uint32_t nth = 1;

    if (replaces && old >= 0 && dossier->asked[old].state == ASKING_OPEN)
        end(&dossier->asked[old], ASKING_LEFT, word->says->source_ms);
    for (uint32_t i = 0; i < dossier->asked_count; i++)
        nth += life_same(life, dossier->asked[i].agency, word->sender) &&
               kind_of(life, dossier->asked[i].request) == word->kind;
    if (word->kind == KIND_SUPPLEMENT_REQUEST && !word->says->reason && (nth > 1 ? !wished : !word->says->components))
        audit_wrong(life->audit, word->handoff, "dossier: a request for nothing, or again without a reason");
    if (dossier->asked_count == AUDIT_ASKED_MAX)
        return;
    life->asked_for[dossier->asked_count] = life->missing[dossier->asked_count] = word->says->components;
    struct audit_asked *asked = &dossier->asked[dossier->asked_count++];
    *asked = (struct audit_asked){ .request = word->handoff, .state = ASKING_OPEN, .branch = word->meant,
                                   .agency = word->sender, .nth = nth, .asked_ms = word->says->source_ms };
    if (word->kind == KIND_SUPPLEMENT_REQUEST)
        asked->answer_by_ms = rule_working_hours(asked->asked_ms, LAW_ANSWER_HOURS, NULL, 0, life->directory->calendar);
    if (is_over(dossier))
        end(asked, ASKING_LEFT, word->says->source_ms);
}

void asked_note(struct life *life, const struct asked_word *word, int32_t index)
{
    struct audit_asked *asked = index >= 0 ? &life->dossier.asked[index] : NULL;

    if (asked_is_request(word->kind))
        begin(life, word);
    if (!asked)
        return;
    if (word->kind == KIND_SUPPLEMENT && asked->state != ASKING_OPEN)
        audit_wrong(life->audit, word->handoff, "dossier: an answer to what is not asked for any more was accepted");
    asked->answers++;
    if (asked->state != ASKING_OPEN)
        return;
    bool all = is_all(life, word, index);
    life->missing[index] &= ~word->says->components;
    if (all)
        end(asked, ASKING_ANSWERED, word->says->source_ms);
}

/* ---- nobody waits any more */

static int64_t pause_ended(const struct life *life, int32_t branch)
{
    const struct audit_dossier *now = &life->dossier, *before = &life->written;
    int64_t ended_ms = 0;

    for (uint32_t i = 0; i < now->pause_count; i++) {
        if (now->pauses[i].branch != branch)
            continue;
        if (!now->pauses[i].to_ms)
            return 0;
        if (i < before->pause_count && !before->pauses[i].to_ms)
            ended_ms = now->pauses[i].to_ms;
    }
    return ended_ms;
}

void asked_follow(struct life *life, int64_t at_ms)
{
    struct audit_dossier *now = &life->dossier;
    const struct audit_dossier *before = &life->written;

    for (uint32_t i = 0; i < now->asked_count && before->there; i++) {
        struct audit_asked *asked = &now->asked[i];
        int64_t ended_ms = pause_ended(life, asked->branch);
        if (!ended_ms && asked->branch >= 0 && now->branches[asked->branch].ended &&
            (uint32_t)asked->branch < before->branch_count && !before->branches[asked->branch].ended)
            ended_ms = at_ms;
        if (is_over(now) && !is_over(before))
            ended_ms = now->line.source_ms;
        if (asked->state == ASKING_OPEN && ended_ms)
            end(asked, ASKING_LEFT, ended_ms);
    }
    life->written = *now;
}

void asked_taken_back(struct life *life, uint64_t request, int64_t at_ms)
{
    int32_t index = asked_of(life, request);

    if (index < 0 || life->dossier.asked[index].state != ASKING_OPEN)
        return;
    end(&life->dossier.asked[index], ASKING_LEFT, at_ms);
    if (!waits(life, life->dossier.asked[index].branch, -1))
        life_clock_answered(&life->dossier, life->dossier.asked[index].branch, at_ms);
    asked_follow(life, at_ms);
}

/* When it, or what a person made of it, reached the one-stop; 0 not yet. */
static int64_t there_ms(const struct life *life, uint64_t request)
{
    int32_t index = life_handoff(life, request);

    for (int i = 0; i < PARENTS_MAX && life->handoffs[index].closed && life->look->handoffs[index].child; i++)
        index = life_handoff(life, life->look->handoffs[index].child);
    return life->handoffs[index].delivered_ms;
}

void asked_said(struct life *life, const struct audit_event *event)
{
    int32_t index = asked_of(life, event->handoff);
    const struct audit_asked *asked = index >= 0 ? &life->dossier.asked[index] : NULL;
    bool overdue = event->cause == CAUSE_ANSWER_OVERDUE;

    if (!asked || asked->state != ASKING_OPEN || !asked->answer_by_ms ||
        (overdue ? life->overdue[index] : life->reminded[index]) ||
        overdue != (event->at_ms >= asked->answer_by_ms) ||
        (overdue && !there_ms(life, asked->request))) {
        audit_wrong(life->audit, event->handoff, "dossier: %s, and it is not so",
                    overdue ? "said that no answer came in time" : "reminded of an answer");
        return;
    }
    life->overdue[index] |= overdue;
    life->reminded[index] |= !overdue;
}

void asked_last(const struct life *life)
{
    for (uint32_t i = 0; i < life->dossier.asked_count; i++) {
        const struct audit_asked *asked = &life->dossier.asked[i];
        int64_t at_ms = there_ms(life, asked->request);
        if (asked->state == ASKING_OPEN && asked->answer_by_ms && at_ms && at_ms < asked->answer_by_ms &&
            asked->answer_by_ms + LATE_MS < life->look->now_ms && !life->overdue[i])
            audit_wrong(life->audit, asked->request, "dossier: no answer came in time, and nobody is told");
    }
}
