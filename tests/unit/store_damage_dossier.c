/* store_damage_dossier.c - damages of what is known of dossiers: records, money, requests, steps, endings, receipts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store_damage_inside.h"

static struct dossier dossier_in(struct raw *raw)
{
    struct dossier dossier;
    struct span value;
    assert_true(raw_get(raw, TABLE_DOSSIER_STATE, KEY("8", SAMPLE_DOSSIER), &value) && dossier_parse(value, &dossier));
    return dossier;
}
#define DOSSIER(name, change) \
    static void name(struct raw *raw) \
    { \
        struct dossier dossier = dossier_in(raw); \
        uint8_t record[DOSSIER_BYTES_MAX]; \
        change; \
        raw_put(raw, TABLE_DOSSIER_STATE, KEY("8", SAMPLE_DOSSIER), \
                span_of(record, dossier_write(&dossier, record))); \
    }
DOSSIER(dossier_agency, dossier.branches[0].line.by = 9)
DOSSIER(dossier_branch, dossier.branches[0].handoff = ID(OFFERED))
DOSSIER(dossier_twice, (dossier.branches[1] = dossier.branches[0], dossier.branch_count = 2))
DOSSIER(dossier_due, dossier.due_source = 0)
DOSSIER(dossier_year, dossier.unknown_year = 2025)
DOSSIER(dossier_money, dossier.money_count = 1)
DOSSIER(dossier_status, dossier.line.status = STATUS_DONE)
DOSSIER(dossier_events, dossier.last_event = 0)
DOSSIER(dossier_other_events, dossier.last_event = 3)
static void dossier_odd(struct raw *raw) { raw_change(raw, TABLE_DOSSIER_STATE, KEY("8", SAMPLE_DOSSIER), 9, 50); }
static void money_stray(struct raw *raw)
{
    struct key key = KEY("8", 2);
    struct money money = { .owed = 1 };
    uint8_t record[RECORD_BYTES_MAX];
    key_bytes(&key, "LP", 2);
    raw_put(raw, TABLE_MONEY, key, span_of(record, money_write(&money, record)));
}
static void provisional_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_PROVISIONAL, KEY("48", SAMPLE_YEAR, SAMPLE_DOSSIER));
}
static void provisional_stray(struct raw *raw) { raw_put(raw, TABLE_PROVISIONAL, KEY("48", 2026, 7), NOTHING); }
static void unreceived_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_UNRECEIVED, KEY("488", POLICE, KEY_TIME(SITE_NOW_MS + 1), ID(DELIVERED)));
}
static void ending_put(struct raw *raw, uint64_t dossier, struct ending ending)
{
    uint8_t record[RECORD_BYTES_MAX];
    raw_put(raw, TABLE_ENDING, KEY("8", dossier), span_of(record, ending_write(&ending, record)));
}
static void ending_stray(struct raw *raw) { ending_put(raw, 7, (struct ending){ .apology = APOLOGY_BRAKED }); }
#define ENDING(name, change) \
    static void name(struct raw *raw) \
    { \
        struct ending ending; \
        struct span value; \
        assert_true(raw_get(raw, TABLE_ENDING, KEY("8", SAMPLE_DOSSIER), &value) && ending_parse(value, &ending)); \
        change; \
        ending_put(raw, SAMPLE_DOSSIER, ending); \
    }
ENDING(ending_undated, ending.ended = STATUS_DONE)
ENDING(ending_draft, ending.draft = ID(CLOSED) + 500)
ENDING(ending_agency, ending.signed_by = 9)
ENDING(apology_why, ending.apology = APOLOGY_NOT_ASKED)
ENDING(apology_letter, ending.apology = APOLOGY_SIGNED)
ENDING(late_elsewhere, ending.asked_of = TAX)
ENDING(late_timer_moved, ending.timer_ms++)
#define LATE_DUE_MS (SITE_NOW_MS + 1000)
#define LATE_TIMER_MS (SITE_NOW_MS + 2000000)
static void late_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_LATE, KEY("488", POLICE, KEY_TIME(LATE_DUE_MS), SAMPLE_DOSSIER));
}
static void late_stray(struct raw *raw)
{
    raw_put(raw, TABLE_LATE, KEY("488", POLICE, KEY_TIME(LATE_DUE_MS), 7), NOTHING);
}
static void late_timer_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(LATE_TIMER_MS), TIMER_LATE, SAMPLE_DOSSIER));
}
static void late_timer_stray(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(LATE_TIMER_MS), TIMER_LATE, 7), NOTHING);
}
static void urge_timer_of_another(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_URGE, ID(DELIVERED)), NOTHING);
}
static void unanswered_stray(struct raw *raw)
{
    raw_put(raw, TABLE_UNANSWERED, KEY("488", POLICE, KEY_TIME(SITE_NOW_MS), ID(DELIVERED)), NOTHING);
}
static void unanswered_lost(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(DELIVERED));
    handoff.flags |= HANDOFF_UNANSWERED;
    damage_handoff_put(raw, &handoff);
}
static struct asked asked_in(struct raw *raw)
{
    struct asked asked;
    struct span value;
    assert_true(raw_get(raw, TABLE_ASKED, KEY("88", SAMPLE_DOSSIER, ID(ASKED)), &value) && asked_parse(value, &asked));
    return asked;
}
static void asked_put(struct raw *raw, const struct asked *asked)
{
    uint8_t record[ASKED_BYTES_MAX];
    raw_put(raw, TABLE_ASKED, KEY("88", SAMPLE_DOSSIER, ID(ASKED)), span_of(record, asked_write(asked, record)));
}
static void asked_lost(struct raw *raw) { raw_delete(raw, TABLE_ASKED, KEY("88", SAMPLE_DOSSIER, ID(ASKED))); }
static void asked_untimed(struct raw *raw)
{
    raw_delete(raw, TABLE_TIMER, KEY("818", KEY_TIME(SAMPLE_ANSWER_BY_MS), TIMER_ASKED, ID(ASKED)));
}
static void asked_unlisted(struct raw *raw)
{
    raw_delete(raw, TABLE_ASKED_OPEN, KEY("88", KEY_TIME(SAMPLE_ANSWER_BY_MS), ID(ASKED)));
}
static void asked_year_lost(struct raw *raw)
{
    raw_delete(raw, TABLE_ASKED_PROVISIONAL, KEY("48", SAMPLE_YEAR, ID(ASKED)));
}
static void asked_year_stray(struct raw *raw)
{
    raw_put(raw, TABLE_ASKED_PROVISIONAL, KEY("48", SAMPLE_YEAR + 1, ID(ASKED)), NOTHING);
}
static void asked_of_no_branch(struct raw *raw)
{
    struct asked asked = asked_in(raw);
    asked.branch = 1;
    asked_put(raw, &asked);
}
static void asked_of_another_kind(struct raw *raw)
{
    struct asked asked = asked_in(raw);
    asked.kind = KIND_FINANCIAL_OBLIGATION;
    asked_put(raw, &asked);
}
static void asked_undated(struct raw *raw)
{
    struct asked asked = asked_in(raw);
    asked.state = ASKING_LEFT;
    asked_put(raw, &asked);
}
static void flow_put(struct raw *raw, uint64_t dossier, uint64_t handoff, const char *name)
{
    uint8_t record[FLOW_BYTES_MAX];
    struct flow flow = { .sender = WARD, .steps = { { .handoff = handoff } }, .step_count = 1 };
    memcpy(flow.steps[0].name, name, strlen(name));
    raw_put(raw, TABLE_FLOW, KEY("8", dossier), span_of(record, flow_write(&flow, record)));
}
static void flow_lost(struct raw *raw) { raw_delete(raw, TABLE_FLOW, KEY("8", SAMPLE_DOSSIER)); }
static void flow_stray(struct raw *raw) { flow_put(raw, 99, 0, "x"); }
static void flow_step(struct raw *raw) { flow_put(raw, SAMPLE_DOSSIER, ID(OFFERED), SAMPLE_STEP); }
static void flow_name(struct raw *raw) { flow_put(raw, SAMPLE_DOSSIER, ID(DELIVERED), "card"); }
static void collision_one_sided(struct raw *raw)
{
    raw_delete(raw, TABLE_COLLISION, KEY("88", SAMPLE_DOSSIER, ID(CHILD)));
}
static void collision_of_none(struct raw *raw)
{
    raw_put(raw, TABLE_COLLISION, KEY("88", SAMPLE_DOSSIER, ID(DELIVERED)), span_of_string("nobody's"));
}
static void unreceived_stray(struct raw *raw)
{
    raw_put(raw, TABLE_UNRECEIVED, KEY("488", POLICE, KEY_TIME(SITE_NOW_MS), ID(OFFERED)), NOTHING);
}
static void taken_and_not(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(DELIVERED));
    handoff.flags |= HANDOFF_RECEIVED;
    damage_handoff_put(raw, &handoff);
}
static void branch_without(struct raw *raw)
{
    struct handoff handoff = damage_handoff(raw, ID(OFFERED));
    handoff.flags |= HANDOFF_BRANCH;
    damage_handoff_put(raw, &handoff);
}
static void receipt_timer(struct raw *raw)
{
    raw_put(raw, TABLE_TIMER, KEY("818", KEY_TIME(TIMER_MS), TIMER_RECEIPT, ID(WAITING)), NOTHING);
}

#define D "state of dossier 1"
#define A "asked by " H "71"
#define E "ending of dossier "

const struct damage store_dossier_damages[] = {
    CASE(dossier_agency, D "|names an agency that is not there"),
    CASE(dossier_branch, D ", branch of handoff 281474976710658|a branch and its FORWARD do not agree"),
    CASE(dossier_twice, D ", branch of handoff 281474976710657|a branch and its FORWARD do not agree"),
    CASE(dossier_due, D "|its due date and where that is from disagree"),
    CASE(dossier_year, D "|is provisional and not in the list of those that wait for a calendar",
         D "|stands in the list of a calendar's year that it does not wait for"),
    CASE(dossier_money, D "|does not count its money rightly"),
    CASE(dossier_status, D "|its status is not what its last event leads to"),
    CASE(dossier_events, D "|it has no history", "events of dossiers, 0 of 1 are listed|"
         "some events of dossiers hang in no list of a dossier"),
    CASE(dossier_other_events, D "|its list of events is broken, or has one of another dossier"),
    CASE(dossier_odd, "dossier-state 0000000000000001|a row that no version explains",
         H "57|is a branch of a dossier without a record", D "|has money and no record", D "|has money and no record",
         D "|stands in the list of a calendar's year that it does not wait for",
         A "|does not agree with its handoff or its dossier",
         E "1|how it comes out does not agree with the dossier",
         "measure of dossier 1|what it counts for is not what its record and its ending say",
         "events of dossiers, 0 of 1 are listed|some events of dossiers hang in no list of a dossier"),
    CASE(money_stray, "state of dossier 2|has money and no record"),
    CASE(provisional_lost, D "|is provisional and not in the list of those that wait for a calendar"),
    CASE(provisional_stray, "state of dossier 7|"
         "stands in the list of a calendar's year that it does not wait for"),
    CASE(unreceived_lost, H "57|is not in the list of those that nobody has taken"),
    CASE(unreceived_stray, "unreceived, " H "58|its handoff says otherwise"),
    CASE(asked_lost, A "|stands in the list of the open ones and is none",
         A "|waits for the calendar of a year and does not need it",
         A "|has a timer row that it does not know of"),
    CASE(asked_untimed, A "|has no timer row"),
    CASE(asked_unlisted, A "|is not in the list of the open ones"),
    CASE(asked_year_lost, A "|has a provisional time and does not wait for the calendar"),
    CASE(asked_year_stray, A "|waits for the calendar of a year and does not need it"),
    CASE(asked_of_no_branch, A "|does not agree with its handoff or its dossier"),
    CASE(asked_of_another_kind, A "|does not agree with its handoff or its dossier"),
    CASE(asked_undated, A "|has ended without a time, or the other way round",
         A "|stands in the list of the open ones and is none",
         A "|waits for the calendar of a year and does not need it"),
    CASE(flow_lost, H "57|is a step of a dossier without a flow"),
    CASE(flow_stray, "state of dossier 99|has steps, and the dossier or their sender is not there"),
    CASE(flow_step, D ", step residence|a step and its handoffs do not agree"),
    CASE(flow_name, D ", step card|a step and its handoffs do not agree"),
    CASE(collision_one_sided, "state of dossier |has a collision that the two dossiers do not show"),
    CASE(collision_of_none, D "|has a collision that the two dossiers do not show"),
    CASE(ending_stray, E "7|how it comes out does not agree with the dossier"),
    CASE(ending_undated, E "1|how it comes out does not agree with the dossier",
         "measure of dossier 1|what it counts for is not what its record and its ending say"),
    CASE(ending_draft, E "1|how it comes out does not agree with the dossier"),
    CASE(ending_agency, E "1|how it comes out does not agree with the dossier"),
    CASE(apology_why, E "1|its apology contradicts itself"),
    CASE(apology_letter, E "1|its apology contradicts itself"),
    CASE(late_elsewhere, E "1|is not in the list of those that are late", "late, dossier 1|its dossier says otherwise"),
    CASE(late_timer_moved, "timer of dossier 1|its dossier says otherwise", E "1|its timer is not there"),
    CASE(late_lost, E "1|is not in the list of those that are late"),
    CASE(late_stray, "late, dossier 7|its dossier says otherwise"),
    CASE(late_timer_lost, E "1|its timer is not there"),
    CASE(late_timer_stray, "timer of dossier 7|its dossier says otherwise"),
    CASE(urge_timer_of_another, "timer" OF "57|its handoff says otherwise"),
    CASE(unanswered_stray, "unanswered, " H "57|its handoff says otherwise"),
    CASE(unanswered_lost, H "57|is not in the list of URGEs and RECALLs that were not answered"),
    CASE(taken_and_not, H "57|is taken and not taken at once, or not delivered"),
    CASE(branch_without, H "58|is a branch of a dossier without a record"),
    CASE(receipt_timer, "timer" OF "62|its handoff says otherwise"),
};
const size_t store_dossier_damages_count = sizeof store_dossier_damages / sizeof *store_dossier_damages;
