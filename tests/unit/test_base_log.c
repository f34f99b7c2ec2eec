/* Log lines: one line per fact whatever a value holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/span.h"

static char captured[8192];
static int  saved_stderr;
static FILE *capture;

static void capture_begin(void)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    capture = tmpfile();
    assert_true(saved_stderr >= 0 && capture && dup2(fileno(capture), STDERR_FILENO) >= 0);
}

static void capture_end(void)
{
    assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
    close(saved_stderr);
    rewind(capture);
    size_t size = fread(captured, 1, sizeof captured - 1, capture);
    captured[size] = 0;
    fclose(capture);
}

static void quoting(void **state)
{
    (void)state;
    assert_string_equal(log_quoted("mã H29"), "\"mã H29\"");
    assert_string_equal(log_quoted(""), "\"\"");
    assert_string_equal(log_quoted(NULL), "\"\"");
    assert_string_equal(log_quoted("a\"b\\c\nd\te\x01\x7F"), "\"a\\\"b\\\\c\\nd\\te\\x01\\x7f\"");
}

static void quoting_is_cut_whole(void **state)
{
    (void)state;
    char quotes[3000], letters[3000];
    memset(quotes, '"', sizeof quotes - 1);
    quotes[sizeof quotes - 1] = 0;
    for (size_t i = 0; i + 1 < sizeof letters; i++)
        letters[i] = "\xE1\xBB\x87"[i % 3];
    letters[sizeof letters - 2] = 0;
    const char *cut = log_quoted(quotes);
    size_t size = strlen(cut);
    assert_true(size > 1000 && size < 1024);
    assert_int_equal(size % 2, 0);                          /* two quotes around, and only whole pairs between */
    assert_string_equal(cut + size - 3, "\\\"\"");
    cut = log_quoted(letters);
    assert_int_equal(strlen(cut) % 3, 2);
    assert_true(span_is_utf8(span_of_string(cut)));
}

static void eight_at_once(void **state)
{
    (void)state;
    const char *values[8];
    for (int i = 0; i < 8; i++) {
        char value[2] = { (char)('a' + i), 0 };
        values[i] = log_quoted(value);
    }
    for (int i = 0; i < 8; i++)
        assert_int_equal(values[i][1], 'a' + i);
}

static void a_line(void **state)
{
    (void)state;
    int64_t time_ms;
    capture_begin();
    log_event(LOG_INFO, "paused", "agency=%s why=%s", "H29.7.1", log_quoted("a b"));
    log_event(LOG_ERROR, "stopped", NULL);
    log_event(LOG_DEBUG, "quiet", "seq=%d", 1);
    capture_end();
    char *second = strchr(captured, '\n');
    assert_non_null(second);
    *second++ = 0;
    assert_memory_equal(captured, "time=", 5);
    assert_true(clock_read(span_of(captured + 5, 29), &time_ms));
    assert_in_range(time_ms, clock_wall_ms() - 60000, clock_wall_ms());
    assert_string_equal(captured + 34, " level=info event=paused agency=H29.7.1 why=\"a b\"");
    assert_string_equal(second + 34, " level=error event=stopped\n");
}

static void one_fact_one_line(void **state)
{
    (void)state;
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    capture_begin();
    log_event(LOG_WARN, "odd", "why=%s", "a\nlevel=error event=forged");
    log_event(LOG_WARN, "long", "why=%s", longer);
    capture_end();
    char *end = strchr(captured, '\n');
    assert_non_null(end);
    assert_non_null(strstr(captured, "why=a level=error event=forged\n"));
    assert_int_equal(strlen(end + 1), 2047);
    assert_ptr_equal(strchr(end + 1, '\n'), end + 2047);
}

static void levels(void **state)
{
    (void)state;
    capture_begin();
    log_level_set(LOG_ERROR);
    log_event(LOG_WARN, "hidden", NULL);
    assert_false(log_is_on(LOG_WARN));
    assert_true(log_is_on(LOG_ERROR));
    log_level_set(LOG_DEBUG);
    assert_true(log_is_on(LOG_DEBUG));
    log_event(LOG_DEBUG, "shown", NULL);
    log_level_set(LOG_INFO);
    capture_end();
    assert_null(strstr(captured, "hidden"));
    assert_non_null(strstr(captured, "level=debug event=shown\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quoting), cmocka_unit_test(quoting_is_cut_whole), cmocka_unit_test(eight_at_once),
        cmocka_unit_test(a_line),  cmocka_unit_test(one_fact_one_line),    cmocka_unit_test(levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
