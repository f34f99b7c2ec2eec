/* supplement_inside.h - what supplement*.c share. supplement.c: may a request or an answer come in, and where to.
 * supplement_keep.c: what is written of it, the clock, timers. Nobody else includes it. */
#ifndef GATEWAY_CORE_SUPPLEMENT_INSIDE_H
#define GATEWAY_CORE_SUPPLEMENT_INSIDE_H

#include "gateway/core/dossier_inside.h"
#include "gateway/core/supplement.h"

/* Marks the components that the answer in `header` names. True: nothing is missing any more, or nothing more comes. */
bool supplement_mark(struct asked *asked, struct span header);
/* How many requests of this kind the agency's seat has made for the dossier; *ret_all: of anybody and any kind. */
uint32_t supplement_count(struct step *step, uint64_t dossier, const struct agency *agency, enum kind kind,
                          uint32_t *ret_all);
/* An open request of the step `branch` besides `except`. */
bool supplement_waits(struct step *step, uint64_t dossier, unsigned branch, uint64_t except);

#endif
