/* blob_transfer.h - one upload or download at a time, many of them: for blob_thread.c alone, whose state this is.
 *
 *   PUT     ASKED -> COMING -> KEEPING -> BLOB_STORED            GET     ASKED -> GOING -> its last chunk
 * In ASKED and KEEPING the loop is asked and the peer waits; otherwise the peer is waited for. Who is refused in
 * KEEPING, for what he says then, leaves a file with a name: the transfer stays, without a peer, until the loop has
 * answered.
 */
#ifndef GATEWAY_BROKER_BLOB_TRANSFER_H
#define GATEWAY_BROKER_BLOB_TRANSFER_H

#include "gateway/broker/blob_thread.h"
#include "gateway/broker/bus.h"
#include "gateway/wire/wire_blob.h"

enum transfer_state { TRANSFER_FREE, PUT_ASKED, PUT_COMING, PUT_KEEPING, GET_ASKED, GET_GOING };

struct transfer {
    enum transfer_state state;
    uint64_t number;                        /* never used again; what questions and answers name */
    uint32_t routing;
    uint64_t correlation;                   /* 0: the peer was told the end of it */
    uint8_t  key[CURVE_KEY_SIZE];
    bool     asked;                         /* a question is open */
    struct blob blob;
    struct blob_writing writing;            /* PUT_COMING */
    struct blob_reading reading;            /* GET_GOING */
    uint64_t next, until;                   /* chunks: the next one, and how far may be gone */
    int64_t  moved_ms;                      /* when the peer last did something, or was given something */
};

#define SWEEP_TRANSFER 1ULL

struct blob_thread {
    pthread_t thread;
    struct blob_line *line;
    void     *socket;
    struct blob_folder folder;
    uint64_t  keep_free_bytes;
    struct arena arena;                     /* for one frame */
    struct transfer transfers[BLOB_TRANSFERS_MAX];
    uint64_t  last;                         /* the last number given */
    unsigned  questions;                    /* not answered yet, also of transfers that are over */
    int64_t   at_ms;                        /* now */
    int64_t   second_ms, hour_ms, sweep_ms; /* when each comes next */
    struct blob_walk walk;
    bool      sweeping, sweep_asked;
    unsigned  swept;
    uint8_t   piece[BLOB_PIECE_BYTES];
};

/* NULL: no such transfer. */
struct transfer *transfer_find(struct blob_thread *thread, uint32_t routing, uint64_t correlation);
void transfer_frame(struct blob_thread *thread, uint32_t routing, const uint8_t key[CURVE_KEY_SIZE],
                    const struct blob_frame *frame);
void transfer_answered(struct blob_thread *thread, const struct blob_answer *answer);
void transfer_end(struct blob_thread *thread, struct transfer *transfer);       /* says nothing */
/* BUSY: its queue is full. NOT_FOUND: the connection is gone. */
MUST_USE enum result transfer_send(struct blob_thread *thread, uint32_t routing, const struct wire_out *out);

/* A piece of every download that may go on. MORE: there is more that can go at once; BLOCKED: but not just now. */
enum sending { SENDING_NOTHING, SENDING_MORE, SENDING_BLOCKED };
enum sending transfers_send(struct blob_thread *thread);
/* Asks about the keys again; ends those of whom nothing was heard since. */
void transfers_look(struct blob_thread *thread, int64_t since_ms);
bool transfers_write(const struct blob_thread *thread, uint64_t file);  /* one of them writes it, or has just done so */
void transfers_end(struct blob_thread *thread);

#endif
