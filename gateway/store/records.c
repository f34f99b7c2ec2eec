#include "gateway/store/records.h"

#include "gateway/store/bytes.h"

/* The version of each record, its first byte. See the ritual in records.h. */
enum {
    HANDOFF_VERSION = 1, EVENT_VERSION = 1, EVENT_OF_DOSSIER_VERSION = 2, AGENCY_STATE_VERSION = 2,
    AGENCY_STATE_BEFORE_LATE = 1,
    FAIL_GROUP_VERSION = 1, ANTECEDENT_VERSION = 1, CHAIN_LINK_VERSION = 1,
};

_Static_assert(1 + 6 * 4 + 6 + 18 * 8 + 12 * 4 + 16 + HASH_SIZE + 3 + PROCEDURE_CODE_SIZE + STEP_NAME_SIZE
                   + AGENCY_REF_SIZE <= RECORD_BYTES_MAX, "the largest record, of a handoff, fits");
_Static_assert(PROCEDURE_CODE_SIZE <= 256 && STEP_NAME_SIZE <= 256 && AGENCY_REF_SIZE <= 256,
               "the length of a text fits into one byte");

size_t handoff_write(const struct handoff *handoff, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, HANDOFF_VERSION);
    pen_u8(&pen, handoff->kind);
    pen_u8(&pen, handoff->state);
    pen_u8(&pen, handoff->verdict);
    pen_u8(&pen, handoff->fail_class);
    pen_u8(&pen, handoff->answer);
    pen_u32(&pen, handoff->flags);
    pen_u64(&pen, handoff->dossier);
    pen_u32(&pen, handoff->sender);
    pen_u32(&pen, handoff->recipient);
    pen_u32(&pen, handoff->addressed);
    pen_bytes(&pen, handoff->message_id.bytes, sizeof handoff->message_id.bytes);
    pen_bytes(&pen, handoff->content_hash.bytes, HASH_SIZE);
    pen_i64(&pen, handoff->accepted_ms);
    pen_i64(&pen, handoff->source_time_ms);
    pen_i64(&pen, handoff->changed_ms);
    pen_i64(&pen, handoff->due_ms);
    pen_i64(&pen, handoff->timer_ms);
    pen_i64(&pen, handoff->ready_due_ms);
    pen_i64(&pen, handoff->offered_ms);
    pen_i64(&pen, handoff->tried_ms);
    pen_u64(&pen, handoff->sequence);
    pen_u64(&pen, handoff->accepted_seq);
    pen_u64(&pen, handoff->parent);
    pen_u64(&pen, handoff->child);
    pen_u64(&pen, handoff->lane_place);
    pen_u64(&pen, handoff->session);
    pen_u64(&pen, handoff->last_event);
    pen_u64(&pen, handoff->fingerprint);
    pen_u32(&pen, handoff->attempt);
    pen_u32(&pen, handoff->charged);
    pen_u32(&pen, handoff->lapses);
    pen_u32(&pen, handoff->body_bytes);
    pen_u32(&pen, handoff->key_generation);
    pen_u32(&pen, handoff->gates_left);
    pen_text(&pen, handoff->procedure_code, sizeof handoff->procedure_code);
    pen_text(&pen, handoff->step, sizeof handoff->step);
    pen_text(&pen, handoff->agency_ref, sizeof handoff->agency_ref);
    return (size_t)(pen.at - bytes);
}

bool handoff_parse(struct span bytes, struct handoff *ret_handoff)
{
    struct scan scan = scan_of(bytes);
    struct handoff handoff = { 0 };

    scan_version(&scan, HANDOFF_VERSION);
    handoff.kind = scan_word(&scan, 1, KIND_END);
    handoff.state = scan_word(&scan, 1, STATE_END);
    handoff.verdict = scan_word(&scan, 0, VERDICT_END);
    handoff.fail_class = scan_word(&scan, 0, FAIL_CLASS_END);
    handoff.answer = scan_word(&scan, 0, ANSWER_END);
    handoff.flags = scan_u32(&scan);
    handoff.dossier = scan_u64(&scan);
    handoff.sender = scan_u32(&scan);
    handoff.recipient = scan_u32(&scan);
    handoff.addressed = scan_u32(&scan);
    scan_bytes(&scan, handoff.message_id.bytes, sizeof handoff.message_id.bytes);
    scan_bytes(&scan, handoff.content_hash.bytes, HASH_SIZE);
    handoff.accepted_ms = scan_i64(&scan);
    handoff.source_time_ms = scan_i64(&scan);
    handoff.changed_ms = scan_i64(&scan);
    handoff.due_ms = scan_i64(&scan);
    handoff.timer_ms = scan_i64(&scan);
    handoff.ready_due_ms = scan_i64(&scan);
    handoff.offered_ms = scan_i64(&scan);
    handoff.tried_ms = scan_i64(&scan);
    handoff.sequence = scan_u64(&scan);
    handoff.accepted_seq = scan_u64(&scan);
    handoff.parent = scan_u64(&scan);
    handoff.child = scan_u64(&scan);
    handoff.lane_place = scan_u64(&scan);
    handoff.session = scan_u64(&scan);
    handoff.last_event = scan_u64(&scan);
    handoff.fingerprint = scan_u64(&scan);
    handoff.attempt = scan_u32(&scan);
    handoff.charged = scan_u32(&scan);
    handoff.lapses = scan_u32(&scan);
    handoff.body_bytes = scan_u32(&scan);
    handoff.key_generation = scan_u32(&scan);
    handoff.gates_left = scan_u32(&scan);
    scan_text(&scan, handoff.procedure_code, sizeof handoff.procedure_code);
    scan_text(&scan, handoff.step, sizeof handoff.step);
    scan_text(&scan, handoff.agency_ref, sizeof handoff.agency_ref);
    if (!scan_end(&scan))
        return false;
    *ret_handoff = handoff;
    return true;
}

/* Version 2 is version 1 and this behind it; what says nothing of a dossier is still written as version 1. */
static void write_of_dossier(struct pen *pen, const struct event_dossier *said)
{
    pen_u64(pen, said->dossier);
    pen_u64(pen, said->previous);
    pen_u8(pen, said->status);
    pen_u8(pen, said->before);
    pen_u8(pen, said->after);
    pen_u8(pen, said->judged);
    pen_u8(pen, said->due_source);
    pen_i64(pen, said->due_ms);
    pen_text(pen, said->partner_status, sizeof said->partner_status);
}

static void scan_of_dossier(struct scan *scan, struct event_dossier *ret_said)
{
    ret_said->dossier = scan_u64(scan);
    ret_said->previous = scan_u64(scan);
    ret_said->status = scan_word(scan, 0, STATUS_END);
    ret_said->before = scan_word(scan, 0, STATUS_END);
    ret_said->after = scan_word(scan, 0, STATUS_END);
    ret_said->judged = scan_word(scan, 0, JUDGED_END);
    ret_said->due_source = scan_word(scan, 0, DUE_SOURCE_END);
    ret_said->due_ms = scan_i64(scan);
    scan_text(scan, ret_said->partner_status, sizeof ret_said->partner_status);
    scan->bad |= !ret_said->dossier;
}

size_t event_write(const struct event *event, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, event->of_dossier.dossier ? EVENT_OF_DOSSIER_VERSION : EVENT_VERSION);
    pen_u8(&pen, event->from);
    pen_u8(&pen, event->to);
    pen_u8(&pen, event->cause);
    pen_u8(&pen, event->verdict);
    pen_u8(&pen, event->fail_class);
    pen_u8(&pen, event->answer);
    pen_u64(&pen, event->turn_seq);
    pen_u64(&pen, event->handoff);
    pen_u64(&pen, event->previous);
    pen_i64(&pen, event->at_ms);
    pen_u32(&pen, event->attempt);
    pen_u32(&pen, event->agency);
    pen_u32(&pen, event->actor_agency);
    pen_u32(&pen, event->actor_uid);
    pen_bytes(&pen, event->detail_digest.bytes, HASH_SIZE);
    if (event->of_dossier.dossier)
        write_of_dossier(&pen, &event->of_dossier);
    return (size_t)(pen.at - bytes);
}

bool event_parse(struct span bytes, struct event *ret_event)
{
    struct scan scan = scan_of(bytes);
    struct event event = { 0 };

    unsigned version = scan_word(&scan, EVENT_VERSION, EVENT_OF_DOSSIER_VERSION + 1);
    event.from = scan_word(&scan, 0, STATE_END);
    event.to = scan_word(&scan, 0, STATE_END);
    event.cause = scan_word(&scan, 1, CAUSE_END);
    event.verdict = scan_word(&scan, 0, VERDICT_END);
    event.fail_class = scan_word(&scan, 0, FAIL_CLASS_END);
    event.answer = scan_word(&scan, 0, ANSWER_END);
    event.turn_seq = scan_u64(&scan);
    event.handoff = scan_u64(&scan);
    event.previous = scan_u64(&scan);
    event.at_ms = scan_i64(&scan);
    event.attempt = scan_u32(&scan);
    event.agency = scan_u32(&scan);
    event.actor_agency = scan_u32(&scan);
    event.actor_uid = scan_u32(&scan);
    scan_bytes(&scan, event.detail_digest.bytes, HASH_SIZE);
    if (version == EVENT_OF_DOSSIER_VERSION)
        scan_of_dossier(&scan, &event.of_dossier);
    if (!scan_end(&scan))
        return false;
    *ret_event = event;
    return true;
}

size_t agency_state_write(const struct agency_state *state, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, AGENCY_STATE_VERSION);
    pen_u64(&pen, state->offers);
    pen_u8(&pen, state->paused);
    pen_u8(&pen, state->on_hold);
    pen_i64(&pen, state->since_ms);
    pen_u64(&pen, state->suspect_fingerprint);
    pen_u64(&pen, state->suspect_dossier);
    pen_i64(&pen, state->exchange_ms);
    pen_i64(&pen, state->drafts_from_ms);
    pen_u32(&pen, state->drafts);
    pen_text(&pen, state->reason, sizeof state->reason);
    return (size_t)(pen.at - bytes);
}

bool agency_state_parse(struct span bytes, struct agency_state *ret_state)
{
    struct scan scan = scan_of(bytes);
    struct agency_state state = { 0 };

    unsigned version = scan_word(&scan, AGENCY_STATE_BEFORE_LATE, AGENCY_STATE_VERSION + 1);
    state.offers = scan_u64(&scan);
    state.paused = scan_bool(&scan);
    state.on_hold = scan_bool(&scan);
    state.since_ms = scan_i64(&scan);
    state.suspect_fingerprint = scan_u64(&scan);
    state.suspect_dossier = scan_u64(&scan);
    if (version != AGENCY_STATE_BEFORE_LATE) {
        state.exchange_ms = scan_i64(&scan);
        state.drafts_from_ms = scan_i64(&scan);
        state.drafts = scan_u32(&scan);
    }
    scan_text(&scan, state.reason, sizeof state.reason);
    if (!scan_end(&scan))
        return false;
    *ret_state = state;
    return true;
}

size_t fail_group_write(const struct fail_group *group, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, FAIL_GROUP_VERSION);
    pen_u64(&pen, group->count);
    pen_i64(&pen, group->first_ms);
    pen_i64(&pen, group->last_ms);
    pen_u64(&pen, group->sample);
    pen_text(&pen, group->fingerprint_text, sizeof group->fingerprint_text);
    return (size_t)(pen.at - bytes);
}

bool fail_group_parse(struct span bytes, struct fail_group *ret_group)
{
    struct scan scan = scan_of(bytes);
    struct fail_group group = { 0 };

    scan_version(&scan, FAIL_GROUP_VERSION);
    group.count = scan_u64(&scan);
    group.first_ms = scan_i64(&scan);
    group.last_ms = scan_i64(&scan);
    group.sample = scan_u64(&scan);
    scan_text(&scan, group.fingerprint_text, sizeof group.fingerprint_text);
    if (!scan_end(&scan))
        return false;
    *ret_group = group;
    return true;
}

size_t antecedent_write(const struct antecedent *antecedent, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, ANTECEDENT_VERSION);
    pen_u8(&pen, antecedent->until);
    pen_u64(&pen, antecedent->done_by);
    pen_u64(&pen, antecedent->handoff);
    return (size_t)(pen.at - bytes);
}

bool antecedent_parse(struct span bytes, struct antecedent *ret_antecedent)
{
    struct scan scan = scan_of(bytes);
    struct antecedent antecedent = { 0 };

    scan_version(&scan, ANTECEDENT_VERSION);
    antecedent.until = scan_word(&scan, 1, UNTIL_END);
    antecedent.done_by = scan_u64(&scan);
    antecedent.handoff = scan_u64(&scan);
    if (!scan_end(&scan))
        return false;
    *ret_antecedent = antecedent;
    return true;
}

size_t chain_link_write(const struct chain_link *link, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, CHAIN_LINK_VERSION);
    pen_i64(&pen, link->now_ms);
    pen_u64(&pen, link->first_event);
    pen_u64(&pen, link->events);
    pen_bytes(&pen, link->root.bytes, HASH_SIZE);
    pen_bytes(&pen, link->link.bytes, HASH_SIZE);
    return (size_t)(pen.at - bytes);
}

bool chain_link_parse(struct span bytes, struct chain_link *ret_link)
{
    struct scan scan = scan_of(bytes);
    struct chain_link link = { 0 };

    scan_version(&scan, CHAIN_LINK_VERSION);
    link.now_ms = scan_i64(&scan);
    link.first_event = scan_u64(&scan);
    link.events = scan_u64(&scan);
    scan_bytes(&scan, link.root.bytes, HASH_SIZE);
    scan_bytes(&scan, link.link.bytes, HASH_SIZE);
    if (!scan_end(&scan))
        return false;
    *ret_link = link;
    return true;
}
