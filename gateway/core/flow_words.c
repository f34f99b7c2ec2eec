/* flow_words.c - what is said of a flow's steps, in Vietnamese and English. */
#include "gateway/core/flow_words.h"

#include <inttypes.h>

#include "gateway/core/flow.h"

static const struct { const char *vi, *en; } states[FLOW_STATE_END] = {
    [0]               = { "", "" },
    [FLOW_NOT_CHOSEN] = { "không chọn", "not chosen" },
    [FLOW_WAITS]      = { "chờ bước trước", "waits" },
    [FLOW_CITIZEN]    = { "chờ công dân", "the citizen's turn" },
    [FLOW_COMING]     = { "đang chuyển tới", "on its way" },
    [FLOW_AT_WORK]    = { "đang xử lý", "at work" },
    [FLOW_DONE]       = { "đã xong", "done" },
    [FLOW_REFUSED]    = { "kết thúc không có kết quả", "ended without a result" },
    [FLOW_SENT_BACK]  = { "bị trả lại, sai cơ quan: cần chuyển nơi khác", "sent back, wrong agency: to be handed on" },
    [FLOW_STUCK]      = { "vướng, cần người xử lý", "stuck, needs a person" },
    [FLOW_BROKEN_OFF] = { "không bắt đầu được: bước trước không có kết quả",
                          "cannot begin: what it waits for has no result" },
    [FLOW_CLOSED]     = { "đã dừng, chưa tới cơ quan", "closed before it arrived" },
    [FLOW_RECALLED]   = { "kết quả bị thu hồi, chờ kết quả mới", "its result was taken back, a new one is awaited" },
    [FLOW_ASKED]      = { "đã dùng kết quả bị thu hồi, chờ cơ quan trả lời",
                          "used a result that was taken back, its agency is to answer" },
};

const char *flow_state_vi(enum flow_state state)
{
    return state < FLOW_STATE_END ? states[state].vi : "";
}

const char *flow_state_en(enum flow_state state)
{
    return state < FLOW_STATE_END ? states[state].en : "";
}

/* ---- why one waits. In Vietnamese a step has its title; its identifier is said where somebody has to write it. */

static const char *titled(struct step *step, const struct handoff *handoff, const char *name)
{
    const struct procedure *procedure = NULL;
    const char *title;
    struct flow flow;

    if (turn_flow(step->turn, handoff->dossier, &flow))
        procedure = tables_procedure_version(step->core->tables, flow.version);
    title = procedure_step_title(procedure, name);
    return title[0] ? title : name;
}

static void say_citizen(struct step *step, const struct handoff *handoff, const char *name, struct flow_words *words)
{
    struct text vi = text_of(words->vi, sizeof words->vi), en = text_of(words->en, sizeof words->en);
    struct text do_vi = text_of(words->do_vi, sizeof words->do_vi), do_en = text_of(words->do_en, sizeof words->do_en);
    char code[AGENCY_CODE_SIZE] = "?";

    (void)turn_agency_code(step->turn, handoff->sender, code);
    text_add(&vi, "Chờ công dân làm bước '%s'; %s chưa báo là xong.", titled(step, handoff, name), code);
    text_add(&en, "Waits for the citizen to do step '%s'; %s has not said that it is done.", name, code);
    text_add(&do_vi, "%s gửi PAYMENT (hoặc SUPPLEMENT ghi bước '%s') khi công dân đã làm; nếu không cần chờ: "
                     "lienthong release %" PRIu64 " --reason ...", code, name, handoff->id);
    text_add(&do_en, "%s sends PAYMENT (or a SUPPLEMENT with step '%s') once it is done; if it need not be waited for: "
                     "lienthong release %" PRIu64 " --reason ...", code, name, handoff->id);
}

static void say_recall(struct step *step, const struct handoff *handoff, const struct handoff *recall,
                       struct flow_words *words)
{
    struct text vi = text_of(words->vi, sizeof words->vi), en = text_of(words->en, sizeof words->en);
    struct text do_vi = text_of(words->do_vi, sizeof words->do_vi), do_en = text_of(words->do_en, sizeof words->do_en);
    char code[AGENCY_CODE_SIZE] = "?";
    bool late = recall->flags & HANDOFF_UNANSWERED;

    (void)turn_agency_code(step->turn, recall->recipient, code);
    text_add(&vi, "Chờ %s (bước '%s') trả lời: kết quả mà bước này đã dùng bị thu hồi (RECALL, lượt %" PRIu64 ").%s",
             code, titled(step, handoff, recall->step), recall->id, late ? " Đã quá hạn trả lời, đã đôn đốc." : "");
    text_add(&en, "Waits for the answer of %s (step '%s'): a result that it used was taken back (RECALL, handoff %"
                  PRIu64 ").%s", code, recall->step, recall->id,
             late ? " It is overdue, and was urged." : "");
    text_add(&do_vi, "Hỏi %s; nếu không cần chờ: lienthong release %" PRIu64 " --reason ...", code, handoff->id);
    text_add(&do_en, "Ask %s; if it need not be waited for: lienthong release %" PRIu64 " --reason ...", code,
             handoff->id);
}

static void say_sent_back(struct step *step, const struct handoff *handoff, const struct handoff *other,
                          struct flow_words *words)
{
    struct text vi = text_of(words->vi, sizeof words->vi), en = text_of(words->en, sizeof words->en);
    struct text do_vi = text_of(words->do_vi, sizeof words->do_vi), do_en = text_of(words->do_en, sizeof words->do_en);
    char code[AGENCY_CODE_SIZE] = "?", sender[AGENCY_CODE_SIZE] = "?";

    (void)turn_agency_code(step->turn, other->recipient, code);
    (void)turn_agency_code(step->turn, handoff->sender, sender);
    text_add(&vi, "Chờ lượt %" PRIu64 " (bước '%s'), bị %s trả lại vì sai cơ quan và chưa chuyển nơi khác.", other->id,
             titled(step, handoff, other->step), code);
    text_add(&en, "Waits for handoff %" PRIu64 " (step '%s'), which %s sent back as the wrong agency and which was not "
                  "handed on yet.", other->id, other->step, code);
    text_add(&do_vi, "%s gửi FORWARD mới với parent %" PRIu64 " tới đúng cơ quan, hoặc: lienthong redirect %" PRIu64
                     " --to ... --reason ...", sender, other->id, other->id);
    text_add(&do_en, "%s sends a FORWARD with parent %" PRIu64 " to the right agency, or: lienthong redirect %" PRIu64
                     " --to ... --reason ...", sender, other->id, other->id);
}

bool flow_explain(struct step *step, const struct handoff *handoff, const struct uuid *message_id,
                  const struct antecedent *antecedent, struct flow_words *ret_words)
{
    struct handoff other;
    struct flow flow;

    *ret_words = (struct flow_words){ .vi = "" };
    if (antecedent->handoff && turn_handoff(step->turn, antecedent->handoff, &other)) {
        if (other.kind == KIND_RECALL && handoff->flags & HANDOFF_STEP)
            say_recall(step, handoff, &other, ret_words);
        else if (other.answer == ANSWER_SENT_BACK)
            say_sent_back(step, handoff, &other, ret_words);
        return ret_words->vi[0];
    }
    if (!(handoff->flags & HANDOFF_STEP) || !turn_flow(step->turn, handoff->dossier, &flow))
        return false;
    for (uint32_t i = 0; i < flow.step_count; i++) {
        struct uuid name = flow_message_id(step, &flow, i);
        if (flow.steps[i].flags & FLOW_STEP_CITIZEN && uuid_equal(&name, message_id))
            say_citizen(step, handoff, flow.steps[i].name, ret_words);
    }
    return ret_words->vi[0];
}
