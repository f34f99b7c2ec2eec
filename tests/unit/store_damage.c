#include "tests/unit/store_damage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/records.h"
#include "gateway/store/seal.h"
#include "tests/unit/store_damage_inside.h"

struct handoff damage_handoff(struct raw *raw, uint64_t id)
{
    struct handoff handoff;
    struct span value;
    assert_true(raw_get(raw, TABLE_HANDOFF, KEY("8", id), &value) && handoff_parse(value, &handoff));
    handoff.id = id;
    return handoff;
}

void damage_handoff_put(struct raw *raw, const struct handoff *handoff)
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
    struct key key = key_empty();
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
    struct handoff handoff = damage_handoff(raw, id);
    return KEY("848", handoff.dossier, handoff.addressed, handoff.lane_place);
}

#define FAILED_GROUP INSURANCE, FAIL_BAD_DATA, SAMPLE_FINGERPRINT
#define TEXT_KEY(text) raw_key_of(text, strlen(text))
#define DUE_MS (SITE_NOW_MS + 5000)

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
static void directory_changed(struct raw *raw) { raw_change(raw, TABLE_DIRECTORY, KEY("4", 1), HASH_SIZE, 1); }

/* Sums. */
static void count_wrong(struct raw *raw) { number_put(raw, TABLE_COUNT, KEY("41", POLICE, STATE_READY), 4); }
static void count_lost(struct raw *raw) { raw_delete(raw, TABLE_COUNT, KEY("41", TAX, STATE_CLOSED)); }
static void count_stray(struct raw *raw) { number_put(raw, TABLE_COUNT, KEY("41", TAX, STATE_FAILED), 2); }
static void sealed_wrong(struct raw *raw) { number_put(raw, TABLE_SEALED, KEY("4", SITE_DAY), 2); }
static void sealed_lost(struct raw *raw) { raw_delete(raw, TABLE_SEALED, KEY("4", SITE_DAY + 1)); }
static void day_key_lost(struct raw *raw)
{
    char path[SITE_PATH_SIZE];
    assert_in_range(snprintf(path, sizeof path, "%s/keys/day-%d.key", raw->folder, SITE_DAY), 1, sizeof path - 1);
    assert_int_equal(unlink(path), 0);
}

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
    struct handoff handoff = damage_handoff(raw, ID(BEHIND));
    handoff.ready_due_ms = 5;
    damage_handoff_put(raw, &handoff);
}
/* The place of the one behind becomes the lower one. */
static void offered_behind(struct raw *raw)
{
    struct handoff front = damage_handoff(raw, ID(OFFERED)), back = damage_handoff(raw, ID(BEHIND));
    uint64_t place = front.lane_place;
    front.lane_place = back.lane_place;
    back.lane_place = place;
    damage_handoff_put(raw, &front);
    damage_handoff_put(raw, &back);
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
    struct handoff handoff = damage_handoff(raw, ID(WAITING));
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_WAIT, ID(WAITING)));
    handoff.timer_ms = 0;
    damage_handoff_put(raw, &handoff);
}
static void timer_of_unsure(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(UNSURE));
    handoff.timer_ms = TIMER_MS;
    damage_handoff_put(raw, &handoff);
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
    struct handoff handoff = damage_handoff(raw, ID(GATED));
    handoff.gates_left = 1;
    damage_handoff_put(raw, &handoff);
}
static void held_by_nothing(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(ON_HOLD));
    handoff.flags &= ~(uint32_t)HANDOFF_ON_HOLD;
    damage_handoff_put(raw, &handoff);
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
    struct handoff handoff = damage_handoff(raw, ID(DUE));
    handoff.body_bytes++;
    damage_handoff_put(raw, &handoff);
}
static void checkpoint_changed(struct raw *raw) { raw_change(raw, TABLE_CHECKPOINT, KEY("8", ID(OFFERED)), 40, 1); }
static void child_of_another(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(CHILD));
    handoff.parent = ID(DUE);
    damage_handoff_put(raw, &handoff);
}
static void not_failed(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(DUE));
    handoff.fail_class = FAIL_ORPHAN;
    damage_handoff_put(raw, &handoff);
}
static void sender_unknown(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(OLD));
    handoff.sender = 9;
    damage_handoff_put(raw, &handoff);
}

/* History. */
static void event_changed(struct raw *raw) { raw_change(raw, TABLE_EVENT, KEY("8", 5), 39, 1); }
static void event_lost(struct raw *raw) { raw_delete(raw, TABLE_EVENT, KEY("8", 5)); }
static void event_unlisted(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(FAILED));
    handoff.last_event--;
    damage_handoff_put(raw, &handoff);
}
static void event_of_another(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(UNSURE));
    handoff.last_event--;
    damage_handoff_put(raw, &handoff);
}
static void history_contradicts(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(OLD));
    handoff.state = STATE_CLOSED;
    damage_handoff_put(raw, &handoff);
    raw_delete(raw, TABLE_COUNT, KEY("41", TAX, STATE_DELIVERED));
    number_put(raw, TABLE_COUNT, KEY("41", TAX, STATE_CLOSED), 2);
}
static void no_history(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(OLD));
    handoff.last_event = 0;
    damage_handoff_put(raw, &handoff);
}
static void detail_changed(struct raw *raw) { raw_change(raw, TABLE_DETAIL, KEY("8", 1), 30, 1); }
static void detail_lost(struct raw *raw) { raw_delete(raw, TABLE_DETAIL, KEY("8", 1)); }
static void link_changed(struct raw *raw) { raw_change(raw, TABLE_CHAIN, KEY("8", 4), 60, 1); }
static void link_lost(struct raw *raw) { raw_delete(raw, TABLE_CHAIN, KEY("8", 2)); }
static void root_changed(struct raw *raw) { raw_change(raw, TABLE_CHAIN, KEY("8", 4), 30, 1); }
static void time_changed(struct raw *raw) { raw_change(raw, TABLE_CHAIN, KEY("8", 1), 1, 1); }


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
    CASE(directory_changed, "directory 1|its bytes do not have its hash"),

    CASE(count_wrong, "count of agency 2 READY, 4 for 3|is not the number of handoffs found"),
    CASE(count_lost, "count of agency 4 CLOSED, 1 found|has no row"),
    CASE(count_stray, "count of agency 4 FAILED, 2 for 0|is not the number of handoffs found"),
    CASE(sealed_wrong, "sealed day 20231115, 2 for 15|is not the number of sealed rows found"),
    CASE(sealed_lost, "sealed day 20231116, 5 found|has no row"),
    CASE(day_key_lost, "sealed day 20231115, 15 rows|the key that seals them is not there"),
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
