/* fuzz_directory.c - a folder of YAML, cut out of one input at lines "=== agencies.yaml".
 *
 * Must hold: every fault names a file and fits its line; a folder without a fault gives tables in which everything that
 * is named can be found, and the same folder read again gives the same canonical bytes. */
#include <stdio.h>
#include <string.h>

#include "gateway/directory/directory.h"
#include "tests/fuzz/fuzz.h"

enum { NOW = 1772591400 };

static void check_faults(const struct faults *faults)
{
    must(faults->kept <= FAULTS_MAX && faults->kept <= faults->count);
    for (size_t i = 0; i < faults->kept; i++)
        must(faults->lines[i][0] && strnlen(faults->lines[i], FAULT_TEXT_SIZE) < FAULT_TEXT_SIZE);
}

static void check_selector(const struct tables *tables, const struct selector *selector)
{
    must(selector->kind >= SELECT_ANY && selector->kind <= SELECT_KIND);
    if (selector->kind == SELECT_AGENCY)
        must(tables_agency(tables, selector->code) != NULL);
}

static void check_agency(const struct tables *tables, const struct agency *agency)
{
    must(tables_agency(tables, agency->code) == agency);
    for (uint32_t i = 0; i < agency->alias_count; i++)
        must(tables_agency(tables, agency->aliases[i]) == agency);
    must(agency->kind > 0 && agency->kind < AGENCY_KIND_END && agency->agency_class < CLASS_END);
    must(agency->key_count <= AGENCY_KEYS_MAX && agency->alias_count <= AGENCY_ALIASES_MAX);
    must(agency->attempts_max > 0 && agency->lapses_max > 0 && agency->in_flight_max > 0);
    must(agency->backoff_ms_min > 0 && agency->backoff_ms_min <= agency->backoff_ms_max);
    must(agency->rate_per_second >= 0);
    for (uint32_t i = 0; i < agency->successor_count; i++)
        must(tables_agency(tables, agency->successors[i].code) != NULL);
    const struct agency *successor = tables_successor(tables, agency, NULL, NOW * 1000LL);
    must(!successor || tables_agency_exists(successor, NOW * 1000LL));
    for (uint32_t i = 0; i < agency->key_count; i++) {
        uint32_t roles;
        const struct agency *owner = tables_agency_of_key(tables, agency->keys[i].bytes, NOW * 1000LL, &roles);
        must(!owner || owner == agency);
    }
}

static void check_procedure(const struct tables *tables, const struct procedure *procedure)
{
    char version[PROCEDURE_VERSION_SIZE];

    procedure_version_text(procedure, version);
    must(tables_procedure_version(tables, version) == procedure);
    must(procedure->step_count > 0 && procedure->step_count <= PROCEDURE_STEPS_MAX);
    for (uint32_t i = 0; i < procedure->step_count; i++) {
        const struct procedure_step *step = &procedure->steps[i];
        must(procedure_step_index(procedure, step->name) == (int)i);
        must(!(step->after >> procedure->step_count) && !(step->after & 1u << i));
        if (!step->citizen)
            check_selector(tables, &step->agency);
    }
    for (uint32_t i = 0; i < procedure->component_count; i++)
        must(procedure_component(procedure, procedure->components[i].code) == &procedure->components[i]);
    must(!procedure->field[0] || tables_field(tables, procedure->field));
}

static void check_tables(const struct tables *tables)
{
    must(tables->gateway[0] && tables->lease_ms > 0 && tables->antecedent_ms_max > 0 && tables->submit_window > 0);
    for (uint32_t i = 0; i < tables->agency_count; i++)
        check_agency(tables, &tables->agencies[i]);
    for (uint32_t i = 0; i < tables->procedure_count; i++)
        check_procedure(tables, &tables->procedures[i]);
    for (uint32_t i = 0; i < tables->permit_count; i++) {
        check_selector(tables, &tables->permits[i].from);
        check_selector(tables, &tables->permits[i].to);
        must(tables->permits[i].kinds && !(tables->permits[i].kinds & ~(uint32_t)KINDS_ALL));
    }
    for (uint32_t i = 0; i < tables->route_count; i++) {
        check_selector(tables, &tables->routes[i].from);
        must(tables_agency(tables, tables->routes[i].to) != NULL);
    }
}

static struct directory *read_again(const char *folder, size_t *ret_faults)
{
    struct faults faults;

    must(faults_init(&faults) == RESULT_OK);
    struct directory *directory = directory_read(folder, NOW * 1000LL, &faults);
    check_faults(&faults);
    must((directory != NULL) == (faults.count == 0));
    *ret_faults = faults.count;
    faults_done(&faults);
    return directory;
}

static void tell(void *context, const char *agency, const char *path)
{
    (void)context;
    must(agency[0] && path[0]);
}

static void check_whole(const char *folder, struct directory *directory)
{
    static char room[16 << 10];
    struct text text = text_of(room, sizeof room);
    struct faults faults;
    size_t count;
    struct directory *again = read_again(folder, &count);

    must(again != NULL && span_equal(directory_bytes(directory), directory_bytes(again)));
    must(span_is_utf8(directory_bytes(directory)));
    check_tables(directory_tables(directory));
    directory_describe(directory, &text);
    must(faults_init(&faults) == RESULT_OK);
    must(directory_key_files(folder, &faults, tell, NULL) == RESULT_OK);
    faults_done(&faults);
    directory_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool started;
    char folder[256];
    struct text path = text_of(folder, sizeof folder);
    size_t count;

    if (!started)
        must(hash_start() == RESULT_OK);
    started = true;
    shelf_remove("directory");
    shelf_write("directory/.made", span_of("", 0));
    shelf_of_input("directory", bytes, size);
    text_add(&path, "%s", shelf_below("directory"));
    struct directory *directory = read_again(folder, &count);
    if (directory)
        check_whole(folder, directory);
    directory_free(directory);
    return 0;
}
