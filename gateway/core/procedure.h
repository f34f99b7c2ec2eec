/* procedure.h - what the catalogue says of a procedure: one version of it, in force in [from, to).
 *
 * Identity   (code, variant, from). A dossier keeps the version it was received under, as procedure_version_text(); old
 *            versions stay listed as long as a dossier may need them.
 * Variants   of one code may be in force at once: for other senders (a district that promises less time), or chosen per
 *            dossier (with or without verification). Of those for the same senders one is `usual`.
 * Rules      kind 0: no rule is given. Committed: what the unit promises; statutory: the law's time. Both are kept.
 * Built and checked by gateway/directory; everything hangs on the directory. The core only reads.
 */
#ifndef GATEWAY_CORE_PROCEDURE_H
#define GATEWAY_CORE_PROCEDURE_H

#include "gateway/core/deadline.h"
#include "gateway/core/selector.h"

enum {
    PROCEDURES_MAX = 1024,
    PROCEDURE_STEPS_MAX = 16,
    PROCEDURE_COMPONENTS_MAX = COMPONENTS_MAX,
    PROCEDURE_FEES_MAX = MONEY_MAX,
    STEP_OUTPUTS_MAX = 8,
    FIELDS_MAX = 256,
    PROCEDURE_NAME_SIZE = 320,
    PROCEDURE_VERSION_SIZE = 96,            /* "1.000894/cu-chi/2022-01-01" */
    VARIANT_SIZE = 40,
    FIELD_CODE_SIZE = 32,                   /* "G03-GD10" */
    FIELD_CONTACT_SIZE = 160,
    COMPONENT_CODE_SIZE = 48,               /* "KQ.G15.000031", "000.00.00.G09-KQ002269" */
    COMPONENT_NAME_SIZE = 160,
    COMPONENT_RULE_SIZE = 200,
    OUTPUT_NAME_SIZE = 40,
    STEP_TITLE_SIZE = 121,
};

/* As Facts.channel. 0: not said. */
enum channel { CHANNEL_COUNTER = 1, CHANNEL_ONLINE, CHANNEL_POST, CHANNEL_BOUNDARY_FREE, CHANNEL_END };

/* What a field of law is called, and whom to turn to when its dossiers are late. */
struct field {
    char code[FIELD_CODE_SIZE];
    char name[PROCEDURE_NAME_SIZE];
    char escalation[AGENCY_CODE_SIZE];      /* canonical; "" nobody */
    char contact[FIELD_CONTACT_SIZE];       /* an office, a post, a number; never a person's name */
};

/* A paper of the dossier. */
enum need {
    NEED_REQUIRED = 1,
    NEED_OPTIONAL,
    NEED_SHARED,                            /* taken from a database instead: `instead`. Asking for it is no fault */
    NEED_WITHDRAWN,                         /* may not be asked for from `from_ms` on, by `rule` */
    NEED_END
};
struct component {
    char code[COMPONENT_CODE_SIZE];
    char name[COMPONENT_NAME_SIZE];
    enum need need;
    char rule[COMPONENT_RULE_SIZE];         /* WITHDRAWN: by which text */
    char instead[COMPONENT_NAME_SIZE];      /* SHARED, WITHDRAWN: where it is looked up now; "" nowhere */
    int64_t from_ms;                        /* WITHDRAWN: before then as REQUIRED; 0: always */
};

struct fee {
    char code[COMPONENT_CODE_SIZE];         /* Money.component */
    char name[COMPONENT_NAME_SIZE];
    int64_t dong;
    uint32_t channels;                      /* bits 1 << channel */
};

/* When a step with several antecedents may begin. One that was not chosen (optional) is not waited for. */
enum join { JOIN_ALL = 1, JOIN_ANY };

struct procedure_step {
    char name[STEP_NAME_SIZE];
    char title[STEP_TITLE_SIZE];            /* for people: "Đăng ký khai sinh"; "" it has none. Never stored */
    struct deadline_rule limit;
    struct selector agency;                 /* unset when the citizen does it */
    bool citizen;
    bool outside;                           /* does not count towards the procedure's limit */
    bool optional;                          /* chosen per dossier */
    enum join join;
    uint32_t after;                         /* bits: indices of steps of this version */
    char outputs[STEP_OUTPUTS_MAX][OUTPUT_NAME_SIZE];       /* what its result must hold: "personal-identity-number" */
    uint32_t output_count;
};

struct procedure {
    char code[PROCEDURE_CODE_SIZE];
    char successor[PROCEDURE_CODE_SIZE];    /* the code it goes on under from to_ms on; "" none */
    char name[PROCEDURE_NAME_SIZE];
    char variant[VARIANT_SIZE];             /* "" the only one */
    char field[FIELD_CODE_SIZE];            /* "" none */
    bool usual;                             /* of several for the same senders: when the dossier does not say */
    int64_t from_ms, to_ms;
    struct selector senders;                /* for whose dossiers */
    struct deadline_rule statutory[CHANNEL_END], committed[CHANNEL_END];    /* by channel; [0]: channel not said */
    struct component *components;           /* sorted by code */
    uint32_t component_count;
    struct fee *fees;
    uint32_t fee_count;
    struct procedure_step *steps;           /* in the order written */
    uint32_t step_count;
};

/* "code/variant/day it came into force", "-" where empty: what a dossier keeps, and Facts.procedure_version. */
void procedure_version_text(const struct procedure *procedure, char ret_version[PROCEDURE_VERSION_SIZE]);
/* Index of a step; -1: none of that name. */
int  procedure_step_index(const struct procedure *procedure, const char *name);
/* What people call it; "": it has none, or no step has that name, or `procedure` is NULL. */
const char *procedure_step_title(const struct procedure *procedure, const char *name);
/* NULL: the version does not list it. */
const struct component *procedure_component(const struct procedure *procedure, const char *code);
/* It may no longer be asked for of a dossier that was received then. */
bool component_is_withdrawn(const struct component *component, int64_t received_ms);
/* Of this channel, or where that is 0 or unknown of none. */
struct deadline_rule procedure_statutory(const struct procedure *procedure, uint32_t channel);
struct deadline_rule procedure_committed(const struct procedure *procedure, uint32_t channel);

#endif
