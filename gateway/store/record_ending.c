#include "gateway/store/record_ending.h"

#include "gateway/store/bytes.h"

enum { ENDING_VERSION = 1 };
_Static_assert(1 + 3 + 4 * 4 + 9 * 8 + OFFICER_SIZE + REASON_CODE_SIZE <= RECORD_BYTES_MAX, "the largest ending fits");

size_t ending_write(const struct ending *ending, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, ENDING_VERSION);
    pen_u8(&pen, ending->ended);
    pen_u8(&pen, ending->apology);
    pen_u8(&pen, ending->unasked);
    pen_i64(&pen, ending->ended_ms);
    pen_u64(&pen, ending->draft);
    pen_u32(&pen, ending->asked_of);
    pen_u32(&pen, ending->escalations);
    pen_i64(&pen, ending->timer_ms);
    pen_u64(&pen, ending->letter);
    pen_u32(&pen, ending->signed_by);
    pen_u32(&pen, ending->apologies);
    pen_i64(&pen, ending->due_ms);
    pen_i64(&pen, ending->asked_ms);
    pen_i64(&pen, ending->signed_ms);
    pen_i64(&pen, ending->promised_ms);
    pen_text(&pen, ending->signer, sizeof ending->signer);
    pen_text(&pen, ending->reason_code, sizeof ending->reason_code);
    return (size_t)(pen.at - bytes);
}

bool ending_parse(struct span bytes, struct ending *ret_ending)
{
    struct scan scan = scan_of(bytes);
    struct ending ending = { 0 };

    scan_version(&scan, ENDING_VERSION);
    ending.ended = scan_word(&scan, 0, STATUS_END);
    ending.apology = scan_word(&scan, 0, APOLOGY_END);
    ending.unasked = scan_word(&scan, 0, UNASKED_END);
    ending.ended_ms = scan_i64(&scan);
    ending.draft = scan_u64(&scan);
    ending.asked_of = scan_u32(&scan);
    ending.escalations = scan_u32(&scan);
    ending.timer_ms = scan_i64(&scan);
    ending.letter = scan_u64(&scan);
    ending.signed_by = scan_u32(&scan);
    ending.apologies = scan_u32(&scan);
    ending.due_ms = scan_i64(&scan);
    ending.asked_ms = scan_i64(&scan);
    ending.signed_ms = scan_i64(&scan);
    ending.promised_ms = scan_i64(&scan);
    scan_text(&scan, ending.signer, sizeof ending.signer);
    scan_text(&scan, ending.reason_code, sizeof ending.reason_code);
    if (!scan_end(&scan))
        return false;
    *ret_ending = ending;
    return true;
}
