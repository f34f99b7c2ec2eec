/* paper.c - which handoff a paper is about, what all papers have in common, and the page. */
#include "gateway/cli/paper.h"

#include <string.h>

#include "gateway/cli/print.h"
#include "gateway/core/status.h"

/* ---- which handoff */

/* An apology that nobody has signed is a draft: no paper. */
static bool is_signed(const struct paper_said *said)
{
    return said->facts && said->facts->officer_from[0] && said->facts->due_ms > 0;
}

/* An agency may refuse by its answer to a delivery alone: ground for a refusal, for reasons that nobody told us. */
static bool refused_by_answer(const Lienthong__V1__HandoffView *handoff)
{
    return handoff->kind == KIND_FORWARD && handoff->verdict == VERDICT_REFUSED && handoff->answer == ANSWER_REFUSED;
}

static bool gives_ground(const struct paper_source *source, size_t index)
{
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];

    if (source->kind == PAPER_APOLOGY && !is_signed(&source->said[index]))
        return false;
    return (handoff->kind < KIND_END && paper_infos[source->kind].about & KIND_BIT(handoff->kind))
        || (source->kind == PAPER_REFUSAL && refused_by_answer(handoff));
}

/* Among several: what was handed off beats what is only known from an answer, what stands beats what was closed, what
 * goes to whose dossier it is beats what goes from step to step. */
static int weight(const struct paper_source *source, size_t index)
{
    const Lienthong__V1__HandoffView *handoff = source->handoffs[index];
    const char *opener = source->dossier ? source->dossier->opener : source->handoffs[0]->sender;

    return 4 * !refused_by_answer(handoff) + 2 * (handoff->state != STATE_CLOSED)
         + (strcmp(handoff->recipient, opener) == 0);
}

static void say_no_ground(const struct paper_source *source, uint64_t handoff_id, const char **ret_vi,
                          const char **ret_en)
{
    static const struct { const char *vi, *en; } none[PAPER_END] = {
        [PAPER_SUPPLEMENT] = { "chưa cơ quan nào yêu cầu bổ sung hồ sơ này qua trục",
                               "no agency has asked for a supplement to this dossier through the gateway" },
        [PAPER_REFUSAL] = { "chưa cơ quan nào từ chối hồ sơ này qua trục",
                            "no agency has refused this dossier through the gateway" },
        [PAPER_APOLOGY] = { "chưa có lời xin lỗi nào đã ký cho hồ sơ này (dự thảo chưa ký thì chưa phải là giấy tờ)",
                            "there is no signed apology for this dossier (a draft that nobody signed is no paper)" },
        [PAPER_STOP] = { "hồ sơ này chưa bị dừng giải quyết qua trục", "this dossier was not stopped" },
        [PAPER_SLIP] = { "hồ sơ này chưa được chuyển giao cho cơ quan nào",
                         "this dossier was not handed over to anybody" },
        [PAPER_RESULT] = { "chưa có kết quả nào được bàn giao qua trục", "no result was handed over" },
        [PAPER_RECEIPT] = { "hồ sơ này chưa được chuyển giao cho cơ quan nào",
                            "this dossier was not handed over to anybody" },
    };
    *ret_vi = none[source->kind].vi;
    *ret_en = none[source->kind].en;
    if (handoff_id) {
        *ret_vi = "lượt giao–nhận này không phải căn cứ của loại giấy tờ đó, hoặc không thuộc hồ sơ này";
        *ret_en = "this handoff gives no ground for such a paper, or is not of this dossier";
    }
}

size_t paper_choose(const struct paper_source *source, uint64_t handoff_id, const char **ret_vi, const char **ret_en)
{
    bool first = source->kind == PAPER_SLIP || source->kind == PAPER_RECEIPT;      /* they begin with the opening one */
    size_t best = PAPER_NOTHING;

    for (size_t i = 0; i < source->handoff_count; i++) {
        if ((handoff_id && source->handoffs[i]->handoff_id != handoff_id) || !gives_ground(source, i))
            continue;
        if (best == PAPER_NOTHING || (!first && weight(source, i) >= weight(source, best)))
            best = i;
    }
    if (best == PAPER_NOTHING)
        say_no_ground(source, handoff_id, ret_vi, ret_en);
    return best;
}

bool paper_wants_facts(const struct paper_source *source, size_t handoff)
{
    static const uint32_t on_the_slip = KIND_BIT(KIND_FORWARD) | KIND_BIT(KIND_SEND_BACK) | KIND_BIT(KIND_CONSULT)
        | KIND_BIT(KIND_OPINION) | KIND_BIT(KIND_RESULT) | KIND_BIT(KIND_REFUSAL) | KIND_BIT(KIND_STOP)
        | KIND_BIT(KIND_RETURNED);
    uint32_t kind = source->handoffs[handoff]->kind;

    if (kind >= KIND_END)
        return false;
    return source->kind == PAPER_SLIP ? on_the_slip & KIND_BIT(kind)
         : source->kind == PAPER_APOLOGY && kind == KIND_APOLOGY;
}

/* ---- what all papers have in common */

static json_t *agency(const struct paper_source *source, const char *code)
{
    return part_agency(source->agencies, source->agency_count, code);
}

static json_t *dossier_parts(const struct paper_source *source)
{
    const Lienthong__V1__DossierView *dossier = source->dossier;
    const Lienthong__V1__HandoffView *first = source->handoffs[0], *main = source->handoffs[source->main];
    const Lienthong__V1__SaidView *said = source->said[source->main].view;
    const char *procedure = dossier && dossier->procedure_code[0] ? dossier->procedure_code : main->procedure_code;
    json_t *json = json_object();

    json_object_set_new(json, "code", part_string(dossier ? dossier->code : first->dossier_code));
    json_object_set_new(json, "opener", agency(source, dossier ? dossier->opener : first->sender));
    json_object_set_new(json, "procedure_code", part_string(procedure));
    json_object_set_new(json, "procedure_name", part_string(said ? said->procedure_name : ""));
    json_object_set_new(json, "procedure_version", part_string(dossier ? dossier->procedure_version : ""));
    json_object_set_new(json, "channel", json_string(part_channel_vi(dossier ? dossier->channel : 0)));
    json_object_set_new(json, "received", part_time(dossier ? dossier->received_ms : 0));
    json_object_set_new(json, "due", part_time(dossier ? dossier->due_ms : first->due_ms));
    json_object_set_new(json, "due_by", part_string(dossier ? dossier->due_by : first->due_ms ? first->sender : ""));
    json_object_set_new(json, "status", json_integer(dossier ? dossier->status : 0));
    return json;
}

/* What the handoff is that the paper is about, so that the paper can be traced. */
static json_t *evidence_parts(const struct paper_source *source)
{
    const Lienthong__V1__HandoffView *main = source->handoffs[source->main];
    json_t *json = json_pack("{s:I, s:s, s:s}", "handoff_id", (json_int_t)main->handoff_id, "kind",
                             kind_name(main->kind), "state", state_name(main->state));

    json_object_set_new(json, "content_hash", json_hex(&main->content_hash));
    if (main->state == STATE_CLOSED)
        json_object_set_new(json, "warning", json_string("Lượt giao–nhận này đã được đóng lại trên trục, chưa giao."));
    else if (main->state != STATE_DELIVERED) {
        json_t *to = agency(source, main->recipient);
        json_object_set_new(json, "warning", json_sprintf("Khi in, trục chưa giao được lượt này tới %s.",
                                                          json_string_value(json_object_get(to, "label"))));
        json_decref(to);
    }
    return json;
}

static json_t *printed_parts(const struct paper_source *source)
{
    const Lienthong__V1__SaidView *said = source->said[source->main].view;
    json_t *json = json_object();

    json_object_set_new(json, "at", part_time(source->now_ms));
    json_object_set_new(json, "by", part_string(source->by));
    if (paper_infos[source->kind].opens && said && said->opened)
        json_object_set_new(json, "times", json_integer(said->opened));
    return json;
}

/* When what the paper is about happened: its date, and the form's. */
int64_t paper_date_ms(const struct paper_source *source)
{
    const Lienthong__V1__HandoffView *main = source->handoffs[source->main];
    const Lienthong__V1__SaidView *said = source->said[source->main].view;
    const Lienthong__V1__DossierView *dossier = source->dossier;
    bool of_dossier = source->kind == PAPER_SLIP || source->kind == PAPER_RECEIPT;

    if (of_dossier && dossier && dossier->received_ms > 0)
        return dossier->received_ms;
    if (refused_by_answer(main) && source->kind == PAPER_REFUSAL)
        return main->changed_ms;
    return said && said->source_time_ms > 0 ? said->source_time_ms : main->accepted_ms;
}

json_t *paper_json(const struct paper_source *source)
{
    const Lienthong__V1__HandoffView *main = source->handoffs[source->main];
    const struct paper_info *info = &paper_infos[source->kind];
    int64_t at_ms = paper_date_ms(source);
    bool of_answer = source->kind == PAPER_REFUSAL && refused_by_answer(main);
    struct paper_form form = paper_form(source->kind, at_ms);
    json_t *paper = json_object();

    json_object_set_new(paper, "paper", json_string(info->word));
    json_object_set_new(paper, "title", json_string(form.title));
    json_object_set_new(paper, "form", part_form(&form));
    json_object_set_new(paper, "page", json_string("A5 portrait"));
    json_object_set_new(paper, "copy", json_boolean(info->copy));
    json_object_set_new(paper, "agency", agency(source, of_answer ? main->recipient : main->sender));
    json_object_set_new(paper, "recipient", agency(source, of_answer ? main->sender : main->recipient));
    json_object_set_new(paper, "date", part_time(at_ms));
    json_object_set_new(paper, "dossier", dossier_parts(source));
    if (source->kind == PAPER_SLIP)
        slip_parts(source, paper);
    else if (source->kind == PAPER_RECEIPT)
        receipt_parts(source, paper);
    else
        form_parts(source, paper);
    if (source->kind != PAPER_SLIP && source->kind != PAPER_RECEIPT)
        json_object_set_new(paper, "evidence", evidence_parts(source));
    json_object_set_new(paper, "printed", printed_parts(source));
    return paper;
}

void paper_html(FILE *out, enum paper_kind kind, const json_t *paper)
{
    template_write(out, paper_templates, paper_infos[kind].word, paper);
}
