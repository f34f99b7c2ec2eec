/* The judgement of a fact about a dossier's status: every pair of the ten, with and without a RECALL; owners, older
 * facts; what branches make together; partners' codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/core/status.h"
#include "gateway/core/tables.h"

static struct status_line line(enum status status, int64_t source_ms, uint64_t sequence, uint32_t by)
{
    return (struct status_line){ .status = status, .source_ms = source_ms, .sequence = sequence, .by = by };
}

/* Read as: from the row to the column, as judged of a later fact of the owner. a applied, g applied with a gap,
 * r only after a RECALL, R the same and then with a gap. */
static const char table[STATUS_END][STATUS_END] = {
    /*        1    2    3    4    5    6    7    8    9    10 */
    [0]  = { 0, 'a', 'a', 'g', 'g', 'g', 'g', 'g', 'g', 'g', 'g' },
    [1]  = { 0, 'a', 'a', 'a', 'g', 'a', 'a', 'a', 'g', 'g', 'g' },
    [2]  = { 0, 'g', 'a', 'g', 'a', 'a', 'a', 'a', 'a', 'g', 'g' },
    [3]  = { 0, 'r', 'r', 'a', 'R', 'R', 'R', 'R', 'R', 'R', 'R' },
    [4]  = { 0, 'g', 'g', 'g', 'a', 'a', 'a', 'a', 'a', 'a', 'g' },
    [5]  = { 0, 'g', 'a', 'a', 'a', 'a', 'g', 'a', 'a', 'g', 'g' },
    [6]  = { 0, 'g', 'a', 'g', 'a', 'g', 'a', 'a', 'a', 'a', 'g' },
    [7]  = { 0, 'g', 'g', 'g', 'a', 'g', 'g', 'a', 'g', 'g', 'g' },
    [8]  = { 0, 'R', 'r', 'R', 'r', 'R', 'R', 'R', 'a', 'R', 'R' },
    [9]  = { 0, 'g', 'g', 'g', 'a', 'g', 'g', 'g', 'g', 'a', 'a' },
    [10] = { 0, 'R', 'R', 'R', 'r', 'R', 'R', 'R', 'R', 'r', 'a' },
};

static void every_pair(void **state)
{
    (void)state;
    for (unsigned from = 0; from < STATUS_END; from++)
        for (unsigned to = 1; to < STATUS_END; to++) {
            struct status_line current = line(from, 100, 0, 1), next = line(to, 101, 0, 1);
            char cell = table[from][to];
            enum judged plain = status_judge(&current, &next, true, false);
            enum judged recalled = status_judge(&current, &next, true, true);
            enum judged open = cell == 'a' || cell == 'r' ? JUDGED_APPLIED : JUDGED_GAP;
            bool locked = cell == 'r' || cell == 'R';
            if (plain != (locked ? JUDGED_FINAL : open) || recalled != open)
                fail_msg("from %u to %u: %s, recalled %s", from, to, judged_name(plain), judged_name(recalled));
            assert_int_equal(status_judge(&current, &next, false, true), JUDGED_NOT_OWNER);
            next.source_ms = 99;
            assert_int_equal(status_judge(&current, &next, true, true), from ? JUDGED_OLDER : open);
        }
    /* The moves that the field names. */
    static const unsigned gaps[][2] = { { 1, 4 }, { 2, 9 }, { 2, 10 }, { 4, 10 }, { 5, 9 } };
    static const unsigned plain[][2] = { { 1, 6 }, { 6, 2 }, { 7, 4 }, { 9, 10 } };
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        assert_int_equal(table[gaps[i][0]][gaps[i][1]], 'g');
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_int_equal(table[plain[i][0]][plain[i][1]], 'a');
}

static void the_order_of_facts(void **state)
{
    struct status_line current = line(STATUS_IN_PROCESS, 100, 7, 1), next;
    (void)state;

    next = line(STATUS_DONE, 99, 9, 1);                     /* the time goes before the sequence */
    assert_int_equal(status_judge(&current, &next, true, false), JUDGED_OLDER);
    next = line(STATUS_DONE, 100, 6, 1);
    assert_int_equal(status_judge(&current, &next, true, false), JUDGED_OLDER);
    next = line(STATUS_DONE, 100, 7, 1);
    assert_int_equal(status_judge(&current, &next, true, false), JUDGED_APPLIED);
    next = line(STATUS_DONE, 100, 0, 1);                    /* not stated: in the order they came */
    assert_int_equal(status_judge(&current, &next, true, false), JUDGED_APPLIED);
    next = line(STATUS_DONE, 100, 6, 2);                    /* another source counts for itself */
    assert_int_equal(status_judge(&current, &next, true, false), JUDGED_APPLIED);
    next = line(STATUS_DONE, 99, 0, 2);
    assert_int_equal(status_judge(&current, &next, true, false), JUDGED_OLDER);
}

static enum status join(const char *live, const char *ended, enum status last)
{
    struct branch_status branches[BRANCHES_MAX];
    uint32_t count = 0;
    for (const char *at = live; *at; at++)
        branches[count++] = (struct branch_status){ *at == 'X' ? 10u : (unsigned)(*at - '0'), false };
    for (const char *at = ended; *at; at++)
        branches[count++] = (struct branch_status){ *at == 'X' ? 10u : (unsigned)(*at - '0'), true };
    return status_join(branches, count, last);
}

static void branches_together(void **state)
{
    (void)state;
    assert_int_equal(join("465", "", 0), STATUS_SUPPLEMENT);            /* 5 before 6 before 4 */
    assert_int_equal(join("462", "", 0), STATUS_PAYMENT);
    assert_int_equal(join("42", "", 0), STATUS_IN_PROCESS);
    assert_int_equal(join("29", "", 0), STATUS_IN_PROCESS);             /* one is through, the other is not */
    assert_int_equal(join("0", "9", 0), STATUS_IN_PROCESS);
    assert_int_equal(join("59", "9", 0), STATUS_SUPPLEMENT);
    assert_int_equal(join("22", "", 0), STATUS_ACCEPTED);
    assert_int_equal(join("20", "", 0), STATUS_ACCEPTED);
    assert_int_equal(join("10", "", 0), STATUS_REGISTERED);
    assert_int_equal(join("00", "", STATUS_ACCEPTED), STATUS_ACCEPTED);
    assert_int_equal(join("99", "", 0), STATUS_DONE);
    assert_int_equal(join("9", "9", 0), STATUS_DONE);
    assert_int_equal(join("9X", "", 0), STATUS_DONE);
    assert_int_equal(join("X", "X", 0), STATUS_RETURNED);
    assert_int_equal(join("", "93", 0), STATUS_DONE);                   /* in part */
    assert_int_equal(join("", "33", STATUS_NOT_ACCEPTED), STATUS_NOT_ACCEPTED);
    assert_int_equal(join("8", "3", STATUS_STOPPED), STATUS_STOPPED);
    assert_int_equal(join("", "5", STATUS_SUPPLEMENT), STATUS_SUPPLEMENT);
    assert_int_equal(join("4", "5", 0), STATUS_IN_PROCESS);             /* what has ended asks for nothing any more */
}

static void partners_codes(void **state)
{
    static const struct agency police = { .code = "G01.29.07", .kind = AGENCY_SECTOR };
    static const struct agency ward = { .code = "H29.07.01", .kind = AGENCY_WARD };
    static const struct status_map maps[] = {
        { .name = "old", .from = { .kind = SELECT_BELOW, .code = "G01" }, .to_ms = 100,
          .codes = { { "3", STATUS_ACCEPTED, false } }, .code_count = 1 },
        { .name = "interlinked", .from = { .kind = SELECT_BELOW, .code = "G01" }, .from_ms = 100,
          .codes = { { "3", STATUS_IN_PROCESS, true }, { "9", 0, false } }, .code_count = 2 },
        { .name = "all", .from = { .kind = SELECT_ANY }, .codes = { { "3", STATUS_DONE, false },
                                                                    { "06", STATUS_DONE, false } }, .code_count = 2 },
    };
    (void)state;

    assert_int_equal(status_code_find(maps, 3, &police, 99, "3")->status, STATUS_ACCEPTED);
    assert_int_equal(status_code_find(maps, 3, &police, 100, "3")->status, STATUS_IN_PROCESS);
    assert_true(status_code_find(maps, 3, &police, 100, "3")->receipt);
    assert_int_equal(status_code_find(maps, 3, &police, 100, "9")->status, 0);
    assert_int_equal(status_code_find(maps, 3, &police, 100, "06")->status, STATUS_DONE);
    assert_int_equal(status_code_find(maps, 3, &ward, 100, "3")->status, STATUS_DONE);
    assert_null(status_code_find(maps, 3, &police, 100, "6"));
    assert_null(status_code_find(maps, 0, &police, 100, "3"));
    assert_null(status_code_find(maps, 3, &police, 100, ""));
}

static void words_for_people(void **state)
{
    (void)state;
    for (unsigned status = 0; status < STATUS_END; status++)
        assert_true(status_vi(status)[0] && status_en(status)[0]);
    for (unsigned judged = 1; judged < JUDGED_END; judged++)
        assert_true(judged_vi(judged)[0] && judged_en(judged)[0]);
    assert_string_equal(status_vi(STATUS_SUPPLEMENT), "Yêu cầu bổ sung giấy tờ");
    assert_non_null(strstr(judged_vi(JUDGED_GAP), "không báo cáo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair), cmocka_unit_test(the_order_of_facts), cmocka_unit_test(branches_together),
        cmocka_unit_test(partners_codes), cmocka_unit_test(words_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
