/* advice.h - the words an operator reads of a failure: one table for explain, for the groups of the failed list and for
 * whatever shows them. Pure. */
#ifndef GATEWAY_CORE_ADVICE_H
#define GATEWAY_CORE_ADVICE_H

#include "gateway/base/words.h"

/* One language of a pair that stands side by side in the sources. */
struct words { const char *vi, *en; };

/* Static; "?" in both for a number that is none. */
struct words fail_class_meaning(enum fail_class fail_class);    /* "the data were refused" */
struct words fail_class_next(enum fail_class fail_class);       /* who does what now */
struct words state_words(enum state state);                     /* "đang chờ gửi lại" / "waiting" */
struct words verdict_words(enum verdict verdict);               /* what the agency said, in plain words */

struct words apology_words(enum apology apology);               /* what became of the apology that is owed */
struct words unasked_words(enum unasked unasked);               /* why nobody was asked; "" for 0 */

/* The same as fail_class_next(), in one language. */
const char *fail_class_next_step(enum fail_class fail_class, bool vi);

#endif
