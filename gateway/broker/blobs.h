/* blobs.h - the loop's side of blobs: questions of their thread (blob_thread.h) become commands, and what the core says
 * goes back to it once it is on disk. All here is the loop's; nothing waits.
 */
#ifndef GATEWAY_BROKER_BLOBS_H
#define GATEWAY_BROKER_BLOBS_H

#include "gateway/broker/blob_line.h"
#include "gateway/broker/blob_thread.h"

struct broker;

struct blobs {
    struct blob_line *line;                 /* NULL: there is no socket for blobs, and no thread */
    struct blob_thread *thread;
};

/* The `session` of a command that came from that thread; the rest is the number of the transfer. */
enum { BLOB_SESSION_BIT = 62 };
#define BLOB_SESSION (1ULL << BLOB_SESSION_BIT)

/* Does nothing where no endpoint for blobs is configured. */
MUST_USE enum result blobs_open(struct broker *broker, struct text *why);
void blobs_close(struct broker *broker);                                /* takes what was never opened */
/* Readable when blobs_hear() has something to do; -1: never. */
int  blobs_file(const struct broker *broker);
/* Some of what is asked, into broker->order, before its other commands: a flood of those must not keep them out. */
void blobs_hear(struct broker *broker);
/* BLOB, BLOB_DROP, or REFUSED to a BLOB_SESSION: of the turn that has just been made. */
void blobs_answer(struct broker *broker, const struct effect *effect);
void blobs_on_disk(struct broker *broker);
/* An attachment could not be written, and why: the process stops. NULL: no. */
const char *blobs_trouble(const struct broker *broker);

#endif
