/* delivery.h - one attempt at one handoff: turns the crank of its sequence (kinds/dialect.h) until there is a
 * judgement, and gives the gateway exactly one outcome.
 *
 *   on_deliver          a slot of requests_max is free        sequence: SEND         rate
 *   ----------> QUEUED ------------------------------> begun ---------------> READY -----> FLYING --+
 *      |                                                 ^      TOKEN -> LOGIN, CHECKPOINT -> ...    |
 *      +-> BEHIND an older attempt in flight             +-------------------------------------------+-> outcome
 *
 * Time       An attempt must be over before its lease is: a call begins only while the lease, counted from the stamp
 *            in the DELIVER, still holds at least half of total_timeout, and gets no more time than it holds. Otherwise
 *            nothing is sent (TROUBLE_STALE_OFFER).
 * Content    header and payload are hashed again before anything is sent; a difference is LATER, never sent.
 * Twice      The same handoff may come again (a lost session) while an older attempt is in flight here: the newer waits
 *            behind it. An answer that settles the matter answers both; otherwise the newer begins.
 */
#ifndef ADAPTERS_RUNTIME_DELIVERY_H
#define ADAPTERS_RUNTIME_DELIVERY_H

#include "adapters/runtime/agency.h"

/* Takes the offer. */
void delivery_offered(struct agency *agency, struct lienthong_delivery *offer);
/* Begins and sends as much as slots, rate and logins allow. */
void delivery_pump(struct agency *agency);
int64_t delivery_due_ms(const struct agency *agency);           /* INT64_MAX: waits for others only */
void delivery_checkpointed(struct agency *agency, uint64_t handoff_id, uint32_t attempt, bool kept);
void delivery_login_fetched(struct agency *agency, const struct judgement *why);        /* NULL: a token is there */

/* The connection was made anew: what was offered on the old one is the gateway's again. */
void delivery_void_all(struct agency *agency);
void delivery_drain(struct agency *agency);                     /* what was not begun is answered LATER */
void delivery_abandon(struct agency *agency);                   /* all the rest too, with its true verdict */
void delivery_drop_all(struct agency *agency);                  /* without outcomes: the agency is closed */

#endif
