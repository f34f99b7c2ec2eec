/* room.h - the ballast: a file that only takes space, to be given up when the disk is full, so that what is in the
 * store can still be delivered, answered and closed. The rest of room.c is declared in store.h. */
#ifndef GATEWAY_STORE_ROOM_H
#define GATEWAY_STORE_ROOM_H

struct store;

/* Takes the ballast that is there, else tries to lay it out. Without it the store works, but intake stays closed. */
void ballast_start(struct store *store);

#endif
