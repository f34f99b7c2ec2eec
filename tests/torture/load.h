/* load.h - what the two halves of the program `load` share: load.c makes turns and writes down what was told to whom,
 * audit.c looks whether a store still knows it.
 *
 * What was told is a line of text. Numbers are decimal, hashes and bytes are hex:
 *   accepted SENDER MESSAGE_ID HANDOFF CONTENT_HASH COMMIT_SEQ
 *   deliver HANDOFF ATTEMPT                         the offer left
 *   outcome HANDOFF ATTEMPT STATE                   OUTCOME_ACK
 *   checkpoint HANDOFF ATTEMPT VALUE                VALUE is a number that rises
 *   cursor AGENCY NAME VALUE                        the same
 *   notice EVENT_SEQ HANDOFF STATE
 *   closed HANDOFF                                  an operator was told so
 *   link COMMIT_SEQ LINK                            went out with one of the above
 *   witness LINK                                    the same where no turn was named
 * tests/torture/told.py writes the same lines for a gateway that it speaks with. */
#ifndef TESTS_TORTURE_LOAD_H
#define TESTS_TORTURE_LOAD_H

#include "gateway/core/core.h"
#include "gateway/directory/directory.h"
#include "gateway/store/store.h"

enum { TOLD_LINE_SIZE = 512, LOAD_BODY_MAX = 96 << 10, LOAD_BALLAST = 1 << 20,
       LOAD_JOURNAL = 1 << 20 };

struct load_options {
    const char *store, *directory, *log, *told;
    uint64_t seed;
    int64_t  turns;
    bool     no_sync;           /* MDB_NOSYNC and no fsync of the keys: what must be caught */
    bool     tell_early;        /* tells before the commit: what must be caught */
};

#define LOAD_BEGINS_MS 1772413200000LL          /* 2026-03-02 08:00 in Ho Chi Minh City */

_Noreturn void load_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct store *load_open(const struct load_options *options);
/* The tables of the directory, in force in this store: stored when they are not yet. */
void load_directory(struct core *core, struct store *store, struct effects *effects, const char *folder,
                    int64_t now_ms);

int audit(const struct load_options *options);              /* audit.c: the exit status; faults on standard output */

#endif
