/* load_blob.c - attachments in the load: what the broker's thread of blobs does, between turns and in their order.
 *
 * A turn decides that something may be uploaded; after its commit the file is written, synced and renamed; the next
 * turn puts it on record, and only after that commit it is told. What a turn no longer knows is unlinked after it. A
 * load that begins again first removes the files that belong to nothing, as a broker does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/torture/load.h"

enum { CONTENT_MAX = 3 * BLOB_PIECE_BYTES };

static void open_folder(struct load_blobs *blobs)
{
    struct blob_folder_options options = { .store_folder = blobs->options->store, .no_sync = blobs->options->no_sync };

    if (blobs->folder.path[0])
        return;
    if (blob_folder_open(&blobs->folder, &options) != RESULT_OK)
        load_stop("the folder of blobs does not open");
    blobs->folder.no_sync |= blobs->options->no_blob_sync;
}

void load_blobs_begin(struct load_blobs *blobs, const struct load_options *options, uint64_t seed)
{
    *blobs = (struct load_blobs){ .options = options, .dice = seed * 0xD1342543DE82EF95u + 1,
                                  .content = malloc(CONTENT_MAX) };
    if (!blobs->content)
        load_stop("no memory");
}

void load_blobs_end(struct load_blobs *blobs)
{
    blob_folder_close(&blobs->folder);
    free(blobs->content);
}

/* ---- uploads */

/* The same number gives the same content. */
static struct blob content_of(struct load_blobs *blobs, uint64_t number)
{
    uint64_t dice = number * 0x9E3779B97F4A7C15u + 7;
    struct blob blob = { .size = 1 + load_dice(&dice, number % 3 ? BLOB_PIECE_BYTES / 4 : CONTENT_MAX) };
    for (uint64_t i = 0; i < blob.size; i++)
        blobs->content[i] = (uint8_t)(i % 97 ? blobs->content[i - 1] * 31u + i : load_dice(&dice, 256));
    blob.sha256 = hash_of(span_of(blobs->content, blob.size));
    return blob;
}

void load_blobs_ask(struct load_blobs *blobs, struct command *command)
{
    struct blob_ask *ask = &command->blob;

    command->session = LOAD_BLOB_SESSION;
    if (blobs->written.file) {
        *ask = (struct blob_ask){ .about = BLOB_KEEP, .sha256 = blobs->written.sha256, .size = blobs->written.size,
                                  .file = blobs->written.file, .day = blobs->written.day };
        return;
    }
    blobs->number = blobs->numbers && load_dice(&blobs->dice, 4) == 0 ? load_dice(&blobs->dice, blobs->numbers)
                                                                      : blobs->numbers++;
    struct blob blob = content_of(blobs, blobs->number);
    *ask = (struct blob_ask){ .about = BLOB_PUT, .sha256 = blob.sha256, .size = blob.size };
}

bool load_blobs_wait(const struct load_blobs *blobs)
{
    return blobs->written.file != 0;
}

static void write_file(struct load_blobs *blobs, uint32_t day)
{
    struct blob blob = content_of(blobs, blobs->number);
    struct blob_writing writing;

    open_folder(blobs);
    blob.day = day;
    blob.file = 1 + load_dice(&blobs->dice, UINT32_MAX);
    enum result result = blob_write_begin(&blobs->folder, &blob, &writing);
    for (uint64_t piece = 0; result == RESULT_OK && piece < blob_pieces(blob.size); piece++)
        result = blob_write_piece(&blobs->folder, &writing, span_of(blobs->content + piece * BLOB_PIECE_BYTES,
                                                                    blob_piece_bytes(blob.size, piece)));
    if (result == RESULT_OK)
        result = blob_write_end(&blobs->folder, &writing);
    if (result != RESULT_OK)
        load_stop("a blob cannot be written: %s", result_name(result));
    blobs->written = blob;
}

/* ---- what a turn has decided, after its commit */

static void drop(struct load_blobs *blobs, const struct blob_effect *effect)
{
    struct blob blob = { .sha256 = effect->sha256, .file = effect->file };

    open_folder(blobs);
    (void)blob_unlink(&blobs->folder, &blob);
    for (int i = 0; i < blobs->known_count; i++)
        if (hash_equal(&blobs->known[i].sha256, &blob.sha256))
            blobs->known[i--] = blobs->known[--blobs->known_count];
}

static void kept(struct load_blobs *blobs, const struct blob_effect *effect)
{
    struct blob blob = { .sha256 = effect->sha256, .size = effect->size };

    if (effect->file != blobs->written.file)
        (void)blob_unlink(&blobs->folder, &blobs->written);
    blobs->written.file = 0;
    for (int i = 0; i < blobs->known_count; i++)
        if (hash_equal(&blobs->known[i].sha256, &blob.sha256))
            return;
    if (blobs->known_count < LOAD_KNOWN_MAX)
        blobs->known[blobs->known_count++] = blob;
}

bool load_blobs_decided(struct load_blobs *blobs, const struct effect *effect)
{
    if (effect->kind == EFFECT_BLOB_DROP)
        drop(blobs, &effect->blob);
    else if (effect->kind == EFFECT_REFUSED)
        load_stop("an upload was refused: %s", effect->refused.problem->sentence_en);
    else if (effect->blob.word == BLOB_WANTED)
        write_file(blobs, effect->blob.day);
    else if (effect->blob.word == BLOB_KEPT)
        kept(blobs, &effect->blob);
    return effect->kind == EFFECT_BLOB && (effect->blob.word == BLOB_KEPT || effect->blob.word == BLOB_KNOWN);
}

/* ---- handoffs that name them */

void load_blobs_attach(struct load_blobs *blobs, struct submit *submit, struct load_attachments *list,
                       Lienthong__V1__Header *header)
{
    if (!blobs->known_count || load_dice(&blobs->dice, 2))
        return;
    for (size_t i = 0; i < LOAD_ATTACHED && i <= load_dice(&blobs->dice, LOAD_ATTACHED); i++) {
        const struct blob *blob = &blobs->known[load_dice(&blobs->dice, (uint64_t)blobs->known_count)];
        submit->attachments[i] = blob->sha256;
        submit->attachment_count = (uint32_t)i + 1;
        lienthong__v1__attachment__init(&list->messages[i]);
        list->messages[i].sha256 = (ProtobufCBinaryData){ .data = submit->attachments[i].bytes, .len = HASH_SIZE };
        list->messages[i].size = blob->size;
        list->pointers[i] = &list->messages[i];
    }
    header->n_attachments = submit->attachment_count;
    header->attachments = list->pointers;
}

/* ---- files that belong to nothing */

struct find { struct load_blobs *blobs; struct blob file; bool known; };

static void ask_known(struct turn *turn, void *context)
{
    struct find *find = context;
    struct blob blob;
    find->known = turn_blob_of_file(turn, find->file.file, &blob) && hash_equal(&blob.sha256, &find->file.sha256);
}

void load_blobs_sweep(struct load_blobs *blobs, struct store *store)
{
    struct find find = { .blobs = blobs };
    struct blob_walk walk = { 0 };

    blobs->written.file = 0;
    if (!blobs->folder.path[0])
        return;
    blob_folder_close(&blobs->folder);
    open_folder(blobs);
    while (blob_walk_next(&blobs->folder, &walk, &find.file)) {
        if (store_read(store, ask_known, &find) != RESULT_OK)
            load_stop("a blob cannot be asked for");
        if (!find.known)
            (void)blob_unlink(&blobs->folder, &find.file);
    }
}
