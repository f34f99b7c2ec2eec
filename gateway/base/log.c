#include "gateway/base/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/span.h"

enum { LINE_SIZE = 2048, QUOTED_SIZE = 1024, QUOTED_BUFFERS = 8 };

/* Read by every thread that logs, written once at start. */
static enum log_level lowest_level = LOG_INFO;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error",
};

void log_level_set(enum log_level lowest)
{
    lowest_level = lowest;
}

bool log_is_on(enum log_level level)
{
    return level >= lowest_level;
}

/* A line is one fact: whatever a caller's format let through unquoted must not begin another one. */
static void flatten(struct text *line)
{
    for (size_t i = 0; i < line->used; i++)
        if ((uint8_t)line->string[i] < 0x20 || line->string[i] == 0x7F)
            line->string[i] = ' ';
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    char array[LINE_SIZE], time[CLOCK_TEXT_SIZE];
    struct text line = text_of(array, sizeof array - 1);        /* one byte kept for the end of the line */
    va_list arguments;

    if (!log_is_on(level))
        return;
    clock_text(clock_wall_ms(), time);
    text_add(&line, "time=%s level=%s event=%s", time, level_names[level], event);
    if (format && *format) {
        text_add(&line, " ");
        va_start(arguments, format);
        text_add_v(&line, format, arguments);
        va_end(arguments);
    }
    flatten(&line);
    line.string[line.used++] = '\n';
    /* One write per line, so that lines of two threads do not run into each other. A log that cannot be written has
     * nobody to tell. */
    ssize_t written = write(STDERR_FILENO, line.string, line.used);
    (void)written;
}

/* One character as it stands between the quotes; escapes go in whole or not at all. */
static void add_escaped(struct text *text, char c)
{
    char array[8];
    struct text escape = text_of(array, sizeof array);

    if (c == '"' || c == '\\')
        text_add(&escape, "\\%c", c);
    else if (c == '\n')
        text_add(&escape, "\\n");
    else if (c == '\t')
        text_add(&escape, "\\t");
    else
        text_add(&escape, "\\x%02x", (unsigned)(uint8_t)c);
    if (escape.used >= text->size - text->used)
        text->cut = true;
    else
        text_add(text, "%s", escape.string);
}

static bool must_escape(char c)
{
    return c == '"' || c == '\\' || (uint8_t)c < 0x20 || c == 0x7F;
}

const char *log_quoted(const char *value)
{
    static _Thread_local char buffers[QUOTED_BUFFERS][QUOTED_SIZE];
    static _Thread_local unsigned next;
    char *buffer = buffers[next++ % QUOTED_BUFFERS];
    struct text text = text_of(buffer, QUOTED_SIZE - 1);        /* one byte kept for the closing quote */

    text_add(&text, "\"");
    for (value = value ? value : ""; *value && !text.cut;) {
        size_t plain = 0;
        while (value[plain] && !must_escape(value[plain]))
            plain++;
        text_add_span(&text, span_of(value, plain));
        value += plain;
        if (*value && !text.cut)
            add_escaped(&text, *value++);
    }
    buffer[text.used] = '"';
    buffer[text.used + 1] = 0;
    return buffer;
}
