/* source.h - one handoff as one JSON document, for mappings to take values from.
 *
 *     { "header":  { "message_id": "0195...", "sender": "H29.07", "dossier_code": ..., "kind": "FORWARD", "facts": {
 *     ... } },
 *       "routing": { "recipient": ..., "idempotency_key": ..., "accepted_ms": ..., "content_hash": "hex", ... },
 *       "payload": { ... },                          when content_type is JSON (application/json, +json)
 *       "payload_text": "<hoso>...</hoso>",          when it is other text in UTF-8
 *       "inputs":  { "civil-status": { ... } } }     results of earlier steps by step name, JSON ones only
 *
 * Names are those of proto/lienthong.proto; kind is its word; ..._ms are integers; hashes and signatures are hex;
 * what was not set is "", 0 or [] as in protobuf, but a 0 time, status or channel and an empty text are left out.
 */
#ifndef ADAPTERS_KINDS_SOURCE_H
#define ADAPTERS_KINDS_SOURCE_H

#include <jansson.h>

#include "adapters/kinds/call.h"
#include "proto/lienthong.pb-c.h"

/* True: the caller owns *ret_source (json_decref). False: *reterr_why says BAD_DATA with the field ("payload",
 * "inputs/<step>") because what calls itself JSON is none, or LATER ("adapter-memory"). Duplicate keys in an object
 * count as no JSON. */
MUST_USE bool source_build(const Lienthong__V1__Header *header, const Lienthong__V1__Routing *routing,
                           struct span payload, json_t **ret_source, struct judgement *reterr_why);

/* "application/json", "application/problem+json; charset=utf-8" are; "text/json2" is not. */
bool content_type_is_json(const char *content_type);

#endif
