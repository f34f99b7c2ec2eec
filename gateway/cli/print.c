#include "gateway/cli/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/uuid.h"
#include "gateway/base/words.h"
#include "gateway/cli/print_asked.h"
#include "gateway/cli/print_dossier.h"
#include "gateway/cli/step_title.h"

/* Answers to a machine hold words, not numbers; one that this version does not know stays a number. */
static json_t *json_word(const char *name, uint32_t number)
{
    if (!number)
        return json_null();
    return strcmp(name, "?") == 0 ? json_integer(number) : json_string(name);
}

json_t *json_time(int64_t time_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (!time_ms)
        return json_null();
    clock_text(time_ms, text);
    return json_string(text);
}

json_t *json_hex(const ProtobufCBinaryData *data)
{
    char array[2 * 64 + 1];
    struct text text = text_of(array, sizeof array);
    text_add_hex(&text, data->data, data->len < 64 ? data->len : 64);
    return json_string(array);
}

json_t *json_uuid(const ProtobufCBinaryData *data)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE] = "";
    if (data->len == sizeof uuid.bytes) {
        memcpy(uuid.bytes, data->data, sizeof uuid.bytes);
        uuid_text(&uuid, text);
    }
    return json_string(text);
}

const char *state_label(const struct cli *cli, uint32_t state)
{
    static const char *const vi[STATE_END] = {
        "?", "chờ điều kiện", "sẵn sàng", "đang giao", "hẹn gửi lại", "chưa chắc", "cần xử lý", "đã giao", "đã đóng",
    };
    if (cli->vietnamese && state < STATE_END)
        return vi[state];
    return state_name(state);
}

void print_refused(const struct cli *cli, const Lienthong__V1__Refused *refused)
{
    if (cli->json) {
        json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:I}", "type", refused->uri, "field", refused->field,
                                 "sentence_vi", refused->sentence_vi, "sentence_en", refused->sentence_en,
                                 "retry_after_ms", (json_int_t)refused->retry_after_ms);
        cli_print_json(json_pack("{s:o}", "refused", json));
    }
    fprintf(stderr, "lienthong: %s%s%s%s [%s]\n",
            cli_say(cli, refused->sentence_vi, refused->sentence_en),
            refused->field[0] ? " (" : "", refused->field, refused->field[0] ? ")" : "", refused->uri);
}

/* ---- JSON */

static json_t *json_of_event(const Lienthong__V1__EventView *event)
{
    json_t *json = json_object();
    json_object_set_new(json, "event_seq", json_integer((json_int_t)event->event_seq));
    json_object_set_new(json, "commit_seq", json_integer((json_int_t)event->commit_seq));
    json_object_set_new(json, "at", json_time(event->at_ms));
    json_object_set_new(json, "from", json_word(state_name(event->from_state), event->from_state));
    json_object_set_new(json, "to", json_word(state_name(event->to_state), event->to_state));
    json_object_set_new(json, "cause", json_word(cause_name(event->cause), event->cause));
    json_object_set_new(json, "verdict", json_word(verdict_name(event->verdict), event->verdict));
    json_object_set_new(json, "class", json_word(fail_class_name(event->fail_class), event->fail_class));
    json_object_set_new(json, "attempt", json_integer(event->attempt));
    json_object_set_new(json, "actor", json_string(event->actor));
    json_object_set_new(json, "detail", json_string(event->detail));
    return json;
}

json_t *json_of_handoff(const Lienthong__V1__HandoffView *view)
{
    json_t *json = json_object(), *events = json_array();
    json_object_set_new(json, "handoff_id", json_integer((json_int_t)view->handoff_id));
    json_object_set_new(json, "message_id", json_uuid(&view->message_id));
    json_object_set_new(json, "dossier_code", json_string(view->dossier_code));
    json_object_set_new(json, "procedure_code", json_string(view->procedure_code));
    json_object_set_new(json, "step", json_string(view->step));
    json_object_set_new(json, "kind", json_word(kind_name(view->kind), view->kind));
    json_object_set_new(json, "sender", json_string(view->sender));
    json_object_set_new(json, "recipient", json_string(view->recipient));
    json_object_set_new(json, "state", json_word(state_name(view->state), view->state));
    json_object_set_new(json, "verdict", json_word(verdict_name(view->verdict), view->verdict));
    json_object_set_new(json, "class", json_word(fail_class_name(view->fail_class), view->fail_class));
    json_object_set_new(json, "answer", json_word(answer_name(view->answer), view->answer));
    json_object_set_new(json, "attempt", json_integer(view->attempt));
    json_object_set_new(json, "accepted", json_time(view->accepted_ms));
    json_object_set_new(json, "changed", json_time(view->changed_ms));
    json_object_set_new(json, "due", json_time(view->due_ms));
    json_object_set_new(json, "wait_until", json_time(view->wait_until_ms));
    json_object_set_new(json, "commit_seq", json_integer((json_int_t)view->commit_seq));
    json_object_set_new(json, "content_hash", json_hex(&view->content_hash));
    json_object_set_new(json, "parent_id", json_integer((json_int_t)view->parent_id));
    json_object_set_new(json, "child_id", json_integer((json_int_t)view->child_id));
    json_object_set_new(json, "body_bytes", json_integer(view->body_bytes));
    json_object_set_new(json, "reason", json_string(view->reason));
    json_object_set_new(json, "agency_ref", json_string(view->agency_ref));
    json_object_set_new(json, "fingerprint", json_string(view->fingerprint));
    json_object_set_new(json, "replayed", json_boolean(view->replayed));
    json_object_set_new(json, "receipt", view->receipt == 1 ? json_true()
                                         : view->receipt == 2 ? json_false() : json_null());
    for (size_t i = 0; i < view->n_events; i++)
        json_array_append_new(events, json_of_event(view->events[i]));
    json_object_set_new(json, "events", events);
    return json;
}

static json_t *json_of_group(const Lienthong__V1__GroupView *group)
{
    json_t *json = json_object();
    json_object_set_new(json, "recipient", json_string(group->recipient));
    json_object_set_new(json, "class", json_word(fail_class_name(group->fail_class), group->fail_class));
    json_object_set_new(json, "fingerprint", json_string(group->fingerprint));
    json_object_set_new(json, "count", json_integer((json_int_t)group->count));
    json_object_set_new(json, "first", json_time(group->first_ms));
    json_object_set_new(json, "last", json_time(group->last_ms));
    json_object_set_new(json, "sample_id", json_integer((json_int_t)group->sample_id));
    json_object_set_new(json, "sample_reason", json_string(group->sample_reason));
    json_object_set_new(json, "next_step_vi", json_string(group->next_step_vi));
    json_object_set_new(json, "next_step_en", json_string(group->next_step_en));
    return json;
}

static json_t *json_of_agency(const Lienthong__V1__AgencyView *agency)
{
    json_t *json = json_object(), *counts = json_object(), *unknown = json_array();
    json_object_set_new(json, "code", json_string(agency->code));
    json_object_set_new(json, "name", json_string(agency->name));
    json_object_set_new(json, "class", json_word(agency_class_name(agency->agency_class), agency->agency_class));
    json_object_set_new(json, "sessions", json_integer(agency->sessions));
    json_object_set_new(json, "credit", json_integer(agency->credit));
    json_object_set_new(json, "in_flight", json_integer(agency->in_flight));
    json_object_set_new(json, "breaker", json_string(agency->breaker));
    json_object_set_new(json, "breaker_until", json_time(agency->breaker_until_ms));
    json_object_set_new(json, "paused", json_boolean(agency->paused));
    json_object_set_new(json, "held", json_boolean(agency->held));
    json_object_set_new(json, "reason", json_string(agency->reason));
    for (size_t i = 1; i < agency->n_counts && i < STATE_END; i++)
        json_object_set_new(counts, state_name(i), json_integer((json_int_t)agency->counts[i]));
    json_object_set_new(json, "counts", counts);
    json_object_set_new(json, "oldest_ready", json_time(agency->oldest_ready_ms));
    json_object_set_new(json, "unknown_count", json_integer((json_int_t)agency->unknown_count));
    json_object_set_new(json, "unknown_last", json_string(agency->unknown_last));
    for (size_t i = 0; i < agency->n_unknown; i++)
        json_array_append_new(unknown, json_pack(
            "{s:s, s:I, s:o, s:o, s:I, s:b}", "code", agency->unknown[i]->code, "count",
            (json_int_t)agency->unknown[i]->count, "first", json_time(agency->unknown[i]->first_ms), "last",
            json_time(agency->unknown[i]->last_ms), "handoff_id", (json_int_t)agency->unknown[i]->handoff_id, "known",
            agency->unknown[i]->known));
    json_object_set_new(json, "unknown_codes", unknown);
    return json;
}

json_t *json_of_reply(const Lienthong__V1__AdminReply *reply)
{
    json_t *json = json_object(), *handoffs = json_array(), *groups = json_array(), *agencies = json_array(),
           *advice = json_array(), *asked = json_array(), *facts = json_object();
    for (size_t i = 0; i < reply->n_handoffs; i++)
        json_array_append_new(handoffs, json_of_handoff(reply->handoffs[i]));
    for (size_t i = 0; i < reply->n_groups; i++)
        json_array_append_new(groups, json_of_group(reply->groups[i]));
    for (size_t i = 0; i < reply->n_agencies; i++)
        json_array_append_new(agencies, json_of_agency(reply->agencies[i]));
    for (size_t i = 0; i < reply->n_advice; i++)
        json_array_append_new(advice, json_pack("{s:s, s:s, s:b}", "vi", reply->advice[i]->vi, "en",
                                                reply->advice[i]->en, "action", reply->advice[i]->action));
    for (size_t i = 0; i < reply->n_facts; i++)
        json_object_set_new(facts, reply->facts[i]->key, json_string(reply->facts[i]->value));
    for (size_t i = 0; i < reply->n_asked; i++)
        json_array_append_new(asked, json_of_asked(reply->asked[i]));
    json_object_set_new(json, "asked", asked);
    json_object_set_new(json, "dossier", json_of_dossier(reply->dossier));
    json_object_set_new(json, "collisions", json_of_collisions(reply->collisions, reply->n_collisions));
    json_object_set_new(json, "handoffs", handoffs);
    json_object_set_new(json, "groups", groups);
    json_object_set_new(json, "agencies", agencies);
    json_object_set_new(json, "advice", advice);
    json_object_set_new(json, "facts", facts);
    json_object_set_new(json, "affected", json_integer((json_int_t)reply->affected));
    json_object_set_new(json, "more", json_boolean(reply->more));
    json_object_set_new(json, "commit_seq", json_integer((json_int_t)reply->commit_seq));
    return json;
}

/* ---- for people */

/* Columns are counted in characters: Vietnamese takes more bytes than it takes room. */
void print_padded(const char *text, int width)
{
    int shown = 0;
    for (const char *at = text; *at; at++) {
        putchar(*at);
        shown += (*at & 0xC0) != 0x80;
    }
    printf("%*s", shown < width ? width - shown : 1, "");
}

static void print_time(int64_t time_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text_local(time_ms, text);
    printf("%s", text);
}

void print_handoff_head(const struct cli *cli)
{
    print_padded(cli_say(cli, "MÃ LƯỢT", "HANDOFF"), 18);
    print_padded(cli_say(cli, "HỒ SƠ", "DOSSIER"), 28);
    print_padded(cli_say(cli, "LOẠI", "KIND"), 20);
    print_padded(cli_say(cli, "NƠI NHẬN", "TO"), 16);
    print_padded(cli_say(cli, "TRẠNG THÁI", "STATE"), 15);
    print_padded(cli_say(cli, "LẦN", "TRY"), 5);
    printf("%s\n", cli_say(cli, "LÝ DO", "WHY"));
}

void print_handoff_row(const struct cli *cli, const Lienthong__V1__HandoffView *view)
{
    char id[24], attempt[12];
    struct text id_text = text_of(id, sizeof id), attempt_text = text_of(attempt, sizeof attempt);
    text_add(&id_text, "%llu", (unsigned long long)view->handoff_id);
    text_add(&attempt_text, "%u", view->attempt);
    print_padded(id, 18);
    print_padded(view->dossier_code, 28);
    print_padded(kind_name(view->kind), 20);
    print_padded(view->recipient, 16);
    print_padded(state_label(cli, view->state), 15);
    print_padded(attempt, 5);
    printf("%s%s%s\n", view->fail_class ? fail_class_name(view->fail_class) : "",
           view->fail_class && view->reason[0] ? ": " : "", view->reason);
}

static void print_line(const struct cli *cli, const char *vi, const char *en, const char *value)
{
    if (!value[0])
        return;
    printf("  ");
    print_padded(cli_say(cli, vi, en), 18);
    printf("%s\n", value);
}

static void print_time_line(const struct cli *cli, const char *vi, const char *en, int64_t time_ms)
{
    if (!time_ms)
        return;
    printf("  ");
    print_padded(cli_say(cli, vi, en), 18);
    print_time(time_ms);
    putchar('\n');
}

static void print_event(const struct cli *cli, const Lienthong__V1__EventView *event)
{
    printf("  ");
    print_time(event->at_ms);
    printf("  ");
    print_padded(cause_name(event->cause), 20);
    print_padded(event->to_state ? state_label(cli, event->to_state) : "", 15);
    if (event->attempt)
        printf(cli->vietnamese ? "lần %u  " : "try %u  ", event->attempt);
    printf("%s%s%s%s%s\n", event->verdict ? verdict_name(event->verdict) : "", event->verdict ? "  " : "",
           event->detail, event->actor[0] ? "  @" : "", event->actor);
}

/* Title and identifier: what an operator does to it may have to name it. */
static void print_step_line(const struct cli *cli, const Lienthong__V1__DossierView *dossier, const char *step)
{
    const char *title = step_title(dossier, step);

    if (strcmp(title, step) == 0) {
        print_line(cli, "bước", "step", step);
        return;
    }
    printf("  ");
    print_padded(cli_say(cli, "bước", "step"), 18);
    printf("%s (%s)\n", title, step);
}

void print_handoff(const struct cli *cli, const Lienthong__V1__DossierView *dossier,
                   const Lienthong__V1__HandoffView *view)
{
    printf(cli->vietnamese ? "Lượt giao–nhận %llu: %s\n" : "Handoff %llu: %s\n", (unsigned long long)view->handoff_id,
           state_label(cli, view->state));
    print_line(cli, "hồ sơ", "dossier", view->dossier_code);
    print_line(cli, "thủ tục", "procedure", view->procedure_code);
    print_step_line(cli, dossier, view->step);
    print_line(cli, "loại", "kind", kind_name(view->kind));
    print_line(cli, "nơi gửi", "from", view->sender);
    print_line(cli, "nơi nhận", "to", view->recipient);
    print_time_line(cli, "tiếp nhận", "accepted", view->accepted_ms);
    print_time_line(cli, "hẹn trả", "due", view->due_ms);
    print_time_line(cli, "gửi lại lúc", "again at", view->wait_until_ms);
    print_line(cli, "kết luận", "verdict", view->verdict ? verdict_name(view->verdict) : "");
    print_line(cli, "nhóm lỗi", "class", view->fail_class ? fail_class_name(view->fail_class) : "");
    print_line(cli, "trả lời", "answer", view->answer ? answer_name(view->answer) : "");
    print_line(cli, "tiếp nhận nghiệp vụ", "business receipt",
               view->receipt == 1 ? cli_say(cli, "đã có", "given")
               : view->receipt == 2 ? cli_say(cli, "đã đến, chưa ai nhận", "there, and nobody has taken it") : "");
    print_line(cli, "lý do", "reason", view->reason);
    print_line(cli, "số của nơi nhận", "their number", view->agency_ref);
    for (size_t i = 0; i < view->n_events; i++)
        print_event(cli, view->events[i]);
}

void print_groups(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    if (!reply->n_groups)
        printf("%s\n", cli_say(cli, "Không có gì cần người xử lý.", "Nothing needs a person."));
    for (size_t i = 0; i < reply->n_groups; i++) {
        const Lienthong__V1__GroupView *group = reply->groups[i];
        printf("%6llu  ", (unsigned long long)group->count);
        print_padded(group->recipient, 16);
        print_padded(fail_class_name(group->fail_class), 16);
        printf("%s\n", group->fingerprint);
        printf("        %s ", cli_say(cli, "từ", "since"));
        print_time(group->first_ms);
        printf(cli->vietnamese ? ", ví dụ %llu: %s\n" : ", for example %llu: %s\n",
               (unsigned long long)group->sample_id, group->sample_reason);
        printf("        → %s\n", cli_say(cli, group->next_step_vi, group->next_step_en));
    }
}

/* What to add to statuses.yaml. */
static void print_unknown(const struct cli *cli, const Lienthong__V1__AgencyView *agency)
{
    for (size_t i = 0; i < agency->n_unknown; i++) {
        const Lienthong__V1__UnknownCodeView *unknown = agency->unknown[i];
        printf("  ");
        bool others = strcmp(unknown->code, "*") == 0;
        print_padded(others ? cli_say(cli, "* (các mã khác)", "* (all others)") : unknown->code, 24);
        printf(cli->vietnamese ? "%" PRIu64 " lần, gần nhất " : "%" PRIu64 " times, last ", unknown->count);
        print_time(unknown->last_ms);
        printf(cli->vietnamese ? ", lượt %" PRIu64 "%s\n" : ", handoff %" PRIu64 "%s\n", unknown->handoff_id,
               unknown->known ? cli_say(cli, "; nay đã có trong bảng", "; a map has it by now") : "");
    }
}

void print_agencies(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    static const enum state shown[] = { STATE_HELD, STATE_READY, STATE_OFFERED, STATE_WAITING, STATE_UNSURE,
                                        STATE_FAILED, STATE_DELIVERED, STATE_CLOSED };
    print_padded(cli_say(cli, "CƠ QUAN", "AGENCY"), 16);
    print_padded(cli_say(cli, "KẾT NỐI", "SESSIONS"), 10);
    print_padded(cli_say(cli, "CẦU DAO", "BREAKER"), 11);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        print_padded(state_label(cli, shown[i]), 14);
    printf("%s\n", cli_say(cli, "GHI CHÚ", "NOTE"));
    for (size_t i = 0; i < reply->n_agencies; i++) {
        const Lienthong__V1__AgencyView *agency = reply->agencies[i];
        char number[24];
        print_padded(agency->code, 16);
        struct text text = text_of(number, sizeof number);
        text_add(&text, "%u", agency->sessions);
        print_padded(number, 10);
        print_padded(agency->breaker, 11);
        for (size_t j = 0; j < sizeof shown / sizeof *shown; j++) {
            text = text_of(number, sizeof number);
            text_add(&text, "%llu", shown[j] < agency->n_counts ? (unsigned long long)agency->counts[shown[j]] : 0ULL);
            print_padded(number, 14);
        }
        printf("%s%s%s", agency->paused ? cli_say(cli, "tạm dừng: ", "paused: ") : "",
               agency->held ? cli_say(cli, "đang giữ: ", "on hold: ") : "", agency->reason);
        if (agency->unknown_count)
            printf(cli->vietnamese ? "%smã chưa có trong bảng: %" PRIu64 " lần, gần nhất \"%s\""
                                   : "%scodes in no map: %" PRIu64 " times, last \"%s\"",
                   agency->reason[0] ? "; " : "", agency->unknown_count, agency->unknown_last);
        putchar('\n');
        print_unknown(cli, agency);
    }
}
