/* tables.h - the directory as the core sees it: agencies, keys, permits, routes, bounds. Built and checked by
 * gateway/directory; the core only reads.
 *
 * A loaded table never changes: SIGHUP builds a second one and the loop swaps them between turns, so what was found in
 * a step is good until that step returns. Codes here are canonical; the store's agency numbers (turn.h) outlive every
 * directory and are looked up by code.
 */
#ifndef GATEWAY_CORE_TABLES_H
#define GATEWAY_CORE_TABLES_H

#include "gateway/base/hash.h"
#include "gateway/base/limits.h"
#include "gateway/base/words.h"

enum { GATEWAY_NAME_SIZE = 32, CURVE_KEY_SIZE = 32, ROUTES_MAX = 4096 };

struct agency_key {
    uint8_t  bytes[CURVE_KEY_SIZE];         /* CURVE public key */
    uint32_t roles;                         /* enum role bits that this key may ask for */
    int64_t  from_ms, to_ms;                /* valid in [from, to); 0: open on that side */
};

struct agency {
    char code[AGENCY_CODE_SIZE];
    char name[AGENCY_NAME_SIZE];
    char aliases[AGENCY_ALIASES_MAX][AGENCY_CODE_SIZE];
    uint32_t alias_count;
    enum agency_kind kind;
    enum agency_class agency_class;
    int64_t  from_ms, to_ms;                /* exists in [from, to); 0: open on that side */
    char     successor[AGENCY_CODE_SIZE];   /* gets what is addressed to it after to_ms; "" nobody */
    struct agency_key keys[AGENCY_KEYS_MAX];
    uint32_t key_count;

    /* how it is delivered to */
    uint32_t attempts_max;                  /* charged attempts, then FAILED(EXHAUSTED) */
    uint32_t lapses_max;                    /* adapters gone silent, then FAILED(ADAPTER) */
    int64_t  age_ms_max;                    /* time used up by charged attempts and their waits, then FAILED */
    int64_t  backoff_ms_min, backoff_ms_max;
    uint32_t in_flight_max;                 /* OFFERED at once, over all sessions */
    double   rate_per_second;               /* DELIVERs; 0: no bound */
    uint32_t breaker_after;                 /* k answers in a row that open the breaker */
    int64_t  breaker_probe_ms;              /* open for so long, then one probe */
};

/* Whom a permit or route speaks of. */
enum selector_kind { SELECT_ANY = 1, SELECT_AGENCY, SELECT_BELOW, SELECT_KIND };
struct selector {
    enum selector_kind kind;
    enum agency_kind   agency_kind;         /* SELECT_KIND */
    char code[AGENCY_CODE_SIZE];            /* SELECT_AGENCY; SELECT_BELOW: itself and all that begin "code." */
};

/* Who may send what to whom. What no permit allows is forbidden. */
struct permit {
    struct selector from, to;
    uint32_t kinds;                         /* KIND_BIT()s */
    char     procedure[PROCEDURE_CODE_SIZE];        /* "" any */
};

/* A handoff without a recipient: who gets this step of this procedure when it comes from there. First match wins. */
struct route {
    char procedure[PROCEDURE_CODE_SIZE];
    char step[STEP_NAME_SIZE];
    struct selector from;
    char to[AGENCY_CODE_SIZE];
};

struct tables {
    uint32_t       version;                 /* 0: not stored yet */
    struct hash    hash;                    /* of the canonical bytes */
    char           gateway[GATEWAY_NAME_SIZE];      /* first part of every idempotency key */
    int64_t        lease_ms;                /* a DELIVER unanswered for longer is taken back */
    int64_t        antecedent_ms_max;       /* a HELD one whose antecedents have not come by then is FAILED */
    int64_t        purge_after_ms;          /* bodies go so long after the end of their handoff */
    uint32_t       submit_window;           /* SUBMITs of one session that may be unanswered */
    struct agency *agencies;                /* sorted by code */
    uint32_t       agency_count;
    struct permit *permits;
    uint32_t       permit_count;
    struct route  *routes;
    uint32_t       route_count;
    struct agency_name *names;              /* codes and aliases, sorted by name */
    uint32_t       name_count;
};
struct agency_name { char name[AGENCY_CODE_SIZE]; uint32_t agency; };       /* index into agencies */

/* By code or alias, whatever its dates. NULL: unknown. */
const struct agency *tables_agency(const struct tables *tables, const char *name);
bool tables_agency_exists(const struct agency *agency, int64_t now_ms);
/* Who gets what is addressed to this one at now_ms: itself, or the first successor that exists. NULL: nobody. */
const struct agency *tables_successor(const struct tables *tables, const struct agency *agency, int64_t now_ms);
/* Whose key this is at now_ms; NULL: nobody's. *ret_roles: what it may ask for. */
const struct agency *tables_agency_of_key(const struct tables *tables, const uint8_t key[CURVE_KEY_SIZE],
                                          int64_t now_ms, uint32_t *ret_roles);
bool tables_permit(const struct tables *tables, const struct agency *from, const struct agency *to, enum kind kind,
                   const char *procedure);
/* NULL: no route. */
const struct agency *tables_route(const struct tables *tables, const char *procedure, const char *step,
                                  const struct agency *from);
bool selector_matches(const struct selector *selector, const struct agency *agency);

#endif
