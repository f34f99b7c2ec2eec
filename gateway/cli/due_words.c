/* How a due date came about, in words and as JSON. */
#include <stdio.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/cli/due.h"

#define MINUTE_MS (60LL * 1000)
#define DAY_MS    (24 * 60 * MINUTE_MS)
#define LOCAL_MS  (7 * 60 * MINUTE_MS)

static const char *weekday_words(const struct cli *cli, int64_t day)
{
    static const char *const vi[WEEKDAYS] = { "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy",
                                              "Chủ nhật" };
    static const char *const en[WEEKDAYS] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
                                              "Sunday" };

    return cli_say(cli, vi[weekday_of(day)], en[weekday_of(day)]);
}

static void date_words(int64_t day, struct text *text)
{
    int year, month, date;

    date_of_day(day, &year, &month, &date);
    text_add(text, "%04d-%02d-%02d", year, month, date);
}

static void day_words(const struct cli *cli, int64_t day, struct text *text)
{
    text_add(text, "%s ", weekday_words(cli, day));
    date_words(day, text);
}

void due_time_words(const struct cli *cli, int64_t time_ms, struct text *text)
{
    char local[CLOCK_TEXT_SIZE];

    clock_text_local(time_ms, local);
    if (strcmp(local + 16, ":00") == 0)
        local[16] = 0;
    text_add(text, "%s %s", weekday_words(cli, (time_ms + LOCAL_MS) / DAY_MS), local);
}

json_t *due_time_json(int64_t time_ms)
{
    char text[CLOCK_TEXT_SIZE];

    clock_text(time_ms, text);
    return json_string(text);
}

void due_rule_words(const struct cli *cli, const struct deadline_rule *rule, struct text *text)
{
    int n = rule->number;

    switch (rule->kind) {
    case DEADLINE_WORKING_DAYS:
        text_add(text, cli_say(cli, "%d ngày làm việc", n == 1 ? "%d working day" : "%d working days"), n);
        break;
    case DEADLINE_WORKING_HOURS:
        text_add(text, cli_say(cli, "%d giờ làm việc", n == 1 ? "%d working hour" : "%d working hours"), n);
        break;
    case DEADLINE_DAYS:
        text_add(text, cli_say(cli, "%d ngày", n == 1 ? "%d day" : "%d days"), n);
        break;
    case DEADLINE_CUTOFF:
        text_add(text, cli_say(cli, "trước %02d:%02d thì trong ngày, sau đó thì ngày làm việc tiếp theo",
                               "the same day when before %02d:%02d, else the next working day"), n / 60, n % 60);
        break;
    case DEADLINE_NONE:
        text_add(text, "%s", cli_say(cli, "không có ngày hẹn trả", "no due date"));
    }
}

/* "3 giờ 30 phút"; seconds are left out. */
static void span_words(const struct cli *cli, int64_t span_ms, struct text *text)
{
    long long minutes = (long long)(span_ms / MINUTE_MS), hours = minutes / 60;

    if (hours)
        text_add(text, cli_say(cli, "%lld giờ", "%lld h"), hours);
    if (minutes % 60 || !hours)
        text_add(text, cli_say(cli, "%s%lld phút", "%s%lld min"), hours ? " " : "", minutes % 60);
}

static const char *why_words(const struct cli *cli, const struct listed_day *listed)
{
    return listed ? cli_say(cli, listed->why_vi, listed->why_en) : "";
}

static const char *doubt_words(const struct cli *cli, const struct listed_day *listed)
{
    if (!listed || listed->source == SOURCE_PUBLISHED)
        return "";
    return cli_say(cli, " (chưa đối chiếu với văn bản)", " (not checked against the published calendar)");
}

/* Days skipped one after the other for the same reason are one line. Returns how many notes it took. */
static size_t skipped_words(const struct cli *cli, const struct due_source *source, const struct deadline_trace *trace,
                            size_t at, struct text *text)
{
    const struct deadline_note *first = &trace->notes[at];
    const struct listed_day *listed = calendar_listed(source->calendar, first->day);
    size_t count = 1;

    text_add(text, "%s", cli_say(cli, "bỏ qua ", "skipped "));
    day_words(cli, first->day, text);
    for (; at + count < trace->count; count++) {
        const struct deadline_note *next = &trace->notes[at + count];
        const struct listed_day *other = calendar_listed(source->calendar, next->day);
        if (next->kind != first->kind || (listed && strcmp(why_words(cli, listed), why_words(cli, other)) != 0))
            break;
        text_add(text, ", ");
        day_words(cli, next->day, text);
    }
    if (first->kind == NOTE_REST)
        text_add(text, "%s", cli_say(cli, ": không làm việc theo giờ hằng tuần", ": not worked by the weekly hours"));
    else
        text_add(text, "%s%s%s", cli_say(cli, ": ngày nghỉ, ", ": a day off, "), why_words(cli, listed),
                 doubt_words(cli, listed));
    return count;
}

static void pause_words(const struct cli *cli, const struct deadline_note *note, struct text *text)
{
    text_add(text, "%s", cli_say(cli, "tạm dừng từ ", "paused from "));
    due_time_words(cli, note->from_ms, text);
    text_add(text, "%s", cli_say(cli, " đến ", " to "));
    due_time_words(cli, note->to_ms, text);
    if (note->kind == NOTE_NO_EFFECT) {
        text_add(text, "%s", cli_say(cli,
                                     ": không ảnh hưởng (đã xong trước khi tiếp nhận, hoặc bắt đầu khi đã đến hẹn)",
                                     ": without effect (over before the arrival, or begun when it was due already)"));
        return;
    }
    text_add(text, "%s", cli_say(cli, ": lúc đó còn ", ": "));
    span_words(cli, note->left_ms, text);
    text_add(text, "%s", cli_say(cli, " làm việc; hẹn trả thành ", " of working time were left; due becomes "));
    due_time_words(cli, note->at_ms, text);
}

static void note_words(const struct cli *cli, const struct due_source *source, const struct deadline_rule *rule,
                       const struct deadline_note *note, struct text *text)
{
    const struct listed_day *listed = calendar_listed(source->calendar, note->day);

    switch (note->kind) {
    case NOTE_MOVED:
        text_add(text, "%s", cli_say(cli, "tiếp nhận ngoài giờ làm việc: tính từ ",
                                     "arrived outside working time: counted from "));
        due_time_words(cli, note->at_ms, text);
        break;
    case NOTE_MAKE_UP:
        day_words(cli, note->day, text);
        text_add(text, "%s%s%s", cli_say(cli, " có làm việc: ", " is worked: "), why_words(cli, listed),
                 doubt_words(cli, listed));
        break;
    case NOTE_AFTER_CUTOFF:
        text_add(text, cli_say(cli, "không trước %02d:%02d: sang ngày làm việc tiếp theo",
                               "not before %02d:%02d: the next working day"), rule->number / 60, rule->number % 60);
        break;
    case NOTE_DAY_IS_OFF:
        text_add(text, cli_say(cli, "ngày thứ %d là ", "day %d is "), rule->number);
        day_words(cli, note->day, text);
        text_add(text, "%s", cli_say(cli, ", không làm việc: sang ngày làm việc tiếp theo",
                                     ", not worked: the next working day"));
        break;
    case NOTE_SHIFTED:
        text_add(text, "%s", cli_say(cli, "ngày cuối không làm việc vào giờ đó: lấy ",
                                     "the last day is not worked at that time: "));
        due_time_words(cli, note->at_ms, text);
        break;
    case NOTE_DUE:
        text_add(text, "%s", cli_say(cli, "nếu không tạm dừng: ", "without any pause: "));
        due_time_words(cli, note->at_ms, text);
        break;
    default:
        pause_words(cli, note, text);
    }
}

void due_explain(const struct cli *cli, const struct due_source *source, const struct deadline_rule *rule,
                 const struct deadline_trace *trace)
{
    char line[8192];

    for (size_t i = 0; i < trace->count;) {
        const struct deadline_note *note = &trace->notes[i];
        struct text text = text_of(line, sizeof line);
        if (note->kind == NOTE_OFF || note->kind == NOTE_REST)
            i += skipped_words(cli, source, trace, i, &text);
        else {
            note_words(cli, source, rule, note, &text);
            i++;
        }
        printf("  - %s\n", line);
    }
    if (trace->lost)
        printf(cli_say(cli, "  - và %zu điều nữa\n", "  - and %zu more\n"), trace->lost);
}

static void set_day(json_t *json, const struct due_source *source, int64_t day)
{
    const struct listed_day *listed = calendar_listed(source->calendar, day);
    char date[16];
    struct text text = text_of(date, sizeof date);

    date_words(day, &text);
    json_object_set_new(json, "day", json_string(date));
    if (!listed)
        return;
    json_object_set_new(json, "why", json_string(listed->why_vi));
    json_object_set_new(json, "why_en", json_string(listed->why_en));
    json_object_set_new(json, "source", json_string(day_source_name(listed->source)));
}

json_t *due_explain_json(const struct due_source *source, const struct deadline_trace *trace)
{
    static const char *const names[] = {
        [NOTE_MOVED] = "arrival_moved", [NOTE_OFF] = "day_off", [NOTE_REST] = "not_worked", [NOTE_MAKE_UP] = "make_up",
        [NOTE_AFTER_CUTOFF] = "after_cutoff", [NOTE_DAY_IS_OFF] = "last_day_off", [NOTE_SHIFTED] = "time_moved",
        [NOTE_DUE] = "due_without_pauses", [NOTE_PAUSE] = "pause", [NOTE_NO_EFFECT] = "pause_without_effect",
    };
    json_t *list = json_array();

    for (size_t i = 0; i < trace->count; i++) {
        const struct deadline_note *note = &trace->notes[i];
        json_t *json = json_pack("{s:s}", "what", names[note->kind]);
        if (note->day)
            set_day(json, source, note->day);
        if (note->from_ms || note->to_ms) {
            json_object_set_new(json, "from", due_time_json(note->from_ms));
            json_object_set_new(json, "to", due_time_json(note->to_ms));
        }
        if (note->kind == NOTE_PAUSE)
            json_object_set_new(json, "left_ms", json_integer(note->left_ms));
        if (note->at_ms)
            json_object_set_new(json, "at", due_time_json(note->at_ms));
        json_array_append_new(list, json);
    }
    return list;
}
