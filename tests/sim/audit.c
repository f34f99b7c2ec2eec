/* audit.c - what was said and told, judged as it comes. See audit.h. */
#include "gateway/base/limits.h"
#include "tests/sim/audit_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct audit *audit_new(void)
{
    struct audit *audit = calloc(1, sizeof *audit);
    must(audit != NULL);
    return audit;
}

void audit_reset(struct audit *audit)
{
    memset(audit, 0, sizeof *audit);
    for (int i = 0; i < AUDIT_FATES; i++)
        audit->fates[i].letter = audit->fates[i].recipient = -1;
}

const char *audit_failure(const struct audit *audit, uint64_t *ret_handoff)
{
    *ret_handoff = audit->failed_handoff;
    return audit->failure[0] ? audit->failure : NULL;
}

void audit_wrong(struct audit *audit, uint64_t handoff, const char *format, ...)
{
    va_list arguments;

    if (audit->failure[0])
        return;
    va_start(arguments, format);
    vsnprintf(audit->failure, sizeof audit->failure, format, arguments);
    va_end(arguments);
    audit->failed_handoff = handoff;
}

struct fate *fate_of(struct audit *audit, uint64_t handoff)
{
    uint64_t number = NUMBER_OF(handoff);

    must(number < AUDIT_FATES);
    struct fate *fate = &audit->fates[number];
    if (!fate->handoff) {
        /* Nobody has heard of it, and yet a person may have meant it with a whole group. */
        *fate = (struct fate){ .handoff = handoff, .letter = -1, .recipient = -1, .replays = audit->group_replays };
        if (number > audit->highest)
            audit->highest = number;
    }
    return fate;
}

/* It is this letter: from an answer, a notice or a header. */
static void bind(struct audit *audit, struct fate *fate, int32_t letter)
{
    if (fate->letter >= 0 || letter < 0)
        return;
    fate->letter = letter;
    fate->excused |= audit->withdrawn[audit->papers[letter].letter.case_number % 64];
}

/* The gateway made it, as a step of a flow. */
static void bind_step(struct fate *fate, int32_t step_of)
{
    if (step_of < 0)
        return;
    fate->step = true;
    fate->step_case = (uint32_t)step_of % 64;
}

/* ---- senders */

void audit_said(struct audit *audit, uint32_t letter, const struct audit_letter *said, bool other)
{
    struct paper *paper = &audit->papers[letter];

    must(letter < AUDIT_LETTERS);
    if (paper->said)
        return;
    paper->said = true;
    paper->other = other;
    paper->letter = *said;
    if (letter >= audit->paper_count)
        audit->paper_count = letter + 1;
    /* Whatever it may do to others by being accepted, it may do from now on. */
    if (said->kind == KIND_WITHDRAWAL || said->kind == KIND_STOP) {
        for (uint64_t i = 1; i <= audit->highest; i++) {
            struct fate *fate = &audit->fates[i];
            const struct paper *mate = fate->handoff && fate->letter >= 0 ? &audit->papers[fate->letter] : NULL;
            /* An agency that took over may take back what the one before sent. */
            if (mate && mate->letter.case_number == said->case_number &&
                (mate->letter.sender == said->sender || audit->heirs[mate->letter.sender] >> said->sender & 1))
                fate->excused = true;
        }
        audit->withdrawn[said->case_number % 64] = true;
    }
    if (said->parent)
        fate_of(audit, said->parent)->corrected = true;
    audit->flows[said->case_number % 64] += said->says.starts;
}

static void witness(struct audit *audit, uint64_t handoff, uint64_t seq, const struct hash *link)
{
    must(seq < AUDIT_WITNESSES);
    struct witness *witness = &audit->witnesses[seq];
    if (witness->there && !hash_equal(&witness->link, link))
        audit_wrong(audit, handoff, "promise 8: two links were told for turn %llu", (unsigned long long)seq);
    *witness = (struct witness){ .there = true, .link = *link };
    if (seq > audit->witness_last)
        audit->witness_last = seq;
}

void audit_accepted(struct audit *audit, uint32_t letter, bool other, uint64_t handoff, uint64_t commit_seq,
                    const struct hash *content, const struct hash *link, bool duplicate, enum state state)
{
    struct paper *paper = &audit->papers[letter];
    struct fate *fate = fate_of(audit, handoff);

    must(paper->said);
    witness(audit, handoff, commit_seq, link);
    if (!hash_equal(content, &paper->letter.content[other]))
        audit_wrong(audit, handoff, "promise 2: letter %u was accepted as other content than was sent", letter);
    if (!paper->handoff) {
        paper->handoff = handoff;
        paper->commit_seq = commit_seq;
        paper->accepted_other = other;
        paper->state = state;
        if (fate->letter >= 0 && fate->letter != (int32_t)letter)
            audit_wrong(audit, handoff, "promise 2: letters %u and %d are one handoff", letter, fate->letter);
        bind(audit, fate, (int32_t)letter);
        return;
    }
    if (!duplicate)
        audit_wrong(audit, handoff, "promise 2: letter %u was accepted anew", letter);
    if (paper->handoff != handoff || paper->commit_seq != commit_seq || paper->accepted_other != other)
        audit_wrong(audit, handoff, "promise 2: letter %u: #%llu in turn %llu, now #%llu in turn %llu%s", letter,
                    NUMBER_OF(paper->handoff), (unsigned long long)paper->commit_seq, NUMBER_OF(handoff),
                    (unsigned long long)commit_seq, paper->accepted_other != other ? ", other content" : "");
}

void audit_refused(struct audit *audit, uint32_t letter, bool other, const char *problem, int64_t now_ms)
{
    struct paper *paper = &audit->papers[letter];
    bool old = paper->letter.id_ms < now_ms - ID_AGE_MS_MAX + 24LL * 3600 * 1000;

    must(paper->said);
    if (paper->handoff && paper->accepted_other == other && !(old && strcmp(problem, "too-old") == 0))
        audit_wrong(audit, paper->handoff, "promise 2: letter %u was accepted, its repetition refused %s", letter,
                    problem);
    if (strcmp(problem, "conflict") == 0) {
        if (hash_is_zero(&paper->letter.content[1]))
            audit_wrong(audit, paper->handoff, "promise 2: letter %u never had other content, refused conflict",
                        letter);
        paper->conflict = true;
    }
    if (strcmp(problem, "too-old") == 0 && !old)
        audit_wrong(audit, paper->handoff, "promise 2: letter %u is not old, refused too-old", letter);
}

static bool is_told(enum state state)
{
    return state == STATE_FAILED || state == STATE_UNSURE || state == STATE_DELIVERED || state == STATE_CLOSED;
}

/* It failed because what it waits for did not come: but all of it was told to be delivered before. */
static void check_absent(struct audit *audit, const struct fate *fate)
{
    const struct audit_letter *letter = fate->letter >= 0 ? &audit->papers[fate->letter].letter : NULL;

    for (uint32_t i = 0; letter && i < letter->after_count; i++) {
        uint32_t number = letter->after[i].letter;
        uint64_t antecedent = number < AUDIT_LETTERS ? audit->papers[number].handoff : 0;
        /* What was accepted ninety days before is not known any more by its id. */
        if (letter->after[i].until != UNTIL_DELIVERED || !antecedent ||
            fate_of(audit, antecedent)->told != STATE_DELIVERED ||
            audit->papers[number].letter.id_ms < letter->id_ms - ID_AGE_MS_MAX + 24LL * 3600 * 1000)
            return;
    }
    if (letter && letter->after_count)
        audit_wrong(audit, fate->handoff, "promise 6: told that what it waits for did not come, and it did");
}

/* The turn in which the RESULT that answers this one was accepted; 0 not known. */
static uint64_t result_seq(const struct audit *audit, const struct paper *antecedent)
{
    for (uint32_t i = 0; i < audit->paper_count; i++)
        if (audit->papers[i].handoff && audit->papers[i].letter.kind == KIND_RESULT && antecedent->handoff &&
            audit->papers[i].letter.parent == antecedent->handoff)
            return audit->papers[i].commit_seq;
    return 0;
}

/* It failed because something of it was purged: its own body never may be, nor a result of its own case that came while
 * it was already waiting for it. */
static void check_purged(struct audit *audit, const struct fate *fate)
{
    const struct paper *paper = fate->letter >= 0 ? &audit->papers[fate->letter] : NULL;

    /* In the place of a step that failed it waits for what that one waited for, which may be long gone. */
    if (paper && paper->letter.kind == KIND_FORWARD && paper->letter.parent)
        return;
    for (uint32_t i = 0; paper && i < paper->letter.after_count; i++) {
        uint32_t number = paper->letter.after[i].letter;
        const struct paper *antecedent = number < AUDIT_LETTERS ? &audit->papers[number] : NULL;
        if (paper->letter.after[i].until == UNTIL_DELIVERED)
            continue;
        if (!antecedent || !paper->handoff || antecedent->letter.case_number != paper->letter.case_number ||
            result_seq(audit, antecedent) <= paper->commit_seq)
            return;
    }
    if (paper)
        audit_wrong(audit, fate->handoff, "promise 1: it waited, and what it needs was purged meanwhile");
}

/* Of a request to the citizen its recipient hears, too: what came of it, and that the time is nearly over. */
static bool of_answer(enum cause cause)
{
    return cause == CAUSE_ANSWER_CAME || cause == CAUSE_ANSWER_REMINDED || cause == CAUSE_ANSWER_OVERDUE ||
           cause == CAUSE_ANSWER_BY_RECOMPUTED;
}

/* What becomes of an apology and of an URGE is noted where its history is, also when that has ended quietly; and that a
 * person let its request go. */
static bool of_lateness(enum cause cause)
{
    return cause == CAUSE_RELEASE ||
           (cause >= CAUSE_APOLOGY_ASKED && cause <= CAUSE_ANSWERED && cause != CAUSE_GIVEN_UP);
}

/* -1: the gateway made it. */
static int32_t letter_of_own(const struct fate *fate, const struct audit_notice *notice)
{
    return fate->letter >= 0 ? fate->letter : notice->letter;
}

void audit_notice(struct audit *audit, const struct audit_notice *notice)
{
    struct fate *fate = fate_of(audit, notice->handoff);

    if (notice->seq_before && notice->seq <= notice->seq_before)
        audit_wrong(audit, notice->handoff, "promise 6: notice %llu came after %llu", (unsigned long long)notice->seq,
                    (unsigned long long)notice->seq_before);
    if (notice->known)
        return;
    if (!fate->parent)
        fate->parent = notice->parent;
    bind_step(fate, notice->step_of);
    int32_t sender = notice->sender;
    uint32_t heirs = sender >= 0 ? audit->heirs[sender] : 0;
    if (sender != (int32_t)notice->agency && heirs >> notice->agency & 1)
        return;                                     /* told to its sender as well: there it is judged */
    if (!notice->parent)
        bind(audit, fate, notice->letter);
    if (sender != (int32_t)notice->agency && of_answer(notice->cause)) {
        if (!fate->ended_by_people && fate->recipient >= 0 && fate->recipient != (int32_t)notice->agency &&
            !(audit->heirs[fate->recipient] >> notice->agency & 1))
            audit_wrong(audit, notice->handoff, "promise 6: agency %u was told of a request to another",
                        notice->agency);
        return;
    }
    if (fate->letter >= 0 && audit->papers[fate->letter].letter.sender != notice->agency)
        audit_wrong(audit, notice->handoff, "promise 6: agency %u was told of another's handoff", notice->agency);
    if (sender >= 0 && sender != (int32_t)notice->agency)
        audit_wrong(audit, notice->handoff, "promise 6: agency %u was told of another's handoff", notice->agency);
    if (notice->child)
        fate_of(audit, notice->child)->parent = notice->handoff;
    /* What is told leaves no gap: every move into these four is told, so the next one begins where the last ended. */
    bool noted = notice->from == notice->to && (of_lateness(notice->cause) || letter_of_own(fate, notice) < 0);
    if (is_told(notice->from) && fate->told != notice->from && !noted)
        audit_wrong(audit, notice->handoff, "promise 6: notice %llu goes on from %s, but the last told was %s",
                    (unsigned long long)notice->seq, state_name(notice->from),
                    fate->told ? state_name(fate->told) : "nothing");
    if (state_is_final(fate->told) && notice->to != fate->told)
        audit_wrong(audit, notice->handoff, "promise 1: %s after %s", state_name(notice->to), state_name(fate->told));
    if (notice->to == STATE_FAILED && notice->cause == CAUSE_PREDECESSOR_ABSENT)
        check_absent(audit, fate);
    if (notice->to == STATE_FAILED && notice->cause == CAUSE_PURGED)
        check_purged(audit, fate);
    fate->told = notice->to;
    fate->told_seq = notice->seq;
    fate->got_states |= 1u << notice->to;
    fate->got_causes |= 1ull << notice->cause;
    if (notice->to == STATE_DELIVERED && !fate->answered_well)
        audit_wrong(audit, notice->handoff, "promise 1: told DELIVERED, but no adapter ever said so");
    int32_t its = case_of(audit, fate) >= 0 ? case_of(audit, fate) : notice->case_number;
    bool excused = fate->excused || (its >= 0 && (audit->withdrawn[its] || audit->lane_ended[its]));
    /* What could not begin in one flow makes room for the next. */
    excused |= fate->step && audit->flows[fate->step_case] > 1;
    /* A reminder that cannot be delivered; what is not owed any more. */
    excused |= (notice->cause == CAUSE_GIVEN_UP && letter_of_own(fate, notice) < 0) ||
               notice->cause == CAUSE_APOLOGY_CANCELLED;
    if (notice->to == STATE_CLOSED && !excused && !noted && !fate->corrected && !fate->overtaken &&
        !fate->ended_by_people)
        audit_wrong(audit, notice->handoff, "promise 6: told CLOSED (%s), but nobody and no rule closed it",
                    cause_name(notice->cause));
}

/* ---- receivers: order */

/* It, or what took its place, was taken by an agency. */
static bool is_done(struct audit *audit, uint64_t handoff)
{
    if (fate_of(audit, handoff)->answered_well || fate_of(audit, handoff)->overtaken)
        return true;
    for (uint64_t i = NUMBER_OF(handoff) + 1; i <= audit->highest; i++) {
        const struct fate *child = &audit->fates[i];
        uint64_t parent = child->parent;
        if (!parent && child->letter >= 0)
            parent = audit->papers[child->letter].letter.parent;
        if (child->handoff && parent == handoff && is_done(audit, child->handoff))
            return true;
    }
    return false;
}

static bool has_result(const struct audit *audit, const struct paper *antecedent)
{
    for (uint32_t i = 0; i < audit->paper_count; i++) {
        const struct paper *paper = &audit->papers[i];
        if (paper->said && paper->letter.kind == KIND_RESULT && paper->letter.parent &&
            (paper->letter.parent == antecedent->handoff || fate_is_child(audit, paper->letter.parent,
                                                                          antecedent->handoff)))
            return true;
    }
    return false;
}

/* What it waits for must be done, unless a person let it go. */
static void check_gates(struct audit *audit, const struct fate *fate, const struct paper *paper)
{
    if (fate->released || fate->replays)
        return;
    for (uint32_t i = 0; i < paper->letter.after_count; i++) {
        uint32_t number = paper->letter.after[i].letter;
        const struct paper *antecedent = number < AUDIT_LETTERS ? &audit->papers[number] : NULL;
        bool done = antecedent && antecedent->said &&
                    (paper->letter.after[i].until == UNTIL_DELIVERED
                         ? !antecedent->handoff || is_done(audit, antecedent->handoff)
                         : !antecedent->handoff || has_result(audit, antecedent));
        if (!done)
            audit_wrong(audit, fate->handoff, "promise 3: it went out before what it waits for (letter %u)", number);
    }
}

/* Whoever was accepted before it in its lane must have been taken, or ended by somebody. */
static void check_order(struct audit *audit, const struct fate *fate, const struct paper *paper)
{
    if (paper->letter.addressed < 0)
        return;
    for (uint64_t i = 1; i < NUMBER_OF(fate->handoff); i++) {
        const struct fate *before = &audit->fates[i];
        const struct paper *other = before->handoff && before->letter >= 0 ? &audit->papers[before->letter] : NULL;
        if (!other || !other->handoff || other->letter.case_number != paper->letter.case_number ||
            other->letter.addressed != paper->letter.addressed || other->letter.after_count)
            continue;
        if (before->answered_well || before->overtaken || before->ended_by_people || before->excused ||
            before->corrected || (fate->letter >= 0 && paper->letter.parent))
            continue;
        if (audit->lane_ended[other->letter.case_number % 64])
            continue;
        audit_wrong(audit, fate->handoff, "promise 3: it went out while #%llu stands before it in its lane",
                    NUMBER_OF(before->handoff));
    }
}

/* ---- receivers: the DELIVER itself */

static void check_content(struct audit *audit, const struct audit_deliver *deliver, const struct paper *paper)
{
    bool is[2];
    for (int i = 0; i < 2; i++)
        is[i] = hash_equal(&deliver->content, &paper->letter.content[i]) &&
                span_equal(deliver->payload, paper->letter.payload[i]);
    if ((!is[0] && !is[1]) || (paper->handoff && !is[paper->accepted_other]))
        audit_wrong(audit, deliver->handoff, "promise 1: what was delivered is not what was accepted");
}

/* A step holds what was submitted, or what it was put right with in all the steps that nobody had seen: in `its` case;
 * below 0, where nobody was told yet which that is, in any. */
static void check_flow_content(struct audit *audit, const struct audit_deliver *deliver, int32_t its)
{
    for (uint32_t i = 0; i < audit->paper_count; i++) {
        const struct audit_letter *letter = &audit->papers[i].letter;
        if (!audit->papers[i].said || letter->kind != KIND_FORWARD ||
            (its >= 0 && (int32_t)(letter->case_number % 64) != its))
            continue;
        for (int k = 0; k < 2; k++)
            if (hash_equal(&deliver->content, &letter->content[k]) && span_equal(deliver->payload, letter->payload[k]))
                return;
    }
    audit_wrong(audit, deliver->handoff, "promise 1: what a step holds is not what was submitted");
}

static void check_inputs(struct audit *audit, const struct audit_deliver *deliver, const struct fate *fate,
                         const struct paper *paper)
{
    uint32_t wanted = 0;

    for (uint32_t i = 0; i < paper->letter.after_count; i++)
        wanted += paper->letter.after[i].until == UNTIL_RESULT;
    if ((deliver->input_count > wanted && !deliver->of_flow) ||
        (deliver->input_count < wanted && !fate->released && !fate->replays))
        audit_wrong(audit, deliver->handoff, "promise 3: it came with %u results, it waits for %u",
                    deliver->input_count, wanted);
    for (uint32_t i = 0; i < deliver->input_count; i++) {
        const struct fate *result = fate_of(audit, deliver->inputs[i].handoff);
        if (result->letter >= 0 && !span_equal(deliver->inputs[i].payload,
                                               audit->papers[result->letter].letter.payload[0]) &&
            !span_equal(deliver->inputs[i].payload, audit->papers[result->letter].letter.payload[1]))
            audit_wrong(audit, deliver->handoff, "promise 1: the result it came with is not what was sent");
    }
}

static void check_attempt(struct audit *audit, const struct audit_deliver *deliver, struct fate *fate)
{
    uint32_t at = deliver->attempt;

    if (!at || at >= ATTEMPTS_SEEN)
        return;
    if (fate->connections[at] && fate->connections[at] != deliver->connection)
        audit_wrong(audit, deliver->handoff, "promise 5: attempt %u was given out twice", at);
    fate->connections[at] = deliver->connection;
    if (fate->key[0] && strcmp(fate->key, deliver->key) != 0 && !fate->fresh)
        audit_wrong(audit, deliver->handoff, "promise 5: its key changed from %s to %s", fate->key, deliver->key);
    snprintf(fate->key, sizeof fate->key, "%s", deliver->key);
    if (fate->checkpointed && !deliver->checkpoint.size && at > fate->checkpoint_attempt)
        audit_wrong(audit, deliver->handoff, "a checkpoint that was kept did not come back with attempt %u", at);
}

void audit_deliver(struct audit *audit, const struct audit_deliver *deliver)
{
    struct fate *fate = fate_of(audit, deliver->handoff);
    bool first = !fate->delivers;

    if (deliver->attempt < ATTEMPTS_SEEN && fate->connections[deliver->attempt] == deliver->connection)
        return;                                             /* the same frame once more */
    fate->delivers++;
    /* Where one agency's adapter got to means nothing to its successor's. */
    if (fate->recipient >= 0 && fate->recipient != (int32_t)deliver->agency) {
        fate->checkpointed = false;
        fate->succeeded = true;
        fate->recipient_attempt = deliver->attempt;
    }
    fate->recipient = (int32_t)deliver->agency;
    fate->present_attempt = deliver->attempt;
    bind(audit, fate, deliver->letter);
    bind_step(fate, deliver->step_of);
    fate->reminder |= deliver->made && (deliver->kind == KIND_APOLOGY || deliver->kind == KIND_URGE);
    if (fate->letter < 0 && deliver->parent && !fate->parent)
        fate->parent = deliver->parent;
    check_attempt(audit, deliver, fate);
    /* A child that a redirect made: the same content, in its parent's place. */
    int32_t letter = fate->letter >= 0 ? fate->letter : letter_of_parents(audit, fate);
    bool of_flow = deliver->kind == KIND_FORWARD && (deliver->of_flow || fate->step);
    if (of_flow)
        check_flow_content(audit, deliver, case_of(audit, fate));
    if (letter < 0)
        return;
    const struct paper *paper = &audit->papers[letter];
    /* A copy of a withdrawal or a recall names what it is about, and holds what it is a copy of. */
    if (paper->letter.kind == deliver->kind && !of_flow)
        check_content(audit, deliver, paper);
    if (fate->letter < 0)
        return;
    check_inputs(audit, deliver, fate, paper);
    if (!first)
        return;
    check_gates(audit, fate, paper);
    check_order(audit, fate, paper);
}

void audit_acted(struct audit *audit, uint64_t handoff, uint32_t attempt, enum agency_class told, bool past_lease)
{
    struct fate *fate = fate_of(audit, handoff);

    fate->acts++;
    fate->late_acts += past_lease;
    /* What the agency before did its successor cannot know, whatever its class: a person's replay decides. */
    uint32_t allowed = told == CLASS_NEITHER ? 1 + fate->replays
                       : 1 + fate->fresh + fate->late_acts
                           + (told == CLASS_PROBE || fate->succeeded ? fate->replays : 0);
    if (fate->acts > allowed)
        audit_wrong(audit, handoff, "promise 5: attempt %u was act %u at an agency of class %s, allowed are %u",
                    attempt, fate->acts, agency_class_name(told), allowed);
}

void audit_answered(struct audit *audit, uint64_t handoff, uint32_t attempt, enum verdict verdict)
{
    struct fate *fate = fate_of(audit, handoff);

    (void)attempt;
    if (verdict == VERDICT_DELIVERED || verdict == VERDICT_ALREADY_THERE || verdict == VERDICT_REFUSED)
        fate->answered_well = true;
    if (verdict == VERDICT_OVERTAKEN)
        fate->overtaken = fate->answered_well = true;
}

void audit_outcome_ack(struct audit *audit, uint64_t handoff, uint32_t attempt, enum verdict verdict, enum state state,
                       uint64_t seq, const struct hash *link)
{
    struct fate *fate = fate_of(audit, handoff);

    (void)attempt;
    witness(audit, handoff, seq, link);
    if ((verdict == VERDICT_DELIVERED || verdict == VERDICT_ALREADY_THERE) && !state_is_final(state))
        audit_wrong(audit, handoff, "promise 1: DELIVERED was acknowledged, but it is %s", state_name(state));
    if (is_told(state))
        fate->owed_states |= 1u << state;
}

void audit_outcome_refused(struct audit *audit, uint64_t handoff, const char *problem)
{
    audit_wrong(audit, handoff, "promise 10: the answer to a DELIVER was refused: %s", problem);
}

void audit_checkpoint_kept(struct audit *audit, uint64_t handoff, uint32_t attempt)
{
    struct fate *fate = fate_of(audit, handoff);
    if (attempt < fate->recipient_attempt)                  /* heard late, of an agency that has been succeeded */
        return;
    fate->checkpointed = true;
    fate->checkpoint_attempt = fate->present_attempt;
}

void audit_succeeded(struct audit *audit, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < 16; i++)
        if (i == from || audit->heirs[i] >> from & 1)
            audit->heirs[i] |= 1u << to | audit->heirs[to];
}

void audit_cursor_set(struct audit *audit, uint32_t agency, uint64_t value)
{
    if (value >= CURSOR_VALUES)
        return;
    if (audit->cursors[agency][value])
        audit_wrong(audit, 0, "the cursor of agency %u was set to %llu twice", agency, (unsigned long long)value);
    audit->cursors[agency][value] = true;
}

void audit_graph(struct audit *audit, const struct audit_graph *graph)
{
    audit->graph = *graph;
}
