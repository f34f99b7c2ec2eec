/* verb_report.c - report: figures of a period out of the store, beside a live gateway or without one; report sample:
 * finished dossiers drawn at random. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/cli/report.h"

#define DAY_MS (24LL * 3600 * 1000)

enum { KNOWN_BYTES_MAX = 1 << 20, SAMPLE_MAX = 100000, CLOSE_MAX = 27 };

/* ---- what was asked */

static bool read_day(const struct cli *cli, const char *name, int64_t otherwise, int64_t *ret_day)
{
    const char *text = cli_option(cli, name);
    int64_t time_ms;

    *ret_day = otherwise;
    if (!text)
        return true;
    if (!clock_read(span_of_string(text), &time_ms)) {
        cli_complain(cli, "--%s: '%s' không phải là một ngày có thật; viết như 2026-03-02",
                     "--%s: there is no such day as '%s'; write it like 2026-03-02", name, text);
        return false;
    }
    *ret_day = period_day_of(time_ms);
    return true;
}

static bool read_now(const struct cli *cli, int64_t *ret_now_ms)
{
    const char *text = cli_option(cli, "at");
    *ret_now_ms = clock_wall_ms();
    if (!text || clock_read(span_of_string(text), ret_now_ms))
        return true;
    cli_complain(cli, "--at: '%s' không phải là một thời điểm có thật; viết như \"2026-03-02 16:30\"",
                 "--at: there is no such time as '%s'; write it like \"2026-03-02 16:30\"", text);
    return false;
}

/* A preset around today, or days from and to, both included; else the month of `to` up to it. */
static bool read_period(const struct cli *cli, int64_t now_ms, struct period *ret_period)
{
    const char *preset = cli_option(cli, "preset"), *close = cli_option(cli, "close");
    int64_t today = period_day_of(now_ms), to;
    uint64_t closing = 0;

    if (close && (!cli_number(cli, "--close", close, &closing) || !closing || closing > CLOSE_MAX)) {
        cli_complain(cli, "--close: ngày chốt số liệu trong tháng, từ 1 đến %d",
                     "--close: the day of the month on which its books are closed, 1 to %d", CLOSE_MAX);
        return false;
    }
    if (preset) {
        if (!preset_read(preset) || cli_option(cli, "from") || cli_option(cli, "to")) {
            cli_complain(cli, "--preset: tuan, thang, quy, 6-thang, 9-thang hoặc nam, và không cùng với --from, --to",
                         "--preset: week, month, quarter, 6-months, 9-months or year, and without --from and --to");
            return false;
        }
        *ret_period = period_of(preset_read(preset), (int)closing, today);
        return true;
    }
    if (!read_day(cli, "to", today, &to))
        return false;
    struct period period = period_of(PRESET_MONTH, (int)closing, to);
    period.preset = PRESET_NONE;
    period.until_day = to + 1;
    if (!read_day(cli, "from", period.from_day, &period.from_day))
        return false;
    if (period.from_day >= period.until_day) {
        cli_complain(cli, "--from: ngày đầu không được sau ngày cuối (--to, mặc định hôm nay)",
                     "--from: the first day may not be after the last (--to, by default today)");
        return false;
    }
    *ret_period = period;
    return true;
}

static bool read_by(const struct cli *cli, struct view *view)
{
    static const struct { const char *word; enum report_by by; } words[] = {
        { "city", REPORT_CITY }, { "agency", REPORT_AGENCY }, { "officer", REPORT_OFFICER },
        { "field", REPORT_PROCEDURE }, { "procedure", REPORT_PROCEDURE },
    };
    const char *by = cli_option(cli, "by");

    view->by = REPORT_CITY;
    if (!by)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(by, words[i].word) == 0) {
            view->by = words[i].by;
            view->field = strcmp(by, "field") == 0;
            return true;
        }
    cli_complain(cli, "--by: city, agency, officer, field hoặc procedure, không phải '%s'",
                 "--by: city, agency, officer, field or procedure, not '%s'", by);
    return false;
}

/* ---- totals from elsewhere: "CODE number" a line, '#' comments */

static bool read_known_line(const struct cli *cli, char *line, int number, struct view *view)
{
    char *end, *digits;
    size_t size = strcspn(line, " \t");

    if (!line[0] || line[0] == '#')
        return true;
    digits = line + size + strspn(line + size, " \t");
    struct known *known = realloc(view->known, (view->known_count + 1) * sizeof *known);
    if (!known)
        return false;
    view->known = known;
    known = &known[view->known_count];
    errno = 0;
    known->total = strtoull(digits, &end, 10);
    line[size] = 0;
    const struct agency *agency = view->tables ? tables_agency(view->tables, line) : NULL;
    if (digits[0] < '0' || digits[0] > '9' || *end || errno ||
        !span_to_string(span_of_string(agency ? agency->code : line), known->code, sizeof known->code)) {
        cli_complain(cli, "--known, dòng %d: cần mã đơn vị, dấu cách, số hồ sơ",
                     "--known, line %d: an agency code, a blank and a number of dossiers are needed", number);
        return false;
    }
    view->known_count++;
    view->known_total += known->total;
    return true;
}

static bool read_known(const struct cli *cli, struct view *view)
{
    const char *path = cli_option(cli, "known"), *total = cli_option(cli, "known-total");
    size_t size;
    bool good = true;

    view->has_known = path || total;
    if (path) {
        char *bytes = cli_read_file(path, KNOWN_BYTES_MAX, &size);
        if (!bytes) {
            cli_complain(cli, "không đọc được %s: %s", "cannot read %s: %s", path, strerror(errno));
            return false;
        }
        int number = 1;
        for (char *at = bytes, *next; good && at; at = next, number++) {
            next = strchr(at, '\n');
            if (next)
                *next++ = 0;
            at[strcspn(at, "\r")] = 0;
            good = read_known_line(cli, at, number, view);
        }
        free(bytes);
    }
    return good && (!total || cli_number(cli, "--known-total", total, &view->known_total));
}

/* ---- the store and the directory */

static enum exit_code open_store(const struct cli *cli, const struct site *site, struct store **ret_store)
{
    const char *named = cli_option(cli, "store");
    struct store_options options = { .folder = named ? named : site->store, .read_only = true };
    char words[1024] = "";
    struct text why = text_of(words, sizeof words);
    enum result result = store_open(ret_store, &options, &why);

    if (result == RESULT_OK)
        return EXIT_DONE;
    cli_complain(cli, "không đọc được kho %s: %s (%s)", "the store %s cannot be read: %s (%s)", options.folder, words,
                 result_name(result));
    return EXIT_BROKEN;
}

/* NULL: no names then. Said once, as a warning. */
static struct directory *read_directory(const struct cli *cli, const struct site *site, int64_t now_ms)
{
    struct faults faults;
    struct directory *directory = NULL;

    if (!site->directory[0] || faults_init(&faults) != RESULT_OK)
        return NULL;
    directory = directory_read(site->directory, now_ms, &faults);
    if (!directory) {
        cli_print_faults(&faults);
        cli_complain(cli, "danh bạ không đọc được: chỉ có mã, không có tên",
                     "the directory cannot be read: codes only, no names");
    }
    faults_done(&faults);
    return directory;
}

static const char *field_of(void *context, const char *procedure)
{
    const struct tables *tables = context;
    uint32_t first = 0, after = tables->procedure_count;

    while (first < after) {                             /* sorted by code; called for every row */
        uint32_t middle = (first + after) / 2;
        if (strcmp(tables->procedures[middle].code, procedure) < 0)
            first = middle + 1;
        else
            after = middle;
    }
    bool there = first < tables->procedure_count && strcmp(tables->procedures[first].code, procedure) == 0;
    return there ? tables->procedures[first].field : "";
}

/* ---- report */

/* What ended just now has ended. */
static int64_t moment_of(const struct period *period, int64_t now_ms)
{
    int64_t end_ms = period_day_ms(period->until_day);
    return end_ms <= now_ms ? end_ms : now_ms + 1;
}

static enum result read_one(struct store *store, const struct view *view, const struct period *period, int64_t now_ms,
                            struct report *report, uint32_t **ret_ranks)
{
    const char *code = cli_option(view->cli, "agency");
    const struct agency *agency = code && view->tables ? tables_agency(view->tables, code) : NULL;
    struct report_question question = {
        .from_day = period_day(period->from_day), .until_day = period_day(period->until_day),
        .at_ms = moment_of(period, now_ms), .by = view->by, .agency = agency ? agency->code : code,
        .group = view->field ? field_of : NULL, .context = (void *)(uintptr_t)view->tables,
    };
    enum result result = report_read(store, &question, report);

    if (result != RESULT_OK)
        return result;
    *ret_ranks = calloc(report->count + 1, sizeof **ret_ranks);
    if (!*ret_ranks)
        return RESULT_FULL;
    report_rank(report, *ret_ranks);
    return RESULT_OK;
}

static enum exit_code print(const struct view *view)
{
    const char *format = cli_option(view->cli, "format");

    if (view->cli->json || (format && strcmp(format, "json") == 0))
        report_print_json(view);
    else if (format && strcmp(format, "csv") == 0)
        report_print_csv(view);
    else
        report_print_table(view);
    return EXIT_DONE;
}

/* Lines by officer leave out whom no officer was told of: coverage does not. */
static enum result count_all(struct store *store, struct view *view)
{
    struct report_question question = { .from_day = period_day(view->period.from_day), .by = REPORT_CITY,
                                        .until_day = period_day(view->period.until_day), .at_ms = view->at_ms };
    struct report report = { 0 };
    enum result result = RESULT_OK;

    view->received = figures_received(&view->report.all.in);
    if (view->by == REPORT_OFFICER)
        result = report_read(store, &question, &report);
    if (view->by == REPORT_OFFICER && result == RESULT_OK)
        view->received = figures_received(&report.all.in);
    report_free(&report);
    return result;
}

static enum exit_code make_report(struct view *view, struct store *store, int64_t now_ms)
{
    view->before = period_before(&view->period);
    view->at_ms = moment_of(&view->period, now_ms);
    const char *agency = cli_option(view->cli, "agency");
    enum result result = read_one(store, view, &view->period, now_ms, &view->report, &view->ranks);
    if (result == RESULT_OK && view->report.agency_unknown && !(view->tables && tables_agency(view->tables, agency))) {
        cli_complain(view->cli, "--agency: không có cơ quan '%s' trong danh bạ, cũng không có trong kho",
                     "--agency: there is no agency '%s' in the directory, nor in the store", agency);
        return EXIT_REFUSED;
    }
    if (result == RESULT_OK)
        result = read_one(store, view, &view->before, now_ms, &view->report_before, &view->ranks_before);
    if (result == RESULT_OK)
        result = count_all(store, view);
    if (result == RESULT_OK)
        return print(view);
    cli_complain(view->cli, "không lập được báo cáo: %s (%s)", "no report can be made: %s (%s)", store_trouble(store),
                 result_name(result));
    return EXIT_BROKEN;
}

/* ---- report sample */

static void print_sample(const struct cli *cli, const struct sampled *sampled, size_t count, uint64_t of,
                         const char *seed)
{
    json_t *list = json_array();
    char at[CLOCK_TEXT_SIZE];

    const char *format = cli_option(cli, "format");
    bool json = cli->json || (format && strcmp(format, "json") == 0), csv = format && strcmp(format, "csv") == 0;

    if (csv)
        printf("%s\r\n", cli_say(cli, "\"Mã hồ sơ\",\"Kết thúc\",\"Trạng thái\"", "\"Code\",\"Ended\",\"Status\""));
    else if (!json)
        printf(cli_say(cli, "Rút %zu trong %" PRIu64 " hồ sơ đã kết thúc, hạt giống %s.\n",
                       "%zu drawn of %" PRIu64 " finished dossiers, seed %s.\n"), count, of, seed);
    for (size_t i = 0; i < count; i++) {
        clock_text_local(sampled[i].ended_ms, at);
        const char *status = status_name(sampled[i].ended);
        if (json)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "code", sampled[i].code, "status", status, "ended",
                                                  at));
        else
            printf(csv ? "\"%s\",\"%s\",%s\r\n" : "%-40s  %s  %s\n", sampled[i].code, at, status);
    }
    if (json)
        cli_print_json(json_pack("{s:s, s:I, s:O}", "seed", seed, "of", (json_int_t)of, "drawn", list));
    json_decref(list);
}

static bool read_sample(const struct cli *cli, uint64_t *ret_most)
{
    const char *wanted = cli_option(cli, "n");

    *ret_most = 500;
    if (wanted && !cli_number(cli, "--n", wanted, ret_most))
        return false;
    if (cli_option(cli, "seed") && *ret_most <= SAMPLE_MAX)
        return true;
    cli_complain(cli, "cần --seed CHỮ (cùng hạt giống thì rút ra như nhau) và --n từ 0 đến %d",
                 "needs --seed TEXT (the same seed draws the same) and --n 0 to %d", SAMPLE_MAX);
    return false;
}

static enum exit_code make_sample(const struct cli *cli, struct store *store, const struct period *period)
{
    const char *seed = cli_option(cli, "seed");
    uint64_t most, of = 0;
    size_t count = 0;

    if (!read_sample(cli, &most))
        return EXIT_USAGE;
    struct sampled *sampled = calloc(most + 1, sizeof *sampled);
    enum result result = !sampled ? RESULT_FULL
        : report_sample(store, period_day(period->from_day), period_day(period->until_day), seed, most, sampled,
                        &count, &of);
    if (result == RESULT_OK)
        print_sample(cli, sampled, count, of, seed);
    else
        cli_complain(cli, "không rút được mẫu: %s (%s)", "no sample can be drawn: %s (%s)", store_trouble(store),
                     result_name(result));
    free(sampled);
    return result == RESULT_OK ? EXIT_DONE : EXIT_BROKEN;
}

/* Nothing said: all that ever ended. */
static void sample_period(const struct cli *cli, struct period *period)
{
    if (cli_option(cli, "preset") || cli_option(cli, "from") || cli_option(cli, "to"))
        return;
    period->from_day = day_of_date(CALENDAR_YEAR_MIN, 1, 1);
    period->until_day = day_of_date(CALENDAR_YEAR_MAX + 1, 1, 1);
}

/* ---- both */

/* What would have no effect is a mistake, and whoever made it thinks that he has asked something else. */
static bool options_fit(const struct cli *cli)
{
    static const char *const of_sample[] = { "n", "seed" };
    static const char *const of_report[] = { "by", "agency", "close", "known", "known-total" };
    bool sample = cli->argument_count > 0;
    size_t count = sample ? sizeof of_report / sizeof *of_report : sizeof of_sample / sizeof *of_sample;

    for (size_t i = 0; i < count; i++) {
        const char *name = (sample ? of_report : of_sample)[i];
        bool with_preset = strcmp(name, "close") == 0 && cli_option(cli, "preset");
        if (!cli_option(cli, name) || with_preset)
            continue;
        cli_complain(cli, "--%s không dùng được với lienthong report%s", "--%s has no meaning with lienthong report%s",
                     name, sample ? " sample" : "");
        return false;
    }
    return true;
}

static bool format_ok(const struct cli *cli)
{
    const char *format = cli_option(cli, "format");
    if (!format || strcmp(format, "table") == 0 || strcmp(format, "csv") == 0 || strcmp(format, "json") == 0)
        return true;
    cli_complain(cli, "--format: table, csv hoặc json, không phải '%s'", "--format: table, csv or json, not '%s'",
                 format);
    return false;
}

static enum exit_code with_store(struct cli *cli, struct view *view, struct store *store, const struct site *site,
                                 int64_t now_ms)
{
    enum exit_code code = EXIT_USAGE;

    if (cli->argument_count)
        sample_period(cli, &view->period);
    if (cli->argument_count)
        return make_sample(cli, store, &view->period);
    struct directory *directory = read_directory(cli, site, now_ms);
    view->tables = directory ? directory_tables(directory) : NULL;
    if (view->field && !view->tables)
        cli_complain(cli, "--by field cần danh bạ: lĩnh vực của thủ tục ghi ở đó",
                     "--by field needs the directory: it says to which field a procedure belongs");
    else if (read_known(cli, view))
        code = make_report(view, store, now_ms);
    directory_free(directory);
    return code;
}

enum exit_code verb_report(struct cli *cli)
{
    struct view view = { .cli = cli };
    struct site site = { 0 };
    struct store *store;
    int64_t now_ms;
    uint64_t most;

    if (cli->argument_count && strcmp(cli->arguments[0], "sample") != 0) {
        cli_complain(cli, "lienthong report, hoặc lienthong report sample, không phải '%s'",
                     "lienthong report, or lienthong report sample, not '%s'", cli->arguments[0]);
        return EXIT_USAGE;
    }
    if (!options_fit(cli) || (cli->argument_count && !read_sample(cli, &most)) || !read_by(cli, &view) ||
        !format_ok(cli) || !read_now(cli, &now_ms) || !read_period(cli, now_ms, &view.period))
        return EXIT_USAGE;
    if ((!cli_option(cli, "store") || site_is_named(cli)) && !site_read(cli, &site))
        return EXIT_BROKEN;
    enum exit_code code = open_store(cli, &site, &store);
    if (code != EXIT_DONE)
        return code;
    code = with_store(cli, &view, store, &site, now_ms);
    store_close(store);
    report_free(&view.report);
    report_free(&view.report_before);
    free(view.ranks);
    free(view.ranks_before);
    free(view.known);
    return code;
}
