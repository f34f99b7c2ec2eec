/* restore.c - a backup becomes the store: checked, copied in, given a new epoch, marked as held; only then it has its
 * name.
 *
 *   STORE/restoring.mdb   being made. Where it lies without data.mdb beside it, a restore was cut off: the broker does
 *                         not start there, and another restore begins anew.
 *   STORE.epoch           beside the folder, so that it outlives it: the last epoch given to a store of this place.
 *                         Written beside (STORE.epoch.new) and renamed: it is whole, or the one before. One that is
 *                         there and cannot be read is no reason to begin again: nothing is restored then
 *   BACKUP/restored-as    the same for this backup; best effort, it may lie on something that cannot be written
 */
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

#include "gateway/store/bytes.h"
#include "gateway/store/copy.h"

enum { EPOCH_TEXT_SIZE = 16 };

struct restore {
    const struct store_restore *wanted;
    struct copy copy;
    char     epoch_path[PATH_SIZE], backup_path[PATH_SIZE];     /* of the two notes of the epoch */
    int      lock;
    bool     ours;                  /* the folder holds nothing but what we put there */
    struct counters counters;       /* of the backup, then of the store */
    uint32_t epoch;
};

/* ---- the place */

/* What may lie there: nothing, or what a restore that was cut off has left. */
static bool may_lie_there(const char *name, bool cut_off)
{
    static const char *const names[] = { ".", "..", "lost+found", "writer.lock", RESTORING_FILE };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return cut_off && (strcmp(name, "keys") == 0 || strcmp(name, "blobs") == 0);
}

static enum result look_around(struct restore *restore)
{
    char path[PATH_SIZE];
    struct stat file;
    enum result result = RESULT_OK;

    if (!path_join(restore->copy.folder, RESTORING_FILE, path))
        return copy_fault(&restore->copy, "đường dẫn quá dài / path too long", RESTORING_FILE, RESULT_INVALID);
    bool cut_off = stat(path, &file) == 0;
    DIR *folder = opendir(restore->copy.folder);
    if (!folder)
        return copy_fault_errno(&restore->copy, "không đọc được thư mục / cannot read the folder");
    for (struct dirent *entry; result == RESULT_OK && (entry = readdir(folder)) != NULL;)
        if (!may_lie_there(entry->d_name, cut_off))
            result = copy_fault(&restore->copy, "không trống: hãy chuyển kho cũ đi nơi khác trước / "
                                "not empty: move the old store away first", entry->d_name, RESULT_INVALID);
    closedir(folder);
    restore->ours = result == RESULT_OK;
    return result;
}

static enum result take_place(struct restore *restore)
{
    char path[PATH_SIZE];

    if (folder_make(restore->copy.folder) != RESULT_OK)
        return copy_fault_errno(&restore->copy, "không tạo được thư mục / cannot make the folder");
    if (!path_join(restore->copy.folder, "writer.lock", path))
        return copy_fault(&restore->copy, "đường dẫn quá dài / path too long", "writer.lock", RESULT_INVALID);
    restore->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (restore->lock < 0)
        return copy_fault_errno(&restore->copy, "không mở được writer.lock / cannot open writer.lock");
    if (flock(restore->lock, LOCK_EX | LOCK_NB))
        return copy_fault(&restore->copy, "tiến trình khác đang ghi kho này / another process writes this store",
                          "writer.lock", RESULT_BUSY);
    return look_around(restore);
}

/* ---- the epoch: one that no store of this gateway has had, as far as anybody here knows */

/* NOT_FOUND: there is no such note. INVALID: it holds no epoch. FULL, BROKEN: it cannot be read, errno says why. */
static enum result epoch_noted(const char *path, uint32_t *ret_epoch)
{
    char text[EPOCH_TEXT_SIZE] = "", *end = text;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    *ret_epoch = 0;
    if (file < 0)
        return errno == ENOENT ? RESULT_NOT_FOUND : file_result(errno);
    ssize_t size = read(file, text, sizeof text - 1);
    int error = errno;
    close(file);
    errno = error;
    if (size < 0)
        return file_result(error);
    unsigned long epoch = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (!epoch || epoch > EPOCH_MAX || end + strspn(end, "\r\n ") != text + size)
        return RESULT_INVALID;
    *ret_epoch = (uint32_t)epoch;
    return RESULT_OK;
}

/* A new file, synced, where a restore that was cut off may have left one. False: errno. */
static bool write_note(const char *path, const char *text, size_t size)
{
    if (unlink(path) && errno != ENOENT)
        return false;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return false;
    bool good = file_write(file, text, size) == RESULT_OK && fsync(file) == 0;
    int error = errno;
    if (close(file) && good)
        return false;
    errno = error;
    return good;
}

/* False: errno says why, and the note of before is still there. */
static bool epoch_note(const char *path, uint32_t epoch)
{
    char text[EPOCH_TEXT_SIZE], beside[PATH_SIZE];
    int size = snprintf(text, sizeof text, "%" PRIu32 "\n", epoch);

    if (snprintf(beside, sizeof beside, "%s.new", path) >= PATH_SIZE) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (write_note(beside, text, (size_t)size) && rename(beside, path) == 0)
        return folder_sync_parent(path) == RESULT_OK;
    int error = errno;
    (void)unlink(beside);
    errno = error;
    return false;
}

static enum result choose_epoch(struct restore *restore)
{
    const struct store_restore *wanted = restore->wanted;
    size_t size = strlen(restore->copy.folder);

    while (size > 1 && restore->copy.folder[size - 1] == '/')
        restore->copy.folder[--size] = 0;
    int length = snprintf(restore->epoch_path, PATH_SIZE, "%s.epoch", restore->copy.folder);
    if (length >= PATH_SIZE || !path_join(wanted->backup, "restored-as", restore->backup_path))
        return copy_fault(&restore->copy, "đường dẫn quá dài / path too long", "epoch", RESULT_INVALID);
    uint32_t last = restore->counters.epoch, of_place, of_backup;
    enum result noted = epoch_noted(restore->epoch_path, &of_place);
    if (noted == RESULT_INVALID)
        return copy_fault(&restore->copy, "tệp ghi thời kỳ cuối không chứa số thời kỳ nào: hãy ghi vào đó thời kỳ lớn "
                          "nhất từng cấp, rồi làm lại / the note of the last epoch holds no epoch: write the highest "
                          "that was ever given into it, then restore again", restore->epoch_path, RESULT_INVALID);
    if (noted != RESULT_OK && noted != RESULT_NOT_FOUND)
        return copy_fault_errno(&restore->copy, "không đọc được tệp .epoch bên cạnh kho, nơi ghi thời kỳ cuối / cannot "
                                "read the .epoch file beside the store, the note of the last epoch");
    (void)epoch_noted(restore->backup_path, &of_backup);
    uint32_t others[] = { of_place, of_backup, wanted->epoch_after };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        last = others[i] > last ? others[i] : last;
    if (last >= EPOCH_MAX)
        return copy_fault(&restore->copy, "đã dùng hết số thời kỳ / there are no more epochs", "65535",
                          RESULT_INVALID);
    restore->epoch = last + 1;
    /* Noted before it is used: a number that was skipped does no harm. */
    if (!epoch_note(restore->epoch_path, restore->epoch))
        return copy_fault_errno(&restore->copy, "không ghi được số thời kỳ / cannot note the epoch");
    (void)epoch_note(restore->backup_path, restore->epoch);
    return RESULT_OK;
}

/* ---- the mark */

static MDB_val val_of(const void *bytes, size_t size)
{
    return (MDB_val){ .mv_size = size, .mv_data = (void *)(uintptr_t)bytes };
}

/* The new epoch, and that it is held, in one transaction. The byte count stays right. */
static int put_mark(struct restore *restore, MDB_txn *txn, MDB_dbi meta)
{
    struct counters *counters = &restore->counters;
    uint8_t counters_bytes[COUNTERS_BYTES], restored_bytes[RESTORED_BYTES];
    MDB_val counters_key = val_of(META_COUNTERS_KEY, strlen(META_COUNTERS_KEY));
    MDB_val restored_key = val_of(META_RESTORED_KEY, strlen(META_RESTORED_KEY)), value;
    struct restored restored = {
        .held = true, .restored_ms = restore->wanted->now_ms, .backup_ms = counters->last_ms, .seq = counters->seq,
        .last_event = counters->events,
    };

    if (restored.restored_ms < counters->last_ms)
        restored.restored_ms = counters->last_ms;
    int code = mdb_get(txn, meta, &restored_key, &value);
    if (code && code != MDB_NOTFOUND)
        return code;
    counters->bytes += code ? restored_key.mv_size + RESTORED_BYTES : RESTORED_BYTES - value.mv_size;
    counters->epoch = restore->epoch;
    counters->handoffs = 0;
    counters->covered_seq = counters->seq;          /* by the very backup that this is */
    counters_write(counters, counters_bytes);
    restored_write(&restored, restored_bytes);
    value = val_of(counters_bytes, sizeof counters_bytes);
    if ((code = mdb_put(txn, meta, &counters_key, &value, 0)) != 0)
        return code;
    value = val_of(restored_bytes, sizeof restored_bytes);
    return mdb_put(txn, meta, &restored_key, &value, 0);
}

static enum result mark(struct restore *restore)
{
    char path[PATH_SIZE];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi meta;

    must(path_join(restore->copy.folder, RESTORING_FILE, path));
    int code = store_env_open(path, 0, MDB_NOSUBDIR | MDB_NOLOCK, &env);
    if (!code) {
        code = mdb_txn_begin(env, NULL, 0, &txn);
        if (!code) {
            code = mdb_dbi_open(txn, table_infos[TABLE_META].name, 0, &meta);
            if (!code)
                code = put_mark(restore, txn, meta);
            if (code)
                mdb_txn_abort(txn);
            else
                code = mdb_txn_commit(txn);
        }
        mdb_env_close(env);
    }
    return !code ? RESULT_OK : copy_fault(&restore->copy, "không đánh dấu được kho / cannot mark the store",
                                          mdb_strerror(code), lmdb_result(code));
}

/* From here on it is a store. */
static enum result give_name(struct restore *restore)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    enum result result = copy_sync(&restore->copy);

    if (result != RESULT_OK)
        return result;
    must(path_join(restore->copy.folder, RESTORING_FILE, from));
    if (!path_join(restore->copy.folder, "data.mdb", to) || rename(from, to))
        return copy_fault_errno(&restore->copy, "không đổi tên được / cannot rename");
    restore->ours = false;
    if (folder_sync(restore->copy.folder) == RESULT_OK)
        return RESULT_OK;
    enum result failed = copy_fault_errno(&restore->copy, "không ghi xuống đĩa được / cannot sync");
    restore->ours = rename(to, from) == 0;          /* nobody is told that it is there: it is not */
    return failed;
}

/* ---- all of it */

static enum result check_backup(struct restore *restore)
{
    const struct store_restore *wanted = restore->wanted;
    struct store_check check = { 0 };           /* read also where it could not be made */

    enum result result = store_check(restore->copy.from, wanted->each_fault, wanted->context, &check);
    if (result == RESULT_OK)
        result = store_peek(wanted->backup, &restore->counters);
    if (result == RESULT_OK && wanted->now_ms < restore->counters.last_ms - CLOCK_APART_MS_MAX)
        result = copy_fault(&restore->copy, "đồng hồ của máy này chạy sau bản sao lưu: chỉnh lại rồi làm tiếp / "
                            "this machine's clock is behind the backup: set it right first", wanted->backup,
                            RESULT_INVALID);
    bool only_blobs = check.faults == check.unreadable;
    if (result == RESULT_OK && check.faults && !(only_blobs && wanted->left_out.each))
        result = copy_fault(&restore->copy, only_blobs
                            ? "bản sao lưu có tệp đính kèm hỏng hoặc thiếu (bỏ lại chúng: --without-damaged) / the "
                              "backup has attachments that are damaged or missing (to go without: --without-damaged)"
                            : "bản sao lưu có lỗi, không phục hồi từ đó / "
                              "the backup has faults and is not restored from",
                            wanted->backup, RESULT_INVALID);
    /* Where there are bad ones, the copy has to find them again. */
    restore->copy.from_is_checked = result == RESULT_OK && !check.unreadable;
    return result;
}

static enum result restore_all(struct restore *restore)
{
    enum result result = check_backup(restore);
    if (result == RESULT_OK)
        result = take_place(restore);
    if (result == RESULT_OK) {
        copy_remove(&restore->copy, RESTORING_FILE);
        result = choose_epoch(restore);
    }
    if (result == RESULT_OK)
        result = copy_environment(&restore->copy, RESTORING_FILE);
    if (result == RESULT_OK)
        result = copy_keys(&restore->copy);
    if (result == RESULT_OK)
        result = copy_blobs(&restore->copy, restore->copy.from);
    if (result == RESULT_OK)
        result = mark(restore);
    if (result == RESULT_OK)
        result = give_name(restore);
    if (result != RESULT_OK && restore->ours)
        copy_remove(&restore->copy, RESTORING_FILE);
    return result;
}

enum result store_restore(const struct store_restore *wanted, uint32_t *ret_epoch, uint64_t *ret_seq,
                          struct text *why)
{
    struct restore *restore = calloc(1, sizeof *restore);
    struct store_options options = { .folder = wanted->backup, .read_only = true };

    if (!restore)
        return RESULT_FULL;
    restore->wanted = wanted;
    restore->copy.why = why;
    restore->copy.left_out = wanted->left_out;
    restore->lock = -1;
    enum result result = RESULT_INVALID;
    if (span_to_string(span_of_string(wanted->folder), restore->copy.folder, sizeof restore->copy.folder) &&
        restore->copy.folder[0])
        result = store_open(&restore->copy.from, &options, why);
    if (result == RESULT_OK) {
        result = restore_all(restore);
        store_close(restore->copy.from);
    }
    if (restore->lock >= 0)
        close(restore->lock);
    if (result == RESULT_OK) {
        *ret_epoch = restore->epoch;
        *ret_seq = restore->counters.covered_seq;
    }
    free(restore);
    return result;
}
