/* fuzz_config.c - adapter.yaml and the files it names: "=== adapter.yaml", "=== rules/any.yaml", "=== map.yaml" ...
 *
 * Must hold: a configuration or faults, never both; one without a fault keeps every bound that the runtime
 * relies on. */
#include <string.h>

#include "adapters/kinds/config.h"
#include "tests/fuzz/fuzz.h"

static void check_agency(const struct agency_config *agency)
{
    must(agency->code[0] && agency->dialect && agency->rules && agency->base_url[0]);
    must(agency->base_url[strlen(agency->base_url) - 1] != '/');
    must(agency->paths[CALL_CREATE][0]);
    must(agency->requests_max > 0 && agency->credit >= agency->requests_max && agency->credit <= CREDIT_MAX);
    must(agency->rate_per_second >= 0);
    must(agency->connect_timeout_ms > 0 && agency->total_timeout_ms >= agency->connect_timeout_ms);
    must(agency->response_bytes_max > 0 && agency->response_bytes_max <= RESPONSE_BYTES_LIMIT);
    must(agency->kinds && !(agency->kinds & ~(uint32_t)KINDS_ALL));
    must(agency->option_count <= CONFIG_OPTIONS_MAX);
    for (enum call call = 1; call < CALL_END; call++)
        must(!agency->paths[call][0] || url_template_is_valid(agency->paths[call]));
    must(agency->auth.kind == AUTH_NONE || agency->auth.secret_file[0]);
    if (agency->has_pull)
        must(agency->pull.interval_ms > 0 && (agency->pull.next[0] || agency->pull.item_cursor[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct faults faults;
    char path[256];
    struct text text = text_of(path, sizeof path);

    shelf_remove("adapter");
    shelf_write("adapter/keys/k", span_of("invented\n", 9));
    shelf_of_input("adapter", bytes, size);
    text_add(&text, "%s", shelf_below("adapter/adapter.yaml"));
    must(faults_init(&faults) == RESULT_OK);
    struct adapter_config *config = adapter_config_read(path, "adapters/rules", &faults);
    must((config != NULL) == (faults.count == 0));
    if (config) {
        must(config->endpoint[0] && config->agency_count > 0 && config->agency_count <= ADAPTER_AGENCIES_MAX);
        for (size_t i = 0; i < config->agency_count; i++)
            check_agency(&config->agencies[i]);
    }
    adapter_config_free(config);
    faults_done(&faults);
    return 0;
}
