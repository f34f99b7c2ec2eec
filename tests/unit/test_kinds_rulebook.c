/* Rule sets as files: chains of them, the order in which they are tried, and their faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kinds_judge.h"

/* ---------------------------------------------------------------- chains */

static void a_front_comes_first(void **state)
{
    (void)state;
    struct rules *plain = judge_chain("hotich", NULL), *behind = judge_chain("hotich", "lgsp");
    struct question question = question_of((struct asked){ .http = 500,
        .body = "{\"fault\":{\"code\":303001,\"message\":\"Currently , Address endpoint is suspended\"}}" });
    assert_int_equal(judge_with(plain, question).verdict, VERDICT_UNSURE);
    assert_int_equal(judge_with(behind, question).verdict, VERDICT_LATER);
    assert_string_equal(judge_with(behind, question).fingerprint, "lgsp-303001");
    /* What the front does not know, the dialect does, and what that does not know, `any` does. */
    question.answer.body = span_of_string("{\"status\":1}");
    question.answer.http_status = 200;
    assert_int_equal(judge_with(behind, question).verdict, VERDICT_DELIVERED);
    question.answer.http_status = 429;
    question.answer.body = span_of_string("");
    assert_int_equal(judge_with(behind, question).verdict, VERDICT_LATER);
    rules_free(plain);
    rules_free(behind);
}

static void an_agency_overrides(void **state)
{
    (void)state;
    const char *path = scratch_file(&judge_scratch, "adapter.yaml",
        "rules:\n"
        "  - { http: 409, verdict: ALREADY_THERE, ref: /so, why: \"409 là trùng ở cơ quan này\" }\n"
        "  - { http: 200, text: { /message: [\"Đang Xử Lý\"] }, name: busy, verdict: LATER, why: bận }\n"
        "  - { http: 200, at: { /status: 1 }, verdict: REFUSED, why: own code }\n");
    struct yaml_file *file = yaml_open(path, "adapter.yaml", &judge_faults);
    struct rules *rules = rules_build(judge_book, "hotich", NULL, 0, yaml_get(yaml_root(file), "rules"), &judge_faults);
    assert_non_null(rules);
    assert_int_equal(judge_faults.count, 0);
    struct question question = question_of((struct asked){ .http = 409, .body = "{\"so\":\"0042\"}" });
    struct judgement judgement = judge_with(rules, question);
    assert_int_equal(judgement.verdict, VERDICT_ALREADY_THERE);
    assert_string_equal(judgement.agency_ref, "0042");
    assert_string_equal(judgement.where, "adapter.yaml:2");
    /* Own prose before the dialect's codes: the agency's list is tried whole before anything else. */
    question.answer.http_status = 200;
    question.answer.body = span_of_string("{\"status\":0,\"errorCode\":500,\"message\":\"đang xử lý\"}");
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_LATER);
    question.answer.body = span_of_string("{\"status\":1}");
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_REFUSED);
    /* The file is not needed any more. */
    yaml_close(file);
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_REFUSED);
    rules_free(rules);
}

/* Codes before prose before status, first match wins, whatever the order in the file. */
static void phases(void **state)
{
    (void)state;
    struct faults mine;
    struct scratch folder;                  /* a whole folder is read: no other test's files in it */
    scratch_open(&folder);
    assert_int_equal(faults_init(&mine), RESULT_OK);
    scratch_file(&folder, "any.yaml",
        "dialect: any\nrules:\n"
        "  - { http: 200, verdict: REFUSED, why: status }\n"
        "  - { text: { /m: xong }, name: prose, verdict: DELIVERED, why: prose }\n"
        "  - { text: { /m: xong rồi }, name: prose2, verdict: UNSURE, why: later prose }\n"
        "  - { at: { /c: [\"5\", 6] }, verdict: LATER, why: code }\n"
        "  - { anywhere: sâu, name: deep, verdict: ORPHAN, why: anywhere }\n");
    struct rulebook *other = rulebook_open(folder.folder, &mine);
    struct rules *rules = rules_build(other, "any", NULL, 0, NULL, &mine);
    assert_non_null(rules);
    static const struct { const char *body; enum verdict verdict; } samples[] = {
        { "{\"m\":\"xong\",\"c\":\"5\"}", VERDICT_LATER }, { "{\"m\":\"xong\",\"c\":6}", VERDICT_LATER },
        { "{\"m\":\"XONG RỒI\",\"c\":5}", VERDICT_DELIVERED }, { "{\"m\":7,\"c\":\"6\"}", VERDICT_REFUSED },
        { "{\"a\":[{\"b\":\"rất SÂU\"}]}", VERDICT_ORPHAN }, { "{\"sâu\":1}", VERDICT_REFUSED },
        { "sâu", VERDICT_REFUSED }, { "\"xong\"", VERDICT_REFUSED },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        enum verdict verdict = judge_with(rules, question_of((struct asked){ .body = samples[i].body })).verdict;
        if (verdict != samples[i].verdict)
            fail_msg("%s gave %s", samples[i].body, verdict_name(verdict));
    }
    rulebook_close(other);
    /* Chains outlive their book. */
    assert_int_equal(judge_with(rules, question_of((struct asked){ .body = "{}" })).verdict, VERDICT_REFUSED);
    rules_free(rules);
    faults_done(&mine);
    scratch_done(&folder);
}

/* ---------------------------------------------------------------- faults in the files */

static void faults_have_lines(void **state)
{
    (void)state;
    struct faults mine;
    struct scratch folder;
    scratch_open(&folder);
    assert_int_equal(faults_init(&mine), RESULT_OK);
    scratch_file(&folder, "bad.yaml",
        "dialect: bad\nparent: nobody\nrules:\n"                                                    /* 1-3 */
        "  - { http: 200, why: nothing follows }\n"                                                 /* 4 */
        "  - { http: 200, verdict: DONE, why: x }\n"                                                /* 5 */
        "  - { http: 99, verdict: LATER, why: x }\n"                                                /* 6 */
        "  - { http: 300-200, verdict: LATER, why: x }\n"                                           /* 7 */
        "  - { http: 200, verdict: MISCONFIGURED, why: x }\n"                                       /* 8 */
        "  - { http: 200, verdict: LATER, scope: AGENCY, why: x }\n"                                /* 9 */
        "  - { at: { status: 1 }, verdict: LATER, why: x }\n"                                       /* 10 */
        "  - { text: { /m: \" \" }, name: x, verdict: LATER, why: x }\n"                            /* 11 */
        "  - { text: { /m: y }, verdict: LATER, why: no name }\n"                                   /* 12 */
        "  - { kind: [FORWARD, HALT], verdict: LATER, why: x }\n"                                   /* 13 */
        "  - { call: post, verdict: LATER, why: x }\n"                                              /* 14 */
        "  - { verdict: LATER, next: create, why: x }\n"                                            /* 15 */
        "  - { next: pull, why: x }\n"                                                              /* 16 */
        "  - { form: jsn, verdict: LATER, why: x }\n"                                               /* 17 */
        "  - { verdict: { idempotent: LATER }, why: x }\n"                                          /* 18 */
        "  - { verdict: LATER, wy: x, why: x }\n"                                                   /* 19 */
        "  - { attempt: 3, verdict: LATER, why: x }\n"                                              /* 20 */
        "  - { verdict: LATER }\n"                                                                  /* 21 */
        "  - { verdict: LATER, value: /x, why: x }\n"                                               /* 22 */
        "  - { verdict: LATER, field: /x, why: x }\n"                                               /* 23 */
        "  - { verdict: BAD_DATA, field: x/~2, why: x }\n");                                        /* 24 */
    scratch_file(&folder, "misnamed.yaml", "dialect: other\nrules: []\n");
    struct rulebook *other = rulebook_open(folder.folder, &mine);
    assert_non_null(other);
    for (int line = 4; line <= 24; line++) {
        char where[32];
        struct text text = text_of(where, sizeof where);
        text_add(&text, "bad.yaml:%d:", line);
        if (!faults_have(&mine, where, ""))
            fail_msg("no fault for line %d", line);
    }
    assert_true(faults_have(&mine, "bad.yaml:5:", "unknown verdict 'DONE'"));
    assert_true(faults_have(&mine, "bad.yaml:19:", "nobody knows 'wy'"));
    assert_true(faults_have(&mine, "bad.yaml:", "parent 'nobody'"));
    assert_true(faults_have(&mine, "misnamed.yaml:", "must be called other.yaml"));
    assert_int_equal(mine.count, 21 + 2 + 1);        /* and `any`, the parent that is meant when none is named */
    rulebook_close(other);
    faults_done(&mine);
    scratch_done(&folder);
}

static void circles_and_missing_sets(void **state)
{
    (void)state;
    struct faults mine;
    struct scratch folder;
    scratch_open(&folder);
    assert_int_equal(faults_init(&mine), RESULT_OK);
    scratch_file(&folder, "a.yaml", "dialect: a\nparent: b\nrules: []\n");
    scratch_file(&folder, "b.yaml", "dialect: b\nparent: a\nrules: []\n");
    scratch_file(&folder, "self.yaml", "dialect: self\nparent: self\nrules: []\n");
    struct rulebook *other = rulebook_open(folder.folder, &mine);
    assert_int_equal(mine.count, 0);
    assert_null(rules_build(other, "a", NULL, 0, NULL, &mine));
    assert_true(faults_have(&mine, "", "lead back"));
    assert_null(rules_build(other, "c", NULL, 0, NULL, &mine));
    assert_true(faults_have(&mine, "c:", "no rule set"));
    assert_null(rules_build(other, "self", NULL, 0, NULL, &mine));
    assert_true(faults_have(&mine, "self:", "lead back"));
    rulebook_close(other);
    assert_null(rulebook_open("/nowhere", &mine));
    assert_int_equal(mine.count, 4);
    faults_done(&mine);
    scratch_done(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_front_comes_first), cmocka_unit_test(an_agency_overrides), cmocka_unit_test(phases),
        cmocka_unit_test(faults_have_lines), cmocka_unit_test(circles_and_missing_sets),
    };
    return cmocka_run_group_tests_name("kinds: rulebook", tests, judge_start, judge_stop);
}
