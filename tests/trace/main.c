/* main.c - runs stories and compares what happened with what stands in them. ACCEPT=1 writes what happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "tests/trace/commands.h"

enum { SHOWN_LINES = 12 };

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0 &&
        (text = calloc(1, (size_t)size + 1)) != NULL && fread(text, 1, (size_t)size, file) != (size_t)size) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    if (!text) {
        fprintf(stderr, "trace: cannot read %s\n", path);
        exit(2);
    }
    return text;
}

static void write_file(const char *path, const struct output *output)
{
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(output->text, 1, output->used, file) == output->used;
    if ((file && fclose(file) != 0) || !written) {
        fprintf(stderr, "trace: cannot write %s\n", path);
        exit(2);
    }
}

/* "at 30s WORDS": the clock first, then the words. */
static void run_at(struct world *world, const char *path, int number, const char *text)
{
    struct line line;
    char *rest;
    char time[32];

    line_split(&line, path, number, "");
    size_t size = strcspn(text, " ");
    if (size >= sizeof time || !text[size])
        line_wrong(&line, "at TIME COMMAND");
    memcpy(time, text, size);
    time[size] = 0;
    rest = (char *)text + size + 1;
    int64_t to_ms = time[0] == '+' ? world->now_ms + ms_read(&line, time + 1) : STORY_BEGINS_MS + ms_read(&line, time);
    if (to_ms < world->now_ms)
        line_wrong(&line, "the clock does not go back");
    world->now_ms = to_ms;
    line_split(&line, path, number, rest);
    if (!line.count)
        line_wrong(&line, "at TIME COMMAND");
    command_run(world, &line);
}

static void run_line(struct world *world, const char *path, int number, const char *text)
{
    struct line line;

    if (!text[0] || text[0] == '#')
        return;
    if (strncmp(text, "at ", 3) == 0) {
        run_at(world, path, number, text + 3);
        return;
    }
    line_split(&line, path, number, text);
    if (!world_directory_line(world, &line))
        line_wrong(&line, "neither a line of the directory nor 'at'");
}

/* What the story would look like if everything that happened had been expected. False: the store was wrong. */
static bool run_story(const char *path, const char *story, struct output *output)
{
    struct world *world = world_new(output);
    char text[LINE_BYTES_MAX];
    int number = 0;

    for (const char *at = story; *at;) {
        size_t size = strcspn(at, "\n");
        number++;
        if (size >= sizeof text) {
            fprintf(stderr, "%s:%d: too long\n", path, number);
            exit(2);
        }
        memcpy(text, at, size);
        text[size] = 0;
        at += size + (at[size] == '\n');
        if (text[0] == ' ')
            continue;                                       /* an expectation */
        output_add(output, "%s\n", text);
        run_line(world, path, number, text);
    }
    return world_end(world);
}

static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static void show_lines(char mark, const char *from)
{
    for (int i = 0; i < SHOWN_LINES && *from; i++, from = line_after(from))
        printf("    %c %.*s\n", mark, (int)strcspn(from, "\n"), from);
}

/* From the first line that differs. */
static void show_difference(const char *path, const char *expected, const char *found)
{
    const char *heading = "";
    int number = 1, heading_size = 0;

    while (*expected && *found) {
        size_t size = strcspn(expected, "\n");
        if (size != strcspn(found, "\n") || memcmp(expected, found, size) != 0)
            break;
        if (expected[0] != ' ') {
            heading = expected;
            heading_size = (int)size;
        }
        expected = line_after(expected);
        found = line_after(found);
        number++;
    }
    printf("  %s:%d: under: %.*s\n", path, number, heading_size, heading);
    show_lines('-', expected);
    show_lines('+', found);
}

/* True: as expected. */
static bool check_story(const char *path, bool accept)
{
    char *story = read_file(path);
    struct output output = { 0 };
    int64_t began_ms = clock_monotonic_ms();
    bool sound = run_story(path, story, &output), same = strcmp(story, output.text ? output.text : "") == 0;
    long long took_ms = clock_monotonic_ms() - began_ms;

    if (accept && sound && !same) {
        write_file(path, &output);
        printf("  written  %s\n", path);
    } else if (!same) {
        show_difference(path, story, output.text ? output.text : "");
    }
    bool passed = sound && (same || accept);
    printf("  %-6s %s (%lld ms)\n", passed ? "ok" : "FAILED", path, took_ms);
    output_done(&output);
    free(story);
    return passed;
}

int main(int count, char **paths)
{
    const char *accept = getenv("ACCEPT");
    int passed = 0, failed = 0;

    if (hash_start() != RESULT_OK) {
        fprintf(stderr, "trace: libsodium does not start\n");
        return 2;
    }
    for (int i = 1; i < count; i++)
        *(check_story(paths[i], accept && strcmp(accept, "1") == 0) ? &passed : &failed) += 1;
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
