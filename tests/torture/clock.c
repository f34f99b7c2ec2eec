/* clock.c - loaded before a program (LD_PRELOAD), it puts the program's clocks forward or back, also while it runs.
 *
 * TORTURE_CLOCK names a file with two numbers in milliseconds: what is added to the wall clock (CLOCK_REALTIME, time(),
 * gettimeofday()) and what is added to the steady ones (CLOCK_BOOTTIME, CLOCK_MONOTONIC as the program asks for them;
 * the kernel's own time-outs are not touched). The file is read at each question; whoever writes it puts a whole new
 * one in its place by rename. No file, or something else in it: no change. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))
enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static void read_offsets(long long *ret_wall_ms, long long *ret_steady_ms)
{
    const char *path = getenv("TORTURE_CLOCK");
    char text[64] = "";

    *ret_wall_ms = *ret_steady_ms = 0;
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0 || sscanf(text, "%lld %lld", ret_wall_ms, ret_steady_ms) != 2)
        *ret_wall_ms = *ret_steady_ms = 0;
}

static void add_ms(struct timespec *time, long long ms)
{
    long long ns = time->tv_nsec + ms % 1000 * NS_PER_MS;
    time->tv_sec += (time_t)(ms / 1000) + (time_t)(ns < 0 ? -1 : ns / NS_PER_S);
    time->tv_nsec = (long)(ns < 0 ? ns + NS_PER_S : ns % NS_PER_S);
}

SHOWN int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    long long wall_ms, steady_ms;
    int result = (int)syscall(SYS_clock_gettime, clock, ret_time);
    if (result)
        return result;
    read_offsets(&wall_ms, &steady_ms);
    switch (clock) {
    case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE:
        add_ms(ret_time, wall_ms);
        break;
    case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_RAW: case CLOCK_MONOTONIC_COARSE: case CLOCK_BOOTTIME:
        add_ms(ret_time, steady_ms);
        break;
    default:
        break;
    }
    return 0;
}

SHOWN int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return -1;
    *ret_time = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
    return 0;
}

SHOWN time_t time(time_t *ret_time)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now))
        return (time_t)-1;
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
