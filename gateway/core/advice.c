#include "gateway/core/advice.h"

static const struct words NONE = { "?", "?" };

struct words fail_class_meaning(enum fail_class fail_class)
{
    static const struct words table[FAIL_CLASS_END] = {
        [FAIL_BAD_DATA] = { "cơ quan nhận từ chối dữ liệu", "the agency refused the data" },
        [FAIL_ORPHAN] = { "cơ quan nhận không biết hồ sơ này", "the agency does not know the dossier" },
        [FAIL_MAPPING] = { "bảng chuyển đổi của ta có giá trị sai", "our mapping holds a wrong value" },
        [FAIL_EXHAUSTED] = { "đã dùng hết số lần thử hoặc thời gian thử",
                             "its attempts, or the time for them, are used up" },
        [FAIL_UNKNOWN_ANSWER] = { "cơ quan nhận trả lời điều chưa có quy tắc nào hiểu",
                                  "the agency gave answers that no rule knows" },
        [FAIL_PREDECESSOR] = { "lượt mà nó chờ không đến, hoặc kết thúc không có kết quả",
                               "a handoff it waited for never came, or ended without a result" },
        [FAIL_ADAPTER] = { "bộ kết nối nhiều lần im lặng hoặc mất liên lạc",
                           "the adapter went silent or was lost over and over" },
    };
    return fail_class > 0 && fail_class < FAIL_CLASS_END ? table[fail_class] : NONE;
}

struct words fail_class_next(enum fail_class fail_class)
{
    static const struct words table[FAIL_CLASS_END] = {
        [FAIL_BAD_DATA] = {
            "Bên gửi sửa dữ liệu và gửi một lượt mới ghi lượt này là gốc (parent); lượt mới thế chỗ lượt này.",
            "The sender corrects the data and hands off again with this one as parent; the new one takes its place." },
        [FAIL_ORPHAN] = {
            "Hỏi cơ quan nhận vì sao không có hồ sơ; khi họ đã có thì gửi lại (replay), gửi nhầm nơi thì chuyển "
            "(redirect).",
            "Ask the agency why it does not have the dossier; replay once it has, redirect if it is the wrong one." },
        [FAIL_MAPPING] = {
            "Quản trị viên sửa tệp chuyển đổi, rồi gửi lại cả nhóm (replay theo bộ lọc).",
            "The administrator mends the mapping file, then replays the whole group (replay with a filter)." },
        [FAIL_EXHAUSTED] = {
            "Hỏi cơ quan nhận có đang chạy không; khi đã chạy thì gửi lại (replay).",
            "Ask whether the agency is up; replay when it is." },
        [FAIL_UNKNOWN_ANSWER] = {
            "Thêm quy tắc cho câu trả lời này (lienthong test-rule), rồi gửi lại (replay).",
            "Teach a rule for this answer (lienthong test-rule), then replay." },
        [FAIL_PREDECESSOR] = {
            "Xem lượt trước (explain); nếu bước này vẫn phải làm thì gửi lại (replay), nếu không thì đóng (close).",
            "Look at the earlier one (explain); replay if this step must be done all the same, else close." },
        [FAIL_ADAPTER] = {
            "Xem nhật ký của lienthong-adapter và khởi động lại; khi ổn định thì gửi lại (replay).",
            "Look at the log of lienthong-adapter and restart it; replay when it is steady." },
    };
    return fail_class > 0 && fail_class < FAIL_CLASS_END ? table[fail_class] : NONE;
}

const char *fail_class_next_step(enum fail_class fail_class, bool vi)
{
    struct words next = fail_class_next(fail_class);
    return vi ? next.vi : next.en;
}

struct words state_words(enum state state)
{
    static const struct words table[STATE_END] = {
        [STATE_HELD] = { "đang bị giữ", "held" },
        [STATE_READY] = { "sẵn sàng gửi", "ready" },
        [STATE_OFFERED] = { "đang được giao", "being delivered" },
        [STATE_WAITING] = { "chờ gửi lại", "waiting to be sent again" },
        [STATE_UNSURE] = { "không chắc đã tới chưa", "perhaps delivered, not known" },
        [STATE_FAILED] = { "hỏng, cần người xử lý", "failed, needs a person" },
        [STATE_DELIVERED] = { "đã giao", "delivered" },
        [STATE_CLOSED] = { "đã đóng", "closed" },
    };
    return state > 0 && state < STATE_END ? table[state] : NONE;
}

struct words apology_words(enum apology apology)
{
    static const struct words table[APOLOGY_END] = {
        [APOLOGY_ASKED] = { "chờ ký phiếu xin lỗi", "waiting for a signature" },
        [APOLOGY_BRAKED] = { "bị hãm: quá nhiều yêu cầu trong một giờ, chờ người cho đi",
                             "braked: too many requests in an hour, a person lets them go" },
        [APOLOGY_UNDETERMINED] = { "chưa xác định: nơi giữ hồ sơ mất liên lạc",
                                   "undetermined: nothing is heard of its holder" },
        [APOLOGY_NOT_ASKED] = { "không yêu cầu xin lỗi được", "no apology could be asked for" },
        [APOLOGY_SIGNED] = { "đã xin lỗi và hẹn lại", "apologised, with a new date" },
        [APOLOGY_CANCELLED] = { "không phải xin lỗi: kịp hạn", "none is owed: it was in time" },
    };
    return apology > 0 && apology < APOLOGY_END ? table[apology] : NONE;
}

struct words unasked_words(enum unasked unasked)
{
    static const struct words table[UNASKED_END] = {
        [0] = { "", "" },
        [UNASKED_NO_HOLDER] = { "không cơ quan nào khác đang giữ hồ sơ", "no other agency holds it" },
        [UNASKED_UNDELIVERED] = { "hồ sơ chưa tới nơi xử lý", "it has not reached its holder" },
        [UNASKED_NOT_PERMITTED] = { "danh bạ không cho phép gửi APOLOGY tới nơi xử lý",
                                    "no permit lets APOLOGY be sent to its holder" },
        [UNASKED_NO_AGENCY] = { "một trong hai cơ quan không còn trong danh bạ",
                                "one of the two agencies is no longer in the directory" },
        [UNASKED_OVER] = { "đã kết thúc trước khi kịp yêu cầu", "it had ended before it could be asked for" },
        [UNASKED_FAILED] = { "yêu cầu không giao được", "the request could not be delivered" },
        [UNASKED_REFUSED] = { "không tạo được yêu cầu; xem lịch sử", "the request could not be made; see the history" },
    };
    return unasked < UNASKED_END ? table[unasked] : NONE;
}

struct words verdict_words(enum verdict verdict)
{
    static const struct words table[VERDICT_END] = {
        [VERDICT_DELIVERED] = { "đã nhận", "it took it" },
        [VERDICT_ALREADY_THERE] = { "đã có từ trước", "it had it already" },
        [VERDICT_OVERTAKEN] = { "đã xử lý qua bước này", "it is past this" },
        [VERDICT_LATER] = { "chưa làm, hẹn thử lại sau", "it did not act, try later" },
        [VERDICT_PREDECESSOR_MISSING] = { "thiếu một lượt trước của hồ sơ",
                                          "something earlier of the dossier is missing there" },
        [VERDICT_ORPHAN] = { "không biết hồ sơ này", "it does not know the dossier" },
        [VERDICT_BAD_DATA] = { "từ chối dữ liệu", "it refused the data" },
        [VERDICT_MISCONFIGURED] = { "cấu hình của ta sai", "our configuration is wrong" },
        [VERDICT_REFUSED] = { "từ chối về nghiệp vụ", "it said no, as business" },
        [VERDICT_UNSURE] = { "không rõ đã làm hay chưa", "perhaps it acted, not known" },
        [VERDICT_UNKNOWN] = { "trả lời điều chưa có quy tắc nào hiểu", "it answered what no rule knows" },
    };
    return verdict > 0 && verdict < VERDICT_END ? table[verdict] : NONE;
}
