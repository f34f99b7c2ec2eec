/* verb_due.c - due: when something is due by the calendar, and how that came about. Asks nobody; the same engine as the
 * gateway's. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/cli/due.h"

/* ---------------------------------------------------------------- the calendar */

/* The folder whose calendar/ and hours.yaml are meant. False: complained. */
static bool folder_find(const struct cli *cli, char ret_folder[CLI_PATH_SIZE])
{
    struct site site;
    struct share share;
    char path[CLI_PATH_SIZE];

    if (site_is_named(cli)) {
        if (!site_read(cli, &site))
            return false;
        if (cli_path(site.directory, "hours.yaml", path) && access(path, F_OK) == 0)
            return span_to_string(span_of_string(site.directory), ret_folder, CLI_PATH_SIZE);
    }
    return share_find(cli, &share) && cli_path(share.networks, "hcmc-2023", ret_folder);
}

static bool calendar_take(const char *path, struct calendar *calendar, struct faults *faults)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return calendar_read_folder(path, path, calendar, faults);
    return calendar_read_file(path, path, calendar, faults);
}

static void read_all(const struct cli *cli, const char *folder, struct due_source *source, struct faults *faults)
{
    char path[CLI_PATH_SIZE];
    const char *named = cli_option_at(cli, "calendar", 0);
    struct text where = text_of(source->where, sizeof source->where);

    for (size_t i = 0; named; named = cli_option_at(cli, "calendar", ++i)) {
        text_add(&where, "%s%s", i ? ", " : "", named);
        (void)!calendar_take(named, source->calendar, faults);
    }
    if (!where.used && cli_path(folder, "calendar", path)) {
        text_add(&where, "%s", path);
        (void)!calendar_read_folder(path, path, source->calendar, faults);
    }
    if (cli_path(folder, "hours.yaml", path))
        (void)!hours_read_file(path, path, &source->hours, faults);
}

enum exit_code due_source_read(const struct cli *cli, struct due_source *ret_source)
{
    char folder[CLI_PATH_SIZE];
    struct faults faults;

    *ret_source = (struct due_source){ .calendar = calendar_new() };
    if (!ret_source->calendar || !folder_find(cli, folder) || faults_init(&faults) != RESULT_OK)
        return EXIT_BROKEN;
    read_all(cli, folder, ret_source, &faults);
    cli_print_faults(&faults);
    size_t count = faults.count;
    faults_done(&faults);
    return count ? EXIT_FAULTS : EXIT_DONE;
}

void due_source_free(struct due_source *source)
{
    calendar_free(source->calendar);
    hours_list_free(&source->hours);
}

void due_source_years(const struct due_source *source, struct text *text)
{
    const char *between = "";

    for (int year = CALENDAR_YEAR_MIN; year <= CALENDAR_YEAR_MAX; year++) {
        int last = year;
        if (!calendar_has_year(source->calendar, year))
            continue;
        while (calendar_has_year(source->calendar, last + 1))
            last++;
        text_add(text, "%s%d", between, year);
        if (last > year)
            text_add(text, "–%d", last);
        between = ", ";
        year = last;
    }
}

/* ---------------------------------------------------------------- the question */

/* "FROM..TO" of `size` bytes. */
static bool pause_read(const char *text, size_t size, struct deadline_pause *ret_pause)
{
    const char *dots = memmem(text, size, "..", 2);

    if (!dots)
        return false;
    size_t before = (size_t)(dots - text);
    return clock_read(span_of(text, before), &ret_pause->from_ms)
           && clock_read(span_of(dots + 2, size - before - 2), &ret_pause->to_ms)
           && ret_pause->from_ms <= ret_pause->to_ms;
}

bool due_pauses_read(const char *text, bool alone, struct deadline_pause pauses[DEADLINE_PAUSES_MAX], size_t *count)
{
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t size = alone ? strlen(text) : strcspn(text, " ");
        if (*count == DEADLINE_PAUSES_MAX || !pause_read(text, size, &pauses[*count]))
            return false;
        ++*count;
        text += size;
    }
    return true;
}

/* A name, or the hours themselves: what has a blank in it is no name. NULL: complained. */
static const struct hours *hours_find(const struct cli *cli, const struct due_source *source,
                                      struct hours *inline_hours)
{
    const char *named = cli_option(cli, "hours"), *why = NULL;
    const struct hours *hours = hours_list_find(&source->hours, named ? named : "std");

    if (hours)
        return hours;
    if (named && strchr(named, ' ')) {
        if (hours_read_week(named, inline_hours->counted, &why) && !(why = hours_fault(inline_hours)))
            return inline_hours;
        cli_complain(cli, "--hours '%s': %s", "--hours '%s': %s", named, why);
        return NULL;
    }
    char known[1024];
    struct text text = text_of(known, sizeof known);
    for (size_t i = 0; i < source->hours.count; i++)
        text_add(&text, "%s%s", i ? ", " : "", source->hours.hours[i].name);
    cli_complain(cli, "không có giờ làm việc '%s'; có: %s; hoặc viết thẳng \"Mon-Fri 07:30-11:30 13:00-17:00\"",
                 "no hours '%s'; known: %s; or write them out: \"Mon-Fri 07:30-11:30 13:00-17:00\"",
                 named ? named : "std", known);
    return NULL;
}

static bool question_read(const struct cli *cli, struct deadline *question,
                          struct deadline_pause pauses[DEADLINE_PAUSES_MAX])
{
    const char *arrival = cli_option(cli, "arrival"), *rule = cli_option(cli, "rule"), *pause;

    if (arrival && !clock_read(span_of_string(arrival), &question->arrival_ms)) {
        cli_complain(cli, "--arrival: '%s' không phải là một thời điểm có thật; viết như \"2026-03-02 16:30\"",
                     "--arrival: there is no such time as '%s'; write it like \"2026-03-02 16:30\"", arrival);
        return false;
    }
    if (!arrival) {
        cli_complain(cli, "cần --arrival \"2026-03-02 16:30\", hoặc --cases TỆP.tsv",
                     "needs --arrival \"2026-03-02 16:30\", or --cases FILE.tsv");
        return false;
    }
    if (!rule || !deadline_rule_read(rule, &question->rule)) {
        cli_complain(cli, "cần --rule: w3 (ngày làm việc), h8 (giờ làm việc), d30 (ngày), c15:00 (trước giờ đó thì "
                     "trong ngày) hoặc none; số từ 1 đến %d",
                     "needs --rule: w3 (working days), h8 (working hours), d30 (days), c15:00 (the same day when "
                     "before then) or none; numbers from 1 to %d", DEADLINE_COUNT_MAX);
        return false;
    }
    question->pauses = pauses;
    for (size_t i = 0; (pause = cli_option_at(cli, "pause", i)); i++) {
        if (due_pauses_read(pause, true, pauses, &question->pause_count))
            continue;
        cli_complain(cli, "--pause '%s': cần TỪ..ĐẾN, như 2026-03-03T08:00..2026-03-05T10:00, ĐẾN không trước TỪ, "
                     "tối đa %d lần",
                     "--pause '%s': FROM..TO is needed, as in 2026-03-03T08:00..2026-03-05T10:00, TO not before FROM, "
                     "at most %d of them", pause, DEADLINE_PAUSES_MAX);
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- the answer */

static void print_json(const struct due_source *source, const struct deadline *question, const struct due *due,
                       const struct deadline_trace *trace)
{
    char rule[DEADLINE_RULE_SIZE], counted[400], years[400];
    struct text text = text_of(counted, sizeof counted), loaded = text_of(years, sizeof years);

    deadline_rule_text(&question->rule, rule);
    hours_week_text(question->hours->counted, &text);
    due_source_years(source, &loaded);
    cli_print_json(json_pack("{s:o, s:b, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:I}",
        "due", due->none ? json_null() : due_time_json(due->due_ms),
        "provisional", due->unknown_year != 0,
        "provisional_from_year", due->unknown_year ? json_integer(due->unknown_year) : json_null(),
        "arrival", due_time_json(question->arrival_ms),
        "rule", rule, "hours", question->hours->name, "counted", counted,
        "counted_from", due->none ? json_null() : due_time_json(due->counted_from_ms),
        "calendar", source->where, "years", years,
        "notes", due_explain_json(source, trace), "notes_lost", (json_int_t)trace->lost));
}

static void print_words(const struct cli *cli, const struct due_source *source, const struct deadline *question,
                        const struct due *due, const struct deadline_trace *trace)
{
    char words[200], arrival[80], limit[160], counted[400], years[400];
    struct text text = text_of(words, sizeof words), arrived = text_of(arrival, sizeof arrival);
    struct text rule = text_of(limit, sizeof limit), week = text_of(counted, sizeof counted);
    struct text loaded = text_of(years, sizeof years);

    due_time_words(cli, question->arrival_ms, &arrived);
    due_rule_words(cli, &question->rule, &rule);
    hours_week_text(question->hours->counted, &week);
    due_source_years(source, &loaded);
    if (due->none)
        text_add(&text, "%s", cli_say(cli, "không có", "none"));
    else
        due_time_words(cli, due->due_ms, &text);
    printf("%s: %s%s\n", cli_say(cli, "Hẹn trả", "Due"), words,
           due->unknown_year ? cli_say(cli, " (TẠM TÍNH)", " (PROVISIONAL)") : "");
    printf("  %s %s; %s; %s%s%s\n", cli_say(cli, "tiếp nhận", "arrived"), arrival, limit,
           question->hours->name, question->hours->name[0] ? ": " : "", counted);
    due_explain(cli, source, &question->rule, trace);
    if (due->unknown_year)
        printf(cli_say(cli, "  - chưa có lịch từ năm %d: từ đó tính theo tuần làm việc thường, chưa trừ ngày lễ; nạp "
                       "lịch năm đó rồi tính lại\n",
                       "  - no calendar from %d on: from there the plain week was taken, without holidays; load that "
                       "year and ask again\n"), due->unknown_year);
    printf("%s: %s (%s)\n", cli_say(cli, "Lịch", "Calendar"), source->where,
           loaded.used ? years : cli_say(cli, "chưa có năm nào", "no year"));
}

static enum exit_code answer(const struct cli *cli, const struct due_source *source)
{
    struct deadline_pause pauses[DEADLINE_PAUSES_MAX];
    struct deadline question = { .calendar = source->calendar };
    struct hours inline_hours = { 0 };
    struct deadline_trace trace = { .count = 0 };
    struct due due;

    if (!question_read(cli, &question, pauses) || !(question.hours = hours_find(cli, source, &inline_hours)))
        return EXIT_USAGE;
    if (deadline_compute(&question, &due, &trace) != RESULT_OK) {
        cli_complain(cli, "thời điểm ngoài các năm %d–%d", "a time outside the years %d to %d", CALENDAR_YEAR_MIN,
                     CALENDAR_YEAR_MAX);
        return EXIT_USAGE;
    }
    if (cli->json)
        print_json(source, &question, &due, &trace);
    else
        print_words(cli, source, &question, &due, &trace);
    return EXIT_DONE;
}

enum exit_code verb_due(struct cli *cli)
{
    struct due_source source;
    const char *cases = cli_option(cli, "cases");
    enum exit_code code = due_source_read(cli, &source);

    if (code == EXIT_DONE)
        code = cases ? due_cases(cli, &source, cases) : answer(cli, &source);
    due_source_free(&source);
    return code;
}
