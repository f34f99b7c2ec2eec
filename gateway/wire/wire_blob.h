/* wire_blob.h - what is spoken on the socket for blobs: frames in, frames out (proto/README.md, "Attachments"). Pure;
 * as in wire.h.
 */
#ifndef GATEWAY_WIRE_WIRE_BLOB_H
#define GATEWAY_WIRE_WIRE_BLOB_H

#include "gateway/wire/wire.h"

enum blob_frame_kind { BLOB_FRAME_PUT = 1, BLOB_FRAME_GET, BLOB_FRAME_CHUNK, BLOB_FRAME_CREDIT };

struct blob_frame {
    enum blob_frame_kind kind;
    uint64_t    correlation;            /* never 0 */
    struct hash sha256;                 /* PUT, GET */
    uint64_t    size;                   /* PUT */
    uint64_t    number;                 /* CHUNK: its own; GET: of the first that is wanted */
    uint64_t    until;                  /* GET, CREDIT */
    struct span bytes;                  /* CHUNK; lent by the frame, or by the arena beside unknown fields */
};

/* False: *ret_refusal says why. What it takes of the arena may be given back when `bytes` has been used. */
MUST_USE bool wire_blob_read(struct span bytes, struct arena *arena, struct blob_frame *ret_frame,
                             struct frame_refusal *ret_refusal);

void wire_blob_credit(uint64_t until, uint64_t correlation, struct wire_out *ret_out);
void wire_blob_found(uint64_t size, uint64_t correlation, struct wire_out *ret_out);
/* Points into `bytes` until it is packed. */
void wire_chunk(uint64_t number, struct span bytes, uint64_t correlation, struct wire_out *ret_out);
/* Points into `sha256` until it is packed. commit_seq 0: it was known before. */
struct blob_stored { const struct hash *sha256; uint64_t size, commit_seq; bool duplicate; };
void wire_blob_stored(const struct blob_stored *stored, uint64_t correlation, struct wire_out *ret_out);

#endif
