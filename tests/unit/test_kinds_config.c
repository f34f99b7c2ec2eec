/* adapter.yaml: the README's examples are loaded as they stand there, and every fault is found in its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "adapters/kinds/rules.h"
#include "tests/unit/kinds_agency.h"

#define README "adapters/kinds/README.md"

static struct scratch scratch;

#define PORTAL_MAPPING \
    "fields:\n" \
    "  - { to: /MaHoSo, from: /header/dossier_code, required: true }\n" \
    "  - { to: /MaTTHC, from: /header/procedure_code }\n"

static int start(void **state)
{
    static const char *const keys[] = { "keys/police.key", "keys/ward.key", "keys/lgsp.secret", "keys/portal.key",
                                        "keys/portal.secret", "keys/insurance.key", "keys/insurance.secret" };
    (void)state;
    scratch_open(&scratch);
    agency_files(&scratch);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        scratch_file(&scratch, keys[i], "invented\n");
    scratch_file(&scratch, "portal-forward.yaml", PORTAL_MAPPING);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    scratch_done(&scratch);
    return 0;
}

/* ---------------------------------------------------------------- the README */

static void first_agency(const struct agency_config *police)
{
    assert_string_equal(police->code, "H29.07.30");
    assert_string_equal(dialect_name(police->dialect), "rest");
    assert_string_equal(police->base_url, "http://127.0.0.1:8101/api");
    assert_string_equal(police->secret_key_file, scratch_path(&scratch, "keys/police.key"));
    assert_string_equal(police->paths[CALL_PROBE], "/handoffs/{idempotency_key}");
    assert_string_equal(police->paths[CALL_UPDATE], "");
    assert_true(police->probe_by_handoff);
    assert_false(police->https_only);
    assert_int_equal(police->reach, REACH_LOOPBACK);
    assert_int_equal(police->http_version, HTTP_1_1);
    assert_int_equal(police->kinds, KIND_BIT(KIND_FORWARD) | KIND_BIT(KIND_SUPPLEMENT) | KIND_BIT(KIND_WITHDRAWAL));
    assert_string_equal(mapping_name(police->mappings[KIND_SUPPLEMENT]), "mappings/rest-forward.yaml");
    assert_int_equal(police->requests_max, 4);
    assert_int_equal(police->credit, 8);
    assert_true(police->rate_per_second == 20.0);
    assert_int_equal(police->connect_timeout_ms, 5000);
    assert_int_equal(police->total_timeout_ms, 30000);
    assert_int_equal(police->response_bytes_max, 65536);
    assert_int_equal(dialect_call(police, KIND_SUPPLEMENT), CALL_CREATE);

    const struct pull_config *pull = &police->pull;
    assert_true(police->has_pull);
    assert_string_equal(pull->path, "/outbox?limit=100");
    assert_string_equal(pull->cursor_query, "after");
    assert_string_equal(pull->cursor_name, "pull");
    assert_int_equal(pull->interval_ms, 10000);
    assert_int_equal(pull->kind_count, 4);
    assert_string_equal(pull->kinds[1].word, "tiendo");
    assert_int_equal(pull->kinds[1].kind, KIND_PROGRESS);
    assert_string_equal(pull->source_time.at, "/at");
    assert_string_equal(pull->source_time.format, "dd/MM/yyyy HH:mm:ss");
    assert_int_equal(pull->kinds[2].kind, KIND_SUPPLEMENT_REQUEST);
    assert_string_equal(pull->asks.items, "/thieu");
    assert_string_equal(pull->asks.wanted, "/canNop");
    assert_string_equal(pull->answer_by.at, "/hanBoSung");
    assert_string_equal(pull->answer_by.format, "dd/MM/yyyy HH:mm");
    assert_string_equal(pull->due.format, "iso");
    assert_string_equal(pull->officer, "/nguoiKy");
    assert_string_equal(pull->item_cursor, "/seq");
}

static void readme_adapter(void **state)
{
    (void)state;
    struct faults faults;
    assert_int_equal(faults_init(&faults), RESULT_OK);
    char *example = readme_block(README, "adapter.yaml");
    struct adapter_config *config = adapter_config_read(scratch_file(&scratch, "adapter.yaml", example), "", &faults);
    free(example);
    faults_print(&faults);
    assert_non_null(config);
    assert_string_equal(config->endpoint, "tcp://127.0.0.1:7411");
    assert_string_equal(config->gateway_key_file, scratch_path(&scratch, "keys/gateway.pub"));
    assert_int_equal(config->agency_count, 4);
    first_agency(&config->agencies[0]);

    const struct agency_config *ward = &config->agencies[1], *portal = &config->agencies[2];
    assert_int_equal(ward->auth.kind, AUTH_CLIENT_CREDENTIALS);
    assert_string_equal(ward->auth.id, "one-stop");
    assert_string_equal(ward->auth.scope, "hotich");
    assert_false(ward->auth.in_body);
    assert_true(ward->https_only);
    assert_false(ward->probe_by_handoff);
    assert_non_null(ward->probe_mapping);
    assert_null(ward->mappings[KIND_SUPPLEMENT]);
    assert_int_equal(ward->requests_max, 8);
    assert_int_equal(ward->credit, 16);
    assert_int_equal(ward->connect_timeout_ms, 10000);
    assert_int_equal(ward->total_timeout_ms, 60000);
    assert_int_equal(ward->response_bytes_max, RESPONSE_BYTES_DEFAULT);
    assert_true(ward->rate_per_second == 0);
    assert_string_equal(portal->paths[CALL_UPDATE], "/api/SynsTTHCC");
    assert_string_equal(portal->paths[CALL_PROBE], "/api/SynsTTHCC");
    assert_string_equal(agency_option(portal, "madonvi"), "000.00.00.H29");
    assert_string_equal(agency_option(portal, "dstcode"), "VN:GOV:000.00.00.G22:dvcqg");
    assert_string_equal(agency_option(portal, "else"), "");
    assert_int_equal(config->agencies[3].kinds, KINDS_ALL);
    assert_int_equal(config->agencies[3].reach, REACH_PUBLIC);
    assert_int_equal(config->agencies[3].auth.kind, AUTH_HEADER);
    assert_false(dialect_needs_source(&config->agencies[3], KIND_FORWARD));
    assert_true(dialect_needs_source(ward, KIND_FORWARD));
    adapter_config_free(config);
    faults_done(&faults);
}

static struct judgement judge(const struct rules *rules, int http, const char *body)
{
    struct question question = { .call = CALL_CREATE, .kind = KIND_FORWARD, .attempt = 1,
                                 .agency_class = CLASS_NEITHER, .dossier_code = "", .idempotency_key = "",
                                 .answer = { http, span_of_string(body), false, -1 } };
    struct judgement judgement;
    rules_judge(rules, &question, &judgement);
    return judgement;
}

/* What the README says of its own rules. */
static void readme_rules(void **state)
{
    (void)state;
    struct faults faults;
    struct scratch folder;
    scratch_open(&folder);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    char *example = readme_block(README, "treasury.yaml");
    scratch_file(&folder, "treasury.yaml", example);
    free(example);
    char *any = calloc(1, 1 << 16);
    FILE *file = fopen("adapters/rules/any.yaml", "r");
    assert_non_null(file);
    assert_true(fread(any, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    scratch_file(&folder, "any.yaml", any);
    free(any);
    struct rulebook *book = rulebook_open(folder.folder, &faults);
    faults_print(&faults);
    assert_int_equal(faults.count, 0);
    struct rules *rules = rules_build(book, "treasury", NULL, 0, NULL, &faults);
    assert_non_null(rules);
    struct judgement judgement = judge(rules, 200, "{\"code\":\"07\",\"message\":\"Chứng từ ĐÃ TỒN TẠI\"}");
    assert_int_equal(judgement.verdict, VERDICT_ALREADY_THERE);
    assert_string_equal(judgement.fingerprint, "treasury-exists");
    assert_string_equal(judgement.where, "treasury.yaml:9");
    judgement = judge(rules, 200, "{\"code\":\"99\"}");
    assert_int_equal(judgement.verdict, VERDICT_UNKNOWN);
    assert_string_equal(judgement.fingerprint, "treasury-code");
    judgement = judge(rules, 503, "");
    assert_int_equal(judgement.verdict, VERDICT_LATER);
    assert_string_equal(judgement.fingerprint, "http-503");
    rules_free(rules);
    rulebook_close(book);
    faults_done(&faults);
    scratch_done(&folder);
}

/* ---------------------------------------------------------------- faults */

enum { LINES = 10 };
static const char *const good[LINES] = {
    "gateway: { endpoint: \"tcp://127.0.0.1:7411\", public_key_file: keys/gateway.pub }",
    "rules: rules",
    "agencies:",
    "  - code: H29.07.30",
    "    secret_key_file: keys/agency.key",
    "    dialect: rest",
    "    base_url: https://a.example.vn",
    "    paths: { create: /h, probe: /h }",
    "    auth: { kind: none }",
    "    requests: 4",
};

/* The good file with this line in the place of that one; the expected fault, and how many there are in all. */
static const struct wrong {
    int line;
    const char *instead, *words;
    size_t count;
} wrongs[] = {
    { 1, "gateways: {}", "nobody knows 'gateways'", 2 },
    { 1, "gateway: { endpoint: \"127.0.0.1:1\", public_key_file: keys/gateway.pub }", "tcp:// or ipc://", 1 },
    { 1, "gateway: { endpoint: \"tcp://h:1\" }", "'public_key_file' is missing", 1 },
    { 1, "gateway: { endpoint: \"tcp://h:1\", public_key_file: keys/none }", "No such file", 1 },
    { 1, "gateway: { endpoint: \"tcp://h:1\", public_key_file: keys }", "is not a file", 1 },
    { 1, "gateway: { endpoint: \"tcp://h:1\", public_key_file: keys/gateway.pub, port: 1 }", "'port'", 1 },
    { 2, "ruls: rules", "nobody knows 'ruls'", 2 },
    { 4, "  - cod: H29.07.30", "'code' is missing", 2 },
    { 4, "  - code: \"\"", "agency code", 1 },
    { 4, "  - code: \"H29 07\"", "agency code", 1 },
    { 5, "    secret_key_file: keys/open.key", "others can read 'keys/open.key': chmod 600", 1 },
    { 6, "    dialect: rset", "unknown dialect 'rset'; known: rest, hotich, dvcqg", 1 },
    { 6, "    dialect: { name: rest }", "must be a text", 2 },
    { 7, "    base_url: http://a.example.vn", "needs 'https_only: false'", 1 },
    { 7, "    base_url: https://a.example.vn/", "without user, query or a slash", 1 },
    { 7, "    base_url: https://me@a.example.vn", "without user", 1 },
    { 7, "    base_url: ftp://a.example.vn", "must be https://", 1 },
    { 7, "    base_url: \"https://a.example.vn\\r\\nX: y\"", "must be https://", 1 },
    { 8, "    paths: { update: /h }", "at least create", 1 },
    { 8, "    paths: { create: h }", "must begin with /", 1 },
    { 8, "    paths: { create: \"/h/{dossier}\" }", "must begin with / and may hold {dossier_code}", 1 },
    { 8, "    paths: { create: \"/h i\" }", "must begin with /", 1 },
    { 8, "    paths: { create: \"/h\\nHost: x\" }", "must begin with /", 1 },
    { 8, "    paths: { create: /h, prob: /h }", "nobody knows 'prob'", 1 },
    { 8, "    paths: { create: /h, probe: \"https://b.example.vn/h\" }", "must begin with /", 1 },
    { 8, "    paths: { create: /h, token: \"/t/{sender}\" }", "no placeholders", 2 },
    { 9, "    auth: { kind: basic }", "unknown kind of auth 'basic'", 1 },
    { 9, "    auth: { kind: session, user: u, password_file: keys/secret }", "do not go together", 2 },
    { 9, "    auth: { kind: client_credentials, id: i, secret_file: keys/secret }", "needs token", 1 },
    { 9, "    auth: { kind: header, name: \"X Key\", value_file: keys/secret }", "not the name of a header", 1 },
    { 9, "    auth: { kind: header, name: idempotency-key, value_file: keys/secret }", "set by the adapter", 1 },
    { 9, "    auth: { kind: header, name: X-Key }", "'value_file' is missing", 1 },
    { 9, "    reach: lan", "must be public, private or loopback", 1 },
    { 9, "    http: 3", "must be 1.1 or 2", 1 },
    { 9, "    proxy: 10.0.0.1:3128", "must be http://host:port", 1 },
    { 9, "    ca_file: keys/none", "No such file", 1 },
    { 9, "    kinds: [FORWARD, HALT]", "unknown kind 'HALT'", 1 },
    { 9, "    kinds: []", "'kinds' is empty", 1 },
    { 9, "    kinds: FORWARD", "must be a list", 1 },
    { 9, "    mappings: { FORWARDS: mappings/rest-forward.yaml }", "unknown kind 'FORWARDS'", 1 },
    { 9, "    mappings: { FORWARD: mappings/none.yaml }", "mapping 'mappings/none.yaml' cannot be used", 2 },
    { 9, "    mappings: [a]", "must be { FORWARD", 1 },
    { 9, "    before: [lgps]", "no rule set 'lgps'", 1 },
    { 9, "    before: lgsp", "must be a list", 1 },
    { 9, "    rules: [ { http: 200, verdict: DONE, why: x } ]", "unknown verdict 'DONE'", 1 },
    { 9, "    options: { madonvi: x }", "has no option 'madonvi'", 1 },
    { 9, "    rate_per_second: 0", "must be a number from 0.001", 1 },
    { 9, "    rate_per_second: nan", "must be a number from 0.001", 1 },
    { 9, "    response_bytes: 99999999", "between 1024 and 4194304", 1 },
    { 9, "    total_timeout: 30", "must be a duration", 1 },
    { 9, "    https_only: no", "must be true or false", 1 },
    { 10, "    requests: 0", "between 1 and 1024", 1 },
    { 10, "    requests: 4\n    code: H29", "'code' a second time", 2 },
};

static void write_with(int line, const char *instead)
{
    char whole[4096];
    struct text text = text_of(whole, sizeof whole);
    for (int i = 1; i <= LINES; i++)
        text_add(&text, "%s\n", i == line ? instead : good[i - 1]);
    scratch_file(&scratch, "adapter.yaml", whole);
}

static struct adapter_config *read_again(struct faults *faults, const char *rules)
{
    char path[400];
    struct text text = text_of(path, sizeof path);
    text_add(&text, "%s/adapter.yaml", scratch.folder);
    return adapter_config_read(path, rules, faults);
}

static void each_fault_has_its_line(void **state)
{
    (void)state;
    scratch_file(&scratch, "keys/open.key", "invented\n");
    assert_int_equal(chmod(scratch_path(&scratch, "keys/open.key"), 0640), 0);
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        struct faults faults;
        char where[40];
        struct text text = text_of(where, sizeof where);
        assert_int_equal(faults_init(&faults), RESULT_OK);
        write_with(wrongs[i].line, wrongs[i].instead);
        struct adapter_config *config = read_again(&faults, "");
        /* A key of an agency that is missing is told where its agency begins; a second one, where it stands. */
        bool second = strstr(wrongs[i].words, "a second time");
        text_add(&text, "adapter.yaml:%d:", wrongs[i].line + second);
        bool found = faults_have(&faults, where, wrongs[i].words);
        if (config || !found || faults.count != wrongs[i].count) {
            faults_print(&faults);
            fail_msg("%s: expected %zu faults with %s %s", wrongs[i].instead, wrongs[i].count, where, wrongs[i].words);
        }
        adapter_config_free(config);
        faults_done(&faults);
    }
    struct faults faults;
    assert_int_equal(faults_init(&faults), RESULT_OK);
    write_with(0, "");
    struct adapter_config *config = read_again(&faults, "");
    assert_non_null(config);
    assert_int_equal(faults.count, 0);
    adapter_config_free(config);
    faults_done(&faults);
}

static void faults_of(const char *lines, const char *where, const char *words, size_t count)
{
    char whole[8192];
    struct text text = text_of(whole, sizeof whole);
    struct faults faults;
    assert_int_equal(faults_init(&faults), RESULT_OK);
    text_add(&text, "%s\nrules: rules\nagencies:\n%s", good[0], lines);
    scratch_file(&scratch, "adapter.yaml", whole);
    struct adapter_config *config = read_again(&faults, "");
    if (config || !faults_have(&faults, where, words) || faults.count != count) {
        faults_print(&faults);
        fail_msg("expected %zu faults with %s %s", count, where, words);
    }
    faults_done(&faults);
}

#define AGENCY(code, dialect) "  - code: " code "\n    secret_key_file: keys/agency.key\n    dialect: " dialect "\n" \
                              "    base_url: https://a.example.vn\n"

/* Faults that take two places to see. */
static void faults_across(void **state)
{
    (void)state;
    faults_of(AGENCY("H29", "rest") "    paths: { create: /h }\n" AGENCY("H29", "rest") "    paths: { create: /h }\n",
              "adapter.yaml:9:", "agency H29 is here twice, also in line 4", 1);
    faults_of(AGENCY("H29", "hotich") "    paths: { create: /h }\n    kinds: [FORWARD, URGE]\n"
              "    mappings: { FORWARD: mappings/hotich-forward.yaml }\n",
              "adapter.yaml:10:", "needs a mapping for URGE", 1);
    faults_of(AGENCY("H29", "rest") "    paths: { create: /h }\n    probe_mapping: mappings/hotich-probe.yaml\n",
              "adapter.yaml:9:", "without a probe path", 1);
    faults_of(AGENCY("H29", "rest") "    paths: { create: /h }\n    requests: 9\n    credit: 8\n",
              "adapter.yaml:4:", "'credit' must be at least 'requests'", 1);
    faults_of(AGENCY("H29", "rest") "    paths: { create: /h }\n    connect_timeout: 20s\n    total_timeout: 10s\n",
              "adapter.yaml:4:", "longer than 'total_timeout'", 1);
    faults_of(AGENCY("H29", "dvcqg") "    paths: { create: /h, token: /l }\n    kinds: [FORWARD]\n"
              "    auth: { kind: session, user: u, password_file: keys/secret }\n    options: { madonvi: x }\n"
              "    mappings: { FORWARD: portal-forward.yaml }\n",
              "adapter.yaml:11:", "needs the option 'dstcode'", 1);
    faults_of("  []\n", "adapter.yaml:4:", "a list of 1 to 256", 1);
    /* The faults of a mapping carry its own name. */
    scratch_file(&scratch, "bad-mapping.yaml", "fields:\n  - { to: /a, from: b }\n");
    faults_of(AGENCY("H29", "rest") "    paths: { create: /h }\n    mappings: { FORWARD: bad-mapping.yaml }\n",
              "bad-mapping.yaml:2:", "a JSON pointer", 2);
}

#define PULL(lines) AGENCY("H29", "rest") "    paths: { create: /h }\n    pull:\n" lines
#define ITEM "dossier_code: /c, source_key: /k, source_time: /t"

static void faults_in_a_pull(void **state)
{
    (void)state;
    faults_of(PULL("      path: out\n      next: /n\n      item: { kind: RESULT, parent: /p, " ITEM " }\n"),
              "adapter.yaml:10:", "must begin with /", 1);
    faults_of(PULL("      path: \"/o/{sender}\"\n      next: /n\n      item: { kind: RESULT, parent: /p, " ITEM " }\n"),
              "adapter.yaml:10:", "no placeholder", 1);
    faults_of(PULL("      path: /o\n      item: { kind: RESULT, parent: /p, " ITEM " }\n"),
              "adapter.yaml:10:", "every poll begins anew", 1);
    faults_of(PULL("      path: /o\n      next: /n\n"), "adapter.yaml:10:", "'item' is missing", 1);
    faults_of(PULL("      path: /o\n      next: /n\n      item: { kind: RESULTS, parent: /p, " ITEM " }\n"),
              "adapter.yaml:12:", "unknown kind 'RESULTS'", 1);
    faults_of(PULL("      path: /o\n      next: /n\n      item: { parent: /p, " ITEM " }\n"),
              "adapter.yaml:12:", "'kind' must be", 1);
    faults_of(PULL("      path: /o\n      next: /n\n      item: { kind: RESULT, " ITEM " }\n"),
              "adapter.yaml:12:", "needs 'parent' or 'recipient'", 1);
    faults_of(PULL("      path: /o\n      next: n\n      item: { kind: RESULT, parent: /p, " ITEM " }\n"),
              "adapter.yaml:11:", "'next' must be a JSON pointer", 1);
    faults_of(PULL("      path: /o\n      next: /n\n      item: { kind: RESULT, parent: /p, dossier_code: /c,\n"
                   "        source_key: \"\", source_time: { at: /t, format: dd/MM } }\n"),
              "adapter.yaml:13:", "not a date format: 'dd/MM'", 2);
    faults_of(PULL("      path: /o\n      next: /n\n      item: { kind: SUPPLEMENT_REQUEST, parent: /p, " ITEM ",\n"
                   "              asks: { items: /a, wrong: /w } }\n"),
              "adapter.yaml:13:", "'asks' needs 'component' or 'field'", 1);
    faults_of(PULL("      path: /o\n      next: /n\n"
                   "      item: { kind: SUPPLEMENT_REQUEST, parent: /p, " ITEM ", asks: /a }\n"),
              "adapter.yaml:12:", "'asks' must be", 1);
    faults_of(PULL("      path: /o\n      next: /n\n      item: { kind: APOLOGY, parent: /p, " ITEM ",\n"
                   "              due: { at: /d, format: mai } }\n"),
              "adapter.yaml:13:", "not a date format: 'mai'", 1);
    faults_of(PULL("      path: /o\n      next: /n\n      intervall: 5s\n"
                   "      item: { kind: RESULT, parent: /p, " ITEM " }\n"),
              "adapter.yaml:12:", "nobody knows 'intervall'", 1);
}

static void rules_folder(void **state)
{
    (void)state;
    struct faults faults;
    assert_int_equal(faults_init(&faults), RESULT_OK);
    write_with(2, "");
    assert_null(read_again(&faults, ""));
    assert_true(faults_have(&faults, "adapter.yaml:1:", "'rules' is missing"));
    struct adapter_config *config = read_again(&faults, "adapters/rules");
    assert_non_null(config);
    adapter_config_free(config);
    size_t before = faults.count;
    assert_null(read_again(&faults, "/nowhere"));
    assert_true(faults.count > before && faults_have(&faults, "/nowhere:", "cannot be read"));
    assert_null(adapter_config_read("/nowhere/adapter.yaml", "adapters/rules", &faults));
    assert_true(faults_have(&faults, "adapter.yaml:", "cannot be opened"));
    adapter_config_free(NULL);
    faults_done(&faults);
}

static void secrets(void **state)
{
    (void)state;
    char secret[CONFIG_SECRET_SIZE] = "untouched", longest[CONFIG_SECRET_SIZE + 8];
    static const struct { const char *text, *secret; } samples[] = {
        { "abc", "abc" }, { "abc\n", "abc" }, { "abc \t\r\nsecond line\n", "abc" }, { " a b ", " a b" },
        { "", NULL }, { "\n", NULL }, { " \n x", NULL },
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        memcpy(secret, "untouched", 10);
        bool good_one = secret_read(scratch_file(&scratch, "keys/s", samples[i].text), secret);
        assert_true(good_one == (samples[i].secret != NULL));
        assert_string_equal(secret, samples[i].secret ? samples[i].secret : "untouched");
    }
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    assert_false(secret_read(scratch_file(&scratch, "keys/s", longest), secret));
    longest[CONFIG_SECRET_SIZE - 2] = 0;
    assert_true(secret_read(scratch_file(&scratch, "keys/s", longest), secret));
    assert_int_equal(strlen(secret), CONFIG_SECRET_SIZE - 2);
    assert_false(secret_read("/nowhere/s", secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_adapter), cmocka_unit_test(readme_rules), cmocka_unit_test(each_fault_has_its_line),
        cmocka_unit_test(faults_across), cmocka_unit_test(faults_in_a_pull), cmocka_unit_test(rules_folder),
        cmocka_unit_test(secrets),
    };
    return cmocka_run_group_tests_name("kinds: config", tests, start, stop);
}
