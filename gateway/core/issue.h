/* issue.h - a handoff that the gateway itself makes, in the name of an agency: the next step of a procedure, a
 * reminder, a request for an apology. It goes through the same checks as a SUBMIT of that agency (permits, sizes,
 * gates), and is in every respect its handoff: its notices go there, its message id is a UUID version 8 made of what it
 * is about.
 *
 * Repeated  the same (from, key) gives the same message id: the one that is there is found, and no second one made.
 * Restored  what was perhaps made before a restore is judged like a SUBMIT that comes again (restore.h).
 * Room      intake that is closed does not keep it out: it uses reserved room, and there is at most a bounded number of
 *           them per handoff that was let in.
 */
#ifndef GATEWAY_CORE_ISSUE_H
#define GATEWAY_CORE_ISSUE_H

#include "gateway/core/submit.h"

enum { ISSUE_KEY_BYTES_MAX = 64 };

struct issue {
    uint32_t    from;                   /* the store's number: in whose name */
    const char *to;                     /* agency code; "" as routed by procedure and step */
    uint64_t    dossier;
    enum kind   kind;
    uint64_t    parent;                 /* 0 none */
    const char *procedure, *step;       /* "" none */
    int64_t     at_ms;                  /* source time, and the time in its id: the moment it is about, never later
                                           than now and never older than the window of message ids */
    struct span key;                    /* what makes it one of a kind for this agency; at most ISSUE_KEY_BYTES_MAX */
    const struct submit_after *after;   /* gates; antecedents are named by message ids of `from` */
    uint32_t    after_count;
    const char *content_type;           /* of the payload; "" none */
    struct span payload;                /* free of personal data, unless `header` is lent with it */
    struct span header;                 /* the bytes of a header that somebody sent, passed on unchanged with its
                                           content hash. Empty: one is made here */
    struct hash content_hash;           /* with `header` */
    uint64_t    header_of;              /* with `header`: the handoff whose it is; what is attached to it belongs to
                                           this one too */
    /* facts of the header that is made here; 0 and "": not said */
    int64_t     due_ms, answer_by_ms;
    bool        reminder;               /* nobody's work: HANDOFF_REMINDER */
    const char *reason_code, *officer_from, *officer_to, *area;
    bool        copy;                   /* passed on to one more agency: tells and asks nothing anew */
    int64_t     source_ms;              /* source time, where that is not at_ms; 0 */
    uint32_t    step_flags;             /* HANDOFF_STEP and HANDOFF_JOIN_ANY of a flow's step */
    uint64_t    accepted_as;            /* the id that it had before a restore; 0 not known */
};

/* *ret_id: the handoff, made now or before. False: it may not be; ret_problem says why, and nothing changed. Every copy
 * of a handoff of this dossier is stale afterwards. */
MUST_USE bool issue_handoff(struct step *step, const struct issue *issue, uint64_t *ret_id,
                            struct problem *ret_problem);
/* What has just been accepted goes, as it is, to one more agency: a handoff in its sender's name with `id` as parent,
 * which tells and asks nothing anew. An event COPIED of `id` says to whom, or why it may not be. `after` NULL, or what
 * it waits for. */
void issue_copy(struct step *step, const struct intake *intake, uint64_t id, uint32_t to,
                const struct submit_after *after);
/* The message id that it has, or would have: what others name in after[]. */
struct uuid issue_message_id(struct step *step, uint32_t from, int64_t at_ms, struct span key);

#endif
