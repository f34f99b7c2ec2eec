/* breaker.h - when an agency is left in peace, and how it gets its work back afterwards. Pure; one per agency.
 *
 *          k bad answers in a row            probe_ms over, one probe offered
 *   CLOSED ----------------------> OPEN -------------------------------------> HALF_OPEN
 *     ^                            ^  ^                                            |
 *     | any other verdict          |  +---- the probe failed, or was lost: the ----+
 *     +----------------------------+        next wait is twice as long, up to 10x  |
 *     ^                                                                            |
 *     +---------- the probe was answered otherwise: limit 1, then 2, 4, 8 ... -----+
 *
 * Bad answers: UNKNOWN, LATER and UNSURE of one fingerprint from k different dossiers; or k LATERs in a row of which no
 * byte ever left, whatever their dossiers. Whatever else an agency says shows that it works, and ends the row.
 * The handoffs that opened it lose no attempt: give_back[] lists them for COMMAND_BREAKER.
 */
#ifndef GATEWAY_BROKER_BREAKER_H
#define GATEWAY_BROKER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/base/words.h"

enum { BREAKER_ROW_MAX = 64, BREAKER_WAIT_TIMES_MAX = 10, BREAKER_FINGERPRINT_SIZE = 96 };

enum breaker_state { BREAKER_CLOSED = 0, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* What the directory says; in_flight_max at least 1. */
struct breaker_rule {
    uint32_t after;                         /* k; above BREAKER_ROW_MAX it counts as that; 0: never opens */
    int64_t  probe_ms;
    uint32_t in_flight_max;
};

struct breaker_answer {
    enum verdict verdict;
    uint64_t handoff, dossier;
    const char *fingerprint;
    bool never_sent;
    bool charged;                           /* it cost an attempt */
};

struct agency_breaker {
    enum breaker_state state;
    int64_t  until_ms;                      /* OPEN: then a probe */
    uint32_t wait_times;                    /* the wait is probe_ms times this */
    uint64_t probe;                         /* HALF_OPEN: the handoff that is out; 0: none yet */
    uint32_t limit;                         /* open offers allowed while recovering; 0: not recovering */
    /* the present row of bad answers */
    char     fingerprint[BREAKER_FINGERPRINT_SIZE];
    uint64_t dossiers[BREAKER_ROW_MAX];
    uint32_t dossier_count;                 /* different ones, of this fingerprint */
    uint32_t never_sent_count;
    uint64_t charged[2 * BREAKER_ROW_MAX];
    uint32_t charged_count;
    /* of the row that opened it: until the core has been told (breaker_given_back) */
    uint64_t give_back[2 * BREAKER_ROW_MAX];
    uint32_t give_back_count;
};

/* True: the state changed. */
bool breaker_answer(struct agency_breaker *breaker, const struct breaker_rule *rule,
                    const struct breaker_answer *answer, int64_t now_ms);
/* The wait is over: OPEN -> HALF_OPEN. True: it changed. */
bool breaker_tick(struct agency_breaker *breaker, int64_t now_ms);
/* The probe left. */
void breaker_probe_sent(struct agency_breaker *breaker, uint64_t handoff);
/* An attempt ended without an answer (session lost, lease over, taken back). True: it was the probe: open again. */
bool breaker_attempt_lost(struct agency_breaker *breaker, const struct breaker_rule *rule, uint64_t handoff,
                          int64_t now_ms);

/* How many offers may be open at once just now. OPEN: 0. HALF_OPEN: 1 while no probe is out. */
uint32_t breaker_limit(const struct agency_breaker *breaker, const struct breaker_rule *rule);
/* Outcomes that come now cost no attempt. */
bool breaker_uncharged(const struct agency_breaker *breaker);
void breaker_given_back(struct agency_breaker *breaker);
const char *breaker_state_name(enum breaker_state state);       /* "closed", "open", "half-open"; static */

#endif
