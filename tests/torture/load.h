/* load.h - what the parts of the program `load` share: load.c makes turns and writes down what was told to whom,
 * load_blob.c what they have to do with attachments; audit.c looks whether a store still knows it.
 *
 * What was told is a line of text. Numbers are decimal, hashes and bytes are hex:
 *   accepted SENDER MESSAGE_ID HANDOFF CONTENT_HASH COMMIT_SEQ
 *   deliver HANDOFF ATTEMPT                         the offer left
 *   outcome HANDOFF ATTEMPT STATE                   OUTCOME_ACK
 *   checkpoint HANDOFF ATTEMPT VALUE                VALUE is a number that rises
 *   cursor AGENCY NAME VALUE                        the same
 *   notice EVENT_SEQ HANDOFF STATE
 *   closed HANDOFF                                  an operator was told so
 *   stored AGENCY SHA256 SIZE AT_MS                 BLOB_STORED, and when by gateway time
 *   read AGENCY SHA256 SIZE AT_MS                   it has read all of it
 *   link COMMIT_SEQ LINK                            went out with one of the above
 *   witness LINK                                    the same where no turn was named
 * tests/torture/told.py writes the same lines for a gateway that it speaks with. */
#ifndef TESTS_TORTURE_LOAD_H
#define TESTS_TORTURE_LOAD_H

#include "gateway/core/core.h"
#include "gateway/directory/directory.h"
#include "gateway/store/blob_file.h"
#include "gateway/store/store.h"
#include "proto/lienthong.pb-c.h"

enum { TOLD_LINE_SIZE = 512, LOAD_BODY_MAX = 96 << 10, LOAD_BALLAST = 1 << 20,
       LOAD_JOURNAL = 1 << 20, LOAD_KNOWN_MAX = 32, LOAD_ATTACHED = 3 };
#define LOAD_BLOB_SESSION (1ULL << 62)          /* of the commands of load_blob.c */

struct load_options {
    const char *store, *directory, *log, *told;
    uint64_t seed;
    int64_t  turns;
    bool     no_sync;           /* MDB_NOSYNC and no fsync of the keys: what must be caught */
    bool     no_blob_sync;      /* only the files of blobs are not: what must be caught */
    bool     tell_early;        /* tells before the commit: what must be caught */
};

#define LOAD_BEGINS_MS 1772413200000LL          /* 2026-03-02 08:00 in Ho Chi Minh City */

_Noreturn void load_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct store *load_open(const struct load_options *options);
/* The tables of the directory, in force in this store: stored when they are not yet. */
void load_directory(struct core *core, struct store *store, struct effects *effects, const char *folder,
                    int64_t now_ms);

uint64_t load_dice(uint64_t *state, uint64_t sides);        /* the next number below `sides` */

/* ---- load_blob.c */
struct load_blobs {
    const struct load_options *options;
    struct blob_folder folder;                  /* opened when it is first needed */
    uint64_t dice, number, numbers;             /* the content being uploaded, and how many there have been */
    uint8_t *content;
    struct blob written;                        /* a file that is to be put on record; file 0: none */
    struct blob known[LOAD_KNOWN_MAX];          /* what was told to be stored and may be named */
    int      known_count;
};
void load_blobs_begin(struct load_blobs *blobs, const struct load_options *options, uint64_t seed);
void load_blobs_end(struct load_blobs *blobs);
void load_blobs_ask(struct load_blobs *blobs, struct command *command);         /* a BLOB: PUT, or KEEP */
bool load_blobs_wait(const struct load_blobs *blobs);                   /* a file waits to be put on record */
/* After the commit; BLOB, BLOB_DROP or REFUSED of such a command. True: an uploader is told that it is stored. */
bool load_blobs_decided(struct load_blobs *blobs, const struct effect *effect);
struct load_attachments {
    Lienthong__V1__Attachment messages[LOAD_ATTACHED], *pointers[LOAD_ATTACHED];
};
/* Now and then; `list` and `submit` hold what the header points to. */
void load_blobs_attach(struct load_blobs *blobs, struct submit *submit, struct load_attachments *list,
                       Lienthong__V1__Header *header);
void load_blobs_sweep(struct load_blobs *blobs, struct store *store);   /* as a broker that comes up */

/* ---- audit_blob.c: NULL, or what is wrong */
struct audit_blobs { const char *store; struct blob_folder folder; struct blob seen[LOAD_KNOWN_MAX]; int seen_count; };
/* On record, whole, and this agency may read it; unless the last body that named it may have gone. */
const char *audit_stored(struct audit_blobs *blobs, struct turn *turn, const char *agency, const struct hash *sha256,
                         uint64_t size, int64_t at_ms, int64_t now_ms);
/* What an accepted header names is there as long as its body is. */
const char *audit_attached(struct audit_blobs *blobs, struct turn *turn, const Lienthong__V1__Header *header);
void audit_blobs_end(struct audit_blobs *blobs);

int audit(const struct load_options *options);              /* audit.c: the exit status; faults on standard output */

#endif
