/* fuzz_mapping.c - a mapping file and a handoff's JSON, cut out of one input: "=== mapping.yaml" and "=== source.json".
 *
 * Must hold: a file is a mapping or has a fault, never both and never neither; the source is only read; what comes out
 * is JSON that can be written and read again, or a reason that says BAD_DATA or MISCONFIGURED(MAPPING), not sent. The
 * same source gives the same twice. */
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/mapping.h"
#include "adapters/kinds/pointer.h"
#include "tests/fuzz/fuzz.h"

enum { BODY_MAX = 1 << 20 };

static void check_warnings(const struct warnings *warnings)
{
    must(warnings->kept <= WARNINGS_MAX && warnings->kept <= warnings->count);
    for (size_t i = 0; i < warnings->kept; i++)
        must(warnings->list[i].what && memchr(warnings->list[i].field, 0, sizeof warnings->list[i].field));
}

static void check_why(const struct judgement *why)
{
    must(why->verdict == VERDICT_BAD_DATA ||
         (why->verdict == VERDICT_MISCONFIGURED && why->scope == SCOPE_MAPPING) || why->verdict == VERDICT_LATER);
    must(why->never_sent && why->fingerprint[0]);
    must(memchr(why->reason, 0, sizeof why->reason) && memchr(why->value, 0, sizeof why->value));
}

static void check_target(json_t *target)
{
    char *body = NULL, *again_body = NULL;
    size_t used, again_used;

    must(json_is_object(target));
    if (json_to_body(target, BODY_MAX, &body, &used) != RESULT_OK)
        return;
    json_t *again = json_of_bytes(span_of(body, used));
    must(again != NULL && json_to_body(again, BODY_MAX, &again_body, &again_used) == RESULT_OK);
    must(used == again_used && memcmp(body, again_body, used) == 0);
    json_decref(again);
    free(again_body);
    free(body);
}

static void apply(const struct mapping *mapping, json_t *source)
{
    static struct warnings warnings;
    struct judgement why;
    json_t *kept = json_deep_copy(source), *target = NULL, *second = NULL;

    bool done = mapping_apply(mapping, source, &warnings, &target, &why);
    check_warnings(&warnings);
    must(json_equal(kept, source));
    if (done)
        check_target(target);
    else
        check_why(&why);
    must(mapping_apply(mapping, source, &warnings, &second, &why) == done);
    must(!done || json_equal(target, second));
    json_decref(kept);
    json_decref(target);
    json_decref(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span yaml = { 0 }, part = { 0 };
    struct faults faults;

    (void)shelf_part(bytes, size, "mapping.yaml", &yaml);
    shelf_write("mapping.yaml", yaml);
    must(faults_init(&faults) == RESULT_OK);
    struct mapping *mapping = mapping_read(shelf_below("mapping.yaml"), "mapping.yaml", &faults);
    must((mapping != NULL) == (faults.count == 0));
    json_t *source = shelf_part(bytes, size, "source.json", &part) ? json_of_bytes(part) : NULL;
    if (mapping && source)
        apply(mapping, source);
    json_decref(source);
    mapping_free(mapping);
    faults_done(&faults);
    return 0;
}
