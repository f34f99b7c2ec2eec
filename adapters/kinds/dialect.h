/* dialect.h - how an agency is spoken to: which calls, in which order, with what in them. No socket, clock, chance.
 *
 * A struct sequence lives in the caller's struct for one attempt of one handoff. The runtime turns the crank:
 *
 *     sequence_begin(&sequence, &agency, &job, has_token);
 *     for (;;) switch (sequence_step(&sequence)) {
 *     case STEP_CHECKPOINT: store sequence_checkpoint() with the gateway, wait for its answer, sequence_checkpointed()
 *     case STEP_TOKEN:      get one (one fetch for all who wait: token_request, token_answer), then sequence_token(),
 *                           or sequence_failed() with the judgement of the fetch
 *     case STEP_SEND:       sequence_request() builds it; send it; then sequence_answer() or sequence_trouble()
 *     case STEP_DONE:       sequence_judgement() is the outcome
 *     }
 *
 * Promises   At most SEQUENCE_CALLS_MAX calls (logins included) per attempt. With ask_first nothing that acts is sent
 *            before a probe has said that it is not there; where the agency cannot be asked about this kind of handoff
 *            the sequence ends as UNSURE without sending. A call that acts is never repeated unless the answer said
 *            that it did not act (a refused token or session, an answer that names the next call).
 * Ownership  agency and job are borrowed until the sequence is done. struct request owns its bytes, but for a payload
 *            sent as it came, which it borrows from the job: request_wipe().
 * Secrets    come in struct credentials at the last moment and stand only in the request, which request_wipe() wipes,
 *            and in the trees it is made from, which are wiped as they are freed (pointer.c).
 */
#ifndef ADAPTERS_KINDS_DIALECT_H
#define ADAPTERS_KINDS_DIALECT_H

#include <jansson.h>

#include "adapters/kinds/call.h"
#include "adapters/kinds/mapping.h"
#include "adapters/kinds/trouble.h"
#include "proto/lienthong.pb-c.h"

enum {
    SEQUENCE_CALLS_MAX = 6,
    REQUEST_HEADERS_MAX = 12,
    REQUEST_URL_SIZE = 2048,
    TOKEN_SIZE = 8192,
    CHECKPOINT_SIZE = 32,
};

struct agency_config;                   /* config.h */
struct dialect;
const struct dialect *dialect_find(const char *name);           /* NULL: unknown */
const char *dialect_name(const struct dialect *dialect);        /* "rest"; also the name of its rule set */
const char *dialect_names(void);                                /* "rest, hotich, dvcqg": for faults; static */
/* Its session travels in the body: it wants auth kind session. */
bool        dialect_logs_in(const struct dialect *dialect);
/* The call that hands over a handoff of this kind: CREATE or UPDATE. */
enum call   dialect_call(const struct agency_config *agency, enum kind kind);
/* Whether job.source has to be there for a handoff of this kind; without a mapping the payload goes as it came. */
bool        dialect_needs_source(const struct agency_config *agency, enum kind kind);
/* Known placeholders only, no blanks: see README.md. */
bool        url_template_is_valid(const char *path);

/* ---------------------------------------------------------------- what is handed over */

struct job {
    uint64_t     handoff_id;
    uint32_t     attempt;
    enum kind    kind;
    enum agency_class agency_class;
    bool         ask_first;
    bool         recently_created;      /* rules.h; the runtime remembers its own acknowledged creates */
    const char  *dossier_code, *procedure_code, *sender, *recipient, *idempotency_key, *traceparent, *content_type;
    const uint8_t *message_id;          /* the 16 bytes of a UUID; NULL: none */
    struct span  payload, checkpoint;
    const json_t *source;               /* source_build(); may be NULL where dialect_needs_source() says no */
};
/* Fills in from a decoded DELIVER; texts point into the messages. recently_created is set to false. */
void job_of(const Lienthong__V1__Deliver *deliver, const Lienthong__V1__Header *header, const json_t *source,
            struct job *ret_job);

/* ---------------------------------------------------------------- one request */

struct request {
    enum call   call;
    const char *method;                 /* "POST", "GET"; static */
    char       *headers[REQUEST_HEADERS_MAX];   /* "Name: value"; without CR, LF or other control characters */
    size_t      header_count;
    char       *lines;                  /* where the headers are, one after the other, each with its zero */
    size_t      lines_bytes, lines_room;
    const char *body;                   /* NULL: none */
    size_t      body_bytes;
    bool        body_lent;              /* it is the job's payload, and stays as long as that */
    bool        no_memory;              /* a part of it could not be written for that reason */
    char        url[REQUEST_URL_SIZE];  /* the last: only as much of it is touched as it is long */
};
void request_clear(struct request *request);                    /* an empty one, out of anything */
void request_move(struct request *to, struct request *from);    /* `to` may hold anything; `from` is empty then */
void request_wipe(struct request *request);                     /* wipes and frees; takes an empty one */

/* What the runtime read from the agency's secret files, and the token it holds; "" or NULL where there is none. */
struct credentials {
    const char *secret;                 /* client secret, password, or the value of the static header */
    const char *token;                  /* bearer token or session */
};

/* ---------------------------------------------------------------- logging in */

struct token {
    char    text[TOKEN_SIZE];
    int64_t lifetime_ms;                /* from now; 0: until it is refused. Already shortened by a margin */
};
/* The login of this agency. False, *reterr_why: it has none, the request does not fit, or LATER without memory. */
MUST_USE bool token_request(const struct agency_config *agency, const struct credentials *credentials,
                            struct request *ret_request, struct judgement *reterr_why);
/* True: *ret_token. False: *reterr_why says LATER, or MISCONFIGURED with SCOPE_LOGIN or SCOPE_AGENCY. Nothing about a
 * dossier was sent, so it is never UNSURE on its own account; sequence_failed() knows whether it has to become so. */
MUST_USE bool token_answer(const struct agency_config *agency, const struct http_answer *answer,
                           struct token *ret_token, struct judgement *reterr_why);

/* ---------------------------------------------------------------- the sequence */

enum step { STEP_CHECKPOINT = 1, STEP_TOKEN, STEP_SEND, STEP_DONE };

struct sequence {
    const struct agency_config *agency;
    const struct job *job;
    enum step step;
    enum call call;                     /* the one to send now */
    enum call own_call;                 /* the one that hands this kind over */
    uint32_t  calls;                    /* made so far, logins included */
    uint32_t  in_a_row;                 /* 1, or 2 when `call` is repeated with a fresh token */
    bool      has_token;                /* credentials.token may be used */
    bool      acted;                    /* a failing server may have acted on it; it is being asked now */
    bool      sent;                     /* a byte of a call that acts has left */
    bool      probed;                   /* a probe has said: not there */
    bool      existing;                 /* a create has said: this code exists */
    struct warnings warnings;           /* of the last mapping */
    struct judgement judgement;         /* when done */
    char      checkpoint[CHECKPOINT_SIZE];
};

/* `has_token`: the runtime holds a token for this agency that has not lapsed. */
void sequence_begin(struct sequence *sequence, const struct agency_config *agency, const struct job *job,
                    bool has_token);
enum step sequence_step(const struct sequence *sequence);
struct span sequence_checkpoint(const struct sequence *sequence);           /* lent until the next step */
void sequence_checkpointed(struct sequence *sequence, bool kept);      /* false: ours is no longer the open attempt */
void sequence_token(struct sequence *sequence);
void sequence_failed(struct sequence *sequence, const struct judgement *login);
/* True: send it. False: the handoff cannot be put into words (BAD_DATA, MISCONFIGURED), or there is no memory for that
 * now (LATER): the sequence is done. */
MUST_USE bool sequence_request(struct sequence *sequence, const struct credentials *credentials,
                               struct request *ret_request);
/* `request_body` is what was sent, for rules that name a wrong value of ours; may be empty. */
void sequence_answer(struct sequence *sequence, const struct http_answer *answer, struct span request_body);
void sequence_trouble(struct sequence *sequence, enum trouble trouble, bool never_sent);
const struct judgement *sequence_judgement(const struct sequence *sequence);    /* STEP_DONE only */
/* True when the last answer refused our token: the runtime drops the one it holds before it fetches another. */
bool sequence_token_refused(const struct sequence *sequence);

#endif
