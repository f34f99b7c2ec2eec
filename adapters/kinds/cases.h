/* cases.h - recorded answers against the rules: the engine of `lienthong test-rule`.
 *
 * A cases file is tab-separated, '#' begins a comment line, the first other line names the columns:
 *     dialect  call  kind  attempt  http  body  verdict  why
 * call, kind, attempt may be "*": the row must then hold for every value (a token call excepted: it carries no dossier,
 * so no row about dossiers speaks of it). verdict: a verdict, "NEXT:call", or "idem A / other B".
 * Each row is judged four times: as written, with its JSON strings in capitals, in NFD, and both.
 */
#ifndef ADAPTERS_KINDS_CASES_H
#define ADAPTERS_KINDS_CASES_H

#include "adapters/kinds/rules.h"

enum { CASE_BODY_BYTES_MAX = 64 << 10, CASE_TEXT_SIZE = 96 };

/* One row in one spelling. Everything is lent for the time of the call. */
struct case_result {
    int         line;                       /* of the cases file */
    const char *dialect, *call, *kind, *attempt, *why;
    int         http_status;
    const char *spelling;                   /* "as written", "capitals", "decomposed", "capitals, decomposed" */
    const char *expected;                   /* the row's verdict column */
    /* the first one that differs, or what all gave; "UNSURE (CLASS_NEITHER, call update)" */
    char        got[CASE_TEXT_SIZE];
    const char *where;                      /* the rule that matched: "dvclt.yaml:20", "" none */
    bool        passed;
};

struct cases_count {
    size_t rows;                            /* lines of the file that are cases */
    size_t passed, failed;                  /* spellings of rows: 4 x rows together */
};

/* Reads `path` and reports each row in each spelling, in order. Rows that cannot be read are faults (with file and
 * line) and not counted. RESULT_INVALID: there were faults; RESULT_BROKEN: the file cannot be read. A failed case is no
 * error here. */
MUST_USE enum result cases_run(const struct rulebook *book, const char *path, const char *name, struct faults *faults,
                               void (*report)(void *context, const struct case_result *result), void *context,
                               struct cases_count *ret_count);

/* "NEXT:token", "UNSURE": how a judgement is written in a cases file. */
void case_text(const struct judgement *judgement, char ret_text[CASE_TEXT_SIZE]);

#endif
