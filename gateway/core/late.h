/* late.h - how a dossier comes out: when its work ended, by the time of the source, and what its citizen is told of its
 * being late. */
#ifndef GATEWAY_CORE_LATE_H
#define GATEWAY_CORE_LATE_H

#include "gateway/core/handoff.h"

/* Called by dossier_follow(): the record has just been written; `before` NULL: there was none. Keeps table ending. */
void late_follow(struct step *step, const struct dossier *before, const struct dossier *after);
/* The only FORWARD of a dossier got its RESULT, whose source time this is. Told after the fact that ended the work, it
 * may lie before it: the work was done then. */
void late_done_by(struct step *step, uint64_t dossier, int64_t source_ms);

#endif
