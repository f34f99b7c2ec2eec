/* problem.h - refusals: what travels back to whoever asked (the registry of RFC 9457 problem types).
 *
 * A problem has a type from the closed list below, one sentence in Vietnamese and one in English that say what is wrong
 * and what to do, and the field concerned ("" when it is the whole message). Values of the sender's own codes may stand
 * in a sentence; payload, names of persons and identity numbers never.
 * On the wire the type is its number and its URI "urn:lienthong:problem:<word>". Never renumber.
 */
#ifndef GATEWAY_BASE_PROBLEM_H
#define GATEWAY_BASE_PROBLEM_H

#include "gateway/base/span.h"

enum problem_type {
    PROBLEM_NONE = 0,
    PROBLEM_MALFORMED,              /* not an envelope: truncated, random bytes, counts or lengths over their bounds */
    PROBLEM_VERSION,                /* protocol version not spoken here */
    PROBLEM_TOO_LARGE,              /* a part over its size limit */
    PROBLEM_NO_HELLO,               /* HELLO must come first */
    PROBLEM_NOT_ALLOWED,            /* role or permit missing: default is no */
    PROBLEM_FOREIGN_SENDER,         /* header.sender is not the agency of this key */
    PROBLEM_UNKNOWN_AGENCY,
    PROBLEM_UNKNOWN_KIND,
    PROBLEM_INVALID_MESSAGE_ID,     /* not 16 bytes, not version 7 or 8 */
    PROBLEM_TOO_OLD,                /* message id older than the window: it could not be told from a repetition */
    PROBLEM_IN_FUTURE,              /* source time or message id later than gateway time + 5 minutes */
    PROBLEM_CONFLICT,               /* the same message id with other content */
    PROBLEM_INVALID_FIELD,          /* dossier code, UTF-8, content type, duplicate after[], ... */
    PROBLEM_ATTACHMENT_MISSING,     /* announced, but not uploaded by this agency */
    PROBLEM_CYCLE,                  /* after[] closes a circle */
    PROBLEM_FULL,                   /* intake is closed for lack of room; try again later */
    PROBLEM_STOPPING,               /* the gateway is being stopped or held */
    PROBLEM_UNKNOWN_HANDOFF,
    PROBLEM_UNKNOWN_DOSSIER,
    PROBLEM_WRONG_STATE,            /* the verb makes no sense in this state */
    PROBLEM_CURSOR_MOVED,           /* CURSOR's expected value is not the stored one */
    PROBLEM_REASON_MISSING,         /* an operator's act needs a reason */
    PROBLEM_BUSY,                   /* too many sessions, handshakes or rows: again later */
    PROBLEM_END
};

struct problem {
    enum problem_type type;
    char field[64];                 /* "header.dossier_code", "after[2]", "" */
    char sentence_vi[320];
    char sentence_en[320];
};

const char *problem_word(enum problem_type type);           /* "too-old"; static; "?" for a number not in the list */
const char *problem_uri(enum problem_type type);            /* "urn:lienthong:problem:too-old"; static */
enum problem_type problem_read(const char *word);           /* PROBLEM_NONE when unknown */
bool        problem_is_transient(enum problem_type type);   /* the same message may be accepted later unchanged */

/* Fills in; `vi` and `en` are printf formats that take the same arguments. */
void problem_set(struct problem *ret_problem, enum problem_type type, const char *field,
                 const char *vi, const char *en, ...) __attribute__((format(printf, 4, 6), format(printf, 5, 6)));

#endif
