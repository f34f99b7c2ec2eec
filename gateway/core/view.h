/* view.h - what trackers, followers and operators are shown of a handoff, an agency, a group of failures: plain structs
 * that gateway/wire puts into frames. Pointers lie in the arena of the effects that carry them. */
#ifndef GATEWAY_CORE_VIEW_H
#define GATEWAY_CORE_VIEW_H

#include "gateway/base/problem.h"
#include "gateway/store/record_dossier.h"
#include "gateway/store/record_ending.h"
#include "gateway/store/record_supplement.h"
#include "gateway/store/record_unknown_code.h"
#include "gateway/store/record_flow.h"

struct event_view {
    struct event event;
    const char *actor;              /* agency code, "uid:1000", or "" for the gateway itself */
    const char *detail;             /* "" none, or purged */
};

struct handoff_view {
    struct handoff handoff;
    const char *sender, *recipient, *dossier_code, *reason, *fingerprint;
    const struct event_view *events;        /* oldest first; only where asked for */
    uint32_t event_count;
};

struct notice_view {
    uint64_t event_seq;
    struct handoff handoff;
    struct event event;             /* what was said of it then; the handoff may have gone on */
    const char *dossier_code, *recipient, *reason, *field;
};

struct group_view {
    const char *recipient;
    enum fail_class fail_class;
    struct fail_group group;
    const char *sample_reason;
};

/* What only the broker's memory knows of an agency: filled in by it before the reply is spoken. */
struct agency_live {
    uint32_t sessions, credit, in_flight;
    const char *breaker;            /* "closed", "open", "half-open"; NULL: not known */
    int64_t  breaker_until_ms;
};

/* known: a map has it by now. */
struct unknown_code_view { struct unknown_code unknown; bool known; };

struct agency_view {
    const char *code, *name;
    enum agency_class agency_class;
    uint32_t number;                /* the store's; the broker adds sessions and breaker by it */
    struct agency_state state;
    uint64_t counts[STATE_END];
    int64_t  oldest_ready_ms;       /* when the head that waits longest was accepted; 0 none */
    uint64_t unknown_count;         /* how often it used a code that no map knows (unknown_code.h) */
    const char *unknown_last;       /* ... the last one; "" with 0, UNKNOWN_CODE_OTHERS one of many */
    const struct unknown_code_view *unknown;        /* of an agency that was asked for by its code */
    uint32_t unknown_codes;
    struct agency_live live;
};

/* What is known of a dossier. Names of agencies are codes; "" for nobody. */
struct branch_view { struct branch branch; const char *step, *title, *sender, *holder, *by; };    /* title: of step */
struct money_view { struct money money; const char *component, *by; };
/* A fact of status as it was told, whatever became of it; `by` said it, source_ms is when it happened there. */
struct told_view { struct event event; const char *by; int64_t source_ms; };
/* A request to the citizen; `recipient` is to bring the answer, `step` has asked. */
struct asked_view {
    struct asked asked;
    const char *agency, *recipient, *dossier_code, *step;
    enum state request_state;               /* of the handoff that asks */
    bool proposes_stop;
};
/* A handoff of `claimer` says that `code` belongs to it, and it is one of `owner`. parked: it waits for a person. */
struct collision_view {
    const char *code, *owner, *claimer, *sender;
    uint64_t handoff;
    int64_t  at_ms;
    bool     parked;
};
enum { COLLISIONS_SHOWN_MAX = 8 };
/* A step, beside flow.steps[] of the same place. */
struct step_view {
    enum flow_state state;
    const char *agency;             /* code; "" the citizen, or not chosen */
    const char *title;              /* of the catalogue as it is now; "" none */
    uint32_t waits;                 /* bits: steps that must be done, or must answer, before it begins */
    uint64_t recall;                /* that is to be answered, or after which a new result is awaited; 0 none */
    int64_t  due_ms;                /* 0 none */
};
struct flow_view { struct flow flow; const char *sender; const struct step_view *steps; };
struct dossier_view {
    struct dossier dossier;
    struct ending ending;                   /* all zero: nothing yet */
    const char *code, *opener, *owner, *by, *due_by, *claimed_due_by, *signed_by;
    const struct branch_view *branches;     /* dossier.branch_count */
    const struct money_view  *money;
    const struct told_view   *told;         /* the newest DOSSIER_TOLD_MAX, oldest first */
    const struct asked_view  *asked;        /* at most ASKED_SHOWN_MAX, the open ones among them; oldest first */
    const struct flow_view   *flow;         /* NULL: no procedure was started */
    uint32_t money_count, told_count, asked_count;
};
enum { DOSSIER_TOLD_MAX = 32, ASKED_SHOWN_MAX = 8 };

/* A dossier that is late or about to be. */
struct late_view {
    struct ending ending;
    const char *dossier_code, *agency, *signed_by;
    enum status status;
    int64_t due_ms;
    int32_t days;                           /* until it is due, in days of the calendar; below 0: so many late */
};

/* One line of explain. `action`: this line is the one thing to do. */
struct advice { const char *vi, *en; bool action; };

struct fact { const char *name, *value; };

enum { ADVICE_MAX = 24, FACTS_MAX = 48 };

/* What a handoff says, as far as it was asked for: facts are free of personal data, `payload` is of `open` only. */
struct component_name { const char *code, *name; };
struct said_view {
    uint64_t handoff;
    int64_t  source_time_ms;
    struct span facts;              /* a serialized Facts, as the sender wrote it */
    char     content_type[CONTENT_TYPE_SIZE];
    const char *procedure_name;     /* of the catalogue; "" not there */
    const struct component_name *components;        /* all that the procedure's version lists */
    uint32_t component_count;
    uint32_t opened;                /* how often it was, this time included; 0 never */
    bool     purged;                /* its words are gone */
    struct span payload;
};

struct admin_reply {
    const struct problem *refused;  /* NULL: it was done */
    const struct handoff_view *handoffs;
    const struct dossier_view *dossier;     /* of show and track; NULL: nothing is known of it */
    const struct said_view    *said;        /* of facts and open */
    const struct group_view   *groups;
    const struct asked_view   *asked;
    const struct late_view    *late;
    const struct collision_view *collisions;    /* of the dossier that show or track is about */
    struct agency_view        *agencies;    /* the broker fills in `live` */
    struct advice             *advice;      /* room for ADVICE_MAX: the broker adds what only its memory knows */
    struct fact               *facts;       /* room for FACTS_MAX: the same */
    uint32_t handoff_count, group_count, asked_count, late_count, collision_count, agency_count,
             advice_count, fact_count;
    uint32_t explained_agency;      /* explain: the recipient's number */
    bool     explained_waits;       /* explain: it could be offered now, if its agency's sessions and breaker allow */
    uint64_t affected;              /* how many were, or with dry_run would be, changed */
    bool     more;
};

/* view.c: filled in from the store, every text copied into the arena of the step's effects. False: no room there now;
 * what was taken of it is lost until the turn ends. */
struct step;
enum { VIEW_BYTES_MAX = 4096 };     /* no view without events takes more from the arena, an array for it included */
/* How many of `wanted` there is certainly room for, besides what the end of the answer takes. */
uint32_t view_page(const struct step *step, uint32_t wanted);
MUST_USE bool view_handoff(struct step *step, const struct handoff *handoff, struct handoff_view *ret_view);
/* The newest events above `after`, at most `most`, oldest first. True in *ret_more: older ones were left out. */
MUST_USE bool view_events(struct step *step, uint64_t after, uint32_t most, struct handoff_view *view, bool *ret_more);
/* The notice of an event that stands in a feed. */
MUST_USE bool view_notice(struct step *step, uint64_t event_seq, struct notice_view *ret_view);
MUST_USE bool view_agency(struct step *step, uint32_t number, struct agency_view *ret_view);
/* NULL: nothing is known of it, or there is no room. Takes at most DOSSIER_VIEW_BYTES of the arena, before a page of
 * handoffs is measured. */
enum { DOSSIER_VIEW_BYTES = 82 << 10, FLOW_VIEW_BYTES = 7 << 10 };
const struct dossier_view *view_dossier(struct step *step, uint64_t dossier);
/* What its citizen is or was asked for; part of view_dossier(). */
const struct asked_view *view_asked(struct step *step, uint64_t dossier, uint32_t *ret_count);
/* NULL: it has none, or there is no room. Takes at most FLOW_VIEW_BYTES. */
const struct flow_view *view_flow(struct step *step, const struct dossier *dossier);
/* The code of an agency's number; "" for nobody. Static or in the arena; NULL: no room. */
const char *view_code(struct step *step, uint32_t number);

#endif
