#include "gateway/client/list.h"

#include "gateway/base/result.h"

void list_insert(struct list *list, struct node *place, struct node *node)
{
    must(!node->in && (!place || place->in == list));
    node->in = list;
    node->previous = place;
    node->next = place ? place->next : list->first;
    *(node->next ? &node->next->previous : &list->last) = node;
    *(place ? &place->next : &list->first) = node;
    list->count++;
}

void list_append(struct list *list, struct node *node)
{
    list_insert(list, list->last, node);
}

void list_prepend(struct list *list, struct node *node)
{
    list_insert(list, NULL, node);
}

void list_remove(struct node *node)
{
    struct list *list = node->in;

    if (!list)
        return;
    *(node->next ? &node->next->previous : &list->last) = node->previous;
    *(node->previous ? &node->previous->next : &list->first) = node->next;
    list->count--;
    *node = (struct node){ 0 };
}
