/* Hashes and uploads. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/client/blob_link.h"
#include "gateway/client/inside.h"

struct upload {
    struct blob_link link;
    int      fd;
    uint64_t size;
    struct hash sha256;
    uint32_t chunk_bytes;               /* 0: no credit yet */
    uint64_t next, until, count;        /* chunks */
    uint8_t *chunk;
};

/* All of it, unless the file ends before. -1: errno. */
static ssize_t read_fully(int fd, uint8_t *ret_bytes, size_t size, uint64_t offset)
{
    size_t read = 0;

    while (read < size) {
        ssize_t more = pread(fd, ret_bytes + read, size - read, (off_t)(offset + read));
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -1;
        if (more == 0)
            break;
        read += (size_t)more;
    }
    return (ssize_t)read;
}

enum result lienthong_blob_hash(int fd, struct hash *ret_sha256, uint64_t *ret_size)
{
    uint8_t bytes[BLOB_PIECE_BYTES];
    crypto_hash_sha256_state state;
    struct stat about;
    uint64_t size = 0;
    ssize_t read;

    if (fstat(fd, &about) != 0 || hash_start() != RESULT_OK)
        return RESULT_BROKEN;
    if (!S_ISREG(about.st_mode))
        return RESULT_INVALID;
    crypto_hash_sha256_init(&state);
    while ((read = read_fully(fd, bytes, sizeof bytes, size)) > 0) {
        crypto_hash_sha256_update(&state, bytes, (unsigned long long)read);
        size += (uint64_t)read;
    }
    if (read < 0)
        return RESULT_BROKEN;
    crypto_hash_sha256_final(&state, ret_sha256->bytes);
    *ret_size = size;
    return RESULT_OK;
}

/* ---- uploading */

/* Before anything is said to anybody. */
static enum result open_file(struct upload *upload, const char *path, struct lienthong_blob_refusal *refusal)
{
    /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
    struct stat about;
    upload->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (upload->fd < 0)
        return blob_refuse(refusal, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_INVALID, "Không đọc được tệp: %s.",
                           "The file cannot be read: %s.", strerror(errno));
    if (fstat(upload->fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > BLOB_BYTES_MAX) {
        problem_set(&refusal->problem, PROBLEM_TOO_LARGE, "size", "Tệp lớn hơn 1 GiB.",
                    "The file is larger than 1 GiB.");
        return RESULT_INVALID;
    }
    enum result result = lienthong_blob_hash(upload->fd, &upload->sha256, &upload->size);
    if (result == RESULT_INVALID)
        return blob_refuse(refusal, RESULT_INVALID, "Không phải là tệp thường.", "It is no regular file.");
    if (result != RESULT_OK)
        return blob_refuse(refusal, result, "Không đọc được tệp: %s.", "The file cannot be read: %s.",
                           strerror(errno));
    if (!upload->size || upload->size > BLOB_BYTES_MAX) {
        problem_set(&refusal->problem, upload->size ? PROBLEM_TOO_LARGE : PROBLEM_INVALID_FIELD, "size",
                    upload->size ? "Tệp lớn hơn 1 GiB." : "Tệp rỗng.",
                    upload->size ? "The file is larger than 1 GiB." : "The file is empty.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result say_put(struct upload *upload)
{
    Lienthong__V1__BlobPut put = LIENTHONG__V1__BLOB_PUT__INIT;

    put.sha256 = (ProtobufCBinaryData){ HASH_SIZE, upload->sha256.bytes };
    put.size = upload->size;
    return blob_link_say(&upload->link, LIENTHONG__V1__ENVELOPE__BODY_BLOB_PUT, &put);
}

/* RESULT_BUSY: the socket takes no more just now. */
static enum result say_chunk(struct upload *upload)
{
    Lienthong__V1__Chunk chunk = LIENTHONG__V1__CHUNK__INIT;
    struct lienthong_blob_refusal *refusal = upload->link.refusal;
    uint64_t offset = upload->next * upload->chunk_bytes;
    uint64_t left = upload->size - offset;
    size_t size = left < upload->chunk_bytes ? (size_t)left : upload->chunk_bytes;
    ssize_t read = read_fully(upload->fd, upload->chunk, size, offset);

    if (read < 0)
        return blob_refuse(refusal, RESULT_BROKEN, "Không đọc được tệp: %s.", "The file cannot be read: %s.",
                           strerror(errno));
    if ((size_t)read != size)
        return blob_refuse(refusal, RESULT_INVALID, "Tệp bị thay đổi trong khi gửi.",
                           "The file was changed while it was being sent.");
    chunk.number = upload->next;
    chunk.bytes = (ProtobufCBinaryData){ size, upload->chunk };
    return blob_link_say(&upload->link, LIENTHONG__V1__ENVELOPE__BODY_CHUNK, &chunk);
}

static enum result take_credit(struct upload *upload, const Lienthong__V1__BlobCredit *credit)
{
    struct lienthong_blob_refusal *refusal = upload->link.refusal;

    if (!upload->chunk_bytes) {
        if (!credit->chunk_bytes || credit->chunk_bytes > BLOB_CHUNK_BYTES_MAX)
            return blob_nonsense(refusal, "cỡ mảnh không hợp lệ", "the size of chunks is none");
        upload->chunk = malloc(credit->chunk_bytes);
        if (!upload->chunk)
            return blob_refuse(refusal, RESULT_FULL, "Hết bộ nhớ.", "No memory.");
        upload->chunk_bytes = credit->chunk_bytes;
        upload->count = (upload->size + credit->chunk_bytes - 1) / credit->chunk_bytes;
    } else if (credit->chunk_bytes && credit->chunk_bytes != upload->chunk_bytes)
        return blob_nonsense(refusal, "cỡ mảnh thay đổi giữa chừng", "the size of chunks has changed");
    if (credit->until > upload->until)
        upload->until = credit->until < upload->count ? credit->until : upload->count;
    return RESULT_OK;
}

static enum result take_stored(struct upload *upload, const Lienthong__V1__BlobStored *stored)
{
    struct hash sha256;

    if (!frame_hash(stored->sha256, &sha256) || !hash_equal(&sha256, &upload->sha256) || stored->size != upload->size)
        return blob_nonsense(upload->link.refusal, "xác nhận cho một tệp khác", "other content was stored");
    return RESULT_OK;
}

static enum result send_chunks(struct upload *upload)
{
    while (upload->next < upload->until) {
        enum result result = say_chunk(upload);
        if (result == RESULT_BUSY)
            return RESULT_OK;           /* blob_link_hear() tells when there is room again */
        if (result != RESULT_OK)
            return result;
        upload->next++;
        uint64_t sent = upload->next * upload->chunk_bytes;
        result = blob_link_progress(&upload->link, sent < upload->size ? sent : upload->size, upload->size);
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result transfer(struct upload *upload, bool *ret_duplicate)
{
    const Lienthong__V1__Envelope *envelope;
    enum result result = say_put(upload);

    if (result == RESULT_OK)
        result = blob_link_progress(&upload->link, 0, upload->size);
    while (result == RESULT_OK) {
        result = blob_link_hear(&upload->link, upload->next < upload->until, &envelope);
        if (result == RESULT_OK && envelope && envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_BLOB_STORED) {
            *ret_duplicate = envelope->blob_stored->duplicate;
            return take_stored(upload, envelope->blob_stored);
        }
        if (result == RESULT_OK && envelope)
            result = envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_BLOB_CREDIT
                   ? take_credit(upload, envelope->blob_credit)
                   : blob_nonsense(upload->link.refusal, "thông điệp không đúng chỗ", "a message has no place here");
        if (result == RESULT_OK)
            result = send_chunks(upload);
    }
    return result;
}

enum result lienthong_upload(const struct lienthong_blob_options *options, const char *path, struct hash *ret_sha256,
                             uint64_t *ret_size, bool *ret_duplicate, struct lienthong_blob_refusal *reterr_refusal)
{
    struct lienthong_blob_refusal unread, *refusal = reterr_refusal ? reterr_refusal : &unread;
    struct upload upload = { 0 };
    bool duplicate = false;

    *refusal = (struct lienthong_blob_refusal){ 0 };
    enum result result = open_file(&upload, path, refusal);
    if (result == RESULT_OK) {
        result = blob_link_open(&upload.link, options, refusal);
        if (result == RESULT_OK)
            result = transfer(&upload, &duplicate);
        blob_link_close(&upload.link, 0);
    }
    free(upload.chunk);
    if (upload.fd >= 0)
        close(upload.fd);
    if (result != RESULT_OK)
        return result;
    *ret_sha256 = upload.sha256;
    *ret_size = upload.size;
    *ret_duplicate = duplicate;
    return RESULT_OK;
}
