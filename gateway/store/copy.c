#include "gateway/store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_BYTES_MAX = 64 };

enum result copy_fault(struct copy *copy, const char *what, const char *detail, enum result result)
{
    if (copy->why)
        text_add(copy->why, "%s: %s (%s)", copy->folder, what, detail);
    return result;
}

enum result copy_fault_errno(struct copy *copy, const char *what)
{
    return copy_fault(copy, what, strerror(errno), file_result(errno));
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

enum result copy_environment(struct copy *copy, const char *name)
{
    char path[PATH_SIZE];
    if (!path_join(copy->folder, name, path))
        return copy_fault(copy, "đường dẫn quá dài / path too long", name, RESULT_INVALID);
    int file = new_file(path);
    if (file < 0)
        return copy_fault_errno(copy, "không tạo được data.mdb / cannot make data.mdb");
    int code = mdb_env_copyfd2(copy->from->env, file, MDB_CP_COMPACT);
    if (!code && fsync(file))
        code = errno;
    if (close(file) && !code)
        code = errno;
    if (!code)
        return RESULT_OK;
    return copy_fault(copy, "không chép được kho / cannot copy the store", mdb_strerror(code), lmdb_result(code));
}

static enum result copy_key(struct copy *copy, uint32_t day)
{
    char name[PATH_SIZE], from[PATH_SIZE], to[PATH_SIZE];
    uint8_t key[KEY_FILE_BYTES_MAX];
    struct stat there;

    snprintf(name, sizeof name, "keys/day-%08u.key", day);
    if (!path_join(copy->from->folder, name, from) || !path_join(copy->folder, name, to))
        return copy_fault(copy, "đường dẫn quá dài / path too long", "keys", RESULT_INVALID);
    if (lstat(to, &there) == 0)
        return RESULT_OK;
    int file = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? RESULT_OK : copy_fault_errno(copy, "không đọc được khóa / cannot read a key");
    ssize_t size = read(file, key, sizeof key);
    close(file);
    if (size < 0)
        return copy_fault_errno(copy, "không đọc được khóa / cannot read a key");
    if ((file = new_file(to)) < 0)
        return copy_fault_errno(copy, "không tạo được khóa / cannot make a key");
    enum result result = file_write(file, key, (size_t)size);
    sodium_memzero(key, sizeof key);
    if (result == RESULT_OK && fsync(file))
        result = file_result(errno);
    if (close(file) && result == RESULT_OK)
        result = file_result(errno);
    return result == RESULT_OK ? result : copy_fault_errno(copy, "không ghi được khóa / cannot write a key");
}

enum result copy_keys(struct copy *copy)
{
    char keys[PATH_SIZE];
    uint32_t day = 0;

    if (!path_join(copy->folder, "keys", keys) || folder_make(keys) != RESULT_OK)
        return copy_fault_errno(copy, "không tạo được thư mục khóa / cannot make the folder of keys");
    for (;;) {
        if (seal_day_next(copy->from->seal, day, &day) != RESULT_OK)
            return copy_fault_errno(copy, "không đọc được thư mục khóa / cannot read the folder of keys");
        enum result result = day ? copy_key(copy, day) : RESULT_OK;
        if (!day || result != RESULT_OK)
            return result;
    }
}

enum result copy_sync(struct copy *copy)
{
    char keys[PATH_SIZE];
    if (!path_join(copy->folder, "keys", keys) || folder_sync(keys) != RESULT_OK ||
        folder_sync(copy->folder) != RESULT_OK || folder_sync_parent(copy->folder) != RESULT_OK)
        return copy_fault_errno(copy, "không ghi xuống đĩa được / cannot sync");
    return RESULT_OK;
}

void copy_remove(const struct copy *copy, const char *name)
{
    char path[PATH_SIZE], keys[PATH_SIZE];

    if (!path_join(copy->folder, "keys", keys))
        return;
    DIR *folder = opendir(keys);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(keys);
    copy_remove_blobs(copy);
    if (path_join(copy->folder, name, path))
        unlink(path);
}
