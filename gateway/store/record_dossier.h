/* record_dossier.h - what is known of a dossier beside its codes: one record, and a small one per component with
 * money. The ritual of records.h holds. There is no record as long as no handoff has said anything of the dossier and
 * no procedure of the catalogue tells when it is due.
 *
 * Five facts are kept apart: delivery is the handoff's (struct handoff), the other four stand here, each with who said
 * it and when: status, receipt, money, and due dates. Nothing here is personal data.
 */
#ifndef GATEWAY_STORE_RECORD_DOSSIER_H
#define GATEWAY_STORE_RECORD_DOSSIER_H

#include "gateway/store/records.h"

enum {
    DOSSIER_BYTES_MAX = 2560,
    VERSION_TEXT_SIZE = 96,             /* which version of a procedure: "1.000894/cu-chi/2022-01-01" */
    BRANCH_NONE = 0xFF,                 /* a pause of the dossier as a whole */
    BRANCH_OUTSIDE = 0xFE,              /* a pause of the dossier alone: what is at work lies outside its time */
};

/* Where something stands by the statutory numbers, and who said so. */
struct status_line {
    enum status status;                 /* 0: nobody has said */
    bool     gap;                       /* it came here by a jump: what lies between was not reported */
    bool     recalled;                  /* a RECALL came: the next fact may lead out of a final one */
    uint32_t by;                        /* the agency that said it */
    int64_t  source_ms;                 /* when it happened there */
    uint64_t sequence;                  /* the source's own order; 0 not stated */
};

enum branch_flag {
    BRANCH_PASSED_ON = 1,               /* its holder forwarded it: the branch behind it speaks */
    BRANCH_ENDED = 2,                   /* answered: RESULT, REFUSAL ... */
    BRANCH_HAS_RESULT = 4,
    BRANCH_BEHIND = 8,                  /* opened by the holder of another one, who has it back when this one ends */
    BRANCH_SENT_BACK = 16,              /* its holder is the wrong one: it is its sender's again, and has not ended */
};

/* A FORWARD of the dossier: one of several where the steps of a procedure run side by side. */
struct branch {
    uint64_t handoff;                   /* the FORWARD; after a redirect or a correction the one that took over */
    uint32_t sender, holder;
    uint32_t flags;                     /* enum branch_flag */
    int64_t  delivered_ms;              /* it reached its holder: the step's clock starts. 0 not yet */
    int64_t  due_ms;                    /* of the step; 0 none */
    int64_t  receipt_ms;                /* business receipt, by source time; 0 not given */
    struct status_line line;
};

/* A clock stood in [from, to); to_ms 0: it stands. */
struct pause { int64_t from_ms, to_ms; unsigned branch; };       /* index, BRANCH_NONE, or BRANCH_OUTSIDE */

struct dossier {
    uint64_t id;                        /* its key; not in the bytes */
    uint32_t opener;                    /* whose it is: who handed it off first, the one-stop */
    uint32_t owner;                     /* who owns the stage now; 0: several, each its branch */
    struct status_line line;            /* what the dossier shows */
    uint32_t kept;                      /* facts of status that were kept and not applied */
    uint32_t unknown;                   /* ... of them, codes that no map knows */
    uint64_t last_event;                /* head of the list of its events; 0 none */
    uint32_t channel;                   /* Facts.channel; 0 not said */
    int64_t  received_ms;               /* valid and complete: what is due is counted from here; 0 not known */

    int64_t  due_ms;                    /* what holds; 0 none */
    enum due_source due_source;         /* 0 with none */
    uint32_t due_by;                    /* who stated it */
    int64_t  due_said_ms;               /* ... and when, by source time: a later statement replaces it */
    int64_t  computed_ms;               /* what the engine says, whether it holds or not; 0 no rule */
    int64_t  committed_ms, statutory_ms;        /* the same by each rule; 0 no rule */
    uint32_t unknown_year;              /* the calendar's year that is missing for them; 0 none */
    int64_t  claimed_due_ms;            /* stated by one that may not; shown, does not hold */
    uint32_t claimed_due_by;

    char     procedure_code[PROCEDURE_CODE_SIZE];
    char     procedure_version[VERSION_TEXT_SIZE];      /* under which it was received; kept. "" not known */
    struct branch branches[BRANCHES_MAX];
    uint32_t branch_count, branches_lost;       /* lost: there was no room for so many more */
    struct pause pauses[PAUSES_MAX];            /* as they began */
    uint32_t pause_count, pauses_lost;
    uint32_t money_count;               /* rows of struct money */
};

/* Of one component, in dong; key: dossier, component. */
struct money {
    int64_t  owed, paid;
    int64_t  source_ms;                 /* of the statement */
    uint32_t by;
};

size_t dossier_write(const struct dossier *dossier, uint8_t bytes[DOSSIER_BYTES_MAX]);
size_t money_write(const struct money *money, uint8_t bytes[RECORD_BYTES_MAX]);
MUST_USE bool dossier_parse(struct span bytes, struct dossier *ret_dossier);
MUST_USE bool money_parse(struct span bytes, struct money *ret_money);

#endif
