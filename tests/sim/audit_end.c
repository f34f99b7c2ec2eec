/* audit_end.c - people's acts, the chain, and what must be true when all is over. See audit.h. */
#include "tests/sim/audit_inside.h"

enum { PARENTS_MAX = 64 };

bool fate_is_child(const struct audit *audit, uint64_t handoff, uint64_t of)
{
    for (int i = 0; i < PARENTS_MAX && handoff; i++) {
        if (handoff == of)
            return true;
        const struct fate *fate = &audit->fates[NUMBER_OF(handoff)];
        handoff = fate->parent ? fate->parent : fate->letter >= 0 ? audit->papers[fate->letter].letter.parent : 0;
    }
    return false;
}

int32_t letter_of_parents(const struct audit *audit, const struct fate *fate)
{
    for (int i = 0; i < PARENTS_MAX && fate->letter < 0; i++) {
        if (!fate->parent)
            return -1;
        fate = &audit->fates[NUMBER_OF(fate->parent)];
    }
    return fate->letter;
}

int32_t case_of(const struct audit *audit, const struct fate *fate)
{
    int32_t letter = letter_of_parents(audit, fate);

    for (int i = 0; letter < 0 && i < PARENTS_MAX && !fate->step && fate->parent; i++)
        fate = &audit->fates[NUMBER_OF(fate->parent)];
    return letter >= 0 ? (int32_t)(audit->papers[letter].letter.case_number % 64)
           : fate->step ? (int32_t)fate->step_case : -1;
}

/* ---- people */

static void ask_one(struct audit *audit, enum audit_act act, struct fate *fate, bool behind)
{
    switch (act) {
    case ACT_REPLAY: case ACT_REPLAY_FRESH:
        fate->replays++;
        fate->fresh += act == ACT_REPLAY_FRESH;
        return;
    case ACT_CLOSE: case ACT_REDIRECT:
        fate->ended_by_people = true;
        if (behind) {
            int32_t own = case_of(audit, fate);
            /* Those behind it are not known here: the whole case is, and what comes of it. */
            for (uint64_t i = 1; i <= audit->highest; i++) {
                struct fate *mate = &audit->fates[i];
                int32_t other = mate->handoff ? case_of(audit, mate) : -1;
                if (own < 0 || other < 0 || own == other)
                    mate->ended_by_people = true;
            }
            for (int i = 0; i < 64; i++)
                audit->lane_ended[i] |= own < 0 || own == i;
        }
        return;
    case ACT_RELEASE:
        fate->released = true;
        return;
    case ACT_HOLD:
        return;
    }
}

void audit_operator_asks(struct audit *audit, enum audit_act act, uint64_t handoff, int32_t agency, bool behind)
{
    if (handoff) {
        ask_one(audit, act, fate_of(audit, handoff), behind);
        return;
    }
    audit->group_replays++;
    for (uint64_t i = 1; i <= audit->highest; i++)
        if (audit->fates[i].handoff && (audit->fates[i].recipient == agency || audit->fates[i].recipient < 0))
            ask_one(audit, act, &audit->fates[i], behind);
}

void audit_operator_told(struct audit *audit, enum audit_act act, uint64_t handoff)
{
    static const enum cause causes[] = {
        [ACT_REPLAY] = CAUSE_REPLAYED, [ACT_REPLAY_FRESH] = CAUSE_REPLAYED, [ACT_CLOSE] = CAUSE_CLOSED_BY_OPERATOR,
        [ACT_REDIRECT] = CAUSE_REDIRECTED, [ACT_HOLD] = CAUSE_HOLD, [ACT_RELEASE] = CAUSE_RELEASE,
    };
    fate_of(audit, handoff)->owed_causes |= 1ull << causes[act];
}

/* ---- keys */

void audit_spoken_to(struct audit *audit, uint64_t handoff, uint32_t agency, uint32_t key, int64_t now_ms)
{
    const struct audit_directory *directory = &audit->directories[audit->directory_count - 1].directory;
    int64_t from_ms = directory->keys[agency][key].from_ms, to_ms = directory->keys[agency][key].to_ms;

    if (now_ms < from_ms || (to_ms && now_ms >= to_ms))
        audit_wrong(audit, handoff, "promise 9: said to agency %u by a connection whose key is not in force", agency);
}

/* ---- the room */

void audit_accepted_when_closed(struct audit *audit, uint64_t handoff)
{
    audit_wrong(audit, handoff, "promise 10: accepted while intake is closed");
}

void audit_refused_when_full(struct audit *audit, const char *what)
{
    audit_wrong(audit, 0, "promise 10: %s was refused for want of room", what);
}

/* ---- the chain */

void audit_chain(struct audit *audit, uint64_t seq, const struct hash *link)
{
    must(seq < AUDIT_WITNESSES);
    const struct witness *witness = &audit->witnesses[seq];
    if (witness->there && !hash_equal(&witness->link, link))
        audit_wrong(audit, 0, "promise 8: the link told for turn %llu is not the store's", (unsigned long long)seq);
}

void audit_chain_end(struct audit *audit, uint64_t seq_last)
{
    if (audit->witness_last > seq_last)
        audit_wrong(audit, 0, "promise 1: turn %llu was told, the store ends with turn %llu",
                    (unsigned long long)audit->witness_last, (unsigned long long)seq_last);
}

/* ---- the end */

static bool needs_person(enum state state)
{
    return state == STATE_FAILED || state == STATE_UNSURE;
}

/* One of the same sender in the same case, or one that it waits for, needs a person. */
static bool waits_for_person(const struct audit *audit, const struct paper *paper)
{
    for (uint64_t i = 1; i <= audit->highest; i++) {
        const struct fate *fate = &audit->fates[i];
        int32_t its = fate->handoff ? case_of(audit, fate) : -1;
        if (its >= 0 && needs_person(fate->told) && (uint32_t)its == paper->letter.case_number % 64)
            return true;
    }
    return false;
}

bool audit_is_settled(struct audit *audit, bool blame)
{
    for (uint64_t i = 1; i <= audit->highest; i++) {
        const struct fate *fate = &audit->fates[i];
        if (!fate->handoff || fate->letter < 0 || state_is_final(fate->told) || needs_person(fate->told))
            continue;
        const struct paper *paper = &audit->papers[fate->letter];
        if (!paper->handoff || waits_for_person(audit, paper))
            continue;
        if (blame)
            audit_wrong(audit, fate->handoff, "promise 6: it stands still and needs nobody (last told: %s)",
                        fate->told ? state_name(fate->told) : "nothing");
        return false;
    }
    return true;
}

static void blame_debts(struct audit *audit, const struct fate *fate)
{
    uint64_t states = fate->owed_states & ~fate->got_states, causes = fate->owed_causes & ~fate->got_causes;

    for (enum state state = 1; state < STATE_END; state++)
        if (states & 1u << state)
            audit_wrong(audit, fate->handoff, "promise 6: its receiver was told %s, its sender never was",
                        state_name(state));
    for (enum cause cause = 1; cause < CAUSE_END; cause++)
        if (causes & 1ull << cause)
            audit_wrong(audit, fate->handoff, "promise 6: a person did %s, its sender was never told",
                        cause_name(cause));
}

bool audit_is_over(struct audit *audit, bool blame)
{
    for (uint64_t i = 1; i <= audit->highest; i++) {
        const struct fate *fate = &audit->fates[i];
        if (!fate->handoff)
            continue;
        bool ended = state_is_final(fate->told) && !(fate->owed_states & ~fate->got_states) &&
                     !(fate->owed_causes & ~fate->got_causes);
        /* What becomes of a reminder its sender is told where it matters: it was never his. */
        if (ended || fate->reminder || (fate->letter < 0 && !fate->parent && !fate->delivers))
            continue;
        if (!blame)
            return false;
        if (!state_is_final(fate->told))
            audit_wrong(audit, fate->handoff, "promise 6: its sender never heard that it ended (last told: %s)",
                        fate->told ? state_name(fate->told) : "nothing");
        blame_debts(audit, fate);
    }
    return true;
}
