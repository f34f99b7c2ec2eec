/* dossier_inside.h - what the files dossier*.c share: dossier.c (a SUBMIT and what it tells), dossier_status.c (may a
 * fact be believed), dossier_branch.c (who owns what), dossier_keep.c (what is written, the way of a FORWARD, timers).
 * Nobody else includes it. */
#ifndef GATEWAY_CORE_DOSSIER_INSIDE_H
#define GATEWAY_CORE_DOSSIER_INSIDE_H

#include "gateway/core/dossier.h"
#include "gateway/core/seat.h"
#include "gateway/core/status.h"

/* ---- dossier_branch.c: branches and who owns what */
struct branch *branch_find(struct step *step, struct dossier *dossier, uint64_t handoff);   /* or what it stands for */
struct branch *branch_open(struct dossier *dossier, const struct handoff *forward);         /* NULL: no room */
/* `held`: its sender's own branch, which it passes on; NULL: he holds none. NULL: no room. */
struct branch *branch_behind(struct dossier *dossier, const struct handoff *forward, struct branch *held);
/* `ended` was behind another one, and nothing else is any more: its holder has it back. */
void branch_hand_back(struct step *step, struct dossier *dossier, const struct branch *ended);
bool branch_is_live(const struct branch *branch);
unsigned branch_index(const struct dossier *dossier, const struct branch *branch);          /* BRANCH_NONE for NULL */
/* How many stand side by side: those that were not passed on, whose FORWARD was not given up, and that have not ended
 * behind another one. */
uint32_t branches_side_by_side(struct step *step, const struct dossier *dossier);
enum status branches_join(struct step *step, const struct dossier *dossier, enum status last);
bool dossier_same_seat(struct step *step, uint32_t a, uint32_t b);
uint32_t dossier_owner(const struct dossier *dossier);                                      /* 0: several */
bool dossier_is_principal(struct step *step, const struct dossier *dossier, uint32_t agency);
bool dossier_owns(struct step *step, const struct dossier *dossier, const struct branch *branch, uint32_t agency,
                  enum status status);

/* ---- dossier_status.c */

/* What a handoff says of the status. */
struct told {
    enum status status;                 /* 0: none was said, or `judged` says why none can be used */
    enum judged judged;
    bool receipt;                       /* the partner's code says that it was taken in hand */
    bool implied;                       /* by the kind of the handoff alone: dropped where it does not apply */
};

struct told told_of(struct step *step, const struct intake *intake, int64_t source_ms);
enum status told_by_kind(enum kind kind);                                                   /* 0: nothing */
/* It says that somebody at the other side has taken the dossier in hand. */
bool told_is_receipt(enum kind kind, const struct told *fact);
/* The branch that its sender speaks of: named as the parent, or the only live one that it holds. NULL: none. */
struct branch *dossier_branch_meant(struct step *step, struct dossier *dossier, const struct handoff *handoff);
void dossier_judge(struct step *step, struct telling *telling, const struct told *fact, struct branch *meant,
                   const struct handoff *handoff);
/* The whole stands at `status` by what was said of a branch. */
void dossier_line_move(struct dossier *dossier, const struct status_line *next, enum status status, bool gap);
/* The clock of a step, or with BRANCH_NONE of all, goes on: what it has left is counted from here. */
void dossier_clock_goes_on(struct step *step, struct dossier *dossier, unsigned branch, int64_t from_ms);
/* What this very step asked for, or with BRANCH_NONE who has no step, has its answer: its clock goes on, no other. */
void dossier_clock_answered(struct step *step, struct dossier *dossier, unsigned branch, int64_t from_ms);
/* What is at work lies outside the procedure's time (flow_clock.h), or no longer: then what is due is computed anew.
 * True: that is new. */
bool dossier_outside(struct step *step, struct dossier *dossier, bool stands, int64_t at_ms);
/* The pauses alone, none of BRANCH_OUTSIDE. True: one has ended. */
bool dossier_pauses_end(struct dossier *dossier, unsigned branch, int64_t to_ms);
/* False: what is due stays as it was. */
bool dossier_compute(struct step *step, struct dossier *dossier, const char *stated_version);
void dossier_compute_step(struct step *step, struct dossier *dossier, struct branch *branch,
                          const struct handoff *forward);

/* ---- dossier_keep.c */

/* `event` 0: none was written. Followed by dossier_follow(). */
void dossier_write_record(struct step *step, struct telling *telling, uint64_t event);
/* dossier_follow.c: the record has just been written; `before` NULL: there was none. What stands beside the record and
 * depends on it (lists, counts, timers) is brought up here, from the difference of the two, and nowhere else. */
void dossier_follow(struct step *step, const struct dossier *before, const struct dossier *after, uint64_t event);

/* It was taken in hand: once is enough. True: it had not been. The caller writes the forward. */
bool dossier_take_receipt(struct step *step, struct handoff *forward);

#endif
