/* check_dossier.c - what is known of a dossier: its record against its codes, handoffs, money, lists and events. */
#include "gateway/store/check.h"

#include <string.h>

static void fault(struct check *check, uint64_t dossier, const char *vi, const char *en)
{
    check_fault(check, vi, en, "state of dossier %" PRIu64, dossier);
}

static bool find(struct check *check, uint64_t id, struct dossier *ret_dossier)
{
    struct key key = key_empty();
    struct span value;
    key_u64(&key, id);
    return id && check_get(check, TABLE_DOSSIER_STATE, &key, &value) && dossier_parse(value, ret_dossier);
}

static bool is_agency(struct check *check, uint32_t agency)
{
    return !agency || check_agency(check, agency);
}

/* ---- from the record */

static void check_names(struct check *check, const struct dossier *dossier)
{
    struct key key = key_empty();
    bool known = is_agency(check, dossier->opener) && is_agency(check, dossier->owner) &&
                 is_agency(check, dossier->line.by) && is_agency(check, dossier->due_by) &&
                 is_agency(check, dossier->claimed_due_by);

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        known = known && is_agency(check, branch->sender) && is_agency(check, branch->holder) &&
                is_agency(check, branch->line.by);
    }
    if (!known)
        fault(check, dossier->id, "nêu cơ quan không có", "names an agency that is not there");
    key_u64(&key, dossier->id);
    if (!check_is_there(check, TABLE_DOSSIER, &key))
        fault(check, dossier->id, "hồ sơ không có", "its dossier is not there");
}

static void check_branches(struct check *check, const struct dossier *dossier)
{
    struct handoff handoff;

    for (uint32_t i = 0; i < dossier->branch_count; i++) {
        const struct branch *branch = &dossier->branches[i];
        bool agrees = check_handoff(check, branch->handoff, &handoff) && handoff.dossier == dossier->id &&
                      handoff.kind == KIND_FORWARD && handoff.flags & HANDOFF_BRANCH &&
                      handoff.recipient == branch->holder;
        for (uint32_t k = 0; k < i; k++)
            agrees = agrees && dossier->branches[k].handoff != branch->handoff;
        if (!agrees)
            check_fault(check, "nhánh không khớp lượt chuyển hồ sơ của nó", "a branch and its FORWARD do not agree",
                        "state of dossier %" PRIu64 ", branch of handoff %" PRIu64, dossier->id, branch->handoff);
    }
}

static void check_due(struct check *check, const struct dossier *dossier)
{
    struct key key = key_empty();

    if (!dossier->due_ms != !dossier->due_source ||
        (dossier->due_source == DUE_PROVISIONAL && !dossier->unknown_year))
        fault(check, dossier->id, "hạn trả và nguồn của nó không khớp", "its due date and where that is from disagree");
    if (!dossier->unknown_year)
        return;
    key_u32(&key, dossier->unknown_year);
    key_u64(&key, dossier->id);
    if (!check_is_there(check, TABLE_PROVISIONAL, &key))
        fault(check, dossier->id, "hạn tạm tính mà không có trong danh sách chờ lịch",
              "is provisional and not in the list of those that wait for a calendar");
}

static void check_money(struct check *check, const struct dossier *dossier)
{
    struct key from = key_empty();
    struct span key, value;
    uint32_t rows = 0;

    key_u64(&from, dossier->id);
    while (check_next(check, TABLE_MONEY, &from, sizeof dossier->id, &key, &value)) {
        rows++;
        from.size = 0;
        key_bytes(&from, key.bytes, key.size);
        key_u8(&from, 0);
    }
    if (rows != dossier->money_count)
        fault(check, dossier->id, "số khoản tiền không khớp", "does not count its money rightly");
}

/* Like the list of a handoff: backwards, each of this dossier. The newest leads to where it stands. */
static void check_events(struct check *check, const struct dossier *dossier)
{
    uint64_t after = check->turn->counters.events + 1, seq = dossier->last_event;
    struct event event;
    struct span record;

    for (bool newest = true; seq; after = seq, seq = event.of_dossier.previous, newest = false) {
        bool there = seq < after && check_event(check, seq, &event, &record);
        if (!there || event.of_dossier.dossier != dossier->id) {
            check->dossier_lists_broken = true;
            fault(check, dossier->id, "lịch sử hồ sơ đứt hoặc lẫn hồ sơ khác",
                  "its list of events is broken, or has one of another dossier");
            return;
        }
        check->listed_dossier_events++;
        if (newest && event.of_dossier.after != dossier->line.status)
            fault(check, dossier->id, "trạng thái không phải là điều sự kiện cuối nói",
                  "its status is not what its last event leads to");
    }
    if (!dossier->last_event)
        fault(check, dossier->id, "không có lịch sử", "it has no history");
}

static void one_dossier(struct check *check, struct span key, struct span value)
{
    struct dossier dossier;

    must(dossier_parse(value, &dossier));
    dossier.id = key_read_u64(key, 0);
    check_names(check, &dossier);
    check_branches(check, &dossier);
    check_due(check, &dossier);
    check_money(check, &dossier);
    check_events(check, &dossier);
}

/* ---- back to it */

static void row_money(struct check *check, struct span key, struct span value)
{
    struct dossier dossier;
    (void)value;
    if (!find(check, key_read_u64(key, 0), &dossier))
        fault(check, key_read_u64(key, 0), "có tiền mà không có hồ sơ", "has money and no record");
}

static void row_provisional(struct check *check, struct span key, struct span value)
{
    struct dossier dossier;
    (void)value;
    if (!find(check, key_read_u64(key, 4), &dossier) || dossier.unknown_year != key_read_u32(key, 0))
        fault(check, key_read_u64(key, 4), "chờ một năm lịch mà hồ sơ không chờ",
              "stands in the list of a calendar's year that it does not wait for");
}

static void row_unreceived(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    uint64_t id = key_read_u64(key, 12);
    (void)value;
    if (!check_handoff(check, id, &handoff) || handoff.recipient != key_read_u32(key, 0) ||
        handoff.changed_ms != key_read_i64(key, 4) || !(handoff.flags & HANDOFF_UNRECEIVED))
        check_fault(check, "lượt giao–nhận nói khác", "its handoff says otherwise", "unreceived, handoff %" PRIu64, id);
}

void check_handoff_of_dossier(struct check *check, const struct handoff *handoff)
{
    struct key key = key_empty();
    struct dossier dossier;

    if (handoff->flags & HANDOFF_BRANCH && !find(check, handoff->dossier, &dossier))
        check_fault(check, "là một nhánh mà hồ sơ chưa có gì", "is a branch of a dossier without a record",
                    "handoff %" PRIu64, handoff->id);
    key_u64(&key, handoff->dossier);
    if (handoff->flags & HANDOFF_STEP && !check_is_there(check, TABLE_FLOW, &key))
        check_fault(check, "là một bước mà hồ sơ không có quy trình", "is a step of a dossier without a flow",
                    "handoff %" PRIu64, handoff->id);
    key = key_empty();
    if (!(handoff->flags & HANDOFF_UNRECEIVED))
        return;
    if (handoff->flags & HANDOFF_RECEIVED || handoff->state != STATE_DELIVERED)
        check_fault(check, "vừa đã nhận vừa chưa ai nhận, hoặc chưa giao",
                    "is taken and not taken at once, or not delivered", "handoff %" PRIu64, handoff->id);
    key_u32(&key, handoff->recipient);
    key_i64(&key, handoff->changed_ms);
    key_u64(&key, handoff->id);
    if (!check_is_there(check, TABLE_UNRECEIVED, &key))
        check_fault(check, "không có trong danh sách chưa ai nhận", "is not in the list of those that nobody has taken",
                    "handoff %" PRIu64, handoff->id);
}

/* A step that is done by an agency is a FORWARD of this dossier that says so, and whatever ended it, or took it back,
 * another handoff of it. */
static bool step_agrees(struct check *check, const struct flow *flow, const struct flow_step *step)
{
    const uint64_t others[] = { step->ended_by, step->recall, step->told };
    struct handoff handoff;

    if (step->handoff &&
        (!check_handoff(check, step->handoff, &handoff) || handoff.dossier != flow->dossier ||
         handoff.kind != KIND_FORWARD || !(handoff.flags & HANDOFF_STEP) || strcmp(handoff.step, step->name) != 0))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i] && (!check_handoff(check, others[i], &handoff) || handoff.dossier != flow->dossier))
            return false;
    return true;
}

static void row_flow(struct check *check, struct span key, struct span value)
{
    struct key dossier = key_empty();
    struct flow flow;

    must(flow_parse(value, &flow));
    flow.dossier = key_read_u64(key, 0);
    key_u64(&dossier, flow.dossier);
    if (!check_is_there(check, TABLE_DOSSIER, &dossier) || !is_agency(check, flow.sender))
        fault(check, flow.dossier, "có quy trình mà không có hồ sơ hay nơi gửi",
              "has steps, and the dossier or their sender is not there");
    for (uint32_t i = 0; i < flow.step_count; i++)
        if (!step_agrees(check, &flow, &flow.steps[i]))
            check_fault(check, "bước không khớp lượt giao–nhận của nó", "a step and its handoffs do not agree",
                        "state of dossier %" PRIu64 ", step %s", flow.dossier, flow.steps[i].name);
}

/* The code is that of one of the two, and the handoff belongs to the other; the other row is there as well. */
static void row_collision(struct check *check, struct span key, struct span value)
{
    uint64_t dossier = key_read_u64(key, 0), owner = 0;
    struct key code = key_empty(), other = key_empty();
    struct handoff handoff;

    key_bytes(&code, (const char *)value.bytes, value.size);
    bool there = check_handoff(check, key_read_u64(key, 8), &handoff) &&
                 check_get_u64(check, TABLE_DOSSIER_CODE, &code, &owner) && owner != handoff.dossier;
    key_u64(&other, there && dossier == owner ? handoff.dossier : owner);
    key_u64(&other, key_read_u64(key, 8));
    if (!there || (dossier != owner && dossier != handoff.dossier) || !check_is_there(check, TABLE_COLLISION, &other))
        fault(check, dossier, "trùng mã mà không khớp hai hồ sơ", "has a collision that the two dossiers do not show");
}

void check_dossiers(struct check *check)
{
    check_walk(check, TABLE_DOSSIER_STATE, one_dossier);
    check_walk(check, TABLE_MONEY, row_money);
    check_walk(check, TABLE_PROVISIONAL, row_provisional);
    check_walk(check, TABLE_UNRECEIVED, row_unreceived);
    check_asked(check);
    check_walk(check, TABLE_FLOW, row_flow);
    check_walk(check, TABLE_COLLISION, row_collision);
}
