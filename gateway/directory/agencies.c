/* agencies.yaml and agencies/ *.yaml: one entry becomes one draft. What entries say of each other is roster.c's. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/directory/inside.h"

static void aliases_read(const struct yaml_node *node, struct agency *agency)
{
    const struct yaml_node *aliases = yaml_get(node, "aliases");

    if (aliases && (!yaml_is_sequence(aliases) || yaml_count(aliases) > AGENCY_ALIASES_MAX)) {
        yaml_fault(aliases, "'aliases' must be a list of at most %d codes", AGENCY_ALIASES_MAX);
        return;
    }
    for (size_t i = 0; i < yaml_count(aliases); i++) {
        const struct yaml_node *alias = yaml_item(aliases, i);
        if (alias_is_valid(yaml_scalar(alias))
            && span_to_string(span_of_string(yaml_scalar(alias)), agency->aliases[agency->alias_count],
                              AGENCY_CODE_SIZE))
            agency->alias_count++;
        else
            yaml_fault(alias, "'%s' cannot be an alias: at most %d ASCII characters without blanks, stars or commas; "
                       "an old style code is whole, as in 000.00.07.H29", yaml_scalar(alias), AGENCY_CODE_SIZE - 1);
    }
}

static void kind_and_class_read(const struct yaml_node *node, struct agency *agency)
{
    char word[16] = "";

    if (yaml_get_string(node, "kind", true, word, sizeof word) && !(agency->kind = agency_kind_read(word)))
        yaml_fault(yaml_get(node, "kind"), "unknown kind '%s'; known: %s", word, agency_kind_words());

    agency->agency_class = CLASS_NEITHER;           /* the careful one: never sent again unasked */
    if (yaml_get_string(node, "via", false, word, sizeof word)) {
        agency->by_adapter = strcmp(word, "adapter") == 0;
        if (!agency->by_adapter && strcmp(word, "client") != 0)
            yaml_fault(yaml_get(node, "via"), "unknown 'via: %s'; known: adapter, client", word);
    }
    if (!yaml_get_string(node, "class", false, word, sizeof word))
        return;
    agency->agency_class = strcmp(word, "idempotent") == 0 ? CLASS_IDEMPOTENT
                           : strcmp(word, "probe") == 0    ? CLASS_PROBE
                           : strcmp(word, "neither") == 0  ? CLASS_NEITHER : 0;
    if (!agency->agency_class)
        yaml_fault(yaml_get(node, "class"), "unknown class '%s'; known: idempotent, probe, neither", word);
}

static void agency_read(struct reader *reader, const struct yaml_node *node)
{
    struct draft *draft = &reader->drafts[reader->draft_count];
    struct agency *agency = &draft->agency;

    if (!entry_is_mapping(node, "an agency"))
        return;
    *draft = (struct draft){ .agency = reader->defaults, .node = node, .order = (uint32_t)reader->draft_count };
    reader->draft_count++;
    if (yaml_get_string(node, "code", true, agency->code, sizeof agency->code) && !code_is_valid(agency->code))
        yaml_fault(yaml_get(node, "code"), "'%s' is not an agency code: a capital letter and two digits, then groups "
                   "of capital letters or digits behind points, as in H29.07.01", agency->code);
    if (yaml_get_string(node, "name", true, agency->name, sizeof agency->name) && !line_is_valid(agency->name))
        yaml_fault(yaml_get(node, "name"), "'name' must be one line of text");
    kind_and_class_read(node, agency);
    aliases_read(node, agency);
    period_read(node, "valid_from", "valid_to", &agency->from_ms, &agency->to_ms);
    yaml_get_string(node, "parent", false, agency->parent, sizeof agency->parent);
    if (yaml_get_string(node, "area", false, agency->area, sizeof agency->area) && !area_is_valid(agency->area))
        yaml_fault(yaml_get(node, "area"), "'%s' is no area: groups of letters, digits and '-' behind points, the "
                   "widest "
                   "first, as in 79.778.27475", agency->area);
    yaml_get_string(node, "hours", false, draft->hours, sizeof draft->hours);
    successors_read(reader, node, draft);
    exceptions_read(reader, node, draft);
    delivery_read(yaml_get(node, "delivery"), agency);
    keys_read(reader, node, draft);
}

static bool make_room(struct reader *reader, size_t wanted)
{
    if (wanted <= reader->draft_room)
        return true;
    struct draft *more = realloc(reader->drafts, (wanted + 64) * sizeof *more);
    if (!more) {
        reader_no_memory(reader);
        return false;
    }
    reader->drafts = more;
    reader->draft_room = wanted + 64;
    return true;
}

static bool file_read(struct reader *reader, const char *name, void *context)
{
    (void)context;
    const struct yaml_node *root = reader_open(reader, name, true);
    size_t wanted = reader->draft_count + yaml_count(root);

    if (!yaml_is_sequence(root))
        yaml_fault(root, "a list of agencies is expected: '- code: ...'");
    else if (wanted > AGENCIES_MAX)
        yaml_fault(root, "more than %d agencies", AGENCIES_MAX);
    else if (make_room(reader, wanted)) {
        for (size_t i = 0; i < yaml_count(root); i++)
            agency_read(reader, yaml_item(root, i));
        return true;
    }
    entries_skip(root);
    return false;
}

static int is_yaml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);      /* not alphasort: the locale has no say */
}

bool agencies_each_file(struct reader *reader,
                        bool (*take)(struct reader *reader, const char *name, void *context), void *context)
{
    char path[DIRECTORY_PATH_SIZE];
    struct dirent **names = NULL;
    bool whole = true, fits = path_below(reader->folder, "agencies", path);
    int count = fits ? scandir(path, &names, is_yaml, compare_names) : -1;

    if (count < 0 && fits && errno != ENOENT) {
        faults_add(reader->faults, "agencies", 0, "cannot be read: %s", strerror(errno));
        whole = false;
    }
    bool single = path_below(reader->folder, "agencies.yaml", path) && access(path, F_OK) == 0;
    if (single || count <= 0)
        whole = take(reader, "agencies.yaml", context) && whole;
    for (int i = 0; i < count; i++) {
        struct text name = text_of(path, sizeof path);
        text_add(&name, "agencies/%s", names[i]->d_name);
        whole = take(reader, path, context) && whole;
        free(names[i]);
    }
    free(names);
    return whole;
}

void agencies_read(struct reader *reader)
{
    reader->agencies_whole = agencies_each_file(reader, file_read, NULL);
}
