/* Reading mapping files. */
#include "adapters/kinds/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/pointer.h"

static bool is_first(const char *token) { return strcmp(token, "0") == 0; }

/* The container below `at` under `token`, made when absent; `first` says that it has to be an array. NULL: in the way.
 * */
static json_t *step_into(json_t *at, const char *token, bool array)
{
    json_t *next = json_is_array(at) ? json_array_get(at, 0) : json_object_get(at, token);

    if (!next) {
        next = array ? json_array() : json_object();
        if (json_is_array(at) ? json_array_append_new(at, next) : json_object_set_new(at, token, next))
            return NULL;
    }
    return (array ? json_is_array(next) : json_is_object(next)) ? next : NULL;
}

bool field_put(json_t *root, const char *pointer, json_t *value)
{
    char token[POINTER_TOKEN_SIZE], following[POINTER_TOKEN_SIZE];
    json_t *at = root;

    for (pointer = pointer_step(pointer, token); pointer && *pointer && at;) {
        const char *rest = pointer_step(pointer, following);
        if (!rest || json_is_array(at) != is_first(token))
            at = NULL;
        else
            at = step_into(at, token, is_first(following));
        pointer = rest;
        memcpy(token, following, sizeof token);
    }
    bool free_place = pointer && at && value && json_is_array(at) == is_first(token)
                      && !(json_is_array(at) ? json_array_get(at, 0) : json_object_get(at, token));
    if (!free_place) {
        json_decref(value);
        return false;
    }
    return json_is_array(at) ? json_array_append_new(at, value) == 0 : json_object_set_new(at, token, value) == 0;
}

/* ---------------------------------------------------------------- parts of a field */

/* Only scalars: a constant tree would be code, not data. */
static json_t *read_json(const struct yaml_node *node)
{
    const char *text = yaml_scalar(node);
    bool lost = false;

    if (!yaml_is_scalar(node))
        yaml_fault(node, "a plain value is expected");
    else if (!yaml_is_quoted(node)) {
        json_t *json = json_of_bytes(span_of_string(text));
        lost = !json && errno == ENOMEM;
        if (json_is_string(json) || json_is_object(json) || json_is_array(json)) {
            json_decref(json);
            json = NULL;
        }
        if (json)
            return json;
    }
    json_t *string = lost ? NULL : json_string(text);
    if (!string)
        yaml_fault(node, "no memory, or text that is not UTF-8");
    return string;
}

static char *copy_pointer(const struct yaml_node *node, bool in_each)
{
    const char *text = yaml_scalar(node);
    bool relative = text[0] == '.' && (!text[1] || text[1] == '/');

    if (relative && !in_each)
        yaml_fault(node, "'%s': only inside 'each' is there an item to start from", text);
    else if (!text[0] || !pointer_is_valid(relative ? text + 1 : text))
        yaml_fault(node, "a JSON pointer such as /header/dossier_code is expected, not '%s'", text);
    else {
        char *copy = strdup(text);
        if (!copy)
            yaml_fault(node, "no memory");
        return copy;
    }
    return NULL;
}

static void read_from(const struct yaml_node *node, bool in_each, struct field *field)
{
    size_t count = yaml_is_sequence(node) ? yaml_count(node) : node ? 1 : 0;

    if (node && !count)
        yaml_fault(node, "at least one place to take a value from");
    if (count > FIELD_FROM_MAX) {
        yaml_fault(node, "at most %d places to take a value from", FIELD_FROM_MAX);
        count = FIELD_FROM_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        char *pointer = copy_pointer(yaml_is_sequence(node) ? yaml_item(node, i) : node, in_each);
        if (pointer)
            field->from[field->from_count++] = pointer;
    }
}

static void read_format(const struct yaml_node *node, char ret_format[DATE_FORMAT_SIZE])
{
    if (!date_format_is_valid(yaml_scalar(node))
        || !span_to_string(span_of_string(yaml_scalar(node)), ret_format, DATE_FORMAT_SIZE))
        yaml_fault(node, "not a date format: '%s'; like dd/MM/yyyy HH:mm:ss, or iso, or ms", yaml_scalar(node));
}

static void read_date(const struct yaml_node *node, struct field *field)
{
    const struct yaml_node *from = yaml_get(node, "from"), *to = yaml_get(node, "to");
    size_t count = yaml_is_sequence(from) ? yaml_count(from) : from ? 1 : 0;

    if (!node)
        return;
    if (!to || count > FIELD_DATES_MAX) {
        yaml_fault(node, "'date' must be { from: iso, to: dd/MM/yyyy }, with at most %d formats in from",
                   FIELD_DATES_MAX);
        return;
    }
    read_format(to, field->date_to);
    if (!count)
        memcpy(field->date_from[field->date_count++], "iso", 4);
    for (size_t i = 0; i < count; i++)
        read_format(yaml_is_sequence(from) ? yaml_item(from, i) : from, field->date_from[field->date_count++]);
}

static json_t *read_list(const struct yaml_node *node)
{
    json_t *list = json_object();

    if (!yaml_is_mapping(node) || !yaml_count(node))
        yaml_fault(node, "a code list '{ theirs: ours, ... }' is expected");
    for (size_t i = 0; i < yaml_count(node); i++)
        if (json_object_set_new(list, yaml_scalar(yaml_key(node, i)), read_json(yaml_value(node, i))))
            yaml_fault(node, "'%s' is not text in UTF-8", yaml_scalar(yaml_key(node, i)));
    return list;
}

static void read_codes(const struct yaml_node *node, const struct mapping *mapping, struct field *field)
{
    if (!node)
        return;
    if (!yaml_is_scalar(node)) {
        field->codes = read_list(node);
        return;
    }
    field->codes = json_incref(json_object_get(mapping->lists, yaml_scalar(node)));
    if (!field->codes)
        yaml_fault(node, "there is no code list '%s' under 'lists'", yaml_scalar(node));
}

static enum as read_as(const struct yaml_node *node)
{
    static const struct { const char *word; enum as as; } words[] = {
        { "text", AS_TEXT }, { "number", AS_NUMBER }, { "tree", AS_TREE }, { "json", AS_JSON },
    };

    for (size_t i = 0; node && i < sizeof words / sizeof *words; i++)
        if (strcmp(yaml_scalar(node), words[i].word) == 0)
            return words[i].as;
    if (node)
        yaml_fault(node, "unknown 'as: %s'; known: text, number, tree, json", yaml_scalar(node));
    return AS_IS;
}

/* ---------------------------------------------------------------- fields */

static void read_fields(const struct yaml_node *node, struct mapping *mapping, unsigned depth, json_t *skeleton,
                        struct field **ret_fields, size_t *ret_count);

static void read_each(const struct yaml_node *node, struct mapping *mapping, unsigned depth, struct field *field)
{
    const struct yaml_node *fields = yaml_get(node, "fields");

    field->each = copy_pointer(yaml_get(node, "each"), depth > 0);
    json_t *skeleton = json_object();
    if (!fields)
        yaml_fault(node, "'each' needs 'fields'");
    else if (depth + 1 == MAPPING_DEPTH_MAX)
        yaml_fault(node, "'each' inside 'each' more than %d deep", MAPPING_DEPTH_MAX);
    else
        read_fields(fields, mapping, depth + 1, skeleton, &field->fields, &field->count);
    json_decref(skeleton);
}

static void read_field(const struct yaml_node *node, struct mapping *mapping, unsigned depth, struct field *field)
{
    const struct yaml_node *constant = yaml_get(node, "constant"), *fallback = yaml_get(node, "default"),
                           *each = yaml_get(node, "each"), *from = yaml_get(node, "from");
    int64_t cut = 0;

    if (each)
        read_each(node, mapping, depth, field);
    read_from(from, depth > 0, field);
    if (constant)
        field->constant = read_json(constant);
    if (fallback)
        field->fallback = read_json(fallback);
    if ((each != NULL) + (from != NULL) + (constant != NULL) != 1)
        yaml_fault(node, "a field needs exactly one of 'from', 'constant' and 'each'");
    yaml_get_bool(node, "required", false, &field->required);
    if (field->required && fallback)
        yaml_fault(node, "'required' and 'default' contradict each other");
    read_date(yaml_get(node, "date"), field);
    read_codes(yaml_get(node, "codes"), mapping, field);
    yaml_get_int(node, "cut", false, 1, 1000000, &cut);
    field->cut = (size_t)cut;
    field->as = read_as(yaml_get(node, "as"));
    bool converts = field->date_count || field->codes || field->cut || field->as != AS_IS;
    if (!from && (converts || fallback))
        yaml_fault(node, "'date', 'codes', 'cut', 'as' and 'default' belong to 'from'");
    if (field->as >= AS_TREE && (field->date_count || field->codes || field->cut))
        yaml_fault(node, "'as: tree' and 'as: json' copy a part whole: no 'date', 'codes' or 'cut' with them");
}

/* "/list/1": whoever writes it means the second of a list, not a key that is called 1. */
static bool has_later_index(const char *pointer)
{
    char token[POINTER_TOKEN_SIZE];

    while ((pointer = pointer_step(pointer, token)))
        if (token[0] && !token[strspn(token, "0123456789")] && !is_first(token))
            return true;
    return false;
}

static void read_fields(const struct yaml_node *node, struct mapping *mapping, unsigned depth, json_t *skeleton,
                        struct field **ret_fields, size_t *ret_count)
{
    size_t count = yaml_count(node);

    mapping->total += count;
    if (!yaml_is_sequence(node) || !count || mapping->total > MAPPING_FIELDS_MAX) {
        yaml_fault(node, "'fields' must be a list of at most %d fields", MAPPING_FIELDS_MAX);
        return;
    }
    struct field *fields = calloc(count, sizeof *fields);
    if (!fields) {
        yaml_fault(node, "no memory");
        return;
    }
    *ret_fields = fields;
    for (*ret_count = 0; *ret_count < count; (*ret_count)++) {
        const struct yaml_node *item = yaml_item(node, *ret_count), *to = yaml_get(item, "to");
        struct field *field = &fields[*ret_count];
        field->line = yaml_line(item);
        read_field(item, mapping, depth, field);
        field->to = to && yaml_scalar(to)[0] && pointer_is_valid(yaml_scalar(to)) ? strdup(yaml_scalar(to)) : NULL;
        if (!field->to)
            yaml_fault(to ? to : item, "'to' must be a JSON pointer such as /maHoSo");
        else if (has_later_index(field->to) || !field_put(skeleton, field->to, json_null()))
            yaml_fault(to, "'%s' clashes with a field above, or has an index other than 0: more than one needs 'each'",
                       field->to);
    }
}

/* ---------------------------------------------------------------- a file */

static void fields_free(struct field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(fields[i].to);
        free(fields[i].each);
        for (size_t f = 0; f < fields[i].from_count; f++)
            free(fields[i].from[f]);
        json_decref(fields[i].constant);
        json_decref(fields[i].fallback);
        json_decref(fields[i].codes);
        fields_free(fields[i].fields, fields[i].count);
    }
    free(fields);
}

void mapping_free(struct mapping *mapping)
{
    if (!mapping)
        return;
    fields_free(mapping->fields, mapping->count);
    json_decref(mapping->lists);
    free(mapping->name);
    free(mapping);
}

const char *mapping_name(const struct mapping *mapping)
{
    return mapping->name;
}

static void read_lists(const struct yaml_node *node, struct mapping *mapping)
{
    if (node && !yaml_is_mapping(node))
        yaml_fault(node, "'lists' must be '{ name: { theirs: ours }, ... }'");
    for (size_t i = 0; i < yaml_count(node) && yaml_is_mapping(node); i++)
        if (json_object_set_new(mapping->lists, yaml_scalar(yaml_key(node, i)), read_list(yaml_value(node, i))))
            yaml_fault(yaml_value(node, i), "no memory, or a name that is not UTF-8");
}

struct mapping *mapping_read(const char *path, const char *name, struct faults *faults)
{
    size_t faults_before = faults->count;
    char about[REASON_BYTES_MAX];
    struct yaml_file *file = yaml_open(path, name, faults);
    struct mapping *mapping = file ? calloc(1, sizeof *mapping) : NULL;
    json_t *skeleton = json_object();

    if (mapping) {
        mapping->name = strdup(name);
        mapping->lists = json_object();
        if (!mapping->name || !mapping->lists || !skeleton)
            faults_add(faults, name, 0, "no memory");
        const struct yaml_node *root = yaml_root(file), *fields = yaml_get(root, "fields");
        yaml_get_string(root, "about", false, about, sizeof about);
        read_lists(yaml_get(root, "lists"), mapping);
        if (fields)
            read_fields(fields, mapping, 0, skeleton, &mapping->fields, &mapping->count);
        else
            yaml_fault(root, "'fields' is missing");
        yaml_check_unused(root);
    } else if (file)
        faults_add(faults, name, 0, "no memory");
    json_decref(skeleton);
    yaml_close(file);
    if (faults->count == faults_before)
        return mapping;
    mapping_free(mapping);
    return NULL;
}
