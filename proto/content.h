/* content.h - the content hash: what a sender said, in 32 bytes that every language computes alike.
 *
 * It covers the list of header fields in README.md ("The content hash") and the payload; attachments by their digests.
 * Not covered, so that a repetition may differ in them: source_time_ms, traceparent, signature, unknown fields.
 * The list is closed: a new header field is outside the hash until there is a "lienthong content v2".
 * Pure. hash_start() must have been called.
 */
#ifndef PROTO_CONTENT_H
#define PROTO_CONTENT_H

#include "gateway/base/hash.h"
#include "gateway/base/span.h"
#include "proto/lienthong.pb-c.h"

/* Borrows both. An absent facts message hashes like one with every field at its default. */
struct hash content_hash(const Lienthong__V1__Header *header, struct span payload);

#endif
