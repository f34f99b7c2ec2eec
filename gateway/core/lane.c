/* lane.c - members of a lane, its head's ready row, and which head comes next.
 *
 * Invariant: a READY handoff has a ready row exactly when it is the head of its lane, under the key
 * (recipient, lane_class_of(kind), ready_due_ms or INT64_MAX, id). Whoever changes a head takes the row away first
 * (lane_unready) and brings the lane in line afterwards (lane_refresh). */
#include "gateway/core/lane.h"

#include "gateway/core/seat.h"

enum { LATE_SHARE = 4 };            /* every fourth pick goes to what is late */

enum lane_class lane_class_of(enum kind kind)
{
    return kind == KIND_PROGRESS || kind == KIND_RATING ? LANE_NEWS : LANE_WORK;
}

static int64_t ready_key_due(const struct handoff *handoff)
{
    return handoff->ready_due_ms ? handoff->ready_due_ms : INT64_MAX;
}

static bool has_ready_row(struct step *step, const struct handoff *handoff)
{
    int64_t key_due_ms = ready_key_due(handoff), due_ms;
    uint64_t id;
    return handoff->state == STATE_READY &&
           turn_ready_from(step->turn, handoff->recipient, lane_class_of(handoff->kind), key_due_ms, handoff->id,
                           &due_ms, &id) &&
           due_ms == key_due_ms && id == handoff->id;
}

void lane_unready(struct step *step, struct handoff *handoff)
{
    if (step->picked == handoff->id || has_ready_row(step, handoff))
        turn_ready_delete(step->turn, handoff->recipient, lane_class_of(handoff->kind), ready_key_due(handoff),
                          handoff->id);
    step->picked = 0;
    handoff->ready_due_ms = 0;
}

bool lane_head(struct step *step, uint64_t dossier, uint32_t addressed, struct handoff *ret_handoff)
{
    uint64_t place, id;
    if (!turn_lane_next(step->turn, dossier, addressed, 0, &place, &id))
        return false;
    must(turn_handoff(step->turn, id, ret_handoff));
    return true;
}

void lane_enter(struct step *step, struct handoff *handoff, uint64_t place)
{
    struct handoff head;

    must(!(handoff->flags & HANDOFF_IN_LANE));
    /* Before others: the head may lose its rank. */
    if (place && lane_head(step, handoff->dossier, handoff->addressed, &head) && head.lane_place > place &&
        has_ready_row(step, &head)) {
        lane_unready(step, &head);
        turn_handoff_put(step->turn, &head);
    }
    handoff->lane_place = place ? place : (step->last_place = turn_new_place(step->turn));
    handoff->flags |= HANDOFF_IN_LANE;
    turn_lane_put(step->turn, handoff->dossier, handoff->addressed, handoff->lane_place, handoff->id);
}

void lane_leave(struct step *step, struct handoff *handoff)
{
    if (!(handoff->flags & HANDOFF_IN_LANE))
        return;
    turn_lane_delete(step->turn, handoff->dossier, handoff->addressed, handoff->lane_place);
    handoff->flags &= ~(uint32_t)HANDOFF_IN_LANE;
    handoff->lane_place = 0;
}

/* The earliest due date of the head and those behind it; 0: none has one. */
static int64_t inherited_due_ms(struct step *step, const struct handoff *head, const struct handoff *member)
{
    int64_t due_ms = head->due_ms;
    uint64_t place = head->lane_place, id;
    struct handoff behind;

    if (place == step->last_place)
        return due_ms;
    for (int i = 1; i < LANE_WALK_MAX &&
                    turn_lane_next(step->turn, head->dossier, head->addressed, place, &place, &id); i++) {
        if (id == member->id)
            behind = *member;
        else
            must(turn_handoff(step->turn, id, &behind));
        if (behind.due_ms && (!due_ms || behind.due_ms < due_ms))
            due_ms = behind.due_ms;
    }
    return due_ms;
}

/* A reminder that has not gone out is nobody's work: whatever else is in its lane goes first. */
static bool gives_way(const struct handoff *handoff)
{
    return handoff->flags & HANDOFF_REMINDER && handoff->state == STATE_READY && !handoff->attempt;
}

static void move_behind(struct step *step, struct handoff *handoff)
{
    lane_unready(step, handoff);
    turn_lane_delete(step->turn, handoff->dossier, handoff->addressed, handoff->lane_place);
    handoff->lane_place = step->last_place = turn_new_place(step->turn);
    turn_lane_put(step->turn, handoff->dossier, handoff->addressed, handoff->lane_place, handoff->id);
    turn_handoff_put(step->turn, handoff);
}

/* The head, into *loaded unless it is `member`. NULL: the lane is empty. */
static struct handoff *find_head(struct step *step, uint64_t dossier, uint32_t addressed, struct handoff *member,
                                 struct handoff *loaded)
{
    uint64_t place, id, moved_to = 0, behind;

    if (member->id == step->first_of_dossier && member->flags & HANDOFF_IN_LANE)
        return member;
    while (turn_lane_next(step->turn, dossier, addressed, 0, &place, &id)) {
        if (id == member->id)
            return member;
        must(turn_handoff(step->turn, id, loaded));
        if (!gives_way(loaded) || gives_way(member) || (moved_to && place >= moved_to) ||
            !turn_lane_next(step->turn, dossier, addressed, place, &behind, &id))
            return loaded;
        move_behind(step, loaded);
        moved_to = moved_to ? moved_to : loaded->lane_place;
    }
    return NULL;
}

void lane_refresh(struct step *step, uint64_t dossier, uint32_t addressed, struct handoff *member)
{
    struct handoff loaded, *head = find_head(step, dossier, addressed, member, &loaded);
    uint32_t before;

    if (!head || head->state != STATE_READY)
        return;
    bool moves = head != member && seat_taken_by(step, head->recipient, head);
    if (moves) {
        lane_unready(step, head);
        must(seat_move(step, head, STATE_READY, &before));
    }
    int64_t due_ms = inherited_due_ms(step, head, member);
    /* A member that has just become READY has no row yet: in the state before it had none, or leaving took it away. */
    bool stands = head != member && has_ready_row(step, head);
    if (stands && head->ready_due_ms == due_ms)
        return;
    if (stands)
        lane_unready(step, head);
    head->ready_due_ms = due_ms;
    turn_ready_put(step->turn, head->recipient, lane_class_of(head->kind), ready_key_due(head), head->id);
    if (moves)
        seat_tell(step, head, before);
    else if (head != member)
        turn_handoff_put(step->turn, head);
    effects_wake(step->effects, EFFECT_READY, step->command, head->recipient);
}

/* The first head with one of these kinds whose due date lies in [from_ms, to_ms). */
static bool pick_due(struct step *step, uint32_t recipient, enum lane_class lane_class, uint32_t kinds,
                     int64_t from_ms, int64_t to_ms, struct handoff *ret_handoff)
{
    int64_t due_ms = from_ms;
    uint64_t id = 0;

    while (step->walked < READY_WALK_MAX &&
           turn_ready_from(step->turn, recipient, lane_class, due_ms, id, &due_ms, &id) && due_ms < to_ms) {
        struct handoff handoff;
        must(turn_handoff(step->turn, id, &handoff));
        if (kinds & KIND_BIT(handoff.kind)) {
            *ret_handoff = handoff;
            return true;
        }
        step->walked++;
        id++;
    }
    return false;
}

/* INT64_MAX stands for no due date, so it is a range of its own. */
static bool pick_undated(struct step *step, uint32_t recipient, enum lane_class lane_class, uint32_t kinds,
                         struct handoff *ret_handoff)
{
    int64_t due_ms = INT64_MAX;
    uint64_t id = 0;

    while (step->walked < READY_WALK_MAX &&
           turn_ready_from(step->turn, recipient, lane_class, INT64_MAX, id, &due_ms, &id)) {
        must(turn_handoff(step->turn, id, ret_handoff));
        if (kinds & KIND_BIT(ret_handoff->kind))
            return true;
        step->walked++;
        id++;
    }
    return false;
}

static bool pick(struct step *step, uint32_t recipient, uint32_t kinds, bool late_first, struct handoff *ret_handoff)
{
    int64_t now_ms = step->now_ms, first_ms;
    uint64_t id;

    for (enum lane_class lane_class = 0; lane_class < LANE_CLASSES; lane_class++) {
        /* One look says which of the ranges are empty: mostly nothing is there, or nothing has a due date. */
        if (!turn_ready_from(step->turn, recipient, lane_class, INT64_MIN, 0, &first_ms, &id))
            continue;
        bool late = first_ms < now_ms, dated = first_ms < INT64_MAX;
        if ((late && late_first && pick_due(step, recipient, lane_class, kinds, INT64_MIN, now_ms, ret_handoff)) ||
            (dated && pick_due(step, recipient, lane_class, kinds, now_ms, INT64_MAX, ret_handoff)) ||
            (late && pick_due(step, recipient, lane_class, kinds, INT64_MIN, now_ms, ret_handoff)) ||
            pick_undated(step, recipient, lane_class, kinds, ret_handoff))
            return true;
    }
    return false;
}

bool lane_pick(struct step *step, uint32_t recipient, uint32_t kinds, uint64_t count, struct handoff *ret_handoff)
{
    bool picked = pick(step, recipient, kinds, count % LATE_SHARE == LATE_SHARE - 1, ret_handoff);
    step->picked = picked ? ret_handoff->id : 0;
    return picked;
}
