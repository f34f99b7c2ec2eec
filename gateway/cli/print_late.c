#include "gateway/cli/print_late.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/base/clock.h"
#include "gateway/cli/print.h"
#include "gateway/core/advice.h"
#include "gateway/core/status.h"

enum { LABEL_WIDTH = 18 };

static json_t *word_or_null(const char *name)
{
    return name[0] && name[0] != '?' ? json_string(name) : json_null();
}

json_t *json_of_ending(const Lienthong__V1__EndingView *ending)
{
    if (!ending)
        return json_null();
    json_t *json = json_object();
    json_object_set_new(json, "ended", json_integer(ending->ended));
    json_object_set_new(json, "ended_at", json_time(ending->ended_ms));
    json_object_set_new(json, "apology", word_or_null(apology_name(ending->apology)));
    json_object_set_new(json, "unasked", word_or_null(unasked_name(ending->unasked)));
    json_object_set_new(json, "draft_id", json_integer((json_int_t)ending->draft_id));
    json_object_set_new(json, "letter_id", json_integer((json_int_t)ending->letter_id));
    json_object_set_new(json, "about_due", json_time(ending->due_ms));
    json_object_set_new(json, "asked", json_time(ending->asked_ms));
    json_object_set_new(json, "signed", json_time(ending->signed_ms));
    json_object_set_new(json, "promised", json_time(ending->promised_ms));
    json_object_set_new(json, "signed_by", json_string(ending->signed_by));
    json_object_set_new(json, "signer", json_string(ending->signer));
    json_object_set_new(json, "reason_code", json_string(ending->reason_code));
    json_object_set_new(json, "apologies", json_integer(ending->apologies));
    json_object_set_new(json, "escalations", json_integer(ending->escalations));
    return json;
}

json_t *json_of_late(const Lienthong__V1__LateView *late)
{
    json_t *json = json_object();
    json_object_set_new(json, "dossier_code", json_string(late->dossier_code));
    json_object_set_new(json, "agency", json_string(late->agency));
    json_object_set_new(json, "status", json_integer(late->status));
    json_object_set_new(json, "due", json_time(late->due_ms));
    json_object_set_new(json, "days", json_integer(late->days));
    json_object_set_new(json, "ending", json_of_ending(late->ending));
    return json;
}

static void label(const struct cli *cli, const char *vi, const char *en)
{
    printf("  ");
    print_padded(cli_say(cli, vi, en), LABEL_WIDTH);
}

static const char *in_words(const struct cli *cli, struct words words)
{
    return cli_say(cli, words.vi, words.en);
}

void print_ending(const struct cli *cli, const Lienthong__V1__EndingView *ending, int64_t due_ms)
{
    char time[CLOCK_TEXT_SIZE];

    if (ending && ending->ended && ending->ended < STATUS_END) {
        bool late = due_ms && ending->ended_ms > due_ms;
        clock_text_local(ending->ended_ms, time);
        label(cli, "kết thúc", "ended");
        printf("%s, %s%s\n", time, cli->vietnamese ? status_vi(ending->ended) : status_en(ending->ended),
               !due_ms ? "" : late ? cli_say(cli, ", trễ hạn", ", late") : cli_say(cli, ", trong hạn", ", in time"));
    }
    if (!ending || !ending->apology)
        return;
    label(cli, "xin lỗi", "apology");
    printf("%s", in_words(cli, apology_words(ending->apology)));
    printf(ending->unasked ? ": %s\n" : "%s\n", in_words(cli, unasked_words(ending->unasked)));
    if (!ending->apologies)
        return;
    clock_text_local(ending->promised_ms, time);
    label(cli, "hẹn lại", "put off to");
    printf(cli_say(cli, "%s, %s ký (%s), lý do %s, lần thứ %u\n", "%s, signed by %s (%s), reason %s, time %u\n"), time,
           ending->signer, ending->signed_by, ending->reason_code, ending->apologies);
}

void print_late_head(const struct cli *cli)
{
    print_padded(cli_say(cli, "HỒ SƠ", "DOSSIER"), 26);
    print_padded(cli_say(cli, "NƠI GIỮ", "HOLDER"), 16);
    print_padded(cli_say(cli, "HẸN TRẢ", "DUE"), 18);
    print_padded(cli_say(cli, "CÒN, TRỄ", "DAYS"), 16);
    printf("%s\n", cli_say(cli, "PHIẾU XIN LỖI", "APOLOGY"));
}

void print_late_row(const struct cli *cli, const Lienthong__V1__LateView *late)
{
    const Lienthong__V1__EndingView *ending = late->ending;
    char due[CLOCK_TEXT_SIZE], days[64];
    struct text text = text_of(days, sizeof days);

    if (late->days < 0)
        text_add(&text, cli_say(cli, "trễ %d ngày", "%d days late"), -late->days);
    else if (!late->days)
        text_add(&text, "%s", clock_wall_ms() > late->due_ms ? cli_say(cli, "trễ, hôm nay", "late, today")
                                                             : cli_say(cli, "hôm nay", "today"));
    else
        text_add(&text, cli_say(cli, "còn %d ngày", "%d days left"), late->days);
    clock_text_local(late->due_ms, due);
    print_padded(late->dossier_code, 26);
    print_padded(late->agency, 16);
    printf("%.16s  ", due);
    print_padded(days, 16);
    printf("%s", ending ? in_words(cli, apology_words(ending->apology)) : "");
    printf(ending && ending->unasked ? ": %s" : "%s",
           ending && ending->unasked ? in_words(cli, unasked_words(ending->unasked)) : "");
    if (ending && ending->escalations)
        printf(cli_say(cli, "; đã báo %u lần", "; others were told %u times"), ending->escalations);
    putchar('\n');
}
