#include "gateway/broker/order.h"

#include <stdlib.h>

enum result order_init(struct order *order)
{
    *order = (struct order){ .list = calloc(TURN_COMMANDS_MAX, sizeof *order->list) };
    return order->list ? RESULT_OK : RESULT_FULL;
}

void order_free(struct order *order)
{
    free(order->list);
    *order = (struct order){ 0 };
}

bool order_is_empty(const struct order *order)
{
    return order->done == order->count;
}

void order_reset(struct order *order)
{
    order->count = order->done = 0;
    order->bytes = 0;
    order->agreed = false;
}

bool order_has_room(const struct order *order, size_t bytes)
{
    return order->count < TURN_COMMANDS_MAX && (!order->count || order->bytes + bytes <= TURN_COMMAND_BYTES_MAX);
}

struct command *order_put(struct order *order, size_t bytes)
{
    must(!order->agreed && order_has_room(order, bytes));
    order->bytes += bytes;
    return &order->list[order->count++];
}

enum result order_agree(struct order *order)
{
    order->agreed = true;
    return RESULT_OK;
}

void order_done(struct order *order, uint32_t count)
{
    must(order->agreed && count <= order->count - order->done);
    order->done += count;
}
