#include "gateway/core/status.h"

#include <string.h>

#define TO(number) (1u << (number))
/* The moves that leave nothing out; index 0: nobody has said anything yet. */
static const unsigned ordinary[STATUS_END] = {
    [0]                   = TO(1) | TO(2),
    [STATUS_REGISTERED]   = TO(2) | TO(3) | TO(5) | TO(6) | TO(7),
    [STATUS_ACCEPTED]     = TO(4) | TO(5) | TO(6) | TO(7) | TO(8),
    [STATUS_NOT_ACCEPTED] = TO(1) | TO(2),
    [STATUS_IN_PROCESS]   = TO(5) | TO(6) | TO(7) | TO(8) | TO(9),
    [STATUS_SUPPLEMENT]   = TO(2) | TO(3) | TO(4) | TO(7) | TO(8),
    [STATUS_PAYMENT]      = TO(2) | TO(4) | TO(7) | TO(8) | TO(9),
    [STATUS_WITHDRAWN]    = TO(4),
    [STATUS_STOPPED]      = TO(2) | TO(4),
    [STATUS_DONE]         = TO(4) | TO(10),
    [STATUS_RETURNED]     = TO(4) | TO(9),
};

bool status_is_final(enum status status)
{
    return status == STATUS_NOT_ACCEPTED || status == STATUS_STOPPED || status == STATUS_RETURNED;
}

bool status_is_over(enum status status)
{
    return TO(status) & (TO(3) | TO(7) | TO(8) | TO(9) | TO(10));
}

bool status_is_pause(enum status status)
{
    return status == STATUS_SUPPLEMENT || status == STATUS_PAYMENT;
}

static bool is_older(const struct status_line *next, const struct status_line *current)
{
    if (next->source_ms != current->source_ms)
        return next->source_ms < current->source_ms;
    return next->by == current->by && next->sequence && current->sequence && next->sequence < current->sequence;
}

enum judged status_judge(const struct status_line *current, const struct status_line *next, bool owns,
                            bool recalled)
{
    must(next->status > 0 && next->status < STATUS_END);
    if (!owns)
        return JUDGED_NOT_OWNER;
    if (current->status && is_older(next, current))
        return JUDGED_OLDER;
    if (next->status == current->status)
        return JUDGED_APPLIED;
    if (status_is_final(current->status) && !recalled)
        return JUDGED_FINAL;
    return ordinary[current->status] & TO(next->status) ? JUDGED_APPLIED : JUDGED_GAP;
}

enum status status_join(const struct branch_status *branches, uint32_t count, enum status last)
{
    unsigned seen = 0, ended_at = 0;
    bool all_ended = true;

    for (uint32_t i = 0; i < count; i++) {
        bool ended = branches[i].ended || status_is_over(branches[i].status);
        all_ended = all_ended && ended;
        if (ended)
            ended_at |= TO(branches[i].status);
        else
            seen |= TO(branches[i].status);
    }
    unsigned results = TO(STATUS_DONE) | TO(STATUS_RETURNED);
    if (all_ended)
        return !(ended_at & results) ? last : ended_at == TO(STATUS_RETURNED) ? STATUS_RETURNED : STATUS_DONE;
    if (seen & TO(STATUS_SUPPLEMENT))
        return STATUS_SUPPLEMENT;
    if (seen & TO(STATUS_PAYMENT))
        return STATUS_PAYMENT;
    /* One that is through while others are not, too: the dossier is at work. */
    if (seen & ~(TO(0) | TO(STATUS_REGISTERED) | TO(STATUS_ACCEPTED)) || ended_at & ~TO(0))
        return STATUS_IN_PROCESS;
    if (seen & TO(STATUS_ACCEPTED))
        return STATUS_ACCEPTED;
    return seen & TO(STATUS_REGISTERED) ? STATUS_REGISTERED : last;
}

const struct status_code *status_code_find(const struct status_map *maps, uint32_t count, const struct agency *agency,
                                           int64_t at_ms, const char *code)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct status_map *map = &maps[i];
        if (!selector_matches(&map->from, agency) || (map->from_ms && at_ms < map->from_ms) ||
            (map->to_ms && at_ms >= map->to_ms))
            continue;
        for (uint32_t k = 0; k < map->code_count; k++)
            if (strcmp(map->codes[k].code, code) == 0)
                return &map->codes[k];
    }
    return NULL;
}

/* ---- for people */

static const struct { const char *vi, *en; } statuses[STATUS_END] = {
    [0]                   = { "chưa rõ", "not known yet" },
    [STATUS_REGISTERED]   = { "Mới đăng ký", "newly registered" },
    [STATUS_ACCEPTED]     = { "Được tiếp nhận", "accepted" },
    [STATUS_NOT_ACCEPTED] = { "Không được tiếp nhận", "not accepted" },
    [STATUS_IN_PROCESS]   = { "Đang xử lý", "in process" },
    [STATUS_SUPPLEMENT]   = { "Yêu cầu bổ sung giấy tờ", "a supplement is asked for" },
    [STATUS_PAYMENT]      = { "Yêu cầu thực hiện nghĩa vụ tài chính", "there is something to pay" },
    [STATUS_WITHDRAWN]    = { "Công dân yêu cầu rút hồ sơ", "withdrawn by the citizen" },
    [STATUS_STOPPED]      = { "Dừng xử lý", "stopped" },
    [STATUS_DONE]         = { "Đã xử lý xong", "done" },
    [STATUS_RETURNED]     = { "Đã trả kết quả", "result handed over" },
}, judgings[JUDGED_END] = {
    [0]                   = { "", "" },
    [JUDGED_APPLIED]      = { "đã áp dụng", "applied" },
    [JUDGED_GAP]          = { "đã áp dụng; bước ở giữa không báo cáo", "applied; the steps between were not reported" },
    [JUDGED_OLDER]        = { "giữ lại, không áp dụng: đã có thông tin mới hơn",
                              "kept, not applied: a later one is known" },
    [JUDGED_FINAL]        = { "giữ lại, không áp dụng: hồ sơ đã kết thúc và chưa bị thu hồi (RECALL)",
                              "kept, not applied: the dossier has ended, and no RECALL came" },
    [JUDGED_NOT_OWNER]    = { "giữ lại, không áp dụng: cơ quan khác đang thụ lý",
                              "kept, not applied: another agency owns the stage" },
    [JUDGED_UNKNOWN_CODE] = { "giữ lại, không áp dụng: không bảng nào có mã này",
                              "kept, not applied: no map knows this code" },
    [JUDGED_NO_STATUS]    = { "giữ lại: mã này không phải là trạng thái hồ sơ",
                              "kept: this code is no dossier status" },
};

const char *status_vi(enum status status)
{
    must(status < STATUS_END);
    return statuses[status].vi;
}

const char *status_en(enum status status)
{
    must(status < STATUS_END);
    return statuses[status].en;
}

const char *judged_vi(enum judged judged)
{
    must(judged < JUDGED_END);
    return judgings[judged].vi;
}

const char *judged_en(enum judged judged)
{
    must(judged < JUDGED_END);
    return judgings[judged].en;
}
