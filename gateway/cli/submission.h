/* submission.h - one handoff as a JSON file: what people and other programs write, made into a Header and a payload.
 *
 *     { "recipient": "H29.CA", "dossier_code": "H29.7-230425-0001", "procedure_code": "2.000986", "step": "residence",
 *       "kind": "FORWARD",                       required: recipient (or a parent or a step), dossier_code, kind
 *       "message_id": "0195...",                 a UUID of version 7 or 8; left out: see submission_id()
 *       "source_time": "2023-04-25T09:30:00+07:00", "sequence": 1, "parent": 281474976710657,
 *       "after": [ "0195..." , { "message_id": "0195...", "until": "DELIVERED" } ],
 *       "facts": { "status": 2, "channel": 1, "due": "2023-04-28 17:00", "received": "...", "aliases": ["..."],
 *                  "components": [ { "code": "GCS", "copies": 1 } ], "chosen_steps": ["allowance"],
 *                  "money": [ { "component": "LP", "owed": 8000 } ], "reason_code": "...", "answer_by": "...",
 *                  "officer_to": "CB-07", "rating": { "attitude": 5, "cost": 4, "trips": 1 } },
 *       "attachments": [ { "file": "beside/scan.pdf",  or, of what was uploaded before, "sha256": "9f86...", "size": 9
 *                          "component": "GKS", "name": "scan.pdf", "media_type": "application/pdf" } ],
 *       "content_type": "application/json",
 *       "payload": { ... } }                     or "payload_text": "<hoso/>", or "payload_file": "beside/this.xml",
 *                                                or "items" and "note" (submission_items.h)
 *
 * A key that is not known is an error: a misspelt one must not go unnoticed.
 */
#ifndef GATEWAY_CLI_SUBMISSION_H
#define GATEWAY_CLI_SUBMISSION_H

#include <jansson.h>

#include "gateway/base/hash.h"
#include "gateway/base/limits.h"
#include "gateway/base/problem.h"
#include "gateway/base/uuid.h"
#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

enum { SUBMISSION_FILE_BYTES_MAX = 1 << 20 };

struct submission {
    Lienthong__V1__Header header;
    struct span  payload;
    json_t      *json;                  /* owns the texts */
    char        *payload_bytes;         /* owns the payload */
    const char  *files[ATTACHMENTS_MAX];        /* of header.attachments[i]: to be uploaded first; NULL: it is known */
    struct arena arena;                 /* owns the rest */
};

/* `folder` is where payload_file and the files of attachments begin; the latter are only looked at. False with
 * *ret_problem: which field, and why. */
MUST_USE bool submission_read(struct span text, const char *folder, struct submission *ret_submission,
                              struct problem *ret_problem);
/* The index-th attachment's file has been uploaded. */
void submission_uploaded(struct submission *submission, size_t index, const struct hash *sha256, uint64_t size);
void submission_done(struct submission *submission);                    /* takes a zeroed one */
/* For a file without a message id: the same file (sender, time of change, content) gives the same id, so that handing
 * it in twice, or again after a crash, is one handoff. */
struct uuid submission_id(const char *sender, int64_t changed_ms, struct span text);
void submission_set_id(struct submission *submission, const struct uuid *id);

#endif
