/* step_track.c - TRACK: where a dossier's handoffs are, for an agency that sent or received them.
 *
 * When      a sender asks with any code of a dossier.
 * Changes   nothing.
 * Effects   FOUND with what is known of the dossier, who else claims its codes, and the asker's handoffs, oldest first,
 *           at most PAGE_MAX; else REFUSED unknown-dossier, in the same words whether the dossier is unknown or
 *           nobody's business of the asker's: the answer must not tell which.
 * Repeated  the same answer, as things stand then.
 */
#include "gateway/core/collision.h"
#include "gateway/core/seat.h"
#include "gateway/core/step.h"

void step_track(struct step *step)
{
    const char *asked = step->command->track.code;
    uint32_t asker = turn_agency_number_make(step->turn, step->command->agency->code);
    uint64_t dossier = turn_dossier_find(step->turn, span_of_string(asked)), id = 0;
    const struct dossier_view *known = dossier ? view_dossier(step, dossier) : NULL;
    uint32_t collisions = 0;
    const struct collision_view *claims = dossier ? view_collisions(step, dossier, &collisions) : NULL;
    uint32_t page = view_page(step, PAGE_MAX), count = 0;
    struct handoff_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    char code[DOSSIER_CODE_SIZE];
    struct handoff handoff;
    bool more = false;

    must(views && page);
    while (dossier && !more && (id = turn_dossier_handoff_next(step->turn, dossier, id)) != 0) {
        must(turn_handoff(step->turn, id, &handoff));
        if (!seat_same(step, asker, handoff.sender, &handoff) && !seat_same(step, asker, handoff.recipient, &handoff))
            continue;
        more = count == page;
        if (!more)
            must(view_handoff(step, &handoff, &views[count++]));
    }
    if (!count || !turn_dossier_code(step->turn, dossier, code)) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_DOSSIER, "track.code",
                       "Không có hồ sơ %s mà cơ quan đã gửi hoặc nhận.",
                       "There is no dossier %s that you have sent or received.", asked);
        return;
    }
    struct effect *effect = effects_add(step->effects, EFFECT_FOUND, step->command);
    effect->found.dossier_code = effects_text(step->effects, code);
    effect->found.handoffs = views;
    effect->found.dossier = known;
    effect->found.collisions = claims;
    effect->found.collision_count = collisions;
    effect->found.count = count;
    effect->found.more = more;
}
