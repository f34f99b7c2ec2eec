/* A file on record that cannot be read any more: who uploads its content again mends it for all who name it. And what a
 * header says of an attachment's size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_upload.h"

#define PHOTO "GIẤY CHỨNG SINH, bản quét"

enum { ANOTHER = 700 };

static struct command anew_of(struct world *world, const char *agency, uint64_t file, uint32_t day)
{
    struct command keep = upload_ask(world, BLOB_KEEP, agency, PHOTO);
    keep.blob.file = file;
    keep.blob.day = day;
    keep.blob.anew = true;
    return keep;
}

static const struct blob_effect *keep_anew(struct world *world, const char *agency, uint64_t file, uint32_t day)
{
    struct command keep = anew_of(world, agency, file, day);
    world_run(world, &keep);
    const struct effect *effect = world_effect(world, EFFECT_BLOB, 0);
    assert_non_null(effect);
    assert_int_equal(effect->blob.word, BLOB_KEPT);
    return &effect->blob;
}

static void it_is_wanted_although_it_is_known(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    struct command put = upload_ask(world, BLOB_PUT, WARD, PHOTO);
    assert_int_equal(upload_say(world, &put)->word, BLOB_KNOWN);
    put.blob.anew = true;
    const struct blob_effect *said = upload_say(world, &put);
    assert_int_equal(said->word, BLOB_WANTED);
    assert_int_equal(said->day, SITE_DAY);
}

static void another_file_takes_its_place(void **state)
{
    struct world *world = *state;
    uint64_t first = upload(world, WARD, PHOTO);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    (void)world_accept(world, &submit);
    for (uint32_t uses = 0; uses < 2; uses++) {
        upload_write(world, PHOTO, ANOTHER + uses, SITE_DAY);
        assert_int_equal(keep_anew(world, uses ? WARD2 : WARD, ANOTHER + uses, SITE_DAY)->file, ANOTHER + uses);
        const struct effect *drop = world_effect(world, EFFECT_BLOB_DROP, 0);
        assert_non_null(drop);
        assert_int_equal(drop->session, 0);
        assert_int_equal(drop->blob.file, uses ? ANOTHER : first);
        struct blob blob = upload_record(world, PHOTO);
        assert_int_equal(blob.file, ANOTHER + uses);
        assert_int_equal(blob.uses, 1);
    }
    assert_true(upload_may(world, WARD, PHOTO) && upload_may(world, WARD2, PHOTO));
}

/* Its key could go at any moment: the old file stays, cut as it is, and the uploader hears that his was not taken. */
static void not_by_a_file_without_a_key(void **state)
{
    struct world *world = *state;
    uint64_t first = upload(world, WARD, PHOTO);
    world->now_ms += DAY_MS;
    struct command keep = anew_of(world, WARD, ANOTHER, SITE_DAY - 1);
    assert_int_equal(world_refusal(world, &keep), PROBLEM_BUSY);
    assert_null(world_effect(world, EFFECT_BLOB_DROP, 0));
    assert_int_equal(upload_record(world, PHOTO).file, first);
}

static void a_header_tells_its_size(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    submit.submit.attachment_sizes[0] = strlen(PHOTO) + 1;
    assert_int_equal(world_refusal(world, &submit), PROBLEM_INVALID_FIELD);
    assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, "header.attachments[0].size");
    submit.submit.attachment_sizes[0] = strlen(PHOTO);
    (void)world_accept(world, &submit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(it_is_wanted_although_it_is_known), WORLD(another_file_takes_its_place),
        WORLD(not_by_a_file_without_a_key), WORLD(a_header_tells_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
