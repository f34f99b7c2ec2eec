#include "gateway/store/restored.h"

#include "gateway/store/bytes.h"

enum { RESTORED_VERSION = 1, FLAG_HELD = 1, FLAG_WALKED = 2 };

void restored_write(const struct restored *restored, uint8_t bytes[RESTORED_BYTES])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, RESTORED_VERSION);
    pen_u8(&pen, (uint8_t)((restored->held ? FLAG_HELD : 0) | (restored->walked ? FLAG_WALKED : 0)));
    pen_i64(&pen, restored->restored_ms);
    pen_i64(&pen, restored->backup_ms);
    pen_i64(&pen, restored->released_ms);
    pen_u64(&pen, restored->seq);
    pen_u64(&pen, restored->last_event);
    pen_u64(&pen, restored->walked_to);
    must(pen.at - bytes == RESTORED_BYTES);
}

bool restored_parse(struct span bytes, struct restored *ret_restored)
{
    struct scan scan = scan_of(bytes);
    struct restored restored = { 0 };

    if (scan_u8(&scan) != RESTORED_VERSION)
        return false;
    uint8_t flags = scan_u8(&scan);
    restored.held = flags & FLAG_HELD;
    restored.walked = flags & FLAG_WALKED;
    restored.restored_ms = scan_i64(&scan);
    restored.backup_ms = scan_i64(&scan);
    restored.released_ms = scan_i64(&scan);
    restored.seq = scan_u64(&scan);
    restored.last_event = scan_u64(&scan);
    restored.walked_to = scan_u64(&scan);
    if (!scan_end(&scan) || flags & ~(FLAG_HELD | FLAG_WALKED))
        return false;
    *ret_restored = restored;
    return true;
}

bool number_follows(uint32_t epoch, uint64_t before, uint64_t number)
{
    uint64_t of_epoch = (number >> NUMBER_BITS) + 1;
    if (number == before + 1)
        return true;
    return number == NUMBERS_BEFORE(of_epoch) + 1 && number > before && of_epoch <= epoch;
}
