/* What waits for an answer. Messages have their own lists (keep.c); the others wait in `ready` until they are sent and
 * in `asked` until the answer comes. */
#include "gateway/base/pool.h"
#include "gateway/client/inside.h"

static struct key key_of_correlation(uint64_t correlation)
{
    return (struct key){ .low = correlation };
}

enum result request_begin(struct lienthong *lienthong, struct request *request, enum request_kind kind)
{
    uint64_t *last = kind == REQUEST_MESSAGE ? &lienthong->last_ticket : &lienthong->last_correlation;
    uint64_t correlation = *last + 1;
    enum result result = table_add(&lienthong->requests, key_of_correlation(correlation), request);

    if (result != RESULT_OK)
        return result;
    request->correlation = *last = correlation;
    request->kind = kind;
    zmq_msg_init(&request->frame);
    return RESULT_OK;
}

void request_done(struct lienthong *lienthong, struct request *request)
{
    list_remove(&request->node);
    table_remove(&lienthong->requests, key_of_correlation(request->correlation));
    zmq_msg_close(&request->frame);
}

struct request *request_find(struct lienthong *lienthong, uint64_t correlation)
{
    return correlation ? table_find(&lienthong->requests, key_of_correlation(correlation)) : NULL;
}

bool request_room(const struct lienthong *lienthong)
{
    return lienthong->ready.count + lienthong->asked.count + lienthong->lost.count < ASKED_MAX;
}

void request_pump(struct lienthong *lienthong, int64_t now_ms)
{
    size_t sent = 1;

    while (sent && connection_up(lienthong) && now_ms >= lienthong->requests_not_before_ms && lienthong->ready.first) {
        sent = connection_send_first(lienthong, &lienthong->ready, SIZE_MAX);
        for (size_t i = 0; i < sent; i++) {
            struct node *node = lienthong->ready.first;
            list_remove(node);
            list_append(&lienthong->asked, node);
        }
    }
}

/* Questions are asked again, in their order. A checkpoint of an attempt that a lost session held is too late. */
void request_connection_lost(struct lienthong *lienthong)
{
    struct node *node;

    while ((node = lienthong->asked.last)) {
        struct request *request = (struct request *)node;
        list_remove(node);
        if (request->kind == REQUEST_CURSOR && ((struct cursor *)request)->write)
            ((struct cursor *)request)->perhaps = true;
        list_prepend(&lienthong->ready, node);
    }
    for (struct node *next = lienthong->ready.first; (node = next);) {
        next = node->next;
        if (((struct request *)node)->kind == REQUEST_CHECKPOINT) {
            list_remove(node);
            list_append(&lienthong->lost, node);
        }
    }
}

void request_free(struct lienthong *lienthong, struct request *request)
{
    request_done(lienthong, request);
    pool_free(request);
}
