/* audit_life.c - the life of a dossier told again from the beginning, event by event. See audit_dossier.h. */
#include "tests/sim/audit_inside.h"

enum { PARENTS_MAX = 8 };

/* ---- a handoff is answered */

static enum answer answer_of(enum kind kind, enum audit_reason reason, enum kind asked)
{
    if (kind == KIND_SEND_BACK && reason == REASON_WRONG_PLACE && asked == KIND_FORWARD)
        return ANSWER_SENT_BACK;
    return kind == KIND_RESULT ? ANSWER_RESULT
           : kind == KIND_REFUSAL || kind == KIND_RETURNED || kind == KIND_SEND_BACK || kind == KIND_STOP
               ? ANSWER_REFUSED : 0;
}

/* The branch of this FORWARD is over, with a result or without; or it was sent back, and is its sender's again. */
static void ends(struct life *life, int32_t forward, enum answer answer, int32_t by, int64_t source_ms,
                 uint64_t sequence, int64_t at_ms)
{
    struct audit_dossier *dossier = &life->dossier;
    int32_t index = dossier->there ? life_branch(life, life->look->handoffs[forward].handoff) : -1;

    bool result = answer == ANSWER_RESULT, back = answer == ANSWER_SENT_BACK;

    life->handoffs[forward].answer = answer;
    flow_result(life, forward, answer == ANSWER_RESULT);
    life->answered = 0;
    if (life->look->handoffs[forward].kind != KIND_FORWARD || index < 0)
        return;
    struct audit_branch *branch = &dossier->branches[index];
    bool alone = life_side_by_side(life) < 2;
    life->answered = life->look->handoffs[forward].handoff;
    life->answered_before = dossier->line.status;
    if (!result && !back) {
        /* What it was done by is none any more. */
        if ((branch->line.status == STATUS_DONE || branch->line.status == STATUS_RETURNED) &&
            (branch->result || life->branch_recalled[index]) && branch->line.source_ms < source_ms) {
            branch->line.status = STATUS_IN_PROCESS;
            branch->line.gap = false;
        }
        branch->result = false;
    }
    branch->sent_back = back;
    branch->ended |= !back;
    branch->result |= result;
    branch->receipt_ms = branch->receipt_ms ? branch->receipt_ms : source_ms;
    life_clock_goes_on(dossier, index, source_ms);
    if (!back)
        life_hand_back(life, branch);
    enum status whole = life_together(life, dossier->line.status);
    if (!alone && dossier->line.status && whole != dossier->line.status && !rule_is_final(dossier->line.status)) {
        int64_t latest_ms = dossier->line.source_ms > source_ms ? dossier->line.source_ms : source_ms;
        dossier->line = (struct audit_line){ whole, false, by, latest_ms, sequence };
        life->recalled = false;
    }
    life->answered_after = dossier->line.status;
    /* Told after the fact that ended the work: it was done by then. */
    if (alone && result && (dossier->ended == STATUS_DONE || dossier->ended == STATUS_RETURNED) &&
        source_ms < dossier->ended_ms)
        dossier->ended_ms = source_ms;
    life_end_follows(life);
    asked_follow(life, at_ms);
}

/* A result is taken back: it is none. True: of a step, and nothing more is to be said. */
static bool recall(struct life *life, const struct word *word)
{
    int32_t index = life_handoff(life, word->handoff->parent);

    for (int i = 0; i < PARENTS_MAX && index >= 0; i++) {
        enum kind kind = life->look->handoffs[index].kind;
        if (kind != KIND_RESULT && kind != KIND_RECALL)
            break;
        index = life_handoff(life, life->look->handoffs[index].parent);
    }
    if (word->kind != KIND_RECALL || index < 0 || life->look->handoffs[index].kind != KIND_FORWARD ||
        !flow_is_step(life, index) || life->handoffs[index].answer != ANSWER_RESULT ||
        !life_same(life, life->handoffs[index].recipient, word->sender))
        return false;
    life->handoffs[index].answer = 0;
    flow_result(life, index, false);
    return true;
}

/* A RESULT that answers a RECALL is one of the step that it spoke of. */
static int32_t answered_by(const struct life *life, const struct word *word)
{
    int32_t parent = life_handoff(life, word->handoff->parent), forward;

    if (parent < 0 || life->look->handoffs[parent].kind != KIND_RECALL || word->kind != KIND_RESULT ||
        !life_same(life, life->handoffs[parent].recipient, word->sender))
        return parent;
    forward = life_handoff(life, life->look->handoffs[parent].parent);
    return forward >= 0 && flow_is_step(life, forward) ? forward : parent;
}

/* The gateway tells whoever used a result that was taken back; who has said no by then owes no answer. */
static void told_of_recall(struct life *life, int32_t index)
{
    const struct audit_handoff *handoff = &life->look->handoffs[index];
    int32_t forward = life_handoff(life, handoff->parent);

    if (handoff->kind == KIND_RECALL && handoff->letter < 0 && forward >= 0 && flow_is_step(life, forward) &&
        life->handoffs[forward].answer != ANSWER_REFUSED && life->handoffs[forward].answer != ANSWER_SENT_BACK)
        life->handoffs[forward].recall = index + 1;
}

/* Another handoff has taken the place of this RECALL; 0: it was answered. */
static void recall_is_now(struct life *life, int32_t recall, int32_t now)
{
    for (uint32_t i = 0; i < life->look->handoff_count; i++)
        if (life->handoffs[i].recall == recall + 1)
            life->handoffs[i].recall = now;
}

/* After that a no takes the result along that had been given before. */
static bool falls(const struct life *life, int32_t forward, enum answer answer, int64_t source_ms)
{
    const struct life_handoff *recall =
        life->handoffs[forward].recall ? &life->handoffs[life->handoffs[forward].recall - 1] : NULL;

    return answer == ANSWER_REFUSED && flow_is_step(life, forward) && recall && recall->state == STATE_DELIVERED &&
           source_ms >= recall->delivered_ms;
}

/* The word names the RECALL: whatever it says, that one is answered. A result of the step is, too, if it came later. */
static void answers_recall(struct life *life, const struct word *word, int32_t parent, enum answer answer)
{
    if (parent >= 0 && (answer || word->kind == KIND_PROGRESS) &&
        life_same(life, life->handoffs[parent].recipient, word->sender))
        recall_is_now(life, parent, 0);
}

static void answer(struct life *life, const struct word *word)
{
    int32_t parent = answered_by(life, word), to = word->letter->addressed;
    const struct audit_says *says = &word->letter->says;
    enum answer answer = answer_of(word->kind, says->reason, parent >= 0 ? life->look->handoffs[parent].kind : 0);

    if (recall(life, word))
        return;
    answers_recall(life, word, life_handoff(life, word->handoff->parent), answer);
    if (parent < 0 || !answer || !life_same(life, life->handoffs[parent].recipient, word->sender))
        return;
    int32_t asker = life->look->handoffs[parent].sender;
    if (!life_same(life, to >= 0 ? to : asker, asker) ||
        (answer == ANSWER_SENT_BACK && life->handoffs[parent].went_on) ||
        (life->handoffs[parent].answer == ANSWER_RESULT && answer != ANSWER_RESULT &&
         !falls(life, parent, answer, says->source_ms)))
        return;
    if (life->look->handoffs[parent].kind == KIND_FORWARD)
        life->handoffs[parent].received = true;
    const struct life_handoff *told =
        life->handoffs[parent].recall ? &life->handoffs[life->handoffs[parent].recall - 1] : NULL;
    if (told && (answer != ANSWER_RESULT ||
                 (told->state == STATE_DELIVERED && says->source_ms >= told->delivered_ms)))
        life->handoffs[parent].recall = 0;
    ends(life, parent, answer, word->sender, says->source_ms, says->sequence,
         word->event->at_ms);
}

/* ---- the way of a handoff */

static void accepted(struct life *life, const struct audit_event *event, int32_t index)
{
    const struct audit_handoff *handoff = &life->look->handoffs[index];
    struct word word = { .handoff = handoff, .event = event, .sender = handoff->sender, .meant = -1,
                         .kind = handoff->kind, .received = -1 };

    life->handoffs[index].accepted = true;
    if (handoff->letter >= 0) {
        word.letter = &life->audit->papers[handoff->letter].letter;
        if (word.letter->says.starts)
            flow_submitted(life, word.letter, index);
        flow_made(life, index);
        flow_citizen_did(life, word.letter);
        if ((word.kind == KIND_WITHDRAWAL || word.kind == KIND_STOP) && word.letter->addressed < 0 && !handoff->parent)
            flow_withdrawn(life, event);
        life->recalls |= word.kind == KIND_RECALL;
        flow_told(life, handoff);
        life_hear(life, &word);
        answer(life, &word);
        return;
    }
    /* A step that the gateway made: it says nothing but what the submission said of the time. Copies say nothing. */
    flow_made(life, index);
    flow_told(life, handoff);
    told_of_recall(life, index);
    if (handoff->step < 0 || handoff->kind != KIND_FORWARD || !life->submission)
        return;
    struct audit_letter step = { .sender = life->submission->sender, .addressed = -1, .kind = KIND_FORWARD };
    step.says = (struct audit_says){ .procedure = true, .partner = -1, .source_ms = life->submission->says.source_ms,
                                     .due_ms = life->submission->says.due_ms };
    word.letter = &step;
    life_hear(life, &word);
}

static void delivered(struct life *life, const struct audit_event *event, int32_t index)
{
    int32_t branch = life->dossier.there ? life_branch(life, event->handoff) : -1;

    life->handoffs[index].delivered_ms = event->at_ms;
    life->handoffs[index].calendar_then = life->directory->calendar;
    if (life->look->handoffs[index].kind == KIND_FORWARD && branch >= 0 &&
        !life->dossier.branches[branch].delivered_ms)
        life->dossier.branches[branch].delivered_ms = event->at_ms;
}

/* A step that cannot begin: it has no say any more, and what is left may have ended. */
static void broken_off(struct life *life, const struct audit_event *event, int32_t index)
{
    struct audit_dossier *dossier = &life->dossier;
    int32_t branch = dossier->there ? life_branch(life, event->handoff) : -1, last_of = -1;
    struct audit_line last = dossier->line;
    enum status before = dossier->line.status;
    bool moves = false;

    if (branch >= 0 && dossier->branches[branch].handoff == event->handoff && before && !rule_is_final(before)) {
        last.source_ms = 0;
        for (uint32_t i = 0; i < dossier->branch_count; i++)
            if (dossier->branches[i].line.status && dossier->branches[i].line.source_ms > last.source_ms) {
                last = dossier->branches[i].line;
                last_of = (int32_t)i;
            }
        bool passed_on = dossier->branches[branch].passed_on;
        dossier->branches[branch].passed_on = true;
        enum status whole = life_together(life, last.status);
        dossier->branches[branch].passed_on = passed_on;
        moves = whole != before;
        if (moves) {
            int64_t latest_ms = dossier->line.source_ms;
            dossier->line = last;
            dossier->line.status = whole;
            dossier->line.source_ms = latest_ms > last.source_ms ? latest_ms : last.source_ms;
            life->recalled = last_of >= 0 ? life->branch_recalled[last_of] : life->recalled;
            life_end_follows(life);
            asked_follow(life, event->at_ms);
        }
    }
    life->handoffs[index].broken_off = true;
    if (event->of_dossier != moves || (moves && (event->before != before || event->after != dossier->line.status)))
        audit_wrong(life->audit, event->handoff, "dossier: its end took the dossier from %d to %d; it must be from %d "
                    "to %d", event->before, event->after, before, dossier->line.status);
}

/* A re-route, or another agency in its seat: the branch goes on with all that it has. */
static void moved(struct life *life, uint64_t from, uint64_t to, int32_t holder)
{
    int32_t branch = life->dossier.there ? life_branch(life, from) : -1;

    if (branch < 0)
        return;
    life->handoffs[life_handoff(life, to)].branch = true;
    life->dossier.branches[branch].handoff = to;
    life->dossier.branches[branch].holder = holder;
    life->dossier.branches[branch].sent_back = false;
}

static void unreceived(struct life *life, const struct audit_event *event, int32_t index)
{
    struct life_handoff *now = &life->handoffs[index];

    if (life->look->handoffs[index].kind != KIND_FORWARD || !now->delivered_ms || now->received || now->answer)
        audit_wrong(life->audit, event->handoff, "dossier: said to be there and not taken, but it is not so");
    now->listed = true;
}

static void happen(struct life *life, const struct audit_event *event)
{
    int32_t index = life_handoff(life, event->handoff);

    flow_turn(life, event->turn_seq);
    life->had_ended = life->dossier.ended;
    life->had_ended_ms = life->dossier.ended_ms;
    switch (event->cause) {
    case CAUSE_ACCEPTED:
        accepted(life, event, index);
        late_accepted(life, event, index);
        break;
    case CAUSE_REDIRECT_CHILD:
        life->handoffs[index].accepted = true;
        flow_made(life, index);
        recall_is_now(life, life_handoff(life, life->look->handoffs[index].parent), index + 1);
        if (life->look->handoffs[index].kind == KIND_FORWARD)
            moved(life, life->look->handoffs[index].parent, event->handoff, life->handoffs[index].recipient);
        break;
    case CAUSE_SUCCEEDED:
        if (event->taken_by < 0)
            break;
        life->handoffs[index].recipient = event->taken_by;
        if (life->look->handoffs[index].kind == KIND_FORWARD)
            moved(life, event->handoff, event->handoff, event->taken_by);
        break;
    case CAUSE_SENT_ON:
        life->handoffs[index].went_on = true;
        break;
    case CAUSE_APOLOGY_BRAKED:
        late_braked(life, event);
        break;
    case CAUSE_ANSWER_REMINDED: case CAUSE_ANSWER_OVERDUE:
        asked_said(life, event);
        break;
    case CAUSE_UNRECEIVED:
        unreceived(life, event, index);
        break;
    case CAUSE_UNANSWERED: case CAUSE_ANSWERED:
        life->handoffs[index].unanswered = event->cause == CAUSE_UNANSWERED;
        break;
    case CAUSE_RESULT_CAME:
        if (event->of_dossier != (life->answered == event->handoff) ||
            (event->of_dossier &&
             (event->before != life->answered_before || event->after != life->answered_after || event->judged)))
            audit_wrong(life->audit, event->handoff, "dossier: its answer took the dossier from %d to %d; it must be "
                        "from %d to %d", event->before, event->after, life->answered_before, life->answered_after);
        break;
    default:
        break;
    }
    life->handoffs[index].closed |= event->to == STATE_CLOSED;
    if (event->to == STATE_OFFERED)
        flow_sent(life, index);
    if (event->from != event->to) {
        life->handoffs[index].state = event->to;
        life->handoffs[index].on_hold = event->to == STATE_HELD && event->cause == CAUSE_HOLD;
        life->handoffs[index].failed = event->to == STATE_FAILED;
        life->handoffs[index].broken_off = false;
    }
    bool gates = event->cause == CAUSE_PREDECESSOR_ENDED || event->cause == CAUSE_PREDECESSOR_ABSENT;
    if (event->to == STATE_FAILED && event->from != STATE_FAILED && gates &&
        life->look->handoffs[index].step >= 0)
        broken_off(life, event, index);
    if (event->to == STATE_CLOSED && event->from != STATE_CLOSED && !life->look->handoffs[index].child)
        asked_taken_back(life, event->handoff, event->at_ms);
    if (event->to != STATE_DELIVERED || life->handoffs[index].delivered_ms)
        return;
    delivered(life, event, index);
    /* Its system said no at once. */
    if ((event->verdict == VERDICT_REFUSED || event->verdict == VERDICT_OVERTAKEN) &&
        life->handoffs[index].answer != ANSWER_RESULT) {
        life->handoffs[index].received |= life->handoffs[index].branch;
        ends(life, index, ANSWER_REFUSED, life->handoffs[index].recipient, event->at_ms, 0, event->at_ms);
    }
}

static const struct audit_directory *directory_at(const struct audit *audit, uint64_t turn_seq)
{
    uint32_t at = audit->directory_count;
    while (at > 1 && audit->directories[at - 1].from_turn > turn_seq)
        at--;
    return &audit->directories[at - 1].directory;
}

void life_tell(struct life *life)
{
    const struct audit_look *look = life->look;

    life->dossier.signed_by = life->dossier.opener = life->dossier.due_by = life->dossier.claimed_by = -1;
    life->dossier.line.by = -1;
    for (uint32_t i = 0; i < look->handoff_count; i++)
        life->handoffs[i] = (struct life_handoff){ .recipient = look->handoffs[i].recipient };
    /* Whom it went to first: who was succeeded. */
    for (uint32_t i = look->event_count; i > 0; i--)
        if (look->events[i - 1].taken_by >= 0)
            life->handoffs[life_handoff(life, look->events[i - 1].handoff)].recipient = look->events[i - 1].taken_from;
    for (uint32_t i = 0; i < look->event_count; i++) {
        life->directory = directory_at(life->audit, look->events[i].turn_seq);
        happen(life, &look->events[i]);
        if (i < TRAIL_MAX) {
            life->audit->stood[i].status = (uint8_t)life->dossier.line.status;
            life->audit->stood[i].owner = life->dossier.there ? (int8_t)life_owner(life) : -1;
        }
    }
    life->directory = directory_at(life->audit, look->turn_seq + 1);
    life->dossier.owner = life->dossier.there ? life_owner(life) : -1;
}
