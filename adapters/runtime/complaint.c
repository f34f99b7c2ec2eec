#include "adapters/runtime/complaint.h"

#include <string.h>

bool complaint_is_due(struct complaint *complaint, const char *about, int64_t now_ms, uint64_t *ret_unsaid)
{
    struct text text;

    /* A change is news, but two that take turns must not get round the pause. */
    int64_t pause_ms = strcmp(complaint->about, about) == 0 ? COMPLAINT_PAUSE_MS : COMPLAINT_PAUSE_MS / 10;
    if (complaint->about[0] && now_ms - complaint->said_ms < pause_ms) {
        complaint->unsaid++;
        return false;
    }
    *ret_unsaid = complaint->unsaid;
    text = text_of(complaint->about, sizeof complaint->about);
    text_add(&text, "%s", about);
    complaint->said_ms = now_ms;
    complaint->unsaid = 0;
    return true;
}
