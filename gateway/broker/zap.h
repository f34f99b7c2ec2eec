/* zap.h - who may connect at all (ZeroMQ RFC 27): CURVE keys that the present directory knows at this time.
 *
 * The handler is a socket polled by the loop's own thread, not a thread of its own: the set of keys is then simply the
 * directory in force, read by the one thread that swaps it, without a lock and without a second copy that could lag
 * behind. A handshake waits at most for the turn that is being committed; HANDSHAKE_IVL is a thousand times that.
 *
 * Admitting says only who it is. What a key may do is asked with every frame, so taking it out of the directory ends
 * its sessions at once, whatever connections are still open.
 * An unknown key is answered 400 (libzmq's client then gives up until it is started anew), a known one that connects
 * too often 300 (its client tries again by itself).
 */
#ifndef GATEWAY_BROKER_ZAP_H
#define GATEWAY_BROKER_ZAP_H

#include "gateway/core/tables.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN "agencies"

struct zap_window { int64_t begin_ms; uint32_t count; };    /* handshakes of one key in one minute */

struct zap {
    void *socket;
    const struct tables *tables;
    struct zap_window *windows;                 /* AGENCIES_MAX x AGENCY_KEYS_MAX, in the order of tables->agencies */
    uint32_t handshakes_per_minute;
    bool     has_test_key;                      /* during the self-test at start, and only then */
    uint8_t  test_key[CURVE_KEY_SIZE];
    uint64_t admitted, refused, put_off;
};

/* Binds the handler: before any other socket of `context` is bound. RESULT_BUSY: there is one already. */
MUST_USE enum result zap_open(struct zap *zap, void *context, uint32_t handshakes_per_minute);
void zap_close(struct zap *zap);                                        /* takes a zeroed one */
void zap_tables(struct zap *zap, const struct tables *tables);          /* swapped; counts begin anew */
/* Answers whoever waits. True: it stopped where others may still wait. */
bool zap_serve(struct zap *zap, int64_t now_ms);

/* This key's program behaves badly: as if it had connected so many times more in this minute. */
void zap_charge(struct zap *zap, const struct agency *agency, const uint8_t key[CURVE_KEY_SIZE], int64_t now_ms,
                uint32_t handshakes);
/* What one request gets: "200", "300" or "400". Not for the self-test's key. */
const char *zap_decide(struct zap *zap, struct span key, int64_t now_ms);

#endif
