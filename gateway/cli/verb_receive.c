/* verb_receive.c - a native receiver for systems without an adapter: each delivery as one line of JSON on standard
 * output, answered DELIVERED; or handed to a command, answered by its exit status.
 *
 *     0 DELIVERED   65 BAD_DATA   68 ORPHAN   75 LATER   77 REFUSED   78 MISCONFIGURED(agency)   3 ALREADY_THERE
 *     another status, or a signal: UNSURE, because nobody knows how far it got
 *
 * The command gets the JSON on its standard input; the first line it prints becomes the detail of the outcome (sealed
 * in the gateway's store). Commands run side by side, at most --credit of them; the line to the gateway is kept alive
 * meanwhile. On SIGINT or SIGTERM nothing new is taken, running commands are waited for, then it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/pool.h"
#include "gateway/cli/connection.h"
#include "gateway/cli/print.h"
#include "proto/content.h"

enum { CREDIT_DEFAULT = 4, RUNNING_MAX = 256, WORDS_SIZE = 400, POLL_MS_MAX = 500 };

struct running {
    pid_t    pid;                           /* 0: free */
    uint64_t handoff_id;
    uint32_t attempt;
    struct hash content_hash;
    int      to, from;                      /* our ends of its standard input and output; -1 closed */
    char    *input;
    size_t   input_size, input_sent;
    char     words[WORDS_SIZE];
    size_t   words_size;
};

struct receiving {
    struct cli *cli;
    struct lienthong *lienthong;
    const char *command;                    /* NULL: only print */
    uint64_t left;                          /* --count; UINT64_MAX without */
    bool     broken;
    size_t   running_count;
    struct running running[RUNNING_MAX];
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

/* ---- a delivery as JSON */

static json_t *json_of_payload(const char *content_type, const ProtobufCBinaryData *payload)
{
    json_t *tree = NULL;
    if (strstr(content_type, "json"))
        tree = json_loadb((const char *)payload->data, payload->len, JSON_DECODE_ANY, NULL);
    if (tree)
        return tree;
    tree = json_stringn((const char *)payload->data, payload->len);     /* NULL: not UTF-8 */
    return tree ? tree : json_pack("{s:o}", "hex", json_hex(payload));
}

/* To be fetched with `lienthong download`. */
static json_t *json_of_attachments(const Lienthong__V1__Header *header)
{
    json_t *list = json_array();

    for (size_t i = 0; i < header->n_attachments; i++) {
        const Lienthong__V1__Attachment *attachment = header->attachments[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:I, s:s}", "name", attachment->name, "component",
                                              attachment->component, "sha256", json_hex(&attachment->sha256), "size",
                                              (json_int_t)attachment->size, "media_type", attachment->media_type));
    }
    return list;
}

static json_t *json_of_delivery(const struct lienthong_delivery *delivery)
{
    const Lienthong__V1__Header *header = delivery->header;
    const Lienthong__V1__Routing *routing = delivery->deliver->routing;
    json_t *inputs = json_object(), *json = json_object();

    for (size_t i = 0; routing && i < routing->n_inputs; i++)
        json_object_set_new(inputs, routing->inputs[i]->step,
                            json_of_payload(routing->inputs[i]->content_type, &routing->inputs[i]->payload));
    json_object_set_new(json, "handoff_id", json_integer((json_int_t)delivery->handoff_id));
    json_object_set_new(json, "attempt", json_integer(delivery->attempt));
    json_object_set_new(json, "message_id", json_uuid(&header->message_id));
    json_object_set_new(json, "sender", json_string(header->sender));
    json_object_set_new(json, "recipient", json_string(routing ? routing->recipient : header->recipient));
    json_object_set_new(json, "dossier_code", json_string(header->dossier_code));
    json_object_set_new(json, "procedure_code", json_string(header->procedure_code));
    json_object_set_new(json, "step", json_string(routing && routing->step[0] ? routing->step : header->step));
    json_object_set_new(json, "procedure_version", json_string(routing ? routing->procedure_version : ""));
    json_object_set_new(json, "kind", json_string(kind_name(header->kind)));
    json_object_set_new(json, "source_time", json_time(header->source_time_ms));
    json_object_set_new(json, "parent", json_integer((json_int_t)header->parent));
    json_object_set_new(json, "due", json_time(routing ? routing->due_ms : 0));
    json_object_set_new(json, "idempotency_key", json_string(routing ? routing->idempotency_key : ""));
    json_object_set_new(json, "ask_first", json_boolean(routing && routing->ask_first));
    json_object_set_new(json, "attachments", json_of_attachments(header));
    json_object_set_new(json, "content_type", json_string(header->content_type));
    json_object_set_new(json, "inputs", inputs);
    json_object_set_new(json, "payload", json_of_payload(header->content_type, &delivery->deliver->payload));
    return json;
}

/* ---- answering */

static void answer(struct receiving *receiving, uint64_t handoff_id, uint32_t attempt, enum verdict verdict,
                   const struct hash *content_hash, const char *words, const char *fingerprint)
{
    struct lienthong_outcome outcome = {
        .handoff_id = handoff_id, .attempt = attempt, .verdict = verdict, .detail = words, .content_hash = content_hash,
        .fingerprint = fingerprint, .scope = verdict == VERDICT_MISCONFIGURED ? SCOPE_AGENCY : 0,
    };
    if (lienthong_outcome(receiving->lienthong, &outcome) != RESULT_OK)
        receiving->broken = true;
}

static enum verdict verdict_of_status(int status)
{
    static const struct { int code; enum verdict verdict; } known[] = {
        { 0, VERDICT_DELIVERED }, { 3, VERDICT_ALREADY_THERE }, { 65, VERDICT_BAD_DATA }, { 68, VERDICT_ORPHAN },
        { 75, VERDICT_LATER }, { 77, VERDICT_REFUSED }, { 78, VERDICT_MISCONFIGURED },
    };
    for (size_t i = 0; WIFEXITED(status) && i < sizeof known / sizeof *known; i++)
        if (known[i].code == WEXITSTATUS(status))
            return known[i].verdict;
    return VERDICT_UNSURE;
}

/* ---- commands */

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static pid_t start_command(const char *command, int to[2], int from[2])
{
    pid_t pid = fork();
    if (pid)
        return pid;
    setpgid(0, 0);                                          /* a Ctrl-C for us is none for work that is going on */
    if (dup2(to[0], STDIN_FILENO) < 0 || dup2(from[1], STDOUT_FILENO) < 0)
        _exit(127);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static bool run_command(struct receiving *receiving, struct running *running)
{
    int to[2], from[2] = { -1, -1 };
    if (pipe2(to, O_CLOEXEC) < 0)
        return false;
    if (pipe2(from, O_CLOEXEC) < 0 || (running->pid = start_command(receiving->command, to, from)) < 0) {
        close(to[0]), close(to[1]), close_end(&from[0]), close_end(&from[1]);
        running->pid = 0;
        return false;
    }
    close(to[0]), close(from[1]);
    running->to = to[1];
    running->from = from[0];
    (void)fcntl(running->to, F_SETFL, O_NONBLOCK);
    (void)fcntl(running->from, F_SETFL, O_NONBLOCK);
    receiving->running_count++;
    return true;
}

static struct running *free_slot(struct receiving *receiving)
{
    for (size_t i = 0; i < RUNNING_MAX; i++)
        if (!receiving->running[i].pid)
            return &receiving->running[i];
    return NULL;
}

static void on_deliver(void *context, struct lienthong_delivery *delivery)
{
    struct receiving *receiving = context;
    struct hash hash = content_hash(delivery->header, span_of(delivery->deliver->payload.data,
                                                              delivery->deliver->payload.len));
    json_t *json = json_of_delivery(delivery);
    struct running *slot = free_slot(receiving);
    char *line = json_dumps(json, JSON_COMPACT);

    if (stopping || !receiving->left || !line || (receiving->command && !slot))
        answer(receiving, delivery->handoff_id, delivery->attempt, VERDICT_LATER, NULL, "", "receiver-stopping");
    else if (!receiving->command) {
        puts(line);
        bool written = fflush(stdout) == 0;
        answer(receiving, delivery->handoff_id, delivery->attempt, written ? VERDICT_DELIVERED : VERDICT_UNSURE, &hash,
               "", written ? "" : "receiver-output");
        receiving->left -= receiving->left != UINT64_MAX;
    } else {
        *slot = (struct running){ .handoff_id = delivery->handoff_id, .attempt = delivery->attempt,
                                  .content_hash = hash, .to = -1, .from = -1, .input = line,
                                  .input_size = strlen(line) };
        line = NULL;
        receiving->left -= receiving->left != UINT64_MAX;
        if (!run_command(receiving, slot)) {
            answer(receiving, delivery->handoff_id, delivery->attempt, VERDICT_LATER, NULL, "", "receiver-fork");
            pool_free(slot->input);
            slot->input = NULL;
        }
    }
    pool_free(line);
    json_decref(json);
    lienthong_delivery_free(delivery);
}

static void feed(struct running *running)
{
    while (running->to >= 0 && running->input_sent < running->input_size) {
        ssize_t size = write(running->to, running->input + running->input_sent,
                             running->input_size - running->input_sent);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return;
        if (size < 0)                                       /* it does not want to read all of it: its business */
            break;
        running->input_sent += (size_t)size;
    }
    close_end(&running->to);
}

static void listen_to(struct running *running)
{
    char bytes[4096];
    ssize_t size;
    while (running->from >= 0 && (size = read(running->from, bytes, sizeof bytes)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return;
        if (size < 0)
            break;
        size_t room = sizeof running->words - 1 - running->words_size;
        size_t taken = (size_t)size < room ? (size_t)size : room;
        memcpy(running->words + running->words_size, bytes, taken);
        running->words_size += taken;
    }
    close_end(&running->from);
}

/* Its end is its exit: a grandchild that keeps the pipe open does not hold up the answer. */
static void reap(struct receiving *receiving, struct running *running)
{
    int status;
    if (waitpid(running->pid, &status, WNOHANG) != running->pid)
        return;
    listen_to(running);
    close_end(&running->to);
    close_end(&running->from);
    running->words[running->words_size] = 0;
    running->words[strcspn(running->words, "\r\n")] = 0;
    if (!span_is_utf8(span_of_string(running->words)))
        running->words[0] = 0;
    enum verdict verdict = verdict_of_status(status);
    char fingerprint[40];
    struct text text = text_of(fingerprint, sizeof fingerprint);
    text_add(&text, WIFEXITED(status) ? "exec-exit-%d" : "exec-signal-%d",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    answer(receiving, running->handoff_id, running->attempt, verdict, &running->content_hash, running->words,
           fingerprint);
    pool_free(running->input);
    *running = (struct running){ 0 };
    receiving->running_count--;
}

/* ---- the loop */

static size_t poll_list(struct receiving *receiving, struct pollfd list[1 + 2 * RUNNING_MAX])
{
    size_t count = 0;
    list[count++] = (struct pollfd){ .fd = lienthong_fd(receiving->lienthong), .events = POLLIN };
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        if (!receiving->running[i].pid)
            continue;
        list[count++] = (struct pollfd){ .fd = receiving->running[i].from, .events = POLLIN };
        list[count++] = (struct pollfd){ .fd = receiving->running[i].to, .events = POLLOUT };
    }
    return count;
}

static enum exit_code loop(struct receiving *receiving)
{
    static struct pollfd list[1 + 2 * RUNNING_MAX];
    bool paused = false;

    while (!receiving->broken && ((!stopping && receiving->left) || receiving->running_count)) {
        if ((stopping || !receiving->left) && !paused)
            paused = lienthong_credit(receiving->lienthong, 0) == RESULT_OK;
        int64_t wait_ms = lienthong_due_ms(receiving->lienthong) - clock_monotonic_ms();
        /* A child's end does not wake poll by itself when its pipes were closed before. */
        int most = receiving->running_count ? 20 : POLL_MS_MAX;
        (void)poll(list, poll_list(receiving, list), wait_ms < 0 ? 0 : wait_ms < most ? (int)wait_ms : most);
        if (lienthong_process(receiving->lienthong) != RESULT_OK)
            return EXIT_BROKEN;
        for (size_t i = 0; i < RUNNING_MAX; i++)
            if (receiving->running[i].pid) {
                feed(&receiving->running[i]);
                listen_to(&receiving->running[i]);
                reap(receiving, &receiving->running[i]);
            }
    }
    /* The last answers are not on the gateway's disk before they are acknowledged. */
    int64_t until_ms = clock_monotonic_ms() + 5000;
    struct lienthong_status status;
    for (lienthong_status(receiving->lienthong, &status); status.outcomes_open && clock_monotonic_ms() < until_ms;
         lienthong_status(receiving->lienthong, &status))
        if (lienthong_wait(receiving->lienthong, 100) != RESULT_OK)
            return EXIT_BROKEN;
    return receiving->broken ? EXIT_BROKEN : EXIT_DONE;
}

static void on_refused(void *context, const struct problem *problem)
{
    struct receiving *receiving = context;
    connection_complain(receiving->cli, problem);
}

static bool read_kinds(const struct cli *cli, uint32_t *ret_kinds)
{
    const char *named = cli_option(cli, "kinds");
    char *list = named ? strdup(named) : NULL, *at = list, *word;
    bool good = true;
    *ret_kinds = 0;
    while (good && at && (word = strsep(&at, ","))) {
        enum kind kind = kind_read(word);
        good = kind != 0;
        if (good)
            *ret_kinds |= KIND_BIT(kind);
        else
            cli_complain(cli, "--kinds: không biết '%s'", "--kinds: '%s' is not known", word);
    }
    free(list);
    return good;
}

enum exit_code verb_receive(struct cli *cli)
{
    static struct receiving receiving;
    struct site site;
    struct lienthong_options options;
    uint64_t credit = CREDIT_DEFAULT;
    uint32_t kinds;
    const char *count_text = cli_option(cli, "count");
    char words[512] = "";
    struct text why = text_of(words, sizeof words);

    receiving = (struct receiving){ .cli = cli, .command = cli_option(cli, "exec"), .left = UINT64_MAX };
    if (!cli_number_within(cli, "credit", 1, RUNNING_MAX, &credit) ||
         (count_text && !cli_number(cli, "--count", count_text, &receiving.left)) || !read_kinds(cli, &kinds))
        return EXIT_USAGE;
    if (!site_read(cli, &site))
        return EXIT_BROKEN;
    enum exit_code code = connection_options(cli, &site, ROLE_RECEIVER, &options);
    if (code != EXIT_DONE)
        return code;
    options.kinds = kinds;
    options.credit = (uint32_t)(credit < receiving.left ? credit : receiving.left);
    options.callbacks = (struct lienthong_callbacks){ .on_deliver = on_deliver, .on_refused = on_refused };
    options.context = &receiving;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    if (lienthong_open(&receiving.lienthong, &options, &why) != RESULT_OK) {
        cli_complain(cli, "không nối được: %s", "cannot connect: %s", words);
        return EXIT_BROKEN;
    }
    code = loop(&receiving);
    lienthong_close(receiving.lienthong);
    return code;
}
