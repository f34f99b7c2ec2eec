/* gateway.h - the gateway of a world, inside: shipped core and store, and a small model of the broker around them.
 * The turn is made in the order of gateway/broker/turn.c; offers and notices are planned from hints as there, so that a
 * hint that the core forgets to give is missed here too. Breaker and gateway time are the broker's own (borrowed.c). */
#ifndef TESTS_SIM_GATEWAY_H
#define TESTS_SIM_GATEWAY_H

#include "gateway/broker/breaker.h"
#include "gateway/broker/gateway_time.h"
#include "gateway/store/store.h"
#include "tests/sim/sim.h"

enum { FRAMES_PER_TURN = 64, LOST_MAX = 256 };

struct recipient {
    uint32_t number;                            /* the store's */
    struct agency_breaker breaker;
    struct out { uint64_t handoff, seat; int64_t given_ms; } out[OPENS_PER_AGENCY];
    uint32_t out_count;
};

/* A turn as it was made: enough to make it again. */
struct told_turn {
    int64_t now_ms;
    const struct tables *tables;
    const char *intake_closed;
    bool     purge_paused, time_in_doubt, wrote;
    struct command **commands;
    uint32_t count;
    uint64_t seq;
    struct hash link;
};

struct gateway {
    char     folder[96];
    struct store *store;
    struct store_options options;
    struct core core;
    struct effects effects;
    struct gateway_time time;
    int64_t  now_ms;                            /* gateway time of this turn */
    int64_t  ahead_ms;                          /* of true time, then */
    int64_t  due_ms;
    struct seat seats[SEATS_MAX];
    uint64_t session_base, sessions_begun;
    struct recipient recipients[AGENCIES];
    uint64_t lost[LOST_MAX];
    uint32_t lost_count;
    struct { struct command *command; uint32_t peer, generation; } inbox[1024];
    uint32_t inbox_count;
    bool     backup;                            /* an operator's backup is being taken: the sweep waits */

    /* of the turn that is being made */
    struct command *made[1024];
    uint32_t made_count, lost_told, inbox_told;
    bool     given_back[AGENCIES], lost_again;
    uint32_t fail_at, steps;                    /* the n-th step finds no room; 0 none */
    bool     only_questions;
    struct turn_end end;

    uint32_t crash_turns[8];                    /* when it dies; the last ones are 0 */
    struct told_turn *log;
    uint32_t log_count;
};

/* gateway.c: one command alone in its turn, again while there is more. */
void gateway_alone(struct world *world, const struct command *command);
void gateway_step(struct world *world, struct turn *turn, const struct command *command);
void gateway_dies(struct world *world, const char *when);

/* seats.c */
struct seat *seat_of(struct gateway *gateway, uint64_t number);
void seats_offer(struct world *world, struct turn *turn);
void seats_notify(struct world *world, struct turn *turn);
void seats_speak(struct world *world);
void seats_expire(struct world *world);
bool seats_key_holds(struct world *world, uint32_t peer);           /* now */
void seats_sweep(struct world *world);                              /* ends those whose key does not */
void seats_forget(struct world *world);                             /* all of them: the broker died */
const struct agency *seat_agency(struct world *world, uint32_t agency);

/* store_site.c */
void site_open(struct world *world);
void site_check(struct world *world);                               /* of a closed store */
void site_day_key(const struct world *world, const char *folder, int64_t now_ms);
void site_remove(const char *folder);
/* again.c: all turns into a second store, which must then be the same. */
void tell_again(struct world *world);

#endif
