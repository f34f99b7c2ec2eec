/* recorder.c - loaded before a program (LD_PRELOAD), it writes down what the program does to files, and can break them.
 *
 * TORTURE_FOLDER   record what happens below this folder (an absolute path without links); unset: nothing
 * TORTURE_LOG      the log, outside that folder; record.h has its form
 * TORTURE_FAULT    a file; while it is there with "CALL ERRNO SKIP" in it, CALL (pwrite, fdatasync, fsync) on a file
 *                  below the folder fails with that errno, after SKIP calls that go well
 *
 * A record is written after the call has gone well, so a cut between two records is a moment at which the later call
 * had not returned; disk.py treats it as under way. Which file a descriptor means is asked of the kernel each time, so
 * nothing has to be remembered over close, dup or rename. Memory that is written through a mapping is not seen: LMDB
 * maps only its lock file that way, which it makes anew when it is the first to open it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/torture/record.h"

#define SHOWN __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int log_file = -1;
static const char *folder, *fault_path;
static size_t folder_size;
static unsigned long fault_calls;

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

__attribute__((constructor)) static void start(void)
{
    const char *log = getenv("TORTURE_LOG");
    folder = getenv("TORTURE_FOLDER");
    fault_path = getenv("TORTURE_FAULT");
    folder_size = folder ? strlen(folder) : 0;
    if (folder && log)
        log_file = REAL(open)(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (folder && log && log_file < 0)
        abort();
}

/* ---- what is watched */

/* Below the folder: the rest of the path ("" for itself), else NULL. */
static const char *inside(const char *path)
{
    if (!folder || strncmp(path, folder, folder_size) != 0)
        return NULL;
    if (path[folder_size] == 0)
        return path + folder_size;
    return path[folder_size] == '/' ? path + folder_size + 1 : NULL;
}

static bool path_of_file(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    path[size > 0 ? size : 0] = 0;
    return size > 0;
}

/* An absolute path of `name` below `at`, its folder without links. */
static bool path_of_name(int at, const char *name, char *path)
{
    char joined[2 * PATH_MAX], parent[PATH_MAX] = "";
    if (name[0] != '/' && at != AT_FDCWD && !path_of_file(at, parent))
        return false;
    if (name[0] != '/' && at == AT_FDCWD && !getcwd(parent, sizeof parent))
        return false;
    snprintf(joined, sizeof joined, "%s%s%s", name[0] == '/' ? "" : parent, name[0] == '/' ? "" : "/", name);
    for (size_t size = strlen(joined); size > 1 && joined[size - 1] == '/';)
        joined[--size] = 0;
    char *slash = strrchr(joined, '/');
    if (!slash)
        return false;
    const char *last = slash + 1;
    if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return realpath(joined, path) != NULL;
    *slash = 0;
    if (!realpath(joined[0] ? joined : "/", path))
        return false;
    size_t size = strlen(path);
    return snprintf(path + size, PATH_MAX - size, "%s%s", size > 1 ? "/" : "", last) > 0;
}

struct watched { const char *name; uint64_t inode; bool is_folder, synced; char path[PATH_MAX]; };

static bool is_watched(int file, struct watched *ret_watched)
{
    struct stat status;
    if (!folder || !path_of_file(file, ret_watched->path) || !(ret_watched->name = inside(ret_watched->path)) ||
        fstat(file, &status))
        return false;
    ret_watched->inode = status.st_ino;
    ret_watched->is_folder = S_ISDIR(status.st_mode);
    int flags = fcntl(file, F_GETFL);
    ret_watched->synced = flags >= 0 && (flags & O_DSYNC);     /* O_SYNC holds this bit too */
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/* ---- writing down */

static void note(struct record record, const char *path, const char *to, const void *data)
{
    int saved = errno;
    if (log_file < 0)
        return;
    record.magic = RECORD_MAGIC;
    record.path_size = (uint16_t)(path ? strlen(path) : 0);
    record.to_size = (uint16_t)(to ? strlen(to) : 0);
    struct iovec parts[] = { { &record, sizeof record }, { (void *)(uintptr_t)path, record.path_size },
                             { (void *)(uintptr_t)to, record.to_size }, { (void *)(uintptr_t)data, record.size } };
    size_t size = sizeof record + record.path_size + record.to_size + record.size;
    if (REAL(writev)(log_file, parts, 4) != (ssize_t)size)
        abort();
    errno = saved;
}

static void note_write(const struct watched *watched, off_t offset, const void *data, ssize_t size)
{
    if (size > 0 && !watched->is_folder)
        note((struct record){ .kind = watched->synced ? RECORD_WRITE_SYNCED : RECORD_WRITE, .inode = watched->inode,
                              .offset = (uint64_t)offset, .size = (uint32_t)size }, NULL, NULL, data);
}

static void note_write_v(const struct watched *watched, off_t offset, const struct iovec *parts, int count,
                         ssize_t size)
{
    char *joined = size > 0 ? malloc((size_t)size) : NULL;
    size_t used = 0;
    if (size <= 0)
        return;
    if (!joined)
        abort();
    for (int i = 0; i < count && used < (size_t)size; i++) {
        size_t part = parts[i].iov_len < (size_t)size - used ? parts[i].iov_len : (size_t)size - used;
        memcpy(joined + used, parts[i].iov_base, part);
        used += part;
    }
    note_write(watched, offset, joined, size);
    free(joined);
}

/* ---- breaking */

static bool is_broken(const char *call)
{
    char text[64] = "", name[32];
    int error, file;
    unsigned long skip;

    if (!fault_path || (file = REAL(open)(fault_path, O_RDONLY | O_CLOEXEC)) < 0)
        return false;
    ssize_t size = read(file, text, sizeof text - 1);
    REAL(close)(file);
    if (size <= 0 || sscanf(text, "%31s %d %lu", name, &error, &skip) != 3 || strcmp(name, call) != 0)
        return false;
    if (fault_calls++ < skip)
        return false;
    errno = error;
    return true;
}

/* ---- opening */

static int open_at(int at, const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    struct stat status;
    const char *below = NULL;
    bool was = false;

    pthread_mutex_lock(&lock);
    if (folder && (flags & (O_CREAT | O_TRUNC)) && path_of_name(at, name, path))
        below = inside(path);
    if (below)
        was = fstatat(at, name, &status, 0) == 0;
    int file = REAL(openat)(at, name, flags, mode);
    if (below && file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        if (!was)
            note((struct record){ .kind = RECORD_CREATE, .inode = status.st_ino }, below, NULL, NULL);
        else if (flags & O_TRUNC)
            note((struct record){ .kind = RECORD_RESIZE, .inode = status.st_ino }, NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&lock);
    return file;
}

#define MODE_OF(flags, mode)                            \
    do {                                                \
        va_list arguments;                              \
        va_start(arguments, flags);                     \
        if ((flags) & (O_CREAT | O_TMPFILE))            \
            mode = va_arg(arguments, mode_t);           \
        va_end(arguments);                              \
    } while (0)

SHOWN int open(const char *name, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, name, flags, mode);
}

SHOWN int open64(const char *name, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, name, flags, mode);
}

SHOWN int openat(int at, const char *name, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(at, name, flags, mode);
}

SHOWN int openat64(int at, const char *name, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(at, name, flags, mode);
}

/* What a fortified program calls when it gives no mode. */
int __open_2(const char *name, int flags), __open64_2(const char *name, int flags);
int __openat_2(int at, const char *name, int flags), __openat64_2(int at, const char *name, int flags);

SHOWN int __open_2(const char *name, int flags)
{
    return open_at(AT_FDCWD, name, flags, 0);
}

SHOWN int __open64_2(const char *name, int flags)
{
    return open_at(AT_FDCWD, name, flags, 0);
}

SHOWN int __openat_2(int at, const char *name, int flags)
{
    return open_at(at, name, flags, 0);
}

SHOWN int __openat64_2(int at, const char *name, int flags)
{
    return open_at(at, name, flags, 0);
}

SHOWN int creat(const char *name, mode_t mode)
{
    return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- writing */

SHOWN ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    ssize_t written = seen && is_broken("pwrite") ? -1 : REAL(pwrite)(file, data, size, offset);
    if (seen)
        note_write(&watched, offset, data, written);
    pthread_mutex_unlock(&lock);
    return written;
}

SHOWN ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset)
{
    return pwrite(file, data, size, offset);
}

SHOWN ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    ssize_t written = seen && is_broken("pwrite") ? -1 : REAL(pwritev)(file, parts, count, offset);
    if (seen)
        note_write_v(&watched, offset, parts, count, written);
    pthread_mutex_unlock(&lock);
    return written;
}

SHOWN ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset)
{
    return pwritev(file, parts, count, offset);
}

/* Where a write without an offset went: it ends where the file's position is now. */
SHOWN ssize_t writev(int file, const struct iovec *parts, int count)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    ssize_t written = seen && is_broken("pwrite") ? -1 : REAL(writev)(file, parts, count);
    if (seen)
        note_write_v(&watched, lseek(file, 0, SEEK_CUR) - (written > 0 ? written : 0), parts, count, written);
    pthread_mutex_unlock(&lock);
    return written;
}

SHOWN ssize_t write(int file, const void *data, size_t size)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    ssize_t written = seen && is_broken("pwrite") ? -1 : REAL(write)(file, data, size);
    if (seen)
        note_write(&watched, lseek(file, 0, SEEK_CUR) - (written > 0 ? written : 0), data, written);
    pthread_mutex_unlock(&lock);
    return written;
}

static int resize(int file, off_t size)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    int result = REAL(ftruncate)(file, size);
    if (seen && result == 0)
        note((struct record){ .kind = RECORD_RESIZE, .inode = watched.inode, .offset = (uint64_t)size },
             NULL, NULL, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int ftruncate(int file, off_t size)
{
    return resize(file, size);
}

SHOWN int ftruncate64(int file, off64_t size)
{
    return resize(file, size);
}

static int allocate(int file, off_t offset, off_t size)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    int result = REAL(posix_fallocate)(file, offset, size);
    if (seen && result == 0)
        note((struct record){ .kind = RECORD_ALLOCATE, .inode = watched.inode, .offset = (uint64_t)offset,
                              .extra = (uint64_t)size }, NULL, NULL, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int posix_fallocate(int file, off_t offset, off_t size)
{
    return allocate(file, offset, size);
}

SHOWN int posix_fallocate64(int file, off64_t offset, off64_t size)
{
    return allocate(file, offset, size);
}

/* ---- syncing */

static void note_sync(const struct watched *watched)
{
    if (watched->is_folder)
        note((struct record){ .kind = RECORD_SYNC_FOLDER, .inode = watched->inode }, watched->name, NULL, NULL);
    else
        note((struct record){ .kind = RECORD_SYNC, .inode = watched->inode }, NULL, NULL, NULL);
}

SHOWN int fsync(int file)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    int result = seen && is_broken("fsync") ? -1 : REAL(fsync)(file);
    if (seen && result == 0)
        note_sync(&watched);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int fdatasync(int file)
{
    struct watched watched;
    pthread_mutex_lock(&lock);
    bool seen = is_watched(file, &watched);
    int result = seen && is_broken("fdatasync") ? -1 : REAL(fdatasync)(file);
    if (seen && result == 0)
        note_sync(&watched);
    pthread_mutex_unlock(&lock);
    return result;
}

/* Nothing of ours writes data through a mapping. If something begins to, the recording would be wrong: stop. */
SHOWN int msync(void *address, size_t size, int flags)
{
    if (log_file >= 0)
        abort();
    return REAL(msync)(address, size, flags);
}

/* ---- names */

SHOWN int renameat(int from_at, const char *from, int to_at, const char *to)
{
    char from_path[PATH_MAX], to_path[PATH_MAX];
    pthread_mutex_lock(&lock);
    bool known = folder && path_of_name(from_at, from, from_path) && path_of_name(to_at, to, to_path);
    int result = REAL(renameat)(from_at, from, to_at, to);
    if (known && result == 0 && inside(from_path) && inside(to_path))
        note((struct record){ .kind = RECORD_RENAME }, inside(from_path), inside(to_path), NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

SHOWN int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
    char from_path[PATH_MAX], to_path[PATH_MAX];
    pthread_mutex_lock(&lock);
    bool known = folder && path_of_name(from_at, from, from_path) && path_of_name(to_at, to, to_path);
    int result = REAL(linkat)(from_at, from, to_at, to, flags);
    if (known && result == 0 && inside(from_path) && inside(to_path))
        note((struct record){ .kind = RECORD_LINK }, inside(from_path), inside(to_path), NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHOWN int unlinkat(int at, const char *name, int flags)
{
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    bool known = folder && path_of_name(at, name, path);
    int result = REAL(unlinkat)(at, name, flags);
    if (known && result == 0 && inside(path))
        note((struct record){ .kind = RECORD_UNLINK }, inside(path), NULL, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

SHOWN int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

SHOWN int mkdirat(int at, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    struct stat status;
    pthread_mutex_lock(&lock);
    bool known = folder && path_of_name(at, name, path);
    int result = REAL(mkdirat)(at, name, mode);
    if (known && result == 0 && inside(path) && stat(path, &status) == 0)
        note((struct record){ .kind = RECORD_MKDIR, .inode = status.st_ino }, inside(path), NULL, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

SHOWN int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}
