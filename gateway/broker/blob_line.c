#include "gateway/broker/blob_line.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ANSWERS_MAX = BLOB_QUESTIONS_MAX + DROPS_MAX };

struct blob_line {
    atomic_bool waiter;
    pthread_mutex_t lock;                   /* of all below */
    int      to_loop, to_thread;            /* eventfds */
    struct blob_question questions[BLOB_QUESTIONS_MAX];
    uint32_t questions_first, questions_count;
    struct waiting { struct blob_answer answer; uint64_t sync; } answers[ANSWERS_MAX];
    uint32_t answers_first, answers_count, drops;
    uint64_t syncs_over;
    bool     stopped, missed;
    const char *broken;
};

enum result blob_line_open(struct blob_line **ret_line)
{
    struct blob_line *line = calloc(1, sizeof *line);
    if (!line)
        return RESULT_FULL;
    must(pthread_mutex_init(&line->lock, NULL) == 0);
    line->to_loop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    line->to_thread = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (line->to_loop < 0 || line->to_thread < 0) {
        blob_line_close(line);
        return RESULT_FULL;
    }
    *ret_line = line;
    return RESULT_OK;
}

void blob_line_close(struct blob_line *line)
{
    if (!line)
        return;
    if (line->to_loop >= 0)
        close(line->to_loop);
    if (line->to_thread >= 0)
        close(line->to_thread);
    pthread_mutex_destroy(&line->lock);
    free(line);
}

static void lock(struct blob_line *line)
{
    must(pthread_mutex_lock(&line->lock) == 0);
}

static void unlock(struct blob_line *line)
{
    must(pthread_mutex_unlock(&line->lock) == 0);
}

static void wake(int file)
{
    must(eventfd_write(file, 1) == 0 || errno == EAGAIN);
}

static void wakened(int file)
{
    eventfd_t count;
    must(eventfd_read(file, &count) == 0 || errno == EAGAIN);
}

/* ---- the loop's */

int blob_line_loop_file(const struct blob_line *line)
{
    return line->to_loop;
}

bool blob_line_question(struct blob_line *line, struct blob_question *ret_question)
{
    lock(line);
    bool any = line->questions_count;
    if (any) {
        *ret_question = line->questions[line->questions_first];
        line->questions_first = (line->questions_first + 1) % BLOB_QUESTIONS_MAX;
        line->questions_count--;
    } else {
        wakened(line->to_loop);
    }
    unlock(line);
    return any;
}

void blob_line_answer(struct blob_line *line, const struct blob_answer *answer, uint64_t sync)
{
    bool drop = answer->kind == LINE_DROP;

    lock(line);
    if (drop && line->drops == DROPS_MAX) {
        line->missed = true;
    } else {
        must(line->answers_count < ANSWERS_MAX);
        line->answers[(line->answers_first + line->answers_count++) % ANSWERS_MAX] =
            (struct waiting){ .answer = *answer, .sync = sync };
        line->drops += drop;
    }
    if (sync <= line->syncs_over)
        wake(line->to_thread);
    unlock(line);
}

void blob_line_on_disk(struct blob_line *line, uint64_t syncs_over)
{
    lock(line);
    bool more = syncs_over > line->syncs_over;
    line->syncs_over = syncs_over;
    if (more && line->answers_count)
        wake(line->to_thread);
    unlock(line);
}

void blob_line_waiter(struct blob_line *line, bool waiter)
{
    atomic_store_explicit(&line->waiter, waiter, memory_order_relaxed);
}

void blob_line_stop(struct blob_line *line)
{
    lock(line);
    line->stopped = true;
    wake(line->to_thread);
    unlock(line);
}

const char *blob_line_broken(struct blob_line *line)
{
    lock(line);
    const char *broken = line->broken;
    unlock(line);
    return broken;
}

/* ---- the thread's */

int blob_line_thread_file(const struct blob_line *line)
{
    return line->to_thread;
}

void blob_line_ask(struct blob_line *line, const struct blob_question *question)
{
    lock(line);
    must(line->questions_count < BLOB_QUESTIONS_MAX);
    line->questions[(line->questions_first + line->questions_count++) % BLOB_QUESTIONS_MAX] = *question;
    wake(line->to_loop);
    unlock(line);
}

bool blob_line_answered(struct blob_line *line, struct blob_answer *ret_answer)
{
    lock(line);
    const struct waiting *first = &line->answers[line->answers_first];
    bool any = line->answers_count && first->sync <= line->syncs_over;
    if (any) {
        *ret_answer = first->answer;
        line->drops -= first->answer.kind == LINE_DROP;
        line->answers_first = (line->answers_first + 1) % ANSWERS_MAX;
        line->answers_count--;
    } else {
        wakened(line->to_thread);
    }
    unlock(line);
    return any;
}

bool blob_line_has_waiter(const struct blob_line *line)
{
    return atomic_load_explicit(&line->waiter, memory_order_relaxed);
}

bool blob_line_stopped(struct blob_line *line)
{
    lock(line);
    bool stopped = line->stopped;
    unlock(line);
    return stopped;
}

bool blob_line_missed(struct blob_line *line)
{
    lock(line);
    bool missed = line->missed;
    line->missed = false;
    unlock(line);
    return missed;
}

void blob_line_break(struct blob_line *line, const char *why)
{
    lock(line);
    line->broken = why;
    wake(line->to_loop);
    unlock(line);
}
