/* Between the loop and the thread of blobs: questions in order, answers when they are on disk, the bounds of both. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/broker/blob_line.h"

static int setup(void **state)
{
    struct blob_line *line = NULL;
    int bad = blob_line_open(&line) != RESULT_OK;
    *state = line;
    return bad;
}

static int teardown(void **state)
{
    blob_line_close(*state);
    return 0;
}
#define LINE(test) { #test, test, setup, teardown, NULL }

static bool readable(int file)
{
    struct pollfd poll_file = { .fd = file, .events = POLLIN };
    return poll(&poll_file, 1, 0) == 1;
}

static void ask(struct blob_line *line, uint64_t transfer)
{
    struct blob_question question = { .transfer = transfer, .of_key = true,
                                      .ask = { .about = BLOB_PUT, .size = 10 * transfer } };
    blob_line_ask(line, &question);
}

static void answer(struct blob_line *line, uint64_t transfer, uint64_t sync)
{
    struct blob_answer answer = { .kind = LINE_BLOB, .transfer = transfer, .seq = transfer + 1000 };
    blob_line_answer(line, &answer, sync);
}

static void drop(struct blob_line *line, uint64_t file, uint64_t sync)
{
    struct blob_answer answer = { .kind = LINE_DROP, .blob = { .file = file } };
    blob_line_answer(line, &answer, sync);
}

/* The transfer of the next answer, or the file of the next drop; 0: none may be given. */
static uint64_t next(struct blob_line *line)
{
    struct blob_answer answer;
    if (!blob_line_answered(line, &answer))
        return 0;
    return answer.kind == LINE_DROP ? answer.blob.file : answer.transfer;
}

static uint64_t next_question(struct blob_line *line)
{
    struct blob_question question;
    if (!blob_line_question(line, &question))
        return 0;
    assert_int_equal(question.ask.size, 10 * question.transfer);
    assert_true(question.of_key && !question.still);
    return question.transfer;
}

static void nothing_at_first(void **state)
{
    struct blob_line *line = *state;
    assert_int_equal(next(line), 0);
    assert_int_equal(next_question(line), 0);
    assert_false(blob_line_stopped(line) || blob_line_missed(line));
    assert_null(blob_line_broken(line));
    assert_false(readable(blob_line_loop_file(line)) || readable(blob_line_thread_file(line)));
    blob_line_close(NULL);
}

static void questions_come_in_order(void **state)
{
    struct blob_line *line = *state;
    uint64_t asked = 0, taken = 0;
    /* Round the end of the list more than once, the list now empty, now nearly full. */
    for (unsigned round = 0; round < 9; round++) {
        while (asked - taken < BLOB_QUESTIONS_MAX)
            ask(line, ++asked);
        assert_true(readable(blob_line_loop_file(line)));
        unsigned left = round % 3 ? 1 + round : 0;
        while (asked - taken > left)
            assert_int_equal(next_question(line), ++taken);
        assert_true(readable(blob_line_loop_file(line)));       /* who stops half way is still told */
    }
    while (taken < asked)
        assert_int_equal(next_question(line), ++taken);
    assert_int_equal(next_question(line), 0);
    assert_false(readable(blob_line_loop_file(line)));
}

static void nothing_is_given_before_its_sync(void **state)
{
    struct blob_line *line = *state;
    blob_line_on_disk(line, 4);
    assert_false(readable(blob_line_thread_file(line)));        /* nobody waits */
    answer(line, 1, 5);
    answer(line, 2, 5);
    answer(line, 3, 6);
    assert_false(readable(blob_line_thread_file(line)));
    assert_int_equal(next(line), 0);
    blob_line_on_disk(line, 4);
    assert_int_equal(next(line), 0);
    blob_line_on_disk(line, 5);
    assert_true(readable(blob_line_thread_file(line)));
    assert_int_equal(next(line), 1);
    assert_int_equal(next(line), 2);
    assert_int_equal(next(line), 0);
    assert_false(readable(blob_line_thread_file(line)));
    blob_line_on_disk(line, 9);                                 /* some at once */
    assert_true(readable(blob_line_thread_file(line)));
    assert_int_equal(next(line), 3);
    answer(line, 4, 9);                                         /* over already */
    assert_true(readable(blob_line_thread_file(line)));
    assert_int_equal(next(line), 4);
    answer(line, 5, 0);                                         /* of no turn */
    assert_int_equal(next(line), 5);
}

/* One that needs no sync keeps its place behind one that does. */
static void answers_keep_their_order(void **state)
{
    struct blob_line *line = *state;
    answer(line, 1, 1);
    answer(line, 2, 0);
    drop(line, 3, 1);
    answer(line, 4, 1);
    assert_int_equal(next(line), 0);
    blob_line_on_disk(line, 1);
    for (uint64_t i = 1; i <= 4; i++)
        assert_int_equal(next(line), i);
    assert_int_equal(next(line), 0);
}

static void what_was_said_arrives_whole(void **state)
{
    struct blob_line *line = *state;
    struct blob_answer said = { .kind = LINE_REFUSED, .transfer = 9, .retry_after_ms = 5000, .seq = 8 }, heard;
    problem_set(&said.problem, PROBLEM_FULL, "size", "đầy", "full");
    blob_line_answer(line, &said, 0);
    assert_true(blob_line_answered(line, &heard));
    assert_int_equal(heard.kind, LINE_REFUSED);
    assert_int_equal(heard.transfer, 9);
    assert_int_equal(heard.retry_after_ms, 5000);
    assert_int_equal(heard.problem.type, PROBLEM_FULL);
    assert_string_equal(heard.problem.field, "size");
    assert_string_equal(heard.problem.sentence_vi, "đầy");
    struct blob_question question = { .transfer = 7, .still = true, .of_key = true, .key = { 1, 2, 3 } }, read;
    blob_line_ask(line, &question);
    assert_true(blob_line_question(line, &read));
    assert_true(read.still && read.of_key && read.transfer == 7 && read.key[2] == 3);
}

static void one_drop_too_many_is_forgotten(void **state)
{
    struct blob_line *line = *state;
    for (uint64_t file = 1; file <= DROPS_MAX; file++)
        drop(line, file, 1);
    assert_false(blob_line_missed(line));
    drop(line, 7777, 1);
    drop(line, 7778, 1);
    assert_true(blob_line_missed(line));
    assert_false(blob_line_missed(line));                       /* once */
    /* There is room for every question's answer all the same. */
    for (uint64_t i = 1; i <= BLOB_QUESTIONS_MAX; i++)
        answer(line, 10000 + i, 1);
    blob_line_on_disk(line, 1);
    assert_int_equal(next(line), 1);
    drop(line, 9999, 1);                                        /* and for one drop again */
    assert_false(blob_line_missed(line));
    for (uint64_t file = 2; file <= DROPS_MAX; file++)
        assert_int_equal(next(line), file);
    for (uint64_t i = 1; i <= BLOB_QUESTIONS_MAX; i++)
        assert_int_equal(next(line), 10000 + i);
    assert_int_equal(next(line), 9999);
    assert_int_equal(next(line), 0);
}

/* A forgotten one wakes the thread, or it would look for it only when something else comes. */
static void who_forgot_one_is_woken(void **state)
{
    struct blob_line *line = *state;
    for (uint64_t file = 1; file <= DROPS_MAX; file++)
        drop(line, file, 1);
    blob_line_on_disk(line, 1);
    while (next(line))
        ;
    assert_false(readable(blob_line_thread_file(line)));
    for (uint64_t file = 1; file <= DROPS_MAX + 1; file++)
        drop(line, file, 2);
    blob_line_on_disk(line, 2);
    assert_true(readable(blob_line_thread_file(line)));
    assert_true(blob_line_missed(line));
}

static void stopping_and_breaking(void **state)
{
    struct blob_line *line = *state;
    blob_line_stop(line);
    assert_true(readable(blob_line_thread_file(line)));
    assert_true(blob_line_stopped(line) && blob_line_stopped(line));
    blob_line_break(line, "the disk fails");
    assert_true(readable(blob_line_loop_file(line)));
    assert_string_equal(blob_line_broken(line), "the disk fails");
}

/* ---- two threads */

enum { MANY = 20000 };

static void *thread_of_blobs(void *context)
{
    struct blob_line *line = context;
    uint64_t asked = 0, answered = 0, at;

    while (answered < MANY) {
        struct pollfd file = { .fd = blob_line_thread_file(line), .events = POLLIN };
        while (asked < MANY && asked - answered < BLOB_QUESTIONS_MAX)
            ask(line, ++asked);
        if (poll(&file, 1, 10000) != 1)
            return "nobody woke the thread";
        while ((at = next(line)) != 0)
            if (at != ++answered)
                return "an answer is missing";
    }
    return NULL;
}

/* Each answer in a turn of its own, synced later; neither waits for the other but by its descriptor. */
static void nothing_is_lost_between_two(void **state)
{
    struct blob_line *line = *state;
    pthread_t thread;
    void *fault = NULL;
    uint64_t heard = 0, at;

    assert_int_equal(pthread_create(&thread, NULL, thread_of_blobs, line), 0);
    while (heard < MANY) {
        struct pollfd file = { .fd = blob_line_loop_file(line), .events = POLLIN };
        if (poll(&file, 1, 10000) != 1)
            break;
        while ((at = next_question(line)) != 0) {
            if (at != ++heard)
                break;
            answer(line, at, heard);
            if (heard % 3 == 0)
                blob_line_on_disk(line, heard);
        }
        blob_line_on_disk(line, heard);
    }
    assert_int_equal(pthread_join(thread, &fault), 0);
    if (fault)
        fail_msg("%s", (const char *)fault);
    assert_int_equal(heard, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINE(nothing_at_first), LINE(questions_come_in_order), LINE(nothing_is_given_before_its_sync),
        LINE(answers_keep_their_order), LINE(what_was_said_arrives_whole), LINE(one_drop_too_many_is_forgotten),
        LINE(who_forgot_one_is_woken), LINE(stopping_and_breaking), LINE(nothing_is_lost_between_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
