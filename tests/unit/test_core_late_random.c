/* Dossiers to which anything may happen in any order, and what must hold of each whenever everything due has been done:
 *
 *   ended late      there is an apology, a request for one, or a named reason why there is none
 *   ended in time   none is owed; no letter is accepted any more
 *   late, at work   the same as ended late, as long as the clock does not stand
 *   always          as many letters as were accepted; the store is whole
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/status.h"
#include "proto/lienthong.pb-c.h"
#include "tests/unit/core_world.h"

enum { DOSSIERS = 12, ACTS = 600, ROUNDS = 12, CHECKED_EVERY = 40 };
#define HOUR_MS (60 * MINUTE_MS)

struct play {
    struct world *world;
    uint64_t dice;
    uint64_t forwards[DOSSIERS], letters[DOSSIERS];
    const char *holders[DOSSIERS];
    unsigned round;                     /* each with dossiers of its own */
    unsigned seen[APOLOGY_END], late, in_time;
};

static unsigned roll(struct play *play, unsigned sides)
{
    play->dice ^= play->dice << 13, play->dice ^= play->dice >> 7, play->dice ^= play->dice << 17;
    return (unsigned)(play->dice % sides);
}

static void code_of(const struct play *play, unsigned dossier, char code[DOSSIER_CODE_SIZE])
{
    snprintf(code, DOSSIER_CODE_SIZE, "H29.1-260302-%04u", play->round * DOSSIERS + dossier);
}

/* ---- what is known */

struct look { const char *code; struct dossier dossier; struct ending ending; bool there; };

static void look_at(struct turn *turn, void *context)
{
    struct look *look = context;
    uint64_t id = turn_dossier_find(turn, span_of_string(look->code));
    look->there = id && turn_dossier(turn, id, &look->dossier);
    if (look->there)
        (void)turn_ending(turn, id, &look->ending);
}

static struct look look(struct play *play, unsigned number)
{
    char code[DOSSIER_CODE_SIZE];
    struct look found = { .code = code };
    code_of(play, number, code);
    world_read(play->world, look_at, &found);
    return found;
}

static bool stands(const struct dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms)
            return true;
    return false;
}

static void check(struct play *play)
{
    for (unsigned i = 0; i < DOSSIERS; i++) {
        struct look found = look(play, i);
        const struct ending *ending = &found.ending;
        bool owed = ending->apology && ending->apology != APOLOGY_CANCELLED;
        if (!found.there || !found.dossier.due_ms)
            continue;
        int64_t due_ms = found.dossier.due_ms;          /* a letter may speak of one before */
        if (ending->apology == APOLOGY_SIGNED && ending->due_ms < due_ms)
            due_ms = ending->due_ms;
        play->seen[ending->apology]++;
        play->late += ending->ended && owed;
        play->in_time += ending->ended && !owed;
        if (ending->ended)
            assert_int_equal(owed, ending->ended_ms > due_ms);
        else if (play->world->now_ms >= found.dossier.due_ms && !stands(&found.dossier))
            assert_true(owed);
        assert_int_equal(ending->ended != 0,
                         status_is_over(found.dossier.line.status) && !found.dossier.line.recalled);
        assert_int_equal(ending->apology == APOLOGY_NOT_ASKED, ending->unasked != 0);
        assert_int_equal(ending->apologies, play->letters[i]);
        if (ending->ended)
            assert_true(!ending->asked_of && !ending->timer_ms);
    }
}

/* ---- what may happen */

static struct facts told;
static uint8_t header[1024];

/* Requests to the citizen need a reason, letters a reason and who signed. */
static struct span header_with_reason(void)
{
    Lienthong__V1__Header text = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;

    facts.reason_code = (char *)(uintptr_t)"qua-tai";
    facts.officer_from = (char *)(uintptr_t)"CB-07";
    text.facts = &facts;
    return span_of(header, lienthong__v1__header__pack(&text, header));
}

static struct command say(struct play *play, unsigned dossier, bool holder, enum kind kind, enum status status)
{
    const char *from = holder ? play->holders[dossier] : WARD, *to = holder ? WARD : play->holders[dossier];
    struct command command = world_submit(play->world, from, to, kind);

    code_of(play, dossier, command.submit.dossier_code);
    command.submit.parent = kind == KIND_FORWARD ? 0 : play->forwards[dossier];
    command.submit.source_time_ms = play->world->now_ms - (int64_t)roll(play, 3) * roll(play, 40) * HOUR_MS;
    told = (struct facts){ .status = status };
    command.submit.facts = status ? &told : NULL;
    command.submit.header = header_with_reason();
    return command;
}

static void begin(struct play *play, unsigned dossier)
{
    static const char *const holders[] = { SAFE, ASK, ONCE };
    play->holders[dossier] = holders[roll(play, 3)];
    struct command command = say(play, dossier, false, KIND_FORWARD, STATUS_ACCEPTED);
    command.submit.source_time_ms = play->world->now_ms;
    command.submit.due_ms = play->world->now_ms + (int64_t)roll(play, 120) * HOUR_MS;
    play->forwards[dossier] = world_accept(play->world, &command);
}

static bool accepted(struct play *play, const struct command *command)
{
    world_run(play->world, command);
    return world_count(play->world, EFFECT_ACCEPTED) == 1;
}

static void sign(struct play *play, unsigned dossier)
{
    struct command command = say(play, dossier, true, KIND_APOLOGY, 0);
    struct look before = look(play, dossier);

    command.submit.due_ms = play->world->now_ms + (int64_t)roll(play, 200) * HOUR_MS;
    if (!accepted(play, &command))
        return;
    play->letters[dossier]++;
    assert_false(before.ending.ended && before.ending.ended_ms <= before.dossier.due_ms);
}

static void restate(struct play *play, unsigned dossier)
{
    struct command command = say(play, dossier, false, KIND_PROGRESS, 0);
    command.submit.due_ms = play->world->now_ms + ((int64_t)roll(play, 160) - 40) * HOUR_MS;
    (void)accepted(play, &command);
}

static void pass(struct play *play)
{
    play->world->core.time_in_doubt = !roll(play, 20);
    (void)world_pass(play->world, (int64_t)roll(play, 600) * MINUTE_MS);
    play->world->core.time_in_doubt = false;
}

/* Some of what is offered gets through. */
static void deliver(struct play *play, const char *to)
{
    unsigned count = world_offer(play->world, to, 1 + roll(play, 4));
    struct { uint64_t handoff; uint32_t attempt; } taken[8];
    static const enum verdict verdicts[] = { VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_DELIVERED, VERDICT_LATER,
                                             VERDICT_BAD_DATA, VERDICT_UNSURE };

    for (unsigned i = 0; i < count; i++) {
        const struct effect *effect = world_effect(play->world, EFFECT_DELIVER, i);
        taken[i].handoff = effect->deliver.handoff;
        taken[i].attempt = effect->deliver.attempt;
    }
    for (unsigned i = 0; i < count; i++) {
        struct command outcome = world_outcome(to, taken[i].handoff, taken[i].attempt, verdicts[roll(play, 6)]);
        (void)world_say(play->world, &outcome);
    }
}

static void act(struct play *play, unsigned dossier)
{
    static const struct { enum kind kind; bool holder; enum status status; } acts[] = {
        { KIND_PROGRESS, true, STATUS_IN_PROCESS }, { KIND_SUPPLEMENT_REQUEST, true, 0 }, { KIND_SUPPLEMENT, false, 0 },
        { KIND_RESULT, true, 0 }, { KIND_RESULT, true, STATUS_DONE }, { KIND_PROGRESS, false, STATUS_RETURNED },
        { KIND_RECALL, true, 0 }, { KIND_PROGRESS, true, STATUS_DONE }, { KIND_REFUSAL, true, 0 },
        { KIND_WITHDRAWAL, false, 0 }, { KIND_STOP, false, 0 }, { KIND_URGE, false, 0 },
    };
    unsigned which = roll(play, 12);
    struct command command = say(play, dossier, acts[which].holder, acts[which].kind, acts[which].status);
    (void)accepted(play, &command);
}

static void one_turn(struct play *play)
{
    static const char *const agencies[] = { SAFE, ASK, ONCE, WARD };
    unsigned dossier = roll(play, DOSSIERS);

    if (!play->forwards[dossier]) {
        begin(play, dossier);
        return;
    }
    switch (roll(play, 10)) {
    case 0: case 1: case 2:
        pass(play);
        return;
    case 3: case 4:
        deliver(play, agencies[roll(play, 4)]);
        return;
    case 5:
        sign(play, dossier);
        return;
    case 6:
        restate(play, dossier);
        return;
    default:
        act(play, dossier);
        return;
    }
}

static void whatever_happens(void **state)
{
    struct world *world = *state;
    struct play play = { .world = world };

    world->tables.late = (struct late_rules){
        .ask = { DEADLINE_WORKING_DAYS, 1 }, .ask_short = { DEADLINE_WORKING_HOURS, 2 },
        .quiet = { DEADLINE_WORKING_HOURS, 4 }, .brake_per_hour = 1, .escalations_max = 3,
        .urge_answer_ms = 24 * HOUR_MS,
    };
    world->tables.receipt = (struct deadline_rule){ DEADLINE_WORKING_HOURS, 4 };
    play.dice = 88172645463325252ULL + (uint64_t)world->now_ms;
    for (unsigned i = 0; i < ROUNDS * ACTS; i++) {
        if (i % ACTS == 0) {
            play.round = i / ACTS;
            memset(play.forwards, 0, sizeof play.forwards);
            memset(play.letters, 0, sizeof play.letters);
        }
        one_turn(&play);
        if (i % CHECKED_EVERY == CHECKED_EVERY - 1) {
            (void)world_pass(world, 2 * MINUTE_MS);
            check(&play);
        }
    }
    for (enum apology apology = 0; apology < APOLOGY_END; apology++)
        assert_true(play.seen[apology] > 0);            /* each of them was gone through */
    assert_true(play.late >= 50 && play.in_time >= 50);
    world_check(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = { WORLD(whatever_happens) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
