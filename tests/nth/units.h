/* units.h - what the files of the unit sweep share. */
#ifndef TESTS_NTH_UNITS_H
#define TESTS_NTH_UNITS_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/nth/fail.h"

/* Done again and again, each time with another call failing. `run` checks what it can see for itself, and returns false
 * when it was refused: cleanly, with nothing left behind. */
struct unit {
    const char *name;
    void (*prepare)(void);          /* NULL: nothing to do */
    bool (*run)(void);
    unsigned whats;                 /* 1 << FAIL_MEMORY ... */
};
extern const struct unit unit_directory, unit_directory_large, unit_config, unit_call, unit_portal, unit_portal_login,
    unit_client_login, unit_source, unit_wire, unit_client, unit_client_keeps;

struct unit_try { const char *unit; enum fail_what what; uint64_t n, fired, refused; };
extern struct unit_try unit_try;

/* Ends the unit's process, saying at which try. */
#define EXPECT(condition)                                                                                           \
    ((condition) ? (void)0                                                                                          \
                 : (printf("  %s, %s no %llu (%s), %s:%d: not so: %s\n", unit_try.unit, fail_name(unit_try.what),   \
                           (unsigned long long)unit_try.n, fail_call(), __FILE__, __LINE__, #condition), exit(1)))

#endif
