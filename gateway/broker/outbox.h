/* outbox.h - frames that found their peer's queue in libzmq full for the moment. The queue is short (bus.h), so a burst
 * of large deliveries to somebody who reads well fills it too; ending his session for that would be wrong.
 *
 * The answers to a session that is kept quiet (quiet_until_us) wait here as well: it sends in bulk while others ask one
 * by one, and goes on only when it is answered.
 *
 * Frames of one session leave in the order in which they were said. While some wait, the session is offered nothing
 * more. One whose first frame has waited too long does not read: it is to be ended, and so is one for which there is no
 * room: at most PEER_QUEUE_BYTES_MAX and OUTBOX_SESSION_FRAMES_MAX for one session, OUTBOX_BYTES_MAX and
 * OUTBOX_FRAMES_MAX for all together. A frame must not wait as long as a lease: the core would believe that it left.
 */
#ifndef GATEWAY_BROKER_OUTBOX_H
#define GATEWAY_BROKER_OUTBOX_H

#include "gateway/broker/bus.h"
#include "gateway/broker/session.h"

enum {
    OUTBOX_FRAMES_MAX = 32768, OUTBOX_BYTES_MAX = 128 << 20, OUTBOX_SESSION_FRAMES_MAX = 512, OUTBOX_WAIT_MS = 5000,
    OUT_NONE = SESSION_NONE,
};

struct out {
    zmq_msg_t frame;
    uint32_t  next;                     /* of the same session; OUT_NONE ends */
    int64_t   since_ms;                 /* steady */
    int64_t   pace_us;                  /* nothing more is said for so long after it has left */
};

struct outbox {
    struct out *outs;
    uint32_t first_free, count;
    size_t   bytes;
    uint32_t *waiting, waiting_count;   /* slots of sessions with frames here; each once */
};

MUST_USE enum result outbox_init(struct outbox *outbox);
void outbox_done(struct outbox *outbox);                                /* takes a zeroed one */

/* Takes the frame: it goes out now or later, and whatever is said behind it not before pace_us (0: at once) after it.
 * RESULT_NOT_FOUND: the connection is gone; RESULT_BUSY: there is no room for it. In both cases the frame is closed and
 * the session to be ended. */
MUST_USE enum result outbox_send(struct outbox *outbox, struct bus *bus, const struct sessions *sessions,
                                 struct session *session, zmq_msg_t *frame, int64_t pace_us, int64_t steady_ms);
/* Sends what can go now. Gives the number of a session that is to be ended, with why; 0: none. Call it until then. */
uint64_t outbox_flush(struct outbox *outbox, struct bus *bus, struct sessions *sessions, int64_t steady_ms,
                      int64_t wait_ms_max, const char **ret_why);
/* Takes the first waiting frame of a session away, unsent: the caller closes it. False: there is none. */
bool outbox_take(struct outbox *outbox, const struct sessions *sessions, struct session *session,
                 zmq_msg_t *ret_frame);

#endif
