/* step_admin_late.c - late dossiers: who is late, letting requests go that the brake held back, a letter that is signed
 * at the console.
 *
 * late           those at work on which an apology is owed, asked for or promised; and URGEs without an answer.
 * late-release   the BRAKED ones of one agency are asked for, as many as fit into one turn, except while their clock
 *                stands.
 * sign           an APOLOGY in the holder's name, by the same checks as if its system had sent it. The operator's uid
 *                and reason stand in its history.
 */
#include <inttypes.h>
#include <string.h>

#include "gateway/core/admin.h"
#include "gateway/core/apology.h"
#include "gateway/core/late.h"

#define LOCAL_MS (7LL * 3600 * 1000)
#define DAY_MS   (24LL * 3600 * 1000)

_Static_assert(sizeof(struct late_view) + DOSSIER_CODE_SIZE + 2 * AGENCY_CODE_SIZE <= sizeof(struct handoff_view),
               "a page of handoffs has room for as many of these");

static int64_t day_of(int64_t time_ms)
{
    return (time_ms + LOCAL_MS) / DAY_MS;
}

/* False: no room. */
static bool view_late(struct step *step, const struct late *row, struct late_view *ret_view)
{
    char code[DOSSIER_CODE_SIZE];
    struct dossier dossier;

    must(turn_ending(step->turn, row->dossier, &ret_view->ending) && turn_dossier(step->turn, row->dossier, &dossier) &&
         turn_dossier_code(step->turn, row->dossier, code));
    ret_view->status = dossier.line.status;
    ret_view->days = (int32_t)(day_of(dossier.due_ms) - day_of(step->now_ms));
    ret_view->due_ms = dossier.due_ms;
    ret_view->dossier_code = effects_text(step->effects, code);
    ret_view->agency = view_code(step, row->agency);
    ret_view->signed_by = view_code(step, ret_view->ending.signed_by);
    return ret_view->agency && ret_view->signed_by;
}

static void view_unanswered(struct step *step, struct admin_reply *reply, uint32_t agency)
{
    struct unreceived at = { .recipient = agency };
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct handoff_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    struct handoff handoff;

    must(views != NULL);
    while (count < page && turn_unanswered_next(step->turn, &at, agency != 0, &at))
        must(turn_handoff(step->turn, at.handoff, &handoff) && view_handoff(step, &handoff, &views[count++]));
    reply->handoffs = views;
    reply->handoff_count = count;
}

/* `after`: how many were shown already: they come by agency, not by id. */
void admin_late(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    uint32_t agency = admin->filter.agency[0] ? admin_agency(step, reply, "agency", admin->filter.agency, false) : 0;
    struct late at = { .agency = agency };
    uint64_t skipped = 0;

    if (admin->filter.agency[0] && !agency)
        return;
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct late_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    must(views && page);
    while (turn_late_next(step->turn, &at, agency != 0, &at)) {
        if (skipped++ < admin->after)
            continue;
        if (count == page) {
            reply->more = true;
            admin_fact(step, reply, "next_after", "%" PRIu64, admin->after + count);
            break;
        }
        must(view_late(step, &at, &views[count++]));
    }
    reply->late = views;
    reply->late_count = count;
    if (!admin->after && !reply->more)
        view_unanswered(step, reply, agency);
}

void admin_late_facts(struct step *step, struct admin_reply *reply)
{
    static const char *const names[APOLOGY_END] = {
        [APOLOGY_ASKED] = "late_unsigned", [APOLOGY_BRAKED] = "late_braked",
        [APOLOGY_UNDETERMINED] = "late_undetermined", [APOLOGY_NOT_ASKED] = "late_not_asked",
        [APOLOGY_SIGNED] = "late_signed",
    };
    uint32_t counts[APOLOGY_END] = { 0 }, all = 0;
    struct late at = { 0 };
    struct ending ending;

    for (; all < SELECT_WALK_MAX && turn_late_next(step->turn, &at, false, &at); all++) {
        must(turn_ending(step->turn, at.dossier, &ending));
        counts[ending.apology]++;
    }
    for (enum apology apology = 1; apology < APOLOGY_END; apology++)
        if (names[apology] && counts[apology])
            admin_fact(step, reply, names[apology], "%" PRIu32 "%s", counts[apology],
                       all == SELECT_WALK_MAX ? " or more" : "");
}

static bool time_is_sure(struct step *step, struct admin_reply *reply)
{
    if (!step->core->time_in_doubt)
        return true;
    admin_refuse(step, reply, PROBLEM_WRONG_STATE, "",
                 "Giờ của cổng đang bị nghi ngờ: hãy xác nhận đồng hồ trước (confirm-clock).",
                 "The gateway's time is in doubt: confirm the clock first.");
    return false;
}

void admin_late_release(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    const char *code = admin->filter.agency[0] ? admin->filter.agency : admin->code;
    struct ending ending;

    if (!time_is_sure(step, reply))
        return;
    uint32_t agency = admin_agency(step, reply, "agency", code, false);
    struct late at = { .agency = agency };
    struct dossier dossier;
    if (!agency)
        return;
    while (turn_late_next(step->turn, &at, true, &at)) {
        must(turn_ending(step->turn, at.dossier, &ending) && turn_dossier(step->turn, at.dossier, &dossier));
        if (!late_is_held_back(step, &dossier, &ending))
            continue;
        if (!admin_has_room(step) || reply->affected == admin_limit(step)) {
            reply->more = true;
            return;
        }
        reply->affected++;
        if (admin->dry_run)
            continue;
        struct change change = admin_change(step, CAUSE_RELEASE);
        uint64_t about = late_about(step, &dossier, &ending);
        if (about)
            dossier_note(step, about, &change);
        late_release(step, at.dossier);
    }
}

/* ---- sign */

/* Who signs: as named, else who was asked, else whoever holds it. 0: refused. */
static uint32_t signing_agency(struct step *step, struct admin_reply *reply, const struct dossier *dossier)
{
    const struct admin *admin = &step->command->admin;
    struct holder holders[BRANCHES_MAX];
    struct ending ending = { 0 };

    if (admin->filter.agency[0])
        return admin_agency(step, reply, "agency", admin->filter.agency, false);
    uint32_t count = dossier_holders(step, dossier, holders);
    (void)turn_ending(step->turn, dossier->id, &ending);
    uint32_t only = 0, agencies = 0;            /* steps that have not come to their agency are nobody's to sign for */
    for (uint32_t i = 0; i < count; i++) {
        if (holders[i].agency == ending.asked_of)
            return ending.asked_of;
        if (!holders[i].there || holders[i].agency == only)
            continue;
        only = holders[i].agency;
        agencies++;
    }
    if (agencies == 1)
        return only;
    admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "agency",
                 agencies ? "Có nhiều cơ quan đang giữ hồ sơ: hãy nêu cơ quan ký."
                          : "Chưa cơ quan nào nhận được hồ sơ: hãy nêu cơ quan ký.",
                 agencies ? "Several agencies hold the dossier: say which one signs."
                          : "The dossier has not reached an agency yet: say which one signs.");
    return 0;
}

static bool signing_ok(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;

    if (admin->due_ms > 0 && admin->reason_code[0] && admin->officer[0])
        return true;
    const char *field = admin->due_ms <= 0 ? "due" : !admin->reason_code[0] ? "reason_code" : "officer";
    admin_refuse(step, reply, PROBLEM_INVALID_FIELD, field,
                 "Phiếu xin lỗi cần ngày hẹn mới, mã lý do và mã người ký; thiếu %s.",
                 "An apology needs the new date, a reason code and the code of who signs; %s is missing.", field);
    return false;
}

void admin_sign(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    struct problem *problem = arena_take(&step->effects->arena, sizeof *problem);
    struct dossier dossier;
    uint64_t id = turn_dossier_find(step->turn, span_of_string(admin->code)), letter;

    must(problem != NULL);
    if (!id || !turn_dossier(step->turn, id, &dossier)) {
        admin_refuse(step, reply, PROBLEM_UNKNOWN_DOSSIER, "code", "Không biết gì về hồ sơ %s.",
                     "Nothing is known of dossier %s.", admin->code);
        return;
    }
    if (!time_is_sure(step, reply) || !signing_ok(step, reply))
        return;
    struct apology_signing signing = { .holder = signing_agency(step, reply, &dossier), .due_ms = admin->due_ms,
                                       .reason_code = admin->reason_code, .signer = admin->officer,
                                       .words = admin->reason };
    if (!signing.holder)
        return;
    reply->affected = 1;
    if (admin->dry_run)
        return;
    if (!apology_sign(step, &dossier, &signing, &letter, problem)) {
        reply->affected = 0;
        reply->refused = problem;
        return;
    }
    struct change change = admin_change(step, CAUSE_APOLOGY_SIGNED);
    dossier_note(step, letter, &change);
    admin_fact(step, reply, "handoff", "%" PRIu64, letter);
}
