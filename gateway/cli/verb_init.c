/* verb_init.c - `lienthong init DIR`: a folder from which broker, adapter and command line can be started as they are;
 * and `lienthong keygen`. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/cli/keyfile.h"
#include "gateway/directory/directory.h"

enum { COPY_BYTES_MAX = 4 << 20, CONFIG_BYTES_MAX = 64 << 10, PORT_DEFAULT = 7411, BASE_PORT_DEFAULT = 8101,
       SUCCESSORS_MAX = 8 };
#define EXAMPLE_PROCEDURE "2.000986"    /* or what it goes on under */

struct init {
    struct cli *cli;
    const char *folder;
    bool force;
    uint64_t port, blob_port, base_port;
    size_t keys;
    const char *procedure;                                  /* the example's; of the catalogue, or static */
};

enum exit_code verb_keygen(struct cli *cli)
{
    enum exit_code code = keyfile_make(cli, cli->arguments[0], cli_switch(cli, "force"));
    if (code == EXIT_DONE)
        printf("%s.secret\n%s.public\n", cli->arguments[0], cli->arguments[0]);
    return code;
}

/* ---- copying */

static bool copy_file(struct init *init, const char *from, const char *to)
{
    size_t size;
    char *text = cli_read_file(from, COPY_BYTES_MAX, &size);
    if (!text) {
        cli_complain(init->cli, "không đọc được %s: %s", "cannot read %s: %s", from, strerror(errno));
        return false;
    }
    bool good = file_make(init->cli, to, text, 0644, init->force);
    free(text);
    return good;
}

/* Files and folders of `from`, `depth` levels deep; what begins with a dot stays behind. */
static bool copy_folder(struct init *init, const char *from, const char *to, int depth)
{
    struct dirent *entry;
    bool good = folder_ready(init->cli, to);
    DIR *folder = good ? opendir(from) : NULL;

    if (good && !folder) {
        cli_complain(init->cli, "không đọc được thư mục %s: %s", "cannot read the folder %s: %s", from,
                     strerror(errno));
        return false;
    }
    while (good && (entry = readdir(folder))) {
        char source[CLI_PATH_SIZE], target[CLI_PATH_SIZE];
        struct stat status;
        if (entry->d_name[0] == '.' || !cli_path(from, entry->d_name, source) || !cli_path(to, entry->d_name, target)
            || stat(source, &status))
            continue;
        if (S_ISDIR(status.st_mode) && depth > 0)
            good = copy_folder(init, source, target, depth - 1);
        else if (S_ISREG(status.st_mode))
            good = copy_file(init, source, target);
    }
    if (folder)
        closedir(folder);
    return good;
}

/* ---- keys */

static void make_key(void *context, const char *agency, const char *path)
{
    struct init *init = context;
    char stem[CLI_PATH_SIZE];
    struct text text = text_of(stem, sizeof stem);
    const char *dot = strrchr(path, '.');

    (void)agency;
    if (access(path, F_OK) == 0 && !init->force)
        return;                                             /* a second init keeps the keys */
    text_add_span(&text, span_of(path, dot && strcmp(dot, ".public") == 0 ? (size_t)(dot - path) : strlen(path)));
    if (keyfile_make(init->cli, stem, init->force) == EXIT_DONE)
        init->keys++;
}

static bool make_keys(struct init *init)
{
    char path[CLI_PATH_SIZE];
    struct faults faults;
    if (!cli_path(init->folder, "keys/gateway.public", path) || faults_init(&faults) != RESULT_OK)
        return false;
    make_key(init, "", path);
    bool good = cli_path(init->folder, "directory", path)
                && directory_key_files(path, &faults, make_key, init) == RESULT_OK;
    cli_print_faults(&faults);
    faults_done(&faults);
    return good;
}

/* ---- configuration */

static bool write_config(struct init *init, const char *name, const char *text)
{
    char path[CLI_PATH_SIZE];
    return cli_path(init->folder, name, path) && file_make(init->cli, path, text, 0600, init->force);
}

static bool write_site(struct init *init)
{
    char bytes[CONFIG_BYTES_MAX];
    struct text text = text_of(bytes, sizeof bytes);
    text_add(&text, "# lienthong.yaml: where this machine's gateway is, for the command line.\n"
             "gateway:\n  endpoint: tcp://127.0.0.1:%llu\n  blob_endpoint: tcp://127.0.0.1:%llu       # attachments\n"
             "  public_key_file: keys/gateway.public\n"
             "admin: run/admin.sock\nkeys: keys\ndirectory: directory\nstore: store\nrules: rules\n",
             (unsigned long long)init->port, (unsigned long long)init->blob_port);
    return write_config(init, "lienthong.yaml", bytes);
}

static bool write_broker(struct init *init)
{
    char bytes[CONFIG_BYTES_MAX];
    struct text text = text_of(bytes, sizeof bytes);
    text_add(&text, "# broker.yaml: this machine's part of the gateway. lienthongd --print-config lists every option.\n"
             "directory: directory\nsecret_key_file: keys/gateway.secret\n"
             "endpoints:\n  - tcp://127.0.0.1:%llu\nadmin: run/admin.sock\nstore:\n  folder: store\n"
             "blobs:\n  endpoints: [\"tcp://127.0.0.1:%llu\"]      # attachments\n",
             (unsigned long long)init->port, (unsigned long long)init->blob_port);
    return write_config(init, "broker.yaml", bytes);
}

static void add_agency(struct text *text, const char *code, uint64_t port)
{
    text_add(text, "  - code: %s\n    secret_key_file: keys/%s.secret\n    dialect: rest\n"
             "    base_url: http://127.0.0.1:%llu\n    https_only: false\n    reach: loopback\n"
             "    paths: { create: /handoffs, probe: \"/handoffs/{idempotency_key}\" }\n"
             "    mappings: { \"*\": mappings/rest-forward.yaml }\n    total_timeout: 20s\n",
             code, code, (unsigned long long)port);
}

/* The code under which the example's procedure is in force now. */
static const char *example_procedure(const struct tables *tables)
{
    const char *code = EXAMPLE_PROCEDURE;
    for (int i = 0; i < SUCCESSORS_MAX; i++) {
        const struct procedure *last = tables_procedure_last(tables, code);
        if (!last || !last->to_ms || last->to_ms > clock_wall_ms() || !last->successor[0])
            break;
        code = last->successor;
    }
    return code;
}

/* Somebody who may FORWARD to this agency; a one-stop rather than anybody else. NULL: nobody. */
static const struct agency *sender_to(const struct tables *tables, const struct agency *recipient,
                                      const char *procedure)
{
    const struct agency *other = NULL;
    for (uint32_t i = 0; i < tables->agency_count; i++) {
        const struct agency *agency = &tables->agencies[i];
        if (agency == recipient || agency->kind == AGENCY_SECTOR || !agency->key_count
            || !tables_permit(tables, agency, recipient, KIND_FORWARD, procedure))
            continue;
        if (agency->kind == AGENCY_ONE_STOP)
            return agency;
        if (!other)
            other = agency;
    }
    return other;
}

static size_t depth(const char *code)
{
    size_t dots = 0;
    for (; *code; code++)
        dots += *code == '.';
    return dots;
}

/* The sector agency of this class that an example is best made with: one that a one-stop may send to, and a local one
 * rather than that of the whole city. NULL: none. */
static const struct agency *example_agency(const struct tables *tables, enum agency_class agency_class,
                                           const char *procedure)
{
    const struct agency *best = NULL;
    bool best_one_stop = false;
    for (uint32_t i = 0; i < tables->agency_count; i++) {
        const struct agency *agency = &tables->agencies[i];
        if (agency->kind != AGENCY_SECTOR || agency->agency_class != agency_class || !agency->key_count)
            continue;
        const struct agency *sender = sender_to(tables, agency, procedure);
        bool one_stop = sender && sender->kind == AGENCY_ONE_STOP;
        bool better = one_stop > best_one_stop || !best
                      || (one_stop == best_one_stop && depth(agency->code) > depth(best->code));
        if (sender && better) {
            best = agency;
            best_one_stop = one_stop;
        }
    }
    return best;
}

static bool add_named(struct init *init, const struct tables *tables, const char *named, struct text *text,
                      uint64_t *port, const struct agency **ret_example)
{
    char *list = strdup(named), *at = list, *code;
    bool good = list != NULL;
    while (good && at && (code = strsep(&at, ","))) {
        const struct agency *agency = tables_agency(tables, code);
        if (!agency) {
            cli_complain(init->cli, "--agencies: danh bạ không có '%s'", "--agencies: '%s' is not in the directory",
                         code);
            good = false;
        } else {
            add_agency(text, agency->code, (*port)++);
            if (!*ret_example)
                *ret_example = agency;
        }
    }
    free(list);
    return good;
}

/* --agencies A,B,C, else one sector agency of each class. */
static bool write_adapter(struct init *init, const struct tables *tables, const struct agency **ret_example)
{
    char bytes[CONFIG_BYTES_MAX];
    struct text text = text_of(bytes, sizeof bytes);
    const char *named = cli_option(init->cli, "agencies");
    uint64_t port = init->base_port;

    text_add(&text, "# adapter.yaml: which agencies this machine's adapter serves, and how they are spoken to.\n"
             "gateway: { endpoint: \"tcp://127.0.0.1:%llu\", public_key_file: keys/gateway.public }\n"
             "rules: rules\nagencies:\n", (unsigned long long)init->port);
    if (named && !add_named(init, tables, named, &text, &port, ret_example))
        return false;
    for (enum agency_class class = CLASS_IDEMPOTENT; !named && class < CLASS_END; class++) {
        const struct agency *agency = example_agency(tables, class, init->procedure);
        if (!agency)
            continue;
        add_agency(&text, agency->code, port++);
        if (!*ret_example)
            *ret_example = agency;
    }
    if (text.cut || port == init->base_port) {
        cli_complain(init->cli, "mạng này không có cơ quan ngành dọc nào có khóa; dùng --agencies",
                     "this network has no sector agency with a key; use --agencies");
        return false;
    }
    return write_config(init, "adapter.yaml", bytes);
}

static bool write_example(struct init *init, const struct agency *sender, const char *recipient)
{
    char bytes[CONFIG_BYTES_MAX], now[CLOCK_TEXT_SIZE], day[8];
    struct text text = text_of(bytes, sizeof bytes), day_text = text_of(day, sizeof day);

    clock_text(clock_wall_ms(), now);
    text_add(&day_text, "%.2s%.2s%.2s", now + 2, now + 5, now + 8);
    text_add(&text, "{\n  \"recipient\": \"%s\",\n  \"dossier_code\": \"%s-%s-0001\",\n"
             "  \"procedure_code\": \"%s\",\n  \"kind\": \"FORWARD\",\n"
             "  \"facts\": { \"status\": 2, \"channel\": 1 },\n"
             "  \"payload\": { \"summary\": \"Khai sinh liên thông (ví dụ)\",\n"
             "               \"applicant\": { \"name\": \"Nguyễn Văn Ví Dụ\" } }\n}\n",
             recipient, sender->code, day, init->procedure);
    return write_config(init, "example.json", bytes);
}

static bool configure(struct init *init)
{
    char path[CLI_PATH_SIZE];
    const struct agency *example = NULL;
    struct faults faults;

    if (!cli_path(init->folder, "directory", path) || faults_init(&faults) != RESULT_OK)
        return false;
    struct directory *directory = directory_read(path, clock_wall_ms(), &faults);
    cli_print_faults(&faults);
    faults_done(&faults);
    if (!directory)
        return false;
    const struct tables *tables = directory_tables(directory);
    init->procedure = example_procedure(tables);
    bool good = write_site(init) && write_broker(init) && write_adapter(init, tables, &example);
    const struct agency *sender = good ? sender_to(tables, example, init->procedure) : NULL;
    if (sender)
        good = write_example(init, sender, example->code);
    if (good)
        printf(cli_say(init->cli,
            "%s: %zu cặp khóa mới, %u cơ quan. Chạy ở ba cửa sổ:\n"
            "  lienthongd --config %s/broker.yaml\n  lienthong-adapter --config %s/adapter.yaml\n"
            "  lienthong --site %s submit --as %s %s/example.json\n",
            "%s: %zu new key pairs, %u agencies. In three windows:\n"
            "  lienthongd --config %s/broker.yaml\n  lienthong-adapter --config %s/adapter.yaml\n"
            "  lienthong --site %s submit --as %s %s/example.json\n"),
            init->folder, init->keys, tables->agency_count, init->folder, init->folder, init->folder,
            sender ? sender->code : "CODE", init->folder);
    directory_free(directory);
    return good;
}

static bool make_folders(struct init *init)
{
    static const char *const names[] = { "keys", "run", "store" };
    char path[CLI_PATH_SIZE];
    if (!folder_ready(init->cli, init->folder))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!cli_path(init->folder, names[i], path) || !folder_ready(init->cli, path))
            return false;
    return true;
}

static bool ports_differ(const struct init *init)
{
    if (init->port != init->blob_port)
        return true;
    cli_complain(init->cli, "--blob-port: phải khác --port", "--blob-port: must be another than --port");
    return false;
}

enum exit_code verb_init(struct cli *cli)
{
    struct init init = { .cli = cli, .folder = cli->arguments[0], .force = cli_switch(cli, "force"),
                         .port = PORT_DEFAULT, .base_port = BASE_PORT_DEFAULT };
    const char *network = cli_option(cli, "network");
    char from[CLI_PATH_SIZE], directory[CLI_PATH_SIZE], rules[CLI_PATH_SIZE], mappings[CLI_PATH_SIZE];
    struct share share;

    if (!cli_number_within(cli, "port", 1, UINT16_MAX, &init.port))
        return EXIT_USAGE;
    init.blob_port = init.port < UINT16_MAX ? init.port + 1 : init.port - 1;
    if (!cli_number_within(cli, "blob-port", 1, UINT16_MAX, &init.blob_port)
        || !ports_differ(&init) || !cli_number_within(cli, "base-port", 1, UINT16_MAX, &init.base_port))
        return EXIT_USAGE;
    if (!share_find(cli, &share))
        return EXIT_BROKEN;
    if (!network)
        network = "hcmc-2023";
    /* A name is one of ours, a path is the caller's own. */
    if (strchr(network, '/') ? !cli_path(".", network, from) : !cli_path(share.networks, network, from))
        return EXIT_USAGE;
    if (!make_folders(&init) || !cli_path(init.folder, "directory", directory)
        || !cli_path(init.folder, "rules", rules) || !cli_path(init.folder, "mappings", mappings)
        || !copy_folder(&init, from, directory, 1) || !copy_folder(&init, share.rules, rules, 0)
        || !copy_folder(&init, share.mappings, mappings, 0) || !make_keys(&init) || !configure(&init))
        return EXIT_BROKEN;
    return EXIT_DONE;
}
