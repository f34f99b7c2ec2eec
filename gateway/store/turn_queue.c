/* turn_queue.c - what stands in line: lanes, ready heads, timers, offers, gates, the failed list. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "a record that no version explains";
static const struct span EMPTY;

/* ---- lanes */

static struct key lane_key(uint64_t dossier, uint32_t addressed, uint64_t place)
{
    struct key key = key_empty();
    key_u64(&key, dossier);
    key_u32(&key, addressed);
    key_u64(&key, place);
    return key;
}

void turn_lane_put(struct turn *turn, uint64_t dossier, uint32_t addressed, uint64_t place, uint64_t handoff)
{
    struct key key = lane_key(dossier, addressed, place);
    row_put_u64(turn, TABLE_LANE, &key, handoff);
}

void turn_lane_delete(struct turn *turn, uint64_t dossier, uint32_t addressed, uint64_t place)
{
    struct key key = lane_key(dossier, addressed, place);
    row_delete(turn, TABLE_LANE, &key);
}

bool turn_lane_next(struct turn *turn, uint64_t dossier, uint32_t addressed, uint64_t after_place,
                    uint64_t *ret_place, uint64_t *ret_handoff)
{
    struct key from = lane_key(dossier, addressed, after_place);
    struct span key, value;
    if (!row_next(turn, TABLE_LANE, &from, ROW_AFTER, 12, &key, &value))
        return false;
    struct scan scan = scan_of(value);
    *ret_place = key_read_u64(key, 12);
    *ret_handoff = scan_u64(&scan);
    if (!scan_end(&scan))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}

/* ---- ready */

static struct key ready_key(uint32_t recipient, unsigned lane_class, int64_t due_ms, uint64_t handoff)
{
    struct key key = key_empty();
    must(lane_class < READY_CLASSES);
    key_u32(&key, recipient);
    key_u8(&key, lane_class);
    key_i64(&key, due_ms);
    key_u64(&key, handoff);
    return key;
}

void turn_ready_put(struct turn *turn, uint32_t recipient, unsigned lane_class, int64_t due_ms, uint64_t handoff)
{
    struct key key = ready_key(recipient, lane_class, due_ms, handoff);
    unwritten_keep_ready(turn, &key);
}

void turn_ready_delete(struct turn *turn, uint32_t recipient, unsigned lane_class, int64_t due_ms, uint64_t handoff)
{
    struct key key = ready_key(recipient, lane_class, due_ms, handoff);
    if (!unwritten_drop_ready(turn, &key))
        row_delete(turn, TABLE_READY, &key);
}

bool turn_ready_from(struct turn *turn, uint32_t recipient, unsigned lane_class, int64_t due_ms, uint64_t handoff,
                     int64_t *ret_due_ms, uint64_t *ret_handoff)
{
    struct key from = ready_key(recipient, lane_class, due_ms, handoff);
    struct span key, value, unwritten;
    bool stored = row_next(turn, TABLE_READY, &from, ROW_FROM, READY_QUEUE_BYTES, &key, &value);
    bool kept = unwritten_ready_from(turn, &from, &unwritten);

    if (!stored && !kept)
        return false;
    if (!stored || (kept && memcmp(unwritten.bytes, key.bytes, READY_KEY_BYTES) < 0))
        key = unwritten;
    *ret_due_ms = key_read_i64(key, 5);
    *ret_handoff = key_read_u64(key, 13);
    return true;
}

/* ---- timers */

static struct key timer_key(int64_t due_ms, unsigned what, uint64_t id)
{
    struct key key = key_empty();
    key_i64(&key, due_ms);
    key_u8(&key, what);
    key_u64(&key, id);
    return key;
}

void turn_timer_put(struct turn *turn, int64_t due_ms, enum timer_what what, uint64_t id)
{
    struct key key = timer_key(due_ms, what, id);
    must(what >= TIMER_WAIT && what < TIMER_END);
    row_put(turn, TABLE_TIMER, &key, EMPTY);
}

void turn_timer_delete(struct turn *turn, int64_t due_ms, enum timer_what what, uint64_t id)
{
    struct key key = timer_key(due_ms, what, id);
    row_delete(turn, TABLE_TIMER, &key);
}

bool turn_timer_first(struct turn *turn, int64_t *ret_due_ms, enum timer_what *ret_what, uint64_t *ret_id)
{
    struct key from = timer_key(INT64_MIN, 0, 0);
    struct span key, value;
    if (!row_next(turn, TABLE_TIMER, &from, ROW_FROM, 0, &key, &value))
        return false;
    if (key.bytes[8] < TIMER_WAIT || key.bytes[8] >= TIMER_END)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    *ret_due_ms = key_read_i64(key, 0);
    *ret_what = key.bytes[8];
    *ret_id = key_read_u64(key, 9);
    return true;
}

/* ---- offered */

static struct key offered_key(uint64_t session, uint64_t handoff)
{
    struct key key = key_empty();
    key_u64(&key, session);
    key_u64(&key, handoff);
    return key;
}

void turn_offered_put(struct turn *turn, uint64_t session, uint64_t handoff)
{
    struct key key = offered_key(session, handoff);
    row_put(turn, TABLE_OFFERED, &key, EMPTY);
}

void turn_offered_delete(struct turn *turn, uint64_t session, uint64_t handoff)
{
    struct key key = offered_key(session, handoff);
    row_delete(turn, TABLE_OFFERED, &key);
}

uint64_t turn_offered_next(struct turn *turn, uint64_t session, uint64_t after)
{
    struct key from = offered_key(session, after);
    struct span key, value;
    return row_next(turn, TABLE_OFFERED, &from, ROW_AFTER, 8, &key, &value) ? key_read_u64(key, 8) : 0;
}

bool turn_offered_first(struct turn *turn, uint64_t *ret_session, uint64_t *ret_handoff)
{
    struct key from = offered_key(0, 0);
    struct span key, value;
    if (!row_next(turn, TABLE_OFFERED, &from, ROW_FROM, 0, &key, &value))
        return false;
    *ret_session = key_read_u64(key, 0);
    *ret_handoff = key_read_u64(key, 8);
    return true;
}

/* ---- gates */

static struct key gate_key(uint32_t sender, const struct uuid *antecedent, uint64_t dependant)
{
    struct key key = key_empty();
    key_u32(&key, sender);
    key_bytes(&key, antecedent->bytes, sizeof antecedent->bytes);
    key_u64(&key, dependant);
    return key;
}

void turn_gate_put(struct turn *turn, uint32_t sender, const struct uuid *antecedent, uint64_t dependant)
{
    struct key key = gate_key(sender, antecedent, dependant);
    row_put(turn, TABLE_GATE, &key, EMPTY);
}

void turn_gate_delete(struct turn *turn, uint32_t sender, const struct uuid *antecedent, uint64_t dependant)
{
    struct key key = gate_key(sender, antecedent, dependant);
    row_delete(turn, TABLE_GATE, &key);
}

uint64_t turn_gate_next(struct turn *turn, uint32_t sender, const struct uuid *antecedent, uint64_t after)
{
    struct key from = gate_key(sender, antecedent, after);
    struct span key, value;
    return row_next(turn, TABLE_GATE, &from, ROW_AFTER, 20, &key, &value) ? key_read_u64(key, 20) : 0;
}

static struct key antecedent_key(uint64_t dependant, const struct uuid *message_id)
{
    struct key key = key_empty();
    key_u64(&key, dependant);
    key_bytes(&key, message_id->bytes, sizeof message_id->bytes);
    return key;
}

void turn_antecedent_put(struct turn *turn, uint64_t dependant, const struct uuid *message_id,
                         const struct antecedent *antecedent)
{
    struct key key = antecedent_key(dependant, message_id);
    uint8_t record[RECORD_BYTES_MAX];
    row_put(turn, TABLE_ANTECEDENT, &key, span_of(record, antecedent_write(antecedent, record)));
}

void turn_antecedent_delete(struct turn *turn, uint64_t dependant, const struct uuid *message_id)
{
    struct key key = antecedent_key(dependant, message_id);
    row_delete(turn, TABLE_ANTECEDENT, &key);
}

bool turn_antecedent(struct turn *turn, uint64_t dependant, const struct uuid *message_id,
                     struct antecedent *ret_antecedent)
{
    struct key key = antecedent_key(dependant, message_id);
    struct span value;
    if (!row_get(turn, TABLE_ANTECEDENT, &key, &value))
        return false;
    if (!antecedent_parse(value, ret_antecedent))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}

bool turn_antecedent_next(struct turn *turn, uint64_t dependant, const struct uuid *after,
                          struct uuid *ret_message_id, struct antecedent *ret_antecedent)
{
    static const struct uuid lowest;
    struct key from = antecedent_key(dependant, after ? after : &lowest);
    struct span key, value;
    if (!row_next(turn, TABLE_ANTECEDENT, &from, after ? ROW_AFTER : ROW_FROM, 8, &key, &value))
        return false;
    if (!antecedent_parse(value, ret_antecedent))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    memcpy(ret_message_id->bytes, key.bytes + 8, sizeof ret_message_id->bytes);
    return true;
}

/* ---- the failed list */

static struct key group_key(const struct fail_key *fail_key)
{
    struct key key = key_empty();
    key_u32(&key, fail_key->recipient);
    key_u8(&key, fail_key->fail_class);
    key_u64(&key, fail_key->fingerprint);
    return key;
}

static struct key failed_key(const struct fail_key *fail_key, uint64_t handoff)
{
    struct key key = group_key(fail_key);
    key_u64(&key, handoff);
    return key;
}

void turn_failed_put(struct turn *turn, const struct fail_key *key, uint64_t handoff)
{
    struct key row = failed_key(key, handoff);
    row_put(turn, TABLE_FAILED, &row, EMPTY);
}

void turn_failed_delete(struct turn *turn, const struct fail_key *key, uint64_t handoff)
{
    struct key row = failed_key(key, handoff);
    row_delete(turn, TABLE_FAILED, &row);
}

uint64_t turn_failed_next(struct turn *turn, const struct fail_key *key, uint64_t after)
{
    struct key from = failed_key(key, after);
    struct span found, value;
    return row_next(turn, TABLE_FAILED, &from, ROW_AFTER, 13, &found, &value) ? key_read_u64(found, 13) : 0;
}

bool turn_fail_group(struct turn *turn, const struct fail_key *key, struct fail_group *ret_group)
{
    struct key row = group_key(key);
    struct span value;
    if (!row_get(turn, TABLE_FAIL_GROUP, &row, &value))
        return false;
    if (!fail_group_parse(value, ret_group))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}

void turn_fail_group_put(struct turn *turn, const struct fail_key *key, const struct fail_group *group)
{
    struct key row = group_key(key);
    uint8_t record[RECORD_BYTES_MAX];
    if (group->count)
        row_put(turn, TABLE_FAIL_GROUP, &row, span_of(record, fail_group_write(group, record)));
    else
        row_delete(turn, TABLE_FAIL_GROUP, &row);
}

bool turn_fail_group_next(struct turn *turn, const struct fail_key *after, struct fail_key *ret_key,
                          struct fail_group *ret_group)
{
    static const struct fail_key lowest;
    struct key from = group_key(after ? after : &lowest);
    struct span key, value;
    if (!row_next(turn, TABLE_FAIL_GROUP, &from, after ? ROW_AFTER : ROW_FROM, 0, &key, &value))
        return false;
    if (!fail_group_parse(value, ret_group))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_key->recipient = key_read_u32(key, 0);
    ret_key->fail_class = key.bytes[4];
    ret_key->fingerprint = key_read_u64(key, 5);
    return true;
}
