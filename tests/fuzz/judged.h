/* judged.h - answers out of an input, and what must be true of every judgement. */
#ifndef TESTS_FUZZ_JUDGED_H
#define TESTS_FUZZ_JUDGED_H

#include "adapters/kinds/call.h"
#include "tests/fuzz/fuzz.h"

/* Exactly one of a verdict and a next call; a scope with MISCONFIGURED and with nothing else; texts that end and are
 * UTF-8; OVERTAKEN only where it can be. */
void judged_check(const struct judgement *judgement, enum call call, enum kind kind);
/* Status, cut and Retry-After; the body is the caller's to add. */
struct http_answer judged_answer(struct taste *taste);

#endif
