#include "adapters/runtime/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

struct watched {
    uint8_t  want, known;               /* WATCH_ bits; known: to the kernel */
    uint8_t  kind, known_kind;
    bool     told;                      /* we hear of its closing */
    bool     changed;                   /* stands in the list */
    uint32_t slot, known_slot;
};

static size_t raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    rlim_t most = limit.rlim_max < WATCH_DESCRIPTORS_MAX ? limit.rlim_max : WATCH_DESCRIPTORS_MAX;
    if (limit.rlim_cur < most || limit.rlim_cur > WATCH_DESCRIPTORS_MAX) {
        limit.rlim_cur = most;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
            return 1024;
    }
    return (size_t)limit.rlim_cur;
}

enum result watch_init(struct watch *watch)
{
    *watch = (struct watch){ .epoll = -1 };
    watch->size = raise_descriptors();
    watch->table = calloc(watch->size, sizeof *watch->table);
    watch->changed = calloc(watch->size, sizeof *watch->changed);
    if (!watch->table || !watch->changed) {
        watch_done(watch);
        return RESULT_FULL;
    }
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watch->epoll < 0) {
        watch_done(watch);
        return RESULT_BROKEN;
    }
    return RESULT_OK;
}

void watch_done(struct watch *watch)
{
    if (watch->table && watch->epoll >= 0)
        close(watch->epoll);
    free(watch->table);
    free(watch->changed);
    *watch = (struct watch){ .epoll = -1 };
}

static uint32_t epoll_bits(unsigned want)
{
    return (want & WATCH_READ ? (uint32_t)EPOLLIN : 0) | (want & WATCH_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static bool tell(struct watch *watch, int operation, int fd, const struct watched *watched)
{
    struct epoll_event event = {
        .events = epoll_bits(watched->want),
        .data.u64 = (uint64_t)watched->kind << 56 | (uint64_t)(watched->slot & 0xFFFFFF) << 32 | (uint32_t)fd,
    };
    return epoll_ctl(watch->epoll, operation, fd, &event) == 0;
}

/* A connection between two transfers has nothing to say but its end: the kernel is left to hear of that, once, which
 * costs nothing, where leaving and entering the set costs two system calls. */
static bool may_rest(const struct watched *watched)
{
    return watched->told && !watched->want && watched->known == WATCH_READ;
}

/* Makes the kernel know what is wanted. A descriptor that is gone has nothing to say any more. */
static void settle(struct watch *watch, int fd)
{
    struct watched *watched = &watch->table[fd];

    if (watched->want == watched->known
        && (!watched->want || (watched->kind == watched->known_kind && watched->slot == watched->known_slot)))
        return;
    if (!watched->want)
        tell(watch, EPOLL_CTL_DEL, fd, watched);
    else if (!watched->known) {
        if (!tell(watch, EPOLL_CTL_ADD, fd, watched) && errno == EEXIST)
            tell(watch, EPOLL_CTL_MOD, fd, watched);
    } else if (!tell(watch, EPOLL_CTL_MOD, fd, watched) && errno == ENOENT)
        tell(watch, EPOLL_CTL_ADD, fd, watched);
    watched->known = watched->want;
    watched->known_kind = watched->kind;
    watched->known_slot = watched->slot;
}

void watch_set(struct watch *watch, int fd, enum watch_kind kind, uint32_t slot, unsigned want)
{
    must(fd >= 0 && (size_t)fd < watch->size);
    struct watched *watched = &watch->table[fd];

    watched->want = (uint8_t)want;
    if (want) {
        watched->kind = (uint8_t)kind;
        watched->slot = slot;
    }
    if (!want && !watched->told)
        settle(watch, fd);
    else if (!watched->changed) {
        watched->changed = true;
        watch->changed[watch->changed_count++] = fd;
    }
}

void watch_opened(struct watch *watch, int fd)
{
    must(fd >= 0 && (size_t)fd < watch->size);
    struct watched *watched = &watch->table[fd];

    /* One that libcurl closed before it was connected has gone without a word, and this one has its number. */
    watched->want = watched->known = 0;
    watched->told = true;
}

void watch_closed(struct watch *watch, int fd)
{
    must(fd >= 0 && (size_t)fd < watch->size);
    struct watched *watched = &watch->table[fd];

    watched->want = 0;
    watched->told = false;
    settle(watch, fd);
}

size_t watch_wait(struct watch *watch, int timeout_ms, struct watch_event ret_events[WATCH_EVENTS_MAX])
{
    struct epoll_event events[WATCH_EVENTS_MAX];

    for (size_t i = 0; i < watch->changed_count; i++) {
        struct watched *watched = &watch->table[watch->changed[i]];
        watched->changed = false;
        if (!may_rest(watched))
            settle(watch, watch->changed[i]);
    }
    watch->changed_count = 0;
    int count = epoll_wait(watch->epoll, events, WATCH_EVENTS_MAX, timeout_ms);
    size_t wanted = 0;
    must(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++) {
        uint64_t key = events[i].data.u64;
        int fd = (int)(uint32_t)key;
        if (!watch->table[fd].want) {           /* it rested, and has ended: it is not to say so again */
            settle(watch, fd);
            continue;
        }
        ret_events[wanted++] = (struct watch_event){
            .kind = (enum watch_kind)(key >> 56), .slot = (uint32_t)(key >> 32) & 0xFFFFFF, .fd = fd,
            .ready = (events[i].events & EPOLLIN ? WATCH_READ : 0u) | (events[i].events & EPOLLOUT ? WATCH_WRITE : 0u)
                     | (events[i].events & (EPOLLERR | EPOLLHUP) ? WATCH_ERROR : 0u),
        };
    }
    return wanted;
}
