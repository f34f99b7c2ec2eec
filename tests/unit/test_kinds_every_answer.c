/* Every answer at every turn: the promises of a sequence hold whatever an agency says, in whatever order.
 * All plays of up to SEQUENCE_CALLS_MAX calls with the answers below are walked through, at agencies of every class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/kinds_play.h"

static struct scratch scratch;

/* `perhaps`: of a call that acts; it may have been done. */
static const struct reply {
    int http;
    const char *body;
    enum trouble trouble;
    bool never_sent, perhaps;
} answers[] = {
    { 200, "{\"status\":\"accepted\"}", 0, false, false },
    { 200, "{\"status\":1}", 0, false, false },
    { 200, "{\"error_code\":0}", 0, false, false },
    { 200, "{\"error_code\":\"1\",\"message\":\"Hồ sơ đã tồn tại\"}", 0, false, false },
    { 200, "{\"error_code\":0,\"data\":[]}", 0, false, false },
    { 200, "{\"error_code\":0,\"data\":[{\"MaHoSo\":\"" HANDED_CODE "\",\"MaTTHC\":\"2.000986\","
           "\"DonViXuLy\":\"H29.07.01\",\"NgayTiepNhan\":\"20260304093000\"}]}", 0, false, false },
    { 200, "{\"error_code\":-1,\"message\":\"Phiên làm việc hết hạn\"}", 0, false, false },
    { 200, "{\"found\":true}", 0, false, false },
    { 200, "{\"found\":false}", 0, false, false },
    { 200, "{\"status\":0,\"errorCode\":201}", 0, false, false },
    { 401, "", 0, false, false },
    { 409, "{\"x\":1}", 0, false, false },
    { 500, "", 0, false, true },
    { 502, "", 0, false, true },
    { 408, "", 0, false, true },
    { 503, "", 0, false, false },
    { 0, "", TROUBLE_TIMEOUT, false, true },
    { 0, "", TROUBLE_SECOND_SEND, false, true },
    { 0, "", TROUBLE_CONNECT, true, false },
};
enum { ANSWERS = sizeof answers / sizeof *answers };

/* What the test itself knows of a play so far. */
struct known {
    bool perhaps, absent, checkpointed, acted;
    int sends, logins;
};
static size_t plays;

static bool is_careful(const struct sequence *sequence)
{
    return sequence->job->agency_class != CLASS_IDEMPOTENT;
}

static void check_end(const struct sequence *sequence, const struct known *known)
{
    const struct judgement *judgement = sequence_judgement(sequence);
    enum verdict verdict = judgement->verdict;

    plays++;
    assert_true(verdict > 0 && verdict < VERDICT_END && !judgement->next);
    assert_true(judgement->fingerprint[0] && judgement->reason[0]);
    assert_int_equal(verdict == VERDICT_MISCONFIGURED, judgement->scope != 0);
    if (judgement->never_sent)
        assert_false(known->acted);
    if (known->perhaps && is_careful(sequence) && verdict != VERDICT_UNSURE && verdict != VERDICT_ALREADY_THERE)
        fail_msg("perhaps done, and yet %s by %s", verdict_name(verdict), judgement->fingerprint);
    if (sequence->job->ask_first && !known->absent && is_careful(sequence) && verdict != VERDICT_UNSURE
        && verdict != VERDICT_ALREADY_THERE)
        fail_msg("asked first, not known, and yet %s by %s", verdict_name(verdict), judgement->fingerprint);
}

static void check_request(const struct sequence *sequence, const struct known *known, enum call call)
{
    assert_true(known->sends + known->logins < SEQUENCE_CALLS_MAX);
    if (!call_acts(call))
        return;
    if (is_careful(sequence)) {
        assert_false(known->perhaps);
        assert_true(!sequence->job->ask_first || known->absent);
    }
    if (call == CALL_UPDATE && sequence->own_call == CALL_CREATE)
        assert_true(known->checkpointed || sequence->job->checkpoint.size);
}

static void walk(struct sequence sequence, struct known known);

static void walk_answers(const struct sequence *sequence, struct known known)
{
    const struct credentials credentials = { .secret = "s3cret", .token = "t0ken" };
    struct sequence asked = *sequence;
    struct request request;

    check_request(sequence, &known, sequence->call);
    assert_true(sequence_request(&asked, &credentials, &request));
    for (size_t i = 0; i < ANSWERS; i++) {
        struct sequence next = asked;
        struct known then = known;
        const struct reply *given = &answers[i];
        struct http_answer answer = { given->http, span_of_string(given->body), false, -1 };
        bool acts = call_acts(request.call);
        then.sends++;
        then.acted |= acts && !given->never_sent;
        then.perhaps |= acts && given->perhaps;
        if (given->http)
            sequence_answer(&next, &answer, span_of(request.body, request.body_bytes));
        else
            sequence_trouble(&next, given->trouble, given->never_sent);
        /* After a probe only "not there" leads to a call that acts; "exists" leads there through a checkpoint. */
        then.absent |= !acts && sequence_step(&next) != STEP_DONE && call_acts(next.call);
        walk(next, then);
    }
    request_wipe(&request);
}

static void walk(struct sequence sequence, struct known known)
{
    const struct judgement refused = { .verdict = VERDICT_MISCONFIGURED, .scope = SCOPE_LOGIN, .reason = "no",
                                       .fingerprint = "any-login", .retry_after_ms = -1 };
    struct sequence other = sequence;

    switch (sequence_step(&sequence)) {
    case STEP_TOKEN:
        sequence_failed(&other, &refused);
        walk(other, known);
        sequence_token(&sequence);
        known.logins++;
        walk(sequence, known);
        break;
    case STEP_CHECKPOINT:
        sequence_checkpointed(&other, false);
        walk(other, known);
        sequence_checkpointed(&sequence, true);
        known.checkpointed = true;
        walk(sequence, known);
        break;
    case STEP_SEND:
        walk_answers(&sequence, known);
        break;
    case STEP_DONE:
        check_end(&sequence, &known);
        break;
    }
}

static void walk_agency(struct adapter_config *config, enum kind kind)
{
    struct handed handed;
    plays = 0;
    for (enum agency_class class = 1; class < CLASS_END; class++)
        for (int how = 0; how < 8; how++) {
            struct sequence sequence;
            handed_init(&handed, kind, class);
            handed.routing.ask_first = how & 1;
            if (how & 2)
                handed.routing.checkpoint = (ProtobufCBinaryData){ 8, (uint8_t *)"1 update" };
            handed_job(&handed);
            sequence_begin(&sequence, &config->agencies[0], &handed.job, how & 4);
            walk(sequence, (struct known){ 0 });
            handed_done(&handed);
        }
    assert_true(plays > 100);
    adapter_config_free(config);
}

#define REST "    dialect: rest\n    base_url: https://a.example.vn/api\n" \
             "    paths: { create: /h, update: /u, probe: \"/h/{idempotency_key}\" }\n" \
             "    mappings: { \"*\": mappings/rest-forward.yaml }\n"

static void rest(void **state)
{
    (void)state;
    walk_agency(agency_of(&scratch, REST), KIND_FORWARD);
    walk_agency(agency_of(&scratch, REST), KIND_SUPPLEMENT);
}

/* Own rules that ask, update and create after anything at all. */
static void foolish_rules(void **state)
{
    (void)state;
    const char *foolish = REST
        "    auth: { kind: client_credentials, id: i, secret_file: keys/secret }\n"
        "    rules:\n"
        "      - { call: [create, update], http: [500, 408], next: probe, why: ask }\n"
        "      - { call: create, http: [409, 502], next: update, why: exists }\n"
        "      - { call: update, http: 409, next: probe, why: ask }\n"
        "      - { call: update, http: 502, next: create, why: not there }\n"
        "      - { call: probe, http: 409, next: update, why: there }\n"
        "      - { call: probe, http: 502, next: create, why: not there }\n";
    char lines[2048];
    struct text text = text_of(lines, sizeof lines);
    text_add(&text, "%s", foolish);
    char *paths = strstr(lines, "create: /h,");
    assert_non_null(paths);
    char with_token[2048];
    text = text_of(with_token, sizeof with_token);
    text_add(&text, "%.*stoken: /t, %s", (int)(paths - lines), lines, paths);
    walk_agency(agency_of(&scratch, with_token), KIND_FORWARD);
    walk_agency(agency_of(&scratch, with_token), KIND_SUPPLEMENT);
}

static void hotich(void **state)
{
    (void)state;
    walk_agency(agency_of(&scratch,
        "    dialect: hotich\n    before: [lgsp]\n    base_url: https://lgsp.example.vn\n"
        "    paths: { create: /dangKyHoTich, probe: /traTrangThaiHoSo, token: /token }\n"
        "    auth: { kind: client_credentials, id: one-stop, secret_file: keys/secret }\n"
        "    kinds: [FORWARD]\n    mappings: { FORWARD: mappings/hotich-forward.yaml }\n"
        "    probe_mapping: mappings/hotich-probe.yaml\n"), KIND_FORWARD);
}

static void portal(void **state)
{
    (void)state;
    const char *lines =
        "    dialect: dvcqg\n    base_url: https://portal.example.vn\n    paths: { create: /api, token: /login }\n"
        "    auth: { kind: session, user: hcm, password_file: keys/secret }\n    kinds: [FORWARD, PROGRESS]\n"
        "    options: { madonvi: 000.00.00.H29, dstcode: here }\n    mappings: { \"*\": portal.yaml }\n";
    scratch_file(&scratch, "portal.yaml",
        "fields:\n"
        "  - { to: /MaHoSo, from: /header/dossier_code, required: true }\n"
        "  - { to: /MaTTHC, from: /header/procedure_code }\n"
        "  - { to: /DonViXuLy, from: /payload/unit }\n"
        "  - { to: /NgayTiepNhan, from: /header/facts/received_ms, date: { from: ms, to: yyyyMMddHHmmss } }\n");
    walk_agency(agency_of(&scratch, lines), KIND_FORWARD);
    walk_agency(agency_of(&scratch, lines), KIND_PROGRESS);
}

static int start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    agency_files(&scratch);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    scratch_done(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rest), cmocka_unit_test(foolish_rules), cmocka_unit_test(hotich), cmocka_unit_test(portal),
    };
    return cmocka_run_group_tests_name("kinds: every answer", tests, start, stop);
}
