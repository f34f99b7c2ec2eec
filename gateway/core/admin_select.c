/* admin_select.c - which handoffs an operator's filter means, in order of id, a bounded number of rows at a time.
 *
 * FAILED ones are found through their groups, so that ten failures among a million handoffs cost ten looks: each
 * group that matches gives its members in order of id, and the lowest of all groups is next. A dossier's are found
 * through the dossier. Everything else walks all handoffs.
 */
#include "gateway/core/admin.h"

#include <string.h>

bool select_group_matches(const struct selection *selection, const struct fail_key *key,
                          const struct fail_group *group)
{
    return (!selection->agency || key->recipient == selection->agency) &&
           (!selection->fail_class || key->fail_class == selection->fail_class) &&
           (!selection->fingerprint[0] || strcmp(selection->fingerprint, group->fingerprint_text) == 0);
}

static void find_groups(struct step *step, struct selection *selection)
{
    struct fail_key key;
    struct fail_group group;

    selection->by_groups = true;
    for (bool found = turn_fail_group_next(step->turn, NULL, &key, &group); found;
         found = turn_fail_group_next(step->turn, &key, &key, &group)) {
        if (!select_group_matches(selection, &key, &group))
            continue;
        uint64_t next = turn_failed_next(step->turn, &key, selection->at);
        if (!next)
            continue;
        if (selection->group_count == PAGE_MAX) {
            selection->by_groups = false;               /* too many to hold: walk all handoffs instead */
            return;
        }
        selection->groups[selection->group_count++] = (struct selected_group){ key, next };
    }
}

bool select_begin(struct step *step, struct admin_reply *reply, enum state state, struct selection *ret_selection)
{
    const struct admin *admin = &step->command->admin;
    const struct admin_filter *filter = &admin->filter;

    *ret_selection = (struct selection){
        .state = filter->state ? filter->state : state, .fail_class = filter->fail_class,
        .fingerprint = filter->fingerprint, .at = admin->after,
    };
    if (filter->fail_class || filter->fingerprint[0])
        ret_selection->state = STATE_FAILED;
    if ((unsigned)ret_selection->state >= STATE_END || (unsigned)filter->fail_class >= FAIL_CLASS_END ||
        ((filter->fail_class || filter->fingerprint[0]) && filter->state && filter->state != STATE_FAILED)) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "filter.state",
                     "Bộ lọc có trạng thái hoặc loại lỗi không hợp lệ.",
                     "The filter has a state or class that makes no sense.");
        return false;
    }
    if (filter->agency[0]) {
        ret_selection->agency = admin_agency(step, reply, "filter.agency", filter->agency, false);
        if (!ret_selection->agency)
            return false;
    }
    if (filter->dossier_code[0]) {
        ret_selection->dossier = turn_dossier_find(step->turn, span_of_string(filter->dossier_code));
        if (!ret_selection->dossier) {
            admin_refuse(step, reply, PROBLEM_UNKNOWN_DOSSIER, "filter.dossier_code", "Không có hồ sơ %s.",
                         "There is no dossier %s.", filter->dossier_code);
            return false;
        }
    }
    if (ret_selection->state == STATE_FAILED && !ret_selection->dossier)
        find_groups(step, ret_selection);
    return true;
}

/* ---- walking */

static uint64_t next_of_groups(struct step *step, struct selection *selection)
{
    struct selected_group *lowest = NULL;

    for (uint32_t i = 0; i < selection->group_count; i++) {
        struct selected_group *group = &selection->groups[i];
        if (group->next && (!lowest || group->next < lowest->next))
            lowest = group;
    }
    if (!lowest)
        return 0;
    uint64_t id = lowest->next;
    lowest->next = turn_failed_next(step->turn, &lowest->key, id);
    return id;
}

static bool matches(struct step *step, const struct selection *selection, const struct handoff *handoff)
{
    struct fail_key key = { handoff->recipient, handoff->fail_class, handoff->fingerprint };
    struct fail_group group;

    if ((selection->state && handoff->state != selection->state) ||
        (selection->agency && handoff->recipient != selection->agency))
        return false;
    if (!selection->fail_class && !selection->fingerprint[0])
        return true;
    return turn_fail_group(step->turn, &key, &group) && select_group_matches(selection, &key, &group);
}

/* None in this state: no need to walk through all others to find that out. */
static bool is_empty(struct step *step, const struct selection *selection)
{
    uint64_t count;
    return select_count(step, selection, &count) && !count;
}

bool select_next(struct step *step, struct selection *selection, struct handoff *ret_handoff)
{
    if (selection->stopped || (!selection->looked && is_empty(step, selection)))
        return false;
    for (;;) {
        uint64_t id = selection->by_groups ? next_of_groups(step, selection)
                    : selection->dossier ? turn_dossier_handoff_next(step->turn, selection->dossier, selection->at)
                                         : turn_handoff_next(step->turn, selection->at);
        if (!id)
            return false;
        selection->stopped = ++selection->looked > SELECT_WALK_MAX;
        if (selection->stopped)
            return false;
        must(turn_handoff(step->turn, id, ret_handoff));
        selection->at = id;
        if (matches(step, selection, ret_handoff))
            return true;
    }
}

bool select_count(struct step *step, const struct selection *selection, uint64_t *ret_count)
{
    char code[AGENCY_CODE_SIZE];
    uint64_t count = 0;

    if (!selection->state || selection->dossier || selection->fail_class || selection->fingerprint[0])
        return false;
    if (selection->agency)
        count = turn_count(step->turn, selection->agency, selection->state);
    else
        for (uint32_t agency = 1; turn_agency_code(step->turn, agency, code); agency++)
            count += turn_count(step->turn, agency, selection->state);
    *ret_count = count;
    return true;
}
