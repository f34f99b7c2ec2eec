/* blob_transfer.h - files to the gateway's endpoint for blobs and back: what `upload`, `download` and `submit` share.
 * Where it is: --blob-endpoint, else gateway.blob_endpoint of lienthong.yaml. */
#ifndef GATEWAY_CLI_BLOB_TRANSFER_H
#define GATEWAY_CLI_BLOB_TRANSFER_H

#include <signal.h>

#include "gateway/cli/cli.h"
#include "gateway/client/lienthong_blob.h"

struct blob_transfer {
    struct cli *cli;
    struct lienthong_blob_options options;      /* endpoint "": nobody has said where it is */
    int64_t  timeout_ms;                        /* silence, and how long a refusal for now is waited out */
    const volatile sig_atomic_t *stopping;
    struct lienthong *lienthong;                /* a session that is kept alive meanwhile; NULL: none */
    const char *file;                           /* for progress on a terminal */
    int64_t  shown_ms;                          /* when a line of progress was written; 0: none stands there */
};

/* Texts are lent by `cli` and `site`; it must not be moved after that. */
void blob_transfer_init(struct blob_transfer *ret_transfer, struct cli *cli, const struct site *site,
                        const struct lienthong_keys *keys, int64_t timeout_ms, const volatile sig_atomic_t *stopping);
/* As those of lienthong_blob.h. What is refused for now is asked again until the time is over; a refusal that then
 * still has retry_after_ms is one for now. */
MUST_USE enum result blob_transfer_upload(struct blob_transfer *transfer, const char *path, struct hash *ret_sha256,
                                          uint64_t *ret_size, bool *ret_duplicate,
                                          struct lienthong_blob_refusal *ret_refusal);
MUST_USE enum result blob_transfer_download(struct blob_transfer *transfer, const struct hash *sha256, const char *path,
                                            uint64_t *ret_size, struct lienthong_blob_refusal *ret_refusal);
/* For a result that is not RESULT_OK: the sentence on standard error, and the exit code. */
enum exit_code blob_transfer_complain(struct cli *cli, const char *file, enum result result,
                                      const struct lienthong_blob_refusal *refusal);

#endif
