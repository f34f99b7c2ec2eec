/* figures.c - what a story says beside of a dossier that only reports are made of, and "report". */
#include <stdio.h>
#include <string.h>

#include "gateway/store/report.h"
#include "tests/trace/commands.h"

/* "3:2:1": up to three numbers with colons between. */
static int numbers_of(struct line *line, const char *text, uint32_t ret_numbers[3])
{
    unsigned numbers[3] = { 0 };
    int count = sscanf(text, "%u:%u:%u", &numbers[0], &numbers[1], &numbers[2]);
    if (count < 1)
        line_wrong(line, "'%s' is not N:N:N", text);
    for (int i = 0; i < 3; i++)
        ret_numbers[i] = numbers[i];
    return count;
}

bool figures_said(struct line *line, struct facts *facts)
{
    const char *from = line_get(line, "officer_from"), *to = line_get(line, "officer_to");
    const char *papers = line_get(line, "papers"), *rating = line_get(line, "rating");
    uint32_t numbers[3];

    if (!span_to_string(span_of_string(from), facts->officer_from, OFFICER_SIZE) ||
        !span_to_string(span_of_string(to), facts->officer_to, OFFICER_SIZE))
        line_wrong(line, "an officer's code is too long");
    if (papers) {
        (void)numbers_of(line, papers, numbers);
        facts->papers = (struct facts_papers){ numbers[0], numbers[1], numbers[2] };
    }
    if (rating) {
        (void)numbers_of(line, rating, numbers);
        facts->rating = (struct facts_rating){ numbers[0], numbers[1], numbers[2] };
        facts->has_rating = true;
    }
    return from || to || papers || rating;
}

/* ---- report */

static enum report_by by_of(struct line *line, const char *word)
{
    static const char *const words[REPORT_BY_END] = { [REPORT_CITY] = "city", [REPORT_AGENCY] = "agency",
                                                      [REPORT_OFFICER] = "officer", [REPORT_PROCEDURE] = "procedure" };
    for (enum report_by by = 1; by < REPORT_BY_END; by++)
        if (strcmp(words[by], word) == 0)
            return by;
    line_wrong(line, "by=city|agency|officer|procedure");
}

static void print_line(struct world *world, const char *what, const struct report_line *line)
{
    struct output *output = world->output;

    output_add(output, " %s carried %llu received %llu ended %llu open %llu overdue %llu\n", what,
               (unsigned long long)line->carried_over, (unsigned long long)figures_received(&line->in),
               (unsigned long long)figures_ended(&line->in), (unsigned long long)line->open,
               (unsigned long long)line->overdue);
    for (unsigned i = 0; i < FIGURES; i++) {
        if (!line->in.of[i])
            continue;
        output_add(output, "  %s", figure_name(i));
        if (i >= FIGURE_WORKED && i + 1 < FIGURES)
            output_add(output, " up to %um", worked_bounds[i - FIGURE_WORKED]);
        output_add(output, " %llu\n", (unsigned long long)line->in.of[i]);
    }
}

static void print_one(struct world *world, const struct report_line *line)
{
    char what[AGENCY_CODE_SIZE + OFFICER_SIZE + 2];
    struct text text = text_of(what, sizeof what);
    text_add(&text, "%s%s%s", line->agency_code, line->agency_code[0] && line->name[0] ? " " : "",
             line->agency_code[0] || line->name[0] ? line->name : "-");
    print_line(world, what, line);
}

void figures_report(struct world *world, struct line *line)
{
    uint32_t day = figure_day(world->now_ms), ranks[64];
    struct report_question question = {
        .by = by_of(line, line_text(line, "by", "city")), .at_ms = world->now_ms + 1,
        .from_day = (uint32_t)line_number(line, "from", day / 100 * 100 + 1),
        .until_day = (uint32_t)line_number(line, "until", (day / 100 % 100 == 12 ? day / 100 + 89 : day / 100 + 1) * 100
                                                          + 1),
    };
    struct report report;

    line_end(line);
    must(report_read(world->store, &question, &report) == RESULT_OK && report.count <= 64);
    report_rank(&report, ranks);
    output_add(world->output, " report %u to %u\n", question.from_day, question.until_day);
    for (size_t i = 0; i < report.count; i++)
        print_one(world, &report.lines[i]);
    if (question.by == REPORT_CITY)
        print_line(world, "all", &report.all);
    report_free(&report);
}
