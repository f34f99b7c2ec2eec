/* yaml.h - checked reading of configuration (libyaml documents with marks): every fault with file and line.
 *
 * A document is read whole and bounded; then typed look-ups take values out of mappings. A look-up that finds nothing,
 * or something else, adds a fault and gives its default, so that one pass reports every fault of a folder at once.
 * A key that no look-up ever touched is a fault too (yaml_check_unused): a misspelt option must not go unnoticed.
 * Aliases, a second document, a key twice in one mapping and a zero byte are faults.
 */
#ifndef GATEWAY_BASE_YAML_H
#define GATEWAY_BASE_YAML_H

#include "gateway/base/span.h"

enum { YAML_FILE_BYTES_MAX = 8 << 20, FAULTS_MAX = 200, FAULT_TEXT_SIZE = 400 };

/* What is wrong with a configuration. Bounded: after FAULTS_MAX only the count goes on. */
struct faults {
    size_t count, kept;
    char   (*lines)[FAULT_TEXT_SIZE];       /* "agencies.yaml:12: unknown kind 'wrd'; known: WARD, DISTRICT, ..." */
};
MUST_USE enum result faults_init(struct faults *faults);
void faults_done(struct faults *faults);
void faults_add(struct faults *faults, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct yaml_file;                           /* one loaded document */
struct yaml_node;                           /* lent by its file; dies with it. NULL is taken by every look-up */

/* `path` is opened, `name` is what faults call it. On a syntax error a fault is added and NULL returned. */
struct yaml_file *yaml_open(const char *path, const char *name, struct faults *faults);
void              yaml_close(struct yaml_file *file);                        /* takes NULL */
const struct yaml_node *yaml_root(struct yaml_file *file);                   /* never NULL for an open file */

int         yaml_line(const struct yaml_node *node);                         /* 1-based; 0 for NULL */
const char *yaml_name(const struct yaml_node *node);                         /* the file's name for faults */
bool        yaml_is_mapping(const struct yaml_node *node);
bool        yaml_is_sequence(const struct yaml_node *node);
bool        yaml_is_scalar(const struct yaml_node *node);
const char *yaml_scalar(const struct yaml_node *node);                       /* "" unless a scalar */
/* Written 'so' or "so": a string, never a number. */
bool        yaml_is_quoted(const struct yaml_node *node);
size_t      yaml_count(const struct yaml_node *node);                        /* of a sequence or mapping */
const struct yaml_node *yaml_item(const struct yaml_node *sequence, size_t index);
/* The index-th pair of a mapping with free keys; both count as a look-up of that key. */
const struct yaml_node *yaml_key(const struct yaml_node *mapping, size_t index);
const struct yaml_node *yaml_value(const struct yaml_node *mapping, size_t index);

/* Look-ups by key; they mark the key as used. yaml_get: NULL when absent, no fault. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* With `required`, absence is a fault; a key with nothing behind it (`key:`, `~`, `null`) is absent. A wrong type, a
 * value outside [min, max] or one that does not fit is always a fault. */
bool yaml_get_string(const struct yaml_node *mapping, const char *key, bool required, char *ret_string, size_t size);
bool yaml_get_int(const struct yaml_node *mapping, const char *key, bool required, int64_t min, int64_t max,
                  int64_t *ret_value);
bool yaml_get_bool(const struct yaml_node *mapping, const char *key, bool required, bool *ret_value);
bool yaml_get_duration_ms(const struct yaml_node *mapping, const char *key, bool required, int64_t min_ms,
                          int64_t max_ms, int64_t *ret_ms);
/* What clock_read() takes. */
bool yaml_get_time_ms(const struct yaml_node *mapping, const char *key, bool required, int64_t *ret_ms);
/* The look-ups return true when a value was taken; on false *ret_ keeps what it had: set the default first. */

void yaml_fault(const struct yaml_node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));
void yaml_check_unused(const struct yaml_node *node);                        /* recursive */

#endif
