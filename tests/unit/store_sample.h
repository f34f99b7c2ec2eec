/* store_sample.h - a small store in which every table has rows and everything agrees, made with the typed calls as the
 * core would make it; two blobs have their files. */
#ifndef TESTS_UNIT_STORE_SAMPLE_H
#define TESTS_UNIT_STORE_SAMPLE_H

#include "tests/unit/store_site.h"

/* Agencies. */
enum { WARD = 1, POLICE, INSURANCE, TAX };

/* Handoffs: the n-th that got an id. */
#define SAMPLE_ID(n) ((1ULL << 48) | (n))
enum {
    SAMPLE_DELIVERED = 1,           /* a branch of SAMPLE_DOSSIER; nobody has taken it */
    SAMPLE_OFFERED,                 /* head of its lane; session SAMPLE_SESSION */
    SAMPLE_BEHIND,                  /* READY behind it */
    SAMPLE_DUE,                     /* READY head with a due date */
    SAMPLE_UNDATED,                 /* READY head without one */
    SAMPLE_WAITING,
    SAMPLE_FAILED, SAMPLE_FAILED_TOO,       /* one group */
    SAMPLE_GATED,                   /* HELD: waits for two, a third has come */
    SAMPLE_ON_HOLD,                 /* HELD, in its lane */
    SAMPLE_UNSURE,
    SAMPLE_CLOSED,                  /* body purged; redirected: */
    SAMPLE_CHILD,
    SAMPLE_OLD,                     /* DELIVERED; its message id has been forgotten */
    SAMPLE_ASKED,                   /* DELIVERED; a request of the police to the citizen of SAMPLE_DOSSIER, open */
    SAMPLE_END
};
enum { SAMPLE_DOSSIER = 1, SAMPLE_YEAR = 2024 };
#define SAMPLE_ANSWER_BY_MS (SITE_NOW_MS + 2000000)
enum { SAMPLE_SESSION = 77, SAMPLE_TURNS = 4, SAMPLE_EVENTS = 19, SAMPLE_FINGERPRINT = 0xF00D };
#define SAMPLE_STEP "residence"          /* of the flow of SAMPLE_DOSSIER: its first handoff */
#define SAMPLE_LATER_MS (SITE_NOW_MS + 26LL * 3600 * 1000)          /* the next day: the last turn */

/* Blobs, by the number of their files. Both were uploaded by the ward, at SAMPLE_LATER_MS. */
enum {
    SAMPLE_NAMED = 1,               /* of two pieces; SAMPLE_CHILD and SAMPLE_OLD name it, the police may read it too */
    SAMPLE_UNNAMED,                 /* of ten bytes */
    SAMPLE_NAMED_BYTES = BLOB_PIECE_BYTES + 1, SAMPLE_UNNAMED_BYTES = 10,
};
#define SAMPLE_BLOB_DUE_MS (SAMPLE_LATER_MS + BLOB_UNUSED_MS)
struct blob sample_blob(unsigned file);
/* "blobs/AB/NAME" */
void sample_blob_name(unsigned file, char ret_name[SITE_PATH_SIZE]);

/* Into an open, new store. */
void sample_build(struct site *site);
struct uuid sample_message_id(unsigned number);

#endif
