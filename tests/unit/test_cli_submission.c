/* A handoff as a JSON file: what is wrong in it is told with the way to it, and nothing of it is lost in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/words.h"
#include "gateway/cli/submission.h"

#define BEGIN "{\"kind\": \"FORWARD\", \"dossier_code\": \"H29.07-230425-0001\", "

static bool reads(const char *text, struct submission *submission, struct problem *problem)
{
    *problem = (struct problem){ 0 };
    return submission_read(span_of_string(text), ".", submission, problem);
}

static void each_fault_names_the_way_to_it(void **state)
{
    static const struct { const char *rest, *field; } faults[] = {
        { "\"recipent\": \"x\"}", "recipent" },
        { "\"recipient\": 7}", "recipient" },
        { "\"parent\": -1}", "parent" },
        { "\"sequence\": 1.5}", "sequence" },
        { "\"source_time\": \"soon\"}", "source_time" },
        { "\"after\": \"x\"}", "after" },
        { "\"after\": [\"x\"]}", "after[0]" },
        { "\"after\": [7]}", "after[0]" },
        { "\"after\": [{\"message_id\": \"x\"}]}", "after[0].message_id" },
        { "\"after\": [{\"message_id\": \"01a21608-ec31-8011-b2ea-c9b0552b6785\", \"until\": \"NEVER\"}]}",
          "after[0].until" },
        { "\"facts\": []}", "facts" },
        { "\"facts\": {\"statu\": 2}}", "facts.statu" },
        { "\"facts\": {\"status\": \"2\"}}", "facts.status" },
        { "\"facts\": {\"status\": 4294967298}}", "facts.status" },
        { "\"facts\": {\"due\": \"31/12/2026\"}}", "facts.due" },
        { "\"facts\": {\"area_code\": 79}}", "facts.area_code" },
        { "\"facts\": {\"aliases\": \"LT-1\"}}", "facts.aliases" },
        { "\"facts\": {\"aliases\": [1]}}", "facts.aliases" },
        { "\"facts\": {\"components\": [\"to-khai\"]}}", "facts.components[0]" },
        { "\"facts\": {\"components\": [{\"code\": \"a\"}, {\"code\": \"b\", \"copies\": \"1\"}]}}",
          "facts.components[1].copies" },
        { "\"facts\": {\"components\": [{\"code\": \"a\", \"digitized\": true}]}}", "facts.components[0].digitized" },
        { "\"facts\": {\"money\": [{\"owed\": -1}]}}", "facts.money[0].owed" },
        { "\"facts\": {\"rating\": 5}}", "facts.rating" },
        { "\"facts\": {\"rating\": {\"stars\": 5}}}", "facts.rating.stars" },
        { "\"payload_text\": 5}", "payload_text" },
        { "\"payload_file\": \"none-there\"}", "payload_file" },
        { "\"payload\": {}, \"payload_text\": \"x\"}", "payload" },
    };
    struct submission submission;
    struct problem problem;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        snprintf(text, sizeof text, BEGIN "%s", faults[i].rest);
        assert_false(reads(text, &submission, &problem));
        assert_string_equal(problem.field, faults[i].field);
        assert_int_equal(problem.type, PROBLEM_INVALID_FIELD);
        assert_true(problem.sentence_vi[0] && problem.sentence_en[0]);
        submission_done(&submission);
    }
}

static void what_is_right_is_taken(void **state)
{
    struct submission submission;
    struct problem problem;

    (void)state;
    assert_true(reads(BEGIN "\"after\": [\"01a21608-ec31-8011-b2ea-c9b0552b6785\"], \"payload\": {\"a\": 1},"
                      "\"facts\": {\"status\": 2, \"aliases\": [\"LT-1\"], \"rating\": {\"attitude\": 5, \"trips\": 1},"
                      "\"components\": [{\"code\": \"to-khai\", \"copies\": 1, \"digitised\": true}]}}",
                      &submission, &problem));
    const Lienthong__V1__Facts *facts = submission.header.facts;
    assert_int_equal(submission.header.kind, KIND_FORWARD);
    assert_int_equal(submission.header.n_after, 1);
    assert_int_equal(facts->status, 2);
    assert_string_equal(facts->aliases[0], "LT-1");
    assert_int_equal(facts->rating->attitude, 5);
    assert_string_equal(facts->components[0]->code, "to-khai");
    assert_true(facts->components[0]->digitised);
    assert_true(span_equal(submission.payload, span_of_string("{\"a\":1}")));
    submission_done(&submission);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_names_the_way_to_it), cmocka_unit_test(what_is_right_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
