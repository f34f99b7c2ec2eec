/* Uploads and downloads of blobs against a gateway that is played, step by step (client_blob_play.h). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/client_blob_play.h"

/* A step says what it needs; the rest is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum { LEFT_BEHIND_MS = 10000 };

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage_open(stage);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static enum result upload(struct stage *stage, const struct step *steps, size_t count, bool *ret_duplicate)
{
    struct hash sha256 = { 0 }, wanted;
    uint64_t size = 0;
    stage_begin(stage, steps, count);
    enum result result = lienthong_upload(&stage->options, stage->path, &sha256, &size, ret_duplicate,
                                          &stage->refusal);
    stage_end(stage);
    wanted = stage_hash(stage);
    assert_true(result != RESULT_OK || (hash_equal(&sha256, &wanted) && size == stage->size));
    assert_true(result == RESULT_OK ||
                (stage->refusal.problem.sentence_vi[0] && stage->refusal.problem.sentence_en[0]));
    return result;
}

static enum result download(struct stage *stage, const struct step *steps, size_t count)
{
    struct hash sha256 = stage_hash(stage);
    uint64_t size = 0;
    stage_begin(stage, steps, count);
    enum result result = lienthong_download(&stage->options, &sha256, stage->to, &size, &stage->refusal);
    stage_end(stage);
    assert_true(result != RESULT_OK || size == stage->size);
    assert_true(result == RESULT_OK ||
                (stage->refusal.problem.sentence_vi[0] && stage->refusal.problem.sentence_en[0]));
    return result;
}
#define UPLOAD(...) upload(stage, (const struct step[]){ __VA_ARGS__ }, \
                           sizeof (struct step[]){ __VA_ARGS__ } / sizeof(struct step), &duplicate)
#define DOWNLOAD(...) download(stage, (const struct step[]){ __VA_ARGS__ }, \
                               sizeof (struct step[]){ __VA_ARGS__ } / sizeof(struct step))

static void assert_fetched(const struct stage *stage)
{
    static uint8_t bytes[CONTENT_BYTES_MAX + 1];
    struct stat about;
    FILE *file = fopen(stage->to, "r");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), stage->size);
    fclose(file);
    assert_memory_equal(bytes, stage->content, stage->size);
    assert_int_equal(stat(stage->to, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

/* ---- hashing */

static void a_hash_is_that_of_the_whole_file(void **state)
{
    static const size_t sizes[] = { 0, 1, BLOB_PIECE_BYTES - 1, BLOB_PIECE_BYTES, BLOB_PIECE_BYTES + 1, 200000 };
    struct stage *stage = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct hash sha256, wanted;
        uint64_t size = 1;
        stage_write(stage, sizes[i]);
        int fd = open(stage->path, O_RDONLY);
        assert_int_equal(lseek(fd, (off_t)sizes[i] / 2, SEEK_SET), sizes[i] / 2);
        assert_int_equal(lienthong_blob_hash(fd, &sha256, &size), RESULT_OK);
        wanted = stage_hash(stage);
        assert_true(hash_equal(&sha256, &wanted));
        assert_int_equal(size, sizes[i]);
        close(fd);
    }
    int folder = open(stage->play.folder, O_RDONLY | O_DIRECTORY);
    struct hash sha256;
    uint64_t size;
    assert_int_equal(lienthong_blob_hash(folder, &sha256, &size), RESULT_INVALID);
    close(folder);
}

/* ---- uploading */

static void an_upload_goes_by_credit(void **state)
{
    struct stage *stage = *state;
    bool duplicate = true;

    stage_write(stage, 10 * 1000 + 7);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 10007 }, { SAY_CREDIT, 3, 1000 }, { EXPECT_CHUNKS, 0, 3 }, { EXPECT_NOTHING },
                            { SAY_CREDIT, 4, 1000 }, { EXPECT_CHUNKS, 3, 4 }, { SAY_CREDIT, 2, 1000 },
                            { EXPECT_NOTHING }, { SAY_CREDIT, 99, 1000 }, { EXPECT_CHUNKS, 4, 11 }, { SAY_STORED }),
                     RESULT_OK);
    assert_false(duplicate);
    assert_int_equal(stage->told_done, 10007);
    assert_int_equal(stage->told_size, 10007);
}

static void what_was_there_is_not_sent(void **state)
{
    struct stage *stage = *state;
    bool duplicate = false;

    stage_write(stage, 5000);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 5000 }, { SAY_STORED, true }, { EXPECT_NOTHING }), RESULT_OK);
    assert_true(duplicate);
}

static void what_cannot_be_sent_is_said_before_anything_is_sent(void **state)
{
    struct stage *stage = *state;
    struct hash sha256;
    uint64_t size;
    bool duplicate;

    stage_write(stage, 0);
    assert_int_equal(UPLOAD({ EXPECT_NOTHING }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_INVALID_FIELD);
    assert_int_equal(truncate(stage->path, (off_t)BLOB_BYTES_MAX + 1), 0);
    assert_int_equal(UPLOAD({ EXPECT_NOTHING }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_TOO_LARGE);
    assert_int_equal(lienthong_upload(&stage->options, stage->play.folder, &sha256, &size, &duplicate,
                                      &stage->refusal), RESULT_INVALID);
    assert_int_equal(unlink(stage->path), 0);
    assert_int_equal(UPLOAD({ EXPECT_NOTHING }), RESULT_NOT_FOUND);
    stage_write(stage, 10);
    stage->options.endpoint = "nowhere";
    assert_int_equal(UPLOAD({ EXPECT_NOTHING }), RESULT_INVALID);
    assert_string_equal(stage->refusal.problem.field, "endpoint");
}

static void a_refusal_travels_back(void **state)
{
    struct stage *stage = *state;
    bool duplicate;

    stage_write(stage, 3000);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_REFUSED, PROBLEM_FULL, 5000 }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_FULL);
    assert_int_equal(stage->refusal.retry_after_ms, 5000);
    assert_string_equal(stage->refusal.problem.sentence_vi, "Không.");
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 2, 1000 }, { EXPECT_CHUNKS, 0, 2 },
                            { SAY_REFUSED, PROBLEM_INVALID_FIELD, 0 }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_INVALID_FIELD);
    assert_int_equal(stage->refusal.retry_after_ms, 0);
}

static void silence_ends_an_upload_and_it_begins_anew(void **state)
{
    struct stage *stage = *state;
    bool duplicate;

    stage_write(stage, 3000);
    int64_t before_ms = play_real_ms();
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 2, 1000 }, { EXPECT_CHUNKS, 0, 2 }), RESULT_BUSY);
    assert_true(play_real_ms() - before_ms >= SILENT_MS && play_real_ms() - before_ms < LEFT_BEHIND_MS);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 3, 1000 }, { EXPECT_CHUNKS, 0, 3 }, { SAY_STORED }),
                     RESULT_OK);
}

static void credit_that_makes_no_sense_ends_an_upload(void **state)
{
    struct stage *stage = *state;
    bool duplicate;

    stage_write(stage, 3000);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 2, 0 }), RESULT_BROKEN);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 2, (1 << 20) + 1 }), RESULT_BROKEN);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 1, 1000 }, { EXPECT_CHUNKS, 0, 1 },
                            { SAY_CREDIT, 2, 500 }), RESULT_BROKEN);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_CREDIT, 3, 1000 }, { EXPECT_CHUNKS, 0, 3 },
                            { SAY_OTHER_STORED }), RESULT_BROKEN);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_PONG }), RESULT_BROKEN);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_DELIVER }), RESULT_BROKEN);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 3000 }, { SAY_RANDOM }), RESULT_BROKEN);
}

static void a_transfer_stops_when_it_is_asked_to(void **state)
{
    struct stage *stage = *state;
    bool duplicate;

    stage_write(stage, 5000);
    stage->stop_at = 2000;
    assert_int_equal(UPLOAD({ EXPECT_PUT, 5000 }, { SAY_CREDIT, 5, 1000 }, { EXPECT_CHUNKS, 0, 2 }), RESULT_BUSY);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 2 }, { EXPECT_CREDIT, 0 }),
                     RESULT_BUSY);
    assert_int_equal(stage_files(stage), 1);
}

/* ---- downloading */

static void a_download_is_whole(void **state)
{
    struct stage *stage = *state;

    stage->size = 40 * 1000 + 1;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 8 }, { EXPECT_CREDIT, 17 },
                              { SAY_CHUNKS, 8, 16 }, { EXPECT_CREDIT, 25 }, { SAY_CHUNKS, 16, 24 },
                              { EXPECT_CREDIT, 33 }, { SAY_CHUNKS, 24, 32 }, { EXPECT_CREDIT, 41 },
                              { SAY_CHUNKS, 32, 41 }), RESULT_OK);
    assert_fetched(stage);
    assert_int_equal(stage_files(stage), 1);
    assert_int_equal(stage->told_done, stage->size);
}

static void chunks_as_they_are_on_the_wire(void **state)
{
    struct stage *stage = *state;

    stage->size = 5 * BLOB_PIECE_BYTES;             /* the last one is as long as the others */
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, BLOB_PIECE_BYTES }, { SAY_CHUNKS, 0, 5 }), RESULT_OK);
    assert_fetched(stage);
}

static void a_download_goes_on_after_silence(void **state)
{
    struct stage *stage = *state;

    stage->size = 5500;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 2 },
                              { EXPECT_GET, 2 }, { EXPECT_GET, 2 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 2, 3 },
                              { EXPECT_GET, 3 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 3, 6 }), RESULT_OK);
    assert_fetched(stage);
}

/* Too many transfers just now, or this one was silent for too long: what has come is kept, it goes on from there. */
static void a_download_goes_on_after_a_refusal_for_now(void **state)
{
    struct stage *stage = *state;

    stage->size = 5500;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_REFUSED, PROBLEM_BUSY, 50 },
                              { EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 2 },
                              { SAY_REFUSED, PROBLEM_BUSY, 50 }, { EXPECT_GET, 2 }, { SAY_REFUSED, PROBLEM_BUSY, 50 },
                              { EXPECT_GET, 2 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 2, 6 }), RESULT_OK);
    assert_fetched(stage);
}

/* Not for ever, and not when it is no use. */
static void a_refusal_that_lasts_ends_a_download(void **state)
{
    struct stage *stage = *state;

    stage->size = 5500;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 2 },
                              { SAY_REFUSED, PROBLEM_BUSY, SILENT_MS + 1 }), RESULT_INVALID);
    assert_int_equal(stage->refusal.retry_after_ms, SILENT_MS + 1);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 2 },
                              { SAY_REFUSED, PROBLEM_ATTACHMENT_MISSING, 0 }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_ATTACHMENT_MISSING);
    assert_int_equal(stage_files(stage), 0);
}

static void a_broken_line_is_not_waited_for(void **state)
{
    struct stage *stage = *state;
    bool duplicate;

    stage->options.silent_ms = 2 * LEFT_BEHIND_MS;
    int64_t before_ms = play_real_ms();
    stage_write(stage, 20000);
    assert_int_equal(UPLOAD({ EXPECT_PUT, 20000 }, { BREAK_LINE }), RESULT_BUSY);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 8 }, { EXPECT_CREDIT, 17 },
                              { BREAK_LINE }, { EXPECT_GET, 8 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 8, 20 }),
                     RESULT_OK);
    assert_true(play_real_ms() - before_ms < LEFT_BEHIND_MS);
    assert_fetched(stage);
}

static void silence_after_silence_ends_it(void **state)
{
    struct stage *stage = *state;

    stage->size = 5500;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { EXPECT_GET, 0 }, { EXPECT_GET, 0 }, { EXPECT_GET, 0 },
                              { EXPECT_NOTHING }), RESULT_BUSY);
    assert_int_equal(stage_files(stage), 0);
}

static void nothing_is_left_of_what_is_wrong(void **state)
{
    struct stage *stage = *state;

    stage->size = 5500;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 1 }, { SAY_CHUNKS, 2, 3 }),
                     RESULT_BROKEN);                                            /* one is missing */
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 1 }, { SAY_CHUNKS, 0, 1 }),
                     RESULT_BROKEN);                                            /* one comes twice */
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_SHORT_CHUNK, 0 }), RESULT_BROKEN);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_CHUNKS, 0, 1 }), RESULT_BROKEN);         /* before FOUND */
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000, 4900 }, { SAY_CHUNKS, 0, 5 }), RESULT_BROKEN);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 0 }), RESULT_BROKEN);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, (1 << 20) + 1 }), RESULT_BROKEN);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000, (uint64_t)BLOB_BYTES_MAX + 1 }), RESULT_BROKEN);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_FOUND, 1000 }), RESULT_BROKEN);
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 1 }, { EXPECT_GET, 1 },
                              { SAY_FOUND, 500 }), RESULT_BROKEN);              /* changed when it is gone on with */
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_REFUSED, PROBLEM_ATTACHMENT_MISSING }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_ATTACHMENT_MISSING);
    assert_int_equal(stage_files(stage), 0);
}

/* Whole by its number of chunks, and another file. */
static void another_hash_leaves_no_file(void **state)
{
    static const struct step steps[] = { { EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 3 } };
    struct stage *stage = *state;
    struct hash sha256;
    uint64_t size;

    stage->size = 3000;
    sha256 = stage_hash(stage);
    sha256.bytes[0] ^= 1;
    stage_begin(stage, steps, 3);
    assert_int_equal(lienthong_download(&stage->options, &sha256, stage->to, &size, &stage->refusal), RESULT_BROKEN);
    stage_end(stage);
    assert_int_equal(stage_files(stage), 0);
}

static void what_is_there_is_not_overwritten(void **state)
{
    struct stage *stage = *state;

    stage->size = 2000;
    int fd = open(stage->to, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "mine", 4), 4);
    close(fd);
    assert_int_equal(DOWNLOAD({ EXPECT_NOTHING }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_CONFLICT);
    struct stat about;
    assert_int_equal(stat(stage->to, &about), 0);
    assert_int_equal(about.st_size, 4);
    assert_int_equal(stage_files(stage), 1);
}

/* It was not there when the download began. */
static bool make_it_meanwhile(void *context, uint64_t done, uint64_t size)
{
    struct stage *stage = context;
    if (done && done == size)
        close(open(stage->to, O_WRONLY | O_CREAT, 0644));
    return true;
}

static void what_came_meanwhile_is_not_overwritten_either(void **state)
{
    struct stage *stage = *state;
    struct stat about;

    stage->size = 2000;
    stage->options.on_progress = make_it_meanwhile;
    assert_int_equal(DOWNLOAD({ EXPECT_GET, 0 }, { SAY_FOUND, 1000 }, { SAY_CHUNKS, 0, 2 }), RESULT_INVALID);
    assert_int_equal(stage->refusal.problem.type, PROBLEM_CONFLICT);
    assert_int_equal(stat(stage->to, &about), 0);
    assert_int_equal(about.st_size, 0);
    assert_int_equal(stage_files(stage), 1);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    struct stage *stage = *state;

    stage->size = 2000;
    snprintf(stage->to, sizeof stage->to, "%s/none/fetched.pdf", stage->play.folder);
    assert_int_equal(DOWNLOAD({ EXPECT_NOTHING }), RESULT_BROKEN);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_hash_is_that_of_the_whole_file),
        test(an_upload_goes_by_credit),
        test(what_was_there_is_not_sent),
        test(what_cannot_be_sent_is_said_before_anything_is_sent),
        test(a_refusal_travels_back),
        test(silence_ends_an_upload_and_it_begins_anew),
        test(credit_that_makes_no_sense_ends_an_upload),
        test(a_transfer_stops_when_it_is_asked_to),
        test(a_download_is_whole),
        test(chunks_as_they_are_on_the_wire),
        test(a_download_goes_on_after_silence),
        test(a_download_goes_on_after_a_refusal_for_now), test(a_refusal_that_lasts_ends_a_download),
        test(a_broken_line_is_not_waited_for),
        test(silence_after_silence_ends_it),
        test(nothing_is_left_of_what_is_wrong),
        test(another_hash_leaves_no_file),
        test(what_is_there_is_not_overwritten),
        test(what_came_meanwhile_is_not_overwritten_either),
        test(a_folder_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
