#include "gateway/directory/calendar_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/directory/inside.h"

#define DAY_MS   (24LL * 3600 * 1000)
#define LOCAL_MS (7LL * 3600 * 1000)

/* ---------------------------------------------------------------- a year */

static void line_read(const struct yaml_node *node, const char *key, bool required, char *ret_line, size_t size)
{
    if (yaml_get_string(node, key, required, ret_line, size) && !line_is_valid(ret_line))
        yaml_fault(yaml_get(node, key), "'%s' must be one line of text", key);
}

/* Its kind, why, and how far it can be trusted. False: its kind is not known. */
static bool words_read(const struct yaml_node *node, struct listed_day *listed)
{
    char word[16] = "";
    bool known = yaml_get_string(node, "kind", true, word, sizeof word);

    listed->kind = strcmp(word, "off") == 0 ? DAY_OFF : strcmp(word, "worked") == 0 ? DAY_MAKE_UP : DAY_UNKNOWN;
    if (known && !listed->kind)
        yaml_fault(yaml_get(node, "kind"), "unknown kind '%s'; known: off, worked", word);

    line_read(node, "why", true, listed->why_vi, sizeof listed->why_vi);
    memcpy(listed->why_en, listed->why_vi, sizeof listed->why_en);
    line_read(node, "why_en", false, listed->why_en, sizeof listed->why_en);

    listed->source = SOURCE_REMEMBERED;                 /* the least sure */
    if (yaml_get_string(node, "source", false, word, sizeof word) && !(listed->source = day_source_read(word)))
        yaml_fault(yaml_get(node, "source"), "unknown source '%s'; known: published, secondary, remembered", word);
    return listed->kind != DAY_UNKNOWN;
}

static void day_read(const struct yaml_node *node, int64_t year, struct calendar *calendar)
{
    struct listed_day listed = { 0 };
    int64_t date_ms = 0;
    int in_year, month, date;

    if (!entry_is_mapping(node, "a day"))
        return;
    bool dated = yaml_get_time_ms(node, "date", true, &date_ms), good = words_read(node, &listed);
    if (dated && (date_ms + LOCAL_MS) % DAY_MS != 0) {
        yaml_fault(yaml_get(node, "date"), "'date' must be a day, as in 2026-02-17");
        return;
    }
    listed.day = (date_ms + LOCAL_MS) / DAY_MS;
    date_of_day(listed.day, &in_year, &month, &date);
    if (!dated || !good)
        return;
    if (in_year != year)
        yaml_fault(yaml_get(node, "date"), "this file is the year %lld", (long long)year);
    else if (calendar_listed(calendar, listed.day))
        yaml_fault(yaml_get(node, "date"), "this day a second time");
    else if (listed.kind == DAY_MAKE_UP && weekday_of(listed.day) < SATURDAY)
        yaml_fault(node, "a make-up day is a Saturday or a Sunday; this is a %s", weekday_name(weekday_of(listed.day)));
    else if (calendar_add_day(calendar, &listed) != RESULT_OK)
        yaml_fault(node, "more than %d days over all years, or no memory", CALENDAR_LISTED_MAX);
}

static void year_read(const struct yaml_node *root, struct calendar *calendar)
{
    const struct yaml_node *days = yaml_get(root, "days");
    int64_t year = 0;

    if (!entry_is_mapping(root, "a year"))
        return;
    bool good = yaml_get_int(root, "year", true, CALENDAR_YEAR_MIN, CALENDAR_YEAR_MAX, &year);
    if (good && calendar_add_year(calendar, (int)year) != RESULT_OK) {
        yaml_fault(yaml_get(root, "year"), "the year %lld a second time", (long long)year);
        good = false;
    }
    /* There has never been a year without Tết: an empty list is a year that somebody has yet to write. */
    if (!yaml_is_sequence(days) || !yaml_count(days)) {
        yaml_fault(days ? days : root, "'days' must be a list: '- { date: 2026-01-01, kind: off, why: ... }'");
        good = false;
    }
    if (!good) {
        entries_skip(days);
        return;
    }
    for (size_t i = 0; i < yaml_count(days); i++)
        day_read(yaml_item(days, i), year, calendar);
}

bool calendar_read_file(const char *path, const char *name, struct calendar *calendar, struct faults *faults)
{
    size_t before = faults->count;
    struct yaml_file *file = yaml_open(path, name, faults);

    if (!file)
        return false;
    year_read(yaml_root(file), calendar);
    yaml_check_unused(yaml_root(file));
    yaml_close(file);
    return faults->count == before;
}

static int is_yaml(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && end && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool calendar_read_folder(const char *path, const char *name, struct calendar *calendar, struct faults *faults)
{
    struct dirent **entries = NULL;
    size_t before = faults->count;
    int count = scandir(path, &entries, is_yaml, compare_names);

    if (count < 0 && errno != ENOENT)
        faults_add(faults, name, 0, "cannot be read: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        char file[DIRECTORY_PATH_SIZE], called[DIRECTORY_PATH_SIZE];
        if (!path_below(path, entries[i]->d_name, file) || !path_below(name, entries[i]->d_name, called))
            faults_add(faults, name, 0, "the path is too long");
        else
            (void)!calendar_read_file(file, called, calendar, faults);      /* its faults are counted below */
        free(entries[i]);
    }
    free(entries);
    return faults->count == before;
}

/* ---------------------------------------------------------------- hours */

static bool week_read(const struct yaml_node *node, const char *key, bool required, struct hours_day week[WEEKDAYS])
{
    char text[400];
    const char *why = NULL;

    if (!yaml_get_string(node, key, required, text, sizeof text))
        return false;
    if (!hours_read_week(text, week, &why))
        yaml_fault(yaml_get(node, key), "'%s': %s", key, why);
    return !why;
}

static void hours_read(const struct yaml_node *node, struct hours_list *list)
{
    struct hours *hours = &list->hours[list->count], none = { 0 };
    char text[200];
    const char *why = NULL;

    *hours = none;
    if (!entry_is_mapping(node, "a kind of hours"))
        return;
    bool named = yaml_get_string(node, "name", true, hours->name, sizeof hours->name);
    if (named && !word_is_valid(hours->name)) {
        yaml_fault(yaml_get(node, "name"), "hours are named with a-z, 0-9 and '-', not '%s'", hours->name);
        named = false;
    }
    bool counted = week_read(node, "counted", true, hours->counted);
    memcpy(hours->open, hours->counted, sizeof hours->open);
    week_read(node, "open", false, hours->open);
    if (yaml_get_string(node, "make_up", false, text, sizeof text)
        && !hours_read_day(text, &hours->make_up, &why))
        yaml_fault(yaml_get(node, "make_up"), "'make_up': %s", why);
    for (size_t i = 0; named && i < list->count; i++)
        if (strcmp(list->hours[i].name, hours->name) == 0) {
            yaml_fault(yaml_get(node, "name"), "hours '%s' a second time", hours->name);
            named = false;
        }
    const char *fault = counted && !why ? hours_fault(hours) : NULL;
    if (fault)
        yaml_fault(node, "%s", fault);
    list->count += named;
}

static int compare_hours(const void *a, const void *b)
{
    return strcmp(((const struct hours *)a)->name, ((const struct hours *)b)->name);
}

static void list_read(const struct yaml_node *root, struct hours_list *list)
{
    if (!yaml_is_sequence(root) || yaml_count(root) > HOURS_LISTED_MAX) {
        yaml_fault(root, "a list of at most %d kinds of hours is expected: '- name: ...'", HOURS_LISTED_MAX);
        entries_skip(root);
        return;
    }
    list->hours = calloc(yaml_count(root) + 1, sizeof *list->hours);
    if (!list->hours) {
        yaml_fault(root, "there is no memory to read it");
        entries_skip(root);
        return;
    }
    for (size_t i = 0; i < yaml_count(root); i++)
        hours_read(yaml_item(root, i), list);
    qsort(list->hours, list->count, sizeof *list->hours, compare_hours);
}

bool hours_read_file(const char *path, const char *name, struct hours_list *ret_list, struct faults *faults)
{
    struct hours_list list = { 0 };
    size_t before = faults->count;

    if (access(path, F_OK) == 0 || errno != ENOENT) {
        struct yaml_file *file = yaml_open(path, name, faults);
        if (file) {
            list_read(yaml_root(file), &list);
            yaml_check_unused(yaml_root(file));
        }
        yaml_close(file);
    }
    if (faults->count == before) {
        *ret_list = list;
        return true;
    }
    hours_list_free(&list);
    return false;
}

void hours_list_free(struct hours_list *list)
{
    free(list->hours);
    *list = (struct hours_list){ 0 };
}

const struct hours *hours_list_find(const struct hours_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->hours[i].name, name) == 0)
            return &list->hours[i];
    return NULL;
}
