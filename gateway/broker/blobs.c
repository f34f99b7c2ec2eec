#include "gateway/broker/blobs.h"

#include <string.h>

#include "gateway/broker/broker.h"

enum { HEARD_AT_ONCE = 32 };            /* what is left is heard of again */

enum result blobs_open(struct broker *broker, struct text *why)
{
    struct blobs *blobs = &broker->blobs;
    struct blob_thread_options options = { .store_folder = broker->options.store_folder,
                                           .keep_free_bytes = (uint64_t)broker->options.blobs_keep_free_bytes };

    if (!broker->options.blob_endpoints.count)
        return RESULT_OK;
    enum result result = blob_line_open(&blobs->line);
    if (result == RESULT_OK)
        result = bus_bind_blobs(&broker->bus, &broker->options, &options.socket, why);
    options.line = blobs->line;
    if (result == RESULT_OK)
        result = blob_thread_start(&blobs->thread, &options, why);
    if (result != RESULT_OK && options.socket)
        zmq_close(options.socket);
    return result;
}

void blobs_close(struct broker *broker)
{
    struct blobs *blobs = &broker->blobs;
    if (blobs->line)
        blob_line_stop(blobs->line);
    blob_thread_join(blobs->thread);
    blob_line_close(blobs->line);
    *blobs = (struct blobs){ 0 };
}

int blobs_file(const struct broker *broker)
{
    return broker->blobs.line ? blob_line_loop_file(broker->blobs.line) : -1;
}

/* ---- questions */

static void refuse(struct broker *broker, const struct blob_question *question, const char *vi, const char *en)
{
    struct blob_answer answer = { .kind = LINE_REFUSED, .transfer = question->transfer };
    problem_set(&answer.problem, PROBLEM_NOT_ALLOWED, "", "%s%.0s", "%.0s%s", vi, en);
    complain(broker, "refused", "?", problem_word(answer.problem.type));
    blob_line_answer(broker->blobs.line, &answer, 0);
}

/* NULL: it was answered. */
static const struct agency *holder_of(struct broker *broker, const struct blob_question *question)
{
    uint32_t roles = 0;
    const struct agency *holder = key_holder(broker, question->key, &roles);

    if (!holder) {
        refuse(broker, question, "khóa của kết nối này không còn hiệu lực",
               "the key of this connection is not in force");
        return NULL;
    }
    if (question->sends && !(roles & ROLE_SENDER)) {
        refuse(broker, question, "khóa này không có vai trò gửi", "this key does not have the role of sender");
        return NULL;
    }
    return holder;
}

static void take(struct broker *broker, const struct blob_question *question)
{
    const struct agency *holder = question->of_key ? holder_of(broker, question) : NULL;

    if (question->of_key && !holder)
        return;
    if (question->still) {
        struct blob_answer answer = { .kind = LINE_STILL, .transfer = question->transfer };
        blob_line_answer(broker->blobs.line, &answer, 0);
        return;
    }
    struct command *command = order_put(&broker->order, sizeof question->ask);
    command_begin(command, COMMAND_BLOB);
    command->session = BLOB_SESSION | question->transfer;
    command->agency = holder;
    command->blob = question->ask;
    broker->hurry |= question->of_key;
}

void blobs_hear(struct broker *broker)
{
    struct blob_question question;

    if (broker->blobs.line)
        blob_line_waiter(broker->blobs.line, turn_has_waiter(broker));
    if (!broker->blobs.line || !broker->heard.blobs)
        return;
    for (int i = 0; i < HEARD_AT_ONCE && order_has_room(&broker->order, sizeof question.ask) &&
                    blob_line_question(broker->blobs.line, &question); i++)
        take(broker, &question);
}

/* ---- answers */

void blobs_answer(struct broker *broker, const struct effect *effect)
{
    struct blob_answer answer = { .kind = LINE_BLOB, .transfer = effect->session & ~BLOB_SESSION,
                                  .seq = broker->end.seq };

    if (!broker->blobs.line)
        return;                                 /* the next start with a thread finds files that belong to nothing */
    if (effect->kind == EFFECT_REFUSED) {
        answer.kind = LINE_REFUSED;
        answer.problem = *effect->refused.problem;
        answer.retry_after_ms = effect->refused.retry_after_ms;
        complain(broker, "refused", "?", problem_word(answer.problem.type));
    } else {
        answer.kind = effect->kind == EFFECT_BLOB_DROP ? LINE_DROP : LINE_BLOB;
        answer.blob = effect->blob;
    }
    blob_line_answer(broker->blobs.line, &answer, broker->end.sync);
}

void blobs_on_disk(struct broker *broker)
{
    if (broker->blobs.line)
        blob_line_on_disk(broker->blobs.line, store_syncs_over(broker->store));
}

const char *blobs_trouble(const struct broker *broker)
{
    return broker->blobs.line ? blob_line_broken(broker->blobs.line) : NULL;
}
