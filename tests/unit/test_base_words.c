/* The vocabularies and the problem types: every number has one name, and the numbers on disk and wire do not move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/problem.h"
#include "gateway/base/words.h"

/* name() and read() are inverse over 1 .. end - 1 and know nothing outside. */
#define ASSERT_TABLE(name, read, end)                                                                                \
    do {                                                                                                             \
        for (unsigned number = 1; number < (unsigned)(end); number++) {                                              \
            assert_string_not_equal(name(number), "?");                                                              \
            assert_int_equal(read(name(number)), number);                                                            \
        }                                                                                                            \
        assert_string_equal(name(0), "?");                                                                           \
        assert_string_equal(name(end), "?");                                                                         \
        assert_string_equal(name((unsigned)-1), "?");                                                                \
        assert_int_equal(read("?"), 0);                                                                              \
        assert_int_equal(read(""), 0);                                                                               \
        assert_int_equal(read(NULL), 0);                                                                             \
    } while (0)

static void tables_are_inverse(void **state)
{
    (void)state;
    ASSERT_TABLE(kind_name, kind_read, KIND_END);
    ASSERT_TABLE(state_name, state_read, STATE_END);
    ASSERT_TABLE(verdict_name, verdict_read, VERDICT_END);
    ASSERT_TABLE(scope_name, scope_read, SCOPE_END);
    ASSERT_TABLE(fail_class_name, fail_class_read, FAIL_CLASS_END);
    ASSERT_TABLE(agency_class_name, agency_class_read, CLASS_END);
    ASSERT_TABLE(agency_kind_name, agency_kind_read, AGENCY_KIND_END);
    ASSERT_TABLE(behind_name, behind_read, BEHIND_END);
    ASSERT_TABLE(status_name, status_read, STATUS_END);
    ASSERT_TABLE(judged_name, judged_read, JUDGED_END);
    assert_int_equal(kind_read("forward"), 0);
    for (unsigned number = 1; number < CAUSE_END; number++)
        assert_string_not_equal(cause_name(number), "?");
    assert_string_equal(cause_name(CAUSE_END), "?");
    assert_string_equal(answer_name(ANSWER_OVERTAKEN), "OVERTAKEN");
    assert_string_equal(answer_name(0), "?");
    assert_string_equal(until_name(UNTIL_DELIVERED), "DELIVERED");
    assert_string_equal(until_name(UNTIL_END), "?");
}

/* These stand in stores and in other people's programs: a row here may be added, never changed. */
static void numbers_stay(void **state)
{
    (void)state;
    assert_int_equal(kind_read("FORWARD"), 1);
    assert_int_equal(kind_read("RESULT"), 11);
    assert_int_equal(kind_read("RATING"), 19);
    assert_int_equal(state_read("HELD"), 1);
    assert_int_equal(state_read("OFFERED"), 3);
    assert_int_equal(state_read("CLOSED"), 8);
    assert_int_equal(verdict_read("DELIVERED"), 1);
    assert_int_equal(verdict_read("LATER"), 4);
    assert_int_equal(verdict_read("UNKNOWN"), 11);
    assert_int_equal(fail_class_read("ADAPTER"), 7);
    assert_int_equal(agency_class_read("NEITHER"), 3);
    assert_int_equal(CAUSE_LATE_OUTCOME, 26);
    assert_int_equal(CAUSE_RESTORED, 28);
    assert_string_equal(cause_name(CAUSE_SUCCEEDED), "SUCCEEDED");
    assert_int_equal(problem_read("malformed"), 1);
    assert_int_equal(problem_read("conflict"), 12);
    assert_int_equal(problem_read("full"), 16);
    assert_int_equal(problem_read("busy"), 23);
}

static void finals(void **state)
{
    (void)state;
    for (unsigned number = 1; number < STATE_END; number++)
        assert_int_equal(state_is_final(number), number == STATE_DELIVERED || number == STATE_CLOSED);
}

static void problem_table(void **state)
{
    (void)state;
    for (unsigned type = 1; type < PROBLEM_END; type++) {
        static const char prefix[] = "urn:lienthong:problem:";
        assert_int_equal(problem_read(problem_word(type)), type);
        assert_memory_equal(problem_uri(type), prefix, sizeof prefix - 1);
        assert_string_equal(problem_uri(type) + sizeof prefix - 1, problem_word(type));
    }
    assert_string_equal(problem_word(PROBLEM_END), "?");
    assert_string_equal(problem_uri((unsigned)-1), "?");
    assert_int_equal(problem_read("none"), PROBLEM_NONE);
    assert_int_equal(problem_read(NULL), PROBLEM_NONE);
}

static void problem_sentences(void **state)
{
    (void)state;
    struct problem problem;
    problem_set(&problem, PROBLEM_TOO_LARGE, "payload", "Nội dung %d byte, tối đa %s",
                "The body has %d bytes, at most %s", 7, "256 KiB");
    assert_int_equal(problem.type, PROBLEM_TOO_LARGE);
    assert_string_equal(problem.field, "payload");
    assert_string_equal(problem.sentence_vi, "Nội dung 7 byte, tối đa 256 KiB");
    assert_string_equal(problem.sentence_en, "The body has 7 bytes, at most 256 KiB");

    char longer[400];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    problem_set(&problem, PROBLEM_INVALID_FIELD, longer, "%s", "ệ%s", longer);
    assert_int_equal(strlen(problem.field), sizeof problem.field - 1);
    assert_int_equal(strlen(problem.sentence_vi), sizeof problem.sentence_vi - 1);
    assert_int_equal(strlen(problem.sentence_en), sizeof problem.sentence_en - 1);
    problem_set(&problem, PROBLEM_MALFORMED, NULL, "a", "b");
    assert_string_equal(problem.field, "");
}

static void problem_repetition(void **state)
{
    (void)state;
    for (unsigned type = 0; type < PROBLEM_END; type++) {
        bool expected = type == PROBLEM_NO_HELLO || type == PROBLEM_FULL || type == PROBLEM_STOPPING ||
                        type == PROBLEM_BUSY;
        if (problem_is_transient(type) != expected)
            fail_msg("%s", problem_word(type));
    }
    assert_false(problem_is_transient(PROBLEM_END));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_inverse), cmocka_unit_test(numbers_stay),      cmocka_unit_test(finals),
        cmocka_unit_test(problem_table),      cmocka_unit_test(problem_sentences), cmocka_unit_test(problem_repetition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
