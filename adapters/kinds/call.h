/* call.h - one HTTP call to an agency's system, its answer, and what the answer was judged to mean. Pure.
 *
 * A dialect is a sequence of calls. An answer is either a verdict (the attempt is over) or the name of the next call.
 * struct judgement carries exactly what the wire's Outcome needs, so that the runtime copies and decides nothing.
 */
#ifndef ADAPTERS_KINDS_CALL_H
#define ADAPTERS_KINDS_CALL_H

#include "gateway/base/limits.h"
#include "gateway/base/span.h"
#include "gateway/base/words.h"

enum call {
    CALL_CREATE = 1,            /* the dossier, or the one handoff of a plain dialect, is sent for the first time */
    CALL_UPDATE,                /* about a dossier that is there already */
    CALL_PROBE,                 /* asks; changes nothing */
    CALL_PULL,                  /* polls for what the agency has for us; belongs to no handoff */
    CALL_TOKEN,                 /* logs in; carries no dossier */
    CALL_END
};
const char *call_name(enum call call);              /* "create", ...; static; "?" for none */
enum call   call_read(const char *name);            /* 0 when unknown */
bool        call_acts(enum call call);              /* the other side may have changed something by it */

enum { JUDGEMENT_VALUE_SIZE = 128, JUDGEMENT_FIELD_SIZE = 128, FINGERPRINT_SIZE = 96, RULE_WHERE_SIZE = 160 };

struct http_answer {
    int         http_status;
    struct span body;           /* borrowed; any bytes at all */
    bool        body_cut;       /* longer than the agency's response bound: this is its beginning */
    int64_t     retry_after_ms; /* -1: the agency named none */
};

struct judgement {
    enum verdict verdict;                       /* 0 when `next` is set */
    enum call    next;                          /* 0 when it is a verdict */
    enum scope   scope;                         /* MISCONFIGURED only, else 0 */
    char value[JUDGEMENT_VALUE_SIZE];           /* scope MAPPING: the value that is wrong; "" when nobody said */
    char field[JUDGEMENT_FIELD_SIZE];           /* BAD_DATA: which field, "" the whole */
    char reason[REASON_BYTES_MAX];              /* the rule's why, then the agency's own words, scrubbed (scrub.h) and
                                                 * cut. They may still name a person: they travel in Outcome.detail,
                                                 * which the store seals, and are never logged. */
    char agency_ref[AGENCY_REF_SIZE];
    char fingerprint[FINGERPRINT_SIZE];         /* the same trouble gives the same: "http-503", "hotich-106" */
    char where[RULE_WHERE_SIZE];                /* "hotich.yaml:31", "" when no rule matched */
    int64_t retry_after_ms;                     /* -1 none */
    int  http_status;                           /* 0: no answer came */
    bool never_sent;                            /* not a byte of a call that acts has left in this attempt */
};

/* An empty judgement with this verdict, fingerprint and printf reason. For what is decided without a rule. */
void judgement_set(struct judgement *ret_judgement, enum verdict verdict, const char *fingerprint,
                   const char *reason, ...) __attribute__((format(printf, 4, 5)));

/* The value of a Retry-After header: seconds, or an HTTP date (RFC 9110 section 10.2.3; the three date forms). A date
 * in the past gives 0; more than RETRY_AFTER_MS_MAX is cut to it. False for anything else. */
#define RETRY_AFTER_MS_MAX (7LL * 24 * 3600 * 1000)
MUST_USE bool retry_after_read(struct span value, int64_t now_ms, int64_t *ret_retry_after_ms);

#endif
