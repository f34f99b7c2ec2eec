/* transfer.h - HTTP requests of one agency over libcurl, each sent at most once.
 *
 * Promise    A request leaves at most once. Where libcurl would send it again on a new connection (it does so silently
 *            when a kept-alive connection turns out dead), the second send is stopped before its first byte, and what
 *            happened to the first is told as TROUBLE_SECOND_SEND.
 *            never_sent is true only if not a byte of the request has left: no connection came to the point of sending,
 *            or the first write failed as a whole. Trouble of a second connection never hides that the first was used.
 * One pool   per agency: a libcurl multi handle of its own, because what an agency's connections are allowed (address
 *            rules, certificates, proxy) must not be lent to another that has the same host behind it. Easy handles
 *            stay with the pool and keep their options; connections are kept and re-used, but not when idle for more
 *            than IDLE_S_MAX seconds (IDLE_S_MAX_CAREFUL for calls that must not come twice): servers close idle
 *            connections soon after, and a request that meets the closing is lost as "perhaps".
 * Bounds     total time per request, connect time, response bytes (the beginning is kept; body_cut says that more
 *            came), 64 KiB of response headers.
 * No memory  for an answer is TROUBLE_LOCAL, sent: nothing is judged by a part that memory, not the bound, has cut.
 *            Where libcurl has none to wait for a socket, that transfer ends at once, and all that have sent nothing
 *            (in HTTP/2 all), as TROUBLE_LOCAL, sent or not as it was. None is started until the rest have ended.
 * Callbacks  on_done() is called from transfers_turn() only, once per transfer_start(), and may start others.
 * Threads    the loop's only (libcurl's resolver threads are its own affair).
 */
#ifndef ADAPTERS_RUNTIME_TRANSFER_H
#define ADAPTERS_RUNTIME_TRANSFER_H

#include <curl/curl.h>

#include "adapters/kinds/config.h"
#include "adapters/runtime/watch.h"

enum { IDLE_S_MAX = 3, IDLE_S_MAX_CAREFUL = 1, RESPONSE_HEADER_BYTES_MAX = 64 << 10 };

struct transfer;
struct transfer_result {
    enum trouble trouble;               /* 0: `answer` came; else there is none */
    bool never_sent;                    /* with trouble only */
    struct http_answer answer;          /* lent until on_done() returns, like sent_body */
    struct span  sent_body;
};

struct transfers {
    const struct agency_config *config; /* borrowed */
    struct watch *watch;                /* borrowed */
    uint32_t slot;                      /* of this agency in the events */
    CURLM   *multi;
    int64_t  due_ms;                    /* CLOCK_MONOTONIC: when transfers_turn() has something to do by time */
    struct transfer *idle;              /* to be used again */
    struct transfer *active;
    size_t   active_count;
    bool     moved;                     /* something may be finished */
    bool     lost;                      /* some have to be ended for want of memory */
    bool     worn;                      /* the multi handle takes no more transfers */
};

/* curl_global_init() comes first. RESULT_FULL: no memory, nothing to undo. */
MUST_USE enum result transfers_init(struct transfers *transfers, const struct agency_config *config,
                                    struct watch *watch, uint32_t slot);
void transfers_done(struct transfers *transfers);           /* takes a zeroed one; drops what is active, silently */

/* Takes the request (and leaves it empty); a body that is lent has to stay until on_done() or transfer_abort().
 * `careful`: see IDLE_S_MAX_CAREFUL. NULL: no memory, see there; the request is gone. */
struct transfer *transfer_start(struct transfers *transfers, struct request *request, int64_t timeout_ms, bool careful,
                                void (*on_done)(void *owner, const struct transfer_result *result), void *owner);
/* Ends it without on_done(). Returns never_sent. */
bool transfer_abort(struct transfer *transfer);

void transfers_event(struct transfers *transfers, const struct watch_event *event);
void transfers_turn(struct transfers *transfers, int64_t now_ms);

#endif
