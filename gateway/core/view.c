/* view.c - what is shown of things, copied out of the store. Nothing here changes anything. */
#include <string.h>

#include "gateway/core/handoff.h"
#include "gateway/core/lane.h"
#include "gateway/core/unknown_code.h"

enum { REASON_WALK_MAX = 32, READY_SEEN_MAX = 64 };

/* NULL: no room. */
static const char *copy(struct step *step, const char *text)
{
    size_t size = strlen(text) + 1;
    char *place = size > 1 ? arena_take(&step->effects->arena, size) : NULL;
    if (size == 1)
        return "";
    if (place)
        memcpy(place, text, size);
    return place;
}

const char *view_code(struct step *step, uint32_t number)
{
    char code[AGENCY_CODE_SIZE];
    return turn_agency_code(step->turn, number, code) ? copy(step, code) : "";
}

static const char *dossier_code(struct step *step, uint64_t dossier)
{
    char code[DOSSIER_CODE_SIZE];
    return turn_dossier_code(step->turn, dossier, code) ? copy(step, code) : "";
}

/* Why it is in its state: the words of the event that brought it there. */
static const char *reason_of(struct step *step, const struct handoff *handoff)
{
    struct event event = { .previous = handoff->last_event };
    char detail[REASON_BYTES_MAX + 1];

    for (int i = 0; i < REASON_WALK_MAX && turn_event(step->turn, event.previous, &event); i++) {
        if (event.from == event.to && event.previous)
            continue;
        turn_detail(step->turn, event.seq, detail);
        return copy(step, detail);
    }
    return "";
}

static const char *fingerprint_of(struct step *step, const struct handoff *handoff)
{
    struct fail_key key = { handoff->recipient, handoff->fail_class, handoff->fingerprint };
    struct fail_group group;
    return handoff->state == STATE_FAILED && turn_fail_group(step->turn, &key, &group)
               ? copy(step, group.fingerprint_text) : "";
}

/* What the texts of a handoff can take, each rounded up. */
enum { HANDOFF_TEXTS = 2 * AGENCY_CODE_SIZE + DOSSIER_CODE_SIZE + REASON_BYTES_MAX + 96 + 5 * 16 };
enum { END_BYTES = 16 << 10 };
_Static_assert(sizeof(struct handoff_view) + HANDOFF_TEXTS <= VIEW_BYTES_MAX, "a handoff's view");
_Static_assert(sizeof(struct agency_view) + AGENCY_CODE_SIZE + AGENCY_NAME_SIZE + PARTNER_STATUS_SIZE +
                   48 <=
                   sizeof(struct handoff_view) + HANDOFF_TEXTS, "no more than a handoff's");

uint32_t view_page(const struct step *step, uint32_t wanted)
{
    size_t room = arena_room(&step->effects->arena), each = sizeof(struct handoff_view) + HANDOFF_TEXTS;
    size_t fit = room > END_BYTES ? (room - END_BYTES) / each : 0;
    return fit < wanted ? (uint32_t)fit : wanted;
}

bool view_handoff(struct step *step, const struct handoff *handoff, struct handoff_view *ret_view)
{
    struct handoff_view view = { .handoff = *handoff };

    view.sender = view_code(step, handoff->sender);
    view.recipient = view_code(step, handoff->recipient);
    view.dossier_code = dossier_code(step, handoff->dossier);
    view.reason = reason_of(step, handoff);
    view.fingerprint = fingerprint_of(step, handoff);
    if (!view.sender || !view.recipient || !view.dossier_code || !view.reason || !view.fingerprint)
        return false;
    *ret_view = view;
    return true;
}

/* ---- history */

static const char *actor_of(struct step *step, const struct event *event)
{
    char actor[32];
    struct text text = text_of(actor, sizeof actor);

    if (event->actor_agency)
        return view_code(step, event->actor_agency);
    if (!event->actor_uid)
        return "";
    text_add(&text, "uid:%u", event->actor_uid - 1);
    return copy(step, actor);
}

/* "H29.07 -> H29.2701": the numbers stay when the words of a history are purged. */
static void mapping_text(struct step *step, const struct event *event, char ret_text[REASON_BYTES_MAX + 1])
{
    char before[AGENCY_CODE_SIZE] = "", after[AGENCY_CODE_SIZE] = "";
    struct text text = text_of(ret_text, REASON_BYTES_MAX + 1);

    (void)turn_agency_code(step->turn, event->actor_agency, before);
    (void)turn_agency_code(step->turn, event->agency, after);
    text_add(&text, "%s -> %s", before, after);
}

/* "gửi tới H29.07, H29.2701 tiếp nhận / ..." */
static void taken_text(struct step *step, const struct event *event, char ret_text[REASON_BYTES_MAX + 1])
{
    char addressed[AGENCY_CODE_SIZE] = "", taker[AGENCY_CODE_SIZE] = "";
    struct text text = text_of(ret_text, REASON_BYTES_MAX + 1);

    (void)turn_agency_code(step->turn, event->agency, addressed);
    (void)turn_agency_code(step->turn, event->actor_agency, taker);
    text_add(&text, "gửi tới %s, %s tiếp nhận / written to %s, taken by %s", addressed, taker, addressed, taker);
}

static bool view_event(struct step *step, const struct event *event, struct event_view *ret_view)
{
    char detail[REASON_BYTES_MAX + 1];

    turn_detail(step->turn, event->seq, detail);
    if (event->cause == CAUSE_SUCCEEDED && event->agency)
        mapping_text(step, event, detail);
    if (event->cause == CAUSE_RECEIVED && event->agency)
        taken_text(step, event, detail);
    *ret_view = (struct event_view){ .event = *event, .actor = actor_of(step, event), .detail = copy(step, detail) };
    return ret_view->actor && ret_view->detail;
}

/* The list of a handoff's events goes backwards, so the array is filled from its end. */
bool view_events(struct step *step, uint64_t after, uint32_t most, struct handoff_view *view, bool *ret_more)
{
    struct event_view *events = arena_take(&step->effects->arena, most * sizeof *events);
    struct event event;
    uint32_t count = 0;
    uint64_t seq = view->handoff.last_event;

    if (!events)
        return false;
    for (; count < most && seq > after && turn_event(step->turn, seq, &event); seq = event.previous) {
        if (!view_event(step, &event, &events[most - 1 - count]))
            break;
        count++;
    }
    view->events = events + (most - count);
    view->event_count = count;
    *ret_more = seq > after;
    return true;
}

/* ---- notices */

bool view_notice(struct step *step, uint64_t event_seq, struct notice_view *ret_view)
{
    struct notice_view view = { .event_seq = event_seq };
    char detail[REASON_BYTES_MAX + 1], field[FIELD_SIZE] = "";
    const char *reason = detail;

    must(turn_event(step->turn, event_seq, &view.event));
    must(turn_handoff(step->turn, view.event.handoff, &view.handoff));
    turn_detail(step->turn, event_seq, detail);
    if (view.event.verdict == VERDICT_BAD_DATA)
        reason = detail_field(detail, field);
    view.field = copy(step, field);
    view.reason = copy(step, reason);
    view.dossier_code = dossier_code(step, view.handoff.dossier);
    view.recipient = view_code(step, view.handoff.recipient);
    if (!view.field || !view.reason || !view.dossier_code || !view.recipient)
        return false;
    *ret_view = view;
    return true;
}

/* ---- agencies */

/* Of the heads that come first in each class: the one accepted first. Ids rise as handoffs are accepted. */
static int64_t oldest_ready(struct step *step, uint32_t agency)
{
    uint64_t oldest = 0;
    struct handoff handoff;

    for (unsigned lane_class = 0; lane_class < LANE_CLASSES; lane_class++) {
        int64_t due_ms = INT64_MIN;
        uint64_t id = 0;
        for (int seen = 0; seen < READY_SEEN_MAX; seen++, id++) {
            /* Those without a due date stand last, in order of age: its first one is all that matters. */
            if (seen == READY_SEEN_MAX - 1) {
                due_ms = INT64_MAX;
                id = 0;
            }
            if (!turn_ready_from(step->turn, agency, lane_class, due_ms, id, &due_ms, &id))
                break;
            if (!oldest || id < oldest)
                oldest = id;
        }
    }
    return oldest && turn_handoff(step->turn, oldest, &handoff) ? handoff.accepted_ms : 0;
}

bool view_agency(struct step *step, uint32_t number, struct agency_view *ret_view)
{
    struct agency_view view = { .number = number, .name = "" };
    struct unknown_code last;

    view.code = view_code(step, number);
    if (!view.code)
        return false;
    const struct agency *agency = tables_agency(step->core->tables, view.code);
    if (agency) {
        view.name = copy(step, agency->name);
        view.agency_class = agency->agency_class;
    }
    turn_agency_state(step->turn, number, &view.state);
    for (enum state state = 1; state < STATE_END; state++)
        view.counts[state] = turn_count(step->turn, number, state);
    if (view.counts[STATE_READY])
        view.oldest_ready_ms = oldest_ready(step, number);
    view.unknown_count = unknown_code_count(step, number, &last);
    view.unknown_last = copy(step, last.code);
    if (!view.name || !view.unknown_last)
        return false;
    *ret_view = view;
    return true;
}
