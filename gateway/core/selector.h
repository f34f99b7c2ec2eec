/* selector.h - whom a permit, a route, a step or a version of a procedure speaks of. Pure. */
#ifndef GATEWAY_CORE_SELECTOR_H
#define GATEWAY_CORE_SELECTOR_H

#include "gateway/base/limits.h"
#include "gateway/base/words.h"

struct agency;

enum selector_kind { SELECT_ANY = 1, SELECT_AGENCY, SELECT_BELOW, SELECT_KIND };
struct selector {
    enum selector_kind kind;
    enum agency_kind   agency_kind;         /* SELECT_KIND */
    char code[AGENCY_CODE_SIZE];            /* SELECT_AGENCY; SELECT_BELOW: itself and all that begin "code." */
};

bool selector_matches(const struct selector *selector, const struct agency *agency);
/* How narrow it is, for choosing among several that match: anybody, a kind, all below a code (a longer code is
 * narrower), one agency. */
int selector_rank(const struct selector *selector);

#endif
