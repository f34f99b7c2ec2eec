/* verb_doctor.c - what a person who cannot get through would look at, in the order in which it matters: files and keys,
 * directory, port, clock, codes, and the route of a dossier that is not sent. Each finding says what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/cli/connection.h"
#include "gateway/directory/directory.h"

enum { CLOCK_WARN_MS = 30 * 1000 };

struct doctor {
    struct cli *cli;
    struct site site;
    struct directory *directory;            /* NULL: none that can be used, or not on this machine */
    json_t *findings;
    size_t  faults;
    bool    welcomed;
    int64_t gateway_time_ms, here_ms;
    char    agency[AGENCY_CODE_SIZE];
    bool    refused;
    struct problem problem;
};

/* One finding: good, or what is wrong and what to do. Formats take the same arguments. */
static void find(struct doctor *doctor, bool good, const char *vi, const char *en, ...)
    __attribute__((format(printf, 3, 5), format(printf, 4, 5)));

static void find(struct doctor *doctor, bool good, const char *vi, const char *en, ...)
{
    char line[700];
    struct text text = text_of(line, sizeof line);
    va_list arguments;
    va_start(arguments, en);
    text_add_v(&text, doctor->cli->vietnamese ? vi : en, arguments);
    va_end(arguments);
    doctor->faults += !good;
    if (doctor->cli->json)
        json_array_append_new(doctor->findings, json_pack("{s:b, s:s}", "good", good, "text", line));
    else
        printf("%s %s\n", good ? "✓" : "✗", line);
}

/* ---- files */

static void look_at_key_pair(struct doctor *doctor, const struct lienthong_options *options, const char *agency)
{
    char secret[41], public[41];
    uint8_t bytes[32];
    uint32_t roles;
    if (!zmq_z85_encode(secret, options->keys.secret, sizeof options->keys.secret)
        || zmq_curve_public(public, secret) || !zmq_z85_decode(bytes, public)) {
        find(doctor, false, "khóa bí mật của %s không dùng được", "the secret key of %s cannot be used", agency);
        return;
    }
    memset(secret, 0, sizeof secret);
    if (!doctor->directory)
        return;
    const struct tables *tables = directory_tables(doctor->directory);
    const struct agency *owner = tables_agency_of_key(tables, bytes, clock_wall_ms(), &roles),
                        *named = tables_agency(tables, agency);
    if (!named)
        find(doctor, false, "danh bạ không có mã %s: kiểm tra --as, hoặc thêm cơ quan rồi SIGHUP",
             "the directory has no code %s: look at --as, or add the agency and send SIGHUP", agency);
    else if (owner != named)
        find(doctor, false, "khóa của %s không phải khóa trong danh bạ (hoặc đã hết hạn): thay public_key_file",
             "the key of %s is not the one in the directory (or it has expired): replace its public_key_file", agency);
    else
        find(doctor, true, "khóa và mã của %s (%s) khớp với danh bạ",
             "key and code of %s (%s) agree with the directory",
             named->code, named->name);
}

static void look_at_directory(struct doctor *doctor)
{
    struct faults faults;
    struct stat status;
    if (stat(doctor->site.directory, &status) != 0) {
        find(doctor, true, "danh bạ không nằm trên máy này: bỏ qua phần danh bạ",
             "the directory is not on this machine: what needs it is skipped");
        return;
    }
    if (faults_init(&faults) != RESULT_OK)
        return;
    doctor->directory = directory_read(doctor->site.directory, clock_wall_ms(), &faults);
    if (doctor->directory)
        find(doctor, true, "danh bạ %s dùng được: %u cơ quan", "the directory %s is usable: %u agencies",
             doctor->site.directory, directory_tables(doctor->directory)->agency_count);
    else
        find(doctor, false, "danh bạ có %zu lỗi, ví dụ %s; xem lienthong check-config",
             "the directory has %zu faults, such as %s; see lienthong check-config", faults.count,
             faults.kept ? faults.lines[0] : "");
    faults_done(&faults);
}

/* ---- the port */

static void on_welcome(void *context, const Lienthong__V1__Welcome *welcome)
{
    struct doctor *doctor = context;
    doctor->welcomed = true;
    doctor->gateway_time_ms = welcome->gateway_time_ms;
    doctor->here_ms = clock_wall_ms();
    if (!span_to_string(span_of_string(welcome->agency), doctor->agency, sizeof doctor->agency))
        doctor->agency[0] = 0;
}

static void on_refused(void *context, const struct problem *problem)
{
    struct doctor *doctor = context;
    doctor->refused = true;
    doctor->problem = *problem;
}

static void look_at_connection(struct doctor *doctor, struct lienthong_options *options, int64_t timeout_ms)
{
    struct lienthong *lienthong;
    char words[512] = "";
    struct text why = text_of(words, sizeof words);
    options->callbacks = (struct lienthong_callbacks){ .on_welcome = on_welcome, .on_refused = on_refused };
    options->context = doctor;
    if (lienthong_open(&lienthong, options, &why) != RESULT_OK) {
        find(doctor, false, "không mở được kết nối: %s", "the connection cannot be opened: %s", words);
        return;
    }
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    while (!doctor->welcomed && !doctor->refused && clock_monotonic_ms() < until_ms)
        if (lienthong_wait(lienthong, until_ms - clock_monotonic_ms()) != RESULT_OK)
            break;
    lienthong_close(lienthong);
    if (doctor->welcomed)
        find(doctor, true, "cổng %s trả lời và nhận ra %s", "the gateway at %s answers and knows us as %s",
             options->endpoint, doctor->agency);
    else if (doctor->refused)
        find(doctor, false, "cổng từ chối: %s", "the gateway refuses: %s",
             cli_say(doctor->cli, doctor->problem.sentence_vi, doctor->problem.sentence_en));
    else
        find(doctor, false,
             "cổng %s không trả lời: lienthongd có chạy không, tường lửa có chặn không, gateway.public có đúng không?",
             "no answer at %s: is lienthongd running, is a firewall in between, is gateway.public the right one?",
             options->endpoint);
}

static void look_at_clock(struct doctor *doctor)
{
    if (!doctor->welcomed)
        return;
    int64_t apart_ms = doctor->here_ms - doctor->gateway_time_ms;
    if (apart_ms < CLOCK_WARN_MS && apart_ms > -CLOCK_WARN_MS)
        find(doctor, true, "đồng hồ lệch với cổng %lld ms", "the clock is %lld ms apart from the gateway's",
             (long long)apart_ms);
    else
        find(doctor, false, "đồng hồ lệch với cổng %lld giây: quá 5 phút là bị từ chối; bật đồng bộ giờ (NTP)",
             "the clock is %lld s apart from the gateway's: past 5 minutes it refuses; turn on NTP",
             (long long)(apart_ms / 1000));
}

/* ---- the route of a dossier that is not sent */

static void look_at_route(struct doctor *doctor, const char *from, const char *to)
{
    const char *kind_word = cli_option(doctor->cli, "kind"), *procedure = cli_option(doctor->cli, "procedure");
    enum kind kind = kind_read(kind_word ? kind_word : "FORWARD");
    const struct tables *tables = doctor->directory ? directory_tables(doctor->directory) : NULL;
    const struct agency *sender = tables ? tables_agency(tables, from) : NULL,
                        *recipient = tables ? tables_agency(tables, to) : NULL;
    int64_t now_ms = clock_wall_ms();

    if (!sender)
        return;
    if (!kind || !recipient) {
        find(doctor, false, "hồ sơ thử: danh bạ không có %s, hoặc không có loại %s",
             "dry-run dossier: no %s in the directory, or no kind %s", to, kind_word ? kind_word : "FORWARD");
        return;
    }
    struct matter matter = { .procedure = procedure, .area = sender->area, .kind = kind };
    const struct agency *receiver = tables_successor(tables, recipient, &matter, now_ms);
    if (!receiver)
        find(doctor, false, "%s không còn tồn tại và không có cơ quan kế nhiệm",
             "%s exists no more and has no successor",
             recipient->code);
    else if (!tables_permit(tables, sender, receiver, kind, procedure ? procedure : ""))
        find(doctor, false, "%s không được phép gửi %s cho %s: thêm một dòng vào permits.yaml rồi SIGHUP",
             "%s may not send %s to %s: add a row to permits.yaml and send SIGHUP", sender->code, kind_name(kind),
             receiver->code);
    else
        find(doctor, true, "%s từ %s sẽ tới %s (%s)", "a %s from %s would go to %s (%s)", kind_name(kind),
             sender->code,
             receiver->code, receiver->name);
}

enum exit_code verb_doctor(struct cli *cli)
{
    struct doctor doctor = { .cli = cli };
    struct lienthong_options options;
    const char *agency = cli_option(cli, "as"), *to = cli_option(cli, "to");
    int64_t timeout_ms;

    if (!cli_duration_ms(cli, "timeout", 5000, &timeout_ms))
        return EXIT_USAGE;
    if (!agency) {
        cli_complain(cli, "cần --as MÃ: khám cho cơ quan nào?", "needs --as CODE: for which agency?");
        return EXIT_USAGE;
    }
    if (!site_read(cli, &doctor.site))
        return EXIT_BROKEN;
    doctor.findings = json_array();
    look_at_directory(&doctor);
    if (connection_options(cli, &doctor.site, ROLE_SENDER, &options) == EXIT_DONE) {
        look_at_key_pair(&doctor, &options, agency);
        look_at_connection(&doctor, &options, timeout_ms);
        look_at_clock(&doctor);
    } else
        find(&doctor, false, "khóa của %s chưa dùng được (lời nhắn ở trên); lienthong keygen tạo khóa mới",
             "the key of %s is not usable (message above); lienthong keygen makes a new one", agency);
    if (to)
        look_at_route(&doctor, agency, to);
    directory_free(doctor.directory);
    if (cli->json)
        cli_print_json(json_pack("{s:I, s:O}", "faults", (json_int_t)doctor.faults, "findings", doctor.findings));
    json_decref(doctor.findings);
    return doctor.faults ? EXIT_FAULTS : EXIT_DONE;
}
