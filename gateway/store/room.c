#include "gateway/store/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/inside.h"

enum {
    BALLAST_BACK_TIMES = 4,         /* put back only when so many times its size is free: no flapping at the edge */
    FREE_TABLE = 0,                 /* LMDB's own: transaction -> count and numbers of the pages it freed */
    INSIDE_GOOD_FOR = 16,           /* so many questions until the pages inside are counted anew */
};

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

/* ---- readers, and the room inside the file */

struct look { struct store_reader oldest; bool found; };

static int look_at_reader(const char *line, void *context)
{
    struct look *look = context;
    char number[32];
    long pid;
    /* A line per slot: pid, thread in hex, transaction or "-". The headline has no number. */
    if (sscanf(line, "%ld %*x %31s", &pid, number) != 2 || number[0] == '-')
        return 0;
    uint64_t transaction = strtoull(number, NULL, 10);
    if (!look->found || transaction < look->oldest.transaction)
        look->oldest = (struct store_reader){ .pid = pid, .transaction = transaction };
    look->found = true;
    return 0;
}

bool store_oldest_reader(const struct store *store, struct store_reader *ret_reader)
{
    struct look look = { .found = false };
    MDB_envinfo info;
    if (mdb_reader_list(store->env, look_at_reader, &look) < 0 || !look.found || mdb_env_info(store->env, &info))
        return false;
    if (info.me_last_txnid > look.oldest.transaction)
        look.oldest.behind = info.me_last_txnid - look.oldest.transaction;
    *ret_reader = look.oldest;
    return true;
}

/* Pages of the file that the next turns may write into: freed, and seen by no reader any more. */
static uint64_t count_inside_bytes(const struct store *store)
{
    struct store_reader reader = { .transaction = UINT64_MAX };
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_stat stat;
    uint64_t pages = 0;

    (void)store_oldest_reader(store, &reader);
    if (mdb_env_stat(store->env, &stat) || mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn))
        return 0;
    if (mdb_cursor_open(txn, FREE_TABLE, &cursor) == 0) {
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
            size_t transaction, count;
            if (key.mv_size != sizeof transaction || value.mv_size < sizeof count)
                break;
            memcpy(&transaction, key.mv_data, sizeof transaction);
            memcpy(&count, value.mv_data, sizeof count);
            if (transaction >= reader.transaction)
                break;
            pages += count;
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return pages * stat.ms_psize;
}

/* LMDB gives no page back to the disk, so a disk that the store itself filled stays full when the store is empty again.
 * Asked only while the disk is short. */
static uint64_t inside_bytes(struct store *store)
{
    if (store->inside_asked++ % INSIDE_GOOD_FOR == 0)
        store->inside_bytes = count_inside_bytes(store);
    return store->inside_bytes;
}

/* The sentence, with the name of whoever pins pages, where somebody does. */
static const char *why_short(struct store *store, const char *vi, const char *en)
{
    struct text why = text_of(store->why, sizeof store->why);
    struct store_reader reader;
    bool pinned = store_oldest_reader(store, &reader) && reader.behind > 1;

    text_add(&why, "%s", vi);
    if (pinned)
        text_add(&why, "; tiến trình %ld đọc lâu, giữ các trang cũ", reader.pid);
    text_add(&why, " / %s", en);
    if (pinned)
        text_add(&why, "; process %ld reads for long and pins old pages", reader.pid);
    return store->why;
}

/* What the file may still grow by. The open turns are not in it yet: twice what stands of them in the journal is more
 * than they need. */
static uint64_t map_room(const struct store *store)
{
    uint64_t open_bytes = 2 * store->journal.used_bytes, used;
    MDB_envinfo info;
    MDB_stat stat;

    if (mdb_env_info(store->env, &info) || mdb_env_stat(store->env, &stat))
        return 0;
    used = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize + open_bytes;
    return used < store->map_bytes ? store->map_bytes - used : 0;
}

bool store_intake_open(struct store *store, const char **ret_why)
{
    const char *why = NULL;
    must(!store->read_only && !store->turn.txn);
    uint64_t disk_bytes = disk_free_bytes(store->folder), map_bytes = map_room(store), inside = 0;
    uint64_t free_bytes = disk_bytes < map_bytes ? disk_bytes : map_bytes;
    if (!store->ballast_there && disk_bytes / BALLAST_BACK_TIMES >= store->ballast_bytes)
        store->ballast_there = ballast_lay(store);
    if (!store->ballast_there || free_bytes < store->ballast_bytes)
        inside = inside_bytes(store);
    else
        store->inside_asked = 0;
    if (store->broken)
        why = "kho báo lỗi đọc ghi / the store has failed";
    else if (store->counters.bytes >= store_intake_bytes(store))
        why = "kho đã dùng 90 % dung lượng cho phép / the store has reached 90 % of its limit";
    else if (!store->ballast_there && inside / BALLAST_BACK_TIMES < store->ballast_bytes)
        why = why_short(store, "đã bỏ phần đĩa dự phòng vì đĩa đầy", "the disk was full and its reserve was given up");
    else if (map_bytes + inside < store->ballast_bytes)
        why = why_short(store, "vùng nhớ của kho (map_bytes) sắp đầy", "the store's map_bytes are nearly used up");
    else if (disk_bytes + inside < store->ballast_bytes)
        why = why_short(store, "đĩa sắp đầy", "the disk is nearly full");
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
