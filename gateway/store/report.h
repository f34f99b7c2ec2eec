/* report.h - figures of a period, put together: what `lienthong report` prints and what anybody compares with their own
 * books. Reads only; beside a live gateway it sees what was settled last (store.h).
 *
 * Period     [from_day, until_day), as figure_day() writes days: 20260301, 20260401 is March 2026. Whole months are
 *            read as such.
 * Lines      one per agency, officer, procedure, or group of procedures; the caller says which. `all` is their sum.
 *            In no order until report_rank() was called.
 * In process at the end of the period: carried over and received, less what ended. Overdue at at_ms: due before it and
 *            not ended before it. For the two to speak of the same moment at_ms is the end of the period, or for one
 *            that still runs, the millisecond after now.
 * Median     and the like from histograms: what lies between `low` and `high` minutes of working time.
 * Time       milliseconds for half a year of a million dossiers, as whole months are few rows (DOSSIERS=1000000
 *            tests/unit/test_store_report.c prints it). One snapshot: a writer beside it keeps pages for so long.
 */
#ifndef GATEWAY_STORE_REPORT_H
#define GATEWAY_STORE_REPORT_H

#include "gateway/store/record_figure.h"
#include "gateway/store/store.h"

enum report_by { REPORT_CITY = 1, REPORT_AGENCY, REPORT_OFFICER, REPORT_PROCEDURE, REPORT_BY_END };

struct report_question {
    uint32_t from_day, until_day;
    int64_t  at_ms;
    enum report_by by;
    const char *agency;                 /* code: only of this one; NULL or "": all */
    /* PROCEDURE: the name of the group that a procedure belongs to, its field for one; NULL: each its own. Called with
     * "" where no procedure was said. */
    const char *(*group)(void *context, const char *procedure);
    void *context;
};

struct report_line {
    uint32_t agency;                    /* AGENCY, OFFICER: whose; else 0 */
    char     agency_code[AGENCY_CODE_SIZE];
    char     name[OFFICER_SIZE];        /* OFFICER, PROCEDURE: its code or group */
    struct figures in;                  /* of the period */
    uint64_t carried_over;              /* received before it, and not ended before it */
    uint64_t open;                      /* in process at its end */
    uint64_t overdue;                   /* ... of them, past their due date at at_ms */
    uint64_t overdue_apologised;        /* ... of them, with a signed apology */
};

struct report {
    struct report_line *lines;
    size_t   count, size;
    struct report_line all;
    uint64_t seq;                       /* the last turn that is in it ... */
    int64_t  turn_ms;                   /* ... and when that was */
    uint64_t dossiers;                  /* that the gateway knows by a code, ever */
    uint64_t measured;                  /* ... of them, those that figures are kept of */
    bool     agency_unknown;            /* question->agency: nothing was ever heard of it */
    uint32_t *places;                   /* lines by hash */
    size_t   place_count;
};

/* RESULT_FULL: no memory. report_free() in any case, also of one that is all zero. */
MUST_USE enum result report_read(struct store *store, const struct report_question *question,
                                 struct report *ret_report);
void report_free(struct report *report);

uint64_t figures_received(const struct figures *figures);       /* over all channels */
uint64_t figures_resolved(const struct figures *figures);       /* with a result */
uint64_t figures_on_time(const struct figures *figures);        /* ... before time, on time, or without due date */
uint64_t figures_ended(const struct figures *figures);          /* resolved, refused, withdrawn, stopped */
/* The working time that `part` of `of` stayed within: 1 of 2 the median. False: nobody was resolved. */
bool figures_quantile(const struct figures *figures, unsigned part, unsigned of, uint32_t *ret_low_minutes,
                      uint32_t *ret_high_minutes);

/* The better first: the greater share on time among those with a result, then the smaller share overdue of those in
 * process, then more results; those without any result last. *ret_rank: from 1 on, equal ones share it; 0 without a
 * result. Lines are moved. */
void report_rank(struct report *report, uint32_t *ret_ranks);

/* ---- drawn at random */

/* Of those that ended in [from_day, until_day): `most` drawn at random, the same for the same seed whatever else is in
 * the store: the smallest keyed hashes of dossier codes. ret_sampled has room for `most`; *ret_count are in it, in the
 * order drawn, of *ret_of that there were. */
struct sampled { uint64_t hash; char code[DOSSIER_CODE_SIZE]; enum status ended; int64_t ended_ms; };
MUST_USE enum result report_sample(struct store *store, uint32_t from_day, uint32_t until_day, const char *seed,
                                   size_t most, struct sampled *ret_sampled, size_t *ret_count, uint64_t *ret_of);

#endif
