/* explain.c - the chain of why, in plain words.
 *
 * A chain has links: the handoff asked about, the one it waits for (the head of its lane, or an antecedent), the one
 * that waits for, ... The last link is what is really stuck; what would move it is the one action. Each link is a line
 * that says what it is and where, then lines that say why it does not go on.
 */
#include "gateway/core/explain.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/core/admin.h"
#include "gateway/core/flow.h"
#include "gateway/core/lane.h"
#include "gateway/core/restore.h"
#include "gateway/core/seat.h"
#include "gateway/core/status.h"
#include "gateway/core/supplement.h"

enum { LINKS_MAX = 4, LINE_SIZE = 480, TIME_SIZE = CLOCK_TEXT_SIZE, SHOWN_GATES_MAX = 4,
       SHOWN_ASKED_MAX = 4 };

struct story {
    struct step        *step;
    struct admin_reply *reply;
    struct handoff      handoff;        /* of this link */
    bool                first;          /* the handoff asked about */
    char                sender[AGENCY_CODE_SIZE], recipient[AGENCY_CODE_SIZE], dossier[DOSSIER_CODE_SIZE];
};

/* Both formats take the same arguments. Dropped when ADVICE_MAX are there, an action never. */
static void say(struct story *story, bool action, const char *vi, const char *en, ...)
    __attribute__((format(printf, 3, 5), format(printf, 4, 5)));
static void say(struct story *story, bool action, const char *vi, const char *en, ...)
{
    char line_vi[LINE_SIZE], line_en[LINE_SIZE];
    struct text text_vi = text_of(line_vi, sizeof line_vi), text_en = text_of(line_en, sizeof line_en);
    struct admin_reply *reply = story->reply;
    va_list arguments, again;

    va_start(arguments, en);
    va_copy(again, arguments);
    text_add_v(&text_vi, vi, arguments);
    text_add_v(&text_en, en, again);
    va_end(again);
    va_end(arguments);
    if (reply->advice_count + !action >= ADVICE_MAX)
        return;
    struct advice *advice = &reply->advice[reply->advice_count++];
    advice->vi = effects_text(story->step->effects, line_vi);
    advice->en = effects_text(story->step->effects, line_en);
    advice->action = action;
}

static const char *at(int64_t time_ms, char text[TIME_SIZE])
{
    clock_text_local(time_ms, text);
    return text;
}

/* ---- what history says */

/* The newest event that brought it where it is. False: none. */
static bool last_move(struct story *story, struct event *ret_event, char ret_detail[REASON_BYTES_MAX + 1])
{
    uint64_t seq = story->handoff.last_event;
    for (int i = 0; i < 16 && turn_event(story->step->turn, seq, ret_event); i++, seq = ret_event->previous) {
        if (ret_event->from == ret_event->to)
            continue;
        turn_detail(story->step->turn, ret_event->seq, ret_detail);
        return true;
    }
    *ret_event = (struct event){ 0 };
    ret_detail[0] = 0;
    return false;
}

static const char *who(struct story *story, const struct event *event, char name[AGENCY_CODE_SIZE])
{
    struct text text = text_of(name, AGENCY_CODE_SIZE);
    if (event->actor_uid)
        text_add(&text, "uid:%" PRIu32, event->actor_uid - 1);
    else if (!turn_agency_code(story->step->turn, event->actor_agency, name))
        text_add(&text, "gateway");
    return name;
}

/* ": words" where there are any. */
static const char *colon(const char *detail, char words[REASON_BYTES_MAX + 4])
{
    struct text text = text_of(words, REASON_BYTES_MAX + 4);
    if (detail[0])
        text_add(&text, ": %s", detail);
    return words;
}

static void say_where(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    struct words state = state_words(handoff->state);
    char since[TIME_SIZE], vi[160], en[160];
    struct text text = text_of(vi, sizeof vi);

    at(handoff->changed_ms, since);
    text_add(&text, "%s (%s) từ %s", state.vi, state_name(handoff->state), since);
    text = text_of(en, sizeof en);
    text_add(&text, "%s (%s) since %s", state.en, state_name(handoff->state), since);
    say(story, false, "Lượt %" PRIu64 " (%s, hồ sơ %s) từ %s tới %s: %s%.0s.",
        "Handoff %" PRIu64 " (%s, dossier %s) from %s to %s: %.0s%s.", handoff->id, kind_name(handoff->kind),
        story->dossier, story->sender, story->recipient, vi, en);
}

/* ---- the dossier, beside the way of the handoff */

static void say_receipt(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    char since[TIME_SIZE];

    if (handoff->flags & HANDOFF_UNRECEIVED)
        say(story, false, "Đã đến %s từ %s, chưa ai nhận: nơi nhận chưa báo tiếp nhận trong thời hạn.",
            "It is at %s since %s, and nobody has taken it: no business receipt came in time.", story->recipient,
            at(handoff->changed_ms, since));
    else if (handoff->flags & HANDOFF_RECEIVED)
        say(story, false, "%s đã báo tiếp nhận.", "%s has taken it in hand.", story->recipient);
}

/* Of a clock that waits for the citizen say_asked() tells. */
static void say_outside(struct story *story, const struct dossier *dossier)
{
    char since[TIME_SIZE];

    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (dossier->pauses[i].branch == BRANCH_OUTSIDE && !dossier->pauses[i].to_ms)
            say(story, false, "Đồng hồ của hồ sơ đứng từ %s: việc đang làm nằm ngoài thời hạn của thủ tục.",
                "The dossier's clock stands since %s: what is at work lies outside the procedure's time.",
                at(dossier->pauses[i].from_ms, since));
}

static void say_due(struct story *story, const struct dossier *dossier)
{
    static const struct words sources[DUE_SOURCE_END] = {
        [0] = { "", "" }, [DUE_ONE_STOP] = { "do một cửa ghi", "stated by the one-stop" },
        [DUE_AGENCY] = { "do cơ quan có thẩm quyền ghi", "stated by an agency that may move it" },
        [DUE_COMPUTED] = { "do cổng tính", "computed" },
        [DUE_PROVISIONAL] = { "tạm tính, thiếu lịch năm", "provisional, a calendar is missing" },
    };
    char due[TIME_SIZE], computed[TIME_SIZE];

    if (!dossier->due_ms)
        return;
    say(story, false, "Hẹn trả %s (%s%.0s).", "Due %s (%.0s%s).", at(dossier->due_ms, due),
        sources[dossier->due_source].vi, sources[dossier->due_source].en);
    if (dossier->computed_ms && dossier->computed_ms != dossier->due_ms)
        say(story, false, "Theo quy định thì cổng tính ra %s.", "By its rule the gateway makes it %s.",
            at(dossier->computed_ms, computed));
    say_outside(story, dossier);
}

/* Of the dossier's open requests, or the one that the handoff itself is. */
static void say_asked(struct story *story)
{
    char asked_at[TIME_SIZE], by[TIME_SIZE] = "-", code[AGENCY_CODE_SIZE] = "?";
    struct asked asked;
    uint64_t at_request = 0;

    for (int shown = 0; shown < SHOWN_ASKED_MAX &&
                        turn_asked_next(story->step->turn, story->handoff.dossier, at_request, &asked);) {
        at_request = asked.request;
        if (asked.state != ASKING_OPEN)
            continue;
        shown++;
        (void)turn_agency_code(story->step->turn, asked.agency, code);
        bool papers = asked.kind == KIND_SUPPLEMENT_REQUEST;
        say(story, false, "Chờ người dân %s%.0s: yêu cầu %" PRIu64 " của %s lúc %s, hạn trả lời %s%s%.0s.",
            "Waits for the citizen %.0s%s: request %" PRIu64 " of %s at %s, answer by %s%.0s%s.",
            papers ? "bổ sung giấy tờ" : "nộp tiền", papers ? "to bring papers" : "to pay", asked.request, code,
            at(asked.asked_ms, asked_at), asked.answer_by_ms ? at(asked.answer_by_ms, by) : "-",
            supplement_proposes_stop(&asked) ? "; quá hạn: đề nghị dừng giải quyết, cơ quan hỏi quyết định" : "",
            supplement_proposes_stop(&asked) ? "; overdue: it is proposed to stop, whoever asked decides" : "");
    }
}

static bool clock_stands(const struct dossier *dossier)
{
    for (uint32_t i = 0; i < dossier->pause_count; i++)
        if (!dossier->pauses[i].to_ms)
            return true;
    return false;
}

static void say_ending(struct story *story, const struct ending *ending, const struct dossier *dossier)
{
    char ended[TIME_SIZE], due[TIME_SIZE];
    bool late = ending->ended_ms > dossier->due_ms;

    at(ending->ended_ms, ended);
    at(dossier->due_ms, due);
    if (ending->ended && dossier->due_ms)
        say(story, false, "Kết thúc lúc %s theo nguồn, hẹn trả %s: %s%.0s.",
            "The work ended at %s by its source, due %s: %.0s%s.", ended, due, late ? "trễ hạn" : "trong hạn",
            late ? "late" : "in time");
    else if (dossier->due_ms && story->step->now_ms > dossier->due_ms && !clock_stands(dossier))
        say(story, false, "Đã quá ngày hẹn trả.", "It is past its due date.");
}

/* How the dossier comes out, and what its citizen is told. */
static void say_late(struct story *story, const struct dossier *dossier)
{
    struct words what, why;
    struct ending ending;
    char promised[TIME_SIZE];

    if (!turn_ending(story->step->turn, dossier->id, &ending))
        return;
    say_ending(story, &ending, dossier);
    if (!ending.apology)
        return;
    what = apology_words(ending.apology);
    why = unasked_words(ending.unasked);
    say(story, false, "Phiếu xin lỗi: %s%.0s%s%s%.0s.", "The apology: %.0s%s%s%.0s%s.", what.vi, what.en,
        ending.unasked ? ": " : "", why.vi, why.en);
    if (ending.apologies)
        say(story, false, "Hẹn lại %s, do %s ký.", "Put off to %s, signed by %s.", at(ending.promised_ms, promised),
            ending.signer);
    if (ending.apology == APOLOGY_BRAKED)
        say(story, false, "Cho đi: lienthong late release --agency CƠ-QUAN --reason ...",
            "To let it go: lienthong late release --agency AGENCY --reason ...");
    if (ending.apology == APOLOGY_ASKED && !ending.ended)
        say(story, false, "Cơ quan gửi APOLOGY đã ký, hoặc: lienthong sign %s --due ... --reason-code ... --signer ...",
            "Its holder sends a signed APOLOGY, or: lienthong sign %s --due ... --reason-code ... --signer ...",
            story->dossier);
}

static void say_dossier(struct story *story)
{
    char since[TIME_SIZE], by[AGENCY_CODE_SIZE] = "?", owner[AGENCY_CODE_SIZE] = "";
    struct dossier dossier;

    say_receipt(story);
    if (!turn_dossier(story->step->turn, story->handoff.dossier, &dossier))
        return;
    (void)turn_agency_code(story->step->turn, dossier.line.by, by);
    (void)turn_agency_code(story->step->turn, dossier.owner, owner);
    if (dossier.line.status)
        say(story, false, "Hồ sơ: %s%.0s (%d) từ %s, theo %s%s%.0s.", "Dossier: %.0s%s (%d) since %s, says %s%.0s%s.",
            status_vi(dossier.line.status), status_en(dossier.line.status), (int)dossier.line.status,
            at(dossier.line.source_ms, since), by, dossier.line.gap ? "; bước ở giữa không báo cáo" : "",
            dossier.line.gap ? "; steps between were not reported" : "");
    if (owner[0])
        say(story, false, "Đang thụ lý: %s.", "The stage is with %s.", owner);
    say_due(story, &dossier);
    say_asked(story);
    say_late(story, &dossier);
}

/* ---- one function per state; each returns the handoff that it waits for, or 0 when it has named the action */

static uint64_t say_on_hold(struct story *story)
{
    struct event event;
    char detail[REASON_BYTES_MAX + 1], words[REASON_BYTES_MAX + 4], name[AGENCY_CODE_SIZE], since[TIME_SIZE];

    (void)last_move(story, &event, detail);
    say(story, false, "Bị tạm giữ bởi %s từ %s%s.", "Put on hold by %s at %s%s.", who(story, &event, name),
        at(event.at_ms, since), colon(detail, words));
    say(story, true, "Thả nó: lienthong release %" PRIu64 " --reason ...",
        "Release it: lienthong release %" PRIu64 " --reason ...", story->handoff.id);
    return 0;
}

/* One antecedent that is not done. Returns its handoff when that is the one to look at next. */
static uint64_t say_gate(struct story *story, const struct uuid *message_id, const struct antecedent *antecedent,
                         struct flow_words *ret_words)
{
    struct turn *turn = story->step->turn;
    char name[UUID_TEXT_SIZE], code[AGENCY_CODE_SIZE] = "?", since[TIME_SIZE];
    struct handoff other;
    uint64_t id = antecedent->handoff;
    struct flow_words words;

    if (flow_explain(story->step, &story->handoff, message_id, antecedent, &words)) {
        say(story, false, "%s%.0s", "%.0s%s", words.vi, words.en);
        *ret_words = words;
        return 0;
    }
    uuid_text(message_id, name);
    if (!id && !turn_dedupe(turn, story->handoff.sender, message_id, &id))
        id = 0;
    if (!id || !turn_handoff(turn, id, &other)) {
        say(story, false, "Chờ một lượt mà %s chưa gửi (message id %s).",
            "Waits for a handoff that %s has not sent yet (message id %s).", story->sender, name);
        return 0;
    }
    (void)turn_agency_code(turn, other.recipient, code);
    at(other.changed_ms, since);
    if (antecedent->until == UNTIL_DELIVERED)
        say(story, false, "Chờ lượt %" PRIu64 " tới %s được giao; lượt đó đang %s từ %s.",
            "Waits for handoff %" PRIu64 " to %s to be delivered; that one is %s since %s.", id, code,
            state_name(other.state), since);
    else
        say(story, false, "Chờ kết quả (RESULT) của lượt %" PRIu64 " tới %s; lượt đó đang %s từ %s.",
            "Waits for the RESULT of handoff %" PRIu64 " to %s; that one is %s since %s.", id, code,
            state_name(other.state), since);
    return id;
}

/* The result is the other agency's to send: nothing in the gateway is stuck. */
static void say_result_due(struct story *story, uint64_t antecedent)
{
    struct handoff other;
    char code[AGENCY_CODE_SIZE] = "?";

    must(turn_handoff(story->step->turn, antecedent, &other));
    (void)turn_agency_code(story->step->turn, other.recipient, code);
    say(story, true,
        "Hỏi %s bao giờ trả kết quả của lượt %" PRIu64
        "; nếu không cần chờ: lienthong release %" PRIu64 " --reason ...",
        "Ask %s when it will send the result of handoff %" PRIu64
        "; if it need not be waited for: lienthong release %" PRIu64 " --reason ...", code, antecedent,
        story->handoff.id);
}

static uint64_t say_gates(struct story *story)
{
    struct turn *turn = story->step->turn;
    uint64_t first = 0, id;
    struct antecedent antecedent;
    struct uuid message_id;
    struct handoff other;
    char until[TIME_SIZE];
    struct flow_words words = { .vi = "" };
    int shown = 0;

    for (bool found = turn_antecedent_next(turn, story->handoff.id, NULL, &message_id, &antecedent);
         found && shown < SHOWN_GATES_MAX;
         found = turn_antecedent_next(turn, story->handoff.id, &message_id, &message_id, &antecedent)) {
        if (antecedent.done_by)
            continue;
        id = say_gate(story, &message_id, &antecedent, &words);
        first = first ? first : id;
        shown++;
    }
    if (story->handoff.timer_ms)
        say(story, false, "Nếu đến %s vẫn thiếu, lượt này sẽ hỏng (PREDECESSOR).",
            "If something is still missing at %s, it fails (PREDECESSOR).", at(story->handoff.timer_ms, until));
    if (first && turn_handoff(turn, first, &other) && other.state != STATE_DELIVERED)
        return first;
    if (words.do_vi[0])
        say(story, true, "%s%.0s", "%.0s%s", words.do_vi, words.do_en);
    else if (first)
        say_result_due(story, first);
    else
        say(story, true, "%s gửi lượt còn thiếu; nếu không cần chờ: lienthong release %" PRIu64 " --reason ...",
            "%s sends the missing handoff; if it need not be waited for: lienthong release %" PRIu64 " --reason ...",
            story->sender, story->handoff.id);
    return 0;
}

/* True: nobody of that code exists now. */
static bool say_gone(struct story *story)
{
    const struct tables *tables = story->step->core->tables;
    const struct agency *agency = tables_agency(tables, story->recipient);
    int64_t now_ms = story->step->now_ms;

    if (agency && tables_agency_exists(agency, now_ms))
        return false;
    const struct agency *successor = seat_taken_by(story->step, story->handoff.recipient, &story->handoff);
    if (successor) {
        say(story, false, "Cơ quan %s đã có cơ quan kế nhiệm là %s: hồ sơ sẽ tới đó khi sẵn sàng gửi.",
            "Agency %s has been succeeded by %s: the handoff goes there as soon as it is ready.", story->recipient,
            successor->code);
        if (story->handoff.state != STATE_READY)
            return false;
        say(story, true, "Không cần làm gì: cổng tự chuyển.", "Nothing to do: the gateway sees to it.");
        return true;
    }
    say(story, false, "Cơ quan %s không còn trong danh bạ vào lúc này.",
        "Agency %s is not in the directory at this time.", story->recipient);
    say(story, true, "Chuyển sang cơ quan khác: lienthong redirect %" PRIu64 " --to ... --reason ...",
        "Give it to another agency: lienthong redirect %" PRIu64 " --to ... --reason ...", story->handoff.id);
    return true;
}

/* True: its agency is gone or stopped, and that was said with what to do. */
static bool say_agency(struct story *story)
{
    struct agency_state state;
    char since[TIME_SIZE];

    if (restore_is_held(story->step->turn)) {
        say(story, false, "Cổng đang được giữ sau khi phục hồi từ bản sao lưu: không nhận, không giao gì.",
            "The gateway is held after a restore from a backup: nothing is taken in or given out.");
        say(story, true, "Khi đã kiểm tra xong, cho chạy lại: lienthong release gateway --reason ...",
            "Once all has been checked, let it go on: lienthong release gateway --reason ...");
        return true;
    }
    if (say_gone(story))
        return true;
    turn_agency_state(story->step->turn, story->handoff.recipient, &state);
    if (!state.paused && !state.on_hold)
        return false;
    at(state.since_ms, since);
    if (state.paused) {
        say(story, false, "Cơ quan %s bị tạm dừng từ %s vì cấu hình sai: %s",
            "Agency %s is paused since %s because of a wrong configuration: %s", story->recipient, since, state.reason);
        say(story, true, "Sửa cấu hình hoặc tài khoản của %s, rồi: lienthong release %s --reason ...",
            "Mend the configuration or login of %s, then: lienthong release %s --reason ...", story->recipient,
            story->recipient);
    } else {
        say(story, false, "Cơ quan %s bị người vận hành tạm giữ từ %s: %s",
            "Agency %s is on hold by an operator since %s: %s", story->recipient, since, state.reason);
        say(story, true, "Cho chạy lại: lienthong release %s --reason ...",
            "Let it go on: lienthong release %s --reason ...", story->recipient);
    }
    return true;
}

static uint64_t say_ready(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    struct handoff head;

    must(lane_head(story->step, handoff->dossier, handoff->addressed, &head));
    if (head.id != handoff->id) {
        say(story, false, "Đứng sau lượt %" PRIu64 " của cùng hồ sơ, lượt đó đang %s.",
            "Stands behind handoff %" PRIu64 " of the same dossier, which is %s.", head.id, state_name(head.state));
        return head.id;
    }
    if (say_agency(story))
        return 0;
    say(story, false,
        "Đứng đầu hàng của hồ sơ, chờ bộ kết nối của %s nhận; %s có %" PRIu64 " lượt sẵn sàng, kể cả lượt này.",
        "First in its lane, waits for the adapter of %s to take it; %s has %" PRIu64 " that are ready, with this one.",
        story->recipient, story->recipient, turn_count(story->step->turn, handoff->recipient, STATE_READY));
    say(story, true, "Không cần làm gì nếu bộ kết nối đang chạy: lienthong agencies cho biết.",
        "Nothing to do while the adapter is connected: see lienthong agencies.");
    story->reply->explained_waits = true;
    return 0;
}

static uint64_t say_waiting(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    const struct agency *agency = handoff_recipient(story->step, handoff);
    struct words verdict = verdict_words(handoff->verdict);
    char until[TIME_SIZE], words[REASON_BYTES_MAX + 4], detail[REASON_BYTES_MAX + 1];
    struct event event;

    (void)last_move(story, &event, detail);
    say(story, false, "Lần thử %" PRIu32 ": %s%.0s (%s)%s; đã tính %" PRIu32 " trên %" PRIu32 " lần.",
        "Attempt %" PRIu32 ": %.0s%s (%s)%s; %" PRIu32 " of %" PRIu32 " attempts are used.", handoff->attempt,
        verdict.vi, verdict.en, verdict_name(handoff->verdict), colon(detail, words), handoff->charged,
        agency->attempts_max);
    if (say_agency(story))
        return 0;
    say(story, true, "Sẽ tự gửi lại sau %s; gửi ngay: lienthong replay %" PRIu64 " --reason ...",
        "It will be sent again by itself after %s; at once: lienthong replay %" PRIu64 " --reason ...",
        at(handoff->timer_ms, until), handoff->id);
    return 0;
}

static uint64_t say_offered(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    char since[TIME_SIZE], until[TIME_SIZE];

    say(story, false, "Lần thử %" PRIu32 " đang ở phiên %" PRIu64 " của %s từ %s, hạn trả lời %s.",
        "Attempt %" PRIu32 " is with session %" PRIu64 " of %s since %s, its lease ends at %s.", handoff->attempt,
        handoff->session, story->recipient, at(handoff->offered_ms, since), at(handoff->timer_ms, until));
    say(story, true, "Đợi: quá hạn đó thì cổng tự thu lại.", "Wait: after that the gateway takes it back by itself.");
    return 0;
}

static uint64_t say_unsure(struct story *story)
{
    char detail[REASON_BYTES_MAX + 1], words[REASON_BYTES_MAX + 4], when[TIME_SIZE];
    struct event event;

    (void)last_move(story, &event, detail);
    if (event.cause == CAUSE_RESTORED)
        say(story, false, "Từ khi phục hồi kho lúc %s không rõ %s đã nhận nó chưa%s.",
            "Since the restore at %s nobody knows whether %s has it%s.", at(event.at_ms, when), story->recipient,
            colon(detail, words));
    else
        say(story, false, "Lần thử %" PRIu32 " kết thúc lúc %s mà không rõ %s đã xử lý chưa (%s)%s.",
            "Attempt %" PRIu32 " ended at %s without anybody knowing whether %s acted (%s)%s.",
            story->handoff.attempt, at(event.at_ms, when), story->recipient, cause_name(event.cause),
            colon(detail, words));
    if (handoff_recipient(story->step, &story->handoff)->agency_class == CLASS_NEITHER)
        say(story, false,
            "Cơ quan này không nhận khóa chống trùng và không hỏi lại được, nên cổng không tự gửi lần hai.",
            "This agency takes no idempotency key and cannot be asked: the gateway never sends twice by itself.");
    say(story, true,
        "Hỏi %s đã có hồ sơ %s chưa. Chưa có: lienthong replay %" PRIu64 ". Đã có: lienthong close %" PRIu64
        " (ghi số của họ vào lý do).",
        "Ask %s whether it has dossier %s. It has not: lienthong replay %" PRIu64 ". It has: lienthong close %" PRIu64
        " (with its number as the reason).", story->recipient, story->dossier, story->handoff.id, story->handoff.id);
    return 0;
}

static uint64_t say_failed(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    struct words meaning = fail_class_meaning(handoff->fail_class), next = fail_class_next(handoff->fail_class);
    char detail[REASON_BYTES_MAX + 1], words[REASON_BYTES_MAX + 4];
    struct event event;

    (void)last_move(story, &event, detail);
    say(story, false, "Hỏng vì %s%.0s (%s)%s", "Failed because %.0s%s (%s)%s", meaning.vi, meaning.en,
        fail_class_name(handoff->fail_class), colon(detail, words));
    if (event.verdict)
        say(story, false, "Câu trả lời cuối của %s, lần thử %" PRIu32 ": %s%.0s (%s).",
            "The last answer of %s, to attempt %" PRIu32 ": %.0s%s (%s).", story->recipient, event.attempt,
            verdict_words(event.verdict).vi, verdict_words(event.verdict).en, verdict_name(event.verdict));
    if (handoff->fail_class == FAIL_EXHAUSTED || handoff->fail_class == FAIL_ADAPTER)
        say(story, false, "Số lần thử đã tính: %" PRIu32 "; số lần bộ kết nối im lặng: %" PRIu32 ".",
            "Attempts used: %" PRIu32 "; times that the adapter went silent: %" PRIu32 ".", handoff->charged,
            handoff->lapses);
    say(story, true, "%s%.0s", "%.0s%s", next.vi, next.en);
    return 0;
}

static uint64_t say_ended(struct story *story)
{
    const struct handoff *handoff = &story->handoff;
    char detail[REASON_BYTES_MAX + 1], words[REASON_BYTES_MAX + 4], name[AGENCY_CODE_SIZE], when[TIME_SIZE];
    struct event event;

    (void)last_move(story, &event, detail);
    say(story, false, "Kết thúc lúc %s (%s, bởi %s)%s", "Ended at %s (%s, by %s)%s", at(event.at_ms, when),
        cause_name(event.cause), who(story, &event, name), colon(detail, words));
    if (handoff->answer)
        say(story, false, "Trả lời nghiệp vụ của %s: %s.", "The business answer of %s: %s.", story->recipient,
            answer_name(handoff->answer));
    if (handoff->agency_ref[0])
        say(story, false, "Số của %s: %s.", "The number at %s: %s.", story->recipient, handoff->agency_ref);
    if (handoff->child)
        say(story, true, "Xem tiếp lượt đã thay nó: lienthong explain %" PRIu64,
            "Go on with the one that took over: lienthong explain %" PRIu64, handoff->child);
    else
        say(story, true, "Không cần làm gì: đã kết thúc.", "Nothing to do: it has ended.");
    return 0;
}

static uint64_t say_link(struct story *story)
{
    say_where(story);
    if (story->first)
        say_dossier(story);
    switch (story->handoff.state) {
    case STATE_HELD:
        return story->handoff.flags & HANDOFF_ON_HOLD ? say_on_hold(story) : say_gates(story);
    case STATE_READY:       return say_ready(story);
    case STATE_OFFERED:     return say_offered(story);
    case STATE_WAITING:     return say_waiting(story);
    case STATE_UNSURE:      return say_unsure(story);
    case STATE_FAILED:      return say_failed(story);
    case STATE_DELIVERED:
    case STATE_CLOSED:      return say_ended(story);
    case STATE_END:         break;
    }
    must(!"a handoff in no state");
}

/* The names that its sentences use. */
static void open_link(struct story *story)
{
    struct turn *turn = story->step->turn;
    must(turn_agency_code(turn, story->handoff.sender, story->sender));
    must(turn_agency_code(turn, story->handoff.recipient, story->recipient));
    must(turn_dossier_code(turn, story->handoff.dossier, story->dossier));
}

void explain(struct step *step, struct admin_reply *reply)
{
    struct story story = { .step = step, .reply = reply };
    uint64_t next;

    if (!admin_handoff(step, reply, &story.handoff))
        return;
    for (int link = 1;; link++) {
        open_link(&story);
        story.first = link == 1;
        reply->explained_agency = story.handoff.recipient;
        next = say_link(&story);
        if (!next)
            return;
        if (link == LINKS_MAX || !turn_handoff(step->turn, next, &story.handoff))
            break;
    }
    say(&story, true, "Xem tiếp: lienthong explain %" PRIu64, "Go on from there: lienthong explain %" PRIu64, next);
}
