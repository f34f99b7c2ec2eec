/* main.c - lienthongd: the broker. README.md has its configuration and its log. */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/version.h"
#include "gateway/broker/broker.h"

enum { EXIT_CONFIG = 2, EXIT_BUSY = 3 };

static const char USAGE[] =
    "lienthongd --config TỆP [--check | --print-config]\n"
    "  Bộ trung chuyển của cổng Liên Thông / the broker of the Lien Thong gateway.\n"
    "  --config TỆP     broker.yaml của máy này / this machine's broker.yaml\n"
    "  --check          kiểm tra cấu hình, khóa, danh bạ rồi thoát / check configuration, key, directory, then exit\n"
    "  --print-config   in mọi tùy chọn đang có hiệu lực / print every option as it is in force\n"
    "  --version, --help\n"
    "Mã thoát / exit status: 0 dừng bình thường / stopped; 1 kho hoặc mạng hỏng / store or sockets broken;\n"
    "  2 cấu hình sai / configuration; 3 kho hoặc cổng mạng đã có nơi khác giữ / store or port taken\n";

struct arguments {
    const char *config;
    bool check, print;
};

/* False: *ret_status is the exit status. */
static bool arguments_read(int argc, char **argv, struct arguments *ret_arguments, int *ret_status)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
        { "print-config", no_argument, NULL, 'p' }, { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' }, { 0 },
    };
    *ret_arguments = (struct arguments){ 0 };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            ret_arguments->config = optarg;
            break;
        case 'k':
            ret_arguments->check = true;
            break;
        case 'p':
            ret_arguments->print = true;
            break;
        case 'v':
            printf("lienthongd %s\n", LIENTHONG_VERSION);
            *ret_status = 0;
            return false;
        default:
            fputs(USAGE, option == 'h' ? stdout : stderr);
            *ret_status = option == 'h' ? 0 : EXIT_CONFIG;
            return false;
        }
    }
    if (ret_arguments->config && optind == argc)
        return true;
    fputs(USAGE, stderr);
    *ret_status = EXIT_CONFIG;
    return false;
}

static bool config_read(const char *path, struct options *ret_options)
{
    struct faults faults;
    if (faults_init(&faults) != RESULT_OK)
        return false;
    enum result result = options_read(path, ret_options, &faults);
    for (size_t i = 0; i < faults.kept; i++)
        fprintf(stderr, "%s\n", faults.lines[i]);
    faults_done(&faults);
    return result == RESULT_OK;
}

/* What can be known to be right without starting: key and directory. */
static int check(struct broker *broker)
{
    uint8_t secret[CURVE_KEY_SIZE], public_key[CURVE_KEY_SIZE];
    char array[512];
    struct text why = text_of(array, sizeof array);
    struct faults faults;

    if (faults_init(&faults) != RESULT_OK)
        return 1;
    enum result result = bus_secret_read(broker->options.secret_key_file, secret, public_key, &why);
    if (result != RESULT_OK)
        fprintf(stderr, "%s\n", why.string);
    sodium_memzero(secret, sizeof secret);
    struct directory *directory = directory_read(broker->options.directory, clock_wall_ms(), &faults);
    for (size_t i = 0; i < faults.kept; i++)
        fprintf(stderr, "%s\n", faults.lines[i]);
    faults_done(&faults);
    bool good = result == RESULT_OK && directory;
    directory_free(directory);
    if (good)
        printf("tốt / good\n");
    return good ? 0 : EXIT_CONFIG;
}

static int status_of(enum result result)
{
    return result == RESULT_INVALID ? EXIT_CONFIG : result == RESULT_BUSY ? EXIT_BUSY : 1;
}

static int serve(struct broker *broker)
{
    char array[512];
    struct text why = text_of(array, sizeof array);
    int status;

    log_level_set(broker->options.log_level);
    log_event(LOG_INFO, "started", "version=%s pid=%d", LIENTHONG_VERSION, (int)getpid());
    enum result result = broker_open(broker, &why);
    if (result == RESULT_OK) {
        for (uint32_t i = 0; i < broker->options.endpoints.count; i++)
            log_event(LOG_INFO, "listening", "endpoint=%s", broker->options.endpoints.list[i]);
        status = loop_run(broker);
    } else {
        log_event(LOG_ERROR, "not-started", "why=%s", log_quoted(why.string));
        status = status_of(result);
    }
    broker_close(broker);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int status;

    if (!arguments_read(argc, argv, &arguments, &status))
        return status;
    if (hash_start() != RESULT_OK) {
        fprintf(stderr, "lienthongd: libsodium does not start: no randomness\n");
        return 1;
    }
    struct broker *broker = calloc(1, sizeof *broker);
    if (!broker) {
        fprintf(stderr, "lienthongd: no memory\n");
        return 1;
    }
    broker->signals = -1;
    broker->due_ms = INT64_MAX;
    if (!config_read(arguments.config, &broker->options)) {
        status = EXIT_CONFIG;
    } else if (arguments.print) {
        options_print(&broker->options, stdout);
        status = 0;
    } else {
        status = arguments.check ? check(broker) : serve(broker);
    }
    free(broker);
    return status;
}
