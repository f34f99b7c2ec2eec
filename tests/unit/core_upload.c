#include "tests/unit/core_upload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/store/blob_file.h"

struct hash upload_hash(const char *content)
{
    return hash_of(span_of_string(content));
}

struct command upload_ask(struct world *world, enum blob_about about, const char *agency, const char *content)
{
    struct command command = { .kind = COMMAND_BLOB, .session = 1ULL << 62 | 5, .correlation = 0 };
    if (agency)
        command.agency = world_agency(world, agency);
    command.blob = (struct blob_ask){ .about = about, .sha256 = upload_hash(content), .size = strlen(content) };
    return command;
}

const struct blob_effect *upload_say(struct world *world, const struct command *ask)
{
    world_run(world, ask);
    if (world_effect(world, EFFECT_REFUSED, 0))
        fail_msg("%s", world_effect(world, EFFECT_REFUSED, 0)->refused.problem->sentence_en);
    assert_int_equal(world->effects.count, 1);
    const struct effect *effect = world_effect(world, EFFECT_BLOB, 0);
    assert_non_null(effect);
    assert_int_equal(effect->session, ask->session);
    assert_int_equal(effect->correlation, ask->correlation);
    assert_true(hash_equal(&effect->blob.sha256, &ask->blob.sha256));
    return &effect->blob;
}

enum problem_type upload_refusal(struct world *world, const struct command *ask)
{
    return world_refusal(world, ask);
}

void upload_write(struct world *world, const char *content, uint64_t file, uint32_t day)
{
    struct blob_folder_options options = { .store_folder = world->site->store_folder, .no_sync = true };
    struct blob blob = { .sha256 = upload_hash(content), .size = strlen(content), .file = file, .day = day };
    struct blob_folder folder;
    struct blob_writing writing;

    assert_int_equal(blob_folder_open(&folder, &options), RESULT_OK);
    assert_int_equal(blob_write_begin(&folder, &blob, &writing), RESULT_OK);
    assert_int_equal(blob_write_piece(&folder, &writing, span_of_string(content)), RESULT_OK);
    assert_int_equal(blob_write_end(&folder, &writing), RESULT_OK);
    blob_folder_close(&folder);
}

uint64_t upload(struct world *world, const char *agency, const char *content)
{
    static uint64_t files;
    struct command put = upload_ask(world, BLOB_PUT, agency, content);
    struct command keep = upload_ask(world, BLOB_KEEP, agency, content);
    struct blob_effect said = *upload_say(world, &put);

    if (said.word == BLOB_KNOWN)
        return 0;
    assert_int_equal(said.word, BLOB_WANTED);
    keep.blob.file = ++files;
    keep.blob.day = said.day;
    upload_write(world, content, keep.blob.file, keep.blob.day);
    said = *upload_say(world, &keep);
    assert_int_equal(said.word, BLOB_KEPT);
    return said.file;
}

void upload_name(struct command *submit, const char *content)
{
    assert_in_range(submit->submit.attachment_count, 0, ATTACHMENTS_MAX - 1);
    submit->submit.attachments[submit->submit.attachment_count++] = upload_hash(content);
}

/* ---- looking */

struct looked { struct hash hash; struct blob blob; const char *agency; bool may; };

static void look(struct turn *turn, void *context)
{
    struct looked *looked = context;
    struct blob blob;
    if (turn_blob(turn, &looked->hash, &blob))
        looked->blob = blob;
    looked->may = looked->agency && turn_blob_known(turn, turn_agency_number(turn, looked->agency), &looked->hash);
}

struct blob upload_record(struct world *world, const char *content)
{
    struct looked looked = { .hash = upload_hash(content) };
    world_read(world, look, &looked);
    return looked.blob;
}

bool upload_may(struct world *world, const char *agency, const char *content)
{
    struct looked looked = { .hash = upload_hash(content), .agency = agency };
    world_read(world, look, &looked);
    return looked.may;
}

void upload_used(struct world *world, const char *content, uint32_t uses)
{
    struct blob blob = upload_record(world, content);
    assert_int_not_equal(blob.file, 0);
    assert_int_equal(blob.uses, uses);
    assert_int_equal(!blob.due_ms, uses != 0);
}
