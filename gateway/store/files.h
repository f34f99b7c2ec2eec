/* files.h - the few things the store does with plain files: folders and files only we may read, whole writes, syncs. */
#ifndef GATEWAY_STORE_FILES_H
#define GATEWAY_STORE_FILES_H

#include "gateway/base/span.h"

enum { PATH_SIZE = 1024 };

/* FULL for no room (disk, quota, memory), BROKEN for everything else. */
enum result file_result(int error);

/* Makes a folder, 0700 whatever the umask says; one that is there already is taken as it is. */
MUST_USE enum result folder_make(const char *path);
/* Syncs a folder, so that the names in it survive a power cut. */
MUST_USE enum result folder_sync(const char *path);
/* The same for the folder that holds `path`. */
MUST_USE enum result folder_sync_parent(const char *path);

MUST_USE enum result file_write(int file, const void *bytes, size_t size);

/* "FOLDER/NAME". False: longer than PATH_SIZE. */
MUST_USE bool path_join(const char *folder, const char *name, char ret_path[PATH_SIZE]);

/* Free bytes of the file system that holds `path`, for whoever we are. 0 when it cannot be asked. */
uint64_t disk_free_bytes(const char *path);

#endif
