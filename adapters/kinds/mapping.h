/* mapping.h - the JSON an agency wants, made from a handoff by a mapping file (YAML). README.md has the format.
 *
 * Never silent: a required value that is missing is BAD_DATA with its source pointer; a code that the list does not
 * know is MISCONFIGURED(mapping, the code) before anything is sent; a default that was used and a text that was cut
 * are warnings.
 * Ownership  a mapping owns what it read; json_t results are the caller's.
 * Threads    a mapping never changes after mapping_read().
 */
#ifndef ADAPTERS_KINDS_MAPPING_H
#define ADAPTERS_KINDS_MAPPING_H

#include <jansson.h>

#include "adapters/kinds/call.h"
#include "gateway/base/yaml.h"

enum { MAPPING_FIELDS_MAX = 512, MAPPING_DEPTH_MAX = 8, MAPPING_ITEMS_MAX = 1000, WARNINGS_MAX = 64 };

struct mapping;

struct warning {
    char field[JUDGEMENT_FIELD_SIZE];       /* the target's pointer: "/data/0/TrichYeuHoSo" */
    const char *what;                       /* "default", "cut"; static */
};
struct warnings {
    size_t count, kept;                     /* beyond WARNINGS_MAX only counted */
    struct warning list[WARNINGS_MAX];
};

/* NULL and at least one fault when the file is not a mapping. `name` is what faults call it. */
struct mapping *mapping_read(const char *path, const char *name, struct faults *faults);
void            mapping_free(struct mapping *mapping);                      /* takes NULL */
const char     *mapping_name(const struct mapping *mapping);

/* `source` is what source_build() gives; only read. True: *ret_target is a new object. False: *reterr_why is BAD_DATA,
 * MISCONFIGURED(MAPPING) or, without memory, LATER; never_sent is set. `ret_warnings` is emptied first and always
 * written. */
MUST_USE bool mapping_apply(const struct mapping *mapping, const json_t *source, struct warnings *ret_warnings,
                            json_t **ret_target, struct judgement *reterr_why);

/* JSON as bytes: compact, keys in the order they were made, UTF-8 unescaped. *ret_body is malloc'ed, zero byte after
 * it. RESULT_INVALID: longer than bytes_max; RESULT_FULL: no memory; nothing written. */
MUST_USE enum result json_to_body(const json_t *json, size_t bytes_max, char **ret_body, size_t *ret_body_bytes);

#endif
