/* turn_provisional.c - what waits for a year of the calendar. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const enum table TABLE_OF[] = {
    [PROVISIONAL_DUE] = TABLE_PROVISIONAL, [PROVISIONAL_ANSWER_BY] = TABLE_ASKED_PROVISIONAL,
};

static struct key key_of(uint32_t year, uint64_t id)
{
    struct key key = key_empty();
    key_u32(&key, year);
    key_u64(&key, id);
    return key;
}

void turn_provisional_put(struct turn *turn, enum provisional what, uint32_t year, uint64_t id)
{
    struct key key = key_of(year, id);
    must(year && id);
    row_put(turn, TABLE_OF[what], &key, (struct span){ 0 });
}

void turn_provisional_delete(struct turn *turn, enum provisional what, uint32_t year, uint64_t id)
{
    struct key key = key_of(year, id);
    row_delete(turn, TABLE_OF[what], &key);
}

uint64_t turn_provisional_next(struct turn *turn, enum provisional what, uint32_t year, uint64_t after)
{
    struct key from = key_of(year, after);
    struct span key, value;
    return row_next(turn, TABLE_OF[what], &from, ROW_AFTER, 4, &key, &value) ? key_read_u64(key, 4) : 0;
}

uint32_t turn_provisional_year(struct turn *turn, enum provisional what, uint32_t after)
{
    struct key from = key_of(after, UINT64_MAX);
    struct span key, value;
    return row_next(turn, TABLE_OF[what], &from, ROW_AFTER, 0, &key, &value) ? key_read_u32(key, 0) : 0;
}
