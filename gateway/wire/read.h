/* read.h - what the files behind wire_read() share: a bounded allocator over the caller's arena, texts into arrays. */
#ifndef GATEWAY_WIRE_READ_H
#define GATEWAY_WIRE_READ_H

#include "gateway/wire/wire.h"

/* protobuf-c takes from the arena and frees nothing: the arena is emptied as a whole. */
struct lender {
    ProtobufCAllocator allocator;
    struct arena *arena;
    size_t until;                   /* arena->used may not pass this */
};
/* For what is read out of the message; NULL: no room. */
void *lender_take(struct lender *lender, size_t size);
void lender_init(struct lender *lender, struct arena *arena, size_t frame_bytes);

/* A text of the message into an array of `size` bytes. False: longer; INVALID_FIELD with `field`. */
MUST_USE bool read_text(const char *text, const char *field, char *ret_text, size_t size, struct problem *ret_problem);

/* Sets TOO_LARGE; false, for the caller to return. */
bool read_too_large(const char *field, size_t most, struct problem *ret_problem);

/* The first byte, and the size of the whole. False: *ret_problem. */
MUST_USE bool read_version(struct span frame, size_t bytes_max, struct problem *ret_problem);

/* A message looked at and decoded: in one pass where it is written plainly (proto/plain.h), else inspected first and
 * read in full. What it says may lie in `bytes` and in the arena. NULL: *ret_problem; `name` as for inspect(). */
MUST_USE ProtobufCMessage *read_message(struct lender *lender, struct span bytes,
                                        const ProtobufCMessageDescriptor *descriptor, const char *name,
                                        struct problem *ret_problem);
/* The Envelope of a frame whose version was read, and its correlation into the refusal, whether it will be one or not.
 * NULL: ret_refusal->problem. */
MUST_USE const Lienthong__V1__Envelope *read_envelope(struct lender *lender, struct arena *arena, struct span frame,
                                                      struct frame_refusal *ret_refusal);
/* A packed Header into submit, its header span being set already. content_hash needs the payload span too. */
MUST_USE bool read_header(struct lender *lender, struct submit *submit, struct problem *ret_problem);
MUST_USE bool read_cursor(const Lienthong__V1__Cursor *cursor, struct cursor_set *ret_cursor,
                          struct problem *ret_problem);
MUST_USE bool read_admin(const Lienthong__V1__Admin *from, struct admin *ret_admin, struct problem *ret_problem);

#endif
