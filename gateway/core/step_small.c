/* step_small.c - CHECKPOINT and CURSOR: the little that adapters keep here because they keep nothing themselves.
 *
 * CHECKPOINT  how far a delivery of several calls has come; given back in the next DELIVER of the same handoff. Kept
 *             only from who has the open attempt; anyone else hears kept = false and should stop. An empty value
 *             forgets.
 * CURSOR      where reading a source in portions has come. Compare and set: two readers of one source cannot both go
 *             on.
 * Effects     CHECKPOINT_ACK, CURSOR_ACK with the value now stored, or REFUSED.
 * Repeated    a checkpoint is kept again; a cursor that was set is refused cursor-moved: `expected` is old then.
 */
#include "gateway/core/step.h"

void step_checkpoint(struct step *step)
{
    const struct checkpoint *checkpoint = &step->command->checkpoint;
    uint32_t agency = turn_agency_number_make(step->turn, step->command->agency->code);
    struct handoff handoff;

    if (checkpoint->value.size > CHECKPOINT_BYTES_MAX) {
        effects_refuse(step->effects, step->command, PROBLEM_TOO_LARGE, "checkpoint.value",
                       "Điểm tiếp tục dài %zu byte, nhiều nhất là %d.", "The checkpoint has %zu bytes, at most %d.",
                       checkpoint->value.size, CHECKPOINT_BYTES_MAX);
        return;
    }
    if (!turn_handoff(step->turn, checkpoint->handoff, &handoff) || handoff.recipient != agency) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_HANDOFF, "checkpoint.handoff_id",
                       "Không có lượt giao–nhận này gửi cho cơ quan.", "There is no such handoff to your agency.");
        return;
    }
    bool kept = handoff.state == STATE_OFFERED && handoff.attempt == checkpoint->attempt;
    if (kept)
        turn_checkpoint_put(step->turn, handoff.id, checkpoint->value);
    struct effect *effect = effects_add(step->effects, EFFECT_CHECKPOINT_ACK, step->command);
    effect->checkpoint_ack.handoff = handoff.id;
    effect->checkpoint_ack.attempt = checkpoint->attempt;
    effect->checkpoint_ack.kept = kept;
}

/* ---- cursors */

/* Empty: none yet. */
static struct span cursor_stored(struct step *step, uint32_t agency, struct span name)
{
    struct span value = { 0 };
    enum result result = turn_cursor(step->turn, agency, name, &step->core->scratch, &value);
    must(result == RESULT_OK || result == RESULT_NOT_FOUND);
    return value;
}

bool cursor_set(struct step *step, uint32_t agency, const struct cursor_set *cursor)
{
    if (!span_equal(cursor_stored(step, agency, cursor->name), cursor->expected))
        return false;
    turn_cursor_put(step->turn, agency, cursor->name, cursor->value);
    return true;
}

void step_cursor(struct step *step)
{
    const struct cursor_set *cursor = &step->command->cursor;
    uint32_t agency = turn_agency_number_make(step->turn, step->command->agency->code);

    if (!cursor->name.size || cursor->name.size >= CURSOR_NAME_SIZE || !span_is_utf8(cursor->name)) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "cursor.name",
                       "Tên con trỏ phải có từ 1 đến %d byte UTF-8.", "A cursor's name has 1 to %d bytes of UTF-8.",
                       CURSOR_NAME_SIZE - 1);
        return;
    }
    if (cursor->value.size > CURSOR_VALUE_BYTES_MAX || cursor->expected.size > CURSOR_VALUE_BYTES_MAX) {
        effects_refuse(step->effects, step->command, PROBLEM_TOO_LARGE, "cursor.value",
                       "Giá trị con trỏ dài nhất là %d byte.", "A cursor's value has at most %d bytes.",
                       CURSOR_VALUE_BYTES_MAX);
        return;
    }
    if (cursor->set && !cursor_set(step, agency, cursor)) {
        effects_refuse(step->effects, step->command, PROBLEM_CURSOR_MOVED, "cursor.expected",
                       "Con trỏ đã được chuyển bởi nơi khác: đọc lại giá trị đang lưu rồi tiếp tục từ đó.",
                       "Somebody else has moved the cursor: read the stored value and go on from there.");
        return;
    }
    struct span value = cursor->set ? cursor->value : cursor_stored(step, agency, cursor->name), copy;
    struct effect *effect = effects_add(step->effects, EFFECT_CURSOR_ACK, step->command);
    must(arena_copy(&step->effects->arena, value, &copy));
    effect->cursor_ack.value = copy;
    must(arena_copy(&step->effects->arena, cursor->name, &copy));
    effect->cursor_ack.name = copy;
}
