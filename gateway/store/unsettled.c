#include "gateway/store/unsettled.h"

#include "gateway/store/inside.h"

enum { TIMER_KEY_WHAT = 8 };                    /* where a timer's key says what it is for: turn_queue.c */

void unsettled_reset(struct unsettled *unsettled)
{
    struct unsettled_list *lists[] = { &unsettled->lanes, &unsettled->ready, &unsettled->leases, &unsettled->offered };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        lists[i]->begin = lists[i]->end = 0;
}

/* NULL: rows of that table are never kept. */
static struct unsettled_list *list_of(struct unsettled *unsettled, enum table table)
{
    switch (table) {
    case TABLE_LANE:
        return &unsettled->lanes;
    case TABLE_READY:
        return &unsettled->ready;
    case TABLE_TIMER:
        return &unsettled->leases;
    case TABLE_OFFERED:
        return &unsettled->offered;
    default:
        return NULL;
    }
}

/* ---- places */

static struct unsettled_row row_of(const struct key *key)
{
    struct unsettled_row row = { 0 };

    must(key->size <= sizeof row.key);
    memcpy(row.key, key->bytes, key->size);
    return row;
}

/* As memcmp() of the keys, eight bytes at a time. */
static int compare(const struct unsettled_row *left, const struct unsettled_row *right)
{
    for (size_t at = 0; at < UNSETTLED_KEY_BYTES; at += sizeof(uint64_t)) {
        uint64_t one, other;
        memcpy(&one, left->key + at, sizeof one);
        memcpy(&other, right->key + at, sizeof other);
        if (one != other)
            return be64toh(one) < be64toh(other) ? -1 : 1;
    }
    return 0;
}

/* Of the first row that is not before this one; list->end: all are. */
static unsigned place_of(const struct unsettled_list *list, const struct unsettled_row *row)
{
    unsigned low = list->begin, high = list->end;

    if (low == high || compare(&list->rows[low], row) >= 0)
        return low;
    if (compare(&list->rows[high - 1], row) < 0)
        return high;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (compare(&list->rows[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct unsettled_list *list, unsigned place, const struct unsettled_row *row)
{
    return place < list->end && compare(&list->rows[place], row) == 0;
}

static void move(struct unsettled_list *list, unsigned to, unsigned from, unsigned count)
{
    memmove(&list->rows[to], &list->rows[from], count * sizeof *list->rows);
}

/* Makes room before the row at `place`, and says where it is now. */
static unsigned open_gap(struct unsettled_list *list, unsigned place)
{
    if (list->begin && place - list->begin < list->end - place) {
        move(list, list->begin - 1, list->begin, place - list->begin);
        list->begin--;
        return place - 1;
    }
    if (list->end == UNSETTLED_ROWS) {
        move(list, 0, list->begin, list->end - list->begin);
        place -= list->begin;
        list->end -= list->begin;
        list->begin = 0;
    }
    move(list, place + 1, place, list->end - place);
    list->end++;
    return place;
}

static void close_gap(struct unsettled_list *list, unsigned place)
{
    if (place - list->begin < list->end - place) {
        move(list, list->begin + 1, list->begin, place - list->begin);
        list->begin++;
    } else {
        move(list, place, place + 1, list->end - place - 1);
        list->end--;
    }
    if (list->begin == list->end)
        list->begin = list->end = 0;
}

/* ---- rows */

bool unsettled_takes(struct unsettled *unsettled, enum table table, const struct key *key)
{
    const struct unsettled_list *list = list_of(unsettled, table);
    struct span value;

    if (!list || (table == TABLE_TIMER && key->bytes[TIMER_KEY_WHAT] != TIMER_LEASE))
        return false;
    return list->end - list->begin < UNSETTLED_ROWS || unsettled_find(unsettled, table, key, &value);
}

bool unsettled_put(struct unsettled *unsettled, enum table table, const struct key *key, struct span value)
{
    struct unsettled_list *list = list_of(unsettled, table);
    struct unsettled_row row = row_of(key);

    must(list && value.size <= sizeof row.value);
    if (value.size)
        memcpy(row.value, value.bytes, value.size);
    unsigned place = place_of(list, &row);
    bool instead = is_at(list, place, &row);
    must(instead || list->end - list->begin < UNSETTLED_ROWS);
    list->rows[instead ? place : open_gap(list, place)] = row;
    list->key_bytes = (uint8_t)key->size;
    list->value_bytes = (uint8_t)value.size;
    return instead;
}

/* Takes no list, too. */
static bool is_here(const struct unsettled_list *list, const struct key *key, unsigned *ret_place)
{
    if (!list || list->begin == list->end)
        return false;
    struct unsettled_row row = row_of(key);
    *ret_place = place_of(list, &row);
    return is_at(list, *ret_place, &row);
}

bool unsettled_find(struct unsettled *unsettled, enum table table, const struct key *key, struct span *ret_value)
{
    struct unsettled_list *list = list_of(unsettled, table);
    unsigned place;

    if (!is_here(list, key, &place))
        return false;
    *ret_value = span_of(list->rows[place].value, list->value_bytes);
    return true;
}

bool unsettled_drop(struct unsettled *unsettled, enum table table, const struct key *key, size_t *ret_value_bytes)
{
    struct unsettled_list *list = list_of(unsettled, table);
    unsigned place;

    if (!is_here(list, key, &place))
        return false;
    *ret_value_bytes = list->value_bytes;
    close_gap(list, place);
    return true;
}

bool unsettled_next(struct unsettled *unsettled, enum table table, const struct key *from, bool after, size_t prefix,
                    struct span *ret_key, struct span *ret_value)
{
    struct unsettled_list *list = list_of(unsettled, table);

    if (!list || list->begin == list->end)
        return false;
    struct unsettled_row row = row_of(from);
    unsigned place = place_of(list, &row);
    place += after && is_at(list, place, &row);
    if (place == list->end || memcmp(list->rows[place].key, row.key, prefix) != 0)
        return false;
    *ret_key = span_of(list->rows[place].key, list->key_bytes);
    *ret_value = span_of(list->rows[place].value, list->value_bytes);
    return true;
}

unsigned unsettled_count(struct unsettled *unsettled, enum table table)
{
    const struct unsettled_list *list = list_of(unsettled, table);
    return list ? list->end - list->begin : 0;
}

/* ---- into the transaction */

int unsettled_flush(struct store *store)
{
    static const enum table tables[] = { TABLE_LANE, TABLE_READY, TABLE_TIMER, TABLE_OFFERED };
    int code = MDB_SUCCESS;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct unsettled_list *list = list_of(&store->unsettled, tables[i]);
        for (; !code && list->begin < list->end; list->begin++) {
            struct unsettled_row *row = &list->rows[list->begin];
            MDB_val key = { .mv_size = list->key_bytes, .mv_data = row->key };
            MDB_val value = { .mv_size = list->value_bytes, .mv_data = row->value };
            code = mdb_put(store->open, store->tables[tables[i]], &key, &value, MDB_NOOVERWRITE);
            must(code != MDB_KEYEXIST);
        }
    }
    unsettled_reset(&store->unsettled);
    return code;
}
