/* unit_config.c - what is read from files at start: a directory; an adapter's configuration with its rules and
 * mappings; then one call put into words with them, and its answer judged. */
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
static const int64_t NOW_MS = 1696208400000;            /* October 2023 */
static struct scratch place;
static struct hash directory_hash;

static void directory_prepare(void)
{
    struct faults faults;

    scratch_open(&place);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)scratch_file(&place, files[i][0], files[i][1]);
    EXPECT(faults_init(&faults) == RESULT_OK);
    struct directory *directory = directory_read(place.folder, NOW_MS, &faults);
    faults_print(&faults);
    EXPECT(directory != NULL);
    directory_hash = directory_tables(directory)->hash;
    directory_free(directory);
    faults_done(&faults);
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

/* ---- an adapter's configuration, and one call of it */

static const char AGENCY[] =
    "    dialect: rest\n    base_url: https://agency.example\n    paths: { create: /handoffs }\n"
    "    mappings: { \"*\": mappings/rest-forward.yaml }\n";
static char config_path[256];

static void config_prepare(void)
{
    scratch_open(&place);
    agency_files(&place);
    adapter_config_free(agency_of(&place, AGENCY));
    snprintf(config_path, sizeof config_path, "%s", scratch_path(&place, "adapter.yaml"));
}

static bool config_run(void)
{
    struct faults found;

    if (faults_init(&found) != RESULT_OK)
        return false;
    struct adapter_config *config = adapter_config_read(config_path, "", &found);
    EXPECT(!config == !!found.count);
    bool good = config != NULL;
    EXPECT(!good || (config->agency_count == 1 && config->agencies[0].mappings[KIND_FORWARD]));
    adapter_config_free(config);
    faults_done(&found);
    return good;
}

static struct adapter_config *call_config;
static struct handed handed;
static char call_body[4096];

static void call_prepare(void)
{
    config_prepare();
    call_config = agency_of(&place, AGENCY);
    handed_init(&handed, KIND_FORWARD, CLASS_NEITHER);
    handed_job(&handed);
}

/* Nothing leaves that is not whole, and no answer of the agency becomes a DELIVERED that it was not. */
static bool call_run(void)
{
    const struct credentials none = { 0 };
    struct sequence sequence;
    struct request request = { 0 };
    struct http_answer answer = { .http_status = 201, .retry_after_ms = -1,
                                  .body = span_of_string("{\"status\":\"received\",\"ref\":\"A-1\"}") };

    sequence_begin(&sequence, &call_config->agencies[0], &handed.job, false);
    EXPECT(sequence_step(&sequence) == STEP_SEND);
    if (sequence_request(&sequence, &none, &request)) {
        if (!call_body[0])
            snprintf(call_body, sizeof call_body, "%s", request.body);
        if (!request.body || strcmp(request.body, call_body) != 0)
            printf("  the body is not %s but %s\n", call_body, request.body);
        EXPECT(request.body && strcmp(request.body, call_body) == 0);
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

const struct unit unit_config = { "adapter configuration", config_prepare, config_run,
                                  1 << FAIL_MEMORY | 1 << FAIL_FILES | 1 << FAIL_IO };
const struct unit unit_call = { "a call and its answer", call_prepare, call_run, 1 << FAIL_MEMORY };
