/* lienthong_blob.h - attachments: a file is uploaded to the gateway before the handoff that names it, and whoever was
 * delivered that handoff fetches it. The content is called by its SHA-256; that and the size stand in
 * Header.attachments.
 *
 * Blocking    each call makes a connection of its own to the gateway's endpoint for blobs (another than that of
 *             lienthong.h, with the same keys), does one transfer and closes it. on_progress() is called meanwhile, at
 *             least every half second, and ends it by giving false.
 * Promise     lienthong_upload() gives RESULT_OK only after the gateway has the whole content on its disk. Uploading
 *             again is safe: the same content is stored once. What no handoff has named within 7 days is deleted.
 *             lienthong_download() leaves the whole file under the asked name, checked against its SHA-256 and synced,
 *             or nothing; a file that is there already is never overwritten.
 * Memory      two chunks (64 KiB each as a rule, at most 1 MiB) however large the file is. A blob has at most 1 GiB.
 * Errors      reterr_refusal (may be NULL) has a sentence in both languages for whatever is not RESULT_OK.
 *             RESULT_INVALID    the gateway said no, or the file is not one that can be sent (empty, too large, no
 *                               regular file, changed meanwhile), or the place to write to is taken: the type says
 *                               which. With retry_after_ms the same may be asked again then; a download does so
 *                               itself, from where it stands, until nothing has come for silent_ms.
 *             RESULT_NOT_FOUND  the file to be sent is not there.
 *             RESULT_BUSY       silence: nothing came and nothing could be sent for silent_ms, or the line broke, or
 *                               on_progress() gave false. Call again.
 *             RESULT_FULL       no memory, or the disk that is written to is full.
 *             RESULT_BROKEN     a file or socket fails, or what came is not what the conversation allows: chunks out of
 *                               order, too much, another SHA-256.
 * Units       milliseconds (`_ms`), bytes.
 * Threads     any; a call shares nothing with another one but options.zmq_context.
 */
#ifndef GATEWAY_CLIENT_LIENTHONG_BLOB_H
#define GATEWAY_CLIENT_LIENTHONG_BLOB_H

#include "gateway/client/lienthong.h"

struct lienthong_blob_options {
    const char *endpoint;                   /* "tcp://127.0.0.1:7412" */
    struct lienthong_keys keys;
    int64_t     silent_ms;                  /* 0 = 30 s */
    /* Bytes that the gateway has been sent, or that have been written here, of how many; the size is 0 while it is not
     * known. False ends the call with RESULT_BUSY. May be NULL. */
    bool      (*on_progress)(void *context, uint64_t done, uint64_t size);
    void       *context;
    void       *zmq_context;                /* shared with other connections of the process; NULL: one of its own */
};

struct lienthong_blob_refusal {
    struct problem problem;                 /* PROBLEM_NONE with sentences: nobody said no, something failed */
    int64_t        retry_after_ms;          /* 0: the same will not be taken later either */
};

/* Of a whole regular file, from its beginning; where the descriptor stands does not matter and does not change.
 * RESULT_INVALID: no regular file. RESULT_BROKEN: it cannot be read. */
MUST_USE enum result lienthong_blob_hash(int fd, struct hash *ret_sha256, uint64_t *ret_size);

/* Reads the file twice: for its hash, and to send it. *ret_duplicate: this agency had uploaded it or been delivered it
 * before, so nothing was sent. */
MUST_USE enum result lienthong_upload(const struct lienthong_blob_options *options, const char *path,
                                      struct hash *ret_sha256, uint64_t *ret_size, bool *ret_duplicate,
                                      struct lienthong_blob_refusal *reterr_refusal);

/* Writes to a new file (0600) in the folder of `path`, and names it `path` when it is whole. After silence or a broken
 * line it connects again and goes on with the next chunk, three times at most without anything new in between. */
MUST_USE enum result lienthong_download(const struct lienthong_blob_options *options, const struct hash *sha256,
                                        const char *path, uint64_t *ret_size,
                                        struct lienthong_blob_refusal *reterr_refusal);

#endif
