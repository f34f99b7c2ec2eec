/* office.c - the agencies' own HTTP systems: what they make of a POST, and their book of what they acted on.
 *
 *   IDEMPOTENT   the same key again: not acted on again
 *   PROBE        acts every time, but can be asked whether it has something under a key
 *   NEITHER      acts every time
 * Every system keeps its keys, so that a directory may change its class. */
#include <string.h>

#include "tests/sim/sim.h"

static bool in_book(const struct world *world, uint32_t agency, const char *key)
{
    for (uint32_t i = 0; i < world->book_count; i++)
        if (world->book[i].agency == agency && strcmp(world->book[i].key, key) == 0)
            return true;
    return false;
}

static void act(struct world *world, const struct job *job)
{
    const struct office *office = &world->offices[job->agency];
    bool there = in_book(world, job->agency, job->key);

    if (there && office->agency_class == CLASS_IDEMPOTENT)
        return;
    if (!there && world->book_count < BOOK_MAX) {
        world->book[world->book_count].agency = job->agency;
        memcpy(world->book[world->book_count++].key, job->key, sizeof job->key);
    }
    /* Past its lease: by its own clock, or perhaps by the gateway's, which went ahead meanwhile. */
    bool late = world->now_ms > job->arrived_ms + world->options.lease_ms ||
                world->now_ms > job->stamp_ms + world->options.lease_ms || world->clock_steps != job->clock_steps;
    /* An agency that stopped taking keys acts again on what was sent while it still did: the directory's doing, unless
     * this attempt was sent knowing it. */
    if (there && job->told != office->agency_class)
        return;
    STORY(world, job->handoff, "%s acts on it (attempt %u%s)", world->codes[job->agency], job->attempt,
          late ? ", past its lease" : "");
    audit_acted(world->audit, job->handoff, job->attempt, job->told, late);
    if (job->letter >= 0 && !there)
        letter_answer(world, job->agency, job->handoff, job->letter);
    else if (job->kind && !there)
        letter_answer_made(world, job);
}

static void answer(struct job *job, enum verdict verdict, const char *fingerprint)
{
    job->verdict = verdict;
    job->fingerprint = fingerprint;
}

/* True: this letter gets an answer of its own, whatever the mood. */
static bool troubled(struct world *world, struct job *job)
{
    struct office *office = &world->offices[job->agency];
    enum trouble trouble = job->letter >= 0 ? world->letters[job->letter].trouble : TROUBLE_NONE;

    switch (trouble) {
    case TROUBLE_BAD_DATA:
        answer(job, VERDICT_BAD_DATA, "http-400");
        return true;
    case TROUBLE_NO:
        answer(job, VERDICT_REFUSED, "http-409");
        return true;
    case TROUBLE_ORPHAN:
        answer(job, VERDICT_ORPHAN, "http-404");
        return !world->calm;
    case TROUBLE_MAPPING:
        job->scope = SCOPE_MAPPING;
        answer(job, VERDICT_MISCONFIGURED, "mapping");
        return !office->mapping_fixed && !world->calm;
    case TROUBLE_PREDECESSOR:
        answer(job, VERDICT_PREDECESSOR_MISSING, "http-424");
        return !world->calm && dice_percent(&world->dice, 70);
    case TROUBLE_OVERTAKEN:
        answer(job, VERDICT_OVERTAKEN, "http-410");
        return true;
    case TROUBLE_NONE:
        return false;
    }
    return false;
}

static void take(struct world *world, struct job *job)
{
    if (world->offices[job->agency].agency_class == CLASS_IDEMPOTENT && in_book(world, job->agency, job->key)) {
        answer(job, VERDICT_ALREADY_THERE, "http-200");
        return;
    }
    if (troubled(world, job))
        return;
    job->scope = 0;
    act(world, job);
    answer(job, VERDICT_DELIVERED, "http-201");
}

void office_post(struct world *world, struct job *job)
{
    job->scope = 0;
    switch (world->offices[job->agency].mood) {
    case MOOD_DOWN:
        job->never_sent = true;
        answer(job, VERDICT_LATER, "connect-refused");
        return;
    case MOOD_BUSY:
        answer(job, VERDICT_LATER, "http-503");
        return;
    case MOOD_HANGS:
        if (dice_percent(&world->dice, 50))
            act(world, job);
        answer(job, VERDICT_UNSURE, "timeout");
        return;
    case MOOD_CONFUSED:
        if (dice_percent(&world->dice, 30))
            act(world, job);
        answer(job, VERDICT_UNKNOWN, "http-500");
        return;
    case MOOD_LOCKED:
        job->scope = SCOPE_LOGIN;
        answer(job, VERDICT_MISCONFIGURED, "http-401");
        return;
    case MOOD_MISCONFIGURED:
        job->scope = SCOPE_AGENCY;
        answer(job, VERDICT_MISCONFIGURED, "http-405");
        return;
    case MOOD_GOOD: case MOODS:
        take(world, job);
        return;
    }
}

bool office_asked(struct world *world, const struct job *job)
{
    return in_book(world, job->agency, job->key);
}

void office_mood(struct world *world, uint32_t agency)
{
    struct office *office = &world->offices[agency];

    if (world->calm)
        return;
    bool moody = dice_percent(&world->dice, world->options.moody_percent);
    office->mood = moody ? dice_below(&world->dice, MOODS) : MOOD_GOOD;
    if (office->mood != MOOD_GOOD)
        STORY(world, 0, "%s is in mood %d", world->codes[agency], office->mood);
    plan(world, dice_wait(&world->dice, 40 * world->options.step_ms), EVENT_MOOD, agency, 0, NULL);
}
