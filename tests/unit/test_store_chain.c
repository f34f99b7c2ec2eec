/* The chain: links that another program (Python's hashlib, from the words of chain.h and records.h) computed for the
 * same events; and roots computed again here the way RFC 9162 section 2.1.1 words it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/store/chain.h"
#include "tests/unit/store_raw.h"
#include "tests/unit/store_sample.h"

static void assert_hash(struct hash hash, const char *hex)
{
    char text[HASH_TEXT_SIZE];
    hash_text(&hash, text);
    assert_string_equal(text, hex);
}

/* ---- pinned */

static const struct pinned { unsigned events; const char *root, *link; } pinned[] = {
    { 3, "889d64b6c0b447196e67af8067fce06007b132208a8d8c8ff4e60837364fd9e9",
      "a5ce030307a8321b6d66500b89fffe01ee92257f57521505626bcf5570716d84" },
    { 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "716260ec62cda02365c24970a9612bd407d38f813d3ff7ac92548d89f8615e90" },
    { 1, "101181baf907e6a5dc94549050acb8987b672539c0940d8f38ce6e62463fa02f",
      "b49f8bd78ef0cc89dc4f688d9f6fa4e929b9957d1267e86a3ef06c31ffd643de" },
    { 7, "6d93dc1e67094ee5950643033687e5c5a31c56729a8bceecb63ee6b917fb4175",
      "41ec1ab48d2c439f13077f637e444c1cb3b329e2af7c737653316ed5fa6cb30f" },
};
enum { PINNED = sizeof pinned / sizeof *pinned };

struct append {
    unsigned events;
    uint64_t last;
    bool flood;                     /* bodies without end behind them: the turn cannot be finished */
};

static void append(struct turn *turn, void *context)
{
    struct append *to_append = context;
    static char body[BODY_BYTES_MAX];
    uint64_t last = to_append->last;
    for (unsigned i = 0; i < to_append->events; i++) {
        struct event event = { .handoff = 5, .previous = last, .at_ms = turn_now_ms(turn), .from = STATE_READY,
                               .to = STATE_OFFERED, .cause = CAUSE_OFFERED, .attempt = i };
        last = turn_event_append(turn, &event, (struct span){ 0 });
    }
    for (uint64_t id = 1; to_append->flood; id++)
        turn_body_put(turn, id, (struct span){ 0 }, span_of(body, sizeof body));
    if (!to_append->events)
        turn_covered_seq_put(turn, 1);
    to_append->last = last;
}

static void links_are_there(struct turn *turn, void *context)
{
    struct chain_link link;
    uint64_t first = 1;
    (void)context;
    for (unsigned i = 0; i < PINNED; i++) {
        assert_true(turn_link(turn, i + 1, &link));
        assert_int_equal(link.seq, i + 1);
        assert_true(link.now_ms == SITE_NOW_MS + 1 + i);
        assert_int_equal(link.first_event, first);
        assert_int_equal(link.events, pinned[i].events);
        assert_hash(link.root, pinned[i].root);
        assert_hash(link.link, pinned[i].link);
        first += link.events;
    }
    assert_false(turn_link(turn, PINNED + 1, &link));
    assert_false(turn_link(turn, 0, &link));
}

static void as_pinned(void **state)
{
    struct site *site = *state;
    struct append to_append = { 0 };
    struct turn_end end;

    site->options.map_bytes = 4 << 20;
    site_open(site);
    for (unsigned i = 0; i < PINNED; i++) {
        /* A turn before it that cannot be finished leaves nothing: no event, no leaf, no number. */
        struct append aborted = { .events = 5, .last = to_append.last, .flood = true };
        assert_int_equal(store_turn(site->store, SITE_NOW_MS, append, &aborted, &end), RESULT_FULL);
        to_append.events = pinned[i].events;
        end = site_turn(site, SITE_NOW_MS + 1 + i, append, &to_append);
        assert_int_equal(end.seq, i + 1);
        assert_hash(end.link, pinned[i].link);
    }
    site_read(site, links_are_there, NULL);
}

/* ---- computed again */

static struct hash root_of(const struct hash *leaves, size_t count)
{
    size_t half = 1;
    uint8_t node[1 + 2 * HASH_SIZE] = { 1 };
    if (count == 0)
        return hash_of((struct span){ 0 });
    if (count == 1)
        return leaves[0];
    while (half * 2 < count)
        half *= 2;
    struct hash left = root_of(leaves, half), right = root_of(leaves + half, count - half);
    memcpy(node + 1, left.bytes, HASH_SIZE);
    memcpy(node + 1 + HASH_SIZE, right.bytes, HASH_SIZE);
    return hash_of(span_of(node, sizeof node));
}

/* Every link of a closed store from the bytes of its events. */
static void compute_again(const struct site *site, uint64_t turns)
{
    struct hash previous = { 0 };
    struct raw raw;
    uint64_t seq = 1;

    raw_open(&raw, site->store_folder, false);
    for (uint64_t turn = 1; turn <= turns; turn++) {
        struct chain_link link;
        struct span value;
        assert_true(raw_get(&raw, TABLE_CHAIN, KEY("8", turn), &value) && chain_link_parse(value, &link));
        assert_int_equal(link.first_event, seq);
        struct hash *leaves = calloc(link.events + 1, sizeof *leaves);
        for (uint64_t i = 0; i < link.events; i++, seq++) {
            uint8_t leaf[1 + 8 + RECORD_BYTES_MAX] = { 0 };
            struct key key = KEY("8", seq);
            assert_true(raw_get(&raw, TABLE_EVENT, key, &value));
            memcpy(leaf + 1, key.bytes, 8);
            memcpy(leaf + 9, value.bytes, value.size);
            leaves[i] = hash_of(span_of(leaf, 9 + value.size));
        }
        struct hash root = root_of(leaves, link.events);
        free(leaves);
        assert_true(hash_equal(&root, &link.root));
        /* Fields 0 (the domain) to 4, each with its number and size before it. */
        uint8_t bytes[200];
        struct key head = KEY("44", 0, 17);
        size_t size = 0;
#define ADD(from, count) (memcpy(bytes + size, from, count), size += (count))
        ADD(head.bytes, 8), ADD("lienthong link v1", 17);
        head = KEY("44", 1, 32);
        ADD(head.bytes, 8), ADD(previous.bytes, 32);
        head = KEY("448", 2, 8, turn);
        ADD(head.bytes, 16);
        head = KEY("448", 3, 8, (uint64_t)link.now_ms);
        ADD(head.bytes, 16);
        head = KEY("44", 4, 32);
        ADD(head.bytes, 8), ADD(root.bytes, 32);
#undef ADD
        previous = hash_of(span_of(bytes, size));
        assert_true(hash_equal(&previous, &link.link));
    }
    struct counters counters = raw_counters(&raw);
    assert_int_equal(counters.seq, turns);
    assert_int_equal(counters.events, seq - 1);
    assert_true(hash_equal(&counters.link, &previous));
    raw_done(&raw);
}

static void the_sample(void **state)
{
    site_open(*state);
    sample_build(*state);
    site_close(*state);
    compute_again(*state, SAMPLE_TURNS);
}

static void append_alone(struct turn *turn, void *context)
{
    for (unsigned i = 0; i < *(unsigned *)context; i++) {
        struct event event = { .at_ms = turn_now_ms(turn), .cause = CAUSE_DIRECTORY_APPLIED, .actor_uid = i };
        turn_event_append(turn, &event, i % 7 ? (struct span){ 0 } : span_of_string("words"));
    }
}

static void fail_on_any(void *context, const char *fault)
{
    (void)context;
    fail_msg("%s", fault);
}

/* Turns of every size around the powers of two, one of thousands: three computations of the root agree. */
static void turns_of_many_sizes(void **state)
{
    struct site *site = *state;
    struct store_check result;
    uint64_t turns = 0;

    site_open(site);
    for (unsigned events = 1; events <= 34; events++, turns++)
        site_turn(site, SITE_NOW_MS + events, append_alone, &events);
    site_turn(site, SITE_NOW_MS + 100, append_alone, (unsigned[]){ 4099 });
    assert_int_equal(store_check(site->store, fail_on_any, NULL, &result), RESULT_OK);
    assert_int_equal(result.turns, ++turns);
    site_close(site);
    compute_again(site, turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = { SITE(as_pinned), SITE(the_sample), SITE(turns_of_many_sizes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
