#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/kinds/rules.h"
#include "adapters/runtime/complaint.h"
#include "adapters/runtime/rate.h"
#include "adapters/runtime/recent.h"
#include "adapters/runtime/socket_rules.h"
#include "adapters/runtime/watch.h"

static void addresses(void **state)
{
    /* The least reach that allows it; 0: none does. */
    static const struct { const char *address; enum reach least; } cases[] = {
        { "203.162.0.1", REACH_PUBLIC }, { "8.8.8.8", REACH_PUBLIC }, { "100.63.255.255", REACH_PUBLIC },
        { "172.15.255.255", REACH_PUBLIC }, { "172.32.0.1", REACH_PUBLIC }, { "192.169.0.1", REACH_PUBLIC },
        { "2402:800::1", REACH_PUBLIC }, { "::ffff:8.8.8.8", REACH_PUBLIC }, { "64:ff9b::808:808", REACH_PUBLIC },
        { "10.0.0.1", REACH_PRIVATE }, { "172.16.0.1", REACH_PRIVATE }, { "172.31.255.255", REACH_PRIVATE },
        { "192.168.1.1", REACH_PRIVATE }, { "100.64.0.1", REACH_PRIVATE }, { "100.127.255.255", REACH_PRIVATE },
        { "fd00::1", REACH_PRIVATE }, { "fc00::1", REACH_PRIVATE }, { "::ffff:10.1.2.3", REACH_PRIVATE },
        { "64:ff9b::a00:1", REACH_PRIVATE }, { "2002:a00:1::1", REACH_PRIVATE }, { "127.0.0.1", REACH_LOOPBACK },
        { "127.255.255.255", REACH_LOOPBACK }, { "::1", REACH_LOOPBACK }, { "::ffff:127.0.0.1", REACH_LOOPBACK },
        { "0.0.0.0", 0 }, { "0.1.2.3", 0 }, { "169.254.169.254", 0 }, { "224.0.0.1", 0 }, { "255.255.255.255", 0 },
        { "240.0.0.1", 0 }, { "192.0.0.8", 0 }, { "::", 0 }, { "fe80::1", 0 }, { "fec0::1", 0 }, { "ff02::1", 0 },
        { "::ffff:169.254.169.254", 0 }, { "::127.0.0.1", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sockaddr_in ipv4 = { .sin_family = AF_INET };
        struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
        bool six = inet_pton(AF_INET, cases[i].address, &ipv4.sin_addr) != 1;
        if (six)
            assert_int_equal(inet_pton(AF_INET6, cases[i].address, &ipv6.sin6_addr), 1);
        const struct sockaddr *address = six ? (struct sockaddr *)&ipv6 : (struct sockaddr *)&ipv4;
        for (enum reach reach = REACH_PUBLIC; reach <= REACH_LOOPBACK; reach++)
            if (address_is_allowed(address, six ? sizeof ipv6 : sizeof ipv4, reach)
                != (cases[i].least && reach >= cases[i].least))
                fail_msg("%s with reach %d", cases[i].address, (int)reach);
        assert_false(address_is_allowed(address, 4, REACH_LOOPBACK));       /* cut off */
    }
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(address_is_allowed(&other, sizeof other, REACH_LOOPBACK));
}

static void rates(void **state)
{
    struct rate rate;

    (void)state;
    rate_init(&rate, 0, 1000);
    for (int i = 0; i < 1000; i++)
        assert_true(rate_take(&rate, 1000));            /* no bound */

    rate_init(&rate, 10, 1000);
    for (int i = 0; i < 10; i++)
        assert_true(rate_take(&rate, 1000));            /* one second's worth at once */
    assert_false(rate_take(&rate, 1000));
    assert_int_equal(rate_due_ms(&rate), 1101);
    assert_false(rate_take(&rate, 1050));
    assert_true(rate_take(&rate, rate_due_ms(&rate)));
    int taken = 0;
    for (int64_t now_ms = 2000; now_ms < 7000; now_ms += 7)
        taken += rate_take(&rate, now_ms);
    assert_in_range(taken, 50, 60);                     /* five seconds, and what was saved up at first */
    for (int i = 0; i < 10; i++)
        assert_true(rate_take(&rate, 3600000));         /* an hour's rest saves up no more than a second's worth */
    assert_false(rate_take(&rate, 3600000));

    rate_init(&rate, 0.5, 0);
    assert_true(rate_take(&rate, 0));
    assert_false(rate_take(&rate, 1999));
    assert_true(rate_take(&rate, 2000));
    assert_false(rate_take(&rate, 1000));               /* a clock that went back gives nothing */
}

static void recent_dossiers(void **state)
{
    struct recent recent = { 0 };
    uint64_t one = recent_digest(&recent, "H29.07-260304-0001"), two = recent_digest(&recent, "H29.07-260304-0002");

    (void)state;
    assert_true(one && two && one != two && recent_digest(&recent, "H29.07-260304-0001") == one);
    assert_false(recent_has(&recent, one, 0));
    recent_add(&recent, one, 1000);
    assert_true(recent_has(&recent, one, 1000 + ORPHAN_GRACE_MS - 1));
    assert_false(recent_has(&recent, one, 1000 + ORPHAN_GRACE_MS));
    assert_false(recent_has(&recent, two, 1000));
    recent_add(&recent, one, 2000);    /* again: the later counts */
    assert_true(recent_has(&recent, one, 1000 + ORPHAN_GRACE_MS));
    recent_done(&recent);

    /* More than it holds: the newest are there, and nothing grows. */
    char code[32];
    for (int i = 0; i < 4 * RECENT_SETS * RECENT_WAYS; i++) {
        struct text text = text_of(code, sizeof code);
        text_add(&text, "H29.07-260304-%06d", i);
        uint64_t digest = recent_digest(&recent, code);
        recent_add(&recent, digest, i);
        assert_true(recent_has(&recent, digest, i));
    }
    recent_done(&recent);
}

static void complaints(void **state)
{
    struct complaint complaint = { 0 };
    uint64_t unsaid = 99;

    (void)state;
    assert_true(complaint_is_due(&complaint, "http-503", 5, &unsaid));
    assert_int_equal(unsaid, 0);
    for (int i = 0; i < 3; i++)
        assert_false(complaint_is_due(&complaint, "http-503", 5000, &unsaid));
    assert_true(complaint_is_due(&complaint, "http-503", 5 + COMPLAINT_PAUSE_MS, &unsaid));
    assert_int_equal(unsaid, 3);
    int said = 0;
    for (int i = 0; i < 100; i++)                       /* two that take turns within a second */
        said += complaint_is_due(&complaint, i % 2 ? "timeout" : "connect", 20000 + i, &unsaid);
    assert_int_equal(said, 1);
}

/* ---- watch: what is wanted reaches the kernel before each wait, and a number that comes again is not mistaken */

static size_t ready(struct watch *watch, struct watch_event *ret_event)
{
    struct watch_event events[WATCH_EVENTS_MAX];
    size_t count = watch_wait(watch, 0, events);

    if (count)
        *ret_event = events[0];
    return count;
}

static void open_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

/* A connection between two transfers stays in the set without a word, until what it says can only be its end. */
static void rests(void **state)
{
    struct watch watch;
    struct watch_event event;
    int fds[2];

    (void)state;
    assert_int_equal(watch_init(&watch), RESULT_OK);
    open_pair(fds);
    watch_opened(&watch, fds[0]);
    watch_set(&watch, fds[0], WATCH_TRANSFER, 7, WATCH_READ);
    assert_int_equal(ready(&watch, &event), 0);
    watch_set(&watch, fds[0], WATCH_TRANSFER, 7, 0);
    assert_int_equal(ready(&watch, &event), 0);
    watch_set(&watch, fds[0], WATCH_TRANSFER, 7, WATCH_READ);       /* the next transfer on it, and its answer */
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(ready(&watch, &event), 1);
    assert_int_equal(event.fd, fds[0]);
    watch_set(&watch, fds[0], WATCH_TRANSFER, 7, 0);
    assert_int_equal(ready(&watch, &event), 0);                     /* not wanted: it leaves the set ... */
    struct epoll_event none;
    assert_int_equal(epoll_wait(watch.epoll, &none, 1, 0), 0);      /* ... and does not wake us again and again */
    watch_set(&watch, fds[0], WATCH_TRANSFER, 8, WATCH_READ);       /* wanted again: it comes back */
    assert_int_equal(ready(&watch, &event), 1);
    assert_int_equal(event.slot, 8);
    watch_set(&watch, fds[0], WATCH_TRANSFER, 8, WATCH_WRITE);
    assert_int_equal(ready(&watch, &event), 1);
    assert_int_equal(event.ready, WATCH_WRITE);
    watch_set(&watch, fds[0], WATCH_TRANSFER, 8, 0);                /* always ready to be written: no rest for it */
    assert_int_equal(ready(&watch, &event), 0);
    assert_int_equal(epoll_wait(watch.epoll, &none, 1, 0), 0);
    watch_closed(&watch, fds[0]);
    close(fds[0]);
    close(fds[1]);
    watch_done(&watch);
}

static void watched(void **state)
{
    struct watch watch;
    struct watch_event event;
    int first[2], second[2];

    (void)state;
    assert_int_equal(watch_init(&watch), RESULT_OK);
    open_pair(first);
    watch_opened(&watch, first[0]);
    watch_set(&watch, first[0], WATCH_TRANSFER, 7, WATCH_READ);
    assert_int_equal(ready(&watch, &event), 0);
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(ready(&watch, &event), 1);
    assert_int_equal(event.kind, WATCH_TRANSFER);
    assert_int_equal(event.slot, 7);
    assert_int_equal(event.fd, first[0]);
    assert_int_equal(event.ready, WATCH_READ);

    watch_set(&watch, first[0], WATCH_TRANSFER, 7, 0);          /* off and on again within a turn */
    watch_set(&watch, first[0], WATCH_TRANSFER, 9, WATCH_READ | WATCH_WRITE);
    assert_int_equal(ready(&watch, &event), 1);
    assert_int_equal(event.slot, 9);
    assert_int_equal(event.ready, WATCH_READ | WATCH_WRITE);
    watch_set(&watch, first[0], WATCH_TRANSFER, 9, 0);
    assert_int_equal(ready(&watch, &event), 0);

    /* Closed while it was wanted no more, and its number given to another before the next wait. */
    watch_set(&watch, first[0], WATCH_TRANSFER, 9, WATCH_READ);
    assert_int_equal(ready(&watch, &event), 1);
    watch_set(&watch, first[0], WATCH_TRANSFER, 9, 0);
    watch_closed(&watch, first[0]);
    int number = first[0];
    assert_int_equal(close(first[0]), 0);
    open_pair(second);
    if (second[0] != number)
        assert_int_equal(dup2(second[0], number), number);
    watch_opened(&watch, number);
    watch_set(&watch, number, WATCH_TRANSFER, 9, WATCH_READ);
    assert_int_equal(ready(&watch, &event), 0);
    assert_int_equal(write(second[1], "x", 1), 1);
    assert_int_equal(ready(&watch, &event), 1);
    assert_int_equal(event.fd, number);

    close(second[1]);                                           /* the other side is gone: an error is an event too */
    assert_int_equal(ready(&watch, &event), 1);
    assert_true(event.ready & WATCH_ERROR);
    watch_done(&watch);
    if (second[0] != number)
        close(second[0]);
    close(number);
    close(first[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses), cmocka_unit_test(rates), cmocka_unit_test(recent_dossiers),
        cmocka_unit_test(complaints), cmocka_unit_test(watched), cmocka_unit_test(rests),
    };
    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
