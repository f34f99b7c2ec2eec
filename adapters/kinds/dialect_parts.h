/* dialect_parts.h - what makes one dialect different from another. Inside of dialect.h: one file per dialect fills it
 * in. */
#ifndef ADAPTERS_KINDS_DIALECT_PARTS_H
#define ADAPTERS_KINDS_DIALECT_PARTS_H

#include "adapters/kinds/config.h"
#include "adapters/kinds/dialect.h"

enum { REQUEST_BYTES_MAX = 2 << 20, DIALECT_OPTIONS_MAX = 4 };

struct dialect {
    const char *name;
    bool logs_in;                       /* user and password give a session, which travels in the body */
    bool needs_mapping;                 /* a payload as it is means nothing there */
    bool one_path;                      /* every call goes to paths.create unless the configuration says otherwise */
    const char *options[DIALECT_OPTIONS_MAX];   /* what `options:` has to hold, and all it may; NULL after the last */

    /* The body of a call. Takes `mapped` (NULL for a probe without a mapping) and gives what is to be sent; NULL: no
     * memory. NULL function: as mapped. */
    json_t *(*wrap)(const struct sequence *sequence, json_t *mapped, const char *session);
    /* A login's body, and its one header more ("" none). */
    json_t *(*login)(const struct agency_config *agency, const char *password);
    const char *login_header;           /* name of the header whose value is the option of the same name; NULL none */
    /* Looks at the answer to a probe when more than rules can say is asked. False: the rules judge. */
    bool (*judge_probe)(const struct sequence *sequence, const struct http_answer *answer,
                        struct judgement *ret_judgement);
    /* The session in the answer to a login. False: refused. */
    bool (*read_session)(const json_t *answer, struct token *ret_token);
};

extern const struct dialect dialect_rest, dialect_hotich, dialect_dvcqg;

/* ---- request.c: the parts every dialect's requests are made of. Each returns false when something does not fit. */

/* base + path with {dossier_code}, {idempotency_key}, {handoff_id}, {message_id}, {procedure_code}, {sender},
 * {recipient} and {kind} filled in, percent-encoded. A path that is a whole URL stands alone. job may be NULL: then no
 * placeholders. */
MUST_USE bool url_fill(const char *base, const char *path, const struct job *job, char ret_url[REQUEST_URL_SIZE]);
void          url_escape(struct text *text, const char *value);
MUST_USE bool request_header(struct request *request, const char *name, const char *value);
MUST_USE bool request_auth(struct request *request, const struct agency_config *agency,
                           const struct credentials *credentials);
MUST_USE bool request_trace(struct request *request, const struct job *job, uint32_t call_number);
MUST_USE bool request_key(struct request *request, const char *key, const char *suffix);     /* Idempotency-Key */
MUST_USE bool request_body(struct request *request, struct span body, const char *content_type);
/* The same without a copy: the job's payload. */
MUST_USE bool request_body_lent(struct request *request, struct span body, const char *content_type);
/* too long, or no memory */
MUST_USE bool request_json(struct request *request, const json_t *json);

#endif
