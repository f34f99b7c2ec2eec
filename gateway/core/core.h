/* core.h - the deterministic heart: commands in, effects out, state in the turn's transaction.
 *
 * core_step() reads and writes only through the typed calls of turn.h, takes no clock, socket, file or chance, and
 * cannot fail: a refusal is an effect. The same turns (seq, now_ms, intake, tables, commands) build a store with the
 * same content. Nothing that a step says may leave before its turn is committed.
 *
 * A file per thing that can arrive: step_submit.c, step_offer.c, step_outcome.c, step_tick.c ...; each begins with when
 * it comes, what it may change, which effects it emits, and what a repetition of it does.
 */
#ifndef GATEWAY_CORE_CORE_H
#define GATEWAY_CORE_CORE_H

#include "gateway/core/command.h"
#include "gateway/core/effects.h"
#include "gateway/core/tables.h"
#include "gateway/store/turn.h"

struct core {
    const struct tables *tables;    /* in force for this turn */
    const char *intake_closed;      /* NULL: open; else why (Vietnamese / English), SUBMITs are refused FULL */
    bool        stopping;           /* SUBMITs are refused STOPPING */
    bool        purge_paused;       /* a backup is being taken: the sweep of bodies and blobs waits */
    bool        time_in_doubt;      /* gateway time may be wrong: nothing expires, is purged or forgotten, and nothing
                                       is refused for coming from the future */
    struct arena scratch;           /* for one step; core_init() */
};
MUST_USE enum result core_init(struct core *core);          /* takes its memory now, once */
void core_done(struct core *core);

/* Apply one command at now_ms inside turn. Appends at most STEP_EFFECTS_MAX effects. */
void core_step(struct core *core, struct turn *turn, int64_t now_ms, const struct command *command,
               struct effects *effects);

/* When COMMAND_TICK is next useful; INT64_MAX: never. */
int64_t core_due_ms(struct turn *turn);

/* A handoff that somebody wants to deliver to `agency` may be there. False for 0, an agency the store never saw. */
bool core_has_ready(struct turn *turn, uint32_t agency);

#endif
