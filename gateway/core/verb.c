#include "gateway/core/verb.h"

#include <string.h>

const struct verb_info verb_infos[VERB_END] = {
    [VERB_STATUS] = { "status", false, "",
        "cổng đang thế nào: số lượt theo trạng thái, lượt hỏng lâu nhất, danh bạ, bản sao lưu",
        "how the gateway is doing: handoffs by state, the oldest failure, directory, backup" },
    [VERB_SHOW] = { "show", false, "handoff",
        "một lượt giao–nhận với toàn bộ lịch sử của nó",
        "one handoff with its whole history" },
    [VERB_EXPLAIN] = { "explain", false, "handoff",
        "vì sao một lượt đang ở đó, và việc gì sẽ làm nó đi tiếp",
        "why a handoff is where it is, and what would move it" },
    [VERB_TRACK] = { "track", false, "code",
        "mọi lượt của một hồ sơ, theo bất kỳ mã nào của hồ sơ",
        "all handoffs of a dossier, by any of its codes" },
    [VERB_LIST] = { "list", false, "[filter] [after] [limit]",
        "các lượt theo cơ quan nhận, trạng thái, hồ sơ",
        "handoffs by recipient, state, dossier" },
    [VERB_FAILED] = { "failed", false, "[filter] [after] [limit]",
        "danh sách hỏng theo nhóm; có bộ lọc thì liệt kê từng lượt của nhóm",
        "the failed list in groups; with a filter, the members of a group" },
    [VERB_AGENCIES] = { "agencies", false, "[after] [limit]",
        "các cơ quan: số lượt theo trạng thái, tạm dừng, tạm giữ",
        "the agencies: handoffs by state, paused, on hold" },
    [VERB_UNRECEIVED] = { "unreceived", false, "[agency] [after] [limit]",
        "đã đến, chưa ai nhận: các lượt đã giao mà nơi nhận chưa báo tiếp nhận trong thời hạn",
        "there, and nobody has taken it: delivered, without business receipt in time" },
    [VERB_FACTS] = { "facts", false, "handoff",
        "những gì một lượt nói về hồ sơ, không có dữ liệu cá nhân: ngày, mã cán bộ, mã lý do, thành phần",
        "what a handoff says of its dossier, free of personal data: dates, officers' codes, reason code, components" },
    [VERB_OPEN] = { "open", true, "handoff reason",
        "mở nội dung một lượt để lập giấy tờ: ai mở, lúc nào, vì sao được lưu vào lịch sử của lượt đó",
        "read what a handoff says, for a paper: who did, when and why stands in its history" },
    [VERB_SUPPLEMENTS] = { "supplements", false, "[agency] [after] [limit]",
        "đang chờ người dân: các yêu cầu bổ sung, nghĩa vụ tài chính theo hạn trả lời; quá hạn thì đề nghị dừng",
        "waiting for the citizen: requests for supplements and money by when the answer is expected; overdue ones with "
        "the proposal to stop" },
    [VERB_LATE] = { "late", false, "[agency] [after] [limit]",
        "sắp hoặc đã trễ hạn: chờ ký phiếu xin lỗi, chưa xin lỗi, chưa xác định, bị hãm; và đôn đốc chưa trả lời",
        "late or about to be: waiting for a signature, without apology, undetermined, braked; and URGEs without "
        "answer" },
    [VERB_LATE_RELEASE] = { "late-release", true, "agency reason [limit] [dry_run]",
        "cho đi các yêu cầu xin lỗi của một cơ quan đã bị hãm vì quá nhiều trong một giờ",
        "let the requests for apologies go that were held back because there were too many in an hour" },
    [VERB_SIGN] = { "sign", true, "code due reason_code officer reason [agency] [dry_run]",
        "ký phiếu xin lỗi thay cho hệ thống của cơ quan đang giữ hồ sơ: ngày hẹn mới, mã lý do, mã người ký; "
        "lý do in trên phiếu",
        "sign an apology in place of the system of the agency that holds the dossier: new date, reason code, signer; "
        "the reason stands in the letter" },
    [VERB_REPLAY] = { "replay", true, "handoff|filter reason [fresh_key] [dry_run]",
        "gửi lại một lượt, hoặc mọi lượt hỏng khớp bộ lọc; giữ nguyên khóa chống trùng trừ khi xin khóa mới",
        "send a handoff again, or all failed ones that match a filter; the same idempotency key unless a fresh one is "
        "asked for" },
    [VERB_CLOSE] = { "close", true, "handoff reason [behind]",
        "kết thúc một lượt không giao; nói rõ các lượt đứng sau được đi tiếp (RELEASE) hay đóng theo (CLOSE)",
        "end a handoff without delivery; those behind it go on (RELEASE) or are closed too (CLOSE)" },
    [VERB_REDIRECT] = { "redirect", true, "handoff to reason [behind]",
        "chuyển một lượt sang cơ quan khác: lượt con mới, thời hạn giữ nguyên",
        "give a handoff to another agency: a new child, the same due date" },
    [VERB_HOLD] = { "hold", true, "handoff|code reason",
        "tạm giữ một lượt (giữ nguyên chỗ trong hàng), hoặc không giao gì cho một cơ quan",
        "hold a handoff back (it keeps its place), or offer nothing to an agency" },
    [VERB_RELEASE] = { "release", true, "handoff|code reason",
        "thả một lượt đang giữ, kể cả khi còn chờ lượt trước; hoặc cho một cơ quan chạy lại, hoặc cả cổng (gateway) "
        "sau khi phục hồi",
        "let a held handoff go, also one that waits for another; or let an agency go on, or the gateway after a "
        "restore" },
    [VERB_BACKUP_BEGIN] = { "backup-begin", true, "",
        "trước khi sao lưu: ngừng xóa nội dung đã hết hạn",
        "before a backup: bodies that are due are not purged meanwhile" },
    [VERB_BACKUP_END] = { "backup-end", true, "covered_seq",
        "sau khi sao lưu: bản sao lưu có mọi lượt ghi đến số này",
        "after a backup: it covers every turn up to this number" },
    [VERB_CONFIRM_CLOCK] = { "confirm-clock", true, "reason",
        "xác nhận đồng hồ của máy là đúng, sau khi cổng báo lệch giờ: thời hạn lại được tính",
        "say that the machine's clock is right, after the gateway found it apart: things expire again" },
};

enum verb verb_read(const char *name)
{
    for (unsigned verb = 1; verb < VERB_END; verb++)
        if (strcmp(verb_infos[verb].name, name) == 0)
            return verb;
    return 0;
}
