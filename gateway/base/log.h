/* log.h - one line per fact on standard error, the same keys everywhere (logfmt). Only shells log: main, loop, adapter
 * runtime. Pure code returns what it has to say.
 *
 *     time=2026-03-02T16:30:00.000+07:00 level=info event=paused agency=H29.7.1 why="a fresh login was refused"
 *
 * Never a body, a person's name or an identity number. The keys used: event agency handoff attempt verdict session
 * why seq count ms. Values with blanks or quotes are quoted and escaped; control characters are escaped.
 */
#ifndef GATEWAY_BASE_LOG_H
#define GATEWAY_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_level_set(enum log_level lowest);              /* default LOG_INFO */
bool log_is_on(enum log_level level);                   /* worth working out what such a line would say */

/* `event` names the fact in a word or two, with dashes; `format` is printf's and gives the pairs, blanks between them:
 *     log_event(LOG_INFO, "paused", "agency=%s why=%s", agency, log_quoted(why));
 * A line longer than 2 KiB is cut. */
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A value that may hold anything, quoted and escaped. Lent: one of eight buffers of this thread, used in turn. */
const char *log_quoted(const char *value);

#endif
