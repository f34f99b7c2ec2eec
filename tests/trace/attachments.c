/* attachments.c - attachments in a story: what the thread of blobs would ask and do, with real files in its store. The
 * content of one is its name. */
#include <stdio.h>
#include <string.h>

#include "gateway/store/blob_file.h"
#include "tests/trace/commands.h"

static struct hash hash_named(struct world *world, struct line *line, const char *name)
{
    if (!name)
        line_wrong(line, "an attachment has a name");
    struct hash hash = hash_of(span_of_string(name));
    if (strcmp(world_upload_name(world, &hash), "?") != 0)
        return hash;
    struct uploaded *uploaded = &world->uploads[world->upload_count];
    if (world->upload_count == WORLD_UPLOADS_MAX || strlen(name) >= sizeof uploaded->name)
        line_wrong(line, "too many attachments, or '%s' is too long", name);
    uploaded->hash = hash;
    memcpy(uploaded->name, name, strlen(name) + 1);
    world->upload_count++;
    return hash;
}

const char *world_upload_name(const struct world *world, const struct hash *hash)
{
    for (int i = 0; i < world->upload_count; i++)
        if (hash_equal(&world->uploads[i].hash, hash))
            return world->uploads[i].name;
    return "?";
}

void attachments_named(struct world *world, struct line *line, const char *names, struct submit *submit)
{
    char name[32];
    while (line_item(&names, name, sizeof name)) {
        if (submit->attachment_count == ATTACHMENTS_MAX)
            line_wrong(line, "too many in attach=");
        submit->attachments[submit->attachment_count++] = hash_named(world, line, name);
    }
}

/* ---- files */

static void open_files(const struct world *world, struct blob_folder *folder)
{
    struct blob_folder_options options = { .store_folder = world->folder, .no_sync = true };
    must(blob_folder_open(folder, &options) == RESULT_OK);
}

static void write_file(const struct world *world, const struct blob *blob, const char *content)
{
    struct blob_folder folder;
    struct blob_writing writing;
    open_files(world, &folder);
    must(blob_write_begin(&folder, blob, &writing) == RESULT_OK);
    must(blob_write_piece(&folder, &writing, span_of_string(content)) == RESULT_OK);
    must(blob_write_end(&folder, &writing) == RESULT_OK);
    blob_folder_close(&folder);
}

/* What a turn has dropped, once it is committed. */
static void drop_files(struct world *world)
{
    struct blob_folder folder = { 0 };
    for (uint32_t i = 0; i < world->effects.count; i++) {
        const struct effect *effect = &world->effects.list[i];
        struct blob blob = { .sha256 = effect->blob.sha256, .file = effect->blob.file };
        if (effect->kind != EFFECT_BLOB_DROP)
            continue;
        if (!folder.path[0])
            open_files(world, &folder);
        must(blob_unlink(&folder, &blob) == RESULT_OK);
    }
    blob_folder_close(&folder);
}

void attachments_drop(struct world *world)
{
    for (uint32_t i = 0; i < world->effects.count; i++)
        if (world->effects.list[i].kind == EFFECT_BLOB_DROP) {
            drop_files(world);
            return;
        }
}

/* ---- commands */

static struct command ask_of(struct world *world, struct line *line, enum blob_about about)
{
    const char *name = line_word(line, 2);
    struct command command = { .kind = COMMAND_BLOB, .agency = world_agency(world, line, line_word(line, 1)) };
    struct hash hash = hash_named(world, line, name);
    command.blob = (struct blob_ask){ .about = about, .sha256 = hash, .size = line_number(line, "size", strlen(name)) };
    return command;
}

void attachments_upload(struct world *world, struct line *line)
{
    struct command command = ask_of(world, line, BLOB_PUT);
    const char *name = line_word(line, 2);

    line_end(line);
    world_turn(world, &command);
    const struct effect *effect = &world->effects.list[0];
    if (!world->effects.count || effect->kind != EFFECT_BLOB || effect->blob.word != BLOB_WANTED)
        return;
    struct blob blob = { .sha256 = effect->blob.sha256, .size = effect->blob.size, .day = effect->blob.day,
                         .file = ++world->files };
    write_file(world, &blob, name);
    command.blob.about = BLOB_KEEP;
    command.blob.file = blob.file;
    command.blob.day = blob.day;
    world_turn(world, &command);
}

void attachments_read(struct world *world, struct line *line)
{
    struct command command = ask_of(world, line, BLOB_GET);
    const struct effect *effect = &world->effects.list[0];
    struct blob_folder folder;

    line_end(line);
    world_turn(world, &command);
    if (!world->effects.count || effect->kind != EFFECT_BLOB)
        return;
    struct blob blob = { .sha256 = effect->blob.sha256, .size = effect->blob.size, .file = effect->blob.file };
    open_files(world, &folder);
    enum result result = blob_verify(&folder, &blob);
    blob_folder_close(&folder);
    if (result != RESULT_OK)
        output_add(world->output, " its file: %s\n", result_name(result));
}

/* ---- what is on record */

static void print_all(struct turn *turn, void *context)
{
    struct world *world = context;
    char code[AGENCY_CODE_SIZE], time[32];

    for (int i = 0; i < world->upload_count; i++) {
        const struct uploaded *uploaded = &world->uploads[i];
        struct blob blob;
        if (!turn_blob(turn, &uploaded->hash, &blob))
            continue;
        output_add(world->output, " %s uses=%u", uploaded->name, blob.uses);
        if (blob.due_ms)
            output_add(world->output, " until=%s", world_time(blob.due_ms, time));
        for (uint32_t agency = 0; (agency = turn_blob_known_next(turn, &uploaded->hash, agency)) != 0;)
            output_add(world->output, " %s", turn_agency_code(turn, agency, code) ? code : "?");
        output_add(world->output, "\n");
    }
}

void attachments_list(struct world *world, struct line *line)
{
    line_end(line);
    world_read(world, print_all, world);
}
