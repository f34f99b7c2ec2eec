#include "gateway/core/collision.h"

enum { COLLISIONS_WALK_MAX = 64 };

_Static_assert(COLLISIONS_SHOWN_MAX * (sizeof(struct collision_view) + 3 * (DOSSIER_CODE_SIZE + 16) +
                                       AGENCY_CODE_SIZE) <= VIEW_BYTES_MAX, "the collisions of a dossier");

void collision_keep(struct step *step, const struct intake *intake, const struct handoff *handoff)
{
    struct collision collision = { .handoff = handoff->id };
    bool own = false;

    for (uint32_t i = 0; i < intake->submit->alias_count; i++) {
        if (!(intake->claimed & 1u << i))
            continue;
        struct span code = span_of_string(intake->submit->aliases[i]);
        must(span_to_string(code, collision.code, sizeof collision.code));
        collision.dossier = turn_dossier_find(step->turn, code);
        turn_collision_put(step->turn, &collision);
        collision.dossier = handoff->dossier;
        if (!own)
            turn_collision_put(step->turn, &collision);
        own = true;
    }
}

static bool waits(struct step *step, const struct collision *collision, struct handoff *ret_handoff)
{
    must(turn_handoff(step->turn, collision->handoff, ret_handoff));
    return ret_handoff->state == STATE_HELD && ret_handoff->flags & HANDOFF_ON_HOLD;
}

static void view_of(struct step *step, const struct collision *collision, struct collision_view *ret_view)
{
    char owner[DOSSIER_CODE_SIZE] = "", claimer[DOSSIER_CODE_SIZE] = "";
    struct handoff handoff;
    bool parked = waits(step, collision, &handoff);

    (void)turn_dossier_code(step->turn, turn_dossier_find(step->turn, span_of_string(collision->code)), owner);
    (void)turn_dossier_code(step->turn, handoff.dossier, claimer);
    *ret_view = (struct collision_view){
        .code = effects_text(step->effects, collision->code), .owner = effects_text(step->effects, owner),
        .claimer = effects_text(step->effects, claimer), .sender = view_code(step, handoff.sender),
        .handoff = handoff.id, .at_ms = handoff.accepted_ms, .parked = parked,
    };
    must(ret_view->sender);
}

const struct collision_view *view_collisions(struct step *step, uint64_t dossier, uint32_t *ret_count)
{
    struct collision found[COLLISIONS_WALK_MAX];
    struct collision_view *views = NULL;
    struct handoff handoff;
    uint64_t at = 0;
    uint32_t all = 0, count = 0;

    for (; all < COLLISIONS_WALK_MAX && turn_collision_next(step->turn, dossier, at, &found[all]); all++)
        at = found[all].handoff;
    if (all)
        must((views = arena_take(&step->effects->arena, COLLISIONS_SHOWN_MAX * sizeof *views)) != NULL);
    /* The oldest that nobody waits for give way. */
    uint32_t too_many = all > COLLISIONS_SHOWN_MAX ? all - COLLISIONS_SHOWN_MAX : 0;
    for (uint32_t i = 0; i < all && count < COLLISIONS_SHOWN_MAX; i++) {
        if (too_many && !waits(step, &found[i], &handoff))
            too_many--;
        else
            view_of(step, &found[i], &views[count++]);
    }
    *ret_count = count;
    return views;
}
