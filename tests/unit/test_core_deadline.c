/* Deadlines: the recorded cases, and what they do not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/core/deadline.h"

#define MINUTE_MS (60LL * 1000)
#define DAY_MS    (DAY_MINUTES * MINUTE_MS)
#define LOCAL_MS  (7 * 60 * MINUTE_MS)

enum { HOURS_KINDS = 8, COLUMNS = 5 };

static struct calendar *calendar;
static struct hours kinds[HOURS_KINDS];
static size_t kind_count;

/* ---------------------------------------------------------------- the recorded data */

/* Cuts a line at its tabs; missing cells are empty. */
static void cut(char *line, char *cells[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        char *tab = strpbrk(line, "\t\n");
        cells[i] = line;
        line = tab && *tab == '\t' ? tab + 1 : line + strlen(line);
        if (tab)
            *tab = 0;
        if (!tab)
            line = cells[i] + strlen(cells[i]);
    }
}

/* Every line but comments and the one of names. Returns how many. */
static size_t each_row(const char *path, void (*row)(int line, char *cells[COLUMNS]))
{
    FILE *file = fopen(path, "re");
    char line[1000], *cells[COLUMNS];
    size_t rows = 0;
    bool named = false;

    if (!file)
        fail_msg("%s cannot be read", path);
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (named) {
            cut(line, cells);
            row(number, cells);
            rows++;
        }
        named = true;
    }
    fclose(file);
    return rows;
}

static int64_t time_of(const char *text)
{
    int64_t time_ms;

    if (!clock_read(span_of_string(text), &time_ms))
        fail_msg("'%s' is no time", text);
    return time_ms;
}

static int64_t day_of_text(const char *text)
{
    return (time_of(text) + LOCAL_MS) / DAY_MS;
}

static void calendar_row(int line, char *cells[COLUMNS])
{
    struct listed_day listed = { .day = day_of_text(cells[0]), .source = SOURCE_PUBLISHED,
                                 .kind = strcmp(cells[1], "off") == 0 ? DAY_OFF : DAY_MAKE_UP };
    (void)line;
    assert_int_equal(calendar_add_day(calendar, &listed), RESULT_OK);
}

static void hours_row(int line, char *cells[COLUMNS])
{
    struct hours *hours = &kinds[kind_count++];
    const char *why;

    assert_true(kind_count <= HOURS_KINDS);
    assert_true(span_to_string(span_of_string(cells[0]), hours->name, sizeof hours->name));
    if (!hours_read_week(cells[1], hours->counted, &why) || !hours_read_week(cells[2], hours->open, &why))
        fail_msg("hours.tsv:%d: %s", line, why);
    assert_null(hours_fault(hours));
}

static int load(void **state)
{
    (void)state;
    calendar = calendar_new();
    assert_non_null(calendar);
    for (int year = 2023; year <= 2027; year++)
        assert_int_equal(calendar_add_year(calendar, year), RESULT_OK);
    assert_true(each_row("tests/unit/data/calendar.tsv", calendar_row) > 60);
    assert_int_equal(each_row("tests/unit/data/hours.tsv", hours_row), 5);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    calendar_free(calendar);
    return 0;
}

static const struct hours *hours_named(const char *name)
{
    for (size_t i = 0; i < kind_count; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    fail_msg("no hours '%s'", name);
    return NULL;
}

/* "FROM..TO FROM..TO" */
static size_t pauses_of(const char *text, struct deadline_pause pauses[DEADLINE_PAUSES_MAX])
{
    size_t count = 0;

    while (text[0]) {
        size_t length = strcspn(text, " ");
        char from[40], to[40];
        const char *dots = strstr(text, "..");
        assert_non_null(dots);
        assert_true(span_to_string(span_of(text, (size_t)(dots - text)), from, sizeof from));
        assert_true(span_to_string(span_of(dots + 2, (size_t)(text + length - dots - 2)), to, sizeof to));
        pauses[count++] = (struct deadline_pause){ time_of(from), time_of(to) };
        text += length + strspn(text + length, " ");
    }
    return count;
}

static struct due ask(const char *arrival, const char *rule, const char *hours, const char *pauses,
                      struct deadline_trace *trace)
{
    struct deadline_pause list[DEADLINE_PAUSES_MAX];
    struct deadline question = { .arrival_ms = time_of(arrival), .hours = hours_named(hours), .calendar = calendar,
                                 .pauses = list, .pause_count = pauses_of(pauses, list) };
    struct due due;

    assert_true(deadline_rule_read(rule, &question.rule));
    assert_int_equal(deadline_compute(&question, &due, trace), RESULT_OK);
    return due;
}

/* "2026-03-02 16:30", "none", "unknown year", as the cases have it. */
static const char *answer(const char *arrival, const char *rule, const char *hours, const char *pauses)
{
    static char text[CLOCK_TEXT_SIZE];
    struct due due = ask(arrival, rule, hours, pauses, NULL);

    if (due.none)
        return "none";
    if (due.unknown_year)
        return "unknown year";
    clock_text_local(due.due_ms, text);
    if (strcmp(text + 16, ":00") == 0)
        text[16] = 0;
    return text;
}

static size_t wrong;

static void case_row(int line, char *cells[COLUMNS])
{
    const char *got = answer(cells[0], cells[1], cells[2], cells[3]);

    if (strcmp(got, cells[4]) == 0)
        return;
    wrong++;
    print_error("deadlines.tsv:%d: %s %s %s [%s]: expected %s, got %s\n", line, cells[0], cells[1], cells[2], cells[3],
                cells[4], got);
}

static void every_recorded_case(void **state)
{
    (void)state;
    assert_int_equal(each_row("tests/unit/data/deadlines.tsv", case_row), 57);
    assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- what is easily got wrong */

#define DUE(arrival, rule, hours, pauses, expected) assert_string_equal(answer(arrival, rule, hours, pauses), expected)

static void the_edges_of_a_day(void **state)
{
    (void)state;
    DUE("2026-03-02 07:30", "h4", "std", "", "2026-03-02 11:30");
    DUE("2026-03-02 11:29:59.999", "h4", "std", "", "2026-03-02 16:59:59");
    DUE("2026-03-02 11:30", "h4", "std", "", "2026-03-02 17:00");           /* lunch: counts as 13:00 */
    DUE("2026-03-02 17:00", "h8", "std", "", "2026-03-03 17:00");
    DUE("2026-03-06 17:00", "w1", "std", "", "2026-03-10 07:30");           /* counts as Monday 07:30 */
    DUE("2026-03-06 16:59:59.999", "w1", "std", "", "2026-03-09 16:59:59");
    DUE("2026-03-03 14:59:59.999", "c15:00", "std", "", "2026-03-03 17:00");
    DUE("2026-03-02 23:59", "c00:00", "std", "", "2026-03-04 17:00");
    DUE("2026-03-02 09:00:00.500", "h1", "std", "", "2026-03-02 10:00");
    assert_int_equal(ask("2026-03-02 09:00:00.500", "h1", "std", "", NULL).due_ms,
                     time_of("2026-03-02T10:00:00.500+07:00"));
    assert_int_equal(ask("2026-03-02 12:00", "h1", "std", "", NULL).counted_from_ms, time_of("2026-03-02 13:00"));
}

/* A make-up Saturday is Monday to those without Saturday hours; the others keep theirs, unless make_up says more. */
static void make_up_days(void **state)
{
    (void)state;
    DUE("2026-01-09 16:00", "h2", "std", "", "2026-01-10 08:30");
    DUE("2026-01-09 16:00", "h9", "police-open", "", "2026-01-12 08:30");
    DUE("2026-01-09 16:00", "h6", "ward-sat", "", "2026-01-12 08:30");
    DUE("2026-01-09 16:00", "d1", "ward-sat", "", "2026-01-10 11:30");
    struct hours *ward = (struct hours *)hours_named("ward-sat");
    const char *why;
    assert_true(hours_read_day("07:30-11:30 13:00-17:00", &ward->make_up, &why));
    DUE("2026-01-09 16:00", "d1", "ward-sat", "", "2026-01-10 17:00");
    ward->make_up = (struct hours_day){ 0 };
}

static void pauses_stop_the_clock(void **state)
{
    (void)state;
    /* 09:00 Tuesday to Thursday: two hours left of three. */
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-03T09:00..2026-03-05T09:00", "2026-03-05 11:00");
    /* In any order; touching and overlapping ones are one. */
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-04T09:00..2026-03-05T09:00 2026-03-03T09:00..2026-03-04T09:00",
        "2026-03-05 11:00");
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-03T10:00..2026-03-05T09:00 2026-03-03T09:00..2026-03-03T10:30",
        "2026-03-05 11:00");
    /* One inside another does not shorten it. */
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-03T09:00..2026-03-05T09:00 2026-03-03T10:00..2026-03-03T10:30",
        "2026-03-05 11:00");
    /* The second one begins before the due time that the first one gave. */
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-03T09:00..2026-03-05T09:00 2026-03-05T10:00..2026-03-06T10:00",
        "2026-03-06 11:00");
    /* Over before the arrival; beginning when due; empty. */
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-02T09:00..2026-03-03T08:00 2026-03-03T11:00..2026-03-09T08:00",
        "2026-03-03 11:00");
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-03T09:00..2026-03-03T09:00", "2026-03-03 11:00");
    /* Running at the arrival: all of it is left. */
    DUE("2026-03-03 08:00", "h3", "std", "2026-03-02T09:00..2026-03-03T09:00", "2026-03-03 13:30");
}

/* Where no working time lies in a pause nothing moves, above all not backwards. */
static void a_pause_never_makes_it_earlier(void **state)
{
    (void)state;
    DUE("2026-03-06 18:00", "w1", "std", "", "2026-03-10 07:30");
    DUE("2026-03-06 18:00", "w1", "std", "2026-03-07T10:00..2026-03-08T10:00", "2026-03-10 07:30");
    DUE("2026-03-06 18:00", "w1", "std", "2026-03-09T18:00..2026-03-09T22:00", "2026-03-10 07:30");
    /* Nothing was left when it began: the next worked minute after it. */
    DUE("2026-03-06 18:00", "w1", "std", "2026-03-09T18:00..2026-03-10T10:00", "2026-03-10 10:00");
    DUE("2026-03-06 18:00", "w1", "std", "2026-03-09T18:00..2026-03-10T12:00", "2026-03-10 13:00");
    DUE("2026-03-06 18:00", "w1", "std", "2026-03-09T18:00..2026-03-14T12:00", "2026-03-16 07:30");
    /* The second one touches the first: it does not begin at a due time that the first one gave. */
    DUE("2026-03-06 18:00", "w1", "std", "2026-03-09T18:00..2026-03-10T10:00 2026-03-10T10:00..2026-03-10T11:00",
        "2026-03-10 11:00");
}

static void a_year_that_is_missing(void **state)
{
    (void)state;
    struct due due = ask("2027-12-30 10:00", "w3", "std", "", NULL);
    assert_int_equal(due.unknown_year, 2028);
    assert_int_equal(due.due_ms, time_of("2028-01-04 10:00"));              /* Fri, Mon, Tue of the plain week */
    DUE("2027-12-31 08:30", "h7", "std", "", "2027-12-31 17:00");
    DUE("2027-12-31 08:31", "h7", "std", "", "unknown year");
    DUE("2027-12-31 16:00", "c15:00", "std", "", "unknown year");
    DUE("2027-12-31 16:00", "c16:30", "std", "", "2027-12-31 17:00");
    DUE("2027-12-31 17:00", "none", "std", "", "none");
    DUE("2027-12-30 10:00", "h1", "std", "2027-12-30T10:30..2028-01-03T08:00", "unknown year");
    DUE("2027-12-30 10:00", "h1", "std", "2027-12-31T10:30..2028-01-03T08:00", "2027-12-30 11:00");
    assert_int_equal(ask("2022-12-30 18:00", "w1", "std", "", NULL).unknown_year, 2022);
    assert_int_equal(ask("2031-06-02 10:00", "d999", "std", "", NULL).unknown_year, 2031);
}

static void out_of_bounds(void **state)
{
    struct deadline_pause pauses[DEADLINE_PAUSES_MAX + 1] = { { 0 } };
    struct deadline question = { .arrival_ms = time_of("2026-03-03 08:00"), .hours = hours_named("std"),
                                 .rule = { DEADLINE_WORKING_HOURS, 3 }, .pauses = pauses, .pause_count = 1 };
    struct due due = { .due_ms = 42 };

    (void)state;
    static const int64_t bad_ms[] = { INT64_MIN, -1, 0, 946659599999, 4102419600000, INT64_MAX };
    for (size_t i = 0; i < sizeof bad_ms / sizeof *bad_ms; i++) {
        pauses[0] = (struct deadline_pause){ bad_ms[i], bad_ms[i] };
        assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_INVALID);
        question.pause_count = 0;
        int64_t good_ms = question.arrival_ms;
        question.arrival_ms = bad_ms[i];
        assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_INVALID);
        question.arrival_ms = good_ms;
        question.pause_count = 1;
    }
    pauses[0] = (struct deadline_pause){ question.arrival_ms + 1, question.arrival_ms };
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_INVALID);
    for (size_t i = 0; i <= DEADLINE_PAUSES_MAX; i++)       /* a minute in each of 65 hours */
        pauses[i] = (struct deadline_pause){ question.arrival_ms + (int64_t)i * 60 * MINUTE_MS,
                                             question.arrival_ms + ((int64_t)i * 60 + 1) * MINUTE_MS };
    question.pause_count = DEADLINE_PAUSES_MAX + 1;
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_INVALID);
    assert_int_equal(due.due_ms, 42);
    question.pause_count = DEADLINE_PAUSES_MAX;
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_OK);
    assert_int_equal(due.due_ms, time_of("2026-03-03 11:04"));              /* those of 08:00, 09:00, 10:00, 11:00 */
    assert_int_equal(due.unknown_year, 2026);                               /* no calendar at all */
    question.arrival_ms = 946659600000;
    question.pause_count = 0;
    question.rule = (struct deadline_rule){ DEADLINE_WORKING_DAYS, DEADLINE_COUNT_MAX };
    assert_int_equal(deadline_compute(&question, &due, NULL), RESULT_OK);
}

static void rules_as_text(void **state)
{
    static const char *const good[] = { "none", "w1", "w999", "h8", "d30", "c15:00", "c00:00", "c23:59" };
    static const char *const bad[] = { "", "w", "w0", "w01", "w1000", "w-1", "w1 ", " w1", "W1", "x1", "c", "c24:00",
                                       "c15:60", "c15:0", "c1500", "c15:000", "None", "nones",
                                       "w99999999999999999999" };
    struct deadline_rule rule = { 0 };
    char text[DEADLINE_RULE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(deadline_rule_read(bad[i], &rule));
    assert_int_equal(rule.kind, 0);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(deadline_rule_read(good[i], &rule));
        deadline_rule_text(&rule, text);
        assert_string_equal(text, good[i]);
    }
}

/* "kind day" of each note, as one line. */
static const char *story(const char *arrival, const char *rule, const char *hours, const char *pauses)
{
    static const char *const names[] = { "", "moved", "off", "rest", "make-up", "after", "day-off", "shifted", "due",
                                         "pause", "no-effect" };
    static char line[600];
    struct text text = text_of(line, sizeof line);
    struct deadline_trace trace;

    (void)ask(arrival, rule, hours, pauses, &trace);
    for (size_t i = 0; i < trace.count; i++) {
        int year, month, date;
        date_of_day(trace.notes[i].day, &year, &month, &date);
        text_add(&text, "%s%s", i ? ", " : "", names[trace.notes[i].kind]);
        if (trace.notes[i].day)
            text_add(&text, " %d/%d", date, month);
    }
    return line;
}

static void how_it_came_about(void **state)
{
    (void)state;
    assert_string_equal(story("2026-01-09 10:00", "w1", "std", ""), "make-up 10/1");
    assert_string_equal(story("2026-08-28 18:00", "w1", "std", ""),
                        "rest 29/8, rest 30/8, off 31/8, off 1/9, off 2/9, moved");
    assert_string_equal(story("2026-03-06 15:00", "c15:00", "std", ""), "after 6/3, rest 7/3, rest 8/3");
    assert_string_equal(story("2026-03-06 10:00", "d2", "std", ""), "rest 8/3, day-off 8/3");
    assert_string_equal(story("2026-03-05 15:00", "w2", "ward-sat", ""), "shifted 7/3");
    assert_string_equal(story("2026-03-06 15:00", "h4", "std", "2026-03-06T16:00..2026-03-10T08:00 "
                              "2026-03-01T00:00..2026-03-02T00:00 2026-03-20T16:00..2026-03-21T08:00"),
                        "rest 7/3, rest 8/3, due, no-effect, pause, no-effect");
    struct deadline_trace trace;
    (void)ask("2026-03-06 15:00", "h4", "std", "2026-03-06T16:00..2026-03-10T08:00", &trace);
    assert_int_equal(trace.notes[3].left_ms, 3 * 60 * MINUTE_MS);
    assert_int_equal(trace.notes[3].at_ms, time_of("2026-03-10 11:00"));
    (void)ask("2026-03-06 15:00", "w999", "std", "", &trace);
    assert_true(trace.count == DEADLINE_NOTES_MAX && trace.lost > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recorded_case),
        cmocka_unit_test(the_edges_of_a_day),
        cmocka_unit_test(make_up_days),
        cmocka_unit_test(pauses_stop_the_clock),
        cmocka_unit_test(a_pause_never_makes_it_earlier),
        cmocka_unit_test(a_year_that_is_missing),
        cmocka_unit_test(out_of_bounds),
        cmocka_unit_test(rules_as_text),
        cmocka_unit_test(how_it_came_about),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
