#include "gateway/cli/help.h"

#include <stdio.h>
#include <string.h>

#include "gateway/cli/print.h"

enum { OPTION_WIDTH = 26 };

/* `verb` NULL: with every verb that has none of its own. `value`: how what follows is called; "" none. */
static const struct option_help {
    const char *verb, *name, *value_vi, *value_en, *vi, *en;
} options[] = {
    /* which ones */
    { NULL, "agency", "MÃ", "CODE", "chỉ của cơ quan này", "of this agency only" },
    { NULL, "class", "LỚP", "CLASS", "lớp lỗi: BAD_DATA, MISCONFIGURED, ORPHAN ...",
      "class of failure: BAD_DATA, MISCONFIGURED, ORPHAN ..." },
    { NULL, "fingerprint", "DẤU", "MARK", "cùng dấu vết lỗi, như http-503",
      "with this mark of a failure, like http-503" },
    { NULL, "dossier", "MÃ", "CODE", "của hồ sơ này, theo bất kỳ mã nào của nó",
      "of this dossier, by any of its codes" },
    { NULL, "state", "TRẠNG-THÁI", "STATE", "HELD, READY, OFFERED, WAITING, UNSURE, FAILED, DELIVERED, CLOSED",
      "HELD, READY, OFFERED, WAITING, UNSURE, FAILED, DELIVERED, CLOSED" },
    { NULL, "limit", "N", "N", "nhiều nhất N dòng; 0: tất cả", "at most N rows; 0: all" },
    { NULL, "after", "ID", "ID", "tiếp sau mã số này", "go on after this id" },
    { NULL, "members", "", "", "từng lượt một, không gộp", "one by one instead of in groups" },
    /* acts */
    { NULL, "reason", "\"...\"", "\"...\"", "lý do; được ghi vào lịch sử", "why; it goes into the history" },
    { NULL, "case", "SỐ", "NUMBER", "số văn bản, vụ việc, ghi vào lịch sử", "number of the case, for the history" },
    { NULL, "dry-run", "", "", "chỉ nói sẽ tác động đến bao nhiêu, không làm gì", "only say how many it would affect" },
    { NULL, "behind", "CÁCH", "HOW", "những lượt chờ phía sau: release thả, close đóng, take-along chuyển theo",
      "what waits behind it: release, close, or take-along" },
    { NULL, "fresh-key", "", "", "với khóa chống trùng mới: nơi nhận có thể làm hai lần",
      "with a new idempotency key: its receiver may act twice" },
    { "redirect", "to", "MÃ", "CODE", "cơ quan nhận mới", "the new recipient" },
    { "sign", "due", "GIỜ", "TIME", "ngày hẹn mới, \"2026-03-02 16:30\"", "the new date, \"2026-03-02 16:30\"" },
    { "sign", "reason-code", "MÃ", "CODE", "mã lý do trễ", "code of why it is late" },
    { "sign", "signer", "MÃ", "CODE", "mã của người có thẩm quyền ký", "code of the responsible head who signs" },
    { "sign", "agency", "MÃ", "CODE", "cơ quan đang giữ hồ sơ, khi có nhiều", "the holder, where there are several" },
    { "sign", "reason", "\"...\"", "\"...\"", "lý do bằng lời, in trên phiếu cho người dân",
      "the reason in words, as it stands in the letter to the citizen" },
    { "late", "agency", "MÃ", "CODE", "chỉ hồ sơ cơ quan này đang giữ", "what this agency holds only" },
    /* due */
    { "due", "arrival", "GIỜ", "TIME", "lúc tiếp nhận, \"2026-03-02 16:30\"",
      "when it was received, \"2026-03-02 16:30\"" },
    { "due", "rule", "QUY-TẮC", "RULE", "w3 ngày làm việc, h8 giờ, d30 ngày, c15:00 trong ngày, none không hẹn",
      "w3 working days, h8 hours, d30 days, c15:00 the same day, none" },
    { "due", "hours", "TÊN", "NAME", "giờ làm việc: tên trong hours.yaml, hoặc \"Mon-Fri 07:30-11:30 13:00-17:00\"",
      "working hours: a name of hours.yaml, or \"Mon-Fri 07:30-11:30 13:00-17:00\"" },
    { "due", "pause", "TỪ..ĐẾN", "FROM..TO", "tạm dừng, như 2026-03-03T08:00..2026-03-05T10:00; nhiều lần được",
      "the clock stands, like 2026-03-03T08:00..2026-03-05T10:00; may be repeated" },
    { "due", "calendar", "TỆP", "FILE", "lịch năm hoặc thư mục lịch; mặc định: của danh bạ",
      "calendar file or folder; default: that of the directory" },
    { "due", "cases", "TỆP.tsv", "FILE.tsv", "bảng có các cột arrival, rule, hours, pauses, due",
      "a table with the columns arrival, rule, hours, pauses, due" },
    /* as an agency */
    { NULL, "as", "MÃ", "CODE", "nói với tư cách cơ quan này, bằng khóa của nó", "speak as this agency, with its key" },
    { NULL, "timeout", "30s", "30s", "chờ trả lời lâu nhất", "how long to wait for an answer" },
    { NULL, "blob-endpoint", "ĐỊA-CHỈ", "ENDPOINT", "nơi nhận tệp đính kèm, thay vì như lienthong.yaml ghi",
      "where attachments go, where it is not as in lienthong.yaml" },
    { "download", "to", "TỆP", "FILE", "ghi vào tệp mới này, chỉ chủ đọc được",
      "into this new file, which only its owner can read" },
    { "doctor", "to", "MÃ", "CODE", "thử một hồ sơ gửi tới cơ quan này", "try a dossier to this agency" },
    { "doctor", "kind", "LOẠI", "KIND", "loại lượt thử; mặc định FORWARD", "kind of the dry run; default FORWARD" },
    { "doctor", "procedure", "MÃ", "CODE", "thủ tục của lượt thử", "procedure of the dry run" },
    { "submit", "watch", "THƯ-MỤC", "DIR", "gửi mọi tệp .json được đặt vào đó; xong thì chuyển vào accepted, refused",
      "hand off each .json dropped there; then it moves to accepted or refused" },
    { "submit", "wait", "", "", "chờ đến khi giao xong hoặc hỏng", "wait until it is delivered or has failed" },
    { "submit", "interval", "1s", "1s", "nhìn thư mục mỗi lần cách nhau", "how often to look at the folder" },
    { "submit", "keep", "THƯ-MỤC", "DIR", "giữ những gì đã nhận đến khi có trong bản sao lưu",
      "keep what was accepted until a backup has it" },
    { "receive", "exec", "LỆNH", "COMMAND", "chạy cho mỗi lượt, JSON ở đầu vào; mã thoát là câu trả lời",
      "run for each, JSON on its input; its exit status is the answer" },
    { "receive", "credit", "N", "N", "nhiều nhất N lượt cùng lúc", "at most N at once" },
    { "receive", "count", "N", "N", "dừng sau N lượt", "end after N" },
    { "receive", "kinds", "A,B", "A,B", "chỉ nhận các loại này", "take these kinds only" },
    /* papers */
    { "paper", "format", "html|json", "html|json", "mặc định html", "default html" },
    { NULL, "out", "TỆP", "FILE", "ghi vào tệp, chỉ chủ đọc được", "into a file that only its owner can read" },
    { "paper", "handoff", "ID", "ID", "căn cứ là lượt này thay vì lượt mới nhất",
      "of this handoff instead of the newest" },
    { "paper", "reason", "\"...\"", "\"...\"", "vì sao mở nội dung; ghi vào lịch sử của lượt đó",
      "why its words are opened; it goes into the history of that handoff" },
    { "paper", "from", "NGÀY", "DAY", "sổ theo dõi: ngày đầu, 2026-03-02", "register: first day, 2026-03-02" },
    { "paper", "to", "NGÀY", "DAY", "sổ theo dõi: ngày cuối; mặc định như ngày đầu",
      "register: last day; default the first" },
    /* reports */
    { "report", "by", "GÌ", "WHAT", "city toàn địa phương (mặc định), agency, officer, field, procedure",
      "city (default), agency, officer, field, procedure" },
    { "report", "from", "NGÀY", "DAY", "ngày đầu, 2026-03-02", "first day, 2026-03-02" },
    { "report", "to", "NGÀY", "DAY", "ngày cuối; mặc định hôm nay", "last day; default today" },
    { "report", "preset", "KỲ", "PERIOD", "tuan, thang, quy, 6-thang, 9-thang, nam: kỳ có hôm nay hoặc --at",
      "week, month, quarter, 6-months, 9-months, year: the one of today or --at" },
    { "report", "close", "NGÀY", "DAY", "ngày chốt số liệu trong tháng, 1 đến 27",
      "the books of a month close then, 1 to 27" },
    { "report", "at", "GIỜ", "TIME", "tính như đang ở thời điểm này, \"2026-03-02 16:30\"",
      "as of this time, \"2026-03-02 16:30\"" },
    { "report", "known-total", "N", "N", "địa phương có tất cả N hồ sơ, kể cả không qua trục",
      "there were N dossiers in all, known to the gateway or not" },
    { "report", "known", "TỆP", "FILE", "như trên theo cơ quan: mỗi dòng một mã và một số",
      "the same by agency: a code and a number in each line" },
    { "report", "format", "table|csv|json", "table|csv|json", "mặc định table", "default table" },
    { "report", "n", "N", "N", "sample: rút bao nhiêu hồ sơ; mặc định 500", "sample: how many to draw; default 500" },
    { "report", "seed", "CHỮ", "WORDS", "sample: cùng hạt giống thì rút ra như nhau",
      "sample: the same seed draws the same" },
    { NULL, "store", "THƯ-MỤC", "DIR", "kho ở đây thay vì nơi lienthong.yaml ghi",
      "the store, where it is not as in lienthong.yaml" },
    /* setting up */
    { "init", "network", "TÊN", "NAME", "mạng mẫu (mặc định hcmc-2023), hoặc thư mục của mạng khác",
      "example network (default hcmc-2023), or the folder of your own" },
    { "init", "port", "N", "N", "cổng của lienthongd; mặc định 7411", "port of lienthongd; default 7411" },
    { "init", "blob-port", "N", "N", "cổng nhận tệp đính kèm; mặc định số tiếp theo",
      "port for attachments; default the next one" },
    { "init", "agencies", "A,B", "A,B", "cơ quan trong adapter.yaml mẫu", "agencies of the example adapter.yaml" },
    { "init", "base-port", "N", "N", "cổng đầu tiên của hệ thống các cơ quan đó",
      "first port of those agencies' systems" },
    { NULL, "force", "", "", "ghi đè những gì đã có", "overwrite what is there" },
    { "check-config", "adapter", "TỆP", "FILE", "adapter.yaml của bộ kết nối; nhiều lần được",
      "an adapter.yaml; may be repeated" },
    { "restore", "to", "THƯ-MỤC", "DIR", "kho mới; mặc định nơi lienthong.yaml ghi",
      "the new store; default as in lienthong.yaml" },
    { "restore", "after-epoch", "N", "N", "kỳ cuối cùng của kho đã mất, khi biết",
      "the last epoch of the lost store, where known" },
    { NULL, "without-damaged", "", "", "bỏ lại tệp đính kèm hỏng hoặc không còn, nêu từng tệp; mã thoát 4",
      "go without attachments that are damaged or not there, and name each; exit status 4" },
    { "test-rule", "rules", "THƯ-MỤC", "DIR", "bộ quy tắc; mặc định đi cùng chương trình",
      "the rules; default those shipped" },
    { "test-rule", "cases", "TỆP.tsv", "FILE.tsv", "thử cả một bảng câu trả lời", "try a table of answers" },
    { "test-rule", "dialect", "TÊN", "NAME", "giao thức: dvcqg, hotich, lgsp ...", "dialect: dvcqg, hotich, lgsp ..." },
    { "test-rule", "call", "LỆNH", "CALL", "create (mặc định), update, probe, pull, token",
      "create (default), update, probe, pull, token" },
    { "test-rule", "kind", "LOẠI", "KIND", "loại lượt giao–nhận; mặc định FORWARD",
      "kind of handoff; default FORWARD" },
    { "test-rule", "attempt", "N", "N", "lần thử thứ mấy", "which attempt" },
    { "test-rule", "http", "SỐ", "NUMBER", "mã HTTP; mặc định 200", "HTTP status; default 200" },
    { "test-rule", "body", "CHỮ", "TEXT", "nội dung câu trả lời", "what was answered" },
    { "test-rule", "body-file", "TỆP", "FILE", "nội dung trong tệp", "the same, in a file" },
    { "test-rule", "class", "LỚP", "CLASS", "cơ quan: IDEMPOTENT (mặc định), PROBE, NEITHER",
      "the agency: IDEMPOTENT (default), PROBE, NEITHER" },
    { "test-rule", "before", "TÊN", "NAME", "một bộ quy tắc xét trước", "rules that come first" },
    /* everywhere */
    { NULL, "site", "TỆP", "FILE", "lienthong.yaml của máy này, hoặc thư mục của nó",
      "lienthong.yaml of this machine, or its folder" },
    { NULL, "lang", "vi|en", "vi|en", "tiếng Việt (mặc định) hoặc tiếng Anh", "Vietnamese (default) or English" },
    { NULL, "json", "", "", "một tài liệu JSON cho chương trình khác", "one JSON document, for programs" },
    { NULL, "help", "", "", "trang này", "this page" },
};

static const struct option_help *find(const char *verb, const char *name, size_t length)
{
    const struct option_help *found = NULL;

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const struct option_help *at = &options[i];
        if (strncmp(at->name, name, length) != 0 || at->name[length])
            continue;
        if (at->verb && strcmp(at->verb, verb) == 0)
            return at;
        if (!at->verb)
            found = at;
    }
    return found;
}

void help_option(const struct cli *cli, const char *verb, const char *name, size_t length, bool takes)
{
    const struct option_help *words = find(verb, name, length);
    char left[80];
    struct text text = text_of(left, sizeof left);

    text_add(&text, "--%.*s", (int)length, name);
    if (takes)
        text_add(&text, " %s", words ? cli_say(cli, words->value_vi, words->value_en) : "...");
    printf("  ");
    print_padded(left, OPTION_WIDTH);
    printf(" %s\n", words ? cli_say(cli, words->vi, words->en) : "");
}
