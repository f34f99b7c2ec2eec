/* audit_dossier.h - the auditor and dossiers. It is shown what an operator is shown of one, all at one moment: what is
 * known of it, and the history of each of its handoffs. From the history it takes the order in which things happened;
 * what was said it knows from the senders (audit_said). With these it goes through the whole life of the dossier
 * again, from the beginning, judges each fact by rules of its own, and compares: every judgement in the history, and
 * all that is known now.
 *
 *   audit_life.c    the life of a dossier told again, event by event: the way of its handoffs, answers, receipts
 *   audit_hear.c    what a handoff tells of it: is it believed, what does it change
 *   audit_branch.c  its branches: who owns the stage, what they make together, when a clock stands
 *   audit_asked.c   what citizens are asked for, and their answers
 *   audit_flow.c    the steps of interlinked procedures
 *   audit_late.c    who is asked for an apology and why not; URGEs
 *   audit_figures.c what reports count
 *   audit_rules.c   may a fact be believed, what do branches make together, the clock, minute by minute
 *   audit_look.c    the comparison
 *
 * Agencies are counted as everywhere in the simulator; -1 is nobody.
 */
#ifndef TESTS_SIM_AUDIT_DOSSIER_H
#define TESTS_SIM_AUDIT_DOSSIER_H

#include "tests/sim/audit.h"

struct audit_event {
    uint64_t seq, turn_seq, handoff;
    int64_t  at_ms;
    enum cause cause;
    enum state from, to;
    enum verdict verdict;
    int32_t  taken_from, taken_by;              /* SUCCEEDED */
    bool     of_dossier;                        /* the rest is said */
    enum status said, before, after;
    enum judged judged;
    int64_t  due_ms;
    enum due_source due_source;
};
struct audit_handoff {
    uint64_t handoff, parent, child;
    int32_t  letter, sender, recipient;
    enum kind kind;
    int32_t  step;                              /* of a flow; -1 */
};
enum { AUDIT_ASKED_MAX = 32 };
struct audit_line { enum status status; bool gap; int32_t by; int64_t source_ms; uint64_t sequence; };
struct audit_branch {
    uint64_t handoff;
    int32_t  sender, holder;
    bool     passed_on, ended, result, behind, sent_back;
    int64_t  delivered_ms, receipt_ms;
    struct audit_line line;
};
/* What a citizen is asked for. `branch`: of the step that asks, -1 none. */
struct audit_asked {
    uint64_t request;
    enum asking state;
    int32_t  branch, agency;
    uint32_t nth, answers;
    int64_t  asked_ms, answer_by_ms, ended_ms;
};
struct audit_dossier {
    bool     there;
    int32_t  opener, owner, due_by, claimed_by;
    struct audit_line line;
    uint32_t kept, unknown, channel, unknown_year, branch_count, branches_lost, pause_count, pauses_lost, sum_count;
    int64_t  received_ms, due_ms, committed_ms, statutory_ms, claimed_ms;
    enum due_source due_source;
    enum apology apology;                       /* shown only */
    enum unasked unasked;
    uint32_t apologies;                         /* signed; by whom the last one was, the new date */
    int32_t  signed_by;
    int64_t  promised_ms, apology_due_ms;
    enum status ended;                          /* what ended the work, 0 it goes on; and when */
    int64_t  ended_ms;
    bool     since;                             /* by the second version of its procedure */
    struct audit_branch branches[BRANCHES_MAX];
    struct audit_pause { int64_t from_ms, to_ms; int32_t branch; } pauses[PAUSES_MAX];     /* -1: of the whole */
    struct audit_paid { struct audit_sum sum; int64_t source_ms; int32_t by; } sums[DOSSIER_MONEY_MAX];
    struct audit_asked asked[AUDIT_ASKED_MAX];          /* as they were made; shown: the newest, and all open ones */
    uint32_t asked_count;
};
struct audit_look {
    uint32_t case_number;
    bool     last;                              /* all is over, and the clock is right */
    uint64_t turn_seq;                          /* the last one */
    int64_t  now_ms;                            /* gateway time */
    struct audit_handoff *handoffs;             /* as accepted */
    struct audit_event   *events;               /* of all of them, in order */
    uint64_t *told, *unreceived;                /* events with a judgement, as listed; handoffs that nobody has taken */
    uint32_t handoff_count, event_count, told_count, told_most, unreceived_count;
    struct audit_dossier shown;
};
void audit_look(struct audit *audit, const struct audit_look *look);
/* Of the last look, for the story of a failed one: where the dossier must have stood after the index-th event; 0: no
 * record. *ret_owner: -1 several, or nobody. */
enum status audit_stood(const struct audit *audit, uint32_t index, int32_t *ret_owner);
/* Every case has been looked at for the last time: how many handoffs are listed that nobody has taken. */
void audit_looked_at_all(struct audit *audit, uint32_t unreceived_count);
/* ... and what the report of the city says then. */
enum { AUDIT_CHANNELS = 5 };
struct audit_figures {
    uint64_t received[AUDIT_CHANNELS], before, on, after, undated, apologised, not_apologised;
    uint64_t refused, withdrawn, stopped;
};
void audit_report(struct audit *audit, const struct audit_figures *shown);
/* ... and what was judged then. */
struct audit_counts { uint64_t dossiers, facts, steps, requests; };
struct audit_counts audit_counts(const struct audit *audit);
/* A directory holds from this turn on: who takes over from each agency (-1 nobody), is the year known, when keys are in
 * force. */
struct audit_directory { int32_t successor[16]; bool one_stop[16], may_move[16], calendar, asks; uint32_t brake;
                         struct { int64_t from_ms, to_ms; } keys[16][AGENCY_KEYS_MAX]; };
void audit_directory(struct audit *audit, uint64_t turn_seq, const struct audit_directory *directory);

/* ---- audit_rules.c: for the auditor alone. Pure. */
enum { SOMEBODY_MAX = 16 };
bool rule_is_final(enum status status);         /* 3, 8, 10 */
bool rule_is_over(enum status status);          /* 3, 7, 8, 9, 10 */
bool rule_is_pause(enum status status);         /* 5, 6 */
enum judged rule_judge(const struct audit_line *now, const struct audit_line *next, bool owns, bool recalled);
struct rule_branch { enum status status; bool ended; };
enum status rule_together(const struct rule_branch *branches, uint32_t count, enum status last);
/* 0: it says nothing of the status; -1: nobody knows it. */
int  rule_code(int32_t partner, int64_t source_ms, bool *ret_receipt);
bool rule_same_seat(const struct audit_directory *directory, int32_t a, int32_t b);
bool rule_is_worked(int64_t at_ms, bool calendar);      /* a closing counts */
/* What takes so many hours or days, minute by minute. `calendar`: the holiday is known. */
int64_t rule_working_hours(int64_t from_ms, int hours, const struct audit_pause *pauses, uint32_t count, bool calendar);
int64_t rule_working_days(int64_t from_ms, int days, const struct audit_pause *pauses, uint32_t count, bool calendar);
int64_t rule_days(int64_t from_ms, int days, const struct audit_pause *pauses, uint32_t count, bool calendar);

struct life;
/* ---- audit_asked.c: what citizens are asked for. In the order of an event: which request is answered (-1 none); into
 * the clocks; noted; then everything of which nobody waits for the answer any more is left. */
struct asked_word {
    uint64_t handoff, parent;
    int32_t  sender, addressed, recipient, meant;
    enum kind kind;
    const struct audit_says *says;
};
bool    asked_is_request(enum kind kind);
bool    asked_is_answer(enum kind kind);
int32_t asked_find(const struct life *life, const struct asked_word *word);
void    asked_clock(struct life *life, const struct asked_word *word, int32_t asked);
void    asked_note(struct life *life, const struct asked_word *word, int32_t asked);
void    asked_follow(struct life *life, int64_t at_ms);
void    asked_taken_back(struct life *life, uint64_t request, int64_t at_ms);
void    asked_said(struct life *life, const struct audit_event *event);         /* a reminder, a proposal to stop */
void    asked_last(const struct life *life);                            /* nothing is left unsaid */

/* ---- audit_flow.c: interlinked procedures */
void flow_submitted(struct life *life, const struct audit_letter *submission, int32_t index);
void flow_citizen_did(struct life *life, const struct audit_letter *word);  /* a PAYMENT or SUPPLEMENT was accepted */
void flow_made(struct life *life, int32_t index);                       /* a handoff was accepted, or is a child */
void flow_result(struct life *life, int32_t index, bool given);          /* ... or taken back */
bool flow_is_step(const struct life *life, int32_t index);              /* of the flow that was started last */
void flow_sent(struct life *life, int32_t index);
void flow_withdrawn(struct life *life, const struct audit_event *event);        /* as a whole */
void flow_told(struct life *life, const struct audit_handoff *handoff);         /* of that, by the gateway */
void flow_turn(struct life *life, uint64_t turn_seq);                   /* an event of this turn comes */
void flow_last(const struct life *life);                                /* all is over */

/* ---- audit_late.c: dossiers that will not be, or were not, in time. Of a handoff that has been accepted */
void late_accepted(struct life *life, const struct audit_event *event, int32_t index);
void late_braked(const struct life *life, const struct audit_event *event);      /* too many */
void late_last(struct life *life);                                      /* due dates are known */
void late_looked_at_all(struct audit *audit);                           /* every case, for the last time */
/* ... and audit_look.c: when it is due by what is known now; 0 not. */
int64_t life_due_ms(const struct life *life);

/* ---- audit_figures.c: `dossier` is as it must be, due dates and all */
void figures_count(struct audit *audit, const struct audit_dossier *dossier);

/* ---- audit_life.c */
enum { HANDOFFS_OF_CASE_MAX = 1024 };
/* A handoff, as far as the history has come. */
struct life_handoff {
    bool     accepted, closed, failed, received, listed;
    bool     unanswered;                        /* a RECALL that is waited for beyond its time */
    uint32_t urges;                             /* that the gateway made about it */
    bool     went_on;                           /* sent back, and on to another one */
    bool     sent, on_hold;                     /* on_hold: by a person */
    int32_t  recall;                            /* the RECALL that its holder was told of and that is still to be
                                                   answered: index, from 1; 0 none */
    enum state state;
    bool     broken_off;                        /* a step: what it waits for has ended */
    bool     branch;                            /* it was one, perhaps is not any more */
    int64_t  delivered_ms;
    bool     calendar_then;                     /* when it was delivered */
    enum answer answer;
    int32_t  recipient;
    uint32_t receipts;                          /* that must stand in its history */
};
struct life {
    struct audit *audit;
    const struct audit_look *look;
    const struct audit_directory *directory;    /* in force at this moment */
    struct audit_dossier dossier;               /* as it must be */
    bool     recalled, branch_recalled[BRANCHES_MAX], procedure;
    bool     version, version_of_flow;          /* known; of the interlinked procedure */
    const struct audit_letter *submission;      /* the last that started a flow */
    int32_t  step_at[AUDIT_STEPS_MAX];          /* its steps: index of the handoff, from 1; 0 none */
    uint32_t citizen_done;                      /* bits: its steps that the citizen has done */
    uint32_t with_result;                       /* bits: steps that gave a result, whoever stands for them now */
    uint32_t untold;                            /* bits: agencies that have yet to hear that it was withdrawn, ... */
    uint64_t untold_turn;                       /* ... in this turn */
    bool     recalls;                           /* some result was taken back: who waits for an answer is not known */
    uint32_t asked_for[AUDIT_ASKED_MAX], missing[AUDIT_ASKED_MAX];      /* bits: papers; those that have not come */
    bool     reminded[AUDIT_ASKED_MAX], overdue[AUDIT_ASKED_MAX];       /* of their answer, that was said */
    struct audit_dossier written;               /* as it stood after the event before */
    int64_t  due_said_ms;
    uint64_t asked_turn;                        /* in which apologies were last asked for */
    bool     had_ended;                         /* before this event, and when */
    int64_t  had_ended_ms;
    struct life_handoff handoffs[HANDOFFS_OF_CASE_MAX];
    enum status answered_before, answered_after;        /* by the last answer; `answered`: to which handoff */
    uint64_t answered;
};
/* ---- audit_hear.c. What one handoff says, while it is being heard. */
struct word {
    const struct audit_handoff *handoff;
    const struct audit_letter *letter;
    const struct audit_event *event;
    int32_t  sender, meant;             /* meant: the branch that it speaks of */
    enum kind kind;
    int      status;                    /* 0 none; -1: in a code that nobody knows */
    bool     told, receipt, implied;    /* told: a status or a code was given; implied: by its kind alone */
    enum judged judged;
    int32_t  received;                  /* handoff (index) that it says was taken in hand */
};
void life_hear(struct life *life, struct word *word);
void life_end_follows(struct life *life);                               /* is its work over by what it shows now */

/* Wrong judgements in the history are told to the auditor at once. */
void life_tell(struct life *life);

/* ---- audit_branch.c. Branches are counted as they were opened; -1 is none. */
int32_t life_handoff(const struct life *life, uint64_t handoff);        /* index; -1 none of this dossier */
bool    life_same(const struct life *life, int32_t a, int32_t b);       /* they sit in one seat */
/* Of this handoff, or of the FORWARD that it is about, whatever lies between. */
int32_t life_branch(const struct life *life, uint64_t handoff);
int32_t life_branch_meant(const struct life *life, int32_t sender, uint64_t parent);
uint32_t life_side_by_side(const struct life *life);
enum status life_together(const struct life *life, enum status last);
int32_t life_owner(const struct life *life);
bool    life_has_handed_on(const struct life *life, int32_t agency);
bool    life_owns(const struct life *life, int32_t meant, int32_t agency, enum status status);
/* `held`: its sender's own, which he passes on. */
int32_t life_open_behind(struct life *life, const struct audit_handoff *forward, int32_t recipient, int32_t held);
void    life_hand_back(struct life *life, const struct audit_branch *ended);
void    life_clock_goes_on(struct audit_dossier *dossier, int32_t branch, int64_t at_ms);
void    life_clock_answered(struct audit_dossier *dossier, int32_t branch, int64_t at_ms);
void    life_clock_follows(struct audit_dossier *dossier, int32_t branch, enum status status, int64_t at_ms);

#endif
