/* plain.h - a message as everybody writes it, read in one pass.
 *
 * protobuf lets a writer say the same thing in many ways: fields in any order, a message in two parts, numbers longer
 * than they need be. protobuf-c reads them all, and pays for it with two passes over lists of what it found; before it
 * may, gateway/wire/inspect.h has to look for what would be merged. Whoever packs a message writes each field once, in
 * the order of their numbers. That is what is read here, with both looks in one.
 *
 * Promise    what comes back is what protobuf-c would have made of these bytes, and inspect() would have let it pass:
 *            nothing is there twice, texts are UTF-8 without a zero byte (tests/unit/test_proto_plain.c, tests/fuzz).
 *            NULL says nothing about the bytes: lists, fields of tomorrow, an unusual order, wrong bytes, no memory.
 *            Then they have to be inspected and read in full.
 * Ownership  messages and texts come from the allocator, bytes fields are left where they lie. So it is for allocators
 *            that free nothing singly: protobuf_c_message_free_unpacked() must not be called for it.
 */
#ifndef PROTO_PLAIN_H
#define PROTO_PLAIN_H

#include <protobuf-c/protobuf-c.h>

#include "gateway/base/span.h"

MUST_USE ProtobufCMessage *plain_read(struct span bytes, const ProtobufCMessageDescriptor *descriptor,
                                      const ProtobufCAllocator *allocator);

#endif
