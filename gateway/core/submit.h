/* submit.h - what the files of a SUBMIT share: step_submit.c (who says it, and is it new), submit_check.c (may it come
 * in), submit_accept.c (it does), submit_kind.c (what it does to others), issue.c (the gateway itself says it). */
#ifndef GATEWAY_CORE_SUBMIT_H
#define GATEWAY_CORE_SUBMIT_H

#include "gateway/core/gate.h"
#include "gateway/core/restore.h"
#include "gateway/core/seat.h"

/* What it is to the flow of its dossier (flow.h). */
struct flow_part {
    const struct procedure *starts;     /* this version of a procedure; NULL: none */
    uint32_t chosen;                    /* ... bits: its optional steps that are wanted */
    bool     ends;                      /* a WITHDRAWAL or STOP of the whole */
    uint32_t citizen;                   /* 1 + the place of the citizen's step that it says is done; 0 none */
    uint64_t forward;                   /* of a step whose holder it is written to where it names nobody; 0 none */
};

/* What the checks found out. */
struct intake {
    const struct submit *submit;
    const struct agency *sender, *addressed, *recipient;    /* addressed: written to; recipient: who gets it */
    uint32_t       lane;                /* the number under which its lane stands, where that is another code; 0 */
    uint32_t       sender_number;       /* 0: never seen by the store */
    uint64_t       dossier;             /* 0: a new one */
    bool           code_known;          /* the dossier was found by its code, not by an alias or a parent */
    uint32_t       claimed;             /* bits: aliases that belong to another dossier already: a collision */
    bool           dossier_is_new;      /* nothing was known of it before this one */
    enum again     again;               /* after a restore: perhaps it was accepted before */
    bool           reminder;            /* made here (issue.h), and nobody's work */
    bool           has_parent;
    struct handoff parent;
    bool           copy;                /* of another one, to one more agency (issue.h): tells and asks nothing anew */
    uint64_t       request;             /* a SUPPLEMENT or PAYMENT: which request it answers; 0 none (supplement.h) */
    uint64_t       request_dossier;
    unsigned       request_branch;
    bool           answers_all;         /* the request is open, and nothing is missing after this one */
    struct flow_part flow;
    uint32_t       step_flags;          /* of a step that the gateway makes: HANDOFF_STEP ... */
};

/* submit_check.c. Fills `intake` from its submit and sender. False: refused, nothing changed. */
bool submit_ok(struct step *step, struct intake *intake);
/* submit_accept.c. After submit_ok(), with a message id that is new. False: refused (its cursor has moved), nothing
 * changed. */
bool submit_accept(struct step *step, struct intake *intake, struct handoff *ret_handoff);

/* step_submit.c. False: nothing new is taken in just now, and it was refused with the reason. */
bool submit_intake_open(struct step *step);

/* submit_papers.c. False: a FORWARD or SUPPLEMENT_REQUEST lists a withdrawn paper, and was refused with the rule. */
bool submit_papers_ok(struct step *step, const struct intake *intake);

/* `handoff` (ids given, not begun yet) puts right one of its sender that has FAILED or has not left (correction.h):
 * closes that, takes over those that wait for it. Returns the place in the lane that became free, 0 if none. Nothing at
 * all when it corrects nothing. *ret_ended: what it waits for has ended without a result, else unchanged. */
uint64_t submit_correct(struct step *step, const struct intake *intake, struct handoff *handoff, uint64_t *ret_ended);

/* After it was begun: it may answer its parent (RESULT, REFUSAL ...), or cancel what its sender has not got through yet
 * (WITHDRAWAL, STOP), itself included. True: every copy of a handoff is stale afterwards; false: it did nothing. */
MUST_USE bool submit_take_effect(struct step *step, const struct intake *intake, uint64_t id);

#endif
