/* explain.h - why a handoff is where it is, as a chain of plain sentences in Vietnamese and English, and the one thing
 * that would move it. Reads only. The broker adds what its memory knows: sessions and the breaker. */
#ifndef GATEWAY_CORE_EXPLAIN_H
#define GATEWAY_CORE_EXPLAIN_H

#include "gateway/core/handoff.h"

/* The verb: fills in reply->advice, or refuses. */
void explain(struct step *step, struct admin_reply *reply);

#endif
