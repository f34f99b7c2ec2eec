/* watch.h - the one set of file descriptors the loop waits on (epoll, level-triggered).
 *
 * Why epoll  libcurl's own curl_multi_poll() waits for one multi handle, and this process has one per agency (no
 *            connection is shared between agencies); and curl_multi_perform() looks at every transfer each time, where
 *            an event here names the one that can go on.
 * Lazy       What is wanted is written down at once and told to the kernel before the next wait: a connection that ends
 *            one transfer and begins the next within a turn costs no system call. That is safe only for descriptors
 *            whose closing we are told of (watch_opened); others are taken out of the set at once.
 * Rest       Such a connection, when it was only read from and is not wanted any more, stays in the set: the next
 *            transfer on it finds it there. Should it have something to say meanwhile, which can only be its end, it
 *            is taken out, and nobody hears of it.
 * Events     name the slot they belonged to when they were asked for. One may come late, after its slot or descriptor
 *            has another use: it is then no more than a needless look.
 */
#ifndef ADAPTERS_RUNTIME_WATCH_H
#define ADAPTERS_RUNTIME_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/result.h"

enum watch_kind { WATCH_SIGNAL = 1, WATCH_GATEWAY, WATCH_TRANSFER };
enum { WATCH_READ = 1, WATCH_WRITE = 2, WATCH_ERROR = 4 };
enum { WATCH_EVENTS_MAX = 256, WATCH_DESCRIPTORS_MAX = 65536 };

struct watched;
struct watch {
    int epoll;
    struct watched *table;              /* by descriptor */
    size_t size;
    int *changed;                       /* descriptors whose wish differs, perhaps, from what the kernel knows */
    size_t changed_count;
};
struct watch_event {
    enum watch_kind kind;
    uint32_t slot;                      /* agency */
    int fd;
    unsigned ready;                     /* WATCH_ bits */
};

/* Raises the soft limit of open files as far as it may. RESULT_FULL, RESULT_BROKEN. */
MUST_USE enum result watch_init(struct watch *watch);
void watch_done(struct watch *watch);                       /* takes a zeroed one */

/* `want` WATCH_READ | WATCH_WRITE; 0: no longer. */
void watch_set(struct watch *watch, int fd, enum watch_kind kind, uint32_t slot, unsigned want);
void watch_opened(struct watch *watch, int fd);             /* watch_closed() will be called for it */
void watch_closed(struct watch *watch, int fd);             /* just before close() */

/* Waits at most timeout_ms (-1: for ever). Returns how many events were written; 0 may come early. */
size_t watch_wait(struct watch *watch, int timeout_ms, struct watch_event ret_events[WATCH_EVENTS_MAX]);

#endif
