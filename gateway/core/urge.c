#include "gateway/core/urge.h"

#include "gateway/core/flow.h"
#include "gateway/core/issue.h"

enum { ANSWER_WALK_MAX = PAGE_MAX, KEY_SIZE = 48, PAYLOAD_SIZE = 256 };
#define PUT_OFF_MS (60LL * 1000)

/* ---- making one */

static bool make(struct step *step, struct issue *issue, const char *reason_code, uint64_t about, uint64_t *ret_urge,
                 struct problem *ret_problem)
{
    char payload[PAYLOAD_SIZE];
    struct text text = text_of(payload, sizeof payload);

    text_add(&text, "{\"reason_code\":\"%s\"", reason_code);
    if (about)
        text_add(&text, ",\"handoff\":\"%llu\"", (unsigned long long)about);
    text_add(&text, "}");
    issue->kind = KIND_URGE;
    issue->at_ms = step->now_ms;
    issue->content_type = URGE_TYPE;
    issue->payload = span_of_string(payload);
    issue->reason_code = reason_code;
    issue->reminder = true;
    return issue_handoff(step, issue, ret_urge, ret_problem);
}

/* From the sender of a handoff to its holder. It stands in the list in any case. */
static void urge_about(struct step *step, uint64_t about, const char *reason_code, const char *what)
{
    char key[KEY_SIZE], to[AGENCY_CODE_SIZE];
    struct text text = text_of(key, sizeof key);
    struct handoff handoff;
    struct problem problem;
    uint64_t id;

    if (!step->core->tables->late.urge_answer_ms)
        return;
    must(turn_handoff(step->turn, about, &handoff) && turn_agency_code(step->turn, handoff.recipient, to));
    const struct agency *taken = seat_taken_by(step, handoff.sender, &handoff);
    text_add(&text, "%s %llx", what, (unsigned long long)about);
    struct issue issue = {
        .from = taken ? turn_agency_number_make(step->turn, taken->code) : handoff.sender, .to = to,
        .dossier = handoff.dossier, .parent = about, .procedure = handoff.procedure_code, .step = handoff.step,
        .key = span_of_string(key),
    };
    (void)!make(step, &issue, reason_code, about, &id, &problem);
}

void urge_unreceived(struct step *step, uint64_t forward)
{
    urge_about(step, forward, "UNRECEIVED", "unreceived");
}

bool urge_above(struct step *step, const struct dossier *dossier, uint32_t n, const char *to, uint64_t *ret_urge,
                struct problem *ret_problem)
{
    char key[KEY_SIZE];
    struct text text = text_of(key, sizeof key);

    text_add(&text, "late %llx %llx %x", (unsigned long long)dossier->id, (unsigned long long)dossier->due_ms, n);
    struct issue issue = { .from = dossier->opener, .to = to, .dossier = dossier->id,
                           .procedure = dossier->procedure_code, .key = span_of_string(key) };
    return make(step, &issue, "LATE", 0, ret_urge, ret_problem);
}

/* ---- its answer */

void urge_delivered(struct step *step, const struct handoff *handoff)
{
    int64_t within_ms = step->core->tables->late.urge_answer_ms;
    if (within_ms && (handoff->kind == KIND_URGE || flow_recall_waits(step, handoff)))
        turn_timer_put(step->turn, step->now_ms + within_ms, TIMER_URGE, handoff->id);
}

static bool answers(struct step *step, const struct handoff *urge, const struct handoff *other)
{
    if (!seat_same(step, other->sender, urge->recipient, urge))
        return false;
    if (other->parent)
        return other->parent == urge->id || other->parent == urge->parent;
    return !urge->parent && seat_same(step, other->recipient, urge->sender, urge);
}

static bool is_answered(struct step *step, const struct handoff *urge)
{
    struct handoff other;
    uint64_t id = urge->id;

    if (urge->kind == KIND_RECALL)
        return !flow_recall_waits(step, urge);
    if (turn_handoff(step->turn, urge->parent, &other) && other.kind == KIND_RECALL)
        return !flow_recall_waits(step, &other);

    for (int i = 0; i < ANSWER_WALK_MAX && (id = turn_dossier_handoff_next(step->turn, urge->dossier, id)) != 0; i++) {
        must(turn_handoff(step->turn, id, &other));
        if (answers(step, urge, &other))
            return true;
    }
    return false;
}

void urge_due(struct step *step, int64_t due_ms, struct handoff *urge)
{
    static const char unanswered[] = "đôn đốc chưa được trả lời trong thời hạn / it was not answered in time";
    static const char recall_unanswered[] =
        "thu hồi (RECALL) chưa được trả lời trong thời hạn, các bước sau đang chờ / "
        "the RECALL was not answered in time, and later steps wait for it";
    struct change change = { .cause = CAUSE_UNANSWERED };
    struct handoff forward;

    turn_timer_delete(step->turn, due_ms, TIMER_URGE, urge->id);
    if (step->core->time_in_doubt) {
        turn_timer_put(step->turn, step->now_ms + PUT_OFF_MS, TIMER_URGE, urge->id);
        return;
    }
    if (is_answered(step, urge))
        return;
    if (!(urge->flags & HANDOFF_BODY_PURGED))           /* sealed words would outlive the purge */
        change.detail = span_of_string(urge->kind == KIND_RECALL ? recall_unanswered : unanswered);
    urge->flags |= HANDOFF_UNANSWERED;
    turn_unanswered_put(step->turn, urge->recipient, urge->changed_ms, urge->id);
    handoff_note(step, urge, &change);
    if (urge->kind == KIND_RECALL)
        urge_about(step, urge->id, "RECALL_UNANSWERED", "recall");
    else if (urge->parent && turn_handoff(step->turn, urge->parent, &forward) && !(forward.flags & HANDOFF_URGED)) {
        forward.flags |= HANDOFF_URGED;
        turn_handoff_put(step->turn, &forward);
    }
}

static void take_off(struct step *step, struct handoff *urge, uint32_t by)
{
    struct change change = { .cause = CAUSE_ANSWERED, .actor_agency = by };

    urge->flags &= ~(uint32_t)HANDOFF_UNANSWERED;
    turn_unanswered_delete(step->turn, urge->recipient, urge->changed_ms, urge->id);
    handoff_note(step, urge, &change);
}

void urge_recall_answered(struct step *step, uint64_t recall)
{
    struct handoff other;
    uint64_t id = recall;

    if (!turn_handoff(step->turn, recall, &other) || !(other.flags & HANDOFF_UNANSWERED))
        return;
    other.flags &= ~(uint32_t)HANDOFF_URGED;
    take_off(step, &other, other.recipient);
    for (int i = 0; i < ANSWER_WALK_MAX && (id = turn_dossier_handoff_next(step->turn, other.dossier, id)) != 0; i++) {
        struct handoff urge;
        must(turn_handoff(step->turn, id, &urge));
        if (urge.parent == recall && urge.flags & HANDOFF_UNANSWERED)
            take_off(step, &urge, urge.recipient);
    }
}

void urge_answered(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    struct handoff other, parent;
    uint64_t id = intake->parent.flags & HANDOFF_UNANSWERED ? intake->parent.id - 1 : intake->parent.id;
    bool all = true;

    if (!(intake->parent.flags & (HANDOFF_URGED | HANDOFF_UNANSWERED)))
        return;
    for (int i = 0; i < ANSWER_WALK_MAX && (id = turn_dossier_handoff_next(step->turn, handoff->dossier, id)) != 0;
         i++) {
        must(turn_handoff(step->turn, id, &other));
        if (!(other.flags & HANDOFF_UNANSWERED))
            continue;
        if (answers(step, &other, handoff) && !flow_recall_waits(step, &other))
            take_off(step, &other, handoff->sender);
        else
            all = all && other.parent != intake->parent.id;
    }
    if (!all || !(intake->parent.flags & HANDOFF_URGED))
        return;
    must(turn_handoff(step->turn, intake->parent.id, &parent));
    parent.flags &= ~(uint32_t)HANDOFF_URGED;
    turn_handoff_put(step->turn, &parent);
}
