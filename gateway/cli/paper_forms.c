/* paper_forms.c - what stands on the forms that one handoff is the ground of: supplement request, refusal, apology,
 * stop notice, and the hand-over slip of a result. */
#include <string.h>

#include "gateway/cli/paper.h"
#include "gateway/cli/step_title.h"

static json_t *by_hand(size_t count, const char *const *labels)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(labels[i]));
    return list;
}

/* The gateway holds no personal data: who it is about is filled in by hand. */
static void person_lines(json_t *paper)
{
    static const char *const labels[] = { "Hồ sơ của", "Địa chỉ", "Số điện thoại, thư điện tử" };
    json_object_set_new(paper, "by_hand", by_hand(sizeof labels / sizeof *labels, labels));
}

static const char *label_of(const json_t *paper)
{
    return json_string_value(json_object_get(json_object_get(paper, "agency"), "label"));
}

/* Only words can be a reason: a code is shown beside it, in nobody's place. */
static void reason_parts(const struct paper_source *source, json_t *paper)
{
    const struct paper_said *said = &source->said[source->main];
    const char *unknown = "Trục chỉ biết việc này qua câu trả lời của hệ thống cơ quan; lý do do cơ quan ghi.";
    bool of_answer = source->handoffs[source->main]->kind == KIND_FORWARD;
    json_t *words = said->view && !of_answer ? paper_words(said->view, label_of(paper))
                                             : json_pack("{s:s}", "missing", unknown);
    const char *text = json_string_value(json_object_get(words, "text"));

    if (!text)
        text = json_string_value(json_object_get(words, "note"));
    if (text && !words_are_code(text))
        json_object_set_new(paper, "reason", json_string(text));
    else if (text)
        json_object_set_new(paper, "reason_missing",
                            json_string("Hệ thống của cơ quan chỉ gửi một thông báo kỹ thuật; đó không phải là lý do. "
                                        "Lý do do cơ quan ghi."));
    else
        json_object_set(paper, "reason_missing", json_object_get(words, "missing"));
    if (!text && !json_object_get(words, "missing"))
        json_object_set_new(paper, "reason_missing", json_string("Nội dung cơ quan gửi không có lý do bằng lời."));
    if (said->facts && said->facts->reason_code[0] && !of_answer)
        json_object_set_new(paper, "reason_code", part_string(said->facts->reason_code));
    json_decref(words);
}

static void officer_parts(const struct paper_source *source, json_t *paper)
{
    const Lienthong__V1__Facts *facts = source->said[source->main].facts;
    json_object_set_new(paper, "officer", part_string(facts ? facts->officer_from : ""));
}

/* As its agency said; else as the gateway holds the one-stop to it, by the directory. */
static int64_t answer_by_ms(const struct paper_source *source)
{
    const Lienthong__V1__Facts *facts = source->said[source->main].facts;

    if (facts && facts->answer_by_ms > 0)
        return facts->answer_by_ms;
    for (size_t i = 0; source->dossier && i < source->dossier->n_asked; i++)
        if (source->dossier->asked[i]->handoff_id == source->handoffs[source->main]->handoff_id)
            return source->dossier->asked[i]->answer_by_ms;
    return 0;
}

static void supplement_parts(const struct paper_source *source, json_t *paper)
{
    const struct paper_said *said = &source->said[source->main];

    person_lines(paper);
    if (said->view)
        json_object_set_new(paper, "words", paper_words(said->view, label_of(paper)));
    json_object_set_new(paper, "answer_by", part_time(answer_by_ms(source)));
    /* How often this agency has asked: once is the rule. */
    json_int_t times = 0;
    for (size_t i = 0; i <= source->main; i++)
        times += source->handoffs[i]->kind == KIND_SUPPLEMENT_REQUEST && source->handoffs[i]->state != STATE_CLOSED
            && strcmp(source->handoffs[i]->sender, source->handoffs[source->main]->sender) == 0;
    if (times > 1)
        json_object_set_new(paper, "times_asked", json_integer(times));
}

/* ---- the apology */

/* The date that was not kept. Where the new one has taken its place already, what the opening handoff said, else what
 * the engine computed. */
static int64_t original_due(const struct paper_source *source, int64_t promised_ms)
{
    const Lienthong__V1__DossierView *dossier = source->dossier;

    if (dossier && dossier->due_ms > 0 && dossier->due_ms != promised_ms)
        return dossier->due_ms;
    if (source->handoffs[0]->due_ms > 0)
        return source->handoffs[0]->due_ms;
    return dossier ? dossier->computed_ms : 0;
}

static void apology_parts(const struct paper_source *source, json_t *paper)
{
    const struct paper_said *said = &source->said[source->main];
    json_int_t times = 0;

    person_lines(paper);
    reason_parts(source, paper);
    json_object_set_new(paper, "promised", part_time(said->facts->due_ms));
    json_object_set_new(paper, "original_due", part_time(original_due(source, said->facts->due_ms)));
    json_object_set_new(paper, "extension", json_boolean(paper_date_ms(source) >= paper_forms_moved_ms));
    for (size_t i = 0; i <= source->main; i++)
        times += source->handoffs[i]->kind == KIND_APOLOGY && source->said[i].facts
            && source->said[i].facts->officer_from[0] && source->said[i].facts->due_ms > 0
            && source->handoffs[i]->state != STATE_CLOSED;
    json_object_set_new(paper, "times", json_integer(times));
}

/* ---- the result */

static json_t *money_parts(const struct paper_source *source)
{
    json_t *list = json_array();

    for (size_t i = 0; source->dossier && i < source->dossier->n_money; i++) {
        const Lienthong__V1__MoneyView *money = source->dossier->money[i];
        json_t *row = json_pack("{s:I, s:I}", "owed", (json_int_t)money->owed, "paid", (json_int_t)money->paid);
        json_object_set_new(row, "component", part_string(money->component));
        json_array_append_new(list, row);
    }
    return list;
}

static bool is_recalled(const struct paper_source *source)
{
    uint64_t id = source->handoffs[source->main]->handoff_id;

    for (size_t i = source->main + 1; i < source->handoff_count; i++)
        if (source->handoffs[i]->kind == KIND_RECALL && source->handoffs[i]->parent_id == id)
            return true;
    return false;
}

static void result_parts(const struct paper_source *source, json_t *paper)
{
    static const char *const labels[] = { "Chủ hồ sơ", "Nội dung, số hiệu kết quả", "Đơn vị bưu chính, mã bưu gửi" };
    const Lienthong__V1__HandoffView *main = source->handoffs[source->main];
    const struct paper_said *said = &source->said[source->main];
    json_t *components = json_array();

    json_object_set_new(paper, "by_hand", by_hand(sizeof labels / sizeof *labels, labels));
    for (size_t i = 0; said->facts && i < said->facts->n_components; i++) {
        const Lienthong__V1__Component *component = said->facts->components[i];
        json_array_append_new(components, part_component(said->view, component, i + 1));
    }
    json_object_set_new(paper, "results", components);
    json_object_set_new(paper, "step", part_string(main->step));
    json_object_set_new(paper, "step_title", part_string(step_title(source->dossier, main->step)));
    json_object_set_new(paper, "agency_ref", part_string(main->agency_ref));
    json_object_set_new(paper, "officer_to", part_string(said->facts ? said->facts->officer_to : ""));
    json_object_set_new(paper, "money", money_parts(source));
    int64_t due_ms = source->dossier ? source->dossier->due_ms : 0;
    const char *outcome = part_outcome(said->view ? said->view->source_time_ms : 0, due_ms);
    json_object_set_new(paper, "outcome", json_string(outcome));
    json_object_set_new(paper, "outcome_vi", json_string(part_outcome_vi(outcome)));
    json_object_set_new(paper, "recalled", json_boolean(is_recalled(source)));
}

void form_parts(const struct paper_source *source, json_t *paper)
{
    officer_parts(source, paper);
    if (source->kind == PAPER_SUPPLEMENT) {
        supplement_parts(source, paper);
    } else if (source->kind == PAPER_APOLOGY) {
        apology_parts(source, paper);
    } else if (source->kind == PAPER_RESULT) {
        result_parts(source, paper);
    } else {
        person_lines(paper);
        reason_parts(source, paper);
    }
}
