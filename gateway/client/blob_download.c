/* A download is a file of ours beside the asked name until all of it has come, and its hash is the asked one. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/client/blob_link.h"
#include "gateway/client/inside.h"

enum { PATH_SIZE = 4096, TRIES_MAX = 3, GOODBYE_MS = 200 };

struct download {
    struct blob_link link;
    struct hash sha256;
    const char *path;
    char     part[PATH_SIZE], folder[PATH_SIZE];
    int      fd;                        /* of the part; -1 none */
    uint64_t size, next, until, count;  /* size 0: not known yet; the others in chunks */
    uint32_t chunk_bytes;
    bool     found;                     /* on this connection */
    crypto_hash_sha256_state state;     /* of what has been written */
    struct lienthong_blob_refusal *refusal;
};

/* ---- files */

static enum result taken(struct download *download)
{
    problem_set(&download->refusal->problem, PROBLEM_CONFLICT, "path", "Tệp đã có; không ghi đè.",
                "The file is there already; it is not overwritten.");
    return RESULT_INVALID;
}

static enum result unwritten(struct download *download)
{
    int error = errno;
    return blob_refuse(download->refusal, error == ENOSPC || error == EDQUOT ? RESULT_FULL : RESULT_BROKEN,
                       "Không ghi được tệp: %s.", "The file cannot be written: %s.", strerror(error));
}

static enum result part_open(struct download *download)
{
    const char *slash = strrchr(download->path, '/'), *name = slash ? slash + 1 : download->path;
    struct text folder = text_of(download->folder, sizeof download->folder);
    struct text part = text_of(download->part, sizeof download->part);
    struct stat about;
    uint8_t random[8];

    if (hash_start() != RESULT_OK)
        return blob_refuse(download->refusal, RESULT_BROKEN, "Không có số ngẫu nhiên.", "No good randomness.");
    if (lstat(download->path, &about) == 0)
        return taken(download);
    if (slash == download->path)
        text_add(&folder, "/");
    else if (slash)
        text_add_span(&folder, span_of(download->path, (size_t)(slash - download->path)));
    else
        text_add(&folder, ".");
    randombytes_buf(random, sizeof random);
    text_add(&part, "%s/.lienthong-", download->folder);
    text_add_hex(&part, random, sizeof random);
    text_add(&part, ".part");
    if (!*name || part.cut)
        return blob_refuse(download->refusal, RESULT_INVALID, "Tên tệp không dùng được.",
                           "Not a usable name of a file.");
    download->fd = open(download->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return download->fd < 0 ? unwritten(download) : RESULT_OK;
}

static enum result part_write(struct download *download, struct span bytes)
{
    for (size_t written = 0; written < bytes.size;) {
        ssize_t more = write(download->fd, bytes.bytes + written, bytes.size - written);
        if (more < 0 && errno != EINTR)
            return unwritten(download);
        written += more > 0 ? (size_t)more : 0;
    }
    crypto_hash_sha256_update(&download->state, bytes.bytes, bytes.size);
    return RESULT_OK;
}

/* The part under its name; what is there stays. 0, or -1 with errno. */
static int name_part(const struct download *download)
{
    if (renameat2(AT_FDCWD, download->part, AT_FDCWD, download->path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system that cannot do that in one: a second name, and the first away. */
    return linkat(AT_FDCWD, download->part, AT_FDCWD, download->path, 0) == 0 ? unlink(download->part) : -1;
}

static enum result part_finish(struct download *download)
{
    struct hash sha256;

    crypto_hash_sha256_final(&download->state, sha256.bytes);
    if (!hash_equal(&sha256, &download->sha256))
        return blob_nonsense(download->refusal, "nội dung nhận được có SHA-256 khác", "what came has another SHA-256");
    if (fsync(download->fd) != 0)
        return unwritten(download);
    if (name_part(download) != 0)
        return errno == EEXIST ? taken(download) : unwritten(download);
    download->part[0] = 0;
    int folder = open(download->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && fsync(folder) == 0;
    enum result result = synced ? RESULT_OK : unwritten(download);
    if (folder >= 0)
        close(folder);
    return result;
}

/* ---- the conversation */

static enum result say_get(struct download *download)
{
    Lienthong__V1__BlobGet get = LIENTHONG__V1__BLOB_GET__INIT;

    download->until = download->next + BLOB_WINDOW;
    get.sha256 = (ProtobufCBinaryData){ HASH_SIZE, download->sha256.bytes };
    get.from = download->next;
    get.until = download->until;
    return blob_link_say(&download->link, LIENTHONG__V1__ENVELOPE__BODY_BLOB_GET, &get);
}

static enum result take_found(struct download *download, const Lienthong__V1__BlobFound *found)
{
    if (download->found)
        return blob_nonsense(download->refusal, "BLOB_FOUND hai lần", "BLOB_FOUND came twice");
    if (!found->size || found->size > BLOB_BYTES_MAX || !found->chunk_bytes ||
        found->chunk_bytes > BLOB_CHUNK_BYTES_MAX)
        return blob_nonsense(download->refusal, "cỡ tệp hoặc cỡ mảnh không hợp lệ", "a size is out of bounds");
    if (download->size && (found->size != download->size || found->chunk_bytes != download->chunk_bytes))
        return blob_nonsense(download->refusal, "cỡ tệp hoặc cỡ mảnh thay đổi giữa chừng", "a size has changed");
    download->found = true;
    download->size = found->size;
    download->chunk_bytes = found->chunk_bytes;
    download->count = (found->size + found->chunk_bytes - 1) / found->chunk_bytes;
    return blob_link_progress(&download->link, download->next * download->chunk_bytes, download->size);
}

static enum result take_chunk(struct download *download, const Lienthong__V1__Chunk *chunk)
{
    if (!download->found || chunk->number != download->next || chunk->number >= download->count ||
        chunk->number >= download->until)
        return blob_nonsense(download->refusal, "mảnh không đúng thứ tự", "a chunk out of order");
    uint64_t offset = download->next * download->chunk_bytes, left = download->size - offset;
    if (chunk->bytes.len != (left < download->chunk_bytes ? left : download->chunk_bytes))
        return blob_nonsense(download->refusal, "mảnh có cỡ khác", "a chunk of another size");
    enum result result = part_write(download, frame_span(chunk->bytes));
    if (result != RESULT_OK)
        return result;
    download->next++;
    return blob_link_progress(&download->link, offset + chunk->bytes.len, download->size);
}

/* More, when half of what may come has come. */
static enum result more_credit(struct download *download)
{
    Lienthong__V1__BlobCredit credit = LIENTHONG__V1__BLOB_CREDIT__INIT;

    if (download->until >= download->count || download->until - download->next > BLOB_WINDOW / 2)
        return RESULT_OK;
    credit.until = download->next + BLOB_WINDOW;
    enum result result = blob_link_say(&download->link, LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT, &credit);
    if (result == RESULT_OK)
        download->until = credit.until;
    return result == RESULT_BUSY ? RESULT_OK : result;  /* said with the next chunk, or when there is room */
}

/* One connection, from `next` on. */
static enum result receive(struct download *download)
{
    const Lienthong__V1__Envelope *envelope;
    enum result result = say_get(download);

    while (result == RESULT_OK && (!download->found || download->next < download->count)) {
        bool owes = download->found && download->until == download->next;   /* credit, or nothing more comes */
        result = blob_link_hear(&download->link, owes, &envelope);
        if (result == RESULT_OK && envelope)
            result = envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_BLOB_FOUND
                   ? take_found(download, envelope->blob_found)
                   : envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_CHUNK
                   ? take_chunk(download, envelope->chunk)
                   : blob_nonsense(download->refusal, "thông điệp không đúng chỗ", "a message has no place here");
        if (result == RESULT_OK && download->found)
            result = more_credit(download);
    }
    return result;
}

/* The gateway need not wait for a minute to know that nobody reads any more. */
static void say_end(struct download *download)
{
    Lienthong__V1__BlobCredit credit = LIENTHONG__V1__BLOB_CREDIT__INIT;
    struct lienthong_blob_refusal kept = *download->refusal;

    if (blob_link_say(&download->link, LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT, &credit) != RESULT_OK)
        *download->refusal = kept;
}

/* What is refused for now is asked for again from where it stands, as long as something has come within the silence
 * that is borne. RESULT_BUSY: to be asked for, or ended by on_progress(). */
static enum result wait_out(struct download *download, int64_t moved_ms)
{
    int64_t after_ms = download->refusal->retry_after_ms;

    if (!after_ms || clock_monotonic_ms() + after_ms > moved_ms + blob_link_silent_ms(&download->link))
        return RESULT_INVALID;
    blob_link_wait(&download->link, after_ms);
    return RESULT_BUSY;
}

static enum result receive_all(struct download *download, const struct lienthong_blob_options *options)
{
    enum result result = RESULT_BUSY;
    int64_t moved_ms = clock_monotonic_ms();

    for (int tries = 0; result == RESULT_BUSY && tries <= TRIES_MAX; tries++) {
        uint64_t before = download->next;
        download->found = false;
        download->refusal->retry_after_ms = 0;
        result = blob_link_open(&download->link, options, download->refusal);
        if (result == RESULT_OK)
            result = receive(download);
        bool ours = download->link.stopped || result == RESULT_FULL || result == RESULT_BROKEN;
        if (ours && download->found)
            say_end(download);
        blob_link_close(&download->link, ours ? GOODBYE_MS : 0);
        if (download->next > before) {
            tries = 0;                  /* something new came: the line is bad, and not dead */
            moved_ms = clock_monotonic_ms();
        }
        if (result == RESULT_INVALID && (result = wait_out(download, moved_ms)) == RESULT_BUSY)
            tries = 0;
        if (download->link.stopped)
            return result;
    }
    return result;
}

enum result lienthong_download(const struct lienthong_blob_options *options, const struct hash *sha256,
                               const char *path, uint64_t *ret_size, struct lienthong_blob_refusal *reterr_refusal)
{
    struct lienthong_blob_refusal unread, *refusal = reterr_refusal ? reterr_refusal : &unread;
    struct download download = { .sha256 = *sha256, .path = path, .fd = -1, .refusal = refusal };

    *refusal = (struct lienthong_blob_refusal){ 0 };
    crypto_hash_sha256_init(&download.state);
    enum result result = part_open(&download);
    if (result == RESULT_OK)
        result = receive_all(&download, options);
    if (result == RESULT_OK)
        result = part_finish(&download);
    if (download.fd >= 0) {
        close(download.fd);
        if (download.part[0])
            unlink(download.part);
    }
    if (result == RESULT_OK)
        *ret_size = download.size;
    return result;
}
