/* step_takeover.c - TAKEOVER: what waits for an agency that has been succeeded moves to its successor.
 *
 * Comes     from the broker after a directory took force, at its start, and when the date of a successor has come.
 *           Whatever becomes READY later finds its way in handoff_move(); this is for what stood READY already.
 * Changes   the recipient of READY handoffs, each with an event that names both codes. Looks at LOOK_MAX of them.
 * Effects   READY for the successors; AGAIN, with the place to go on from.
 * Repeated  finds nothing more to move.
 */
#include "gateway/core/lane.h"
#include "gateway/core/seat.h"
#include "gateway/core/step.h"

enum { LOOK_MAX = 256 };

/* False: no more room in this step; *place says where to go on. */
static bool look_through(struct step *step, uint32_t agency, struct takeover *place, int *looked)
{
    struct handoff handoff;
    uint64_t id;

    for (; place->lane_class < LANE_CLASSES; place->lane_class++) {
        while (turn_ready_from(step->turn, agency, place->lane_class, place->due_ms, place->handoff, &place->due_ms,
                               &id)) {
            place->handoff = id;
            if ((*looked)++ == LOOK_MAX)
                return false;
            must(turn_handoff(step->turn, id, &handoff));
            (void)seat_move_ready(step, &handoff);
            place->handoff = id + 1;
        }
        place->due_ms = INT64_MIN;
        place->handoff = 0;
    }
    place->lane_class = 0;
    return true;
}

void step_takeover(struct step *step)
{
    const struct tables *tables = step->core->tables;
    struct takeover place = step->command->takeover;
    int looked = 0;

    if (!tables->successions)
        return;
    if (!place.lane_class && !place.handoff)
        place.due_ms = INT64_MIN;
    for (; place.agency < tables->agency_count; place.agency++) {
        const struct agency *agency = &tables->agencies[place.agency];
        uint32_t number = agency->successor_count ? turn_agency_number(step->turn, agency->code) : 0;
        if (number && !look_through(step, number, &place, &looked)) {
            effects_add(step->effects, EFFECT_AGAIN, step->command)->takeover = place;
            return;
        }
    }
}
