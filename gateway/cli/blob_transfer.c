#include "gateway/cli/blob_transfer.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/cli/connection.h"

enum { SHOW_FROM_BYTES = 4 << 20, SHOW_EVERY_MS = 200, WAIT_MS_MAX = 1000, MIB = 1 << 20 };

/* ---- progress */

static void show(struct blob_transfer *transfer, uint64_t done, uint64_t size)
{
    int64_t now_ms = clock_monotonic_ms();

    if (size < SHOW_FROM_BYTES || !isatty(STDERR_FILENO) || now_ms - transfer->shown_ms < SHOW_EVERY_MS)
        return;
    transfer->shown_ms = now_ms;
    fprintf(stderr, "\r%s: %" PRIu64 "%%, %" PRIu64 "/%" PRIu64 " MiB ", transfer->file, done * 100 / size, done / MIB,
            size / MIB);
}

static void show_end(struct blob_transfer *transfer)
{
    if (transfer->shown_ms)
        fputs("\r\033[K", stderr);              /* the line is cleared for what is said next */
    transfer->shown_ms = 0;
}

static bool on_progress(void *context, uint64_t done, uint64_t size)
{
    struct blob_transfer *transfer = context;

    show(transfer, done, size);
    if (transfer->lienthong && lienthong_process(transfer->lienthong) != RESULT_OK)
        return false;
    return !*transfer->stopping;
}

/* ---- transfers */

void blob_transfer_init(struct blob_transfer *ret_transfer, struct cli *cli, const struct site *site,
                        const struct lienthong_keys *keys, int64_t timeout_ms, const volatile sig_atomic_t *stopping)
{
    const char *named = cli_option(cli, "blob-endpoint");

    *ret_transfer = (struct blob_transfer){ .cli = cli, .timeout_ms = timeout_ms, .stopping = stopping };
    ret_transfer->options = (struct lienthong_blob_options){
        .endpoint = named ? named : site->blob_endpoint, .keys = *keys, .silent_ms = timeout_ms,
        .on_progress = on_progress, .context = ret_transfer };
}

static bool has_endpoint(const struct blob_transfer *transfer, struct lienthong_blob_refusal *ret_refusal)
{
    if (transfer->options.endpoint[0])
        return true;
    *ret_refusal = (struct lienthong_blob_refusal){ 0 };
    problem_set(&ret_refusal->problem, PROBLEM_INVALID_FIELD, "gateway.blob_endpoint",
                "Chưa biết gửi tệp đính kèm tới đâu: ghi vào lienthong.yaml, hoặc dùng --blob-endpoint.",
                "It is not known where attachments go: say so in lienthong.yaml, or use --blob-endpoint.");
    return false;
}

/* Until the gateway may be asked again. False: the time is over, or it is to stop. */
static bool wait_out(struct blob_transfer *transfer, int64_t retry_after_ms, int64_t until_ms)
{
    int64_t again_ms = clock_monotonic_ms() + retry_after_ms;

    while (clock_monotonic_ms() < again_ms) {
        if (*transfer->stopping || clock_monotonic_ms() >= until_ms)
            return false;
        int64_t left_ms = again_ms - clock_monotonic_ms(), wait_ms = left_ms < WAIT_MS_MAX ? left_ms : WAIT_MS_MAX;
        if (transfer->lienthong) {
            if (lienthong_wait(transfer->lienthong, wait_ms) != RESULT_OK)
                return false;
        } else
            (void)poll(NULL, 0, (int)wait_ms);
    }
    return true;
}

/* What was refused for now is tried again, as long as there is time for it. */
static bool is_to_go_on(struct blob_transfer *transfer, enum result result,
                        const struct lienthong_blob_refusal *refusal, int64_t until_ms)
{
    show_end(transfer);
    return result == RESULT_INVALID && refusal->retry_after_ms
        && wait_out(transfer, refusal->retry_after_ms, until_ms);
}

enum result blob_transfer_upload(struct blob_transfer *transfer, const char *path, struct hash *ret_sha256,
                                 uint64_t *ret_size, bool *ret_duplicate, struct lienthong_blob_refusal *ret_refusal)
{
    int64_t until_ms = clock_monotonic_ms() + transfer->timeout_ms;
    enum result result;

    if (!has_endpoint(transfer, ret_refusal))
        return RESULT_INVALID;
    transfer->file = path;
    do {
        result = lienthong_upload(&transfer->options, path, ret_sha256, ret_size, ret_duplicate, ret_refusal);
    } while (is_to_go_on(transfer, result, ret_refusal, until_ms));
    return result;
}

enum result blob_transfer_download(struct blob_transfer *transfer, const struct hash *sha256, const char *path,
                                   uint64_t *ret_size, struct lienthong_blob_refusal *ret_refusal)
{
    int64_t until_ms = clock_monotonic_ms() + transfer->timeout_ms;
    enum result result;

    if (!has_endpoint(transfer, ret_refusal))
        return RESULT_INVALID;
    transfer->file = path;
    do {
        result = lienthong_download(&transfer->options, sha256, path, ret_size, ret_refusal);
    } while (is_to_go_on(transfer, result, ret_refusal, until_ms));
    return result;
}

enum exit_code blob_transfer_complain(struct cli *cli, const char *file, enum result result,
                                      const struct lienthong_blob_refusal *refusal)
{
    const struct problem *problem = &refusal->problem;

    if (problem->type == PROBLEM_NONE)
        cli_complain(cli, "%s: %s%.0s", "%s: %.0s%s", file, problem->sentence_vi, problem->sentence_en);
    else
        cli_complain(cli, "%s: %s%.0s%s%s%s [%s]", "%s: %.0s%s%s%s%s [%s]", file, problem->sentence_vi,
                     problem->sentence_en, problem->field[0] ? " (" : "", problem->field,
                     problem->field[0] ? ")" : "", problem_uri(problem->type));
    return result == RESULT_INVALID || result == RESULT_NOT_FOUND ? EXIT_REFUSED
         : result == RESULT_BUSY ? EXIT_UNREACHABLE : EXIT_BROKEN;
}
