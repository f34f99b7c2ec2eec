/* admin.c - what only the broker's memory knows, added to the core's answers to operators: sessions, credit, breakers,
 * clocks, room. And the one thing an operator starts that is not on disk: the pause of the sweep during a backup. */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "gateway/base/clock.h"
#include "gateway/base/version.h"
#include "gateway/broker/broker.h"

static const char *lend(struct broker *broker, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_take(&broker->words, size);
    if (!copy)
        return "";
    memcpy(copy, text, size);
    return copy;
}

__attribute__((format(printf, 4, 5)))
static void fact(struct broker *broker, struct admin_reply *reply, const char *name, const char *format, ...)
{
    char value[256];
    struct text text = text_of(value, sizeof value);
    va_list arguments;

    if (reply->fact_count == FACTS_MAX)
        return;
    va_start(arguments, format);
    text_add_v(&text, format, arguments);
    va_end(arguments);
    reply->facts[reply->fact_count++] = (struct fact){ .name = name, .value = lend(broker, value) };
}

/* ---- status */

static uint32_t breakers_open(const struct broker *broker)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < broker->offers.count; i++)
        open += broker->offers.recipients[i].breaker.state != BREAKER_CLOSED;
    return open;
}

static void status(struct broker *broker, struct admin_reply *reply)
{
    char time[CLOCK_TEXT_SIZE];
    struct statvfs disk;
    struct store_reader reader;

    clock_text(broker->started_ms, time);
    fact(broker, reply, "version", "%s", LIENTHONG_VERSION);
    fact(broker, reply, "started", "%s", time);
    fact(broker, reply, "public_key", "%s", broker->bus.public_text);
    fact(broker, reply, "sessions", "%" PRIu32, broker->sessions.count);
    fact(broker, reply, "deliveries_open", "%" PRIu32, broker->offers.opens_count);
    fact(broker, reply, "breakers_open", "%" PRIu32, breakers_open(broker));
    fact(broker, reply, "clock", "%s", time_alarm_name(broker->time.alarm));
    fact(broker, reply, "clock_apart_ms", "%" PRId64, broker->time.apart_ms);
    fact(broker, reply, "statutory_brake", "%s", broker->time.brake ? "true" : "false");
    fact(broker, reply, "store_bytes", "%" PRIu64, store_bytes(broker->store));
    fact(broker, reply, "store_bytes_max", "%" PRId64, broker->options.store_bytes_max);
    if (statvfs(broker->options.store_folder, &disk) == 0)
        fact(broker, reply, "disk_free_bytes", "%" PRIu64, (uint64_t)disk.f_bavail * disk.f_frsize);
    if (store_oldest_reader(broker->store, &reader))
        fact(broker, reply, "oldest_reader", "pid %ld, %" PRIu64 " commits behind", reader.pid, reader.behind);
    fact(broker, reply, "intake", "%s", broker->intake_why ? broker->intake_why : "open");
    fact(broker, reply, "backup", "%s", broker->backup_until_ms ? "running" : "none");
    fact(broker, reply, "keys_admitted", "%" PRIu64, broker->bus.zap.admitted);
    fact(broker, reply, "keys_refused", "%" PRIu64, broker->bus.zap.refused);
}

/* ---- agencies */

static struct agency_live live(struct broker *broker, uint32_t number)
{
    const struct recipient *recipient = recipient_of(&broker->offers, number);
    struct agency_live found = { .breaker = breaker_state_name(BREAKER_CLOSED) };

    if (!recipient)
        return found;
    found.sessions = recipient_receivers(&broker->offers, recipient);
    found.credit = recipient_credit(&broker->offers, recipient);
    found.in_flight = recipient->in_flight;
    found.breaker = breaker_state_name(recipient->breaker.state);
    found.breaker_until_ms = recipient->breaker.state == BREAKER_OPEN ? recipient->breaker.until_ms : 0;
    return found;
}

/* ---- explain */

/* The core ends with the one thing to do as far as it can see, which is to wait. Ours goes before that, and what is to
 * be done about ours takes its place. */
static void advise(struct broker *broker, struct admin_reply *reply, bool action, const char *vi, const char *en)
{
    struct advice ours = { .vi = lend(broker, vi), .en = lend(broker, en), .action = action }, last = { 0 };
    uint32_t count = reply->advice_count;

    if (count && reply->advice[count - 1].action)
        last = reply->advice[--count];
    if (count + 2 > ADVICE_MAX)
        return;
    reply->advice[count++] = ours;
    if (last.action && !action)
        reply->advice[count++] = last;
    reply->advice_count = count;
}

static void advise_breaker(struct broker *broker, struct admin_reply *reply, const struct agency_live *state)
{
    char vi[200], en[200], time[CLOCK_TEXT_SIZE] = "";
    struct text text_vi = text_of(vi, sizeof vi), text_en = text_of(en, sizeof en);

    clock_text_local(state->breaker_until_ms, time);
    text_add(&text_vi, "Cầu dao của cơ quan đang mở sau nhiều câu trả lời lỗi liên tiếp; lần thử tiếp theo lúc %s.",
             state->breaker_until_ms ? time : "này");
    text_add(&text_en, "The breaker of the agency is open after several bad answers in a row; the next probe is at %s.",
             state->breaker_until_ms ? time : "this moment");
    advise(broker, reply, false, vi, en);
    advise(broker, reply, true, "Kiểm tra hệ thống của cơ quan nhận; khi nó trả lời, cầu dao tự đóng.",
           "Look at the agency's system; once it answers, the breaker closes by itself.");
}

static void advise_clock(struct broker *broker, struct admin_reply *reply)
{
    char vi[400], en[400];
    struct text text_vi = text_of(vi, sizeof vi), text_en = text_of(en, sizeof en);
    long long apart_s = broker->time.apart_ms / 1000;

    if (broker->time.alarm == TIME_AGREES) {
        text_add(&text_vi, "Đồng hồ của máy đã lệch và nay khớp lại.");
        text_add(&text_en, "The machine's clock was apart and agrees again.");
    } else {
        text_add(&text_vi, "Đồng hồ của máy lệch %lld giây so với giờ của cổng.", apart_s);
        text_add(&text_en, "The machine's clock is %lld seconds apart from gateway time.", apart_s);
    }
    text_add(&text_vi, " Việc giao vẫn tiếp tục, nhưng không gì hết hạn cho đến khi có người chỉnh đồng hồ rồi chạy: "
                       "lienthong confirm-clock --reason ...");
    text_add(&text_en, " Delivery goes on, but nothing expires until somebody sets the clock right and runs: "
                       "lienthong confirm-clock --reason ...");
    advise(broker, reply, false, vi, en);
}

static void explain_more(struct broker *broker, struct admin_reply *reply)
{
    struct agency_live state = live(broker, reply->explained_agency);

    if (broker->time.brake)
        advise_clock(broker, reply);
    if (!reply->explained_waits)
        return;
    if (broker->stopping)
        advise(broker, reply, false, "Cổng đang dừng: không chào lượt mới.",
               "The gateway is stopping: nothing new is offered.");
    else if (!state.sessions)
        advise(broker, reply, true, "Không có bộ nối nào của cơ quan nhận đang kết nối: khởi động bộ nối đó.",
               "No adapter of the receiving agency is connected: start it.");
    else if (strcmp(state.breaker, breaker_state_name(BREAKER_CLOSED)) != 0)
        advise_breaker(broker, reply, &state);
    else if (!state.credit)
        advise(broker, reply, false, "Bộ nối của cơ quan đang bận hết mức đã khai; lượt này được chào khi có chỗ.",
               "The agency's adapter is busy up to its credit; this one is offered when a place is free.");
    else
        advise(broker, reply, false, "Đang xếp hàng theo nhịp của cơ quan; sẽ được chào trong các lượt tới.",
               "It stands in line at the agency's pace and is offered in one of the next turns.");
}

/* ---- backup */

static void backup(struct broker *broker, const struct mark *mark)
{
    bool begins = mark->verb == VERB_BACKUP_BEGIN;
    broker->backup_until_ms = begins ? broker->steady_ms + BACKUP_PAUSE_MS : 0;
    if (begins && store_settle(broker->store) != RESULT_OK)         /* what has been said so far is to be in it */
        log_event(LOG_WARN, "backup-begun", "why=%s", log_quoted(store_trouble(broker->store)));
    log_event(LOG_INFO, begins ? "backup-begun" : "backup-ended", "seq=%llu uid=%u",
              (unsigned long long)broker->covered_seq, mark->uid);
}

static void confirm_clock(struct broker *broker)
{
    gateway_time_confirm(&broker->time, clock_wall_ms(), clock_boot_ms());
    log_event(LOG_INFO, "clock", "ms=%lld why=confirmed", (long long)broker->time.apart_ms);
}

void admin_add(struct broker *broker, struct effect *effect, const struct mark *mark)
{
    struct admin_reply *reply = &effect->admin_reply;

    for (uint32_t i = 0; i < reply->agency_count; i++)
        reply->agencies[i].live = live(broker, reply->agencies[i].number);
    if (reply->refused)
        return;
    if (mark->verb == VERB_STATUS)
        status(broker, reply);
    else if (mark->verb == VERB_EXPLAIN)
        explain_more(broker, reply);
    else if (mark->verb == VERB_BACKUP_BEGIN || mark->verb == VERB_BACKUP_END)
        backup(broker, mark);
    else if (mark->verb == VERB_CONFIRM_CLOCK && reply->affected)
        confirm_clock(broker);
    if (mark->verb && verb_infos[mark->verb].acts)
        log_event(LOG_INFO, "operator", "uid=%u count=%llu why=%s", mark->uid, (unsigned long long)reply->affected,
                  verb_infos[mark->verb].name);
}
