/* speech.h - what is said to each session, gathered while a turn speaks: what goes to one peer leaves in as few frames
 * as that peer reads (BATCH, proto/README.md), because encryption, queues and wake-ups cost per frame.
 *
 * Disk       What is said of a turn waits here until the turn is on disk: each sync has a saying of its own, with the
 *            words of all turns that it covers. At any time there are two: one sync is under way, and the next one is
 *            for everything that was written since.
 * Order      frames of one session leave in the order in which they were said.
 * Pace       a flood goes on only when it is answered. Its answers bring with them the pauses that are to follow
 *            (pace_us), and leave in frames of PACE_LUMP_US: so it comes evenly, and no turn of it is long.
 * Bounds     SPEECH_BYTES for each of the two; when one is full, everything is waited for and sent first.
 */
#ifndef GATEWAY_BROKER_SPEECH_H
#define GATEWAY_BROKER_SPEECH_H

#include "gateway/broker/outbox.h"
#include "gateway/wire/wire.h"

enum { SPEECH_BYTES = 2 * TURN_EFFECT_BYTES_MAX, PACE_LUMP_US = 4000 };

/* What a piece is, to whoever has to do without it. */
struct about {
    uint64_t handoff;                   /* of a DELIVER; 0: something else */
    uint32_t attempt;
    uint32_t pace_us;                   /* nothing more is said to this session for so long after it has left */
};

struct piece {
    struct piece *next;                 /* of the same session */
    struct about about;
    uint32_t bytes;
    uint8_t  frame[];
};

struct saying {
    uint64_t sync;                      /* what it waits for (turn_end in store.h) */
    struct arena arena;
    uint32_t *slots, count;             /* sessions with pieces, in the order of their first */
    uint32_t said;                      /* of them, while they are being sent */
};

struct speech {
    struct saying sayings[SAYINGS];     /* by the last bit of `sync` */
};

MUST_USE enum result speech_init(struct speech *speech);
void speech_done(struct speech *speech);                                /* takes a zeroed one */

/* Packs it, to be sent when that sync is over; what the one two before it covers has been sent (must). RESULT_FULL: no
 * room, send what is there first. */
MUST_USE enum result speech_add(struct speech *speech, const struct sessions *sessions, struct session *session,
                                const struct wire_out *out, struct about about, uint64_t sync);
/* Sends everything that waits for the syncs up to this one. Gives the number of a session that is to be ended, with
 * why; 0: none, and all is said. Call it until then. */
uint64_t speech_send(struct speech *speech, uint64_t syncs_over, struct outbox *outbox, struct bus *bus,
                     struct sessions *sessions, int64_t steady_ms, const char **ret_why);
/* Takes a piece of a session away, unsaid. False: there is none. *ret_handoff 0: it was no DELIVER. */
bool speech_take(struct session *session, uint64_t *ret_handoff, uint32_t *ret_attempt);

#endif
