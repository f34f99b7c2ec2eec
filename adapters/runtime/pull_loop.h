/* pull_loop.h - takes from a polling agency what it has for us (kinds/pull.h), one item after the other.
 *
 *   OFF -> CURSOR -> RESTING -> (LOGIN ->) FETCHING -> SUBMITTING item 1, 2 ... -> RESTING
 *    ^  asked where   until due                        | each only after the one before is on the gateway's disk;
 *    |  it stopped                                     | its cursor goes in the same turn
 *    +-------------------------------------------------+ the cursor was moved by somebody else: ask again
 *
 * A page that brought something and moved the cursor is followed by the next at once, any other after the interval. An
 * item that cannot be read, or that the gateway refuses for good, stops its page there: it is reported and tried again
 * after the interval, because skipping it would lose it. A repeated page is harmless (message ids are made from items).
 */
#ifndef ADAPTERS_RUNTIME_PULL_LOOP_H
#define ADAPTERS_RUNTIME_PULL_LOOP_H

#include "adapters/kinds/pull.h"
#include "adapters/runtime/complaint.h"

struct agency;
struct lienthong_answer;
struct problem;
struct transfer;

enum pull_state { PULL_OFF, PULL_CURSOR, PULL_RESTING, PULL_LOGIN, PULL_FETCHING, PULL_SUBMITTING, PULL_STORING };

struct pull_loop {
    enum pull_state state;
    int64_t  due_ms;                    /* OFF, RESTING; SUBMITTING without a ticket */
    char     cursor[CURSOR_VALUE_BYTES_MAX];    /* as stored by the gateway */
    size_t   cursor_bytes;
    bool     moved;                     /* by this page */
    bool     again;                     /* this poll is repeated with a fresh login */
    uint64_t generation;                /* of the login it used */
    uint64_t ticket;                    /* 0: the item is still to be submitted */
    size_t   item;
    struct pull_page page;
    struct transfer *transfer;
    struct complaint complaint;
    uint64_t taken;                     /* items accepted by the gateway */
};

void pull_turn(struct agency *agency);
int64_t pull_due_ms(const struct agency *agency);
void pull_stop(struct agency *agency);
void pull_login_fetched(struct agency *agency, const struct judgement *why);
void pull_answered(struct agency *agency, const struct lienthong_answer *answer);
void pull_cursor(struct agency *agency, struct span name, struct span value, const struct problem *problem);

#endif
