/* What agencies answer, and what it means: the recorded answers, the order of the rules, and answers from hell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kinds/cases.h"
#include "tests/unit/kinds_scratch.h"

static struct faults faults;
static struct rulebook *book;
static struct scratch scratch;

static int start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    if (faults_init(&faults) != RESULT_OK)
        return 1;
    book = rulebook_open("adapters/rules", &faults);
    faults_print(&faults);
    return !book || faults.count;
}

static int stop(void **state)
{
    (void)state;
    rulebook_close(book);
    faults_done(&faults);
    scratch_done(&scratch);
    return 0;
}

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
    assert_int_equal(cases_run(book, "tests/unit/data/answers.tsv", "answers.tsv", &faults, tell, NULL, &count),
                     RESULT_OK);
    assert_int_equal(count.rows, rows_of("tests/unit/data/answers.tsv"));
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
    const char *path = scratch_file(&scratch, "wrong.tsv",
        "# comment\n"
        "dialect\tcall\tkind\tattempt\thttp\tbody\tverdict\twhy\n"
        "any\t*\t*\t*\t503\t\tidem LATER / other UNSURE\tnot what the rules say\n");
    assert_int_equal(cases_run(book, path, "wrong.tsv", &faults, note, NULL, &count), RESULT_OK);
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
    const char *path = scratch_file(&scratch, "bad.tsv",
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
    assert_int_equal(cases_run(book, path, "bad.tsv", &mine, note, NULL, &count), RESULT_INVALID);
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
    assert_int_equal(cases_run(book, "/nowhere/x.tsv", "x.tsv", &mine, note, NULL, &count), RESULT_BROKEN);
    faults_done(&mine);
}

/* ---------------------------------------------------------------- single judgements */

struct asked {
    const char *dialect;
    enum call call;
    enum kind kind;
    uint32_t attempt;
    enum agency_class class;
    int http;
    const char *body;
};

static struct judgement judge_with(struct rules *rules, struct question question)
{
    struct judgement judgement;
    rules_judge(rules, &question, &judgement);
    return judgement;
}

static struct question question_of(struct asked asked)
{
    return (struct question){
        .call = asked.call ? asked.call : CALL_CREATE, .kind = asked.kind ? asked.kind : KIND_FORWARD,
        .attempt = asked.attempt ? asked.attempt : 1, .agency_class = asked.class ? asked.class : CLASS_NEITHER,
        .dossier_code = "", .idempotency_key = "",
        .answer = { asked.http ? asked.http : 200, span_of_string(asked.body), false, -1 },
    };
}

static struct rules *chain(const char *dialect, const char *front)
{
    const char *before[] = { front };
    struct rules *rules = rules_build(book, dialect, before, front ? 1 : 0, NULL, &faults);
    assert_non_null(rules);
    return rules;
}

static struct judgement judge(struct asked asked)
{
    struct rules *rules = chain(asked.dialect, NULL);
    struct judgement judgement = judge_with(rules, question_of(asked));
    rules_free(rules);
    return judgement;
}

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
    struct rules *rules = chain("hotich", NULL);
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
    const char *path = scratch_file(&scratch, "own.yaml", "- { http: 410, verdict: OVERTAKEN, why: x }\n");
    struct yaml_file *file = yaml_open(path, "own.yaml", &faults);
    struct rules *rules = rules_build(book, "any", NULL, 0, yaml_root(file), &faults);
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
    struct rules *rules = chain("dvclt", NULL);
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
    struct rules *rules = chain("any", NULL);
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

/* ---------------------------------------------------------------- chains */

static void a_front_comes_first(void **state)
{
    (void)state;
    struct rules *plain = chain("hotich", NULL), *behind = chain("hotich", "lgsp");
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
    const char *path = scratch_file(&scratch, "adapter.yaml",
        "rules:\n"
        "  - { http: 409, verdict: ALREADY_THERE, ref: /so, why: \"409 là trùng ở cơ quan này\" }\n"
        "  - { http: 200, text: { /message: [\"Đang Xử Lý\"] }, name: busy, verdict: LATER, why: bận }\n"
        "  - { http: 200, at: { /status: 1 }, verdict: REFUSED, why: own code }\n");
    struct yaml_file *file = yaml_open(path, "adapter.yaml", &faults);
    struct rules *rules = rules_build(book, "hotich", NULL, 0, yaml_get(yaml_root(file), "rules"), &faults);
    assert_non_null(rules);
    assert_int_equal(faults.count, 0);
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

/* ---------------------------------------------------------------- answers from hell */

static void hostile_bodies(void **state)
{
    (void)state;
    struct rules *rules = chain("dvclt", "lgsp");
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
    struct rules *rules = chain("hotich", "lgsp");
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
    struct rules *rules = chain("one-stop", NULL);
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
        cmocka_unit_test(recorded_answers), cmocka_unit_test(a_wrong_case_fails),
        cmocka_unit_test(unreadable_cases_are_faults), cmocka_unit_test(near_misses), cmocka_unit_test(scopes),
        cmocka_unit_test(by_class), cmocka_unit_test(overtaken), cmocka_unit_test(orphan_and_its_grace),
        cmocka_unit_test(a_404_names_the_dossier), cmocka_unit_test(a_front_comes_first),
        cmocka_unit_test(an_agency_overrides), cmocka_unit_test(phases), cmocka_unit_test(faults_have_lines),
        cmocka_unit_test(circles_and_missing_sets), cmocka_unit_test(reasons_are_scrubbed),
        cmocka_unit_test(unknown_answers_group), cmocka_unit_test(hostile_bodies), cmocka_unit_test(random_bodies),
        cmocka_unit_test(a_large_body_is_bounded),
    };
    return cmocka_run_group_tests_name("kinds: rules", tests, start, stop);
}
