#include "gateway/core/late.h"

#include "gateway/core/figures.h"
#include "gateway/core/status.h"

static bool work_is_over(const struct dossier *dossier)
{
    return dossier && status_is_over(dossier->line.status) && !dossier->line.recalled;
}

void late_follow(struct step *step, const struct dossier *before, const struct dossier *after)
{
    bool over = work_is_over(after);
    struct ending ending = { .dossier = after->id };

    if (over == work_is_over(before))
        return;
    (void)turn_ending(step->turn, after->id, &ending);
    ending.ended = over ? after->line.status : 0;
    ending.ended_ms = over ? after->line.source_ms : 0;
    turn_ending_put(step->turn, &ending);
}

void late_done_by(struct step *step, uint64_t dossier, int64_t source_ms)
{
    struct ending ending;

    if (!turn_ending(step->turn, dossier, &ending) || source_ms >= ending.ended_ms ||
        (ending.ended != STATUS_DONE && ending.ended != STATUS_RETURNED))
        return;
    ending.ended_ms = source_ms;
    turn_ending_put(step->turn, &ending);
    figures_ending(step, dossier);
}
