#include "gateway/broker/blob_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/broker/blob_transfer.h"
#include "gateway/broker/session.h"

enum {
    SECOND_MS = 1000, HOUR_MS = 60 * 60 * 1000, IDLE_MS = 60 * 1000,
    SWEEP_MS = 10,                          /* between two files that are asked about */
    FRAMES_AT_ONCE = 64, RETRY_MS = 20, ASK_AGAIN_MS = 5000,
    ARENA_BYTES = 4 * BLOB_FRAME_BYTES_MAX + WIRE_EXTRA_BYTES,
};

/* ---- files that belong to nothing */

static void sweep_begin(struct blob_thread *thread)
{
    blob_walk_end(&thread->walk);
    thread->sweeping = true;
}

static void sweep(struct blob_thread *thread, int64_t at_ms)
{
    struct blob_question question = { .transfer = SWEEP_TRANSFER, .ask = { .about = BLOB_FIND } };
    struct blob file;

    if (!thread->sweeping || thread->sweep_asked || at_ms < thread->sweep_ms)
        return;
    thread->sweep_ms = at_ms + SWEEP_MS;
    do {
        thread->sweeping = blob_walk_next(&thread->folder, &thread->walk, &file);
    } while (thread->sweeping && transfers_write(thread, file.file));
    if (!thread->sweeping) {
        if (thread->swept)
            log_event(LOG_INFO, "blobs-swept", "count=%u why=%s", thread->swept,
                      log_quoted("files that belong to no upload were removed"));
        thread->swept = 0;
        return;
    }
    question.ask.sha256 = file.sha256;
    question.ask.file = file.file;
    thread->sweep_asked = true;
    blob_line_ask(thread->line, &question);
}

static void swept(struct blob_thread *thread, const struct blob_answer *answer)
{
    struct blob file = { .sha256 = answer->blob.sha256, .file = answer->blob.file };
    thread->sweep_asked = false;
    if (answer->kind == LINE_BLOB && answer->blob.word == BLOB_GONE)
        thread->swept += blob_unlink(&thread->folder, &file) == RESULT_OK;
}

/* ---- answers of the loop */

static void take_answer(struct blob_thread *thread, const struct blob_answer *answer)
{
    struct blob file = { .sha256 = answer->blob.sha256, .file = answer->blob.file };

    if (answer->kind == LINE_DROP)
        (void)blob_unlink(&thread->folder, &file);
    else if (answer->transfer == SWEEP_TRANSFER)
        swept(thread, answer);
    else
        transfer_answered(thread, answer);
}

/* ---- frames */

static void refuse(struct blob_thread *thread, uint32_t routing, const struct frame_refusal *refusal)
{
    int64_t retry_after_ms = problem_is_transient(refusal->problem.type) ? ASK_AGAIN_MS : 0;
    struct transfer *transfer = transfer_find(thread, routing, refusal->correlation);
    struct wire_out out;

    if (transfer) {
        transfer_end_refused(thread, transfer, &refusal->problem, retry_after_ms);
        return;
    }
    wire_refused(refusal, retry_after_ms, &out);
    transfer_say_once(thread, routing, &out);
}

static void take_frame(struct blob_thread *thread, const struct peer *peer, struct span bytes)
{
    struct frame_refusal refusal;
    struct blob_frame frame;
    uint8_t key[CURVE_KEY_SIZE];

    /* Who set a routing id of its own cannot be answered; without a key nobody comes past the handshake. */
    if (peer->foreign_routing || !peer->key_text || strlen(peer->key_text) != KEY_TEXT_SIZE - 1 ||
        !zmq_z85_decode(key, peer->key_text))
        return;
    arena_reset(&thread->arena);
    if (peer->many_parts || !wire_blob_read(bytes, &thread->arena, &frame, &refusal)) {
        if (peer->many_parts) {
            refusal = (struct frame_refusal){ 0 };
            problem_set(&refusal.problem, PROBLEM_MALFORMED, "", "khung phải là một phần duy nhất",
                        "a frame is a message of one part");
        }
        refuse(thread, peer->routing, &refusal);
        return;
    }
    transfer_frame(thread, peer->routing, key, &frame);
}

static bool read_frames(struct blob_thread *thread)
{
    for (int i = 0; i < FRAMES_AT_ONCE && piece_may(thread); i++) {
        zmq_msg_t frame;
        struct peer peer;
        must(zmq_msg_init(&frame) == 0);
        bool any = peer_read(thread->socket, &frame, &peer);
        if (any) {
            peer.key_text = zmq_msg_gets(&frame, "User-Id");
            take_frame(thread, &peer, span_of(zmq_msg_data(&frame), zmq_msg_size(&frame)));
        }
        zmq_msg_close(&frame);
        if (!any)
            return false;
    }
    return true;
}

/* ---- the thread */

static void from_time_to_time(struct blob_thread *thread, int64_t at_ms)
{
    if (at_ms >= thread->second_ms) {
        thread->second_ms = at_ms + SECOND_MS;
        transfers_look(thread, at_ms - IDLE_MS);
    }
    if (at_ms >= thread->hour_ms) {
        thread->hour_ms = at_ms + HOUR_MS;
        blob_folder_forget_keys(&thread->folder);
    }
    if (blob_line_missed(thread->line))
        sweep_begin(thread);
    sweep(thread, at_ms);
}

static long wait_ms(const struct blob_thread *thread, bool busy, enum sending sending)
{
    enum { PACED_MS = (BLOB_PACE_US + 999) / 1000 };
    long ms = sending == SENDING_BLOCKED ? RETRY_MS : thread->sweeping ? SWEEP_MS : SECOND_MS;

    if (!piece_may(thread))
        return PACED_MS < ms ? PACED_MS : ms;
    return busy || sending >= SENDING_PACED ? 0 : ms;
}

static void *run(void *context)
{
    struct blob_thread *thread = context;
    struct blob_answer answer;
    bool busy = false;
    enum sending sending = SENDING_NOTHING;

    sweep_begin(thread);
    while (!blob_line_stopped(thread->line) && !thread->broken) {
        zmq_pollitem_t items[] = { { .socket = thread->socket, .events = ZMQ_POLLIN },
                                   { .fd = blob_line_thread_file(thread->line), .events = ZMQ_POLLIN } };
        /* A chunk that may not be taken yet is not listened for. */
        items[0].events = piece_may(thread) ? ZMQ_POLLIN : 0;
        (void)zmq_poll(items, 2, wait_ms(thread, busy, sending));
        thread->at_ms = clock_boot_ms();
        while (blob_line_answered(thread->line, &answer))
            take_answer(thread, &answer);
        /* While pieces keep a pace, one in and one out take turns: neither side keeps the other waiting. */
        if (thread->out_first)
            (void)transfers_send(thread);
        busy = read_frames(thread);
        sending = transfers_send(thread);
        from_time_to_time(thread, thread->at_ms);
    }
    transfers_end(thread);
    return NULL;
}

static bool start_thread(struct blob_thread *thread)
{
    sigset_t all, before;                       /* signals are the loop's business */

    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    bool started = pthread_create(&thread->thread, NULL, run, thread) == 0;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return started;
}

static void free_thread(struct blob_thread *thread)
{
    blob_walk_end(&thread->walk);
    blob_folder_close(&thread->folder);
    arena_done(&thread->arena);
    free(thread);
}

enum result blob_thread_start(struct blob_thread **ret_thread, const struct blob_thread_options *options,
                              struct text *why)
{
    struct blob_folder_options folder = { .store_folder = options->store_folder };
    struct blob_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return RESULT_FULL;
    *thread = (struct blob_thread){ .line = options->line, .socket = options->socket,
                                    .keep_free_bytes = options->keep_free_bytes, .last = SWEEP_TRANSFER };
    enum result result = arena_init(&thread->arena, ARENA_BYTES);
    if (result == RESULT_OK && (result = blob_folder_open(&thread->folder, &folder)) != RESULT_OK)
        text_add(why, "%s/blobs: %s", options->store_folder, strerror(errno));
    if (result == RESULT_OK && !start_thread(thread)) {
        text_add(why, "no thread for blobs can be had");
        result = RESULT_FULL;
    }
    if (result != RESULT_OK) {
        free_thread(thread);
        return result;
    }
    *ret_thread = thread;
    return RESULT_OK;
}

void blob_thread_join(struct blob_thread *thread)
{
    if (!thread)
        return;
    must(pthread_join(thread->thread, NULL) == 0);
    zmq_close(thread->socket);
    free_thread(thread);
}
