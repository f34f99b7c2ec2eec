#include "tests/unit/store_damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/store/records.h"
#include "gateway/store/seal.h"
#include "tests/unit/store_sample.h"

#define ID(name) SAMPLE_ID(SAMPLE_##name)
static const struct span NOTHING;

static struct handoff handoff_in(struct raw *raw, uint64_t id)
{
    struct handoff handoff;
    struct span value;
    assert_true(raw_get(raw, TABLE_HANDOFF, KEY("8", id), &value) && handoff_parse(value, &handoff));
    handoff.id = id;
    return handoff;
}

static void handoff_put(struct raw *raw, const struct handoff *handoff)
{
    uint8_t record[RECORD_BYTES_MAX];
    raw_put(raw, TABLE_HANDOFF, KEY("8", handoff->id), span_of(record, handoff_write(handoff, record)));
}

static void number_put(struct raw *raw, enum table table, struct key key, uint64_t number)
{
    uint64_t little = htole64(number);
    raw_put(raw, table, key, span_of(&little, sizeof little));
}

static struct key key_with_id(uint32_t number, unsigned id, uint64_t last, bool has_last)
{
    struct uuid uuid = sample_message_id(id);
    struct key key = { 0 };
    if (number)
        key_u32(&key, number);
    key_bytes(&key, uuid.bytes, 16);
    if (has_last)
        key_u64(&key, last);
    return key;
}

static struct key key_antecedent(uint64_t dependant, unsigned id)
{
    struct uuid uuid = sample_message_id(id);
    struct key key = KEY("8", dependant);
    key_bytes(&key, uuid.bytes, 16);
    return key;
}

static struct key lane_of(struct raw *raw, uint64_t id)
{
    struct handoff handoff = handoff_in(raw, id);
    return KEY("848", handoff.dossier, handoff.addressed, handoff.lane_place);
}

#define FAILED_GROUP INSURANCE, FAIL_BAD_DATA, SAMPLE_FINGERPRINT
#define TEXT_KEY(text) raw_key_of(text, strlen(text))
#define DUE_MS (SITE_NOW_MS + 5000)
#define TIMER_MS (SITE_NOW_MS + 30000)

/* Rows that no version explains. */
static void odd_meta(struct raw *raw) { raw_put(raw, TABLE_META, TEXT_KEY("odd"), span_of_string("x")); }
static void odd_timer(struct raw *raw) { raw_put(raw, TABLE_TIMER, KEY("8", 5), NOTHING); }
static void odd_lane(struct raw *raw) { number_put(raw, TABLE_LANE, KEY("8481", 2, POLICE, 1, 0), 1); }
static void odd_class(struct raw *raw) { raw_put(raw, TABLE_READY, KEY("4188", POLICE, 16, 0, 1), NOTHING); }
static void odd_count(struct raw *raw) { number_put(raw, TABLE_COUNT, KEY("41", TAX, STATE_READY), 0); }
static void odd_event(struct raw *raw) { raw_change(raw, TABLE_EVENT, KEY("8", 4), 0, 8); }
static void odd_group(struct raw *raw) { raw_change(raw, TABLE_FAIL_GROUP, KEY("418", FAILED_GROUP), 0, 1); }

/* Small tables. */
static void agency_code_lost(struct raw *raw) { raw_delete(raw, TABLE_AGENCY_CODE, TEXT_KEY("X01")); }
static void agency_code_moved(struct raw *raw) { number_put(raw, TABLE_AGENCY_CODE, TEXT_KEY("X01"), WARD); }
static void dossier_code_lost(struct raw *raw) { raw_delete(raw, TABLE_DOSSIER_CODE, TEXT_KEY("H29.7-231115-0003")); }
static void dossier_code_stray(struct raw *raw) { number_put(raw, TABLE_DOSSIER_CODE, TEXT_KEY("G22"), 99); }
static void feed_stray(struct raw *raw) { raw_put(raw, TABLE_FEED, KEY("48", WARD, 500), NOTHING); }
static void follow_stray(struct raw *raw) { number_put(raw, TABLE_FOLLOW, KEY("4", 9), 2); }
static void blob_stray(struct raw *raw) { raw_put(raw, TABLE_BLOB, KEY("48888", 9, 1, 2, 3, 4), NOTHING); }
static void directory_changed(struct raw *raw) { raw_change(raw, TABLE_DIRECTORY, KEY("4", 1), HASH_SIZE, 1); }

/* Sums. */
static void count_wrong(struct raw *raw) { number_put(raw, TABLE_COUNT, KEY("41", POLICE, STATE_READY), 4); }
static void count_lost(struct raw *raw) { raw_delete(raw, TABLE_COUNT, KEY("41", TAX, STATE_CLOSED)); }
static void count_stray(struct raw *raw) { number_put(raw, TABLE_COUNT, KEY("41", TAX, STATE_FAILED), 2); }
static void sealed_wrong(struct raw *raw) { number_put(raw, TABLE_SEALED, KEY("4", SITE_DAY), 2); }
static void sealed_lost(struct raw *raw) { raw_delete(raw, TABLE_SEALED, KEY("4", SITE_DAY + 1)); }

#define COUNTER(name, change) \
    static void name(struct raw *raw) \
    { \
        struct counters counters = raw_counters(raw); \
        change; \
        raw_counters_put(raw, &counters); \
    }
COUNTER(bytes_wrong, counters.bytes++)
COUNTER(handoffs_below, counters.handoffs--)
COUNTER(dossiers_below, counters.dossiers--)
COUNTER(agencies_below, counters.agencies--)
COUNTER(places_below, counters.places--)
COUNTER(covered_beyond, counters.covered_seq = 99)
COUNTER(seq_beyond, counters.seq++)
COUNTER(link_wrong, counters.link.bytes[5] ^= 1)
COUNTER(last_wrong, counters.last_ms++)

/* Lanes and ready heads. */
static void lane_lost(struct raw *raw) { raw_delete(raw, TABLE_LANE, lane_of(raw, ID(WAITING))); }
static void lane_of_head_lost(struct raw *raw) { raw_delete(raw, TABLE_LANE, lane_of(raw, ID(DUE))); }
static void lane_moved(struct raw *raw) { number_put(raw, TABLE_LANE, lane_of(raw, ID(WAITING)), ID(UNSURE)); }
static void lane_stray(struct raw *raw) { number_put(raw, TABLE_LANE, KEY("848", 9, TAX, 999), 999); }
static void ready_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_READY, KEY("4188", POLICE, 0, KEY_TIME(DUE_MS), ID(DUE)));
}
static void ready_twice(struct raw *raw)
{
    raw_put(raw, TABLE_READY, KEY("4188", POLICE, 2, KEY_TIME(DUE_MS), ID(DUE)), NOTHING);
}
static void ready_behind(struct raw *raw)
{
    raw_put(raw, TABLE_READY, KEY("4188", POLICE, 0, KEY_TIME(INT64_MAX), ID(BEHIND)), NOTHING);
}
static void ready_other_due(struct raw *raw)
{
    raw_put(raw, TABLE_READY, KEY("4188", INSURANCE, 3, KEY_TIME(DUE_MS), ID(UNDATED)), NOTHING);
}
static void ready_other_agency(struct raw *raw)
{
    raw_put(raw, TABLE_READY, KEY("4188", TAX, 0, KEY_TIME(DUE_MS), ID(DUE)), NOTHING);
}
static void ready_not_ready(struct raw *raw)
{
    raw_put(raw, TABLE_READY, KEY("4188", POLICE, 0, KEY_TIME(INT64_MAX), ID(OFFERED)), NOTHING);
}
static void due_behind(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(BEHIND));
    handoff.ready_due_ms = 5;
    handoff_put(raw, &handoff);
}
/* The place of the one behind becomes the lower one. */
static void offered_behind(struct raw *raw)
{
    struct handoff front = handoff_in(raw, ID(OFFERED)), back = handoff_in(raw, ID(BEHIND));
    uint64_t place = front.lane_place;
    front.lane_place = back.lane_place;
    back.lane_place = place;
    handoff_put(raw, &front);
    handoff_put(raw, &back);
    number_put(raw, TABLE_LANE, lane_of(raw, ID(OFFERED)), ID(OFFERED));
    number_put(raw, TABLE_LANE, lane_of(raw, ID(BEHIND)), ID(BEHIND));
    raw_put(raw, TABLE_READY, KEY("4188", POLICE, 0, KEY_TIME(INT64_MAX), ID(BEHIND)), NOTHING);
}

/* Timers, offers. */
static void timer_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_LEASE, ID(OFFERED)));
}
static void timer_stray(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS + 1), TIMER_WAIT, ID(WAITING)), NOTHING);
}
static void timer_of_nobody(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_PURGE, 999), NOTHING);
}
static void timer_of_purged(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_PURGE, ID(CLOSED)), NOTHING);
}
static void waits_for_no_time(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(WAITING));
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_WAIT, ID(WAITING)));
    handoff.timer_ms = 0;
    handoff_put(raw, &handoff);
}
static void timer_of_unsure(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(UNSURE));
    handoff.timer_ms = TIMER_MS;
    handoff_put(raw, &handoff);
}
static void offered_lost(struct raw *raw) { raw_delete(raw, TABLE_OFFERED, KEY("88", SAMPLE_SESSION, ID(OFFERED))); }
static void offered_stray(struct raw *raw) { raw_put(raw, TABLE_OFFERED, KEY("88", 78, ID(OFFERED)), NOTHING); }

/* Gates. */
static void gate_lost(struct raw *raw) { raw_delete(raw, TABLE_GATE, key_with_id(WARD, 99, ID(GATED), true)); }
static void gate_stray(struct raw *raw)
{
    raw_put(raw, TABLE_GATE, key_with_id(WARD, SAMPLE_DELIVERED, ID(GATED), true), NOTHING);
}
static void gate_of_final(struct raw *raw)
{
    raw_put(raw, TABLE_GATE, key_with_id(WARD, 99, ID(CLOSED), true), NOTHING);
}
static void antecedent_lost(struct raw *raw) { raw_delete(raw, TABLE_ANTECEDENT, key_antecedent(ID(GATED), 99)); }
static void antecedent_unknown(struct raw *raw)
{
    raw_change(raw, TABLE_ANTECEDENT, key_antecedent(ID(GATED), SAMPLE_OFFERED), 10, 100);
}
static void gates_left_wrong(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(GATED));
    handoff.gates_left = 1;
    handoff_put(raw, &handoff);
}
static void held_by_nothing(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(ON_HOLD));
    handoff.flags &= ~(uint32_t)HANDOFF_ON_HOLD;
    handoff_put(raw, &handoff);
}

/* The failed list. */
static void failed_lost(struct raw *raw) { raw_delete(raw, TABLE_FAILED, KEY("4188", FAILED_GROUP, ID(FAILED))); }
static void failed_stray(struct raw *raw)
{
    raw_put(raw, TABLE_FAILED, KEY("4188", FAILED_GROUP, ID(WAITING)), NOTHING);
}
static void group_lost(struct raw *raw) { raw_delete(raw, TABLE_FAIL_GROUP, KEY("418", FAILED_GROUP)); }
static void group_wrong(struct raw *raw) { raw_change(raw, TABLE_FAIL_GROUP, KEY("418", FAILED_GROUP), 1, 1); }
static void group_empty(struct raw *raw)
{
    struct fail_group group = { .count = 1 };
    uint8_t record[RECORD_BYTES_MAX];
    raw_put(raw, TABLE_FAIL_GROUP, KEY("418", TAX, FAIL_ORPHAN, 5),
            span_of(record, fail_group_write(&group, record)));
}

/* Names and bodies. */
static void dedupe_lost(struct raw *raw) { raw_delete(raw, TABLE_DEDUPE, key_with_id(WARD, SAMPLE_DUE, 0, false)); }
static void dedupe_moved(struct raw *raw)
{
    number_put(raw, TABLE_DEDUPE, key_with_id(WARD, SAMPLE_DUE, 0, false), ID(WAITING));
}
static void dossier_handoff_lost(struct raw *raw) { raw_delete(raw, TABLE_DOSSIER_HANDOFF, KEY("88", 3, ID(DUE))); }
static void dossier_handoff_stray(struct raw *raw)
{
    raw_put(raw, TABLE_DOSSIER_HANDOFF, KEY("88", 4, ID(DUE)), NOTHING);
}
static void body_lost(struct raw *raw) { raw_delete(raw, TABLE_BODY, KEY("8", ID(DUE))); }
static void body_changed(struct raw *raw) { raw_change(raw, TABLE_BODY, KEY("8", ID(DUE)), SEAL_HEAD_BYTES, 1); }
static void bodies_swapped(struct raw *raw)
{
    struct span a, b;
    uint8_t bytes[256];
    assert_true(raw_get(raw, TABLE_BODY, KEY("8", ID(DUE)), &a) && a.size <= sizeof bytes);
    memcpy(bytes, a.bytes, a.size);
    size_t size = a.size;
    assert_true(raw_get(raw, TABLE_BODY, KEY("8", ID(WAITING)), &b));
    uint8_t other[256];
    memcpy(other, b.bytes, b.size);
    size_t other_size = b.size;
    raw_put(raw, TABLE_BODY, KEY("8", ID(DUE)), span_of(other, other_size));
    raw_put(raw, TABLE_BODY, KEY("8", ID(WAITING)), span_of(bytes, size));
}
static void body_bytes_wrong(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(DUE));
    handoff.body_bytes++;
    handoff_put(raw, &handoff);
}
static void checkpoint_changed(struct raw *raw) { raw_change(raw, TABLE_CHECKPOINT, KEY("8", ID(OFFERED)), 40, 1); }
static void child_of_another(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(CHILD));
    handoff.parent = ID(DUE);
    handoff_put(raw, &handoff);
}
static void not_failed(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(DUE));
    handoff.fail_class = FAIL_ORPHAN;
    handoff_put(raw, &handoff);
}
static void sender_unknown(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(OLD));
    handoff.sender = 9;
    handoff_put(raw, &handoff);
}

/* Dossiers. */
static struct dossier dossier_in(struct raw *raw)
{
    struct dossier dossier;
    struct span value;
    assert_true(raw_get(raw, TABLE_DOSSIER_STATE, KEY("8", SAMPLE_DOSSIER), &value) && dossier_parse(value, &dossier));
    return dossier;
}
#define DOSSIER(name, change) \
    static void name(struct raw *raw) \
    { \
        struct dossier dossier = dossier_in(raw); \
        uint8_t record[DOSSIER_BYTES_MAX]; \
        change; \
        raw_put(raw, TABLE_DOSSIER_STATE, KEY("8", SAMPLE_DOSSIER), \
                span_of(record, dossier_write(&dossier, record))); \
    }
DOSSIER(dossier_agency, dossier.branches[0].line.by = 9)
DOSSIER(dossier_branch, dossier.branches[0].handoff = ID(OFFERED))
DOSSIER(dossier_twice, (dossier.branches[1] = dossier.branches[0], dossier.branch_count = 2))
DOSSIER(dossier_due, dossier.due_source = 0)
DOSSIER(dossier_year, dossier.unknown_year = 2025)
DOSSIER(dossier_money, dossier.money_count = 1)
DOSSIER(dossier_status, dossier.line.status = STATUS_DONE)
DOSSIER(dossier_events, dossier.last_event = 0)
DOSSIER(dossier_other_events, dossier.last_event = 3)
static void dossier_odd(struct raw *raw) { raw_change(raw, TABLE_DOSSIER_STATE, KEY("8", SAMPLE_DOSSIER), 9, 50); }
static void money_stray(struct raw *raw)
{
    struct key key = KEY("8", 2);
    struct money money = { .owed = 1 };
    uint8_t record[RECORD_BYTES_MAX];
    key_bytes(&key, "LP", 2);
    raw_put(raw, TABLE_MONEY, key, span_of(record, money_write(&money, record)));
}
static void provisional_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_PROVISIONAL, KEY("48", SAMPLE_YEAR, SAMPLE_DOSSIER));
}
static void provisional_stray(struct raw *raw) { raw_put(raw, TABLE_PROVISIONAL, KEY("48", 2026, 7), NOTHING); }
static void unreceived_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_UNRECEIVED, KEY("488", POLICE, KEY_TIME(SITE_NOW_MS + 1), ID(DELIVERED)));
}
static void ending_put(struct raw *raw, uint64_t dossier, struct ending ending)
{
    uint8_t record[RECORD_BYTES_MAX];
    raw_put(raw, TABLE_ENDING, KEY("8", dossier), span_of(record, ending_write(&ending, record)));
}
static void ending_stray(struct raw *raw) { ending_put(raw, 7, (struct ending){ .apology = APOLOGY_BRAKED }); }
#define ENDING(name, change) \
    static void name(struct raw *raw) \
    { \
        struct ending ending; \
        struct span value; \
        assert_true(raw_get(raw, TABLE_ENDING, KEY("8", SAMPLE_DOSSIER), &value) && ending_parse(value, &ending)); \
        change; \
        ending_put(raw, SAMPLE_DOSSIER, ending); \
    }
ENDING(ending_undated, ending.ended = STATUS_DONE)
ENDING(ending_draft, ending.draft = ID(CLOSED) + 500)
ENDING(ending_agency, ending.signed_by = 9)
ENDING(apology_why, ending.apology = APOLOGY_NOT_ASKED)
ENDING(apology_letter, ending.apology = APOLOGY_SIGNED)
ENDING(late_elsewhere, ending.asked_of = TAX)
ENDING(late_timer_moved, ending.timer_ms++)
#define LATE_DUE_MS (SITE_NOW_MS + 1000)
#define LATE_TIMER_MS (SITE_NOW_MS + 2000000)
static void late_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_LATE, KEY("488", POLICE, KEY_TIME(LATE_DUE_MS), SAMPLE_DOSSIER));
}
static void late_stray(struct raw *raw)
{
    raw_put(raw, TABLE_LATE, KEY("488", POLICE, KEY_TIME(LATE_DUE_MS), 7), NOTHING);
}
static void late_timer_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(LATE_TIMER_MS), TIMER_LATE, SAMPLE_DOSSIER));
}
static void late_timer_stray(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(LATE_TIMER_MS), TIMER_LATE, 7), NOTHING);
}
static void urge_timer_of_another(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_URGE, ID(DELIVERED)), NOTHING);
}
static void unanswered_stray(struct raw *raw)
{
    raw_put(raw, TABLE_UNANSWERED, KEY("488", POLICE, KEY_TIME(SITE_NOW_MS), ID(DELIVERED)), NOTHING);
}
static void unanswered_lost(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(DELIVERED));
    handoff.flags |= HANDOFF_UNANSWERED;
    handoff_put(raw, &handoff);
}
static struct asked asked_in(struct raw *raw)
{
    struct asked asked;
    struct span value;
    assert_true(raw_get(raw, TABLE_ASKED, KEY("88", SAMPLE_DOSSIER, ID(ASKED)), &value) && asked_parse(value, &asked));
    return asked;
}
static void asked_put(struct raw *raw, const struct asked *asked)
{
    uint8_t record[ASKED_BYTES_MAX];
    raw_put(raw, TABLE_ASKED, KEY("88", SAMPLE_DOSSIER, ID(ASKED)), span_of(record, asked_write(asked, record)));
}
static void asked_lost(struct raw *raw) { raw_delete(raw, TABLE_ASKED, KEY("88", SAMPLE_DOSSIER, ID(ASKED))); }
static void asked_untimed(struct raw *raw)
{
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(SAMPLE_ANSWER_BY_MS), TIMER_ASKED, ID(ASKED)));
}
static void asked_unlisted(struct raw *raw)
{
    raw_delete(raw, TABLE_ASKED_OPEN, KEY("88", KEY_TIME(SAMPLE_ANSWER_BY_MS), ID(ASKED)));
}
static void asked_of_no_branch(struct raw *raw)
{
    struct asked asked = asked_in(raw);
    asked.branch = 1;
    asked_put(raw, &asked);
}
static void asked_of_another_kind(struct raw *raw)
{
    struct asked asked = asked_in(raw);
    asked.kind = KIND_FINANCIAL_OBLIGATION;
    asked_put(raw, &asked);
}
static void asked_undated(struct raw *raw)
{
    struct asked asked = asked_in(raw);
    asked.state = ASKING_LEFT;
    asked_put(raw, &asked);
}
static void flow_put(struct raw *raw, uint64_t dossier, uint64_t handoff, const char *name)
{
    uint8_t record[FLOW_BYTES_MAX];
    struct flow flow = { .sender = WARD, .steps = { { .handoff = handoff } }, .step_count = 1 };
    memcpy(flow.steps[0].name, name, strlen(name));
    raw_put(raw, TABLE_FLOW, KEY("8", dossier), span_of(record, flow_write(&flow, record)));
}
static void flow_lost(struct raw *raw) { raw_delete(raw, TABLE_FLOW, KEY("8", SAMPLE_DOSSIER)); }
static void flow_stray(struct raw *raw) { flow_put(raw, 99, 0, "x"); }
static void flow_step(struct raw *raw) { flow_put(raw, SAMPLE_DOSSIER, ID(OFFERED), SAMPLE_STEP); }
static void flow_name(struct raw *raw) { flow_put(raw, SAMPLE_DOSSIER, ID(DELIVERED), "card"); }
static void unreceived_stray(struct raw *raw)
{
    raw_put(raw, TABLE_UNRECEIVED, KEY("488", POLICE, KEY_TIME(SITE_NOW_MS), ID(OFFERED)), NOTHING);
}
static void taken_and_not(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(DELIVERED));
    handoff.flags |= HANDOFF_RECEIVED;
    handoff_put(raw, &handoff);
}
static void branch_without(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(OFFERED));
    handoff.flags |= HANDOFF_BRANCH;
    handoff_put(raw, &handoff);
}
static void receipt_timer(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_RECEIPT, ID(WAITING)), NOTHING);
}

/* History. */
static void event_changed(struct raw *raw) { raw_change(raw, TABLE_EVENT, KEY("8", 5), 39, 1); }
static void event_lost(struct raw *raw) { raw_delete(raw, TABLE_EVENT, KEY("8", 5)); }
static void event_unlisted(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(FAILED));
    handoff.last_event--;
    handoff_put(raw, &handoff);
}
static void event_of_another(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(UNSURE));
    handoff.last_event--;
    handoff_put(raw, &handoff);
}
static void history_contradicts(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(OLD));
    handoff.state = STATE_CLOSED;
    handoff_put(raw, &handoff);
    raw_delete(raw, TABLE_COUNT, KEY("41", TAX, STATE_DELIVERED));
    number_put(raw, TABLE_COUNT, KEY("41", TAX, STATE_CLOSED), 2);
}
static void no_history(struct raw *raw)
{
    struct handoff handoff = handoff_in(raw, ID(OLD));
    handoff.last_event = 0;
    handoff_put(raw, &handoff);
}
static void detail_changed(struct raw *raw) { raw_change(raw, TABLE_DETAIL, KEY("8", 1), 30, 1); }
static void detail_lost(struct raw *raw) { raw_delete(raw, TABLE_DETAIL, KEY("8", 1)); }
static void link_changed(struct raw *raw) { raw_change(raw, TABLE_CHAIN, KEY("8", 4), 60, 1); }
static void link_lost(struct raw *raw) { raw_delete(raw, TABLE_CHAIN, KEY("8", 2)); }
static void root_changed(struct raw *raw) { raw_change(raw, TABLE_CHAIN, KEY("8", 4), 30, 1); }
static void time_changed(struct raw *raw) { raw_change(raw, TABLE_CHAIN, KEY("8", 1), 1, 1); }

#define H "handoff 2814749767106"
#define OF " of " H
#define D "state of dossier 1"
#define A "asked by " H "71"
#define E "ending of dossier "

#define CASE(name, ...) { #name, name, { __VA_ARGS__ } }
const struct damage store_damages[] = {
    CASE(odd_meta, "meta 6f6464|a row that no version explains"),
    CASE(odd_timer, "timer 0000000000000005|a row that no version explains"),
    CASE(odd_lane, "lane 000000000000000200000002000000000000000100|a row that no version explains"),
    CASE(odd_class, "ready 000000021000000000000000000000000000000001|a row that no version explains"),
    CASE(odd_count, "count 0000000402|a row that no version explains"),
    CASE(odd_event, "event 0000000000000004|a row that no version explains",
         "event 5 after 3|events before it are missing"),
    CASE(odd_group, "fail-group 0000000301000000000000f00d|a row that no version explains",
         "fail-group of agency 3 BAD_DATA 000000000000f00d, its row, 2 found|is missing or counts wrongly"),

    CASE(agency_code_lost, "agency 4|its code does not lead to it"),
    CASE(agency_code_moved, "agency-code X01|leads to another agency or to none"),
    CASE(dossier_code_lost, "dossier 3|its code does not lead to it"),
    CASE(dossier_code_stray, "dossier-code 473232|leads to a dossier that is not there"),
    CASE(feed_stray, "feed of agency 1, event 500|speaks of an event that is not there"),
    CASE(follow_stray, "follow of agency 9|of an agency that is not there"),
    CASE(blob_stray, "blob of agency 9|of an agency that is not there"),
    CASE(directory_changed, "directory 1|its bytes do not have its hash"),

    CASE(count_wrong, "count of agency 2 READY, 4 for 3|is not the number of handoffs found"),
    CASE(count_lost, "count of agency 4 CLOSED, 1 found|has no row"),
    CASE(count_stray, "count of agency 4 FAILED, 2 for 0|is not the number of handoffs found"),
    CASE(sealed_wrong, "sealed day 20231115, 2 for 15|is not the number of sealed rows found"),
    CASE(sealed_lost, "sealed day 20231116, 3 found|has no row"),
    CASE(bytes_wrong, "counters, |is not the number of bytes found"),
    CASE(handoffs_below, H "71 (DELIVERED)|its number is above the counter"),
    CASE(dossiers_below, "dossier 11|its number is above the counter"),
    CASE(agencies_below, "agency 4|its number is above the counter"),
    CASE(places_below, H "69 (READY)|its place is above the counter"),
    CASE(covered_beyond, "counters, covered 99 of 4|covers more turns than there are"),
    CASE(seq_beyond, "turn 4, counters 5|is not the last one that the counters speak of"),
    CASE(link_wrong, "turn 4|the last link is not that of the counters"),
    CASE(last_wrong, "turn 4|the last link is not that of the counters"),

    CASE(lane_lost, H "62 (WAITING)|has no row in its lane"),
    CASE(lane_of_head_lost, H "60 (READY)|has no row in its lane"),
    CASE(lane_moved, "lane" OF "67|its handoff says otherwise"),
    CASE(lane_stray, "lane of handoff 999|names a handoff that is not there"),
    CASE(ready_lost, "lane" OF "60|is ready at the head and has no ready row"),
    CASE(ready_twice, "lane" OF "60|has a ready row too many"),
    CASE(ready_behind, "lane" OF "59|has a ready row too many"),
    CASE(ready_other_due, "ready" OF "61|its handoff says otherwise"),
    CASE(ready_other_agency, "ready" OF "60|its handoff says otherwise"),
    CASE(ready_not_ready, "ready" OF "58|its handoff says otherwise"),
    CASE(due_behind, "lane" OF "59|has a ready due time though others stand before it"),
    CASE(offered_behind, "lane" OF "58|is offered though others stand before it"),

    CASE(timer_lost, H "58 (OFFERED)|has no timer row"),
    CASE(timer_stray, "timer" OF "62|its handoff says otherwise"),
    CASE(timer_of_nobody, "timer of handoff 999|names a handoff that is not there"),
    CASE(timer_of_purged, "timer" OF "68|its handoff says otherwise"),
    CASE(waits_for_no_time, H "62 (WAITING)|waits for no time"),
    CASE(timer_of_unsure, H "67 (UNSURE)|has a time though it waits for nothing"),
    CASE(offered_lost, H "58 (OFFERED)|has no row of its session"),
    CASE(offered_stray, "offered" OF "58|its handoff says otherwise"),

    CASE(gate_lost, H "65 (HELD)|has no gate row for one it waits for"),
    CASE(gate_stray, "gate" OF "65|its handoff says otherwise"),
    CASE(gate_of_final, "gate" OF "68|its handoff says otherwise"),
    CASE(antecedent_lost, H "65 (HELD)|gates_left is not the number of those it waits for",
         "gate" OF "65|its handoff says otherwise"),
    CASE(antecedent_unknown, "antecedent" OF "65|the one it waits for is not there"),
    CASE(gates_left_wrong, H "65 (HELD)|gates_left is not the number of those it waits for"),
    CASE(held_by_nothing, H "66 (HELD)|has a place though it waits for another", H "66 (HELD)|is held by nothing"),

    CASE(failed_lost, H "63 (FAILED)|is not in the failed list",
         "fail-group of agency 3 BAD_DATA 000000000000f00d, its count, 1 found|is missing or counts wrongly"),
    CASE(failed_stray, "failed" OF "62|its handoff says otherwise",
         "fail-group of agency 3 BAD_DATA 000000000000f00d, its count, 3 found|is missing or counts wrongly"),
    CASE(group_lost, "fail-group of agency 3 BAD_DATA 000000000000f00d, its row, 2 found|is missing or counts wrongly"),
    CASE(group_wrong, "fail-group of agency 3 BAD_DATA 000000000000f00d, its count, 2 found|"
         "is missing or counts wrongly"),
    CASE(group_empty, "fail-group of agency 4 ORPHAN 0000000000000005|has no members"),

    CASE(dedupe_lost, H "60 (READY)|its message id is not remembered"),
    CASE(dedupe_moved, "dedupe" OF "62|its handoff says otherwise"),
    CASE(dossier_handoff_lost, H "60 (READY)|is not listed in its dossier"),
    CASE(dossier_handoff_stray, "dossier-handoff" OF "60|its handoff says otherwise"),
    CASE(body_lost, H "60 (READY)|its body is not there",
         "sealed day 20231115, 15 for 14|is not the number of sealed rows found"),
    CASE(body_changed, H "60 (READY)|its sealed body does not open"),
    CASE(bodies_swapped, H "60 (READY)|its sealed body does not open",
         H "62 (WAITING)|its sealed body does not open"),
    CASE(body_bytes_wrong, H "60 (READY)|its body is not as large as it should be"),
    CASE(checkpoint_changed, "checkpoint" OF "58|its sealed row does not open"),
    CASE(child_of_another, H "68 (CLOSED)|its child is not there or names another parent"),
    CASE(not_failed, H "60 (READY)|has a class of failure but has not failed"),
    CASE(sender_unknown, H "70 (DELIVERED)|names an agency that is not there"),

    CASE(dossier_agency, D "|names an agency that is not there"),
    CASE(dossier_branch, D ", branch of handoff 281474976710658|a branch and its FORWARD do not agree"),
    CASE(dossier_twice, D ", branch of handoff 281474976710657|a branch and its FORWARD do not agree"),
    CASE(dossier_due, D "|its due date and where that is from disagree"),
    CASE(dossier_year, D "|is provisional and not in the list of those that wait for a calendar",
         D "|stands in the list of a calendar's year that it does not wait for"),
    CASE(dossier_money, D "|does not count its money rightly"),
    CASE(dossier_status, D "|its status is not what its last event leads to"),
    CASE(dossier_events, D "|it has no history", "events of dossiers, 0 of 1 are listed|"
         "some events of dossiers hang in no list of a dossier"),
    CASE(dossier_other_events, D "|its list of events is broken, or has one of another dossier"),
    CASE(dossier_odd, "dossier-state 0000000000000001|a row that no version explains",
         H "57|is a branch of a dossier without a record", D "|has money and no record", D "|has money and no record",
         D "|stands in the list of a calendar's year that it does not wait for",
         A "|does not agree with its handoff or its dossier",
         E "1|how it comes out does not agree with the dossier",
         "measure of dossier 1|what it counts for is not what its record and its ending say",
         "events of dossiers, 0 of 1 are listed|some events of dossiers hang in no list of a dossier"),
    CASE(money_stray, "state of dossier 2|has money and no record"),
    CASE(provisional_lost, D "|is provisional and not in the list of those that wait for a calendar"),
    CASE(provisional_stray, "state of dossier 7|"
         "stands in the list of a calendar's year that it does not wait for"),
    CASE(unreceived_lost, H "57|is not in the list of those that nobody has taken"),
    CASE(unreceived_stray, "unreceived, " H "58|its handoff says otherwise"),
    CASE(asked_lost, A "|stands in the list of the open ones and is none",
         A "|has a timer row that it does not know of"),
    CASE(asked_untimed, A "|has no timer row"),
    CASE(asked_unlisted, A "|is not in the list of the open ones"),
    CASE(asked_of_no_branch, A "|does not agree with its handoff or its dossier"),
    CASE(asked_of_another_kind, A "|does not agree with its handoff or its dossier"),
    CASE(asked_undated, A "|has ended without a time, or the other way round",
         A "|stands in the list of the open ones and is none"),
    CASE(flow_lost, H "57|is a step of a dossier without a flow"),
    CASE(flow_stray, "state of dossier 99|has steps, and the dossier or their sender is not there"),
    CASE(flow_step, D ", step residence|a step and its handoffs do not agree"),
    CASE(flow_name, D ", step card|a step and its handoffs do not agree"),
    CASE(ending_stray, E "7|how it comes out does not agree with the dossier"),
    CASE(ending_undated, E "1|how it comes out does not agree with the dossier",
         "measure of dossier 1|what it counts for is not what its record and its ending say"),
    CASE(ending_draft, E "1|how it comes out does not agree with the dossier"),
    CASE(ending_agency, E "1|how it comes out does not agree with the dossier"),
    CASE(apology_why, E "1|its apology contradicts itself"),
    CASE(apology_letter, E "1|its apology contradicts itself"),
    CASE(late_elsewhere, E "1|is not in the list of those that are late", "late, dossier 1|its dossier says otherwise"),
    CASE(late_timer_moved, "timer of dossier 1|its dossier says otherwise", E "1|its timer is not there"),
    CASE(late_lost, E "1|is not in the list of those that are late"),
    CASE(late_stray, "late, dossier 7|its dossier says otherwise"),
    CASE(late_timer_lost, E "1|its timer is not there"),
    CASE(late_timer_stray, "timer of dossier 7|its dossier says otherwise"),
    CASE(urge_timer_of_another, "timer" OF "57|its handoff says otherwise"),
    CASE(unanswered_stray, "unanswered, " H "57|its handoff says otherwise"),
    CASE(unanswered_lost, H "57|is not in the list of URGEs that were not answered"),
    CASE(taken_and_not, H "57|is taken and not taken at once, or not delivered"),
    CASE(branch_without, H "58|is a branch of a dossier without a record"),
    CASE(receipt_timer, "timer" OF "62|its handoff says otherwise"),

    CASE(event_changed, "turn 2|its root is not that of its events"),
    CASE(event_lost, "event 6 after 4|events before it are missing"),
    CASE(event_unlisted, "events, 17 of 18 are listed|some events hang in no list"),
    CASE(event_of_another, H "67, event 14|an event of another in its list"),
    CASE(history_contradicts, H "70, event 18|does not lead to the state after it"),
    CASE(no_history, H "70, event 0|it has no history"),
    CASE(detail_changed, "detail of event 1|its sealed words do not open"),
    CASE(detail_lost, "sealed day 20231115, 15 for 14|is not the number of sealed rows found"),
    CASE(link_changed, "turn 4|its link is not the hash of what it binds",
         "turn 4|the last link is not that of the counters"),
    CASE(link_lost, "turn 3 after 1|turns before it are missing"),
    CASE(root_changed, "turn 4|its root is not that of its events", "turn 4|its link is not the hash of what it binds"),
    CASE(time_changed, "turn 1|its link is not the hash of what it binds"),
};
const size_t store_damages_count = sizeof store_damages / sizeof *store_damages;
