/* turn_late.c - how dossiers come out, and two lists that concern those who are late with something. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static struct key ending_key(uint64_t dossier)
{
    struct key key = key_empty();
    must(dossier);
    key_u64(&key, dossier);
    return key;
}

bool turn_ending(struct turn *turn, uint64_t dossier, struct ending *ret_ending)
{
    struct key key = ending_key(dossier);
    struct span value;
    if (!row_get(turn, TABLE_ENDING, &key, &value))
        return false;
    if (!ending_parse(value, ret_ending))
        turn_fail(turn, RESULT_BROKEN, "a record that no version explains");
    ret_ending->dossier = dossier;
    return true;
}

void turn_ending_put(struct turn *turn, const struct ending *ending)
{
    struct key key = ending_key(ending->dossier);
    uint8_t record[RECORD_BYTES_MAX];
    row_put(turn, TABLE_ENDING, &key, span_of(record, ending_write(ending, record)));
}

/* ---- rows of (agency, time, id): who is late, and what is late */

static struct key place(uint32_t agency, int64_t at_ms, uint64_t id)
{
    struct key key = key_empty();
    key_u32(&key, agency);
    key_i64(&key, at_ms);
    key_u64(&key, id);
    return key;
}

void turn_late_put(struct turn *turn, const struct late *late)
{
    struct key key = place(late->agency, late->due_ms, late->dossier);
    must(late->agency && late->dossier);
    row_put(turn, TABLE_LATE, &key, (struct span){ 0 });
}

void turn_late_delete(struct turn *turn, const struct late *late)
{
    struct key key = place(late->agency, late->due_ms, late->dossier);
    row_delete(turn, TABLE_LATE, &key);
}

bool turn_late_next(struct turn *turn, const struct late *after, bool agency_only, struct late *ret_next)
{
    struct key from = place(after->agency, after->dossier ? after->due_ms : INT64_MIN, after->dossier);
    struct span key, value;
    if (!row_next(turn, TABLE_LATE, &from, ROW_AFTER, agency_only ? 4 : 0, &key, &value))
        return false;
    *ret_next = (struct late){ .agency = key_read_u32(key, 0), .due_ms = key_read_i64(key, 4),
                               .dossier = key_read_u64(key, 12) };
    return true;
}

void turn_unanswered_put(struct turn *turn, uint32_t urged, int64_t delivered_ms, uint64_t handoff)
{
    struct key key = place(urged, delivered_ms, handoff);
    must(urged && handoff);
    row_put(turn, TABLE_UNANSWERED, &key, (struct span){ 0 });
}

void turn_unanswered_delete(struct turn *turn, uint32_t urged, int64_t delivered_ms, uint64_t handoff)
{
    struct key key = place(urged, delivered_ms, handoff);
    row_delete(turn, TABLE_UNANSWERED, &key);
}

bool turn_unanswered_next(struct turn *turn, const struct unreceived *after, bool urged_only,
                          struct unreceived *ret_next)
{
    struct key from = place(after->recipient, after->handoff ? after->delivered_ms : INT64_MIN, after->handoff);
    struct span key, value;
    if (!row_next(turn, TABLE_UNANSWERED, &from, ROW_AFTER, urged_only ? 4 : 0, &key, &value))
        return false;
    *ret_next = (struct unreceived){ .recipient = key_read_u32(key, 0), .delivered_ms = key_read_i64(key, 4),
                                     .handoff = key_read_u64(key, 12) };
    return true;
}
