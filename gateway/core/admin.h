/* admin.h - what the files of ADMIN share: step_admin.c (the switch, refusals), step_admin_ask.c (questions),
 * step_admin_act.c, step_admin_move.c and step_admin_open.c (changes), admin_select.c (which handoffs a filter means).
 *
 * A verb fills in the reply; the switch speaks it. One that refuses has changed nothing. One that does many things does
 * as many as one turn can hold and says `more`: the same command again goes on. Where that needs a position, the fact
 * "next_after" says what to give as `after`.
 */
#ifndef GATEWAY_CORE_ADMIN_H
#define GATEWAY_CORE_ADMIN_H

#include "gateway/base/clock.h"
#include "gateway/core/advice.h"
#include "gateway/core/step.h"

/* ---- step_admin.c */
/* Formats as in problem_set(). */
void admin_refuse(struct step *step, struct admin_reply *reply, enum problem_type type, const char *field,
                  const char *vi, const char *en, ...)
    __attribute__((format(printf, 5, 7), format(printf, 6, 7)));
/* WRONG_STATE: what state it is in, then why that is in the way. */
void admin_refuse_state(struct step *step, struct admin_reply *reply, const struct handoff *handoff, struct words why);
/* Dropped when FACTS_MAX are there. `name` is static. */
void admin_fact(struct step *step, struct admin_reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* By code or alias, also one that the directory no longer has. 0: none, and it was refused. One that nobody has heard
 * of yet gets its number with `make`, else a number that nothing has: a question must not write. */
uint32_t admin_agency(struct step *step, struct admin_reply *reply, const char *field, const char *code, bool make);
/* The command's handoff. False: none, and it was refused. */
bool admin_handoff(struct step *step, struct admin_reply *reply, struct handoff *ret_handoff);
/* Another change with all that follows from it (its lane, its dependants) still fits into this step. */
bool admin_has_room(const struct step *step);
/* limit, as it holds. */
uint32_t admin_limit(const struct step *step);

/* ---- admin_select.c */
struct selection {
    uint32_t        agency;             /* 0 any */
    uint64_t        dossier;            /* 0 any */
    enum state      state;              /* 0 any */
    enum fail_class fail_class;         /* 0 any */
    const char     *fingerprint;        /* "" any */
    uint64_t        at;                 /* only ids above; moves on */
    uint32_t        looked;             /* rows, at most SELECT_WALK_MAX in one step */
    bool            stopped;            /* looked at as many as one step may: there may be more after `at` */
    uint32_t        group_count;        /* FAILED: the groups that match, each with its next member */
    struct selected_group { struct fail_key key; uint64_t next; } groups[PAGE_MAX];
    bool            by_groups;
};
enum { SELECT_WALK_MAX = 8192 };

/* From the command's filter; `state`: what it means when the filter names none (0 any). False: refused. */
bool select_begin(struct step *step, struct admin_reply *reply, enum state state, struct selection *ret_selection);
/* The next one in order of id. False: no more, or stopped. */
bool select_next(struct step *step, struct selection *selection, struct handoff *ret_handoff);
/* How many there are, where the store knows it without looking at each. */
bool select_count(struct step *step, const struct selection *selection, uint64_t *ret_count);
bool select_group_matches(const struct selection *selection, const struct fail_key *key,
                          const struct fail_group *group);

/* ---- step_admin_ask.c */
void admin_status(struct step *step, struct admin_reply *reply);
void admin_show(struct step *step, struct admin_reply *reply);
void admin_track(struct step *step, struct admin_reply *reply);
void admin_list(struct step *step, struct admin_reply *reply);
void admin_unreceived(struct step *step, struct admin_reply *reply);
void admin_failed(struct step *step, struct admin_reply *reply);
void admin_agencies(struct step *step, struct admin_reply *reply);

/* ---- supplement_view.c */
void admin_supplements(struct step *step, struct admin_reply *reply);

/* ---- step_admin_act.c */
void admin_replay(struct step *step, struct admin_reply *reply);
void admin_hold(struct step *step, struct admin_reply *reply);
void admin_release(struct step *step, struct admin_reply *reply);
void admin_backup_begin(struct step *step, struct admin_reply *reply);
void admin_backup_end(struct step *step, struct admin_reply *reply);
void admin_confirm_clock(struct step *step, struct admin_reply *reply);
/* The operator's change: cause, reason, uid. */
struct change admin_change(const struct step *step, enum cause cause);

/* ---- step_admin_open.c */
void admin_facts(struct step *step, struct admin_reply *reply);
void admin_open_it(struct step *step, struct admin_reply *reply);
/* ---- step_admin_late.c */
void admin_late(struct step *step, struct admin_reply *reply);
void admin_late_facts(struct step *step, struct admin_reply *reply);    /* for status: how many, where there are any */
void admin_late_release(struct step *step, struct admin_reply *reply);
void admin_sign(struct step *step, struct admin_reply *reply);

/* ---- step_admin_move.c */
void admin_close_it(struct step *step, struct admin_reply *reply);
void admin_redirect(struct step *step, struct admin_reply *reply);

#endif
