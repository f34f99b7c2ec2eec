/* turn_handoff.c - dossiers, handoffs, their bodies, and the message ids that are remembered. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "a record that no version explains";

static struct key id_key(uint64_t id)
{
    struct key key = key_empty();
    must(id);
    key_u64(&key, id);
    return key;
}

/* ---- dossiers */

uint64_t turn_dossier_find(struct turn *turn, struct span code)
{
    struct key key = key_empty();
    uint64_t dossier;
    if (!code.size || code.size >= DOSSIER_CODE_SIZE)
        return 0;
    key_bytes(&key, code.bytes, code.size);
    return row_get_u64(turn, TABLE_DOSSIER_CODE, &key, &dossier) ? dossier : 0;
}

static void code_put(struct turn *turn, struct span code, uint64_t dossier)
{
    struct key key = key_empty();
    key_bytes(&key, code.bytes, code.size);
    row_put_u64(turn, TABLE_DOSSIER_CODE, &key, dossier);
}

uint64_t turn_dossier_make(struct turn *turn, struct span code)
{
    uint64_t dossier = turn_dossier_find(turn, code);
    if (dossier)
        return dossier;
    must(turn->writable && code.size && code.size < DOSSIER_CODE_SIZE);
    dossier = ++turn->counters.dossiers;
    struct key key = id_key(dossier);
    row_put(turn, TABLE_DOSSIER, &key, code);
    code_put(turn, code, dossier);
    return dossier;
}

bool turn_dossier_alias(struct turn *turn, uint64_t dossier, struct span alias)
{
    must(dossier && alias.size && alias.size < DOSSIER_CODE_SIZE);
    uint64_t known = turn_dossier_find(turn, alias);
    if (!known)
        code_put(turn, alias, dossier);
    return !known || known == dossier;
}

bool turn_dossier_code(struct turn *turn, uint64_t dossier, char ret_code[DOSSIER_CODE_SIZE])
{
    struct span value;
    char code[DOSSIER_CODE_SIZE];
    if (!dossier)
        return false;
    struct key key = id_key(dossier);
    if (!row_get(turn, TABLE_DOSSIER, &key, &value))
        return false;
    if (!span_to_string(value, code, sizeof code))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    memcpy(ret_code, code, sizeof code);
    return true;
}

void turn_dossier_handoff_put(struct turn *turn, uint64_t dossier, uint64_t handoff)
{
    struct key key = id_key(dossier);
    key_u64(&key, handoff);
    row_put(turn, TABLE_DOSSIER_HANDOFF, &key, (struct span){ 0 });
}

uint64_t turn_dossier_handoff_next(struct turn *turn, uint64_t dossier, uint64_t after)
{
    struct key from = id_key(dossier);
    struct span key, value;
    key_u64(&from, after);
    return row_next(turn, TABLE_DOSSIER_HANDOFF, &from, ROW_AFTER, 8, &key, &value) ? key_read_u64(key, 8) : 0;
}

/* ---- handoffs */

bool turn_handoff(struct turn *turn, uint64_t id, struct handoff *ret_handoff)
{
    struct span value;
    if (!id)
        return false;
    const struct handoff *unwritten = unwritten_find(turn, id);
    if (unwritten) {
        *ret_handoff = *unwritten;
        return true;
    }
    struct key key = id_key(id);
    if (!row_get(turn, TABLE_HANDOFF, &key, &value))
        return false;
    if (!handoff_parse(value, ret_handoff))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_handoff->id = id;
    return true;
}

void turn_handoff_put(struct turn *turn, const struct handoff *handoff)
{
    unwritten_keep(turn, handoff);
}

uint64_t turn_handoff_next(struct turn *turn, uint64_t after)
{
    struct key from = key_empty();
    struct span key, value;
    unwritten_flush_handoffs(turn);
    key_u64(&from, after);
    return row_next(turn, TABLE_HANDOFF, &from, ROW_AFTER, 0, &key, &value) ? key_read_u64(key, 0) : 0;
}

/* ---- bodies */

void turn_body_put(struct turn *turn, uint64_t id, struct span header, struct span payload)
{
    struct key key = id_key(id);
    must(header.size <= HEADER_BYTES_MAX && payload.size <= BODY_BYTES_MAX);
    uint32_t header_size = htole32((uint32_t)header.size);
    struct span parts[] = { span_of(&header_size, sizeof header_size), header, payload };
    row_seal(turn, TABLE_BODY, &key, parts, 3);
}

enum result turn_body(struct turn *turn, uint64_t id, struct arena *arena,
                      struct span *ret_header, struct span *ret_payload)
{
    struct key key = id_key(id);
    struct span plain;

    enum result result = row_unseal(turn, TABLE_BODY, &key, arena, &plain);
    if (result != RESULT_OK)
        return result;
    struct scan scan = scan_of(plain);
    size_t header_size = scan_u32(&scan);
    if (scan.bad || header_size > scan.left)
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    *ret_header = span_of(scan.at, header_size);
    *ret_payload = span_of(scan.at + header_size, scan.left - header_size);
    return RESULT_OK;
}

void turn_body_delete(struct turn *turn, uint64_t id)
{
    struct key key = id_key(id);
    (void)row_delete_any(turn, TABLE_BODY, &key);
}

/* ---- message ids */

static struct key dedupe_key(uint32_t sender, const struct uuid *message_id)
{
    struct key key = key_empty();
    key_u32(&key, sender);
    key_bytes(&key, message_id->bytes, sizeof message_id->bytes);
    return key;
}

bool turn_dedupe(struct turn *turn, uint32_t sender, const struct uuid *message_id, uint64_t *ret_handoff)
{
    struct key key = dedupe_key(sender, message_id);
    return row_get_u64(turn, TABLE_DEDUPE, &key, ret_handoff);
}

static struct known_oldest *known_of(struct turn *turn, uint32_t sender)
{
    return &turn->store->oldest_ids[sender & (KNOWN_AGENCIES - 1)];
}

void turn_dedupe_put(struct turn *turn, uint32_t sender, const struct uuid *message_id, uint64_t handoff)
{
    struct key key = dedupe_key(sender, message_id);
    struct known_oldest *known = known_of(turn, sender);
    int64_t time_ms = uuid_time_ms(message_id);

    if (known->sender == sender && time_ms < known->oldest_ms)
        known->oldest_ms = time_ms;
    row_put_u64(turn, TABLE_DEDUPE, &key, handoff);
}

unsigned turn_dedupe_purge(struct turn *turn, uint32_t sender, int64_t before_ms, unsigned most)
{
    static const struct uuid lowest;
    struct key from = dedupe_key(sender, &lowest);
    struct span key, value;
    struct known_oldest *known = known_of(turn, sender);
    unsigned purged = 0;

    if (known->sender == sender && known->oldest_ms >= before_ms)
        return 0;
    /* An id begins with its time, so the oldest stand first. */
    while (purged < most && row_next(turn, TABLE_DEDUPE, &from, ROW_FROM, 4, &key, &value)) {
        struct uuid id;
        memcpy(id.bytes, key.bytes + 4, sizeof id.bytes);
        int64_t time_ms = uuid_time_ms(&id);
        if (time_ms >= before_ms) {
            *known = (struct known_oldest){ .sender = sender, .oldest_ms = time_ms };
            break;
        }
        struct key gone = dedupe_key(sender, &id);
        row_delete(turn, TABLE_DEDUPE, &gone);
        purged++;
    }
    return purged;
}
