#include "gateway/store/report.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "figures that no version explains", NO_MEMORY[] = "no memory for a report";

/* ---- sums */

static uint64_t sum(const struct figures *figures, enum figure from, enum figure to)
{
    uint64_t sum = 0;
    for (enum figure figure = from; figure <= to; figure++)
        sum += figures->of[figure];
    return sum;
}

uint64_t figures_received(const struct figures *figures)
{
    return sum(figures, FIGURE_RECEIVED, FIGURE_RECEIVED_BOUNDARY_FREE);
}

uint64_t figures_resolved(const struct figures *figures)
{
    return sum(figures, FIGURE_BEFORE, FIGURE_UNDATED);
}

uint64_t figures_on_time(const struct figures *figures)
{
    return figures_resolved(figures) - figures->of[FIGURE_AFTER];
}

uint64_t figures_ended(const struct figures *figures)
{
    return figures_resolved(figures) + sum(figures, FIGURE_REFUSED, FIGURE_STOPPED);
}

bool figures_quantile(const struct figures *figures, unsigned part, unsigned of, uint32_t *ret_low_minutes,
                      uint32_t *ret_high_minutes)
{
    uint64_t all = sum(figures, FIGURE_WORKED, FIGURES - 1), wanted = (all * part + of - 1) / of, seen = 0;
    unsigned bucket = 0;

    if (!all)
        return false;
    while ((seen += figures->of[FIGURE_WORKED + bucket]) < wanted)
        bucket++;
    *ret_low_minutes = bucket ? worked_bounds[bucket - 1] : 0;
    *ret_high_minutes = worked_bounds[bucket];
    return true;
}

/* ---- lines */

struct reading {
    const struct report_question *question;
    struct report *report;
    uint32_t agency;                    /* of question->agency; 0: all */
};

static size_t place_of(const struct report *report, uint32_t agency, const char *name)
{
    size_t at = (size_t)XXH3_64bits_withSeed(name, strlen(name), agency) % report->place_count;
    for (; report->places[at]; at = (at + 1) % report->place_count) {
        const struct report_line *line = &report->lines[report->places[at] - 1];
        if (line->agency == agency && strcmp(line->name, name) == 0)
            break;
    }
    return at;
}

/* Room for twice as many lines. The memory is the report's: a reading that is left does not lose it. */
static void grow(struct turn *turn, struct report *report)
{
    size_t size = report->size ? report->size * 2 : 64;
    struct report_line *lines = realloc(report->lines, size * sizeof *lines);
    if (!lines)
        turn_fail(turn, RESULT_FULL, NO_MEMORY);
    report->lines = lines;
    uint32_t *places = calloc(size * 2, sizeof *places);
    if (!places)
        turn_fail(turn, RESULT_FULL, NO_MEMORY);
    free(report->places);
    report->places = places;
    report->size = size;
    report->place_count = size * 2;
    for (size_t i = 0; i < report->count; i++)
        places[place_of(report, lines[i].agency, lines[i].name)] = (uint32_t)i + 1;
}

/* Whose line a row belongs to; good until the next call. NULL: nobody's that was asked for. */
static struct report_line *line_of(struct turn *turn, struct reading *reading, uint32_t agency, struct span text)
{
    const struct report_question *question = reading->question;
    struct report *report = reading->report;
    char name[OFFICER_SIZE];
    const char *group = "";

    if (reading->agency && reading->agency != agency)
        return NULL;
    if (!span_to_string(text, name, sizeof name))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    if (question->by == REPORT_CITY)
        return &report->all;
    if (question->by == REPORT_OFFICER)
        group = name;
    else if (question->by == REPORT_PROCEDURE)
        group = question->group ? question->group(question->context, name) : name;
    agency = question->by == REPORT_PROCEDURE ? 0 : agency;
    if (report->count == report->size)
        grow(turn, report);
    size_t place = place_of(report, agency, group);
    if (!report->places[place]) {
        struct report_line *line = &report->lines[report->count++];
        *line = (struct report_line){ .agency = agency };
        if (!span_to_string(span_of_string(group), line->name, sizeof line->name))
            line->name[0] = 0;                          /* a group's name is the caller's: cut is none */
        if (agency && !turn_agency_code(turn, agency, line->agency_code))
            turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
        report->places[place] = (uint32_t)report->count;
    }
    return &report->lines[report->places[place] - 1];
}

/* ---- rows */

static enum figures_of of_question(const struct report_question *question)
{
    return question->by == REPORT_OFFICER ? FIGURES_OF_OFFICER : FIGURES_OF_PROCEDURE;
}

/* Rows of one kind with a number in [from, until) behind it, in order; `each` as long as it wants. */
typedef void each_row(struct turn *turn, struct reading *reading, struct span key, struct span value);

static void walk(struct turn *turn, struct reading *reading, enum table table, const struct key *from,
                 const struct key *until, each_row *each)
{
    MDB_cursor *cursor = row_cursor(turn, table);
    MDB_val key = { .mv_size = from->size, .mv_data = (void *)(uintptr_t)from->bytes }, value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);

    for (; !code; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        size_t size = key.mv_size < until->size ? key.mv_size : until->size;
        if (memcmp(key.mv_data, until->bytes, size) >= 0)
            return;
        each(turn, reading, span_of(key.mv_data, key.mv_size), span_of(value.mv_data, value.mv_size));
    }
    if (code != MDB_NOTFOUND)
        turn_fail_lmdb(turn, code);
}

static struct report_line *line_of_figure(struct turn *turn, struct reading *reading, struct span key,
                                          struct span value, struct figures *ret_figures)
{
    if (key.size < 9 || !figures_parse(value, ret_figures))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return line_of(turn, reading, key_read_u32(key, 5), span_of(key.bytes + 9, key.size - 9));
}

static void in_period(struct turn *turn, struct reading *reading, struct span key, struct span value)
{
    struct figures figures;
    struct report_line *line = line_of_figure(turn, reading, key, value, &figures);
    for (unsigned i = 0; line && i < FIGURES; i++)
        line->in.of[i] += figures.of[i];
}

/* What was received before may have ended before: the sum is not below 0 once all rows were seen. */
static void before_period(struct turn *turn, struct reading *reading, struct span key, struct span value)
{
    struct figures figures;
    struct report_line *line = line_of_figure(turn, reading, key, value, &figures);
    if (line)
        line->carried_over += figures_received(&figures) - figures_ended(&figures);
}

static void overdue_row(struct turn *turn, struct reading *reading, struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    int64_t overdue = scan_i64(&scan), apologised = scan_i64(&scan);
    if (key.size < 13 || !scan_end(&scan))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    struct report_line *line = line_of(turn, reading, key_read_u32(key, 9), span_of(key.bytes + 13, key.size - 13));
    if (!line)
        return;
    line->overdue += (uint64_t)overdue;
    line->overdue_apologised += (uint64_t)apologised;
}

/* ---- periods */

static void walk_periods(struct turn *turn, struct reading *reading, uint32_t from, uint32_t until, each_row *each)
{
    enum figures_of of = of_question(reading->question);
    struct key first = key_empty(), last = key_empty();

    if (from >= until)
        return;
    key_u8(&first, of);
    key_u32(&first, from);
    key_u8(&last, of);
    key_u32(&last, until);
    walk(turn, reading, TABLE_FIGURE, &first, &last, each);
}

static uint32_t next_month(uint32_t month)
{
    return month % 100 == 12 ? month + 89 : month + 1;
}

/* Days up to the first whole month, whole months, days of the last one. */
static void walk_days(struct turn *turn, struct reading *reading, uint32_t from, uint32_t until, each_row *each)
{
    uint32_t first = from % 100 == 1 ? from / 100 : next_month(from / 100), last = until / 100;

    if (first >= last) {
        walk_periods(turn, reading, from, until, each);
        return;
    }
    walk_periods(turn, reading, from, first * 100 + 1, each);
    walk_periods(turn, reading, first, last, each);
    walk_periods(turn, reading, last * 100 + 1, until, each);
}

static void walk_overdue(struct turn *turn, struct reading *reading)
{
    struct key first = key_empty(), last = key_empty();

    key_u8(&first, of_question(reading->question));
    key_i64(&first, INT64_MIN);
    key_u8(&last, of_question(reading->question));
    key_i64(&last, reading->question->at_ms);
    walk(turn, reading, TABLE_OVERDUE, &first, &last, overdue_row);
}

static void read_all(struct turn *turn, void *context)
{
    struct reading *reading = context;
    const struct report_question *question = reading->question;
    struct report *report = reading->report;

    report->count = 0;
    report->agency_unknown = false;
    report->all = (struct report_line){ 0 };
    if (report->places)
        memset(report->places, 0, report->place_count * sizeof *report->places);
    report->seq = turn->counters.seq;
    report->turn_ms = turn->counters.last_ms;
    report->dossiers = table_rows(turn, TABLE_DOSSIER);
    report->measured = table_rows(turn, TABLE_MEASURE);
    if (question->agency && question->agency[0]) {
        reading->agency = turn_agency_number(turn, question->agency);
        report->agency_unknown = !reading->agency;
        if (report->agency_unknown)
            return;
    }
    walk_days(turn, reading, 10101, question->from_day, before_period);
    walk_days(turn, reading, question->from_day, question->until_day, in_period);
    walk_overdue(turn, reading);
}

static void add_line(struct report_line *all, const struct report_line *line)
{
    for (unsigned i = 0; i < FIGURES; i++)
        all->in.of[i] += line->in.of[i];
    all->carried_over += line->carried_over;
    all->overdue += line->overdue;
    all->overdue_apologised += line->overdue_apologised;
}

static void count_open(struct report_line *line)
{
    line->open = line->carried_over + figures_received(&line->in) - figures_ended(&line->in);
}

static bool is_empty(const struct report_line *line)
{
    return !line->carried_over && !line->open && !line->overdue && !sum(&line->in, 0, FIGURES - 1);
}

enum result report_read(struct store *store, const struct report_question *question, struct report *ret_report)
{
    struct report *report = ret_report;
    struct reading reading = { .question = question, .report = report };
    size_t kept = 0;

    *report = (struct report){ 0 };
    enum result result = store_read(store, read_all, &reading);
    if (result != RESULT_OK)
        return result;
    for (size_t i = 0; i < report->count; i++) {
        add_line(&report->all, &report->lines[i]);
        count_open(&report->lines[i]);
        if (!is_empty(&report->lines[i]))               /* all of it was over before */
            report->lines[kept++] = report->lines[i];
    }
    report->count = kept;
    count_open(&report->all);
    return RESULT_OK;
}

void report_free(struct report *report)
{
    free(report->lines);
    free(report->places);
    *report = (struct report){ 0 };
}

/* ---- ranking */

/* a/b against c/d without dividing; counts of dossiers are far below 2^32. */
static int compare_shares(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t left = a * d, right = c * b;
    return left < right ? -1 : left > right;
}

static int compare_worth(const struct report_line *a, const struct report_line *b)
{
    uint64_t resolved_a = figures_resolved(&a->in), resolved_b = figures_resolved(&b->in);

    if (!resolved_a || !resolved_b)
        return !resolved_a - !resolved_b;
    int by = compare_shares(figures_on_time(&b->in), resolved_b, figures_on_time(&a->in), resolved_a);
    if (!by)
        by = compare_shares(a->overdue, a->open ? a->open : 1, b->overdue, b->open ? b->open : 1);
    return by ? by : (resolved_a < resolved_b) - (resolved_a > resolved_b);
}

static int compare_lines(const void *a, const void *b)
{
    const struct report_line *one = a, *other = b;
    int by = compare_worth(one, other);
    if (!by)
        by = strcmp(one->agency_code, other->agency_code);
    return by ? by : strcmp(one->name, other->name);
}

void report_rank(struct report *report, uint32_t *ret_ranks)
{
    if (report->count)
        qsort(report->lines, report->count, sizeof *report->lines, compare_lines);
    for (size_t i = 0; i < report->count; i++) {
        bool equal = i && compare_worth(&report->lines[i - 1], &report->lines[i]) == 0;
        ret_ranks[i] = !figures_resolved(&report->lines[i].in) ? 0 : equal ? ret_ranks[i - 1] : (uint32_t)i + 1;
    }
}
