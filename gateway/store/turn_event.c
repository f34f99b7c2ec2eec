/* turn_event.c - history: events, their sealed words, the feed of notices, the chain's links. */
#include <stdlib.h>

#include "gateway/store/bytes.h"
#include "gateway/store/chain.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "a record that no version explains";

enum { LEAVES_FIRST = 1024 };

static struct key event_key(uint64_t seq)
{
    struct key key = key_empty();
    key_u64(&key, seq);
    return key;
}

/* At most REASON_BYTES_MAX bytes, not past a zero byte, not inside a UTF-8 sequence. */
static struct span words_cut(struct span words)
{
    const uint8_t *zero = words.size ? memchr(words.bytes, 0, words.size) : NULL;
    if (zero)
        words.size = (size_t)(zero - words.bytes);
    if (words.size <= REASON_BYTES_MAX)
        return words;
    words.size = REASON_BYTES_MAX;
    for (int i = 0; i < 3 && (words.bytes[words.size] & 0xC0) == 0x80; i++)
        words.size--;
    return words;
}

static void leaf_add(struct turn *turn, uint64_t seq, struct span record)
{
    size_t index = seq - turn->first_event;
    if (index >= turn->leaves_size) {
        size_t size = turn->leaves_size ? turn->leaves_size * 2 : LEAVES_FIRST;
        struct hash *leaves = realloc(turn->leaves, size * sizeof *leaves);
        if (!leaves)
            turn_fail(turn, RESULT_FULL, "no memory for the events of a turn");
        turn->leaves = leaves;
        turn->leaves_size = size;
    }
    turn->leaves[index] = chain_leaf(seq, record);
}

uint64_t turn_event_append(struct turn *turn, struct event *event, struct span detail)
{
    struct store *store = turn->store;
    uint8_t record[RECORD_BYTES_MAX];

    must(turn->writable);
    struct span words = words_cut(detail);
    event->seq = ++turn->counters.events;
    event->turn_seq = turn_seq(turn);
    event->detail_digest = (struct hash){ 0 };
    struct key key = event_key(event->seq);
    if (words.size) {
        row_seal(turn, TABLE_DETAIL, &key, &words, 1);
        event->detail_digest = seal_digest(store->seal, turn->day, event->seq, words);
    }
    struct span bytes = span_of(record, event_write(event, record));
    row_put(turn, TABLE_EVENT, &key, bytes);
    leaf_add(turn, event->seq, bytes);
    return event->seq;
}

bool turn_event(struct turn *turn, uint64_t seq, struct event *ret_event)
{
    struct key key = event_key(seq);
    struct span value;
    if (!row_get(turn, TABLE_EVENT, &key, &value))
        return false;
    if (!event_parse(value, ret_event))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_event->seq = seq;
    return true;
}

void turn_detail(struct turn *turn, uint64_t event_seq, char ret_detail[REASON_BYTES_MAX + 1])
{
    uint8_t plain[REASON_BYTES_MAX + 16];
    struct arena arena = { .bytes = plain, .size = sizeof plain };
    struct key key = event_key(event_seq);
    struct span words;

    ret_detail[0] = 0;
    enum result result = row_unseal(turn, TABLE_DETAIL, &key, &arena, &words);
    if (result == RESULT_FULL || (result == RESULT_OK && !span_to_string(words, ret_detail, REASON_BYTES_MAX + 1)))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
}

void turn_detail_delete(struct turn *turn, uint64_t event_seq)
{
    struct key key = event_key(event_seq);
    (void)row_delete_any(turn, TABLE_DETAIL, &key);
}

/* ---- the feed of notices */

static struct key feed_key(uint32_t agency, uint64_t event_seq)
{
    struct key key = key_empty();
    key_u32(&key, agency);
    key_u64(&key, event_seq);
    return key;
}

void turn_feed_put(struct turn *turn, uint32_t agency, uint64_t event_seq)
{
    struct key key = feed_key(agency, event_seq);
    row_put(turn, TABLE_FEED, &key, (struct span){ 0 });
}

uint64_t turn_feed_next(struct turn *turn, uint32_t agency, uint64_t after)
{
    struct key from = feed_key(agency, after);
    struct span key, value;
    return row_next(turn, TABLE_FEED, &from, ROW_AFTER, 4, &key, &value) ? key_read_u64(key, 4) : 0;
}

void turn_feed_delete_until(struct turn *turn, uint32_t agency, uint64_t until, unsigned most)
{
    uint64_t seq = 0;
    for (unsigned i = 0; i < most && (seq = turn_feed_next(turn, agency, seq)) != 0 && seq <= until; i++) {
        struct key key = feed_key(agency, seq);
        row_delete(turn, TABLE_FEED, &key);
    }
}

static struct key follow_key(uint32_t agency)
{
    struct key key = key_empty();
    key_u32(&key, agency);
    return key;
}

uint64_t turn_follow(struct turn *turn, uint32_t agency)
{
    struct key key = follow_key(agency);
    uint64_t seq;
    return row_get_u64(turn, TABLE_FOLLOW, &key, &seq) ? seq : 0;
}

void turn_follow_put(struct turn *turn, uint32_t agency, uint64_t event_seq)
{
    struct key key = follow_key(agency);
    row_put_u64(turn, TABLE_FOLLOW, &key, event_seq);
}

/* ---- the chain */

bool turn_link(struct turn *turn, uint64_t seq, struct chain_link *ret_link)
{
    struct key key = event_key(seq);
    struct span value;
    if (!row_get(turn, TABLE_CHAIN, &key, &value))
        return false;
    if (!chain_link_parse(value, ret_link))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_link->seq = seq;
    return true;
}
