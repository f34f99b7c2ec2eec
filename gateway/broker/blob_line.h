/* blob_line.h - between the loop and the thread of blobs: questions one way, answers the other.
 *
 * The thread asks, the loop makes a command of it and answers when the turn that decided it is on disk. Nobody waits
 * for the other: both have a descriptor that can be read when there is something for them.
 *
 * Bounds     one question of each transfer and one of the sweep may be open, which the thread sees to, so both lists
 *            have room for all of them; files to be dropped have DROPS_MAX places more. One too many is forgotten, and
 *            the thread looks through its folder again for what belongs to nothing.
 * Threads    calls of each side from its thread only.
 */
#ifndef GATEWAY_BROKER_BLOB_LINE_H
#define GATEWAY_BROKER_BLOB_LINE_H

#include <pthread.h>

#include "gateway/core/effects.h"

enum { BLOB_QUESTIONS_MAX = BLOB_TRANSFERS_MAX + 1, DROPS_MAX = 512 };

struct blob_question {
    uint64_t transfer;
    bool     still;                         /* only whether the key is in force */
    bool     of_key;                        /* of an agency's; else of the folder itself */
    bool     sends;                         /* it needs the role of sender: an upload */
    uint8_t  key[CURVE_KEY_SIZE];
    struct blob_ask ask;
};

enum blob_answer_kind { LINE_BLOB = 1, LINE_REFUSED, LINE_STILL, LINE_DROP };
struct blob_answer {
    enum blob_answer_kind kind;
    uint64_t transfer;
    struct blob_effect blob;
    uint64_t seq;                           /* BLOB: of the turn */
    struct problem problem;
    int64_t  retry_after_ms;
};

struct blob_line;
MUST_USE enum result blob_line_open(struct blob_line **ret_line);
void blob_line_close(struct blob_line *line);                           /* takes NULL */

/* ---- the loop's */
int  blob_line_loop_file(const struct blob_line *line);
MUST_USE bool blob_line_question(struct blob_line *line, struct blob_question *ret_question);   /* takes the next one */
/* To be given when that sync is over (turn_end in store.h); in order of sync. */
void blob_line_answer(struct blob_line *line, const struct blob_answer *answer, uint64_t sync);
void blob_line_on_disk(struct blob_line *line, uint64_t syncs_over);
void blob_line_stop(struct blob_line *line);
/* Somebody asks for things one by one just now: files are moved at a pace that he does not notice. */
void blob_line_waiter(struct blob_line *line, bool waiter);
/* NULL: no. Static words: the disk under the blobs fails. */
const char *blob_line_broken(struct blob_line *line);

/* ---- the thread's */
int  blob_line_thread_file(const struct blob_line *line);
void blob_line_ask(struct blob_line *line, const struct blob_question *question);       /* must(): within the bounds */
MUST_USE bool blob_line_answered(struct blob_line *line, struct blob_answer *ret_answer);
MUST_USE bool blob_line_stopped(struct blob_line *line);
bool blob_line_has_waiter(const struct blob_line *line);
MUST_USE bool blob_line_missed(struct blob_line *line);                 /* a DROP was forgotten; once */
void blob_line_break(struct blob_line *line, const char *why);

#endif
