/* Inside, a moment is local: milliseconds since 1970-01-01 00:00 UTC+7. Day and time of day are a division away. */
#include "gateway/core/deadline.h"

#include <string.h>

#define MINUTE_MS (60LL * 1000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define LOCAL_MS  (7 * HOUR_MS)

struct walk {
    const struct hours *hours;
    const struct calendar *calendar;
    const struct hours_exception *exceptions;
    size_t exception_count;
    int unknown_year;
    struct deadline_trace *trace;       /* NULL: nobody wants to know */
    int64_t told_day;                   /* days up to this one have been told of */
};

/* ---------------------------------------------------------------- rules as text */

static bool number_read(const char *text, int *ret_number)
{
    int number = 0;

    if (text[0] < '1' || text[0] > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10 + (*text - '0');
        if (number > DEADLINE_COUNT_MAX)
            return false;
    }
    *ret_number = number;
    return !*text;
}

/* Two digits and two digits, before 24:00. */
static bool cutoff_read(const char *text, int *ret_minute)
{
    if (strlen(text) != 5 || text[2] != ':')
        return false;
    for (int i = 0; i < 5; i++)
        if (i != 2 && (text[i] < '0' || text[i] > '9'))
            return false;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    *ret_minute = hour * 60 + minute;
    return hour < 24 && minute < 60;
}

bool deadline_rule_read(const char *text, struct deadline_rule *ret_rule)
{
    static const struct { char letter; enum deadline_kind kind; } kinds[] = {
        { 'w', DEADLINE_WORKING_DAYS }, { 'h', DEADLINE_WORKING_HOURS }, { 'd', DEADLINE_DAYS },
        { 'c', DEADLINE_CUTOFF },
    };
    struct deadline_rule rule = { .kind = DEADLINE_NONE };

    if (strcmp(text, "none") != 0) {
        size_t i = 0;
        while (i < sizeof kinds / sizeof *kinds && kinds[i].letter != text[0])
            i++;
        if (i == sizeof kinds / sizeof *kinds)
            return false;
        rule.kind = kinds[i].kind;
        if (!(rule.kind == DEADLINE_CUTOFF ? cutoff_read : number_read)(text + 1, &rule.number))
            return false;
    }
    *ret_rule = rule;
    return true;
}

void deadline_rule_text(const struct deadline_rule *rule, char ret_text[DEADLINE_RULE_SIZE])
{
    struct text text = text_of(ret_text, DEADLINE_RULE_SIZE);

    if (rule->kind == DEADLINE_NONE)
        text_add(&text, "none");
    else if (rule->kind == DEADLINE_CUTOFF)
        text_add(&text, "c%02d:%02d", rule->number / 60, rule->number % 60);
    else
        text_add(&text, "%c%d", rule->kind == DEADLINE_WORKING_DAYS ? 'w' : rule->kind == DEADLINE_DAYS ? 'd' : 'h',
                 rule->number);
    must(!text.cut);
}

/* ---------------------------------------------------------------- days */

static void note(struct walk *walk, struct deadline_note note)
{
    struct deadline_trace *trace = walk->trace;

    if (!trace)
        return;
    if (trace->count < DEADLINE_NOTES_MAX)
        trace->notes[trace->count++] = note;
    else
        trace->lost++;
}

static int64_t day_of(int64_t at)
{
    return at / DAY_MS - (at % DAY_MS < 0);
}

static void unknown(struct walk *walk, int64_t day)
{
    int year, month, date;

    date_of_day(day, &year, &month, &date);
    if (!walk->unknown_year || walk->unknown_year > year)
        walk->unknown_year = year;
}

static void tell_day(struct walk *walk, int64_t day, enum day_kind kind, bool worked)
{
    if (day <= walk->told_day)
        return;
    walk->told_day = day;
    if (kind == DAY_MAKE_UP)
        note(walk, (struct deadline_note){ .kind = NOTE_MAKE_UP, .day = day });
    else if (!worked)
        note(walk, (struct deadline_note){ .kind = kind == DAY_OFF ? NOTE_OFF : NOTE_REST, .day = day });
}

/* The hours of a day. Every day that the answer depends on is looked at through here. */
static const struct hours_day *look(struct walk *walk, int64_t day)
{
    const struct hours_exception *exception = hours_exception_of(walk->exceptions, walk->exception_count, day);

    if (exception) {
        if (walk->trace)
            tell_day(walk, day, DAY_PLAIN, exception->hours.count > 0);
        return &exception->hours;
    }
    enum day_kind kind = calendar_kind(walk->calendar, day);
    const struct hours_day *hours = hours_of_day(walk->hours, weekday_of(day), kind);

    if (kind == DAY_UNKNOWN)
        unknown(walk, day);
    if (walk->trace)
        tell_day(walk, day, kind, hours->count > 0);
    return hours;
}

static int64_t closing(int64_t day, const struct hours_day *hours)
{
    must(hours->count > 0);
    return day * DAY_MS + hours->shifts[hours->count - 1].to_minute * MINUTE_MS;
}

static int64_t next_working_day(struct walk *walk, int64_t day)
{
    do
        day++;
    while (!look(walk, day)->count);
    return day;
}

/* ---------------------------------------------------------------- working time */

/* The first worked moment from `at` on, on that day; -1: none is left. */
static int64_t worked_that_day(const struct hours_day *hours, int64_t day, int64_t at)
{
    for (int i = 0; i < hours->count; i++) {
        int64_t from = day * DAY_MS + hours->shifts[i].from_minute * MINUTE_MS;
        if (at < day * DAY_MS + hours->shifts[i].to_minute * MINUTE_MS)
            return at > from ? at : from;
    }
    return -1;
}

/* Ends, as do all walks here: the listed days are finite, and a plain week has worked ones. */
static int64_t next_worked(struct walk *walk, int64_t at)
{
    for (int64_t day = day_of(at);; day++) {
        int64_t worked = worked_that_day(look(walk, day), day, at);
        if (worked >= 0)
            return worked;
    }
}

/* The moment by which `left` ms of working time have passed since `at`; the earliest one. left > 0. */
static int64_t after_work(struct walk *walk, int64_t at, int64_t left)
{
    for (int64_t day = day_of(at);; day++) {
        const struct hours_day *hours = look(walk, day);
        for (int i = 0; i < hours->count; i++) {
            int64_t from = day * DAY_MS + hours->shifts[i].from_minute * MINUTE_MS;
            int64_t to = day * DAY_MS + hours->shifts[i].to_minute * MINUTE_MS;
            if (from < at)
                from = at;
            if (from >= to)
                continue;
            if (left <= to - from)
                return from + left;
            left -= to - from;
        }
    }
}

static int64_t work_between(struct walk *walk, int64_t begin, int64_t end)
{
    int64_t sum = 0;

    for (int64_t day = day_of(begin); day * DAY_MS < end; day++) {
        const struct hours_day *hours = look(walk, day);
        for (int i = 0; i < hours->count; i++) {
            int64_t from = day * DAY_MS + hours->shifts[i].from_minute * MINUTE_MS;
            int64_t to = day * DAY_MS + hours->shifts[i].to_minute * MINUTE_MS;
            from = from < begin ? begin : from;
            to = to > end ? end : to;
            sum += from < to ? to - from : 0;
        }
    }
    return sum;
}

/* ---------------------------------------------------------------- the rules */

static int64_t working_days(struct walk *walk, int64_t start, int count)
{
    int64_t day = day_of(start), time = start - day * DAY_MS;

    for (int i = 0; i < count; i++)
        day = next_working_day(walk, day);
    const struct hours_day *hours = look(walk, day);
    int64_t wanted = day * DAY_MS + time, worked = worked_that_day(hours, day, wanted);
    int64_t due = worked >= 0 ? worked : closing(day, hours);
    if (due != wanted)
        note(walk, (struct deadline_note){ .kind = NOTE_SHIFTED, .day = day, .at_ms = due - LOCAL_MS });
    return due;
}

static int64_t plain_days(struct walk *walk, int64_t start, int count)
{
    int64_t day = day_of(start) + count;

    if (!look(walk, day)->count) {
        note(walk, (struct deadline_note){ .kind = NOTE_DAY_IS_OFF, .day = day });
        day = next_working_day(walk, day);
    }
    return closing(day, look(walk, day));
}

static int64_t cutoff(struct walk *walk, int64_t start, int minute)
{
    int64_t day = day_of(start);

    if (start - day * DAY_MS >= minute * MINUTE_MS) {
        note(walk, (struct deadline_note){ .kind = NOTE_AFTER_CUTOFF, .day = day });
        day = next_working_day(walk, day);
    }
    return closing(day, look(walk, day));
}

static int64_t by_rule(struct walk *walk, const struct deadline_rule *rule, int64_t start)
{
    switch (rule->kind) {
    case DEADLINE_WORKING_DAYS:
        return working_days(walk, start, rule->number);
    case DEADLINE_WORKING_HOURS:
        return after_work(walk, start, rule->number * HOUR_MS);
    case DEADLINE_DAYS:
        return plain_days(walk, start, rule->number);
    case DEADLINE_CUTOFF:
        return cutoff(walk, start, rule->number);
    case DEADLINE_NONE:
        break;
    }
    must(!"a rule that has a due date");
    return 0;
}

/* ---------------------------------------------------------------- pauses */

/* Local, sorted, merged. Returns how many are left. */
static size_t pauses_merge(const struct deadline *question, struct deadline_pause ret_pauses[DEADLINE_PAUSES_MAX])
{
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < question->pause_count; i++) {
        struct deadline_pause pause = { question->pauses[i].from_ms + LOCAL_MS, question->pauses[i].to_ms + LOCAL_MS };
        size_t place = count;
        if (pause.from_ms == pause.to_ms)
            continue;
        for (; place && ret_pauses[place - 1].from_ms > pause.from_ms; place--)
            ret_pauses[place] = ret_pauses[place - 1];
        ret_pauses[place] = pause;
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        struct deadline_pause *last = kept ? &ret_pauses[kept - 1] : NULL;
        if (!last || ret_pauses[i].from_ms > last->to_ms)
            ret_pauses[kept++] = ret_pauses[i];
        else if (ret_pauses[i].to_ms > last->to_ms)
            last->to_ms = ret_pauses[i].to_ms;
    }
    return kept;
}

static int64_t pause_apply(struct walk *walk, int64_t arrival, int64_t due, const struct deadline_pause *pause)
{
    struct deadline_trace *trace = walk->trace;
    struct deadline_note said = { .kind = NOTE_NO_EFFECT, .from_ms = pause->from_ms - LOCAL_MS,
                                  .to_ms = pause->to_ms - LOCAL_MS };

    if (pause->to_ms > arrival && pause->from_ms < due) {
        walk->trace = NULL;             /* these days have been told of */
        int64_t left = work_between(walk, pause->from_ms > arrival ? pause->from_ms : arrival, due);
        walk->trace = trace;
        int64_t moved = left ? after_work(walk, pause->to_ms, left) : next_worked(walk, pause->to_ms);
        due = moved > due ? moved : due;
        said.kind = NOTE_PAUSE;
        said.left_ms = left;
        said.at_ms = due - LOCAL_MS;
    }
    note(walk, said);
    return due;
}

static int64_t pauses_apply(struct walk *walk, const struct deadline *question, int64_t due)
{
    struct deadline_pause pauses[DEADLINE_PAUSES_MAX];
    size_t count = pauses_merge(question, pauses);

    if (count)
        note(walk, (struct deadline_note){ .kind = NOTE_DUE, .at_ms = due - LOCAL_MS });
    for (size_t i = 0; i < count; i++)
        due = pause_apply(walk, question->arrival_ms + LOCAL_MS, due, &pauses[i]);
    return due;
}

/* ---------------------------------------------------------------- the question */

static bool in_bounds(int64_t time_ms)
{
    return time_ms >= day_of_date(CALENDAR_YEAR_MIN, 1, 1) * DAY_MS - LOCAL_MS
           && time_ms < day_of_date(CALENDAR_YEAR_MAX + 1, 1, 1) * DAY_MS - LOCAL_MS;
}

static bool is_valid(const struct deadline *question)
{
    if (!in_bounds(question->arrival_ms) || question->pause_count > DEADLINE_PAUSES_MAX)
        return false;
    for (size_t i = 0; i < question->pause_count; i++) {
        const struct deadline_pause *pause = &question->pauses[i];
        if (!in_bounds(pause->from_ms) || !in_bounds(pause->to_ms) || pause->from_ms > pause->to_ms)
            return false;
    }
    return true;
}

enum result deadline_compute(const struct deadline *question, struct due *ret_due, struct deadline_trace *trace)
{
    struct walk walk = { .hours = question->hours, .calendar = question->calendar, .trace = trace,
                         .exceptions = question->exceptions, .exception_count = question->exception_count,
                         .told_day = INT64_MIN };

    if (!is_valid(question))
        return RESULT_INVALID;
    must(!hours_fault(question->hours));
    if (trace)
        trace->count = trace->lost = 0;
    if (question->rule.kind == DEADLINE_NONE) {
        *ret_due = (struct due){ .none = true };
        return RESULT_OK;
    }
    int64_t arrival = question->arrival_ms + LOCAL_MS, start = next_worked(&walk, arrival);
    if (start != arrival)
        note(&walk, (struct deadline_note){ .kind = NOTE_MOVED, .at_ms = start - LOCAL_MS });
    int64_t due = pauses_apply(&walk, question, by_rule(&walk, &question->rule, start));
    *ret_due = (struct due){ .due_ms = due - LOCAL_MS, .counted_from_ms = start - LOCAL_MS,
                             .unknown_year = walk.unknown_year };
    return RESULT_OK;
}

enum result deadline_worked(const struct deadline *question, int64_t until_ms, int64_t *ret_worked_ms)
{
    struct walk walk = { .hours = question->hours, .calendar = question->calendar,
                         .exceptions = question->exceptions, .exception_count = question->exception_count };
    struct deadline_pause pauses[DEADLINE_PAUSES_MAX];
    int64_t arrival = question->arrival_ms + LOCAL_MS, until = until_ms + LOCAL_MS;

    if (!is_valid(question) || !in_bounds(until_ms))
        return RESULT_INVALID;
    must(!hours_fault(question->hours));
    int64_t worked = work_between(&walk, arrival, until);
    size_t count = pauses_merge(question, pauses);
    for (size_t i = 0; i < count; i++)
        worked -= work_between(&walk, pauses[i].from_ms > arrival ? pauses[i].from_ms : arrival,
                               pauses[i].to_ms < until ? pauses[i].to_ms : until);
    *ret_worked_ms = worked;
    return RESULT_OK;
}
