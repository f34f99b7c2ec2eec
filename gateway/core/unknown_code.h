/* unknown_code.h - a partner's own word for where a dossier stands that no map knows (status.h). Its fact is kept and
 * shown with its dossier; here it is counted for its agency, so that an operator sees what to add to the map.
 *
 * Bounded    the first UNKNOWN_CODES_MAX codes of an agency each by itself, all others together. A count stays
 *            when the map has the code; what the maps know by now is shown as such and not counted as missing.
 */
#ifndef GATEWAY_CORE_UNKNOWN_CODE_H
#define GATEWAY_CORE_UNKNOWN_CODE_H

#include "gateway/core/handoff.h"

void unknown_code_keep(struct step *step, const struct handoff *handoff, const char *code);
/* How often the codes of `agency` were not known that are not known now either; the last of them in *ret_last, all zero
 * with 0. */
uint64_t unknown_code_count(struct step *step, uint32_t agency, struct unknown_code *ret_last);
/* All of an agency, at most UNKNOWN_CODES_MAX + 1, in the arena. */
const struct unknown_code_view *view_unknown_codes(struct step *step, uint32_t agency, uint32_t *ret_count);
/* For status: how many codes of how many agencies are to be added; nothing where there are none. */
void unknown_code_facts(struct step *step, struct admin_reply *reply);

#endif
