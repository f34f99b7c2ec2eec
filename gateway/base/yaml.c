#include "gateway/base/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "gateway/base/clock.h"

enum { DEPTH_MAX = 64 };

/* ---------------------------------------------------------------- faults */

enum result faults_init(struct faults *faults)
{
    char (*lines)[FAULT_TEXT_SIZE] = calloc(FAULTS_MAX, sizeof *lines);
    if (!lines)
        return RESULT_FULL;
    *faults = (struct faults){ .lines = lines };
    return RESULT_OK;
}

void faults_done(struct faults *faults)
{
    free(faults->lines);
    *faults = (struct faults){ 0 };
}

static void add_v(struct faults *faults, const char *file, int line, const char *format, va_list arguments)
{
    faults->count++;
    if (faults->kept == FAULTS_MAX)
        return;
    struct text text = text_of(faults->lines[faults->kept++], FAULT_TEXT_SIZE);
    if (line)
        text_add(&text, "%s:%d: ", file, line);
    else
        text_add(&text, "%s: ", file);
    text_add_v(&text, format, arguments);
}

void faults_add(struct faults *faults, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_v(faults, file, line, format, arguments);
    va_end(arguments);
}

/* ---------------------------------------------------------------- loading
 * Aliases are refused, so a document is a tree and every node has one place: whether an entry of a mapping was looked
 * at can be kept with its value. */

struct yaml_node {
    struct yaml_file *file;
    const yaml_node_t *node;
    bool *used;                 /* of the entry whose value this is */
};

struct yaml_file {
    yaml_document_t document;
    bool has_document;
    struct yaml_node *nodes;    /* nodes[id - 1], libyaml's ids */
    bool *used;
    size_t count;
    struct faults *faults;
    char name[128];
};

static struct yaml_node *node_of(const struct yaml_file *file, int id)
{
    return &file->nodes[id - 1];
}

static int line_of(const yaml_node_t *node)
{
    return (int)node->start_mark.line + 1;
}

/* The whole file in memory of the caller, or NULL and a fault. */
static char *read_whole(const char *path, const char *name, struct faults *faults, size_t *ret_size)
{
    FILE *stream = fopen(path, "rbe");
    if (!stream) {
        faults_add(faults, name, 0, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    size_t size = 0, room = 1 << 16;
    char *bytes = malloc(room);
    while (bytes) {
        size += fread(bytes + size, 1, room - size, stream);
        if (size < room || size > YAML_FILE_BYTES_MAX)
            break;
        char *more = realloc(bytes, room *= 2);
        if (!more)
            free(bytes);
        bytes = more;
    }
    bool failed = ferror(stream);
    int reason = errno;
    fclose(stream);
    if (bytes && !failed && size <= YAML_FILE_BYTES_MAX) {
        *ret_size = size;
        return bytes;
    }
    if (!bytes)
        faults_add(faults, name, 0, "there is no memory to read it");
    else if (failed)
        faults_add(faults, name, 0, "cannot be read: %s", strerror(reason));
    else
        faults_add(faults, name, 0, "is larger than %d MiB", YAML_FILE_BYTES_MAX >> 20);
    free(bytes);
    return NULL;
}

static bool syntax_fault(const struct yaml_file *file, const yaml_parser_t *parser)
{
    int line = (int)(parser->problem_mark.line ? parser->problem_mark.line : parser->context_mark.line) + 1;
    faults_add(file->faults, file->name, line, "not YAML: %s%s%s", parser->problem ? parser->problem : "unreadable",
               parser->context ? ", " : "", parser->context ? parser->context : "");
    return false;
}

static bool parser_begin(const struct yaml_file *file, yaml_parser_t *parser, const char *bytes, size_t size)
{
    if (!yaml_parser_initialize(parser)) {
        faults_add(file->faults, file->name, 0, "there is no memory to read it");
        return false;
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)bytes, size);
    return true;
}

struct shape {
    int depth, documents;
};

/* What is YAML and still not taken here. Before the document is built, because depth costs libyaml quadratic time. */
static bool check_event(const struct yaml_file *file, const yaml_event_t *event, struct shape *shape)
{
    int line = (int)event->start_mark.line + 1;

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++shape->documents == 1)
            return true;
        faults_add(file->faults, file->name, line, "a second document; one per file");
        return false;
    case YAML_ALIAS_EVENT:
        faults_add(file->faults, file->name, line, "aliases (*name) are not taken here: write the value out");
        return false;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (++shape->depth <= DEPTH_MAX)
            return true;
        faults_add(file->faults, file->name, line, "nested more than %d deep", DEPTH_MAX);
        return false;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        shape->depth--;
        return true;
    case YAML_SCALAR_EVENT:                     /* every look-up takes strings as they end */
        if (!memchr(event->data.scalar.value, 0, event->data.scalar.length))
            return true;
        faults_add(file->faults, file->name, line, "a value may not hold a zero byte");
        return false;
    default:
        return true;
    }
}

/* Exactly one document, of a shape that is taken. */
static bool check_shape(const struct yaml_file *file, const char *bytes, size_t size)
{
    struct shape shape = { 0 };
    yaml_parser_t parser;
    bool good = true, ended = false;

    if (!parser_begin(file, &parser, bytes, size))
        return false;
    while (good && !ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            good = syntax_fault(file, &parser);
            break;
        }
        good = check_event(file, &event, &shape);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (good && !shape.documents) {
        faults_add(file->faults, file->name, 0, "is empty");
        return false;
    }
    return good;
}

static bool load_document(struct yaml_file *file, const char *bytes, size_t size)
{
    yaml_parser_t parser;

    if (!check_shape(file, bytes, size) || !parser_begin(file, &parser, bytes, size))
        return false;
    file->has_document = yaml_parser_load(&parser, &file->document);
    bool good = file->has_document || syntax_fault(file, &parser);
    yaml_parser_delete(&parser);
    return good;
}

static int compare_keys(const void *a, const void *b)
{
    const struct yaml_node *left = *(struct yaml_node *const *)a, *right = *(struct yaml_node *const *)b;
    int order = strcmp(yaml_scalar(left), yaml_scalar(right));
    return order ? order : (left->node > right->node) - (left->node < right->node);       /* as written */
}

static bool check_keys(struct yaml_file *file, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;
    size_t count = (size_t)(mapping->data.mapping.pairs.top - pairs);
    const struct yaml_node **keys = calloc(count ? count : 1, sizeof *keys);

    if (!keys) {
        faults_add(file->faults, file->name, 0, "there is no memory to read it");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = node_of(file, pairs[i].key);
        if (!yaml_is_scalar(keys[i]))
            yaml_fault(keys[i], "a key must be a plain word");
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++)
        if (yaml_is_scalar(keys[i]) && strcmp(yaml_scalar(keys[i - 1]), yaml_scalar(keys[i])) == 0)
            yaml_fault(keys[i], "'%s' a second time; first in line %d", yaml_scalar(keys[i]), yaml_line(keys[i - 1]));
    free(keys);
    return true;
}

static bool wrap_nodes(struct yaml_file *file)
{
    file->count = (size_t)(file->document.nodes.top - file->document.nodes.start);
    file->nodes = calloc(file->count, sizeof *file->nodes);
    file->used = calloc(file->count, sizeof *file->used);
    if (!file->nodes || !file->used) {
        faults_add(file->faults, file->name, 0, "there is no memory to read it");
        return false;
    }
    for (size_t i = 0; i < file->count; i++)
        file->nodes[i] = (struct yaml_node){ file, &file->document.nodes.start[i], &file->used[i] };
    for (size_t i = 0; i < file->count; i++)
        if (yaml_is_mapping(&file->nodes[i]) && !check_keys(file, file->nodes[i].node))
            return false;
    return true;
}

struct yaml_file *yaml_open(const char *path, const char *name, struct faults *faults)
{
    size_t size;
    char *bytes = read_whole(path, name, faults, &size);
    struct yaml_file *file = bytes ? calloc(1, sizeof *file) : NULL;

    if (!file) {
        if (bytes)
            faults_add(faults, name, 0, "there is no memory to read it");
        free(bytes);
        return NULL;
    }
    file->faults = faults;
    struct text text = text_of(file->name, sizeof file->name);
    text_add(&text, "%s", name);
    bool good = load_document(file, bytes, size) && wrap_nodes(file);
    free(bytes);
    if (good)
        return file;
    yaml_close(file);
    return NULL;
}

void yaml_close(struct yaml_file *file)
{
    if (!file)
        return;
    if (file->has_document)
        yaml_document_delete(&file->document);
    free(file->nodes);
    free(file->used);
    free(file);
}

/* ---------------------------------------------------------------- walking */

const struct yaml_node *yaml_root(struct yaml_file *file)
{
    return node_of(file, 1);
}

int yaml_line(const struct yaml_node *node)
{
    return node ? line_of(node->node) : 0;
}

const char *yaml_name(const struct yaml_node *node)
{
    return node ? node->file->name : "";
}

bool yaml_is_mapping(const struct yaml_node *node)
{
    return node && node->node->type == YAML_MAPPING_NODE;
}

bool yaml_is_sequence(const struct yaml_node *node)
{
    return node && node->node->type == YAML_SEQUENCE_NODE;
}

bool yaml_is_scalar(const struct yaml_node *node)
{
    return node && node->node->type == YAML_SCALAR_NODE;
}

const char *yaml_scalar(const struct yaml_node *node)
{
    return yaml_is_scalar(node) ? (const char *)node->node->data.scalar.value : "";
}

bool yaml_is_quoted(const struct yaml_node *node)
{
    return yaml_is_scalar(node) && node->node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

/* Written as nothing: `key:`, `key: ~`, `key: null`. */
static bool is_null(const struct yaml_node *node)
{
    const char *scalar = yaml_scalar(node);
    return yaml_is_scalar(node) && !yaml_is_quoted(node) &&
           (!*scalar || strcmp(scalar, "~") == 0 || strcmp(scalar, "null") == 0);
}

size_t yaml_count(const struct yaml_node *node)
{
    if (yaml_is_sequence(node))
        return (size_t)(node->node->data.sequence.items.top - node->node->data.sequence.items.start);
    if (yaml_is_mapping(node))
        return (size_t)(node->node->data.mapping.pairs.top - node->node->data.mapping.pairs.start);
    return 0;
}

const struct yaml_node *yaml_item(const struct yaml_node *sequence, size_t index)
{
    if (!yaml_is_sequence(sequence) || index >= yaml_count(sequence))
        return NULL;
    return node_of(sequence->file, sequence->node->data.sequence.items.start[index]);
}

static const yaml_node_pair_t *pair_at(const struct yaml_node *mapping, size_t index)
{
    if (!yaml_is_mapping(mapping) || index >= yaml_count(mapping))
        return NULL;
    return &mapping->node->data.mapping.pairs.start[index];
}

const struct yaml_node *yaml_key(const struct yaml_node *mapping, size_t index)
{
    const yaml_node_pair_t *pair = pair_at(mapping, index);
    if (!pair)
        return NULL;
    *node_of(mapping->file, pair->value)->used = true;
    return node_of(mapping->file, pair->key);
}

const struct yaml_node *yaml_value(const struct yaml_node *mapping, size_t index)
{
    const yaml_node_pair_t *pair = pair_at(mapping, index);
    if (!pair)
        return NULL;
    *node_of(mapping->file, pair->value)->used = true;
    return node_of(mapping->file, pair->value);
}

/* ---------------------------------------------------------------- look-ups by key */

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    for (size_t i = 0; i < yaml_count(mapping); i++) {
        const yaml_node_pair_t *pair = pair_at(mapping, i);
        if (pair && strcmp(yaml_scalar(node_of(mapping->file, pair->key)), key) == 0)
            return yaml_value(mapping, i);
    }
    return NULL;
}

/* The scalar under `key`, or NULL: absent (a fault when required), or not a scalar (always a fault). */
static const struct yaml_node *get_scalar(const struct yaml_node *mapping, const char *key, bool required,
                                          const char *wanted)
{
    const struct yaml_node *node = yaml_get(mapping, key);

    if (mapping && !yaml_is_mapping(mapping)) {
        if (required)
            yaml_fault(mapping, "'%s: ...' is expected here", key);
        return NULL;
    }
    if (!node || is_null(node)) {
        if (required && mapping)
            yaml_fault(node ? node : mapping, "'%s' is missing: %s", key, wanted);
        return NULL;
    }
    if (yaml_is_scalar(node))
        return node;
    yaml_fault(node, "'%s' must be %s, not a %s", key, wanted, yaml_is_mapping(node) ? "mapping" : "list");
    return NULL;
}

bool yaml_get_string(const struct yaml_node *mapping, const char *key, bool required, char *ret_string, size_t size)
{
    const struct yaml_node *node = get_scalar(mapping, key, required, "a text");
    if (!node)
        return false;
    size_t length = strlen(yaml_scalar(node));
    if (length >= size) {
        yaml_fault(node, "'%s' is too long: %zu bytes, at most %zu", key, length, size - 1);
        return false;
    }
    memcpy(ret_string, yaml_scalar(node), length + 1);
    return true;
}

/* Decimal digits with an optional minus, nothing else: no octal, no blanks, no underscores. */
static bool read_int(const char *text, int64_t *ret_value)
{
    const char *digits = text + (*text == '-');
    char *end;

    if (!*digits || digits[strspn(digits, "0123456789")] || (digits[0] == '0' && digits[1]))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end)
        return false;
    *ret_value = value;
    return true;
}

bool yaml_get_int(const struct yaml_node *mapping, const char *key, bool required, int64_t min, int64_t max,
                  int64_t *ret_value)
{
    const struct yaml_node *node = get_scalar(mapping, key, required, "a whole number");
    int64_t value;

    if (!node)
        return false;
    if (yaml_is_quoted(node) || !read_int(yaml_scalar(node), &value)) {
        yaml_fault(node, "'%s' must be a whole number, not '%s'", key, yaml_scalar(node));
        return false;
    }
    if (value < min || value > max) {
        yaml_fault(node, "'%s' must be between %" PRId64 " and %" PRId64 ", not %" PRId64, key, min, max, value);
        return false;
    }
    *ret_value = value;
    return true;
}

bool yaml_get_bool(const struct yaml_node *mapping, const char *key, bool required, bool *ret_value)
{
    const struct yaml_node *node = get_scalar(mapping, key, required, "true or false");
    if (!node)
        return false;
    bool yes = strcmp(yaml_scalar(node), "true") == 0;
    if (yaml_is_quoted(node) || (!yes && strcmp(yaml_scalar(node), "false") != 0)) {
        yaml_fault(node, "'%s' must be true or false, not '%s'", key, yaml_scalar(node));
        return false;
    }
    *ret_value = yes;
    return true;
}

bool yaml_get_duration_ms(const struct yaml_node *mapping, const char *key, bool required, int64_t min_ms,
                          int64_t max_ms, int64_t *ret_ms)
{
    const struct yaml_node *node = get_scalar(mapping, key, required, "a duration such as 90s, 15m, 36h or 7d");
    int64_t value_ms;

    if (!node)
        return false;
    if (!duration_read(span_of_string(yaml_scalar(node)), &value_ms)) {
        yaml_fault(node, "'%s' must be a duration such as 90s, 15m, 36h or 7d, not '%s'", key, yaml_scalar(node));
        return false;
    }
    if (value_ms < min_ms || value_ms > max_ms) {
        yaml_fault(node, "'%s' must be between %" PRId64 "ms and %" PRId64 "ms, not '%s'", key, min_ms, max_ms,
                   yaml_scalar(node));
        return false;
    }
    *ret_ms = value_ms;
    return true;
}

bool yaml_get_time_ms(const struct yaml_node *mapping, const char *key, bool required, int64_t *ret_ms)
{
    const struct yaml_node *node = get_scalar(mapping, key, required, "a date or a time");
    if (!node)
        return false;
    if (clock_read(span_of_string(yaml_scalar(node)), ret_ms))
        return true;
    yaml_fault(node, "'%s' must be a date or a time such as 2026-03-02 or 2026-03-02T16:30:00+07:00, not '%s'", key,
               yaml_scalar(node));
    return false;
}

void yaml_fault(const struct yaml_node *node, const char *format, ...)
{
    va_list arguments;
    if (!node)
        return;
    va_start(arguments, format);
    add_v(node->file->faults, node->file->name, yaml_line(node), format, arguments);
    va_end(arguments);
}

/* At most DEPTH_MAX deep. */
void yaml_check_unused(const struct yaml_node *node)
{
    for (size_t i = 0; yaml_is_sequence(node) && i < yaml_count(node); i++)
        yaml_check_unused(yaml_item(node, i));
    for (size_t i = 0; yaml_is_mapping(node) && i < yaml_count(node); i++) {
        const yaml_node_pair_t *pair = pair_at(node, i);
        const struct yaml_node *value = node_of(node->file, pair->value);
        if (*value->used)
            yaml_check_unused(value);
        else
            yaml_fault(node_of(node->file, pair->key), "nobody knows '%s' here; misspelt?",
                       yaml_scalar(node_of(node->file, pair->key)));
    }
}
