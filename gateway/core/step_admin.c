/* step_admin.c - ADMIN: what an operator asks and does, one of the verbs of verb.h.
 *
 * When      from the admin socket (command line, console).
 * Changes   see step_admin_act.c and step_admin_move.c; a question changes nothing.
 * Effects   EFFECT_ADMIN_REPLY, refused or filled in; and what follows from a change.
 * Repeated  a question gives things as they stand then; a change that was made already is refused wrong-state.
 */
#include "gateway/core/admin.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/core/explain.h"
#include "gateway/core/verb.h"

/* ADMIN_ROOM: effects that one change can bring with it, a closed antecedent failing its dependants included. */
enum { ADMIN_ROOM = 160, ADMIN_BYTES = 24 << 10, FACT_SIZE = 128 };

/* The sentences as they are. */
static void refuse_words(struct step *step, struct admin_reply *reply, enum problem_type type, const char *field,
                         struct words sentence)
{
    struct problem *problem = arena_take(&step->effects->arena, sizeof *problem);
    struct text text;

    must(problem);
    problem->type = type;
    text = text_of(problem->field, sizeof problem->field);
    text_add(&text, "%s", field);
    text = text_of(problem->sentence_vi, sizeof problem->sentence_vi);
    text_add(&text, "%s", sentence.vi);
    text = text_of(problem->sentence_en, sizeof problem->sentence_en);
    text_add(&text, "%s", sentence.en);
    reply->refused = problem;
}

void admin_refuse(struct step *step, struct admin_reply *reply, enum problem_type type, const char *field,
                  const char *vi, const char *en, ...)
{
    char sentence_vi[320], sentence_en[320];
    struct text text = text_of(sentence_vi, sizeof sentence_vi);
    va_list arguments, again;

    va_start(arguments, en);
    va_copy(again, arguments);
    text_add_v(&text, vi, arguments);
    text = text_of(sentence_en, sizeof sentence_en);
    text_add_v(&text, en, again);
    va_end(again);
    va_end(arguments);
    refuse_words(step, reply, type, field, (struct words){ sentence_vi, sentence_en });
}

void admin_refuse_state(struct step *step, struct admin_reply *reply, const struct handoff *handoff, struct words why)
{
    char sentence_vi[256], sentence_en[256];
    struct text vi = text_of(sentence_vi, sizeof sentence_vi), en = text_of(sentence_en, sizeof sentence_en);
    struct words state = state_words(handoff->state);

    text_add(&vi, "Lượt %" PRIu64 " %s (%s): %s", handoff->id, state.vi, state_name(handoff->state), why.vi);
    text_add(&en, "Handoff %" PRIu64 " is %s (%s): %s", handoff->id, state.en, state_name(handoff->state), why.en);
    refuse_words(step, reply, PROBLEM_WRONG_STATE, "handoff_id", (struct words){ sentence_vi, sentence_en });
}

void admin_fact(struct step *step, struct admin_reply *reply, const char *name, const char *format, ...)
{
    char value[FACT_SIZE];
    struct text text = text_of(value, sizeof value);
    va_list arguments;

    va_start(arguments, format);
    text_add_v(&text, format, arguments);
    va_end(arguments);
    if (reply->fact_count < FACTS_MAX)
        reply->facts[reply->fact_count++] = (struct fact){ name, effects_text(step->effects, value) };
}

uint32_t admin_agency(struct step *step, struct admin_reply *reply, const char *field, const char *code, bool make)
{
    const struct agency *agency = tables_agency(step->core->tables, code);
    uint32_t number = turn_agency_number(step->turn, agency ? agency->code : code);

    if (agency && !number)
        number = make ? turn_agency_number_make(step->turn, agency->code) : UINT32_MAX;
    if (!number)
        admin_refuse(step, reply, PROBLEM_UNKNOWN_AGENCY, field, "Không có cơ quan %s trong danh bạ.",
                     "There is no agency %s in the directory.", code);
    return number;
}

bool admin_handoff(struct step *step, struct admin_reply *reply, struct handoff *ret_handoff)
{
    uint64_t id = step->command->admin.handoff;
    if (id && turn_handoff(step->turn, id, ret_handoff))
        return true;
    if (id)
        admin_refuse(step, reply, PROBLEM_UNKNOWN_HANDOFF, "handoff_id", "Không có lượt giao–nhận %llu.",
                     "There is no handoff %llu.", (unsigned long long)id);
    else
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "handoff_id", "Hãy cho biết số của lượt giao–nhận.",
                     "Say which handoff, by its number.");
    return false;
}

bool admin_has_room(const struct step *step)
{
    return step->effects->count + ADMIN_ROOM < EFFECTS_MAX && arena_room(&step->effects->arena) > ADMIN_BYTES;
}

uint32_t admin_limit(const struct step *step)
{
    uint32_t limit = step->command->admin.limit;
    return limit && limit < PAGE_MAX ? limit : PAGE_MAX;
}

/* ---- the switch */

static bool has_reason(const struct admin *admin)
{
    for (const char *at = admin->reason; *at; at++)
        if (*at != ' ' && *at != '\t')
            return true;
    return false;
}

/* What is wrong with it, whatever the verb. False: refused. */
static bool judge(struct step *step, struct admin_reply *reply, enum verb verb)
{
    const struct admin *admin = &step->command->admin;

    if (!verb) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "verb", "Không có lệnh \"%s\".", "There is no verb \"%s\".",
                     admin->verb);
        return false;
    }
    bool reasoned = verb_infos[verb].acts && verb != VERB_BACKUP_BEGIN && verb != VERB_BACKUP_END;
    if (reasoned && !admin->dry_run && !has_reason(admin)) {
        admin_refuse(step, reply, PROBLEM_REASON_MISSING, "reason", "Lệnh %s cần lý do; lý do được lưu vào lịch sử.",
                     "%s needs a reason; it is kept in the history.", verb_infos[verb].name);
        return false;
    }
    if (!span_is_utf8(span_of_string(admin->reason)) || !span_is_utf8(span_of_string(admin->case_number))) {
        admin_refuse(step, reply, PROBLEM_INVALID_FIELD, "reason", "Lý do không phải UTF-8 hợp lệ.",
                     "The reason is not valid UTF-8.");
        return false;
    }
    return true;
}

void step_admin(struct step *step)
{
    static void (*const verbs[VERB_END])(struct step *step, struct admin_reply *reply) = {
        [VERB_STATUS] = admin_status, [VERB_SHOW] = admin_show, [VERB_EXPLAIN] = explain, [VERB_TRACK] = admin_track,
        [VERB_LIST] = admin_list, [VERB_FAILED] = admin_failed, [VERB_AGENCIES] = admin_agencies,
        [VERB_FACTS] = admin_facts, [VERB_OPEN] = admin_open_it,
        [VERB_UNRECEIVED] = admin_unreceived, [VERB_LATE] = admin_late, [VERB_LATE_RELEASE] = admin_late_release,
        [VERB_SIGN] = admin_sign,
        [VERB_REPLAY] = admin_replay, [VERB_CLOSE] = admin_close_it, [VERB_REDIRECT] = admin_redirect,
        [VERB_HOLD] = admin_hold, [VERB_RELEASE] = admin_release, [VERB_BACKUP_BEGIN] = admin_backup_begin,
        [VERB_SUPPLEMENTS] = admin_supplements, [VERB_BACKUP_END] = admin_backup_end,
        [VERB_CONFIRM_CLOCK] = admin_confirm_clock,
    };
    enum verb verb = verb_read(step->command->admin.verb);
    struct admin_reply reply = {
        .advice = arena_take(&step->effects->arena, ADVICE_MAX * sizeof *reply.advice),
        .facts = arena_take(&step->effects->arena, FACTS_MAX * sizeof *reply.facts),
    };

    must(reply.advice && reply.facts);
    memset(reply.advice, 0, ADVICE_MAX * sizeof *reply.advice);
    memset(reply.facts, 0, FACTS_MAX * sizeof *reply.facts);
    if (judge(step, &reply, verb))
        verbs[verb](step, &reply);
    effects_add(step->effects, EFFECT_ADMIN_REPLY, step->command)->admin_reply = reply;
}
