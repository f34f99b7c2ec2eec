/* files.c - the file calls of the whole process, as memory.c has its allocations: ours, LMDB's, libyaml's. What goes
 * through goes to the kernel. What the C library calls for itself, as in fopen(), does not come here, and libzmq's own
 * wake-up calls are let through. */
#undef _FORTIFY_SOURCE                  /* it would define some of these itself */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/nth/fail.h"

#define CALLER __builtin_return_address(0)

/* True: this call is to fail; errno says why. */
static bool fails(void *caller, const char *call, int error)
{
    bool files = fail_now_for(caller, FAIL_FILES, call), io = fail_now_for(caller, FAIL_IO, call);
    if (files || io)
        errno = io ? EIO : error;
    return files || io;
}

#define FILE_CALL(result, name, parameters, error, real)                    \
    result name parameters;                                                 \
    result name parameters                                                  \
    {                                                                       \
        return fails(CALLER, #name, (error)) ? -1 : (result)(real);         \
    }

FILE_CALL(ssize_t, read, (int file, void *bytes, size_t size), EIO, syscall(SYS_read, file, bytes, size))
FILE_CALL(ssize_t, pread, (int file, void *bytes, size_t size, off_t at), EIO,
          syscall(SYS_pread64, file, bytes, size, at))
FILE_CALL(int, ftruncate, (int file, off_t size), ENOSPC, syscall(SYS_ftruncate, file, size))
FILE_CALL(int, rename, (const char *from, const char *to), ENOSPC, syscall(SYS_rename, from, to))
FILE_CALL(int, renameat, (int from_folder, const char *from, int to_folder, const char *to), ENOSPC,
          syscall(SYS_renameat, from_folder, from, to_folder, to))
FILE_CALL(int, mkdir, (const char *path, mode_t mode), ENOSPC, syscall(SYS_mkdir, path, mode))
FILE_CALL(int, unlink, (const char *path), EIO, syscall(SYS_unlink, path))
FILE_CALL(int, unlinkat, (int folder, const char *path, int flags), EIO, syscall(SYS_unlinkat, folder, path, flags))
FILE_CALL(int, chmod, (const char *path, mode_t mode), EIO, syscall(SYS_chmod, path, mode))
FILE_CALL(int, fchmod, (int file, mode_t mode), EIO, syscall(SYS_fchmod, file, mode))
FILE_CALL(int, flock, (int file, int how), EIO, syscall(SYS_flock, file, how))

/* With _FORTIFY_SOURCE a read() into a known array is this one. */
ssize_t __read_chk(int file, void *bytes, size_t size, size_t room);
ssize_t __read_chk(int file, void *bytes, size_t size, size_t room)
{
    (void)room;
    return fails(CALLER, "read", EIO) ? -1 : syscall(SYS_read, file, bytes, size);
}

/* ---- syncs: not done, or done and denied */

#define SYNC_CALL(name)                                                     \
    int name(int file);                                                     \
    int name(int file)                                                      \
    {                                                                       \
        bool lies = fail_now_for(CALLER, FAIL_COMMIT, #name);               \
        if (fails(CALLER, #name, EIO))                                      \
            return -1;                                                      \
        int code = (int)syscall(SYS_##name, file);                          \
        if (lies && code == 0) {                                            \
            errno = EIO;                                                    \
            code = -1;                                                      \
        }                                                                   \
        return code;                                                        \
    }

SYNC_CALL(fsync)
SYNC_CALL(fdatasync)

/* ---- writes: not done, or half done */

ssize_t write(int file, const void *bytes, size_t size)
{
    bool half = size > 1 && fail_now_for(CALLER, FAIL_SHORT, "write");
    return fails(CALLER, "write", ENOSPC) ? -1 : syscall(SYS_write, file, bytes, half ? size / 2 : size);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at)
{
    bool half = size > 1 && fail_now_for(CALLER, FAIL_SHORT, "pwrite");
    return fails(CALLER, "pwrite", ENOSPC) ? -1 : syscall(SYS_pwrite64, file, bytes, half ? size / 2 : size, at);
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
    bool half = count > 1 && fail_now_for(CALLER, FAIL_SHORT, "writev");
    return fails(CALLER, "writev", ENOSPC) ? -1 : syscall(SYS_writev, file, parts, half ? count / 2 : count);
}

/* ---- opening */

static int open_real(void *caller, const char *call, int folder, const char *path, int flags, va_list arguments)
{
    mode_t mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(arguments, mode_t) : 0;
    return fails(caller, call, EMFILE) ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int file = open_real(CALLER, "open", AT_FDCWD, path, flags, arguments);
    va_end(arguments);
    return file;
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int file = open_real(CALLER, "openat", folder, path, flags, arguments);
    va_end(arguments);
    return file;
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return fails(CALLER, "open", EMFILE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags);
int __openat_2(int folder, const char *path, int flags)
{
    return fails(CALLER, "openat", EMFILE) ? -1 : (int)syscall(SYS_openat, folder, path, flags, 0);
}
