#include "tests/unit/store_slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"

struct slow { int64_t carried, received, online, resolved, on_time, before, after, refused, papers, open, overdue,
              apologised, worked_over, rated, trips; };

int64_t slow_day_ms(uint32_t day)
{
    char text[16];
    int64_t time_ms;
    snprintf(text, sizeof text, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
    assert_true(clock_read(span_of_string(text), &time_ms));
    return time_ms;
}

static void count_one(struct slow *slow, const struct measure *one, int64_t from_ms, int64_t until_ms, int64_t at_ms)
{
    bool ended = one->ended != 0, result = one->ended == STATUS_DONE || one->ended == STATUS_RETURNED;
    int64_t received_ms = one->received_ms ? one->received_ms : one->ended_ms;
    if (ended && received_ms > one->ended_ms)
        received_ms = one->ended_ms;
    bool was_received = received_ms != 0;
    bool now = was_received && received_ms >= from_ms && received_ms < until_ms;
    bool over = ended && one->ended_ms >= from_ms && one->ended_ms < until_ms;

    slow->carried += was_received && received_ms < from_ms && !(ended && one->ended_ms < from_ms);
    slow->open += was_received && received_ms < until_ms && !(ended && one->ended_ms < until_ms);
    slow->received += now;
    slow->online += now && one->channel == 2;
    slow->papers += now ? one->papers : 0;
    slow->resolved += over && result;
    slow->after += over && result && one->due_ms && one->ended_ms > one->due_ms;
    slow->on_time += over && result && !(one->due_ms && one->ended_ms > one->due_ms);
    slow->before += over && result && one->due_ms && one->ended_ms <= one->due_ms &&
                    (one->ended_ms + 7 * HOUR_MS) / DAY_MS < (one->due_ms + 7 * HOUR_MS) / DAY_MS;
    slow->refused += over && one->ended == STATUS_NOT_ACCEPTED;
    slow->worked_over += over && result && one->worked_minutes > 4800;
    bool stands = !ended && one->flags & MEASURE_STANDS;
    if (was_received && received_ms < at_ms && one->due_ms && one->due_ms < at_ms && !stands &&
        !(ended && (one->ended_ms < at_ms || one->ended_ms <= one->due_ms))) {
        slow->overdue++;
        slow->apologised += (one->flags & MEASURE_APOLOGISED) != 0;
    }
    bool rated = one->rated_ms && one->rated_ms >= from_ms && one->rated_ms < until_ms;
    slow->rated += rated;
    slow->trips += rated && one->trips > 1;
}

static bool is_of_line(const struct measure *one, enum report_by by, const struct report_line *line)
{
    switch (by) {
    case REPORT_AGENCY:
        return one->agency == line->agency;
    case REPORT_OFFICER:
        return one->officer_agency == line->agency && strcmp(one->officer, line->name) == 0;
    case REPORT_PROCEDURE:
        return strcmp(one->procedure, line->name) == 0;
    default:
        return true;
    }
}

static void compare(const struct measure *all, size_t count, const struct report_question *question,
                    const struct report_line *line)
{
    const struct figures *in = &line->in;
    struct slow slow = { 0 };
    uint64_t worked_over = 0;

    for (size_t i = 0; i < count; i++)
        if (is_of_line(&all[i], question->by, line))
            count_one(&slow, &all[i], slow_day_ms(question->from_day), slow_day_ms(question->until_day),
                      question->at_ms);
    for (unsigned bucket = 0; bucket < WORKED_BUCKETS; bucket++)
        worked_over += bucket && worked_bounds[bucket - 1] >= 4800 ? in->of[FIGURE_WORKED + bucket] : 0;
    assert_int_equal(line->carried_over, slow.carried);
    assert_int_equal(figures_received(in), slow.received);
    assert_int_equal(in->of[FIGURE_RECEIVED_ONLINE], slow.online);
    assert_int_equal(in->of[FIGURE_PAPERS], slow.papers);
    assert_int_equal(figures_resolved(in), slow.resolved);
    assert_int_equal(figures_on_time(in), slow.on_time);
    assert_int_equal(in->of[FIGURE_BEFORE], slow.before);
    assert_int_equal(in->of[FIGURE_AFTER], slow.after);
    assert_int_equal(in->of[FIGURE_CAUSE_AGENCY] + in->of[FIGURE_CAUSE_GATEWAY] + in->of[FIGURE_CAUSE_WAITING],
                     slow.after);
    assert_int_equal(in->of[FIGURE_APOLOGISED] + in->of[FIGURE_NOT_APOLOGISED], slow.after);
    assert_int_equal(in->of[FIGURE_REFUSED], slow.refused);
    assert_int_equal(worked_over, slow.worked_over);
    assert_int_equal(line->open, slow.open);
    assert_int_equal(line->overdue, slow.overdue);
    assert_int_equal(line->overdue_apologised, slow.apologised);
    assert_int_equal(in->of[FIGURE_RATINGS], slow.rated);
    assert_int_equal(in->of[FIGURE_TRIPS_SEVERAL], slow.trips);
}

void slow_compare(struct site *site, const struct measure *all, size_t count, enum report_by by, uint32_t from_day,
                  uint32_t until_day, int64_t at_ms)
{
    struct report_question question = { .from_day = from_day, .until_day = until_day, .by = by, .at_ms = at_ms };
    struct report report;

    assert_int_equal(report_read(site->store, &question, &report), RESULT_OK);
    for (size_t i = 0; i < report.count; i++)
        compare(all, count, &question, &report.lines[i]);
    if (by != REPORT_OFFICER) {                             /* not every dossier has one */
        question.by = REPORT_CITY;
        compare(all, count, &question, &report.all);
    }
    report_free(&report);
}
