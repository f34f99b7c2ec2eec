/* supplement_view.c - what citizens are asked for, to be shown: of a dossier, and all open ones for operators. Nothing
 * here changes anything. */
#include <inttypes.h>

#include "gateway/core/admin.h"
#include "gateway/core/correction.h"
#include "gateway/core/supplement_inside.h"

enum { ASKED_PAGE_MAX = 64 };           /* each may name so many components that more would not fit into a frame */

_Static_assert(sizeof(struct asked_view) + 2 * AGENCY_CODE_SIZE + DOSSIER_CODE_SIZE + STEP_NAME_SIZE + 4 * 16 <=
                   VIEW_BYTES_MAX, "the view of a request");

static void view_of(struct step *step, const struct asked *asked, struct asked_view *ret_view)
{
    char code[DOSSIER_CODE_SIZE] = "";
    struct dossier dossier;
    struct handoff request, forward = { .step = "" };

    must(turn_handoff(step->turn, asked->request, &request));
    request = correction_last(step, &request);
    (void)turn_dossier_code(step->turn, asked->dossier, code);
    if (asked->branch != ASKED_NO_BRANCH && turn_dossier(step->turn, asked->dossier, &dossier) &&
        asked->branch < dossier.branch_count)
        (void)turn_handoff(step->turn, dossier.branches[asked->branch].handoff, &forward);
    *ret_view = (struct asked_view){
        .asked = *asked, .agency = view_code(step, asked->agency), .recipient = view_code(step, request.recipient),
        .dossier_code = effects_text(step->effects, code), .step = effects_text(step->effects, forward.step),
        .request_state = request.state, .proposes_stop = supplement_proposes_stop(asked),
    };
    must(ret_view->agency && ret_view->recipient);
}

const struct asked_view *view_asked(struct step *step, uint64_t dossier, uint32_t *ret_count)
{
    struct asked_view *views = NULL;
    struct asked asked;
    uint64_t at = 0;
    uint32_t all = 0, count = 0;

    for (; all < ASKED_MAX && turn_asked_next(step->turn, dossier, at, &asked); at = asked.request)
        all++;
    if (all)
        must((views = arena_take(&step->effects->arena, ASKED_SHOWN_MAX * sizeof *views)) != NULL);
    /* The oldest that are over give way. */
    uint32_t too_many = all > ASKED_SHOWN_MAX ? all - ASKED_SHOWN_MAX : 0;
    at = 0;
    for (uint32_t i = 0; i < all && count < ASKED_SHOWN_MAX; i++) {
        must(turn_asked_next(step->turn, dossier, at, &asked));
        at = asked.request;
        if (asked.state != ASKING_OPEN && too_many) {
            too_many--;
            continue;
        }
        view_of(step, &asked, &views[count++]);
    }
    *ret_count = count;
    return views;
}

/* ---- all open ones */

/* Who asks, or who is to answer. */
static bool concerns(struct step *step, const struct asked *asked, uint32_t agency)
{
    struct handoff request;
    return !agency || asked->agency == agency ||
           (turn_handoff(step->turn, asked->request, &request) &&
            correction_last(step, &request).recipient == agency);
}

static bool read_open(struct step *step, uint64_t request, struct asked *ret_asked)
{
    struct handoff handoff;
    return turn_handoff(step->turn, request, &handoff) &&
           turn_asked(step->turn, handoff.dossier, request, ret_asked);
}

/* `after`: how many rows were looked at already: they come by when the answer is expected, not by id. */
void admin_supplements(struct step *step, struct admin_reply *reply)
{
    const struct admin *admin = &step->command->admin;
    uint32_t agency = admin->filter.agency[0] ? admin_agency(step, reply, "agency", admin->filter.agency, false) : 0;
    uint32_t page = view_page(step, admin_limit(step)), count = 0;
    struct asked_view *views = arena_take(&step->effects->arena, page * sizeof *views);
    int64_t answer_by_ms = INT64_MIN;
    uint64_t request = 0, looked = 0;
    struct asked asked;

    must(views && page);
    page = page < ASKED_PAGE_MAX ? page : ASKED_PAGE_MAX;
    if (admin->filter.agency[0] && !agency)
        return;
    for (; turn_asked_open_next(step->turn, answer_by_ms, request, &answer_by_ms, &request); looked++) {
        if (looked < admin->after)
            continue;
        if (count == page || looked == admin->after + SELECT_WALK_MAX) {
            reply->more = true;
            admin_fact(step, reply, "next_after", "%" PRIu64, looked);
            break;
        }
        must(read_open(step, request, &asked));
        if (concerns(step, &asked, agency))
            view_of(step, &asked, &views[count++]);
    }
    reply->asked = views;
    reply->asked_count = count;
}
