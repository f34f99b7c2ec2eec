/* main.c - the table of verbs, their options, and the help made from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/hash.h"
#include "gateway/base/version.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/help.h"

#define FILTER "agency= class= fingerprint= dossier= state= "

static const struct cli_verb verbs[] = {
    { "init", "DIR", "network= port= blob-port= agencies= base-port= force", 1, 1, verb_init,
      "tạo thư mục sẵn sàng chạy: khóa, danh bạ, cấu hình mẫu",
      "make a ready folder: keys, directory, example configuration" },
    { "keygen", "FILE", "force", 1, 1, verb_keygen,
      "tạo một cặp khóa CURVE: FILE.secret (0600) và FILE.public",
      "make a CURVE key pair: FILE.secret (0600) and FILE.public" },
    { "check-config", "DIR", "adapter=+", 0, 1, verb_check_config,
      "kiểm tra danh bạ cơ quan: mọi lỗi kèm tệp và dòng; --adapter TỆP: cả các cơ quan cần bộ kết nối",
      "check a directory of agencies: every fault with file and line; --adapter FILE: also who needs an adapter" },
    { "due", "", "arrival= rule= hours= pause=+ calendar=+ cases=", 0, 0, verb_due,
      "tính ngày hẹn trả và nói rõ vì sao; --cases TỆP.tsv thử cả một bảng",
      "work out a due date and say how it came about; --cases FILE.tsv tries a whole table" },
    { "doctor", "", "as= to= kind= procedure= timeout=", 0, 0, verb_doctor,
      "kiểm tra khóa, đồng hồ, cổng mạng, mã cơ quan, đường đi của một hồ sơ thử",
      "check key, clock, port, codes, and the route of a dry-run dossier" },
    { "submit", "[FILE.json ...]", "as= watch= wait timeout= interval= keep= blob-endpoint=", 0, 1000, verb_submit,
      "gửi lượt giao–nhận từ tệp JSON (- là đầu vào chuẩn); --watch DIR theo dõi một thư mục",
      "hand off what stands in JSON files (- is standard input); --watch DIR takes what is dropped there" },
    { "receive", "", "as= exec= credit= count= kinds= timeout=", 0, 0, verb_receive,
      "nhận trực tiếp: in mỗi lượt một dòng JSON, hoặc chạy --exec LỆNH và trả lời theo mã thoát",
      "receive natively: print each delivery as a line of JSON, or run --exec COMMAND and answer by its exit status" },
    { "upload", "FILE [FILE ...]", "as= blob-endpoint= timeout=", 1, 1000, verb_upload,
      "đưa tệp đính kèm lên cổng trước khi gửi hồ sơ nêu tên nó; submit tự làm việc này với \"attachments\"",
      "bring attachments to the gateway before a handoff names them; submit does so itself, by \"attachments\"" },
    { "download", "SHA256", "as= to= blob-endpoint= timeout=", 1, 1, verb_download,
      "lấy về một tệp đính kèm đã được giao, theo SHA-256 của nó; không ghi đè tệp đã có",
      "fetch an attachment that was delivered, by its SHA-256; what is there is not overwritten" },
    { "track", "CODE", "as= timeout=", 1, 1, verb_track,
      "mọi lượt giao–nhận của một hồ sơ, theo bất kỳ mã nào của nó",
      "all handoffs of a dossier, by any of its codes" },
    { "show", "ID", "", 1, 1, verb_show,
      "một lượt giao–nhận với toàn bộ lịch sử", "one handoff with its whole history" },
    { "list", "", FILTER "limit= after=", 0, 0, verb_list,
      "danh sách lượt giao–nhận theo cơ quan, trạng thái, hồ sơ", "handoffs by agency, state, dossier" },
    { "explain", "ID", "", 1, 1, verb_explain, "vì sao nó đang ở đó, và làm gì thì nó đi tiếp",
      "why it is where it is, and what would move it" },
    { "failed", "", FILTER "limit= after= members", 0, 0, verb_failed,
      "danh sách cần người xử lý, gộp theo nguyên nhân", "the failed list, grouped by cause" },
    { "unreceived", "", "agency= limit= after=", 0, 0, verb_unreceived,
      "đã đến, chưa ai nhận: đã giao mà nơi nhận chưa báo tiếp nhận trong thời hạn",
      "there, and nobody has taken it: delivered, without business receipt in time" },
    { "paper", "[KIND DOSSIER | register AGENCY]", "format= out= handoff= reason= from= to=", 0, 2, verb_paper,
      "giấy tờ của một hồ sơ để in: phiếu bổ sung, từ chối, xin lỗi, kiểm soát ...; để trống thì liệt kê các loại",
      "the papers of a dossier, to print: supplement, refusal, apology, control slip ...; alone it lists the kinds" },
    { "supplements", "", "agency= limit= after=", 0, 0, verb_supplements,
      "đang chờ người dân: yêu cầu bổ sung, nộp tiền, theo hạn trả lời; quá hạn thì đề nghị dừng",
      "waiting for the citizen: papers and money asked for, by when it is expected; overdue: proposal to stop" },
    { "late", "[release]", "agency= reason= case= dry-run", 0, 1, verb_late,
      "sắp hoặc đã trễ hạn, phiếu xin lỗi tới đâu; release: cho đi các yêu cầu bị hãm của --agency",
      "late or about to be, and how far the apology is; release: let the braked requests to --agency go" },
    { "sign", "CODE", "due= reason-code= signer= agency= reason= case= dry-run", 1, 1, verb_sign,
      "ký phiếu xin lỗi và hẹn lại cho một hồ sơ, thay cho hệ thống của cơ quan đang giữ nó; --reason in trên phiếu",
      "sign the apology for a dossier, in place of the system of the agency that holds it; --reason stands in it" },
    { "agencies", "[CODE]", "", 0, 1, verb_agencies, "tình hình từng cơ quan", "how each agency is doing" },
    { "status", "", "", 0, 0, verb_status, "tình hình chung của cổng", "the gateway as a whole" },
    { "replay", "[ID ...]", FILTER "reason= case= dry-run fresh-key", 0, 1000, verb_replay,
      "gửi lại lượt đã hỏng, theo mã số hoặc theo bộ lọc", "try failed ones again, by id or by filter" },
    { "close", "ID [ID ...]", "reason= case= behind= dry-run", 1, 1000, verb_close,
      "đóng lại, có lý do", "close by hand, with a reason" },
    { "redirect", "ID", "to= reason= case= behind= dry-run", 1, 1, verb_redirect,
      "chuyển sang cơ quan khác: một lượt con nêu tên lượt gốc", "send it to another agency as a child that names it" },
    { "hold", "ID|CODE", "reason= case=", 1, 1, verb_hold,
      "giữ một lượt, hoặc mọi lượt tới một cơ quan", "hold a handoff, or everything for an agency" },
    { "release", "ID|CODE|gateway", "reason= case=", 1, 1, verb_release,
      "thả một lượt đang giữ, một cơ quan đang tạm dừng, hoặc cả cổng sau khi phục hồi",
      "release a held handoff, a paused agency, or the gateway after a restore" },
    { "confirm-clock", "", "reason= case=", 0, 0, verb_confirm_clock,
      "xác nhận đồng hồ của máy là đúng, sau khi status báo lệch giờ",
      "say that the machine's clock is right, after status showed it apart" },
    { "backup", "DIR", "store= without-damaged", 1, 1, verb_backup, "sao lưu kho trong khi cổng vẫn chạy",
      "copy the store while the gateway goes on" },
    { "restore", "BACKUP", "to= after-epoch= without-damaged", 1, 1, verb_restore,
      "đưa một bản sao lưu trở lại làm kho, khi cổng đã dừng; nói rõ những gì bị giữ lại và vì sao",
      "make a backup the store again, while no gateway runs; tells what was held back, and why" },
    { "check-store", "[DIR]", "", 0, 1, verb_check_store, "kiểm tra một bản sao lưu hoặc một kho đã dừng",
      "check a backup or a stopped store: every table, every invariant, the chain" },
    { "report", "[sample]",
      "by= from= to= preset= close= at= agency= known-total= known= format= store= n= seed=", 0, 1, verb_report,
      "số liệu của một kỳ theo đơn vị, công chức, lĩnh vực, thủ tục; report sample: rút ngẫu nhiên hồ sơ đã kết thúc",
      "figures of a period by agency, officer, field, procedure; report sample: finished dossiers drawn at random" },
    { "test-rule", "", "rules= cases= dialect= call= kind= attempt= http= body= body-file= class= before=", 0, 0,
      verb_test_rule, "thử một câu trả lời của cơ quan với bộ quy tắc", "try an agency's answer against the rules" },
};
enum { VERBS = sizeof verbs / sizeof *verbs };
static const char GLOBAL_OPTIONS[] = "site= lang= json help ";

/* ---- help */

/* One word of an options string: "pause=+". */
struct option_word { const char *name; size_t length, size; bool takes; };

static struct option_word option_word(const char *at)
{
    struct option_word word = { .name = at, .size = strcspn(at, " ") };

    word.length = word.size;
    word.length -= word.length && at[word.length - 1] == '+';
    word.takes = word.length && at[word.length - 1] == '=';
    word.length -= word.takes;
    return word;
}

static void explain_options(const struct cli *cli, const char *verb, const char *options)
{
    while (*options) {
        struct option_word word = option_word(options);
        if (word.size)
            help_option(cli, verb, word.name, word.length, word.takes);
        options += word.size + (options[word.size] == ' ');
    }
}

static void help(const struct cli *cli, const struct cli_verb *verb)
{
    if (verb) {
        printf("lienthong %s%s%s%s\n\n  %s\n\n", verb->name, verb->takes[0] ? " " : "", verb->takes,
               !verb->options[0] ? "" : cli_say(cli, " [tùy chọn]", " [options]"),
               cli_say(cli, verb->help_vi, verb->help_en));
        explain_options(cli, verb->name, verb->options);
        printf("%s%s\n", verb->options[0] ? "\n" : "", cli_say(cli, "Dùng được với mọi lệnh:", "With every verb:"));
        explain_options(cli, verb->name, GLOBAL_OPTIONS);
        return;
    }
    printf("%s\n\n", cli_say(cli, "lienthong: dòng lệnh của trục liên thông hồ sơ",
                             "lienthong: the command line of the interagency gateway"));
    for (size_t i = 0; i < VERBS; i++)
        printf("  %-13s %s\n", verbs[i].name, cli_say(cli, verbs[i].help_vi, verbs[i].help_en));
    printf("\n%s\n", cli_say(cli,
        "Tùy chọn chung: --site TỆP (lienthong.yaml), --json, --lang vi|en, --help. Chi tiết: lienthong LỆNH --help\n"
        "Mã thoát: 0 xong, 1 bị từ chối, 2 sai cú pháp, 3 không gặp được cổng, 4 phát hiện lỗi, 5 hỏng đĩa hoặc mạng.\n"
        "Bắt đầu: lienthong init DIR",
        "Everywhere: --site FILE (lienthong.yaml), --json, --lang vi|en, --help. Details: lienthong VERB --help\n"
        "Exit codes: 0 done, 1 refused, 2 usage, 3 gateway not reached, 4 faults found, 5 disk or network broken.\n"
        "Begin with: lienthong init DIR"));
}

/* ---- the command line */

/* Whether `name` stands in `options`, and whether it takes a value there. */
static bool option_known(const char *options, const char *name, size_t length, bool *ret_takes)
{
    while (*options) {
        struct option_word word = option_word(options);
        if (word.length == length && memcmp(options, name, length) == 0) {
            *ret_takes = word.takes;
            return true;
        }
        options += word.size + (options[word.size] == ' ');
    }
    return false;
}

static bool add_option(struct cli *cli, char **argv, int *at)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    bool takes = false;

    if (!option_known(GLOBAL_OPTIONS, name, length, &takes)
        && !(cli->verb && option_known(cli->verb->options, name, length, &takes))) {
        cli_complain(cli, "không có tùy chọn --%.*s; xem lienthong %s%s--help",
                     "no option --%.*s; see lienthong %s%s--help",
                     (int)length, name, cli->verb ? cli->verb->name : "", cli->verb ? " " : "");
        return false;
    }
    if (cli->option_count == CLI_OPTIONS_MAX || (equals && !takes)) {
        cli_complain(cli, "tùy chọn --%.*s không nhận giá trị, hoặc quá nhiều tùy chọn",
                     "option --%.*s takes no value, or there are too many options", (int)length, name);
        return false;
    }
    const char *value = equals ? equals + 1 : "";
    /* An empty one is a variable of a script that was not set: `--agency ""` must not mean every agency. */
    if (takes && ((!equals && !(value = argv[*at + 1])) || !value[0])) {
        cli_complain(cli, "tùy chọn --%.*s cần một giá trị", "option --%.*s needs a value", (int)length, name);
        return false;
    }
    *at += takes && !equals;
    char *copy = strndup(name, length);
    if (!copy)
        return false;
    cli->options[cli->option_count++] = (struct cli_option){ .name = copy, .value = value };
    return true;
}

static const struct cli_verb *verb_find(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* The language decides how everything after it complains, so it is looked for first. */
static void choose_language(struct cli *cli, int argc, char **argv)
{
    const char *language = getenv("LIENTHONG_LANG");
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0)
            language = argv[i] + 7;
        else if (strcmp(argv[i], "--lang") == 0 && argv[i + 1])
            language = argv[i + 1];
    }
    cli->vietnamese = !language || strcmp(language, "en") != 0;
}

/* False: complained. */
static bool parse(struct cli *cli, int argc, char **argv)
{
    bool only_arguments = false;
    for (int i = 1; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && strncmp(argv[i], "--", 2) == 0) {
            if (!add_option(cli, argv, &i))
                return false;
        } else if (!cli->verb) {
            cli->verb = verb_find(argv[i]);
            if (!cli->verb && strcmp(argv[i], "help") != 0 && strcmp(argv[i], "version") != 0) {
                cli_complain(cli, "không có lệnh '%s'; gõ lienthong để xem danh sách",
                             "no verb '%s'; lienthong alone lists them", argv[i]);
                return false;
            }
            if (!cli->verb && strcmp(argv[i], "version") == 0) {
                printf("lienthong %s\n", LIENTHONG_VERSION);
                exit(EXIT_DONE);
            }
        } else
            cli->arguments[cli->argument_count++] = argv[i];
    }
    const char *language = cli_option(cli, "lang");
    if (language && strcmp(language, "vi") != 0 && strcmp(language, "en") != 0) {
        cli_complain(cli, "--lang: vi hoặc en, không phải '%s'", "--lang: vi or en, not '%s'", language);
        return false;
    }
    cli->json = cli_switch(cli, "json");
    return true;
}

static enum exit_code run(struct cli *cli, int argc, char **argv)
{
    if (!parse(cli, argc, argv))
        return EXIT_USAGE;
    if (!cli->verb || cli_switch(cli, "help")) {
        help(cli, cli->verb);
        return EXIT_DONE;
    }
    if (cli->argument_count < cli->verb->arguments_min || cli->argument_count > cli->verb->arguments_max) {
        cli_complain(cli, "cách dùng: lienthong %s %s", "usage: lienthong %s %s", cli->verb->name, cli->verb->takes);
        return EXIT_USAGE;
    }
    return cli->verb->run(cli);
}

int main(int argc, char **argv)
{
    struct cli cli = { .arguments = calloc((size_t)argc + 1, sizeof *cli.arguments) };
    choose_language(&cli, argc, argv);
    enum exit_code code = cli.arguments && hash_start() == RESULT_OK ? run(&cli, argc, argv) : EXIT_BROKEN;
    for (size_t i = 0; i < cli.option_count; i++)
        free((char *)(uintptr_t)cli.options[i].name);
    free(cli.arguments);
    return (int)code;
}
