/* When an attachment goes: unused for 7 days, with the last body, in as many ticks as it has readers for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/core_upload.h"

#define PHOTO "GIẤY CHỨNG SINH, bản quét"
#define LETTER "a letter"

static const struct blob_effect *dropped(struct world *world)
{
    struct command tick = { .kind = COMMAND_TICK, .session = 4, .correlation = 4 };
    world_run(world, &tick);
    const struct effect *effect = world_effect(world, EFFECT_BLOB_DROP, 0);
    if (!effect)
        return NULL;
    assert_int_equal(world_count(world, EFFECT_BLOB_DROP), 1);
    assert_int_equal(effect->session, 0);                       /* nobody asked */
    assert_int_equal(effect->correlation, 0);
    assert_int_equal(effect->blob.word, 0);
    return &effect->blob;
}

static void unused_for_seven_days(void **state)
{
    struct world *world = *state;
    uint64_t file = upload(world, WARD, PHOTO);
    struct hash hash = upload_hash(PHOTO);
    world->now_ms += 7 * DAY_MS - 1;
    assert_null(dropped(world));
    upload_used(world, PHOTO, 0);
    world->now_ms++;
    const struct blob_effect *gone = dropped(world);
    assert_non_null(gone);
    assert_int_equal(gone->file, file);
    assert_true(hash_equal(&gone->sha256, &hash));
    assert_int_equal(upload_record(world, PHOTO).file, 0);
    assert_false(upload_may(world, WARD, PHOTO));
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    assert_int_equal(world_refusal(world, &submit), PROBLEM_ATTACHMENT_MISSING);
    assert_true(upload(world, WARD, PHOTO) > file);             /* a file of its own */
}

/* The clock cannot be trusted, or a backup is being taken: it waits, a minute at a time. */
static void not_while_it_is_paused(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    world->now_ms += 8 * DAY_MS;
    for (unsigned i = 0; i < 2; i++) {
        world->core.purge_paused = i == 0;
        world->core.time_in_doubt = i == 1;
        assert_null(dropped(world));
        assert_int_equal(upload_record(world, PHOTO).due_ms, world->now_ms + MINUTE_MS);
        assert_true(upload_may(world, WARD, PHOTO));
        assert_null(dropped(world));
        assert_false(world->end.wrote);                         /* nothing is due for now */
        world->now_ms += MINUTE_MS;
    }
    world->core.time_in_doubt = false;
    assert_non_null(dropped(world));
}

static void each_upload_begins_the_days_anew(void **state)
{
    struct world *world = *state;
    (void)upload(world, WARD, PHOTO);
    world->now_ms += 6 * DAY_MS;
    assert_int_equal(upload(world, WARD, PHOTO), 0);
    assert_int_equal(world_pass(world, 7 * DAY_MS - 1), 0);
    upload_used(world, PHOTO, 0);
    struct command get = upload_ask(world, BLOB_GET, WARD, PHOTO);      /* reading does not */
    assert_int_equal(upload_say(world, &get)->word, BLOB_THERE);
    assert_int_equal(world_pass(world, 1), 1);
    assert_int_equal(upload_record(world, PHOTO).file, 0);
}

static void it_goes_with_the_last_body(void **state)
{
    struct world *world = *state;
    uint64_t file = upload(world, WARD, PHOTO), ids[2];
    for (unsigned i = 0; i < 2; i++) {
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        upload_name(&submit, PHOTO);
        ids[i] = world_accept(world, &submit);
        assert_int_equal(world_try(world, ids[i], VERDICT_DELIVERED), STATE_DELIVERED);
        world->now_ms += DAY_MS;
    }
    upload_used(world, PHOTO, 2);
    (void)world_pass(world, world->tables.purge_after_ms - 2 * DAY_MS);
    assert_true(world_handoff(world, ids[0]).flags & HANDOFF_BODY_PURGED);
    assert_false(world_handoff(world, ids[0]).flags & HANDOFF_ATTACHED);
    assert_false(world_handoff(world, ids[1]).flags & HANDOFF_BODY_PURGED);
    upload_used(world, PHOTO, 1);
    assert_true(upload_may(world, SAFE, PHOTO));
    world->now_ms += DAY_MS;
    assert_null(dropped(world));                                /* the purge of the second */
    assert_true(world_handoff(world, ids[1]).flags & HANDOFF_BODY_PURGED);
    struct blob blob = upload_record(world, PHOTO);
    assert_int_equal(blob.uses, 0);
    assert_int_equal(blob.due_ms, world->now_ms);
    const struct blob_effect *gone = dropped(world);            /* and at once it */
    assert_non_null(gone);
    assert_int_equal(gone->file, file);
    assert_false(upload_may(world, WARD, PHOTO) || upload_may(world, SAFE, PHOTO));
    /* No key is kept for it. */
    assert_int_equal(store_drop_day_keys(world->site->store, world->now_ms), 2);
}

/* STORED is a promise also where it was named before: the body that goes is not the one it was uploaded for. */
static void uploaded_again_while_it_was_used(void **state)
{
    struct world *world = *state;
    for (unsigned other = 0; other < 2; other++) {
        const char *again = other ? WARD2 : WARD;
        (void)upload(world, WARD, PHOTO);
        struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
        upload_name(&submit, PHOTO);
        uint64_t id = world_accept(world, &submit);
        assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
        world->now_ms += world->tables.purge_after_ms - DAY_MS;
        (void)upload(world, again, PHOTO);
        upload_used(world, PHOTO, 1);
        int64_t until_ms = world->now_ms + 7 * DAY_MS;
        (void)world_pass(world, 2 * DAY_MS);
        assert_true(world_handoff(world, id).flags & HANDOFF_BODY_PURGED);
        upload_used(world, PHOTO, 0);
        assert_int_equal(upload_record(world, PHOTO).due_ms, until_ms);
        if (other) {
            submit = world_submit(world, again, SAFE, KIND_FORWARD);
            upload_name(&submit, PHOTO);
            (void)world_accept(world, &submit);
            upload_used(world, PHOTO, 1);
        } else {
            assert_int_equal(world_pass(world, until_ms - world->now_ms), 1);
            assert_int_equal(upload_record(world, PHOTO).file, 0);
        }
    }
}

/* ---- many readers */

enum { STRANGERS = 130 };

static void make_strangers(struct turn *turn, void *context)
{
    char code[AGENCY_CODE_SIZE];
    (void)context;
    for (unsigned i = 0; i < STRANGERS; i++) {
        snprintf(code, sizeof code, "R.%03u", i);
        assert_int_equal(turn_agency_number_make(turn, code), i + 1);
    }
}

struct readers { const char *content; unsigned count; };

static void some_may_read(struct turn *turn, void *context)
{
    const struct readers *readers = context;
    struct hash hash = upload_hash(readers->content);
    for (uint32_t agency = 1; agency <= readers->count; agency++)
        turn_blob_known_put(turn, agency, &hash);
}

static void count_them(struct turn *turn, void *context)
{
    struct readers *readers = context;
    struct hash hash = upload_hash(readers->content);
    readers->count = 0;
    for (uint32_t agency = 0; (agency = turn_blob_known_next(turn, &hash, agency)) != 0;)
        readers->count++;
}

static unsigned readers_of(struct world *world, const char *content)
{
    struct readers readers = { .content = content };
    world_read(world, count_them, &readers);
    return readers.count;
}

static void upload_for(struct world *world, const char *content, unsigned strangers)
{
    struct readers readers = { content, strangers };
    (void)upload(world, WARD, content);                         /* the last of them, by number */
    site_turn(world->site, world->now_ms, some_may_read, &readers);
    assert_int_equal(readers_of(world, content), strangers + 1);
    world->now_ms += 7 * DAY_MS;
}

static void many_readers_take_some_ticks(void **state)
{
    struct world *world = *state;
    site_turn(world->site, world->now_ms, make_strangers, NULL);
    upload_for(world, PHOTO, STRANGERS);
    assert_null(dropped(world));
    assert_int_equal(readers_of(world, PHOTO), STRANGERS + 1 - 64);
    world_check(world);                                         /* at any moment */
    assert_null(dropped(world));
    assert_int_equal(readers_of(world, PHOTO), STRANGERS + 1 - 128);
    assert_non_null(dropped(world));
    assert_int_equal(readers_of(world, PHOTO), 0);

    upload_for(world, LETTER, 63);                              /* as many as one tick takes */
    assert_non_null(dropped(world));
    upload_for(world, LETTER, 64);
    assert_null(dropped(world));
    assert_int_equal(readers_of(world, LETTER), 1);
    assert_non_null(dropped(world));
}

/* Who may still name it keeps it. */
static void named_while_it_is_going(void **state)
{
    struct world *world = *state;
    site_turn(world->site, world->now_ms, make_strangers, NULL);
    upload_for(world, PHOTO, STRANGERS);
    assert_null(dropped(world));
    struct command submit = world_submit(world, WARD, SAFE, KIND_FORWARD);
    upload_name(&submit, PHOTO);
    uint64_t id = world_accept(world, &submit);
    upload_used(world, PHOTO, 1);
    assert_null(dropped(world));
    assert_false(world->end.wrote);
    assert_int_equal(world_try(world, id, VERDICT_DELIVERED), STATE_DELIVERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(unused_for_seven_days), WORLD(not_while_it_is_paused), WORLD(each_upload_begins_the_days_anew),
        WORLD(it_goes_with_the_last_body), WORLD(uploaded_again_while_it_was_used),
        WORLD(many_readers_take_some_ticks), WORLD(named_while_it_is_going),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
