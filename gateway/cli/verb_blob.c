/* verb_blob.c - attachments by hand: to the gateway before a handoff names them, and back once they were delivered. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/blob_transfer.h"
#include "gateway/cli/connection.h"

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static enum exit_code begin(struct cli *cli, struct site *ret_site, struct blob_transfer *ret_transfer)
{
    struct lienthong_options options;
    int64_t timeout_ms;

    if (!cli_duration_ms(cli, "timeout", 30000, &timeout_ms))
        return EXIT_USAGE;
    if (!site_read(cli, ret_site))
        return EXIT_BROKEN;
    enum exit_code code = connection_options(cli, ret_site, ROLE_SENDER, &options);
    if (code != EXIT_DONE)
        return code;
    blob_transfer_init(ret_transfer, cli, ret_site, &options.keys, timeout_ms, &stopping);
    signal(SIGINT, on_signal);                  /* half a file is not left behind */
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    return EXIT_DONE;
}

static json_t *json_of_refusal(const char *file, const struct lienthong_blob_refusal *refusal)
{
    const struct problem *problem = &refusal->problem;
    return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s}", "file", file, "done", 0, "type",
                     problem->type == PROBLEM_NONE ? "" : problem_uri(problem->type), "field", problem->field,
                     "sentence_vi", problem->sentence_vi, "sentence_en", problem->sentence_en);
}

enum exit_code verb_upload(struct cli *cli)
{
    struct site site;
    struct blob_transfer transfer;
    enum exit_code code = begin(cli, &site, &transfer), worst = EXIT_DONE;

    if (code != EXIT_DONE)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < cli->argument_count && !stopping; i++) {
        struct lienthong_blob_refusal refusal;
        struct hash sha256;
        char hash[HASH_TEXT_SIZE];
        uint64_t size;
        bool duplicate;
        const char *file = cli->arguments[i];
        enum result result = blob_transfer_upload(&transfer, file, &sha256, &size, &duplicate, &refusal);
        if (result != RESULT_OK) {
            worst = blob_transfer_complain(cli, file, result, &refusal);
            json_array_append_new(rows, json_of_refusal(file, &refusal));
            if (worst != EXIT_REFUSED)
                break;                          /* the others would fare no better */
            continue;
        }
        hash_text(&sha256, hash);
        json_array_append_new(rows, json_pack("{s:s, s:b, s:s, s:I, s:b}", "file", file, "done", 1, "sha256", hash,
                                              "size", (json_int_t)size, "duplicate", duplicate));
        if (!cli->json)
            printf(cli_say(cli, "%s: đã lưu, %" PRIu64 " byte, sha256 %s%s\n",
                           "%s: stored, %" PRIu64 " bytes, sha256 %s%s\n"), file, size, hash,
                   duplicate ? cli_say(cli, " (đã có từ trước)", " (was there before)") : "");
    }
    if (cli->json)
        cli_print_json(rows);
    else
        json_decref(rows);
    return worst;
}

enum exit_code verb_download(struct cli *cli)
{
    struct site site;
    struct blob_transfer transfer;
    struct lienthong_blob_refusal refusal;
    struct hash sha256;
    uint64_t size;
    const char *hash = cli->arguments[0], *to = cli_option(cli, "to");

    if (!to) {
        cli_complain(cli, "cần --to TỆP: ghi vào đâu?", "needs --to FILE: where does it go?");
        return EXIT_USAGE;
    }
    if (!hex_read(span_of_string(hash), sha256.bytes, HASH_SIZE)) {
        cli_complain(cli, "không phải SHA-256 (64 chữ số hex): '%s'", "not a SHA-256 (64 hex digits): '%s'", hash);
        return EXIT_USAGE;
    }
    enum exit_code code = begin(cli, &site, &transfer);
    if (code != EXIT_DONE)
        return code;
    enum result result = blob_transfer_download(&transfer, &sha256, to, &size, &refusal);
    if (result != RESULT_OK) {
        if (cli->json)
            cli_print_json(json_of_refusal(to, &refusal));
        return blob_transfer_complain(cli, to, result, &refusal);
    }
    if (cli->json)
        cli_print_json(json_pack("{s:s, s:b, s:s, s:I}", "file", to, "done", 1, "sha256", hash, "size",
                                 (json_int_t)size));
    else
        printf(cli_say(cli, "%s: đã tải về, %" PRIu64 " byte\n", "%s: fetched, %" PRIu64 " bytes\n"), to, size);
    return EXIT_DONE;
}
