/* pack.h - a message into bytes: those of protobuf_c_message_pack(), with less work: one look at each field
 * instead of three. Only what this schema is made of can be written here; a message that protobuf-c has read fields of
 * tomorrow into is left to it. Pure.
 *
 * The same bytes: tests/unit/test_proto_pack.c, tests/fuzz/fuzz_wire.c.
 */
#ifndef PROTO_PACK_H
#define PROTO_PACK_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

size_t pack_number_size(uint64_t number);
uint8_t *pack_number(uint8_t *to, uint64_t number);             /* returns where it ends, as pack_message() */

size_t pack_size(const ProtobufCMessage *message);
/* pack_size() bytes; nothing in it may have changed since. */
uint8_t *pack_message(const ProtobufCMessage *message, uint8_t *to);

#endif
