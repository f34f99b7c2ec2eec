/* list.h - things in a row, and a row knows how many. A thing is in one list at most and knows which.
 * `struct node` is the first member of what is listed. Pure. */
#ifndef GATEWAY_CLIENT_LIST_H
#define GATEWAY_CLIENT_LIST_H

#include <stddef.h>

struct list;
struct node {
    struct node *next, *previous;
    struct list *in;                    /* NULL: in none */
};
struct list {
    struct node *first, *last;
    size_t count;
};

void list_append(struct list *list, struct node *node);
void list_prepend(struct list *list, struct node *node);
/* After `place`, which is in `list`; NULL: at the front. */
void list_insert(struct list *list, struct node *place, struct node *node);
void list_remove(struct node *node);                        /* out of the list it is in; nothing when in none */

#endif
