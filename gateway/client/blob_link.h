/* blob_link.h - one connection to the gateway's socket for blobs, and the one transfer on it.
 *
 * A link is never mended, as in inside.h: it is given up when it has been silent for too long, when it broke after its
 * handshake, or when what came makes no sense. Before the first handshake ZeroMQ tries again by itself, so a gateway
 * that is just being started is waited for. */
#ifndef GATEWAY_CLIENT_BLOB_LINK_H
#define GATEWAY_CLIENT_BLOB_LINK_H

#include <zmq.h>

#include "gateway/client/lienthong_blob.h"

enum {
    BLOB_SILENT_MS = 30000,
    BLOB_SEND_FRAMES = 4,               /* in the socket: more would only hide that a line stands still */
    BLOB_CHUNK_BYTES_MAX = (1 << 20) - (2 << 10),       /* its frame has at most 1 MiB, as any frame */
};

struct blob_link {
    const struct lienthong_blob_options *options;
    struct lienthong_blob_refusal *refusal;             /* never NULL */
    void    *context, *socket, *monitor;
    bool     own_context;
    bool     up;                        /* its handshake is done */
    bool     lost, key_refused;
    bool     stopped;                   /* by on_progress() */
    int64_t  moved_ms;                  /* when something last came or left */
    uint64_t done, size;                /* for on_progress() */
    struct arena arena;                 /* the envelope that came last, */
    zmq_msg_t frame;                    /* ... whose bytes lie here */
};

/* Whatever it gives, close it. */
MUST_USE enum result blob_link_open(struct blob_link *link, const struct lienthong_blob_options *options,
                                    struct lienthong_blob_refusal *refusal);
/* With `linger_ms` for what has been said last. */
void blob_link_close(struct blob_link *link, int linger_ms);

/* `message` is that of the body. RESULT_BUSY: the socket takes no more just now. */
MUST_USE enum result blob_link_say(struct blob_link *link, Lienthong__V1__Envelope__BodyCase body, void *message);

/* Waits for the next frame of the transfer, lent until the next call; or, if `room` is wanted, until one can be said:
 * then *ret_envelope is NULL. A REFUSED is RESULT_INVALID. Everything but RESULT_OK ends the transfer. */
MUST_USE enum result blob_link_hear(struct blob_link *link, bool room, const Lienthong__V1__Envelope **ret_envelope);

/* How long nothing may come: what the options say, or BLOB_SILENT_MS. */
int64_t blob_link_silent_ms(const struct blob_link *link);
/* Waits, also on a link that is closed. RESULT_BUSY: on_progress() ended it. */
enum result blob_link_wait(struct blob_link *link, int64_t for_ms);
/* Asks on_progress(). RESULT_BUSY: it ends the transfer. */
MUST_USE enum result blob_link_progress(struct blob_link *link, uint64_t done, uint64_t size);

/* Sets the sentences, with PROBLEM_NONE, and gives `result`. */
enum result blob_refuse(struct lienthong_blob_refusal *refusal, enum result result, const char *vi, const char *en, ...)
    __attribute__((format(printf, 3, 5), format(printf, 4, 5)));
/* What came is not what the conversation allows: RESULT_BROKEN. */
enum result blob_nonsense(struct lienthong_blob_refusal *refusal, const char *what_vi, const char *what_en);

#endif
