#include "gateway/cli/print_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 58, WORD_WIDTH = 28 };

struct name { const char *word, *vi; };

static const struct name facts[] = {
    { "agencies", "Cơ quan trong danh bạ" },
    { "agencies_on_hold", "Cơ quan đang bị giữ" },
    { "agencies_paused", "Cơ quan đang tạm dừng" },
    { "attachments", "Tệp đính kèm đang giữ" },
    { "backup", "Sao lưu" },
    { "breakers_open", "Cầu dao đang mở" },
    { "calendar_missing", "CHƯA CÓ LỊCH NĂM: ngày hẹn trả chỉ là tạm tính" },
    { "clock", "Đồng hồ so với cổng" },
    { "clock_apart_ms", "Đồng hồ lệch, mili giây" },
    { "commit_seq", "Lượt ghi mới nhất" },
    { "covered_seq", "Đã có trong bản sao lưu đến lượt ghi" },
    { "deliveries_open", "Lượt đang giao, chờ trả lời" },
    { "directory_version", "Phiên bản danh bạ" },
    { "disk_free_bytes", "Đĩa còn trống, byte" },
    { "epoch", "Kỳ của kho, tăng sau mỗi lần phục hồi" },
    { "failed_groups", "Nhóm lỗi cần người xử lý" },
    { "gateway", "Cổng" },
    { "gateway_time", "Giờ của cổng" },
    { "handoffs", "Lượt giao–nhận" },
    { "handoffs_closed", "- đã đóng" },
    { "handoffs_delivered", "- đã giao" },
    { "handoffs_failed", "- cần xử lý" },
    { "handoffs_held", "- chờ điều kiện" },
    { "handoffs_offered", "- đang giao" },
    { "handoffs_ready", "- sẵn sàng" },
    { "handoffs_unsure", "- chưa chắc" },
    { "handoffs_waiting", "- hẹn gửi lại" },
    { "held", "Giữ sau khi phục hồi; thả bằng lệnh" },
    { "intake", "Tiếp nhận" },
    { "intake_closed", "Tiếp nhận đã đóng, vì" },
    { "keys_admitted", "Lần kết nối có khóa đúng" },
    { "keys_refused", "Lần kết nối bị từ chối vì khóa lạ" },
    { "late_braked", "Trễ hạn: yêu cầu xin lỗi bị hãm, chờ người thả" },
    { "late_not_asked", "Trễ hạn: không yêu cầu xin lỗi được" },
    { "late_signed", "Trễ hạn: đã xin lỗi và hẹn lại" },
    { "late_undetermined", "Trễ hạn: chưa xác định" },
    { "late_unsigned", "Trễ hạn: chờ ký phiếu xin lỗi" },
    { "next_timer", "Việc hẹn giờ tiếp theo" },
    { "oldest_failed", "Lỗi cũ nhất từ" },
    { "oldest_reader", "Tiến trình đọc giữ chỗ trong kho" },
    { "public_key", "Khóa công khai" },
    { "restored", "Phục hồi lúc" },
    { "restored_seq", "Phục hồi từ lượt ghi" },
    { "room", "Còn chỗ ghi" },
    { "sessions", "Kết nối" },
    { "started", "Chạy từ" },
    { "statutory_brake", "Đang hãm việc xin lỗi, đôn đốc" },
    { "store_bytes", "Kho, byte" },
    { "store_bytes_max", "Kho nhiều nhất, byte" },
    { "unknown_codes", "Mã trạng thái chưa có trong bảng" },
    { "version", "Phiên bản" },
};
static const struct name values[] = {
    { "agrees", "khớp" }, { "apart", "LỆCH: lienthong confirm-clock" },
    { "gap", "CÁCH QUÁ XA: lienthong confirm-clock" }, { "false", "không" }, { "no", "không" }, { "none", "không" },
    { "open", "đang mở" }, { "running", "đang chạy" }, { "true", "CÓ" }, { "yes", "có" },
};

/* NULL: none. */
static const char *vi_of(const struct name *names, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i].word, word) == 0)
            return names[i].vi;
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(Lienthong__V1__AdminReply__FactsEntry *const *)a)->key,
                  (*(Lienthong__V1__AdminReply__FactsEntry *const *)b)->key);
}

void print_status(const struct cli *cli, const Lienthong__V1__AdminReply *reply)
{
    if (reply->n_facts)
        qsort(reply->facts, reply->n_facts, sizeof *reply->facts, by_key);
    for (size_t i = 0; i < reply->n_facts; i++) {
        const char *word = reply->facts[i]->key, *value = reply->facts[i]->value;
        const char *name = vi_of(facts, sizeof facts / sizeof *facts, word);
        const char *value_vi = vi_of(values, sizeof values / sizeof *values, value);
        char left[160];
        struct text text = text_of(left, sizeof left);

        text_add(&text, cli->vietnamese && name ? "%s (%s)" : "%.0s%s", name ? name : "", word);
        printf("  ");
        print_padded(left, cli->vietnamese ? NAME_WIDTH : WORD_WIDTH);
        printf(" %s\n", cli->vietnamese && value_vi ? value_vi : value);
    }
}
