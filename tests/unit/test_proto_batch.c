/* BATCH: what is written comes out again frame by frame; what is none is known before the first one is given out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/base/limits.h"
#include "proto/batch.h"
#include "proto/lienthong.pb-c.h"

static uint8_t whole[FRAME_BYTES_MAX];

static struct span write_all(const struct span *frames, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += batch_share(frames[i].size);
    uint8_t *at = batch_begin(whole, bytes);
    for (size_t i = 0; i < count; i++)
        at = batch_add(at, frames[i]);
    assert_int_equal(at - whole, batch_size(bytes));
    return span_of(whole, batch_size(bytes));
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    static uint8_t large[70000];
    struct span frames[] = { span_of_string("a"), span_of(large, sizeof large), span_of(large, 128),
                             span_of_string("z") };
    struct batch batch;
    struct span frame;

    assert_int_equal(batch_open(write_all(frames, 4), &batch), BATCH_GOOD);
    for (size_t i = 0; i < 4; i++) {
        assert_true(batch_next(&batch, &frame));
        assert_true(span_equal(frame, frames[i]));
    }
    assert_false(batch_next(&batch, &frame));
}

static void the_most_and_one_more(void **state)
{
    (void)state;
    struct span frames[BATCH_FRAMES_MAX + 1];
    struct batch batch;

    for (size_t i = 0; i <= BATCH_FRAMES_MAX; i++)
        frames[i] = span_of_string("x");
    assert_int_equal(batch_open(write_all(frames, BATCH_FRAMES_MAX), &batch), BATCH_GOOD);
    assert_int_equal(batch_open(write_all(frames, BATCH_FRAMES_MAX + 1), &batch), BATCH_BROKEN);
}

/* One without a frame costs whoever reads it a look and nothing else, so a flood of them would never be enough. */
static void what_is_none(void **state)
{
    (void)state;
    struct span frames[] = { span_of_string("ab") };
    struct batch batch;
    struct span good = write_all(frames, 1);

    assert_int_equal(batch_open(span_of("\x01\x08\x07", 3), &batch), BATCH_NONE);
    assert_int_equal(batch_open(span_of("", 0), &batch), BATCH_NONE);
    assert_int_equal(batch_open(write_all(frames, 0), &batch), BATCH_BROKEN);
    good = write_all(frames, 1);
    for (size_t size = 3; size < good.size; size++)
        assert_int_equal(batch_open(span_of(good.bytes, size), &batch), BATCH_BROKEN);
    frames[0] = span_of_string("");
    assert_int_equal(batch_open(write_all(frames, 1), &batch), BATCH_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out), cmocka_unit_test(the_most_and_one_more),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
