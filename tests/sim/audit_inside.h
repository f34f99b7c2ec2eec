/* audit_inside.h - what the auditor remembers; for the files audit*.c only. */
#ifndef TESTS_SIM_AUDIT_INSIDE_H
#define TESTS_SIM_AUDIT_INSIDE_H

#include "tests/sim/audit_dossier.h"

enum { ATTEMPTS_SEEN = 64, CURSOR_VALUES = 1024, DIRECTORIES_MAX = 256, TRAIL_MAX = 8192 };

/* A letter as its sender knows it. */
struct paper {
    bool     said, other, accepted_other, conflict;
    struct audit_letter letter;
    uint64_t handoff, commit_seq;               /* as told; 0: not yet */
    enum state state;                           /* in its first ACCEPTED */
};

/* A handoff as everybody together knows it. */
struct fate {
    uint64_t handoff, parent;                   /* parent: redirected from, or put right */
    int32_t  letter, recipient;
    uint32_t delivers, acts, late_acts, replays, fresh, present_attempt, checkpoint_attempt, recipient_attempt;
    uint64_t connections[ATTEMPTS_SEEN];        /* by attempt: where its DELIVER came */
    char     key[IDEMPOTENCY_KEY_SIZE];
    bool     answered_well;                     /* an adapter said: it is there */
    bool     overtaken;
    bool     released;                          /* a person was asked to let it go from its gate */
    bool     ended_by_people;                   /* a person was asked to end it, or one behind which it stands */
    bool     excused;                           /* its sender took it back, or may have */
    bool     corrected;                         /* its sender sent another one that names it */
    bool     checkpointed;
    bool     succeeded;                         /* it went to one agency, then to another */
    bool     reminder;                          /* the gateway made it, to ask for an apology or to urge */
    bool     step;                              /* the gateway made it, for this case: a step of a flow */
    uint32_t step_case;
    enum state told;                            /* the last notice */
    uint64_t told_seq;
    uint32_t got_states, owed_states;           /* bits of enum state: told to the sender, told to others */
    uint64_t got_causes, owed_causes;           /* bits of enum cause */
};

struct witness { bool there; struct hash link; };

struct audit {
    char     failure[500];
    uint64_t failed_handoff;
    struct paper papers[AUDIT_LETTERS];
    uint32_t paper_count;
    struct fate fates[AUDIT_FATES];             /* by number, from 1 */
    uint64_t highest;
    struct witness witnesses[AUDIT_WITNESSES];
    uint64_t witness_last;
    uint32_t group_replays;                     /* of whole groups */
    bool     withdrawn[64];                     /* by case */
    bool     lane_ended[64];                    /* by case: a person was asked to end one and those behind it */
    struct audit_graph graph;
    uint32_t flows[64];                         /* by case: submissions that start one */
    uint32_t heirs[16];                         /* bits: who has ever taken over from this agency */
    bool     cursors[16][CURSOR_VALUES];        /* by agency and value: was set */
    struct { uint64_t from_turn; struct audit_directory directory; } directories[DIRECTORIES_MAX];
    uint32_t directory_count;
    struct audit_counts counts;
    struct audit_figures figures;
    struct { uint8_t status; int8_t owner; } stood[TRAIL_MAX];
    struct { int64_t at_ms; int32_t agency; } apologies[AUDIT_FATES];   /* asked for; one a dossier and turn */
    uint32_t apology_count;
    int64_t  let_go_ms[16];                     /* by agency: a person let go what the brake held; 0 never */
    uint32_t found_unreceived;                  /* in the looks since all was over: that nobody has taken */
};

#define NUMBER_OF(handoff) ((unsigned long long)((handoff) & ((1ULL << 48) - 1)))

void audit_wrong(struct audit *audit, uint64_t handoff, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct fate *fate_of(struct audit *audit, uint64_t handoff);
/* `handoff` is `of`, or a child of a child ... of it. */
bool fate_is_child(const struct audit *audit, uint64_t handoff, uint64_t of);
/* The letter that the first of its parents carried; -1 not known. */
int32_t letter_of_parents(const struct audit *audit, const struct fate *fate);
/* -1 not known. */
int32_t case_of(const struct audit *audit, const struct fate *fate);

#endif
