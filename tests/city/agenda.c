/* agenda.c - what is still to be done, first things first; and queues. */
#include <stdlib.h>
#include <string.h>

#include "tests/city/city.h"

static void *grown(void *list, uint32_t count, uint32_t *size, size_t each)
{
    if (count < *size)
        return list;
    *size = *size ? *size * 2 : 1024;
    list = realloc(list, *size * each);
    must(list != NULL);
    return list;
}

/* Of the same minute in an order that hangs on what they are, not on how the heap came about. */
static bool is_before(const struct entry *a, const struct entry *b)
{
    if (a->minute != b->minute)
        return a->minute < b->minute;
    if (a->dossier != b->dossier)
        return a->dossier < b->dossier;
    return a->step != b->step ? a->step < b->step : a->task < b->task;
}

void agenda_add(struct agenda *agenda, struct entry entry)
{
    agenda->list = grown(agenda->list, agenda->count, &agenda->size, sizeof *agenda->list);
    uint32_t at = agenda->count++;
    while (at && is_before(&entry, &agenda->list[(at - 1) / 2])) {
        agenda->list[at] = agenda->list[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    agenda->list[at] = entry;
}

bool agenda_take(struct agenda *agenda, uint32_t minute, struct entry *ret_entry)
{
    if (!agenda->count || agenda->list[0].minute > minute)
        return false;
    *ret_entry = agenda->list[0];
    struct entry last = agenda->list[--agenda->count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < agenda->count; child = 2 * at + 1) {
        if (child + 1 < agenda->count && is_before(&agenda->list[child + 1], &agenda->list[child]))
            child++;
        if (!is_before(&agenda->list[child], &last))
            break;
        agenda->list[at] = agenda->list[child];
        at = child;
    }
    agenda->list[at] = last;
    return true;
}

uint32_t agenda_next(const struct agenda *agenda)
{
    return agenda->count ? agenda->list[0].minute : NEVER;
}

void queue_add(struct queue *queue, const void *what)
{
    if (queue->taken == queue->count)
        queue->taken = queue->count = 0;
    queue->list = grown(queue->list, queue->count, &queue->size, queue->each);
    memcpy((uint8_t *)queue->list + queue->count++ * queue->each, what, queue->each);
}

void *queue_next(struct queue *queue)
{
    return queue->taken == queue->count ? NULL : (uint8_t *)queue->list + queue->taken * queue->each;
}

void queue_took(struct queue *queue)
{
    must(queue->taken < queue->count);
    queue->taken++;
}
