/* unit_config.c - what is read from files at start: a directory, one longer than a stream's first buffer; an adapter's
 * configuration with its rules and mappings; then calls put into words with them, their answers judged, and logins. */
#include <string.h>

#include "gateway/directory/directory.h"
#include "tests/nth/units.h"
#include "tests/unit/kinds_agency.h"

/* ---- directory */

static const char *const files[][2] = {
    { "gateway.yaml", "name: test\n" },
    { "agencies.yaml",
      "- { code: H29.07, name: Quận 7, kind: DISTRICT, class: idempotent, aliases: [000.00.07.H29],\n"
      "    keys: [{ public_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', roles: [sender, receiver] }] }\n"
      "- { code: H29.07.01, name: Phường Tân Phong, kind: WARD, parent: H29.07 }\n"
      "- { code: G01.29.07, name: Công an Quận 7, kind: SECTOR, class: probe,\n"
      "    keys: [{ public_key: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID', roles: [receiver] }] }\n" },
    { "permits.yaml", "- { from: [WARD, H29.07], to: G01.29.*, kinds: [FORWARD, SUPPLEMENT] }\n" },
    { "routes.yaml", "- { procedure: 2.000986, step: residence, from: H29.07.*, to: G01.29.07 }\n" },
    { "procedures.yaml",
      "- code: 2.000986\n  name: Liên thông khai sinh\n"
      "  steps: [{ name: civil-status, agency: WARD },\n"
      "    { name: residence, agency: G01.29.*, after: [civil-status] }]\n" },
};
enum { WARDS = 200 };
static const int64_t NOW_MS = 1696208400000;            /* October 2023 */
static struct scratch place;
static struct hash directory_hash;

static const char *write_wards(void)
{
    static char yaml[64 << 10];
    struct text text = text_of(yaml, sizeof yaml);

    text_add(&text, "%s", files[1][1]);
    for (int i = 10; i < 10 + WARDS; i++)
        text_add(&text, "- { code: H29.07.%d, name: Phường %d, kind: WARD, parent: H29.07 }\n", i, i);
    must(!text.cut);
    return yaml;
}

static void directory_prepare_with(bool large)
{
    struct faults faults;

    scratch_open(&place);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)scratch_file(&place, files[i][0], large && i == 1 ? write_wards() : files[i][1]);
    EXPECT(faults_init(&faults) == RESULT_OK);
    struct directory *directory = directory_read(place.folder, NOW_MS, &faults);
    faults_print(&faults);
    EXPECT(directory != NULL);
    directory_hash = directory_tables(directory)->hash;
    EXPECT(!large || directory_bytes(directory).size > 2 * BUFSIZ);
    directory_free(directory);
    faults_done(&faults);
}

static void directory_prepare(void)
{
    directory_prepare_with(false);
}

static void directory_prepare_large(void)
{
    directory_prepare_with(true);
}

static bool directory_run(void)
{
    struct faults faults;

    if (faults_init(&faults) != RESULT_OK)
        return false;
    struct directory *directory = directory_read(place.folder, NOW_MS, &faults);
    EXPECT(!directory == !!faults.count);
    bool good = directory != NULL;
    EXPECT(!good || hash_equal(&directory_tables(directory)->hash, &directory_hash));
    directory_free(directory);
    faults_done(&faults);
    return good;
}

const struct unit unit_directory = { "directory", directory_prepare, directory_run,
                                     1 << FAIL_MEMORY | 1 << FAIL_FILES | 1 << FAIL_IO };

const struct unit unit_directory_large = { "large directory", directory_prepare_large, directory_run,
                                           1 << FAIL_MEMORY };

/* ---- an adapter's configuration, and calls of it */

static const char AGENCY[] =
    "    dialect: rest\n    base_url: https://agency.example\n    paths: { create: /handoffs }\n"
    "    mappings: { \"*\": mappings/rest-forward.yaml }\n";
/* Asked first, by POST with a mapping, everything wrapped, and logged in to. */
static const char PORTAL[] =
    "    dialect: dvcqg\n    base_url: https://portal.example\n    paths: { create: /api, token: /login }\n"
    "    auth: { kind: session, user: hcm, password_file: keys/secret }\n    kinds: [FORWARD]\n"
    "    options: { madonvi: x, dstcode: here }\n    mappings: { FORWARD: mappings/rest-forward.yaml }\n";
static const char CLIENT[] =
    "    dialect: rest\n    base_url: https://agency.example\n    paths: { create: /h, token: /token }\n"
    "    auth: { kind: client_credentials, id: one, secret_file: keys/secret }\n"
    "    mappings: { \"*\": mappings/rest-forward.yaml }\n";
static char config_path[256];
static struct handed handed;

/* ---- one call: nothing leaves that is not whole, no answer of the agency becomes a DELIVERED that it was not */

static struct spoken { char body[4096], url[REQUEST_URL_SIZE]; } spoken;

static bool is_as_spoken(const struct request *request)
{
    if (!spoken.body[0]) {
        snprintf(spoken.body, sizeof spoken.body, "%s", request->body);
        snprintf(spoken.url, sizeof spoken.url, "%s", request->url);
    }
    if (request->body && strcmp(request->body, spoken.body) == 0 && strcmp(request->url, spoken.url) == 0)
        return true;
    printf("  the body is not %s but %s\n", spoken.body, request->body ? request->body : "nothing");
    return false;
}

static bool call_of(const struct adapter_config *config, const struct credentials *credentials, const char *said)
{
    struct sequence sequence;
    struct request request = { 0 };
    struct http_answer answer = { .http_status = 201, .retry_after_ms = -1, .body = span_of_string(said) };

    sequence_begin(&sequence, &config->agencies[0], &handed.job, credentials->token != NULL);
    EXPECT(sequence_step(&sequence) == STEP_SEND);
    if (sequence_request(&sequence, credentials, &request)) {
        EXPECT(is_as_spoken(&request));
        sequence_answer(&sequence, &answer, span_of(request.body, request.body_bytes));
    }
    request_wipe(&request);
    EXPECT(sequence_step(&sequence) == STEP_DONE);
    const struct judgement *judgement = sequence_judgement(&sequence);
    if (judgement->verdict == VERDICT_DELIVERED)
        return true;
    EXPECT(judgement->verdict == VERDICT_LATER || judgement->verdict == VERDICT_UNKNOWN ||
           judgement->verdict == VERDICT_UNSURE);
    EXPECT(judgement->verdict != VERDICT_LATER || judgement->never_sent);
    return false;
}

static const struct credentials nobody = { 0 }, logged_in = { .secret = "s3cret", .token = "session-1" };
static const char TAKEN[] = "{\"status\":\"received\",\"ref\":\"A-1\"}", PORTAL_TAKEN[] = "{\"error_code\":\"0\"}";
static struct adapter_config *call_config;

static void call_prepare_with(const char *agency)
{
    scratch_open(&place);
    agency_files(&place);
    call_config = agency_of(&place, agency);
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed_job(&handed);
}

static void call_prepare(void)
{
    call_prepare_with(AGENCY);
}

static bool call_run(void)
{
    return call_of(call_config, &nobody, TAKEN);
}

static void portal_prepare(void)
{
    call_prepare_with(PORTAL);
}

static bool portal_run(void)
{
    return call_of(call_config, &logged_in, PORTAL_TAKEN);
}

/* ---- what the mapping starts from: the same, or a refusal that may be repeated */

static const char LONG_PAYLOAD[] =
    "{\"name\":\"một cái tên dài hơn bộ đệm đầu tiên của jansson, thêm nữa\",\"n\":12345678901234567}";

static void source_prepare(void)
{
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed.deliver.payload = (ProtobufCBinaryData){ sizeof LONG_PAYLOAD - 1, (uint8_t *)(uintptr_t)LONG_PAYLOAD };
    handed_job(&handed);
}

static bool source_run(void)
{
    json_t *source = NULL;
    struct judgement why = { 0 };

    bool good = source_build(&handed.header, &handed.routing, span_of_string(LONG_PAYLOAD), &source, &why);
    fail_pause();
    EXPECT(good ? json_equal(source, handed.source) : why.verdict == VERDICT_LATER);
    fail_resume();
    json_decref(source);
    return good;
}

const struct unit unit_source = { "a source", source_prepare, source_run, 1 << FAIL_MEMORY };

/* ---- logging in: a want of memory is nobody's wrong password */

static bool login_with(const char *said)
{
    struct request request = { 0 };
    struct token token = { 0 };
    struct judgement why = { 0 };
    struct http_answer answer = { .http_status = 200, .retry_after_ms = -1, .body = span_of_string(said) };

    bool good = token_request(&call_config->agencies[0], &logged_in, &request, &why);
    if (good) {
        EXPECT(is_as_spoken(&request));
        good = token_answer(&call_config->agencies[0], &answer, &token, &why);
    }
    request_wipe(&request);
    EXPECT(good ? strcmp(token.text, "t-1") == 0 : why.verdict == VERDICT_LATER && why.never_sent);
    return good;
}

static bool portal_login_run(void)
{
    return login_with("{\"error_code\":0,\"session\":\"t-1\"}");
}

static void client_login_prepare(void)
{
    call_prepare_with(CLIENT);
}

static bool client_login_run(void)
{
    return login_with("{\"access_token\":\"t-1\",\"expires_in\":300}");
}

/* ---- the configuration: all of it, or a fault. What was read says what it says without a failure. */

static void config_prepare(void)
{
    call_prepare_with(AGENCY);
    snprintf(config_path, sizeof config_path, "%s", scratch_path(&place, "adapter.yaml"));
    EXPECT(call_of(call_config, &nobody, TAKEN));
}

static bool config_run(void)
{
    struct faults found;

    if (faults_init(&found) != RESULT_OK)
        return false;
    struct adapter_config *config = adapter_config_read(config_path, "", &found);
    EXPECT(!config == !!found.count);
    bool good = config != NULL;
    EXPECT(!good || config->agency_count == 1);
    fail_pause();
    EXPECT(!good || call_of(config, &nobody, TAKEN));
    fail_resume();
    adapter_config_free(config);
    faults_done(&found);
    return good;
}

const struct unit unit_config = { "adapter configuration", config_prepare, config_run,
                                  1 << FAIL_MEMORY | 1 << FAIL_FILES | 1 << FAIL_IO };
const struct unit unit_call = { "a call and its answer", call_prepare, call_run, 1 << FAIL_MEMORY };
const struct unit unit_portal = { "a call that is wrapped", portal_prepare, portal_run, 1 << FAIL_MEMORY };
const struct unit unit_portal_login = { "a login for a session", portal_prepare, portal_login_run, 1 << FAIL_MEMORY };
const struct unit unit_client_login = { "a login for a token", client_login_prepare, client_login_run,
                                        1 << FAIL_MEMORY };
