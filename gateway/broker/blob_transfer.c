#include "gateway/broker/blob_transfer.h"

#include <sodium.h>
#include <string.h>

#include "gateway/base/log.h"

enum { ASK_AGAIN_MS = 5000, RETRY_MS = 20, STALLED_MS = 5000 };

/* ---- finding, beginning, ending */

struct transfer *transfer_find(struct blob_thread *thread, uint32_t routing, uint64_t correlation)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &thread->transfers[i];
        if (transfer->state && transfer->state != TRANSFER_OVER && transfer->routing == routing &&
            transfer->correlation == correlation)
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

/* Its place is free when nothing is to come of it any more. */
static void let_go(struct transfer *transfer)
{
    if (transfer->state == TRANSFER_OVER && !transfer->asked && !transfer->owes)
        transfer->state = TRANSFER_FREE;
}

static void end(struct blob_thread *thread, struct transfer *transfer)
{
    if (transfer->state == PUT_COMING)
        blob_write_give_up(&thread->folder, &transfer->writing);
    if (transfer->state == GET_GOING)
        blob_read_end(&transfer->reading);
    transfer->kept = transfer->state == PUT_KEEPING;
    transfer->state = TRANSFER_OVER;
    let_go(transfer);
}

static void owes_nothing(struct transfer *transfer)
{
    if (transfer->owes)
        zmq_msg_close(&transfer->owed);
    transfer->owes = false;
}

void transfers_end(struct blob_thread *thread)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        struct transfer *transfer = &thread->transfers[i];
        owes_nothing(transfer);
        if (transfer->state && transfer->state != TRANSFER_OVER)
            end(thread, transfer);
    }
}

bool transfers_write(const struct blob_thread *thread, uint64_t file)
{
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        const struct transfer *transfer = &thread->transfers[i];
        if (transfer->blob.file == file && (transfer->state == PUT_KEEPING || transfer->state == TRANSFER_OVER))
            return true;
    }
    return false;
}

/* ---- the pace */

bool piece_may(const struct blob_thread *thread)
{
    return !blob_line_has_waiter(thread->line) || bus_now_us() >= thread->piece_us;
}

void piece_moved(struct blob_thread *thread, bool in)
{
    int64_t now_us = bus_now_us();
    thread->out_first = in;
    thread->piece_us = (thread->piece_us > now_us - BLOB_PACE_US ? thread->piece_us : now_us) + BLOB_PACE_US;
}

/* ---- speaking */

static bool pack(const struct wire_out *out, zmq_msg_t *ret_frame)
{
    if (zmq_msg_init_size(ret_frame, out->bytes))
        return false;
    wire_pack(out, zmq_msg_data(ret_frame));
    return true;
}

void transfer_say_once(struct blob_thread *thread, uint32_t routing, const struct wire_out *out)
{
    zmq_msg_t frame;
    if (pack(out, &frame) && peer_send(thread->socket, routing, &frame) != RESULT_OK)
        zmq_msg_close(&frame);
}

/* What is owed goes before anything else; no connection, no debt. False: there is no such connection any more. */
static bool pay(struct blob_thread *thread, struct transfer *transfer)
{
    enum result result = peer_send(thread->socket, transfer->routing, &transfer->owed);
    if (result == RESULT_BUSY) {
        transfer->not_before_ms = thread->at_ms + RETRY_MS;
        return true;
    }
    transfer->moved_ms = thread->at_ms;
    if (result == RESULT_OK)
        transfer->owes = false;
    else
        owes_nothing(transfer);
    let_go(transfer);
    return result == RESULT_OK;
}

/* The last word of a transfer makes all before it old. */
static void say(struct blob_thread *thread, struct transfer *transfer, const struct wire_out *out)
{
    owes_nothing(transfer);
    transfer->owes = pack(out, &transfer->owed);
    if (transfer->owes)
        (void)pay(thread, transfer);
}

void transfer_end_refused(struct blob_thread *thread, struct transfer *transfer, const struct problem *problem,
                          int64_t retry_after_ms)
{
    struct frame_refusal refusal = { .correlation = transfer->correlation, .problem = *problem };
    struct wire_out out;
    wire_refused(&refusal, retry_after_ms, &out);
    say(thread, transfer, &out);
    end(thread, transfer);
}

static void end_with(struct blob_thread *thread, struct transfer *transfer, enum problem_type type, const char *field,
                     const char *vi, const char *en)
{
    struct problem problem;
    problem_set(&problem, type, field, "%s%.0s", "%.0s%s", vi, en);
    transfer_end_refused(thread, transfer, &problem, problem_is_transient(type) ? ASK_AGAIN_MS : 0);
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
    question.sends = transfer->state == PUT_ASKED || transfer->state == PUT_COMING || transfer->state == PUT_KEEPING;
    memcpy(question.key, transfer->key, CURVE_KEY_SIZE);
    question.ask = (struct blob_ask){ .about = about, .sha256 = transfer->blob.sha256, .size = transfer->blob.size,
                                      .file = transfer->blob.file, .day = transfer->blob.day,
                                      .anew = transfer->anew };
    transfer->asked = true;
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
    else if (result == RESULT_BUSY)
        end_with(thread, transfer, PROBLEM_BUSY, "", "Cổng đang mở quá nhiều tệp: hãy thử lại sau.",
                 "The gateway has too many files open: try again later.");
    else {
        end(thread, transfer);
        thread->broken = true;
        blob_line_break(thread->line, "an attachment could not be written");
    }
}

/* What uploads under way have not written yet is taken already; not by those that stand still, or whoever announces
 * much and sends nothing could keep everybody out. They are looked at again when they go on. */
static bool has_room(const struct blob_thread *thread, uint64_t size)
{
    uint64_t wanted = thread->keep_free_bytes + blob_file_bytes(size);
    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        const struct transfer *other = &thread->transfers[i];
        if (other->state == PUT_COMING && other->moved_ms > thread->at_ms - STALLED_MS)
            wanted += blob_file_bytes(other->blob.size - other->next * BLOB_PIECE_BYTES);
    }
    return disk_free_bytes(thread->folder.path) >= wanted;
}

static void give_credit(struct blob_thread *thread, struct transfer *transfer)
{
    uint64_t pieces = blob_pieces(transfer->blob.size);
    struct wire_out out;

    if (disk_free_bytes(thread->folder.path) < thread->keep_free_bytes) {
        writing_failed(thread, transfer, RESULT_FULL);
        return;
    }
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
    piece_moved(thread, true);
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

static void note_damaged(struct blob_thread *thread, uint64_t file)
{
    thread->damaged[thread->damaged_next++ % DAMAGED_MAX] = file;
}

/* Can the file on record be read, as far as is known without reading it? */
static bool is_damaged(struct blob_thread *thread, const struct blob_effect *found)
{
    struct blob blob = { .sha256 = found->sha256, .size = found->size, .file = found->file, .day = found->day };
    struct blob_reading reading;

    for (int i = 0; i < DAMAGED_MAX; i++)
        if (thread->damaged[i] == blob.file)
            return true;
    enum result result = blob_read_begin(&thread->folder, &blob, &reading);
    blob_read_end(&reading);
    return blob_is_damaged(result);
}

/* What the disk cannot read now it may read later; until then whoever uploads it again mends it. */
static void reading_failed(struct blob_thread *thread, struct transfer *transfer, enum result result)
{
    char sha256[HASH_TEXT_SIZE];

    if (blob_is_damaged(result)) {
        hash_text(&transfer->blob.sha256, sha256);
        log_event(LOG_ERROR, "blob-damaged", "sha256=%s why=%s", sha256, log_quoted(result_name(result)));
        if (result != RESULT_INVALID || blob_set_aside(&thread->folder, &transfer->blob) != RESULT_OK)
            note_damaged(thread, transfer->blob.file);
    }
    if (result != RESULT_NOT_FOUND && result != RESULT_INVALID) {
        end_with(thread, transfer, PROBLEM_BUSY, "", "Cổng không đọc được tệp đính kèm lúc này: hãy thử lại sau.",
                 "The gateway cannot read its file of this attachment just now: try again later.");
        return;
    }
    end_with(thread, transfer, PROBLEM_ATTACHMENT_MISSING, "sha256",
             "Tệp đính kèm của cổng bị hỏng: ai có tệp hãy tải lên lại.",
             "The gateway's file of this attachment is damaged: whoever has it may upload it again.");
}

static void begin_get(struct blob_thread *thread, struct transfer *transfer, const struct blob_effect *found)
{
    struct wire_out out;

    transfer->blob.size = found->size;
    transfer->blob.file = found->file;
    transfer->blob.day = found->day;
    enum result result = blob_read_begin(&thread->folder, &transfer->blob, &transfer->reading);
    if (result != RESULT_OK) {
        reading_failed(thread, transfer, result);
        return;
    }
    transfer->state = GET_GOING;
    wire_blob_found(transfer->blob.size, transfer->correlation, &out);
    say(thread, transfer, &out);
    if (transfer->next >= blob_pieces(transfer->blob.size))
        end(thread, transfer);
}

/* It has had its turn, whatever becomes of it. A chunk that its peer's queue does not take is owed: it is not read
 * again each time that queue is tried, and takes nobody else's turn. */
static enum sending send_piece(struct blob_thread *thread, struct transfer *transfer)
{
    const struct blob *blob = &transfer->blob;
    struct wire_out out;

    thread->first = (int)(transfer - thread->transfers) + 1;
    piece_moved(thread, false);
    enum result result = blob_read_piece(&thread->folder, &transfer->reading, transfer->next, thread->piece);
    if (result != RESULT_OK) {
        reading_failed(thread, transfer, result);
        return SENDING_NOTHING;
    }
    wire_chunk(transfer->next, span_of(thread->piece, blob_piece_bytes(blob->size, transfer->next)),
               transfer->correlation, &out);
    if (!pack(&out, &transfer->owed)) {
        transfer->not_before_ms = thread->at_ms + RETRY_MS;
        return SENDING_BLOCKED;
    }
    transfer->owes = true;
    transfer->next++;
    bool gone = !pay(thread, transfer), last = transfer->next >= blob_pieces(blob->size);
    if (gone || last)
        end(thread, transfer);
    return transfer->owes ? SENDING_BLOCKED : gone || last || transfer->next >= transfer->until ? SENDING_NOTHING
                                                                                                 : SENDING_MORE;
}

static enum sending go_on(struct blob_thread *thread, struct transfer *transfer)
{
    bool goes = transfer->state == GET_GOING && transfer->next < transfer->until;

    if (!transfer->owes && !goes)
        return SENDING_NOTHING;
    if (thread->at_ms < transfer->not_before_ms)
        return SENDING_BLOCKED;
    if (!transfer->owes && !piece_may(thread))
        return SENDING_PACED;
    if (!transfer->owes)
        return send_piece(thread, transfer);
    if (!pay(thread, transfer) && transfer->state == GET_GOING)
        end(thread, transfer);
    return transfer->owes ? SENDING_BLOCKED : transfer->state == GET_GOING && goes ? SENDING_MORE : SENDING_NOTHING;
}

enum sending transfers_send(struct blob_thread *thread)
{
    enum sending most = SENDING_NOTHING;
    int first = thread->first;

    for (int i = 0; i < BLOB_TRANSFERS_MAX; i++) {
        int place = (first + i) % BLOB_TRANSFERS_MAX;
        enum sending sending = go_on(thread, &thread->transfers[place]);
        most = sending > most ? sending : most;
    }
    return most;
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
    return of_key < BLOB_TRANSFERS_OF_KEY_MAX ? place : NULL;
}

static void begin(struct blob_thread *thread, uint32_t routing, const uint8_t key[CURVE_KEY_SIZE],
                  const struct blob_frame *frame)
{
    struct transfer *transfer = free_place(thread, key);
    if (!transfer) {
        struct frame_refusal refusal = { .correlation = frame->correlation };
        struct wire_out out;
        problem_set(&refusal.problem, PROBLEM_BUSY, "", "Đang có quá nhiều lượt truyền tệp: hãy thử lại sau.",
                    "Too many transfers just now: try again later.");
        wire_refused(&refusal, ASK_AGAIN_MS, &out);
        transfer_say_once(thread, routing, &out);
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
        end(thread, transfer);
    else {
        if (until > transfer->until)
            transfer->moved_ms = thread->at_ms;
        transfer->until = until;
    }
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
    if (frame->kind == BLOB_FRAME_CHUNK)
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
    bool damaged = !transfer->anew && (answer->blob.word == BLOB_KNOWN || answer->blob.word == BLOB_KEPT) &&
                   answer->blob.file != transfer->blob.file && is_damaged(thread, &answer->blob);

    switch (answer->blob.word) {
    case BLOB_WANTED:
        begin_put(thread, transfer, answer->blob.day);
        return;
    case BLOB_KEPT: case BLOB_KNOWN:
        if (damaged) {                              /* what comes, or has come, takes the place of that file */
            transfer->anew = true;
            ask(thread, transfer, answer->blob.word == BLOB_KEPT ? BLOB_KEEP : BLOB_PUT);
            return;
        }
        if (answer->blob.word == BLOB_KEPT && answer->blob.file != transfer->blob.file)
            unlink_own(thread, transfer);
        say_stored(thread, transfer, answer);
        end(thread, transfer);
        return;
    case BLOB_THERE:
        begin_get(thread, transfer, &answer->blob);
        return;
    case BLOB_GONE:
        break;
    }
    must(!"a transfer was answered what only the sweep asks");
}

/* It has ended while it was asked whether its file is kept: nobody is told any more. */
static void answered_too_late(struct blob_thread *thread, struct transfer *transfer, const struct blob_answer *answer)
{
    bool other = answer->kind == LINE_BLOB && answer->blob.word == BLOB_KEPT &&
                 answer->blob.file != transfer->blob.file;
    if (transfer->kept && (answer->kind != LINE_BLOB || other))
        unlink_own(thread, transfer);
    let_go(transfer);
}

void transfer_answered(struct blob_thread *thread, const struct blob_answer *answer)
{
    struct transfer *transfer = find_number(thread, answer->transfer);

    must(transfer && transfer->asked);
    transfer->asked = false;
    if (answer->kind == LINE_BLOB)
        transfer->moved_ms = thread->at_ms;
    if (transfer->state == TRANSFER_OVER) {
        answered_too_late(thread, transfer, answer);
    } else if (answer->kind == LINE_REFUSED) {
        if (transfer->state == PUT_KEEPING)
            unlink_own(thread, transfer);
        transfer_end_refused(thread, transfer, &answer->problem, answer->retry_after_ms);
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
        bool silent = transfer->moved_ms < since_ms;
        if (transfer->state == TRANSFER_OVER && silent) {
            owes_nothing(transfer);
            let_go(transfer);
        } else if (moving && silent) {
            end_with(thread, transfer, PROBLEM_BUSY, "", "Lượt truyền này im lặng quá lâu: hãy bắt đầu lại.",
                     "This transfer was silent for too long: begin it again.");
        } else if (moving && !transfer->asked) {
            ask(thread, transfer, 0);
        }
    }
}
