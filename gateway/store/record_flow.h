/* record_flow.h - the steps of an interlinked procedure that one submission started for its dossier: which there are,
 * which of them are wanted, what became of each. One record per such dossier; the ritual of records.h holds. Nothing
 * here is personal data.
 *
 * The record says of each step what the catalogue said when it was started: a directory that has changed since, or
 * dropped the version, changes nothing here. Steps stand in an order in which each comes after those that it waits for.
 */
#ifndef GATEWAY_STORE_RECORD_FLOW_H
#define GATEWAY_STORE_RECORD_FLOW_H

#include "gateway/store/record_dossier.h"
#include "gateway/store/records.h"

enum { FLOW_BYTES_MAX = 1792 };

enum flow_step_flag {
    FLOW_STEP_CHOSEN = 1,               /* wanted: not optional, or named by who submitted it */
    FLOW_STEP_OPTIONAL = 2,
    FLOW_STEP_CITIZEN = 4,              /* the citizen does it: no handoff; a PAYMENT or SUPPLEMENT says it is done */
    FLOW_STEP_ANY = 8,                  /* one of those it comes after is enough */
};

struct flow_step {
    char     name[STEP_NAME_SIZE];
    uint32_t flags;                     /* enum flow_step_flag */
    uint32_t after;                     /* bits: steps before it; of one not wanted those that it would come after */
    uint64_t handoff;                   /* its FORWARD, or the one that has taken its place; 0 none */
    enum kind ended;                    /* of what ended it: RESULT, REFUSAL ..., PAYMENT; 0 it goes on */
    uint64_t ended_by;                  /* ... that handoff; 0 with none */
    uint64_t recall;                    /* the RECALL by which its agency took its result back; 0 it has not */
    uint64_t told;                      /* the RECALL that its agency got because it used such a result, and has not
                                           answered; 0 none */
};

struct flow {
    uint64_t dossier;                   /* its key; not in the bytes */
    uint32_t sender;                    /* who submitted it */
    struct uuid message_id;             /* ... under which id: what the ids of its steps are made of */
    enum kind stopped;                  /* WITHDRAWAL, STOP, SEND_BACK (wrong procedure): as a whole; 0 it goes on */
    uint64_t stopped_by;                /* ... that handoff */
    char     version[VERSION_TEXT_SIZE];
    struct flow_step steps[FLOW_STEPS_MAX];
    uint32_t step_count;
};

size_t flow_write(const struct flow *flow, uint8_t bytes[FLOW_BYTES_MAX]);
MUST_USE bool flow_parse(struct span bytes, struct flow *ret_flow);

#endif
