/* gate.c - who waits for whom, and what comes out of it.
 *
 * A gate row (sender, message id, dependant) stands exactly as long as the dependant's antecedent row of that message
 * id is not done. Both are keyed by the message id of whoever the dependant waits for now, and the gate by his sender;
 * by the dependant's own as long as nobody knows whom it waits for. When a child takes over, they are rewritten. A
 * dependant that failed keeps its gates, so that what comes later is still noted. */
#include "gateway/core/gate.h"

#include <string.h>

#include "gateway/core/dossier.h"
#include "gateway/core/header_text.h"
#include "gateway/core/lane.h"
#include "gateway/core/seat.h"

enum {
    CHILDREN_WALK_MAX = 64,         /* corrections of corrections */
    DOSSIER_WALK_MAX = 4 * PAGE_MAX,
};

/* ---- the key of a gate */

/* Whose message id this is: its sender's. `other`: whose else; the dependant's sender, or where it is only just coming
 * into being its own. */
static uint32_t named_by(struct step *step, uint64_t antecedent, uint32_t other)
{
    struct handoff handoff;
    return antecedent && turn_handoff(step->turn, antecedent, &handoff) ? handoff.sender : other;
}

static void shut(struct step *step, uint64_t dependant, uint32_t other, const struct uuid *message_id,
                 const struct antecedent *row)
{
    turn_gate_put(step->turn, named_by(step, row->handoff, other), message_id, dependant);
}

static void unlock(struct step *step, uint64_t dependant, uint32_t other, const struct uuid *message_id,
                   const struct antecedent *row)
{
    uint32_t sender = named_by(step, row->handoff, other);

    if (turn_gate_next(step->turn, sender, message_id, dependant - 1) != dependant)
        sender = other;                                 /* a store of before: under the dependant's code always */
    turn_gate_delete(step->turn, sender, message_id, dependant);
}

/* ---- what stands in the way */

bool gate_has_room(struct step *step, uint32_t sender, const struct uuid *antecedent)
{
    uint64_t dependant = 0;

    sender = named_by(step, seat_message(step, sender, antecedent), sender);
    for (int i = 0; i < GATE_WALK_MAX; i++)
        if ((dependant = turn_gate_next(step->turn, sender, antecedent, dependant)) == 0)
            return true;
    return false;
}

/* Handoffs still to be looked at, and those that were. */
struct walk {
    uint64_t ids[GATE_WALK_MAX];
    uint32_t count;
    bool     full;
};

static void walk_add(struct walk *walk, uint64_t id)
{
    if (!id)
        return;
    for (uint32_t i = 0; i < walk->count; i++)
        if (walk->ids[i] == id)
            return;
    if (walk->count == GATE_WALK_MAX)
        walk->full = true;
    else
        walk->ids[walk->count++] = id;
}

bool gate_is_circle(struct step *step, uint32_t sender, const struct submit *submit, const struct uuid *stands_for)
{
    struct walk walk = { .count = 0 };
    const struct uuid *own = &submit->message_id;

    for (uint32_t i = 0; i < submit->after_count; i++) {
        const struct uuid *named = &submit->after[i].message_id;
        if (uuid_equal(named, own) || (stands_for && uuid_equal(named, stands_for)))
            return true;
        walk_add(&walk, seat_message(step, sender, named));
    }
    for (uint32_t next = 0; next < walk.count && !walk.full; next++) {
        struct antecedent antecedent;
        struct uuid at;
        for (const struct uuid *after = NULL;
             turn_antecedent_next(step->turn, walk.ids[next], after, &at, &antecedent); after = &at) {
            if (antecedent.done_by)
                continue;
            if (uuid_equal(&at, own) || (stands_for && uuid_equal(&at, stands_for)))
                return true;
            walk_add(&walk, antecedent.handoff);
        }
    }
    return walk.full;
}

/* ---- what is known of an antecedent when its dependant comes */

enum standing { STANDING_OPEN, STANDING_DONE, STANDING_ENDED };

/* The RESULT that answered it, the last one where it was taken back and given again. 0: not found among the next
 * DOSSIER_WALK_MAX of its dossier. */
static uint64_t find_result(struct step *step, const struct handoff *antecedent)
{
    uint64_t id = antecedent->id, found = 0;
    struct handoff result;

    for (int i = 0; i < DOSSIER_WALK_MAX; i++) {
        id = turn_dossier_handoff_next(step->turn, antecedent->dossier, id);
        if (!id || !turn_handoff(step->turn, id, &result))
            break;
        if (result.kind == KIND_RESULT && result.parent == antecedent->id &&
            seat_same(step, result.sender, antecedent->recipient, antecedent))
            found = id;
    }
    return found;
}

static enum standing standing_of(struct step *step, const struct handoff *antecedent, enum until until,
                                 uint64_t *ret_done_by)
{
    if (until == UNTIL_DELIVERED && antecedent->state == STATE_DELIVERED) {
        *ret_done_by = antecedent->id;
        return STANDING_DONE;
    }
    if (until == UNTIL_RESULT && antecedent->answer == ANSWER_RESULT) {
        uint64_t result = find_result(step, antecedent);
        *ret_done_by = result ? result : antecedent->id;
        return STANDING_DONE;
    }
    if (antecedent->state == STATE_CLOSED || (until == UNTIL_RESULT && antecedent->answer == ANSWER_REFUSED))
        return STANDING_ENDED;
    return antecedent->flags & HANDOFF_STEP && gate_has_failed(antecedent) ? STANDING_ENDED : STANDING_OPEN;
}

/* Who stands in for it now. */
static void follow_children(struct step *step, struct handoff *handoff)
{
    struct handoff child;
    for (int i = 0; i < CHILDREN_WALK_MAX && handoff->state == STATE_CLOSED && handoff->child; i++) {
        must(turn_handoff(step->turn, handoff->child, &child));
        *handoff = child;
    }
}

/* Adds an antecedent; one named twice (a child that stands in for two) keeps the stricter of both. */
static void wait_for(struct step *step, uint64_t dependant, uint32_t sender, const struct uuid *message_id,
                     const struct antecedent *antecedent, uint32_t *left)
{
    struct antecedent before;

    if (turn_antecedent(step->turn, dependant, message_id, &before)) {
        if (before.until <= antecedent->until)
            return;
        if (!before.done_by) {
            unlock(step, dependant, sender, message_id, &before);
            (*left)--;
        }
    }
    turn_antecedent_put(step->turn, dependant, message_id, antecedent);
    if (!antecedent->done_by) {
        shut(step, dependant, sender, message_id, antecedent);
        (*left)++;
    }
}

uint32_t gate_store(struct step *step, const struct handoff *handoff, const struct submit *submit,
                    uint64_t *ret_ended)
{
    uint32_t left = 0;

    *ret_ended = 0;
    for (uint32_t i = 0; i < submit->after_count; i++) {
        struct antecedent antecedent = { .until = submit->after[i].until ? submit->after[i].until : UNTIL_RESULT };
        struct uuid message_id = submit->after[i].message_id;
        struct handoff known;
        uint64_t id = seat_message(step, handoff->sender, &message_id);

        if (id) {
            must(turn_handoff(step->turn, id, &known));
            follow_children(step, &known);
            message_id = known.message_id;
            antecedent.handoff = known.id;
            if (standing_of(step, &known, antecedent.until, &antecedent.done_by) == STANDING_ENDED)
                *ret_ended = known.id;
        }
        wait_for(step, handoff->id, handoff->sender, &message_id, &antecedent, &left);
    }
    return left;
}

/* ---- what happens to dependants */

/* A step goes out with the date that holds now: pauses and statements may have moved it while the step waited. */
static void due_as_it_is(struct step *step, struct handoff *dependant)
{
    struct dossier dossier;

    if (dependant->flags & HANDOFF_STEP && turn_dossier(step->turn, dependant->dossier, &dossier) && dossier.due_ms)
        dependant->due_ms = dossier.due_ms;
}

/* After gates_left was counted down. Writes the record. */
static void settle(struct step *step, struct handoff *dependant)
{
    struct change change = { .cause = CAUSE_GATE_OPENED };

    if (dependant->gates_left || dependant->state != STATE_HELD) {
        turn_handoff_put(step->turn, dependant);
        return;
    }
    if (!(dependant->flags & HANDOFF_ON_HOLD)) {
        due_as_it_is(step, dependant);
        handoff_move(step, dependant, STATE_READY, &change);
        return;
    }
    /* Only a person holds it now: it waits for nothing and has its place like any other. */
    if (dependant->timer_ms)
        turn_timer_delete(step->turn, dependant->timer_ms, TIMER_ANTECEDENT, dependant->id);
    dependant->timer_ms = 0;
    if (!(dependant->flags & HANDOFF_IN_LANE))
        lane_enter(step, dependant, 0);
    lane_refresh(step, dependant->dossier, dependant->addressed, dependant);
    handoff_note(step, dependant, &change);
}

static bool is_recall(struct step *step, uint64_t antecedent)
{
    struct handoff handoff;
    return antecedent && turn_handoff(step->turn, antecedent, &handoff) && handoff.kind == KIND_RECALL;
}

/* Its holder was told by this RECALL: what he has given before counts when he has answered. */
static bool is_recall_of(struct step *step, uint64_t recall, uint64_t antecedent)
{
    struct handoff handoff;

    for (int i = 0; i < CHILDREN_WALK_MAX && recall && turn_handoff(step->turn, recall, &handoff) &&
                    handoff.kind == KIND_RECALL; i++)
        recall = handoff.parent;
    return recall && recall == antecedent;
}

/* One is enough; a RECALL that its agency must answer first stays. Does not write the record. */
static void forget_others(struct step *step, struct handoff *dependant, uint64_t antecedent)
{
    struct antecedent row;
    struct uuid at;

    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, dependant->id, after, &at, &row);
         after = &at) {
        if (row.done_by || is_recall_of(step, row.handoff, antecedent))
            continue;
        unlock(step, dependant->id, dependant->sender, &at, &row);
        turn_antecedent_delete(step->turn, dependant->id, &at);
        dependant->gates_left--;
    }
}

static void open_gate(struct step *step, const struct uuid *message_id, uint64_t antecedent, uint64_t id,
                      uint64_t done_by)
{
    struct antecedent row;
    struct handoff dependant;

    must(turn_antecedent(step->turn, id, message_id, &row) && turn_handoff(step->turn, id, &dependant));
    unlock(step, id, dependant.sender, message_id, &row);
    row.done_by = done_by;
    row.handoff = antecedent;
    turn_antecedent_put(step->turn, id, message_id, &row);
    must(dependant.gates_left > 0);
    dependant.gates_left--;
    if (dependant.flags & HANDOFF_JOIN_ANY && !is_recall(step, antecedent))
        forget_others(step, &dependant, antecedent);
    settle(step, &dependant);
}

static void open_gates(struct step *step, const struct handoff *antecedent, enum until until, uint64_t done_by)
{
    uint64_t id = 0;
    struct antecedent row;

    while ((id = turn_gate_next(step->turn, antecedent->sender, &antecedent->message_id, id)) != 0) {
        must(turn_antecedent(step->turn, id, &antecedent->message_id, &row));
        if (row.until == until)
            open_gate(step, &antecedent->message_id, antecedent->id, id, done_by);
    }
}

/* Under the code of an agency that has ended, after its successor has named it. */
static void known_too_late(struct step *step, const struct handoff *antecedent)
{
    const struct agency *taken = seat_taken_by(step, antecedent->sender, antecedent);
    uint32_t sender = taken ? turn_agency_number(step->turn, taken->code) : 0;
    struct antecedent row;
    uint64_t id = 0;

    while (sender && (id = turn_gate_next(step->turn, sender, &antecedent->message_id, id)) != 0) {
        must(turn_antecedent(step->turn, id, &antecedent->message_id, &row));
        if (row.handoff)
            continue;                                   /* one of its own */
        unlock(step, id, sender, &antecedent->message_id, &row);
        row.handoff = antecedent->id;
        turn_antecedent_put(step->turn, id, &antecedent->message_id, &row);
        shut(step, id, sender, &antecedent->message_id, &row);
    }
}

void gate_antecedent_known(struct step *step, const struct handoff *antecedent)
{
    uint64_t id = 0;
    struct antecedent row;

    known_too_late(step, antecedent);

    while ((id = turn_gate_next(step->turn, antecedent->sender, &antecedent->message_id, id)) != 0) {
        must(turn_antecedent(step->turn, id, &antecedent->message_id, &row));
        row.handoff = antecedent->id;
        turn_antecedent_put(step->turn, id, &antecedent->message_id, &row);
    }
}

void gate_antecedent_delivered(struct step *step, const struct handoff *antecedent)
{
    open_gates(step, antecedent, UNTIL_DELIVERED, antecedent->id);
}

void gate_antecedent_result(struct step *step, const struct handoff *antecedent, const struct handoff *result)
{
    open_gates(step, antecedent, UNTIL_RESULT, result->id);
}

bool gate_has_failed(const struct handoff *handoff)
{
    static const char *const words[] = { PREDECESSOR_ENDED, PREDECESSOR_ABSENT, WRONG_PROCEDURE };
    bool found = false;

    for (size_t i = 0; i < sizeof words / sizeof *words && handoff->state == STATE_FAILED &&
                       handoff->fail_class == FAIL_PREDECESSOR; i++)
        found |= handoff->fingerprint == fail_fingerprint(words[i]);
    return found;
}

void gate_fail(struct step *step, struct handoff *dependant, const struct change *change)
{
    struct change with_dossier = *change;
    struct telling telling = { .any = false };

    if (dependant->flags & HANDOFF_STEP)
        dossier_broken_off(step, dependant, &telling);
    if (telling.any)
        with_dossier.of_dossier = &telling.said;
    handoff_move(step, dependant, STATE_FAILED, &with_dossier);
    if (telling.any)
        dossier_told(step, &telling, NULL, dependant->last_event);
}

/* None of those that it waits for can be done any more. A RECALL that was answered is none of them. */
static bool all_have_ended(struct step *step, const struct handoff *dependant)
{
    struct antecedent row;
    struct handoff other;
    uint64_t done_by;
    struct uuid at;

    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, dependant->id, after, &at, &row);
         after = &at) {
        if (row.done_by && is_recall(step, row.handoff))
            continue;
        if (!row.handoff || !turn_handoff(step->turn, row.handoff, &other) ||
            standing_of(step, &other, row.until, &done_by) != STANDING_ENDED)
            return false;
    }
    return true;
}

void gate_antecedent_ended(struct step *step, const struct handoff *antecedent, struct span why)
{
    struct change change = { .cause = CAUSE_PREDECESSOR_ENDED, .fail_class = FAIL_PREDECESSOR,
                             .fingerprint = PREDECESSOR_ENDED, .detail = why };
    uint64_t id = 0;
    struct antecedent row;
    struct handoff dependant;

    if (antecedent->kind == KIND_RECALL && antecedent->state != STATE_CLOSED) {
        gate_named_done(step, antecedent->sender, &antecedent->message_id, antecedent, false);
        return;                                         /* a no is an answer to it: what was done stands */
    }
    while ((id = turn_gate_next(step->turn, antecedent->sender, &antecedent->message_id, id)) != 0) {
        must(turn_antecedent(step->turn, id, &antecedent->message_id, &row));
        if (row.until == UNTIL_DELIVERED && antecedent->state != STATE_CLOSED)
            continue;
        must(turn_handoff(step->turn, id, &dependant));
        bool nothing_left = antecedent->kind == KIND_RECALL || !(dependant.flags & HANDOFF_JOIN_ANY) ||
                            all_have_ended(step, &dependant);
        if (dependant.state != STATE_HELD || !nothing_left)
            continue;
        gate_fail(step, &dependant, &change);
        if (dependant.flags & HANDOFF_STEP)
            gate_antecedent_ended(step, &dependant, why);
    }
}

void gate_named_done(struct step *step, uint32_t sender, const struct uuid *name, const struct handoff *by,
                     bool with_input)
{
    uint64_t id = 0;

    while ((id = turn_gate_next(step->turn, sender, name, id)) != 0)
        open_gate(step, name, with_input ? 0 : by->id, id, by->id);
}

void gate_add(struct step *step, struct handoff *handoff, const struct handoff *antecedent)
{
    struct antecedent row = { .until = UNTIL_RESULT, .handoff = antecedent->id }, before;

    if (turn_antecedent(step->turn, handoff->id, &antecedent->message_id, &before) && !before.done_by)
        return;
    turn_antecedent_put(step->turn, handoff->id, &antecedent->message_id, &row);
    shut(step, handoff->id, handoff->sender, &antecedent->message_id, &row);
    handoff->gates_left++;
}

void gate_copy(struct step *step, const struct handoff *from, struct handoff *to)
{
    struct antecedent row;
    struct uuid at;

    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, from->id, after, &at, &row); after = &at) {
        if (!row.done_by && from->state != STATE_HELD)
            continue;
        wait_for(step, to->id, to->sender, &at, &row, &to->gates_left);
    }
}

void gate_put_input(struct step *step, const struct handoff *handoff, const struct handoff *antecedent,
                    uint64_t result)
{
    struct antecedent row = { .until = UNTIL_RESULT, .handoff = antecedent->id, .done_by = result };

    turn_antecedent_put(step->turn, handoff->id, &antecedent->message_id, &row);
}

void gate_hand_over(struct step *step, const struct handoff *from, const struct handoff *to)
{
    bool same_name = from->sender == to->sender && uuid_equal(&from->message_id, &to->message_id);
    uint64_t id = 0;
    struct antecedent row;
    struct handoff dependant;

    while ((id = turn_gate_next(step->turn, from->sender, &from->message_id, id)) != 0) {
        must(turn_antecedent(step->turn, id, &from->message_id, &row));
        row.handoff = to->id;
        if (same_name) {
            turn_antecedent_put(step->turn, id, &from->message_id, &row);
            continue;
        }
        must(turn_handoff(step->turn, id, &dependant) && dependant.gates_left > 0);
        turn_antecedent_delete(step->turn, id, &from->message_id);
        turn_gate_delete(step->turn, from->sender, &from->message_id, id);
        dependant.gates_left--;
        wait_for(step, id, to->sender, &to->message_id, &row, &dependant.gates_left);
        settle(step, &dependant);
    }
}

void gate_forget(struct step *step, struct handoff *handoff)
{
    bool all = state_is_final(handoff->state);
    struct uuid at;
    struct antecedent row;

    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, handoff->id, after, &at, &row);
         after = &at) {
        if (!row.done_by)
            unlock(step, handoff->id, handoff->sender, &at, &row);
        if (!row.done_by || all)
            turn_antecedent_delete(step->turn, handoff->id, &at);
    }
    handoff->gates_left = 0;
}

/* ---- what goes along with it */

static enum result add_input(struct step *step, const struct antecedent *row, const struct handoff *result,
                             struct input *input)
{
    struct arena *scratch = &step->core->scratch;
    struct handoff antecedent;
    struct span header, payload;
    size_t used = scratch->used;

    enum result read = turn_body(step->turn, result->id, scratch, &header, &payload);
    if (read != RESULT_OK)
        return read;
    *input = (struct input){ .handoff = result->id };
    header_content_type(header, input->content_type);
    memcpy(input->step, result->step, sizeof input->step);      /* the citizen's: nobody else has done it */
    if (row->handoff && turn_handoff(step->turn, row->handoff, &antecedent))
        memcpy(input->step, antecedent.step, sizeof input->step);
    bool copied = arena_copy(&step->effects->arena, payload, &input->payload);
    scratch->used = used;
    return copied ? RESULT_OK : RESULT_FULL;
}

enum result gate_inputs(struct step *step, const struct handoff *handoff, const struct input **ret_inputs,
                        uint32_t *ret_count)
{
    struct input *inputs = NULL;
    uint32_t count = 0;
    struct uuid at;
    struct antecedent row;
    struct handoff result;

    for (const struct uuid *after = NULL; turn_antecedent_next(step->turn, handoff->id, after, &at, &row);
         after = &at) {
        if (!row.done_by || row.until != UNTIL_RESULT || row.done_by == row.handoff || count == INPUTS_MAX)
            continue;
        must(turn_handoff(step->turn, row.done_by, &result));
        if (!inputs && !(inputs = arena_take(&step->effects->arena, INPUTS_MAX * sizeof *inputs)))
            return RESULT_FULL;
        enum result added = add_input(step, &row, &result, &inputs[count]);
        if (added != RESULT_OK)
            return added;
        count++;
    }
    *ret_inputs = inputs;
    *ret_count = count;
    return RESULT_OK;
}
