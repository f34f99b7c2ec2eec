/* complaint.h - a line of the log that would come too often: said when it is new, then at most every ten seconds with
 * how many were not said. One per subject. */
#ifndef ADAPTERS_RUNTIME_COMPLAINT_H
#define ADAPTERS_RUNTIME_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "adapters/kinds/call.h"

#define COMPLAINT_PAUSE_MS 10000

struct complaint {
    char     about[FINGERPRINT_SIZE];
    int64_t  said_ms;
    uint64_t unsaid;
};

/* True: say it now; *ret_unsaid is how many were not since the last one. */
bool complaint_is_due(struct complaint *complaint, const char *about, int64_t now_ms, uint64_t *ret_unsaid);

#endif
