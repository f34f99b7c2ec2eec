/* check_row.c - the first question of store_check(): is a row, taken by itself, what schema.h says? Pure. */
#include "gateway/store/check.h"

typedef bool explains(struct span key, struct span value);

static bool is_text(struct span text, size_t size)
{
    return text.size && text.size < size && span_is_utf8(text);
}

static uint64_t u64_of(struct span value)
{
    struct scan scan = scan_of(value);
    uint64_t number = scan_u64(&scan);
    return scan_end(&scan) ? number : 0;
}

static bool is_empty(struct span key, struct span value)
{
    (void)key;
    return !value.size;
}

/* Numbers in values count from 1. */
static bool is_number(struct span key, struct span value)
{
    (void)key;
    return u64_of(value) != 0;
}

static bool is_sealed(struct span key, struct span value)
{
    uint32_t day;
    (void)key;
    return seal_row_day(value, &day);
}

static bool is_meta(struct span key, struct span value)
{
    struct counters counters;
    struct restored restored;
    if (span_equal(key, span_of_string(META_SCHEMA_KEY)))
        return value.size == 4;
    if (span_equal(key, span_of_string(META_RESTORED_KEY)))
        return restored_parse(value, &restored);
    return span_equal(key, span_of_string(META_COUNTERS_KEY)) && counters_parse(value, &counters);
}

static bool is_agency(struct span key, struct span value)
{
    return key_read_u32(key, 0) && is_text(value, AGENCY_CODE_SIZE);
}

static bool is_agency_code(struct span key, struct span value)
{
    uint64_t agency = u64_of(value);
    return is_text(key, AGENCY_CODE_SIZE) && agency && agency <= UINT32_MAX;
}

static bool is_agency_state(struct span key, struct span value)
{
    struct agency_state state;
    return key_read_u32(key, 0) && agency_state_parse(value, &state);
}

static bool is_count(struct span key, struct span value)
{
    return key_read_u32(key, 0) && key.bytes[4] && key.bytes[4] < STATE_END && u64_of(value);
}

static bool is_dossier(struct span key, struct span value)
{
    return key_read_u64(key, 0) && value.size && value.size < DOSSIER_CODE_SIZE && !memchr(value.bytes, 0, value.size);
}

static bool is_handoff(struct span key, struct span value)
{
    struct handoff handoff;
    return check_handoff_parse(key, value, &handoff);
}

static bool is_ready(struct span key, struct span value)
{
    return !value.size && key.bytes[4] < READY_CLASSES;
}

static bool is_timer(struct span key, struct span value)
{
    return !value.size && key.bytes[8] && key.bytes[8] < TIMER_END;
}

static bool is_antecedent(struct span key, struct span value)
{
    struct antecedent antecedent;
    (void)key;
    return antecedent_parse(value, &antecedent);
}

static bool is_event(struct span key, struct span value)
{
    struct event event;
    return key_read_u64(key, 0) && event_parse(value, &event);
}

static bool is_link(struct span key, struct span value)
{
    struct chain_link link;
    return key_read_u64(key, 0) && chain_link_parse(value, &link);
}

static bool is_fail_class(unsigned fail_class)
{
    return fail_class && fail_class < FAIL_CLASS_END;
}

static bool is_failed(struct span key, struct span value)
{
    return !value.size && is_fail_class(key.bytes[4]);
}

static bool is_fail_group(struct span key, struct span value)
{
    struct fail_group group;
    return is_fail_class(key.bytes[4]) && fail_group_parse(value, &group) && group.count;
}

static bool is_cursor(struct span key, struct span value)
{
    return key_read_u32(key, 0) && value.size <= CURSOR_VALUE_BYTES_MAX;
}

static bool is_directory(struct span key, struct span value)
{
    return key_read_u32(key, 0) && value.size >= HASH_SIZE;
}

static bool is_sealed_day(struct span key, struct span value)
{
    return key_read_u32(key, 0) && u64_of(value);
}

static bool is_dossier_state(struct span key, struct span value)
{
    struct dossier dossier;
    return key_read_u64(key, 0) && dossier_parse(value, &dossier);
}

static bool is_money(struct span key, struct span value)
{
    struct money money;
    return key_read_u64(key, 0) && !memchr(key.bytes + 8, 0, key.size - 8) && money_parse(value, &money);
}

static bool is_provisional(struct span key, struct span value)
{
    return !value.size && key_read_u32(key, 0) && key_read_u64(key, 4);
}

static bool is_ending(struct span key, struct span value)
{
    struct ending ending;
    return key_read_u64(key, 0) && ending_parse(value, &ending);
}

static bool is_asked(struct span key, struct span value)
{
    struct asked asked;
    return key_read_u64(key, 0) && key_read_u64(key, 8) && asked_parse(value, &asked);
}

static bool is_asked_open(struct span key, struct span value)
{
    return !value.size && key_read_u64(key, 8);
}

static bool is_collision(struct span key, struct span value)
{
    return key_read_u64(key, 0) && key_read_u64(key, 8) && value.size && value.size < DOSSIER_CODE_SIZE;
}

static bool is_unknown_code(struct span key, struct span value)
{
    struct unknown_code unknown;
    return key_read_u32(key, 0) && unknown_code_parse(value, &unknown);
}

static bool is_flow(struct span key, struct span value)
{
    struct flow flow;
    return key_read_u64(key, 0) && flow_parse(value, &flow);
}

static bool is_measure(struct span key, struct span value)
{
    struct measure measure;
    return key_read_u64(key, 0) && measure_parse(value, &measure);
}

/* Of whose procedure or officer: `name` bytes behind the numbers of the key. */
static bool is_in_a_name(struct span key, size_t numbers)
{
    unsigned of = key.bytes[0];
    size_t name = key.size - numbers;
    return key_read_u32(key, numbers - 4) && !memchr(key.bytes + numbers, 0, name) &&
           (of == FIGURES_OF_PROCEDURE ? name < PROCEDURE_CODE_SIZE
                                       : of == FIGURES_OF_OFFICER && name && name < OFFICER_SIZE);
}

static bool is_figure(struct span key, struct span value)
{
    struct figures figures;
    return key_read_u32(key, 1) && is_in_a_name(key, 9) && figures_parse(value, &figures);
}

static bool is_overdue(struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    int64_t overdue = scan_i64(&scan), apologised = scan_i64(&scan);
    return is_in_a_name(key, 13) && scan_end(&scan) && (overdue || apologised);
}

/* Also of the other lists of (agency, time, id). */
static bool is_unreceived(struct span key, struct span value)
{
    return !value.size && key_read_u32(key, 0) && key_read_u64(key, 12);
}

static bool is_blob_reader(struct span key, struct span value)
{
    return !value.size && key_read_u32(key, HASH_SIZE);
}

static bool is_blob(struct span key, struct span value)
{
    struct blob blob;
    (void)key;
    return blob_parse(value, &blob);
}

static bool is_blob_file(struct span key, struct span value)
{
    return key_read_u64(key, 0) && value.size == HASH_SIZE;
}

static const struct shape {
    uint8_t   key_min, key_max;
    explains *row;
} shapes[TABLES] = {
    [TABLE_META]            = { 1, KEY_BYTES_MAX, is_meta },
    [TABLE_AGENCY]          = { 4, 4, is_agency },
    [TABLE_AGENCY_CODE]     = { 1, AGENCY_CODE_SIZE - 1, is_agency_code },
    [TABLE_AGENCY_STATE]    = { 4, 4, is_agency_state },
    [TABLE_COUNT]           = { 5, 5, is_count },
    [TABLE_DOSSIER]         = { 8, 8, is_dossier },
    [TABLE_DOSSIER_CODE]    = { 1, DOSSIER_CODE_SIZE - 1, is_number },
    [TABLE_DOSSIER_HANDOFF] = { 16, 16, is_empty },
    [TABLE_HANDOFF]         = { 8, 8, is_handoff },
    [TABLE_BODY]            = { 8, 8, is_sealed },
    [TABLE_DEDUPE]          = { 20, 20, is_number },
    [TABLE_LANE]            = { 20, 20, is_number },
    [TABLE_READY]           = { 21, 21, is_ready },
    [TABLE_TIMER]           = { 17, 17, is_timer },
    [TABLE_OFFERED]         = { 16, 16, is_empty },
    [TABLE_GATE]            = { 28, 28, is_empty },
    [TABLE_ANTECEDENT]      = { 24, 24, is_antecedent },
    [TABLE_EVENT]           = { 8, 8, is_event },
    [TABLE_DETAIL]          = { 8, 8, is_sealed },
    [TABLE_FEED]            = { 12, 12, is_empty },
    [TABLE_FOLLOW]          = { 4, 4, is_number },
    [TABLE_CHAIN]           = { 8, 8, is_link },
    [TABLE_FAILED]          = { 21, 21, is_failed },
    [TABLE_FAIL_GROUP]      = { 13, 13, is_fail_group },
    [TABLE_CHECKPOINT]      = { 8, 8, is_sealed },
    [TABLE_CURSOR]          = { 5, 4 + CURSOR_NAME_SIZE, is_cursor },
    [TABLE_BLOB]            = { HASH_SIZE + 4, HASH_SIZE + 4, is_blob_reader },
    [TABLE_DIRECTORY]       = { 4, 4, is_directory },
    [TABLE_SEALED]          = { 4, 4, is_sealed_day },
    [TABLE_DOSSIER_STATE]   = { 8, 8, is_dossier_state },
    [TABLE_MONEY]           = { 9, 8 + MONEY_CODE_SIZE - 1, is_money },
    [TABLE_PROVISIONAL]     = { 12, 12, is_provisional },
    [TABLE_UNRECEIVED]      = { 20, 20, is_unreceived },
    [TABLE_ENDING]          = { 8, 8, is_ending },
    [TABLE_ASKED]           = { 16, 16, is_asked },
    [TABLE_ASKED_OPEN]      = { 16, 16, is_asked_open },
    [TABLE_FLOW]            = { 8, 8, is_flow },
    [TABLE_MEASURE]         = { 8, 8, is_measure },
    [TABLE_FIGURE]          = { 9, 9 + OFFICER_SIZE - 1, is_figure },
    [TABLE_OVERDUE]         = { 13, 13 + OFFICER_SIZE - 1, is_overdue },
    [TABLE_LATE]            = { 20, 20, is_unreceived },
    [TABLE_UNANSWERED]      = { 20, 20, is_unreceived },
    [TABLE_ASKED_PROVISIONAL] = { 12, 12, is_provisional },
    [TABLE_COLLISION]       = { 16, 16, is_collision },
    [TABLE_UNKNOWN_CODE]    = { 5, 4 + PARTNER_STATUS_SIZE - 1, is_unknown_code },
    [TABLE_BLOB_RECORD]     = { HASH_SIZE, HASH_SIZE, is_blob },
    [TABLE_BLOB_FILE]       = { 8, 8, is_blob_file },
    [TABLE_ATTACHED]        = { 8 + HASH_SIZE, 8 + HASH_SIZE, is_empty },
};

bool check_explains(enum table table, struct span key, struct span value)
{
    const struct shape *shape = &shapes[table];
    return key.size >= shape->key_min && key.size <= shape->key_max && shape->row(key, value);
}
