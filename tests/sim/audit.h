/* audit.h - the second opinion: knows what agencies and operators said and were told, and what the agencies' own
 * systems did. It knows nothing of the core or of the store, and shares no code with them; the chain is shown to it as
 * (seq, link) pairs, as an auditor would be shown it.
 *
 * Promises of design.md section 4, each beside the check that says "promise N" when it is broken:
 *   1, 6  nothing accepted is lost: all ends delivered or closed, and its sender has been told; notices rise within a
 *         FOLLOW and leave no gap
 *   2     the same id and content has one answer for ever; other content is a conflict
 *   3     first deliveries of a lane in the order accepted; nothing goes before what it waits for
 *   5     no second act where the class forbids it
 *   9     nobody is spoken to whose key is not in force
 *   8     every link that was told is the store's link of that turn, for ever
 *   10    with intake closed nothing new is accepted, and everybody else is served
 * The first wrong thing is kept in `failure`.
 */
#ifndef TESTS_SIM_AUDIT_H
#define TESTS_SIM_AUDIT_H

#include "gateway/base/hash.h"
#include "gateway/base/limits.h"
#include "gateway/base/words.h"

enum { AUDIT_LETTERS = 700, AUDIT_FATES = 4096, AUDIT_WITNESSES = 65536, AUDIT_STEPS_MAX = 5 };

struct audit;
struct audit *audit_new(void);                  /* one a process: audit_reset() before each world */
void audit_reset(struct audit *audit);
/* NULL: content so far. *ret_handoff: which one it is about, 0 none. */
const char *audit_failure(const struct audit *audit, uint64_t *ret_handoff);

/* ---- the interlinked procedure that this world knows: its first step comes after none. after: bits */
struct audit_graph {
    uint32_t step_count;
    struct { uint32_t agency, after; bool any, optional, citizen; } steps[AUDIT_STEPS_MAX]; /* citizen: he does it */
};
void audit_graph(struct audit *audit, const struct audit_graph *graph);

/* ---- what senders say and hear. A letter is one message id of one sender. */
enum { AUDIT_SUMS = 2 };
/* ... of its dossier. 0: not said. */
struct audit_says {
    bool     facts, procedure, paper;           /* it has Facts; names the procedure; asks for the withdrawn paper */
    bool     starts;                            /* it starts a flow: an interlinked procedure */
    uint32_t chosen;                            /* bits: optional steps of it that are wanted */
    enum audit_reason { REASON_NONE = 0, REASON_OTHER, REASON_WRONG_PLACE, REASON_WRONG_MATTER } reason;
    uint32_t components;                        /* bits: which papers it names */
    uint32_t done;                              /* 1 + the citizen's step of a flow that it names as done; 0 none */
    bool     officer;                           /* it names who signed */
    int64_t  source_ms, received_ms, due_ms;
    uint64_t sequence;
    uint32_t channel;
    enum status status;
    int32_t  partner;                           /* the partner's code; -1 none */
    struct audit_sum { char component[MONEY_CODE_SIZE]; int64_t owed, paid; } sums[AUDIT_SUMS];
    uint32_t sum_count;
};
struct audit_letter {
    uint32_t sender, case_number, after_count;
    int32_t  addressed;                         /* agency; -1: not named */
    enum kind kind;
    int64_t  id_ms;
    uint64_t parent;
    struct { uint32_t letter; enum until until; } after[AFTER_MAX];     /* AUDIT_LETTERS: never sent by anybody */
    struct hash content[2];                     /* [1]: the same id with other content */
    struct span payload[2];
    struct audit_says says;
};
void audit_said(struct audit *audit, uint32_t letter, const struct audit_letter *said, bool other);
void audit_accepted(struct audit *audit, uint32_t letter, bool other, uint64_t handoff, uint64_t commit_seq,
                    const struct hash *content, const struct hash *link, bool duplicate, enum state state);
void audit_refused(struct audit *audit, uint32_t letter, bool other, const char *problem, int64_t now_ms);
/* ... because it asks for a paper that may not be asked for any more (audit_look.c). */
void audit_paper_refused(struct audit *audit, uint32_t letter, int64_t now_ms);
/* seq_before: the last notice of the same FOLLOW; 0 first. known: the agency has stored this one before. */
struct audit_notice {
    uint32_t agency;
    uint64_t seq, seq_before, handoff, parent, child;
    int32_t  letter;                            /* whose message id it names; -1 none of ours */
    enum state from, to;
    enum cause cause;
    enum verdict verdict;
    int32_t  case_number;                       /* by the code of its dossier */
    bool     known;
    int32_t  sender;                            /* in whose name it is; -1 not known */
    int32_t  step_of;                           /* the case of which the gateway made it a step; -1: it did not */
};
void audit_notice(struct audit *audit, const struct audit_notice *notice);

/* ---- what receivers hear and say, and what their systems do */
struct audit_deliver {
    uint64_t handoff, parent, connection;       /* connection: which one it came by */
    uint32_t agency, attempt, input_count;
    int32_t  letter;
    enum agency_class told;
    bool     ask_first;
    int32_t  step_of;                           /* as in a notice */
    enum kind kind;                             /* as its header says */
    bool     made;                              /* its header is nobody's letter: the gateway made it */
    bool     of_flow;                           /* a step, also one that its sender hands on: results come along */
    const char *key;
    struct hash content;
    struct span payload, checkpoint;
    struct { uint64_t handoff; struct span payload; } inputs[INPUTS_MAX];
};
void audit_deliver(struct audit *audit, const struct audit_deliver *deliver);
/* It acted (again). told: the class that this attempt's DELIVER spoke of; past_lease: the adapter was late with it. */
void audit_acted(struct audit *audit, uint64_t handoff, uint32_t attempt, enum agency_class told, bool past_lease);
void audit_answered(struct audit *audit, uint64_t handoff, uint32_t attempt, enum verdict verdict);
void audit_outcome_ack(struct audit *audit, uint64_t handoff, uint32_t attempt, enum verdict verdict, enum state state,
                       uint64_t seq, const struct hash *link);
/* Never right: the gateway gave this attempt out, and takes every answer, also without room. */
void audit_outcome_refused(struct audit *audit, uint64_t handoff, const char *problem);
void audit_checkpoint_kept(struct audit *audit, uint64_t handoff, uint32_t attempt);
void audit_cursor_set(struct audit *audit, uint32_t agency, uint64_t value);

/* ---- directories: `to` takes over from `from`, and hears from then on what is told of its handoffs */
void audit_succeeded(struct audit *audit, uint32_t from, uint32_t to);

/* ---- what operators ask for and are told. `handoff` 0 and `agency` >= 0: all of that agency. */
enum audit_act { ACT_REPLAY = 1, ACT_REPLAY_FRESH, ACT_CLOSE, ACT_REDIRECT, ACT_HOLD, ACT_RELEASE };
void audit_operator_asks(struct audit *audit, enum audit_act act, uint64_t handoff, int32_t agency, bool behind);
void audit_operator_told(struct audit *audit, enum audit_act act, uint64_t handoff);

/* ... that the requests for apologies to this agency go, which were too many in an hour. In gateway time. */
void audit_let_go(struct audit *audit, int32_t agency, int64_t now_ms);

/* ---- whoever is spoken to has this key of that agency; at gateway time now_ms */
void audit_spoken_to(struct audit *audit, uint64_t handoff, uint32_t agency, uint32_t key, int64_t now_ms);

/* ---- the room: what was said in a turn that began with intake closed */
void audit_accepted_when_closed(struct audit *audit, uint64_t handoff);
void audit_refused_when_full(struct audit *audit, const char *what);

/* ---- the chain as it stands: called for every turn, after a crash and at the end */
void audit_chain(struct audit *audit, uint64_t seq, const struct hash *link);
/* The witnesses that `seq_last`, the last turn there is, does not explain. */
void audit_chain_end(struct audit *audit, uint64_t seq_last);

/* ---- after the storm */
/* Nothing is broken any more: each one has ended, needs a person, or stands behind one that does. `blame`: those that
 * do not are wrong. */
bool audit_is_settled(struct audit *audit, bool blame);
/* People have seen to the rest: all has ended, and its sender has been told. `blame`: the same. */
bool audit_is_over(struct audit *audit, bool blame);

#endif
