#include "gateway/cli/paper_gather.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/base/problem.h"
#include "gateway/cli/paper_ask.h"

enum { HANDOFFS_MAX = 8192 };

struct gathering {
    struct paper_asker *asker;
    struct paper_source source;
    Lienthong__V1__AdminReply *pages[HANDOFFS_MAX / PAGE_MAX + 1];      /* of track: the views are theirs */
    size_t page_count;
    Lienthong__V1__HandoffView **handoffs;
    struct paper_said *said;
    Lienthong__V1__AdminReply **said_replies;
    char by[32];
};

const struct paper_source *gathered(const struct gathering *gathering)
{
    return &gathering->source;
}

void gathering_free(struct gathering *gathering)
{
    if (!gathering)
        return;
    for (size_t i = 0; i < gathering->source.handoff_count; i++) {
        if (gathering->said && gathering->said[i].facts)
            lienthong__v1__facts__free_unpacked((Lienthong__V1__Facts *)(uintptr_t)gathering->said[i].facts, NULL);
        if (gathering->said_replies && gathering->said_replies[i])
            lienthong__v1__admin_reply__free_unpacked(gathering->said_replies[i], NULL);
    }
    for (size_t i = 0; i < gathering->page_count; i++)
        lienthong__v1__admin_reply__free_unpacked(gathering->pages[i], NULL);
    asker_close(gathering->asker);
    free(gathering->handoffs);
    free(gathering->said);
    free(gathering->said_replies);
    free(gathering);
}

/* ---- the dossier and its handoffs */

static enum exit_code ask_dossier(struct gathering *gathering, struct cli *cli, const char *code)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    struct paper_source *source = &gathering->source;
    const size_t pages_max = sizeof gathering->pages / sizeof *gathering->pages;

    admin.verb = "track";
    admin.code = (char *)(uintptr_t)code;
    admin.limit = PAGE_MAX;
    for (uint64_t next = 1; next && gathering->page_count < pages_max;) {
        Lienthong__V1__AdminReply *page;
        enum exit_code result = asker_ask(gathering->asker, &admin, &page);
        if (result != EXIT_DONE)
            return result;
        gathering->pages[gathering->page_count++] = page;
        source->handoff_count += page->n_handoffs;
        next = admin_next_after(page);
        admin.after_id = next;
    }
    if (admin.after_id) {
        cli_complain(cli, "hồ sơ có hơn %d lượt giao–nhận, không lập giấy tờ được",
                     "the dossier has more than %d handoffs: no paper can be made of it", HANDOFFS_MAX);
        source->handoff_count = 0;
        return EXIT_REFUSED;
    }
    return EXIT_DONE;
}

/* One list of what came in pages, and room for what is asked of each. */
static bool join_pages(struct gathering *gathering)
{
    struct paper_source *source = &gathering->source;
    size_t count = source->handoff_count, at = 0;

    gathering->handoffs = calloc(count + 1, sizeof *gathering->handoffs);
    gathering->said = calloc(count + 1, sizeof *gathering->said);
    gathering->said_replies = calloc(count + 1, sizeof *gathering->said_replies);
    if (!gathering->handoffs || !gathering->said || !gathering->said_replies)
        return false;
    for (size_t page = 0; page < gathering->page_count; page++)
        for (size_t i = 0; i < gathering->pages[page]->n_handoffs; i++)
            gathering->handoffs[at++] = gathering->pages[page]->handoffs[i];
    source->handoffs = gathering->handoffs;
    source->said = gathering->said;
    source->dossier = gathering->pages[0]->dossier;
    return true;
}

/* ---- what a handoff says */

static enum exit_code ask_said(struct gathering *gathering, size_t index, const char *verb, const char *reason)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    Lienthong__V1__AdminReply *reply;
    struct paper_said *said = &gathering->said[index];

    admin.verb = (char *)(uintptr_t)verb;
    admin.handoff_id = gathering->handoffs[index]->handoff_id;
    admin.reason = (char *)(uintptr_t)reason;
    enum exit_code code = asker_ask(gathering->asker, &admin, &reply);
    if (code != EXIT_DONE)
        return code;
    if (gathering->said_replies[index]) {               /* its facts were asked for: the words take their place */
        if (said->facts)
            lienthong__v1__facts__free_unpacked((Lienthong__V1__Facts *)(uintptr_t)said->facts, NULL);
        lienthong__v1__admin_reply__free_unpacked(gathering->said_replies[index], NULL);
    }
    gathering->said_replies[index] = reply;
    *said = (struct paper_said){ .view = reply->said };
    if (reply->said && reply->said->facts.len)
        said->facts = lienthong__v1__facts__unpack(NULL, reply->said->facts.len, reply->said->facts.data);
    return EXIT_DONE;
}

/* Facts of those on the paper, before it is chosen what it is about. */
static enum exit_code ask_facts(struct gathering *gathering)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; code == EXIT_DONE && i < gathering->source.handoff_count; i++)
        if (paper_wants_facts(&gathering->source, i))
            code = ask_said(gathering, i, "facts", "");
    return code;
}

static enum exit_code ask_main(struct gathering *gathering, const char *reason)
{
    struct paper_source *source = &gathering->source;
    bool opens = paper_infos[source->kind].opens && source->handoffs[source->main]->kind != KIND_FORWARD;

    if (opens)
        return ask_said(gathering, source->main, "open", reason);
    return gathering->said[source->main].view ? EXIT_DONE : ask_said(gathering, source->main, "facts", "");
}

/* ---- names */

static enum exit_code ask_names(struct gathering *gathering)
{
    struct paper_source *source = &gathering->source;
    struct paper_asker *asker = gathering->asker;
    enum exit_code code = source->dossier ? asker_name(asker, source->dossier->opener) : EXIT_DONE;

    for (size_t i = 0; code == EXIT_DONE && i < source->handoff_count; i++) {
        bool shown = i == 0 || i == source->main || paper_wants_facts(source, i);
        if (shown)
            code = asker_name(asker, source->handoffs[i]->sender);
        if (shown && code == EXIT_DONE)
            code = asker_name(asker, source->handoffs[i]->recipient);
    }
    source->agencies = asker_agencies(asker, &source->agency_count);
    return code;
}

static enum exit_code gather(struct gathering *gathering, struct cli *cli, const char *code, uint64_t handoff_id,
                             const char *reason)
{
    const char *why_vi = "", *why_en = "";
    struct paper_source *source = &gathering->source;

    enum exit_code result = ask_dossier(gathering, cli, code);
    if (result == EXIT_DONE && !join_pages(gathering))
        result = EXIT_BROKEN;
    if (result == EXIT_DONE)
        result = ask_facts(gathering);
    if (result != EXIT_DONE)
        return result;
    source->main = paper_choose(source, handoff_id, &why_vi, &why_en);
    if (source->main == PAPER_NOTHING) {
        cli_complain(cli, "không lập được %s cho hồ sơ %s: %s", "no %s for dossier %s: %s",
                     cli_say(cli, paper_infos[source->kind].vi, paper_infos[source->kind].en), code,
                     cli_say(cli, why_vi, why_en));
        return EXIT_REFUSED;
    }
    result = ask_main(gathering, reason);
    return result == EXIT_DONE ? ask_names(gathering) : result;
}

enum exit_code gather_paper(struct cli *cli, enum paper_kind kind, const char *code, uint64_t handoff_id,
                            const char *reason, struct gathering **ret_gathering)
{
    struct gathering *gathering = calloc(1, sizeof *gathering);
    enum exit_code result = EXIT_UNREACHABLE;

    if (!gathering)
        return EXIT_BROKEN;
    struct text by = text_of(gathering->by, sizeof gathering->by);
    text_add(&by, "uid:%u", (unsigned)getuid());
    gathering->source = (struct paper_source){ .kind = kind, .now_ms = clock_wall_ms(), .by = gathering->by };
    gathering->asker = asker_open(cli);
    if (gathering->asker)
        result = gather(gathering, cli, code, handoff_id, reason);
    if (result == EXIT_DONE)
        *ret_gathering = gathering;
    else
        gathering_free(gathering);
    return result;
}
