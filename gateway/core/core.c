/* core.c - from a command to its step; what the loop asks between steps. */
#include "gateway/core/core.h"

#include "gateway/core/lane.h"
#include "gateway/core/restore.h"
#include "gateway/core/step.h"

enum { SCRATCH_BYTES = 1 << 20 };

enum result core_init(struct core *core)
{
    *core = (struct core){ 0 };
    return arena_init(&core->scratch, SCRATCH_BYTES);
}

void core_done(struct core *core)
{
    arena_done(&core->scratch);
}

void core_step(struct core *core, struct turn *turn, int64_t now_ms, const struct command *command,
               struct effects *effects)
{
    struct step step = { .core = core, .turn = turn, .now_ms = now_ms, .command = command, .effects = effects };

    must(core->tables != NULL);
    arena_reset(&core->scratch);
    switch (command->kind) {
    case COMMAND_START:         step_start(&step); return;
    case COMMAND_TICK:          step_tick(&step); return;
    case COMMAND_SUBMIT:        step_submit(&step); return;
    case COMMAND_OFFER:         step_offer(&step); return;
    case COMMAND_OUTCOME:       step_outcome(&step); return;
    case COMMAND_CHECKPOINT:    step_checkpoint(&step); return;
    case COMMAND_CURSOR:        step_cursor(&step); return;
    case COMMAND_NOTIFY:        step_notify(&step); return;
    case COMMAND_NOTICE_ACK:    step_notice_ack(&step); return;
    case COMMAND_TRACK:         step_track(&step); return;
    case COMMAND_SESSION_LOST:  step_session_lost(&step); return;
    case COMMAND_BREAKER:       step_breaker(&step); return;
    case COMMAND_ADMIN:         step_admin(&step); return;
    case COMMAND_DIRECTORY:     step_directory(&step); return;
    case COMMAND_RESTORE:       step_restore(&step); return;
    case COMMAND_TAKEOVER:      step_takeover(&step); return;
    case COMMAND_BLOB:          step_blob(&step); return;
    case COMMAND_END:           break;
    }
    must(false);
}

int64_t core_due_ms(struct turn *turn)
{
    enum timer_what what;
    int64_t due_ms;
    uint64_t id;
    return turn_timer_first(turn, &due_ms, &what, &id) ? due_ms : INT64_MAX;
}

bool core_has_ready(struct turn *turn, uint32_t agency)
{
    struct agency_state state;
    int64_t due_ms;
    uint64_t id;

    if (!agency || restore_is_held(turn))
        return false;
    turn_agency_state(turn, agency, &state);
    if (state.paused || state.on_hold)
        return false;
    for (unsigned lane_class = 0; lane_class < LANE_CLASSES; lane_class++)
        if (turn_ready_from(turn, agency, lane_class, INT64_MIN, 0, &due_ms, &id))
            return true;
    return false;
}
