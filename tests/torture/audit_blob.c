/* audit_blob.c - is an attachment that somebody was told of still there, to the last byte? */
#include <string.h>

#include "tests/torture/load.h"

/* Each content is read once. */
static const char *verify(struct audit_blobs *blobs, const struct blob *blob)
{
    struct blob_folder_options options = { .store_folder = blobs->store, .read_only = true };

    for (int i = 0; i < blobs->seen_count; i++)
        if (blobs->seen[i].file == blob->file)
            return NULL;
    if (!blobs->folder.path[0] && blob_folder_open(&blobs->folder, &options) != RESULT_OK) {
        blobs->folder = (struct blob_folder){ 0 };
        return "has no folder";
    }
    enum result result = blob_verify(&blobs->folder, blob);
    if (result != RESULT_OK)
        return result == RESULT_NOT_FOUND ? "has no file, or no key" : "is damaged";
    if (blobs->seen_count < LOAD_KNOWN_MAX)
        blobs->seen[blobs->seen_count++] = *blob;
    return NULL;
}

/* Unused ones go later; bodies, and what they alone name, are purged in the load after a day, else after thirty. */
static bool may_be_gone(int64_t at_ms, int64_t now_ms)
{
    return now_ms >= at_ms + 24 * 3600 * 1000LL;
}

const char *audit_stored(struct audit_blobs *blobs, struct turn *turn, const char *agency,
                         const struct hash *sha256, uint64_t size, int64_t at_ms, int64_t now_ms)
{
    struct blob blob;
    uint32_t number = turn_agency_number(turn, agency);

    if (!turn_blob(turn, sha256, &blob))
        return may_be_gone(at_ms, now_ms) ? NULL : "is not on record";
    if (blob.size != size)
        return "has another size";
    if (!turn_blob_known(turn, number, sha256))
        return may_be_gone(at_ms, now_ms) ? NULL : "may not be read by that agency";
    return verify(blobs, &blob);
}

const char *audit_attached(struct audit_blobs *blobs, struct turn *turn, const Lienthong__V1__Header *header)
{
    const char *wrong = NULL;
    for (size_t i = 0; i < header->n_attachments && !wrong; i++) {
        struct hash sha256;
        struct blob blob;
        must(header->attachments[i]->sha256.len == HASH_SIZE);
        memcpy(sha256.bytes, header->attachments[i]->sha256.data, HASH_SIZE);
        wrong = !turn_blob(turn, &sha256, &blob) ? "is not on record"
                : blob.size != header->attachments[i]->size ? "has another size" : verify(blobs, &blob);
    }
    return wrong;
}

void audit_blobs_end(struct audit_blobs *blobs)
{
    blob_folder_close(&blobs->folder);
}
