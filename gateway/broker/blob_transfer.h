/* blob_transfer.h - one upload or download at a time, many of them: for blob_thread.c alone, whose state this is.
 *
 *   PUT     ASKED -> COMING -> KEEPING -> BLOB_STORED            GET     ASKED -> GOING -> its last chunk
 * In ASKED and KEEPING the loop is asked and the peer waits; otherwise the peer is waited for. OVER: its last word has
 * not left yet, or a question is open whose answer says what becomes of its file; until then its place is taken.
 */
#ifndef GATEWAY_BROKER_BLOB_TRANSFER_H
#define GATEWAY_BROKER_BLOB_TRANSFER_H

#include "gateway/broker/blob_thread.h"
#include "gateway/broker/bus.h"
#include "gateway/wire/wire_blob.h"

enum transfer_state { TRANSFER_FREE, PUT_ASKED, PUT_COMING, PUT_KEEPING, GET_ASKED, GET_GOING,
                      TRANSFER_OVER };

struct transfer {
    enum transfer_state state;
    uint64_t number;                        /* never used again; what questions and answers name */
    uint32_t routing;
    uint64_t correlation;
    uint8_t  key[CURVE_KEY_SIZE];
    bool     asked;                         /* a question is open ... */
    bool     kept;                          /* ... whether its file is kept */
    bool     owes;                          /* the peer's queue was full: `owed` (a word, a chunk) has not left yet */
    zmq_msg_t owed;
    int64_t  not_before_ms;                 /* nor is that queue tried again before */
    bool     anew;                          /* the file on record cannot be read */
    struct blob blob;
    struct blob_writing writing;            /* PUT_COMING */
    struct blob_reading reading;            /* GET_GOING */
    uint64_t next, until;                   /* chunks: the next one, and how far may be gone */
    int64_t  moved_ms;                      /* when the peer last did something, or was given something */
};

#define SWEEP_TRANSFER 1ULL
enum { DAMAGED_MAX = 64 };

struct blob_thread {
    pthread_t thread;
    struct blob_line *line;
    void     *socket;
    struct blob_folder folder;
    uint64_t  keep_free_bytes;
    struct arena arena;                     /* for one frame */
    struct transfer transfers[BLOB_TRANSFERS_MAX];
    uint64_t  last;                         /* the last number given */
    int64_t   at_ms;                        /* now */
    bool      broken;                       /* an upload could not be written: nothing more is done */
    uint64_t  damaged[DAMAGED_MAX], damaged_next;       /* files that could not be read, the last ones */
    int64_t   second_ms, hour_ms, sweep_ms; /* when each comes next */
    int64_t   piece_us;                     /* while somebody waits: when the next piece may be moved */
    bool      out_first;                    /* the last one came in: the next goes out, if there is one */
    int       first;                        /* whose turn it is to send one */
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
void transfer_end_refused(struct blob_thread *thread, struct transfer *transfer, const struct problem *problem,
                          int64_t retry_after_ms);
/* To somebody without a transfer: he hears it, or not. */
void transfer_say_once(struct blob_thread *thread, uint32_t routing, const struct wire_out *out);

/* Whether a piece may be moved now, in or out: those of all transfers together keep a pace while somebody waits. */
bool piece_may(const struct blob_thread *thread);
void piece_moved(struct blob_thread *thread, bool in);
/* What is owed, and a piece of every download that may go on. BLOCKED: there is more, but a
 * queue is full; PACED: but not just now; MORE: that can go at once. */
enum sending { SENDING_NOTHING, SENDING_BLOCKED, SENDING_PACED, SENDING_MORE };
enum sending transfers_send(struct blob_thread *thread);
/* Asks about the keys again; ends those of whom nothing was heard since. */
void transfers_look(struct blob_thread *thread, int64_t since_ms);
bool transfers_write(const struct blob_thread *thread, uint64_t file);  /* one of them writes it, or has just done so */
void transfers_end(struct blob_thread *thread);

#endif
