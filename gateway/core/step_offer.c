/* step_offer.c - OFFER: a receiver can take n more.
 *
 * Comes     from the broker, with n from credit, rate and breaker of that receiver's agency.
 * Changes   each picked lane head becomes OFFERED with a new attempt number and the end of its lease, before its
 *           DELIVER leaves. Nothing while the agency is paused or on hold, or the gateway held. One whose body or
 *           input is gone becomes FAILED; one that may be there already, at an agency whose class does not cover that,
 *           UNSURE. One whose agency has been succeeded goes to the successor instead.
 * Effects   DELIVER for each; READY, FEED; OFFERED last, always.
 * Repeated  offers the next ones: what is OFFERED is not picked again. */
#include "gateway/core/blob.h"
#include "gateway/core/gate.h"
#include "gateway/core/lane.h"
#include "gateway/core/restore.h"
#include "gateway/core/seat.h"
#include "gateway/core/step.h"

static const char BODY_GONE[] = "nội dung đã bị xóa, không thể chuyển giao / "
                                "its body was purged and cannot be delivered";
static const char INPUT_GONE[] = "kết quả của lượt trước đã bị xóa / the result it needs as input was purged";

/* Everything a DELIVER says besides what the move decides. FULL: no room in this turn. NOT_FOUND: the body is gone;
 * INVALID: an input is. */
static enum result gather(struct step *step, const struct handoff *handoff, struct effect *effect)
{
    struct arena *arena = &step->effects->arena;
    char code[AGENCY_CODE_SIZE], key[IDEMPOTENCY_KEY_SIZE];
    struct flow flow;

    must(turn_agency_code(step->turn, handoff->sender, code));
    effect->deliver.sender = effects_text(step->effects, code);
    must(turn_agency_code(step->turn, handoff->recipient, code));
    effect->deliver.recipient = effects_text(step->effects, code);
    must(turn_agency_code(step->turn, handoff->addressed, code));
    effect->deliver.addressed = effects_text(step->effects, code);
    effect->deliver.step = effects_text(step->effects, handoff->step);
    effect->deliver.procedure_version = "";
    if (handoff->flags & HANDOFF_STEP && turn_flow(step->turn, handoff->dossier, &flow))
        effect->deliver.procedure_version = effects_text(step->effects, flow.version);
    handoff_key(step->core->tables, handoff, key);
    effect->deliver.idempotency_key = effects_text(step->effects, key);

    enum result result = effects_body(step->effects, handoff->id, &effect->deliver.header, &effect->deliver.payload);
    if (result == RESULT_NOT_FOUND)
        result = turn_body(step->turn, handoff->id, arena, &effect->deliver.header, &effect->deliver.payload);
    if (result != RESULT_OK)
        return result;
    result = gate_inputs(step, handoff, &effect->deliver.inputs, &effect->deliver.input_count);
    if (result != RESULT_OK)
        return result == RESULT_FULL ? RESULT_FULL : RESULT_INVALID;
    if (!handoff->attempt)
        return RESULT_OK;                               /* only an attempt leaves a checkpoint */
    result = turn_checkpoint(step->turn, handoff->id, arena, &effect->deliver.checkpoint);
    if (result == RESULT_FULL)
        return RESULT_FULL;
    if (result != RESULT_OK)
        effect->deliver.checkpoint = (struct span){ 0 };
    return RESULT_OK;
}

static void fail(struct step *step, struct handoff *handoff, enum fail_class fail_class, const char *fingerprint,
                 const char *why)
{
    struct change change = { .cause = CAUSE_PURGED, .fail_class = fail_class, .fingerprint = fingerprint,
                             .detail = span_of_string(why) };
    handoff_move(step, handoff, STATE_FAILED, &change);
}

/* An earlier attempt may have been acted on under a class that the directory has taken back since. Asked first where
 * that is possible now, else left to a person (promise 5). False: to a person. */
static bool class_covers(struct step *step, struct handoff *handoff)
{
    static const char why[] = "có thể đã được xử lý; theo danh bạ hiện nay cơ quan không chống trùng, không hỏi được / "
                              "perhaps it was acted on, and by the present directory the agency takes no key and "
                              "cannot be asked";
    static const char why_succeeded[] = "cơ quan trước có thể đã xử lý, cơ quan kế nhiệm không thể biết / "
                                        "perhaps the agency before acted on it, and its successor cannot know";
    struct change change = { .cause = CAUSE_DIRECTORY_APPLIED, .detail = span_of_string(why) };

    if (!(handoff->flags & HANDOFF_PERHAPS))
        return true;
    enum agency_class agency_class = handoff_recipient(step, handoff)->agency_class;
    if (handoff->flags & HANDOFF_RESTORED) {
        change.cause = CAUSE_RESTORED;
        change.detail = span_of_string(restore_unsure_words(handoff));
    } else if (handoff->flags & HANDOFF_KEY_UNKNOWN) {
        change.cause = CAUSE_SUCCEEDED;
        change.detail = span_of_string(why_succeeded);
    }
    if (handoff->flags & HANDOFF_KEY_UNKNOWN)
        agency_class = CLASS_NEITHER;
    if (agency_class == CLASS_PROBE)
        handoff->flags |= HANDOFF_ASK_FIRST;
    if (agency_class != CLASS_NEITHER)
        return true;
    handoff_move(step, handoff, STATE_UNSURE, &change);
    return false;
}

/* OK: offered. FULL: not in this turn. NOT_FOUND: it cannot be offered any more and failed, or nobody is sure of it. */
static enum result offer_one(struct step *step, struct handoff *handoff)
{
    const struct offer *offer = &step->command->offer;
    struct arena *arena = &step->effects->arena;
    struct effect effect = { 0 };
    size_t used = arena->used;

    if (seat_move_ready(step, handoff) || !class_covers(step, handoff))
        return RESULT_NOT_FOUND;
    enum result result = gather(step, handoff, &effect);
    if (result != RESULT_OK) {
        arena->used = used;
        if (result == RESULT_NOT_FOUND)
            fail(step, handoff, FAIL_BAD_DATA, "body-gone", BODY_GONE);
        else if (result == RESULT_INVALID)
            fail(step, handoff, FAIL_PREDECESSOR, "input-gone", INPUT_GONE);
        return result == RESULT_FULL ? RESULT_FULL : RESULT_NOT_FOUND;
    }
    struct change change = { .cause = CAUSE_OFFERED, .session = offer->session,
                             .timer_ms = step->now_ms + step->core->tables->lease_ms };
    handoff_move(step, handoff, STATE_OFFERED, &change);
    blob_grant(step, handoff);

    struct effect *said = effects_add(step->effects, EFFECT_DELIVER, step->command);
    said->session = offer->session;
    said->correlation = 0;
    said->agency = handoff->recipient;
    said->deliver = effect.deliver;
    said->deliver.handoff = handoff->id;
    said->deliver.attempt = handoff->attempt;
    said->deliver.accepted_ms = handoff->accepted_ms;
    said->deliver.due_ms = handoff->due_ms;
    said->deliver.stamp_ms = offer->stamp_ms;
    said->deliver.content_hash = handoff->content_hash;
    said->deliver.parent = handoff->parent;
    said->deliver.ask_first = handoff->flags & HANDOFF_ASK_FIRST;
    said->deliver.agency_class = step->command->agency->agency_class;       /* it is the recipient */
    return RESULT_OK;
}

/* What its DELIVER weighs, the last effect. */
static size_t bytes_given(const struct effects *effects)
{
    const struct effect *effect = &effects->list[effects->count - 1];
    size_t bytes = effect->deliver.header.size + effect->deliver.payload.size;
    for (uint32_t i = 0; i < effect->deliver.input_count; i++)
        bytes += effect->deliver.inputs[i].payload.size;
    return bytes;
}

static uint32_t offer_some(struct step *step, uint32_t recipient, uint32_t most, size_t *ret_bytes, bool *ret_more)
{
    const struct offer *offer = &step->command->offer;
    struct agency_state state;
    struct handoff handoff;
    uint32_t offered = 0;

    *ret_bytes = 0;
    *ret_more = false;
    turn_agency_state(step->turn, recipient, &state);
    if (state.paused || state.on_hold || restore_is_held(step->turn))
        return 0;
    /* One that cannot go any more takes nobody's place: else "fewer than asked" would not mean that nothing is left. */
    for (uint32_t tries = 0; offered < most; tries++) {
        if (tries == 2 * OFFER_MAX || !effects_has_room(step->effects) ||
            (offer->bytes_max && *ret_bytes >= offer->bytes_max)) {
            *ret_more = true;
            break;
        }
        if (!lane_pick(step, recipient, offer->kinds, state.offers + offered, &handoff))
            break;
        enum result result = offer_one(step, &handoff);
        if (result == RESULT_FULL) {
            *ret_more = true;
            break;
        }
        if (result != RESULT_OK)
            continue;
        *ret_bytes += bytes_given(step->effects);
        offered++;
    }
    if (offered) {
        state.offers += offered;
        turn_agency_state_put(step->turn, recipient, &state);
    }
    return offered;
}

void step_offer(struct step *step)
{
    const struct offer *offer = &step->command->offer;
    uint32_t most = offer->probe && offer->most > 1 ? 1 : offer->most > OFFER_MAX ? OFFER_MAX : offer->most;
    uint32_t recipient = turn_agency_number(step->turn, step->command->agency->code);
    size_t bytes = 0;
    bool more = false;

    uint32_t offered = recipient ? offer_some(step, recipient, most, &bytes, &more) : 0;
    struct effect *effect = effects_add(step->effects, EFFECT_OFFERED, step->command);
    effect->session = offer->session;
    effect->agency = recipient;
    effect->offered.count = offered;
    effect->offered.asked = most;
    effect->offered.bytes = bytes;
    effect->offered.more = more;
}
