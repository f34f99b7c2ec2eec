/* flow_check.c - a SUBMIT and the flow of its dossier: does it start one, stop one, speak for the citizen; may it. */
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/core/flow.h"
#include "gateway/core/gate.h"
#include "gateway/core/header_text.h"

enum { AFTER_ROOM = GATE_WALK_MAX - FLOW_STEPS_MAX };

static const char *area_of(const struct intake *intake)
{
    return intake->submit->area[0] ? intake->submit->area : intake->sender->area;
}

/* ---- it starts one */

static bool names_no_step(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;

    return submit->kind == KIND_FORWARD && !submit->recipient[0] && !submit->step[0] && submit->procedure_code[0] &&
           !intake->has_parent &&
           !tables_route(step->core->tables, submit->procedure_code, "", intake->sender);
}

static int64_t received_ms_of(const struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;

    return submit->facts && submit->facts->received_ms > 0 ? submit->facts->received_ms
         : submit->source_time_ms > 0 ? submit->source_time_ms : step->now_ms;
}

/* The version that its dossier keeps, else the one that is stated, else the one in force when it was received. */
static const struct procedure *version_of(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;
    const struct tables *tables = step->core->tables;
    const struct facts *facts = submit->facts;
    uint64_t id = turn_dossier_find(step->turn, span_of_string(submit->dossier_code));
    int64_t at_ms = received_ms_of(step, intake);
    struct dossier dossier;

    bool known = id && turn_dossier(step->turn, id, &dossier) &&
                 strcmp(dossier.procedure_code, submit->procedure_code) == 0;
    if (known && dossier.procedure_version[0])
        return tables_procedure_version(tables, dossier.procedure_version);
    if (known && dossier.received_ms)
        at_ms = dossier.received_ms;
    const struct procedure *stated =
        facts && facts->procedure_version[0] ? tables_procedure_version(tables, facts->procedure_version) : NULL;
    if (stated && strcmp(stated->code, submit->procedure_code) == 0)
        return stated;
    return tables_procedure(tables, submit->procedure_code, NULL, intake->sender, at_ms);
}

static bool refuse_chosen(struct step *step, uint32_t index, const char *name, const char *vi, const char *en)
{
    char field[48];
    struct text text = text_of(field, sizeof field);

    text_add(&text, "header.facts.chosen_steps[%u]", index);
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, field, "Bước '%s' %s%.0s", "Step '%s' %.0s%s",
                   name, vi, en);
    return false;
}

/* Also asked where nothing is started: whoever chooses believes that something is. */
static bool read_chosen(struct step *step, struct intake *intake)
{
    const struct facts *facts = intake->submit->facts;
    const struct procedure *procedure = intake->flow.starts;

    for (uint32_t i = 0; facts && i < facts->chosen_count; i++) {
        const char *name = facts->chosen[i];
        int index = procedure ? procedure_step_index(procedure, name) : -1;
        if (!procedure)
            return refuse_chosen(step, i, name, "được chọn mà thông điệp này không mở quy trình nào "
                                                "(FORWARD, không ghi nơi nhận và bước, thủ tục có trong danh mục).",
                                 "is chosen, and this message starts no procedure (a FORWARD without recipient and "
                                 "step, of a procedure in the catalogue).");
        if (index < 0)
            return refuse_chosen(step, i, name, "không có trong thủ tục này.", "is not in this procedure.");
        if (!procedure->steps[index].optional)
            return refuse_chosen(step, i, name, "là bước bắt buộc, không phải để chọn.",
                                 "is not optional: it is part of the procedure anyway.");
        intake->flow.chosen |= 1u << index;
    }
    return true;
}

static bool can_begin(struct step *step, const struct intake *intake)
{
    struct flow flow;

    flow_lay_out(intake->flow.starts, intake->flow.chosen, &flow);
    if (flow_root(&flow) >= 0)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.chosen_steps",
                   "Không bước nào của thủ tục %s bắt đầu được: chưa chọn bước nào, hoặc công dân phải làm trước.",
                   "No step of procedure %s can begin: none was chosen, or the citizen has to do something first.",
                   intake->flow.starts->code);
    return false;
}

/* ---- it speaks of one that is there */

static bool find_flow(struct step *step, const struct intake *intake, struct flow *ret_flow)
{
    uint64_t dossier = turn_dossier_find(step->turn, span_of_string(intake->submit->dossier_code));

    if (!dossier && intake->has_parent)
        dossier = intake->parent.dossier;
    return dossier && turn_flow(step->turn, dossier, ret_flow);
}

static bool is_its_sender(struct step *step, const struct intake *intake, const struct flow *flow)
{
    struct handoff root;

    return turn_handoff(step->turn, flow->steps[flow_root(flow)].handoff, &root) &&
           seat_is(step, intake->sender, flow->sender, &root);
}

/* The tax office tells the land office itself that all is paid. */
static bool holds_one_before(struct step *step, const struct intake *intake, const struct flow *flow, uint32_t index)
{
    struct handoff handoff;

    for (uint32_t i = 0; i < index; i++)
        if (flow->steps[index].after & 1u << i && turn_handoff(step->turn, flow->steps[i].handoff, &handoff) &&
            seat_is(step, intake->sender, handoff.recipient, &handoff))
            return true;
    return false;
}

/* The citizen's step that it names, or for a PAYMENT the only one that is open. 0: none. */
static uint32_t find_citizen(struct step *step, const struct intake *intake, const struct flow *flow)
{
    const char *name = intake->submit->step;
    int found = name[0] ? flow_step_index(flow, name) : -1;
    uint32_t open = 0;

    for (uint32_t i = 0; !name[0] && intake->submit->kind == KIND_PAYMENT && i < flow->step_count; i++) {
        if (!flow_step_is(&flow->steps[i], FLOW_STEP_CITIZEN | FLOW_STEP_CHOSEN) || flow->steps[i].ended)
            continue;
        found = (int)i;
        if (++open > 1)
            return 0;                                   /* several: not guessed */
    }
    if (found < 0 || !flow_step_is(&flow->steps[found], FLOW_STEP_CITIZEN | FLOW_STEP_CHOSEN) ||
        flow->steps[found].ended ||
        !(is_its_sender(step, intake, flow) || holds_one_before(step, intake, flow, (uint32_t)found)))
        return 0;
    return (uint32_t)found + 1;
}

/* Somebody has it, or may have it, and has not ended it. */
static bool is_there(struct step *step, const struct flow_step *at, struct handoff *ret_handoff)
{
    return at->handoff && turn_handoff(step->turn, at->handoff, ret_handoff) && ret_handoff->answer == 0 &&
           ret_handoff->state != STATE_CLOSED && handoff_perhaps_there(step, ret_handoff);
}

/* A step whose agency a withdrawal goes to: one that has it, else one that waits. 0: all have ended. */
static uint64_t find_live(struct step *step, const struct flow *flow)
{
    struct handoff handoff;
    uint64_t waits = 0;

    for (uint32_t i = 0; i < flow->step_count; i++) {
        if (is_there(step, &flow->steps[i], &handoff))
            return handoff.id;
        if (!waits && flow->steps[i].handoff && turn_handoff(step->turn, flow->steps[i].handoff, &handoff) &&
            !state_is_final(handoff.state))
            waits = handoff.id;
    }
    return waits;
}

static bool find_end(struct step *step, struct intake *intake)
{
    struct flow flow;

    if (!find_flow(step, intake, &flow) || !is_its_sender(step, intake, &flow))
        return true;
    intake->flow.forward = find_live(step, &flow);
    intake->flow.ends = true;
    if (intake->flow.forward)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_WRONG_STATE, "header.recipient",
                   "Mọi bước của hồ sơ '%s' đã kết thúc: không còn gì để rút hay dừng.",
                   "Every step of dossier '%s' has ended: there is nothing left to withdraw or stop.",
                   intake->submit->dossier_code);
    return false;
}

static void find_payment(struct step *step, struct intake *intake)
{
    struct flow flow;

    if (!find_flow(step, intake, &flow))
        return;
    intake->flow.citizen = find_citizen(step, intake, &flow);
    if (!intake->flow.citizen || intake->has_parent)
        return;
    for (uint32_t i = 0, inputs = flow_inputs(&flow, intake->flow.citizen - 1); i < flow.step_count; i++)
        if (inputs & 1u << i && !intake->flow.forward)
            intake->flow.forward = flow.steps[i].handoff;
}

bool flow_find(struct step *step, struct intake *intake)
{
    const struct submit *submit = intake->submit;

    if (names_no_step(step, intake))
        intake->flow.starts = version_of(step, intake);
    if (intake->flow.starts && !intake->flow.starts->step_count)
        intake->flow.starts = NULL;
    if (!read_chosen(step, intake) || (intake->flow.starts && !can_begin(step, intake)))
        return false;
    if ((submit->kind == KIND_WITHDRAWAL || submit->kind == KIND_STOP) && !submit->recipient[0] && !intake->has_parent)
        return find_end(step, intake);
    if (submit->kind == KIND_PAYMENT || (submit->kind == KIND_SUPPLEMENT && submit->step[0]))
        find_payment(step, intake);
    return true;
}

static const struct procedure_step *root_of(const struct intake *intake, struct flow *flow)
{
    flow_lay_out(intake->flow.starts, intake->flow.chosen, flow);
    int root = flow_root(flow);
    return root < 0 ? NULL
                    : &intake->flow.starts->steps[procedure_step_index(intake->flow.starts, flow->steps[root].name)];
}

const struct agency *flow_addressed(struct step *step, const struct intake *intake)
{
    const struct tables *tables = step->core->tables;
    char code[AGENCY_CODE_SIZE];
    struct handoff forward;
    struct flow flow;

    if (intake->flow.starts) {
        const struct procedure_step *root = root_of(intake, &flow);
        return root ? tables_step_agency(tables, intake->flow.starts, root, intake->sender, area_of(intake),
                                         step->now_ms) : NULL;
    }
    if (!intake->flow.forward || !turn_handoff(step->turn, intake->flow.forward, &forward))
        return NULL;
    return turn_agency_code(step->turn, forward.recipient, code) ? tables_agency(tables, code) : NULL;
}

/* ---- may it */

static bool refuse_step(struct step *step, const char *field, const char *name, const char *code, const char *vi,
                        const char *en)
{
    effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_AGENCY, field,
                   "Không mở được quy trình: bước '%s'%s%s %s%.0s",
                   "The procedure cannot be started: step '%s'%s%s %.0s%s", name, code[0] ? ", " : "", code, vi, en);
    return false;
}

/* What its handoff will be asked when it is made, asked before anything is. */
static bool step_may(struct step *step, const struct intake *intake, const struct procedure_step *at)
{
    const struct tables *tables = step->core->tables;
    const struct procedure *procedure = intake->flow.starts;
    struct matter matter = { .procedure = procedure->code, .kind = KIND_FORWARD, .area = area_of(intake) };
    static const char field[] = "header.procedure_code";

    const struct agency *addressed =
        tables_step_agency(tables, procedure, at, intake->sender, area_of(intake), step->now_ms);
    if (!addressed && matter.area[0]) {
        effects_refuse(step->effects, step->command, PROBLEM_UNKNOWN_AGENCY, "header.facts.area_code",
                       "Không mở được quy trình: bước '%s' không rõ cơ quan nào thực hiện cho địa bàn '%s'. "
                       "Ghi địa bàn của hồ sơ (phường, xã).",
                       "The procedure cannot be started: step '%s' has no agency, or several with equal right, in "
                       "area '%s'. Name the area of the dossier (its ward).", at->name, matter.area);
        return false;
    }
    if (!addressed)
        return refuse_step(step, field, at->name, "", "không rõ cơ quan nào thực hiện.",
                           "has no agency, or several with equal right.");
    const struct agency *recipient = tables_successor(tables, addressed, &matter, step->now_ms);
    if (!recipient)
        return refuse_step(step, field, at->name, addressed->code, "cơ quan này không còn và chưa có nơi kế nhiệm.",
                           "that agency is no more, and nobody has taken over.");
    if (recipient == intake->sender)
        return refuse_step(step, field, at->name, recipient->code, "cơ quan thực hiện chính là cơ quan gửi.",
                           "the agency that does it is the sender itself.");
    if (!tables_permit(tables, intake->sender, recipient, KIND_FORWARD, procedure->code)) {
        effects_refuse(step->effects, step->command, PROBLEM_NOT_ALLOWED, field,
                       "Không mở được quy trình: danh bạ không cho phép '%s' gửi FORWARD tới '%s' (bước '%s').",
                       "The procedure cannot be started: the directory does not let '%s' send FORWARD to '%s' "
                       "(step '%s').", intake->sender->code, recipient->code, at->name);
        return false;
    }
    return true;
}

static bool refuse_procedure(struct step *step, const char *code, const char *vi, const char *en)
{
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.procedure_code",
                   "Không mở được quy trình: thủ tục '%s' %s%.0s", "The procedure cannot be started: '%s' %.0s%s", code,
                   vi, en);
    return true;
}

/* A submission of a procedure that is not in the catalogue, not in force for it, or has no steps there: whoever wrote
 * it is told about that, and which code it goes on under, not about a recipient that was never written. */
static bool refuse_no_version(struct step *step, const struct intake *intake)
{
    const char *code = intake->submit->procedure_code;
    const struct procedure *last = tables_procedure_last(step->core->tables, code);
    int64_t at_ms = received_ms_of(step, intake);
    char vi[160], en[160], day[CLOCK_TEXT_SIZE];
    struct text say_vi = text_of(vi, sizeof vi), say_en = text_of(en, sizeof en);

    if (intake->flow.starts || !names_no_step(step, intake))
        return false;
    if (!last)
        return refuse_procedure(step, code, "không có trong danh mục. Sửa mã, hoặc ghi rõ nơi nhận.",
                                "is not in the catalogue. Mend the code, or name the recipient.");
    if (last->to_ms && at_ms >= last->to_ms) {
        clock_text_local(last->to_ms, day);
        text_add(&say_vi, "hết hiệu lực từ %.10s", day);
        text_add(&say_en, "is no longer in force since %.10s", day);
        text_add(&say_vi, last->successor[0] ? "; hồ sơ nhận từ ngày đó dùng mã '%s'." : ".", last->successor);
        text_add(&say_en, last->successor[0] ? "; what was received since goes under '%s'." : ".", last->successor);
        return refuse_procedure(step, code, vi, en);
    }
    if (at_ms < last->from_ms)
        return refuse_procedure(step, code, "chưa có hiệu lực vào ngày nhận hồ sơ.",
                                "was not in force yet when the dossier was received.");
    return refuse_procedure(step, code, "trong danh mục không có bước nào cho hồ sơ của cơ quan này. Ghi rõ nơi nhận.",
                            "has no steps in the catalogue for dossiers of this agency. Name the recipient.");
}

bool flow_refuse_root(struct step *step, const struct intake *intake)
{
    struct flow flow;
    const struct procedure_step *root = intake->flow.starts ? root_of(intake, &flow) : NULL;
    return root ? !step_may(step, intake, root) : refuse_no_version(step, intake);
}

static bool steps_may(struct step *step, const struct intake *intake, const struct flow *flow, uint32_t *ret_steps)
{
    const struct procedure *procedure = intake->flow.starts;

    *ret_steps = 0;
    for (uint32_t i = 0; i < flow->step_count; i++) {
        const struct flow_step *at = &flow->steps[i];
        if (!flow_step_is(at, FLOW_STEP_CHOSEN) || at->flags & FLOW_STEP_CITIZEN)
            continue;
        ++*ret_steps;
        if (__builtin_popcount(flow_gates(flow, i)) > AFTER_MAX) {
            effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.procedure_code",
                           "Bước '%s' phải chờ hơn %d bước khác: cổng không điều phối được.",
                           "Step '%s' waits for more than %d others: the gateway cannot lead it.", at->name, AFTER_MAX);
            return false;
        }
        if (!step_may(step, intake, &procedure->steps[procedure_step_index(procedure, at->name)]))
            return false;
    }
    return true;
}

/* Nothing more will come of it: it was closed, answered, or cannot begin. */
static bool has_ended(const struct handoff *handoff)
{
    return handoff->state == STATE_CLOSED || handoff->answer == ANSWER_RESULT || handoff->answer == ANSWER_REFUSED ||
           gate_has_failed(handoff);
}

/* A dossier has one flow at a time; one that was withdrawn or stopped, or has come to its end, makes room for another.
 * Of one sent back as the wrong procedure somebody may still hold a step, who does not know. */
static bool none_is_there(struct step *step, const struct intake *intake)
{
    struct handoff handoff;
    struct flow flow;

    if (!intake->dossier || !turn_flow(step->turn, intake->dossier, &flow) ||
        (flow.stopped && flow.stopped != KIND_SEND_BACK))
        return true;
    for (uint32_t i = 0; i < flow.step_count; i++) {
        if (!turn_handoff(step->turn, flow.steps[i].handoff, &handoff) || has_ended(&handoff))
            continue;
        effects_refuse(step->effects, step->command, PROBLEM_WRONG_STATE, "header.dossier_code",
                       "Hồ sơ '%s' đang theo quy trình %s, bước '%s' chưa xong: hãy rút hoặc dừng trước.",
                       "Dossier '%s' is in procedure %s, and step '%s' has not ended: withdraw or stop it first.",
                       intake->submit->dossier_code, flow.version, flow.steps[i].name);
        return false;
    }
    return true;
}

/* Others may already wait for this very message. */
static bool has_room(struct step *step, const struct intake *intake, uint32_t steps)
{
    const struct submit *submit = intake->submit;
    uint64_t dependant = 0;
    int waiting = 0;

    while (intake->sender_number && waiting <= AFTER_ROOM &&
           (dependant = turn_gate_next(step->turn, intake->sender_number, &submit->message_id, dependant)) != 0)
        waiting++;
    if (waiting > AFTER_ROOM) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.message_id",
                       "Quá nhiều lượt đang chờ lượt này.", "Too many others wait for this one.");
        return false;
    }
    if ((submit->header.size + submit->payload.size) * steps <= FLOW_BODIES_MAX)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_TOO_LARGE, "payload",
                   "Quá lớn cho một quy trình %u bước: tối đa %d byte. Tệp lớn hãy gửi dưới dạng đính kèm.",
                   "Too large for a procedure of %u steps: at most %d bytes. Send larger files as attachments.", steps,
                   (int)(FLOW_BODIES_MAX / (steps ? steps : 1)) - (int)submit->header.size);
    return false;
}

static bool may_start(struct step *step, const struct intake *intake)
{
    struct flow flow;
    uint32_t steps;

    if (intake->submit->after_count) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.after",
                       "Lượt mở một quy trình không chờ lượt nào khác.",
                       "A submission that starts a procedure waits for no other.");
        return false;
    }
    flow_lay_out(intake->flow.starts, intake->flow.chosen, &flow);
    if (!steps_may(step, intake, &flow, &steps) || !none_is_there(step, intake) || !has_room(step, intake, steps))
        return false;
    return true;
}

/* ---- what a result must hold */

static bool is_named(struct span header, const char *output)
{
    struct component_walk walk = header_components(header);
    struct component_said said;

    while (header_component_next(&walk, &said))
        if (span_equal(said.code, span_of_string(output)))
            return true;
    return false;
}

static bool outputs_ok(struct step *step, const struct intake *intake, const struct handoff *forward)
{
    struct flow flow;

    if (!turn_flow(step->turn, forward->dossier, &flow))
        return true;
    const struct procedure *procedure = tables_procedure_version(step->core->tables, flow.version);
    int index = procedure ? procedure_step_index(procedure, forward->step) : -1;
    for (uint32_t i = 0; index >= 0 && i < procedure->steps[index].output_count; i++) {
        const char *output = procedure->steps[index].outputs[i];
        if (is_named(intake->submit->header, output))
            continue;
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, "header.facts.components",
                       "Kết quả của bước '%s' phải có '%s': ghi mã này trong facts.components khi kết quả có nó; "
                       "nếu không có kết quả, gửi REFUSAL.",
                       "The result of step '%s' must hold '%s': name it in facts.components when it does; where there "
                       "is no result, send a REFUSAL.", forward->step, output);
        return false;
    }
    return true;
}

/* The step that a RESULT is of: its parent, or the one whose RECALL it answers. */
static bool result_may(struct step *step, const struct intake *intake)
{
    const struct handoff *parent = &intake->parent;
    struct handoff forward = *parent;

    if (!intake->has_parent)
        return true;
    if (parent->kind == KIND_RECALL && !(parent->parent && turn_handoff(step->turn, parent->parent, &forward)))
        return true;
    if (!(forward.flags & HANDOFF_STEP) || !seat_is(step, intake->sender, forward.recipient, &forward))
        return true;
    return outputs_ok(step, intake, &forward);
}

/* Every holder may be told. */
static bool may_end(struct step *step, const struct intake *intake)
{
    const struct tables *tables = step->core->tables;
    char code[AGENCY_CODE_SIZE];
    struct handoff handoff;
    struct flow flow;

    must(turn_flow(step->turn, intake->dossier, &flow));
    for (uint32_t i = 0; i < flow.step_count; i++) {
        if (!is_there(step, &flow.steps[i], &handoff) || !turn_agency_code(step->turn, handoff.recipient, code))
            continue;
        const struct agency *holder = tables_agency(tables, code);
        if (holder && tables_permit(tables, intake->sender, holder, intake->submit->kind, handoff.procedure_code))
            continue;
        effects_refuse(step->effects, step->command, PROBLEM_NOT_ALLOWED, "header.recipient",
                       "Danh bạ không cho phép '%s' gửi %s tới '%s' (bước '%s').",
                       "The directory does not let '%s' send %s to '%s' (step '%s').", intake->sender->code,
                       kind_name(intake->submit->kind), code, handoff.step);
        return false;
    }
    return true;
}

/* Handed on once already: a second one would be a second step of its kind. */
static bool may_send_on(struct step *step, const struct intake *intake)
{
    const struct handoff *parent = &intake->parent;

    if (!intake->has_parent || parent->answer != ANSWER_SENT_BACK || !parent->child)
        return true;
    effects_refuse(step->effects, step->command, PROBLEM_WRONG_STATE, "header.parent",
                   "Lượt %llu bị trả lại đã được chuyển tiếp rồi: lượt %llu.",
                   "Handoff %llu was sent back and has been handed on already: as %llu.",
                   (unsigned long long)parent->id, (unsigned long long)parent->child);
    return false;
}

bool flow_may(struct step *step, const struct intake *intake)
{
    if (intake->submit->kind == KIND_FORWARD && !may_send_on(step, intake))
        return false;
    if (intake->flow.starts)
        return may_start(step, intake);
    if (intake->flow.ends)
        return may_end(step, intake);
    return intake->submit->kind != KIND_RESULT || result_may(step, intake);
}
