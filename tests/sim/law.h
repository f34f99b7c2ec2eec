/* law.h - what the directories of all worlds say of dossiers, written down once: catalogue.c makes the core's tables of
 * it, and the auditor judges by it in its own way. Times of the fifth minute are when a new rule comes into force. */
#ifndef TESTS_SIM_LAW_H
#define TESTS_SIM_LAW_H

#include <stdint.h>

enum {
    LAW_CODES = 6,                          /* partners' codes "0" .. "5"; nobody knows "6" .. "11" */
    LAW_DAYS_BEFORE = 3, LAW_DAYS_SINCE = 1,    /* working days that the units promise, by version of the procedure */
    LAW_ONLINE_HOURS = 4,                   /* working hours, for what comes online; in both versions */
    LAW_STATUTORY_DAYS = 5,
    LAW_ANSWER_HOURS = 2, LAW_REMIND_HOURS = 1, /* working hours for a citizen to answer; reminded so long before */
    LAW_ASK_HOURS = 1,                      /* working hours before it is due the holder is asked for an apology */
    LAW_URGE_MINUTES = 20,                  /* an URGE is answered within */
    LAW_RECEIPT_HOURS = 1,                  /* working hours: then it is there, and nobody has taken it */
    LAW_YEAR = 2026,
    LAW_OFF_MONTH = 3, LAW_OFF_DAY = 4,     /* that week's Wednesday is a holiday, once the calendar is known, ... */
    LAW_MAKE_UP_DAY = 7,                    /* ... and its Saturday is worked instead */
    LAW_ONLINE = 2,                         /* Facts.channel */
};
#define LAW_BEGINS_MS  1772413200000LL      /* of every world: 2026-03-02 08:00 local time, a Monday */
#define LAW_CHANGES_MS (LAW_BEGINS_MS + 5 * 60 * 1000)
#define LAW_FLOW       "9.000001"       /* the interlinked procedure: one version, times as the others' older one */
#define LAW_PAPER      "SO-HO-KHAU"         /* may not be asked for any more by the second version */

/* What a partner's code means before and since the change; 0: nothing of the status. */
static const struct { int before, since, receipt; } law_codes[LAW_CODES] = {
    { 0, 0, 0 }, { 2, 4, 0 }, { 5, 5, 0 }, { 4, 4, 1 }, { 9, 9, 0 }, { 10, 10, 0 },
};

#endif
