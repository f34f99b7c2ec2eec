/* record_figure.h - what reports are made of: what each dossier counts for (struct measure), and how much there is of
 * what (struct figures) per day and month, agency and procedure, or agency and officer. The ritual of records.h holds.
 * Nothing here is personal data: officers are codes.
 *
 * A row of figures is the sum of what measures say (measure_figures), always: turn_measure_put() is the only writer of
 * both. So a report over any period is a walk over small rows, and store_check() can count it all again.
 *
 * What counts where
 *   received   on the local day of received_ms; of one that ended without ever having been received, of ended_ms
 *   ended      on the local day of ended_ms, which is source time
 *   rated      on the local day that the citizen said it
 * all in the name of the one-stop that opened the dossier and of its procedure; and once more in the name of the
 * officer who had it in hand last, where a code was told, and of his agency.
 *
 * Before, on, after time (domain: what has to be reported; the control slip): after is later than the binding due date
 * to the millisecond; before is on an earlier local day than it is due on; on is what remains. One that has no due date
 * stands apart. Late against the committed and against the statutory time is judged by the engine's two dates.
 * Only what ended with a result (9, 10) is before, on or after; refused, withdrawn and stopped are counted as such, and
 * how many of them ended after their due date once more.
 */
#ifndef GATEWAY_STORE_RECORD_FIGURE_H
#define GATEWAY_STORE_RECORD_FIGURE_H

#include "gateway/store/records.h"

/* Numbers stand on disk: never renumber; new ones before FIGURE_WORKED. */
enum figure {
    /* received, by Facts.channel */
    FIGURE_RECEIVED = 0,                /* channel not said, or not known */
    FIGURE_RECEIVED_COUNTER, FIGURE_RECEIVED_ONLINE, FIGURE_RECEIVED_POST, FIGURE_RECEIVED_BOUNDARY_FREE,
    /* ... and its papers */
    FIGURE_PAPERS, FIGURE_PAPERS_DIGITISED, FIGURE_PAPERS_REUSED,
    /* ended with a result */
    FIGURE_BEFORE, FIGURE_ON, FIGURE_AFTER, FIGURE_UNDATED,
    FIGURE_LATE_COMMITTED, FIGURE_LATE_STATUTORY,
    FIGURE_APOLOGISED, FIGURE_NOT_APOLOGISED,                           /* of those after time */
    FIGURE_CAUSE_AGENCY, FIGURE_CAUSE_GATEWAY, FIGURE_CAUSE_WAITING,    /* of those after time */
    FIGURE_RESULTS, FIGURE_RESULTS_DIGITISED,                           /* RESULTs that came of it */
    /* ended otherwise */
    FIGURE_REFUSED, FIGURE_WITHDRAWN, FIGURE_STOPPED, FIGURE_OTHERS_LATE,
    /* what citizens said; attitude and cost 1 to 5, how often they had to come */
    FIGURE_RATINGS, FIGURE_ATTITUDES, FIGURE_ATTITUDE_SUM, FIGURE_COSTS, FIGURE_COST_SUM, FIGURE_TRIPS,
    FIGURE_TRIPS_SUM, FIGURE_TRIPS_SEVERAL,
    /* working time of those with a result, and how many took how long: FIGURE_WORKED + bucket */
    FIGURE_WORKED_MINUTES,
    FIGURE_WORKED = 64,
    WORKED_BUCKETS = 24,
    FIGURES = FIGURE_WORKED + WORKED_BUCKETS
};
const char *figure_name(enum figure figure);        /* "RECEIVED_ONLINE"; "" of a number without a meaning */

/* The upper bounds of the buckets, in minutes of working time, itself included; 480 are a working day. Of the last one:
 * UINT32_MAX. */
extern const uint32_t worked_bounds[WORKED_BUCKETS];
unsigned worked_bucket(uint32_t minutes);

struct figures { uint64_t of[FIGURES]; };

enum { MEASURE_COUNT_MAX = 255 };       /* of papers, results and trips of one dossier: more count as so many */
enum measure_flag {
    MEASURE_LATE_COMMITTED = 1, MEASURE_LATE_STATUTORY = 2, MEASURE_APOLOGISED = 4,
    MEASURE_STANDS = 8,                 /* its clock stands: as long as it is in process it is not overdue */
};

/* Why one with a result is after time. */
enum late_cause {
    LATE_BY_AGENCY = 1,
    LATE_BY_GATEWAY,                    /* it would have been in time, had it not waited in the gateway */
    LATE_BY_WAITING,                    /* ... had nobody waited for the citizen or for money: only where the due date
                                           was stated and so does not make up for it */
    LATE_CAUSE_END
};

struct measure {
    uint64_t dossier;                   /* its key; not in the bytes */
    uint32_t agency;                    /* the opener */
    char     procedure[PROCEDURE_CODE_SIZE];
    uint32_t officer_agency;            /* 0: no officer was told */
    char     officer[OFFICER_SIZE];
    uint32_t channel;
    int64_t  received_ms;               /* 0: not received yet */
    int64_t  due_ms;                    /* 0: none */
    enum status ended;                  /* 0: in process */
    int64_t  ended_ms;
    uint32_t flags;                     /* enum measure_flag */
    enum late_cause cause;              /* 0: not late */
    uint32_t worked_minutes;            /* from received to ended, pauses taken out */
    uint32_t papers, papers_digitised, papers_reused, results, results_digitised;
    int64_t  rated_ms;                  /* 0: nobody has */
    uint32_t attitude, cost, trips;     /* 0: not said */

    /* Not counted; what the next change is worked out from. */
    int64_t  officer_ms;                /* when the officer was told, by source time */
    int64_t  gateway_ms;                /* how long it waited in the gateway ... */
    int64_t  gateway_until_ms;          /* ... up to here; steps side by side wait once */
};

/* What a measure adds to the figures of which day. */
struct figure_amount { uint32_t day; enum figure figure; uint32_t amount; };
enum { MEASURE_AMOUNTS_MAX = 24 };
size_t measure_amounts(const struct measure *measure, struct figure_amount ret_amounts[MEASURE_AMOUNTS_MAX]);

/* What it adds to the list of what is overdue when: one that is in process comes into it when it is due, and one that
 * ended late leaves it then. One that ended in time never was in it. So the sum over all moments before one is how many
 * were overdue then. */
struct overdue_mark { int64_t at_ms; int64_t overdue, apologised; };
enum { MEASURE_MARKS_MAX = 2 };
size_t measure_marks(const struct measure *measure, struct overdue_mark ret_marks[MEASURE_MARKS_MAX]);

/* In whose name figures stand: an agency and one of its procedures, or of its officers. */
enum figures_of { FIGURES_OF_PROCEDURE = 1, FIGURES_OF_OFFICER, FIGURES_OF_END };

/* YYYYMMDD in local time; a time outside 2000 to 2099 is taken as the nearest day inside. Its month: that / 100. */
uint32_t figure_day(int64_t time_ms);

size_t measure_write(const struct measure *measure, uint8_t bytes[RECORD_BYTES_MAX]);
size_t figures_write(const struct figures *figures, uint8_t bytes[RECORD_BYTES_MAX]);       /* what is 0 takes none */
MUST_USE bool measure_parse(struct span bytes, struct measure *ret_measure);
MUST_USE bool figures_parse(struct span bytes, struct figures *ret_figures);

#endif
