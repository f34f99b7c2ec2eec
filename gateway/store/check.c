/* check.c - store_check(): the walk over every row, what must agree in the small tables, and the sums. */
#include "gateway/store/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/store/store.h"

enum { FAULT_SIZE = 400, DAYS_MAX = 1 << 16, KEY_BYTES_SHOWN = 40 };

void check_fault(struct check *check, const char *vi, const char *en, const char *where, ...)
{
    char line[FAULT_SIZE];
    struct text text = text_of(line, sizeof line);
    va_list arguments;

    check->result.faults++;
    va_start(arguments, where);
    text_add_v(&text, where, arguments);
    va_end(arguments);
    text_add(&text, ": %s / %s", vi, en);
    if (check->each)
        check->each(check->context, line);
}

/* ---- reading */

static void walk(struct check *check, enum table table, check_row *row, bool bad_ones_too)
{
    struct turn *turn = check->turn;
    MDB_val key, value;
    int code = mdb_cursor_open(turn->txn, turn->store->tables[table], &check->walker);
    if (code)
        turn_fail_lmdb(turn, code);
    check->table = table;
    while ((code = mdb_cursor_get(check->walker, &key, &value, MDB_NEXT)) == 0) {
        struct span name = span_of(key.mv_data, key.mv_size), bytes = span_of(value.mv_data, value.mv_size);
        if (bad_ones_too || check_explains(table, name, bytes))
            row(check, name, bytes);
    }
    if (code != MDB_NOTFOUND)
        turn_fail_lmdb(turn, code);
    mdb_cursor_close(check->walker);
    check->walker = NULL;
}

void check_walk(struct check *check, enum table table, check_row *row)
{
    walk(check, table, row, false);
}

bool check_get(struct check *check, enum table table, const struct key *key, struct span *ret_value)
{
    return row_get(check->turn, table, key, ret_value) && check_explains(table, key_span(key), *ret_value);
}

bool check_is_there(struct check *check, enum table table, const struct key *key)
{
    struct span value;
    return check_get(check, table, key, &value);
}

bool check_get_u64(struct check *check, enum table table, const struct key *key, uint64_t *ret_value)
{
    struct span value;
    if (!check_get(check, table, key, &value))
        return false;
    struct scan scan = scan_of(value);
    *ret_value = scan_u64(&scan);
    return true;
}

bool check_agency(struct check *check, uint32_t agency)
{
    struct key key = key_empty();
    key_u32(&key, agency);
    return check_is_there(check, TABLE_AGENCY, &key);
}

bool check_handoff_parse(struct span key, struct span value, struct handoff *ret_handoff)
{
    if (!key_read_u64(key, 0) || !handoff_parse(value, ret_handoff))
        return false;
    ret_handoff->id = key_read_u64(key, 0);
    return true;
}

bool check_handoff(struct check *check, uint64_t id, struct handoff *ret_handoff)
{
    struct key key = key_empty();
    struct span value;
    key_u64(&key, id);
    return row_get(check->turn, TABLE_HANDOFF, &key, &value) && check_handoff_parse(key_span(&key), value, ret_handoff);
}

bool check_event(struct check *check, uint64_t seq, struct event *ret_event, struct span *ret_record)
{
    struct key key = key_empty();
    key_u64(&key, seq);
    if (!row_get(check->turn, TABLE_EVENT, &key, ret_record) || !event_parse(*ret_record, ret_event))
        return false;
    ret_event->seq = seq;
    return true;
}

bool check_next(struct check *check, enum table table, const struct key *from, size_t prefix, struct span *ret_key,
                struct span *ret_value)
{
    struct turn *turn = check->turn;
    MDB_cursor *cursor = row_cursor(turn, table);
    MDB_val key = { .mv_size = from->size, .mv_data = (void *)(uintptr_t)from->bytes }, value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);

    for (; !code; code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        struct span name = span_of(key.mv_data, key.mv_size), bytes = span_of(value.mv_data, value.mv_size);
        if (name.size < prefix || memcmp(name.bytes, from->bytes, prefix))
            return false;
        if (check_explains(table, name, bytes)) {
            *ret_key = name;
            *ret_value = bytes;
            return true;
        }
    }
    if (code != MDB_NOTFOUND)
        turn_fail_lmdb(turn, code);
    return false;
}

enum result check_unseal(struct check *check, enum table table, struct span key, struct span value,
                         struct span *ret_plain)
{
    arena_reset(&check->arena);
    uint8_t *plain = value.size < SEAL_EXTRA_BYTES ? NULL : arena_take(&check->arena, value.size - SEAL_EXTRA_BYTES);
    if (!plain)
        return RESULT_INVALID;                          /* not as small or as large as any row we write */
    enum result result = row_unseal_value(check->turn, table, key, value, plain);
    if (result == RESULT_OK)
        *ret_plain = span_of(plain, value.size - SEAL_EXTRA_BYTES);
    return result;
}

/* ---- first pass: every row by itself */

static void count_day(struct check *check, uint32_t day)
{
    size_t i = check->days_used;
    if (i && check->days[i - 1].day == day) {           /* rows of one day stand together */
        check->days[i - 1].rows++;
        return;
    }
    for (i = 0; i < check->days_used; i++)
        if (check->days[i].day == day) {
            struct check_day found = check->days[i];
            check->days[i] = check->days[check->days_used - 1];
            found.rows++;
            check->days[check->days_used - 1] = found;
            return;
        }
    if (i == DAYS_MAX)
        return;                                         /* garbage; each such row has no row among the sealed days */
    if (i == check->days_size) {
        size_t size = i ? i * 2 : 64;
        struct check_day *days = realloc(check->days, size * sizeof *days);
        if (!days)
            turn_fail(check->turn, RESULT_FULL, "no memory to count sealed rows");
        check->days = days;
        check->days_size = size;
    }
    check->days[check->days_used++] = (struct check_day){ .day = day, .rows = 1 };
}

static void row_by_itself(struct check *check, struct span key, struct span value)
{
    const struct table_info *info = &table_infos[check->table];
    char hex[2 * KEY_BYTES_SHOWN + 1];
    struct blob blob;
    uint32_t day;

    check->result.rows++;
    check->bytes += key.size + value.size;
    if (info->sealed && seal_row_day(value, &day))
        count_day(check, day);
    if (check->table == TABLE_BLOB_RECORD && blob_parse(value, &blob))
        count_day(check, blob.day);
    if (check_explains(check->table, key, value)) {
        check->agencies += check->table == TABLE_AGENCY;
        return;
    }
    struct text text = text_of(hex, sizeof hex);
    text_add_hex(&text, key.bytes, key.size < KEY_BYTES_SHOWN ? key.size : KEY_BYTES_SHOWN);
    check_fault(check, "không phiên bản nào hiểu được dòng này", "a row that no version explains", "%s %s", info->name,
                hex);
}

/* ---- agencies, dossiers, what hangs on an agency */

static void row_agency(struct check *check, struct span key, struct span value)
{
    uint32_t agency = key_read_u32(key, 0);
    struct key code = key_empty();
    key_bytes(&code, value.bytes, value.size);
    if (!check_is_there(check, TABLE_AGENCY_CODE, &code))
        check_fault(check, "mã cơ quan không tìm ngược lại được", "its code does not lead to it", "agency %" PRIu32,
                    agency);
    if (agency > check->turn->counters.agencies)
        check_fault(check, "số lớn hơn bộ đếm", "its number is above the counter", "agency %" PRIu32, agency);
}

static void row_agency_code(struct check *check, struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    uint32_t agency = (uint32_t)scan_u64(&scan);
    struct key number = key_empty();
    struct span code;
    key_u32(&number, agency);
    if (!check_get(check, TABLE_AGENCY, &number, &code) || !span_equal(code, key))
        check_fault(check, "mã dẫn tới cơ quan khác hoặc không có", "leads to another agency or to none",
                    "agency-code %.*s", (int)key.size, (const char *)key.bytes);
}

static void row_dossier(struct check *check, struct span key, struct span value)
{
    uint64_t dossier = key_read_u64(key, 0), back;
    struct key code = key_empty();
    key_bytes(&code, value.bytes, value.size);
    if (!check_get_u64(check, TABLE_DOSSIER_CODE, &code, &back) || back != dossier)
        check_fault(check, "mã hồ sơ không dẫn về hồ sơ này", "its code does not lead to it", "dossier %" PRIu64,
                    dossier);
    if (dossier > check->turn->counters.dossiers)
        check_fault(check, "số lớn hơn bộ đếm", "its number is above the counter", "dossier %" PRIu64, dossier);
}

static void row_dossier_code(struct check *check, struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    uint64_t dossier = scan_u64(&scan);
    struct key number = key_empty();
    char hex[2 * DOSSIER_CODE_SIZE + 1];
    struct text text = text_of(hex, sizeof hex);

    key_u64(&number, dossier);
    if (check_is_there(check, TABLE_DOSSIER, &number))
        return;
    text_add_hex(&text, key.bytes, key.size);
    check_fault(check, "mã dẫn tới hồ sơ không có", "leads to a dossier that is not there", "dossier-code %s", hex);
}

/* agency-state, cursor, feed, follow, unknown-code: their keys begin with an agency. */
static void row_of_agency(struct check *check, struct span key, struct span value)
{
    uint32_t agency = key_read_u32(key, 0);
    struct scan scan = scan_of(value);
    const char *name = table_infos[check->table].name;
    uint64_t event;

    if (!check_agency(check, agency))
        check_fault(check, "cơ quan không có", "of an agency that is not there", "%s of agency %" PRIu32, name, agency);
    if (check->table != TABLE_FEED && check->table != TABLE_FOLLOW)
        return;
    event = check->table == TABLE_FEED ? key_read_u64(key, 4) : scan_u64(&scan);
    if (!event || event > check->turn->counters.events)
        check_fault(check, "sự kiện không có", "speaks of an event that is not there",
                    "%s of agency %" PRIu32 ", event %" PRIu64, name, agency, event);
}

static void row_directory(struct check *check, struct span key, struct span value)
{
    struct hash hash = hash_of(span_of(value.bytes + HASH_SIZE, value.size - HASH_SIZE));
    if (memcmp(hash.bytes, value.bytes, HASH_SIZE))
        check_fault(check, "nội dung danh bạ không khớp mã băm", "its bytes do not have its hash",
                    "directory %" PRIu32, key_read_u32(key, 0));
}

static void small_tables(struct check *check)
{
    static const enum table of_agency[] = { TABLE_AGENCY_STATE, TABLE_CURSOR, TABLE_FEED, TABLE_FOLLOW,
                                            TABLE_UNKNOWN_CODE };
    check_walk(check, TABLE_AGENCY, row_agency);
    check_walk(check, TABLE_AGENCY_CODE, row_agency_code);
    check_walk(check, TABLE_DOSSIER, row_dossier);
    check_walk(check, TABLE_DOSSIER_CODE, row_dossier_code);
    for (size_t i = 0; i < sizeof of_agency / sizeof *of_agency; i++)
        check_walk(check, of_agency[i], row_of_agency);
    check_walk(check, TABLE_DIRECTORY, row_directory);
}

/* ---- sums */

/* What was found is taken out as it is compared, so that what is left has no row. */
static void row_count(struct check *check, struct span key, struct span value)
{
    uint32_t agency = key_read_u32(key, 0);
    uint8_t state = key.bytes[4];
    struct scan scan = scan_of(value);
    uint64_t said = scan_u64(&scan), found = agency <= check->agencies ? check->counts[agency][state] : 0;

    if (said != found)
        check_fault(check, "không khớp số lượt giao–nhận đếm được", "is not the number of handoffs found",
                    "count of agency %" PRIu32 " %s, %" PRIu64 " for %" PRIu64, agency, state_name(state), said, found);
    if (agency <= check->agencies)
        check->counts[agency][state] = 0;
}

/* A key goes only when nothing that it seals is left, so one that is not there while something is was lost. */
static void sealed_day_key(struct check *check, uint32_t day, uint64_t rows)
{
    enum result result = seal_day_find(check->turn->store->seal, day);
    if (result == RESULT_NOT_FOUND)
        check_fault(check, "khóa niêm phong không còn", "the key that seals them is not there",
                    "sealed day %" PRIu32 ", %" PRIu64 " rows", day, rows);
    else if (result != RESULT_OK)
        turn_fail(check->turn, RESULT_BROKEN, "the folder of day keys cannot be read");
}

static void row_sealed_day(struct check *check, struct span key, struct span value)
{
    uint32_t day = key_read_u32(key, 0);
    struct scan scan = scan_of(value);
    uint64_t said = scan_u64(&scan), found = 0;

    for (size_t i = 0; i < check->days_used; i++)
        if (check->days[i].day == day) {
            found = check->days[i].rows;
            check->days[i].rows = 0;
        }
    if (said != found)
        check_fault(check, "không khớp số dòng niêm phong đếm được", "is not the number of sealed rows found",
                    "sealed day %" PRIu32 ", %" PRIu64 " for %" PRIu64, day, said, found);
    if (said)
        sealed_day_key(check, day, said);
}

static void sums(struct check *check)
{
    const struct counters *counters = &check->turn->counters;

    check_walk(check, TABLE_COUNT, row_count);
    for (uint32_t agency = 1; agency <= check->agencies; agency++)
        for (unsigned state = 1; state < STATE_END; state++)
            if (check->counts[agency][state])
                check_fault(check, "thiếu dòng đếm", "has no row",
                            "count of agency %" PRIu32 " %s, %" PRIu64 " found", agency, state_name(state),
                            check->counts[agency][state]);
    check_walk(check, TABLE_SEALED, row_sealed_day);
    for (size_t i = 0; i < check->days_used; i++)
        if (check->days[i].rows)
            check_fault(check, "thiếu dòng đếm", "has no row", "sealed day %" PRIu32 ", %" PRIu64 " found",
                        check->days[i].day, check->days[i].rows);
    if (counters->bytes != check->bytes)
        check_fault(check, "không khớp số byte đếm được", "is not the number of bytes found",
                    "counters, %" PRIu64 " bytes for %" PRIu64, counters->bytes, check->bytes);
    if (counters->covered_seq > counters->seq)
        check_fault(check, "bản sao lưu phủ quá lượt cuối", "covers more turns than there are",
                    "counters, covered %" PRIu64 " of %" PRIu64, counters->covered_seq, counters->seq);
    if (!counters->epoch)
        check_fault(check, "không có thời kỳ", "there is no epoch", "counters");
}

/* ---- all of it */

static void check_all(struct turn *turn, void *context)
{
    struct check *check = context;
    check->turn = turn;
    for (enum table table = 0; table < TABLES; table++)
        walk(check, table, row_by_itself, true);
    check->counts = calloc((size_t)check->agencies + 1, sizeof *check->counts);
    if (!check->counts)
        turn_fail(turn, RESULT_FULL, "no memory to count handoffs");
    small_tables(check);
    check_handoffs(check);
    check_queues(check);
    check_dossiers(check);
    check_endings(check);
    check_figures(check);
    check_blobs(check);
    sums(check);
    check_history(check);
}

enum result store_check(struct store *store, void (*each)(void *context, const char *fault), void *context,
                        struct store_check *ret_check)
{
    struct check check = { .each = each, .context = context };
    _Static_assert(STATE_END <= sizeof check.result.states / sizeof *check.result.states, "one count per state");

    enum result result = arena_init(&check.arena, HEADER_BYTES_MAX + BODY_BYTES_MAX + 64);
    /* See unsettled.h. Without room to settle they are in the transaction. */
    if (result == RESULT_OK && !store->read_only && store_settle(store) == RESULT_BROKEN)
        result = RESULT_BROKEN;
    if (result == RESULT_OK)
        result = store_read(store, check_all, &check);
    if (check.walker)
        mdb_cursor_close(check.walker);
    check_blobs_end(&check);
    arena_done(&check.arena);
    free(check.counts);
    free(check.days);
    if (result == RESULT_OK)
        *ret_check = check.result;
    return result;
}
