/* Logging in: what is sent, what of the answer is taken, and what a refusal means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kinds_play.h"

static struct scratch scratch;
static struct adapter_config *basic, *form, *portal, *open_one;
static const struct credentials credentials = { .secret = "s3cret/+ :" };

#define REST(auth) "    dialect: rest\n    base_url: https://a.example.vn/api\n" auth
#define CLIENT(more) \
    REST("    paths: { create: /h, token: \"https://login.example.vn/token\" }\n" \
         "    auth: { kind: client_credentials, id: \"one stop\", secret_file: keys/secret" more " }\n")

static int start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    agency_files(&scratch);
    scratch_file(&scratch, "p.yaml", "fields:\n  - { to: /MaHoSo, from: /header/dossier_code }\n");
    basic = agency_of(&scratch, CLIENT(""));
    form = agency_of(&scratch, CLIENT(", in: body, scope: \"a b\""));
    portal = agency_of(&scratch,
        "    dialect: dvcqg\n    base_url: https://portal.example.vn\n    paths: { create: /api, token: /login }\n"
        "    auth: { kind: session, user: hcm, password_file: keys/secret }\n    kinds: [FORWARD]\n"
        "    options: { madonvi: x, dstcode: here }\n    mappings: { FORWARD: p.yaml }\n");
    open_one = agency_of(&scratch, REST("    paths: { create: /h }\n"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    adapter_config_free(basic);
    adapter_config_free(form);
    adapter_config_free(portal);
    adapter_config_free(open_one);
    scratch_done(&scratch);
    return 0;
}

static struct judgement why;

static void requests(void **state)
{
    (void)state;
    struct request request;
    assert_true(token_request(&basic->agencies[0], &credentials, &request, &why));
    assert_string_equal(request.method, "POST");
    assert_int_equal(request.call, CALL_TOKEN);
    assert_string_equal(request.url, "https://login.example.vn/token");
    assert_string_equal(request.body, "grant_type=client_credentials");
    assert_string_equal(request_find(&request, "Content-Type"), "application/x-www-form-urlencoded");
    /* "one%20stop:s3cret%2F%2B%20%3A" in base 64 */
    assert_string_equal(request_find(&request, "Authorization"), "Basic b25lJTIwc3RvcDpzM2NyZXQlMkYlMkIlMjAlM0E=");
    assert_null(request_find(&request, "Idempotency-Key"));
    request_wipe(&request);

    assert_true(token_request(&form->agencies[0], &credentials, &request, &why));
    assert_string_equal(request.body, "grant_type=client_credentials&scope=a%20b&client_id=one%20stop"
                                      "&client_secret=s3cret%2F%2B%20%3A");
    assert_null(request_find(&request, "Authorization"));
    request_wipe(&request);

    assert_true(token_request(&portal->agencies[0], &credentials, &request, &why));
    assert_string_equal(request.url, "https://portal.example.vn/login");
    assert_string_equal(request.body, "{\"username\":\"hcm\",\"password\":\"s3cret/+ :\"}");
    assert_string_equal(request_find(&request, "dstcode"), "here");
    request_wipe(&request);

    assert_false(token_request(&open_one->agencies[0], &credentials, &request, &why));
    assert_int_equal(why.verdict, VERDICT_MISCONFIGURED);
    assert_int_equal(why.scope, SCOPE_LOGIN);
    const struct credentials not_text = { .secret = "\xFF" };
    assert_false(token_request(&portal->agencies[0], &not_text, &request, &why));
    assert_int_equal(why.scope, SCOPE_LOGIN);
}

static bool answered(const struct adapter_config *config, int http, const char *body, struct token *token)
{
    struct http_answer answer = { http, span_of_string(body), false, http == 429 ? 9000 : -1 };
    return token_answer(&config->agencies[0], &answer, token, &why);
}

static void tokens(void **state)
{
    (void)state;
    static const struct { const char *body, *token; int64_t lifetime_ms; } good[] = {
        { "{\"access_token\":\"abc\",\"expires_in\":3600}", "abc", 3540000 },       /* a minute early */
        { "{\"access_token\":\"abc\",\"expires_in\":\"300\"}", "abc", 270000 },     /* a tenth early */
        { "{\"access_token\":\"abc\"}", "abc", 0 },
        { "{\"access_token\":\"a-._~+/=\",\"expires_in\":-5}", "a-._~+/=", 0 },
        { "{\"access_token\":\"abc\",\"expires_in\":99999999999}", "abc", 0 },
        { "{\"access_token\":\"abc\",\"expires_in\":\"soon\"}", "abc", 0 },
    };
    struct token token = { .text = "untouched" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(answered(basic, 200, good[i].body, &token));
        assert_string_equal(token.text, good[i].token);
        assert_int_equal(token.lifetime_ms, good[i].lifetime_ms);
    }
    assert_true(answered(portal, 200, "{\"session\":\"S 1\",\"error_code\":0}", &token));
    assert_string_equal(token.text, "S 1");
    assert_true(answered(portal, 200, "{\"session\":\"S2\",\"error_code\":\"00\"}", &token));
}

static void refusals(void **state)
{
    (void)state;
    struct token token = { .text = "untouched" };
    static const struct { int http; const char *body; enum verdict verdict; enum scope scope; } bearer[] = {
        { 200, "{\"access_token\":\"\"}", VERDICT_LATER, 0 }, { 200, "{\"access_token\":7}", VERDICT_LATER, 0 },
        { 200, "{\"access_token\":\"a\\r\\nX: 1\"}", VERDICT_LATER, 0 },
        { 200, "{\"access_token\":\"a b\"}", VERDICT_LATER, 0 }, { 200, "<html>", VERDICT_LATER, 0 },
        { 200, "", VERDICT_LATER, 0 }, { 201, "", VERDICT_LATER, 0 }, { 500, "", VERDICT_LATER, 0 },
        { 429, "", VERDICT_LATER, 0 }, { 503, "", VERDICT_LATER, 0 },
        { 401, "{\"error\":\"invalid_client\"}", VERDICT_MISCONFIGURED, SCOPE_LOGIN },
        { 400, "", VERDICT_MISCONFIGURED, SCOPE_LOGIN }, { 403, "", VERDICT_MISCONFIGURED, SCOPE_LOGIN },
        { 404, "", VERDICT_MISCONFIGURED, SCOPE_AGENCY }, { 302, "", VERDICT_MISCONFIGURED, SCOPE_AGENCY },
    };
    for (size_t i = 0; i < sizeof bearer / sizeof *bearer; i++) {
        assert_false(answered(basic, bearer[i].http, bearer[i].body, &token));
        if (why.verdict != bearer[i].verdict || why.scope != bearer[i].scope || why.next || !why.never_sent)
            fail_msg("%d %s gave %s %s", bearer[i].http, bearer[i].body, verdict_name(why.verdict),
                     scope_name(why.scope));
    }
    assert_false(answered(basic, 429, "", &token));
    assert_int_equal(why.retry_after_ms, 9000);
    assert_false(answered(portal, 200, "{\"error_code\":\"-5\",\"message\":\"Sai mật khẩu\"}", &token));
    assert_int_equal(why.verdict, VERDICT_MISCONFIGURED);
    assert_int_equal(why.scope, SCOPE_LOGIN);
    assert_false(answered(portal, 200, "{\"error_code\":0}", &token));
    assert_int_equal(why.scope, SCOPE_LOGIN);
    assert_false(answered(portal, 200, "<html>", &token));
    assert_int_equal(why.verdict, VERDICT_LATER);
    assert_false(answered(portal, 502, "", &token));
    assert_int_equal(why.verdict, VERDICT_LATER);
    assert_int_equal(why.scope, 0);
    assert_string_equal(token.text, "untouched");
    struct http_answer cut = { 200, span_of_string("{\"access_token\":\"abc\"}"), true, -1 };
    assert_false(token_answer(&basic->agencies[0], &cut, &token, &why));
    char *longest = malloc(TOKEN_SIZE + 100);
    struct text text = text_of(longest, TOKEN_SIZE + 100);
    text_add(&text, "{\"access_token\":\"%0*d\"}", TOKEN_SIZE, 7);
    assert_false(answered(basic, 200, longest, &token));
    free(longest);
}

/* Headers stand in one block, which a token makes grow; a request that is moved keeps them and its borrowed payload. */
static void long_tokens(void **state)
{
    (void)state;
    char token[TOKEN_SIZE];
    struct handed handed;
    struct sequence sequence;
    struct request request, moved;
    memset(token, 'x', sizeof token - 1);
    token[sizeof token - 1] = 0;
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    job_of(&handed.deliver, &handed.header, NULL, &handed.job);
    sequence_begin(&sequence, &basic->agencies[0], &handed.job, true);
    assert_true(sequence_request(&sequence, &(struct credentials){ .token = token }, &moved));
    request_move(&request, &moved);
    assert_int_equal(moved.header_count, 0);
    assert_null(moved.body);
    request_wipe(&moved);
    assert_string_equal(request.url, "https://a.example.vn/api/h");
    assert_string_equal(request_find(&request, "Accept"), "application/json");
    assert_string_equal(request_find(&request, "Idempotency-Key"), "\"" HANDED_KEY "\"");
    assert_int_equal(strlen(request_find(&request, "Authorization")), strlen("Bearer ") + strlen(token));
    assert_string_equal(request_find(&request, "Authorization") + strlen("Bearer "), token);
    assert_ptr_equal(request.body, handed.job.payload.bytes);
    assert_int_equal(request.body_bytes, handed.job.payload.size);
    request_wipe(&request);
    assert_null(request.body);
    assert_int_equal(request.header_count, 0);
    handed_done(&handed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests), cmocka_unit_test(tokens), cmocka_unit_test(refusals),
        cmocka_unit_test(long_tokens),
    };
    return cmocka_run_group_tests_name("kinds: login", tests, start, stop);
}
