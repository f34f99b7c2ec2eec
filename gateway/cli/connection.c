#include "gateway/cli/connection.h"

#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/version.h"
#include "gateway/cli/print.h"
#include "gateway/cli/print_dossier.h"

void connection_complain(const struct cli *cli, const struct problem *problem)
{
    const char *sentence = cli_say(cli, problem->sentence_vi, problem->sentence_en);
    fprintf(stderr, "lienthong: %s%s%s%s [%s]\n", sentence, problem->field[0] ? " (" : "", problem->field,
            problem->field[0] ? ")" : "", problem_uri(problem->type));
}

enum exit_code connection_options(const struct cli *cli, const struct site *site, uint32_t roles,
                                  struct lienthong_options *ret_options)
{
    const char *agency = cli_option(cli, "as");
    char name[CLI_PATH_SIZE], secret[CLI_PATH_SIZE], words[512] = "";
    struct text file = text_of(name, sizeof name), why = text_of(words, sizeof words);

    if (!agency) {
        cli_complain(cli, "cần --as MÃ: thay mặt cơ quan nào?", "needs --as CODE: which agency speaks?");
        return EXIT_USAGE;
    }
    text_add(&file, "%s.secret", agency);
    *ret_options = (struct lienthong_options){ .endpoint = site->endpoint, .roles = roles,
                                               .software = "lienthong-cli " LIENTHONG_VERSION };
    if (file.cut || strchr(agency, '/') || !cli_path(site->keys, name, secret)) {
        cli_complain(cli, "mã cơ quan không dùng được: '%s'", "not a usable agency code: '%s'", agency);
        return EXIT_USAGE;
    }
    if (lienthong_keys_read(site->gateway_public_file, secret, &ret_options->keys, &why) == RESULT_OK)
        return EXIT_DONE;
    cli_complain(cli, "không dùng được khóa: %s", "the keys cannot be used: %s", words);
    return EXIT_BROKEN;
}

/* ---- track */

struct tracking {
    struct cli *cli;
    bool answered;
    enum exit_code code;
};

static void on_found(void *context, uint64_t correlation, const Lienthong__V1__Found *found,
                     const struct problem *problem)
{
    struct tracking *tracking = context;
    json_t *rows = json_array();

    (void)correlation;
    tracking->answered = true;
    if (problem) {
        connection_complain(tracking->cli, problem);
        tracking->code = EXIT_REFUSED;
    }
    if (found && !tracking->cli->json) {
        print_dossier(tracking->cli, found->dossier);
        print_collisions(tracking->cli, found->collisions, found->n_collisions);
        print_handoff_head(tracking->cli);
    }
    for (size_t i = 0; found && i < found->n_handoffs; i++) {
        if (tracking->cli->json)
            json_array_append_new(rows, json_of_handoff(found->handoffs[i]));
        else
            print_handoff_row(tracking->cli, found->handoffs[i]);
    }
    if (found && tracking->cli->json)
        cli_print_json(json_pack("{s:s, s:o, s:o, s:O, s:b}", "dossier_code", found->dossier_code, "dossier",
                                 json_of_dossier(found->dossier), "collisions",
                                 json_of_collisions(found->collisions, found->n_collisions), "handoffs", rows,
                                 "more", found->more));
    json_decref(rows);
}

static void on_refused(void *context, const struct problem *problem)
{
    struct tracking *tracking = context;
    connection_complain(tracking->cli, problem);
    tracking->answered = true;
    tracking->code = EXIT_REFUSED;
}

enum exit_code connection_track(struct cli *cli, const char *code)
{
    struct site site;
    struct lienthong_options options;
    struct lienthong *lienthong;
    struct tracking tracking = { .cli = cli, .code = EXIT_DONE };
    int64_t timeout_ms;
    uint64_t correlation;
    char words[512] = "";
    struct text why = text_of(words, sizeof words);

    if (!cli_duration_ms(cli, "timeout", 15000, &timeout_ms))
        return EXIT_USAGE;
    if (!site_read(cli, &site))
        return EXIT_BROKEN;
    enum exit_code result = connection_options(cli, &site, ROLE_SENDER, &options);
    if (result != EXIT_DONE)
        return result;
    options.callbacks = (struct lienthong_callbacks){ .on_found = on_found, .on_refused = on_refused };
    options.context = &tracking;
    if (lienthong_open(&lienthong, &options, &why) != RESULT_OK) {
        cli_complain(cli, "không nối được: %s", "cannot connect: %s", words);
        return EXIT_BROKEN;
    }
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    bool good = lienthong_track(lienthong, code, &correlation) == RESULT_OK;
    while (good && !tracking.answered && clock_monotonic_ms() < until_ms)
        good = lienthong_wait(lienthong, until_ms - clock_monotonic_ms()) == RESULT_OK;
    lienthong_close(lienthong);
    if (tracking.answered)
        return tracking.code;
    cli_complain(cli, "cổng không trả lời tại %s", "no answer from the gateway at %s", site.endpoint);
    return EXIT_UNREACHABLE;
}
