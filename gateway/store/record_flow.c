#include "gateway/store/record_flow.h"

#include "gateway/store/bytes.h"

enum {
    FLOW_VERSION = 1,
    STEP_BYTES = STEP_NAME_SIZE + 2 * 4 + 1 + 4 * 8,
    FIXED_BYTES = 1 + 4 + 16 + 1 + 8 + VERSION_TEXT_SIZE + 1,
};
_Static_assert(FIXED_BYTES + FLOW_STEPS_MAX * STEP_BYTES <= FLOW_BYTES_MAX, "the largest flow fits");
_Static_assert(FLOW_STEPS_MAX <= 32, "a bit for each step");

static void write_step(struct pen *pen, const struct flow_step *step)
{
    pen_text(pen, step->name, sizeof step->name);
    pen_u32(pen, step->flags);
    pen_u32(pen, step->after);
    pen_u64(pen, step->handoff);
    pen_u8(pen, step->ended);
    pen_u64(pen, step->ended_by);
    pen_u64(pen, step->recall);
    pen_u64(pen, step->told);
}

static void scan_step(struct scan *scan, struct flow_step *ret_step)
{
    scan_text(scan, ret_step->name, sizeof ret_step->name);
    ret_step->flags = scan_u32(scan);
    ret_step->after = scan_u32(scan);
    ret_step->handoff = scan_u64(scan);
    ret_step->ended = scan_word(scan, 0, KIND_END);
    ret_step->ended_by = scan_u64(scan);
    ret_step->recall = scan_u64(scan);
    ret_step->told = scan_u64(scan);
}

size_t flow_write(const struct flow *flow, uint8_t bytes[FLOW_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, FLOW_VERSION);
    pen_u32(&pen, flow->sender);
    pen_bytes(&pen, flow->message_id.bytes, sizeof flow->message_id.bytes);
    pen_u8(&pen, flow->stopped);
    pen_u64(&pen, flow->stopped_by);
    pen_text(&pen, flow->version, sizeof flow->version);
    pen_u8(&pen, flow->step_count);
    for (uint32_t i = 0; i < flow->step_count; i++)
        write_step(&pen, &flow->steps[i]);
    return (size_t)(pen.at - bytes);
}

bool flow_parse(struct span bytes, struct flow *ret_flow)
{
    struct scan scan = scan_of(bytes);
    struct flow flow = { 0 };

    scan_version(&scan, FLOW_VERSION);
    flow.sender = scan_u32(&scan);
    scan_bytes(&scan, flow.message_id.bytes, sizeof flow.message_id.bytes);
    flow.stopped = scan_word(&scan, 0, KIND_END);
    flow.stopped_by = scan_u64(&scan);
    scan_text(&scan, flow.version, sizeof flow.version);
    flow.step_count = scan_word(&scan, 0, FLOW_STEPS_MAX + 1);
    for (uint32_t i = 0; !scan.bad && i < flow.step_count; i++) {
        scan_step(&scan, &flow.steps[i]);
        scan.bad |= (flow.steps[i].after >> i) != 0 || !flow.steps[i].ended != !flow.steps[i].ended_by;
    }
    if (!scan_end(&scan))
        return false;
    *ret_flow = flow;
    return true;
}
