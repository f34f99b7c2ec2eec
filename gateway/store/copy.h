/* copy.h - what backup and restore share: an environment, its day keys and its blobs, copied into another folder and
 * synced.
 *
 * Keys before the environment, and again after it: a key that is dropped in between may seal rows that the copy still
 * holds, and a day that begins in between has its key in the copy. Blobs last: a file that was deleted in between,
 * because the pause of the sweep was over, would be missing in the copy, so that is a fault. */
#ifndef GATEWAY_STORE_COPY_H
#define GATEWAY_STORE_COPY_H

#include "gateway/store/inside.h"

struct copy {
    struct store *from;
    struct text  *why;              /* may be NULL */
    struct left_out left_out;
    bool          from_is_checked;  /* each of its blobs has just been read */
    bool          sets_aside;       /* damaged blobs, so that they can be mended: it is the store itself */
    char          folder[PATH_SIZE];
};

/* Says what went wrong, and passes `result` on. */
enum result copy_fault(struct copy *copy, const char *what, const char *detail, enum result result);
enum result copy_fault_errno(struct copy *copy, const char *what);

/* One read transaction into a new file FOLDER/name, compacted, synced. */
MUST_USE enum result copy_environment(struct copy *copy, const char *name);
/* Into FOLDER/keys, which is made when missing; those that are there already stay. */
MUST_USE enum result copy_keys(struct copy *copy);
/* copy_blob.c: into FOLDER/blobs every file that the records of this store name, but for those that may be left out;
 * nothing where they name none. */
MUST_USE enum result copy_blobs(struct copy *copy, struct store *records);
void copy_remove_blobs(const struct copy *copy);
/* The names of both folders, and that of the folder in its own. */
MUST_USE enum result copy_sync(struct copy *copy);
/* Half a copy must not be taken for one: the keys, the blobs and FOLDER/name go, the folder stays. */
void copy_remove(const struct copy *copy, const char *name);

#endif
