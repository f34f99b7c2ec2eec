/* calendar/ and hours.yaml: what can be wrong with them, what they mean, and those that are shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/directory/calendar_read.h"
#include "tests/unit/directory_folder.h"

static const char year_good[] = "year: 2026\ndays:\n  - { date: 2026-01-01, kind: off, why: Tết }\n";
static const char hours_good[] = "- { name: std, counted: Mon-Fri 07:30-11:30 13:00-17:00 }\n";

static void has_fault(const char *file, const char *text, const char *where, const char *words)
{
    scratch_file(&scratch, "calendar/2026.yaml", year_good);
    scratch_file(&scratch, "hours.yaml", hours_good);
    scratch_file(&scratch, file, text);
    folder_has_fault((struct folder){ 0 }, where, words);
}

static void days_has_fault(const char *day, const char *words)
{
    char text[400];

    snprintf(text, sizeof text, "year: 2026\ndays:\n  - { date: 2026-01-01, kind: off, why: x }\n  - %s\n", day);
    has_fault("calendar/2026.yaml", text, "calendar/2026.yaml:4:", words);
}

static void faults_of_days(void **state)
{
    (void)state;
    days_has_fault("2026-01-02", "a day is expected");
    days_has_fault("{ kind: off, why: x }", "'date' is missing");
    days_has_fault("{ date: 2026-02-30, kind: off, why: x }", "'date' must be a date");
    days_has_fault("{ date: 2026-02-27 08:00, kind: off, why: x }", "must be a day");
    days_has_fault("{ date: 2025-12-31, kind: off, why: x }", "this file is the year 2026");
    days_has_fault("{ date: 2026-01-01, kind: off, why: x }", "a second time");
    days_has_fault("{ date: 2026-01-02, why: x }", "'kind' is missing");
    days_has_fault("{ date: 2026-01-02, kind: holiday, why: x }", "unknown kind 'holiday'; known: off, worked");
    days_has_fault("{ date: 2026-01-02, kind: worked, why: x }", "a Saturday or a Sunday; this is a Fri");
    days_has_fault("{ date: 2026-01-02, kind: off }", "'why' is missing");
    days_has_fault("{ date: 2026-01-02, kind: off, why: \"a\\nb\" }", "one line");
    days_has_fault("{ date: 2026-01-02, kind: off, why: x, why_en: \"\\u2028\" }", "one line");
    days_has_fault("{ date: 2026-01-02, kind: off, why: x, source: heard }", "unknown source 'heard'");
    days_has_fault("{ date: 2026-01-02, kind: off, why: x, sure: F }", "nobody knows 'sure'");
    has_fault("calendar/2026.yaml", "year: 1999\ndays:\n  - { date: 2026-01-01, kind: off, why: x }\n",
              "calendar/2026.yaml:1:", "2000");
    has_fault("calendar/2026.yaml", "year: 2026\n", "calendar/2026.yaml:1:", "'days' must be a list");
    has_fault("calendar/2026.yaml", "year: 2026\ndays: []\n", "calendar/2026.yaml:2:", "'days' must be a list");
    has_fault("calendar/2026.yaml", "- x\n", "calendar/2026.yaml:1:", "a year is expected");
    has_fault("calendar/copy.yaml", year_good, "calendar/copy.yaml:1:", "the year 2026 a second time");
    unlink(scratch_path(&scratch, "calendar/copy.yaml"));
    unlink(scratch_path(&scratch, "calendar/2026.yaml"));
    rmdir(scratch_path(&scratch, "calendar"));
}

static void faults_of_hours(void **state)
{
    static const struct { const char *text, *words; } rows[] = {
        { "std", "a kind of hours is expected" },
        { "{ counted: Mon 08:00-12:00 }", "'name' is missing" },
        { "{ name: Std, counted: Mon 08:00-12:00 }", "a-z, 0-9 and '-', not 'Std'" },
        { "{ name: a, open: Mon 08:00-12:00 }", "'counted' is missing" },
        { "{ name: a, counted: Mon }", "days are written Mon" },
        { "{ name: a, counted: 'Mon ' }", "without working periods" },
        { "{ name: a, counted: Fri-Mon 08:00-12:00 }", "days are written Mon" },
        { "{ name: a, counted: Mo 08:00-12:00 }", "days are written Mon" },
        { "{ name: a, counted: Mon-Fri 8:00-12:00 }", "written 07:30-11:30" },
        { "{ name: a, counted: Mon 08:00-24:01 }", "written 07:30-11:30" },
        { "{ name: a, counted: Mon 12:00-08:00 }", "must end after it begins" },
        { "{ name: a, counted: Mon 08:00-12:00 11:00-17:00 }", "must end after it begins" },
        { "{ name: a, counted: Mon 01:00-02:00 03:00-04:00 05:00-06:00 07:00-08:00 09:00-10:00 11:00-12:00 "
          "13:00-14:00 }",
          "too many working periods" },
        { "{ name: a, counted: Mon-Wed 08:00-12:00; Tue 13:00-17:00 }", "stands there twice" },
        { "{ name: a, counted: Tue-Fri 08:00-12:00 }", "a make-up day could not be worked" },
        { "{ name: a, counted: Mon 08:00-12:00, open: never }", "'open'" },
        { "{ name: a, counted: Mon 08:00-12:00, make_up: Sat 08:00-12:00 }", "'make_up'" },
        { "{ name: a, counted: Mon 08:00-12:00, make_up: 08:00-12:00; }", "no semicolon" },
        { "{ name: a, counted: Mon 08:00-12:00, closed: x }", "nobody knows 'closed'" },
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "%s- %s\n", hours_good, rows[i].text);
        has_fault("hours.yaml", text, "hours.yaml:2:", rows[i].words);
    }
    snprintf(text, sizeof text, "%s%s", hours_good, hours_good);
    has_fault("hours.yaml", text, "hours.yaml:2:", "hours 'std' a second time");
    has_fault("hours.yaml", "name: std\n", "hours.yaml:1:", "a list of at most 256");
    unlink(scratch_path(&scratch, "hours.yaml"));
    unlink(scratch_path(&scratch, "calendar/2026.yaml"));
    rmdir(scratch_path(&scratch, "calendar"));
}

/* Order, comments, defaults written out: the same bytes. Another day or shift: others. None at all: those of before. */
static void in_the_canonical_bytes(void **state)
{
    (void)state;
    struct directory *none = folder_read((struct folder){ 0 });
    assert_null(calendar_at(directory_calendar(none), 0));
    assert_null(directory_hours(none, "std"));

    scratch_file(&scratch, "calendar/a.yaml", "year: 2026\ndays:\n  - { date: 2026-01-10, kind: worked, why: bù }\n"
                 "  - { date: 2026-01-02, kind: off, why: Tết, why_en: New Year, source: published }\n");
    scratch_file(&scratch, "hours.yaml", "- { name: b, counted: Mon-Fri 08:00-12:00 }\n"
                 "- { name: a, counted: Mon 08:00-12:00, open: Mon-Sat 08:00-11:00, make_up: 09:00-10:00 }\n");
    struct directory *one = folder_read((struct folder){ 0 });
    static const char tail[] =
        "year 2026\n"
        "day 2026-01-02 off published Tết\n why_en New Year\n"
        "day 2026-01-10 worked remembered bù\n why_en bù\n"
        "hours a\n counted Mon 08:00-12:00\n open Mon-Sat 08:00-11:00\n make_up 09:00-10:00\n"
        "hours b\n counted Mon-Fri 08:00-12:00\n open Mon-Fri 08:00-12:00\n";
    struct span before = directory_bytes(none), bytes = directory_bytes(one);
    assert_int_equal(bytes.size, before.size + sizeof tail - 1);
    assert_memory_equal(bytes.bytes, before.bytes, before.size);
    assert_memory_equal(bytes.bytes + before.size, tail, sizeof tail - 1);

    unlink(scratch_path(&scratch, "calendar/a.yaml"));
    scratch_file(&scratch, "calendar/b.yaml", "# the same\nyear: 2026\ndays:\n"
                 "  - { date: 2026-01-02, kind: off, why: Tết, why_en: New Year, source: published }\n"
                 "  - { date: 2026-01-10, kind: worked, why: bù, why_en: bù, source: remembered }\n");
    scratch_file(&scratch, "hours.yaml",
                 "- { name: a, counted: Mon 08:00-12:00, open: Mon-Sat 08:00-11:00, make_up: 09:00-10:00 }\n"
                 "- { name: b, counted: Mon-Thu 08:00-12:00; Fri 08:00-12:00, open: Mon-Fri 08:00-12:00 }\n");
    struct directory *same = folder_read((struct folder){ 0 });
    assert_true(span_equal(directory_bytes(one), directory_bytes(same)));
    unlink(scratch_path(&scratch, "calendar/b.yaml"));
    unlink(scratch_path(&scratch, "hours.yaml"));
    rmdir(scratch_path(&scratch, "calendar"));
    directory_free(none);
    directory_free(one);
    directory_free(same);
}

/* ---------------------------------------------------------------- what is shipped */

/* "2026-01-10", "worked", source letter of a line; false at the end. */
static bool tsv_day(FILE *file, char date[16], char kind[16], char source[16])
{
    char line[300];

    while (fgets(line, sizeof line, file))
        if (line[0] == '2')
            return sscanf(line, "%15[^\t]\t%15[^\t]\t%*[^\t]\t%15[^\n]", date, kind, source) == 3;
    return false;
}

static void shipped_calendar(void **state)
{
    struct calendar *calendar = calendar_new();
    FILE *file = fopen("tests/unit/data/calendar.tsv", "re");
    char date[16], kind[16], source[16];
    size_t count = 0;

    (void)state;
    assert_non_null(calendar);
    assert_non_null(file);
    assert_true(calendar_read_folder("deploy/networks/hcmc-2023/calendar", "calendar", calendar, &faults));
    for (int year = 2022; year <= 2028; year++)
        assert_int_equal(calendar_has_year(calendar, year), year > 2022 && year < 2028);
    for (; tsv_day(file, date, kind, source); count++) {
        const struct listed_day *listed = calendar_at(calendar, count);
        int year, month, day;
        char text[16];
        assert_non_null(listed);
        date_of_day(listed->day, &year, &month, &day);
        snprintf(text, sizeof text, "%04d-%02d-%02d", year % 10000, month % 100, day % 100);
        assert_string_equal(text, date);
        assert_string_equal(listed->kind == DAY_OFF ? "off" : "worked", kind);
        static const char *const letters[SOURCE_END] = { "", "F", "F1", "R" };
        assert_string_equal(source, letters[listed->source]);
    }
    assert_null(calendar_at(calendar, count));
    assert_true(count > 60);
    fclose(file);
    calendar_free(calendar);
}

static void shipped_hours(void **state)
{
    struct hours_list list = { 0 };
    FILE *file = fopen("tests/unit/data/hours.tsv", "re");
    char line[400], name[40], counted[200], open[200], text[300];
    size_t count = 0;

    (void)state;
    assert_non_null(file);
    assert_true(hours_read_file("deploy/networks/hcmc-2023/hours.yaml", "hours.yaml", &list, &faults));
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#' || sscanf(line, "%39[^\t]\t%199[^\t]\t%199[^\n]", name, counted, open) != 3
            || strcmp(name, "name") == 0)
            continue;
        const struct hours *hours = hours_list_find(&list, name);
        assert_non_null(hours);
        struct text written = text_of(text, sizeof text);
        hours_week_text(hours->counted, &written);
        assert_string_equal(text, counted);
        written = text_of(text, sizeof text);
        hours_week_text(hours->open, &written);
        assert_string_equal(text, open);
        count++;
    }
    fclose(file);
    assert_int_equal(list.count, count);
    hours_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_days),
        cmocka_unit_test(faults_of_hours),
        cmocka_unit_test(in_the_canonical_bytes),
        cmocka_unit_test(shipped_calendar),
        cmocka_unit_test(shipped_hours),
    };
    return cmocka_run_group_tests(tests, folder_start, folder_stop);
}
