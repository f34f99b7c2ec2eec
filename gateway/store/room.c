#include "gateway/store/room.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/inside.h"

enum { BALLAST_BACK_TIMES = 4 };        /* put back only when so many times its size is free: no flapping at the edge */

uint64_t store_intake_bytes(const struct store *store)
{
    return store->bytes_max / 10 * 9;
}

/* Blocks are taken now (posix_fallocate), not when somebody writes. */
static bool ballast_lay(struct store *store)
{
    char path[PATH_SIZE];
    if (!path_join(store->folder, "ballast", path))
        return false;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    int error = posix_fallocate(file, 0, (off_t)store->ballast_bytes);
    if (!error && ftruncate(file, (off_t)store->ballast_bytes))     /* a larger one of an earlier setting */
        error = errno;
    close(file);
    if (error)
        unlink(path);
    return !error;
}

static bool ballast_found(const struct store *store)
{
    char path[PATH_SIZE];
    struct stat file;
    return path_join(store->folder, "ballast", path) && stat(path, &file) == 0 &&
           (uint64_t)file.st_size == store->ballast_bytes && (uint64_t)file.st_blocks * 512 >= store->ballast_bytes;
}

void ballast_start(struct store *store)
{
    store->ballast_there = ballast_found(store);
    /* Not at the price of the last free space: then the store is opened for draining. */
    if (!store->ballast_there && disk_free_bytes(store->folder) / 2 >= store->ballast_bytes)
        store->ballast_there = ballast_lay(store);
}

bool store_intake_open(struct store *store, const char **ret_why)
{
    const char *why = NULL;
    must(!store->read_only);
    uint64_t free_bytes = disk_free_bytes(store->folder);
    if (!store->ballast_there && free_bytes / BALLAST_BACK_TIMES >= store->ballast_bytes)
        store->ballast_there = ballast_lay(store);
    if (store->broken)
        why = "kho báo lỗi đọc ghi / the store has failed";
    else if (store->counters.bytes >= store_intake_bytes(store))
        why = "kho đã dùng 90 % dung lượng cho phép / the store has reached 90 % of its limit";
    else if (!store->ballast_there)
        why = "đã bỏ phần đĩa dự phòng vì đĩa đầy / the disk was full and its reserve was given up";
    else if (free_bytes < store->ballast_bytes)
        why = "đĩa sắp đầy / the disk is nearly full";
    if (why && ret_why)
        *ret_why = why;
    return !why;
}

bool store_give_up_ballast(struct store *store)
{
    char path[PATH_SIZE];
    must(!store->read_only);
    store->ballast_there = false;
    return path_join(store->folder, "ballast", path) && unlink(path) == 0;
}
