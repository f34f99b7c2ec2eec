/* audit_late.c - dossiers that will not be, or were not, in time, as the auditor has them: none without a request for
 * an apology or a named reason for none, no apology for one that was in time. See audit_dossier.h. */
#include "tests/sim/audit_inside.h"
#include "tests/sim/law.h"

#define LATE_MS   (2LL * 60 * 1000)     /* timers of a gateway that is in doubt about the time are put off a minute */
#define MINUTE_MS (60LL * 1000)
#define HOUR_MS   (60 * MINUTE_MS)

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
    if (life->directory->calendar && !rule_is_worked(says->due_ms, true))
        audit_wrong(life->audit, letter->handoff, "late: an apology was accepted whose new date is not a working time");
    if (!life_same(life, dossier->opener, to))
        return;
    dossier->apologies++;
    dossier->signed_by = letter->sender;
    dossier->promised_ms = says->due_ms;
}

/* ---- the brake: so many requests to one agency in an hour, which begins with the first; others wait for a person */

static void note_request(struct life *life, const struct audit_event *event, const struct audit_handoff *request)
{
    struct audit *audit = life->audit;
    int32_t agency = life->handoffs[life_handoff(life, request->handoff)].recipient;

    if (life->directory->brake && agency >= 0 && audit->apology_count < AUDIT_FATES) {
        audit->apologies[audit->apology_count].at_ms = event->at_ms;
        audit->apologies[audit->apology_count++].agency = agency;
    }
}

void audit_let_go(struct audit *audit, int32_t agency, int64_t now_ms)
{
    if (!audit->let_go_ms[agency])
        audit->let_go_ms[agency] = now_ms;
}

/* Who has taken over from another gets what was counted for both. */
static bool is_heir(const struct audit *audit, int32_t agency)
{
    for (int i = 0; i < SOMEBODY_MAX; i++)
        if (audit->heirs[i] & 1u << agency)
            return true;
    return false;
}

void late_looked_at_all(struct audit *audit)
{
    uint32_t brake = audit->directories[audit->directory_count - 1].directory.brake;

    for (uint32_t i = 0; i < audit->apology_count; i++) {
        int32_t agency = audit->apologies[i].agency;
        int64_t from_ms = audit->apologies[i].at_ms, let_go_ms = audit->let_go_ms[agency];
        uint32_t count = 0;
        for (uint32_t k = 0; k < audit->apology_count; k++) {
            int64_t at_ms = audit->apologies[k].at_ms;
            count += audit->apologies[k].agency == agency && at_ms >= from_ms && at_ms - from_ms < HOUR_MS &&
                     (!let_go_ms || at_ms < let_go_ms);
        }
        if (count > 2 * brake && !is_heir(audit, agency))      /* any hour meets two of those that are counted */
            audit_wrong(audit, 0, "late: %u apologies were asked for of agency %d within an hour, %u are the bound",
                        count, agency, brake);
    }
}

/* ---- what is accepted */

static void request_accepted(struct life *life, const struct audit_event *event, const struct audit_handoff *request)
{
    int32_t parent = life_handoff(life, request->parent);
    int64_t due_ms = life_due_ms(life);

    if (parent >= 0 && life->look->handoffs[parent].kind == KIND_APOLOGY)
        return;                                         /* it calls one back */
    if (life->look->last && event->turn_seq != life->asked_turn)
        note_request(life, event, request);             /* several holders of one dossier are one request */
    life->asked_turn = event->turn_seq;
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
    bool owed = life->look->handoffs[parent].kind == KIND_RECALL ? life->handoffs[parent].unanswered
                                                                 : life->handoffs[parent].listed;
    if (!owed || life->handoffs[parent].urges++)
        audit_wrong(life->audit, urge->handoff, "late: urged for what was taken or answered, or once more");
}

void late_braked(const struct life *life, const struct audit_event *event)
{
    if (!life->directory->brake)
        audit_wrong(life->audit, event->handoff, "late: held back as too many, and there is no bound");
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
    if (late && dossier->ended && shown->apology == APOLOGY_UNDETERMINED)
        audit_wrong(life->audit, handoff, "late: case %u has ended, and it is not known whether it was late",
                    life->look->case_number);
    if (ended_in_time(dossier, due_ms) && owed && !of_earlier && known_ms + LATE_MS < life->look->now_ms)
        audit_wrong(life->audit, handoff, "late: case %u was in time, and an apology is owed", life->look->case_number);
}
