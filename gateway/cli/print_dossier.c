#include "gateway/cli/print_dossier.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/cli/print.h"
#include "gateway/cli/print_asked.h"
#include "gateway/cli/print_flow.h"
#include "gateway/cli/print_late.h"
#include "gateway/core/status.h"

enum { LABEL_WIDTH = 18 };

/* ---- JSON */

static json_t *json_of_branch(const Lienthong__V1__BranchView *branch)
{
    json_t *json = json_object();
    json_object_set_new(json, "handoff_id", json_integer((json_int_t)branch->handoff_id));
    json_object_set_new(json, "step", json_string(branch->step));
    json_object_set_new(json, "step_title", json_string(branch->step_title));
    json_object_set_new(json, "sender", json_string(branch->sender));
    json_object_set_new(json, "holder", json_string(branch->holder));
    json_object_set_new(json, "status", json_integer(branch->status));
    json_object_set_new(json, "status_gap", json_boolean(branch->status_gap));
    json_object_set_new(json, "status_at", json_time(branch->status_ms));
    json_object_set_new(json, "delivered", json_time(branch->delivered_ms));
    json_object_set_new(json, "receipt", json_time(branch->receipt_ms));
    json_object_set_new(json, "due", json_time(branch->due_ms));
    json_object_set_new(json, "ended", json_boolean(branch->ended));
    json_object_set_new(json, "has_result", json_boolean(branch->has_result));
    json_object_set_new(json, "passed_on", json_boolean(branch->passed_on));
    return json;
}

static json_t *json_of_told(const Lienthong__V1__ToldView *told)
{
    json_t *json = json_object();
    json_object_set_new(json, "event_seq", json_integer((json_int_t)told->event_seq));
    json_object_set_new(json, "handoff_id", json_integer((json_int_t)told->handoff_id));
    json_object_set_new(json, "at", json_time(told->at_ms));
    json_object_set_new(json, "source", json_time(told->source_ms));
    json_object_set_new(json, "by", json_string(told->by));
    json_object_set_new(json, "status", json_integer(told->status));
    json_object_set_new(json, "partner_status", json_string(told->partner_status));
    json_object_set_new(json, "judged", json_string(judged_name(told->judged)));
    json_object_set_new(json, "applied", json_boolean(judged_applied(told->judged)));
    json_object_set_new(json, "before", json_integer(told->before));
    json_object_set_new(json, "after", json_integer(told->after));
    json_object_set_new(json, "words_vi", json_string(told->words_vi));
    json_object_set_new(json, "words_en", json_string(told->words_en));
    return json;
}

static void json_lists(json_t *json, const Lienthong__V1__DossierView *view)
{
    json_t *branches = json_array(), *money = json_array(), *told = json_array();

    for (size_t i = 0; i < view->n_branches; i++)
        json_array_append_new(branches, json_of_branch(view->branches[i]));
    for (size_t i = 0; i < view->n_money; i++) {
        json_t *row = json_pack("{s:s, s:I, s:I, s:s}", "component", view->money[i]->component, "owed",
                                (json_int_t)view->money[i]->owed, "paid", (json_int_t)view->money[i]->paid, "by",
                                view->money[i]->by);
        json_object_set_new(row, "source", json_time(view->money[i]->source_ms));
        json_array_append_new(money, row);
    }
    for (size_t i = 0; i < view->n_told; i++)
        json_array_append_new(told, json_of_told(view->told[i]));
    json_object_set_new(json, "branches", branches);
    json_object_set_new(json, "money", money);
    json_object_set_new(json, "told", told);
    json_t *asked = json_array();
    for (size_t i = 0; i < view->n_asked; i++)
        json_array_append_new(asked, json_of_asked(view->asked[i]));
    json_object_set_new(json, "asked", asked);
}

json_t *json_of_dossier(const Lienthong__V1__DossierView *view)
{
    json_t *json = view ? json_object() : NULL;

    if (!view)
        return json_null();
    json_object_set_new(json, "code", json_string(view->code));
    json_object_set_new(json, "opener", json_string(view->opener));
    json_object_set_new(json, "owner", json_string(view->owner));
    json_object_set_new(json, "procedure_code", json_string(view->procedure_code));
    json_object_set_new(json, "procedure_version", json_string(view->procedure_version));
    json_object_set_new(json, "channel", json_integer(view->channel));
    json_object_set_new(json, "received", json_time(view->received_ms));
    json_object_set_new(json, "status", json_integer(view->status));
    json_object_set_new(json, "status_vi", json_string(status_vi(view->status < STATUS_END ? view->status : 0)));
    json_object_set_new(json, "status_gap", json_boolean(view->status_gap));
    json_object_set_new(json, "status_by", json_string(view->status_by));
    json_object_set_new(json, "status_at", json_time(view->status_ms));
    json_object_set_new(json, "due", json_time(view->due_ms));
    json_object_set_new(json, "due_source", view->due_source ? json_string(due_source_name(view->due_source))
                                                             : json_null());
    json_object_set_new(json, "due_by", json_string(view->due_by));
    json_object_set_new(json, "due_computed", json_time(view->computed_ms));
    json_object_set_new(json, "due_committed", json_time(view->committed_ms));
    json_object_set_new(json, "due_statutory", json_time(view->statutory_ms));
    json_object_set_new(json, "calendar_missing", view->unknown_year ? json_integer(view->unknown_year) : json_null());
    json_object_set_new(json, "due_claimed", json_time(view->claimed_due_ms));
    json_object_set_new(json, "due_claimed_by", json_string(view->claimed_due_by));
    json_object_set_new(json, "standing_since", json_time(view->standing_since_ms));
    json_object_set_new(json, "pauses", json_integer(view->pauses));
    json_object_set_new(json, "paused_ms", json_integer((json_int_t)view->paused_ms));
    json_object_set_new(json, "kept", json_integer(view->kept));
    json_object_set_new(json, "unknown_codes", json_integer(view->unknown_codes));
    json_object_set_new(json, "ending", json_of_ending(view->ending));
    json_lists(json, view);
    json_object_set_new(json, "flow", json_of_flow(view->flow));
    return json;
}

/* ---- for people */

static void label(const struct cli *cli, const char *vi, const char *en)
{
    printf("  ");
    print_padded(cli_say(cli, vi, en), LABEL_WIDTH);
}

static const char *at(int64_t time_ms, char text[CLOCK_TEXT_SIZE])
{
    clock_text_local(time_ms, text);
    return text;
}

static const char *status_words(const struct cli *cli, uint32_t status)
{
    enum status known = status < STATUS_END ? status : 0;
    return cli_say(cli, status_vi(known), status_en(known));
}

static const char *gap_words(const struct cli *cli, bool gap)
{
    return !gap ? "" : cli_say(cli, " (bước ở giữa: không báo cáo)", " (steps between: not reported)");
}

static void print_status(const struct cli *cli, const Lienthong__V1__DossierView *view)
{
    char text[CLOCK_TEXT_SIZE];

    label(cli, "trạng thái", "status");
    printf("%s", status_words(cli, view->status));
    if (view->status)
        printf(" (%" PRIu32 "), %s, %s%s", view->status, view->status_by, at(view->status_ms, text),
               gap_words(cli, view->status_gap));
    putchar('\n');
    label(cli, "đang thụ lý", "owner");
    printf("%s\n", view->owner[0] ? view->owner
                   : cli_say(cli, "nhiều cơ quan, xem các nhánh", "several, see branches"));
    if (view->standing_since_ms) {
        label(cli, "đồng hồ dừng từ", "clock stands");
        printf("%s\n", at(view->standing_since_ms, text));
    }
}

static void print_due_line(const struct cli *cli, const char *vi, const char *en, int64_t due_ms, const char *what)
{
    char text[CLOCK_TEXT_SIZE];
    if (!due_ms)
        return;
    label(cli, vi, en);
    printf("%s%s%s\n", at(due_ms, text), what[0] ? ", " : "", what);
}

static void print_due(const struct cli *cli, const Lienthong__V1__DossierView *view)
{
    static const struct { const char *vi, *en; } sources[DUE_SOURCE_END] = {
        [0] = { "", "" },
        [DUE_ONE_STOP] = { "do một cửa ghi", "stated by the one-stop" },
        [DUE_AGENCY] = { "do cơ quan có thẩm quyền ghi", "stated by an agency that may move it" },
        [DUE_COMPUTED] = { "do cổng tính", "computed by the gateway" },
        [DUE_PROVISIONAL] = { "tạm tính: thiếu lịch năm", "provisional: no calendar yet for" },
    };
    char what[160], year[16] = "";
    struct text text = text_of(what, sizeof what), year_text = text_of(year, sizeof year);
    enum due_source source = view->due_source < DUE_SOURCE_END ? view->due_source : 0;
    bool stated = source == DUE_ONE_STOP || source == DUE_AGENCY;

    if (source == DUE_PROVISIONAL)
        text_add(&year_text, " %" PRIu32, view->unknown_year);
    text_add(&text, "%s%s%s%s", cli_say(cli, sources[source].vi, sources[source].en), year, view->due_by[0] ? " @" : "",
             view->due_by);
    print_due_line(cli, "hẹn trả", "due", view->due_ms, what);
    if (stated && view->computed_ms != view->due_ms)
        print_due_line(cli, "cổng tính khác", "computed apart", view->computed_ms,
                       view->unknown_year ? cli_say(cli, "tạm tính", "provisional") : "");
    if (view->statutory_ms != view->due_ms)
        print_due_line(cli, "hạn theo luật", "statutory", view->statutory_ms, "");
    if (view->claimed_due_ms)
        print_due_line(cli, "hạn không áp dụng", "claimed due", view->claimed_due_ms, view->claimed_due_by);
}

static void print_branch(const struct cli *cli, const Lienthong__V1__BranchView *branch)
{
    char text[CLOCK_TEXT_SIZE];

    label(cli, "  nhánh", "  branch");
    printf("%s%s%s: %s%s", branch->holder, branch->step[0] ? " / " : "",
           branch->step_title[0] ? branch->step_title : branch->step,
           status_words(cli, branch->status), gap_words(cli, branch->status_gap));
    if (branch->due_ms)
        printf(", %s %s", cli_say(cli, "hạn bước", "step due"), at(branch->due_ms, text));
    if (branch->receipt_ms)
        printf(", %s %s", cli_say(cli, "tiếp nhận", "taken"), at(branch->receipt_ms, text));
    else if (branch->delivered_ms && !branch->ended)
        printf(", %s %s, %s", cli_say(cli, "đã đến", "there since"), at(branch->delivered_ms, text),
               cli_say(cli, "chưa ai báo tiếp nhận", "nobody has taken it yet"));
    printf("%s%s\n", branch->passed_on ? cli_say(cli, ", đã chuyển tiếp", ", passed on") : "",
           branch->has_result ? cli_say(cli, ", có kết quả", ", has its result")
           : branch->ended ? cli_say(cli, ", kết thúc không có kết quả", ", ended without a result") : "");
}

static void print_told(const struct cli *cli, const Lienthong__V1__ToldView *told)
{
    char text[CLOCK_TEXT_SIZE];

    printf("    %s  ", at(told->source_ms, text));
    print_padded(told->by, 14);
    if (told->status)
        printf("%" PRIu32 " %s", told->status, status_words(cli, told->status));
    printf("%s%s%s: %s\n", told->partner_status[0] ? " \"" : "", told->partner_status,
           told->partner_status[0] ? "\"" : "", cli_say(cli, told->words_vi, told->words_en));
}

void print_dossier(const struct cli *cli, const Lienthong__V1__DossierView *view)
{
    if (!view)
        return;
    printf(cli->vietnamese ? "Hồ sơ %s\n" : "Dossier %s\n", view->code);
    print_status(cli, view);
    print_due(cli, view);
    print_ending(cli, view->ending, view->due_ms);
    for (size_t i = 0; i < view->n_money; i++) {
        label(cli, "nghĩa vụ tài chính", "money");
        printf(cli->vietnamese ? "%s: phải nộp %" PRId64 " đ, đã nộp %" PRId64 " đ\n"
                               : "%s: owed %" PRId64 ", paid %" PRId64 " dong\n",
               view->money[i]->component, view->money[i]->owed, view->money[i]->paid);
    }
    print_flow(cli, view->flow);
    for (size_t i = 0; i < view->n_branches; i++)
        print_branch(cli, view->branches[i]);
    for (size_t i = 0; i < view->n_asked; i++)
        print_asked(cli, view->asked[i]);
    if (view->n_told)
        printf("  %s\n", cli_say(cli, "đã báo", "told"));
    for (size_t i = 0; i < view->n_told; i++)
        print_told(cli, view->told[i]);
    putchar('\n');
}

/* ---- two dossiers, one code */

json_t *json_of_collisions(Lienthong__V1__CollisionView *const *views, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack(
            "{s:s, s:s, s:s, s:I, s:s, s:o, s:b}", "code", views[i]->code, "owner", views[i]->owner, "claimer",
            views[i]->claimer, "handoff_id", (json_int_t)views[i]->handoff_id, "sender", views[i]->sender, "at",
            json_time(views[i]->at_ms), "parked", views[i]->parked));
    return list;
}

void print_collisions(const struct cli *cli, Lienthong__V1__CollisionView *const *views, size_t count)
{
    char text[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        label(cli, "trùng mã", "collision");
        printf(cli->vietnamese ? "%s là của hồ sơ %s; lượt %" PRIu64 " (%s, %s) nói là của hồ sơ %s: %s\n"
                               : "%s belongs to dossier %s; handoff %" PRIu64 " (%s, %s) says it belongs to %s: %s\n",
               views[i]->code, views[i]->owner, views[i]->handoff_id, views[i]->sender, at(views[i]->at_ms, text),
               views[i]->claimer,
               views[i]->parked ? cli_say(cli, "ĐANG GIỮ, chờ người quyết định", "PARKED, a person decides")
                                : cli_say(cli, "đã có người giải quyết", "settled"));
    }
    if (count)
        putchar('\n');
}
