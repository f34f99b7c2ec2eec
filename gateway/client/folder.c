/* One file per message, named by its id:
 *
 *     <id>.new                        being written: never sent, removed at the next open
 *     <id>.waiting-<number>           no answer yet; it is there, synced, before the SUBMIT leaves. Numbers rise
 *     <id>.accepted-<epoch>-<seq>-<handoff>   until commit_seq <seq> is covered in that epoch; without its handoff id
 *                                     when an earlier version kept it
 *     <name>.corrupt                  was one of those, and is not what was written: for a person to look at
 *     lock                            one process at a time
 *
 * In it: "LTK1", the SHA-256 of the frame, the frame. Only its number (the correlation) is of one process and is put in
 * anew. A state changes by renaming; a rename that a crash undoes makes a repetition, which does no harm. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/client/inside.h"

#define MAGIC "LTK1"
enum { MAGIC_SIZE = 4, HEAD_SIZE = MAGIC_SIZE + HASH_SIZE, NAME_SIZE = 128, CORRELATION_AT = 1, VARINT_SIZE = 10 };

static void name_of(const struct message *message, char ret_name[NAME_SIZE])
{
    char id[UUID_TEXT_SIZE];
    struct text name = text_of(ret_name, NAME_SIZE);

    uuid_text(&message->id, id);
    if (!message->accepted)
        text_add(&name, "%s.waiting-%" PRIu64, id, message->number);
    else
        text_add(&name, "%s.accepted-%" PRIu32 "-%" PRIu64, id, message->epoch, message->commit_seq);
    if (message->accepted && message->handoff_id)
        text_add(&name, "-%" PRIu64, message->handoff_id);
}

static bool read_name(const char *name, struct message *ret_message)
{
    char again[NAME_SIZE];
    struct message message = { 0 };

    if (strlen(name) < UUID_TEXT_SIZE || !uuid_read(span_of(name, UUID_TEXT_SIZE - 1), &message.id))
        return false;
    if (sscanf(name + UUID_TEXT_SIZE - 1, ".waiting-%" SCNu64, &message.number) != 1)
        message.number = 0;
    message.accepted = sscanf(name + UUID_TEXT_SIZE - 1, ".accepted-%" SCNu32 "-%" SCNu64 "-%" SCNu64,
                              &message.epoch, &message.commit_seq, &message.handoff_id) >= 2;
    name_of(&message, again);
    if (strcmp(name, again) != 0)
        return false;
    *ret_message = message;
    return true;
}

/* ---- writing */

static bool write_all(int fd, const void *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t written = write(fd, (const char *)bytes + at, size - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += (size_t)written;
    }
    return true;
}

enum result folder_write(struct lienthong *lienthong, const struct message *message, zmq_msg_t *frame)
{
    char name[NAME_SIZE], temporary[NAME_SIZE], text_id[UUID_TEXT_SIZE];
    struct text text = text_of(temporary, sizeof temporary);

    if (!lienthong->folder)
        return RESULT_OK;
    uuid_text(&message->id, text_id);
    text_add(&text, "%s.new", text_id);
    name_of(message, name);
    int fd = openat(lienthong->folder_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? RESULT_FULL : RESULT_BROKEN;
    struct hash hash = hash_of(span_of(zmq_msg_data(frame), zmq_msg_size(frame)));
    bool ok = write_all(fd, MAGIC, MAGIC_SIZE) && write_all(fd, hash.bytes, HASH_SIZE) &&
              write_all(fd, zmq_msg_data(frame), zmq_msg_size(frame)) && fsync(fd) == 0;
    int error = errno;
    ok = close(fd) == 0 && ok;
    if (ok && renameat(lienthong->folder_fd, temporary, lienthong->folder_fd, name) == 0 &&
        fsync(lienthong->folder_fd) == 0)
        return RESULT_OK;
    unlinkat(lienthong->folder_fd, temporary, 0);
    unlinkat(lienthong->folder_fd, name, 0);
    return !ok && (error == ENOSPC || error == EDQUOT) ? RESULT_FULL : RESULT_BROKEN;
}

void folder_accepted(struct lienthong *lienthong, const struct message *message, const struct message *before)
{
    char from[NAME_SIZE], to[NAME_SIZE];

    if (!lienthong->folder)
        return;
    name_of(before, from);
    name_of(message, to);
    renameat(lienthong->folder_fd, from, lienthong->folder_fd, to);     /* not done: a repetition after a restart */
}

void folder_remove(struct lienthong *lienthong, const struct message *message)
{
    char name[NAME_SIZE];

    if (!lienthong->folder)
        return;
    name_of(message, name);
    unlinkat(lienthong->folder_fd, name, 0);
}

/* ---- reading */

static void set_aside(struct lienthong *lienthong, const char *name)
{
    char other[NAME_SIZE + 16];
    struct text text = text_of(other, sizeof other);

    text_add(&text, "%s.corrupt", name);
    renameat(lienthong->folder_fd, name, lienthong->folder_fd, other);
    lienthong->set_aside++;
}

/* Whole, checked against its hash. RESULT_INVALID: not what was written. *ret_bytes is the caller's to free. */
static enum result read_file(struct lienthong *lienthong, const char *name, uint8_t **ret_bytes, size_t *ret_size)
{
    struct stat about;
    size_t size = 0;
    uint8_t *bytes = NULL;
    ssize_t got = 1;
    int fd = openat(lienthong->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? RESULT_INVALID : RESULT_BROKEN;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size <= HEAD_SIZE ||
        about.st_size > HEAD_SIZE + FRAME_BYTES_MAX) {
        close(fd);
        return RESULT_INVALID;
    }
    bytes = malloc((size_t)about.st_size);
    while (bytes && size < (size_t)about.st_size && got > 0) {
        got = read(fd, bytes + size, (size_t)about.st_size - size);
        got = got < 0 && errno == EINTR ? 1 : got;
        size += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (!bytes)
        return RESULT_FULL;
    struct hash hash = hash_of(span_of(bytes + HEAD_SIZE, size > HEAD_SIZE ? size - HEAD_SIZE : 0));
    if (size != (size_t)about.st_size || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0 ||
        memcmp(bytes + MAGIC_SIZE, hash.bytes, HASH_SIZE) != 0) {
        free(bytes);
        return RESULT_INVALID;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return RESULT_OK;
}

/* A frame of ours is: version, tag 0x08, the number as a varint, the rest. Where the rest begins; 0: no such frame. */
static size_t rest_of(struct span frame)
{
    size_t at = CORRELATION_AT + 1;

    if (frame.size < at + 2 || frame.bytes[0] != FRAME_VERSION || frame.bytes[CORRELATION_AT] != 0x08)
        return 0;
    while (at < frame.size && at < CORRELATION_AT + VARINT_SIZE && frame.bytes[at] & 0x80)
        at++;
    return at + 1 < frame.size ? at + 1 : 0;
}

static enum result frame_with_number(struct span frame, uint64_t number, zmq_msg_t *ret_frame)
{
    uint8_t head[CORRELATION_AT + 1 + VARINT_SIZE] = { FRAME_VERSION, 0x08 };
    size_t head_size = CORRELATION_AT + 1, rest = rest_of(frame);

    if (!rest)
        return RESULT_INVALID;
    for (; number >= 0x80; number >>= 7)
        head[head_size++] = (uint8_t)(number | 0x80);
    head[head_size++] = (uint8_t)number;
    if (zmq_msg_init_size(ret_frame, head_size + frame.size - rest) != 0)
        return RESULT_FULL;
    uint8_t *bytes = zmq_msg_data(ret_frame);
    memcpy(bytes, head, head_size);
    memcpy(bytes + head_size, frame.bytes + rest, frame.size - rest);
    return RESULT_OK;
}

enum result folder_read(struct lienthong *lienthong, struct message *message)
{
    char name[NAME_SIZE];
    uint8_t *bytes;
    size_t size;
    zmq_msg_t frame;

    must(lienthong->folder);
    name_of(message, name);
    enum result result = read_file(lienthong, name, &bytes, &size);
    if (result == RESULT_OK) {
        result = frame_with_number(span_of(bytes + HEAD_SIZE, size - HEAD_SIZE), message->request.correlation, &frame);
        free(bytes);
    }
    if (result == RESULT_INVALID)
        set_aside(lienthong, name);
    if (result != RESULT_OK)
        return result;
    zmq_msg_move(&message->request.frame, &frame);
    zmq_msg_close(&frame);
    message->said_id = 0;
    return RESULT_OK;
}

/* ---- opening */

/* Accepted ones first, as they were accepted; then the waiting ones as they were written. */
static int earlier(const void *left, const void *right)
{
    const struct message *a = left, *b = right;

    if (a->accepted != b->accepted)
        return a->accepted ? -1 : 1;
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch ? -1 : 1;
    if (a->commit_seq != b->commit_seq)
        return a->commit_seq < b->commit_seq ? -1 : 1;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return memcmp(&a->id, &b->id, sizeof a->id);
}

static bool ends_with(const char *string, const char *end)
{
    size_t size = strlen(string), end_size = strlen(end);
    return size >= end_size && strcmp(string + size - end_size, end) == 0;
}

static enum result list_files(struct lienthong *lienthong, struct message **ret_found, size_t *ret_count)
{
    struct message *found = NULL;
    size_t count = 0, room = 0;
    int copy = dup(lienthong->folder_fd);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;

    if (!folder) {
        if (copy >= 0)
            close(copy);
        return RESULT_BROKEN;
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct message one;
        struct stat about;
        if (ends_with(entry->d_name, ".new"))
            unlinkat(lienthong->folder_fd, entry->d_name, 0);
        if (!read_name(entry->d_name, &one) ||
            fstatat(lienthong->folder_fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        one.bytes = about.st_size > HEAD_SIZE ? (size_t)about.st_size - HEAD_SIZE : 0;
        if (one.number > lienthong->last_ticket && one.number < OTHERS_FROM / 2)
            lienthong->last_ticket = one.number;                /* what is written from here on comes later */
        if (count == room) {
            struct message *more = count < KEPT_FILES_MAX
                               ? realloc(found, (room = room ? room * 2 : 64) * sizeof *found) : NULL;
            if (!more) {
                free(found);
                closedir(folder);
                return RESULT_FULL;
            }
            found = more;
        }
        found[count++] = one;
    }
    closedir(folder);
    *ret_found = found;
    *ret_count = count;
    return RESULT_OK;
}

/* Into memory goes only what is known about the message. A waiting one is read once to see that it can be sent. */
static enum result load(struct lienthong *lienthong, const struct message *file)
{
    struct message *message;
    zmq_msg_t nothing;

    if (keep_find(lienthong, &file->id)) {              /* waiting and accepted: cannot come from us */
        char name[NAME_SIZE];
        name_of(file, name);
        set_aside(lienthong, name);
        return RESULT_OK;
    }
    zmq_msg_init(&nothing);
    enum result result = keep_add(lienthong, &file->id, &nothing, &message);
    if (result != RESULT_OK)
        return result;
    message->accepted = file->accepted;
    message->epoch = file->epoch;
    message->commit_seq = file->commit_seq;
    message->handoff_id = file->handoff_id;
    message->number = file->number;
    message->bytes = file->bytes;
    lienthong->bytes += file->bytes;
    if (file->accepted) {
        list_append(&lienthong->kept, &message->request.node);
        return RESULT_OK;
    }
    message->answer_due = true;
    lienthong->unanswered++;
    list_append(&lienthong->queue, &message->request.node);
    result = folder_read(lienthong, message);
    zmq_msg_close(&message->request.frame);
    zmq_msg_init(&message->request.frame);
    if (result == RESULT_INVALID) {
        keep_remove(lienthong, message);
        result = RESULT_OK;
    }
    return result;
}

enum result folder_open(struct lienthong *lienthong, struct text *why)
{
    struct message *found = NULL;
    size_t count = 0;
    enum result result;

    if (!lienthong->folder)
        return RESULT_OK;
    if (mkdir(lienthong->folder, 0700) != 0 && errno != EEXIST) {
        text_add(why, "%s: cannot be made: %s", lienthong->folder, strerror(errno));
        return RESULT_BROKEN;
    }
    lienthong->folder_fd = open(lienthong->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lienthong->folder_fd >= 0)
        lienthong->lock_fd = openat(lienthong->folder_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lienthong->folder_fd < 0 || lienthong->lock_fd < 0) {
        text_add(why, "%s: cannot be used: %s", lienthong->folder, strerror(errno));
        return RESULT_BROKEN;
    }
    if (flock(lienthong->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        text_add(why, "%s: another process keeps its messages there", lienthong->folder);
        return RESULT_BUSY;
    }
    result = list_files(lienthong, &found, &count);
    if (count)
        qsort(found, count, sizeof *found, earlier);
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = load(lienthong, &found[i]);
    free(found);
    if (result != RESULT_OK)
        text_add(why, "%s: the kept messages cannot be loaded (%s)", lienthong->folder, result_name(result));
    return result;
}

void folder_close(struct lienthong *lienthong)
{
    if (lienthong->lock_fd >= 0)
        close(lienthong->lock_fd);
    if (lienthong->folder_fd >= 0)
        close(lienthong->folder_fd);
}
