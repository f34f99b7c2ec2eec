#include "tests/trace/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"

void line_wrong(const struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", line->file, line->number);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

/* One word from *at on; quotes are taken off. */
static char *word_end(struct line *line, char *from, char **ret_at)
{
    char *out = from, *in = from;
    bool quoted = false;

    for (; *in && (quoted || *in != ' '); in++) {
        if (*in == '"')
            quoted = !quoted;
        else
            *out++ = *in;
    }
    if (quoted)
        line_wrong(line, "a quote is not closed");
    *ret_at = *in ? in + 1 : in;
    *out = 0;
    return from;
}

void line_split(struct line *line, const char *file, int number, const char *text)
{
    line->file = file;
    line->number = number;
    line->count = 0;
    if (strlen(text) >= sizeof line->bytes)
        line_wrong(line, "too long");
    memcpy(line->bytes, text, strlen(text) + 1);
    for (char *at = line->bytes; *at;) {
        if (*at == ' ') {
            at++;
            continue;
        }
        if (*at == '#' && (at[1] == ' ' || !at[1]))     /* a remark; #1 is a handoff */
            break;
        if (line->count == LINE_WORDS_MAX)
            line_wrong(line, "too many words");
        bool pair = false;
        for (const char *look = at; *look && *look != ' ' && *look != '"'; look++)
            pair |= *look == '=';
        struct line_word *word = &line->words[line->count++];
        word->used = false;
        word->key = "";
        word->value = word_end(line, at, &at);
        if (pair) {
            char *equals = strchr(word->value, '=');
            word->key = word->value;
            word->value = equals + 1;
            *equals = 0;
        }
    }
}

const char *line_word(struct line *line, int index)
{
    for (int i = 0; i < line->count; i++) {
        if (line->words[i].key[0] || index--)
            continue;
        line->words[i].used = true;
        return line->words[i].value;
    }
    return NULL;
}

bool line_has(struct line *line, const char *word)
{
    for (int i = 0; i < line->count; i++)
        if (!line->words[i].key[0] && strcmp(line->words[i].value, word) == 0) {
            line->words[i].used = true;
            return true;
        }
    return false;
}

const char *line_get(struct line *line, const char *key)
{
    for (int i = 0; i < line->count; i++)
        if (strcmp(line->words[i].key, key) == 0) {
            line->words[i].used = true;
            return line->words[i].value;
        }
    return NULL;
}

const char *line_text(struct line *line, const char *key, const char *otherwise)
{
    const char *value = line_get(line, key);
    return value ? value : otherwise;
}

uint64_t line_number(struct line *line, const char *key, uint64_t otherwise)
{
    const char *value = line_get(line, key);
    char *end;
    if (!value)
        return otherwise;
    uint64_t number = strtoull(value, &end, 10);
    if (!*value || *end)
        line_wrong(line, "%s=%s is no number", key, value);
    return number;
}

int64_t ms_read(struct line *line, const char *text)
{
    bool negative = *text == '-';
    char *end;
    int64_t ms = strtoll(text + negative, &end, 10);
    if (*end && !duration_read(span_of_string(text + negative), &ms))
        line_wrong(line, "'%s' is no time: 250, 30s, 15m, 62h, 7d", text);
    return negative ? -ms : ms;
}

int64_t line_ms(struct line *line, const char *key, int64_t otherwise)
{
    const char *value = line_get(line, key);
    return value ? ms_read(line, value) : otherwise;
}

bool line_item(const char **at, char *item, size_t size)
{
    const char *comma = strchrnul(*at, ',');
    size_t length = (size_t)(comma - *at);
    if (!length)
        return false;
    must(length < size);
    memcpy(item, *at, length);
    item[length] = 0;
    *at = *comma ? comma + 1 : comma;
    return true;
}

void line_end(const struct line *line)
{
    for (int i = 0; i < line->count; i++)
        if (!line->words[i].used)
            line_wrong(line, "'%s%s%s' means nothing here", line->words[i].key, line->words[i].key[0] ? "=" : "",
                       line->words[i].value);
}
