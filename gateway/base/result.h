/* result.h - the three kinds of wrong, kept apart.
 *
 * A bug            must(x) fails: the program says where and stops, in every build. Restarting is safe, because
 *                  nothing was said to anyone that is not on disk.
 * A refusal        the other side asked for something it may not have: see problem.h; it travels back to whoever asked.
 * A broken world   disk, network, memory: an enum result that the caller has to look at.
 */
#ifndef GATEWAY_BASE_RESULT_H
#define GATEWAY_BASE_RESULT_H

#define MUST_USE __attribute__((warn_unused_result))

enum result {
    RESULT_OK = 0,
    RESULT_NOT_FOUND,       /* asked for one thing, and it is not there */
    RESULT_INVALID,         /* the input is not what it should be; a struct problem or faults say why */
    RESULT_FULL,            /* no room or no memory: nothing was changed, reads still work */
    RESULT_BUSY,            /* somebody else holds it, or not now: asking again later makes sense */
    RESULT_BROKEN,          /* an I/O error. Sticky: stop, restart, reread */
};

const char *result_name(enum result result);            /* "ok", "not-found", ...; static */

/* Stops the program when `condition` is false: our own mistake, never somebody's input. */
#define must(condition) \
    ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__, __func__))

_Noreturn void must_failed(const char *condition, const char *file, int line, const char *function);

#endif
