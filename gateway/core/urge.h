/* urge.h - urging notes (phiếu đôn đốc): handoffs of kind URGE, made by the gateway or sent by an agency.
 *
 * Made      when nobody has taken a FORWARD in time: from its sender to its recipient, once; and to those above when a
 *           dossier is late and no apology is signed (late.h).
 * Answer    whoever got one answers within 24 hours of its delivery (gateway.yaml; 0: none of this): with any handoff
 *           of that dossier whose parent is the URGE, or what the URGE was about. Without: it is listed, its sender
 *           told; an answer that comes later takes it off.
 * A RECALL  that steps of a flow wait for (flow_recall.c) has the same time for its answer, is listed and told in the
 *           same way, and its holder is urged once: nothing else would ever say that he is waited for.
 */
#ifndef GATEWAY_CORE_URGE_H
#define GATEWAY_CORE_URGE_H

#include "gateway/core/dossier.h"

#define URGE_TYPE "application/vnd.lienthong.urge+json"

/* Nobody has taken this FORWARD. Does nothing where no permit lets its sender urge: it is listed in any case. */
void urge_unreceived(struct step *step, uint64_t forward);
/* To those above: the n-th time. */
MUST_USE bool urge_above(struct step *step, const struct dossier *dossier, uint32_t n, const char *to,
                         uint64_t *ret_urge, struct problem *ret_problem);

/* It was delivered: the time for its answer begins. Nothing for other kinds, and no RECALL that nobody waits for. */
void urge_delivered(struct step *step, const struct handoff *handoff);
/* TIMER_URGE. */
void urge_due(struct step *step, int64_t due_ms, struct handoff *urge);
/* A RECALL is not waited for any more: off the list, with the URGEs about it. Copies of them are stale then. */
void urge_recall_answered(struct step *step, uint64_t recall);
/* `handoff` was accepted and may answer one that stands in the list. Copies of its parent are stale then. */
void urge_answered(struct step *step, const struct intake *intake, const struct handoff *handoff);

#endif
