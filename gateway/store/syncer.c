#include "gateway/store/syncer.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static int sync_now(int file)
{
    return fdatasync(file) ? errno : 0;
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore))
        must(errno == EINTR);
}

static void *run(void *context)
{
    struct syncer *syncer = context;
    for (;;) {
        wait_for(&syncer->asked);
        if (syncer->file < 0)
            return NULL;
        syncer->error = sync_now(syncer->file);
        must(sem_post(&syncer->done) == 0);
    }
}

/* Signals are its owner's business. */
static bool start(struct syncer *syncer)
{
    sigset_t all, before;

    if (sem_init(&syncer->asked, 0, 0))
        return false;
    if (sem_init(&syncer->done, 0, 0)) {
        sem_destroy(&syncer->asked);
        return false;
    }
    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    syncer->running = pthread_create(&syncer->thread, NULL, run, syncer) == 0;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (!syncer->running) {
        sem_destroy(&syncer->asked);
        sem_destroy(&syncer->done);
    }
    return syncer->running;
}

void syncer_begin(struct syncer *syncer, int file)
{
    must(!syncer->under_way && file >= 0);
    syncer->under_way = true;
    syncer->file = file;
    if (syncer->running || start(syncer)) {
        must(sem_post(&syncer->asked) == 0);
        return;
    }
    syncer->error = sync_now(file);
}

bool syncer_is_done(struct syncer *syncer)
{
    int waiting = 1;                    /* for us: without a thread it was done at once */
    if (syncer->under_way && syncer->running)
        must(sem_getvalue(&syncer->done, &waiting) == 0);
    return waiting > 0;
}

int syncer_wait(struct syncer *syncer)
{
    if (!syncer->under_way)
        return 0;
    if (syncer->running)
        wait_for(&syncer->done);
    syncer->under_way = false;
    return syncer->error;
}

void syncer_stop(struct syncer *syncer)
{
    (void)!syncer_wait(syncer);
    if (!syncer->running)
        return;
    syncer->file = -1;
    must(sem_post(&syncer->asked) == 0);
    must(pthread_join(syncer->thread, NULL) == 0);
    sem_destroy(&syncer->asked);
    sem_destroy(&syncer->done);
    syncer->running = false;
}
