#include "gateway/store/counters.h"

#include "gateway/store/bytes.h"

enum { COUNTERS_VERSION = 1 };

void counters_write(const struct counters *counters, uint8_t bytes[COUNTERS_BYTES])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, COUNTERS_VERSION);
    pen_u32(&pen, counters->epoch);
    pen_u32(&pen, counters->agencies);
    pen_u64(&pen, counters->dossiers);
    pen_u64(&pen, counters->handoffs);
    pen_u64(&pen, counters->places);
    pen_u64(&pen, counters->events);
    pen_u64(&pen, counters->bytes);
    pen_u64(&pen, counters->covered_seq);
    pen_u64(&pen, counters->seq);
    pen_i64(&pen, counters->last_ms);
    pen_bytes(&pen, counters->link.bytes, HASH_SIZE);
    must(pen.at - bytes == COUNTERS_BYTES);
}

bool counters_parse(struct span bytes, struct counters *ret_counters)
{
    struct scan scan = scan_of(bytes);
    struct counters counters = { 0 };

    if (scan_u8(&scan) != COUNTERS_VERSION)
        return false;
    counters.epoch = scan_u32(&scan);
    counters.agencies = scan_u32(&scan);
    counters.dossiers = scan_u64(&scan);
    counters.handoffs = scan_u64(&scan);
    counters.places = scan_u64(&scan);
    counters.events = scan_u64(&scan);
    counters.bytes = scan_u64(&scan);
    counters.covered_seq = scan_u64(&scan);
    counters.seq = scan_u64(&scan);
    counters.last_ms = scan_i64(&scan);
    scan_bytes(&scan, counters.link.bytes, HASH_SIZE);
    if (!scan_end(&scan))
        return false;
    *ret_counters = counters;
    return true;
}
