#include "gateway/store/record_unknown_code.h"

#include "gateway/store/bytes.h"

enum { UNKNOWN_CODE_VERSION = 1 };

size_t unknown_code_write(const struct unknown_code *unknown, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    must(unknown->count);
    pen_u8(&pen, UNKNOWN_CODE_VERSION);
    pen_u64(&pen, unknown->count);
    pen_i64(&pen, unknown->first_ms);
    pen_i64(&pen, unknown->last_ms);
    pen_u64(&pen, unknown->handoff);
    return (size_t)(pen.at - bytes);
}

bool unknown_code_parse(struct span bytes, struct unknown_code *ret_unknown)
{
    struct scan scan = scan_of(bytes);
    struct unknown_code unknown = { 0 };

    scan_version(&scan, UNKNOWN_CODE_VERSION);
    unknown.count = scan_u64(&scan);
    unknown.first_ms = scan_i64(&scan);
    unknown.last_ms = scan_i64(&scan);
    unknown.handoff = scan_u64(&scan);
    if (!scan_end(&scan) || !unknown.count)
        return false;
    *ret_unknown = unknown;
    return true;
}
