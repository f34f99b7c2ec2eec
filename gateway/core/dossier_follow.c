/* dossier_follow.c - a dossier's record has changed: what stands beside it follows. One line for each that does. */
#include "gateway/core/dossier_inside.h"
#include "gateway/core/figures.h"
#include "gateway/core/late.h"
#include "gateway/core/supplement.h"

enum { CAUGHT_UP_MAX = 4, LOOKED_AT_MAX = 64 };

void dossier_catch_up(struct step *step)
{
    if (turn_dossier_behind(step->turn))
        turn_timer_put(step->turn, step->now_ms, TIMER_CATCH_UP, 1);
}

/* As if its record had just been made. One that has a measure is kept up already. */
static bool catch_up(struct step *step, uint64_t id)
{
    struct dossier dossier;
    struct measure measure;
    struct ending ending;

    if (!turn_dossier(step->turn, id, &dossier) || turn_measure(step->turn, id, &measure))
        return false;
    if (!turn_ending(step->turn, id, &ending))
        late_follow(step, NULL, &dossier);
    figures_follow(step, NULL, &dossier);
    return true;
}

void dossier_catch_up_due(struct step *step, int64_t due_ms, uint64_t next)
{
    char code[DOSSIER_CODE_SIZE];
    int caught_up = 0;

    turn_timer_delete(step->turn, due_ms, TIMER_CATCH_UP, next);
    for (int i = 0; i < LOOKED_AT_MAX && caught_up < CAUGHT_UP_MAX; i++, next++) {
        if (!turn_dossier_code(step->turn, next, code))
            return;                                     /* their numbers have no gaps: it was the last */
        caught_up += catch_up(step, next);
    }
    turn_timer_put(step->turn, step->now_ms, TIMER_CATCH_UP, next);
}

void dossier_follow(struct step *step, const struct dossier *before, const struct dossier *after, uint64_t event)
{
    supplement_follow(step, before, after, event);
    late_follow(step, before, after);
    figures_follow(step, before, after);                /* after all that can say how it comes out */
}
