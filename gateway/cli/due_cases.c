/* due --cases: recorded due dates against the engine.
 *
 * Tab-separated; '#' begins a comment line; the first other line names the columns, in any order: arrival, rule, hours,
 * pauses (FROM..TO separated by blanks), due. due: a time, "none", or "unknown year" where the answer needs a day of a
 * year that no calendar has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/cli/due.h"

enum { CASES_BYTES_MAX = 16 << 20, CASE_COLUMNS_MAX = 16, CASE_TEXT = 96, CASE_FAILURES_MAX = 1000 };
enum column { C_ARRIVAL = 0, C_RULE, C_HOURS, C_PAUSES, C_DUE, C_END };

struct table {
    const struct cli *cli;
    const struct due_source *source;
    int at[C_END];                      /* in which place of a line each column stands */
    bool named;
    size_t rows, failed;
    json_t *failures;
};

/* ---------------------------------------------------------------- one line */

static size_t cut(char *line, char *cells[CASE_COLUMNS_MAX])
{
    size_t count = 0;

    while (line && count < CASE_COLUMNS_MAX) {
        char *tab = strchr(line, '\t');
        cells[count++] = line;
        if (tab)
            *tab++ = 0;
        line = tab;
    }
    return count;
}

static bool names_read(struct table *table, char *cells[], size_t count)
{
    static const char *const names[C_END] = { "arrival", "rule", "hours", "pauses", "due" };

    for (int c = 0; c < C_END; c++) {
        table->at[c] = -1;
        for (size_t i = 0; i < count; i++)
            if (strcmp(cells[i], names[c]) == 0)
                table->at[c] = (int)i;
        if (table->at[c] < 0) {
            cli_complain(table->cli, "tệp không có cột '%s' (cần: arrival, rule, hours, pauses, due)",
                         "the file has no column '%s' (needed: arrival, rule, hours, pauses, due)", names[c]);
            return false;
        }
    }
    table->named = true;
    return true;
}

static void due_text(const struct due *due, char ret_text[CASE_TEXT])
{
    struct text text = text_of(ret_text, CASE_TEXT);
    char local[CLOCK_TEXT_SIZE];

    if (due->none || due->unknown_year) {
        text_add(&text, "%s", due->none ? "none" : "unknown year");
        return;
    }
    clock_text_local(due->due_ms, local);
    if (strcmp(local + 16, ":00") == 0)
        local[16] = 0;
    text_add(&text, "%s", local);
}

static bool is_as_expected(const struct due *due, const char *expected)
{
    int64_t expected_ms;

    if (strcmp(expected, "none") == 0)
        return due->none;
    if (strcmp(expected, "unknown year") == 0)
        return due->unknown_year != 0;
    return !due->none && !due->unknown_year && clock_read(span_of_string(expected), &expected_ms)
           && due->due_ms == expected_ms;
}

/* NULL, or why the line cannot be a question. */
static const char *question_read(const struct table *table, const char *const cells[C_END], struct deadline *question,
                                 struct deadline_pause pauses[DEADLINE_PAUSES_MAX])
{
    question->pause_count = 0;
    question->pauses = pauses;
    question->calendar = table->source->calendar;
    question->hours = hours_list_find(&table->source->hours, cells[C_HOURS]);
    if (!clock_read(span_of_string(cells[C_ARRIVAL]), &question->arrival_ms))
        return "? arrival";
    if (!deadline_rule_read(cells[C_RULE], &question->rule))
        return "? rule";
    if (!question->hours)
        return "? hours";
    if (!due_pauses_read(cells[C_PAUSES], false, pauses, &question->pause_count))
        return "? pauses";
    return NULL;
}

static void failed(struct table *table, int line, const char *const cells[C_END], const char *got)
{
    table->failed++;
    if (table->cli->json && table->failed <= CASE_FAILURES_MAX)
        json_array_append_new(table->failures, json_pack("{s:i, s:s, s:s}", "line", line, "expected", cells[C_DUE],
                                                         "got", got));
    if (!table->cli->json)
        printf(cli_say(table->cli, "dòng %d (%s %s %s%s%s): cần %s, được %s\n",
                       "line %d (%s %s %s%s%s): expected %s, got %s\n"), line, cells[C_ARRIVAL], cells[C_RULE],
               cells[C_HOURS], cells[C_PAUSES][0] ? " " : "", cells[C_PAUSES], cells[C_DUE], got);
}

static void row(struct table *table, int line, char *found[], size_t count)
{
    const char *cells[C_END];
    struct deadline question = { 0 };
    struct deadline_pause pauses[DEADLINE_PAUSES_MAX];
    struct due due;
    char got[CASE_TEXT];

    for (int c = 0; c < C_END; c++)
        cells[c] = (size_t)table->at[c] < count ? found[table->at[c]] : "";
    table->rows++;
    const char *fault = question_read(table, cells, &question, pauses);
    if (!fault && deadline_compute(&question, &due, NULL) != RESULT_OK)
        fault = "? bounds";
    if (fault) {
        failed(table, line, cells, fault);
        return;
    }
    due_text(&due, got);
    if (!is_as_expected(&due, cells[C_DUE]))
        failed(table, line, cells, got);
}

/* ---------------------------------------------------------------- the file */

static bool each_line(struct table *table, char *bytes)
{
    char *cells[CASE_COLUMNS_MAX];

    for (int line = 1; bytes; line++) {
        char *end = strchr(bytes, '\n'), *next = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        size_t length = strlen(bytes);
        if (length && bytes[length - 1] == '\r')
            bytes[--length] = 0;
        size_t count = length && bytes[0] != '#' ? cut(bytes, cells) : 0;
        if (count && table->named)
            row(table, line, cells, count);
        else if (count && !names_read(table, cells, count))
            return false;
        bytes = next;
    }
    return true;
}

enum exit_code due_cases(const struct cli *cli, const struct due_source *source, const char *path)
{
    struct table table = { .cli = cli, .source = source };
    size_t size;
    char *bytes = cli_read_file(path, CASES_BYTES_MAX, &size);

    if (!bytes) {
        cli_complain(cli, "không đọc được %s: %s", "cannot read %s: %s", path, strerror(errno));
        return EXIT_BROKEN;
    }
    table.failures = json_array();
    bool read = each_line(&table, bytes);
    free(bytes);
    if (read && !table.rows) {
        cli_complain(cli, "%s không có trường hợp nào", "%s has no case", path);
        read = false;
    }
    if (!read) {
        json_decref(table.failures);
        return EXIT_FAULTS;
    }
    size_t passed = table.rows - table.failed;
    if (cli->json)
        cli_print_json(json_pack("{s:I, s:I, s:I, s:o}", "rows", (json_int_t)table.rows, "passed", (json_int_t)passed,
                                 "failed", (json_int_t)table.failed, "failures", table.failures));
    else {
        json_decref(table.failures);
        printf(cli_say(cli, "%zu trường hợp: %zu đúng, %zu sai\n", "%zu cases: %zu passed, %zu failed\n"), table.rows,
               passed, table.failed);
    }
    return table.failed ? EXIT_FAULTS : EXIT_DONE;
}
