/* verb_submit.c - hand off what stands in JSON files, or what is dropped into a folder by a system that nobody may
 * modify.
 *
 * --watch DIR   a file NAME.json that is complete (unchanged for two seconds) is handed off. What was accepted goes to
 *               DIR/accepted, what was refused for good to DIR/refused with NAME.json.problem.json beside it. Until
 *               then it stays: after a crash it is handed off again under the same id, and is one. Files that it names
 *               as attachments are there before it is dropped, and stay where they are.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/base/pool.h"
#include "gateway/cli/blob_transfer.h"
#include "gateway/cli/connection.h"
#include "gateway/cli/keyfile.h"
#include "gateway/cli/print.h"
#include "gateway/cli/submission.h"

enum { SETTLED_MS = 2000, WATCH_FILES_MAX = 256 };

struct submitting {
    struct cli *cli;
    struct lienthong *lienthong;
    struct blob_transfer transfer;
    const char *sender;
    int64_t  timeout_ms;
    uint64_t waited_for;                    /* --wait: the handoff whose end is looked for */
    uint32_t state;
    json_t  *answers;                       /* --json */
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static void on_refused(void *context, const struct problem *problem)
{
    struct submitting *submitting = context;
    connection_complain(submitting->cli, problem);
}

static void on_found(void *context, uint64_t correlation, const Lienthong__V1__Found *found,
                     const struct problem *problem)
{
    struct submitting *submitting = context;
    (void)correlation, (void)problem;
    for (size_t i = 0; found && i < found->n_handoffs; i++)
        if (found->handoffs[i]->handoff_id == submitting->waited_for)
            submitting->state = found->handoffs[i]->state;
}

/* ---- what is said of one answer */

static json_t *json_of_answer(const char *name, const struct lienthong_answer *answer)
{
    char id[UUID_TEXT_SIZE], hash[HASH_TEXT_SIZE], link[HASH_TEXT_SIZE];
    uuid_text(&answer->message_id, id);
    if (!answer->accepted)
        return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:s}", "file", name, "message_id", id, "accepted", 0, "type",
                         problem_uri(answer->problem.type), "field", answer->problem.field, "sentence_vi",
                         answer->problem.sentence_vi, "sentence_en", answer->problem.sentence_en);
    hash_text(&answer->content_hash, hash);
    hash_text(&answer->link, link);
    return json_pack("{s:s, s:s, s:b, s:I, s:I, s:s, s:s, s:b, s:s, s:s}", "file", name, "message_id", id, "accepted",
                     1, "handoff_id", (json_int_t)answer->handoff_id, "commit_seq", (json_int_t)answer->commit_seq,
                     "content_hash", hash, "link", link, "duplicate", answer->duplicate, "state",
                     state_name(answer->state), "held_reason", answer->held_reason ? answer->held_reason : "");
}

static void print_answer(struct submitting *submitting, const char *name, const struct lienthong_answer *answer)
{
    struct cli *cli = submitting->cli;
    if (cli->json) {
        json_array_append_new(submitting->answers, json_of_answer(name, answer));
        return;
    }
    if (!answer->accepted) {
        fprintf(stderr, "%s: ", name);
        connection_complain(cli, &answer->problem);
        return;
    }
    printf(cli_say(cli, "%s: đã nhận, lượt %" PRIu64 ", commit_seq %" PRIu64 "%s, %s%s%s\n",
                   "%s: accepted, handoff %" PRIu64 ", commit_seq %" PRIu64 "%s, %s%s%s\n"),
           name, answer->handoff_id, answer->commit_seq,
           answer->duplicate ? cli_say(cli, " (đã gửi trước đây)", " (handed off before)") : "",
           state_label(cli, answer->state), answer->held_reason && answer->held_reason[0] ? ": " : "",
           answer->held_reason ? answer->held_reason : "");
    fflush(stdout);
}

/* --wait: until it is delivered, closed or needs a person. */
static enum exit_code wait_for_end(struct submitting *submitting, uint64_t handoff, const char *dossier)
{
    struct cli *cli = submitting->cli;
    int64_t until_ms = clock_monotonic_ms() + submitting->timeout_ms;
    uint64_t correlation;

    submitting->waited_for = handoff;
    submitting->state = 0;
    while (clock_monotonic_ms() < until_ms && !stopping) {
        if (lienthong_track(submitting->lienthong, dossier, &correlation) != RESULT_OK)
            return EXIT_BROKEN;
        int64_t again_ms = clock_monotonic_ms() + 300;
        while (clock_monotonic_ms() < again_ms)
            if (lienthong_wait(submitting->lienthong, again_ms - clock_monotonic_ms()) != RESULT_OK)
                return EXIT_BROKEN;
        if (submitting->state == STATE_FAILED || submitting->state == STATE_UNSURE
            || submitting->state >= STATE_DELIVERED)
            break;
    }
    if (!cli->json && submitting->state)
        printf(cli_say(cli, "lượt %" PRIu64 ": %s\n", "handoff %" PRIu64 ": %s\n"), handoff,
               state_label(cli, submitting->state));
    return submitting->state == STATE_DELIVERED ? EXIT_DONE
         : submitting->state == STATE_FAILED || submitting->state == STATE_CLOSED ? EXIT_REFUSED : EXIT_UNREACHABLE;
}

/* ---- one file */

static void folder_of_file(const char *path, char ret_folder[CLI_PATH_SIZE])
{
    const char *slash = strrchr(path, '/');
    struct text text = text_of(ret_folder, CLI_PATH_SIZE);
    text_add_span(&text, slash ? span_of(path, (size_t)(slash - path)) : span_of_string("."));
}

/* The submission of a file, its id set. False: ret_problem. */
static bool read_submission(struct submitting *submitting, const char *path, struct submission *ret_submission,
                            struct problem *ret_problem)
{
    char folder[CLI_PATH_SIZE];
    struct stat status;
    size_t size;
    char *text = cli_read_file(path, SUBMISSION_FILE_BYTES_MAX, &size);

    memset(ret_submission, 0, sizeof *ret_submission);
    if (!text) {
        problem_set(ret_problem, errno == EFBIG ? PROBLEM_TOO_LARGE : PROBLEM_INVALID_FIELD, "",
                    "không đọc được %s: %s",
                    "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    folder_of_file(path, folder);
    bool good = submission_read(span_of(text, size), folder, ret_submission, ret_problem);
    if (good && !ret_submission->header.message_id.len && stat(path, &status) == 0) {
        int64_t changed_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
        struct uuid id = submission_id(submitting->sender, changed_ms, span_of(text, size));
        submission_set_id(ret_submission, &id);
    }
    free(text);
    return good;
}

/* Attachments first: a handoff may name only what is there. RESULT_OK with false: ret_problem. */
static enum result upload_files(struct submitting *submitting, struct submission *submission, bool *ret_good,
                                struct problem *ret_problem)
{
    enum result result = RESULT_OK;

    for (size_t i = 0; i < submission->header.n_attachments && result == RESULT_OK; i++) {
        struct lienthong_blob_refusal refusal;
        struct hash sha256;
        uint64_t size;
        bool duplicate;
        if (!submission->files[i])
            continue;
        result = blob_transfer_upload(&submitting->transfer, submission->files[i], &sha256, &size, &duplicate,
                                      &refusal);
        if (result == RESULT_OK) {
            submission_uploaded(submission, i, &sha256, size);
            continue;
        }
        *ret_problem = refusal.problem;
        *ret_good = false;
        if ((result == RESULT_INVALID && !refusal.retry_after_ms) || result == RESULT_NOT_FOUND) {
            struct text field = text_of(ret_problem->field, sizeof ret_problem->field);
            text_add(&field, "attachments[%zu]%s%s", i, refusal.problem.field[0] ? "." : "", refusal.problem.field);
            if (ret_problem->type == PROBLEM_NONE)
                ret_problem->type = PROBLEM_INVALID_FIELD;
            return RESULT_OK;
        }
        (void)blob_transfer_complain(submitting->cli, submission->files[i], result, &refusal);
        result = result == RESULT_INVALID ? RESULT_BUSY : result;           /* refused for now, until now */
    }
    return result;
}

/* RESULT_BUSY: no answer in time. *ret_answer is a refusal of our own when the file cannot be read. */
static enum result submit_file(struct submitting *submitting, const char *path, struct lienthong_answer *ret_answer,
                               char ret_dossier[DOSSIER_CODE_SIZE])
{
    struct submission submission;
    memset(ret_answer, 0, sizeof *ret_answer);
    ret_dossier[0] = 0;
    bool good = read_submission(submitting, path, &submission, &ret_answer->problem);
    enum result result = good ? upload_files(submitting, &submission, &good, &ret_answer->problem) : RESULT_OK;
    if (good) {
        if (!span_to_string(span_of_string(submission.header.dossier_code), ret_dossier, DOSSIER_CODE_SIZE))
            ret_dossier[0] = 0;
        result = lienthong_submit_wait(submitting->lienthong, &submission.header, submission.payload,
                                       submitting->timeout_ms, ret_answer);
        if (result == RESULT_INVALID)                           /* the problem says which field */
            result = RESULT_OK;
    }
    submission_done(&submission);
    return result;
}

static enum exit_code submit_files(struct submitting *submitting)
{
    struct cli *cli = submitting->cli;
    enum exit_code worst = EXIT_DONE;
    for (size_t i = 0; i < cli->argument_count && !stopping; i++) {
        struct lienthong_answer answer;
        char dossier[DOSSIER_CODE_SIZE];
        enum result result = submit_file(submitting, cli->arguments[i], &answer, dossier);
        if (result != RESULT_OK) {
            cli_complain(cli, "%s: cổng không trả lời trong thời hạn; gửi lại tệp này là an toàn",
                         "%s: no answer in time; handing in this file again is safe", cli->arguments[i]);
            return result == RESULT_BUSY ? EXIT_UNREACHABLE : EXIT_BROKEN;
        }
        print_answer(submitting, cli->arguments[i], &answer);
        if (!answer.accepted)
            worst = EXIT_REFUSED;
        else if (cli_switch(cli, "wait")) {
            enum exit_code code = wait_for_end(submitting, answer.handoff_id, dossier);
            worst = code == EXIT_DONE ? worst : code;
        }
    }
    return worst;
}

/* ---- a watched folder */

struct watch {
    struct submitting *submitting;
    char folder[CLI_PATH_SIZE], accepted[CLI_PATH_SIZE], refused[CLI_PATH_SIZE];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Complete files, in order of name: whoever numbers its files has them handed off in that order. */
static size_t list_files(const struct watch *watch, char *names[WATCH_FILES_MAX])
{
    DIR *folder = opendir(watch->folder);
    struct dirent *entry;
    size_t count = 0;

    while (folder && count < WATCH_FILES_MAX && (entry = readdir(folder))) {
        char path[CLI_PATH_SIZE];
        struct stat status;
        size_t size = strlen(entry->d_name);
        if (entry->d_name[0] == '.' || size < 6 || strcmp(entry->d_name + size - 5, ".json") != 0
            || !cli_path(watch->folder, entry->d_name, path) || stat(path, &status) || !S_ISREG(status.st_mode)
            || clock_wall_ms() - (int64_t)status.st_mtim.tv_sec * 1000 < SETTLED_MS)
            continue;
        if ((names[count] = strdup(entry->d_name)))
            count++;
    }
    if (folder)
        closedir(folder);
    qsort(names, count, sizeof *names, by_name);
    return count;
}

static bool move_file(const struct watch *watch, const char *path, const char *name,
                      const struct lienthong_answer *answer)
{
    char to[CLI_PATH_SIZE], note[CLI_PATH_SIZE];
    struct cli *cli = watch->submitting->cli;

    if (!cli_path(answer->accepted ? watch->accepted : watch->refused, name, to))
        return false;
    if (!answer->accepted) {
        json_t *json = json_of_answer(name, answer);
        char *text = json_dumps(json, JSON_INDENT(2));
        struct text note_text = text_of(note, sizeof note);
        text_add(&note_text, "%s.problem.json", to);
        bool good = text && !note_text.cut && file_make(cli, note, text, 0600, true);
        pool_free(text);
        json_decref(json);
        if (!good)
            return false;
    }
    if (rename(path, to) == 0)
        return true;
    cli_complain(cli, "không chuyển được %s: %s", "cannot move %s: %s", path, strerror(errno));
    return false;
}

/* False: stop (the folder cannot be used). */
static bool watch_round(struct watch *watch)
{
    char *names[WATCH_FILES_MAX];
    size_t count = list_files(watch, names);
    bool good = true, answered = true;

    for (size_t i = 0; i < count; i++) {
        char path[CLI_PATH_SIZE], dossier[DOSSIER_CODE_SIZE];
        struct lienthong_answer answer;
        if (good && answered && !stopping && cli_path(watch->folder, names[i], path)) {
            answered = submit_file(watch->submitting, path, &answer, dossier) == RESULT_OK;
            if (answered) {
                print_answer(watch->submitting, names[i], &answer);
                good = move_file(watch, path, names[i], &answer);
            }
        }
        free(names[i]);
    }
    return good;
}

static enum exit_code watch_folder(struct submitting *submitting, const char *folder)
{
    struct watch watch = { .submitting = submitting };
    int64_t interval_ms;
    if (!cli_duration_ms(submitting->cli, "interval", 1000, &interval_ms))
        return EXIT_USAGE;
    if (!cli_path(".", folder, watch.folder) || !cli_path(watch.folder, "accepted", watch.accepted)
        || !cli_path(watch.folder, "refused", watch.refused) || !folder_ready(submitting->cli, watch.accepted)
        || !folder_ready(submitting->cli, watch.refused))
        return EXIT_BROKEN;
    while (!stopping) {
        if (!watch_round(&watch))
            return EXIT_BROKEN;
        int64_t until_ms = clock_monotonic_ms() + interval_ms;
        while (!stopping && clock_monotonic_ms() < until_ms)
            if (lienthong_wait(submitting->lienthong, until_ms - clock_monotonic_ms()) != RESULT_OK)
                return EXIT_BROKEN;
        if (submitting->cli->json && json_array_size(submitting->answers)) {
            cli_print_json(submitting->answers);
            (void)fflush(stdout);                           /* whoever reads our output waits for this round now */
            submitting->answers = json_array();
        }
    }
    return EXIT_DONE;
}

/* ---- the verb */

enum exit_code verb_submit(struct cli *cli)
{
    struct site site;
    struct lienthong_options options;
    struct submitting submitting = { .cli = cli, .sender = cli_option(cli, "as") };
    const char *folder = cli_option(cli, "watch");
    char words[512] = "";
    struct text why = text_of(words, sizeof words);

    if (!folder == !cli->argument_count) {
        cli_complain(cli, "cần một hay nhiều tệp, hoặc --watch THƯ-MỤC", "needs one or more files, or --watch DIR");
        return EXIT_USAGE;
    }
    if (!cli_duration_ms(cli, "timeout", 30000, &submitting.timeout_ms))
        return EXIT_USAGE;
    if (!site_read(cli, &site))
        return EXIT_BROKEN;
    enum exit_code code = connection_options(cli, &site, ROLE_SENDER, &options);
    if (code != EXIT_DONE)
        return code;
    options.keep_folder = cli_option(cli, "keep");
    if (options.keep_folder)
        options.agency = submitting.sender;         /* kept at once, also when the gateway has never answered yet */
    options.callbacks = (struct lienthong_callbacks){ .on_refused = on_refused, .on_found = on_found };
    options.context = &submitting;
    if (lienthong_open(&submitting.lienthong, &options, &why) != RESULT_OK) {
        cli_complain(cli, "không nối được: %s", "cannot connect: %s", words);
        return EXIT_BROKEN;
    }
    blob_transfer_init(&submitting.transfer, cli, &site, &options.keys, submitting.timeout_ms, &stopping);
    submitting.transfer.lienthong = submitting.lienthong;
    submitting.answers = json_array();
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    code = folder ? watch_folder(&submitting, folder) : submit_files(&submitting);
    lienthong_close(submitting.lienthong);
    if (cli->json)
        cli_print_json(submitting.answers);
    else
        json_decref(submitting.answers);
    return code;
}
