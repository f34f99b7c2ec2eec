/* order.h - the seam between "frames became commands" and "commands enter the core".
 *
 * Commands are put in as they are read; order_agree() makes their order final; then the loop gives them to the core, as
 * many per turn as that turn can take, and says with order_done() which ones are on disk. Today agreeing is "as they
 * came" and costs nothing. A gateway of several machines agrees with the others here, before anything is executed.
 *
 * Ownership  the order lends places for commands; what they point at is the reader's, and must live until all are done.
 */
#ifndef GATEWAY_BROKER_ORDER_H
#define GATEWAY_BROKER_ORDER_H

#include "gateway/core/command.h"

struct order {
    struct command *list;           /* TURN_COMMANDS_MAX */
    uint32_t count, done;           /* list[done .. count) are still to be executed */
    size_t   bytes;                 /* of the frames they came in */
    bool     agreed;
};

MUST_USE enum result order_init(struct order *order);           /* RESULT_FULL: no memory */
void order_free(struct order *order);                           /* takes a zeroed one */
/* Everything was executed: the next commands may be read. */
bool order_is_empty(const struct order *order);
void order_reset(struct order *order);
/* Whether one more of so many bytes fits in; an empty order takes any. */
bool order_has_room(const struct order *order, size_t bytes);
struct command *order_put(struct order *order, size_t bytes);   /* a place, not zeroed; must(): there was room */
MUST_USE enum result order_agree(struct order *order);          /* RESULT_BUSY: no agreement yet, wait */
void order_done(struct order *order, uint32_t count);

#endif
