#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/client/inside.h"
#include "proto/content.h"

static bool is_empty(const char *string)
{
    return !string || !*string;
}

/* ---- what is wrong with a message, as far as that can be said without the gateway */

#define WRONG(type, field, vi, en) (problem_set(ret_problem, PROBLEM_##type, field, vi, en), false)

static bool check_counts(const Lienthong__V1__Header *header, struct problem *ret_problem)
{
    const Lienthong__V1__Facts *facts = header->facts;

    if (header->n_after > AFTER_MAX)
        return WRONG(TOO_LARGE, "header.after", "Quá nhiều lượt giao–nhận phải chờ.",
                     "Too many handoffs to wait for.");
    if (header->n_attachments > ATTACHMENTS_MAX)
        return WRONG(TOO_LARGE, "header.attachments", "Quá nhiều tệp đính kèm.", "Too many attachments.");
    if (facts && (facts->n_aliases > ALIASES_MAX || facts->n_money > MONEY_MAX || facts->n_components > COMPONENTS_MAX))
        return WRONG(TOO_LARGE, "header.facts", "Quá nhiều mã khác, khoản tiền hoặc thành phần.",
                     "Too many aliases, amounts or components.");
    return true;
}

static bool check_header(const Lienthong__V1__Header *header, struct problem *ret_problem)
{
    struct uuid id;

    if (!header->kind)
        return WRONG(UNKNOWN_KIND, "header.kind", "Thiếu loại lượt giao–nhận.", "The kind is missing.");
    if (is_empty(header->dossier_code) || strlen(header->dossier_code) >= DOSSIER_CODE_SIZE)
        return WRONG(INVALID_FIELD, "header.dossier_code", "Mã hồ sơ để trống hoặc dài hơn 64 byte.",
                     "The dossier code is empty or longer than 64 bytes.");
    if (!frame_uuid(header->message_id, &id) || (uuid_version(&id) != 7 && uuid_version(&id) != 8))
        return WRONG(INVALID_MESSAGE_ID, "header.message_id",
                     "Mã thông điệp phải là UUID phiên bản 7 hoặc 8 (16 byte).",
                     "The message id must be a UUID of version 7 or 8 (16 bytes).");
    return check_counts(header, ret_problem);
}

static bool check_sizes(const struct lienthong *lienthong, size_t header_size, struct span payload,
                        const Lienthong__V1__Cursor *cursor, struct problem *ret_problem)
{
    if (header_size > HEADER_BYTES_MAX)
        return WRONG(TOO_LARGE, "header", "Phần đầu quá lớn.", "The header is too large.");
    if (payload.size > lienthong->body_bytes_max)
        return WRONG(TOO_LARGE, "payload", "Nội dung quá lớn: gửi phần lớn bằng tệp đính kèm.",
                     "The payload is too large: send what is large as an attachment.");
    if (cursor && (is_empty(cursor->name) || strlen(cursor->name) >= CURSOR_NAME_SIZE ||
                   cursor->value.len > CURSOR_VALUE_BYTES_MAX || cursor->expected.len > CURSOR_VALUE_BYTES_MAX))
        return WRONG(INVALID_FIELD, "cursor", "Con trỏ không có tên hoặc quá dài.",
                     "The cursor has no name or is too long.");
    return true;
}

/* ---- a new message */

/* Its ticket when the message here has this content, else 0. */
static uint64_t same_content(struct lienthong *lienthong, struct message *message, const struct hash *content)
{
    Lienthong__V1__Envelope *envelope = NULL;
    uint64_t ticket = 0;

    if (!zmq_msg_size(&message->request.frame) && folder_read(lienthong, message) != RESULT_OK)
        return 0;
    const uint8_t *bytes = zmq_msg_data(&message->request.frame);
    envelope = lienthong__v1__envelope__unpack(NULL, zmq_msg_size(&message->request.frame) - 1, bytes + 1);
    if (envelope && envelope->body_case == LIENTHONG__V1__ENVELOPE__BODY_SUBMIT) {
        Lienthong__V1__Header *header = frame_read_header(frame_span(envelope->submit->header));
        if (header) {
            struct hash known = content_hash(header, frame_span(envelope->submit->payload));
            ticket = hash_equal(&known, content) ? message->request.correlation : 0;
            lienthong__v1__header__free_unpacked(header, NULL);
        }
    }
    if (envelope)
        lienthong__v1__envelope__free_unpacked(envelope, NULL);
    return ticket;
}

/* The id is here already: what was accepted is asked about again, what waits for its answer needs no second one. */
static enum result submit_known(struct lienthong *lienthong, struct message *message,
                                const Lienthong__V1__Header *header, struct span payload, uint64_t *ret_ticket,
                                struct problem *ret_problem)
{
    struct hash content = content_hash(header, payload);
    uint64_t ticket = same_content(lienthong, message, &content);

    if (!ticket) {
        problem_set(ret_problem, PROBLEM_CONFLICT, "header.message_id",
                    "Mã thông điệp này đã dùng cho một nội dung khác.", "This message id has other content already.");
        return RESULT_INVALID;
    }
    if (!message->answer_due) {
        message->answer_due = true;
        lienthong->unanswered++;
        if (message->request.node.in == &lienthong->kept) {
            list_remove(&message->request.node);
            list_append(&lienthong->queue, &message->request.node);
        }
    }
    *ret_ticket = ticket;
    return RESULT_OK;
}

/* The frame, once: its number is the next one that keep_add() gives. */
static enum result pack_submit(struct lienthong *lienthong, struct span header, struct span payload,
                               const Lienthong__V1__Cursor *cursor, zmq_msg_t *ret_frame)
{
    Lienthong__V1__Envelope envelope = LIENTHONG__V1__ENVELOPE__INIT;
    Lienthong__V1__Submit submit = LIENTHONG__V1__SUBMIT__INIT;
    Lienthong__V1__Cursor copy;

    submit.header = (ProtobufCBinaryData){ header.size, (uint8_t *)header.bytes };
    submit.payload = (ProtobufCBinaryData){ payload.size, (uint8_t *)payload.bytes };
    if (cursor) {
        copy = *cursor;
        submit.cursor = &copy;
    }
    envelope.correlation = lienthong->last_ticket + 1;
    envelope.body_case = LIENTHONG__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    return frame_pack(&envelope, ret_frame);
}

static enum result submit_new(struct lienthong *lienthong, const struct uuid *id, struct span header,
                              struct span payload, const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket)
{
    struct message file = { .id = *id, .number = lienthong->last_ticket + 1 }, *message = NULL;
    zmq_msg_t frame;

    if (lienthong->unanswered >= lienthong->window + QUEUE_MAX ||
        !keep_room(lienthong, header.size + payload.size + 64))
        return RESULT_BUSY;
    enum result result = pack_submit(lienthong, header, payload, cursor, &frame);
    if (result != RESULT_OK)
        return result;
    if (zmq_msg_size(&frame) > lienthong->frame_bytes_max)
        result = RESULT_INVALID;
    if (result == RESULT_OK)
        result = folder_write(lienthong, &file, &frame);
    if (result == RESULT_OK) {
        result = keep_add(lienthong, id, &frame, &message);
        if (result != RESULT_OK)
            folder_remove(lienthong, &file);
    }
    zmq_msg_close(&frame);
    if (result != RESULT_OK)
        return result;
    message->number = file.number;
    message->answer_due = true;
    lienthong->unanswered++;
    list_append(&lienthong->queue, &message->request.node);
    *ret_ticket = message->request.correlation;
    return RESULT_OK;
}

static enum result submit(struct lienthong *lienthong, const Lienthong__V1__Header *header, struct span packed,
                          struct span payload, const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket,
                          struct problem *ret_problem)
{
    struct uuid id;
    enum result result;

    if (lienthong->broken)
        return lienthong->broken;
    if (!check_header(header, ret_problem) || !check_sizes(lienthong, packed.size, payload, cursor, ret_problem))
        return RESULT_INVALID;
    must(frame_uuid(header->message_id, &id));
    struct message *known = keep_find(lienthong, &id);
    if (known)
        result = submit_known(lienthong, known, header, payload, ret_ticket, ret_problem);
    else
        result = submit_new(lienthong, &id, packed, payload, cursor, ret_ticket);
    if (result == RESULT_INVALID && !known)
        problem_set(ret_problem, PROBLEM_TOO_LARGE, "", "Thông điệp quá lớn cho cổng này.",
                    "The message is too large for this gateway.");
    /* With a full window nothing can leave before an answer comes, and that is heard of anyway. */
    bool full = connection_up(lienthong) && lienthong->sent.count >= lienthong->window_now;
    if (result == RESULT_OK && !full)
        connection_settle_soon(lienthong, lienthong->queue.count, lienthong->sent.count);
    return result;
}

enum { ID_RANDOM = 10, TRACE_RANDOM = 24 };

/* For one message: lent until the next call. */
static const uint8_t *random_take(struct lienthong *lienthong)
{
    enum { SIZE = ID_RANDOM + TRACE_RANDOM };
    pid_t self = getpid();

    if (SIZE > lienthong->random_left || self != lienthong->random_of) {
        randombytes_buf(lienthong->random, sizeof lienthong->random);
        lienthong->random_left = sizeof lienthong->random;
        lienthong->random_of = self;
    }
    lienthong->random_left -= SIZE;
    return lienthong->random + lienthong->random_left;
}

static void new_traceparent(const uint8_t random[TRACE_RANDOM], char ret_text[TRACEPARENT_SIZE])
{
    struct text text = text_of(ret_text, TRACEPARENT_SIZE);

    text_add(&text, "00-");
    text_add_hex(&text, random, 16);
    text_add(&text, "-");
    text_add_hex(&text, random + 16, 8);
    text_add(&text, "-01");
}

enum result lienthong_submit(struct lienthong *lienthong, const Lienthong__V1__Header *header, struct span payload,
                             const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket, struct problem *reterr_problem)
{
    Lienthong__V1__Header full = *header;               /* lists and texts are the caller's still */
    char traceparent[TRACEPARENT_SIZE];
    uint8_t packed[HEADER_BYTES_MAX];
    struct problem unwanted;
    struct problem *ret_problem = reterr_problem ? reterr_problem : &unwanted;
    struct uuid id;

    const uint8_t *random =
        !full.message_id.len || is_empty(full.traceparent) ? random_take(lienthong) : NULL;
    if (!full.message_id.len) {
        id = uuid_v7(clock_wall_ms(), random);
        full.message_id = (ProtobufCBinaryData){ sizeof id.bytes, id.bytes };
    }
    if (is_empty(full.sender))
        full.sender = lienthong->welcomed ? lienthong->own_code : lienthong->agency;
    if (is_empty(full.sender))
        return lienthong->broken ? lienthong->broken : RESULT_BUSY;     /* WELCOME will say who we are */
    if (!full.source_time_ms)
        full.source_time_ms = clock_wall_ms();
    if (is_empty(full.traceparent)) {
        new_traceparent(random + ID_RANDOM, traceparent);
        full.traceparent = traceparent;
    }
    if (!check_counts(&full, ret_problem))              /* before the size is counted */
        return RESULT_INVALID;
    size_t size = lienthong__v1__header__get_packed_size(&full);
    if (!check_sizes(lienthong, size, payload, cursor, ret_problem))
        return RESULT_INVALID;
    lienthong__v1__header__pack(&full, packed);
    return submit(lienthong, &full, span_of(packed, size), payload, cursor, ret_ticket, ret_problem);
}

enum result lienthong_submit_packed(struct lienthong *lienthong, struct span header, struct span payload,
                                    const Lienthong__V1__Cursor *cursor, uint64_t *ret_ticket,
                                    struct problem *reterr_problem)
{
    struct problem unwanted;
    struct problem *ret_problem = reterr_problem ? reterr_problem : &unwanted;
    Lienthong__V1__Header *decoded = frame_read_header(header);

    if (!decoded) {
        problem_set(ret_problem, PROBLEM_MALFORMED, "header", "Phần đầu không đọc được.", "The header cannot be read.");
        return RESULT_INVALID;
    }
    enum result result = submit(lienthong, decoded, header, payload, cursor, ret_ticket, ret_problem);
    lienthong__v1__header__free_unpacked(decoded, NULL);
    return result;
}

enum result lienthong_submit_wait(struct lienthong *lienthong, const Lienthong__V1__Header *header,
                                  struct span payload, int64_t timeout_ms, struct lienthong_answer *ret_answer)
{
    int64_t end_ms = clock_monotonic_ms() + timeout_ms, left_ms = timeout_ms;
    enum result result;
    uint64_t ticket = 0;

    if (lienthong->processing)
        return RESULT_INVALID;
    while ((result = lienthong_submit(lienthong, header, payload, NULL, &ticket,
                                      &ret_answer->problem)) == RESULT_BUSY) {
        result = left_ms > 0 ? lienthong_wait(lienthong, left_ms) : RESULT_BUSY;
        if (result != RESULT_OK)
            return result;
        left_ms = end_ms - clock_monotonic_ms();
    }
    if (result != RESULT_OK)
        return result;
    lienthong->waited_ticket = ticket;
    lienthong->waited_answered = false;
    while (!lienthong->waited_answered && result == RESULT_OK && (left_ms = end_ms - clock_monotonic_ms()) > 0)
        result = lienthong_wait(lienthong, left_ms);
    lienthong->waited_ticket = 0;
    if (result == RESULT_OK && !lienthong->waited_answered)
        result = RESULT_BUSY;
    if (result == RESULT_OK)
        *ret_answer = lienthong->waited;
    return result;
}

void lienthong_forget(struct lienthong *lienthong, uint64_t ticket)
{
    struct request *request = request_find(lienthong, ticket);

    if (request && request->kind == REQUEST_MESSAGE && ((struct message *)request)->answer_due)
        keep_remove(lienthong, (struct message *)request);
}

/* ---- out into the window */

/* The gateway came back from a backup: under this id, and the key made from it, it may have been delivered since. */
static enum result say_accepted_as(const struct lienthong *lienthong, struct message *message)
{
    if (!message->accepted || message->epoch == lienthong->epoch || message->handoff_id == message->said_id)
        return RESULT_OK;
    enum result result = frame_say_accepted(&message->request.frame, message->handoff_id);
    if (result == RESULT_OK)
        message->said_id = message->handoff_id;
    return result;
}

/* Makes the first messages of a list ready to be sent, as many as may go into one frame: their frames may be in the
 * folder only. Gives how many are. */
static size_t prepare_first(struct lienthong *lienthong, const struct list *list, size_t most)
{
    struct node *node = list->first, *next;
    size_t count = 0;

    for (; node && count < most && (!count || count < lienthong->batch); node = next) {
        struct message *message = (struct message *)node;
        next = node->next;
        enum result result = zmq_msg_size(&message->request.frame) ? RESULT_OK : folder_read(lienthong, message);
        if (result == RESULT_INVALID) {
            keep_remove(lienthong, message);            /* its file has another name now */
            continue;
        }
        if (result == RESULT_BROKEN)
            lienthong->broken = result;
        if (result != RESULT_OK || say_accepted_as(lienthong, message) != RESULT_OK)
            break;
        count++;
    }
    return count;
}

void sending_pump(struct lienthong *lienthong, int64_t now_ms)
{
    while (connection_up(lienthong) && now_ms >= lienthong->paused_until_ms &&
           lienthong->sent.count < lienthong->window_now) {
        struct list *list = lienthong->again.first ? &lienthong->again : &lienthong->queue;
        size_t ready = prepare_first(lienthong, list, lienthong->window_now - lienthong->sent.count);
        if (!ready && !list->first && lienthong->queue.first)
            continue;                                   /* nothing in `again` could be read */
        size_t sent = ready ? connection_send_first(lienthong, list, ready) : 0;
        if (!sent)
            return;
        for (size_t i = 0; i < sent; i++) {
            struct node *node = list->first;
            ((struct message *)node)->sent_ms = now_ms;
            list_remove(node);
            list_append(&lienthong->sent, node);
        }
    }
}

int64_t sending_due_ms(const struct lienthong *lienthong)
{
    bool waiting = lienthong->again.count || lienthong->queue.count;
    return waiting && lienthong->link == LINK_UP && lienthong->sent.count < lienthong->window_now &&
           !lienthong->blocked ? lienthong->paused_until_ms : INT64_MAX;
}

/* ---- answers */

static void tell(struct lienthong *lienthong, const struct lienthong_answer *answer)
{
    if (lienthong->waited_ticket && answer->ticket == lienthong->waited_ticket && !lienthong->waited_answered) {
        struct text reason = text_of(lienthong->waited_reason, sizeof lienthong->waited_reason);
        text_add(&reason, "%s", answer->held_reason);
        lienthong->waited = *answer;
        lienthong->waited.held_reason = lienthong->waited_reason;
        lienthong->waited_answered = true;
    } else if (lienthong->options.callbacks.on_answer)
        lienthong->options.callbacks.on_answer(lienthong->options.context, answer);
}

void sending_accepted(struct lienthong *lienthong, struct message *message, const Lienthong__V1__Accepted *accepted)
{
    struct lienthong_answer answer = { .message_id = message->id, .ticket = message->request.correlation,
                                       .accepted = true, .handoff_id = accepted->handoff_id,
                                       .commit_seq = accepted->commit_seq, .duplicate = accepted->duplicate,
                                       .state = (enum state)accepted->state, .held_reason = accepted->held_reason };
    bool wanted = message->answer_due;
    struct uuid id;

    if (!frame_uuid(accepted->message_id, &id) || !uuid_equal(&id, &message->id) || !accepted->handoff_id ||
        !frame_hash(accepted->content_hash, &answer.content_hash) || !frame_hash(accepted->link, &answer.link)) {
        lienthong->malformed++;
        connection_lose(lienthong);                     /* a promise that cannot be read is none: ask again */
        return;
    }
    lienthong->window_now = lienthong->window_now * 2 < lienthong->window ? lienthong->window_now * 2
                                                                          : lienthong->window;
    lienthong->holding.type = PROBLEM_NONE;
    lienthong->unanswered -= wanted;
    message->answer_due = false;
    keep_accepted(lienthong, message, accepted->handoff_id, accepted->commit_seq);
    if (wanted)
        tell(lienthong, &answer);
}

/* A refusal for now stops all sending for a while and then begins with one message: where one has no room, the next
 * hundred have none either. */
void sending_refused(struct lienthong *lienthong, struct message *message, const struct problem *problem,
                     uint32_t retry_after_ms, int64_t now_ms)
{
    if (problem_is_transient(problem->type) || retry_after_ms) {
        int64_t pause_ms = retry_after_ms < RETRY_MS_MIN ? RETRY_MS_MIN
                         : retry_after_ms > RETRY_MS_MAX ? RETRY_MS_MAX : retry_after_ms;
        lienthong->paused_until_ms = now_ms + pause_ms;
        lienthong->window_now = 1;
        lienthong->holding = *problem;
        keep_again(lienthong, message);
        return;
    }
    struct lienthong_answer answer = { .message_id = message->id, .ticket = message->request.correlation,
                                       .held_reason = "", .problem = *problem };
    keep_remove(lienthong, message);
    tell(lienthong, &answer);
}
