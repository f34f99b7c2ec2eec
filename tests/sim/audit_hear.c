/* audit_hear.c - what a handoff tells of its dossier, as it is accepted: is it believed, what does it change. See
 * audit_dossier.h. */
#include <string.h>

#include "tests/sim/audit_inside.h"
#include "tests/sim/law.h"

enum { ADOPTED_MAX = 64 };

/* ---- status */

static void word_status(struct word *word)
{
    static const enum status by_kind[KIND_END] = {
        [KIND_SUPPLEMENT_REQUEST] = STATUS_SUPPLEMENT, [KIND_FINANCIAL_OBLIGATION] = STATUS_PAYMENT,
        [KIND_WITHDRAWAL] = STATUS_WITHDRAWN, [KIND_STOP] = STATUS_STOPPED, [KIND_RESULT] = STATUS_DONE,
    };
    const struct audit_says *says = word->letter ? &word->letter->says : NULL;
    bool code = says && says->facts && says->partner >= 0;

    word->told = says && says->facts && (says->status || code);
    if (!word->told) {
        word->status = (int)by_kind[word->kind];
        word->implied = word->status != 0;
        return;
    }
    int meaning = code ? rule_code(says->partner, says->source_ms, &word->receipt) : 0;
    word->status = says->status ? (int)says->status : meaning;
}

static bool is_receipt(const struct word *word)
{
    bool news = word->kind == KIND_PROGRESS && word->status > 0 && word->status != STATUS_REGISTERED;
    return word->receipt || news || word->kind == KIND_SUPPLEMENT_REQUEST || word->kind == KIND_FORWARD ||
           word->kind == KIND_FINANCIAL_OBLIGATION || word->kind == KIND_CONSULT;
}

static enum judged believe_of_branch(struct life *life, struct word *word, const struct audit_line *next, bool its)
{
    struct audit_dossier *dossier = &life->dossier;
    struct audit_branch *branch = &dossier->branches[word->meant];
    struct audit_line first = { .status = dossier->line.status, .by = -1, .source_ms = next->source_ms };
    int64_t latest_ms = dossier->line.source_ms;

    if (first.status && first.status != STATUS_REGISTERED)
        first.status = STATUS_ACCEPTED;
    enum judged judged = rule_judge(branch->line.status ? &branch->line : &first, next, its,
                                    life->branch_recalled[word->meant] || life->recalled);
    if (judged_applied(judged) && rule_is_final(dossier->line.status) && !life->recalled)
        return JUDGED_FINAL;
    if (!judged_applied(judged))
        return judged;
    branch->line = *next;
    branch->line.gap = judged == JUDGED_GAP;
    life->branch_recalled[word->meant] = false;
    life_clock_follows(dossier, word->meant, next->status, next->source_ms);
    enum status whole = life_together(life, next->status);
    dossier->line = branch->line;
    dossier->line.status = whole;
    dossier->line.source_ms = latest_ms > next->source_ms ? latest_ms : next->source_ms;
    life->recalled = false;
    return judged;
}

static enum judged believe_of_whole(struct life *life, struct word *word, const struct audit_line *next, bool its)
{
    struct audit_dossier *dossier = &life->dossier;
    enum judged judged = rule_judge(&dossier->line, next, its, life->recalled);

    if (!judged_applied(judged))
        return judged;
    dossier->line = *next;
    dossier->line.gap = judged == JUDGED_GAP;
    life->recalled = false;
    if (word->meant >= 0) {
        dossier->branches[word->meant].line = dossier->line;
        life->branch_recalled[word->meant] = false;
    }
    life_clock_follows(dossier, word->meant, next->status, next->source_ms);
    return judged;
}

static void believe(struct life *life, struct word *word)
{
    struct audit_dossier *dossier = &life->dossier;
    const struct audit_says *says = &word->letter->says;
    struct audit_line next = { (enum status)word->status, false, word->sender, says->source_ms, says->sequence };

    if (word->status > 0) {
        bool its = life_owns(life, word->meant, word->sender, next.status);
        word->judged = life_side_by_side(life) > 1 && word->meant >= 0 ? believe_of_branch(life, word, &next, its)
                                                                  : believe_of_whole(life, word, &next, its);
    } else {
        word->judged = word->status < 0 ? JUDGED_UNKNOWN_CODE : JUDGED_NO_STATUS;
    }
    if (word->implied && !judged_applied(word->judged)) {
        word->judged = 0;
        word->status = 0;
    }
    if (word->judged && !judged_applied(word->judged) && word->judged != JUDGED_NO_STATUS)
        dossier->kept++;
    dossier->unknown += word->judged == JUDGED_UNKNOWN_CODE;
    if (judged_applied(word->judged) && word->meant >= 0 && !rule_is_over((enum status)word->status))
        dossier->branches[word->meant].ended = dossier->branches[word->meant].result = false;
}

/* ---- what else is said */

static void hear_received(struct life *life, const struct word *word)
{
    struct audit_dossier *dossier = &life->dossier;
    const struct audit_says *says = &word->letter->says;
    bool opener = life_same(life, dossier->opener, word->sender);

    if (says->facts && says->channel && (opener || !dossier->channel))
        dossier->channel = says->channel;
    life->procedure |= says->procedure && (opener || word->kind == KIND_FORWARD);
    bool knew = dossier->received_ms;
    if (!knew && says->facts && says->received_ms && life_has_handed_on(life, word->sender))
        dossier->received_ms = says->received_ms;
    else if (!knew && dossier->line.status == STATUS_ACCEPTED)
        dossier->received_ms = dossier->line.source_ms;
    else if (!knew && dossier->line.status != STATUS_REGISTERED && opener && word->kind == KIND_FORWARD)
        dossier->received_ms = says->source_ms;
}

/* What a reminder or an apology names is another date. */
static int64_t due_said(const struct word *word)
{
    return word->kind == KIND_URGE || word->kind == KIND_APOLOGY ? 0 : word->letter->says.due_ms;
}

/* A date on a paper that the citizen holds is moved only by who may, and by what he said later. */
static void hear_due(struct life *life, const struct word *word)
{
    struct audit_dossier *dossier = &life->dossier;
    const struct audit_says *says = &word->letter->says;
    bool one_stop = life_same(life, dossier->opener, word->sender) || life->directory->one_stop[word->sender];
    bool stated = dossier->due_source == DUE_ONE_STOP || dossier->due_source == DUE_AGENCY;

    if (!due_said(word) || (stated && says->due_ms == dossier->due_ms))
        return;
    if (!one_stop && !life->directory->may_move[word->sender]) {
        dossier->claimed_ms = says->due_ms;
        dossier->claimed_by = word->sender;
        return;
    }
    if (stated && says->source_ms < life->due_said_ms)
        return;
    dossier->due_ms = says->due_ms;
    dossier->due_source = one_stop ? DUE_ONE_STOP : DUE_AGENCY;
    dossier->due_by = word->sender;
    life->due_said_ms = says->source_ms;
}

static void hear_sums(struct life *life, const struct word *word)
{
    struct audit_dossier *dossier = &life->dossier;
    const struct audit_says *says = &word->letter->says;

    for (uint32_t i = 0; says->facts && i < says->sum_count; i++) {
        uint32_t at = 0;
        while (at < dossier->sum_count && strcmp(dossier->sums[at].sum.component, says->sums[i].component) != 0)
            at++;
        if (at < dossier->sum_count && dossier->sums[at].source_ms > says->source_ms)
            continue;
        dossier->sums[at] = (struct audit_paid){ says->sums[i], says->source_ms, word->sender };
        dossier->sum_count += at == dossier->sum_count;
    }
}

static void forwarded(struct life *life, const struct word *word)
{
    const struct audit_handoff *handoff = word->handoff;
    int32_t index = life_handoff(life, handoff->handoff), parent = life_handoff(life, handoff->parent);
    int32_t corrected = parent >= 0 && life->look->handoffs[parent].child == handoff->handoff
                            ? life_branch(life, handoff->parent) : -1;

    if (corrected >= 0) {
        life->dossier.branches[corrected].handoff = handoff->handoff;
        life->dossier.branches[corrected].holder = life->handoffs[index].recipient;
        life->dossier.branches[corrected].sent_back = false;
        life->handoffs[index].branch = true;
    } else {
        (void)life_open_behind(life, handoff, life->handoffs[index].recipient, word->meant);
    }
}

/* The first fact that ends the work says when; one that leads back takes it away. */
void life_end_follows(struct life *life)
{
    struct audit_dossier *dossier = &life->dossier;
    bool over = dossier->there && rule_is_over(dossier->line.status) && !life->recalled;

    if (over == (dossier->ended != 0))
        return;
    dossier->ended = over ? dossier->line.status : 0;
    dossier->ended_ms = over ? dossier->line.source_ms : 0;
}

/* ---- the record begins */

/* FORWARDs that came before anybody told anything: as they stand now. */
static void adopt(struct life *life, uint64_t before)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < life->look->handoff_count && life->look->handoffs[i].handoff != before; i++) {
        const struct audit_handoff *forward = &life->look->handoffs[i];
        const struct life_handoff *now = &life->handoffs[i];
        if (!now->accepted || seen++ == ADOPTED_MAX)
            continue;
        if (seen == 1)
            life->dossier.opener = forward->sender;
        if (forward->kind != KIND_FORWARD || now->closed)
            continue;
        int32_t held = life_branch_meant(life, forward->sender, forward->parent);
        int32_t opened = life_open_behind(life, forward, now->recipient, held);
        if (opened < 0)
            return;
        struct audit_branch *branch = &life->dossier.branches[opened];
        branch->delivered_ms = now->delivered_ms;
        branch->ended = now->answer != 0;
        branch->result = now->answer == ANSWER_RESULT;
        if (branch->ended && branch->behind)
            life_hand_back(life, branch);
    }
}

/* True: there is a record, or there is one from now on. */
static bool opens(struct life *life, const struct word *word, int32_t asked)
{
    const struct audit_says *says = &word->letter->says;
    int32_t parent = life_handoff(life, word->handoff->parent);
    bool of_no_branch = parent >= 0 && life->look->handoffs[parent].kind == KIND_FORWARD &&
                        !life->handoffs[parent].branch;
    bool asks = asked_is_request(word->kind) || word->kind == KIND_CORRECTION_REQUEST;
    bool moves = word->kind == KIND_FORWARD || asks || asked >= 0 ||
                 (!of_no_branch && (word->implied || word->kind == KIND_RECALL || asked_is_answer(word->kind)));
    bool worth = due_said(word) || asks || says->starts || (word->kind == KIND_FORWARD && says->procedure) ||
                 (says->facts && (word->told || says->received_ms || says->sum_count));

    if (!says->facts && !says->due_ms && !moves)
        return false;
    if (life->dossier.there || !worth)
        return life->dossier.there;
    life->dossier.there = true;
    life->dossier.opener = word->sender;
    adopt(life, word->handoff->handoff);
    return true;
}

/* ---- a handoff is accepted */

static bool is_step(const struct life *life, uint64_t handoff)
{
    int32_t index = life_handoff(life, handoff);
    return index >= 0 && life->look->handoffs[index].step >= 0;
}

static void check_said(struct life *life, const struct word *word, enum status before, enum due_source source,
                       int64_t due_ms, bool opened)
{
    const struct audit_event *event = word->event;
    bool stated = life->dossier.due_source == DUE_ONE_STOP || life->dossier.due_source == DUE_AGENCY;
    bool moved = stated && (life->dossier.due_source != source || life->dossier.due_ms != due_ms);

    if (event->of_dossier != opened)
        audit_wrong(life->audit, event->handoff, opened ? "dossier: what it says of its dossier was not looked at"
                                                        : "dossier: it says nothing of its dossier, and was judged");
    if (!opened || !event->of_dossier)
        return;
    if (event->judged != word->judged || (int)event->said != (word->status < 0 ? 0 : word->status))
        audit_wrong(life->audit, event->handoff, "dossier: it says %d, judged %s; it must be %d, %s", event->said,
                    event->judged ? judged_name(event->judged) : "not", word->status,
                    word->judged ? judged_name(word->judged) : "not");
    if (event->before != before || event->after != life->dossier.line.status)
        audit_wrong(life->audit, event->handoff, "dossier: it took the dossier from %d to %d; it must be from %d to %d",
                    event->before, event->after, before, life->dossier.line.status);
    bool says_moved = event->due_source == DUE_ONE_STOP || event->due_source == DUE_AGENCY;
    if (says_moved != moved || (moved && event->due_ms != life->dossier.due_ms))
        audit_wrong(life->audit, event->handoff, "dossier: the due date on paper must %sbe moved by it",
                    moved ? "" : "not ");
}

static void take_in_hand(struct life *life, int32_t index, int64_t source_ms)
{
    if (index < 0)
        return;
    life->handoffs[index].receipts += !life->handoffs[index].received;
    life->handoffs[index].received = true;
    int32_t branch = life->dossier.there ? life_branch(life, life->look->handoffs[index].handoff) : -1;
    if (branch >= 0 && !life->dossier.branches[branch].receipt_ms)
        life->dossier.branches[branch].receipt_ms = source_ms;
}

void life_hear(struct life *life, struct word *word)
{
    struct audit_dossier *dossier = &life->dossier;
    int32_t parent = life_handoff(life, word->handoff->parent);
    const struct audit_says *says = &word->letter->says;
    bool forward = parent >= 0 && life->look->handoffs[parent].kind == KIND_FORWARD;

    struct asked_word asked_word = {
        .handoff = word->handoff->handoff, .parent = word->handoff->parent, .sender = word->sender, .kind = word->kind,
        .addressed = word->letter->addressed, .says = says,
        .recipient = life->handoffs[life_handoff(life, word->handoff->handoff)].recipient,
    };
    int32_t asked = asked_find(life, &asked_word);

    word_status(word);
    if (forward && is_receipt(word) && life_same(life, life->handoffs[parent].recipient, word->sender))
        word->received = parent;
    bool opened = opens(life, word, asked), step_recall = false;
    enum status before = dossier->line.status;
    enum due_source source = dossier->due_source;
    int64_t due_ms = dossier->due_ms;
    if (opened) {
        word->meant = life_branch_meant(life, word->sender, word->handoff->parent);
        if (word->kind == KIND_RECALL && (word->meant >= 0 || life_has_handed_on(life, word->sender))) {
            life->recalled = true;
            if (word->meant >= 0)
                life->branch_recalled[word->meant] = true;
            step_recall = word->meant >= 0 && is_step(life, dossier->branches[word->meant].handoff);
        }
        if (step_recall) {
            /* It is at work again, whether it says so or not. */
            if (dossier->branches[word->meant].result && !word->told) {
                word->status = STATUS_IN_PROCESS;
                word->implied = true;
            }
            dossier->branches[word->meant].ended = dossier->branches[word->meant].result = false;
        }
        if (asked_is_answer(word->kind))
            asked_clock(life, &asked_word, asked);
        if (word->status || word->told)
            believe(life, word);
        if (step_recall)
            life->recalled = life->branch_recalled[word->meant] = true;
        if (word->received < 0 && word->meant >= 0 && is_receipt(word))
            word->received = life_handoff(life, dossier->branches[word->meant].handoff);
        if (word->kind == KIND_FORWARD)
            forwarded(life, word);
        if (says->starts && !life->version)
            life->version = life->version_of_flow = true;
        hear_received(life, word);
        life->version |= life->procedure && dossier->received_ms;
        hear_due(life, word);
    }
    take_in_hand(life, word->received, says->source_ms);
    if (opened) {
        asked_word.meant = word->meant;
        asked_note(life, &asked_word, asked);
        hear_sums(life, word);
        life_end_follows(life);
        asked_follow(life, word->event->at_ms);
    }
    check_said(life, word, before, source, due_ms, opened);
}
