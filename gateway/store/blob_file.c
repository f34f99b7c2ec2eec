#include "gateway/store/blob_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/bytes.h"

enum {
    FOLDERS = 256,
    SYNC_BYTES = 256 << 10,               /* written without a sync at most: who syncs beside us waits for no more */
    SEALED_BYTES = BLOB_PIECE_BYTES + SEAL_EXTRA_BYTES,
    NAME_SIZE = 2 * HASH_SIZE + 1 + 16 + 1,
};

/* ---- sizes */

uint64_t blob_pieces(uint64_t size)
{
    return (size + BLOB_PIECE_BYTES - 1) / BLOB_PIECE_BYTES;
}

uint64_t blob_file_bytes(uint64_t size)
{
    return size + blob_pieces(size) * SEAL_EXTRA_BYTES;
}

size_t blob_piece_bytes(uint64_t size, uint64_t piece)
{
    uint64_t begin = piece * BLOB_PIECE_BYTES;
    if (piece >= blob_pieces(size))
        return 0;
    return size - begin < BLOB_PIECE_BYTES ? (size_t)(size - begin) : BLOB_PIECE_BYTES;
}

/* ---- names */

struct name { char text[NAME_SIZE]; };

static struct name name_of(const struct blob *blob)
{
    struct name name;
    struct text text = text_of(name.text, sizeof name.text);
    text_add_hex(&text, blob->sha256.bytes, HASH_SIZE);
    text_add(&text, "-%016" PRIx64, blob->file);
    return name;
}

static bool path_of(const struct blob_folder *folder, const struct blob *blob, char ret_path[PATH_SIZE])
{
    struct name name = name_of(blob);
    int size = snprintf(ret_path, PATH_SIZE, "%s/%.2s/%s", folder->path, name.text, name.text);
    return size > 0 && size < PATH_SIZE;
}

static bool path_of_new(const struct blob_folder *folder, const struct blob *blob, char ret_path[PATH_SIZE])
{
    int size = snprintf(ret_path, PATH_SIZE, "%s/new/%016" PRIx64, folder->path, blob->file);
    return size > 0 && size < PATH_SIZE;
}

/* Only what path_of() writes. */
static bool name_read(const char *name, struct blob *ret_blob)
{
    uint64_t file;
    if (strlen(name) != NAME_SIZE - 1 || name[2 * HASH_SIZE] != '-')
        return false;
    *ret_blob = (struct blob){ 0 };
    if (!hex_read(span_of(name, 2 * HASH_SIZE), ret_blob->sha256.bytes, HASH_SIZE) ||
        !hex_read(span_of(name + 2 * HASH_SIZE + 1, 16), &file, sizeof file))
        return false;
    ret_blob->file = be64toh(file);
    return ret_blob->file != 0 && strcmp(name, name_of(ret_blob).text) == 0;
}

/* ---- the folder */

static enum result make_folders(const struct blob_folder *folder)
{
    char path[PATH_SIZE];
    enum result result = folder_make(folder->path);

    for (int i = 0; i <= FOLDERS && result == RESULT_OK; i++) {
        int size = i < FOLDERS ? snprintf(path, sizeof path, "%s/%02x", folder->path, i)
                               : snprintf(path, sizeof path, "%s/new", folder->path);
        result = size > 0 && size < PATH_SIZE ? folder_make(path) : RESULT_BROKEN;
    }
    if (result == RESULT_OK && !folder->no_sync)
        result = folder_sync(folder->path);
    return result == RESULT_OK && !folder->no_sync ? folder_sync_parent(folder->path) : result;
}

/* What was being written when the power went, or the process. */
static void clear_new(const struct blob_folder *folder)
{
    char path[PATH_SIZE];
    DIR *open_folder = path_join(folder->path, "new", path) ? opendir(path) : NULL;
    for (struct dirent *entry; open_folder && (entry = readdir(open_folder)) != NULL;)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(open_folder), entry->d_name, 0);
    if (open_folder)
        closedir(open_folder);
}

static enum result open_seal(struct blob_folder *folder)
{
    struct seal_options options = { .folder = folder->keys, .read_only = true, .no_sync = folder->no_sync };
    return seal_open(&folder->seal, &options);
}

enum result blob_folder_open(struct blob_folder *ret_folder, const struct blob_folder_options *options)
{
    struct blob_folder *folder = ret_folder;
    struct stat status;

    *folder = (struct blob_folder){ .no_sync = options->no_sync };
    if (!path_join(options->store_folder, "blobs", folder->path) ||
        !path_join(options->store_folder, "keys", folder->keys)) {
        errno = ENAMETOOLONG;
        return RESULT_BROKEN;
    }
    if (options->read_only && stat(folder->path, &status))
        return errno == ENOENT ? RESULT_NOT_FOUND : file_result(errno);
    enum result result = options->read_only ? RESULT_OK : make_folders(folder);
    if (result == RESULT_OK && !options->read_only)
        clear_new(folder);
    if (result == RESULT_OK)
        result = open_seal(folder);
    if (result == RESULT_OK && (folder->sealed = malloc(SEALED_BYTES)) == NULL)
        result = RESULT_FULL;
    if (result == RESULT_OK)
        return RESULT_OK;
    blob_folder_close(folder);
    return result == RESULT_NOT_FOUND ? RESULT_BROKEN : result;
}

void blob_folder_close(struct blob_folder *folder)
{
    seal_close(folder->seal);
    free(folder->sealed);
    *folder = (struct blob_folder){ 0 };
}

void blob_folder_forget_keys(struct blob_folder *folder)
{
    struct seal *before = folder->seal;
    if (open_seal(folder) == RESULT_OK)
        seal_close(before);
    else
        folder->seal = before;
}

/* ---- sealing */

struct label { uint8_t bytes[8 + HASH_SIZE + 8 + 8]; };

static struct label label_of(const struct blob *blob, uint64_t piece)
{
    static const char name[8] = "blob";
    struct label label;
    struct pen pen = { .at = label.bytes };
    pen_bytes(&pen, name, sizeof name);
    pen_bytes(&pen, blob->sha256.bytes, HASH_SIZE);
    pen_u64(&pen, blob->file);
    pen_u64(&pen, piece);
    return label;
}

static off_t place_of(uint64_t piece)
{
    return (off_t)(piece * SEALED_BYTES);
}

/* ---- writing */

/* Too many open files say nothing about the disk. */
static enum result result_of(int error)
{
    return error == EMFILE || error == ENFILE ? RESULT_BUSY : file_result(error);
}

static enum result key_of(struct blob_folder *folder, const struct blob *blob)
{
    errno = 0;
    enum result result = seal_key(folder->seal, blob->day);
    return result == RESULT_BROKEN && result_of(errno) == RESULT_BUSY ? RESULT_BUSY : result;
}

enum result blob_write_begin(struct blob_folder *folder, const struct blob *blob, struct blob_writing *ret_writing)
{
    char path[PATH_SIZE];

    *ret_writing = (struct blob_writing){ .blob = *blob, .file = -1 };
    must(blob->size && blob->size <= BLOB_BYTES_MAX && blob->file && blob->day);
    enum result result = key_of(folder, blob);
    if (result != RESULT_OK)
        return result;
    if (!path_of_new(folder, blob, path))
        return RESULT_BROKEN;
    ret_writing->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ret_writing->file < 0)
        return result_of(errno);
    crypto_hash_sha256_init(&ret_writing->hash);
    return RESULT_OK;
}

/* All that is written to a file of ours goes this way, so that little of it is unsynced at any time. */
static enum result write_paced(const struct blob_folder *folder, struct blob_writing *writing, const uint8_t *bytes,
                               size_t size)
{
    enum result result = file_write(writing->file, bytes, size);
    if (result != RESULT_OK)
        return result;
    writing->unsynced_bytes += size;
    if (writing->unsynced_bytes < SYNC_BYTES || folder->no_sync)
        return RESULT_OK;
    writing->unsynced_bytes = 0;
    return fdatasync(writing->file) ? file_result(errno) : RESULT_OK;
}

enum result blob_write_piece(struct blob_folder *folder, struct blob_writing *writing, struct span plain)
{
    const struct blob *blob = &writing->blob;
    struct label label = label_of(blob, writing->pieces);

    must(plain.size && plain.size == blob_piece_bytes(blob->size, writing->pieces));
    enum result result = key_of(folder, blob);
    if (result != RESULT_OK)
        return result;
    crypto_hash_sha256_update(&writing->hash, plain.bytes, plain.size);
    memcpy(folder->sealed + SEAL_HEAD_BYTES, plain.bytes, plain.size);
    seal_write(folder->seal, blob->day, span_of(label.bytes, sizeof label.bytes), folder->sealed, plain.size);
    result = write_paced(folder, writing, folder->sealed, plain.size + SEAL_EXTRA_BYTES);
    writing->pieces += result == RESULT_OK;
    return result;
}

/* "blobs/ab" of "blobs/ab/...": to be synced once the name stands in it. Below 0: errno. */
static int open_folder_of(char path[PATH_SIZE])
{
    char *slash = strrchr(path, '/');
    *slash = 0;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    return folder;
}

/* Synced before it has its name, and its name before anybody hears of it. */
static enum result sync_and_rename(struct blob_folder *folder, struct blob_writing *writing, const char *from,
                                   const char *to, int in)
{
    if (!folder->no_sync && fsync(writing->file))
        return file_result(errno);
    int closed = close(writing->file);
    writing->file = -1;
    if (closed || rename(from, to))
        return file_result(errno);
    if (folder->no_sync || fsync(in) == 0)
        return RESULT_OK;
    enum result result = file_result(errno);
    (void)unlink(to);
    return result;
}

static enum result give_name(struct blob_folder *folder, struct blob_writing *writing)
{
    char from[PATH_SIZE], to[PATH_SIZE];

    if (!path_of_new(folder, &writing->blob, from) || !path_of(folder, &writing->blob, to))
        return RESULT_BROKEN;
    int in = open_folder_of(to);
    if (in < 0)
        return result_of(errno);
    enum result result = sync_and_rename(folder, writing, from, to, in);
    close(in);
    return result;
}

enum result blob_write_end(struct blob_folder *folder, struct blob_writing *writing)
{
    uint8_t hash[HASH_SIZE];

    must(writing->pieces == blob_pieces(writing->blob.size));
    crypto_hash_sha256_final(&writing->hash, hash);
    enum result result = memcmp(hash, writing->blob.sha256.bytes, HASH_SIZE) ? RESULT_INVALID
                                                                            : give_name(folder, writing);
    if (result != RESULT_OK)
        blob_write_give_up(folder, writing);
    return result;
}

void blob_write_give_up(struct blob_folder *folder, struct blob_writing *writing)
{
    char path[PATH_SIZE];
    if (writing->file >= 0)
        close(writing->file);
    writing->file = -1;
    if (writing->blob.file && path_of_new(folder, &writing->blob, path))
        (void)unlink(path);
}

/* ---- reading */

enum result blob_read_begin(struct blob_folder *folder, const struct blob *blob, struct blob_reading *ret_reading)
{
    char path[PATH_SIZE];
    struct stat status;

    *ret_reading = (struct blob_reading){ .blob = *blob, .file = -1 };
    if (!path_of(folder, blob, path))
        return RESULT_BROKEN;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? RESULT_NOT_FOUND : result_of(errno);
    if (fstat(file, &status) || (uint64_t)status.st_size != blob_file_bytes(blob->size)) {
        close(file);
        return RESULT_INVALID;
    }
    ret_reading->file = file;
    return RESULT_OK;
}

enum result blob_read_piece(struct blob_folder *folder, struct blob_reading *reading, uint64_t piece,
                            uint8_t *ret_plain)
{
    size_t size = blob_piece_bytes(reading->blob.size, piece) + SEAL_EXTRA_BYTES, got = 0;
    struct label label = label_of(&reading->blob, piece);

    must(size > SEAL_EXTRA_BYTES);
    while (got < size) {
        ssize_t more = pread(reading->file, folder->sealed + got, size - got, place_of(piece) + (off_t)got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return more ? file_result(errno) : RESULT_INVALID;
        got += (size_t)more;
    }
    return seal_read(folder->seal, span_of(label.bytes, sizeof label.bytes), span_of(folder->sealed, size), ret_plain);
}

void blob_read_end(struct blob_reading *reading)
{
    if (reading->file >= 0)
        close(reading->file);
    reading->file = -1;
}

bool blob_is_damaged(enum result of_reading)
{
    return of_reading == RESULT_NOT_FOUND || of_reading == RESULT_INVALID || of_reading == RESULT_BROKEN;
}

enum result blob_verify(struct blob_folder *folder, const struct blob *blob)
{
    uint8_t *plain = malloc(BLOB_PIECE_BYTES), hash[HASH_SIZE];
    struct blob_reading reading;
    crypto_hash_sha256_state state;

    if (!plain)
        return RESULT_FULL;
    crypto_hash_sha256_init(&state);
    enum result result = blob_read_begin(folder, blob, &reading);
    for (uint64_t piece = 0; result == RESULT_OK && piece < blob_pieces(blob->size); piece++) {
        result = blob_read_piece(folder, &reading, piece, plain);
        if (result == RESULT_OK)
            crypto_hash_sha256_update(&state, plain, blob_piece_bytes(blob->size, piece));
    }
    crypto_hash_sha256_final(&state, hash);
    if (result == RESULT_OK && memcmp(hash, blob->sha256.bytes, HASH_SIZE))
        result = RESULT_INVALID;
    blob_read_end(&reading);
    free(plain);
    return result;
}

/* ---- files as such */

enum result blob_unlink(const struct blob_folder *folder, const struct blob *blob)
{
    char path[PATH_SIZE];
    if (!path_of(folder, blob, path) || unlink(path))
        return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_BROKEN;
    return RESULT_OK;
}

enum result blob_set_aside(const struct blob_folder *folder, const struct blob *blob)
{
    char path[PATH_SIZE], damaged[PATH_SIZE], aside[PATH_SIZE];

    if (!path_of(folder, blob, path) || !path_join(folder->path, "damaged", damaged) ||
        !path_join(damaged, strrchr(path, '/') + 1, aside))
        return RESULT_BROKEN;
    enum result result = folder_make(damaged);
    if (result == RESULT_OK && rename(path, aside))
        result = errno == ENOENT ? RESULT_NOT_FOUND : file_result(errno);
    return result;
}

/* Sealed as it is: the label holds no place of the folder. */
static enum result copy_pieces(struct blob_folder *from, struct blob_reading *reading, const struct blob_folder *to,
                               struct blob_writing *writing)
{
    uint64_t left = blob_file_bytes(reading->blob.size);
    while (left) {
        ssize_t got = read(reading->file, from->sealed, left < SEALED_BYTES ? (size_t)left : SEALED_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? file_result(errno) : RESULT_INVALID;
        enum result result = write_paced(to, writing, from->sealed, (size_t)got);
        if (result != RESULT_OK)
            return result;
        left -= (uint64_t)got;
    }
    return RESULT_OK;
}

enum result blob_copy(struct blob_folder *from, struct blob_folder *to, const struct blob *blob)
{
    struct blob_reading reading;
    struct blob_writing writing = { .blob = *blob, .file = -1 };
    char path[PATH_SIZE];

    enum result result = blob_read_begin(from, blob, &reading);
    if (result != RESULT_OK)
        return result;
    if (!path_of_new(to, blob, path))
        result = RESULT_BROKEN;
    else if ((writing.file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        result = file_result(errno);
    if (result == RESULT_OK)
        result = copy_pieces(from, &reading, to, &writing);
    if (result == RESULT_OK)
        result = give_name(to, &writing);
    if (result != RESULT_OK)
        blob_write_give_up(to, &writing);
    blob_read_end(&reading);
    return result;
}

bool blob_walk_next(const struct blob_folder *folder, struct blob_walk *walk, struct blob *ret_blob)
{
    for (;;) {
        char path[PATH_SIZE];
        if (!walk->open && walk->next == FOLDERS)
            return false;
        if (!walk->open) {
            int size = snprintf(path, sizeof path, "%s/%02x", folder->path, walk->next++);
            walk->open = size > 0 && size < PATH_SIZE ? opendir(path) : NULL;
            continue;
        }
        const struct dirent *entry = readdir(walk->open);
        if (!entry) {
            closedir(walk->open);
            walk->open = NULL;
        } else if (name_read(entry->d_name, ret_blob)) {
            return true;
        }
    }
}

void blob_walk_end(struct blob_walk *walk)
{
    if (walk->open)
        closedir(walk->open);
    *walk = (struct blob_walk){ 0 };
}
