/* Answers from hell: bytes that no honest agency sends are never taken for a yes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kinds_judge.h"

static void hostile_bodies(void **state)
{
    (void)state;
    struct rules *rules = judge_chain("dvclt", "lgsp");
    static const struct { const char *bytes; size_t size; } bodies[] = {
        { "\0", 1 }, { "\0\0\0{\"status\":1}", 15 }, { "{\"status\":1}\0", 13 }, { "{\"status\":1}{\"status\":1}", 24 },
        { "\xFF\xFE{\0}\0", 6 }, { "{\"message\":\"\xC3\x28\"}", 16 }, { "{\"message\":\"\xED\xA0\x80\"}", 17 },
        { "{\"status\":1,\"status\":0}", 23 }, { "{\"status\":1e999}", 16 }, { "[[[[[[[[", 8 },
        { "{\"status\":99999999999999999999}", 31 }, { "<\0<\0<", 5 }, { "<", 1 },
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct question question = question_of((struct asked){ .call = CALL_UPDATE, .body = "" });
        question.answer.body = span_of(bodies[i].bytes, bodies[i].size);
        enum verdict verdict = judge_with(rules, question).verdict;
        if (verdict != VERDICT_UNKNOWN && verdict != VERDICT_LATER)
            fail_msg("body %zu gave %s", i, verdict_name(verdict));
    }
    /* A string with a zero byte inside is still read: the words before it count. */
    struct question question = question_of((struct asked){ .call = CALL_UPDATE, .kind = KIND_PROGRESS,
        .body = "{\"message\":\"Hồ sơ không tồn tại\\u0000\"}" });
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_ORPHAN);
    /* A byte order mark is not an error. */
    question.answer.body = span_of_string("\xEF\xBB\xBF{\"status\":1}");
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_DELIVERED);
    /* Cut by our own bound: the JSON may look whole, but it is not. */
    question.answer.body_cut = true;
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_UNKNOWN);
    rules_free(rules);
}

/* Random bytes, and every prefix of a real answer: never more than UNKNOWN or LATER, never a crash. */
static void random_bodies(void **state)
{
    (void)state;
    struct rules *rules = judge_chain("hotich", "lgsp");
    uint8_t bytes[256];
    uint64_t dice = 88172645463325252ULL;
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            bytes[i] = (uint8_t)dice;
        }
        struct question question = question_of((struct asked){ .call = (enum call)(1 + dice % 3), .body = "" });
        question.answer.body = span_of(bytes, dice % sizeof bytes);
        enum verdict verdict = judge_with(rules, question).verdict;
        assert_true(verdict == VERDICT_UNKNOWN || verdict == VERDICT_LATER);
    }
    const char *real = "{\"status\":1,\"message\":\"Hồ sơ đã được tiếp nhận\",\"data\":{\"a\":[1,2,3]}}";
    for (size_t size = 0; size < strlen(real); size++) {
        struct question question = question_of((struct asked){ .body = "" });
        question.answer.body = span_of(real, size);
        assert_int_equal(judge_with(rules, question).verdict, VERDICT_UNKNOWN);
    }
    rules_free(rules);
}

static void a_large_body_is_bounded(void **state)
{
    (void)state;
    struct rules *rules = judge_chain("one-stop", NULL);
    size_t size = 4 << 20;
    char *bytes = malloc(size);
    memset(bytes, 'x', size);
    memcpy(bytes, "{\"MSG\":\"", 8);
    memcpy(bytes + size - 13, "thanh cong\"}", 13);
    struct question question = question_of((struct asked){ .call = CALL_UPDATE, .body = "" });
    question.answer.body = span_of(bytes, size - 1);
    struct judgement judgement = judge_with(rules, question);
    assert_int_equal(judgement.verdict, VERDICT_UNKNOWN);
    assert_true(strlen(judgement.reason) < REASON_BYTES_MAX);
    free(bytes);
    rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_bodies), cmocka_unit_test(random_bodies), cmocka_unit_test(a_large_body_is_bounded),
    };
    return cmocka_run_group_tests_name("kinds: bodies", tests, judge_start, judge_stop);
}
