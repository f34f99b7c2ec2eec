/* verb_store.c - backup while the gateway goes on, and check-store on what stands still. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/words.h"
#include "gateway/cli/admin.h"
#include "gateway/cli/left_out.h"
#include "gateway/cli/print.h"
#include "gateway/store/store.h"

/* One of backup-begin and backup-end. */
static enum exit_code tell(struct admin_line *line, const char *verb, uint64_t covered_seq)
{
    Lienthong__V1__Admin admin = LIENTHONG__V1__ADMIN__INIT;
    Lienthong__V1__AdminReply *reply;
    admin.verb = (char *)(uintptr_t)verb;
    admin.covered_seq = covered_seq;
    enum exit_code code = admin_ask(line, &admin, &reply);
    if (code == EXIT_DONE)
        lienthong__v1__admin_reply__free_unpacked(reply, NULL);
    return code;
}

static enum exit_code copy(struct cli *cli, const char *store_folder, struct left_out_list *left_out,
                           uint64_t *ret_seq)
{
    struct store_options options = { .folder = store_folder, .read_only = true };
    char words[1024] = "";
    struct text why = text_of(words, sizeof words);
    struct store *store;

    enum result result = store_open(&store, &options, &why);
    if (result == RESULT_OK) {
        result = store_backup(store, cli->arguments[0], left_out_told(left_out), ret_seq, &why);
        store_close(store);
    }
    if (result == RESULT_OK)
        return EXIT_DONE;
    cli_complain(cli, "không sao lưu được: %s (%s)", "the backup failed: %s (%s)", words, result_name(result));
    return EXIT_BROKEN;
}

static void tell_backup(const struct cli *cli, const struct left_out_list *left_out, uint64_t seq)
{
    const char *folder = cli->arguments[0];
    size_t count = json_array_size(left_out->list);

    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:I, s:O}", "folder", folder, "covered_seq", (json_int_t)seq, "left_out",
                                 left_out->list));
        return;
    }
    printf(cli_say(cli, "%s: bản sao gồm mọi thứ đến commit_seq %" PRIu64 ".\n",
                   "%s: holds everything up to commit_seq %" PRIu64 ".\n"), folder, seq);
    if (count)
        printf(cli_say(cli, "Trừ %zu tệp đính kèm ở trên: ai còn giữ thì tải lên lại; bản sao trước có thể còn đủ.\n",
                       "All but the %zu attachments above: whoever has them can upload them again; an earlier backup "
                       "may have them.\n"), count);
    printf(cli_say(cli, "Kiểm tra bằng: lienthong check-store %s\n", "Check it: lienthong check-store %s\n"), folder);
}

enum exit_code verb_backup(struct cli *cli)
{
    struct left_out_list left_out;
    struct site site;
    uint64_t seq = 0;

    if (!site_read(cli, &site))
        return EXIT_BROKEN;
    struct admin_line *line = admin_open(cli);
    if (!line)
        return EXIT_UNREACHABLE;
    left_out = left_out_begin(cli);
    enum exit_code code = tell(line, "backup-begin", 0);
    if (code == EXIT_DONE) {
        const char *store = cli_option(cli, "store");
        code = copy(cli, store ? store : site.store, &left_out, &seq);
        /* Said also when the copy failed: the purge must go on. 0 covers nothing. */
        enum exit_code end = tell(line, "backup-end", seq);
        code = code == EXIT_DONE ? end : code;
    }
    admin_close(line);
    if (code == EXIT_DONE) {
        tell_backup(cli, &left_out, seq);
        code = left_out_code(&left_out);
    }
    json_decref(left_out.list);
    return code;
}

/* ---- check-store */

static void print_fault(void *context, const char *fault)
{
    (void)context;
    printf("%s\n", fault);
}

static void collect_fault(void *context, const char *fault)
{
    json_array_append_new(context, json_string(fault));
}

static void print_check(const struct cli *cli, const struct store_check *check)
{
    printf(cli_say(cli, "%" PRIu64 " dòng, %" PRIu64 " lượt giao–nhận, %" PRIu64 " sự kiện, %" PRIu64 " lượt ghi:",
                   "%" PRIu64 " rows, %" PRIu64 " handoffs, %" PRIu64 " events, %" PRIu64 " turns:"),
           check->rows, check->handoffs, check->events, check->turns);
    for (unsigned state = 1; state < STATE_END; state++)
        if (check->states[state])
            printf(" %s %" PRIu64, state_label(cli, state), check->states[state]);
    printf("\n%s", check->faults ? "" : cli_say(cli, "Không có lỗi nào.\n", "No fault.\n"));
    if (check->faults)
        printf(cli_say(cli, "%" PRIu64 " lỗi.\n", "%" PRIu64 " faults.\n"), check->faults);
}

enum exit_code verb_check_store(struct cli *cli)
{
    struct site site = { 0 };
    struct store_check check;
    char words[1024] = "";
    struct text why = text_of(words, sizeof words);
    struct store *store;
    json_t *faults = json_array();

    if (!cli->argument_count && !site_read(cli, &site)) {
        json_decref(faults);
        return EXIT_BROKEN;
    }
    struct store_options options = { .folder = cli->argument_count ? cli->arguments[0] : site.store,
                                     .read_only = true };
    enum result result = store_open(&store, &options, &why);
    if (result == RESULT_OK) {
        result = store_check(store, cli->json ? collect_fault : print_fault, faults, &check);
        store_close(store);
    }
    if (result != RESULT_OK) {
        cli_complain(cli, "không kiểm tra được kho %s: %s (%s)", "the store %s cannot be checked: %s (%s)",
                     options.folder, words, result_name(result));
        json_decref(faults);
        return EXIT_BROKEN;
    }
    if (cli->json)
        cli_print_json(json_pack("{s:I, s:I, s:I, s:I, s:O}", "rows", (json_int_t)check.rows, "handoffs",
                                 (json_int_t)check.handoffs, "events", (json_int_t)check.events, "turns",
                                 (json_int_t)check.turns, "faults", faults));
    else
        print_check(cli, &check);
    json_decref(faults);
    return check.faults ? EXIT_FAULTS : EXIT_DONE;
}
