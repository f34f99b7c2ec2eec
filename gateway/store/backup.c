/* backup.c - a copy of the day keys, of the environment from one read transaction, of keys that are new since, then of
 * the blobs that it names (copy.h), in a new folder. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/copy.h"

static enum result make_folder(struct copy *copy, bool *ret_made)
{
    if (mkdir(copy->folder, 0700)) {
        if (errno == EEXIST)
            return copy_fault(copy, "đã có sẵn, hãy chọn thư mục mới / exists, choose a new folder", "EEXIST",
                              RESULT_INVALID);
        return copy_fault_errno(copy, "không tạo được thư mục / cannot make the folder");
    }
    *ret_made = true;
    return chmod(copy->folder, 0700) ? copy_fault_errno(copy, "chmod") : RESULT_OK;
}

/* What was copied says which: the store itself goes on. */
static enum result copy_named_blobs(struct copy *copy)
{
    struct store_options options = { .folder = copy->folder, .read_only = true };
    struct store *copied;
    char lock[PATH_SIZE];
    enum result result = store_open(&copied, &options, copy->why);
    if (result != RESULT_OK)
        return result;
    result = copy_blobs(copy, copied);
    store_close(copied);
    if (path_join(copy->folder, "lock.mdb", lock))
        (void)unlink(lock);                                     /* of that look */
    return result;
}

enum result store_backup(struct store *store, const char *to_folder, struct left_out left_out, uint64_t *ret_seq,
                         struct text *why)
{
    struct copy copy = { .from = store, .why = why, .left_out = left_out, .sets_aside = true };
    struct counters counters;
    bool made = false;

    must(!store->turn.txn);
    if (!span_to_string(span_of_string(to_folder), copy.folder, sizeof copy.folder) || !copy.folder[0])
        return RESULT_INVALID;
    enum result result = store->read_only ? RESULT_OK : store_settle(store);
    if (result == RESULT_OK)
        result = make_folder(&copy, &made);
    if (result == RESULT_OK)
        result = copy_keys(&copy);
    if (result == RESULT_OK)
        result = copy_environment(&copy, "data.mdb");
    if (result == RESULT_OK)
        result = copy_keys(&copy);
    if (result == RESULT_OK)
        result = copy_named_blobs(&copy);
    if (result == RESULT_OK)
        result = copy_sync(&copy);
    if (result == RESULT_OK && (result = store_peek(copy.folder, &counters)) != RESULT_OK)
        (void)copy_fault(&copy, "bản sao không đọc được / the copy cannot be read", result_name(result), result);
    if (result != RESULT_OK) {
        if (made) {
            copy_remove(&copy, "data.mdb");
            rmdir(copy.folder);
        }
        return result;
    }
    *ret_seq = counters.seq;
    return RESULT_OK;
}
