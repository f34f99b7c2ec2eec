/* due.h - what the files of `lienthong due` share: where the calendar comes from, one question, and its words. */
#ifndef GATEWAY_CLI_DUE_H
#define GATEWAY_CLI_DUE_H

#include "gateway/cli/cli.h"
#include "gateway/core/deadline.h"
#include "gateway/directory/calendar_read.h"

/* The calendar and the hours that answers are worked out with. */
struct due_source {
    struct calendar *calendar;
    struct hours_list hours;
    char where[CLI_PATH_SIZE];          /* the calendar's, for people; cut where there are many files */
};
/* --calendar, else the site's directory where that has a calendar, else the example network that comes with the
 * program. EXIT_DONE, or why not, complained of. Free it in either case. */
enum exit_code due_source_read(const struct cli *cli, struct due_source *ret_source);
void due_source_free(struct due_source *source);
/* "2023–2027", "2023, 2025" */
void due_source_years(const struct due_source *source, struct text *text);

/* "FROM..TO FROM..TO", both as clock_read() takes them, and with blanks inside only where `alone`. False: not that, or
 * too many. */
MUST_USE bool due_pauses_read(const char *text, bool alone, struct deadline_pause pauses[DEADLINE_PAUSES_MAX],
                              size_t *count);

/* A cases file against the source: what fails is printed with its line, then the count. */
enum exit_code due_cases(const struct cli *cli, const struct due_source *source, const char *path);

/* How a due date came about: one line per fact, in the language chosen. */
void due_explain(const struct cli *cli, const struct due_source *source, const struct deadline_rule *rule,
                 const struct deadline_trace *trace);
json_t *due_explain_json(const struct due_source *source, const struct deadline_trace *trace);
/* "thứ Hai 2026-03-02 16:30"; the seconds where there are some. */
void due_time_words(const struct cli *cli, int64_t time_ms, struct text *text);
/* "3 ngày làm việc", "3 working days". */
void due_rule_words(const struct cli *cli, const struct deadline_rule *rule, struct text *text);
/* "2026-03-02T16:30:00.000+07:00" */
json_t *due_time_json(int64_t time_ms);

#endif
