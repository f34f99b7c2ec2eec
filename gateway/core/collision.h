/* collision.h - two dossiers claim one code. The second claim is taken in and parked (submit_accept.c); both dossiers
 * show it from then on, whatever a person decides: the code is in use twice somewhere.
 */
#ifndef GATEWAY_CORE_COLLISION_H
#define GATEWAY_CORE_COLLISION_H

#include "gateway/core/submit.h"

/* `handoff` has begun and some codes of it are claimed (intake->claimed). */
void collision_keep(struct step *step, const struct intake *intake, const struct handoff *handoff);
/* Of a dossier: at most COLLISIONS_SHOWN_MAX, oldest first; those that wait for a person before those that do not any
 * more. Lies in the arena. */
const struct collision_view *view_collisions(struct step *step, uint64_t dossier, uint32_t *ret_count);

#endif
