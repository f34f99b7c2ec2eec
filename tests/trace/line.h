/* line.h - one line of a story taken apart: words and key=value pairs, "quoted where there are blanks". Lends pieces of
 * its own copy. A mistake in a story stops the program with file and line: stories are ours. */
#ifndef TESTS_TRACE_LINE_H
#define TESTS_TRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_BYTES_MAX = 2048, LINE_WORDS_MAX = 40 };

struct line {
    const char *file;
    int         number;
    char        bytes[LINE_BYTES_MAX];
    struct line_word { const char *key, *value; bool used; } words[LINE_WORDS_MAX];     /* key "": a plain word */
    int         count;
};

_Noreturn void line_wrong(const struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void        line_split(struct line *line, const char *file, int number, const char *text);
/* The index-th plain word; NULL: there are not so many. */
const char *line_word(struct line *line, int index);
/* NULL: not given. */
const char *line_get(struct line *line, const char *key);
const char *line_text(struct line *line, const char *key, const char *otherwise);
uint64_t    line_number(struct line *line, const char *key, uint64_t otherwise);
int64_t     line_ms(struct line *line, const char *key, int64_t otherwise);         /* "30s", "62h", "250" (ms) */
bool        line_has(struct line *line, const char *word);                          /* a plain word is there */
int64_t     ms_read(struct line *line, const char *text);
/* The next item of a list with commas; *at moves on. False: no more. `item` has room for it (must). */
bool        line_item(const char **at, char *item, size_t size);
/* Stops when something in it was never asked for. */
void        line_end(const struct line *line);

#endif
