/* verb_ask.c - the verbs that only look: status, show, list, track, explain, failed, unreceived, agencies,
 * supplements. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/limits.h"
#include "gateway/base/words.h"
#include "gateway/cli/admin.h"
#include "gateway/cli/connection.h"
#include "gateway/cli/print.h"
#include "gateway/cli/print_asked.h"
#include "gateway/cli/print_dossier.h"
#include "gateway/cli/print_status.h"

typedef void print_reply(const struct cli *cli, const Lienthong__V1__AdminReply *reply);

/* How an answer is shown to people: `head` above the first row, NULL: none. Nothing is printed before the gateway has
 * answered; a list without rows says so. */
struct look { print_reply *print; void (*head)(const struct cli *cli); bool list; };

static size_t rows_of(const Lienthong__V1__AdminReply *reply)
{
    return reply->n_handoffs + reply->n_asked;
}

/* The rows of a later page go to those of the first. */
static void join(json_t **whole, json_t *page)
{
    static const char *const lists[] = { "handoffs", "groups", "agencies", "asked" };
    if (!*whole) {
        *whole = page;
        return;
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        json_array_extend(json_object_get(*whole, lists[i]), json_object_get(page, lists[i]));
    json_object_set(*whole, "more", json_object_get(page, "more"));
    json_decref(page);
}

/* Asks, and asks on while there are more, up to --limit (0: all); prints each page as it comes. */
static enum exit_code ask_pages(struct cli *cli, Lienthong__V1__Admin *admin, struct look look)
{
    struct admin_line *line = admin_open(cli);
    bool begun = false;
    json_t *whole = NULL;
    enum exit_code code = line ? EXIT_DONE : EXIT_UNREACHABLE;
    uint64_t left = admin->limit ? admin->limit : UINT64_MAX;

    while (code == EXIT_DONE && left) {
        Lienthong__V1__AdminReply *reply;
        admin->limit = left < PAGE_MAX ? (uint32_t)left : PAGE_MAX;
        code = admin_ask(line, admin, &reply);
        if (code != EXIT_DONE)
            break;
        if (cli->json) {
            join(&whole, json_of_reply(reply));
        } else if (!look.list || rows_of(reply)) {
            if (look.head && !begun)
                look.head(cli);
            look.print(cli, reply);
            begun = true;
        }
        uint64_t shown = reply->n_handoffs + reply->n_asked;
        left -= shown < left ? shown : left;
        uint64_t next = admin_next_after(reply);
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
        if (next <= admin->after_id)
            break;
        admin->after_id = next;
    }
    if (whole && code == EXIT_DONE)
        cli_print_json(json_incref(whole));
    if (code == EXIT_DONE && !cli->json && !begun)
        printf("%s\n", cli_say(cli, "Không có gì trong danh sách này.", "Nothing is in this list."));
    json_decref(whole);
    admin_close(line);
    return code;
}

static void print_rows(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    for (size_t i = 0; i < reply->n_handoffs; i++)
        print_handoff_row(cli, reply->handoffs[i]);
}

/* The first page begins with what is known of the dossier. */
static void print_tracked(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    static bool begun;
    if (!begun) {
        print_dossier(cli, reply->dossier);
        print_collisions(cli, reply->collisions, reply->n_collisions);
        print_handoff_head(cli);
    }
    begun = true;
    print_rows(cli, reply);
}

static void print_whole(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    print_dossier(cli, reply->dossier);
    print_collisions(cli, reply->collisions, reply->n_collisions);
    for (size_t i = 0; i < reply->n_handoffs; i++)
        print_handoff(cli, reply->dossier, reply->handoffs[i]);
    if (reply->more)
        printf("  %s\n", cli_say(cli, "... các sự kiện cũ hơn không hiện ở đây",
                                 "... older events are left out here"));
}

static void print_advice(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    for (size_t i = 0; i < reply->n_advice; i++)
        printf("%s %s\n", reply->advice[i]->action ? "→" : " ",
               cli_say(cli, reply->advice[i]->vi, reply->advice[i]->en));
}

static bool read_page(const struct cli *cli, Lienthong__V1__Admin *admin)
{
    uint64_t limit = 0;
    const char *after = cli_option(cli, "after");
    if (!cli_number_within(cli, "limit", 0, UINT32_MAX, &limit)
        || (after && !cli_number(cli, "--after", after, &admin->after_id)))
        return false;
    admin->limit = (uint32_t)limit;
    return true;
}

static Lienthong__V1__Admin admin_of(const char *verb)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    admin.verb = (char *)(uintptr_t)verb;
    return admin;
}

enum exit_code verb_status(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of("status");
    return ask_pages(cli, &admin, (struct look){ .print = print_status });
}

enum exit_code verb_agencies(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of("agencies");
    admin.code = cli->argument_count ? cli->arguments[0] : "";
    return ask_pages(cli, &admin, (struct look){ .print = print_agencies });
}

enum exit_code verb_show(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of("show");
    if (!cli_number(cli, "ID", cli->arguments[0], &admin.handoff_id))
        return EXIT_USAGE;
    return ask_pages(cli, &admin, (struct look){ .print = print_whole });
}

enum exit_code verb_explain(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of("explain");
    if (!cli_number(cli, "ID", cli->arguments[0], &admin.handoff_id))
        return EXIT_USAGE;
    return ask_pages(cli, &admin, (struct look){ .print = print_advice });
}

/* A filter in, rows out. */
static enum exit_code list(struct cli *cli, const char *verb, void (*head)(const struct cli *cli), print_reply *rows)
{
    Lienthong__V1__Admin admin = admin_of(verb);
    Lienthong__V1__Filter filter;
    bool any;
    if (!admin_filter(cli, &filter, &any) || !read_page(cli, &admin))
        return EXIT_USAGE;
    admin.filter = &filter;
    return ask_pages(cli, &admin, (struct look){ .print = rows, .head = head, .list = true });
}

enum exit_code verb_list(struct cli *cli)
{
    return list(cli, "list", print_handoff_head, print_rows);
}

enum exit_code verb_failed(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of("failed");
    Lienthong__V1__Filter filter;
    bool any;
    if (!admin_filter(cli, &filter, &any) || !read_page(cli, &admin))
        return EXIT_USAGE;
    bool members = any || cli_switch(cli, "members");
    if (members && !any)
        filter.state = STATE_FAILED;                /* an empty filter would mean the groups */
    if (members)
        admin.filter = &filter;
    return ask_pages(cli, &admin, members ? (struct look){ print_rows, print_handoff_head, true }
                                          : (struct look){ .print = print_groups });
}

enum exit_code verb_unreceived(struct cli *cli)
{
    return list(cli, "unreceived", print_handoff_head, print_rows);
}

enum exit_code verb_supplements(struct cli *cli)
{
    return list(cli, "supplements", print_supplements_head, print_supplements);
}

enum exit_code verb_track(struct cli *cli)
{
    Lienthong__V1__Admin admin = admin_of("track");
    if (cli_option(cli, "as"))
        return connection_track(cli, cli->arguments[0]);
    admin.code = cli->arguments[0];
    return ask_pages(cli, &admin, (struct look){ .print = print_tracked });
}
