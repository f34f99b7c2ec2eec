/* verb_paper.c - paper: the papers of a dossier, and the register of an agency, as a page to print or as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/cli/paper_gather.h"
#include "gateway/cli/print.h"

static enum exit_code print_kinds(const struct cli *cli)
{
    json_t *kinds = json_array();

    for (unsigned kind = 1; kind < PAPER_END; kind++) {
        const struct paper_info *info = &paper_infos[kind];
        json_array_append_new(kinds, json_pack("{s:s, s:s, s:s, s:b, s:b}", "kind", info->word, "vi", info->vi, "en",
                                               info->en, "copy", (int)info->copy, "opens", (int)info->opens));
        if (cli->json)
            continue;
        printf("  ");
        print_padded(info->word, 20);
        print_padded(cli_say(cli, info->vi, info->en), 60);
        printf("%s\n", cli_say(cli, info->en, info->vi));
    }
    if (cli->json)
        cli_print_json(json_pack("{s:O}", "papers", kinds));
    else
        printf("\n%s\n", cli_say(cli,
            "lienthong paper LOẠI MÃ-HỒ-SƠ; lienthong paper register MÃ-CƠ-QUAN --from NGÀY [--to NGÀY]",
            "lienthong paper KIND DOSSIER; lienthong paper register AGENCY --from DAY [--to DAY]"));
    json_decref(kinds);
    return EXIT_DONE;
}

/* ---- where it goes */

static bool write_paper(FILE *out, enum paper_kind kind, const json_t *paper, bool as_json)
{
    if (as_json) {
        json_dumpf(paper, out, JSON_INDENT(2));
        fputc('\n', out);
    } else {
        paper_html(out, kind, paper);
    }
    return fflush(out) == 0 && !ferror(out);
}

/* Readable by its owner only, for it may hold what an agency wrote about a person; and there as a whole or not at all.
 * False: errno says why. */
static bool write_file(const char *path, enum paper_kind kind, const json_t *paper, bool as_json)
{
    char beside[CLI_PATH_SIZE];
    struct text text = text_of(beside, sizeof beside);

    text_add(&text, "%s.new-%ld", path, (long)getpid());
    if (text.cut) {
        errno = ENAMETOOLONG;
        return false;
    }
    int descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!out)
        return false;
    bool good = write_paper(out, kind, paper, as_json) && fsync(descriptor) == 0;
    good = fclose(out) == 0 && good && rename(beside, path) == 0;
    int error = errno;
    if (!good)
        (void)unlink(beside);
    errno = error;
    return good;
}

static enum exit_code put_out(const struct cli *cli, enum paper_kind kind, const json_t *paper, bool as_json)
{
    const char *path = cli_option(cli, "out");

    if (path ? write_file(path, kind, paper, as_json) : write_paper(stdout, kind, paper, as_json))
        return EXIT_DONE;
    cli_complain(cli, "không ghi được %s: %s", "cannot write %s: %s", path ? path : "stdout", strerror(errno));
    return EXIT_BROKEN;
}

/* ---- what is asked for */

/* html unless --format json or --json. False with a message. */
static bool read_format(const struct cli *cli, bool *ret_json)
{
    const char *format = cli_option(cli, "format");

    *ret_json = format ? strcmp(format, "json") == 0 : cli->json;
    if (!format || *ret_json || strcmp(format, "html") == 0)
        return true;
    cli_complain(cli, "--format: html hoặc json, không phải '%s'", "--format: html or json, not '%s'", format);
    return false;
}

/* Days, both included. False with a message. */
static bool read_days(const struct cli *cli, int64_t *ret_from_ms, int64_t *ret_to_ms)
{
    const char *from = cli_option(cli, "from"), *to = cli_option(cli, "to");
    const int64_t day_ms = 24 * 3600 * 1000;

    if (!to)
        to = from;
    if (from && strlen(from) == 10 && strlen(to) == 10 && clock_read(span_of_string(from), ret_from_ms)
        && clock_read(span_of_string(to), ret_to_ms) && *ret_from_ms <= *ret_to_ms) {
        *ret_to_ms += day_ms;
        return true;
    }
    cli_complain(cli, "sổ theo dõi cần --from NGÀY [--to NGÀY], dạng 2026-03-02, ngày đầu không sau ngày cuối",
                 "the register needs --from DAY [--to DAY], such as 2026-03-02, the first not after the last");
    return false;
}

static enum exit_code make_register(struct cli *cli, const char *agency, bool as_json)
{
    int64_t from_ms, to_ms;
    json_t *paper = NULL;

    if (!read_days(cli, &from_ms, &to_ms))
        return EXIT_USAGE;
    enum exit_code code = gather_register(cli, agency, from_ms, to_ms, &paper);
    if (code == EXIT_DONE)
        code = put_out(cli, PAPER_REGISTER, paper, as_json);
    json_decref(paper);
    return code;
}

static enum exit_code make_paper(struct cli *cli, enum paper_kind kind, const char *dossier, bool as_json)
{
    const char *number = cli_option(cli, "handoff"), *why = cli_option(cli, "reason");
    struct gathering *gathering = NULL;
    uint64_t handoff_id = 0;
    char reason[600];
    struct text text = text_of(reason, sizeof reason);

    if (number && !cli_number(cli, "--handoff", number, &handoff_id))
        return EXIT_USAGE;
    text_add(&text, "lập giấy tờ %s%s%s", paper_infos[kind].word, why ? ": " : "", why ? why : "");
    enum exit_code code = gather_paper(cli, kind, dossier, handoff_id, reason, &gathering);
    if (code != EXIT_DONE)
        return code;
    json_t *paper = paper_json(gathered(gathering));
    code = put_out(cli, kind, paper, as_json);
    json_decref(paper);
    gathering_free(gathering);
    return code;
}

enum exit_code verb_paper(struct cli *cli)
{
    bool as_json;

    if (cli->argument_count == 0)
        return print_kinds(cli);
    enum paper_kind kind = paper_read(cli->arguments[0]);
    if (!kind) {
        cli_complain(cli, "không có loại giấy tờ '%s'; lienthong paper liệt kê các loại",
                     "there is no paper '%s'; lienthong paper lists them", cli->arguments[0]);
        return EXIT_USAGE;
    }
    if (cli->argument_count < 2) {
        cli_complain(cli, "%s cần một mã: lienthong paper %s MÃ", "%s needs a code: lienthong paper %s CODE",
                     cli->arguments[0], cli->arguments[0]);
        return EXIT_USAGE;
    }
    if (!read_format(cli, &as_json))
        return EXIT_USAGE;
    return kind == PAPER_REGISTER ? make_register(cli, cli->arguments[1], as_json)
                                  : make_paper(cli, kind, cli->arguments[1], as_json);
}
