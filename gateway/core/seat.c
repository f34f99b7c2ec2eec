#include "gateway/core/seat.h"

#include <string.h>

#include "gateway/core/header_text.h"
#include "gateway/core/dossier.h"
#include "gateway/core/lane.h"

enum { SEAT_WALK_MAX = 4 * PAGE_MAX, HISTORY_WALK_MAX = 256, BEFORE_MAX = 64 };

const struct agency *seat_of_number(struct step *step, uint32_t number)
{
    const struct agency *own = step->command->agency;
    char code[AGENCY_CODE_SIZE];

    if (!turn_agency_code(step->turn, number, code))
        return NULL;
    /* Mostly it is the one that speaks, and needs no search. */
    return own && strcmp(own->code, code) == 0 ? own : tables_agency(step->core->tables, code);
}

/* The area that the header states, else the sender's. */
static void area_of(struct step *step, const struct handoff *about, char ret_area[AREA_CODE_SIZE])
{
    struct arena *scratch = &step->core->scratch;
    struct span header, payload;
    size_t used = scratch->used;

    ret_area[0] = 0;
    if (!(about->flags & HANDOFF_BODY_PURGED)
        && turn_body(step->turn, about->id, scratch, &header, &payload) == RESULT_OK)
        header_area(header, ret_area);
    scratch->used = used;
    const struct agency *sender = ret_area[0] ? NULL : seat_of_number(step, about->sender);
    if (sender)
        memcpy(ret_area, sender->area, AREA_CODE_SIZE);
}

static struct matter matter_of(struct step *step, const struct handoff *about, char area[AREA_CODE_SIZE])
{
    area_of(step, about, area);
    return (struct matter){ .procedure = about->procedure_code, .area = area, .kind = about->kind };
}

bool seat_is(struct step *step, const struct agency *agency, uint32_t number, const struct handoff *about)
{
    char area[AREA_CODE_SIZE];

    if (turn_agency_number(step->turn, agency->code) == number)
        return true;
    const struct agency *other = step->core->tables->successions ? seat_of_number(step, number) : NULL;
    /* Most agencies have nobody before or behind them. */
    if (!other || !(agency->succeeds || other->succeeds))
        return false;
    struct matter matter = matter_of(step, about, area);
    return tables_same_seat(step->core->tables, agency, other, &matter, step->now_ms);
}

bool seat_same(struct step *step, uint32_t a, uint32_t b, const struct handoff *about)
{
    const struct agency *agency = a != b && step->core->tables->successions ? seat_of_number(step, a) : NULL;

    return a == b || (agency && seat_is(step, agency, b, about));
}

const struct agency *seat_taken_by(struct step *step, uint32_t number, const struct handoff *about)
{
    const struct agency *agency = step->core->tables->successions ? seat_of_number(step, number) : NULL;
    char area[AREA_CODE_SIZE];

    if (!agency || !agency->successor_count)
        return NULL;
    struct matter matter = matter_of(step, about, area);
    const struct agency *holder = tables_successor(step->core->tables, agency, &matter, step->now_ms);
    return holder == agency ? NULL : holder;
}

bool seat_move(struct step *step, struct handoff *handoff, enum state state, uint32_t *ret_before)
{
    const struct agency *holder = seat_taken_by(step, handoff->recipient, handoff);

    if (!holder)
        return false;
    *ret_before = handoff->recipient;
    handoff->recipient = turn_agency_number_make(step->turn, holder->code);
    if (state) {
        turn_count_add(step->turn, *ret_before, state, -1);
        turn_count_add(step->turn, handoff->recipient, state, 1);
    }
    handoff->charged = handoff->lapses = 0;
    handoff->tried_ms = 0;
    turn_checkpoint_put(step->turn, handoff->id, (struct span){ 0 });
    if (handoff->flags & HANDOFF_PERHAPS)
        handoff->flags |= HANDOFF_KEY_UNKNOWN;
    dossier_moved_on(step, handoff, handoff);
    return true;
}

void seat_tell(struct step *step, struct handoff *handoff, uint32_t before)
{
    struct change change = { .cause = CAUSE_SUCCEEDED, .actor_agency = before, .agency = handoff->recipient };

    handoff_note(step, handoff, &change);
}

bool seat_move_ready(struct step *step, struct handoff *handoff)
{
    uint32_t before;

    if (!seat_taken_by(step, handoff->recipient, handoff))
        return false;
    lane_unready(step, handoff);
    must(seat_move(step, handoff, STATE_READY, &before));
    lane_refresh(step, handoff->dossier, handoff->addressed, handoff);
    seat_tell(step, handoff, before);
    return true;
}

/* ---- what was sent under another code */

static bool names(const struct agency *agency, const struct agency *successor)
{
    for (uint32_t i = 0; i < agency->successor_count; i++)
        if (strcmp(agency->successors[i].code, successor->code) == 0)
            return true;
    return false;
}

/* Those before it, and before them, as the directory lists them; some matter at least. */
static uint32_t line_before(struct step *step, const struct agency *agency, const struct agency *ret_line[BEFORE_MAX])
{
    const struct tables *tables = step->core->tables;
    uint32_t count = 0;

    for (uint32_t at = 0; agency; agency = at < count ? ret_line[at++] : NULL)
        for (uint32_t i = 0; agency->succeeds && i < tables->agency_count && count < BEFORE_MAX; i++) {
            const struct agency *other = &tables->agencies[i];
            bool known = !names(other, agency);
            for (uint32_t k = 0; k < count; k++)
                known |= ret_line[k] == other;
            if (!known)
                ret_line[count++] = other;
        }
    return count;
}

uint64_t seat_message(struct step *step, uint32_t sender, const struct uuid *message_id)
{
    const struct agency *agency, *before[BEFORE_MAX];
    struct handoff handoff;
    uint64_t id;

    if (turn_dedupe(step->turn, sender, message_id, &id))
        return id;
    agency = step->core->tables->successions ? seat_of_number(step, sender) : NULL;
    for (uint32_t i = 0, count = agency ? line_before(step, agency, before) : 0; i < count; i++) {
        uint32_t number = turn_agency_number(step->turn, before[i]->code);
        if (number && turn_dedupe(step->turn, number, message_id, &id) && turn_handoff(step->turn, id, &handoff) &&
            seat_is(step, agency, number, &handoff))
            return id;
    }
    return 0;
}

/* In the lane of another code nothing but its history says whom it was written to. */
static bool was_with(struct step *step, const struct handoff *handoff, uint32_t agency)
{
    uint64_t seq = handoff->flags & HANDOFF_JOINED ? handoff->last_event : 0;
    struct event event;

    for (int i = 0; i < HISTORY_WALK_MAX && seq && turn_event(step->turn, seq, &event); i++, seq = event.previous)
        if (event.cause == CAUSE_SUCCEEDED && event.actor_agency == agency)
            return true;
    return false;
}

/* It waits for the seat that `recipient` holds now; or for `recipient` all the same, because the seat was once his: a
 * directory may give an agency its place back, and what has moved does not move again. */
static bool waits_for(struct step *step, const struct handoff *handoff, const struct agency *recipient)
{
    const struct agency *holder;

    if (state_is_final(handoff->state))
        return false;
    if (handoff->recipient == turn_agency_number(step->turn, recipient->code))
        return true;
    holder = seat_taken_by(step, handoff->addressed, handoff);
    return (holder ? holder == recipient : seat_of_number(step, handoff->addressed) == recipient) ||
           was_with(step, handoff, turn_agency_number(step->turn, recipient->code));
}

uint32_t seat_lane(struct step *step, uint64_t dossier, const struct agency *addressed, const struct agency *recipient)
{
    uint32_t own, found = 0, joined = 0;
    uint64_t id = 0;
    struct handoff other;

    if (!step->core->tables->successions || !dossier || !recipient->succeeds)
        return 0;
    own = turn_agency_number(step->turn, addressed->code);
    for (int i = 0; i < SEAT_WALK_MAX && (id = turn_dossier_handoff_next(step->turn, dossier, id)) != 0; i++) {
        must(turn_handoff(step->turn, id, &other));
        bool is_joined = other.flags & HANDOFF_JOINED;
        if ((!is_joined && other.addressed == own) || !waits_for(step, &other, recipient))
            continue;
        *(is_joined ? &joined : &found) = other.addressed;
    }
    /* Several lanes of one seat may stand from before, and nothing can be behind all of them. */
    bool present = addressed == recipient, stands = own && lane_head(step, dossier, own, &other);
    if (joined && (present || !stands))
        return joined;
    return present && !stands ? found : 0;
}
