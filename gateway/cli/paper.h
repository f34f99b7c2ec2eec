/* paper.h - the papers of a dossier, made from what the gateway knows of it.
 *
 * A paper is a JSON document first (--format json), and the page is that document put into a template: what stands on
 * the page stands in the document, and nothing else can get onto it. Templates: gateway/cli/papers/, one per paper.
 *
 *   struct paper_source   what was learnt from the gateway (paper_gather.h), or made up by a test
 *     -> paper_choose()   which handoff the paper is about; none: there is no ground for such a paper
 *     -> paper_json()     the document
 *     -> paper_html()     the page, A5 (the register: A4)
 *
 * Form numbers  stored by kind, rendered by date: the numbers moved on 1 July 2025 (TT 01/2018, TT 03/2025).
 * Never made up  the gateway holds no names and addresses. What it does not know is a dotted line to fill in by hand,
 *               and listed in the document as `by_hand`.
 * Copies        a receipt and a register are issued by the one-stop's own system: here they are copies, marked so.
 */
#ifndef GATEWAY_CLI_PAPER_H
#define GATEWAY_CLI_PAPER_H

#include <jansson.h>
#include <stdio.h>

#include "gateway/base/words.h"
#include "gateway/cli/template.h"
#include "proto/lienthong.pb-c.h"

enum paper_kind {
    PAPER_SUPPLEMENT = 1, PAPER_REFUSAL, PAPER_APOLOGY, PAPER_STOP, PAPER_SLIP, PAPER_RESULT,
    PAPER_RECEIPT, PAPER_REGISTER,
    PAPER_END
};

struct paper_info {
    const char *word;               /* "supplement-request", on the command line */
    const char *vi, *en;            /* for lists; the title on the paper depends on its date */
    uint32_t    about;              /* KIND_BIT()s of the handoffs that give ground for it */
    bool        opens;              /* it holds words of the payload: reading them is an act, with its event */
    bool        copy;
};
extern const struct paper_info paper_infos[PAPER_END];
enum paper_kind paper_read(const char *word);           /* 0: unknown */

/* The statutory form of a kind for something that happened then. number 0: that circular has none. */
struct paper_form { unsigned number; const char *circular, *title; };
struct paper_form paper_form(enum paper_kind kind, int64_t at_ms);
/* The moment from which the later circular holds. */
extern const int64_t paper_forms_moved_ms;

/* ---- what a paper is made from. Everything is lent. */

struct paper_said {
    const Lienthong__V1__SaidView *view;        /* NULL: not asked for */
    const Lienthong__V1__Facts    *facts;       /* NULL: none, or purged */
};
struct paper_agency { const char *code, *name; };

struct paper_source {
    enum paper_kind kind;
    int64_t     now_ms;                         /* when it is printed */
    const char *by;                             /* who prints it: "uid:1000" */
    const Lienthong__V1__DossierView *dossier;  /* NULL: nothing is known but its handoffs */
    Lienthong__V1__HandoffView **handoffs;      /* all of the dossier, in the order they were accepted */
    const struct paper_said     *said;          /* one for each */
    size_t      handoff_count;
    const struct paper_agency   *agencies;      /* names, as the directory has them now */
    size_t      agency_count;
    size_t      main;                           /* which handoff it is about: paper_choose() */
};
#define PAPER_NOTHING SIZE_MAX

/* Which handoff: the newest that gives ground, or the one with this id (0: any). PAPER_NOTHING: none does; *ret_vi and
 * *ret_en say so. Needs `said` with facts for APOLOGY. */
size_t  paper_choose(const struct paper_source *source, uint64_t handoff_id, const char **ret_vi, const char **ret_en);
/* What paper_json() wants to know of this handoff beyond its view: facts, words, or nothing. */
bool    paper_wants_facts(const struct paper_source *source, size_t handoff);
json_t *paper_json(const struct paper_source *source);      /* the caller's; NULL: no memory */
/* When what it is about happened; for the papers of a whole dossier, when that was received. */
int64_t paper_date_ms(const struct paper_source *source);
/* The page. Errors show in ferror(out). */
void    paper_html(FILE *out, enum paper_kind kind, const json_t *paper);

/* ---- the register: a row per dossier */
struct register_source {
    int64_t     now_ms, from_ms, to_ms;         /* days: [from, to) */
    const char *by;
    struct paper_agency agency;                 /* whose */
    const struct paper_agency *agencies;
    size_t      agency_count;
};
/* A row: how the dossier stands, and the handoff by which it came to the agency or was opened by it. */
json_t *register_row(const struct register_source *source, size_t number, const Lienthong__V1__HandoffView *handoff,
                     const Lienthong__V1__DossierView *dossier);
json_t *register_json(const struct register_source *source, json_t *rows);      /* takes the rows */

/* ---- paper_parts.c: parts that several papers share */
json_t *part_time(int64_t time_ms);             /* { at, day, month, year, time, date, text }; null for 0 */
json_t *part_text(struct span text);            /* clean, cut where it is too long for a form */
json_t *part_string(const char *text);          /* the same; "" for NULL */
json_t *part_agency(const struct paper_agency *agencies, size_t count, const char *code);       /* { code, label } */
/* "Tờ khai đăng ký khai sinh", where the catalogue has the code; else the code. `said` may be NULL. */
json_t *part_component_label(const Lienthong__V1__SaidView *said, const char *code);
json_t *part_component(const Lienthong__V1__SaidView *said, const Lienthong__V1__Component *component, size_t number);
json_t *part_form(const struct paper_form *form);
/* "before", "on", "late" by source time and due date; "" where one is missing. Before: on an earlier day. */
const char *part_outcome(int64_t ended_ms, int64_t due_ms);
const char *part_outcome_vi(const char *outcome);
const char *part_channel_vi(uint32_t channel);

/* ---- paper_words.c: words out of a payload */
/* { text, items, note, missing }: what of it a paper can show. */
json_t *paper_words(const Lienthong__V1__SaidView *said, const char *sender);
/* It reads like a machine's message, not like a reason that a citizen could be given. */
bool    words_are_code(const char *text);

/* ---- paper_slip.c, paper_forms.c, paper_copies.c: what stands on each, added to the common parts */
void slip_parts(const struct paper_source *source, json_t *paper);
void form_parts(const struct paper_source *source, json_t *paper);
void receipt_parts(const struct paper_source *source, json_t *paper);

extern const struct template paper_templates[];

#endif
