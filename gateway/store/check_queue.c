/* check_queue.c - from each row that names a handoff back to the handoff: is it there, and does it say the same? */
#include "gateway/store/check.h"

static const char GONE_VI[] = "lượt giao–nhận không có", GONE_EN[] = "names a handoff that is not there";
static const char NOT_SO_VI[] = "lượt giao–nhận nói khác", NOT_SO_EN[] = "its handoff says otherwise";

static void fault(struct check *check, uint64_t handoff, const char *vi, const char *en)
{
    check_fault(check, vi, en, "%s of handoff %" PRIu64, table_infos[check->table].name, handoff);
}

/* False: it is not there, and that was said. */
static bool find(struct check *check, uint64_t id, struct handoff *ret_handoff)
{
    bool found = check_handoff(check, id, ret_handoff);
    if (!found)
        fault(check, id, GONE_VI, GONE_EN);
    return found;
}

static void agree(struct check *check, const struct handoff *handoff, bool so)
{
    if (!so)
        fault(check, handoff->id, NOT_SO_VI, NOT_SO_EN);
}

/* ---- lanes and ready heads */

/* The due time in its READY key: none and "no due date" look alike there. */
static int64_t ready_key_due(const struct handoff *handoff)
{
    return handoff->ready_due_ms ? handoff->ready_due_ms : INT64_MAX;
}

/* In how many lane classes it has a ready row; which one is right only the core knows. */
static unsigned ready_rows(struct check *check, const struct handoff *handoff)
{
    unsigned rows = 0;
    for (unsigned lane_class = 0; lane_class < READY_CLASSES; lane_class++) {
        struct key key = key_empty();
        key_u32(&key, handoff->recipient);
        key_u8(&key, lane_class);
        key_i64(&key, ready_key_due(handoff));
        key_u64(&key, handoff->id);
        rows += check_is_there(check, TABLE_READY, &key);
    }
    return rows;
}

/* Keys rise by place: the first row of a (dossier, addressed) is its head. */
static void row_lane(struct check *check, struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    struct handoff handoff;
    bool head = check->group.size != 12 || memcmp(check->group.bytes, key.bytes, 12);

    check->group.size = 0;
    key_bytes(&check->group, key.bytes, 12);
    if (!find(check, scan_u64(&scan), &handoff))
        return;
    if (!(handoff.flags & HANDOFF_IN_LANE) || handoff.dossier != key_read_u64(key, 0) ||
        handoff.addressed != key_read_u32(key, 8) || handoff.lane_place != key_read_u64(key, 12)) {
        fault(check, handoff.id, NOT_SO_VI, NOT_SO_EN);
        return;
    }
    if (handoff.state == STATE_OFFERED && !head)
        fault(check, handoff.id, "được chào khi chưa đứng đầu hàng", "is offered though others stand before it");
    if (handoff.state != STATE_READY)
        return;
    if (!head && handoff.ready_due_ms)
        fault(check, handoff.id, "có hạn sẵn sàng khi chưa đứng đầu hàng",
              "has a ready due time though others stand before it");
    unsigned rows = ready_rows(check, &handoff);
    if (head && !rows)
        fault(check, handoff.id, "đứng đầu hàng mà thiếu dòng sẵn sàng", "is ready at the head and has no ready row");
    else if (rows > head)
        fault(check, handoff.id, "thừa dòng sẵn sàng", "has a ready row too many");
}

static void row_ready(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    (void)value;
    if (find(check, key_read_u64(key, 13), &handoff))
        agree(check, &handoff, handoff.state == STATE_READY && handoff.recipient == key_read_u32(key, 0) &&
                                   ready_key_due(&handoff) == key_read_i64(key, 5));
}

/* ---- timers, offers */

static void row_timer(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    enum timer_what what = key.bytes[8];
    (void)value;
    if (what == TIMER_LATE) {
        check_late_timer(check, key_read_u64(key, 9), key_read_i64(key, 0));
        return;
    }
    if (what == TIMER_BLOB) {
        check_blob_timer(check, key_read_u64(key, 9), key_read_i64(key, 0));
        return;
    }
    if (what == TIMER_CALENDAR || what == TIMER_ASKED || what == TIMER_CATCH_UP ||
        !find(check, key_read_u64(key, 9), &handoff))
        return;
    if (what == TIMER_URGE) {
        agree(check, &handoff, (handoff.kind == KIND_URGE || handoff.kind == KIND_RECALL) &&
                                   handoff.state == STATE_DELIVERED);
        return;
    }
    if (what == TIMER_PURGE || what == TIMER_RECEIPT) {     /* its time stands nowhere else */
        agree(check, &handoff, what == TIMER_PURGE ? !(handoff.flags & HANDOFF_BODY_PURGED)
                                                   : handoff.state == STATE_DELIVERED);
        return;
    }
    enum state state = what == TIMER_WAIT ? STATE_WAITING : what == TIMER_LEASE ? STATE_OFFERED : STATE_HELD;
    agree(check, &handoff, handoff.state == state && handoff.timer_ms == key_read_i64(key, 0));
}

static void row_offered(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    (void)value;
    if (find(check, key_read_u64(key, 8), &handoff))
        agree(check, &handoff, handoff.state == STATE_OFFERED && handoff.session == key_read_u64(key, 0));
}

/* ---- gates */

static void row_gate(struct check *check, struct span key, struct span value)
{
    struct key antecedent_key = key_empty();
    struct antecedent antecedent;
    struct handoff handoff;
    uint64_t dependant = key_read_u64(key, 20);

    if (!find(check, dependant, &handoff))
        return;
    key_u64(&antecedent_key, dependant);
    key_bytes(&antecedent_key, key.bytes + 4, 16);
    agree(check, &handoff, (handoff.state == STATE_HELD || handoff.state == STATE_FAILED) &&
                               check_get(check, TABLE_ANTECEDENT, &antecedent_key, &value) &&
                               antecedent_parse(value, &antecedent) && !antecedent.done_by);
}

static void row_antecedent(struct check *check, struct span key, struct span value)
{
    struct antecedent antecedent;
    struct handoff handoff, other;

    must(antecedent_parse(value, &antecedent));
    if (!find(check, key_read_u64(key, 0), &handoff))
        return;
    if ((antecedent.handoff && !check_handoff(check, antecedent.handoff, &other)) ||
        (antecedent.done_by && !check_handoff(check, antecedent.done_by, &other)))
        fault(check, handoff.id, "lượt trước không có", "the one it waits for is not there");
}

/* ---- the failed list */

static void group_end(struct check *check)
{
    struct fail_group group;
    struct span value;

    if (!check->group.size)
        return;
    const char *said = check_get(check, TABLE_FAIL_GROUP, &check->group, &value) && fail_group_parse(value, &group)
                           ? group.count == check->members ? NULL : "count" : "row";
    struct span key = key_span(&check->group);
    if (said)
        check_fault(check, "nhóm lỗi thiếu hoặc đếm sai", "is missing or counts wrongly",
                    "fail-group of agency %" PRIu32 " %s %016" PRIx64 ", its %s, %" PRIu64 " found",
                    key_read_u32(key, 0), fail_class_name(key.bytes[4]), key_read_u64(key, 5), said, check->members);
}

static void row_failed(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    (void)value;

    if (check->group.size != 13 || memcmp(check->group.bytes, key.bytes, 13)) {
        group_end(check);
        check->group.size = 0;
        key_bytes(&check->group, key.bytes, 13);
        check->members = 0;
    }
    check->members++;
    if (find(check, key_read_u64(key, 13), &handoff))
        agree(check, &handoff, handoff.state == STATE_FAILED && handoff.recipient == key_read_u32(key, 0) &&
                                   handoff.fail_class == key.bytes[4] && handoff.fingerprint == key_read_u64(key, 5));
}

static void row_fail_group(struct check *check, struct span key, struct span value)
{
    struct key from = key_empty();
    struct span member_key;
    key_bytes(&from, key.bytes, key.size);
    if (!check_next(check, TABLE_FAILED, &from, from.size, &member_key, &value))
        check_fault(check, "nhóm lỗi không còn ai", "has no members",
                    "fail-group of agency %" PRIu32 " %s %016" PRIx64, key_read_u32(key, 0),
                    fail_class_name(key.bytes[4]), key_read_u64(key, 5));
}

/* ---- rows that only name it */

static void row_dedupe(struct check *check, struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    struct handoff handoff;
    if (find(check, scan_u64(&scan), &handoff))
        agree(check, &handoff, handoff.sender == key_read_u32(key, 0) &&
                                   !memcmp(handoff.message_id.bytes, key.bytes + 4, sizeof handoff.message_id.bytes));
}

static void row_dossier_handoff(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    (void)value;
    if (find(check, key_read_u64(key, 8), &handoff))
        agree(check, &handoff, handoff.dossier == key_read_u64(key, 0));
}

/* A body was opened from its handoff; a checkpoint is opened here. */
static void row_sealed(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    struct span plain;
    if (!find(check, key_read_u64(key, 0), &handoff) || check->table == TABLE_BODY)
        return;
    enum result result = check_unseal(check, check->table, key, value, &plain);
    if (result != RESULT_OK && result != RESULT_NOT_FOUND)
        fault(check, handoff.id, "dòng niêm phong không mở được", "its sealed row does not open");
}

void check_queues(struct check *check)
{
    check->group.size = 0;
    check_walk(check, TABLE_LANE, row_lane);
    check_walk(check, TABLE_READY, row_ready);
    check_walk(check, TABLE_TIMER, row_timer);
    check_walk(check, TABLE_OFFERED, row_offered);
    check_walk(check, TABLE_GATE, row_gate);
    check_walk(check, TABLE_ANTECEDENT, row_antecedent);
    check->group.size = 0;
    check_walk(check, TABLE_FAILED, row_failed);
    group_end(check);
    check_walk(check, TABLE_FAIL_GROUP, row_fail_group);
    check_walk(check, TABLE_DEDUPE, row_dedupe);
    check_walk(check, TABLE_DOSSIER_HANDOFF, row_dossier_handoff);
    check_walk(check, TABLE_BODY, row_sealed);
    check_walk(check, TABLE_CHECKPOINT, row_sealed);
}
