/* deadline.h - when something is due: the one engine of the statutory clock. Pure: no clock, no file, no memory of its
 * own; the same question always has the same answer. Under a microsecond for a few days, microseconds for
 * some months of them or a few pauses.
 *
 * Rules      wN     N working days: the same clock time on the N-th working day after the day of arrival. Where that
 *                   day is not worked at that time: its next worked minute, else its closing.
 *            hN     N working hours. What ends exactly at a closing is due at that closing, not at the next opening.
 *            dN     the closing of the N-th day after the day of arrival, or of the next working day if that one is off
 *            cHH:MM arrived before HH:MM: that day's closing, else the next working day's closing
 *            none   no due date
 * Arrival    outside working time counts as the next worked minute, for every rule. A shift [a, b) is worked from a up
 *            to, not including, b.
 * Pauses     The clock stands still in [from, to). Overlapping and touching pauses are one. The working time that was
 *            left at `from` is left at `to`, for every rule; of a pause that was running at the arrival, what was left
 *            at the arrival. A pause over before the arrival, or beginning at or after the due time reached so far,
 *            changes nothing. A pause never makes anything due earlier, and what is due is always a worked minute or a
 *            closing: with nothing left at `from`, that is the next worked minute from `to` on.
 * Exceptions days that the agency works otherwise count at those hours, or not at all, whatever the calendar says.
 * Years      An answer that had to look at a day of a year that is not loaded is provisional: it took the plain week.
 * Times      milliseconds since 1970 outside; local time (UTC+7, no daylight saving) inside, converted once each way.
 */
#ifndef GATEWAY_CORE_DEADLINE_H
#define GATEWAY_CORE_DEADLINE_H

#include "gateway/core/calendar.h"

enum {
    DEADLINE_COUNT_MAX = 999,           /* N of wN, hN, dN */
    DEADLINE_PAUSES_MAX = 64,
    DEADLINE_NOTES_MAX = 96,
    DEADLINE_RULE_SIZE = 8,             /* "c15:00" */
};

enum deadline_kind { DEADLINE_NONE = 1, DEADLINE_WORKING_DAYS, DEADLINE_WORKING_HOURS, DEADLINE_DAYS, DEADLINE_CUTOFF };

struct deadline_rule {
    enum deadline_kind kind;
    int number;                         /* N, or the minute of the day of a cut-off */
};

/* Takes exactly the five forms above, N without leading zeros. */
MUST_USE bool deadline_rule_read(const char *text, struct deadline_rule *ret_rule);
void deadline_rule_text(const struct deadline_rule *rule, char ret_text[DEADLINE_RULE_SIZE]);

struct deadline_pause { int64_t from_ms, to_ms; };              /* [from, to); from == to: none */

/* A question; everything is lent. */
struct deadline {
    int64_t arrival_ms;
    struct deadline_rule rule;
    const struct hours *hours;                                  /* without a fault (hours_fault) */
    const struct calendar *calendar;                            /* NULL: no year is loaded */
    const struct hours_exception *exceptions;                   /* of that agency; NULL none */
    size_t exception_count;
    const struct deadline_pause *pauses;                        /* in any order */
    size_t pause_count;
};

struct due {
    bool    none;                       /* the rule gives no due date */
    int64_t due_ms;                     /* 0 with none */
    int64_t counted_from_ms;            /* the arrival, or the next worked minute; 0 with none */
    int     unknown_year;               /* 0: sure. Else provisional: the earliest year that is missing */
};

/* How it came about, in the order of counting. Kept only for who asks. */
enum deadline_note_kind {
    NOTE_MOVED = 1,     /* the arrival was outside working time: counted from at_ms */
    NOTE_OFF,           /* `day` is a day off: skipped */
    NOTE_REST,          /* `day` is not worked by these weekly hours: skipped */
    NOTE_MAKE_UP,       /* `day` is a make-up day: worked */
    NOTE_AFTER_CUTOFF,  /* arrived at or after the cut-off: the next working day */
    NOTE_DAY_IS_OFF,    /* the last day of dN, `day`, is not worked: the next working day */
    NOTE_SHIFTED,       /* the last day is not worked at the time of arrival: at_ms instead */
    NOTE_DUE,           /* at_ms: due, before any pause. Only where a pause follows */
    NOTE_PAUSE,         /* [from_ms, to_ms), merged: left_ms of working time were left; at_ms: due now */
    NOTE_NO_EFFECT,     /* [from_ms, to_ms), merged: over before the arrival, or begun when already due */
};
struct deadline_note {
    enum deadline_note_kind kind;
    int64_t day;
    int64_t at_ms, from_ms, to_ms, left_ms;
};
struct deadline_trace {
    struct deadline_note notes[DEADLINE_NOTES_MAX];
    size_t count, lost;                 /* lost: did not fit */
};

/* `trace` may be NULL. RESULT_INVALID: an arrival or a pause outside the years of calendar.h, a pause that ends before
 * it begins, or too many of them. */
MUST_USE enum result deadline_compute(const struct deadline *question, struct due *ret_due,
                                      struct deadline_trace *trace);

/* How long was worked from the arrival up to until_ms, the pauses taken out; its rule does not matter. Errors as above,
 * for until_ms too. Before the arrival: 0. Where a year is missing, by the plain week. */
MUST_USE enum result deadline_worked(const struct deadline *question, int64_t until_ms, int64_t *ret_worked_ms);

#endif
