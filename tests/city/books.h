/* books.h - what agencies wrote down themselves, outside the gateway: the one-stops' register of dossiers, what each
 * sent and was told of it, what each got. The auditor knows nothing else.
 *
 * Compact, because there are millions of lines: a line that was sent has 24 bytes, one that came in 24, a dossier
 * under 100. Arrays lie in address space reserved once and touched as far as they are written, so their part of
 * the program's memory can be told from the gateway's.
 */
#ifndef TESTS_CITY_BOOKS_H
#define TESTS_CITY_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/base/words.h"

enum {
    BOOK_STEPS = 4, BOOK_PAUSES = 3, BOOK_LETTERS_PER_DOSSIER = 32,
    BY_GATEWAY = 255,                       /* in place of a letter's number: the gateway wrote it; `step`: its kind */
};

/* How it came out, in the one-stop's register. */
enum coming_out { OUT_OPEN = 0, OUT_RESULT, OUT_REFUSED, OUT_WITHDRAWN, OUT_KINDS };

struct dossier_book {
    uint32_t received, due, ended;          /* minutes; due: on the citizen's paper, moved by pauses; 0 none */
    uint32_t pause_from[BOOK_PAUSES], pause_to[BOOK_PAUSES];    /* supplement, payment, work outside the limit */
    uint32_t apology, apology_sent;         /* when it reached the one-stop, and was signed; 0 never */
    uint32_t forward[BOOK_STEPS];           /* of each step: the id under which its holder got it */
    uint32_t request;                       /* what the citizen was asked for last: that letter's id */
    uint8_t  told[BOOK_STEPS];              /* of each step: enum state of the last notice of its FORWARD */
    uint8_t  outcome, letters, apologies;
    uint8_t  done, finished;                /* bits of steps: result with the one-stop; with the holder: work over */
    uint8_t  apologising, signed_for;       /* an office has seen that it will be late; has signed the letter */
    uint8_t  waits;                         /* bits of steps whose office waits for the citizen */
    uint8_t  asked, called_back, urged;     /* what the gateway wrote about it: requests for an apology ... */
};

/* A line of the sender. `number` counts the letters of the dossier; `steps`: bits of those that a submission starts. */
struct sent {
    uint32_t dossier, minute, content, handoff;     /* handoff: low bits of the id that it was told; 0 not yet */
    uint8_t  number, kind, from, to, step, steps;
    uint8_t  told;                          /* enum state of the last notice; 0 none */
    uint8_t  unused;
};

/* A line of the receiver: what it acted on, in the order in which it did. */
struct received {
    uint64_t key;                           /* hash of the idempotency key */
    uint32_t dossier, minute, content;
    uint8_t  number, at, inputs, step;
};

struct books {
    struct dossier_book *dossiers;
    struct sent *sent;
    struct received *received;
    uint32_t *by_handoff;                   /* the sender's: line of the id that it was told, +1 */
    uint32_t dossier_count, sent_count, received_count, sent_max, handoff_max;
    uint32_t ended[OUT_KINDS];
};
void books_open(struct books *books, uint32_t dossiers);
void books_close(struct books *books);
size_t books_bytes(const struct books *books);          /* that are in use now */
struct sent *books_of_handoff(struct books *books, uint64_t handoff);   /* NULL: nobody here was told that id */

#endif
