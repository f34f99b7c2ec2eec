/* report.c - the gateway's own report of the half year, line by line beside what the one-stops' registers add up to. */
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/store/report.h"
#include "tests/city/audit.h"

/* Of one agency or procedure, or of all. */
struct sums {
    uint64_t received, online, counter, post, digitised, on_time, late, refused, withdrawn, apologised, open, overdue;
};

static void count_one(const struct city *city, uint32_t dossier, uint32_t end, struct sums *sums)
{
    const struct dossier_book *book = &city->books.dossiers[dossier];
    struct cast cast = cast_of(city, dossier);
    bool ended = book->outcome != OUT_OPEN && book->ended < end;
    bool late = book->due && book->ended > book->due;

    sums->received++;
    sums->online += cast.channel == CHANNEL_ONLINE;
    sums->counter += cast.channel == CHANNEL_COUNTER;
    sums->post += cast.channel == CHANNEL_POST;
    sums->digitised += cast.digitised;
    if (!ended) {
        sums->open++;
        sums->overdue += book->due && book->due < end;
        return;
    }
    sums->refused += book->outcome == OUT_REFUSED;
    sums->withdrawn += book->outcome == OUT_WITHDRAWN;
    if (book->outcome != OUT_RESULT)
        return;
    sums->on_time += !late;
    sums->late += late;
    sums->apologised += late && book->apologies;
}

static struct sums sums_of_report(const struct report_line *line)
{
    const struct figures *in = &line->in;
    return (struct sums){
        .received = figures_received(in), .online = in->of[FIGURE_RECEIVED_ONLINE],
        .counter = in->of[FIGURE_RECEIVED_COUNTER], .post = in->of[FIGURE_RECEIVED_POST],
        .digitised = in->of[FIGURE_PAPERS_DIGITISED], .on_time = figures_on_time(in), .late = in->of[FIGURE_AFTER],
        .refused = in->of[FIGURE_REFUSED], .withdrawn = in->of[FIGURE_WITHDRAWN],
        .apologised = in->of[FIGURE_APOLOGISED], .open = line->open, .overdue = line->overdue,
    };
}

static const struct { const char *name; size_t at; } lines[] = {
    { "received", offsetof(struct sums, received) },       { "received online", offsetof(struct sums, online) },
    { "received at the counter", offsetof(struct sums, counter) },      { "by post", offsetof(struct sums, post) },
    { "papers digitised", offsetof(struct sums, digitised) },           { "on time", offsetof(struct sums, on_time) },
    { "late", offsetof(struct sums, late) },               { "refused", offsetof(struct sums, refused) },
    { "withdrawn", offsetof(struct sums, withdrawn) },     { "with an apology", offsetof(struct sums, apologised) },
    { "in process", offsetof(struct sums, open) },         { "in process, overdue", offsetof(struct sums, overdue) },
};

static void compare(struct audit *audit, const char *of, const struct sums *own, const struct sums *theirs)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uint64_t a, b;
        memcpy(&a, (const uint8_t *)own + lines[i].at, sizeof a);
        memcpy(&b, (const uint8_t *)theirs + lines[i].at, sizeof b);
        if (a == b)
            continue;
        printf("  %s, %s: %llu by the registers, %llu by the gateway's report\n", of, lines[i].name,
               (unsigned long long)a, (unsigned long long)b);
        audit->faults[CHECK_REPORT]++;
    }
}

static void compare_by(struct audit *audit, enum report_by by)
{
    struct city *city = audit->city;
    struct report_question question = { .from_day = 20230101, .until_day = 20230701, .by = by,
                                        .at_ms = minute_ms(PERIOD_DAYS * DAY) };
    struct report report = { 0 };
    struct sums own[PLACES_MAX] = { { 0 } }, all = { 0 };

    int64_t before_ms = clock_monotonic_ms();
    must(report_read(city->store, &question, &report) == RESULT_OK);
    city->effort.report_ms += clock_monotonic_ms() - before_ms;
    for (uint32_t i = 0; i < city->books.dossier_count; i++) {
        struct cast cast = cast_of(city, i);
        count_one(city, i, PERIOD_DAYS * DAY, &own[by == REPORT_AGENCY ? cast.opener : (uint8_t)cast.plan]);
        count_one(city, i, PERIOD_DAYS * DAY, &all);
    }
    struct sums theirs = sums_of_report(&report.all);
    compare(audit, "the city", &all, &theirs);
    for (size_t i = 0; i < report.count; i++) {
        const struct report_line *line = &report.lines[i];
        const char *name = by == REPORT_AGENCY ? line->agency_code : line->name;
        int which = -1;
        for (uint32_t k = 0; k < (by == REPORT_AGENCY ? city->place_count : (uint32_t)PLANS); k++)
            if (strcmp(name, by == REPORT_AGENCY ? city->places[k].agency->code : plan_infos[k].procedure) == 0)
                which = (int)k;
        theirs = sums_of_report(line);
        if (which < 0) {
            printf("  the report has a line for '%s', of which no register knows\n", name);
            audit->faults[CHECK_REPORT]++;
        } else {
            compare(audit, name, &own[which], &theirs);
        }
    }
    report_free(&report);
}

void audit_report(struct audit *audit)
{
    compare_by(audit, REPORT_AGENCY);
    compare_by(audit, REPORT_PROCEDURE);
    printf("  the half year's report takes %lld ms\n", (long long)audit->city->effort.report_ms / 2);
}
