/* record_ending.h - how a dossier comes out: when its work ended, and what its citizen was told of being late. One
 * record per dossier that has one of these; the ritual of records.h holds. Nothing here is personal data.
 *
 * Whether it is late is not stored: it follows from `ended_ms` (or now) and the due dates of struct dossier.
 */
#ifndef GATEWAY_STORE_RECORD_ENDING_H
#define GATEWAY_STORE_RECORD_ENDING_H

#include "gateway/store/records.h"

struct ending {
    uint64_t dossier;                   /* its key; not in the bytes */
    enum status ended;                  /* 3, 7, 8, 9, 10: what ended the work, as first told; 0 it goes on. A way back
                                           (a RECALL, a fact that leads out of it) clears both */
    int64_t  ended_ms;                  /* ... and when, by source time: lateness is judged by it. A RESULT told later
                                           whose source time lies before puts it earlier */

    enum apology apology;               /* 0 none was needed so far */
    enum unasked unasked;               /* NOT_ASKED: why; else 0 */
    uint64_t draft;                     /* the handoff that asked for it, the first of several; 0 none */
    uint32_t asked_of;                  /* under whom it stands in table late: the first holder, or the opener; 0: it
                                           does not stand there */
    uint32_t escalations;               /* how often others were told that it is late and unsigned */
    int64_t  timer_ms;                  /* when it is looked at next (TIMER_LATE); 0 not by time */
    uint64_t letter;                    /* the signed APOLOGY, the last one; 0 none */
    uint32_t signed_by;                 /* the agency that signed; 0 nobody */
    uint32_t apologies;                 /* how many were signed */
    int64_t  due_ms;                    /* what it is about: the due date that will not be, or was not, kept */
    int64_t  asked_ms;
    int64_t  signed_ms;                 /* by source time */
    int64_t  promised_ms;               /* the new date */
    char     signer[OFFICER_SIZE];      /* code of who signed; never a name */
    char     reason_code[REASON_CODE_SIZE];     /* why it is late, as the holder put it */
};

size_t ending_write(const struct ending *ending, uint8_t bytes[RECORD_BYTES_MAX]);
MUST_USE bool ending_parse(struct span bytes, struct ending *ret_ending);

#endif
