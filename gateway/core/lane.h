/* lane.h - the order of one dossier's handoffs to one recipient as addressed (promise 3), and who may be offered next.
 *
 * A lane is (dossier, addressed). Its head is the member with the lowest place; READY, WAITING, OFFERED, UNSURE, FAILED
 * and on-hold heads block those behind. A reminder (HANDOFF_REMINDER) that has not gone out goes behind all others that
 * enter. Only a READY head has a ready row. A head inherits the earliest due date among the first LANE_WALK_MAX members
 * behind it.
 */
#ifndef GATEWAY_CORE_LANE_H
#define GATEWAY_CORE_LANE_H

#include "gateway/core/handoff.h"

/* FORWARD, SUPPLEMENT, PAYMENT, RESULT and the like before PROGRESS and RATING. The store's lane class. */
enum lane_class { LANE_WORK = 0, LANE_NEWS = 1, LANE_CLASSES };
enum lane_class lane_class_of(enum kind kind);

/* Called by handoff.c around every change of a member. */
void lane_enter(struct step *step, struct handoff *handoff, uint64_t place);    /* 0: a new place, behind all others */
void lane_leave(struct step *step, struct handoff *handoff);
/* Brings the ready row of the head in line with its state; *member is the caller's copy of a member (its record will be
 * written by the caller), other heads are loaded and written here. */
void lane_refresh(struct step *step, uint64_t dossier, uint32_t addressed, struct handoff *member);
/* Takes the ready row away before a READY head changes. */
void lane_unready(struct step *step, struct handoff *handoff);

/* The next head to offer to a receiver that announced `kinds`: on time by due date; every fourth pick what is late,
 * oldest first; then what has no due date, by age. `count` is that of picks of this agency. False: nothing. */
bool lane_pick(struct step *step, uint32_t recipient, uint32_t kinds, uint64_t count, struct handoff *ret_handoff);

/* The head of a lane. False: empty. */
bool lane_head(struct step *step, uint64_t dossier, uint32_t addressed, struct handoff *ret_handoff);

#endif
