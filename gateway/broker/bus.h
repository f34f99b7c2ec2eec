/* bus.h - the sockets: one ROUTER for agencies (CURVE, all endpoints), one for operators (plain, ipc in a 0700 folder),
 * and the monitor that tells which connection has ended.
 *
 * Bounds     per peer, in each direction: PEER_QUEUE_FRAMES frames of at most FRAME_BYTES_MAX. A larger frame ends its
 *            connection inside libzmq.
 * Routing    ZeroMQ gives each connection 5 bytes: 0 and a number of 32 bits that is not used again. A peer that sets a
 *            routing id of its own is not taken (bus_read: foreign_routing).
 * Ends       libzmq does not say which peer of a ROUTER has gone. But each message knows the file descriptor it was
 *            read from, and the monitor names the descriptor of a connection that ended; bus_gone() gives those. A
 *            descriptor is used again by a later connection, so the monitor has to be emptied before a session is
 *            begun on one: the end of the earlier connection always stands in it by then.
 * Threads    the loop's only.
 */
#ifndef GATEWAY_BROKER_BUS_H
#define GATEWAY_BROKER_BUS_H

#include <zmq.h>

#include "gateway/broker/options.h"
#include "gateway/broker/zap.h"

enum bus_side { BUS_AGENCIES, BUS_ADMIN, BUS_SIDES };

struct bus {
    void *context;
    void *sockets[BUS_SIDES];
    void *monitor;
    struct zap zap;
    uint8_t secret[CURVE_KEY_SIZE], public_key[CURVE_KEY_SIZE];
    char  public_text[41];
    int64_t patience_left_us;           /* what bus_send() may wait in this turn, over all peers */
    struct bus_ear { int zap, monitor, sockets[BUS_SIDES]; } files;     /* ZMQ_FD of each */
    bool    may_hold[BUS_SIDES];        /* there may be frames in it, whatever its file says */
};

/* Of what there is something to be read. */
struct heard { bool signals, handshakes, ends, blobs, frames[BUS_SIDES]; };

/* ZAP first, then the ROUTER for agencies, bound nowhere yet: for the self-test. RESULT_INVALID: the key; `why`. */
MUST_USE enum result bus_open(struct bus *bus, const struct options *options, struct text *why);
/* Binds endpoints and the admin socket. */
MUST_USE enum result bus_bind(struct bus *bus, const struct options *options, struct text *why);
void bus_close(struct bus *bus);                                        /* takes a half-built one */
/* 0600, first line 40 characters of Z85. */
MUST_USE enum result bus_secret_read(const char *path, uint8_t ret_secret[CURVE_KEY_SIZE],
                                     uint8_t ret_public[CURVE_KEY_SIZE], struct text *why);

/* One more ROUTER for agencies, for frames of BLOB_FRAME_BYTES_MAX, bound to the endpoints for blobs: the caller's from
 * here on. */
MUST_USE enum result bus_bind_blobs(struct bus *bus, const struct options *options, void **ret_socket,
                                    struct text *why);

struct peer {
    uint32_t routing;
    int      file;                      /* descriptor of its connection; -1 unknown */
    bool     foreign_routing;           /* it set a routing id of its own: it cannot be answered */
    bool     many_parts;                /* the message had more than one part: no frame */
    const char *key_text;               /* agencies: ZAP's user id; lent by the message; NULL none */
    bool     has_uid;                   /* admin: known by SO_PEERCRED */
    uint32_t uid;
};

/* Waits until there is something to be read, for at most `ms`; `signals` and `sync` are descriptors (-1: none), frames
 * and `blobs`, another descriptor, are listened to only when `frames`. A look into a socket costs two system calls and
 * more, so only those are looked into whose file says so (ZMQ_FD). It says so once: what came in while something was
 * sent, or was left there, is not told again. For frames that is seen to here; handshakes and ends the caller reads
 * until there are no more, before the first wait and whenever they were heard of. */
void bus_wait(struct bus *bus, int signals, int sync, int blobs, bool frames, int64_t ms, struct heard *ret_heard);

/* Whether something may have come from an agency that nobody has read. */
bool bus_may_hold(const struct bus *bus);

/* The next message that has come. `frame` is initialised by the caller and filled. False: none. */
bool bus_read(struct bus *bus, enum bus_side side, zmq_msg_t *frame, struct peer *ret_peer);
/* What bus_read() does with any ROUTER; the peer has neither key nor uid then. */
bool peer_read(void *socket, zmq_msg_t *frame, struct peer *ret_peer);
/* Takes the frame when it returns RESULT_OK. RESULT_NOT_FOUND: nobody has this routing id any more. RESULT_BUSY: its
 * queue is full. */
MUST_USE enum result peer_send(void *socket, uint32_t routing, zmq_msg_t *frame);
/* Takes the frame when it returns RESULT_OK. RESULT_NOT_FOUND: nobody has this routing id any more. RESULT_BUSY: its
 * queue stayed full for patience_us, or this turn's patience with everybody is used up. */
MUST_USE enum result bus_send(struct bus *bus, enum bus_side side, uint32_t routing, zmq_msg_t *frame,
                              int64_t patience_us);
int64_t bus_now_us(void);                                               /* the monotonic clock */
void bus_patience(struct bus *bus, int64_t left_us);                    /* a new turn */
/* Ends the connection that a frame came from, at once: for a peer whose next frame would cost the others time. A
 * descriptor that has been given to a later connection ends that one; it is made again. */
void bus_cut(int file);
/* The descriptor of the next connection of an agency that has ended. False: none. */
bool bus_gone(struct bus *bus, int *ret_file);

/* "localhost:1000:1000:4711", as libzmq names the peer of an ipc connection: its uid. */
MUST_USE bool peer_uid_read(const char *address, uint32_t *ret_uid);

#endif
