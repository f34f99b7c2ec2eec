/* core_world.h - a gateway without sockets: the shipped core on a real store, a small directory, a clock that the test
 * moves. Every command is a turn of its own, so what a test sees is committed.
 *
 * Agencies: WARD and WARD2 (senders, H29.1 and H29.2), three sectors, one of each class: SAFE (idempotent), ASK
 * (probe), ONCE (neither), and GONE, which SAFE has taken over. Wards may send anything to anybody, sectors to wards.
 * WORLD(test) is a row of a cmocka table. At the end of each test the store is checked whole: no fault may be found. */
#ifndef TESTS_UNIT_CORE_WORLD_H
#define TESTS_UNIT_CORE_WORLD_H

#include "gateway/core/core.h"
#include "gateway/core/handoff.h"
#include "tests/unit/store_site.h"

#define WARD  "H29.1"
#define WARD2 "H29.2"
#define ONCE  "INS"
#define GONE  "OLD"
#define SAFE  "POL"
#define ASK   "TAX"
#define DOSSIER "H29.1-260302-0001"
#define MINUTE_MS (60LL * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)

enum { WORLD_AGENCIES = 6, WORLD_NAMES = 8 };

struct world {
    struct site *site;
    struct core core;
    struct effects effects;             /* of the last command */
    struct tables tables;
    struct agency agencies[WORLD_AGENCIES];
    struct agency_name names[WORLD_NAMES];
    struct successor takes_over[2];     /* [0]: SAFE, from GONE */
    struct permit permits[2];
    struct route route;
    int64_t now_ms;
    uint64_t made;                      /* message ids given out */
    struct turn_end end;                /* of the last command */
};

int world_setup(void **state);
int world_teardown(void **state);
#define WORLD(test) { #test, test, world_setup, world_teardown, NULL }

struct agency *world_agency(struct world *world, const char *code);
void world_run(struct world *world, const struct command *command);
/* The n-th effect of a kind (from 0) of the last command; NULL: none. */
const struct effect *world_effect(const struct world *world, enum effect_kind kind, unsigned n);
unsigned world_count(const struct world *world, enum effect_kind kind);

/* A SUBMIT with a new message id and everything a plain one needs; change it, then accept or refuse it. */
struct command world_submit(struct world *world, const char *from, const char *to, enum kind kind);
void world_after(struct command *submit, const struct uuid *antecedent, enum until until);
uint64_t world_accept(struct world *world, const struct command *submit);           /* the handoff; asserts ACCEPTED */
/* Asserts REFUSED with a sentence in each language, and nothing written. */
enum problem_type world_refusal(struct world *world, const struct command *submit);
uint64_t world_send(struct world *world, const char *from, const char *to, enum kind kind);

/* Offers at most `most` to the session of `to` (world_session); how many DELIVERs came. */
unsigned world_offer(struct world *world, const char *to, uint32_t most);
uint64_t world_session(const char *agency);
struct command world_outcome(const char *agency, uint64_t handoff, uint32_t attempt, enum verdict verdict);
/* Says it and returns the state in the ACK. */
enum state world_say(struct world *world, struct command *outcome);
/* Offered once more, asserted to be this one, and answered. */
enum state world_try(struct world *world, uint64_t handoff, enum verdict verdict);

struct handoff world_handoff(struct world *world, uint64_t id);
enum state world_state(struct world *world, uint64_t id);
struct event world_last_event(struct world *world, uint64_t id);
unsigned world_events(struct world *world, uint64_t id);
void world_detail(struct world *world, uint64_t id, char ret_detail[REASON_BYTES_MAX + 1]);
struct agency_state world_agency_state(struct world *world, const char *code);
/* Moves the clock and ticks until nothing is due. Returns how many ticks did something. */
unsigned world_pass(struct world *world, int64_t ms);
/* Whatever a test wants to see in the store. */
void world_read(struct world *world, turn_work *work, void *context);
/* Closes, checks every invariant, opens again. */
void world_check(struct world *world);

#endif
