/* wire.h - frames to commands, effects to frames: the broker's side of the conversation (proto/README.md). Pure.
 *
 * Promise    wire_read() takes any bytes at all. Lengths and counts are checked before memory is taken for them; what
 *            it takes comes from the caller's arena, at most the frame's size and WIRE_EXTRA_BYTES. It judges form
 *            only: whether something may be done is the core's business.
 *            Of a BATCH it says only that it is one: the caller takes it apart.
 * Ownership  a struct frame points into the frame's bytes and the arena: it lives as long as both. A struct wire_out
 *            points into the effect and the arena it was prepared with, until it is packed.
 * Threads    any; nothing is kept.
 */
#ifndef GATEWAY_WIRE_WIRE_H
#define GATEWAY_WIRE_WIRE_H

#include "gateway/core/command.h"
#include "gateway/core/effects.h"
#include "proto/envelope.h"

enum { WIRE_VERSION = 1, WIRE_EXTRA_BYTES = 512 << 10 };

/* ---- in */

struct hello {
    uint32_t protocol, roles, kinds, credit;        /* kinds: KIND_BIT()s, KINDS_ALL when none was named */
    uint32_t batch;                                 /* frames it reads in one BATCH, cut at BATCH_FRAMES_MAX; 0 none */
    char     agency[AGENCY_CODE_SIZE];              /* "" that of the key */
    char     software[64];                          /* printable ASCII, for the log */
};

enum frame_kind {
    FRAME_HELLO = 1, FRAME_CREDIT, FRAME_PING, FRAME_FOLLOW,    /* the session's own business */
    FRAME_COMMAND,                                              /* for the core */
    FRAME_ADMIN,                                                /* for the core; on the admin socket only */
    FRAME_BATCH,                                                /* frames to be read one by one: proto/batch.h */
};

struct frame {
    enum frame_kind kind;
    uint64_t correlation;
    union {
        struct hello hello;
        uint32_t     credit;                /* cut at CREDIT_MAX */
        int64_t      stamp_ms;
        uint64_t     follow_from;           /* 0: from the durable cursor */
        struct command command;             /* COMMAND, ADMIN: session and agency are the broker's to set */
    };
};

/* What can be said of a refused frame: whom it answered, and which message it was. */
struct frame_refusal {
    uint64_t correlation;
    bool     has_message_id;
    struct uuid message_id;
    struct problem problem;
};

/* False: *ret_refusal says why (MALFORMED, VERSION, TOO_LARGE, UNKNOWN_KIND, INVALID_FIELD). `admin`: from the admin
 * socket, where only ADMIN is spoken; it is spoken nowhere else. */
MUST_USE bool wire_read(struct span bytes, bool admin, struct arena *arena, struct frame *ret_frame,
                        struct frame_refusal *ret_refusal);

/* ---- out */

/* What effects do not carry, because it is known only after the commit. wire_out points into it until wire_pack(). */
struct wire_turn {
    uint64_t    seq;                        /* commit_seq of the turn that has just been committed */
    struct hash link;
    uint64_t    covered_seq;
};

struct wire_out {
    size_t bytes;                           /* of the frame: what wire_pack() writes */
    struct envelope_size size;              /* the same, as wire_pack() needs it */
    Lienthong__V1__Envelope envelope;
    union {
        Lienthong__V1__Welcome welcome;
        Lienthong__V1__Refused refused;
        Lienthong__V1__Accepted accepted;
        Lienthong__V1__Notice notice;
        Lienthong__V1__Found found;
        Lienthong__V1__Pong pong;
        struct { Lienthong__V1__Deliver deliver; Lienthong__V1__Routing routing; } deliver;
        Lienthong__V1__OutcomeAck outcome_ack;
        Lienthong__V1__CheckpointAck checkpoint_ack;
        Lienthong__V1__CursorAck cursor_ack;
        Lienthong__V1__BlobCredit blob_credit;
        Lienthong__V1__BlobFound blob_found;
        Lienthong__V1__Chunk chunk;
        Lienthong__V1__BlobStored blob_stored;
        struct { Lienthong__V1__AdminReply reply; Lienthong__V1__Refused refused; } admin;
    };
};

/* True: wire_pack() may be called. False: this effect is not spoken (EFFECT_READY ...), or the arena has no room: then
 * out->bytes is not 0. */
MUST_USE bool wire_effect(const struct effect *effect, const struct wire_turn *turn, struct arena *arena,
                          struct wire_out *ret_out);

struct welcome {
    const char *agency, *gateway;
    uint32_t epoch, submit_window;
    int64_t  lease_ms, now_ms;
    uint64_t covered_seq;
};
void wire_welcome(const struct welcome *welcome, uint64_t correlation, struct wire_out *ret_out);
void wire_refused(const struct frame_refusal *refusal, int64_t retry_after_ms, struct wire_out *ret_out);
/* The same inside an ADMIN_REPLY, for the admin socket. */
void wire_admin_refused(const struct frame_refusal *refusal, struct wire_out *ret_out);
void wire_pong(int64_t stamp_ms, uint64_t covered_seq, uint64_t correlation, struct wire_out *ret_out);

/* What is delivered by a frame that wire_pack() wrote. False: it is no DELIVER, or there was no memory to read it. */
MUST_USE bool wire_deliver_of(struct span frame, uint64_t *ret_handoff, uint32_t *ret_attempt);

/* Exactly out->bytes bytes. Everything that was prepared must still be there. */
void wire_pack(const struct wire_out *out, uint8_t *ret_bytes);

#endif
