/* paper_kinds.c - the kinds of papers, and the numbers and titles of their forms by the circular in force. */
#include <string.h>

#include "gateway/cli/paper.h"

const struct paper_info paper_infos[PAPER_END] = {
    [PAPER_SUPPLEMENT] = { "supplement-request", "phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "supplement request",
                           KIND_BIT(KIND_SUPPLEMENT_REQUEST), true, false },
    [PAPER_REFUSAL] = { "refusal", "phiếu từ chối tiếp nhận giải quyết hồ sơ", "refusal",
                        KIND_BIT(KIND_REFUSAL), true, false },
    [PAPER_APOLOGY] = { "apology", "phiếu (văn bản) xin lỗi và hẹn lại ngày trả kết quả", "apology, with the new date",
                        KIND_BIT(KIND_APOLOGY), true, false },
    [PAPER_STOP] = { "stop-notice", "thông báo dừng giải quyết hồ sơ", "stop notice", KIND_BIT(KIND_STOP), true,
                     false },
    [PAPER_SLIP] = { "control-slip", "phiếu kiểm soát quá trình giải quyết, hai liên", "control slip, two copies",
                     KIND_BIT(KIND_FORWARD), false, false },
    [PAPER_RESULT] = { "result-slip", "phiếu bàn giao kết quả", "result hand-over slip", KIND_BIT(KIND_RESULT), false,
                       false },
    [PAPER_RECEIPT] = { "receipt", "giấy tiếp nhận và hẹn trả kết quả: bản sao từ trục",
                        "receipt with the due date: a copy", KIND_BIT(KIND_FORWARD), false, true },
    [PAPER_REGISTER] = { "register", "sổ theo dõi hồ sơ của một cơ quan: bản sao từ trục",
                         "register of an agency: a copy", 0, false, true },
};

enum paper_kind paper_read(const char *word)
{
    for (unsigned kind = 1; kind < PAPER_END; kind++)
        if (strcmp(paper_infos[kind].word, word) == 0)
            return kind;
    return 0;
}

/* 2025-07-01 00:00 in Viet Nam: TT 03/2025/TT-VPCP comes into force with NĐ 118/2025/NĐ-CP. */
const int64_t paper_forms_moved_ms = 1751302800000;

struct paper_form paper_form(enum paper_kind kind, int64_t at_ms)
{
    static const char before[] = "TT 01/2018/TT-VPCP", since[] = "TT 03/2025/TT-VPCP";
    /* [0]: by the circular of 2018, [1]: of 2025. The hand-over slip of a result has no number in either. */
    static const struct { unsigned number[2]; const char *title[2]; } forms[PAPER_END] = {
        [PAPER_RECEIPT] = { { 1, 1 }, { "Giấy tiếp nhận hồ sơ và hẹn trả kết quả",
                                        "Giấy tiếp nhận hồ sơ và hẹn trả kết quả" } },
        [PAPER_SUPPLEMENT] = { { 2, 2 }, { "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ",
                                           "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ" } },
        [PAPER_REFUSAL] = { { 3, 3 }, { "Phiếu từ chối tiếp nhận giải quyết hồ sơ",
                                        "Phiếu từ chối tiếp nhận giải quyết hồ sơ" } },
        [PAPER_APOLOGY] = { { 4, 4 }, { "Phiếu xin lỗi và hẹn lại ngày trả kết quả",
                                        "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết" } },
        [PAPER_STOP] = { { 0, 5 }, { "Thông báo dừng giải quyết hồ sơ", "Thông báo dừng giải quyết hồ sơ" } },
        [PAPER_SLIP] = { { 5, 6 }, { "Phiếu kiểm soát quá trình giải quyết hồ sơ",
                                     "Phiếu kiểm soát quá trình giải quyết hồ sơ" } },
        [PAPER_REGISTER] = { { 6, 7 }, { "Sổ theo dõi hồ sơ", "Sổ theo dõi hồ sơ" } },
        [PAPER_RESULT] = { { 0, 0 }, { "Phiếu bàn giao kết quả", "Phiếu bàn giao kết quả" } },
    };
    unsigned column = at_ms >= paper_forms_moved_ms;

    must(kind > 0 && kind < PAPER_END);
    return (struct paper_form){ forms[kind].number[column], column ? since : before, forms[kind].title[column] };
}
