#include "gateway/store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum result file_result(int error)
{
    switch (error) {
    case ENOSPC: case EDQUOT: case ENOMEM: case EFBIG:
        return RESULT_FULL;
    default:
        return RESULT_BROKEN;
    }
}

enum result folder_make(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return chmod(path, 0700) ? file_result(errno) : RESULT_OK;
    return errno == EEXIST ? RESULT_OK : file_result(errno);
}

enum result folder_sync(const char *path)
{
    int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return file_result(errno);
    enum result result = fsync(file) ? file_result(errno) : RESULT_OK;
    close(file);
    return result;
}

enum result folder_sync_parent(const char *path)
{
    char parent[PATH_SIZE];
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/')           /* "a/b/" is in "a" */
        size--;
    while (size && path[size - 1] != '/')
        size--;
    if (size >= PATH_SIZE)
        return RESULT_BROKEN;
    if (!size)
        return folder_sync(".");
    memcpy(parent, path, size);
    parent[size] = 0;
    return folder_sync(parent);
}

enum result file_write(int file, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t written = write(file, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return file_result(errno);
        at += written;
        size -= (size_t)written;
    }
    return RESULT_OK;
}

bool path_join(const char *folder, const char *name, char ret_path[PATH_SIZE])
{
    int size = snprintf(ret_path, PATH_SIZE, "%s/%s", folder, name);
    return size > 0 && size < PATH_SIZE;
}

uint64_t disk_free_bytes(const char *path)
{
    struct statvfs disk;
    if (statvfs(path, &disk))
        return 0;
    return (uint64_t)(geteuid() == 0 ? disk.f_bfree : disk.f_bavail) * disk.f_frsize;
}
