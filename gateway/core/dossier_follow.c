/* dossier_follow.c - a dossier's record has changed: what stands beside it follows. One line for each that does. */
#include "gateway/core/dossier_inside.h"
#include "gateway/core/figures.h"
#include "gateway/core/late.h"
#include "gateway/core/supplement.h"

void dossier_follow(struct step *step, const struct dossier *before, const struct dossier *after, uint64_t event)
{
    supplement_follow(step, before, after, event);
    late_follow(step, before, after);
    figures_follow(step, before, after);                /* after all that can say how it comes out */
}
