/* broker_seat.h - the broker's intake, turn and speech without sockets and clocks: on core_world.h's gateway, with a
 * bus whose frames the test puts in and reads, and two clocks that stand until the test moves them. Nothing here waits.
 *
 * The bus is the one that the linker puts in the place of gateway/broker/bus.c (the Makefile's WRAPS). Each agency has
 * at most one session, whose routing id is the agency's place in the table of agencies and 1. */
#ifndef TESTS_UNIT_BROKER_SEAT_H
#define TESTS_UNIT_BROKER_SEAT_H

#include "gateway/broker/broker.h"
#include "tests/unit/core_world.h"

enum { SAID_MAX = 4096 };

/* What left, in this order. */
struct said {
    uint32_t routing;
    Lienthong__V1__Envelope__BodyCase body;
    uint64_t correlation, handoff;              /* handoff: ACCEPTED, DELIVER */
    int64_t  at_us;
};

struct seat {
    struct world *world;
    struct broker broker;
    struct said said[SAID_MAX];
    uint32_t said_count;
    bool full[WORLD_AGENCIES + 2];              /* of a routing id: its queue takes nothing */
    uint64_t asked;                             /* the correlation of the last frame that was put */
};

int seat_setup(void **state);
int seat_teardown(void **state);
#define SEAT(test) { #test, test, seat_setup, seat_teardown, NULL }

void seat_pass(struct seat *seat, int64_t us);                          /* both clocks */
/* HELLO has been said; `credit` 0: a sender. */
struct session *seat_session(struct seat *seat, const char *agency, uint32_t credit);
/* A SUBMIT of a new message id comes in; its correlation. Each is of a dossier of its own. */
uint64_t seat_submit(struct seat *seat, const char *from, const char *to, size_t payload_bytes);
void seat_ping(struct seat *seat, const char *agency);
/* As the loop does it: what has come is read; a turn, unless it may wait for more. True: there was one. */
bool seat_turn(struct seat *seat);
/* What waits for its connection is tried again, as the loop does it each millisecond. */
void seat_flush(struct seat *seat);
/* How many frames of this kind the agency has been sent; all agencies when NULL. */
uint32_t seat_count(const struct seat *seat, const char *agency, Lienthong__V1__Envelope__BodyCase body);
/* Where in said[] the n-th of them (from 0) stands; fails when there are fewer. */
uint32_t seat_place(const struct seat *seat, const char *agency, Lienthong__V1__Envelope__BodyCase body, uint32_t n);

#endif
