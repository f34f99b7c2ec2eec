/* paper_slip.c - the control slip: the chain of hand-overs of a dossier, hop by hop, and the way back of its result.
 *
 * A hop is a handoff as it was; nothing is left out because it came to nothing (closed, sent back), for the history is
 * never overwritten. Its outcome is that of whoever received it: when it answered, against the date its step was due.
 * The later steps of an interlinked procedure go out under the header of its one submission: they were handed over when
 * the steps before had ended, not when it was submitted, and to nobody whom it names. One that still waits was handed
 * over to nobody.
 * Two copies, word for word the same: one goes with the dossier, one stays.
 */
#include <string.h>

#include "gateway/cli/paper.h"
#include "gateway/cli/step_title.h"

enum { ROWS_MAX = 400 };

static const uint32_t there = KIND_BIT(KIND_FORWARD) | KIND_BIT(KIND_SEND_BACK) | KIND_BIT(KIND_CONSULT)
    | KIND_BIT(KIND_OPINION);
static const uint32_t back = KIND_BIT(KIND_RESULT) | KIND_BIT(KIND_REFUSAL) | KIND_BIT(KIND_STOP)
    | KIND_BIT(KIND_RETURNED);

static const char *kind_vi(uint32_t kind)
{
    static const char *const words[KIND_END] = {
        [KIND_FORWARD] = "Chuyển hồ sơ", [KIND_SEND_BACK] = "Trả lại (sai nơi, sai thủ tục)",
        [KIND_CONSULT] = "Xin ý kiến", [KIND_OPINION] = "Cho ý kiến", [KIND_RESULT] = "Kết quả",
        [KIND_REFUSAL] = "Từ chối", [KIND_STOP] = "Dừng giải quyết", [KIND_RETURNED] = "Trả hồ sơ",
    };
    return kind < KIND_END && words[kind] ? words[kind] : "";
}

/* ---- steps that go out under the header of the submission */

static bool same_content(const Lienthong__V1__HandoffView *a, const Lienthong__V1__HandoffView *b)
{
    return a->content_hash.len && a->content_hash.len == b->content_hash.len &&
           memcmp(a->content_hash.data, b->content_hash.data, a->content_hash.len) == 0;
}

/* NULL: its sender wrote its header for it. */
static const Lienthong__V1__StepView *later_step(const struct paper_source *source, size_t index)
{
    const Lienthong__V1__FlowView *flow = source->dossier ? source->dossier->flow : NULL;
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];
    bool again = false;

    for (size_t i = 0; i < index && !again; i++)
        again = source->handoffs[i]->kind == KIND_FORWARD && same_content(source->handoffs[i], handoff);
    for (size_t i = 0; again && flow && i < flow->n_steps; i++)
        if (flow->steps[i]->handoff_id == handoff->handoff_id)
            return flow->steps[i];
    return NULL;
}

static bool waits(const struct paper_source *source, size_t index)
{
    return source->handoffs[index]->state == STATE_HELD && later_step(source, index) != NULL;
}

/* When the last of those before it had ended. 0: not all have, somebody let it go on. */
static int64_t opened_ms(const struct paper_source *source, const Lienthong__V1__StepView *step)
{
    const Lienthong__V1__FlowView *flow = source->dossier->flow;
    int64_t latest_ms = 0;

    for (size_t i = 0; i < step->n_after; i++) {
        uint64_t ended_by = step->after[i] < flow->n_steps ? flow->steps[step->after[i]]->ended_by : 0;
        for (size_t k = 0; ended_by && k < source->handoff_count; k++)
            if (source->handoffs[k]->handoff_id == ended_by && source->handoffs[k]->accepted_ms > latest_ms)
                latest_ms = source->handoffs[k]->accepted_ms;
    }
    return latest_ms;
}

/* 0: it was not. */
static int64_t given_ms(const struct paper_source *source, size_t index)
{
    const Lienthong__V1__SaidView *said = source->said[index].view;
    const Lienthong__V1__StepView *step = later_step(source, index);

    if (waits(source, index))
        return 0;
    if (step)
        return opened_ms(source, step);
    return said && said->source_time_ms > 0 ? said->source_time_ms : source->handoffs[index]->accepted_ms;
}

static const Lienthong__V1__BranchView *branch_of(const struct paper_source *source, uint64_t handoff_id)
{
    for (size_t i = 0; source->dossier && i < source->dossier->n_branches; i++)
        if (source->dossier->branches[i]->handoff_id == handoff_id)
            return source->dossier->branches[i];
    return NULL;
}

/* What answered it first; PAPER_NOTHING: nothing so far. */
static size_t answer_of(const struct paper_source *source, size_t index)
{
    const uint32_t answers = back | KIND_BIT(KIND_SEND_BACK) | KIND_BIT(KIND_OPINION);

    for (size_t i = index + 1; i < source->handoff_count; i++) {
        const Lienthong__V1__HandoffView *later = source->handoffs[i];
        if (later->parent_id == source->handoffs[index]->handoff_id && later->kind < KIND_END
            && answers & KIND_BIT(later->kind))
            return i;
    }
    return PAPER_NOTHING;
}

/* ---- one row */

/* When it was there: as its recipient says, else as the gateway knows. */
static void taken_parts(const struct paper_source *source, size_t index, json_t *row)
{
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];
    const Lienthong__V1__BranchView *branch = branch_of(source, handoff->handoff_id);
    int64_t delivered_ms = handoff->state == STATE_DELIVERED ? handoff->changed_ms : 0;
    bool told = branch && branch->receipt_ms > 0;

    json_object_set_new(row, "taken", part_time(told ? branch->receipt_ms : delivered_ms));
    json_object_set_new(row, "taken_by", json_string(told ? "nơi nhận báo" : delivered_ms ? "trục đã giao" : ""));
}

static void outcome_parts(const struct paper_source *source, size_t index, json_t *row)
{
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];
    const Lienthong__V1__BranchView *branch = branch_of(source, handoff->handoff_id);
    size_t answer = answer_of(source, index);
    bool way_back = back & KIND_BIT(handoff->kind), answered = way_back || answer != PAPER_NOTHING;
    int64_t due_ms = branch && branch->due_ms > 0 ? branch->due_ms : handoff->due_ms;

    if (way_back)
        due_ms = source->dossier ? source->dossier->due_ms : source->handoffs[0]->due_ms;
    if (waits(source, index))
        due_ms = 0;                                     /* the step's time has not begun */
    int64_t ended_ms = way_back ? given_ms(source, index) : answered ? given_ms(source, answer) : 0;
    const char *outcome = part_outcome(ended_ms, due_ms);
    const char *vi = part_outcome_vi(outcome);
    if (!answered && handoff->kind != KIND_SEND_BACK && handoff->kind != KIND_OPINION
        && handoff->state != STATE_CLOSED && !waits(source, index)) {
        bool stands = source->dossier && source->dossier->standing_since_ms > 0;
        bool late = due_ms && source->now_ms > due_ms && !stands;
        outcome = late ? "open-late" : "open";
        vi = late ? "Chưa xong, đã quá hạn" : stands ? "Chưa xong, đồng hồ đang dừng" : "Chưa xong";
    }
    json_object_set_new(row, "due", part_time(due_ms));
    json_object_set_new(row, "outcome", json_string(outcome));
    json_object_set_new(row, "outcome_vi", json_string(vi));
}

static json_t *note_of(const struct paper_source *source, size_t index)
{
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];

    if (waits(source, index))
        return json_string(later_step(source, index)->n_waits_for ? "Chưa chuyển: chờ bước trước"
                                                                  : "Chưa chuyển: đang giữ");
    if (handoff->state == STATE_CLOSED && handoff->child_id)
        return json_sprintf("Chuyển sang lượt %llu", (unsigned long long)handoff->child_id);
    switch (handoff->state) {
    case STATE_CLOSED:
        return json_string("Đã đóng, không giao");
    case STATE_DELIVERED:
        return json_string(handoff->verdict == VERDICT_REFUSED ? "Nơi nhận từ chối" : "");
    case STATE_FAILED:
        return json_string("Chưa giao được, đang xử lý");
    case STATE_UNSURE:
        return json_string("Chưa chắc đã đến, đang xác minh");
    default:
        return json_string("Đang trên đường");
    }
}

static json_t *row_of(const struct paper_source *source, size_t index, size_t number)
{
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];
    const Lienthong__V1__Facts *facts = source->said[index].facts;
    bool to_named = facts && !later_step(source, index);
    json_t *row = json_pack("{s:I, s:I, s:s}", "no", (json_int_t)number, "handoff_id",
                            (json_int_t)handoff->handoff_id, "what", kind_vi(handoff->kind));

    json_object_set_new(row, "step", part_string(handoff->step));
    json_object_set_new(row, "step_title", part_string(step_title(source->dossier, handoff->step)));
    json_object_set_new(row, "from", part_agency(source->agencies, source->agency_count, handoff->sender));
    json_object_set_new(row, "to", part_agency(source->agencies, source->agency_count, handoff->recipient));
    json_object_set_new(row, "given", part_time(given_ms(source, index)));
    taken_parts(source, index, row);
    json_object_set_new(row, "officer_from", part_string(facts ? facts->officer_from : ""));
    json_object_set_new(row, "officer_to", part_string(to_named ? facts->officer_to : ""));
    outcome_parts(source, index, row);
    json_object_set_new(row, "note", note_of(source, index));
    return row;
}

/* ---- the slip */

static json_t *rows_of(const struct paper_source *source, uint32_t kinds, bool *ret_cut)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < source->handoff_count; i++) {
        uint32_t kind = source->handoffs[i]->kind;
        if (kind >= KIND_END || !(kinds & KIND_BIT(kind)))
            continue;
        if (json_array_size(rows) == ROWS_MAX) {
            *ret_cut = true;
            break;
        }
        json_array_append_new(rows, row_of(source, i, json_array_size(rows) + 1));
    }
    return rows;
}

void slip_parts(const struct paper_source *source, json_t *paper)
{
    bool cut = false;

    json_object_set_new(paper, "hops", rows_of(source, there, &cut));
    json_object_set_new(paper, "returns", rows_of(source, back, &cut));
    json_object_set_new(paper, "cut", json_boolean(cut));
    json_object_set_new(paper, "copies", json_pack("[{s:i, s:s}, {s:i, s:s}]",
                                                   "no", 1, "label", "Liên 1: chuyển kèm hồ sơ",
                                                   "no", 2, "label", "Liên 2: lưu tại nơi tiếp nhận"));
}
