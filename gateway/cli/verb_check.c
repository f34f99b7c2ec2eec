/* verb_check.c - check-config and test-rule: configuration looked at before it meets a dossier. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/kinds/cases.h"
#include "adapters/kinds/config.h"
#include "gateway/base/clock.h"
#include "gateway/cli/cli.h"
#include "gateway/directory/directory.h"

/* ---- check-config */

enum { ADAPTERS_MAX = 16 };

/* The adapter configurations that were named, and whom they serve: lent by them. */
struct adapters {
    struct adapter_config *configs[ADAPTERS_MAX];
    size_t count;
    struct served *served;              /* NULL: no configuration could be read */
    size_t served_count;
};

static void check_directory(const struct cli *cli, const char *folder, const struct adapters *adapters,
                            struct faults *faults)
{
    char bytes[8192];
    struct text text = text_of(bytes, sizeof bytes);
    struct directory *directory = directory_read_served(folder, clock_wall_ms(), adapters->served,
                                                        adapters->served_count, faults);
    if (!directory)
        return;
    directory_describe(directory, &text);
    if (!cli->json)
        printf("%s:\n%s", folder, bytes);
    directory_free(directory);
}

/* `path` is lent for as long as the adapters are. */
static void adapter_add(const struct cli *cli, const char *path, const char *rules, struct adapters *adapters,
                        struct faults *faults)
{
    struct adapter_config *config = adapters->count < ADAPTERS_MAX ? adapter_config_read(path, rules, faults) : NULL;
    struct served *more;

    if (adapters->count == ADAPTERS_MAX)
        faults_add(faults, path, 0, "more than %d adapter configurations", ADAPTERS_MAX);
    if (!config)
        return;
    adapters->configs[adapters->count++] = config;
    more = realloc(adapters->served, (adapters->served_count + config->agency_count + 1) * sizeof *more);
    if (!more) {
        faults_add(faults, path, 0, "there is no memory to read it");
        return;
    }
    adapters->served = more;
    for (size_t i = 0; i < config->agency_count; i++)
        more[adapters->served_count++] =
            (struct served){ config->agencies[i].code, path, config->agencies[i].line };
    if (!cli->json)
        printf(cli_say(cli, "%s: %zu cơ quan\n", "%s: %zu agencies\n"), path, config->agency_count);
}

static void adapters_done(struct adapters *adapters)
{
    for (size_t i = 0; i < adapters->count; i++)
        adapter_config_free(adapters->configs[i]);
    free(adapters->served);
}

enum exit_code verb_check_config(struct cli *cli)
{
    struct faults faults;
    struct site site = { 0 };
    struct share share = { 0 };
    struct adapters adapters = { 0 };
    char inside[CLI_PATH_SIZE], adapter[CLI_PATH_SIZE], rules[CLI_PATH_SIZE] = "";
    const char *folder = cli->argument_count ? cli->arguments[0] : NULL, *named;

    if (!folder && !site_read(cli, &site))
        return EXIT_BROKEN;
    if (!folder)
        folder = site.folder;
    if (cli_option(cli, "adapter") && !share_find(cli, &share))
        return EXIT_BROKEN;
    if (faults_init(&faults) != RESULT_OK)
        return EXIT_BROKEN;
    /* A folder made by `init` holds the directory and the adapter's file; any other is a directory itself. */
    bool whole = cli_path(folder, "directory", inside) && access(inside, R_OK) == 0;
    if (whole && cli_path(folder, "adapter.yaml", adapter) && access(adapter, R_OK) == 0
        && cli_path(folder, "rules", rules))
        adapter_add(cli, adapter, rules, &adapters, &faults);
    for (size_t i = 0; (named = cli_option_at(cli, "adapter", i)) != NULL; i++)
        adapter_add(cli, named, share.rules, &adapters, &faults);
    check_directory(cli, whole ? inside : folder, &adapters, &faults);
    adapters_done(&adapters);
    size_t count = faults.count;
    if (cli->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < faults.kept; i++)
            json_array_append_new(list, json_string(faults.lines[i]));
        cli_print_json(json_pack("{s:I, s:o}", "count", (json_int_t)count, "faults", list));
    } else {
        cli_print_faults(&faults);
        if (count)
            printf(cli_say(cli, "%zu lỗi: chưa dùng được.\n", "%zu faults: not usable.\n"), count);
        else
            printf("%s\n", cli_say(cli, "Không có lỗi.", "No fault."));
    }
    faults_done(&faults);
    return count ? EXIT_FAULTS : EXIT_DONE;
}

/* ---- test-rule */

static void print_case(void *context, const struct case_result *result)
{
    const struct cli *cli = context;
    if (result->passed)
        return;
    printf(cli_say(cli, "dòng %d (%s %s, %s): cần %s, được %s theo %s\n",
                   "line %d (%s %s, %s): expected %s, got %s by %s\n"),
           result->line, result->dialect, result->call, result->spelling, result->expected, result->got,
           result->where[0] ? result->where : "-");
}

static enum exit_code run_cases(struct cli *cli, const struct rulebook *book, const char *path, struct faults *faults)
{
    struct cases_count count = { 0 };
    enum result result = cases_run(book, path, path, faults, print_case, cli, &count);
    cli_print_faults(faults);
    if (result == RESULT_BROKEN)
        return EXIT_BROKEN;
    if (cli->json)
        cli_print_json(json_pack("{s:I, s:I, s:I}", "rows", (json_int_t)count.rows, "passed", (json_int_t)count.passed,
                                 "failed", (json_int_t)count.failed));
    else
        printf(cli_say(cli, "%zu câu trả lời, mỗi câu bốn cách viết: %zu đúng, %zu sai\n",
                       "%zu answers, each in four spellings: %zu passed, %zu failed\n"),
               count.rows, count.passed, count.failed);
    return result == RESULT_OK && !count.failed ? EXIT_DONE : EXIT_FAULTS;
}

/* The words of one question on the command line. */
static bool read_question(struct cli *cli, struct question *question, char **ret_body)
{
    const char *call = cli_option(cli, "call"), *kind = cli_option(cli, "kind"),
               *class = cli_option(cli, "class"), *attempt = cli_option(cli, "attempt"),
               *body = cli_option(cli, "body"), *file = cli_option(cli, "body-file");
    uint64_t status = 200, attempts = 1;
    size_t size = body ? strlen(body) : 0;

    question->call = call_read(call ? call : "create");
    question->kind = kind_read(kind ? kind : "FORWARD");
    question->agency_class = agency_class_read(class ? class : "IDEMPOTENT");
    if (!question->call || !question->kind || !question->agency_class) {
        cli_complain(cli, "không biết --%s '%s'; lienthong test-rule --help",
                     "--%s '%s' is not known; lienthong test-rule --help",
                     !question->call ? "call" : !question->kind ? "kind" : "class",
                     !question->call ? call : !question->kind ? kind : class);
        return false;
    }
    if (!cli_number_within(cli, "http", 100, 599, &status)
        || (attempt && !cli_number(cli, "--attempt", attempt, &attempts)))
        return false;
    *ret_body = file ? cli_read_file(file, RESPONSE_BYTES_LIMIT, &size) : strdup(body ? body : "");
    if (!*ret_body) {
        cli_complain(cli, "không đọc được %s: %s", "cannot read %s: %s", file, strerror(errno));
        return false;
    }
    question->attempt = (uint32_t)attempts;
    question->dossier_code = question->idempotency_key = "";
    question->answer = (struct http_answer){ .http_status = (int)status, .body = span_of(*ret_body, size),
                                             .retry_after_ms = -1 };
    return true;
}

static enum exit_code judge(struct cli *cli, const struct rulebook *book, struct faults *faults)
{
    struct question question = { 0 };
    struct judgement judgement;
    const char *dialect = cli_option(cli, "dialect"), *before = cli_option(cli, "before");
    char *body = NULL, text[CASE_TEXT_SIZE];

    if (!dialect) {
        cli_complain(cli, "cần --dialect TÊN, hoặc --cases TỆP.tsv", "needs --dialect NAME, or --cases FILE.tsv");
        return EXIT_USAGE;
    }
    struct rules *rules = rules_build(book, dialect, &before, before ? 1 : 0, NULL, faults);
    cli_print_faults(faults);
    if (!rules)
        return EXIT_FAULTS;
    if (!read_question(cli, &question, &body)) {
        rules_free(rules);
        return EXIT_USAGE;
    }
    rules_judge(rules, &question, &judgement);
    case_text(&judgement, text);
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "result", text, "scope",
                                 judgement.scope ? scope_name(judgement.scope) : "", "field", judgement.field, "value",
                                 judgement.value, "reason", judgement.reason, "fingerprint", judgement.fingerprint,
                                 "where", judgement.where));
    else
        printf("%s%s%s\n  %s\n  %s: %s, %s\n", text, judgement.scope ? " " : "",
               judgement.scope ? scope_name(judgement.scope) : "", judgement.reason,
               cli_say(cli, "quy tắc", "rule"), judgement.where[0] ? judgement.where : "-", judgement.fingerprint);
    rules_free(rules);
    free(body);
    return EXIT_DONE;
}

enum exit_code verb_test_rule(struct cli *cli)
{
    const char *folder = cli_option(cli, "rules"), *cases = cli_option(cli, "cases");
    struct faults faults;
    struct share share;

    if (!folder && !share_find(cli, &share))
        return EXIT_BROKEN;
    if (faults_init(&faults) != RESULT_OK)
        return EXIT_BROKEN;
    struct rulebook *book = rulebook_open(folder ? folder : share.rules, &faults);
    enum exit_code code = EXIT_FAULTS;
    if (!book || faults.count)
        cli_print_faults(&faults);
    else
        code = cases ? run_cases(cli, book, cases, &faults) : judge(cli, book, &faults);
    rulebook_close(book);
    faults_done(&faults);
    return code;
}
