/* backup.c - a copy of the environment from one read transaction, then of the day keys.
 *
 * Keys after the environment: a day that began in between has its key in the copy, and a key that was dropped in
 * between belongs to rows that are purged in the copy too. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/inside.h"

enum { KEY_FILE_BYTES_MAX = 64 };

struct backup {
    struct store *store;
    struct text  *why;
    char          folder[PATH_SIZE];
    bool          made;             /* the folder is ours to remove when it goes wrong */
};

static enum result fault(struct backup *backup, const char *what, const char *detail, enum result result)
{
    if (backup->why)
        text_add(backup->why, "%s: %s (%s)", backup->folder, what, detail);
    return result;
}

static enum result fault_errno(struct backup *backup, const char *what)
{
    return fault(backup, what, strerror(errno), file_result(errno));
}

static enum result make_folders(struct backup *backup)
{
    char keys[PATH_SIZE];
    if (mkdir(backup->folder, 0700)) {
        if (errno == EEXIST)
            return fault(backup, "đã có sẵn, hãy chọn thư mục mới / exists, choose a new folder", "EEXIST",
                         RESULT_INVALID);
        return fault_errno(backup, "không tạo được thư mục / cannot make the folder");
    }
    backup->made = true;
    if (chmod(backup->folder, 0700))
        return fault_errno(backup, "chmod");
    if (!path_join(backup->folder, "keys", keys) || folder_make(keys) != RESULT_OK)
        return fault_errno(backup, "không tạo được thư mục khóa / cannot make the folder of keys");
    return RESULT_OK;
}

/* A new file, only ours to read. Below 0: errno. */
static int new_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0 && fchmod(file, 0600)) {
        close(file);
        return -1;
    }
    return file;
}

static enum result copy_environment(struct backup *backup)
{
    char path[PATH_SIZE];
    if (!path_join(backup->folder, "data.mdb", path))
        return fault(backup, "đường dẫn quá dài / path too long", "data.mdb", RESULT_INVALID);
    int file = new_file(path);
    if (file < 0)
        return fault_errno(backup, "không tạo được data.mdb / cannot make data.mdb");
    int code = mdb_env_copyfd2(backup->store->env, file, MDB_CP_COMPACT);
    if (!code && fsync(file))
        code = errno;
    if (close(file) && !code)
        code = errno;
    if (!code)
        return RESULT_OK;
    return fault(backup, "không chép được kho / cannot copy the store", mdb_strerror(code), lmdb_result(code));
}

static enum result copy_key(struct backup *backup, uint32_t day)
{
    char name[PATH_SIZE], from[PATH_SIZE], to[PATH_SIZE];
    uint8_t key[KEY_FILE_BYTES_MAX];

    snprintf(name, sizeof name, "keys/day-%08u.key", day);
    if (!path_join(backup->store->folder, name, from) || !path_join(backup->folder, name, to))
        return fault(backup, "đường dẫn quá dài / path too long", "keys", RESULT_INVALID);
    int file = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? RESULT_OK : fault_errno(backup, "không đọc được khóa / cannot read a key");
    ssize_t size = read(file, key, sizeof key);
    close(file);
    if (size < 0)
        return fault_errno(backup, "không đọc được khóa / cannot read a key");
    if ((file = new_file(to)) < 0)
        return fault_errno(backup, "không tạo được khóa / cannot make a key");
    enum result result = file_write(file, key, (size_t)size);
    sodium_memzero(key, sizeof key);
    if (result == RESULT_OK && fsync(file))
        result = file_result(errno);
    if (close(file) && result == RESULT_OK)
        result = file_result(errno);
    return result == RESULT_OK ? result : fault_errno(backup, "không ghi được khóa / cannot write a key");
}

static enum result sync_folders(struct backup *backup)
{
    char keys[PATH_SIZE];
    if (!path_join(backup->folder, "keys", keys) || folder_sync(keys) != RESULT_OK ||
        folder_sync(backup->folder) != RESULT_OK || folder_sync_parent(backup->folder) != RESULT_OK)
        return fault_errno(backup, "không ghi xuống đĩa được / cannot sync");
    return RESULT_OK;
}

/* Half a backup must not be taken for one. */
static void remove_half(const struct backup *backup)
{
    char path[PATH_SIZE], keys[PATH_SIZE];

    if (!backup->made || !path_join(backup->folder, "keys", keys))
        return;
    DIR *folder = opendir(keys);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(keys);
    if (path_join(backup->folder, "data.mdb", path))
        unlink(path);
    rmdir(backup->folder);
}

enum result store_backup(struct store *store, const char *to_folder, uint64_t *ret_seq, struct text *why)
{
    struct backup backup = { .store = store, .why = why };
    struct counters counters;

    must(!store->turn.txn);
    if (!span_to_string(span_of_string(to_folder), backup.folder, sizeof backup.folder) || !backup.folder[0])
        return RESULT_INVALID;
    enum result result = make_folders(&backup);
    if (result == RESULT_OK)
        result = copy_environment(&backup);
    for (uint32_t day = 0; result == RESULT_OK && (day = seal_day_next(store->seal, day)) != 0;)
        result = copy_key(&backup, day);
    if (result == RESULT_OK)
        result = sync_folders(&backup);
    if (result == RESULT_OK && (result = store_peek(backup.folder, &counters)) != RESULT_OK)
        (void)fault(&backup, "bản sao không đọc được / the copy cannot be read", result_name(result), result);
    if (result != RESULT_OK) {
        remove_half(&backup);
        return result;
    }
    *ret_seq = counters.seq;
    return RESULT_OK;
}
