/* paper_copies.c - papers that the one-stop's own system issues; the gateway gives a copy, from what it was told. */
#include <string.h>

#include "gateway/cli/paper.h"
#include "gateway/core/status.h"

/* ---- the receipt */

static const char *due_by_vi(uint32_t source, bool moved)
{
    switch (source) {
    case DUE_ONE_STOP:
        return "do nơi tiếp nhận ghi";
    case DUE_AGENCY:
        return "do cơ quan có thẩm quyền ghi";
    case DUE_COMPUTED:
        return moved ? "do trục tính đến nay, gồm cả thời gian tạm dừng; nơi tiếp nhận chưa ghi"
                     : "do trục tính, nơi tiếp nhận chưa ghi";
    case DUE_PROVISIONAL:
        return "tạm tính: thiếu lịch năm";
    default:
        return "";
    }
}

void receipt_parts(const struct paper_source *source, json_t *paper)
{
    const struct paper_said *said = &source->said[source->main];
    const Lienthong__V1__DossierView *dossier = source->dossier;
    json_t *components = json_array();

    for (size_t i = 0; said->facts && i < said->facts->n_components; i++)
        json_array_append_new(components, part_component(said->view, said->facts->components[i], i + 1));
    json_object_set_new(paper, "components", components);
    json_object_set_new(paper, "handed_on", part_time(said->view && said->view->source_time_ms > 0
                                                      ? said->view->source_time_ms
                                                      : source->handoffs[source->main]->accepted_ms));
    json_object_set_new(paper, "due_source", json_string(due_by_vi(dossier ? dossier->due_source : 0,
                                                                     dossier && dossier->paused_ms > 0)));
    json_object_set_new(paper, "officer", part_string(said->facts ? said->facts->officer_from : ""));
    json_object_set_new(paper, "by_hand", json_pack("[s, s, s, s]", "Tên người nộp, chủ hồ sơ", "Địa chỉ",
                                                    "Số điện thoại, thư điện tử", "Nơi trả kết quả"));
}

/* ---- the register */

/* When the work on it ended, by source time; 0: it goes on. Handing the result out (10) is no work any more: what
 * counts is when the result was there (9), if anybody told. */
static int64_t ended_ms_of(const Lienthong__V1__DossierView *dossier)
{
    if (!dossier || dossier->status >= STATUS_END || !status_is_over(dossier->status))
        return 0;
    for (size_t i = dossier->n_told; dossier->status == STATUS_RETURNED && i > 0; i--) {
        const Lienthong__V1__ToldView *told = dossier->told[i - 1];
        if (told->status == STATUS_DONE && judged_applied(told->judged))
            return told->source_ms;
    }
    return dossier->status_ms;
}

json_t *register_row(const struct register_source *source, size_t number, const Lienthong__V1__HandoffView *handoff,
                     const Lienthong__V1__DossierView *dossier)
{
    bool opened = strcmp(handoff->sender, source->agency.code) == 0;
    enum status status = dossier && dossier->status < STATUS_END ? dossier->status : 0;
    int64_t ended_ms = ended_ms_of(dossier);
    int64_t due_ms = dossier && dossier->due_ms > 0 ? dossier->due_ms : handoff->due_ms;
    int64_t came_ms = opened && dossier && dossier->received_ms > 0 ? dossier->received_ms : handoff->accepted_ms;
    const char *holder = dossier && dossier->owner[0] ? dossier->owner : opened ? handoff->recipient
                                                                                 : source->agency.code;
    const char *procedure = handoff->procedure_code[0] || !dossier ? handoff->procedure_code : dossier->procedure_code;
    const char *outcome = part_outcome(ended_ms, due_ms);
    json_t *row = json_pack("{s:I, s:b, s:s}", "no", (json_int_t)number, "opened_here", (int)opened, "outcome",
                            outcome);

    json_object_set_new(row, "code", part_string(handoff->dossier_code));
    json_object_set_new(row, "procedure_code", part_string(procedure));
    json_object_set_new(row, "came", part_time(came_ms));
    json_object_set_new(row, "from", part_agency(source->agencies, source->agency_count, handoff->sender));
    json_object_set_new(row, "holder", part_agency(source->agencies, source->agency_count, holder));
    json_object_set_new(row, "due", part_time(due_ms));
    json_object_set_new(row, "ended", part_time(ended_ms));
    json_object_set_new(row, "status", json_integer(status));
    json_object_set_new(row, "status_vi", json_string(status ? status_vi(status) : ""));
    json_object_set_new(row, "outcome_vi", json_string(part_outcome_vi(outcome)));
    bool stands = dossier && dossier->standing_since_ms > 0;        /* for the citizen, for one: nobody is late */
    json_object_set_new(row, "open_late", json_boolean(!ended_ms && !stands && due_ms > 0 && source->now_ms > due_ms));
    json_object_set_new(row, "channel", json_string(part_channel_vi(dossier ? dossier->channel : 0)));
    return row;
}

/* { all, before, on, late, open, refused }: what the rows add up to. */
static json_t *sums_of(const json_t *rows)
{
    json_int_t before = 0, on = 0, late = 0, ended = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *outcome = json_string_value(json_object_get(row, "outcome"));
        before += strcmp(outcome, "before") == 0;
        on += strcmp(outcome, "on") == 0;
        late += strcmp(outcome, "late") == 0;
        ended += json_is_object(json_object_get(row, "ended"));
    }
    /* Sums are shown also where they are nothing: as texts. */
    json_t *sums = json_object();
    json_object_set_new(sums, "all", json_sprintf("%zu", json_array_size(rows)));
    json_object_set_new(sums, "ended", json_sprintf("%lld", (long long)ended));
    json_object_set_new(sums, "before", json_sprintf("%lld", (long long)before));
    json_object_set_new(sums, "on", json_sprintf("%lld", (long long)on));
    json_object_set_new(sums, "late", json_sprintf("%lld", (long long)late));
    json_object_set_new(sums, "open", json_sprintf("%lld", (long long)json_array_size(rows) - (long long)ended));
    return sums;
}

json_t *register_json(const struct register_source *source, json_t *rows)
{
    struct paper_form form = paper_form(PAPER_REGISTER, source->from_ms);
    struct paper_form later = paper_form(PAPER_REGISTER, source->to_ms - 1);
    json_t *paper = json_object();

    json_object_set_new(paper, "paper", json_string(paper_infos[PAPER_REGISTER].word));
    json_object_set_new(paper, "title", json_string(form.title));
    json_object_set_new(paper, "form", part_form(&form));
    if (later.number != form.number)                            /* the range has days of both circulars */
        json_object_set_new(paper, "form_later", part_form(&later));
    json_object_set_new(paper, "page", json_string("A4 landscape"));
    json_object_set_new(paper, "copy", json_true());
    json_object_set_new(paper, "agency", part_agency(&source->agency, 1, source->agency.code));
    json_object_set_new(paper, "from", part_time(source->from_ms));
    json_object_set_new(paper, "to", part_time(source->to_ms - 1));
    json_object_set_new(paper, "sums", sums_of(rows));
    json_object_set_new(paper, "rows", rows);
    json_t *printed = json_object();
    json_object_set_new(printed, "at", part_time(source->now_ms));
    json_object_set_new(printed, "by", part_string(source->by));
    json_object_set_new(paper, "printed", printed);
    return paper;
}
