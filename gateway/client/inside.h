/* inside.h - what the files of this folder share, and nobody else sees.
 *
 * A connection is one ZeroMQ socket, and is never mended: when it breaks, falls silent or makes no sense, it is thrown
 * away with whatever lay in its queues, and a new one begins with HELLO. So a frame belongs to the session it was sent
 * in, and HELLO is always first.
 *
 *      after a pause          handshake done            WELCOME
 *   DOWN -------> CONNECTING ---------------> GREETING ---------> UP
 *     ^               |                          |                 |
 *     +---------------+--------------------------+-----------------+   refused, closed, silent, no sense
 *
 * Whatever has an answer is a request: a number (the correlation on the wire) and a frame that is packed once and can
 * be sent any number of times without being copied (ZeroMQ counts who holds it).
 *
 *   sending.c    messages:  queue -> sent -> kept          receiving.c, following.c, cursor.c:  ready -> asked
 *                  (again: those of an earlier connection or refused for now, before the queue)
 */
#ifndef GATEWAY_CLIENT_INSIDE_H
#define GATEWAY_CLIENT_INSIDE_H

#include <sys/types.h>
#include <zmq.h>

#include "gateway/base/limits.h"
#include "gateway/client/lienthong.h"
#include "gateway/client/list.h"
#include "gateway/client/table.h"

enum {
    FRAME_VERSION = 1, PROTOCOL = 1,
    READ_ARENA_BYTES = 8 * FRAME_BYTES_MAX,     /* decoding one frame; the memory is only touched when needed */
    PROCESS_FRAMES_MAX = 512,                   /* read in one lienthong_process() */
    QUEUE_MAX = 1024,                           /* unanswered messages beyond the window */
    WINDOW_MAX = 4096,
    ASKED_MAX = 4096,                           /* outcomes, checkpoints, look-ups, cursors without an answer */
    KEPT_FILES_MAX = 1000000,
    GATHER_MAX = 128,                           /* so many wait for the next turn at most, to go in one frame */
    SEND_QUEUE_FRAMES = 1024,                   /* frames are shared with the messages kept anyway */
};
#define KEEP_MEMORY_BYTES (64LL << 20)
#define KEEP_FOLDER_BYTES (1LL << 30)
/* The pause doubles with each failure, but stays at 400 ms from the third to the twentieth. */
enum { BACKOFF_FIRST = 3, BACKOFF_SOON = 20, BACKOFF_REFUSED = 22 };
#define BACKOFF_MS_MIN 50
#define BACKOFF_MS_MAX 5000
#define CONNECT_MS 10000                        /* to a finished handshake, and again from HELLO to WELCOME */
#define PING_MS_MAX 5000
#define SILENT_PINGS 4                          /* so many ping times without a word, a lease at most: it is gone */
#define ANSWER_MS 60000                         /* a SUBMIT without an answer on a talking connection */
#define RETRY_MS_MIN 100
#define RETRY_MS_MAX 60000
#define LINGER_MS 1000
#define OTHERS_FROM (1ULL << 62)                /* so that tickets rise by one */

enum link { LINK_DOWN, LINK_CONNECTING, LINK_GREETING, LINK_UP };

enum request_kind { REQUEST_MESSAGE, REQUEST_OUTCOME, REQUEST_CHECKPOINT, REQUEST_TRACK, REQUEST_CURSOR };

struct request {
    struct node node;
    uint64_t correlation;
    enum request_kind kind;
    zmq_msg_t frame;            /* empty (size 0): only in the folder now */
};

struct message {                /* REQUEST_MESSAGE; correlation is its ticket */
    struct request request;
    struct uuid id;
    size_t   bytes;             /* of the frame */
    bool     answer_due;        /* the caller waits for an answer */
    bool     accepted;          /* it was, in `epoch` with `commit_seq` */
    uint32_t epoch;
    uint64_t commit_seq, handoff_id;            /* handoff_id 0: kept by a version that did not write it down */
    uint64_t said_id;           /* accepted_as in `frame` */
    uint64_t number;            /* in its file's name while it waits: which was first */
    int64_t  sent_ms;
};

struct attempt {                /* REQUEST_OUTCOME: one delivery, and once answered its outcome */
    struct request request;     /* correlation 0 until answered */
    uint64_t handoff_id;
    uint32_t attempt;
    uint64_t connection;        /* on which it came; 0: not in this process */
};

struct checkpoint { struct request request; uint64_t handoff_id; uint32_t attempt; };       /* REQUEST_CHECKPOINT */

struct cursor {                 /* REQUEST_CURSOR */
    struct request request;
    char    name[CURSOR_NAME_SIZE];
    uint8_t value[CURSOR_VALUE_BYTES_MAX];
    size_t  name_size, value_size;
    bool    write;
    bool    perhaps;            /* written on a connection that broke: it may have been done */
    bool    looking;            /* reading it, to find out */
    struct problem problem;     /* the refusal that is being looked into */
};

struct lienthong {
    struct lienthong_options options;
    char endpoint[256], agency[AGENCY_CODE_SIZE], software[80], *folder;
    uint8_t public_key[LIENTHONG_KEY_BYTES];
    bool  processing;           /* inside lienthong_process(): callbacks may not begin it again */
    enum result broken;         /* sticky */

    /* connection.c */
    void *context, *socket, *monitor;
    bool  own_context;
    int   epoll, wake;          /* what lienthong_fd() gives; an eventfd in it: there is work without a frame */
    bool  woken;
    /* blocked: the socket took no more; losing: it is thrown away at the next look; ended: the other side closed, so
     * when what came before has been read; refused: it ends with a refusal of HELLO or of the key */
    bool  blocked, losing, ended, refused, connection_made;
    enum link link;
    uint64_t connection;        /* counts the sockets */
    uint32_t failures;          /* in a row, for the back-off */
    int64_t  link_due_ms;       /* DOWN: connect again; CONNECTING, GREETING: give up */
    int64_t  ping_due_ms, ping_unheard_ms;      /* ping_unheard_ms: the first ping since something came; 0 none */
    int64_t  hello_boot_ms;     /* no DELIVER of this connection is older */
    uint64_t hello_correlation;
    uint64_t credit_ping;       /* correlation of the PING behind the last CREDIT; 0: answered, or none was said here */
    uint64_t last_ticket, last_correlation;     /* of messages, and of everything else: from OTHERS_FROM on */
    bool     hello_due, ping_due, credit_due;
    bool     welcomed;          /* ever */
    uint32_t epoch, lease_ms, window, frame_bytes_max, body_bytes_max;
    uint32_t batch;             /* frames that the gateway reads in one BATCH; 0: it reads none */
    uint64_t covered_seq;
    char     own_code[AGENCY_CODE_SIZE], gateway[64];
    uint64_t malformed;
    struct arena arena;         /* the frame being read */
    struct table requests;      /* by correlation */

    /* sending.c, keep.c, folder.c */
    struct list  queue, again, sent, kept;
    struct table messages;      /* by id */
    size_t   unanswered, bytes, bytes_max;      /* bytes: of all messages */
    uint64_t let_go, set_aside;
    uint32_t window_now;        /* 1 after a refusal for now, then doubling up to window */
    int64_t  paused_until_ms;
    struct problem holding;     /* that refusal; PROBLEM_NONE */
    int      folder_fd, lock_fd;
    uint8_t  random[256];       /* for ids of messages and traces: the last random_left of it; one system call is */
    size_t   random_left;       /* enough for some of them */
    pid_t    random_of;         /* who took it: a fork must not give the same ids */
    uint64_t waited_ticket;     /* of lienthong_submit_wait(); 0 none */
    bool     waited_answered;
    struct lienthong_answer waited;
    char     waited_reason[REASON_BYTES_MAX];

    /* receiving.c, following.c, cursor.c */
    struct list  ready, asked;  /* requests that are no message: to be sent, and sent */
    struct list  lost;          /* checkpoints of broken connections: kept=false is still to be said */
    struct list  open;          /* attempts in the hands of the caller */
    struct table attempts;      /* by handoff and attempt */
    uint32_t credit;
    uint64_t received, outcomes;                        /* outcomes: not acknowledged */
    int64_t  requests_not_before_ms;                    /* `ready` rests after a refusal for now */
    bool     following, follow_due, notice_ack_due;
    int64_t  follow_not_before_ms;
    uint64_t follow_seq, follow_correlation, notice_acked;
};

/* ---- frame.c: bytes <-> Envelope */
MUST_USE enum result frame_pack(Lienthong__V1__Envelope *envelope, zmq_msg_t *ret_frame);
/* Decoded into `arena` (which it resets) and lent with the frame, except a DELIVER, which is taken out of the envelope
 * and becomes a delivery without a header: *ret_delivery is then the caller's, else NULL, and needs neither. NULL: no
 * envelope, or one past the bounds. */
Lienthong__V1__Envelope *frame_read(struct arena *arena, struct span frame, struct lienthong_delivery **ret_delivery);
void frame_delivery_header(struct lienthong_delivery *delivery);        /* decodes it; stays NULL when it is none */
void frame_delivery_free(struct lienthong_delivery *delivery);
/* A Header on the heap, bounded by READ_ARENA_BYTES; NULL when it is none. */
Lienthong__V1__Header *frame_read_header(struct span bytes);
struct span frame_span(ProtobufCBinaryData data);
/* A SUBMIT of ours says accepted_as from now on. RESULT_FULL: no memory, as it was. */
MUST_USE enum result frame_say_accepted(zmq_msg_t *frame, uint64_t handoff_id);
void  frame_problem(const Lienthong__V1__Refused *refused, struct problem *ret_problem);
/* 16 and 32 bytes, nothing else. */
MUST_USE bool frame_uuid(ProtobufCBinaryData data, struct uuid *ret_uuid);
MUST_USE bool frame_hash(ProtobufCBinaryData data, struct hash *ret_hash);

/* ---- request.c: numbers and frames of what has an answer */
/* Gives a number. RESULT_FULL: no memory, nothing changed. */
MUST_USE enum result request_begin(struct lienthong *lienthong, struct request *request, enum request_kind kind);
void   request_done(struct lienthong *lienthong, struct request *request);     /* out of lists and table; not freed */
struct request *request_find(struct lienthong *lienthong, uint64_t correlation);   /* NULL */
/* Room in the lists of what waits for an answer? Messages have bounds of their own. */
bool   request_room(const struct lienthong *lienthong);
void   request_pump(struct lienthong *lienthong, int64_t now_ms);
void   request_connection_lost(struct lienthong *lienthong);
/* The requests that are no message, each by its kind. */
void   request_refused(struct lienthong *lienthong, struct request *request, const struct problem *problem);
void   request_free(struct lienthong *lienthong, struct request *request);

/* ---- connection.c */
MUST_USE enum result connection_open(struct lienthong *lienthong);      /* what lives as long as the struct */
void connection_close(struct lienthong *lienthong);                     /* takes a half-built one */
void connection_turn(struct lienthong *lienthong, int64_t now_ms);      /* opens, greets, pings, gives up */
void connection_events(struct lienthong *lienthong, int64_t now_ms);    /* what the socket's monitor says */
void connection_welcome(struct lienthong *lienthong, const Lienthong__V1__Welcome *welcome, int64_t now_ms);
void connection_refused(struct lienthong *lienthong, const struct problem *problem);
void connection_lose(struct lienthong *lienthong);                      /* this one is over: at the next look */
int64_t connection_due_ms(const struct lienthong *lienthong);
bool connection_up(const struct lienthong *lienthong);                  /* and takes frames */
/* Sends and shares the frame. False: not taken now (blocked or lost), it stays due. */
MUST_USE bool connection_send(struct lienthong *lienthong, zmq_msg_t *frame);
/* The first requests of a list, at most `most`, up to one whose frame is not in memory, and as many as go into one
 * frame. Gives how many that were; they are still in the list. 0: none was taken now. */
MUST_USE size_t connection_send_first(struct lienthong *lienthong, const struct list *list, size_t most);
MUST_USE bool connection_say(struct lienthong *lienthong, Lienthong__V1__Envelope *envelope);   /* packs, sends */
void connection_wake(struct lienthong *lienthong);                      /* process() has something to do */
/* After any call that may have sent: sends what can go, and sees to it that nothing that came is overlooked. */
void connection_settle(struct lienthong *lienthong);
/* The same, or in the next turn, together with what else is said until then: `waiting` are to be sent, and `open` have
 * been sent and will be answered anyway. */
void connection_settle_soon(struct lienthong *lienthong, size_t waiting, size_t open);
void connection_pump(struct lienthong *lienthong);

/* ---- sending.c */
void sending_pump(struct lienthong *lienthong, int64_t now_ms);
void sending_accepted(struct lienthong *lienthong, struct message *message, const Lienthong__V1__Accepted *accepted);
void sending_refused(struct lienthong *lienthong, struct message *message, const struct problem *problem,
                     uint32_t retry_after_ms, int64_t now_ms);
int64_t sending_due_ms(const struct lienthong *lienthong);

/* ---- keep.c: which messages there are, and for how long */
/* Takes the frame, its size 0 or not; the message is in no list yet. RESULT_FULL: nothing changed. */
MUST_USE enum result keep_add(struct lienthong *lienthong, const struct uuid *id, zmq_msg_t *frame,
                              struct message **ret_message);
struct message *keep_find(struct lienthong *lienthong, const struct uuid *id);
bool keep_room(struct lienthong *lienthong, size_t bytes);              /* lets accepted ones go to make some */
/* After ACCEPTED: keeps it or, when it is covered, frees it. */
void keep_accepted(struct lienthong *lienthong, struct message *message, uint64_t handoff_id, uint64_t commit_seq);
void keep_remove(struct lienthong *lienthong, struct message *message);     /* for good: the file too; freed */
void keep_covered(struct lienthong *lienthong, uint64_t covered_seq);
void keep_epoch(struct lienthong *lienthong);           /* a new epoch: those accepted before it go out again */
void keep_connection_lost(struct lienthong *lienthong); /* sent ones go before the queue again, in order */
void keep_again(struct lienthong *lienthong, struct message *message);
void keep_done(struct lienthong *lienthong);            /* memory only */

/* ---- folder.c: one file per message */
MUST_USE enum result folder_open(struct lienthong *lienthong, struct text *why);    /* and loads what is there */
void folder_close(struct lienthong *lienthong);
MUST_USE enum result folder_write(struct lienthong *lienthong, const struct message *message, zmq_msg_t *frame);
void folder_accepted(struct lienthong *lienthong, const struct message *message, const struct message *before);
void folder_remove(struct lienthong *lienthong, const struct message *message);
/* The frame, with the message's present number. RESULT_INVALID: not what was written, set aside. */
MUST_USE enum result folder_read(struct lienthong *lienthong, struct message *message);

/* ---- receiving.c */
void receiving_deliver(struct lienthong *lienthong, struct lienthong_delivery *delivery);   /* takes it */
void receiving_outcome_ack(struct lienthong *lienthong, const Lienthong__V1__OutcomeAck *ack);
void receiving_checkpoint_ack(struct lienthong *lienthong, struct request *request,
                              const Lienthong__V1__CheckpointAck *ack);
void receiving_lost_checkpoints(struct lienthong *lienthong);       /* says kept=false for each */
void receiving_done(struct lienthong *lienthong);

/* ---- following.c */
void following_pump(struct lienthong *lienthong, int64_t now_ms);
void following_welcome(struct lienthong *lienthong, bool new_epoch);
void following_refused(struct lienthong *lienthong, const struct problem *problem, uint32_t retry_after_ms,
                       int64_t now_ms);
void following_found(struct lienthong *lienthong, struct request *request, const Lienthong__V1__Found *found);

/* ---- cursor.c */
void cursor_ack(struct lienthong *lienthong, struct request *request, const Lienthong__V1__CursorAck *ack);
void cursor_refused(struct lienthong *lienthong, struct cursor *cursor, const struct problem *problem);

#endif
