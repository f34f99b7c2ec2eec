/* check_supplement.c - what citizens are asked for: each request against its handoff, its dossier, its timer and the
 * list of the open ones, and back. */
#include "gateway/store/check.h"

static void fault(struct check *check, uint64_t request, const char *vi, const char *en)
{
    check_fault(check, vi, en, "asked by handoff %" PRIu64, request);
}

/* By the request alone: its handoff knows the dossier. */
static bool find(struct check *check, uint64_t request, struct asked *ret_asked)
{
    struct key key = key_empty();
    struct handoff handoff;
    struct span value;

    if (!check_handoff(check, request, &handoff))
        return false;
    key_u64(&key, handoff.dossier);
    key_u64(&key, request);
    return check_get(check, TABLE_ASKED, &key, &value) && asked_parse(value, ret_asked);
}

/* Among the open ones; without a time to answer by it is the last. */
static int64_t place_of(const struct asked *asked)
{
    return asked->answer_by_ms ? asked->answer_by_ms : INT64_MAX;
}

static bool agrees(struct check *check, const struct asked *asked)
{
    struct handoff handoff, ended_by;
    struct dossier dossier;
    struct key key = key_empty();
    struct span value;

    key_u64(&key, asked->dossier);
    return check_handoff(check, asked->request, &handoff) && handoff.dossier == asked->dossier &&
           handoff.kind == asked->kind && check_agency(check, asked->agency) &&
           check_get(check, TABLE_DOSSIER_STATE, &key, &value) && dossier_parse(value, &dossier) &&
           (asked->branch == ASKED_NO_BRANCH || asked->branch < dossier.branch_count) &&
           (!asked->ended_by || (check_handoff(check, asked->ended_by, &ended_by) &&
                                 ended_by.dossier == asked->dossier));
}

static void row_asked(struct check *check, struct span key, struct span value)
{
    struct key open = key_empty(), timer = key_empty();
    struct asked asked;

    must(asked_parse(value, &asked));
    asked.dossier = key_read_u64(key, 0);
    asked.request = key_read_u64(key, 8);
    if (!agrees(check, &asked))
        fault(check, asked.request, "không khớp lượt giao–nhận hoặc hồ sơ của nó",
              "does not agree with its handoff or its dossier");
    key_i64(&open, place_of(&asked));
    key_u64(&open, asked.request);
    if ((asked.state == ASKING_OPEN) != !asked.ended_ms)
        fault(check, asked.request, "đã kết thúc mà không ghi lúc nào, hoặc ngược lại",
              "has ended without a time, or the other way round");
    if (asked.state == ASKING_OPEN && !check_is_there(check, TABLE_ASKED_OPEN, &open))
        fault(check, asked.request, "không có trong danh sách đang chờ", "is not in the list of the open ones");
    struct key year = key_empty();
    key_u32(&year, asked.unknown_year);
    key_u64(&year, asked.request);
    if (asked.state == ASKING_OPEN && asked.unknown_year && !check_is_there(check, TABLE_ASKED_PROVISIONAL, &year))
        fault(check, asked.request, "hạn tạm tính mà không chờ lịch năm",
              "has a provisional time and does not wait for the calendar");
    key_i64(&timer, asked.timer_ms);
    key_u8(&timer, TIMER_ASKED);
    key_u64(&timer, asked.request);
    if (asked.timer_ms && !check_is_there(check, TABLE_TIMER, &timer))
        fault(check, asked.request, "thiếu dòng hẹn giờ", "has no timer row");
}

static void row_open(struct check *check, struct span key, struct span value)
{
    struct asked asked;
    (void)value;
    if (!find(check, key_read_u64(key, 8), &asked) || asked.state != ASKING_OPEN ||
        place_of(&asked) != key_read_i64(key, 0))
        fault(check, key_read_u64(key, 8), "có trong danh sách đang chờ mà không chờ",
              "stands in the list of the open ones and is none");
}

static void row_provisional(struct check *check, struct span key, struct span value)
{
    struct asked asked;
    (void)value;
    if (!find(check, key_read_u64(key, 4), &asked) || asked.state != ASKING_OPEN ||
        asked.unknown_year != key_read_u32(key, 0))
        fault(check, key_read_u64(key, 4), "chờ lịch của một năm mà không cần",
              "waits for the calendar of a year and does not need it");
}

static void row_timer(struct check *check, struct span key, struct span value)
{
    struct asked asked;
    (void)value;
    if (key.bytes[8] == TIMER_ASKED &&
        (!find(check, key_read_u64(key, 9), &asked) || asked.timer_ms != key_read_i64(key, 0)))
        fault(check, key_read_u64(key, 9), "dòng hẹn giờ không khớp", "has a timer row that it does not know of");
}

void check_asked(struct check *check)
{
    check_walk(check, TABLE_ASKED, row_asked);
    check_walk(check, TABLE_ASKED_OPEN, row_open);
    check_walk(check, TABLE_ASKED_PROVISIONAL, row_provisional);
    check_walk(check, TABLE_TIMER, row_timer);
}
