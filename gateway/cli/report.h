/* report.h - what the files of `lienthong report` share: which period is meant (report_period.c), the columns and what
 * stands in them (report_columns.c), how that is printed (report_print.c); verb_report.c puts them together.
 *
 * Words for people are those in which such figures are reported: carried over; received online, direct, by post,
 * boundary-free; resolved before, on, after time; in process in time and late; refused, withdrawn, stopped; late with
 * and without an apology.
 */
#ifndef GATEWAY_CLI_REPORT_H
#define GATEWAY_CLI_REPORT_H

#include "gateway/cli/cli.h"
#include "gateway/directory/directory.h"
#include "gateway/store/report.h"

/* ---- periods; days as core/calendar.h counts them */

enum preset { PRESET_NONE, PRESET_WEEK, PRESET_MONTH, PRESET_QUARTER, PRESET_HALF, PRESET_NINE, PRESET_YEAR,
              PRESET_END };

/* [from_day, until_day). */
struct period { enum preset preset; int close; int64_t from_day, until_day; };

enum preset preset_read(const char *word);              /* "thang", "month"; 0: none of them */
const char *preset_name(enum preset preset);            /* the Vietnamese word */
/* The one that `day` lies in. `close` 0: calendar months; else the day of the month on which the books of that month
 * are closed (1..27): the next day belongs to the next one, and a quarter, half year or year begins a day after the
 * closing in the month before it. A week is Monday to Sunday always. NINE: the first nine months of the year. */
struct period period_of(enum preset preset, int close, int64_t day);
/* The one before it: of the same preset, else as many days. */
struct period period_before(const struct period *period);
uint32_t period_day(int64_t day);                       /* as figure_day() writes it: 20260331 */
int64_t  period_day_ms(int64_t day);                    /* when it begins */
int64_t  period_day_of(int64_t time_ms);

/* ---- what is printed */

/* Totals from elsewhere: how many dossiers there were, whether the gateway knows them or not. */
struct known { char code[AGENCY_CODE_SIZE]; uint64_t total; };

struct view {
    const struct cli *cli;
    enum report_by by;
    bool field;                                         /* PROCEDURE, grouped by field */
    struct period period, before;
    int64_t at_ms;
    struct report report, report_before;
    uint64_t received;                                  /* over all dossiers, also where a line needs an officer */
    uint32_t *ranks, *ranks_before;
    const struct tables *tables;                        /* NULL: there are codes only */
    struct known *known;
    size_t   known_count;
    bool     has_known;
    uint64_t known_total;
};

/* What stands in a column. ABSENT: nothing can be said (a share of nothing). */
enum cell_kind { CELL_ABSENT, CELL_COUNT, CELL_SHARE, CELL_AVERAGE, CELL_DAYS };
struct cell {
    enum cell_kind kind;
    uint64_t count, of;                                 /* SHARE, AVERAGE: count / of */
    double   days;                                      /* HUGE_VAL: more than any bound */
};
struct column {
    const char *key;                                    /* in JSON */
    const char *vi, *en;                                /* in CSV and in the list; a dash in front: part of the above */
    const char *short_vi, *short_en;                    /* heading in the table; NULL: not in the table */
    struct cell (*cell)(const struct report_line *line);
};
extern const struct column report_columns[];
extern const size_t report_column_count;

/* Of a line: its agency's code and name, its own code and name; "" where there is none. */
struct line_names { const char *agency, *agency_name, *code, *name; };
struct line_names report_names(const struct view *view, const struct report_line *line);
/* The rank of the same unit in the period before; 0: it had none. */
uint32_t report_rank_before(const struct view *view, const struct report_line *line);
bool report_known_of(const struct view *view, const struct report_line *line, uint64_t *ret_total);

void report_print_table(const struct view *view);
void report_print_csv(const struct view *view);
void report_print_json(const struct view *view);

#endif
