#include "adapters/kinds/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/kinds/config_agency.h"

const char *agency_option(const struct agency_config *agency, const char *name)
{
    for (size_t i = 0; i < agency->option_count; i++)
        if (strcmp(agency->options[i].name, name) == 0)
            return agency->options[i].value;
    return "";
}

bool secret_read(const char *path, char ret_secret[CONFIG_SECRET_SIZE])
{
    FILE *file = fopen(path, "re");
    char line[CONFIG_SECRET_SIZE] = "";

    if (!file)
        return false;
    setvbuf(file, NULL, _IONBF, 0);         /* no second copy in a buffer that nobody wipes */
    bool good = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    size_t length = strcspn(line, "\n");
    good = good && (line[length] == '\n' || length < sizeof line - 1);
    while (length && (unsigned char)line[length - 1] <= ' ')
        length--;
    line[length] = 0;
    if (good && length)
        memcpy(ret_secret, line, length + 1);
    explicit_bzero(line, sizeof line);
    return good && length;
}

/* ---------------------------------------------------------------- files */

bool config_path(const struct config_reader *reader, const struct yaml_node *node, const char *name,
                 char ret_path[CONFIG_PATH_SIZE])
{
    struct text text = text_of(ret_path, CONFIG_PATH_SIZE);

    text_add(&text, "%s%s%s", name[0] == '/' ? "" : reader->folder, name[0] == '/' ? "" : "/", name);
    if (text.cut)
        yaml_fault(node, "the name of this file is too long");
    return !text.cut;
}

void config_file(const struct config_reader *reader, const struct yaml_node *node, const char *key, bool required,
                 bool secret, char ret_path[CONFIG_PATH_SIZE])
{
    char name[CONFIG_PATH_SIZE], path[CONFIG_PATH_SIZE];
    struct stat status;

    if (!yaml_get_string(node, key, required, name, sizeof name)
        || !config_path(reader, yaml_get(node, key), name, path))
        return;
    if (stat(path, &status) != 0)
        yaml_fault(yaml_get(node, key), "'%s': file '%s': %s", key, name, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        yaml_fault(yaml_get(node, key), "'%s': '%s' is not a file", key, name);
    else if (secret && status.st_mode & (S_IRWXG | S_IRWXO))
        yaml_fault(yaml_get(node, key), "'%s': others can read '%s': chmod 600", key, name);
    else
        memcpy(ret_path, path, sizeof path);
}

static void folder_of(const char *path, char ret_folder[CONFIG_PATH_SIZE])
{
    const char *slash = strrchr(path, '/');
    struct text text = text_of(ret_folder, CONFIG_PATH_SIZE);

    if (slash == path)
        text_add(&text, "/");
    else if (slash)
        text_add_span(&text, span_of(path, (size_t)(slash - path)));
    else
        text_add(&text, ".");
}

/* ---------------------------------------------------------------- the whole */

static void read_gateway(const struct config_reader *reader, const struct yaml_node *root)
{
    const struct yaml_node *gateway = yaml_get(root, "gateway");
    char *endpoint = reader->config->endpoint;

    if (!gateway) {
        yaml_fault(root, "'gateway' is missing: { endpoint: tcp://host:port, public_key_file: ... }");
        return;
    }
    if (yaml_get_string(gateway, "endpoint", true, endpoint, CONFIG_URL_SIZE)
        && strncmp(endpoint, "tcp://", 6) != 0 && strncmp(endpoint, "ipc://", 6) != 0)
        yaml_fault(yaml_get(gateway, "endpoint"), "'endpoint' must begin with tcp:// or ipc://");
    config_file(reader, gateway, "public_key_file", true, false, reader->config->gateway_key_file);
}

static void check_codes(const struct adapter_config *config, const struct yaml_node *agencies)
{
    for (size_t i = 0; i < config->agency_count; i++)
        for (size_t j = 0; j < i && config->agencies[i].code[0]; j++)
            if (strcmp(config->agencies[i].code, config->agencies[j].code) == 0)
                yaml_fault(yaml_item(agencies, i), "agency %s is here twice, also in line %d", config->agencies[i].code,
                           config->agencies[j].line);
}

static void read_agencies(struct config_reader *reader, const struct yaml_node *root)
{
    struct adapter_config *config = reader->config;
    const struct yaml_node *agencies = yaml_get(root, "agencies");
    size_t count = yaml_count(agencies);

    if (!yaml_is_sequence(agencies) || !count || count > ADAPTER_AGENCIES_MAX) {
        yaml_fault(agencies ? agencies : root, "'agencies' must be a list of 1 to %d agencies", ADAPTER_AGENCIES_MAX);
        return;
    }
    config->agencies = calloc(count, sizeof *config->agencies);
    config->mappings = calloc(count * (KIND_END + 1), sizeof *config->mappings);
    config->chains = calloc(count, sizeof *config->chains);
    if (!config->agencies || !config->mappings || !config->chains) {
        yaml_fault(agencies, "no memory");
        return;
    }
    for (config->agency_count = 0; config->agency_count < count; config->agency_count++)
        agency_read(reader, yaml_item(agencies, config->agency_count), &config->agencies[config->agency_count]);
    check_codes(config, agencies);
}

/* The folder named in the file, else the one the caller brought. */
static struct rulebook *read_rules(const struct config_reader *reader, const struct yaml_node *root,
                                   const char *rules_folder)
{
    char name[CONFIG_PATH_SIZE], path[CONFIG_PATH_SIZE];

    if (yaml_get_string(root, "rules", false, name, sizeof name)) {
        if (!config_path(reader, yaml_get(root, "rules"), name, path))
            return NULL;
        rules_folder = path;
    }
    if (!rules_folder[0]) {
        yaml_fault(root, "'rules' is missing: the folder of the rule sets");
        return NULL;
    }
    return rulebook_open(rules_folder, reader->faults);
}

struct adapter_config *adapter_config_read(const char *path, const char *rules_folder, struct faults *faults)
{
    const char *slash = strrchr(path, '/');
    size_t faults_before = faults->count;
    struct config_reader reader = { .faults = faults };
    struct yaml_file *file = yaml_open(path, slash ? slash + 1 : path, faults);
    struct rulebook *book = NULL;

    if (!file)
        return NULL;
    const struct yaml_node *root = yaml_root(file);
    folder_of(path, reader.folder);
    reader.config = calloc(1, sizeof *reader.config);
    if (!reader.config)
        yaml_fault(root, "no memory");
    else {
        reader.book = book = read_rules(&reader, root, rules_folder);
        read_gateway(&reader, root);
        read_agencies(&reader, root);
        yaml_check_unused(root);
    }
    rulebook_close(book);
    yaml_close(file);
    if (faults->count == faults_before)
        return reader.config;
    adapter_config_free(reader.config);
    return NULL;
}

void adapter_config_free(struct adapter_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->mapping_count; i++)
        mapping_free(config->mappings[i]);
    for (size_t i = 0; i < config->chain_count; i++)
        rules_free(config->chains[i]);
    free(config->mappings);
    free(config->chains);
    free(config->agencies);
    free(config);
}
