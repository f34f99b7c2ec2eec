/* proto_random.h - messages of the schema with anything in them, the same ones in every run. */
#ifndef TESTS_UNIT_PROTO_RANDOM_H
#define TESTS_UNIT_PROTO_RANDOM_H

#include "gateway/base/span.h"
#include "proto/lienthong.pb-c.h"

enum { RANDOM_DESCRIPTORS_MAX = 96, RANDOM_BYTES_MAX = 64 << 10 };

uint32_t random_below(uint32_t *seed, uint32_t end);            /* 0 .. end - 1 */

/* Every message that an Envelope can hold, at any depth, without itself; how many. */
unsigned random_descriptors(const ProtobufCMessageDescriptor *ret_list[RANDOM_DESCRIPTORS_MAX]);

/* In the arena; packs to at most RANDOM_BYTES_MAX. `ret_plain`: nothing in it that plain_read() leaves to others. */
ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *descriptor, uint32_t *seed, struct arena *arena,
                                 bool *ret_plain);

#endif
