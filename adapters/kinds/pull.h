/* pull.h - what an agency has for us: a polled list, and each item of it as a handoff of the agency. Pure.
 *
 * A poll is GET base_url + path, the cursor in a query parameter. The answer holds a list; each item becomes one SUBMIT
 * with the agency as sender. The cursor moves in the same turn as the item it covers: an item with a cursor of its own
 * carries it, otherwise the page's cursor goes with the last item. A repeated page is harmless, because the message id
 * of an item is made from its source time and source key (UUID version 8): the gateway answers "duplicate".
 * An item that cannot be read (no dossier code, unknown kind, no time) stops its page there: it is reported, nothing
 * behind it is taken, the cursor stays before it. A person has to look; skipping it would lose it.
 */
#ifndef ADAPTERS_KINDS_PULL_H
#define ADAPTERS_KINDS_PULL_H

#include <jansson.h>

#include "adapters/kinds/call.h"
#include "adapters/kinds/dates.h"
#include "adapters/kinds/dialect.h"
#include "gateway/base/uuid.h"
#include "gateway/base/yaml.h"

enum { PULL_ITEMS_MAX = 500, PULL_POINTER_SIZE = 96, PULL_KINDS_MAX = 24, PULL_WORD_SIZE = 64,
       PULL_COMPONENTS_MAX = 16, PULL_COMPONENT_SIZE = 48 };

/* What a result holds: codes of Facts.components. */
struct pull_components { char codes[PULL_COMPONENTS_MAX][PULL_COMPONENT_SIZE]; size_t count; };

/* A time in an item. */
struct pull_time { char at[PULL_POINTER_SIZE], format[DATE_FORMAT_SIZE]; };

/* What a SUPPLEMENT_REQUEST says to the citizen, in the agency's own JSON: a list in the item, and inside each of it
 * what is wrong with which paper or field. Made into what proto/README.md wants of such a payload. */
struct pull_asks {
    char items[PULL_POINTER_SIZE];              /* in the item; "": a request's payload is taken as it comes */
    char component[PULL_POINTER_SIZE], field[PULL_POINTER_SIZE];    /* inside one: of these at least one stands there */
    char wrong[PULL_POINTER_SIZE], wanted[PULL_POINTER_SIZE];       /* ... and what is wrong; wanted "" none */
    char note[PULL_POINTER_SIZE];               /* in the item; "" none */
};

struct pull_kind { char word[PULL_WORD_SIZE]; enum kind kind; };

struct pull_config {
    char    path[512];                          /* template without the cursor */
    char    cursor_name[CURSOR_NAME_SIZE];      /* in the gateway's store */
    char    cursor_query[64];                   /* query parameter */
    int64_t interval_ms;
    char    items[PULL_POINTER_SIZE];           /* the list in the answer; "" the answer is the list */
    char    next[PULL_POINTER_SIZE];            /* the page's cursor in the answer; "" none */
    /* in an item */
    char    item_cursor[PULL_POINTER_SIZE];     /* "" none; at least one of next and item_cursor */
    char    kind_pointer[PULL_POINTER_SIZE];    /* "" then kinds[0].kind is meant for all */
    struct pull_kind kinds[PULL_KINDS_MAX];
    size_t  kind_count;
    char    parent[PULL_POINTER_SIZE];          /* idempotency key of the handoff it answers; "" none */
    char    dossier_code[PULL_POINTER_SIZE];
    char    procedure_code[PULL_POINTER_SIZE];  /* "" none */
    char    step[PULL_POINTER_SIZE];            /* "" none */
    char    recipient[PULL_POINTER_SIZE];       /* "" none: the gateway routes by the parent */
    char    status[PULL_POINTER_SIZE];          /* 1..10; "" none */
    char    reason[PULL_POINTER_SIZE];          /* code of a reason; "" none */
    char    components[PULL_POINTER_SIZE];      /* what a RESULT holds or a SUPPLEMENT_REQUEST wants: a code, or a list
                                                   of codes; "" none */
    struct pull_asks asks;
    struct pull_time answer_by;                 /* of a SUPPLEMENT_REQUEST; at "" none */
    struct pull_time due;                       /* stated: of an APOLOGY the new date; at "" none */
    char    officer[PULL_POINTER_SIZE];         /* a code: who signed or worked on it; "" none */
    struct pull_components always;              /* ... and what every RESULT of this agency holds */
    char    source_key[PULL_POINTER_SIZE];      /* what the agency calls this item: never used twice */
    struct pull_time source_time;
    char    payload[PULL_POINTER_SIZE];         /* "" the whole item */
};

/* The `pull:` mapping of an agency. */
bool pull_config_read(const struct yaml_node *node, struct pull_config *ret_pull);

/* The next poll. `cursor` is the stored value, empty at first (then the parameter is left out). */
MUST_USE bool pull_request(const struct agency_config *agency, struct span cursor,
                           const struct credentials *credentials, struct request *ret_request,
                           struct judgement *reterr_why);

struct pull_item {
    struct uuid message_id;
    enum kind   kind;
    uint64_t    parent;                         /* handoff id, 0 none */
    char        dossier_code[DOSSIER_CODE_SIZE];
    char        procedure_code[PROCEDURE_CODE_SIZE];
    char        step[STEP_NAME_SIZE];
    char        recipient[AGENCY_CODE_SIZE];
    uint32_t    status;                         /* 0 none */
    char        reason[REASON_CODE_SIZE];
    struct pull_components components;          /* of a RESULT, of a SUPPLEMENT_REQUEST */
    int64_t     due_ms, answer_by_ms;           /* 0 none */
    char        officer[OFFICER_SIZE];
    const char *content_type;                   /* static */
    int64_t     source_time_ms;
    char       *payload;                        /* JSON, owned by the page */
    size_t      payload_bytes;
    char        cursor[CURSOR_VALUE_BYTES_MAX]; /* stored together with this item */
    size_t      cursor_bytes;                   /* 0: none goes with it */
};
struct pull_page {
    struct pull_item *items;
    size_t count;
    bool   stopped;                             /* the item after the last was not readable: why is in `why` */
    char   cursor[CURSOR_VALUE_BYTES_MAX];      /* of an empty page that moved its cursor: store it alone */
    size_t cursor_bytes;
    struct judgement why;
};
/* A 200 answer as a page. `gateway` is Welcome.gateway, the first part of every idempotency key. False: no page
 * (reterr_why); a 204 is an empty page. Anything else than 200 and 204 belongs to rules_judge() with CALL_PULL. */
MUST_USE bool pull_read(const struct agency_config *agency, const char *gateway, const struct http_answer *answer,
                        struct pull_page *ret_page, struct judgement *reterr_why);
void pull_page_done(struct pull_page *page);                                /* takes a zeroed one */

/* The handoff id in an idempotency key of this gateway, 0 when it is none. */
uint64_t idempotency_key_handoff(const char *gateway, const char *key);

/* A SUBMIT header of this item, packed. `sender` is the agency. RESULT_FULL: longer than `size`. */
MUST_USE enum result pull_item_header(const struct pull_item *item, const char *sender, uint8_t *ret_header,
                                      size_t size, size_t *ret_header_bytes);

#endif
