#include "gateway/store/record_blob.h"

#include "gateway/store/bytes.h"

enum { BLOB_VERSION = 1 };

size_t blob_write(const struct blob *blob, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    must(blob->size && blob->file && blob->day && !blob->uses == (blob->due_ms != 0));
    pen_u8(&pen, BLOB_VERSION);
    pen_u64(&pen, blob->size);
    pen_u64(&pen, blob->file);
    pen_u32(&pen, blob->day);
    pen_u32(&pen, blob->uses);
    pen_i64(&pen, blob->stored_ms);
    pen_i64(&pen, blob->due_ms);
    return (size_t)(pen.at - bytes);
}

bool blob_parse(struct span bytes, struct blob *ret_blob)
{
    struct scan scan = scan_of(bytes);
    struct blob blob = { 0 };

    scan_version(&scan, BLOB_VERSION);
    blob.size = scan_u64(&scan);
    blob.file = scan_u64(&scan);
    blob.day = scan_u32(&scan);
    blob.uses = scan_u32(&scan);
    blob.stored_ms = scan_i64(&scan);
    blob.due_ms = scan_i64(&scan);
    if (!scan_end(&scan) || !blob.size || blob.size > BLOB_BYTES_MAX || !blob.file || !blob.day ||
        !blob.uses != (blob.due_ms != 0))
        return false;
    *ret_blob = blob;
    return true;
}
