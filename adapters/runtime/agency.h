/* agency.h - one agency that this process speaks for, as long as it runs: its connection to the gateway, its pool of
 * transfers, its login, and the deliveries in its hands.
 *
 * Life     agency_open() ... turns ... agency_drain() ... turns until agency_is_drained() ... agency_close().
 * A turn   of the loop calls agency_turn() for every agency: reads the gateway where there is something to read, begins
 *          what may begin, and says what there is to say. Nothing in it waits.
 * Serving  begins with WELCOME, and only if total_timeout fits into the lease (SERVING_MARGIN); otherwise the credit
 *          stays 0 and the log says why.
 * Units    now_ms is CLOCK_MONOTONIC, boot_ms CLOCK_BOOTTIME; both are read once a turn.
 */
#ifndef ADAPTERS_RUNTIME_AGENCY_H
#define ADAPTERS_RUNTIME_AGENCY_H

#include <sys/queue.h>

#include "adapters/kinds/config.h"
#include "adapters/runtime/complaint.h"
#include "adapters/runtime/login.h"
#include "adapters/runtime/pull_loop.h"
#include "adapters/runtime/rate.h"
#include "adapters/runtime/recent.h"
#include "adapters/runtime/transfer.h"
#include "gateway/client/lienthong.h"

/* A lease has to hold the request and the age of the stamp in its DELIVER (a ping is due every third of a lease). */
#define SERVING_MARGIN_MS(lease_ms) ((lease_ms) / 3)

struct delivery;
TAILQ_HEAD(delivery_list, delivery);

struct agency {
    const struct adapter_config *whole;     /* borrowed until agency_close() */
    const struct agency_config  *config;    /* one of `whole` */
    uint32_t slot;
    struct watch *watch;
    struct lienthong *gateway;
    char     gateway_name[64];              /* from WELCOME: the first part of every idempotency key */
    uint32_t lease_ms;
    bool     connected, serving, draining;
    bool     stirred;                       /* the gateway's side has something to read or we gave it something */
    int64_t  now_ms, boot_ms;               /* of this turn */
    char     secret[CONFIG_SECRET_SIZE];    /* of auth; "" none */

    struct transfers transfers;
    struct login login;
    struct rate rate;
    struct recent recent;
    struct pull_loop pull;
    struct complaint trouble, mapping;      /* rate-limited lines of the log */

    /* Each delivery stands in one of these. Counts are bounded by the credit, twice that around a reconnect. */
    struct delivery_list queue;             /* not begun */
    struct delivery_list ready;             /* begun, its next call waits for the rate */
    struct delivery_list busy;              /* waits for an answer, a login, a checkpoint, or an older attempt */
    struct delivery_list unsaid;            /* done, but the library had no room for the outcome */
    int64_t  unsaid_due_ms;
    struct delivery *spare;
    uint16_t open_by_id[1024];              /* open ones by handoff id, modulo: 0 saves looking for an older attempt */
    size_t   open, begun, spare_count;      /* open: in any list; begun: each holds one of requests_max */
    uint64_t outcomes_given, outcomes_acked, delivered;
};

/* The context of ZeroMQ is shared by all. NULL, and `why`: a key file that cannot be read, no memory. */
struct agency *agency_open(const struct adapter_config *whole, const struct agency_config *config, void *zmq_context,
                           struct watch *watch, uint32_t slot, struct text *why);
void agency_close(struct agency *agency);                       /* takes NULL; drops what is left */

void agency_readable(struct agency *agency);                    /* an event of the gateway's descriptor */
/* RESULT_BROKEN: the connection cannot be used any more; close the agency and open it anew. */
MUST_USE enum result agency_turn(struct agency *agency, int64_t now_ms, int64_t boot_ms);
int64_t agency_due_ms(const struct agency *agency);             /* when the next turn is needed at the latest */

/* Takes nothing new; what was not begun is answered LATER at once. */
void agency_drain(struct agency *agency);
void agency_abandon(struct agency *agency);                     /* gives up what is under way, with its true verdict */
bool agency_is_idle(const struct agency *agency);               /* no delivery left */
bool agency_waits_for_line(const struct agency *agency);        /* outcomes are open, and it is not connected */
bool agency_is_drained(const struct agency *agency);            /* ... and every outcome has been acknowledged */

#endif
