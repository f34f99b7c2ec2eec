/* batch.h - BATCH: many frames in one (README.md, "Many frames in one"). Read and written here by hand, because what
 * travels inside is not to be copied or decoded on the way. Pure.
 *
 * Bounds     at least one and at most BATCH_FRAMES_MAX frames, none of them empty; all counted before the first one is
 *            given out.
 * Ownership  what batch_next() gives points into the frame that was opened.
 */
#ifndef PROTO_BATCH_H
#define PROTO_BATCH_H

#include "gateway/base/span.h"

struct batch {
    struct span rest;                   /* behind the frames that were given out */
    uint32_t    left;                   /* so many are in it */
};

enum batch_form {
    BATCH_NONE,                         /* a frame, perhaps; but no BATCH */
    BATCH_GOOD,
    BATCH_BROKEN,                       /* begins as one and is none: cut short, no frame, too many, an empty one */
};

enum batch_form batch_open(struct span frame, struct batch *ret_batch);
bool batch_next(struct batch *batch, struct span *ret_frame);           /* false: that was all */

/* ---- writing: the sum of batch_share() over all frames gives `bytes` */
size_t   batch_share(size_t frame_bytes);
size_t   batch_size(size_t bytes);                                      /* of the whole frame */
/* Each writes at `at` and gives the place behind: the beginning once, then every frame. */
uint8_t *batch_begin(uint8_t *at, size_t bytes);
uint8_t *batch_add(uint8_t *at, struct span frame);

#endif
