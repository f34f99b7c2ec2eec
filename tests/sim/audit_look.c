/* audit_look.c - what an operator is shown of a dossier, beside what it must be. See audit_dossier.h. */
#include <string.h>

#include "tests/sim/audit_inside.h"
#include "tests/sim/law.h"

enum { ASKED_SHOWN = 8 };               /* so many requests at most */
#define WALL_OFF_MS (2LL * 3600 * 1000)     /* no gateway's clock is further ahead of the truth */
#define LATE_MS (2LL * 60 * 1000)       /* timers of a gateway that is in doubt about the time are put off a minute */

static uint64_t about(const struct life *life)
{
    return life->look->handoff_count ? life->look->handoffs[0].handoff : 0;
}

static void differs(struct life *life, const char *what, int64_t shown, int64_t expected)
{
    audit_wrong(life->audit, about(life), "dossier of case %u: %s is %lld, it must be %lld", life->look->case_number,
                what, (long long)shown, (long long)expected);
}

#define COMPARE(life, shown, expected, what) \
    do { if ((shown)->what != (expected)->what) differs(life, #what, (int64_t)(shown)->what, \
                                                        (int64_t)(expected)->what); } while (0)

static void compare_line(struct life *life, const struct audit_line *shown, const struct audit_line *line)
{
    COMPARE(life, shown, line, status);
    COMPARE(life, shown, line, gap);
    COMPARE(life, shown, line, by);
    COMPARE(life, shown, line, source_ms);
    COMPARE(life, shown, line, sequence);
}

static void compare_branches(struct life *life)
{
    const struct audit_dossier *shown = &life->look->shown, *dossier = &life->dossier;

    COMPARE(life, shown, dossier, branch_count);
    COMPARE(life, shown, dossier, branches_lost);
    for (uint32_t i = 0; i < shown->branch_count && i < dossier->branch_count; i++) {
        const struct audit_branch *branch = &shown->branches[i], *expected = &dossier->branches[i];
        COMPARE(life, branch, expected, handoff);
        COMPARE(life, branch, expected, sender);
        COMPARE(life, branch, expected, holder);
        COMPARE(life, branch, expected, passed_on);
        COMPARE(life, branch, expected, ended);
        COMPARE(life, branch, expected, result);
        COMPARE(life, branch, expected, behind);
        COMPARE(life, branch, expected, sent_back);
        COMPARE(life, branch, expected, delivered_ms);
        COMPARE(life, branch, expected, receipt_ms);
        compare_line(life, &branch->line, &expected->line);
    }
}

static void compare_pauses(struct life *life)
{
    const struct audit_dossier *shown = &life->look->shown, *dossier = &life->dossier;

    COMPARE(life, shown, dossier, pause_count);
    COMPARE(life, shown, dossier, pauses_lost);
    for (uint32_t i = 0; i < shown->pause_count && i < dossier->pause_count; i++) {
        const struct audit_pause *pause = &shown->pauses[i], *expected = &dossier->pauses[i];
        COMPARE(life, pause, expected, from_ms);
        COMPARE(life, pause, expected, to_ms);
        COMPARE(life, pause, expected, branch);
    }
}

static void compare_sums(struct life *life)
{
    const struct audit_dossier *shown = &life->look->shown, *dossier = &life->dossier;

    COMPARE(life, shown, dossier, sum_count);
    for (uint32_t i = 0; i < dossier->sum_count; i++) {
        const struct audit_paid *expected = &dossier->sums[i], *paid = shown->sums;
        while (paid < shown->sums + shown->sum_count && strcmp(paid->sum.component, expected->sum.component) != 0)
            paid++;
        if (paid == shown->sums + shown->sum_count) {
            audit_wrong(life->audit, about(life), "dossier of case %u: its sum %s is not shown",
                        life->look->case_number, expected->sum.component);
            return;
        }
        COMPARE(life, paid, expected, sum.owed);
        COMPARE(life, paid, expected, sum.paid);
        COMPARE(life, paid, expected, source_ms);
        COMPARE(life, paid, expected, by);
    }
}

/* The newest, and all that are open. */
static void compare_asked(struct life *life)
{
    const struct audit_dossier *shown = &life->look->shown, *dossier = &life->dossier;
    uint32_t open = 0, open_shown = 0;

    for (uint32_t i = 0; i < dossier->asked_count; i++)
        open += dossier->asked[i].state == ASKING_OPEN;
    for (uint32_t i = 0; i < shown->asked_count; i++) {
        const struct audit_asked *asked = &shown->asked[i], *expected = dossier->asked;
        open_shown += asked->state == ASKING_OPEN;
        while (expected < dossier->asked + dossier->asked_count && expected->request != asked->request)
            expected++;
        if (expected == dossier->asked + dossier->asked_count) {
            audit_wrong(life->audit, asked->request, "dossier: it asks for nothing, and is shown as a request");
            return;
        }
        COMPARE(life, asked, expected, state);
        COMPARE(life, asked, expected, branch);
        COMPARE(life, asked, expected, agency);
        COMPARE(life, asked, expected, nth);
        COMPARE(life, asked, expected, answers);
        COMPARE(life, asked, expected, asked_ms);
        COMPARE(life, asked, expected, answer_by_ms);
        COMPARE(life, asked, expected, ended_ms);
    }
    if (life->look->last)
        asked_last(life);
    if (open <= ASKED_SHOWN && open != open_shown)
        differs(life, "open requests", open_shown, open);
}

/* ---- due dates */

static bool is_since(const struct life *life)
{
    return life->dossier.received_ms >= LAW_CHANGES_MS && !life->version_of_flow;
}

static int64_t committed_ms(const struct life *life, bool calendar)
{
    const struct audit_dossier *dossier = &life->dossier;
    int64_t from_ms = dossier->received_ms;

    return dossier->channel == LAW_ONLINE
        ? rule_working_hours(from_ms, LAW_ONLINE_HOURS, dossier->pauses, dossier->pause_count, calendar)
        : rule_working_days(from_ms, is_since(life) ? LAW_DAYS_SINCE : LAW_DAYS_BEFORE, dossier->pauses,
                            dossier->pause_count, calendar);
}

int64_t life_due_ms(const struct life *life)
{
    const struct audit_dossier *dossier = &life->dossier;

    if (dossier->due_source)
        return dossier->due_ms;
    return dossier->received_ms && life->procedure ? committed_ms(life, life->directory->calendar) : 0;
}

/* By the rules; a date on paper stays what it is. */
static void compute(struct life *life, bool calendar)
{
    struct audit_dossier *dossier = &life->dossier;
    int64_t from_ms = dossier->received_ms;

    if (!from_ms || !life->procedure)
        return;
    dossier->since = is_since(life);
    dossier->committed_ms = committed_ms(life, calendar);
    dossier->statutory_ms = rule_days(from_ms, LAW_STATUTORY_DAYS, dossier->pauses, dossier->pause_count, calendar);
    dossier->unknown_year = calendar ? 0 : LAW_YEAR;
    if (dossier->due_source)
        return;
    dossier->due_ms = dossier->committed_ms;
    dossier->due_source = calendar ? DUE_COMPUTED : DUE_PROVISIONAL;
}

static void compare_due(struct life *life)
{
    const struct audit_dossier *shown = &life->look->shown, *dossier = &life->dossier;

    COMPARE(life, shown, dossier, channel);
    COMPARE(life, shown, dossier, received_ms);
    COMPARE(life, shown, dossier, claimed_ms);
    COMPARE(life, shown, dossier, claimed_by);
    COMPARE(life, shown, dossier, due_by);
    /* It may not have come to this one yet since the calendar is there. */
    compute(life, life->directory->calendar && (life->look->last || !shown->unknown_year));
    COMPARE(life, shown, dossier, since);
    COMPARE(life, shown, dossier, committed_ms);
    COMPARE(life, shown, dossier, statutory_ms);
    COMPARE(life, shown, dossier, unknown_year);
    COMPARE(life, shown, dossier, due_source);
    COMPARE(life, shown, dossier, due_ms);
}

/* ---- lists */

/* The facts that it lists: the newest, in order, none left out. */
static void compare_told(struct life *life)
{
    const struct audit_look *look = life->look;
    uint32_t at = look->told_count;

    for (uint32_t i = look->event_count; i > 0; i--) {
        const struct audit_event *event = &look->events[i - 1];
        if (!event->judged)
            continue;
        if (!at && look->told_count < look->told_most)
            audit_wrong(life->audit, event->handoff, "dossier: a fact is not among those that are shown");
        if (!at)
            return;
        if (look->told[--at] != event->seq)
            audit_wrong(life->audit, event->handoff, "dossier: another fact is shown in the place of this one");
    }
    if (at && look->handoff_count)
        audit_wrong(life->audit, about(life), "dossier of case %u: facts are shown that nobody told",
                    look->case_number);
}

static int64_t receipt_due_ms(const struct life_handoff *now, bool calendar)
{
    return rule_working_hours(now->delivered_ms, LAW_RECEIPT_HOURS, NULL, 0, calendar);
}

static bool is_listed(const struct audit_look *look, uint64_t handoff)
{
    for (uint32_t i = 0; i < look->unreceived_count; i++)
        if (look->unreceived[i] == handoff)
            return true;
    return false;
}

static void compare_receipts(struct life *life)
{
    const struct audit_look *look = life->look;

    for (uint32_t i = 0; i < look->handoff_count; i++) {
        const struct life_handoff *now = &life->handoffs[i];
        uint64_t handoff = look->handoffs[i].handoff;
        uint32_t receipts = 0;
        for (uint32_t k = 0; k < look->event_count; k++) {
            const struct audit_event *event = &look->events[k];
            receipts += event->handoff == handoff && event->cause == CAUSE_RECEIVED;
            if (event->handoff == handoff && event->cause == CAUSE_UNRECEIVED &&
                event->at_ms < receipt_due_ms(now, false))
                audit_wrong(life->audit, handoff, "dossier: said not to be taken before its time was over");
        }
        if (receipts != now->receipts)
            audit_wrong(life->audit, handoff, "dossier: %u receipts stand in its history, it must be %u", receipts,
                        now->receipts);
        bool open = now->delivered_ms && !now->received && !now->answer;
        if (is_listed(look, handoff) != (now->listed && open))
            audit_wrong(life->audit, handoff, now->listed && open ? "dossier: nobody has taken it, it is not listed"
                                                                  : "dossier: listed as taken by nobody");
        if (look->last && look->handoffs[i].kind == KIND_FORWARD && open && !now->listed &&
            receipt_due_ms(now, true) + LATE_MS < look->now_ms)
            audit_wrong(life->audit, handoff, "dossier: nobody has taken it, and nobody is told");
        life->audit->found_unreceived += look->last && is_listed(look, handoff);
    }
}

/* ---- all of it */

/* A dossier that asks for the paper that its version has withdrawn is refused. */
static void check_papers(struct audit *audit, const struct audit_look *look)
{
    for (uint32_t i = 0; i < look->event_count; i++) {
        int32_t index = -1;
        for (uint32_t k = 0; k < look->handoff_count; k++)
            if (look->handoffs[k].handoff == look->events[i].handoff)
                index = (int32_t)k;
        if (look->events[i].cause != CAUSE_ACCEPTED || look->handoffs[index].letter < 0)
            continue;
        const struct audit_says *says = &audit->papers[look->handoffs[index].letter].letter.says;
        int64_t received_ms = says->received_ms ? says->received_ms : look->events[i].at_ms;
        if (says->paper && received_ms >= LAW_CHANGES_MS)
            audit_wrong(audit, look->events[i].handoff, "dossier: it asks for a withdrawn paper, and was accepted");
    }
}

void audit_paper_refused(struct audit *audit, uint32_t letter, int64_t now_ms)
{
    const struct audit_says *says = &audit->papers[letter].letter.says;
    int64_t received_ms = says->received_ms ? says->received_ms : now_ms + WALL_OFF_MS;

    /* Or it asks the citizen for nothing at all. */
    if (audit->papers[letter].letter.kind == KIND_SUPPLEMENT_REQUEST && !says->components && !says->reason)
        return;
    if (!says->paper || received_ms < LAW_CHANGES_MS)
        audit_wrong(audit, 0, "dossier: letter %u was refused for a paper that may be asked for", letter);
}

static void count(struct audit *audit, const struct audit_look *look)
{
    audit->counts.dossiers += look->shown.there;
    audit->counts.requests += look->shown.asked_count;
    for (uint32_t i = 0; i < look->event_count; i++)
        audit->counts.facts += look->events[i].judged != 0;
    for (uint32_t i = 0; i < look->handoff_count; i++)
        audit->counts.steps += look->handoffs[i].step >= 0;
}

void audit_look(struct audit *audit, const struct audit_look *look)
{
    static struct life life;

    must(look->handoff_count <= HANDOFFS_OF_CASE_MAX && audit->directory_count);
    memset(&life, 0, sizeof life);
    life.audit = audit;
    life.look = look;
    life_tell(&life);
    check_papers(audit, look);
    if (look->last) {
        count(audit, look);
        flow_last(&life);
    }
    compare_told(&life);
    compare_receipts(&life);
    COMPARE(&life, &look->shown, &life.dossier, there);
    if (!look->shown.there || !life.dossier.there)
        return;
    COMPARE(&life, &look->shown, &life.dossier, opener);
    compare_line(&life, &look->shown.line, &life.dossier.line);
    COMPARE(&life, &look->shown, &life.dossier, ended);
    COMPARE(&life, &look->shown, &life.dossier, ended_ms);
    COMPARE(&life, &look->shown, &life.dossier, kept);
    COMPARE(&life, &look->shown, &life.dossier, unknown);
    compare_branches(&life);
    COMPARE(&life, &look->shown, &life.dossier, owner);
    compare_asked(&life);
    compare_pauses(&life);
    compare_sums(&life);
    compare_due(&life);
    COMPARE(&life, &look->shown, &life.dossier, apologies);
    COMPARE(&life, &look->shown, &life.dossier, signed_by);
    COMPARE(&life, &look->shown, &life.dossier, promised_ms);
    if (look->last) {
        late_last(&life);
        figures_count(audit, &life.dossier);
    }
}

enum status audit_stood(const struct audit *audit, uint32_t index, int32_t *ret_owner)
{
    *ret_owner = audit->stood[index % TRAIL_MAX].owner;
    return audit->stood[index % TRAIL_MAX].status;
}

struct audit_counts audit_counts(const struct audit *audit)
{
    return audit->counts;
}

void audit_looked_at_all(struct audit *audit, uint32_t unreceived_count)
{
    late_looked_at_all(audit);
    if (audit->found_unreceived != unreceived_count)
        audit_wrong(audit, 0, "dossier: %u are listed that nobody has taken, %u of them are there", unreceived_count,
                    audit->found_unreceived);
}

void audit_directory(struct audit *audit, uint64_t turn_seq, const struct audit_directory *directory)
{
    must(audit->directory_count < DIRECTORIES_MAX);
    audit->directories[audit->directory_count].from_turn = turn_seq;
    audit->directories[audit->directory_count++].directory = *directory;
}
