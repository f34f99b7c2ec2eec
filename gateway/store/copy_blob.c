/* copy_blob.c - the part of a copy that are files: every blob that the copied records name, and no other. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/blob_file.h"
#include "gateway/store/copy.h"

struct files {
    const struct copy *copy;
    struct blob_folder from, to;            /* from: path "" when there is no such folder */
    enum result result;
    struct blob at;                         /* the last one tried */
};

static void leave_out(struct turn *turn, const struct files *files)
{
    struct left_out_blob blob = { 0 };
    uint32_t agency = 0;

    hash_text(&files->at.sha256, blob.sha256);
    while (blob.agency_count < LEFT_OUT_AGENCIES_MAX &&
           (agency = turn_blob_known_next(turn, &files->at.sha256, agency)) != 0)
        blob.agency_count += turn_agency_code(turn, agency, blob.agencies[blob.agency_count]);
    files->copy->left_out.each(files->copy->left_out.context, &blob);
}

/* False: the copy ends here. */
static bool copy_one(struct turn *turn, struct files *files)
{
    enum result read = RESULT_OK;

    if (!files->from.path[0])
        read = RESULT_NOT_FOUND;
    else if (!files->copy->from_is_checked)
        read = blob_verify(&files->from, &files->at);
    if (read == RESULT_INVALID && files->copy->sets_aside)
        (void)blob_set_aside(&files->from, &files->at);
    if (blob_is_damaged(read) && files->copy->left_out.each) {
        leave_out(turn, files);
        return true;
    }
    files->result = read == RESULT_OK ? blob_copy(&files->from, &files->to, &files->at) : read;
    return files->result == RESULT_OK;
}

static void copy_all(struct turn *turn, void *context)
{
    struct files *files = context;
    for (const struct hash *after = NULL; turn_blob_next(turn, after, &files->at); after = &files->at.sha256)
        if (!copy_one(turn, files))
            return;
}

static enum result fault(struct copy *copy, const struct files *files)
{
    char sha256[HASH_TEXT_SIZE];

    hash_text(&files->at.sha256, sha256);
    if (files->result == RESULT_NOT_FOUND)
        return copy_fault(copy, "tệp đính kèm không còn: nếu đang sao lưu thì hãy làm lại, hoặc bỏ lại nó: "
                          "--without-damaged / an attachment's file is not there: when this is a backup, take it "
                          "again, or go without: --without-damaged", sha256, RESULT_INVALID);
    if (files->result == RESULT_INVALID)
        return copy_fault(copy, "tệp đính kèm hỏng (bỏ lại nó: --without-damaged) / an attachment's file is damaged "
                          "(to go without: --without-damaged)", sha256, RESULT_INVALID);
    return copy_fault_errno(copy, "không chép được tệp đính kèm / cannot copy an attachment");
}

static void ask_any(struct turn *turn, void *context)
{
    struct blob blob;
    bool *any = context;
    *any = turn_blob_next(turn, NULL, &blob);
}

static bool any_blob(struct store *records)
{
    bool any = false;
    return store_read(records, ask_any, &any) != RESULT_OK || any;
}

enum result copy_blobs(struct copy *copy, struct store *records)
{
    struct blob_folder_options from = { .store_folder = copy->from->folder, .read_only = true };
    struct blob_folder_options to = { .store_folder = copy->folder };
    struct files files = { .copy = copy };

    if (!any_blob(records))
        return RESULT_OK;
    enum result result = blob_folder_open(&files.from, &from);
    if (result == RESULT_NOT_FOUND && copy->left_out.each) {
        files.from = (struct blob_folder){ 0 };
        result = RESULT_OK;
    }
    if (result == RESULT_NOT_FOUND)
        return copy_fault(copy, "thiếu thư mục tệp đính kèm / the folder of attachments is not there", "blobs",
                          RESULT_INVALID);
    if (result == RESULT_OK)
        result = blob_folder_open(&files.to, &to);
    if (result != RESULT_OK) {
        result = copy_fault_errno(copy, "không mở được thư mục tệp đính kèm / cannot open the folder of attachments");
    } else {
        result = store_read(records, copy_all, &files);
        if (result == RESULT_OK && files.result != RESULT_OK)
            result = fault(copy, &files);
    }
    blob_folder_close(&files.to);
    blob_folder_close(&files.from);
    return result;
}

/* ---- half a copy */

static void empty_folder(const char *path, bool folders)
{
    char inner[PATH_SIZE];
    DIR *folder = opendir(path);

    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.' || !path_join(path, entry->d_name, inner))
            continue;
        if (folders)
            empty_folder(inner, false);
        else
            (void)unlink(inner);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

void copy_remove_blobs(const struct copy *copy)
{
    char path[PATH_SIZE];
    if (path_join(copy->folder, "blobs", path))
        empty_folder(path, true);
}
