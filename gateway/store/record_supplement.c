#include "gateway/store/record_supplement.h"

#include "gateway/store/bytes.h"

/* Version 1 had neither whether answer_by_ms was stated nor unknown_year. */
enum { ASKED_VERSION_1 = 1, ASKED_VERSION };
_Static_assert(5 + 4 * 4 + 6 * 8 + 2 * 8 + REASON_CODE_SIZE + 1 + COMPONENTS_MAX * ASKED_COMPONENT_SIZE <=
                   ASKED_BYTES_MAX, "the largest request fits");

size_t asked_write(const struct asked *asked, uint8_t bytes[ASKED_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    must(asked->component_count <= COMPONENTS_MAX);
    pen_u8(&pen, ASKED_VERSION);
    pen_u8(&pen, asked->state);
    pen_u8(&pen, asked->kind);
    pen_u8(&pen, asked->branch);
    pen_u32(&pen, asked->agency);
    pen_u32(&pen, asked->nth);
    pen_u32(&pen, asked->answers);
    pen_i64(&pen, asked->asked_ms);
    pen_i64(&pen, asked->answer_by_ms);
    pen_i64(&pen, asked->timer_ms);
    pen_i64(&pen, asked->reminded_ms);
    pen_i64(&pen, asked->overdue_ms);
    pen_i64(&pen, asked->ended_ms);
    pen_u64(&pen, asked->ended_by);
    pen_text(&pen, asked->reason_code, sizeof asked->reason_code);
    pen_u64(&pen, asked->missing);
    pen_u8(&pen, asked->component_count);
    for (uint32_t i = 0; i < asked->component_count; i++)
        pen_text(&pen, asked->components[i], ASKED_COMPONENT_SIZE);
    pen_u8(&pen, asked->answer_by_stated);
    pen_u32(&pen, asked->unknown_year);
    return (size_t)(pen.at - bytes);
}

bool asked_parse(struct span bytes, struct asked *ret_asked)
{
    struct scan scan = scan_of(bytes);
    struct asked asked = { 0 };

    unsigned version = scan_word(&scan, ASKED_VERSION_1, ASKED_VERSION + 1);
    asked.state = scan_word(&scan, 1, ASKING_END);
    asked.kind = scan_word(&scan, 1, KIND_END);
    asked.branch = scan_u8(&scan);
    asked.agency = scan_u32(&scan);
    asked.nth = scan_u32(&scan);
    asked.answers = scan_u32(&scan);
    asked.asked_ms = scan_i64(&scan);
    asked.answer_by_ms = scan_i64(&scan);
    asked.timer_ms = scan_i64(&scan);
    asked.reminded_ms = scan_i64(&scan);
    asked.overdue_ms = scan_i64(&scan);
    asked.ended_ms = scan_i64(&scan);
    asked.ended_by = scan_u64(&scan);
    scan_text(&scan, asked.reason_code, sizeof asked.reason_code);
    asked.missing = scan_u64(&scan);
    asked.component_count = scan_word(&scan, 0, COMPONENTS_MAX + 1);
    for (uint32_t i = 0; !scan.bad && i < asked.component_count; i++)
        scan_text(&scan, asked.components[i], ASKED_COMPONENT_SIZE);
    if (version != ASKED_VERSION_1) {
        asked.answer_by_stated = scan_bool(&scan);
        asked.unknown_year = scan_u32(&scan);
    }
    if (!scan_end(&scan))
        return false;
    *ret_asked = asked;
    return true;
}
