/* audit_late.c - dossiers that will not be, or were not, in time, as the auditor has them: none without a request for
 * an apology or a named reason for none, no apology for one that was in time. See audit_dossier.h. */
#include "tests/sim/audit_inside.h"
#include "tests/sim/law.h"

#define LATE_MS   (2LL * 60 * 1000)     /* timers of a gateway that is in doubt about the time are put off a minute */
#define MINUTE_MS (60LL * 1000)

static bool stands(const struct audit_dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms)
            return true;
    return dossier->pauses_lost && rule_is_pause(dossier->line.status);
}

static bool ended_in_time(const struct audit_dossier *dossier, int64_t due_ms)
{
    return dossier->ended && (!due_ms || dossier->ended_ms <= due_ms);
}

/* Signed by the head of whoever holds it. */
static void letter_accepted(struct life *life, const struct audit_handoff *letter)
{
    struct audit_dossier *dossier = &life->dossier;
    int64_t due_ms = life_due_ms(life);
    const struct audit_says *says = &life->audit->papers[letter->letter].letter.says;
    int32_t to = life->handoffs[life_handoff(life, letter->handoff)].recipient;

    if (!dossier->there || !due_ms || life_same(life, dossier->opener, letter->sender))
        return;
    if (!says->officer || !says->reason || !says->due_ms)
        audit_wrong(life->audit, letter->handoff, "late: an apology without reason, new date or signer was accepted");
    if (life->had_ended && life->had_ended_ms <= due_ms)
        audit_wrong(life->audit, letter->handoff, "late: an apology was accepted for a dossier that was in time");
    if (!life_same(life, dossier->opener, to))
        return;
    dossier->apologies++;
    dossier->signed_by = letter->sender;
    dossier->promised_ms = says->due_ms;
}

static void request_accepted(struct life *life, const struct audit_event *event, const struct audit_handoff *request)
{
    int32_t parent = life_handoff(life, request->parent);
    int64_t due_ms = life_due_ms(life);

    if (parent >= 0 && life->look->handoffs[parent].kind == KIND_APOLOGY)
        return;                                         /* it calls one back */
    if (life->had_ended)
        audit_wrong(life->audit, request->handoff, "late: an apology is asked for of a dossier that has ended");
    if (stands(&life->dossier))
        audit_wrong(life->audit, request->handoff, "late: an apology is asked for while the clock stands");
    if (!due_ms || rule_working_hours(event->at_ms + MINUTE_MS, LAW_ASK_HOURS, NULL, 0, life->directory->calendar) <
                       due_ms)
        audit_wrong(life->audit, request->handoff, "late: an apology is asked for too early");
}

static void urge_accepted(struct life *life, const struct audit_event *event, const struct audit_handoff *urge)
{
    int32_t parent = life_handoff(life, urge->parent);

    if (parent < 0) {
        if (life_due_ms(life) > event->at_ms)
            audit_wrong(life->audit, urge->handoff, "late: others are told of a dossier that is not due");
        return;
    }
    if (!life->handoffs[parent].listed || life->handoffs[parent].urges++)
        audit_wrong(life->audit, urge->handoff, "late: urged for what was taken, or once more");
}

void late_accepted(struct life *life, const struct audit_event *event, int32_t index)
{
    const struct audit_handoff *handoff = &life->look->handoffs[index];

    if (handoff->kind == KIND_APOLOGY && handoff->letter >= 0)
        letter_accepted(life, handoff);
    else if (handoff->kind == KIND_APOLOGY)
        request_accepted(life, event, handoff);
    else if (handoff->kind == KIND_URGE && handoff->letter < 0)
        urge_accepted(life, event, handoff);
}

void late_last(struct life *life)
{
    const struct audit_dossier *shown = &life->look->shown, *dossier = &life->dossier;
    int64_t due_ms = shown->due_ms;
    bool owed = shown->apology && shown->apology != APOLOGY_CANCELLED;
    bool of_earlier = shown->apology == APOLOGY_SIGNED && shown->apology_due_ms < due_ms;
    /* What has just happened may have made it so. */
    int64_t known_ms = life->look->events[life->look->event_count - 1].at_ms;
    int64_t since_ms = (due_ms > known_ms ? due_ms : known_ms) + LATE_MS;
    bool late = since_ms < life->look->now_ms && (dossier->ended ? dossier->ended_ms > due_ms : !stands(dossier));
    uint64_t handoff = life->look->handoffs[0].handoff;

    if (!due_ms || !life->directory->asks)
        return;
    if (late && !owed)
        audit_wrong(life->audit, handoff, "late: case %u was not in time, nobody is asked for an apology, and no "
                    "reason is named", life->look->case_number);
    if (shown->apology == APOLOGY_NOT_ASKED && !shown->unasked)
        audit_wrong(life->audit, handoff, "late: case %u: an apology is not asked for, and no reason is named",
                    life->look->case_number);
    if (ended_in_time(dossier, due_ms) && owed && !of_earlier && known_ms + LATE_MS < life->look->now_ms)
        audit_wrong(life->audit, handoff, "late: case %u was in time, and an apology is owed", life->look->case_number);
}
