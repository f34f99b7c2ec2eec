/* Dialects call by call: what is sent, in which order, and what is never sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kinds/dialect_parts.h"
#include "tests/unit/kinds_play.h"

#define REST_LINES(paths) \
    "    dialect: rest\n    base_url: https://a.example.vn/api\n    paths: " paths "\n" \
    "    mappings: { \"*\": mappings/rest-forward.yaml }\n"
#define BY_KEY  "{ create: /h, update: \"/d/{dossier_code}\", probe: \"/h/{idempotency_key}\" }"
#define BY_CODE "{ create: /h, update: /u, probe: \"/d/{dossier_code}\" }"

static struct scratch scratch;
static struct adapter_config *by_key, *by_code, *plain, *mute, *raw, *hotich, *portal, *teller;

static int start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    agency_files(&scratch);
    scratch_file(&scratch, "portal.yaml",
        "fields:\n"
        "  - { to: /MaHoSo, from: /header/dossier_code, required: true }\n"
        "  - { to: /MaTTHC, from: /header/procedure_code }\n"
        "  - { to: /DonViXuLy, from: /payload/unit }\n"
        "  - { to: /NgayTiepNhan, from: /header/facts/received_ms, date: { from: ms, to: yyyyMMddHHmmss } }\n");
    by_key = agency_of(&scratch, REST_LINES(BY_KEY));
    by_code = agency_of(&scratch, REST_LINES(BY_CODE));
    plain = agency_of(&scratch, REST_LINES("{ create: /h, probe: \"/d/{dossier_code}\" }"));
    mute = agency_of(&scratch, REST_LINES("{ create: /h }"));
    raw = agency_of(&scratch, "    dialect: rest\n    base_url: https://a.example.vn\n    paths: { create: /h }\n"
                              "    auth: { kind: header, name: X-Api-Key, value_file: keys/secret }\n");
    hotich = agency_of(&scratch,
        "    dialect: hotich\n    before: [lgsp]\n    base_url: https://lgsp.example.vn/apiHoTichTuPhap\n"
        "    paths: { create: /dangKyHoTich, probe: /traTrangThaiHoSo, token: \"https://lgsp.example.vn/token\" }\n"
        "    auth: { kind: client_credentials, id: one-stop, secret_file: keys/secret, scope: hotich }\n"
        "    kinds: [FORWARD]\n    mappings: { FORWARD: mappings/hotich-forward.yaml }\n"
        "    probe_mapping: mappings/hotich-probe.yaml\n");
    portal = agency_of(&scratch,
        "    dialect: dvcqg\n    base_url: https://portal.example.vn\n    paths: { create: /api, token: /login }\n"
        "    auth: { kind: session, user: hcm, password_file: keys/secret }\n    kinds: [FORWARD, PROGRESS]\n"
        "    options: { madonvi: 000.00.00.H29, dstcode: here }\n    mappings: { \"*\": portal.yaml }\n");
    /* An agency whose rules ask after a failure, and that says "exists" with 409. */
    teller = agency_of(&scratch, REST_LINES(BY_KEY)
        "    rules:\n"
        "      - { call: [create, update], http: 500, next: probe, why: ask }\n"
        "      - { call: create, http: 409, next: update, why: it exists }\n"
        "      - { call: create, http: 502, next: update, why: foolish }\n");
    return 0;
}

static int stop(void **state)
{
    struct adapter_config *all[] = { by_key, by_code, plain, mute, raw, hotich, portal, teller };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        adapter_config_free(all[i]);
    scratch_done(&scratch);
    return 0;
}

/* ---------------------------------------------------------------- playing */

struct asked {
    const struct adapter_config *config;
    enum kind kind;                     /* 0: FORWARD */
    enum agency_class agency_class;     /* 0: NEITHER */
    bool ask_first, has_token;
    const char *checkpoint;
};

static struct played played;

static void run(struct asked asked, const struct turn *turns, const char *expected)
{
    struct handed handed;
    handed_init(&handed, asked.kind ? asked.kind : KIND_FORWARD,
                asked.agency_class ? asked.agency_class : CLASS_NEITHER);
    handed.routing.ask_first = asked.ask_first;
    if (asked.checkpoint)
        handed.routing.checkpoint = (ProtobufCBinaryData){ strlen(asked.checkpoint), (uint8_t *)asked.checkpoint };
    handed_job(&handed);
    play(&asked.config->agencies[0], &handed.job, asked.has_token, turns, &played);
    if (strcmp(verdict_name(played.judgement.verdict), expected) != 0)
        fail_msg("%s (%s), not %s", verdict_name(played.judgement.verdict), played.judgement.fingerprint, expected);
    handed_done(&handed);
}
#define PLAY(asked_, expected, ...) \
    run((struct asked)UNPACK asked_, (const struct turn[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } }, expected)
#define UNPACK(...) { .config = __VA_ARGS__ }

static size_t acting(void)
{
    size_t count = 0;
    for (size_t i = 0; i < played.count; i++)
        count += call_acts(played.sent[i].call);
    return count;
}

/* ---------------------------------------------------------------- rest */

static void rest_create(void **state)
{
    (void)state;
    PLAY((by_key), "DELIVERED", SEND(CALL_CREATE, 201, "{\"id\":\"0042\"}"));
    assert_string_equal(played.judgement.agency_ref, "0042");
    const struct sent *sent = &played.sent[0];
    assert_string_equal(sent->method, "POST");
    assert_string_equal(sent->url, "https://a.example.vn/api/h");
    assert_string_equal(sent->key, "\"" HANDED_KEY "\"");
    assert_string_equal(sent->content_type, "application/json; charset=utf-8");
    assert_non_null(strstr(sent->body, "\"dossier_code\":\"" HANDED_CODE "\""));
    assert_string_equal(sent->authorization, "");
    assert_false(played.judgement.never_sent);

    PLAY((by_key, KIND_SUPPLEMENT), "DELIVERED", SEND(CALL_UPDATE, 204, ""));
    assert_string_equal(played.sent[0].url, "https://a.example.vn/api/d/" HANDED_CODE);
    assert_string_equal(played.sent[0].key, "\"" HANDED_KEY "\"");
    /* No update path: every kind is a creation of its own. */
    PLAY((mute, KIND_SUPPLEMENT), "DELIVERED", SEND(CALL_CREATE, 202, ""));
    PLAY((by_key), "LATER", SEND(CALL_CREATE, 429, ""));
    assert_int_equal(played.judgement.retry_after_ms, 5000);
    PLAY((by_key), "LATER", UNREACHED(CALL_CREATE));
    assert_true(played.judgement.never_sent);
    PLAY((by_key), "UNSURE", LOST(CALL_CREATE));
    assert_false(played.judgement.never_sent);
    PLAY((by_key, 0, CLASS_IDEMPOTENT), "LATER", LOST(CALL_CREATE));
}

/* Without a mapping the payload goes byte by byte, with the content type that the sender gave. */
static void rest_raw(void **state)
{
    (void)state;
    struct handed handed;
    const struct credentials credentials = { .secret = "s3cret" };
    struct sequence sequence;
    struct request request;
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed.header.content_type = (char *)"application/xml; charset=utf-8";
    handed.deliver.payload = (ProtobufCBinaryData){ 9, (uint8_t *)"<a>\0\xFF</a>" };
    job_of(&handed.deliver, &handed.header, NULL, &handed.job);
    assert_false(dialect_needs_source(&raw->agencies[0], KIND_FORWARD));
    sequence_begin(&sequence, &raw->agencies[0], &handed.job, false);
    assert_true(sequence_request(&sequence, &credentials, &request));
    assert_int_equal(request.body_bytes, 9);
    assert_memory_equal(request.body, "<a>\0\xFF</a>", 9);
    assert_string_equal(request_find(&request, "Content-Type"), "application/xml; charset=utf-8");
    assert_string_equal(request_find(&request, "X-Api-Key"), "s3cret");
    request_wipe(&request);
    assert_null(request.body);
}

static void ask_first(void **state)
{
    (void)state;
    PLAY((by_key, .ask_first = true), "ALREADY_THERE", SEND(CALL_PROBE, 200, "{\"found\":true,\"ref\":\"7\"}"));
    assert_string_equal(played.sent[0].method, "GET");
    assert_string_equal(played.sent[0].url, "https://a.example.vn/api/h/" HANDED_KEY);
    assert_string_equal(played.judgement.agency_ref, "7");
    PLAY((by_key, .ask_first = true), "DELIVERED", SEND(CALL_PROBE, 200, "{\"found\":false}"),
         SEND(CALL_CREATE, 201, ""));
    PLAY((by_key, .ask_first = true), "DELIVERED", SEND(CALL_PROBE, 404, "{\"idempotency_key\":\"" HANDED_KEY "\"}"),
         SEND(CALL_CREATE, 201, ""));
    /* A bare 404 may be a wrong path: it is not believed. */
    PLAY((by_key, .ask_first = true), "UNSURE", SEND(CALL_PROBE, 404, ""));
    PLAY((by_key, .ask_first = true), "UNSURE", SEND(CALL_PROBE, 404, "{\"idempotency_key\":\"other\"}"));
    static const struct turn unclear[] = {
        SEND(CALL_PROBE, 500, ""), SEND(CALL_PROBE, 503, ""), SEND(CALL_PROBE, 200, "{\"x\":1}"), LOST(CALL_PROBE),
        SEND(CALL_PROBE, 200, "<html>"), UNREACHED(CALL_PROBE), SEND(CALL_PROBE, 400, ""), SEND(CALL_PROBE, 403, ""),
        SEND(CALL_PROBE, 200, "{\"found\":true"),
    };
    for (size_t i = 0; i < sizeof unclear / sizeof *unclear; i++) {
        PLAY((by_key, .ask_first = true, .agency_class = CLASS_PROBE), "UNSURE", unclear[i]);
        assert_int_equal(acting(), 0);
        assert_false(played.judgement.never_sent);
        assert_int_equal(played.judgement.scope, 0);
    }
    /* Once it is known not to be there, what comes is judged like a first time. */
    PLAY((by_key, .ask_first = true), "LATER", SEND(CALL_PROBE, 200, "{\"found\":false}"), UNREACHED(CALL_CREATE));
    assert_true(played.judgement.never_sent);
    PLAY((by_key, .ask_first = true), "UNSURE", SEND(CALL_PROBE, 200, "{\"found\":false}"), LOST(CALL_CREATE));
}

static void cannot_ask(void **state)
{
    (void)state;
    PLAY((mute, .ask_first = true), "UNSURE");
    assert_int_equal(played.count, 0);
    assert_string_equal(played.judgement.fingerprint, "cannot-ask");
    PLAY((mute, .ask_first = true, .agency_class = CLASS_PROBE), "UNSURE");
    /* The same key makes it harmless. */
    PLAY((mute, .ask_first = true, .agency_class = CLASS_IDEMPOTENT), "DELIVERED", SEND(CALL_CREATE, 201, ""));
    assert_string_equal(played.sent[0].key, "\"" HANDED_KEY "\"");
    PLAY((mute, .ask_first = true, .agency_class = CLASS_IDEMPOTENT), "LATER", UNREACHED(CALL_CREATE));
    /* That the dossier is there does not say that its supplement came, whatever call would bring it. */
    PLAY((by_code, KIND_SUPPLEMENT, .ask_first = true), "UNSURE");
    PLAY((plain, KIND_SUPPLEMENT, .ask_first = true), "UNSURE");
    assert_int_equal(played.count, 0);
    PLAY((by_code, .ask_first = true), "ALREADY_THERE",
         SEND(CALL_PROBE, 200, "{\"dossier_code\":\"" HANDED_CODE "\"}"));
    PLAY((by_key, KIND_SUPPLEMENT, .ask_first = true), "ALREADY_THERE", SEND(CALL_PROBE, 200, "{\"found\":true}"));
    PLAY((by_key, KIND_SUPPLEMENT, .ask_first = true), "DELIVERED", SEND(CALL_PROBE, 200, "{\"found\":false}"),
         SEND(CALL_UPDATE, 204, ""));
}

/* Rules may send a failure to a probe: what that finds is believed, but nothing is sent a second time. */
static void asked_after_a_failure(void **state)
{
    (void)state;
    PLAY((teller), "ALREADY_THERE", SEND(CALL_CREATE, 500, ""), SEND(CALL_PROBE, 200, "{\"found\":true}"));
    PLAY((teller), "UNSURE", SEND(CALL_CREATE, 500, ""), SEND(CALL_PROBE, 200, "{\"found\":false}"));
    PLAY((teller), "UNSURE", SEND(CALL_CREATE, 500, ""), SEND(CALL_PROBE, 503, ""));
    PLAY((teller), "UNSURE", SEND(CALL_CREATE, 500, ""), LOST(CALL_PROBE));
    PLAY((teller), "UNSURE", SEND(CALL_CREATE, 502, ""));
    PLAY((teller, .agency_class = CLASS_IDEMPOTENT), "DELIVERED", SEND(CALL_CREATE, 500, ""),
         SEND(CALL_PROBE, 200, "{\"found\":false}"), SEND(CALL_CREATE, 201, ""));
    assert_string_equal(played.sent[0].key, played.sent[2].key);
    /* "It exists" is no failure: the update follows, behind a checkpoint, under a key of its own. */
    PLAY((teller), "DELIVERED", SEND(CALL_CREATE, 409, ""), CHECKPOINT, SEND(CALL_UPDATE, 204, ""));
    assert_string_equal(played.sent[0].key, "\"" HANDED_KEY "\"");
    assert_string_equal(played.sent[1].key, "\"" HANDED_KEY "/update\"");
}

/* ---------------------------------------------------------------- hotich, behind an API manager */

#define NOT_FOUND "{\"status\":0,\"errorCode\":201,\"errorDesc\":\"RECORD_NOT_FOUND\"}"
#define EXPIRED   "{\"fault\":{\"code\":900901,\"message\":\"Invalid Credentials\"}}"

static void hotich_create(void **state)
{
    (void)state;
    PLAY((hotich), "DELIVERED", TOKEN, SEND(CALL_CREATE, 200, "{\"status\":1}"));
    assert_string_equal(played.sent[0].url, "https://lgsp.example.vn/apiHoTichTuPhap/dangKyHoTich");
    assert_string_equal(played.sent[0].authorization, "Bearer t0ken");
    assert_non_null(strstr(played.sent[0].body, "\"module\":\"LTKS\""));
    PLAY((hotich, .has_token = true), "ALREADY_THERE",
         SEND(CALL_CREATE, 200, "{\"status\":0,\"message\":\"Hồ sơ đã được tiếp nhận\"}"));
    PLAY((hotich, .has_token = true), "MISCONFIGURED", SEND(CALL_CREATE, 200, "{\"status\":0,\"errorCode\":106}"));
    assert_int_equal(played.judgement.scope, SCOPE_MAPPING);
    assert_string_equal(played.judgement.value, "H29.07.30");       /* maDonVi, as we sent it */
}

static void hotich_asks(void **state)
{
    (void)state;
    PLAY((hotich, .ask_first = true, .has_token = true), "ALREADY_THERE",
         SEND(CALL_PROBE, 200, "{\"status\":3,\"maHoSo\":\"x\"}"));
    assert_string_equal(played.sent[0].method, "POST");
    assert_string_equal(played.sent[0].url, "https://lgsp.example.vn/apiHoTichTuPhap/traTrangThaiHoSo");
    assert_string_equal(played.sent[0].body, "{\"maDonVi\":\"H29.07.30\",\"maHoSo\":\"" HANDED_CODE "\"}");
    /* A question has its own key, or a stored answer would come back for it, and for the creation. */
    assert_string_equal(played.sent[0].key, "\"" HANDED_KEY "/probe/1.0\"");
    PLAY((hotich, .ask_first = true), "DELIVERED", TOKEN, SEND(CALL_PROBE, 200, NOT_FOUND),
         SEND(CALL_CREATE, 200, "{\"status\":1}"));
    assert_string_equal(played.sent[1].key, "\"" HANDED_KEY "\"");
    PLAY((hotich, .ask_first = true), "UNSURE", TOKEN, SEND(CALL_PROBE, 200, "{\"status\":0,\"errorCode\":100}"));
}

static void token_once_more(void **state)
{
    (void)state;
    PLAY((hotich, .has_token = true), "DELIVERED", SEND(CALL_CREATE, 401, EXPIRED), TOKEN,
         SEND(CALL_CREATE, 200, "{\"status\":1}"));
    assert_string_equal(played.sent[0].key, played.sent[1].key);
    PLAY((hotich, .has_token = true), "MISCONFIGURED", SEND(CALL_CREATE, 401, EXPIRED), TOKEN,
         SEND(CALL_CREATE, 401, EXPIRED));
    assert_int_equal(played.judgement.scope, SCOPE_LOGIN);
    PLAY((hotich), "MISCONFIGURED", TOKEN, SEND(CALL_CREATE, 401, ""), TOKEN, SEND(CALL_CREATE, 401, ""));
    PLAY((hotich), "LATER", NO_TOKEN);
    assert_true(played.judgement.never_sent);
    assert_string_equal(played.judgement.fingerprint, "any-login-down");
    PLAY((hotich, .ask_first = true), "UNSURE", NO_TOKEN);
    PLAY((hotich, .ask_first = true), "UNSURE", TOKEN, SEND(CALL_PROBE, 401, ""), NO_TOKEN);
    PLAY((hotich, .ask_first = true, .agency_class = CLASS_IDEMPOTENT), "LATER", NO_TOKEN);
    /* An agency without a login cannot be logged in to again. */
    PLAY((by_key), "MISCONFIGURED", SEND(CALL_CREATE, 401, ""));
    assert_int_equal(played.judgement.scope, SCOPE_LOGIN);
    /* Six calls, logins included; nothing was done, so it is tried later. */
    PLAY((hotich, .ask_first = true), "LATER", TOKEN, SEND(CALL_PROBE, 401, ""), TOKEN,
         SEND(CALL_PROBE, 200, NOT_FOUND), SEND(CALL_CREATE, 401, ""), TOKEN);
    assert_string_equal(played.judgement.fingerprint, "too-many-calls");

    struct handed handed;
    struct sequence sequence;
    struct request request;
    const struct credentials credentials = { .token = "old" };
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed_job(&handed);
    sequence_begin(&sequence, &hotich->agencies[0], &handed.job, false);
    assert_false(sequence_token_refused(&sequence));            /* a token is wanted, none was refused */
    sequence_token(&sequence);
    assert_true(sequence_request(&sequence, &credentials, &request));
    request_wipe(&request);
    sequence_answer(&sequence, &(struct http_answer){ 401, span_of_string(""), false, -1 }, span_of_string(""));
    assert_true(sequence_token_refused(&sequence));
    handed_done(&handed);
}

/* ---------------------------------------------------------------- dvcqg */

#define OK_0     "{\"error_code\":\"0\"}"
#define EXISTS   "{\"error_code\":\"1\",\"message\":\"Hồ sơ ĐÃ TỒN TẠI\"}"
#define SESSION  "{\"error_code\":\"-1\",\"message\":\"Phiên làm việc không hợp lệ hoặc hết hạn\"}"
#define ROW(procedure, day, unit) \
    "{\"error_code\":0,\"data\":[{\"MaHoSo\":\"" HANDED_CODE "\",\"MaTTHC\":\"" procedure \
    "\",\"NgayTiepNhan\":\"" day "\",\"DonViXuLy\":\"" unit "\"}]}"
#define OURS     ROW("2.000986", "20260304235959", "H29.07.01")
#define THEIRS   ROW("2.000986", "20260303093000", "H29.07.01")

static void portal_create(void **state)
{
    (void)state;
    PLAY((portal), "DELIVERED", TOKEN, SEND(CALL_CREATE, 200, OK_0));
    assert_string_equal(played.sent[0].body,
        "{\"session\":\"t0ken\",\"madonvi\":\"000.00.00.H29\",\"service\":\"DongBoHoSoMC\",\"isUpdating\":\"False\","
        "\"data\":[{\"MaHoSo\":\"" HANDED_CODE "\",\"MaTTHC\":\"2.000986\",\"DonViXuLy\":\"H29.07.01\","
        "\"NgayTiepNhan\":\"20260304093000\"}]}");
    assert_string_equal(played.sent[0].authorization, "");
    PLAY((portal, KIND_PROGRESS, .has_token = true), "DELIVERED", SEND(CALL_UPDATE, 200, "{\"error_code\":0}"));
    assert_non_null(strstr(played.sent[0].body, "\"service\":\"CapNhatTienDoHoSoMC\",\"isUpdating\":\"True\""));
    PLAY((portal, .has_token = true), "DELIVERED", SEND(CALL_CREATE, 200, SESSION), TOKEN,
         SEND(CALL_CREATE, 200, OK_0));
    PLAY((portal, .has_token = true), "MISCONFIGURED", SEND(CALL_CREATE, 200, SESSION), TOKEN,
         SEND(CALL_CREATE, 200, SESSION));
}

static void portal_exists(void **state)
{
    (void)state;
    PLAY((portal, .has_token = true), "DELIVERED", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 200, OURS),
         CHECKPOINT, SEND(CALL_UPDATE, 200, OK_0));
    assert_string_equal(played.checkpoint, "1 update");
    assert_string_equal(played.sent[1].body, "{\"session\":\"t0ken\",\"madonvi\":\"000.00.00.H29\","
                                             "\"service\":\"TraCuuHoSo\",\"MaHoSo\":\"" HANDED_CODE "\"}");
    assert_non_null(strstr(played.sent[2].body, "\"isUpdating\":\"True\""));
    assert_string_equal(played.sent[2].key, "\"" HANDED_KEY "/update\"");
    /* Another procedure, day or unit: two dossiers hold one code. */
    static const char *const others[] = { THEIRS, ROW("2.000635", "20260304093000", "H29.07.01"),
                                          ROW("2.000986", "20260304093000", "H29.07.02") };
    for (size_t i = 0; i < 3; i++) {
        PLAY((portal, .has_token = true), "BAD_DATA", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 200, others[i]));
        assert_string_equal(played.judgement.fingerprint, "dvcqg-code-collision");
        assert_string_equal(played.judgement.field, "/header/dossier_code");
        PLAY((portal, .has_token = true, .ask_first = true), "BAD_DATA", SEND(CALL_PROBE, 200, others[i]));
    }
    /* Exists and is not there, or not enough is said: for a person, without an update. */
    static const char *const unclear[] = { "{\"error_code\":0,\"data\":[]}", ROW("2.000986", "20260304", ""),
        "{\"error_code\":0,\"data\":[{\"SoHoSo\":\"x\"}]}", "{\"error_code\":\"3\"}", "{\"error_code\":0}" };
    for (size_t i = 0; i < sizeof unclear / sizeof *unclear; i++)
        PLAY((portal, .has_token = true), "UNKNOWN", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 200, unclear[i]));
    /* A question that failed did nothing, and the creation did not act either. */
    PLAY((portal, .has_token = true), "LATER", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 500, ""));
    PLAY((portal, .has_token = true), "LATER", SEND(CALL_CREATE, 200, EXISTS), LOST(CALL_PROBE));
    PLAY((portal, .has_token = true), "UNKNOWN", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 200, OURS),
         CHECKPOINT, SEND(CALL_UPDATE, 200, EXISTS));
    PLAY((portal, .has_token = true), "UNSURE", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 200, OURS),
         CHECKPOINT, LOST(CALL_UPDATE));
    PLAY((portal, .has_token = true), "LATER", SEND(CALL_CREATE, 200, EXISTS), SEND(CALL_PROBE, 200, OURS), NOT_KEPT);
    assert_int_equal(acting(), 1);
}

static void portal_asks(void **state)
{
    (void)state;
    PLAY((portal, .has_token = true, .ask_first = true), "ALREADY_THERE", SEND(CALL_PROBE, 200, OURS));
    PLAY((portal, .ask_first = true), "DELIVERED", TOKEN, SEND(CALL_PROBE, 200, "{\"error_code\":\"00\",\"data\":[]}"),
         SEND(CALL_CREATE, 200, OK_0));
    PLAY((portal, .has_token = true, .ask_first = true), "UNSURE",
         SEND(CALL_PROBE, 200, "{\"error_code\":0,\"data\":[{\"SoHoSo\":\"x\"}]}"));
    PLAY((portal, .has_token = true, .ask_first = true), "UNSURE", SEND(CALL_PROBE, 200, "{\"error_code\":5}"));
    PLAY((portal, KIND_PROGRESS, .has_token = true, .ask_first = true), "UNSURE");
}

static void resumes(void **state)
{
    (void)state;
    PLAY((portal, .has_token = true, .checkpoint = "1 update"), "DELIVERED", SEND(CALL_UPDATE, 200, OK_0));
    assert_string_equal(played.sent[0].key, "\"" HANDED_KEY "/update\"");
    PLAY((portal, .checkpoint = "1 update"), "DELIVERED", TOKEN, SEND(CALL_UPDATE, 200, OK_0));
    /* A look-up by code finds what was there before the update: it cannot tell whether that came. */
    PLAY((portal, .has_token = true, .checkpoint = "1 update", .ask_first = true), "UNSURE");
    assert_int_equal(played.count, 0);
    PLAY((portal, .has_token = true, .checkpoint = "1 update", .ask_first = true, .agency_class = CLASS_IDEMPOTENT),
         "DELIVERED", SEND(CALL_UPDATE, 200, OK_0));
    /* What is no checkpoint of ours, or does not fit, is not obeyed. */
    PLAY((portal, .has_token = true, .checkpoint = "2 update"), "DELIVERED", SEND(CALL_CREATE, 200, OK_0));
    PLAY((portal, .has_token = true, .checkpoint = "1 update "), "DELIVERED", SEND(CALL_CREATE, 200, OK_0));
    PLAY((mute, .checkpoint = "1 update"), "DELIVERED", SEND(CALL_CREATE, 201, ""));
    PLAY((portal, KIND_PROGRESS, .has_token = true, .checkpoint = "1 update"), "DELIVERED",
         SEND(CALL_UPDATE, 200, OK_0));
    assert_string_equal(played.sent[0].key, "\"" HANDED_KEY "\"");
}

/* ---------------------------------------------------------------- what a handoff brings along */

static enum verdict begin_request(const struct adapter_config *config, struct handed *handed,
                                  const struct credentials *credentials, struct request *request)
{
    struct sequence sequence;
    sequence_begin(&sequence, &config->agencies[0], &handed->job, true);
    if (sequence_step(&sequence) == STEP_SEND && sequence_request(&sequence, credentials, request))
        return 0;
    assert_true(sequence_judgement(&sequence)->never_sent);
    return sequence_judgement(&sequence)->verdict;
}

/* Whoever writes a dossier code, a content type or a trace cannot write a header or another address. */
static void no_injection(void **state)
{
    (void)state;
    const struct credentials credentials = { .secret = "s3cret", .token = "t0ken" };
    struct handed handed;
    struct request request;

    handed_init(&handed, KIND_SUPPLEMENT, CLASS_NEITHER);
    handed.header.dossier_code = (char *)"a/../b?c=d#e\r\nX-Evil: 1 %\xE1\xBB\x93";
    handed_job(&handed);
    assert_int_equal(begin_request(by_key, &handed, &credentials, &request), 0);
    assert_string_equal(request.url,
                        "https://a.example.vn/api/d/a%2F..%2Fb%3Fc%3Dd%23e%0D%0AX-Evil%3A%201%20%25%E1%BB%93");
    assert_null(request_find(&request, "X-Evil"));
    request_wipe(&request);
    handed_done(&handed);

    static const char *const types[] = { "text/plain\r\nX-Evil: 1", "text/plain\n", "a\tb", "\x7F" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
        handed.header.content_type = (char *)types[i];
        handed_job(&handed);
        assert_int_equal(begin_request(raw, &handed, &credentials, &request), VERDICT_BAD_DATA);
        handed_done(&handed);
    }
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed_job(&handed);
    /* What we log in with is our own fault, not the sender's. */
    const struct credentials bad = { .secret = "a\r\nX-Evil: 1", .token = "" };
    assert_int_equal(begin_request(raw, &handed, &bad, &request), VERDICT_MISCONFIGURED);
    handed.job.idempotency_key = "k\"\\";
    assert_int_equal(begin_request(raw, &handed, &credentials, &request), 0);
    assert_string_equal(request_find(&request, "Idempotency-Key"), "\"k\\\"\\\\\"");
    request_wipe(&request);
    handed.job.idempotency_key = "k\n";
    assert_int_equal(begin_request(raw, &handed, &credentials, &request), VERDICT_BAD_DATA);
    handed_done(&handed);
}

static void traces(void **state)
{
    (void)state;
    static const struct { const char *given; bool kept; } samples[] = {
        { HANDED_TRACE, true }, { "", false }, { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false },
        { "00-00000000000000000000000000000000-b7ad6b7169203331-01", false },
        { "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false },
        { "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
        { "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false },
        { HANDED_TRACE "-more", false }, { "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true },
        { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\n", false },
    };
    struct handed handed;
    struct request request;
    const struct credentials credentials = { .secret = "s" };
    char first[80] = "";
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
        handed.header.traceparent = (char *)samples[i].given;
        handed_job(&handed);
        assert_int_equal(begin_request(raw, &handed, &credentials, &request), 0);
        const char *trace = request_find(&request, "traceparent");
        assert_int_equal(strlen(trace), 55);
        assert_memory_equal(trace, "00-", 3);
        assert_int_equal(memcmp(trace + 3, HANDED_TRACE + 3, 32) == 0, samples[i].kept);
        assert_memory_not_equal(trace + 36, HANDED_TRACE + 36, 16);
        assert_string_equal(trace + 53, samples[i].kept ? "01" : "00");
        /* Another attempt has another parent id, the same attempt the same. */
        if (i == 0)
            memcpy(first, trace, 56);
        request_wipe(&request);
        handed_done(&handed);
    }
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    for (uint32_t attempt = 1; attempt <= 2; attempt++) {
        handed.deliver.attempt = attempt;
        handed_job(&handed);
        assert_int_equal(begin_request(raw, &handed, &credentials, &request), 0);
        assert_int_equal(strcmp(request_find(&request, "traceparent"), first) == 0, attempt == 1);
        request_wipe(&request);
    }
    handed_done(&handed);
}

static void what_cannot_be_written(void **state)
{
    (void)state;
    struct handed handed;
    struct sequence sequence;
    struct request request;
    const struct credentials credentials = { .token = "t" };

    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed.header.procedure_code = (char *)"9.999999";
    handed_job(&handed);
    sequence_begin(&sequence, &hotich->agencies[0], &handed.job, true);
    assert_false(sequence_request(&sequence, &credentials, &request));
    assert_int_equal(sequence_judgement(&sequence)->verdict, VERDICT_MISCONFIGURED);
    assert_int_equal(sequence_judgement(&sequence)->scope, SCOPE_MAPPING);
    assert_string_equal(sequence_judgement(&sequence)->value, "9.999999");
    assert_true(sequence_judgement(&sequence)->never_sent);
    /* A kind of tomorrow is not sent as if it were one of today. */
    handed.header.kind = 77;
    handed_job(&handed);
    sequence_begin(&sequence, &by_key->agencies[0], &handed.job, true);
    assert_int_equal(sequence_step(&sequence), STEP_DONE);
    assert_int_equal(sequence_judgement(&sequence)->verdict, VERDICT_LATER);
    handed.header.kind = KIND_URGE;                             /* not among the kinds of this agency */
    handed_job(&handed);
    sequence_begin(&sequence, &hotich->agencies[0], &handed.job, true);
    assert_int_equal(sequence_judgement(&sequence)->verdict, VERDICT_LATER);
    assert_string_equal(sequence_judgement(&sequence)->fingerprint, "kind-not-announced");
    /* A class of tomorrow is treated with most care. */
    handed.routing.agency_class = 9;
    handed_job(&handed);
    assert_int_equal(handed.job.agency_class, CLASS_NEITHER);
    char url[REQUEST_URL_SIZE];
    assert_true(url_fill("http://a", "/x/{message_id}/{handoff_id}/{message_id}", &handed.job, url));
    assert_string_equal(url, "http://a/x/01955f3a-1000-7001-8002-030405060708/77/01955f3a-1000-7001-8002-030405060708");
    handed.header.message_id.len = 5;
    handed_job(&handed);
    assert_true(url_fill("http://a", "/x/{message_id}/{handoff_id}", &handed.job, url));
    assert_string_equal(url, "http://a/x//77");
    handed_done(&handed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rest_create), cmocka_unit_test(rest_raw), cmocka_unit_test(ask_first),
        cmocka_unit_test(cannot_ask), cmocka_unit_test(asked_after_a_failure), cmocka_unit_test(hotich_create),
        cmocka_unit_test(hotich_asks), cmocka_unit_test(token_once_more), cmocka_unit_test(portal_create),
        cmocka_unit_test(portal_exists), cmocka_unit_test(portal_asks), cmocka_unit_test(resumes),
        cmocka_unit_test(no_injection), cmocka_unit_test(traces), cmocka_unit_test(what_cannot_be_written),
    };
    return cmocka_run_group_tests_name("kinds: sequence", tests, start, stop);
}
