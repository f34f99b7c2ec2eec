#include "gateway/broker/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"

enum option_type { OPTION_PATH, OPTION_ENDPOINTS, OPTION_BOOL, OPTION_COUNT, OPTION_BYTES, OPTION_DURATION,
                   OPTION_LEVEL };

struct option {
    const char *section, *name;         /* section "": at the top */
    enum option_type type;
    size_t      at;                     /* offset in struct options */
    const char *fallback;               /* NULL: must be given */
    const char *min, *max;
    const char *help;
};

#define AT(member) offsetof(struct options, member)
static const struct option table[] = {
    { "", "directory", OPTION_PATH, AT(directory), NULL, NULL, NULL,
      "folder with the agencies, keys, permits and routes; read again on SIGHUP" },
    { "", "secret_key_file", OPTION_PATH, AT(secret_key_file), NULL, NULL, NULL,
      "CURVE secret key of the gateway, 40 characters of Z85; nobody else may read it (0600)" },
    { "", "endpoints", OPTION_ENDPOINTS, AT(endpoints), NULL, NULL, NULL,
      "where agencies connect: tcp://address:port, ipc://path" },
    { "", "allow_remote", OPTION_BOOL, AT(allow_remote), "false", NULL, NULL,
      "endpoints may be reached from other machines" },
    { "", "ipv6", OPTION_BOOL, AT(ipv6), "false", NULL, NULL, "tcp endpoints take IPv6 too" },
    { "", "admin", OPTION_PATH, AT(admin), NULL, NULL, NULL,
      "socket for operators; its folder belongs to the gateway's user alone (0700)" },
    { "", "sessions_max", OPTION_COUNT, AT(sessions_max), "1024", "1", "4096", "sessions at once" },
    { "", "sessions_per_agency_max", OPTION_COUNT, AT(sessions_per_agency_max), "32", "1", "4096",
      "sessions of one agency at once" },
    { "", "bulk_submits_per_second", OPTION_COUNT, AT(bulk_submits_per_second), "2000", "100", "1000000",
      "of one session that sends in bulk, while others ask one by one" },
    { "", "handshakes_per_minute", OPTION_COUNT, AT(handshakes_per_minute), "120", "1", "60000",
      "new connections that one key may make" },
    { "", "silence_leases", OPTION_COUNT, AT(silence_leases), "2", "1", "100",
      "a receiver that says nothing for so many leases is lost" },
    { "", "idle", OPTION_DURATION, AT(idle_ms), "15m", "1s", "7d", "any other session silent for so long is ended" },
    { "", "stop_wait", OPTION_DURATION, AT(stop_wait_ms), "10s", "0s", "10m",
      "how long SIGTERM waits for the answers to open deliveries" },
    { "", "log_level", OPTION_LEVEL, AT(log_level), "info", NULL, NULL, "debug, info, warn or error" },
    { "store", "folder", OPTION_PATH, AT(store_folder), NULL, NULL, NULL, "everything that was promised" },
    { "store", "bytes_max", OPTION_BYTES, AT(store_bytes_max), "64GiB", "1MiB", "1024TiB",
      "content of the store; intake stops at 90 %" },
    { "store", "ballast_bytes", OPTION_BYTES, AT(store_ballast_bytes), "64MiB", "1MiB", "1TiB",
      "disk kept in reserve, given up for draining when the disk is full" },
    { "store", "journal_bytes", OPTION_BYTES, AT(store_journal_bytes), "16MiB", "64KiB", "1GiB",
      "turns that are on disk and not in the environment yet; a turn that does not fit takes longer" },
    { "store", "map_bytes", OPTION_BYTES, AT(store_map_bytes), "1TiB", "16MiB", "64TiB",
      "address space kept for the store; takes no memory" },
    { "blobs", "endpoints", OPTION_ENDPOINTS, AT(blob_endpoints), "", NULL, NULL,
      "where attachments are uploaded and read; none: handoffs cannot have any" },
    { "blobs", "keep_free_bytes", OPTION_BYTES, AT(blobs_keep_free_bytes), "1GiB", "1MiB", "1024TiB",
      "no upload is taken that would leave less on the disk" },
};
enum { OPTIONS = sizeof table / sizeof *table };

static const char *const level_words[] = { "debug", "info", "warn", "error" };

/* ---- single values */

bool size_read(struct span text, int64_t *ret_bytes)
{
    static const struct { const char *unit; int shift; } units[] = {
        { "", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 }, { "TiB", 40 },
    };
    uint64_t number = 0;
    size_t i = 0;

    for (; i < text.size && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++) {
        uint64_t digit = text.bytes[i] - (uint64_t)'0';
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (!i)
        return false;
    if (i < text.size && text.bytes[i] == ' ')
        i++;
    struct span unit = span_of(text.bytes + i, text.size - i);
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        if (!span_equal(unit, span_of_string(units[u].unit)))
            continue;
        if (number > (uint64_t)INT64_MAX >> units[u].shift)
            return false;
        *ret_bytes = (int64_t)(number << units[u].shift);
        return true;
    }
    return false;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool endpoint_is_local(const char *endpoint)
{
    return begins(endpoint, "ipc://") || begins(endpoint, "tcp://127.") || begins(endpoint, "tcp://[::1]:") ||
           begins(endpoint, "tcp://localhost:") || begins(endpoint, "tcp://lo:");
}

/* `base` is the folder of the file, with a slash, or "". */
static bool path_read(const char *base, const char *text, char ret_path[OPTION_PATH_SIZE])
{
    struct text path = text_of(ret_path, OPTION_PATH_SIZE);
    text_add(&path, "%s%s", text[0] == '/' ? "" : base, text);
    return text[0] && !path.cut;
}

static bool level_read(const char *text, enum log_level *ret_level)
{
    for (unsigned level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        if (strcmp(text, level_words[level]) != 0)
            continue;
        *ret_level = level;
        return true;
    }
    return false;
}

static bool number_read(enum option_type type, const char *text, int64_t *ret_value)
{
    return type == OPTION_DURATION ? duration_read(span_of_string(text), ret_value)
                                   : size_read(span_of_string(text), ret_value);
}

/* ---- one option */

struct reading {
    const char *base;
    struct options *options;
    const struct yaml_node *root;
};

static void endpoint_take(struct reading *reading, struct endpoints *endpoints, const struct yaml_node *node)
{
    const char *text = yaml_scalar(node);
    char path[OPTION_PATH_SIZE];

    if (endpoints->count == ENDPOINTS_MAX) {
        yaml_fault(node, "more than %d endpoints", ENDPOINTS_MAX);
        return;
    }
    struct text endpoint = text_of(endpoints->list[endpoints->count], ENDPOINT_SIZE);
    if (begins(text, "ipc://") && path_read(reading->base, text + strlen("ipc://"), path)) {
        if (strlen(path) > IPC_PATH_BYTES_MAX)
            yaml_fault(node, "the path of an ipc socket has at most %d bytes: %s", IPC_PATH_BYTES_MAX, path);
        text_add(&endpoint, "ipc://%s", path);
    } else if (begins(text, "tcp://") && strrchr(text + strlen("tcp://"), ':')) {
        text_add(&endpoint, "%s", text);
    } else {
        yaml_fault(node, "an endpoint is tcp://address:port or ipc://path, not '%s'", text);
        return;
    }
    if (endpoint.cut)
        yaml_fault(node, "an endpoint has at most %d bytes", ENDPOINT_SIZE - 1);
    if (!reading->options->allow_remote && !endpoint_is_local(text))
        yaml_fault(node, "%s can be reached from other machines: set allow_remote: true if it should be", text);
    endpoints->count++;
}

/* None at all only where the option need not be given. */
static void endpoints_take(struct reading *reading, const struct option *option, struct endpoints *endpoints,
                           const struct yaml_node *node)
{
    if (!yaml_is_sequence(node) || (!yaml_count(node) && !option->fallback)) {
        yaml_fault(node, "endpoints is a list, for instance [\"tcp://127.0.0.1:7700\"]");
        return;
    }
    for (size_t i = 0; i < yaml_count(node); i++)
        endpoint_take(reading, endpoints, yaml_item(node, i));
}

static void number_take(const struct option *option, const struct yaml_node *node, const char *text, int64_t *ret_value)
{
    int64_t value, min, max;
    must(number_read(option->type, option->min, &min) && number_read(option->type, option->max, &max));
    if (!number_read(option->type, text, &value))
        yaml_fault(node, "%s: '%s' is no %s", option->name, text,
                   option->type == OPTION_DURATION ? "duration like 30s, 15m" :
                   option->type == OPTION_BYTES ? "size like 64MiB" : "number");
    else if (value < min || value > max)
        yaml_fault(node, "%s: %s is not between %s and %s", option->name, text, option->min, option->max);
    else
        *ret_value = value;
}

static void option_take(struct reading *reading, const struct option *option, const struct yaml_node *node,
                        const char *text)
{
    void *at = (char *)reading->options + option->at;

    switch (option->type) {
    case OPTION_PATH:
        if (!path_read(reading->base, text, at))
            yaml_fault(node, "%s: a path with at most %d bytes", option->name, OPTION_PATH_SIZE - 1);
        return;
    case OPTION_ENDPOINTS:
        endpoints_take(reading, option, at, node);
        return;
    case OPTION_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            yaml_fault(node, "%s is true or false", option->name);
        *(bool *)at = strcmp(text, "true") == 0;
        return;
    case OPTION_LEVEL:
        if (!level_read(text, at))
            yaml_fault(node, "%s: '%s' is none of debug, info, warn, error", option->name, text);
        return;
    case OPTION_COUNT: case OPTION_BYTES: case OPTION_DURATION:
        number_take(option, node, text, at);
    }
}

/* ---- the file */

static void option_look_up(struct reading *reading, const struct option *option)
{
    const struct yaml_node *section = option->section[0] ? yaml_get(reading->root, option->section) : reading->root;
    const struct yaml_node *node = section ? yaml_get(section, option->name) : NULL;
    bool wants_scalar = option->type != OPTION_ENDPOINTS;

    if (node && wants_scalar && !yaml_is_scalar(node))
        yaml_fault(node, "%s is a single value", option->name);
    else if (node && (!wants_scalar || yaml_scalar(node)[0]))
        option_take(reading, option, node, yaml_scalar(node));
    else if (option->fallback && wants_scalar)
        option_take(reading, option, node, option->fallback);
    else if (option->fallback)
        return;                                         /* an empty list */
    else
        yaml_fault(section ? section : reading->root, "missing: %s%s%s: %s", option->section,
                   option->section[0] ? "." : "", option->name, option->help);
}

enum result options_read(const char *path, struct options *ret_options, struct faults *faults)
{
    char base[OPTION_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    struct text text = text_of(base, sizeof base);
    size_t before = faults->count;

    text_add_span(&text, span_of(path, slash ? (size_t)(slash - path) + 1 : 0));
    memset(ret_options, 0, sizeof *ret_options);
    struct yaml_file *file = yaml_open(path, slash ? slash + 1 : path, faults);
    if (!file)
        return RESULT_INVALID;
    struct reading reading = { .base = base, .options = ret_options, .root = yaml_root(file) };
    for (int i = 0; i < OPTIONS; i++)
        if (table[i].type != OPTION_ENDPOINTS)
            option_look_up(&reading, &table[i]);
    for (int i = 0; i < OPTIONS; i++)                   /* after allow_remote */
        if (table[i].type == OPTION_ENDPOINTS)
            option_look_up(&reading, &table[i]);
    if (strlen(ret_options->admin) > IPC_PATH_BYTES_MAX)
        yaml_fault(yaml_get(reading.root, "admin"), "the path of a socket has at most %d bytes: %s",
                   IPC_PATH_BYTES_MAX, ret_options->admin);
    yaml_check_unused(reading.root);
    yaml_close(file);
    return faults->count == before ? RESULT_OK : RESULT_INVALID;
}

static void endpoints_print(const struct endpoints *endpoints, FILE *out)
{
    fprintf(out, "[");
    for (uint32_t i = 0; i < endpoints->count; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : "", endpoints->list[i]);
    fprintf(out, "]");
}

static void option_print(const struct option *option, const struct options *options, FILE *out)
{
    const void *at = (const char *)options + option->at;
    const char *indent = option->section[0] ? "  " : "";

    fprintf(out, "%s%s: ", indent, option->name);
    switch (option->type) {
    case OPTION_PATH:
        fprintf(out, "\"%s\"", (const char *)at);
        break;
    case OPTION_ENDPOINTS:
        endpoints_print(at, out);
        break;
    case OPTION_BOOL:
        fprintf(out, "%s", *(const bool *)at ? "true" : "false");
        break;
    case OPTION_LEVEL:
        fprintf(out, "%s", level_words[*(const enum log_level *)at]);
        break;
    case OPTION_COUNT: case OPTION_BYTES:
        fprintf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case OPTION_DURATION:
        fprintf(out, "%" PRId64 "ms", *(const int64_t *)at);
    }
    fprintf(out, "%*s# %s", 2, "", option->help);
    if (option->fallback)
        fprintf(out, "; default %s", option->fallback[0] ? option->fallback : "none");
    if (option->min)
        fprintf(out, ", %s to %s", option->min, option->max);
    fprintf(out, "\n");
}

void options_print(const struct options *options, FILE *out)
{
    const char *section = "";
    for (int i = 0; i < OPTIONS; i++) {
        if (strcmp(section, table[i].section) != 0)
            fprintf(out, "%s:\n", table[i].section);
        section = table[i].section;
        option_print(&table[i], options, out);
    }
}
