/* paper_register.c - the register of an agency for some days: which dossiers came to it, or were opened by it, on the
 * gateway in that time, and how each stands now.
 *
 * Ids of handoffs rise with the time they were accepted, so the first one of a day is found by halving, and a day costs
 * what that day had. After a restore handoffs came back under ids of before: then every one is looked at. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/cli/paper_ask.h"
#include "gateway/cli/paper_gather.h"

enum { ROWS_MAX = 20000 };

struct walk {
    struct cli *cli;
    struct paper_asker *asker;
    struct register_source source;
    json_t *rows, *seen;                /* seen: dossier codes, as members */
    bool restored;
    char by[32];
};

/* ---- where to begin */

static enum exit_code ask_restored(struct walk *walk)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    Lienthong__V1__AdminReply *reply;

    admin.verb = "status";
    enum exit_code code = asker_ask(walk->asker, &admin, &reply);
    if (code != EXIT_DONE)
        return code;
    for (size_t i = 0; i < reply->n_facts; i++)
        walk->restored |= strcmp(reply->facts[i]->key, "restored") == 0;
    lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    return EXIT_DONE;
}

static enum exit_code ask_page(struct walk *walk, uint64_t after, uint32_t limit,
                               Lienthong__V1__AdminReply **ret_reply)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;

    admin.verb = "list";
    admin.after_id = after;
    admin.limit = limit;
    return asker_ask(walk->asker, &admin, ret_reply);
}

static enum exit_code look(void *context, uint64_t after, uint64_t *ret_id, int64_t *ret_accepted_ms)
{
    Lienthong__V1__AdminReply *reply;

    enum exit_code code = ask_page(context, after, 1, &reply);
    if (code != EXIT_DONE)
        return code;
    *ret_id = reply->n_handoffs ? reply->handoffs[0]->handoff_id : 0;
    *ret_accepted_ms = reply->n_handoffs ? reply->handoffs[0]->accepted_ms : INT64_MAX;
    lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    return EXIT_DONE;
}

/* In leaps that double as long as they end before the time, then halving the last one. */
enum exit_code register_search(
    enum exit_code (*look_at)(void *context, uint64_t after, uint64_t *ret_id, int64_t *ret_accepted_ms),
    void *context, int64_t from_ms, uint64_t *ret_id)
{
    uint64_t low = 0, step = 1, high = 0, id = 0;
    int64_t accepted_ms = 0;

    /* All up to low were before; the first one above high, once it is known, was not. */
    enum exit_code code = look_at(context, 0, &id, &accepted_ms);
    for (bool before = id && accepted_ms < from_ms; code == EXIT_DONE && before; step *= 2) {
        low = id;
        high = low + step;
        code = look_at(context, high, &id, &accepted_ms);
        before = id && accepted_ms < from_ms;
    }
    while (code == EXIT_DONE && high > low) {
        uint64_t middle = low + (high - low) / 2;
        code = look_at(context, middle, &id, &accepted_ms);
        if (id && accepted_ms < from_ms)
            low = id;
        else
            high = middle;
    }
    *ret_id = low;
    return code;
}

/* ---- rows */

/* An entry of this agency's book: it came here, or this agency opened it. Passing on is no entry. */
static bool is_entry(const struct walk *walk, const Lienthong__V1__HandoffView *handoff,
                     const Lienthong__V1__DossierView *dossier)
{
    const char *code = walk->source.agency.code;
    bool opened = dossier ? strcmp(dossier->opener, code) == 0 : !handoff->parent_id;

    return strcmp(handoff->recipient, code) == 0 || (strcmp(handoff->sender, code) == 0 && opened);
}

static enum exit_code add_row(struct walk *walk, const Lienthong__V1__HandoffView *handoff)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    Lienthong__V1__AdminReply *reply;

    admin.verb = "track";
    admin.code = handoff->dossier_code;
    admin.limit = 1;
    enum exit_code code = asker_ask(walk->asker, &admin, &reply);
    if (code != EXIT_DONE)
        return code;
    const Lienthong__V1__DossierView *dossier = reply->dossier;
    if (is_entry(walk, handoff, dossier)) {
        code = asker_name(walk->asker, handoff->sender);
        if (code == EXIT_DONE)
            code = asker_name(walk->asker, handoff->recipient);
        if (code == EXIT_DONE && dossier)
            code = asker_name(walk->asker, dossier->owner);
        walk->source.agencies = asker_agencies(walk->asker, &walk->source.agency_count);
        json_array_append_new(walk->rows, register_row(&walk->source, json_array_size(walk->rows) + 1, handoff,
                                                       dossier));
        json_object_set_new(walk->seen, handoff->dossier_code, json_true());
    }
    lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    return code;
}

/* *ret_over: what comes after lies beyond the range. */
static enum exit_code take(struct walk *walk, const Lienthong__V1__HandoffView *handoff, bool *ret_over)
{
    const struct register_source *source = &walk->source;

    if (handoff->accepted_ms >= source->to_ms)
        *ret_over = !walk->restored;
    if (handoff->accepted_ms < source->from_ms || handoff->accepted_ms >= source->to_ms
        || handoff->kind != KIND_FORWARD || json_object_get(walk->seen, handoff->dossier_code)
        || (strcmp(handoff->sender, source->agency.code) != 0
            && strcmp(handoff->recipient, source->agency.code) != 0))
        return EXIT_DONE;
    if (json_array_size(walk->rows) == ROWS_MAX) {
        cli_complain(walk->cli, "hơn %d hồ sơ trong những ngày này: hãy chia thành nhiều kỳ ngắn hơn",
                     "more than %d dossiers in these days: take fewer days at once", ROWS_MAX);
        return EXIT_REFUSED;
    }
    return add_row(walk, handoff);
}

static enum exit_code walk_all(struct walk *walk)
{
    uint64_t after = 0;
    bool over = false;

    enum exit_code code = walk->restored ? EXIT_DONE
                                         : register_search(look, walk, walk->source.from_ms, &after);
    while (code == EXIT_DONE && !over) {
        Lienthong__V1__AdminReply *reply;
        code = ask_page(walk, after, PAGE_MAX, &reply);
        if (code != EXIT_DONE)
            break;
        for (size_t i = 0; code == EXIT_DONE && i < reply->n_handoffs && !over; i++)
            code = take(walk, reply->handoffs[i], &over);
        uint64_t next = admin_next_after(reply);
        over |= next <= after;
        after = next;
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    }
    return code;
}

enum exit_code gather_register(struct cli *cli, const char *agency, int64_t from_ms, int64_t to_ms,
                               json_t **ret_paper)
{
    struct walk walk = { .cli = cli, .source = { .now_ms = clock_wall_ms(), .from_ms = from_ms, .to_ms = to_ms },
                         .rows = json_array(), .seen = json_object(), .asker = asker_open(cli) };
    enum exit_code code = EXIT_UNREACHABLE;

    struct text by = text_of(walk.by, sizeof walk.by);
    text_add(&by, "uid:%u", (unsigned)getuid());
    walk.source.by = walk.by;
    if (walk.asker)
        code = asker_agency(walk.asker, agency, &walk.source.agency);
    if (code == EXIT_DONE)
        code = ask_restored(&walk);
    if (code == EXIT_DONE)
        code = walk_all(&walk);
    if (code == EXIT_DONE)
        *ret_paper = register_json(&walk.source, json_incref(walk.rows));
    json_decref(walk.rows);
    json_decref(walk.seen);
    asker_close(walk.asker);
    return code;
}
