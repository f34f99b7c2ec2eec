#include "gateway/cli/step_title.h"

#include <string.h>

const char *step_title_in_flow(const Lienthong__V1__FlowView *flow, const char *step)
{
    for (size_t i = 0; flow && i < flow->n_steps; i++)
        if (flow->steps[i]->title[0] && strcmp(flow->steps[i]->name, step) == 0)
            return flow->steps[i]->title;
    return step;
}

const char *step_title(const Lienthong__V1__DossierView *dossier, const char *step)
{
    for (size_t i = 0; dossier && i < dossier->n_branches; i++)
        if (dossier->branches[i]->step_title[0] && strcmp(dossier->branches[i]->step, step) == 0)
            return dossier->branches[i]->step_title;
    return step_title_in_flow(dossier ? dossier->flow : NULL, step);
}
