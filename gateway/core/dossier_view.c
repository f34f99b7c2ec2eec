/* dossier_view.c - what is known of a dossier, to be shown: copied out of the store. Nothing here changes anything. */
#include <string.h>

#include "gateway/core/handoff.h"

enum { EVENTS_WALK_MAX = 256 };
_Static_assert(sizeof(struct dossier_view) +
                   BRANCHES_MAX * (sizeof(struct branch_view) + STEP_NAME_SIZE + STEP_TITLE_SIZE + 4 * 64) +
                   DOSSIER_MONEY_MAX * (sizeof(struct money_view) + MONEY_CODE_SIZE + 64) +
                   DOSSIER_TOLD_MAX * (sizeof(struct told_view) + 64) +
                   ASKED_SHOWN_MAX * (sizeof(struct asked_view) + DOSSIER_CODE_SIZE + 4 * 64) + 8 * 64 +
                   DOSSIER_CODE_SIZE + FLOW_VIEW_BYTES <= DOSSIER_VIEW_BYTES,
               "the largest view of a dossier");

static const char *text_of_code(struct step *step, uint32_t number)
{
    const char *code = view_code(step, number);
    must(code != NULL);                                 /* view_dossier() looked whether there is room */
    return code;
}

static const struct branch_view *view_branches(struct step *step, const struct dossier *dossier)
{
    struct branch_view *views = arena_take(&step->effects->arena, BRANCHES_MAX * sizeof *views);
    const struct procedure *procedure = tables_procedure_version(step->core->tables, dossier->procedure_version);
    struct handoff forward;

    must(views != NULL);
    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        bool there = turn_handoff(step->turn, branch->handoff, &forward);
        views[i] = (struct branch_view){
            .branch = *branch, .sender = text_of_code(step, branch->sender),
            .holder = text_of_code(step, branch->holder),
            .by = text_of_code(step, branch->line.by), .step = there ? effects_text(step->effects, forward.step) : "",
            .title = there ? effects_text(step->effects, procedure_step_title(procedure, forward.step)) : "",
        };
    }
    return views;
}

static const struct money_view *view_money(struct step *step, const struct dossier *dossier, uint32_t *ret_count)
{
    struct money_view *views = arena_take(&step->effects->arena, DOSSIER_MONEY_MAX * sizeof *views);
    char component[MONEY_CODE_SIZE] = "";
    uint32_t count = 0;
    struct money money;

    must(views != NULL);
    for (; count < DOSSIER_MONEY_MAX && turn_money_next(step->turn, dossier->id, component, component, &money); count++)
        views[count] = (struct money_view){ money, effects_text(step->effects, component),
                                            text_of_code(step, money.by) };
    *ret_count = count;
    return views;
}

/* The list goes backwards, so the array is filled from its end. */
static const struct told_view *view_told(struct step *step, const struct dossier *dossier, uint32_t *ret_count)
{
    struct told_view *views = arena_take(&step->effects->arena, DOSSIER_TOLD_MAX * sizeof *views);
    uint64_t seq = dossier->last_event;
    struct handoff handoff;
    struct event event;
    uint32_t count = 0;

    must(views != NULL);
    for (int i = 0; i < EVENTS_WALK_MAX && count < DOSSIER_TOLD_MAX && turn_event(step->turn, seq, &event);
         i++, seq = event.of_dossier.previous) {
        if (!event.of_dossier.judged)
            continue;
        struct told_view *view = &views[DOSSIER_TOLD_MAX - ++count];
        bool there = turn_handoff(step->turn, event.handoff, &handoff);
        *view = (struct told_view){ .event = event, .by = text_of_code(step, event.actor_agency),
                                    .source_ms = there && handoff.source_time_ms > 0 ? handoff.source_time_ms
                                                                                     : event.at_ms };
    }
    *ret_count = count;
    return views + DOSSIER_TOLD_MAX - count;
}

const struct dossier_view *view_dossier(struct step *step, uint64_t id)
{
    struct dossier_view *view = NULL;
    char code[DOSSIER_CODE_SIZE];
    struct dossier dossier;

    if (arena_room(&step->effects->arena) < DOSSIER_VIEW_BYTES || !turn_dossier(step->turn, id, &dossier) ||
        !turn_dossier_code(step->turn, id, code) || !(view = arena_take(&step->effects->arena, sizeof *view)))
        return NULL;
    *view = (struct dossier_view){
        .dossier = dossier, .code = effects_text(step->effects, code), .opener = text_of_code(step, dossier.opener),
        .owner = text_of_code(step, dossier.owner), .by = text_of_code(step, dossier.line.by),
        .due_by = text_of_code(step, dossier.due_by), .claimed_due_by = text_of_code(step, dossier.claimed_due_by),
    };
    (void)turn_ending(step->turn, id, &view->ending);
    view->signed_by = text_of_code(step, view->ending.signed_by);
    view->branches = view_branches(step, &dossier);
    view->money = view_money(step, &dossier, &view->money_count);
    view->asked = view_asked(step, id, &view->asked_count);
    view->told = view_told(step, &dossier, &view->told_count);
    view->flow = view_flow(step, &dossier);
    return view;
}
