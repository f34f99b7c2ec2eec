/* check_late.c - how dossiers come out: each record against its dossier, its timer and its place in the list of those
 * that are late; and URGEs that were not answered. */
#include "gateway/store/check.h"

static void fault(struct check *check, uint64_t dossier, const char *vi, const char *en)
{
    check_fault(check, vi, en, "ending of dossier %" PRIu64, dossier);
}

static bool find(struct check *check, uint64_t id, struct ending *ret_ending)
{
    struct key key = key_empty();
    struct span value;
    key_u64(&key, id);
    return id && check_get(check, TABLE_ENDING, &key, &value) && ending_parse(value, ret_ending);
}

static bool is_agency(struct check *check, uint32_t agency)
{
    return !agency || check_agency(check, agency);
}

static bool is_of_dossier(struct check *check, uint64_t handoff, uint64_t dossier)
{
    struct handoff found;
    return !handoff || (check_handoff(check, handoff, &found) && found.dossier == dossier);
}

/* It is about a dossier with a record; what it names is of that dossier. */
static void row_ending(struct check *check, struct span key, struct span value)
{
    struct key dossier = key_empty(), timer = key_empty(), late = key_empty();
    uint64_t id = key_read_u64(key, 0);
    struct ending ending;

    must(ending_parse(value, &ending));
    key_u64(&dossier, id);
    if (!check_is_there(check, TABLE_DOSSIER_STATE, &dossier) || !is_agency(check, ending.signed_by) ||
        !is_agency(check, ending.asked_of) || !ending.ended != !ending.ended_ms ||
        !is_of_dossier(check, ending.draft, id) || !is_of_dossier(check, ending.letter, id))
        fault(check, id, "kết cục không khớp hồ sơ", "how it comes out does not agree with the dossier");
    if ((ending.apology == APOLOGY_NOT_ASKED) != (ending.unasked != 0) ||
        (ending.apology == APOLOGY_SIGNED && (!ending.letter || !ending.signed_by || !ending.apologies)))
        fault(check, id, "phiếu xin lỗi không khớp", "its apology contradicts itself");
    key_i64(&timer, ending.timer_ms);
    key_u8(&timer, TIMER_LATE);
    key_u64(&timer, id);
    if (ending.timer_ms && !check_is_there(check, TABLE_TIMER, &timer))
        fault(check, id, "thiếu hẹn giờ", "its timer is not there");
    key_u32(&late, ending.asked_of);
    key_i64(&late, ending.due_ms);
    key_u64(&late, id);
    if (ending.asked_of && !check_is_there(check, TABLE_LATE, &late))
        fault(check, id, "thiếu trong danh sách trễ hạn", "is not in the list of those that are late");
}

void check_late_timer(struct check *check, uint64_t dossier, int64_t due_ms)
{
    struct ending ending;
    if (!find(check, dossier, &ending) || ending.timer_ms != due_ms)
        check_fault(check, "hồ sơ nói khác", "its dossier says otherwise", "timer of dossier %" PRIu64, dossier);
}

static void row_late(struct check *check, struct span key, struct span value)
{
    uint64_t id = key_read_u64(key, 12);
    struct ending ending;
    (void)value;
    if (!find(check, id, &ending) || ending.asked_of != key_read_u32(key, 0) ||
        ending.due_ms != key_read_i64(key, 4))
        check_fault(check, "hồ sơ nói khác", "its dossier says otherwise", "late, dossier %" PRIu64, id);
}

static void row_unanswered(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    uint64_t id = key_read_u64(key, 12);
    (void)value;
    if (!check_handoff(check, id, &handoff) || handoff.recipient != key_read_u32(key, 0) ||
        handoff.changed_ms != key_read_i64(key, 4) || !(handoff.flags & HANDOFF_UNANSWERED))
        check_fault(check, "lượt giao–nhận nói khác", "its handoff says otherwise", "unanswered, handoff %" PRIu64, id);
}

void check_handoff_of_urge(struct check *check, const struct handoff *handoff)
{
    struct key key = key_empty();

    if (!(handoff->flags & HANDOFF_UNANSWERED))
        return;
    key_u32(&key, handoff->recipient);
    key_i64(&key, handoff->changed_ms);
    key_u64(&key, handoff->id);
    if ((handoff->kind != KIND_URGE && handoff->kind != KIND_RECALL) || !check_is_there(check, TABLE_UNANSWERED, &key))
        check_fault(check, "không có trong danh sách chưa được trả lời",
                    "is not in the list of URGEs and RECALLs that were not answered", "handoff %" PRIu64, handoff->id);
}

void check_endings(struct check *check)
{
    check_walk(check, TABLE_ENDING, row_ending);
    check_walk(check, TABLE_LATE, row_late);
    check_walk(check, TABLE_UNANSWERED, row_unanswered);
}
