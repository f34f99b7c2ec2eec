/* turn_dossier.c - what is known of a dossier beside its codes: its record, money, who else claims its codes, and two
 * lists it can stand in. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "a record that no version explains";

static struct key dossier_key(uint64_t dossier)
{
    struct key key = key_empty();
    must(dossier);
    key_u64(&key, dossier);
    return key;
}

bool turn_dossier(struct turn *turn, uint64_t dossier, struct dossier *ret_dossier)
{
    struct key key = dossier_key(dossier);
    struct span value;
    if (!row_get(turn, TABLE_DOSSIER_STATE, &key, &value))
        return false;
    if (!dossier_parse(value, ret_dossier))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_dossier->id = dossier;
    return true;
}

void turn_dossier_put(struct turn *turn, const struct dossier *dossier)
{
    struct key key = dossier_key(dossier->id);
    uint8_t record[DOSSIER_BYTES_MAX];
    row_put(turn, TABLE_DOSSIER_STATE, &key, span_of(record, dossier_write(dossier, record)));
}

bool turn_dossier_behind(struct turn *turn)
{
    return table_rows(turn, TABLE_DOSSIER_STATE) > table_rows(turn, TABLE_MEASURE);
}

/* ---- money */

static struct key money_key(uint64_t dossier, const char *component)
{
    struct key key = dossier_key(dossier);
    size_t size = strnlen(component, MONEY_CODE_SIZE);
    must(size && size < MONEY_CODE_SIZE);
    key_bytes(&key, component, size);
    return key;
}

bool turn_money(struct turn *turn, uint64_t dossier, const char *component, struct money *ret_money)
{
    struct key key = money_key(dossier, component);
    struct span value;
    if (!row_get(turn, TABLE_MONEY, &key, &value))
        return false;
    if (!money_parse(value, ret_money))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}

void turn_money_put(struct turn *turn, uint64_t dossier, const char *component, const struct money *money)
{
    struct key key = money_key(dossier, component);
    uint8_t record[RECORD_BYTES_MAX];
    row_put(turn, TABLE_MONEY, &key, span_of(record, money_write(money, record)));
}

/* Keys differ in length, so this walk is not row_next()'s. The first key above "after" is "after" and a zero byte. */
bool turn_money_next(struct turn *turn, uint64_t dossier, const char *after, char ret_component[MONEY_CODE_SIZE],
                     struct money *ret_money)
{
    struct key from = dossier_key(dossier);
    size_t size = strnlen(after, MONEY_CODE_SIZE);
    struct span key, value;

    must(size < MONEY_CODE_SIZE);
    key_bytes(&from, after, size);
    key_u8(&from, 0);
    if (!row_next_any(turn, TABLE_MONEY, &from, sizeof dossier, &key, &value))
        return false;
    struct span component = span_of(key.bytes + sizeof dossier, key.size - sizeof dossier);
    if (!span_to_string(component, ret_component, MONEY_CODE_SIZE) || !money_parse(value, ret_money))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}

/* ---- delivered, and nobody has taken it */

static struct key unreceived_key(uint32_t recipient, int64_t delivered_ms, uint64_t handoff)
{
    struct key key = key_empty();
    key_u32(&key, recipient);
    key_i64(&key, delivered_ms);
    key_u64(&key, handoff);
    return key;
}

void turn_unreceived_put(struct turn *turn, uint32_t recipient, int64_t delivered_ms, uint64_t handoff)
{
    struct key key = unreceived_key(recipient, delivered_ms, handoff);
    must(recipient && handoff);
    row_put(turn, TABLE_UNRECEIVED, &key, (struct span){ 0 });
}

void turn_unreceived_delete(struct turn *turn, uint32_t recipient, int64_t delivered_ms, uint64_t handoff)
{
    struct key key = unreceived_key(recipient, delivered_ms, handoff);
    row_delete(turn, TABLE_UNRECEIVED, &key);
}

bool turn_unreceived_next(struct turn *turn, const struct unreceived *after, bool recipient_only,
                          struct unreceived *ret_next)
{
    struct key from = unreceived_key(after->recipient, after->handoff ? after->delivered_ms : INT64_MIN,
                                     after->handoff);
    struct span key, value;
    if (!row_next(turn, TABLE_UNRECEIVED, &from, ROW_AFTER, recipient_only ? 4 : 0, &key, &value))
        return false;
    *ret_next = (struct unreceived){ .recipient = key_read_u32(key, 0), .delivered_ms = key_read_i64(key, 4),
                                     .handoff = key_read_u64(key, 12) };
    return true;
}

/* ---- collisions */

static struct key collision_key(uint64_t dossier, uint64_t handoff)
{
    struct key key = dossier_key(dossier);
    key_u64(&key, handoff);
    return key;
}

void turn_collision_put(struct turn *turn, const struct collision *collision)
{
    struct key key = collision_key(collision->dossier, collision->handoff);
    must(collision->handoff && collision->code[0]);
    row_put(turn, TABLE_COLLISION, &key, span_of_string(collision->code));
}

bool turn_collision_next(struct turn *turn, uint64_t dossier, uint64_t after, struct collision *ret_collision)
{
    struct key from = collision_key(dossier, after);
    struct span key, value;
    if (!row_next(turn, TABLE_COLLISION, &from, ROW_AFTER, sizeof dossier, &key, &value))
        return false;
    *ret_collision = (struct collision){ .dossier = dossier, .handoff = key_read_u64(key, 8) };
    if (!span_to_string(value, ret_collision->code, sizeof ret_collision->code))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}
