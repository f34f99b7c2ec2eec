/* record_supplement.h - what a citizen is asked for: papers and corrections (SUPPLEMENT_REQUEST), or money
 * (FINANCIAL_OBLIGATION). One record per request, as long as its dossier; the ritual of records.h holds. Codes and
 * times only: what is wrong with a paper stands in the request's sealed body.
 */
#ifndef GATEWAY_STORE_RECORD_SUPPLEMENT_H
#define GATEWAY_STORE_RECORD_SUPPLEMENT_H

#include "gateway/store/records.h"

enum {
    ASKED_COMPONENT_SIZE = 48,          /* as the catalogue's COMPONENT_CODE_SIZE */
    ASKED_BYTES_MAX = 4096,
    ASKED_NO_BRANCH = 0xFF,
};

struct asked {
    uint64_t dossier, request;          /* its key; not in the bytes. `request`: the handoff that asks */
    enum asking state;
    enum kind kind;                     /* SUPPLEMENT_REQUEST or FINANCIAL_OBLIGATION */
    unsigned branch;                    /* index into the dossier's branches: the step that asks; ASKED_NO_BRANCH */
    uint32_t agency;                    /* who asks */
    uint32_t nth;                       /* how often this agency has asked for this dossier, with this one */
    uint32_t answers;                   /* SUPPLEMENTs or PAYMENTs that came for it */
    int64_t  asked_ms;                  /* by source time */
    int64_t  answer_by_ms;
    bool     answer_by_stated;          /* by whoever asks; else worked out */
    uint32_t unknown_year;              /* the calendar's year that is missing for it, or for its reminder; 0 none */
    int64_t  timer_ms;                  /* of the reminder, then of answer_by_ms; 0 none */
    int64_t  reminded_ms, overdue_ms;   /* when that was said; 0 not */
    int64_t  ended_ms;                  /* by source time of what ended it; 0 OPEN */
    uint64_t ended_by;                  /* the handoff that did; 0 none */
    char     reason_code[REASON_CODE_SIZE];
    uint64_t missing;                   /* bits: components that have not come yet */
    uint32_t component_count;
    char     components[COMPONENTS_MAX][ASKED_COMPONENT_SIZE];
};
_Static_assert(COMPONENTS_MAX <= 64, "a bit for each component");

size_t asked_write(const struct asked *asked, uint8_t bytes[ASKED_BYTES_MAX]);
MUST_USE bool asked_parse(struct span bytes, struct asked *ret_asked);

#endif
