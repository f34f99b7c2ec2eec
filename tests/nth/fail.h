/* fail.h - the n-th call of a kind fails, once. Calls are counted in this process and this thread only, between
 * fail_arm() and fail_disarm(), and not while fail_pause() holds.
 *
 *   FAIL_MEMORY   malloc, calloc, realloc give NULL: ours and those of the libraries we call, LMDB, protobuf-c,
 *                 jansson, libyaml, the C library. Not those of libzmq and libstdc++: libzmq ends the process then,
 *                 by design.
 *   FAIL_ROOM     an mdb_ call says what it says when map, disk or memory are full
 *   FAIL_DISK     an mdb_ call says what it says when the disk cannot be read or written
 *   FAIL_COMMIT   a commit is done and says EIO all the same: as when the last sync fails
 *   FAIL_FILES    open, openat, read, write, fsync, fdatasync, rename, renameat, mkdir say ENOSPC (EMFILE where a
 *                 descriptor is made)
 *   FAIL_SENDS    zmq_send, zmq_msg_send say EAGAIN for odd n and EHOSTUNREACH for even n
 */
#ifndef TESTS_NTH_FAIL_H
#define TESTS_NTH_FAIL_H

#include <stdbool.h>
#include <stdint.h>

enum fail_what { FAIL_MEMORY, FAIL_ROOM, FAIL_DISK, FAIL_COMMIT, FAIL_FILES, FAIL_SENDS, FAIL_WHATS };
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
void     fail_refuse_commits(bool refuse);                  /* for counting what a whole turn calls */
bool     fail_refuses_commits(void);

/* For the files that stand between: true when this one is to fail. Counts it. */
bool     fail_now(enum fail_what what, const char *call);

#endif
