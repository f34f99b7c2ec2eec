/* audit_rules.c - the rules of dossiers as the auditor reads them, and a clock that walks minute by minute. */
#include <string.h>

#include "tests/sim/audit_dossier.h"
#include "tests/sim/law.h"

enum { MINUTE = 60 * 1000 };
#define LOCAL_MS (7LL * 3600 * 1000)
#define DAY      (24 * 60)

/* ---- status */

static bool one_of(enum status status, const char *these)
{
    static const char letters[STATUS_END + 1] = "0123456789X";
    return strchr(these, letters[status]) != NULL;
}

bool rule_is_final(enum status status)
{
    return one_of(status, "38X");
}

bool rule_is_over(enum status status)
{
    return one_of(status, "3789X");
}

bool rule_is_pause(enum status status)
{
    return one_of(status, "56");
}

/* Sequences are one source's own order. */
static bool is_older(const struct audit_line *next, const struct audit_line *now)
{
    if (next->source_ms != now->source_ms)
        return next->source_ms < now->source_ms;
    return next->by == now->by && next->sequence && now->sequence && next->sequence < now->sequence;
}

enum judged rule_judge(const struct audit_line *now, const struct audit_line *next, bool owns, bool recalled)
{
    static const char *const leads_to[STATUS_END] = { "12", "23567", "45678", "12", "56789", "23478", "24789", "4",
                                                      "24", "4X", "49" };

    if (!owns)
        return JUDGED_NOT_OWNER;
    if (now->status && is_older(next, now))
        return JUDGED_OLDER;
    if (now->status == next->status)
        return JUDGED_APPLIED;
    if (rule_is_final(now->status) && !recalled)
        return JUDGED_FINAL;
    return one_of(next->status, leads_to[now->status]) ? JUDGED_APPLIED : JUDGED_GAP;
}

static uint32_t count_of(const struct rule_branch *branches, uint32_t count, bool ended, const char *these)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += (branches[i].ended || rule_is_over(branches[i].status)) == ended && one_of(branches[i].status, these);
    return found;
}

enum status rule_together(const struct rule_branch *branches, uint32_t count, enum status last)
{
    bool all_ended = count_of(branches, count, true, "0123456789X") == count;

    if (all_ended) {
        if (!count_of(branches, count, true, "9X"))
            return last;
        return count_of(branches, count, true, "X") == count ? STATUS_RETURNED : STATUS_DONE;
    }
    if (count_of(branches, count, false, "5"))
        return STATUS_SUPPLEMENT;
    if (count_of(branches, count, false, "6"))
        return STATUS_PAYMENT;
    if (count_of(branches, count, false, "3456789X") || count_of(branches, count, true, "123456789X"))
        return STATUS_IN_PROCESS;
    return count_of(branches, count, false, "2") ? STATUS_ACCEPTED
           : count_of(branches, count, false, "1") ? STATUS_REGISTERED : last;
}

int rule_code(int32_t partner, int64_t source_ms, bool *ret_receipt)
{
    *ret_receipt = partner < LAW_CODES && law_codes[partner].receipt;
    if (partner >= LAW_CODES)
        return -1;
    return source_ms < LAW_CHANGES_MS ? law_codes[partner].before : law_codes[partner].since;
}

/* ---- who sits where */

static bool comes_to(const struct audit_directory *directory, int32_t from, int32_t to)
{
    for (int i = 0; i < SOMEBODY_MAX && from >= 0; i++, from = directory->successor[from])
        if (from == to)
            return true;
    return false;
}

bool rule_same_seat(const struct audit_directory *directory, int32_t a, int32_t b)
{
    return a >= 0 && b >= 0 && (comes_to(directory, a, b) || comes_to(directory, b, a));
}

/* ---- the clock: minutes are counted from 1970 on, local time */

static int64_t minute_of(int64_t at_ms)
{
    return (at_ms + LOCAL_MS) / MINUTE;
}

static int64_t begin_of(int64_t minute)
{
    return minute * MINUTE - LOCAL_MS;
}

/* So many days after the day on which worlds begin, which is the second of the month. */
static bool is_day(int64_t day, int of_month)
{
    static const int64_t first = (LAW_BEGINS_MS + LOCAL_MS) / MINUTE / DAY;
    return day == first + of_month - 2;
}

static bool is_worked(int64_t minute, bool calendar)
{
    int64_t day = minute / DAY, of_day = minute % DAY, weekday = (day + 3) % 7;     /* 0: Monday */

    if ((weekday > 4 && !(calendar && is_day(day, LAW_MAKE_UP_DAY))) || (calendar && is_day(day, LAW_OFF_DAY)))
        return false;
    return (of_day >= 450 && of_day < 690) || (of_day >= 780 && of_day < 1020);     /* 7:30-11:30, 13:00-17:00 */
}

bool rule_is_worked(int64_t at_ms, bool calendar)
{
    return is_worked(minute_of(at_ms), calendar) || is_worked(minute_of(at_ms - 1), calendar);
}

static int64_t next_worked(int64_t at_ms, bool calendar)
{
    while (!is_worked(minute_of(at_ms), calendar))
        at_ms = begin_of(minute_of(at_ms) + 1);
    return at_ms;
}

/* When so much has been worked from at_ms on. */
static int64_t work(int64_t at_ms, int64_t left_ms, bool calendar)
{
    while (left_ms) {
        int64_t next_ms = begin_of(minute_of(at_ms) + 1), there_ms = next_ms - at_ms;
        bool worked = is_worked(minute_of(at_ms), calendar);
        if (worked && left_ms <= there_ms)
            return at_ms + left_ms;
        left_ms -= worked ? there_ms : 0;
        at_ms = next_ms;
    }
    return at_ms;
}

static int64_t worked_between(int64_t from_ms, int64_t to_ms, bool calendar)
{
    int64_t sum_ms = 0;
    while (from_ms < to_ms) {
        int64_t next_ms = begin_of(minute_of(from_ms) + 1);
        next_ms = next_ms < to_ms ? next_ms : to_ms;
        sum_ms += is_worked(minute_of(from_ms), calendar) ? next_ms - from_ms : 0;
        from_ms = next_ms;
    }
    return sum_ms;
}

/* Every stretch in which some pause ran, one after the other: what was left when it began is left when it ends. */
static int64_t stands(int64_t from_ms, int64_t due_ms, const struct audit_pause *pauses, uint32_t count, bool calendar)
{
    for (int64_t at_ms = INT64_MIN;;) {
        int64_t begin_ms = INT64_MAX, end_ms = 0;
        for (uint32_t i = 0; i < count; i++)
            if (pauses[i].to_ms && pauses[i].from_ms > at_ms && pauses[i].from_ms < begin_ms)
                begin_ms = pauses[i].from_ms;
        if (begin_ms == INT64_MAX)
            return due_ms;
        end_ms = begin_ms;
        for (uint32_t again = 0; again < count; again++)
            for (uint32_t i = 0; i < count; i++)
                if (pauses[i].to_ms > end_ms && pauses[i].from_ms <= end_ms && pauses[i].from_ms >= begin_ms)
                    end_ms = pauses[i].to_ms;
        at_ms = end_ms;
        if (end_ms <= from_ms || begin_ms >= due_ms)
            continue;
        int64_t left_ms = worked_between(begin_ms > from_ms ? begin_ms : from_ms, due_ms, calendar);
        int64_t moved_ms = left_ms ? work(end_ms, left_ms, calendar) : next_worked(end_ms, calendar);
        due_ms = moved_ms > due_ms ? moved_ms : due_ms;
    }
}

int64_t rule_working_hours(int64_t from_ms, int hours, const struct audit_pause *pauses, uint32_t count, bool calendar)
{
    return stands(from_ms, work(next_worked(from_ms, calendar), hours * 60LL * MINUTE, calendar), pauses, count,
                  calendar);
}

static int64_t next_working_day(int64_t day, bool calendar)
{
    while (!is_worked(++day * DAY + 450, calendar))
        ;
    return day;
}

int64_t rule_working_days(int64_t from_ms, int days, const struct audit_pause *pauses, uint32_t count, bool calendar)
{
    int64_t start_ms = next_worked(from_ms, calendar), day = minute_of(start_ms) / DAY;

    for (int i = 0; i < days; i++)
        day = next_working_day(day, calendar);
    /* The same time of day is a worked one: all worked days are alike here. */
    return stands(from_ms, begin_of(day * DAY) + (start_ms + LOCAL_MS) % (DAY * (int64_t)MINUTE), pauses, count,
                  calendar);
}

int64_t rule_days(int64_t from_ms, int days, const struct audit_pause *pauses, uint32_t count, bool calendar)
{
    int64_t day = minute_of(next_worked(from_ms, calendar)) / DAY + days;

    if (!is_worked(day * DAY + 450, calendar))
        day = next_working_day(day, calendar);
    return stands(from_ms, begin_of(day * DAY + 1020), pauses, count, calendar);
}
