/* step_admin_ask.c - the operator's questions: status, show, track, list, failed, agencies. Nothing here changes
 * anything. explain has a file of its own. */
#include <inttypes.h>

#include "gateway/core/admin.h"
#include "gateway/core/collision.h"
#include "gateway/core/due_date.h"
#include "gateway/core/unknown_code.h"

/* Where to go on; clients give it back as `after`. */
static void more(struct step *step, struct admin_reply *reply, uint64_t next_after)
{
    reply->more = true;
    admin_fact(step, reply, "next_after", "%" PRIu64, next_after);
}

/* ---- status */

struct failures {
    uint64_t groups;
    int64_t  oldest_ms;
};

static struct failures failures(struct step *step)
{
    struct failures found = { 0 };
    struct fail_key key;
    struct fail_group group;

    for (bool any = turn_fail_group_next(step->turn, NULL, &key, &group); any && found.groups < SELECT_WALK_MAX;
         any = turn_fail_group_next(step->turn, &key, &key, &group)) {
        found.groups++;
        if (!found.oldest_ms || group.first_ms < found.oldest_ms)
            found.oldest_ms = group.first_ms;
    }
    return found;
}

/* One fact per state that has any, and how many agencies are stopped. */
static void fact_counts(struct step *step, struct admin_reply *reply)
{
    static const char *const names[STATE_END] = {
        [STATE_HELD] = "handoffs_held", [STATE_READY] = "handoffs_ready", [STATE_OFFERED] = "handoffs_offered",
        [STATE_WAITING] = "handoffs_waiting", [STATE_UNSURE] = "handoffs_unsure", [STATE_FAILED] = "handoffs_failed",
        [STATE_DELIVERED] = "handoffs_delivered", [STATE_CLOSED] = "handoffs_closed",
    };
    uint64_t counts[STATE_END] = { 0 }, all = 0;
    uint32_t agency = 1, paused = 0, on_hold = 0;
    char code[AGENCY_CODE_SIZE];
    struct agency_state state;

    for (; turn_agency_code(step->turn, agency, code); agency++) {
        for (enum state s = 1; s < STATE_END; s++)
            counts[s] += turn_count(step->turn, agency, s);
        turn_agency_state(step->turn, agency, &state);
        paused += state.paused;
        on_hold += state.on_hold;
    }
    for (enum state s = 1; s < STATE_END; s++) {
        admin_fact(step, reply, names[s], "%" PRIu64, counts[s]);
        all += counts[s];
    }
    admin_fact(step, reply, "handoffs", "%" PRIu64, all);
    admin_fact(step, reply, "agencies", "%" PRIu32, agency - 1);
    admin_fact(step, reply, "agencies_paused", "%" PRIu32, paused);
    admin_fact(step, reply, "agencies_on_hold", "%" PRIu32, on_hold);
}

static void fact_restored(struct step *step, struct admin_reply *reply)
{
    struct restored restored;
    char text[CLOCK_TEXT_SIZE];

    if (!turn_restored(step->turn, &restored))
        return;
    clock_text(restored.restored_ms, text);
    admin_fact(step, reply, "restored", "%s", text);
    admin_fact(step, reply, "restored_seq", "%" PRIu64, restored.seq);
    admin_fact(step, reply, "held", "%s", restored.held ? "lienthong release gateway --reason ..." : "no");
}

void admin_status(struct step *step, struct admin_reply *reply)
{
    const struct tables *tables = step->core->tables;
    struct failures failed = failures(step);
    int64_t due_ms = core_due_ms(step->turn);
    char text[CLOCK_TEXT_SIZE];

    admin_fact(step, reply, "gateway", "%s", tables->gateway);
    clock_text(step->now_ms, text);
    admin_fact(step, reply, "gateway_time", "%s", text);
    admin_fact(step, reply, "epoch", "%" PRIu32, turn_epoch(step->turn));
    admin_fact(step, reply, "commit_seq", "%" PRIu64, turn_seq(step->turn) - 1);
    admin_fact(step, reply, "covered_seq", "%" PRIu64, turn_covered_seq(step->turn));
    admin_fact(step, reply, "directory_version", "%" PRIu32, turn_directory_version(step->turn));
    fact_counts(step, reply);
    admin_fact(step, reply, "failed_groups", "%" PRIu64, failed.groups);
    if (failed.oldest_ms) {
        clock_text(failed.oldest_ms, text);
        admin_fact(step, reply, "oldest_failed", "%s", text);
    }
    if (due_ms != INT64_MAX) {
        clock_text(due_ms, text);
        admin_fact(step, reply, "next_timer", "%s", text);
    }
    if (turn_blob_count(step->turn))
        admin_fact(step, reply, "attachments", "%" PRIu64, turn_blob_count(step->turn));
    if (step->core->intake_closed)
        admin_fact(step, reply, "intake_closed", "%s", step->core->intake_closed);
    fact_restored(step, reply);
    admin_late_facts(step, reply);
    unknown_code_facts(step, reply);
    int missing = due_calendar_missing(tables, step->now_ms);
    if (missing)
        admin_fact(step, reply, "calendar_missing", "%d", missing);
    admin_fact(step, reply, "room", "%s", turn_has_room(step->turn) ? "yes" : "no");
}

/* ---- handoffs */

void admin_show(struct step *step, struct admin_reply *reply)
{
    struct handoff_view *view = arena_take(&step->effects->arena, sizeof *view);
    struct handoff handoff;
    enum { EVENT_BYTES = sizeof(struct event_view) + REASON_BYTES_MAX + AGENCY_CODE_SIZE + 48 };

    if (!admin_handoff(step, reply, &handoff))
        return;
    reply->dossier = view_dossier(step, handoff.dossier);
    reply->collisions = view_collisions(step, handoff.dossier, &reply->collision_count);
    must(view && view_handoff(step, &handoff, view));
    uint32_t most = admin_limit(step);
    size_t fit = (arena_room(&step->effects->arena) - VIEW_BYTES_MAX) / EVENT_BYTES;
    if (most > fit)
        most = (uint32_t)fit;
    must(view_events(step, step->command->admin.after, most, view, &reply->more));
    reply->handoffs = view;
    reply->handoff_count = 1;
}

/* Those that the selection gives, as many as fit. */
static void list(struct step *step, struct admin_reply *reply, struct selection *selection)
{
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct handoff_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    uint64_t last = selection->at;
    struct handoff handoff;

    must(views && page);
    while (select_next(step, selection, &handoff)) {
        if (count == page) {
            more(step, reply, last);
            break;
        }
        must(view_handoff(step, &handoff, &views[count++]));
        last = handoff.id;
    }
    if (selection->stopped)
        more(step, reply, selection->at);
    reply->handoffs = views;
    reply->handoff_count = count;
}

void admin_list(struct step *step, struct admin_reply *reply)
{
    struct selection selection;
    if (select_begin(step, reply, 0, &selection))
        list(step, reply, &selection);
}

void admin_track(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    uint64_t dossier = turn_dossier_find(step->turn, span_of_string(admin->code));
    struct selection selection = { .fingerprint = "", .dossier = dossier, .at = admin->after };

    if (!dossier) {
        admin_refuse(step, reply, PROBLEM_UNKNOWN_DOSSIER, "code", "Không có hồ sơ %s.", "There is no dossier %s.",
                     admin->code);
        return;
    }
    reply->dossier = view_dossier(step, dossier);
    reply->collisions = view_collisions(step, dossier, &reply->collision_count);
    list(step, reply, &selection);
}

/* ---- there, and nobody has taken it */

/* `after`: how many were shown already: they come by recipient, not by id. */
void admin_unreceived(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    uint32_t agency = admin->filter.agency[0] ? admin_agency(step, reply, "agency", admin->filter.agency, false) : 0;
    struct unreceived at = { .recipient = agency };
    uint64_t skipped = 0;
    struct handoff handoff;

    if (admin->filter.agency[0] && !agency)
        return;
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct handoff_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    must(views && page);
    while (turn_unreceived_next(step->turn, &at, agency != 0, &at)) {
        if (skipped < admin->after) {
            skipped++;
            continue;
        }
        if (count == page) {
            more(step, reply, admin->after + count);
            break;
        }
        must(turn_handoff(step->turn, at.handoff, &handoff) && view_handoff(step, &handoff, &views[count++]));
    }
    reply->handoffs = views;
    reply->handoff_count = count;
}

/* ---- the failed list */

static bool view_group(struct step *step, const struct fail_key *key, const struct fail_group *group,
                       struct group_view *ret_view)
{
    struct group_view view = { .fail_class = key->fail_class, .group = *group, .sample_reason = "" };
    struct handoff_view sample;
    struct handoff handoff;

    view.recipient = view_code(step, key->recipient);
    view.group.sample = turn_failed_next(step->turn, key, 0);
    if (turn_handoff(step->turn, view.group.sample, &handoff)) {
        if (!view_handoff(step, &handoff, &sample))
            return false;
        view.sample_reason = sample.reason;
    }
    if (!view.recipient)
        return false;
    *ret_view = view;
    return true;
}

/* `after`: how many groups were shown already. */
static void failed_groups(struct step *step, struct admin_reply *reply)
{
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct group_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    uint64_t skipped = 0, skip = step->command->admin.after;
    struct fail_key key;
    struct fail_group group;

    must(views && page);
    for (bool any = turn_fail_group_next(step->turn, NULL, &key, &group); any;
         any = turn_fail_group_next(step->turn, &key, &key, &group)) {
        if (skipped++ < skip)
            continue;
        if (count == page) {
            more(step, reply, skip + count);
            break;
        }
        must(view_group(step, &key, &group, &views[count++]));
    }
    reply->groups = views;
    reply->group_count = count;
}

void admin_failed(struct step *step, struct admin_reply *reply)
{
    const struct admin_filter *filter = &step->command->admin.filter;
    struct selection selection;

    if (!filter->agency[0] && !filter->fail_class && !filter->fingerprint[0] && !filter->dossier_code[0]
        && !filter->state) {
        failed_groups(step, reply);
        return;
    }
    if (!select_begin(step, reply, STATE_FAILED, &selection))
        return;
    selection.state = STATE_FAILED;
    list(step, reply, &selection);
}

/* ---- agencies */

static bool is_shown(struct step *step, uint32_t agency, const char *code)
{
    struct agency_state state;

    if (tables_agency(step->core->tables, code))
        return true;
    for (enum state s = 1; s < STATE_END; s++)
        if (turn_count(step->turn, agency, s))
            return true;
    turn_agency_state(step->turn, agency, &state);
    return state.paused || state.on_hold;
}

/* `code`: this one only. */
static void one_agency(struct step *step, struct admin_reply *reply, const char *code)
{
    struct agency_view *view = arena_take(&step->effects->arena, sizeof *view);
    uint32_t agency = admin_agency(step, reply, "code", code, false);

    if (!agency || agency == UINT32_MAX)            /* refused; or never had a number, so there is nothing to tell */
        return;
    must(view && view_agency(step, agency, view));
    view->unknown = view_unknown_codes(step, agency, &view->unknown_codes);
    reply->agencies = view;
    reply->agency_count = 1;
}

/* `after`: the number of the last agency shown. */
void admin_agencies(struct step *step, struct admin_reply *reply)
{
    if (step->command->admin.code[0]) {
        one_agency(step, reply, step->command->admin.code);
        return;
    }
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct agency_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    uint64_t after = step->command->admin.after;
    char code[AGENCY_CODE_SIZE];

    must(views && page);
    for (uint32_t agency = after < UINT32_MAX ? (uint32_t)after + 1 : UINT32_MAX;
         turn_agency_code(step->turn, agency, code); agency++) {
        if (!is_shown(step, agency, code))
            continue;
        if (count == page) {
            more(step, reply, views[count - 1].number);
            break;
        }
        must(view_agency(step, agency, &views[count++]));
    }
    reply->agencies = views;
    reply->agency_count = count;
}
