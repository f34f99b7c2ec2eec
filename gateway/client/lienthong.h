/* lienthong.h - the client library of the Lien Thong gateway: hand off, follow, track, receive.
 *
 * One struct lienthong is one connection of one agency (one CURVE key). It reconnects by itself, says HELLO again, and
 * goes on where it stopped.
 *
 * Sending     You choose the message id (lienthong_new_id(), or uuid_v8 for a source that repeats itself). A SUBMIT
 *             without an answer is sent again with the same id, after every reconnect, until the answer is known: so a
 *             handoff is accepted once however often lines break. Only ACCEPTED means that it is on the gateway's disk.
 *             Accepted messages are kept until a backup of the gateway covers them (covered_seq), and are sent again by
 *             themselves, with the handoff id they had, when the gateway comes back from an older backup (its epoch has
 *             grown). Their repeated ACCEPTED is not reported again, but a refusal then is (on_answer): the gateway has
 *             lost what it promised.
 *             A refusal for now (full, stopping, busy: whatever comes with retry_after_ms) is no answer: the message is
 *             sent again after that time, and all others wait behind it, until it is taken or lienthong_forget(). What
 *             holds them up stands in lienthong_status().holding. So whatever on_answer() brings is final.
 *             Messages are sent in the order of their tickets, but a refusal for now may let a later one overtake:
 *             where the order of two matters, name the first in after[] or wait for its answer.
 * Receiving   on_deliver() gives you one handoff at a time or many at once, up to your credit; answer each with exactly
 *             one lienthong_outcome(). A DELIVER that has lain about longer than the lease is answered LATER here and
 *             never reaches you; ask lienthong_offer_is_stale() again right before you act, if you waited.
 * Driving     Nothing happens behind your back: no thread. Either call lienthong_wait() in a loop, or put
 *             lienthong_fd() into your own loop and call lienthong_process() when it is readable and at
 *             lienthong_due_ms(). The fd is the same for the whole life of the struct, over all reconnects. It stays
 *             readable while there is work, so one lienthong_process() per wake-up is enough, and any poll will do;
 *             a wake-up without work is possible. Ask lienthong_due_ms() before each wait.
 *             Callbacks are called from lienthong_process()/_wait()/_submit_wait() only, and may call any function here
 *             but lienthong_process(), _wait(), _submit_wait(), _close().
 * Units       milliseconds since 1970 UTC (`_ms`), bytes; durations end in _ms too.
 *             A receiver has to process several times within the lease: PING, the proof that it lives, is sent there.
 * Linking     programs need lienthong_* only; `pkg-config lienthong` says the rest. What stands in the included headers
 *             of gateway/base as a function is not in the library: its lienthong_ twin is at the end of this file.
 * Ownership   what a call takes is borrowed until it returns, and copied if needed later; what a callback gets is lent
 *             until it returns, except a delivery, which becomes yours.
 * Errors      RESULT_INVALID: the message is not what it should be, the problem says which field. RESULT_BUSY: the
 *             window or the room for kept messages is full: process, then again. RESULT_FULL: no memory.
 *             RESULT_BROKEN: the first socket cannot be made (a later one is tried again) or the folder for kept
 *             messages cannot be written. RESULT_FULL also: the disk of that folder is full.
 * Threads     one per struct lienthong.
 */
#ifndef GATEWAY_CLIENT_LIENTHONG_H
#define GATEWAY_CLIENT_LIENTHONG_H

#include "gateway/base/hash.h"
#include "gateway/base/problem.h"
#include "gateway/base/uuid.h"
#include "gateway/base/words.h"
#include "proto/lienthong.pb-c.h"

struct lienthong;

/* ---- keys: Z85 text as `lienthong keygen` writes it, 40 characters; a secret file must be 0600 */
enum { LIENTHONG_KEY_BYTES = 32 };
struct lienthong_keys {
    uint8_t gateway_public[LIENTHONG_KEY_BYTES];
    uint8_t secret[LIENTHONG_KEY_BYTES];            /* of this agency; the public half is computed */
};
/* First line of each file. RESULT_NOT_FOUND, RESULT_INVALID (not a key, or a secret that others can read): `why`. */
MUST_USE enum result lienthong_keys_read(const char *gateway_public_file, const char *secret_file,
                                         struct lienthong_keys *ret_keys, struct text *why);

/* ---- what comes back */

struct lienthong_answer {           /* to one SUBMIT */
    struct uuid    message_id;
    uint64_t       ticket;          /* what lienthong_submit() gave */
    bool           accepted;
    uint64_t       handoff_id, commit_seq;
    struct hash    content_hash, link;
    bool           duplicate;
    enum state     state;           /* READY or HELD */
    const char    *held_reason;     /* "" unless HELD */
    struct problem problem;         /* when not accepted */
    int64_t        retry_after_ms;  /* 0: the same message will not be accepted later either. Always 0: see Sending */
};

struct lienthong_delivery {         /* yours: lienthong_delivery_free() */
    uint64_t handoff_id;
    uint32_t attempt;
    Lienthong__V1__Deliver *deliver;        /* header bytes, routing (never NULL), payload, stamp */
    Lienthong__V1__Header  *header;         /* decoded */
};
void lienthong_delivery_free(struct lienthong_delivery *delivery);      /* takes NULL */

struct lienthong_outcome {
    uint64_t     handoff_id;
    uint32_t     attempt;
    enum verdict verdict;
    const char  *detail, *agency_ref, *value, *field, *fingerprint;     /* NULL or "": none */
    const struct hash *content_hash;                                    /* NULL: not stated */
    int64_t      retry_after_ms;                                        /* 0 none */
    enum scope   scope;                                                 /* 0 unless MISCONFIGURED */
    uint32_t     http_status;
    bool         never_sent;
};

struct lienthong_callbacks {        /* any may be NULL */
    void (*on_welcome)(void *context, const Lienthong__V1__Welcome *welcome);       /* after every (re)connect */
    /* HELLO was refused (unknown key, role not allowed): it is tried again with back-off; or an outcome was refused,
     * which ends it; or FOLLOW; or something that belongs to no request of ours. */
    void (*on_refused)(void *context, const struct problem *problem);
    void (*on_answer)(void *context, const struct lienthong_answer *answer);
    void (*on_notice)(void *context, const Lienthong__V1__Notice *notice);          /* then lienthong_notice_ack() */
    void (*on_found)(void *context, uint64_t correlation, const Lienthong__V1__Found *found,
                     const struct problem *problem);                                /* one of the two is NULL */
    void (*on_deliver)(void *context, struct lienthong_delivery *delivery);
    void (*on_outcome_ack)(void *context, const Lienthong__V1__OutcomeAck *ack);
    void (*on_checkpoint)(void *context, uint64_t handoff_id, uint32_t attempt, bool kept);
    void (*on_cursor)(void *context, struct span name, struct span value, const struct problem *problem);
};

/* ---- a connection */

struct lienthong_options {
    const char *endpoint;           /* "tcp://127.0.0.1:7700", "ipc:///run/lienthong/agencies" */
    struct lienthong_keys keys;
    uint32_t    roles;              /* enum role bits: ROLE_SENDER, ROLE_RECEIVER */
    uint32_t    kinds;              /* receiver: KIND_BIT()s it understands; 0 = all */
    uint32_t    credit;             /* receiver: deliveries open at once; 0 = 16 */
    const char *software;           /* "one-stop 3.1", for the gateway's log; NULL = the library's own */
    /* Where accepted and unanswered messages are kept (files 0600), so that they survive this process too: one file
     * per message, on disk before lienthong_submit() returns. Made if missing (0700); one process at a time. NULL: in
     * memory. At most keep_bytes_max (0 = 64 MiB in memory, 1 GiB in a folder); accepted ones past that are let go,
     * oldest first, and counted. A file that is not what was written is renamed to *.corrupt and counted. What an
     * earlier process left unanswered is sent, and its answers come to on_answer() with tickets of this process: know
     * them by message_id. */
    const char *keep_folder;
    uint64_t    keep_bytes_max;
    struct lienthong_callbacks callbacks;
    void       *context;
    /* The agency's code, for a program that knows it. HELLO says it (another than the key's is refused), and it is the
     * sender of what is submitted before the first WELCOME. NULL: WELCOME says who we are. */
    const char *agency;
    void       *zmq_context;        /* shared with other connections of the process; NULL: one of its own */
};
/* Returns at once; the connection is made while processing. RESULT_INVALID: an option, or the endpoint. RESULT_BUSY:
 * another process has the keep_folder. RESULT_BROKEN: the folder or a socket cannot be made. */
MUST_USE enum result lienthong_open(struct lienthong **ret_lienthong, const struct lienthong_options *options,
                                    struct text *why);
/* Takes NULL. Unanswered messages in a keep_folder are sent by the next one that opens it. What has been handed to the
 * socket (outcomes, acknowledgements) gets up to a second to leave; wait for outcomes_open to be 0 where it matters. */
void lienthong_close(struct lienthong *lienthong);

int     lienthong_fd(const struct lienthong *lienthong);
int64_t lienthong_due_ms(const struct lienthong *lienthong);    /* CLOCK_MONOTONIC; when to process at the latest */
MUST_USE enum result lienthong_process(struct lienthong *lienthong);    /* reads all that came, does what is due */
/* Waits at most timeout_ms for something, then processes. */
MUST_USE enum result lienthong_wait(struct lienthong *lienthong, int64_t timeout_ms);

struct lienthong_status {
    bool     connected;             /* WELCOME has come on this connection */
    char     agency[64], gateway[64];
    uint32_t epoch, lease_ms, submit_window;
    uint64_t covered_seq, unanswered, kept, let_go, received, deliveries_open;
    uint64_t outcomes_open;         /* said, not acknowledged */
    uint64_t set_aside;             /* files of the keep_folder that were not what was written */
    uint64_t malformed;             /* frames that made no sense, and were dropped */
    uint64_t connections;           /* begun so far */
    bool     credit_heard;          /* the gateway knows the present credit: whatever it had offered before has come */
    struct problem holding;         /* the refusal for now that holds up sending; type PROBLEM_NONE: none */
};
void lienthong_status(const struct lienthong *lienthong, struct lienthong_status *ret_status);

/* ---- sending */

struct uuid lienthong_new_id(void);                             /* UUIDv7 of now */

/* `header` needs kind, dossier_code and what the handoff is about; an empty message_id, sender, source_time_ms or
 * traceparent is filled in (a message_id of its own makes a repetition by the caller a new handoff: choose it yourself
 * wherever the caller may repeat). `cursor` may be NULL. *ret_ticket stands in the answer; tickets rise by one. An id
 * that is here already, unanswered or kept, with the same content: the same ticket, and one answer; with other content:
 * RESULT_INVALID, conflict. RESULT_BUSY: 1024 more than the window are unanswered, or the room is full, or the sender
 * is empty and the first WELCOME has not come: process, then again. reterr_problem (may be NULL) is set with
 * RESULT_INVALID. */
MUST_USE enum result lienthong_submit(struct lienthong *lienthong, const Lienthong__V1__Header *header,
                                      struct span payload, const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket,
                                      struct problem *reterr_problem);
/* The same with a header that is packed already (its bytes travel unchanged). */
MUST_USE enum result lienthong_submit_packed(struct lienthong *lienthong, struct span header, struct span payload,
                                             const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket,
                                             struct problem *reterr_problem);
/* Submits and processes until the answer is there: RESULT_OK (accepted or refused for good: look at ret_answer),
 * RESULT_BUSY: no answer within timeout_ms; it goes on being sent while you process, and its answer comes to
 * on_answer(). RESULT_INVALID: ret_answer->problem says why. The answer is not given to on_answer() as well; what else
 * comes meanwhile goes to its callbacks. answer->held_reason is lent until the next call. */
MUST_USE enum result lienthong_submit_wait(struct lienthong *lienthong, const Lienthong__V1__Header *header,
                                           struct span payload, int64_t timeout_ms,
                                           struct lienthong_answer *ret_answer);
/* Stops sending an unanswered message again (it may have been accepted all the same). */
void lienthong_forget(struct lienthong *lienthong, uint64_t ticket);

/* ---- following, tracking */

/* Notices from here on; 0 = from the durable cursor. Asked again by itself after a reconnect. */
MUST_USE enum result lienthong_follow(struct lienthong *lienthong, uint64_t from_seq);
/* Up to here everything is known: committed by the gateway, survives both sides. */
MUST_USE enum result lienthong_notice_ack(struct lienthong *lienthong, uint64_t event_seq);
/* on_found() answers. Asked again by itself after a reconnect until answered. */
MUST_USE enum result lienthong_track(struct lienthong *lienthong, const char *code, uint64_t *ret_correlation);

/* ---- receiving */

MUST_USE enum result lienthong_credit(struct lienthong *lienthong, uint32_t credit);    /* the new total; 0 pauses */
/* Exactly one per delivery. Repeated by itself over reconnects until acknowledged, or refused (on_refused). Texts
 * longer than the gateway keeps are cut. RESULT_INVALID: no verdict or scope, or this attempt has its outcome. */
MUST_USE enum result lienthong_outcome(struct lienthong *lienthong, const struct lienthong_outcome *outcome);
/* "I got this far", at most CHECKPOINT_BYTES_MAX; on_checkpoint() says whether it was kept. kept false: this attempt
 * is not the open one any more: stop. After a reconnect the answer is kept=false. */
MUST_USE enum result lienthong_checkpoint(struct lienthong *lienthong, uint64_t handoff_id, uint32_t attempt,
                                          struct span value);
/* By this machine's CLOCK_BOOTTIME: longer ago than the lease? Then do not act; answer LATER with never_sent. */
bool lienthong_offer_is_stale(const struct lienthong *lienthong, const struct lienthong_delivery *delivery);

/* ---- cursors: where a pull stopped, kept by the gateway. on_cursor() answers, with the value now stored. A write
 * whose answer was lost is repeated, and has succeeded when the stored value is the one written. */
MUST_USE enum result lienthong_cursor_read(struct lienthong *lienthong, struct span name);
MUST_USE enum result lienthong_cursor_write(struct lienthong *lienthong, struct span name, struct span value,
                                            struct span expected);

/* ---- the words of the included headers, for programs that have only this library */
enum { LIENTHONG_TIME_TEXT_SIZE = 32 };
const char *lienthong_version(void);
struct span lienthong_span(const char *string);                 /* without the zero byte */
struct text lienthong_text(char *array, size_t size);           /* an empty text, for `why` */
/* UUIDv8: the same record of a source that repeats itself always gives the same id. */
struct uuid lienthong_source_id(int64_t source_time_ms, const char *agency, const char *source_key);
void        lienthong_id_text(const struct uuid *id, char ret_text[UUID_TEXT_SIZE]);
MUST_USE bool lienthong_id_read(const char *text, struct uuid *ret_id);
void        lienthong_hash_text(const struct hash *hash, char ret_text[HASH_TEXT_SIZE]);
struct hash lienthong_content_hash(const Lienthong__V1__Header *header, struct span payload);   /* what ACCEPTED says */
void        lienthong_time_text(int64_t time_ms, char ret_text[LIENTHONG_TIME_TEXT_SIZE]);      /* RFC 3339, +07:00 */
const char *lienthong_result_name(enum result result);
const char *lienthong_problem_word(enum problem_type type);
const char *lienthong_kind_name(enum kind kind);
enum kind   lienthong_kind_read(const char *name);              /* 0: no such kind */
const char *lienthong_state_name(enum state state);
bool        lienthong_state_is_final(enum state state);
const char *lienthong_verdict_name(enum verdict verdict);
enum verdict lienthong_verdict_read(const char *name);          /* 0: no such verdict */
const char *lienthong_fail_class_name(enum fail_class fail_class);
const char *lienthong_answer_name(enum answer answer);
const char *lienthong_cause_name(enum cause cause);

#endif
