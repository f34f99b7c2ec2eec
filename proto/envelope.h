/* envelope.h - a frame: the version byte and an Envelope with one body (README.md). The envelope is written here by
 * hand, around a body that pack.h writes: nobody has to ask each of two dozen bodies whether it is the one, twice, nor
 * to move a large one once its length is known. Pure.
 *
 * The same bytes as lienthong__v1__envelope__pack() behind the version byte (tests/unit/test_proto_envelope.c).
 */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/lienthong.pb-c.h"

struct envelope_size {
    size_t frame;                       /* what envelope_pack() writes */
    size_t body;
};

/* must(): it has a body. */
struct envelope_size envelope_measure(const Lienthong__V1__Envelope *envelope);
/* `size` is what envelope_measure() said of it, and nothing in it has changed since. */
void envelope_pack(const Lienthong__V1__Envelope *envelope, struct envelope_size size, uint8_t *ret_frame);

#endif
