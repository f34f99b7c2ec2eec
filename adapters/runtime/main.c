/* lienthong-adapter: brings handoffs to agencies' own HTTP systems. README.md says how it is configured and run. */
#include <curl/curl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/kinds/config.h"
#include "adapters/runtime/loop.h"
#include "gateway/base/hash.h"
#include "gateway/base/log.h"
#include "gateway/base/pool.h"
#include "gateway/base/version.h"

enum { EXIT_FAULTS = 1, EXIT_USAGE = 2, EXIT_BROKEN = 3 };
/* Free memory at the end of the heap stays ours up to so much. Deliveries come and go with their bodies: at the C
 * library's 128 KiB the kernel was given pages back, and asked for them again, with every few. */
enum { HEAP_KEPT_BYTES = 16 << 20, HEAP_MORE_BYTES = 1 << 20, HEAP_PIECE_BYTES_MAX = 4 << 20 };

static const char help_vi[] =
    "lienthong-adapter: đưa lượt giao–nhận đến hệ thống HTTP của các cơ quan\n"
    "\n"
    "  lienthong-adapter --config adapter.yaml [--rules THƯ-MỤC] [--check] [--log debug|info|warn|error]\n"
    "                    [--lang vi|en]\n"
    "\n"
    "  --config TỆP      cấu hình: cổng, các cơ quan, địa chỉ, đăng nhập, giới hạn\n"
    "  --rules THƯ-MỤC   thư mục luật phân loại câu trả lời, khi cấu hình không ghi 'rules:' (mặc định: bản đã cài)\n"
    "  --check           chỉ đọc và kiểm tra cấu hình, nói mọi lỗi kèm tệp và dòng, rồi thoát\n"
    "  --log MỨC         mức nhật ký (mặc định info), ghi ra stderr\n"
    "  --lang vi|en      ngôn ngữ của trợ giúp và của --check\n"
    "\n"
    "  Tín hiệu: SIGTERM dừng có trật tự, SIGHUP đọc lại cấu hình (có lỗi thì giữ bản cũ).\n"
    "  Mã thoát: 0 đã dừng hoặc cấu hình đúng, 1 cấu hình có lỗi, 2 sai tham số, 3 không chạy được.\n";
static const char help_en[] =
    "lienthong-adapter: brings handoffs to the agencies' HTTP systems\n"
    "\n"
    "  lienthong-adapter --config adapter.yaml [--rules FOLDER] [--check] [--log debug|info|warn|error]\n"
    "                    [--lang vi|en]\n"
    "\n"
    "  --config FILE     configuration: gateway, agencies, addresses, logins, bounds\n"
    "  --rules FOLDER    what answers mean, when the configuration has no 'rules:' (default: the installed folder)\n"
    "  --check           only read and check the configuration, say every fault with file and line, and exit\n"
    "  --log LEVEL       level of the log (default info), which goes to stderr\n"
    "  --lang vi|en      language of this help and of --check\n"
    "\n"
    "  Signals: SIGTERM stops in good order, SIGHUP reads the configuration again (with faults the old one stays).\n"
    "  Exit status: 0 stopped, or the configuration is good; 1 it has faults; 2 wrong arguments; 3 cannot run.\n";

struct arguments {
    struct loop_options options;
    bool check, help, version, english;
};

static bool read_level(const char *word)
{
    static const char *const words[] = { [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn",
                                         [LOG_ERROR] = "error" };
    for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++)
        if (strcmp(word, words[level]) == 0) {
            log_level_set(level);
            return true;
        }
    return false;
}

/* One option with its value; `next` may be NULL. Returns how many arguments it took, 0 when it is none. */
static int read_option(struct arguments *arguments, const char *option, const char *next)
{
    if (strcmp(option, "--check") == 0)
        arguments->check = true;
    else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0)
        arguments->help = true;
    else if (strcmp(option, "--version") == 0)
        arguments->version = true;
    else if (!next)
        return 0;
    else if (strcmp(option, "--config") == 0) {
        arguments->options.config_path = next;
        return 2;
    } else if (strcmp(option, "--rules") == 0) {
        arguments->options.rules_folder = next;
        return 2;
    } else if (strcmp(option, "--log") == 0)
        return read_level(next) ? 2 : 0;
    else if (strcmp(option, "--lang") == 0) {
        arguments->english = strcmp(next, "en") == 0;
        return arguments->english || strcmp(next, "vi") == 0 ? 2 : 0;
    } else
        return 0;
    return 1;
}

/* Installed: bin/ beside share/lienthong. Not installed: a build folder inside the source tree. "" when in neither. */
static const char *installed_rules(void)
{
    static const char *const places[] = { "../share/lienthong/rules", "../adapters/rules" };
    static char path[CONFIG_PATH_SIZE];
    char program[CONFIG_PATH_SIZE];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program);

    while (size > 0 && program[size - 1] != '/')
        size--;
    for (size_t i = 0; size > 0 && i < sizeof places / sizeof *places; i++) {
        struct text text = text_of(path, sizeof path);
        text_add(&text, "%.*s%s", (int)size, program, places[i]);
        if (!text.cut && access(path, R_OK | X_OK) == 0)
            return path;
    }
    return "";
}

static int check(const struct arguments *arguments)
{
    struct faults faults;

    if (faults_init(&faults) != RESULT_OK)
        return EXIT_BROKEN;
    struct adapter_config *config = adapter_config_read(arguments->options.config_path,
                                                        arguments->options.rules_folder, &faults);
    for (size_t i = 0; i < faults.kept; i++)
        fprintf(stderr, "%s\n", faults.lines[i]);
    if (config)
        printf(arguments->english ? "%s: good, %zu agencies\n" : "%s: đúng, %zu cơ quan\n",
               arguments->options.config_path, config->agency_count);
    else
        fprintf(stderr, arguments->english ? "%zu faults\n" : "%zu lỗi\n", faults.count);
    int status = config ? EXIT_SUCCESS : EXIT_FAULTS;
    adapter_config_free(config);
    faults_done(&faults);
    return status;
}

/* Once one of them is set, none adapts itself to what is freed any more: so all three are. The largest frame lies in
 * the heap. */
static void keep_heap(void)
{
    mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
    mallopt(M_TOP_PAD, HEAP_MORE_BYTES);
    mallopt(M_MMAP_THRESHOLD, HEAP_PIECE_BYTES_MAX);
}

static int run(const struct arguments *arguments)
{
    keep_heap();
    pool_begin();                       /* for libcurl and jansson, in this thread; libcurl's threads do without */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, pool_malloc, pool_free, pool_realloc, pool_strdup, pool_calloc)
        != CURLE_OK)
        return EXIT_BROKEN;
    enum result result = loop_run(&arguments->options);
    curl_global_cleanup();
    pool_end();
    if (result != RESULT_OK && result != RESULT_INVALID)
        log_event(LOG_ERROR, "cannot-run", "why=%s", result_name(result));
    return result == RESULT_OK ? EXIT_SUCCESS : result == RESULT_INVALID ? EXIT_FAULTS : EXIT_BROKEN;
}

int main(int count, char **values)
{
    struct arguments arguments = { .options = { .rules_folder = installed_rules() } };

    for (int i = 1, took; i < count; i += took) {
        took = read_option(&arguments, values[i], i + 1 < count ? values[i + 1] : NULL);
        if (!took) {
            fprintf(stderr, "lienthong-adapter: %s?\n%s", values[i], arguments.english ? help_en : help_vi);
            return EXIT_USAGE;
        }
    }
    if (arguments.help || arguments.version) {
        const char *help = arguments.english ? help_en : help_vi;
        printf("%s", arguments.help ? help : "lienthong-adapter " LIENTHONG_VERSION "\n");
        return EXIT_SUCCESS;
    }
    if (!arguments.options.config_path) {
        fprintf(stderr, "%s", arguments.english ? help_en : help_vi);
        return EXIT_USAGE;
    }
    if (hash_start() != RESULT_OK)
        return EXIT_BROKEN;
    return arguments.check ? check(&arguments) : run(&arguments);
}
