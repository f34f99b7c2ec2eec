/* verb_act.c - the verbs that change something: replay, close, redirect, hold, release, confirm-clock. Each needs a
 * reason, which goes into the history with the uid of whoever ran it. */
#include <stdio.h>
#include <string.h>

#include "gateway/base/limits.h"
#include "gateway/base/words.h"
#include "gateway/cli/admin.h"
#include "gateway/cli/print.h"

static bool read_behind(const struct cli *cli, uint32_t *ret_behind)
{
    const char *value = cli_option(cli, "behind");
    static const struct { const char *word; enum behind behind; } words[] = {
        { "release", BEHIND_RELEASE }, { "close", BEHIND_CLOSE }, { "take-along", BEHIND_TAKE_ALONG },
    };
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i].word) == 0) {
            *ret_behind = words[i].behind;
            return true;
        }
    if (!value)
        return true;
    cli_complain(cli, "--behind: release, close hoặc take-along, không phải '%s'",
                 "--behind: release, close or take-along, not '%s'", value);
    return false;
}

static bool begin(const struct cli *cli, const char *verb, Lienthong__V1__Admin *ret_admin)
{
    const char *reason = cli_option(cli, "reason"), *number = cli_option(cli, "case"), *to = cli_option(cli, "to");
    lienthong__v1__admin__init(ret_admin);
    ret_admin->verb = (char *)(uintptr_t)verb;
    ret_admin->reason = (char *)(uintptr_t)(reason ? reason : "");
    ret_admin->case_number = (char *)(uintptr_t)(number ? number : "");
    ret_admin->to = (char *)(uintptr_t)(to ? to : "");
    ret_admin->dry_run = cli_switch(cli, "dry-run");
    ret_admin->fresh_key = cli_switch(cli, "fresh-key");
    if (!reason && !ret_admin->dry_run) {
        cli_complain(cli, "cần --reason \"lý do\": nó được ghi vào lịch sử",
                     "needs --reason \"why\": it goes into the history");
        return false;
    }
    return read_behind(cli, &ret_admin->behind);
}

static void print_affected(const struct cli *cli, uint64_t affected, bool dry_run)
{
    if (cli->json)
        cli_print_json(json_pack("{s:I, s:b}", "affected", (json_int_t)affected, "dry_run", dry_run));
    else
        printf(dry_run ? cli_say(cli, "Sẽ tác động đến %llu lượt (thử, chưa làm gì).\n",
                                 "Would affect %llu handoffs (dry run, nothing was done).\n")
                       : cli_say(cli, "Đã tác động đến %llu lượt.\n", "Done for %llu handoffs.\n"),
               (unsigned long long)affected);
}

/* A redirect names the handoff that goes on. */
static void print_child(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    for (size_t i = 0; !cli->json && i < reply->n_facts; i++)
        if (strcmp(reply->facts[i]->key, "child") == 0)
            printf(cli_say(cli, "Lượt mới: %s\n", "The new handoff: %s\n"), reply->facts[i]->value);
}

/* The ids on the command line, one command each. */
static enum exit_code act_on_ids(struct cli *cli, struct admin_line *line, Lienthong__V1__Admin *admin,
                                 uint64_t *ret_affected)
{
    enum exit_code worst = EXIT_DONE;
    for (size_t i = 0; i < cli->argument_count; i++) {
        Lienthong__V1__AdminReply *reply;
        if (!cli_number(cli, "ID", cli->arguments[i], &admin->handoff_id))
            return EXIT_USAGE;
        enum exit_code code = admin_ask(line, admin, &reply);
        if (code == EXIT_UNREACHABLE)
            return code;
        if (code != EXIT_DONE) {
            worst = code;
            continue;
        }
        *ret_affected += reply->affected;
        print_child(cli, reply);
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    }
    return worst;
}

/* Everything that matches, in portions that fit into one turn of the gateway each; progress for whoever waits. */
static enum exit_code act_on_filter(struct cli *cli, struct admin_line *line, Lienthong__V1__Admin *admin,
                                    uint64_t *ret_affected)
{
    for (;;) {
        Lienthong__V1__AdminReply *reply;
        admin->limit = PAGE_MAX;
        enum exit_code code = admin_ask(line, admin, &reply);
        if (code != EXIT_DONE)
            return code;
        *ret_affected += reply->affected;
        uint64_t next = admin_next_after(reply);
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
        if (next <= admin->after_id)
            return EXIT_DONE;
        admin->after_id = next;
        if (!cli->json)
            fprintf(stderr, "  ... %llu\n", (unsigned long long)*ret_affected);
    }
}

static enum exit_code act(struct cli *cli, const char *verb, bool by_filter)
{
    Lienthong__V1__Admin admin;
    Lienthong__V1__Filter filter;
    uint64_t affected = 0;
    bool any = false;

    if (!begin(cli, verb, &admin) || (by_filter && !admin_filter(cli, &filter, &any)))
        return EXIT_USAGE;
    if (by_filter && any == (cli->argument_count > 0)) {
        cli_complain(cli, "cần mã số, hoặc một bộ lọc (--agency, --class, --fingerprint, --dossier, --state)",
                     "needs ids, or a filter (--agency, --class, --fingerprint, --dossier, --state)");
        return EXIT_USAGE;
    }
    struct admin_line *line = admin_open(cli);
    if (!line)
        return EXIT_UNREACHABLE;
    if (any)
        admin.filter = &filter;
    enum exit_code code = any ? act_on_filter(cli, line, &admin, &affected)
                              : act_on_ids(cli, line, &admin, &affected);
    admin_close(line);
    if (code == EXIT_DONE || affected)
        print_affected(cli, affected, admin.dry_run);
    return code;
}

enum exit_code verb_replay(struct cli *cli)
{
    return act(cli, "replay", true);
}

enum exit_code verb_close(struct cli *cli)
{
    return act(cli, "close", false);
}

enum exit_code verb_redirect(struct cli *cli)
{
    if (!cli_option(cli, "to")) {
        cli_complain(cli, "cần --to MÃ-CƠ-QUAN", "needs --to AGENCY-CODE");
        return EXIT_USAGE;
    }
    return act(cli, "redirect", false);
}

/* A handoff by its number, or an agency by its code: codes hold a letter. */
static enum exit_code act_on_either(struct cli *cli, const char *verb)
{
    Lienthong__V1__Admin admin;
    Lienthong__V1__AdminReply *reply;
    const char *what = cli->arguments[0];

    if (!begin(cli, verb, &admin))
        return EXIT_USAGE;
    if (strspn(what, "0123456789") != strlen(what) && strncmp(what, "0x", 2) != 0)
        admin.code = cli->arguments[0];
    else if (!cli_number(cli, "ID", what, &admin.handoff_id))
        return EXIT_USAGE;
    struct admin_line *line = admin_open(cli);
    if (!line)
        return EXIT_UNREACHABLE;
    enum exit_code code = admin_ask(line, &admin, &reply);
    admin_close(line);
    if (code != EXIT_DONE)
        return code;
    print_affected(cli, reply->affected, false);
    lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    return code;
}

enum exit_code verb_hold(struct cli *cli)
{
    return act_on_either(cli, "hold");
}

enum exit_code verb_release(struct cli *cli)
{
    return act_on_either(cli, "release");
}

enum exit_code verb_confirm_clock(struct cli *cli)
{
    Lienthong__V1__Admin admin;
    Lienthong__V1__AdminReply *reply;

    if (!begin(cli, "confirm-clock", &admin))
        return EXIT_USAGE;
    struct admin_line *line = admin_open(cli);
    if (!line)
        return EXIT_UNREACHABLE;
    enum exit_code code = admin_ask(line, &admin, &reply);
    admin_close(line);
    if (code != EXIT_DONE)
        return code;
    if (cli->json)
        cli_print_json(json_pack("{s:b}", "confirmed", true));
    else
        printf("%s", cli_say(cli, "Đã ghi nhận: đồng hồ của máy là đúng.\n", "Noted: the machine's clock is right.\n"));
    lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    return code;
}
