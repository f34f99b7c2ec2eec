/* Which key files a folder will need, before there are any. */
#include "gateway/directory/inside.h"

struct listener {
    void (*tell)(void *context, const char *agency, const char *path);
    void *context;
};

static void tell_keys(struct reader *reader, const struct yaml_node *agency, const struct listener *listener)
{
    char path[DIRECTORY_PATH_SIZE];
    const struct yaml_node *keys = yaml_get(agency, "keys");
    const char *code = yaml_scalar(yaml_get(agency, "code"));

    for (size_t i = 0; yaml_is_sequence(keys) && i < yaml_count(keys); i++) {
        const struct yaml_node *named = yaml_get(yaml_item(keys, i), "public_key_file");
        if (!yaml_scalar(named)[0])
            continue;
        if (!code_is_valid(code))
            yaml_fault(agency, "an agency with a key file needs a code");
        else if (!path_below(reader->folder, yaml_scalar(named), path))
            yaml_fault(named, "the path of the key file is longer than %d bytes", DIRECTORY_PATH_SIZE - 1);
        else
            listener->tell(listener->context, code, path);
    }
}

static bool file_take(struct reader *reader, const char *name, void *context)
{
    const struct yaml_node *root = reader_open(reader, name, true);

    for (size_t i = 0; yaml_is_sequence(root) && i < yaml_count(root); i++)
        if (yaml_is_mapping(yaml_item(root, i)))
            tell_keys(reader, yaml_item(root, i), context);
    return root != NULL;
}

enum result directory_key_files(const char *folder, struct faults *faults,
                                void (*tell)(void *context, const char *agency, const char *path), void *context)
{
    struct reader reader = { .folder = folder, .faults = faults };
    struct listener listener = { tell, context };
    size_t before = faults->count;

    bool whole = agencies_each_file(&reader, file_take, &listener);
    reader_done(&reader);
    return whole && faults->count == before ? RESULT_OK : RESULT_INVALID;
}
