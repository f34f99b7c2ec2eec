/* client_play.h - a gateway that says what the test tells it, and a client that writes down what it hears, in one
 * thread. The gateway is a ROUTER with CURVE on ipc:// in a folder of its own. Nothing sleeps: a step ends when the
 * frame or the fact it waits for is there, or fails after PLAY_LIMIT_MS of real time. */
#ifndef TESTS_UNIT_CLIENT_PLAY_H
#define TESTS_UNIT_CLIENT_PLAY_H

#include "gateway/client/inside.h"

enum { PLAY_LIMIT_MS = 20000, PLAY_HEARD_MAX = 256 };
#define BODY(name) LIENTHONG__V1__ENVELOPE__BODY_##name

struct play {
    char folder[64], endpoint[96];
    uint8_t gateway_public[32], gateway_secret[32];
    void *context, *router, *zap;
    zmq_msg_t peer;                                 /* who spoke last */
    Lienthong__V1__Envelope *said;                  /* what it said; dies with the next */
    struct lienthong_options options;
    struct lienthong *client;
    /* what the client heard */
    uint32_t welcomes, refusals, answers, notices, deliveries, acks, checkpoints, founds, cursors;
    struct problem problem;
    struct lienthong_answer answer[PLAY_HEARD_MAX];
    uint64_t notice[PLAY_HEARD_MAX];
    struct lienthong_delivery *delivery[PLAY_HEARD_MAX];
    bool kept[PLAY_HEARD_MAX];
    char cursor[CURSOR_VALUE_BYTES_MAX + 1];
    bool cursor_refused, found_refused;
    char agency[64];
};

void play_init(struct play *play);
void play_done(struct play *play);               /* folder and all */
void play_client_open(struct play *play);        /* with play->options */
void play_client_close(struct play *play);
void play_turn(struct play *play);               /* waits a little for either side, then processes the client */
/* Turns until the condition holds. */
#define play_until(play, condition) \
    do { \
        int64_t end_ms = play_real_ms() + PLAY_LIMIT_MS; \
        while (!(condition)) { \
            if (play_real_ms() > end_ms) \
                fail_msg("%s:%d: never: %s", __FILE__, __LINE__, #condition); \
            play_turn(play); \
        } \
    } while (0)
int64_t play_real_ms(void);

void fake_open(struct play *play);
void fake_close(struct play *play);            /* as if killed: the connections break */
/* The next frame that is not PING, which must be this; skipped PINGs are not answered. Lent until the next call. */
const Lienthong__V1__Envelope *fake_expect(struct play *play, Lienthong__V1__Envelope__BodyCase body);
/* Or a PING, too. */
const Lienthong__V1__Envelope *fake_expect_any(struct play *play, Lienthong__V1__Envelope__BodyCase body);
void fake_say(struct play *play, uint64_t correlation, Lienthong__V1__Envelope__BodyCase body, void *message);
void fake_say_bytes(struct play *play, const void *bytes, size_t size);

/* HELLO and its answer, up to on_welcome(). */
struct welcome { uint32_t epoch, lease_ms, window; uint64_t covered_seq; };
void fake_welcome(struct play *play, struct welcome welcome);
/* The SUBMIT that fake_expect() just gave, accepted. */
void fake_accept(struct play *play, const Lienthong__V1__Envelope *submit, uint64_t handoff_id,
                    uint64_t commit_seq, bool duplicate);
void fake_refuse(struct play *play, uint64_t correlation, enum problem_type type, uint32_t retry_after_ms);
/* What the SUBMIT's header says. Lent until the next call. */
const Lienthong__V1__Header *fake_header(const Lienthong__V1__Envelope *submit);

/* Submits a FORWARD of this dossier with a new id; the ticket. */
uint64_t play_submit(struct play *play, const char *dossier_code, struct uuid *ret_id);
struct lienthong_status play_status(const struct play *play);

#endif
