/* inspect.h - a protobuf message looked at before it is decoded: nothing is allocated, nothing recurses deeper than the
 * schema.
 *
 * Checked: that tags and lengths stay inside, that no field is repeated more often than its bound, that no single
 * message is there twice (protobuf-c would merge the two, and their lists), that every text is UTF-8 without a zero
 * byte (protobuf-c would cut it there, so hash and bytes would disagree). Unknown fields pass.
 */
#ifndef GATEWAY_WIRE_INSPECT_H
#define GATEWAY_WIRE_INSPECT_H

#include <protobuf-c/protobuf-c.h>

#include "gateway/base/problem.h"

/* `name` is how a fault calls the message itself: "header", "". False: *ret_problem is MALFORMED, TOO_LARGE or
 * INVALID_FIELD. */
MUST_USE bool inspect(struct span bytes, const ProtobufCMessageDescriptor *descriptor, const char *name,
                      struct problem *ret_problem);

#endif
