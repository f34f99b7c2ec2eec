/* What agencies answer, and what it means: the recorded answers, single judgements, and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kinds/cases.h"
#include "tests/unit/kinds_judge.h"

/* ---------------------------------------------------------------- the recorded answers */

static void tell(void *context, const struct case_result *result)
{
    (void)context;
    if (!result->passed)
        fprintf(stderr, "    answers.tsv:%d %s (%s): expected %s, got %s by %s\n", result->line, result->dialect,
                result->spelling, result->expected, result->got, result->where);
}

/* Counted apart from the reader under test. */
static size_t rows_of(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, rows = 0;

    assert_non_null(file);
    while (getline(&line, &room, file) >= 0)
        rows += line[0] != '#' && line[0] != '\n';
    free(line);
    fclose(file);
    return rows - 1;
}

static void recorded_answers(void **state)
{
    (void)state;
    struct cases_count count = { 0 };
    const char *path = "tests/unit/data/answers.tsv";
    assert_int_equal(cases_run(judge_book, path, "answers.tsv", &judge_faults, tell, NULL, &count), RESULT_OK);
    assert_int_equal(count.rows, rows_of(path));
    assert_true(count.rows > 70);
    assert_int_equal(count.passed, 4 * count.rows);
    assert_int_equal(count.failed, 0);
}

static char last_got[CASE_TEXT_SIZE], last_where[RULE_WHERE_SIZE];

static void note(void *context, const struct case_result *result)
{
    (void)context;
    memcpy(last_got, result->got, sizeof last_got);
    struct text text = text_of(last_where, sizeof last_where);
    text_add(&text, "%s", result->where);
}

/* The checker can say no, and what it says can be used. */
static void a_wrong_case_fails(void **state)
{
    (void)state;
    struct cases_count count = { 0 };
    const char *path = scratch_file(&judge_scratch, "wrong.tsv",
        "# comment\n"
        "dialect\tcall\tkind\tattempt\thttp\tbody\tverdict\twhy\n"
        "any\t*\t*\t*\t503\t\tidem LATER / other UNSURE\tnot what the rules say\n");
    assert_int_equal(cases_run(judge_book, path, "wrong.tsv", &judge_faults, note, NULL, &count), RESULT_OK);
    assert_int_equal(count.rows, 1);
    assert_int_equal(count.failed, 4);
    assert_non_null(strstr(last_got, "LATER (create, FORWARD, PROBE"));
    assert_int_equal(strncmp(last_where, "any.yaml:", 9), 0);
}

static void unreadable_cases_are_faults(void **state)
{
    (void)state;
    struct faults mine;
    struct cases_count count = { 0 };
    assert_int_equal(faults_init(&mine), RESULT_OK);
    const char *path = scratch_file(&judge_scratch, "bad.tsv",
        "dialect\tcall\tkind\tattempt\thttp\tbody\tverdict\twhy\n"
        "nobody\t*\t*\t*\t200\t\tDELIVERED\t\n"
        "any\tcreat\t*\t*\t200\t\tDELIVERED\t\n"
        "any\t*\tFORWARDS\t*\t200\t\tDELIVERED\t\n"
        "any\t*\t*\t3\t200\t\tDELIVERED\t\n"
        "any\t*\t*\t*\tok\t\tDELIVERED\t\n"
        "any\t*\t*\t*\t204\t\tDONE\t\n"
        "any\t*\t*\t*\t204\t\tNEXT:jump\t\n"
        "any\t*\t*\t*\t204\t\tidem LATER / other MAYBE\t\n"
        "any\n"
        "any\t*\t*\t*\t204\t\tDELIVERED\t\n");
    assert_int_equal(cases_run(judge_book, path, "bad.tsv", &mine, note, NULL, &count), RESULT_INVALID);
    assert_int_equal(mine.count, 9);
    assert_true(faults_have(&mine, "bad.tsv:2:", "dialect"));
    assert_true(faults_have(&mine, "bad.tsv:3:", "call"));
    assert_true(faults_have(&mine, "bad.tsv:4:", "kind"));
    assert_true(faults_have(&mine, "bad.tsv:5:", "attempt"));
    assert_true(faults_have(&mine, "bad.tsv:6:", "http"));
    assert_true(faults_have(&mine, "bad.tsv:7:", "verdict"));
    assert_true(faults_have(&mine, "bad.tsv:8:", "verdict"));
    assert_true(faults_have(&mine, "bad.tsv:9:", "verdict"));
    assert_int_equal(count.passed, 4);
    assert_int_equal(cases_run(judge_book, "/nowhere/x.tsv", "x.tsv", &mine, note, NULL, &count), RESULT_BROKEN);
    faults_done(&mine);
}

/* ---------------------------------------------------------------- single judgements */

static void assert_judged(struct asked asked, const char *expected, const char *fingerprint)
{
    char got[CASE_TEXT_SIZE];
    struct judgement judgement = judge(asked);
    case_text(&judgement, got);
    if (strcmp(got, expected) || (fingerprint && strcmp(judgement.fingerprint, fingerprint)))
        fail_msg("%s %s: expected %s %s, got %s %s by %s", asked.dialect, asked.body, expected,
                 fingerprint ? fingerprint : "", got, judgement.fingerprint, judgement.where);
}

static void near_misses(void **state)
{
    (void)state;
    /* "Unsuccessful" holds "successful". */
    assert_judged((struct asked){ "one-stop", CALL_UPDATE, .body = "{\"MSG\":\"Cập nhật KHÔNG thành công\"}" },
                  "UNKNOWN", "one-stop-not-successful");
    assert_judged((struct asked){ "one-stop", CALL_UPDATE, .body = "{\"MSG\":\"Cập nhật  thành công.\"}" },
                  "DELIVERED", NULL);
    /* A code that is not known outweighs a good HTTP status. */
    assert_judged((struct asked){ "dvcqg", .http = 201, .body = "{\"error_code\":\"7\"}" }, "UNKNOWN", "dvcqg-code");
    /* The value, as the rule says: "0" and 0 are success at the portal, 0.0 is the same number, false is not. */
    assert_judged((struct asked){ "dvcqg", .body = "{\"error_code\":0.0}" }, "DELIVERED", "dvcqg-0");
    assert_judged((struct asked){ "dvcqg", .body = "{\"error_code\":false}" }, "UNKNOWN", NULL);
    assert_judged((struct asked){ "dvcqg", .body = "{\"error_code\":[0]}" }, "UNKNOWN", NULL);
    assert_judged((struct asked){ "lltp", .body = "{\"error_code\":0}" }, "UNKNOWN", NULL);
    assert_judged((struct asked){ "lltp", .body = "{\"error_code\":\"00\"}" }, "DELIVERED", "lltp-00");
    /* A unit that does not exist is not a dossier that does not exist. */
    assert_judged((struct asked){ "dvclt", CALL_UPDATE, KIND_PROGRESS,
                                  .body = "{\"status\":0,\"message\":\"Mã đơn vị không tồn tại\"}" }, "UNKNOWN", NULL);
    /* Success words on an HTML page, or in half a JSON, are no success. */
    assert_judged((struct asked){ "one-stop", CALL_UPDATE, .body = "<h1>Đăng nhập thành công</h1>" }, "LATER", NULL);
    assert_judged((struct asked){ "one-stop", CALL_UPDATE, .body = "{\"MSG\":\"Thành công\"" }, "UNKNOWN", NULL);
    assert_judged((struct asked){ "any", .http = 201, .body = " \n<!DOCTYPE HTML><p>ok" }, "UNKNOWN", NULL);
    /* Logging in carries no dossier. */
    assert_judged((struct asked){ "any", CALL_TOKEN, .http = 201, .body = "" }, "LATER", "any-login-down");
    assert_judged((struct asked){ "any", CALL_TOKEN, .http = 500, .body = "" }, "LATER", "any-login-down");
    assert_judged((struct asked){ "any", CALL_TOKEN, .http = 401, .body = "" }, "MISCONFIGURED(LOGIN)", "any-login");
    assert_judged((struct asked){ "any", CALL_TOKEN, .http = 400, .body = "{\"error\":\"invalid_client\"}" },
                  "MISCONFIGURED(LOGIN)", "any-login");
}

static void scopes(void **state)
{
    (void)state;
    assert_judged((struct asked){ "hotich", .body = "{\"status\":0,\"errorCode\":100}" }, "MISCONFIGURED(AGENCY)",
                  "hotich-100");
    assert_judged((struct asked){ "hotich", .body = "{\"status\":0,\"errorCode\":\"106\"}" }, "MISCONFIGURED(MAPPING)",
                  "hotich-106");
    assert_judged((struct asked){ "any", .attempt = 2, .http = 401, .body = "" }, "MISCONFIGURED(LOGIN)", "http-401");
    assert_judged((struct asked){ "any", .attempt = 9, .http = 401, .body = "" }, "MISCONFIGURED(LOGIN)", "http-401");
    assert_judged((struct asked){ "dvcqg", .attempt = 2, .body =
                                  "{\"error_code\":-1,\"message\":\"Phiên làm việc hết hạn\"}" },
                  "MISCONFIGURED(LOGIN)", "dvcqg-session");
    assert_judged((struct asked){ "any", .http = 403, .body = "" }, "MISCONFIGURED(AGENCY)", "http-403");
    assert_judged((struct asked){ "any", .http = 200, .body = "{\"status\":1}" }, "UNKNOWN", NULL);

    /* The wrong value of ours is found in what we sent. */
    struct rules *rules = judge_chain("hotich", NULL);
    struct question question = question_of((struct asked){ .body = "{\"status\":0,\"errorCode\":106}" });
    question.request_body = span_of_string("{\"maDonVi\":\"H29.7.1\",\"maTinh\":\"79\"}");
    assert_string_equal(judge_with(rules, question).value, "H29.7.1");
    question.answer.body = span_of_string("{\"status\":0,\"errorCode\":108}");
    assert_string_equal(judge_with(rules, question).value, "79");
    question.request_body = span_of_string("not JSON");
    assert_string_equal(judge_with(rules, question).value, "");
    rules_free(rules);
}

static void by_class(void **state)
{
    (void)state;
    static const enum agency_class classes[] = { CLASS_IDEMPOTENT, CLASS_PROBE, CLASS_NEITHER };
    static const char *const expected[] = { "LATER", "UNSURE", "UNSURE" };
    for (size_t i = 0; i < 3; i++) {
        assert_judged((struct asked){ "any", .class = classes[i], .http = 500, .body = "" }, expected[i], "http-500");
        assert_judged((struct asked){ "any", .class = classes[i], .http = 522, .body = "" }, expected[i], "http-522");
        assert_judged((struct asked){ "any", .class = classes[i], .http = 503, .body = "" }, "LATER", "http-503");
        assert_judged((struct asked){ "any", .class = classes[i], .http = 409, .body = "" }, "UNSURE", "http-409");
    }
}

/* OVERTAKEN ends only what may be overtaken; everything else was refused. */
static void overtaken(void **state)
{
    (void)state;
    const char *body = "{\"status\":0,\"message\":\"Hồ sơ bị từ chối. Không thể cập nhật trạng thái\"}";
    for (enum kind kind = 1; kind < KIND_END; kind++) {
        bool moot = kind == KIND_PROGRESS || kind == KIND_URGE || kind == KIND_RATING;
        assert_judged((struct asked){ "dvclt", CALL_UPDATE, kind, .body = body }, moot ? "OVERTAKEN" : "REFUSED", NULL);
    }
    /* Also when a rule of an agency forgets it. */
    const char *path = scratch_file(&judge_scratch, "own.yaml", "- { http: 410, verdict: OVERTAKEN, why: x }\n");
    struct yaml_file *file = yaml_open(path, "own.yaml", &judge_faults);
    struct rules *rules = rules_build(judge_book, "any", NULL, 0, yaml_root(file), &judge_faults);
    assert_non_null(rules);
    struct question question = question_of((struct asked){ .kind = KIND_RESULT, .http = 410, .body = "" });
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_REFUSED);
    question.kind = KIND_URGE;
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_OVERTAKEN);
    rules_free(rules);
    yaml_close(file);
}

static void orphan_and_its_grace(void **state)
{
    (void)state;
    struct rules *rules = judge_chain("dvclt", NULL);
    struct question question = question_of((struct asked){ .call = CALL_UPDATE, .kind = KIND_PROGRESS,
        .body = "{\"status\":0,\"message\":\"HỒ SƠ KHÔNG TỒN TẠI\"}" });
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_ORPHAN);
    question.recently_created = true;
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_PREDECESSOR_MISSING);
    rules_free(rules);
}

/* A 404 is an ORPHAN only when it is about the dossier we asked for. */
static void a_404_names_the_dossier(void **state)
{
    (void)state;
    struct rules *rules = judge_chain("any", NULL);
    struct question question = question_of((struct asked){ .call = CALL_UPDATE, .http = 404,
        .body = "{\"title\":\"Không tìm thấy hồ sơ\",\"maHoSo\":\"H29.07-260304-0001\"}" });
    question.dossier_code = "H29.07-260304-0001";
    question.idempotency_key = "gw-77";
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_ORPHAN);
    question.dossier_code = "H29.07-260304-0002";
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_UNKNOWN);
    question.dossier_code = "";
    question.idempotency_key = "";
    question.answer.body = span_of_string("{\"title\":\"Không tìm thấy hồ sơ\",\"maHoSo\":\"xyz\"}");
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_UNKNOWN);
    /* Echoing the path we asked for proves nothing. */
    question.answer.body = span_of_string("{\"error\":\"Not Found\",\"path\":\"/api/H29.07-260304-0001\"}");
    assert_int_equal(judge_with(rules, question).verdict, VERDICT_UNKNOWN);
    rules_free(rules);
}

/* ---------------------------------------------------------------- what is said about it */

static void reasons_are_scrubbed(void **state)
{
    (void)state;
    struct judgement judgement = judge((struct asked){ "any", .http = 422,
        .body = "{\"title\":\"Số 079123456789 của a.b@vi.du, ĐT 0912 345 678, hồ sơ H29.07-260304-0001\","
                "\"errors\":[{\"field\":\"soGiayTo\"}]}" });
    assert_int_equal(judgement.verdict, VERDICT_BAD_DATA);
    assert_string_equal(judgement.field, "soGiayTo");
    assert_null(strstr(judgement.reason, "079123456789"));
    assert_null(strstr(judgement.reason, "345"));
    assert_null(strstr(judgement.reason, "vi.du"));
    assert_non_null(strstr(judgement.reason, "Số # của #, ĐT #, hồ sơ H29.07-260304-0001"));
    assert_int_equal(strncmp(judgement.reason, "dữ liệu không hợp lệ", 20), 0);
}

/* The same trouble with another dossier is the same trouble. */
static void unknown_answers_group(void **state)
{
    (void)state;
    struct judgement a = judge((struct asked){ "dvclt",
        .body = "{\"message\":\"Hồ sơ H29.07-260304-0001 gặp lỗi 17 khi lưu\",\"id\":12}" });
    struct judgement b = judge((struct asked){ "dvclt",
        .body = "{\"message\":\"HỒ SƠ H29.07-260305-0044 gặp lỗi 18 khi lưu\",\"id\":99}" });
    struct judgement c = judge((struct asked){ "dvclt", .body = "{\"message\":\"Hồ sơ gặp lỗi khác khi lưu\"}" });
    assert_int_equal(a.verdict, VERDICT_UNKNOWN);
    assert_string_equal(a.fingerprint, b.fingerprint);
    assert_string_not_equal(a.fingerprint, c.fingerprint);
    assert_int_equal(strncmp(a.fingerprint, "dvclt-200-json-", 15), 0);
    assert_judged((struct asked){ "hotich", .http = 418, .body = "{\"errorCode\":777,\"message\":\"x\"}" }, "UNKNOWN",
                  "hotich-418-json-777");
    assert_judged((struct asked){ "any", .http = 418, .body = "" }, "UNKNOWN", "any-418-empty");
    assert_judged((struct asked){ "any", .http = 200, .body = "<?xml version='1.0'?><a/>" }, "UNKNOWN", "any-200-xml");
    assert_judged((struct asked){ "any", .http = 200, .body = "<soap:Envelope xmlns:soap='x'/>" }, "UNKNOWN", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_answers), cmocka_unit_test(a_wrong_case_fails),
        cmocka_unit_test(unreadable_cases_are_faults), cmocka_unit_test(near_misses), cmocka_unit_test(scopes),
        cmocka_unit_test(by_class), cmocka_unit_test(overtaken), cmocka_unit_test(orphan_and_its_grace),
        cmocka_unit_test(a_404_names_the_dossier), cmocka_unit_test(reasons_are_scrubbed),
        cmocka_unit_test(unknown_answers_group),
    };
    return cmocka_run_group_tests_name("kinds: rules", tests, judge_start, judge_stop);
}
