/* step_admin_open.c - what a handoff says: facts for everybody who operates the gateway, words for a paper.
 *
 * facts     what its header says of the dossier. Free of personal data by contract, so a question like any other.
 * open      the payload too. It may hold a person's data: that it was read, by whom and why becomes an event of the
 *           handoff, in the same turn as the answer is made, so nobody hears the words before that is on disk. The
 *           sender is not told: nothing became of its handoff.
 */
#include "gateway/core/admin.h"
#include "gateway/core/header_text.h"

enum {
    OPENED_WALK_MAX = 4096,             /* events looked at to count how often it was opened */
    /* What is said beside the body: the view, every component's name, an event. */
    SAID_BYTES = 8 << 10, NAMES_BYTES = PROCEDURE_COMPONENTS_MAX * (sizeof(struct component_name) +
                                        COMPONENT_CODE_SIZE + COMPONENT_NAME_SIZE + 32) + PROCEDURE_NAME_SIZE,
};

static uint32_t times_opened(struct step *step, const struct handoff *handoff)
{
    struct event event = { .previous = handoff->last_event };
    uint32_t count = 0;

    for (int i = 0; i < OPENED_WALK_MAX && turn_event(step->turn, event.previous, &event); i++)
        count += event.cause == CAUSE_OPENED;
    return count;
}

/* The version that its dossier was received under, also of an answer that names no procedure; else the one in force
 * when it happened. */
static const struct procedure *procedure_of(struct step *step, const struct handoff *handoff)
{
    const struct tables *tables = step->core->tables;
    const struct procedure *kept = NULL;
    char code[AGENCY_CODE_SIZE] = "";
    struct dossier dossier;

    if (turn_dossier(step->turn, handoff->dossier, &dossier) && dossier.procedure_version[0])
        kept = tables_procedure_version(tables, dossier.procedure_version);
    if (kept || !handoff->procedure_code[0])
        return kept;
    (void)turn_agency_code(step->turn, handoff->sender, code);
    return tables_procedure(tables, handoff->procedure_code, NULL, tables_agency(tables, code),
                            handoff->source_time_ms > 0 ? handoff->source_time_ms : handoff->accepted_ms);
}

static void say_names(struct step *step, const struct handoff *handoff, struct said_view *view)
{
    const struct procedure *procedure = procedure_of(step, handoff);
    uint32_t count = procedure ? procedure->component_count : 0;
    struct component_name *names = arena_take(&step->effects->arena, count * sizeof *names);

    must(names != NULL);
    for (uint32_t i = 0; i < count; i++)
        names[i] = (struct component_name){ effects_text(step->effects, procedure->components[i].code),
                                            effects_text(step->effects, procedure->components[i].name) };
    view->components = names;
    view->component_count = count;
    view->procedure_name = procedure ? effects_text(step->effects, procedure->name) : "";
}

/* NULL: refused. */
static struct said_view *say(struct step *step, struct admin_reply *reply, struct handoff *handoff, bool words)
{
    struct arena *arena = &step->effects->arena;
    struct span header = { 0 }, payload = { 0 };

    if (!admin_handoff(step, reply, handoff))
        return NULL;
    bool room = arena_room(arena) >= SAID_BYTES + NAMES_BYTES;
    struct said_view *view = room ? arena_take(arena, sizeof *view) : NULL;
    if (view) {
        *view = (struct said_view){ .handoff = handoff->id, .source_time_ms = handoff->source_time_ms,
                                    .opened = times_opened(step, handoff) };
        say_names(step, handoff, view);
    }
    enum result result = view ? turn_body(step->turn, handoff->id, arena, &header, &payload) : RESULT_FULL;
    if (result == RESULT_FULL) {
        admin_refuse(step, reply, PROBLEM_BUSY, "", "Cổng đang bận, xin hỏi lại sau giây lát.",
                     "The gateway is busy just now; ask again in a moment.");
        return NULL;
    }
    view->purged = result != RESULT_OK;
    view->facts = header_facts(header);
    header_content_type(header, view->content_type);
    if (words)
        view->payload = payload;
    reply->said = view;
    return view;
}

void admin_facts(struct step *step, struct admin_reply *reply)
{
    struct handoff handoff;

    (void)say(step, reply, &handoff, false);
}

void admin_open_it(struct step *step, struct admin_reply *reply)
{
    bool dry_run = step->command->admin.dry_run;
    struct handoff handoff;
    struct said_view *view = say(step, reply, &handoff, !dry_run);

    if (!view || view->purged)                          /* nobody can read what is gone */
        return;
    reply->affected = 1;
    if (dry_run)
        return;
    struct change change = admin_change(step, CAUSE_OPENED);
    change.quiet = true;
    handoff_note(step, &handoff, &change);
    view->opened++;
}
