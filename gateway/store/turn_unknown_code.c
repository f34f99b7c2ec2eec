/* turn_unknown_code.c - partners' codes that no map knew, per agency. */
#include <string.h>

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static struct key unknown_key(uint32_t agency, const char *code)
{
    struct key key = key_empty();
    must(agency);
    key_u32(&key, agency);
    key_bytes(&key, code, strnlen(code, PARTNER_STATUS_SIZE - 1));
    return key;
}

static void parse(struct turn *turn, struct span key, struct span value, struct unknown_code *ret_unknown)
{
    if (!unknown_code_parse(value, ret_unknown) ||
        !span_to_string(span_of(key.bytes + 4, key.size - 4), ret_unknown->code, sizeof ret_unknown->code))
        turn_fail(turn, RESULT_BROKEN, "a record that no version explains");
    ret_unknown->agency = key_read_u32(key, 0);
}

bool turn_unknown_code(struct turn *turn, uint32_t agency, const char *code, struct unknown_code *ret_unknown)
{
    struct key key = unknown_key(agency, code);
    struct span value;
    if (!row_get(turn, TABLE_UNKNOWN_CODE, &key, &value))
        return false;
    parse(turn, key_span(&key), value, ret_unknown);
    return true;
}

bool turn_unknown_code_next(struct turn *turn, uint32_t agency, const struct unknown_code *after,
                            struct unknown_code *ret_unknown)
{
    struct key from = unknown_key(agency, after ? after->code : "");
    struct span key, value;
    key_u8(&from, 0);                                   /* no code has a zero: behind `after`, before what follows */
    if (!row_next_any(turn, TABLE_UNKNOWN_CODE, &from, sizeof agency, &key, &value))
        return false;
    parse(turn, key, value, ret_unknown);
    return true;
}

void turn_unknown_code_put(struct turn *turn, const struct unknown_code *unknown)
{
    struct key key = unknown_key(unknown->agency, unknown->code);
    must(unknown->code[0]);
    uint8_t record[RECORD_BYTES_MAX];
    row_put(turn, TABLE_UNKNOWN_CODE, &key, span_of(record, unknown_code_write(unknown, record)));
}
