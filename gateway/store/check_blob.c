/* check_blob.c - attachments: records, who may read them, which handoffs name them, and the files themselves, read to
 * the last piece. A file that belongs to nothing is no fault: the broker removes it when it starts. */
#include "gateway/store/check.h"

static struct key key_of_hash(const uint8_t *sha256)
{
    struct key key = key_empty();
    key_bytes(&key, sha256, HASH_SIZE);
    return key;
}

static void fault(struct check *check, const uint8_t *sha256, const char *vi, const char *en)
{
    char text[HASH_TEXT_SIZE];
    struct hash hash;

    memcpy(hash.bytes, sha256, HASH_SIZE);
    hash_text(&hash, text);
    check_fault(check, vi, en, "blob %s", text);
}

static bool find(struct check *check, const uint8_t *sha256, struct blob *ret_blob)
{
    struct key key = key_of_hash(sha256);
    struct span value;
    if (!check_get(check, TABLE_BLOB_RECORD, &key, &value) || !blob_parse(value, ret_blob))
        return false;
    memcpy(ret_blob->sha256.bytes, sha256, HASH_SIZE);
    return true;
}

/* As random as the hash: sums of them agree when each blob is named as often as it says, and hardly ever otherwise. */
static uint64_t print_of(const uint8_t *sha256)
{
    return key_read_u64(span_of(sha256, HASH_SIZE), 0);
}

/* ---- rows */

static void row_reader(struct check *check, struct span key, struct span value)
{
    struct blob blob;
    (void)value;
    if (!find(check, key.bytes, &blob))
        fault(check, key.bytes, "có người đọc mà không có hồ sơ tệp", "has a reader and no record");
    if (!check_agency(check, key_read_u32(key, HASH_SIZE)))
        check_fault(check, "cơ quan không có", "of an agency that is not there", "blob of agency %" PRIu32,
                    key_read_u32(key, HASH_SIZE));
}

static void row_file(struct check *check, struct span key, struct span value)
{
    struct blob blob;
    if (!find(check, value.bytes, &blob) || blob.file != key_read_u64(key, 0))
        check_fault(check, "không dẫn tới hồ sơ tệp nào", "leads to no record", "blob-file %016" PRIx64,
                    key_read_u64(key, 0));
}

static void row_attached(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    struct blob blob;
    (void)value;
    if (!check_handoff(check, key_read_u64(key, 0), &handoff) || !(handoff.flags & HANDOFF_ATTACHED))
        check_fault(check, "lượt giao–nhận không có, hoặc nói khác",
                    "its handoff is not there or says otherwise", "attached to handoff %" PRIu64, key_read_u64(key, 0));
    bool found = find(check, key.bytes + 8, &blob);
    if (!found)
        fault(check, key.bytes + 8, "được nêu mà không có hồ sơ tệp", "is named and has no record");
    check->uses += found;
    check->uses_print += found ? print_of(key.bytes + 8) : 0;
}

/* ---- the file */

static void check_content(struct check *check, const struct blob *blob)
{
    enum result result = check->blobs.path[0] ? blob_verify(&check->blobs, blob) : RESULT_NOT_FOUND;
    struct blob_reading reading;

    if (result == RESULT_FULL)
        turn_fail(check->turn, RESULT_FULL, "no memory to read a blob");
    if (result == RESULT_OK)
        return;
    check->result.unreadable++;
    bool there = check->blobs.path[0] && blob_read_begin(&check->blobs, blob, &reading) == RESULT_OK;
    if (there)
        blob_read_end(&reading);
    if (result == RESULT_NOT_FOUND && there)
        fault(check, blob->sha256.bytes, "khóa niêm phong không còn", "the key that seals it is not there");
    else if (result == RESULT_NOT_FOUND)
        fault(check, blob->sha256.bytes, "tệp không còn", "its file is not there");
    else
        fault(check, blob->sha256.bytes, "tệp hỏng: cỡ, niêm phong hoặc mã băm không đúng",
              "its file is damaged: size, seal or hash is not what it should be");
}

static void row_record(struct check *check, struct span key, struct span value)
{
    struct key file = key_empty(), timer = key_empty();
    struct blob blob;

    must(blob_parse(value, &blob));
    memcpy(blob.sha256.bytes, key.bytes, HASH_SIZE);
    check->result.blobs++;
    check->used += blob.uses;
    check->used_print += blob.uses * print_of(key.bytes);
    key_u64(&file, blob.file);
    if (!check_is_there(check, TABLE_BLOB_FILE, &file))
        fault(check, key.bytes, "số tệp không tìm ngược lại được", "its file number does not lead to it");
    key_i64(&timer, blob.due_ms);
    key_u8(&timer, TIMER_BLOB);
    key_u64(&timer, blob.file);
    if (blob.due_ms && !check_is_there(check, TABLE_TIMER, &timer))
        fault(check, key.bytes, "thiếu dòng hẹn giờ", "has no timer row");
    check_content(check, &blob);
}

void check_blob_timer(struct check *check, uint64_t file, int64_t due_ms)
{
    struct key key = key_empty();
    struct span value;
    struct blob blob = { 0 };

    key_u64(&key, file);
    bool found = file && check_get(check, TABLE_BLOB_FILE, &key, &value) && find(check, value.bytes, &blob);
    if (!found || blob.due_ms != due_ms)
        check_fault(check, "hẹn giờ không khớp hồ sơ tệp", "its record says otherwise",
                    "timer of blob-file %016" PRIx64, file);
}

void check_handoff_of_blobs(struct check *check, const struct handoff *handoff)
{
    struct key from = key_empty();
    struct span key, value;

    key_u64(&from, handoff->id);
    bool any = check_next(check, TABLE_ATTACHED, &from, 8, &key, &value);
    if (handoff->flags & HANDOFF_ATTACHED && !any)
        check_fault(check, "không còn tệp đính kèm nào", "has no attachments left", "handoff %" PRIu64, handoff->id);
    if (handoff->flags & HANDOFF_ATTACHED && handoff->flags & HANDOFF_BODY_PURGED)
        check_fault(check, "nội dung đã xóa mà còn giữ tệp đính kèm", "its body is purged and it keeps attachments",
                    "handoff %" PRIu64, handoff->id);
}

void check_blobs(struct check *check)
{
    struct blob_folder_options options = { .store_folder = check->turn->store->folder, .read_only = true };
    enum result result = blob_folder_open(&check->blobs, &options);

    if (result != RESULT_OK && result != RESULT_NOT_FOUND)
        turn_fail(check->turn, result, "the folder of blobs cannot be opened");
    if (result != RESULT_OK)
        check->blobs = (struct blob_folder){ 0 };
    check_walk(check, TABLE_BLOB, row_reader);
    check_walk(check, TABLE_BLOB_FILE, row_file);
    check_walk(check, TABLE_ATTACHED, row_attached);
    check_walk(check, TABLE_BLOB_RECORD, row_record);
    if (check->uses != check->used)
        check_fault(check, "không khớp số lượt nêu tệp đếm được", "is not the number of handoffs that name them",
                    "blob uses, %" PRIu64 " for %" PRIu64, check->used, check->uses);
    else if (check->uses_print != check->used_print)
        check_fault(check, "cộng lại thì khớp, nhưng từng tệp thì không", "add up, but not for each of them",
                    "blob uses, %" PRIu64 " in all", check->used);
}

void check_blobs_end(struct check *check)
{
    blob_folder_close(&check->blobs);
}
