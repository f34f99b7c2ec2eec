/* kinds_play.h - a sequence played turn by turn against written answers; every request is looked at on the way. */
#ifndef TESTS_UNIT_KINDS_PLAY_H
#define TESTS_UNIT_KINDS_PLAY_H

#include "tests/unit/kinds_agency.h"

/* One turn of the runtime's crank, and what comes back. `step` 0 ends a play: the sequence must be done. */
struct turn {
    enum step step;
    enum call call;             /* STEP_SEND: which call must be asked for */
    int http;                   /* its answer; 0: `trouble` instead */
    const char *body;
    enum trouble trouble;
    bool never_sent;
    bool failed;                /* STEP_TOKEN: the login fails; STEP_CHECKPOINT: not kept */
};
#define SEND(call, http, body) { STEP_SEND, call, http, body, 0, false, false }
#define LOST(call)             { STEP_SEND, call, 0, "", TROUBLE_TIMEOUT, false, false }
#define UNREACHED(call)        { STEP_SEND, call, 0, "", TROUBLE_CONNECT, true, false }
#define TOKEN                  { STEP_TOKEN, 0, 200, "", 0, false, false }
#define NO_TOKEN               { STEP_TOKEN, 0, 0, "", 0, false, true }
#define CHECKPOINT             { STEP_CHECKPOINT, 0, 0, "", 0, false, false }
#define NOT_KEPT               { STEP_CHECKPOINT, 0, 0, "", 0, false, true }

enum { PLAY_SENT_MAX = SEQUENCE_CALLS_MAX };
struct sent {
    enum call call;
    char method[8], url[REQUEST_URL_SIZE], key[300], trace[80], authorization[200], content_type[100], body[4096];
};
struct played {
    struct sent sent[PLAY_SENT_MAX];
    size_t count;
    char checkpoint[CHECKPOINT_SIZE + 1];       /* the last one asked for */
    struct judgement judgement;
    struct warnings warnings;
};

/* Checks that every turn is what the sequence asks for, and what must hold of any request. */
void play(const struct agency_config *agency, const struct job *job, bool has_token, const struct turn *turns,
          struct played *ret_played);
/* The value of a header, NULL none; fails when it is there twice. */
const char *request_find(const struct request *request, const char *name);

#endif
