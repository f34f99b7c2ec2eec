/* submit_accept.c - a SUBMIT that may come in does: its dossier is named, the handoff begins, and what follows. */
#include <string.h>

#include "gateway/core/apology.h"
#include "gateway/core/blob.h"
#include "gateway/core/collision.h"
#include "gateway/core/dossier.h"
#include "gateway/core/figures.h"
#include "gateway/core/flow.h"
#include "gateway/core/flow_clock.h"
#include "gateway/core/gate.h"
#include "gateway/core/step.h"
#include "gateway/core/supplement.h"
#include "gateway/core/urge.h"

enum { DEDUPE_PURGED = 2 };             /* old message ids forgotten by each one accepted: never more than come */

static void name_dossier(struct step *step, struct intake *intake)
{
    const struct submit *submit = intake->submit;
    struct span code = span_of_string(submit->dossier_code);

    intake->dossier_is_new = !intake->dossier;
    if (!intake->dossier)
        intake->dossier = turn_dossier_make(step->turn, code);
    else if (!intake->code_known)
        must(turn_dossier_alias(step->turn, intake->dossier, code));
    for (uint32_t i = 0; i < submit->alias_count; i++)
        if (!(intake->claimed & 1u << i))
            must(turn_dossier_alias(step->turn, intake->dossier, span_of_string(submit->aliases[i])));
}

/* Two dossiers claim one code: nothing of it is guessed and nothing is lost. It keeps its place and waits for a person:
 * release lets it go without that code, close ends it. */
static void park(struct step *step, const struct intake *intake, struct handoff *handoff)
{
    struct change change = { .cause = CAUSE_HOLD };
    char other[DOSSIER_CODE_SIZE] = "", words[2 * REASON_BYTES_MAX];
    struct text text = text_of(words, sizeof words);
    int i = 0;

    while (!(intake->claimed & 1u << i))
        i++;
    const char *code = intake->submit->aliases[i];
    (void)turn_dossier_code(step->turn, turn_dossier_find(step->turn, span_of_string(code)), other);
    text_add(&text, "trùng mã: %s đã là của hồ sơ %s, lượt này nói là của hồ sơ %s / "
                    "collision: %s belongs to dossier %s, this one says it belongs to %s",
             code, other, intake->submit->dossier_code, code, other, intake->submit->dossier_code);
    change.detail = span_of_string(words);
    handoff_move(step, handoff, STATE_HELD, &change);
}

static void fill(struct step *step, const struct intake *intake, struct handoff *ret_handoff)
{
    const struct submit *submit = intake->submit;
    uint32_t recipient = turn_agency_number_make(step->turn, intake->recipient->code), addressed = recipient;
    char name[STEP_NAME_SIZE];

    if (intake->lane)
        addressed = intake->lane;
    else if (intake->addressed != intake->recipient)
        addressed = turn_agency_number_make(step->turn, intake->addressed->code);
    *ret_handoff = (struct handoff){
        .id = intake->again == AGAIN_AS ? submit->accepted_as : turn_handoff_new_id(step->turn),
        .dossier = intake->dossier, .sender = intake->sender_number,
        .recipient = recipient, .addressed = addressed,
        .kind = submit->kind,
        .message_id = submit->message_id, .content_hash = submit->content_hash, .accepted_ms = step->now_ms,
        .source_time_ms = submit->source_time_ms, .due_ms = submit->due_ms > 0 ? submit->due_ms : 0,
        .sequence = submit->sequence, .parent = submit->parent,
        .flags = intake->step_flags | (intake->lane ? HANDOFF_JOINED : 0u) |
                 (submit->attachment_count ? HANDOFF_ATTACHED : 0u) | (intake->flow.starts ? HANDOFF_STEP : 0u) |
                 (intake->reminder ? HANDOFF_REMINDER : 0u),
    };
    memcpy(ret_handoff->procedure_code, submit->procedure_code, sizeof ret_handoff->procedure_code);
    memcpy(ret_handoff->step, flow_step_name(step, intake, name), sizeof ret_handoff->step);
}

/* What the holder works on is due with its dossier where its sender says nothing else: it orders the lanes by it. */
static bool is_due_with_dossier(enum kind kind)
{
    return kind == KIND_FORWARD || kind == KIND_SUPPLEMENT || kind == KIND_PAYMENT || kind == KIND_RESULT;
}

static void fail_at_once(struct step *step, struct handoff *handoff, uint64_t ended)
{
    char why[160];
    struct text text = text_of(why, sizeof why);
    unsigned long long id = ended;
    text_add(&text, "lượt trước %llu đã kết thúc mà không có kết quả / "
                    "the earlier handoff %llu has ended without a result", id, id);
    struct change change = { .cause = CAUSE_PREDECESSOR_ENDED, .fail_class = FAIL_PREDECESSOR,
                             .fingerprint = PREDECESSOR_ENDED, .detail = span_of_string(why) };
    gate_fail(step, handoff, &change);
}

bool submit_accept(struct step *step, struct intake *intake, struct handoff *ret_handoff)
{
    const struct submit *submit = intake->submit;
    struct telling telling;
    struct handoff handoff;
    uint64_t ended;

    if (!intake->sender_number)
        intake->sender_number = turn_agency_number_make(step->turn, intake->sender->code);
    if (submit->has_cursor && !cursor_set(step, intake->sender_number, &submit->cursor)) {
        effects_refuse(step->effects, step->command, PROBLEM_CURSOR_MOVED, "cursor",
                       "Con trỏ đã được dời: hãy đọc lại rồi tiếp tục từ đó.",
                       "The cursor has moved: read it again and go on from there.");
        return false;
    }
    intake->lane = seat_lane(step, intake->dossier, intake->addressed, intake->recipient);
    name_dossier(step, intake);
    fill(step, intake, &handoff);
    step->first_of_dossier = intake->dossier_is_new ? handoff.id : 0;
    handoff.gates_left = gate_store(step, &handoff, submit, &ended);
    uint64_t place = submit_correct(step, intake, &handoff, &ended);
    struct change change = { .cause = CAUSE_ACCEPTED, .actor_agency = handoff.sender };
    dossier_tell(step, intake, &handoff, &telling);
    if (telling.any)
        change.of_dossier = &telling.said;
    if (telling.any && !handoff.due_ms && is_due_with_dossier(handoff.kind))
        handoff.due_ms = telling.dossier.due_ms;
    if (handoff.gates_left) {
        change.timer_ms = handoff.flags & HANDOFF_STEP ? 0 : step->now_ms + step->core->tables->antecedent_ms_max;
        handoff_begin(step, &handoff, STATE_HELD, 0, submit->header, submit->payload, &change);
    } else {
        handoff_begin(step, &handoff, STATE_READY, place, submit->header, submit->payload, &change);
    }
    blob_attach(step, &handoff, submit);
    supplement_begun(step, intake, &handoff, &telling);
    dossier_told(step, &telling, submit, handoff.last_event);
    if (telling.any)
        figures_told(step, &telling, submit, &handoff);
    /* Whom it was written to stands in its record; the mapping stands in its history. */
    if (intake->addressed != intake->recipient)
        seat_tell(step, &handoff, turn_agency_number_make(step->turn, intake->addressed->code));
    if (intake->again)
        restore_judge_again(step, &handoff, intake->again);
    turn_dedupe_put(step->turn, handoff.sender, &handoff.message_id, handoff.id);
    if (!step->core->time_in_doubt)
        (void)turn_dedupe_purge(step->turn, handoff.sender, step->now_ms - ID_AGE_MS_MAX, DEDUPE_PURGED);
    gate_antecedent_known(step, &handoff);
    if (intake->flow.starts)
        flow_begin(step, intake, &handoff);
    if (intake->flow.citizen)
        flow_citizen(step, intake, &handoff);
    if (intake->flow.starts || intake->flow.citizen)
        flow_clock_follow(step, handoff.dossier, handoff.source_time_ms > 0 ? handoff.source_time_ms : step->now_ms);
    if (intake->flow.starts || intake->flow.citizen)
        must(turn_handoff(step->turn, handoff.id, &handoff));
    if (ended)
        fail_at_once(step, &handoff, ended);
    if (handoff.kind == KIND_APOLOGY)
        apology_taken(step, intake, &handoff);
    if (intake->has_parent)
        urge_answered(step, intake, &handoff);
    if (submit_take_effect(step, intake, handoff.id))
        must(turn_handoff(step->turn, handoff.id, &handoff));
    if (intake->claimed)
        collision_keep(step, intake, &handoff);
    if (intake->claimed && handoff.state == STATE_READY)
        park(step, intake, &handoff);
    *ret_handoff = handoff;
    return true;
}
