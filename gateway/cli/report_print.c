/* report_print.c - a report for people, as CSV, as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/cli/report.h"

enum { CELL_SIZE = 32, NAME_WIDTH = 34, LABEL_WIDTH = 48 };

static const char *say(const struct view *view, const char *vi, const char *en)
{
    return cli_say(view->cli, vi, en);
}

/* ---- one cell as text */

static void add_grouped(struct text *text, uint64_t number, const char *between)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < size; i++)
        text_add(text, "%s%c", i && (size - i) % 3 == 0 ? between : "", digits[i]);
}

/* `parts` in ten thousandths, rounded half up, with one decimal. */
static void add_share(struct text *text, const struct cell *cell, const char *point)
{
    uint64_t tenths = (cell->count * 2000 + cell->of) / (2 * cell->of);
    if (tenths == 1000 && cell->count < cell->of)
        tenths = 999;                                   /* not all is never shown as all */
    text_add(text, "%" PRIu64 "%s%" PRIu64, tenths / 10, point, tenths % 10);
}

static void add_average(struct text *text, double value, const char *point)
{
    uint64_t hundredths = (uint64_t)(value * 100 + 0.5);
    text_add(text, "%" PRIu64 "%s%02" PRIu64, hundredths / 100, point, hundredths % 100);
}

/* For people in their language; for a CSV file plain, with a point. */
static void cell_text(const struct view *view, const struct cell *cell, bool plain, char ret_text[CELL_SIZE])
{
    bool vietnamese = view->cli->vietnamese;
    const char *point = vietnamese && !plain ? "," : ".", *between = plain ? "" : vietnamese ? "." : ",";
    struct text text = text_of(ret_text, CELL_SIZE);

    switch (cell->kind) {
    case CELL_COUNT:
        add_grouped(&text, cell->count, between);
        break;
    case CELL_SHARE:
        add_share(&text, cell, point);
        break;
    case CELL_AVERAGE:
        add_average(&text, (double)cell->count / (double)cell->of, point);
        break;
    case CELL_DAYS:
        if (cell->days == HUGE_VAL)
            text_add(&text, "%s", plain ? "" : "∞");
        else
            add_average(&text, cell->days, point);
        break;
    case CELL_ABSENT:
        text_add(&text, "%s", plain ? "" : "-");
        break;
    }
}

/* ---- the head: coverage first */

static void print_coverage(const struct view *view)
{
    uint64_t received = view->received, total = 0;
    char n[CELL_SIZE], m[CELL_SIZE], percent[CELL_SIZE];
    struct cell known = { .kind = CELL_COUNT, .count = received };

    cell_text(view, &known, false, n);
    if (!report_known_of(view, &view->report.all, &total)) {
        printf(say(view, "Biết %s hồ sơ tiếp nhận trong kỳ; không rõ địa phương có tất cả bao nhiêu (--known-total N, "
                         "--known TỆP).\n",
                   "%s dossiers received in the period are known; how many there were is not (--known-total N, "
                   "--known FILE).\n"), n);
        return;
    }
    struct cell all = { .kind = CELL_COUNT, .count = total };
    struct cell part = { .kind = total ? CELL_SHARE : CELL_ABSENT, .count = received, .of = total };
    cell_text(view, &all, false, m);
    cell_text(view, &part, false, percent);
    printf(say(view, "Biết %s trong %s hồ sơ (%s %%).\n", "%s of %s dossiers are known (%s %%).\n"), n, m, percent);
}

static void day_text(int64_t day, char ret_text[16])
{
    uint32_t number = period_day(day);
    snprintf(ret_text, 16, "%02u/%02u/%04u", number % 100, number / 100 % 100, number / 10000);
}

static void print_head(const struct view *view)
{
    char from[16], to[16], at[CLOCK_TEXT_SIZE], turn[CLOCK_TEXT_SIZE] = "-";
    const struct report *report = &view->report;

    print_coverage(view);
    day_text(view->period.from_day, from);
    day_text(view->period.until_day - 1, to);
    clock_text_local(view->at_ms, at);
    if (report->seq)
        clock_text_local(report->turn_ms, turn);
    printf(say(view, "Kỳ %s - %s. Đang giải quyết tính đến %s. Số liệu đến lượt ghi %" PRIu64 " (%s).\n",
               "Period %s - %s. In process as of %s. Figures up to turn %" PRIu64 " (%s).\n"),
           from, to, at, report->seq, turn);
    if (report->dossiers > report->measured)
        printf(say(view, "Ngoài ra %" PRIu64 " hồ sơ chỉ được biết qua mã: chưa ai báo trạng thái, ngày nhận hay hạn "
                         "trả, nên không tính.\n",
                   "Another %" PRIu64 " dossiers are known by their codes only: nobody has told of a status, a day or "
                   "a due date, so they are not counted.\n"), report->dossiers - report->measured);
}

/* ---- the table */

/* Characters, not bytes: what this project prints is one column wide each. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void print_padded(const char *text, int width, bool right)
{
    int blanks = width - width_of(text);
    printf("%*s%s%*s", right && blanks > 0 ? blanks : 0, "", text, !right && blanks > 0 ? blanks : 0, "");
}

/* Cut at a character, with a sign that it was. */
static void print_name(const char *name)
{
    char cut[NAME_WIDTH * 4 + 8];
    struct text text = text_of(cut, sizeof cut);
    int width = 0;

    for (const char *at = name; *at; at++) {
        bool begins = ((unsigned char)*at & 0xC0) != 0x80;
        if (begins && ++width == NAME_WIDTH && width_of(at) > 1) {
            text_add(&text, "…");
            break;
        }
        text_add_span(&text, span_of(at, 1));
    }
    print_padded(cut, NAME_WIDTH, false);
}

static void line_title(const struct view *view, const struct report_line *line, char *title, size_t size)
{
    struct line_names names = report_names(view, line);
    struct text text = text_of(title, size);

    if (line == &view->report.all)
        text_add(&text, "%s", view->by == REPORT_CITY ? say(view, "Toàn địa bàn", "All") : say(view, "Cộng", "Sum"));
    else if (view->by == REPORT_AGENCY)
        text_add(&text, "%s %s", names.agency, names.agency_name);
    else if (view->by == REPORT_OFFICER)
        text_add(&text, "%s %s", names.agency, names.code);
    else
        text_add(&text, "%s %s", names.code[0] ? names.code : say(view, "(không rõ)", "(not said)"), names.name);
}

static void movement_text(const struct view *view, uint32_t rank, const struct report_line *line,
                          char ret_text[CELL_SIZE])
{
    uint32_t before = rank ? report_rank_before(view, line) : 0;
    struct text text = text_of(ret_text, CELL_SIZE);

    if (!rank)
        text_add(&text, "-");
    else if (!before)
        text_add(&text, "%s", say(view, "mới", "new"));
    else if (before == rank)
        text_add(&text, "=");
    else
        text_add(&text, "%s%u", before > rank ? "▲" : "▼", before > rank ? before - rank : rank - before);
}

static const char *heading(const struct view *view, const struct column *column)
{
    return say(view, column->short_vi, column->short_en);
}

static void print_row(const struct view *view, const struct report_line *line, uint32_t rank)
{
    char title[512], text[CELL_SIZE] = "";
    bool sum = line == &view->report.all;

    if (rank)
        snprintf(text, sizeof text, "%u", rank);
    print_padded(text, 4, true);
    text[0] = 0;
    if (!sum)
        movement_text(view, rank, line, text);
    printf("  ");
    print_padded(text, 4, false);
    printf("  ");
    line_title(view, line, title, sizeof title);
    print_name(title);
    for (size_t i = 0; i < report_column_count; i++) {
        const struct column *column = &report_columns[i];
        if (!column->short_vi)
            continue;
        struct cell cell = column->cell(line);
        cell_text(view, &cell, false, text);
        printf("  ");
        int width = width_of(heading(view, column));
        print_padded(text, width > 9 ? width : 9, true);
    }
    printf("\n");
}

static void print_lines(const struct view *view)
{
    print_padded(say(view, "Hạng", "Rank"), 4, false);
    printf("  ");
    print_padded("+/-", 4, false);
    printf("  ");
    print_padded(view->by == REPORT_AGENCY ? say(view, "Đơn vị", "Agency")
                 : view->by == REPORT_OFFICER ? say(view, "Công chức", "Officer")
                 : view->field ? say(view, "Lĩnh vực", "Field") : say(view, "Thủ tục", "Procedure"), NAME_WIDTH, false);
    for (size_t i = 0; i < report_column_count; i++)
        if (report_columns[i].short_vi) {
            printf("  ");
            print_padded(heading(view, &report_columns[i]), 9, true);
        }
    printf("\n");
    for (size_t i = 0; i < view->report.count; i++)
        print_row(view, &view->report.lines[i], view->ranks[i]);
    print_row(view, &view->report.all, 0);
}

/* All columns of one line, one below the other. */
static void print_list(const struct view *view, const struct report_line *line)
{
    char text[CELL_SIZE];

    for (size_t i = 0; i < report_column_count; i++) {
        const struct column *column = &report_columns[i];
        const char *label = say(view, column->vi, column->en);
        bool part = label[0] == '-';
        struct cell cell = column->cell(line);
        cell_text(view, &cell, false, text);
        printf("%s", part ? "    " : "  ");
        print_padded(label, LABEL_WIDTH - (part ? 2 : 0), false);
        print_padded(text, 12, true);
        printf("\n");
    }
}

void report_print_table(const struct view *view)
{
    print_head(view);
    if (view->by == REPORT_CITY)
        print_list(view, &view->report.all);
    else
        print_lines(view);
    printf("%s\n", say(view,
        "Thời gian giải quyết: ngày làm việc 8 giờ, trừ lúc chờ bổ sung hoặc nghĩa vụ tài chính; trung vị và P90 nằm "
        "giữa hai mốc từ - đến của biểu đồ tần suất.",
        "Working time: working days of 8 hours, waiting for a supplement or money taken out; median and P90 lie "
        "between the two bounds, from and up to, of a histogram."));
}

/* ---- CSV: RFC 4180, every column, plain numbers */

/* What a spreadsheet would take for a formula is not left as one. */
static void print_quoted(const char *text)
{
    bool formula = text[0] && strchr("=+-@\t\r", text[0]);
    printf("\"%s", formula ? "'" : "");
    for (; *text; text++)
        printf(*text == '"' ? "\"\"" : "%c", *text);
    printf("\"");
}

static void print_csv_line(const struct view *view, const struct report_line *line, uint32_t rank)
{
    struct line_names names = report_names(view, line);
    uint32_t before = rank ? report_rank_before(view, line) : 0;
    const char *const texts[] = { names.agency, names.agency_name, names.code, names.name };
    uint64_t total;
    char text[CELL_SIZE];

    if (rank)
        printf("%u", rank);
    printf(",");
    if (before)
        printf("%d", (int)before - (int)rank);
    for (size_t i = 0; i < 4; i++) {
        printf(",");
        print_quoted(line == &view->report.all && i == 0 ? say(view, "(cộng)", "(sum)") : texts[i]);
    }
    printf(",");
    if (report_known_of(view, line, &total))
        printf("%" PRIu64, total);
    for (size_t i = 0; i < report_column_count; i++) {
        struct cell cell = report_columns[i].cell(line);
        cell_text(view, &cell, true, text);
        printf(",%s", text);
    }
    printf("\r\n");
}

void report_print_csv(const struct view *view)
{
    printf("%s", say(view, "\"Hạng\",\"Tăng giảm\",\"Mã đơn vị\",\"Đơn vị\",\"Mã\",\"Tên\",\"Tổng số của địa phương\"",
                     "\"Rank\",\"Moved\",\"Agency code\",\"Agency\",\"Code\",\"Name\",\"There were\""));
    for (size_t i = 0; i < report_column_count; i++) {
        const char *label = say(view, report_columns[i].vi, report_columns[i].en);
        const char *group = "";
        for (size_t k = i; label[0] == '-' && k > 0 && !group[0]; k--) {        /* a part says of what */
            const char *above = say(view, report_columns[k - 1].vi, report_columns[k - 1].en);
            group = above[0] == '-' ? "" : above;
        }
        printf(",\"%s%s\"", group, group[0] ? label + 1 : label);
    }
    printf("\r\n");
    for (size_t i = 0; i < view->report.count; i++)
        print_csv_line(view, &view->report.lines[i], view->ranks[i]);
    print_csv_line(view, &view->report.all, 0);
}

/* ---- JSON */

static json_t *cell_json(const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_COUNT:
        return json_integer((json_int_t)cell->count);
    case CELL_SHARE: case CELL_AVERAGE:
        return json_real((double)cell->count / (double)cell->of * (cell->kind == CELL_SHARE ? 100 : 1));
    case CELL_DAYS:
        return cell->days == HUGE_VAL ? json_null() : json_real(cell->days);
    default:
        return json_null();
    }
}

static json_t *line_json(const struct view *view, const struct report_line *line, uint32_t rank)
{
    struct line_names names = report_names(view, line);
    uint32_t before = rank ? report_rank_before(view, line) : 0;
    json_t *json = json_object();
    uint64_t total;

    if (line != &view->report.all) {
        json_object_set_new(json, "rank", rank ? json_integer(rank) : json_null());
        json_object_set_new(json, "moved", before ? json_integer((json_int_t)before - rank) : json_null());
        json_object_set_new(json, "agency", json_string(names.agency));
        json_object_set_new(json, "agency_name", json_string(names.agency_name));
        json_object_set_new(json, "code", json_string(names.code));
        json_object_set_new(json, "name", json_string(names.name));
    }
    bool known = report_known_of(view, line, &total);
    json_object_set_new(json, "known_total", known ? json_integer((json_int_t)total) : json_null());
    for (size_t i = 0; i < report_column_count; i++) {
        struct cell cell = report_columns[i].cell(line);
        json_object_set_new(json, report_columns[i].key, cell_json(&cell));
    }
    return json;
}

static json_t *period_json(const struct period *period)
{
    char from[16], to[16];
    uint32_t first = period_day(period->from_day), last = period_day(period->until_day - 1);
    snprintf(from, sizeof from, "%04u-%02u-%02u", first / 10000, first / 100 % 100, first % 100);
    snprintf(to, sizeof to, "%04u-%02u-%02u", last / 10000, last / 100 % 100, last % 100);
    return json_pack("{s:s, s:s, s:s}", "from", from, "to", to, "preset",
                     period->preset ? preset_name(period->preset) : "");
}

void report_print_json(const struct view *view)
{
    static const char *const words[] = { [REPORT_CITY] = "city", [REPORT_AGENCY] = "agency",
                                         [REPORT_OFFICER] = "officer", [REPORT_PROCEDURE] = "procedure" };
    json_t *lines = json_array();
    char at[CLOCK_TEXT_SIZE];
    uint64_t total = 0;
    bool known = report_known_of(view, &view->report.all, &total);

    clock_text(view->at_ms, at);
    for (size_t i = 0; i < view->report.count; i++)
        json_array_append_new(lines, line_json(view, &view->report.lines[i], view->ranks[i]));
    cli_print_json(json_pack("{s:{s:I, s:o, s:I, s:I}, s:s, s:o, s:o, s:s, s:I, s:o, s:o}",
        "coverage", "known", (json_int_t)view->received,
        "of", known ? json_integer((json_int_t)total) : json_null(),
        "dossiers_ever", (json_int_t)view->report.dossiers, "counted_ever", (json_int_t)view->report.measured,
        "by", view->field ? "field" : words[view->by], "period", period_json(&view->period),
        "before", period_json(&view->before), "at", at, "turn", (json_int_t)view->report.seq,
        "all", line_json(view, &view->report.all, 0), "lines", lines));
}
