/* Rules of papers that need no dossier: form numbers by date, what may not be taken for a reason, on time or late, and
 * where a day of the register begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/clock.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/paper_gather.h"

static int64_t at_ms(const char *text)
{
    int64_t time_ms = 0;
    assert_true(clock_read(span_of_string(text), &time_ms));
    return time_ms;
}

/* ---- form numbers */

static void numbers_moved_in_2025(void **state)
{
    static const struct { enum paper_kind kind; unsigned before, since; } numbers[] = {
        { PAPER_RECEIPT, 1, 1 }, { PAPER_SUPPLEMENT, 2, 2 }, { PAPER_REFUSAL, 3, 3 }, { PAPER_APOLOGY, 4, 4 },
        { PAPER_STOP, 0, 5 }, { PAPER_SLIP, 5, 6 }, { PAPER_REGISTER, 6, 7 }, { PAPER_RESULT, 0, 0 },
    };
    int64_t moved_ms = at_ms("2025-07-01T00:00:00+07:00");

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct paper_form before = paper_form(numbers[i].kind, moved_ms - 1);
        struct paper_form since = paper_form(numbers[i].kind, moved_ms);
        assert_int_equal(before.number, numbers[i].before);
        assert_int_equal(since.number, numbers[i].since);
        assert_string_equal(before.circular, "TT 01/2018/TT-VPCP");
        assert_string_equal(since.circular, "TT 03/2025/TT-VPCP");
        assert_true(before.title[0] && since.title[0]);
    }
    assert_string_not_equal(paper_form(PAPER_APOLOGY, moved_ms - 1).title, paper_form(PAPER_APOLOGY, moved_ms).title);
}

static void kinds_have_their_words(void **state)
{
    (void)state;
    for (enum paper_kind kind = 1; kind < PAPER_END; kind++) {
        assert_int_equal(paper_read(paper_infos[kind].word), kind);
        assert_true(paper_infos[kind].vi[0] && paper_infos[kind].en[0]);
    }
    assert_int_equal(paper_read(""), 0);
    assert_int_equal(paper_read("poster"), 0);
}

/* ---- words and times */

static void codes_are_no_reasons(void **state)
{
    static const char *const codes[] = { "", " ", "E-17", "-1", "http-503", "HTTP 500 Internal Server Error",
        "java.lang.NullPointerException at line 5", "error: lỗi không xác định được", "REJECTED", "thieu_giay_to",
        "{\"code\": 3}", "Object reference is null", "999: 12, 13" };
    static const char *const reasons[] = { "Không thuộc thẩm quyền của phường.", "Thiếu giấy chứng sinh bản chính",
        "Hồ sơ nộp trùng với hồ sơ H29.07-230425-0001 (đã có kết quả)." };

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!words_are_code(codes[i]))
            fail_msg("taken for a reason: %s", codes[i]);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (words_are_code(reasons[i]))
            fail_msg("taken for a code: %s", reasons[i]);
}

static void on_time_is_judged_by_the_day_and_the_minute(void **state)
{
    int64_t due_ms = at_ms("2023-04-28 11:00");

    (void)state;
    assert_string_equal(part_outcome(at_ms("2023-04-27 23:59"), due_ms), "before");
    assert_string_equal(part_outcome(at_ms("2023-04-28 00:00"), due_ms), "on");
    assert_string_equal(part_outcome(due_ms, due_ms), "on");
    assert_string_equal(part_outcome(due_ms + 1, due_ms), "late");
    assert_string_equal(part_outcome(0, due_ms), "");
    assert_string_equal(part_outcome(due_ms, 0), "");
}

/* ---- the first handoff of a day */

struct shelf { uint64_t ids[64]; size_t count; unsigned looks; };       /* the n-th was accepted at n */

static enum exit_code look(void *context, uint64_t after, uint64_t *ret_id, int64_t *ret_accepted_ms)
{
    struct shelf *shelf = context;
    size_t at = 0;

    shelf->looks++;
    while (at < shelf->count && shelf->ids[at] <= after)
        at++;
    *ret_id = at < shelf->count ? shelf->ids[at] : 0;
    *ret_accepted_ms = at < shelf->count ? (int64_t)at : INT64_MAX;
    return EXIT_DONE;
}

/* Ids of two epochs, with gaps: for every time there is, the one right before it. */
static void the_beginning_of_a_day_is_found(void **state)
{
    struct shelf shelf = { .count = 0 };

    (void)state;
    for (size_t count = 0; count <= 64; count++) {
        for (int64_t from_ms = 0; from_ms <= (int64_t)count + 1; from_ms++) {
            uint64_t found = 99;
            size_t before = from_ms < (int64_t)count ? (size_t)from_ms : count;
            shelf.looks = 0;
            assert_int_equal(register_search(look, &shelf, from_ms, &found), EXIT_DONE);
            assert_int_equal(found, before ? shelf.ids[before - 1] : 0);
            assert_true(shelf.looks < 140);
        }
        if (count < 64) {
            uint64_t last = count ? shelf.ids[count - 1] : 1ULL << 48;
            shelf.ids[shelf.count++] = count == 40 ? (2ULL << 48) + 1 : last + 1 + count * count % 5;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_moved_in_2025), cmocka_unit_test(kinds_have_their_words),
        cmocka_unit_test(codes_are_no_reasons), cmocka_unit_test(on_time_is_judged_by_the_day_and_the_minute),
        cmocka_unit_test(the_beginning_of_a_day_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
