/* fail.h - the n-th call of a kind fails, once. Calls are counted in this process and this thread only, between
 * fail_arm() and fail_disarm(), and not while fail_pause() holds.
 *
 *   FAIL_MEMORY   malloc, calloc, realloc, posix_memalign give NULL: ours and those of the libraries we call, LMDB,
 *                 protobuf-c, jansson, libyaml, the C library. Not those of libzmq and libstdc++: libzmq ends the
 *                 process then, by design.
 *   FAIL_ROOM     an mdb_ call says what it says when map, disk or memory are full
 *   FAIL_DISK     an mdb_ call says what it says when the disk cannot be read or written
 *   FAIL_COMMIT   mdb_txn_commit, fsync, fdatasync do it and say EIO all the same
 *   FAIL_FILES    a file call of ours or of LMDB says ENOSPC where something is made or written, EMFILE where a
 *                 descriptor is made, EIO otherwise; nothing was done
 *   FAIL_IO       a file call says EIO; nothing was done
 *   FAIL_SHORT    write, pwrite, writev write the first half, and say so
 *   FAIL_SENDS    zmq_send, zmq_msg_send say EAGAIN for odd n and EHOSTUNREACH for even n
 */
#ifndef TESTS_NTH_FAIL_H
#define TESTS_NTH_FAIL_H

#include <stdbool.h>
#include <stdint.h>

enum fail_what {
    FAIL_MEMORY, FAIL_ROOM, FAIL_DISK, FAIL_COMMIT, FAIL_FILES, FAIL_IO, FAIL_SHORT, FAIL_SENDS, FAIL_WHATS
};
enum { FAIL_NEVER = 0 };

void     fail_start(void);                                  /* once, before anything else */
void     fail_arm(enum fail_what what, uint64_t n);         /* FAIL_NEVER: only counts */
bool     fail_disarm(void);                                 /* true: it has failed */
void     fail_pause(void);
void     fail_resume(void);
bool     fail_has_fired(void);
const char *fail_call(void);                                /* which call failed last: "mdb_cursor_put"; static */
uint64_t fail_count(enum fail_what what);                   /* calls since fail_arm() */
const char *fail_name(enum fail_what what);
/* The kind of that name; FAIL_WHATS: there is none. */
enum fail_what fail_of_name(const char *name);

/* For the files that stand between: true when this one is to fail. Counts it. */
bool     fail_now(enum fail_what what, const char *call);
/* The same; never true, and not counted, for a caller within a library that ends the process when this fails. */
bool     fail_now_for(void *caller, enum fail_what what, const char *call);

#endif
