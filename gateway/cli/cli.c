#include "gateway/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"

const char *cli_option(const struct cli *cli, const char *name)
{
    for (size_t i = cli->option_count; i-- > 0;)                /* the last one wins */
        if (strcmp(cli->options[i].name, name) == 0)
            return cli->options[i].value;
    return NULL;
}

const char *cli_option_at(const struct cli *cli, const char *name, size_t index)
{
    for (size_t i = 0; i < cli->option_count; i++)
        if (strcmp(cli->options[i].name, name) == 0 && index-- == 0)
            return cli->options[i].value;
    return NULL;
}

bool cli_switch(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

bool cli_number(const struct cli *cli, const char *what, const char *text, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (errno || *end || end == text || strchr(text, '-')) {
        cli_complain(cli, "%s: '%s' không phải là một số", "%s: '%s' is not a number", what, text);
        return false;
    }
    *ret_number = number;
    return true;
}

bool cli_number_within(const struct cli *cli, const char *name, uint64_t min, uint64_t max, uint64_t *ret_number)
{
    const char *text = cli_option(cli, name);
    char what[64];
    struct text option = text_of(what, sizeof what);
    uint64_t number;

    text_add(&option, "--%s", name);
    if (!text)
        return true;
    if (!cli_number(cli, what, text, &number))
        return false;
    if (number < min || number > max) {
        cli_complain(cli, "%s: từ %llu đến %llu, không phải %s", "%s: %llu to %llu, not %s", what,
                     (unsigned long long)min, (unsigned long long)max, text);
        return false;
    }
    *ret_number = number;
    return true;
}

bool cli_duration_ms(const struct cli *cli, const char *name, int64_t otherwise, int64_t *ret_ms)
{
    const char *text = cli_option(cli, name);
    *ret_ms = otherwise;
    if (!text || duration_read(span_of_string(text), ret_ms))
        return true;
    cli_complain(cli, "--%s: '%s' không phải là một khoảng thời gian (ví dụ 30s, 15m)",
                 "--%s: '%s' is not a duration (such as 30s, 15m)", name, text);
    return false;
}

const char *cli_say(const struct cli *cli, const char *vi, const char *en)
{
    return cli->vietnamese ? vi : en;
}

void cli_complain(const struct cli *cli, const char *vi, const char *en, ...)
{
    va_list arguments;
    va_start(arguments, en);
    fputs("lienthong: ", stderr);
    vfprintf(stderr, cli->vietnamese ? vi : en, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void cli_print_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->kept; i++)
        fprintf(stderr, "%s\n", faults->lines[i]);
    if (faults->count > faults->kept)
        fprintf(stderr, "... +%zu\n", faults->count - faults->kept);
}

void cli_print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII * 0);
    putchar('\n');
    json_decref(json);
}

bool cli_path(const char *folder, const char *name, char ret_path[CLI_PATH_SIZE])
{
    struct text text = text_of(ret_path, CLI_PATH_SIZE);
    if (name[0] == '/')
        text_add(&text, "%s", name);
    else
        text_add(&text, "%s/%s", folder, name);
    return !text.cut;
}

char *cli_read_file(const char *path, size_t bytes_max, size_t *ret_bytes)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *bytes = file ? malloc(bytes_max + 2) : NULL;
    size_t size = bytes ? fread(bytes, 1, bytes_max + 1, file) : 0;
    int error = !file || !bytes || ferror(file) ? errno : size > bytes_max ? EFBIG : 0;

    if (file && file != stdin)
        fclose(file);
    if (error) {
        free(bytes);
        errno = error;
        return NULL;
    }
    bytes[size] = 0;
    *ret_bytes = size;
    return bytes;
}

/* ---- the site */

static void folder_of(const char *path, char ret_folder[CLI_PATH_SIZE])
{
    const char *slash = strrchr(path, '/');
    struct text text = text_of(ret_folder, CLI_PATH_SIZE);
    if (slash == path)
        text_add(&text, "/");
    else if (slash)
        text_add_span(&text, span_of(path, (size_t)(slash - path)));
    else
        text_add(&text, ".");
}

/* The file that is meant; "" when there is none. */
static void site_find(const struct cli *cli, char ret_path[CLI_PATH_SIZE])
{
    static const char *const usual[] = { "lienthong.yaml", "/etc/lienthong/lienthong.yaml" };
    const char *named = cli_option(cli, "site");
    struct stat status;
    struct text text = text_of(ret_path, CLI_PATH_SIZE);

    if (!named)
        named = getenv("LIENTHONG_SITE");
    if (named && named[0]) {
        bool folder = stat(named, &status) == 0 && S_ISDIR(status.st_mode);
        text_add(&text, folder ? "%s/lienthong.yaml" : "%s", named);
        return;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (access(usual[i], R_OK) == 0) {
            text_add(&text, "%s", usual[i]);
            return;
        }
}

bool site_is_named(const struct cli *cli)
{
    char path[CLI_PATH_SIZE];

    site_find(cli, path);
    return path[0] != 0;
}

static bool site_path(const struct yaml_node *root, const char *key, const char *folder, char ret_path[CLI_PATH_SIZE])
{
    char name[CLI_PATH_SIZE];
    if (!yaml_get_string(root, key, true, name, sizeof name))
        return false;
    if (cli_path(folder, name, ret_path))
        return true;
    yaml_fault(yaml_get(root, key), "path too long");
    return false;
}

static bool read_file(const char *path, struct site *site, struct faults *faults)
{
    char admin[CLI_PATH_SIZE];
    struct yaml_file *file = yaml_open(path, path, faults);
    if (!file)
        return false;
    const struct yaml_node *root = yaml_root(file), *gateway = yaml_get(root, "gateway");

    folder_of(path, site->folder);
    if (!gateway)
        yaml_fault(root, "'gateway' is missing: { endpoint: tcp://host:port, public_key_file: ... }");
    else {
        yaml_get_string(gateway, "endpoint", true, site->endpoint, sizeof site->endpoint);
        yaml_get_string(gateway, "blob_endpoint", false, site->blob_endpoint, sizeof site->blob_endpoint);
        site_path(gateway, "public_key_file", site->folder, site->gateway_public_file);
    }
    if (site_path(root, "admin", site->folder, admin)) {
        struct text text = text_of(site->admin, sizeof site->admin);
        text_add(&text, "ipc://%s", admin);
    }
    site_path(root, "keys", site->folder, site->keys);
    site_path(root, "directory", site->folder, site->directory);
    site_path(root, "store", site->folder, site->store);
    site_path(root, "rules", site->folder, site->rules);
    yaml_check_unused(root);
    yaml_close(file);
    return faults->count == 0;
}

bool site_read(const struct cli *cli, struct site *ret_site)
{
    char path[CLI_PATH_SIZE];
    struct faults faults;

    site_find(cli, path);
    if (!path[0]) {
        cli_complain(cli, "không thấy lienthong.yaml: dùng --site TỆP, đặt LIENTHONG_SITE, hoặc lienthong init DIR",
                     "no lienthong.yaml here: use --site FILE, set LIENTHONG_SITE, or lienthong init DIR");
        return false;
    }
    if (faults_init(&faults) != RESULT_OK)
        return false;
    memset(ret_site, 0, sizeof *ret_site);
    bool good = read_file(path, ret_site, &faults);
    cli_print_faults(&faults);
    faults_done(&faults);
    return good;
}

/* ---- what comes with the program */

static bool share_at(const char *folder, const char *networks, const char *rules, const char *mappings,
                     struct share *ret_share)
{
    return cli_path(folder, networks, ret_share->networks) && cli_path(folder, rules, ret_share->rules)
        && cli_path(folder, mappings, ret_share->mappings) && access(ret_share->rules, R_OK) == 0;
}

bool share_find(const struct cli *cli, struct share *ret_share)
{
    char program[CLI_PATH_SIZE], folder[CLI_PATH_SIZE], up[CLI_PATH_SIZE], share[CLI_PATH_SIZE];
    const char *named = getenv("LIENTHONG_SHARE");
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);

    if (named && share_at(named, "networks", "rules", "mappings", ret_share))
        return true;
    program[size > 0 ? size : 0] = 0;
    folder_of(program, folder);
    /* Installed: bin/ beside share/lienthong. Not installed: build/ inside the source tree. */
    if (cli_path(folder, "../share/lienthong", share)
        && share_at(share, "networks", "rules", "mappings", ret_share))
        return true;
    if (cli_path(folder, "..", up)
        && share_at(up, "deploy/networks", "adapters/rules", "adapters/mappings", ret_share))
        return true;
    cli_complain(cli, "không thấy các mạng mẫu và bộ quy tắc: đặt LIENTHONG_SHARE",
                 "the example networks and rules are not found: set LIENTHONG_SHARE");
    return false;
}
