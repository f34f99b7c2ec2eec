#include "gateway/broker/blob_transfer.h"

#include <sodium.h>
#include <string.h>

#include "gateway/base/log.h"

enum { ASK_AGAIN_MS = 5000 };

/* ---- finding, beginning, ending */

struct transfer *transfer_find(struct blob_thread *thread, uint32_t routing, uint64_t correlation)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &thread->transfers[i];
        if (transfer->state && transfer->routing == routing && transfer->correlation == correlation)
            return transfer;
    }
    return NULL;
}

static struct transfer *find_number(struct blob_thread *thread, uint64_t number)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++)
        if (thread->transfers[i].state && thread->transfers[i].number == number)
            return &thread->transfers[i];
    return NULL;
}

void transfer_end(struct blob_thread *thread, struct transfer *transfer)
{
    if (transfer->state == PUT_KEEPING && transfer->asked) {
        transfer->correlation = 0;                  /* its file has a name: the answer says whether it stays */
        return;
    }
    if (transfer->state == PUT_COMING)
        blob_write_give_up(&thread->folder, &transfer->writing);
    if (transfer->state == GET_GOING)
        blob_read_end(&transfer->reading);
    transfer->state = TRANSFER_FREE;
}

void transfers_end(struct blob_thread *thread)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++)
        transfer_end(thread, &thread->transfers[i]);
}

bool transfers_write(const struct blob_thread *thread, uint64_t file)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++)
        if (thread->transfers[i].state == PUT_KEEPING && thread->transfers[i].blob.file == file)
            return true;
    return false;
}

/* ---- speaking */

enum result transfer_send(struct blob_thread *thread, uint32_t routing, const struct wire_out *out)
{
    zmq_msg_t frame;
    if (zmq_msg_init_size(&frame, out->bytes))
        return RESULT_BUSY;
    wire_pack(out, zmq_msg_data(&frame));
    enum result result = peer_send(thread->socket, routing, &frame);
    if (result != RESULT_OK)
        zmq_msg_close(&frame);
    return result;
}

/* Who cannot be told will be silent, or has gone. */
static void say(struct blob_thread *thread, struct transfer *transfer, const struct wire_out *out)
{
    if (transfer->correlation)
        (void)!transfer_send(thread, transfer->routing, out);
}

static void end_refused(struct blob_thread *thread, struct transfer *transfer, const struct problem *problem,
                        int64_t retry_after_ms)
{
    struct frame_refusal refusal = { .correlation = transfer->correlation, .problem = *problem };
    struct wire_out out;
    wire_refused(&refusal, retry_after_ms, &out);
    say(thread, transfer, &out);
    transfer_end(thread, transfer);
}

static void end_with(struct blob_thread *thread, struct transfer *transfer, enum problem_type type, const char *field,
                     const char *vi, const char *en)
{
    struct problem problem;
    problem_set(&problem, type, field, "%s%.0s", "%.0s%s", vi, en);
    end_refused(thread, transfer, &problem, problem_is_transient(type) ? ASK_AGAIN_MS : 0);
}

static void say_stored(struct blob_thread *thread, struct transfer *transfer, const struct blob_answer *answer)
{
    struct blob_stored stored = { .sha256 = &transfer->blob.sha256, .size = transfer->blob.size,
                                  .duplicate = answer->blob.word == BLOB_KNOWN };
    struct wire_out out;
    stored.commit_seq = stored.duplicate ? 0 : answer->seq;
    wire_blob_stored(&stored, transfer->correlation, &out);
    say(thread, transfer, &out);
}

/* ---- asking the loop */

static void ask(struct blob_thread *thread, struct transfer *transfer, enum blob_about about)
{
    struct blob_question question = { .transfer = transfer->number, .of_key = true, .still = !about };

    must(!transfer->asked);
    memcpy(question.key, transfer->key, CURVE_KEY_SIZE);
    question.ask = (struct blob_ask){ .about = about, .sha256 = transfer->blob.sha256, .size = transfer->blob.size,
                                      .file = transfer->blob.file, .day = transfer->blob.day };
    transfer->asked = true;
    thread->questions++;
    blob_line_ask(thread->line, &question);
}

/* ---- an upload */

/* What went wrong with the disk, and the end of it. */
static void writing_failed(struct blob_thread *thread, struct transfer *transfer, enum result result)
{
    if (result == RESULT_FULL)
        end_with(thread, transfer, PROBLEM_FULL, "", "Không còn chỗ cho tệp đính kèm: hãy thử lại sau.",
                 "There is no room for attachments: try again later.");
    else if (result == RESULT_NOT_FOUND)
        end_with(thread, transfer, PROBLEM_BUSY, "", "Việc tải lên kéo dài quá lâu: hãy tải lên lại.",
                 "The upload took too long: upload it again.");
    else if (result == RESULT_INVALID)
        end_with(thread, transfer, PROBLEM_INVALID_FIELD, "sha256", "Nội dung không có mã băm SHA-256 đã báo.",
                 "The content does not have the SHA-256 that was announced.");
    else {
        transfer_end(thread, transfer);
        blob_line_break(thread->line, "an attachment could not be written");
    }
}

/* What uploads under way have not written yet is taken already. */
static bool has_room(const struct blob_thread *thread, uint64_t size)
{
    uint64_t wanted = thread->keep_free_bytes + blob_file_bytes(size);
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        const struct transfer *other = &thread->transfers[i];
        if (other->state == PUT_COMING)
            wanted += blob_file_bytes(other->blob.size - other->next * BLOB_PIECE_BYTES);
    }
    return disk_free_bytes(thread->folder.path) >= wanted;
}

static void give_credit(struct blob_thread *thread, struct transfer *transfer)
{
    uint64_t pieces = blob_pieces(transfer->blob.size);
    struct wire_out out;

    transfer->until = transfer->next + BLOB_WINDOW < pieces ? transfer->next + BLOB_WINDOW : pieces;
    wire_blob_credit(transfer->until, transfer->correlation, &out);
    say(thread, transfer, &out);
}

static void begin_put(struct blob_thread *thread, struct transfer *transfer, uint32_t day)
{
    enum result result = RESULT_FULL;

    transfer->blob.day = day;
    while (!transfer->blob.file)
        randombytes_buf(&transfer->blob.file, sizeof transfer->blob.file);
    transfer->writing.file = -1;
    if (has_room(thread, transfer->blob.size))
        result = blob_write_begin(&thread->folder, &transfer->blob, &transfer->writing);
    if (result != RESULT_OK) {
        writing_failed(thread, transfer, result);
        return;
    }
    transfer->state = PUT_COMING;
    give_credit(thread, transfer);
}

static void whole(struct blob_thread *thread, struct transfer *transfer)
{
    enum result result = blob_write_end(&thread->folder, &transfer->writing);
    if (result != RESULT_OK) {
        writing_failed(thread, transfer, result);
        return;
    }
    transfer->state = PUT_KEEPING;
    if (!transfer->asked)
        ask(thread, transfer, BLOB_KEEP);
}

static void take_chunk(struct blob_thread *thread, struct transfer *transfer, const struct blob_frame *frame)
{
    if (transfer->state != PUT_COMING || frame->number != transfer->next || frame->number >= transfer->until ||
        frame->bytes.size != blob_piece_bytes(transfer->blob.size, frame->number)) {
        end_with(thread, transfer, PROBLEM_INVALID_FIELD, "chunk",
                 "Phần này không đúng thứ tự, không đúng cỡ hoặc chưa được phép gửi.",
                 "This chunk is out of order, not as long as it should be, or beyond the credit.");
        return;
    }
    enum result result = blob_write_piece(&thread->folder, &transfer->writing, frame->bytes);
    if (result != RESULT_OK) {
        writing_failed(thread, transfer, result);
        return;
    }
    transfer->next++;
    if (transfer->next == blob_pieces(transfer->blob.size))
        whole(thread, transfer);
    else if (transfer->until - transfer->next <= BLOB_WINDOW / 2 && transfer->until < blob_pieces(transfer->blob.size))
        give_credit(thread, transfer);
}

/* ---- a download */

static void begin_get(struct blob_thread *thread, struct transfer *transfer, const struct blob_effect *found)
{
    struct wire_out out;

    transfer->blob.size = found->size;
    transfer->blob.file = found->file;
    transfer->blob.day = found->day;
    enum result result = blob_read_begin(&thread->folder, &transfer->blob, &transfer->reading);
    if (result != RESULT_OK) {
        log_event(LOG_ERROR, "blob-damaged", "why=%s", log_quoted(result_name(result)));
        end_with(thread, transfer, PROBLEM_ATTACHMENT_MISSING, "sha256",
                 "Tệp đính kèm của cổng bị hỏng: hãy báo người vận hành.",
                 "The gateway's file of this attachment is damaged: tell its operator.");
        return;
    }
    transfer->state = GET_GOING;
    wire_blob_found(transfer->blob.size, transfer->correlation, &out);
    say(thread, transfer, &out);
    if (transfer->next >= blob_pieces(transfer->blob.size))
        transfer_end(thread, transfer);
}

/* True: it may go on at once. */
static enum sending send_piece(struct blob_thread *thread, struct transfer *transfer)
{
    const struct blob *blob = &transfer->blob;
    struct wire_out out;

    enum result result = blob_read_piece(&thread->folder, &transfer->reading, transfer->next, thread->piece);
    if (result != RESULT_OK) {
        log_event(LOG_ERROR, "blob-damaged", "why=%s", log_quoted(result_name(result)));
        end_with(thread, transfer, PROBLEM_ATTACHMENT_MISSING, "sha256",
                 "Tệp đính kèm của cổng bị hỏng: hãy báo người vận hành.",
                 "The gateway's file of this attachment is damaged: tell its operator.");
        return SENDING_NOTHING;
    }
    wire_chunk(transfer->next, span_of(thread->piece, blob_piece_bytes(blob->size, transfer->next)),
               transfer->correlation, &out);
    result = transfer_send(thread, transfer->routing, &out);
    if (result == RESULT_BUSY)
        return SENDING_BLOCKED;
    transfer->moved_ms = thread->at_ms;
    transfer->next++;
    if (result == RESULT_OK && transfer->next < blob_pieces(blob->size))
        return transfer->next < transfer->until ? SENDING_MORE : SENDING_NOTHING;
    transfer_end(thread, transfer);
    return SENDING_NOTHING;
}

enum sending transfers_send(struct blob_thread *thread)
{
    bool more = false, blocked = false;
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &thread->transfers[i];
        if (transfer->state != GET_GOING || transfer->next >= transfer->until)
            continue;
        enum sending sending = send_piece(thread, transfer);
        more |= sending == SENDING_MORE;
        blocked |= sending == SENDING_BLOCKED;
    }
    return more ? SENDING_MORE : blocked ? SENDING_BLOCKED : SENDING_NOTHING;
}

/* ---- frames */

static struct transfer *free_place(struct blob_thread *thread, const uint8_t key[CURVE_KEY_SIZE])
{
    struct transfer *place = NULL;
    int of_key = 0;

    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &thread->transfers[i];
        of_key += transfer->state && memcmp(transfer->key, key, CURVE_KEY_SIZE) == 0;
        place = place || transfer->state ? place : transfer;
    }
    return of_key < BLOB_TRANSFERS_OF_KEY_MAX && thread->questions < BLOB_QUESTIONS_MANY ? place : NULL;
}

static void begin(struct blob_thread *thread, uint32_t routing, const uint8_t key[CURVE_KEY_SIZE],
                  const struct blob_frame *frame)
{
    struct transfer *transfer = free_place(thread, key);
    if (!transfer) {
        struct transfer nobody = { .routing = routing, .correlation = frame->correlation };
        end_with(thread, &nobody, PROBLEM_BUSY, "", "Đang có quá nhiều lượt truyền tệp: hãy thử lại sau.",
                 "Too many transfers just now: try again later.");
        return;
    }
    bool put = frame->kind == BLOB_FRAME_PUT;
    *transfer = (struct transfer){
        .state = put ? PUT_ASKED : GET_ASKED, .number = ++thread->last, .routing = routing,
        .correlation = frame->correlation, .blob = { .sha256 = frame->sha256, .size = frame->size },
        .next = frame->number, .until = frame->until, .moved_ms = thread->at_ms,
    };
    memcpy(transfer->key, key, CURVE_KEY_SIZE);
    ask(thread, transfer, put ? BLOB_PUT : BLOB_GET);
}

static void take_credit(struct blob_thread *thread, struct transfer *transfer, uint64_t until)
{
    if (transfer->state != GET_ASKED && transfer->state != GET_GOING)
        end_with(thread, transfer, PROBLEM_WRONG_STATE, "", "Đang tải lên: cổng cho biết được gửi bao nhiêu.",
                 "This is an upload: it is the gateway that gives credit.");
    else if (!until)
        transfer_end(thread, transfer);
    else
        transfer->until = until;
}

void transfer_frame(struct blob_thread *thread, uint32_t routing, const uint8_t key[CURVE_KEY_SIZE],
                    const struct blob_frame *frame)
{
    struct transfer *transfer = transfer_find(thread, routing, frame->correlation);
    bool begins = frame->kind == BLOB_FRAME_PUT || frame->kind == BLOB_FRAME_GET;

    if (!transfer && begins)
        begin(thread, routing, key, frame);
    if (!transfer)
        return;                                     /* what was under way when it was refused */
    transfer->moved_ms = thread->at_ms;
    if (begins)
        end_with(thread, transfer, PROBLEM_WRONG_STATE, "correlation", "Số này đang dùng cho một lượt truyền khác.",
                 "This number belongs to a transfer that is under way.");
    else if (frame->kind == BLOB_FRAME_CHUNK)
        take_chunk(thread, transfer, frame);
    else
        take_credit(thread, transfer, frame->until);
}

/* ---- what the loop has decided */

/* Nothing of the file was taken: it was there already, or may not be. */
static void unlink_own(struct blob_thread *thread, const struct transfer *transfer)
{
    (void)blob_unlink(&thread->folder, &transfer->blob);
}

static void decided(struct blob_thread *thread, struct transfer *transfer, const struct blob_answer *answer)
{
    switch (answer->blob.word) {
    case BLOB_WANTED:
        begin_put(thread, transfer, answer->blob.day);
        return;
    case BLOB_KEPT:
        if (answer->blob.file != transfer->blob.file)
            unlink_own(thread, transfer);
        say_stored(thread, transfer, answer);
        transfer_end(thread, transfer);
        return;
    case BLOB_KNOWN:
        say_stored(thread, transfer, answer);
        transfer_end(thread, transfer);
        return;
    case BLOB_THERE:
        begin_get(thread, transfer, &answer->blob);
        return;
    case BLOB_GONE:
        break;
    }
    must(!"a transfer was answered what only the sweep asks");
}

void transfer_answered(struct blob_thread *thread, const struct blob_answer *answer)
{
    struct transfer *transfer = find_number(thread, answer->transfer);

    if (!transfer)
        return;                                     /* it has ended meanwhile */
    transfer->asked = false;
    if (answer->kind == LINE_BLOB)
        transfer->moved_ms = thread->at_ms;
    if (answer->kind == LINE_REFUSED) {
        if (transfer->state == PUT_KEEPING)
            unlink_own(thread, transfer);
        end_refused(thread, transfer, &answer->problem, answer->retry_after_ms);
    } else if (answer->kind == LINE_BLOB) {
        decided(thread, transfer, answer);
    } else if (transfer->state == PUT_KEEPING) {    /* the last chunk came while the key was asked about */
        ask(thread, transfer, BLOB_KEEP);
    }
}

void transfers_look(struct blob_thread *thread, int64_t since_ms)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &thread->transfers[i];
        bool moving = transfer->state == PUT_COMING || transfer->state == GET_GOING;
        if (moving && transfer->moved_ms < since_ms)
            end_with(thread, transfer, PROBLEM_BUSY, "", "Lượt truyền này im lặng quá lâu: hãy bắt đầu lại.",
                     "This transfer was silent for too long: begin it again.");
        else if (moving && !transfer->asked && thread->questions < BLOB_QUESTIONS_MANY)
            ask(thread, transfer, 0);
    }
}
