/* syncer.h - one fdatasync at a time, made by a thread of its own while its owner does something else.
 *
 * Why        A sync takes the disk a third of a millisecond and the processor nothing. Who has a whole turn of answers
 *            to write meanwhile need not stand still for it.
 * Threads    one thread, begun with the first sync and living until syncer_stop(); it touches nothing but the file that
 *            it was given. All calls here are the owner's.
 * Failure    where no thread can be had the sync is made at once, by the caller.
 */
#ifndef GATEWAY_STORE_SYNCER_H
#define GATEWAY_STORE_SYNCER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "gateway/base/span.h"

struct syncer {
    pthread_t thread;
    bool  running;                      /* the thread, and what both wake each other with */
    sem_t asked;
    int   done;                         /* an eventfd: a sync is over and was not waited for */
    int   file;                         /* to be synced; -1: the thread is to end */
    int   error;                        /* of the last sync, 0 or errno */
    bool  under_way;                    /* the owner has not waited for it yet */
};

/* All zero is a syncer that has nothing to do. The file stays open until syncer_wait(); none may be under way. */
void syncer_begin(struct syncer *syncer, int file);
bool syncer_is_done(const struct syncer *syncer);           /* syncer_wait() would not wait */
/* A descriptor that can be read when the sync under way is over; for poll(), not to be read. -1: none is, or it was
 * made at once. */
int  syncer_file(const struct syncer *syncer);
/* Until the sync is over: 0, or what went wrong (errno). 0 at once when none was begun. */
MUST_USE int syncer_wait(struct syncer *syncer);
void syncer_stop(struct syncer *syncer);                                /* waits; takes one that never began */

#endif
