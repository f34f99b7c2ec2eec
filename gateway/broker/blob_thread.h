/* blob_thread.h - the one thread that touches the files of blobs, and the socket on which they come and go.
 *
 * Why        writing and syncing a gigabyte takes seconds, and reading it back as well; the loop has milliseconds. So
 *            the loop decides (blob_line.h), and this thread does. It knows no agency, no handoff and no record.
 * Order      an upload is written beside, its hash compared, synced, renamed, its folder synced; then the loop is told
 *            (KEEP), and only when that turn is on disk the uploader is (BLOB_STORED). A cut in between leaves a file
 *            that belongs to nothing; each start looks for such ones and removes them.
 * Bounds     BLOB_TRANSFERS_MAX at once, BLOB_TRANSFERS_OF_KEY_MAX of one key, BLOB_WINDOW chunks of an upload under
 *            way, and as many of a download as its reader asked for and its connection takes; a piece of every
 *            transfer in turn. An upload is not begun that would leave less than keep_free_bytes on the
 *            disk.
 * Failure    a full disk is a refusal; an I/O error while writing ends the gateway (blob_line_break()). A blob that
 *            cannot be read is refused and logged.
 */
#ifndef GATEWAY_BROKER_BLOB_THREAD_H
#define GATEWAY_BROKER_BLOB_THREAD_H

#include "gateway/broker/blob_line.h"
#include "gateway/store/blob_file.h"

struct blob_thread;
struct blob_thread_options {
    struct blob_line *line;
    void       *socket;                     /* bound; from here on the thread's, which closes it */
    const char *store_folder;
    uint64_t    keep_free_bytes;
};
/* FULL: no memory, no thread. BROKEN: the folder. The socket stays the caller's then. */
MUST_USE enum result blob_thread_start(struct blob_thread **ret_thread, const struct blob_thread_options *options,
                                       struct text *why);
/* After blob_line_stop(): waits for its end. Takes NULL. */
void blob_thread_join(struct blob_thread *thread);

#endif
