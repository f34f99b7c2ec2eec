/* offers.h - what is out with whom, and when to offer whom how much. Memory of the broker, rebuilt by reconnecting.
 *
 * A recipient is an agency that somebody speaks for here: its sessions, how many DELIVERs are out, its rate, its
 * breaker. A session is `ready` when there may be something to offer to it: from its HELLO and each EFFECT_READY until
 * an OFFER gave less than was asked for. Ready ones are asked for in turn, so that no agency waits for another.
 *
 * Planning looks at what was committed and at the effects of the turn that is being made (a handoff accepted or an
 * answer taken a moment ago), and changes nothing that an aborted turn would have to put back. Everything else here is
 * called after the commit.
 *
 * An entry of `opens` ends with its answer, with its session, or when its lease is over, whichever comes first.
 */
#ifndef GATEWAY_BROKER_OFFERS_H
#define GATEWAY_BROKER_OFFERS_H

#include "gateway/broker/breaker.h"
#include "gateway/broker/session.h"
#include "gateway/core/effects.h"

/* A turn may give one session so many in all, several OFFERs of OFFER_MAX: as many as it can take outcomes. */
enum { PLAN_MOST_MAX = TURN_COMMANDS_MAX };
enum { OPENS_MAX = 1 << 16, OPEN_NONE = UINT32_MAX, RECIPIENTS_MAX = AGENCIES_MAX, PLAN_MAX = 64 };

/* What the broker itself says of a DELIVER that it could not hand over: no fault of the agency's. */
#define UNSENT_FINGERPRINT "not-handed-over"

struct open {
    uint64_t handoff;
    uint32_t attempt, slot;             /* of its session */
    uint32_t recipient;
    uint32_t next, previous;            /* of the same session */
    uint32_t younger, older;            /* of all, in order of age */
    int64_t  given_ms;
    uint64_t planned;                   /* the planning that has seen its end */
};

struct recipient {
    uint32_t number;                    /* the store's; 0: this place is free */
    char     code[AGENCY_CODE_SIZE];
    struct breaker_rule rule;
    double   rate, tokens;              /* DELIVERs per second; 0: no bound */
    int64_t  tokens_ms;
    struct agency_breaker breaker;
    uint32_t in_flight;
    uint32_t first_session, session_count;
    uint32_t freed;                     /* planning only */
    bool     listed, fed;               /* stands in ready[], in feeds[] */
};

struct offers {
    struct recipient *recipients;
    uint32_t count;
    struct map by_number;
    struct open *opens;
    uint32_t first_free, opens_count, oldest, youngest;
    struct map by_handoff;
    uint32_t *ready, ready_count, ready_at;     /* recipients with a ready session; where the last planning ended */
    uint32_t *feeds, feeds_count, feeds_at;     /* recipients with a follower that was woken */
    uint64_t planning;
    uint32_t give_backs;                        /* breakers whose handoffs wait for their attempt to be given back */
    struct sessions *sessions;
};

MUST_USE enum result offers_init(struct offers *offers, struct sessions *sessions);
void offers_done(struct offers *offers);                            /* takes a zeroed one */

/* ---- recipients */
struct recipient *recipient_of(struct offers *offers, uint32_t number);             /* NULL: none yet */
/* NULL: no room. `agency` gives the bounds; the same call sets new ones after a directory was read. */
struct recipient *recipient_make(struct offers *offers, uint32_t number, const struct agency *agency, int64_t now_ms);
void recipient_join(struct offers *offers, struct recipient *recipient, struct session *session);
/* Takes a session out: its open offers end, as lost. True: one was its breaker's probe, which is open again. */
bool recipient_leave(struct offers *offers, struct session *session, int64_t now_ms);
uint32_t recipient_credit(const struct offers *offers, const struct recipient *recipient);   /* free, over all */
uint32_t recipient_receivers(const struct offers *offers, const struct recipient *recipient);

/* ---- after the commit */
void offers_ready(struct offers *offers, uint32_t number);
void offers_session_ready(struct offers *offers, struct session *session);
void offers_deliver(struct offers *offers, const struct effect *effect, int64_t now_ms);
/* An OFFER gave less than it asked for, and not for lack of room in the turn. */
void offers_exhausted(struct session *session);
/* Its attempt is over. False: was not out. */
bool offers_over(struct offers *offers, uint64_t handoff);
/* ANSWERED. True: the state of the breaker changed. *ret_recipient: whose; NULL unknown. */
bool offers_answered(struct offers *offers, const struct effect *effect, int64_t now_ms,
                     struct recipient **ret_recipient);
/* The core has been told of the breakers of recipients[0 .. before). */
void offers_given_back(struct offers *offers, uint32_t before);
/* Ends what is out for longer than lease_ms. */
void offers_expire(struct offers *offers, int64_t now_ms, int64_t lease_ms);
void offers_feed(struct offers *offers, uint32_t number);
void offers_session_feed(struct offers *offers, struct session *session);

/* ---- planning */
struct plan { struct session *session; uint32_t most; bool probe; };

/* Half-open breakers, and the next things to offer, at most PLAN_MAX. `effects`: of the turn so far.
 * `may` asks whether this session's key still holds. */
typedef bool offers_may(void *context, struct session *session);
uint32_t offers_plan(struct offers *offers, const struct effects *effects, int64_t now_ms, offers_may *may,
                     void *context, struct plan plans[PLAN_MAX]);
/* The turn had no more room behind what this session got: the next planning begins behind its agency. */
void offers_stopped(struct offers *offers, const struct session *session);
/* Followers that can take notices. */
uint32_t offers_plan_notices(struct offers *offers, const struct effects *effects, offers_may *may, void *context,
                             struct plan plans[PLAN_MAX]);
/* When planning would next give something without anything else happening: now_ms: now; INT64_MAX: never. */
int64_t offers_due_ms(struct offers *offers, int64_t now_ms);

#endif
