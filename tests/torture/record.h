/* record.h - one entry of a recording: what a process did to the files below one folder, or what somebody was told.
 *
 * The log is a file that every process appends to, one write() a record, so that records of several processes stand in
 * the order in which they were made. In the log: struct record, `path_size` bytes of path (relative to the folder that
 * is watched), `to_size` bytes of a second path (rename, link), then `size` bytes of data (WRITE, MARK).
 * disk.py reads the same bytes: change both. */
#ifndef TESTS_TORTURE_RECORD_H
#define TESTS_TORTURE_RECORD_H

#include <stdint.h>

enum record_kind {
    RECORD_CREATE = 1,      /* a name for a new, empty file: path, inode */
    RECORD_MKDIR,           /* path, inode */
    RECORD_RESIZE,          /* inode, offset = the new size */
    RECORD_WRITE,           /* inode, offset, data */
    RECORD_WRITE_SYNCED,    /* the same through a file opened with O_SYNC or O_DSYNC */
    RECORD_ALLOCATE,        /* inode, offset, size in `extra` */
    RECORD_SYNC,            /* fsync, fdatasync, msync of a file: inode */
    RECORD_SYNC_FOLDER,     /* fsync of a folder: path */
    RECORD_RENAME,          /* path, second path */
    RECORD_UNLINK,          /* path */
    RECORD_LINK,            /* path of the old name, second path the new one */
    RECORD_MARK,            /* somebody outside was told this: a line of text */
};

enum { RECORD_MAGIC = 0x5245434cu };

struct record {
    uint32_t magic, kind;
    uint64_t inode, offset, extra;
    uint32_t size;
    uint16_t path_size, to_size;
};
_Static_assert(sizeof(struct record) == 40, "as in disk.py");

#endif
