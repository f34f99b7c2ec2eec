/* check_handoff.c - from each handoff to everything that must be there because of it. The way back is check_queue.c. */
#include "gateway/store/check.h"

/* One fault about a handoff. */
static void fault(struct check *check, const struct handoff *handoff, const char *vi, const char *en)
{
    check_fault(check, vi, en, "handoff %" PRIu64 " (%s)", handoff->id, state_name(handoff->state));
}

static void need(struct check *check, const struct handoff *handoff, enum table table, const struct key *key,
                 const char *vi, const char *en)
{
    if (!check_is_there(check, table, key))
        fault(check, handoff, vi, en);
}

/* ---- what it names */

static void check_numbers(struct check *check, const struct handoff *handoff)
{
    const struct counters *counters = &check->turn->counters;
    uint64_t epoch = handoff->id >> 48, number = handoff->id & ((1ULL << 48) - 1);

    if (!number || !epoch || epoch > counters->epoch || (epoch == counters->epoch && number > counters->handoffs))
        fault(check, handoff, "số lớn hơn bộ đếm", "its number is above the counter");
    if (!handoff->accepted_seq || handoff->accepted_seq > counters->seq)
        fault(check, handoff, "lượt tiếp nhận không có", "the turn that accepted it is not there");
    if (handoff->lane_place > counters->places)
        fault(check, handoff, "chỗ trong hàng lớn hơn bộ đếm", "its place is above the counter");
    if (handoff->fail_class && handoff->state != STATE_FAILED)
        fault(check, handoff, "có loại lỗi mà không hỏng", "has a class of failure but has not failed");
    if (!handoff->fail_class && handoff->state == STATE_FAILED)
        fault(check, handoff, "hỏng mà không có loại lỗi", "has failed without a class");
}

static void check_names(struct check *check, const struct handoff *handoff)
{
    struct handoff other;
    struct key dossier = key_empty();

    if (!check_agency(check, handoff->sender) || !check_agency(check, handoff->recipient) ||
        !check_agency(check, handoff->addressed))
        fault(check, handoff, "cơ quan không có", "names an agency that is not there");
    key_u64(&dossier, handoff->dossier);
    need(check, handoff, TABLE_DOSSIER, &dossier, "hồ sơ không có", "its dossier is not there");
    key_u64(&dossier, handoff->id);
    need(check, handoff, TABLE_DOSSIER_HANDOFF, &dossier, "không có trong hồ sơ của nó",
         "is not listed in its dossier");
    if (handoff->parent && !check_handoff(check, handoff->parent, &other))
        fault(check, handoff, "lượt gốc không có", "its parent is not there");
    if (handoff->child && (!check_handoff(check, handoff->child, &other) || other.parent != handoff->id))
        fault(check, handoff, "lượt con không nhận nó là gốc", "its child is not there or names another parent");
}

/* A message id is forgotten after its window. */
static void check_message_id(struct check *check, const struct handoff *handoff)
{
    struct key key = key_empty();
    if (uuid_time_ms(&handoff->message_id) < check->turn->counters.last_ms - ID_AGE_MS_MAX)
        return;
    key_u32(&key, handoff->sender);
    key_bytes(&key, handoff->message_id.bytes, sizeof handoff->message_id.bytes);
    need(check, handoff, TABLE_DEDUPE, &key, "mã thông điệp không được nhớ", "its message id is not remembered");
}

/* ---- where it stands */

static void check_lane(struct check *check, const struct handoff *handoff)
{
    bool in_lane = handoff->flags & HANDOFF_IN_LANE, on_hold = handoff->flags & HANDOFF_ON_HOLD;
    struct key key = key_empty();

    if (in_lane) {
        key_u64(&key, handoff->dossier);
        key_u32(&key, handoff->addressed);
        key_u64(&key, handoff->lane_place);
        need(check, handoff, TABLE_LANE, &key, "thiếu dòng trong hàng", "has no row in its lane");
    }
    switch (handoff->state) {
    case STATE_READY: case STATE_OFFERED: case STATE_WAITING: case STATE_UNSURE:
        if (!in_lane)
            fault(check, handoff, "không ở trong hàng", "stands in no lane");
        break;
    case STATE_HELD:
        if (in_lane && !on_hold)
            fault(check, handoff, "giữ chỗ khi còn chờ lượt trước", "has a place though it waits for another");
        break;
    case STATE_DELIVERED: case STATE_CLOSED:
        if (in_lane)
            fault(check, handoff, "đã xong mà còn trong hàng", "is final and still in its lane");
        break;
    default:                        /* FAILED: in its lane, or failed while it waited for another */
        break;
    }
    if (on_hold && handoff->state != STATE_HELD)
        fault(check, handoff, "có dấu tạm giữ mà không bị giữ", "is marked on hold but is not held");
    if (handoff->ready_due_ms && handoff->state != STATE_READY)
        fault(check, handoff, "có hạn sẵn sàng mà không sẵn sàng", "has a ready due time but is not ready");
}

static void check_timer(struct check *check, const struct handoff *handoff)
{
    enum timer_what what = handoff->state == STATE_WAITING ? TIMER_WAIT : handoff->state == STATE_OFFERED ? TIMER_LEASE
                         : handoff->state == STATE_HELD ? TIMER_ANTECEDENT : 0;
    struct key key = key_empty();

    if (!handoff->timer_ms) {
        if (handoff->state == STATE_WAITING || handoff->state == STATE_OFFERED)
            fault(check, handoff, "chờ mà không có giờ", "waits for no time");
        return;
    }
    if (!what) {
        fault(check, handoff, "có giờ mà không chờ gì", "has a time though it waits for nothing");
        return;
    }
    key_i64(&key, handoff->timer_ms);
    key_u8(&key, what);
    key_u64(&key, handoff->id);
    need(check, handoff, TABLE_TIMER, &key, "thiếu dòng hẹn giờ", "has no timer row");
}

static void check_offer(struct check *check, const struct handoff *handoff)
{
    struct key key = key_empty();
    if (handoff->state != STATE_OFFERED)
        return;
    key_u64(&key, handoff->session);
    key_u64(&key, handoff->id);
    need(check, handoff, TABLE_OFFERED, &key, "thiếu dòng của phiên", "has no row of its session");
}

static void check_failure(struct check *check, const struct handoff *handoff)
{
    struct key key = key_empty();
    if (handoff->state != STATE_FAILED || !handoff->fail_class)
        return;
    key_u32(&key, handoff->recipient);
    key_u8(&key, handoff->fail_class);
    key_u64(&key, handoff->fingerprint);
    key_u64(&key, handoff->id);
    need(check, handoff, TABLE_FAILED, &key, "không có trong danh sách hỏng", "is not in the failed list");
}

/* ---- what it waits for */

static void check_gates(struct check *check, const struct handoff *handoff)
{
    struct key from = key_empty(), gate;
    struct span key, value;
    struct antecedent antecedent;
    struct handoff named;
    uint32_t left = 0;

    if (handoff->state != STATE_HELD)
        return;
    key_u64(&from, handoff->id);
    for (struct key after = from; check_next(check, TABLE_ANTECEDENT, &after, 8, &key, &value);) {
        must(antecedent_parse(value, &antecedent));
        /* The first key greater than this one: itself and a zero byte. */
        after.size = 0;
        key_bytes(&after, key.bytes, key.size);
        key_u8(&after, 0);
        if (antecedent.done_by)
            continue;
        left++;
        gate = key_empty();
        bool known = antecedent.handoff && check_handoff(check, antecedent.handoff, &named);
        key_u32(&gate, known ? named.sender : handoff->sender);
        key_bytes(&gate, after.bytes + 8, 16);
        key_u64(&gate, handoff->id);
        need(check, handoff, TABLE_GATE, &gate, "thiếu dòng chờ lượt trước", "has no gate row for one it waits for");
    }
    if (left != handoff->gates_left)
        fault(check, handoff, "số lượt còn chờ không khớp", "gates_left is not the number of those it waits for");
    else if (!left && !(handoff->flags & HANDOFF_ON_HOLD))
        fault(check, handoff, "bị giữ mà không chờ gì", "is held by nothing");
}

/* ---- its body */

static void check_body(struct check *check, const struct handoff *handoff)
{
    struct key key = key_empty();
    struct span value, plain;
    bool purged = handoff->flags & HANDOFF_BODY_PURGED;

    key_u64(&key, handoff->id);
    bool there = check_get(check, TABLE_BODY, &key, &value);
    if (there && purged)
        fault(check, handoff, "nội dung đã xóa mà vẫn còn", "its body is purged and still there");
    if (!there && !purged)
        fault(check, handoff, "thiếu nội dung", "its body is not there");
    if (!there)
        return;
    enum result result = check_unseal(check, TABLE_BODY, key_span(&key), value, &plain);
    if (result == RESULT_NOT_FOUND)
        return;
    struct scan scan = scan_of(plain);
    size_t header = result == RESULT_OK ? scan_u32(&scan) : 0;
    if (result != RESULT_OK)
        fault(check, handoff, "nội dung niêm phong không mở được", "its sealed body does not open");
    else if (scan.bad || header > HEADER_BYTES_MAX || header > scan.left || scan.left - header != handoff->body_bytes)
        fault(check, handoff, "nội dung không đúng cỡ", "its body is not as large as it should be");
}

static void one_handoff(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;

    must(check_handoff_parse(key, value, &handoff));
    check->result.handoffs++;
    check->result.states[handoff.state]++;
    if (handoff.recipient <= check->agencies)
        check->counts[handoff.recipient][handoff.state]++;
    check_numbers(check, &handoff);
    check_names(check, &handoff);
    check_message_id(check, &handoff);
    check_lane(check, &handoff);
    check_timer(check, &handoff);
    check_offer(check, &handoff);
    check_failure(check, &handoff);
    check_gates(check, &handoff);
    check_body(check, &handoff);
    check_handoff_of_dossier(check, &handoff);
    check_handoff_of_urge(check, &handoff);
    check_handoff_of_blobs(check, &handoff);
}

void check_handoffs(struct check *check)
{
    check_walk(check, TABLE_HANDOFF, one_handoff);
}
