/* client_clock.h - the clocks of the library under test, in the test's hand: they stand still until it moves them.
 * Include it once in a test program: it defines the functions of gateway/base/clock.h, so that those of the library are
 * not linked. Waiting for a frame still takes real time, with a limit (client_play.h). */
#ifndef TESTS_UNIT_CLIENT_CLOCK_H
#define TESTS_UNIT_CLIENT_CLOCK_H

#include "gateway/base/clock.h"

static int64_t clock_test_ms = 5000000;

int64_t clock_wall_ms(void)
{
    return 1700000000000 + clock_test_ms;
}

int64_t clock_monotonic_ms(void)
{
    return clock_test_ms;
}

int64_t clock_boot_ms(void)
{
    return 700000 + clock_test_ms;
}

/* The rest of the header, so that its object is not asked for. */
void clock_text(int64_t time_ms, char ret_text[CLOCK_TEXT_SIZE])
{
    (void)time_ms;
    ret_text[0] = 0;
}

#endif
