#include "gateway/store/syncer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int sync_now(int file)
{
    return fdatasync(file) ? errno : 0;
}

static void *run(void *context)
{
    struct syncer *syncer = context;
    for (;;) {
        while (sem_wait(&syncer->asked))
            must(errno == EINTR);
        if (syncer->file < 0)
            return NULL;
        syncer->error = sync_now(syncer->file);
        must(eventfd_write(syncer->done, 1) == 0);
    }
}

/* Signals are its owner's business. */
static bool start_thread(struct syncer *syncer)
{
    sigset_t all, before;

    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    bool started = pthread_create(&syncer->thread, NULL, run, syncer) == 0;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return started;
}

static bool start(struct syncer *syncer)
{
    syncer->done = eventfd(0, EFD_CLOEXEC);
    if (syncer->done < 0)
        return false;
    must(sem_init(&syncer->asked, 0, 0) == 0);
    syncer->running = start_thread(syncer);
    if (!syncer->running) {
        sem_destroy(&syncer->asked);
        close(syncer->done);
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

bool syncer_is_done(const struct syncer *syncer)
{
    struct pollfd file = { .fd = syncer_file(syncer), .events = POLLIN };
    return file.fd < 0 || poll(&file, 1, 0) > 0;
}

int syncer_file(const struct syncer *syncer)
{
    return syncer->under_way && syncer->running ? syncer->done : -1;
}

int syncer_wait(struct syncer *syncer)
{
    eventfd_t one;
    if (!syncer->under_way)
        return 0;
    while (syncer->running && eventfd_read(syncer->done, &one))
        must(errno == EINTR);
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
    close(syncer->done);
    syncer->running = false;
}
