/* agencies.h - a few agencies from a real adapter.yaml, and a handoff for them: invented. */
#ifndef TESTS_FUZZ_AGENCIES_H
#define TESTS_FUZZ_AGENCIES_H

#include "adapters/kinds/config.h"
#include "adapters/kinds/source.h"

enum { AGENCY_REST, AGENCY_MUTE, AGENCY_HOTICH, AGENCY_PORTAL, AGENCY_TELLER, AGENCY_PULLS, AGENCIES };

/* Lent for ever; read at the first call. */
const struct agency_config *agencies_get(unsigned which);

/* Texts of *ret_job point into statics and `source`, which is the caller's (json_decref). */
void agencies_job(enum kind kind, enum agency_class agency_class, uint32_t attempt, json_t **ret_source,
                  struct job *ret_job);

#endif
