#include "tests/unit/disk_gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

int __real_fdatasync(int file);
int __wrap_fdatasync(int file);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held;
static unsigned let;
static int error;

static void set(bool hold, unsigned syncs, int fail)
{
    pthread_mutex_lock(&lock);
    held = hold;
    let = syncs;
    error = fail;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void disk_open(void)
{
    set(false, 0, 0);
}

void disk_hold(void)
{
    set(true, 0, 0);
}

void disk_let(unsigned syncs)
{
    set(true, syncs, 0);
}

void disk_fail(int fail)
{
    set(false, 0, fail);
}

int __wrap_fdatasync(int file)
{
    pthread_mutex_lock(&lock);
    while (held && !let)
        pthread_cond_wait(&changed, &lock);
    let -= held;
    int fail = error;
    pthread_mutex_unlock(&lock);
    if (!fail)
        return __real_fdatasync(file);
    errno = fail;
    return -1;
}
