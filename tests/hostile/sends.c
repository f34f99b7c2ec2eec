/* sends.c - LD_PRELOAD: the n-th message that a program sends cannot be sent, once. Only its first part fails: libzmq
 * never refuses the later parts of a message that it has begun to take.
 *
 *     SENDS_FAIL    n, counted from the start of the program; without it only counts
 *     SENDS_ERROR   the errno, a number: EAGAIN or EHOSTUNREACH are what a ROUTER says
 *     SENDS_SAID    a file that the line "n CALL" is appended to when it happens
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

static struct {
    bool          known;
    unsigned long n, count;
    int           error;
    void         *begun;                /* the socket whose message is not whole yet */
} sends;

static void learn(void)
{
    const char *n = getenv("SENDS_FAIL"), *error = getenv("SENDS_ERROR");
    sends.n = n ? strtoul(n, NULL, 10) : 0;
    sends.error = error ? (int)strtol(error, NULL, 10) : EAGAIN;
    sends.known = true;
}

static void say(const char *call)
{
    char line[64];
    const char *path = getenv("SENDS_SAID");
    int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    int size = snprintf(line, sizeof line, "%lu %s\n", sends.count, call);
    if (file >= 0 && write(file, line, (size_t)size) != size)
        abort();
    if (file >= 0)
        close(file);
}

static bool fails(void *socket, int flags, const char *call)
{
    bool begins = sends.begun != socket;
    if (!sends.known)
        learn();
    if (begins && ++sends.count == sends.n) {
        say(call);
        errno = sends.error;
        return true;
    }
    sends.begun = flags & ZMQ_SNDMORE ? socket : NULL;
    return false;
}

int zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
    int (*real)(void *, const void *, size_t, int);
    *(void **)&real = dlsym(RTLD_NEXT, "zmq_send");
    return fails(socket, flags, "zmq_send") ? -1 : real(socket, bytes, size, flags);
}

int zmq_msg_send(zmq_msg_t *frame, void *socket, int flags)
{
    int (*real)(zmq_msg_t *, void *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "zmq_msg_send");
    return fails(socket, flags, "zmq_msg_send") ? -1 : real(frame, socket, flags);
}
