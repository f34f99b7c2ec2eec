#include "gateway/cli/print_asked.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/base/words.h"
#include "gateway/cli/print.h"

enum { LABEL_WIDTH = 18 };

static json_t *json_of_list(char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

json_t *json_of_asked(const Lienthong__V1__AskedView *view)
{
    json_t *json = json_object();
    json_object_set_new(json, "handoff_id", json_integer((json_int_t)view->handoff_id));
    json_object_set_new(json, "kind", json_string(kind_name(view->kind)));
    json_object_set_new(json, "state", json_string(asking_name(view->state)));
    json_object_set_new(json, "dossier_code", json_string(view->dossier_code));
    json_object_set_new(json, "agency", json_string(view->agency));
    json_object_set_new(json, "recipient", json_string(view->recipient));
    json_object_set_new(json, "step", json_string(view->step));
    json_object_set_new(json, "components", json_of_list(view->components, view->n_components));
    json_object_set_new(json, "missing", json_of_list(view->missing, view->n_missing));
    json_object_set_new(json, "reason_code", json_string(view->reason_code));
    json_object_set_new(json, "nth", json_integer(view->nth));
    json_object_set_new(json, "answers", json_integer(view->answers));
    json_object_set_new(json, "asked", json_time(view->asked_ms));
    json_object_set_new(json, "answer_by", json_time(view->answer_by_ms));
    json_object_set_new(json, "calendar_missing", view->unknown_year ? json_integer(view->unknown_year) : json_null());
    json_object_set_new(json, "reminded", json_time(view->reminded_ms));
    json_object_set_new(json, "overdue", json_time(view->overdue_ms));
    json_object_set_new(json, "proposes_stop", json_boolean(view->proposes_stop));
    json_object_set_new(json, "ended", json_time(view->ended_ms));
    json_object_set_new(json, "ended_by", view->ended_by ? json_integer((json_int_t)view->ended_by) : json_null());
    json_object_set_new(json, "request_state", json_string(state_name(view->request_state)));
    return json;
}

/* ---- for people */

static const char *kind_words(const struct cli *cli, uint32_t kind)
{
    return kind == KIND_SUPPLEMENT_REQUEST ? cli_say(cli, "bổ sung", "supplement")
                                           : cli_say(cli, "nộp tiền", "payment");
}

static void print_components(const struct cli *cli, const Lienthong__V1__AskedView *view)
{
    for (size_t i = 0; i < view->n_components; i++)
        printf("%s%s", i ? ", " : " ", view->components[i]);
    if (view->n_missing && view->n_missing < view->n_components) {
        printf(" (%s", cli_say(cli, "còn thiếu", "missing"));
        for (size_t i = 0; i < view->n_missing; i++)
            printf("%s%s", i ? ", " : " ", view->missing[i]);
        printf(")");
    }
    if (view->reason_code[0])
        printf(" [%s]", view->reason_code);
}

/* What a person should know of it now; "" nothing. */
static const char *note_of(const struct cli *cli, const Lienthong__V1__AskedView *view)
{
    if (view->state != ASKING_OPEN)
        return "";
    if (view->proposes_stop)
        return cli_say(cli, "QUÁ HẠN: đề nghị dừng giải quyết, cơ quan hỏi quyết định",
                       "OVERDUE: it is proposed to stop; whoever asked decides");
    if (view->request_state != STATE_DELIVERED)
        return cli_say(cli, "chưa tới một cửa", "has not reached the one-stop");
    return view->reminded_ms ? cli_say(cli, "đã nhắc", "reminded") : "";
}

void print_asked(const struct cli *cli, const Lienthong__V1__AskedView *view)
{
    char text[CLOCK_TEXT_SIZE];
    const char *note = note_of(cli, view);

    printf("  ");
    print_padded(cli_say(cli, "hỏi người dân", "asked"), LABEL_WIDTH);
    clock_text_local(view->asked_ms, text);
    printf("%s, %s: %s", text, view->agency, kind_words(cli, view->kind));
    print_components(cli, view);
    if (view->nth > 1)
        printf(cli->vietnamese ? ", lần %" PRIu32 : ", time %" PRIu32, view->nth);
    if (view->state == ASKING_OPEN && view->answer_by_ms) {
        clock_text_local(view->answer_by_ms, text);
        printf(", %s %s", cli_say(cli, "hạn trả lời", "answer by"), text);
        if (view->unknown_year)
            printf(" (%s %" PRIu32 ")", cli_say(cli, "tạm tính: thiếu lịch năm", "provisional: no calendar yet for"),
                   view->unknown_year);
    }
    if (view->state != ASKING_OPEN) {
        clock_text_local(view->ended_ms, text);
        printf(", %s %s", view->state == ASKING_ANSWERED ? cli_say(cli, "đã trả lời", "answered")
                                                         : cli_say(cli, "không còn chờ từ", "left"), text);
    }
    printf("%s%s\n", note[0] ? "; " : "", note);
}

void print_supplements_head(const struct cli *cli)
{
    print_padded(cli_say(cli, "HẠN TRẢ LỜI", "ANSWER BY"), 20);
    print_padded(cli_say(cli, "HỒ SƠ", "DOSSIER"), 26);
    print_padded(cli_say(cli, "NƠI HỎI", "ASKED BY"), 14);
    print_padded(cli_say(cli, "NƠI TRẢ LỜI", "ONE-STOP"), 14);
    print_padded(cli_say(cli, "VIỆC", "WHAT"), 11);
    printf("%s\n", cli_say(cli, "YÊU CẦU, GIẤY TỜ", "REQUEST, PAPERS"));
}

void print_supplements(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    char text[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < reply->n_asked; i++) {
        const Lienthong__V1__AskedView *view = reply->asked[i];
        clock_text_local(view->answer_by_ms, text);
        print_padded(view->answer_by_ms ? text : "-", 20);
        print_padded(view->dossier_code, 26);
        print_padded(view->agency, 14);
        print_padded(view->recipient, 14);
        print_padded(kind_words(cli, view->kind), 11);
        printf("%" PRIu64, view->handoff_id);
        print_components(cli, view);
        printf("%s%s\n", note_of(cli, view)[0] ? "  " : "", note_of(cli, view));
    }
}
