/* client_blob_play.h - the gateway's socket for blobs, played in a second thread, because uploads and downloads block:
 * a list of steps, each of which says or expects one frame. CURVE, folder and keys are those of client_play.h; the
 * clock is the real one, and silence is a third of a second. */
#ifndef TESTS_UNIT_CLIENT_BLOB_PLAY_H
#define TESTS_UNIT_CLIENT_BLOB_PLAY_H

#include <pthread.h>

#include "gateway/client/lienthong_blob.h"
#include "tests/unit/client_play.h"

enum { SILENT_MS = 300, CONTENT_BYTES_MAX = 400 << 10 };

enum does {
    EXPECT_PUT,             /* a: size */
    EXPECT_CHUNKS,          /* a..b-1 */
    EXPECT_GET,             /* a: from */
    EXPECT_CREDIT,          /* a: at least so much */
    EXPECT_NOTHING,         /* for a moment: it waits for credit */
    SAY_CREDIT,             /* a: until, b: chunk_bytes */
    SAY_STORED,             /* a: duplicate */
    SAY_OTHER_STORED,
    SAY_FOUND,              /* a: chunk_bytes, b: size, 0 the content's */
    SAY_CHUNKS,             /* a..b-1 */
    SAY_SHORT_CHUNK,        /* a */
    SAY_REFUSED,            /* a: type, b: retry_after_ms */
    SAY_PONG,               /* what has no place on this socket */
    SAY_DELIVER,
    SAY_RANDOM,
    BREAK_LINE,             /* as if killed, and there again at once */
};
struct step { enum does does; uint64_t a, b; };

struct stage {
    struct play play;                       /* its folder, keys and router */
    struct lienthong_blob_options options;
    struct lienthong_blob_refusal refusal;
    char path[160], to[160];
    uint8_t content[CONTENT_BYTES_MAX];
    size_t  size;
    uint32_t chunk_bytes;                   /* as said last */
    const struct step *steps;
    size_t  step_count;
    pthread_t thread;
    char    wrong[200];                     /* what the gateway missed: asserts belong to the test's thread */
    uint64_t told_done, told_size, stop_at; /* on_progress() */
};

void stage_open(struct stage *stage);           /* zeroed; with a file name, content, and the gateway bound */
void stage_close(struct stage *stage);
/* The gateway does these steps, which are lent until stage_end(). */
void stage_begin(struct stage *stage, const struct step *steps, size_t count);
void stage_end(struct stage *stage);            /* and has done them all as expected */
void stage_write(struct stage *stage, size_t size);         /* the first bytes of the content into stage->path */
struct hash stage_hash(const struct stage *stage);          /* of the content */
size_t stage_files(const struct stage *stage);              /* regular files in the folder */

#endif
