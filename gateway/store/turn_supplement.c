/* turn_supplement.c - what citizens are asked for: the requests of a dossier, and the open ones by when the answer is
 * expected. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static struct key asked_key(uint64_t dossier, uint64_t request)
{
    struct key key = key_empty();
    key_u64(&key, dossier);
    key_u64(&key, request);
    return key;
}

static void parse(struct turn *turn, struct span key, struct span value, struct asked *ret_asked)
{
    if (!asked_parse(value, ret_asked))
        turn_fail(turn, RESULT_BROKEN, "a record that no version explains");
    ret_asked->dossier = key_read_u64(key, 0);
    ret_asked->request = key_read_u64(key, 8);
}

bool turn_asked(struct turn *turn, uint64_t dossier, uint64_t request, struct asked *ret_asked)
{
    struct key key = asked_key(dossier, request);
    struct span value;
    if (!row_get(turn, TABLE_ASKED, &key, &value))
        return false;
    parse(turn, key_span(&key), value, ret_asked);
    return true;
}

bool turn_asked_next(struct turn *turn, uint64_t dossier, uint64_t after, struct asked *ret_asked)
{
    struct key from = asked_key(dossier, after);
    struct span key, value;
    if (!row_next(turn, TABLE_ASKED, &from, ROW_AFTER, sizeof dossier, &key, &value))
        return false;
    parse(turn, key, value, ret_asked);
    return true;
}

void turn_asked_put(struct turn *turn, const struct asked *asked)
{
    struct key key = asked_key(asked->dossier, asked->request);
    uint8_t record[ASKED_BYTES_MAX];
    must(asked->dossier && asked->request);
    row_put(turn, TABLE_ASKED, &key, span_of(record, asked_write(asked, record)));
}

static struct key open_key(int64_t answer_by_ms, uint64_t request)
{
    struct key key = key_empty();
    key_i64(&key, answer_by_ms);
    key_u64(&key, request);
    return key;
}

void turn_asked_open_put(struct turn *turn, int64_t answer_by_ms, uint64_t request)
{
    struct key key = open_key(answer_by_ms, request);
    must(request);
    row_put(turn, TABLE_ASKED_OPEN, &key, (struct span){ 0 });
}

void turn_asked_open_delete(struct turn *turn, int64_t answer_by_ms, uint64_t request)
{
    struct key key = open_key(answer_by_ms, request);
    row_delete(turn, TABLE_ASKED_OPEN, &key);
}

bool turn_asked_open_next(struct turn *turn, int64_t answer_by_ms, uint64_t request, int64_t *ret_answer_by_ms,
                          uint64_t *ret_request)
{
    struct key from = open_key(answer_by_ms, request);
    struct span key, value;
    if (!row_next(turn, TABLE_ASKED_OPEN, &from, ROW_AFTER, 0, &key, &value))
        return false;
    *ret_answer_by_ms = key_read_i64(key, 0);
    *ret_request = key_read_u64(key, 8);
    return true;
}
