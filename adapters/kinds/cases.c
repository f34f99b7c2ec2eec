#include "adapters/kinds/cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "adapters/kinds/mapping.h"
#include "adapters/kinds/pointer.h"

enum { COLUMNS = 8, SPELLINGS = 4, SPELL_CAPITALS = 1, SPELL_DECOMPOSED = 2 };

static const char *const columns[COLUMNS] = { "dialect", "call", "kind", "attempt", "http", "body", "verdict", "why" };
enum { C_DIALECT, C_CALL, C_KIND, C_ATTEMPT, C_HTTP, C_BODY, C_VERDICT, C_WHY };

static const char *const spellings[SPELLINGS] = { "as written", "capitals", "decomposed", "capitals, decomposed" };

/* What a verdict column asks for; verdict 0: the next call. */
struct expected { enum verdict idempotent, other; enum call next; };

struct run {
    const struct rulebook *book;
    const char *name;
    struct faults *faults;
    void (*report)(void *context, const struct case_result *result);
    void *context;
    struct cases_count count;
};

struct row {
    int   line;
    char *cells[COLUMNS];
    struct expected expected;
    enum call first_call, last_call;
    enum kind first_kind, last_kind;
    uint32_t first_attempt, last_attempt;
    int http_status;
    struct rules *rules;
};

void case_text(const struct judgement *judgement, char ret_text[CASE_TEXT_SIZE])
{
    struct text text = text_of(ret_text, CASE_TEXT_SIZE);

    if (judgement->next)
        text_add(&text, "NEXT:%s", call_name(judgement->next));
    else
        text_add(&text, "%s", verdict_name(judgement->verdict));
    if (judgement->verdict == VERDICT_MISCONFIGURED)
        text_add(&text, "(%s)", scope_name(judgement->scope));
}

/* ---------------------------------------------------------------- reading a row */

/* Cuts the line at its tabs. A line with fewer columns gives empty ones. */
static void split(char *line, char *ret_cells[COLUMNS])
{
    static char empty[1];

    for (size_t i = 0; i < COLUMNS; i++) {
        ret_cells[i] = line ? line : empty;
        char *tab = line ? strchr(line, '\t') : NULL;
        if (tab)
            *tab++ = 0;
        line = tab;
    }
}

static bool read_expected(const char *text, struct expected *ret_expected)
{
    char first[32], second[32], rest;

    *ret_expected = (struct expected){ 0 };
    if (strncmp(text, "NEXT:", 5) == 0)
        return (ret_expected->next = call_read(text + 5)) != 0;
    if (sscanf(text, "idem %31[A-Z_] / other %31[A-Z_]%c", first, second, &rest) == 2) {
        ret_expected->idempotent = verdict_read(first);
        ret_expected->other = verdict_read(second);
    } else
        ret_expected->idempotent = ret_expected->other = verdict_read(text);
    return ret_expected->idempotent && ret_expected->other;
}

static bool is_any(const char *cell) { return strcmp(cell, "*") == 0; }

/* The ranges of call, kind and attempt. A fault and false when a word is not known. */
static bool read_row(struct run *run, struct row *row)
{
    char *const *cells = row->cells;
    char *end;
    const char *bad = NULL;

    row->first_call = is_any(cells[C_CALL]) ? CALL_CREATE : call_read(cells[C_CALL]);
    row->last_call = is_any(cells[C_CALL]) ? CALL_PULL : row->first_call;
    row->first_kind = is_any(cells[C_KIND]) ? 1 : kind_read(cells[C_KIND]);
    row->last_kind = is_any(cells[C_KIND]) ? KIND_END - 1 : row->first_kind;
    row->first_attempt = is_any(cells[C_ATTEMPT]) ? 1 : (uint32_t)strtoul(cells[C_ATTEMPT], NULL, 10);
    row->last_attempt = is_any(cells[C_ATTEMPT]) ? 2 : row->first_attempt;
    row->http_status = (int)strtol(cells[C_HTTP], &end, 10);
    if (!rulebook_has(run->book, cells[C_DIALECT]))
        bad = "dialect";
    else if (!row->first_call)
        bad = "call";
    else if (!row->first_kind)
        bad = "kind";
    else if (row->first_attempt < 1 || row->first_attempt > 2)
        bad = "attempt";
    else if (*end || row->http_status < 100 || row->http_status > 999)
        bad = "http";
    else if (!read_expected(cells[C_VERDICT], &row->expected))
        bad = "verdict";
    else if (strlen(cells[C_BODY]) > CASE_BODY_BYTES_MAX)
        bad = "body";
    if (bad)
        faults_add(run->faults, run->name, row->line, "column '%s' cannot be read", bad);
    return !bad;
}

/* ---------------------------------------------------------------- spellings */

/* malloc'ed, zero byte after it; NULL: no memory. */
static char *respell(const char *text, size_t size, int how, size_t *ret_size)
{
    uint8_t *now = malloc(size + 1), *changed;
    size_t length = size;

    if (now)
        memcpy(now, text, size);
    if (now && how & SPELL_CAPITALS) {
        changed = u8_toupper(now, length, NULL, NULL, NULL, &length);
        free(now);
        now = changed;
    }
    if (now && how & SPELL_DECOMPOSED) {
        changed = u8_normalize(UNINORM_NFD, now, length, NULL, &length);
        free(now);
        now = changed;
    }
    changed = now ? realloc(now, length + 1) : NULL;
    if (!changed) {
        free(now);
        return NULL;
    }
    changed[length] = 0;
    *ret_size = length;
    return (char *)changed;
}

static void respell_strings(json_t *json, int how)
{
    const char *key;
    json_t *value;
    size_t index, size;

    if (json_is_string(json)) {
        char *text = respell(json_string_value(json), json_string_length(json), how, &size);
        if (text)
            must(json_string_setn(json, text, size) == 0);
        free(text);
    }
    json_array_foreach(json, index, value)
        respell_strings(value, how);
    json_object_foreach(json, key, value)
        respell_strings(value, how);
}

/* The body in one spelling: only the strings of JSON change, else the whole text. NULL: no memory. */
static char *spell(const char *body, int how, size_t *ret_size)
{
    char *text = NULL;
    json_t *json = json_of_bytes(span_of_string(body));

    if (!json || !how)
        text = respell(body, strlen(body), how, ret_size);
    else {
        respell_strings(json, how);
        if (json_to_body(json, 8 * CASE_BODY_BYTES_MAX, &text, ret_size) != RESULT_OK)
            text = NULL;
    }
    json_decref(json);
    return text;
}

/* ---------------------------------------------------------------- judging */

static bool as_expected(const struct expected *expected, const struct judgement *judgement, enum agency_class class)
{
    if (expected->next)
        return judgement->next == expected->next;
    return judgement->verdict == (class == CLASS_IDEMPOTENT ? expected->idempotent : expected->other);
}

static void tell_got(struct case_result *result, const struct judgement *judgement, const struct question *question,
                     char where[RULE_WHERE_SIZE])
{
    char got[CASE_TEXT_SIZE];
    struct text text = text_of(result->got, sizeof result->got);

    case_text(judgement, got);
    text_add(&text, "%s", got);
    if (!result->passed)
        text_add(&text, " (%s, %s, %s, attempt %u)", call_name(question->call), kind_name(question->kind),
                 agency_class_name(question->agency_class), question->attempt);
    memcpy(where, judgement->where, RULE_WHERE_SIZE);
}

/* Every combination that the row speaks of; stops at the first that differs. */
static void judge_all(const struct row *row, struct span body, struct case_result *result, char where[RULE_WHERE_SIZE])
{
    struct question question = { .dossier_code = "", .idempotency_key = "",
                                 .answer = { row->http_status, body, false, -1 } };
    struct judgement judgement;

    result->passed = true;
    for (question.call = row->first_call; question.call <= row->last_call; question.call++)
        for (question.kind = row->first_kind; question.kind <= row->last_kind; question.kind++)
            for (question.attempt = row->first_attempt; question.attempt <= row->last_attempt; question.attempt++)
                for (question.agency_class = 1; question.agency_class < CLASS_END; question.agency_class++) {
                    rules_judge(row->rules, &question, &judgement);
                    result->passed = as_expected(&row->expected, &judgement, question.agency_class);
                    if (!result->passed || !result->got[0])
                        tell_got(result, &judgement, &question, where);
                    if (!result->passed)
                        return;
                }
}

static void run_row(struct run *run, struct row *row)
{
    for (int how = 0; how < SPELLINGS; how++) {
        char where[RULE_WHERE_SIZE] = "";
        size_t size = 0;
        char *body = spell(row->cells[C_BODY], how, &size);
        struct case_result result = {
            .line = row->line, .dialect = row->cells[C_DIALECT], .call = row->cells[C_CALL], .kind = row->cells[C_KIND],
            .attempt = row->cells[C_ATTEMPT], .why = row->cells[C_WHY], .http_status = row->http_status,
            .spelling = spellings[how], .expected = row->cells[C_VERDICT], .where = where,
        };
        if (body)
            judge_all(row, span_of(body, size), &result, where);
        run->count.passed += result.passed;
        run->count.failed += !result.passed;
        run->report(run->context, &result);
        free(body);
    }
}

static void take_line(struct run *run, char *line, int number, bool *titled)
{
    struct row row = { .line = number };

    line[strcspn(line, "\r\n")] = 0;
    if (!line[0] || line[0] == '#')
        return;
    split(line, row.cells);
    if (!*titled) {
        for (size_t i = 0; i < COLUMNS; i++)
            if (strcmp(row.cells[i], columns[i]) != 0)
                faults_add(run->faults, run->name, number, "column %zu must be '%s', not '%s'", i + 1, columns[i],
                           row.cells[i]);
        *titled = true;
        return;
    }
    if (!read_row(run, &row))
        return;
    row.rules = rules_build(run->book, row.cells[C_DIALECT], NULL, 0, NULL, run->faults);
    if (row.rules) {
        run->count.rows++;
        run_row(run, &row);
    }
    rules_free(row.rules);
}

enum result cases_run(const struct rulebook *book, const char *path, const char *name, struct faults *faults,
                      void (*report)(void *context, const struct case_result *result), void *context,
                      struct cases_count *ret_count)
{
    struct run run = { .book = book, .name = name, .faults = faults, .report = report, .context = context };
    size_t faults_before = faults->count, room = 0;
    FILE *file = fopen(path, "re");
    char *line = NULL;
    bool titled = false;

    if (!file) {
        faults_add(faults, name, 0, "cannot be read: %s", strerror(errno));
        return RESULT_BROKEN;
    }
    for (int number = 1; getline(&line, &room, file) >= 0; number++)
        take_line(&run, line, number, &titled);
    free(line);
    bool broken = ferror(file);
    fclose(file);
    *ret_count = run.count;
    return broken ? RESULT_BROKEN : faults->count > faults_before ? RESULT_INVALID : RESULT_OK;
}
