/* Attachments in the core: what may be uploaded, named and read, and how often each is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/core_operator.h"
#include "tests/unit/core_upload.h"

#define PHOTO "GIẤY CHỨNG SINH, bản quét"
#define PLAN "a plan of the house"
#define LETTER "a letter"
#define SET(array, text) memcpy(array, text, sizeof text)

/* ---- asking */

static void put_keep_get_find(void **state)
{
    struct world *world = *state;
    struct command put = upload_ask(world, BLOB_PUT, WARD, PHOTO), keep = upload_ask(world, BLOB_KEEP, WARD, PHOTO);
    struct command get = upload_ask(world, BLOB_GET, WARD, PHOTO), find = upload_ask(world, BLOB_FIND, NULL, PHOTO);

    const struct blob_effect *said = upload_say(world, &put);
    assert_int_equal(said->word, BLOB_WANTED);
    assert_int_equal(said->size, strlen(PHOTO));
    assert_int_equal(said->day, SITE_DAY);
    assert_int_equal(said->file, 0);
    assert_false(world->end.wrote);                             /* a question */
    assert_int_equal(upload_refusal(world, &get), PROBLEM_ATTACHMENT_MISSING);

    keep.blob.file = 0xABCDEF;
    keep.blob.day = SITE_DAY;
    find.blob.file = 0xABCDEF;
    assert_int_equal(upload_say(world, &find)->word, BLOB_GONE);
    upload_write(world, PHOTO, 0xABCDEF, SITE_DAY);
    said = upload_say(world, &keep);
    assert_int_equal(said->word, BLOB_KEPT);
    assert_int_equal(said->file, 0xABCDEF);
    assert_true(world->end.wrote);
    struct blob blob = upload_record(world, PHOTO);
    assert_int_equal(blob.size, strlen(PHOTO));
    assert_int_equal(blob.file, 0xABCDEF);
    assert_int_equal(blob.day, SITE_DAY);
    assert_int_equal(blob.uses, 0);
    assert_int_equal(blob.stored_ms, world->now_ms);
    assert_int_equal(blob.due_ms, world->now_ms + 7 * DAY_MS);
    assert_true(upload_may(world, WARD, PHOTO));
    assert_false(upload_may(world, WARD2, PHOTO) || upload_may(world, SAFE, PHOTO));

    said = upload_say(world, &get);
    assert_int_equal(said->word, BLOB_THERE);
    assert_int_equal(said->file, 0xABCDEF);
    assert_int_equal(said->size, strlen(PHOTO));
    assert_int_equal(said->day, SITE_DAY);
    assert_false(world->end.wrote);
    assert_int_equal(upload_say(world, &find)->word, BLOB_THERE);
    find.blob.file++;
    assert_int_equal(upload_say(world, &find)->word, BLOB_GONE);
    find = upload_ask(world, BLOB_FIND, NULL, PLAN);            /* that number, but of another content */
    find.blob.file = 0xABCDEF;
    assert_int_equal(upload_say(world, &find)->word, BLOB_GONE);
    assert_int_equal(world->effects.list[0].blob.file, 0xABCDEF);
}

/* Whether it is there is not said to who may not have it. */
static void knowing_a_hash_is_not_having_the_content(void **state)
{
    struct world *world = *state;
    struct command get = upload_ask(world, BLOB_GET, WARD2, PHOTO), put = upload_ask(world, BLOB_PUT, WARD2, PHOTO);
    char words[2][400];

    assert_int_equal(upload_refusal(world, &get), PROBLEM_ATTACHMENT_MISSING);
    snprintf(words[0], sizeof words[0], "%s", world_effect(world, EFFECT_REFUSED, 0)->refused.problem->sentence_en);
    (void)upload(world, WARD, PHOTO);
    assert_int_equal(upload_refusal(world, &get), PROBLEM_ATTACHMENT_MISSING);
    snprintf(words[1], sizeof words[1], "%s", world_effect(world, EFFECT_REFUSED, 0)->refused.problem->sentence_en);
    assert_string_equal(words[0], words[1]);
    assert_int_equal(upload_say(world, &put)->word, BLOB_WANTED);
    put.blob.size++;                                            /* nor how long it is */
    assert_int_equal(upload_say(world, &put)->word, BLOB_WANTED);
}

static void stored_once_all_the_same(void **state)
{
    struct world *world = *state;
    uint64_t first = upload(world, WARD, PHOTO);
    assert_int_equal(upload(world, WARD, PHOTO), 0);
    world->now_ms += MINUTE_MS;
    assert_int_equal(upload(world, WARD2, PHOTO), first);       /* its own file is not taken */
    assert_true(upload_may(world, WARD, PHOTO) && upload_may(world, WARD2, PHOTO));
    struct blob blob = upload_record(world, PHOTO);
    assert_int_equal(blob.file, first);
    assert_int_equal(blob.due_ms, world->now_ms + 7 * DAY_MS);
    struct command keep = upload_ask(world, BLOB_KEEP, WARD2, PHOTO);       /* told once more */
    keep.blob.file = first + 500;
    keep.blob.day = SITE_DAY;
    const struct blob_effect *said = upload_say(world, &keep);
    assert_int_equal(said->word, BLOB_KEPT);
    assert_int_equal(said->file, first);
    struct command find = upload_ask(world, BLOB_FIND, NULL, PHOTO);
    find.blob.file = first + 500;
    assert_int_equal(upload_say(world, &find)->word, BLOB_GONE);
}

static void sizes_that_are_refused(void **state)
{
    static const struct { uint64_t size; enum problem_type problem; } rows[] = {
        { 0, PROBLEM_INVALID_FIELD }, { BLOB_BYTES_MAX + 1ULL, PROBLEM_TOO_LARGE }, { UINT64_MAX, PROBLEM_TOO_LARGE },
    };
    static const enum blob_about abouts[] = { BLOB_PUT, BLOB_KEEP };
    struct world *world = *state;

    for (unsigned known = 0; known < 2; known++) {
        for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
            struct command ask = upload_ask(world, abouts[i % 2], WARD, PHOTO);
            ask.blob.size = rows[i / 2].size;
            ask.blob.file = 900;
            ask.blob.day = SITE_DAY;
            assert_int_equal(upload_refusal(world, &ask), rows[i / 2].problem);
            assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, "size");
        }
        (void)upload(world, WARD, PHOTO);
    }
    struct command put = upload_ask(world, BLOB_PUT, WARD, "not there yet");
    put.blob.size = BLOB_BYTES_MAX;
    assert_int_equal(upload_say(world, &put)->word, BLOB_WANTED);
    /* Of one hash there is one size. */
    put = upload_ask(world, BLOB_PUT, WARD, PHOTO);
    put.blob.size++;
    assert_int_equal(upload_refusal(world, &put), PROBLEM_INVALID_FIELD);
    struct command keep = upload_ask(world, BLOB_KEEP, WARD2, PHOTO);
    keep.blob.size--;
    keep.blob.file = 900;
    keep.blob.day = SITE_DAY;
    assert_int_equal(upload_refusal(world, &keep), PROBLEM_INVALID_FIELD);
    assert_false(upload_may(world, WARD2, PHOTO));
}

static void nothing_new_while_intake_is_closed(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    struct command put = upload_ask(world, BLOB_PUT, WARD, PLAN), keep = upload_ask(world, BLOB_KEEP, WARD, PLAN);
    struct command known = upload_ask(world, BLOB_PUT, WARD, PHOTO), get = upload_ask(world, BLOB_GET, WARD, PHOTO);
    keep.blob.file = 901;
    keep.blob.day = SITE_DAY;

    for (unsigned stopping = 0; stopping < 2; stopping++) {
        world->core.stopping = stopping;
        world->core.intake_closed = stopping ? NULL : "đĩa gần đầy / the disk is nearly full";
        enum problem_type problem = stopping ? PROBLEM_STOPPING : PROBLEM_FULL;
        assert_int_equal(upload_refusal(world, &put), problem);
        assert_true(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms > 0);
        assert_int_equal(upload_refusal(world, &keep), problem);
        assert_int_equal(upload_say(world, &known)->word, BLOB_KNOWN);      /* the same question, the same answer */
        assert_int_equal(upload_say(world, &get)->word, BLOB_THERE);
    }
    world->core.stopping = false;
    assert_int_equal(upload_say(world, &put)->word, BLOB_WANTED);
}

/* ---- midnight */

static void an_upload_over_midnight(void **state)
{
    struct world *world = *state;
    struct command put = upload_ask(world, BLOB_PUT, WARD, PHOTO), keep = upload_ask(world, BLOB_KEEP, WARD, PHOTO);

    uint32_t day = upload_say(world, &put)->day;
    upload_write(world, PHOTO, 902, day);
    keep.blob.file = 902;
    keep.blob.day = day;
    world->now_ms += DAY_MS;
    assert_int_equal(store_drop_day_keys(world->site->store, world->now_ms), 1);        /* nothing was sealed with it */
    assert_int_equal(upload_refusal(world, &keep), PROBLEM_BUSY);
    assert_true(world_effect(world, EFFECT_REFUSED, 0)->refused.retry_after_ms > 0);
    assert_int_equal(upload_record(world, PHOTO).file, 0);
    assert_false(upload_may(world, WARD, PHOTO));

    day = upload_say(world, &put)->day;
    assert_int_equal(day, SITE_DAY + 1);
    (void)world_send(world, WARD, SAFE, KIND_FORWARD);          /* something of that day */
    upload_write(world, PHOTO, 903, day);
    keep.blob.file = 903;
    keep.blob.day = day;
    world->now_ms += DAY_MS;
    assert_int_equal(store_drop_day_keys(world->site->store, world->now_ms), 0);
    assert_int_equal(upload_say(world, &keep)->word, BLOB_KEPT);
    assert_int_equal(upload_record(world, PHOTO).day, SITE_DAY + 1);
}

static void a_number_twice(void **state)
{
    struct world *world = *state;
    uint64_t file = upload(world, WARD, PHOTO);
    struct command keep = upload_ask(world, BLOB_KEEP, WARD, PLAN);
    keep.blob.file = file;
    keep.blob.day = SITE_DAY;
    assert_int_equal(upload_refusal(world, &keep), PROBLEM_BUSY);
    assert_int_equal(upload_record(world, PLAN).file, 0);
}

/* ---- naming */

static void what_was_not_uploaded_cannot_be_named(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    (void)upload(world, WARD2, PLAN);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    upload_name(&submit, PLAN);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_ATTACHMENT_MISSING);
    assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, "header.attachments[1]");
    upload_used(world, PHOTO, 0);
    upload_used(world, PLAN, 0);
    (void)upload(world, WARD, PLAN);
    (void)world_accept(world, &submit);
    upload_used(world, PHOTO, 1);
    upload_used(world, PLAN, 1);
    struct command first = world_submit(world, SAFE, WARD, KIND_RESULT);     /* never seen: it can have nothing */
    upload_name(&first, PHOTO);
    assert_int_equal(world_refusal(world, &first), PROBLEM_ATTACHMENT_MISSING);
    assert_string_equal(world_effect(world, EFFECT_REFUSED, 0)->refused.problem->field, "header.attachments[0]");
}

static void named_often_used_once(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    (void)upload(world, WARD, PLAN);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    for (unsigned i = 0; i < ATTACHMENTS_MAX; i++)
        upload_name(&submit, i % 3 == 1 ? PLAN : PHOTO);
    uint64_t id = world_accept(world, &submit);
    assert_int_equal(world_accept(world, &submit), id);
    assert_true(world_effect(world, EFFECT_ACCEPTED, 0)->accepted.duplicate);
    upload_used(world, PHOTO, 1);
    upload_used(world, PLAN, 1);
    submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    (void)world_accept(world, &submit);
    upload_used(world, PHOTO, 2);
    upload_used(world, PLAN, 1);
}

/* Who was delivered it may read it, name it, and says that it has it; not before it was offered. */
static void a_receiver_has_it_from_the_offer_on(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    struct command get = upload_ask(world, BLOB_GET, SAFE, PHOTO), put = upload_ask(world, BLOB_PUT, SAFE, PHOTO);
    upload_name(&submit, PHOTO);
    uint64_t id = world_accept(world, &submit);
    assert_int_equal(upload_refusal(world, &get), PROBLEM_ATTACHMENT_MISSING);
    assert_int_equal(world_offer(world, SAFE, 1), 1);
    assert_int_equal(upload_say(world, &get)->word, BLOB_THERE);
    assert_int_equal(upload_say(world, &put)->word, BLOB_KNOWN);
    assert_false(upload_may(world, WARD2, PHOTO));

    struct command outcome = world_outcome(SAFE, id, 1, VERDICT_DELIVERED);
    assert_int_equal(world_say(world, &outcome), STATE_DELIVERED);
    struct command result = world_submit(world, SAFE, WARD2, KIND_RESULT);
    upload_name(&result, PHOTO);
    uint64_t result_id = world_accept(world, &result);
    upload_used(world, PHOTO, 2);
    assert_false(upload_may(world, WARD2, PHOTO));
    assert_int_equal(world_try(world, result_id, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_true(upload_may(world, WARD2, PHOTO));
}

/* ---- how often it is used */

static void a_redirected_child_uses_it_too(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    uint64_t id = world_accept(world, &submit);
    struct command redirect = operator_command("redirect", id);
    SET(redirect.admin.to, ASK);
    redirect.admin.dry_run = true;
    assert_int_equal(operator_ask(world, &redirect)->affected, 1);
    upload_used(world, PHOTO, 1);
    redirect.admin.dry_run = false;
    uint64_t child = operator_number(operator_ask(world, &redirect), "child");
    upload_used(world, PHOTO, 2);
    assert_true(world_handoff(world, child).flags & HANDOFF_ATTACHED);
    assert_false(upload_may(world, ASK, PHOTO));
    assert_int_equal(world_try(world, child, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_true(upload_may(world, ASK, PHOTO));
    assert_false(upload_may(world, SAFE, PHOTO));               /* it never came there */
}

/* Three steps: SAFE first, then ASK and ONCE. */
static void make_procedure(struct world *world)
{
    static struct procedure_step steps[3];
    static struct procedure procedure;
    memset(steps, 0, sizeof steps);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const agencies[] = { SAFE, ASK, ONCE };
        steps[i].name[0] = (char)('a' + i);
        steps[i].after = i ? 1 : 0;
        steps[i].agency.kind = SELECT_AGENCY;
        assert_true(span_to_string(span_of_string(agencies[i]), steps[i].agency.code, sizeof steps[i].agency.code));
    }
    procedure = (struct procedure){ .code = "P", .usual = true, .senders = { .kind = SELECT_ANY }, .steps = steps,
                                    .step_count = 3 };
    world->tables.procedures = &procedure;
    world->tables.procedure_count = 1;
}

static struct command start_of(struct world *world, const char *content)
{
    struct command submit = world_submit(world, WARD, "", KIND_FORWARD);
    SET(submit.submit.procedure_code, "P");
    if (content)
        upload_name(&submit, content);
    return submit;
}

/* Every step travels with the same header. */
static void each_step_of_a_procedure_uses_it(void **state)
{
    struct world *world = *state;
    make_procedure(world);
    (void)upload(world, WARD, PHOTO);
    struct command submit = start_of(world, PHOTO);
    uint64_t root = world_accept(world, &submit);
    upload_used(world, PHOTO, 3);
    for (uint64_t id = root; id < root + 3; id++)
        assert_true(world_handoff(world, id).flags & HANDOFF_ATTACHED);
    assert_int_equal(world_accept(world, &submit), root);
    upload_used(world, PHOTO, 3);

    /* A correction of the first is one for all that hold the same: another file, and nobody uses the wrong one. */
    (void)upload(world, WARD, PLAN);
    struct command correction = start_of(world, PLAN);
    correction.submit.parent = root;
    uint64_t right = world_accept(world, &correction);
    upload_used(world, PLAN, 3);
    upload_used(world, PHOTO, 1);                               /* the closed one has its body still */
    assert_int_equal(world_try(world, right, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_true(upload_may(world, SAFE, PLAN));
    assert_false(upload_may(world, SAFE, PHOTO) || upload_may(world, ASK, PLAN));
}

/* A correction that names nothing any more. */
static void corrected_to_nothing(void **state)
{
    struct world *world = *state;
    make_procedure(world);
    (void)upload(world, WARD, PHOTO);
    struct command submit = start_of(world, PHOTO);
    uint64_t root = world_accept(world, &submit);
    struct command correction = start_of(world, NULL);
    correction.submit.parent = root;
    (void)world_accept(world, &correction);
    upload_used(world, PHOTO, 1);
    assert_false(world_handoff(world, root + 1).flags & HANDOFF_ATTACHED);
    assert_false(world_handoff(world, root + 2).flags & HANDOFF_ATTACHED);

    submit = start_of(world, NULL);                             /* and one from nothing */
    SET(submit.submit.dossier_code, "H29.1-260302-0002");
    root = world_accept(world, &submit);
    correction = start_of(world, PHOTO);
    SET(correction.submit.dossier_code, "H29.1-260302-0002");
    correction.submit.parent = root;
    (void)world_accept(world, &correction);
    upload_used(world, PHOTO, 1 + 3);
}

/* Each holder of a step is told with the same words. */
static void a_withdrawal_to_each_holder(void **state)
{
    struct world *world = *state;
    make_procedure(world);
    (void)upload(world, WARD, LETTER);
    struct command submit = start_of(world, NULL);
    uint64_t root = world_accept(world, &submit);
    assert_int_equal(world_try(world, root, VERDICT_DELIVERED), STATE_DELIVERED);
    struct command result = world_submit(world, SAFE, WARD, KIND_RESULT);
    SET(result.submit.procedure_code, "P");
    result.submit.parent = root;
    (void)world_accept(world, &result);
    assert_int_equal(world_try(world, root + 1, VERDICT_DELIVERED), STATE_DELIVERED);
    assert_int_equal(world_try(world, root + 2, VERDICT_DELIVERED), STATE_DELIVERED);
    struct command withdrawal = world_submit(world, WARD, "", KIND_WITHDRAWAL);
    upload_name(&withdrawal, LETTER);
    (void)world_accept(world, &withdrawal);
    upload_used(world, LETTER, 2);                              /* to ASK, and a copy to ONCE */
    assert_int_equal(world_offer(world, ASK, 9), 1);
    assert_int_equal(world_offer(world, ONCE, 9), 1);
    assert_true(upload_may(world, ASK, LETTER) && upload_may(world, ONCE, LETTER));
    assert_false(upload_may(world, SAFE, LETTER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(put_keep_get_find), WORLD(knowing_a_hash_is_not_having_the_content), WORLD(stored_once_all_the_same),
        WORLD(sizes_that_are_refused), WORLD(nothing_new_while_intake_is_closed), WORLD(an_upload_over_midnight),
        WORLD(a_number_twice), WORLD(what_was_not_uploaded_cannot_be_named), WORLD(named_often_used_once),
        WORLD(a_receiver_has_it_from_the_offer_on), WORLD(a_redirected_child_uses_it_too),
        WORLD(each_step_of_a_procedure_uses_it), WORLD(corrected_to_nothing), WORLD(a_withdrawal_to_each_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
