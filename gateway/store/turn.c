/* turn.c - this turn, agencies, their counts, the small tables of adapters and directories. */
#include "gateway/store/turn.h"

#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

enum { HANDOFF_COUNTER_BITS = 48 };

static const char UNEXPLAINED[] = "a record that no version explains";

uint64_t turn_seq(const struct turn *turn)
{
    return turn->counters.seq + 1;
}

int64_t turn_now_ms(const struct turn *turn)
{
    return turn->now_ms;
}

uint32_t turn_epoch(struct turn *turn)
{
    return turn->counters.epoch;
}

bool turn_has_room(struct turn *turn)
{
    return turn->counters.bytes < store_intake_bytes(turn->store);
}

uint64_t turn_covered_seq(struct turn *turn)
{
    return turn->counters.covered_seq;
}

void turn_covered_seq_put(struct turn *turn, uint64_t seq)
{
    must(turn->writable);
    turn->counters.covered_seq = seq;
    turn->wrote = true;
}

uint64_t turn_last_event(struct turn *turn)
{
    return turn->counters.events;
}

static struct key restored_key(void)
{
    struct key key = key_empty();
    key_bytes(&key, META_RESTORED_KEY, strlen(META_RESTORED_KEY));
    return key;
}

bool turn_restored(struct turn *turn, struct restored *ret_restored)
{
    struct key key = restored_key();
    struct span value;

    if (turn->counters.epoch == 1)
        return false;
    if (!turn->restored_read) {
        turn->was_restored = row_get(turn, TABLE_META, &key, &value);
        if (turn->was_restored && !restored_parse(value, &turn->restored))
            turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
        turn->restored_read = true;
    }
    if (turn->was_restored)
        *ret_restored = turn->restored;
    return turn->was_restored;
}

void turn_restored_put(struct turn *turn, const struct restored *restored)
{
    struct key key = restored_key();
    uint8_t bytes[RESTORED_BYTES];

    restored_write(restored, bytes);
    row_put(turn, TABLE_META, &key, span_of(bytes, sizeof bytes));
    turn->restored = *restored;
    turn->restored_read = turn->was_restored = true;
}

uint64_t turn_handoff_new_id(struct turn *turn)
{
    struct counters *counters = &turn->counters;
    must(turn->writable && counters->epoch <= EPOCH_MAX && counters->handoffs + 1 < 1ULL << HANDOFF_COUNTER_BITS);
    turn->wrote = true;
    uint64_t id = (uint64_t)counters->epoch << HANDOFF_COUNTER_BITS | ++counters->handoffs;
    if (!turn->unwritten.first_new)
        turn->unwritten.first_new = id;
    return id;
}

uint64_t turn_new_place(struct turn *turn)
{
    must(turn->writable);
    turn->wrote = true;
    return ++turn->counters.places;
}

/* ---- agencies */

static struct key agency_key(uint32_t agency)
{
    struct key key = key_empty();
    must(agency);
    key_u32(&key, agency);
    return key;
}

/* Where a code is remembered (FNV-1a). */
static struct known_agency *known_by_code(struct turn *turn, const char *code)
{
    uint32_t hash = 2166136261u;
    for (const char *at = code; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return &turn->store->by_code[(hash ^ hash >> 16) & (KNOWN_AGENCIES - 1)];
}

uint32_t turn_agency_number(struct turn *turn, const char *code)
{
    struct key key = key_empty();
    uint64_t agency;
    size_t size = strnlen(code, AGENCY_CODE_SIZE);
    if (!size || size == AGENCY_CODE_SIZE)
        return 0;
    struct known_agency *known = known_by_code(turn, code);
    if (known->number && strcmp(known->code, code) == 0)
        return known->number;
    key_bytes(&key, code, size);
    if (!row_get_u64(turn, TABLE_AGENCY_CODE, &key, &agency))
        return 0;
    known->number = (uint32_t)agency;
    memcpy(known->code, code, size + 1);
    return known->number;
}

uint32_t turn_agency_number_make(struct turn *turn, const char *code)
{
    uint32_t agency = turn_agency_number(turn, code);
    size_t size = strnlen(code, AGENCY_CODE_SIZE);
    struct key key = key_empty(), code_key = key_empty();

    if (agency)
        return agency;
    must(turn->writable && size && size < AGENCY_CODE_SIZE && turn->counters.agencies < UINT32_MAX);
    agency = ++turn->counters.agencies;
    key_u32(&key, agency);
    row_put(turn, TABLE_AGENCY, &key, span_of(code, size));
    key_bytes(&code_key, code, size);
    row_put_u64(turn, TABLE_AGENCY_CODE, &code_key, agency);
    return agency;
}

bool turn_agency_code(struct turn *turn, uint32_t agency, char ret_code[AGENCY_CODE_SIZE])
{
    struct span value;
    if (!agency)
        return false;
    struct known_agency *known = &turn->store->by_number[agency & (KNOWN_AGENCIES - 1)];
    if (known->number != agency) {
        struct key key = agency_key(agency);
        char code[AGENCY_CODE_SIZE];
        if (!row_get(turn, TABLE_AGENCY, &key, &value))
            return false;
        if (!span_to_string(value, code, sizeof code))
            turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
        known->number = agency;
        memcpy(known->code, code, sizeof code);
    }
    memcpy(ret_code, known->code, sizeof known->code);
    return true;
}

void turn_agency_state(struct turn *turn, uint32_t agency, struct agency_state *ret_state)
{
    struct known_state *known = &turn->states[agency & (KNOWN_STATES - 1)];
    struct key key = agency_key(agency);
    struct span value;

    if (known->agency == agency) {
        *ret_state = known->state;
        return;
    }
    if (!row_get(turn, TABLE_AGENCY_STATE, &key, &value))
        *ret_state = (struct agency_state){ 0 };
    else if (!agency_state_parse(value, ret_state))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    *known = (struct known_state){ .agency = agency, .state = *ret_state };
}

void turn_agency_state_put(struct turn *turn, uint32_t agency, const struct agency_state *state)
{
    struct key key = agency_key(agency);
    uint8_t record[RECORD_BYTES_MAX];
    turn->states[agency & (KNOWN_STATES - 1)].agency = 0;
    row_put(turn, TABLE_AGENCY_STATE, &key, span_of(record, agency_state_write(state, record)));
}

uint64_t turn_count(struct turn *turn, uint32_t agency, enum state state)
{
    must(state > 0 && state < STATE_END);
    return agency ? tally_value(turn, TABLE_COUNT, agency, state) : 0;
}

void turn_count_add(struct turn *turn, uint32_t agency, enum state state, int64_t difference)
{
    must(state > 0 && state < STATE_END);
    tally_add(turn, TABLE_COUNT, agency, state, difference);
}

/* ---- small things adapters keep here */

static struct key handoff_key(uint64_t handoff)
{
    struct key key = key_empty();
    must(handoff);
    key_u64(&key, handoff);
    return key;
}

void turn_checkpoint_put(struct turn *turn, uint64_t handoff, struct span value)
{
    struct key key = handoff_key(handoff);
    must(value.size <= CHECKPOINT_BYTES_MAX);
    if (value.size)
        row_seal(turn, TABLE_CHECKPOINT, &key, &value, 1);
    else
        (void)row_delete_any(turn, TABLE_CHECKPOINT, &key);
}

enum result turn_checkpoint(struct turn *turn, uint64_t handoff, struct arena *arena, struct span *ret_value)
{
    struct key key = handoff_key(handoff);
    return row_unseal(turn, TABLE_CHECKPOINT, &key, arena, ret_value);
}

static struct key cursor_key(uint32_t agency, struct span name)
{
    struct key key = agency_key(agency);
    must(name.size && name.size <= CURSOR_NAME_SIZE);
    key_bytes(&key, name.bytes, name.size);
    return key;
}

void turn_cursor_put(struct turn *turn, uint32_t agency, struct span name, struct span value)
{
    struct key key = cursor_key(agency, name);
    must(value.size <= CURSOR_VALUE_BYTES_MAX);
    row_put(turn, TABLE_CURSOR, &key, value);
}

enum result turn_cursor(struct turn *turn, uint32_t agency, struct span name, struct arena *arena,
                        struct span *ret_value)
{
    struct key key = cursor_key(agency, name);
    struct span value;
    if (!row_get(turn, TABLE_CURSOR, &key, &value))
        return RESULT_NOT_FOUND;
    return arena_copy(arena, value, ret_value) ? RESULT_OK : RESULT_FULL;
}

/* ---- directories */

uint32_t turn_directory_version(struct turn *turn)
{
    struct span key, value;
    if (!row_last(turn, TABLE_DIRECTORY, &key, &value))
        return 0;
    if (key.size != 4)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return key_read_u32(key, 0);
}

void turn_directory_put(struct turn *turn, uint32_t version, const struct hash *hash, struct span bytes)
{
    struct key key = key_empty();
    must(version);
    key_u32(&key, version);
    uint8_t *value = row_reserve(turn, TABLE_DIRECTORY, &key, HASH_SIZE + bytes.size);
    memcpy(value, hash->bytes, HASH_SIZE);
    if (bytes.size)
        memcpy(value + HASH_SIZE, bytes.bytes, bytes.size);
}

bool turn_directory_hash(struct turn *turn, uint32_t version, struct hash *ret_hash)
{
    struct key key = key_empty();
    struct span value;
    key_u32(&key, version);
    if (!row_get(turn, TABLE_DIRECTORY, &key, &value))
        return false;
    if (value.size < HASH_SIZE)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    memcpy(ret_hash->bytes, value.bytes, HASH_SIZE);
    return true;
}
