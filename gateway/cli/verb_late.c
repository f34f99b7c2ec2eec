/* verb_late.c - late dossiers: `late` lists them, `late release` lets requests go that were too many in an hour, `sign`
 * signs an apology at the console. */
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/cli/admin.h"
#include "gateway/cli/print.h"
#include "gateway/cli/print_late.h"

static Lienthong__V1__Admin admin_of(const struct cli *cli, const char *verb)
{
    static const char *const none = "";
    const char *reason = cli_option(cli, "reason"), *number = cli_option(cli, "case");
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;

    admin.verb = (char *)(uintptr_t)verb;
    admin.reason = (char *)(uintptr_t)(reason ? reason : none);
    admin.case_number = (char *)(uintptr_t)(number ? number : none);
    admin.dry_run = cli_switch(cli, "dry-run");
    return admin;
}

/* ---- late */

static void print_page(const struct cli *cli, const Lienthong__V1__AdminReply *reply, bool *begun)
{
    if (reply->n_late && !*begun)
        print_late_head(cli);
    *begun = *begun || reply->n_late || reply->n_handoffs;
    for (size_t i = 0; i < reply->n_late; i++)
        print_late_row(cli, reply->late[i]);
    if (!reply->n_handoffs)
        return;
    printf("\n%s\n", cli_say(cli, "Đôn đốc (URGE) và thu hồi (RECALL) chưa được trả lời",
                                "Urging notes and RECALLs without an answer"));
    print_handoff_head(cli);
    for (size_t i = 0; i < reply->n_handoffs; i++)
        print_handoff_row(cli, reply->handoffs[i]);
}

static void add_page(json_t *rows, json_t *urges, const Lienthong__V1__AdminReply *reply)
{
    json_t *whole = json_of_reply(reply);
    json_array_extend(urges, json_object_get(whole, "handoffs"));
    json_decref(whole);
    for (size_t i = 0; i < reply->n_late; i++)
        json_array_append_new(rows, json_of_late(reply->late[i]));
}

static enum exit_code list(struct cli *cli, struct admin_line *line, Lienthong__V1__Admin *admin)
{
    json_t *rows = json_array(), *urges = json_array();
    bool begun = false;
    enum exit_code code;

    for (;;) {
        Lienthong__V1__AdminReply *reply;
        code = admin_ask(line, admin, &reply);
        if (code != EXIT_DONE)
            break;
        if (cli->json)
            add_page(rows, urges, reply);
        else
            print_page(cli, reply, &begun);
        uint64_t next = admin_next_after(reply);
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
        if (next <= admin->after_id)
            break;
        admin->after_id = next;
    }
    if (cli->json && code == EXIT_DONE)
        cli_print_json(json_pack("{s:O, s:O}", "late", rows, "unanswered", urges));
    if (!cli->json && code == EXIT_DONE && !begun)
        printf("%s\n", cli_say(cli, "Không có hồ sơ nào sắp hoặc đã trễ hạn, không có phiếu đôn đốc nào chưa trả lời.",
                               "No dossier is late or about to be; no urging note is without its answer."));
    json_decref(rows);
    json_decref(urges);
    return code;
}

/* ---- late release, sign */

static enum exit_code act(struct cli *cli, struct admin_line *line, Lienthong__V1__Admin *admin)
{
    uint64_t affected = 0;

    if (!admin->reason[0] && !admin->dry_run) {
        cli_complain(cli, "cần --reason \"lý do\": nó được ghi vào lịch sử",
                     "needs --reason \"why\": it goes into the history");
        return EXIT_USAGE;
    }
    for (bool more = true; more;) {
        Lienthong__V1__AdminReply *reply;
        enum exit_code code = admin_ask(line, admin, &reply);
        if (code != EXIT_DONE)
            return code;
        affected += reply->affected;
        more = reply->more && !admin->dry_run && reply->affected;
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    }
    if (cli->json)
        cli_print_json(json_pack("{s:I, s:b}", "affected", (json_int_t)affected, "dry_run", admin->dry_run));
    else
        printf(admin->dry_run ? cli_say(cli, "Sẽ tác động đến %llu hồ sơ (thử, chưa làm gì).\n",
                                        "Would affect %llu dossiers (dry run, nothing was done).\n")
                              : cli_say(cli, "Đã làm cho %llu hồ sơ.\n", "Done for %llu dossiers.\n"),
               (unsigned long long)affected);
    return EXIT_DONE;
}

enum exit_code verb_late(struct cli *cli)
{
    bool release = cli->argument_count == 1, any;
    Lienthong__V1__Admin admin = admin_of(cli, release ? "late-release" : "late");
    Lienthong__V1__Filter filter;

    if (release && strcmp(cli->arguments[0], "release") != 0) {
        cli_complain(cli, "late hoặc late release, không phải '%s'", "late or late release, not '%s'",
                     cli->arguments[0]);
        return EXIT_USAGE;
    }
    if (!admin_filter(cli, &filter, &any))
        return EXIT_USAGE;
    if (release && !filter.agency[0]) {
        cli_complain(cli, "cần --agency: thả cho cơ quan nào", "needs --agency: whose requests to let go");
        return EXIT_USAGE;
    }
    admin.filter = &filter;
    struct admin_line *line = admin_open(cli);
    if (!line)
        return EXIT_UNREACHABLE;
    enum exit_code code = release ? act(cli, line, &admin) : list(cli, line, &admin);
    admin_close(line);
    return code;
}

static const char *text_option(const struct cli *cli, const char *name)
{
    const char *value = cli_option(cli, name);
    return value ? value : "";
}

enum exit_code verb_sign(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of(cli, "sign");
    const char *due = text_option(cli, "due");
    Lienthong__V1__Filter filter;
    bool any;

    if (!admin_filter(cli, &filter, &any))
        return EXIT_USAGE;
    if (!due[0] || !clock_read(span_of_string(due), &admin.due_ms)) {
        cli_complain(cli, "--due: ngày hẹn mới, dạng 'YYYY-MM-DD HH:MM', không phải '%s'",
                     "--due: the new date as 'YYYY-MM-DD HH:MM', not '%s'", due);
        return EXIT_USAGE;
    }
    admin.filter = &filter;
    admin.code = cli->arguments[0];
    admin.reason_code = (char *)(uintptr_t)text_option(cli, "reason-code");
    admin.officer = (char *)(uintptr_t)text_option(cli, "signer");
    struct admin_line *line = admin_open(cli);
    if (!line)
        return EXIT_UNREACHABLE;
    enum exit_code code = act(cli, line, &admin);
    admin_close(line);
    return code;
}
