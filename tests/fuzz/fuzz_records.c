/* fuzz_records.c - bytes as the store finds them: first byte chooses the record, 0x80 in it a row of a table by key and
 * value, 0x40 something sealed.
 *
 * Must hold: what a parser takes is written back as the very same bytes, so that no two readings of a row exist, and
 * what it takes of an older version as bytes of today's that are; a row that nobody sealed for this key is never
 * opened. */
#include <string.h>

#include "gateway/store/check.h"
#include "tests/fuzz/fuzz.h"

enum { RECORDS = 15, WRITTEN_BYTES_MAX = 8192, DAY = 20260302 };
_Static_assert((int)WRITTEN_BYTES_MAX >= (int)DOSSIER_BYTES_MAX && (int)WRITTEN_BYTES_MAX >= (int)ASKED_BYTES_MAX &&
                   (int)WRITTEN_BYTES_MAX >= (int)FLOW_BYTES_MAX, "any record fits");

static void check_same(struct span bytes, const uint8_t *written, size_t size)
{
    must(size == bytes.size && memcmp(written, bytes.bytes, size) == 0);
}

#define ROUND_TRIP(what)                                                                            \
    do {                                                                                            \
        struct what record_;                                                                        \
        uint8_t written_[WRITTEN_BYTES_MAX], again_[WRITTEN_BYTES_MAX];                             \
        if (!what##_parse(bytes, &record_))                                                         \
            break;                                                                                  \
        struct span now_ = span_of(written_, what##_write(&record_, written_));                     \
        if (bytes.bytes[0] == written_[0])                                                          \
            check_same(bytes, now_.bytes, now_.size);                                               \
        must(what##_parse(now_, &record_));                                                         \
        check_same(now_, again_, what##_write(&record_, again_));                                   \
    } while (0)

static void check_counters(struct span bytes)
{
    struct counters counters;
    uint8_t written[COUNTERS_BYTES];

    if (!counters_parse(bytes, &counters))
        return;
    counters_write(&counters, written);
    check_same(bytes, written, sizeof written);
}

static void check_record(unsigned which, struct span bytes)
{
    switch (which) {
    case 0: ROUND_TRIP(handoff); return;
    case 1: ROUND_TRIP(event); return;
    case 2: ROUND_TRIP(agency_state); return;
    case 3: ROUND_TRIP(fail_group); return;
    case 4: ROUND_TRIP(antecedent); return;
    case 5: ROUND_TRIP(chain_link); return;
    case 7: ROUND_TRIP(dossier); return;
    case 8: ROUND_TRIP(money); return;
    case 9: ROUND_TRIP(measure); return;
    case 10: ROUND_TRIP(figures); return;
    case 11: ROUND_TRIP(ending); return;
    case 12: ROUND_TRIP(asked); return;
    case 13: ROUND_TRIP(flow); return;
    case 14: ROUND_TRIP(blob); return;
    default: check_counters(bytes);
    }
}

static void check_sealed(struct taste *taste)
{
    static struct seal *seals[2];                               /* of either scheme */
    uint8_t plain[512], room[512 + SEAL_EXTRA_BYTES];
    struct span label = taste_span(taste, SEAL_LABEL_BYTES_MAX), other = taste_span(taste, SEAL_LABEL_BYTES_MAX);
    struct span words = taste_span(taste, sizeof plain);
    uint32_t place = taste_u32(taste);
    uint8_t change = taste_u8(taste);

    for (unsigned i = 0; i < 2 && !seals[i]; i++) {
        struct seal_options options = { .folder = shelf_below("keys"), .no_sync = true, .scheme = i + 1 };
        must(seal_open(&seals[i], &options) == RESULT_OK && seal_key(seals[i], DAY) == RESULT_OK);
    }
    struct seal *seal = seals[place % 2], *reader = seals[change % 2];
    size_t size = words.size + SEAL_EXTRA_BYTES;
    if (words.size)
        memcpy(room + SEAL_HEAD_BYTES, words.bytes, words.size);
    seal_write(seal, DAY, label, room, words.size);
    struct span sealed = span_of(room, size);
    must(seal_read(reader, label, sealed, plain) == RESULT_OK);
    must(!words.size || memcmp(plain, words.bytes, words.size) == 0);
    if (!span_equal(label, other))
        must(seal_read(reader, other, sealed, plain) == RESULT_INVALID);
    room[place % size] ^= change;
    if (change)
        must(seal_read(reader, label, sealed, plain) != RESULT_OK);
    struct span foreign = taste_rest(taste);                    /* and what was never sealed by anybody */
    uint8_t *scratch = foreign.size < sizeof plain ? plain : NULL;
    if (scratch)
        must(seal_read(reader, label, foreign, scratch) != RESULT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool started;
    struct taste taste = taste_of(bytes, size);
    uint8_t which = taste_u8(&taste);

    if (!started)
        must(hash_start() == RESULT_OK);
    started = true;
    if (which & 0x80) {
        enum table table = taste_below(&taste, TABLES);
        struct span key = taste_span(&taste, KEY_BYTES_MAX), value = taste_rest(&taste);
        (void)check_explains(table, key, value);
    } else if (which & 0x40) {
        check_sealed(&taste);
    } else {
        check_record(which % RECORDS, taste_rest(&taste));
    }
    return 0;
}
