/* verb.h - what an operator can do and ask: one table for the admin socket, the command line and the console.
 * Every change is a command through the core, so it is in the history like any other, with the operator's uid. */
#ifndef GATEWAY_CORE_VERB_H
#define GATEWAY_CORE_VERB_H

#include <stdbool.h>

enum verb {
    VERB_STATUS = 1, VERB_SHOW, VERB_EXPLAIN, VERB_TRACK, VERB_LIST, VERB_FAILED, VERB_AGENCIES,       /* ask */
    VERB_REPLAY, VERB_CLOSE, VERB_REDIRECT, VERB_HOLD, VERB_RELEASE, VERB_BACKUP_BEGIN, VERB_BACKUP_END,    /* act */
    VERB_CONFIRM_CLOCK,
    VERB_UNRECEIVED,                                                                                    /* ask */
    VERB_FACTS, VERB_OPEN,                                                                      /* ask, act */
    VERB_SUPPLEMENTS,                                                                                   /* ask */
    VERB_LATE,                                                                                          /* ask */
    VERB_LATE_RELEASE, VERB_SIGN,                                                                       /* act */
    VERB_END
};

struct verb_info {
    const char *name;               /* "replay" */
    bool        acts;               /* changes something: needs a reason (not the two of backup) */
    const char *takes;              /* "handoff|filter reason [fresh_key] [dry_run]" */
    const char *help_vi, *help_en;
};
extern const struct verb_info verb_infos[VERB_END];
enum verb verb_read(const char *name);      /* 0 unknown */

#endif
