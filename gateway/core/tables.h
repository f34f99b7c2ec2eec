/* tables.h - the directory as the core sees it: agencies, keys, permits, routes, hours, procedures, bounds. Built and
 * checked by gateway/directory; the core only reads.
 *
 * A loaded table never changes: SIGHUP builds a second one and the loop swaps them between turns, so what was found in
 * a step is good until that step returns. Codes here are canonical; the store's agency numbers (turn.h) outlive every
 * directory and are looked up by code.
 */
#ifndef GATEWAY_CORE_TABLES_H
#define GATEWAY_CORE_TABLES_H

#include "gateway/base/hash.h"
#include "gateway/core/procedure.h"
#include "gateway/core/status.h"

enum { GATEWAY_NAME_SIZE = 32, CURVE_KEY_SIZE = 32, ROUTES_MAX = 4096 };

struct agency_key {
    uint8_t  bytes[CURVE_KEY_SIZE];         /* CURVE public key */
    uint32_t roles;                         /* enum role bits that this key may ask for */
    int64_t  from_ms, to_ms;                /* valid in [from, to); 0: open on that side */
};

/* What a handoff is about, as far as it decides who takes over from an agency. Texts are lent; NULL or "": not said. */
struct matter {
    const char *procedure;                  /* code; its field is looked up */
    const char *area;                       /* of the dossier: groups behind points, widest first: "79.778.27475" */
    enum kind   kind;                       /* 0 not said */
};

/* Who takes over what from an agency. The first that is in force and matches wins. */
struct successor {
    char     code[AGENCY_CODE_SIZE];        /* canonical */
    int64_t  from_ms;                       /* from then on, also before the agency ends: a function may move first */
    char     area[AREA_CODE_SIZE];          /* that area and all within; "" any */
    char     procedure[PROCEDURE_CODE_SIZE];        /* "" any */
    char     field[FIELD_CODE_SIZE];        /* "" any */
    uint32_t kinds;                         /* KIND_BIT()s; KINDS_ALL any */
};

struct agency {
    char code[AGENCY_CODE_SIZE];
    char name[AGENCY_NAME_SIZE];
    char aliases[AGENCY_ALIASES_MAX][AGENCY_CODE_SIZE];
    uint32_t alias_count;
    enum agency_kind kind;
    enum agency_class agency_class;
    bool     by_adapter;                    /* an adapter speaks for it, not its own system */
    int64_t  from_ms, to_ms;                /* exists in [from, to); 0: open on that side */
    char     parent[AGENCY_CODE_SIZE];      /* canonical; "" none. Permits and routes do not go by it */
    char     area[AREA_CODE_SIZE];          /* where it serves; "" not said */
    const struct successor *successors;     /* in the order written */
    uint32_t successor_count;
    bool     succeeds;                      /* some agency of the directory names it as a successor */
    const struct hours *hours;              /* its week; NULL not known */
    const struct hours_exception *exceptions;       /* days that it works otherwise; rising, two never meet */
    uint32_t exception_count;
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

/* What is done about dossiers that will not be in time (late.h), and about URGEs. */
struct late_rules {
    struct deadline_rule ask;               /* so long before a dossier is due its holder is asked; none or 0: nobody
                                               ever is, and nothing is said of lateness */
    struct deadline_rule ask_short;         /* ... where the dossier has no more time than that from the beginning */
    struct deadline_rule quiet;             /* by the holder's hours: with nothing having gone through for so long, and
                                               something waiting, its feed is stale; none or 0: never */
    uint32_t brake_per_hour;                /* requests to one agency; those above wait for a person. 0: no bound */
    uint32_t escalations_max;               /* times that others are told of one that is late and unsigned */
    int64_t  urge_answer_ms;                /* an URGE, or a RECALL that steps wait for, is answered within; 0: no
                                               answer is waited for, and no URGE made about what nobody has taken */
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
    bool           successions;             /* some agency has a successor */
    struct permit *permits;
    uint32_t       permit_count;
    struct route  *routes;
    uint32_t       route_count;
    struct agency_name *names;              /* codes and aliases, sorted by name */
    uint32_t       name_count;
    const struct calendar *calendar;        /* NULL: no year is loaded */
    struct procedure *procedures;           /* sorted by code, variant, from */
    uint32_t       procedure_count;
    struct field  *fields;                  /* sorted by code */
    uint32_t       field_count;
    struct status_map *status_maps;         /* in the order written: the first that knows a code wins */
    uint32_t       status_map_count;
    struct deadline_rule receipt;           /* without business receipt for longer: told of; kind 0: never */
    struct asking_rules {                   /* what a citizen is asked for, where the request does not say */
        struct deadline_rule answer, remind;    /* answered by then; reminded so long before. kind 0: never */
    } supplement, payment;
    struct late_rules late;
    struct selector *due_movers;            /* beside the one-stop: whose due dates are binding */
    uint32_t       due_mover_count;
};
struct agency_name { char name[AGENCY_CODE_SIZE]; uint32_t agency; };       /* index into agencies */

/* By code or alias, whatever its dates. NULL: unknown. */
const struct agency *tables_agency(const struct tables *tables, const char *name);
bool tables_agency_exists(const struct agency *agency, int64_t now_ms);
/* Who takes over from this one in this matter by now_ms, one step; NULL: nobody. `matter` NULL: nothing is known of it,
 * then only who takes over everything. */
const struct agency *tables_next(const struct tables *tables, const struct agency *agency, const struct matter *matter,
                                 int64_t now_ms);
/* The next moment after this one at which some successor takes over; INT64_MAX: none. */
int64_t tables_next_takeover_ms(const struct tables *tables, int64_t after_ms);
/* Who gets what is addressed to this one at now_ms: the end of its line of successors in this matter, which is itself
 * as long as it exists and the matter has not moved. NULL: nobody. */
const struct agency *tables_successor(const struct tables *tables, const struct agency *agency,
                                      const struct matter *matter, int64_t now_ms);
/* One stands in the line of successors of the other in this matter, or both are one: what one of them sent, got or
 * holds the other may answer, follow and go on with. One NULL: false. */
bool tables_same_seat(const struct tables *tables, const struct agency *a, const struct agency *b,
                      const struct matter *matter, int64_t now_ms);
/* Whose key this is at now_ms; NULL: nobody's. *ret_roles: what it may ask for. */
const struct agency *tables_agency_of_key(const struct tables *tables, const uint8_t key[CURVE_KEY_SIZE],
                                          int64_t now_ms, uint32_t *ret_roles);
bool tables_permit(const struct tables *tables, const struct agency *from, const struct agency *to, enum kind kind,
                   const char *procedure);
/* NULL: no route. */
const struct agency *tables_route(const struct tables *tables, const char *procedure, const char *step,
                                  const struct agency *from);

/* The version of a procedure for a dossier of this sender received at at_ms. `variant` NULL or "": the narrowest for
 * the sender, of those the usual one. NULL: none is in force. */
const struct procedure *tables_procedure(const struct tables *tables, const char *code, const char *variant,
                                         const struct agency *sender, int64_t at_ms);
/* Of all versions with this code the one that is in force longest. NULL: not listed. */
const struct procedure *tables_procedure_last(const struct tables *tables, const char *code);
/* The very version that a dossier kept (procedure_version_text). NULL: not listed any more. */
const struct procedure *tables_procedure_version(const struct tables *tables, const char *version);
/* Who does this step of it for a dossier of this sender: by the first route, else of those that its selector means and
 * that exist the one whose area is the narrowest around the dossier's ("this ward's police"; `area` NULL or "": the
 * sender's), else the only one there is. Where none of them exists any more, the one of old to whose heirs it goes
 * (tables_successor). NULL: the citizen, nobody, or several with equal right. */
const struct agency *tables_step_agency(const struct tables *tables, const struct procedure *procedure,
                                        const struct procedure_step *step, const struct agency *sender,
                                        const char *area, int64_t now_ms);
const struct field *tables_field(const struct tables *tables, const char *code);       /* NULL: none */

#endif
