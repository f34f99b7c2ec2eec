/* trouble.h - what it means when no HTTP answer came at all. Pure; knows nothing of libcurl: the runtime translates.
 *
 *     never sent             LATER    they cannot have seen it (ADDRESS, URL: MISCONFIGURED, asking again cannot help)
 *     sent, nothing came     LATER at an agency that takes an idempotency key, UNSURE at any other
 *
 * A call that only asks (probe, pull, token) does nothing there, so its loss alone is LATER; but where an earlier call
 * of the same attempt, or an earlier attempt, may already have acted, what is not known stays UNSURE.
 */
#ifndef ADAPTERS_KINDS_TROUBLE_H
#define ADAPTERS_KINDS_TROUBLE_H

#include "adapters/kinds/call.h"

enum trouble {
    TROUBLE_RESOLVE = 1,            /* the name has no address */
    TROUBLE_CONNECT,                /* refused, unreachable */
    TROUBLE_CONNECT_TIMEOUT,
    TROUBLE_PROXY,                  /* the proxy did not let us through */
    TROUBLE_TLS,                    /* handshake */
    TROUBLE_TLS_CERTIFICATE,        /* not trusted, expired, another name */
    TROUBLE_ADDRESS_FORBIDDEN,      /* the address is not one that the configuration allows */
    TROUBLE_URL,                    /* not a URL that may be asked */
    TROUBLE_TIMEOUT,                /* total time; sent or not is never_sent's */
    TROUBLE_CLOSED,                 /* the connection ended without a whole answer */
    TROUBLE_SECOND_SEND,            /* the transport wanted to send again on a new connection, and was stopped */
    TROUBLE_ANSWER_TOO_LARGE,       /* no status could be used; prefer judging the status with answer.body_cut */
    TROUBLE_ANSWER_BROKEN,          /* not HTTP, bad length, bad coding */
    TROUBLE_STALE_OFFER,            /* the DELIVER was older than our lease when we would have sent */
    TROUBLE_STOPPING,               /* the adapter is being stopped */
    TROUBLE_LOCAL,                  /* memory, file descriptors */
    TROUBLE_END
};
const char *trouble_name(enum trouble trouble);         /* "connect", "tls-certificate"; static; also the fingerprint */

/* `never_sent`: not a byte of this call left. `perhaps`: an earlier call of this attempt that acts was sent without a
 * clear no, or the handoff came with ask_first. `call` as in call.h. retry_after_ms is -1. */
void verdict_of_transport(enum trouble trouble, bool never_sent, bool perhaps, enum call call,
                          enum agency_class agency_class, struct judgement *ret_judgement);

#endif
